/* avro_cursor.h: where a datum is being read, and its primitives; private to avro_decode.c, avro_scalar.c,
 * avro_skip.c. Each read_ is false when the datum ends too early or is wrong; the failure then says why.
 */
#ifndef WEIR_FORMATS_AVRO_CURSOR_H
#define WEIR_FORMATS_AVRO_CURSOR_H
#include "formats/avro_plan.h"
#include "formats/failure.h"

struct avro_cursor {
    const uint8_t *ptr, *end;
    int32_t empty_left; /* elements of no bytes that may still come */
    int depth;          /* in what is being skipped */
    struct failure failure;
};

/* Append what a step reads whose values are rarer: not in the hottest loop. */
bool avro_scalar(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to);

/* Leave behind what a SKIP_* step stands for. */
bool avro_skip(struct avro_cursor *c, const struct avro_step *s);

#define fail(c, ...) FAIL(&(c)->failure, __VA_ARGS__)

/* want bytes are wanted, which are not there. */
__attribute__((cold, noinline)) UNUSED static void set_short(struct avro_cursor *c, uint64_t want)
{
    uint64_t missing = want - (uint64_t)(c->end - c->ptr);

    failure_set(&c->failure, "%" PRIu64 " byte%s missing", missing, missing == 1 ? " is" : "s are");
}

#define fail_short(c, want) (set_short(c, want), false)

static inline size_t left(const struct avro_cursor *c)
{
    return (size_t)(c->end - c->ptr);
}

__attribute__((noinline)) UNUSED static bool read_long_varint(struct avro_cursor *c, uint64_t *out)
{
    const uint8_t *p = c->ptr;
    uint64_t v = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (p == c->end)
            return fail_short(c, left(c) + 1);
        byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            c->ptr = p;
            *out = v;
            return true;
        }
    }
    return fail(c, "a number has more than 64 bits");
}

static inline bool read_varint(struct avro_cursor *c, uint64_t *out)
{
    const uint8_t *p = c->ptr;

    if (LIKELY(c->end - p >= 2)) {
        if (LIKELY(p[0] < 0x80)) {
            *out = p[0];
            c->ptr = p + 1;
            return true;
        }
        if (p[1] < 0x80) {
            *out = (uint64_t)(p[0] & 0x7f) | (uint64_t)p[1] << 7;
            c->ptr = p + 2;
            return true;
        }
    }
    return read_long_varint(c, out);
}

static inline bool read_long(struct avro_cursor *c, int64_t *out)
{
    uint64_t v;

    if (UNLIKELY(!read_varint(c, &v)))
        return false;
    *out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return true;
}

static inline bool read_within(struct avro_cursor *c, int64_t min, int64_t max, int64_t *out)
{
    if (UNLIKELY(!read_long(c, out)))
        return false;
    if (UNLIKELY(*out < min || *out > max))
        return fail(c, "%" PRId64 " is outside %" PRId64 "..%" PRId64, *out, min, max);
    return true;
}

static inline bool read_fixed(struct avro_cursor *c, int64_t size, const char **out)
{
    if (UNLIKELY((uint64_t)size > left(c)))
        return fail_short(c, (uint64_t)size);
    *out = (const char *)c->ptr;
    c->ptr += size;
    return true;
}

/* A length, and as many bytes. */
static inline bool read_bytes(struct avro_cursor *c, const char **out, size_t *len)
{
    int64_t n;

    if (UNLIKELY(!read_long(c, &n)))
        return false;
    if (UNLIKELY(n < 0 || n > INT32_MAX))
        return fail(c, "a length of %" PRId64, n);
    *len = (size_t)n;
    return read_fixed(c, n, out);
}

/* The number of a branch or symbol, below count. */
static inline bool read_index(struct avro_cursor *c, int32_t count, const char *what, int64_t *out)
{
    if (UNLIKELY(!read_long(c, out)))
        return false;
    if (UNLIKELY(*out < 0 || *out >= count))
        return fail(c, "%s number %" PRId64 " of %" PRId32, what, *out, count);
    return true;
}
#endif
