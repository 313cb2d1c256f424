/* exchange.h: one edge of the graph as seen by one producing subtask: which of the consumers' channels gets
 * which rows. A hash exchange sends every key to the subtask that owns its key group; rows are gathered into
 * a batch per target, their long strings shared with the batch they came from. Thread: the producing task's.
 */
#ifndef WEIR_ENGINE_EXCHANGE_H
#define WEIR_ENGINE_EXCHANGE_H
#include "engine/channel.h"
#include "graph/graph.h"
#include "state/key.h"

struct exchange {
    enum partitioning partitioning;
    int32_t port; /* of the operator that feeds it */
    int32_t key_count;
    const int32_t *keys;     /* borrowed */
    int32_t max_parallelism; /* of the consumer */
    int32_t target_count;
    struct channel **channels; /* owned array of borrowed channels; for EDGE_FORWARD one */
    struct budget *budget;     /* borrowed: for the batches made here */
    int32_t turn;              /* EDGE_REBALANCE: who is next */
    struct key_batch key_batch;
    int32_t *scratch; /* owned: see exchange.c */
    int32_t scratch_rows;
    int32_t *starts;                /* owned: target_count + 1 */
    int64_t records_out, bytes_out; /* sent since the owner last looked */
};

/* edge and channels' contents are borrowed; channels are to be filled in by the caller. */
MUST_USE enum err exchange_init(struct exchange *x, const struct edge *edge, int32_t max_parallelism,
                                int32_t target_count, struct budget *budget, struct error *e);
void exchange_fini(struct exchange *x);

/* Send the live rows of b (borrowed) to whom they belong. */
MUST_USE enum err exchange_batch(struct exchange *x, struct batch *b, struct error *e);

/* Send a copy of an element without batch to all. */
MUST_USE enum err exchange_all(struct exchange *x, struct element element, struct error *e);
bool exchange_is_full(const struct exchange *x);
#endif
