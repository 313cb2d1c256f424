/* settings.c: the environment variables of the health job: one table of names, kinds, defaults and limits. */
#include "health.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { TEXT, NUMBER, FLAG };

struct variable {
    const char *name;
    enum kind kind;
    size_t offset;        /* in struct settings */
    const char *standard; /* NULL: none */
    bool required;
    const char *choices; /* TEXT: "a|b"; NULL: any */
    int64_t least, most; /* NUMBER */
};

#define TEXT_VAR(name, field, standard, required, choices)                                                   \
    {                                                                                                        \
        name, TEXT, offsetof(struct settings, field), standard, required, choices, 0, 0                      \
    }
#define NUMBER_VAR(name, field, standard, least, most)                                                       \
    {                                                                                                        \
        name, NUMBER, offsetof(struct settings, field), standard, false, NULL, least, most                   \
    }
#define FLAG_VAR(name, field, standard)                                                                      \
    {                                                                                                        \
        name, FLAG, offsetof(struct settings, field), standard, false, NULL, 0, 0                            \
    }

static const struct variable variables[] = {
    TEXT_VAR("KAFKA_BROKERS", kafka.brokers, NULL, true, NULL),
    TEXT_VAR("KAFKA_TOPIC", kafka.topic, "health-data-raw", true, NULL),
    TEXT_VAR("KAFKA_GROUP_ID", kafka.group_id, "flink-iceberg-consumer", true, NULL),
    TEXT_VAR("KAFKA_AUTO_OFFSET_RESET", kafka.offset_reset, "earliest", false, "earliest|latest|none"),
    NUMBER_VAR("KAFKA_PARTITION_DISCOVERY_INTERVAL", kafka.discovery_ms, "60000", 0, INT64_C(86400000)),
    FLAG_VAR("KAFKA_ENABLE_AUTO_COMMIT", kafka.auto_commit, "false"),
    NUMBER_VAR("KAFKA_SESSION_TIMEOUT", kafka.session_timeout_ms, "30000", 1000, 3600000),
    NUMBER_VAR("KAFKA_REQUEST_TIMEOUT", kafka.request_timeout_ms, "40000", 1000, 300000),
    NUMBER_VAR("KAFKA_FETCH_MIN_BYTES", kafka.fetch_min_bytes, "1048576", 1, 100000000),
    NUMBER_VAR("KAFKA_FETCH_MAX_WAIT", kafka.fetch_max_wait_ms, "500", 0, 300000),
    NUMBER_VAR("KAFKA_MAX_PARTITION_FETCH_BYTES", kafka.max_partition_fetch_bytes, "10485760", 1, 1000000000),

    TEXT_VAR("SCHEMA_REGISTRY_URL", registry.url, NULL, false, NULL),
    TEXT_VAR("SCHEMA_REGISTRY_BASIC_AUTH_USER", registry.user, NULL, false, NULL),
    TEXT_VAR("SCHEMA_REGISTRY_BASIC_AUTH_PASSWORD", registry.password, NULL, false, NULL),
    FLAG_VAR("SCHEMA_REGISTRY_SSL_ENABLED", registry.ssl, "false"),

    TEXT_VAR("ICEBERG_CATALOG_TYPE", iceberg.catalog_type, "hadoop", true, "hadoop|hive|rest"),
    TEXT_VAR("ICEBERG_CATALOG_NAME", iceberg.catalog_name, "health_catalog", false, NULL),
    TEXT_VAR("ICEBERG_WAREHOUSE", iceberg.warehouse, NULL, true, NULL),
    TEXT_VAR("ICEBERG_CATALOG_URI", iceberg.uri, NULL, false, NULL),
    TEXT_VAR("ICEBERG_DATABASE", iceberg.database, "health_db", false, NULL),
    TEXT_VAR("ICEBERG_TABLE_RAW", iceberg.raw, "health_data_raw", false, NULL),
    TEXT_VAR("ICEBERG_TABLE_DAILY_AGG", iceberg.daily, "health_data_daily_agg", false, NULL),
    TEXT_VAR("ICEBERG_TABLE_WEEKLY_AGG", iceberg.weekly, "health_data_weekly_agg", false, NULL),
    TEXT_VAR("ICEBERG_TABLE_MONTHLY_AGG", iceberg.monthly, "health_data_monthly_agg", false, NULL),
    TEXT_VAR("ICEBERG_TABLE_ERRORS", iceberg.errors, "health_data_errors", false, NULL),

    TEXT_VAR("S3_ENDPOINT", s3.endpoint, NULL, false, NULL),
    TEXT_VAR("S3_ACCESS_KEY", s3.access_key, NULL, false, NULL),
    TEXT_VAR("S3_SECRET_KEY", s3.secret_key, NULL, false, NULL),
    FLAG_VAR("S3_PATH_STYLE_ACCESS", s3.path_style, "true"),
    TEXT_VAR("S3_REGION", s3.region, "us-east-1", false, NULL),
    FLAG_VAR("S3_SSL_ENABLED", s3.ssl, "false"),

    NUMBER_VAR("FLINK_PARALLELISM", flink.parallelism, "6", 1, 32768),
    NUMBER_VAR("FLINK_MAX_PARALLELISM", flink.max_parallelism, "128", 1, 32768),
    NUMBER_VAR("CHECKPOINT_INTERVAL", flink.checkpoint_interval_ms, "60000", 10, INT64_C(86400000)),
    NUMBER_VAR("CHECKPOINT_TIMEOUT", flink.checkpoint_timeout_ms, "600000", 10, INT64_C(86400000)),
    TEXT_VAR("CHECKPOINT_STORAGE", flink.checkpoint_storage, NULL, true, NULL),
    TEXT_VAR("STATE_BACKEND", flink.state_backend, "rocksdb", false, "rocksdb|hashmap"),
    NUMBER_VAR("STATE_TTL_DAYS", flink.state_ttl_days, "7", 1, 36500),
    NUMBER_VAR("RESTART_ATTEMPTS", flink.restart_attempts, "3", 0, 1000000),
    NUMBER_VAR("RESTART_DELAY", flink.restart_delay_ms, "10000", 0, INT64_C(86400000)),

    NUMBER_VAR("WATERMARK_MAX_OUT_OF_ORDERNESS", aggregation.out_of_orderness_min, "10", 0, 525600),
    NUMBER_VAR("DAILY_WINDOW_ALLOWED_LATENESS", aggregation.daily_lateness_h, "1", 0, 87600),
    NUMBER_VAR("WEEKLY_WINDOW_ALLOWED_LATENESS", aggregation.weekly_lateness_h, "6", 0, 87600),
    NUMBER_VAR("MONTHLY_WINDOW_ALLOWED_LATENESS", aggregation.monthly_lateness_h, "12", 0, 87600),
    NUMBER_VAR("DAILY_AGG_PARALLELISM", aggregation.daily_parallelism, "12", 1, 32768),
    NUMBER_VAR("WEEKLY_AGG_PARALLELISM", aggregation.weekly_parallelism, "6", 1, 32768),
    NUMBER_VAR("MONTHLY_AGG_PARALLELISM", aggregation.monthly_parallelism, "3", 1, 32768),

    FLAG_VAR("METRICS_ENABLED", monitoring.metrics, "true"),
    NUMBER_VAR("PROMETHEUS_PORT", monitoring.prometheus_port, "9249", 0, 65535),
    TEXT_VAR("LOG_LEVEL", monitoring.log_level, "INFO", false, "DEBUG|INFO|WARNING|ERROR"),
    TEXT_VAR("LOG_FORMAT", monitoring.log_format, "json", false, "json|text"),
    FLAG_VAR("STRUCTURED_LOGGING", monitoring.structured, "true"),

    FLAG_VAR("VALIDATION_ENABLED", validation.enabled, "true"),
    FLAG_VAR("VALIDATION_STRICT_MODE", validation.strict, "false"),
    NUMBER_VAR("MIN_HEART_RATE", validation.min_heart_rate, "30", 0, 1000),
    NUMBER_VAR("MAX_HEART_RATE", validation.max_heart_rate, "250", 1, 1000),
    NUMBER_VAR("MAX_STEPS_PER_DAY", validation.max_steps_per_day, "100000", 1, INT64_C(1000000000)),
};

