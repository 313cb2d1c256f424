/* filesystem_sink.c: see filesystem_sink.h. */
#include "connectors/filesystem_sink.h"
#include "connectors/file_codec.h"
#include "connectors/file_columns.h"
#include "connectors/file_sink.h"
#include "connectors/table_format.h"
#include "formats/avro_write.h"
#include <strings.h>

extern const struct connector filesystem_connector;

#define MEMORY_BYTES ((size_t)64 << 20)

/* What a planned sink holds until the job is over. */
struct planned_sink {
    struct file_sink_spec spec; /* first */
    struct table_format format;
    struct java_pattern formatter;
};

static void release(const void *spec)
{
    struct planned_sink *p = CONTAINER_OF((void *)(uintptr_t)spec, struct planned_sink, spec);

    table_format_fini(&p->format);
    java_pattern_fini(&p->formatter);
}

/* --- columns ------------------------------------------------------------------------------------------ */

static int32_t incoming(const struct connector_request *r, const char *name)
{
    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (connector_metadata_key(r, i) == NULL && strcmp(r->schema->fields[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_partition(const struct file_sink_spec *spec, int32_t column)
{
    for (int32_t i = 0; i < spec->partition_count; i++)
        if (spec->partition[i] == column)
            return true;
    return false;
}

static enum err plan_partition(const struct connector_request *r, struct file_sink_spec *spec,
                               struct error *e)
{
    int32_t count = r->table ? r->table->partition_count : 0;
    int32_t *columns = ARENA_ARRAY(r->arena, int32_t, MAX(count, 1));
    const char **names = ARENA_ARRAY(r->arena, const char *, count + 1);

    if (r->arena->failed)
        return error_memory(e, 0, "partition columns");
    for (int32_t i = 0; i < count; i++) {
        const struct field *f = &r->table->schema->fields[r->table->partition[i]];

        names[i] = f->name;
        if (!file_columns_can_partition(f->type))
            return error_set(e, ERR_UNSUPPORTED,
                             "the table is partitioned by %s, whose type cannot be a folder's name; STRING, "
                             "BOOLEAN, DATE and whole numbers can",
                             f->name);
        if ((columns[i] = incoming(r, f->name)) < 0)
            return error_set(e, ERR_CONFIG, "partition column %s is not among the rows to be written",
                             f->name);
    }
    spec->partition = columns;
    spec->partition_count = count;
    spec->commit.columns = names;
    return OK;
}

/* The columns in the files: those of the table, in its order, that are no partition. */
static enum err plan_content(const struct connector_request *r, struct file_sink_spec *spec, struct error *e)
{
    const struct schema *all = r->table ? r->table->schema : r->schema;
    struct field *fields = ARENA_ARRAY(r->arena, struct field, MAX(all->field_count, 1));
    int32_t *columns = ARENA_ARRAY(r->arena, int32_t, MAX(all->field_count, 1)), count = 0;
    struct schema *content = ARENA_NEW(r->arena, struct schema);

    if (r->arena->failed)
        return error_memory(e, 0, "columns of files");
    for (int32_t i = 0; i < all->field_count; i++) {
        int32_t column = incoming(r, all->fields[i].name);

        if (column < 0)
            return error_set(e, ERR_CONFIG, "column %s is not among the rows to be written",
                             all->fields[i].name);
        if (is_partition(spec, column))
            continue;
        fields[count] = all->fields[i];
        fields[count].type = r->schema->fields[column].type;
        columns[count++] = column;
    }
    if (count == 0)
        return error_set(e, ERR_CONFIG,
                         "every column of the table is a partition: nothing is left for the files");
    *content = (struct schema){count, fields};
    spec->content = content;
    spec->columns = columns;
    return OK;
}

/* --- Parquet ------------------------------------------------------------------------------------------ */

static const struct setting parquet_settings[] = {
    {"parquet.compression", SETTING_ENUM, SETTING_OPTIONAL, "SNAPPY", "UNCOMPRESSED|SNAPPY|GZIP|ZSTD|LZ4_RAW",
     "of pages"},
    {"parquet.block.size", SETTING_INT, SETTING_OPTIONAL, "134217728", "1024..1099511627776",
     "bytes of a row group at most"},
    {"parquet.page.size", SETTING_INT, SETTING_OPTIONAL, "1048576", "1024..1073741824", "bytes of a page"},
    {"parquet.utc-timezone", SETTING_BOOL, SETTING_REFUSED, "true", NULL,
     "timestamps are never moved by the machine's time zone; set it to 'true'"},
    {"parquet.write.int64.timestamp", SETTING_BOOL, SETTING_REFUSED, "true", NULL,
     "timestamps are always INT64; INT96 can be read"},
    {"parquet.timestamp.time.unit", SETTING_TEXT, SETTING_REFUSED, "micros", NULL,
     "the unit follows from the column's precision: micros up to 6, else nanos"},
    {0},
};

static bool is_not_parquet(UNUSED void *arg, const char *name)
{
    return strncmp(name, "parquet.", 8) != 0;
}

enum err filesystem_sink_check_parquet(const struct map *options, struct error *e)
{
    const struct settings s = {parquet_settings, options, "format 'parquet'"};

    return settings_check(&s, is_not_parquet, NULL, e);
}

static enum err plan_parquet(const struct connector_request *r, struct file_sink_spec *spec, struct error *e)
{
    static const enum parquet_codec codecs[] = {PARQUET_NONE, PARQUET_SNAPPY, PARQUET_GZIP, PARQUET_ZSTD,
                                                PARQUET_LZ4_RAW};
    const struct settings s = {parquet_settings, r->options, "format 'parquet'"};
    enum err rc = filesystem_sink_check_parquet(r->options, e);

    if (rc != OK)
        return rc;
    spec->kind = FILE_PARQUET;
    spec->parquet.codec = codecs[settings_enum(&s, "parquet.compression")];
    spec->parquet.row_group_bytes = settings_int(&s, "parquet.block.size");
    spec->parquet.page_bytes = (int32_t)settings_int(&s, "parquet.page.size");
    return OK;
}

/* --- formats ------------------------------------------------------------------------------------------ */

static enum err plan_avro(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    const char *codec = map_get(&p->format.options, SLICE("codec"));
    struct avro_writer *writer = NULL;
    struct bytes json = {0};
    enum err rc;

    p->spec.kind = FILE_AVRO;
    if ((p->spec.avro_codec = file_codec_find(codec ? codec : "snappy")) == NULL)
        return error_set(e, ERR_UNSUPPORTED,
                         "option 'avro.codec' = '%s' is not supported for writing; snappy, "
                         "deflate and null are",
                         codec);
    rc = avro_writer_open(p->format.format, &p->format.options, p->spec.content, &json, &writer, e);
    if (rc == OK)
        p->spec.avro_schema = arena_slice(r->arena, bytes_all(&json));
    avro_writer_free(writer);
    bytes_fini(&json);
    return rc == OK && r->arena->failed ? error_memory(e, 0, "an Avro schema") : rc;
}

/* An encoder is made and thrown away, so that what is wrong with types is told now. */
static enum err try_encoder(const struct file_sink_spec *spec, struct error *e)
{
    const struct encode_spec encode = {
        .schema = spec->content, .columns = spec->columns, .options = spec->options};
    struct encoder *encoder;
    enum err rc = spec->format->encoder_new(&encode, &encoder, e);

    if (rc != OK)
        return error_add(e, rc, "format '%s'", spec->format->name);
    encoder_free(encoder);
    return OK;
}

static enum err plan_format(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    const char *name = connector_option(r->options, "format");
    const struct format *f;
    enum err rc;

    if (strcmp(name, "parquet") == 0)
        return plan_parquet(r, &p->spec, e);
    if (strcmp(name, "orc") == 0)
        return error_set(e, ERR_UNSUPPORTED, "format 'orc' is not supported; parquet is the columnar one");
    if ((rc = table_format_init(&p->format, r->arena, r->options, false, e)) != OK)
        return rc;
    f = p->format.format;
    if (f->writes == FORMAT_NEVER || f->encoder_new == NULL)
        return error_set(e, ERR_UNSUPPORTED, "format '%s' can be read, but not written", f->name);
    if (strcmp(name, "avro-confluent") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "format 'avro-confluent' is for records of Kafka; files take format 'avro', which has its "
            "schema in them");
    p->spec.format = f;
    p->spec.options = &p->format.options;
    if (strcmp(name, "avro") == 0 && (rc = plan_avro(r, p, e)) != OK)
        return rc;
    return try_encoder(&p->spec, e);
}

/* --- when partitions are complete --------------------------------------------------------------------- */

/* Options that have a meaning only when partitions are committed. */
static enum err refuse_without_policy(const struct settings *s, struct error *e)
{
    static const char *const names[] = {
        "sink.partition-commit.trigger",
        "sink.partition-commit.delay",
        "sink.partition-commit.watermark-time-zone",
        "sink.partition-commit.success-file.name",
        "partition.time-extractor.timestamp-pattern",
        "partition.time-extractor.timestamp-formatter",
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (settings_given(s, names[i]))
            return error_set(e, ERR_CONFIG,
                             "option '%s' has no effect without 'sink.partition-commit.policy.kind' = "
                             "'success-file'; set that too, or take it out",
                             names[i]);
    return OK;
}

static enum err plan_policy(const struct connector_request *r, const struct settings *s,
                            struct file_sink_spec *spec, bool *on, struct error *e)
{
    int32_t count = 0;
    const char *const *kinds = settings_list(s, r->arena, "sink.partition-commit.policy.kind", &count);

    *on = count > 0;
    if (r->arena->failed)
        return error_memory(e, 0, "how partitions are committed");
    for (int32_t i = 0; i < count; i++)
        if (strcasecmp(kinds[i], "success-file") != 0)
            return error_set(
                e, ERR_UNSUPPORTED,
                "'sink.partition-commit.policy.kind' = '%s' is not supported; success-file is, and "
                "readers of the folder can wait for that file",
                kinds[i]);
    if (*on && spec->partition_count == 0)
        return error_set(e, ERR_CONFIG,
                         "'sink.partition-commit.policy.kind' is set, but the table has no PARTITIONED BY");
    return *on ? OK : refuse_without_policy(s, e);
}

static enum err plan_commit(const struct connector_request *r, const struct settings *s,
                            struct planned_sink *p, struct error *e)
{
    struct file_commit_spec *c = &p->spec.commit;
    const char *formatter = settings_text(s, "partition.time-extractor.timestamp-formatter");
    bool on;
    enum err rc = plan_policy(r, s, &p->spec, &on, e);

    if (rc != OK || !on)
        return rc;
    c->success_name = arena_strdup(r->arena, settings_text(s, "sink.partition-commit.success-file.name"));
    c->by_partition_time = settings_enum(s, "sink.partition-commit.trigger") == 1;
    c->delay_ms = settings_duration_ms(s, "sink.partition-commit.delay");
    c->pattern = arena_strdup(r->arena, settings_text(s, "partition.time-extractor.timestamp-pattern"));
    if (r->arena->failed)
        return error_memory(e, 0, "how partitions are committed");
    if (strchr(c->success_name, '/') || *c->success_name == '\0')
        return error_set(e, ERR_CONFIG, "'sink.partition-commit.success-file.name' = '%s' is no file's name",
                         c->success_name);
    rc = zone_find(slice_text(settings_text(s, "sink.partition-commit.watermark-time-zone")), &c->zone, e);
    if (rc != OK)
        return error_add(e, rc, "option 'sink.partition-commit.watermark-time-zone'");
    if (formatter == NULL)
        return OK;
    c->formatter = &p->formatter;
    rc = java_pattern_init(&p->formatter, JAVA_PATTERN_FORMATTER, slice_text(formatter), e);
    return rc == OK ? OK : error_add(e, rc, "option 'partition.time-extractor.timestamp-formatter'");
}

/* --- all together ------------------------------------------------------------------------------------- */

static enum err plan_rolling(const struct settings *s, struct file_sink_spec *spec, struct error *e)
{
    spec->file_bytes = settings_size(s, "sink.rolling-policy.file-size");
    spec->rollover_ms = settings_duration_ms(s, "sink.rolling-policy.rollover-interval");
    spec->inactivity_ms = settings_duration_ms(s, "sink.rolling-policy.inactivity-interval");
    spec->check_ms = settings_duration_ms(s, "sink.rolling-policy.check-interval");
    if (spec->file_bytes <= 0 || spec->rollover_ms <= 0 || spec->inactivity_ms <= 0 || spec->check_ms <= 0)
        return error_set(e, ERR_CONFIG, "the options 'sink.rolling-policy.*' must be above 0");
    return OK;
}

static enum err plan_spec(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    struct settings s = connector_settings(&filesystem_connector, r);
    struct file_sink_spec *spec = &p->spec;
    enum err rc;

    spec->path = arena_strdup(r->arena, settings_text(&s, "path"));
    spec->label = arena_strdup(r->arena, r->name);
    spec->default_partition = arena_strdup(r->arena, settings_text(&s, "partition.default-name"));
    spec->schema = r->schema;
    spec->memory_bytes = MEMORY_BYTES;
    if (r->arena->failed)
        return error_memory(e, 0, "a table's path");
    if ((rc = plan_rolling(&s, spec, e)) != OK || (rc = plan_partition(r, spec, e)) != OK ||
        (rc = plan_content(r, spec, e)) != OK || (rc = plan_commit(r, &s, p, e)) != OK)
        return rc;
    return plan_format(r, p, e);
}

/* By partition time each partition belongs to one subtask, whose watermark is then that of all. */
static bool wants_shuffle(const struct connector_request *r, const struct file_sink_spec *spec)
{
    struct settings s = connector_settings(&filesystem_connector, r);

    return spec->partition_count > 0 &&
           (spec->commit.by_partition_time || settings_bool(&s, "sink.shuffle-by-partition.enable"));
}

enum err filesystem_sink_plan(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    struct planned_sink *p = ARENA_NEW(r->arena, struct planned_sink);
    enum err rc = connector_check_options(&filesystem_connector, r->options, NULL, e);

    if (rc != OK)
        return rc;
    if (p == NULL)
        return error_memory(e, sizeof *p, "a file sink");
    if ((rc = plan_spec(r, p, e)) != OK) {
        release(&p->spec);
        return rc;
    }
    *out = (struct connector_plan){
        .factory = &file_sink_factory,
        .spec = &p->spec,
        .title = p->spec.label,
        .release = release,
        .key_count = wants_shuffle(r, &p->spec) ? p->spec.partition_count : 0,
        .keys = wants_shuffle(r, &p->spec) ? p->spec.partition : NULL,
        .changes = p->spec.format && p->spec.format->writes == FORMAT_CHANGES ? CHANGES_ALL : CHANGES_INSERT};
    return OK;
}
