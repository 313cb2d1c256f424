/* plan_sink.c: tables that are written, and the rows of a SELECT. */
#include "connectors/collect.h"
#include "config/config.h"
#include "plan/plan_internal.h"
#include <stdio.h>

/* The keys of metadata columns among what comes in. */
static enum err metadata_of(struct planner *p, const struct bound_insert *insert, const char ***out)
{
    int32_t count = insert->rel->schema->field_count;
    const char **keys = ARENA_ARRAY(p->arena, const char *, MAX(count, 1));

    if (keys == NULL)
        return plan_memory(p, insert->place);
    for (int32_t i = 0; i < count; i++) {
        const struct table_column *c = &insert->table->columns[insert->columns[i]];

        if (c->kind == AST_METADATA)
            keys[i] = c->metadata_key;
    }
    *out = keys;
    return OK;
}

/* Metadata columns as the connector takes them: cast from what the table declares, as CAST would. */
static enum err cast_metadata(struct planner *p, const struct bound_insert *insert, const char *const *keys,
                              const struct connector *c, const struct map *options, struct stage *s)
{
    const struct schema *from = s->schema;
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(from->field_count, 1));
    struct field *fields = ARENA_ARRAY(p->arena, struct field, MAX(from->field_count, 1));
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct error e;

    if (p->arena->failed)
        return plan_memory(p, insert->place);
    for (int32_t i = 0; i < from->field_count; i++) {
        bool writable;
        enum err rc = OK;

        fields[i] = from->fields[i];
        if ((exprs[i] = expr_column(p->arena, i, from->fields[i].type)) == NULL)
            return plan_memory(p, insert->place);
        if (keys[i] == NULL)
            continue;
        rc = connector_metadata_type(c, options, keys[i], p->arena, &fields[i].type, &writable, &e);
        if (rc == OK && writable) /* else the connector says so */
            rc = expr_cast(p->arena, exprs[i], fields[i].type, false, (struct place){0}, &exprs[i], &e);
        if (rc != OK)
            return plan_fail(p, rc, insert->place, "table `%s`, metadata column `%s`: %s",
                             insert->table->name, fields[i].name, e.text);
        fields[i].type = exprs[i]->type;
    }
    *schema = (struct schema){from->field_count, fields};
    return plan_calc(p, s, NULL, exprs, schema, insert->place);
}

/* Rows by key go to a table by the same key; else one that has moved to another would have to be taken back. */
static enum err check_upsert(struct planner *p, const struct bound_insert *insert, const struct stage *s,
                             const struct connector_plan *plan)
{
    bool same = s->key_count == plan->key_count;

    if (plan->changes != CHANGES_UPSERT)
        return plan_refuse_upsert(p, s, "writing a table that wants whole changes", insert->place);
    for (int32_t i = 0; i < s->key_count; i++) {
        bool found = false;

        for (int32_t j = 0; j < plan->key_count; j++)
            found |= plan->keys[j] == s->keys[i];
        same &= found;
    }
    return same ? OK : plan_refuse_upsert(p, s, "writing a table with another primary key", insert->place);
}

static enum err check_changes(struct planner *p, const struct bound_insert *insert, const struct stage *s,
                              const struct connector_plan *plan)
{
    if (s->changes == CHANGES_UPSERT && plan->changes != CHANGES_INSERT)
        return check_upsert(p, insert, s, plan);
    if (s->changes == CHANGES_INSERT || plan->changes != CHANGES_INSERT)
        return OK;
    return plan_fail(p, ERR_INPUT, insert->place,
                     "Table sink '%s.%s.%s' doesn't support consuming update and delete changes which is "
                     "produced by node TableSourceScan: it takes new rows only",
                     insert->table->catalog, insert->table->database, insert->table->name);
}

/* Flink's words, but for what is to be done. */
static enum err check_overwrite(struct planner *p, const struct bound_insert *insert,
                                const struct connector *c, const struct stage *s)
{
    enum err rc;

    if (!c->overwrites) {
        rc = plan_fail(p, ERR_INPUT, insert->place,
                       "INSERT OVERWRITE requires that the underlying DynamicTableSink of table '%s.%s.%s' "
                       "implements the SupportsOverwrite interface: connector '%s' only adds rows",
                       insert->table->catalog, insert->table->database, insert->table->name, c->name);
        sql_hint(p->error, "INSERT INTO adds rows");
        return rc;
    }
    if (s->bounded)
        return OK;
    rc = plan_fail(
        p, ERR_INPUT, insert->place,
        "Unbounded data stream doesn't support overwrite operation: table '%s.%s.%s' would never be "
        "written, as that happens at the end",
        insert->table->catalog, insert->table->database, insert->table->name);
    sql_hint(p->error, "INSERT INTO adds rows as they come");
    return rc;
}

