/* partition_dict.h: numbers for values as they are met, from 0: a hash table that is asked for every row.
 * Keys are numbers or views; one table holds one kind of them, and the absent value may have a number too.
 * Linear probing, half full at most. Thread: one.
 */
#ifndef WEIR_ICEBERG_PARTITION_DICT_H
#define WEIR_ICEBERG_PARTITION_DICT_H
#include "base/hash.h"
#include "batch/column.h"

struct partition_key {
    uint64_t hash;
    union {
        int64_t i64;
        __int128 i128;
        struct view view; /* long ones point into the arena that was given */
    };
};

struct partition_dict {
    uint32_t *slots; /* owned; number + 1, 0 when free */
    size_t slot_count;
    struct partition_key *keys; /* owned, by number */
    size_t key_count, key_capacity;
    int32_t null_number; /* of the absent value, -1 until met */
};

void partition_dict_init(struct partition_dict *d);
void partition_dict_fini(struct partition_dict *d);  /* zeroed is fine */
void partition_dict_clear(struct partition_dict *d); /* no numbers; keeps the memory */

/* The lookups: the number of a value, a new one when it is met first; -1 when there is no memory. */
int32_t partition_dict_null(struct partition_dict *d);
int32_t partition_dict_i128(struct partition_dict *d, __int128 v);
int32_t partition_dict_add(struct partition_dict *d,
                           const struct partition_key *key); /* private: one that is not there */
int32_t partition_dict_text(struct partition_dict *d, struct partition_key *key,
                            struct arena *arena); /* private */

/* One multiplication: these tables never leave the process. */
static inline uint64_t partition_dict_hash(uint64_t x, uint64_t y)
{
    unsigned __int128 product = (unsigned __int128)(x ^ UINT64_C(0x9e3779b97f4a7c15)) *
                                (y ^ UINT64_C(0xe7037ed1a0b428db));

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline int32_t partition_dict_i64(struct partition_dict *d, int64_t v)
{
    struct partition_key key = {.hash = partition_dict_hash((uint64_t)v, 0), .i64 = v};

    for (size_t at = key.hash; d->slot_count; at++) {
        uint32_t n = d->slots[at & (d->slot_count - 1)];

        if (n == 0)
            break;
        if (d->keys[n - 1].i64 == v)
            return (int32_t)n - 1;
    }
    return partition_dict_add(d, &key);
}

static inline uint64_t partition_dict_view_hash(const struct view *v)
{
    uint64_t x, y;

    if (v->len > VIEW_INLINE)
        return hash_bytes(v->ptr, v->len);
    memcpy(&x, v, 8);
    memcpy(&y, (const char *)v + 8, 8);
    return partition_dict_hash(x, y);
}

/* A long view's bytes are copied into arena when it is new. */
static inline int32_t partition_dict_view(struct partition_dict *d, const struct view *v, struct arena *arena)
{
    struct partition_key key = {.hash = partition_dict_view_hash(v), .view = *v};

    for (size_t at = key.hash; d->slot_count; at++) {
        uint32_t n = d->slots[at & (d->slot_count - 1)];

        if (n == 0)
            break;
        if (view_equal(&d->keys[n - 1].view, v))
            return (int32_t)n - 1;
    }
    return partition_dict_text(d, &key, arena);
}
#endif
