/* process.c: keys, timers, calls. */
#include "operators/process.h"
#include "base/mem.h"

#define ITEM_WATERMARK "watermark"
#define TIMERS_A_TURN  1024 /* between two looks at whether the output is full */

struct process_op {
    struct op base;
    const struct process_spec *spec;
    struct process p;
    void *self; /* the function's */
    bool opened;
    struct key_batch keys;
    struct bytes timer_key;
    struct schema key_schema;
    struct field *key_fields; /* owned */
};

static struct process_op *self(struct op *o)
{
    return CONTAINER_OF(o, struct process_op, base);
}

/* --- timers --- */

/* Call those due by now_us, at most a turn's; *more: there are others. */
static enum err run_timers(struct process_op *o, enum timer_kind kind, int64_t now_us, bool *more,
                           struct error *e)
{
    struct timers *t = kind == TIMER_EVENT ? &o->p.event : &o->p.processing;
    struct key key;
    int64_t due_us;
    enum err rc = OK;

    *more = false;
    for (int n = 0; rc == OK; n++) {
        if (n == TIMERS_A_TURN) {
            *more = true;
            return OK;
        }
        if (!timers_pop(t, now_us, &due_us, &key, &o->timer_key))
            return o->timer_key.failed ? error_memory(e, 64, "a timer's key") : OK;
        if (o->spec->fn->timer)
            rc = o->spec->fn->timer(o->self, &o->p, kind, due_us, key, e);
    }
    return rc;
}

static void ask_to_be_woken(struct process_op *o)
{
    int64_t due_us;

    if (timers_next_due(&o->p.processing, &due_us))
        o->p.env->wake_at(o->p.env->wake_arg, due_us);
}

static enum err process_poll(struct op *op, bool *more, bool *done, struct error *e)
{
    struct process_op *o = self(op);
    enum err rc = run_timers(o, TIMER_PROCESSING, clock_wall_us(o->p.env->clock), more, e);

    *done = false;
    if (rc == OK && !*more)
        ask_to_be_woken(o);
    return rc;
}

/* --- elements --- */

static enum err process_batch(struct op *op, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct process_op *o = self(op);
    enum err rc;

    if (!key_batch_fill(&o->keys, b, o->spec->keys, o->spec->key_count))
        return error_memory(e, (size_t)batch_live(b), "keys of a batch");
    if ((rc = o->spec->fn->batch(o->self, &o->p, b, o->keys.keys, e)) == OK)
        ask_to_be_woken(o);
    return rc;
}

static enum err process_watermark(struct op *op, int64_t watermark_us, bool *more, struct error *e)
{
    struct process_op *o = self(op);
    struct output *out = o->p.env->out;
    enum err rc;

    do {
        if ((rc = run_timers(o, TIMER_EVENT, watermark_us, more, e)) != OK)
            return rc;
    } while (*more && !out->full(out));
    if (*more)
        return OK;
    o->p.watermark_us = MAX(o->p.watermark_us, watermark_us);
    if (o->spec->fn->watermark && (rc = o->spec->fn->watermark(o->self, &o->p, watermark_us, e)) != OK)
        return rc;
    ask_to_be_woken(o);
    return out->watermark(out, watermark_us, e);
}

static enum err process_end(struct op *op, struct error *e)
{
    struct process_op *o = self(op);

    return o->spec->fn->end ? o->spec->fn->end(o->self, &o->p, e) : OK;
}

/* --- life --- */

static enum err process_open(struct op *op, const struct op_env *env, struct error *e)
{
    struct process_op *o = self(op);
    enum err rc;

    o->p.env = env;
    o->p.key = &o->key_schema;
    if ((rc = timers_init(&o->p.event, env->state, "event-timers", &o->key_schema, e)) != OK ||
        (rc = timers_init(&o->p.processing, env->state, "processing-timers", &o->key_schema, e)) != OK)
        return rc;
    if (o->spec->fn->open && (rc = o->spec->fn->open(o->spec->arg, &o->p, &o->self, e)) != OK)
        return rc;
    o->opened = true;
    return OK;
}

static enum err process_restore(struct op *op, const struct op_restore *from, struct error *e)
{
    struct process_op *o = self(op);
    bool any = false;

    for (int32_t i = 0; i < from->item_count; i++) {
        struct reader r = reader_of(from->items[i].bytes);
        int64_t watermark_us = (int64_t)reader_le64(&r);

        if (strcmp(from->items[i].name, ITEM_WATERMARK) != 0)
            continue;
        if (r.failed || reader_left(&r))
            return error_set(e, ERR_CORRUPT, "the checkpoint's item %s is not a time", from->items[i].name);
        o->p.watermark_us = any ? MIN(o->p.watermark_us, watermark_us) : watermark_us;
        any = true;
    }
    ask_to_be_woken(o);
    return OK;
}

static enum err process_snapshot(struct op *op, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                                 struct error *e)
{
    struct bytes time = {0};

    bytes_le64(&time, (uint64_t)self(op)->p.watermark_us);
    if (!time.failed)
        snapshot_item(out, ITEM_WATERMARK, bytes_all(&time));
    bytes_fini(&time);
    return time.failed ? error_memory(e, 8, "a watermark") : OK;
}

static void process_close(struct op *op)
{
    struct process_op *o = self(op);

    if (o->opened && o->spec->fn->close)
        o->spec->fn->close(o->self, &o->p);
    key_batch_fini(&o->keys);
    bytes_fini(&o->timer_key);
    mem_free(o->key_fields);
    mem_free(o);
}

static const struct operator_ops process_ops = {
    .name = "process",
    .open = process_open,
    .restore = process_restore,
    .batch = process_batch,
    .watermark = process_watermark,
    .poll = process_poll,
    .snapshot = process_snapshot,
    .end = process_end,
    .close = process_close,
};

static enum err process_new(const void *spec, struct op **out, struct error *e)
{
    const struct process_spec *s = spec;
    struct process_op *o;
    enum err rc = key_check(s->input, s->keys, s->key_count, e);

    if (rc != OK)
        return rc;
    if ((o = mem_zalloc(sizeof *o)) == NULL ||
        (o->key_fields = mem_calloc((size_t)s->key_count, sizeof *o->key_fields)) == NULL) {
        mem_free(o);
        return error_memory(e, sizeof *o, "a process operator");
    }
    o->base.ops = &process_ops;
    o->spec = s;
    o->p.watermark_us = WATERMARK_NONE;
    for (int32_t i = 0; i < s->key_count; i++)
        o->key_fields[i] = s->input->fields[s->keys[i]];
    o->key_schema = (struct schema){s->key_count, o->key_fields};
    *out = &o->base;
    return OK;
}

const struct operator_factory process_factory = {.name = "process", .operator_new = process_new};
