/* commit_references.h: position deletes say `row 7 of file f`: they are worth nothing once somebody has
 * rewritten f (compaction), and the rows that they meant would come back. So a change may only be committed
 * while the data files that it refers to are live.
 */
#ifndef WEIR_ICEBERG_COMMIT_REFERENCES_H
#define WEIR_ICEBERG_COMMIT_REFERENCES_H
#include "iceberg/commit.h"

/* ERR_CONFLICT (restart) names a file that change refers to and that t, as it was read, has no more. */
MUST_USE enum err commit_references_check(const struct table *t, const struct change *change,
                                          struct error *e);

/* The newest snapshot of t at which references like change's are known to be live. */
int64_t commit_references_fit(const struct table *t, const struct change *change);

/* Which of change's references are not live in t, in arena. */
MUST_USE enum err commit_references_dead(const struct table *t, const struct change *change,
                                         struct arena *arena, const char ***out, int32_t *count,
                                         struct error *e);
#endif
