/* kafka_mock.c: see kafka_mock.h. */
#include "connectors/kafka_mock.h"
#include "base/map.h"
#include "base/mem.h"
#include <stdio.h>

/* Somewhat below what a mock partition keeps. */
#define ROOM_MESSAGES INT64_C(90000)
#define ROOM_BYTES    INT64_C(4500000)
#define RING          (1 << 17) /* more than ROOM_MESSAGES, a power of two */
#define OVERHEAD      96        /* of a message in its log, about */

/* What was produced to one partition: bytes[n % RING] is the sum of all before message n. */
struct produced {
    int64_t count, total_bytes;
    int64_t next; /* what its consumer had read when last asked */
    int64_t bytes[RING];
};

struct kafka_mock {
    rd_kafka_t *host; /* the mock cluster lives in it */
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_t *producer;
    struct map partitions; /* "topic-partition" to struct produced, owned */
    kafka_mock_position *position;
    void *position_arg;
    rd_kafka_resp_err_t failed; /* the first answer that was an error */
};

static enum err kafka_error(struct error *e, rd_kafka_resp_err_t err, const char *what)
{
    return error_set(e, ERR_IO, "mock cluster: %s: %s", what, rd_kafka_err2str(err));
}

static void on_delivery(UNUSED rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_mock *m = opaque;

    if (message->err && !m->failed)
        m->failed = message->err;
}

static enum err make_client(rd_kafka_type_t type, const char *brokers, const char *group,
                            struct kafka_mock *m, rd_kafka_t **out, struct error *e)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256] = "";

    rd_kafka_conf_set(conf, "log_level", "2", why, sizeof why);
    if (brokers)
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    if (group)
        rd_kafka_conf_set(conf, "group.id", group, why, sizeof why);
    if (brokers && type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set(conf, "message.max.bytes", "64000000", why, sizeof why);
        rd_kafka_conf_set(conf, "max.in.flight", "1", why, sizeof why); /* order, also with injected errors */
        rd_kafka_conf_set(conf, "linger.ms", "20", why,
                          sizeof why); /* a fetch gives one of these batches, not more */
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    rd_kafka_conf_set_opaque(conf, m);
    if ((*out = rd_kafka_new(type, conf, why, sizeof why)) != NULL)
        return OK;
    rd_kafka_conf_destroy(conf);
    return error_set(e, ERR_IO, "mock cluster: %s", why);
}

enum err kafka_mock_new(int broker_count, struct kafka_mock **out, struct error *e)
{
    struct kafka_mock *m = mem_zalloc(sizeof *m);
    enum err rc;

    *out = NULL;
    if (m == NULL)
        return error_memory(e, sizeof *m, "a mock cluster");
    if ((rc = make_client(RD_KAFKA_PRODUCER, NULL, NULL, m, &m->host, e)) != OK)
        goto out;
    if ((m->cluster = rd_kafka_mock_cluster_new(m->host, broker_count)) == NULL) {
        rc = error_set(e, ERR_IO, "mock cluster: it does not start");
        goto out;
    }
    rc = make_client(RD_KAFKA_PRODUCER, kafka_mock_brokers(m), NULL, m, &m->producer, e);
out:
    if (rc != OK)
        kafka_mock_free(m);
    else
        *out = m;
    return rc;
}

