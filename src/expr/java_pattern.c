/* java_pattern.c: reading a pattern, and writing times by it; java_pattern_parse.c reads times. */
#include "expr/java_pattern.h"
#include "base/calendar.h"
#include "base/mem.h"
#include <stdio.h>

const char *const java_pattern_months[12] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
const char *const java_pattern_days[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                          "Friday", "Saturday", "Sunday"};

/* The letters of a style and how often each may stand in a row. */
struct letters {
    const char *letter;
    uint8_t most;
};

static const struct letters formatter_letters[] = {
    {"yuY", 19}, {"MLQq", 5}, {"dhHkKms", 2}, {"D", 3}, {"E", 5},  {"e", 5}, {"c", 5},
    {"a", 1},    {"S", 9},    {"nNA", 19},    {"w", 2}, {"WF", 1}, {"G", 5}, {"X", 5},
    {"x", 5},    {"Z", 5},    {"z", 4},       {"V", 2}, {"B", 5},  {"O", 4}};
static const struct letters simple_letters[] = {{"GyYMLwWDdFEuaHkKhmsSzZ", 255}, {"X", 3}};

static uint8_t most_of(enum java_pattern_style style, char letter)
{
    const struct letters *table = style == JAVA_PATTERN_SIMPLE ? simple_letters : formatter_letters;
    size_t count = style == JAVA_PATTERN_SIMPLE ? COUNT_OF(simple_letters) : COUNT_OF(formatter_letters);

    for (size_t i = 0; i < count; i++)
        if (strchr(table[i].letter, letter))
            return table[i].most;
    return 0;
}

static bool is_number(const struct java_pattern *p, const struct java_pattern_item *item)
{
    if (item->letter == 0)
        return false;
    if (strchr("ML", item->letter) || (item->letter && strchr("Qqec", item->letter)))
        return item->count <= 2 && !(item->letter == 'e' && p->style == JAVA_PATTERN_SIMPLE);
    return strchr("yuYdDhHkKmsSnNAwWF", item->letter) != NULL;
}

static bool of_one_width(const struct java_pattern_item *item)
{
    if (strchr("yuY", item->letter))
        return item->count == 2;
    if (strchr("nNA", item->letter))
        return false;
    return item->letter == 'S' || item->count >= 2;
}

/* Numbers that touch: the first of any width leaves the fixed ones behind it their digits. */
static void find_widths(struct java_pattern *p)
{
    struct java_pattern_item *open = NULL;

    for (size_t i = 0; i < p->count; i++) {
        struct java_pattern_item *item = &p->items[i];

        if (!is_number(p, item)) {
            open = NULL;
        } else if (open && (of_one_width(item) || p->style == JAVA_PATTERN_SIMPLE)) {
            item->fixed = true;
            if (open->reserved < 100)
                open->reserved = (uint8_t)(open->reserved + item->count);
        } else {
            if (open)
                open->fixed = true;
            open = item;
        }
    }
    for (size_t i = 0; p->style == JAVA_PATTERN_SIMPLE && i + 1 < p->count; i++)
        p->items[i].fixed = is_number(p, &p->items[i]) && is_number(p, &p->items[i + 1]);
    if (p->style == JAVA_PATTERN_SIMPLE && p->count)
        p->items[p->count - 1].fixed = false;
}

static bool add(struct java_pattern *p, struct java_pattern_item item)
{
    if (!MEM_GROW(p->items, p->count, p->capacity))
        return false;
    p->items[p->count++] = item;
    return true;
}

static bool add_literal(struct java_pattern *p, const char *ptr, size_t len)
{
    struct java_pattern_item *last = p->count ? &p->items[p->count - 1] : NULL;

    bytes_append(&p->texts, ptr, len);
    if (last && last->letter == 0) {
        last->len = (uint16_t)(last->len + len);
        return !p->texts.failed;
    }
    return add(p, (struct java_pattern_item){.at = (uint16_t)(p->texts.len - len), .len = (uint16_t)len}) &&
           !p->texts.failed;
}

static enum err bad(struct slice text, const char *what, struct error *e)
{
    return error_set(e, ERR_INPUT, "the pattern '%.*s': %s", (int)MIN(text.len, 300),
                     text.ptr ? text.ptr : "", what);
}

