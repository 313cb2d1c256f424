/* graph.h: a job as read-only data: vertices (operators to be) and the edges between them.
 * Built once (by the stream API or the planner), checked by graph_finish, then shared by everybody. All in
 * one arena.
 */
#ifndef WEIR_GRAPH_GRAPH_H
#define WEIR_GRAPH_GRAPH_H
#include "operators/operator.h"

enum partitioning {
    EDGE_FORWARD,   /* subtask i to subtask i: same parallelism; may be chained: then it is a call */
    EDGE_HASH,      /* by key group of the key columns */
    EDGE_REBALANCE, /* round robin, a batch at a time */
    EDGE_BROADCAST,
};

struct edge {
    int32_t from, port; /* vertex index and its output port */
    int32_t to, input;
    enum partitioning partitioning;
    int32_t key_count;
    const int32_t *keys; /* EDGE_HASH: column numbers in the batches on the edge */
};

struct vertex {
    const char *uid;  /* stable over versions of the job: given, or derived from names */
    const char *name; /* "Source: health-data-raw" */
    const struct operator_factory *factory;
    const void *spec;        /* handed to the factory; in the graph's arena */
    int32_t parallelism;     /* 0: the job's default */
    int32_t max_parallelism; /* 0: the job's */
    bool is_source;
    bool keyed; /* has keyed state: its input edge is EDGE_HASH, or chained behind one with the same keys */
    bool no_chain;               /* begins a task of its own even on a forward edge */
    const struct schema *schema; /* of port 0; NULL for sinks */
};

struct graph {
    struct arena arena; /* owned */
    const char *name;
    struct vertex *vertices; /* in topological order after graph_finish */
    int32_t vertex_count, vertex_capacity;
    struct edge *edges;
    int32_t edge_count, edge_capacity;
    int32_t parallelism, max_parallelism; /* defaults for vertices */
};

void graph_init(struct graph *g, const char *name);
void graph_fini(struct graph *g);

/* Add; both return the index, or -1 when there is no memory (g->arena.failed). What they point to must be in
 * the arena or static. */
int32_t graph_vertex(struct graph *g, const struct vertex *v);
int32_t graph_edge(struct graph *g, const struct edge *e);

/* Fill in defaults, sort, give uids to those without, and check: no cycle, unique uids, every vertex
 * reachable from a source, keys valid, parallelism 1..max_parallelism. Messages name the vertex and say what
 * to change. */
MUST_USE enum err graph_finish(struct graph *g, int32_t parallelism, int32_t max_parallelism,
                               struct error *e);

/* The plan as Flink's `info` prints it: JSON with nodes and their inputs. */
void graph_json(const struct graph *g, struct bytes *out);
#endif
