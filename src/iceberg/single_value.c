/* single_value.c: little-endian numbers, big-endian decimals, plain bytes; and Java's ways of printing them,
 * since that is what partition folders of other engines look like.
 */
#include "iceberg/single_value.h"
#include "base/calendar.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- making them --- */

static size_t number_bytes(const struct type *t)
{
    switch (t->kind) {
    case TYPE_BOOLEAN:
        return 1;
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_FLOAT:
    case TYPE_DATE:
        return 4;
    default:
        return 8;
    }
}

void single_value_of_i64(const struct type *t, int64_t v, struct bytes *out)
{
    switch (number_bytes(t)) {
    case 1:
        bytes_u8(out, v != 0);
        break;
    case 4:
        bytes_le32(out, (uint32_t)v);
        break;
    default:
        bytes_le64(out, (uint64_t)v);
        break;
    }
}

/* Two's complement, most significant byte first, as few bytes as keep the sign. */
void single_value_of_i128(__int128 v, struct bytes *out)
{
    int count = 16;

    while (count > 1) {
        int top = (int)(uint8_t)(v >> (8 * (count - 1))), next = (int)(uint8_t)(v >> (8 * (count - 2)));

        if (!((top == 0 && next < 0x80) || (top == 0xff && next >= 0x80)))
            break;
        count--;
    }
    while (count-- > 0)
        bytes_u8(out, (uint8_t)(v >> (8 * count)));
}

void single_value_of(const struct column *c, int32_t row, struct bytes *out)
{
    int64_t v = 0;

    assert(!type_is_nested(c->type) && column_valid(c, row));
    if (type_is_view(c->type)) {
        bytes_slice(out, column_slice(c, row));
        return;
    }
    switch (type_width(c->type)) {
    case 1:
        v = c->type->kind == TYPE_BOOLEAN ? c->u8[row] : c->i8[row];
        break;
    case 2:
        v = c->i16[row];
        break;
    case 4:
        v = c->i32[row];
        break;
    case 8:
        v = c->i64[row];
        break;
    default:
        single_value_of_i128(c->i128[row], out);
        return;
    }
    single_value_of_i64(c->type, v, out);
}

/* --- reading them --- */

bool single_value_fits(const struct type *t, struct slice v)
{
    switch (t->kind) {
    case TYPE_INT64:
    case TYPE_DOUBLE:
        return v.len == 8 || v.len == 4;
    case TYPE_DECIMAL:
        return v.len >= 1 && v.len <= 16;
    case TYPE_UUID:
        return v.len == 16;
    case TYPE_FIXED:
        return v.len == (size_t)t->length;
    case TYPE_STRING:
    case TYPE_BINARY:
        return v.len <= INT32_MAX;
    default:
        return !type_is_nested(t) && v.len == number_bytes(t);
    }
}

static uint64_t little_endian(struct slice v)
{
    uint64_t bits = 0;

    for (size_t i = v.len; i-- > 0;)
        bits = bits << 8 | (uint8_t)v.ptr[i];
    return bits;
}

static int64_t as_i64(struct slice v)
{
    uint64_t bits = little_endian(v);

    return v.len == 4 ? (int64_t)(int32_t)(uint32_t)bits : (int64_t)bits;
}

static double as_double(struct slice v)
{
    uint64_t bits = little_endian(v);
    uint32_t half = (uint32_t)bits;
    double d;
    float f;

    if (v.len == 4) {
        memcpy(&f, &half, sizeof f);
        return (double)f;
    }
    memcpy(&d, &bits, sizeof d);
    return d;
}

static __int128 as_i128(struct slice v)
{
    unsigned __int128 bits = (int8_t)v.ptr[0] < 0 ? ~(unsigned __int128)0 : 0;

    for (size_t i = 0; i < v.len; i++)
        bits = bits << 8 | (uint8_t)v.ptr[i];
    return (__int128)bits;
}

