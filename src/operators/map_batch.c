/* map_batch.c: hands everything on. */
#include "operators/map_batch.h"
#include "base/mem.h"

struct map_batch {
    struct op base;
    const struct map_spec *spec;
    const struct op_env *env;
    void *self; /* the function's */
    bool opened;
};

static struct map_batch *self(struct op *o)
{
    return CONTAINER_OF(o, struct map_batch, base);
}

static enum err map_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct map_batch *m = self(o);
    enum err rc = OK;

    m->env = env;
    if (m->spec->fn->open)
        rc = m->spec->fn->open(m->spec->arg, env, &m->self, e);
    m->opened = rc == OK;
    return rc;
}

static enum err map_on_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    return self(o)->spec->fn->batch(self(o)->self, self(o)->env, b, e);
}

static enum err map_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    const struct map_function *fn = self(o)->spec->fn;

    return fn->restore ? fn->restore(self(o)->self, from, e) : OK;
}

static enum err map_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                             struct error *e)
{
    const struct map_function *fn = self(o)->spec->fn;

    return fn->snapshot ? fn->snapshot(self(o)->self, out, e) : OK;
}

static enum err map_end(struct op *o, struct error *e)
{
    const struct map_function *fn = self(o)->spec->fn;

    return fn->end ? fn->end(self(o)->self, self(o)->env, e) : OK;
}

static void map_close(struct op *o)
{
    struct map_batch *m = self(o);

    if (m->opened && m->spec->fn->close)
        m->spec->fn->close(m->self);
    mem_free(m);
}

static const struct operator_ops map_ops = {
    .name = "map_batch",
    .open = map_open,
    .restore = map_restore,
    .batch = map_on_batch,
    .snapshot = map_snapshot,
    .end = map_end,
    .close = map_close,
};

static enum err map_new(const void *spec, struct op **out, struct error *e)
{
    struct map_batch *m = mem_zalloc(sizeof *m);

    if (m == NULL)
        return error_memory(e, sizeof *m, "a map operator");
    m->base.ops = &map_ops;
    m->spec = spec;
    *out = &m->base;
    return OK;
}

const struct operator_factory map_batch_factory = {.name = "map_batch", .operator_new = map_new};
