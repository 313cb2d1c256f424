/* filesystem.c: the connector filesystem: the options of a table of files to its source; filesystem_sink.c has its
 * sink. */
#include "connectors/connector.h"
#include "connectors/file_columns.h"
#include "connectors/file_source.h"
#include "connectors/filesystem_sink.h"
#include "connectors/table_format.h"
#include "expr/java_regex.h"

extern const struct connector filesystem_connector;

/* What a planned source holds until the job is over. */
struct planned_source {
    struct file_source_spec spec; /* first */
    struct table_format format;
};

static void release(const void *spec)
{
    struct planned_source *p = CONTAINER_OF((void *)(uintptr_t)spec, struct planned_source, spec);

    table_format_fini(&p->format);
}

/* --- columns ------------------------------------------------------------------------------------------ */

static const struct connector_metadata file_metadata[] = {
    {"file.path", "STRING NOT NULL", false, "of the file that the row is from, whole"},
    {"file.name", "STRING NOT NULL", false, "the last part of it"},
    {"file.size", "BIGINT NOT NULL", false, "bytes"},
    {"file.modification-time", "TIMESTAMP_LTZ(3) NOT NULL", false, "when it was last written"},
    {0},
};

static enum file_origin metadata_origin(const char *key)
{
    static const enum file_origin origins[] = {FILE_PATH, FILE_NAME, FILE_SIZE, FILE_MODIFIED};
    size_t i = 0;

    while (strcmp(file_metadata[i].key, key) != 0)
        i++;
    return origins[i]; /* connector_plan_source has checked the key */
}

static bool is_partition(const struct connector_request *r, const char *name)
{
    for (int32_t i = 0; i < r->table->partition_count; i++)
        if (strcmp(r->table->schema->fields[r->table->partition[i]].name, name) == 0)
            return true;
    return false;
}

static enum err check_partition(const struct field *f, struct error *e)
{
    return file_columns_can_partition(f->type) ? OK
                                               : error_set(e, ERR_UNSUPPORTED,
                                                           "the table is partitioned by %s, whose type "
                                                           "cannot be read from a folder's name; STRING, "
                                                           "BOOLEAN, DATE and whole numbers can",
                                                           f->name);
}

static enum err plan_columns(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    int32_t count = r->schema->field_count, inside = 0;
    struct file_column *columns = ARENA_ARRAY(r->arena, struct file_column, count);
    struct field *fields = ARENA_ARRAY(r->arena, struct field, count + 1);
    int32_t *raw = ARENA_ARRAY(r->arena, int32_t, count + 1);
    struct schema *content = ARENA_NEW(r->arena, struct schema);
    enum err rc = OK;

    if (r->arena->failed)
        return error_memory(e, 0, "columns");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct field *f = &r->schema->fields[i];

        raw[i] = RAW_NONE;
        if (connector_metadata_key(r, i)) {
            columns[i].origin = metadata_origin(connector_metadata_key(r, i));
        } else if (is_partition(r, f->name)) {
            columns[i].origin = FILE_PARTITION;
            rc = check_partition(f, e);
        } else {
            columns[i] = (struct file_column){FILE_CONTENT, inside};
            fields[inside++] = *f;
        }
    }
    *content = (struct schema){inside, fields};
    p->spec.columns = columns;
    p->spec.content = content;
    p->spec.raw = raw;
    return rc;
}

/* A decoder must be told of every column that the lines have where their order says which is which (csv),
 * and of one at least: the table's, without what is not in the files. */
static enum err widen_content(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    const struct schema *all = r->table->schema;
    struct field *fields = ARENA_ARRAY(r->arena, struct field, all->field_count + 1);
    int32_t *raw = ARENA_ARRAY(r->arena, int32_t, all->field_count + 1), n = 0;
    struct schema *content = ARENA_NEW(r->arena, struct schema);
    struct file_column *columns = (struct file_column *)(uintptr_t)p->spec.columns;

    if (r->arena->failed)
        return error_memory(e, 0, "columns");
    for (int32_t i = 0; i < all->field_count; i++)
        if (!is_partition(r, all->fields[i].name)) {
            bool wanted = schema_find(r->schema, slice_text(all->fields[i].name)) >= 0;

            raw[n] = RAW_NONE;
            fields[n] = all->fields[i];
            if (p->spec.kind == FILE_LINES && !wanted) /* any text will do */
                fields[n].type = type_simple(TYPE_STRING, true);
            n++;
        }
    if (n == 0)
        return error_set(e, ERR_CONFIG,
                         "every column of the table is a partition: there is nothing in the files");
    *content = (struct schema){n, fields};
    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (columns[i].origin == FILE_CONTENT)
            columns[i].field = schema_find(content, slice_text(r->schema->fields[i].name));
    p->spec.content = content;
    p->spec.raw = raw;
    return OK;
}

/* --- options ------------------------------------------------------------------------------------------ */

