/* explain.c: EXPLAIN: the query as it was bound, and the vertices that it became. */
#include "operators/calc.h"
#include "operators/limit.h"
#include "operators/project.h"
#include "operators/unnest.h"
#include "plan/plan_internal.h"

/* --- the query as it was bound --- */

static void print_fields(struct bytes *out, const struct rel *r)
{
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        bytes_printf(out, "%s%s=[", i ? ", " : "", r->schema->fields[i].name);
        expr_print(r->project.exprs[i], r->inputs[0]->schema, out);
        bytes_text(out, "]");
    }
}

static void print_rel(struct bytes *out, const struct rel *r, int depth)
{
    static const char *const names[] = {
        [REL_SCAN] = "LogicalTableScan",
        [REL_VALUES] = "LogicalValues",
        [REL_FILTER] = "LogicalFilter",
        [REL_PROJECT] = "LogicalProject",
        [REL_WATERMARK] = "LogicalWatermarkAssigner",
        [REL_UNION] = "LogicalUnion",
        [REL_UNNEST] = "LogicalCorrelate",
        [REL_LIMIT] = "LogicalSort",
    };

    if (depth)
        bytes_printf(out, "%*s+- ", (depth - 1) * 3, "");
    bytes_printf(out, "%s(", names[r->kind]);
    switch (r->kind) {
    case REL_SCAN:
        bytes_printf(out, "table=[[%s, %s, %s]]", r->scan.table->catalog, r->scan.table->database,
                     r->scan.table->name);
        break;
    case REL_VALUES:
        bytes_printf(out, "rows=[%d]", (int)r->values.row_count);
        break;
    case REL_FILTER:
        bytes_text(out, "condition=[");
        expr_print(r->filter.condition, r->schema, out);
        bytes_text(out, "]");
        break;
    case REL_PROJECT:
        print_fields(out, r);
        break;
    case REL_WATERMARK:
        bytes_printf(out, "rowtime=[%s], watermark=[", r->schema->fields[r->time_column].name);
        expr_print(r->watermark.expr, r->schema, out);
        bytes_text(out, "]");
        break;
    case REL_UNION:
        bytes_text(out, "all=[true]");
        break;
    case REL_UNNEST:
        bytes_text(out, "unnest=[");
        expr_print(r->unnest.array, r->inputs[0]->schema, out);
        bytes_printf(out, "], joinType=[%s]", r->unnest.outer ? "left" : "inner");
        break;
    case REL_LIMIT:
        bytes_printf(out, "offset=[%" PRId64 "], fetch=[%" PRId64 "]", r->limit.offset, r->limit.count);
        break;
    }
    bytes_text(out, ")\n");
    for (int32_t i = 0; i < r->input_count; i++)
        print_rel(out, r->inputs[i], depth + 1);
}

/* --- the vertices --- */

static void print_names(struct bytes *out, const char *what, const struct schema *s)
{
    if (s == NULL)
        return;
    bytes_printf(out, "%s=[", what);
    for (int32_t i = 0; i < s->field_count; i++)
        bytes_printf(out, "%s%s", i ? ", " : "", s->fields[i].name);
    bytes_text(out, "]");
}

static void print_calc(struct bytes *out, const struct program_spec *spec, const struct schema *input)
{
    bytes_text(out, "select=[");
    for (int32_t i = 0; i < spec->result_count; i++) {
        bool bare = spec->results[i]->kind == EXPR_COLUMN &&
                    strcmp(input->fields[spec->results[i]->column].name, spec->schema->fields[i].name) == 0;

        bytes_text(out, i ? ", " : "");
        expr_print(spec->results[i], input, out);
        if (!bare)
            bytes_printf(out, " AS %s", spec->schema->fields[i].name);
    }
    bytes_text(out, "]");
    if (spec->condition) {
        bytes_text(out, ", where=[");
        expr_print(spec->condition, input, out);
        bytes_text(out, "]");
    }
}

static const struct edge *edge_into(const struct graph *g, int32_t vertex)
{
    for (int32_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].to == vertex)
            return &g->edges[i];
    return NULL;
}

