/* json_scan.h: the words of JSON: blanks, texts, numbers, and values that nobody wants.
 * A scan moves *at over what it read, or returns why it cannot, a static text; *at is then where it stood.
 * Source: RFC 8259.
 */
#ifndef WEIR_FORMATS_JSON_SCAN_H
#define WEIR_FORMATS_JSON_SCAN_H
#include "base/bytes.h"
#include "base/slice.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* How deep a value that is skipped may be nested. */
#define JSON_DEPTH_MAX 500

/* The bytes between the quotes. */
struct json_text {
    struct slice raw;
    bool escaped; /* has a backslash: json_unescape it */
};

/* A number as it stands there: the sign, the digits with an exponent, and the text. */
struct json_number {
    struct slice text;
    uint64_t digits;  /* the first 19 of them, without leading zeros */
    int32_t exponent; /* of ten: the value is digits * 10^exponent */
    bool negative;
    bool cut; /* there were more digits: digits and exponent are not exact */
};

static inline const char *json_blank(const char *p, const char *end)
{
    while (p < end && (uint8_t)*p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* The first byte from p on that ends a run of plain text: a quote, a backslash or a control character; *high
 * gets bits when there is a byte above 0x7f before it. */
static inline const char *json_plain(const char *p, const char *end, unsigned *high)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i ends = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)),
                                    _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned at = (unsigned)_mm_movemask_epi8(ends), above = (unsigned)_mm_movemask_epi8(v);

        if (at) {
            *high |= above & ((at & -at) - 1);
            return p + __builtin_ctz(at);
        }
        *high |= above;
    }
#endif
    for (; p < end && *p != '"' && *p != '\\' && (uint8_t)*p > 0x1f; p++)
        *high |= (uint8_t)*p & 0x80;
    return p;
}

/* A text whose opening quote is behind *at already. Its UTF-8 is checked, its escapes are not yet. */
const char *json_scan_text_slow(const char **at, const char *end, struct json_text *out);

static inline const char *json_scan_text(const char **at, const char *end, struct json_text *out)
{
    unsigned high = 0;
    const char *stop = json_plain(*at, end, &high);

    if (UNLIKELY(stop == end || *stop != '"' || high))
        return json_scan_text_slow(at, end, out);
    out->raw = slice_of(*at, (size_t)(stop - *at));
    out->escaped = false;
    *at = stop + 1;
    return NULL;
}

/* Append the text that raw stands for. */
const char *json_unescape(struct slice raw, struct bytes *out);

const char *json_scan_number(const char **at, const char *end, struct json_number *out);

/* null, true, false: word is the whole one, whose first letter is at *at. */
const char *json_scan_word(const char **at, const char *end, struct slice word);

/* Any value, read to its end and checked as any other. */
const char *json_skip(const char **at, const char *end);
#endif
