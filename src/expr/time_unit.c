/* time_unit.c: arithmetic of units, by days since 1970 and microseconds of the day. */
#include "expr/time_unit.h"
#include "base/calendar.h"
#include <strings.h>

static const struct {
    const char *name;
    int64_t us;
    int32_t months;
} units[UNIT_COUNT] = {
    [UNIT_MILLENNIUM] = {"MILLENNIUM", 0, 12000},
    [UNIT_CENTURY] = {"CENTURY", 0, 1200},
    [UNIT_DECADE] = {"DECADE", 0, 120},
    [UNIT_YEAR] = {"YEAR", 0, 12},
    [UNIT_QUARTER] = {"QUARTER", 0, 3},
    [UNIT_MONTH] = {"MONTH", 0, 1},
    [UNIT_WEEK] = {"WEEK", 7 * MICROS_PER_DAY, 0},
    [UNIT_DAY] = {"DAY", MICROS_PER_DAY, 0},
    [UNIT_DOW] = {"DOW", 0, 0},
    [UNIT_ISODOW] = {"ISODOW", 0, 0},
    [UNIT_DOY] = {"DOY", 0, 0},
    [UNIT_ISOYEAR] = {"ISOYEAR", 0, 0},
    [UNIT_EPOCH] = {"EPOCH", 0, 0},
    [UNIT_HOUR] = {"HOUR", 3600 * MICROS_PER_SECOND, 0},
    [UNIT_MINUTE] = {"MINUTE", 60 * MICROS_PER_SECOND, 0},
    [UNIT_SECOND] = {"SECOND", MICROS_PER_SECOND, 0},
    [UNIT_MILLISECOND] = {"MILLISECOND", 1000, 0},
    [UNIT_MICROSECOND] = {"MICROSECOND", 1, 0},
    [UNIT_NANOSECOND] = {"NANOSECOND", 0, 0},
};

enum time_unit time_unit_find(struct slice name)
{
    static const char prefix[] = "SQL_TSI_";
    int unit = 0;

    if (name.len > strlen(prefix) && strncasecmp(name.ptr, prefix, strlen(prefix)) == 0)
        name = slice_from(name, strlen(prefix));
    while (unit < UNIT_COUNT &&
           (strlen(units[unit].name) != name.len || strncasecmp(units[unit].name, name.ptr, name.len) != 0))
        unit++;
    return (enum time_unit)unit;
}

int64_t time_unit_us(enum time_unit unit)
{
    return units[unit].us;
}

int32_t time_unit_months(enum time_unit unit)
{
    return units[unit].months;
}

/* Years count from 1, backwards from -1: the year 2000 is in the 20th century. */
static int64_t count_years(int64_t year, int64_t by)
{
    return year > 0 ? (year + by - 1) / by : (year - by + 1) / by;
}

static int64_t date_part(enum time_unit unit, int32_t days)
{
    struct civil date = calendar_civil(days);
    int32_t weekday = days - calendar_monday(days), year, week;

    switch (unit) {
    case UNIT_MILLENNIUM:
        return count_years(date.year, 1000);
    case UNIT_CENTURY:
        return count_years(date.year, 100);
    case UNIT_DECADE:
        return date.year / 10;
    case UNIT_YEAR:
        return date.year;
    case UNIT_QUARTER:
        return (date.month + 2) / 3;
    case UNIT_MONTH:
        return date.month;
    case UNIT_DAY:
        return date.day;
    case UNIT_DOW:
        return (weekday + 1) % 7 + 1;
    case UNIT_ISODOW:
        return weekday + 1;
    case UNIT_DOY:
        return days - calendar_days((struct civil){date.year, 1, 1}) + 1;
    default:
        calendar_iso_week(days, &year, &week);
        return unit == UNIT_WEEK ? week : year;
    }
}

static int64_t floor_to(int64_t v, int64_t unit)
{
    int64_t rest = v % unit;

    return v - (rest < 0 ? rest + unit : rest);
}

