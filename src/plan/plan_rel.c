/* plan_rel.c: relations to vertices. A projection and the conditions below it become one calculation; only columns that
 * somebody above needs are computed, carried and read.
 */
#include "expr/program.h"
#include "operators/calc.h"
#include "operators/limit.h"
#include "operators/project.h"
#include "operators/unnest.h"
#include "config/config.h"
#include "operators/watermark.h"
#include "plan/plan_internal.h"
#include <stdarg.h>
#include <stdio.h>

enum err plan_fail(struct planner *p, enum err code, struct ast_place place, const char *fmt, ...)
{
    va_list va;

    va_start(va, fmt);
    sql_vfail(p->error, code, SQL_VALIDATION_FAILED, place, fmt, va);
    va_end(va);
    return code;
}

enum err plan_memory(struct planner *p, struct ast_place place)
{
    return plan_fail(p, ERR_MEMORY, place, "no memory to plan the statement");
}

/* --- vertices --- */

/* Whether the stage's vertex i has that parallelism: those of a UNION ALL may differ. */
static bool from_as_many(const struct planner *p, const struct stage *s, int32_t i, int32_t parallelism)
{
    int32_t from = p->plan->graph.vertices[s->vertices[i]].parallelism;

    return (from ? from : s->parallelism) == parallelism;
}

enum err plan_vertex(struct planner *p, struct stage *s, struct vertex *v, struct ast_place place)
{
    int32_t vertex, parallelism = v->parallelism ? v->parallelism : s->parallelism;

    v->parallelism = parallelism;
    if (p->dry)
        goto out;
    if ((vertex = graph_vertex(&p->plan->graph, v)) < 0)
        return plan_memory(p, place);
    for (int32_t i = 0; i < s->count; i++)
        if (graph_edge(&p->plan->graph, &(struct edge){.from = s->vertices[i],
                                                       .port = s->port,
                                                       .to = vertex,
                                                       .partitioning = from_as_many(p, s, i, parallelism)
                                                                           ? EDGE_FORWARD
                                                                           : EDGE_REBALANCE}) < 0)
            return plan_memory(p, place);
    if ((s->vertices = ARENA_NEW(p->arena, int32_t)) == NULL)
        return plan_memory(p, place);
    s->vertices[0] = vertex;
    s->count = 1;
    s->port = 0;
out:
    s->parallelism = parallelism;
    s->schema = v->schema;
    return OK;
}

/* --- streams by key: a row replaces that of its key, and what was there before is not known --- */

enum err plan_refuse_upsert(struct planner *p, const struct stage *s, const char *what,
                            struct ast_place place)
{
    enum err rc;

    if (s->changes != CHANGES_UPSERT || p->dry)
        return OK;
    rc = plan_fail(p, ERR_UNSUPPORTED, place,
                   "%s over an upsert stream needs the rows that its keys had before, kept as state "
                   "(ChangelogNormalize), which is not in this version of weir",
                   what);
    sql_hint(p->error,
             "an upsert stream can be projected, and written to a table with connector 'upsert-kafka' "
             "and the same key; to see its messages as they are, read the topic with connector 'kafka'");
    return rc;
}

/* Where the keys are among exprs. */
static enum err move_keys(struct planner *p, struct stage *s, const struct expr *const *exprs, int32_t count,
                          struct ast_place place)
{
    int32_t *keys = ARENA_ARRAY(p->arena, int32_t, MAX(s->key_count, 1));

    if (keys == NULL)
        return plan_memory(p, place);
    for (int32_t i = 0; i < s->key_count; i++) {
        keys[i] = -1;
        for (int32_t j = 0; j < count; j++)
            if (exprs[j]->kind == EXPR_COLUMN && exprs[j]->column == s->keys[i])
                keys[i] = j;
    }
    s->keys = keys;
    return OK;
}

