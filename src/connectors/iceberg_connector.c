/* iceberg_connector.c: options to an Iceberg sink: fits the incoming columns to the table's, finds the key of
 * upserts; iceberg_plan_source.c does the same for sources.
 */
#include "base/mem.h"
#include "config/config.h"
#include "connectors/iceberg_open.h"
#include "connectors/iceberg_options.h"
#include "connectors/iceberg_plan_source.h"
#include "connectors/iceberg_sink.h"
#include "iceberg/file_writer.h"
#include "os/log.h"

#define BUFFER_BYTES_DEFAULT (INT64_C(8) << 20)
#define BUFFER_BYTES_LEAST   (INT64_C(1) << 20)

/* What a planned sink holds until the job is over. */
struct planned_sink {
    struct iceberg_sink_spec spec; /* first */
    struct iceberg_open open;      /* the writers borrow its options */
};

static void release(const void *spec)
{
    struct planned_sink *p = (struct planned_sink *)(uintptr_t)spec;

    iceberg_close(&p->open);
    p->spec = (struct iceberg_sink_spec){0};
}

/* Which incoming column fills each field of the table. */
static enum err map_columns(const struct connector_request *r, const struct schema *table,
                            const int32_t **out, struct error *e)
{
    int32_t *columns = ARENA_ARRAY(r->arena, int32_t, table->field_count);
    int32_t used = 0;

    if (columns == NULL)
        return error_memory(e, (size_t)table->field_count * 4, "column numbers");
    for (int32_t i = 0; i < table->field_count; i++) {
        const struct field *field = &table->fields[i];

        columns[i] = schema_find(r->schema, slice_text(field->name));
        used += columns[i] >= 0;
        if (columns[i] < 0 && !field->type->nullable)
            return error_set(e, ERR_CONFIG, "the table's column %s is NOT NULL, but %s has no such column",
                             field->name, r->name);
        if (columns[i] >= 0 && !iceberg_same_layout(r->schema->fields[columns[i]].type, field->type))
            return iceberg_wrong_type(&r->schema->fields[columns[i]], field, e);
    }
    for (int32_t i = 0; used < r->schema->field_count && i < r->schema->field_count; i++)
        if (schema_find(table, slice_text(r->schema->fields[i].name)) < 0)
            return error_set(
                e, ERR_CONFIG,
                "%s has a column %s, which the table does not have; add it to the table or leave it out",
                r->name, r->schema->fields[i].name);
    *out = columns;
    return OK;
}

static int32_t field_of_id(const struct schema *s, int32_t id)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id == id)
            return i;
    return -1;
}

/* The primary key, and that each partition field is made of it: else a key's rows could lie in two
 * partitions. */
static enum err plan_key(const struct connector_request *r, const struct metadata *m,
                         struct iceberg_sink_spec *spec, struct error *e)
{
    int32_t count = m->identifier_count;
    int32_t *keys = ARENA_ARRAY(r->arena, int32_t, MAX(count, 1));
    struct field *fields = ARENA_ARRAY(r->arena, struct field, MAX(count, 1));
    struct schema *schema = ARENA_NEW(r->arena, struct schema);

    if (count == 0)
        return error_set(
            e, ERR_CONFIG,
            "write.upsert.enabled is true, but the table has no primary key (identifier fields)");
    if (r->arena->failed)
        return error_memory(e, 0, "a primary key");
    for (int32_t i = 0; i < count; i++) {
        keys[i] = field_of_id(m->schema, m->identifier_ids[i]);
        if (keys[i] < 0)
            return error_set(e, ERR_UNSUPPORTED,
                             "the primary key has a nested field, which weir cannot upsert by");
        fields[i] = m->schema->fields[keys[i]];
    }
    for (int32_t i = 0; i < m->spec->field_count; i++) {
        bool found = m->spec->fields[i].transform.kind == TRANSFORM_VOID;

        for (int32_t k = 0; k < count; k++)
            found |= m->identifier_ids[k] == m->spec->fields[i].source_id;
        if (!found)
            return error_set(e, ERR_CONFIG,
                             "in upsert mode every partition column must be in the primary key: %s is not",
                             m->spec->fields[i].name);
    }
    *schema = (struct schema){count, fields};
    spec->key_count = count;
    spec->keys = keys;
    spec->key_schema = schema;
    return key_check(m->schema, keys, count, e);
}

