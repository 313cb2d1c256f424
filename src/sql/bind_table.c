/* bind_table.c: what stands in FROM: tables, views, subqueries, UNNEST. */
#include "sql/bind_internal.h"
#include <stdio.h>
#include <strings.h>

enum err bind_scope_of(struct binder *b, const struct schema *schema, const char *table,
                       struct ast_place place, struct scope *out)
{
    struct scope_column *columns = ARENA_ARRAY(b->arena, struct scope_column, MAX(schema->field_count, 1));

    if (columns == NULL)
        return bind_memory(b, place);
    for (int32_t i = 0; i < schema->field_count; i++)
        columns[i] = (struct scope_column){table, schema->fields[i].name, schema->fields[i].type};
    *out = (struct scope){schema->field_count, columns, false};
    return OK;
}

/* t AS x (a, b): other names for the columns from `first` on. */
enum err bind_rename_columns(struct binder *b, const struct ast_table *t, int32_t first, struct scope *scope)
{
    struct scope_column *columns;

    if (t->columns.count == 0)
        return OK;
    if (t->columns.count != scope->count - first)
        return bind_fail(b, ERR_INPUT, t->place, "%s has %d columns, and %d names are given for them",
                         t->alias ? t->alias->text : "the table", (int)(scope->count - first),
                         (int)t->columns.count);
    if ((columns = arena_copy(b->arena, scope->columns, sizeof *columns * (size_t)MAX(scope->count, 1))) ==
        NULL)
        return bind_memory(b, t->place);
    for (int32_t i = 0; i < t->columns.count; i++)
        columns[first + i].name = t->columns.items[i].text;
    scope->columns = columns;
    return OK;
}

/* --- tables --- */

/* Declared columns without the computed ones. */
static struct rel *scan(struct binder *b, const struct table_def *table, const struct ast_table *t)
{
    struct schema *schema = ARENA_NEW(b->arena, struct schema);
    struct field *fields = ARENA_ARRAY(b->arena, struct field, MAX(table->column_count, 1));
    int32_t *numbers = ARENA_ARRAY(b->arena, int32_t, MAX(table->column_count, 1));
    struct rel *r;
    int32_t n = 0;

    if (schema == NULL || fields == NULL || numbers == NULL)
        return NULL;
    for (int32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind == AST_COMPUTED)
            continue;
        numbers[n] = i;
        fields[n++] = (struct field){.name = table->columns[i].name, .type = table->columns[i].type};
    }
    *schema = (struct schema){n, fields};
    if ((r = bind_rel(b, REL_SCAN, schema, t->place, NULL)) == NULL)
        return NULL;
    r->scan.table = table;
    r->scan.alias = t->alias ? t->alias->text : table->name;
    r->scan.columns = numbers;
    for (int32_t i = 0; i < t->hints.count; i++)
        if (strcasecmp(t->hints.items[i].name.text, "OPTIONS") == 0)
            r->scan.hints = t->hints.items[i].options;
    return r;
}

/* An expression of a table's definition, over the columns of r. */
static enum err definition_expr(struct binder *b, const struct rel *r, const char *text,
                                const struct table_def *table, const char *what, const struct expr **out)
{
    struct sql_source source = {.name = table->name, .text = slice_text(text)};
    struct sql_error error = {0};
    const struct ast_expr *x;
    enum err rc = sql_parse_expr(b->arena, &source, &x, &error);

    if (rc == OK)
        rc = bind_expr_over(b->session, b->arena, &source, x, r->schema, out, &error);
    if (rc != OK)
        return bind_fail(b, rc, r->place, "table `%s`, %s: %s", table->name, what, error.message);
    return OK;
}

/* A projection that adds the computed columns, in the declared order. */
static enum err add_computed(struct binder *b, const struct table_def *table, const struct rel **r)
{
    const struct expr **exprs = ARENA_ARRAY(b->arena, const struct expr *, MAX(table->column_count, 1));
    const char **names = ARENA_ARRAY(b->arena, const char *, MAX(table->column_count, 1));
    int32_t stored = 0;
    bool computed = false;
    enum err rc;

