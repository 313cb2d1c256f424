/* scheduler.c: one queue under one lock. See scheduler.h.
 * The lock is taken once per run, and a run is many elements; so with the few workers of one machine it is
 * not what limits. A wake of what is awake already does not take it.
 */
#include "engine/scheduler.h"
#include "base/mem.h"
#include <stdio.h>

#define WOKEN   1u
#define RUNNING 2u

void scheduler_init(struct scheduler *s, struct clock *clock, struct inbox *inbox)
{
    *s = (struct scheduler){.clock = clock, .inbox = inbox, .paused = true};
    s->tail = &s->head;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

/* --- the queue --- */

/* While paused the wake is forgotten: whoever resumes wakes all. */
static void enqueue(struct scheduler *s, struct runnable *r)
{
    if (s->paused) {
        atomic_store_explicit(&r->state, 0, memory_order_release);
        return;
    }
    r->next = NULL;
    r->woken_us = clock_mono_us(s->clock);
    *s->tail = r;
    s->tail = &r->next;
    s->ready_count++;
    pthread_cond_signal(&s->changed);
}

void scheduler_wake(struct scheduler *s, struct runnable *r)
{
    if (atomic_fetch_or_explicit(&r->state, WOKEN, memory_order_acq_rel) != 0)
        return; /* it waits in the queue, or runs and will again */
    pthread_mutex_lock(&s->lock);
    enqueue(s, r);
    pthread_mutex_unlock(&s->lock);
}

static struct runnable *take(struct scheduler *s, uint32_t nth)
{
    struct runnable **at = &s->head, *r;

    while (nth-- > 0)
        at = &(*at)->next;
    r = *at;
    if ((*at = r->next) == NULL)
        s->tail = at;
    s->ready_count--;
    s->running_count++;
    return r;
}

/* Run r, which was taken, without the lock; queue it again when it has more to do or was woken meanwhile. */
static void run_one(struct scheduler *s, struct runnable *r)
{
    uint32_t expected = RUNNING;
    bool more, quiet;

    atomic_exchange_explicit(&r->state, RUNNING, memory_order_acq_rel);
    more = r->run(r);
    if (more)
        atomic_fetch_or_explicit(&r->state, WOKEN, memory_order_acq_rel);
    pthread_mutex_lock(&s->lock);
    if (!atomic_compare_exchange_strong_explicit(&r->state, &expected, 0, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        atomic_store_explicit(&r->state, WOKEN, memory_order_release);
        enqueue(s, r);
    }
    quiet = --s->running_count == 0 && s->paused;
    if (quiet)
        inbox_ring(s->inbox);
    pthread_mutex_unlock(&s->lock);
}

uint32_t scheduler_ready_count(struct scheduler *s)
{
    uint32_t count;

    pthread_mutex_lock(&s->lock);
    count = s->ready_count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

void scheduler_run_nth(struct scheduler *s, uint32_t nth)
{
    struct runnable *r;

    pthread_mutex_lock(&s->lock);
    assert(nth < s->ready_count);
    r = take(s, nth);
    pthread_mutex_unlock(&s->lock);
    run_one(s, r);
}

/* --- pausing --- */

void scheduler_pause(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    s->paused = true;
    for (struct runnable *r = s->head; r != NULL; r = r->next)
        atomic_store_explicit(&r->state, 0, memory_order_release);
    s->head = NULL;
    s->tail = &s->head;
    s->ready_count = 0;
    pthread_mutex_unlock(&s->lock);
}

bool scheduler_is_quiet(struct scheduler *s)
{
    bool quiet;

    pthread_mutex_lock(&s->lock);
    quiet = s->paused && s->running_count == 0;
    pthread_mutex_unlock(&s->lock);
    return quiet;
}

void scheduler_resume(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    s->paused = false;
    pthread_mutex_unlock(&s->lock);
}

/* --- alarms: a binary heap in alarms[0..], where a->place is its index plus one --- */

static void place(struct scheduler *s, struct alarm *a, size_t index)
{
    s->alarms[index] = a;
    a->place = index + 1;
}

static void sift_up(struct scheduler *s, struct alarm *a, size_t index)
{
    while (index > 0 && s->alarms[(index - 1) / 2]->due_us > a->due_us) {
        place(s, s->alarms[(index - 1) / 2], index);
        index = (index - 1) / 2;
    }
    place(s, a, index);
}

static void sift_down(struct scheduler *s, struct alarm *a, size_t index)
{
    for (;;) {
        size_t child = index * 2 + 1;

        if (child + 1 < s->alarm_count && s->alarms[child + 1]->due_us < s->alarms[child]->due_us)
            child++;
        if (child >= s->alarm_count || s->alarms[child]->due_us >= a->due_us)
            break;
        place(s, s->alarms[child], index);
        index = child;
    }
    place(s, a, index);
}

bool scheduler_reserve(struct scheduler *s, size_t alarm_count)
{
    struct alarm **alarms;

    assert(s->alarm_count == 0);
    if (alarm_count <= s->alarm_capacity)
        return true;
    if ((alarms = mem_realloc(s->alarms, alarm_count * sizeof(struct alarm *))) == NULL)
        return false;
    s->alarms = alarms;
    s->alarm_capacity = alarm_count;
    return true;
}

void scheduler_alarm(struct scheduler *s, struct alarm *a, int64_t due_us)
{
    bool nearer = false;

    pthread_mutex_lock(&s->lock);
    if (a->place == 0 || due_us < a->due_us) {
        size_t index = a->place != 0 ? a->place - 1 : s->alarm_count++;

        assert(s->alarm_count <= s->alarm_capacity);
        a->due_us = due_us;
        sift_up(s, a, index);
        nearer = a->place == 1;
    }
    pthread_mutex_unlock(&s->lock);
    if (nearer)
        inbox_ring(s->inbox);
}

void scheduler_forget_alarms(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    s->alarm_count = 0;
    pthread_mutex_unlock(&s->lock);
}

static struct alarm *pop_due(struct scheduler *s, int64_t now_us)
{
    struct alarm *a = NULL;

    pthread_mutex_lock(&s->lock);
    if (s->alarm_count > 0 && s->alarms[0]->due_us <= now_us) {
        a = s->alarms[0];
        a->place = 0;
        if (--s->alarm_count > 0)
            sift_down(s, s->alarms[s->alarm_count], 0);
    }
    pthread_mutex_unlock(&s->lock);
    return a;
}

void scheduler_fire(struct scheduler *s)
{
    int64_t now_us = clock_mono_us(s->clock);

    for (struct alarm *a; (a = pop_due(s, now_us)) != NULL;) {
        atomic_store_explicit(a->flag, true, memory_order_release);
        scheduler_wake(s, a->target);
    }
}

int64_t scheduler_due_us(struct scheduler *s)
{
    int64_t due;

    pthread_mutex_lock(&s->lock);
    due = s->alarm_count > 0 ? s->alarms[0]->due_us : INT64_MAX;
    pthread_mutex_unlock(&s->lock);
    return due;
}

/* --- workers --- */

static void *worker(void *arg)
{
    struct scheduler *s = arg;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        if (s->head == NULL) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        struct runnable *r = take(s, 0);

        pthread_mutex_unlock(&s->lock);
        run_one(s, r);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

enum err scheduler_start(struct scheduler *s, int32_t worker_count, struct error *e)
{
    char name[32];

    assert(s->worker_count == 0 && worker_count > 0);
    if ((s->workers = mem_calloc((size_t)worker_count, sizeof *s->workers)) == NULL)
        return error_memory(e, (size_t)worker_count * sizeof *s->workers, "worker threads");
    for (; s->worker_count < worker_count; s->worker_count++) {
        int rc = pthread_create(&s->workers[s->worker_count], NULL, worker, s);

        if (rc != 0)
            return error_errno(e, rc, "starting worker thread %d of %d", s->worker_count + 1, worker_count);
        snprintf(name, sizeof name, "worker-%d", s->worker_count + 1);
        pthread_setname_np(s->workers[s->worker_count], name);
    }
    return OK;
}

void scheduler_fini(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (int32_t i = 0; i < s->worker_count; i++)
        pthread_join(s->workers[i], NULL);
    mem_free(s->workers);
    mem_free(s->alarms);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}
