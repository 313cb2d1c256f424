/* work_group.c: see work_group.h. */
#include "engine/work_group.h"
#include "base/mem.h"

struct counted {
    struct work_group *group;
    void (*fn)(void *arg);
    void *arg;
};

/* After the count is down the group may be gone: nothing of it is touched outside the lock, and the lock is
 * the inbox's. */
static void finished(struct work_group *g)
{
    struct inbox *in = g->inbox;

    pthread_mutex_lock(&in->lock);
    if (--g->count == 0) {
        in->rung = true;
        pthread_cond_signal(&in->changed);
    }
    pthread_mutex_unlock(&in->lock);
}

static void run(void *arg)
{
    struct counted c = *(struct counted *)arg;

    mem_free(arg);
    c.fn(c.arg);
    finished(c.group);
}

static bool submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct work_group *g = CONTAINER_OF(x, struct work_group, executor);
    struct counted *c = mem_alloc(sizeof *c);

    if (c == NULL)
        return false;
    *c = (struct counted){g, fn, arg};
    pthread_mutex_lock(&g->inbox->lock);
    g->count++;
    pthread_mutex_unlock(&g->inbox->lock);
    if (executor_submit(g->inner, run, c))
        return true;
    mem_free(c);
    finished(g);
    return false;
}

void work_group_init(struct work_group *g, struct executor *inner, struct inbox *inbox)
{
    *g = (struct work_group){.executor.submit = submit, .inner = inner, .inbox = inbox};
}

bool work_group_is_idle(struct work_group *g)
{
    bool idle;

    pthread_mutex_lock(&g->inbox->lock);
    idle = g->count == 0;
    pthread_mutex_unlock(&g->inbox->lock);
    return idle;
}
