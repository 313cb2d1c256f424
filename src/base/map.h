/* map.h: a hash map from bytes to a pointer: names to things, in numbers that fit a plan or a table, not a
 * stream. Open addressing, linear probing, grows at 7/8. Keys are copied. Iteration is in insertion order.
 * Thread: one.
 */
#ifndef WEIR_BASE_MAP_H
#define WEIR_BASE_MAP_H
#include "base/slice.h"

struct map_entry {
    struct slice key; /* owned by the map, terminated */
    void *value;
};

struct map {
    struct map_entry *entries; /* owned, in insertion order; removed ones have key.ptr NULL */
    uint32_t *slots;           /* owned; index + 1 into entries, 0 when free */
    size_t entry_count, entry_capacity, slot_count, live_count;
};

void map_init(struct map *m);                         /* the same as a zeroed struct */
void map_fini(struct map *m);                         /* the values are the caller's */
void *map_get(const struct map *m, struct slice key); /* NULL when absent */

/* Set key to value (not NULL); false when there is no memory. */
MUST_USE bool map_put(struct map *m, struct slice key, void *value);
void *map_remove(struct map *m, struct slice key); /* the value that was there, or NULL */

/* Step through: start with *at = 0; NULL at the end. Values may be changed on the way, keys not added. */
struct map_entry *map_next(const struct map *m, size_t *at);

static inline size_t map_count(const struct map *m)
{
    return m->live_count;
}
#endif