static enum err plan_pattern(const struct connector_request *r, const struct settings *s,
                             struct planned_source *p, struct error *e)
{
    const char *text = settings_text(s, "source.path.regex-pattern");
    struct java_regex *tried;
    enum err rc;

    if (text == NULL)
        return OK;
    if ((rc = java_regex_new(slice_text(text), JAVA_REGEX_WHOLE, &tried, e)) != OK)
        return error_add(e, rc == ERR_INPUT ? ERR_CONFIG : rc, "option 'source.path.regex-pattern'");
    java_regex_free(tried);
    p->spec.pattern = arena_strdup(r->arena, text);
    return p->spec.pattern ? OK : error_memory(e, strlen(text), "a pattern");
}

static enum file_kind kind_of(const char *format)
{
    if (format && strcmp(format, "parquet") == 0)
        return FILE_PARQUET;
    return format && strcmp(format, "avro") == 0 ? FILE_AVRO : FILE_LINES;
}

static enum err plan_format(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    const char *format = connector_option(r->options, "format");
    enum err rc;

    p->spec.kind = kind_of(format);
    if (p->spec.kind != FILE_LINES && p->spec.on_error != ON_ERROR_FAIL)
        return error_set(e, ERR_CONFIG,
                         "'on-error' is about records that cannot be decoded one by one, of which format "
                         "'%s' has none; leave it out",
                         format);
    rc = p->spec.kind == FILE_PARQUET ? filesystem_sink_check_parquet(r->options, e)
                                      : table_format_init(&p->format, r->arena, r->options, false, e);
    if (rc != OK)
        return rc;
    if (p->spec.kind != FILE_LINES) /* no payloads */
        return p->spec.content->field_count ? OK : widen_content(r, p, e);
    if (strcmp(format, "avro-confluent") == 0)
        return error_set(e, ERR_UNSUPPORTED,
                         "format '%s' cannot read files; csv, json and its changelogs, raw, avro and "
                         "parquet can",
                         format);
    p->spec.format = p->format.format;
    p->spec.options = &p->format.options;
    if (strcmp(format, "csv") == 0 || p->spec.content->field_count == 0)
        return widen_content(r, p, e);
    return OK;
}

/* A decoder is made and thrown away, so that what is wrong with types is told now. */
static enum err try_decoder(const struct planned_source *p, struct error *e)
{
    struct decode_spec spec = {.schema = p->spec.content, .raw = p->spec.raw, .options = p->spec.options};
    struct decoder *decoder;
    enum err rc;

    if (p->spec.format == NULL)
        return OK;
    if ((rc = p->spec.format->decoder_new(&spec, &decoder, e)) != OK)
        return error_add(e, rc, "format '%s'", p->spec.format->name);
    decoder_free(decoder);
    return OK;
}

static enum err plan_spec(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    struct settings s = connector_settings(&filesystem_connector, r);
    enum err rc;

    p->spec.path = arena_strdup(r->arena, settings_text(&s, "path"));
    p->spec.default_partition = arena_strdup(r->arena, settings_text(&s, "partition.default-name"));
    p->spec.schema = r->schema;
    p->spec.on_error = connector_on_error(r);
    if (r->arena->failed)
        return error_memory(e, 0, "a table's path");
    if (settings_given(&s, "source.monitor-interval") &&
        (p->spec.monitor_ms = settings_duration_ms(&s, "source.monitor-interval")) <= 0)
        return error_set(e, ERR_CONFIG, "'source.monitor-interval' must be above 0");
    if ((rc = plan_pattern(r, &s, p, e)) != OK || (rc = plan_columns(r, p, e)) != OK ||
        (rc = plan_format(r, p, e)) != OK)
        return rc;
    return try_decoder(p, e);
}

static enum err plan_source(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    struct planned_source *p = ARENA_NEW(r->arena, struct planned_source);
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a file source");
    assert(r->schema && r->table); /* gives_rows */
    if ((rc = plan_spec(r, p, e)) != OK) {
        release(&p->spec);
        return rc;
    }
    *out = (struct connector_plan){
        .factory = &file_source_factory,
        .spec = &p->spec,
        .title = r->name,
        .release = release,
        .schema = r->schema,
        .errors = p->spec.on_error == ON_ERROR_EMIT ? ERRORS_OF_LINES : ERRORS_NONE,
        .changes = p->spec.format && p->spec.format->reads != FORMAT_INSERTS ? CHANGES_ALL : CHANGES_INSERT,
        .bounded = p->spec.monitor_ms == 0};
    return OK;
}

