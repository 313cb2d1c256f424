/* page.c: making and dropping pages. */
#include "state/page.h"
#include "base/budget.h"
#include "base/mem.h"

struct page *page_new(uint32_t size, struct budget *budget)
{
    struct page *p;

    if (!budget_take(budget, sizeof *p + size))
        return NULL;
    if ((p = mem_alloc(sizeof *p + size)) == NULL) {
        budget_give(budget, sizeof *p + size);
        return NULL;
    }
    *p = (struct page){.size = size, .budget = budget};
    atomic_init(&p->refs, 1);
    return p;
}

struct page *page_copy(const struct page *p)
{
    struct page *copy = page_new(p->size, p->budget);

    if (copy == NULL)
        return NULL;
    copy->used = p->used;
    copy->live_bytes = p->live_bytes;
    copy->first = p->first;
    memcpy(copy->data, p->data, p->used);
    return copy;
}

void page_unref(struct page *p)
{
    if (p == NULL || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    budget_give(p->budget, sizeof *p + p->size);
    mem_free(p);
}
