/* entry.h: how a key and its value lie in a page. All entries of a state have one layout, 8-byte aligned:
 *
 *   | hash 8 | died 4 | key_len 4 | written 8 (with TTL) | len 4, room 4 (values of any length) | value | key
 * | pad |
 *
 * died is 0 for a live entry, else the epoch in which it was removed or moved: a snapshot of epoch n sees
 * what died later as alive. It is the one field that changes in a page which a snapshot is reading, so it is
 * atomic.
 */
#ifndef WEIR_STATE_ENTRY_H
#define WEIR_STATE_ENTRY_H
#include "state/key.h"
#include <stdatomic.h>

struct entry {
    uint64_t hash;
    _Atomic uint32_t died;
    uint32_t key_len;
};
_Static_assert(sizeof(struct entry) == 16, "the fields behind it are placed by entry_layout_of");

struct entry_layout {
    uint32_t value_size;   /* 0: any length */
    uint32_t value_offset; /* from the entry's start */
    bool timed;            /* has `written` */
};

#define ENTRY_VALUE_MAX (UINT32_C(1) << 30)

static inline struct entry_layout entry_layout_of(size_t value_size, bool timed)
{
    uint32_t offset = (uint32_t)sizeof(struct entry) + (timed ? 8 : 0) + (value_size ? 0 : 8);

    assert(value_size <= ENTRY_VALUE_MAX);
    return (struct entry_layout){(uint32_t)value_size, offset, timed};
}

static inline char *entry_value(const struct entry_layout *l, const struct entry *x)
{
    return (char *)(uintptr_t)x + l->value_offset;
}

static inline int64_t *entry_written(const struct entry *x) /* layouts with TTL */
{
    return (int64_t *)(uintptr_t)(x + 1);
}

/* Values of any length: how many bytes there are and may be. */
static inline uint32_t *entry_len(const struct entry_layout *l, const struct entry *x)
{
    return (uint32_t *)(void *)(entry_value(l, x) - 8);
}
static inline uint32_t *entry_room(const struct entry_layout *l, const struct entry *x)
{
    return (uint32_t *)(void *)(entry_value(l, x) - 4);
}

static inline struct slice entry_bytes(const struct entry_layout *l, const struct entry *x)
{
    return (struct slice){entry_value(l, x), l->value_size ? l->value_size : *entry_len(l, x)};
}

static inline const char *entry_key(const struct entry_layout *l, const struct entry *x)
{
    return entry_value(l, x) + (l->value_size ? l->value_size : *entry_room(l, x));
}

static inline size_t entry_size_of(const struct entry_layout *l, size_t key_len, size_t room)
{
    return (l->value_offset + (l->value_size ? l->value_size : room) + key_len + 7) & ~(size_t)7;
}

static inline uint32_t entry_size(const struct entry_layout *l, const struct entry *x)
{
    return (uint32_t)entry_size_of(l, x->key_len, l->value_size ? 0 : *entry_room(l, x));
}

static inline bool entry_is_live(const struct entry *x) /* the task's view */
{
    return atomic_load_explicit(&x->died, memory_order_relaxed) == 0;
}

static inline bool entry_was_live(const struct entry *x, uint32_t epoch) /* a snapshot's view */
{
    uint32_t died = atomic_load_explicit(&x->died, memory_order_relaxed);

    return died == 0 || died > epoch;
}
#endif
