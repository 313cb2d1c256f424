/* calendar.c: days <-> civil by counting in 400-year eras that begin on 1 March, so that the leap day comes last. */
#include "base/calendar.h"
#include <stdio.h>
#include <string.h>

#define DAYS_PER_ERA 146097
#define ERA_TO_1970  719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t calendar_days(struct civil d)
{
    int64_t year = d.month <= 2 ? (int64_t)d.year - 1 : d.year;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int32_t)(era * DAYS_PER_ERA + day_of_era - ERA_TO_1970);
}

struct civil calendar_civil(int32_t days)
{
    int64_t shifted = (int64_t)days + ERA_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t doe = shifted - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month_from_march = (5 * doy + 2) / 153;
    int32_t month = (int32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

    return (struct civil){.year = (int32_t)(yoe + era * 400 + (month <= 2)),
                          .month = month,
                          .day = (int32_t)(doy - (153 * month_from_march + 2) / 5 + 1)};
}

int32_t calendar_day_of(int64_t micros)
{
    return (int32_t)floor_div(micros, MICROS_PER_DAY);
}

int32_t calendar_monday(int32_t days)
{
    return (int32_t)(floor_div((int64_t)days + 3, 7) * 7 - 3); /* 1970-01-01 was a Thursday */
}

void calendar_iso_week(int32_t days, int32_t *year, int32_t *week)
{
    int32_t thursday = calendar_monday(days) + 3; /* a week belongs to the year of its Thursday */
    struct civil date = calendar_civil(thursday);
    int32_t first = calendar_days((struct civil){date.year, 1, 1});

    *year = date.year;
    *week = (thursday - first) / 7 + 1;
}

int32_t calendar_month_start(int32_t days)
{
    struct civil date = calendar_civil(days);

    return calendar_days((struct civil){date.year, date.month, 1});
}

int32_t calendar_next_month(int32_t days)
{
    struct civil date = calendar_civil(days);

    return calendar_days(date.month == 12 ? (struct civil){date.year + 1, 1, 1}
                                          : (struct civil){date.year, date.month + 1, 1});
}

static bool digits(const char *p, int n, int32_t *out)
{
    int32_t v = 0;

    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *out = v;
    return true;
}

static int32_t month_length(int32_t year, int32_t month)
{
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return length[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static const char *parse_date(const char *p, int32_t *days)
{
    struct civil d;

    if (!digits(p, 4, &d.year) || p[4] != '-' || !digits(p + 5, 2, &d.month) || p[7] != '-' ||
        !digits(p + 8, 2, &d.day))
        return "is not ISO-8601 (want 2025-11-01T08:30:00Z)";
    if (d.year < 1)
        return "has year 0000 (the first is 0001)";
    if (d.month < 1 || d.month > 12)
        return "has a month that is not 01 to 12";
    if (d.day < 1 || d.day > month_length(d.year, d.month))
        return "has a day that its month does not have";
    *days = calendar_days(d);
    return NULL;
}

/* [+-]hh:mm, [+-]hhmm, [+-]hh or Z, to the end of the text. */
static const char *parse_zone(const char *p, const char *end, int64_t *offset_micros)
{
    int32_t hours = 0, minutes = 0;
    size_t left = (size_t)(end - p);

    if (left == 0)
        return "has no time zone (want Z or +hh:mm at the end)";
    if (left == 1 && (*p == 'Z' || *p == 'z')) {
        *offset_micros = 0;
        return NULL;
    }
    if ((*p != '+' && *p != '-') || left < 3 || !digits(p + 1, 2, &hours) ||
        !(left == 3 || (left == 5 && digits(p + 3, 2, &minutes)) ||
          (left == 6 && p[3] == ':' && digits(p + 4, 2, &minutes))))
        return "has a time zone that is neither Z nor +hh:mm";
    if (hours > 18 || minutes > 59)
        return "has a time zone offset beyond 18:00";
    *offset_micros = (*p == '-' ? -1 : 1) * ((int64_t)hours * 3600 + minutes * 60) * MICROS_PER_SECOND;
    return NULL;
}

/* Eight characters that look like form, where a 0 stands for any digit: each pair of digits as a number, in the byte of
 * its first digit. False: they look otherwise. */
static inline __attribute__((always_inline)) bool read_eight(const char *p, const char form[9],
                                                             uint64_t *pairs)
{
    uint64_t v, f, limit = 0;

    memcpy(&v, p, 8);
    memcpy(&f, form, 8);
    for (int i = 0; i < 8; i++) /* added to what differs in a right character, it does not reach 128 */
        limit |= (uint64_t)(form[i] == '0' ? 0x80 - 10 : 0x80 - 1) << 8 * i;
    v ^= f;
    if (((v + limit) | v) & UINT64_C(0x8080808080808080))
        return false;
    *pairs = v * 10 + (v >> 8);
    return true;
}

static int32_t pair(uint64_t pairs, int at)
{
    return (int32_t)(pairs >> 8 * at & 0xff);
}

/* The form that nearly every instant has, 2025-11-01T08:30:00Z or with .000 before the Z, without a step for each
 * character. False: read it the long way, which also knows what is wrong with it. */
static bool parse_plain_instant(struct slice text, int64_t *out)
{
    uint64_t date, time, rest;
    struct civil d;
    int32_t hour, minute, second, millis = 0;

    if ((text.len != 20 && text.len != 24) || !read_eight(text.ptr, "0000-00-", &date) ||
        !read_eight(text.ptr + 8, "00T00:00", &time))
        return false;
    if (text.len == 20) {
        if (!read_eight(text.ptr + 12, "0:00:00Z", &rest))
            return false;
        second = pair(rest, 5);
    } else {
        if (!read_eight(text.ptr + 15, "0:00.000", &rest) || text.ptr[23] != 'Z')
            return false;
        second = pair(rest, 2);
        millis = pair(rest, 5) * 10 + pair(rest, 7) / 10; /* the last digit has no partner */
    }
    d = (struct civil){pair(date, 0) * 100 + pair(date, 2), pair(date, 5), pair(time, 0)};
    hour = pair(time, 3);
    minute = pair(time, 6);
    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > month_length(d.year, d.month) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    *out = (int64_t)calendar_days(d) * MICROS_PER_DAY +
           ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * MICROS_PER_SECOND +
           (int64_t)millis * 1000;
    return true;
}

const char *calendar_parse_iso(struct slice text, int64_t *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len, *why;
    int32_t days = 0, hour = 0, minute = 0, second = 0;
    int64_t micros = 0, zone = 0;

    if (parse_plain_instant(text, out))
        return NULL;
    if (text.len == 0)
        return "is empty";
    if (text.len < 16)
        return "is not ISO-8601 (want 2025-11-01T08:30:00Z)";
    if ((why = parse_date(p, &days)) != NULL)
        return why;
    if ((p[10] != 'T' && p[10] != 't' && p[10] != ' ') || !digits(p + 11, 2, &hour) || p[13] != ':' ||
        !digits(p + 14, 2, &minute))
        return "is not ISO-8601 (want 2025-11-01T08:30:00Z)";
    p += 16;
    if (end - p >= 3 && *p == ':') {
        if (!digits(p + 1, 2, &second))
            return "has seconds that are not two digits";
        p += 3;
        if (p < end && (*p == '.' || *p == ',')) {
            int n = 0;

            for (p++; p < end && *p >= '0' && *p <= '9'; p++, n++)
                if (n < 6)
                    micros = micros * 10 + (*p - '0');
            if (n == 0)
                return "has a point but no fraction of a second";
            for (; n < 6; n++)
                micros *= 10;
        }
    }
    if (hour > 23 || minute > 59)
        return "has a time of day beyond 23:59";
    if (second > 59)
        return second == 60 ? "has a leap second (:60), which a timestamp cannot hold"
                            : "has seconds beyond 59";
    if ((why = parse_zone(p, end, &zone)) != NULL)
        return why;
    *out = (int64_t)days * MICROS_PER_DAY +
           ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * MICROS_PER_SECOND + micros - zone;
    return NULL;
}

size_t calendar_format_date(int32_t days, char out[CALENDAR_TEXT_MAX])
{
    struct civil d = calendar_civil(days);

    return (size_t)snprintf(out, CALENDAR_TEXT_MAX, "%04" PRId32 "-%02" PRId32 "-%02" PRId32, d.year, d.month,
                            d.day);
}

size_t calendar_format_iso(int64_t micros, char out[CALENDAR_TEXT_MAX])
{
    int32_t days = calendar_day_of(micros);
    int64_t in_day = (micros % MICROS_PER_DAY + MICROS_PER_DAY) %
                     MICROS_PER_DAY; /* days * a day may overflow */
    int seconds = (int)(in_day / MICROS_PER_SECOND), fraction = (int)(in_day % MICROS_PER_SECOND);
    size_t n = calendar_format_date(days, out);

    n += (size_t)snprintf(out + n, CALENDAR_TEXT_MAX - n, "T%02d:%02d:%02d", seconds / 3600,
                          seconds / 60 % 60, seconds % 60);
    if (fraction)
        n += (size_t)snprintf(out + n, CALENDAR_TEXT_MAX - n, ".%06d", fraction);
    n += (size_t)snprintf(out + n, CALENDAR_TEXT_MAX - n, "Z");
    return n;
}
