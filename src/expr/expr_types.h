/* expr_types.h: the types that expressions get: of decimal arithmetic, of two that shall become one. */
#ifndef WEIR_EXPR_EXPR_TYPES_H
#define WEIR_EXPR_EXPR_TYPES_H
#include "batch/type.h"

/* NULL: no memory. */
const struct type *expr_type_decimal(struct arena *a, int32_t precision, int32_t scale, bool nullable);
const struct type *expr_type_timed(struct arena *a, enum type_kind kind, int32_t precision, bool nullable);

bool expr_type_is_integer(const struct type *t);
bool expr_type_is_exact(const struct type *t);  /* integers and DECIMAL */
bool expr_type_is_approx(const struct type *t); /* FLOAT, DOUBLE */
bool expr_type_is_number(const struct type *t);
bool expr_type_is_instant(const struct type *t); /* TIMESTAMP, TIMESTAMP_LTZ */
bool expr_type_is_interval(const struct type *t);
bool expr_type_is_null(const struct type *t); /* that of a bare NULL */

/* Decimal digits of an exact number: BIGINT is 19, 0. */
int32_t expr_type_precision(const struct type *t);

/* Of `x op y` for op in + - * / % with at least one DECIMAL and two exact numbers. */
const struct type *expr_type_arithmetic(struct arena *a, char op, const struct type *x, const struct type *y);

/* Nanoseconds are kept when precision is above 6. */
static inline bool expr_type_is_nanos(const struct type *t)
{
    return t->precision > 6;
}
#endif
