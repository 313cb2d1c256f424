/* kafka_metrics.h: what a Kafka source tells about itself: Flink's names below the operator
 * (KafkaSourceReader_..., pendingRecords), and names without prefix (kafka_consumer_lag{topic,partition},
 * kafka_to_flink_latency, ...). Counters move with the batches; gauges are brought up to date now and then.
 * All of it does nothing without a registry.
 */
#ifndef WEIR_CONNECTORS_KAFKA_METRICS_H
#define WEIR_CONNECTORS_KAFKA_METRICS_H
#include "batch/batch.h"
#include "connectors/kafka_client.h"
#include "connectors/kafka_splits.h"
#include "operators/operator.h"

struct kafka_metrics {
    struct metrics *registry;   /* borrowed; NULL: there are no metrics */
    struct metric_scope *scope; /* KafkaSourceReader; removed in kafka_metrics_fini */
    struct counter *commits_succeeded, *commits_failed;
    struct gauge *pending_records;
    struct histogram *latency; /* kafka_to_flink_latency, ms */
    struct { /* KafkaConsumer_...; NULL when properties.register.consumer.metrics is false */
        struct gauge *lag_max, *assigned, *fetch_latency_avg;
        struct counter *records, *bytes, *commits, *fetches;
        struct meter *record_rate, *byte_rate, *fetch_rate;
    } client;
    int64_t fetches_seen, fetch_us_seen, updated_us;
};

void kafka_metrics_init(struct kafka_metrics *m, const struct op_env *env, bool client_metrics);
void kafka_metrics_fini(struct kafka_metrics *m); /* zeroed is fine */

/* The gauges of a split that is new. */
void kafka_metrics_split(struct kafka_metrics *m, struct kafka_split *split);

/* A batch goes on: its payload bytes, and for the latency its first and its last message. */
void kafka_metrics_batch(struct kafka_metrics *m, const struct batch *b, size_t payload_bytes,
                         int64_t now_us);

void kafka_metrics_commit(struct kafka_metrics *m, bool succeeded);

/* Bring gauges up to date, unless that was less than 100 ms ago: then false. *behind: how many messages are
 * waiting. */
bool kafka_metrics_update(struct kafka_metrics *m, struct kafka_client *client,
                          const struct kafka_splits *splits, int64_t now_us, int64_t *behind);
#endif
