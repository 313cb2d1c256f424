/* bind_query.c: SELECT, VALUES, UNION ALL, WITH, LIMIT. */
#include "sql/bind_internal.h"
#include <stdio.h>

/* --- relations --- */

struct rel *bind_rel(struct binder *b, enum rel_kind kind, const struct schema *schema,
                     struct ast_place place, const struct rel *input)
{
    struct rel *r = ARENA_NEW(b->arena, struct rel);
    const struct rel **inputs = ARENA_ARRAY(b->arena, const struct rel *, 1);

    if (r == NULL || inputs == NULL)
        return NULL;
    inputs[0] = input;
    *r = (struct rel){.kind = kind,
                      .schema = schema,
                      .place = place,
                      .input_count = input != NULL,
                      .inputs = inputs,
                      .time_column = input ? input->time_column : -1};
    return r;
}

/* NULL: no memory. */
static const struct schema *typed_schema(struct binder *b, const struct type *const *types,
                                         const char *const *names, int32_t count)
{
    struct schema *schema = ARENA_NEW(b->arena, struct schema);
    struct field *fields = ARENA_ARRAY(b->arena, struct field, MAX(count, 1));

    if (schema == NULL || fields == NULL)
        return NULL;
    for (int32_t i = 0; i < count; i++)
        fields[i] = (struct field){.name = names[i], .type = types[i]};
    *schema = (struct schema){count, fields};
    return schema;
}

static const struct schema *schema_of(struct binder *b, const struct expr *const *exprs,
                                      const char *const *names, int32_t count)
{
    const struct type **types = ARENA_ARRAY(b->arena, const struct type *, MAX(count, 1));

    for (int32_t i = 0; types && i < count; i++)
        types[i] = exprs[i]->type;
    return types ? typed_schema(b, types, names, count) : NULL;
}

const struct rel *bind_project(struct binder *b, const struct rel *input, const struct expr *const *exprs,
                               const char *const *names, int32_t count, struct ast_place place)
{
    const struct schema *schema = schema_of(b, exprs, names, count);
    struct rel *r = schema ? bind_rel(b, REL_PROJECT, schema, place, input) : NULL;

    if (r == NULL)
        return NULL;
    r->project.exprs = exprs;
    r->time_column = -1;
    for (int32_t i = 0; i < count; i++)
        if (exprs[i]->kind == EXPR_COLUMN && exprs[i]->column == input->time_column)
            r->time_column = i;
    return r;
}

/* --- SELECT --- */

struct items {
    int32_t count, capacity;
    const struct expr **exprs;
    const char **names;
};

static bool has_name(const struct items *items, const char *name)
{
    for (int32_t i = 0; i < items->count; i++)
        if (strcmp(items->names[i], name) == 0)
            return true;
    return false;
}

/* A name that is there already gets a number, as in Flink: id, id0, id1. */
static const char *unique_name(struct binder *b, const struct items *items, const char *name)
{
    const char *unique = name;

    for (int n = 0; unique && has_name(items, unique); n++)
        unique = arena_printf(b->arena, "%s%d", name, n);
    return unique;
}

static enum err add_item(struct binder *b, struct items *items, const struct expr *x, const char *name,
                         struct ast_place place)
{
    if (items->count == items->capacity) {
        int32_t capacity = items->capacity * 2 + 16;
        const struct expr **exprs = ARENA_ARRAY(b->arena, const struct expr *, capacity);
        const char **names = ARENA_ARRAY(b->arena, const char *, capacity);

        if (exprs == NULL || names == NULL)
            return bind_memory(b, place);
        if (items->count) {
            memcpy(exprs, items->exprs, sizeof *exprs * (size_t)items->count);
            memcpy(names, items->names, sizeof *names * (size_t)items->count);
        }
        *items = (struct items){items->count, capacity, exprs, names};
    }
    if ((name = unique_name(b, items, name)) == NULL)
        return bind_memory(b, place);
    items->exprs[items->count] = x;
    items->names[items->count++] = name;
    return OK;
}

