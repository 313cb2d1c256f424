/* demo.c: the health job with its surroundings in the same process: a Kafka cluster (librdkafka's mock), a
 * schema registry of two schemas, and a generator of payloads. The job itself is the ordinary one, reading by
 * the ordinary Kafka source.
 *
 *   generator thread --produces--> mock cluster --Kafka protocol, localhost--> the job
 *        ^--- waits for the group's committed offsets: a mock partition keeps about 5 MB and drops the oldest
 * ---|
 *
 * When all is read and committed, the process is told to stop (SIGTERM), as an operator would.
 * Usage: weir run build/examples/health_demo.so [-- --payloads N --seed S]
 */
#include "generator.h"
#include <weir/weir.h>
#include <arpa/inet.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOPIC          "health-data-raw"
#define GROUP          "flink-iceberg-consumer"
#define PARTITIONS     8
#define BYTES_AHEAD    (3 << 20) /* per partition; the mock keeps 5 MB */
#define MESSAGES_AHEAD 60000     /* and 100,000 messages */
#define RING           (MESSAGES_AHEAD * 2)

int health_main(struct weir_env *env, int argc, char **argv); /* health.c */

struct demo {
    struct generator_options options;
    rd_kafka_t *cluster_owner, *producer, *consumer;
    rd_kafka_mock_cluster_t *cluster;
    int registry_fd;
    int64_t produced[PARTITIONS], committed[PARTITIONS], bytes[PARTITIONS]; /* bytes: not yet committed */
    uint32_t *sizes[PARTITIONS]; /* of the last RING messages, by offset */
};

/* --- a schema registry of two schemas --- */

static void json_escape(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; *text && n + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text == '\n' ? ' ' : *text;
    }
    out[n] = '\0';
}

static void answer(int fd)
{
    char request[2048], schema[8192], body[9000], reply[10000];
    ssize_t len = read(fd, request, sizeof request - 1);
    int id = 0, status = 404, n;

    if (len <= 0)
        return;
    request[len] = '\0';
    strcpy(body, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
    if (sscanf(request, "GET /schemas/ids/%d", &id) == 1 && (id == 1 || id == 2) &&
        !strstr(request, "/versions ")) {
        json_escape(generator_schemas[id - 1], schema, sizeof schema);
        snprintf(body, sizeof body, "{\"schema\":\"%s\"}", schema);
        status = 200;
    } else if (sscanf(request, "GET /schemas/ids/%d/versions", &id) == 1 && (id == 1 || id == 2)) {
        snprintf(body, sizeof body, "[{\"subject\":\"" TOPIC "-value\",\"version\":%d}]", id);
        status = 200;
    }
    n = snprintf(reply, sizeof reply,
                 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: "
                 "close\r\n\r\n%s",
                 status, strlen(body), body);
    if (write(fd, reply, (size_t)n) != n)
        return; /* the client is gone */
}

static void *serve_registry(void *arg)
{
    struct demo *d = arg;

    for (;;) {
        int fd = accept(d->registry_fd, NULL, NULL);

        if (fd < 0)
            return NULL;
        answer(fd);
        close(fd);
    }
}

static bool start_registry(struct demo *d, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    pthread_t thread;

    d->registry_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (d->registry_fd < 0 || bind(d->registry_fd, (struct sockaddr *)&address, len) != 0 ||
        listen(d->registry_fd, 16) != 0 ||
        getsockname(d->registry_fd, (struct sockaddr *)&address, &len) != 0 ||
        pthread_create(&thread, NULL, serve_registry, d) != 0)
        return false;
    pthread_detach(thread);
    *port = ntohs(address.sin_port);
    return true;
}

/* --- a Kafka cluster --- */

static rd_kafka_t *new_client(rd_kafka_type_t type, const char *brokers, const char *const *settings)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    if (brokers)
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    for (; settings && settings[0]; settings += 2)
        rd_kafka_conf_set(conf, settings[0], settings[1], why, sizeof why);
    return rd_kafka_new(type, conf, why, sizeof why);
}

static bool start_cluster(struct demo *d)
{
    const char *brokers;

    if ((d->cluster_owner = new_client(RD_KAFKA_PRODUCER, NULL,
                                       (const char *const[]){"log_level", "3", NULL})) == NULL ||
        (d->cluster = rd_kafka_mock_cluster_new(d->cluster_owner, 1)) == NULL ||
        rd_kafka_mock_topic_create(d->cluster, TOPIC, PARTITIONS, 1) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    brokers = rd_kafka_mock_cluster_bootstraps(d->cluster);
    setenv("KAFKA_BROKERS", brokers, 1);
    d->producer = new_client(RD_KAFKA_PRODUCER, brokers, (const char *const[]){"linger.ms", "5", NULL});
    d->consumer = new_client(RD_KAFKA_CONSUMER, brokers, (const char *const[]){"group.id", GROUP, NULL});
    return d->producer && d->consumer;
}

/* What the job has committed: those messages may be dropped. */
static void follow(struct demo *d)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);

    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, TOPIC, i);
    if (rd_kafka_committed(d->consumer, list, 2000) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (int i = 0; i < list->cnt; i++)
            for (int p = list->elems[i].partition; d->committed[p] < list->elems[i].offset; d->committed[p]++)
                d->bytes[p] -= d->sizes[p][d->committed[p] % RING];
    rd_kafka_topic_partition_list_destroy(list);
}

