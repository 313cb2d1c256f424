/* executor.h: where work that blocks is done (HTTP, files, commits): threads in production, chosen steps in
 * the simulator. Tasks hand work over and are woken when it is done; they never wait.
 */
#ifndef WEIR_OS_EXECUTOR_H
#define WEIR_OS_EXECUTOR_H
#include "base/error.h"

struct executor {
    /* Run fn(arg) later, once, on some thread. False when there is no memory: fn will not run. */
    bool (*submit)(struct executor *x, void (*fn)(void *arg), void *arg);
};

static inline MUST_USE bool executor_submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    return x->submit(x, fn, arg);
}

/* A pool of thread_count threads named `name-N`. Work runs in order of submission as threads come free. */
MUST_USE enum err executor_pool_new(const char *name, int thread_count, struct executor **out,
                                    struct error *e);
void executor_pool_free(struct executor *x); /* runs what was submitted, then ends; NULL is fine */
#endif
