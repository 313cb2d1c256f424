/* collect.c: see collect.h. */
#include "connectors/collect.h"
#include "base/mem.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define ITEM "rows"

struct node {
    struct node *next;
    struct batch *batch; /* one reference */
};

struct collect {
    pthread_mutex_t lock; /* guards all */
    pthread_cond_t filled;
    struct node *first, *last;
    size_t bytes, most_bytes;
    int64_t put, taken; /* rows, of the job's history: a job that goes back takes them back */
    int64_t repeated;   /* to be told */
    bool ended, cancelled;
    bool waits; /* the sink was told that there is no room */
    void (*wake)(void *arg);
    void *wake_arg;
};

/* --- the queue ---------------------------------------------------------------------------------------- */

struct collect *collect_new(size_t most_bytes)
{
    struct collect *c = mem_zalloc(sizeof *c);
    pthread_condattr_t attr;

    if (c == NULL)
        return NULL;
    c->most_bytes = most_bytes;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->filled, &attr);
    pthread_condattr_destroy(&attr);
    return c;
}

/* Under the lock. */
static struct batch *pop(struct collect *c)
{
    struct node *n = c->first;
    struct batch *b = n->batch;

    c->first = n->next;
    if (c->first == NULL)
        c->last = NULL;
    c->bytes -= batch_bytes(b);
    mem_free(n);
    return b;
}

/* Under the lock. */
static void drop_all(struct collect *c)
{
    while (c->first)
        batch_unref(pop(c));
}

