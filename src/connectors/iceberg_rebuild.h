/* iceberg_rebuild.h: an upsert index must know every row of the table. One that comes with a checkpoint does
 * as long as nobody else has changed the table since it was complete; else (and where a job begins on a table
 * that has rows) it is made anew from the table itself. Done on an I/O thread; the sink's task waits
 * (ERR_WAIT).
 */
#ifndef WEIR_CONNECTORS_ICEBERG_REBUILD_H
#define WEIR_CONNECTORS_ICEBERG_REBUILD_H
#include "connectors/iceberg_sink.h"
#include "iceberg/upsert_index.h"

/* What an index in a checkpoint was built on: at snapshot_id of the table (0: it was empty) it knew every row
 * of its subtask, and since then it has followed what this pipeline wrote. */
struct index_base {
    bool is_complete; /* false: its subtask had not come to look at the table */
    int64_t snapshot_id;
    int32_t spec_id; /* of the partitioning that its rows are written under */
};
void index_base_put(struct bytes *out, const struct index_base *base);
struct index_base index_base_take(struct reader *r); /* look at r->failed */

struct rebuild;

/* Begin. bases (copied): of all subtasks whose entries the index was restored from; 0 of them: there is no
 * checkpoint. env->wake is called when it is done. */
MUST_USE enum err rebuild_start(const struct iceberg_sink_spec *spec, const struct op_env *env,
                                const struct index_base *bases, size_t base_count, struct rebuild **out,
                                struct error *e);

/* ERR_WAIT until it is done; then index knows every row, and *base is what it is built on now. */
MUST_USE enum err rebuild_finish(struct rebuild *r, struct upsert_index *index, struct index_base *base,
                                 struct error *e);

/* Waits for the I/O thread if that has begun; if not, nothing will be done. NULL is fine. */
void rebuild_free(struct rebuild *r);
#endif
