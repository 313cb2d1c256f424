/* coordinator.c: the state machine of coordinator.h.
 * Every message ends in advance(), which does what has become due; so the order of messages is all that
 * matters. Orders wait in a small ring: whoever sends a message takes the orders before sending the next.
 */
#include "checkpoint/coordinator.h"
#include "base/mem.h"
#include <stdio.h>

#define ORDER_ROOM    16
#define RETRY_LAST_US INT64_C(1000000) /* a last checkpoint that failed is tried again this much later */

enum phase { IDLE, RUNNING, STORING };

struct coordinator {
    struct coordinator_config config;
    enum phase phase;
    int64_t id;          /* of the running one, else of the latest */
    bool is_last;        /* the running one */
    int64_t started_us;  /* of the running one, else of the latest; the start of the job before the first */
    int64_t finished_us; /* of the latest, whatever came of it; INT64_MIN before the first */
    int32_t acks_missing;
    int32_t failures; /* in a row */
    bool requested, last_requested, last_failed;
    bool over;           /* last stored, or failed: nothing is triggered any more */
    bool *acked, *ended; /* by task */
    int64_t *commits;    /* owned: ordered or to be ordered, oldest first; the first is being committed */
    int32_t commit_count;
    struct order orders[ORDER_ROOM];
    uint32_t order_taken, order_made;
    char reason[500];
    struct coordinator_stats stats;
};

struct coordinator *coordinator_new(const struct coordinator_config *config, int64_t now_us)
{
    struct coordinator *c = mem_zalloc(sizeof *c);

    assert(config->task_count > 0 && config->commits_behind > 0 && config->timeout_us > 0);
    if (c == NULL)
        return NULL;
    c->config = *config;
    c->id = config->last_id;
    c->started_us = now_us;
    c->finished_us = INT64_MIN;
    c->acked = mem_calloc((size_t)config->task_count, sizeof *c->acked);
    c->ended = mem_calloc((size_t)config->task_count, sizeof *c->ended);
    c->commits = mem_calloc((size_t)config->commits_behind, sizeof *c->commits);
    if (c->acked == NULL || c->ended == NULL || c->commits == NULL) {
        coordinator_free(c);
        return NULL;
    }
    return c;
}

void coordinator_free(struct coordinator *c)
{
    if (c == NULL)
        return;
    mem_free(c->acked);
    mem_free(c->ended);
    mem_free(c->commits);
    mem_free(c);
}

static void put_order(struct coordinator *c, struct order order)
{
    assert(c->order_made - c->order_taken < ORDER_ROOM);
    c->orders[c->order_made++ % ORDER_ROOM] = order;
}

bool coordinator_next(struct coordinator *c, struct order *out)
{
    if (c->order_taken == c->order_made)
        return false;
    *out = c->orders[c->order_taken++ % ORDER_ROOM];
    return true;
}

/* --- what happens to one checkpoint --- */

static void trigger(struct coordinator *c, int64_t now_us)
{
    c->id++;
    c->phase = RUNNING;
    c->is_last = c->last_requested;
    c->requested = c->last_requested = c->last_failed = false;
    c->started_us = now_us;
    c->acks_missing = 0;
    for (int32_t i = 0; i < c->config.task_count; i++) {
        c->acked[i] = c->ended[i];
        c->acks_missing += !c->ended[i];
    }
    c->stats.triggered++;
    put_order(c, (struct order){.kind = ORDER_TRIGGER, .id = c->id, .last = c->is_last});
}

static void store_when_acked(struct coordinator *c)
{
    if (c->phase != RUNNING || c->acks_missing > 0)
        return;
    c->phase = STORING;
    put_order(c, (struct order){.kind = ORDER_STORE, .id = c->id});
}

static void fail(struct coordinator *c, const char *reason, int64_t now_us)
{
    snprintf(c->reason, sizeof c->reason, "%s", reason);
    c->phase = IDLE;
    c->finished_us = now_us;
    c->failures++;
    c->stats.failed++;
    if (c->is_last) /* somebody waits for it: it will be tried again */
        c->last_requested = c->last_failed = true;
    put_order(c, (struct order){.kind = ORDER_ABORT, .id = c->id, .reason = c->reason});
    if (c->config.tolerable_failures < 0 || c->failures <= c->config.tolerable_failures)
        return;
    c->over = true;
    put_order(c, (struct order){.kind = ORDER_FAIL, .id = c->id, .reason = c->reason});
}

/* --- when --- */

