/* utf8.c: see utf8.h. Source: Unicode standard, table 3-7, "Well-Formed UTF-8 Byte Sequences". */
#include "formats/utf8.h"

static bool follows(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* The length of the sequence at p, 0 when it is not well-formed; left is at least 1. */
static size_t sequence(const uint8_t *p, size_t left)
{
    uint8_t c = p[0], low = 0x80, high = 0xbf;

    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    if (c < 0xe0)
        return left >= 2 && follows(p[1]) ? 2 : 0;
    if (c == 0xe0)
        low = 0xa0;
    if (c == 0xed)
        high = 0x9f;
    if (c == 0xf0)
        low = 0x90;
    if (c == 0xf4)
        high = 0x8f;
    if (left < 3 || p[1] < low || p[1] > high || !follows(p[2]))
        return 0;
    if (c < 0xf0)
        return 3;
    return left >= 4 && follows(p[3]) ? 4 : 0;
}

bool utf8_valid_slow(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t at = 0;

    while (at < len) {
        size_t n;

        if (len - at >= 8 && (utf8_load64(text + at) & UTF8_HIGH_BITS) == 0) {
            at += 8;
            continue;
        }
        if ((n = sequence(p + at, len - at)) == 0)
            return false;
        at += n;
    }
    return true;
}
