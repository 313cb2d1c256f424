/* sim_iceberg_test.c: the Iceberg sinks in a whole job under a seed, whose tables must be exact in the end,
 * whatever fails, crashes, or is found damaged. The world and its faults are those of sim_test.
 *
 *   sim_iceberg_test              WEIR_SIM_SEEDS seeds (100), from 1
 *   sim_iceberg_test 20000        that many
 *   sim_iceberg_test seed 4711    that one, with the log on
 */
#include "base/mem.h"
#include "engine/engine.h"
#include "os/log.h"
#include "sim_fs.h"
#include "sim_iceberg.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS_MAX 2000000

/* One seed's story: processes of one job, one after the other, over one file system. */
struct story {
    struct sim_world world;
    struct fs *fs;
    struct sim_iceberg spec;
    uint32_t crash_every; /* steps */
    int32_t crashes_left, damages_left, rewrites_left;
    int64_t steps;
    int32_t processes, damages, restarts, rewrites;
    int64_t commits; /* of both tables, in the end */
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

enum ending { GOES_ON, FINISHED, CRASHED };

static enum ending check_end(struct story *s, struct engine *en, enum err rc)
{
    struct engine_status status;

    engine_status(en, &status);
    if (rc != OK)
        wrong(s, s->error.text);
    else if (status.state != JOB_FINISHED)
        wrong(s, "the job ended, but has not finished");
    return FINISHED;
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
        mem_fail_at(1 + sim_below(w, 300), false);
}

/* Another engine rewrites the upsert table's files, with luck while a checkpoint is under way. */
static void rewrite(struct story *s)
{
    int faults = atomic_exchange(&s->world.faults, 0);
    bool done;

    if (sim_iceberg_compact(s->fs, &s->world.clock, random_u64(&s->world.random), &done, &s->error) != OK)
        wrong(s, s->error.text);
    s->rewrites_left -= done;
    s->rewrites += done;
    atomic_store(&s->world.faults, faults);
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
    if (s->rewrites_left > 0 && sim_chance(w, s->crash_every))
        rewrite(s);
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

static void configure(struct story *s, struct metrics *metrics, struct engine_config *config)
{
    struct sim_world *w = &s->world;

    *config = (struct engine_config){
        .clock = &w->clock,
        .executor = &w->executor,
        .fs = s->fs,
        .metrics = metrics,
        .channel_bytes = 200 + sim_below(w, 4000),
        .checkpoint_dir = "sim:/checkpoints",
        .retained = 1 + (int32_t)sim_below(w, 3),
        .checkpoint_interval_us = 300 + sim_below(w, 8000),
        .min_pause_us = sim_below(w, 1000),
        .timeout_us = 30000 + sim_below(w, 100000),
        .tolerable_failures = (int32_t)sim_below(w, 4) - 1,
        .restore_latest = true,
        .restart = {.kind = RESTART_FIXED_DELAY, .attempts = 1000000, .delay_us = 1 + sim_below(w, 5000)},
        .seed = 1 + random_u64(&w->random) / 2,
    };
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

static enum ending live(struct story *s, const struct graph *g, struct metrics *metrics)
{
    struct engine_config config;
    struct engine_status status;
    struct engine *en = NULL;
    enum ending ending = GOES_ON;

    configure(s, metrics, &config);
    if (engine_new(g, &config, &en, &s->error) != OK) {
        wrong(s, s->error.text);
        return CRASHED;
    }
    while (ending == GOES_ON && s->wrong[0] == '\0') {
        ending = step(s, en);
        if (++s->steps > STEPS_MAX)
            wrong(s, "it does not come to an end");
    }
    engine_status(en, &status);
    s->restarts += status.restarts;
    bury(s, en);
    return ending;
}

static enum ending run_process(struct story *s)
{
    int32_t parallelism = 1 + (int32_t)sim_below(&s->world, 3);
    struct metrics *metrics = metrics_new(&s->world.clock);
    enum ending ending = CRASHED; /* when a fault hits the planning, the process ends and is started again */
    struct graph g;

    s->processes++;
    graph_init(&g, "simulated job");
    if (sim_iceberg_graph(&s->spec, &g, parallelism, s->fs, &s->world.clock, &s->error) == OK)
        ending = live(s, &g, metrics);
    else if (atomic_load(&s->world.faults) == 0 && s->error.code != ERR_IO &&
             s->error.code != ERR_UNAVAILABLE)
        wrong(s, s->error.text);
    sim_iceberg_fini(&s->spec);
    graph_fini(&g);
    metrics_free(metrics);
    return ending;
}

/* --- damage --- */

#define CHECKPOINTS "sim:/checkpoints/"

/* The two newest checkpoints that are complete, and how many files the newest has. */
struct newest {
    int64_t ids[2];
    int32_t file_count, wanted; /* the number of the file to damage */
    char path[400];
};

static int64_t checkpoint_of(const char *path)
{
    const char *at = strstr(path, "/chk-");

    return at ? strtoll(at + 5, NULL, 10) : 0;
}

static bool note_checkpoint(void *arg, const struct fs_info *info)
{
    struct newest *n = arg;
    const char *name = strrchr(info->path, '/');
    int64_t id = checkpoint_of(info->path);

    if (strcmp(name, "/_metadata") != 0)
        return true;
    if (id > n->ids[0]) {
        n->ids[1] = n->ids[0];
        n->ids[0] = id;
    } else if (id > n->ids[1]) {
        n->ids[1] = id;
    }
    return true;
}

static bool note_file(void *arg, const struct fs_info *info)
{
    struct newest *n = arg;

    if (checkpoint_of(info->path) == n->ids[0] && n->file_count++ == n->wanted)
        snprintf(n->path, sizeof n->path, "%s", info->path);
    return true;
}

static void spoil(struct story *s, const char *path)
{
    struct sim_world *w = &s->world;
    struct bytes content = {0};
    struct slice left;

    if (fs_read_all(s->fs, path, &content, &s->error) != OK || content.len == 0) {
        bytes_fini(&content);
        return;
    }
    left = bytes_all(&content);
    if (sim_chance(w, 2))
        left.len = sim_below(w, (uint32_t)content.len);
    else
        content.ptr[sim_below(w, (uint32_t)content.len)] ^= (char)(1 << sim_below(w, 8));
    if (fs_put(s->fs, path, left, FS_REPLACE, &s->error) != OK)
        wrong(s, s->error.text);
    bytes_fini(&content);
    s->damages++;
}

/* One file of the newest checkpoint, when there is an older one to go back to. */
static void damage(struct story *s)
{
    struct newest n = {0};
    int faults = atomic_exchange(&s->world.faults, 0);

    if (fs_list(s->fs, CHECKPOINTS, note_checkpoint, &n, &s->error) == OK && n.ids[1] > 0) {
        s->damages_left--;
        n.wanted = -1;
        (void)!fs_list(s->fs, CHECKPOINTS, note_file, &n, &s->error);
        n.wanted = (int32_t)sim_below(&s->world, (uint32_t)n.file_count);
        n.file_count = 0;
        (void)!fs_list(s->fs, CHECKPOINTS, note_file, &n, &s->error);
        spoil(s, n.path);
    }
    atomic_store(&s->world.faults, faults);
}

/* --- one seed --- */

static void judge(struct story *s, bool complete)
{
    struct sim_verdict verdict;
    int faults = atomic_exchange(&s->world.faults, 0);

    if (sim_iceberg_judge(&s->spec, s->fs, &s->world.clock, complete, &verdict, &s->error) != OK)
        wrong(s, s->error.text);
    else if (verdict.wrong[0] != '\0')
        wrong(s, verdict.wrong);
    sim_note(&s->world, (uint64_t)verdict.row_count);
    sim_note(&s->world, (uint64_t)verdict.commit_count);
    s->commits = verdict.commit_count;
    atomic_store(&s->world.faults, faults);
}

static void begin_story(struct story *s, uint64_t seed)
{
    struct sim_world *w = &s->world;

    *s = (struct story){0};
    sim_world_init(w, seed);
    s->fs = sim_fs_new(w);
    assert(s->fs != NULL);
    s->spec.job = (struct sim_job){.partition_count = 1 + (int32_t)sim_below(w, 3),
                                   .records_each = 20 + (int32_t)sim_below(w, 600),
                                   .key_count = 1 + (int32_t)sim_below(w, 12),
                                   .most_rows = 1 + (int32_t)sim_below(w, 20),
                                   .fail_every = sim_chance(w, 2) ? 0 : 20 + sim_below(w, 500),
                                   .wait_every = sim_chance(w, 3) ? 0 : 2 + sim_below(w, 40),
                                   .faults = &w->faults};
    s->spec.buffer_bytes = 500 + sim_below(w, 20000);
    w->fault_every = sim_chance(w, 3) ? 0 : 20 + sim_below(w, 300);
    w->slow_every = sim_chance(w, 2) ? 0 : 1 + sim_below(w, 20);
    w->slow_us = 1 + sim_below(w, 30000);
    atomic_store(&w->faults, (int)sim_below(w, 30));
    s->crash_every = 100 + sim_below(w, 8000);
    s->crashes_left = (int32_t)sim_below(w, 5);
    s->damages_left = (int32_t)sim_below(w, 3);
    s->rewrites_left = sim_chance(w, 2) ? 0 : (int32_t)sim_below(w, 4);
}

/* Run until the job has finished; after each process the tables must be right so far. */
static uint64_t run_story(struct story *s, uint64_t seed)
{
    uint64_t trace;
    bool finished = false;

    begin_story(s, seed);
    while (!finished && s->wrong[0] == '\0') {
        enum ending ending = run_process(s);

        finished = ending == FINISHED;
        if (ending == CRASHED && s->crashes_left > 0)
            s->crashes_left--;
        judge(s, finished);
        if (!finished && s->damages_left > 0)
            damage(s);
    }
    trace = s->world.trace;
    sim_world_fini(&s->world);
    fs_free(s->fs);
    return trace;
}

/* What happened in all stories, so that one sees that it did. */
static struct {
    int64_t processes, restarts, damages, rewrites, commits;
} total;

static bool run_seed(uint64_t seed)
{
    struct story first, again;
    uint64_t trace = run_story(&first, seed);

    total.processes += first.processes;
    total.restarts += first.restarts;
    total.damages += first.damages;
    total.rewrites += first.rewrites;
    total.commits += first.commits;
    if (first.wrong[0] != '\0') {
        printf("seed %" PRIu64 ": %s (after %" PRId64 " steps of %d processes)\n", seed, first.wrong,
               first.steps, first.processes);
        return false;
    }
    if (seed % 16 == 0 && run_story(&again, seed) != trace) {
        printf("seed %" PRIu64 ": a second run took another way\n", seed);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *text = getenv("WEIR_SIM_SEEDS");
    uint64_t count = strtoull(argc > 1 ? argv[1] : text ? text : "100", NULL, 10), failed = 0;

    if (argc > 2 && strcmp(argv[1], "seed") == 0) {
        log_init(LOG_DEBUG, LOG_TEXT, 2);
        return run_seed(strtoull(argv[2], NULL, 10)) ? 0 : 1;
    }
    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* faults are many, and on purpose */
    for (uint64_t seed = 1; seed <= count; seed++)
        failed += !run_seed(seed);
    printf("%" PRIu64 " seeds, %" PRIu64 " failed; %" PRId64 " processes, %" PRId64 " restarts, %" PRId64
           " damaged checkpoints, %" PRId64 " rewrites by others, %" PRId64 " commits\n",
           count, failed, total.processes, total.restarts, total.damages, total.rewrites, total.commits);
    return failed == 0 ? 0 : 1;
}
