/* load.c: sql-load's words, and what its parts share.
 *
 *   sql-load BROKERS create TOPIC PARTITIONS
 *   sql-load BROKERS topics                              their names, a line each
 *   sql-load BROKERS ends TOPIC                          how many messages it holds
 *   sql-load BROKERS trades|events TOPIC COUNT [SEED]    fill it, one partition after the other
 *   sql-load BROKERS read TOPIC                          bare consumer, from the beginning to the end
 *   sql-load BROKERS copy FROM TO                        what k2k.sql does, from the beginning to the end
 *   sql-load BROKERS pass FROM TO                        the same for ever, one by one; until SIGTERM
 *   sql-load BROKERS latency IN OUT RATE SECONDS WARM_UP
 *                                                        events into IN; how long until they come out of OUT
 *
 * Results are a line of JSON on standard output.
 */
#include "load.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define WAIT_MS   30000
#define FILL_SEED 20260101

void load_die(const char *fmt, ...)
{
    va_list args;

    fputs("sql-load: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static struct timespec clock_now(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return t;
}

double load_seconds(void)
{
    struct timespec t = clock_now(CLOCK_MONOTONIC);

    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t load_wall_us(void)
{
    struct timespec t = clock_now(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void load_usage(int64_t count, double seconds)
{
    struct rusage use;
    double cpu_s;

    getrusage(RUSAGE_SELF, &use);
    cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    printf("\"messages\": %" PRId64 ", \"seconds\": %.3f, \"cpu_s\": %.3f, \"peak_mib\": %.1f}\n", count,
           seconds, cpu_s, (double)use.ru_maxrss / 1024);
    fflush(stdout);
}

/* --- clients ------------------------------------------------------------------------------------------ */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        load_die("%s", why);
}

rd_kafka_t *load_client(rd_kafka_type_t type, const char *brokers, const struct load_setting *settings,
                        size_t count)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    char why[256];

    set(conf, "bootstrap.servers", brokers);
    if (type == RD_KAFKA_CONSUMER) {
        set(conf, "group.id", "sql-load");
        set(conf, "enable.auto.commit", "false");
    }
    for (size_t i = 0; i < count; i++)
        set(conf, settings[i].name, settings[i].value);
    if ((client = rd_kafka_new(type, conf, why, sizeof why)) == NULL)
        load_die("%s", why);
    if (type == RD_KAFKA_CONSUMER)
        rd_kafka_poll_set_consumer(client);
    return client;
}

/* A topic that was just made is not known everywhere at once. */
static const struct rd_kafka_metadata *describe(rd_kafka_t *client, rd_kafka_topic_t *topic)
{
    double until = load_seconds() + 10;
    const struct rd_kafka_metadata *found;
    rd_kafka_resp_err_t err;

    for (;;) {
        if ((err = rd_kafka_metadata(client, 0, topic, &found, WAIT_MS)) == 0 &&
            (err = found->topics[0].err) == 0 && found->topics[0].partition_cnt > 0)
            return found;
        if (load_seconds() > until)
            load_die("topic %s: %s", rd_kafka_topic_name(topic), rd_kafka_err2str(err));
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

rd_kafka_topic_partition_list_t *load_partitions(rd_kafka_t *client, const char *topic, int64_t offset,
                                                 bool assign)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    const struct rd_kafka_metadata *found = describe(client, handle);
    int count = found->topics[0].partition_cnt;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_resp_err_t err;

    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = offset;
    rd_kafka_metadata_destroy(found);
    rd_kafka_topic_destroy(handle);
    if (assign && (err = rd_kafka_assign(client, list)))
        load_die("topic %s: %s", topic, rd_kafka_err2str(err));
    return list;
}

void load_send(rd_kafka_t *producer, rd_kafka_topic_t *topic, int32_t partition, const char *text,
               size_t bytes)
{
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)text, bytes, NULL, 0,
                            NULL)) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            load_die("sending to %s: %s", rd_kafka_topic_name(topic),
                     rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer, 5);
    }
}

void load_flush(rd_kafka_t *producer)
{
    if (rd_kafka_flush(producer, WAIT_MS))
        load_die("messages were not taken within %d ms", WAIT_MS);
}

/* --- verbs -------------------------------------------------------------------------------------------- */

static void create(const char *brokers, const char *name, const char *partitions)
{
    rd_kafka_t *client = load_client(RD_KAFKA_PRODUCER, brokers, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    char why[256];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, atoi(partitions), 1, why, sizeof why);
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *answer;
    size_t count;

    if (topic == NULL)
        load_die("topic %s: %s", name, why);
    rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
    if ((answer = rd_kafka_queue_poll(queue, WAIT_MS)) == NULL || rd_kafka_event_error(answer))
        load_die("topic %s: %s", name, answer ? rd_kafka_event_error_string(answer) : "no answer");
    results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
    if (rd_kafka_topic_result_error(results[0]))
        load_die("topic %s: %s", name, rd_kafka_topic_result_error_string(results[0]));
    rd_kafka_event_destroy(answer);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(load_partitions(client, name, 0, false)); /* until it is there */
    rd_kafka_destroy(client);
}

