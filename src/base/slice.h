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
#endif
