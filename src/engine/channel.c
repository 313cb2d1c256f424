/* channel.c: a linked list of segments. See channel.h.
 *
 * `written` is the only word that both sides look at for every element: the producer releases it, the
 * consumer acquires it, and so sees the element and the link to its segment. An emptied segment goes back to
 * the producer as `spare`, so a channel that flows allocates nothing.
 *
 * Nobody sleeps for ever: the consumer's wake comes after the element is published (scheduler.h, invariant
 * 2). The producer sees `bytes` at or over the limit before it goes to sleep; as bytes is one atomic word,
 * the consumer's way down from there crosses the half later, and that crossing wakes the producer.
 */
#include "engine/channel.h"
#include "base/mem.h"

#define SEGMENT_ELEMENTS 32
#define ELEMENT_COST                                                                                         \
    64          /* bytes that an element counts beside its batch, so that watermarks are bounded too */
#define LINE 64 /* of the processor's cache: what one side writes, the other does not read */

struct segment {
    struct segment *next;
    struct element elements[SEGMENT_ELEMENTS];
};

struct channel {
    size_t limit_bytes;
    struct scheduler *scheduler; /* borrowed */
    struct runnable *producer, *consumer;

    char line_1[LINE];
    struct segment *tail; /* the producer's */
    uint64_t pushed;

    char line_2[LINE];
    struct segment *head; /* the consumer's */
    uint64_t popped;

    char line_3[LINE];
    _Atomic uint64_t written; /* elements that the consumer may read */
    _Atomic size_t bytes;
    struct segment *_Atomic spare;
};

struct channel *channel_new(size_t limit_bytes, struct scheduler *scheduler, struct runnable *producer,
                            struct runnable *consumer)
{
    struct channel *c = mem_zalloc(sizeof *c);

    assert(limit_bytes > 0);
    if (c == NULL)
        return NULL;
    c->limit_bytes = limit_bytes;
    c->scheduler = scheduler;
    c->producer = producer;
    c->consumer = consumer;
    if ((c->head = c->tail = mem_zalloc(sizeof *c->head)) == NULL) {
        mem_free(c);
        return NULL;
    }
    return c;
}

static size_t cost_of(const struct element *element)
{
    return ELEMENT_COST + (element->batch ? batch_bytes(element->batch) : 0);
}

void channel_free(struct channel *c)
{
    struct element element;

    if (c == NULL)
        return;
    c->producer = NULL;
    while (channel_pop(c, &element))
        batch_unref(element.batch);
    assert(c->head == c->tail);
    mem_free(c->head);
    mem_free(atomic_load(&c->spare));
    mem_free(c);
}

/* The segment for the next element: only the first of a segment's elements may have to find a new one. */
static bool make_room(struct channel *c)
{
    struct segment *segment;

    if (c->pushed == 0 || c->pushed % SEGMENT_ELEMENTS != 0)
        return true;
    segment = atomic_exchange_explicit(&c->spare, NULL, memory_order_acquire);
    if (segment == NULL && (segment = mem_alloc(sizeof *segment)) == NULL)
        return false;
    segment->next = NULL;
    c->tail->next = segment;
    c->tail = segment;
    return true;
}

enum err channel_push(struct channel *c, struct element element, struct error *e)
{
    if (!make_room(c)) {
        batch_unref(element.batch);
        return error_memory(e, sizeof(struct segment), "the queue between two tasks");
    }
    c->tail->elements[c->pushed % SEGMENT_ELEMENTS] = element;
    atomic_fetch_add_explicit(&c->bytes, cost_of(&element), memory_order_relaxed);
    atomic_store_explicit(&c->written, ++c->pushed, memory_order_release);
    scheduler_wake(c->scheduler, c->consumer);
    return OK;
}

bool channel_is_full(const struct channel *c)
{
    return atomic_load_explicit(&((struct channel *)c)->bytes, memory_order_acquire) >= c->limit_bytes;
}

bool channel_is_empty(const struct channel *c)
{
    return atomic_load_explicit(&((struct channel *)c)->written, memory_order_acquire) == c->popped;
}

static void recycle(struct channel *c, struct segment *segment)
{
    mem_free(atomic_exchange_explicit(&c->spare, segment, memory_order_acq_rel));
}

bool channel_pop(struct channel *c, struct element *out)
{
    size_t cost, before;

    if (channel_is_empty(c))
        return false;
    if (c->popped != 0 && c->popped % SEGMENT_ELEMENTS == 0) {
        struct segment *old = c->head;

        c->head = old->next;
        recycle(c, old);
    }
    *out = c->head->elements[c->popped++ % SEGMENT_ELEMENTS];
    cost = cost_of(out);
    before = atomic_fetch_sub_explicit(&c->bytes, cost, memory_order_acq_rel);
    if (before > c->limit_bytes / 2 && before - cost <= c->limit_bytes / 2 && c->producer != NULL)
        scheduler_wake(c->scheduler, c->producer);
    return true;
}
