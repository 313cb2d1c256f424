/* iceberg_flush.h: files of an Iceberg sink being written on I/O threads.
 * A flush is one partition's rows on their way into a data file (and a delete file). A group is all flushes of one
 * checkpoint: finished before the checkpoint's part counts as done. Whoever comes first does a flush: the executor, or the
 * finishing of the group; so nobody waits for work that nobody has begun.
 *
 *   NEW --claimed--> RUNNING --> DONE
 */
#ifndef WEIR_CONNECTORS_ICEBERG_FLUSH_H
#define WEIR_CONNECTORS_ICEBERG_FLUSH_H
#include "iceberg/file_writer.h"
#include "operators/operator.h"
#include <pthread.h>

struct flush_metrics {
    struct counter   *writes, *files, *bytes;
    struct histogram *duration_ms, *latency_ms;
};
void flush_metrics_init(struct flush_metrics *m, const struct op_env *env, const char *table);
/* flink_to_iceberg_latency: from the source taking the row to here. */
void flush_metrics_latency(struct flush_metrics *m, const struct op_env *env, const struct batch *rows);

/* How much is being written; wakes the sink's task when it waits for less. */
struct flush_gauge {
    pthread_mutex_t      mutex;
    pthread_cond_t       changed;
    const struct op_env *env;
    size_t               bytes;   /* rows in flushes not done */
    int32_t              running; /* flushes that some thread works on or the executor still holds */
    bool                 waiting; /* the task wants to be woken */
};
void   flush_gauge_init(struct flush_gauge *g, const struct op_env *env);
void   flush_gauge_fini(struct flush_gauge *g); /* waits until no thread has a flush */
size_t flush_gauge_bytes(struct flush_gauge *g);
bool   flush_gauge_wait(struct flush_gauge *g); /* true: wake will be called; false: there is room meanwhile */

struct flush {
    atomic_int                refs;
    int                       state; /* under the gauge's mutex */
    const struct file_writer *writer;
    struct flush_gauge       *gauge;
    struct flush_metrics     *metrics;
    struct partition_rows    *rows; /* owned until done */
    struct arena              arena; /* owned: paths and file descriptions */
    const char               *path, *delete_path;
    struct deleted_row       *deletes; /* owned */
    size_t                    delete_count, delete_capacity;
    const char               *last_path; /* of the newest delete: most follow with the same */
    struct data_file          files[2];
    int32_t                   file_count;
    enum err                  rc;
    struct error              error;
};

/* Takes rows, also on failure (NULL). One reference. */
struct flush *flush_new(const struct file_writer *w, struct partition_rows *rows, struct flush_gauge *g,
                        struct flush_metrics *m);
void          flush_unref(struct flush *f);
MUST_USE bool flush_delete(struct flush *f, const char *path, int64_t position); /* path is copied */

struct flush_group;
struct flush_group *flush_group_new(void);
/* Add to the group and hand to the executor; takes f. Without memory for the executor's queue the group does it later. */
MUST_USE enum err flush_start(struct flush_group *g, struct flush *f, struct executor *x, struct error *e);
/* The error of a flush that has failed already, so that a job does not go on filling. */
MUST_USE enum err flush_group_failed(struct flush_group *g, struct error *e);

/* For snapshot_later: do or await all flushes, and hand their files over as one part for the committer. */
enum err flush_group_finish(void *group, struct op_snapshot *s, struct error *e);
void     flush_group_drop(void *group); /* NULL is fine */
#endif
