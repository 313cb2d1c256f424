/* java_pattern_parse.c: reading times by a pattern. First the parts as the text has them, then the time that
 * they make: strictly for DateTimeFormatter (but for days past the end of a month, which are its last), by
 * counting on for SimpleDateFormat.
 */
#include "base/calendar.h"
#include "expr/java_pattern.h"
#include <strings.h>

enum part {
    PART_YEAR,
    PART_ERA, /* 0: before, 1: after */
    PART_MONTH,
    PART_DAY,
    PART_DAY_OF_YEAR,
    PART_WEEKDAY, /* from Monday, 1 */
    PART_HOUR,
    PART_HALF_HOUR, /* 0..11 */
    PART_HALF,      /* 0: before noon */
    PART_MINUTE,
    PART_SECOND,
    PART_NANO,
    PART_MILLI_OF_DAY,
    PART_NANO_OF_DAY,
    PART_IGNORED, /* weeks, quarters: alone they say nothing */
    PART_COUNT
};

struct reading {
    const struct java_pattern *p;
    const char *at, *end;
    int64_t parts[PART_COUNT];
    bool has[PART_COUNT];
    bool has_offset;
    int32_t offset_s;
};

static const struct {
    char letter;
    enum part part;
    int64_t least, most, zero; /* zero: the value that means 0 */
} numbers[] = {{'u', PART_YEAR, -999999999, 999999999, -1},
               {'y', PART_YEAR, -999999999, 999999999, -1},
               {'M', PART_MONTH, 1, 12, -1},
               {'L', PART_MONTH, 1, 12, -1},
               {'d', PART_DAY, 1, 31, -1},
               {'D', PART_DAY_OF_YEAR, 1, 366, -1},
               {'H', PART_HOUR, 0, 24, -1},
               {'k', PART_HOUR, 1, 24, 24},
               {'K', PART_HALF_HOUR, 0, 11, -1},
               {'h', PART_HALF_HOUR, 1, 12, 12},
               {'m', PART_MINUTE, 0, 59, -1},
               {'s', PART_SECOND, 0, 59, -1},
               {'n', PART_NANO, 0, 999999999, -1},
               {'A', PART_MILLI_OF_DAY, 0, 86399999, -1},
               {'N', PART_NANO_OF_DAY, 0, INT64_C(86399999999999), -1},
               {'Y', PART_IGNORED, -999999999, 999999999, -1},
               {'w', PART_IGNORED, 1, 53, -1},
               {'W', PART_IGNORED, 0, 6, -1},
               {'F', PART_IGNORED, 1, 5, -1},
               {'Q', PART_IGNORED, 1, 4, -1},
               {'q', PART_IGNORED, 1, 4, -1},
               {'e', PART_IGNORED, 1, 7, -1},
               {'c', PART_IGNORED, 1, 7, -1}};

/* Two places that say the same must agree. */
static bool set(struct reading *r, enum part part, int64_t value)
{
    if (part != PART_IGNORED && r->has[part] && r->parts[part] != value &&
        r->p->style == JAVA_PATTERN_FORMATTER)
        return false;
    r->parts[part] = value;
    r->has[part] = true;
    return true;
}

/* Digits from r->at on, at most so many. */
static int digits(struct reading *r, int most, int64_t *out)
{
    int count = 0;

    for (*out = 0; count < most && count < 18 && r->at < r->end && *r->at >= '0' && *r->at <= '9'; count++)
        *out = *out * 10 + *r->at++ - '0';
    return count;
}

/* How many digits a number of DateTimeFormatter has to have and may have. */
static void widths(const struct java_pattern_item *item, int *least, int *most)
{
    bool year = strchr("yuY", item->letter) != NULL,
         exact = item->letter == 'S' || (!year && item->count > 1);

    *least = item->count;
    *most = exact ? item->count : 19;
    if (year && item->count == 2)
        *most = 2;
    if (item->letter == 'D' && item->count > 1)
        *most = 3;
    if (strchr("nNA", item->letter))
        *most = 19;
    if (item->fixed)
        *most = MAX(*least, item->count);
}

