/* functions_temporal.c: parts of times, rounding to units, adding and counting units, OVERLAPS. A unit is a text
 * literal where it stands in SQL: EXTRACT('DAY', t), "FLOOR TO"(t, 'DAY'), TIMESTAMPADD('DAY', n, t).
 * TIMESTAMP_LTZ is seen in the session's zone.
 */
#include "base/calendar.h"
#include "base/zone.h"
#include "expr/functions.h"
#include "expr/kit.h"
#include "expr/time_unit.h"
#include <strings.h>

/* A time as local microseconds, and the nanoseconds below them. */
struct instant {
    int64_t local_us;
    int32_t nanos;
};

static const struct zone *zone_of(const struct call *c)
{
    return c->session && c->session->zone ? c->session->zone : zone_gmt();
}

static struct instant instant_of(const struct call *c, const struct arg *a, int32_t row)
{
    const struct type *t = a->column->type;
    struct instant out = {0};

    if (t->kind == TYPE_DATE) {
        out.local_us = a->column->i32[row & a->mask] * MICROS_PER_DAY;
        return out;
    }
    out.local_us = a->column->i64[row & a->mask];
    if (t->kind != TYPE_TIME && t->precision > 6) {
        out.nanos = (int32_t)((out.local_us % 1000 + 1000) % 1000);
        out.local_us = (out.local_us - out.nanos) / 1000;
    }
    if (t->kind == TYPE_TIMESTAMP_LTZ)
        out.local_us = zone_local(zone_of(c), out.local_us);
    return out;
}

/* Set row of the result to a local time, in the result's type. */
static void put_instant(struct call *c, int32_t row, struct instant v)
{
    const struct type *t = c->out->type;

    if (t->kind == TYPE_DATE) {
        c->out->i32[row] = calendar_day_of(v.local_us);
        return;
    }
    if (t->kind == TYPE_TIMESTAMP_LTZ)
        v.local_us = zone_utc(zone_of(c), v.local_us);
    if (t->kind == TYPE_TIME)
        v.local_us = (v.local_us % MICROS_PER_DAY + MICROS_PER_DAY) % MICROS_PER_DAY;
    c->out->i64[row] = t->kind != TYPE_TIME && t->precision > 6 ? v.local_us * 1000 + v.nanos : v.local_us;
}

static enum time_unit unit_of(const struct expr *x)
{
    struct slice name;

    return kit_literal_text(x, &name) ? time_unit_find(name) : UNIT_COUNT;
}

/* --- EXTRACT, YEAR, DAYOFWEEK, ... */

static const struct {
    const char *name;
    enum time_unit unit;
} parts[] = {{"YEAR", UNIT_YEAR},     {"QUARTER", UNIT_QUARTER}, {"MONTH", UNIT_MONTH},   {"WEEK", UNIT_WEEK},
             {"DAYOFYEAR", UNIT_DOY}, {"DAYOFMONTH", UNIT_DAY},  {"DAYOFWEEK", UNIT_DOW}, {"HOUR", UNIT_HOUR},
             {"MINUTE", UNIT_MINUTE}, {"SECOND", UNIT_SECOND}};

static enum time_unit part_of(const struct expr *call)
{
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strcasecmp(parts[i].name, call->function->name) == 0)
            return parts[i].unit;
    return unit_of(call->args[0]);
}

static enum err extract(struct call *c, UNUSED struct error *e)
{
    const struct arg *a = &c->args[c->arg_count - 1];
    enum time_unit unit = part_of(c->expr);

    EACH_ROW(c, i)
    {
        struct instant v = instant_of(c, a, i);

        c->out->i64[i] = time_unit_part(unit, v.local_us, v.nanos);
    }
    return OK;
}

static enum err extract_months(struct call *c, UNUSED struct error *e)
{
    const struct arg *a = &c->args[c->arg_count - 1];
    enum time_unit unit = part_of(c->expr);

    EACH_ROW(c, i)
    {
        int32_t months = a->column->i32[i & a->mask];

        if (unit == UNIT_MONTH)
            c->out->i64[i] = months % 12;
        else if (unit == UNIT_QUARTER)
            c->out->i64[i] = months % 12 / 3 + 1;
        else
            c->out->i64[i] = months / time_unit_months(unit);
    }
    return OK;
}

