/* ddl_drop.c: DROP of all kinds of things. */
#include "sql/ddl.h"
#include "sql/ddl_function.h"

static enum err drop_catalog(struct doing *d, const struct ast_drop *drop)
{
    struct sql_catalog *c = NULL;
    enum err rc = session_catalog_at(d, drop->name.parts[0].text, drop->name.place, &c);

    if (rc == ERR_NOT_FOUND && drop->if_exists)
        return OK;
    if (rc != OK)
        return rc;
    if (strcmp(c->name, d->s->catalog) == 0) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, drop->name.place,
                 "Cannot drop a catalog which is currently in use: `%s`", c->name);
        sql_hint(d->error, "USE CATALOG another one first");
        return ERR_INPUT;
    }
    map_remove(&d->s->catalogs, slice_text(c->name));
    c->ops->free(c);
    return OK;
}

static enum err drop_database(struct doing *d, const struct ast_drop *drop)
{
    struct sql_catalog *c = NULL;
    const char *name = NULL;
    bool exists = false;
    struct error e;
    enum err rc;

    if ((rc = session_database_path(d, &drop->name, &c, &name)) != OK)
        return rc == ERR_NOT_FOUND && drop->if_exists ? OK : rc;
    if ((rc = c->ops->database_exists(c, name, &exists, &e)) != OK)
        return doing_fail(d, drop->name.place, rc, &e);
    if (!exists)
        return drop->if_exists ? OK
                               : session_no_database(d->s, d->arena, c, name, drop->name.place, d->error);
    if (strcmp(c->name, d->s->catalog) == 0 && strcmp(name, d->s->database) == 0) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, drop->name.place,
                 "Cannot drop a database which is currently in use: `%s`", name);
        sql_hint(d->error, "USE another one first");
        return ERR_INPUT;
    }
    rc = c->ops->drop_database(c, name, drop->cascade, &e);
    return rc == OK ? OK : doing_fail(d, drop->name.place, rc, &e);
}

static enum err check_kind(struct doing *d, const struct ast_drop *drop, const struct table_def *t)
{
    bool view = drop->object == AST_OBJECT_VIEW;

    if (t->is_view == view)
        return OK;
    sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, drop->name.place, "`%s` is a %s, not a %s", t->name,
             t->is_view ? "view" : "table", view ? "view" : "table");
    sql_hint(d->error, "use DROP %s%s", t->temporary ? "TEMPORARY " : "", t->is_view ? "VIEW" : "TABLE");
    return ERR_INPUT;
}

static enum err drop_temporary(struct doing *d, const struct ast_drop *drop, const struct table_path *path)
{
    const struct table_def *t = session_temporary(d->s, d->arena, path);
    enum err rc;

    if (t == NULL && drop->if_exists)
        return OK;
    if (t == NULL)
        return sql_fail(d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, drop->name.place,
                        "temporary %s `%s` does not exist in %s.%s",
                        drop->object == AST_OBJECT_VIEW ? "view" : "table", path->name, path->catalog,
                        path->database);
    if ((rc = check_kind(d, drop, t)) == OK)
        sql_store_remove(&d->s->temporary, session_key(d->arena, path));
    return rc;
}

static enum err drop_table(struct doing *d, const struct ast_drop *drop)
{
    const struct table_def *t = NULL;
    struct sql_catalog *c = NULL;
    struct table_path path;
    struct error e;
    enum err rc;

    if ((rc = session_path(d->s, d->arena, &drop->name, &path, d->error)) != OK)
        return rc;
    if (drop->temporary)
        return drop_temporary(d, drop, &path);
    if (session_temporary(d->s, d->arena, &path)) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, drop->name.place,
                 "there is a temporary table or view `%s`, which hides the permanent one", path.name);
        sql_hint(d->error, "drop the temporary one first: DROP TEMPORARY ...");
        return ERR_INPUT;
    }
    if ((rc = session_load(d->s, d->arena, &path, drop->name.place, &t, d->error)) != OK)
        return rc == ERR_NOT_FOUND && drop->if_exists ? OK : rc;
    if ((rc = check_kind(d, drop, t)) != OK ||
        (rc = session_catalog_at(d, path.catalog, drop->name.place, &c)) != OK)
        return rc;
    rc = c->ops->drop_table(c, path.database, path.name, &e);
    return rc == OK ? OK : doing_fail(d, drop->name.place, rc, &e);
}

static enum err drop_by_kind(struct doing *d, const struct ast_drop *drop)
{
    switch (drop->object) {
    case AST_OBJECT_CATALOG:
        return drop_catalog(d, drop);
    case AST_OBJECT_DATABASE:
        return drop_database(d, drop);
    case AST_OBJECT_TABLE:
    case AST_OBJECT_VIEW:
        return drop_table(d, drop);
    case AST_OBJECT_FUNCTION:
        return ddl_drop_function(d, drop);
    case AST_OBJECT_MATERIALIZED_TABLE:
        return doing_unsupported(d, drop->name.place, "DROP MATERIALIZED TABLE", NULL);
    case AST_OBJECT_MODEL:
    case AST_OBJECT_JOB:
        break;
    }
    return doing_unsupported(d, drop->name.place, "DROP MODEL", NULL);
}

enum err ddl_drop(struct doing *d, const struct ast_drop *drop)
{
    enum err rc = drop_by_kind(d, drop);

    if (rc == OK)
        *d->error = (struct sql_error){0}; /* IF EXISTS: what was not there is no error */
    return rc;
}