static int64_t later(int64_t us, int64_t by_us)
{
    return us > INT64_MAX - by_us ? INT64_MAX : us + by_us;
}

/* When the next is triggered if nothing happens until then. */
static int64_t trigger_due_us(const struct coordinator *c)
{
    int64_t due = INT64_MAX;

    if (c->over || c->commit_count >= c->config.commits_behind)
        return INT64_MAX;
    if (c->last_requested && c->last_failed)
        return later(c->finished_us, MAX(c->config.min_pause_us, RETRY_LAST_US));
    if (c->requested || c->last_requested)
        return INT64_MIN;
    if (c->config.interval_us > 0)
        due = later(c->started_us, c->config.interval_us);
    if (due != INT64_MAX && c->finished_us != INT64_MIN)
        due = MAX(due, later(c->finished_us, c->config.min_pause_us));
    return due;
}

int64_t coordinator_due_us(const struct coordinator *c)
{
    switch (c->phase) {
    case IDLE:
        return trigger_due_us(c);
    case RUNNING:
        return later(c->started_us, c->config.timeout_us);
    case STORING:
        return INT64_MAX;
    }
    assert(false);
    return INT64_MAX;
}

static void advance(struct coordinator *c, int64_t now_us)
{
    char reason[100];

    while (coordinator_due_us(c) <= now_us) { /* giving one up may let the next begin */
        if (c->phase == RUNNING) {
            snprintf(reason, sizeof reason,
                     "it took longer than %" PRId64 " ms; %" PRId32 " tasks did not answer",
                     c->config.timeout_us / 1000, c->acks_missing);
            fail(c, reason, now_us);
        } else {
            trigger(c, now_us);
        }
        store_when_acked(c); /* with all tasks ended, at once */
    }
}

/* --- messages --- */

void coordinator_tick(struct coordinator *c, int64_t now_us)
{
    advance(c, now_us);
}

void coordinator_request(struct coordinator *c, bool last, int64_t now_us)
{
    if (last)
        c->last_requested = true;
    else
        c->requested = true;
    advance(c, now_us);
}

void coordinator_ack(struct coordinator *c, int64_t id, int32_t task, int64_t now_us)
{
    assert(task >= 0 && task < c->config.task_count);
    if (c->phase == RUNNING && id == c->id && !c->acked[task]) { /* else: too late, or for the second time */
        c->acked[task] = true;
        c->acks_missing--;
        store_when_acked(c);
    }
    advance(c, now_us);
}

void coordinator_task_ended(struct coordinator *c, int32_t task)
{
    assert(task >= 0 && task < c->config.task_count);
    c->ended[task] = true;
    if (c->phase == RUNNING && !c->acked[task]) {
        c->acked[task] = true;
        c->acks_missing--;
        store_when_acked(c);
    }
}

void coordinator_decline(struct coordinator *c, int64_t id, const char *reason, int64_t now_us)
{
    if (c->phase == RUNNING && id == c->id)
        fail(c, reason, now_us);
    advance(c, now_us);
}

void coordinator_stored(struct coordinator *c, int64_t id, bool ok, const char *reason, int64_t now_us)
{
    assert(c->phase == STORING && id == c->id);
    if (!ok) {
        fail(c, reason, now_us);
        advance(c, now_us);
        return;
    }
    c->phase = IDLE;
    c->finished_us = now_us;
    c->failures = 0;
    c->over = c->over || c->is_last;
    c->stats.completed++;
    c->stats.last_completed_id = id;
    c->stats.last_duration_us = now_us - c->started_us;
    put_order(c, (struct order){.kind = ORDER_COMPLETE, .id = id, .last = c->is_last});
    assert(c->commit_count < c->config.commits_behind); /* else it had not been triggered */
    c->commits[c->commit_count++] = id;
    if (c->commit_count == 1)
        put_order(c, (struct order){.kind = ORDER_COMMIT, .id = id});
    advance(c, now_us);
}

void coordinator_committed(struct coordinator *c, int64_t id, int64_t now_us)
{
    assert(c->commit_count > 0 && c->commits[0] == id);
    c->commit_count--;
    memmove(c->commits, c->commits + 1, (size_t)c->commit_count * sizeof *c->commits);
    if (c->commit_count > 0)
        put_order(c, (struct order){.kind = ORDER_COMMIT, .id = c->commits[0]});
    advance(c, now_us);
}

bool coordinator_is_idle(const struct coordinator *c)
{
    return c->phase == IDLE && c->commit_count == 0;
}

struct coordinator_stats coordinator_stats(const struct coordinator *c)
{
    return c->stats;
}
