/* file_buckets.h: the open files of one subtask of a file sink, one per partition: rows are split among them,
 * files that are large, old or idle enough are finished. On I/O threads, one at a time.
 */
#ifndef WEIR_CONNECTORS_FILE_BUCKETS_H
#define WEIR_CONNECTORS_FILE_BUCKETS_H
#include "connectors/file_output.h"

struct file_buckets;

/* since: the checkpoint that the job goes on from, or 0. */
MUST_USE enum err file_buckets_new(const struct file_sink_spec *spec, const struct op_env *env,
                                   struct file_buckets **out, struct error *e);
void file_buckets_since(struct file_buckets *f, int64_t checkpoint_id); /* the job goes on from there */
MUST_USE enum err file_buckets_load(struct file_buckets *f, struct slice item, struct error *e);
void file_buckets_free(struct file_buckets *f); /* files without a ticket are removed; NULL is fine */

/* After a failure of add or barrier nothing more is to be asked of f. */
MUST_USE enum err file_buckets_add(struct file_buckets *f, struct batch *b, struct error *e);

struct file_barrier {
    int64_t checkpoint_id;
    int64_t watermark_us;
    bool is_last;            /* the job ends with it: no file goes on */
    bool ended;              /* the input is over */
    struct bytes part, item; /* filled: for the committer; for the snapshot */
};
MUST_USE enum err file_buckets_barrier(struct file_buckets *f, struct file_barrier *b, struct error *e);
#endif
