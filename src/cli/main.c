/* main.c: `weir <command>`. */
#include "cli/command.h"
#include <stdio.h>
#include <strings.h>

/* jemalloc's settings, for a small process rather than the last percent of speed: memory that is free goes back
 * to the system within two seconds (sooner costs a tenth of the time, to get it back), two arenas, no large blocks kept by threads. The environment's
 * MALLOC_CONF goes before it. */
extern const char *malloc_conf;
const char *malloc_conf = "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:0,lg_tcache_max:13";

static const struct command commands[] = {
    {"run", "run a job (a .so or a file of SQL) to its end, embedded in this process", command_run},
    {"sql", "type SQL, or run a script of it", command_sql},
    {"table", "show an Iceberg table: snapshots, files, row counts, rows", command_table},
    {"config", "print the reference of configuration keys", command_reference},
    {"connectors", "print the reference of SQL's connectors and formats", command_reference},
    {"functions", "print the reference of SQL's functions", command_reference},
};

/* Flink's other verbs: known, and answered. */
static const char *const later[] = {"list",       "info",    "cancel",     "stop",        "savepoint",
                                    "checkpoint", "cluster", "jobmanager", "taskmanager", "modify",
                                    "log",        "gateway", "sql-client", "sql-gateway", "run-application"};

static void print_help(FILE *to)
{
    fprintf(to,
            "weir %s: a stream processor in one small program, in the place of Apache Flink.\n\n"
            "usage: weir <command> [options]\n\ncommands:\n",
            WEIR_VERSION);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n`weir <command> --help` tells more. To see it work, with nothing to install: ./demo.sh\n");
}

static bool is(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || (b && strcmp(word, b) == 0);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 1;
    }
    if (is(argv[1], "--help", "-h") || is(argv[1], "help", NULL)) {
        print_help(stdout);
        return 0;
    }
    if (is(argv[1], "--version", "-v") || is(argv[1], "version", NULL)) {
        printf("Version: %s\n", WEIR_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    for (size_t i = 0; i < COUNT_OF(later); i++)
        if (strcmp(argv[1], later[i]) == 0)
            return command_usage(
                "", "\"%s\" is not there yet: this version runs jobs embedded, by `weir run` and `weir sql`",
                argv[1]);
    return command_usage(
        "", "\"%s\" is not a command; there are run, sql, table, config, connectors and functions", argv[1]);
}
