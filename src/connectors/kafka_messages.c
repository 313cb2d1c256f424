/* kafka_messages.c: see kafka_messages.h. Columns are filled one after the other: short loops over plain
 * arrays. */
#include "connectors/kafka_messages.h"
#include "base/mem.h"
#include "formats/format.h"

/* Bytes of a row in the columns of a raw batch. */
#define ROW_BYTES (3 * sizeof(struct view) + sizeof(int32_t) + 2 * sizeof(int64_t) + sizeof(struct view))

static void messages_free(struct keep *k)
{
    struct kafka_messages *m = CONTAINER_OF(k, struct kafka_messages, keep);

    for (int32_t i = 0; i < m->count; i++)
        rd_kafka_message_destroy(m->list[i]);
    kafka_client_release(m->client, m->charged);
    kafka_client_unref(m->client);
    mem_free(m);
}

struct kafka_messages *kafka_messages_new(struct kafka_client *client, int32_t capacity)
{
    struct kafka_messages *m = mem_alloc(sizeof *m + (size_t)capacity * sizeof(rd_kafka_message_t *));

    if (m == NULL)
        return NULL;
    *m = (struct kafka_messages){.keep = {.refs = 1, .free = messages_free},
                                 .client = kafka_client_ref(client)};
    return m;
}

void kafka_messages_add(struct kafka_messages *m, rd_kafka_message_t *message)
{
    m->payload_bytes += message->len + message->key_len;
    m->list[m->count++] = message;
}

/* --- columns --- */

static bool fill_bytes(const struct kafka_messages *m, struct batch *b, enum raw_column which)
{
    struct column *c = &b->columns[which];
    struct view *views = batch_alloc(b, (size_t)m->count * sizeof *views);
    int32_t absent = 0;

    if ((c->views = views) == NULL)
        return false;
    for (int32_t i = 0; i < m->count; i++) {
        const rd_kafka_message_t *message = m->list[i];
        const void *ptr = which == RAW_KEY ? message->key : message->payload;
        size_t len = which == RAW_KEY ? message->key_len : message->len;

        views[i] = view_of(ptr, len);
        absent += ptr == NULL;
    }
    if (absent == 0)
        return true;
    if ((c->validity = batch_alloc(b, VALIDITY_WORDS(m->count) * 8)) == NULL)
        return false;
    memset(c->validity, 0, VALIDITY_WORDS(m->count) * 8);
    for (int32_t i = 0; i < m->count; i++)
        if ((which == RAW_KEY ? m->list[i]->key : m->list[i]->payload) != NULL)
            c->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    return true;
}

/* The same text in every row. */
static bool fill_text(struct batch *b, enum raw_column which, const char *text)
{
    struct view *views = batch_alloc(b, (size_t)b->row_count * sizeof *views);
    struct view v = view_of(text, strlen(text));

    if ((b->columns[which].views = views) == NULL)
        return false;
    for (int32_t i = 0; i < b->row_count; i++)
        views[i] = v;
    return true;
}

/* The topic's name must live as long as the batch, which the split may not. */
static bool fill_topic(struct batch *b, const char *topic)
{
    size_t len = strlen(topic) + 1;
    char *copy = batch_alloc(b, len);

    return copy && fill_text(b, RAW_TOPIC, memcpy(copy, topic, len));
}

static bool fill_numbers(const struct kafka_messages *m, struct batch *b, int32_t partition)
{
    int32_t *partitions = batch_alloc(b, (size_t)m->count * sizeof *partitions);
    int64_t *offsets = batch_alloc(b, (size_t)m->count * sizeof *offsets);

    b->columns[RAW_PARTITION].i32 = partitions;
    b->columns[RAW_OFFSET].i64 = offsets;
    if (partitions == NULL || offsets == NULL)
        return false;
    for (int32_t i = 0; i < m->count; i++) {
        partitions[i] = partition;
        offsets[i] = m->list[i]->offset;
    }
    return true;
}

static const char *timestamp_type_name(rd_kafka_timestamp_type_t type)
{
    return type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? "CreateTime"
           : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? "LogAppendTime"
                                                        : "NoTimestampType";
}

/* The type is a topic's setting, so nearly always the same for the whole batch. */
static bool fill_times(const struct kafka_messages *m, struct batch *b)
{
    struct column *c = &b->columns[RAW_TIMESTAMP];
    rd_kafka_timestamp_type_t type, first;
    bool mixed = false, absent = false;

    if ((c->i64 = batch_alloc(b, (size_t)m->count * sizeof *c->i64)) == NULL)
        return false;
    rd_kafka_message_timestamp(m->list[0], &first);
    for (int32_t i = 0; i < m->count; i++) {
        int64_t ms = rd_kafka_message_timestamp(m->list[i], &type);

        c->i64[i] = ms < 0 ? 0 : ms * 1000;
        absent |= ms < 0;
        mixed |= type != first;
    }
    if (!fill_text(b, RAW_TIMESTAMP_TYPE, timestamp_type_name(first)))
        return false;
    for (int32_t i = 0; mixed && i < m->count; i++) {
        rd_kafka_message_timestamp(m->list[i], &type);
        b->columns[RAW_TIMESTAMP_TYPE].views[i] = view_of(timestamp_type_name(type),
                                                          strlen(timestamp_type_name(type)));
    }
    if (!absent)
        return true;
    if ((c->validity = batch_alloc(b, VALIDITY_WORDS(m->count) * 8)) == NULL)
        return false;
    memset(c->validity, 0, VALIDITY_WORDS(m->count) * 8);
    for (int32_t i = 0; i < m->count; i++)
        if (rd_kafka_message_timestamp(m->list[i], &type) >= 0)
            c->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    return true;
}

enum err kafka_messages_batch(struct kafka_messages *m, const struct kafka_split *split, int64_t now_us,
                              struct batch **out, struct error *e)
{
    struct batch *b = batch_new(&format_raw_schema, NULL);

    assert(m->count > 0);
    m->charged = m->payload_bytes + (size_t)m->count * (KAFKA_MESSAGE_OVERHEAD + ROW_BYTES);
    kafka_client_hold(m->client, m->charged);
    if (b == NULL || !batch_keep(b, &m->keep)) {
        keep_unref(&m->keep);
        goto no_memory;
    }
    b->row_count = m->count;
    for (int32_t i = 0; i < RAW_COLUMN_COUNT; i++)
        b->columns[i].row_count = m->count;
    if (!fill_bytes(m, b, RAW_VALUE) || !fill_bytes(m, b, RAW_KEY) || !fill_topic(b, split->topic) ||
        !fill_numbers(m, b, split->partition) || !fill_times(m, b))
        goto no_memory;
    b->split = split->number;
    b->born_us = now_us;
    *out = b;
    return OK;
no_memory:
    batch_unref(b);
    return error_memory(e, ROW_BYTES, "a batch of messages");
}