/* Text in quotes; two of them are one. *at is behind the first quote, and left behind the last. */
static enum err quoted(struct java_pattern *p, struct slice text, size_t *at, struct error *e)
{
    size_t begin = *at;

    for (; *at < text.len; ++*at) {
        bool twice = text.ptr[*at] == '\'' && *at + 1 < text.len && text.ptr[*at + 1] == '\'';

        if (text.ptr[*at] == '\'' && !twice) {
            bool empty = *at == begin;

            ++*at;
            return !empty || add_literal(p, "'", 1) ? OK : error_memory(e, 0, "a pattern");
        }
        if (!add_literal(p, text.ptr + *at, 1))
            return error_memory(e, 0, "a pattern");
        *at += twice;
    }
    return bad(text, "a quote is not closed", e);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum err letters(struct java_pattern *p, struct slice text, size_t *at, struct error *e)
{
    char letter = text.ptr[*at];
    size_t count = 1;
    uint8_t most = most_of(p->style, letter);

    while (*at + count < text.len && text.ptr[*at + count] == letter)
        count++;
    *at += count;
    if (p->style == JAVA_PATTERN_FORMATTER && (letter == 'v' || letter == 'p' || letter == 'g'))
        return error_set(e, ERR_UNSUPPORTED, "the pattern '%.*s': the letter %c is not known here",
                         (int)text.len, text.ptr, letter);
    if (most == 0 || (count > most && p->style == JAVA_PATTERN_FORMATTER) || (letter == 'X' && count > most))
        return bad(text, most ? "too many of one letter" : "a letter stands for nothing; put texts in quotes",
                   e);
    if (letter == 'V' && count != 2)
        return bad(text, "V stands for a zone only twice", e);
    return add(p, (struct java_pattern_item){.letter = letter, .count = (uint8_t)MIN(count, 255)})
               ? OK
               : error_memory(e, 0, "a pattern");
}

static enum err optional(struct java_pattern *p, struct slice text, char byte, int *depth, struct error *e)
{
    *depth += byte == '[' ? 1 : -1;
    if (*depth < 0)
        return bad(text, "] without [", e);
    return add(p, (struct java_pattern_item){.letter = byte}) ? OK : error_memory(e, 0, "a pattern");
}

enum err java_pattern_init(struct java_pattern *p, enum java_pattern_style style, struct slice text,
                           struct error *e)
{
    enum err rc = OK;
    int depth = 0;

