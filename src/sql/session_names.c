/* session_names.c: names to catalogs, databases and tables, and what was probably meant when there are
 * none. */
#include "sql/session_internal.h"

/* --- paths --- */

enum err session_path(struct session *s, struct arena *arena, const struct ast_name *name,
                      struct table_path *out, struct sql_error *error)
{
    const char *part[3] = {s->catalog, s->database, NULL};

    if (name->count > 3) {
        sql_fail(error, ERR_INPUT, SQL_VALIDATION_FAILED, name->place,
                 "the name of a table has three parts at most, catalog.database.table; this one has %" PRId32,
                 name->count);
        sql_hint(error, "put a name that has dots in it in back-ticks: `a.b`");
        return ERR_INPUT;
    }
    for (int32_t i = 0; i < name->count; i++)
        part[3 - name->count + i] = name->parts[i].text;
    *out = (struct table_path){arena_strdup(arena, part[0]), arena_strdup(arena, part[1]),
                               arena_strdup(arena, part[2])};
    return arena->failed ? sql_fail(error, ERR_MEMORY, NULL, name->place, "no memory for a name") : OK;
}

const char *session_path_text(struct arena *arena, const struct table_path *p)
{
    const char *text = arena_printf(arena, "%s.%s.%s", p->catalog, p->database, p->name);

    return text ? text : p->name;
}

const char *session_path_quoted(struct arena *arena, const struct table_path *p)
{
    struct bytes text = {0};
    const char *copy;

    ast_print_word(p->catalog, &text);
    bytes_text(&text, ".");
    ast_print_word(p->database, &text);
    bytes_text(&text, ".");
    ast_print_word(p->name, &text);
    arena->failed |= text.failed;
    copy = text.failed ? NULL : arena_text(arena, bytes_all(&text));
    bytes_fini(&text);
    return copy;
}

struct slice session_key(struct arena *arena, const struct table_path *p)
{
    return slice_text(arena_printf(arena, "%s\n%s\n%s", p->catalog, p->database, p->name));
}

const struct table_def *session_temporary(struct session *s, struct arena *arena, const struct table_path *p)
{
    struct slice key = session_key(arena, p);

    return key.ptr ? sql_store_get(&s->temporary, key) : NULL;
}

/* --- nothing of that name --- */

static enum err no_catalog(struct session *s, struct arena *arena, const char *name, struct ast_place place,
                           struct sql_error *error)
{
    struct sql_names names = {.arena = arena};
    struct map_entry *entry;
    const char *nearest;

    for (size_t at = 0; (entry = map_next(&s->catalogs, &at)) != NULL;)
        sql_names_add(&names, entry->key.ptr);
    sql_fail(error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, place, "catalog `%s` does not exist", name);
    nearest = names.count ? sql_nearest(name, names.items, (size_t)names.count) : NULL;
    if (nearest)
        sql_hint(error, "did you mean `%s`?", nearest);
    else
        sql_hint(error, "make it by CREATE CATALOG, or see SHOW CATALOGS");
    return ERR_NOT_FOUND;
}

enum err session_catalog_at(struct doing *d, const char *name, struct ast_place place,
                            struct sql_catalog **out)
{
    *out = session_find_catalog(d->s, name);
    return *out ? OK : no_catalog(d->s, d->arena, name, place, d->error);
}

enum err session_no_database(struct session *s, struct arena *arena, struct sql_catalog *c,
                             const char *database, struct ast_place place, struct sql_error *error)
{
    const char **names = NULL, *nearest = NULL;
    int32_t count = 0;
    struct error ignored;

    sql_fail(error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, place, "database `%s` does not exist in %s",
             database, c->name);
    if (c->ops->databases(c, arena, &names, &count, &ignored) == OK && count)
        nearest = sql_nearest(database, names, (size_t)count);
    if (nearest)
        sql_hint(error, "did you mean `%s`?", nearest);
    else if (session_find_catalog(s, database))
        sql_hint(error, "there is a catalog of that name: USE CATALOG `%s`", database);
    else
        sql_hint(error, "make it by CREATE DATABASE, or see SHOW DATABASES");
    return ERR_NOT_FOUND;
}

