/* space_order.c: a sorted list of sorted runs. */
#include "state/space_order.h"
#include "base/budget.h"
#include "base/mem.h"

void space_order_fini(struct space_order *o)
{
    for (size_t i = 0; i < o->run_count; i++) {
        mem_free(o->runs[i]);
        budget_give(o->budget, sizeof **o->runs);
    }
    budget_give(o->budget, o->run_capacity * (sizeof *o->runs + sizeof *o->firsts));
    mem_free(o->runs);
    mem_free(o->firsts);
    *o = (struct space_order){.budget = o->budget};
}

/* The run that name belongs to: the last that begins at or before it, else the first. */
static size_t run_of(const struct space_order *o, int64_t name)
{
    size_t low = 0, high = o->run_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (o->firsts[middle] <= name)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : 0;
}

static size_t index_in(const struct space_run *run, int64_t name)
{
    size_t low = 0, high = run->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (run->spaces[middle]->name < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct space_spot space_order_seek(const struct space_order *o, int64_t name)
{
    struct space_spot spot = {0};

    if (o->run_count == 0)
        return spot;
    spot.run = run_of(o, name);
    spot.index = index_in(o->runs[spot.run], name);
    if (spot.index == o->runs[spot.run]->count)
        spot = (struct space_spot){spot.run + 1, 0};
    return spot;
}

/* Room for one more run in both lists; all or nothing. */
static bool list_room(struct space_order *o)
{
    size_t more = o->run_capacity ? o->run_capacity * 2 : 4;
    size_t bytes = (more - o->run_capacity) * (sizeof *o->runs + sizeof *o->firsts);
    struct space_run **runs;
    int64_t *firsts;

    if (o->run_count < o->run_capacity)
        return true;
    if (!budget_take(o->budget, bytes))
        return false;
    if ((runs = mem_realloc(o->runs, more * sizeof *runs)) != NULL)
        o->runs = runs;
    if (runs == NULL || (firsts = mem_realloc(o->firsts, more * sizeof *firsts)) == NULL) {
        budget_give(o->budget, bytes); /* a list that is too long is only longer than it says */
        return false;
    }
    o->firsts = firsts;
    o->run_capacity = more;
    return true;
}

static struct space_run *add_run(struct space_order *o, size_t at)
{
    struct space_run *run;

    if (!list_room(o) || !budget_take(o->budget, sizeof *run))
        return NULL;
    if ((run = mem_alloc(sizeof *run)) == NULL) {
        budget_give(o->budget, sizeof *run);
        return NULL;
    }
    run->count = 0;
    memmove(o->runs + at + 1, o->runs + at, (o->run_count - at) * sizeof *o->runs);
    memmove(o->firsts + at + 1, o->firsts + at, (o->run_count - at) * sizeof *o->firsts);
    o->runs[at] = run;
    o->run_count++;
    return run;
}

/* Run `at` is full: half of it goes to a new run behind it, or nothing when names come in ascending order. */
static bool split(struct space_order *o, size_t at, bool at_end)
{
    struct space_run *old = o->runs[at], *run = add_run(o, at + 1);
    uint32_t keep = at_end ? RUN_SPACES : RUN_SPACES / 2;

    if (run == NULL)
        return false;
    run->count = old->count - keep;
    memcpy(run->spaces, old->spaces + keep, run->count * sizeof *run->spaces);
    old->count = keep;
    if (run->count)
        o->firsts[at + 1] = run->spaces[0]->name;
    return true;
}

bool space_order_add(struct space_order *o, struct space *sp)
{
    struct space_run *run;
    size_t at, index;

    if (o->run_count == 0 && add_run(o, 0) == NULL)
        return false;
    at = o->runs[0]->count ? run_of(o, sp->name) : 0;
    index = index_in(o->runs[at], sp->name);
    if (o->runs[at]->count == RUN_SPACES) {
        if (!split(o, at, index == RUN_SPACES))
            return false;
        if (index > o->runs[at]->count || index == RUN_SPACES) {
            index -= o->runs[at]->count;
            at++;
        }
    }
    run = o->runs[at];
    memmove(run->spaces + index + 1, run->spaces + index, (run->count - index) * sizeof *run->spaces);
    run->spaces[index] = sp;
    run->count++;
    o->firsts[at] = run->spaces[0]->name;
    return true;
}

void space_order_remove(struct space_order *o, struct space_spot spot)
{
    struct space_run *run = o->runs[spot.run];

    run->count--;
    memmove(run->spaces + spot.index, run->spaces + spot.index + 1,
            (run->count - spot.index) * sizeof *run->spaces);
    if (run->count) {
        o->firsts[spot.run] = run->spaces[0]->name;
        return;
    }
    o->run_count--;
    memmove(o->runs + spot.run, o->runs + spot.run + 1, (o->run_count - spot.run) * sizeof *o->runs);
    memmove(o->firsts + spot.run, o->firsts + spot.run + 1, (o->run_count - spot.run) * sizeof *o->firsts);
    mem_free(run);
    budget_give(o->budget, sizeof *run);
}