static enum err add_star(struct binder *b, struct items *items, const struct scope *s,
                         const struct ast_expr *x)
{
    const char *table = x->star ? x->star->parts[x->star->count - 1].text : NULL;
    bool found = false;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < s->count; i++) {
        const struct scope_column *c = &s->columns[i];
        const struct expr *column;

        if (table && (c->table == NULL || strcmp(c->table, table) != 0))
            continue;
        found = true;
        if ((column = expr_column(b->arena, i, c->type)) == NULL)
            return bind_memory(b, x->place);
        rc = add_item(b, items, column, c->name, x->place);
    }
    if (rc == OK && !found && table)
        return bind_fail(b, ERR_INPUT, x->place, "Table '%s' not found", table);
    if (rc == OK && !found)
        return bind_fail(b, ERR_INPUT, x->place, "SELECT * wants a table: there is no FROM");
    return rc;
}

/* What a column is called without AS: the last part of a name, else EXPR$<its number> (also array[1].field). */
static const char *item_name(struct binder *b, const struct ast_item *item, int32_t number)
{
    const struct ast_expr *x = item->expr;

    if (item->alias)
        return item->alias->text;
    if (x->kind == AST_COLUMN)
        return x->column.parts[x->column.count - 1].text;
    return arena_printf(b->arena, "EXPR$%d", (int)number);
}

static enum err bind_items(struct binder *b, const struct ast_select *select, const struct scope *scope,
                           struct items *items)
{
    for (int32_t i = 0; i < select->item_count; i++) {
        const struct ast_item *item = &select->items[i];
        const struct expr *x;
        const char *name;
        enum err rc;

        if (item->expr->kind == AST_STAR) {
            if ((rc = add_star(b, items, scope, item->expr)) != OK)
                return rc;
            continue;
        }
        if ((rc = bind_expr(b, scope, item->expr, &x)) != OK)
            return rc;
        if ((name = item_name(b, item, items->count)) == NULL)
            return bind_memory(b, item->expr->place);
        if ((rc = add_item(b, items, x, name, item->expr->place)) != OK)
            return rc;
    }
    return OK;
}

/* One row without columns worth a name, for SELECT without FROM. */
const struct rel *bind_one_row(struct binder *b, struct ast_place place)
{
    const struct expr **row = ARENA_ARRAY(b->arena, const struct expr *, 1);
    const struct expr *const **rows = ARENA_ARRAY(b->arena, const struct expr *const *, 1);
    static const char *const names[] = {"ZERO"};
    const struct schema *schema;
    struct rel *r;

    if (row == NULL || rows == NULL || (row[0] = expr_int(b->arena, TYPE_INT32, 0)) == NULL ||
        (schema = schema_of(b, row, names, 1)) == NULL ||
        (r = bind_rel(b, REL_VALUES, schema, place, NULL)) == NULL)
        return NULL;
    rows[0] = row;
    r->values.row_count = 1;
    r->values.rows = rows;
    return r;
}

/* What needs state beyond a row, by name and place. */
static enum err refuse_stateful(struct binder *b, const struct ast_query *q)
{
    const struct ast_select *s = &q->select;

    if (s->distinct)
        return bind_unsupported(b, q->place, "SELECT DISTINCT (it needs state)");
    if (s->grouped)
        return bind_unsupported(b, s->group_count ? s->groups[0].place : q->place,
                                "GROUP BY (it needs state)");
    if (s->having)
        return bind_unsupported(b, s->having->place, "HAVING (it needs state)");
    if (s->window_count)
        return bind_unsupported(b, s->windows[0].name.place, "WINDOW (it needs state)");
    return OK;
}

static enum err bind_select(struct binder *b, const struct ast_query *q, const struct rel **out)
{
    const struct ast_select *s = &q->select;
    struct scope scope = {0};
    struct items items = {0};
    const struct rel *input;
    enum err rc;