static const struct setting filesystem_settings[] = {
    {"path", SETTING_TEXT, SETTING_REQUIRED, NULL, NULL, "a folder or a file, `file:` or `s3:`"},
    {"format", SETTING_TEXT, SETTING_REQUIRED, NULL, NULL,
     "`csv`, `json` and changelogs in it (a value a line), `raw` (lines), `avro` (containers), `parquet`"},
    {"partition.default-name", SETTING_TEXT, SETTING_OPTIONAL, "__DEFAULT_PARTITION__", NULL,
     "the name of the folder of a partition that is NULL"},
    {"source.monitor-interval", SETTING_DURATION, SETTING_OPTIONAL, NULL, NULL,
     "look for new files so often; without it the table ends with the files that are there"},
    {"source.path.regex-pattern", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "a regular expression (Java's) that the whole path of a file must match, with or without scheme and "
     "bucket"},
    {"source.report-statistics", SETTING_ENUM, SETTING_OPTIONAL, "ALL", "ALL|NONE",
     "for Flink's planner; has no effect on what is read"},
    {"sink.rolling-policy.file-size", SETTING_SIZE, SETTING_OPTIONAL, "128mb", NULL,
     "a file is finished at this size, about"},
    {"sink.rolling-policy.rollover-interval", SETTING_DURATION, SETTING_OPTIONAL, "30 min", NULL,
     "so long after its first row"},
    {"sink.rolling-policy.inactivity-interval", SETTING_DURATION, SETTING_OPTIONAL, "30 min", NULL,
     "and so long after its last row"},
    {"sink.rolling-policy.check-interval", SETTING_DURATION, SETTING_OPTIONAL, "1 min", NULL,
     "how often the two intervals are looked at: with rows, and at checkpoints"},
    {"sink.shuffle-by-partition.enable", SETTING_BOOL, SETTING_OPTIONAL, "false", NULL,
     "each partition is written by one subtask: fewer files"},
    {"sink.partition-commit.policy.kind", SETTING_LIST, SETTING_OPTIONAL, NULL, NULL,
     "`success-file`: a complete partition gets an empty file; without it nothing is said of partitions"},
    {"sink.partition-commit.success-file.name", SETTING_TEXT, SETTING_OPTIONAL, "_SUCCESS", NULL,
     "the name of that file"},
    {"sink.partition-commit.trigger", SETTING_ENUM, SETTING_OPTIONAL, "process-time",
     "process-time|partition-time",
     "a partition is complete some time after its first row, or when the watermark has passed the time in "
     "its "
     "name (each partition is then written by one subtask)"},
    {"sink.partition-commit.delay", SETTING_DURATION, SETTING_OPTIONAL, "0 s", NULL,
     "that time, or so long after it"},
    {"sink.partition-commit.watermark-time-zone", SETTING_TEXT, SETTING_OPTIONAL, "UTC", NULL,
     "of the time in a partition's name"},
    {"sink.partition-commit.policy.class", SETTING_TEXT, SETTING_REFUSED, NULL, NULL,
     "policies are not Java classes here; take the policy success-file"},
    {"sink.partition-commit.policy.class.parameters", SETTING_TEXT, SETTING_REFUSED, NULL, NULL,
     "policies are not Java classes here; take the policy success-file"},
    {"partition.time-extractor.kind", SETTING_TEXT, SETTING_REFUSED, "default", NULL,
     "the time is read by timestamp-pattern and timestamp-formatter"},
    {"partition.time-extractor.class", SETTING_TEXT, SETTING_REFUSED, NULL, NULL,
     "the time is read by timestamp-pattern and timestamp-formatter"},
    {"partition.time-extractor.timestamp-pattern", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "a time made of partition columns, `$day $hour:00:00`; without it the first one"},
    {"partition.time-extractor.timestamp-formatter", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "its pattern, as of Java's DateTimeFormatter; without it yyyy-MM-dd, and HH:mm:ss or not"},
    {"auto-compaction", SETTING_BOOL, SETTING_REFUSED, "false", NULL,
     "files are not merged; for fewer of them take longer checkpoint intervals or "
     "'sink.shuffle-by-partition.enable'"},
    {"compaction.*", SETTING_TEXT, SETTING_REFUSED, NULL, NULL, "files are not merged"},
    {0},
};

const struct connector filesystem_connector = {
    .name = "filesystem",
    .source = plan_source,
    .sink = filesystem_sink_plan,
    .settings = filesystem_settings,
    .metadata = file_metadata,
    .formats = FORMATS_VALUE,
    .gives_rows = true,
    .doc =
        "Files below a folder; those whose name, or whose folder's name, begins with `.` or `_` are left "
        "out, and "
        "names that end in `.gz` are inflated. Folders `k=v` are the columns of `PARTITIONED BY`. What is "
        "written is hidden until the checkpoint that covers it is complete. Files of Parquet end with each "
        "checkpoint, others when `sink.rolling-policy.*` says so. Further options of format parquet: "
        "`parquet.compression` (`SNAPPY`; `UNCOMPRESSED`, `GZIP`, `ZSTD`, `LZ4_RAW`), `parquet.block.size`, "
        "`parquet.page.size`.",
};
