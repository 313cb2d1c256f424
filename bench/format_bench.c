/* format_bench.c: how fast payloads become columns, in payloads and megabytes a second of one core.
 * The payload is a health record of 10 samples with 10 fields each, as the examples have it, ~1.5 kB as Avro
 * and ~3 kB as JSON. A batch of 1,000 payloads is decoded again and again for about two seconds a line.
 *
 *   cc -std=gnu17 -O2 -march=x86-64-v2 -D_GNU_SOURCE -Isrc bench/format_bench.c <the libraries of src/formats
 * and below> format_bench [SECONDS]
 */
#include "base/hash.h"
#include "base/mem.h"
#include "formats/avro.h"
#include "formats/format.h"
#include <stdio.h>
#include <stdlib.h>

#define PAYLOADS 1000
#define SAMPLES  10

#define COLUMNS                                                                                              \
    "`deviceId` STRING NOT NULL, `userId` STRING NOT NULL, `timestamp` STRING NOT NULL, timezone STRING, "   \
    "`appVersion` STRING NOT NULL, samples ARRAY<ROW<id STRING NOT NULL, type STRING NOT NULL, "             \
    "value DOUBLE NOT NULL, unit STRING NOT NULL, `startDate` STRING NOT NULL, `endDate` STRING NOT NULL, "  \
    "`sourceBundle` STRING, metadata MAP<STRING NOT NULL, STRING NOT NULL> NOT NULL, "                       \
    "`isSynced` BOOLEAN NOT NULL, `createdAt` STRING NOT NULL> NOT NULL> NOT NULL"

struct payloads {
    struct bytes text;
    size_t ends[PAYLOADS];
};

static uint64_t seed = 42;

static uint64_t next_random(void)
{
    return hash_mix(seed += UINT64_C(0x9e3779b97f4a7c15));
}

