/* health.c: the job: sources, streams and sinks put together. health.h has the drawing. */
#include "health.h"
#include <stdio.h>
#include <string.h>

/* One payload holds many samples. All columns may be absent: what is missing is told by the validation, not
 * the decoder. */
static const char payload_columns[] =
    "deviceId STRING, userId STRING, `timestamp` STRING, timezone STRING, appVersion STRING, "
    "samples ARRAY<ROW<id STRING, type STRING, `value` DOUBLE, unit STRING, startDate STRING, endDate "
    "STRING, "
    "sourceBundle STRING, metadata MAP<STRING, STRING>, isSynced BOOLEAN, createdAt STRING>>, "
    "payload BYTES METADATA FROM 'value', kafka_topic STRING METADATA FROM 'topic', "
    "kafka_partition INT METADATA FROM 'partition', kafka_offset BIGINT METADATA FROM 'offset', "
    "kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'";

static struct weir_stream *read_payloads(struct weir_env *env, const struct settings *s, const char *format)
{
    bool avro = strcmp(format, "avro-confluent") == 0;
    const char *startup = strcmp(s->kafka.offset_reset, "none") == 0 ? "none" : s->kafka.offset_reset;
    /* An option whose value is NULL is not given. */
    struct weir_option options[] = {
        {"properties.bootstrap.servers", s->kafka.brokers},
        {"topic", s->kafka.topic},
        {"properties.group.id", s->kafka.group_id},
        {"scan.startup.mode", "group-offsets"},
        {"properties.auto.offset.reset", startup},
        {"scan.topic-partition-discovery.interval",
         weir_text(env, "%lld ms", (long long)s->kafka.discovery_ms)},
        {"properties.enable.auto.commit", s->kafka.auto_commit ? "true" : "false"},
        {"properties.session.timeout.ms", weir_text(env, "%lld", (long long)s->kafka.session_timeout_ms)},
        {"properties.request.timeout.ms", weir_text(env, "%lld", (long long)s->kafka.request_timeout_ms)},
        {"properties.fetch.min.bytes", weir_text(env, "%lld", (long long)s->kafka.fetch_min_bytes)},
        {"properties.fetch.max.wait.ms", weir_text(env, "%lld", (long long)s->kafka.fetch_max_wait_ms)},
        {"properties.max.partition.fetch.bytes",
         weir_text(env, "%lld", (long long)s->kafka.max_partition_fetch_bytes)},
        {"format", format},
        {"avro-confluent.url", avro ? s->registry.url : NULL},
        {"avro-confluent.basic-auth.credentials-source", avro && s->registry.user ? "USER_INFO" : NULL},
        {"avro-confluent.basic-auth.user-info",
         avro && s->registry.user ? weir_text(env, "%s:%s", s->registry.user, s->registry.password) : NULL},
        {"on-error", s->validation.strict ? "fail" : NULL},
        {NULL, NULL},
    };

    return weir_uid(weir_from(env, "kafka", options, payload_columns), "payloads");
}

static void aggregate(struct weir_env *env, struct weir_stream *keyed, const struct settings *s,
                      const struct weir_aggregate *which, struct weir_windows windows, int64_t parallelism)
{
    struct weir_stream *results = weir_window(keyed, &windows, which, which->name);

    weir_parallelism(weir_uid(results, which->name), (int)parallelism);
    tables_aggregate(env, results, s, which);
}

/* What comes after `--` on the command line. */
struct words {
    const char *format;               /* of the payloads; JSON needs no registry */
    bool raw, daily, weekly, monthly; /* the tables to write; rejected records always have theirs */
};

static bool read_tables(struct weir_env *env, struct words *w, const char *list)
{
    struct {
        const char *name;
        bool *wanted;
    } tables[] = {{"raw", &w->raw}, {"daily", &w->daily}, {"weekly", &w->weekly}, {"monthly", &w->monthly}};
    size_t count = sizeof tables / sizeof *tables, len, i;

    w->raw = w->daily = w->weekly = w->monthly = false;
    for (;; list += len + 1) {
        len = strcspn(list, ",");
        for (i = 0; i < count; i++)
            if (strlen(tables[i].name) == len && strncmp(tables[i].name, list, len) == 0)
                break;
        if (i == count) {
            weir_fail(env, "--tables: '%.*s' is none of raw, daily, weekly, monthly", (int)len, list);
            return false;
        }
        *tables[i].wanted = true;
        if (list[len] == '\0')
            return true;
    }
}

static bool read_words(struct weir_env *env, struct words *w, int argc, char **argv)
{
    *w = (struct words){"avro-confluent", true, true, true, true};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--format") == 0) {
            if (strcmp(value, "json") != 0 && strcmp(value, "avro-confluent") != 0) {
                weir_fail(env, "--format wants json or avro-confluent");
                return false;
            }
            w->format = value;
        } else if (strcmp(argv[i], "--tables") == 0) {
            if (!read_tables(env, w, value))
                return false;
        } else {
            weir_fail(env,
                      "'%s' is not known; the health job takes --format json|avro-confluent and --tables "
                      "raw,daily,weekly,monthly",
                      argv[i]);
            return false;
        }
    }
    return true;
}

int weir_main(struct weir_env *env, int argc, char **argv)
{
    struct settings *s = weir_memory(env, sizeof *s);
    struct weir_stream *payloads, *samples, *valid, *errors, *keyed;
    struct words w;

    if (s == NULL || !read_words(env, &w, argc, argv) ||
        !settings_read(env, s, strcmp(w.format, "json") != 0))
        return 1;
    settings_apply(env, s);

    payloads = read_payloads(env, s, w.format);
    samples = weir_unnest(payloads, "samples");
    valid = weir_uid(weir_map(samples, &validate, s), "validate");
    if (w.raw)
        tables_raw(env, valid, s);

    errors = weir_map(weir_side(payloads, 1), &payload_error, s);
    errors = weir_union(errors, weir_map(weir_side(samples, 1), &empty_error, s));
    errors = weir_union(errors, weir_side(valid, 1));
    tables_errors(env, errors, s);

    if (!w.daily && !w.weekly && !w.monthly)
        return 0;
    keyed = weir_project(valid, "user_id, data_type, value, start_date, sample_id");
    keyed = weir_watermark(keyed, "start_date", s->aggregation.out_of_orderness_min * WEIR_MINUTE);
    keyed = weir_key_by(keyed, "user_id, data_type");
    if (w.daily)
        aggregate(env, keyed, s, &daily,
                  (struct weir_windows){.size_us = WEIR_DAY,
                                        .allowed_lateness_us = s->aggregation.daily_lateness_h * WEIR_HOUR},
                  s->aggregation.daily_parallelism);
    if (w.weekly)
        aggregate(env, keyed, s, &weekly,
                  (struct weir_windows){.size_us = 7 * WEIR_DAY,
                                        .offset_us = 4 * WEIR_DAY, /* from Monday: 1970 began on a Thursday */
                                        .allowed_lateness_us = s->aggregation.weekly_lateness_h * WEIR_HOUR},
                  s->aggregation.weekly_parallelism);
    if (w.monthly)
        aggregate(env, keyed, s, &monthly,
                  (struct weir_windows){.kind = WEIR_MONTHLY,
                                        .allowed_lateness_us = s->aggregation.monthly_lateness_h * WEIR_HOUR},
                  s->aggregation.monthly_parallelism);
    return 0;
}
