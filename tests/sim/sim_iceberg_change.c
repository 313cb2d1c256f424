/* sim_iceberg_change.c: counts as a changelog. See sim_iceberg.h. */
#include "base/mem.h"
#include "batch/builder.h"
#include "sim_iceberg.h"

#define DELETE_EVERY 5

struct change {
    struct op base;
    const struct sim_iceberg *spec;
    const struct op_env *env;
};

static struct change *change_of(struct op *o)
{
    return CONTAINER_OF(o, struct change, base);
}

static enum err change_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    change_of(o)->env = env;
    return OK;
}

static void put(struct builder *builder, const struct batch *b, int32_t row, uint8_t kind, uint8_t *kinds)
{
    kinds[builder_rows(builder)] = kind;
    for (int k = 0; k < 4; k++)
        builder_i64(&builder->columns[k], b->columns[k].i64[row]);
}

/* What count n of a key means for its row. */
static void put_change(struct builder *builder, const struct batch *b, int32_t row, uint8_t *kinds)
{
    int64_t n = b->columns[3].i64[row];

    if (n % DELETE_EVERY == 0) {
        put(builder, b, row, ROW_DELETE, kinds);
    } else if (n % DELETE_EVERY == 1) {
        put(builder, b, row, ROW_INSERT, kinds);
    } else {
        put(builder, b, row, ROW_UPDATE_BEFORE, kinds);
        put(builder, b, row, ROW_UPDATE_AFTER, kinds);
    }
}

static enum err change_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct change *c = change_of(o);
    struct builder builder;
    struct batch *out = NULL;
    uint8_t *kinds = NULL;
    enum err rc;

    if (!builder_init(&builder, c->spec->job.count_schema, NULL))
        return error_memory(e, 0, "a batch");
    if ((kinds = batch_alloc(builder.batch, (size_t)batch_live(b) * 2 + 1)) == NULL) {
        builder_fini(&builder);
        return error_memory(e, 0, "row kinds");
    }
    for (int32_t i = 0; i < batch_live(b) && !builder.failed; i++)
        put_change(&builder, b, batch_row(b, i), kinds);
    if ((rc = builder_finish(&builder, &out, e)) == OK) {
        out->row_kinds = kinds;
        rc = c->env->out->batch(c->env->out, 0, out, e);
    }
    builder_fini(&builder);
    return rc;
}

static void change_close(struct op *o)
{
    mem_free(change_of(o));
}

static const struct operator_ops change_ops = {
    .name = "sim_change",
    .open = change_open,
    .batch = change_batch,
    .close = change_close,
};

static enum err change_new(const void *spec, struct op **out, struct error *e)
{
    struct change *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "an operator");
    c->base.ops = &change_ops;
    c->spec = spec;
    *out = &c->base;
    return OK;
}

const struct operator_factory sim_change_factory = {"sim_change", change_new, NULL};
