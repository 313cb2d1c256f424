/* kafka_plan.h: what the connectors kafka and upsert-kafka have in common: a table's options to the specs of
 * source, decoder and sink.
 */
#ifndef WEIR_CONNECTORS_KAFKA_PLAN_H
#define WEIR_CONNECTORS_KAFKA_PLAN_H
#include "connectors/connector.h"

/* The options of both, for their tables of settings. */
/* clang-format off */
#define KAFKA_SETTINGS \
    {"topic", SETTING_LIST, SETTING_OPTIONAL, NULL, NULL, "the topics; this or `topic-pattern`"}, \
    {"topic-pattern", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, \
     "to read from: an expression that the names of topics match"}, \
    {"properties.*", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, \
     "of the Kafka client, by its Java names; `properties.bootstrap.servers` must be there"}, \
    {"key.format", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of the messages' keys"}, \
    {"value.format", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of the messages' values"}, \
    {"key.fields-prefix", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, \
     "what the names of the key's columns begin with in the table, but not in the key"}, \
    {"value.fields-include", SETTING_ENUM, SETTING_OPTIONAL, "ALL", "ALL|EXCEPT_KEY", \
     "whether the value has the key's columns too"}, \
    {"scan.bounded.mode", SETTING_ENUM, SETTING_OPTIONAL, "unbounded", \
     "unbounded|latest-offset|group-offsets|timestamp|specific-offsets", \
     "where reading ends"}, \
    {"scan.bounded.specific-offsets", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, \
     "`partition:0,offset:42;partition:1,offset:300`"}, \
    {"scan.bounded.timestamp-millis", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, \
     "milliseconds since 1970"}, \
    {"scan.topic-partition-discovery.interval", SETTING_DURATION, SETTING_OPTIONAL, "5 min", NULL, \
     "how often to look for new partitions; 0: never"}, \
    {"scan.lost-data", SETTING_ENUM, SETTING_OPTIONAL, "fail", "fail|continue", \
     "what to do when a restored offset is gone from the topic"}, \
    {"scan.memory", SETTING_SIZE, SETTING_OPTIONAL, "12mb", "4194304..9223372036854775807", \
     "of messages read ahead and held, all subtasks together"}, \
    {"scan.batch.rows", SETTING_INT, SETTING_OPTIONAL, "4096", "1..1048576", "rows of a batch, at most"}, \
    {"scan.unknown-topic-wait", SETTING_DURATION, SETTING_OPTIONAL, "5 s", NULL, \
     "how long a topic may be unknown before the job fails"}, \
    {"sink.delivery-guarantee", SETTING_ENUM, SETTING_OPTIONAL, "at-least-once", \
     "none|at-least-once|exactly-once", \
     "at-least-once: a crash may repeat messages, and loses none; none: it may lose some; exactly-once is refused"}, \
    { "sink.transactional-id-prefix", SETTING_TEXT, SETTING_REFUSED, NULL, NULL, \
     "transactions belong to `sink.delivery-guarantee` = `exactly-once`, which weir does not have; " \
     "leave it out and take `at-least-once`" }
/* clang-format on */

extern const struct connector_metadata kafka_metadata[];

/* upsert: the connector is upsert-kafka. */
MUST_USE enum err kafka_plan_source(const struct connector_request *r, bool upsert,
                                    struct connector_plan *out, struct error *e);
MUST_USE enum err kafka_plan_sink(const struct connector_request *r, bool upsert, struct connector_plan *out,
                                  struct error *e);

/* The options 'properties.x' as x; values live in arena. */
MUST_USE enum err kafka_plan_properties(const struct connector_request *r, struct map *out, struct error *e);

/* For decoders and encoders that are made to see whether they can be: runs nothing. */
extern struct executor kafka_plan_executor;

/* Plan the decoding of raw batches into r->schema: the plan's decode and decode_spec. What it holds outside the
 * arena is in *planned, to be released even after a failure. */
struct kafka_planned_decode;
MUST_USE enum err kafka_plan_decode(const struct connector_request *r, bool upsert,
                                    struct connector_plan *out, struct kafka_planned_decode **planned,
                                    struct error *e);
void kafka_plan_decode_release(struct kafka_planned_decode *p); /* NULL is fine */
#endif
