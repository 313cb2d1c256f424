/* rounding.c: see rounding.h. ROUND and TRUNCATE of a FLOAT or DOUBLE go by its text, as Flink's do: 1.005
 * rounded to two digits is 1.01, although the double is a little less.
 */
#include "expr/rounding.h"
#include "base/decimal.h"
#include "base/number_text.h"
#include "expr/expr_types.h"
#include "expr/kernels.h"
#include <math.h>
#include <stdlib.h>

/* --- of one number */

#define ABS_U32(x)   ((x) < 0 ? -(uint32_t)(x) : (uint32_t)(x))
#define ABS_U64(x)   ((x) < 0 ? -(uint64_t)(x) : (uint64_t)(x))
#define ABS_WIDE(x)  ((x) < 0 ? -(x) : (x))
#define SIGN_OF(x)   (((x) > 0) - ((x) < 0))
#define SIGN_REAL(x) (isnan(x) || (x) == 0 ? (x) : (x) > 0 ? 1 : -1)
KERNEL_UNARY(abs_i8, int8_t, int8_t, ABS_U32)
KERNEL_UNARY(abs_i16, int16_t, int16_t, ABS_U32)
KERNEL_UNARY(abs_i32, int32_t, int32_t, ABS_U32)
KERNEL_UNARY(abs_i64, int64_t, int64_t, ABS_U64)
KERNEL_UNARY(abs_f32, float, float, fabsf)
KERNEL_UNARY(abs_f64, double, double, fabs)
KERNEL_UNARY(abs_decimal, __int128, __int128, ABS_WIDE)
KERNEL_UNARY(sign_i8, int8_t, int8_t, SIGN_OF)
KERNEL_UNARY(sign_i16, int16_t, int16_t, SIGN_OF)
KERNEL_UNARY(sign_i32, int32_t, int32_t, SIGN_OF)
KERNEL_UNARY(sign_i64, int64_t, int64_t, SIGN_OF)
KERNEL_UNARY(sign_f32, float, float, SIGN_REAL)
KERNEL_UNARY(sign_f64, double, double, SIGN_REAL)
KERNEL_UNARY(floor_f32, float, float, floorf)
KERNEL_UNARY(floor_f64, double, double, floor)
KERNEL_UNARY(ceil_f32, float, float, ceilf)
KERNEL_UNARY(ceil_f64, double, double, ceil)

/* 1 as a decimal of this scale may have more digits than the type: then NULL, as in Flink. */
static enum err sign_decimal(struct call *c, struct error *e)
{
    const struct type *t = c->out->type;

    for (int32_t i = 0; i < c->row_count; i++) {
        __int128 v = c->args[0].column->i128[i];

        if (column_valid(c->out, i) &&
            !decimal_rescale(SIGN_OF(v), 0, t->precision, t->scale, &c->out->i128[i]) && !call_null(c, i))
            return error_memory(e, sizeof(uint64_t), "the result of SIGN");
    }
    return OK;
}

static enum err floor_decimal(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i128[i] = decimal_floor(c->args[0].column->i128[i], c->args[0].column->type->scale);
    return OK;
}

static enum err ceil_decimal(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i128[i] = decimal_ceil(c->args[0].column->i128[i], c->args[0].column->type->scale);
    return OK;
}

/* FLOOR and CEIL of an integer: itself. */
static enum err same(struct call *c, UNUSED struct error *e)
{
    memcpy(c->out->values, c->args[0].column->values, (size_t)c->row_count * type_width(c->out->type));
    return OK;
}

/* --- ROUND and TRUNCATE to a number of digits */

/* Digits of row i; 0 when there is no second argument. */
static int32_t digits_at(const struct call *c, int32_t i)
{
    return c->arg_count == 1 ? 0 : c->args[1].column->i32[i & c->args[1].mask];
}

static bool truncates(const struct call *c)
{
    return c->expr->function->name[0] == 'T';
}

