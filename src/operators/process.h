/* process.h: user code with keyed state and timers. The operator finds the keys of a batch, keeps the timers,
 * and calls back; the rest is the function's. Emits by process->env->out at any port. Keyed state: what the
 * function declares in open, and `event-timers`, `processing-timers`.
 */
#ifndef WEIR_OPERATORS_PROCESS_H
#define WEIR_OPERATORS_PROCESS_H
#include "operators/operator.h"
#include "state/timers.h"

/* What a function has in hand. */
struct process {
    const struct op_env *env; /* env->state: to declare state in, during open */
    const struct schema *key; /* the key's fields */
    struct timers event, processing;
    int64_t watermark_us; /* all event timers due by it have been called */
};

enum timer_kind { TIMER_EVENT, TIMER_PROCESSING };

/* Any but batch may be NULL. self is what open gave. An error fails the job. */
struct process_function {
    enum err (*open)(const void *arg, struct process *p, void **self, struct error *e);
    /* keys[i] belongs to the ith live row of b (borrowed). */
    enum err (*batch)(void *self, struct process *p, struct batch *b, const struct key *keys,
                      struct error *e);
    /* A timer set by timers_set(&p->event or &p->processing): due by the watermark, or the wall clock.
     * Earliest first. */
    enum err (*timer)(void *self, struct process *p, enum timer_kind kind, int64_t due_us, struct key key,
                      struct error *e);
    enum err (*watermark)(void *self, struct process *p, int64_t watermark_us,
                          struct error *e); /* after the timers */
    enum err (*end)(void *self, struct process *p, struct error *e);
    void (*close)(void *self, struct process *p);
};

struct process_spec {
    const struct process_function *fn;
    const void *arg;
    const struct schema *input;
    int32_t key_count;
    const int32_t *keys;
};
extern const struct operator_factory process_factory;
#endif
