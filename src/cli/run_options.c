/* run_options.c: long options with one dash or two; what follows the job file is the job's. */
#include "cli/run_options.h"
#include "cli/arguments.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void run_options_help(void)
{
    printf(
        "usage: weir run [options] JOB.so [--] [arguments of the job]\n"
        "       weir run [options] FILE.sql\n\n"
        "Runs a job, a shared object made with <weir/weir.h>, in this process until it ends, fails for "
        "good, or is told to\n"
        "stop: by SIGTERM or Ctrl-C it takes a last checkpoint and ends cleanly; the second one ends it "
        "at once.\n"
        "Of a file of SQL all statements are executed, in order; each INSERT and STATEMENT SET is a job, "
        "and they run\n"
        "side by side until all have ended. A statement or job that fails ends the rest, with exit code "
        "1.\n\n"
        "  -c, --class NAME           the job's entry function (weir_main)\n"
        "  -p, --parallelism N        instances of each operator, unless the job says otherwise\n"
        "  -D KEY=VALUE               a configuration key; `weir config` lists them\n"
        "  -s, --fromSavepoint PATH   go on from this checkpoint (its folder, its _metadata, or a folder "
        "of checkpoints); a file of\n"
        "                             SQL must make exactly one job then\n"
        "      --fresh                begin anew, although execution.checkpointing.dir holds a checkpoint "
        "of this job\n"
        "  -n, --allowNonRestoredState  drop the state of operators that the job no longer has\n"
        "  -d, --detached             FILE.sql: go on in the background once all statements are "
        "executed\n"
        "      --progress             a line of rates, lag, checkpoints and memory on the terminal, every "
        "second\n"
        "  -t, --target local         accepted: a job runs embedded\n"
        "  -h, --help                 this\n\n"
        "Configuration is read from $FLINK_CONF_DIR (else ./conf): flink-conf.yaml or config.yaml; then "
        "FLINK_PROPERTIES, then\n"
        "-D. Without -s, a job goes on from the newest checkpoint of its name in "
        "execution.checkpointing.dir.\n"
        "Keys override.catalog.NAME.OPTION, override.connector.NAME.OPTION and override.table.NAME.OPTION go "
        "over the options of\n"
        "CREATE in FILE.sql, so that one file runs in every place.\n\n"
        "example: weir run -p 2 -D execution.checkpointing.interval=1s build/examples/health.so\n");
}

static enum err set_parallelism(struct config *config, struct arguments *a, struct error *e)
{
    const char *text = NULL;
    enum err rc = arguments_value(a, &text, e);
    int64_t n = 0;

    if (rc != OK)
        return rc;
    if (config_parse_int(text, &n, e) != OK || n < 1)
        return error_set(e, ERR_CONFIG, "option %s: \"%s\" is no parallelism (want 1 or more)",
                         a->argv[a->at - 1], text);
    return config_set(config, "parallelism.default", text, "-p", e);
}

static enum err check_target(struct arguments *a, struct error *e)
{
    const char *target = NULL;
    enum err rc = arguments_value(a, &target, e);

    if (rc == OK && strcmp(target, "local") != 0)
        return error_set(e, ERR_UNSUPPORTED, "target \"%s\" is not there yet: a job runs embedded (-t local)",
                         target);
    return rc;
}

static enum err read_one(struct arguments *a, struct config *config, struct run_options *out, struct error *e)
{
    if (arguments_at_key(a))
        return arguments_key(a, config, e);
    if (arguments_at(a, "h", "help")) {
        out->help = true;
        return OK;
    }
    if (arguments_at(a, "c", "class"))
        return arguments_value(a, &out->entry, e);
    if (arguments_at(a, "p", "parallelism"))
        return set_parallelism(config, a, e);
    if (arguments_at(a, "s", "fromSavepoint"))
        return arguments_value(a, &out->from, e);
    if (arguments_at(a, "t", "target"))
        return check_target(a, e);
    if (arguments_at(a, "n", "allowNonRestoredState"))
        out->allow_non_restored = true;
    else if (arguments_at(a, "fresh", "fresh"))
        out->fresh = true;
    else if (arguments_at(a, "progress", "progress"))
        out->progress = true;
    else if (arguments_at(a, "d", "detached"))
        out->detached = true;
    else
        return error_set(e, ERR_CONFIG, "there is no option %s", a->argv[a->at]);
    return OK;
}

enum err run_options_files(struct config *config, struct error *e)
{
    const char *dir = getenv("FLINK_CONF_DIR"), *properties = getenv("FLINK_PROPERTIES");
    enum err rc = config_load_dir(config, dir && *dir ? dir : "conf", e);

    if (rc == OK && properties)
        rc = config_load_properties(config, properties, "FLINK_PROPERTIES", e);
    return rc;
}

bool run_options_is_sql(const char *path)
{
    size_t len = strlen(path);

    return len > 4 && strcasecmp(path + len - 4, ".sql") == 0;
}

/* Behind a file of SQL there are options too. */
static enum err read_behind_sql(struct arguments *a, struct config *config, struct run_options *out,
                                struct error *e)
{
    enum err rc = OK;

    for (a->at++; rc == OK && a->at < a->argc; a->at++)
        rc = a->argv[a->at][0] == '-'
                 ? read_one(a, config, out, e)
                 : error_set(e, ERR_CONFIG, "%s takes no arguments (\"%s\")", out->job, a->argv[a->at]);
    return rc;
}

/* What makes sense for one kind of job only. */
static enum err check(const struct run_options *o, struct error *e)
{
    bool is_sql = run_options_is_sql(o->job);

    if (is_sql && strcmp(o->entry, "weir_main") != 0)
        return error_set(e, ERR_CONFIG, "-c names a function of a .so: %s has none", o->job);
    if (!is_sql && o->detached)
        return error_set(e, ERR_UNSUPPORTED, "-d is for files of SQL: start %s in the background by `&`",
                         o->job);
    return OK;
}

enum err run_options_read(int argc, char **argv, struct config *config, struct run_options *out,
                          struct error *e)
{
    struct arguments a = {argc, 1, argv};
    enum err rc;

    *out = (struct run_options){.entry = "weir_main"};
    if ((rc = run_options_files(config, e)) != OK)
        return rc;
    for (; a.at < argc && argv[a.at][0] == '-' && strcmp(argv[a.at], "--") != 0; a.at++)
        if ((rc = read_one(&a, config, out, e)) != OK)
            return rc;
    if (out->help)
        return OK;
    if (a.at >= argc || strcmp(argv[a.at], "--") == 0)
        return error_set(e, ERR_CONFIG, "which job? a path to a .so or a .sql file is wanted");
    out->job = argv[a.at];
    if (run_options_is_sql(out->job))
        return (rc = read_behind_sql(&a, config, out, e)) == OK ? check(out, e) : rc;
    if (a.at + 1 < argc && strcmp(argv[a.at + 1], "--") == 0) {
        argv[a.at + 1] = argv[a.at]; /* the job's argv[0] takes the place of "--" */
        a.at++;
    }
    out->argc = argc - a.at;
    out->argv = argv + a.at;
    return check(out, e);
}
