/* iceberg_rebuild.h: an upsert index made anew from the table itself: where a job begins on a table that has rows, or
 * somebody else has rewritten its files since the checkpoint. Read on an I/O thread; the sink's task waits (ERR_WAIT).
 */
#ifndef WEIR_CONNECTORS_ICEBERG_REBUILD_H
#define WEIR_CONNECTORS_ICEBERG_REBUILD_H
#include "connectors/iceberg_sink.h"
#include "iceberg/upsert_index.h"

struct rebuild;

/* Begin. has_state: the index came with a checkpoint: it is good as long as the table's newest snapshot is this job's.
 * env->wake is called when it is done. */
MUST_USE enum err rebuild_start(const struct iceberg_sink_spec *spec, const struct op_env *env, bool has_state,
                                struct rebuild **out, struct error *e);

/* ERR_WAIT until it is done; then what was found goes into index. */
MUST_USE enum err rebuild_finish(struct rebuild *r, struct upsert_index *index, struct error *e);
void              rebuild_free(struct rebuild *r); /* waits for the I/O thread; NULL is fine */
#endif
