/* ddl_object.c: catalogs and databases: made and changed. */
#include "iceberg/catalog_store.h"
#include "sql/ddl_override.h"

/* --- catalogs --- */

/* The name of a catalog has one part. */
static enum err catalog_name(struct doing *d, const struct ast_name *name, const char **out)
{
    *out = name->parts[0].text;
    if (name->count == 1)
        return OK;
    return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, name->place,
                    "the name of a catalog has one part");
}

static enum err new_catalog(struct doing *d, const struct catalog_request *wanted, struct ast_place place,
                            struct sql_catalog **out)
{
    struct catalog_request r = *wanted;
    struct error e;
    enum err rc;

    r.config = d->s->config;
    r.fs = d->s->env.fs;
    r.clock = d->s->env.clock;
    rc = sql_catalog_new(&r, out, &e);
    return rc == OK ? OK : doing_fail(d, place, rc, &e);
}

/* Of the many options of S3FileIO those that say how the store is reached count. */
static void note_store(struct doing *d, const struct table_option *options, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strncmp(options[i].key, "s3.", 3) == 0 && !catalog_store_option(options[i].key))
            doing_note(d, "option '%s' has no effect: weir has its own client for S3", options[i].key);
}

enum err ddl_create_catalog(struct doing *d, const struct ast_create_object *o)
{
    struct catalog_request r = {.comment = o->comment ? o->comment->text : NULL};
    struct sql_catalog *c = NULL;
    enum err rc;

    if ((rc = catalog_name(d, &o->name, &r.name)) != OK)
        return rc;
    if (session_find_catalog(d->s, r.name)) {
        if (o->if_not_exists)
            return OK;
        sql_fail(d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, o->name.place, "catalog `%s` exists already",
                 r.name);
        sql_hint(d->error, "drop it first, or write IF NOT EXISTS");
        return ERR_EXISTS;
    }
    if ((rc = ddl_options(d, &o->options, &r.options, &r.option_count)) != OK ||
        (rc = ddl_override_catalog(d, r.name, &r.options, &r.option_count)) != OK ||
        (rc = new_catalog(d, &r, o->name.place, &c)) != OK)
        return rc;
    if (!map_put(&d->s->catalogs, slice_text(r.name), c)) {
        c->ops->free(c);
        return doing_memory(d);
    }
    note_store(d, r.options, r.option_count);
    return OK;
}

/* With other options a catalog is another one: made anew, so that a wrong option leaves the old one. */
static enum err change_catalog(struct doing *d, const struct ast_alter *a, struct sql_catalog *old)
{
    struct catalog_request r = {.name = old->name, .comment = old->comment};
    const struct table_option *list = NULL;
    struct sql_catalog *c = NULL;
    int32_t count = 0;
    enum err rc;

    if (strcmp(old->ops->type, "generic_in_memory") == 0)
        return doing_unsupported(d, a->name.place, "ALTER CATALOG of a catalog in memory",
                                 "its tables would be lost; create another");
    for (int32_t i = 0; i < a->keys.count; i++)
        if (strcmp(a->keys.items[i].text, "type") == 0)
            return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, a->keys.items[i].place,
                            "option 'type' of a catalog cannot be reset");
    if (a->action == AST_ALTER_SET) {
        if ((rc = ddl_options(d, &a->options, &list, &count)) == OK)
            rc = ddl_options_merge(d, old->options, old->option_count, list, count, &r.options,
                                   &r.option_count);
    } else {
        rc = ddl_options_without(d, old->options, old->option_count, &a->keys, &r.options, &r.option_count);
    }
    if (rc != OK || (rc = new_catalog(d, &r, a->name.place, &c)) != OK)
        return rc;
    if (!map_put(&d->s->catalogs, slice_text(old->name), c)) {
        c->ops->free(c);
        return doing_memory(d);
    }
    old->ops->free(old);
    note_store(d, list, count);
    return OK;
}

enum err ddl_alter_catalog(struct doing *d, const struct ast_alter *a)
{
    struct sql_catalog *c = NULL;
    const char *name;
    enum err rc;

    if ((rc = catalog_name(d, &a->name, &name)) != OK ||
        (rc = session_catalog_at(d, name, a->name.place, &c)) != OK)
        return rc;
    if (a->action == AST_ALTER_COMMENT)
        return sql_catalog_set_comment(c, a->comment.text) ? OK : doing_memory(d);
    return change_catalog(d, a, c);
}

/* --- databases --- */

enum err ddl_create_database(struct doing *d, const struct ast_create_object *o)
{
    const struct table_option *options = NULL;
    struct sql_catalog *c = NULL;
    const char *name = NULL;
    int32_t count = 0;
    struct error e;
    enum err rc;

    if ((rc = session_database_path(d, &o->name, &c, &name)) != OK ||
        (rc = ddl_options(d, &o->options, &options, &count)) != OK)
        return rc;
    rc = c->ops->create_database(c, name, o->comment ? o->comment->text : NULL, options, count, &e);
    if (rc == ERR_EXISTS && o->if_not_exists)
        return OK;
    if (rc != OK)
        doing_fail(d, o->name.place, rc, &e);
    if (rc == ERR_EXISTS)
        sql_hint(d->error, "drop it first, or write IF NOT EXISTS");
    return rc;
}

enum err ddl_alter_database(struct doing *d, const struct ast_alter *a)
{
    struct database_def def = {0};
    const struct table_option *list = NULL;
    struct sql_catalog *c = NULL;
    const char *name = NULL;
    int32_t count = 0;
    struct error e;
    enum err rc;

    if ((rc = session_database_path(d, &a->name, &c, &name)) != OK ||
        (rc = session_need_database(d, c, name, a->name.place)) != OK)
        return rc;
    if ((rc = c->ops->database(c, name, d->arena, &def, &e)) != OK)
        return doing_fail(d, a->name.place, rc, &e);
    if ((rc = ddl_options(d, &a->options, &list, &count)) != OK ||
        (rc = ddl_options_merge(d, def.options, def.option_count, list, count, &def.options,
                                &def.option_count)) != OK)
        return rc;
    rc = c->ops->alter_database(c, name, &def, &e);
    return rc == OK ? OK : doing_fail(d, a->name.place, rc, &e);
}
