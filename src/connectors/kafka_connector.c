/* kafka_connector.c: the connectors kafka and upsert-kafka: their options, as Flink names them, and the
 * source. Those of weir alone: 'scan.lost-data', 'scan.memory', 'scan.batch.rows' and
 * 'scan.unknown-topic-wait'. kafka_plan_decode.c and kafka_plan_sink.c have the rest.
 */
#include "base/bytes.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "connectors/kafka_options.h"
#include "connectors/kafka_pattern.h"
#include "connectors/kafka_plan.h"
#include "connectors/kafka_source.h"
#include "formats/format.h"
#include <limits.h>

#define LEAST_MEMORY (INT64_C(4) << 20)

/* What a planned source holds until the job is over. */
struct planned_source {
    struct kafka_source_spec spec; /* first */
    struct map properties;
    struct kafka_planned_decode *decode; /* NULL: raw batches are wanted */
};

static void release(const void *spec)
{
    struct planned_source *p = CONTAINER_OF((void *)(uintptr_t)spec, struct planned_source, spec);

    kafka_plan_decode_release(p->decode);
    map_fini(&p->properties);
}

/* --- lists --- */

static struct slice trim(struct slice s)
{
    while (s.len && *s.ptr == ' ')
        s = slice_from(s, 1);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* The text up to the next separator, without blanks around it; moves text behind it. False at the end. */
static bool next_part(struct slice *text, char separator, struct slice *part)
{
    const char *end;

    if (text->len == 0)
        return false;
    end = memchr(text->ptr, separator, text->len);
    *part = slice_of(text->ptr, end ? (size_t)(end - text->ptr) : text->len);
    *text = slice_from(*text, part->len + (end != NULL));
    *part = trim(*part);
    return true;
}

/* 'a;b' as an array. */
static enum err read_topics(const struct connector_request *r, const char *value,
                            struct kafka_source_spec *spec, struct error *e)
{
    struct slice text = slice_text(value), part;
    const char **topics = ARENA_ARRAY(r->arena, const char *, text.len / 2 + 1);

    if (topics == NULL)
        return error_memory(e, text.len, "the names of topics");
    while (next_part(&text, ';', &part))
        if (part.len)
            topics[spec->topic_count++] = arena_text(r->arena, part);
    spec->topics = topics;
    return spec->topic_count ? OK : error_set(e, ERR_CONFIG, "'topic' is empty");
}

/* "partition:0" */
static bool named_number(struct slice part, const char *name, int64_t *out)
{
    char digits[24];
    struct slice prefix = slice_text(name);
    struct error ignored;

    if (!slice_starts(part, prefix) || part.len - prefix.len >= sizeof digits)
        return false;
    memcpy(digits, part.ptr + prefix.len, part.len - prefix.len);
    digits[part.len - prefix.len] = '\0';
    return config_parse_int(digits, out, &ignored) == OK && *out >= 0;
}

/* 'partition:0,offset:42;partition:1,offset:300' */
static enum err read_offsets(const struct connector_request *r, const char *option, struct kafka_place *out,
                             struct error *e)
{
    const char *value = connector_option(r->options, option);
    struct slice text = slice_text(value), entry, part;
    struct kafka_offset *offsets;

