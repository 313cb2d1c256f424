/* task_snapshot.h: one task's part of one checkpoint, from the barrier until all of it is durable.
 *
 *   task thread: task_snapshot_new, then for each link task_snapshot_link, then task_snapshot_finish
 *   executor:    what operators left for later, and the files of keyed state
 *   master:      NOTE_SNAPSHOT once all that is done; the snapshot is then the master's
 */
#ifndef WEIR_ENGINE_TASK_SNAPSHOT_H
#define WEIR_ENGINE_TASK_SNAPSHOT_H
#include "engine/inbox.h"
#include "operators/operator.h"
#include <stdatomic.h>

struct attempt;
struct task;
struct task_snapshot;
struct later;

/* What one operator gave. Items and parts lie in the snapshot's arena. */
struct link_snapshot {
    struct op_snapshot base;
    struct task_snapshot *of;
    int32_t vertex;
    struct op_item *items; /* owned arrays */
    size_t item_count, item_capacity;
    struct slice *parts;
    size_t part_count, part_capacity;
    struct state_snapshot *frozen; /* owned until written */
    struct state_file *files;      /* owned: state_files_free */
    size_t file_count;
};

struct task_snapshot {
    struct note note;
    struct attempt *attempt; /* borrowed */
    int32_t task, subtask;
    int64_t checkpoint_id;
    bool is_last;
    int32_t link_count;
    struct link_snapshot *links; /* owned */
    struct later *laters;        /* owned: what is to be done on the executor */
    atomic_int pending;          /* works not yet done, and one for the task thread until it has finished */
    pthread_mutex_t lock;        /* guards all below, which works may write side by side */
    struct arena arena;
    bool has_failed; /* this checkpoint cannot be completed; error says why */
    bool is_lost;    /* ... and neither can any later one: what an operator had to hand over is gone */
    struct error error;
};

/* NULL when there is no memory. */
struct task_snapshot *task_snapshot_new(struct attempt *a, const struct task *t, int64_t checkpoint_id,
                                        bool is_last);

struct link;
MUST_USE enum err task_snapshot_link(struct task_snapshot *s, int32_t index, struct link *link,
                                     struct error *e);

/* The links are through: hand over to the executor, and in the end to the master. */
void task_snapshot_finish(struct task_snapshot *s);
void task_snapshot_free(struct task_snapshot *s); /* NULL is fine; nothing of it is pending */
#endif