static void topics(const char *brokers)
{
    rd_kafka_t *client = load_client(RD_KAFKA_CONSUMER, brokers, NULL, 0);
    const struct rd_kafka_metadata *found;
    rd_kafka_resp_err_t err = rd_kafka_metadata(client, 1, NULL, &found, WAIT_MS);

    if (err)
        load_die("%s: %s", brokers, rd_kafka_err2str(err));
    for (int i = 0; i < found->topic_cnt; i++)
        puts(found->topics[i].topic);
    rd_kafka_metadata_destroy(found);
    rd_kafka_destroy(client);
}

/* How many messages a partition holds; one that was just made has no leader for a moment. */
static int64_t partition_count(rd_kafka_t *client, const char *topic, int32_t partition)
{
    double until = load_seconds() + 10;
    rd_kafka_resp_err_t err;
    int64_t low, high;

    while ((err = rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, WAIT_MS))) {
        if (load_seconds() > until)
            load_die("topic %s: %s", topic, rd_kafka_err2str(err));
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return high - low;
}

static void ends(const char *brokers, const char *topic)
{
    rd_kafka_t *client = load_client(RD_KAFKA_CONSUMER, brokers, NULL, 0);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, topic, RD_KAFKA_OFFSET_BEGINNING, false);
    int64_t total = 0;

    for (int i = 0; i < list->cnt; i++)
        total += partition_count(client, topic, i);
    printf("%" PRId64 "\n", total);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
}

static void fill(const char *brokers, bool trades, const char *name, int64_t count, uint64_t seed)
{
    static const struct load_setting settings[] = {
        {"linger.ms", "20"}, {"batch.size", "500000"}, {"queue.buffering.max.messages", "200000"}};
    rd_kafka_t *client = load_client(RD_KAFKA_PRODUCER, brokers, settings, 3);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, name, 0, false);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    double began = load_seconds();
    char text[LOAD_MESSAGE_BYTES];
    int64_t bytes = 0;

    for (int64_t i = 0; i < count; i++) {
        size_t n = trades ? load_trade(text, seed, i) : load_event(text, seed, i, 1760000000000000 + i * 100);

        load_send(client, topic, (int32_t)(i % list->cnt), text, n);
        bytes += (int64_t)n;
        if (i % 1024 == 0)
            rd_kafka_poll(client, 0);
    }
    load_flush(client);
    printf("{\"bytes_each\": %.1f, ", (double)bytes / (double)count);
    load_usage(count, load_seconds() - began);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

static int64_t number(const char *text)
{
    char *end;
    int64_t n = strtoll(text, &end, 10);

    if (end == text || *end || n < 0)
        load_die("'%s' is not a number", text);
    return n;
}

int main(int argc, char **argv)
{
    const char *brokers = argc > 1 ? argv[1] : "", *verb = argc > 2 ? argv[2] : "";
    bool trades = strcmp(verb, "trades") == 0;

    if (strcmp(verb, "create") == 0 && argc == 5)
        create(brokers, argv[3], argv[4]);
    else if (strcmp(verb, "topics") == 0 && argc == 3)
        topics(brokers);
    else if (strcmp(verb, "ends") == 0 && argc == 4)
        ends(brokers, argv[3]);
    else if ((trades || strcmp(verb, "events") == 0) && (argc == 5 || argc == 6))
        fill(brokers, trades, argv[3], number(argv[4]), argc == 6 ? (uint64_t)number(argv[5]) : FILL_SEED);
    else if (strcmp(verb, "read") == 0 && argc == 4)
        load_read(brokers, argv[3]);
    else if (strcmp(verb, "copy") == 0 && argc == 5)
        load_copy(brokers, argv[3], argv[4]);
    else if (strcmp(verb, "pass") == 0 && argc == 5)
        load_pass(brokers, argv[3], argv[4]);
    else if (strcmp(verb, "latency") == 0 && argc == 8)
        load_latency(&(struct load_steady){.brokers = brokers,
                                           .in = argv[3],
                                           .out = argv[4],
                                           .per_second = number(argv[5]),
                                           .seconds = number(argv[6]),
                                           .warm_up_s = number(argv[7])});
    else
        load_die("BROKERS create|topics|ends|trades|events|read|copy|pass|latency ...: load.c says which "
                 "words follow");
    return 0;
}
