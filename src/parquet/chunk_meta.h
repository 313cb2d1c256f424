/* chunk_meta.h: what a file says of a finished column chunk: its metadata in the footer, and the page index.
 * first_offset is where the chunk begins in the file.
 */
#ifndef WEIR_PARQUET_CHUNK_META_H
#define WEIR_PARQUET_CHUNK_META_H
#include "parquet/chunk_writer.h"
#include "parquet/thrift_compact.h"

void chunk_meta_write(const struct chunk *c, int64_t first_offset,
                      struct thrift_writer *t); /* ColumnMetaData */

/* OffsetIndex: where the pages are, and with which row each begins. */
void chunk_meta_offset_index(const struct chunk *c, int64_t first_offset, struct thrift_writer *t);

/* ColumnIndex: the pages' bounds. Nothing at all when a page with values has none, as the format has it. */
void chunk_meta_column_index(const struct chunk *c, struct thrift_writer *t);
#endif
