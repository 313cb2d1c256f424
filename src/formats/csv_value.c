/* csv_value.c: see csv.h. Numbers are what Java's parse methods take: blanks around them, a plus, zeros in
 * front, no digit before or behind the point.
 */
#include "formats/csv.h"
#include "base/base64.h"
#include "formats/json_number.h"
#include "formats/json_time.h"
#include "formats/short_view.h"
#include "formats/utf8.h"
#include "formats/uuid.h"
#include <math.h>
#include <strings.h>

#define NUMBER_MAX 400 /* bytes of a number in a form that JSON has not */

/* The text is not what the column wants: its beginning is shown. */
static __attribute__((cold, noinline)) bool fail_text(struct failure *f, struct slice text, const char *why)
{
    return FAIL(f, "%s: %.*s%s", why, (int)MIN(text.len, 40), text.ptr ? text.ptr : "",
                text.len > 40 ? "..." : "");
}

/* --- numbers --- */

static bool scan_whole(struct slice text, struct json_number *out)
{
    const char *at = text.ptr;

    return text.len && json_scan_number(&at, text.ptr + text.len, out) == NULL && at == text.ptr + text.len;
}

/* text without its plus and its zeros in front, and with a digit on both sides of its point, in room; false
 * when that makes no sense. */
static bool tidy_number(struct slice text, char room[NUMBER_MAX], struct slice *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    size_t at = 0;

    if (text.len + 3 > NUMBER_MAX || text.len == 0)
        return false;
    if (*p == '-')
        room[at++] = '-';
    p += *p == '-' || *p == '+';
    while (end - p > 1 && *p == '0' && p[1] >= '0' && p[1] <= '9')
        p++;
    if (p < end && *p == '.') {
        if (end - p < 2 || p[1] < '0' || p[1] > '9')
            return false;
        room[at++] = '0';
    }
    for (; p < end; p++) {
        room[at++] = *p;
        if (*p == '.' && (end - p == 1 || p[1] < '0' || p[1] > '9'))
            room[at++] = '0';
    }
    *out = slice_of(room, at);
    return true;
}

/* room must live as long as *out. */
static bool read_number(struct slice text, char room[NUMBER_MAX], struct json_number *out, struct failure *f)
{
    struct slice tidy;

    text = slice_trim(text);
    if (LIKELY(scan_whole(text, out)) || (tidy_number(text, room, &tidy) && scan_whole(tidy, out)))
        return true;
    return fail_text(f, text, "the text is no number");
}

static bool append_integer(struct column_builder *to, struct slice text, struct failure *f)
{
    static const int64_t least[] = {[1] = INT8_MIN, [2] = INT16_MIN, [4] = INT32_MIN, [8] = INT64_MIN};
    size_t width = type_width(to->type);
    char room[NUMBER_MAX];
    struct json_number n;
    const char *why;
    int64_t v;

    if (!read_number(text, room, &n, f))
        return false;
    if ((why = json_number_integer(&n, least[width], -(least[width] + 1), &v)) != NULL)
        return fail_text(f, text, why);
    switch (width) {
    case 1:
        builder_i8(to, (int8_t)v);
        break;
    case 2:
        builder_i16(to, (int16_t)v);
        break;
    case 4:
        builder_i32(to, (int32_t)v);
        break;
    default:
        builder_i64(to, v);
        break;
    }
    return true;
}

