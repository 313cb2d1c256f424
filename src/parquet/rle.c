/* rle.c: see rle.h.
 * Encoding looks at eight values at a time: eight equal ones begin a run, else they join the packed group
 * that is open; so packed groups are always whole but for the last of the page.
 */
#include "parquet/rle.h"
#include "parquet/bits.h"

static size_t run_at(const uint32_t *values, size_t count)
{
    size_t n = 1;

    while (n < count && values[n] == values[0])
        n++;
    return n;
}

static bool starts_run(const uint32_t *v)
{
    return v[0] == v[1] && v[0] == v[2] && v[0] == v[3] && v[0] == v[4] && v[0] == v[5] && v[0] == v[6] &&
           v[0] == v[7];
}

/* Values up to the next run, in whole eights unless the end comes first. */
static size_t packed_at(const uint32_t *values, size_t count)
{
    size_t n = 0;

    while (n + 8 <= count && !starts_run(values + n))
        n += 8;
    return n + 8 <= count ? n : count;
}

static void encode_packed(struct pbuf *out, const uint32_t *values, size_t count, int width)
{
    size_t groups = (count + 7) / 8, whole = count / 8 * 8;
    size_t byte_count = groups * (size_t)width;
    uint32_t last[8] = {0};
    uint8_t *to;

    pbuf_varint(out, groups << 1 | 1);
    if ((to = pbuf_reserve(out, byte_count + 16)) == NULL)
        return;
    bits_pack32(to, values, whole, width);
    if (whole < count) {
        memcpy(last, values + whole, (count - whole) * sizeof *values);
        bits_pack32(to + whole / 8 * (size_t)width, last, 8, width);
    }
    out->len += byte_count;
}

void rle_encode_run(struct pbuf *out, uint32_t value, size_t count, int width)
{
    if (count == 0)
        return;
    pbuf_varint(out, (uint64_t)count << 1);
    pbuf_append(out, &value, bits_bytes((uint64_t)width));
}

void rle_encode(struct pbuf *out, const uint32_t *values, size_t count, int width)
{
    for (size_t i = 0; i < count;) {
        size_t n = run_at(values + i, count - i);

        if (n >= 8 || n == count - i) {
            rle_encode_run(out, values[i], n, width);
        } else {
            n = packed_at(values + i, count - i);
            encode_packed(out, values + i, n, width);
        }
        i += n;
    }
}

/* --- decoding --- */

static bool next_run(struct rle_decoder *d)
{
    size_t value_bytes = bits_bytes((uint64_t)d->width), left;
    uint64_t head = 0;
    int shift = 0;

    do {
        if (d->ptr == d->end || shift > 63)
            return false;
        head |= (uint64_t)(*d->ptr & 0x7f) << shift;
        shift += 7;
    } while (*d->ptr++ & 0x80);
    left = (size_t)(d->end - d->ptr);
    if (head & 1) {
        uint64_t groups = head >> 1;
        uint64_t most = d->width ? left / (size_t)d->width : groups;

        d->packed = d->ptr;
        d->packed_at = 0;
        if (groups <= most && groups <= UINT32_MAX / 8) {
            d->packed_left = (size_t)groups * 8;
            d->packed_bytes = (size_t)groups * (size_t)d->width;
        } else { /* the last group of a page may be cut off */
            if (d->width == 0)
                return false;
            d->packed_left = left * 8 / (size_t)d->width;
            d->packed_bytes = left;
        }
        d->ptr += d->packed_bytes;
        return d->packed_left > 0;
    }
    if (left < value_bytes || head >> 1 == 0 || head >> 1 > UINT32_MAX)
        return false;
    d->run_left = (size_t)(head >> 1);
    d->value = 0;
    memcpy(&d->value, d->ptr, value_bytes);
    d->ptr += value_bytes;
    return d->value <= bits_mask(d->width);
}

bool rle_decode(struct rle_decoder *d, uint32_t *out, size_t count)
{
    while (count) {
        size_t n = MIN(count, d->run_left ? d->run_left : d->packed_left);

        if (n == 0) {
            if (!next_run(d))
                return false;
            continue;
        }
        if (d->run_left) {
            for (size_t i = 0; i < n; i++)
                out[i] = d->value;
            d->run_left -= n;
        } else {
            bits_unpack32(d->packed, d->packed_bytes, d->packed_at, n, d->width, out);
            d->packed_at += n;
            d->packed_left -= n;
        }
        out += n;
        count -= n;
    }
    return true;
}

bool rle_decode_bytes(struct rle_decoder *d, uint8_t *out, size_t count)
{
    uint32_t wide[256];

    assert(d->width <= 8);
    while (count) {
        size_t n = MIN(count, COUNT_OF(wide));

        if (d->run_left >= count) {
            memset(out, (int)d->value, count);
            d->run_left -= count;
            return true;
        }
        if (!rle_decode(d, wide, n))
            return false;
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)wide[i];
        out += n;
        count -= n;
    }
    return true;
}
