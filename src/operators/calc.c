/* calc.c: see calc.h. */
#include "operators/calc.h"
#include "base/mem.h"
#include "os/clock.h"

struct calc {
    struct op base;
    const struct program_spec *spec;
    const struct op_env *env;
    struct program *program; /* owned */
};

static struct calc *self(struct op *o)
{
    return CONTAINER_OF(o, struct calc, base);
}

static enum err calc_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct calc *c = self(o);

    c->env = env;
    return program_new(c->spec, env->budget, &c->program, e);
}

static enum err calc_watermark(struct op *o, int64_t watermark_us, bool *more, struct error *e)
{
    struct calc *c = self(o);

    *more = false;
    program_watermark(c->program, watermark_us);
    return c->env->out->watermark(c->env->out, watermark_us, e);
}

static enum err calc_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct calc *c = self(o);
    struct batch *out = NULL;
    enum err rc = program_run(c->program, b, clock_wall_us(c->env->clock), &out, e);

    if (rc != OK || out == NULL)
        return rc;
    return c->env->out->batch(c->env->out, 0, out, e);
}

static enum err calc_snapshot(UNUSED struct op *o, UNUSED int64_t checkpoint_id,
                              UNUSED struct op_snapshot *out, UNUSED struct error *e)
{
    return OK;
}

static void calc_close(struct op *o)
{
    program_free(self(o)->program);
    mem_free(self(o));
}

static const struct operator_ops calc_ops = {
    .name = "calc",
    .open = calc_open,
    .batch = calc_batch,
    .watermark = calc_watermark,
    .snapshot = calc_snapshot,
    .close = calc_close,
};

static enum err calc_new(const void *spec, struct op **out, struct error *e)
{
    struct calc *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "a calculation");
    c->base.ops = &calc_ops;
    c->spec = spec;
    *out = &c->base;
    return OK;
}

const struct operator_factory calc_factory = {.name = "calc", .operator_new = calc_new};
