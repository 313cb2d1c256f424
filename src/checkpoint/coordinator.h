/* coordinator.h: when to checkpoint and what has become of it: a pure state machine. Messages go in (time
 * passed, an acknowledgement, ...), orders come out (trigger, store, commit, abort, fail the job); it reads
 * no clock, holds no lock, does no I/O, and so is tested by tables and by the simulator.
 *
 *   IDLE --tick--> [TRIGGER id] RUNNING --all acks--> [STORE id] STORING --stored--> [COMPLETE id, COMMIT id]
 *                                  |  timeout, declined              | store failed
 *                                  v                                 v
 *                              [ABORT id] (too many in a row: [FAIL])
 *
 * Invariants
 *   1. One checkpoint at a time is RUNNING or STORING; ids only grow.
 *   2. COMMIT id is ordered once per stored checkpoint, in the order of ids, one at a time; while
 * `commits_behind` of them wait, no new checkpoint is triggered.
 */
#ifndef WEIR_CHECKPOINT_COORDINATOR_H
#define WEIR_CHECKPOINT_COORDINATOR_H
#include "base/error.h"

struct coordinator;

struct coordinator_config {
    int64_t interval_us;  /* 0: only on request */
    int64_t min_pause_us; /* between the end of one and the trigger of the next */
    int64_t timeout_us;
    int32_t tolerable_failures; /* in a row, -1: any number */
    int32_t task_count;         /* acks wanted for each checkpoint */
    int32_t commits_behind;     /* most commits that may wait */
    int64_t last_id;            /* the next is last_id + 1 */
};

enum order_kind { ORDER_TRIGGER, ORDER_STORE, ORDER_COMPLETE, ORDER_COMMIT, ORDER_ABORT, ORDER_FAIL };
struct order {
    enum order_kind kind;
    int64_t id;
    bool last;          /* TRIGGER: the job ends with it */
    const char *reason; /* ABORT, FAIL: static or valid until the next call */
};

struct coordinator *coordinator_new(const struct coordinator_config *config, int64_t now_us);
void coordinator_free(struct coordinator *c);

/* Messages. now_us is any monotonic clock. */
void coordinator_tick(struct coordinator *c, int64_t now_us);
void coordinator_request(struct coordinator *c, bool last,
                         int64_t now_us); /* a checkpoint now; last: and no more after it */
void coordinator_ack(struct coordinator *c, int64_t id, int32_t task, int64_t now_us);
void coordinator_decline(struct coordinator *c, int64_t id, const char *reason, int64_t now_us);
void coordinator_stored(struct coordinator *c, int64_t id, bool ok, const char *reason, int64_t now_us);
void coordinator_committed(struct coordinator *c, int64_t id, int64_t now_us);
void coordinator_task_ended(struct coordinator *c,
                            int32_t task); /* it acks nothing any more: counts as acked */

/* The next order; false when there is none. */
bool coordinator_next(struct coordinator *c, struct order *out);

/* When to tick at the latest; INT64_MAX: not by itself. */
int64_t coordinator_due_us(const struct coordinator *c);
bool coordinator_is_idle(
    const struct coordinator *c); /* nothing running, storing or waiting to be committed */

struct coordinator_stats {
    int64_t triggered, completed, failed, last_completed_id, last_duration_us;
};
struct coordinator_stats coordinator_stats(const struct coordinator *c);
#endif
