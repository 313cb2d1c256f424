/* restart.c: see restart.h. */
#include "engine/restart.h"
#include "base/mem.h"

void restart_fini(struct restart_history *h)
{
    mem_free(h->failures_us);
    *h = (struct restart_history){0};
}

static bool decide_fixed(const struct restart_strategy *s, struct restart_history *h, int64_t *delay_us)
{
    *delay_us = s->delay_us;
    return h->restarts++ < s->attempts;
}

static bool decide_exponential(const struct restart_strategy *s, struct restart_history *h, int64_t now_us,
                               double unit, int64_t *delay_us)
{
    double jitter = s->jitter * (2 * unit - 1); /* of the delay, both ways */

    if (h->restarts > 0 && now_us - h->last_failure_us >= s->reset_us + h->backoff_us)
        h->restarts = 0;
    if (h->restarts == 0)
        h->backoff_us = s->initial_us;
    else
        h->backoff_us = (int64_t)MIN((double)h->backoff_us * s->multiplier, (double)s->max_us);
    h->backoff_us = MIN(h->backoff_us, s->max_us);
    h->last_failure_us = now_us;
    *delay_us = MAX(0, h->backoff_us + (int64_t)(jitter * (double)h->backoff_us));
    return h->restarts++ < s->attempts || s->attempts < 0;
}

static bool decide_rate(const struct restart_strategy *s, struct restart_history *h, int64_t now_us,
                        int64_t *delay_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->failure_count; i++)
        if (now_us - h->failures_us[i] < s->interval_us)
            h->failures_us[kept++] = h->failures_us[i];
    h->failure_count = kept;
    if (!MEM_GROW(h->failures_us, h->failure_count, h->failure_capacity))
        return false; /* a machine without memory for this is past restarting */
    h->failures_us[h->failure_count++] = now_us;
    *delay_us = s->delay_us;
    return (int64_t)h->failure_count <= s->max_failures;
}

bool restart_decide(const struct restart_strategy *s, struct restart_history *h, int64_t now_us, double unit,
                    int64_t *delay_us)
{
    *delay_us = 0;
    switch (s->kind) {
    case RESTART_NONE:
        return false;
    case RESTART_FIXED_DELAY:
        return decide_fixed(s, h, delay_us);
    case RESTART_EXPONENTIAL_DELAY:
        return decide_exponential(s, h, now_us, unit, delay_us);
    case RESTART_FAILURE_RATE:
        return decide_rate(s, h, now_us, delay_us);
    }
    assert(false);
    return false;
}
