/* ddl_override.h: options of WITH that the configuration gives instead, so that one file of SQL runs on a
 * developer's machine and in production:
 *
 *   override.catalog.<catalog>.<option>      of CREATE CATALOG
 *   override.connector.<connector>.<option>  of every CREATE TABLE with that connector
 *   override.table.<table>.<option>          of CREATE TABLE; over the connector's
 *
 * An empty value takes the option away. Within this folder.
 */
#ifndef WEIR_SQL_DDL_OVERRIDE_H
#define WEIR_SQL_DDL_OVERRIDE_H
#include "sql/ddl.h"

/* Put what the configuration has over the options of a catalog or table of that name; in d's arena. */
MUST_USE enum err ddl_override_catalog(struct doing *d, const char *name, const struct table_option **options,
                                       int32_t *count);
MUST_USE enum err ddl_override_table(struct doing *d, const char *name, const struct table_option **options,
                                     int32_t *count);
#endif
