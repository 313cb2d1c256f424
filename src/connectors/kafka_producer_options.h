/* kafka_producer_options.h: the properties of a Kafka sink as librdkafka's configuration of a producer. */
#ifndef WEIR_CONNECTORS_KAFKA_PRODUCER_OPTIONS_H
#define WEIR_CONNECTORS_KAFKA_PRODUCER_OPTIONS_H
#include "connectors/kafka_options.h"

/* *conf is the caller's on success. *topic_wait_ms: how long to wait for a topic's partitions
 * (max.block.ms). */
MUST_USE enum err kafka_producer_options(const struct map *properties, int32_t subtask,
                                         rd_kafka_conf_t **conf, int64_t *topic_wait_ms, struct error *e);
#endif
