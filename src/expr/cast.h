/* cast.h: which types become which: by CAST, without being asked, or by doing nothing. */
#ifndef WEIR_EXPR_CAST_H
#define WEIR_EXPR_CAST_H
#include "expr/function.h"

/* How a cast is evaluated; NULL: there is no such cast. The call's type says what to make. */
const struct variant *cast_variant(const struct type *from, const struct type *to, bool try_cast);

/* The values of from are values of to as they are: nothing needs to be done (nullability and names aside). */
bool cast_is_free(const struct type *from, const struct type *to);

/* Flink casts it where an argument or a column of INSERT is wanted. */
bool cast_is_implicit(const struct type *from, const struct type *to);

/* A value may have none in the other type, so that the cast fails (a DECIMAL too large becomes NULL instead). */
bool cast_can_fail(const struct type *from, const struct type *to);

/* Append the value of that row as CAST(... AS STRING) writes it. zone: for TIMESTAMP_LTZ; NULL is UTC. */
struct zone;
void cast_print(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out);
#endif
