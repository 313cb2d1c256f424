/* generator.h: sources that make each row from its number alone, so that neither the parallelism nor a
 * restart changes what is made.
 *
 * Row numbers are dealt out as strands, arithmetic series: subtask 1 of 3 has 1, 4, 7, ... A checkpoint
 * holds each strand's next number; after a change of parallelism strands are dealt out again, split where
 * there are too few.
 *
 *   3 subtasks    0 3 6 9 ...   1 4 7 10 ...   2 5 8 11 ...
 *   as 5          each in two, six strands: one subtask gets two
 */
#ifndef WEIR_CONNECTORS_GENERATOR_H
#define WEIR_CONNECTORS_GENERATOR_H
#include "operators/operator.h"

struct generator;

struct generator_spec {
    int64_t row_count;      /* of all subtasks together; INT64_MAX: no end */
    double rows_per_second; /* of all subtasks together; 0: as fast as they are taken */
    int32_t batch_rows;
};

/* Rows of numbers next, next + stride, ... */
struct strand {
    int64_t next, stride;
    uint64_t seed; /* of the job that began it */
};

struct generator {
    struct op op;
    const struct generator_spec *spec; /* borrowed */
    const struct op_env *env;
    /* Make `count` rows. */
    enum err (*make)(struct generator *g, const struct strand *from, int32_t count, struct batch **out,
                     struct error *e);
    struct strand *strands; /* owned */
    int32_t strand_count, turn;
    double rate; /* this subtask's rows a second */
    int64_t begun_us, made;
};

/* What operator_ops of such a source are made of. */
MUST_USE enum err generator_open(struct generator *g, const struct op_env *env, struct error *e);
MUST_USE enum err generator_restore(struct generator *g, const struct op_restore *from, struct error *e);
MUST_USE enum err generator_poll(struct generator *g, bool *more, bool *done, struct error *e);
MUST_USE enum err generator_snapshot(struct generator *g, struct op_snapshot *out, struct error *e);
void generator_fini(struct generator *g);
#endif
