/* cast_number.c: numbers and booleans cast among each other. Integers wrap, as in Java; a FLOAT or DOUBLE
 * loses its fraction and stops at the ends of INT or BIGINT; a DECIMAL that does not fit becomes NULL.
 */
#include "expr/kernels.h"

KERNELS_FAST

#include "base/decimal.h"
#include "base/number_text.h"
#include "expr/cast_internal.h"
#include "expr/expr_types.h"
#include <math.h>

/* Java's (int) and (long) of a floating number. */
static int64_t to_long(double v)
{
    if (isnan(v))
        return 0;
    if (v >= 0x1p63)
        return INT64_MAX;
    return v < -0x1p63 ? INT64_MIN : (int64_t)v;
}

static int32_t to_int(double v)
{
    if (isnan(v))
        return 0;
    if (v >= 0x1p31)
        return INT32_MAX;
    return v < -0x1p31 ? INT32_MIN : (int32_t)v;
}

#define PLAIN(x)     (x)
#define REAL_INT(x)  to_int((double)(x))
#define REAL_LONG(x) to_long((double)(x))

#define CAST(name, in, out, step)                                                                            \
    static enum err name(UNUSED struct cast *k, const struct column *from, struct column *to,                \
                         UNUSED struct error *e)                                                             \
    {                                                                                                        \
        const in *restrict x = from->values;                                                                 \
        out *restrict y = to->values;                                                                        \
                                                                                                             \
        for (int32_t i = 0; i < from->row_count; i++)                                                        \
            y[i] = (out)step(x[i]);                                                                          \
        return OK;                                                                                           \
    }
