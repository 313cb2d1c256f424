/* cast_parse.c: text cast to booleans, numbers, dates, times and timestamps, as Flink reads them. */
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/number_text.h"
#include "expr/cast_internal.h"
#include "expr/expr_types.h"
#include <ctype.h>
#include <strings.h>

/* Parses a value into row of a column; NULL or why not. */
typedef const char *(*parse_fn)(const struct cast *k, struct slice s, struct column *to, int32_t row);

static enum err parse_rows(struct cast *k, const struct column *from, struct column *to, parse_fn parse,
                           struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++) {
        const char *why;

        if (!column_valid(to, i) || (why = parse(k, column_slice(from, i), to, i)) == NULL)
            continue;
        if ((rc = cast_bad(k, to, i, column_slice(from, i), why, e)) != OK)
            return rc;
    }
    return OK;
}

/* --- booleans and numbers */

static const char *parse_boolean(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    static const char *const words[] = {"t", "f", "true", "false", "y", "n", "yes", "no", "1", "0"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == s.len && strncasecmp(words[i], s.ptr, s.len) == 0) {
            to->u8[row] = i % 2 == 0;
            return NULL;
        }
    return "it is none of true, false, t, f, yes, no, y, n, 1, 0";
}

#define PARSE_INT(name, member, min, max)                                                                    \
    static const char *name(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)     \
    {                                                                                                        \
        int64_t v = 0;                                                                                       \
        const char *why = number_parse_int(slice_trim(s), min, max, &v);                                     \
                                                                                                             \
        to->member[row] = (__typeof__(to->member[0]))v;                                                      \
        return why;                                                                                          \
    }
PARSE_INT(parse_i8, i8, INT8_MIN, INT8_MAX)
PARSE_INT(parse_i16, i16, INT16_MIN, INT16_MAX)
PARSE_INT(parse_i32, i32, INT32_MIN, INT32_MAX)
PARSE_INT(parse_i64, i64, INT64_MIN, INT64_MAX)

static const char *parse_float(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    return number_parse_float(s, &to->f32[row]);
}

static const char *parse_double(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    return number_parse_double(s, &to->f64[row]);
}

static const char *parse_decimal(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    return decimal_parse(slice_trim(s), to->type->precision, to->type->scale, &to->i128[row]);
}

/* --- dates and times */

/* A cursor over a text; what is taken is gone. */
static bool take(struct slice *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = slice_from(*s, 1);
    return true;
}

/* least to most digits. */
static bool take_digits(struct slice *s, size_t least, size_t most, int32_t *out)
{
    size_t n = 0;

    for (*out = 0; n < most && n < s->len && isdigit((unsigned char)s->ptr[n]); n++)
        *out = *out * 10 + (s->ptr[n] - '0');
    *s = slice_from(*s, n);
    return n >= least;
}

/* Digits alone, with blanks around, as a number below 100000. */
static bool whole_number(struct slice s, int32_t *out)
{
    s = slice_trim(s);
    return take_digits(&s, 1, 5, out) && s.len == 0;
}

/* The part up to c, which is taken too; all of it when there is no c. */
static struct slice take_part(struct slice *s, char c, bool *found)
{
    const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;
    struct slice part = *s;

    *found = at != NULL;
    part.len = at ? (size_t)(at - s->ptr) : s->len;
    *s = slice_from(*s, at ? part.len + 1 : part.len);
    return part;
}

static int32_t days_in_month(int32_t year, int32_t month)
{
    int32_t first = calendar_days((struct civil){year, month, 1});

    return calendar_next_month(first) - first;
}

static const char not_a_date[] = "it is no date like 2025-11-01";

/* yyyy[-m[-d]], and what stands behind a blank is ignored. */
static const char *parse_date(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    struct civil d = {0, 1, 1};
    const char *blank = s.len ? memchr(s.ptr, ' ', s.len) : NULL;
    bool more;

    if (blank && blank > s.ptr)
        s.len = (size_t)(blank - s.ptr);
    if (!whole_number(take_part(&s, '-', &more), &d.year) ||
        (more && !whole_number(take_part(&s, '-', &more), &d.month)) || (more && !whole_number(s, &d.day)))
        return not_a_date;
    if (d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > days_in_month(d.year, d.month))
        return "there is no such day";
    to->i32[row] = calendar_days(d);
    return NULL;
}

static const char not_a_time[] = "it is no time of day like 08:30:00";

/* Milliseconds of a fraction's digits; the fourth rounds. */
static int32_t fraction_millis(struct slice s)
{
    int32_t v = 0;

    for (size_t i = 0; i < 3; i++)
        v = v * 10 + (i < s.len && isdigit((unsigned char)s.ptr[i]) ? s.ptr[i] - '0' : 0);
    return v + (s.len > 3 && s.ptr[3] >= '5');
}

/* [+-]h[:m] behind a time, which is moved by it. */
static const char *take_shift(struct slice *s, int64_t *shift_ms)
{
    const char *sign = NULL;
    int32_t hour = 0, minute = 0;
    struct slice zone;
    bool more;

    for (size_t i = 0; i < s->len && !sign; i++)
        if (s->ptr[i] == '+' || s->ptr[i] == '-')
            sign = &s->ptr[i];
    if (sign == NULL)
        return NULL;
    zone = slice_of(sign + 1, s->len - (size_t)(sign - s->ptr) - 1);
    s->len = (size_t)(sign - s->ptr);
    if (!whole_number(take_part(&zone, ':', &more), &hour) || (more && !whole_number(zone, &minute)))
        return not_a_time;
    *shift_ms = (*sign == '-' ? -1 : 1) * ((int64_t)hour * 3600000 + minute * 60000);
    return NULL;
}

