/* health.h: the health job: from one Kafka topic of health payloads to five Iceberg tables, exactly once.
 *
 *   payloads (Kafka, Avro) ─┬─ undecodable ───────────────────────────────────────────► health_data_errors
 *                           └─ unnest samples ─┬─ no samples ─────────────────────────► health_data_errors
 *                                              └─ validate ─┬─ invalid ───────────────► health_data_errors
 *                                                           ├─ valid ─────────────────► health_data_raw
 *                                                           └─ watermark ─ key by user, type ─┬─ day ──►
 * health_data_daily_agg ├─ week ─► health_data_weekly_agg └─ month ► health_data_monthly_agg Each file makes
 * one part; health.c puts them together.
 */
#ifndef HEALTH_H
#define HEALTH_H
#include <weir/weir.h>

/* All settings, from the environment (settings.c has the table). Strings live as long as the job. */
struct settings {
    struct {
        const char *brokers, *topic, *group_id, *offset_reset;
        int64_t discovery_ms;
        bool auto_commit;
        int64_t session_timeout_ms, request_timeout_ms, fetch_min_bytes, fetch_max_wait_ms,
            max_partition_fetch_bytes;
    } kafka;
    struct {
        const char *url, *user, *password;
        bool ssl;
    } registry;
    struct {
        const char *catalog_type, *catalog_name, *warehouse, *uri, *database, *raw, *daily, *weekly, *monthly,
            *errors;
    } iceberg;
    struct {
        const char *endpoint, *access_key, *secret_key;
        bool path_style;
        const char *region;
        bool ssl;
    } s3;
    struct {
        int64_t parallelism, max_parallelism, checkpoint_interval_ms, checkpoint_timeout_ms;
        const char *checkpoint_storage, *state_backend;
        int64_t state_ttl_days, restart_attempts, restart_delay_ms;
    } flink;
    struct {
        int64_t out_of_orderness_min, daily_lateness_h, weekly_lateness_h, monthly_lateness_h,
            daily_parallelism, weekly_parallelism, monthly_parallelism;
    } aggregation;
    struct {
        bool metrics;
        int64_t prometheus_port;
        const char *log_level, *log_format;
        bool structured;
    } monitoring;
    struct {
        bool enabled, strict;
        int64_t min_heart_rate, max_heart_rate, max_steps_per_day;
    } validation;
};

/* Read and check the environment. False: every wrong or missing variable has been told by weir_fail. Without
 * with_registry SCHEMA_REGISTRY_URL may be unset. */
bool settings_read(struct weir_env *env, struct settings *out, bool with_registry);
/* Hand on what is the engine's: parallelism, checkpoints, restarts, s3, metrics, logs. */
void settings_apply(struct weir_env *env, const struct settings *s);

extern const struct weir_map validate; /* arg: struct settings. Outputs: 0 the raw table's rows, 1 errors */
extern const struct weir_map
    payload_error; /* undecodable records to rows of the errors table; arg: struct settings */
extern const struct weir_map
    empty_error; /* payloads without samples to rows of the errors table; arg: struct settings */

extern const struct weir_aggregate daily, weekly, monthly;

/* tables.c: sinks with the tables' columns, comments, partitions and properties. */
void tables_raw(struct weir_env *env, struct weir_stream *s, const struct settings *c);
void tables_errors(struct weir_env *env, struct weir_stream *s, const struct settings *c);
void tables_aggregate(struct weir_env *env, struct weir_stream *s, const struct settings *c,
                      const struct weir_aggregate *which);

extern const char raw_columns[], error_columns[];
#endif
