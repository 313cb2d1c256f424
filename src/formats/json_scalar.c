/* json_scalar.c: a value of JSON as a number, boolean, decimal, date, time, UUID or bytes. Numbers and
 * booleans may stand in a text, as some producers write them.
 */
#include "base/base64.h"
#include "formats/json_number.h"
#include "formats/json_words.h"
#include "formats/uuid.h"
#include <math.h>
#include <strings.h>

/* The value is not what the column wants: its beginning is shown. */
static __attribute__((cold, noinline)) bool fail_value(struct json_reader *r, struct slice value,
                                                       const char *why)
{
    return fail(r, "%s: %.*s%s", why, (int)MIN(value.len, 40), value.ptr, value.len > 40 ? "..." : "");
}

bool json_fail_kind(struct json_reader *r, const struct type *t)
{
    struct bytes type = {0};
    char c = *r->at;
    const char *found = c == '"'               ? "a text"
                        : c == '{'             ? "an object"
                        : c == '['             ? "an array"
                        : c == 't' || c == 'f' ? "a boolean"
                                               : "a number";

    type_print(t, &type);
    failure_set(&r->failure, "%s does not fit " SLICE_FMT, found, (int)MIN(type.len, 60),
                type.ptr ? type.ptr : "its type");
    bytes_fini(&type);
    return false;
}

static bool read_number(struct json_reader *r, struct json_number *out)
{
    const char *why = json_scan_number(&r->at, r->end, out);

    return why == NULL || fail_scan(r, why);
}

/* A number, or a text that holds one. */
static bool read_number_or_text(struct json_reader *r, const struct type *t, struct json_number *out)
{
    struct slice text;
    const char *at, *why;
    bool borrowed;

    if (*r->at == '-' || (uint8_t)(*r->at - '0') < 10)
        return read_number(r, out);
    if (*r->at != '"')
        return json_fail_kind(r, t);
    r->at++;
    if (!read_text(r, &text, &borrowed))
        return false;
    text = slice_trim(text);
    at = text.ptr;
    if (text.len == 0)
        return fail_value(r, text, "the text is no number");
    why = json_scan_number(&at, text.ptr + text.len, out);
    return why == NULL && at == text.ptr + text.len ? true : fail_value(r, text, "the text is no number");
}

static bool read_integer(struct json_reader *r, const struct type *t, int64_t min, int64_t max, int64_t *out)
{
    struct json_number n;
    const char *why;

    if (!read_number_or_text(r, t, &n))
        return false;
    if (LIKELY(n.exponent == 0 && n.digits <= INT32_MAX && max >= INT32_MAX)) {
        *out = n.negative ? -(int64_t)n.digits : (int64_t)n.digits;
        return true;
    }
    why = json_number_integer(&n, min, max, out);
    return why == NULL || fail_value(r, n.text, why);
}

static bool append_integer(struct json_reader *r, struct column_builder *to)
{
    const struct type *t = to->type;
    int64_t v;

    switch (t->kind) {
    case TYPE_INT8:
        if (!read_integer(r, t, INT8_MIN, INT8_MAX, &v))
            return false;
        builder_i8(to, (int8_t)v);
        return true;
    case TYPE_INT16:
        if (!read_integer(r, t, INT16_MIN, INT16_MAX, &v))
            return false;
        builder_i16(to, (int16_t)v);
        return true;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        if (!read_integer(r, t, INT32_MIN, INT32_MAX, &v))
            return false;
        builder_i32(to, (int32_t)v);
        return true;
    default:
        if (!read_integer(r, t, INT64_MIN, INT64_MAX, &v))
            return false;
        builder_i64(to, v);
        return true;
    }
}

/* A text that is no finite number: such are written as texts, since JSON has no others. */
static bool special_real(struct json_reader *r, double *out)
{
    static const struct {
        struct slice text;
        double value;
    } specials[] = {
        {{"\"NaN\"", 5}, NAN}, {{"\"Infinity\"", 10}, INFINITY}, {{"\"-Infinity\"", 11}, -INFINITY}};
    struct slice left = {r->at, (size_t)(r->end - r->at)};

    for (size_t i = 0; i < COUNT_OF(specials); i++)
        if (slice_starts(left, specials[i].text)) {
            *out = specials[i].value;
            r->at += specials[i].text.len;
            return true;
        }
    return false;
}

