/* iceberg_filter.c: see iceberg_filter.h. A literal is turned into a value of the column's type where that is
 * exact; casts of the column that keep every value apart and in order are looked through.
 */
#include "connectors/iceberg_filter.h"
#include "base/decimal.h"
#include "expr/function.h"
#include "iceberg/single_value.h"

struct translate {
    struct arena *arena;
    const struct schema *wanted;
};

static const struct filter *translate(struct translate *t, const struct expr *x, bool negate);

static bool is_call(const struct expr *x, const char *name)
{
    return x->kind == EXPR_CALL && strcmp(x->function->name, name) == 0;
}

/* --- columns --- */

static bool is_integer(const struct type *t)
{
    return t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64;
}

static bool keeps_order(const struct type *from, const struct type *to)
{
    if (is_integer(from) && to->kind == TYPE_DECIMAL)
        return to->precision - to->scale >= 19;
    if (is_integer(from))
        return (is_integer(to) && to->kind >= from->kind) ||
               (to->kind == TYPE_DOUBLE && from->kind != TYPE_INT64);
    if (from->kind == TYPE_DECIMAL)
        return to->kind == TYPE_DECIMAL && to->scale >= from->scale &&
               to->precision - to->scale >= from->precision - from->scale;
    if (from->kind == TYPE_FLOAT)
        return to->kind == TYPE_FLOAT || to->kind == TYPE_DOUBLE;
    if (from->kind == TYPE_STRING)
        return to->kind == TYPE_STRING && to->form == FORM_PLAIN &&
               (to->length == 0 || (from->length && to->length >= from->length));
    return from->kind == to->kind && to->precision >= from->precision && !type_is_nested(from) &&
           from->length == to->length;
}

/* The column that x is, NULL: it is none. */
static const struct field *column_of(const struct translate *t, const struct expr *x)
{
    while (is_call(x, "CAST") && x->arg_count == 1 && keeps_order(x->args[0]->type, x->type))
        x = x->args[0];
    return x->kind == EXPR_COLUMN ? &t->wanted->fields[x->column] : NULL;
}

/* --- literals --- */

static bool put_integer(__int128 v, const struct type *to, struct bytes *out)
{
    __int128 scaled;
    bool narrow = to->kind == TYPE_INT32;

    if (to->kind == TYPE_DECIMAL) {
        if (!decimal_rescale(v, 0, DECIMAL_DIGITS_MAX, to->scale, &scaled))
            return false;
        single_value_of_i128(scaled, out);
        return true;
    }
    if ((to->kind != TYPE_INT32 && to->kind != TYPE_INT64) || v < (narrow ? INT32_MIN : INT64_MIN) ||
        v > (narrow ? INT32_MAX : INT64_MAX))
        return false;
    single_value_of_i64(to, (int64_t)v, out);
    return true;
}

static bool put_decimal(__int128 v, const struct type *from, const struct type *to, struct bytes *out)
{
    int32_t scale = to->kind == TYPE_DECIMAL ? to->scale : 0;
    __int128 there, back;

    if (!decimal_rescale(v, from->scale, DECIMAL_DIGITS_MAX, scale, &there) ||
        !decimal_rescale(there, scale, DECIMAL_DIGITS_MAX, from->scale, &back) || back != v)
        return false;
    if (to->kind != TYPE_DECIMAL)
        return put_integer(there, to, out);
    single_value_of_i128(there, out);
    return true;
}

static bool put_floating(double v, const struct type *to, struct bytes *out)
{
    float narrow = (float)v;
    int32_t bits32;
    int64_t bits;

    if (v != v)
        return false;
    if (v == 0)
        v = narrow = 0; /* equal, but Iceberg has -0.0 before 0.0: see zero_has_two */
    if (to->kind == TYPE_DOUBLE) {
        memcpy(&bits, &v, 8);
    } else if (to->kind == TYPE_FLOAT && (double)narrow == v) {
        memcpy(&bits32, &narrow, 4);
        bits = bits32;
    } else {
        return false;
    }
    single_value_of_i64(to, bits, out);
    return true;
}

