/* engine_metrics.c: see engine_metrics.h. */
#include "engine/engine_metrics.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdio.h>
#include <unistd.h>

#define HEX_ID 33

/* --- ids: 32 hex digits, as Flink's --- */

static void hex_id(char out[HEX_ID], uint64_t seed, const char *text)
{
    uint64_t a = hash_mix(hash_bytes(text, strlen(text)) ^ seed), b = hash_mix(a ^ seed);

    snprintf(out, HEX_ID, "%016" PRIx64 "%016" PRIx64, a, b);
}

/* --- the job's --- */

/* By index in job_figures, which is all int64_t. */
static const char *const figure_names[] = {
    "uptime",
    "numRestarts",
    "lastCheckpointDuration",
    "lastCheckpointSize",
    "lastCompletedCheckpointId",
    "lastCheckpointRestoreTimestamp",
    "totalNumberOfCheckpoints",
    "numberOfCompletedCheckpoints",
    "numberOfFailedCheckpoints",
    "numberOfInProgressCheckpoints",
};
_Static_assert(COUNT_OF(figure_names) == sizeof(struct job_figures) / sizeof(int64_t),
               "a name for each figure");

/* The scope of a role is shared with the process's own metrics, whose labels it must have to be the same. */
static struct metric_scope *role_scope(struct metrics *registry, const char *role, bool task_manager)
{
    char host[256] = "localhost", tm_id[300];
    struct metric_label labels[] = {{"host", host}, {"tm_id", tm_id}};

    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "localhost");
    snprintf(tm_id, sizeof tm_id, "%s:%d", host, (int)getpid());
    return metrics_scope(registry, NULL, role, labels, task_manager ? 2 : 1);
}

static struct metric_scope *job_scope(struct engine_metrics *m, const char *role, bool task_manager,
                                      const struct metric_label *labels)
{
    struct metric_scope *parent = role_scope(m->registry, role, task_manager);

    return parent ? metrics_scope(m->registry, parent, "job", labels, 2) : NULL;
}

void engine_metrics_init(struct engine_metrics *m, const struct engine_config *config, const char *job_name)
{
    char job_id[HEX_ID];
    struct metric_label labels[] = {{"job_id", job_id}, {"job_name", job_name}};

    *m = (struct engine_metrics){.registry = config->metrics};
    if (m->registry == NULL)
        return;
    hex_id(job_id, config->seed, job_name);
    m->job = job_scope(m, "jobmanager", false, labels);
    m->tasks_parent = job_scope(m, "taskmanager", true, labels);
    for (size_t i = 0; m->job != NULL && i < COUNT_OF(figure_names); i++)
        m->figures[i] = metrics_gauge(m->job, figure_names[i], NULL);
    if (m->job != NULL) {
        m->full_restarts = metrics_gauge(m->job, "fullRestarts", NULL);
        m->full_size = metrics_gauge(m->job, "lastCheckpointFullSize", NULL);
    }
}

void engine_metrics_fini(struct engine_metrics *m)
{
    if (m->job != NULL)
        metrics_scope_remove(m->job);
    if (m->tasks_parent != NULL)
        metrics_scope_remove(m->tasks_parent);
    *m = (struct engine_metrics){0};
}

void engine_metrics_show(struct engine_metrics *m, const struct job_figures *figures)
{
    int64_t values[COUNT_OF(figure_names)];

    if (m->job == NULL)
        return;
    memcpy(values, figures, sizeof values);
    for (size_t i = 0; i < COUNT_OF(figure_names); i++)
        gauge_set(m->figures[i], (double)values[i]);
    gauge_set(m->full_restarts, (double)figures->restarts);
    gauge_set(m->full_size, (double)figures->last_checkpoint_bytes);
}

/* --- records and bytes --- */

