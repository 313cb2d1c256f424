/* sim_test.c: a whole job under a seed: chance picks what runs next, what fails, and when the process dies;
 * the table must be exact in the end, and the same seed must do the same twice.
 *
 *   sim_test              WEIR_SIM_SEEDS seeds (1000), from 1
 *   sim_test 20000        that many
 *   sim_test seed 4711    that one, with the log on
 */
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine.h"
#include "os/log.h"
#include "sim_fs.h"
#include "sim_job.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS_MAX 4000000

/* One seed's story: processes of one job, one after the other, over one file system. */
struct story {
    uint64_t seed;
    struct sim_world world;
    struct fs *fs;
    struct sim_job job;
    uint32_t crash_every; /* steps */
    int32_t crashes_left, stops_left;
    bool extra_hop;
    int64_t steps;
    int32_t processes;
    struct error error;
    char wrong[1200]; /* "" when all is well */
};

static uint32_t pick(void *arg, uint32_t n)
{
    return sim_below(arg, n);
}

static void wrong(struct story *s, const char *what)
{
    if (s->wrong[0] == '\0')
        snprintf(s->wrong, sizeof s->wrong, "%s", what);
}

/* --- one process --- */

enum ending { GOES_ON, ENDED, CRASHED };

static enum ending check_end(struct story *s, struct engine *en, enum err rc)
{
    struct engine_status status;

    engine_status(en, &status);
    if (rc != OK)
        wrong(s, s->error.text);
    else if (status.state != JOB_FINISHED && status.state != JOB_STOPPED)
        wrong(s, "the job ended, but neither finished nor stopped");
    return ENDED;
}

/* Nothing in the engine can run: let some work be done, or time pass. */
static void pass_time(struct story *s, int64_t due_us)
{
    struct sim_world *w = &s->world;

    if (sim_run_work(w))
        return;
    due_us = MIN(due_us, sim_work_due_us(w));
    if (due_us == INT64_MAX)
        wrong(s, "nothing can ever happen again, and the job is not over");
    else
        w->now_us = MAX(w->now_us, due_us);
}

/* One of the next allocations finds no memory. */
static void starve(struct sim_world *w)
{
    if (sim_fault(w))
        mem_fail_at(1 + sim_below(w, 100), false);
}

static enum ending step(struct story *s, struct engine *en)
{
    struct sim_world *w = &s->world;
    bool idle, ended;
    int64_t due_us;
    enum err rc;

    w->now_us += sim_below(w, 40);
    if (s->crashes_left > 0 && sim_chance(w, s->crash_every))
        return CRASHED;
    if (s->stops_left > 0 && sim_chance(w, s->crash_every)) {
        s->stops_left--;
        engine_stop(en);
    }
    if (sim_chance(w, 2000))
        engine_checkpoint(en);
    starve(w);
    if (sim_chance(w, 3) && sim_run_work(w)) {
        mem_fail_at(0, false);
        return GOES_ON;
    }
    rc = engine_step(en, pick, w, &idle, &due_us, &ended, &s->error);
    mem_fail_at(0, false);
    if (ended)
        return check_end(s, en, rc);
    if (idle)
        pass_time(s, due_us);
    return GOES_ON;
}

/* What a crash leaves is what was published. The dead process's works still run to their ends, without
 * effect. */
static void bury(struct story *s, struct engine *en)
{
    s->world.is_dead = true;
    sim_run_dry(&s->world);
    engine_free(en);
    s->world.is_dead = false;
}

static void configure(struct story *s, struct engine_config *config)
{
    struct sim_world *w = &s->world;

    *config = (struct engine_config){
        .clock = &w->clock,
        .executor = &w->executor,
        .fs = s->fs,
        .channel_bytes = 200 + sim_below(w, 4000),
        .checkpoint_dir = "sim:/checkpoints",
        .retained = 1 + (int32_t)sim_below(w, 3),
        .checkpoint_interval_us = sim_chance(w, 8) ? 0 : 2000 + sim_below(w, 30000),
        .min_pause_us = sim_below(w, 3000),
        .timeout_us = 30000 + sim_below(w, 100000),
        .tolerable_failures = (int32_t)sim_below(w, 4) - 1,
        .restore_latest = true,
        .restart = {.kind = RESTART_FIXED_DELAY, .attempts = 1000000, .delay_us = 1 + sim_below(w, 5000)},
        .seed = 1 + random_u64(&w->random) / 2,
    };
}

