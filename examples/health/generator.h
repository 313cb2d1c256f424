/* generator.h: health payloads by a seed: what a fleet of phones would send, with the mistakes that a fleet
 * makes. For tests, benches and the demo: nothing in it comes from weir, so that what it writes can judge
 * what weir reads.
 *
 * Event time goes forward with the payload's number, from begin over the days, with minutes of jitter. A late
 * sample lies hours to days behind. All payloads of a user go to one partition, in order. The same options
 * give the same payloads; the second half of them has schema version 2: `firmware` in the payload,
 * `confidence` in the sample.
 */
#ifndef HEALTH_GENERATOR_H
#define HEALTH_GENERATOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GENERATOR_TEXT = 48, GENERATOR_MAX_SAMPLES = 1000 };

struct generator_options {
    uint64_t seed;
    int64_t count, begin_us;
    int samples, users, partitions; /* samples of a payload: 1 to GENERATOR_MAX_SAMPLES */
    double days;                    /* of event time that the payloads span */
    double bad, bad_payloads, late; /* shares, 0 to 1: of samples, of payloads, of samples */
    double late_hours;              /* a late sample is late by at most so much */
    bool json;                      /* only mistakes that JSON can make */
};

/* What is wrong with a payload or one of its samples; generator_wrongs has the names. */
enum generator_wrong {
    WRONG_NOTHING,
    /* the whole payload */
    WRONG_MAGIC,
    WRONG_TRUNCATED,
    WRONG_TRAILING,
    WRONG_SCHEMA_ID,
    WRONG_TOMBSTONE,
    WRONG_NO_SAMPLES,
    WRONG_UTF8,
    WRONG_DEVICE_EMPTY,
    WRONG_USER_EMPTY,
    WRONG_USER_MISSING, /* JSON only */
    WRONG_TIMESTAMP,
    WRONG_TIMESTAMP_FUTURE,
    WRONG_PAYLOAD_END,
    /* one sample */
    WRONG_ID_EMPTY,
    WRONG_TYPE_EMPTY,
    WRONG_UNIT_EMPTY,
    WRONG_UNIT_MISSING,  /* JSON only */
    WRONG_VALUE_MISSING, /* JSON only */
    WRONG_NO_ZONE,
    WRONG_NO_DATE,
    WRONG_LEAP_SECOND,
    WRONG_YEAR_9999,
    WRONG_YEAR_0001,
    WRONG_END_FIRST,
    WRONG_NAN,      /* Avro only */
    WRONG_INFINITY, /* Avro only */
    WRONG_HEART_RATE_LOW,
    WRONG_HEART_RATE_HIGH,
    WRONG_STEPS_NEGATIVE,
    WRONG_STEPS_HIGH,
    WRONG_END
};
extern const char *const generator_wrongs[WRONG_END];

/* Texts that are NULL are absent. */
struct generator_sample {
    enum generator_wrong wrong;
    char id[GENERATOR_TEXT];
    const char *type, *unit, *source_bundle;
    double value, confidence;
    bool has_value, has_confidence, synced, late;
    char start[GENERATOR_TEXT], end[GENERATOR_TEXT], created[GENERATOR_TEXT];
    const char *metadata[4]; /* key, value, key, value; NULL: no more */
};

struct generator_payload {
    enum generator_wrong wrong;
    int64_t number;
    int partition, schema_version;
    char device[GENERATOR_TEXT], user[GENERATOR_TEXT], timestamp[GENERATOR_TEXT];
    bool has_user;
    const char *timezone, *app_version, *firmware;
    int sample_count;
    struct generator_sample samples[GENERATOR_MAX_SAMPLES];
};

struct generator {
    struct generator_options options;
    uint64_t random;
    int64_t number;
};

void generator_init(struct generator *g, const struct generator_options *options);
/* False when all were given. */
bool generator_next(struct generator *g, struct generator_payload *out);
/* A good payload of a user of its own that moves the partition's event time to at_us: for ending windows. */
void generator_flush(struct generator *g, int partition, int64_t at_us, struct generator_payload *out);

/* Bytes that grow; the program ends when there is no memory. */
struct generator_bytes {
    uint8_t *ptr;
    size_t len, capacity;
};
void generator_append(struct generator_bytes *b, const void *ptr, size_t len);

/* The payload as Confluent Avro (ids: of schema version 1 and 2) or JSON, mistakes included, in place of what
 * is in out. False: it has no value, it is a tombstone. */
bool generator_avro(const struct generator_payload *p, const int32_t ids[2], struct generator_bytes *out);
bool generator_json(const struct generator_payload *p, struct generator_bytes *out);
extern const char *const generator_schemas[2]; /* Avro, versions 1 and 2 */
#endif