static const char *parse_time(UNUSED const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    int32_t hour = 0, minute = 0, second = 0, millis = 0;
    int64_t shift_ms = 0, unit = 1, ms;
    const char *why = take_shift(&s, &shift_ms);
    bool more;

    if (why)
        return why;
    if (!whole_number(take_part(&s, ':', &more), &hour) ||
        (more && !whole_number(take_part(&s, ':', &more), &minute)))
        return not_a_time;
    if (more) {
        if (!whole_number(take_part(&s, '.', &more), &second))
            return not_a_time;
        millis = more ? fraction_millis(slice_trim(s)) : 0;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return "there is no such time of day";
    ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000 + millis + shift_ms;
    ms = (ms % 86400000 + 86400000) % 86400000;
    for (int32_t digits = to->type->precision; digits < 3; digits++)
        unit *= 10;
    to->i64[row] = ms / unit * unit * 1000;
    return NULL;
}

static const char not_a_timestamp[] = "it is no timestamp like 2025-11-01 08:30:00.123";

/* h:m:s[.fraction], each of one or two digits, as nanoseconds of the day. */
static const char *take_clock(struct slice *s, int64_t *nanos)
{
    int32_t hour, minute, second, digits = 0;
    int64_t fraction = 0;

    if (!take_digits(s, 1, 2, &hour) || !take(s, ':') || !take_digits(s, 1, 2, &minute) || !take(s, ':') ||
        !take_digits(s, 1, 2, &second))
        return not_a_timestamp;
    if (take(s, '.'))
        for (; digits < 9 && s->len && isdigit((unsigned char)s->ptr[0]); digits++) {
            fraction = fraction * 10 + (s->ptr[0] - '0');
            *s = slice_from(*s, 1);
        }
    for (; digits < 9; digits++)
        fraction *= 10;
    *nanos = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000000 + fraction;
    if (minute > 59 || second > 59 || hour > 24 || (hour == 24 && *nanos > INT64_C(86400000000000)))
        return "there is no such time of day";
    return NULL;
}

/* yyyy-m-d[ h:m:s[.fraction]]; a day up to 31 that the month does not have is its last. */
static const char *take_timestamp(struct slice s, int32_t *days, int64_t *nanos)
{
    struct civil d;
    const char *why;

    *nanos = 0;
    if (!take_digits(&s, 4, 4, &d.year) || !take(&s, '-') || !take_digits(&s, 1, 2, &d.month) ||
        !take(&s, '-') || !take_digits(&s, 1, 2, &d.day))
        return not_a_timestamp;
    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31)
        return "there is no such day";
    d.day = MIN(d.day, days_in_month(d.year, d.month));
    *days = calendar_days(d);
    if (take(&s, ' ') && (why = take_clock(&s, nanos)) != NULL)
        return why;
    return s.len ? not_a_timestamp : NULL;
}

static const char *parse_instant(const struct cast *k, struct slice s, struct column *to, int32_t row)
{
    static const struct type micros = {.kind = TYPE_TIMESTAMP, .precision = 6};
    static const char too_far[] = "with more than 6 digits behind the second only years 1678 to 2262 can be "
                                  "kept";
    int64_t nanos, unit = 1, v;
    int32_t days;
    const char *why = take_timestamp(s, &days, &nanos);

    if (why)
        return why;
    v = days * MICROS_PER_DAY + nanos / 1000;
    if (to->type->kind == TYPE_TIMESTAMP_LTZ)
        v = zone_utc(k->zone, v);
    if (!cast_rescale_instant(v, &micros, to->type, &to->i64[row]))
        return too_far;
    if (!expr_type_is_nanos(to->type))
        return NULL;
    for (int32_t digits = to->type->precision; digits < 9; digits++)
        unit *= 10;
    nanos = nanos % 1000 / unit * unit; /* the last digits, which microseconds have not */
    return __builtin_add_overflow(to->i64[row], nanos, &to->i64[row]) ? too_far : NULL;
}

/* --- choosing */

#define CAST_PARSE(name)                                                                                     \
    static enum err to_##name(struct cast *k, const struct column *from, struct column *to, struct error *e) \
    {                                                                                                        \
        return parse_rows(k, from, to, parse_##name, e);                                                     \
    }
CAST_PARSE(boolean)
CAST_PARSE(i8)
CAST_PARSE(i16)
CAST_PARSE(i32)
CAST_PARSE(i64)
CAST_PARSE(float)
CAST_PARSE(double)
CAST_PARSE(decimal)
CAST_PARSE(date)
CAST_PARSE(time)
CAST_PARSE(instant)

cast_fn cast_parse_find(const struct type *to)
{
    static const cast_fn casts[] = {
        [TYPE_BOOLEAN] = to_boolean, [TYPE_INT8] = to_i8,           [TYPE_INT16] = to_i16,
        [TYPE_INT32] = to_i32,       [TYPE_INT64] = to_i64,         [TYPE_FLOAT] = to_float,
        [TYPE_DOUBLE] = to_double,   [TYPE_DECIMAL] = to_decimal,   [TYPE_DATE] = to_date,
        [TYPE_TIME] = to_time,       [TYPE_TIMESTAMP] = to_instant, [TYPE_TIMESTAMP_LTZ] = to_instant,
    };

    return to->kind < COUNT_OF(casts) ? casts[to->kind] : NULL;
}