static void io_metrics_init(struct io_metrics *m, struct metric_scope *s)
{
    m->records_in = metrics_counter(s, "numRecordsIn", NULL);
    m->records_out = metrics_counter(s, "numRecordsOut", NULL);
    m->bytes_in = metrics_counter(s, "numBytesIn", NULL);
    m->bytes_out = metrics_counter(s, "numBytesOut", NULL);
    m->records_in_rate = metrics_meter(s, "numRecordsInPerSecond", NULL);
    m->records_out_rate = metrics_meter(s, "numRecordsOutPerSecond", NULL);
    m->bytes_in_rate = metrics_meter(s, "numBytesInPerSecond", NULL);
    m->bytes_out_rate = metrics_meter(s, "numBytesOutPerSecond", NULL);
}

static void add(struct counter *c, struct meter *rate, int64_t *n)
{
    if (*n == 0)
        return;
    counter_add(c, *n);
    meter_mark(rate, *n);
    *n = 0;
}

void io_metrics_add(struct io_metrics *m, struct io_counts *counts)
{
    add(m->records_in, m->records_in_rate, &counts->records_in);
    add(m->records_out, m->records_out_rate, &counts->records_out);
    add(m->bytes_in, m->bytes_in_rate, &counts->bytes_in);
    add(m->bytes_out, m->bytes_out_rate, &counts->bytes_out);
}

/* --- tasks --- */

/* Flink shows the least of its numbers where nothing is known of a watermark. */
#define UNKNOWN_WATERMARK ((double)INT64_MIN)

static bool init_operator(struct engine_metrics *m, struct metric_scope *task, const struct vertex *v,
                          struct operator_metrics *out)
{
    char id[HEX_ID];
    struct metric_label labels[] = {{"operator_id", id}, {"operator_name", v->name}};

    hex_id(id, 0, v->uid);
    if ((out->scope = metrics_scope(m->registry, task, "operator", labels, 2)) == NULL)
        return false;
    io_metrics_init(&out->io, out->scope);
    out->watermark_in = metrics_gauge(out->scope, "currentInputWatermark", NULL);
    out->watermark_out = metrics_gauge(out->scope, "currentOutputWatermark", NULL);
    gauge_set(out->watermark_in, UNKNOWN_WATERMARK);
    gauge_set(out->watermark_out, UNKNOWN_WATERMARK);
    return true;
}

static struct metric_scope *task_scope(struct engine_metrics *m, const struct chain *chain,
                                       const struct graph *graph, int32_t subtask, int32_t attempt)
{
    char task_id[HEX_ID], attempt_id[HEX_ID], index[16], number[16];
    struct metric_label labels[] = {{"task_id", task_id},
                                    {"task_name", chain->name},
                                    {"task_attempt_id", attempt_id},
                                    {"task_attempt_num", number},
                                    {"subtask_index", index}};
    const char *uid = graph->vertices[chain->ops[0].vertex].uid;

    hex_id(task_id, 0, uid);
    hex_id(attempt_id, hash_mix((uint64_t)attempt << 32 | (uint64_t)subtask), uid);
    snprintf(index, sizeof index, "%d", subtask);
    snprintf(number, sizeof number, "%d", attempt);
    return metrics_scope(m->registry, m->tasks_parent, "task", labels, COUNT_OF(labels));
}

static void init_times(struct task_metrics *t, int64_t now_us)
{
    static const char *const per_second[] = {[TIME_BUSY] = "busyTimeMsPerSecond",
                                             [TIME_IDLE] = "idleTimeMsPerSecond",
                                             [TIME_BACKPRESSURED] = "backPressuredTimeMsPerSecond"};
    static const char *const total[] = {[TIME_BUSY] = "accumulateBusyTimeMs",
                                        [TIME_IDLE] = "accumulateIdleTimeMs",
                                        [TIME_BACKPRESSURED] = "accumulateBackPressuredTimeMs"};

    for (int i = 0; i < TIME_KINDS; i++) {
        t->per_second[i] = metrics_gauge(t->scope, per_second[i], NULL);
        t->total[i] = metrics_gauge(t->scope, total[i], NULL);
    }
    t->sampled_at_us = now_us;
    atomic_init(&t->since_us, now_us);
    atomic_init(&t->doing, TIME_IDLE);
}

