/* budget.h: the accounted memory of a process, a tree of limits.
 * Whoever holds much memory (batches, state, channels, files being written) takes it here first; a parent
 * counts what its children hold. Taking fails when any limit on the way up is reached: the caller then
 * spills, waits or says so. Thread: any.
 */
#ifndef WEIR_BASE_BUDGET_H
#define WEIR_BASE_BUDGET_H
#include "base/base.h"

struct budget;

/* limit in bytes, 0 for none of its own. name is copied. NULL when there is no memory.
 * parent (borrowed) must outlive it; NULL for the root. */
struct budget *budget_new(const char *name, size_t limit, struct budget *parent);
void budget_free(struct budget *b); /* NULL is fine; what is still held is given back to the parent */

MUST_USE bool budget_take(struct budget *b, size_t byte_count); /* NULL budget: always true */
void budget_force(struct budget *b, size_t byte_count); /* take past the limit: what cannot be refused */
void budget_give(struct budget *b, size_t byte_count);

size_t budget_used(const struct budget *b);
size_t budget_peak(const struct budget *b);
size_t budget_limit(const struct budget *b); /* the tightest on the way up, 0 when none */
#endif
