/* arithmetic_time.c: dates, times and timestamps plus and minus intervals, differences, multiples.
 * A time of day goes round at midnight; what leaves the range of a timestamp wraps, as in Java.
 */
#include "base/calendar.h"
#include "expr/arithmetic.h"
#include "expr/expr_types.h"

#define MICROS_PER_MILLI INT64_C(1000)
#define MILLIS_PER_DAY   INT64_C(86400000)

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Days since 1970 that many months on; the last day of the month where it has no such day. */
static int32_t add_months(int32_t days, int64_t months)
{
    struct civil d = calendar_civil(days);
    int64_t month = (int64_t)d.year * 12 + d.month - 1 + months;
    struct civil first = {(int32_t)floor_div(month, 12), (int32_t)(month - floor_div(month, 12) * 12) + 1, 1};
    int32_t begin = calendar_days(first), last = calendar_next_month(begin) - begin;

    return begin + MIN(d.day, last) - 1;
}

/* --- a point in time (argument `point`) and an interval (the other), with a sign */

static const struct arg *point_of(const struct call *c)
{
    return &c->args[expr_type_is_interval(c->args[0].column->type)];
}

static const struct arg *interval_of(const struct call *c)
{
    return &c->args[!expr_type_is_interval(c->args[0].column->type)];
}

/* Units of a timestamp's value in a day. */
static int64_t per_day(const struct type *t)
{
    return expr_type_is_nanos(t) ? MICROS_PER_DAY * 1000 : MICROS_PER_DAY;
}

static void shift_instants(struct call *c, int sign)
{
    const struct arg *point = point_of(c), *by = interval_of(c);
    int64_t unit = sign * (per_day(point->column->type) / MILLIS_PER_DAY);

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i64[i] = wrap_add(point->column->i64[i & point->mask],
                                  wrap_multiply(by->column->i64[i & by->mask], unit));
}

static void shift_instants_by_months(struct call *c, int sign)
{
    const struct arg *point = point_of(c), *by = interval_of(c);
    int64_t day = per_day(point->column->type);

    for (int32_t i = 0; i < c->row_count; i++) {
        int64_t at = point->column->i64[i & point->mask], days = floor_div(at, day);

        if (!column_valid(c->out, i))
            continue;
        c->out->i64[i] = add_months((int32_t)days, (int64_t)sign * by->column->i32[i & by->mask]) * day + at -
                         days * day;
    }
}

/* What is less than a day is cut off. */
static void shift_dates(struct call *c, int sign)
{
    const struct arg *point = point_of(c), *by = interval_of(c);

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i32[i] = (int32_t)wrap_add(point->column->i32[i & point->mask],
                                           sign * (by->column->i64[i & by->mask] / MILLIS_PER_DAY));
}

static void shift_dates_by_months(struct call *c, int sign)
{
    const struct arg *point = point_of(c), *by = interval_of(c);

    for (int32_t i = 0; i < c->row_count; i++)
        if (column_valid(c->out, i))
            c->out->i32[i] = add_months(point->column->i32[i & point->mask],
                                        (int64_t)sign * by->column->i32[i & by->mask]);
}

static void shift_times(struct call *c, int sign)
{
    const struct arg *point = point_of(c), *by = interval_of(c);

    for (int32_t i = 0; i < c->row_count; i++) {
        int64_t v = wrap_add(point->column->i64[i & point->mask],
                             sign * wrap_multiply(by->column->i64[i & by->mask], MICROS_PER_MILLI));

        c->out->i64[i] = v - floor_div(v, MICROS_PER_DAY) * MICROS_PER_DAY;
    }
}

#define SHIFT(name)                                                                                          \
    static enum err name##_on(struct call *c, UNUSED struct error *e)                                        \
    {                                                                                                        \
        name(c, 1);                                                                                          \
        return OK;                                                                                           \
    }                                                                                                        \
    static enum err name##_back(struct call *c, UNUSED struct error *e)                                      \
    {                                                                                                        \
        name(c, -1);                                                                                         \
        return OK;                                                                                           \
    }
SHIFT(shift_instants)
SHIFT(shift_instants_by_months)
SHIFT(shift_dates)
SHIFT(shift_dates_by_months)
SHIFT(shift_times)

/* --- differences and multiples */

