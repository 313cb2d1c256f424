/* session_execute.c: one statement, by its kind; and the results and failures of all of them. */
#include "base/mem.h"
#include "batch/builder.h"
#include "sql/ddl.h"
#include "sql/ddl_function.h"
#include "sql/session_internal.h"
#include "sql/show.h"
#include <stdarg.h>
#include <stdio.h>

/* --- failures and notes --- */

enum err doing_fail(struct doing *d, struct ast_place place, enum err rc, const struct error *e)
{
    bool asked = rc == ERR_INPUT || rc == ERR_CONFIG || rc == ERR_NOT_FOUND || rc == ERR_EXISTS ||
                 rc == ERR_UNSUPPORTED;

    return sql_fail(d->error, rc, asked ? SQL_VALIDATION_FAILED : NULL, place, "%s", e->text);
}

enum err doing_memory(struct doing *d)
{
    return sql_fail(d->error, ERR_MEMORY, NULL, (struct ast_place){0}, "no memory for the statement");
}

enum err doing_unsupported(struct doing *d, struct ast_place place, const char *what, const char *instead)
{
    sql_fail(d->error, ERR_UNSUPPORTED, SQL_VALIDATION_FAILED, place, "%s is not supported", what);
    if (instead)
        sql_hint(d->error, "%s", instead);
    return ERR_UNSUPPORTED;
}

void doing_note(struct doing *d, const char *fmt, ...)
{
    char text[500];
    va_list va;

    if (d->out->note)
        return;
    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    d->out->note = arena_strdup(d->arena, text);
}

/* --- rows --- */

void rows_add(struct rows *r, const char *cell)
{
    if (r->cell_count == r->capacity) {
        int32_t capacity = MAX(32, r->capacity * 2);
        const char **cells = ARENA_ARRAY(r->d->arena, const char *, capacity);

        if (cells == NULL)
            return;
        if (r->cell_count)
            memcpy(cells, r->cells, sizeof *cells * (size_t)r->cell_count);
        r->cells = cells;
        r->capacity = capacity;
    }
    r->cells[r->cell_count++] = cell;
}

static const struct schema *rows_schema(const struct rows *r)
{
    struct arena *arena = r->d->arena;
    struct field *fields = ARENA_ARRAY(arena, struct field, r->column_count);
    struct schema *schema = ARENA_NEW(arena, struct schema);

    if (fields == NULL || schema == NULL)
        return NULL;
    for (int32_t i = 0; i < r->column_count; i++)
        fields[i] = (struct field){
            .name = r->names[i],
            .type = type_simple(r->kinds && r->kinds[i] == 'b' ? TYPE_BOOLEAN : TYPE_STRING, true)};
    *schema = (struct schema){r->column_count, fields};
    return schema;
}

enum err rows_finish(struct rows *r)
{
    struct doing *d = r->d;
    const struct schema *schema = rows_schema(r);
    struct builder b;
    struct error e;
    enum err rc;

    if (d->arena->failed || schema == NULL || !builder_init(&b, schema, NULL))
        return doing_memory(d);
    for (int32_t i = 0; i < r->cell_count; i++) {
        struct column_builder *column = &b.columns[i % r->column_count];
        const char *cell = r->cells[i];

        if (cell == NULL)
            builder_null(column);
        else if (column->type->kind == TYPE_BOOLEAN)
            builder_u8(column, *cell == 'T');
        else
            builder_copied(column, cell, strlen(cell));
    }
    rc = builder_finish(&b, &d->out->rows, &e);
    builder_fini(&b);
    if (rc != OK)
        return doing_fail(d, (struct ast_place){0}, rc, &e);
    d->out->kind = RESULT_ROWS;
    d->out->schema = schema;
    return OK;
}

enum err rows_of_names(struct doing *d, const char *column, const char *const *names, int32_t count)
{
    struct rows rows = {.d = d, .column_count = 1, .names = arena_copy(d->arena, &column, sizeof column)};

    for (int32_t i = 0; i < count; i++)
        rows_add(&rows, names[i]);
    return rows_finish(&rows);
}

/* --- small statements --- */

/* Make these the current ones. */
static enum err go_to(struct doing *d, const char *catalog, const char *database)
{
    char *c = mem_strdup(catalog), *b = mem_strdup(database);

    if (c == NULL || b == NULL) {
        mem_free(c);
        mem_free(b);
        return doing_memory(d);
    }
    mem_free(d->s->catalog);
    mem_free(d->s->database);
    d->s->catalog = c;
    d->s->database = b;
    return OK;
}

static enum err use_modules(struct doing *d, const struct ast_words *modules)
{
    for (int32_t i = 0; i < modules->count; i++)
        if (strcmp(modules->items[i].text, "core") != 0)
            return sql_fail(d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, modules->items[i].place,
                            "module `%s` is not loaded; there is the module `core`", modules->items[i].text);
        else if (i > 0)
            return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, modules->items[i].place,
                            "module `core` is there twice");
    return OK;
}

enum err session_use(struct doing *d, const struct ast_use *use)
{
    struct sql_catalog *c = NULL;
    const char *database;
    enum err rc;

    if (use->kind == AST_USE_MODULES)
        return use_modules(d, &use->modules);
    if (use->kind == AST_USE_CATALOG) {
        if (use->name.count > 1)
            return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, use->name.place,
                            "the name of a catalog has one part");
        rc = session_catalog_at(d, use->name.parts[0].text, use->name.place, &c);
        return rc == OK ? go_to(d, c->name, c->default_database) : rc;
    }
    if ((rc = session_database_path(d, &use->name, &c, &database)) != OK ||
        (rc = session_need_database(d, c, database, use->name.parts[use->name.count - 1].place)) != OK)
        return rc;
    return go_to(d, c->name, database);
}

