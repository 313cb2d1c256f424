/* iceberg_flush.h: files of an Iceberg sink being written on I/O threads.
 * A flush is one partition's rows on their way into a data file, and the positions of the rows they replace
 * into a delete file. A group is all flushes of one checkpoint: finished before the checkpoint's part counts
 * as done. Whoever comes first does a flush: the executor, or the finishing of the group; so nobody waits for
 * work that nobody has begun.
 *
 *   NEW --claimed--> RUNNING --> DONE
 *    └──────dropped, or the sink is closed──────^
 */
#ifndef WEIR_CONNECTORS_ICEBERG_FLUSH_H
#define WEIR_CONNECTORS_ICEBERG_FLUSH_H
#include "iceberg/file_writer.h"
#include "operators/operator.h"

struct flush_metrics {
    struct counter *writes, *files, *bytes;
    struct histogram *duration_ms, *latency_ms;
};
void flush_metrics_init(struct flush_metrics *m, const struct op_env *env, const char *table);
/* flink_to_iceberg_latency: from the source taking the row to here. */
void flush_metrics_latency(struct flush_metrics *m, const struct op_env *env, const struct batch *rows);

/* How much a sink is writing; wakes its task when that waits for less. Shared by the sink and its flushes.
 * Thread: any. */
struct flush_gauge;
struct flush_gauge *flush_gauge_new(const struct op_env *env); /* NULL when there is no memory */
/* The sink closes: waits for what is being written right now; what has not begun never will, and whoever
 * still holds it finds it dropped. After this nothing of the sink, its env, writer or metrics is touched.
 * NULL is fine. */
void flush_gauge_close(struct flush_gauge *g);
size_t flush_gauge_bytes(struct flush_gauge *g); /* of rows in flushes not done */
bool flush_gauge_wait(struct flush_gauge *g); /* true: wake will be called; false: there is room meanwhile */

struct flush; /* opaque */

/* Takes rows, also on failure (NULL). w and m are the sink's. One reference. */
struct flush *flush_new(const struct file_writer *w, struct partition_rows *rows, struct flush_gauge *g,
                        struct flush_metrics *m);
void flush_unref(struct flush *f);                              /* NULL is fine */
const struct partition_rows *flush_rows(const struct flush *f); /* until it is started */

/* Where the files go; both are copied; delete_path NULL: there are no deletes. False when there is no memory.
 */
MUST_USE bool flush_name(struct flush *f, const char *path, const char *delete_path);
const char *flush_path(const struct flush *f);

/* One more position to delete. path is borrowed until flush_start, and equal paths are equal pointers. */
MUST_USE bool flush_delete(struct flush *f, const char *path, int64_t position);
bool flush_is_empty(const struct flush *f); /* neither a live row nor a delete: there is nothing to write */

struct flush_group;
struct flush_group *flush_group_new(void);
/* Add to the group and hand to the executor; takes f. Without memory for the executor's queue the group does
 * it later. */
MUST_USE enum err flush_start(struct flush_group *g, struct flush *f, struct executor *x, struct error *e);
/* Before one waits for a flush: each must be in the executor's hands. ERR_MEMORY: it has no memory for them.
 */
MUST_USE enum err flush_group_submit(struct flush_group *g, struct executor *x, struct error *e);
/* The error of a flush that has failed already, so that a job does not go on filling. */
MUST_USE enum err flush_group_failed(struct flush_group *g, struct error *e);

/* An overwrite shows nothing before its end: what it has written so far is kept with each checkpoint (item
 * FLUSH_KEPT) and handed over with the last. The same flushes once more, for snapshot_later; before (copied):
 * of what a restored checkpoint had kept. NULL: no memory. */
#define FLUSH_KEPT "kept-files"
struct flush_group *flush_group_keep(const struct flush_group *g, struct slice before, bool at_end);

/* For snapshot_later: do or await all flushes, and hand their files over as one part for the committer. */
enum err flush_group_finish(void *group, struct op_snapshot *s, struct error *e);
void flush_group_drop(void *group); /* what has not begun is dropped; NULL is fine */
#endif
