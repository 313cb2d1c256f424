/* row_text.c: see row_text.h. */
#include "connectors/row_text.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/number_text.h"
#include <stdio.h>

/* --- numbers ------------------------------------------------------------------------------------------ */

void row_text_double(double v, struct bytes *out)
{
    char *to = bytes_reserve(out, NUMBER_TEXT_MAX);

    if (to)
        out->len += number_format_double(v, to);
}

void row_text_float(float v, struct bytes *out)
{
    char *to = bytes_reserve(out, NUMBER_TEXT_MAX);

    if (to)
        out->len += number_format_float(v, to);
}

/* Always with the scale's digits, as a BigDecimal of a column has them. */
static void write_decimal(__int128 v, int32_t scale, struct bytes *out)
{
    char *to = bytes_reserve(out, DECIMAL_TEXT_MAX);

    if (to)
        out->len += decimal_format(v, scale, to);
}

/* --- times -------------------------------------------------------------------------------------------- */

/* hh:mm[:ss[.fraction]], in groups of three digits, as java.time leaves out what is nothing. */
static void write_clock(int64_t second_of_day, int64_t nanos, bool always_seconds, struct bytes *out)
{
    bytes_printf(out, "%02d:%02d", (int)(second_of_day / 3600), (int)(second_of_day / 60 % 60));
    if (!always_seconds && second_of_day % 60 == 0 && nanos == 0)
        return;
    bytes_printf(out, ":%02d", (int)(second_of_day % 60));
    if (nanos == 0)
        return;
    if (nanos % 1000000 == 0)
        bytes_printf(out, ".%03d", (int)(nanos / 1000000));
    else if (nanos % 1000 == 0)
        bytes_printf(out, ".%06d", (int)(nanos / 1000));
    else
        bytes_printf(out, ".%09d", (int)nanos);
}

static void write_date(int32_t days, struct bytes *out)
{
    struct civil date = calendar_civil(days);

    bytes_printf(out, "%04" PRId32 "-%02" PRId32 "-%02" PRId32, date.year, date.month, date.day);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void write_timestamp(const struct type *type, int64_t v, struct bytes *out)
{
    int64_t per_second = type->precision > 6 ? INT64_C(1000000000) : MICROS_PER_SECOND;
    int64_t seconds = floor_div(v, per_second), days = floor_div(seconds, 86400);
    int64_t nanos = (v - seconds * per_second) * (1000000000 / per_second);
    bool zoned = type->kind == TYPE_TIMESTAMP_LTZ;

    write_date((int32_t)days, out);
    bytes_u8(out, 'T');
    write_clock(seconds - days * 86400, nanos, zoned, out);
    if (zoned)
        bytes_u8(out, 'Z');
}

/* java.time.Period of months; java.time.Duration of milliseconds. */
static void write_months(int32_t months, struct bytes *out)
{
    bytes_u8(out, 'P');
    if (months == 0)
        bytes_text(out, "0D");
    if (months / 12)
        bytes_printf(out, "%" PRId32 "Y", months / 12);
    if (months % 12)
        bytes_printf(out, "%" PRId32 "M", months % 12);
}

static void write_duration(int64_t ms, struct bytes *out)
{
    int64_t seconds = ms / 1000, rest = ms % 1000;

    bytes_text(out, "PT");
    if (ms == 0)
        bytes_text(out, "0S");
    if (seconds / 3600)
        bytes_printf(out, "%" PRId64 "H", seconds / 3600);
    if (seconds / 60 % 60)
        bytes_printf(out, "%" PRId64 "M", seconds / 60 % 60);
    if (seconds % 60 == 0 && rest == 0)
        return;
    bytes_printf(out, "%s%" PRId64, ms < 0 && seconds % 60 == 0 ? "-" : "", seconds % 60);
    if (rest) {
        char digits[8];

        snprintf(digits, sizeof digits, "%03d", (int)(rest < 0 ? -rest : rest));
        for (size_t n = 3; n && digits[n - 1] == '0'; n--)
            digits[n - 1] = '\0';
        bytes_printf(out, ".%s", digits);
    }
    bytes_u8(out, 'S');
}

/* --- values ------------------------------------------------------------------------------------------- */

static void write_value(const struct column *c, int32_t row, struct bytes *out);

static void write_binary(struct slice s, struct bytes *out)
{
    bytes_u8(out, '[');
    for (size_t i = 0; i < s.len; i++)
        bytes_printf(out, "%s%d", i ? ", " : "", (int)(signed char)s.ptr[i]);
    bytes_u8(out, ']');
}

static void write_list(const struct column *c, int32_t row, struct bytes *out)
{
    bytes_u8(out, '[');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (i > c->offsets[row])
            bytes_text(out, ", ");
        write_value(&c->children[0], i, out);
    }
    bytes_u8(out, ']');
}

