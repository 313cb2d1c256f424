/* space.c: linear probing at up to 3/4, deletion by shifting back, so that there are no tombstones. */
#include "state/space.h"
#include "base/budget.h"
#include "base/mem.h"

#define OFFSET_BITS 13 /* offsets are multiples of 8 below 64 KiB */
#define PAGE_LIMIT  ((UINT32_C(1) << (32 - OFFSET_BITS)) - 1)
#define NO_PAGE     UINT32_MAX
#define SMALLEST    96 /* data bytes of a space's first page */
#define SWEEP_PAGES 64 /* looked at when a page is opened */

/* --- places --- */

static inline uint32_t place(uint32_t page, uint32_t offset)
{
    return (page << OFFSET_BITS | offset >> 3) + 1;
}

static inline uint32_t place_page(uint32_t at)
{
    return (at - 1) >> OFFSET_BITS;
}

static inline uint32_t place_offset(uint32_t at)
{
    return ((at - 1) & ((UINT32_C(1) << OFFSET_BITS) - 1)) << 3;
}

static inline struct entry *entry_in(struct page *p, uint32_t offset)
{
    return (struct entry *)(void *)(p->data + offset);
}

static inline struct entry *entry_at(const struct space *sp, uint32_t at)
{
    return entry_in(sp->pages[place_page(at)], place_offset(at));
}

/* --- life --- */

struct space *space_new(const struct space_env *env, int64_t name)
{
    struct space *sp;

    if (!budget_take(env->budget, sizeof *sp))
        return NULL;
    if ((sp = mem_zalloc(sizeof *sp)) == NULL) {
        budget_give(env->budget, sizeof *sp);
        return NULL;
    }
    sp->name = name;
    sp->pages = sp->first_pages;
    sp->page_capacity = SPACE_FIRST_PAGES;
    sp->open = NO_PAGE;
    sp->slots = sp->first_slots;
    sp->slot_mask = SPACE_FIRST_SLOTS - 1;
    return sp;
}

static void drop_slots(const struct space_env *env, struct space *sp)
{
    if (sp->slots == sp->first_slots)
        return;
    budget_give(env->budget, ((size_t)sp->slot_mask + 1) * sizeof *sp->slots);
    mem_free(sp->slots);
}

static void drop_page_list(const struct space_env *env, struct space *sp)
{
    if (sp->pages == sp->first_pages)
        return;
    budget_give(env->budget, (size_t)sp->page_capacity * sizeof *sp->pages);
    mem_free(sp->pages);
}

void space_free(const struct space_env *env, struct space *sp)
{
    if (sp == NULL)
        return;
    for (uint32_t i = 0; i < sp->page_count; i++)
        page_unref(sp->pages[i]);
    drop_page_list(env, sp);
    drop_slots(env, sp);
    mem_free(sp);
    budget_give(env->budget, sizeof *sp);
}

static void *take_array(const struct space_env *env, size_t count, size_t size)
{
    void *array;

    if (!budget_take(env->budget, count * size))
        return NULL;
    if ((array = mem_calloc(count, size)) == NULL)
        budget_give(env->budget, count * size);
    return array;
}

/* --- the index --- */

static inline bool same_key(const struct entry_layout *l, const struct entry *x, struct slice key)
{
    return x->key_len == key.len && memcmp(entry_key(l, x), key.ptr, key.len) == 0;
}

struct entry *space_find(const struct space_env *env, const struct space *sp, struct key key, uint32_t *slot)
{
    uint32_t tag = (uint32_t)key.hash;

    for (uint32_t i = tag & sp->slot_mask; sp->slots[i].at; i = (i + 1) & sp->slot_mask) {
        struct entry *x;

        if (sp->slots[i].tag != tag)
            continue;
        x = entry_at(sp, sp->slots[i].at);
        if (LIKELY(same_key(&env->layout, x, key.bytes))) {
            *slot = i;
            return x;
        }
    }
    return NULL;
}

void space_prefetch_slot(const struct space *sp, uint64_t hash)
{
    __builtin_prefetch(&sp->slots[(uint32_t)hash & sp->slot_mask]);
}

void space_prefetch_entry(const struct space *sp, uint64_t hash)
{
    uint32_t tag = (uint32_t)hash;

    for (uint32_t i = tag & sp->slot_mask; sp->slots[i].at; i = (i + 1) & sp->slot_mask)
        if (sp->slots[i].tag == tag) {
            const char *x = (const char *)entry_at(sp, sp->slots[i].at);

            __builtin_prefetch(x, 1);
            __builtin_prefetch(x + 64, 1);
            return;
        }
}

static void index_add(struct slot *slots, uint32_t mask, uint32_t tag, uint32_t at)
{
    uint32_t i = tag & mask;

    while (slots[i].at)
        i = (i + 1) & mask;
    slots[i] = (struct slot){tag, at};
}