static bool strict_digits(struct reading *r, const struct java_pattern_item *item, int64_t *out, int *count)
{
    const char *begin = r->at;
    int least, most;

    widths(item, &least, &most);
    *count = digits(r, MIN(most + item->reserved, 18), out);
    if (item->reserved && *count) { /* leave the numbers behind it theirs */
        most = MAX(least, *count - item->reserved);
        r->at = begin;
        *count = digits(r, most, out);
    }
    return *count >= least;
}

static bool strict_year(struct reading *r, const struct java_pattern_item *item, int64_t *out)
{
    bool minus = r->at < r->end && *r->at == '-' && item->count != 2;
    bool plus = r->at < r->end && *r->at == '+' && item->count >= 4;
    int count;

    r->at += minus || plus;
    if (!strict_digits(r, item, out, &count))
        return false;
    if (item->count == 2) {
        *out += 2000;
        return true;
    }
    if (item->count >= 4 && !minus && plus != (count > item->count))
        return false;
    *out = minus ? -*out : *out;
    return true;
}

static bool put_number(struct reading *r, const struct java_pattern_item *item, int64_t value, bool check)
{
    size_t i = 0;

    while (numbers[i].letter != item->letter)
        i++;
    if (check && (value < numbers[i].least || value > numbers[i].most))
        return false;
    return set(r, numbers[i].part, value == numbers[i].zero ? 0 : value);
}

static bool strict_number(struct reading *r, const struct java_pattern_item *item)
{
    int64_t value;
    int count;

    if (strchr("yuY", item->letter))
        return strict_year(r, item, &value) && put_number(r, item, value, true);
    if (!strict_digits(r, item, &value, &count))
        return false;
    if (item->letter != 'S')
        return put_number(r, item, value, true);
    for (; count < 9; count++)
        value *= 10;
    return set(r, PART_NANO, value);
}

/* A two-digit year of SimpleDateFormat is within 80 years before and 20 behind today's. */
static int64_t full_year(int64_t two)
{
    return two + (two > 46 ? 1900 : 2000);
}

static bool lax_number(struct reading *r, const struct java_pattern_item *item)
{
    bool minus = false;
    int64_t value;
    int count;

    if (!item->fixed && r->at < r->end && *r->at == '-') {
        minus = true;
        r->at++;
    }
    if ((count = digits(r, item->fixed ? item->count : 18, &value)) == 0)
        return false;
    if (value > 999999999)
        return false;
    if (item->letter == 'y' && item->count <= 2 && count == 2 && !minus)
        value = full_year(value);
    if (item->letter == 'S')
        return set(r, PART_NANO, (minus ? -value : value) * 1000000);
    if (item->letter == 'u')
        return set(r, PART_IGNORED, value);
    return put_number(r, item, minus ? -value : value, false);
}

/* --- texts */

static bool starts(const struct reading *r, const char *text, size_t len)
{
    if ((size_t)(r->end - r->at) < len)
        return false;
    return r->p->style == JAVA_PATTERN_SIMPLE ? strncasecmp(r->at, text, len) == 0
                                              : memcmp(r->at, text, len) == 0;
}

/* One of the names, whole or its first three letters, as count asks for or (lax) either; its number or -1. */
static int one_of(struct reading *r, const char *const *names, int n, int count)
{
    bool lax = r->p->style == JAVA_PATTERN_SIMPLE;

    for (int i = 0; i < n; i++)
        if ((lax || count == 4) && starts(r, names[i], strlen(names[i]))) {
            r->at += strlen(names[i]);
            return i;
        }
    for (int i = 0; i < n; i++)
        if ((lax || count != 4) && starts(r, names[i], 3)) {
            r->at += 3;
            return i;
        }
    return -1;
}

static bool name(struct reading *r, const struct java_pattern_item *item)
{
    bool month = strchr("ML", item->letter) != NULL;
    int n;

    if (item->count == 5 && r->p->style == JAVA_PATTERN_FORMATTER)
        return false; /* one letter says too little */
    n = month ? one_of(r, java_pattern_months, 12, item->count)
              : one_of(r, java_pattern_days, 7, item->count);
    return n >= 0 && set(r, month ? PART_MONTH : PART_WEEKDAY, n + 1);
}

static bool half(struct reading *r)
{
    bool after = starts(r, "PM", 2);

    if (!after && !starts(r, "AM", 2))
        return false;
    r->at += 2;
    return set(r, PART_HALF, after);
}

