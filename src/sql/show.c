/* show.c: SHOW: lists of what there is. */
#include "sql/show.h"
#include "sql/ddl_function.h"

/* A list, sorted, of those that pass. */
static enum err list(struct doing *d, const struct ast_show *show, const char *column,
                     const char *const *names, int32_t count)
{
    struct sql_names passed = {.arena = d->arena};

    for (int32_t i = 0; i < count; i++)
        if (show_passes(show, names[i]))
            sql_names_add(&passed, names[i]);
    sql_names_sort(&passed);
    return rows_of_names(d, column, passed.items, passed.count);
}

static enum err one(struct doing *d, const char *column, const char *value)
{
    return rows_of_names(d, column, &value, 1);
}

static enum err catalogs(struct doing *d, const struct ast_show *show)
{
    struct sql_names names = {.arena = d->arena};
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&d->s->catalogs, &at)) != NULL;)
        sql_names_add(&names, entry->key.ptr);
    return list(d, show, "catalog name", names.items, names.count);
}

static enum err databases(struct doing *d, const struct ast_show *show)
{
    const char **names = NULL;
    struct sql_catalog *c = NULL;
    int32_t count = 0;
    struct error e;
    enum err rc;

    if (show->from && show->from->count > 1)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, show->from->place,
                        "SHOW DATABASES FROM wants the name of a catalog, which has one part");
    if ((rc = session_catalog_at(d, show->from ? show->from->parts[0].text : d->s->catalog,
                                 show->from ? show->from->place : (struct ast_place){0}, &c)) != OK)
        return rc;
    if ((rc = c->ops->databases(c, d->arena, &names, &count, &e)) != OK)
        return doing_fail(d, show->from ? show->from->place : (struct ast_place){0}, rc, &e);
    return list(d, show, "database name", names, count);
}

/* Temporary tables (or only views) of a database join those of its catalog. */
static void add_temporary(struct doing *d, const char *catalog, const char *database, bool views_only,
                          struct sql_names *names)
{
    const struct table_def *t;

    for (size_t at = 0; (t = sql_store_next(&d->s->temporary, &at)) != NULL;)
        if (strcmp(t->catalog, catalog) == 0 && strcmp(t->database, database) == 0 &&
            (t->is_view || !views_only))
            sql_names_add(names, t->name);
}

static enum err tables(struct doing *d, const struct ast_show *show, bool views_only)
{
    struct ast_place place = show->from ? show->from->place : (struct ast_place){0};
    const char *column = views_only ? "view name" : "table name", *database = d->s->database;
    struct sql_names names = {.arena = d->arena};
    const char **found = NULL;
    struct sql_catalog *c = NULL;
    int32_t count = 0;
    struct error e;
    enum err rc;

    if (show->from)
        rc = session_database_path(d, show->from, &c, &database);
    else
        rc = session_catalog_at(d, d->s->catalog, place, &c);
    if (rc != OK || (rc = session_need_database(d, c, database, place)) != OK)
        return rc;
    if ((rc = c->ops->tables(c, database, views_only, d->arena, &found, &count, &e)) != OK)
        return doing_fail(d, place, rc, &e);
    for (int32_t i = 0; i < count; i++)
        sql_names_add(&names, found[i]);
    add_temporary(d, c->name, database, views_only, &names);
    return list(d, show, column, names.items, names.count);
}

static enum err functions(struct doing *d, const struct ast_show *show)
{
    struct sql_names names = {.arena = d->arena};
    const struct function *f;

    const char *database = d->s->database;
    struct sql_catalog *c = NULL;
    enum err rc;

    if (show->from)
        rc = session_database_path(d, show->from, &c, &database);
    else
        rc = session_catalog_at(d, d->s->catalog, (struct ast_place){0}, &c);
    if (rc != OK)
        return rc;
    ddl_function_names(d, c->name, database, &names);
    for (size_t at = 0; !show->user && (f = function_next(&at)) != NULL;)
        if (!(f->flags & FN_HIDDEN))
            sql_names_add(&names, f->name);
    return list(d, show, "function name", names.items, names.count);
}

static enum err modules(struct doing *d, const struct ast_show *show)
{
    static const char *const names[] = {"module name", "used"};
    struct rows rows = {.d = d, .column_count = show->full ? 2 : 1, .names = names, .kinds = "sb"};

