/* pbuf.h: a growing run of bytes whose memory is charged to a budget: what pages are built in and read into.
 * Keeps its first failure: append freely, look at `failed` once. Thread: one.
 */
#ifndef WEIR_PARQUET_PBUF_H
#define WEIR_PARQUET_PBUF_H
#include "base/slice.h"

struct budget;

struct pbuf {
    char *ptr; /* owned; aligned as malloc aligns */
    size_t len, capacity;
    struct budget *budget; /* borrowed, may be NULL */
    bool failed;
};

void pbuf_init(struct pbuf *b, struct budget *budget); /* no memory yet */
void pbuf_fini(struct pbuf *b);

/* Room for byte_count more at ptr + len; the caller writes there and adds to len. NULL when failed. */
void *pbuf_grow(struct pbuf *b, size_t byte_count); /* private: the slow way of pbuf_reserve */

static inline void *pbuf_reserve(struct pbuf *b, size_t byte_count)
{
    if (LIKELY(!b->failed && b->ptr && byte_count <= b->capacity - b->len))
        return b->ptr + b->len;
    return pbuf_grow(b, byte_count);
}

static inline void pbuf_append(struct pbuf *b, const void *ptr, size_t byte_count)
{
    void *to = pbuf_reserve(b, byte_count);

    if (to == NULL || byte_count == 0)
        return;
    memcpy(to, ptr, byte_count);
    b->len += byte_count;
}

void pbuf_u8(struct pbuf *b, uint8_t v);
void pbuf_le32(struct pbuf *b, uint32_t v);
void pbuf_varint(struct pbuf *b, uint64_t v);
void pbuf_zigzag(struct pbuf *b, int64_t v);

static inline struct slice pbuf_all(const struct pbuf *b)
{
    return (struct slice){b->ptr, b->len};
}
#endif
