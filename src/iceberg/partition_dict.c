/* partition_dict.c: the rare half of partition_dict.h: what is met for the first time. */
#include "iceberg/partition_dict.h"
#include "base/mem.h"

#define FIRST_SLOTS 64

void partition_dict_init(struct partition_dict *d)
{
    *d = (struct partition_dict){.null_number = -1};
}

void partition_dict_fini(struct partition_dict *d)
{
    mem_free(d->slots);
    mem_free(d->keys);
}

void partition_dict_clear(struct partition_dict *d)
{
    d->key_count = 0;
    d->null_number = -1;
    if (d->slots)
        memset(d->slots, 0, d->slot_count * sizeof *d->slots);
}

static bool grow(struct partition_dict *d)
{
    size_t count = d->slot_count ? d->slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = mem_calloc(count, sizeof *slots);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < d->key_count; i++) {
        size_t at = d->keys[i].hash & (count - 1);

        if ((int32_t)i == d->null_number)
            continue;
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    mem_free(d->slots);
    d->slots = slots;
    d->slot_count = count;
    return true;
}

int32_t partition_dict_add(struct partition_dict *d, const struct partition_key *key)
{
    size_t at;

    if (d->key_count == INT32_MAX || !MEM_GROW(d->keys, d->key_count, d->key_capacity))
        return -1;
    if ((d->key_count + 1) * 2 > d->slot_count && !grow(d))
        return -1;
    for (at = key->hash & (d->slot_count - 1); d->slots[at]; at = (at + 1) & (d->slot_count - 1))
        ;
    d->slots[at] = (uint32_t)d->key_count + 1;
    d->keys[d->key_count] = *key;
    return (int32_t)d->key_count++;
}

int32_t partition_dict_text(struct partition_dict *d, struct partition_key *key, struct arena *arena)
{
    struct view *v = &key->view;

    if (v->len > VIEW_INLINE && (v->ptr = arena_copy(arena, v->ptr, v->len)) == NULL)
        return -1;
    return partition_dict_add(d, key);
}

int32_t partition_dict_null(struct partition_dict *d)
{
    if (d->null_number < 0 && MEM_GROW(d->keys, d->key_count, d->key_capacity)) {
        d->keys[d->key_count] = (struct partition_key){0};
        d->null_number = (int32_t)d->key_count++;
    }
    return d->null_number;
}

int32_t partition_dict_i128(struct partition_dict *d, __int128 v)
{
    struct partition_key key = {.hash = partition_dict_hash((uint64_t)v, (uint64_t)(v >> 64)), .i128 = v};

    for (size_t at = key.hash; d->slot_count; at++) {
        uint32_t n = d->slots[at & (d->slot_count - 1)];

        if (n == 0)
            break;
        if (d->keys[n - 1].i128 == v)
            return (int32_t)n - 1;
    }
    return partition_dict_add(d, &key);
}
