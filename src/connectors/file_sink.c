/* file_sink.c: the task's half of the file sink: a queue of batches and barriers, worked off on I/O threads by
 * whoever comes first: the executor, or the finishing of a snapshot.
 *
 *   task: batch --> | batch | batch | barrier | batch |  --one thread at a time--> file_buckets
 */
#include "connectors/file_sink.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/file_buckets.h"
#include <pthread.h>
#include <stdio.h>

#define QUEUE_BATCHES 16
#define ITEM_PENDING  "partitions"

/* One thing to do: rows, or what a barrier asks for. */
struct order {
    struct batch *batch;     /* a reference; NULL: a barrier */
    struct ordered *barrier; /* a reference */
};

/* A barrier on its way through the queue: the snapshot waits for it. */
struct ordered {
    atomic_int refs;
    struct file_barrier barrier; /* results are good when done */
    struct file_queue *queue;    /* a reference */
    bool done;                   /* under the queue's lock */
};

/* Outlives the sink while an I/O thread or a snapshot holds it. */
struct file_queue {
    atomic_int refs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct order *orders; /* owned; the first is at first */
    size_t first, count, capacity;
    struct file_buckets *buckets; /* owned by the sink; touched by the one who is busy */
    const struct op_env *env;     /* not to be touched once closed */
    bool busy;                    /* a thread works */
    bool closed;
    bool waiting; /* the task wants to be woken */
    enum err rc;  /* the first failure; nothing is done after it */
    struct error error;
};

struct file_sink {
    struct op op;
    const struct file_sink_spec *spec;
    const struct op_env *env;
    struct file_queue *queue; /* a reference */
    int64_t watermark_us;
    bool ended;
};

static struct file_sink *self(struct op *o)
{
    return CONTAINER_OF(o, struct file_sink, op);
}

void file_sink_prefix(const struct op_env *env, char out[FILE_SINK_PREFIX_MAX])
{
    struct bytes who = {0};
    uint64_t a, b;

    bytes_printf(&who, "%s\n%s\n%s", env->job_name, env->uid, env->lineage);
    a = hash_bytes(who.ptr, who.len);
    bytes_u8(&who, '\n');
    b = hash_bytes(who.ptr, who.len);
    snprintf(out, FILE_SINK_PREFIX_MAX, "part-%08x-%04x-%04x-%04x-%012" PRIx64 "-", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff), (unsigned)(b >> 48), b & 0xffffffffffff);
    bytes_fini(&who);
}

/* --- the queue ---------------------------------------------------------------------------------------- */

static void queue_unref(struct file_queue *q)
{
    if (q == NULL || atomic_fetch_sub(&q->refs, 1) != 1)
        return;
    assert(q->count == 0);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    mem_free(q->orders);
    mem_free(q);
}

static struct file_queue *queue_new(const struct op_env *env)
{
    struct file_queue *q = mem_zalloc(sizeof *q);

    if (q == NULL)
        return NULL;
    q->env = env;
    atomic_init(&q->refs, 1);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    return q;
}

static void ordered_unref(struct ordered *o)
{
    if (o == NULL || atomic_fetch_sub(&o->refs, 1) != 1)
        return;
    bytes_fini(&o->barrier.part);
    bytes_fini(&o->barrier.item);
    queue_unref(o->queue);
    mem_free(o);
}

static void order_drop(struct order *o)
{
    batch_unref(o->batch);
    ordered_unref(o->barrier);
}

/* Takes what order holds, on success. The lock is held. */
static bool put(struct file_queue *q, struct order order)
{
    if (q->first > 0 && q->first == q->count)
        q->first = q->count = 0;
    if (!MEM_GROW(q->orders, q->count, q->capacity))
        return false;
    q->orders[q->count++] = order;
    return true;
}

static bool take(struct file_queue *q, struct order *out)
{
    if (q->closed || q->first == q->count)
        return false;
    *out = q->orders[q->first++];
    return true;
}

static enum err carry_out(struct file_queue *q, struct order *order, struct error *e)
{
    return order->batch ? file_buckets_add(q->buckets, order->batch, e)
                        : file_buckets_barrier(q->buckets, &order->barrier->barrier, e);
}

