/* characters.c: most text is ASCII or short, so counting goes eight bytes at a time and the rest is plain. */
#include "expr/characters.h"
#include "expr/character_case.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

static uint64_t load(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

bool characters_ascii(struct slice text)
{
    uint64_t bits = 0;
    size_t i = 0;

    for (; i + 8 <= text.len; i += 8)
        bits |= load(text.ptr + i);
    for (; i < text.len; i++)
        bits |= (uint8_t)text.ptr[i];
    return (bits & HIGH_BITS) == 0;
}

int64_t characters_count(struct slice text)
{
    int64_t count = 0;
    const char *end = text.ptr + text.len;

    if (characters_ascii(text))
        return (int64_t)text.len;
    for (const char *p = text.ptr; p < end; p += characters_size(p, end))
        count++;
    return count;
}

size_t characters_offset(struct slice text, int64_t n)
{
    const char *p = text.ptr, *end = text.ptr + text.len;

    for (; n >= 8 && end - p >= 8 && (load(p) & HIGH_BITS) == 0; n -= 8)
        p += 8;
    for (; n > 0 && p < end; n--)
        p += characters_size(p, end);
    return (size_t)(p - text.ptr);
}

uint32_t characters_next(const char **ptr, const char *end)
{
    const uint8_t *p = (const uint8_t *)*ptr;
    size_t size = characters_size(*ptr, end);

    *ptr += size;
    switch (size) {
    case 1:
        return p[0] < 0x80 ? p[0] : 0xfffd;
    case 2:
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
               (p[3] & 0x3f);
    }
}

size_t characters_before(struct slice text, size_t offset)
{
    size_t least = offset > CHARACTERS_MAX ? offset - CHARACTERS_MAX : 0;

    for (size_t at = offset - 1;; at--) {
        bool begins = ((uint8_t)text.ptr[at] & 0xc0) != 0x80;

        if (begins && characters_size(text.ptr + at, text.ptr + offset) == offset - at)
            return at;
        if (begins || at == least)
            return offset - 1; /* a stray byte */
    }
}

size_t characters_put(char *to, uint32_t code)
{
    uint8_t *p = (uint8_t *)to;

    if (code < 0x80) {
        p[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        p[0] = (uint8_t)(0xc0 | code >> 6);
        p[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        p[0] = (uint8_t)(0xe0 | code >> 12);
        p[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        p[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    p[0] = (uint8_t)(0xf0 | code >> 18);
    p[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    p[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    p[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

int64_t characters_find(struct slice text, struct slice needle, size_t from)
{
    const char *hit;

    if (from > text.len)
        return -1;
    if (needle.len == 0)
        return (int64_t)from;
    if (text.len == from)
        return -1;
    hit = memmem(text.ptr + from, text.len - from, needle.ptr, needle.len);
    return hit ? hit - text.ptr : -1;
}

/* The last run that begins at or before code holds it or none does. */
static uint32_t simple(const struct case_run *runs, size_t count, uint32_t code)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (runs[middle].first <= code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || code > runs[low - 1].last || (code - runs[low - 1].first) % runs[low - 1].stride)
        return code;
    return (uint32_t)((int32_t)code + runs[low - 1].delta);
}

uint32_t characters_simple_upper(uint32_t code)
{
    if (code < 0x80)
        return code >= 'a' && code <= 'z' ? code - 32 : code;
    return simple(upper_runs, COUNT_OF(upper_runs), code);
}

uint32_t characters_simple_lower(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    return simple(lower_runs, COUNT_OF(lower_runs), code);
}

static size_t special(char *to, const struct case_special *table, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count && table[i].code <= code; i++) {
        size_t len = 0;

        if (table[i].code != code)
            continue;
        for (size_t k = 0; k < COUNT_OF(table[i].to) && table[i].to[k]; k++)
            len += characters_put(to + len, table[i].to[k]);
        return len;
    }
    return 0;
}

size_t characters_upper(char *to, uint32_t code)
{
    size_t len = code < 0x80 ? 0 : special(to, upper_specials, COUNT_OF(upper_specials), code);

    return len ? len : characters_put(to, characters_simple_upper(code));
}

size_t characters_lower(char *to, uint32_t code)
{
    size_t len = code < 0x80 ? 0 : special(to, lower_specials, COUNT_OF(lower_specials), code);

    return len ? len : characters_put(to, characters_simple_lower(code));
}