int64_t time_unit_part(enum time_unit unit, int64_t local_us, int32_t nanos)
{
    int32_t days = calendar_day_of(local_us);
    int64_t of_day = local_us - (int64_t)days * MICROS_PER_DAY;

    switch (unit) {
    case UNIT_EPOCH:
        return floor_to(local_us, MICROS_PER_SECOND) / MICROS_PER_SECOND;
    case UNIT_HOUR:
        return of_day / units[UNIT_HOUR].us;
    case UNIT_MINUTE:
        return of_day / units[UNIT_MINUTE].us % 60;
    case UNIT_SECOND:
        return of_day / MICROS_PER_SECOND % 60;
    case UNIT_MILLISECOND:
        return of_day % MICROS_PER_SECOND / 1000;
    case UNIT_MICROSECOND:
        return of_day % MICROS_PER_SECOND;
    case UNIT_NANOSECOND:
        return of_day % MICROS_PER_SECOND * 1000 + nanos;
    default:
        return date_part(unit, days);
    }
}

static int32_t year_start(int64_t year)
{
    return calendar_days((struct civil){(int32_t)year, 1, 1});
}

static int32_t month_start(int64_t year, int64_t month)
{
    year += (month - 1) / 12;
    return calendar_days((struct civil){(int32_t)year, (int32_t)((month - 1) % 12) + 1, 1});
}

/* The unit's first day at or before a day, or (up) its next at or behind. Flink rounds MILLENNIUM, CENTURY and
 * DECADE up even from their first day, and QUARTER from every day but 1 January. */
static int32_t round_days(enum time_unit unit, int32_t days, bool up)
{
    struct civil d = calendar_civil(days);
    bool later = up && (d.month > 1 || d.day > 1);
    int32_t from_sunday = days - calendar_monday(days + 1) + 1;

    switch (unit) {
    case UNIT_MILLENNIUM:
        return year_start(1000 * ((d.year + 999) / 1000) + (up ? 1 : -999));
    case UNIT_CENTURY:
        return year_start(100 * ((d.year + 99) / 100) + (up ? 1 : -99));
    case UNIT_DECADE:
        return year_start(10 * (d.year / 10 + up));
    case UNIT_YEAR:
        return year_start(d.year + later);
    case UNIT_QUARTER:
        return month_start(d.year, ((d.month + 2) / 3 + later) * 3 - 2);
    case UNIT_MONTH:
        return month_start(d.year, d.month + (up && d.day > 1));
    case UNIT_WEEK:
        return days - from_sunday + (up && from_sunday ? 7 : 0);
    default:
        return days;
    }
}

int64_t time_unit_floor(enum time_unit unit, int64_t local_us)
{
    if (units[unit].us && unit != UNIT_WEEK)
        return floor_to(local_us, units[unit].us);
    return round_days(unit, calendar_day_of(local_us), false) * MICROS_PER_DAY;
}

int64_t time_unit_ceil(enum time_unit unit, int64_t local_us)
{
    int64_t floor;

    if (!units[unit].us || unit == UNIT_WEEK)
        return round_days(unit, calendar_day_of(local_us), true) * MICROS_PER_DAY;
    floor = floor_to(local_us, units[unit].us);
    return floor == local_us ? floor : floor + units[unit].us;
}

int32_t time_unit_add_months(int32_t days, int64_t months)
{
    struct civil date = calendar_civil(days);
    int64_t all = (int64_t)date.year * 12 + date.month - 1 + months;
    int64_t year = floor_to(all, 12) / 12;
    int32_t first = calendar_days((struct civil){(int32_t)year, (int32_t)(all - year * 12) + 1, 1});

    return MIN(first + date.day, calendar_next_month(first)) - 1;
}

/* Whole months from a day to a later one. */
static int64_t months_up(int32_t from, int32_t to)
{
    int64_t months = (to - from) / 31;

    while (time_unit_add_months(from, months) < to && time_unit_add_months(from, months + 1) <= to)
        months++;
    return months;
}

int64_t time_unit_months_between(int64_t from_us, int64_t to_us)
{
    int32_t from = calendar_day_of(from_us), to = calendar_day_of(to_us);
    int64_t months = to < from ? -months_up(to, from) : months_up(from, to);

    /* as Flink: one less when the last day is not complete */
    if (time_unit_add_months(from, months) == to &&
        to_us - (int64_t)to * MICROS_PER_DAY < from_us - (int64_t)from * MICROS_PER_DAY)
        months--;
    return months;
}
