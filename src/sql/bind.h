/* bind.h: names and types: a query as parsed becomes relations (rel.h), against the session's tables and
 * functions. All that is wrong with a statement is told with its place and, where there is one, a likely fix.
 * What the dialect has but weir cannot run yet is told by name: ERR_UNSUPPORTED.
 */
#ifndef WEIR_SQL_BIND_H
#define WEIR_SQL_BIND_H
#include "sql/rel.h"
#include "sql/session.h"

/* A query's relation; columns named as in Flink (EXPR$0 for those without a name). */
MUST_USE enum err bind_query(struct session *s, struct arena *arena, const struct sql_source *source,
                             const struct ast_query *query, const struct rel **out, struct sql_error *error);

/* INSERT INTO: the query with its columns cast and put in the order of what the table stores: physical
 * columns, then metadata columns that are not virtual. */
struct bound_insert {
    const struct table_def *table;
    struct ast_options hints;
    bool overwrite;
    const struct rel *rel;
    const int32_t *columns; /* per field of rel->schema: the number of the table's column */
    struct ast_place place;
};
MUST_USE enum err bind_insert(struct session *s, struct arena *arena, const struct sql_source *source,
                              const struct ast_insert *insert, struct bound_insert *out,
                              struct sql_error *error);

/* An expression over the columns of schema, with no tables around: computed columns, watermarks, options. */
MUST_USE enum err bind_expr_over(struct session *s, struct arena *arena, const struct sql_source *source,
                                 const struct ast_expr *x, const struct schema *schema,
                                 const struct expr **out, struct sql_error *error);
#endif
