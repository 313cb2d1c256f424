/* graph.c: building and checking a job's graph. See graph.h.
 *
 * graph_finish goes once through: defaults, order, uids, checks. Sorting is Kahn's algorithm that always
 * takes the ready vertex added first, so the same program gives the same graph, and with it the same derived
 * uids.
 */
#include "graph/graph.h"
#include "base/mem.h"
#include "state/key.h"

#define MAX_PARALLELISM_LIMIT 32768 /* hash_key_group's */
#define MAX_PARALLELISM_LEAST 128

void graph_init(struct graph *g, const char *name)
{
    *g = (struct graph){.parallelism = 1};
    arena_init(&g->arena, NULL);
    g->name = arena_strdup(&g->arena, name);
}

void graph_fini(struct graph *g)
{
    arena_fini(&g->arena);
    *g = (struct graph){0};
}

/* An arena's array grows by copying; the old one stays until the graph goes. */
static bool grow(struct arena *arena, void **array, int32_t count, int32_t *capacity, size_t size)
{
    int32_t wanted = MAX(8, *capacity * 2);
    void *bigger;

    if (count < *capacity)
        return true;
    if ((bigger = arena_alloc(arena, (size_t)wanted * size)) == NULL)
        return false;
    if (count > 0)
        memcpy(bigger, *array, (size_t)count * size);
    *array = bigger;
    *capacity = wanted;
    return true;
}

int32_t graph_vertex(struct graph *g, const struct vertex *v)
{
    assert(v->name != NULL);
    if (!grow(&g->arena, (void **)&g->vertices, g->vertex_count, &g->vertex_capacity, sizeof *v))
        return -1;
    g->vertices[g->vertex_count] = *v;
    return g->vertex_count++;
}

int32_t graph_edge(struct graph *g, const struct edge *e)
{
    assert(e->from >= 0 && e->from < g->vertex_count && e->to >= 0 && e->to < g->vertex_count);
    if (!grow(&g->arena, (void **)&g->edges, g->edge_count, &g->edge_capacity, sizeof *e))
        return -1;
    g->edges[g->edge_count] = *e;
    return g->edge_count++;
}

/* --- defaults --- */

/* One and a half times the parallelism, up to the next power of two, so that a job can grow without asking.
 */
static int32_t derived_max_parallelism(int32_t parallelism)
{
    int32_t wanted = parallelism + parallelism / 2, power = MAX_PARALLELISM_LEAST;

    while (power < wanted && power < MAX_PARALLELISM_LIMIT)
        power *= 2;
    return power;
}

static enum err fill_defaults(struct graph *g, int32_t parallelism, int32_t max_parallelism, struct error *e)
{
    if (parallelism > 0)
        g->parallelism = parallelism;
    if (max_parallelism > 0)
        g->max_parallelism = max_parallelism;
    for (int32_t i = 0; i < g->vertex_count; i++) {
        struct vertex *v = &g->vertices[i];

        if (v->parallelism == 0)
            v->parallelism = g->parallelism;
        if (v->max_parallelism == 0)
            v->max_parallelism = g->max_parallelism > 0 ? g->max_parallelism
                                                        : derived_max_parallelism(v->parallelism);
        if (v->max_parallelism < 1 || v->max_parallelism > MAX_PARALLELISM_LIMIT)
            return error_set(e, ERR_CONFIG, "%s: its max parallelism is %d; choose 1 to %d", v->name,
                             v->max_parallelism, MAX_PARALLELISM_LIMIT);
        if (v->parallelism < 1 || v->parallelism > v->max_parallelism)
            return error_set(e, ERR_CONFIG,
                             "%s: its parallelism is %d; choose 1 to %d, or raise pipeline.max-parallelism",
                             v->name, v->parallelism, v->max_parallelism);
    }
    return OK;
}

/* --- order --- */

