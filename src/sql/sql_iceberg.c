/* sql_iceberg.c: Iceberg's catalogs as SQL's: databases are namespaces of one level. Tables are read when
 * they are asked for, so that what others change is seen; views and functions there are none.
 */
#include "sql/sql_iceberg.h"
#include "base/mem.h"
#include "config/config.h"
#include "connectors/iceberg_options.h"
#include "iceberg/json_field.h"
#include "os/random.h"
#include "sql/sql_store.h"
#include <stdio.h>

struct ice {
    struct sql_catalog_made made;
    struct map options; /* of the catalog, for struct catalog; the texts are made's */
    struct catalog *catalog;
};

static struct ice *ice_of(struct sql_catalog *c)
{
    return CONTAINER_OF(CONTAINER_OF(c, struct sql_catalog_made, base), struct ice, made);
}

static struct catalog *catalog_of(struct sql_catalog *c)
{
    return ice_of(c)->catalog;
}

/* --- databases --- */

static void add_name(void *arg, const char *name)
{
    sql_names_add(arg, name);
}

static enum err finish_names(struct sql_names *list, const char ***names, int32_t *count, struct error *e)
{
    sql_names_sort(list);
    *names = list->items;
    *count = list->count;
    return list->arena->failed ? error_memory(e, 0, "a list of names") : OK;
}

static enum err ice_databases(struct sql_catalog *c, struct arena *arena, const char ***names, int32_t *count,
                              struct error *e)
{
    struct sql_names list = {.arena = arena};
    enum err rc = catalog_namespaces(catalog_of(c), add_name, &list, e);

    return rc == OK ? finish_names(&list, names, count, e) : rc;
}

static enum err ice_database_exists(struct sql_catalog *c, const char *database, bool *exists,
                                    struct error *e)
{
    json_t *properties = NULL;
    enum err rc = catalog_namespace_load(catalog_of(c), database, &properties, e);

    *exists = rc == OK;
    if (rc == OK)
        json_decref(properties);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

static enum err no_database(struct sql_catalog *c, const char *database, struct error *e)
{
    return error_set(e, ERR_NOT_FOUND, "database %s.%s does not exist", c->name, database);
}

static json_t *properties_of(const struct database_def *def)
{
    json_t *o = json_object();
    bool ok = def->comment == NULL || json_field_put(o, "comment", json_string(def->comment));

    for (int32_t i = 0; ok && i < def->option_count; i++)
        ok = json_field_put(o, def->options[i].key, json_string(def->options[i].value));
    if (ok && o)
        return o;
    json_decref(o);
    return NULL;
}

static enum err ice_create_database(struct sql_catalog *c, const char *database, const char *comment,
                                    const struct table_option *options, int32_t option_count, struct error *e)
{
    const struct database_def def = {comment, options, option_count};
    json_t *properties = properties_of(&def);
    enum err rc = properties ? catalog_namespace_make(catalog_of(c), database, properties, e)
                             : error_memory(e, 0, "a database's options");

    json_decref(properties);
    if (rc == ERR_EXISTS)
        return error_set(e, ERR_EXISTS, "database %s.%s exists already", c->name, database);
    return rc;
}

static enum err ice_database(struct sql_catalog *c, const char *database, struct arena *arena,
                             struct database_def *out, struct error *e)
{
    json_t *properties = NULL, *value;
    struct table_option *options;
    const char *key;
    int32_t count = 0;
    enum err rc = catalog_namespace_load(catalog_of(c), database, &properties, e);

    if (rc != OK)
        return rc == ERR_NOT_FOUND ? no_database(c, database, e) : rc;
    options = ARENA_ARRAY(arena, struct table_option, json_object_size(properties));
    *out = (struct database_def){.comment = arena_strdup(arena, json_field_get(properties, "comment"))};
    json_object_foreach(properties, key, value)
    {
        if (options && json_is_string(value) && strcmp(key, "comment") != 0)
            options[count++] = (struct table_option){arena_strdup(arena, key),
                                                     arena_strdup(arena, json_string_value(value))};
    }
    json_decref(properties);
    out->options = options;
    out->option_count = count;
    return arena->failed ? error_memory(e, 0, "a database's options") : OK;
}

static enum err ice_alter_database(struct sql_catalog *c, const char *database,
                                   const struct database_def *def, struct error *e)
{
    json_t *updates = properties_of(def), *removals = json_array(); /* SQL has no RESET for databases */
    enum err rc = updates && removals
                      ? catalog_namespace_change(catalog_of(c), database, updates, removals, e)
                      : error_memory(e, 0, "a database's options");

    json_decref(updates);
    json_decref(removals);
    return rc == ERR_NOT_FOUND ? no_database(c, database, e) : rc;
}

static enum err ice_drop_database(struct sql_catalog *c, const char *database, bool cascade, struct error *e)
{
    struct arena arena = {0};
    const char **names = NULL;
    int32_t count = 0;
    enum err rc = OK;