static void print_vertex(struct bytes *out, const struct graph *g, int32_t vertex, int depth)
{
    static const char *const ways[] = {
        [EDGE_HASH] = "hash", [EDGE_REBALANCE] = "rebalance", [EDGE_BROADCAST] = "broadcast"};
    const struct vertex *v = &g->vertices[vertex];
    const struct edge *edge = edge_into(g, vertex);
    const struct schema *input = edge ? g->vertices[edge->from].schema : NULL;

    if (depth)
        bytes_printf(out, "%*s+- ", (depth - 1) * 3, "");
    bytes_printf(out, "%s(", v->name);
    if (v->factory == &calc_factory)
        print_calc(out, v->spec, input);
    else if (v->schema)
        print_names(out, "fields", v->schema);
    else if (input)
        print_names(out, "fields", input);
    bytes_printf(out, "%sparallelism=[%d])\n", v->schema || input ? ", " : "", (int)v->parallelism);
    if (edge && edge->partitioning != EDGE_FORWARD)
        bytes_printf(out, "%*s+- Exchange(distribution=[%s])\n", depth * 3, "", ways[edge->partitioning]);
    for (int32_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].to == vertex)
            print_vertex(out, g, g->edges[i].from, depth + 1 + (edge->partitioning != EDGE_FORWARD));
}

static void print_graph(struct bytes *out, const struct graph *g)
{
    for (int32_t i = 0; i < g->vertex_count; i++) {
        bool last = true;

        for (int32_t j = 0; j < g->edge_count; j++)
            last = last && g->edges[j].from != i;
        if (last)
            print_vertex(out, g, i, 0);
    }
}

/* --- EXPLAIN --- */

/* The bound form of each INSERT, or of the query. */
static enum err print_bound(struct session *s, struct arena *arena, const struct sql_source *source,
                            const struct ast_statement *statement, struct bytes *out, struct sql_error *error)
{
    struct bound_insert insert;
    const struct rel *query;
    enum err rc;

    if (statement->kind == AST_QUERY) {
        if ((rc = bind_query(s, arena, source, statement->query, &query, error)) == OK)
            print_rel(out, query, 0);
        return rc;
    }
    if (statement->kind == AST_STATEMENT_SET) {
        for (int32_t i = 0; i < statement->set.count; i++)
            if ((rc = print_bound(s, arena, source, statement->set.inserts[i], out, error)) != OK)
                return rc;
        return OK;
    }
    if ((rc = bind_insert(s, arena, source, &statement->insert, &insert, error)) != OK)
        return rc;
    bytes_printf(out, "LogicalSink(table=[%s.%s.%s], ", insert.table->catalog, insert.table->database,
                 insert.table->name);
    print_names(out, "fields", insert.rel->schema);
    bytes_text(out, ")\n");
    print_rel(out, insert.rel, 1);
    return OK;
}

enum err plan_explain(struct session *s, struct arena *arena, const struct sql_source *source,
                      const struct ast_explain *explain, struct bytes *out, struct sql_error *error)
{
    struct plan *plan = NULL;
    enum err rc;

    if (explain->statement->kind != AST_QUERY && explain->statement->kind != AST_INSERT &&
        explain->statement->kind != AST_STATEMENT_SET)
        return sql_fail(error, ERR_INPUT, SQL_VALIDATION_FAILED, explain->statement->place,
                        "EXPLAIN wants a query, an INSERT or a STATEMENT SET");
    if (explain->details & AST_ESTIMATED_COST)
        return sql_fail(error, ERR_UNSUPPORTED, SQL_VALIDATION_FAILED, explain->statement->place,
                        "weir plans without costs: there is no ESTIMATED_COST to explain; leave it out");
    bytes_text(out, "== Abstract Syntax Tree ==\n");
    if ((rc = print_bound(s, arena, source, explain->statement, out, error)) != OK)
        return rc;
    if ((rc = plan_job(s, source, explain->statement, NULL, &plan, error)) != OK)
        return rc;
    bytes_text(out, "\n== Optimized Execution Plan ==\n");
    print_graph(out, &plan->graph);
    if (explain->details & AST_CHANGELOG_MODE)
        bytes_printf(out, "\n== Changelog Mode ==\n%s\n", plan->changelog ? "I,UB,UA,D" : "I");
    if (explain->details & AST_PLAN_ADVICE)
        bytes_text(out, "\nno available advice...\n");
    if (explain->details & AST_JSON_EXECUTION_PLAN) {
        bytes_text(out, "\n== Physical Execution Plan ==\n");
        graph_json(&plan->graph, out);
        bytes_text(out, "\n");
    }
    plan_free(plan);
    return out->failed ? sql_fail(error, ERR_MEMORY, SQL_VALIDATION_FAILED, explain->statement->place,
                                  "no memory to explain the statement")
                       : OK;
}
