/* project.h: keeps some columns of its input, by number, under another schema: shares them, copies nothing.
 */
#ifndef WEIR_OPERATORS_PROJECT_H
#define WEIR_OPERATORS_PROJECT_H
#include "operators/operator.h"

struct project_spec {
    const struct schema *schema; /* of the output; layouts as the chosen columns */
    const int32_t *columns;      /* of the input, schema->field_count of them */
};

extern const struct operator_factory project_factory;
#endif
