/* master.c: attempts and what becomes of them. See master.h. */
#include "engine/master.h"
#include "base/mem.h"
#include "engine/task.h"
#include "os/log.h"
#include <stdio.h>

#define COMPONENT        "master"
#define SAMPLE_PERIOD_US INT64_C(1000000)

static int64_t now_us(struct engine *en)
{
    return clock_mono_us(en->config.clock);
}

/* --- taking down --- */

/* The first reason stands. From here on, only the draining moves the phase. */
static void begin_drain(struct engine *en, enum job_state outcome)
{
    if (en->phase == PHASE_DRAINING || en->phase == PHASE_CLOSING || en->phase == PHASE_OVER)
        return;
    en->outcome = outcome;
    en->phase = PHASE_DRAINING;
    if (en->attempt != NULL)
        atomic_store(&en->attempt->board.cancelled, true);
    scheduler_pause(&en->scheduler);
}

void master_fail(struct engine *en, const struct error *e)
{
    if (en->phase == PHASE_DRAINING || en->phase == PHASE_CLOSING || en->phase == PHASE_OVER)
        return; /* what fails after the first is its consequence */
    en->failure = *e;
    log_error(COMPONENT, "%s failed: %s", en->graph->name, e->text);
    begin_drain(en, JOB_RESTARTING);
}

static bool is_drained(struct engine *en)
{
    return scheduler_is_quiet(&en->scheduler) && work_group_is_idle(&en->work) &&
           (en->attempt == NULL || work_group_is_idle(&en->attempt->work));
}

static void close_committers(void *arg)
{
    recovery_free(arg);
}

static void begin_close(struct engine *en)
{
    en->phase = PHASE_CLOSING;
    checkpoints_end(en, true);
    if (en->attempt != NULL)
        attempt_close(en->attempt, &en->work);
    if (en->recovery != NULL && !executor_submit(&en->work.executor, close_committers, en->recovery))
        recovery_free(en->recovery);
    en->recovery = NULL;
}

static void go_over(struct engine *en, enum job_state outcome)
{
    en->outcome = outcome;
    en->phase = PHASE_OVER;
    log_info(COMPONENT, "%s is over", en->graph->name);
}

static void decide_restart(struct engine *en)
{
    int64_t delay_us;

    if (atomic_load(&en->cancel_wanted)) {
        go_over(en, JOB_CANCELED);
        return;
    }
    if (en->failure.advice == ADVICE_GIVE_UP ||
        !restart_decide(&en->config.restart, &en->history, now_us(en), random_unit(&en->random), &delay_us)) {
        go_over(en, JOB_FAILED);
        return;
    }
    en->phase = PHASE_WAITING;
    en->restarts++;
    en->restart_due_us = now_us(en) + delay_us;
    log_warn(COMPONENT, "%s restarts in %" PRId64 " ms", en->graph->name, delay_us / 1000);
}

static void finish_close(struct engine *en)
{
    attempt_free(en->attempt);
    en->attempt = NULL;
    en->running_since_us = 0;
    if (en->outcome == JOB_RESTARTING)
        decide_restart(en);
    else
        go_over(en, en->outcome);
}

/* --- starting --- */

static void begin_recovery(struct engine *en)
{
    struct recovery *r = mem_zalloc(sizeof *r);
    struct error e;

    en->phase = PHASE_RECOVERING;
    en->stop_requested = en->last_committed = false;
    en->opened_count = en->ended_count = 0;
    en->recovery = r;
    if (r != NULL) {
        r->graph = en->graph;
        r->config = &en->config;
        r->store = en->store;
        r->work = &en->work;
        r->is_restart = en->attempt_number > 0;
        r->completed_id = en->completed_id;
        r->used_id = en->used_id;
        memcpy(r->lineage, en->lineage, sizeof r->lineage);
    }
    if (r == NULL || !executor_submit(&en->work.executor, recovery_run, r)) {
        error_memory(&e, sizeof *r, "starting the job");
        master_fail(en, &e);
    }
}

static struct fs *state_fs(const struct engine *en)
{
    return en->memory_fs != NULL ? en->memory_fs : en->config.fs;
}

