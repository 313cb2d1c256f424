/* sim_hold.c: two operators that are chained. `hold` keeps a few batches back and gives them on all at once:
 * when it has enough, at a watermark, in its snapshot, at the end. `order` refuses now and then, and fails
 * for good when the records of a partition do not come in the order of their offsets: so what is parked in
 * front of it must stay in order.
 */
#include "base/mem.h"
#include "os/random.h"
#include "sim_job.h"

#define HELD_MAX 4

struct hold {
    struct op base;
    struct sim_job *job;
    const struct op_env *env;
    struct random random;
    struct batch *held[HELD_MAX];
    int32_t held_count;
    int64_t *next_offset; /* owned, by partition: at least */
    bool waited;          /* the call at hand was refused once */
};

static struct hold *hold_of(struct op *o)
{
    return CONTAINER_OF(o, struct hold, base);
}

static enum err hold_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct hold *h = hold_of(o);

    h->env = env;
    random_seed(&h->random, env->seed);
    h->next_offset = mem_calloc((size_t)h->job->partition_count, sizeof *h->next_offset);
    return h->next_offset ? OK : error_memory(e, 0, "offsets");
}

static enum err let_go(struct hold *h, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; i < h->held_count; i++) {
        if (rc == OK)
            rc = h->env->out->batch(h->env->out, 0, h->held[i], e);
        else
            batch_unref(h->held[i]);
    }
    h->held_count = 0;
    return rc;
}

static enum err hold_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct hold *h = hold_of(o);

    h->held[h->held_count++] = batch_ref(b);
    return h->held_count == HELD_MAX || random_below(&h->random, 3) == 0 ? let_go(h, e) : OK;
}

static enum err hold_watermark(struct op *o, int64_t watermark_us, UNUSED bool *more, struct error *e)
{
    struct hold *h = hold_of(o);
    enum err rc = let_go(h, e);

    return rc == OK ? h->env->out->watermark(h->env->out, watermark_us, e) : rc;
}

static enum err hold_snapshot(struct op *o, UNUSED int64_t id, UNUSED struct op_snapshot *out,
                              struct error *e)
{
    return let_go(hold_of(o), e);
}

static enum err hold_end(struct op *o, struct error *e)
{
    return let_go(hold_of(o), e);
}

static void hold_close(struct op *o)
{
    struct hold *h = hold_of(o);

    for (int32_t i = 0; i < h->held_count; i++)
        batch_unref(h->held[i]);
    mem_free(h->next_offset);
    mem_free(h);
}

/* --- order --- */

static enum err check_order(struct hold *h, const struct batch *b, struct error *e)
{
    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);
        int64_t partition = b->columns[1].i64[row], offset = b->columns[2].i64[row];

        if (offset < h->next_offset[partition])
            return error_set(e, ERR_CORRUPT, "partition %" PRId64 ": offset %" PRId64 " comes after %" PRId64,
                             partition, offset, h->next_offset[partition] - 1);
        h->next_offset[partition] = offset + 1;
    }
    return OK;
}

static enum err order_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct hold *h = hold_of(o);
    enum err rc;

    if (!h->waited && h->job->wait_every > 0 && random_below(&h->random, h->job->wait_every) == 0) {
        h->waited = true;
        h->env->wake_at(h->env->wake_arg,
                        clock_wall_us(h->env->clock) + (int64_t)random_below(&h->random, 3000));
        return ERR_WAIT;
    }
    h->waited = false;
    rc = check_order(h, b, e);
    return rc == OK ? h->env->out->batch(h->env->out, 0, batch_ref(b), e) : rc;
}

static const struct operator_ops hold_ops = {
    .name = "sim_hold",
    .open = hold_open,
    .batch = hold_batch,
    .watermark = hold_watermark,
    .snapshot = hold_snapshot,
    .end = hold_end,
    .close = hold_close,
};

static const struct operator_ops order_ops = {
    .name = "sim_order",
    .open = hold_open,
    .batch = order_batch,
    .close = hold_close,
};

static enum err new_one(const struct operator_ops *ops, const void *spec, struct op **out, struct error *e)
{
    struct hold *h = mem_zalloc(sizeof *h);

    if (h == NULL)
        return error_memory(e, sizeof *h, "an operator");
    h->base.ops = ops;
    h->job = (struct sim_job *)spec;
    *out = &h->base;
    return OK;
}

static enum err hold_new(const void *spec, struct op **out, struct error *e)
{
    return new_one(&hold_ops, spec, out, e);
}

static enum err order_new(const void *spec, struct op **out, struct error *e)
{
    return new_one(&order_ops, spec, out, e);
}

const struct operator_factory sim_hold_factory = {"sim_hold", hold_new, NULL};
const struct operator_factory sim_order_factory = {"sim_order", order_new, NULL};
