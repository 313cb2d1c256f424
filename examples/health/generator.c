/* generator.c: what is in the payloads; generator_avro.c and generator_json.c write them. */
#include "generator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define JITTER (5 * MINUTE) /* a sample in time is at most so much older than its payload */

const char *const generator_wrongs[WRONG_END] = {
    [WRONG_NOTHING] = "nothing",
    [WRONG_MAGIC] = "magic",
    [WRONG_TRUNCATED] = "truncated",
    [WRONG_TRAILING] = "trailing",
    [WRONG_SCHEMA_ID] = "schema_id",
    [WRONG_TOMBSTONE] = "tombstone",
    [WRONG_NO_SAMPLES] = "no_samples",
    [WRONG_UTF8] = "utf8",
    [WRONG_DEVICE_EMPTY] = "device_empty",
    [WRONG_USER_EMPTY] = "user_empty",
    [WRONG_USER_MISSING] = "user_missing",
    [WRONG_TIMESTAMP] = "timestamp",
    [WRONG_TIMESTAMP_FUTURE] = "timestamp_future",
    [WRONG_PAYLOAD_END] = "",
    [WRONG_ID_EMPTY] = "id_empty",
    [WRONG_TYPE_EMPTY] = "type_empty",
    [WRONG_UNIT_EMPTY] = "unit_empty",
    [WRONG_UNIT_MISSING] = "unit_missing",
    [WRONG_VALUE_MISSING] = "value_missing",
    [WRONG_NO_ZONE] = "no_zone",
    [WRONG_NO_DATE] = "no_date",
    [WRONG_LEAP_SECOND] = "leap_second",
    [WRONG_YEAR_9999] = "year_9999",
    [WRONG_YEAR_0001] = "year_0001",
    [WRONG_END_FIRST] = "end_first",
    [WRONG_NAN] = "nan",
    [WRONG_INFINITY] = "infinity",
    [WRONG_HEART_RATE_LOW] = "heart_rate_low",
    [WRONG_HEART_RATE_HIGH] = "heart_rate_high",
    [WRONG_STEPS_NEGATIVE] = "steps_negative",
    [WRONG_STEPS_HIGH] = "steps_high",
};

static const struct type {
    const char *name, *unit;
    int least, most; /* hundredths */
} types[] = {
    {"heartRate", "count/min", 4800, 18500}, {"steps", "count", 0, 250000},
    {"bloodPressure", "mmHg", 9000, 16500},  {"sleepAnalysis", "min", 100, 54000},
    {"oxygenSaturation", "%", 8800, 10000},  {"bodyMass", "kg", 4000, 13000},
    {"activeEnergyBurned", "kcal", 0, 8000}, {"distanceWalkingRunning", "m", 0, 150000},
};
enum { HEART_RATE, STEPS, BODY_MASS = 5, TYPES = sizeof types / sizeof *types };

/* --- chance --- */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t next_random(struct generator *g)
{
    return mix(g->random += UINT64_C(0x9e3779b97f4a7c15));
}

static int64_t below(struct generator *g, int64_t end)
{
    return (int64_t)(next_random(g) % (uint64_t)end);
}

static bool happens(struct generator *g, double share)
{
    return (double)(next_random(g) >> 11) * 0x1p-53 < share;
}

/* --- texts --- */

static void put_date(char out[GENERATOR_TEXT], int64_t us)
{
    int64_t days = us / DAY, left = us % DAY;
    int64_t z = days + 719468, era = z / 146097,
            doe = z - era * 146097; /* days since 1 March of the year 0 */
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), from_march = (5 * doy + 2) / 153;
    int month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);

    snprintf(out, GENERATOR_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             (int)(yoe + era * 400 + (month <= 2)), month, (int)(doy - (153 * from_march + 2) / 5 + 1),
             (int)(left / HOUR), (int)(left / MINUTE % 60), (int)(left / SECOND % 60),
             (int)(left / 1000 % 1000));
}

/* Some phones write local time: the same instant, another text. */
static void put_local_date(struct generator *g, char out[GENERATOR_TEXT], int64_t us)
{
    if (happens(g, 0.9)) {
        put_date(out, us);
    } else {
        put_date(out, us + 9 * HOUR);
        memcpy(out + strlen(out) - 1, "+09:00", sizeof "+09:00");
    }
}

