/* ddl_alter.c: ALTER TABLE: which table, and the actions that do not touch its columns. */
#include "sql/ddl_alter.h"

static enum err store(struct draft *dr, const struct ast_alter *a)
{
    const struct table_def *t = NULL;
    enum err rc = draft_finish(dr, &t);

    return rc == OK ? ddl_store_changed(dr->d, t, a->name.place) : rc;
}

static enum err reset_options(struct draft *dr, const struct ast_alter *a)
{
    for (int32_t i = 0; i < a->keys.count; i++)
        if (strcmp(a->keys.items[i].text, "connector") == 0) {
            sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, a->keys.items[i].place,
                     "option 'connector' cannot be reset: a table is nothing without it");
            sql_hint(dr->d->error, "set another one: ALTER TABLE %s SET ('connector' = '...')",
                     dr->path.name);
            return ERR_INPUT;
        }
    return ddl_options_without(dr->d, dr->options, dr->option_count, &a->keys, &dr->options,
                               &dr->option_count);
}

static enum err drop_key(struct draft *dr, const struct ast_alter *a)
{
    const char *wanted = a->action == AST_ALTER_DROP_CONSTRAINT ? a->column.parts[0].text : NULL;
    const char *name = dr->key_name;

    if (dr->key.count == 0)
        return sql_fail(dr->d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, a->name.place,
                        "table `%s` has no PRIMARY KEY", dr->path.name);
    if (name == NULL) { /* as SHOW CREATE TABLE calls it */
        name = "PK";
        for (int32_t i = 0; name && i < dr->key.count; i++)
            name = arena_printf(dr->d->arena, "%s_%s", name, dr->key.items[i].text);
    }
    if (name == NULL)
        return doing_memory(dr->d);
    if (wanted && strcmp(wanted, name) != 0) {
        sql_fail(dr->d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, a->column.place,
                 "table `%s` has no constraint `%s`", dr->path.name, wanted);
        sql_hint(dr->d->error, "its PRIMARY KEY is called `%s`", name);
        return ERR_NOT_FOUND;
    }
    dr->key = (struct ast_words){0};
    dr->key_name = NULL;
    return OK;
}

static enum err drop_watermark(struct draft *dr, const struct ast_alter *a)
{
    if (dr->time.text == NULL)
        return sql_fail(dr->d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, a->name.place,
                        "table `%s` has no WATERMARK", dr->path.name);
    dr->time.text = NULL;
    return OK;
}

static enum err unsupported(struct draft *dr, const struct ast_alter *a)
{
    static const struct {
        enum ast_alter_action action;
        const char *what;
    } table[] = {
        {AST_ALTER_DROP_DISTRIBUTION, "ALTER TABLE ... DROP DISTRIBUTION"},
        {AST_ALTER_ADD_PARTITIONS, "ALTER TABLE ... ADD PARTITION"},
        {AST_ALTER_DROP_PARTITIONS, "ALTER TABLE ... DROP PARTITION"},
        {AST_ALTER_COMPACT, "ALTER TABLE ... COMPACT"},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].action == a->action)
            return doing_unsupported(dr->d, a->name.place, table[i].what, NULL);
    return doing_unsupported(dr->d, a->name.place, "this ALTER TABLE", NULL);
}

static enum err change(struct draft *dr, const struct ast_alter *a)
{
    switch (a->action) {
    case AST_ALTER_SET:
        return draft_options(dr, &a->options);
    case AST_ALTER_RESET:
        return reset_options(dr, a);
    case AST_ALTER_ADD:
        return alter_add(dr, a);
    case AST_ALTER_MODIFY:
        return alter_modify(dr, a);
    case AST_ALTER_RENAME_COLUMN:
        return alter_rename_column(dr, a);
    case AST_ALTER_DROP_COLUMNS:
        return alter_drop_columns(dr, a);
    case AST_ALTER_DROP_CONSTRAINT:
    case AST_ALTER_DROP_PRIMARY_KEY:
        return drop_key(dr, a);
    case AST_ALTER_DROP_WATERMARK:
        return drop_watermark(dr, a);
    default:
        return unsupported(dr, a);
    }
}

/* A column under another name, told to catalogs that must know. */
static enum err rename_stored(struct draft *dr, const struct ast_alter *a, bool *done)
{
    struct sql_catalog *c = NULL;
    const struct table_def *t = NULL;
    struct error e;
    enum err rc;

    *done = false;
    if (a->action != AST_ALTER_RENAME_COLUMN || dr->temporary)
        return OK;
    if ((rc = session_catalog_at(dr->d, dr->path.catalog, a->name.place, &c)) != OK)
        return rc;
    if (c->ops->rename_column == NULL)
        return OK;
    if ((rc = draft_finish(dr, &t)) != OK)
        return rc;
    *done = true;
    rc = c->ops->rename_column(c, dr->path.database, dr->path.name, a->column.parts[0].text,
                               a->new_column.text, &e);
    return rc == OK ? OK : doing_fail(dr->d, a->column.place, rc, &e);
}

enum err ddl_alter_table(struct doing *d, const struct ast_alter *a)
{
    const struct table_def *old = NULL;
    struct draft dr;
    bool done = false;
    enum err rc = session_table(d->s, d->arena, &a->name, &old, d->error);

    if (rc == ERR_NOT_FOUND && a->if_exists) {
        *d->error = (struct sql_error){0};
        return OK;
    }
    if (rc != OK)
        return rc;
    if (old->is_view) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, a->name.place, "`%s` is a view, not a table",
                 old->name);
        sql_hint(d->error, "use ALTER VIEW");
        return ERR_INPUT;
    }
    if (a->action == AST_ALTER_RENAME)
        return ddl_rename(d, old, &a->name, a->new_name);
    draft_of(&dr, d, old, a->name.place);
    if (d->arena->failed)
        return doing_memory(d);
    if ((rc = change(&dr, a)) != OK || (rc = rename_stored(&dr, a, &done)) != OK)
        return rc;
    return done ? OK : store(&dr, a);
}
