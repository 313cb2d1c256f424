/* sim_main.h: what the programs of seeds have in common. A seed is a story: processes of one job, one after
 * the other, over one file system, whose outside (files, tables) is judged after each of them. Chance picks
 * what runs next, what fails, and when a process dies. The same seed must do the same twice.
 */
#ifndef WEIR_SIM_MAIN_H
#define WEIR_SIM_MAIN_H
#include "engine/engine.h"
#include "sim_fs.h"
#include "sim_job.h"
#include "sim_world.h"

struct sim_story {
    const struct sim_kind *kind;
    struct sim_world world;
    struct fs *fs;        /* owned */
    uint32_t crash_every; /* steps */
    int32_t crashes_left;
    bool stop_asked; /* the process was told to stop, so it will not finish */
    int64_t steps;
    int32_t processes, restarts;
    int64_t commits; /* in the end */
    struct error error;
    char wrong[1200]; /* "" when all is well */
};

enum sim_ending { SIM_GOES_ON, SIM_ENDED, SIM_CRASHED };

/* A program: the job it runs, and what may happen to it besides faults and crashes. */
struct sim_kind {
    uint64_t seed_count;      /* when nothing else is said */
    uint32_t again_every;     /* one in so many seeds is run twice */
    uint32_t starve_within;   /* allocations: an injected failure is one of the next ones */
    uint32_t unwatched_every; /* one process in so many takes no checkpoints by itself; 0: none */
    uint32_t interval_us, interval_range_us, pause_range_us; /* of checkpoints */

    /* A new story, of which there is one at a time: its fields are zero but for kind; sim_begin first. */
    struct sim_story *(*begin)(uint64_t seed);

    /* One process: make the graph of the job, then sim_live. */
    enum sim_ending (*process)(struct sim_story *s, int32_t parallelism);

    /* Between two steps of a process; may be NULL. */
    void (*meanwhile)(struct sim_story *s, struct engine *en);

    /* Between two processes; may be NULL. No faults. */
    void (*afterwards)(struct sim_story *s);

    /* No faults. finished: everything must be there. */
    enum err (*judge)(struct sim_story *s, bool finished, struct sim_verdict *out, struct error *e);

    /* `, 12 of this`: behind the totals that all programs print; may be NULL. */
    void (*print_totals)(void);
};

void sim_begin(struct sim_story *s, const struct sim_kind *kind, uint64_t seed);

/* Run the process of this graph to its end; metrics may be NULL. */
enum sim_ending sim_live(struct sim_story *s, const struct graph *g, struct metrics *metrics);

/* What is wrong, the first time something is: the seed has failed. */
void sim_wrong(struct sim_story *s, const char *what);

/* The whole program:
 *
 *   sim_...               WEIR_SIM_SEEDS (a number or a range), or kind's seed_count, from 1
 *   sim_... 20000         that many
 *   sim_... 2001-4000     these
 *   sim_... seed 4711     that one, with the log on
 */
int sim_main(int argc, char **argv, const struct sim_kind *kind);
#endif
