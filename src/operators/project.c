/* project.c: see project.h. */
#include "operators/project.h"
#include "base/mem.h"

struct project {
    struct op op;
    const struct project_spec *spec;
    const struct op_env *env;
};

static struct project *self(struct op *o)
{
    return CONTAINER_OF(o, struct project, op);
}

static enum err project_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    self(o)->env = env;
    return OK;
}

static enum err project_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct project *p = self(o);
    struct batch *out = batch_project(b, p->spec->schema, p->spec->columns, p->env->budget);

    if (out == NULL)
        return error_memory(e, sizeof *out, "a projected batch");
    return p->env->out->batch(p->env->out, 0, out, e);
}

static enum err project_snapshot(UNUSED struct op *o, UNUSED int64_t id, UNUSED struct op_snapshot *out,
                                 UNUSED struct error *e)
{
    return OK;
}

static void project_close(struct op *o)
{
    mem_free(self(o));
}

static const struct operator_ops ops = {
    .name = "project",
    .open = project_open,
    .batch = project_batch,
    .snapshot = project_snapshot,
    .close = project_close,
};

static enum err project_new(const void *spec, struct op **out, struct error *e)
{
    struct project *p = mem_zalloc(sizeof *p);

    if (p == NULL)
        return error_memory(e, sizeof *p, "a projection");
    p->op.ops = &ops;
    p->spec = spec;
    *out = &p->op;
    return OK;
}

const struct operator_factory project_factory = {"project", project_new, NULL};
