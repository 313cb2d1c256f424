/* json_scan.c: see json_scan.h. */
#include "formats/json_scan.h"
#include "base/hex.h"
#include "formats/utf8.h"

/* --- texts --- */

const char *json_scan_text_slow(const char **at, const char *end, struct json_text *out)
{
    const char *p = *at;
    unsigned high = 0;

    out->escaped = false;
    for (;;) {
        p = json_plain(p, end, &high);
        if (p == end || (*p == '\\' && end - p < 2))
            return "the text has no end";
        if (*p == '"')
            break;
        if (*p != '\\')
            return "a control character in a text must be escaped";
        out->escaped = true;
        p += 2;
    }
    out->raw = slice_of(*at, (size_t)(p - *at));
    if (high && !utf8_valid_slow(out->raw.ptr, out->raw.len))
        return "the text is not UTF-8";
    *at = p + 1;
    return NULL;
}

/* Four hex digits; -1 when they are not there. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t v = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

static void append_utf8(int32_t c, struct bytes *out)
{
    if (c < 0x80) {
        bytes_u8(out, (uint8_t)c);
    } else if (c < 0x800) {
        bytes_u8(out, (uint8_t)(0xc0 | c >> 6));
        bytes_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        bytes_u8(out, (uint8_t)(0xe0 | c >> 12));
        bytes_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        bytes_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        bytes_u8(out, (uint8_t)(0xf0 | c >> 18));
        bytes_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        bytes_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        bytes_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

/* What follows `\u`: one code unit, or two that are one character. */
static const char *unescape_unit(const char **at, const char *end, struct bytes *out)
{
    int32_t c = hex4(*at, end), low;

    if (c < 0)
        return "\\u must be followed by four hex digits";
    *at += 4;
    if (c >= 0xd800 && c < 0xdc00) {
        low = end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2, end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return "half of a surrogate pair is missing";
        *at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return "half of a surrogate pair is missing";
    }
    append_utf8(c, out);
    return NULL;
}

const char *json_unescape(struct slice raw, struct bytes *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = raw.ptr, *end = raw.ptr + raw.len;

    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p)), *found, *why;

        if (stop == NULL)
            stop = end;
        bytes_append(out, p, (size_t)(stop - p));
        if (stop == end)
            break;
        p = stop + 2; /* the scan made sure that one byte follows */
        if (p[-1] == 'u') {
            if ((why = unescape_unit(&p, end, out)) != NULL)
                return why;
            continue;
        }
        found = p[-1] ? strchr(from, p[-1]) : NULL;
        if (found == NULL)
            return "there is no such escape";
        bytes_u8(out, (uint8_t)to[found - from]);
    }
    return NULL;
}

/* The escapes of a text that nobody reads. */
static const char *check_escapes(struct slice raw)
{
    struct bytes b = {0};
    char room[16];
    const char *why = NULL, *p = raw.ptr, *end = raw.ptr + raw.len;

    /* one escape at a time, in a buffer that is large enough, so that nothing is allocated */
    b.ptr = room;
    b.capacity = sizeof room;
    while (why == NULL && p < end && (p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
        size_t len = p[1] == 'u' ? MIN((size_t)(end - p), 6) : 2;

        why = json_unescape(slice_of(p, len), &b);
        if (why && len == 6 && end - p >= 12) /* perhaps the first half of a pair */
            why = json_unescape(slice_of(p, len = 12), &b);
        bytes_clear(&b);
        p += len;
    }
    return why;
}

/* --- numbers and words --- */

static inline bool is_digit(char c)
{
    return (uint8_t)(c - '0') < 10;
}

/* Digits into n: those that are significant, up to the 19th. The count of all of them is returned. */
static inline int64_t scan_digits(const char **at, const char *end, struct json_number *n, int *used)
{
    const char *p = *at;

    for (; p < end && is_digit(*p); p++) {
        if (LIKELY(*used < 19)) {
            n->digits = n->digits * 10 + (uint64_t)(*p - '0');
            *used += n->digits != 0;
        } else {
            n->cut = true;
            n->exponent++;
        }
    }
    *at = p;
    return p - *at;
}

static const char *scan_exponent(const char **at, const char *end, struct json_number *n)
{
    const char *p = *at + 1;
    bool negative = p < end && *p == '-';
    int32_t v = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !is_digit(*p))
        return "a digit must follow the e of a number";
    for (; p < end && is_digit(*p); p++)
        v = MIN(v * 10 + (*p - '0'), 100000000);
    n->exponent += negative ? -v : v;
    *at = p;
    return NULL;
}