static int64_t integer_at(const struct column *c)
{
    switch (c->type->kind) {
    case TYPE_INT8:
        return c->i8[0];
    case TYPE_INT16:
        return c->i16[0];
    case TYPE_INT32:
        return c->i32[0];
    default:
        return c->i64[0];
    }
}

static bool put_literal(const struct column *c, const struct type *to, struct bytes *out)
{
    const struct type *from = c->type;
    bool bytes = from->kind == TYPE_BINARY || from->kind == TYPE_FIXED || from->kind == TYPE_UUID;

    if (is_integer(from))
        return (to->kind == TYPE_DOUBLE || to->kind == TYPE_FLOAT)
                   ? (integer_at(c) >> 53 == 0 && put_floating((double)integer_at(c), to, out))
                   : put_integer(integer_at(c), to, out);
    if (from->kind == TYPE_DECIMAL)
        return put_decimal(c->i128[0], from, to, out);
    if (from->kind == TYPE_FLOAT || from->kind == TYPE_DOUBLE)
        return put_floating(from->kind == TYPE_FLOAT ? (double)c->f32[0] : c->f64[0], to, out);
    if (bytes ? to->kind != TYPE_BINARY && to->kind != TYPE_FIXED && to->kind != TYPE_UUID
              : from->kind != to->kind || (from->precision > 6) != (to->precision > 6))
        return false;
    if (type_is_nested(from) || from->kind == TYPE_INTERVAL_MILLIS || from->kind == TYPE_INTERVAL_MONTHS)
        return false;
    single_value_of(c, 0, out);
    return true;
}

/* --- leaves --- */

static struct filter *new_filter(struct translate *t, enum filter_kind kind)
{
    struct filter *f = ARENA_NEW(t->arena, struct filter);

    if (f)
        f->kind = kind;
    return f;
}

static const struct filter *both(struct translate *t, enum filter_kind kind, const struct filter *left,
                                 const struct filter *right)
{
    struct filter *f = new_filter(t, kind);

    if (f) {
        f->left = left;
        f->right = right;
    }
    return f;
}

/* Zero is two values in Iceberg's order: only what is strictly apart from both can be judged. */
static bool zero_has_two(const struct filter *f, enum filter_kind kind)
{
    double wide;
    float narrow;

    if (f->type->kind == TYPE_DOUBLE)
        memcpy(&wide, f->value.ptr, 8);
    else if (f->type->kind == TYPE_FLOAT)
        memcpy(&narrow, f->value.ptr, 4), wide = (double)narrow;
    else
        return false;
    return wide == 0 && kind != FILTER_LE && kind != FILTER_GT && kind != FILTER_LT;
}

static const struct filter *compare(struct translate *t, enum filter_kind kind, const struct expr *column,
                                    const struct expr *literal)
{
    const struct field *field = column_of(t, column);
    struct bytes value = {0};
    struct filter *f = NULL;

    if (field == NULL || literal->kind != EXPR_LITERAL || !column_valid(literal->literal, 0) ||
        type_is_nested(field->type))
        return NULL;
    if (put_literal(literal->literal, field->type, &value) && (f = new_filter(t, kind)) != NULL) {
        f->field_id = field->id;
        f->type = field->type;
        f->value = arena_slice(t->arena, bytes_all(&value));
        t->arena->failed |= value.failed;
    }
    bytes_fini(&value);
    return f == NULL || t->arena->failed || zero_has_two(f, kind) ? NULL : f;
}

static const struct filter *presence(struct translate *t, const struct expr *x, enum filter_kind kind)
{
    const struct field *field = column_of(t, x->args[0]);
    struct filter *f;

    if (field == NULL || (f = new_filter(t, kind)) == NULL)
        return NULL;
    f->field_id = field->id;
    f->type = field->type;
    return f;
}

static const struct {
    const char *name;
    enum filter_kind kind, turned, opposite;
} comparisons[] = {
    {"=", FILTER_EQ, FILTER_EQ, FILTER_NE}, {"<>", FILTER_NE, FILTER_NE, FILTER_EQ},
    {"<", FILTER_LT, FILTER_GT, FILTER_GE}, {"<=", FILTER_LE, FILTER_GE, FILTER_GT},
    {">", FILTER_GT, FILTER_LT, FILTER_LE}, {">=", FILTER_GE, FILTER_LE, FILTER_LT},
};

