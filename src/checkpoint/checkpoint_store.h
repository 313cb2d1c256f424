/* checkpoint_store.h: where checkpoints lie: `<dir>/<job>/chk-<id>/_metadata`, written last and atomically,
 * so a checkpoint is there or not. Keeps the newest n that are whole as far as is known; removes the files of
 * the others. Blocking: for I/O threads, one at a time for _write and _latest.
 */
#ifndef WEIR_CHECKPOINT_CHECKPOINT_STORE_H
#define WEIR_CHECKPOINT_CHECKPOINT_STORE_H
#include "checkpoint/checkpoint.h"

struct checkpoint_store;

/* dir: execution.checkpointing.dir; job_name becomes a folder (unsafe characters are escaped). fs is
 * borrowed. */
MUST_USE enum err checkpoint_store_open(struct fs *fs, const char *dir, const char *job_name,
                                        int32_t retained, struct checkpoint_store **out, struct error *e);
void checkpoint_store_free(struct checkpoint_store *s);

/* The folder for checkpoint id, with a '/' at the end, in arena: state files go there before store. */
const char *checkpoint_store_folder(const struct checkpoint_store *s, struct arena *arena, int64_t id);

/* Write c's _metadata (and, for a savepoint, into savepoint_dir instead when it's not NULL), then forget what
 * is older than the retained ones, and what checkpoint_store_latest has found damaged. Failing to remove old
 * files is logged, not an error. */
MUST_USE enum err checkpoint_store_write(struct checkpoint_store *s, struct checkpoint *c, struct error *e);

/* The newest that can be read whole: metadata and every state file's size and checksum. Each damaged one on
 * the way is logged loudly and counted in *damaged. ERR_NOT_FOUND when there is none at all; ERR_CORRUPT when
 * there are only damaged ones. */
MUST_USE enum err checkpoint_store_latest(struct checkpoint_store *s, struct checkpoint **out,
                                          int32_t *damaged, struct error *e);

/* path: a checkpoint's folder, its _metadata, or a folder of checkpoints (then the newest in it): what `-s`
 * is given. */
MUST_USE enum err checkpoint_load(struct fs *fs, const char *path, struct checkpoint **out, struct error *e);

/* The largest id ever used in the folder, complete or not, so that a restart never reuses one. 0 when none.
 */
MUST_USE enum err checkpoint_store_last_id(struct checkpoint_store *s, int64_t *id, struct error *e);

/* Remove what a failed checkpoint left behind. */
void checkpoint_store_discard(struct checkpoint_store *s, int64_t id);
#endif
