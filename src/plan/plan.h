/* plan.h: bound statements to a job's graph.
 *
 *   AST --bind.h--> relations --rules--> relations --> vertices (source, calc, unnest, limit, sink) and edges
 *
 * Rules: constants are folded, conditions move to where their columns come from, columns that nobody asks for
 * are not read. INSERTs of one statement set that read a table with the same options share its source.
 */
#ifndef WEIR_PLAN_PLAN_H
#define WEIR_PLAN_PLAN_H
#include "graph/graph.h"
#include "sql/bind.h"

struct collect; /* connectors/collect.h: where the rows of a SELECT go */

struct plan {
    struct graph graph;            /* owned; finished */
    const struct schema *schema;   /* SELECT: of the rows that are collected; in the graph's arena */
    bool bounded;                  /* all sources have an end */
    bool changelog;                /* rows other than inserts may come out, or go into a sink */
    struct plan_release *releases; /* owned: what connectors hold outside the arena */
};

/* Plan one job: a query (its rows go to collect, borrowed, outliving the job), an INSERT, or a statement set. statement is
 * AST_QUERY, AST_INSERT, AST_STATEMENT_SET, or CREATE TABLE ... AS, of a table that is there by now. Catalogs may be
 * asked. */
MUST_USE enum err plan_job(struct session *s, const struct sql_source *source,
                           const struct ast_statement *statement, struct collect *collect, struct plan **out,
                           struct sql_error *error);
void plan_free(struct plan *p); /* NULL is fine */

/* EXPLAIN: the text of all stages as details (ast_explain_detail) ask for. */
MUST_USE enum err plan_explain(struct session *s, struct arena *arena, const struct sql_source *source,
                               const struct ast_explain *explain, struct bytes *out, struct sql_error *error);
#endif
