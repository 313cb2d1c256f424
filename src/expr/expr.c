/* expr.c: making expressions: columns, literals, and calls whose arguments are cast as the function wants. */
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/rows.h"
#include "expr/expr_literal.h"
#include "expr/cast.h"
#include "expr/function.h"
#include "expr/functions_core.h"
#include "expr/text_types.h"

static const struct type null_type = {.kind = TYPE_BOOLEAN, .nullable = true, .form = FORM_NULL};

static struct expr *make(struct arena *a, enum expr_kind kind, const struct type *type)
{
    struct expr *x = ARENA_NEW(a, struct expr);

    if (x) {
        x->kind = kind;
        x->type = type;
    }
    return x;
}

const struct expr *expr_column(struct arena *a, int32_t column, const struct type *type)
{
    struct expr *x = make(a, EXPR_COLUMN, type);

    assert(column >= 0);
    if (x)
        x->column = column;
    return x;
}

const struct expr *expr_literal(struct arena *a, const struct type *type, const struct column *one_row)
{
    struct expr *x = make(a, EXPR_LITERAL, type);
    struct literal_memory m = literal_in_arena(a);
    struct column *copy;

    assert(one_row->row_count == 1);
    if (x == NULL || (copy = literal_copy(&m, one_row)) == NULL)
        return NULL;
    copy->type = type;
    x->literal = copy;
    return x;
}

const struct expr *expr_null(struct arena *a, const struct type *type)
{
    struct literal_memory m = literal_in_arena(a);
    const struct type *t = type ? type_nullable(a, type, true) : &null_type;
    struct expr *x;

    if (t == NULL || (x = make(a, EXPR_LITERAL, t)) == NULL)
        return NULL;
    return (x->literal = literal_null(&m, t)) ? x : NULL;
}

/* A literal of a scalar type whose value is at ptr. */
static const struct expr *scalar(struct arena *a, const struct type *type, void *ptr)
{
    struct column c = {.type = type, .row_count = 1, .values = ptr};

    return type ? expr_literal(a, type, &c) : NULL;
}

const struct expr *expr_bool(struct arena *a, bool v)
{
    uint8_t value = v;

    return scalar(a, type_simple(TYPE_BOOLEAN, false), &value);
}

const struct expr *expr_int(struct arena *a, enum type_kind kind, int64_t v)
{
    union {
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
    } value;
    const struct type *type = type_simple(kind, false);

    switch (type_width(type)) {
    case 1:
        value.i8 = (int8_t)v;
        break;
    case 2:
        value.i16 = (int16_t)v;
        break;
    case 4:
        value.i32 = (int32_t)v;
        break;
    default:
        value.i64 = v;
        break;
    }
    return scalar(a, type, &value);
}

const struct expr *expr_double(struct arena *a, double v)
{
    return scalar(a, type_simple(TYPE_DOUBLE, false), &v);
}

const struct expr *expr_decimal(struct arena *a, __int128 unscaled, int32_t precision, int32_t scale)
{
    return scalar(a, expr_type_decimal(a, precision, scale, false), &unscaled);
}

const struct expr *expr_char(struct arena *a, struct slice text)
{
    struct view v = view_of(text.ptr, text.len);
    struct type t = {.kind = TYPE_STRING, .form = FORM_CHAR};

    for (size_t i = 0; i < text.len; i++)
        t.length += ((unsigned char)text.ptr[i] & 0xc0) != 0x80; /* characters, not bytes */
    return scalar(a, arena_copy(a, &t, sizeof t), &v);
}

const struct expr *expr_at(struct arena *a, const struct expr *x, struct place place)
{
    struct expr *copy = arena_copy(a, x, sizeof *x);

    if (copy)
        copy->place = place;
    return copy;
}

bool expr_is_null(const struct expr *x)
{
    return x->kind == EXPR_LITERAL && !column_valid(x->literal, 0);
}

/* --- calls */

static enum err count_fits(const struct function *f, int32_t count, struct error *e)
{
    if (count >= f->least && (f->most < 0 || count <= f->most))
        return OK;
    return error_set(e, ERR_INPUT, "%s does not take %" PRId32 " argument%s; write %s", f->name, count,
                     count == 1 ? "" : "s", f->usage);
}

static enum err unknown(const char *name, struct error *e)
{
    const char *near = function_nearest(name);

    if (near)
        return error_set(e, ERR_NOT_FOUND, "there is no function %s; did you mean %s?", name, near);
    return error_set(e, ERR_NOT_FOUND, "there is no function %s; SHOW FUNCTIONS lists those there are", name);
}

