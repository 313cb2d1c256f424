/* manifest.h: manifest files and manifest lists (Avro), read and written (spec, "Manifests", "Manifest
 * Lists"). */
#ifndef WEIR_ICEBERG_MANIFEST_H
#define WEIR_ICEBERG_MANIFEST_H
#include "iceberg/metadata.h"

struct fs;

enum entry_status { ENTRY_EXISTING = 0, ENTRY_ADDED = 1, ENTRY_DELETED = 2 };

struct manifest_entry {
    enum entry_status status;
    struct data_file file; /* with snapshot id and sequence numbers, inherited ones filled in */
};

struct manifest {
    const char *path;
    int64_t length;
    int32_t spec_id;
    bool deletes;                /* content: delete files */
    int64_t sequence_number;     /* 0 in one that is not in a list yet: the list's snapshot gives it */
    int64_t min_sequence_number; /* of live entries; INT64_MAX: all inherit the manifest's */
    int64_t added_snapshot_id;
    int64_t added_files, existing_files, deleted_files; /* -1: not known (version 1) */
    int64_t added_rows, existing_rows, deleted_rows;
    struct slice key_metadata; /* of encryption, opaque; empty: none */
    int32_t summary_count;     /* per partition field: */
    const struct manifest_summary {
        bool contains_null;
        int contains_nan; /* -1: unknown */
        bool has_bounds;
        struct slice lower, upper;
    } * summaries;
};

MUST_USE enum err manifest_list_read(struct fs *fs, const char *path, struct arena *arena,
                                     struct manifest **out, int32_t *count, struct error *e);
MUST_USE enum err manifest_list_write(struct fs *fs, const char *path, const struct snapshot *snapshot,
                                      const struct manifest *manifests, int32_t count, struct error *e);
MUST_USE enum err manifest_read(struct fs *fs, const struct manifest *m, const struct metadata *metadata,
                                struct arena *arena, struct manifest_entry **out, int32_t *count,
                                struct error *e);
/* Writes entries to path and fills *out (strings in arena). sequence numbers of added entries are left to
 * inherit. */
MUST_USE enum err manifest_write(struct fs *fs, const char *path, const struct metadata *metadata,
                                 int32_t spec_id, bool deletes, const struct manifest_entry *entries,
                                 int32_t count, int64_t snapshot_id, struct arena *arena,
                                 struct manifest *out, struct error *e);

/* Every live file of a snapshot (data and deletes), with its sequence numbers; in arena. */
MUST_USE enum err manifest_live_files(struct fs *fs, const struct metadata *metadata,
                                      const struct snapshot *snapshot, struct arena *arena,
                                      struct data_file **out, int32_t *count, struct error *e);
#endif
