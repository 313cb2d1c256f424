/* stream_map.c: weir_map: a user's function over batches, on operators/map_batch.c. */
#include "base/mem.h"
#include "graph/stream.h"
#include "graph/user_task.h"
#include "operators/map_batch.h"

struct user_map {
    struct weir_map fn;
    const void *arg;
    const struct schema *schemas[TASK_OUTPUTS];
};

struct running_map {
    const struct user_map *map;
    struct weir_task task;
    void *self; /* owned: the function's own data */
};

static void close_map(void *p)
{
    struct running_map *m = p;

    if (m == NULL)
        return;
    if (m->self && m->map->fn.close)
        m->map->fn.close(m->self);
    user_task_fini(&m->task);
    mem_free(m->self);
    mem_free(m);
}

static enum err open_map(const void *arg, const struct op_env *env, void **out, struct error *e)
{
    const struct user_map *map = arg;
    struct running_map *m = mem_zalloc(sizeof *m);
    enum err rc;

    if (m == NULL || (m->self = mem_zalloc(MAX(map->fn.self_bytes, 1))) == NULL) {
        mem_free(m);
        return error_memory(e, map->fn.self_bytes, map->fn.name);
    }
    m->map = map;
    user_task_init(&m->task, env, map->schemas);
    rc = user_task_flush(&m->task, map->fn.open == NULL || map->fn.open(m->self, &m->task, map->arg),
                         map->fn.name, e);
    if (rc != OK)
        close_map(m);
    else
        *out = m;
    return rc;
}

static enum err map_rows(void *p, UNUSED const struct op_env *env, struct batch *b, struct error *e)
{
    struct running_map *m = p;
    enum err rc;

    m->task.in = b;
    rc = user_task_flush(&m->task, m->map->fn.batch(m->self, &m->task, (const struct weir_batch *)b),
                         m->map->fn.name, e);
    m->task.in = NULL;
    return rc;
}

/* Between batches a map has nothing of its own: what its function keeps in `self` is not part of checkpoints.
 */
static const struct map_function user_function = {.open = open_map, .batch = map_rows, .close = close_map};

struct weir_stream *weir_map(struct weir_stream *s, const struct weir_map *fn, const void *arg)
{
    struct weir_env *env = s->env;
    struct user_map *map = weir_memory(env, sizeof *map);
    struct map_spec *spec = weir_memory(env, sizeof *spec);
    struct weir_stream *out;

    if (map == NULL || spec == NULL || env->failed)
        return s;
    *map = (struct user_map){.fn = *fn, .arg = arg};
    map->schemas[0] = fn->columns ? stream_columns(env, fn->columns, fn->name) : s->schema;
    for (int32_t i = 0; i < 4; i++)
        if (fn->sides[i])
            map->schemas[i + 1] = stream_columns(env, fn->sides[i], fn->name);
    *spec = (struct map_spec){&user_function, map};
    out = stream_add(
        s, &(struct vertex){
               .name = fn->name, .factory = &map_batch_factory, .spec = spec, .schema = map->schemas[0]});
    for (int32_t i = 1; i < TASK_OUTPUTS; i++)
        out->sides[i] = map->schemas[i];
    return out;
}