    if (value == NULL)
        return error_set(e, ERR_CONFIG, "'%s' is missing, which the specific-offsets mode needs", option);
    if ((offsets = ARENA_ARRAY(r->arena, struct kafka_offset, text.len / 8 + 1)) == NULL)
        return error_memory(e, text.len, "offsets");
    while (next_part(&text, ';', &entry)) {
        int64_t partition, offset;
        bool good = next_part(&entry, ',', &part) && named_number(part, "partition:", &partition) &&
                    next_part(&entry, ',', &part) && named_number(part, "offset:", &offset) && entry.len == 0;

        if (!good || partition > INT32_MAX)
            return error_set(e, ERR_CONFIG,
                             "'%s' is '%s'; it should read 'partition:0,offset:42;partition:1,offset:300'",
                             option, value);
        offsets[out->offset_count++] = (struct kafka_offset){(int32_t)partition, offset};
    }
    out->offsets = offsets;
    return OK;
}

/* --- options --- */

struct mode {
    const char *name;
    enum kafka_at at;
};

static const struct mode start_modes[] = {
    {"group-offsets", KAFKA_AT_GROUP},      {"earliest-offset", KAFKA_AT_EARLIEST},
    {"latest-offset", KAFKA_AT_LATEST},     {"timestamp", KAFKA_AT_TIMESTAMP},
    {"specific-offsets", KAFKA_AT_OFFSETS}, {0},
};
static const struct mode stop_modes[] = {
    {"unbounded", KAFKA_AT_NEVER},          {"latest-offset", KAFKA_AT_LATEST},
    {"group-offsets", KAFKA_AT_GROUP},      {"timestamp", KAFKA_AT_TIMESTAMP},
    {"specific-offsets", KAFKA_AT_OFFSETS}, {0},
};

static enum err read_number(const struct connector_request *r, const char *option, int64_t least,
                            int64_t most, int64_t *out, struct error *e)
{
    const char *value = connector_option(r->options, option);
    enum err rc;

    if (value == NULL)
        return OK;
    if ((rc = config_parse_int(value, out, e)) != OK)
        return error_add(e, rc, "'%s'", option);
    if (*out < least || *out > most)
        return error_set(e, ERR_CONFIG, "'%s' is %s; it takes %" PRId64 " to %" PRId64, option, value, least,
                         most);
    return OK;
}

/* The option prefix + name. */
static const char *join(const struct connector_request *r, const char *prefix, const char *name)
{
    const char *text = arena_printf(r->arena, "%s%s", prefix, name);

    return text ? text : "";
}

/* A mode and what it needs: 'scan.startup.mode' and 'scan.startup.timestamp-millis', or the same of
 * 'scan.bounded.'. */
static enum err read_place(const struct connector_request *r, const char *prefix, const struct mode *modes,
                           struct kafka_place *out, struct error *e)
{
    const char *value = connector_option(r->options, join(r, prefix, "mode"));
    const struct mode *mode = modes;

    while (value && mode->name && strcmp(mode->name, value) != 0)
        mode++;
    if (mode->name == NULL)
        return error_set(e, ERR_CONFIG, "'%smode' is '%s'; it takes %s, %s, %s, %s or %s", prefix, value,
                         modes[0].name, modes[1].name, modes[2].name, modes[3].name, modes[4].name);
    out->at = mode->at;
    if (out->at == KAFKA_AT_OFFSETS)
        return read_offsets(r, join(r, prefix, "specific-offsets"), out, e);
    if (out->at != KAFKA_AT_TIMESTAMP)
        return OK;
    if (connector_option(r->options, join(r, prefix, "timestamp-millis")) == NULL)
        return error_set(e, ERR_CONFIG, "'%stimestamp-millis' is missing, which the timestamp mode needs",
                         prefix);
    return read_number(r, join(r, prefix, "timestamp-millis"), 0, INT64_MAX, &out->timestamp_ms, e);
}

static enum err read_subject(const struct connector_request *r, struct kafka_source_spec *spec,
                             struct error *e)
{
    const char *topic = connector_option(r->options, "topic");

    spec->topic_pattern = connector_option(r->options, "topic-pattern");
    if ((topic == NULL) == (spec->topic_pattern == NULL))
        return error_set(e, ERR_CONFIG, "set either 'topic' or 'topic-pattern'");
    if (spec->topic_pattern) {
        regex_t pattern;
        enum err rc = kafka_pattern_compile(spec->topic_pattern, &pattern, e);

        if (rc == OK)
            regfree(&pattern);
        spec->topic_pattern = arena_strdup(r->arena, spec->topic_pattern);
        return rc;
    }
    return read_topics(r, topic, spec, e);
}

static enum err read_durations(const struct connector_request *r, struct kafka_source_spec *spec,
                               struct error *e)
{
    const char *interval = connector_option(r->options, "scan.topic-partition-discovery.interval");
    const char *wait = connector_option(r->options, "scan.unknown-topic-wait");
    enum err rc = OK;

    if (interval && (rc = config_parse_duration(interval, &spec->discovery_interval_ms, e)) != OK)
        return error_add(e, rc, "'scan.topic-partition-discovery.interval'");
    if (wait && (rc = config_parse_duration(wait, &spec->unknown_topic_wait_ms, e)) != OK)
        return error_add(e, rc, "'scan.unknown-topic-wait'");
    return OK;
}

static enum err read_sizes(const struct connector_request *r, struct kafka_source_spec *spec, struct error *e)
{
    const char *memory = connector_option(r->options, "scan.memory");
    int64_t rows = spec->batch_rows, bytes = (int64_t)spec->memory_bytes;
    enum err rc;

