/* sql_iceberg.h: SQL's tables to Iceberg's and back; within this folder.
 *
 *   sql_iceberg.c         the catalog: databases and tables by name
 *   sql_iceberg_table.c   what a table is: types, keys, partitions
 *   sql_iceberg_alter.c   what ALTER TABLE makes of a stored table
 */
#ifndef WEIR_SQL_SQL_ICEBERG_H
#define WEIR_SQL_SQL_ICEBERG_H
#include "iceberg/catalog.h"
#include "iceberg/inspect.h"
#include "sql/sql_catalog.h"

/* What t is stored as, in arena; ERR_UNSUPPORTED for what Iceberg has not. */
MUST_USE enum err sql_iceberg_spec(struct arena *arena, const struct table_def *t, struct table_spec *out,
                                   struct error *e);
/* The type that a column of type t is stored with, in arena; NULL: no memory. */
const struct type *sql_iceberg_type(struct arena *arena, const struct type *t);
/* A stored table as SQL sees it. */
MUST_USE enum err sql_iceberg_def(struct arena *arena, const char *catalog, const struct table *table,
                                  const struct table_def **out, struct error *e);
/* One of its metadata tables: t$snapshots. */
MUST_USE enum err sql_iceberg_metadata_def(struct arena *arena, const char *catalog,
                                           const struct table *table, const struct inspect_table *i,
                                           const struct table_def **out, struct error *e);
/* Only columns of the file's own. */
MUST_USE enum err sql_iceberg_check(const struct table_def *t, struct error *e);

/* Make of a stored table what t says. Columns are told by their names. */
MUST_USE enum err sql_iceberg_alter(struct table *table, const struct table_def *t, struct error *e);
MUST_USE enum err sql_iceberg_rename_column(struct table *table, const char *from, const char *to,
                                            struct error *e);
#endif