    if (exprs == NULL || names == NULL)
        return bind_memory(b, (*r)->place);
    for (int32_t i = 0; i < table->column_count; i++) {
        const struct table_column *c = &table->columns[i];

        names[i] = c->name;
        if (c->kind != AST_COMPUTED) {
            exprs[i] = expr_column(b->arena, stored++, c->type);
        } else {
            computed = true;
            if ((rc = definition_expr(b, *r, c->expr, table, arena_printf(b->arena, "column `%s`", c->name),
                                      &exprs[i])) != OK)
                return rc;
        }
        if (exprs[i] == NULL)
            return bind_memory(b, (*r)->place);
    }
    if (computed && (*r = bind_project(b, *r, exprs, names, table->column_count, (*r)->place)) == NULL)
        return bind_memory(b, (struct ast_place){0});
    return OK;
}

static enum err add_watermark(struct binder *b, const struct table_def *table, const struct rel **r)
{
    struct rel *w;

    if (table->time_column < 0)
        return OK;
    if ((w = bind_rel(b, REL_WATERMARK, (*r)->schema, (*r)->place, *r)) == NULL)
        return bind_memory(b, (*r)->place);
    w->time_column = table->time_column;
    *r = w;
    return definition_expr(b, w, table->watermark, table, "its watermark", &w->watermark.expr);
}

static enum err bind_view(struct binder *b, const struct table_def *view, const struct ast_table *t,
                          const struct rel **out)
{
    struct sql_source source = {.name = view->name, .text = slice_text(view->query)};
    struct sql_error error = {0};
    struct binder inner = {.session = b->session,
                           .arena = b->arena,
                           .source = &source,
                           .error = &error,
                           .view_depth = b->view_depth + 1};
    const struct ast_statement *statement = NULL;
    const struct expr **exprs;
    const char **names;
    size_t offset = 0;
    enum err rc;

    if (b->view_depth >= VIEW_DEPTH_MAX)
        return bind_fail(b, ERR_INPUT, t->place, "view `%s`: views are nested more than %d deep", view->name,
                         VIEW_DEPTH_MAX);
    rc = sql_parse(b->arena, &source, &offset, &statement, &error);
    if (rc == OK && (statement == NULL || statement->kind != AST_QUERY))
        return bind_fail(b, ERR_CORRUPT, t->place, "view `%s` is no query", view->name);
    if (rc == OK)
        rc = bind_any_query(&inner, statement->query, out);
    if (rc != OK)
        return bind_fail(b, rc, t->place, "view `%s`: %s", view->name, error.message);
    if ((*out)->schema->field_count != view->column_count)
        return bind_fail(b, ERR_INPUT, t->place,
                         "view `%s` was made of a query with %d columns, which now has %d", view->name,
                         (int)view->column_count, (int)(*out)->schema->field_count);
    exprs = ARENA_ARRAY(b->arena, const struct expr *, MAX(view->column_count, 1));
    names = ARENA_ARRAY(b->arena, const char *, MAX(view->column_count, 1));
    for (int32_t i = 0; exprs && names && i < view->column_count; i++) {
        exprs[i] = expr_column(b->arena, i, (*out)->schema->fields[i].type);
        names[i] = view->columns[i].name;
    }
    if (b->arena->failed)
        return bind_memory(b, t->place);
    *out = bind_project(b, *out, exprs, names, view->column_count, t->place);
    return *out ? OK : bind_memory(b, t->place);
}

static const struct with_entry *find_with(const struct binder *b, const struct ast_name *name)
{
    if (name->count == 1)
        for (const struct with_entry *w = b->with; w; w = w->next)
            if (strcmp(w->with->name.text, name->parts[0].text) == 0)
                return w;
    return NULL;
}

/* The query sees the WITH names before its own. */
static enum err use_with(struct binder *b, const struct with_entry *w, const struct ast_table *t,
                         const struct rel **out, struct scope *scope)
{
    const struct ast_table renamed = {
        .place = t->place, .alias = &w->with->name, .columns = w->with->columns};
    const struct with_entry *before = b->with;
    enum err rc;

    b->with = w->next;
    rc = bind_any_query(b, w->with->query, out);
    b->with = before;
    if (rc == OK)
        rc = bind_scope_of(b, (*out)->schema, t->alias ? t->alias->text : w->with->name.text, t->place,
                           scope);
    return rc == OK ? bind_rename_columns(b, &renamed, 0, scope) : rc;
}

static enum err bind_name(struct binder *b, const struct ast_table *t, const struct rel **out,
                          struct scope *scope)
{
    const struct with_entry *w = find_with(b, &t->name);
    const struct table_def *table;
    enum err rc;

