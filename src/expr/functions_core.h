/* functions_core.h: the lists of functions that SQL cannot do without: operators, math, CASE, CAST. Each is
 * ended by a NULL name. */
#ifndef WEIR_EXPR_FUNCTIONS_CORE_H
#define WEIR_EXPR_FUNCTIONS_CORE_H
#include "expr/function.h"

extern const struct function functions_comparison[];
extern const struct function functions_logic[];
extern const struct function functions_operator[];
extern const struct function functions_math[];
extern const struct function functions_conditional[];
extern const struct function functions_conversion[];

extern const struct function functions_safe_cast; /* "CAST" of what cannot fail */
#endif
