/* master.h: the one who drives a job: starts attempts and takes them down, carries out the coordinator's
 * orders, and decides about restarts. It never blocks: what does is a work on the executor that answers with
 * a note. So the same steps run on a thread of its own (engine_run) or in the simulator's (engine_step).
 *
 *              ┌──────────────────────────── restart after a delay ◄───────────────┐
 *              ▼                                                                    │
 *   start ► RECOVERING ──► OPENING ──► RUNNING ── failure, stop, end, cancel ──► DRAINING ──► CLOSING ──►
 * OVER checkpoint,    operators,  barriers,                                 nothing runs, operators
 *           committers     state       commits                                   no work out   are closed
 *
 * Threads: the master's own, for all below, but where it says any.
 *
 * A barrier's life: coordinator orders TRIGGER ► a pending_checkpoint is made, the barrier stands on the
 * notice board ► every task snapshots when the barrier passes (task_barrier.c) ► NOTE_SNAPSHOT from each,
 * once durable ► the coordinator orders STORE ► a work writes _metadata ► NOTE_STORED ► COMPLETE goes on the
 * board ► COMMIT: a work calls the committers ► NOTE_COMMITTED.
 *
 * Exactly once rests on four rules.
 *   1. A checkpoint is stored only when every task's part of it, and of all before it, has come in.
 *   2. What sinks handed over for a checkpoint that came to nothing (parts) is carried on to the next one: it
 * holds rows that the next one's offsets are past.
 *   3. No checkpoint begins before the one before it is committed, so the newest stored one holds all parts
 * that may not be committed yet.
 *   4. Before an attempt, committers are told which checkpoint the job goes on from, and put the outside in
 * line with it.
 */
#ifndef WEIR_ENGINE_MASTER_H
#define WEIR_ENGINE_MASTER_H
#include "checkpoint/coordinator.h"
#include "engine/attempt.h"
#include "engine/recovery.h"
#include "engine/restart.h"
#include "engine/scheduler.h"
#include "engine/task_snapshot.h"

enum master_phase {
    PHASE_CREATED,
    PHASE_RECOVERING,
    PHASE_OPENING,
    PHASE_RUNNING,
    PHASE_DRAINING,
    PHASE_CLOSING,
    PHASE_WAITING, /* for the restart's delay to be over */
    PHASE_OVER,
};

/* A checkpoint between its trigger and the end of its store, or the coming in of its last part when it was
 * aborted. */
struct pending_checkpoint {
    struct pending_checkpoint *next; /* younger */
    int64_t id, triggered_us;        /* wall clock */
    bool is_last, is_aborted;
    int32_t ack_count;
    struct task_snapshot **acks; /* owned, by task */
    bool *told;                  /* by task: the coordinator knows of the ack */
};

/* A part of a checkpoint that came to nothing: rule 2. */
struct carried {
    int32_t vertex;
    struct slice part; /* owned bytes */
};

struct store_work {
    struct note note;
    struct engine *engine;
    struct pending_checkpoint *pending;
    struct checkpoint *checkpoint; /* owned until it is committed */
    enum err rc;
    struct error error;
};

struct commit_work {
    struct note note;
    struct engine *engine;
    enum err rc;
    struct error error;
};

struct engine {
    const struct graph *graph; /* borrowed */
    struct engine_config config;
    struct chains chains;
    struct scheduler scheduler;
    struct inbox inbox;
    struct work_group work; /* the master's own: recovery, store, commit, closing */
    struct job_totals totals;
    struct engine_metrics metrics;
    struct random random;
    struct fs *memory_fs; /* owned; NULL when there is a checkpoint_dir */
    struct checkpoint_store *store;

    enum master_phase phase;
    enum job_state outcome; /* what the attempt is taken down for; JOB_RESTARTING: a failure */
    struct error failure;
    int32_t attempt_number, restarts;
    struct recovery *recovery;
    struct attempt *attempt;
    int32_t opened_count, ended_count;
    int64_t restart_due_us, running_since_us, sample_due_us;
    struct restart_history history;
    char lineage[RANDOM_UUID_MAX];

    struct coordinator *coordinator;
    struct coordinator_stats past;      /* of earlier attempts */
    struct pending_checkpoint *pending; /* oldest first */
    struct carried *carried;
    size_t carried_count, carried_capacity;
    struct store_work store_work;
    struct commit_work commit_work;
    struct checkpoint *committing; /* owned */
    int64_t used_id, completed_id, committed_id;
    int64_t last_duration_us, last_bytes, restored_at_us;
    bool last_committed; /* the last checkpoint of the job is committed */

    atomic_bool stop_wanted, cancel_wanted, checkpoint_wanted; /* any thread */
    bool stop_requested;                                       /* the coordinator knows */
    pthread_mutex_t status_lock;
    struct engine_status status; /* as last published; any thread, under the lock */
    int64_t status_since_us;
    bool runs_on_threads;
};

/* Do what there is to do; afterwards nothing more is to be done before there is news or master_due_us. */
void master_step(struct engine *en);
bool master_has_work(struct engine *en);
int64_t master_due_us(struct engine *en); /* monotonic */
void master_fail(struct engine *en, const struct error *e);
void master_abandon(struct engine *en); /* take down at once what is up; nothing of it is on the executor */

/* --- master_checkpoint.c --- */

MUST_USE enum err checkpoints_begin(struct engine *en, struct error *e); /* the attempt's coordinator */
void checkpoints_advance(struct engine *en);                             /* tick, and carry out orders */
void checkpoints_snapshot(struct engine *en, struct task_snapshot *s);   /* takes it */
void checkpoints_stored(struct engine *en);
void checkpoints_committed(struct engine *en);
void checkpoints_end(struct engine *en, bool discards); /* the attempt is over: forget what is pending */
struct coordinator_stats checkpoints_stats(const struct engine *en);
#endif
