/* stream_map.c: weir_map: a user's function over batches as an operator. */
#include "base/mem.h"
#include "graph/stream.h"
#include "graph/user_task.h"

struct map_spec {
    struct weir_map      fn;
    const void          *arg;
    const struct schema *schemas[TASK_OUTPUTS];
};

struct map_operator {
    struct operator        op;
    const struct map_spec *spec;
    struct weir_task       task;
    bool                   opened;
    void                  *self; /* owned: the function's own data */
};

static struct map_operator *self(struct operator *o)
{
    return CONTAINER_OF(o, struct map_operator, op);
}

static enum err map_open(struct operator *o, const struct op_env *env, struct error *e)
{
    struct map_operator *m = self(o);
    bool                 ok;

    user_task_init(&m->task, env, m->spec->schemas);
    if ((m->self = mem_zalloc(MAX(m->spec->fn.self_bytes, 1))) == NULL)
        return error_memory(e, m->spec->fn.self_bytes, m->spec->fn.name);
    m->opened = true;
    ok = m->spec->fn.open == NULL || m->spec->fn.open(m->self, &m->task, m->spec->arg);
    return user_task_flush(&m->task, ok, m->spec->fn.name, e);
}

static enum err map_batch(struct operator *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct map_operator *m = self(o);
    enum err             rc;

    m->task.in = b;
    rc = user_task_flush(&m->task, m->spec->fn.batch(m->self, &m->task, (const struct weir_batch *)b), m->spec->fn.name, e);
    m->task.in = NULL;
    return rc;
}

/* Between batches a map has nothing of its own; what its function keeps in `self` is not part of checkpoints. */
static enum err map_snapshot(UNUSED struct operator *o, UNUSED int64_t id, UNUSED struct op_snapshot *out,
                             UNUSED struct error *e)
{
    return OK;
}

static void map_close(struct operator *o)
{
    struct map_operator *m = self(o);

    if (m->opened && m->spec->fn.close)
        m->spec->fn.close(m->self);
    user_task_fini(&m->task);
    mem_free(m->self);
    mem_free(m);
}

static const struct operator_ops ops = {
    .name = "map",
    .open = map_open,
    .batch = map_batch,
    .snapshot = map_snapshot,
    .close = map_close,
};

static enum err map_new(const void *spec, struct operator **out, struct error *e)
{
    struct map_operator *m = mem_zalloc(sizeof *m);

    if (m == NULL)
        return error_memory(e, sizeof *m, "a map");
    m->op.ops = &ops;
    m->spec = spec;
    *out = &m->op;
    return OK;
}

static const struct operator_factory map_factory = {"map", map_new, NULL};

struct weir_stream *weir_map(struct weir_stream *s, const struct weir_map *fn, const void *arg)
{
    struct weir_env    *env = s->env;
    struct map_spec    *spec = weir_memory(env, sizeof *spec);
    struct weir_stream *out;

    if (spec == NULL || env->failed)
        return s;
    *spec = (struct map_spec){.fn = *fn, .arg = arg};
    spec->schemas[0] = fn->columns ? stream_columns(env, fn->columns, fn->name) : s->schema;
    for (int32_t i = 0; i < 4; i++)
        if (fn->sides[i])
            spec->schemas[i + 1] = stream_columns(env, fn->sides[i], fn->name);
    out = stream_add(s, &(struct vertex){.name = fn->name, .factory = &map_factory, .spec = spec, .schema = spec->schemas[0]});
    for (int32_t i = 1; i < TASK_OUTPUTS; i++)
        out->sides[i] = spec->schemas[i];
    return out;
}