static enum err open_attempt(struct engine *en, struct error *e)
{
    struct attempt fields = {.config = &en->config,
                             .chains = &en->chains,
                             .scheduler = &en->scheduler,
                             .inbox = &en->inbox,
                             .store = en->store,
                             .state_fs = state_fs(en),
                             .metrics = &en->metrics,
                             .totals = &en->totals,
                             .lineage = en->lineage,
                             .number = en->attempt_number++,
                             .quantum = en->runs_on_threads ? 64 : 1,
                             .from = en->recovery->from};
    enum err rc;

    if ((rc = attempt_new(&fields, &en->attempt, e)) != OK)
        return rc;
    en->phase = PHASE_OPENING;
    attempt_open(en->attempt);
    return OK;
}

static void on_recovered(struct engine *en)
{
    struct recovery *r = en->recovery;
    struct error e;

    if (en->phase != PHASE_RECOVERING)
        return;
    if (r->rc != OK) {
        master_fail(en, &r->error);
        return;
    }
    memcpy(en->lineage, r->lineage, sizeof en->lineage);
    en->used_id = r->last_id;
    if (r->from != NULL) {
        en->committed_id = r->from->id;
        en->restored_at_us = clock_wall_us(en->config.clock);
    }
    if (open_attempt(en, &e) != OK)
        master_fail(en, &e);
}

static void on_opened(struct engine *en)
{
    struct error e;

    if (en->phase != PHASE_OPENING || ++en->opened_count < en->chains.task_count)
        return;
    if (checkpoints_begin(en, &e) != OK) {
        master_fail(en, &e);
        return;
    }
    en->phase = PHASE_RUNNING;
    en->running_since_us = now_us(en);
    en->sample_due_us = en->running_since_us + SAMPLE_PERIOD_US;
    attempt_begin(en->attempt);
    log_info(COMPONENT, "%s runs: %d tasks", en->graph->name, en->chains.task_count);
}

/* --- notes and requests --- */

static void handle(struct engine *en, struct note *note)
{
    switch (note->kind) {
    case NOTE_RECOVERED:
        on_recovered(en);
        return;
    case NOTE_OPENED:
        on_opened(en);
        return;
    case NOTE_FAILED:
        master_fail(en, &CONTAINER_OF(note, struct task, failed_note)->error);
        return;
    case NOTE_ENDED:
        en->ended_count++;
        return;
    case NOTE_SNAPSHOT:
        checkpoints_snapshot(en, CONTAINER_OF(note, struct task_snapshot, note));
        return;
    case NOTE_STORED:
        checkpoints_stored(en);
        return;
    case NOTE_COMMITTED:
        checkpoints_committed(en);
        return;
    }
    assert(false);
}

static void handle_notes(struct engine *en)
{
    inbox_silence(&en->inbox);
    for (struct note *note; (note = inbox_take(&en->inbox)) != NULL;)
        handle(en, note);
}

static void handle_requests(struct engine *en)
{
    bool ended = en->ended_count == en->chains.task_count;

    if (atomic_load(&en->cancel_wanted))
        begin_drain(en, JOB_CANCELED);
    if (en->phase != PHASE_RUNNING)
        return;
    if (!en->stop_requested && (ended || atomic_load(&en->stop_wanted))) {
        en->stop_requested = true;
        coordinator_request(en->coordinator, true, now_us(en));
    }
    if (atomic_exchange(&en->checkpoint_wanted, false) && !en->stop_requested)
        coordinator_request(en->coordinator, false, now_us(en));
}

static void sample(struct engine *en)
{
    int64_t now = now_us(en);

    if (en->phase != PHASE_RUNNING || now < en->sample_due_us)
        return;
    en->sample_due_us = now + SAMPLE_PERIOD_US;
    for (int32_t i = 0; i < en->chains.task_count; i++)
        if (en->attempt->tasks[i]->metrics != NULL)
            task_metrics_sample(en->attempt->tasks[i]->metrics, now);
}

/* --- what others see --- */

