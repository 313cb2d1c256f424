/* arithmetic.c: + - * / % of numbers. Integers wrap as Java's do; what divides by zero fails, but for FLOAT and
 * DOUBLE, which become infinite; a DECIMAL that does not fit its type becomes NULL.
 */
#include "expr/kernels.h"

KERNELS_FAST

#include "base/decimal.h"
#include "expr/arithmetic.h"
#include <math.h>

#define ADD_U32(x, y)  ((uint32_t)(x) + (uint32_t)(y))
#define SUB_U32(x, y)  ((uint32_t)(x) - (uint32_t)(y))
#define MUL_U32(x, y)  ((uint32_t)(x) * (uint32_t)(y))
#define ADD_U64(x, y)  ((uint64_t)(x) + (uint64_t)(y))
#define SUB_U64(x, y)  ((uint64_t)(x) - (uint64_t)(y))
#define MUL_U64(x, y)  ((uint64_t)(x) * (uint64_t)(y))
#define ADD_REAL(x, y) ((x) + (y))
#define SUB_REAL(x, y) ((x) - (y))
#define MUL_REAL(x, y) ((x) * (y))
#define DIV_REAL(x, y) ((x) / (y))

KERNEL_BINARY(add_i8, int8_t, int8_t, ADD_U32)
KERNEL_BINARY(add_i16, int16_t, int16_t, ADD_U32)
KERNEL_BINARY(add_i32, int32_t, int32_t, ADD_U32)
KERNEL_BINARY(add_i64, int64_t, int64_t, ADD_U64)
KERNEL_BINARY(add_f32, float, float, ADD_REAL)
KERNEL_BINARY(add_f64, double, double, ADD_REAL)
KERNEL_BINARY(sub_i8, int8_t, int8_t, SUB_U32)
KERNEL_BINARY(sub_i16, int16_t, int16_t, SUB_U32)
KERNEL_BINARY(sub_i32, int32_t, int32_t, SUB_U32)
KERNEL_BINARY(sub_i64, int64_t, int64_t, SUB_U64)
KERNEL_BINARY(sub_f32, float, float, SUB_REAL)
KERNEL_BINARY(sub_f64, double, double, SUB_REAL)
KERNEL_BINARY(mul_i8, int8_t, int8_t, MUL_U32)
KERNEL_BINARY(mul_i16, int16_t, int16_t, MUL_U32)
KERNEL_BINARY(mul_i32, int32_t, int32_t, MUL_U32)
KERNEL_BINARY(mul_i64, int64_t, int64_t, MUL_U64)
KERNEL_BINARY(mul_f32, float, float, MUL_REAL)
KERNEL_BINARY(mul_f64, double, double, MUL_REAL)
KERNEL_BINARY(div_f32, float, float, DIV_REAL)
KERNEL_BINARY(div_f64, double, double, DIV_REAL)

static float mod_float(float x, float y)
{
    return fmodf(x, y);
}

static double mod_double(double x, double y)
{
    return fmod(x, y);
}

KERNEL_BINARY(mod_f32, float, float, mod_float)
KERNEL_BINARY(mod_f64, double, double, mod_double)

/* --- division of integers */

static enum err by_zero(struct call *c, struct error *e)
{
    return call_fail(c, e, "division by zero; write NULLIF(divisor, 0) to get NULL instead");
}

/* The least value divided by -1 is itself, as in Java; in C it is a trap. */
#define DIVIDE(x, y)    ((y) == -1 ? -(uint64_t)(x) : (uint64_t)((x) / (y)))
#define REMAINDER(x, y) ((y) == -1 ? 0 : (x) % (y))

#define KERNEL_DIVIDE(name, type, step)                                                                      \
    static enum err name(struct call *c, struct error *e)                                                    \
    {                                                                                                        \
        const type *a = c->args[0].column->values, *b = c->args[1].column->values;                           \
        type *out = c->out->values;                                                                          \
                                                                                                             \
        for (int32_t i = 0; i < c->row_count; i++) {                                                         \
            type x = a[i & c->args[0].mask], y = b[i & c->args[1].mask];                                     \
                                                                                                             \
            if (UNLIKELY(!column_valid(c->out, i)))                                                          \
                continue;                                                                                    \
            if (UNLIKELY(y == 0))                                                                            \
                return by_zero(c, e);                                                                        \
            out[i] = (type)step(x, y);                                                                       \
        }                                                                                                    \
        return OK;                                                                                           \
    }
KERNEL_DIVIDE(div_i8, int8_t, DIVIDE)
KERNEL_DIVIDE(div_i16, int16_t, DIVIDE)
KERNEL_DIVIDE(div_i32, int32_t, DIVIDE)
KERNEL_DIVIDE(div_i64, int64_t, DIVIDE)
KERNEL_DIVIDE(mod_i8, int8_t, REMAINDER)
KERNEL_DIVIDE(mod_i16, int16_t, REMAINDER)
KERNEL_DIVIDE(mod_i32, int32_t, REMAINDER)
KERNEL_DIVIDE(mod_i64, int64_t, REMAINDER)

static int64_t int_at(const struct arg *a, int32_t row)
{
    switch (type_width(a->column->type)) {
    case 1:
        return a->column->i8[row & a->mask];
    case 2:
        return a->column->i16[row & a->mask];
    case 4:
        return a->column->i32[row & a->mask];
    default:
        return a->column->i64[row & a->mask];
    }
}

