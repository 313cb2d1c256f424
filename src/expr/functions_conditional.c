/* functions_conditional.c: CASE, IF, COALESCE, GREATEST and their like, and the forms that are only another way
 * of writing something else (BETWEEN, NULLIF, NOT IN).
 */
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/functions_core.h"
#include "expr/rows.h"

/* --- the one type of several values */

/* The type of arguments first, first + step, ...; NULL: they have none. */
static const struct type *common_of(struct resolution *r, int32_t first, int32_t step)
{
    const struct type *t = r->args[first]->type;

    for (int32_t i = first + step; i < r->arg_count && t; i += step)
        t = expr_common_type(r->arena, t, r->args[i]->type);
    return t;
}

static void want_all(struct resolution *r, const struct type *t, int32_t first, int32_t step)
{
    for (int32_t i = first; i < r->arg_count; i += step)
        r->want[i] = t;
}

/* A CASE of nothing but NULLs stays one. */
static enum err set_result(struct resolution *r, const struct type *t, bool nullable)
{
    if (t == NULL)
        return r->arena->failed ? ERR_MEMORY : ERR_INPUT;
    r->result = type_nullable(r->arena, t, nullable);
    return r->result ? OK : ERR_MEMORY;
}

/* --- CASE and IF: conditions and values in turn, then what else */

static const struct type *case_type(struct resolution *r)
{
    const struct type *t = r->args[1]->type;
    int32_t values = r->arg_count - r->arg_count % 2;

    for (int32_t i = 3; i < values && t; i += 2)
        t = expr_common_type(r->arena, t, r->args[i]->type);
    if (r->arg_count % 2 && t)
        t = expr_common_type(r->arena, t, r->args[r->arg_count - 1]->type);
    return t;
}

static enum err resolve_case(struct resolution *r, UNUSED struct error *e)
{
    const struct type *t = case_type(r);
    bool nullable = r->arg_count % 2 == 0, odd = r->arg_count % 2;

    if (strcmp(r->function->name, "IF") == 0) /* as Flink has it, which looks at all arguments alike */
        nullable = r->args[0]->type->nullable;
    for (int32_t i = 0; i + 1 < r->arg_count; i += 2) {
        if (r->args[i]->type->kind != TYPE_BOOLEAN)
            return ERR_INPUT;
        nullable |= r->args[i + 1]->type->nullable;
        r->want[i + 1] = t;
    }
    if (odd) {
        nullable |= r->args[r->arg_count - 1]->type->nullable;
        r->want[r->arg_count - 1] = t;
    }
    return set_result(r, t, nullable);
}

/* --- COALESCE, IFNULL */

static enum err resolve_coalesce(struct resolution *r, UNUSED struct error *e)
{
    const struct type *t = common_of(r, 0, 1);
    bool nullable = true;

    for (int32_t i = 0; i < r->arg_count; i++)
        nullable &= r->args[i]->type->nullable;
    want_all(r, t, 0, 1);
    return set_result(r, t, nullable);
}

/* --- GREATEST, LEAST: NULL when one argument is */

static void copy_value(struct column *out, int32_t row, const struct column *from, int32_t at)
{
    size_t width = type_width(out->type);

    memcpy((char *)out->values + (size_t)row * width, (char *)from->values + (size_t)at * width, width);
}

static void extreme(struct call *c, int wanted)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        const struct arg *best = &c->args[0];

        if (!column_valid(c->out, i))
            continue;
        for (int32_t k = 1; k < c->arg_count; k++) {
            const struct arg *a = &c->args[k];

            if (rows_compare(a->column, i & a->mask, best->column, i & best->mask) == wanted)
                best = a;
        }
        copy_value(c->out, i, best->column, i & best->mask);
    }
}

static enum err kernel_greatest(struct call *c, UNUSED struct error *e)
{
    extreme(c, 1);
    return OK;
}

static enum err kernel_least(struct call *c, UNUSED struct error *e)
{
    extreme(c, -1);
    return OK;
}

static enum err resolve_extreme(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant greatest = {.kernel = kernel_greatest}, least = {.kernel = kernel_least};
    const struct type *t = common_of(r, 0, 1);

    if (t == NULL || type_is_nested(t))
        return ERR_INPUT;
    want_all(r, t, 0, 1);
    r->variant = r->function->name[0] == 'G' ? &greatest : &least;
    return set_result(r, t, false);
}

/* --- expansions */

static enum err two(struct arena *a, const char *name, const struct expr *x, const struct expr *y,
                    struct place place, const struct expr **out, struct error *e)
{
    const struct expr *args[] = {x, y};

    return expr_call(a, name, args, 2, place, out, e);
}

static enum err negate(struct arena *a, const struct expr *x, struct place place, const struct expr **out,
                       struct error *e)
{
    return expr_call(a, "NOT", &x, 1, place, out, e);
}

