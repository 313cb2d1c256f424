/* parquet_reader.h: reads Parquet files of any writer: all encodings (plain, dictionary, RLE, bit-packed,
 * delta binary packed, delta length, delta byte array, byte stream split), data pages v1 and v2, snappy,
 * gzip, zstd, lz4_raw; nested columns. Nothing in a file is trusted: lengths, counts and levels are checked,
 * memory is bounded by the budget. Thread: one at a time.
 */
#ifndef WEIR_PARQUET_PARQUET_READER_H
#define WEIR_PARQUET_PARQUET_READER_H
#include "batch/batch.h"

struct fs;
struct parquet_reader;

/* Read and check the footer. fs is borrowed; budget may be NULL. ERR_CORRUPT says what is wrong and where. */
MUST_USE enum err parquet_reader_open(struct fs *fs, const char *path, struct budget *budget,
                                      struct parquet_reader **out, struct error *e);
void parquet_reader_free(struct parquet_reader *r); /* NULL is fine */

/* With field ids; lives as long as r. */
const struct schema *parquet_reader_schema(const struct parquet_reader *r);
int64_t parquet_reader_rows(const struct parquet_reader *r);
int32_t parquet_reader_groups(const struct parquet_reader *r);
int64_t parquet_reader_group_rows(const struct parquet_reader *r, int32_t group);
/* Where in the file a row group begins, as table formats name it. */
int64_t parquet_reader_group_offset(const struct parquet_reader *r, int32_t group);
/* A value of the footer's key-value metadata, NULL when absent. */
const char *parquet_reader_metadata(const struct parquet_reader *r, const char *key);

/* One row group, the top-level columns of those numbers (NULL: all), as a batch of `schema`, which has those
 * fields in that order (NULL: the file's own types, from parquet_reader_schema; else they may be widened as
 * Iceberg's promotions allow: int to long, float to double, decimal precision). The batch's schema must
 * outlive it: with NULL, r must. */
MUST_USE enum err parquet_reader_group(struct parquet_reader *r, int32_t group, const int32_t *columns,
                                       int32_t column_count, const struct schema *schema, struct batch **out,
                                       struct error *e);
#endif
