/* sql_catalog.c: definitions of tables, and catalogs by their type. */
#include "sql/sql_catalog.h"
#include "base/mem.h"
#include "sql/sql_store.h"

/* --- tables --- */

const char *sql_option(const struct table_option *options, int32_t count, const char *key)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(options[i].key, key) == 0)
            return options[i].value;
    return NULL;
}

const char *table_option(const struct table_def *t, const char *key)
{
    return sql_option(t->options, t->option_count, key);
}

int32_t table_def_column(const struct table_def *t, const char *name)
{
    for (int32_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return i;
    return -1;
}

const struct table_option *sql_options_copy(struct arena *arena, const struct table_option *options,
                                            int32_t count)
{
    struct table_option *copy = ARENA_ARRAY(arena, struct table_option, count);

    for (int32_t i = 0; copy && i < count; i++)
        copy[i] = (struct table_option){arena_strdup(arena, options[i].key),
                                        arena_strdup(arena, options[i].value)};
    return copy;
}

/* The types of all columns, copied; NULL when there is no memory. */
static const struct schema *copy_types(struct arena *arena, const struct table_def *t)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, t->column_count);
    const struct schema from = {t->column_count, fields}, *to = NULL;
    struct error e;

    for (int32_t i = 0; fields && i < t->column_count; i++)
        fields[i] = (struct field){.name = t->columns[i].name, .type = t->columns[i].type};
    return fields && schema_copy(arena, &from, &to, &e) == OK ? to : NULL;
}

static const struct table_column *copy_columns(struct arena *arena, const struct table_def *t)
{
    const struct schema *types = copy_types(arena, t);
    struct table_column *copy = ARENA_ARRAY(arena, struct table_column, t->column_count);

    for (int32_t i = 0; copy && types && i < t->column_count; i++) {
        const struct table_column *from = &t->columns[i];

        copy[i] = *from;
        copy[i].name = types->fields[i].name;
        copy[i].type = types->fields[i].type;
        copy[i].metadata_key = arena_strdup(arena, from->metadata_key);
        copy[i].expr = arena_strdup(arena, from->expr);
        copy[i].comment = arena_strdup(arena, from->comment);
    }
    return copy;
}

static const int32_t *copy_numbers(struct arena *arena, const int32_t *numbers, int32_t count)
{
    return count ? arena_copy(arena, numbers, sizeof *numbers * (size_t)count) : NULL;
}

const struct table_def *table_def_copy(struct arena *arena, const struct table_def *t)
{
    struct table_def *copy = arena_copy(arena, t, sizeof *t);

    if (copy == NULL)
        return NULL;
    copy->catalog = arena_strdup(arena, t->catalog);
    copy->database = arena_strdup(arena, t->database);
    copy->name = arena_strdup(arena, t->name);
    copy->columns = copy_columns(arena, t);
    copy->watermark = arena_strdup(arena, t->watermark);
    copy->key = copy_numbers(arena, t->key, t->key_count);
    copy->key_name = arena_strdup(arena, t->key_name);
    copy->partition = copy_numbers(arena, t->partition, t->partition_count);
    copy->options = sql_options_copy(arena, t->options, t->option_count);
    copy->comment = arena_strdup(arena, t->comment);
    copy->query = arena_strdup(arena, t->query);
    return arena->failed ? NULL : copy;
}

/* --- catalogs --- */

enum err sql_catalog_make(struct sql_catalog_made *c, const struct sql_catalog_ops *ops,
                          const struct catalog_request *r, const char *default_database, struct error *e)
{
    const char *asked = sql_option(r->options, r->option_count, "default-database");

    c->base = (struct sql_catalog){
        .ops = ops,
        .name = arena_strdup(&c->arena, r->name),
        .default_database = arena_strdup(&c->arena, asked ? asked : default_database),
        .comment = arena_strdup(&c->arena, r->comment),
        .option_count = r->option_count,
        .options = sql_options_copy(&c->arena, r->options, r->option_count),
    };
    if (c->arena.failed)
        return error_memory(e, 0, "a catalog");
    if (*c->base.default_database == '\0')
        return error_set(e, ERR_CONFIG, "catalog %s: option 'default-database' is empty", r->name);
    return OK;
}

void sql_catalog_unmake(struct sql_catalog_made *c)
{
    arena_fini(&c->arena);
}

bool sql_catalog_set_comment(struct sql_catalog *c, const char *comment)
{
    struct sql_catalog_made *made = CONTAINER_OF(c, struct sql_catalog_made, base);
    const char *copy = arena_strdup(&made->arena, comment);

    made->arena.failed = false; /* told once, here */
    if (comment && copy == NULL)
        return false;
    c->comment = copy;
    return true;
}

static const struct {
    const char *type;
    enum err (*make)(const struct catalog_request *r, struct sql_catalog **out, struct error *e);
} kinds[] = {
    {"generic_in_memory", sql_memory_new},
    {"iceberg", sql_iceberg_new},
};

enum err sql_catalog_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e)
{
    const char *type = sql_option(r->options, r->option_count, "type");

    if (type == NULL)
        return error_set(e, ERR_CONFIG,
                         "catalog %s: option 'type' is missing; there are generic_in_memory and iceberg",
                         r->name);
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].make(r, out, e);
    if (strcmp(type, "hive") == 0 || strcmp(type, "jdbc") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "catalog %s: weir has no catalogs of type %s; there are generic_in_memory and iceberg", r->name,
            type);
    return error_set(e, ERR_CONFIG,
                     "catalog %s: option 'type' = '%.100s' is not known; there are generic_in_memory and "
                     "iceberg",
                     r->name, type);
}

enum err sql_catalog_connector(struct sql_catalog *c, const struct table_def *t, struct arena *arena,
                               struct map *options, const char **connector, struct error *e)
{
    *connector = table_option(t, "connector");
    if (strcmp(c->ops->type, "iceberg") != 0 || t->temporary)
        return OK;
    *connector = "iceberg";
    return sql_iceberg_connector(c, t, arena, options, e);
}