/* Back under the lock, with what came of an order. */
static void settle(struct file_queue *q, struct order *order, enum err rc, const struct error *e)
{
    if (q->rc == OK && rc != OK) {
        q->rc = rc;
        q->error = *e;
    }
    if (order->barrier)
        order->barrier->done = true;
    if (q->waiting && !q->closed)
        q->env->wake(q->env->wake_arg);
    q->waiting = false;
    pthread_cond_broadcast(&q->changed);
}

/* Do all there is to do, unless somebody is at it. The lock is held, and let go meanwhile. */
static void work(struct file_queue *q)
{
    struct order order;

    if (q->busy)
        return;
    q->busy = true;
    while (take(q, &order)) {
        enum err rc = q->rc;
        struct error e;

        pthread_mutex_unlock(&q->lock);
        if (rc == OK)
            rc = carry_out(q, &order, &e);
        pthread_mutex_lock(&q->lock);
        settle(q, &order, rc, &e);
        order_drop(&order);
    }
    q->busy = false;
    pthread_cond_broadcast(&q->changed);
}

static void run_on_executor(void *arg)
{
    struct file_queue *q = arg;

    pthread_mutex_lock(&q->lock);
    work(q);
    pthread_mutex_unlock(&q->lock);
    queue_unref(q);
}

static bool submit(struct file_queue *q, struct executor *x)
{
    atomic_fetch_add(&q->refs, 1);
    if (executor_submit(x, run_on_executor, q))
        return true;
    queue_unref(q);
    return false;
}

