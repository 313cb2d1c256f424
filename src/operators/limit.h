/* limit.h: LIMIT and OFFSET: passes on so many rows after the first so many, then drops the rest. Its
 * parallelism is 1. Part of checkpoints: how many rows it has seen.
 */
#ifndef WEIR_OPERATORS_LIMIT_H
#define WEIR_OPERATORS_LIMIT_H
#include "operators/operator.h"

struct limit_spec {
    int64_t offset;
    int64_t count; /* -1: all */
};
extern const struct operator_factory limit_factory;
#endif
