/* characters.h: UTF-8 seen as code points: what SQL counts in. Bytes that are not UTF-8 count as one code
 * point each, so that nothing here reads past the end or fails.
 */
#ifndef WEIR_EXPR_CHARACTERS_H
#define WEIR_EXPR_CHARACTERS_H
#include "base/slice.h"

/* Code points in a text. */
int64_t characters_count(struct slice text);
bool characters_ascii(struct slice text);

/* Bytes that the code point at ptr takes; ptr < end. */
static inline size_t characters_size(const char *ptr, const char *end)
{
    uint8_t first = (uint8_t)*ptr;
    size_t size = first < 0x80   ? 1
                  : first < 0xc2 ? 1
                  : first < 0xe0 ? 2
                  : first < 0xf0 ? 3
                  : first < 0xf5 ? 4
                                 : 1;

    if (size > (size_t)(end - ptr))
        return 1;
    for (size_t i = 1; i < size; i++)
        if (((uint8_t)ptr[i] & 0xc0) != 0x80)
            return 1;
    return size;
}

/* The byte offset of code point number n (from 0), or the text's length when it has no more than n. */
size_t characters_offset(struct slice text, int64_t n);

/* The code point at *ptr < end, and *ptr behind it; a stray byte gives U+FFFD. */
uint32_t characters_next(const char **ptr, const char *end);

/* The byte offset of the code point before offset (> 0). */
size_t characters_before(struct slice text, size_t offset);

#define CHARACTERS_MAX 4
/* Write a code point (not above U+10FFFF); returns the bytes written, 1 to 4. */
size_t characters_put(char *to, uint32_t code);

/* Where needle begins in text at or after byte `from`; -1 when nowhere. An empty one is found at from. */
int64_t characters_find(struct slice text, struct slice needle, size_t from);

/* Case as Java maps it without a locale: one code point may become three. Writes at most
 * CHARACTERS_CASE_MAX bytes. */
#define CHARACTERS_CASE_MAX 12
size_t characters_upper(char *to, uint32_t code);
size_t characters_lower(char *to, uint32_t code);
uint32_t characters_simple_upper(uint32_t code);
uint32_t characters_simple_lower(uint32_t code);
#endif