    if (w)
        return use_with(b, w, t, out, scope);
    if (t->as_of)
        return bind_unsupported(b, t->as_of->place, "FOR SYSTEM_TIME AS OF");
    if ((rc = session_table(b->session, b->arena, &t->name, &table, b->error)) != OK)
        return rc;
    if (table->is_view) {
        rc = bind_view(b, table, t, out);
    } else {
        if ((*out = scan(b, table, t)) == NULL)
            return bind_memory(b, t->place);
        if ((rc = add_computed(b, table, out)) == OK)
            rc = add_watermark(b, table, out);
    }
    return rc == OK
               ? bind_scope_of(b, (*out)->schema, t->alias ? t->alias->text : table->name, t->place, scope)
               : rc;
}

/* --- UNNEST --- */

/* The columns that an element becomes: those of a ROW, key and value of a MAP, itself. */
static enum err element_fields(struct binder *b, const struct ast_table *t, const struct type *array,
                               struct field *fields, int32_t *count)
{
    const struct type *element = array->fields[0].type;
    bool pairs = array->kind == TYPE_MAP && array->form != FORM_MULTISET;

    *count = 0;
    if (!pairs && element->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < element->field_count; i++) {
            fields[(*count)++] = element->fields[i];
            if (element->nullable)
                fields[i].type = type_nullable(b->arena, fields[i].type, true);
        }
    } else if (!pairs) {
        fields[(*count)++] = (struct field){.name = "f0", .type = element};
    } else {
        fields[(*count)++] = (struct field){.name = "f0", .type = element};
        fields[(*count)++] = (struct field){.name = "f1", .type = array->fields[1].type};
    }
    if (t->ordinality)
        fields[(*count)++] = (struct field){.name = "ORDINALITY", .type = type_simple(TYPE_INT32, false)};
    return b->arena->failed ? bind_memory(b, t->place) : OK;
}

enum err bind_elements(struct binder *b, const struct ast_table *t, const struct expr *array, bool outer,
                       const struct rel *input, const struct rel **out, struct scope *scope)
{
    int32_t before = scope->count, count = 0, room = before + 3 + array->type->fields[0].type->field_count;
    struct schema *schema = ARENA_NEW(b->arena, struct schema);
    struct field *fields = ARENA_ARRAY(b->arena, struct field, room);
    struct scope_column *columns = ARENA_ARRAY(b->arena, struct scope_column, room);
    struct rel *r;
    enum err rc;

    if (schema == NULL || fields == NULL || columns == NULL)
        return bind_memory(b, t->place);
    if (before) {
        memcpy(fields, input->schema->fields, sizeof *fields * (size_t)before);
        memcpy(columns, scope->columns, sizeof *columns * (size_t)before);
    }
    if ((rc = element_fields(b, t, array->type, fields + before, &count)) != OK)
        return rc;
    for (int32_t i = before; i < before + count; i++) {
        if (outer && (fields[i].type = type_nullable(b->arena, fields[i].type, true)) == NULL)
            return bind_memory(b, t->place);
        columns[i] = (struct scope_column){t->alias ? t->alias->text : NULL, fields[i].name, fields[i].type};
    }
    *schema = (struct schema){before + count, fields};
    *scope = (struct scope){before + count, columns, false};
    if ((r = bind_rel(b, REL_UNNEST, schema, t->place, input)) == NULL)
        return bind_memory(b, t->place);
    r->unnest.array = array;
    r->unnest.outer = outer;
    r->unnest.ordinality = t->ordinality;
    *out = r;
    return bind_rename_columns(b, t, before, scope);
}

static enum err bind_unnest(struct binder *b, const struct ast_table *t, bool outer, const struct rel *input,
                            const struct rel **out, struct scope *scope)
{
    const struct expr *array;
    enum err rc;

    if (t->arrays.count != 1)
        return bind_unsupported(b, t->place, "UNNEST of several arrays at once");
    if ((rc = bind_expr(b, scope, t->arrays.items[0], &array)) != OK)
        return rc;
    if (array->type->form == FORM_MULTISET && t->ordinality)
        return bind_unsupported(b, t->place, "UNNEST of a MULTISET WITH ORDINALITY (it has no order)");
    if (array->type->kind != TYPE_LIST && array->type->kind != TYPE_MAP)
        return bind_fail(b, ERR_INPUT, t->arrays.items[0]->place, "UNNEST wants an ARRAY, MAP or MULTISET");
    return bind_elements(b, t, array, outer, input, out, scope);
}

