/* changelog_dialects.c: the formats debezium-json, canal-json, maxwell-json and ogg-json, as tables. */
#include "formats/changelog.h"
#include "formats/json_encode.h"
#include "formats/payloads.h"

/* --- options --- */

#define IGNORE_OPTION                                                                                        \
    {                                                                                                        \
        "ignore-parse-errors", OPTION_FLAG, "false",                                                         \
            "A field that cannot be read is NULL, and a payload that makes no sense is left out (and "       \
            "counted)."                                                                                      \
    }

static const struct format_option plain_options[] = {IGNORE_OPTION, JSON_WRITER_OPTIONS};
static const struct format_option debezium_options[] = {
    {"schema-include", OPTION_FLAG, "false",
     "Payloads have a schema in front, as Kafka Connect's JsonConverter writes with schemas.enable; for "
     "reading."},
    IGNORE_OPTION,
    JSON_WRITER_OPTIONS};
static const struct format_option canal_options[] = {
    {"database.include", OPTION_TEXT, NULL, "A regular expression: which databases' changes are read."},
    {"table.include", OPTION_TEXT, NULL, "A regular expression: which tables' changes are read."},
    IGNORE_OPTION,
    JSON_WRITER_OPTIONS};

/* --- metadata --- */

static const struct type text = {.kind = TYPE_STRING, .nullable = true};
static const struct type int32 = {.kind = TYPE_INT32, .nullable = true};
static const struct type key = {.kind = TYPE_STRING};
static const struct type millis = {.kind = TYPE_TIMESTAMP_LTZ, .nullable = true, .precision = 3};
static const struct type micros = {.kind = TYPE_TIMESTAMP_LTZ, .nullable = true, .precision = 6};
static const struct field text_element[] = {{.name = "element", .type = &text}};
static const struct field text_entry[] = {{.name = "key", .type = &key}, {.name = "value", .type = &text}};
static const struct field int_entry[] = {{.name = "key", .type = &key}, {.name = "value", .type = &int32}};
static const struct type texts = {
    .kind = TYPE_LIST, .nullable = true, .field_count = 1, .fields = text_element};
static const struct type text_map = {
    .kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = text_entry};
static const struct type int_map = {
    .kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = int_entry};

static const struct field debezium_metadata[] = {
    {.name = "schema", .type = &text},
    {.name = "ingestion-timestamp", .type = &millis},
    {.name = "source.timestamp", .type = &millis},
    {.name = "source.database", .type = &text},
    {.name = "source.schema", .type = &text},
    {.name = "source.table", .type = &text},
    {.name = "source.properties", .type = &text_map},
};
static const struct field canal_metadata[] = {
    {.name = "database", .type = &text},
    {.name = "table", .type = &text},
    {.name = "sql-type", .type = &int_map},
    {.name = "pk-names", .type = &texts},
    {.name = "ingestion-timestamp", .type = &millis},
    {.name = "event-timestamp", .type = &millis},
};
static const struct field maxwell_metadata[] = {
    {.name = "database", .type = &text},
    {.name = "table", .type = &text},
    {.name = "primary-key-columns", .type = &texts},
    {.name = "ingestion-timestamp", .type = &millis},
};
static const struct field ogg_metadata[] = {
    {.name = "table", .type = &text},
    {.name = "primary-keys", .type = &texts},
    {.name = "ingestion-timestamp", .type = &micros},
    {.name = "event-timestamp", .type = &micros},
};

/* --- dialects --- */

static const struct changelog_dialect debezium = {
    .format = &debezium_json_format,
    .what = "Debezium",
    .new_key = "after",
    .old_key = "before",
    .op_key = "op",
    .insert = "c",
    .delete = "d",
    .ops = {{"c", OP_INSERT}, {"r", OP_INSERT}, {"u", OP_UPDATE}, {"d", OP_DELETE}},
    .metadata = {{.key = "schema", .at_root = true},
                 {.key = "ts_ms", .form = METADATA_MILLIS},
                 {.key = "source", .inside = "ts_ms", .form = METADATA_MILLIS},
                 {.key = "source", .inside = "db"},
                 {.key = "source", .inside = "schema"},
                 {.key = "source", .inside = "table"},
                 {.key = "source"}},
    .in_payload = true,
};