/* A condition may look at the key only: else a row that no longer meets it would have to be taken back. */
static enum err check_condition(struct planner *p, const struct stage *s, const struct expr *condition,
                                struct ast_place place)
{
    bool *used = ARENA_ARRAY(p->arena, bool, MAX(s->schema->field_count, 1));

    if (used == NULL)
        return plan_memory(p, place);
    expr_mark_columns(condition, used);
    for (int32_t i = 0; i < s->key_count; i++)
        if (s->keys[i] >= 0)
            used[s->keys[i]] = false;
    for (int32_t i = 0; i < s->schema->field_count; i++)
        if (used[i])
            return plan_refuse_upsert(p, s, "a condition that looks at more than the key", place);
    return rewrite_volatile(condition) ? plan_refuse_upsert(p, s, "such a condition", place) : OK;
}

/* Whether exprs are just columns of the stage: 2: all of them as they are, 1: some, or under other names. */
static int only_columns(const struct stage *s, const struct expr *const *exprs, const struct schema *schema)
{
    bool same = schema->field_count == s->schema->field_count;

    for (int32_t i = 0; i < schema->field_count; i++) {
        if (exprs[i]->kind != EXPR_COLUMN)
            return 0;
        same = same && exprs[i]->column == i &&
               strcmp(schema->fields[i].name, s->schema->fields[i].name) == 0;
    }
    return same ? 2 : 1;
}

static enum err add_project(struct planner *p, struct stage *s, const struct expr *const *exprs,
                            const struct schema *schema, struct ast_place place)
{
    struct project_spec *spec = ARENA_NEW(p->arena, struct project_spec);
    int32_t *columns = ARENA_ARRAY(p->arena, int32_t, MAX(schema->field_count, 1));
    struct vertex v = {.name = "Calc", .factory = &project_factory, .spec = spec, .schema = schema};

    if (spec == NULL || columns == NULL)
        return plan_memory(p, place);
    for (int32_t i = 0; i < schema->field_count; i++)
        columns[i] = exprs[i]->column;
    *spec = (struct project_spec){schema, columns};
    return plan_vertex(p, s, &v, place);
}

enum err plan_calc(struct planner *p, struct stage *s, const struct expr *condition,
                   const struct expr *const *exprs, const struct schema *schema, struct ast_place place)
{
    int plain = condition ? 0 : only_columns(s, exprs, schema);
    struct program_spec *spec;
    struct vertex v = {.name = "Calc", .factory = &calc_factory, .schema = schema};
    const struct expr **folded;

    enum err rc;

    if (plain == 2)
        return OK;
    if (s->changes == CHANGES_UPSERT && !p->dry &&
        ((condition && (rc = check_condition(p, s, condition, place)) != OK) ||
         (rc = move_keys(p, s, exprs, schema->field_count, place)) != OK))
        return rc;
    if (plain == 1)
        return add_project(p, s, exprs, schema, place);
    spec = ARENA_NEW(p->arena, struct program_spec);
    folded = ARENA_ARRAY(p->arena, const struct expr *, MAX(schema->field_count, 1));
    if (spec == NULL || folded == NULL)
        return plan_memory(p, place);
    for (int32_t i = 0; i < schema->field_count; i++)
        if ((folded[i] = rewrite_fold(p->arena, exprs[i], p->expr_session)) == NULL)
            return plan_memory(p, place);
    if (condition && (condition = rewrite_fold(p->arena, condition, p->expr_session)) == NULL)
        return plan_memory(p, place);
    *spec = (struct program_spec){.condition = condition,
                                  .results = folded,
                                  .schema = schema,
                                  .result_count = schema->field_count,
                                  .session = p->expr_session};
    v.spec = spec;
    return plan_vertex(p, s, &v, place);
}

/* --- projections and conditions: one calculation --- */

struct calc {
    const struct rel *base;       /* what is below */
    const struct expr *condition; /* over base's columns; NULL: none */
    const struct expr **exprs;    /* one for each column of the top; NULL where it is not needed */
};

