/* single_value.h: one value apart from its column, as Iceberg keeps it in bounds and partition tuples (spec,
 * appendix D, "Binary single-value serialization"), and what can be done with it: order it, put it back, show
 * it. Timestamps of precision over 6 are nanoseconds there as in batches.
 */
#ifndef WEIR_ICEBERG_SINGLE_VALUE_H
#define WEIR_ICEBERG_SINGLE_VALUE_H
#include "batch/builder.h"

/* Append the value of a row that has one. Not for nested types. */
void single_value_of(const struct column *c, int32_t row, struct bytes *out);

/* The same of a number already in hand: int64_t holds any value of up to 8 bytes (floats: their bits). */
void single_value_of_i64(const struct type *t, int64_t v, struct bytes *out);
void single_value_of_i128(__int128 v, struct bytes *out);

/* Could v be a value of t? An int where t is a long, a float where t is a double are values too: columns get
 * promoted. */
bool single_value_fits(const struct type *t, struct slice v);

/* Append v, which fits, as a value of c. Long bytes are copied into the batch. */
void single_value_build(struct column_builder *c, struct slice v);

/* Iceberg's order of values that fit. NaN is the largest; -0.0 comes before 0.0. */
int single_value_compare(const struct type *t, struct slice a, struct slice b);
bool single_value_is_nan(const struct type *t, struct slice v);

/* As in the paths of partitions (Iceberg's toHumanString): 2025-11-01, 12:30, 61.5; bytes as base64. */
void single_value_print(const struct type *t, struct slice v, struct bytes *out);
#endif
