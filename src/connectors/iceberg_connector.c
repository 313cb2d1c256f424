/* iceberg_connector.c: options to an Iceberg sink: opens the catalog, loads the table or creates it, and fits
 * the incoming columns to the table's. Options are those of Flink's Iceberg connector and table properties;
 * weir's own begin with 'table.' and 'upsert.'.
 */
#include "base/mem.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "connectors/iceberg_sink.h"
#include "iceberg/file_writer.h"
#include "os/log.h"
#include "os/random.h"

#define WAIT_FOR_CATALOG_US  (60 * INT64_C(1000000))
#define BUFFER_BYTES_DEFAULT (INT64_C(8) << 20)
#define BUFFER_BYTES_LEAST   (INT64_C(1) << 20)

/* What a planned sink holds until the job is over. */
struct planned_sink {
    struct iceberg_sink_spec spec; /* first */
    struct catalog *catalog;
    struct table *table;
    struct map options; /* the catalog and the writers borrow it; texts are in the request's arena */
};

static void release(const void *spec)
{
    struct planned_sink *p = (struct planned_sink *)spec;

    table_free(p->table);
    catalog_free(p->catalog);
    map_fini(&p->options);
    *p = (struct planned_sink){0};
}

static const char *option_or(const struct map *options, const char *name, const char *standard)
{
    const char *value = connector_option(options, name);

    return value ? value : standard;
}

/* Options whose name begins like this are the table's properties. */
static bool is_property(struct slice name)
{
    static const char *const prefixes[] = {"write.", "commit.",        "history.",      "read.",
                                           "gc.",    "format-version", "compatibility."};

    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (slice_starts(name, slice_text(prefixes[i])))
            return true;
    return false;
}

static const char *const *table_properties(const struct connector_request *r)
{
    const char **list = ARENA_ARRAY(r->arena, const char *, map_count(r->options) * 2 + 1);
    struct map_entry *entry;
    size_t at = 0, n = 0;

    while (list && (entry = map_next(r->options, &at)) != NULL)
        if (is_property(entry->key) && !slice_is(entry->key, "write.buffer-size")) {
            list[n++] = arena_text(r->arena, entry->key);
            list[n++] = entry->value;
        }
    return list;
}

/* "a, b" as an array ended by NULL. */
static const char *const *split_list(struct arena *arena, const char *text)
{
    const char **list = ARENA_ARRAY(arena, const char *, strlen(text) / 2 + 2);
    size_t n = 0;

    while (list && *text) {
        size_t len;

        text += strspn(text, ", ");
        len = strcspn(text, ", ");
        if (len)
            list[n++] = arena_text(arena, slice_of(text, len));
        text += len;
    }
    return list;
}

static enum err table_wanted(const struct connector_request *r, struct table_spec *out, struct error *e)
{
    const char *columns = connector_option(r->options, "table.columns");
    const char *partitioned = connector_option(r->options, "table.partitioned-by");
    const char *key = connector_option(r->options, "table.primary-key");
    int32_t last_id;
    enum err rc;

    *out = (struct table_spec){.schema = r->schema,
                               .properties = table_properties(r),
                               .comment = connector_option(r->options, "table.comment")};
    if (columns && (rc = schema_parse(r->arena, slice_text(columns), &out->schema, e)) != OK)
        return error_add(e, rc, "option 'table.columns'");
    if ((rc = metadata_assign_ids(r->arena, out->schema, &out->schema, &last_id, e)) != OK)
        return rc;
    if (partitioned &&
        (rc = partition_spec_parse(r->arena, slice_text(partitioned), out->schema, &out->partition, e)) != OK)
        return error_add(e, rc, "option 'table.partitioned-by'");
    if (key)
        out->primary_key = split_list(r->arena, key);
    return OK;
}

