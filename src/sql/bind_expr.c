/* bind_expr.c: values: names become column numbers, calls get their types. */
#include "batch/builder.h"
#include "sql/bind_internal.h"
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <strings.h>

/* --- errors --- */

enum err bind_fail(struct binder *b, enum err code, struct ast_place place, const char *fmt, ...)
{
    va_list va;

    va_start(va, fmt);
    sql_vfail(b->error, code, SQL_VALIDATION_FAILED, place, fmt, va);
    va_end(va);
    return code;
}

enum err bind_unsupported(struct binder *b, struct ast_place place, const char *what)
{
    return bind_fail(b, ERR_UNSUPPORTED, place, "%s is not in this version of weir", what);
}

enum err bind_memory(struct binder *b, struct ast_place place)
{
    return bind_fail(b, ERR_MEMORY, place, "no memory to plan the statement");
}

enum err bind_failed(struct binder *b, enum err rc, struct ast_place place, const struct error *e)
{
    return bind_fail(b, rc, place, "%s", e->text);
}

/* --- columns --- */

static bool scope_has_table(const struct scope *s, const char *table)
{
    for (int32_t i = 0; i < s->count; i++)
        if (s->columns[i].table && strcmp(s->columns[i].table, table) == 0)
            return true;
    return false;
}

/* The column `name`, of `table` unless that is NULL; -1: none, -2: several. */
static int32_t scope_find(const struct scope *s, const char *table, const char *name)
{
    int32_t found = -1;

    for (int32_t i = 0; i < s->count; i++) {
        const struct scope_column *c = &s->columns[i];

        if (strcmp(c->name, name) != 0 || (table && (c->table == NULL || strcmp(c->table, table) != 0)))
            continue;
        if (found >= 0)
            return -2;
        found = i;
    }
    return found;
}

static enum err no_column(struct binder *b, const struct scope *s, const char *table,
                          const struct ast_word *name)
{
    const char **names = ARENA_ARRAY(b->arena, const char *, MAX(s->count, 1));
    const char *near = NULL;
    int32_t count = 0;
    enum err rc;

    for (int32_t i = 0; names && i < s->count; i++)
        if (table == NULL || (s->columns[i].table && strcmp(s->columns[i].table, table) == 0))
            names[count++] = s->columns[i].name;
    if (names)
        near = sql_nearest(name->text, names, (size_t)count);
    if (s->count == 0)
        return bind_fail(b, ERR_INPUT, name->place, "there are no columns here, so no `%s`", name->text);
    rc = table
             ? bind_fail(b, ERR_INPUT, name->place, "Column '%s' not found in table '%s'", name->text, table)
             : bind_fail(b, ERR_INPUT, name->place, "Column '%s' not found in any table", name->text);
    if (near) {
        sql_hint(b->error, "did you mean `%s`?", near);
    } else if (count) {
        struct bytes all = {0};

        for (int32_t i = 0; i < count && all.len < 300; i++)
            bytes_printf(&all, "%s%s", i ? ", " : "", names[i]);
        if (bytes_cstr(&all))
            sql_hint(b->error, "there are: %s", bytes_cstr(&all));
        bytes_fini(&all);
    }
    return rc;
}

