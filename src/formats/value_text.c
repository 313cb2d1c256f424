/* value_text.c: see value_text.h.
 * A double of few digits is an integer r over a power of ten: where r < 10^15 and r / 10^k gives the double
 * back, no other number of 15 digits does, so the smallest such k gives the shortest text. Others go through
 * printf and strtod, with 15, 16 and 17 digits: 15 always survive the way there and back.
 */
#include "formats/value_text.h"
#include "base/calendar.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- integers --- */

/* The digits of v into the end of room; where they begin. */
static char *digits_of(unsigned __int128 v, char *end)
{
    while (v > UINT64_MAX) {
        *--end = (char)('0' + (int)(v % 10));
        v /= 10;
    }
    for (uint64_t w = (uint64_t)v;; w /= 10) {
        *--end = (char)('0' + (int)(w % 10));
        if (w < 10)
            return end;
    }
}

void value_text_int(int64_t v, struct bytes *out)
{
    char room[24], *end = room + sizeof room - 1, *p;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

    *end = '\0';
    p = digits_of(u, end);
    if (v < 0)
        *--p = '-';
    bytes_append(out, p, (size_t)(end - p));
}

/* --- floating point --- */

#define DIGITS_MAX 20

/* A number as its digits, without zeros at the end, and the exponent of the first: d.ddd * 10^exponent. */
struct digits {
    char text[DIGITS_MAX];
    int count, exponent;
};

static void trim_zeros(struct digits *d)
{
    while (d->count > 1 && d->text[d->count - 1] == '0')
        d->count--;
}

static void from_integer(uint64_t r, int k, struct digits *d)
{
    char room[DIGITS_MAX + 4], *end = room + sizeof room - 1, *p;

    *end = '\0';
    p = digits_of(r, end);
    d->count = (int)(end - p);
    memcpy(d->text, p, (size_t)d->count);
    d->exponent = d->count - 1 - k;
    trim_zeros(d);
}

/* v > 0 with digit_count digits, as printf rounds it. */
static void from_printf(double v, int digit_count, struct digits *d)
{
    char room[48];
    const char *e;

    snprintf(room, sizeof room, "%.*e", digit_count - 1, v);
    d->count = 0;
    for (const char *p = room; *p && *p != 'e' && d->count < DIGITS_MAX; p++)
        if (*p >= '0' && *p <= '9')
            d->text[d->count++] = *p;
    e = strchr(room, 'e');
    d->exponent = e ? atoi(e + 1) : 0;
    trim_zeros(d);
}

/* The number that d stands for, by the C library's own reading, which looks at the locale for no digits. */
static void print_digits(const struct digits *d, char room[48])
{
    snprintf(room, 48, "%.*se%d", d->count, d->text, d->exponent - d->count + 1);
}

/* Whether r / 10^k is exactly the shortest for v, for a k up to 22; limit is 10 to the digits that survive. */
static bool from_short(double v, double limit, bool single, struct digits *d)
{
    double power = 1;

    for (int k = 0; k <= 22; k++, power *= 10) {
        double r = nearbyint(v * power);

        if (r >= limit)
            return false;
        if (r > 0 && (single ? (float)(r / power) == (float)v : r / power == v)) {
            from_integer((uint64_t)r, k, d);
            return true;
        }
    }
    return false;
}

static void shortest_double(double v, struct digits *d)
{
    char room[48];

    if (from_short(v, 1e15, false, d))
        return;
    for (int n = v < 2.2250738585072014e-308 ? 2 : 15; n <= 17; n++) {
        from_printf(v, n, d);
        print_digits(d, room);
        if (strtod(room, NULL) == v)
            return;
    }
}

static void shortest_float(float v, struct digits *d)
{
    char room[48];

    if (from_short(v, 1e6, true, d))
        return;
    for (int n = v < 1.17549435e-38f ? 2 : 6; n <= 9; n++) {
        from_printf(v, n, d);
        print_digits(d, room);
        if (strtof(room, NULL) == v)
            return;
    }
}

static void print_zeros(int count, struct bytes *out)
{
    while (count-- > 0)
        bytes_u8(out, '0');
}

/* Without an exponent, with a digit on both sides of the point. */
static void print_plain(const struct digits *d, struct bytes *out)
{
    int whole = d->exponent + 1, shown = MIN(MAX(whole, 0), d->count);

    bytes_append(out, d->text, (size_t)shown);
    print_zeros(whole > 0 ? whole - shown : 1, out);
    bytes_u8(out, '.');
    print_zeros(-whole, out);
    bytes_append(out, d->text + shown, (size_t)(d->count - shown));
    print_zeros(shown == d->count, out);
}

/* From 10^-3 up to 10^7 plainly, else with an exponent and a digit behind the point. */
static void print_java(const struct digits *d, struct bytes *out)
{
    if (d->exponent >= -3 && d->exponent < 7) {
        print_plain(d, out);
        return;
    }
    bytes_append(out, d->text, 1);
    bytes_u8(out, '.');
    bytes_append(out, d->count > 1 ? d->text + 1 : "0", (size_t)MAX(d->count - 1, 1));
    bytes_printf(out, "E%d", d->exponent);
}

/* What has no digits; true when it was written. Else the sign. */
static bool print_special(double v, struct bytes *out)
{
    if (isnan(v)) {
        bytes_text(out, "NaN");
        return true;
    }
    if (signbit(v))
        bytes_text(out, "-");
    if (isinf(v))
        bytes_text(out, "Infinity");
    else if (v == 0)
        bytes_text(out, "0.0");
    else
        return false;
    return true;
}

