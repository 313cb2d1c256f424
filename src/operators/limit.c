/* limit.c: see limit.h. */
#include "operators/limit.h"
#include "base/mem.h"

#define SEEN "seen"

struct limit {
    struct op base;
    const struct limit_spec *spec;
    const struct op_env *env;
    int64_t seen; /* rows that came so far */
};

static struct limit *self(struct op *o)
{
    return CONTAINER_OF(o, struct limit, base);
}

static enum err limit_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    self(o)->env = env;
    return OK;
}

static enum err limit_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct limit *l = self(o);
    int32_t live = batch_live(b);
    bool open = l->spec->count < 0 || l->spec->count > INT64_MAX - l->spec->offset;
    int64_t end = open ? INT64_MAX : l->spec->offset + l->spec->count;
    int64_t first = MAX(l->spec->offset - l->seen, 0), last = MIN(end - l->seen, live);
    int32_t *rows;
    struct batch *out;

    l->seen += live;
    if (first >= last)
        return OK;
    if (last - first == live)
        return l->env->out->batch(l->env->out, 0, batch_ref(b), e);
    if ((rows = mem_alloc((size_t)(last - first) * sizeof *rows)) == NULL)
        return error_memory(e, (size_t)(last - first) * sizeof *rows, "row numbers");
    for (int64_t i = first; i < last; i++)
        rows[i - first] = batch_row(b, (int32_t)i);
    out = batch_select(b, rows, (int32_t)(last - first), l->env->budget);
    mem_free(rows);
    return out ? l->env->out->batch(l->env->out, 0, out, e)
               : error_memory(e, sizeof *out, "the rows of a LIMIT");
}

static enum err limit_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                               UNUSED struct error *e)
{
    snapshot_item(out, SEEN, slice_of(&self(o)->seen, sizeof self(o)->seen));
    return OK;
}

static enum err limit_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    for (int32_t i = 0; i < from->item_count; i++) {
        if (strcmp(from->items[i].name, SEEN) != 0)
            continue;
        if (from->items[i].bytes.len != sizeof self(o)->seen)
            return error_set(e, ERR_CORRUPT, "the checkpoint's count of a LIMIT has %zu bytes",
                             from->items[i].bytes.len);
        memcpy(&self(o)->seen, from->items[i].bytes.ptr, sizeof self(o)->seen);
    }
    return OK;
}

static void limit_close(struct op *o)
{
    mem_free(self(o));
}

static const struct operator_ops limit_ops = {
    .name = "limit",
    .open = limit_open,
    .restore = limit_restore,
    .batch = limit_batch,
    .snapshot = limit_snapshot,
    .close = limit_close,
};

static enum err limit_new(const void *spec, struct op **out, struct error *e)
{
    struct limit *l = mem_zalloc(sizeof *l);

    if (l == NULL)
        return error_memory(e, sizeof *l, "a LIMIT");
    l->base.ops = &limit_ops;
    l->spec = spec;
    *out = &l->base;
    return OK;
}

const struct operator_factory limit_factory = {.name = "limit", .operator_new = limit_new};
