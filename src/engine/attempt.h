/* attempt.h: one try to run the job: its tasks, the channels between them, its committers. A restart is a new
 * attempt.
 *
 * The master tells all tasks the same things by the notice board: barriers to begin, checkpoints that are
 * complete, that all is off. Each task reads it when it runs, at its own pace; so nothing is lost, and
 * telling needs no memory.
 */
#ifndef WEIR_ENGINE_ATTEMPT_H
#define WEIR_ENGINE_ATTEMPT_H
#include "checkpoint/checkpoint_store.h"
#include "engine/chain.h"
#include "engine/engine.h"
#include "engine/engine_metrics.h"
#include "engine/scheduler.h"
#include "engine/work_group.h"

struct task;

#define NOTICE_ROOM 64 /* barriers that the slowest task may be behind; more are not begun */

struct notice {
    int64_t checkpoint_id;
    bool is_last;
};

struct notice_board {
    atomic_bool cancelled;
    _Atomic int64_t completed_id;   /* newest checkpoint that is complete; 0: none */
    _Atomic uint32_t barrier_count; /* barriers begun; the nth stands in barriers[n % NOTICE_ROOM] */
    struct notice barriers[NOTICE_ROOM];
};

/* What engine_status tells, over all attempts. */
struct job_totals {
    _Atomic int64_t records_in, records_out; /* of sources; into sinks */
};

struct attempt {
    const struct engine_config *config; /* borrowed */
    const struct chains *chains;        /* borrowed */
    struct scheduler *scheduler;        /* borrowed */
    struct inbox *inbox;                /* borrowed */
    struct checkpoint_store *store;     /* borrowed */
    struct fs *state_fs;                /* borrowed: where checkpoints lie */
    struct engine_metrics *metrics;     /* borrowed */
    struct job_totals *totals;          /* borrowed */
    const char *lineage;                /* borrowed: the master's */
    int32_t number;                     /* from 0 */
    int32_t quantum;                    /* elements that a task may do before it lets others run */
    const struct checkpoint
        *from; /* what it goes on from; NULL: a start without one. Borrowed from the recovery */
    struct notice_board board;
    struct work_group work;    /* what operators, snapshots and committers do on the executor */
    struct task **tasks;       /* owned, task_count of the chains */
    struct channel **channels; /* owned */
    size_t channel_count, channel_capacity;
};

/* Make tasks and channels; nothing is opened. */
MUST_USE enum err attempt_new(const struct attempt *fields, struct attempt **out, struct error *e);
void attempt_free(struct attempt *a); /* its work is done and nothing runs; NULL is fine */

/* Have every task opened, each by a work of its own, ending in a NOTE_OPENED or NOTE_FAILED. */
void attempt_open(struct attempt *a);
void attempt_begin(struct attempt *a); /* all are open: run */

/* Have all operators closed, in works of group; when that is idle they are. The scheduler is quiet. */
void attempt_close(struct attempt *a, struct work_group *group);

/* Put a barrier on the board; false when the slowest task is too far behind. */
bool attempt_barrier(struct attempt *a, int64_t checkpoint_id, bool is_last);
void attempt_count(struct attempt *a, const struct vertex *v, const struct io_counts *counts);
void attempt_completed(struct attempt *a, int64_t checkpoint_id);
#endif
