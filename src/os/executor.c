/* executor.c: a pool of threads that take work from one queue.
 *
 *   submit ──► [work]─[work]─[work] ──► worker threads (first come, first served)
 *
 * The queue is not bounded: who submits has limits of its own (uploads, requests in flight).
 */
#include "os/executor.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdio.h>

#define NAME_MAX_BYTES 16 /* the kernel's limit of a thread's name, terminator included */

struct work {
    struct work *next;
    void (*fn)(void *arg);
    void *arg;
};

struct pool {
    struct executor base;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* there is work, or stopping */
    struct work *head, **tail;
    bool stopping;
    int thread_count;
    char name[NAME_MAX_BYTES];
    int next_number;
    pthread_t threads[];
};

static struct work *take(struct pool *p)
{
    struct work *work;

    pthread_mutex_lock(&p->lock);
    while (p->head == NULL && !p->stopping)
        pthread_cond_wait(&p->changed, &p->lock);
    work = p->head;
    if (work != NULL && (p->head = work->next) == NULL)
        p->tail = &p->head;
    pthread_mutex_unlock(&p->lock);
    return work;
}

/* `name-N`; a long name is cut so that the number stays. */
static void name_thread(struct pool *p)
{
    char suffix[NAME_MAX_BYTES], name[2 * NAME_MAX_BYTES];
    int number, room;

    pthread_mutex_lock(&p->lock);
    number = p->next_number++;
    pthread_mutex_unlock(&p->lock);
    room = NAME_MAX_BYTES - 1 - snprintf(suffix, sizeof suffix, "-%d", number);
    snprintf(name, sizeof name, "%.*s%s", room, p->name, suffix);
    pthread_setname_np(pthread_self(), name);
}

static void *worker(void *arg)
{
    struct pool *p = arg;

    name_thread(p);
    for (struct work *work; (work = take(p)) != NULL;) {
        struct work mine = *work;

        mem_free(work);
        mine.fn(mine.arg);
    }
    return NULL;
}

static bool pool_submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct pool *p = CONTAINER_OF(x, struct pool, base);
    struct work *work = mem_alloc(sizeof *work);

    if (work == NULL)
        return false;
    *work = (struct work){.fn = fn, .arg = arg};
    pthread_mutex_lock(&p->lock);
    *p->tail = work;
    p->tail = &work->next;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return true;
}

enum err executor_pool_new(const char *name, int thread_count, struct executor **out, struct error *e)
{
    assert(thread_count > 0);
    size_t size = sizeof(struct pool) + sizeof(pthread_t) * (size_t)thread_count;
    struct pool *p = mem_zalloc(size);

    *out = NULL;
    if (p == NULL)
        return error_memory(e, size, "a thread pool");
    p->base.submit = pool_submit;
    p->tail = &p->head;
    snprintf(p->name, sizeof p->name, "%s", name);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    for (; p->thread_count < thread_count; p->thread_count++) {
        int rc = pthread_create(&p->threads[p->thread_count], NULL, worker, p);

        if (rc != 0) {
            error_errno(e, rc, "starting thread %d of %d of pool %s", p->thread_count + 1, thread_count,
                        name);
            executor_pool_free(&p->base);
            return e->code;
        }
    }
    *out = &p->base;
    return OK;
}

void executor_pool_free(struct executor *x)
{
    struct pool *p;

    if (x == NULL)
        return;
    p = CONTAINER_OF(x, struct pool, base);
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    assert(p->head == NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    mem_free(p);
}
