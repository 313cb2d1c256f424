/* number_text.c: see number_text.h. Few digits are found by arithmetic: see from_short. For others the shortest
 * ones are found by printing more and more until the number comes back; of the texts with that many digits the
 * printed one is the nearest. Fewer than 15 (of a float 6) need not be tried: what so few digits stand for is
 * printed as these digits and zeros. Below the normal numbers that is not so.
 */
#include "base/number_text.h"
#include <ctype.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PARSE_MAX 1100 /* bytes of a number that is read; longer ones have no meaning of their own */

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert(c_locale != (locale_t)0); /* it is built into the C library */
}

locale_t number_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_locale);
    return c_locale;
}

/* A number as d.ddd times ten to the exponent. */
struct shortest {
    char digits[20];
    int count, exponent;
};

static void trim_zeros(struct shortest *s)
{
    while (s->count > 1 && s->digits[s->count - 1] == '0')
        s->count--;
}

/* Take the digits and exponent out of "%.*e"'s text. */
static void split(const char *text, struct shortest *s)
{
    const char *p = text;

    s->count = 0;
    for (; *p && *p != 'e'; p++)
        if (isdigit((unsigned char)*p))
            s->digits[s->count++] = *p;
    s->exponent = atoi(p + 1);
    trim_zeros(s);
}

/* The digits as a number of Java's rule: at least two, though one would do. */
#define DIGITS_MIN 2

/* One more in the last digit of "%.*e"'s text, if that is no 9. */
static bool next_up(char *text)
{
    char *last = strchr(text, 'e') - 1;

    if (*last == '9')
        return false;
    ++*last;
    return true;
}

/* Whether that many digits stand for v, and which. Below a power of two numbers lie closer, so that the
 * nearest text may belong to a neighbour while the next larger one is v's. */
static bool stands_for(double v, int digits, bool power_of_two, char text[40])
{
    snprintf(text, 40, "%.*e", digits - 1, v);
    if (strtod(text, NULL) == v)
        return true;
    return power_of_two && next_up(text) && strtod(text, NULL) == v;
}

/* Whether v is r / 10^k for an integer r below limit and a k up to 22; the least such k. Both are doubles then,
 * so the division is rounded once, and of the decimals with so few digits no other one is read as v. */
static bool from_short(double v, double limit, bool single, struct shortest *s)
{
    char room[NUMBER_TEXT_MAX];
    double power = 1;

    for (int k = 0; k <= 22; k++, power *= 10) {
        double r = nearbyint(v * power);

        if (r >= limit)
            return false;
        if (r == 0 || (single ? (float)(r / power) != (float)v : r / power != v))
            continue;
        s->count = (int)number_format_int((int64_t)r, room);
        s->exponent = s->count - 1 - k;
        memcpy(s->digits, room, (size_t)s->count);
        trim_zeros(s);
        return true;
    }
    return false;
}

static void shortest_double(double v, struct shortest *s)
{
    int n = v < DBL_MIN ? DIGITS_MIN : DBL_DIG, exponent;
    bool power_of_two = frexp(v, &exponent) == 0.5;
    char text[40];

    if (from_short(v, 1e15, false, s))
        return;
    while (!stands_for(v, n, power_of_two, text) && n < 17)
        n++;
    split(text, s);
}

static bool float_stands_for(float v, int digits, char text[40])
{
    int exponent;

    snprintf(text, 40, "%.*e", digits - 1, (double)v);
    if (strtof(text, NULL) == v)
        return true;
    return frexpf(v, &exponent) == 0.5F && next_up(text) && strtof(text, NULL) == v;
}

static void shortest_float(float v, struct shortest *s)
{
    int n = v < FLT_MIN ? DIGITS_MIN : FLT_DIG;
    char text[40];

    if (from_short((double)v, 1e6, true, s))
        return;
    while (!float_stands_for(v, n, text) && n < 9)
        n++;
    split(text, s);
}

static size_t put_zeros(char *out, int count)
{
    memset(out, '0', (size_t)MAX(count, 0));
    return (size_t)MAX(count, 0);
}

/* 10^-3 <= |v| < 10^7: digits with a point, at least one on each side. */
static size_t put_plain(const struct shortest *s, char *out)
{
    int before = s->exponent + 1; /* digits before the point */
    size_t n = 0;

    if (before <= 0) {
        memcpy(out, "0.", 2);
        n = 2 + put_zeros(out + 2, -before);
        memcpy(out + n, s->digits, (size_t)s->count);
        return n + (size_t)s->count;
    }
    for (int i = 0; i < before; i++)
        out[n++] = i < s->count ? s->digits[i] : '0';
    out[n++] = '.';
    if (s->count <= before)
        out[n++] = '0';
    for (int i = before; i < s->count; i++)
        out[n++] = s->digits[i];
    return n;
}

static size_t put_scientific(const struct shortest *s, char *out)
{
    size_t n = 0;

    out[n++] = s->digits[0];
    out[n++] = '.';
    if (s->count == 1)
        out[n++] = '0';
    for (int i = 1; i < s->count; i++)
        out[n++] = s->digits[i];
    return n + (size_t)sprintf(out + n, "E%d", s->exponent);
}

