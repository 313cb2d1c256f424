/* zone.c: see zone.h. A zone is the list of instants at which its offset changes, with the offset from then
 * on, and behind the last of them a rule for all years to come (the footer of a TZif file, RFC 8536: a TZ
 * string of POSIX). An instant's offset is found by halving the list.
 */
#include "base/zone.h"
#include "base/bytes.h"
#include "base/calendar.h"
#include "base/mem.h"
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#define ZONE_DIRECTORY  "/usr/share/zoneinfo"
#define ZONE_NAME_MAX   64
#define ZONE_FILE_MAX   (256 * 1024)
#define OFFSET_MAX_S    (18 * 3600)
#define SECONDS_PER_DAY 86400

/* When summer time begins or ends in a year: POSIX's Mm.w.d, Jn or n, and the local time of day. */
struct change_rule {
    char form; /* 'M', 'J', or '0' for the day of the year from 0 */
    int32_t month, week, day;
    int32_t time_s; /* may be negative or over a day */
};

struct zone {
    struct zone *next;
    char name[ZONE_NAME_MAX + 1];
    int32_t change_count;
    int64_t *changes_s;     /* owned; ascending */
    int32_t *offsets_s;     /* owned; from each change on */
    int32_t first_offset_s; /* before the first change */
    /* Behind the last change: */
    int32_t standard_s, summer_s;
    bool has_summer;
    struct change_rule begin, end; /* of summer time */
};

const char *zone_name(const struct zone *z)
{
    return z->name;
}

const struct zone *zone_gmt(void)
{
    static const struct zone gmt = {.name = "UTC"};

    return &gmt;
}