void kafka_mock_free(struct kafka_mock *m)
{
    struct map_entry *entry;
    size_t at = 0;

    if (m == NULL)
        return;
    if (m->producer) {
        rd_kafka_purge(m->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(m->producer, 1000);
        rd_kafka_destroy(m->producer);
    }
    if (m->cluster)
        rd_kafka_mock_cluster_destroy(m->cluster);
    if (m->host)
        rd_kafka_destroy(m->host);
    while ((entry = map_next(&m->partitions, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&m->partitions);
    mem_free(m);
}

const char *kafka_mock_brokers(const struct kafka_mock *m)
{
    return rd_kafka_mock_cluster_bootstraps(m->cluster);
}

rd_kafka_mock_cluster_t *kafka_mock_cluster(struct kafka_mock *m)
{
    return m->cluster;
}

enum err kafka_mock_topic(struct kafka_mock *m, const char *topic, int partition_count, struct error *e)
{
    rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(m->cluster, topic, partition_count, 1);

    return err ? kafka_error(e, err, topic) : OK;
}

void kafka_mock_follow(struct kafka_mock *m, kafka_mock_position *position, void *arg)
{
    m->position = position;
    m->position_arg = arg;
}

static struct produced *produced_of(struct kafka_mock *m, const struct kafka_record *record)
{
    char name[300];
    int len = snprintf(name, sizeof name, "%s-%" PRId32, record->topic, record->partition);
    struct slice key = slice_of(name, MIN((size_t)len, sizeof name - 1));
    struct produced *p = map_get(&m->partitions, key);

    if (p)
        return p;
    if ((p = mem_zalloc(sizeof *p)) != NULL && map_put(&m->partitions, key, p))
        return p;
    mem_free(p);
    return NULL;
}

/* What waits for its consumer leaves room for one more of len bytes; an empty partition takes any. Part 2:
 * half of the room must be free, so that waiting is worth while. */
static bool has_room(const struct produced *p, size_t len, int64_t part)
{
    int64_t waiting = p->count - p->next;

    return waiting <= 0 ||
           (waiting < ROOM_MESSAGES / part &&
            p->total_bytes - p->bytes[p->next & (RING - 1)] + (int64_t)len + OVERHEAD < ROOM_BYTES / part);
}

static enum err wait_for_room(struct kafka_mock *m, const struct kafka_record *record, struct produced *p,
                              struct error *e)
{
    if (has_room(p, record->value.len, 1))
        return OK;
    if (m->position == NULL)
        return error_set(e, ERR_MEMORY, "mock cluster: %s-%" PRId32 " is full and nobody is followed",
                         record->topic, record->partition);
    while (!has_room(p, record->value.len, 2)) {
        p->next = m->position(m->position_arg, record->topic, record->partition);
        rd_kafka_poll(m->producer, 1);
    }
    return OK;
}

static rd_kafka_resp_err_t send_record(struct kafka_mock *m, const struct kafka_record *r)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)r->header_count);
    rd_kafka_resp_err_t err;

    for (int32_t i = 0; i < r->header_count; i++)
        rd_kafka_header_add(headers, r->headers[i].name, -1, r->headers[i].value.ptr,
                            (ssize_t)r->headers[i].value.len);
    err = rd_kafka_producev(m->producer, RD_KAFKA_V_TOPIC(r->topic), RD_KAFKA_V_PARTITION(r->partition),
                            RD_KAFKA_V_KEY(r->key.ptr, r->key.len),
                            RD_KAFKA_V_VALUE((void *)(uintptr_t)r->value.ptr, r->value.len),
                            RD_KAFKA_V_TIMESTAMP(r->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (err)
        rd_kafka_headers_destroy(headers);
    return err;
}

enum err kafka_mock_produce(struct kafka_mock *m, const struct kafka_record *record, struct error *e)
{
    struct produced *p = produced_of(m, record);
    rd_kafka_resp_err_t err;
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a mock partition");
    if ((rc = wait_for_room(m, record, p, e)) != OK)
        return rc;
    while ((err = send_record(m, record)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(m->producer, 10);
    if (err)
        return kafka_error(e, err, record->topic);
    p->bytes[p->count & (RING - 1)] = p->total_bytes;
    p->count++;
    p->total_bytes += (int64_t)(record->value.len + record->key.len) + OVERHEAD;
    return OK;
}

enum err kafka_mock_flush(struct kafka_mock *m, int timeout_ms, struct error *e)
{
    rd_kafka_resp_err_t err = rd_kafka_flush(m->producer, timeout_ms);

    if (err)
        return error_set(e, ERR_UNAVAILABLE, "mock cluster: %s", rd_kafka_err2str(err));
    err = m->failed;
    m->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    return err ? kafka_error(e, err, "producing") : OK;
}

enum err kafka_mock_committed(struct kafka_mock *m, const char *group, const char *topic, int32_t partition,
                              int64_t *offset, int timeout_ms, struct error *e)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_t *reader;
    rd_kafka_resp_err_t err;
    enum err rc = make_client(RD_KAFKA_CONSUMER, kafka_mock_brokers(m), group, m, &reader, e);

    if (rc != OK)
        return rc;
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    err = rd_kafka_committed(reader, list, timeout_ms);
    *offset = list->elems[0].offset < 0 ? -1 : list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    return err ? kafka_error(e, err, "committed offsets") : OK;
}
