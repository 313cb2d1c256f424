/* bytes.c: see bytes.h. */
#include "base/bytes.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

void bytes_fini(struct bytes *b)
{
    mem_free(b->ptr);
    *b = (struct bytes){0};
}

void bytes_clear(struct bytes *b)
{
    b->len = 0;
    b->failed = false;
}

void *bytes_reserve(struct bytes *b, size_t byte_count)
{
    size_t want = b->len + byte_count;
    size_t capacity = b->capacity ? b->capacity : 64;
    char *grown;

    if (b->failed || want < b->len) {
        b->failed = true;
        return NULL;
    }
    if (want <= b->capacity && b->ptr)
        return b->ptr + b->len;
    while (capacity < want)
        capacity += capacity / 2;
    grown = mem_realloc(b->ptr, capacity);
    if (grown == NULL) {
        b->failed = true;
        return NULL;
    }
    b->ptr = grown;
    b->capacity = capacity;
    return b->ptr + b->len;
}

void bytes_append(struct bytes *b, const void *ptr, size_t byte_count)
{
    void *to = bytes_reserve(b, byte_count);

    if (to == NULL || byte_count == 0)
        return;
    memcpy(to, ptr, byte_count);
    b->len += byte_count;
}

void bytes_slice(struct bytes *b, struct slice s)
{
    bytes_append(b, s.ptr, s.len);
}

void bytes_text(struct bytes *b, const char *text)
{
    bytes_append(b, text, strlen(text));
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
    va_list va;
    char *to;
    int n;

    va_start(va, fmt);
    n = vsnprintf(NULL, 0, fmt, va);
    va_end(va);
    assert(n >= 0);
    to = bytes_reserve(b, (size_t)n + 1);
    if (to == NULL)
        return;
    va_start(va, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, va);
    va_end(va);
    b->len += (size_t)n;
}

void bytes_u8(struct bytes *b, uint8_t v)
{
    bytes_append(b, &v, 1);
}

void bytes_le32(struct bytes *b, uint32_t v)
{
    uint8_t raw[4];

    for (int i = 0; i < 4; i++)
        raw[i] = (uint8_t)(v >> (8 * i));
    bytes_append(b, raw, sizeof raw);
}

void bytes_le64(struct bytes *b, uint64_t v)
{
    uint8_t raw[8];

    for (int i = 0; i < 8; i++)
        raw[i] = (uint8_t)(v >> (8 * i));
    bytes_append(b, raw, sizeof raw);
}

void bytes_be32(struct bytes *b, uint32_t v)
{
    uint8_t raw[4];

    for (int i = 0; i < 4; i++)
        raw[i] = (uint8_t)(v >> (24 - 8 * i));
    bytes_append(b, raw, sizeof raw);
}

void bytes_varint(struct bytes *b, uint64_t v)
{
    uint8_t raw[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        raw[n++] = (uint8_t)(v | 0x80);
    raw[n++] = (uint8_t)v;
    bytes_append(b, raw, n);
}

void bytes_zigzag(struct bytes *b, int64_t v)
{
    bytes_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

const char *bytes_cstr(struct bytes *b)
{
    char *end = bytes_reserve(b, 1);

    if (end == NULL)
        return NULL;
    *end = '\0';
    return b->ptr;
}

struct slice reader_bytes(struct reader *r, size_t byte_count)
{
    struct slice s = {(const char *)r->ptr, byte_count};

    if (r->failed || reader_left(r) < byte_count) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    r->ptr += byte_count;
    return s;
}

static uint64_t reader_le(struct reader *r, size_t byte_count)
{
    struct slice s = reader_bytes(r, byte_count);
    uint64_t v = 0;

    for (size_t i = s.len; i > 0; i--)
        v = v << 8 | (uint8_t)s.ptr[i - 1];
    return v;
}

static uint64_t reader_be(struct reader *r, size_t byte_count)
{
    struct slice s = reader_bytes(r, byte_count);
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | (uint8_t)s.ptr[i];
    return v;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)reader_le(r, 1);
}

uint32_t reader_le32(struct reader *r)
{
    return (uint32_t)reader_le(r, 4);
}

uint64_t reader_le64(struct reader *r)
{
    return reader_le(r, 8);
}

uint32_t reader_be32(struct reader *r)
{
    return (uint32_t)reader_be(r, 4);
}

uint64_t reader_be64(struct reader *r)
{
    return reader_be(r, 8);
}

uint64_t reader_varint(struct reader *r)
{
    uint64_t v = 0;

    for (int shift = 0; shift < 70 && r->ptr < r->end && !r->failed; shift += 7) {
        uint8_t byte = *r->ptr++;

        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    r->failed = true;
    return 0;
}

int64_t reader_zigzag(struct reader *r)
{
    uint64_t v = reader_varint(r);

    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}
