/* leaf_values.h: values as a file stores them to values as a column holds them: other widths, units and byte
 * orders. */
#ifndef WEIR_PARQUET_LEAF_VALUES_H
#define WEIR_PARQUET_LEAF_VALUES_H
#include "batch/column.h"
#include "parquet/parquet_columns.h"

/* Bytes of a PLAIN value: 4, 8, 12, a FIXED's length; 0 for BOOLEAN and BYTE_ARRAY. */
size_t leaf_plain_width(const struct parquet_column *leaf);

/* True when the values come as views of bytes: BYTE_ARRAY, and FIXED unless a number is made of it at once.
 */
bool leaf_is_views(const struct parquet_column *leaf);

/* count values into out (an array of `wanted`'s values). `in` is PLAIN bytes of leaf_plain_width each.
 * parquet_column_check must have said OK. ERR_CORRUPT: a value that its type cannot have. */
MUST_USE enum err leaf_from_plain(const struct parquet_column *leaf, const struct type *wanted,
                                  const char *in, size_t count, void *out, struct error *e);

/* The same from views; those of long values are taken over as they are. out may be the views themselves. */
MUST_USE enum err leaf_from_views(const struct parquet_column *leaf, const struct type *wanted,
                                  const struct view *in, size_t count, void *out, struct error *e);
#endif