static enum filter_kind turned(enum filter_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(comparisons); i++)
        if (comparisons[i].kind == kind)
            return comparisons[i].turned;
    return kind;
}

static const struct filter *comparison(struct translate *t, const struct expr *x, bool negate)
{
    for (size_t i = 0; i < COUNT_OF(comparisons); i++) {
        enum filter_kind kind = negate ? comparisons[i].opposite : comparisons[i].kind;

        if (strcmp(comparisons[i].name, x->function->name) != 0)
            continue;
        if (x->args[1]->kind == EXPR_LITERAL)
            return compare(t, kind, x->args[0], x->args[1]);
        return compare(t, turned(kind), x->args[1], x->args[0]);
    }
    return NULL;
}

/* x IN (a, b): one of them; every one must be known. */
static const struct filter *one_of(struct translate *t, const struct expr *x)
{
    const struct filter *all = NULL;

    for (int32_t i = 1; i < x->arg_count; i++) {
        const struct filter *f = compare(t, FILTER_EQ, x->args[0], x->args[i]);

        if (f == NULL || (all && (f = both(t, FILTER_OR, all, f)) == NULL))
            return NULL;
        all = f;
    }
    return all;
}

/* LIKE 'abc%': what stands before the first wildcard. */
static const struct filter *like(struct translate *t, const struct expr *x)
{
    const struct field *field = column_of(t, x->args[0]);
    struct slice pattern;
    struct filter *f;
    size_t n = 0;

    if (field == NULL || field->type->kind != TYPE_STRING || x->arg_count != 2 ||
        x->args[1]->kind != EXPR_LITERAL || !column_valid(x->args[1]->literal, 0))
        return NULL;
    pattern = column_slice(x->args[1]->literal, 0);
    while (n < pattern.len && pattern.ptr[n] != '%' && pattern.ptr[n] != '_' && pattern.ptr[n] != '\\')
        n++;
    if (n == 0 || (f = new_filter(t, FILTER_PREFIX)) == NULL)
        return NULL;
    f->field_id = field->id;
    f->type = field->type;
    f->value = arena_slice(t->arena, slice_of(pattern.ptr, n));
    return f;
}

/* --- trees --- */

static const struct filter *connect(struct translate *t, const struct expr *x, bool is_and, bool negate)
{
    const struct filter *all = NULL;

    for (int32_t i = 0; i < x->arg_count; i++) {
        const struct filter *f = translate(t, x->args[i], negate);

        if (f == NULL && !is_and)
            return NULL;
        if (f == NULL)
            continue;
        if (all && (f = both(t, is_and ? FILTER_AND : FILTER_OR, all, f)) == NULL)
            return NULL;
        all = f;
    }
    return all;
}

static const struct filter *translate(struct translate *t, const struct expr *x, bool negate)
{
    if (x->kind != EXPR_CALL)
        return NULL;
    if (is_call(x, "AND") || is_call(x, "OR"))
        return connect(t, x, is_call(x, "AND") != negate, negate);
    if (is_call(x, "NOT"))
        return translate(t, x->args[0], !negate);
    if (is_call(x, "IS NULL") || is_call(x, "IS NOT NULL"))
        return presence(t, x, is_call(x, "IS NULL") != negate ? FILTER_IS_NULL : FILTER_NOT_NULL);
    if (is_call(x, "IN"))
        return negate ? NULL : one_of(t, x);
    if (is_call(x, "LIKE"))
        return negate ? NULL : like(t, x);
    return x->arg_count == 2 ? comparison(t, x, negate) : NULL;
}

enum err iceberg_filter(struct arena *arena, const struct expr *x, const struct schema *wanted,
                        const struct filter **out, struct error *e)
{
    struct translate t = {arena, wanted};

    *out = x ? translate(&t, x, false) : NULL;
    return arena->failed ? error_memory(e, 0, "a query's condition") : OK;
}
