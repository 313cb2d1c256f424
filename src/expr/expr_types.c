/* expr_types.c: see expr_types.h. */
#include "expr/expr_types.h"
#include "base/decimal.h"
#include "expr/cast.h"
#include "expr/expr.h"

#define SCALE_KEPT 6 /* digits behind the point that a result of more than 38 digits does not lose */

const struct type *expr_type_decimal(struct arena *a, int32_t precision, int32_t scale, bool nullable)
{
    struct type t = {.kind = TYPE_DECIMAL, .nullable = nullable, .precision = precision, .scale = scale};

    return arena_copy(a, &t, sizeof t);
}

const struct type *expr_type_timed(struct arena *a, enum type_kind kind, int32_t precision, bool nullable)
{
    struct type t = {.kind = kind, .nullable = nullable, .precision = precision};

    return arena_copy(a, &t, sizeof t);
}

bool expr_type_is_null(const struct type *t)
{
    return t->form == FORM_NULL;
}

bool expr_type_is_integer(const struct type *t)
{
    return t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64;
}

bool expr_type_is_exact(const struct type *t)
{
    return expr_type_is_integer(t) || t->kind == TYPE_DECIMAL;
}

bool expr_type_is_approx(const struct type *t)
{
    return t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE;
}

bool expr_type_is_number(const struct type *t)
{
    return expr_type_is_exact(t) || expr_type_is_approx(t);
}

bool expr_type_is_instant(const struct type *t)
{
    return t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_LTZ;
}

bool expr_type_is_interval(const struct type *t)
{
    return t->kind == TYPE_INTERVAL_MONTHS || t->kind == TYPE_INTERVAL_MILLIS;
}

int32_t expr_type_precision(const struct type *t)
{
    static const int32_t digits[] = {[TYPE_INT8] = 3, [TYPE_INT16] = 5, [TYPE_INT32] = 10, [TYPE_INT64] = 19};

    assert(expr_type_is_exact(t));
    return t->kind == TYPE_DECIMAL ? t->precision : digits[t->kind];
}

static int32_t scale_of(const struct type *t)
{
    return t->kind == TYPE_DECIMAL ? t->scale : 0;
}

static const struct type *adjusted(struct arena *a, int32_t precision, int32_t scale)
{
    int32_t whole = precision - scale;

    if (precision <= DECIMAL_DIGITS_MAX)
        return expr_type_decimal(a, precision, scale, false);
    return expr_type_decimal(a, DECIMAL_DIGITS_MAX, MAX(DECIMAL_DIGITS_MAX - whole, MIN(scale, SCALE_KEPT)),
                             false);
}

const struct type *expr_type_arithmetic(struct arena *a, char op, const struct type *x, const struct type *y)
{
    int32_t p1 = expr_type_precision(x), s1 = scale_of(x);
    int32_t p2 = expr_type_precision(y), s2 = scale_of(y), scale = MAX(s1, s2);

    switch (op) {
    case '*':
        return adjusted(a, p1 + p2 + 1, s1 + s2);
    case '/':
        scale = MAX(6, s1 + p2 + 1);
        return adjusted(a, p1 - s1 + s2 + scale, scale);
    case '%':
        return adjusted(a, MIN(p1 - s1, p2 - s2) + scale, scale);
    default:
        return adjusted(a, MAX(p1 - s1, p2 - s2) + scale + 1, scale);
    }
}

/* --- the type that both can become */

static const struct type *common(struct arena *a, const struct type *x, const struct type *y);

