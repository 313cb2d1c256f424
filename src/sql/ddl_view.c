/* ddl_view.c: CREATE VIEW and ALTER VIEW: a query under a name, with its columns. */
#include "sql/bind.h"
#include "sql/ddl.h"

/* The columns of a view: the query's, under the names in the list if there is one. */
static enum err view_columns(struct doing *d, const struct ast_view *v, const struct schema *schema,
                             struct table_def *t)
{
    struct table_column *columns = ARENA_ARRAY(d->arena, struct table_column, schema->field_count);

    if (v->columns.count && v->columns.count != schema->field_count)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, v->columns.items[0].place,
                        "the number of columns in the view's list is %" PRId32 ", that of its query %" PRId32,
                        v->columns.count, schema->field_count);
    for (int32_t i = 0; columns && i < schema->field_count; i++) {
        const char *name = v->columns.count ? v->columns.items[i].text : schema->fields[i].name;

        for (int32_t k = 0; k < i; k++)
            if (strcmp(columns[k].name, name) == 0) {
                sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED,
                         v->columns.count ? v->columns.items[i].place : v->query->place,
                         "the view has two columns `%s`", name);
                sql_hint(d->error,
                         "give one another name: SELECT ... AS name, or CREATE VIEW v (a, b) AS ...");
                return ERR_INPUT;
            }
        columns[i] = (struct table_column){.name = name, .type = schema->fields[i].type};
    }
    t->columns = columns;
    t->column_count = schema->field_count;
    return columns ? OK : doing_memory(d);
}

static enum err bind_view(struct doing *d, const struct ast_view *v, const struct table_path *path,
                          struct table_def *t)
{
    const struct rel *rel = NULL;
    enum err rc;

    if ((rc = bind_query(d->s, d->arena, d->source, v->query, &rel, d->error)) != OK ||
        (rc = view_columns(d, v, rel->schema, t)) != OK)
        return rc;
    t->catalog = path->catalog;
    t->database = path->database;
    t->name = path->name;
    t->is_view = true;
    t->time_column = -1;
    t->query = ddl_query_text(d, v->query);
    return t->query ? OK : doing_memory(d);
}

enum err ddl_create_view(struct doing *d, const struct ast_view *v)
{
    struct table_def t = {.temporary = v->temporary, .comment = v->comment ? v->comment->text : NULL};
    struct table_path path;
    bool made = false;
    enum err rc;

    if ((rc = session_path(d->s, d->arena, &v->name, &path, d->error)) != OK ||
        (rc = bind_view(d, v, &path, &t)) != OK ||
        (rc = ddl_store_new(d, &t, v->if_not_exists, v->name.place, &made)) != OK)
        return rc;
    if (!made)
        doing_note(d, "view %s exists already and is left as it is", session_path_text(d->arena, &path));
    return OK;
}

/* Columns keep no names of their own: they are the new query's. */
static enum err change_query(struct doing *d, const struct ast_view *v, const struct table_def *old)
{
    const struct table_path path = {old->catalog, old->database, old->name};
    struct table_def t = {.temporary = old->temporary, .comment = old->comment};
    enum err rc = bind_view(d, v, &path, &t);

    return rc == OK ? ddl_store_changed(d, &t, v->name.place) : rc;
}

enum err ddl_alter_view(struct doing *d, const struct ast_view *v)
{
    const struct table_def *old = NULL;
    enum err rc = session_table(d->s, d->arena, &v->name, &old, d->error);

    if (rc == ERR_NOT_FOUND && v->if_exists) {
        *d->error = (struct sql_error){0};
        return OK;
    }
    if (rc != OK)
        return rc;
    if (!old->is_view) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, v->name.place, "`%s` is a table, not a view",
                 old->name);
        sql_hint(d->error, "use ALTER TABLE");
        return ERR_INPUT;
    }
    return v->new_name ? ddl_rename(d, old, &v->name, v->new_name) : change_query(d, v, old);
}
