/* validate.c: samples as they came to rows of the raw table, or to dead letters.
 * What a row must have (fields, instants that can be read) is always checked; value and date ranges with
 * VALIDATION_ENABLED. With VALIDATION_STRICT_MODE the first bad sample stops the job.
 */
#include "errors.h"
#include "types.h"
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Columns that come in: the payload's, then the sample's (health.c). */
enum {
    DEVICE_ID,
    USER_ID,
    TIMESTAMP,
    TIMEZONE,
    APP_VERSION,
    PAYLOAD,
    TOPIC,
    PARTITION,
    OFFSET,
    KAFKA_TIME,
    SAMPLE_ID,
    TYPE,
    VALUE,
    UNIT,
    START_DATE,
    END_DATE,
    SOURCE_BUNDLE,
    METADATA,
    IS_SYNCED,
    CREATED_AT
};

/* Columns that go out: the table's. */
enum {
    RAW_DEVICE_ID,
    RAW_USER_ID,
    RAW_SAMPLE_ID,
    RAW_DATA_TYPE,
    RAW_VALUE,
    RAW_UNIT,
    RAW_START_DATE,
    RAW_END_DATE,
    RAW_CREATED_AT,
    RAW_PAYLOAD_TIMESTAMP,
    RAW_PROCESSING_TIME,
    RAW_SOURCE_BUNDLE,
    RAW_METADATA,
    RAW_IS_SYNCED,
    RAW_APP_VERSION,
    RAW_INGESTION_DATE
};

const char raw_columns[] = "device_id STRING NOT NULL COMMENT 'Unique device identifier', user_id STRING NOT "
                           "NULL COMMENT 'Unique user identifier', "
                           "sample_id STRING NOT NULL COMMENT 'Unique sample identifier', data_type STRING "
                           "NOT NULL COMMENT 'Type of health data "
                           "(heartRate, steps, etc.)', `value` DOUBLE NOT NULL COMMENT 'Measured value', "
                           "unit STRING NOT NULL COMMENT 'Unit of "
                           "measurement', start_date TIMESTAMP NOT NULL COMMENT 'Sample start timestamp "
                           "(event time)', end_date TIMESTAMP NOT NULL "
                           "COMMENT 'Sample end timestamp', created_at TIMESTAMP NOT NULL COMMENT 'Sample "
                           "creation timestamp', payload_timestamp "
                           "TIMESTAMP NOT NULL COMMENT 'Payload received timestamp', processing_time "
                           "TIMESTAMP NOT NULL COMMENT 'Flink processing "
                           "timestamp', source_bundle STRING COMMENT 'Source application bundle ID', "
                           "metadata MAP<STRING, STRING> COMMENT "
                           "'Additional metadata key-value pairs', is_synced BOOLEAN NOT NULL COMMENT 'Sync "
                           "status flag', app_version STRING NOT "
                           "NULL COMMENT 'Application version', ingestion_date DATE NOT NULL COMMENT 'Date "
                           "partition (derived from start_date)'";

static const struct error_columns where = {PAYLOAD, TOPIC, PARTITION, OFFSET, USER_ID, TYPE, SAMPLE_ID};

/* Columns that a sample must have, and the names that its sender knows them by. */
static const struct {
    int column;
    bool is_text; /* and must not be empty */
    const char *name;
} required[] = {
    {DEVICE_ID, true, "deviceId"},       {USER_ID, true, "userId"},
    {APP_VERSION, true, "appVersion"},   {TIMESTAMP, true, "timestamp"},
    {SAMPLE_ID, true, "samples.id"},     {TYPE, true, "samples.type"},
    {UNIT, true, "samples.unit"},        {START_DATE, true, "samples.startDate"},
    {END_DATE, true, "samples.endDate"}, {CREATED_AT, true, "samples.createdAt"},
    {VALUE, false, "samples.value"},     {IS_SYNCED, false, "samples.isSynced"},
};
#define REQUIRED_COUNT (sizeof required / sizeof *required)

/* One of them in a batch. */
struct required {
    const struct weir_view *views; /* NULL: no text */
    const uint64_t *validity;
};