/* A version 4 UUID. */
static void put_id(struct generator *g, char out[GENERATOR_TEXT])
{
    uint64_t a = next_random(g), b = next_random(g);

    snprintf(out, GENERATOR_TEXT, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000,
             (unsigned long long)(b & 0xffffffffffff));
}

/* --- mistakes --- */

static bool is_possible(enum generator_wrong w, bool json)
{
    if (w == WRONG_USER_MISSING || w == WRONG_UNIT_MISSING || w == WRONG_VALUE_MISSING)
        return json;
    if (w == WRONG_SCHEMA_ID || w == WRONG_NAN || w == WRONG_INFINITY)
        return !json;
    return true;
}

/* One of the possible mistakes from first to before end. */
static enum generator_wrong pick_wrong(struct generator *g, int first, int end)
{
    enum generator_wrong w;

    do {
        w = (enum generator_wrong)(first + below(g, end - first));
    } while (!is_possible(w, g->options.json));
    return w;
}

static void spoil_payload(struct generator_payload *p)
{
    switch (p->wrong) {
    case WRONG_NO_SAMPLES:
        p->sample_count = 0;
        break;
    case WRONG_UTF8:
        strcpy(p->device, "device-\xc3\x28");
        break;
    case WRONG_DEVICE_EMPTY:
        *p->device = '\0';
        break;
    case WRONG_USER_EMPTY:
        *p->user = '\0';
        break;
    case WRONG_USER_MISSING:
        p->has_user = false;
        break;
    case WRONG_TIMESTAMP:
        p->timestamp[10] = '\0'; /* the date is left */
        break;
    case WRONG_TIMESTAMP_FUTURE:
        memcpy(p->timestamp, "9999", 4);
        break;
    default: /* what the writers do */
        break;
    }
}

static void set_type(struct generator_sample *s, int type, double value)
{
    s->type = types[type].name;
    s->unit = types[type].unit;
    s->value = value;
}

static void spoil_sample(struct generator *g, struct generator_sample *s)
{
    static const double nothing = 0;

    switch (s->wrong) {
    case WRONG_ID_EMPTY:
        *s->id = '\0';
        break;
    case WRONG_TYPE_EMPTY:
        s->type = "";
        break;
    case WRONG_UNIT_EMPTY:
        s->unit = "";
        break;
    case WRONG_UNIT_MISSING:
        s->unit = NULL;
        break;
    case WRONG_VALUE_MISSING:
        s->has_value = false;
        break;
    case WRONG_NO_ZONE:
        s->start[23] = '\0';
        break;
    case WRONG_NO_DATE:
        strcpy(s->end, "yesterday at noon");
        break;
    case WRONG_LEAP_SECOND:
        strcpy(s->start, "2016-12-31T23:59:60Z");
        break;
    case WRONG_YEAR_9999:
        memcpy(s->start, "9999", 4);
        memcpy(s->end, "9999", 4);
        break;
    case WRONG_YEAR_0001:
        memcpy(s->start, "0001", 4);
        break;
    case WRONG_END_FIRST:
        memcpy(s->end, "2019", 4);
        break;
    case WRONG_NAN:
        s->value = nothing / nothing;
        break;
    case WRONG_INFINITY:
        s->value = (happens(g, 0.5) ? 1 : -1) / nothing;
        break;
    case WRONG_HEART_RATE_LOW:
        set_type(s, HEART_RATE, (double)below(g, 3000) / 100);
        break;
    case WRONG_HEART_RATE_HIGH:
        set_type(s, HEART_RATE, (double)(25001 + below(g, 10000)) / 100);
        break;
    case WRONG_STEPS_NEGATIVE:
        set_type(s, STEPS, -(double)(1 + below(g, 500)));
        break;
    case WRONG_STEPS_HIGH:
        set_type(s, STEPS, (double)(100001 + below(g, 100000)));
        break;
    default:
        break;
    }
}

/* --- payloads --- */

static const char *pick(struct generator *g, const char *const *from, int count)
{
    return from[below(g, count)];
}