/* "SUBSTRING does not take (INT, STRING); write SUBSTRING(...)". */
static enum err unfit(const struct function *f, const struct expr *const *args, int32_t count,
                      struct error *e)
{
    struct bytes types = {0};
    const char *text;

    for (int32_t i = 0; i < count; i++) {
        const struct type *t = args[i]->type;
        struct type plain = *t;

        plain.nullable = true; /* NOT NULL would only distract */
        bytes_text(&types, i ? ", " : "");
        type_print(&plain, &types);
    }
    text = bytes_cstr(&types);
    error_set(e, ERR_INPUT, "%s does not take (%s); write %s", f->name, text ? text : "...", f->usage);
    bytes_fini(&types);
    return ERR_INPUT;
}

static enum err resolve(struct resolution *r, struct error *e)
{
    const struct function *f = r->function;
    enum err rc;

    e->text[0] = '\0';
    rc = f->resolve ? f->resolve(r, e) : function_resolve_signature(r, e);
    if (rc == ERR_INPUT && e->text[0] == '\0')
        return unfit(f, r->args, r->arg_count, e);
    return rc;
}

/* The arguments, each as the type that the function wants it. */
static enum err cast_arguments(struct resolution *r, struct place place, const struct expr **out,
                               struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < r->arg_count; i++) {
        out[i] = r->args[i];
        if (r->want[i] == NULL)
            continue;
        if ((rc = expr_cast(r->arena, r->args[i], r->want[i], false, place, &out[i], e)) != OK)
            return rc;
    }
    return OK;
}

static const struct type *result_type(const struct resolution *r)
{
    bool nullable = r->result->nullable;
    const struct type *t;

    if (r->function->flags & FN_STRICT)
        for (int32_t i = 0; i < r->arg_count; i++)
            nullable |= r->args[i]->type->nullable;
    t = text_types_result(r);
    return t ? type_nullable(r->arena, t, nullable) : NULL;
}

static enum err make_call(struct resolution *r, struct place place, const struct expr **out, struct error *e)
{
    const struct expr **args = ARENA_ARRAY(r->arena, const struct expr *, MAX(r->arg_count, 1));
    const struct type *type = result_type(r);
    struct expr *x = make(r->arena, EXPR_CALL, type);
    enum err rc;

    if (r->arena->failed)
        return error_memory(e, sizeof *x, "an expression");
    if ((rc = cast_arguments(r, place, args, e)) != OK)
        return rc;
    x->place = place;
    x->function = r->function;
    x->variant = r->variant;
    x->arg_count = r->arg_count;
    x->args = args;
    *out = x;
    return OK;
}

enum err expr_call_function(struct arena *a, const struct function *f, const struct expr *const *args,
                            int32_t count, struct place place, const struct expr **out, struct error *e)
{
    const struct expansion *expansion;
    struct resolution r = {.arena = a, .function = f, .arg_count = count, .args = args};
    enum err rc;

    if ((rc = count_fits(f, count, e)) != OK)
        return rc;
    if ((expansion = expansion_find(f)) != NULL)
        return expansion->expand(a, args, count, place, out, e);
    if ((r.want = ARENA_ARRAY(a, const struct type *, MAX(count, 1))) == NULL)
        return error_memory(e, sizeof *r.want, "an expression");
    if ((rc = resolve(&r, e)) != OK)
        return rc;
    if (a->failed)
        return error_memory(e, sizeof r, "an expression");
    return make_call(&r, place, out, e);
}

enum err expr_call(struct arena *a, const char *name, const struct expr *const *args, int32_t count,
                   struct place place, const struct expr **out, struct error *e)
{
    const struct function *f = function_find(name);

    return f ? expr_call_function(a, f, args, count, place, out, e) : unknown(name, e);
}

/* --- casts */

static enum err no_cast(const struct type *from, const struct type *to, const char *how, struct error *e)
{
    struct bytes text = {0};
    const char *s;

    type_print(from, &text);
    bytes_text(&text, " to ");
    type_print(to, &text);
    s = bytes_cstr(&text);
    error_set(e, ERR_INPUT, "%s %s", how, s ? s : "these types");
    bytes_fini(&text);
    return ERR_INPUT;
}

static enum err cast_call(struct arena *a, const struct expr *x, const struct type *type, bool try_cast,
                          struct place place, const struct expr **out, struct error *e)
{
    const struct variant *variant = cast_variant(x->type, type, try_cast);
    const struct expr **args = ARENA_ARRAY(a, const struct expr *, 1);
    bool nullable = try_cast || x->type->nullable;
    struct expr *call;

