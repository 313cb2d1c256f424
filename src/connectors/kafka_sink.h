/* kafka_sink.h: rows as messages of Kafka topics, by the encoders of a table's formats; at least once: a
 * checkpoint is complete when all that was sent before it has been answered. Rows of a changelog (upsert)
 * become the last value of their key, or a tombstone.
 */
#ifndef WEIR_CONNECTORS_KAFKA_SINK_H
#define WEIR_CONNECTORS_KAFKA_SINK_H
#include "formats/format.h"
#include "operators/operator.h"

/* One half of a message. */
struct kafka_payload {
    const struct format *format; /* NULL: there is none (keys) */
    const struct map *options;
    const struct schema *schema;
    const int32_t *columns; /* per field of schema: its number in the rows */
};

enum kafka_partitioner { KAFKA_PARTITIONER_DEFAULT, KAFKA_PARTITIONER_FIXED, KAFKA_PARTITIONER_ROUND_ROBIN };

struct kafka_sink_spec {
    const struct map *properties; /* name without "properties." to const char * */
    const char *const *topics;
    int32_t topic_count;
    struct kafka_payload key, value;
    enum kafka_partitioner partitioner;
    bool guaranteed;      /* at-least-once; else none */
    bool upsert;          /* by key: DELETE and UPDATE_BEFORE are tombstones */
    int64_t buffer_rows;  /* upsert: of a key's rows only the last is sent; 0: no buffer */
    int64_t buffer_ms;    /* for so long at most */
    int32_t topic_column; /* metadata columns in the rows, -1: none */
    int32_t timestamp_column;
    int32_t headers_column;
};

extern const struct operator_factory kafka_sink_factory;
#endif