static enum ending run_process(struct story *s)
{
    int32_t parallelism = 1 + (int32_t)sim_below(&s->world, 3);
    struct engine_config config;
    struct engine *en = NULL;
    struct graph g;
    enum ending ending = GOES_ON;

    s->processes++;
    configure(s, &config);
    graph_init(&g, "simulated job");
    if (sim_job_graph(&s->job, &g, parallelism, s->extra_hop, &s->error) != OK ||
        engine_new(&g, &config, &en, &s->error) != OK) {
        wrong(s, s->error.text);
        goto out;
    }
    while (ending == GOES_ON && s->wrong[0] == '\0') {
        ending = step(s, en);
        if (++s->steps > STEPS_MAX)
            wrong(s, "it does not come to an end");
    }
out:
    bury(s, en);
    graph_fini(&g);
    return ending;
}

/* --- one seed --- */

static void judge(struct story *s, bool complete)
{
    struct sim_verdict verdict;

    atomic_store(&s->world.faults, 0);
    if (sim_job_judge(&s->job, s->fs, complete, &verdict, &s->error) != OK)
        wrong(s, s->error.text);
    else if (verdict.wrong[0] != '\0')
        wrong(s, verdict.wrong);
    sim_note(&s->world, (uint64_t)verdict.row_count);
    sim_note(&s->world, (uint64_t)verdict.commit_count);
}

static void begin_story(struct story *s, uint64_t seed)
{
    struct sim_world *w = &s->world;

    *s = (struct story){.seed = seed};
    sim_world_init(w, seed);
    s->fs = sim_fs_new(w);
    assert_non_null(s->fs);
    s->job = (struct sim_job){.partition_count = 1 + (int32_t)sim_below(w, 5),
                              .records_each = 20 + (int32_t)sim_below(w, 300),
                              .key_count = 1 + (int32_t)sim_below(w, 12),
                              .most_rows = 1 + (int32_t)sim_below(w, 20),
                              .table = "sim:/table",
                              .fail_every = sim_chance(w, 2) ? 0 : 20 + sim_below(w, 500),
                              .wait_every = sim_chance(w, 3) ? 0 : 2 + sim_below(w, 40),
                              .faults = &w->faults};
    s->extra_hop = sim_chance(w, 2);
    w->fault_every = sim_chance(w, 3) ? 0 : 10 + sim_below(w, 200);
    w->slow_every = sim_chance(w, 2) ? 0 : 1 + sim_below(w, 20);
    w->slow_us = 1 + sim_below(w, 50000);
    atomic_store(&w->faults, (int)sim_below(w, 40));
    s->crash_every = 50 + sim_below(w, 4000);
    s->crashes_left = (int32_t)sim_below(w, 5);
    s->stops_left = (int32_t)sim_below(w, 2);
}

/* Run until the job has finished by itself; after each process the table must be right so far. */
static uint64_t run_story(struct story *s, uint64_t seed)
{
    uint64_t trace;
    bool finished = false;

    begin_story(s, seed);
    while (!finished && s->wrong[0] == '\0') {
        int32_t stops = s->stops_left;
        enum ending ending = run_process(s);
        int faults = atomic_load(&s->world.faults);

        finished = ending == ENDED && stops == s->stops_left;
        if (ending == CRASHED)
            s->crashes_left--;
        judge(s, finished);
        atomic_store(&s->world.faults, faults);
    }
    trace = s->world.trace;
    sim_world_fini(&s->world);
    fs_free(s->fs);
    return trace;
}

static bool run_seed(uint64_t seed)
{
    struct story first, again;
    uint64_t trace = run_story(&first, seed);

    if (first.wrong[0] != '\0') {
        printf("seed %" PRIu64 ": %s (after %" PRId64 " steps of %d processes)\n", seed, first.wrong,
               first.steps, first.processes);
        return false;
    }
    if (seed % 8 == 0 && run_story(&again, seed) != trace) {
        printf("seed %" PRIu64 ": a second run took another way\n", seed);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *text = getenv("WEIR_SIM_SEEDS");
    uint64_t count = strtoull(argc > 1 ? argv[1] : text ? text : "1000", NULL, 10), failed = 0;

    if (argc > 2 && strcmp(argv[1], "seed") == 0) {
        log_init(LOG_DEBUG, LOG_TEXT, 2);
        return run_seed(strtoull(argv[2], NULL, 10)) ? 0 : 1;
    }
    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* faults are many, and on purpose */
    for (uint64_t seed = 1; seed <= count; seed++)
        failed += !run_seed(seed);
    printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", count, failed);
    return failed == 0 ? 0 : 1;
}
