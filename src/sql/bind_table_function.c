/* bind_table_function.c: TABLE(f(...)): table functions of the user's, and windows: TUMBLE, HOP, CUMULATE.
 *
 *   a user's function   an ARRAY of ROWs, flattened as by UNNEST
 *   TUMBLE              the table with three columns more
 *   HOP, CUMULATE       the table beside an ARRAY of its windows, flattened
 */
#include "sql/bind_internal.h"
#include <strings.h>

/* --- arguments of windows --- */

enum window_argument { DATA, TIME, STEP, SIZE, OFFSET, WINDOW_ARGUMENTS };

struct window_form {
    const char *name;
    const char *usage;
    const char *step; /* NULL: it has none */
    const char *list; /* the function that gives all windows; NULL: TUMBLE */
};

static const struct window_form forms[] = {
    {"TUMBLE", "TUMBLE(TABLE t, DESCRIPTOR(time), size [, offset])", NULL, NULL},
    {"HOP", "HOP(TABLE t, DESCRIPTOR(time), slide, size [, offset])", "SLIDE", "HOP WINDOWS"},
    {"CUMULATE", "CUMULATE(TABLE t, DESCRIPTOR(time), step, size [, offset])", "STEP", "CUMULATE WINDOWS"},
};

struct windows {
    const struct window_form *form;
    const struct ast_expr *x; /* the call */
    const struct ast_expr *args[WINDOW_ARGUMENTS];
    const struct rel *input;
    struct scope scope;                         /* of the input */
    const struct expr *time;                    /* of the input */
    const struct expr *spans[WINDOW_ARGUMENTS]; /* literals: STEP, SIZE, OFFSET */
};

static enum err misused(struct binder *b, const struct windows *w, struct ast_place place, const char *what)
{
    enum err rc = bind_fail(b, ERR_INPUT, place, "%s: %s", w->form->name, what);

    sql_hint(b->error, "write TABLE(%s)", w->form->usage);
    return rc;
}

/* Which argument the nth without a name is. */
static enum window_argument positional(const struct window_form *f, int32_t n)
{
    static const enum window_argument plain[] = {DATA, TIME, SIZE, OFFSET},
                                      stepped[] = {DATA, TIME, STEP, SIZE, OFFSET};

    return f->step ? stepped[n] : plain[n];
}

static enum err named(struct binder *b, struct windows *w, const struct ast_expr *x,
                      enum window_argument *out)
{
    const char *names[WINDOW_ARGUMENTS] = {"DATA", "TIMECOL", w->form->step, "SIZE", "OFFSET"};

    for (int i = 0; i < WINDOW_ARGUMENTS; i++)
        if (names[i] && strcasecmp(x->named.name.text, names[i]) == 0) {
            *out = (enum window_argument)i;
            return OK;
        }
    return misused(b, w, x->place, "there is no argument of that name");
}

static enum err take_arguments(struct binder *b, struct windows *w)
{
    const struct ast_exprs *given = &w->x->call.operands;
    enum window_argument at;
    enum err rc;

    if (given->count > (w->form->step ? 5 : 4))
        return misused(b, w, w->x->place, "there are too many arguments");
    for (int32_t i = 0; i < given->count; i++) {
        const struct ast_expr *x = given->items[i];

        at = positional(w->form, i);
        if (x->kind == AST_NAMED) {
            if ((rc = named(b, w, x, &at)) != OK)
                return rc;
            x = x->named.expr;
        }
        if (w->args[at])
            return misused(b, w, x->place, "this argument is given twice");
        w->args[at] = x;
    }
    for (int i = 0; i < OFFSET; i++)
        if (w->args[i] == NULL && (i != STEP || w->form->step))
            return misused(b, w, w->x->place, "an argument is missing");
    return OK;
}

/* --- what they mean --- */

static enum err bind_data(struct binder *b, struct windows *w)
{
    const struct ast_expr *x = w->args[DATA];
    struct ast_table t = {.place = x->place};

