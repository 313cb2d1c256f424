/* chain.c: see chain.h. An edge becomes a call when it leads from subtask i to subtask i and nothing else
 * leads there. */
#include "engine/chain.h"

static int32_t count_inputs(const struct graph *g, int32_t vertex)
{
    int32_t count = 0;

    for (int32_t i = 0; i < g->edge_count; i++)
        count += g->edges[i].to == vertex;
    return count;
}

static bool can_chain(const struct graph *g, const struct edge *edge)
{
    const struct vertex *from = &g->vertices[edge->from], *to = &g->vertices[edge->to];

    return edge->partitioning == EDGE_FORWARD && from->parallelism == to->parallelism && !to->no_chain &&
           count_inputs(g, edge->to) == 1;
}

/* The edge that chains vertex to another; -1: it is a head. */
static int32_t chaining_edge(const struct chains *c, int32_t vertex)
{
    for (int32_t i = 0; i < c->graph->edge_count; i++)
        if (c->graph->edges[i].to == vertex && !c->is_crossing[i])
            return i;
    return -1;
}

static void begin_chain(struct chains *c, int32_t vertex)
{
    const struct vertex *v = &c->graph->vertices[vertex];
    struct chain *chain = &c->chains[c->count];

    c->chain_of[vertex] = c->count++;
    *chain = (struct chain){.parallelism = v->parallelism,
                            .first_task = c->task_count,
                            .is_source = v->is_source,
                            .op_count = 1,
                            .ops = ARENA_ARRAY(&c->arena, struct chain_op, c->graph->vertex_count),
                            .name = v->name};
    if (chain->ops != NULL)
        chain->ops[0] = (struct chain_op){.vertex = vertex, .parent = -1};
    c->task_count += v->parallelism;
}

static int32_t index_in(const struct chain *chain, int32_t vertex)
{
    int32_t i = 0;

    while (chain->ops[i].vertex != vertex)
        i++;
    return i;
}

static void join_chain(struct chains *c, int32_t vertex, const struct edge *edge)
{
    int32_t number = c->chain_of[edge->from];
    struct chain *chain = &c->chains[number];

    c->chain_of[vertex] = number;
    chain->name = arena_printf(&c->arena, "%s -> %s", chain->name ? chain->name : "",
                               c->graph->vertices[vertex].name);
    if (chain->ops == NULL)
        return;
    chain->ops[chain->op_count++] = (struct chain_op){.vertex = vertex,
                                                      .parent = index_in(chain, edge->from),
                                                      .parent_port = edge->port,
                                                      .input = edge->input};
}

enum err chains_init(struct chains *c, const struct graph *graph, struct error *e)
{
    *c = (struct chains){.graph = graph};
    c->chains = ARENA_ARRAY(&c->arena, struct chain, graph->vertex_count);
    c->chain_of = ARENA_ARRAY(&c->arena, int32_t, graph->vertex_count);
    c->is_crossing = ARENA_ARRAY(&c->arena, bool, MAX(graph->edge_count, 1));
    for (int32_t i = 0; !c->arena.failed && i < graph->edge_count; i++)
        c->is_crossing[i] = !can_chain(graph, &graph->edges[i]);
    for (int32_t i = 0; !c->arena.failed && i < graph->vertex_count; i++) { /* in topological order */
        int32_t edge = chaining_edge(c, i);

        if (edge < 0)
            begin_chain(c, i);
        else
            join_chain(c, i, &graph->edges[edge]);
    }
    if (!c->arena.failed)
        return OK;
    chains_fini(c);
    return error_memory(e, sizeof *c->chains * (size_t)graph->vertex_count, "the job's chains");
}

void chains_fini(struct chains *c)
{
    arena_fini(&c->arena);
}
