/* sim_test.c: a whole job under a seed: chance picks what runs next, what fails, and when the process dies or
 * is stopped; the table must be exact in the end. Arguments: see sim_main.h.
 */
#include "sim_main.h"

static const struct sim_kind kind;

static struct story {
    struct sim_story base;
    struct sim_job job;
    bool extra_hop;
    int32_t stops_left;
} story;

static struct sim_story *begin(uint64_t seed)
{
    struct sim_world *w = &story.base.world;

    story = (struct story){0};
    sim_begin(&story.base, &kind, seed);
    story.job = (struct sim_job){.partition_count = 1 + (int32_t)sim_below(w, 5),
                                 .records_each = 20 + (int32_t)sim_below(w, 300),
                                 .key_count = 1 + (int32_t)sim_below(w, 12),
                                 .most_rows = 1 + (int32_t)sim_below(w, 20),
                                 .table = "sim:/table",
                                 .fail_every = sim_chance(w, 2) ? 0 : 20 + sim_below(w, 500),
                                 .wait_every = sim_chance(w, 3) ? 0 : 2 + sim_below(w, 40),
                                 .faults = &w->faults};
    story.extra_hop = sim_chance(w, 2);
    w->fault_every = sim_chance(w, 3) ? 0 : 10 + sim_below(w, 200);
    w->slow_every = sim_chance(w, 2) ? 0 : 1 + sim_below(w, 20);
    w->slow_us = 1 + sim_below(w, 50000);
    atomic_store(&w->faults, (int)sim_below(w, 40));
    story.base.crash_every = 50 + sim_below(w, 4000);
    story.base.crashes_left = (int32_t)sim_below(w, 5);
    story.stops_left = (int32_t)sim_below(w, 2);
    return &story.base;
}

static enum sim_ending process(struct sim_story *s, int32_t parallelism)
{
    enum sim_ending ending = SIM_CRASHED;
    struct graph g;

    graph_init(&g, "simulated job");
    if (sim_job_graph(&story.job, &g, parallelism, story.extra_hop, &s->error) == OK)
        ending = sim_live(s, &g, NULL);
    else
        sim_wrong(s, s->error.text);
    graph_fini(&g);
    return ending;
}

/* Somebody stops the job, or asks for a checkpoint. */
static void meanwhile(struct sim_story *s, struct engine *en)
{
    if (story.stops_left > 0 && sim_chance(&s->world, s->crash_every)) {
        story.stops_left--;
        s->stop_asked = true;
        engine_stop(en);
    }
    if (sim_chance(&s->world, 2000))
        engine_checkpoint(en);
}

static enum err judge(struct sim_story *s, bool finished, struct sim_verdict *out, struct error *e)
{
    return sim_job_judge(&story.job, s->fs, finished, out, e);
}

static const struct sim_kind kind = {
    .seed_count = 1000,
    .again_every = 8,
    .starve_within = 100,
    .unwatched_every = 8,
    .interval_us = 2000,
    .interval_range_us = 30000,
    .pause_range_us = 3000,
    .begin = begin,
    .process = process,
    .meanwhile = meanwhile,
    .judge = judge,
};

int main(int argc, char **argv)
{
    return sim_main(argc, argv, &kind);
}