static void die(const struct error *e)
{
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void append_date(struct bytes *out)
{
    uint64_t r = next_random();

    bytes_printf(out, "\"2025-10-%02dT%02d:%02d:%02d.%03dZ\"", (int)(r % 30) + 1, (int)(r >> 8) % 24 & 31,
                 (int)((r >> 16) % 60), (int)((r >> 24) % 60), (int)((r >> 32) % 1000));
}

static void append_sample(struct bytes *out, int i, int j)
{
    static const char *const types[][2] = {
        {"heartRate", "count/min"},      {"stepCount", "count"}, {"activeEnergyBurned", "kcal"},
        {"distanceWalkingRunning", "m"}, {"bodyMass", "kg"},     {"oxygenSaturation", "%"}};
    uint64_t r = next_random();
    const char *const *type = types[r % COUNT_OF(types)];

    bytes_printf(
        out, "%s{\"id\":\"%08x-%02x-%012" PRIx64 "\",\"type\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",",
        j ? "," : "", i, j, r & UINT64_C(0xffffffffffff), type[0], (double)(r % 250000) / 1000, type[1]);
    bytes_text(out, "\"startDate\":");
    append_date(out);
    bytes_text(out, ",\"endDate\":");
    append_date(out);
    bytes_text(
        out,
        ",\"sourceBundle\":\"com.apple.health\",\"metadata\":{\"device\":\"watch\",\"wasUserEntered\":\"0\"},"
        "\"isSynced\":true,\"createdAt\":");
    append_date(out);
    bytes_text(out, "}");
}

static void make_json(struct payloads *p)
{
    for (int i = 0; i < PAYLOADS; i++) {
        int user = (int)(next_random() % 1000);

        bytes_printf(&p->text, "{\"deviceId\":\"device-%04d\",\"userId\":\"user-%04d\",\"timestamp\":", user,
                     user);
        append_date(&p->text);
        bytes_text(&p->text, ",\"timezone\":\"Asia/Seoul\",\"appVersion\":\"2.4.1\",\"samples\":[");
        for (int j = 0; j < SAMPLES; j++)
            append_sample(&p->text, i, j);
        bytes_text(&p->text, "]}");
        p->ends[i] = p->text.len;
    }
}

/* A raw batch of the payloads, which it borrows. */
static struct batch *raw_batch(const struct payloads *p)
{
    struct builder b;
    struct batch *raw = NULL;
    struct error e;
    size_t start = 0;

    if (!builder_init(&b, &format_raw_schema, NULL))
        exit(1);
    for (int i = 0; i < PAYLOADS; i++) {
        builder_borrowed(&b.columns[RAW_VALUE], p->text.ptr + start, p->ends[i] - start);
        builder_null(&b.columns[RAW_KEY]);
        builder_borrowed(&b.columns[RAW_TOPIC], "health", 6);
        builder_i32(&b.columns[RAW_PARTITION], 0);
        builder_i64(&b.columns[RAW_OFFSET], i);
        builder_null(&b.columns[RAW_TIMESTAMP]);
        builder_borrowed(&b.columns[RAW_TIMESTAMP_TYPE], "CreateTime", 10);
        builder_null(&b.columns[RAW_HEADERS]);
        builder_null(&b.columns[RAW_LEADER_EPOCH]);
        start = p->ends[i];
    }
    if (builder_finish(&b, &raw, &e) != OK)
        die(&e);
    builder_fini(&b);
    return raw;
}

static struct batch *decode(struct decoder *d, struct batch *raw)
{
    struct batch *rows = NULL, *errors = NULL;
    struct error e;
    struct bytes text = {0};

    if (decoder_decode(d, raw, &rows, &errors, &e) != OK)
        die(&e);
    if (errors) {
        batch_print(errors, &text);
        fprintf(stderr, "%.2000s\n", bytes_cstr(&text));
        exit(1);
    }
    return rows;
}

static struct decoder *make_decoder(const char *name, const struct decode_spec *spec)
{
    struct decoder *d = NULL;
    struct error e;

    if (format_find(name)->decoder_new(spec, &d, &e) != OK)
        die(&e);
    return d;
}

static void measure(const char *label, const char *format, const struct decode_spec *spec,
                    const struct payloads *payloads, double seconds)
{
    struct decoder *d = make_decoder(format, spec);
    struct batch *raw = raw_batch(payloads);
    int64_t start = clock_mono_us(clock_system()), took;
    uint64_t rounds = 0;

    do {
        batch_unref(decode(d, raw));
        rounds++;
        took = clock_mono_us(clock_system()) - start;
    } while ((double)took < seconds * 1e6);
    printf("%-24s %9.0f payloads/s  %7.0f MB/s  (%zu bytes each)\n", label,
           (double)(rounds * PAYLOADS) * 1e6 / (double)took,
           (double)(rounds * payloads->text.len) / (double)took, payloads->text.len / PAYLOADS);
    batch_unref(raw);
    decoder_free(d);
}

static void make_avro(struct batch *rows, struct payloads *out)
{
    for (int i = 0; i < PAYLOADS; i++) {
        avro_encode(rows, i, &out->text);
        out->ends[i] = out->text.len;
    }
}

int main(int argc, char **argv)
{
    static struct payloads json, avro;
    double seconds = argc > 1 ? atof(argv[1]) : 2;
    struct arena arena = {0};
    struct map none = {0}, options = {0};
    struct bytes schema_text = {0};
    const struct schema *all = NULL, *few = NULL;
    struct decode_spec spec = {.options = &none};
    struct decoder *d;
    struct batch *raw, *rows;
    struct error e;
    int32_t no_raw[16];

    memset(no_raw, -1, sizeof no_raw);
    if (schema_parse(&arena, slice_text(COLUMNS), &all, &e) != OK ||
        schema_parse(&arena,
                     slice_text("`userId` STRING NOT NULL, samples ARRAY<ROW<type STRING NOT NULL, "
                                "value DOUBLE NOT NULL> NOT NULL> NOT NULL"),
                     &few, &e) != OK ||
        avro_schema_write(all, "HealthDataPayload", &schema_text, &e) != OK)
        die(&e);
    if (!map_put(&options, SLICE("schema"), (void *)(uintptr_t)bytes_cstr(&schema_text)))
        return 1;
    make_json(&json);
    spec.schema = all;
    spec.raw = no_raw;
    raw = raw_batch(&json);
    d = make_decoder("json", &spec);
    rows = decode(d, raw);
    make_avro(rows, &avro);
    batch_unref(rows);
    batch_unref(raw);
    decoder_free(d);

    measure("json, every field", "json", &spec, &json, seconds);
    spec.schema = few;
    measure("json, three fields", "json", &spec, &json, seconds);
    spec.options = &options;
    spec.schema = all;
    measure("avro, every field", "avro", &spec, &avro, seconds);
    spec.schema = few;
    measure("avro, three fields", "avro", &spec, &avro, seconds);
    bytes_fini(&json.text);
    bytes_fini(&avro.text);
    bytes_fini(&schema_text);
    map_fini(&options);
    arena_fini(&arena);
    return 0;
}
