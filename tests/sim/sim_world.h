/* sim_world.h: the world of one simulated job: a clock that moves when told, work that runs when chosen,
 * faults, and a hash of all that was decided, so that two runs of a seed can be compared. Everything random
 * comes from one generator. Thread: one; but the parts that a test with real threads borrows say so.
 */
#ifndef WEIR_SIM_WORLD_H
#define WEIR_SIM_WORLD_H
#include "base/error.h"
#include "os/clock.h"
#include "os/executor.h"
#include "os/random.h"
#include <stdatomic.h>

struct sim_work {
    void (*fn)(void *arg);
    void *arg;
    int64_t from_us; /* not before: some work is slow */
};

struct sim_world {
    struct random random;
    struct clock clock;
    int64_t now_us; /* monotonic; the wall clock is a fixed distance away */
    struct executor executor;
    struct sim_work *work; /* owned: what waits on the executor */
    size_t work_count, work_capacity;
    bool is_dead;         /* the process has crashed: nothing that is still run has any effect outside */
    atomic_int faults;    /* how many are left to be injected; when 0 all goes well. Any thread */
    uint32_t fault_every; /* one in so many chances; 0: none */
    uint32_t slow_every;  /* one work in so many is slow, up to slow_us; 0: none */
    uint32_t slow_us;
    uint32_t slow_left; /* how many will be: else checkpoints could time out for ever */
    uint64_t trace;
};

void sim_world_init(struct sim_world *w, uint64_t seed);
void sim_world_fini(struct sim_world *w);

uint32_t sim_below(struct sim_world *w, uint32_t limit); /* a decision: goes into the trace */
bool sim_chance(struct sim_world *w, uint32_t one_in);   /* 0: never */
bool sim_fault(struct sim_world *w);                     /* let something fail now? */
void sim_note(struct sim_world *w, uint64_t what);       /* into the trace */

bool sim_run_work(struct sim_world *w); /* some work whose time has come; false when there is none */
void sim_run_dry(struct sim_world *w);  /* all work, also what it brings */
int64_t sim_work_due_us(const struct sim_world *w); /* of the earliest; INT64_MAX when there is none */
#endif
