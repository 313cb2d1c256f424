/* scan_plan.h: from a snapshot to what is to be read: manifest list, manifests, data files, pieces of them.
 * What a filter, partitions or bounds exclude is left out at each step. Deletes belong to a data file (spec,
 * "Scan Planning") when they are no older than it (position deletes) or newer (equality deletes) and of its
 * partition, or, equality deletes, of no partition at all. Blocking: for I/O threads.
 */
#ifndef WEIR_ICEBERG_SCAN_PLAN_H
#define WEIR_ICEBERG_SCAN_PLAN_H
#include "iceberg/scan_filter.h"

#define SCAN_TO_END INT64_MAX

/* A piece of a data file: its row groups that begin between two offsets. */
struct scan_split {
    const struct data_file *file;
    int64_t begin, end; /* 0 and SCAN_TO_END: the whole file */
    int32_t delete_count;
    const struct data_file *const *deletes;
};

struct scan_request {
    struct fs *fs; /* borrowed, as the rest */
    const struct metadata *metadata;
    const struct filter *filter; /* NULL: everything */
    int64_t split_bytes;         /* pieces of about that size; 0: whole files */
};

/* The live rows of a snapshot (NULL: none); in arena. The order is the same each time. */
MUST_USE enum err scan_plan_snapshot(const struct scan_request *r, const struct snapshot *s,
                                     struct arena *arena, struct scan_split **out, int32_t *count,
                                     struct error *e);

/* The rows that appends have added after the snapshot from_id (0: ever) up to `to`, the oldest first. Deletes, and
 * snapshots that do more than append, are passed over; *skipped counts those of the latter that changed rows.
 * ERR_CONFIG: from_id is no ancestor of to. */
MUST_USE enum err scan_plan_appends(const struct scan_request *r, int64_t from_id, const struct snapshot *to,
                                    struct arena *arena, struct scan_split **out, int32_t *count,
                                    int32_t *skipped, struct error *e);
#endif
