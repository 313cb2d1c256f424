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
#include "batch/builder.h"
#include "operators/operator.h"

/* Rows of numbers next, next + stride, ... */
struct strand {
    int64_t next, stride;
    uint64_t seed; /* of the job that began it */
};

/* The first member of a connector's own spec. */
struct generator_spec {
    const struct schema *schema;
    int64_t row_count;      /* of all subtasks together; INT64_MAX: no end */
    double rows_per_second; /* of all subtasks together; 0: as fast as they are taken */
    int32_t batch_rows;
    /* Append `count` rows; the builder keeps a failure. */
    void (*make)(const struct generator_spec *spec, const struct strand *from, int32_t count, int64_t now_us,
                 struct builder *to);
};

/* operator_new of a factory whose spec begins with a struct generator_spec. */
MUST_USE enum err generator_new(const void *spec, struct op **out, struct error *e);
#endif
