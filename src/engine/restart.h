/* restart.h: whether and when a job that failed is tried again: Flink's strategies, as pure functions of the
 * failures so far and the time now. none:              never fixed-delay:       `attempts` times, `delay_us`
 * apart exponential-delay: the delay grows from initial_us to max_us, and starts afresh after reset_us
 * without a failure failure-rate:      as long as no more than max_failures come within interval_us
 */
#ifndef WEIR_ENGINE_RESTART_H
#define WEIR_ENGINE_RESTART_H
#include "engine/engine.h"

struct restart_history {
    int64_t restarts;        /* allowed so far; exponential: since the last reset */
    int64_t last_failure_us; /* of the newest */
    int64_t backoff_us;      /* exponential: of the newest, without jitter */
    int64_t *failures_us;    /* owned: failure-rate: those within the interval */
    size_t failure_count, failure_capacity;
};

void restart_fini(struct restart_history *h);

/* A failure at now_us (monotonic): true to try again *delay_us later. unit: a random number in 0..1, for the
 * jitter. */
MUST_USE bool restart_decide(const struct restart_strategy *strategy, struct restart_history *h,
                             int64_t now_us, double unit, int64_t *delay_us);
#endif