static bool append_real(struct json_reader *r, struct column_builder *to)
{
    struct json_number n;
    const char *why;
    double d;
    float f;

    if (UNLIKELY(*r->at == '"') && special_real(r, &d)) {
        if (to->type->kind == TYPE_FLOAT)
            builder_f32(to, (float)d);
        else
            builder_f64(to, d);
        return true;
    }
    if (!read_number_or_text(r, to->type, &n))
        return false;
    if (to->type->kind == TYPE_FLOAT) {
        if ((why = json_number_float(&n, &f)) == NULL)
            builder_f32(to, f);
    } else {
        if ((why = json_number_double(&n, &d)) == NULL)
            builder_f64(to, d);
    }
    return why == NULL || fail_value(r, n.text, why);
}

static bool append_decimal(struct json_reader *r, struct column_builder *to)
{
    struct json_number n;
    const char *why;
    __int128 v;

    if (!read_number_or_text(r, to->type, &n))
        return false;
    if ((why = json_number_decimal(&n, to->type->precision, to->type->scale, &v)) != NULL)
        return fail_value(r, n.text, why);
    builder_i128(to, v);
    return true;
}

static bool append_boolean(struct json_reader *r, struct column_builder *to)
{
    struct slice text;
    bool borrowed, value = *r->at == 't';

    if (*r->at == 't' || *r->at == 'f') {
        if (!read_word(r, value ? SLICE("true") : SLICE("false")))
            return false;
    } else if (*r->at == '"') {
        r->at++;
        if (!read_text(r, &text, &borrowed))
            return false;
        text = slice_trim(text);
        value = text.len == 4 && strncasecmp(text.ptr, "true", 4) == 0;
        if (!value && !(text.len == 5 && strncasecmp(text.ptr, "false", 5) == 0))
            return fail_value(r, text, "the text is neither true nor false");
    } else {
        return json_fail_kind(r, to->type);
    }
    builder_u8(to, value);
    return true;
}

static bool append_base64(struct json_reader *r, struct column_builder *to, struct slice text)
{
    struct bytes raw = {0};
    bool fine = base64_decode(text, &raw);

    if (!fine)
        fail_value(r, text, "the text is not base64");
    else if (raw.failed)
        r->builder->failed = true;
    else if (to->type->kind == TYPE_FIXED && raw.len != (size_t)to->type->length)
        fine = fail(r, "the text stands for %zu bytes, not %" PRId32, raw.len, to->type->length);
    else
        builder_copied(to, raw.len ? raw.ptr : "", raw.len);
    bytes_fini(&raw);
    return fine;
}

static bool append_uuid(struct json_reader *r, struct column_builder *to, struct slice text)
{
    char raw[16];

    if (!uuid_parse(text, raw))
        return fail_value(r, text, "the text is not a UUID");
    builder_copied(to, raw, sizeof raw);
    return true;
}

static bool append_time(struct json_reader *r, struct column_builder *to, struct slice text)
{
    const char *why;
    int64_t v = 0;
    int32_t days = 0;

    switch (to->type->kind) {
    case TYPE_DATE:
        why = json_time_date(text, &days);
        break;
    case TYPE_TIME:
        why = json_time_time(text, to->type->precision, &v);
        break;
    default:
        why = json_time_timestamp(text, to->type, r->standard, &v);
        break;
    }
    if (why)
        return fail_value(r, text, why);
    if (to->type->kind == TYPE_DATE)
        builder_i32(to, days);
    else
        builder_i64(to, v);
    return true;
}

/* What is a text in JSON, but not in the column. */
static bool append_from_text(struct json_reader *r, struct column_builder *to)
{
    struct slice text;
    bool borrowed;

    if (*r->at != '"')
        return json_fail_kind(r, to->type);
    r->at++;
    if (!read_text(r, &text, &borrowed))
        return false;
    switch (to->type->kind) {
    case TYPE_BINARY:
    case TYPE_FIXED:
        return append_base64(r, to, text);
    case TYPE_UUID:
        return append_uuid(r, to, text);
    default:
        return append_time(r, to, text);
    }
}

bool json_scalar(struct json_reader *r, struct column_builder *to)
{
    switch (to->type->kind) {
    case TYPE_BOOLEAN:
        return append_boolean(r, to);
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_INT64:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return append_integer(r, to);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return append_real(r, to);
    case TYPE_DECIMAL:
        return append_decimal(r, to);
    default:
        return append_from_text(r, to);
    }
}
