/* errors.h: rows of the errors table, from whatever went wrong with a payload or one of its samples. */
#ifndef HEALTH_ERRORS_H
#define HEALTH_ERRORS_H
#include "health.h"

/* Where in a batch the facts lie; -1: not there. */
struct error_columns {
    int payload, topic, partition, offset; /* of the Kafka record */
    int user_id, data_type, sample_id;
};

/* Remembers which large payload was written last, so that a payload of 100,000 bad samples is stored once,
 * not 100,000 times: its other rows have no raw_payload, but the same topic, partition and offset. */
struct error_memory {
    int64_t offset;
    int32_t partition;
    bool set;
};

void error_row(struct weir_task *t, int output, const struct weir_batch *in, int32_t row,
               const struct error_columns *c, struct error_memory *memory, const char *type,
               const char *message, size_t message_len);
#endif