    if (show_passes(show, "core")) {
        rows_add(&rows, "core");
        if (show->full)
            rows_add(&rows, "TRUE");
    }
    return rows_finish(&rows);
}

static enum err columns(struct doing *d, const struct ast_show *show)
{
    const struct table_def *t = NULL;
    enum err rc = session_table(d->s, d->arena, show->from, &t, d->error);

    return rc == OK ? show_columns(d, t, show) : rc;
}

static enum err partitions(struct doing *d, const struct ast_show *show, struct ast_place place)
{
    const struct table_def *t = NULL;
    enum err rc = session_table(d->s, d->arena, show->from, &t, d->error);

    if (rc != OK)
        return rc;
    if (t->partition_count == 0)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, show->from->place,
                        "table %s.%s.%s is not partitioned", t->catalog, t->database, t->name);
    return doing_unsupported(d, place, "SHOW PARTITIONS", NULL);
}

static enum err text_result(struct doing *d, struct bytes *text)
{
    const char *copy = text->failed ? NULL : arena_text(d->arena, bytes_all(text));

    bytes_fini(text);
    return copy ? one(d, "result", copy) : doing_memory(d);
}

/* SHOW CREATE TABLE of a view, and the other way round, says which one to use. */
static enum err create_of(struct doing *d, const struct ast_show *show, bool view)
{
    const struct table_def *t = NULL;
    struct bytes text = {0};
    enum err rc = session_table(d->s, d->arena, show->from, &t, d->error);

    if (rc != OK)
        return rc;
    if (t->is_view != view) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, show->from->place,
                 "SHOW CREATE %s is only supported for %ss, but `%s`.`%s`.`%s` is a %s",
                 view ? "VIEW" : "TABLE", view ? "view" : "table", t->catalog, t->database, t->name,
                 view ? "table" : "view");
        sql_hint(d->error, "use SHOW CREATE %s instead", view ? "TABLE" : "VIEW");
        return ERR_INPUT;
    }
    if (view)
        show_create_view(t, &text);
    else
        show_create_table(t, &text);
    return text_result(d, &text);
}

static enum err create_catalog(struct doing *d, const struct ast_show *show)
{
    struct sql_catalog *c = NULL;
    struct bytes text = {0};
    enum err rc = session_catalog_at(d, show->from->parts[0].text, show->from->place, &c);

    if (rc != OK)
        return rc;
    show_create_catalog(c, &text);
    return text_result(d, &text);
}

enum err show_execute(struct doing *d, const struct ast_show *show, struct ast_place place)
{
    switch (show->kind) {
    case AST_SHOW_CATALOGS:
        return catalogs(d, show);
    case AST_SHOW_CURRENT_CATALOG:
        return one(d, "current catalog name", d->s->catalog);
    case AST_SHOW_DATABASES:
        return databases(d, show);
    case AST_SHOW_CURRENT_DATABASE:
        return one(d, "current database name", d->s->database);
    case AST_SHOW_TABLES:
        return tables(d, show, false);
    case AST_SHOW_VIEWS:
        return tables(d, show, true);
    case AST_SHOW_FUNCTIONS:
        return functions(d, show);
    case AST_SHOW_MODULES:
        return modules(d, show);
    case AST_SHOW_PROCEDURES:
        return rows_of_names(d, "procedure name", NULL, 0);
    case AST_SHOW_COLUMNS:
        return columns(d, show);
    case AST_SHOW_CREATE_TABLE:
        return create_of(d, show, false);
    case AST_SHOW_CREATE_VIEW:
        return create_of(d, show, true);
    case AST_SHOW_CREATE_CATALOG:
        return create_catalog(d, show);
    case AST_SHOW_PARTITIONS:
        return partitions(d, show, place);
    case AST_SHOW_JARS:
        return rows_of_names(d, "jars", NULL, 0);
    case AST_SHOW_JOBS:
        return doing_unsupported(d, place, "SHOW JOBS", "use `weir list`, or GET /jobs");
    case AST_SHOW_CREATE_MODEL:
    case AST_SHOW_MODELS:
        return doing_unsupported(d, place, "SHOW MODELS", NULL);
    }
    assert(false); /* no such kind */
    return OK;
}
