/* kafka_decode.h: messages into rows where the key has columns too: two decoders, one over keys and one over
 * values, and their rows put together by the message's offset. In upsert mode a message without value deletes
 * the row of its key; else one without key or value is left out, unless the format has a row for it (raw).
 * Port 0: rows; port 1: what could not be read, as of the ordinary decode operator.
 *
 *   raw  | k1 v1 | k2 v2 | k3 -- |
 *   keys | k1      k2      k3    |     value rows that have no key row, or the other way round, are in error
 *   vals | v1      v2            |     +U k1 v1, +U k2 v2, -D k3
 */
#ifndef WEIR_CONNECTORS_KAFKA_DECODE_H
#define WEIR_CONNECTORS_KAFKA_DECODE_H
#include "operators/decode.h"

/* What one decoder is asked for. Its last field is the offset. */
struct kafka_side {
    const struct format *format;
    const struct map *options;
    const struct schema *schema;
    const int32_t *raw;
    const struct schema *physical; /* as in decode_spec */
};

/* Where a column of the rows comes from: a field of the key's schema (which also has what every message has,
 * and in upsert mode the key's columns even if the value repeats them), or of the value's. */
struct kafka_origin {
    bool is_key;
    int32_t field;
};

struct kafka_decode_spec {
    struct kafka_side key, value;
    const struct schema *schema; /* of the rows */
    const struct kafka_origin *origins;
    bool upsert;
    enum on_error on_error;
};

extern const struct operator_factory kafka_decode_factory;
#endif
