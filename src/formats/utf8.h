/* utf8.h: is this text valid UTF-8? Most of what is decoded is ASCII, which is seen eight bytes at a time. */
#ifndef WEIR_FORMATS_UTF8_H
#define WEIR_FORMATS_UTF8_H
#include "base/slice.h"

#define UTF8_HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t utf8_load64(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t utf8_load32(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* Words that overlap at the end, so that there is no loop over the last bytes. */
static inline bool utf8_ascii(const char *p, size_t len)
{
    uint64_t bits = 0;

    if (len >= 8) {
        for (size_t i = 0; i + 8 <= len; i += 8)
            bits |= utf8_load64(p + i);
        bits |= utf8_load64(p + len - 8);
    } else if (len >= 4) {
        bits = utf8_load32(p) | utf8_load32(p + len - 4);
    } else if (len) {
        bits = (uint64_t)(p[0] | p[len / 2] | p[len - 1]);
    }
    return (bits & UTF8_HIGH_BITS) == 0;
}

/* Any text, by the table of well-formed sequences: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
bool utf8_valid_slow(const char *p, size_t len);

static inline bool utf8_valid(const char *p, size_t len)
{
    return LIKELY(utf8_ascii(p, len)) || utf8_valid_slow(p, len);
}
#endif