static bool special_real(struct slice text, double *out)
{
    bool negative;

    text = slice_trim(text);
    negative = slice_starts(text, SLICE("-"));
    if (text.len && (negative || *text.ptr == '+'))
        text = slice_from(text, 1);
    if (slice_is(text, "NaN"))
        *out = NAN;
    else if (slice_is(text, "Infinity"))
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

static bool append_real(struct column_builder *to, struct slice text, struct failure *f)
{
    bool single = to->type->kind == TYPE_FLOAT;
    char room[NUMBER_MAX];
    struct json_number n;
    const char *why = NULL;
    double d;
    float v = 0;

    if (UNLIKELY(special_real(text, &d))) {
        v = (float)d;
    } else {
        if (!read_number(text, room, &n, f))
            return false;
        why = single ? json_number_float(&n, &v) : json_number_double(&n, &d);
    }
    if (why)
        return fail_text(f, text, why);
    if (single)
        builder_f32(to, v);
    else
        builder_f64(to, d);
    return true;
}

static bool append_decimal(struct column_builder *to, struct slice text, struct failure *f)
{
    char room[NUMBER_MAX];
    struct json_number n;
    const char *why;
    __int128 v;

    if (!read_number(text, room, &n, f))
        return false;
    if ((why = json_number_decimal(&n, to->type->precision, to->type->scale, &v)) != NULL)
        return fail_text(f, text, why);
    builder_i128(to, v);
    return true;
}

static bool append_boolean(struct column_builder *to, struct slice text, struct failure *f)
{
    text = slice_trim(text);
    if (text.len == 4 && strncasecmp(text.ptr, "true", 4) == 0)
        builder_u8(to, 1);
    else if (text.len == 5 && strncasecmp(text.ptr, "false", 5) == 0)
        builder_u8(to, 0);
    else
        return fail_text(f, text, "the text is neither true nor false");
    return true;
}

/* --- times --- */

static bool append_time(struct column_builder *to, struct slice text, struct failure *f)
{
    int32_t days = 0;
    int64_t v = 0;
    const char *why;

    text = slice_trim(text);
    if (to->type->kind == TYPE_DATE)
        why = json_time_date(text, &days);
    else if (to->type->kind == TYPE_TIME)
        why = json_time_time(text, to->type->precision, &v);
    else
        why = json_time_timestamp(text, to->type, JSON_TIME_SQL, &v);
    if (why)
        return fail_text(f, text, why);
    if (to->type->kind == TYPE_DATE)
        builder_i32(to, days);
    else
        builder_i64(to, v);
    return true;
}

/* --- texts and bytes --- */

static bool append_text(struct column_builder *to, const struct csv_text *t, struct failure *f)
{
    if (!utf8_valid(t->text.ptr, t->text.len))
        return FAIL(f, "the text is not UTF-8");
    if (LIKELY(t->borrowed))
        builder_view(to, short_view_of(t->text.ptr, t->text.len, t->end));
    else
        builder_copied(to, t->text.ptr, t->text.len);
    return true;
}

static bool append_bytes(struct column_builder *to, struct slice text, struct bytes *scratch,
                         struct failure *f)
{
    size_t size = to->type->kind == TYPE_FIXED ? (size_t)to->type->length : 0;

    bytes_clear(scratch);
    if (!base64_decode(text, scratch))
        return fail_text(f, text, "the text is not base64");
    if (scratch->failed)
        to->owner->failed = true;
    if (size && scratch->len != size)
        return FAIL(f, "the text stands for %zu bytes, not %zu", scratch->len, size);
    builder_copied(to, scratch->len ? scratch->ptr : "", scratch->len);
    return true;
}

static bool append_uuid(struct column_builder *to, struct slice text, struct failure *f)
{
    char raw[16];

    if (!uuid_parse(slice_trim(text), raw))
        return fail_text(f, text, "the text is not a UUID");
    builder_copied(to, raw, sizeof raw);
    return true;
}

bool csv_value(struct column_builder *to, const struct csv_text *t, struct bytes *scratch, struct failure *f)
{
    switch (to->type->kind) {
    case TYPE_STRING:
        return append_text(to, t, f);
    case TYPE_BOOLEAN:
        return append_boolean(to, t->text, f);
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_INT64:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return append_integer(to, t->text, f);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return append_real(to, t->text, f);
    case TYPE_DECIMAL:
        return append_decimal(to, t->text, f);
    case TYPE_BINARY:
    case TYPE_FIXED:
        return append_bytes(to, t->text, scratch, f);
    case TYPE_UUID:
        return append_uuid(to, t->text, f);
    default:
        return append_time(to, t->text, f);
    }
}
