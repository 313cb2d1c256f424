/* functions_operator.c: + - * / %: which types they take and give. */
#include "expr/arithmetic.h"
#include "expr/expr_types.h"
#include "expr/functions_core.h"

/* Two integers: the wider; with a DECIMAL: by the rules of decimals; with a FLOAT or DOUBLE: that. */
static enum err resolve_numbers(struct resolution *r, char op)
{
    const struct type *x = r->args[0]->type, *y = r->args[1]->type;
    bool decimal = (x->kind == TYPE_DECIMAL || y->kind == TYPE_DECIMAL) && expr_type_is_exact(x) &&
                   expr_type_is_exact(y);

    if (op == '%' && expr_type_is_integer(x) && expr_type_is_integer(y) && x->kind != y->kind) {
        r->variant = arithmetic_remainder();
        r->result = type_nullable(r->arena, y, false);
        return r->result ? OK : ERR_MEMORY;
    }
    if (decimal) {
        r->result = expr_type_arithmetic(r->arena, op, x, y);
        for (int i = 0; i < 2; i++)
            if (expr_type_is_integer(r->args[i]->type))
                r->want[i] = expr_type_decimal(r->arena, expr_type_precision(r->args[i]->type), 0, true);
    } else {
        r->result = expr_common_type(r->arena, x, y);
        r->want[0] = r->want[1] = r->result;
    }
    if (r->result == NULL)
        return ERR_MEMORY;
    r->variant = arithmetic_variant(op, r->result->kind);
    r->result = type_nullable(r->arena, r->result, false);
    return r->result ? OK : ERR_MEMORY;
}

/* A bare NULL is of the other's type; two of them are INT. A text beside a number is read as one. */
static const struct type *number_beside(const struct type *t, const struct type *other)
{
    if (expr_type_is_null(t))
        return expr_type_is_number(other) ? other : type_simple(TYPE_INT32, true);
    if (t->kind == TYPE_STRING && (expr_type_is_number(other) || other->kind == TYPE_STRING))
        return type_simple(TYPE_DOUBLE, true);
    return expr_type_is_number(t) ? t : NULL;
}

/* The same call with an argument's type taken for another, which the argument is then cast to. */
static enum err resolve_as(struct resolution *r, char op, const struct type *x, const struct type *y)
{
    struct expr typed[2] = {*r->args[0], *r->args[1]};
    const struct expr *args[2] = {&typed[0], &typed[1]};
    struct resolution as = *r;
    enum err rc;

    typed[0].type = x;
    typed[1].type = y;
    as.args = args;
    if ((rc = resolve_numbers(&as, op)) != OK)
        return rc;
    for (int i = 0; i < 2; i++)
        if (r->want[i] == NULL && typed[i].type != r->args[i]->type)
            r->want[i] = typed[i].type;
    r->result = as.result;
    r->variant = as.variant;
    return OK;
}

static bool is_temporal(const struct type *t)
{
    return t->kind == TYPE_DATE || t->kind == TYPE_TIME || expr_type_is_instant(t) ||
           expr_type_is_interval(t);
}

static enum err resolve_sign(struct resolution *r)
{
    const struct type *t = r->args[0]->type;

    if (expr_type_is_null(t))
        r->want[0] = t = type_simple(TYPE_INT32, true);
    if (!expr_type_is_number(t) && !expr_type_is_interval(t))
        return ERR_INPUT;
    r->result = type_nullable(r->arena, t, false);
    r->variant = arithmetic_negate(t->kind);
    return OK;
}

static enum err resolve_arithmetic(struct resolution *r, struct error *e)
{
    const char *name = r->function->name;
    char op = strcmp(name, "MOD") == 0 ? '%' : name[0];
    const struct type *x, *y;

    if (r->arg_count == 1)
        return op == '-' ? resolve_sign(r) : ERR_INPUT;
    x = r->args[0]->type;
    y = r->args[1]->type;
    if (is_temporal(x) || is_temporal(y))
        return arithmetic_time_resolve(r, op, e);
    if (expr_type_is_number(x) && expr_type_is_number(y))
        return resolve_numbers(r, op);
    x = number_beside(x, r->args[1]->type);
    y = number_beside(y, r->args[0]->type);
    return x && y ? resolve_as(r, op, x, y) : ERR_INPUT;
}

#define OPERATOR(n, text, what, min, bits)                                                                   \
    {                                                                                                        \
        .name = n, .group = GROUP_ARITHMETIC, .usage = text, .doc = what, .least = min, .most = 2,           \
        .flags = FN_STRICT | (bits), .resolve = resolve_arithmetic                                           \
    }
const struct function functions_operator[] = {
    OPERATOR("+", "a + b", "The sum; a date or timestamp and an interval too.", 2, FN_HIDDEN),
    OPERATOR("-", "a - b or - a", "The difference; of two timestamps the interval between them.", 1,
             FN_HIDDEN),
    OPERATOR("*", "a * b", "The product.", 2, FN_HIDDEN),
    OPERATOR("/", "a / b", "The quotient; of two integers without its fraction.", 2, FN_HIDDEN | FN_FAILS),
    OPERATOR("%", "a % b", "What is left of a after division by b; its sign is a's.", 2,
             FN_HIDDEN | FN_FAILS),
    OPERATOR("MOD", "MOD(a, b)", "What is left of a after division by b; its sign is a's.", 2, FN_FAILS),
    {0},
};
