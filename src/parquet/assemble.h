/* assemble.h: leaves to columns: the other way round from shred.h. */
#ifndef WEIR_PARQUET_ASSEMBLE_H
#define WEIR_PARQUET_ASSEMBLE_H
#include "parquet/chunk_reader.h"

/* Make `to` (a header whose type is the wanted one) of the leaves of column, leaf_count of them, in memory of
 * owner. ERR_CORRUPT when levels contradict each other or the number of rows; ERR_INPUT when a value is
 * absent where `to` is NOT NULL. */
MUST_USE enum err assemble(const struct parquet_column *column, struct leaf_data *leaves, int32_t row_count,
                           struct batch *owner, struct column *to, struct error *e);
#endif
