/* sim_world.c: see sim_world.h. */
#include "sim_world.h"
#include "base/hash.h"
#include "base/mem.h"

#define WALL_AHEAD_US (INT64_C(1760000000) * 1000000)
#define SLOW_MOST     10000

static int64_t wall_us(struct clock *c)
{
    return CONTAINER_OF(c, struct sim_world, clock)->now_us + WALL_AHEAD_US;
}

static int64_t mono_us(struct clock *c)
{
    return CONTAINER_OF(c, struct sim_world, clock)->now_us;
}

static bool submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct sim_world *w = CONTAINER_OF(x, struct sim_world, executor);
    int64_t from_us = w->now_us;

    if (w->slow_left > 0 && sim_chance(w, w->slow_every)) {
        w->slow_left--;
        from_us += sim_below(w, w->slow_us);
    }
    if (sim_fault(w) || !MEM_GROW(w->work, w->work_count, w->work_capacity))
        return false;
    w->work[w->work_count++] = (struct sim_work){fn, arg, from_us};
    return true;
}

void sim_world_init(struct sim_world *w, uint64_t seed)
{
    *w = (struct sim_world){
        .clock = {wall_us, mono_us}, .now_us = 1000000, .executor.submit = submit, .slow_left = SLOW_MOST};
    random_seed(&w->random, seed);
}

void sim_world_fini(struct sim_world *w)
{
    assert(w->work_count == 0);
    mem_free(w->work);
}

void sim_note(struct sim_world *w, uint64_t what)
{
    w->trace = hash_mix(w->trace ^ hash_mix(what + 1));
}

uint32_t sim_below(struct sim_world *w, uint32_t limit)
{
    uint32_t v = (uint32_t)random_below(&w->random, limit);

    sim_note(w, (uint64_t)limit << 32 | v);
    return v;
}

bool sim_chance(struct sim_world *w, uint32_t one_in)
{
    return one_in > 0 && sim_below(w, one_in) == 0;
}

bool sim_fault(struct sim_world *w)
{
    if (w->is_dead || atomic_load(&w->faults) <= 0 || !sim_chance(w, w->fault_every))
        return false;
    atomic_fetch_sub(&w->faults, 1);
    return true;
}

static void run_nth(struct sim_world *w, size_t nth)
{
    struct sim_work work = w->work[nth];

    memmove(&w->work[nth], &w->work[nth + 1], (--w->work_count - nth) * sizeof work);
    work.fn(work.arg);
}

bool sim_run_work(struct sim_world *w)
{
    uint32_t ready = 0, chosen;

    for (size_t i = 0; i < w->work_count; i++)
        ready += w->work[i].from_us <= w->now_us;
    if (ready == 0)
        return false;
    chosen = sim_below(w, ready);
    for (size_t i = 0; i < w->work_count; i++)
        if (w->work[i].from_us <= w->now_us && chosen-- == 0) {
            run_nth(w, i);
            break;
        }
    return true;
}

void sim_run_dry(struct sim_world *w)
{
    while (w->work_count > 0)
        run_nth(w, 0);
}

int64_t sim_work_due_us(const struct sim_world *w)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < w->work_count; i++)
        due = MIN(due, w->work[i].from_us);
    return due;
}
