/* cast_print.c: any value as text, as CAST(... AS STRING) writes it. */
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/number_text.h"
#include "expr/cast_internal.h"
#include "expr/expr_types.h"
#include <stdio.h>
#include <stdlib.h>

#define SCALAR_TEXT_MAX 80

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static size_t two(char *out, int64_t v)
{
    out[0] = (char)('0' + v / 10 % 10);
    out[1] = (char)('0' + v % 10);
    return 2;
}

static size_t clock_text(int64_t second_of_day, char *out)
{
    two(out, second_of_day / 3600);
    out[2] = ':';
    two(out + 3, second_of_day / 60 % 60);
    out[5] = ':';
    two(out + 6, second_of_day % 60);
    return 8;
}

/* `digits` digits of a fraction that counts 10^-unit_digits, behind a point. */
static size_t fraction_text(int64_t fraction, int32_t unit_digits, int32_t digits, char *out)
{
    if (digits <= 0)
        return 0;
    out[0] = '.';
    for (int32_t i = unit_digits; i > 0; i--) {
        if (i <= digits)
            out[i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    for (int32_t i = unit_digits + 1; i <= digits; i++)
        out[i] = '0';
    return (size_t)digits + 1;
}

static size_t instant_text(int64_t v, const struct type *t, const struct zone *zone, char *out)
{
    int64_t per_second = expr_type_is_nanos(t) ? 1000000000 : MICROS_PER_SECOND;
    int64_t second = floor_div(v, per_second), day;
    size_t n;

    v -= second * per_second;
    if (t->kind == TYPE_TIMESTAMP_LTZ && zone)
        second += zone_offset_s(zone, second * MICROS_PER_SECOND);
    day = floor_div(second, 86400);
    n = calendar_format_date((int32_t)day, out);
    out[n++] = ' ';
    n += clock_text(second - day * 86400, out + n);
    return n + fraction_text(v, expr_type_is_nanos(t) ? 9 : 6, t->precision, out + n);
}

/* Zeros at the end of a time's fraction are left out, but for the first digit. */
static size_t time_text(int64_t us, const struct type *t, char *out)
{
    size_t n = clock_text(us / MICROS_PER_SECOND, out), end;

    end = n + fraction_text(us % MICROS_PER_SECOND, 6, MIN(t->precision, 6), out + n);
    while (end > n + 2 && out[end - 1] == '0')
        end--;
    return end;
}

static size_t months_text(int32_t v, char *out)
{
    int64_t months = llabs((int64_t)v);

    return (size_t)sprintf(out, "%c%" PRId64 "-%02" PRId64, v < 0 ? '-' : '+', months / 12, months % 12);
}

static size_t millis_text(int64_t v, char *out)
{
    uint64_t ms = v < 0 ? -(uint64_t)v : (uint64_t)v;

    return (size_t)sprintf(out, "%c%" PRIu64 " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64,
                           v < 0 ? '-' : '+', ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60,
                           ms / 1000 % 60, ms % 1000);
}

static size_t boolean_text(bool v, char *out)
{
    memcpy(out, v ? "TRUE" : "FALSE", v ? 4 : 5);
    return v ? 4 : 5;
}

/* The text of a value that is neither text nor nested. */
static size_t scalar_text(const struct column *c, int32_t row, const struct zone *zone, char *out)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        return boolean_text(c->u8[row], out);
    case TYPE_INT8:
        return number_format_int(c->i8[row], out);
    case TYPE_INT16:
        return number_format_int(c->i16[row], out);
    case TYPE_INT32:
        return number_format_int(c->i32[row], out);
    case TYPE_INT64:
        return number_format_int(c->i64[row], out);
    case TYPE_FLOAT:
        return number_format_float(c->f32[row], out);
    case TYPE_DOUBLE:
        return number_format_double(c->f64[row], out);
    case TYPE_DECIMAL:
        return decimal_format(c->i128[row], c->type->scale, out);
    case TYPE_DATE:
        return calendar_format_date(c->i32[row], out);
    case TYPE_TIME:
        return time_text(c->i64[row], c->type, out);
    case TYPE_INTERVAL_MONTHS:
        return months_text(c->i32[row], out);
    case TYPE_INTERVAL_MILLIS:
        return millis_text(c->i64[row], out);
    default:
        assert(expr_type_is_instant(c->type));
        return instant_text(c->i64[row], c->type, zone, out);
    }
}

static void print_range(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    bool map = c->type->kind == TYPE_MAP;

    bytes_text(out, map ? "{" : "[");
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        bytes_text(out, i > c->offsets[row] ? ", " : "");
        cast_print(&c->children[0], i, zone, out);
        if (map) {
            bytes_text(out, "=");
            cast_print(&c->children[1], i, zone, out);
        }
    }
    bytes_text(out, map ? "}" : "]");
}

static void print_uuid(struct slice v, struct bytes *out)
{
    for (size_t i = 0; i < v.len; i++)
        bytes_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (uint8_t)v.ptr[i]);
}

void cast_print(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    char *room;

    if (!column_valid(c, row)) {
        bytes_text(out, "NULL");
    } else if (c->type->kind == TYPE_UUID) {
        print_uuid(column_slice(c, row), out);
    } else if (type_is_view(c->type)) {
        bytes_slice(out, column_slice(c, row));
    } else if (c->type->kind == TYPE_STRUCT) {
        bytes_text(out, "(");
        for (int32_t i = 0; i < c->type->field_count; i++) {
            bytes_text(out, i ? ", " : "");
            cast_print(&c->children[i], row, zone, out);
        }
        bytes_text(out, ")");
    } else if (type_is_nested(c->type)) {
        print_range(c, row, zone, out);
    } else if ((room = bytes_reserve(out, SCALAR_TEXT_MAX)) != NULL) {
        out->len += scalar_text(c, row, zone, room);
    }
}

static enum err nested_to_text(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    struct bytes text = {0};
    enum err rc = OK;

    for (int32_t i = 0; i < from->row_count && rc == OK; i++) {
        if (!column_valid(to, i))
            continue;
        bytes_clear(&text);
        cast_print(from, i, k->zone, &text);
        rc = text.failed ? error_memory(e, text.len, "a text")
                         : cast_put(k, to, i, bytes_all(&text), false, e);
    }
    bytes_fini(&text);
    return rc;
}

enum err cast_to_text(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    char text[SCALAR_TEXT_MAX];
    enum err rc;

    if (type_is_nested(from->type) || from->type->kind == TYPE_UUID)
        return nested_to_text(k, from, to, e);
    for (int32_t i = 0; i < from->row_count; i++) {
        if (!column_valid(to, i))
            continue;
        if ((rc = cast_put(k, to, i, slice_of(text, scalar_text(from, i, k->zone, text)), false, e)) != OK)
            return rc;
    }
    return OK;
}
