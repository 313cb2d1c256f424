/* engine.h: runs a graph: operator chains as tasks, tasks on workers, batches, watermarks and barriers
 * between them, checkpoints, and restarts.
 *
 *   graph --chains--> tasks: [ channel(s) -> op -> op -> op ] --edges--> channels of other tasks
 *   workers take ready tasks; a task is ready when it has input (or was woken) and room downstream
 *   the master (one thread, or the simulator) drives the coordinator, the store, the committers, restarts
 *
 * The same code runs on threads (engine_run) and step by step in one thread under a seed (engine_step): the
 * simulator brings its own clock, executor and fs.
 */
#ifndef WEIR_ENGINE_ENGINE_H
#define WEIR_ENGINE_ENGINE_H
#include "checkpoint/checkpoint.h"
#include "graph/graph.h"

struct engine;

enum restart_kind { RESTART_NONE, RESTART_FIXED_DELAY, RESTART_EXPONENTIAL_DELAY, RESTART_FAILURE_RATE };
struct restart_strategy {
    enum restart_kind kind;
    int64_t attempts;                     /* fixed-delay; exponential: attempts-before-reset, -1: for ever */
    int64_t delay_us;                     /* fixed, failure-rate */
    int64_t initial_us, max_us, reset_us; /* exponential */
    double multiplier, jitter;
    int64_t max_failures, interval_us; /* failure-rate */
};

struct engine_config {
    const struct config *config; /* handed to operators; the engine itself reads only the fields below */
    struct clock *clock;
    struct executor *executor; /* for snapshots, commits, operators' blocking work */
    struct fs *fs;
    struct budget *budget;
    struct metrics *metrics;
    int32_t worker_count;       /* threads of engine_run; 0: one a core */
    size_t channel_bytes;       /* soft bound of each channel; 0: 1 MiB */
    const char *checkpoint_dir; /* NULL: checkpoints are kept in memory only while running */
    int32_t retained;
    int64_t checkpoint_interval_us, min_pause_us, timeout_us;
    int32_t tolerable_failures;
    const char *restore_path; /* -s; NULL: none */
    bool restore_latest; /* without restore_path: go on from the newest checkpoint in checkpoint_dir if there
                            is one */
    bool allow_non_restored; /* state that no operator claims is dropped, said in the log */
    struct restart_strategy restart;
    uint64_t seed;
};
/* Reads the keys of the configuration into out (borrowing its strings). */
struct config;
MUST_USE enum err engine_config_read(const struct config *config, struct engine_config *out, struct error *e);

enum job_state {
    JOB_CREATED,
    JOB_RUNNING,
    JOB_RESTARTING,
    JOB_FINISHED,
    JOB_CANCELED,
    JOB_FAILED,
    JOB_STOPPED
};

struct engine_status {
    enum job_state state;
    int64_t records_in, records_out; /* of sources; into sinks */
    int64_t checkpoints_completed, checkpoints_failed, last_checkpoint_id, last_checkpoint_us,
        last_checkpoint_bytes;
    int64_t last_commit_id; /* newest checkpoint whose commits are all done */
    int32_t restarts;
    int64_t uptime_us;
    char last_failure[1000]; /* "" when none */
};

/* g and config's pointers are borrowed and must outlive the engine. */
MUST_USE enum err engine_new(const struct graph *g, const struct engine_config *config, struct engine **out,
                             struct error *e);
void engine_free(struct engine *en);

/* Run to the end, on this thread (the master) and worker threads. OK: finished, stopped or cancelled
 * (engine_status tells which); else why the job failed for good. */
MUST_USE enum err engine_run(struct engine *en, struct error *e);

/* From any thread, also from a signal-handling thread. Stop: a last checkpoint, committed, then the end.
 * Cancel: at once. */
void engine_stop(struct engine *en);
void engine_cancel(struct engine *en);
void engine_checkpoint(struct engine *en);                        /* one now */
void engine_status(struct engine *en, struct engine_status *out); /* any thread */

/* One step of the whole job in this thread, for the simulator: the master, or a ready task, chosen by
 * pick(arg, n) in 0..n-1. *idle: nothing is ready until the clock reaches *due_us (INT64_MAX: until something
 * external wakes it). *ended when the job is over (then *rc says how). Not together with engine_run. */
MUST_USE enum err engine_step(struct engine *en, uint32_t (*pick)(void *arg, uint32_t n), void *arg,
                              bool *idle, int64_t *due_us, bool *ended, struct error *e);
#endif
