/* job_run.c: see job_run.h. */
#include "cli/job_run.h"
#include "base/budget.h"
#include "base/mem.h"
#include "io/fs.h"
#include "io/http.h"
#include "os/log.h"
#include "os/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define IO_THREADS 2

/* --- the process ---------------------------------------------------------------------------------------- */

enum err job_process_logs(const struct config *c, const char *level_unset, struct error *e)
{
    const char *level_text = level_unset && !config_is_set(c, "log.level") ? level_unset
                                                                           : config_string(c, "log.level");
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

    if ((rc = fs_local_new(&local, e)) != OK || (rc = fs_s3_new(&s3, &remote, e)) != OK)
        fs_free(local);
    else
        rc = fs_router_new(local, remote, out, e); /* takes both, also when it fails */
    mem_free(endpoint);
    return rc;
}

enum err job_process_init(struct job_process *p, const struct config *config, struct error *e)
{
    int64_t limit = config_size(config, "taskmanager.memory.process.size");

    if ((p->budget = budget_new("process", limit > 0 ? (size_t)limit : 0, NULL)) == NULL ||
        (p->metrics = metrics_new(clock_system())) == NULL)
        return error_memory(e, 0, "a process");
    metrics_process(p->metrics, "jobmanager", p->budget);
    metrics_process(p->metrics, "taskmanager", p->budget);
    return open_files(config, &p->fs, e);
}

void job_process_fini(struct job_process *p)
{
    http_server_stop(p->server);
    fs_free(p->fs);
    metrics_free(p->metrics);
    budget_free(p->budget);
    *p = (struct job_process){0};
}

/* --- metrics -------------------------------------------------------------------------------------------- */

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

enum err job_process_serve(struct job_process *p, const struct config *config, struct error *e)
{
    char reporter[64] = "", key[128];
    const char *text, *address;
    long first, last;
    char *end;
    enum err rc = OK;

    config_each(config, find_reporter, reporter);
    if (*reporter == '\0')
        return OK;
    snprintf(key, sizeof key, "metrics.reporter.%s.bind-host", reporter);
    address = config_string(config, key);
    snprintf(key, sizeof key, "metrics.reporter.%s.port", reporter);
    text = config_string(config, key);
    first = last = strtol(text, &end, 10);
    if (*end == '-')
        last = strtol(end + 1, &end, 10);
    if (end == text || *end || first < 0 || last > 65535 || first > last)
        return error_set(e, ERR_CONFIG, "%s: \"%s\" is no port or range (want 9249 or 9250-9260)", key, text);
    for (long port = first; port <= last; port++)
        if ((rc = http_server_start(address, (int)port, answer, p->metrics, &p->server, e)) == OK) {
            log_info("metrics", "Prometheus metrics at port %d, path /metrics", http_server_port(p->server));
            return OK;
        }
    return error_add(e, rc, "%s", key);
}

/* --- a job ---------------------------------------------------------------------------------------------- */

enum err job_run_init(struct job_run *j, const struct job_process *p, const struct job_request *r,
                      struct error *e)
{
    struct engine_config c = {0};
    enum err rc;

    if ((rc = engine_config_read(r->config, &c, e)) != OK ||
        (rc = executor_pool_new("io", IO_THREADS, &j->executor, e)) != OK)
        return rc;
    c.config = r->config;
    c.clock = clock_system();
    c.executor = j->executor;
    c.fs = p->fs;
    c.budget = p->budget;
    c.metrics = p->metrics;
    c.seed = random_entropy();
    c.allow_non_restored |= r->allow_non_restored;
    c.restore_latest = !r->fresh && !r->passing;
    if (r->from)
        c.restore_path = r->from;
    if (r->passing) {
        c.checkpoint_interval_us = 0;
        c.checkpoint_dir = c.restore_path = NULL;
        c.restart.kind = RESTART_NONE;
    }
    if (c.checkpoint_interval_us > 0 && c.checkpoint_dir == NULL)
        log_warn(
            "run",
            "checkpoints of %s are kept in this process and end with it: a new process begins anew, and may "
            "write again what is written; set execution.checkpointing.dir",
            r->graph->name);
    return engine_new(r->graph, &c, &j->engine, e);
}

void job_run_fini(struct job_run *j)
{
    engine_free(j->engine);
    executor_pool_free(j->executor);
    *j = (struct job_run){0};
}

const char *job_state_name(enum job_state state)
{
    static const char *const names[] = {
        [JOB_CREATED] = "CREATED",   [JOB_RUNNING] = "RUNNING",   [JOB_RESTARTING] = "RESTARTING",
        [JOB_FINISHED] = "FINISHED", [JOB_CANCELED] = "CANCELED", [JOB_FAILED] = "FAILED",
        [JOB_STOPPED] = "STOPPED",
    };

    return names[state];
}
