/* config_values.c: Flink's forms of values: durations, sizes, booleans, whole numbers; and checking a text
 * against a key. A sentence about a bad value reads on from the key and the value: `... "60x" is no duration
 * (want e.g. 60s)`.
 */
#include "config/config_values.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WANT_DURATION "want e.g. 60s, 10 min, 500 ms"
#define WANT_SIZE     "want e.g. 512mb, 16 kb, 2g"

struct unit {
    const char *names; /* blank-separated, lower case */
    int64_t factor;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct slice config_trim(struct slice s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = slice_from(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool is_dash(char c)
{
    return c == '-' || c == '_';
}

bool config_same_word(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]) && !(is_dash(a.ptr[i]) && is_dash(b.ptr[i])))
            return false;
    return true;
}

bool config_word_in(struct slice word, const char *words, char separator)
{
    while (words && *words) {
        const char *end = strchr(words, separator);
        size_t len = end ? (size_t)(end - words) : strlen(words);

        if (word.len == len && memcmp(word.ptr, words, len) == 0)
            return true;
        words += end ? len + 1 : len;
    }
    return false;
}

/* The leading digits of s as a number; false when there is none or it does not fit. */
static bool take_number(struct slice *s, int64_t *out)
{
    size_t n = 0;

    for (*out = 0; n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, s->ptr[n] - '0', out))
            return false;
    *s = slice_from(*s, n);
    return n > 0;
}

/* What s, a number and a unit, is with that unit's factor; an empty unit is the first. */
static bool take_units(struct slice s, const struct unit *units, size_t count, int64_t *number,
                       int64_t *factor)
{
    char word[16];
    size_t n = 0;

    if (!take_number(&s, number))
        return false;
    s = config_trim(s);
    if (s.len >= sizeof word)
        return false;
    for (; n < s.len; n++)
        word[n] = lower(s.ptr[n]);
    for (size_t i = 0; i < count; i++)
        if (n == 0 || config_word_in(slice_of(word, n), units[i].names, ' ')) {
            *factor = units[i].factor;
            return true;
        }
    return false;
}

/* --- durations --- */

/* In nanoseconds; the first is what a bare number means. */
static const struct unit duration_units[] = {
    {"ms milli millis millisecond milliseconds", INT64_C(1000000)},
    {"s sec secs second seconds", INT64_C(1000000000)},
    {"m min mins minute minutes", INT64_C(60000000000)},
    {"h hour hours", INT64_C(3600000000000)},
    {"d day days", INT64_C(86400000000000)},
    {"\xc2\xb5s \xce\xbcs us micro micros microsecond microseconds", 1000},
    {"ns nano nanos nanosecond nanoseconds", 1},
};

/* number units of factor nanoseconds each, in milliseconds; what is not nothing is at least 1. */
static bool to_ms(int64_t number, int64_t factor, int64_t *out_ms)
{
    if (factor >= 1000000)
        return !__builtin_mul_overflow(number, factor / 1000000, out_ms);
    *out_ms = number / (1000000 / factor);
    if (*out_ms == 0 && number > 0)
        *out_ms = 1;
    return true;
}

/* Digits after the point of ISO seconds, in milliseconds. */
static int64_t take_fraction_ms(struct slice *s)
{
    int64_t ms = 0, worth = 100;

    for (; s->len && *s->ptr >= '0' && *s->ptr <= '9'; *s = slice_from(*s, 1), worth /= 10)
        ms += (*s->ptr - '0') * worth;
    return ms;
}

/* PnDTnHnMn.nS, as java.time.Duration has it, without signs. */
static bool parse_iso(struct slice s, int64_t *out_ms)
{
    static const struct {
        char letter;
        bool timed; /* behind the T */
        int64_t ms;
    } parts[] = {{'d', false, 86400000}, {'h', true, 3600000}, {'m', true, 60000}, {'s', true, 1000}};
    size_t next = 0;
    bool timed = false, any = false;

    s = slice_from(s, 1); /* P */
    for (*out_ms = 0; s.len;) {
        int64_t number, ms, fraction_ms = 0;

        if (lower(*s.ptr) == 't' && !timed) {
            timed = true;
            any = false;
            s = slice_from(s, 1);
            continue;
        }
        if (!take_number(&s, &number))
            return false;
        if (s.len && (*s.ptr == '.' || *s.ptr == ',')) {
            s = slice_from(s, 1);
            fraction_ms = take_fraction_ms(&s);
            next = 3; /* only seconds have a fraction */
        }
        while (s.len && next < COUNT_OF(parts) &&
               (parts[next].letter != lower(*s.ptr) || parts[next].timed != timed))
            next++;
        if (s.len == 0 || next == COUNT_OF(parts) || __builtin_mul_overflow(number, parts[next].ms, &ms) ||
            __builtin_add_overflow(ms, fraction_ms, &ms) || __builtin_add_overflow(*out_ms, ms, out_ms))
            return false;
        next++;
        any = true;
        s = slice_from(s, 1);
    }
    return any;
}

enum err config_parse_duration(const char *text, int64_t *out_ms, struct error *e)
{
    struct slice s = config_trim(slice_text(text));
    int64_t number = 0, factor = 0;

