/* commit_summary.h: a snapshot as JSON, with the summary that people and tools read (spec, appendix F). */
#ifndef WEIR_ICEBERG_COMMIT_SUMMARY_H
#define WEIR_ICEBERG_COMMIT_SUMMARY_H
#include "iceberg/commit_overwrite.h"

struct commit_manifests {
    int32_t created, kept, replaced;
    const struct commit_removed *removed; /* by content */
};

/* The snapshot that change makes on top of parent (NULL: none). s has id, parent, sequence number, time and
 * list. */
MUST_USE enum err commit_summary_snapshot(const struct snapshot *s, const struct snapshot *parent,
                                          int32_t schema_id, const struct change *change,
                                          const struct commit_manifests *manifests, json_t **out,
                                          struct error *e);
#endif