/* --- the rule for years to come */

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day, since 1970, on which a rule falls in a year. */
static int32_t rule_day(const struct change_rule *r, int32_t year)
{
    int32_t first, weekday, day;

    if (r->form != 'M') {
        int32_t january = calendar_days((struct civil){year, 1, 1});
        bool skip_leap_day = r->form == 'J' && is_leap(year) && r->day >= 60;

        return january + r->day - (r->form == 'J') + skip_leap_day;
    }
    first = calendar_days((struct civil){year, r->month, 1});
    weekday = ((first % 7) + 11) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
    day = first + (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
    while (day >= calendar_next_month(first)) /* week 5 is the last */
        day -= 7;
    return day;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int32_t rule_offset(const struct zone *z, int64_t utc_s)
{
    int64_t begin_s, end_s;
    int32_t year;
    bool summer;

    if (!z->has_summer)
        return z->standard_s;
    year = calendar_civil((int32_t)floor_div(utc_s + z->standard_s, SECONDS_PER_DAY)).year;
    begin_s = (int64_t)rule_day(&z->begin, year) * SECONDS_PER_DAY + z->begin.time_s - z->standard_s;
    end_s = (int64_t)rule_day(&z->end, year) * SECONDS_PER_DAY + z->end.time_s - z->summer_s;
    if (begin_s < end_s)
        summer = utc_s >= begin_s && utc_s < end_s;
    else /* of the south */
        summer = utc_s >= begin_s || utc_s < end_s;
    return summer ? z->summer_s : z->standard_s;
}

/* How many changes are at or before that instant. */
static int32_t changes_by(const struct zone *z, int64_t utc_s)
{
    int32_t low = 0, high = z->change_count;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (z->changes_s[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct zone *z, int64_t utc_s)
{
    int32_t n = changes_by(z, utc_s);

    if (n == z->change_count)
        return rule_offset(z, utc_s);
    return n == 0 ? z->first_offset_s : z->offsets_s[n - 1];
}

int32_t zone_offset_s(const struct zone *z, int64_t utc_us)
{
    return offset_at(z, floor_div(utc_us, MICROS_PER_SECOND));
}

/* Local time is local_us under an offset before or behind any change near. A time that is shown under both
 * belongs to the one before; a time under neither is taken with the one before, which moves it on. */
int64_t zone_utc(const struct zone *z, int64_t local_us)
{
    int32_t before = zone_offset_s(z, local_us - (OFFSET_MAX_S + 6 * 3600) * MICROS_PER_SECOND), after;
    int64_t utc_us = local_us - before * MICROS_PER_SECOND;

    after = zone_offset_s(z, utc_us);
    if (after == before)
        return utc_us;
    if (zone_offset_s(z, local_us - after * MICROS_PER_SECOND) == after)
        return local_us - after * MICROS_PER_SECOND;
    return utc_us;
}

/* --- the footer: std offset [dst [offset] [,rule,rule]] */

static bool skip_name(const char **p)
{
    const char *begin = *p;

    if (**p == '<') {
        while (**p && **p != '>')
            ++*p;
        return *(*p)++ == '>';
    }
    while (isalpha((unsigned char)**p))
        ++*p;
    return *p - begin >= 3;
}

static bool take_int(const char **p, int32_t max, int32_t *out)
{
    int32_t v = 0;

    if (!isdigit((unsigned char)**p))
        return false;
    while (isdigit((unsigned char)**p) && v <= max)
        v = v * 10 + (*(*p)++ - '0');
    *out = v;
    return v <= max;
}

/* [+-]h[h][:mm[:ss]], in seconds. */
static bool take_time(const char **p, int32_t *out_s)
{
    int32_t sign = **p == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;

    if (**p == '-' || **p == '+')
        ++*p;
    if (!take_int(p, 167, &hours))
        return false;
    if (**p == ':' && (++*p, !take_int(p, 59, &minutes)))
        return false;
    if (**p == ':' && (++*p, !take_int(p, 59, &seconds)))
        return false;
    *out_s = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool take_rule(const char **p, struct change_rule *r)
{
    if (*(*p)++ != ',')
        return false;
    *r = (struct change_rule){.form = '0', .time_s = 2 * 3600};
    if (**p == 'M' || **p == 'J')
        r->form = *(*p)++;
    if (r->form == 'M') {
        if (!take_int(p, 12, &r->month) || r->month < 1 || *(*p)++ != '.' || !take_int(p, 5, &r->week) ||
            r->week < 1 || *(*p)++ != '.' || !take_int(p, 6, &r->day))
            return false;
    } else if (!take_int(p, 365, &r->day)) {
        return false;
    }
    if (**p == '/') {
        ++*p;
        return take_time(p, &r->time_s);
    }
    return true;
}

/* POSIX counts offsets westwards. */
static bool parse_footer(const char *p, struct zone *z)
{
    if (*p == '\0') { /* no rule: the last offset holds */
        z->standard_s = z->change_count ? z->offsets_s[z->change_count - 1] : z->first_offset_s;
        return true;
    }
    if (!skip_name(&p) || !take_time(&p, &z->standard_s))
        return false;
    z->standard_s = -z->standard_s;
    if (*p == '\0')
        return true;
    if (!skip_name(&p))
        return false;
    z->has_summer = true;
    z->summer_s = z->standard_s + 3600;
    if (*p && *p != ',') {
        if (!take_time(&p, &z->summer_s))
            return false;
        z->summer_s = -z->summer_s;
    }
    return take_rule(&p, &z->begin) && take_rule(&p, &z->end) && *p == '\0';
}

/* --- the file */

/* What a header of TZif says is in the block behind it. */
struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static bool take_header(struct reader *r, struct counts *c)
{
    struct slice magic = reader_bytes(r, 4);

    reader_bytes(r, 16); /* the version, and what is reserved */
    c->isut = reader_be32(r);
    c->isstd = reader_be32(r);
    c->leap = reader_be32(r);
    c->time = reader_be32(r);
    c->type = reader_be32(r);
    c->chars = reader_be32(r);
    return !r->failed && slice_is(magic, "TZif") && c->type > 0 && c->type <= 256 && c->time < 100000 &&
           c->chars < 10000 && c->leap < 10000 && c->isut <= c->type && c->isstd <= c->type;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
    return c->time * (time_bytes + 1) + c->type * 6 + c->chars + c->leap * (time_bytes + 4) + c->isstd +
           c->isut;
}

/* The 64-bit block: changes, which type each begins, and the types' offsets. */
static bool take_changes(struct reader *r, const struct counts *c, struct zone *z)
{
    int32_t offsets[256];
    struct slice types;
    struct reader times = *r;

    reader_bytes(r, c->time * 8);
    types = reader_bytes(r, c->time);
    for (uint32_t i = 0; i < c->type; i++) {
        offsets[i] = (int32_t)reader_be32(r);
        reader_bytes(r, 2);
        if (offsets[i] < -2 * SECONDS_PER_DAY || offsets[i] > 2 * SECONDS_PER_DAY)
            return false;
    }
    reader_bytes(r, c->chars + c->leap * 12 + c->isstd + c->isut);
    if (r->failed)
        return false;
    z->first_offset_s = offsets[0];
    for (uint32_t i = 0; i < c->time; i++) {
        uint8_t type = (uint8_t)types.ptr[i];

        if (type >= c->type)
            return false;
        z->changes_s[i] = (int64_t)reader_be64(&times);
        z->offsets_s[i] = offsets[type];
        if (i > 0 && z->changes_s[i] <= z->changes_s[i - 1])
            return false;
    }
    z->change_count = (int32_t)c->time;
    return true;
}

static enum err damaged(const char *name, struct error *e)
{
    return error_set(e, ERR_CORRUPT,
                     ZONE_DIRECTORY "/%s is no file of time zones; install the package tzdata "
                                    "anew",
                     name);
}

static enum err parse_file(struct slice file, struct zone *z, struct error *e)
{
    struct reader r = reader_of(file);
    struct counts c;
    struct slice rest;
    char footer[128];

    if (!take_header(&r, &c) || file.ptr[4] < '2')
        return damaged(z->name, e);
    reader_bytes(&r, block_bytes(&c, 4));
    if (!take_header(&r, &c))
        return damaged(z->name, e);
    z->changes_s = mem_calloc(MAX(c.time, 1), sizeof *z->changes_s);
    z->offsets_s = mem_calloc(MAX(c.time, 1), sizeof *z->offsets_s);
    if (z->changes_s == NULL || z->offsets_s == NULL)
        return error_memory(e, c.time * sizeof *z->changes_s, "a time zone");
    if (!take_changes(&r, &c, z))
        return damaged(z->name, e);
    rest = reader_bytes(&r, reader_left(&r));
    if (rest.len < 2 || rest.len - 2 >= sizeof footer || rest.ptr[0] != '\n')
        return damaged(z->name, e);
    memcpy(footer, rest.ptr + 1, rest.len - 2);
    footer[rest.len - 2] = '\0';
    return parse_footer(footer, z) ? OK : damaged(z->name, e);
}

static enum err unknown(const char *name, struct error *e)
{
    FILE *utc = fopen(ZONE_DIRECTORY "/UTC", "rb");

    if (utc == NULL)
        return error_set(e, ERR_NOT_FOUND,
                         "time zone `%s`: " ZONE_DIRECTORY " has no time zones; install the "
                         "package tzdata",
                         name);
    fclose(utc);
    return error_set(e, ERR_NOT_FOUND,
                     "there is no time zone `%s`; write one like Europe/Berlin, UTC or "
                     "+02:00",
                     name);
}

static enum err read_file(struct zone *z, struct error *e)
{
    char path[sizeof ZONE_DIRECTORY + ZONE_NAME_MAX + 2], *content;
    size_t len;
    FILE *f;
    enum err rc;

    snprintf(path, sizeof path, ZONE_DIRECTORY "/%s", z->name);
    if ((f = fopen(path, "rb")) == NULL)
        return unknown(z->name, e);
    if ((content = mem_alloc(ZONE_FILE_MAX)) == NULL) {
        fclose(f);
        return error_memory(e, ZONE_FILE_MAX, "a time zone's file");
    }
    len = fread(content, 1, ZONE_FILE_MAX, f);
    fclose(f);
    rc = len == 0 ? unknown(z->name, e) : parse_file(slice_of(content, len), z, e); /* 0: a directory */
    mem_free(content);
    return rc;
}

/* --- names */

/* [+-]h[h][[:]mm[[:]ss]]; the whole text. */
static bool parse_offset(const char *p, int32_t *out_s)
{
    int32_t part[3] = {0}, sign = *p == '-' ? -1 : 1;
    int digits;

    if (*p != '-' && *p != '+')
        return false;
    p++;
    digits = isdigit((unsigned char)p[0]) ? 1 + (isdigit((unsigned char)p[1]) != 0) : 0;
    for (int i = 0; i < 3 && *p; i++) {
        if (i > 0 && *p == ':')
            p++;
        if (i > 0)
            digits = 2;
        for (int k = 0; k < digits; k++) {
            if (!isdigit((unsigned char)*p))
                return false;
            part[i] = part[i] * 10 + (*p++ - '0');
        }
    }
    *out_s = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return digits && *p == '\0' && part[1] < 60 && part[2] < 60 && *out_s <= OFFSET_MAX_S &&
           *out_s >= -OFFSET_MAX_S;
}

/* "+02:00", or the same behind UTC, GMT or UT. */
static bool fixed_offset(const char *name, int32_t *out_s)
{
    static const char *const prefixes[] = {"UTC", "GMT", "UT", ""};

    *out_s = 0;
    if (strcmp(name, "Z") == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        if (strncmp(name, prefixes[i], len) == 0)
            return (len && name[len] == '\0') || parse_offset(name + len, out_s);
    }
    return false;
}

/* No way out of the directory, and nothing that is no zone's name. */
static bool is_name(const char *name)
{
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_+-/", *p))
            return false;
    return name[0] != '/' && name[0] != '\0';
}

static enum err load(struct slice name, struct zone **out, struct error *e)
{
    struct zone *z = mem_zalloc(sizeof *z);
    enum err rc;

    if (z == NULL)
        return error_memory(e, sizeof *z, "a time zone");
    memcpy(z->name, name.ptr, name.len);
    if (fixed_offset(z->name, &z->first_offset_s)) {
        z->standard_s = z->first_offset_s;
        rc = OK;
    } else if (is_name(z->name)) {
        rc = read_file(z, e);
    } else {
        rc = unknown(z->name, e);
    }
    if (rc == OK) {
        *out = z;
        return OK;
    }
    mem_free(z->changes_s);
    mem_free(z->offsets_s);
    mem_free(z);
    return rc;
}

/* All zones found so far; only ever added to, so that what was found once stays. */
static struct {
    pthread_mutex_t lock;
    struct zone *first;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum err zone_find(struct slice name, const struct zone **out, struct error *e)
{
    struct zone *z;
    enum err rc = OK;

    if (name.len == 0 || name.len > ZONE_NAME_MAX || memchr(name.ptr, '\0', name.len))
        return error_set(e, ERR_NOT_FOUND,
                         "there is no time zone `" SLICE_FMT "`; write one like "
                         "Europe/Berlin, UTC or +02:00",
                         (int)MIN(name.len, 100), name.ptr ? name.ptr : "");
    pthread_mutex_lock(&known.lock);
    for (z = known.first; z && !slice_is(name, z->name);)
        z = z->next;
    if (z == NULL && (rc = load(name, &z, e)) == OK) {
        z->next = known.first;
        known.first = z;
    }
    pthread_mutex_unlock(&known.lock);
    *out = z;
    return rc;
}
