/* run_options.c: long options with one dash or two; what follows the job file is the job's. */
#include "cli/run_options.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void run_options_help(void)
{
    printf("usage: weir run [options] JOB.so [--] [arguments of the job]\n"
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
           "execution.checkpointing.dir.\n\n"
           "example: weir run -p 2 -D execution.checkpointing.interval=1s build/examples/health.so\n");
}

/* "-x", "--xyz" or "-xyz"; the value is the next argument, or what follows '='. */
struct cursor {
    int argc, at;
    char **argv;
};

static bool is_option(const char *word, const char *brief, const char *full)
{
    size_t dashes = strspn(word, "-");

    if (dashes == 0 || dashes > 2)
        return false;
    return strcmp(word + dashes, brief) == 0 || strcmp(word + dashes, full) == 0;
}

static enum err value_of(struct cursor *c, const char **out, struct error *e)
{
    if (c->at + 1 >= c->argc)
        return error_set(e, ERR_CONFIG, "option %s wants a value", c->argv[c->at]);
    *out = c->argv[++c->at];
    return OK;
}

static enum err set_parallelism(struct config *config, struct cursor *c, struct error *e)
{
    const char *text = NULL;
    enum err rc = value_of(c, &text, e);
    int64_t n = 0;

    if (rc != OK)
        return rc;
    if (config_parse_int(text, &n, e) != OK || n < 1)
        return error_set(e, ERR_CONFIG, "option %s: \"%s\" is no parallelism (want 1 or more)",
                         c->argv[c->at - 1], text);
    return config_set(config, "parallelism.default", text, "-p", e);
}

static enum err set_key(struct config *config, struct cursor *c, struct error *e)
{
    const char *word = c->argv[c->at] + 2, *assignment = word;
    enum err rc = OK;

    if (*word == '\0')
        rc = value_of(c, &assignment, e);
    return rc == OK ? config_set_text(config, assignment, e) : rc;
}

static enum err check_target(struct cursor *c, struct error *e)
{
    const char *target = NULL;
    enum err rc = value_of(c, &target, e);

    if (rc == OK && strcmp(target, "local") != 0)
        return error_set(e, ERR_UNSUPPORTED, "target \"%s\" is not there yet: a job runs embedded (-t local)",
                         target);
    return rc;
}

static enum err read_one(struct cursor *c, struct config *config, struct run_options *out, struct error *e)
{
    const char *word = c->argv[c->at];

    if (strncmp(word, "-D", 2) == 0)
        return set_key(config, c, e);
    if (is_option(word, "h", "help")) {
        out->help = true;
        return OK;
    }
    if (is_option(word, "c", "class"))
        return value_of(c, &out->entry, e);
    if (is_option(word, "p", "parallelism"))
        return set_parallelism(config, c, e);
    if (is_option(word, "s", "fromSavepoint"))
        return value_of(c, &out->from, e);
    if (is_option(word, "t", "target"))
        return check_target(c, e);
    if (is_option(word, "n", "allowNonRestoredState"))
        out->allow_non_restored = true;
    else if (is_option(word, "fresh", "fresh"))
        out->fresh = true;
    else if (is_option(word, "progress", "progress"))
        out->progress = true;
    else if (is_option(word, "d", "detached"))
        out->detached = true;
    else
        return error_set(e, ERR_CONFIG, "there is no option %s", word);
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
static enum err read_behind_sql(struct cursor *c, struct config *config, struct run_options *out,
                                struct error *e)
{
    enum err rc = OK;

    for (c->at++; rc == OK && c->at < c->argc; c->at++)
        rc = c->argv[c->at][0] == '-'
                 ? read_one(c, config, out, e)
                 : error_set(e, ERR_CONFIG, "%s takes no arguments (\"%s\")", out->job, c->argv[c->at]);
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
    struct cursor c = {argc, 1, argv};
    enum err rc;

    *out = (struct run_options){.entry = "weir_main"};
    if ((rc = run_options_files(config, e)) != OK)
        return rc;
    for (; c.at < argc && argv[c.at][0] == '-' && strcmp(argv[c.at], "--") != 0; c.at++)
        if ((rc = read_one(&c, config, out, e)) != OK)
            return rc;
    if (out->help)
        return OK;
    if (c.at >= argc || strcmp(argv[c.at], "--") == 0)
        return error_set(e, ERR_CONFIG, "which job? a path to a .so or a .sql file is wanted");
    out->job = argv[c.at];
    if (run_options_is_sql(out->job))
        return (rc = read_behind_sql(&c, config, out, e)) == OK ? check(out, e) : rc;
    if (c.at + 1 < argc && strcmp(argv[c.at + 1], "--") == 0) {
        argv[c.at + 1] = argv[c.at]; /* the job's argv[0] takes the place of "--" */
        c.at++;
    }
    out->argc = argc - c.at;
    out->argv = argv + c.at;
    return check(out, e);
}