    if (x->kind == AST_SUBQUERY) {
        t.kind = AST_TABLE_QUERY;
        t.query = x->subquery;
    } else if (x->kind != AST_TABLE_ARG) {
        return misused(b, w, x->place, "its first argument is a table: TABLE t, or a query in parentheses");
    } else if (x->table_arg.partition.count || x->table_arg.order.count) {
        return misused(b, w, x->place, "PARTITION BY and ORDER BY of its table are for SESSION only");
    } else if (x->table_arg.table) {
        t.kind = AST_TABLE_NAME;
        t.name = *x->table_arg.table;
    } else {
        t.kind = AST_TABLE_QUERY;
        t.query = x->table_arg.query;
    }
    return bind_from(b, &t, &w->input, &w->scope);
}

static enum err bind_time(struct binder *b, struct windows *w)
{
    const struct ast_expr *x = w->args[TIME];
    struct bytes type = {0};
    enum err rc;

    if (x->kind != AST_CALL || strcmp(x->call.name, "DESCRIPTOR") != 0 || x->call.operands.count != 1)
        return misused(b, w, x->place, "its second argument is DESCRIPTOR(time), with one column");
    if ((rc = bind_expr(b, &w->scope, x->call.operands.items[0], &w->time)) != OK)
        return rc;
    if (w->time->kind == EXPR_COLUMN && w->time->column == w->input->time_column)
        return OK;
    type_print(w->time->type, &type);
    rc = bind_fail(b, ERR_INPUT, x->place,
                   "The window function requires the timecol is a time attribute type, but is %s",
                   bytes_cstr(&type) ? bytes_cstr(&type) : "none");
    sql_hint(b->error, "a time attribute is a column with WATERMARK FOR in its CREATE TABLE");
    bytes_fini(&type);
    return rc;
}

/* An interval of days to milliseconds, known while planning. */
static enum err bind_span(struct binder *b, struct windows *w, enum window_argument which)
{
    const struct ast_expr *x = w->args[which];
    const struct expr_session *session;
    const struct scope none = {0};
    const struct expr *span;
    struct error e;
    enum err rc;

    if (x == NULL) {
        w->spans[which] = expr_int(b->arena, TYPE_INTERVAL_MILLIS, 0);
        return w->spans[which] ? OK : bind_memory(b, w->x->place);
    }
    if ((rc = bind_expr(b, &none, x, &span)) != OK)
        return rc;
    if (span->type->kind == TYPE_INTERVAL_MONTHS)
        return bind_fail(
            b, ERR_INPUT, x->place,
            "Window aggregate only support SECOND, MINUTE, HOUR, DAY as the time unit. MONTH and YEAR "
            "time unit are not supported yet.");
    if (span->type->kind != TYPE_INTERVAL_MILLIS || !expr_is_constant(span))
        return misused(b, w, x->place, "an interval is wanted here: INTERVAL '10' MINUTES");
    if ((rc = session_expr(b->session, b->arena, &session, &e)) != OK ||
        (rc = program_constant(b->arena, span, session, &w->spans[which], &e)) != OK)
        return bind_failed(b, rc, x->place, &e);
    if (!column_valid(w->spans[which]->literal, 0) ||
        (which != OFFSET && w->spans[which]->literal->i64[0] <= 0))
        return misused(b, w, x->place, "the interval must be longer than nothing");
    return OK;
}

static enum err bind_windows_of(struct binder *b, struct windows *w)
{
    int64_t size, step;
    enum err rc;

    if ((rc = take_arguments(b, w)) != OK || (rc = bind_data(b, w)) != OK || (rc = bind_time(b, w)) != OK ||
        (w->form->step && (rc = bind_span(b, w, STEP)) != OK) || (rc = bind_span(b, w, SIZE)) != OK ||
        (rc = bind_span(b, w, OFFSET)) != OK)
        return rc;
    if (w->form->step == NULL)
        return OK;
    size = w->spans[SIZE]->literal->i64[0];
    step = w->spans[STEP]->literal->i64[0];
    if (size % step)
        return misused(b, w, w->args[SIZE]->place,
                       w->form->step[1] == 'L' ? "the size must be a whole number of slides"
                                               : "the size must be a whole number of steps");
    return OK;
}

