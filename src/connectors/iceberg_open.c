/* iceberg_open.c: see iceberg_open.h. */
#include "connectors/iceberg_open.h"
#include "os/log.h"
#include "os/random.h"

#define WAIT_FOR_CATALOG_US (60 * INT64_C(1000000))

void iceberg_close(struct iceberg_open *o)
{
    table_free(o->table);
    catalog_free(o->catalog);
    map_fini(&o->options);
    *o = (struct iceberg_open){0};
}

/* --- what a table that is not there is to be --- */

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

const char *const *iceberg_open_properties(const struct connector_request *r)
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

/* The names of a declared PRIMARY KEY. */
static const char *const *declared_key(const struct connector_request *r)
{
    const struct connector_table *t = r->table;
    const char **names = ARENA_ARRAY(r->arena, const char *, t->key_count + 1);

    for (int32_t i = 0; names && i < t->key_count; i++)
        names[i] = t->schema->fields[t->key[i]].name;
    return names;
}

/* PARTITIONED BY (a, b): by the values themselves. */
static const struct partition_spec *declared_partition(const struct connector_request *r,
                                                       const struct schema *schema)
{
    const struct connector_table *t = r->table;
    struct partition_field *fields = ARENA_ARRAY(r->arena, struct partition_field, t->partition_count);
    struct partition_spec *spec = ARENA_NEW(r->arena, struct partition_spec);
    int32_t n = 0;

    for (int32_t i = 0; spec && fields && i < t->partition_count; i++) {
        const char *name = t->schema->fields[t->partition[i]].name;
        int32_t column = schema_find(schema, slice_text(name));

        if (column < 0)
            continue; /* 'table.columns' has others */
        fields[n] = (struct partition_field){.source_id = schema->fields[column].id,
                                             .field_id = 1000 + n,
                                             .name = name,
                                             .transform = {.kind = TRANSFORM_IDENTITY}};
        n++;
    }
    if (spec)
        *spec = (struct partition_spec){.field_count = n, .fields = fields};
    return n ? spec : NULL;
}

static enum err table_wanted(const struct connector_request *r, const struct schema *schema,
                             struct table_spec *out, struct error *e)
{
    const char *columns = connector_option(r->options, "table.columns");
    const char *partitioned = connector_option(r->options, "table.partitioned-by");
    const char *key = connector_option(r->options, "table.primary-key");
    int32_t last_id;
    enum err rc;

    *out = (struct table_spec){.schema = schema,
                               .properties = iceberg_open_properties(r),
                               .comment = connector_option(r->options, "table.comment")};
    if (columns && (rc = schema_parse(r->arena, slice_text(columns), &out->schema, e)) != OK)
        return error_add(e, rc, "option 'table.columns'");
    if ((rc = metadata_assign_ids(r->arena, out->schema, &out->schema, &last_id, e)) != OK)
        return rc;
    if (partitioned &&
        (rc = partition_spec_parse(r->arena, slice_text(partitioned), out->schema, &out->partition, e)) != OK)
        return error_add(e, rc, "option 'table.partitioned-by'");
    if (partitioned == NULL && r->table)
        out->partition = declared_partition(r, out->schema);
    if (key)
        out->primary_key = split_list(r->arena, key);
    else if (r->table && r->table->key_count)
        out->primary_key = declared_key(r);
    return r->arena->failed ? error_memory(e, 0, "what a table is to be") : OK;
}

/* --- types --- */

static bool same_kind(enum type_kind a, enum type_kind b)
{
    return a == b || (a == TYPE_FIXED && b == TYPE_UUID) || (a == TYPE_UUID && b == TYPE_FIXED);
}

bool iceberg_same_layout(const struct type *a, const struct type *b)
{
    if (!same_kind(a->kind, b->kind) || a->scale != b->scale || a->field_count != b->field_count ||
        ((a->kind == TYPE_TIMESTAMP || a->kind == TYPE_TIMESTAMP_LTZ) &&
         (a->precision > 6) != (b->precision > 6)))
        return false;
    for (int32_t i = 0; i < a->field_count; i++)
        if (!iceberg_same_layout(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

enum err iceberg_wrong_type(const struct field *column, const struct field *field, struct error *e)
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

/* --- the table --- */

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

/* A table that is there needs nothing but to be loaded, by a reader; a writer's columns must fit it too. */
static enum err load_or_create(const struct connector_request *r, const struct schema *schema, bool as_it_is,
                               struct iceberg_open *o, struct error *e)
{
    struct table_spec wanted;
    enum err rc;

    if ((as_it_is || schema == NULL) &&
        ((rc = catalog_load(o->catalog, o->name_space, o->name, &o->table, e)) != ERR_NOT_FOUND ||
         schema == NULL))
        return rc;
    if ((rc = table_wanted(r, schema, &wanted, e)) != OK ||
        (rc = catalog_namespace_create(o->catalog, o->name_space, e)) != OK)
        return rc;
    return catalog_load_or_create(o->catalog, o->name_space, o->name, &wanted, &o->table, e);
}

static enum err try_table(const struct connector_request *r, const struct schema *schema, bool as_it_is,
                          struct iceberg_open *o, struct error *e)
{
    struct catalog_config config = {.name = option_or(r->options, "catalog-name", "iceberg"),
                                    .options = &o->options,
                                    .fs = r->fs,
                                    .clock = r->clock,
                                    .seed = random_entropy(),
                                    .sleep_ms = r->sleep_ms,
                                    .sleep_arg = r->sleep_arg};
    enum err rc = catalog_open(&config, &o->catalog, e);

    return rc == OK ? load_or_create(r, schema, as_it_is, o, e) : rc;
}

/* A catalog or store that does not answer is waited for: a job is often started together with what it works
 * on, or again because that has gone. Any other failure is told at once. */
static enum err wait_for_table(const struct connector_request *r, const struct schema *schema, bool as_it_is,
                               struct iceberg_open *o, struct error *e)
{
    int64_t give_up_us = clock_mono_us(r->clock) + WAIT_FOR_CATALOG_US, pause_ms = 250;
    enum err rc;

    while (((rc = try_table(r, schema, as_it_is, o, e)) == ERR_UNAVAILABLE || rc == ERR_UNKNOWN) &&
           o->catalog && clock_mono_us(r->clock) < give_up_us) {
        log_warn("iceberg", "%s.%s: %s; trying again", o->name_space, o->name, e->text);
        catalog_sleep(o->catalog, pause_ms);
        pause_ms = MIN(pause_ms * 2, 4000);
        catalog_free(o->catalog);
        o->catalog = NULL;
    }
    return rc;
}

/* schema NULL: the table must be there. */
static enum err open_named(const struct connector_request *r, const char *name, const struct schema *schema,
                           bool as_it_is, struct iceberg_open *o, struct error *e)
{
    enum err rc = copy_options(r, &o->options, e);

    o->name_space = arena_strdup(r->arena, option_or(r->options, "catalog-database", "default"));
    o->name = arena_strdup(r->arena, name);
    if (rc == OK && r->arena->failed)
        rc = error_memory(e, 0, "a table's name");
    return rc == OK ? wait_for_table(r, schema, as_it_is, o, e) : rc;
}

enum err iceberg_open(const struct connector_request *r, const struct schema *schema, bool as_it_is,
                      struct iceberg_open *o, struct error *e)
{
    return open_named(r, option_or(r->options, "catalog-table", r->name), schema, as_it_is, o, e);
}

enum err iceberg_open_existing(const struct connector_request *r, const char *name, struct iceberg_open *o,
                               struct error *e)
{
    return open_named(r, name, NULL, true, o, e);
}