static bool has_volatile(const struct rel *project)
{
    for (int32_t i = 0; i < project->schema->field_count; i++)
        if (rewrite_volatile(project->project.exprs[i]))
            return true;
    return false;
}

static bool through(struct planner *p, struct calc *c, int32_t count, const struct expr *const *exprs)
{
    for (int32_t i = 0; i < count; i++)
        if (c->exprs[i] && (c->exprs[i] = rewrite_through(p->arena, c->exprs[i], exprs)) == NULL)
            return false;
    return c->condition == NULL || (c->condition = rewrite_through(p->arena, c->condition, exprs)) != NULL;
}

/* Take in projections and conditions from r downwards. */
static enum err collect_calc(struct planner *p, const struct rel *r, const bool *needed, struct calc *c)
{
    int32_t count = r->schema->field_count;

    if ((c->exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(count, 1))) == NULL)
        return plan_memory(p, r->place);
    for (int32_t i = 0; i < count; i++)
        if (needed[i] && (c->exprs[i] = expr_column(p->arena, i, r->schema->fields[i].type)) == NULL)
            return plan_memory(p, r->place);
    for (c->base = r;; c->base = c->base->inputs[0]) {
        if (c->base->kind == REL_FILTER) {
            c->condition = rewrite_and(p->arena, c->base->filter.condition, c->condition);
            if (c->condition == NULL)
                return plan_memory(p, r->place);
        } else if (c->base->kind == REL_PROJECT && (c->base == r || !has_volatile(c->base))) {
            if (!through(p, c, count, c->base->project.exprs))
                return plan_memory(p, r->place);
        } else {
            return OK;
        }
    }
}

/* The needed columns alone, as a schema. */
static const struct schema *needed_schema(struct planner *p, const struct schema *from, const bool *needed,
                                          int32_t *numbers)
{
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, MAX(from->field_count, 1));
    int32_t n = 0;

    if (schema == NULL || fields == NULL)
        return NULL;
    for (int32_t i = 0; i < from->field_count; i++) {
        numbers[i] = needed[i] ? n : -1;
        if (needed[i])
            fields[n++] = from->fields[i];
    }
    *schema = (struct schema){n, fields};
    return schema;
}

static enum err plan_calculation(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                                 struct stage *out)
{
    int32_t count = r->schema->field_count, width;
    const struct schema *schema = needed_schema(p, r->schema, needed, numbers);
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(count, 1)), *condition = NULL;
    struct calc c = {0};
    int32_t *below_numbers;
    bool *below;
    enum err rc;

    if (schema == NULL || exprs == NULL)
        return plan_memory(p, r->place);
    if ((rc = collect_calc(p, r, needed, &c)) != OK)
        return rc;
    width = c.base->schema->field_count;
    below = ARENA_ARRAY(p->arena, bool, MAX(width, 1));
    below_numbers = ARENA_ARRAY(p->arena, int32_t, MAX(width, 1));
    if (below == NULL || below_numbers == NULL)
        return plan_memory(p, r->place);
    for (int32_t i = 0; i < count; i++)
        if (c.exprs[i])
            expr_mark_columns(c.exprs[i], below);
    if (c.condition)
        expr_mark_columns(c.condition, below);
    p->condition = c.base->kind == REL_SCAN ? c.condition : NULL;
    if ((rc = plan_rel(p, c.base, below, below_numbers, out)) != OK)
        return rc;
    for (int32_t i = 0; i < count; i++)
        if (c.exprs[i] && (exprs[numbers[i]] = expr_renumber(p->arena, c.exprs[i], below_numbers)) == NULL)
            return plan_memory(p, r->place);
    if (c.condition && (condition = expr_renumber(p->arena, c.condition, below_numbers)) == NULL)
        return plan_memory(p, r->place);
    return plan_calc(p, out, condition, exprs, schema, r->place);
}

/* --- UNION ALL --- */

