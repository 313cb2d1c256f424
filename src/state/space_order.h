/* space_order.h: the spaces of a state in the order of their names: runs of up to RUN_SPACES, so that adding
 * or removing one among a hundred thousand moves a few kilobytes at most. Thread: the task's.
 */
#ifndef WEIR_STATE_SPACE_ORDER_H
#define WEIR_STATE_SPACE_ORDER_H
#include "state/space.h"

#define RUN_SPACES 256

struct space_run {
    uint32_t count; /* at least 1 */
    struct space *spaces[RUN_SPACES];
};

struct space_order {
    struct space_run **runs; /* owned, in order */
    int64_t *firsts;         /* owned: the first name of each run */
    size_t run_count, run_capacity;
    struct budget *budget; /* borrowed, may be NULL */
};

void space_order_fini(struct space_order *o); /* the spaces are the caller's */

/* Where the first space whose name is >= name lies: run and index; run is run_count when there is none. */
struct space_spot {
    size_t run, index;
};
struct space_spot space_order_seek(const struct space_order *o, int64_t name);

static inline struct space *space_order_at(const struct space_order *o, struct space_spot spot)
{
    return spot.run < o->run_count ? o->runs[spot.run]->spaces[spot.index] : NULL;
}

static inline struct space_spot space_order_next(const struct space_order *o, struct space_spot spot)
{
    if (++spot.index == o->runs[spot.run]->count)
        spot = (struct space_spot){spot.run + 1, 0};
    return spot;
}

/* Add a space whose name is not there yet; false when there is no memory. */
MUST_USE bool space_order_add(struct space_order *o, struct space *sp);
void space_order_remove(struct space_order *o, struct space_spot spot);
#endif
