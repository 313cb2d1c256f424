/* expr_internal.h: what the files of expr share and nobody else needs. */
#ifndef WEIR_EXPR_EXPR_INTERNAL_H
#define WEIR_EXPR_EXPR_INTERNAL_H
#include "expr/function.h"

/* A function that is only a way of writing others: BETWEEN, NULLIF. It never becomes a call itself. */
struct expansion {
    const char *name;
    enum err (*expand)(struct arena *a, const struct expr *const *args, int32_t count, struct place place,
                       const struct expr **out, struct error *e);
};
const struct expansion *expansion_find(const struct function *f); /* NULL: it is a call */

/* resolve for functions that have a signature (function.c). */
enum err function_resolve_signature(struct resolution *r, struct error *e);

bool expr_is_null(const struct expr *x); /* a literal without a value */

#endif
