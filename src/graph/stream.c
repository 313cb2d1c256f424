/* stream.c: describing a job: weir.h's calls that return streams. After the first mistake all calls do
 * nothing, and return a stream that is only good for further calls.
 */
#include "graph/stream.h"
#include "base/mem.h"
#include "config/config.h"
#include "operators/project.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct weir_env *stream_env_new(struct config *config)
{
    struct weir_env *env = mem_zalloc(sizeof *env);

    if (env == NULL)
        return NULL;
    graph_init(&env->graph, "weir job");
    env->config = config;
    return env;
}

void stream_env_free(struct weir_env *env)
{
    if (env == NULL)
        return;
    for (struct pending_connector *p = env->pending; p; p = p->next) {
        if (p->release)
            p->release(p->planned);
        map_fini(&p->options);
        map_fini(&p->format_options);
    }
    graph_fini(&env->graph);
    mem_free(env);
}

void stream_fail(struct weir_env *env, enum err rc, const char *fmt, ...)
{
    char text[sizeof env->error.text];
    va_list va;

    if (env->failed)
        return;
    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    error_set(&env->error, rc, "%s", text);
    env->failed = true;
}

int weir_fail(struct weir_env *env, const char *fmt, ...)
{
    char text[sizeof env->error.text];
    va_list va;

    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    stream_fail(env, ERR_CONFIG, "%s", text);
    return 1;
}

static void out_of_memory(struct weir_env *env)
{
    stream_fail(env, ERR_MEMORY, "no memory to describe the job");
}

const char *weir_getenv(struct weir_env *env, const char *name, const char *standard)
{
    const char *value = getenv(name);
    const char *copy;

    if (value == NULL || *value == '\0')
        return standard;
    if ((copy = arena_strdup(&env->graph.arena, value)) == NULL)
        out_of_memory(env);
    return copy;
}

void weir_configure(struct weir_env *env, const char *key, const char *value)
{
    struct error e;

    if (value == NULL || config_is_set(env->config, key))
        return;
    if (config_set(env->config, key, value, "the job", &e) != OK)
        stream_fail(env, e.code, "%s", e.text);
}

const char *weir_text(struct weir_env *env, const char *fmt, ...)
{
    char text[4096];
    va_list va;
    char *copy;
    int n;

    va_start(va, fmt);
    n = vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    if (n < 0 || (size_t)n >= sizeof text) {
        stream_fail(env, ERR_CONFIG, "weir_text: more than %zu characters", sizeof text - 1);
        return "";
    }
    if ((copy = arena_copy(&env->graph.arena, text, (size_t)n + 1)) == NULL) {
        out_of_memory(env);
        return "";
    }
    return copy;
}

void *weir_memory(struct weir_env *env, size_t byte_count)
{
    void *ptr = arena_alloc(&env->graph.arena, byte_count);

    if (ptr == NULL)
        out_of_memory(env);
    return ptr;
}

const struct schema *stream_columns(struct weir_env *env, const char *columns, const char *what)
{
    const struct schema *schema;
    struct error e;

    if (schema_parse(&env->graph.arena, slice_text(columns), &schema, &e) == OK)
        return schema;
    stream_fail(env, e.code, "%s: %s", what, e.text);
    return NULL;
}

/* --- streams --- */

/* What the calls return after a mistake: it has no origins, and nothing is added behind it. */
struct weir_stream *stream_dead(struct weir_env *env)
{
    struct weir_stream *s = ARENA_NEW(&env->graph.arena, struct weir_stream);
    static struct weir_stream last_resort;

    if (s == NULL) {
        out_of_memory(env);
        last_resort.env = env;
        return &last_resort;
    }
    s->env = env;
    s->from_vertex = -1;
    return s;
}

static struct weir_stream *new_stream(struct weir_env *env, int32_t vertex, int32_t port,
                                      const struct schema *schema)
{
    struct weir_stream *s = stream_dead(env);

    s->origins = ARENA_NEW(&env->graph.arena, struct stream_origin);
    if (s->origins == NULL) {
        out_of_memory(env);
        return s;
    }
    *s->origins = (struct stream_origin){vertex, port};
    s->origin_count = 1;
    s->schema = schema;
    s->from_vertex = vertex;
    return s;
}

