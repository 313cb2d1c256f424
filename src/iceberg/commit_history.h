/* commit_history.h: what the snapshots of the branch tell of pipelines and their checkpoints; and the JSON of
 * a change of the branch, which commits and rewinds have in common.
 */
#ifndef WEIR_ICEBERG_COMMIT_HISTORY_H
#define WEIR_ICEBERG_COMMIT_HISTORY_H
#include "iceberg/commit.h"

#define COMMIT_PIPELINE   "weir.pipeline"
#define COMMIT_CHECKPOINT "weir.checkpoint-id"

/* The checkpoint that s is of when pipeline made it, else 0. */
int64_t commit_history_checkpoint(const struct snapshot *s, const char *pipeline);

/* Has checkpoint_id of pipeline been committed in the current branch? *snapshot_id is its snapshot's, 0 when
 * that has expired. ERR_CONFLICT when it has not been, but a later one has: something is restored that is too
 * old. */
MUST_USE enum err commit_history_find(const struct table *t, const char *pipeline, int64_t checkpoint_id,
                                      bool *found, int64_t *snapshot_id, struct error *e);

/* Every snapshot of the branch after since_id (0: from the first one on) is pipeline's own, or, with
 * or_appends, an append of somebody else's. False when that cannot be told: since_id is not in the branch, or
 * has expired. */
bool commit_history_is_own(const struct metadata *m, const char *pipeline, int64_t since_id, bool or_appends);

/* `snapshot 42 of weir pipeline x at checkpoint 7`, `... of spark`: who made the newest one; appended. */
void commit_history_describe(const struct snapshot *s, struct bytes *out);

/* That the table and its branch are still as they were read. NULL when there is no memory. */
json_t *commit_history_requirements(const struct metadata *m);

/* The branch to point at a snapshot, or (0) at none. NULL when there is no memory. */
json_t *commit_history_ref(const struct metadata *m, int64_t snapshot_id);

/* --- waiting for a better moment --- */

struct commit_retry {
    struct table *t;      /* borrowed */
    const char *property; /* "commit.retry" or "commit.status-check" */
    int64_t begin_ms, min_ms, max_ms, total_ms;
    int64_t attempts, attempts_max;
};
struct commit_retry commit_retry_new(struct table *t, const char *property, int64_t retries,
                                     int64_t min_wait_ms);

/* Wait, longer each time, with some chance in it; false when the retries or the time are used up. */
bool commit_retry_wait(struct commit_retry *r);

/* table_refresh, tried again as commit.status-check.* says while the catalog cannot be asked. */
MUST_USE enum err commit_retry_refresh(struct table *t, struct error *e);
#endif
