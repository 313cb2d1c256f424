/* column.h: one column of a batch: Arrow's layout, but for three choices made for speed (ARCHITECTURE.md,
 * Batches):
 *   1. a view points at its bytes (length, first four bytes, pointer), where Arrow's names a buffer and an
 * offset;
 *   2. a boolean is a byte;
 *   3. the memory is owned by the batch, not by each column.
 * arrow.c makes Arrow's own structs of it where a batch leaves weir.
 *
 *   struct view: | len 4 | up to 12 bytes inline            |   len <= 12: unused bytes are 0
 *                | len 4 | prefix 4 | pointer 8             |   else
 */
#ifndef WEIR_BATCH_COLUMN_H
#define WEIR_BATCH_COLUMN_H
#include "batch/type.h"

#define VIEW_INLINE 12

struct view {
    uint32_t len;
    union {
        char inlined[VIEW_INLINE];
        struct {
            char prefix[4];
            const char *ptr __attribute__((packed, aligned(4)));
        };
    };
};
_Static_assert(sizeof(struct view) == 16, "a view is two words");

/* The bytes of a view; for a short one they lie in *v itself, so v must stay where it is. */
static inline struct slice view_slice(const struct view *v)
{
    return (struct slice){v->len <= VIEW_INLINE ? v->inlined : v->ptr, v->len};
}

/* A view of bytes that outlive it (short ones are copied in). len must fit 31 bits. */
static inline struct view view_of(const char *ptr, size_t len)
{
    struct view v = {0};

    assert(len <= INT32_MAX);
    v.len = (uint32_t)len;
    if (len <= VIEW_INLINE) {
        if (len)
            memcpy(v.inlined, ptr, len);
        return v;
    }
    memcpy(v.prefix, ptr, 4);
    v.ptr = ptr;
    return v;
}

static inline bool view_equal(const struct view *a, const struct view *b)
{
    uint64_t x, y;

    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    if (x != y) /* length and first four bytes at once */
        return false;
    if (a->len <= VIEW_INLINE)
        return memcmp(a->inlined + 4, b->inlined + 4, VIEW_INLINE - 4) == 0;
    return memcmp(a->ptr, b->ptr, a->len) == 0;
}

struct column {
    const struct type *type;
    int32_t row_count;
    uint64_t *validity; /* bit (i & 63) of word i / 64 is set when row i has a value; NULL: all have */
    union {             /* row_count values; those of absent rows are 0 and not to be read */
        void *values;
        uint8_t *u8; /* BOOLEAN */
        int8_t *i8;
        int16_t *i16;
        int32_t *i32; /* INT32, DATE, INTERVAL_MONTHS */
        int64_t *i64; /* INT64, TIME, TIMESTAMP, TIMESTAMP_LTZ, INTERVAL_MILLIS */
        float *f32;
        double *f64;
        __int128 *i128; /* DECIMAL */
        struct view *views;
        int32_t *offsets; /* LIST, MAP: row_count + 1 of them, into the children; STRUCT: NULL */
    };
    struct column *children; /* LIST: element; MAP: key, value; STRUCT: its fields; else NULL */
};

static inline bool column_valid(const struct column *c, int32_t row)
{
    return c->validity == NULL || (c->validity[row >> 6] >> (row & 63) & 1);
}

static inline struct slice column_slice(const struct column *c, int32_t row)
{
    return view_slice(&c->views[row]);
}

#define VALIDITY_WORDS(row_count) (((size_t)(row_count) + 63) / 64)
#endif