/* Names of tables in p's database, temporary ones too. */
static void tables_near(struct session *s, struct sql_catalog *c, const struct table_path *p,
                        struct sql_names *names)
{
    const char **found = NULL;
    int32_t count = 0;
    const struct table_def *t;
    struct error ignored;

    if (c->ops->tables(c, p->database, false, names->arena, &found, &count, &ignored) == OK)
        for (int32_t i = 0; i < count; i++)
            sql_names_add(names, found[i]);
    for (size_t at = 0; (t = sql_store_next(&s->temporary, &at)) != NULL;)
        if (strcmp(t->catalog, p->catalog) == 0 && strcmp(t->database, p->database) == 0)
            sql_names_add(names, t->name);
}

static enum err no_table(struct session *s, struct arena *arena, struct sql_catalog *c,
                         const struct table_path *p, struct ast_place place, struct sql_error *error)
{
    struct sql_names names = {.arena = arena};
    const char *nearest = NULL;

    sql_fail(error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, place, "table `%s` does not exist in %s.%s",
             p->name, p->catalog, p->database);
    tables_near(s, c, p, &names);
    if (names.count)
        nearest = sql_nearest(p->name, names.items, (size_t)names.count);
    if (nearest)
        sql_hint(error, "did you mean `%s`?", nearest);
    else if (names.count == 0)
        sql_hint(error, "there are no tables in %s.%s", p->catalog, p->database);
    return ERR_NOT_FOUND;
}

/* --- finding --- */

enum err session_need_database(struct doing *d, struct sql_catalog *c, const char *database,
                               struct ast_place place)
{
    bool exists = false;
    struct error e;
    enum err rc = c->ops->database_exists(c, database, &exists, &e);

    if (rc != OK)
        return doing_fail(d, place, rc, &e);
    return exists ? OK : session_no_database(d->s, d->arena, c, database, place, d->error);
}

enum err session_database_path(struct doing *d, const struct ast_name *name, struct sql_catalog **catalog,
                               const char **database)
{
    const struct ast_word *last = &name->parts[name->count - 1];
    enum err rc;

    if (name->count > 2)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, name->place,
                        "the name of a database has two parts at most, catalog.database; this one has "
                        "%" PRId32,
                        name->count);
    rc = session_catalog_at(d, name->count == 2 ? name->parts[0].text : d->s->catalog, name->parts[0].place,
                            catalog);
    *database = last->text;
    return rc;
}

enum err session_load(struct session *s, struct arena *arena, const struct table_path *p,
                      struct ast_place place, const struct table_def **out, struct sql_error *error)
{
    struct sql_catalog *c = session_find_catalog(s, p->catalog);
    const struct table_def *t = session_temporary(s, arena, p);
    struct doing d = {.s = s, .arena = arena, .error = error};
    bool exists = false;
    struct error e, ignored;
    enum err rc;

    if (t) {
        *out = table_def_copy(arena, t);
        return *out ? OK : doing_memory(&d);
    }
    if (c == NULL)
        return no_catalog(s, arena, p->catalog, place, error);
    rc = c->ops->table(c, p->database, p->name, arena, out, &e);
    if (rc == ERR_NOT_FOUND && c->ops->database_exists(c, p->database, &exists, &ignored) == OK && !exists)
        return session_no_database(s, arena, c, p->database, place, error);
    if (rc == ERR_NOT_FOUND)
        return no_table(s, arena, c, p, place, error);
    return rc == OK ? OK : doing_fail(&d, place, rc, &e);
}

enum err session_table(struct session *s, struct arena *arena, const struct ast_name *name,
                       const struct table_def **out, struct sql_error *error)
{
    struct table_path path;
    enum err rc = session_path(s, arena, name, &path, error);

    return rc == OK ? session_load(s, arena, &path, name->place, out, error) : rc;
}