struct task_metrics *task_metrics_new(struct engine_metrics *m, const struct chain *chain,
                                      const struct graph *graph, int32_t subtask, int32_t attempt,
                                      int64_t now_us)
{
    struct task_metrics *t;

    if (m->tasks_parent == NULL || (t = mem_zalloc(sizeof *t)) == NULL)
        return NULL; /* the job goes on unmeasured */
    t->operators = mem_calloc((size_t)chain->op_count, sizeof *t->operators);
    t->scope = task_scope(m, chain, graph, subtask, attempt);
    if (t->operators == NULL || t->scope == NULL)
        goto failed;
    io_metrics_init(&t->io, t->scope);
    init_times(t, now_us);
    t->watermark = metrics_gauge(t->scope, "currentInputWatermark", NULL);
    t->watermark_out = metrics_gauge(t->scope, "currentOutputWatermark",
                                     NULL); /* the papers ask for it here, too */
    t->alignment_ns = metrics_gauge(t->scope, "checkpointAlignmentTime", NULL);
    t->is_backpressured = metrics_gauge(t->scope, "isBackPressured", NULL);
    gauge_set(t->watermark, UNKNOWN_WATERMARK);
    gauge_set(t->watermark_out, UNKNOWN_WATERMARK);
    for (int32_t i = 0; i < chain->op_count; i++)
        if (!init_operator(m, t->scope, &graph->vertices[chain->ops[i].vertex], &t->operators[i]))
            goto failed;
    return t;
failed:
    task_metrics_free(t);
    return NULL;
}

void task_metrics_free(struct task_metrics *t)
{
    if (t == NULL)
        return;
    if (t->scope != NULL)
        metrics_scope_remove(t->scope);
    mem_free(t->operators);
    mem_free(t);
}

void task_metrics_switch(struct task_metrics *t, enum time_kind doing, int64_t now_us)
{
    int before = atomic_load_explicit(&t->doing, memory_order_relaxed);
    int64_t since = atomic_load_explicit(&t->since_us, memory_order_relaxed);

    if (now_us > since)
        atomic_fetch_add_explicit(&t->spent_us[before], now_us - since, memory_order_relaxed);
    atomic_store_explicit(&t->doing, (int)doing, memory_order_relaxed);
    atomic_store_explicit(&t->since_us, MAX(since, now_us), memory_order_relaxed);
}

/* What a kind of time comes to, with the part that is still running. The words are read one by one while the
 * task goes on: a figure may be off by one run of the task, and is put right by the next sample. */
static int64_t spent(const struct task_metrics *t, int kind, int64_t now_us)
{
    int64_t sum = atomic_load_explicit(&((struct task_metrics *)t)->spent_us[kind], memory_order_relaxed);

    if (atomic_load_explicit(&((struct task_metrics *)t)->doing, memory_order_relaxed) == kind)
        sum += MAX(0, now_us -
                          atomic_load_explicit(&((struct task_metrics *)t)->since_us, memory_order_relaxed));
    return sum;
}

void task_metrics_sample(struct task_metrics *t, int64_t now_us)
{
    int64_t period_us = now_us - t->sampled_at_us;

    if (period_us <= 0)
        return;
    for (int i = 0; i < TIME_KINDS; i++) {
        int64_t sum = spent(t, i, now_us);
        double per_second = 1e3 * (double)(sum - t->sampled_us[i]) / (double)period_us;

        gauge_set(t->per_second[i], MIN(MAX(per_second, 0.0), 1e3));
        gauge_set(t->total[i], (double)(sum / 1000));
        t->sampled_us[i] = sum;
    }
    t->sampled_at_us = now_us;
    gauge_set(t->is_backpressured,
              atomic_load_explicit(&t->doing, memory_order_relaxed) == TIME_BACKPRESSURED ? 1 : 0);
}
