/* commit.h: changes of a table, exactly once.
 * A commit is one snapshot for one table and one checkpoint. It is known by the pipeline's name and the
 * checkpoint's number, both in the snapshot's summary; recovery walks the ancestors of the branch head
 * looking for them. So a commit that is repeated, after a crash or an answer that never came, is recognised
 * and not doubled.
 *
 *   summary: weir.pipeline, weir.checkpoint-id, weir.offsets (the sources' positions, for people), beside
 * Iceberg's own Blocking: for I/O threads.
 */
#ifndef WEIR_ICEBERG_COMMIT_H
#define WEIR_ICEBERG_COMMIT_H
#include "iceberg/catalog.h"

struct change {
    const char *pipeline;       /* stable name of the job and sink: "health/health_data_raw" */
    int64_t checkpoint_id;      /* > 0 */
    const char *const *summary; /* more entries: name, value, ..., ended by NULL; may be NULL */
    int32_t file_count;
    const struct data_file *files; /* data and deletes; a change without any makes no snapshot */
    /* Data files that the deletes refer to. Each must be live when the change is committed, or be among
     * files: somebody may have rewritten it since. Else ERR_CONFLICT, which advises to restart: the deletes
     * must be made anew. */
    int32_t reference_count;
    const char *const *references;
    /* The files take the place of all that lies in their partitions (of the whole table, when that has none). A
     * change without files replaces nothing. */
    bool overwrites;
    int64_t fits_snapshot_id; /* they were live there (0: in the empty table): looked at again only when
                                 another than pipeline has rewritten anything since */
};

struct commit_result {
    bool was_there;      /* an earlier attempt had done it */
    int64_t snapshot_id; /* 0 when nothing was committed */
    int32_t attempts;
    int64_t
        fits_snapshot_id; /* that of the pipeline's next change, if its references are of the same origin */
};

/* Commit, retrying conflicts as commit.retry.* of the table say (waits in the calling thread). Snapshot
 * operation is append without deletes, else overwrite. Manifests: the new ones and the old; small ones are
 * merged by commit.manifest-merge.enabled / min-count-to-merge. Old metadata files are removed by
 * write.metadata.delete-after-commit.enabled. Afterwards t is the new version. ERR_CONFLICT: the retries were
 * used up, and who won. */
MUST_USE enum err commit_change(struct table *t, const struct change *change, struct commit_result *out,
                                struct error *e);

/* The newest checkpoint of pipeline that is committed in the current branch; 0 when none is. Refreshes t. */
MUST_USE enum err commit_last(struct table *t, const char *pipeline, int64_t *checkpoint_id, struct error *e);

/* Undo every commit of pipeline later than checkpoint_id, because the job goes back to that checkpoint: the
 * branch is set to the snapshot before them. Rewrites of files by others on top (operation `replace`) go with
 * them, loudly: they hold the same rows. Refused (ERR_CONFLICT, saying which snapshots; not to be tried
 * again) when somebody else has changed rows on top. *undone is how many snapshots were taken back. */
MUST_USE enum err commit_rewind(struct table *t, const char *pipeline, int64_t checkpoint_id, int32_t *undone,
                                struct error *e);
#endif
