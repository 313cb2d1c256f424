/* scheduler.h: who runs next. Runnables (tasks) wait in one queue; worker threads, or a simulator one step at
 * a time, take them from it. And alarms: a runnable to be woken at a time.
 *
 *   state of a runnable:  0 ──wake──► WOKEN ──taken──► RUNNING ──done──► 0
 *                                       ▲                 │ wake
 *                                       └────done──── RUNNING|WOKEN
 *
 * Invariants
 *   1. A runnable is in the queue exactly when its state is WOKEN, and so at most once; it runs in one thread
 * at a time.
 *   2. A wake after its run began makes it run again: what was done before the wake is seen by a run after
 * it.
 *   3. While paused nothing is queued and nothing starts; once quiet, nothing runs.
 * Thread: any, unless said otherwise.
 */
#ifndef WEIR_ENGINE_SCHEDULER_H
#define WEIR_ENGINE_SCHEDULER_H
#include "base/error.h"
#include "engine/inbox.h"
#include "os/clock.h"
#include <stdatomic.h>

struct runnable {
    /* A short piece of its work; true when there is more to do at once. */
    bool (*run)(struct runnable *r);
    struct runnable *next;
    _Atomic uint32_t state;
    int64_t woken_us; /* when it was queued; read by run */
};

/* Sets *flag and wakes target when due. */
struct alarm {
    struct runnable *target;
    atomic_bool *flag;
    int64_t due_us; /* monotonic */
    size_t place;   /* in the heap, from 1; 0: not set */
};

struct scheduler {
    struct clock *clock; /* borrowed */
    struct inbox
        *inbox; /* borrowed: rung when it has become quiet, and when the next alarm has come nearer */
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct runnable *head, **tail;
    uint32_t ready_count, running_count;
    bool paused, stopping;
    struct alarm **alarms; /* owned: a heap, earliest first */
    size_t alarm_count, alarm_capacity;
    pthread_t *workers; /* owned */
    int32_t worker_count;
};

/* Begins paused. */
void scheduler_init(struct scheduler *s, struct clock *clock, struct inbox *inbox);
void scheduler_fini(struct scheduler *s); /* ends the workers */

/* Start threads that run what is ready. */
MUST_USE enum err scheduler_start(struct scheduler *s, int32_t worker_count, struct error *e);

void scheduler_wake(struct scheduler *s, struct runnable *r);

/* Room for that many alarms at once: then setting one cannot fail. Before any is set. */
MUST_USE bool scheduler_reserve(struct scheduler *s, size_t alarm_count);
void scheduler_alarm(struct scheduler *s, struct alarm *a,
                     int64_t due_us);     /* the earlier wins when it is set already */
void scheduler_fire(struct scheduler *s); /* what is due */
void scheduler_forget_alarms(struct scheduler *s);
int64_t scheduler_due_us(struct scheduler *s); /* the next alarm, INT64_MAX when there is none */

/* Pause forgets the queue, and wakes that come meanwhile: who resumes wakes all. Alarms stay until forgotten.
 */
void scheduler_pause(struct scheduler *s);
bool scheduler_is_quiet(struct scheduler *s);
void scheduler_resume(struct scheduler *s);

/* Step by step, without workers. */
uint32_t scheduler_ready_count(struct scheduler *s);
void scheduler_run_nth(struct scheduler *s, uint32_t nth);
#endif
