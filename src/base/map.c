/* map.c: see map.h. A removed entry keeps its slot, marked by a key without pointer, until the next rehash.
 */
#include "base/map.h"
#include "base/hash.h"
#include "base/mem.h"

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_fini(struct map *m)
{
    for (size_t i = 0; i < m->entry_count; i++)
        mem_free((void *)m->entries[i].key.ptr);
    mem_free(m->entries);
    mem_free(m->slots);
    *m = (struct map){0};
}

static size_t slot_of(const struct map *m, struct slice key)
{
    size_t slot = hash_bytes(key.ptr, key.len) & (m->slot_count - 1);

    while (m->slots[slot]) {
        const struct map_entry *entry = &m->entries[m->slots[slot] - 1];

        if (entry->key.ptr && slice_equal(entry->key, key))
            break;
        slot = (slot + 1) & (m->slot_count - 1);
    }
    return slot;
}

static struct map_entry *find(const struct map *m, struct slice key)
{
    uint32_t at;

    if (m->slot_count == 0 || (at = m->slots[slot_of(m, key)]) == 0)
        return NULL;
    return &m->entries[at - 1];
}

void *map_get(const struct map *m, struct slice key)
{
    struct map_entry *entry = find(m, key);

    return entry ? entry->value : NULL;
}

static void drop_removed(struct map *m)
{
    size_t to = 0;

    for (size_t i = 0; i < m->entry_count; i++)
        if (m->entries[i].key.ptr)
            m->entries[to++] = m->entries[i];
    m->entry_count = to;
}

static bool rehash(struct map *m)
{
    size_t slot_count = 16;
    uint32_t *slots;

    while (slot_count * 7 / 8 <= m->live_count * 2)
        slot_count *= 2;
    slots = mem_calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return false;
    drop_removed(m);
    mem_free(m->slots);
    m->slots = slots;
    m->slot_count = slot_count;
    for (size_t i = 0; i < m->entry_count; i++)
        m->slots[slot_of(m, m->entries[i].key)] = (uint32_t)(i + 1);
    return true;
}

bool map_put(struct map *m, struct slice key, void *value)
{
    struct map_entry *entry = find(m, key);
    char *copy;

    assert(value != NULL);
    if (entry) {
        entry->value = value;
        return true;
    }
    if (m->entry_count + 1 > m->slot_count * 7 / 8 && !rehash(m))
        return false;
    if (!MEM_GROW(m->entries, m->entry_count, m->entry_capacity) ||
        (copy = mem_strndup(key.ptr ? key.ptr : "", key.len)) == NULL)
        return false;
    m->entries[m->entry_count] = (struct map_entry){{copy, key.len}, value};
    m->slots[slot_of(m, key)] = (uint32_t)++m->entry_count;
    m->live_count++;
    return true;
}

void *map_remove(struct map *m, struct slice key)
{
    struct map_entry *entry = find(m, key);
    void *value;

    if (entry == NULL)
        return NULL;
    value = entry->value;
    mem_free((void *)entry->key.ptr);
    *entry = (struct map_entry){{NULL, 0}, NULL};
    m->live_count--;
    return value;
}

struct map_entry *map_next(const struct map *m, size_t *at)
{
    while (*at < m->entry_count)
        if (m->entries[(*at)++].key.ptr)
            return &m->entries[*at - 1];
    return NULL;
}
