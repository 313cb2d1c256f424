/* run.c: `weir run`: a job embedded in this process.
 *
 *   configuration -> the job describes itself (weir_main) -> logs, memory, files, metrics as configured ->
 * plan -> engine
 *
 * A file of SQL goes another way: run_sql.c. The first SIGTERM or SIGINT stops the job with a last
 * checkpoint, the second cancels it.
 */
#include "base/mem.h"
#include "cli/command.h"
#include "cli/job_run.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "cli/run_sql.h"
#include "cli/signals.h"
#include "graph/stream.h"
#include "os/log.h"
#include <dlfcn.h>
#include <stdio.h>

/* Everything that a run owns, in the order in which it is made. */
struct run {
    struct run_options options;
    struct config *config;
    void *library;
    struct weir_env *env;
    struct job_process process;
    struct job_run job;
    int64_t told_us; /* the signals' thread: when it was first told to stop, 0: not yet */
};

static enum err describe(struct run *r, struct error *e)
{
    int (*entry)(struct weir_env *, int, char **);
    const char *path = r->options.job;
    char *with_slash = strchr(path, '/') ? NULL : mem_printf("./%s", path); /* dlopen would search for it */

    r->library = dlopen(with_slash ? with_slash : path, RTLD_NOW | RTLD_LOCAL);
    mem_free(with_slash);
    if (r->library == NULL)
        return error_set(e, ERR_CONFIG, "job %s cannot be loaded: %s", path, dlerror());
    *(void **)&entry = dlsym(r->library, r->options.entry);
    if (entry == NULL)
        return error_set(e, ERR_CONFIG, "job %s has no function %s; -c names another", path,
                         r->options.entry);
    if ((r->env = stream_env_new(r->config)) == NULL)
        return error_memory(e, sizeof *r->env, "a job");
    if (entry(r->env, r->options.argc, r->options.argv) != 0 && !r->env->failed)
        return error_set(e, ERR_CONFIG, "job %s: %s returned an error, but did not say why (weir_fail)", path,
                         r->options.entry);
    if (r->env->failed) {
        *e = r->env->error;
        return e->code;
    }
    return OK;
}

static enum err set_up(struct run *r, struct error *e)
{
    enum err rc = job_process_logs(r->config, NULL, e);

    if (rc != OK)
        return rc;
    config_log_notes(r->config);
    return job_process_init(&r->process, r->config, e);
}

static enum err start(struct run *r, struct error *e)
{
    struct job_request request = {.graph = &r->env->graph,
                                  .config = r->config,
                                  .from = r->options.from,
                                  .fresh = r->options.fresh,
                                  .allow_non_restored = r->options.allow_non_restored};
    enum err rc;

    if ((rc = stream_finish(r->env, r->process.fs, clock_system(), e)) != OK ||
        (rc = job_run_init(&r->job, &r->process, &request, e)) != OK)
        return rc;
    return job_process_serve(&r->process, r->config, e);
}

/* The same wish often comes twice (to the process and to its group): only a second one that is later counts.
 */
static void take_signal(void *arg, UNUSED int signal)
{
    struct run *r = arg;
    int64_t now_us = clock_mono_us(clock_system());

    if (r->told_us == 0) {
        r->told_us = now_us;
        log_info("run", "told to stop: a last checkpoint, then the end (once more to end at once)");
        engine_stop(r->job.engine);
    } else if (now_us - r->told_us > SECOND_SIGNAL_US) {
        log_warn("run", "told to stop again: ending without a last checkpoint");
        engine_cancel(r->job.engine);
    }
}

static void read_status(void *arg, struct engine_status *out)
{
    engine_status(arg, out);
}

static void print_end(struct run *r, int64_t began_us)
{
    struct engine_status s;

    engine_status(r->job.engine, &s);
    printf("Program execution finished\nJob %s: %s\nJob Runtime: %" PRId64 " ms\n", r->env->graph.name,
           job_state_name(s.state), (clock_mono_us(clock_system()) - began_us) / 1000);
}

static enum err execute(struct run *r, struct error *e)
{
    int64_t began_us = clock_mono_us(clock_system());
    struct signals *signals = signals_start(take_signal, r);
    struct progress *progress;
    enum err rc;

    if (signals == NULL) /* the job could not be stopped */
        return error_memory(e, 0, "the thread that takes signals");
    progress = r->options.progress ? progress_start(read_status, r->job.engine, r->process.metrics) : NULL;
    rc = engine_run(r->job.engine, e);
    progress_stop(progress);
    signals_stop(signals);
    if (rc == OK)
        print_end(r, began_us);
    return rc;
}

static void clean_up(struct run *r)
{
    job_run_fini(&r->job);
    stream_env_free(r->env);
    job_process_fini(&r->process);
    /* The library stays loaded: threads that librdkafka still ends may return into it. */
}

static int run_library(struct run *r)
{
    struct error e;
    enum err rc;

    signals_block();
    if ((rc = describe(r, &e)) == OK && (rc = set_up(r, &e)) == OK && (rc = start(r, &e)) == OK)
        rc = execute(r, &e);
    if (rc != OK)
        fprintf(stderr, "weir run: %s\n", e.text);
    clean_up(r);
    return rc == OK ? 0 : 1;
}

int command_run(int argc, char **argv)
{
    struct run r = {0};
    struct error e;
    int code;

    if ((r.config = config_new()) == NULL)
        return 1;
    if (run_options_read(argc, argv, r.config, &r.options, &e) != OK) {
        code = command_usage("run", "%s", e.text);
    } else if (r.options.help) {
        run_options_help();
        code = 0;
    } else if (run_options_is_sql(r.options.job)) {
        code = run_sql(&r.options, r.config);
    } else {
        code = run_library(&r);
    }
    config_free(r.config);
    return code;
}