void collect_free(struct collect *c)
{
    if (c == NULL)
        return;
    drop_all(c);
    pthread_cond_destroy(&c->filled);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static struct timespec deadline(int64_t timeout_ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += timeout_ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Under the lock: there is room again. */
static void wake_sink(struct collect *c)
{
    if (c->waits && c->wake)
        c->wake(c->wake_arg);
    c->waits = false;
}

enum collect_state collect_take(struct collect *c, int64_t timeout_ms, struct batch **out, int64_t *repeated)
{
    struct timespec until = deadline(timeout_ms);
    enum collect_state state = COLLECT_EMPTY;

    pthread_mutex_lock(&c->lock);
    while (c->first == NULL && !c->ended && pthread_cond_timedwait(&c->filled, &c->lock, &until) != ETIMEDOUT)
        ;
    *out = NULL;
    *repeated = c->repeated;
    c->repeated = 0;
    if (c->first) {
        *out = pop(c);
        c->taken += batch_live(*out);
        wake_sink(c);
        state = COLLECT_ROWS;
    } else if (c->ended) {
        state = COLLECT_END;
    }
    pthread_mutex_unlock(&c->lock);
    return state;
}

void collect_cancel(struct collect *c)
{
    pthread_mutex_lock(&c->lock);
    c->cancelled = true;
    drop_all(c);
    wake_sink(c);
    pthread_mutex_unlock(&c->lock);
}

/* --- the sink's side ---------------------------------------------------------------------------------- */

/* Whether a batch is to be put: not when nobody wants it (OK), nor when there is no room (ERR_WAIT). */
static enum err look(struct collect *c, bool *wanted)
{
    enum err rc;

    pthread_mutex_lock(&c->lock);
    *wanted = !c->cancelled;
    c->waits = *wanted && c->first && c->bytes >= c->most_bytes;
    rc = c->waits ? ERR_WAIT : OK;
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* A copy: the queue may outlive what the batch keeps alive, and its budget. */
static enum err put(struct collect *c, struct batch *b, struct error *e)
{
    bool wanted;
    struct node *n;
    enum err rc = look(c, &wanted);

    if (rc != OK || !wanted)
        return rc;
    if ((n = mem_alloc(sizeof *n)) == NULL)
        return error_memory(e, sizeof *n, "rows to be collected");
    *n = (struct node){NULL, batch_copy(b, NULL)};
    if (n->batch == NULL) {
        mem_free(n);
        return error_memory(e, batch_bytes(b), "rows to be collected");
    }
    pthread_mutex_lock(&c->lock);
    if (c->last)
        c->last->next = n;
    else
        c->first = n;
    c->last = n;
    c->bytes += batch_bytes(n->batch);
    c->put += batch_live(n->batch);
    pthread_cond_signal(&c->filled);
    pthread_mutex_unlock(&c->lock);
    return OK;
}

/* The job goes on after the first `rows` rows that it gave: what it gave behind them is taken back as far as
 * it is still here. Batches end at a checkpoint, so no batch lies across that place. */
static void go_back(struct collect *c, int64_t rows)
{
    struct node **at = &c->first;
    int64_t number;

    pthread_mutex_lock(&c->lock);
    number = c->taken;
    c->last = NULL;
    while (*at && number < rows) {
        number += batch_live((*at)->batch);
        c->last = *at;
        at = &(*at)->next;
    }
    while (*at) {
        struct node *n = *at;

        *at = n->next;
        c->bytes -= batch_bytes(n->batch);
        batch_unref(n->batch);
        mem_free(n);
    }
    if (c->taken > rows) {
        c->repeated += c->taken - rows;
        c->taken = rows;
    }
    c->put = rows;
    c->ended = false;
    pthread_mutex_unlock(&c->lock);
}

static void attach(struct collect *c, void (*wake)(void *arg), void *arg)
{
    pthread_mutex_lock(&c->lock);
    c->wake = wake;
    c->wake_arg = arg;
    pthread_mutex_unlock(&c->lock);
}

/* --- the operator ------------------------------------------------------------------------------------- */

struct collect_sink {
    struct op op;
    struct collect *queue;
    bool begun; /* rows came, or a place was restored */
};

static struct collect_sink *self(struct op *o)
{
    return CONTAINER_OF(o, struct collect_sink, op);
}

static enum err sink_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct collect_sink *s = self(o);

    if (env->parallelism != 1)
        return error_set(e, ERR_CONFIG, "rows are collected by one subtask, not by %" PRId32,
                         env->parallelism);
    attach(s->queue, env->wake, env->wake_arg);
    return OK;
}

static enum err sink_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct collect_sink *s = self(o);

    for (int32_t i = 0; i < from->item_count; i++) {
        struct reader r = reader_of(from->items[i].bytes);

        if (strcmp(from->items[i].name, ITEM) != 0)
            continue;
        go_back(s->queue, (int64_t)reader_le64(&r));
        s->begun = true;
        if (r.failed)
            return error_set(e, ERR_CORRUPT, "the state of collected rows is cut off");
    }
    return OK;
}

/* An attempt that restored nothing gives all rows from the first on. */
static void begin(struct collect_sink *s)
{
    if (!s->begun)
        go_back(s->queue, 0);
    s->begun = true;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    begin(self(o));
    return batch_live(b) ? put(self(o)->queue, b, e) : OK;
}

static enum err sink_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    struct collect *c = self(o)->queue;
    struct bytes item = {0};
    enum err rc;

    begin(self(o));
    pthread_mutex_lock(&c->lock);
    bytes_le64(&item, (uint64_t)c->put);
    pthread_mutex_unlock(&c->lock);
    if (!item.failed)
        snapshot_item(out, ITEM, bytes_all(&item));
    rc = item.failed ? error_memory(e, 8, "the state of collected rows") : OK;
    bytes_fini(&item);
    return rc;
}

static enum err sink_end(struct op *o, UNUSED struct error *e)
{
    struct collect *c = self(o)->queue;

    begin(self(o));
    pthread_mutex_lock(&c->lock);
    c->ended = true;
    pthread_cond_signal(&c->filled);
    pthread_mutex_unlock(&c->lock);
    return OK;
}

static void sink_close(struct op *o)
{
    attach(self(o)->queue, NULL, NULL);
    mem_free(self(o));
}

static const struct operator_ops sink_ops = {
    .name = "collect",
    .open = sink_open,
    .restore = sink_restore,
    .batch = sink_batch,
    .snapshot = sink_snapshot,
    .end = sink_end,
    .close = sink_close,
};

static enum err sink_new(const void *spec, struct op **out, struct error *e)
{
    struct collect_sink *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "a collecting sink");
    s->op.ops = &sink_ops;
    s->queue = ((const struct collect_spec *)spec)->queue;
    *out = &s->op;
    return OK;
}

const struct operator_factory collect_sink_factory = {"collect", sink_new, NULL};
