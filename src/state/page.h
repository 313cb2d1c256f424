/* page.h: a run of entries of one namespace of one state, shared by reference count between the task and
 * snapshots. Only the task makes and changes pages. What it may do to a page that a snapshot holds too:
 * append behind what the snapshot has seen, and mark an entry dead (entry.h), both of which the snapshot
 * cannot notice. All else goes to a copy.
 *
 *   struct page | entry | entry | entry | ... free ...
 *                                       ^ used
 */
#ifndef WEIR_STATE_PAGE_H
#define WEIR_STATE_PAGE_H
#include "base/base.h"
#include <stdatomic.h>

struct budget;

struct page {
    atomic_uint refs;
    uint32_t size;         /* of data, bytes */
    struct budget *budget; /* borrowed, charged with header and data */
    uint32_t used;         /* these three belong to the task; a snapshot has noted its own `used` */
    uint32_t live_bytes;   /* of entries that are not dead */
    uint32_t first;        /* no live entry lies before this offset */
    _Alignas(16) char data[];
};

#define PAGE_BYTES 65536                              /* of a page of full size, with its header */
#define PAGE_DATA  (PAGE_BYTES - sizeof(struct page)) /* larger ones hold one entry */

struct page *page_new(uint32_t size, struct budget *budget); /* one reference; NULL when there is no memory */
struct page *page_copy(const struct page *p);
void page_unref(struct page *p); /* NULL is fine; any thread */

static inline struct page *page_ref(struct page *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

/* For the task: whether nobody else holds p, so that it may be written. */
static inline bool page_is_private(struct page *p)
{
    return atomic_load_explicit(&p->refs, memory_order_acquire) == 1;
}
#endif