/* --- what is wrong, all of it, a line each --- */

struct problems {
    char text[8192];
    size_t len;
};

static void add_problem(struct problems *p, const char *line)
{
    int n = snprintf(p->text + p->len, sizeof p->text - p->len, "%s%s", p->len ? "\n  " : "", line);

    p->len += n > 0 && (size_t)n < sizeof p->text - p->len ? (size_t)n : 0;
}

#define PROBLEM(p, ...)                                                                                      \
    do {                                                                                                     \
        char line[600];                                                                                      \
        snprintf(line, sizeof line, __VA_ARGS__);                                                            \
        add_problem(p, line);                                                                                \
    } while (0)

/* Whether word is one of "a|b|c", in any case. */
static bool is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
        size_t n = strcspn(p, "|");

        if (n == len && strncasecmp(p, word, n) == 0)
            return true;
    }
    return false;
}

static void read_number(const struct variable *v, const char *text, int64_t *out, struct problems *p)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (*end || end == text || errno)
        PROBLEM(p, "%s: \"%s\" is not a whole number", v->name, text);
    else if (*out < v->least || *out > v->most)
        PROBLEM(p, "%s: %s is out of range, wanted %" PRId64 " to %" PRId64, v->name, text, v->least,
                v->most);
}

static void read_flag(const struct variable *v, const char *text, bool *out, struct problems *p)
{
    *out = strcasecmp(text, "true") == 0;
    if (!*out && strcasecmp(text, "false") != 0)
        PROBLEM(p, "%s: \"%s\" is neither true nor false", v->name, text);
}

