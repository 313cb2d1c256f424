/* metrics.h: counters, gauges, meters and histograms under Flink's names, and their Prometheus text.
 * A scope is a name prefix and labels; scopes form a tree (job, task, operator). Flink's own metrics are
 * written as its reporter writes them: every counter and meter a gauge, a histogram a summary with quantiles
 * (../docs/metrics.md). A metric of a job without Flink prefix (scope made by metrics_bare) is written as
 * Prometheus means it: counters as counter, histograms with _bucket, _sum and _count. Values are updated
 * without locks; creating and removing take one. Thread: any.
 */
#ifndef WEIR_METRICS_METRICS_H
#define WEIR_METRICS_METRICS_H
#include "base/bytes.h"
#include "base/error.h"
#include "os/clock.h"
#include <stdatomic.h>

struct metrics;      /* the registry of a process */
struct metric_scope; /* where metrics are made; removing it removes all below */

struct counter {
    _Atomic int64_t value;
};
struct gauge {
    _Atomic int64_t bits; /* a double's */
};
struct meter;     /* events a second over the last 60 s */
struct histogram; /* log-linear buckets, 1 us resolution relative error under 2 % */

struct metric_label {
    const char *name, *value;
};

struct metrics *metrics_new(struct clock *clock); /* NULL when there is no memory */
void metrics_free(struct metrics *m);

/* A scope under parent (NULL: the root): its name is `parent_name`, or just name at the root, its labels
 * parent's and these; metrics are written `flink_<scope>_<name>`, so "taskmanager_job" is a root's name
 * ("flink_taskmanager_job" is taken for the same). All is copied. Asking again for the same name and labels
 * gives the same scope, to be removed as often as it was asked for. NULL when there is no memory; metrics of
 * NULL are dummies. */
struct metric_scope *metrics_scope(struct metrics *m, struct metric_scope *parent, const char *name,
                                   const struct metric_label *labels, size_t label_count);
/* The scope for names without prefix, with the same labels as given only. Shared by all who ask, like the
 * above. */
struct metric_scope *metrics_bare(struct metrics *m, const struct metric_label *labels, size_t label_count);
/* The last of as many removes as asks takes s and all below it. NULL is fine. */
void metrics_scope_remove(struct metric_scope *s);

/* The metric of that name in s, made on first asking; lives as long as s. When there is no memory, a shared
 * dummy is returned and a line logged: metrics never stop a job. help may be NULL. */
struct counter *metrics_counter(struct metric_scope *s, const char *name, const char *help);
struct gauge *metrics_gauge(struct metric_scope *s, const char *name, const char *help);
struct meter *metrics_meter(struct metric_scope *s, const char *name, const char *help);
struct histogram *metrics_histogram(struct metric_scope *s, const char *name, const char *help);

/* A gauge that is asked when it is read; read(arg) is called from the reader's thread until s is removed. It
 * may not call back into this header's functions that take a scope or the registry. Asking again replaces
 * read and arg: use a scope of your own. */
void metrics_gauge_fn(struct metric_scope *s, const char *name, const char *help, double (*read)(void *arg),
                      void *arg);

static inline void counter_add(struct counter *c, int64_t n)
{
    atomic_fetch_add_explicit(&c->value, n, memory_order_relaxed);
}
static inline int64_t counter_get(const struct counter *c)
{
    return atomic_load_explicit(&((struct counter *)c)->value, memory_order_relaxed);
}
void gauge_set(struct gauge *g, double v);
double gauge_get(const struct gauge *g);
void meter_mark(struct meter *m, int64_t n);
double meter_rate(const struct meter *m);
void histogram_record(struct histogram *h, double v); /* v >= 0, in the unit the name says */
void histogram_record_n(struct histogram *h, double v, int64_t n);
/* 0 when empty. Of the last one to two minutes once Prometheus asks regularly, until then of all;
 * histogram_count is always of all. */
double histogram_quantile(const struct histogram *h, double q);
int64_t histogram_count(const struct histogram *h);

/* Prometheus text format 0.0.4 of all metrics. */
void metrics_prometheus(struct metrics *m, struct bytes *out);

/* The sum over all metrics of that full name, for progress lines and tests; of histograms their counts. False
 * when there is none. */
bool metrics_sum(struct metrics *m, const char *full_name, double *out);

/* Adds the process's own: flink_<role>_Status_JVM_CPU_Load, ..._Memory_Heap_Used/Max (budget),
 * _Threads_Count, ...; role is "jobmanager" or "taskmanager". Labels are those of the root scope of that name
 * if one was made before, else this machine's name as host (and tm_id). budget (borrowed, may be NULL) must
 * outlive m. */
struct budget;
void metrics_process(struct metrics *m, const char *role, struct budget *budget);
#endif
