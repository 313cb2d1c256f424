/* iceberg_sink.h: rows into an Iceberg table, exactly once: append, or upsert by primary key with position
 * deletes.
 *
 *   rows -> row buffer --too much, or the barrier--> flushes on I/O threads: one partition each: data file
 * (and, for an upsert, the positions of the rows it replaces) --> parts of the checkpoint --complete-->
 * committer: one snapshot
 *
 * Rows that come while a flush runs go into the buffer; when both are full the sink waits (ERR_WAIT).
 * An upsert takes inserts and updates of either kind as `the row of this key is now`, passes over what was
 * before an update, and deletes by key. A job that begins on a table with rows knows them by their keys
 * (iceberg_rebuild.h).
 */
#ifndef WEIR_CONNECTORS_ICEBERG_SINK_H
#define WEIR_CONNECTORS_ICEBERG_SINK_H
#include "iceberg/catalog.h"
#include "operators/operator.h"

struct iceberg_sink_spec {
    struct catalog *catalog; /* borrowed, any thread */
    const char *name_space, *table;
    const char *label; /* "health_data_raw": of metrics */
    struct fs *fs;
    const struct metadata
        *metadata;             /* of the table as it was when the job was planned: schema, spec, properties */
    const struct map *options; /* the sink's, text by name: go before the table's properties; NULL: none */
    const int32_t *columns;    /* per field of the table's schema: the incoming column, -1: none */
    size_t buffer_bytes;       /* rows held before some are written, all subtasks together */
    bool overwrite; /* all at the end, in the place of what lies in the same partitions; not an upsert */
    bool upsert;
    int32_t key_count;
    const int32_t *keys; /* upsert: the primary key, as field numbers of the table's schema */
    const struct schema *key_schema;
    int32_t until_field;       /* upsert: field number of a TIMESTAMP after which, and ... */
    int64_t until_lateness_us; /* ... that long, the key changes no more; until_field -1: never */
};

extern const struct operator_factory iceberg_sink_factory;

/* The name under which the sink's commits are known: job/operator/lineage. Owned; NULL when there is no
 * memory. */
char *iceberg_sink_pipeline(const struct op_env *env);

/* Until when (event time) the key of a row may change: the value of column field (-1: none) and lateness_us
 * later. */
int64_t iceberg_sink_until(const struct batch *b, int32_t field, int64_t lateness_us, int32_t row);

/* iceberg_committer.c */
enum err iceberg_committer_new(const void *spec, const struct op_env *env, struct committer **out,
                               struct error *e);
#endif
