/* tables.c: the five Iceberg tables: columns, comments, keys, partitions and properties, as the operators'
 * reference has them. A table that is missing is created so; one that is there must have these columns.
 */
#include "health.h"
#include <string.h>

/* What all five sinks share: where the catalog is. */
#define CATALOG_OPTIONS(c, table)                                                                            \
    {"catalog-name", (c)->iceberg.catalog_name}, {"catalog-type", (c)->iceberg.catalog_type},                \
        {"warehouse", (c)->iceberg.warehouse}, {"uri", (c)->iceberg.uri},                                    \
        {"catalog-database", (c)->iceberg.database},                                                         \
    {                                                                                                        \
        "catalog-table", (table)                                                                             \
    }

void tables_raw(struct weir_env *env, struct weir_stream *s, const struct settings *c)
{
    (void)env;
    weir_into(s, "iceberg",
              WEIR_WITH(CATALOG_OPTIONS(c, c->iceberg.raw), {"table.columns", raw_columns},
                        {"table.partitioned-by", "days(start_date), data_type"},
                        {"write.format.default", "parquet"}, {"write.parquet.compression-codec", "snappy"},
                        {"write.parquet.page-size-bytes", "1048576"},
                        {"write.parquet.row-group-size-bytes", "134217728"},
                        {"write.metadata.compression-codec", "gzip"},
                        {"write.target-file-size-bytes", "134217728"}, {"commit.retry.num-retries", "3"},
                        {"commit.retry.min-wait-ms", "100"},
                        {"history.expire.max-snapshot-age-ms", "2592000000"}, {"format-version", "2"}));
}

void tables_errors(struct weir_env *env, struct weir_stream *s, const struct settings *c)
{
    (void)env;
    weir_into(s, "iceberg",
              WEIR_WITH(CATALOG_OPTIONS(c, c->iceberg.errors), {"table.columns", error_columns},
                        {"table.partitioned-by", "days(error_timestamp), error_type"},
                        {"write.format.default", "parquet"}, {"write.parquet.compression-codec", "snappy"},
                        {"format-version", "2"}));
}

#define STATS(what)                                                                                          \
    "min_value DOUBLE COMMENT 'Minimum value in the " what                                                   \
    "', max_value DOUBLE COMMENT 'Maximum value in the " what                                                \
    "', avg_value DOUBLE COMMENT 'Average value', sum_value DOUBLE COMMENT 'Sum of all values', `count` "    \
    "BIGINT "                                                                                                \
    "COMMENT 'Number of measurements', stddev_value DOUBLE COMMENT 'Standard deviation', "

#define KEYS                                                                                                 \
    "user_id STRING NOT NULL COMMENT 'User identifier', data_type STRING NOT NULL COMMENT 'Type of health "  \
    "data', "
#define WINDOW                                                                                               \
    "window_start TIMESTAMP COMMENT 'Window start timestamp', window_end TIMESTAMP COMMENT 'Window end "     \
    "timestamp', "
#define RECORDS                                                                                              \
    "record_count BIGINT COMMENT 'Total number of records processed', updated_at TIMESTAMP COMMENT 'Last "   \
    "update timestamp'"
#define DAILY_AVERAGE "daily_avg_of_avg DOUBLE COMMENT 'Average of daily averages', "

static const char daily_columns[] = KEYS
    "aggregation_date DATE NOT NULL COMMENT 'Date of aggregation', " WINDOW STATS(
        "window") "first_value DOUBLE COMMENT 'First value in the window', last_value DOUBLE COMMENT 'Last "
                  "value in the window', " RECORDS;
static const char weekly_columns[] = KEYS
    "year INT NOT NULL COMMENT 'Year', week_of_year INT NOT NULL COMMENT 'ISO week number', week_start_date "
    "DATE COMMENT "
    "'Monday of the week', week_end_date DATE COMMENT 'Sunday of the week', " WINDOW STATS("week")
        DAILY_AVERAGE RECORDS;
static const char monthly_columns[] = KEYS
    "year INT NOT NULL COMMENT 'Year', month INT NOT NULL COMMENT 'Month (1-12)', month_start_date DATE "
    "COMMENT 'First day "
    "of the month', month_end_date DATE COMMENT 'Last day of the month', " WINDOW STATS("month")
        DAILY_AVERAGE RECORDS;

static const char *lateness(struct weir_env *env, int64_t hours)
{
    return weir_text(env, "%lld h", (long long)hours);
}

void tables_aggregate(struct weir_env *env, struct weir_stream *s, const struct settings *c,
                      const struct weir_aggregate *which)
{
    const struct {
        const struct weir_aggregate *which;
        const char *table, *columns, *key, *partitions;
        int64_t lateness_h;
    } tables[] = {
        {&daily, c->iceberg.daily, daily_columns, "user_id, data_type, aggregation_date",
         "aggregation_date, data_type", c->aggregation.daily_lateness_h},
        {&weekly, c->iceberg.weekly, weekly_columns, "user_id, data_type, year, week_of_year",
         "year, week_of_year, data_type", c->aggregation.weekly_lateness_h},
        {&monthly, c->iceberg.monthly, monthly_columns, "user_id, data_type, year, month",
         "year, month, data_type", c->aggregation.monthly_lateness_h},
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (tables[i].which != which)
            continue;
        weir_into(s, "iceberg",
                  WEIR_WITH(CATALOG_OPTIONS(c, tables[i].table), {"table.columns", tables[i].columns},
                            {"table.primary-key", tables[i].key},
                            {"table.partitioned-by", tables[i].partitions},
                            {"upsert.until-column", "window_end"},
                            {"upsert.until-lateness", lateness(env, tables[i].lateness_h)},
                            {"write.format.default", "parquet"},
                            {"write.parquet.compression-codec", "snappy"}, {"write.upsert.enabled", "true"},
                            {"write.merge.mode", "merge-on-read"}, {"format-version", "2"}));
    }
}
