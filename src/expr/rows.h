/* rows.h: values of any type compared and hashed, two rows at a time: for what is no hot loop. */
#ifndef WEIR_EXPR_ROWS_H
#define WEIR_EXPR_ROWS_H
#include "batch/column.h"

/* Equal when both are absent, or both there and the same, children too. The types have the same layout.
 * identical: to the bit (-0.0 is not 0.0); equal: as SQL's `=` has it. A NaN is a NaN. */
bool rows_identical(const struct column *x, int32_t row, const struct column *y, int32_t other);
bool rows_equal(const struct column *x, int32_t row, const struct column *y, int32_t other);

/* -1, 0, 1 for scalar types, both values there: text and bytes by their bytes, NaN last. */
int rows_compare(const struct column *x, int32_t row, const struct column *y, int32_t other);

/* Equal values (rows_equal) have equal hashes; scalar types. */
uint64_t rows_hash(const struct column *x, int32_t row);
#endif
