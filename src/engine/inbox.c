/* inbox.c: see inbox.h. */
#include "engine/inbox.h"
#include <time.h>

void inbox_init(struct inbox *in)
{
    pthread_condattr_t attributes;

    *in = (struct inbox){0};
    in->tail = &in->head;
    pthread_mutex_init(&in->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&in->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void inbox_fini(struct inbox *in)
{
    pthread_cond_destroy(&in->changed);
    pthread_mutex_destroy(&in->lock);
}

void inbox_put(struct inbox *in, struct note *note)
{
    pthread_mutex_lock(&in->lock);
    note->next = NULL;
    *in->tail = note;
    in->tail = &note->next;
    pthread_cond_signal(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

void inbox_ring(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    in->rung = true;
    pthread_cond_signal(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

struct note *inbox_take(struct inbox *in)
{
    struct note *note;

    pthread_mutex_lock(&in->lock);
    note = in->head;
    if (note != NULL && (in->head = note->next) == NULL)
        in->tail = &in->head;
    pthread_mutex_unlock(&in->lock);
    return note;
}

bool inbox_has_news(struct inbox *in)
{
    bool news;

    pthread_mutex_lock(&in->lock);
    news = in->rung || in->head != NULL;
    pthread_mutex_unlock(&in->lock);
    return news;
}

void inbox_silence(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    in->rung = false;
    pthread_mutex_unlock(&in->lock);
}

/* The moment timeout_us from now, on the clock that the condition waits by. */
static struct timespec moment(int64_t timeout_us)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_us / 1000000;
    at.tv_nsec += timeout_us % 1000000 * 1000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

void inbox_wait(struct inbox *in, int64_t timeout_us)
{
    const int64_t most_us = INT64_C(3600) * 1000000; /* waking once an hour for nothing does no harm */
    struct timespec until = moment(MAX(0, MIN(timeout_us, most_us)));
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    while (rc == 0 && !in->rung && in->head == NULL)
        rc = pthread_cond_timedwait(&in->changed, &in->lock, &until);
    in->rung = false;
    pthread_mutex_unlock(&in->lock);
}
