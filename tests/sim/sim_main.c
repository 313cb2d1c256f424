/* sim_main.c: see sim_main.h. */
#include "sim_main.h"
#include "base/mem.h"
#include "os/log.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS_MAX 4000000

static uint32_t pick(void *arg, uint32_t n)
{
    return sim_below(arg, n);
}

void sim_wrong(struct sim_story *s, const char *what)
{
    if (s->wrong[0] == '\0')
        snprintf(s->wrong, sizeof s->wrong, "%s", what);
}

/* --- one process --- */

static enum sim_ending check_end(struct sim_story *s, struct engine *en, enum err rc)
{
    struct engine_status status;

    engine_status(en, &status);
    if (rc != OK)
        sim_wrong(s, s->error.text);
    else if (status.state != JOB_FINISHED && (status.state != JOB_STOPPED || !s->stop_asked))
        sim_wrong(s, "the job ended, but neither finished nor stopped");
    return SIM_ENDED;
}

/* Nothing in the engine can run: let some work be done, or time pass. */
static void pass_time(struct sim_story *s, int64_t due_us)
{
    struct sim_world *w = &s->world;

    if (sim_run_work(w))
        return;
    due_us = MIN(due_us, sim_work_due_us(w));
    if (due_us == INT64_MAX)
        sim_wrong(s, "nothing can ever happen again, and the job is not over");
    else
        w->now_us = MAX(w->now_us, due_us);
}

/* One of the next allocations finds no memory. */
static void starve(struct sim_story *s)
{
    if (sim_fault(&s->world))
        mem_fail_at(1 + sim_below(&s->world, s->kind->starve_within), false);
}

static enum sim_ending step(struct sim_story *s, struct engine *en)
{
    struct sim_world *w = &s->world;
    bool idle, ended;
    int64_t due_us;
    enum err rc;

    w->now_us += sim_below(w, 40);
    if (s->crashes_left > 0 && sim_chance(w, s->crash_every))
        return SIM_CRASHED;
    if (s->kind->meanwhile != NULL)
        s->kind->meanwhile(s, en);
    starve(s);
    if (sim_chance(w, 3) && sim_run_work(w)) {
        mem_fail_at(0, false);
        return SIM_GOES_ON;
    }
    rc = engine_step(en, pick, w, &idle, &due_us, &ended, &s->error);
    mem_fail_at(0, false);
    if (ended)
        return check_end(s, en, rc);
    if (idle)
        pass_time(s, due_us);
    return SIM_GOES_ON;
}

/* One decision after the other: the order in which initialisers are evaluated is the compiler's. */
static void configure(struct sim_story *s, struct metrics *metrics, struct engine_config *c)
{
    const struct sim_kind *kind = s->kind;
    struct sim_world *w = &s->world;

    *c = (struct engine_config){.clock = &w->clock,
                                .executor = &w->executor,
                                .fs = s->fs,
                                .metrics = metrics,
                                .checkpoint_dir = "sim:/checkpoints",
                                .restore_latest = true};
    c->channel_bytes = 200 + sim_below(w, 4000);
    c->retained = 1 + (int32_t)sim_below(w, 3);
    if (!sim_chance(w, kind->unwatched_every))
        c->checkpoint_interval_us = kind->interval_us + sim_below(w, kind->interval_range_us);
    c->min_pause_us = sim_below(w, kind->pause_range_us);
    c->timeout_us = 30000 + sim_below(w, 100000);
    c->tolerable_failures = (int32_t)sim_below(w, 4) - 1;
    c->restart = (struct restart_strategy){.kind = RESTART_FIXED_DELAY, .attempts = 1000000};
    c->restart.delay_us = 1 + sim_below(w, 5000);
    c->seed = 1 + random_u64(&w->random) / 2;
}

/* What a crash leaves is what was published. The dead process's works still run to their ends, without
 * effect. */
static void bury(struct sim_story *s, struct engine *en)
{
    s->world.is_dead = true;
    sim_run_dry(&s->world);
    engine_free(en);
    s->world.is_dead = false;
}

enum sim_ending sim_live(struct sim_story *s, const struct graph *g, struct metrics *metrics)
{
    struct engine_config config;
    struct engine_status status;
    struct engine *en = NULL;
    enum sim_ending ending = SIM_GOES_ON;

    configure(s, metrics, &config);
    if (engine_new(g, &config, &en, &s->error) != OK) {
        sim_wrong(s, s->error.text);
        return SIM_CRASHED;
    }
    while (ending == SIM_GOES_ON && s->wrong[0] == '\0') {
        ending = step(s, en);
        if (++s->steps > STEPS_MAX)
            sim_wrong(s, "it does not come to an end");
    }
    engine_status(en, &status);
    s->restarts += status.restarts;
    bury(s, en);
    return ending;
}