static enum err expand_between(struct arena *a, const struct expr *const *args, UNUSED int32_t count,
                               struct place place, const struct expr **out, struct error *e)
{
    const struct expr *low, *high;
    enum err rc;

    if ((rc = two(a, ">=", args[0], args[1], place, &low, e)) != OK ||
        (rc = two(a, "<=", args[0], args[2], place, &high, e)) != OK)
        return rc;
    return two(a, "AND", low, high, place, out, e);
}

static enum err expand_symmetric(struct arena *a, const struct expr *const *args, UNUSED int32_t count,
                                 struct place place, const struct expr **out, struct error *e)
{
    const struct expr *turned[] = {args[0], args[2], args[1]}, *one, *other;
    enum err rc;

    if ((rc = expand_between(a, args, 3, place, &one, e)) != OK ||
        (rc = expand_between(a, turned, 3, place, &other, e)) != OK)
        return rc;
    return two(a, "OR", one, other, place, out, e);
}

static enum err expand_not_between(struct arena *a, const struct expr *const *args, int32_t count,
                                   struct place place, const struct expr **out, struct error *e)
{
    const struct expr *x;
    enum err rc = expand_between(a, args, count, place, &x, e);

    return rc == OK ? negate(a, x, place, out, e) : rc;
}

static enum err expand_not_symmetric(struct arena *a, const struct expr *const *args, int32_t count,
                                     struct place place, const struct expr **out, struct error *e)
{
    const struct expr *x;
    enum err rc = expand_symmetric(a, args, count, place, &x, e);

    return rc == OK ? negate(a, x, place, out, e) : rc;
}

static enum err expand_not_in(struct arena *a, const struct expr *const *args, int32_t count,
                              struct place place, const struct expr **out, struct error *e)
{
    const struct expr *x;
    enum err rc = expr_call(a, "IN", args, count, place, &x, e);

    return rc == OK ? negate(a, x, place, out, e) : rc;
}

static enum err expand_not_equal(struct arena *a, const struct expr *const *args, int32_t count,
                                 struct place place, const struct expr **out, struct error *e)
{
    return expr_call(a, "<>", args, count, place, out, e);
}

/* CASE WHEN a = b THEN NULL ELSE a END, of a's type. */
static enum err expand_nullif(struct arena *a, const struct expr *const *args, UNUSED int32_t count,
                              struct place place, const struct expr **out, struct error *e)
{
    const struct expr *parts[3] = {NULL, expr_null(a, args[0]->type), args[0]};
    enum err rc = two(a, "=", args[0], args[1], place, &parts[0], e);

    if (rc == OK && parts[1] == NULL)
        return error_memory(e, sizeof **parts, "an expression");
    return rc == OK ? expr_call(a, "CASE", parts, 3, place, out, e) : rc;
}

const struct expansion *expansion_find(const struct function *f)
{
    static const struct expansion expansions[] = {
        {"BETWEEN", expand_between},
        {"NOT BETWEEN", expand_not_between},
        {"BETWEEN SYMMETRIC", expand_symmetric},
        {"NOT BETWEEN SYMMETRIC", expand_not_symmetric},
        {"NOT IN", expand_not_in},
        {"!=", expand_not_equal},
        {"NULLIF", expand_nullif},
    };

    for (size_t i = 0; i < COUNT_OF(expansions); i++)
        if (strcmp(expansions[i].name, f->name) == 0)
            return &expansions[i];
    return NULL;
}

#define CONDITIONAL(n, text, what, min, max, bits, how)                                                      \
    {                                                                                                        \
        .name = n, .group = GROUP_CONDITIONAL, .usage = text, .doc = what, .least = min, .most = max,        \
        .flags = bits, .resolve = how                                                                        \
    }
const struct function functions_conditional[] = {
    CONDITIONAL("CASE", "CASE WHEN condition THEN value [WHEN ... THEN ...] [ELSE value] END",
                "The value behind the first condition that is TRUE.", 2, -1, FN_LAZY | FN_HIDDEN,
                resolve_case),
    CONDITIONAL("IF", "IF(condition, value, otherwise)", "One value or the other.", 3, 3, FN_LAZY,
                resolve_case),
    CONDITIONAL("COALESCE", "COALESCE(a, b, ...)", "The first value that is not NULL.", 1, -1, FN_LAZY,
                resolve_coalesce),
    CONDITIONAL("IFNULL", "IFNULL(x, otherwise)", "x, or the other when x is NULL.", 2, 2, FN_LAZY,
                resolve_coalesce),
    CONDITIONAL("NULLIF", "NULLIF(a, b)", "NULL when both are equal, else a.", 2, 2, 0, NULL),
    CONDITIONAL("GREATEST", "GREATEST(a, b, ...)", "The greatest; NULL when one of them is.", 1, -1,
                FN_STRICT, resolve_extreme),
    CONDITIONAL("LEAST", "LEAST(a, b, ...)", "The least; NULL when one of them is.", 1, -1, FN_STRICT,
                resolve_extreme),
    {0},
};
