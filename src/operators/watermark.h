/* watermark.h: how far event time has come, per source split and together.
 * A split's watermark is its latest time less the disorder allowed, or the largest value of an expression
 * over its rows; the subtask's is the least of its splits
 * that are not idle. It is emitted after the batch that raised it. A batch without split (-1) belongs to one
 * anonymous split.
 *
 * Part of checkpoints: the latest time of each split by its name (`split:<name>`), so that after a restart no
 * row is late that was not late before, wherever the split is read then. A split is added before its first
 * batch.
 */
#ifndef WEIR_OPERATORS_WATERMARK_H
#define WEIR_OPERATORS_WATERMARK_H
#include "operators/operator.h"

struct program_spec;

struct watermark_spec {
    int32_t time_column; /* TIMESTAMP or TIMESTAMP_LTZ; rows without a time are passed on and say nothing */
    const struct program_spec *value; /* not NULL: its one result instead of the time column */
    int64_t max_out_of_orderness_us;
    int64_t idle_timeout_us; /* a split without rows for so long is left out of the minimum; 0: never */
    bool minus_one_ms; /* DataStream's rule: a millisecond less, as the watermark says "nothing at or before"
                        */
};
extern const struct operator_factory watermark_factory;
#endif
