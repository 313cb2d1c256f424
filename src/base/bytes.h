/* bytes.h: a growing run of bytes, for building payloads and texts.
 * Keeps its first failure: append freely, look at `failed` once at the end.
 */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H
#include "base/slice.h"

struct bytes {
    char *ptr; /* owned; NULL until the first append */
    size_t len;
    size_t capacity;
    bool failed; /* an append found no memory: the content is a prefix of what was wanted */
};

void bytes_fini(struct bytes *b);
void bytes_clear(struct bytes *b); /* length 0, failed false; keeps the memory */

/* Room for byte_count more at ptr + len; the caller writes there and adds to len. NULL when failed. */
void *bytes_reserve(struct bytes *b, size_t byte_count);

void bytes_append(struct bytes *b, const void *ptr, size_t byte_count);
void bytes_slice(struct bytes *b, struct slice s);
void bytes_text(struct bytes *b, const char *text);
void bytes_printf(struct bytes *b, const char *fmt, ...) PRINTF(2, 3);
void bytes_u8(struct bytes *b, uint8_t v);
void bytes_le32(struct bytes *b, uint32_t v);
void bytes_le64(struct bytes *b, uint64_t v);
void bytes_be32(struct bytes *b, uint32_t v);
void bytes_varint(struct bytes *b, uint64_t v); /* unsigned LEB128, as Parquet's Thrift has it */
void bytes_zigzag(struct bytes *b, int64_t v);  /* zigzag, then LEB128, as Avro has it */

/* Terminate without counting the 0 and return the text; NULL when failed. Valid until the next append. */
const char *bytes_cstr(struct bytes *b);

static inline struct slice bytes_all(const struct bytes *b)
{
    return (struct slice){b->ptr, b->len};
}

/* Reading what was written so: a cursor that keeps its first failure. */
struct reader {
    const uint8_t *ptr, *end;
    bool failed; /* read past the end, or a varint over 10 bytes: all later reads give 0 */
};

static inline struct reader reader_of(struct slice s)
{
    const uint8_t *begin = s.ptr ? (const uint8_t *)s.ptr : (const uint8_t *)"";

    return (struct reader){begin, begin + s.len, false};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->ptr);
}

uint8_t reader_u8(struct reader *r);
uint32_t reader_le32(struct reader *r);
uint64_t reader_le64(struct reader *r);
uint32_t reader_be32(struct reader *r);
uint64_t reader_be64(struct reader *r);
uint64_t reader_varint(struct reader *r);
int64_t reader_zigzag(struct reader *r);
struct slice reader_bytes(struct reader *r, size_t byte_count);
#endif
