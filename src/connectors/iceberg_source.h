/* iceberg_source.h: the rows of an Iceberg table: a snapshot's, what appends added between two, or, streaming,
 * what they go on adding.
 *
 *   round: which snapshots --plan, on an I/O thread--> pieces of files, of which each subtask takes its own by
 *   their hash --read, on an I/O thread--> row groups --> batches
 *
 * A bounded read is one round; a streaming one makes a new round of what was added whenever the last is done.
 * Every subtask plans for itself: the plan of a round is the same each time, which is what makes its pieces
 * names in a checkpoint. That holds the round, the pieces that are done, and how far the one at hand is (a row
 * of its file); so a restore goes on in the same snapshot even if the table has moved on. Streaming has one
 * subtask: others could not tell after a restore which rounds each had seen.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_SOURCE_H
#define WEIR_CONNECTORS_ICEBERG_SOURCE_H
#include "connectors/iceberg_options.h"
#include "iceberg/catalog.h"
#include "iceberg/scan_filter.h"
#include "operators/operator.h"

/* What is read at a time. */
struct iceberg_round {
    bool appends;           /* what appends added after from_id up to to_id; else all rows of to_id */
    int64_t from_id, to_id; /* 0: before the first snapshot */
    int64_t split_bytes;
};

struct iceberg_source_spec {
    struct catalog *catalog; /* borrowed, any thread */
    const char *name_space, *table;
    struct fs *fs;
    const struct metadata *metadata; /* of the table as it was when the job was planned */
    const struct schema *schema;     /* of the rows */
    const struct schema *wanted;     /* the same columns with the table's types and field ids */
    const struct filter *filter;     /* NULL: none */
    bool streaming;
    struct iceberg_round round; /* bounded; streaming: only its split_bytes */
    /* streaming */
    int64_t monitor_ms;
    enum iceberg_strategy strategy;
    int64_t start_id, start_ms; /* of the strategies that want them */
    const char *branch;         /* NULL: main */
    int64_t most_snapshots, most_failures;
};

extern const struct operator_factory iceberg_source_factory;

/* The next round of a streaming read. *before: the last one, NULL: there was none. *any false: nothing is new.
 */
MUST_USE enum err iceberg_round_next(const struct iceberg_source_spec *spec, const struct metadata *m,
                                     const struct iceberg_round *before, struct iceberg_round *out, bool *any,
                                     struct error *e);
#endif
