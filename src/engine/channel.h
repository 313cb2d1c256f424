/* channel.h: the way from one task's output to another's input: a queue of elements in order, one producer
 * (the task that runs upstream, in whichever thread) and one consumer.
 *
 *   producer ─► tail segment ──► ... ──► head segment ─► consumer        no lock; a segment is 32 elements
 *
 * Bounded by bytes, softly: push always takes the element; a producer looks at channel_is_full before it
 * begins something new, and is woken when the consumer has drained the channel to half.
 */
#ifndef WEIR_ENGINE_CHANNEL_H
#define WEIR_ENGINE_CHANNEL_H
#include "batch/batch.h"
#include "engine/scheduler.h"

enum element_kind {
    ELEMENT_BATCH,
    ELEMENT_WATERMARK,
    ELEMENT_BARRIER,
    ELEMENT_IDLE,   /* do not wait for its watermarks ... */
    ELEMENT_ACTIVE, /* ... from here on, wait again */
    ELEMENT_END,    /* nothing follows */
};

struct element {
    enum element_kind kind;
    bool is_last;        /* BARRIER: the job ends with it */
    struct batch *batch; /* BATCH: one reference */
    int64_t value;       /* WATERMARK: microseconds; BARRIER: checkpoint id */
};

struct channel;

/* Its ends are connected before use; both runnables are borrowed. NULL when there is no memory. */
struct channel *channel_new(size_t limit_bytes, struct scheduler *scheduler, struct runnable *producer,
                            struct runnable *consumer);
void channel_free(struct channel *c); /* with what is in it; NULL is fine */

/* Producer. Takes the element, also on failure (ERR_MEMORY), and wakes the consumer. */
MUST_USE enum err channel_push(struct channel *c, struct element element, struct error *e);
bool channel_is_full(const struct channel *c);

/* Consumer. False when there is nothing. The element's batch is then the caller's. */
bool channel_pop(struct channel *c, struct element *out);
bool channel_is_empty(const struct channel *c);
#endif