/* A point in time in milliseconds since 1970. */
static int64_t millis_at(const struct arg *a, int32_t row)
{
    const struct column *c = a->column;

    row &= a->mask;
    if (c->type->kind == TYPE_DATE)
        return c->i32[row] * MILLIS_PER_DAY;
    if (c->type->kind == TYPE_TIME)
        return c->i64[row] / MICROS_PER_MILLI;
    return floor_div(c->i64[row], per_day(c->type) / MILLIS_PER_DAY);
}

static enum err difference(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i64[i] = wrap_add(millis_at(&c->args[0], i), -millis_at(&c->args[1], i));
    return OK;
}

/* The number beside an interval, as BIGINT or DOUBLE. */
static enum err multiply_months(struct call *c, UNUSED struct error *e)
{
    const struct arg *by = point_of(c), *interval = interval_of(c);

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i32[i] = (int32_t)wrap_multiply(interval->column->i32[i & interval->mask],
                                                by->column->i64[i & by->mask]);
    return OK;
}

static enum err multiply_millis(struct call *c, UNUSED struct error *e)
{
    const struct arg *by = point_of(c), *interval = interval_of(c);

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i64[i] = wrap_multiply(interval->column->i64[i & interval->mask],
                                       by->column->i64[i & by->mask]);
    return OK;
}

/* --- choosing */

static bool is_point(const struct type *t)
{
    return t->kind == TYPE_DATE || t->kind == TYPE_TIME || expr_type_is_instant(t);
}

static const struct variant *shift_variant(const struct type *point, const struct type *by, bool back)
{
    static const struct variant variants[][2] = {
        {{.kernel = shift_instants_on}, {.kernel = shift_instants_back}},
        {{.kernel = shift_instants_by_months_on}, {.kernel = shift_instants_by_months_back}},
        {{.kernel = shift_dates_on}, {.kernel = shift_dates_back}},
        {{.kernel = shift_dates_by_months_on}, {.kernel = shift_dates_by_months_back}},
        {{.kernel = shift_times_on}, {.kernel = shift_times_back}},
    };
    bool months = by->kind == TYPE_INTERVAL_MONTHS;

    if (point->kind == TYPE_TIME)
        return months ? NULL : &variants[4][back];
    return &variants[(point->kind == TYPE_DATE ? 2 : 0) + months][back];
}

static enum err resolve_shift(struct resolution *r, const struct type *point, const struct type *by,
                              bool back)
{
    const struct type *result = point;

    if ((r->variant = shift_variant(point, by, back)) == NULL)
        return ERR_INPUT;
    r->result = type_nullable(r->arena, result, false);
    return OK;
}

static enum err resolve_difference(struct resolution *r)
{
    static const struct variant variant = {.kernel = difference};

    r->variant = &variant;
    r->result = type_simple(TYPE_INTERVAL_MILLIS, false);
    return OK;
}

static enum err resolve_multiple(struct resolution *r, const struct type *interval, int number)
{
    static const struct variant months = {.kernel = multiply_months}, millis = {.kernel = multiply_millis};

    if (!expr_type_is_number(r->args[number]->type))
        return ERR_INPUT;
    r->want[number] = type_simple(TYPE_INT64, true);
    r->variant = interval->kind == TYPE_INTERVAL_MONTHS ? &months : &millis;
    r->result = type_nullable(r->arena, interval, false);
    return OK;
}

static enum err resolve_sum(struct resolution *r, char op, const struct type *interval)
{
    r->variant = arithmetic_variant(op, interval->kind == TYPE_INTERVAL_MONTHS ? TYPE_INT32 : TYPE_INT64);
    r->result = type_nullable(r->arena, interval, false);
    return OK;
}

enum err arithmetic_time_resolve(struct resolution *r, char op, UNUSED struct error *e)
{
    const struct type *x = r->args[0]->type, *y = r->args[1]->type;
    bool sum = op == '+' || op == '-';

    if (sum && is_point(x) && expr_type_is_interval(y))
        return resolve_shift(r, x, y, op == '-');
    if (op == '+' && expr_type_is_interval(x) && is_point(y))
        return resolve_shift(r, y, x, false);
    if (op == '-' && is_point(x) && is_point(y) && (x->kind == TYPE_TIME) == (y->kind == TYPE_TIME))
        return resolve_difference(r);
    if (sum && expr_type_is_interval(x) && x->kind == y->kind)
        return resolve_sum(r, op, x);
    if (op == '*' && expr_type_is_interval(x))
        return resolve_multiple(r, x, 1);
    if (op == '*' && expr_type_is_interval(y))
        return resolve_multiple(r, y, 0);
    return ERR_INPUT;
}