void single_value_build(struct column_builder *c, struct slice v)
{
    assert(single_value_fits(c->type, v));
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        builder_u8(c, v.ptr[0] != 0);
        break;
    case TYPE_INT8:
        builder_i8(c, (int8_t)as_i64(v));
        break;
    case TYPE_INT16:
        builder_i16(c, (int16_t)as_i64(v));
        break;
    case TYPE_INT32:
    case TYPE_DATE:
        builder_i32(c, (int32_t)as_i64(v));
        break;
    case TYPE_FLOAT:
        builder_f32(c, (float)as_double(v));
        break;
    case TYPE_DOUBLE:
        builder_f64(c, as_double(v));
        break;
    case TYPE_DECIMAL:
        builder_i128(c, as_i128(v));
        break;
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        builder_copied(c, v.ptr, v.len);
        break;
    default:
        builder_i64(c, as_i64(v));
        break;
    }
}

/* --- order --- */

static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return !!isnan(a) - !!isnan(b);
    if (a != b)
        return a < b ? -1 : 1;
    return !!signbit(b) - !!signbit(a);
}

int single_value_compare(const struct type *t, struct slice a, struct slice b)
{
    switch (t->kind) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return compare_doubles(as_double(a), as_double(b));
    case TYPE_DECIMAL: {
        __int128 x = as_i128(a), y = as_i128(b);

        return (x > y) - (x < y);
    }
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        return slice_compare(a, b);
    case TYPE_BOOLEAN:
        return (a.ptr[0] != 0) - (b.ptr[0] != 0);
    default: {
        int64_t x = as_i64(a), y = as_i64(b);

        return (x > y) - (x < y);
    }
    }
}

bool single_value_is_nan(const struct type *t, struct slice v)
{
    return (t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE) && isnan(as_double(v));
}

/* --- text --- */

#define DIGITS_MAX 17 /* of a double that is read back as itself */

/* Java's Double.toString: the shortest digits that are read back as v, plain between 1e-3 and 1e7, else with
 * E. */
