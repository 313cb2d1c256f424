/* avro_compiler.h: between avro_plan.c, which compiles what is wanted, and avro_plan_skip.c, which compiles
 * the rest. */
#ifndef WEIR_FORMATS_AVRO_COMPILER_H
#define WEIR_FORMATS_AVRO_COMPILER_H
#include "base/map.h"
#include "formats/avro_plan.h"
#include "formats/avro_schema.h"

struct avro_compiler {
    struct arena *arena;
    struct map skips; /* record type (its address) to the body that skips it: also ends recursion */
    struct error *e;
};

static inline enum err avro_compiler_memory(struct avro_compiler *k)
{
    return error_memory(k->e, 0, "an Avro plan");
}

/* The step that leaves a value of w behind; depth is how deep we are in it. */
MUST_USE enum err avro_compile_skip(struct avro_compiler *k, const struct avro_type *w, int depth,
                                    struct avro_step *out);

/* Add a skipping step to a body with room for it; runs of fixed size become one. */
void avro_add_skip(struct avro_step *steps, int32_t *count, const struct avro_step *step);
#endif
