/* errors.c: dead letters: why, where from, and the payload itself. */
#include "errors.h"
#include <string.h>

#define LARGE_PAYLOAD 16384 /* bytes: from here on a payload is stored once for all its errors */

/* The columns of the table, in order. */
enum {
    RAW_PAYLOAD,
    ERROR_TYPE,
    ERROR_MESSAGE,
    ERROR_TIMESTAMP,
    USER_ID,
    DATA_TYPE,
    SAMPLE_ID,
    PROCESSING_TIME,
    KAFKA_OFFSET,
    KAFKA_PARTITION,
    KAFKA_TOPIC,
    ERROR_DATE
};

const char error_columns[] =
    "raw_payload STRING COMMENT 'Original raw payload', error_type STRING COMMENT 'Type of error "
    "(validation, "
    "deserialization, etc.)', error_message STRING COMMENT 'Error message', error_timestamp TIMESTAMP "
    "COMMENT 'When the "
    "error occurred', user_id STRING COMMENT 'User ID if available', data_type STRING COMMENT 'Data type if "
    "available', "
    "sample_id STRING COMMENT 'Sample ID if available', processing_time TIMESTAMP COMMENT 'Flink processing "
    "timestamp', "
    "kafka_offset BIGINT COMMENT 'Kafka offset of the failed message', kafka_partition INT COMMENT 'Kafka "
    "partition', "
    "kafka_topic STRING COMMENT 'Kafka topic', error_date DATE COMMENT 'Date partition'";

static void put_or_null(struct weir_rows *r, int column, const struct weir_batch *in, int in_column,
                        int32_t row)
{
    if (in_column < 0)
        weir_put_null(r, column);
    else
        weir_put_from(r, column, in, in_column, row);
}

static void put_payload(struct weir_rows *r, const struct weir_batch *in, int32_t row,
                        const struct error_columns *c, struct error_memory *memory)
{
    int64_t offset = weir_i64s(in, c->offset)[row];
    int32_t partition = weir_i32s(in, c->partition)[row];
    struct weir_str payload;

    if (weir_is_null(in, c->payload, row)) {
        weir_put_null(r, RAW_PAYLOAD);
        return;
    }
    payload = weir_str(in, c->payload, row);
    if (payload.len >= LARGE_PAYLOAD && memory->set && memory->offset == offset &&
        memory->partition == partition) {
        weir_put_null(r, RAW_PAYLOAD);
        return;
    }
    *memory = (struct error_memory){offset, partition, true};
    weir_put_printable(r, RAW_PAYLOAD, payload.ptr, payload.len);
}

void error_row(struct weir_task *t, int output, const struct weir_batch *in, int32_t row,
               const struct error_columns *c, struct error_memory *memory, const char *type,
               const char *message, size_t message_len)
{
    struct weir_rows *r = weir_out(t, output);
    int64_t now = weir_now_us(t);

    put_payload(r, in, row, c, memory);
    weir_put_str(r, ERROR_TYPE, type, strlen(type));
    weir_put_printable(r, ERROR_MESSAGE, message, message_len);
    weir_put_i64(r, ERROR_TIMESTAMP, now);
    put_or_null(r, USER_ID, in, c->user_id, row);
    put_or_null(r, DATA_TYPE, in, c->data_type, row);
    put_or_null(r, SAMPLE_ID, in, c->sample_id, row);
    weir_put_i64(r, PROCESSING_TIME, now);
    weir_put_from(r, KAFKA_OFFSET, in, c->offset, row);
    weir_put_from(r, KAFKA_PARTITION, in, c->partition, row);
    weir_put_from(r, KAFKA_TOPIC, in, c->topic, row);
    weir_put_i32(r, ERROR_DATE, weir_date(now));
}

/* --- records that could not be decoded --- */

struct letters {
    struct error_columns columns;
    struct error_memory memory;
    int type, message; /* payload_error: columns of the decoder's verdict */
    bool strict;
    struct weir_counter *counter;
};

static bool find_columns(struct letters *self, const struct weir_batch *in)
{
    self->columns = (struct error_columns){
        .payload = weir_column(in, "payload") >= 0 ? weir_column(in, "payload") : weir_column(in, "value"),
        .topic = weir_column(in, "kafka_topic") >= 0 ? weir_column(in, "kafka_topic")
                                                     : weir_column(in, "topic"),
        .partition = weir_column(in, "kafka_partition") >= 0 ? weir_column(in, "kafka_partition")
                                                             : weir_column(in, "partition"),
        .offset = weir_column(in, "kafka_offset") >= 0 ? weir_column(in, "kafka_offset")
                                                       : weir_column(in, "offset"),
        .user_id = weir_column(in, "userId"),
        .data_type = -1,
        .sample_id = -1,
    };
    self->type = weir_column(in, "error_type");
    self->message = weir_column(in, "error_message");
    return true;
}

static bool open_letters(void *p, struct weir_task *t, const void *arg)
{
    struct letters *self = p;
    const struct settings *s = arg;

    self->strict = s->validation.strict;
    self->counter = weir_metric_counter(t, "validation_errors_total", "Total validation errors",
                                        (const char *const[]){"error_type", "empty_payload", NULL});
    return true;
}

static bool letters_of_decoder(void *p, struct weir_task *t, const struct weir_batch *in)
{
    struct letters *self = p;

    find_columns(self, in);
    for (int32_t i = 0; i < weir_rows_count(in); i++) {
        int32_t row = weir_row(in, i);
        struct weir_str type = weir_str(in, self->type, row), message = weir_str(in, self->message, row);
        char word[64];
        size_t len = type.len < sizeof word - 1 ? type.len : sizeof word - 1;

        memcpy(word, type.ptr, len);
        word[len] = '\0';
        error_row(t, 0, in, row, &self->columns, &self->memory, word, message.ptr, message.len);
    }
    return true;
}

static bool letters_of_empty(void *p, struct weir_task *t, const struct weir_batch *in)
{
    static const char message[] = "samples is empty or missing: the payload has nothing to store";
    struct letters *self = p;

    if (self->strict)
        return weir_task_fail(t, "a payload has no samples, and VALIDATION_STRICT_MODE is true");
    find_columns(self, in);
    for (int32_t i = 0; i < weir_rows_count(in); i++)
        error_row(t, 0, in, weir_row(in, i), &self->columns, &self->memory, "empty_payload", message,
                  sizeof message - 1);
    weir_count(self->counter, weir_rows_count(in));
    return true;
}

const struct weir_map payload_error = {
    .name = "undecodable payloads",
    .columns = error_columns,
    .self_bytes = sizeof(struct letters),
    .open = open_letters,
    .batch = letters_of_decoder,
};
const struct weir_map empty_error = {
    .name = "payloads without samples",
    .columns = error_columns,
    .self_bytes = sizeof(struct letters),
    .open = open_letters,
    .batch = letters_of_empty,
};
