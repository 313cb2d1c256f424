/* values.h: a source of rows that are known when the job is planned: VALUES. Bounded. Row n is given by
 * subtask n modulo the parallelism.
 */
#ifndef WEIR_CONNECTORS_VALUES_H
#define WEIR_CONNECTORS_VALUES_H
#include "operators/operator.h"

struct values_spec {
    struct batch *rows; /* borrowed: outlives the job */
};

extern const struct operator_factory values_factory;
#endif