/* v, of that scale, with `digits` behind the point, still of that scale. False: too large. */
static bool round_digits(__int128 v, int32_t scale, int32_t digits, bool cut, __int128 *out)
{
    int32_t drop = scale - digits;
    __int128 unit, rest;

    *out = v;
    if (drop <= 0)
        return true;
    *out = 0;
    if (drop > DECIMAL_DIGITS_MAX)
        return true;
    unit = decimal_power(drop);
    rest = v % unit;
    *out = v - rest;
    if (!cut && ABS_WIDE(rest) >= unit - ABS_WIDE(rest))
        *out += v < 0 ? -unit : unit;
    return decimal_fits(*out, DECIMAL_DIGITS_MAX);
}

static enum err round_decimal(struct call *c, struct error *e)
{
    const struct arg *x = &c->args[0];
    const struct type *from = x->column->type, *to = c->out->type;

    for (int32_t i = 0; i < c->row_count; i++) {
        __int128 v;

        if (!column_valid(c->out, i))
            continue;
        if (round_digits(x->column->i128[i & x->mask], from->scale, digits_at(c, i), truncates(c), &v) &&
            decimal_rescale(v, from->scale, to->precision, to->scale, &c->out->i128[i]))
            continue;
        if (!call_null(c, i))
            return error_memory(e, sizeof(uint64_t), "a rounded number");
    }
    return OK;
}

/* Integers: only digits before the point can go. */
static int64_t round_long(int64_t v, int32_t digits, bool cut)
{
    __int128 out;

    return round_digits(v, 0, digits, cut, &out) ? (int64_t)(uint64_t)(unsigned __int128)out : v;
}

#define ROUND_INT(name, type)                                                                                \
    static enum err name(struct call *c, UNUSED struct error *e)                                             \
    {                                                                                                        \
        const type *v = c->args[0].column->values;                                                           \
        type *out = c->out->values;                                                                          \
                                                                                                             \
        for (int32_t i = 0; i < c->row_count; i++)                                                           \
            out[i] = (type)round_long(v[i & c->args[0].mask], digits_at(c, i), truncates(c));                \
        return OK;                                                                                           \
    }
ROUND_INT(round_i8, int8_t)
ROUND_INT(round_i16, int16_t)
ROUND_INT(round_i32, int32_t)
ROUND_INT(round_i64, int64_t)

/* By the digits of its text. What is too large for a decimal has no digits behind the point to lose. */
static double round_real(double v, const char *text, size_t len, int32_t digits, bool cut)
{
    int32_t scale = 0;
    const char *point = memchr(text, '.', len), *mark = memchr(text, 'E', len);
    __int128 unscaled;

    if (!isfinite(v) || v == 0)
        return v;
    if (point)
        scale = (int32_t)((mark ? mark : text + len) - point) - 1;
    if (mark) {
        char exponent[16] = {0};

        memcpy(exponent, mark + 1, MIN(len - (size_t)(mark - text) - 1, sizeof exponent - 1));
        scale -= (int32_t)strtol(exponent, NULL, 10);
    }
    if (scale > DECIMAL_DIGITS_MAX) /* tiny: no digit is left, but those that are asked for beyond 38 */
        return digits >= scale ? v : digits < DECIMAL_DIGITS_MAX - 17 ? 0.0 : v;
    scale = MAX(scale, 0);
    if (decimal_parse(slice_of(text, len), DECIMAL_DIGITS_MAX, scale, &unscaled) != NULL ||
        !round_digits(unscaled, scale, digits, cut, &unscaled))
        return v;
    return decimal_to_double(unscaled, scale);
}

static enum err round_f64(struct call *c, UNUSED struct error *e)
{
    char text[NUMBER_TEXT_MAX];

    for (int32_t i = 0; i < c->row_count; i++) {
        double v = c->args[0].column->f64[i & c->args[0].mask];

        if (column_valid(c->out, i))
            c->out->f64[i] = round_real(v, text, number_format_double(v, text), digits_at(c, i),
                                        truncates(c));
    }
    return OK;
}

static enum err round_f32(struct call *c, UNUSED struct error *e)
{
    char text[NUMBER_TEXT_MAX];

    for (int32_t i = 0; i < c->row_count; i++) {
        float v = c->args[0].column->f32[i & c->args[0].mask];

        if (column_valid(c->out, i))
            c->out->f32[i] = (float)round_real((double)v, text, number_format_float(v, text), digits_at(c, i),
                                               truncates(c));
    }
    return OK;
}

/* --- choosing */

