/* arithmetic.h: how + - * / % are evaluated: of numbers (arithmetic.c), of dates and intervals
 * (arithmetic_time.c). functions_operator.c chooses. */
#ifndef WEIR_EXPR_ARITHMETIC_H
#define WEIR_EXPR_ARITHMETIC_H
#include "expr/function.h"

/* Of two numbers of that kind, op one of + - * / %. NULL: there is none (% of FLOAT). */
const struct variant *arithmetic_variant(char op, enum type_kind kind);
const struct variant *arithmetic_remainder(
    void); /* % of two integers of any width; the result has the second's */
const struct variant *arithmetic_negate(enum type_kind kind); /* of numbers and intervals */

/* The call has a date, time, timestamp or interval among its arguments: type it, or ERR_INPUT. */
enum err arithmetic_time_resolve(struct resolution *r, char op, struct error *e);
#endif