/* The sink closes: waits for the order at hand; the others are dropped. */
static void queue_close(struct file_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    while (q->busy)
        pthread_cond_wait(&q->changed, &q->lock);
    for (; q->first < q->count; q->first++) {
        struct order *order = &q->orders[q->first];

        if (order->barrier) {
            order->barrier->done = true;
            if (q->rc == OK)
                q->rc = error_set(&q->error, ERR_CANCELLED,
                                  "the sink was closed before its rows were written");
        }
        order_drop(order);
    }
    q->first = q->count = 0;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

/* --- rows --------------------------------------------------------------------------------------------- */

static enum err check_kinds(const struct file_sink *s, const struct batch *b, struct error *e)
{
    bool any = s->spec->format && s->spec->format->writes == FORMAT_CHANGES;

    for (int32_t i = 0; !any && b->row_kinds && i < batch_live(b); i++)
        if (b->row_kinds[batch_row(b, i)] != ROW_INSERT)
            return error_set(
                e, ERR_UNSUPPORTED,
                "table %s was given a row that updates or deletes another; its files take new rows "
                "only",
                s->spec->label);
    return OK;
}

/* Into the queue, when it has room. ERR_WAIT: a wake will come. */
static enum err offer(struct file_sink *s, struct batch *b, struct error *e)
{
    struct file_queue *q = s->queue;
    enum err rc;

    pthread_mutex_lock(&q->lock);
    if ((rc = q->rc) != OK) {
        *e = q->error;
    } else if (q->count - q->first >= QUEUE_BATCHES) {
        q->waiting = true;
        rc = ERR_WAIT;
    } else if (put(q, (struct order){batch_ref(b), NULL})) {
        rc = OK;
    } else {
        batch_unref(b);
        rc = error_memory(e, sizeof(struct order), "rows to be written");
    }
    pthread_mutex_unlock(&q->lock);
    return rc;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct file_sink *s = self(o);
    enum err rc = check_kinds(s, b, e);

    if (rc == OK && (rc = offer(s, b, e)) == OK && !submit(s->queue, s->env->executor))
        rc = OK; /* the next batch, or the barrier, sets it going */
    return rc == OK || rc == ERR_WAIT ? rc : error_add(e, rc, "table %s", s->spec->label);
}

static enum err sink_watermark(struct op *o, int64_t watermark_us, UNUSED bool *more, UNUSED struct error *e)
{
    self(o)->watermark_us = watermark_us;
    return OK;
}

static enum err sink_end(struct op *o, UNUSED struct error *e)
{
    self(o)->ended = true;
    return OK;
}

/* Called after room was made: nothing to emit. */
static enum err sink_poll(UNUSED struct op *o, bool *more, bool *done, UNUSED struct error *e)
{
    *more = *done = false;
    return OK;
}

/* --- the barrier -------------------------------------------------------------------------------------- */

/* On an I/O thread: see to it that the barrier has come through the queue. */
static enum err finish_barrier(void *arg, struct op_snapshot *out, struct error *e)
{
    struct ordered *o = arg;
    struct file_queue *q = o->queue;
    enum err rc;

    pthread_mutex_lock(&q->lock);
    while (!o->done)
        if (q->busy)
            pthread_cond_wait(&q->changed, &q->lock);
        else
            work(q);
    if ((rc = q->rc) != OK)
        *e = q->error;
    pthread_mutex_unlock(&q->lock);
    if (rc == OK) {
        snapshot_item(out, ITEM_PENDING, bytes_all(&o->barrier.item));
        snapshot_commit(out, bytes_all(&o->barrier.part));
    }
    return rc;
}

static void drop_barrier(void *arg)
{
    ordered_unref(arg);
}

static struct ordered *ordered_new(struct file_sink *s, int64_t checkpoint_id, bool is_last)
{
    struct ordered *o = mem_zalloc(sizeof *o);

    if (o == NULL)
        return NULL;
    atomic_init(&o->refs, 2); /* the queue's, the snapshot's */
    atomic_fetch_add(&s->queue->refs, 1);
    o->queue = s->queue;
    o->barrier = (struct file_barrier){.checkpoint_id = checkpoint_id,
                                       .watermark_us = s->watermark_us,
                                       .is_last = is_last,
                                       .ended = s->ended};
    return o;
}

static enum err sink_snapshot(struct op *op, int64_t checkpoint_id, struct op_snapshot *out, struct error *e)
{
    struct file_sink *s = self(op);
    struct ordered *o = ordered_new(s, checkpoint_id, snapshot_is_last(out));
    bool ok;

    if (o == NULL)
        return error_memory(e, sizeof *o, "a file sink's barrier");
    pthread_mutex_lock(&s->queue->lock);
    ok = put(s->queue, (struct order){NULL, o});
    pthread_mutex_unlock(&s->queue->lock);
    if (!ok) {
        ordered_unref(o);
        ordered_unref(o);
        return error_memory(e, sizeof *o, "a file sink's barrier");
    }
    if (!snapshot_later(out, finish_barrier, drop_barrier, o))
        return error_memory(e, 0, "a snapshot");
    return OK;
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err sink_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct file_sink *s = self(o);

    s->env = env;
    if ((s->queue = queue_new(env)) == NULL)
        return error_memory(e, sizeof *s->queue, "a file sink");
    return file_buckets_new(s->spec, env, &s->queue->buckets, e);
}

static enum err sink_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct file_buckets *buckets = self(o)->queue->buckets;
    enum err rc = OK;

    file_buckets_since(buckets, from->checkpoint_id);
    for (int32_t i = 0; rc == OK && i < from->item_count; i++)
        if (strcmp(from->items[i].name, ITEM_PENDING) == 0)
            rc = file_buckets_load(buckets, from->items[i].bytes, e);
    return rc;
}

static void sink_close(struct op *o)
{
    struct file_sink *s = self(o);

    if (s->queue) {
        queue_close(s->queue);
        file_buckets_free(s->queue->buckets);
        s->queue->buckets = NULL;
        queue_unref(s->queue);
    }
    mem_free(s);
}

static const struct operator_ops sink_ops = {
    .name = "file_sink",
    .open = sink_open,
    .restore = sink_restore,
    .batch = sink_batch,
    .watermark = sink_watermark,
    .poll = sink_poll,
    .snapshot = sink_snapshot,
    .end = sink_end,
    .close = sink_close,
};

static enum err sink_new(const void *spec, struct op **out, struct error *e)
{
    struct file_sink *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "a file sink");
    s->op.ops = &sink_ops;
    s->spec = spec;
    s->watermark_us = WATERMARK_NONE;
    *out = &s->op;
    return OK;
}

const struct operator_factory file_sink_factory = {"file_sink", sink_new, file_committer_new};