static bool index_room(const struct space_env *env, struct space *sp)
{
    size_t old_count = (size_t)sp->slot_mask + 1, new_count = old_count * 2;
    struct slot *slots;

    if (((size_t)sp->count + 1) * 4 <= old_count * 3)
        return true;
    if (new_count > UINT32_C(1) << 31 || (slots = take_array(env, new_count, sizeof *slots)) == NULL)
        return false;
    for (size_t i = 0; i < old_count; i++)
        if (sp->slots[i].at)
            index_add(slots, (uint32_t)new_count - 1, sp->slots[i].tag, sp->slots[i].at);
    drop_slots(env, sp);
    sp->slots = slots;
    sp->slot_mask = (uint32_t)new_count - 1;
    return true;
}

/* Free slot i and close the gap: what lies behind it moves up unless it would pass its home. */
static void index_remove(struct space *sp, uint32_t i)
{
    uint32_t mask = sp->slot_mask;

    for (uint32_t k = (i + 1) & mask; sp->slots[k].at; k = (k + 1) & mask) {
        uint32_t home = sp->slots[k].tag & mask;

        if (((k - home) & mask) < ((k - i) & mask))
            continue;
        sp->slots[i] = sp->slots[k];
        i = k;
    }
    sp->slots[i] = (struct slot){0};
}

static uint32_t index_of_place(const struct space *sp, uint32_t tag, uint32_t at)
{
    uint32_t i = tag & sp->slot_mask;

    while (sp->slots[i].at != at) {
        assert(sp->slots[i].at);
        i = (i + 1) & sp->slot_mask;
    }
    return i;
}

/* --- pages --- */

static void release_page(struct space *sp, uint32_t number)
{
    sp->byte_count -= sp->pages[number]->size;
    page_unref(sp->pages[number]);
    sp->pages[number] = NULL;
    if (sp->open == number)
        sp->open = NO_PAGE;
    while (sp->page_count && sp->pages[sp->page_count - 1] == NULL)
        sp->page_count--;
}

/* An entry is no longer part of the space: mark it, and count it out of its page. */
static void bury(const struct space_env *env, struct space *sp, uint32_t number, uint32_t offset)
{
    struct page *p = sp->pages[number];
    struct entry *x = entry_in(p, offset);

    atomic_store_explicit(&x->died, *env->epoch, memory_order_relaxed);
    p->live_bytes -= entry_size(&env->layout, x);
    if (p->live_bytes == 0) {
        release_page(sp, number);
        return;
    }
    while (p->first < p->used && !entry_is_live(entry_in(p, p->first)))
        p->first += entry_size(&env->layout, entry_in(p, p->first));
}

/* Move entries of page `from` to the open page while it is filled no further than limit. */
static void move_entries(const struct space_env *env, struct space *sp, uint32_t from, uint32_t limit)
{
    struct page *to = sp->pages[sp->open];
    uint32_t offset = sp->pages[from]->first, used = sp->pages[from]->used, size;

    for (; sp->pages[from] && offset < used; offset += size) {
        struct entry *x = entry_in(sp->pages[from], offset), *moved = entry_in(to, to->used);

        size = entry_size(&env->layout, x);
        if (!entry_is_live(x))
            continue;
        if (to->used + size > limit)
            return;
        memcpy((void *)moved, (const void *)x, size);
        sp->slots[index_of_place(sp, (uint32_t)x->hash, place(from, offset))].at = place(sp->open, to->used);
        to->used += size;
        to->live_bytes += size;
        bury(env, sp, from, offset);
    }
}

/* After a page was opened: half of what will be left of it may be filled from pages that are mostly dead. */
static void sweep(const struct space_env *env, struct space *sp, uint32_t need)
{
    struct page *to = sp->pages[sp->open];
    uint32_t limit = (to->size - need) / 2;

    for (uint32_t n = MIN(SWEEP_PAGES, sp->page_count); n > 0 && to->used < limit && sp->page_count; n--) {
        uint32_t i = sp->sweep % sp->page_count;
        struct page *p = sp->pages[i];

        sp->sweep = i + 1;
        if (p && i != sp->open && p->live_bytes <= p->used / 2)
            move_entries(env, sp, i, limit);
    }
}

static bool page_list_room(const struct space_env *env, struct space *sp)
{
    struct page **pages;

    if (sp->page_count < sp->page_capacity)
        return true;
    if (sp->page_count >= PAGE_LIMIT ||
        (pages = take_array(env, sp->page_capacity * 2, sizeof *pages)) == NULL)
        return false;
    memcpy(pages, sp->pages, sp->page_count * sizeof *pages);
    drop_page_list(env, sp);
    sp->pages = pages;
    sp->page_capacity *= 2;
    return true;
}