/* Of the vertices not yet placed, the first whose inputs all are; -1 when there is none. */
static int32_t next_ready(const struct graph *g, const int32_t *place)
{
    for (int32_t i = 0; i < g->vertex_count; i++) {
        bool ready = place[i] < 0;

        for (int32_t j = 0; ready && j < g->edge_count; j++)
            ready = g->edges[j].to != i || place[g->edges[j].from] >= 0;
        if (ready)
            return i;
    }
    return -1;
}

/* What is left when nothing is ready lies on a cycle or behind one; walking backwards ends up on the cycle.
 */
static const char *name_on_cycle(const struct graph *g, const int32_t *place)
{
    int32_t at = 0;

    while (place[at] >= 0)
        at++;
    for (int32_t steps = 0; steps < g->vertex_count; steps++)
        for (int32_t j = 0; j < g->edge_count; j++)
            if (g->edges[j].to == at && place[g->edges[j].from] < 0) {
                at = g->edges[j].from;
                break;
            }
    return g->vertices[at].name;
}

static enum err sort(struct graph *g, struct error *e)
{
    size_t count = (size_t)g->vertex_count;
    int32_t *place = arena_alloc(&g->arena, sizeof *place * count);
    struct vertex *sorted = arena_alloc(&g->arena, sizeof *sorted * count);

    if (place == NULL || sorted == NULL)
        return error_memory(e, (sizeof *place + sizeof *sorted) * count, "the job's graph");
    memset(place, -1, sizeof *place * count);
    for (int32_t n = 0; n < g->vertex_count; n++) {
        int32_t next = next_ready(g, place);

        if (next < 0)
            return error_set(e, ERR_CONFIG, "%s: its output comes back to its input; a job has no cycles",
                             name_on_cycle(g, place));
        place[next] = n;
        sorted[n] = g->vertices[next];
    }
    g->vertices = sorted;
    g->vertex_capacity = g->vertex_count;
    for (int32_t i = 0; i < g->edge_count; i++) {
        g->edges[i].from = place[g->edges[i].from];
        g->edges[i].to = place[g->edges[i].to];
    }
    return OK;
}

/* --- uids --- */

static bool uid_is_taken(const struct graph *g, const char *uid)
{
    for (int32_t i = 0; i < g->vertex_count; i++)
        if (g->vertices[i].uid != NULL && strcmp(g->vertices[i].uid, uid) == 0)
            return true;
    return false;
}

/* Its name; the second of that name gets ` #2`, in the graph's order. */
static enum err derive_uids(struct graph *g, struct error *e)
{
    for (int32_t i = 0; i < g->vertex_count; i++) {
        struct vertex *v = &g->vertices[i];
        const char *uid = v->name;

        if (v->uid != NULL)
            continue;
        for (int32_t n = 2; uid != NULL && uid_is_taken(g, uid); n++)
            uid = arena_printf(&g->arena, "%s #%d", v->name, n);
        if (uid == NULL)
            return error_memory(e, strlen(v->name), "the name of an operator");
        v->uid = uid;
    }
    return OK;
}

static enum err check_uids(const struct graph *g, struct error *e)
{
    for (int32_t i = 0; i < g->vertex_count; i++)
        for (int32_t j = i + 1; j < g->vertex_count; j++)
            if (strcmp(g->vertices[i].uid, g->vertices[j].uid) == 0)
                return error_set(e, ERR_CONFIG, "%s and %s have the same uid '%s'; give one of them another",
                                 g->vertices[i].name, g->vertices[j].name, g->vertices[i].uid);
    return OK;
}

/* --- checks --- */

static int32_t inputs_of(const struct graph *g, int32_t vertex)
{
    int32_t count = 0;

    for (int32_t i = 0; i < g->edge_count; i++)
        count += g->edges[i].to == vertex;
    return count;
}

/* In topological order a vertex with an input is reachable from one without, so sources alone may lack
 * inputs. */
