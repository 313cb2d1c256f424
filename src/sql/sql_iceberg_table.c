/* sql_iceberg_table.c: what a table is: SQL's columns, key, partitions and options to Iceberg's schema,
 * identifier fields, identity partitions and properties; and back.
 */
#include "base/mem.h"
#include "sql/sql_iceberg.h"
#include "sql/sql_store.h"

#define MICROSECONDS 6

/* --- types --- */

static const struct type *fields_as(struct arena *arena, struct type *t,
                                    const struct type *(*as)(struct arena *arena, const struct type *t))
{
    struct field *fields = ARENA_ARRAY(arena, struct field, t->field_count);

    for (int32_t i = 0; fields && i < t->field_count; i++) {
        fields[i] = t->fields[i];
        if ((fields[i].type = as(arena, t->fields[i].type)) == NULL)
            return NULL;
    }
    if (fields && t->kind == TYPE_MAP)
        fields[0].type = type_nullable(arena, fields[0].type, false);
    t->fields = fields;
    return fields ? t : NULL;
}

const struct type *sql_iceberg_type(struct arena *arena, const struct type *t)
{
    struct type *as = arena_copy(arena, t, sizeof *t);

    if (as == NULL)
        return NULL;
    as->form = FORM_PLAIN;
    switch (t->kind) {
    case TYPE_INT8:
    case TYPE_INT16:
        as->kind = TYPE_INT32;
        return as;
    case TYPE_STRING:
    case TYPE_BINARY:
        as->length = 0;
        return as;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        as->precision = MICROSECONDS;
        return as;
    default:
        return type_is_nested(t) ? fields_as(arena, as, sql_iceberg_type) : as;
    }
}

/* The other way round. */
static const struct type *type_of(struct arena *arena, const struct type *t)
{
    struct type *as = arena_copy(arena, t, sizeof *t);

    if (as == NULL)
        return NULL;
    if (t->kind == TYPE_UUID) {
        as->kind = TYPE_FIXED;
        as->length = 16;
    } else if (t->kind == TYPE_TIME) {
        as->precision = 0;
    }
    return type_is_nested(t) ? fields_as(arena, as, type_of) : as;
}

/* --- to Iceberg --- */

enum err sql_iceberg_check(const struct table_def *t, struct error *e)
{
    if (t->is_view)
        return error_set(
            e, ERR_UNSUPPORTED,
            "an Iceberg catalog has no views; create it in another catalog, or as a TEMPORARY VIEW");
    for (int32_t i = 0; i < t->column_count; i++) {
        if (t->columns[i].kind == AST_COMPUTED)
            return error_set(e, ERR_UNSUPPORTED,
                             "Creating table with computed columns is not supported yet: column `%s`",
                             t->columns[i].name);
        if (t->columns[i].kind == AST_METADATA)
            return error_set(e, ERR_UNSUPPORTED,
                             "Creating table with metadata columns is not supported yet: column `%s`",
                             t->columns[i].name);
    }
    if (t->time_column >= 0)
        return error_set(e, ERR_UNSUPPORTED, "Creating table with watermark specs is not supported yet");
    if (table_option(t, "connector"))
        return error_set(
            e, ERR_CONFIG,
            "option 'connector' = '%.60s': tables of an Iceberg catalog are Iceberg tables; leave "
            "the option out, or create the table in another catalog",
            table_option(t, "connector"));
    return OK;
}

static const struct schema *schema_of(struct arena *arena, const struct table_def *t)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, t->column_count);
    struct schema *schema = ARENA_NEW(arena, struct schema);

    if (fields == NULL || schema == NULL)
        return NULL;
    for (int32_t i = 0; i < t->column_count; i++)
        fields[i] = (struct field){.name = t->columns[i].name,
                                   .type = sql_iceberg_type(arena, t->columns[i].type),
                                   .doc = t->columns[i].comment};
    *schema = (struct schema){t->column_count, fields};
    return arena->failed ? NULL : schema;
}

static const char *const *key_of(struct arena *arena, const struct table_def *t)
{
    const char **names = ARENA_ARRAY(arena, const char *, t->key_count + 1);

    for (int32_t i = 0; names && i < t->key_count; i++)
        names[i] = t->columns[t->key[i]].name;
    return names;
}

/* Options but `location`, which is not a property. */
static const char *const *properties_of(struct arena *arena, const struct table_def *t)
{
    const char **list = ARENA_ARRAY(arena, const char *, 2 * t->option_count + 1);
    int32_t n = 0;

    for (int32_t i = 0; list && i < t->option_count; i++)
        if (strcmp(t->options[i].key, "location") != 0) {
            list[n++] = t->options[i].key;
            list[n++] = t->options[i].value;
        }
    return list;
}

/* PARTITIONED BY, with names in back-ticks; field ids are those of schema. */
static enum err partition_of(struct arena *arena, const struct table_def *t, const struct schema *schema,
                             const struct partition_spec **out, struct error *e)
{
    struct partition_field *fields = ARENA_ARRAY(arena, struct partition_field, t->partition_count);
    struct partition_spec *spec = ARENA_NEW(arena, struct partition_spec);

    *out = NULL;
    if (fields == NULL || spec == NULL)
        return error_memory(e, 0, "a partition spec");
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct field *f = &schema->fields[t->partition[i]];

        fields[i] = (struct partition_field){.source_id = f->id,
                                             .field_id = 1000 + i,
                                             .name = f->name,
                                             .transform = {.kind = TRANSFORM_IDENTITY}};
    }
    *spec = (struct partition_spec){.field_count = t->partition_count, .fields = fields};
    if (t->partition_count)
        *out = spec;
    return OK;
}