/* Where a new page goes: an emptied place near the front, else the end. */
static uint32_t page_place(const struct space *sp)
{
    for (uint32_t i = 0; i < MIN(SWEEP_PAGES, sp->page_count); i++)
        if (sp->pages[i] == NULL)
            return i;
    return sp->page_count;
}

/* A page with room for need bytes, its number in *out. Pages grow with the space, so that a small one stays
 * small. */
static bool page_room(const struct space_env *env, struct space *sp, size_t need, uint32_t *out)
{
    size_t size = MIN(MAX(sp->byte_count, (size_t)SMALLEST), PAGE_DATA);
    uint32_t number;
    struct page *p;

    *out = sp->open;
    if (sp->open != NO_PAGE && sp->pages[sp->open]->size - sp->pages[sp->open]->used >= need)
        return true;
    if (need > UINT32_MAX - sizeof *p || !page_list_room(env, sp) ||
        (p = page_new((uint32_t)MAX(size, need), env->budget)) == NULL)
        return false;
    *out = number = page_place(sp);
    sp->pages[number] = p;
    sp->page_count = MAX(sp->page_count, number + 1);
    sp->byte_count += p->size;
    if (need > PAGE_DATA)
        return true; /* all its own */
    sp->open = number;
    sweep(env, sp, (uint32_t)need);
    return true;
}

/* --- entries --- */

static struct entry *append(const struct space_env *env, struct space *sp, uint32_t number, struct key key,
                            size_t value_len, uint32_t *at)
{
    const struct entry_layout *l = &env->layout;
    struct page *p = sp->pages[number];
    struct entry *x = entry_in(p, p->used);
    uint32_t size = (uint32_t)entry_size_of(l, key.bytes.len, value_len);

    memset((void *)x, 0, size); /* the padding too */
    x->hash = key.hash;
    x->key_len = (uint32_t)key.bytes.len;
    if (l->value_size == 0)
        *entry_len(l, x) = *entry_room(l, x) = (uint32_t)value_len;
    memcpy((char *)(uintptr_t)entry_key(l, x), key.bytes.ptr, key.bytes.len);
    *at = place(number, p->used);
    p->used += size;
    p->live_bytes += size;
    return x;
}

struct entry *space_own(struct space *sp, uint32_t slot)
{
    uint32_t number = place_page(sp->slots[slot].at);
    struct page *p = sp->pages[number], *copy;

    if (LIKELY(page_is_private(p)))
        return entry_at(sp, sp->slots[slot].at);
    if ((copy = page_copy(p)) == NULL)
        return NULL;
    sp->pages[number] = copy;
    page_unref(p);
    return entry_at(sp, sp->slots[slot].at);
}

static bool value_fits(size_t value_len)
{
    return value_len <= ENTRY_VALUE_MAX;
}

struct entry *space_add(const struct space_env *env, struct space *sp, struct key key, size_t value_len)
{
    struct entry *x;
    uint32_t number, at;

    if (!value_fits(value_len) || key.bytes.len > ENTRY_VALUE_MAX || !index_room(env, sp) ||
        !page_room(env, sp, entry_size_of(&env->layout, key.bytes.len, value_len), &number))
        return NULL;
    x = append(env, sp, number, key, value_len, &at);
    index_add(sp->slots, sp->slot_mask, (uint32_t)key.hash, at);
    sp->count++;
    return x;
}

struct entry *space_replace(const struct space_env *env, struct space *sp, struct key key, size_t value_len)
{
    struct entry *x;
    uint32_t number, slot, at, old;

    if (!value_fits(value_len) ||
        !page_room(env, sp, entry_size_of(&env->layout, key.bytes.len, value_len), &number))
        return NULL;
    x = space_find(env, sp, key, &slot); /* only now: page_room may have moved it */
    assert(x);
    old = sp->slots[slot].at;
    x = append(env, sp, number, key, value_len, &at);
    sp->slots[slot].at = at;
    bury(env, sp, place_page(old), place_offset(old));
    return x;
}

void space_remove(const struct space_env *env, struct space *sp, uint32_t slot)
{
    uint32_t at = sp->slots[slot].at;

    index_remove(sp, slot);
    sp->count--;
    bury(env, sp, place_page(at), place_offset(at));
}

/* *at: page number and offset. An offset behind the page's end leads to the next page. */
struct entry *space_next(const struct space_env *env, const struct space *sp, size_t *at)
{
    size_t number = *at >> 16, offset = *at & 0xffff;

    for (; number < sp->page_count; number++, offset = 0) {
        struct page *p = sp->pages[number];

        if (p == NULL)
            continue;
        for (offset = MAX(offset, (size_t)p->first); offset < p->used;) {
            struct entry *x = entry_in(p, (uint32_t)offset);

            offset += entry_size(&env->layout, x);
            if (!entry_is_live(x))
                continue;
            *at = offset < p->used ? number << 16 | offset : (number + 1) << 16;
            return x;
        }
    }
    *at = number << 16;
    return NULL;
}
