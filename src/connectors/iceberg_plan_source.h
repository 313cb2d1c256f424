/* iceberg_plan_source.h: options to an Iceberg source: which snapshots, which columns, which files. */
#ifndef WEIR_CONNECTORS_ICEBERG_PLAN_SOURCE_H
#define WEIR_CONNECTORS_ICEBERG_PLAN_SOURCE_H
#include "connectors/connector.h"

/* Whether the request is for one of a table's metadata tables, t$snapshots and its like. */
bool iceberg_is_metadata(const struct connector_request *r);
enum err iceberg_plan_source(const struct connector_request *r, struct connector_plan *out, struct error *e);
#endif
