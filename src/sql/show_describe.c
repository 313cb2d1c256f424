/* show_describe.c: DESCRIBE and SHOW COLUMNS: a table's columns as rows; DESCRIBE CATALOG and DATABASE. */
#include "sql/ddl_function.h"
#include "sql/show.h"
#include <strings.h>

bool show_is_proctime(const struct table_column *c)
{
    return c->kind == AST_COMPUTED &&
           (strcasecmp(c->expr, "PROCTIME()") == 0 || strcasecmp(c->expr, "`PROCTIME`()") == 0);
}

static const char *text_of(struct doing *d, struct bytes *text)
{
    const char *copy = text->failed ? NULL : arena_text(d->arena, bytes_all(text));

    d->arena->failed |= copy == NULL;
    bytes_fini(text);
    return copy;
}

/* Without NOT NULL, which has a column of its own; time attributes say so. */
static const char *type_text(struct doing *d, const struct table_def *t, int32_t column)
{
    const struct table_column *c = &t->columns[column];
    const struct type *type = type_nullable(d->arena, c->type, true);
    struct bytes text = {0};

    if (type == NULL)
        return NULL;
    type_print(type, &text);
    if (column == t->time_column)
        bytes_text(&text, " *ROWTIME*");
    else if (show_is_proctime(c))
        bytes_text(&text, " *PROCTIME*");
    return text_of(d, &text);
}

/* PRI(a, b) for each column of the key. */
static const char *key_text(struct doing *d, const struct table_def *t, int32_t column)
{
    struct bytes text = {0};
    bool within = false;

    for (int32_t i = 0; i < t->key_count; i++) {
        within |= t->key[i] == column;
        bytes_printf(&text, "%s%s", i ? ", " : "PRI(", t->columns[t->key[i]].name);
    }
    bytes_text(&text, ")");
    if (within)
        return text_of(d, &text);
    bytes_fini(&text);
    return NULL;
}

static const char *extras_text(struct doing *d, const struct table_column *c)
{
    struct bytes text = {0};

    if (c->kind == AST_PHYSICAL)
        return NULL;
    if (c->kind == AST_COMPUTED) {
        bytes_printf(&text, "AS %s", c->expr);
        return text_of(d, &text);
    }
    bytes_text(&text, "METADATA");
    if (strcmp(c->metadata_key, c->name) != 0) {
        bytes_text(&text, " FROM ");
        ast_print_text(slice_text(c->metadata_key), &text);
    }
    if (c->is_virtual)
        bytes_text(&text, " VIRTUAL");
    return text_of(d, &text);
}

enum err show_columns(struct doing *d, const struct table_def *t, const struct ast_show *filter)
{
    static const char *const names[] = {"name", "type", "null", "key", "extras", "watermark", "comment"};
    struct rows rows = {.d = d, .column_count = 6, .names = names, .kinds = "ssbssss"};

    for (int32_t i = 0; i < t->column_count; i++)
        if (t->columns[i].comment)
            rows.column_count = 7;
    for (int32_t i = 0; i < t->column_count; i++) {
        const struct table_column *c = &t->columns[i];

        if (!show_passes(filter, c->name))
            continue;
        rows_add(&rows, c->name);
        rows_add(&rows, type_text(d, t, i));
        rows_add(&rows, c->type->nullable ? "TRUE" : "FALSE");
        rows_add(&rows, key_text(d, t, i));
        rows_add(&rows, extras_text(d, c));
        rows_add(&rows, i == t->time_column ? t->watermark : NULL);
        if (rows.column_count == 7)
            rows_add(&rows, c->comment);
    }
    return rows_finish(&rows);
}

/* --- catalogs and databases --- */

static const char *const info[] = {"info name", "info value"};

static void add_info(struct rows *rows, const char *name, const char *value)
{
    rows_add(rows, name);
    rows_add(rows, value);
}

/* Options by name. */
static void add_options(struct rows *rows, const struct table_option *options, int32_t count)
{
    struct sql_names keys = {.arena = rows->d->arena};

    for (int32_t i = 0; i < count; i++)
        if (strcmp(options[i].key, "type") != 0)
            sql_names_add(&keys, options[i].key);
    sql_names_sort(&keys);
    for (int32_t i = 0; i < keys.count; i++)
        add_info(rows, arena_printf(rows->d->arena, "option:%s", keys.items[i]),
                 sql_option(options, count, keys.items[i]));
}

static enum err describe_catalog(struct doing *d, const struct ast_describe *x)
{
    struct rows rows = {.d = d, .column_count = 2, .names = info};
    struct sql_catalog *c = NULL;
    enum err rc = session_catalog_at(d, x->name.parts[0].text, x->name.place, &c);

    if (rc != OK)
        return rc;
    add_info(&rows, "name", c->name);
    add_info(&rows, "type", c->ops->type);
    add_info(&rows, "comment", c->comment);
    if (x->extended)
        add_options(&rows, c->options, c->option_count);
    return rows_finish(&rows);
}

static enum err describe_database(struct doing *d, const struct ast_describe *x)
{
    struct rows rows = {.d = d, .column_count = 2, .names = info};
    struct database_def def = {0};
    struct sql_catalog *c = NULL;
    const char *database = NULL;
    struct error e;
    enum err rc;

    if ((rc = session_database_path(d, &x->name, &c, &database)) != OK ||
        (rc = session_need_database(d, c, database, x->name.place)) != OK)
        return rc;
    if ((rc = c->ops->database(c, database, d->arena, &def, &e)) != OK)
        return doing_fail(d, x->name.place, rc, &e);
    add_info(&rows, "name", database);
    add_info(&rows, "catalog", c->name);
    add_info(&rows, "comment", def.comment);
    if (x->extended)
        add_options(&rows, def.options, def.option_count);
    return rows_finish(&rows);
}

enum err show_describe(struct doing *d, const struct ast_describe *x, struct ast_place place)
{
    const struct table_def *t = NULL;
    enum err rc;

    switch (x->object) {
    case AST_OBJECT_CATALOG:
        return describe_catalog(d, x);
    case AST_OBJECT_DATABASE:
        return describe_database(d, x);
    case AST_OBJECT_TABLE:
    case AST_OBJECT_VIEW:
        rc = session_table(d->s, d->arena, &x->name, &t, d->error);
        return rc == OK ? show_columns(d, t, NULL) : rc;
    case AST_OBJECT_JOB:
        return doing_unsupported(d, place, "DESCRIBE JOB", "use `weir list`, or GET /jobs/<job id>");
    case AST_OBJECT_FUNCTION:
        return ddl_describe_function(d, x);
    case AST_OBJECT_MODEL:
    case AST_OBJECT_MATERIALIZED_TABLE:
        break;
    }
    return doing_unsupported(d, place, "DESCRIBE of this kind", NULL);
}
