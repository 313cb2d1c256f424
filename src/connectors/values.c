/* values.c: see values.h. */
#include "connectors/values.h"
#include "base/mem.h"
#include "connectors/batch_rows.h"

#define ITEM "given"

struct values {
    struct op op;
    const struct values_spec *spec;
    const struct op_env *env;
    bool *given;  /* owned: per row, by whichever subtask before the checkpoint */
    int32_t next; /* this subtask's rows below it have been given */
};

static struct values *self(struct op *o)
{
    return CONTAINER_OF(o, struct values, op);
}

static enum err values_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct values *v = self(o);
    int32_t count = batch_live(v->spec->rows);

    v->env = env;
    if ((v->given = mem_calloc((size_t)MAX(count, 1), sizeof *v->given)) == NULL)
        return error_memory(e, (size_t)count, "a values source");
    env->wake(env->wake_arg);
    return OK;
}

/* What any subtask has given. */
static enum err values_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct values *v = self(o);
    int32_t count = batch_live(v->spec->rows);

    for (int32_t i = 0; i < from->item_count; i++) {
        struct reader r = reader_of(from->items[i].bytes);

        if (strcmp(from->items[i].name, ITEM) != 0)
            continue;
        while (reader_left(&r)) {
            uint64_t row = reader_varint(&r);

            if (r.failed || row >= (uint64_t)count)
                return error_set(e, ERR_CORRUPT,
                                 "the checkpoint is of other VALUES: it has row %" PRIu64 " of %" PRId32, row,
                                 count);
            v->given[row] = true;
        }
    }
    return OK;
}

static bool is_mine(const struct values *v, int32_t row)
{
    return row % v->env->parallelism == v->env->subtask;
}

static enum err values_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct values *v = self(o);
    struct batch *all = v->spec->rows, *b;
    int32_t most = batch_rows(v->env), count = 0, total = batch_live(all);
    int32_t *rows = mem_alloc((size_t)most * sizeof *rows);
    enum err rc = OK;

    if (rows == NULL)
        return error_memory(e, (size_t)most * sizeof *rows, "rows");
    for (; v->next < total && count < most; v->next++)
        if (is_mine(v, v->next) && !v->given[v->next])
            rows[count++] = batch_row(all, v->next);
    if (count) {
        if ((b = batch_select(all, rows, count, v->env->budget)) == NULL)
            rc = error_memory(e, (size_t)count, "rows");
        else
            rc = v->env->out->batch(v->env->out, 0, b, e);
    }
    mem_free(rows);
    *done = v->next >= total;
    *more = !*done;
    return rc;
}

static enum err values_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    struct values *v = self(o);
    struct bytes item = {0};
    enum err rc = OK;

    for (int32_t i = 0; i < batch_live(v->spec->rows); i++)
        if ((is_mine(v, i) && i < v->next) || v->given[i])
            bytes_varint(&item, (uint64_t)i);
    if (item.failed)
        rc = error_memory(e, item.len, "the state of a values source");
    else
        snapshot_item(out, ITEM, bytes_all(&item));
    bytes_fini(&item);
    return rc;
}

static void values_close(struct op *o)
{
    mem_free(self(o)->given);
    mem_free(self(o));
}

static const struct operator_ops values_ops = {
    .name = "values",
    .open = values_open,
    .restore = values_restore,
    .poll = values_poll,
    .snapshot = values_snapshot,
    .close = values_close,
};

static enum err values_new(const void *spec, struct op **out, struct error *e)
{
    struct values *v = mem_zalloc(sizeof *v);

    if (v == NULL)
        return error_memory(e, sizeof *v, "a values source");
    v->op.ops = &values_ops;
    v->spec = spec;
    *out = &v->op;
    return OK;
}

const struct operator_factory values_factory = {"values", values_new, NULL};
