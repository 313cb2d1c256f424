/* sql_memory.c: a catalog that lives as long as its session: type generic_in_memory, and default_catalog. */
#include "base/mem.h"
#include "sql/sql_store.h"

struct database {
    struct arena arena; /* owned: comment and options live in it */
    struct database_def def;
    struct sql_store tables; /* by name */
};

struct memory {
    struct sql_catalog_made made;
    struct map databases; /* name to struct database, owned */
};

static struct memory *memory_of(struct sql_catalog *c)
{
    return CONTAINER_OF(CONTAINER_OF(c, struct sql_catalog_made, base), struct memory, made);
}

/* --- databases --- */

static void database_free(struct database *d)
{
    if (d == NULL)
        return;
    sql_store_fini(&d->tables);
    arena_fini(&d->arena);
    mem_free(d);
}

static struct database *find(struct sql_catalog *c, const char *name)
{
    return map_get(&memory_of(c)->databases, slice_text(name));
}

static enum err no_database(struct sql_catalog *c, const char *name, struct error *e)
{
    return error_set(e, ERR_NOT_FOUND, "database %s.%s does not exist", c->name, name);
}

static enum err no_table(struct sql_catalog *c, const char *database, const char *name, struct error *e)
{
    return error_set(e, ERR_NOT_FOUND, "table %s.%s.%s does not exist", c->name, database, name);
}

static enum err memory_databases(struct sql_catalog *c, struct arena *arena, const char ***names,
                                 int32_t *count, struct error *e)
{
    struct sql_names list = {.arena = arena};
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&memory_of(c)->databases, &at)) != NULL;)
        sql_names_add(&list, entry->key.ptr);
    sql_names_sort(&list);
    *names = list.items;
    *count = list.count;
    return arena->failed ? error_memory(e, 0, "a list of databases") : OK;
}

static enum err memory_database_exists(struct sql_catalog *c, const char *database, bool *exists,
                                       UNUSED struct error *e)
{
    *exists = find(c, database) != NULL;
    return OK;
}

static enum err memory_database(struct sql_catalog *c, const char *database, struct arena *arena,
                                struct database_def *out, struct error *e)
{
    const struct database *d = find(c, database);

    if (d == NULL)
        return no_database(c, database, e);
    out->comment = arena_strdup(arena, d->def.comment);
    out->option_count = d->def.option_count;
    out->options = sql_options_copy(arena, d->def.options, d->def.option_count);
    return arena->failed ? error_memory(e, 0, "a database's options") : OK;
}

/* Fill d, which has nothing in its arena yet. */
static bool define(struct database *d, const struct database_def *def)
{
    d->def = (struct database_def){.comment = arena_strdup(&d->arena, def->comment),
                                   .options = sql_options_copy(&d->arena, def->options, def->option_count),
                                   .option_count = def->option_count};
    return !d->arena.failed;
}

static enum err memory_create_database(struct sql_catalog *c, const char *database, const char *comment,
                                       const struct table_option *options, int32_t option_count,
                                       struct error *e)
{
    const struct database_def def = {comment, options, option_count};
    struct database *d;

    if (find(c, database))
        return error_set(e, ERR_EXISTS, "database %s.%s exists already", c->name, database);
    if ((d = mem_zalloc(sizeof *d)) == NULL || !define(d, &def) ||
        !map_put(&memory_of(c)->databases, slice_text(database), d)) {
        database_free(d);
        return error_memory(e, sizeof *d, "a database");
    }
    return OK;
}

static enum err memory_alter_database(struct sql_catalog *c, const char *database,
                                      const struct database_def *def, struct error *e)
{
    struct database *d = find(c, database), fresh = {0};

    if (d == NULL)
        return no_database(c, database, e);
    if (!define(&fresh, def)) {
        arena_fini(&fresh.arena);
        return error_memory(e, 0, "a database's options");
    }
    arena_fini(&d->arena);
    d->arena = fresh.arena;
    d->def = fresh.def;
    return OK;
}

static enum err memory_drop_database(struct sql_catalog *c, const char *database, bool cascade,
                                     struct error *e)
{
    struct database *d = find(c, database);

    if (d == NULL)
        return no_database(c, database, e);
    if (!cascade && map_count(&d->tables.tables))
        return error_set(e, ERR_CONFIG, "database %s.%s is not empty; drop it with CASCADE", c->name,
                         database);
    database_free(map_remove(&memory_of(c)->databases, slice_text(database)));
    return OK;
}

/* --- tables --- */

static enum err memory_tables(struct sql_catalog *c, const char *database, bool views_only,
                              struct arena *arena, const char ***names, int32_t *count, struct error *e)
{
    struct sql_names list = {.arena = arena};
    const struct database *d = find(c, database);
    const struct table_def *t;

