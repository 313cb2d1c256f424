/* commit_files.h: the Avro files of a commit: manifests of the new files, merged manifests, the manifest
 * list. The new manifests are written once and serve every attempt (their entries inherit the sequence
 * number); list and merged manifests are of one attempt, since they depend on the version that it builds on.
 */
#ifndef WEIR_ICEBERG_COMMIT_FILES_H
#define WEIR_ICEBERG_COMMIT_FILES_H
#include "iceberg/commit.h"
#include "iceberg/commit_overwrite.h"
#include "iceberg/manifest.h"
#include "os/random.h"

struct commit_files {
    struct table *t; /* borrowed */
    int64_t snapshot_id;
    char uuid[RANDOM_UUID_MAX]; /* of the commit, in its files' names */
    struct arena arena;         /* what lives as long as the commit */
    struct manifest *fresh;     /* of the new files */
    int32_t fresh_count, fresh_capacity;
    int32_t number;                     /* of manifests so far, for names */
    struct commit_overwrite *overwrite; /* borrowed; NULL: nothing is taken out */

    struct arena attempt; /* what lives as long as the attempt */
    const char *list;     /* path of its manifest list; NULL: none yet */
    struct manifest *manifests;
    int32_t manifest_count, merged_count; /* the merged ones among them are new files of the attempt */
    int32_t kept, replaced;               /* of the parent's manifests */
    struct manifest *rewritten;           /* without, or with marks of, what is taken out */
    int32_t rewritten_count;
};

void commit_files_init(struct commit_files *c, struct table *t);
void commit_files_fini(struct commit_files *c);

/* The manifests of files, grouped by content and spec. */
MUST_USE enum err commit_files_fresh(struct commit_files *c, const struct data_file *files, int32_t count,
                                     struct error *e);

/* The list of snapshot, on top of parent (NULL: none): at c->list. */
MUST_USE enum err commit_files_list(struct commit_files *c, const struct snapshot *snapshot,
                                    const struct snapshot *parent, struct error *e);

/* Remove what only the attempt has written; what cannot be removed is named in the log. */
void commit_files_drop_attempt(struct commit_files *c);
/* Remove the new manifests: all, or after success those that were merged. */
void commit_files_drop_fresh(struct commit_files *c, bool committed);
#endif
