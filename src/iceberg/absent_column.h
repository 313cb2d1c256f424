/* absent_column.h: a column that has a value in no row: of a field that the incoming rows, or an older file,
 * do not have.
 */
#ifndef WEIR_ICEBERG_ABSENT_COLUMN_H
#define WEIR_ICEBERG_ABSENT_COLUMN_H
#include "batch/batch.h"

/* Fill c (its type set, the rest zeroed) with row_count absent values; memory from owner. False when there is
 * none. */
MUST_USE bool absent_column_fill(struct column *c, int32_t row_count, struct batch *owner);
#endif