    if (s.len && lower(*s.ptr) == 'p') {
        if (parse_iso(s, out_ms))
            return OK;
    } else if (take_units(s, duration_units, COUNT_OF(duration_units), &number, &factor)) {
        if (to_ms(number, factor, out_ms))
            return OK;
        return error_set(e, ERR_CONFIG, "is longer than weir can count (" WANT_DURATION ")");
    }
    return error_set(e, ERR_CONFIG, "is no duration (" WANT_DURATION ")");
}

/* --- sizes, booleans, numbers --- */

static const struct unit size_units[] = {
    {"b byte bytes", 1},
    {"k kb kib kibibyte kibibytes", INT64_C(1) << 10},
    {"m mb mib mebibyte mebibytes", INT64_C(1) << 20},
    {"g gb gib gibibyte gibibytes", INT64_C(1) << 30},
    {"t tb tib tebibyte tebibytes", INT64_C(1) << 40},
};

enum err config_parse_size(const char *text, int64_t *out_bytes, struct error *e)
{
    int64_t number, factor;

    if (!take_units(config_trim(slice_text(text)), size_units, COUNT_OF(size_units), &number, &factor))
        return error_set(e, ERR_CONFIG, "is no size (" WANT_SIZE ")");
    if (__builtin_mul_overflow(number, factor, out_bytes))
        return error_set(e, ERR_CONFIG, "is larger than weir can count (" WANT_SIZE ")");
    return OK;
}

enum err config_parse_bool(const char *text, bool *out, struct error *e)
{
    struct slice s = config_trim(slice_text(text));

    *out = config_same_word(s, SLICE("true"));
    if (*out || config_same_word(s, SLICE("false")))
        return OK;
    return error_set(e, ERR_CONFIG, "is neither true nor false");
}

enum err config_parse_int(const char *text, int64_t *out, struct error *e)
{
    struct slice s = config_trim(slice_text(text));
    bool negative = s.len && *s.ptr == '-';

    if (s.len && (*s.ptr == '-' || *s.ptr == '+'))
        s = slice_from(s, 1);
    if (!take_number(&s, out) || s.len)
        return error_set(e, ERR_CONFIG, "is no whole number");
    if (negative)
        *out = -*out;
    return OK;
}

enum err config_parse_double(const char *text, double *out, struct error *e)
{
    struct slice s = config_trim(slice_text(text));
    char copy[64], *end = copy;

    if (s.len > 0 && s.len < sizeof copy && s.ptr[0] != 'n' && s.ptr[0] != 'N') {
        memcpy(copy, s.ptr, s.len);
        copy[s.len] = '\0';
        *out = strtod(copy, &end);
        if (end == copy + s.len && isfinite(*out) && strpbrk(copy, "xX") == NULL)
            return OK;
    }
    return error_set(e, ERR_CONFIG, "is no number");
}

/* --- a text against a key --- */

/* The spelling in values ("a|b|c") of what s says in any case and with '-' for '_'. */
static bool parse_enum(struct slice s, const char *values, struct slice *out)
{
    for (const char *at = values; *at;) {
        const char *end = strchr(at, '|');
        size_t len = end ? (size_t)(end - at) : strlen(at);

        if (config_same_word(s, slice_of(at, len))) {
            *out = slice_of(at, len);
            return true;
        }
        at += end ? len + 1 : len;
    }
    return false;
}

static enum err parse_kind(enum key_kind kind, const char *text, double *out, struct error *e)
{
    int64_t whole = 0;
    enum err rc;

    if (kind == KEY_DOUBLE)
        return config_parse_double(text, out, e);
    rc = kind == KEY_INT    ? config_parse_int(text, &whole, e)
         : kind == KEY_SIZE ? config_parse_size(text, &whole, e)
                            : config_parse_duration(text, &whole, e);
    *out = (double)whole;
    return rc;
}

/* values is "least..most", each in the kind's own form, either may be left out. */
static enum err check_bounds(const struct config_key *key, const char *text, struct error *e)
{
    double v, bound;
    char least[32];
    const char *dots;
    enum err rc = parse_kind(key->kind, text, &v, e);

    if (rc != OK || key->values == NULL)
        return rc;
    dots = strstr(key->values, "..");
    assert(dots && (size_t)(dots - key->values) < sizeof least);
    memcpy(least, key->values, (size_t)(dots - key->values));
    least[dots - key->values] = '\0';
    if (*least) {
        rc = parse_kind(key->kind, least, &bound, e);
        assert(rc == OK);
        if (v < bound)
            return error_set(e, ERR_CONFIG, "is too small (want %s or more)", least);
    }
    if (dots[2]) {
        rc = parse_kind(key->kind, dots + 2, &bound, e);
        assert(rc == OK);
        if (v > bound)
            return error_set(e, ERR_CONFIG, "is too large (want %s or less)", dots + 2);
    }
    return OK;
}

enum err config_check(const struct config_key *key, struct slice *value, struct error *e)
{
    char text[256];
    bool truth;

    if (key->kind == KEY_STRING)
        return OK;
    if (key->kind == KEY_ENUM) {
        if (parse_enum(*value, key->values, value))
            return OK;
        return error_set(e, ERR_CONFIG, "is none of %s", key->values);
    }
    if (value->len >= sizeof text || memchr(value->ptr, '\0', value->len))
        return error_set(e, ERR_CONFIG, "is too long to be a number");
    memcpy(text, value->ptr, value->len);
    text[value->len] = '\0';
    return key->kind == KEY_BOOL ? config_parse_bool(text, &truth, e) : check_bounds(key, text, e);
}
