/* filesystem_sink.h: the options of a table of files to its sink. */
#ifndef WEIR_CONNECTORS_FILESYSTEM_SINK_H
#define WEIR_CONNECTORS_FILESYSTEM_SINK_H
#include "connectors/connector.h"

enum err filesystem_sink_plan(const struct connector_request *r, struct connector_plan *out, struct error *e);

/* Options `parquet.*`, which belong to no format that decodes payloads, are checked for both directions. */
MUST_USE enum err filesystem_sink_check_parquet(const struct map *options, struct error *e);
#endif
