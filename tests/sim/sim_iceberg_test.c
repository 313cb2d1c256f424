/* sim_iceberg_test.c: the Iceberg sinks in a whole job under a seed, whose tables must be exact in the end,
 * whatever fails, crashes, is found damaged, or is rewritten by others. Arguments: see sim_main.h.
 */
#include "sim_iceberg.h"
#include "sim_main.h"
#include <stdio.h>
#include <stdlib.h>

#define DAMAGES_MOST 2

static const struct sim_kind kind;

static struct story {
    struct sim_story base;
    struct sim_iceberg spec;
    int32_t damages_left, rewrites_left;
    int64_t spoiled[DAMAGES_MOST]; /* ids of checkpoints */
    int32_t spoiled_count;
} story;

/* In all stories. */
static struct {
    int64_t damages, rewrites;
} total;

static struct sim_story *begin(uint64_t seed)
{
    struct sim_world *w = &story.base.world;

    story = (struct story){0};
    sim_begin(&story.base, &kind, seed);
    story.spec.job = (struct sim_job){.partition_count = 1 + (int32_t)sim_below(w, 3),
                                      .records_each = 20 + (int32_t)sim_below(w, 600),
                                      .key_count = 1 + (int32_t)sim_below(w, 12),
                                      .most_rows = 1 + (int32_t)sim_below(w, 20),
                                      .fail_every = sim_chance(w, 2) ? 0 : 20 + sim_below(w, 500),
                                      .wait_every = sim_chance(w, 3) ? 0 : 2 + sim_below(w, 40),
                                      .faults = &w->faults};
    story.spec.buffer_bytes = 500 + sim_below(w, 20000);
    w->fault_every = sim_chance(w, 3) ? 0 : 20 + sim_below(w, 300);
    w->slow_every = sim_chance(w, 2) ? 0 : 1 + sim_below(w, 20);
    w->slow_us = 1 + sim_below(w, 30000);
    atomic_store(&w->faults, (int)sim_below(w, 30));
    story.base.crash_every = 100 + sim_below(w, 8000);
    story.base.crashes_left = (int32_t)sim_below(w, 5);
    story.damages_left = (int32_t)sim_below(w, DAMAGES_MOST + 1);
    story.rewrites_left = sim_chance(w, 2) ? 0 : (int32_t)sim_below(w, 4);
    return &story.base;
}

static enum sim_ending process(struct sim_story *s, int32_t parallelism)
{
    struct metrics *metrics = metrics_new(&s->world.clock);
    enum sim_ending ending = SIM_CRASHED; /* a fault in the planning ends the process: it is started again */
    struct graph g;

    graph_init(&g, "simulated job");
    if (sim_iceberg_graph(&story.spec, &g, parallelism, s->fs, &s->world.clock, &s->error) == OK)
        ending = sim_live(s, &g, metrics);
    else if (atomic_load(&s->world.faults) == 0 && s->error.code != ERR_IO &&
             s->error.code != ERR_UNAVAILABLE)
        sim_wrong(s, s->error.text);
    sim_iceberg_fini(&story.spec);
    graph_fini(&g);
    metrics_free(metrics);
    return ending;
}

/* Another engine rewrites the upsert table's files, with luck while a checkpoint is under way. */
static void rewrite(struct sim_story *s)
{
    int faults = atomic_exchange(&s->world.faults, 0);
    bool done;

    if (sim_iceberg_compact(s->fs, &s->world.clock, random_u64(&s->world.random), &done, &s->error) != OK)
        sim_wrong(s, s->error.text);
    story.rewrites_left -= done;
    total.rewrites += done;
    atomic_store(&s->world.faults, faults);
}

static void meanwhile(struct sim_story *s, UNUSED struct engine *en)
{
    if (story.rewrites_left > 0 && sim_chance(&s->world, s->crash_every))
        rewrite(s);
}

/* --- damage --- */

#define CHECKPOINTS "sim:/checkpoints/"