static void read_variable(struct weir_env *env, const struct variable *v, struct settings *out,
                          struct problems *p)
{
    const char *text = weir_getenv(env, v->name, v->standard);
    void *to = (char *)out + v->offset;

    if (text == NULL) {
        if (v->required)
            PROBLEM(p, "%s: is not set, but required", v->name);
        return;
    }
    switch (v->kind) {
    case TEXT:
        *(const char **)to = text;
        if (v->choices && !is_choice(v->choices, text))
            PROBLEM(p, "%s: \"%s\" is not one of %s", v->name, text, v->choices);
        break;
    case NUMBER:
        read_number(v, text, to, p);
        break;
    case FLAG:
        read_flag(v, text, to, p);
        break;
    }
}

static bool is_s3(const char *path)
{
    return path &&
           (strncmp(path, "s3:", 3) == 0 || strncmp(path, "s3a:", 4) == 0 || strncmp(path, "s3n:", 4) == 0);
}

/* What no single variable can tell. */
static void check_together(const struct settings *s, struct problems *p)
{
    if ((is_s3(s->iceberg.warehouse) || is_s3(s->flink.checkpoint_storage)) && !s->s3.endpoint)
        PROBLEM(p, "S3_ENDPOINT: is not set, but ICEBERG_WAREHOUSE or CHECKPOINT_STORAGE lies on S3");
    if ((is_s3(s->iceberg.warehouse) || is_s3(s->flink.checkpoint_storage)) &&
        (!s->s3.access_key || !s->s3.secret_key))
        PROBLEM(p, "S3_ACCESS_KEY, S3_SECRET_KEY: are not set, but ICEBERG_WAREHOUSE or CHECKPOINT_STORAGE "
                   "lies on S3");
    if (s->iceberg.catalog_type && strcasecmp(s->iceberg.catalog_type, "hadoop") != 0 && !s->iceberg.uri)
        PROBLEM(p, "ICEBERG_CATALOG_URI: is not set, but ICEBERG_CATALOG_TYPE is %s",
                s->iceberg.catalog_type);
    if (!s->registry.user != !s->registry.password)
        PROBLEM(p, "SCHEMA_REGISTRY_BASIC_AUTH_USER and _PASSWORD: one is set without the other");
    if (s->registry.ssl && s->registry.url && strncmp(s->registry.url, "http://", 7) == 0)
        PROBLEM(p, "SCHEMA_REGISTRY_SSL_ENABLED is true, but SCHEMA_REGISTRY_URL begins with http://");
    if (s->s3.ssl && s->s3.endpoint && strncmp(s->s3.endpoint, "http://", 7) == 0)
        PROBLEM(p, "S3_SSL_ENABLED is true, but S3_ENDPOINT begins with http://");
    if (s->validation.min_heart_rate > s->validation.max_heart_rate)
        PROBLEM(p, "MIN_HEART_RATE: is more than MAX_HEART_RATE");
    if (s->flink.parallelism > s->flink.max_parallelism)
        PROBLEM(p, "FLINK_PARALLELISM: is more than FLINK_MAX_PARALLELISM");
    if (s->aggregation.daily_parallelism > s->flink.max_parallelism)
        PROBLEM(p, "DAILY_AGG_PARALLELISM: is more than FLINK_MAX_PARALLELISM");
    if (s->aggregation.weekly_parallelism > s->flink.max_parallelism)
        PROBLEM(p, "WEEKLY_AGG_PARALLELISM: is more than FLINK_MAX_PARALLELISM");
    if (s->aggregation.monthly_parallelism > s->flink.max_parallelism)
        PROBLEM(p, "MONTHLY_AGG_PARALLELISM: is more than FLINK_MAX_PARALLELISM");
}

