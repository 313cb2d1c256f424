/* kafka_messages.c: see kafka_messages.h. Columns are filled one after the other: short loops over plain
 * arrays. */
#include "connectors/kafka_messages.h"
#include "base/mem.h"
#include "formats/format.h"

/* Bytes of a row in the columns of a raw batch. */
#define ROW_BYTES (4 * sizeof(struct view) + 3 * sizeof(int32_t) + 2 * sizeof(int64_t))

/* Of so many headers on, a message's names are looked up by a map. */
#define MANY_HEADERS 16

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

/* --- headers --- */

/* Of headers with the same name the last one counts: a map has one. */
static bool mark_last(const rd_kafka_headers_t *headers, size_t count, bool *last)
{
    struct map names = {0};
    const char *name;
    const void *value;
    size_t size;
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        struct slice key;
        uintptr_t before;

        rd_kafka_header_get_all(headers, i, &name, &value, &size);
        key = slice_text(name);
        if ((before = (uintptr_t)map_get(&names, key)) != 0)
            last[before - 1] = false;
        last[i] = true;
        ok = map_put(&names, key, (void *)(i + 1));
    }
    map_fini(&names);
    return ok;
}

static void mark_few(const rd_kafka_headers_t *headers, size_t count, bool *last)
{
    for (size_t i = 0; i < count; i++) {
        const char *name, *other;
        const void *value;
        size_t size;

        last[i] = true;
        rd_kafka_header_get_all(headers, i, &name, &value, &size);
        for (size_t j = i + 1; last[i] && j < count; j++)
            if (rd_kafka_header_get_all(headers, j, &other, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
                last[i] = strcmp(name, other) != 0;
    }
}

/* The headers of a message as entries of the map's columns, or only how many they are. */
static bool add_headers(const rd_kafka_headers_t *headers, struct column *map, int32_t *at)
{
    bool few[MANY_HEADERS], *last = few;
    size_t count = rd_kafka_header_cnt(headers);

    if (count > MANY_HEADERS && (last = mem_alloc(count * sizeof *last)) == NULL)
        return false;
    if (count <= MANY_HEADERS)
        mark_few(headers, count, last);
    else if (!mark_last(headers, count, last))
        goto no_memory;
    for (size_t i = 0; i < count; i++) {
        struct column *names = &map->children[0], *values = &map->children[1];
        const char *name;
        const void *value;
        size_t size;

        if (!last[i])
            continue;
        rd_kafka_header_get_all(headers, i, &name, &value, &size);
        if (names->views) {
            names->views[*at] = view_of(name, strlen(name));
            values->views[*at] = view_of(value, size);
            if (value)
                values->validity[*at >> 6] |= UINT64_C(1) << (*at & 63);
        }
        ++*at;
    }
    if (last != few)
        mem_free(last);
    return true;
no_memory:
    mem_free(last);
    return false;
}

/* Once over all messages: the offsets, and the entries when there is room for them. */
static bool walk_headers(const struct kafka_messages *m, struct column *map)
{
    int32_t at = 0;

    for (int32_t i = 0; i < m->count; i++) {
        rd_kafka_headers_t *headers;

        map->offsets[i] = at;
        if (rd_kafka_message_headers(m->list[i], &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            !add_headers(headers, map, &at))
            return false;
    }
    map->offsets[m->count] = at;
    return true;
}

static bool fill_headers(const struct kafka_messages *m, struct batch *b)
{
    struct column *map = &b->columns[RAW_HEADERS], *names = &map->children[0], *values = &map->children[1];
    size_t count;

    map->offsets = batch_alloc(b, ((size_t)m->count + 1) * sizeof *map->offsets);
    if (map->offsets == NULL || !walk_headers(m, map))
        return false;
    if ((count = (size_t)map->offsets[m->count]) == 0)
        return true;
    names->row_count = values->row_count = (int32_t)count;
    names->views = batch_alloc(b, count * sizeof *names->views);
    values->views = batch_alloc(b, count * sizeof *values->views);
    values->validity = batch_alloc(b, VALIDITY_WORDS(count) * 8);
    if (names->views == NULL || values->views == NULL || values->validity == NULL)
        return false;
    memset(values->validity, 0, VALIDITY_WORDS(count) * 8);
    return walk_headers(m, map);
}

/* --- what there is not --- */

/* Columns that nobody asked for, or of which librdkafka does not tell. */
static bool fill_nothing(struct batch *b, bool headers)
{
    size_t words = VALIDITY_WORDS(b->row_count) * 8, values = ((size_t)b->row_count + 1) * sizeof(int32_t);
    char *nothing = batch_alloc(b, words + values);

    if (nothing == NULL)
        return false;
    memset(nothing, 0, words + values);
    b->columns[RAW_LEADER_EPOCH].validity = (uint64_t *)(void *)nothing;
    b->columns[RAW_LEADER_EPOCH].values = nothing + words;
    if (headers) {
        b->columns[RAW_HEADERS].validity = (uint64_t *)(void *)nothing;
        b->columns[RAW_HEADERS].values = nothing + words;
    }
    return true;
}

#ifdef KAFKA_HAS_LEADER_EPOCH
static bool fill_epochs(const struct kafka_messages *m, struct batch *b)
{
    struct column *c = &b->columns[RAW_LEADER_EPOCH];

    c->i32 = batch_alloc(b, (size_t)m->count * sizeof *c->i32);
    c->validity = batch_alloc(b, VALIDITY_WORDS(m->count) * 8);
    if (c->i32 == NULL || c->validity == NULL)
        return false;
    memset(c->validity, 0, VALIDITY_WORDS(m->count) * 8);
    for (int32_t i = 0; i < m->count; i++) {
        int32_t epoch = rd_kafka_message_leader_epoch(m->list[i]);

        c->i32[i] = MAX(epoch, 0);
        if (epoch >= 0)
            c->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    }
    return true;
}
#else
static bool fill_epochs(UNUSED const struct kafka_messages *m, UNUSED struct batch *b)
{
    return true; /* kafka_plan_decode refuses the column */
}
#endif

enum err kafka_messages_batch(struct kafka_messages *m, const struct kafka_split *split, bool headers,
                              int64_t now_us, struct batch **out, struct error *e)
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
        !fill_numbers(m, b, split->partition) || !fill_times(m, b) || !fill_nothing(b, !headers) ||
        (headers && (!fill_headers(m, b) || !fill_epochs(m, b))))
        goto no_memory;
    b->split = split->number;
    b->born_us = now_us;
    *out = b;
    return OK;
no_memory:
    batch_unref(b);
    return error_memory(e, ROW_BYTES, "a batch of messages");
}
