/* job_run.h: what it takes to run a job's graph in this process, for `weir run` and `weir sql`: what the
 * process has once (memory, metrics, files), and what each job has (threads for blocking work, an engine).
 */
#ifndef WEIR_CLI_JOB_RUN_H
#define WEIR_CLI_JOB_RUN_H
#include "config/config.h"
#include "engine/engine.h"

struct http_server;

struct job_process {
    struct budget *budget; /* all owned */
    struct metrics *metrics;
    struct fs *fs;
    struct http_server *server; /* NULL until job_process_serve, and when no reporter is configured */
};

/* Log lines as configured; level_unset: from which level on when the configuration does not say. */
MUST_USE enum err job_process_logs(const struct config *config, const char *level_unset, struct error *e);
/* p is zeroed. After a failure too, job_process_fini. */
MUST_USE enum err job_process_init(struct job_process *p, const struct config *config, struct error *e);
/* Serve metrics at the port of the first reporter that is configured, if any; once. */
MUST_USE enum err job_process_serve(struct job_process *p, const struct config *config, struct error *e);
void job_process_fini(struct job_process *p); /* its jobs are gone */

struct job_request {
    const struct graph *graph;   /* borrowed, as the configuration: outlives the run */
    const struct config *config; /* as the job has it */
    const char *from;            /* -s: a checkpoint to begin from; NULL: none */
    bool fresh;                  /* not even from the job's newest one */
    bool allow_non_restored;
    bool passing; /* a query whose rows are seen once: it takes no checkpoints and is not restarted */
};

struct job_run {
    struct executor *executor;
    struct engine *engine;
};

/* Ready for engine_run. j is zeroed; after a failure too, job_run_fini. */
MUST_USE enum err job_run_init(struct job_run *j, const struct job_process *p, const struct job_request *r,
                               struct error *e);
void job_run_fini(struct job_run *j); /* the engine does not run any more */

const char *job_state_name(enum job_state state); /* "RUNNING" */
#endif
