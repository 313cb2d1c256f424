/* iceberg_options.c: see iceberg_options.h. Names are those of Iceberg and its Flink connector; weir's own
 * begin with `table.` and `upsert.`.
 */
#include "connectors/iceberg_options.h"

#define TEXT(name, doc)                                                                                      \
    {                                                                                                        \
        name, SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, doc                                                \
    }
#define REFUSED(name, standard, doc)                                                                         \
    {                                                                                                        \
        name, SETTING_TEXT, SETTING_REFUSED, standard, NULL, doc                                             \
    }

#define CATALOG_SETTINGS                                                                                     \
    TEXT("catalog-type", "`hadoop` or `rest`"), TEXT("catalog-impl", "a Java class of one of these"),        \
        TEXT("uri", "of a REST catalog"), TEXT("warehouse", "folder of the tables, or the REST name of it"), \
        {"property-version", SETTING_INT, SETTING_OPTIONAL, "1", "1..1", "of these options"},                \
        TEXT("io-impl", "a Java class: has no effect, the path's scheme says how it is read"),               \
        TEXT("token", "bearer token of a REST catalog"),                                                     \
        TEXT("credential", "`id:secret`, exchanged for a token"), TEXT("scope", "of that exchange"),         \
        TEXT("audience", "of that exchange"), TEXT("resource", "of that exchange"),                          \
        TEXT("oauth2-server-uri", "where it is done"), TEXT("rest.*", "of the REST client"),                 \
        TEXT("header.*", "sent with each request"), TEXT("s3.*", "of the object store"),                     \
        TEXT("client.region", "of the object store"), TEXT("prefix", "in the paths of a REST catalog")

static const struct setting catalog_settings[] = {CATALOG_SETTINGS, {0}};

bool iceberg_option_is_catalogs(const char *name)
{
    return settings_known(catalog_settings, name);
}

const struct setting iceberg_catalog_settings[] = {
    CATALOG_SETTINGS,
    TEXT("type", "`iceberg`"),
    TEXT("default-database", "the one that USE CATALOG begins in"),
    TEXT("table-default.*", "properties of new tables that do not say otherwise"),
    TEXT("table-override.*", "properties of new tables, whatever they say"),
    TEXT("rest-page-size", "names asked for at a time"),
    TEXT("cache-enabled", "has no effect: tables are read each time they are asked for"),
    TEXT("cache.expiration-interval-ms", "has no effect, as above"),
    REFUSED("base-namespace", NULL, "namespaces are those of the catalog itself"),
    {0},
};

#define LONG(name, doc)                                                                                      \
    {                                                                                                        \
        name, SETTING_INT, SETTING_OPTIONAL, NULL, NULL, doc                                                 \
    }

const struct setting iceberg_table_settings[] = {
    TEXT("catalog-name", "of the catalog, in messages"),
    TEXT("catalog-database", "namespace of the table, `default` without it"),
    TEXT("catalog-table", "its name there, if not this one"),
    CATALOG_SETTINGS,
    /* reading */
    LONG("snapshot-id", "read this snapshot"),
    LONG("as-of-timestamp", "read what was current at this time, in milliseconds since 1970"),
    TEXT("branch", "read the head of a branch"),
    TEXT("tag", "read what a tag points at"),
    LONG("start-snapshot-id", "read what appends have added after this snapshot"),
    TEXT("start-tag", "the same, named by a tag"),
    LONG("end-snapshot-id", "... up to this one; without it, the current one"),
    TEXT("end-tag", "the same, named by a tag"),
    {"streaming", SETTING_BOOL, SETTING_OPTIONAL, "false", NULL,
     "go on with what appends add; other changes of rows are passed over"},
    {"monitor-interval", SETTING_DURATION, SETTING_OPTIONAL, "60s", NULL, "how often to look for it"},
    {"starting-strategy", SETTING_ENUM, SETTING_OPTIONAL, "INCREMENTAL_FROM_LATEST_SNAPSHOT",
     "TABLE_SCAN_THEN_INCREMENTAL|INCREMENTAL_FROM_LATEST_SNAPSHOT|"
     "INCREMENTAL_FROM_LATEST_SNAPSHOT_EXCLUSIVE|INCREMENTAL_FROM_EARLIEST_SNAPSHOT|"
     "INCREMENTAL_FROM_SNAPSHOT_ID|INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP",
     "where streaming begins; but for `..._EXCLUSIVE` the snapshot itself is read too"},
    LONG("start-snapshot-timestamp",
         "of INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP: the first snapshot from then on"),
    {"max-planning-snapshot-count", SETTING_INT, SETTING_OPTIONAL, "2147483647", "1..2147483647",
     "streaming: snapshots taken at a time"},
    {"max-allowed-planning-failures", SETTING_INT, SETTING_OPTIONAL, "3", "-1..2147483647",
     "streaming: how often in a row the catalog may not answer; -1: always"},
    {"split-size", SETTING_INT, SETTING_OPTIONAL, NULL, "1..9223372036854775807",
     "files are read in pieces of about so many bytes, where their row groups allow; without it as the "
     "table's "
     "`read.split.target-size` says, 128 MB"},
    REFUSED("split-lookback", "10", "pieces of files are not put together"),
    REFUSED("split-file-open-cost", "4194304", "pieces of files are not put together"),
    REFUSED("include-column-stats", "false", "statistics are used where they lie"),
    REFUSED("case-sensitive", "false", "columns are found by SQL"),
    REFUSED("limit", "-1", "write LIMIT into the query"),
    REFUSED("watermark-column", NULL, "the table's columns give no watermarks yet"),
    REFUSED("watermark-column-time-unit", "MICROSECONDS", "the table's columns give no watermarks yet"),
    /* writing */
    {"upsert-enabled", SETTING_BOOL, SETTING_OPTIONAL, NULL, NULL, "as `write.upsert.enabled`"},
    REFUSED("overwrite-enabled", "false", "write INSERT OVERWRITE"),
    TEXT("table.columns", "weir's own: the columns of a table that is created"),
    TEXT("table.partitioned-by", "weir's own: `days(ts), bucket(16, id)`: partitions of one that is created"),
    TEXT("table.primary-key", "weir's own: `a, b`: identifier fields of one that is created"),
    TEXT("table.comment", "weir's own: of a table that is created"),
    TEXT("upsert.until-column", "weir's own: a TIMESTAMP after which a key changes no more"),
    {"upsert.until-lateness", SETTING_DURATION, SETTING_OPTIONAL, NULL, NULL,
     "weir's own: ... and how long after it"},
    {"write.buffer-size", SETTING_SIZE, SETTING_OPTIONAL, "8mb", NULL,
     "weir's own: rows held before some are written, all subtasks together"},
    TEXT("write.*", "a property of the table"),
    TEXT("commit.*", "a property of the table"),
    TEXT("history.*", "a property of the table"),
    TEXT("read.*", "a property of the table"),
    TEXT("gc.*", "a property of the table"),
    TEXT("compatibility.*", "a property of the table"),
    TEXT("format-version", "a property of the table"),
    {0},
};