    if (variant == NULL)
        return no_cast(x->type, type, "there is no cast from", e);
    call = make(a, EXPR_CALL, type_nullable(a, type, nullable));
    if (a->failed)
        return error_memory(e, sizeof *call, "a cast");
    args[0] = x;
    call->args = args;
    call->arg_count = 1;
    call->place = place;
    if (try_cast)
        call->function = function_find("TRY_CAST");
    else
        call->function = cast_can_fail(x->type, type) ? function_find("CAST") : &functions_safe_cast;
    call->variant = variant;
    *out = call;
    return OK;
}

/* The same values under another type of the same layout. A call stays what it is: kernels go by its type. */
static enum err retyped(struct arena *a, const struct expr *x, const struct type *type,
                        const struct expr **out, struct error *e)
{
    const struct type *kept = type_nullable(a, type, x->type->nullable);
    struct expr *copy;

    *out = x;
    if (kept && (x->kind == EXPR_CALL || type_equal(kept, x->type)))
        return OK;
    copy = arena_copy(a, x, sizeof *x);
    if (kept == NULL || copy == NULL)
        return error_memory(e, sizeof *copy, "a cast");
    copy->type = kept;
    *out = copy;
    return OK;
}

/* A ROW that a call gives has the call's names of fields, which are asked for by name later. */
static bool needs_names(struct arena *a, const struct expr *x, const struct type *type)
{
    const struct type *t = type_nullable(a, type, x->type->nullable);

    return x->kind == EXPR_CALL && type_is_nested(type) && t && !type_equal(x->type, t) &&
           cast_variant(x->type, type, false);
}

enum err expr_cast(struct arena *a, const struct expr *x, const struct type *type, bool try_cast,
                   struct place place, const struct expr **out, struct error *e)
{
    if (x->type->form == FORM_NULL || expr_is_null(x)) {
        if (x->type->form != FORM_NULL && !cast_variant(x->type, type, try_cast) &&
            !cast_is_free(x->type, type))
            return no_cast(x->type, type, "there is no cast from", e);
        if ((*out = expr_null(a, type)) == NULL)
            return error_memory(e, sizeof **out, "a NULL");
        return OK;
    }
    if (cast_is_free(x->type, type) && !needs_names(a, x, type))
        return retyped(a, x, type, out, e);
    return cast_call(a, x, type, try_cast, place, out, e);
}

enum err expr_implicit_cast(struct arena *a, const struct expr *x, const struct type *type,
                            struct place place, const struct expr **out, struct error *e)
{
    if (!cast_is_implicit(x->type, type))
        return no_cast(x->type, type, "without a CAST there is no way from", e);
    return expr_cast(a, x, type, false, place, out, e);
}

/* --- questions */

const struct expr *expr_renumber(struct arena *a, const struct expr *x, const int32_t *numbers)
{
    struct expr *copy = arena_copy(a, x, sizeof *x);
    const struct expr **args;

    if (copy == NULL || x->kind == EXPR_LITERAL)
        return copy;
    if (x->kind == EXPR_COLUMN) {
        copy->column = numbers[x->column];
        return copy;
    }
    if ((args = ARENA_ARRAY(a, const struct expr *, MAX(x->arg_count, 1))) == NULL)
        return NULL;
    for (int32_t i = 0; i < x->arg_count; i++)
        if ((args[i] = expr_renumber(a, x->args[i], numbers)) == NULL)
            return NULL;
    copy->args = args;
    return copy;
}

void expr_mark_columns(const struct expr *x, bool *used)
{
    if (x->kind == EXPR_COLUMN)
        used[x->column] = true;
    for (int32_t i = 0; i < x->arg_count; i++)
        expr_mark_columns(x->args[i], used);
}

bool expr_is_constant(const struct expr *x)
{
    if (x->kind != EXPR_CALL)
        return x->kind == EXPR_LITERAL;
    if (x->function->flags & (FN_VOLATILE | FN_DYNAMIC | FN_AGGREGATE))
        return false;
    for (int32_t i = 0; i < x->arg_count; i++)
        if (!expr_is_constant(x->args[i]))
            return false;
    return true;
}

bool expr_equal(const struct expr *x, const struct expr *y)
{
    if (x == y)
        return true;
    if (x->kind != y->kind || !type_equal(x->type, y->type))
        return false;
    if (x->kind == EXPR_COLUMN)
        return x->column == y->column;
    if (x->kind == EXPR_LITERAL)
        return rows_identical(x->literal, 0, y->literal, 0);
    if (x->function != y->function || x->arg_count != y->arg_count)
        return false;
    for (int32_t i = 0; i < x->arg_count; i++)
        if (!expr_equal(x->args[i], y->args[i]))
            return false;
    return true;
}