/* x.name, where x is a ROW. */
static enum err take_field(struct binder *b, const struct expr *x, const struct ast_word *name,
                           const struct expr **out)
{
    const struct expr *args[2] = {x, NULL};
    struct schema fields = {x->type->field_count, x->type->fields};
    int32_t number;
    struct error e;
    enum err rc;

    if (x->type->kind != TYPE_STRUCT) {
        struct bytes text = {0};

        type_print(x->type, &text);
        rc = bind_fail(b, ERR_INPUT, name->place, "`%s` is asked of a value that is no ROW but %s",
                       name->text, bytes_cstr(&text) ? bytes_cstr(&text) : "something else");
        bytes_fini(&text);
        return rc;
    }
    if ((number = schema_find(&fields, slice_text(name->text))) < 0) {
        struct scope scope = {fields.field_count, NULL, false};
        struct scope_column *columns = ARENA_ARRAY(b->arena, struct scope_column, fields.field_count);

        for (int32_t i = 0; columns && i < fields.field_count; i++)
            columns[i] = (struct scope_column){NULL, fields.fields[i].name, fields.fields[i].type};
        scope.columns = columns;
        return columns ? no_column(b, &scope, NULL, name) : bind_memory(b, name->place);
    }
    if ((args[1] = expr_int(b->arena, TYPE_INT32, number)) == NULL)
        return bind_memory(b, name->place);
    rc = expr_call(b->arena, "FIELD", args, 2, bind_place(name->place), out, &e);
    return rc == OK ? OK : bind_failed(b, rc, name->place, &e);
}

/* PI, whose name is not reserved: a column goes before it. */
static bool is_bare_function(const char *name)
{
    const struct function *f = function_find(name);

    return f && f->flags & FN_BARE;
}

static enum err call_bare(struct binder *b, const struct ast_word *name, const struct expr **out)
{
    struct error e;
    enum err rc = expr_call(b->arena, name->text, NULL, 0, bind_place(name->place), out, &e);

    return rc == OK ? OK : bind_failed(b, rc, name->place, &e);
}

/* a, t.a, c.d.t.a, each with .field behind it. Tables go before columns: t.a is a of t if there is a table t.
 */
static enum err bind_column(struct binder *b, const struct scope *s, const struct ast_expr *x,
                            const struct expr **out)
{
    const struct ast_word *parts = x->column.parts;
    const char *table = NULL;
    int32_t at = 0, number;
    enum err rc;

    for (int32_t i = MIN(x->column.count - 2, 2); i >= 0 && table == NULL; i--)
        if (scope_has_table(s, parts[i].text)) {
            table = parts[i].text;
            at = i + 1;
        }
    number = scope_find(s, table, parts[at].text);
    if (number == -2) {
        rc = bind_fail(b, ERR_INPUT, parts[at].place, "Column '%s' is ambiguous", parts[at].text);
        sql_hint(b->error, "say of which table: t.%s", parts[at].text);
        return rc;
    }
    if (number < 0 && table == NULL && x->column.count > 1) {
        rc = bind_fail(b, ERR_INPUT, parts[0].place, "Table '%s' not found", parts[0].text);
        sql_hint(b->error, "there is no such table in FROM, and no column of that name");
        return rc;
    }
    if (number < 0 && x->column.count == 1 && is_bare_function(parts[0].text))
        return call_bare(b, &parts[0], out);
    if (number < 0)
        return no_column(b, s, table, &parts[at]);
    *out = expr_column(b->arena, number, s->columns[number].type);
    if (*out)
        *out = expr_at(b->arena, *out, bind_place(x->place));
    if (*out == NULL)
        return bind_memory(b, x->place);
    for (at++; at < x->column.count; at++)
        if ((rc = take_field(b, *out, &parts[at], out)) != OK)
            return rc;
    return OK;
}

/* --- literals --- */

/* A literal of a type whose value is a number of that width. */
static enum err number_literal(struct binder *b, const struct ast_expr *x, const struct type *type,
                               int64_t value, const struct expr **out)
{
    struct column one = {.type = type, .row_count = 1, .i64 = &value};

    *out = type ? expr_literal(b->arena, type, &one) : NULL;
    return *out ? OK : bind_memory(b, x->place);
}

static const struct type *timed_type(struct arena *a, enum type_kind kind, int32_t precision)
{
    struct type t = {.kind = kind, .precision = precision};

    return arena_copy(a, &t, sizeof t);
}

static enum err decimal_literal(struct binder *b, const struct ast_expr *x, const struct expr **out)
{
    const struct ast_literal *l = &x->literal;
    __int128 v = 0;
    int32_t digits = 0, scale = 0;
    bool point = false;

