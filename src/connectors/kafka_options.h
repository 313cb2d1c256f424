/* kafka_options.h: the client properties that users know from Java, as librdkafka's configuration.
 * Most names are the same; the others are translated, honoured by weir itself, dropped with a line in the log
 * because they mean nothing here, or refused with what to write instead (the table in kafka_options.c).
 */
#ifndef WEIR_CONNECTORS_KAFKA_OPTIONS_H
#define WEIR_CONNECTORS_KAFKA_OPTIONS_H
#include "base/error.h"
#include "base/map.h"
#include <librdkafka/rdkafka.h>

/* What to do for a partition without committed offset: auto.offset.reset. */
enum kafka_reset { KAFKA_RESET_NONE, KAFKA_RESET_EARLIEST, KAFKA_RESET_LATEST };

struct kafka_options {
    rd_kafka_conf_t *conf;           /* owned until kafka_options_take_conf */
    const char *group_id;            /* borrowed from the properties, as all texts here; NULL: none */
    const char *client_id;           /* before "-<subtask>"; NULL: the group id */
    const char *username, *password; /* of SASL PLAIN and SCRAM as set in conf; owned */
    enum kafka_reset reset;
    bool auto_commit; /* enable.auto.commit: without checkpoints, commit what was read now and then */
    bool commit_on_checkpoint; /* commit.offsets.on.checkpoint */
    bool client_metrics;       /* register.consumer.metrics */
    bool create_topics;        /* allow.auto.create.topics: an unknown topic may yet come to be */
    int64_t discovery_ms;      /* partition.discovery.interval.ms, -1 when not given */
    int64_t max_poll_records;  /* -1 when not given */
};

/* Read properties (name to const char *, borrowed, must outlive out). Errors name the property. */
MUST_USE enum err kafka_options_read(const struct map *properties, struct kafka_options *out,
                                     struct error *e);
void kafka_options_fini(struct kafka_options *o); /* zeroed is fine */

/* Set a property by librdkafka's name; ERR_CONFIG with librdkafka's words. */
MUST_USE enum err kafka_options_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                    struct error *e);

/* Ownership of the configuration, for rd_kafka_new. */
rd_kafka_conf_t *kafka_options_take_conf(struct kafka_options *o);

/* A whole number of conf, which librdkafka has checked. */
int64_t kafka_options_number(const rd_kafka_conf_t *conf, const char *name);
#endif
