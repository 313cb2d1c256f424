/* kafka_producer.h: one librdkafka producer, and the blocks of payloads that are on their way.
 *
 * A payload is written once, by the encoder, into its block; librdkafka is lent it and copies it only into
 * the request. So a block lives until the last of its messages was answered:
 *
 *   begin -> fill -> queue:  | block 7: all answered | block 8: 3 of 90 left | block 9: sent up to row 40 |
 *                              taken back when first    ^ a flush waits for      ^ the queue of librdkafka is
 *                                                         this to be gone          full: sent on later
 *
 * Threads: the task sends, an I/O thread flushes, librdkafka's answers are served by either: whoever waits.
 * One lock guards the blocks; an answer counts down without it.
 *
 * Like the Java client: acks=all, idempotent (retries keep the order), murmur2 for keys; batches form while
 * requests are under way, not by waiting.
 */
#ifndef WEIR_CONNECTORS_KAFKA_PRODUCER_H
#define WEIR_CONNECTORS_KAFKA_PRODUCER_H
#include "batch/batch.h"
#include "connectors/kafka_options.h"
#include "formats/encode.h"
#include "os/clock.h"

struct kafka_producer;

struct kafka_producer_spec {
    const struct map *properties; /* name without "properties." to const char *; borrowed until close */
    const char *const *topics;    /* borrowed; a message goes to one of them */
    int32_t topic_count;
    int32_t subtask;
    bool guaranteed;  /* a message that is not delivered is a failure; else it is only logged */
    bool round_robin; /* messages go to partitions in turn; else by key, or as librdkafka likes */
    bool fixed;       /* all to one partition, by subtask */
    struct clock *clock;
    void (*wake)(void *arg); /* what said ERR_WAIT may go on; any thread */
    void *wake_arg;
};

/* What is sent with one message of a block beside its payloads. */
struct kafka_extra {
    int32_t topic;               /* number among the topics */
    int64_t timestamp_ms;        /* 0: now */
    rd_kafka_headers_t *headers; /* the message's own: taken; NULL: none */
};

/* Payloads in memory that is used again and again. */
struct kafka_block {
    struct payload_run keys; /* count 0: messages have no keys */
    struct payload_run values;
    struct batch *rows; /* whatever extra needs; one reference, let go of when all are sent */
    /* The nth message's extras; NULL: the first topic, now. */
    bool (*extra)(const struct kafka_block *b, int32_t nth, struct kafka_extra *out, struct error *e);
    const void *arg; /* for extra */
    uint64_t *dead;  /* owned: bits of payloads that are not to be sent; see kafka_block_kill */
    int32_t dead_count, dead_words;

    /* kafka_producer.c's: */
    struct kafka_block *next;
    int64_t number;
    int32_t sent;
    _Atomic int32_t left; /* messages not answered, and 1 while not all are sent */
};

/* The nth payload is not to be sent. False without memory. */
MUST_USE bool kafka_block_kill(struct kafka_block *b, int32_t nth);
static inline bool kafka_block_is_dead(const struct kafka_block *b, int32_t nth)
{
    return nth >> 6 < b->dead_words && (b->dead[nth >> 6] >> (nth & 63) & 1);
}

/* What was sent so far. */
struct kafka_sent {
    int64_t records, bytes; /* given to librdkafka */
    int64_t answered, failed;
    int64_t last_us; /* from sending to the answer, of the last answered one: currentSendTime */
};

/* Check properties, before anything runs. */
MUST_USE enum err kafka_producer_check(const struct map *properties, struct error *e);

MUST_USE enum err kafka_producer_new(const struct kafka_producer_spec *spec, struct kafka_producer **out,
                                     struct error *e);

/* Ask for the topics' partitions: blocks, for an I/O thread. Until it is done, kafka_producer_send says
 * ERR_WAIT, and afterwards what it found. */
void kafka_producer_find_topics(struct kafka_producer *p);

/* An empty block to be filled; NULL without memory. kafka_producer_send takes it, also on failure, or
 * kafka_producer_drop. */
struct kafka_block *kafka_producer_begin(struct kafka_producer *p);
void kafka_producer_drop(struct kafka_producer *p, struct kafka_block *b);

/* Whether there is no room: a block is not all sent. Then wake is called when to try again. */
MUST_USE enum err kafka_producer_full(struct kafka_producer *p, bool *full, struct error *e);

/* Hand a filled block over; what does not fit now is sent by later calls, in order. */
MUST_USE enum err kafka_producer_send(struct kafka_producer *p, struct kafka_block *b, struct error *e);

/* Serve answers; fails when a message could not be delivered, naming topic and reason. *left: messages not
 * yet answered; with wake_me the next answer calls wake. */
MUST_USE enum err kafka_producer_poll(struct kafka_producer *p, bool wake_me, int64_t *left, struct error *e);

/* The number of the last block handed over. kafka_producer_flush waits until all up to that one are answered:
 * blocks, for an I/O thread; ERR_CANCELLED when p is closed meanwhile. */
int64_t kafka_producer_last(struct kafka_producer *p);
MUST_USE enum err kafka_producer_flush(struct kafka_producer *p, int64_t number, struct error *e);

void kafka_producer_sent(struct kafka_producer *p, struct kafka_sent *out);

struct kafka_producer *kafka_producer_ref(struct kafka_producer *p);
/* Let go; the last one ends the client, and what was not answered is lost. NULL is fine. */
void kafka_producer_unref(struct kafka_producer *p);
/* No more wake-ups, and a flush that waits gives up. */
void kafka_producer_close(struct kafka_producer *p);
#endif