static enum job_state state_of(const struct engine *en)
{
    switch (en->phase) {
    case PHASE_RUNNING:
        return JOB_RUNNING;
    case PHASE_OVER:
        return en->outcome;
    case PHASE_DRAINING:
    case PHASE_CLOSING:
        return en->outcome == JOB_RESTARTING ? JOB_RESTARTING : JOB_RUNNING;
    default:
        return en->attempt_number + en->restarts > 0 ? JOB_RESTARTING : JOB_CREATED;
    }
}

static void publish(struct engine *en)
{
    struct coordinator_stats stats = checkpoints_stats(en);
    struct engine_status s = {.state = state_of(en),
                              .checkpoints_completed = stats.completed,
                              .checkpoints_failed = stats.failed,
                              .last_checkpoint_id = en->completed_id,
                              .last_checkpoint_us = en->last_duration_us,
                              .last_checkpoint_bytes = en->last_bytes,
                              .last_commit_id = en->committed_id,
                              .restarts = en->restarts};
    int64_t uptime_us = en->running_since_us > 0 ? now_us(en) - en->running_since_us : 0;
    struct job_figures figures = {
        .uptime_ms = en->phase == PHASE_OVER ? -1 : uptime_us / 1000,
        .restarts = en->restarts,
        .last_checkpoint_ms = en->completed_id > 0 ? en->last_duration_us / 1000 : -1,
        .last_checkpoint_bytes = en->completed_id > 0 ? en->last_bytes : -1,
        .last_completed_id = en->completed_id > 0 ? en->completed_id : -1,
        .restored_at_ms = en->restored_at_us > 0 ? en->restored_at_us / 1000 : -1,
        .triggered = stats.triggered,
        .completed = stats.completed,
        .failed = stats.failed,
        .in_progress = stats.triggered - stats.completed - stats.failed,
    };

    snprintf(s.last_failure, sizeof s.last_failure, "%s", en->failure.text);
    engine_metrics_show(&en->metrics, &figures);
    pthread_mutex_lock(&en->status_lock);
    en->status = s;
    en->status_since_us = en->running_since_us;
    pthread_mutex_unlock(&en->status_lock);
}

/* --- the step --- */

/* Go on with what only waits for things to have become quiet, or for a time. */
static void move_phase(struct engine *en)
{
    if (en->phase == PHASE_CREATED)
        begin_recovery(en);
    if (en->phase == PHASE_WAITING && now_us(en) >= en->restart_due_us)
        begin_recovery(en);
    if (en->phase == PHASE_RUNNING && en->last_committed)
        begin_drain(en, en->ended_count == en->chains.task_count ? JOB_FINISHED : JOB_STOPPED);
    if (en->phase == PHASE_DRAINING && is_drained(en)) {
        handle_notes(en); /* what came in on the way: nothing more can */
        begin_close(en);
    }
    if (en->phase == PHASE_CLOSING && work_group_is_idle(&en->work))
        finish_close(en);
}

void master_step(struct engine *en)
{
    scheduler_fire(&en->scheduler);
    handle_notes(en);
    handle_requests(en);
    checkpoints_advance(en);
    move_phase(en);
    sample(en);
    publish(en);
}

int64_t master_due_us(struct engine *en)
{
    int64_t due = scheduler_due_us(&en->scheduler);

    switch (en->phase) {
    case PHASE_CREATED:
        return INT64_MIN;
    case PHASE_RUNNING:
        due = MIN(due, coordinator_due_us(en->coordinator));
        return MIN(due, en->sample_due_us);
    case PHASE_WAITING:
        return MIN(due, en->restart_due_us);
    default:
        return due;
    }
}

/* Without a thread of its own the job can be left at any step, as a crash leaves it. */
void master_abandon(struct engine *en)
{
    begin_drain(en, JOB_CANCELED);
    assert(is_drained(en)); /* engine_free: the executor has run dry */
    handle_notes(en);
    checkpoints_end(en, false);
    if (en->attempt != NULL)
        for (int32_t i = 0; i < en->chains.task_count; i++)
            task_close(en->attempt->tasks[i]);
    recovery_free(en->recovery);
    attempt_free(en->attempt);
    en->recovery = NULL;
    en->attempt = NULL;
}

bool master_has_work(struct engine *en)
{
    return en->phase != PHASE_OVER && (inbox_has_news(&en->inbox) || master_due_us(en) <= now_us(en));
}