static enum err load_module(struct doing *d, const struct ast_module *m)
{
    if (strcmp(m->name.text, "core") == 0)
        return sql_fail(d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, m->name.place,
                        "module `core` is loaded already");
    sql_fail(d->error, ERR_UNSUPPORTED, SQL_VALIDATION_FAILED, m->name.place,
             "module `%s` cannot be loaded; weir has its functions in module `core`", m->name.text);
    sql_hint(d->error, "SHOW FUNCTIONS lists them");
    return ERR_UNSUPPORTED;
}

static enum err unload_module(struct doing *d, const struct ast_module *m)
{
    if (strcmp(m->name.text, "core") != 0)
        return sql_fail(d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, m->name.place,
                        "module `%s` is not loaded; there is the module `core`", m->name.text);
    return doing_unsupported(d, m->name.place, "unloading module `core`",
                             "all functions are in it, operators too");
}

static enum err add_jar(struct doing *d, const struct ast_word *path)
{
    doing_note(d, "%s is not loaded: weir runs no Java; its connectors and formats are built in", path->text);
    return OK;
}

/* --- by kind --- */

static enum err unsupported(struct doing *d, const struct ast_statement *st)
{
    static const struct {
        enum ast_statement_kind kind;
        const char *what, *instead;
    } table[] = {
        {AST_UPDATE, "UPDATE", "rows of a table with a PRIMARY KEY are replaced by INSERT INTO"},
        {AST_DELETE, "DELETE", NULL},
        {AST_TRUNCATE, "TRUNCATE TABLE", "DROP TABLE and CREATE TABLE empty a table"},
        {AST_CALL_PROCEDURE, "CALL", NULL},
        {AST_COMPILE_PLAN, "COMPILE PLAN", "weir plans a statement anew each time; use INSERT INTO"},
        {AST_EXECUTE_PLAN, "EXECUTE PLAN", "weir plans a statement anew each time; use INSERT INTO"},
        {AST_CREATE_MATERIALIZED_TABLE, "CREATE MATERIALIZED TABLE", "use CREATE TABLE and INSERT INTO"},
        {AST_ALTER_MATERIALIZED_TABLE, "ALTER MATERIALIZED TABLE", NULL},
        {AST_CREATE_MODEL, "CREATE MODEL", NULL},
        {AST_ALTER_MODEL, "ALTER MODEL", NULL},
        {AST_ALTER_FUNCTION, "ALTER FUNCTION", "DROP FUNCTION and CREATE FUNCTION make it anew"},
        {AST_STOP_JOB, "STOP JOB", "`weir sql` has it, for the jobs that it started"},
        {AST_ANALYZE, "ANALYZE TABLE", "weir's plans need no statistics"},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].kind == st->kind)
            return doing_unsupported(d, st->place, table[i].what, table[i].instead);
    return doing_unsupported(d, st->place, "this statement", NULL);
}

static enum err execute_ddl(struct doing *d, const struct ast_statement *st)
{
    switch (st->kind) {
    case AST_CREATE_TABLE:
        return ddl_create_table(d, &st->create_table, st->place);
    case AST_CREATE_VIEW:
        return ddl_create_view(d, &st->view);
    case AST_CREATE_CATALOG:
        return ddl_create_catalog(d, &st->create_object);
    case AST_CREATE_DATABASE:
        return ddl_create_database(d, &st->create_object);
    case AST_CREATE_FUNCTION:
        return ddl_create_function(d, &st->function);
    case AST_ALTER_TABLE:
        return ddl_alter_table(d, &st->alter);
    case AST_ALTER_VIEW:
        return ddl_alter_view(d, &st->view);
    case AST_ALTER_CATALOG:
        return ddl_alter_catalog(d, &st->alter);
    case AST_ALTER_DATABASE:
        return ddl_alter_database(d, &st->alter);
    case AST_DROP:
        return ddl_drop(d, &st->drop);
    default:
        return unsupported(d, st);
    }
}

static enum err execute(struct doing *d, const struct ast_statement *st)
{
    switch (st->kind) {
    case AST_QUERY:
    case AST_INSERT:
    case AST_STATEMENT_SET:
    case AST_BEGIN_STATEMENT_SET:
    case AST_END:
    case AST_EXPLAIN:
        d->out->kind = RESULT_JOB;
        return OK;
    case AST_CLIENT:
        d->out->kind = RESULT_CLIENT;
        return OK;
    case AST_SET:
        return session_set(d, &st->option);
    case AST_RESET:
        return session_reset(d, &st->option);
    case AST_USE:
        return session_use(d, &st->use);
    case AST_SHOW:
        return show_execute(d, &st->show, st->place);
    case AST_DESCRIBE:
        return show_describe(d, &st->describe, st->place);
    case AST_LOAD_MODULE:
        return load_module(d, &st->module);
    case AST_UNLOAD_MODULE:
        return unload_module(d, &st->module);
    case AST_ADD_JAR:
        return add_jar(d, &st->text);
    case AST_REMOVE_JAR:
        return doing_unsupported(d, st->place, "REMOVE JAR", "no jar is ever loaded: weir runs no Java");
    default:
        return execute_ddl(d, st);
    }
}

enum err session_execute(struct session *s, struct arena *arena, const struct sql_source *source,
                         const struct ast_statement *statement, struct result *out, struct sql_error *error)
{
    struct doing d = {.s = s, .arena = arena, .source = source, .error = error, .out = out};
    enum err rc;

    *out = (struct result){0};
    *error = (struct sql_error){0};
    rc = execute(&d, statement);
    if (rc != OK) {
        batch_unref(out->rows);
        *out = (struct result){0};
    }
    return rc;
}