static struct weir_stream *copy_stream(struct weir_stream *s)
{
    struct weir_stream *copy = stream_dead(s->env);

    if (!s->env->failed)
        *copy = *s;
    return copy;
}

/* Edges from all of s's origins to a vertex; the last one's index. */
static int32_t connect(struct weir_stream *s, int32_t vertex)
{
    int32_t edge = -1;

    for (int32_t i = 0; i < s->origin_count; i++) {
        edge = graph_edge(&s->env->graph, &(struct edge){.from = s->origins[i].vertex,
                                                         .port = s->origins[i].port,
                                                         .to = vertex,
                                                         .partitioning = s->partitioning,
                                                         .key_count = s->key_count,
                                                         .keys = s->keys});
        if (edge < 0)
            out_of_memory(s->env);
    }
    return edge;
}

struct weir_stream *stream_add(struct weir_stream *s, const struct vertex *v)
{
    struct weir_stream *out;
    int32_t vertex;

    if (s->env->failed)
        return stream_dead(s->env);
    if ((vertex = graph_vertex(&s->env->graph, v)) < 0) {
        out_of_memory(s->env);
        return stream_dead(s->env);
    }
    connect(s, vertex);
    out = new_stream(s->env, vertex, 0, v->schema);
    out->time_column = s->time_column;
    return out;
}

const int32_t *stream_numbers(struct weir_env *env, const struct schema *schema, const char *names,
                              int32_t *count)
{
    int32_t *numbers = ARENA_ARRAY(&env->graph.arena, int32_t, strlen(names) / 2 + 1);
    int32_t n = 0;

    *count = 0;
    if (numbers == NULL) {
        out_of_memory(env);
        return NULL;
    }
    for (const char *p = names; *p;) {
        size_t len;

        p += strspn(p, ", ");
        len = strcspn(p, ",");
        while (len && p[len - 1] == ' ')
            len--;
        if (len == 0)
            break;
        if ((numbers[n] = schema_find(schema, slice_of(p, len))) < 0) {
            struct bytes have = {0};

            for (int32_t i = 0; i < schema->field_count; i++)
                bytes_printf(&have, "%s%s", i ? ", " : "", schema->fields[i].name);
            stream_fail(env, ERR_CONFIG, "there is no column \"%.*s\"; there are %s", (int)len, p,
                        have.failed ? "?" : bytes_cstr(&have));
            bytes_fini(&have);
            return NULL;
        }
        n++;
        p += strcspn(p, ",");
    }
    *count = n;
    return numbers;
}

struct weir_stream *stream_begin(struct weir_env *env, int32_t vertex, const struct schema *schema)
{
    return new_stream(env, vertex, 0, schema);
}

struct weir_stream *weir_uid(struct weir_stream *s, const char *uid)
{
    if (!s->env->failed && s->from_vertex >= 0)
        s->env->graph.vertices[s->from_vertex].uid = arena_strdup(&s->env->graph.arena, uid);
    return s;
}

struct weir_stream *weir_name(struct weir_stream *s, const char *name)
{
    if (!s->env->failed && s->from_vertex >= 0)
        s->env->graph.vertices[s->from_vertex].name = arena_strdup(&s->env->graph.arena, name);
    return s;
}

struct weir_stream *weir_parallelism(struct weir_stream *s, int parallelism)
{
    if (s->env->failed || s->from_vertex < 0)
        return s;
    if (parallelism < 1)
        stream_fail(s->env, ERR_CONFIG, "parallelism %d of %s: 1 is the least", parallelism,
                    s->env->graph.vertices[s->from_vertex].name);
    else
        s->env->graph.vertices[s->from_vertex].parallelism = parallelism;
    return s;
}

struct weir_stream *weir_side(struct weir_stream *s, int number)
{
    struct weir_stream *side;

    if (s->env->failed)
        return stream_dead(s->env);
    if (number < 1 || number > 4 || s->sides[number] == NULL) {
        stream_fail(s->env, ERR_CONFIG, "%s has no side output %d",
                    s->env->graph.vertices[s->from_vertex].name, number);
        return stream_dead(s->env);
    }
    if (number == 1 && s->use_side)
        s->use_side((void *)s->env->graph.vertices[s->from_vertex].spec);
    side = new_stream(s->env, s->from_vertex, number, s->sides[number]);
    side->from_vertex = -1; /* uid and parallelism are those of the operator: set on the main stream */
    return side;
}

