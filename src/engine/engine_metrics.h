/* engine_metrics.h: the metrics of a job under Flink's names (docs/metrics.md), and how they are fed:
 * operators and tasks count in plain integers while they run, and add them up at the end of each run; once a
 * second the master turns the time that each task spent into Flink's ...TimeMsPerSecond.
 */
#ifndef WEIR_ENGINE_ENGINE_METRICS_H
#define WEIR_ENGINE_ENGINE_METRICS_H
#include "checkpoint/coordinator.h"
#include "engine/chain.h"
#include "engine/engine.h"
#include "metrics/metrics.h"

struct io_counts {
    int64_t records_in, records_out, bytes_in, bytes_out;
};

/* Counters and meters of one scope. */
struct io_metrics {
    struct counter *records_in, *records_out, *bytes_in, *bytes_out;
    struct meter *records_in_rate, *records_out_rate, *bytes_in_rate, *bytes_out_rate;
};

struct operator_metrics {
    struct metric_scope *scope;
    struct io_metrics io;
    struct gauge *watermark_in, *watermark_out;
};

/* How a task spends its time. */
enum time_kind { TIME_BUSY, TIME_IDLE, TIME_BACKPRESSURED, TIME_KINDS };

struct task_metrics {
    struct metric_scope *scope;
    struct io_metrics io;
    struct gauge *watermark, *watermark_out, *alignment_ns, *is_backpressured;
    struct gauge *per_second[TIME_KINDS], *total[TIME_KINDS];
    _Atomic int64_t spent_us[TIME_KINDS]; /* written by the task */
    _Atomic int64_t since_us;             /* in `doing` since then */
    _Atomic int doing;                    /* enum time_kind */
    int64_t sampled_us[TIME_KINDS];       /* the master's: as of the last sample */
    int64_t sampled_at_us;
    struct operator_metrics *operators; /* owned, by link */
};

/* What the job's gauges show; the master keeps it up to date. */
struct job_figures {
    int64_t uptime_ms, restarts;
    int64_t last_checkpoint_ms, last_checkpoint_bytes, last_completed_id, restored_at_ms;
    int64_t triggered, completed, failed, in_progress;
};

#define JOB_FIGURES (sizeof(struct job_figures) / sizeof(int64_t))

struct engine_metrics {
    struct metrics *registry;
    struct metric_scope *job;           /* jobmanager_job */
    struct metric_scope *tasks_parent;  /* taskmanager_job */
    struct gauge *figures[JOB_FIGURES]; /* by field of job_figures */
    struct gauge *full_restarts, *full_size;
};

/* labels host, job_id and so on are made from config and the graph's name. registry NULL: nothing is shown.
 */
void engine_metrics_init(struct engine_metrics *m, const struct engine_config *config, const char *job_name);
void engine_metrics_fini(struct engine_metrics *m);
void engine_metrics_show(struct engine_metrics *m, const struct job_figures *figures);

/* NULL when there is no memory. */
struct task_metrics *task_metrics_new(struct engine_metrics *m, const struct chain *chain,
                                      const struct graph *graph, int32_t subtask, int32_t attempt,
                                      int64_t now_us);
void task_metrics_free(struct task_metrics *m);
void task_metrics_switch(struct task_metrics *m, enum time_kind doing, int64_t now_us);
void task_metrics_sample(struct task_metrics *m, int64_t now_us);

/* Add counts to the metrics and zero them. */
void io_metrics_add(struct io_metrics *m, struct io_counts *counts);
#endif