const char *json_scan_number(const char **at, const char *end, struct json_number *out)
{
    const char *start = *at, *p = start, *why, *fraction;
    int used = 0;

    *out = (struct json_number){.negative = *p == '-'};
    p += out->negative;
    if (p == end || !is_digit(*p))
        return "a number must have a digit";
    if (*p == '0' && end - p > 1 && is_digit(p[1]))
        return "a number may not begin with 0";
    scan_digits(&p, end, out, &used);
    if (p < end && *p == '.') {
        fraction = ++p;
        scan_digits(&p, end, out, &used);
        if (p == fraction)
            return "a digit must follow the point of a number";
        out->exponent -= (int32_t)MIN(p - fraction, 100000000);
    }
    if (p < end && (*p == 'e' || *p == 'E') && (why = scan_exponent(&p, end, out)) != NULL)
        return why;
    out->text = slice_of(start, (size_t)(p - start));
    *at = p;
    return NULL;
}

const char *json_scan_word(const char **at, const char *end, struct slice word)
{
    if ((size_t)(end - *at) < word.len || memcmp(*at, word.ptr, word.len) != 0)
        return "this is no value";
    *at += word.len;
    return NULL;
}

/* --- skipping --- */

static const char *skip_text(const char **at, const char *end)
{
    struct json_text text;
    const char *why = json_scan_text(at, end, &text);

    return why || !text.escaped ? why : check_escapes(text.raw);
}

/* A text, number or word. */
static const char *skip_scalar(const char **at, const char *end)
{
    struct json_number number;

    switch (**at) {
    case '"':
        ++*at;
        return skip_text(at, end);
    case 't':
        return json_scan_word(at, end, SLICE("true"));
    case 'f':
        return json_scan_word(at, end, SLICE("false"));
    case 'n':
        return json_scan_word(at, end, SLICE("null"));
    default:
        if (**at != '-' && !is_digit(**at))
            return "a value is wanted";
        return json_scan_number(at, end, &number);
    }
}

/* A key and its colon. */
static const char *skip_key(const char **at, const char *end)
{
    const char *why;

    if (*at == end || **at != '"')
        return "a key is wanted";
    ++*at;
    if ((why = skip_text(at, end)) != NULL)
        return why;
    *at = json_blank(*at, end);
    if (*at == end || **at != ':')
        return "a colon is wanted behind a key";
    ++*at;
    return NULL;
}

/* Which kind each open container is: a bit, set for an object. */
struct nest {
    uint64_t bits[(JSON_DEPTH_MAX + 63) / 64];
    int depth;
};

static bool in_object(const struct nest *n)
{
    return n->bits[(n->depth - 1) >> 6] >> ((n->depth - 1) & 63) & 1;
}

static const char *enter(struct nest *n, bool object)
{
    uint64_t bit = UINT64_C(1) << (n->depth & 63);

    if (n->depth == JSON_DEPTH_MAX)
        return "values are nested too deep";
    if (object)
        n->bits[n->depth >> 6] |= bit;
    else
        n->bits[n->depth >> 6] &= ~bit;
    n->depth++;
    return NULL;
}

/* Behind a value: closing brackets, then a comma (and a key). *more is false when the outermost value is
 * done. */
static const char *skip_after(const char **at, const char *end, struct nest *n, bool *more)
{
    for (; n->depth > 0; n->depth--) {
        *at = json_blank(*at, end);
        if (*at == end)
            return "the end is missing";
        if (**at == ',') {
            *at = json_blank(*at + 1, end);
            *more = true;
            return in_object(n) ? skip_key(at, end) : NULL;
        }
        if (**at != (in_object(n) ? '}' : ']'))
            return in_object(n) ? "a comma or } is wanted" : "a comma or ] is wanted";
        ++*at;
    }
    *more = false;
    return NULL;
}

/* The value at *at, or the opening bracket of one; *whole: nothing of it is left open. */
static const char *skip_start(const char **at, const char *end, struct nest *n, bool *whole)
{
    bool object;
    const char *why;

    *whole = true;
    *at = json_blank(*at, end);
    if (*at == end)
        return "the end is missing";
    if (**at != '{' && **at != '[')
        return skip_scalar(at, end);
    object = **at == '{';
    if ((why = enter(n, object)) != NULL)
        return why;
    *at = json_blank(*at + 1, end);
    if (*at < end && **at == (object ? '}' : ']')) {
        n->depth--;
        ++*at;
        return NULL;
    }
    *whole = false;
    return object ? skip_key(at, end) : NULL;
}

const char *json_skip(const char **at, const char *end)
{
    struct nest n = {.depth = 0};
    bool whole, more = true;
    const char *why = NULL;

    while (more && (why = skip_start(at, end, &n, &whole)) == NULL)
        if (whole && (why = skip_after(at, end, &n, &more)) != NULL)
            break;
    return why;
}
