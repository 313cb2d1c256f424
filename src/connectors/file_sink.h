/* file_sink.h: rows into the files of a folder, exactly once.
 *
 *   task:        rows --> queue                                     full: ERR_WAIT
 *   I/O thread:  queue --> a file per partition, not shown; too large, old or idle: finished
 *   barrier:     (through the queue) files of lines are persisted and go on, others are finished
 *                --> part of the checkpoint --complete--> committer: finished files are shown
 *
 * A file is `part-<uuid>-<subtask>-<checkpoint>-<count>`: the uuid is that of the job's lineage and the sink, the
 * checkpoint the last one before the file was begun. So whoever goes on from a checkpoint knows by their names
 * the files that came after it.
 *
 * Invariants:
 * 1. What is shown is covered by a checkpoint that is complete.
 * 2. A part names every file that is finished but not shown, and every one that goes on, with how far it went:
 *    recovery shows them all, just so far, and takes away whatever else of this lineage came later.
 */
#ifndef WEIR_CONNECTORS_FILE_SINK_H
#define WEIR_CONNECTORS_FILE_SINK_H
#include "connectors/file_commit.h"
#include "connectors/file_kind.h"
#include "formats/encode.h"
#include "operators/operator.h"
#include "parquet/parquet_writer.h"

struct file_sink_spec {
    const char *path;            /* of the table */
    const char *label;           /* for messages */
    const struct schema *schema; /* of the rows that come in */
    int32_t partition_count;
    const int32_t *partition; /* columns of schema, outer folder first */
    const char *default_partition;

    enum file_kind kind;
    const struct schema *content; /* the columns in the files */
    const int32_t *columns;       /* per field of content, its number in schema */
    const struct format *format;  /* NULL: Parquet */
    const struct map *options;    /* the format's */
    struct slice avro_schema;     /* FILE_AVRO: the document */
    const struct file_codec *avro_codec;
    struct parquet_options parquet;

    int64_t file_bytes; /* a file is finished at this size */
    int64_t rollover_ms, inactivity_ms, check_ms;
    size_t memory_bytes; /* what open files hold, all subtasks together */
    struct file_commit_spec commit;
};

extern const struct operator_factory file_sink_factory;

/* `part-<uuid>-`: what the names of a sink's files begin with. */
#define FILE_SINK_PREFIX_MAX 48
void file_sink_prefix(const struct op_env *env, char out[FILE_SINK_PREFIX_MAX]);

/* file_committer.c */
enum err file_committer_new(const void *spec, const struct op_env *env, struct committer **out,
                            struct error *e);
#endif
