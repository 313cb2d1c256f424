/* iceberg_options.h: every option of Iceberg tables and catalogs, in one table: those of a table's WITH and of
 * hints, those that say where a catalog is, and those of CREATE CATALOG alone.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_OPTIONS_H
#define WEIR_CONNECTORS_ICEBERG_OPTIONS_H
#include "connectors/settings.h"

/* What a table of connector 'iceberg' takes, catalog options among them. */
extern const struct setting iceberg_table_settings[];
/* What CREATE CATALOG takes with 'type' = 'iceberg'. */
extern const struct setting iceberg_catalog_settings[];

/* Whether an option says where a catalog is and how to speak to it: a table of that catalog needs it too. */
bool iceberg_option_is_catalogs(const char *name);

/* `starting-strategy`, in the order of its values. */
enum iceberg_strategy {
    STRATEGY_SCAN_THEN_INCREMENTAL,
    STRATEGY_LATEST,
    STRATEGY_LATEST_EXCLUSIVE,
    STRATEGY_EARLIEST,
    STRATEGY_SNAPSHOT_ID,
    STRATEGY_TIMESTAMP,
};
#endif