    if ((rc = read_number(r, "scan.batch.rows", 1, 1 << 20, &rows, e)) != OK)
        return rc;
    if (memory && (rc = config_parse_size(memory, &bytes, e)) != OK)
        return error_add(e, rc, "'scan.memory'");
    if (bytes < LEAST_MEMORY)
        return error_set(e, ERR_CONFIG, "'scan.memory' is %s; it takes 4 mb or more", memory);
    spec->batch_rows = (int32_t)rows;
    spec->memory_bytes = (size_t)bytes;
    return OK;
}

static enum err read_loss(const struct connector_request *r, struct kafka_source_spec *spec, struct error *e)
{
    const char *value = connector_option(r->options, "scan.lost-data");

    spec->continue_after_loss = value && strcmp(value, "continue") == 0;
    if (value && !spec->continue_after_loss && strcmp(value, "fail") != 0)
        return error_set(e, ERR_CONFIG, "'scan.lost-data' is '%s'; it takes fail or continue", value);
    return OK;
}

/* The options 'properties.x' as x, in memory that lives as long as the job. */
enum err kafka_plan_properties(const struct connector_request *r, struct map *out, struct error *e)
{
    const struct slice prefix = SLICE("properties.");
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(r->options, &at)) != NULL) {
        const char *value = arena_strdup(r->arena, entry->value);

        if (slice_starts(entry->key, prefix) &&
            (value == NULL || !map_put(out, slice_from(entry->key, prefix.len), (void *)(uintptr_t)value)))
            return error_memory(e, entry->key.len, "a table's properties");
    }
    return OK;
}

/* Properties that are wrong are told before anything runs. */
static enum err check_properties(const struct map *properties, const struct kafka_source_spec *spec,
                                 struct error *e)
{
    struct kafka_options options;
    enum err rc = kafka_options_read(properties, &options, e);

    if (rc != OK)
        return rc;
    if (options.group_id == NULL && (spec->start.at == KAFKA_AT_GROUP || spec->stop.at == KAFKA_AT_GROUP))
        rc = error_set(e, ERR_CONFIG,
                       "the group-offsets mode (which 'scan.startup.mode' has unless it is set) needs "
                       "properties.group.id");
    kafka_options_fini(&options);
    return rc;
}

/* Headers cost something a message: C jobs name their columns later, dead letters have them all. */
static bool wants_headers(const struct connector_request *r)
{
    if (r->schema == NULL || connector_on_error(r) == ON_ERROR_EMIT)
        return true;
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        const char *key = connector_metadata_key(r, i);

        if (key && (strcmp(key, "headers") == 0 || strcmp(key, "leader-epoch") == 0))
            return true;
    }
    return false;
}

static const char *title(const struct kafka_source_spec *spec)
{
    return spec->topic_pattern ? spec->topic_pattern : spec->topics[0];
}

/* What upsert-kafka does not have as an option: it reads from the beginning, as each key's last row is
 * wanted. */
static enum err read_start(const struct connector_request *r, bool upsert, struct kafka_source_spec *spec,
                           struct error *e)
{
    if (!upsert)
        return read_place(r, "scan.startup.", start_modes, &spec->start, e);
    spec->start.at = KAFKA_AT_EARLIEST;
    return OK;
}

static enum err read_spec(const struct connector_request *r, bool upsert, struct planned_source *p,
                          struct error *e)
{
    enum err rc;

    if ((rc = kafka_plan_properties(r, &p->properties, e)) != OK ||
        (rc = read_subject(r, &p->spec, e)) != OK || (rc = read_start(r, upsert, &p->spec, e)) != OK ||
        (rc = read_place(r, "scan.bounded.", stop_modes, &p->spec.stop, e)) != OK ||
        (rc = read_durations(r, &p->spec, e)) != OK || (rc = read_sizes(r, &p->spec, e)) != OK ||
        (rc = read_loss(r, &p->spec, e)) != OK)
        return rc;
    return check_properties(&p->properties, &p->spec, e);
}

