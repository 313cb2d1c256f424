/* iceberg_rebase.h: the deletes of a checkpoint that could not be committed, since somebody has rewritten
 * data files that they refer to (compaction). A checkpoint cannot be changed any more, and what it holds must
 * reach the table; so its deletes are translated: what keys did the rows have that they mean, and where are
 * these now?
 *
 *   (old file, position) --the old file, which compaction leaves there for a while--> key --the table-->
 * (file, position) Blocking: for I/O threads. Reads the key columns of the whole table.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_REBASE_H
#define WEIR_CONNECTORS_ICEBERG_REBASE_H
#include "connectors/iceberg_sink.h"
#include "iceberg/commit.h"

/* change's deletes made to fit t as it is now: its files and references are replaced by ones in arena.
 * *translated: false when nothing was to be done. ERR_NOT_FOUND when an old file is gone already. */
MUST_USE enum err rebase_deletes(const struct iceberg_sink_spec *spec, const struct op_env *env,
                                 struct table *t, struct change *change, struct arena *arena,
                                 bool *translated, struct error *e);
#endif
