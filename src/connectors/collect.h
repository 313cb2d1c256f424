/* collect.h: a query's rows handed to a reader in the same process: a SELECT in the SQL client or gateway.
 * Between them is a queue with a limit; when it is full the job waits.
 *
 *   job's task  -- collect_sink -->  [ batch | batch | batch ]  -- collect_take -->  reader's thread
 *
 * The queue outlives the attempts of a job. A job that goes back to a checkpoint gives rows again: those
 * that the reader has not taken yet are dropped from the queue, and of those that he has he is told how many
 * may come a second time.
 */
#ifndef WEIR_CONNECTORS_COLLECT_H
#define WEIR_CONNECTORS_COLLECT_H
#include "operators/operator.h"

struct collect;

/* most_bytes of batches wait at most, but always one. NULL without memory. */
struct collect *collect_new(size_t most_bytes);
void collect_free(struct collect *c); /* the job is over; NULL is fine */

enum collect_state {
    COLLECT_ROWS,  /* *out is a batch, the caller's reference */
    COLLECT_EMPTY, /* none came within timeout_ms */
    COLLECT_END,   /* all rows have been taken, and no more will come */
};

/* The next batch. *repeated: how many of the rows taken so far come again, because the job went back; set
 * once for each time. Waits up to timeout_ms. Thread: the reader's. */
enum collect_state collect_take(struct collect *c, int64_t timeout_ms, struct batch **out, int64_t *repeated);

/* The reader wants no more: the sink drops what comes. Thread: any. */
void collect_cancel(struct collect *c);

struct collect_spec {
    struct collect *queue; /* borrowed */
};

/* Takes all kinds of rows; parallelism 1. */
extern const struct operator_factory collect_sink_factory;
#endif