static const struct kernels {
    const char *name;
    struct variant variants[TYPE_DECIMAL + 1];
} kernels[] = {
#define VARIANTS(i8, i16, i32, i64, f32, f64, decimal)                                                       \
    {                                                                                                        \
        [TYPE_INT8] = {.kernel = i8}, [TYPE_INT16] = {.kernel = i16}, [TYPE_INT32] = {.kernel = i32},        \
        [TYPE_INT64] = {.kernel = i64}, [TYPE_FLOAT] = {.kernel = f32}, [TYPE_DOUBLE] = {.kernel = f64},     \
        [TYPE_DECIMAL] = {                                                                                   \
            .kernel = decimal                                                                                \
        }                                                                                                    \
    }
    {"ABS", VARIANTS(abs_i8, abs_i16, abs_i32, abs_i64, abs_f32, abs_f64, abs_decimal)},
    {"SIGN", VARIANTS(sign_i8, sign_i16, sign_i32, sign_i64, sign_f32, sign_f64, sign_decimal)},
    {"FLOOR", VARIANTS(same, same, same, same, floor_f32, floor_f64, floor_decimal)},
    {"CEIL", VARIANTS(same, same, same, same, ceil_f32, ceil_f64, ceil_decimal)},
    {"CEILING", VARIANTS(same, same, same, same, ceil_f32, ceil_f64, ceil_decimal)},
    {"ROUND", VARIANTS(round_i8, round_i16, round_i32, round_i64, round_f32, round_f64, round_decimal)},
    {"TRUNCATE", VARIANTS(round_i8, round_i16, round_i32, round_i64, round_f32, round_f64, round_decimal)},
#undef VARIANTS
};

/* The digits asked for, when they are known; false: they are not. */
static bool known_digits(const struct resolution *r, int32_t *out)
{
    const struct expr *x;

    *out = 0;
    if (r->arg_count == 1)
        return true;
    x = r->args[1];
    if (x->kind == EXPR_CALL && x->arg_count == 1 && x->args[0]->kind == EXPR_LITERAL &&
        x->args[0]->type->kind == TYPE_INT32 && strcmp(x->function->name, "-") == 0) {
        *out = -x->args[0]->literal->i32[0];
        return true;
    }
    if (x->kind != EXPR_LITERAL || x->type->kind != TYPE_INT32 || !column_valid(x->literal, 0))
        return false;
    *out = x->literal->i32[0];
    return true;
}

/* A DECIMAL rounded: one digit more before the point, those asked for behind it. */
static const struct type *rounded(struct resolution *r, const struct type *t)
{
    int32_t digits;

    if (!known_digits(r, &digits) || digits >= t->scale)
        return t;
    if (digits < 0)
        return expr_type_decimal(r->arena, MIN(DECIMAL_DIGITS_MAX, 1 + t->precision - t->scale), 0, false);
    return expr_type_decimal(r->arena, 1 + t->precision - t->scale + digits, digits, false);
}

static const struct type *result_of(struct resolution *r, const struct type *t)
{
    char first = r->function->name[0];

    if (t->kind != TYPE_DECIMAL || first == 'A' || first == 'S')
        return t;
    if (first == 'R' || first == 'T')
        return rounded(r, t);
    return expr_type_decimal(r->arena, t->precision, 0, false); /* FLOOR, CEIL */
}

enum err rounding_resolve(struct resolution *r, UNUSED struct error *e)
{
    const struct type *t = r->args[0]->type;
    size_t i = 0;

    if (expr_type_is_null(t))
        r->want[0] = t = type_simple(TYPE_INT32, true);
    if (!expr_type_is_number(t))
        return ERR_INPUT;
    if (r->arg_count == 2) {
        if (!expr_type_is_integer(r->args[1]->type) && !expr_type_is_null(r->args[1]->type))
            return ERR_INPUT;
        r->want[1] = type_simple(TYPE_INT32, true);
    }
    while (strcmp(kernels[i].name, r->function->name) != 0)
        i++;
    if ((t = result_of(r, t)) == NULL)
        return ERR_MEMORY;
    r->variant = &kernels[i].variants[t->kind];
    r->result = type_nullable(r->arena, t, false);
    return r->result ? OK : ERR_MEMORY;
}