static const struct type *common_text(struct arena *a, const struct type *x, const struct type *y)
{
    enum type_kind kind = x->kind == TYPE_FIXED ? TYPE_BINARY : x->kind;
    bool same = x->length == y->length && x->form == y->form && x->kind == y->kind;
    bool fixed = x->form == FORM_CHAR || x->kind == TYPE_FIXED || y->form == FORM_CHAR ||
                 y->kind == TYPE_FIXED; /* a length of 0 is then a length */
    int32_t length = x->length && y->length ? MAX(x->length, y->length) : 0;
    struct type plain;

    if (same)
        return x;
    if (fixed && x->length == 0 && x->form == FORM_CHAR)
        length = y->length;
    if (fixed && y->length == 0 && y->form == FORM_CHAR)
        length = x->length;
    plain = (struct type){.kind = kind, .nullable = true, .length = length};
    return arena_copy(a, &plain, sizeof plain);
}

static const struct type *common_exact(struct arena *a, const struct type *x, const struct type *y)
{
    int32_t whole, scale;

    if (x->kind != TYPE_DECIMAL && y->kind != TYPE_DECIMAL)
        return y->kind > x->kind ? y : x;
    whole = MAX(expr_type_precision(x) - scale_of(x), expr_type_precision(y) - scale_of(y));
    whole = MIN(whole, DECIMAL_DIGITS_MAX);
    scale = MIN(MAX(scale_of(x), scale_of(y)), DECIMAL_DIGITS_MAX - whole);
    return expr_type_decimal(a, whole + scale, scale, true);
}

static const struct type *common_number(struct arena *a, const struct type *x, const struct type *y)
{
    if (expr_type_is_exact(x) && expr_type_is_exact(y))
        return common_exact(a, x, y);
    if (x->kind == TYPE_DECIMAL || y->kind == TYPE_DECIMAL || x->kind == TYPE_DOUBLE ||
        y->kind == TYPE_DOUBLE)
        return type_simple(TYPE_DOUBLE, true);
    return type_simple(TYPE_FLOAT, true);
}

static const struct type *common_timed(struct arena *a, const struct type *x, const struct type *y)
{
    enum type_kind kind = x->kind;

    if (y->kind == TYPE_TIMESTAMP_LTZ)
        kind = y->kind;
    return expr_type_timed(a, kind, MAX(x->precision, y->precision), true);
}

static const struct type *common_nested(struct arena *a, const struct type *x, const struct type *y)
{
    struct type t = *x;
    struct field *fields;

    if (x->field_count != y->field_count || x->form != y->form ||
        (fields = ARENA_ARRAY(a, struct field, MAX(x->field_count, 1))) == NULL)
        return NULL;
    for (int32_t i = 0; i < x->field_count; i++) {
        fields[i] = x->fields[i];
        if ((fields[i].type = expr_common_type(a, x->fields[i].type, y->fields[i].type)) == NULL)
            return NULL;
    }
    t.fields = fields;
    return arena_copy(a, &t, sizeof t);
}

static bool is_character(const struct type *t)
{
    return t->kind == TYPE_STRING;
}

static bool is_bytes(const struct type *t)
{
    return t->kind == TYPE_BINARY || t->kind == TYPE_FIXED;
}

static const struct type *common(struct arena *a, const struct type *x, const struct type *y)
{
    if ((is_character(x) && is_character(y)) || (is_bytes(x) && is_bytes(y)))
        return common_text(a, x, y);
    if (expr_type_is_number(x) && expr_type_is_number(y))
        return common_number(a, x, y);
    if ((expr_type_is_instant(x) && expr_type_is_instant(y)) || (x->kind == TYPE_TIME && y->kind == x->kind))
        return common_timed(a, x, y);
    if (type_is_nested(x) && x->kind == y->kind)
        return common_nested(a, x, y);
    if (x->kind == y->kind)
        return x;
    if (cast_is_implicit(x, y))
        return y;
    return cast_is_implicit(y, x) ? x : NULL;
}

const struct type *expr_common_type(struct arena *a, const struct type *x, const struct type *y)
{
    const struct type *t;

    if (expr_type_is_null(x) || expr_type_is_null(y))
        return type_nullable(a, expr_type_is_null(x) ? y : x, true);
    t = common(a, x, y);
    return t ? type_nullable(a, t, x->nullable || y->nullable) : NULL;
}
