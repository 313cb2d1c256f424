/* pbuf.c: see pbuf.h. */
#include "parquet/pbuf.h"
#include "base/budget.h"
#include "base/mem.h"

#define FIRST_BYTES 128
#define DOUBLE_UPTO ((size_t)1 << 20) /* larger ones grow by half, to waste less */

void pbuf_init(struct pbuf *b, struct budget *budget)
{
    *b = (struct pbuf){.budget = budget};
}

void pbuf_fini(struct pbuf *b)
{
    mem_free(b->ptr);
    if (b->budget && b->capacity)
        budget_give(b->budget, b->capacity);
    *b = (struct pbuf){.budget = b->budget};
}

static bool resize(struct pbuf *b, size_t capacity)
{
    size_t more = capacity - b->capacity;
    char *grown;

    if (!budget_take(b->budget, more))
        return false;
    if ((grown = mem_realloc(b->ptr, capacity)) == NULL) {
        if (b->budget)
            budget_give(b->budget, more);
        return false;
    }
    b->ptr = grown;
    b->capacity = capacity;
    return true;
}

void *pbuf_grow(struct pbuf *b, size_t byte_count)
{
    size_t want = b->len + byte_count, next;

    if (b->failed || want < b->len) {
        b->failed = true;
        return NULL;
    }
    if (b->ptr && want <= b->capacity)
        return b->ptr + b->len;
    next = b->capacity + (b->capacity < DOUBLE_UPTO ? b->capacity : b->capacity / 2);
    next = MAX(next, MAX(want, (size_t)FIRST_BYTES));
    if (!resize(b, next) && !resize(b, MAX(want, (size_t)1))) {
        b->failed = true;
        return NULL;
    }
    return b->ptr + b->len;
}

void pbuf_u8(struct pbuf *b, uint8_t v)
{
    pbuf_append(b, &v, 1);
}

void pbuf_le32(struct pbuf *b, uint32_t v)
{
    pbuf_append(b, &v, sizeof v);
}

void pbuf_varint(struct pbuf *b, uint64_t v)
{
    uint8_t raw[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        raw[n++] = (uint8_t)(v | 0x80);
    raw[n++] = (uint8_t)v;
    pbuf_append(b, raw, n);
}

void pbuf_zigzag(struct pbuf *b, int64_t v)
{
    pbuf_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}
