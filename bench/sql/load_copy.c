/* load_copy.c: bare librdkafka programs: reading a topic into nothing; and filter and projection from topic
 * to topic, in bulk, or message by message as they come.
 */
#include "load.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#define BATCH 10000

static const struct load_setting bulk_consumer[] = {{"enable.partition.eof", "true"},
                                                    {"queued.min.messages", "500000"},
                                                    {"max.partition.fetch.bytes", "4000000"}};
static const struct load_setting bulk_producer[] = {
    {"linger.ms", "20"}, {"batch.size", "500000"}, {"queue.buffering.max.messages", "500000"}};
static const struct load_setting live_producer[] = {{"linger.ms", "0"}};

static volatile sig_atomic_t over;

static void end(int signal)
{
    (void)signal;
    over = 1;
}

/* To be produced to; NULL: read only. */
struct target {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    int64_t sent;
};

/* One message of the consumer's: filtered into the target, and given back. 1: it was a partition's end. */
static int take(rd_kafka_message_t *message, struct target *to)
{
    char text[LOAD_MESSAGE_BYTES];
    size_t bytes;
    int ends = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;

    if (message->err && !ends)
        load_die("reading: %s", rd_kafka_message_errstr(message));
    if (!ends && to && (bytes = load_filter(text, message->payload, message->len)) > 0) {
        load_send(to->producer, to->topic, message->partition, text, bytes);
        to->sent++;
    }
    rd_kafka_message_destroy(message);
    return ends;
}

/* All of a topic; the messages that were in it. */
static int64_t read_all(const char *brokers, const char *from, struct target *to)
{
    static rd_kafka_message_t *messages[BATCH];
    rd_kafka_t *client = load_client(RD_KAFKA_CONSUMER, brokers, bulk_consumer, 3);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, from, RD_KAFKA_OFFSET_BEGINNING, true);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    int64_t count = 0;

    for (int left = list->cnt; left > 0;) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, 20, messages, BATCH);

        for (ssize_t i = 0; i < n; i++) {
            int ended = take(messages[i], to);

            left -= ended;
            count += !ended;
        }
        if (to)
            rd_kafka_poll(to->producer, 0);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return count;
}

static void target_open(struct target *t, const char *brokers, const char *topic,
                        const struct load_setting *s, size_t n)
{
    *t = (struct target){.producer = load_client(RD_KAFKA_PRODUCER, brokers, s, n)};
    t->topic = rd_kafka_topic_new(t->producer, topic, NULL);
}

static void target_close(struct target *t)
{
    load_flush(t->producer);
    rd_kafka_topic_destroy(t->topic);
    rd_kafka_destroy(t->producer);
}

void load_read(const char *brokers, const char *topic)
{
    double began = load_seconds();
    int64_t count = read_all(brokers, topic, NULL);

    printf("{");
    load_usage(count, load_seconds() - began);
}

void load_copy(const char *brokers, const char *from, const char *to)
{
    double began = load_seconds();
    struct target target;
    int64_t count;

    target_open(&target, brokers, to, bulk_producer, 3);
    count = read_all(brokers, from, &target);
    target_close(&target);
    printf("{\"sent\": %" PRId64 ", ", target.sent);
    load_usage(count, load_seconds() - began);
}

void load_pass(const char *brokers, const char *from, const char *to)
{
    rd_kafka_t *client = load_client(RD_KAFKA_CONSUMER, brokers, NULL, 0);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, from, RD_KAFKA_OFFSET_BEGINNING, true);
    struct target target;

    signal(SIGTERM, end);
    signal(SIGINT, end);
    target_open(&target, brokers, to, live_producer, 1);
    while (!over) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 100);

        if (message)
            take(message, &target);
        rd_kafka_poll(target.producer, 0);
    }
    target_close(&target);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
}