bool settings_read(struct weir_env *env, struct settings *out, bool with_registry)
{
    struct problems p = {.len = 0};

    *out = (struct settings){0};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        read_variable(env, &variables[i], out, &p);
    if (with_registry && out->registry.url == NULL)
        PROBLEM(&p, "SCHEMA_REGISTRY_URL: is not set, but required");
    if (p.len == 0)
        check_together(out, &p);
    if (p.len)
        weir_fail(env, "the environment is not as the health job wants it:\n  %s", p.text);
    return p.len == 0;
}

/* --- what is the engine's --- */

static void set_number(struct weir_env *env, const char *key, int64_t v, const char *unit)
{
    weir_configure(env, key, weir_text(env, "%" PRId64 "%s", v, unit));
}

static void apply_s3(struct weir_env *env, const struct settings *s)
{
    if (s->s3.endpoint)
        weir_configure(env, "s3.endpoint", s->s3.endpoint);
    weir_configure(env, "s3.connection.ssl.enabled", s->s3.ssl ? "true" : "false");
    if (s->s3.access_key)
        weir_configure(env, "s3.access-key", s->s3.access_key);
    if (s->s3.secret_key)
        weir_configure(env, "s3.secret-key", s->s3.secret_key);
    weir_configure(env, "s3.path-style-access", s->s3.path_style ? "true" : "false");
    weir_configure(env, "s3.region", s->s3.region);
}

void settings_apply(struct weir_env *env, const struct settings *s)
{
    bool text = !s->monitoring.structured || strcasecmp(s->monitoring.log_format, "text") == 0;

    weir_configure(env, "pipeline.name", "health-data-consumer");
    set_number(env, "parallelism.default", s->flink.parallelism, "");
    set_number(env, "pipeline.max-parallelism", s->flink.max_parallelism, "");
    set_number(env, "execution.checkpointing.interval", s->flink.checkpoint_interval_ms, " ms");
    set_number(env, "execution.checkpointing.timeout", s->flink.checkpoint_timeout_ms, " ms");
    weir_configure(env, "execution.checkpointing.dir", s->flink.checkpoint_storage);
    weir_configure(env, "execution.checkpointing.externalized-checkpoint-retention",
                   "RETAIN_ON_CANCELLATION");
    weir_configure(env, "execution.checkpointing.num-retained", "3");
    weir_configure(env, "state.backend.type", s->flink.state_backend);
    weir_configure(env, "restart-strategy.type", s->flink.restart_attempts ? "fixed-delay" : "none");
    set_number(env, "restart-strategy.fixed-delay.attempts", s->flink.restart_attempts, "");
    set_number(env, "restart-strategy.fixed-delay.delay", s->flink.restart_delay_ms, " ms");
    apply_s3(env, s);
    if (s->monitoring.metrics)
        set_number(env, "metrics.reporter.prom.port", s->monitoring.prometheus_port, "");
    weir_configure(env, "log.level", s->monitoring.log_level);
    weir_configure(env, "log.format", text ? "text" : "json");
}