struct type_metrics {
    struct weir_counter *valid;
    struct weir_histogram *latency_ms;
};

struct validator {
    const struct settings *settings;
    struct error_memory memory;
    struct weir_histogram *duration_ms, *kafka_ms;
    struct types types;
    struct type_metrics metrics[TYPES_MAX + 1]; /* by type */
    /* the batch at hand */
    struct required required[REQUIRED_COUNT];
    const double *values;
    int64_t *start, *end, *created, *payload, *processed;
    int32_t *date;
    int32_t *good;
    /* the payload's instant is the same for all its samples */
    const char *last_instant;
    size_t last_len;
    int64_t last_us;
};

/* What is wrong with a sample: the kind for the table and metrics, the sentence for people. NULL: nothing. */
struct verdict {
    const char *type;
    char message[240];
};

static bool blame(struct verdict *v, const char *type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool blame(struct verdict *v, const char *type, const char *fmt, ...)
{
    va_list va;

    v->type = type;
    va_start(va, fmt);
    vsnprintf(v->message, sizeof v->message, fmt, va);
    va_end(va);
    return false;
}

/* --- required fields --- */

static void find_fields(struct validator *self, const struct weir_batch *in)
{
    for (size_t i = 0; i < REQUIRED_COUNT; i++)
        self->required[i] = (struct required){required[i].is_text ? weir_views(in, required[i].column) : NULL,
                                              weir_validity(in, required[i].column)};
}

static bool has_fields(const struct validator *self, int32_t row, struct verdict *v)
{
    for (size_t i = 0; i < REQUIRED_COUNT; i++) {
        const struct required *r = &self->required[i];

        if (!weir_is_valid(r->validity, row))
            return blame(v, "missing_field", "%s is missing", required[i].name);
        if (r->views && r->views[row].len == 0)
            return blame(v, "empty_field", "%s is empty", required[i].name);
    }
    return true;
}

/* --- instants --- */

static bool read_instant(const struct weir_batch *in, int column, const char *name, int32_t row, int64_t *out,
                         struct verdict *v)
{
    struct weir_str text = weir_view_str(&weir_views(in, column)[row]);
    const char *why = weir_parse_iso(text.ptr, text.len, out);

    if (why == NULL)
        return true;
    return blame(v, "invalid_timestamp", "%s \"%.*s\" %s", name, (int)(text.len < 60 ? text.len : 60),
                 text.ptr, why);
}

static bool read_payload_instant(struct validator *self, const struct weir_batch *in, int32_t row,
                                 struct verdict *v)
{
    struct weir_str text = weir_str(in, TIMESTAMP, row);

    if (text.len == self->last_len && self->last_instant &&
        memcmp(text.ptr, self->last_instant, text.len) == 0) {
        self->payload[row] = self->last_us;
        return true;
    }
    if (!read_instant(in, TIMESTAMP, "timestamp", row, &self->payload[row], v))
        return false;
    self->last_instant = text.ptr; /* valid within this batch */
    self->last_len = text.len;
    self->last_us = self->payload[row];
    return true;
}

static bool read_instants(struct validator *self, const struct weir_batch *in, int32_t row, struct verdict *v)
{
    return read_payload_instant(self, in, row, v) &&
           read_instant(in, START_DATE, "samples.startDate", row, &self->start[row], v) &&
           read_instant(in, END_DATE, "samples.endDate", row, &self->end[row], v) &&
           read_instant(in, CREATED_AT, "samples.createdAt", row, &self->created[row], v);
}

/* A start in the far future would carry the watermark with it and make every other sample late. */
static bool dates_in_range(const struct validator *self, int32_t row, int64_t now, struct verdict *v)
{
    if (self->start[row] > self->end[row])
        return blame(v, "invalid_date_range", "samples.endDate is before samples.startDate");
    if (self->start[row] < 0 || self->payload[row] < 0 || self->created[row] < 0)
        return blame(v, "invalid_date_range", "a date lies before 1970");
    if (self->payload[row] > now + WEIR_DAY)
        return blame(v, "invalid_date_range", "timestamp lies more than a day in the future");
    if (self->start[row] > self->payload[row] + WEIR_DAY || self->end[row] > self->payload[row] + WEIR_DAY)
        return blame(v, "invalid_date_range",
                     "the sample lies more than a day after its payload's timestamp");
    return true;
}

/* --- values --- */

static bool is(struct weir_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static bool value_in_range(const struct validator *self, const struct weir_batch *in, int32_t row,
                           struct verdict *v)
{
    const struct settings *s = self->settings;
    struct weir_str type = weir_str(in, TYPE, row);
    double value = self->values[row], least, most;

    if (is(type, "heartRate")) {
        least = (double)s->validation.min_heart_rate;
        most = (double)s->validation.max_heart_rate;
    } else if (is(type, "steps") || is(type, "stepCount")) {
        least = 0;
        most = (double)s->validation.max_steps_per_day;
    } else {
        return true;
    }
    if (value >= least && value <= most)
        return true;
    return blame(v, "out_of_range", "%.*s is %.17g, wanted %g to %g", (int)type.len, type.ptr, value, least,
                 most);
}

static bool is_good(struct validator *self, const struct weir_batch *in, int32_t row, int64_t now,
                    struct verdict *v)
{
    if (!has_fields(self, row, v) || !read_instants(self, in, row, v))
        return false;
    if (!isfinite(self->values[row]))
        return blame(v, "invalid_value", "samples.value is %s",
                     isnan(self->values[row]) ? "not a number" : "infinite");
    if (!dates_in_range(self, row, now, v))
        return false;
    return !self->settings->validation.enabled || value_in_range(self, in, row, v);
}

/* --- metrics --- */

static void count_good(struct validator *self, struct weir_task *t, struct weir_str type)
{
    bool is_new;
    int number = types_number(&self->types, type, &is_new);

    if (is_new) {
        const char *const labels[] = {"data_type", self->types.known[number].name, NULL};

        self->metrics[number].valid = weir_metric_counter(t, "valid_records",
                                                          "Number of valid records processed", labels);
        self->metrics[number].latency_ms = weir_metric_histogram(
            t, "processing_latency", "End-to-end processing latency (ms)", labels);
    }
    self->types.rows[number]++;
}

static void flush_metrics(struct validator *self, struct weir_task *t, const struct weir_batch *in,
                          int64_t began_us)
{
    int64_t now = weir_now_us(t);
    double latency_ms = 0;

    if (weir_rows_count(in) > 0 && !weir_is_null(in, KAFKA_TIME, weir_row(in, 0)))
        latency_ms = (double)(now - weir_i64s(in, KAFKA_TIME)[weir_row(in, 0)]) / 1000.0;
    latency_ms = latency_ms > 0 ? latency_ms : 0;
    for (int i = 0; i <= TYPES_MAX; i++) {
        if (self->types.rows[i] == 0)
            continue;
        weir_count(self->metrics[i].valid, self->types.rows[i]);
        weir_observe(self->metrics[i].latency_ms, latency_ms, self->types.rows[i]);
        self->types.rows[i] = 0;
    }
    weir_observe(self->kafka_ms, latency_ms, 1);
    weir_observe(self->duration_ms, (double)(now - began_us) / 1000.0, 1);
}

static void count_bad(struct weir_task *t, struct weir_str type, const char *error_type)
{
    char name[48] = "unknown";
    size_t len = type.len < sizeof name - 1 ? type.len : sizeof name - 1;

    if (len) {
        memcpy(name, type.ptr, len);
        name[len] = '\0';
    }
    weir_count(weir_metric_counter(t, "invalid_records", "Number of validation failures",
                                   (const char *const[]){"data_type", name, "error_type", error_type, NULL}),
               1);
    weir_count(weir_metric_counter(t, "validation_errors_total", "Total validation errors",
                                   (const char *const[]){"error_type", error_type, NULL}),
               1);
}

/* --- a batch --- */

static bool reject(struct validator *self, struct weir_task *t, const struct weir_batch *in, int32_t row,
                   const struct verdict *v)
{
    struct weir_str type = weir_is_null(in, TYPE, row) ? (struct weir_str){"", 0} : weir_str(in, TYPE, row);

    count_bad(t, type, v->type);
    if (self->settings->validation.strict) {
        struct weir_str topic = weir_str(in, TOPIC, row);

        return weir_task_fail(
            t, "sample at %.*s[%" PRId32 "]@%" PRId64 " is not valid: %s (VALIDATION_STRICT_MODE is true)",
            (int)topic.len, topic.ptr, weir_i32s(in, PARTITION)[row], weir_i64s(in, OFFSET)[row], v->message);
    }
    error_row(t, 1, in, row, &where, &self->memory, v->type, v->message, strlen(v->message));
    return true;
}

static struct weir_columns *begin_rows(struct validator *self, struct weir_task *t,
                                       const struct weir_batch *in)
{
    static const struct {
        int to, from;
    } shared[] = {
        {RAW_DEVICE_ID, DEVICE_ID},
        {RAW_USER_ID, USER_ID},
        {RAW_SAMPLE_ID, SAMPLE_ID},
        {RAW_DATA_TYPE, TYPE},
        {RAW_VALUE, VALUE},
        {RAW_UNIT, UNIT},
        {RAW_SOURCE_BUNDLE, SOURCE_BUNDLE},
        {RAW_METADATA, METADATA},
        {RAW_IS_SYNCED, IS_SYNCED},
        {RAW_APP_VERSION, APP_VERSION},
    };
    struct weir_columns *out = weir_columns(t, 0, in);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        weir_share(out, shared[i].to, shared[i].from);
    find_fields(self, in);
    self->values = weir_f64s(in, VALUE);
    self->start = weir_new_i64s(out, RAW_START_DATE);
    self->end = weir_new_i64s(out, RAW_END_DATE);
    self->created = weir_new_i64s(out, RAW_CREATED_AT);
    self->payload = weir_new_i64s(out, RAW_PAYLOAD_TIMESTAMP);
    self->processed = weir_new_i64s(out, RAW_PROCESSING_TIME);
    self->date = weir_new_i32s(out, RAW_INGESTION_DATE);
    self->good = weir_scratch_i32s(out);
    self->last_instant = NULL;
    if (!self->start || !self->end || !self->created || !self->payload || !self->processed || !self->date ||
        !self->good) {
        weir_drop(out);
        return NULL;
    }
    return out;
}

static bool validate_batch(void *p, struct weir_task *t, const struct weir_batch *in)
{
    struct validator *self = p;
    struct weir_columns *out = begin_rows(self, t, in);
    int64_t now = weir_now_us(t);
    int32_t good = 0;

    if (out == NULL)
        return false;
    for (int32_t i = 0; i < weir_rows_count(in); i++) {
        struct verdict v;
        int32_t row = weir_row(in, i);

        if (!is_good(self, in, row, now, &v)) {
            if (!reject(self, t, in, row, &v)) {
                weir_drop(out);
                return false;
            }
            continue;
        }
        self->processed[row] = now;
        self->date[row] = weir_date(self->start[row]);
        count_good(self, t, weir_str(in, TYPE, row));
        self->good[good++] = row;
    }
    flush_metrics(self, t, in, now);
    return weir_emit(out, self->good, good);
}

static bool open_validator(void *p, struct weir_task *t, const void *arg)
{
    struct validator *self = p;

    self->settings = arg;
    self->duration_ms = weir_metric_histogram(t, "transformation_duration", "Transformation duration (ms)",
                                              (const char *const[]){"operation", "validate", NULL});
    self->kafka_ms = weir_metric_histogram(
        t, "kafka_to_flink_latency", "Kafka to Flink ingestion latency (ms)", (const char *const[]){NULL});
    return true;
}

const struct weir_map validate = {
    .name = "validate",
    .columns = raw_columns,
    .sides = {error_columns},
    .self_bytes = sizeof(struct validator),
    .open = open_validator,
    .batch = validate_batch,
};
