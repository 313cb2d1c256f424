/* sql_options.c: see sql_options.h. One table of options; those of Flink's client that have no meaning here
 * are refused with what to do instead.
 */
#include "cli/sql_options.h"
#include "base/mem.h"
#include "cli/arguments.h"
#include "cli/run_options.h"
#include <stdio.h>

void sql_options_help(void)
{
    printf("usage: weir sql [embedded] [options]\n"
           "       weir sql --check FILE...\n\n"
           "SQL in the dialect of Flink 1.20: typed in, from a file (-f), or from standard input. Jobs run "
           "in this\n"
           "process: a script waits for those of its INSERTs, and SIGINT or SIGTERM stops them with a last\n"
           "checkpoint.\n\n"
           "  -f, --file FILE         execute a script: each statement is shown with its answer; the first "
           "that\n"
           "                          fails ends it\n"
           "  -i, --init FILE         execute this before, without answers: SET, CREATE ...\n"
           "  -D KEY=VALUE            a configuration key; `weir config` lists them\n"
           "      --check FILE...     run nothing: report all errors of these scripts (after -i, if given)\n"
           "  -j, --jar FILE          as ADD JAR 'FILE'\n"
           "  -hist, --history FILE   where the history of typed statements is kept (~/.weir-sql-history)\n"
           "  -s, --session NAME      accepted, as by Flink's client: there is one session a process\n"
           "  -h, --help              this\n\n"
           "The exit code is 1 when a statement or job failed. (Flink's client exits with 0 then.)\n\n"
           "Results are printed as a tableau; SET 'sql-client.execution.result-mode' = 'table' or "
           "'changelog' shows\n"
           "them on the whole screen of a terminal. Colours are left out when NO_COLOR is set.\n\n"
           "Configuration is read from $FLINK_CONF_DIR (else ./conf), then FLINK_PROPERTIES, then -D, then "
           "SET.\n\n"
           "example: echo \"SELECT 1 + 1;\" | weir sql\n");
}

enum option {
    OPTION_HELP,
    OPTION_FILE,
    OPTION_INIT,
    OPTION_HISTORY,
    OPTION_SESSION,
    OPTION_JAR,
    OPTION_CHECK,
    OPTION_REFUSED
};

static const struct {
    const char *brief, *full;
    enum option option;
    const char *why; /* REFUSED */
} table[] = {
    {"h", "help", OPTION_HELP, NULL},
    {"f", "file", OPTION_FILE, NULL},
    {"i", "init", OPTION_INIT, NULL},
    {"hist", "history", OPTION_HISTORY, NULL},
    {"s", "session", OPTION_SESSION, NULL},
    {"j", "jar", OPTION_JAR, NULL},
    {"check", "check", OPTION_CHECK, NULL},
    {"e", "endpoint", OPTION_REFUSED, "there is no gateway in this version: jobs run in this process"},
    {"u", "update", OPTION_REFUSED, "put the statement into a file (-f), or on standard input"},
    {"l", "library", OPTION_REFUSED, "weir loads no folder of jars; connectors are built in"},
    {"pyfs", "pyFiles", OPTION_REFUSED, "weir runs no Python"},
    {"pyreq", "pyRequirements", OPTION_REFUSED, "weir runs no Python"},
    {"pyarch", "pyArchives", OPTION_REFUSED, "weir runs no Python"},
    {"pyexec", "pyExecutable", OPTION_REFUSED, "weir runs no Python"},
};

static enum err add_jar(struct arguments *a, struct sql_options *out, struct error *e)
{
    const char *path = NULL;
    enum err rc = arguments_value(a, &path, e);

    if (rc == OK && !MEM_GROW(out->jars, out->jar_count, out->jar_capacity))
        rc = error_memory(e, 0, "options");
    if (rc == OK)
        out->jars[out->jar_count++] = (char *)path;
    return rc;
}

static enum err read_checked(struct arguments *a, struct sql_options *out, struct error *e)
{
    out->checked = &a->argv[a->at + 1];
    while (a->at + 1 < a->argc && (a->argv[a->at + 1][0] != '-' || strcmp(a->argv[a->at + 1], "-") == 0)) {
        out->checked_count++;
        a->at++;
    }
    return out->checked_count ? OK : error_set(e, ERR_CONFIG, "--check wants files");
}

/* The option that the word is; -1: none. */
static int find(const struct arguments *a)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (arguments_at(a, table[i].brief, table[i].full))
            return (int)i;
    return -1;
}

static enum err read_one(struct arguments *a, struct config *config, struct sql_options *out, struct error *e)
{
    const char *word = a->argv[a->at], *unused = NULL;
    int i;

    if (arguments_at_key(a))
        return arguments_key(a, config, e);
    if ((i = find(a)) < 0)
        return error_set(e, ERR_CONFIG, "there is no option %s", word);
    switch (table[i].option) {
    case OPTION_HELP:
        out->help = true;
        return OK;
    case OPTION_FILE:
        return arguments_value(a, &out->file, e);
    case OPTION_INIT:
        return arguments_value(a, &out->init, e);
    case OPTION_HISTORY:
        return arguments_value(a, &out->history, e);
    case OPTION_SESSION:
        return arguments_value(a, &unused, e);
    case OPTION_JAR:
        return add_jar(a, out, e);
    case OPTION_CHECK:
        return read_checked(a, out, e);
    default:
        return error_set(e, ERR_UNSUPPORTED, "option %s: %s", word, table[i].why);
    }
}

/* `embedded` and `gateway` stand first. */
static enum err read_mode(struct arguments *a, struct error *e)
{
    if (a->at < a->argc && strcmp(a->argv[a->at], "gateway") == 0)
        return error_set(e, ERR_UNSUPPORTED,
                         "there is no gateway in this version: `weir sql` runs jobs in this process");
    if (a->at < a->argc && strcmp(a->argv[a->at], "embedded") == 0)
        a->at++;
    return OK;
}

enum err sql_options_read(int argc, char **argv, struct config *config, struct sql_options *out,
                          struct error *e)
{
    struct arguments a = {argc, 1, argv};
    enum err rc;

    *out = (struct sql_options){0};
    if ((rc = read_mode(&a, e)) != OK || (rc = run_options_files(config, e)) != OK)
        return rc;
    for (; rc == OK && a.at < argc; a.at++)
        rc = argv[a.at][0] == '-'
                 ? read_one(&a, config, out, e)
                 : error_set(e, ERR_CONFIG, "\"%s\" is no option; a script goes behind -f", argv[a.at]);
    if (rc == OK && out->checked && out->file)
        rc = error_set(e, ERR_CONFIG, "-f runs a script and --check runs none: give one of them");
    return rc;
}

void sql_options_fini(struct sql_options *o)
{
    mem_free(o->jars);
}