static enum err extract_millis(struct call *c, UNUSED struct error *e)
{
    const struct arg *a = &c->args[c->arg_count - 1];
    enum time_unit unit = part_of(c->expr);
    int64_t by = time_unit_us(unit) / 1000, within = 0;

    for (int above = (int)unit - 1; above >= UNIT_DAY && !within && unit > UNIT_DAY; above--)
        within = time_unit_us((enum time_unit)above) / 1000;
    EACH_ROW(c, i)
    {
        int64_t millis = a->column->i64[i & a->mask];

        c->out->i64[i] = (within ? millis % within : millis) / by;
    }
    return OK;
}

/* Which parts a type has. */
static bool has_part(const struct type *t, enum time_unit unit)
{
    switch (t->kind) {
    case TYPE_INTERVAL_MONTHS:
        return time_unit_months(unit) != 0;
    case TYPE_INTERVAL_MILLIS:
        return unit == UNIT_DAY || (unit >= UNIT_HOUR && unit <= UNIT_MILLISECOND);
    case TYPE_TIME:
        return unit >= UNIT_HOUR && unit < UNIT_COUNT;
    default:
        return unit < UNIT_COUNT && kit_is_time(t);
    }
}

static enum err extract_types(struct resolution *r, struct error *e)
{
    static const struct variant of_time = {.kernel = extract}, of_months = {.kernel = extract_months},
                                of_millis = {.kernel = extract_millis};
    const struct expr call = {.function = r->function, .args = r->args, .arg_count = r->arg_count};
    const struct type *t = kit_arg_type(r, r->arg_count - 1);
    enum err rc = kit_types(r, r->arg_count == 2 ? "ua>l" : "a>l", e);

    if (rc != OK)
        return rc;
    r->variant = &of_time;
    if (t == NULL) {
        r->want[r->arg_count - 1] = type_simple(TYPE_TIMESTAMP, true);
        return part_of(&call) == UNIT_COUNT ? kit_refuse(e) : OK;
    }
    if (!has_part(t, part_of(&call)))
        return kit_refuse(e);
    if (t->kind == TYPE_INTERVAL_MONTHS)
        r->variant = &of_months;
    else if (t->kind == TYPE_INTERVAL_MILLIS)
        r->variant = &of_millis;
    return OK;
}

/* --- FLOOR(t TO unit), CEIL(t TO unit) */

static enum err round_to(struct call *c, bool up)
{
    enum time_unit unit = unit_of(c->expr->args[1]);

    EACH_ROW(c, i)
    {
        struct instant v = instant_of(c, &c->args[0], i);

        if (up && v.nanos)
            v.local_us++; /* of a time with nanoseconds: above this microsecond */
        if (c->out->type->kind != TYPE_TIME || unit >= UNIT_HOUR)
            v.local_us = up ? time_unit_ceil(unit, v.local_us) : time_unit_floor(unit, v.local_us);
        v.nanos = 0;
        put_instant(c, i, v);
    }
    return OK;
}

static enum err floor_to(struct call *c, UNUSED struct error *e)
{
    return round_to(c, false);
}

static enum err ceil_to(struct call *c, UNUSED struct error *e)
{
    return round_to(c, true);
}

static enum err round_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    enum err rc = kit_types(r, "au", e);
    enum time_unit unit;

    if (rc != OK)
        return rc;
    unit = unit_of(r->args[1]);
    if (t == NULL)
        r->want[0] = t = type_simple(TYPE_TIMESTAMP, true);
    if (!kit_is_time(t) || unit == UNIT_COUNT || (unit >= UNIT_DOW && unit <= UNIT_EPOCH) ||
        unit > UNIT_MILLISECOND || (t->kind == TYPE_TIME && unit < UNIT_HOUR))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = type_nullable(r->arena, t, false);
    return r->result ? OK : error_memory(e, sizeof *t, "a type");
}

/* --- TIMESTAMPADD, TIMESTAMPDIFF */

