/* run.c: `weir run`: a job embedded in this process.
 *
 *   configuration -> the job describes itself (weir_main) -> logs, memory, files, metrics as configured ->
 * plan -> engine
 *
 * Signals are taken by a thread of their own: the first SIGTERM or SIGINT stops the job with a last
 * checkpoint, the second cancels it.
 */
#include "base/budget.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "engine/engine.h"
#include "graph/stream.h"
#include "io/fs.h"
#include "io/http.h"
#include "os/log.h"
#include "os/random.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define IO_THREADS 2

/* Everything that a run owns, in the order in which it is made. */
struct run {
    struct run_options options;
    struct config *config;
    void *library;
    struct weir_env *env;
    struct budget *budget;
    struct metrics *metrics;
    struct fs *fs;
    struct executor *executor;
    struct http_server *server;
    struct engine *engine;
    struct progress *progress;
    pthread_t signals;
    bool has_signals;
    sigset_t set;
};

/* --- the job
 * -------------------------------------------------------------------------------------------------------- */

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

/* --- what it runs on
 * ------------------------------------------------------------------------------------------------ */

static enum err set_up_logs(const struct config *c, struct error *e)
{
    const char *level_text = config_string(c, "log.level");
    enum log_level level;

    if (!log_level_parse(level_text, &level))
        return error_set(e, ERR_CONFIG, "log.level: \"%s\" is not one of DEBUG, INFO, WARN, ERROR",
                         level_text);
    log_init(level, strcmp(config_string(c, "log.format"), "json") == 0 ? LOG_JSON : LOG_TEXT, STDERR_FILENO);
    return OK;
}

/* An endpoint without a scheme gets that of s3.connection.ssl.enabled. */
static char *endpoint_of(const struct config *c)
{
    const char *endpoint = config_string(c, "s3.endpoint");

    if (endpoint == NULL)
        return NULL;
    if (strstr(endpoint, "://"))
        return mem_strdup(endpoint);
    return mem_printf("%s://%s", config_bool(c, "s3.connection.ssl.enabled") ? "https" : "http", endpoint);
}

static enum err open_files(const struct config *c, struct fs **out, struct error *e)
{
    char *endpoint = endpoint_of(c);
    struct fs_s3_config s3 = {.endpoint = endpoint,
                              .access_key = config_string(c, "s3.access-key"),
                              .secret_key = config_string(c, "s3.secret-key"),
                              .session_token = config_string(c, "s3.session-token"),
                              .region = config_string(c, "s3.region"),
                              .path_style = config_bool(c, "s3.path-style-access"),
                              .ca_file = config_string(c, "s3.ca-file"),
                              .retries = -1};
    struct fs *local = NULL, *remote = NULL;
    enum err rc;

    if ((rc = fs_local_new(&local, e)) != OK || (rc = fs_s3_new(&s3, &remote, e)) != OK ||
        (rc = fs_router_new(local, remote, out, e)) != OK) {
        fs_free(local);
        fs_free(remote);
    }
    mem_free(endpoint);
    return rc;
}

static enum err set_up(struct run *r, struct error *e)
{
    int64_t limit = config_size(r->config, "taskmanager.memory.process.size");
    enum err rc;

    if ((rc = set_up_logs(r->config, e)) != OK)
        return rc;
    config_log_notes(r->config);
    if ((r->budget = budget_new("process", limit > 0 ? (size_t)limit : 0, NULL)) == NULL ||
        (r->metrics = metrics_new(clock_system())) == NULL)
        return error_memory(e, 0, "a process");
    metrics_process(r->metrics, "jobmanager", r->budget);
    metrics_process(r->metrics, "taskmanager", r->budget);
    if ((rc = open_files(r->config, &r->fs, e)) != OK)
        return rc;
    return executor_pool_new("io", IO_THREADS, &r->executor, e);
}

/* --- metrics
 * ---------------------------------------------------------------------------------------------------------
 */

static void answer(void *arg, const struct http_call *call, struct http_reply *reply)
{
    if (strncmp(call->path, "/healthz", 8) == 0) {
        bytes_text(&reply->body, "ok\n");
        return;
    }
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_prometheus(arg, &reply->body);
}

/* The name of the first reporter that is configured: metrics.reporter.<name>.... */
static void find_reporter(void *arg, const char *key, UNUSED const char *value)
{
    static const char prefix[] = "metrics.reporter.";
    char *reporter = arg; /* 64 bytes */
    size_t len;

    if (*reporter || strncmp(key, prefix, sizeof prefix - 1) != 0)
        return;
    key += sizeof prefix - 1;
    len = strcspn(key, ".");
    if (len < 64)
        memcpy(reporter, key, len);
}

static enum err serve_metrics(struct run *r, struct error *e)
{
    char reporter[64] = "", key[128];
    const char *text, *address;
    long first, last;
    char *end;
    enum err rc = OK;