static bool era(struct reading *r, const struct java_pattern_item *item)
{
    bool whole = item->count == 4 && r->p->style == JAVA_PATTERN_FORMATTER;
    const char *after = whole ? "Anno Domini" : "AD", *before = whole ? "Before Christ" : "BC";
    bool is_after = starts(r, after, strlen(after));

    if (!is_after && !starts(r, before, strlen(before)))
        return false;
    r->at += strlen(is_after ? after : before);
    return set(r, PART_ERA, is_after);
}

/* +hh[[:]mm[[:]ss]] */
static bool offset(struct reading *r, char letter, int count)
{
    bool lax = r->p->style == JAVA_PATTERN_SIMPLE,
         colon = !lax && (letter == 'Z' ? count == 5 : count == 3 || count == 5);
    int64_t hours, minutes = 0;
    bool minus;

    if (r->at < r->end && *r->at == 'Z' && letter != 'x') {
        r->at++;
        r->has_offset = true;
        return true;
    }
    if (r->at == r->end || (*r->at != '+' && *r->at != '-'))
        return false;
    minus = *r->at++ == '-';
    if (digits(r, 2, &hours) != 2 || hours > 18)
        return false;
    if (!(letter == 'X' && count == 1 && lax)) {
        const char *behind = r->at;

        if (r->at < r->end && *r->at == ':' && (colon || lax))
            r->at++;
        else if (colon)
            return false;
        if (digits(r, 2, &minutes) != 2) {
            if (!(count == 1 && letter != 'Z'))
                return false; /* minutes may be left out only there */
            r->at = behind;
            minutes = 0;
        }
    }
    r->has_offset = true;
    r->offset_s = (int32_t)((hours * 60 + minutes) * 60) * (minus ? -1 : 1);
    return minutes < 60;
}

/* A zone by name: up to what cannot be part of one. */
static bool zone(struct reading *r)
{
    const char *begin = r->at;
    const struct zone *z;
    struct error e;

    if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
        return offset(r, 'Z', 1);
    while (r->at < r->end &&
           ((*r->at >= '0' && *r->at <= '9') || (*r->at | 0x20) >= 'a' || strchr("/_+-:", *r->at)))
        r->at++;
    if (r->at == begin || zone_find(slice_of(begin, (size_t)(r->at - begin)), &z, &e) != OK)
        return false;
    r->has_offset = true;
    r->offset_s = zone_offset_s(z, 0);
    return true;
}

/* --- items */

static bool read_literal(struct reading *r, const struct java_pattern_item *item)
{
    if ((size_t)(r->end - r->at) < item->len || memcmp(r->at, r->p->texts.ptr + item->at, item->len) != 0)
        return false;
    r->at += item->len;
    return true;
}

static bool read_item(struct reading *r, const struct java_pattern_item *item)
{
    bool lax = r->p->style == JAVA_PATTERN_SIMPLE;

    if (item->letter == 0)
        return read_literal(r, item);
    while (lax && r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    switch (item->letter) {
    case 'a':
        return half(r);
    case 'G':
        return era(r, item);
    case 'X':
    case 'x':
    case 'Z':
        return offset(r, item->letter, item->count);
    case 'z':
    case 'V':
        return zone(r);
    case 'B':
    case 'O':
        return false; /* not to be read back */
    case 'M':
    case 'L':
        if (item->count > 2)
            return name(r, item);
        break;
    case 'E':
        return name(r, item);
    case 'e':
    case 'c':
    case 'Q':
    case 'q':
        if (item->count > 2)
            return strchr("ec", item->letter) && name(r, item);
        break;
    }
    return lax ? lax_number(r, item) : strict_number(r, item);
}

static size_t closing(const struct java_pattern *p, size_t i)
{
    for (int depth = 0; i < p->count; i++) {
        depth += p->items[i].letter == '[' ? 1 : p->items[i].letter == ']' ? -1 : 0;
        if (depth < 0)
            return i;
    }
    return p->count;
}

static bool read_items(struct reading *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct reading before = *r;

        if (r->p->items[i].letter != '[') {
            if (!read_item(r, &r->p->items[i]))
                return false;
            continue;
        }
        from = i + 1;
        i = closing(r->p, from);
        if (!read_items(r, from, i))
            *r = before; /* the part is not there */
    }
    return true;
}

/* --- the time that the parts make */