    for (size_t i = 0; i < l->text.len; i++) {
        char c = l->text.ptr[i];

        if (c == '.') {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            continue;
        if (v != 0 || c != '0' || point)
            digits++;
        if (digits > 38)
            return bind_fail(b, ERR_INPUT, x->place,
                             "Numeric literal '" SLICE_FMT "' has more than 38 digits", SLICE_ARG(l->text));
        v = v * 10 + (c - '0');
        scale += point;
    }
    *out = expr_decimal(b->arena, v, MAX(MAX(digits, scale), 1), scale);
    return *out ? OK : bind_memory(b, x->place);
}

static enum err bytes_literal(struct binder *b, const struct ast_expr *x, const struct expr **out)
{
    struct type type = {.kind = TYPE_FIXED, .length = (int32_t)x->literal.text.len};
    const struct type *kept = arena_copy(b->arena, &type, sizeof type);
    struct view v = view_of(x->literal.text.ptr, x->literal.text.len);
    struct column one = {.type = kept, .row_count = 1, .views = &v};

    *out = kept ? expr_literal(b->arena, kept, &one) : NULL;
    return *out ? OK : bind_memory(b, x->place);
}

static enum err text_double(struct binder *b, const struct ast_expr *x, const struct expr **out)
{
    const char *text = arena_text(b->arena, x->literal.text);

    *out = text ? expr_double(b->arena, strtod(text, NULL)) : NULL;
    return *out ? OK : bind_memory(b, x->place);
}

enum err bind_literal(struct binder *b, const struct ast_expr *x, const struct expr **out)
{
    const struct ast_literal *l = &x->literal;
    struct arena *a = b->arena;

