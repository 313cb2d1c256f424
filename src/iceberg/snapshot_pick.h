/* snapshot_pick.h: which snapshot of a table is meant: by a branch or tag, by a time, by how it lies in the
 * history. All are borrowed from the metadata, whose document they are read from.
 */
#ifndef WEIR_ICEBERG_SNAPSHOT_PICK_H
#define WEIR_ICEBERG_SNAPSHOT_PICK_H
#include "iceberg/metadata.h"

enum pick_ref { PICK_BRANCH, PICK_TAG };

/* What a branch or tag points at; *out NULL: `main` of a table without snapshots. ERR_CONFIG lists those that
 * there are. */
MUST_USE enum err snapshot_pick_ref(const struct metadata *m, const char *name, enum pick_ref kind,
                                    const struct snapshot **out, struct error *e);

/* ERR_CONFIG when the table has no (longer a) snapshot of that id. */
MUST_USE enum err snapshot_pick_id(const struct metadata *m, int64_t id, const struct snapshot **out,
                                   struct error *e);

/* The one that was current at a time (ms since 1970). ERR_CONFIG: none was yet. */
MUST_USE enum err snapshot_pick_time(const struct metadata *m, int64_t time_ms, const struct snapshot **out,
                                     struct error *e);

/* The snapshots from after that of from_id (0: from the first that is known; it may have expired) up to `to`,
 * oldest first; in arena. ERR_CONFIG: it is no ancestor of to. */
MUST_USE enum err snapshot_pick_between(const struct metadata *m, int64_t from_id, const struct snapshot *to,
                                        struct arena *arena, const struct snapshot ***out, int32_t *count,
                                        struct error *e);

const char *snapshot_pick_operation(const struct snapshot *s); /* "append"; "" when the summary has none */
#endif