enum err kafka_plan_source(const struct connector_request *r, bool upsert, struct connector_plan *out,
                           struct error *e)
{
    struct planned_source *p = ARENA_NEW(r->arena, struct planned_source);
    struct kafka_source_spec standard = KAFKA_SOURCE_SPEC_DEFAULTS;
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a Kafka source");
    p->spec = standard;
    p->spec.properties = &p->properties;
    p->spec.headers = wants_headers(r);
    *out = (struct connector_plan){
        .factory = &kafka_source_factory, .spec = &p->spec, .release = release, .schema = &format_raw_schema};
    rc = read_spec(r, upsert, p, e);
    if (rc == OK && r->schema)
        rc = kafka_plan_decode(r, upsert, out, &p->decode, e);
    if (rc == OK && r->arena->failed)
        rc = error_memory(e, sizeof *p, "a Kafka source");
    if (rc != OK) {
        release(&p->spec);
        return rc;
    }
    out->bounded = p->spec.stop.at != KAFKA_AT_NEVER;
    out->title = title(&p->spec);
    return OK;
}

/* --- the connectors --- */

static const struct setting kafka_settings[] = {
    KAFKA_SETTINGS,
    {"format", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "of the messages' values; the same as `value.format`"},
    {"key.fields", SETTING_LIST, SETTING_OPTIONAL, NULL, NULL, "the columns that the key is made of"},
    {"scan.startup.mode", SETTING_ENUM, SETTING_OPTIONAL, "group-offsets",
     "group-offsets|earliest-offset|latest-offset|timestamp|specific-offsets", "where reading begins"},
    {"scan.startup.specific-offsets", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "`partition:0,offset:42;partition:1,offset:300`"},
    {"scan.startup.timestamp-millis", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "milliseconds since 1970"},
    {"sink.partitioner", SETTING_ENUM, SETTING_OPTIONAL, "default", "default|fixed|round-robin",
     "by the key's hash, as the Java client does, or without key as they come; each subtask into one "
     "partition; "
     "in turn"},
    {0},
};

static const struct setting upsert_settings[] = {
    KAFKA_SETTINGS,
    {"sink.buffer-flush.max-rows", SETTING_INT, SETTING_OPTIONAL, "0", "0..1000000",
     "rows that wait for later ones of their key, at most"},
    {"sink.buffer-flush.interval", SETTING_DURATION, SETTING_OPTIONAL, "0", NULL, "for so long at most"},
    {0},
};

static enum err plan_source(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    return kafka_plan_source(r, false, out, e);
}

static enum err plan_sink(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    assert(r->table); /* it has formats */
    return kafka_plan_sink(r, false, out, e);
}

static enum err check_upsert(const struct connector_request *r, struct error *e)
{
    if (r->table == NULL || r->table->key_count == 0)
        return error_set(e, ERR_CONFIG,
                         "connector 'upsert-kafka' needs a PRIMARY KEY (in a C job the option "
                         "'table.primary-key'): its columns are the messages' keys");
    if (connector_option(r->options, "key.format") == NULL ||
        connector_option(r->options, "value.format") == NULL)
        return error_set(e, ERR_CONFIG, "connector 'upsert-kafka' needs 'key.format' and 'value.format'");
    return OK;
}

static enum err plan_upsert_source(const struct connector_request *r, struct connector_plan *out,
                                   struct error *e)
{
    enum err rc;

    if (r->schema == NULL)
        return error_set(
            e, ERR_UNSUPPORTED,
            "connector 'upsert-kafka' is read by SQL only; a C job reads the topic with connector "
            "'kafka', where a message without value deletes its key");
    rc = check_upsert(r, e);
    return rc == OK ? kafka_plan_source(r, true, out, e) : rc;
}

static enum err plan_upsert_sink(const struct connector_request *r, struct connector_plan *out,
                                 struct error *e)
{
    enum err rc = check_upsert(r, e);

    return rc == OK ? kafka_plan_sink(r, true, out, e) : rc;
}

extern const struct connector kafka_connector, upsert_kafka_connector;
const struct connector kafka_connector = {
    .name = "kafka",
    .source = plan_source,
    .sink = plan_sink,
    .settings = kafka_settings,
    .metadata = kafka_metadata,
    .formats = FORMATS_KEY_VALUE,
    .doc =
        "Topics of Apache Kafka. Read: exactly once, offsets are part of the checkpoints. Written: at least "
        "once; a checkpoint is complete when the brokers have all that was sent before it.",
};
const struct connector upsert_kafka_connector = {
    .name = "upsert-kafka",
    .source = plan_upsert_source,
    .sink = plan_upsert_sink,
    .settings = upsert_settings,
    .metadata = kafka_metadata,
    .formats = FORMATS_KEY_VALUE,
    .doc = "A Kafka topic as a table by primary key: a message is the row of its key from then on, one "
           "without value "
           "deletes it. Read from the beginning always; written at least once.",
};
