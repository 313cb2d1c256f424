/* generator_avro.c: payloads in Confluent's wire format: 0, the schema's id in four bytes, the datum. */
#include "generator.h"
#include <string.h>

#define UNKNOWN_ID 0x7ffffff1

#define PAYLOAD_HEAD                                                                                         \
    "{\"type\":\"record\",\"name\":\"HealthDataPayload\",\"namespace\":\"com.health.data\",\"fields\":["     \
    "{\"name\":\"deviceId\",\"type\":\"string\"},{\"name\":\"userId\",\"type\":\"string\"},"                 \
    "{\"name\":\"timestamp\",\"type\":\"string\"},"                                                          \
    "{\"name\":\"timezone\",\"type\":[\"null\",\"string\"],\"default\":null},"                               \
    "{\"name\":\"appVersion\",\"type\":\"string\"},"
#define SAMPLE_HEAD                                                                                          \
    "{\"name\":\"samples\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","                     \
    "\"name\":\"HealthSample\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"                           \
    "{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"value\",\"type\":\"double\"},"
#define SAMPLE_TAIL                                                                                          \
    "{\"name\":\"unit\",\"type\":\"string\"},{\"name\":\"startDate\",\"type\":\"string\"},"                  \
    "{\"name\":\"endDate\",\"type\":\"string\"},"                                                            \
    "{\"name\":\"sourceBundle\",\"type\":[\"null\",\"string\"],\"default\":null},"                           \
    "{\"name\":\"metadata\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"default\":{}},"              \
    "{\"name\":\"isSynced\",\"type\":\"boolean\",\"default\":false},"                                        \
    "{\"name\":\"createdAt\",\"type\":\"string\"}]}}}]}"

const char *const generator_schemas[2] = {
    PAYLOAD_HEAD SAMPLE_HEAD SAMPLE_TAIL,
    PAYLOAD_HEAD "{\"name\":\"firmware\",\"type\":\"string\",\"default\":\"\"}," SAMPLE_HEAD
                 "{\"name\":\"confidence\",\"type\":[\"null\",\"double\"],\"default\":null}," SAMPLE_TAIL,
};

static void put_byte(struct generator_bytes *b, int v)
{
    uint8_t byte = (uint8_t)v;

    generator_append(b, &byte, 1);
}

/* Zigzag, seven bits a byte. */
static void put_long(struct generator_bytes *b, int64_t v)
{
    uint64_t left = ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);

    for (; left >= 0x80; left >>= 7)
        put_byte(b, (int)(left & 0x7f) | 0x80);
    put_byte(b, (int)left);
}

static void put_text(struct generator_bytes *b, const char *text)
{
    put_long(b, (int64_t)strlen(text));
    generator_append(b, text, strlen(text));
}

static void put_optional(struct generator_bytes *b, const char *text)
{
    put_long(b, text != NULL);
    if (text)
        put_text(b, text);
}

static void put_double(struct generator_bytes *b, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 64; i += 8)
        put_byte(b, (int)(bits >> i & 0xff));
}

static void put_metadata(struct generator_bytes *b, const char *const *pairs)
{
    int count = pairs[0] == NULL ? 0 : pairs[2] == NULL ? 1 : 2;

    if (count)
        put_long(b, count);
    for (int i = 0; i < count * 2; i++)
        put_text(b, pairs[i]);
    put_long(b, 0);
}

static void put_sample(struct generator_bytes *b, const struct generator_sample *s, int version)
{
    put_text(b, s->id);
    put_text(b, s->type);
    put_double(b, s->value);
    if (version == 2) {
        put_long(b, s->has_confidence);
        if (s->has_confidence)
            put_double(b, s->confidence);
    }
    put_text(b, s->unit);
    put_text(b, s->start);
    put_text(b, s->end);
    put_optional(b, s->source_bundle);
    put_metadata(b, s->metadata);
    put_byte(b, s->synced);
    put_text(b, s->created);
}

bool generator_avro(const struct generator_payload *p, const int32_t ids[2], struct generator_bytes *out)
{
    int32_t id = p->wrong == WRONG_SCHEMA_ID ? UNKNOWN_ID : ids[p->schema_version - 1];

    out->len = 0;
    if (p->wrong == WRONG_TOMBSTONE)
        return false;
    put_byte(out, p->wrong == WRONG_MAGIC ? 1 : 0);
    for (int shift = 24; shift >= 0; shift -= 8)
        put_byte(out, id >> shift & 0xff);
    put_text(out, p->device);
    put_text(out, p->user);
    put_text(out, p->timestamp);
    put_optional(out, p->timezone);
    put_text(out, p->app_version);
    if (p->schema_version == 2)
        put_text(out, p->firmware);
    if (p->sample_count)
        put_long(out, p->sample_count);
    for (int i = 0; i < p->sample_count; i++)
        put_sample(out, &p->samples[i], p->schema_version);
    put_long(out, 0);
    if (p->wrong == WRONG_TRUNCATED)
        out->len = out->len * 2 / 3;
    if (p->wrong == WRONG_TRAILING)
        generator_append(out, "\x01\x02\x03", 3);
    return true;
}