    switch (l->kind) {
    case AST_NULL:
        *out = expr_null(a, NULL);
        break;
    case AST_UNKNOWN:
        *out = expr_null(a, type_simple(TYPE_BOOLEAN, true));
        break;
    case AST_BOOLEAN:
        *out = expr_bool(a, l->value != 0);
        break;
    case AST_INTEGER:
        if (l->large)
            return decimal_literal(b, x, out);
        *out = expr_int(a, l->value >= INT32_MIN && l->value <= INT32_MAX ? TYPE_INT32 : TYPE_INT64,
                        l->value);
        break;
    case AST_DECIMAL:
        return decimal_literal(b, x, out);
    case AST_DOUBLE:
        return text_double(b, x, out);
    case AST_CHAR:
        *out = expr_char(a, l->text);
        break;
    case AST_BYTES:
        return bytes_literal(b, x, out);
    case AST_DATE:
        *out = expr_int(a, TYPE_DATE, l->value);
        break;
    case AST_TIME:
        return number_literal(b, x, timed_type(a, TYPE_TIME, l->precision), l->value, out);
    case AST_TIMESTAMP:
        return number_literal(b, x, timed_type(a, TYPE_TIMESTAMP, l->precision),
                              l->precision > 6 ? l->value * 1000 + l->nanos : l->value, out);
    case AST_INTERVAL:
        *out = expr_int(
            a, l->unit == AST_YEAR || l->unit == AST_MONTH ? TYPE_INTERVAL_MONTHS : TYPE_INTERVAL_MILLIS,
            l->value);
        break;
    }
    if (*out)
        *out = expr_at(a, *out, bind_place(x->place));
    return *out ? OK : bind_memory(b, x->place);
}

/* --- calls --- */

static const struct expr *char_of(struct binder *b, const char *text)
{
    return expr_char(b->arena, slice_text(text));
}

/* An operand that is no value: a unit, a flag. */
static enum err bind_operand(struct binder *b, const struct scope *s, const struct ast_expr *x,
                             const struct expr **out)
{
    if (x->kind != AST_UNIT && x->kind != AST_FLAG)
        return bind_expr(b, s, x, out);
    *out = char_of(b, x->kind == AST_UNIT ? ast_unit_name(x->unit) : x->flag);
    return *out ? OK : bind_memory(b, x->place);
}

static enum err call(struct binder *b, const struct ast_expr *x, const char *name,
                     const struct expr *const *args, int32_t count, const struct expr **out)
{
    const char *near;
    struct error e;
    enum err rc = expr_call(b->arena, name, args, count, bind_place(x->place), out, &e);

    if (rc == OK)
        return OK;
    rc = bind_failed(b, rc, x->place, &e);
    if (b->error->code == ERR_NOT_FOUND && (near = session_function_near(b->session, b->arena, name)) != NULL)
        sql_hint(b->error, "SHOW FUNCTIONS lists those that there are; did you mean `%s`?", near);
    else if (b->error->code == ERR_NOT_FOUND)
        sql_hint(b->error, "SHOW FUNCTIONS lists those that there are");
    return rc;
}

/* INTERVAL x DAY, with x an expression: so many intervals of one. */
static enum err bind_interval(struct binder *b, const struct scope *s, const struct ast_expr *x,
                              const struct expr **out)
{
    static const struct {
        enum ast_unit unit;
        enum type_kind kind;
        int64_t value;
    } units[] = {
        {AST_SECOND, TYPE_INTERVAL_MILLIS, 1000},    {AST_MINUTE, TYPE_INTERVAL_MILLIS, 60000},
        {AST_HOUR, TYPE_INTERVAL_MILLIS, 3600000},   {AST_DAY, TYPE_INTERVAL_MILLIS, 86400000},
        {AST_WEEK, TYPE_INTERVAL_MILLIS, 604800000}, {AST_MONTH, TYPE_INTERVAL_MONTHS, 1},
        {AST_QUARTER, TYPE_INTERVAL_MONTHS, 3},      {AST_YEAR, TYPE_INTERVAL_MONTHS, 12},
    };
    enum ast_unit unit = x->call.operands.items[1]->unit;
    const struct expr *args[2];
    enum err rc;

    if ((rc = bind_expr(b, s, x->call.operands.items[0], &args[0])) != OK)
        return rc;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (units[i].unit != unit)
            continue;
        args[1] = expr_int(b->arena, units[i].kind, units[i].value);
        return args[1] ? call(b, x, "*", args, 2, out) : bind_memory(b, x->place);
    }
    return bind_fail(b, ERR_INPUT, x->place, "an INTERVAL of %s is not possible", ast_unit_name(unit));
}

/* (a, b) OVERLAPS (c, d) and its like: the four values. */
static enum err bind_periods(struct binder *b, const struct scope *s, const struct ast_expr *x,
                             const struct expr **out)
{
    const struct expr *args[4];

    for (int32_t i = 0; i < 4; i++) {
        const struct ast_expr *row = x->call.operands.items[i / 2];
        enum err rc;

        if (row->kind != AST_CALL || row->call.operands.count != 2)
            return bind_fail(b, ERR_INPUT, row->place, "%s wants two periods: (start, end) %s (start, end)",
                             x->call.name, x->call.name);
        if ((rc = bind_expr(b, s, row->call.operands.items[i % 2], &args[i])) != OK)
            return rc;
    }
    return call(b, x, x->call.name, args, 4, out);
}

/* Names that differ from the parser's, where a form is a function of its own. */
static const char *function_name(const struct ast_call *c)
{
    bool unit = c->operands.count == 2 && c->operands.items[1]->kind == AST_UNIT;

    if (unit && strcmp(c->name, "FLOOR") == 0)
        return "FLOOR TO";
    if (unit && strcmp(c->name, "CEIL") == 0)
        return "CEIL TO";
    return c->name;
}

/* Parts of a call that only aggregates and windows have. */
static enum err refuse_parts(struct binder *b, const struct ast_expr *x)
{
    const struct ast_call *c = &x->call;
    const struct function *f = function_find(c->name);