/* Rows with the same key go the same way. */
static void key_edges(struct graph *g, int32_t vertex, const struct connector_plan *plan)
{
    for (int32_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].to == vertex) {
            g->edges[i].partitioning = EDGE_HASH;
            g->edges[i].key_count = plan->key_count;
            g->edges[i].keys = plan->keys;
        }
}

static int32_t times_written(const struct planner *p, const char *uid)
{
    int32_t n = 0;
    size_t len = strlen(uid);

    for (int32_t i = 0; i < p->plan->graph.vertex_count; i++) {
        const char *other = p->plan->graph.vertices[i].uid;

        n += other && strncmp(other, uid, len) == 0 && (other[len] == '\0' || other[len] == '#');
    }
    return n;
}

static enum err add_sink(struct planner *p, const struct bound_insert *insert, struct stage *s,
                         const struct connector_plan *plan)
{
    struct vertex v = {.factory = plan->factory, .spec = plan->spec, .keyed = plan->keyed};
    const char *uid = arena_printf(p->arena, "sink %s.%s.%s", insert->table->catalog, insert->table->database,
                                   insert->table->name);
    int32_t before = uid ? times_written(p, uid) : 0;
    enum err rc;

    v.name = arena_printf(p->arena, "Sink: %s[%d]", insert->table->name, (int)++p->numbered);
    v.uid = before ? arena_printf(p->arena, "%s#%d", uid, (int)before) : uid;
    v.parallelism = plan->parallelism ? plan->parallelism : s->parallelism;
    if (plan->most_parallelism)
        v.parallelism = MIN(v.parallelism, plan->most_parallelism);
    if (p->arena->failed)
        return plan_memory(p, insert->place);
    rc = plan_vertex(p, s, &v, insert->place);
    if (rc == OK && plan->key_count)
        key_edges(&p->plan->graph, s->vertices[0], plan);
    return rc;
}

enum err plan_sink(struct planner *p, const struct bound_insert *insert, struct stage *s)
{
    struct connector_request r = {.arena = p->arena,
                                  .config = session_config(p->session),
                                  .fs = session_fs(p->session),
                                  .clock = session_clock(p->session),
                                  .schema = s->schema,
                                  .table = plan_table(p, insert->table)};
    struct connector_plan plan = {0};
    struct plan_release *kept;
    const struct connector *c;
    const char **metadata = NULL;
    struct error e;
    enum err rc;

    r.name = arena_printf(p->arena, "%s.%s.%s", insert->table->catalog, insert->table->database,
                          insert->table->name);
    if (p->arena->failed)
        return plan_memory(p, insert->place);
    if ((rc = metadata_of(p, insert, &metadata)) != OK ||
        (rc = plan_options(p, insert->table, &insert->hints, insert->place, &kept, &c)) != OK ||
        (rc = cast_metadata(p, insert, metadata, c, &kept->options, s)) != OK)
        return rc;
    if (insert->overwrite && (rc = check_overwrite(p, insert, c, s)) != OK)
        return rc;
    r.overwrite = insert->overwrite;
    r.schema = s->schema;
    r.options = &kept->options;
    r.metadata = metadata;
    if ((rc = connector_plan_sink(c, &r, &plan, &e)) != OK)
        return plan_fail(p, rc, insert->place, "%s", e.text);
    kept->release = plan.release;
    kept->spec = plan.spec;
    if ((rc = check_changes(p, insert, s, &plan)) != OK)
        return rc;
    return add_sink(p, insert, s, &plan);
}

enum err plan_collect(struct planner *p, struct collect *collect, struct stage *s)
{
    struct collect_spec *spec = ARENA_NEW(p->arena, struct collect_spec);
    struct vertex v = {.name = "Sink: collect",
                       .uid = "collect",
                       .factory = &collect_sink_factory,
                       .spec = spec,
                       .parallelism = 1};

    if (spec == NULL)
        return plan_memory(p, (struct ast_place){0});
    spec->queue = collect;
    return plan_vertex(p, s, &v, (struct ast_place){0});
}
