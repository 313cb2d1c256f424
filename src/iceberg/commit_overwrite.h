/* commit_overwrite.h: what an overwrite takes out of a table: every file of the partitions that its new files
 * lie in, or every file at all when these are unpartitioned (Iceberg's ReplacePartitions).
 */
#ifndef WEIR_ICEBERG_COMMIT_OVERWRITE_H
#define WEIR_ICEBERG_COMMIT_OVERWRITE_H
#include "iceberg/commit.h"
#include "iceberg/manifest.h"

struct commit_removed {
    int64_t files, records, bytes;
};

struct commit_overwrite {
    bool everything;
    struct map partitions; /* spec and values -> itself */
    struct bytes key;
    struct commit_removed removed[FILE_EQUALITY_DELETES + 1]; /* by content, of the attempt */
};

/* Of change's files. ERR_MEMORY; o is to be ended in any case. */
MUST_USE enum err commit_overwrite_init(struct commit_overwrite *o, const struct metadata *m,
                                        const struct change *change, struct error *e);
void commit_overwrite_fini(struct commit_overwrite *o); /* zeroed is fine */

/* The live entries of a manifest, those that go as deleted by snapshot_id, the others as existing; in arena.
 * *count 0: none goes. What goes is counted. */
MUST_USE enum err commit_overwrite_entries(struct commit_overwrite *o, const struct table *t,
                                           const struct manifest *m, int64_t snapshot_id, struct arena *arena,
                                           struct manifest_entry **out, int32_t *count, struct error *e);
#endif
