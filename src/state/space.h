/* space.h: the entries of one namespace: its pages, and an index from a key's hash to the entry's place in
 * them.
 *
 *   slots  | tag at | tag at | free | ...      tag: the hash's low 32 bits, whose low bits are the home slot
 *               |                              at: 1 + page number and offset; 0 when free
 *   pages  | * | * | NULL | * |
 *
 * A space of a few entries is one allocation and one small page, so that a hundred thousand of them do no
 * harm. Removing never moves an entry and never needs memory. Room is won back page by page: an emptied page
 * is freed, and opening a new page moves entries out of pages that are more than half dead into it. Thread:
 * the task's.
 */
#ifndef WEIR_STATE_SPACE_H
#define WEIR_STATE_SPACE_H
#include "state/entry.h"
#include "state/page.h"

struct slot {
    uint32_t tag, at;
};

#define SPACE_FIRST_SLOTS 4
#define SPACE_FIRST_PAGES 2

struct space {
    int64_t name;
    struct page **pages; /* owned references; NULL where one was emptied */
    uint32_t page_count, page_capacity;
    uint32_t open;      /* number of the page that is appended to; page_count or more: none */
    uint32_t sweep;     /* where the search for half-dead pages goes on */
    struct slot *slots; /* slot_mask + 1 of them */
    uint32_t slot_mask;
    uint32_t count;
    size_t byte_count; /* of all pages' data */
    struct slot first_slots[SPACE_FIRST_SLOTS];
    struct page *first_pages[SPACE_FIRST_PAGES];
};

/* What all spaces of a state have in common; lives in the state. */
struct space_env {
    struct entry_layout layout;
    struct budget *budget; /* borrowed, may be NULL */
    const uint32_t *epoch; /* the store's */
};

struct space *space_new(const struct space_env *env, int64_t name); /* NULL when there is no memory */
void space_free(const struct space_env *env, struct space *sp);     /* NULL is fine */

/* The entry of key, NULL when absent; *slot says where it was found, valid until the next change. */
struct entry *space_find(const struct space_env *env, const struct space *sp, struct key key, uint32_t *slot);

/* Have the slot of a hash in the cache soon; later its entry, which may be another key's of the same tag. */
void space_prefetch_slot(const struct space *sp, uint64_t hash);
void space_prefetch_entry(const struct space *sp, uint64_t hash);

/* The entry in slot, in a page that is nobody else's. NULL when there is no memory: nothing changed. */
struct entry *space_own(struct space *sp, uint32_t slot);

/* Add a key that is not there, its value zeroed, with room for value_len bytes when values have any length.
 * NULL when there is no memory: nothing changed. */
struct entry *space_add(const struct space_env *env, struct space *sp, struct key key, size_t value_len);

/* The same for a key that is there, whose entry has too little room: it gets a new entry, the old one dies.
 */
struct entry *space_replace(const struct space_env *env, struct space *sp, struct key key, size_t value_len);
void space_remove(const struct space_env *env, struct space *sp, uint32_t slot);

/* Step through the live entries: start with *at = 0; NULL at the end. Entries given may be removed on the
 * way. */
struct entry *space_next(const struct space_env *env, const struct space *sp, size_t *at);
#endif