/* Bring a stage to exactly the wanted columns. */
static enum err exactly(struct planner *p, struct stage *s, const struct schema *schema, const bool *needed,
                        const int32_t *numbers, int32_t width, struct ast_place place)
{
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(width, 1));
    int32_t n = 0;

    for (int32_t i = 0; exprs && i < width; i++)
        if (needed[i])
            exprs[n++] = expr_column(p->arena, numbers[i], s->schema->fields[numbers[i]].type);
    return p->arena->failed ? plan_memory(p, place) : plan_calc(p, s, NULL, exprs, schema, place);
}

static enum err plan_union(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                           struct stage *out)
{
    int32_t width = r->schema->field_count, total = 0, *below = ARENA_ARRAY(p->arena, int32_t, MAX(width, 1));
    const struct schema *schema = needed_schema(p, r->schema, needed, numbers);
    struct stage *sides = ARENA_ARRAY(p->arena, struct stage, r->input_count);
    enum err rc;

    if (below == NULL || schema == NULL || sides == NULL)
        return plan_memory(p, r->place);
    for (int32_t i = 0; i < r->input_count; i++) {
        if ((rc = plan_rel(p, r->inputs[i], needed, below, &sides[i])) != OK ||
            (rc = plan_refuse_upsert(p, &sides[i], "UNION ALL", r->place)) != OK ||
            (rc = exactly(p, &sides[i], schema, needed, below, width, r->place)) != OK)
            return rc;
        total += sides[i].count;
    }
    *out = sides[0];
    out->schema = schema;
    out->count = 0;
    if ((out->vertices = ARENA_ARRAY(p->arena, int32_t, MAX(total, 1))) == NULL)
        return plan_memory(p, r->place);
    for (int32_t i = 0; i < r->input_count; i++) {
        out->bounded = out->bounded && sides[i].bounded;
        out->changes = MAX(out->changes, sides[i].changes);
        /* Edges are dealt out where the sides differ. */
        out->parallelism = out->parallelism == sides[i].parallelism ? out->parallelism : p->parallelism;
        for (int32_t j = 0; j < sides[i].count; j++)
            out->vertices[out->count++] = sides[i].vertices[j];
    }
    return OK;
}

/* --- UNNEST --- */

struct unnest_plan {
    const struct rel *r;
    int32_t parent_count, element_count;
    int32_t *parents; /* columns of r's input */
    int32_t *elements;
    bool ordinality;
};

static bool choose(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                   struct unnest_plan *u)
{
    int32_t width = r->inputs[0]->schema->field_count, all = r->schema->field_count, n = 0;
    int32_t last = all - (r->unnest.ordinality ? 1 : 0);

    *u = (struct unnest_plan){.r = r};
    u->parents = ARENA_ARRAY(p->arena, int32_t, all);
    u->elements = ARENA_ARRAY(p->arena, int32_t, all);
    if (u->parents == NULL || u->elements == NULL)
        return false;
    for (int32_t i = 0; i < all; i++) {
        /* A MAP's key and value come together. */
        bool wanted = needed[i] || (i >= width && i < last && r->unnest.array->type->kind == TYPE_MAP);

        numbers[i] = wanted ? n++ : -1;
        if (!wanted)
            continue;
        if (i < width)
            u->parents[u->parent_count++] = i;
        else if (i < last)
            u->elements[u->element_count++] = i - width;
        else
            u->ordinality = true;
    }
    return true;
}