    if (c->over)
        return bind_unsupported(b, x->place, "an OVER window");
    if (f && f->flags & FN_AGGREGATE) {
        char text[200];

        snprintf(text, sizeof text, "the aggregate function %s (it needs state)", c->name);
        return bind_unsupported(b, x->place, text);
    }
    if (c->distinct || c->filter || c->order.count || c->nulls)
        return bind_fail(b, ERR_INPUT, x->place,
                         "DISTINCT, FILTER, WITHIN GROUP and NULLS are for aggregate functions, "
                         "and %s is none",
                         c->name);
    return OK;
}

/* A function of the user's by a path that is none. */
static enum err no_function(struct binder *b, const struct ast_name *path)
{
    const char *name = path->parts[path->count - 1].text,
               *near = session_function_near(b->session, b->arena, name);
    enum err rc = bind_fail(b, ERR_NOT_FOUND, path->place, "there is no function %s in that database", name);

    if (near)
        sql_hint(b->error, "SHOW USER FUNCTIONS lists those of the current one; did you mean `%s`?", near);
    else
        sql_hint(b->error, "make it by CREATE FUNCTION; built-in functions are called without a path");
    return rc;
}

enum err bind_user_call(struct binder *b, const struct scope *s, const struct ast_expr *x,
                        const struct user_function *u, const struct expr **out)
{
    const struct ast_call *c = &x->call;
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, c->operands.count + 1);
    struct error e;
    enum err rc;

    if (args == NULL)
        return bind_memory(b, x->place);
    for (int32_t i = 0; i < c->operands.count; i++)
        if ((rc = bind_operand(b, s, c->operands.items[i], &args[i])) != OK)
            return rc;
    rc = expr_call_function(b->arena, &u->function, args, c->operands.count, bind_place(x->place), out, &e);
    return rc == OK ? OK : bind_failed(b, rc, x->place, &e);
}

/* Whether x calls a function of the user's; *u NULL: it does not. */
static enum err find_user(struct binder *b, const struct ast_expr *x, const struct user_function **u)
{
    const struct ast_call *c = &x->call;
    enum err rc = OK;

    *u = NULL;
    if (c->path)
        rc = session_function(b->session, b->arena, c->path, u, b->error);
    if (rc == OK && *u == NULL && c->path && c->path->count > 1)
        return no_function(b, c->path);
    if (rc != OK || *u == NULL || !(*u)->is_table)
        return rc;
    rc = bind_fail(b, ERR_INPUT, x->place, "%s is a table function, and gives rows, not a value",
                   (*u)->function.name);
    sql_hint(b->error, "write FROM t, LATERAL TABLE(%s(...))", (*u)->function.name);
    return rc;
}

static enum err bind_call(struct binder *b, const struct scope *s, const struct ast_expr *x,
                          const struct expr **out)
{
    const struct ast_call *c = &x->call;
    int32_t extra = strncmp(c->name, "JSON_", 5) == 0 ? 8 : 0; /* clauses */
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, c->operands.count + extra + 1);
    const struct user_function *u;
    enum err rc;

    if (args == NULL)
        return bind_memory(b, x->place);
    if ((rc = refuse_parts(b, x)) != OK || (rc = find_user(b, x, &u)) != OK)
        return rc;
    if (u)
        return bind_user_call(b, s, x, u, out);
    if (strcmp(c->name, "INTERVAL") == 0)
        return bind_interval(b, s, x, out);
    if (c->operands.count == 2 && (strcmp(c->name, "OVERLAPS") == 0 || strcmp(c->name, "EQUALS") == 0 ||
                                   strcmp(c->name, "PRECEDES") == 0 || strcmp(c->name, "SUCCEEDS") == 0))
        return bind_periods(b, s, x, out);
    for (int32_t i = 0; i < c->operands.count; i++)
        if ((rc = bind_operand(b, s, c->operands.items[i], &args[i])) != OK)
            return rc;
    if (c->operands.count == 1 && strcmp(c->name, "+") == 0) {
        *out = args[0];
        return OK;
    }
    if (strncmp(c->name, "JSON_", 5) == 0)
        return bind_json(b, s, x, args, out);
    return call(b, x, function_name(c), args, c->operands.count, out);
}

