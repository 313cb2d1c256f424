/* delta.c: see delta.h. Differences wrap around, as the format wants it; those of int32 in 32 bits. */
#include "parquet/delta.h"
#include "parquet/bits.h"

#define BLOCK      128
#define MINI       32
#define MINI_COUNT (BLOCK / MINI)

/* --- encoding --- */

/* count differences (at most BLOCK) of values[i] and values[i - 1]. */
static void differences(const void *values, size_t at, size_t count, size_t width, int64_t *out)
{
    if (width == 4) {
        const uint32_t *v = (const uint32_t *)values + at;

        for (size_t i = 0; i < count; i++)
            out[i] = (int32_t)(v[i] - v[i - 1]);
    } else {
        const uint64_t *v = (const uint64_t *)values + at;

        for (size_t i = 0; i < count; i++)
            out[i] = (int64_t)(v[i] - v[i - 1]);
    }
}

static void encode_block(struct pbuf *out, const int64_t *deltas, size_t count, size_t width)
{
    uint64_t rest[BLOCK] = {0}, mask = bits_mask((int)width * 8);
    uint8_t widths[MINI_COUNT] = {0};
    int64_t min = deltas[0];
    size_t minis = (count + MINI - 1) / MINI;
    uint8_t *to;

    for (size_t i = 1; i < count; i++)
        min = MIN(min, deltas[i]);
    for (size_t i = 0; i < count; i++)
        rest[i] = ((uint64_t)deltas[i] - (uint64_t)min) & mask;
    for (size_t m = 0; m < minis; m++) {
        uint64_t all = 0;

        for (size_t i = m * MINI; i < (m + 1) * MINI; i++)
            all |= rest[i];
        widths[m] = (uint8_t)(all ? 64 - __builtin_clzll(all) : 0);
    }
    pbuf_zigzag(out, min);
    pbuf_append(out, widths, sizeof widths);
    for (size_t m = 0; m < minis; m++) {
        size_t byte_count = (size_t)widths[m] * MINI / 8;

        if ((to = pbuf_reserve(out, byte_count + 16)) == NULL)
            return;
        bits_pack64(to, rest + m * MINI, MINI, widths[m]);
        out->len += byte_count;
    }
}

void delta_encode(struct pbuf *out, const void *values, size_t count, size_t width)
{
    int64_t deltas[BLOCK];
    int64_t first = 0;

    if (count)
        first = width == 4 ? *(const int32_t *)values : *(const int64_t *)values;
    pbuf_varint(out, BLOCK);
    pbuf_varint(out, MINI_COUNT);
    pbuf_varint(out, count);
    pbuf_zigzag(out, first);
    for (size_t at = 1; at < count; at += BLOCK) {
        size_t n = MIN(count - at, (size_t)BLOCK);

        differences(values, at, n, width, deltas);
        encode_block(out, deltas, n, width);
    }
}

/* --- decoding --- */

static void store(void *out, size_t at, size_t width, uint64_t v)
{
    if (width == 4)
        ((uint32_t *)out)[at] = (uint32_t)v;
    else
        ((uint64_t *)out)[at] = v;
}

/* Values of one miniblock, of which count are wanted; *last is the value before them. */
static bool decode_mini(struct reader *r, int bits, size_t mini_size, size_t count, uint64_t min,
                        uint64_t *last, void *out, size_t at, size_t width)
{
    uint64_t rest[MINI];
    size_t whole = mini_size * (size_t)bits / 8, need = bits_bytes((uint64_t)count * (uint64_t)bits);
    struct slice body = reader_bytes(r, MIN(MAX(whole, need), MAX(reader_left(r), need)));

    if (r->failed)
        return false;
    for (size_t i = 0; i < count; i += MINI) { /* 32 numbers end on a whole byte, whatever their width */
        size_t n = MIN(count - i, (size_t)MINI), skip = i / 8 * (size_t)bits;

        bits_unpack64((const uint8_t *)body.ptr + skip, body.len - skip, n, bits, rest);
        for (size_t k = 0; k < n; k++) {
            *last += min + rest[k];
            store(out, at + i + k, width, *last);
        }
    }
    return true;
}

/* One block; *at is where its values go. */
static const char *decode_block(struct reader *r, size_t mini_count, size_t mini_size, size_t count,
                                size_t *at, uint64_t *last, void *out, size_t width)
{
    uint64_t min = (uint64_t)reader_zigzag(r);
    struct slice widths = reader_bytes(r, mini_count);

    if (r->failed)
        return "ends in the middle of a delta block";
    for (size_t m = 0; m < mini_count && *at < count; m++) {
        int bits = (uint8_t)widths.ptr[m];
        size_t n = MIN(mini_size, count - *at);

        if (bits > 64)
            return "has a delta miniblock of more than 64 bits";
        if (!decode_mini(r, bits, mini_size, n, min, last, out, *at, width))
            return "ends in the middle of a delta miniblock";
        *at += n;
    }
    return NULL;
}

const char *delta_decode(struct reader *r, size_t count, size_t width, void *out)
{
    uint64_t block_size, mini_count, total, last;
    size_t at = 1, mini_size;
    const char *why = NULL;

    if (count == 0 && reader_left(r) == 0)
        return NULL;
    block_size = reader_varint(r);
    mini_count = reader_varint(r);
    total = reader_varint(r);
    last = (uint64_t)reader_zigzag(r);
    if (r->failed)
        return "ends in the middle of a delta header";
    if (total != count)
        return "has another number of delta values than its header says";
    if (block_size == 0 || block_size > UINT32_MAX || mini_count == 0 || mini_count > block_size ||
        block_size % mini_count || block_size / mini_count % 8)
        return "has a delta header with impossible block sizes";
    if (count == 0)
        return NULL;
    mini_size = (size_t)(block_size / mini_count);
    store(out, 0, width, last);
    while (at < count && why == NULL)
        why = decode_block(r, (size_t)mini_count, mini_size, count, &at, &last, out, width);
    return why;
}