/* Until when a key changes: it must be the same for all rows of a key, as the end of a window is. */
static enum err plan_until(const struct connector_request *r, const struct metadata *m,
                           struct iceberg_sink_spec *spec, struct error *e)
{
    const char *column = connector_option(r->options, "upsert.until-column");
    const char *lateness = connector_option(r->options, "upsert.until-lateness");
    int64_t lateness_ms = 0;
    const struct type *type;
    enum err rc;

    spec->until_field = -1;
    if (column == NULL && lateness == NULL)
        return OK;
    if (column == NULL)
        return error_set(e, ERR_CONFIG, "option 'upsert.until-lateness' needs 'upsert.until-column'");
    if (!spec->upsert)
        return error_set(e, ERR_CONFIG, "option 'upsert.until-column' needs 'write.upsert.enabled' = 'true'");
    spec->until_field = schema_find(m->schema, slice_text(column));
    type = spec->until_field < 0 ? NULL : m->schema->fields[spec->until_field].type;
    if (type == NULL || (type->kind != TYPE_TIMESTAMP && type->kind != TYPE_TIMESTAMP_LTZ) ||
        type->precision > 6)
        return error_set(e, ERR_CONFIG,
                         "option 'upsert.until-column' = '%s' is no TIMESTAMP column of the table, of "
                         "microseconds at most",
                         column);
    if (lateness && (rc = config_parse_duration(lateness, &lateness_ms, e)) != OK)
        return error_add(e, rc, "option 'upsert.until-lateness'");
    if (lateness_ms < 0 || lateness_ms > INT64_MAX / 1000)
        return error_set(e, ERR_CONFIG, "option 'upsert.until-lateness' = '%s' is out of range", lateness);
    spec->until_lateness_us = lateness_ms * 1000;
    return OK;
}

static enum err read_flag(const char *name, const char *text, bool *out, struct error *e)
{
    enum err rc = text ? config_parse_bool(text, out, e) : OK;

    return rc == OK ? OK : error_add(e, rc, "option '%s'", name);
}

/* As the options say, else as the table does. */
static enum err plan_upsert(const struct connector_request *r, const struct metadata *m, bool *out,
                            struct error *e)
{
    static const char property[] = "write.upsert.enabled";
    const char *given = connector_option(r->options, property);
    enum err rc;

    *out = false;
    if ((rc = read_flag(property, given ? given : metadata_property(m, property), out, e)) != OK)
        return rc;
    return read_flag("upsert-enabled", connector_option(r->options, "upsert-enabled"), out, e);
}

static enum err plan_buffer(const struct connector_request *r, struct iceberg_sink_spec *spec,
                            struct error *e)
{
    const char *text = connector_option(r->options, "write.buffer-size");
    int64_t bytes = BUFFER_BYTES_DEFAULT;
    enum err rc;

    if (text && (rc = config_parse_size(text, &bytes, e)) != OK)
        return error_add(e, rc, "option 'write.buffer-size'");
    if (bytes < BUFFER_BYTES_LEAST)
        return error_set(e, ERR_CONFIG, "option 'write.buffer-size' = '%s' is too small; 1mb is the least",
                         text);
    spec->buffer_bytes = (size_t)bytes;
    return OK;
}