/* --- the table with its windows --- */

/* A row without a time is in no window. */
static enum err drop_timeless(struct binder *b, struct windows *w)
{
    struct rel *filter;
    struct error e;
    enum err rc;

    if (!w->time->type->nullable)
        return OK;
    if ((filter = bind_rel(b, REL_FILTER, w->input->schema, w->x->place, w->input)) == NULL)
        return bind_memory(b, w->x->place);
    rc = expr_call(b->arena, "IS NOT NULL", &w->time, 1, bind_place(w->x->place), &filter->filter.condition,
                   &e);
    w->input = filter;
    return rc == OK ? OK : bind_failed(b, rc, w->x->place, &e);
}

static enum err call(struct binder *b, const struct windows *w, const char *name,
                     const struct expr *const *args, int32_t count, const struct expr **out)
{
    struct error e;
    enum err rc = expr_call(b->arena, name, args, count, bind_place(w->x->place), out, &e);

    return rc == OK ? OK : bind_failed(b, rc, w->x->place, &e);
}

/* x without the NULL that it cannot be, as the row has a time; and as the type that Flink gives it. */
static enum err retype(struct binder *b, const struct windows *w, const struct expr *x,
                       const struct type *type, const struct expr **out)
{
    struct error e;
    enum err rc = expr_cast(b->arena, x, type, false, bind_place(w->x->place), out, &e);
    struct expr *copy;

    if (rc != OK)
        return bind_failed(b, rc, w->x->place, &e);
    if ((copy = arena_copy(b->arena, *out, sizeof *copy)) == NULL)
        return bind_memory(b, w->x->place);
    copy->type = type;
    *out = copy;
    return OK;
}

static const struct type *stamp(struct binder *b, enum type_kind kind)
{
    struct type t = {.kind = kind, .precision = 3};

    return arena_copy(b->arena, &t, sizeof t);
}

static enum err tumble_columns(struct binder *b, const struct windows *w, const struct expr **out)
{
    const struct expr *start[] = {w->time, w->spans[SIZE], w->spans[OFFSET]},
                      *end[2] = {NULL, w->spans[SIZE]},
                      *last[2] = {NULL, expr_int(b->arena, TYPE_INTERVAL_MILLIS, 1)};
    const struct type *plain = stamp(b, TYPE_TIMESTAMP), *time = stamp(b, w->time->type->kind);
    enum err rc;

    if (last[1] == NULL || plain == NULL || time == NULL)
        return bind_memory(b, w->x->place);
    if ((rc = call(b, w, "TUMBLE WINDOW", start, 3, &out[0])) != OK)
        return rc;
    end[0] = out[0];
    if ((rc = call(b, w, "+", end, 2, &out[1])) != OK)
        return rc;
    last[0] = out[1];
    if ((rc = call(b, w, "-", last, 2, &out[2])) != OK || (rc = retype(b, w, out[0], plain, &out[0])) != OK ||
        (rc = retype(b, w, out[1], plain, &out[1])) != OK)
        return rc;
    return retype(b, w, out[2], time, &out[2]);
}

static enum err add_tumble(struct binder *b, struct windows *w, const struct rel **out)
{
    static const char *const more[] = {"window_start", "window_end", "window_time"};
    const struct schema *schema = w->input->schema;
    int32_t width = schema->field_count;
    const struct expr **exprs = ARENA_ARRAY(b->arena, const struct expr *, width + 3);
    const char **names = ARENA_ARRAY(b->arena, const char *, width + 3);
    enum err rc;

