/* engine_config.c: the engine's settings from the configuration's keys. See engine_config_read in engine.h.
 */
#include "config/config.h"
#include "os/log.h"
#include "engine/engine.h"
#include "os/random.h"

#define CHECKPOINTING "execution.checkpointing."
#define RESTART       "restart-strategy."
#define FIXED         RESTART "fixed-delay."
#define EXPONENTIAL   RESTART "exponential-delay."
#define RATE          RESTART "failure-rate."

static int64_t duration_us(const struct config *c, const char *key)
{
    int64_t ms = config_duration_ms(c, key);

    return ms < 0 ? 0 : ms > INT64_MAX / 1000 ? INT64_MAX : ms * 1000;
}

/* Unset: exponential delay when there are checkpoints to go back to, else none. */
static enum restart_kind restart_kind(const struct config *c, bool has_checkpoints)
{
    const char *type = config_string(c, RESTART "type");

    if (type == NULL)
        return has_checkpoints ? RESTART_EXPONENTIAL_DELAY : RESTART_NONE;
    if (strcmp(type, "fixed-delay") == 0)
        return RESTART_FIXED_DELAY;
    if (strcmp(type, "exponential-delay") == 0)
        return RESTART_EXPONENTIAL_DELAY;
    if (strcmp(type, "failure-rate") == 0)
        return RESTART_FAILURE_RATE;
    return RESTART_NONE;
}

static void read_restart(const struct config *c, struct restart_strategy *s)
{
    switch (s->kind) {
    case RESTART_NONE:
        break;
    case RESTART_FIXED_DELAY:
        s->attempts = config_int(c, FIXED "attempts");
        s->delay_us = duration_us(c, FIXED "delay");
        break;
    case RESTART_EXPONENTIAL_DELAY:
        s->attempts = config_int(c, EXPONENTIAL "attempts-before-reset-backoff");
        s->initial_us = duration_us(c, EXPONENTIAL "initial-backoff");
        s->max_us = duration_us(c, EXPONENTIAL "max-backoff");
        s->reset_us = duration_us(c, EXPONENTIAL "reset-backoff-threshold");
        s->multiplier = config_double(c, EXPONENTIAL "backoff-multiplier");
        s->jitter = config_double(c, EXPONENTIAL "jitter-factor");
        break;
    case RESTART_FAILURE_RATE:
        s->max_failures = config_int(c, RATE "max-failures-per-interval");
        s->interval_us = duration_us(c, RATE "failure-rate-interval");
        s->delay_us = duration_us(c, RATE "delay");
        break;
    }
}

enum err engine_config_read(const struct config *config, struct engine_config *out, UNUSED struct error *e)
{
    const char *backend = config_string(config, "state.backend.type");

    if (backend != NULL && strcmp(backend, "hashmap") != 0)
        log_warn(
            "engine",
            "state.backend.type: %s is not in this version: keyed state is kept in memory (hashmap), within "
            "taskmanager.memory.process.size; checkpoints will be readable by either",
            backend);
    out->config = config;
    out->checkpoint_dir = config_string(config, CHECKPOINTING "dir");
    out->retained = (int32_t)config_int(config, CHECKPOINTING "num-retained");
    out->checkpoint_interval_us = duration_us(config, CHECKPOINTING "interval");
    out->min_pause_us = duration_us(config, CHECKPOINTING "min-pause");
    out->timeout_us = duration_us(config, CHECKPOINTING "timeout");
    out->tolerable_failures = (int32_t)config_int(config, CHECKPOINTING "tolerable-failed-checkpoints");
    out->restore_path = config_string(config, "execution.state-recovery.path");
    out->allow_non_restored = config_bool(config, "execution.state-recovery.ignore-unclaimed-state");
    out->restart = (struct restart_strategy){.kind = restart_kind(config, out->checkpoint_interval_us > 0)};
    read_restart(config, &out->restart);
    out->seed = random_entropy();
    return OK;
}