static bool is_true(const struct ast_expr *x)
{
    return x == NULL || (x->kind == AST_LITERAL && x->literal.kind == AST_BOOLEAN && x->literal.value);
}

/* a CROSS JOIN UNNEST(a.list), a, LATERAL TABLE(f(a.x)): the joins without state. */
static enum err bind_join(struct binder *b, const struct ast_table *t, const struct rel **out,
                          struct scope *scope)
{
    const struct ast_join *j = &t->join;
    bool one_by_one = j->kind == AST_JOIN_COMMA || j->kind == AST_JOIN_CROSS || j->kind == AST_JOIN_INNER ||
                      j->kind == AST_JOIN_LEFT;
    const struct rel *left;
    enum err rc;

    if ((j->right->kind != AST_TABLE_UNNEST &&
         !(j->right->kind == AST_TABLE_FUNCTION && j->right->lateral)) ||
        !one_by_one)
        return bind_unsupported(b, j->right->place, "a JOIN (it keeps both of its sides in state)");
    if (!is_true(j->on) || j->natural || j->columns.count)
        return bind_unsupported(b, j->right->place,
                                j->right->kind == AST_TABLE_UNNEST
                                    ? "a condition on a join with UNNEST: put it into WHERE; it"
                                    : "a condition on a join with LATERAL TABLE: put it into WHERE; it");
    if ((rc = bind_from(b, j->left, &left, scope)) != OK)
        return rc;
    if (j->right->kind == AST_TABLE_FUNCTION)
        return bind_table_function(b, j->right, j->kind == AST_JOIN_LEFT, left, out, scope);
    return bind_unnest(b, j->right, j->kind == AST_JOIN_LEFT, left, out, scope);
}

/* FROM UNNEST(...), TABLE(f(...)): as if behind a table of one row, whose column nobody can name and which is dropped. */
enum err bind_alone(struct binder *b, const struct ast_table *t, const struct rel **out, struct scope *scope)
{
    static const struct scope_column hidden = {NULL, "", NULL};
    const struct rel *row = bind_one_row(b, t->place);
    const struct schema *schema;
    const struct expr **exprs;
    const char **names;
    enum err rc;

    *scope = (struct scope){1, &hidden, false};
    if (row == NULL)
        return bind_memory(b, t->place);
    rc = t->kind == AST_TABLE_UNNEST ? bind_unnest(b, t, false, row, out, scope)
                                     : bind_table_function(b, t, false, row, out, scope);
    if (rc != OK)
        return rc;
    scope->columns++;
    scope->count--;
    schema = (*out)->schema;
    exprs = ARENA_ARRAY(b->arena, const struct expr *, schema->field_count);
    names = ARENA_ARRAY(b->arena, const char *, schema->field_count);
    if (exprs == NULL || names == NULL)
        return bind_memory(b, t->place);
    for (int32_t i = 0; i < scope->count; i++) {
        exprs[i] = expr_column(b->arena, i + 1, schema->fields[i + 1].type);
        names[i] = schema->fields[i + 1].name;
    }
    *out = b->arena->failed ? NULL : bind_project(b, *out, exprs, names, scope->count, t->place);
    return *out ? OK : bind_memory(b, t->place);
}

enum err bind_from(struct binder *b, const struct ast_table *t, const struct rel **out, struct scope *scope)
{
    enum err rc;

    switch (t->kind) {
    case AST_TABLE_NAME:
        rc = bind_name(b, t, out, scope);
        break;
    case AST_TABLE_QUERY:
        if ((rc = bind_any_query(b, t->query, out)) == OK)
            rc = bind_scope_of(b, (*out)->schema, t->alias ? t->alias->text : NULL, t->place, scope);
        break;
    case AST_TABLE_JOIN:
        return bind_join(b, t, out, scope);
    case AST_TABLE_UNNEST:
        return bind_alone(b, t, out, scope);
    case AST_TABLE_FUNCTION:
        return bind_table_function(b, t, false, NULL, out, scope);
    case AST_TABLE_MATCH:
        return bind_unsupported(b, t->place, "MATCH_RECOGNIZE (it needs state)");
    default:
        return bind_unsupported(b, t->place, "this kind of table");
    }
    return rc == OK ? bind_rename_columns(b, t, 0, scope) : rc;
}
