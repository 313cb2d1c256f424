/* rewrite.h: expressions made simpler, or made to read other columns; always new trees, in an arena.
 * All return NULL when there is no memory.
 */
#ifndef WEIR_PLAN_REWRITE_H
#define WEIR_PLAN_REWRITE_H
#include "expr/program.h"

/* x, which reads columns of a projection, made to read what the projection reads: column i becomes exprs[i]. */
const struct expr *rewrite_through(struct arena *a, const struct expr *x, const struct expr *const *exprs);

/* a AND b; either may be NULL: no condition. */
const struct expr *rewrite_and(struct arena *a, const struct expr *x, const struct expr *y);

/* Whether evaluating x twice may give two values (RAND, UUID). */
bool rewrite_volatile(const struct expr *x);

/* Parts that are the same for every row are evaluated once, here; what fails is left for the run to fail. */
const struct expr *rewrite_fold(struct arena *a, const struct expr *x, const struct expr_session *session);
#endif
