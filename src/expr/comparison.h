/* comparison.h: in which type values are compared. */
#ifndef WEIR_EXPR_COMPARISON_H
#define WEIR_EXPR_COMPARISON_H
#include "batch/type.h"

/* NULL: the two cannot be compared, or there is no memory (a->failed). */
const struct type *comparison_type(struct arena *a, const struct type *x, const struct type *y);
#endif