    config_each(r->config, find_reporter, reporter);
    if (*reporter == '\0')
        return OK;
    snprintf(key, sizeof key, "metrics.reporter.%s.bind-host", reporter);
    address = config_string(r->config, key);
    snprintf(key, sizeof key, "metrics.reporter.%s.port", reporter);
    text = config_string(r->config, key);
    first = last = strtol(text, &end, 10);
    if (*end == '-')
        last = strtol(end + 1, &end, 10);
    if (end == text || *end || first < 0 || last > 65535 || first > last)
        return error_set(e, ERR_CONFIG, "%s: \"%s\" is no port or range (want 9249 or 9250-9260)", key, text);
    for (long port = first; port <= last; port++)
        if ((rc = http_server_start(address, (int)port, answer, r->metrics, &r->server, e)) == OK) {
            log_info("metrics", "Prometheus metrics at port %d, path /metrics", http_server_port(r->server));
            return OK;
        }
    return error_add(e, rc, "%s", key);
}

/* --- signals
 * ---------------------------------------------------------------------------------------------------------
 */

/* The same wish often comes twice (to the process and to its group): only a second one that is later counts.
 */
#define SECOND_SIGNAL_US INT64_C(500000)

static void *take_signals(void *arg)
{
    struct run *r = arg;
    int64_t first_us = 0;
    int signal;

    while (sigwait(&r->set, &signal) == 0 && signal != SIGUSR1) {
        int64_t now_us = clock_mono_us(clock_system());

        if (first_us == 0) {
            first_us = now_us;
            log_info("run", "told to stop: a last checkpoint, then the end (once more to end at once)");
            engine_stop(r->engine);
        } else if (now_us - first_us > SECOND_SIGNAL_US) {
            log_warn("run", "told to stop again: ending without a last checkpoint");
            engine_cancel(r->engine);
        }
    }
    return NULL;
}

static void block_signals(struct run *r)
{
    sigemptyset(&r->set);
    sigaddset(&r->set, SIGINT);
    sigaddset(&r->set, SIGTERM);
    sigaddset(&r->set, SIGUSR1); /* how the main thread ends the taker */
    pthread_sigmask(SIG_BLOCK, &r->set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* --- running
 * ---------------------------------------------------------------------------------------------------------
 */

static enum err start(struct run *r, struct error *e)
{
    struct engine_config c = {0};
    enum err rc;

    if ((rc = stream_finish(r->env, r->fs, clock_system(), e)) != OK ||
        (rc = engine_config_read(r->config, &c, e)) != OK)
        return rc;
    c.config = r->config;
    c.clock = clock_system();
    c.executor = r->executor;
    c.fs = r->fs;
    c.budget = r->budget;
    c.metrics = r->metrics;
    c.seed = random_entropy();
    c.allow_non_restored |= r->options.allow_non_restored;
    c.restore_latest = !r->options.fresh;
    if (r->options.from)
        c.restore_path = r->options.from;
    if ((rc = engine_new(&r->env->graph, &c, &r->engine, e)) != OK)
        return rc;
    return serve_metrics(r, e);
}

static void print_end(struct run *r, int64_t began_us)
{
    static const char *const words[] = {
        [JOB_CREATED] = "CREATED",   [JOB_RUNNING] = "RUNNING",   [JOB_RESTARTING] = "RESTARTING",
        [JOB_FINISHED] = "FINISHED", [JOB_CANCELED] = "CANCELED", [JOB_FAILED] = "FAILED",
        [JOB_STOPPED] = "STOPPED",
    };
    struct engine_status s;

    engine_status(r->engine, &s);
    printf("Program execution finished\nJob %s: %s\nJob Runtime: %" PRId64 " ms\n", r->env->graph.name,
           words[s.state], (clock_mono_us(clock_system()) - began_us) / 1000);
}

static enum err execute(struct run *r, struct error *e)
{
    int64_t began_us = clock_mono_us(clock_system());
    enum err rc;

    r->has_signals = pthread_create(&r->signals, NULL, take_signals, r) == 0;
    if (r->options.progress)
        r->progress = progress_start(r->engine, r->metrics, r->budget);
    rc = engine_run(r->engine, e);
    progress_stop(r->progress);
    r->progress = NULL;
    if (r->has_signals) {
        pthread_kill(r->signals, SIGUSR1);
        pthread_join(r->signals, NULL);
    }
    if (rc == OK)
        print_end(r, began_us);
    return rc;
}

static void clean_up(struct run *r)
{
    http_server_stop(r->server);
    engine_free(r->engine);
    executor_pool_free(r->executor);
    stream_env_free(r->env);
    fs_free(r->fs);
    metrics_free(r->metrics);
    budget_free(r->budget);
    config_free(r->config);
    /* The library stays loaded: threads that librdkafka still ends may return into it. */
}

int command_run(int argc, char **argv)
{
    struct run r = {0};
    struct error e;
    enum err rc;

    if ((r.config = config_new()) == NULL)
        return 1;
    if ((rc = run_options_read(argc, argv, r.config, &r.options, &e)) != OK || r.options.help) {
        config_free(r.config);
        if (rc != OK)
            return command_usage("run", "%s", e.text);
        run_options_help();
        return 0;
    }
    block_signals(&r);
    if ((rc = describe(&r, &e)) == OK && (rc = set_up(&r, &e)) == OK && (rc = start(&r, &e)) == OK)
        rc = execute(&r, &e);
    if (rc != OK)
        fprintf(stderr, "weir run: %s\n", e.text);
    clean_up(&r);
    return rc == OK ? 0 : 1;
}