    if (cascade)
        rc = c->ops->tables(c, database, false, &arena, &names, &count, e);
    for (int32_t i = 0; rc == OK && i < count; i++)
        rc = c->ops->drop_table(c, database, names[i], e);
    if (rc == OK)
        rc = catalog_namespace_drop(catalog_of(c), database, e);
    arena_fini(&arena);
    if (rc == ERR_CONFIG && !cascade)
        return error_set(e, rc, "database %s.%s is not empty; drop it with CASCADE", c->name, database);
    return rc == ERR_NOT_FOUND ? no_database(c, database, e) : rc;
}

/* --- tables --- */

static enum err no_table(struct sql_catalog *c, const char *database, const char *name, struct error *e)
{
    return error_set(e, ERR_NOT_FOUND, "table %s.%s.%s does not exist", c->name, database, name);
}

static enum err ice_tables(struct sql_catalog *c, const char *database, bool views_only, struct arena *arena,
                           const char ***names, int32_t *count, struct error *e)
{
    struct sql_names list = {.arena = arena};
    enum err rc = views_only ? OK : catalog_tables(catalog_of(c), database, add_name, &list, e);

    if (rc != OK)
        return rc == ERR_NOT_FOUND ? no_database(c, database, e) : rc;
    return finish_names(&list, names, count, e);
}

static enum err load(struct sql_catalog *c, const char *database, const char *name, struct table **out,
                     struct error *e)
{
    enum err rc = catalog_load(catalog_of(c), database, name, out, e);

    return rc == ERR_NOT_FOUND ? no_table(c, database, name, e) : rc;
}

/* t$snapshots and its like: `name` as the table's, and what is asked of it; false: a plain name. */
static bool split_name(const char *name, struct slice *table, struct slice *metadata)
{
    const char *dollar = strrchr(name, '$');

    if (dollar == NULL || dollar == name)
        return false;
    *table = slice_of(name, (size_t)(dollar - name));
    *metadata = slice_text(dollar + 1);
    return true;
}

/* A table whose own name has a '$' goes before. */
static enum err metadata_table(struct sql_catalog *c, const char *database, const char *name,
                               struct arena *arena, const struct table_def **out, struct error *e)
{
    struct slice table, metadata;
    const struct inspect_table *i;
    struct table *t = NULL;
    struct error ignored;
    enum err rc;

    if (!split_name(name, &table, &metadata) || (i = inspect_find(metadata)) == NULL)
        return ERR_NOT_FOUND;
    if ((name = arena_text(arena, table)) == NULL)
        return error_memory(e, table.len, "a table's name");
    if ((rc = load(c, database, name, &t, &ignored)) != OK)
        return rc;
    if ((rc = sql_iceberg_metadata_def(arena, c->name, t, i, out, e)) != OK)
        error_add(e, rc, "%s", name);
    table_free(t);
    return rc;
}

static enum err ice_table(struct sql_catalog *c, const char *database, const char *name, struct arena *arena,
                          const struct table_def **out, struct error *e)
{
    struct table *t = NULL;
    enum err rc = load(c, database, name, &t, e);

    if (rc == ERR_NOT_FOUND)
        return (rc = metadata_table(c, database, name, arena, out, e)) == ERR_NOT_FOUND
                   ? no_table(c, database, name, e)
                   : rc;
    if (rc == OK)
        rc = sql_iceberg_def(arena, c->name, t, out, e);
    table_free(t);
    return rc;
}

static enum err ice_create_table(struct sql_catalog *c, const struct table_def *t, struct error *e)
{
    struct arena arena = {0};
    struct table_spec spec;
    struct table *made = NULL;
    bool exists = false;
    enum err rc = sql_iceberg_spec(&arena, t, &spec, e);

    if (rc == OK && (rc = ice_database_exists(c, t->database, &exists, e)) == OK && !exists)
        rc = no_database(c, t->database, e);
    if (rc == OK)
        rc = catalog_create(catalog_of(c), t->database, t->name, &spec, &made, e);
    table_free(made);
    arena_fini(&arena);
    return rc;
}

static enum err ice_alter_table(struct sql_catalog *c, const struct table_def *t, struct error *e)
{
    struct table *table = NULL;
    enum err rc = sql_iceberg_check(t, e);