static bool is_spoiled(int64_t id)
{
    for (int32_t i = 0; i < story.spoiled_count; i++)
        if (story.spoiled[i] == id)
            return true;
    return false;
}

/* The newest checkpoint that is complete, and its files. */
struct newest {
    int64_t id;
    bool has_older;             /* there is one to go back to: complete, and not damaged */
    int32_t file_count, wanted; /* the number of the file to damage */
    char path[400];
};

static int64_t checkpoint_of(const char *path)
{
    const char *at = strstr(path, "/chk-");

    return at ? strtoll(at + 5, NULL, 10) : 0;
}

static bool is_complete(const struct fs_info *info)
{
    return strcmp(strrchr(info->path, '/'), "/_metadata") == 0;
}

static bool note_newest(void *arg, const struct fs_info *info)
{
    struct newest *n = arg;

    if (is_complete(info))
        n->id = MAX(n->id, checkpoint_of(info->path));
    return true;
}

static bool note_older(void *arg, const struct fs_info *info)
{
    struct newest *n = arg;
    int64_t id = checkpoint_of(info->path);

    n->has_older |= is_complete(info) && id < n->id && !is_spoiled(id);
    return true;
}

static bool note_file(void *arg, const struct fs_info *info)
{
    struct newest *n = arg;

    if (checkpoint_of(info->path) == n->id && n->file_count++ == n->wanted)
        snprintf(n->path, sizeof n->path, "%s", info->path);
    return true;
}

static void list(struct sim_story *s, fs_visit *visit, struct newest *n)
{
    if (fs_list(s->fs, CHECKPOINTS, visit, n, &s->error) != OK)
        sim_wrong(s, s->error.text);
}

static void spoil(struct sim_story *s, const struct newest *n)
{
    struct sim_world *w = &s->world;
    struct bytes content = {0};
    struct slice left;

    if (fs_read_all(s->fs, n->path, &content, &s->error) != OK || content.len == 0) {
        bytes_fini(&content);
        return;
    }
    left = bytes_all(&content);
    if (sim_chance(w, 2))
        left.len = sim_below(w, (uint32_t)content.len);
    else
        content.ptr[sim_below(w, (uint32_t)content.len)] ^= (char)(1 << sim_below(w, 8));
    if (fs_put(s->fs, n->path, left, FS_REPLACE, &s->error) != OK)
        sim_wrong(s, s->error.text);
    bytes_fini(&content);
    story.damages_left--;
    story.spoiled[story.spoiled_count++] = n->id;
    total.damages++;
}

/* One file of the newest checkpoint, as long as a whole one is left to go back to: else nobody could go on. */
static void damage(struct sim_story *s)
{
    struct newest n = {.wanted = -1};

    if (story.damages_left == 0)
        return;
    list(s, note_newest, &n);
    list(s, note_older, &n);
    if (!n.has_older)
        return;
    list(s, note_file, &n);
    n.wanted = (int32_t)sim_below(&s->world, (uint32_t)n.file_count);
    n.file_count = 0;
    list(s, note_file, &n);
    spoil(s, &n);
}

/* --- the end --- */

static enum err judge(struct sim_story *s, bool finished, struct sim_verdict *out, struct error *e)
{
    return sim_iceberg_judge(&story.spec, s->fs, &s->world.clock, finished, out, e);
}

static void print_totals(void)
{
    printf(", %" PRId64 " damaged checkpoints, %" PRId64 " rewrites by others", total.damages,
           total.rewrites);
}

static const struct sim_kind kind = {
    .seed_count = 100,
    .again_every = 16,
    .starve_within = 300,
    .interval_us = 300,
    .interval_range_us = 8000,
    .pause_range_us = 1000,
    .begin = begin,
    .process = process,
    .meanwhile = meanwhile,
    .afterwards = damage,
    .judge = judge,
    .print_totals = print_totals,
};

int main(int argc, char **argv)
{
    return sim_main(argc, argv, &kind);
}
