/* chain.h: how a graph is cut into chains: what runs as one task. A chain is a tree of operators that call
 * each other; its head takes all its input from channels, every other operator from the one before it.
 * Read-only once made; all in one arena. A chain of parallelism n makes n tasks.
 *
 *   graph:  source ─fwd─ decode ─fwd─ watermark ─hash─ window ─fwd─ sink       chains: [source decode
 * watermark] └─fwd─ dead letters                                        [ └ dead letters ] [window sink]
 */
#ifndef WEIR_ENGINE_CHAIN_H
#define WEIR_ENGINE_CHAIN_H
#include "graph/graph.h"

struct chain_op {
    int32_t vertex;             /* in the graph */
    int32_t parent;             /* index in the chain; -1 for the head */
    int32_t parent_port, input; /* how the parent feeds it; not for the head */
};

struct chain {
    int32_t parallelism;
    int32_t first_task; /* tasks are numbered through all chains */
    bool is_source;
    int32_t op_count;
    struct chain_op *ops; /* parents before their children */
    const char *name;     /* "source -> decode -> (watermark, dead letters)" without the brackets */
};

struct chains {
    struct arena arena;
    const struct graph *graph; /* borrowed */
    int32_t count, task_count;
    struct chain *chains;
    int32_t *chain_of; /* by vertex */
    bool *is_crossing; /* by edge: it leads from task to task */
};

MUST_USE enum err chains_init(struct chains *c, const struct graph *graph, struct error *e);
void chains_fini(struct chains *c);
#endif
