/* cast_time.c: dates, times and timestamps cast among each other, and intervals from and to integers. A
 * TIMESTAMP_LTZ is an instant: the others are what the clock of the session's zone shows then.
 */
#include "base/calendar.h"
#include "expr/cast_internal.h"
#include "expr/expr_types.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t power10(int32_t digits)
{
    int64_t v = 1;

    while (digits-- > 0)
        v *= 10;
    return v;
}

/* Cut v, which counts 10^-digits seconds, down to precision digits. */
static int64_t cut(int64_t v, int32_t digits, int32_t precision)
{
    int64_t unit = power10(digits - MIN(precision, digits));

    return floor_div(v, unit) * unit;
}

static int32_t digits_of(const struct type *t)
{
    return expr_type_is_nanos(t) ? 9 : 6;
}

bool cast_rescale_instant(int64_t v, const struct type *from, const struct type *to, int64_t *out)
{
    if (expr_type_is_nanos(from) && !expr_type_is_nanos(to))
        v = floor_div(v, 1000);
    else if (!expr_type_is_nanos(from) && expr_type_is_nanos(to) && __builtin_mul_overflow(v, 1000, &v))
        return false;
    *out = cut(v, digits_of(to), to->precision);
    return true;
}

/* The local time of an instant or the other way round, with what is below a microsecond kept. */
static int64_t change_zone(const struct cast *k, int64_t v, const struct type *t, bool to_local)
{
    int64_t unit = expr_type_is_nanos(t) ? 1000 : 1, us = floor_div(v, unit), below = v - us * unit;

    return (to_local ? zone_local(k->zone, us) : zone_utc(k->zone, us)) * unit + below;
}

/* A timestamp of either sort as one of `to`. */
static bool convert(const struct cast *k, int64_t v, const struct type *from, const struct type *to,
                    int64_t *out)
{
    if (from->kind != to->kind)
        v = change_zone(k, v, from, to->kind == TYPE_TIMESTAMP);
    return cast_rescale_instant(v, from, to, out);
}

static enum err out_of_range(struct cast *k, struct column *to, int32_t row, struct error *e)
{
    return cast_bad(k, to, row, SLICE("a time far off"),
                    "with more than 6 digits behind the second only years 1678 to 2262 can be kept", e);
}

static enum err instant_to_instant(struct cast *k, const struct column *from, struct column *to,
                                   struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++)
        if (column_valid(to, i) && !convert(k, from->i64[i], from->type, to->type, &to->i64[i]) &&
            (rc = out_of_range(k, to, i, e)) != OK)
            return rc;
    return OK;
}

/* Local microseconds of a timestamp. */
static int64_t local_us(const struct cast *k, int64_t v, const struct type *t)
{
    if (expr_type_is_nanos(t))
        v = floor_div(v, 1000);
    return t->kind == TYPE_TIMESTAMP_LTZ ? zone_local(k->zone, v) : v;
}

static enum err instant_to_date(struct cast *k, const struct column *from, struct column *to,
                                UNUSED struct error *e)
{
    for (int32_t i = 0; i < from->row_count; i++)
        if (column_valid(to, i))
            to->i32[i] = calendar_day_of(local_us(k, from->i64[i], from->type));
    return OK;
}

static enum err instant_to_time(struct cast *k, const struct column *from, struct column *to,
                                UNUSED struct error *e)
{
    for (int32_t i = 0; i < from->row_count; i++) {
        int64_t us = column_valid(to, i) ? local_us(k, from->i64[i], from->type) : 0;

        to->i64[i] = cut(us - floor_div(us, MICROS_PER_DAY) * MICROS_PER_DAY, 6, to->type->precision);
    }
    return OK;
}

/* A local time in microseconds as a timestamp of to's type. */
static enum err put_local(struct cast *k, struct column *to, int32_t row, int64_t us, struct error *e)
{
    static const struct type micros = {.kind = TYPE_TIMESTAMP, .precision = 6};

    return convert(k, us, &micros, to->type, &to->i64[row]) ? OK : out_of_range(k, to, row, e);
}

static enum err date_to_instant(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++)
        if (column_valid(to, i) && (rc = put_local(k, to, i, from->i32[i] * MICROS_PER_DAY, e)) != OK)
            return rc;
    return OK;
}

/* On the first day of 1970, as in Flink. */
static enum err time_to_instant(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++)
        if (column_valid(to, i) && (rc = put_local(k, to, i, from->i64[i], e)) != OK)
            return rc;
    return OK;
}

static enum err time_to_time(UNUSED struct cast *k, const struct column *from, struct column *to,
                             UNUSED struct error *e)
{
    for (int32_t i = 0; i < from->row_count; i++)
        to->i64[i] = cut(from->i64[i], 6, to->type->precision);
    return OK;
}

cast_fn cast_time_find(const struct type *from, const struct type *to)
{
    bool instant = expr_type_is_instant(to);

    switch (from->kind) {
    case TYPE_DATE:
        return instant ? date_to_instant : NULL;
    case TYPE_TIME:
        return instant ? time_to_instant : to->kind == TYPE_TIME ? time_to_time : NULL;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        if (instant)
            return instant_to_instant;
        return to->kind == TYPE_DATE ? instant_to_date : to->kind == TYPE_TIME ? instant_to_time : NULL;
    default:
        return NULL;
    }
}