    if (exprs == NULL || names == NULL)
        return bind_memory(b, w->x->place);
    for (int32_t i = 0; i < width; i++) {
        exprs[i] = expr_column(b->arena, i, schema->fields[i].type);
        names[i] = schema->fields[i].name;
    }
    memcpy(names + width, more, sizeof more);
    if ((rc = tumble_columns(b, w, exprs + width)) != OK)
        return rc;
    *out = b->arena->failed ? NULL : bind_project(b, w->input, exprs, names, width + 3, w->x->place);
    return *out ? OK : bind_memory(b, w->x->place);
}

static enum err add_list(struct binder *b, struct windows *w, const struct rel **out)
{
    const struct expr *args[] = {w->time, w->spans[STEP], w->spans[SIZE], w->spans[OFFSET]}, *list;
    const struct ast_table t = {.place = w->x->place};
    enum err rc = call(b, w, w->form->list, args, 4, &list);

    return rc == OK ? bind_elements(b, &t, list, false, w->input, out, &w->scope) : rc;
}

static enum err bind_windows(struct binder *b, const struct ast_table *t, const struct window_form *form,
                             const struct rel **out, struct scope *scope)
{
    struct windows w = {.form = form, .x = t->call};
    struct rel *made;
    enum err rc;

    if ((rc = bind_windows_of(b, &w)) != OK || (rc = drop_timeless(b, &w)) != OK ||
        (rc = form->list ? add_list(b, &w, out) : add_tumble(b, &w, out)) != OK)
        return rc;
    if ((made = arena_copy(b->arena, *out, sizeof *made)) == NULL)
        return bind_memory(b, t->place);
    made->time_column = made->schema->field_count -
                        1; /* window_time; what it was before is a plain column now */
    *out = made;
    if ((rc = bind_scope_of(b, made->schema, t->alias ? t->alias->text : NULL, t->place, scope)) != OK)
        return rc;
    return bind_rename_columns(b, t, 0, scope);
}

/* --- functions of the user's --- */

static enum err no_table_function(struct binder *b, const struct ast_table *t)
{
    const struct ast_call *c = &t->call->call;
    const char *near = session_function_near(b->session, b->arena, c->name);
    enum err rc;

    if (strcmp(c->name, "SESSION") == 0)
        return bind_unsupported(b, t->call->place, "TABLE(SESSION(...)) (it needs state)");
    if (function_find(c->name)) {
        rc = bind_fail(b, ERR_INPUT, t->call->place, "%s gives a value, and no rows", c->name);
        sql_hint(b->error, "write it where a value stands: SELECT %s(...)", c->name);
        return rc;
    }
    rc = bind_fail(b, ERR_NOT_FOUND, t->call->place, "there is no table function %s", c->name);
    if (near)
        sql_hint(b->error, "SHOW USER FUNCTIONS lists those there are; did you mean `%s`?", near);
    else
        sql_hint(b->error, "there are TUMBLE, HOP, CUMULATE, and those that CREATE FUNCTION makes");
    return rc;
}

enum err bind_table_function(struct binder *b, const struct ast_table *t, bool outer, const struct rel *input,
                             const struct rel **out, struct scope *scope)
{
    const struct ast_call *c = &t->call->call;
    const struct user_function *u = NULL;
    const struct expr *array;
    enum err rc;

    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strcmp(c->name, forms[i].name) == 0 && (c->path == NULL || c->path->count == 1))
            return input ? bind_unsupported(b, t->place, "a window of a table behind LATERAL")
                         : bind_windows(b, t, &forms[i], out, scope);
    if (c->path && (rc = session_function(b->session, b->arena, c->path, &u, b->error)) != OK)
        return rc;
    if (u == NULL)
        return no_table_function(b, t);
    if (!u->is_table)
        return bind_fail(b, ERR_INPUT, t->call->place, "%s is a scalar function, and gives a value, not rows",
                         u->function.name);
    if (input == NULL)
        return bind_alone(b, t, out, scope);
    if ((rc = bind_user_call(b, scope, t->call, u, &array)) != OK)
        return rc;
    return bind_elements(b, t, array, outer, input, out, scope);
}