#define CASTS_OF_INT(name, in)                                                                               \
    CAST(name##_i8, in, int8_t, PLAIN)                                                                       \
    CAST(name##_i16, in, int16_t, PLAIN)                                                                     \
    CAST(name##_i32, in, int32_t, PLAIN)                                                                     \
    CAST(name##_i64, in, int64_t, PLAIN)                                                                     \
    CAST(name##_f32, in, float, PLAIN)                                                                       \
    CAST(name##_f64, in, double, PLAIN)
#define CASTS_OF_REAL(name, in)                                                                              \
    CAST(name##_i8, in, int8_t, REAL_INT)                                                                    \
    CAST(name##_i16, in, int16_t, REAL_INT)                                                                  \
    CAST(name##_i32, in, int32_t, REAL_INT)                                                                  \
    CAST(name##_i64, in, int64_t, REAL_LONG)                                                                 \
    CAST(name##_f32, in, float, PLAIN)                                                                       \
    CAST(name##_f64, in, double, PLAIN)

CASTS_OF_INT(u8, uint8_t)
CASTS_OF_INT(i8, int8_t)
CASTS_OF_INT(i16, int16_t)
CASTS_OF_INT(i32, int32_t)
CASTS_OF_INT(i64, int64_t)
CASTS_OF_REAL(f32, float)
CASTS_OF_REAL(f64, double)

#define IS_NOT_ZERO(x) ((x) != 0)
CAST(u8_bool, uint8_t, uint8_t, PLAIN)
CAST(i8_bool, int8_t, uint8_t, IS_NOT_ZERO)
CAST(i16_bool, int16_t, uint8_t, IS_NOT_ZERO)
CAST(i32_bool, int32_t, uint8_t, IS_NOT_ZERO)
CAST(i64_bool, int64_t, uint8_t, IS_NOT_ZERO)
CAST(f32_bool, float, uint8_t, IS_NOT_ZERO)
CAST(f64_bool, double, uint8_t, IS_NOT_ZERO)
CAST(decimal_bool, __int128, uint8_t, IS_NOT_ZERO)

/* --- from DECIMAL: the fraction is cut off, then the low bits are taken */

static int64_t whole(__int128 v, int32_t scale)
{
    return (int64_t)(uint64_t)(unsigned __int128)decimal_truncate(v, scale);
}

#define CAST_DECIMAL(name, out, expression)                                                                  \
    static enum err name(UNUSED struct cast *k, const struct column *from, struct column *to,                \
                         UNUSED struct error *e)                                                             \
    {                                                                                                        \
        int32_t scale = from->type->scale;                                                                   \
        out *y = to->values;                                                                                 \
                                                                                                             \
        for (int32_t i = 0; i < from->row_count; i++) {                                                      \
            __int128 v = from->i128[i];                                                                      \
                                                                                                             \
            y[i] = (out)(expression);                                                                        \
        }                                                                                                    \
        return OK;                                                                                           \
    }
CAST_DECIMAL(decimal_i8, int8_t, whole(v, scale))
CAST_DECIMAL(decimal_i16, int16_t, whole(v, scale))
CAST_DECIMAL(decimal_i32, int32_t, whole(v, scale))
CAST_DECIMAL(decimal_i64, int64_t, whole(v, scale))
CAST_DECIMAL(decimal_f32, float, decimal_to_double(v, scale))
CAST_DECIMAL(decimal_f64, double, decimal_to_double(v, scale))

/* --- to DECIMAL */

static int64_t int_at(const struct column *c, int32_t row)
{
    switch (type_width(c->type)) {
    case 1:
        return c->type->kind == TYPE_BOOLEAN ? c->u8[row] : c->i8[row];
    case 2:
        return c->i16[row];
    case 4:
        return c->i32[row];
    default:
        return c->i64[row];
    }
}

static bool decimal_at(const struct column *c, int32_t row, const struct type *t, __int128 *out)
{
    char text[NUMBER_TEXT_MAX];

    switch (c->type->kind) {
    case TYPE_DECIMAL:
        return decimal_rescale(c->i128[row], c->type->scale, t->precision, t->scale, out);
    case TYPE_FLOAT: /* by way of the double, as Flink */
        return decimal_from_double((double)c->f32[row], t->precision, t->scale, out);
    case TYPE_DOUBLE:
        return decimal_parse(slice_of(text, number_format_double(c->f64[row], text)), t->precision, t->scale,
                             out) == NULL;
    default:
        return decimal_rescale(int_at(c, row), 0, t->precision, t->scale, out);
    }
}

static bool is_finite(const struct column *c, int32_t row)
{
    if (c->type->kind == TYPE_FLOAT)
        return isfinite(c->f32[row]);
    return c->type->kind != TYPE_DOUBLE || isfinite(c->f64[row]);
}

static enum err to_decimal(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++) {
        if (!column_valid(to, i) || decimal_at(from, i, to->type, &to->i128[i]))
            continue;
        rc = is_finite(from, i) ? cast_null(k, to, i, e)
                                : cast_bad(k, to, i, SLICE("Infinity or NaN"), "it is no number", e);
        if (rc != OK)
            return rc;
    }
    return OK;
}

/* --- choosing */

/* Rows and columns: BOOLEAN, INT8 .. INT64, FLOAT, DOUBLE, DECIMAL, as in enum type_kind. */
#define KINDS (TYPE_DECIMAL + 1)
#define ROW(name)                                                                                            \
    name##_bool, name##_i8, name##_i16, name##_i32, name##_i64, name##_f32, name##_f64, to_decimal

static const cast_fn casts[KINDS][KINDS] = {
    [TYPE_BOOLEAN] = {ROW(u8)}, [TYPE_INT8] = {ROW(i8)},         [TYPE_INT16] = {ROW(i16)},
    [TYPE_INT32] = {ROW(i32)},  [TYPE_INT64] = {ROW(i64)},       [TYPE_FLOAT] = {ROW(f32)},
    [TYPE_DOUBLE] = {ROW(f64)}, [TYPE_DECIMAL] = {ROW(decimal)},
};

cast_fn cast_number_find(const struct type *from, const struct type *to)
{
    if (from->kind >= KINDS || to->kind >= KINDS)
        return NULL;
    return casts[from->kind][to->kind];
}
