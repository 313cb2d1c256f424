/* kafka_client.h: one librdkafka consumer and what it tells beside messages: failures, commits, log lines.
 *
 * A client is shared: messages point into its memory and may outlive the source that read them, so each batch
 * keeps the client, and the consumer is destroyed by whoever lets go last.
 *
 * Memory, of the bytes that the client is given (queued messages cost what librdkafka keeps beside them,
 * too): | in flight 1/8 | queued payload 1/4 | queued overhead 1/4 | held by batches 1/4 | 1/8 to spare All
 * but the held part is charged to the budget at once, as librdkafka takes it without asking.
 *
 * Threads: the source's, but for kafka_client_release (any), and the callbacks that say so.
 */
#ifndef WEIR_CONNECTORS_KAFKA_CLIENT_H
#define WEIR_CONNECTORS_KAFKA_CLIENT_H
#include "batch/batch.h"
#include "connectors/kafka_options.h"
#include "metrics/metrics.h"
#include <pthread.h>

/* What librdkafka keeps for a message beside its payload, about; measured with kafka_bench. */
#define KAFKA_MESSAGE_OVERHEAD 384

struct kafka_client_spec {
    struct kafka_options *options; /* its configuration is taken */
    int32_t subtask;
    size_t memory_bytes;
    bool auto_commit; /* let librdkafka commit what was stored */
    struct clock *clock;
    struct budget *budget;
    struct metrics *registry; /* may be NULL */
    void (*wake)(void *arg);  /* there is something to poll; any thread */
    void *wake_arg;
};

/* The state of one asynchronous commit; told to committed when it is done. */
typedef void kafka_committed(void *arg, const rd_kafka_topic_partition_list_t *offsets,
                             rd_kafka_resp_err_t err);

struct kafka_client {
    struct keep keep;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    const char *brokers;       /* owned; for messages */
    char *group_id;            /* owned; NULL: none was given, nothing is committed */
    char *username, *password; /* owned */
    struct clock *clock;
    struct budget *budget; /* borrowed; charged with `reserved` */
    struct budget *held;   /* owned: what batches hold */
    size_t reserved;
    size_t queued_bytes; /* librdkafka's limit of queued payload */

    pthread_mutex_t wake_lock; /* guards wake: NULL once the source is closed */
    void (*wake)(void *arg);
    void *wake_arg;
    atomic_bool starved; /* the source waits for held memory */

    enum err failure_code; /* what librdkafka told that only a restart can mend */
    char failure[600];
    int64_t logged_us;   /* last line about connections */
    int64_t quiet_count; /* connection errors since then */

    kafka_committed *committed; /* borrowed, NULL once the source is closed */
    void *committed_arg;
    int32_t commits_in_flight;

    bool kick_needed; /* this librdkafka sleeps while its queue is full: see kafka_client_kick */
    int64_t full_until_us, kicked_us;

    struct metrics *registry;
    struct histogram *fetch_latency;           /* ms; NULL without metrics */
    _Atomic int64_t fetch_count, fetch_sum_us; /* so far; kafka_metrics.c makes rates of them */
};

MUST_USE enum err kafka_client_new(const struct kafka_client_spec *spec, struct kafka_client **out,
                                   struct error *e);

/* Call the source's wake, unless the client was closed. Thread: any. */
void kafka_client_wake(struct kafka_client *c);

/* No more wake-ups and callbacks; waits up to timeout_ms for commits in flight, then lets go. NULL is fine.
 */
void kafka_client_close(struct kafka_client *c, int32_t timeout_ms);

static inline struct kafka_client *kafka_client_ref(struct kafka_client *c)
{
    keep_ref(&c->keep);
    return c;
}
static inline void kafka_client_unref(struct kafka_client *c)
{
    keep_unref(c ? &c->keep : NULL);
}

/* Messages and events that are there; never waits. Callbacks run inside. */
size_t kafka_client_consume(struct kafka_client *c, rd_kafka_message_t **messages, size_t count);

/* ERR_DENIED and the like when librdkafka has told of something that waiting does not mend. */
MUST_USE enum err kafka_client_failure(const struct kafka_client *c, struct error *e);

/* A connection failed: count it by kind, log it now and then. */
void kafka_client_trouble(struct kafka_client *c, rd_kafka_resp_err_t err, const char *reason);

/* True when err means that brokers cannot be reached or are not ready: ask again later. */
bool kafka_client_retriable(rd_kafka_resp_err_t err);

/* Commit offsets (borrowed) to the group, answered by committed from within kafka_client_consume. */
MUST_USE enum err kafka_client_commit(struct kafka_client *c, rd_kafka_topic_partition_list_t *offsets,
                                      struct error *e);

/* Memory of batches: take before making one; false: too much is held, and wake will be called when some comes
 * back. */
MUST_USE bool kafka_client_may_hold(struct kafka_client *c);
void kafka_client_hold(struct kafka_client *c, size_t byte_count);
void kafka_client_release(struct kafka_client *c, size_t byte_count);

/* After each look at the queue: see that fetching goes on. average_bytes is of a message. True: the queue is
 * empty though it was full a moment ago; look again soon. */
bool kafka_client_kick(struct kafka_client *c, size_t consumed, size_t average_bytes);

/* An error of librdkafka in our terms. */
enum err kafka_client_error(struct error *e, rd_kafka_resp_err_t err, const char *detail);
#endif