static void put_int(struct column *c, int32_t row, int64_t v)
{
    switch (type_width(c->type)) {
    case 1:
        c->i8[row] = (int8_t)v;
        break;
    case 2:
        c->i16[row] = (int16_t)v;
        break;
    case 4:
        c->i32[row] = (int32_t)v;
        break;
    default:
        c->i64[row] = v;
        break;
    }
}

/* Of integers of two widths: the result has the divisor's, which it always fits. */
static enum err mod_mixed(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        int64_t x = int_at(&c->args[0], i), y = int_at(&c->args[1], i);

        if (!column_valid(c->out, i))
            continue;
        if (y == 0)
            return by_zero(c, e);
        put_int(c->out, i, REMAINDER(x, y));
    }
    return OK;
}

const struct variant *arithmetic_remainder(void)
{
    static const struct variant variant = {.kernel = mod_mixed};

    return &variant;
}

/* --- DECIMAL */

typedef bool (*decimal_step)(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                             __int128 *out);

static enum err decimals(struct call *c, struct error *e, decimal_step step, bool divides)
{
    const struct column *x = c->args[0].column, *y = c->args[1].column;
    const struct type *t = c->out->type;

    for (int32_t i = 0; i < c->row_count; i++) {
        __int128 b = y->i128[i & c->args[1].mask];

        if (!column_valid(c->out, i))
            continue;
        if (divides && b == 0)
            return by_zero(c, e);
        if (!step(x->i128[i & c->args[0].mask], x->type->scale, b, y->type->scale, t->precision, t->scale,
                  &c->out->i128[i]) &&
            !call_null(c, i))
            return error_memory(e, sizeof(uint64_t), "a decimal result");
    }
    return OK;
}

static bool subtract(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                     __int128 *out)
{
    return decimal_add(a, sa, -b, sb, precision, scale, out);
}

static enum err add_decimal(struct call *c, struct error *e)
{
    return decimals(c, e, decimal_add, false);
}

static enum err sub_decimal(struct call *c, struct error *e)
{
    return decimals(c, e, subtract, false);
}

static enum err mul_decimal(struct call *c, struct error *e)
{
    return decimals(c, e, decimal_multiply, false);
}

static enum err div_decimal(struct call *c, struct error *e)
{
    return decimals(c, e, decimal_divide, true);
}

static enum err mod_decimal(struct call *c, struct error *e)
{
    return decimals(c, e, decimal_modulo, true);
}

/* --- tables */

const struct variant *arithmetic_variant(char op, enum type_kind kind)
{
#define VARIANTS(name)                                                                                       \
    {                                                                                                        \
        [TYPE_INT8] = {.kernel = name##_i8}, [TYPE_INT16] = {.kernel = name##_i16},                          \
        [TYPE_INT32] = {.kernel = name##_i32}, [TYPE_INT64] = {.kernel = name##_i64},                        \
        [TYPE_FLOAT] = {.kernel = name##_f32}, [TYPE_DOUBLE] = {.kernel = name##_f64}, [TYPE_DECIMAL] = {    \
            .kernel = name##_decimal                                                                         \
        }                                                                                                    \
    }
    static const struct variant variants[][TYPE_DECIMAL + 1] = {VARIANTS(add), VARIANTS(sub), VARIANTS(mul),
                                                                VARIANTS(div), VARIANTS(mod)};
#undef VARIANTS
    const char *ops = "+-*/%";

    assert(kind <= TYPE_DECIMAL && strchr(ops, op));
    return &variants[strchr(ops, op) - ops][kind];
}

#define NEG_U32(x)  (-(uint32_t)(x))
#define NEG_U64(x)  (-(uint64_t)(x))
#define NEG_REAL(x) (-(x))
KERNEL_UNARY(neg_i8, int8_t, int8_t, NEG_U32)
KERNEL_UNARY(neg_i16, int16_t, int16_t, NEG_U32)
KERNEL_UNARY(neg_i32, int32_t, int32_t, NEG_U32)
KERNEL_UNARY(neg_i64, int64_t, int64_t, NEG_U64)
KERNEL_UNARY(neg_f32, float, float, NEG_REAL)
KERNEL_UNARY(neg_f64, double, double, NEG_REAL)
KERNEL_UNARY(neg_decimal, __int128, __int128, NEG_REAL)

const struct variant *arithmetic_negate(enum type_kind kind)
{
    static const struct variant variants[] = {
        [TYPE_INT8] = {.kernel = neg_i8},
        [TYPE_INT16] = {.kernel = neg_i16},
        [TYPE_INT32] = {.kernel = neg_i32},
        [TYPE_INT64] = {.kernel = neg_i64},
        [TYPE_FLOAT] = {.kernel = neg_f32},
        [TYPE_DOUBLE] = {.kernel = neg_f64},
        [TYPE_DECIMAL] = {.kernel = neg_decimal},
        [TYPE_INTERVAL_MONTHS] = {.kernel = neg_i32},
        [TYPE_INTERVAL_MILLIS] = {.kernel = neg_i64},
    };

    assert(kind < COUNT_OF(variants) && variants[kind].kernel);
    return &variants[kind];
}
