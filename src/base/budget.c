/* budget.c: a chain of atomic counters. */
#include "base/budget.h"
#include "base/mem.h"
#include <stdatomic.h>

struct budget {
    struct budget *parent; /* borrowed */
    char *name;            /* owned */
    size_t limit;
    atomic_size_t used;
    atomic_size_t peak;
};

struct budget *budget_new(const char *name, size_t limit, struct budget *parent)
{
    struct budget *b = mem_zalloc(sizeof *b);

    if (b == NULL || (b->name = mem_strdup(name)) == NULL) {
        mem_free(b);
        return NULL;
    }
    b->parent = parent;
    b->limit = limit;
    return b;
}

void budget_free(struct budget *b)
{
    if (b == NULL)
        return;
    if (b->parent)
        budget_give(b->parent, atomic_load(&b->used));
    mem_free(b->name);
    mem_free(b);
}

static void raise_peak(struct budget *b, size_t used)
{
    size_t peak = atomic_load_explicit(&b->peak, memory_order_relaxed);

    while (used > peak && !atomic_compare_exchange_weak(&b->peak, &peak, used))
        ;
}

static void give_up_to(struct budget *from, const struct budget *stop, size_t byte_count)
{
    for (struct budget *b = from; b != stop; b = b->parent)
        atomic_fetch_sub(&b->used, byte_count);
}

bool budget_take(struct budget *budget, size_t byte_count)
{
    for (struct budget *b = budget; b; b = b->parent) {
        size_t used = atomic_fetch_add(&b->used, byte_count) + byte_count;

        if (b->limit && used > b->limit) {
            give_up_to(budget, b->parent, byte_count);
            return false;
        }
        raise_peak(b, used);
    }
    return true;
}

void budget_force(struct budget *budget, size_t byte_count)
{
    for (struct budget *b = budget; b; b = b->parent)
        raise_peak(b, atomic_fetch_add(&b->used, byte_count) + byte_count);
}

void budget_give(struct budget *budget, size_t byte_count)
{
    for (struct budget *b = budget; b; b = b->parent) {
        size_t before = atomic_fetch_sub(&b->used, byte_count);
        assert(before >= byte_count);
    }
}

size_t budget_used(const struct budget *b)
{
    return atomic_load(&b->used);
}

size_t budget_peak(const struct budget *b)
{
    return atomic_load(&b->peak);
}

size_t budget_limit(const struct budget *budget)
{
    size_t limit = 0;

    for (const struct budget *b = budget; b; b = b->parent)
        if (b->limit && (limit == 0 || b->limit < limit))
            limit = b->limit;
    return limit;
}