void value_text_double(double v, struct bytes *out)
{
    struct digits d;

    if (print_special(v, out))
        return;
    shortest_double(fabs(v), &d);
    print_java(&d, out);
}

void value_text_float(float v, struct bytes *out)
{
    struct digits d;

    if (print_special(v, out))
        return;
    shortest_float(fabsf(v), &d);
    print_java(&d, out);
}

/* --- decimals --- */

static void print_exponent(const char *digits, int count, int exponent, struct bytes *out)
{
    bytes_append(out, digits, 1);
    if (count > 1) {
        bytes_text(out, ".");
        bytes_append(out, digits + 1, (size_t)count - 1);
    }
    bytes_printf(out, "E%+d", exponent);
}

void value_text_decimal(__int128 unscaled, int32_t scale, bool plain, struct bytes *out)
{
    char room[48], *end = room + sizeof room - 1, *p;
    unsigned __int128 v = unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
    int count;

    if (v == 0) {
        bytes_text(out, "0");
        return;
    }
    for (; v % 10 == 0; scale--)
        v /= 10;
    *end = '\0';
    p = digits_of(v, end);
    count = (int)(end - p);
    if (unscaled < 0)
        bytes_text(out, "-");
    if (!plain && (scale < 0 || count - 1 - scale < -6)) {
        print_exponent(p, count, count - 1 - scale, out);
    } else if (scale <= 0) {
        bytes_append(out, p, (size_t)count);
        print_zeros(-scale, out);
    } else if (count > scale) {
        bytes_append(out, p, (size_t)(count - scale));
        bytes_text(out, ".");
        bytes_append(out, p + count - scale, (size_t)scale);
    } else {
        bytes_text(out, "0.");
        print_zeros(scale - count, out);
        bytes_append(out, p, (size_t)count);
    }
}

/* --- times --- */

static char *put2(char *p, int v)
{
    *p++ = (char)('0' + v / 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

void value_text_date(int32_t days, struct bytes *out)
{
    struct civil c = calendar_civil(days);
    char room[16], *p = room;

    if (LIKELY(c.year >= 0 && c.year <= 9999)) {
        p = put2(put2(p, c.year / 100), c.year % 100);
        *p++ = '-';
        p = put2(p, c.month);
        *p++ = '-';
        p = put2(p, c.day);
        bytes_append(out, room, (size_t)(p - room));
    } else {
        bytes_printf(out, "%s%04d-%02d-%02d", c.year < 0 ? "-" : "+", abs(c.year), c.month, c.day);
    }
}

static void print_clock(int64_t seconds, int64_t nanos, struct bytes *out)
{
    char room[24], *p = room;

    p = put2(p, (int)(seconds / 3600));
    *p++ = ':';
    p = put2(p, (int)(seconds / 60 % 60));
    *p++ = ':';
    p = put2(p, (int)(seconds % 60));
    if (nanos) {
        *p++ = '.';
        for (int64_t unit = 100000000; nanos; unit /= 10) {
            *p++ = (char)('0' + nanos / unit);
            nanos %= unit;
        }
    }
    bytes_append(out, room, (size_t)(p - room));
}

void value_text_time(int64_t micros, struct bytes *out)
{
    print_clock(micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND * 1000, out);
}

void value_text_timestamp(int64_t v, const struct type *t, char between, struct bytes *out)
{
    int64_t per_second = t->precision > 6 ? INT64_C(1000000000) : MICROS_PER_SECOND;
    int64_t rest = v % per_second, seconds = v / per_second - (rest < 0), day, clock;

    rest += rest < 0 ? per_second : 0;
    clock = seconds % 86400;
    day = seconds / 86400 - (clock < 0);
    clock += clock < 0 ? 86400 : 0;
    value_text_date((int32_t)day, out);
    bytes_u8(out, (uint8_t)between);
    print_clock(clock, t->precision > 6 ? rest : rest * 1000, out);
    if (t->kind == TYPE_TIMESTAMP_LTZ)
        bytes_u8(out, 'Z');
}

/* --- bytes --- */

void value_text_base64(struct slice in, struct bytes *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = bytes_reserve(out, (in.len + 2) / 3 * 4);

    if (to == NULL)
        return;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t n = MIN(in.len - i, 3);
        uint32_t v = (uint32_t)(uint8_t)in.ptr[i] << 16;

        v |= n > 1 ? (uint32_t)(uint8_t)in.ptr[i + 1] << 8 : 0;
        v |= n > 2 ? (uint8_t)in.ptr[i + 2] : 0;
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *to++ = n > 2 ? digits[v & 63] : '=';
    }
    out->len += (in.len + 2) / 3 * 4;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 with or without its padding; false when it is none. */
bool value_text_unbase64(struct slice in, struct bytes *out)
{
    uint32_t bits = 0;
    int count = 0;

    while (in.len && in.ptr[in.len - 1] == '=' && count++ < 2)
        in.len--;
    count = 0;
    for (size_t i = 0; i < in.len; i++) {
        int v = sextet(in.ptr[i]);

        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if ((count += 6) < 8)
            continue;
        count -= 8;
        bytes_u8(out, (uint8_t)(bits >> count));
    }
    return count < 6;
}