    if ((rc = refuse_stateful(b, q)) != OK)
        return rc;
    if (s->from)
        rc = bind_from(b, s->from, &input, &scope);
    else if ((input = bind_one_row(b, q->place)) == NULL)
        rc = bind_memory(b, q->place);
    if (rc == OK && s->where) {
        struct rel *filter = bind_rel(b, REL_FILTER, input->schema, s->where->place, input);

        if (filter == NULL)
            return bind_memory(b, q->place);
        rc = bind_condition(b, &scope, s->where, "WHERE", &filter->filter.condition);
        input = filter;
    }
    if (rc != OK || (rc = bind_items(b, s, &scope, &items)) != OK)
        return rc;
    *out = bind_project(b, input, items.exprs, items.names, items.count, q->place);
    return *out ? OK : bind_memory(b, q->place);
}

/* --- VALUES and UNION ALL: columns of several origins get a type that all can become --- */

static enum err column_type(struct binder *b, const struct expr *const *values, int32_t count,
                            struct ast_place place, int32_t number, const struct type **out)
{
    const struct type *t = values[0]->type;
    bool nullable = t->nullable;

    for (int32_t i = 1; i < count; i++) {
        const struct type *common = expr_common_type(b->arena, t, values[i]->type);

        if (common == NULL) {
            struct bytes a = {0}, c = {0};
            enum err rc;

            type_print(t, &a);
            type_print(values[i]->type, &c);
            rc = bind_fail(b, ERR_INPUT, place, "column %d is %s in one place and %s in another",
                           (int)number + 1, bytes_cstr(&a), bytes_cstr(&c));
            bytes_fini(&a);
            bytes_fini(&c);
            return rc;
        }
        t = common;
        nullable = nullable || values[i]->type->nullable;
    }
    *out = type_nullable(b->arena, t, nullable);
    return *out ? OK : bind_memory(b, place);
}

static enum err cast_to(struct binder *b, const struct expr **x, const struct type *type,
                        struct ast_place place)
{
    struct error e;
    enum err rc = expr_implicit_cast(b->arena, *x, type, bind_place(place), x, &e);

    return rc == OK ? OK : bind_failed(b, rc, place, &e);
}

static enum err bind_rows(struct binder *b, const struct ast_query *q, const struct expr ***rows,
                          int32_t width)
{
    const struct scope none = {0};

    for (int32_t i = 0; i < q->values.rows.count; i++) {
        const struct ast_expr *row = q->values.rows.items[i];

        if (row->call.operands.count != width)
            return bind_fail(b, ERR_INPUT, row->place,
                             "VALUES clause contains rows of different lengths: %d and %d", (int)width,
                             (int)row->call.operands.count);
        if ((rows[i] = ARENA_ARRAY(b->arena, const struct expr *, width)) == NULL)
            return bind_memory(b, row->place);
        for (int32_t j = 0; j < width; j++) {
            enum err rc = bind_expr(b, &none, row->call.operands.items[j], &rows[i][j]);

            if (rc != OK)
                return rc;
        }
    }
    return OK;
}

static enum err bind_values(struct binder *b, const struct ast_query *q, const struct rel **out)
{
    int32_t count = q->values.rows.count, width = q->values.rows.items[0]->call.operands.count;
    const struct expr ***rows = ARENA_ARRAY(b->arena, const struct expr **, count);
    const struct expr **column = ARENA_ARRAY(b->arena, const struct expr *, count);
    const char **names = ARENA_ARRAY(b->arena, const char *, MAX(width, 1));
    const struct type **types = ARENA_ARRAY(b->arena, const struct type *, MAX(width, 1));
    const struct schema *schema;
    struct rel *r;
    enum err rc;

