/* attempt.c: see attempt.h. */
#include "engine/attempt.h"
#include "base/mem.h"
#include "engine/task.h"

#define CHANNEL_BYTES ((size_t)1 << 20)

/* --- making --- */

static enum err make_tasks(struct attempt *a, struct error *e)
{
    enum err rc = OK;

    if ((a->tasks = mem_calloc((size_t)a->chains->task_count, sizeof(struct task *))) == NULL)
        return error_memory(e, (size_t)a->chains->task_count * sizeof(struct task *), "tasks");
    for (int32_t i = 0; i < a->chains->count; i++) {
        const struct chain *chain = &a->chains->chains[i];

        for (int32_t subtask = 0; rc == OK && subtask < chain->parallelism; subtask++)
            rc = task_new(a, chain, subtask, &a->tasks[chain->first_task + subtask], e);
    }
    return rc;
}

static struct task *task_of(struct attempt *a, int32_t vertex, int32_t subtask)
{
    const struct chain *chain = &a->chains->chains[a->chains->chain_of[vertex]];

    return a->tasks[chain->first_task + subtask];
}

static enum err connect(struct attempt *a, struct task *from, struct exchange *x, int32_t target,
                        struct task *to, int32_t input, struct error *e)
{
    size_t limit = a->config->channel_bytes ? a->config->channel_bytes : CHANNEL_BYTES;
    struct channel *c;

    if (!MEM_GROW(a->channels, a->channel_count, a->channel_capacity) ||
        (c = channel_new(limit, a->scheduler, &from->runnable, &to->runnable)) == NULL)
        return error_memory(e, sizeof c, "the queue between two tasks");
    a->channels[a->channel_count++] = c;
    x->channels[target] = c;
    return task_add_input(to, c, input, e);
}

/* The channels of one subtask's exchange; which is the nth of its link belongs to the nth crossing edge of
 * the vertex. */
static enum err connect_exchange(struct attempt *a, struct task *from, struct exchange *x,
                                 const struct edge *edge, struct error *e)
{
    enum err rc = OK;

    for (int32_t target = 0; rc == OK && target < x->target_count; target++) {
        int32_t subtask = edge->partitioning == EDGE_FORWARD ? from->subtask : target;

        rc = connect(a, from, x, target, task_of(a, edge->to, subtask), edge->input, e);
    }
    return rc;
}

static enum err connect_link(struct attempt *a, struct link *l, int32_t vertex, struct error *e)
{
    const struct graph *g = a->chains->graph;
    int32_t next = 0;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < g->edge_count; i++)
        if (g->edges[i].from == vertex && a->chains->is_crossing[i])
            rc = connect_exchange(a, l->task, &l->exchanges[next++], &g->edges[i], e);
    return rc;
}

static enum err connect_tasks(struct attempt *a, size_t *links, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < a->chains->task_count; i++) {
        struct task *t = a->tasks[i];

        *links += (size_t)t->chain->op_count;
        for (int32_t j = 0; rc == OK && j < t->chain->op_count; j++)
            rc = connect_link(a, &t->links[j], t->chain->ops[j].vertex, e);
    }
    return rc;
}

enum err attempt_new(const struct attempt *fields, struct attempt **out, struct error *e)
{
    struct attempt *a = mem_zalloc(sizeof *a);
    size_t links = 0;
    enum err rc;

    *out = NULL;
    if (a == NULL)
        return error_memory(e, sizeof *a, "the job");
    *a = *fields;
    work_group_init(&a->work, a->config->executor, a->inbox);
    if ((rc = make_tasks(a, e)) != OK || (rc = connect_tasks(a, &links, e)) != OK)
        goto out;
    if (!scheduler_reserve(a->scheduler, links))
        rc = error_memory(e, links * sizeof(struct alarm *), "timers");
out:
    if (rc != OK) {
        attempt_free(a);
        return rc;
    }
    *out = a;
    return OK;
}

void attempt_free(struct attempt *a)
{
    if (a == NULL)
        return;
    scheduler_forget_alarms(a->scheduler);
    for (int32_t i = 0; a->tasks != NULL && i < a->chains->task_count; i++)
        task_free(a->tasks[i]);
    for (size_t i = 0; i < a->channel_count; i++)
        channel_free(a->channels[i]);
    mem_free(a->tasks);
    mem_free(a->channels);
    mem_free(a);
}

/* --- opening, running, closing --- */

static void open_one(void *arg)
{
    struct task *t = arg;
    struct error e;

    if (task_open(t, &e) == OK)
        inbox_put(t->attempt->inbox, &t->opened_note);
    else
        task_fail(t, &e);
}

void attempt_open(struct attempt *a)
{
    for (int32_t i = 0; i < a->chains->task_count; i++)
        if (!executor_submit(&a->work.executor, open_one, a->tasks[i])) {
            struct error e;

            error_memory(&e, 0, "opening a task");
            task_fail(a->tasks[i], &e);
        }
}

void attempt_begin(struct attempt *a)
{
    scheduler_resume(a->scheduler);
    for (int32_t i = 0; i < a->chains->task_count; i++)
        scheduler_wake(a->scheduler, &a->tasks[i]->runnable);
}

static void close_one(void *arg)
{
    task_close(arg);
}

void attempt_close(struct attempt *a, struct work_group *group)
{
    for (int32_t i = 0; i < a->chains->task_count; i++)
        if (!executor_submit(&group->executor, close_one, a->tasks[i]))
            task_close(a->tasks[i]); /* without memory it is done here and now */
}

/* --- the notice board --- */

static void wake_all(struct attempt *a)
{
    for (int32_t i = 0; i < a->chains->task_count; i++)
        scheduler_wake(a->scheduler, &a->tasks[i]->runnable);
}

bool attempt_barrier(struct attempt *a, int64_t checkpoint_id, bool is_last)
{
    uint32_t count = atomic_load_explicit(&a->board.barrier_count, memory_order_relaxed);

    for (int32_t i = 0; i < a->chains->task_count; i++)
        if (count - atomic_load_explicit(&a->tasks[i]->barriers_seen, memory_order_acquire) >= NOTICE_ROOM)
            return false;
    a->board.barriers[count % NOTICE_ROOM] = (struct notice){checkpoint_id, is_last};
    atomic_store_explicit(&a->board.barrier_count, count + 1, memory_order_release);
    wake_all(a);
    return true;
}

void attempt_completed(struct attempt *a, int64_t checkpoint_id)
{
    atomic_store_explicit(&a->board.completed_id, checkpoint_id, memory_order_release);
    wake_all(a);
}

void attempt_count(struct attempt *a, const struct vertex *v, const struct io_counts *counts)
{
    if (v->is_source)
        atomic_fetch_add_explicit(&a->totals->records_in, counts->records_out, memory_order_relaxed);
    else if (v->schema == NULL)
        atomic_fetch_add_explicit(&a->totals->records_out, counts->records_in, memory_order_relaxed);
}