/* The input's parents, then the array, as the columns of a stage. */
static enum err unnest_input(struct planner *p, const struct unnest_plan *u, struct stage *s)
{
    const struct rel *input = u->r->inputs[0];
    int32_t width = input->schema->field_count, *numbers = ARENA_ARRAY(p->arena, int32_t, MAX(width, 1));
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, u->parent_count + 1);
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, u->parent_count + 1);
    bool *below = ARENA_ARRAY(p->arena, bool, MAX(width, 1));
    enum err rc;

    if (p->arena->failed)
        return plan_memory(p, u->r->place);
    for (int32_t i = 0; i < u->parent_count; i++)
        below[u->parents[i]] = true;
    expr_mark_columns(u->r->unnest.array, below);
    if ((rc = plan_rel(p, input, below, numbers, s)) != OK ||
        (rc = plan_refuse_upsert(p, s, "UNNEST", u->r->place)) != OK)
        return rc;
    for (int32_t i = 0; i < u->parent_count; i++) {
        exprs[i] = expr_column(p->arena, numbers[u->parents[i]], input->schema->fields[u->parents[i]].type);
        fields[i] = input->schema->fields[u->parents[i]];
    }
    exprs[u->parent_count] = expr_renumber(p->arena, u->r->unnest.array, numbers);
    fields[u->parent_count] = (struct field){.name = "array", .type = u->r->unnest.array->type};
    *schema = (struct schema){u->parent_count + 1, fields};
    if (p->arena->failed)
        return plan_memory(p, u->r->place);
    return plan_calc(p, s, NULL, exprs, schema, u->r->place);
}

static enum err plan_unnest(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                            struct stage *out)
{
    struct unnest_spec *spec = ARENA_NEW(p->arena, struct unnest_spec);
    struct vertex v = {.name = "Correlate: UNNEST", .factory = &unnest_factory, .spec = spec};
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, r->schema->field_count);
    int32_t *parents = ARENA_ARRAY(p->arena, int32_t, r->schema->field_count), n = 0;
    struct unnest_plan u;
    enum err rc;

    if (p->arena->failed || !choose(p, r, needed, numbers, &u))
        return plan_memory(p, r->place);
    if ((rc = unnest_input(p, &u, out)) != OK)
        return rc;
    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (numbers[i] >= 0)
            fields[n++] = r->schema->fields[i];
    for (int32_t i = 0; i < u.parent_count; i++)
        parents[i] = i;
    *schema = (struct schema){n, fields};
    *spec = (struct unnest_spec){.input = out->schema,
                                 .list_column = u.parent_count,
                                 .parent_count = u.parent_count,
                                 .parents = parents,
                                 .element_count = u.element_count,
                                 .elements = u.elements,
                                 .output = schema,
                                 .ordinality = u.ordinality,
                                 .outer = r->unnest.outer};
    v.schema = schema;
    return plan_vertex(p, out, &v, r->place);
}

/* --- LIMIT, watermarks --- */

static enum err plan_limit(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                           struct stage *out)
{
    struct limit_spec *spec = ARENA_NEW(p->arena, struct limit_spec);
    struct vertex v = {.name = "Limit", .factory = &limit_factory, .spec = spec, .parallelism = 1};
    enum err rc = plan_rel(p, r->inputs[0], needed, numbers, out);

    if (rc != OK || (rc = plan_refuse_upsert(p, out, "LIMIT", r->place)) != OK)
        return rc;
    if (spec == NULL)
        return plan_memory(p, r->place);
    *spec = (struct limit_spec){r->limit.offset, r->limit.count};
    v.schema = out->schema;
    return plan_vertex(p, out, &v, r->place);
}

/* The column itself, or the column less a constant: what watermark.h can do without an expression. */
static bool is_delay(const struct expr *x, int32_t column, int64_t *delay_us)
{
    const struct expr *interval;

    *delay_us = 0;
    while (x->kind == EXPR_CALL && strcmp(x->function->name, "CAST") == 0 &&
           x->type->kind == x->args[0]->type->kind && x->type->precision >= x->args[0]->type->precision)
        x = x->args[0];
    if (x->kind == EXPR_COLUMN)
        return x->column == column;
    if (x->kind != EXPR_CALL || strcmp(x->function->name, "-") != 0 || x->arg_count != 2)
        return false;
    interval = x->args[1];
    if (x->args[0]->kind != EXPR_COLUMN || x->args[0]->column != column || interval->kind != EXPR_LITERAL ||
        interval->type->kind != TYPE_INTERVAL_MILLIS)
        return false;
    *delay_us = interval->literal->i64[0] * 1000;
    return true;
}