    if (rows == NULL || column == NULL || names == NULL || types == NULL)
        return bind_memory(b, q->place);
    if ((rc = bind_rows(b, q, rows, width)) != OK)
        return rc;
    for (int32_t j = 0; j < width; j++) {
        for (int32_t i = 0; i < count; i++)
            column[i] = rows[i][j];
        if ((rc = column_type(b, column, count, q->place, j, &types[j])) != OK)
            return rc;
        for (int32_t i = 0; i < count; i++)
            if ((rc = cast_to(b, &rows[i][j], types[j], q->values.rows.items[i]->place)) != OK)
                return rc;
        if ((names[j] = arena_printf(b->arena, "EXPR$%d", (int)j)) == NULL)
            return bind_memory(b, q->place);
    }
    if ((schema = typed_schema(b, types, names, width)) == NULL ||
        (r = bind_rel(b, REL_VALUES, schema, q->place, NULL)) == NULL)
        return bind_memory(b, q->place);
    r->values.row_count = count;
    r->values.rows = (const struct expr *const *const *)rows;
    *out = r;
    return OK;
}

/* The same rows as columns of these types, under the names of `like`. */
static enum err cast_columns(struct binder *b, const struct rel **r, const struct type *const *types,
                             const struct schema *like, struct ast_place place)
{
    int32_t count = like->field_count;
    const struct expr **exprs = ARENA_ARRAY(b->arena, const struct expr *, count);
    const char **names = ARENA_ARRAY(b->arena, const char *, count);
    bool same = true;

    if (exprs == NULL || names == NULL)
        return bind_memory(b, place);
    for (int32_t i = 0; i < count; i++) {
        enum err rc;

        names[i] = like->fields[i].name;
        if ((exprs[i] = expr_column(b->arena, i, (*r)->schema->fields[i].type)) == NULL)
            return bind_memory(b, place);
        if ((rc = cast_to(b, &exprs[i], types[i], place)) != OK)
            return rc;
        same = same && exprs[i]->kind == EXPR_COLUMN && strcmp(names[i], (*r)->schema->fields[i].name) == 0;
    }
    if (same)
        return OK;
    *r = bind_project(b, *r, exprs, names, count, place);
    return *r ? OK : bind_memory(b, place);
}

static enum err union_types(struct binder *b, const struct rel *const sides[2], struct ast_place place,
                            const struct type **types)
{
    for (int32_t i = 0; i < sides[0]->schema->field_count; i++) {
        const struct type *x = sides[0]->schema->fields[i].type, *y = sides[1]->schema->fields[i].type;
        const struct type *common = expr_common_type(b->arena, x, y);

        if (common == NULL) {
            struct bytes a = {0}, c = {0};
            enum err rc;

            type_print(x, &a);
            type_print(y, &c);
            rc = bind_fail(b, ERR_INPUT, place, "Type mismatch in column %d of UNION ALL: %s and %s",
                           (int)i + 1, bytes_cstr(&a), bytes_cstr(&c));
            bytes_fini(&a);
            bytes_fini(&c);
            return rc;
        }
        types[i] = type_nullable(b->arena, common, x->nullable || y->nullable);
    }
    return OK;
}

static const struct schema *retyped(struct binder *b, const struct schema *from,
                                    const struct type *const *types)
{
    const char **names = ARENA_ARRAY(b->arena, const char *, MAX(from->field_count, 1));

    for (int32_t i = 0; names && i < from->field_count; i++)
        names[i] = from->fields[i].name;
    return names ? typed_schema(b, types, names, from->field_count) : NULL;
}

static enum err bind_set(struct binder *b, const struct ast_query *q, const struct rel **out)
{
    const struct rel *sides[2], **inputs = ARENA_ARRAY(b->arena, const struct rel *, 2);
    const struct type **types;
    struct rel *r;
    enum err rc;

