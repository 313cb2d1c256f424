/* kafka_sink_metrics.h: what a Kafka sink tells about itself, by Flink's names: numRecordsSend, numBytesSend,
 * numRecordsSendErrors, currentSendTime, and the client's as KafkaProducer_record_send_total and so on. All
 * of it does nothing without a registry.
 */
#ifndef WEIR_CONNECTORS_KAFKA_SINK_METRICS_H
#define WEIR_CONNECTORS_KAFKA_SINK_METRICS_H
#include "connectors/kafka_producer.h"
#include "operators/operator.h"

struct kafka_sink_metrics {
    struct metric_scope *scope; /* KafkaProducer; NULL: there are no metrics */
    struct counter *records_out, *bytes_out, *records_send, *bytes_send, *errors, *out_errors;
    struct gauge *send_time;
    struct counter *client_records, *client_bytes, *client_errors;
    struct meter *record_rate, *byte_rate, *error_rate;
    struct gauge *latency, *waiting;
    struct kafka_sent told; /* what the metrics have seen */
};

void kafka_sink_metrics_init(struct kafka_sink_metrics *m, const struct op_env *env);
void kafka_sink_metrics_fini(struct kafka_sink_metrics *m); /* zeroed is fine */

/* Bring them up to date. */
void kafka_sink_metrics_update(struct kafka_sink_metrics *m, struct kafka_producer *p);
#endif