/* --- one seed --- */

void sim_begin(struct sim_story *s, const struct sim_kind *kind, uint64_t seed)
{
    s->kind = kind;
    sim_world_init(&s->world, seed);
    s->fs = sim_fs_new(&s->world);
    assert(s->fs != NULL);
}

static void judge(struct sim_story *s, bool finished)
{
    struct sim_verdict verdict = {0};

    if (s->kind->judge(s, finished, &verdict, &s->error) != OK)
        sim_wrong(s, s->error.text);
    else if (verdict.wrong[0] != '\0')
        sim_wrong(s, verdict.wrong);
    sim_note(&s->world, (uint64_t)verdict.row_count);
    sim_note(&s->world, (uint64_t)verdict.commit_count);
    s->commits = verdict.commit_count;
}

/* One process and what is after it; true when the job has finished by itself. */
static bool run_process(struct sim_story *s)
{
    int32_t parallelism = 1 + (int32_t)sim_below(&s->world, 3);
    enum sim_ending ending;
    bool finished;
    int faults;

    s->processes++;
    s->stop_asked = false;
    ending = s->kind->process(s, parallelism);
    finished = ending == SIM_ENDED && !s->stop_asked;
    if (ending == SIM_CRASHED && s->crashes_left > 0)
        s->crashes_left--;
    faults = atomic_exchange(&s->world.faults, 0);
    judge(s, finished);
    if (!finished && s->kind->afterwards != NULL)
        s->kind->afterwards(s);
    atomic_store(&s->world.faults, faults);
    return finished;
}

/* What happened in all stories, so that one sees that it did. */
static struct {
    int64_t processes, restarts, commits;
} total;

/* Run until the job has finished by itself; after each process what is outside must be right so far. */
static uint64_t run_story(struct sim_story *s)
{
    bool finished = false;

    while (!finished && s->wrong[0] == '\0')
        finished = run_process(s);
    sim_world_fini(&s->world);
    fs_free(s->fs);
    total.processes += s->processes;
    total.restarts += s->restarts;
    total.commits += s->commits;
    return s->world.trace;
}

static bool run_seed(const struct sim_kind *kind, uint64_t seed)
{
    struct sim_story *s = kind->begin(seed);
    uint64_t trace = run_story(s);

    if (s->wrong[0] != '\0') {
        printf("seed %" PRIu64 ": %s (after %" PRId64 " steps of %d processes)\n", seed, s->wrong, s->steps,
               s->processes);
        return false;
    }
    if (seed % kind->again_every == 0 && run_story(kind->begin(seed)) != trace) {
        printf("seed %" PRIu64 ": a second run took another way\n", seed);
        return false;
    }
    return true;
}

/* `20000` or `2001-4000`. */
static void parse_seeds(const char *text, uint64_t *first, uint64_t *last)
{
    char *end;

    *first = 1;
    *last = strtoull(text, &end, 10);
    if (*end == '-') {
        *first = *last;
        *last = strtoull(end + 1, &end, 10);
    }
    if (end == text || *end != '\0' || *first == 0 || *last < *first) {
        fprintf(stderr, "`%s` is neither a number of seeds nor a range of them, as 2001-4000\n", text);
        exit(2);
    }
}

int sim_main(int argc, char **argv, const struct sim_kind *kind)
{
    const char *text = argc > 1 ? argv[1] : getenv("WEIR_SIM_SEEDS");
    uint64_t first = 1, last = kind->seed_count, failed = 0;

    if (argc > 2 && strcmp(argv[1], "seed") == 0) {
        log_init(LOG_DEBUG, LOG_TEXT, 2);
        return run_seed(kind, strtoull(argv[2], NULL, 10)) ? 0 : 1;
    }
    if (text != NULL)
        parse_seeds(text, &first, &last);
    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* faults are many, and on purpose */
    for (uint64_t seed = first; seed <= last; seed++) {
        failed += !run_seed(kind, seed);
        fflush(stdout);
    }
    printf("%" PRIu64 " seeds, %" PRIu64 " failed; %" PRId64 " processes, %" PRId64 " restarts, %" PRId64
           " commits",
           last - first + 1, failed, total.processes, total.restarts, total.commits);
    if (kind->print_totals != NULL)
        kind->print_totals();
    printf("\n");
    return failed == 0 ? 0 : 1;
}