    if (q->kind != AST_UNION || !q->set.all)
        return bind_unsupported(b, q->place,
                                q->kind == AST_UNION       ? "UNION without ALL (it needs state)"
                                : q->kind == AST_INTERSECT ? "INTERSECT (it needs state)"
                                                           : "EXCEPT (it needs state)");
    if ((rc = bind_any_query(b, q->set.left, &sides[0])) != OK ||
        (rc = bind_any_query(b, q->set.right, &sides[1])) != OK)
        return rc;
    if (sides[0]->schema->field_count != sides[1]->schema->field_count)
        return bind_fail(b, ERR_INPUT, q->set.right->place, "Column count mismatch in UNION ALL: %d and %d",
                         (int)sides[0]->schema->field_count, (int)sides[1]->schema->field_count);
    types = ARENA_ARRAY(b->arena, const struct type *, sides[0]->schema->field_count);
    if (types == NULL || inputs == NULL)
        return bind_memory(b, q->place);
    if ((rc = union_types(b, sides, q->place, types)) != OK ||
        (rc = cast_columns(b, &sides[0], types, sides[0]->schema, q->place)) != OK ||
        (rc = cast_columns(b, &sides[1], types, sides[0]->schema, q->place)) != OK)
        return rc;
    if ((r = bind_rel(b, REL_UNION, retyped(b, sides[0]->schema, types), q->place, NULL)) == NULL ||
        r->schema == NULL)
        return bind_memory(b, q->place);
    inputs[0] = sides[0];
    inputs[1] = sides[1];
    r->inputs = inputs;
    r->input_count = 2;
    r->time_column = sides[0]->time_column == sides[1]->time_column ? sides[0]->time_column : -1;
    *out = r;
    return OK;
}

/* --- a whole query --- */

static enum err row_count(struct binder *b, const struct ast_expr *x, const char *clause, int64_t *out)
{
    if (x->kind != AST_LITERAL || x->literal.kind != AST_INTEGER || x->literal.large)
        return bind_fail(b, ERR_INPUT, x->place, "%s wants a number of rows", clause);
    *out = x->literal.value;
    return OK;
}

static enum err bind_limit(struct binder *b, const struct ast_query *q, const struct rel **out)
{
    struct rel *r;
    int64_t count = -1, offset = 0;
    enum err rc = OK;

    if (q->order.count)
        return bind_unsupported(b, q->order.items[0].expr->place, "ORDER BY (it needs state)");
    if (q->limit == NULL && q->offset == NULL)
        return OK;
    if (q->limit)
        rc = row_count(b, q->limit, "LIMIT", &count);
    if (rc == OK && q->offset)
        rc = row_count(b, q->offset, "OFFSET", &offset);
    if (rc != OK)
        return rc;
    if ((r = bind_rel(b, REL_LIMIT, (*out)->schema, q->place, *out)) == NULL)
        return bind_memory(b, q->place);
    r->limit.count = count;
    r->limit.offset = offset;
    *out = r;
    return OK;
}

static enum err bind_with(struct binder *b, const struct ast_query *q)
{
    if (q->recursive)
        return bind_unsupported(b, q->place, "WITH RECURSIVE");
    for (int32_t i = 0; i < q->with_count; i++) {
        struct with_entry *entry = ARENA_NEW(b->arena, struct with_entry);

        if (entry == NULL)
            return bind_memory(b, q->place);
        *entry = (struct with_entry){&q->with[i], b->with};
        b->with = entry;
    }
    return OK;
}

enum err bind_any_query(struct binder *b, const struct ast_query *q, const struct rel **out)
{
    const struct with_entry *before = b->with;
    struct ast_table table;
    struct scope scope;
    enum err rc = bind_with(b, q);

    if (rc != OK)
        return rc;
    switch (q->kind) {
    case AST_SELECT:
        rc = bind_select(b, q, out);
        break;
    case AST_VALUES:
        rc = bind_values(b, q, out);
        break;
    case AST_TABLE:
        table = (struct ast_table){.kind = AST_TABLE_NAME, .place = q->place, .name = q->table};
        rc = bind_from(b, &table, out, &scope);
        break;
    default:
        rc = bind_set(b, q, out);
        break;
    }
    if (rc == OK)
        rc = bind_limit(b, q, out);
    b->with = before;
    return rc;
}

enum err bind_query(struct session *s, struct arena *arena, const struct sql_source *source,
                    const struct ast_query *query, const struct rel **out, struct sql_error *error)
{
    struct binder b = {.session = s, .arena = arena, .source = source, .error = error};

    return bind_any_query(&b, query, out);
}
