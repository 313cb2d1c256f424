/* rle.h: Parquet's hybrid of runs and bit-packed groups of eight: levels, dictionary ids, booleans.
 *   run:    varint(count << 1),      the value in whole bytes
 *   packed: varint(groups << 1 | 1), groups * 8 values of width bits
 * Source: apache/parquet-format, Encodings.md.
 */
#ifndef WEIR_PARQUET_RLE_H
#define WEIR_PARQUET_RLE_H
#include "parquet/pbuf.h"

#define RLE_WIDTH_MAX 32

/* Append count values below 2^width. */
void rle_encode(struct pbuf *out, const uint32_t *values, size_t count, int width);

/* Append one value, count times. */
void rle_encode_run(struct pbuf *out, uint32_t value, size_t count, int width);

/* Reads what nobody vouches for. Zeroed bits behind a group that is cut off are not made up: that is a
 * failure. */
struct rle_decoder {
    const uint8_t *ptr, *end; /* what is not read yet: the next run's head, or behind the packed run */
    int width;
    size_t run_left; /* of a run of `value` */
    uint32_t value;
    const uint8_t *packed; /* of a packed run, packed_bytes of them */
    size_t packed_bytes, packed_at, packed_left;
};

static inline struct rle_decoder rle_decoder_of(struct slice s, int width)
{
    const uint8_t *ptr = (const uint8_t *)s.ptr;

    return (struct rle_decoder){.ptr = ptr, .end = ptr ? ptr + s.len : NULL, .width = width};
}

/* The next count values; false when there are not so many. */
MUST_USE bool rle_decode(struct rle_decoder *d, uint32_t *out, size_t count);

/* The same into bytes, for a width up to 8. */
MUST_USE bool rle_decode_bytes(struct rle_decoder *d, uint8_t *out, size_t count);
#endif
