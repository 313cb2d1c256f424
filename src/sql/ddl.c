/* ddl.c: what statements that make and change things have in common: options, and where definitions go. */
#include "sql/ddl.h"

/* --- options --- */

static int32_t find(const struct table_option *list, int32_t count, const char *key)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(list[i].key, key) == 0)
            return i;
    return -1;
}

/* Set key in list, which has room for one more. */
static void put(struct table_option *list, int32_t *count, const char *key, const char *value)
{
    int32_t at = find(list, *count, key);

    list[at < 0 ? (*count)++ : at] = (struct table_option){key, value};
}

enum err ddl_options(struct doing *d, const struct ast_options *given, const struct table_option **out,
                     int32_t *count)
{
    struct table_option *list = ARENA_ARRAY(d->arena, struct table_option, given->count);

    *count = 0;
    for (int32_t i = 0; list && i < given->count; i++) {
        const struct ast_option *o = &given->items[i];

        if (*o->key.text == '\0')
            return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, o->key.place,
                            "the name of an option is empty");
        if (find(list, *count, o->key.text) >= 0)
            doing_note(d, "option '%s' is given twice; the later counts", o->key.text);
        put(list, count, o->key.text, o->value.text);
    }
    *out = list;
    return list ? OK : doing_memory(d);
}

enum err ddl_options_merge(struct doing *d, const struct table_option *base, int32_t base_count,
                           const struct table_option *more, int32_t more_count,
                           const struct table_option **out, int32_t *count)
{
    struct table_option *list = ARENA_ARRAY(d->arena, struct table_option, base_count + more_count);
    int32_t n = 0;

    for (int32_t i = 0; list && i < base_count; i++)
        put(list, &n, base[i].key, base[i].value);
    for (int32_t i = 0; list && i < more_count; i++)
        put(list, &n, more[i].key, more[i].value);
    *out = list;
    *count = n;
    return list ? OK : doing_memory(d);
}

enum err ddl_options_without(struct doing *d, const struct table_option *base, int32_t base_count,
                             const struct ast_words *keys, const struct table_option **out, int32_t *count)
{
    struct table_option *list = ARENA_ARRAY(d->arena, struct table_option, base_count);
    int32_t n = 0;

    for (int32_t i = 0; list && i < base_count; i++) {
        bool gone = false;

        for (int32_t k = 0; k < keys->count; k++)
            gone |= strcmp(keys->items[k].text, base[i].key) == 0;
        if (!gone)
            list[n++] = base[i];
    }
    *out = list;
    *count = n;
    return list ? OK : doing_memory(d);
}

/* --- storing --- */

static enum err store_temporary(struct doing *d, const struct table_def *t, struct ast_place place)
{
    const struct table_path path = {t->catalog, t->database, t->name};
    struct slice key = session_key(d->arena, &path);
    struct error e;
    enum err rc = key.ptr ? sql_store_put(&d->s->temporary, key, t, &e) : error_memory(&e, 0, "a name");

    return rc == OK ? OK : doing_fail(d, place, rc, &e);
}

static enum err exists(struct doing *d, const struct table_def *t, struct ast_place place)
{
    sql_fail(d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, place, "%s `%s` exists already in %s.%s",
             t->temporary ? "temporary table or view" : "table or view", t->name, t->catalog, t->database);
    sql_hint(d->error, "drop it first, or write IF NOT EXISTS");
    return ERR_EXISTS;
}

enum err ddl_store_new(struct doing *d, const struct table_def *t, bool if_not_exists, struct ast_place place,
                       bool *made)
{
    const struct table_path path = {t->catalog, t->database, t->name};
    struct sql_catalog *c = NULL;
    struct error e;
    enum err rc;

    *made = false;
    if ((rc = session_catalog_at(d, t->catalog, place, &c)) != OK)
        return rc;
    if (t->temporary) {
        if (session_temporary(d->s, d->arena, &path))
            return if_not_exists ? OK : exists(d, t, place);
        rc = store_temporary(d, t, place);
        *made = rc == OK;
        return rc;
    }
    rc = c->ops->create_table(c, t, &e);
    if (rc == ERR_EXISTS)
        return if_not_exists ? OK : exists(d, t, place);
    if (rc == ERR_NOT_FOUND)
        return session_no_database(d->s, d->arena, c, t->database, place, d->error);
    *made = rc == OK;
    return rc == OK ? OK : doing_fail(d, place, rc, &e);
}

enum err ddl_store_changed(struct doing *d, const struct table_def *t, struct ast_place place)
{
    struct sql_catalog *c = NULL;
    struct error e;
    enum err rc;

    if (t->temporary)
        return store_temporary(d, t, place);
    if ((rc = session_catalog_at(d, t->catalog, place, &c)) != OK)
        return rc;
    rc = c->ops->alter_table(c, t, &e);
    return rc == OK ? OK : doing_fail(d, place, rc, &e);
}

enum err ddl_rename(struct doing *d, const struct table_def *old, const struct ast_name *name,
                    const struct ast_name *new_name)
{
    const char *what = old->is_view ? "view" : "table";
    struct sql_catalog *c = NULL;
    struct table_path to;
    struct error e;
    enum err rc;

    if ((rc = session_path(d->s, d->arena, new_name, &to, d->error)) != OK)
        return rc;
    if (new_name->count == 1) {
        to.catalog = old->catalog;
        to.database = old->database;
    }
    if (strcmp(to.catalog, old->catalog) != 0 || strcmp(to.database, old->database) != 0)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, new_name->place,
                        "a %s keeps its database: it cannot be moved to %s.%s", what, to.catalog,
                        to.database);
    if (old->temporary)
        return doing_unsupported(d, name->place,
                                 old->is_view ? "renaming a temporary view" : "renaming a temporary table",
                                 "drop it and create it anew");
    if ((rc = session_catalog_at(d, old->catalog, name->place, &c)) != OK)
        return rc;
    rc = c->ops->rename_table(c, old->database, old->name, to.name, &e);
    return rc == OK ? OK : doing_fail(d, new_name->place, rc, &e);
}