static enum err timestamp_add(struct call *c, struct error *e)
{
    enum time_unit unit = unit_of(c->expr->args[0]);
    int64_t us = time_unit_us(unit), months = time_unit_months(unit);

    EACH_ROW(c, i)
    {
        int64_t count = arg_i64(&c->args[1], i), moved;
        struct instant v = instant_of(c, &c->args[2], i);
        int32_t days = calendar_day_of(v.local_us);

        if (count > 4000000000000 || count < -4000000000000 ||
            __builtin_mul_overflow(count, us ? us : months, &moved))
            return call_fail(c, e, "TIMESTAMPADD cannot add %" PRId64 " units: that is outside of all times",
                             count);
        if (us ? __builtin_add_overflow(v.local_us, moved, &v.local_us) : moved > 3000000 || moved < -3000000)
            return call_fail(c, e, "TIMESTAMPADD cannot add %" PRId64 " units: that is outside of all times",
                             count);
        if (!us && c->out->type->kind != TYPE_TIME)
            v.local_us += ((int64_t)time_unit_add_months(days, moved) - days) * MICROS_PER_DAY;
        put_instant(c, i, v);
    }
    return OK;
}

static enum err add_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 2);
    enum err rc = kit_types(r, "uia", e);
    enum time_unit unit;

    if (rc != OK)
        return rc;
    unit = unit_of(r->args[0]);
    if (t == NULL)
        r->want[2] = t = type_simple(TYPE_TIMESTAMP, true);
    if (!kit_is_time(t) || unit == UNIT_COUNT || unit > UNIT_SECOND || unit < UNIT_YEAR ||
        (time_unit_us(unit) == 0 && time_unit_months(unit) == 0))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = t->kind == TYPE_DATE && unit >= UNIT_HOUR ? type_simple(TYPE_TIMESTAMP, false)
                                                          : type_nullable(r->arena, t, false);
    return r->result ? OK : error_memory(e, sizeof *t, "a type");
}

static int64_t millis_of(struct instant v)
{
    return (v.local_us - (v.local_us % 1000 + 1000) % 1000) / 1000;
}

static enum err timestamp_diff(struct call *c, UNUSED struct error *e)
{
    enum time_unit unit = unit_of(c->expr->args[0]);
    int64_t us = time_unit_us(unit);

    EACH_ROW(c, i)
    {
        struct instant from = instant_of(c, &c->args[1], i), to = instant_of(c, &c->args[2], i);
        int64_t count = us ? (millis_of(to) - millis_of(from)) / (us / 1000)
                           : time_unit_months_between(from.local_us, to.local_us) / time_unit_months(unit);

        c->out->i32[i] = (int32_t)count;
    }
    return OK;
}

static enum err diff_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, "uaa>i", e);
    enum time_unit unit;

    if (rc != OK)
        return rc;
    unit = unit_of(r->args[0]);
    for (int32_t i = 1; i < 3; i++)
        if (kit_arg_type(r, i) == NULL)
            r->want[i] = type_simple(TYPE_TIMESTAMP, true);
        else if (!kit_is_time(kit_arg_type(r, i)) || kit_arg_type(r, i)->kind == TYPE_TIME)
            return kit_refuse(e);
    if (unit == UNIT_COUNT || unit > UNIT_SECOND || unit < UNIT_YEAR ||
        (time_unit_us(unit) == 0 && time_unit_months(unit) == 0))
        return kit_refuse(e);
    r->variant = r->function->simple;
    return OK;
}

/* --- (a, b) OVERLAPS (c, d): b and d are times, or how long it lasts */

static int64_t end_of(const struct call *c, int32_t begin, int32_t row)
{
    const struct arg *a = &c->args[begin + 1];
    struct instant from = instant_of(c, &c->args[begin], row);
    int32_t days = calendar_day_of(from.local_us);

    switch (a->column->type->kind) {
    case TYPE_INTERVAL_MILLIS:
        return from.local_us + a->column->i64[row & a->mask] * 1000;
    case TYPE_INTERVAL_MONTHS:
        return from.local_us +
               ((int64_t)time_unit_add_months(days, a->column->i32[row & a->mask]) - days) * MICROS_PER_DAY;
    default:
        return instant_of(c, a, row).local_us;
    }
}