static int64_t idle_timeout_us(struct planner *p, const struct rel *r, struct error *e, enum err *rc)
{
    const struct rel *base = r;
    const char *text = NULL;
    int64_t ms = 0;

    while (base->input_count == 1)
        base = base->inputs[0];
    if (base->kind == REL_SCAN)
        text = plan_scan_option(base, PLAN_IDLE_TIMEOUT);
    *rc = OK;
    if (text)
        *rc = config_parse_duration(text, &ms, e);
    else
        ms = MAX(config_duration_ms(session_config(p->session), "table.exec.source.idle-timeout"), 0);
    return ms * 1000;
}

/* Any other expression is computed a batch at a time. */
static const struct program_spec *watermark_program(struct planner *p, const struct rel *r,
                                                    const int32_t *numbers)
{
    struct program_spec *spec = ARENA_NEW(p->arena, struct program_spec);
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *field = ARENA_NEW(p->arena, struct field);
    const struct expr **result = ARENA_NEW(p->arena, const struct expr *), *x;

    if (p->arena->failed || (x = expr_renumber(p->arena, r->watermark.expr, numbers)) == NULL ||
        (*result = rewrite_fold(p->arena, x, p->expr_session)) == NULL)
        return NULL;
    *field = (struct field){.name = "watermark", .type = (*result)->type};
    *schema = (struct schema){1, field};
    *spec = (struct program_spec){
        .results = result, .schema = schema, .result_count = 1, .session = p->expr_session};
    return spec;
}

static enum err plan_watermark(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                               struct stage *out)
{
    int32_t width = r->schema->field_count;
    struct watermark_spec *spec = ARENA_NEW(p->arena, struct watermark_spec);
    struct vertex v = {.name = "WatermarkAssigner", .factory = &watermark_factory, .spec = spec};
    bool *below = ARENA_ARRAY(p->arena, bool, width);
    int64_t delay_us, idle_us;
    bool plain = is_delay(r->watermark.expr, r->time_column, &delay_us);
    struct error e;
    enum err rc;

    if (spec == NULL || below == NULL)
        return plan_memory(p, r->place);
    memcpy(below, needed, sizeof *below * (size_t)width);
    below[r->time_column] = true;
    if (!plain)
        expr_mark_columns(r->watermark.expr, below);
    idle_us = idle_timeout_us(p, r, &e, &rc);
    if (rc != OK)
        return plan_fail(p, rc, r->place, "the idle timeout: %s", e.text);
    if ((rc = plan_rel(p, r->inputs[0], below, numbers, out)) != OK)
        return rc;
    *spec = (struct watermark_spec){.time_column = numbers[r->time_column],
                                    .max_out_of_orderness_us = delay_us,
                                    .idle_timeout_us = idle_us};
    if (!plain && (spec->value = watermark_program(p, r, numbers)) == NULL)
        return plan_memory(p, r->place);
    v.schema = out->schema;
    return plan_vertex(p, out, &v, r->place);
}

/* --- everything --- */

enum err plan_rel(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                  struct stage *out)
{
    switch (r->kind) {
    case REL_PROJECT:
    case REL_FILTER:
        return plan_calculation(p, r, needed, numbers, out);
    case REL_SCAN:
        return plan_scan(p, r, needed, numbers, out);
    case REL_VALUES:
        for (int32_t i = 0; i < r->schema->field_count; i++)
            numbers[i] = i;
        return plan_values(p, r, out);
    case REL_UNION:
        return plan_union(p, r, needed, numbers, out);
    case REL_UNNEST:
        return plan_unnest(p, r, needed, numbers, out);
    case REL_LIMIT:
        return plan_limit(p, r, needed, numbers, out);
    case REL_WATERMARK:
        return plan_watermark(p, r, needed, numbers, out);
    }
    return plan_fail(p, ERR_UNSUPPORTED, r->place, "this relation is not in this version of weir");
}