/* Properties that the writers follow whatever the table says; the others belong to the table. */
static bool is_followed(const char *name)
{
    static const char *const names[] = {
        "write.parquet.",       "write.format.default",         "write.data.path",
        "write.upsert.enabled", "write.object-storage.enabled", "write.location-provider.impl"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* A table that was there keeps its properties; the user should know what has no effect. */
static void warn_of_properties(const struct connector_request *r, const struct metadata *m)
{
    const char *const *list = iceberg_open_properties(r);

    for (; list && *list; list += 2) {
        const char *has = metadata_property(m, list[0]);

        if (!is_followed(list[0]) && strcmp(list[0], "format-version") != 0 &&
            (has == NULL || strcmp(has, list[1]) != 0))
            log_warn("iceberg_sink",
                     "%s: option '%s' = '%s' has no effect, since the table is there and has %s%s; alter the "
                     "table",
                     r->name, list[0], list[1], has ? "" : "no such property", has ? has : "");
    }
}

static enum err plan_spec(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    struct iceberg_sink_spec *spec = &p->spec;
    const struct metadata *m = p->open.table->metadata;
    struct file_writer writer; /* only to see whether its properties are right, before anything runs */
    enum err rc;

    spec->catalog = p->open.catalog;
    spec->name_space = p->open.name_space;
    spec->table = spec->label = p->open.name;
    spec->fs = p->open.table->fs;
    spec->metadata = m;
    spec->options = &p->open.options;
    warn_of_properties(r, m);
    if ((rc = plan_upsert(r, m, &spec->upsert, e)) != OK || (rc = plan_buffer(r, spec, e)) != OK ||
        (rc = file_writer_init(&writer, spec->fs, m, spec->options, NULL, e)) != OK ||
        (rc = map_columns(r, m->schema, &spec->columns, e)) != OK)
        return rc;
    spec->overwrite = r->overwrite;
    if (spec->upsert && spec->overwrite)
        return error_set(e, ERR_CONFIG,
                         "OVERWRITE mode shouldn't be enable when configuring to use UPSERT data stream: "
                         "write.upsert.enabled is true; INSERT INTO replaces rows by their key");
    if (spec->upsert && (rc = plan_key(r, m, spec, e)) != OK)
        return rc;
    return plan_until(r, m, spec, e);
}

static enum err plan_hash(const struct connector_request *r, const struct iceberg_sink_spec *spec,
                          struct connector_plan *out, struct error *e)
{
    int32_t *keys = ARENA_ARRAY(r->arena, int32_t, MAX(spec->key_count, 1));

    if (keys == NULL)
        return error_memory(e, 0, "key columns");
    for (int32_t i = 0; i < spec->key_count; i++)
        keys[i] = spec->columns[spec->keys[i]];
    out->key_count = spec->key_count;
    out->keys = keys;
    out->keyed = spec->upsert;
    return OK;
}

static enum err iceberg_plan_sink(const struct connector_request *r, struct connector_plan *out,
                                  struct error *e)
{
    struct planned_sink *p = ARENA_NEW(r->arena, struct planned_sink);
    const char *branch = connector_option(r->options, "branch");
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "an Iceberg sink");
    if (iceberg_is_metadata(r))
        return error_set(e, ERR_CONFIG, "metadata tables can be read, but not written to");
    if (branch && strcmp(branch, "main") != 0)
        return error_set(e, ERR_UNSUPPORTED,
                         "option 'branch' = '%s': weir writes to the branch main only; leave it out", branch);
    /* A SQL table is what was declared; whether the rows fit it, map_columns says. */
    rc = iceberg_open(r, r->table ? r->table->schema : r->schema, r->table != NULL, &p->open, e);
    if (rc == OK && (rc = plan_spec(r, p, e)) == OK) {
        *out = (struct connector_plan){
            .factory = &iceberg_sink_factory, .spec = &p->spec, .release = release};
        out->title = arena_printf(r->arena, "%s.%s", p->open.name_space, p->open.name);
        out->changes = p->spec.upsert ? CHANGES_UPSERT : CHANGES_INSERT;
        rc = plan_hash(r, &p->spec, out, e);
    }
    if (rc != OK) {
        error_add(e, rc, "table %s.%s", p->open.name_space ? p->open.name_space : "",
                  p->open.name ? p->open.name : r->name);
        release(&p->spec);
    }
    return rc;
}

extern const struct connector iceberg_connector;
const struct connector iceberg_connector = {
    .name = "iceberg",
    .source = iceberg_plan_source,
    .sink = iceberg_plan_sink,
    .settings = iceberg_table_settings,
    .overwrites = true,
    .gives_rows = true,
    .doc =
        "Iceberg tables of the format's version 2, of hadoop and REST catalogs, in Parquet; deletes by "
        "position and by equality are applied. Tables of a catalog (CREATE CATALOG) need none of the options "
        "that say where it is. A table that is not there is created.",
};