/* NaN, the infinities and the zeros; 0 when v is none of them. */
static size_t put_special(double v, char *out)
{
    const char *text = isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";

    if (v == 0)
        text = signbit(v) ? "-0.0" : "0.0";
    else if (isfinite(v))
        return 0;
    memcpy(out, text, strlen(text));
    return strlen(text);
}

static size_t put(const struct shortest *s, bool negative, char *out)
{
    size_t n = 0;

    if (negative)
        out[n++] = '-';
    return n + (s->exponent >= -3 && s->exponent < 7 ? put_plain(s, out + n) : put_scientific(s, out + n));
}

size_t number_format_double(double v, char out[NUMBER_TEXT_MAX])
{
    size_t special = put_special(v, out);
    struct shortest s;

    if (special)
        return special;
    shortest_double(fabs(v), &s);
    return put(&s, v < 0, out);
}

size_t number_format_float(float v, char out[NUMBER_TEXT_MAX])
{
    size_t special = put_special((double)v, out);
    struct shortest s;

    if (special)
        return special;
    shortest_float(fabsf(v), &s);
    return put(&s, v < 0, out);
}

size_t number_format_int(int64_t v, char out[NUMBER_TEXT_MAX])
{
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    char digits[24];
    size_t n = 0, len = 0;

    do {
        digits[n++] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        out[len++] = '-';
    while (n > 0)
        out[len++] = digits[--n];
    return len;
}

/* --- reading */

static size_t span_digits(struct slice s, size_t at, bool hexadecimal)
{
    size_t n = 0;

    while (at + n < s.len && (hexadecimal ? isxdigit((unsigned char)s.ptr[at + n]) != 0
                                          : isdigit((unsigned char)s.ptr[at + n]) != 0))
        n++;
    return n;
}

/* A mark and its digits: e-12, p+3; 0 when there is none. */
static size_t span_exponent(struct slice s, size_t at, char mark)
{
    size_t n = 1, digits;

    if (at >= s.len || (s.ptr[at] | 32) != mark)
        return 0;
    if (at + n < s.len && (s.ptr[at + n] == '+' || s.ptr[at + n] == '-'))
        n++;
    digits = span_digits(s, at + n, false);
    return digits ? n + digits : 0;
}

/* The text, without sign, is a number as Java writes it in its source; *len: without a final d or f. */
static bool is_number(struct slice s, size_t *len)
{
    bool hexadecimal = s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] | 32) == 'x';
    size_t at = hexadecimal ? 2 : 0, digits, behind = 0, exponent;

    at += digits = span_digits(s, at, hexadecimal);
    if (at < s.len && s.ptr[at] == '.')
        at += 1 + (behind = span_digits(s, at + 1, hexadecimal));
    if (digits + behind == 0)
        return false;
    exponent = span_exponent(s, at, hexadecimal ? 'p' : 'e');
    if (hexadecimal && exponent == 0)
        return false;
    *len = at += exponent;
    if (at < s.len && strchr("dDfF", s.ptr[at]))
        at++;
    return at == s.len;
}

/* The number's own text, terminated, or one of the words. */
static const char *prepare(struct slice text, char room[PARSE_MAX + 1], bool *negative)
{
    struct slice s = slice_trim(text);
    size_t len = 0;

    if (s.len == 0)
        return "is empty";
    *negative = s.ptr[0] == '-';
    if (s.ptr[0] == '-' || s.ptr[0] == '+')
        s = slice_from(s, 1);
    if (slice_is(s, "NaN") || slice_is(s, "Infinity"))
        len = s.len;
    else if (!is_number(s, &len))
        return "is not a number";
    if (len > PARSE_MAX)
        return "is too long for a number";
    memcpy(room, s.ptr, len);
    room[len] = '\0';
    return NULL;
}

/* A float is a double, too. */
static const char *parse(struct slice text, bool single, double *out)
{
    char room[PARSE_MAX + 1];
    bool negative = false;
    const char *why = prepare(text, room, &negative);
    double v;

    if (why)
        return why;
    v = single ? (double)strtof_l(room, NULL, number_locale()) : strtod_l(room, NULL, number_locale());
    *out = negative ? -v : v;
    return NULL;
}

const char *number_parse_double(struct slice text, double *out)
{
    return parse(text, false, out);
}

const char *number_parse_float(struct slice text, float *out)
{
    double v = 0;
    const char *why = parse(text, true, &v);

    if (why == NULL)
        *out = (float)v;
    return why;
}

const char *number_parse_int(struct slice text, int64_t min, int64_t max, int64_t *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    bool negative = text.len && *p == '-';
    __int128 v = 0;

    if (text.len == 0)
        return "is empty";
    if (*p == '-' || *p == '+')
        p++;
    if (p == end)
        return "is only a sign";
    for (; p < end && *p != '.'; p++) {
        if (*p < '0' || *p > '9')
            return "is not an integer";
        v = v * 10 + (*p - '0');
        if (v > (__int128)max - min)
            return "is beyond the range of the type";
    }
    for (p += p < end; p < end; p++)
        if (*p < '0' || *p > '9')
            return "is not an integer";
    v = negative ? -v : v;
    if (v < min || v > max)
        return "is beyond the range of the type";
    *out = (int64_t)v;
    return NULL;
}