    if (d == NULL)
        return no_database(c, database, e);
    for (size_t at = 0; (t = sql_store_next(&d->tables, &at)) != NULL;)
        if (t->is_view || !views_only)
            sql_names_add(&list, t->name);
    sql_names_sort(&list);
    *names = list.items;
    *count = list.count;
    return arena->failed ? error_memory(e, 0, "a list of tables") : OK;
}

static enum err memory_table(struct sql_catalog *c, const char *database, const char *name,
                             struct arena *arena, const struct table_def **out, struct error *e)
{
    const struct database *d = find(c, database);
    const struct table_def *t = d ? sql_store_get(&d->tables, slice_text(name)) : NULL;

    if (d == NULL)
        return no_database(c, database, e);
    if (t == NULL)
        return no_table(c, database, name, e);
    *out = table_def_copy(arena, t);
    return *out ? OK : error_memory(e, sizeof *t, "a table's definition");
}

static enum err memory_create_table(struct sql_catalog *c, const struct table_def *t, struct error *e)
{
    struct database *d = find(c, t->database);

    if (d == NULL)
        return no_database(c, t->database, e);
    if (sql_store_get(&d->tables, slice_text(t->name)))
        return error_set(e, ERR_EXISTS, "table %s.%s.%s exists already", c->name, t->database, t->name);
    return sql_store_put(&d->tables, slice_text(t->name), t, e);
}

static enum err memory_alter_table(struct sql_catalog *c, const struct table_def *t, struct error *e)
{
    struct database *d = find(c, t->database);

    if (d == NULL || sql_store_get(&d->tables, slice_text(t->name)) == NULL)
        return no_table(c, t->database, t->name, e);
    return sql_store_put(&d->tables, slice_text(t->name), t, e);
}

static enum err memory_rename_table(struct sql_catalog *c, const char *database, const char *from,
                                    const char *to, struct error *e)
{
    struct database *d = find(c, database);
    const struct table_def *t = d ? sql_store_get(&d->tables, slice_text(from)) : NULL;
    struct table_def renamed;
    enum err rc;

    if (t == NULL)
        return no_table(c, database, from, e);
    if (sql_store_get(&d->tables, slice_text(to)))
        return error_set(e, ERR_EXISTS, "table %s.%s.%s exists already", c->name, database, to);
    renamed = *t;
    renamed.name = to;
    if ((rc = sql_store_put(&d->tables, slice_text(to), &renamed, e)) == OK)
        sql_store_remove(&d->tables, slice_text(from));
    return rc;
}

static enum err memory_drop_table(struct sql_catalog *c, const char *database, const char *name,
                                  struct error *e)
{
    struct database *d = find(c, database);

    return d && sql_store_remove(&d->tables, slice_text(name)) ? OK : no_table(c, database, name, e);
}

static void memory_free(struct sql_catalog *c)
{
    struct memory *m = memory_of(c);
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&m->databases, &at)) != NULL;)
        database_free(entry->value);
    map_fini(&m->databases);
    sql_catalog_unmake(&m->made);
    mem_free(m);
}

static const struct sql_catalog_ops memory_ops = {
    .type = "generic_in_memory",
    .databases = memory_databases,
    .database_exists = memory_database_exists,
    .create_database = memory_create_database,
    .drop_database = memory_drop_database,
    .tables = memory_tables,
    .table = memory_table,
    .create_table = memory_create_table,
    .alter_table = memory_alter_table,
    .rename_table = memory_rename_table,
    .drop_table = memory_drop_table,
    .database = memory_database,
    .alter_database = memory_alter_database,
    .free = memory_free,
};

static enum err check_options(const struct catalog_request *r, struct error *e)
{
    for (int32_t i = 0; i < r->option_count; i++)
        if (strcmp(r->options[i].key, "type") != 0 && strcmp(r->options[i].key, "default-database") != 0)
            return error_set(e, ERR_CONFIG,
                             "catalog %s: option '%.100s' is not known; a catalog of type generic_in_memory "
                             "has type and default-database",
                             r->name, r->options[i].key);
    return OK;
}

enum err sql_memory_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e)
{
    struct memory *m = mem_zalloc(sizeof *m);
    enum err rc;

    if (m == NULL)
        return error_memory(e, sizeof *m, "a catalog");
    if ((rc = check_options(r, e)) == OK &&
        (rc = sql_catalog_make(&m->made, &memory_ops, r, "default", e)) == OK)
        rc = memory_create_database(&m->made.base, m->made.base.default_database, NULL, NULL, 0, e);
    if (rc == OK)
        *out = &m->made.base;
    else
        memory_free(&m->made.base);
    return rc;
}