    if (rc == OK && (rc = load(c, t->database, t->name, &table, e)) == OK)
        rc = sql_iceberg_alter(table, t, e);
    table_free(table);
    return rc;
}

static enum err ice_rename_column(struct sql_catalog *c, const char *database, const char *name,
                                  const char *from, const char *to, struct error *e)
{
    struct table *table = NULL;
    enum err rc = load(c, database, name, &table, e);

    if (rc == OK)
        rc = sql_iceberg_rename_column(table, from, to, e);
    table_free(table);
    return rc;
}

static enum err ice_rename_table(struct sql_catalog *c, const char *database, const char *from,
                                 const char *to, struct error *e)
{
    enum err rc = catalog_table_rename(catalog_of(c), database, from, to, e);

    if (rc == ERR_EXISTS)
        return error_set(e, rc, "table %s.%s.%s exists already", c->name, database, to);
    return rc == ERR_NOT_FOUND ? no_table(c, database, from, e) : rc;
}

static enum err ice_drop_table(struct sql_catalog *c, const char *database, const char *name, struct error *e)
{
    enum err rc = catalog_table_drop(catalog_of(c), database, name, e);

    return rc == ERR_NOT_FOUND ? no_table(c, database, name, e) : rc;
}

/* --- the catalog --- */

static void ice_free(struct sql_catalog *c)
{
    struct ice *i = ice_of(c);

    catalog_free(i->catalog);
    map_fini(&i->options);
    sql_catalog_unmake(&i->made);
    mem_free(i);
}

static const struct sql_catalog_ops ice_ops = {
    .type = "iceberg",
    .databases = ice_databases,
    .database_exists = ice_database_exists,
    .create_database = ice_create_database,
    .drop_database = ice_drop_database,
    .tables = ice_tables,
    .table = ice_table,
    .create_table = ice_create_table,
    .alter_table = ice_alter_table,
    .rename_table = ice_rename_table,
    .drop_table = ice_drop_table,
    .database = ice_database,
    .alter_database = ice_alter_database,
    .rename_column = ice_rename_column,
    .free = ice_free,
};

/* The nearest name among the settings of a catalog; NULL: none is near. */
static const char *nearest_option(const char *key)
{
    const char *names[64];
    size_t count = 0;

    for (const struct setting *rule = iceberg_catalog_settings; rule->name && count < COUNT_OF(names); rule++)
        if (rule->name[strlen(rule->name) - 1] != '*')
            names[count++] = rule->name;
    return config_nearest(key, names, count);
}

static enum err check_options(const struct catalog_request *r, struct error *e)
{
    struct map given = {0};
    char owner[80];
    struct settings s = {iceberg_catalog_settings, &given, owner};
    enum err rc = OK;

    snprintf(owner, sizeof owner, "catalog %.60s", r->name);
    for (int32_t i = 0; rc == OK && i < r->option_count; i++) {
        const char *key = r->options[i].key, *nearest;

        if (!map_put(&given, slice_text(key), (void *)(uintptr_t)r->options[i].value)) {
            rc = error_memory(e, 0, "a catalog's options");
        } else if (!settings_known(iceberg_catalog_settings, key)) {
            nearest = nearest_option(key);
            rc = error_set(e, ERR_CONFIG,
                           "%s: option '%.100s' is not known to a catalog of type iceberg%s%s%s", owner, key,
                           nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        }
    }
    if (rc == OK)
        rc = settings_check(&s, NULL, NULL, e);
    map_fini(&given);
    return rc;
}

static enum err open_catalog(struct ice *i, const struct catalog_request *r, struct error *e)
{
    const struct sql_catalog *base = &i->made.base;
    struct catalog_config config = {
        .name = base->name, .options = &i->options, .fs = r->fs, .clock = r->clock, .seed = random_entropy()};

    for (int32_t k = 0; k < base->option_count; k++)
        if (!map_put(&i->options, slice_text(base->options[k].key),
                     (void *)(uintptr_t)base->options[k].value))
            return error_memory(e, 0, "a catalog's options");
    return catalog_open(&config, &i->catalog, e);
}

enum err sql_iceberg_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e)
{
    struct ice *i = mem_zalloc(sizeof *i);
    enum err rc;

    if (i == NULL)
        return error_memory(e, sizeof *i, "a catalog");
    if ((rc = check_options(r, e)) == OK &&
        (rc = sql_catalog_make(&i->made, &ice_ops, r, "default", e)) == OK)
        rc = open_catalog(i, r, e);
    if (rc == OK)
        *out = &i->made.base;
    else
        ice_free(&i->made.base);
    return rc;
}

enum err sql_iceberg_connector(struct sql_catalog *c, const struct table_def *t, struct arena *arena,
                               struct map *options, struct error *e)
{
    const struct table_option more[] = {
        {"catalog-name", c->name}, {"catalog-database", t->database}, {"catalog-table", t->name}};

    for (int32_t i = 0; i < c->option_count + (int32_t)COUNT_OF(more); i++) {
        const struct table_option *o = i < c->option_count ? &c->options[i] : &more[i - c->option_count];
        const char *value;

        if (i < c->option_count && !iceberg_option_is_catalogs(o->key))
            continue;
        value = arena_strdup(arena, o->value);
        if (value == NULL || !map_put(options, slice_text(o->key), (void *)(uintptr_t)value))
            return error_memory(e, 0, "a table's options");
    }
    return OK;
}