static bool has_room(const struct demo *d, int partition)
{
    return d->bytes[partition] < BYTES_AHEAD &&
           d->produced[partition] - d->committed[partition] < MESSAGES_AHEAD;
}

static void produce(struct demo *d, int partition, const struct generator_bytes *value, bool tombstone)
{
    rd_kafka_resp_err_t rc;

    while (!has_room(d, partition)) {
        rd_kafka_poll(d->producer, 20);
        follow(d);
    }
    do {
        rc = rd_kafka_producev(d->producer, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(partition),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                               RD_KAFKA_V_VALUE(tombstone ? NULL : value->ptr, tombstone ? 0 : value->len),
                               RD_KAFKA_V_END);
        rd_kafka_poll(d->producer, rc == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
    } while (rc == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    d->sizes[partition][d->produced[partition] % RING] = (uint32_t)(tombstone ? 100 : value->len + 100);
    d->bytes[partition] += d->sizes[partition][d->produced[partition] % RING];
    d->produced[partition]++;
}

static bool all_committed(const struct demo *d)
{
    for (int i = 0; i < PARTITIONS; i++)
        if (d->committed[i] < d->produced[i])
            return false;
    return true;
}

static void *generate(void *arg)
{
    struct demo *d = arg;
    static const int32_t ids[2] = {1, 2};
    struct generator g;
    struct generator_payload *payload = malloc(sizeof *payload);
    struct generator_bytes bytes = {0};

    generator_init(&g, &d->options);
    while (generator_next(&g, payload)) {
        bool value = generator_avro(payload, ids, &bytes);

        produce(d, payload->partition, &bytes, !value);
    }
    for (int i = 0; i < PARTITIONS; i++) { /* a sample of a later day each: it closes the windows before */
        generator_flush(&g, i, d->options.begin_us + INT64_C(90) * 86400 * 1000000, payload);
        generator_avro(payload, ids, &bytes);
        produce(d, i, &bytes, false);
    }
    rd_kafka_flush(d->producer, 10000);
    while (!all_committed(d)) {
        usleep(50000);
        follow(d);
    }
    free(payload);
    kill(getpid(), SIGTERM);
    return NULL;
}

/* --- the job --- */

static int64_t number_option(int argc, char **argv, const char *name, int64_t standard)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoll(argv[i + 1]);
    return standard;
}

static void set_standards(int registry_port)
{
    static const char *const standards[][2] = {
        {"KAFKA_TOPIC", TOPIC},
        {"KAFKA_GROUP_ID", GROUP},
        {"KAFKA_FETCH_MAX_WAIT", "20"},
        {"ICEBERG_CATALOG_TYPE", "hadoop"},
        {"ICEBERG_WAREHOUSE", "warehouse"},
        {"CHECKPOINT_STORAGE", "checkpoints"},
        {"CHECKPOINT_INTERVAL", "1000"},
        {"FLINK_PARALLELISM", "2"},
        {"DAILY_AGG_PARALLELISM", "2"},
        {"WEEKLY_AGG_PARALLELISM", "1"},
        {"MONTHLY_AGG_PARALLELISM", "1"},
        {"LOG_LEVEL", "WARNING"},
        {"LOG_FORMAT", "text"},
        {"STATE_BACKEND", "hashmap"},
        {"PROMETHEUS_PORT", "0"},
    };
    char url[64];

    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++)
        setenv(standards[i][0], standards[i][1], 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", registry_port);
    setenv("SCHEMA_REGISTRY_URL", url, 1);
}

int weir_main(struct weir_env *env, int argc, char **argv)
{
    struct demo *d = calloc(1, sizeof *d); /* lives as long as the process: its threads use it */
    pthread_t thread;
    int port;

    if (d == NULL)
        return weir_fail(env, "no memory for the demo");
    d->options = (struct generator_options){
        .seed = (uint64_t)number_option(argc, argv, "--seed", 1),
        .count = number_option(argc, argv, "--payloads", 100000),
        .begin_us = INT64_C(1761955200) * 1000000, /* 2025-11-01 */
        .samples = 10,
        .users = 1000,
        .partitions = PARTITIONS,
        .days = 14,
        .bad = 0.002,
        .bad_payloads = 0.001,
        .late = 0.01,
        .late_hours = 24,
    };
    for (int i = 0; i < PARTITIONS; i++)
        if ((d->sizes[i] = calloc(RING, sizeof *d->sizes[i])) == NULL)
            return weir_fail(env, "no memory for the demo");
    if (!start_cluster(d) || !start_registry(d, &port))
        return weir_fail(env, "the demo's Kafka cluster or schema registry cannot be started on 127.0.0.1");
    set_standards(port);
    if (pthread_create(&thread, NULL, generate, d) != 0)
        return weir_fail(env, "the demo's generator cannot be started");
    pthread_detach(thread);
    return health_main(env, 1, argv);
}
