/* bits.h: numbers of 0..64 bits, one after the other, the lowest bit first: what RLE and delta pages are made
 * of. */
#ifndef WEIR_PARQUET_BITS_H
#define WEIR_PARQUET_BITS_H
#include "base/base.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Parquet is little-endian, and so are we");

static inline size_t bits_bytes(uint64_t bit_count)
{
    return (size_t)((bit_count + 7) / 8);
}

static inline uint64_t bits_mask(int width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* Write count numbers below 2^width to out, which has bits_bytes(count * width) bytes rounded up to 8,
 * plus 8. */
static inline void bits_pack32(uint8_t *out, const uint32_t *values, size_t count, int width)
{
    uint64_t acc = 0;
    int filled = 0;

    for (size_t i = 0; i < count; i++) {
        acc |= (uint64_t)values[i] << filled;
        filled += width;
        if (filled >= 32) {
            memcpy(out, &acc, 4);
            out += 4;
            acc >>= 32;
            filled -= 32;
        }
    }
    memcpy(out, &acc, 8);
}

static inline void bits_pack64(uint8_t *out, const uint64_t *values, size_t count, int width)
{
    unsigned __int128 acc = 0;
    int filled = 0;

    for (size_t i = 0; i < count; i++) {
        acc |= (unsigned __int128)values[i] << filled;
        filled += width;
        if (filled >= 64) {
            memcpy(out, &acc, 8);
            out += 8;
            acc >>= 64;
            filled -= 64;
        }
    }
    memcpy(out, &acc, 8);
}

/* The number at bit `at` of in, which has byte_count bytes; bits behind the end are 0. */
static inline uint64_t bits_get(const uint8_t *in, size_t byte_count, uint64_t at, int width)
{
    size_t first = (size_t)(at >> 3), left = first < byte_count ? byte_count - first : 0;
    int shift = (int)(at & 7);
    uint64_t low = 0, v;

    memcpy(&low, in + (left ? first : 0), MIN(left, (size_t)8));
    v = low >> shift;
    if (shift + width > 64 && left > 8)
        v |= (uint64_t)in[first + 8] << (64 - shift);
    return v & bits_mask(width);
}

/* count numbers from the first-th on, of width 0..32. */
static inline void bits_unpack32(const uint8_t *in, size_t byte_count, size_t first, size_t count, int width,
                                 uint32_t *out)
{
    uint64_t at = (uint64_t)first * (uint64_t)width, mask = bits_mask(width);
    size_t i = 0;

    for (; i < count && (at >> 3) + 8 <= byte_count; i++, at += (uint64_t)width) {
        uint64_t word;

        memcpy(&word, in + (at >> 3), 8);
        out[i] = (uint32_t)(word >> (at & 7) & mask);
    }
    for (; i < count; i++, at += (uint64_t)width)
        out[i] = (uint32_t)bits_get(in, byte_count, at, width);
}

static inline void bits_unpack64(const uint8_t *in, size_t byte_count, size_t count, int width, uint64_t *out)
{
    uint64_t at = 0, mask = bits_mask(width);
    size_t i = 0;

    for (; width <= 56 && i < count && (at >> 3) + 8 <= byte_count; i++, at += (uint64_t)width) {
        uint64_t word;

        memcpy(&word, in + (at >> 3), 8);
        out[i] = word >> (at & 7) & mask;
    }
    for (; i < count; i++, at += (uint64_t)width)
        out[i] = bits_get(in, byte_count, at, width);
}
#endif
