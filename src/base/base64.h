/* base64.h: bytes as text: RFC 4648, section 4. */
#ifndef WEIR_BASE_BASE64_H
#define WEIR_BASE_BASE64_H
#include "base/bytes.h"

/* Bytes of the text that stands for so many bytes, and more than a text of so many stands for. */
#define BASE64_TEXT(byte_count) (((byte_count) + 2) / 3 * 4)
#define BASE64_BYTES(text_len)  ((text_len) / 4 * 3 + 3)

/* Into memory that has room for BASE64_TEXT or BASE64_BYTES; the first returns how many it wrote. False when
 * text is no base64; the padding may be left out, but not be wrong. */
size_t base64_write(struct slice bytes, char *to);
MUST_USE bool base64_read(struct slice text, char *to, size_t *len);

/* The same, appended to out, whose `failed` tells the want of memory. */
void base64_encode(struct slice bytes, struct bytes *out);
MUST_USE bool base64_decode(struct slice text, struct bytes *out);
#endif