    *p = (struct java_pattern){.style = style};
    if (text.len > UINT16_MAX)
        return bad(text, "too long", e);
    for (size_t at = 0; rc == OK && at < text.len;) {
        char byte = text.ptr[at];

        if (is_letter(byte)) {
            rc = letters(p, text, &at, e);
            continue;
        }
        at++;
        if (byte == '\'')
            rc = quoted(p, text, &at, e);
        else if (style == JAVA_PATTERN_FORMATTER && (byte == '[' || byte == ']'))
            rc = optional(p, text, byte, &depth, e);
        else if (style == JAVA_PATTERN_FORMATTER && strchr("{}#", byte) && byte)
            rc = bad(text, "{, } and # are kept for later use; put them in quotes", e);
        else if (!add_literal(p, &byte, 1))
            rc = error_memory(e, 0, "a pattern");
    }
    for (; rc == OK && depth; depth--) /* what is open at the end is closed there */
        if (!add(p, (struct java_pattern_item){.letter = ']'}))
            rc = error_memory(e, 0, "a pattern");
    if (rc == OK)
        find_widths(p);
    else
        java_pattern_fini(p);
    return rc;
}

void java_pattern_fini(struct java_pattern *p)
{
    mem_free(p->items);
    bytes_fini(&p->texts);
    *p = (struct java_pattern){0};
}

/* --- writing */

struct shown { /* the parts of a moment */
    struct civil date;
    int32_t days;
    int64_t of_day_us;
    int32_t nanos; /* of the second */
    const struct java_moment *moment;
};

static void digits(struct bytes *out, int64_t v, int width)
{
    bytes_printf(out, "%0*" PRId64, v < 0 ? width + 1 : width, v);
}

/* A year of DateTimeFormatter: 4 letters and more show a sign where there are more digits. */
static void year(struct bytes *out, int64_t v, int count, bool simple)
{
    if (count == 2) {
        digits(out, (v % 100 + 100) % 100, 2);
        return;
    }
    if (!simple && count >= 4 && v > 9999)
        bytes_u8(out, '+');
    digits(out, v, count);
}

static void name(struct bytes *out, const char *text, int count)
{
    if (count == 5)
        bytes_append(out, text, 1);
    else
        bytes_append(out, text, count >= 4 ? strlen(text) : 3);
}

static void week(struct bytes *out, const struct shown *s, char letter, int count)
{
    /* of the US, whose weeks begin on Sunday, and whose week 1 has 1 January */
    int32_t sunday = s->days - (int32_t)(((int64_t)s->days + 4) % 7 + 7) % 7, y = s->date.year, first;
    struct civil saturday = calendar_civil(sunday + 6);

    if (letter == 'W') {
        first = calendar_days((struct civil){s->date.year, s->date.month, 1});
        first -= (int32_t)(((int64_t)first + 4) % 7 + 7) % 7;
        digits(out, (sunday - first) / 7 + 1, count);
        return;
    }
    if (saturday.year > y)
        y = saturday.year;
    first = calendar_days((struct civil){y, 1, 1});
    first -= (int32_t)(((int64_t)first + 4) % 7 + 7) % 7;
    if (letter == 'Y')
        year(out, y, count, false);
    else
        digits(out, (sunday - first) / 7 + 1, count);
}

static const char *day_period(int64_t minute)
{
    static const struct {
        int from;
        const char *name;
    } periods[] = {{21 * 60, "at night"},
                   {18 * 60, "in the evening"},
                   {12 * 60, "in the afternoon"},
                   {6 * 60, "in the morning"},
                   {0, "at night"}};

    if (minute == 0)
        return "midnight";
    if (minute == 12 * 60)
        return "noon";
    for (size_t i = 0;; i++)
        if (minute >= periods[i].from)
            return periods[i].name;
}

static void date_part(struct bytes *out, const struct shown *s, char letter, int count, bool simple)
{
    static const char *const ordinals[] = {"1st", "2nd", "3rd", "4th"};
    int32_t weekday = (int32_t)(((int64_t)s->days + 3) % 7 + 7) % 7, quarter = (s->date.month - 1) / 3;
    int32_t y = s->date.year;

    switch (letter) {
    case 'u':
        if (simple)
            digits(out, weekday + 1, count);
        else
            year(out, y, count, false);
        break;
    case 'y':
        year(out, y > 0 ? y : 1 - y, count, simple);
        break;
    case 'M':
    case 'L':
        if (count > 2)
            name(out, java_pattern_months[s->date.month - 1], count);
        else
            digits(out, s->date.month, count);
        break;
    case 'd':
        digits(out, s->date.day, count);
        break;
    case 'D':
        digits(out, s->days - calendar_days((struct civil){y, 1, 1}) + 1, count);
        break;
    case 'Q':
    case 'q':
        if (count <= 2)
            digits(out, quarter + 1, count);
        else if (count == 4)
            bytes_printf(out, "%s quarter", ordinals[quarter]);
        else
            bytes_printf(out, count == 3 ? "Q%d" : "%d", quarter + 1);
        break;
    case 'E':
        name(out, java_pattern_days[weekday], count == 5 && simple ? 4 : count);
        break;
    case 'e':
    case 'c':
        if (count <= 2)
            digits(out, (weekday + 1) % 7 + 1, count);
        else
            name(out, java_pattern_days[weekday], count);
        break;
    case 'F':
        digits(out, simple ? (s->date.day - 1) / 7 + 1 : (s->date.day - 1) % 7 + 1, count);
        break;
    case 'G':
        if (count == 4 && !simple)
            bytes_text(out, y > 0 ? "Anno Domini" : "Before Christ");
        else
            bytes_append(out, y > 0 ? "AD" : "BC", count == 5 && !simple ? 1 : 2);
        break;
    default:
        week(out, s, letter, count);
    }
}

static void fraction(struct bytes *out, int32_t nanos, int count, bool simple)
{
    char text[16];

    if (simple) {
        digits(out, nanos / 1000000, count);
        return;
    }
    snprintf(text, sizeof text, "%09d", nanos);
    bytes_append(out, text, (size_t)count);
}

static void time_part(struct bytes *out, const struct shown *s, char letter, int count, bool simple)
{
    int64_t second = s->of_day_us / MICROS_PER_SECOND, hour = second / 3600;

    switch (letter) {
    case 'H':
        digits(out, hour, count);
        break;
    case 'k':
        digits(out, hour ? hour : 24, count);
        break;
    case 'K':
        digits(out, hour % 12, count);
        break;
    case 'h':
        digits(out, hour % 12 ? hour % 12 : 12, count);
        break;
    case 'm':
        digits(out, second / 60 % 60, count);
        break;
    case 's':
        digits(out, second % 60, count);
        break;
    case 'S':
        fraction(out, s->nanos, count, simple);
        break;
    case 'a':
        bytes_text(out, hour < 12 ? "AM" : "PM");
        break;
    case 'A':
        digits(out, s->of_day_us / 1000, count);
        break;
    case 'n':
        digits(out, s->nanos, count);
        break;
    case 'N':
        digits(out, s->of_day_us * 1000 + s->moment->nanos, count);
        break;
    default:
        bytes_text(out, day_period(second / 60));
    }
}

/* The zone as SimpleDateFormat writes it; false when none is known. */
static bool zone_part(struct bytes *out, const struct java_moment *m, char letter, int count)
{
    int32_t offset, minutes;

    if (m->zone == NULL)
        return false;
    offset = zone_offset_s(m->zone, m->utc_us);
    minutes = (offset < 0 ? -offset : offset) / 60;
    if (letter == 'z')
        bytes_text(out, zone_name(m->zone));
    else if (letter == 'X' && offset == 0)
        bytes_u8(out, 'Z');
    else if (letter == 'X' && count == 1)
        bytes_printf(out, "%c%02d", offset < 0 ? '-' : '+', minutes / 60);
    else
        bytes_printf(out, letter == 'X' && count == 3 ? "%c%02d:%02d" : "%c%02d%02d", offset < 0 ? '-' : '+',
                     minutes / 60, minutes % 60);
    return true;
}

static bool format_item(const struct java_pattern *p, const struct java_pattern_item *item,
                        const struct shown *s, struct bytes *out)
{
    bool simple = p->style == JAVA_PATTERN_SIMPLE;

    if (item->letter == 0)
        bytes_append(out, p->texts.ptr + item->at, item->len);
    else if (strchr("zZXxVO", item->letter))
        return simple && zone_part(out, s->moment, item->letter, item->count);
    else if (strchr("HkKhmsSaAnNB", item->letter))
        time_part(out, s, item->letter, item->count, simple);
    else if (item->letter != '[' && item->letter != ']')
        date_part(out, s, item->letter, item->count, simple);
    return true;
}

/* Leave out the optional part that item i is in. */
static size_t behind_optional(const struct java_pattern *p, size_t i)
{
    for (int depth = 1; i < p->count; i++) {
        depth += p->items[i].letter == '[' ? 1 : p->items[i].letter == ']' ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return p->count;
}

#define DEPTH_MAX 32

bool java_pattern_format(const struct java_pattern *p, const struct java_moment *m, struct bytes *out)
{
    int64_t of_day = ((m->local_us % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
    struct shown s = {.days = calendar_day_of(m->local_us), .of_day_us = of_day, .moment = m};
    size_t began[DEPTH_MAX];
    int depth = 0;

    s.date = calendar_civil(s.days);
    s.nanos = (int32_t)(of_day % MICROS_PER_SECOND) * 1000 + m->nanos;
    for (size_t i = 0; i < p->count; i++) {
        char letter = p->items[i].letter;

        if (letter == '[' && depth < DEPTH_MAX)
            began[depth] = out->len;
        depth += letter == '[' ? 1 : letter == ']' ? -1 : 0;
        if (format_item(p, &p->items[i], &s, out))
            continue;
        if (depth == 0 || depth > DEPTH_MAX)
            return false;
        out->len = began[--depth]; /* what cannot be written may be left out */
        i = behind_optional(p, i + 1);
    }
    return true;
}