static const struct changelog_dialect canal = {
    .format = &canal_json_format,
    .what = "Canal",
    .new_key = "data",
    .old_key = "old",
    .op_key = "type",
    .partial = true,
    .arrays = true,
    .insert = "INSERT",
    .delete = "DELETE",
    .ops = {{"INSERT", OP_INSERT}, {"UPDATE", OP_UPDATE}, {"DELETE", OP_DELETE}, {"CREATE", OP_IGNORED}},
    .metadata = {{.key = "database"},
                 {.key = "table"},
                 {.key = "sqlType"},
                 {.key = "pkNames"},
                 {.key = "ts", .form = METADATA_MILLIS},
                 {.key = "es", .form = METADATA_MILLIS}},
    .by_name = true,
};

static const struct changelog_dialect maxwell = {
    .format = &maxwell_json_format,
    .what = "Maxwell",
    .new_key = "data",
    .old_key = "old",
    .op_key = "type",
    .partial = true,
    .insert = "insert",
    .delete = "delete",
    .ops = {{"insert", OP_INSERT}, {"update", OP_UPDATE}, {"delete", OP_DELETE}},
    .metadata = {{.key = "database"},
                 {.key = "table"},
                 {.key = "primary_key_columns"},
                 {.key = "ts", .form = METADATA_SECONDS}},
};

static const struct changelog_dialect ogg = {
    .format = &ogg_json_format,
    .what = "Ogg",
    .new_key = "after",
    .old_key = "before",
    .op_key = "op_type",
    .insert = "I",
    .delete = "D",
    .ops = {{"I", OP_INSERT}, {"U", OP_UPDATE}, {"D", OP_DELETE}},
    .metadata = {{.key = "table"},
                 {.key = "primary_keys"},
                 {.key = "current_ts", .form = METADATA_TIME},
                 {.key = "op_ts", .form = METADATA_TIME}},
};

/* --- formats --- */

#define CHANGELOG_FORMAT(dialect, dialect_name, about, option_table, metadata_table)                         \
    static enum err dialect##_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e) \
    {                                                                                                        \
        return changelog_decoder_new(&dialect, spec, out, e);                                                \
    }                                                                                                        \
    static enum err dialect##_encoder(const struct encode_spec *spec, struct encoder **out, struct error *e) \
    {                                                                                                        \
        return changelog_encoder_new(&dialect, spec, out, e);                                                \
    }                                                                                                        \
    const struct format dialect##_json_format = {                                                            \
        .name = dialect_name,                                                                                \
        .doc = about,                                                                                        \
        .options = option_table,                                                                             \
        .option_count = COUNT_OF(option_table),                                                              \
        .reads = FORMAT_CHANGES,                                                                             \
        .writes = FORMAT_CHANGES,                                                                            \
        .metadata = metadata_table,                                                                          \
        .metadata_count = COUNT_OF(metadata_table),                                                          \
        .decoder_new = dialect##_decoder,                                                                    \
        .encoder_new = dialect##_encoder,                                                                    \
    }

CHANGELOG_FORMAT(debezium, "debezium-json", "Changes of a table as Debezium writes them, in JSON.",
                 debezium_options, debezium_metadata);
CHANGELOG_FORMAT(canal, "canal-json", "Changes of a MySQL table as Canal writes them, in JSON.",
                 canal_options, canal_metadata);
CHANGELOG_FORMAT(maxwell, "maxwell-json", "Changes of a MySQL table as Maxwell writes them, in JSON.",
                 plain_options, maxwell_metadata);
CHANGELOG_FORMAT(ogg, "ogg-json", "Changes of a table as Oracle GoldenGate writes them, in JSON.",
                 plain_options, ogg_metadata);
