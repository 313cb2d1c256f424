/* kafka_mock.h: a Kafka cluster inside the process, for tests and demonstrations: librdkafka's mock cluster,
 * and a producer that knows its limit: a mock partition keeps about 5 MB or 100,000 messages and drops the
 * oldest without a word, so whoever produces more must wait for who consumes. Thread: one.
 */
#ifndef WEIR_CONNECTORS_KAFKA_MOCK_H
#define WEIR_CONNECTORS_KAFKA_MOCK_H
#include "base/error.h"
#include "base/slice.h"
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct kafka_mock;

struct kafka_header {
    const char *name;
    struct slice value; /* ptr NULL: none */
};

struct kafka_record {
    const char *topic;
    int32_t partition;
    struct slice key, value; /* ptr NULL: none; a value that is none is a tombstone */
    int64_t timestamp_ms;    /* 0: now */
    const struct kafka_header *headers;
    int32_t header_count;
};

/* What the consumer of a partition has read: the next offset it wants. Called while producing waits, so it
 * may consume. */
typedef int64_t kafka_mock_position(void *arg, const char *topic, int32_t partition);

MUST_USE enum err kafka_mock_new(int broker_count, struct kafka_mock **out, struct error *e);
void kafka_mock_free(struct kafka_mock *m); /* NULL is fine */

const char *kafka_mock_brokers(const struct kafka_mock *m);        /* for bootstrap.servers */
rd_kafka_mock_cluster_t *kafka_mock_cluster(struct kafka_mock *m); /* to inject errors */

/* The number of its partitions is for good, and so is a topic: tests of new partitions use a pattern and new
 * topics. */
MUST_USE enum err kafka_mock_topic(struct kafka_mock *m, const char *topic, int partition_count,
                                   struct error *e);

/* Who is to be waited for. Without, a produce that would drop messages is ERR_MEMORY. */
void kafka_mock_follow(struct kafka_mock *m, kafka_mock_position *position, void *arg);

/* Produce one; waits for room, not for the answer. */
MUST_USE enum err kafka_mock_produce(struct kafka_mock *m, const struct kafka_record *record,
                                     struct error *e);
/* Wait until all are written: ERR_UNAVAILABLE after timeout_ms, or what the cluster answered. */
MUST_USE enum err kafka_mock_flush(struct kafka_mock *m, int timeout_ms, struct error *e);

/* What the group has committed for a partition, -1 when nothing. Waits up to timeout_ms for an answer. */
MUST_USE enum err kafka_mock_committed(struct kafka_mock *m, const char *group, const char *topic,
                                       int32_t partition, int64_t *offset, int timeout_ms, struct error *e);
#endif