static int64_t part(const struct reading *r, enum part which, int64_t otherwise)
{
    return r->has[which] ? r->parts[which] : otherwise;
}

static int32_t month_length(int64_t year, int64_t month)
{
    int32_t first = calendar_days((struct civil){(int32_t)year, (int32_t)month, 1});

    return calendar_next_month(first) - first;
}

static bool is_leap(int64_t year)
{
    return month_length(year, 2) == 29;
}

/* Years that fit a time in microseconds. */
static bool year_fits(int64_t year)
{
    return year > -200000 && year < 200000;
}

static bool strict_date(const struct reading *r, int32_t *out)
{
    int64_t year = part(r, PART_YEAR, 1970), month = part(r, PART_MONTH, 1), day = part(r, PART_DAY, 1);
    bool whole = r->has[PART_YEAR] && r->has[PART_MONTH] && r->has[PART_DAY];

    if (r->has[PART_ERA] && r->has[PART_YEAR] && r->parts[PART_ERA] == 0)
        year = 1 - year;
    if (!year_fits(year))
        return false;
    if (r->has[PART_DAY_OF_YEAR] && r->has[PART_YEAR] && !whole) {
        if (r->parts[PART_DAY_OF_YEAR] == 366 && !is_leap(year))
            return false;
        *out = calendar_days((struct civil){(int32_t)year, 1, 1}) + (int32_t)r->parts[PART_DAY_OF_YEAR] - 1;
        return true;
    }
    if (day > month_length(year, month) && !whole)
        return false;
    *out = calendar_days((struct civil){(int32_t)year, (int32_t)month, 1}) +
           (int32_t)MIN(day, month_length(year, month)) - 1;
    return !r->has[PART_WEEKDAY] || !whole || *out - calendar_monday(*out) + 1 == r->parts[PART_WEEKDAY];
}

/* 24:00:00 is the day's end. */
static bool strict_time(const struct reading *r, int64_t *out)
{
    int64_t hour = part(r, PART_HOUR, 0), minute = part(r, PART_MINUTE, 0), second = part(r, PART_SECOND, 0);
    int64_t nano = part(r, PART_NANO, 0);

    if (r->has[PART_HALF_HOUR] && r->has[PART_HALF])
        hour = r->parts[PART_HALF_HOUR] + 12 * r->parts[PART_HALF];
    else if (r->has[PART_HALF] && r->has[PART_HOUR] && hour / 12 != r->parts[PART_HALF])
        return false;
    if (r->has[PART_NANO_OF_DAY])
        *out = r->parts[PART_NANO_OF_DAY] / 1000;
    else if (r->has[PART_MILLI_OF_DAY])
        *out = r->parts[PART_MILLI_OF_DAY] * 1000;
    else
        *out = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + nano / 1000;
    return hour < 24 || (minute == 0 && second == 0 && nano == 0);
}

static bool lax_time(const struct reading *r, struct java_parsed *out)
{
    int64_t year = part(r, PART_YEAR, 1970), month = part(r, PART_MONTH, 1) - 1, days;
    int64_t hour = part(r, PART_HOUR, 0);

    if (r->has[PART_ERA] && r->parts[PART_ERA] == 0)
        year = 1 - year;
    year += month >= 0 ? month / 12 : -((11 - month) / 12);
    month = (month % 12 + 12) % 12;
    if (!year_fits(year))
        return false;
    days = calendar_days((struct civil){(int32_t)year, (int32_t)month + 1, 1}) + part(r, PART_DAY, 1) - 1;
    if (r->has[PART_DAY_OF_YEAR] && !r->has[PART_DAY])
        days = calendar_days((struct civil){(int32_t)year, 1, 1}) + r->parts[PART_DAY_OF_YEAR] - 1;
    if (r->has[PART_HALF_HOUR])
        hour = r->parts[PART_HALF_HOUR] + 12 * part(r, PART_HALF, 0);
    if (days > 80000000 || days < -80000000)
        return false;
    out->local_us = days * MICROS_PER_DAY +
                    ((hour * 60 + part(r, PART_MINUTE, 0)) * 60 + part(r, PART_SECOND, 0)) *
                        MICROS_PER_SECOND;
    return !__builtin_add_overflow(out->local_us, part(r, PART_NANO, 0) / 1000, &out->local_us);
}

