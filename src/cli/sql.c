/* sql.c: `weir sql`: a script, standard input, or somebody who types; and `--check`. */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/sql_check.h"
#include "cli/sql_client.h"
#include "cli/sql_options.h"
#include "cli/sql_prompt.h"
#include <stdio.h>
#include <unistd.h>

static bool add_jars(struct sql_client *client, const struct sql_options *o)
{
    bool ok = true;

    for (size_t i = 0; i < o->jar_count && ok; i++) {
        struct bytes text = {0};

        bytes_text(&text, "ADD JAR ");
        ast_print_text(slice_text(o->jars[i]), &text);
        ok = !text.failed && sql_client_text(client, &(struct sql_source){"-j", bytes_all(&text)}, false);
        bytes_fini(&text);
    }
    return ok;
}

/* A script from a file is echoed as Flink's client does; of one from a pipe only the answers are wanted. */
static bool run_script(struct sql_client *client, const char *path)
{
    bool echo = strcmp(path, "-") != 0, ok;

    if (echo)
        sql_client_info(client, "Executing SQL from file.");
    ok = sql_client_file(client, path, echo);
    if (ok)
        sql_client_check_overrides(client);
    else /* what was begun before is not left half-way: jobs end as they would by a signal */
        sql_client_stop(client);
    if (echo && sql_client_running(client) > 0)
        sql_client_info(client, "Waiting for %" PRId32 " job(s) to end.", sql_client_running(client));
    ok &= sql_client_wait(client);
    if (echo)
        printf("\nShutting down the session...\ndone.\n");
    return ok;
}

static int run(struct config *config, const struct sql_options *o)
{
    bool types = o->file == NULL && isatty(STDIN_FILENO), ok = false;
    struct sql_client_options options = {.manner = types ? SQL_INTERACTIVE : SQL_SCRIPT,
                                         .progress = isatty(STDERR_FILENO)};
    struct sql_client *client;
    struct error e;
    enum err rc = sql_client_new(config, &options, &client, &e);

    if (rc == OK) {
        ok = add_jars(client, o) && (o->init == NULL || sql_client_init_file(client, o->init));
        if (ok && types)
            rc = sql_prompt(client, o->history, &e);
        else if (ok)
            ok = run_script(client, o->file ? o->file : "-");
        sql_client_free(client);
    }
    if (rc != OK)
        fprintf(stderr, "weir sql: %s\n", e.text);
    return rc == OK && ok ? 0 : 1;
}

int command_sql(int argc, char **argv)
{
    struct sql_options o = {0};
    struct config *config = config_new();
    struct error e;
    int code = 0;

    if (config == NULL)
        return 1;
    if (sql_options_read(argc, argv, config, &o, &e) != OK)
        code = command_usage("sql", "%s", e.text);
    else if (o.help)
        sql_options_help();
    else if (o.checked)
        code = sql_check(config, o.init, o.checked, o.checked_count);
    else
        code = run(config, &o);
    sql_options_fini(&o);
    config_free(config);
    return code;
}