static void make_sample(struct generator *g, int64_t now_us, int version, struct generator_sample *s)
{
    static const char *const bundles[] = {NULL, "com.apple.health", "com.withings.wiScaleNG",
                                          "com.garmin.connect"};
    const struct type *type = &types[below(g, TYPES)];
    int64_t start = now_us - below(g, JITTER / 1000) * 1000, end;

    *s = (struct generator_sample){.type = type->name, .unit = type->unit, .has_value = true};
    s->late = happens(g, g->options.late);
    if (s->late)
        start -= 20 * MINUTE + below(g, (int64_t)(g->options.late_hours * 3600e3)) * 1000;
    end = start + below(g, 600) * SECOND;
    put_id(g, s->id);
    s->value = (double)(type->least + below(g, type->most - type->least + 1)) / 100;
    put_local_date(g, s->start, start);
    put_local_date(g, s->end, end);
    put_date(s->created, end + SECOND);
    s->source_bundle = pick(g, bundles, 4);
    s->synced = happens(g, 0.95);
    if (happens(g, 0.5)) {
        s->metadata[0] = "device";
        s->metadata[1] = "watch";
        s->metadata[2] = happens(g, 0.5) ? "wasUserEntered" : NULL;
        s->metadata[3] = "0";
    }
    s->has_confidence = version == 2 && happens(g, 0.5);
    s->confidence = (double)below(g, 101) / 100;
    if (happens(g, g->options.bad)) {
        s->wrong = pick_wrong(g, WRONG_PAYLOAD_END + 1, WRONG_END);
        spoil_sample(g, s);
    }
}

static void make_head(struct generator *g, int64_t user, int64_t now_us, struct generator_payload *p)
{
    static const char *const zones[] = {NULL, "Asia/Seoul", "Europe/Berlin", "America/New_York"};
    static const char *const versions[] = {"2.3.9", "2.4.0", "2.4.1", "3.0.0-beta.2"};

    snprintf(p->user, sizeof p->user, "user-%lld", (long long)user);
    snprintf(p->device, sizeof p->device, "device-%lld-%d", (long long)user, (int)below(g, 2));
    p->has_user = true;
    p->wrong = WRONG_NOTHING;
    p->partition = (int)(mix((uint64_t)user) % (uint64_t)g->options.partitions);
    p->timezone = pick(g, zones, 4);
    p->app_version = pick(g, versions, 4);
    p->firmware = "10.1";
    put_date(p->timestamp, now_us + SECOND);
}

void generator_init(struct generator *g, const struct generator_options *options)
{
    *g = (struct generator){.options = *options, .random = mix(options->seed)};
}

bool generator_next(struct generator *g, struct generator_payload *p)
{
    const struct generator_options *o = &g->options;
    int64_t now_us;

    if (g->number == o->count)
        return false;
    now_us = o->begin_us +
             (int64_t)(o->days * (double)DAY * (double)g->number / (double)o->count) / 1000 * 1000;
    make_head(g, below(g, o->users), now_us, p);
    p->number = g->number++;
    p->schema_version = p->number >= o->count / 2 ? 2 : 1;
    p->sample_count = o->samples;
    for (int i = 0; i < p->sample_count; i++)
        make_sample(g, now_us, p->schema_version, &p->samples[i]);
    if (happens(g, o->bad_payloads)) {
        p->wrong = pick_wrong(g, WRONG_NOTHING + 1, WRONG_PAYLOAD_END);
        spoil_payload(p);
    }
    return true;
}

void generator_flush(struct generator *g, int partition, int64_t at_us, struct generator_payload *p)
{
    make_head(g, 0, at_us, p);
    p->number = g->number;
    p->schema_version = 2;
    p->partition = partition;
    snprintf(p->user, sizeof p->user, "flush-%d", partition);
    p->sample_count = 1;
    g->options.late = g->options.bad = 0;
    make_sample(g, at_us, p->schema_version, &p->samples[0]);
    p->samples[0].type =
        types[BODY_MASS].name; /* of a kind that no setting rejects, so that time does go on */
    p->samples[0].unit = types[BODY_MASS].unit;
    put_date(p->samples[0].start, at_us);
    put_date(p->samples[0].end, at_us);
}

void generator_append(struct generator_bytes *b, const void *ptr, size_t len)
{
    if (b->len + len > b->capacity) {
        b->capacity = (b->len + len) * 2;
        b->ptr = realloc(b->ptr, b->capacity);
        if (b->ptr == NULL) {
            fputs("health-generator: out of memory\n", stderr);
            exit(1);
        }
    }
    if (len)
        memcpy(b->ptr + b->len, ptr, len);
    b->len += len;
}