bool java_pattern_parse(const struct java_pattern *p, struct slice text, struct java_parsed *out)
{
    const char *begin = text.len ? text.ptr : "";
    struct reading r = {.p = p, .at = begin, .end = begin + text.len};
    int64_t of_day;
    int32_t day;

    if (!read_items(&r, 0, p->count))
        return false;
    *out = (struct java_parsed){.has_offset = r.has_offset, .offset_s = r.offset_s};
    if (p->style == JAVA_PATTERN_SIMPLE)
        return lax_time(&r, out);
    if (r.at != r.end || !strict_date(&r, &day) || !strict_time(&r, &of_day))
        return false;
    out->local_us = (int64_t)day * MICROS_PER_DAY + of_day;
    return true;
}

/* --- without a pattern */

struct plain {
    const char *at, *end;
};

static bool plain_number(struct plain *s, int least, int most, int64_t *out)
{
    int count = 0;

    for (*out = 0; count < most && s->at < s->end && *s->at >= '0' && *s->at <= '9'; count++)
        *out = *out * 10 + *s->at++ - '0';
    return count >= least;
}

static bool plain_byte(struct plain *s, char byte)
{
    if (s->at == s->end || *s->at != byte)
        return false;
    s->at++;
    return true;
}

static bool plain_fraction(struct plain *s, int least, int64_t *micros)
{
    int64_t value = 0;
    int count = 0;

    for (; count < 9 && s->at < s->end && *s->at >= '0' && *s->at <= '9'; count++)
        value = value * 10 + *s->at++ - '0';
    for (int i = count; i < 9; i++)
        value *= 10;
    *micros = value / 1000;
    return count >= least;
}

/* yyyy-M-d, the day at most the month's last. */
static bool plain_date(struct plain *s, bool clip, int32_t *days)
{
    int64_t year, month, day;

    if (!plain_number(s, 4, 4, &year) || !plain_byte(s, '-') || !plain_number(s, 1, 2, &month) ||
        !plain_byte(s, '-') || !plain_number(s, 1, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    if (clip)
        day = MIN(day, month_length(year, month));
    *days = calendar_days((struct civil){(int32_t)year, (int32_t)month, 1}) + (int32_t)day - 1;
    return true;
}

bool java_pattern_parse_default(struct slice text, int64_t *local_us)
{
    const char *begin = text.len ? text.ptr : "";
    struct plain s = {begin, begin + text.len};
    int64_t hour = 0, minute = 0, second = 0, micros = 0;
    int32_t days;

    if (!plain_date(&s, true, &days))
        return false;
    if (s.at < s.end) {
        if (!plain_byte(&s, ' ') || !plain_number(&s, 1, 2, &hour) || !plain_byte(&s, ':') ||
            !plain_number(&s, 1, 2, &minute) || !plain_byte(&s, ':') || !plain_number(&s, 1, 2, &second))
            return false;
        if (plain_byte(&s, '.') && !plain_fraction(&s, 0, &micros))
            return false;
    }
    if (s.at < s.end || minute > 59 || second > 59 || hour > 24 ||
        (hour == 24 && (minute || second || micros)))
        return false;
    *local_us = (int64_t)days * MICROS_PER_DAY + ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND +
                micros;
    return true;
}

bool java_pattern_parse_sql(struct slice text, int64_t *local_us)
{
    const char *begin = text.len ? text.ptr : "";
    struct plain s = {begin, begin + text.len};
    int64_t hour = 0, minute = 0, second = 0, micros = 0;
    int32_t days;

    while (s.at < s.end && (uint8_t)*s.at <= ' ')
        s.at++;
    while (s.end > s.at && (uint8_t)s.end[-1] <= ' ')
        s.end--;
    if (!plain_date(&s, false, &days))
        return false;
    if (s.at < s.end) {
        if (!plain_byte(&s, ' ') || !plain_number(&s, 1, 8, &hour) || !plain_byte(&s, ':') ||
            !plain_number(&s, 1, 8, &minute) || !plain_byte(&s, ':') || !plain_number(&s, 1, 8, &second))
            return false;
        if (plain_byte(&s, '.') && !plain_fraction(&s, 1, &micros))
            return false;
    }
    *local_us = (int64_t)days * MICROS_PER_DAY + ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND +
                micros;
    return s.at == s.end;
}