static bool same_columns(const struct schema *a, const struct schema *b)
{
    if (a->field_count != b->field_count)
        return false;
    for (int32_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !type_equal(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

struct weir_stream *weir_union(struct weir_stream *a, struct weir_stream *b)
{
    struct weir_env *env = a->env;
    struct weir_stream *out;
    struct stream_origin *origins;

    if (env->failed)
        return stream_dead(env);
    if (!same_columns(a->schema, b->schema)) {
        stream_fail(env, ERR_CONFIG, "weir_union: the two streams have different columns");
        return stream_dead(env);
    }
    if (a->partitioning != EDGE_FORWARD || b->partitioning != EDGE_FORWARD) {
        stream_fail(env, ERR_CONFIG, "weir_union: union first, then weir_key_by or weir_rebalance");
        return stream_dead(env);
    }
    out = copy_stream(a);
    origins = ARENA_ARRAY(&env->graph.arena, struct stream_origin, a->origin_count + b->origin_count);
    if (origins == NULL) {
        out_of_memory(env);
        return stream_dead(env);
    }
    memcpy(origins, a->origins, (size_t)a->origin_count * sizeof *origins);
    memcpy(origins + a->origin_count, b->origins, (size_t)b->origin_count * sizeof *origins);
    out->origins = origins;
    out->origin_count = a->origin_count + b->origin_count;
    out->from_vertex = -1;
    return out;
}

struct weir_stream *weir_rebalance(struct weir_stream *s)
{
    struct weir_stream *out = copy_stream(s);

    out->partitioning = EDGE_REBALANCE;
    out->key_count = 0;
    return out;
}

struct weir_stream *weir_key_by(struct weir_stream *s, const char *columns)
{
    struct weir_stream *out = copy_stream(s);
    struct error e;

    if (s->env->failed)
        return out;
    out->keys = stream_numbers(s->env, s->schema, columns, &out->key_count);
    if (!s->env->failed && out->key_count == 0)
        stream_fail(s->env, ERR_CONFIG, "weir_key_by: no column is named");
    if (!s->env->failed && key_check(s->schema, out->keys, out->key_count, &e) != OK)
        stream_fail(s->env, e.code, "weir_key_by: %s", e.text);
    out->partitioning = EDGE_HASH;
    return out;
}

/* --- projection --- */

/* One of "name" and "old AS new". */
static bool project_one(struct weir_stream *s, struct slice part, struct field *field, int32_t *number)
{
    struct arena *arena = &s->env->graph.arena;
    const char *text = arena_text(arena, part), *as;
    int32_t count;
    char *old;

    if (text == NULL)
        return false;
    as = strcasestr(text, " as ");
    old = as ? (char *)arena_text(arena, slice_of(text, (size_t)(as - text))) : (char *)text;
    if (old == NULL)
        return false;
    const int32_t *numbers = stream_numbers(s->env, s->schema, old, &count);

    if (numbers == NULL || count != 1)
        return false;
    *number = numbers[0];
    *field = s->schema->fields[numbers[0]];
    if (as)
        field->name = as + 4 + strspn(as + 4, " ");
    return true;
}

struct weir_stream *weir_project(struct weir_stream *s, const char *columns)
{
    struct weir_env *env = s->env;
    size_t most = strlen(columns) / 2 + 2;
    struct project_spec *spec = ARENA_NEW(&env->graph.arena, struct project_spec);
    struct schema *schema = ARENA_NEW(&env->graph.arena, struct schema);
    struct field *fields = ARENA_ARRAY(&env->graph.arena, struct field, most);
    int32_t *numbers = ARENA_ARRAY(&env->graph.arena, int32_t, most);
    int32_t n = 0;
    struct weir_stream *out;

    if (env->failed)
        return stream_dead(env);
    if (env->graph.arena.failed) {
        out_of_memory(env);
        return stream_dead(env);
    }
    for (const char *p = columns; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
        const char *begin = p + strspn(p, " ");

        if (!project_one(s, slice_of(begin, strcspn(begin, ",")), &fields[n], &numbers[n])) {
            stream_fail(env, ERR_CONFIG, "weir_project: \"%s\" cannot be read", columns);
            return stream_dead(env);
        }
        n++;
    }
    *schema = (struct schema){n, fields};
    *spec = (struct project_spec){schema, numbers};
    out = stream_add(
        s, &(struct vertex){.name = "project", .factory = &project_factory, .spec = spec, .schema = schema});
    return out;
}

/* --- connectors --- */

struct pending_connector *stream_pending(struct weir_env *env, const char *connector,
                                         const struct weir_option *options)
{
    struct pending_connector *p = ARENA_NEW(&env->graph.arena, struct pending_connector);

    if (p == NULL) {
        out_of_memory(env);
        return NULL;
    }
    p->connector = connector_find(connector);
    p->name = connector;
    p->edge = -1;
    p->next = env->pending;
    env->pending = p;
    if (p->connector == NULL) {
        stream_fail(env, ERR_CONFIG, "there is no connector '%s'; there are %s", connector,
                    connector_names());
        return NULL;
    }
    for (; options && options->name; options++) {
        const char *value = arena_strdup(&env->graph.arena, options->value);

        if (options->value &&
            (value == NULL || !map_put(&p->options, slice_text(options->name), (void *)value)))
            out_of_memory(env);
    }
    return p;
}

void weir_into(struct weir_stream *s, const char *connector, const struct weir_option *options)
{
    struct weir_env *env = s->env;
    struct pending_connector *p;

    if (env->failed || (p = stream_pending(env, connector, options)) == NULL)
        return;
    if (p->connector->sink == NULL) {
        stream_fail(env, ERR_CONFIG, "connector '%s' can be read, but not written to", connector);
        return;
    }
    p->schema = s->schema;
    p->vertex = graph_vertex(&env->graph, &(struct vertex){.name = connector});
    if (p->vertex < 0)
        out_of_memory(env);
    else
        p->edge = connect(s, p->vertex);
}

/* All edges into a sink get the keys that it wants. */
static void key_edges(struct weir_env *env, int32_t vertex, const struct connector_plan *plan)
{
    for (int32_t i = 0; i < env->graph.edge_count; i++) {
        struct edge *edge = &env->graph.edges[i];

        if (edge->to != vertex)
            continue;
        edge->partitioning = EDGE_HASH;
        edge->key_count = plan->key_count;
        edge->keys = plan->keys;
    }
}

/* The columns of 'table.primary-key' (or none) of a table of those columns. */
static enum err table_key(struct connector_request *r, struct pending_connector *p, struct connector_table *t,
                          struct error *e)
{
    const char *text = map_remove(&p->options, SLICE("table.primary-key"));
    int32_t *key = ARENA_ARRAY(r->arena, int32_t, MAX(t->schema->field_count, 1));

    t->key = key;
    while (key && text && *text) {
        size_t len = strcspn(text, ","), begin = strspn(text, " "), end = len;
        struct slice name;

        while (end > begin && text[end - 1] == ' ')
            end--;
        name = slice_of(text + MIN(begin, end), end - MIN(begin, end));
        if (t->key_count == t->schema->field_count ||
            (key[t->key_count++] = schema_find(t->schema, name)) < 0)
            return error_set(e, ERR_CONFIG, "'table.primary-key': there is no column '" SLICE_FMT "'",
                             SLICE_ARG(name));
        text += len + (text[len] == ',');
    }
    return key ? OK : error_memory(e, 0, "a table's key");
}

/* A connector that thinks of tables is told of one that has just these columns. */
static enum err make_table(struct connector_request *r, struct pending_connector *p, struct error *e)
{
    struct connector_table *t = ARENA_NEW(r->arena, struct connector_table);
    struct schema *schema = ARENA_NEW(r->arena, struct schema);
    struct field *fields = ARENA_ARRAY(r->arena, struct field, MAX(p->schema->field_count, 1));
    int32_t n = 0;

    if (t == NULL || schema == NULL || fields == NULL)
        return error_memory(e, sizeof *t, "a table");
    for (int32_t i = 0; i < p->schema->field_count; i++)
        if (p->metadata == NULL || p->metadata[i] == NULL)
            fields[n++] = p->schema->fields[i];
    *schema = (struct schema){n, fields};
    *t = (struct connector_table){.schema = schema};
    r->table = t;
    r->metadata = p->metadata;
    return table_key(r, p, t, e);
}

/* Where a connector says how many subtasks it has, a batch may have to go to another one. */
static void set_parallelism(struct weir_env *env, int32_t vertex, const struct connector_plan *plan)
{
    int32_t standard = (int32_t)MAX(config_int(env->config, "parallelism.default"), 1);
    struct vertex *vertices = env->graph.vertices, *v = &vertices[vertex];

    if (plan->parallelism)
        v->parallelism = plan->parallelism;
    if (plan->most_parallelism)
        v->parallelism = MIN(v->parallelism ? v->parallelism : standard, plan->most_parallelism);
    for (int32_t i = 0; v->parallelism && i < env->graph.edge_count; i++) {
        struct edge *edge = &env->graph.edges[i];
        int32_t from = vertices[edge->from].parallelism, to = vertices[edge->to].parallelism;

        if ((edge->from == vertex || edge->to == vertex) && edge->partitioning == EDGE_FORWARD &&
            (from ? from : standard) != (to ? to : standard))
            edge->partitioning = EDGE_REBALANCE;
    }
}

/* Raw batches to be decoded behind the connector, rows for a sink that has no formats, or a table's rows. */
static enum err plan_request(struct connector_request *r, struct pending_connector *p, bool sink,
                             struct connector_plan *plan, struct error *e)
{
    const struct connector *c = p->connector;
    enum err rc;

    if (sink ? c->formats != FORMATS_NONE : c->gives_rows) {
        if ((rc = make_table(r, p, e)) != OK)
            return rc;
        return sink ? connector_plan_sink(c, r, plan, e) : connector_plan_source(c, r, plan, e);
    }
    if ((rc = connector_check_options(c, &p->options, "", e)) != OK)
        return rc;
    return sink ? c->sink(r, plan, e) : c->source(r, plan, e);
}

static enum err plan_connector(struct weir_env *env, struct pending_connector *p, struct fs *fs,
                               struct clock *clock, struct error *e)
{
    struct connector_request r = {.arena = &env->graph.arena,
                                  .name = p->name,
                                  .options = &p->options,
                                  .schema = p->schema,
                                  .config = env->config,
                                  .fs = fs,
                                  .clock = clock};
    bool sink = p->edge >= 0;
    struct vertex *v = &env->graph.vertices[p->vertex];
    struct connector_plan plan = {0};
    enum err rc;

    if ((rc = plan_request(&r, p, sink, &plan, e)) != OK)
        return error_add(e, rc, "connector '%s'", p->connector->name);
    p->planned = plan.spec;
    p->release = plan.release;
    v->factory = plan.factory;
    v->spec = plan.spec;
    v->keyed = plan.keyed;
    v->name = arena_printf(&env->graph.arena, "%s: %s", sink ? "Sink" : "Source",
                           plan.title ? plan.title : p->name);
    if (v->uid == NULL)
        v->uid = v->name;
    set_parallelism(env, p->vertex, &plan);
    if (plan.key_count)
        key_edges(env, p->vertex, &plan);
    return OK;
}

/* In the order in which the job named them. */
static enum err plan_all(struct weir_env *env, struct pending_connector *p, struct fs *fs,
                         struct clock *clock, struct error *e)
{
    enum err rc;

    if (p == NULL)
        return OK;
    if ((rc = plan_all(env, p->next, fs, clock, e)) != OK)
        return rc;
    return plan_connector(env, p, fs, clock, e);
}

enum err stream_finish(struct weir_env *env, struct fs *fs, struct clock *clock, struct error *e)
{
    const char *name = config_string(env->config, "pipeline.name");
    int64_t max_parallelism = config_int(env->config, "pipeline.max-parallelism");
    enum err rc;

    if (env->failed) {
        *e = env->error;
        return env->error.code;
    }
    if (env->graph.vertex_count == 0)
        return error_set(e, ERR_CONFIG,
                         "the job is empty: weir_main made no stream (weir_from ... weir_into)");
    if (name)
        env->graph.name = arena_strdup(&env->graph.arena, name);
    if ((rc = plan_all(env, env->pending, fs, clock, e)) != OK)
        return rc;
    return graph_finish(&env->graph, (int32_t)config_int(env->config, "parallelism.default"),
                        max_parallelism > 0 ? (int32_t)max_parallelism : 128, e);
}