static bool same_layout(const struct type *a, const struct type *b)
{
    if (a->kind != b->kind || a->scale != b->scale || a->field_count != b->field_count ||
        ((a->kind == TYPE_TIMESTAMP || a->kind == TYPE_TIMESTAMP_LTZ) &&
         (a->precision > 6) != (b->precision > 6)))
        return false;
    for (int32_t i = 0; i < a->field_count; i++)
        if (!same_layout(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

static enum err wrong_type(const struct field *column, const struct field *field, struct error *e)
{
    struct bytes have = {0}, want = {0};
    const char *h, *w;

    type_print(column->type, &have);
    type_print(field->type, &want);
    h = bytes_cstr(&have);
    w = bytes_cstr(&want);
    error_set(e, ERR_CONFIG, "column %s is %s here and %s in the table", field->name, h ? h : "?",
              w ? w : "?");
    bytes_fini(&have);
    bytes_fini(&want);
    return ERR_CONFIG;
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
        if (columns[i] >= 0 && !same_layout(r->schema->fields[columns[i]].type, field->type))
            return wrong_type(&r->schema->fields[columns[i]], field, e);
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
    const char *const *list = table_properties(r);

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
    const struct metadata *m = p->table->metadata;
    struct file_writer writer; /* only to see whether its properties are right, before anything runs */
    enum err rc;

    spec->catalog = p->catalog;
    spec->fs = p->table->fs;
    spec->metadata = m;
    spec->options = &p->options;
    warn_of_properties(r, m);
    if ((rc = plan_upsert(r, m, &spec->upsert, e)) != OK || (rc = plan_buffer(r, spec, e)) != OK ||
        (rc = file_writer_init(&writer, spec->fs, m, spec->options, NULL, e)) != OK ||
        (rc = map_columns(r, m->schema, &spec->columns, e)) != OK)
        return rc;
    if (spec->upsert && (rc = plan_key(r, m, spec, e)) != OK)
        return rc;
    return plan_until(r, m, spec, e);
}

static enum err copy_options(const struct connector_request *r, struct map *out, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(r->options, &at)) != NULL) {
        const char *text = arena_strdup(r->arena, entry->value);

        if (text == NULL || !map_put(out, entry->key, (void *)(uintptr_t)text))
            return error_memory(e, entry->key.len, "options");
    }
    return OK;
}

static enum err try_table(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    struct catalog_config config = {.name = option_or(r->options, "catalog-name", "iceberg"),
                                    .options = &p->options,
                                    .fs = r->fs,
                                    .clock = r->clock,
                                    .seed = random_entropy(),
                                    .sleep_ms = r->sleep_ms,
                                    .sleep_arg = r->sleep_arg};
    struct table_spec wanted;
    enum err rc;

    if ((rc = table_wanted(r, &wanted, e)) != OK || (rc = catalog_open(&config, &p->catalog, e)) != OK ||
        (rc = catalog_namespace_create(p->catalog, p->spec.name_space, e)) != OK)
        return rc;
    return catalog_load_or_create(p->catalog, p->spec.name_space, p->spec.table, &wanted, &p->table, e);
}

/* A catalog or store that does not answer is waited for, a minute at the most: a job is often started
 * together with what it works on, or again because that has gone. Any other failure is told at once. */
static enum err open_table(const struct connector_request *r, struct planned_sink *p, struct error *e)
{
    int64_t give_up_us = clock_mono_us(r->clock) + WAIT_FOR_CATALOG_US, pause_ms = 250;
    enum err rc;

    while ((rc = try_table(r, p, e)) == ERR_UNAVAILABLE && p->catalog &&
           clock_mono_us(r->clock) < give_up_us) {
        log_warn("iceberg_sink", "%s.%s: %s; trying again", p->spec.name_space, p->spec.table, e->text);
        catalog_sleep(p->catalog, pause_ms);
        pause_ms = MIN(pause_ms * 2, 4000);
        catalog_free(p->catalog);
        p->catalog = NULL;
    }
    return rc;
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
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "an Iceberg sink");
    if ((rc = copy_options(r, &p->options, e)) != OK)
        goto out;
    p->spec.name_space = option_or(&p->options, "catalog-database", "default");
    p->spec.table = option_or(&p->options, "catalog-table", r->name);
    p->spec.label = p->spec.table;
    *out = (struct connector_plan){.factory = &iceberg_sink_factory, .spec = &p->spec, .release = release};
    out->title = arena_printf(r->arena, "%s.%s", p->spec.name_space, p->spec.table);
    if ((rc = open_table(r, p, e)) == OK && (rc = plan_spec(r, p, e)) == OK)
        rc = plan_hash(r, &p->spec, out, e);
    if (rc != OK)
        error_add(e, rc, "table %s.%s", p->spec.name_space, p->spec.table);
out:
    if (rc != OK)
        release(&p->spec);
    return rc;
}

extern const struct connector iceberg_connector;
const struct connector iceberg_connector = {
    .name = "iceberg",
    .options =
        "catalog-name catalog-type catalog-impl catalog-database catalog-table uri warehouse "
        "property-version io-impl "
        "token credential scope oauth2-server-uri rest.* header.* s3.* client.region prefix upsert-enabled "
        "table.columns table.partitioned-by table.primary-key table.comment upsert.until-column "
        "upsert.until-lateness write.* commit.* history.* read.* gc.* compatibility.* format-version",
    .sink = iceberg_plan_sink,
};
