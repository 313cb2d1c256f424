/* kafka_jaas.h: the login that Java clients are given as sasl.jaas.config, as librdkafka's settings:
 *
 *   org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";
 */
#ifndef WEIR_CONNECTORS_KAFKA_JAAS_H
#define WEIR_CONNECTORS_KAFKA_JAAS_H
#include "base/arena.h"
#include "base/error.h"

struct kafka_setting {
    const char *name, *value;
};

#define KAFKA_JAAS_SETTINGS 4
struct kafka_jaas {
    struct arena arena; /* owned */
    struct kafka_setting settings[KAFKA_JAAS_SETTINGS];
    size_t setting_count;
};

/* PLAIN, SCRAM and Kerberos with a keytab; of the rest e says what to write instead. The password is never in
 * e. */
MUST_USE enum err kafka_jaas_parse(const char *text, struct kafka_jaas *out, struct error *e);
void kafka_jaas_fini(struct kafka_jaas *j); /* zeroed is fine */
#endif
