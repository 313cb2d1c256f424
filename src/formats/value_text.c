/* value_text.c: see value_text.h. */
#include "formats/value_text.h"
#include "base/calendar.h"
#include "base/number_text.h"
#include <stdlib.h>

/* --- numbers --- */

void value_text_int(int64_t v, struct bytes *out)
{
    char *to = bytes_reserve(out, NUMBER_TEXT_MAX);

    if (to)
        out->len += number_format_int(v, to);
}

void value_text_double(double v, struct bytes *out)
{
    char *to = bytes_reserve(out, NUMBER_TEXT_MAX);

    if (to)
        out->len += number_format_double(v, to);
}

void value_text_float(float v, struct bytes *out)
{
    char *to = bytes_reserve(out, NUMBER_TEXT_MAX);

    if (to)
        out->len += number_format_float(v, to);
}

/* --- decimals --- */

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

static void print_zeros(int count, struct bytes *out)
{
    while (count-- > 0)
        bytes_u8(out, '0');
}

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
