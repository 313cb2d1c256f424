/* kafka_source.h: the partitions of some Kafka topics as raw batches (format_raw_schema), one split a
 * partition.
 *
 * Every subtask has a consumer of its own and assigns itself the partitions that are its own
 * (kafka_splits.h): no group membership, no rebalancing, nothing to agree upon; what a group sees of it are
 * the offsets that it commits when a checkpoint is complete. Checkpoints alone decide where reading goes on.
 *
 * Payloads are not copied: columns point into librdkafka's messages, which the batch keeps
 * (kafka_messages.h). A split is idle as soon as its position is the partition's end, and active again before
 * its next batch.
 *
 * Where Flink and librdkafka differ: a restored partition goes on at its offset or fails (ERR_NOT_FOUND,
 * saying what is still there), unless continue_after_loss. A partition that turns up later is read from its
 * earliest offset. Without checkpoints and with properties.enable.auto.commit, offsets are committed by
 * librdkafka now and then. An unknown topic fails the job after unknown_topic_wait_ms, unless
 * properties.allow.auto.create.topics is true; a pattern that matches nothing waits. Brokers that cannot be
 * reached are tried for ever; refused credentials fail the job.
 */
#ifndef WEIR_CONNECTORS_KAFKA_SOURCE_H
#define WEIR_CONNECTORS_KAFKA_SOURCE_H
#include "base/map.h"
#include "operators/operator.h"

enum kafka_at {
    KAFKA_AT_EARLIEST,
    KAFKA_AT_LATEST,
    KAFKA_AT_GROUP,
    KAFKA_AT_TIMESTAMP,
    KAFKA_AT_OFFSETS,
    KAFKA_AT_NEVER
};

struct kafka_offset {
    int32_t partition;
    int64_t offset;
};

/* A place in every partition, where to start or where to stop. */
struct kafka_place {
    enum kafka_at at;
    int64_t timestamp_ms;               /* KAFKA_AT_TIMESTAMP: the first message not older */
    const struct kafka_offset *offsets; /* KAFKA_AT_OFFSETS; others start at the earliest and stop never */
    int32_t offset_count;
};

struct kafka_source_spec {
    const struct map *properties; /* name without "properties." to const char * */
    const char *const *topics;
    int32_t topic_count;
    const char *topic_pattern;      /* a POSIX extended expression for whole names; NULL: topics */
    struct kafka_place start, stop; /* stop at KAFKA_AT_NEVER: the source has no end */
    int64_t discovery_interval_ms;  /* 0 or less: partitions are looked up once */
    int64_t unknown_topic_wait_ms;
    bool continue_after_loss;
    bool headers; /* columns headers and leader-epoch are filled; else NULL */
    int32_t batch_rows;
    size_t batch_bytes;  /* about */
    size_t memory_bytes; /* of all subtasks together */
};

/* What a table gets without options: earliest to never, rows and memory as documented; no topics, no
 * properties. */
#define KAFKA_SOURCE_SPEC_DEFAULTS                                                                           \
    {                                                                                                        \
        .start = {.at = KAFKA_AT_EARLIEST}, .stop = {.at = KAFKA_AT_NEVER}, .discovery_interval_ms = 300000, \
        .unknown_topic_wait_ms = 5000, .batch_rows = 4096, .batch_bytes = (size_t)1 << 19,                   \
        .memory_bytes = (size_t)12 << 20                                                                     \
    }

extern const struct operator_factory kafka_source_factory;
#endif