enum err sql_iceberg_spec(struct arena *arena, const struct table_def *t, struct table_spec *out,
                          struct error *e)
{
    const struct schema *plain;
    int32_t last_id;
    enum err rc;

    if ((rc = sql_iceberg_check(t, e)) != OK)
        return rc;
    if ((plain = schema_of(arena, t)) == NULL)
        return error_memory(e, 0, "a table's columns");
    *out = (struct table_spec){.primary_key = key_of(arena, t),
                               .properties = properties_of(arena, t),
                               .comment = t->comment,
                               .location = table_option(t, "location")};
    if ((rc = metadata_assign_ids(arena, plain, &out->schema, &last_id, e)) != OK ||
        (rc = partition_of(arena, t, out->schema, &out->partition, e)) != OK)
        return rc;
    return arena->failed ? error_memory(e, 0, "a table's options") : OK;
}

/* --- from Iceberg --- */

static int32_t column_of(const struct schema *s, int32_t id)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id == id)
            return i;
    return -1;
}

static void read_columns(struct arena *arena, const struct schema *schema, struct table_def *t)
{
    struct table_column *columns = ARENA_ARRAY(arena, struct table_column, schema->field_count);

    for (int32_t i = 0; columns && i < schema->field_count; i++) {
        const struct field *f = &schema->fields[i];

        columns[i] = (struct table_column){
            .name = f->name, .type = type_of(arena, f->type), .comment = f->doc};
    }
    t->columns = columns;
    t->column_count = schema->field_count;
}

/* A key with a field within a ROW is none that SQL could write. */
static void read_key(struct arena *arena, const struct metadata *m, struct table_def *t)
{
    int32_t *key = ARENA_ARRAY(arena, int32_t, m->identifier_count);

    for (int32_t i = 0; key && i < m->identifier_count; i++)
        if ((key[i] = column_of(m->schema, m->identifier_ids[i])) < 0)
            return;
    t->key = key;
    t->key_count = m->identifier_count;
}

/* Identity only: a table with hidden partitions is not PARTITIONED BY what SQL could say. */
static void read_partition(struct arena *arena, const struct metadata *m, struct table_def *t)
{
    int32_t *partition = ARENA_ARRAY(arena, int32_t, m->spec->field_count);
    int32_t count = 0;

    for (int32_t i = 0; partition && i < m->spec->field_count; i++) {
        const struct partition_field *f = &m->spec->fields[i];

        if (f->transform.kind == TRANSFORM_VOID)
            continue;
        partition[count] = column_of(m->schema, f->source_id);
        if (f->transform.kind != TRANSFORM_IDENTITY || partition[count++] < 0)
            return;
    }
    t->partition = partition;
    t->partition_count = count;
}

static void read_options(struct arena *arena, const struct metadata *m, struct table_def *t)
{
    json_t *properties = json_object_get(m->json, "properties"), *value;
    struct table_option *options = ARENA_ARRAY(arena, struct table_option, json_object_size(properties));
    struct sql_names keys = {.arena = arena};
    const char *key;

    t->comment = metadata_property(m, "comment");
    json_object_foreach(properties, key, value)
    {
        if (json_is_string(value) && strcmp(key, "comment") != 0)
            sql_names_add(&keys, key);
    }
    sql_names_sort(&keys);
    for (int32_t i = 0; options && i < keys.count; i++)
        options[i] = (struct table_option){keys.items[i],
                                           json_string_value(json_object_get(properties, keys.items[i]))};
    t->options = options;
    t->option_count = keys.count;
}

enum err sql_iceberg_def(struct arena *arena, const char *catalog, const struct table *table,
                         const struct table_def **out, struct error *e)
{
    struct arena scratch = {0};
    struct table_def t = {
        .catalog = catalog, .database = table->name_space, .name = table->name, .time_column = -1};

    read_columns(&scratch, table->metadata->schema, &t);
    read_key(&scratch, table->metadata, &t);
    read_partition(&scratch, table->metadata, &t);
    read_options(&scratch, table->metadata, &t);
    *out = scratch.failed ? NULL : table_def_copy(arena, &t); /* the metadata goes with the table */
    arena_fini(&scratch);
    return *out ? OK : error_memory(e, 0, "a table's definition");
}

enum err sql_iceberg_metadata_def(struct arena *arena, const char *catalog, const struct table *table,
                                  const struct inspect_table *i, const struct table_def **out,
                                  struct error *e)
{
    struct arena scratch = {0};
    struct table_def t = {.catalog = catalog, .database = table->name_space, .time_column = -1};
    const struct schema *schema;
    enum err rc = inspect_schema(i, table->metadata, &scratch, &schema, e);

    if (rc == OK) {
        t.name = arena_printf(&scratch, "%s$%s", table->name, i->name);
        read_columns(&scratch, schema, &t);
        *out = scratch.failed ? NULL : table_def_copy(arena, &t);
        rc = *out ? OK : error_memory(e, 0, "a table's definition");
    }
    arena_fini(&scratch);
    return rc;
}
