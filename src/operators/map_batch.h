/* map_batch.h: user code without keys: map, filter, flat_map: a batch in, any number of batches out at any
 * port. It may keep operator state: named items in checkpoints.
 */
#ifndef WEIR_OPERATORS_MAP_BATCH_H
#define WEIR_OPERATORS_MAP_BATCH_H
#include "operators/operator.h"

/* Any but batch may be NULL. self is what open gave. An error fails the job. */
struct map_function {
    enum err (*open)(const void *arg, const struct op_env *env, void **self, struct error *e);
    /* b is borrowed; emit by env->out->batch(env->out, port, batch, e). */
    enum err (*batch)(void *self, const struct op_env *env, struct batch *b, struct error *e);
    enum err (*restore)(void *self, const struct op_restore *from, struct error *e);
    enum err (*snapshot)(void *self, struct op_snapshot *out, struct error *e);
    enum err (*end)(void *self, const struct op_env *env, struct error *e);
    void (*close)(void *self);
};

struct map_spec {
    const struct map_function *fn;
    const void *arg;
};
extern const struct operator_factory map_batch_factory;
#endif
