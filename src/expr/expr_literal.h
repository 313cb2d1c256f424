/* expr_literal.h: values that are copied with all that they point at: literals, and constants of a program. */
#ifndef WEIR_EXPR_EXPR_LITERAL_H
#define WEIR_EXPR_EXPR_LITERAL_H
#include "batch/batch.h"

/* Where the copy lies: alloc gives memory aligned to 16 bytes, NULL when there is none. */
struct literal_memory {
    void *(*alloc)(void *from, size_t byte_count);
    void *from;
};
struct literal_memory literal_in_arena(struct arena *a);
struct literal_memory literal_in_batch(struct batch *b);

/* All rows of from, children and long texts too, as a new column; NULL: no memory. */
struct column *literal_copy(const struct literal_memory *m, const struct column *from);

/* A column of one row that has no value. */
struct column *literal_null(const struct literal_memory *m, const struct type *type);
#endif
