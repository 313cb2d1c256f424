/* checkpoint.h: what a checkpoint is: everything that a job needs to go on from there, as one document.
 * `_metadata` in the checkpoint's folder is JSON (documented in docs/checkpoints.md); keyed state lies beside
 * it as Parquet files. Read-only once loaded; all in one arena.
 */
#ifndef WEIR_CHECKPOINT_CHECKPOINT_H
#define WEIR_CHECKPOINT_CHECKPOINT_H
#include "operators/operator.h"

struct checkpoint_vertex {
    const char *uid, *name;
    int32_t parallelism, max_parallelism;
    int32_t item_count, file_count, part_count;
    const struct op_item *items;    /* operator state, all subtasks */
    const struct state_file *files; /* keyed state, all subtasks */
    const struct slice *parts;      /* for the committer */
};

struct checkpoint {
    struct arena arena; /* owned */
    int64_t id;
    const char *job_name, *lineage;
    int64_t triggered_us, completed_us; /* wall clock */
    bool is_savepoint, is_last;
    int32_t vertex_count;
    const struct checkpoint_vertex *vertices;
    const char *path;   /* of its folder, set when loaded or stored */
    int64_t size_bytes; /* state files and metadata */
};

/* JSON with a checksum line; and back. ERR_CORRUPT: damaged or not one: says how. */
MUST_USE enum err checkpoint_encode(const struct checkpoint *c, struct bytes *out, struct error *e);
MUST_USE enum err checkpoint_decode(struct slice document, const char *path, struct checkpoint **out,
                                    struct error *e);
void checkpoint_free(struct checkpoint *c); /* NULL is fine */
const struct checkpoint_vertex *checkpoint_find(const struct checkpoint *c, const char *uid);
#endif
