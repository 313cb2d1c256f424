/* batch_rows.h: how many rows a source that has them at hand gives at once. Between two batches lies the place of a
 * barrier, so few make checkpoints possible in the midst of little data: for tests of what a crash leaves.
 */
#ifndef WEIR_CONNECTORS_BATCH_ROWS_H
#define WEIR_CONNECTORS_BATCH_ROWS_H
#include "config/config.h"
#include "operators/operator.h"

#define BATCH_ROWS_KEY  "execution.source.batch-rows"
#define BATCH_ROWS_MOST 4096

static inline int32_t batch_rows(const struct op_env *env)
{
    return env->config ? (int32_t)config_int(env->config, BATCH_ROWS_KEY) : BATCH_ROWS_MOST;
}
#endif