/* --- everything --- */

enum err bind_type(struct binder *b, const struct type *written, struct ast_place place,
                   const struct type **out)
{
    struct field field = {.name = "", .type = written};
    const struct schema *copy;
    struct error e;

    if (schema_copy(b->arena, &(struct schema){1, &field}, &copy, &e) != OK)
        return bind_memory(b, place);
    *out = copy->fields[0].type;
    return OK;
}

static enum err bind_cast(struct binder *b, const struct scope *s, const struct ast_expr *x,
                          const struct expr **out)
{
    const struct expr *from;
    const struct type *type;
    struct error e;
    enum err rc;

    if ((rc = bind_expr(b, s, x->cast.expr, &from)) != OK ||
        (rc = bind_type(b, x->cast.type, x->place, &type)) != OK)
        return rc;
    rc = expr_cast(b->arena, from, type, x->cast.try_cast, bind_place(x->place), out, &e);
    return rc == OK ? OK : bind_failed(b, rc, x->place, &e);
}

enum err bind_expr(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                   const struct expr **out)
{
    enum err rc;

    switch (x->kind) {
    case AST_LITERAL:
        return bind_literal(b, x, out);
    case AST_COLUMN:
        return bind_column(b, scope, x, out);
    case AST_CALL:
        return bind_call(b, scope, x, out);
    case AST_CAST:
        return bind_cast(b, scope, x, out);
    case AST_FIELD:
        if ((rc = bind_expr(b, scope, x->field.expr, out)) != OK)
            return rc;
        return take_field(b, *out, &x->field.name, out);
    case AST_SUBQUERY:
        return bind_unsupported(b, x->place, "a subquery as a value");
    case AST_STAR:
        return bind_fail(b, ERR_INPUT, x->place, "* stands for all columns, and is no value");
    case AST_NAMED:
        return bind_unsupported(b, x->place, "an argument by name");
    case AST_DEFAULT:
        return bind_unsupported(b, x->place, "DEFAULT as an argument");
    case AST_UNIT:
    case AST_FLAG:
    case AST_TABLE_ARG:
        break;
    }
    return bind_fail(b, ERR_INPUT, x->place, "a value is wanted here");
}

enum err bind_condition(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                        const char *clause, const struct expr **out)
{
    struct bytes text = {0};
    enum err rc = bind_expr(b, scope, x, out);

    if (rc != OK || (*out)->type->kind == TYPE_BOOLEAN)
        return rc;
    type_print((*out)->type, &text);
    rc = bind_fail(b, ERR_INPUT, x->place, "%s clause must be a condition, and this is %s", clause,
                   bytes_cstr(&text) ? bytes_cstr(&text) : "none");
    bytes_fini(&text);
    return rc;
}

enum err bind_expr_over(struct session *s, struct arena *arena, const struct sql_source *source,
                        const struct ast_expr *x, const struct schema *schema, const struct expr **out,
                        struct sql_error *error)
{
    struct binder b = {.session = s, .arena = arena, .source = source, .error = error};
    struct scope_column *columns = ARENA_ARRAY(arena, struct scope_column, MAX(schema->field_count, 1));

    if (columns == NULL)
        return bind_memory(&b, x->place);
    for (int32_t i = 0; i < schema->field_count; i++)
        columns[i] = (struct scope_column){NULL, schema->fields[i].name, schema->fields[i].type};
    return bind_expr(&b, &(struct scope){schema->field_count, columns, false}, x, out);
}