static enum err check_vertices(const struct graph *g, struct error *e)
{
    for (int32_t i = 0; i < g->vertex_count; i++) {
        const struct vertex *v = &g->vertices[i];
        int32_t inputs = inputs_of(g, i);

        if (v->is_source && inputs > 0)
            return error_set(e, ERR_CONFIG, "%s: a source has an input; connect something else to it",
                             v->name);
        if (!v->is_source && inputs == 0)
            return error_set(e, ERR_CONFIG, "%s: nothing flows into it; connect it to a source or remove it",
                             v->name);
    }
    return OK;
}

static enum err check_hash_keys(const struct graph *g, const struct edge *edge, struct error *e)
{
    const struct vertex *from = &g->vertices[edge->from], *to = &g->vertices[edge->to];

    if (edge->key_count < 1)
        return error_set(e, ERR_CONFIG, "%s: its input from %s is to be split by key, but no key is given",
                         to->name, from->name);
    if (edge->port != 0 ||
        from->schema == NULL) /* the schema of a side port is known to its operators only */
        return OK;
    for (int32_t i = 0; i < edge->key_count; i++)
        if (edge->keys[i] < 0 || edge->keys[i] >= from->schema->field_count)
            return error_set(e, ERR_CONFIG,
                             "%s: key column %d of its input from %s is not one of its %d columns", to->name,
                             edge->keys[i], from->name, from->schema->field_count);
    if (key_check(from->schema, edge->keys, edge->key_count, e) != OK)
        return error_add(e, e->code, "%s: the key of its input from %s", to->name, from->name);
    return OK;
}

static enum err check_edge(const struct graph *g, const struct edge *edge, struct error *e)
{
    const struct vertex *from = &g->vertices[edge->from], *to = &g->vertices[edge->to];

    if (edge->partitioning == EDGE_HASH)
        return check_hash_keys(g, edge, e);
    if (edge->partitioning == EDGE_FORWARD && from->parallelism != to->parallelism)
        return error_set(e, ERR_CONFIG,
                         "%s to %s: a forward edge from parallelism %d to %d; make them equal or rebalance",
                         from->name, to->name, from->parallelism, to->parallelism);
    return OK;
}

/* True when subtask i of the vertex gets just the keys whose groups it owns: by hash, or handed on by one
 * that does. */
static bool is_fed_by_key(const struct graph *g, int32_t vertex)
{
    const struct vertex *v = &g->vertices[vertex];

    if (v->is_source)
        return false;
    for (int32_t i = 0; i < g->edge_count; i++) {
        const struct edge *edge = &g->edges[i];

        if (edge->to != vertex || edge->partitioning == EDGE_HASH)
            continue;
        if (edge->partitioning != EDGE_FORWARD ||
            g->vertices[edge->from].max_parallelism != v->max_parallelism || !is_fed_by_key(g, edge->from))
            return false;
    }
    return true;
}

static enum err check_keyed(const struct graph *g, struct error *e)
{
    for (int32_t i = 0; i < g->vertex_count; i++)
        if (g->vertices[i].keyed && !is_fed_by_key(g, i))
            return error_set(e, ERR_CONFIG,
                             "%s: it keeps state by key, but its input is not split by key; "
                             "put a keyed exchange in front of it",
                             g->vertices[i].name);
    return OK;
}

enum err graph_finish(struct graph *g, int32_t parallelism, int32_t max_parallelism, struct error *e)
{
    enum err rc;

    if (g->arena.failed)
        return error_memory(e, 0, "the job's graph");
    if (g->vertex_count == 0)
        return error_set(e, ERR_CONFIG, "the job %s does nothing; add a source and a sink", g->name);
    if ((rc = fill_defaults(g, parallelism, max_parallelism, e)) != OK || (rc = sort(g, e)) != OK ||
        (rc = derive_uids(g, e)) != OK || (rc = check_uids(g, e)) != OK || (rc = check_vertices(g, e)) != OK)
        return rc;
    for (int32_t i = 0; i < g->edge_count; i++)
        if ((rc = check_edge(g, &g->edges[i], e)) != OK)
            return rc;
    return check_keyed(g, e);
}
