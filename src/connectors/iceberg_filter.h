/* iceberg_filter.h: a query's condition as a filter of files (scan_filter.h). What cannot be said there is
 * left out: the query looks at every row itself, so a filter may let through too much, but nothing too little.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_FILTER_H
#define WEIR_CONNECTORS_ICEBERG_FILTER_H
#include "expr/expr.h"
#include "iceberg/scan_filter.h"

/* x reads columns of wanted, whose types and field ids are the table's. In arena, which x must outlive. NULL
 * in *out: nothing can be left out. */
MUST_USE enum err iceberg_filter(struct arena *arena, const struct expr *x, const struct schema *wanted,
                                 const struct filter **out, struct error *e);
#endif
