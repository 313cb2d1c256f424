/* delta.h: DELTA_BINARY_PACKED: integers as differences, bit-packed in blocks of 128 with their minimum taken
 * off. page:  block size, miniblocks in a block, value count, first value block: minimum difference, a width
 * for each miniblock, the miniblocks Source: apache/parquet-format, Encodings.md.
 */
#ifndef WEIR_PARQUET_DELTA_H
#define WEIR_PARQUET_DELTA_H
#include "base/bytes.h"
#include "parquet/pbuf.h"

/* Append count integers of width bytes (4: int32_t, 8: int64_t). */
void delta_encode(struct pbuf *out, const void *values, size_t count, size_t width);

/* Read exactly count integers into out, as int32_t (width 4) or int64_t (8). NULL when done, else what is
 * wrong: a static text. */
MUST_USE const char *delta_decode(struct reader *r, size_t count, size_t width, void *out);
#endif
