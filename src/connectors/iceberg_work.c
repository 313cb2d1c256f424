/* iceberg_work.c: see iceberg_work.h. */
#include "connectors/iceberg_work.h"
#include "base/mem.h"
#include <pthread.h>

enum work_state { WORK_IDLE, WORK_NEW, WORK_RUNNING };

struct work {
    const struct op_env *env;
    atomic_int refs; /* the task's, and the executor's while something is under way */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum work_state state; /* under mutex */
    void (*run)(void *arg);
    void *arg;
};

struct work *work_new(const struct op_env *env)
{
    struct work *w = mem_zalloc(sizeof *w);

    if (w == NULL)
        return NULL;
    w->env = env;
    atomic_init(&w->refs, 1);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    return w;
}

static void unref(struct work *w)
{
    if (atomic_fetch_sub(&w->refs, 1) != 1)
        return;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    mem_free(w);
}

static void run_on_executor(void *arg)
{
    struct work *w = arg;
    bool wanted;

    pthread_mutex_lock(&w->mutex);
    wanted = w->state == WORK_NEW;
    if (wanted)
        w->state = WORK_RUNNING;
    pthread_mutex_unlock(&w->mutex);
    if (wanted) {
        w->run(w->arg);
        pthread_mutex_lock(&w->mutex);
        w->state = WORK_IDLE;
        w->env->wake(w->env->wake_arg); /* under the mutex: the task waits for it before it goes */
        pthread_cond_signal(&w->changed);
        pthread_mutex_unlock(&w->mutex);
    }
    unref(w);
}

enum err work_start(struct work *w, void (*run)(void *arg), void *arg, struct error *e)
{
    pthread_mutex_lock(&w->mutex);
    assert(w->state == WORK_IDLE);
    w->state = WORK_NEW;
    w->run = run;
    w->arg = arg;
    pthread_mutex_unlock(&w->mutex);
    atomic_fetch_add(&w->refs, 1);
    if (executor_submit(w->env->executor, run_on_executor, w))
        return OK;
    w->state = WORK_IDLE;
    unref(w);
    return error_memory(e, sizeof *w, "work on an I/O thread");
}

bool work_is_busy(struct work *w)
{
    bool busy;

    pthread_mutex_lock(&w->mutex);
    busy = w->state != WORK_IDLE;
    pthread_mutex_unlock(&w->mutex);
    return busy;
}

void work_free(struct work *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->mutex);
    if (w->state == WORK_NEW)
        w->state = WORK_IDLE; /* the executor will find nothing to do */
    while (w->state != WORK_IDLE)
        pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
    unref(w);
}
