/* kafka_harness.h: a Kafka source run by a test, on real threads and the real clock, since librdkafka has its
 * own: polled when it asks to be, what comes out written down. Waiting is for a condition, with a deadline.
 */
#ifndef WEIR_CONNECTORS_KAFKA_HARNESS_H
#define WEIR_CONNECTORS_KAFKA_HARNESS_H
#include "connectors/kafka_source.h"
#include <pthread.h>

struct kafka_seen {
    int32_t split;
    int64_t offset, timestamp_us;
    char *key, *value; /* owned; NULL: absent */
    size_t value_len;
};

struct kafka_harness {
    struct op_env env;
    struct output output;
    struct op *op;             /* owned */
    struct executor *executor; /* owned unless it is the inline one */
    struct metrics *registry;
    struct budget *budget;

    pthread_mutex_t lock; /* guards woken and wake_at_us */
    pthread_cond_t waker;
    bool woken;
    int64_t wake_at_us;
    int64_t polls;

    bool done, full;     /* full: what output->full says */
    bool count_only;     /* do not write rows down */
    bool hold;           /* keep batches, in held */
    struct batch **held; /* owned references */
    size_t held_count, held_capacity;
    struct kafka_seen *rows; /* owned */
    size_t row_count, row_capacity;
    struct bytes events; /* "added t-0\n", "idle t-0\n", "rows t-0 0..2\n" */
    char *names[64];     /* of splits by number, owned; NULL: none */
    bool idle[64], removed[64];
};

struct kafka_harness_config {
    const struct kafka_source_spec *spec;
    int32_t subtask, parallelism; /* 0: 1 */
    size_t budget_bytes;          /* 0: no limit */
    bool inline_work; /* what blocks runs in poll, so that its allocations can be made to fail, too */
    const struct config *config;
};

/* Open, and restore when from is not NULL. On failure h needs no close. */
MUST_USE enum err kafka_harness_open(struct kafka_harness *h, const struct kafka_harness_config *c,
                                     const struct op_restore *from, struct error *e);
void kafka_harness_close(struct kafka_harness *h);

/* Poll until until(h, arg), for at most timeout_ms: ERR_UNAVAILABLE then. */
MUST_USE enum err kafka_harness_run(struct kafka_harness *h,
                                    bool (*until)(struct kafka_harness *h, int64_t arg), int64_t arg,
                                    int timeout_ms, struct error *e);
bool kafka_harness_has_rows(struct kafka_harness *h, int64_t count);
bool kafka_harness_is_done(struct kafka_harness *h, int64_t unused);
bool kafka_harness_all_idle(struct kafka_harness *h, int64_t split_count);
bool kafka_harness_time_is_up(struct kafka_harness *h, int64_t unused); /* never: runs to the deadline */
void kafka_harness_drop_held(struct kafka_harness *h);

/* What a snapshot wrote. */
struct kafka_image {
    struct op_snapshot snapshot;
    int64_t checkpoint_id;
    struct op_item *items; /* owned, names and bytes too */
    size_t count, capacity;
};
MUST_USE enum err kafka_harness_snapshot(struct kafka_harness *h, int64_t checkpoint_id,
                                         struct kafka_image *out, struct error *e);
/* Add the items of another subtask. */
MUST_USE bool kafka_image_add(struct kafka_image *image, const struct kafka_image *other);
const char *kafka_image_item(const struct kafka_image *image,
                             const char *name); /* NULL: none; a terminated text */
void kafka_image_fini(struct kafka_image *image);
#endif
