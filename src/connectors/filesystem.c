/* filesystem.c: the connector filesystem: the options of a table of files to its source. */
#include "connectors/connector.h"
#include "connectors/file_columns.h"
#include "connectors/file_source.h"
#include "connectors/table_format.h"

extern const struct connector filesystem_connector;

/* What a planned source holds until the job is over. */
struct planned_source {
    struct file_source_spec spec; /* first */
    struct table_format format;
    regex_t pattern;
    bool has_pattern;
};

static void release(const void *spec)
{
    struct planned_source *p = CONTAINER_OF((void *)(uintptr_t)spec, struct planned_source, spec);

    table_format_fini(&p->format);
    if (p->has_pattern)
        regfree(&p->pattern);
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
            raw[n] = RAW_NONE;
            fields[n++] = all->fields[i];
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

static enum err plan_pattern(const struct settings *s, struct planned_source *p, struct error *e)
{
    const char *text = settings_text(s, "source.path.regex-pattern");
    char why[200];
    int code;

    if (text == NULL)
        return OK;
    if ((code = regcomp(&p->pattern, text, REG_EXTENDED)) != 0) {
        regerror(code, &p->pattern, why, sizeof why);
        return error_set(e, ERR_CONFIG, "'source.path.regex-pattern' = '%s': %s", text, why);
    }
    p->has_pattern = true;
    p->spec.pattern = &p->pattern;
    return OK;
}

static enum err plan_format(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    const char *format = connector_option(r->options, "format");
    enum err rc;

    if (format && strcmp(format, "parquet") == 0) /* no payloads: it needs no format */
        return p->spec.content->field_count ? OK : widen_content(r, p, e);
    if ((rc = table_format_init(&p->format, r->arena, r->options, false, e)) != OK)
        return rc;
    if (p->format.format->reads != FORMAT_INSERTS)
        return error_set(e, ERR_UNSUPPORTED, "format '%s' cannot read files; csv, json, raw and parquet can",
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
    const char *on_error = connector_option(r->options, "on-error");
    enum err rc;

    p->spec.path = arena_strdup(r->arena, settings_text(&s, "path"));
    p->spec.default_partition = arena_strdup(r->arena, settings_text(&s, "partition.default-name"));
    p->spec.schema = r->schema;
    p->spec.on_error = on_error && strcmp(on_error, "skip") == 0 ? ON_ERROR_SKIP : ON_ERROR_FAIL;
    if (r->arena->failed)
        return error_memory(e, 0, "a table's path");
    if (settings_given(&s, "source.monitor-interval") &&
        (p->spec.monitor_ms = settings_duration_ms(&s, "source.monitor-interval")) <= 0)
        return error_set(e, ERR_CONFIG, "'source.monitor-interval' must be above 0");
    if ((rc = plan_pattern(&s, p, e)) != OK || (rc = plan_columns(r, p, e)) != OK ||
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
    *out = (struct connector_plan){.factory = &file_source_factory,
                                   .spec = &p->spec,
                                   .title = r->name,
                                   .release = release,
                                   .schema = r->schema,
                                   .bounded = p->spec.monitor_ms == 0};
    return OK;
}

static const struct setting filesystem_settings[] = {
    {"path", SETTING_TEXT, SETTING_REQUIRED, NULL, NULL, "a folder or a file, `file:` or `s3:`"},
    {"format", SETTING_TEXT, SETTING_REQUIRED, NULL, NULL,
     "`csv`, `json` (a value a line), `raw` (lines), `parquet`"},
    {"partition.default-name", SETTING_TEXT, SETTING_OPTIONAL, "__DEFAULT_PARTITION__", NULL,
     "the name of the folder of a partition that is NULL"},
    {"source.monitor-interval", SETTING_DURATION, SETTING_OPTIONAL, NULL, NULL,
     "look for new files so often; without it the table ends with the files that are there"},
    {"source.path.regex-pattern", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "an expression (POSIX, extended) that the whole path of a file must match"},
    {"source.report-statistics", SETTING_ENUM, SETTING_OPTIONAL, "ALL", "ALL|NONE",
     "for Flink's planner; has no effect on what is read"},
    {0},
};

const struct connector filesystem_connector = {
    .name = "filesystem",
    .source = plan_source,
    .settings = filesystem_settings,
    .metadata = file_metadata,
    .formats = FORMATS_VALUE,
    .gives_rows = true,
    .doc = "Files below a folder; those whose name, or whose folder's name, begins with `.` or `_` are left "
           "out, and "
           "names that end in `.gz` are inflated. Folders `k=v` are the columns of `PARTITIONED BY`. Can be "
           "read, not "
           "written yet.",
};