static void write_map(const struct column *c, int32_t row, struct bytes *out)
{
    bytes_u8(out, '{');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (i > c->offsets[row])
            bytes_text(out, ", ");
        write_value(&c->children[0], i, out);
        bytes_u8(out, '=');
        write_value(&c->children[1], i, out);
    }
    bytes_u8(out, '}');
}

static void write_row(const char *kind, const struct column *columns, int32_t count, int32_t row,
                      struct bytes *out)
{
    bytes_printf(out, "%s[", kind);
    for (int32_t i = 0; i < count; i++) {
        if (i)
            bytes_text(out, ", ");
        write_value(&columns[i], row, out);
    }
    bytes_u8(out, ']');
}

static void write_number(const struct column *c, int32_t row, struct bytes *out)
{
    switch (c->type->kind) {
    case TYPE_INT8:
        bytes_printf(out, "%d", c->i8[row]);
        break;
    case TYPE_INT16:
        bytes_printf(out, "%d", c->i16[row]);
        break;
    case TYPE_INT32:
        bytes_printf(out, "%" PRId32, c->i32[row]);
        break;
    case TYPE_INT64:
        bytes_printf(out, "%" PRId64, c->i64[row]);
        break;
    case TYPE_FLOAT:
        row_text_float(c->f32[row], out);
        break;
    case TYPE_DOUBLE:
        row_text_double(c->f64[row], out);
        break;
    default:
        assert(c->type->kind == TYPE_DECIMAL);
        write_decimal(c->i128[row], c->type->scale, out);
        break;
    }
}

static void write_present(const struct column *c, int32_t row, struct bytes *out)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        bytes_text(out, c->u8[row] ? "true" : "false");
        break;
    case TYPE_DATE:
        write_date(c->i32[row], out);
        break;
    case TYPE_TIME:
        write_clock(c->i64[row] / MICROS_PER_SECOND, c->i64[row] % MICROS_PER_SECOND * 1000, false, out);
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        write_timestamp(c->type, c->i64[row], out);
        break;
    case TYPE_INTERVAL_MONTHS:
        write_months(c->i32[row], out);
        break;
    case TYPE_INTERVAL_MILLIS:
        write_duration(c->i64[row], out);
        break;
    case TYPE_STRING:
        bytes_slice(out, column_slice(c, row));
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        write_binary(column_slice(c, row), out);
        break;
    case TYPE_LIST:
        write_list(c, row, out);
        break;
    case TYPE_MAP:
        write_map(c, row, out);
        break;
    case TYPE_STRUCT:
        write_row("+I", c->children, c->type->field_count, row, out);
        break;
    default:
        write_number(c, row, out);
        break;
    }
}

static void write_value(const struct column *c, int32_t row, struct bytes *out)
{
    if (column_valid(c, row))
        write_present(c, row, out);
    else
        bytes_text(out, "null");
}

void row_text(const struct batch *b, int32_t row, struct bytes *out)
{
    static const char *const kinds[] = {"+I", "-U", "+U", "-D"};

    write_row(kinds[b->row_kinds ? b->row_kinds[row] : ROW_INSERT], b->columns, b->schema->field_count, row,
              out);
}
