/* json_time.c: see json_time.h. */
#include "formats/json_time.h"
#include "base/calendar.h"

struct left {
    const char *p, *end;
};

/* Exactly count digits as a number; -1 when they are not there. */
static int32_t digits(struct left *l, int count)
{
    int32_t v = 0;

    if (l->end - l->p < count)
        return -1;
    for (int i = 0; i < count; i++) {
        uint8_t d = (uint8_t)(l->p[i] - '0');

        if (d > 9)
            return -1;
        v = v * 10 + d;
    }
    l->p += count;
    return v;
}

static bool take(struct left *l, char c)
{
    if (l->p == l->end || *l->p != c)
        return false;
    l->p++;
    return true;
}

static const char *take_date(struct left *l, int32_t *days)
{
    struct civil date, back;
    bool fine;

    date.year = digits(l, 4);
    fine = date.year >= 0 && take(l, '-') && (date.month = digits(l, 2)) >= 1 && take(l, '-') &&
           (date.day = digits(l, 2)) >= 1;
    if (!fine)
        return "the text is no date like 2025-11-01";
    if (date.month > 12 || date.day > 31)
        return "there is no such day";
    *days = calendar_days(date);
    back = calendar_civil(*days);
    return back.month == date.month && back.day == date.day ? NULL : "there is no such day";
}

/* hh:mm:ss and a fraction of up to nine digits; without seconds where short_form. */
static const char *take_time(struct left *l, bool short_form, int64_t *nanos)
{
    int32_t hour, minute = 0, second = 0, fraction = 0, count = 0;

    if ((hour = digits(l, 2)) < 0 || !take(l, ':') || (minute = digits(l, 2)) < 0)
        return "the text has no time like 08:30:00";
    if (take(l, ':') ? (second = digits(l, 2)) < 0 : !short_form)
        return "the text has no time like 08:30:00";
    if (hour > 23 || minute > 59 || second > 59)
        return "there is no such time of the day";
    if (l->p < l->end && *l->p == '.') {
        for (l->p++; l->p < l->end && (uint8_t)(*l->p - '0') < 10; l->p++, count++)
            fraction = count < 9 ? fraction * 10 + (*l->p - '0') : fraction;
        if (count == 0 || count > 9)
            return "a second has one to nine digits behind its point";
        for (; count < 9; count++)
            fraction *= 10;
    }
    *nanos = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000000 + fraction;
    return NULL;
}

/* Z, +hh:mm, +hhmm or +hh, in seconds east. */
static const char *take_zone(struct left *l, int64_t *seconds)
{
    bool west;
    int32_t hour, minute = 0;

    *seconds = 0;
    if (take(l, 'Z') || take(l, 'z'))
        return NULL;
    if (l->p == l->end || (*l->p != '+' && *l->p != '-'))
        return "the text has no time zone: Z or +hh:mm is wanted behind it";
    west = *l->p++ == '-';
    hour = digits(l, 2);
    if (l->p < l->end && (take(l, ':') || l->p < l->end))
        minute = digits(l, 2);
    if (hour < 0 || hour > 18 || minute < 0 || minute > 59)
        return "the time zone is wrong";
    *seconds = ((int64_t)hour * 3600 + minute * 60) * (west ? -1 : 1);
    return NULL;
}

const char *json_time_date(struct slice text, int32_t *days)
{
    struct left l = {text.ptr, text.ptr + text.len};
    const char *why = take_date(&l, days);

    return why || l.p == l.end ? why : "there is more behind the date";
}

static int64_t cut(int64_t nanos, int32_t precision)
{
    int64_t grain = 1;

    for (int32_t i = precision; i < 9; i++)
        grain *= 10;
    return nanos - nanos % grain;
}

const char *json_time_time(struct slice text, int32_t precision, int64_t *micros)
{
    struct left l = {text.ptr, text.ptr + text.len};
    int64_t nanos;
    const char *why = take_time(&l, true, &nanos);

    if (why)
        return why;
    *micros = cut(nanos, precision) / 1000;
    return l.p == l.end || (take(&l, 'Z') && l.p == l.end) ? NULL : "there is more behind the time";
}

const char *json_time_timestamp(struct slice text, const struct type *t, enum json_time_standard standard,
                                int64_t *out)
{
    struct left l = {text.ptr, text.ptr + text.len};
    bool iso = standard == JSON_TIME_ISO;
    int64_t nanos, zone = 0, seconds;
    int32_t days;
    const char *why;

    if ((why = take_date(&l, &days)) != NULL)
        return why;
    if (!take(&l, iso ? 'T' : ' '))
        return iso ? "a T is wanted between date and time (ISO-8601)"
                   : "a blank is wanted between date and time; for ISO-8601 set "
                     "json.timestamp-format.standard";
    if ((why = take_time(&l, iso, &nanos)) != NULL)
        return why;
    if (t->kind == TYPE_TIMESTAMP_LTZ && (why = take_zone(&l, &zone)) != NULL)
        return why;
    if (l.p < l.end)
        return t->kind == TYPE_TIMESTAMP && strchr("Zz+-", *l.p)
                   ? "the text has a time zone, which a TIMESTAMP has not; declare the column as "
                     "TIMESTAMP_LTZ"
                   : "there is more behind the timestamp";
    seconds = (int64_t)days * 86400 - zone;
    nanos = cut(nanos, t->precision);
    if (t->precision <= 6)
        *out = seconds * 1000000 + nanos / 1000;
    else if (__builtin_mul_overflow(seconds, INT64_C(1000000000), out) ||
             __builtin_add_overflow(*out, nanos, out))
        return "the timestamp is outside what the column holds";
    return NULL;
}
