/* dictionary.c: see dictionary.h. Open addressing, linear probing, at most half full. */
#include "parquet/dictionary.h"
#include "base/hash.h"

#define FIRST_SLOTS 64
#define KEEP_BYTES  ((size_t)64 << 10) /* more than this is given back by dictionary_clear */

void dictionary_init(struct dictionary *d, struct budget *budget, bool fixed)
{
    *d = (struct dictionary){.fixed = fixed};
    pbuf_init(&d->slots, budget);
    pbuf_init(&d->entries, budget);
    pbuf_init(&d->data, budget);
}

void dictionary_fini(struct dictionary *d)
{
    pbuf_fini(&d->slots);
    pbuf_fini(&d->entries);
    pbuf_fini(&d->data);
    d->count = d->slot_mask = 0;
}

void dictionary_clear(struct dictionary *d)
{
    if (d->slots.capacity + d->entries.capacity + d->data.capacity > KEEP_BYTES) {
        dictionary_fini(d);
        return;
    }
    d->entries.len = d->data.len = 0;
    d->count = 0;
    if (d->slots.ptr)
        memset(d->slots.ptr, 0, d->slots.len);
}

static uint32_t *slots_of(const struct dictionary *d)
{
    return (uint32_t *)(void *)d->slots.ptr;
}

static uint32_t hash_number(uint64_t v)
{
    return (uint32_t)(hash_mix(v) >> 32);
}

/* Short values hash as the two words that they are. */
static uint32_t hash_view(const struct view *v)
{
    uint64_t low, high;

    if (v->len > VIEW_INLINE)
        return (uint32_t)hash_bytes(v->ptr, v->len);
    memcpy(&low, v, 8);
    memcpy(&high, v->inlined + 4, 8);
    return (uint32_t)(hash_mix(low ^ (high * UINT64_C(0x9e3779b97f4a7c15))) >> 32);
}

/* Double the slots and put every value back; bytes know their hashes. */
static bool grow(struct dictionary *d, bool bytes)
{
    size_t slot_count = d->slot_mask ? ((size_t)d->slot_mask + 1) * 2 : FIRST_SLOTS;
    const struct dictionary_entry *entries = (const void *)d->entries.ptr;
    uint32_t *slots;

    d->slots.len = 0;
    if (slot_count > UINT32_MAX || (slots = pbuf_reserve(&d->slots, slot_count * sizeof *slots)) == NULL)
        return false;
    d->slots.len = slot_count * sizeof *slots;
    d->slot_mask = (uint32_t)slot_count - 1;
    memset(slots, 0, d->slots.len);
    for (uint32_t id = 0; id < d->count; id++) {
        uint32_t at = bytes ? entries[id].hash : hash_number(dictionary_number(d, id));

        for (at &= d->slot_mask; slots[at]; at = (at + 1) & d->slot_mask)
            ;
        slots[at] = id + 1;
    }
    return true;
}

/* Room in the table for one more; checked once per value, so that a look-up always finds a free slot. */
static inline bool room(struct dictionary *d, bool bytes)
{
    return LIKELY(d->count < d->slot_mask / 2) || grow(d, bytes);
}

bool dictionary_add_numbers(struct dictionary *d, const uint64_t *values, int32_t count, uint32_t *ids)
{
    for (int32_t i = 0; i < count; i++) {
        uint32_t at;
        uint32_t *slots;

        if (!room(d, false))
            return false;
        slots = slots_of(d);
        for (at = hash_number(values[i]) & d->slot_mask; slots[at]; at = (at + 1) & d->slot_mask)
            if (dictionary_number(d, slots[at] - 1) == values[i])
                break;
        if (slots[at] == 0) {
            pbuf_append(&d->data, &values[i], sizeof values[i]);
            if (d->data.failed)
                return false;
            slots[at] = ++d->count;
        }
        ids[i] = slots[at] - 1;
    }
    return true;
}

static bool add_entry(struct dictionary *d, struct slice value, uint32_t hash)
{
    struct dictionary_entry entry = {.hash = hash, .len = (uint32_t)value.len};

    if (!d->fixed)
        pbuf_le32(&d->data, (uint32_t)value.len);
    entry.offset = d->data.len;
    pbuf_append(&d->data, value.ptr, value.len);
    pbuf_append(&d->entries, &entry, sizeof entry);
    d->count++;
    return !d->data.failed && !d->entries.failed;
}

bool dictionary_add_views(struct dictionary *d, const struct view *views, int32_t count, uint32_t *ids)
{
    for (int32_t i = 0; i < count; i++) {
        struct slice value = view_slice(&views[i]);
        uint32_t hash, at;
        uint32_t *slots;
        const struct dictionary_entry *entries;

        if (i && view_equal(&views[i], &views[i - 1])) { /* sorted and clustered data */
            ids[i] = ids[i - 1];
            continue;
        }
        if (!room(d, true))
            return false;
        hash = hash_view(&views[i]);
        slots = slots_of(d);
        entries = (const void *)d->entries.ptr;
        for (at = hash & d->slot_mask; slots[at]; at = (at + 1) & d->slot_mask) {
            const struct dictionary_entry *entry = &entries[slots[at] - 1];

            if (entry->hash == hash && entry->len == value.len &&
                same_bytes(d->data.ptr + entry->offset, value.ptr, value.len))
                break;
        }
        if (slots[at] == 0) {
            if (!add_entry(d, value, hash))
                return false;
            slots[at] = d->count;
        }
        ids[i] = slots[at] - 1;
    }
    return true;
}