static enum err overlaps(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t a = instant_of(c, &c->args[0], i).local_us, b = end_of(c, 0, i);
        int64_t x = instant_of(c, &c->args[2], i).local_us, y = end_of(c, 2, i);

        c->out->u8[i] = MAX(a, b) >= MIN(x, y) && MAX(x, y) >= MIN(a, b);
    }
    return OK;
}

static enum err overlaps_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, "eaea>o", e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; i < 4; i += 2) {
        const struct type *begin = kit_arg_type(r, i), *end = kit_arg_type(r, i + 1);

        if (begin->kind != kit_arg_type(r, 0)->kind || end == NULL ||
            (end->kind != begin->kind && end->kind != TYPE_INTERVAL_MILLIS &&
             end->kind != TYPE_INTERVAL_MONTHS))
            return kit_refuse(e);
    }
    r->variant = r->function->simple;
    return OK;
}

#define PART(name_, doc_)                                                                                    \
    {                                                                                                        \
        .name = name_, .group = GROUP_TEMPORAL, .usage = name_ "(time)", .doc = doc_, .least = 1, .most = 1, \
        .flags = FN_STRICT, .resolve = extract_types,                                                        \
    }

const struct function functions_temporal[] = {
    {"EXTRACT", GROUP_TEMPORAL, "EXTRACT(unit FROM time)",
     "A part of a time or interval: MILLENNIUM, CENTURY, DECADE, YEAR, ISOYEAR, QUARTER, MONTH, WEEK (ISO), "
     "DAY, DOY, "
     "DOW (Sunday is 1), ISODOW (Monday is 1), HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, NANOSECOND or "
     "EPOCH.",
     2, 2, FN_STRICT, extract_types, NULL, NULL},
    PART("YEAR", "The year of a date or timestamp."),
    PART("QUARTER", "The quarter of the year, 1 to 4."),
    PART("MONTH", "The month of the year, 1 to 12."),
    PART("WEEK", "The ISO week of the year, 1 to 53."),
    PART("DAYOFYEAR", "The day of the year, 1 to 366."),
    PART("DAYOFMONTH", "The day of the month, 1 to 31."),
    PART("DAYOFWEEK", "The day of the week, from 1, Sunday, to 7."),
    PART("HOUR", "The hour of the day, 0 to 23."),
    PART("MINUTE", "The minute of the hour, 0 to 59."),
    PART("SECOND", "The second of the minute, 0 to 59."),
    {"FLOOR TO", GROUP_TEMPORAL, "FLOOR(time TO unit)",
     "The time rounded down to the start of the unit; weeks begin on Sunday.", 2, 2, FN_STRICT | FN_HIDDEN,
     round_types, NULL, &(const struct variant){.kernel = floor_to}},
    {"CEIL TO", GROUP_TEMPORAL, "CEIL(time TO unit)", "The time rounded up to the start of a unit.", 2, 2,
     FN_STRICT | FN_HIDDEN, round_types, NULL, &(const struct variant){.kernel = ceil_to}},
    {"TIMESTAMPADD", GROUP_TEMPORAL, "TIMESTAMPADD(unit, count, time)",
     "The time so many units later; a day past the end of a month becomes its last.", 3, 3,
     FN_STRICT | FN_FAILS, add_types, NULL, &(const struct variant){.kernel = timestamp_add}},
    {"TIMESTAMPDIFF", GROUP_TEMPORAL, "TIMESTAMPDIFF(unit, from, to)",
     "How many whole units lie between the times; negative when to is the earlier one.", 3, 3, FN_STRICT,
     diff_types, NULL, &(const struct variant){.kernel = timestamp_diff}},
    {"OVERLAPS", GROUP_TEMPORAL, "(start, end or interval) OVERLAPS (start, end or interval)",
     "Whether the two spans of time have an instant in common.", 4, 4, FN_STRICT | FN_HIDDEN, overlaps_types,
     NULL, &(const struct variant){.kernel = overlaps}},
    {NULL},
};