static void print_double(double v, bool single, struct bytes *out)
{
    char digits[DIGITS_MAX + 16], *mark;
    int precision = 1, exponent, count;

    if (isnan(v) || isinf(v)) {
        bytes_text(out, isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
        return;
    }
    for (; precision <= DIGITS_MAX; precision++) {
        snprintf(digits, sizeof digits, "%.*e", precision - 1, fabs(v));
        if (single ? strtof(digits, NULL) == (float)fabs(v) : strtod(digits, NULL) == fabs(v))
            break;
    }
    mark = strchr(digits, 'e');
    exponent = atoi(mark + 1);
    *mark = '\0';
    if (precision > 1)
        memmove(digits + 1, digits + 2, strlen(digits + 2) + 1); /* the point */
    count = (int)strlen(digits);
    bytes_text(out, signbit(v) ? "-" : "");
    if (v == 0) {
        bytes_text(out, "0.0");
    } else if (exponent < -3 || exponent >= 7) {
        bytes_printf(out, "%c.%sE%d", digits[0], count > 1 ? digits + 1 : "0", exponent);
    } else if (exponent < 0) {
        bytes_printf(out, "0.%.*s%s", -exponent - 1, "000", digits);
    } else {
        int whole = MIN(count, exponent + 1);

        bytes_printf(out, "%.*s%.*s.%s", whole, digits, exponent + 1 - whole, "0000000",
                     count > whole ? digits + whole : "0");
    }
}

/* Java's BigDecimal.toString for scales that SQL has: plain unless the number is tiny. */
static void print_decimal(__int128 v, int32_t scale, struct bytes *out)
{
    unsigned __int128 left = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    char digits[48];
    int at = (int)sizeof digits, count;

    digits[--at] = '\0';
    do
        digits[--at] = (char)('0' + (int)(left % 10));
    while ((left /= 10) != 0);
    count = (int)sizeof digits - 1 - at;
    bytes_text(out, v < 0 ? "-" : "");
    if (scale > 0 && count - 1 - scale < -6) {
        bytes_printf(out, "%c%s%sE%d", digits[at], count > 1 ? "." : "", digits + at + 1, count - 1 - scale);
        return;
    }
    while (count <= scale) {
        digits[--at] = '0';
        count++;
    }
    bytes_printf(out, "%.*s%s%s", count - scale, digits + at, scale ? "." : "", digits + at + count - scale);
}

/* `.5` of half a second; nothing of 0. */
static void print_fraction(int64_t nanos, struct bytes *out)
{
    int digits = 9;

    if (nanos == 0)
        return;
    for (; nanos % 10 == 0; nanos /= 10)
        digits--;
    bytes_printf(out, ".%0*" PRId64, digits, nanos);
}

static void print_instant(const struct type *t, int64_t v, struct bytes *out)
{
    int64_t per_second = t->precision > 6 ? 1000 * MICROS_PER_SECOND : MICROS_PER_SECOND;
    int64_t rest = v % (86400 * per_second), seconds;
    int64_t days = v / (86400 * per_second) - (rest < 0);
    char date[CALENDAR_TEXT_MAX];

    rest += rest < 0 ? 86400 * per_second : 0;
    seconds = rest / per_second;
    calendar_format_date((int32_t)days, date);
    bytes_printf(out, "%sT%02d:%02d:%02d", date, (int)(seconds / 3600), (int)(seconds / 60 % 60),
                 (int)(seconds % 60));
    print_fraction(rest % per_second * (t->precision > 6 ? 1 : 1000), out);
    bytes_text(out, t->kind == TYPE_TIMESTAMP_LTZ ? "+00:00" : "");
}

/* Java's LocalTime.toString: no seconds when they are 0; milliseconds or microseconds. */
static void print_time(int64_t micros, struct bytes *out)
{
    int64_t seconds = micros / MICROS_PER_SECOND, part = micros % MICROS_PER_SECOND;

    bytes_printf(out, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    if (seconds % 60 || part)
        bytes_printf(out, ":%02d", (int)(seconds % 60));
    if (part && part % 1000 == 0)
        bytes_printf(out, ".%03d", (int)(part / 1000));
    else if (part)
        bytes_printf(out, ".%06d", (int)part);
}

static void print_base64(struct slice v, struct bytes *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < v.len; i += 3) {
        size_t have = MIN(v.len - i, (size_t)3);
        uint32_t bits = (uint32_t)(uint8_t)v.ptr[i] << 16;

        if (have > 1)
            bits |= (uint32_t)(uint8_t)v.ptr[i + 1] << 8;
        if (have > 2)
            bits |= (uint8_t)v.ptr[i + 2];
        bytes_printf(out, "%c%c%c%c", letters[bits >> 18], letters[bits >> 12 & 63],
                     have > 1 ? letters[bits >> 6 & 63] : '=', have > 2 ? letters[bits & 63] : '=');
    }
}

static void print_uuid(struct slice v, struct bytes *out)
{
    for (size_t i = 0; i < v.len; i++)
        bytes_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (uint8_t)v.ptr[i]);
}

void single_value_print(const struct type *t, struct slice v, struct bytes *out)
{
    char date[CALENDAR_TEXT_MAX];

    switch (t->kind) {
    case TYPE_BOOLEAN:
        bytes_text(out, v.ptr[0] ? "true" : "false");
        break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        print_double(as_double(v), t->kind == TYPE_FLOAT, out);
        break;
    case TYPE_DECIMAL:
        print_decimal(as_i128(v), t->scale, out);
        break;
    case TYPE_DATE:
        calendar_format_date((int32_t)as_i64(v), date);
        bytes_text(out, date);
        break;
    case TYPE_TIME:
        print_time(as_i64(v), out);
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        print_instant(t, as_i64(v), out);
        break;
    case TYPE_STRING:
        bytes_slice(out, v);
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
        print_base64(v, out);
        break;
    case TYPE_UUID:
        print_uuid(v, out);
        break;
    default:
        bytes_printf(out, "%" PRId64, as_i64(v));
        break;
    }
}
