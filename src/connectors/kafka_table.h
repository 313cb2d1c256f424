/* kafka_table.h: which columns of a Kafka table lie in the key of a message, and which in its value:
 * `key.fields`, `key.fields-prefix`, `value.fields-include`; of upsert-kafka the primary key.
 */
#ifndef WEIR_CONNECTORS_KAFKA_TABLE_H
#define WEIR_CONNECTORS_KAFKA_TABLE_H
#include "connectors/connector.h"
#include "connectors/table_format.h"

struct kafka_table {
    struct table_format key, value; /* owned; key.format NULL: messages have no key */
    bool *in_key, *in_value;        /* per column of the table */
    int32_t key_count;
    const int32_t *keys; /* columns of the table, in the order of the key */
    size_t prefix_len;   /* of a key's columns, left out in the payload */
};

/* Read and check; all but the formats' options lies in the request's arena. primary_key: the key's fields
 * are the table's primary key. */
MUST_USE enum err kafka_table_init(struct kafka_table *t, const struct connector_request *r, bool primary_key,
                                   struct error *e);
void kafka_table_fini(struct kafka_table *t);

/* The number of a physical column of the table in the request's schema, -1: it is not there. */
int32_t kafka_table_find(const struct connector_request *r, int32_t column);
/* And the other way round: the table's number of a field of the request's schema; -1: a metadata column. */
int32_t kafka_table_column(const struct connector_request *r, int32_t field);
#endif
