/* partition_path.c: dates and hours readable, the rest as single_value_print has it, all of it escaped for a
 * URL's form. */
#include "iceberg/partition_path.h"
#include "base/calendar.h"
#include "iceberg/single_value.h"
#include <ctype.h>

/* As Java's URLEncoder: a blank becomes '+', what is not harmless %XX. */
static void escape(struct slice text, struct bytes *out)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];

        if (c < 0x80 && (isalnum(c) || (c && strchr(".-*_", c))))
            bytes_u8(out, c);
        else if (c == ' ')
            bytes_u8(out, '+');
        else
            bytes_printf(out, "%%%02X", c);
    }
}

static int32_t number_of(struct slice v)
{
    uint32_t bits = 0;

    for (size_t i = v.len; i-- > 0;)
        bits = bits << 8 | (uint8_t)v.ptr[i];
    return (int32_t)bits;
}

static int32_t floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

static void print_value(const struct partition_field *f, const struct type *result, struct slice v,
                        struct bytes *out)
{
    char date[CALENDAR_TEXT_MAX];
    int32_t n;

    switch (f->transform.kind) {
    case TRANSFORM_YEAR:
        bytes_printf(out, "%04" PRId64, (int64_t)1970 + number_of(v));
        break;
    case TRANSFORM_MONTH:
        n = number_of(v);
        bytes_printf(out, "%04" PRId32 "-%02" PRId32, 1970 + floor_div(n, 12), n - floor_div(n, 12) * 12 + 1);
        break;
    case TRANSFORM_HOUR:
        n = number_of(v);
        calendar_format_date(floor_div(n, 24), date);
        bytes_printf(out, "%s-%02" PRId32, date, n - floor_div(n, 24) * 24);
        break;
    default:
        single_value_print(result, v, out);
        break;
    }
}

void partition_path_append(const struct partition_field *f, const struct type *result,
                           const struct partition_value *v, bool first, struct bytes *out)
{
    struct bytes text = {0};

    bytes_text(out, first ? "" : "/");
    escape(slice_text(f->name), out);
    bytes_u8(out, '=');
    if (v->null)
        bytes_text(&text, "null");
    else
        print_value(f, result, v->value, &text);
    escape(bytes_all(&text), out);
    out->failed |= text.failed;
    bytes_fini(&text);
}
