/* kafka_messages.h: messages of one partition as a raw batch that keeps them.
 *
 *   batch -> columns: value, key, topic, ... as views -> librdkafka's messages <- kept (and the client, and
 * its budget)
 */
#ifndef WEIR_CONNECTORS_KAFKA_MESSAGES_H
#define WEIR_CONNECTORS_KAFKA_MESSAGES_H
#include "batch/batch.h"
#include "connectors/kafka_client.h"
#include "connectors/kafka_splits.h"

/* Whether librdkafka tells the epoch of a message's leader. */
#if RD_KAFKA_VERSION >= 0x020100ff
#define KAFKA_HAS_LEADER_EPOCH
#endif

/* Some messages, freed together; made before they are known, so that nothing can fail while they are sorted.
 */
struct kafka_messages {
    struct keep keep;
    struct kafka_client *client; /* referenced */
    size_t charged;              /* bytes held */
    size_t payload_bytes;
    int32_t count;
    rd_kafka_message_t *list[];
};

/* Room for capacity messages; NULL without memory. */
struct kafka_messages *kafka_messages_new(struct kafka_client *client, int32_t capacity);

/* Takes the message, and charges it. */
void kafka_messages_add(struct kafka_messages *m, rd_kafka_message_t *message);

/* One batch (the caller's) of all of m, whose reference is taken, also on failure. m is not empty. Without
 * `headers` their column is NULL, and the leader's epoch: few ask for them. The memory of the columns counts
 * as held by the client, too: a source waits for memory before it takes messages, not after. */
MUST_USE enum err kafka_messages_batch(struct kafka_messages *m, const struct kafka_split *split,
                                       bool headers, int64_t now_us, struct batch **out, struct error *e);
#endif
