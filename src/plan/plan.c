/* plan.c: a statement to a job: bind, look which columns are needed, make vertices. */
#include "base/mem.h"
#include "config/config.h"
#include "plan/plan_internal.h"
#include <stdio.h>

/* What a job does: INSERTs, or a query. */
struct work {
    int32_t count;
    struct bound_insert *inserts;
    const struct rel *query;
};

/* --- binding --- */

static enum err bind_one(struct planner *p, const struct ast_statement *statement, struct bound_insert *out)
{
    if (statement->kind != AST_INSERT)
        return plan_fail(p, ERR_INPUT, statement->place, "a statement set holds INSERT statements only");
    return bind_insert(p->session, p->arena, p->source, &statement->insert, out, p->error);
}

/* CREATE TABLE t AS query: the table is there by now. */
static enum err bind_as(struct planner *p, const struct ast_statement *statement, struct bound_insert *out)
{
    struct ast_insert insert = {.table = statement->create_table.name,
                                .query = statement->create_table.query};

    return bind_insert(p->session, p->arena, p->source, &insert, out, p->error);
}

static enum err bind_work(struct planner *p, const struct ast_statement *s, struct work *w)
{
    bool set = s->kind == AST_STATEMENT_SET;
    enum err rc = OK;

    *w = (struct work){.count = set ? s->set.count : 1};
    if (s->kind == AST_QUERY) {
        w->count = 0;
        return bind_query(p->session, p->arena, p->source, s->query, &w->query, p->error);
    }
    if (s->kind != AST_INSERT && s->kind != AST_CREATE_TABLE && !set)
        return plan_fail(p, ERR_INPUT, s->place, "this statement is no job");
    if (w->count == 0)
        return plan_fail(p, ERR_INPUT, s->place, "the statement set is empty");
    if ((w->inserts = ARENA_ARRAY(p->arena, struct bound_insert, w->count)) == NULL)
        return plan_memory(p, s->place);
    for (int32_t i = 0; rc == OK && i < w->count; i++)
        rc = set                           ? bind_one(p, s->set.inserts[i], &w->inserts[i])
             : s->kind == AST_CREATE_TABLE ? bind_as(p, s, &w->inserts[i])
                                           : bind_one(p, s, &w->inserts[i]);
    return rc;
}

/* --- vertices --- */

/* All columns of r, in their order. */
static enum err plan_all(struct planner *p, const struct rel *r, struct stage *out)
{
    int32_t width = r->schema->field_count, *numbers = ARENA_ARRAY(p->arena, int32_t, MAX(width, 1));
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(width, 1));
    bool *needed = ARENA_ARRAY(p->arena, bool, MAX(width, 1));
    enum err rc;

    if (p->arena->failed)
        return plan_memory(p, r->place);
    for (int32_t i = 0; i < width; i++)
        needed[i] = true;
    if ((rc = plan_rel(p, r, needed, numbers, out)) != OK)
        return rc;
    for (int32_t i = 0; i < width; i++)
        exprs[i] = expr_column(p->arena, numbers[i], out->schema->fields[numbers[i]].type);
    return p->arena->failed ? plan_memory(p, r->place) : plan_calc(p, out, NULL, exprs, r->schema, r->place);
}

static enum err make_vertices(struct planner *p, const struct work *w, struct collect *collect)
{
    struct stage stage;
    enum err rc = OK;

    p->plan->bounded = true;
    if (w->query) {
        if ((rc = plan_all(p, w->query, &stage)) != OK ||
            (rc = plan_refuse_upsert(p, &stage, "SELECT", w->query->place)) != OK)
            return rc;
        p->plan->schema = stage.schema;
        p->plan->bounded = stage.bounded;
        p->plan->changelog = stage.changes != CHANGES_INSERT;
        return p->dry ? OK : plan_collect(p, collect, &stage);
    }
    for (int32_t i = 0; rc == OK && i < w->count; i++) {
        rc = plan_all(p, w->inserts[i].rel, &stage);
        p->plan->bounded = p->plan->bounded && stage.bounded;
        p->plan->changelog = p->plan->changelog || stage.changes != CHANGES_INSERT;
        if (rc == OK && !p->dry)
            rc = plan_sink(p, &w->inserts[i], &stage);
    }
    return rc;
}

/* `insert-into_c.d.t,c.d.u`, or what pipeline.name says. */
static const char *job_name(struct planner *p, const struct work *w)
{
    const char *given = config_string(session_config(p->session), "pipeline.name");
    struct bytes text = {0};
    const char *out;

    if (given && *given)
        return arena_strdup(p->arena, given);
    if (w->query)
        return "collect";
    bytes_text(&text, "insert-into_");
    for (int32_t i = 0; i < w->count; i++)
        bytes_printf(&text, "%s%s.%s.%s", i ? "," : "", w->inserts[i].table->catalog,
                     w->inserts[i].table->database, w->inserts[i].table->name);
    out = bytes_cstr(&text) ? arena_strdup(p->arena, text.ptr) : NULL;
    bytes_fini(&text);
    return out;
}

static enum err finish(struct planner *p, const struct work *w, struct ast_place place)
{
    int64_t most = config_int(session_config(p->session), "pipeline.max-parallelism");
    struct graph *g = &p->plan->graph;
    struct error e;
    enum err rc;

    /* Vertices are numbered in the order in which they were made, as in Flink's names. */
    for (int32_t i = 0; i < g->vertex_count; i++)
        if (strchr(g->vertices[i].name, '[') == NULL)
            g->vertices[i].name = arena_printf(p->arena, "%s[%d]", g->vertices[i].name, (int)++p->numbered);
    if ((g->name = job_name(p, w)) == NULL)
        return plan_memory(p, place);
    rc = graph_finish(g, p->parallelism, most > 0 ? (int32_t)most : 128, &e);
    return rc == OK ? OK : plan_fail(p, rc, place, "%s", e.text);
}

static enum err plan_statement(struct planner *p, const struct ast_statement *statement,
                               struct collect *collect)
{
    struct work work;
    struct error e;
    enum err rc;

    p->parallelism = (int32_t)MAX(config_int(session_config(p->session), "parallelism.default"), 1);
    if ((rc = session_expr(p->session, p->arena, &p->expr_session, &e)) != OK)
        return plan_fail(p, rc, statement->place, "%s", e.text);
    if ((rc = bind_work(p, statement, &work)) != OK)
        return rc;
    p->dry = true;
    if ((rc = make_vertices(p, &work, collect)) != OK)
        return rc;
    p->dry = false;
    if ((rc = make_vertices(p, &work, collect)) != OK)
        return rc;
    return finish(p, &work, statement->place);
}

enum err plan_job(struct session *s, const struct sql_source *source, const struct ast_statement *statement,
                  struct collect *collect, struct plan **out, struct sql_error *error)
{
    struct plan *plan = mem_zalloc(sizeof *plan);
    struct planner p = {.session = s, .source = source, .error = error, .plan = plan};
    enum err rc;

    if (plan == NULL)
        return plan_memory(&p, statement->place);
    graph_init(&plan->graph, "job");
    p.arena = &plan->graph.arena;
    rc = plan_statement(&p, statement, collect);
    if (rc == OK)
        *out = plan;
    else
        plan_free(plan);
    return rc;
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (struct plan_release *r = p->releases; r; r = r->next) {
        if (r->release)
            r->release(r->spec);
        map_fini(&r->options);
    }
    graph_fini(&p->graph);
    mem_free(p);
}
