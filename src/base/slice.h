/* slice.h: borrowed bytes: a pointer and a length, owned by somebody else. Not terminated. */
#ifndef WEIR_BASE_SLICE_H
#define WEIR_BASE_SLICE_H
#include "base/base.h"

struct slice {
    const char *ptr; /* NULL only when len is 0 */
    size_t len;
};

#define SLICE(literal)   ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_FMT        "%.*s" /* printf("" SLICE_FMT, SLICE_ARG(s)) */
#define SLICE_ARG(slice) (int)(slice).len, (slice).ptr ? (slice).ptr : ""

static inline struct slice slice_of(const void *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice slice_text(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

/* Whether len bytes are the same: for those that are mostly few, at hot places. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
    uint64_t x[2], y[2];
    uint32_t v[2], w[2];

    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len >= 8) {
        memcpy(&x[0], a, 8);
        memcpy(&x[1], a + len - 8, 8);
        memcpy(&y[0], b, 8);
        memcpy(&y[1], b + len - 8, 8);
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }
    if (len >= 4) {
        memcpy(&v[0], a, 4);
        memcpy(&v[1], a + len - 4, 4);
        memcpy(&w[0], b, 4);
        memcpy(&w[1], b + len - 4, 4);
        return ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
    }
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_text(text));
}

static inline bool slice_starts(struct slice a, struct slice prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool slice_ends(struct slice a, struct slice suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 || memcmp(a.ptr + a.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* memcmp order, the shorter first when one is a prefix of the other. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t n = MIN(a.len, b.len);
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* The part from offset on; offset must lie within. */
static inline struct slice slice_from(struct slice a, size_t offset)
{
    assert(offset <= a.len);
    return (struct slice){a.ptr ? a.ptr + offset : NULL, a.len - offset};
}

/* Without blanks and control characters at both ends: what Java trims. */
static inline struct slice slice_trim(struct slice a)
{
    while (a.len && (unsigned char)a.ptr[0] <= ' ')
        a = slice_from(a, 1);
    while (a.len && (unsigned char)a.ptr[a.len - 1] <= ' ')
        a.len--;
    return a;
}
#endif
