/* calc.h: WHERE and SELECT's expressions: rows for which the condition is true, as columns that are computed
 * (expr/program.h). Row kinds go with their rows.
 */
#ifndef WEIR_OPERATORS_CALC_H
#define WEIR_OPERATORS_CALC_H
#include "expr/program.h"
#include "operators/operator.h"

/* Its spec is a struct program_spec: read-only, must outlive the operators. */
extern const struct operator_factory calc_factory;
#endif
