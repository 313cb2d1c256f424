/* engine.c: the engine as its callers see it. See engine.h; who does what:
 *
 *   thread      owns                                      file
 *   master      attempts, coordinator, restarts           master.c, master_checkpoint.c
 *   workers     the task they run at the moment           scheduler.c ► task_run.c ► link.c ► operators ►
 * exchange.c executor    recovery, opening, snapshots' slow half,  recovery.c, task.c, task_snapshot.c
 *               storing, committing, closing
 *
 * They meet in four places: channels (task to task), the notice board (master to tasks), the inbox (everybody
 * to the master), the ready queue (everybody wakes tasks). Nothing else is shared.
 */
#include "engine/engine.h"
#include "base/mem.h"
#include "checkpoint/fs_memory.h"
#include "engine/master.h"
#include <unistd.h>

#define CHECKPOINT_TIMEOUT_US (INT64_C(600) * 1000000)

static enum err open_store(struct engine *en, struct error *e)
{
    const char *dir = en->config.checkpoint_dir;
    struct fs *fs = en->config.fs;

    if (dir == NULL) {
        if ((en->memory_fs = fs_memory_new(en->config.budget)) == NULL)
            return error_memory(e, 0, "checkpoints in memory");
        fs = en->memory_fs;
        dir = "memory:/checkpoints";
    }
    return checkpoint_store_open(fs, dir, en->graph->name, en->config.retained, &en->store, e);
}

static void fill_config(struct engine *en, const struct engine_config *config)
{
    en->config = *config;
    if (en->config.retained <= 0)
        en->config.retained = 1;
    if (en->config.timeout_us <= 0)
        en->config.timeout_us = CHECKPOINT_TIMEOUT_US;
    if (en->config.seed == 0) /* the lineage comes of it, and no two starts may share one */
        en->config.seed = random_entropy();
}

enum err engine_new(const struct graph *g, const struct engine_config *config, struct engine **out,
                    struct error *e)
{
    struct engine *en = mem_zalloc(sizeof *en);
    enum err rc;

    assert(config->clock != NULL && config->executor != NULL && config->fs != NULL);
    *out = NULL;
    if (en == NULL)
        return error_memory(e, sizeof *en, "the engine");
    en->graph = g;
    fill_config(en, config);
    inbox_init(&en->inbox);
    scheduler_init(&en->scheduler, en->config.clock, &en->inbox);
    work_group_init(&en->work, en->config.executor, &en->inbox);
    pthread_mutex_init(&en->status_lock, NULL);
    random_seed(&en->random, en->config.seed);
    random_uuid(&en->random, en->lineage);
    engine_metrics_init(&en->metrics, &en->config, g->name);
    if ((rc = chains_init(&en->chains, g, e)) == OK)
        rc = open_store(en, e);
    if (rc != OK) {
        engine_free(en);
        return rc;
    }
    *out = en;
    return OK;
}

void engine_free(struct engine *en)
{
    if (en == NULL)
        return;
    if (en->phase != PHASE_CREATED && en->phase != PHASE_OVER)
        master_abandon(en);
    scheduler_fini(&en->scheduler);
    checkpoint_store_free(en->store);
    fs_free(en->memory_fs);
    engine_metrics_fini(&en->metrics);
    chains_fini(&en->chains);
    restart_fini(&en->history);
    inbox_fini(&en->inbox);
    pthread_mutex_destroy(&en->status_lock);
    mem_free(en);
}

static enum err outcome(const struct engine *en, struct error *e)
{
    if (en->outcome != JOB_FAILED)
        return OK;
    *e = en->failure;
    return e->code;
}

enum err engine_run(struct engine *en, struct error *e)
{
    int32_t workers = en->config.worker_count;
    enum err rc;

    if (workers <= 0)
        workers = (int32_t)MAX(1, sysconf(_SC_NPROCESSORS_ONLN));
    en->runs_on_threads = true;
    if ((rc = scheduler_start(&en->scheduler, workers, e)) != OK)
        return rc;
    for (;;) {
        int64_t due_us, now_us;

        master_step(en);
        if (en->phase == PHASE_OVER)
            return outcome(en, e);
        due_us = master_due_us(en);
        now_us = clock_mono_us(en->config.clock);
        inbox_wait(&en->inbox, due_us == INT64_MAX ? INT64_MAX : MAX(0, due_us - now_us));
    }
}

enum err engine_step(struct engine *en, uint32_t (*pick)(void *arg, uint32_t n), void *arg, bool *idle,
                     int64_t *due_us, bool *ended, struct error *e)
{
    uint32_t ready, count, chosen;

    assert(!en->runs_on_threads);
    *idle = *ended = false;
    *due_us = INT64_MAX;
    if (en->phase == PHASE_OVER) {
        *ended = true;
        return outcome(en, e);
    }
    ready = scheduler_ready_count(&en->scheduler);
    count = ready + master_has_work(en);
    if (count == 0) {
        *idle = true;
        *due_us = master_due_us(en);
        return OK;
    }
    chosen = count > 1 ? pick(arg, count) : 0;
    assert(chosen < count);
    if (chosen < ready)
        scheduler_run_nth(&en->scheduler, chosen);
    else
        master_step(en);
    return OK;
}

static void ask(struct engine *en, atomic_bool *flag)
{
    atomic_store(flag, true);
    inbox_ring(&en->inbox);
}

void engine_stop(struct engine *en)
{
    ask(en, &en->stop_wanted);
}

void engine_cancel(struct engine *en)
{
    ask(en, &en->cancel_wanted);
}

void engine_checkpoint(struct engine *en)
{
    ask(en, &en->checkpoint_wanted);
}

void engine_status(struct engine *en, struct engine_status *out)
{
    pthread_mutex_lock(&en->status_lock);
    *out = en->status;
    if (en->status_since_us > 0)
        out->uptime_us = clock_mono_us(en->config.clock) - en->status_since_us;
    pthread_mutex_unlock(&en->status_lock);
    out->records_in = atomic_load(&en->totals.records_in);
    out->records_out = atomic_load(&en->totals.records_out);
}
