/* signals.c: see signals.h. */
#include "cli/signals.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>

struct signals {
    pthread_t thread;
    void (*take)(void *arg, int signal);
    void *arg;
};

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGUSR1); /* how signals_stop ends the thread */
}

void signals_block(void)
{
    sigset_t set;

    fill(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void *run(void *arg)
{
    struct signals *s = arg;
    sigset_t set;
    int signal;

    fill(&set);
    while (sigwait(&set, &signal) == 0 && signal != SIGUSR1)
        s->take(s->arg, signal);
    return NULL;
}

struct signals *signals_start(void (*take)(void *arg, int signal), void *arg)
{
    struct signals *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return NULL;
    s->take = take;
    s->arg = arg;
    if (pthread_create(&s->thread, NULL, run, s) == 0)
        return s;
    mem_free(s);
    return NULL;
}

void signals_stop(struct signals *s)
{
    if (s == NULL)
        return;
    pthread_kill(s->thread, SIGUSR1);
    pthread_join(s->thread, NULL);
    mem_free(s);
}
