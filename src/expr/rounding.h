/* rounding.h: ABS, SIGN, FLOOR, CEIL, ROUND, TRUNCATE: functions that are of every type of number. */
#ifndef WEIR_EXPR_ROUNDING_H
#define WEIR_EXPR_ROUNDING_H
#include "expr/function.h"

enum err rounding_resolve(struct resolution *r, struct error *e); /* by the function's name */
#endif
