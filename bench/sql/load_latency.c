/* load_latency.c: a steady rate of events into one topic, and how long after its making each comes out of
 * another. One thread sends, one takes. Both topics are new, so that the second is read from its beginning.
 * An event's time is taken just before it is given to the Kafka client, which lingers a little: else the
 * broker had a request for each. Which of them come out is known: load_filter says it.
 */
#include "load.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LATE_S 20 /* what has not come so long after the last one was sent, is lost */

struct taker {
    const struct load_steady *how;
    int64_t *waits_us; /* owned */
    int64_t room, count;
    int64_t from_us; /* events made before do not count */
    atomic_int_least64_t arrived;
    atomic_bool over;
};

static void *take(void *context)
{
    struct taker *t = context;
    rd_kafka_t *client = load_client(RD_KAFKA_CONSUMER, t->how->brokers, NULL, 0);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, t->how->out, RD_KAFKA_OFFSET_BEGINNING,
                                                            true);

    while (!atomic_load(&t->over)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 100);
        int64_t now_us = load_wall_us(), made_us;

        if (message == NULL)
            continue;
        if (message->err)
            load_die("reading %s: %s", t->how->out, rd_kafka_message_errstr(message));
        made_us = load_event_us(message->payload, message->len);
        if (made_us >= t->from_us && t->count < t->room)
            t->waits_us[t->count++] = now_us - made_us;
        atomic_fetch_add(&t->arrived, 1);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return NULL;
}

static void wait_until(rd_kafka_t *client, double due)
{
    double left;

    while ((left = due - load_seconds()) > 0) {
        struct timespec pause = {.tv_nsec = (long)((left < 0.001 ? left : 0.001) * 1e9)};

        rd_kafka_poll(client, 0);
        nanosleep(&pause, NULL);
    }
}

/* Returns how many of the events have to come out. */
static int64_t send_all(const struct load_steady *how)
{
    static const struct load_setting settings[] = {{"linger.ms", "1"}};
    rd_kafka_t *client = load_client(RD_KAFKA_PRODUCER, how->brokers, settings, 1);
    rd_kafka_topic_partition_list_t *list = load_partitions(client, how->in, 0, false);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, how->in, NULL);
    char text[LOAD_MESSAGE_BYTES], filtered[LOAD_MESSAGE_BYTES];
    int64_t expected = 0;
    double began = load_seconds();

    for (int64_t i = 0; i < how->per_second * (how->warm_up_s + how->seconds); i++) {
        size_t bytes;

        wait_until(client, began + (double)i / (double)how->per_second);
        bytes = load_event(text, 7, i, load_wall_us());
        load_send(client, topic, (int32_t)(i % list->cnt), text, bytes);
        expected += load_filter(filtered, text, bytes) > 0;
    }
    load_flush(client);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    return expected;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double at_ms(const struct taker *t, double share)
{
    int64_t at = (int64_t)((double)t->count * share);

    return t->count ? (double)t->waits_us[at < t->count ? at : t->count - 1] / 1000 : 0;
}

void load_latency(const struct load_steady *how)
{
    struct taker t = {.how = how, .room = how->per_second * how->seconds * 2};
    pthread_t thread;
    int64_t expected;
    double until;

    if ((t.waits_us = malloc((size_t)t.room * sizeof *t.waits_us)) == NULL)
        load_die("no memory");
    t.from_us = load_wall_us() + how->warm_up_s * 1000000;
    if (pthread_create(&thread, NULL, take, &t))
        load_die("no thread");
    expected = send_all(how);
    until = load_seconds() + LATE_S;
    while (atomic_load(&t.arrived) < expected && load_seconds() < until)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    atomic_store(&t.over, true);
    pthread_join(thread, NULL);
    qsort(t.waits_us, (size_t)t.count, sizeof *t.waits_us, by_size);
    printf("{\"expected\": %" PRId64 ", \"arrived\": %" PRId64 ", \"measured\": %" PRId64
           ", \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f, ",
           expected, (int64_t)atomic_load(&t.arrived), t.count, at_ms(&t, 0.5), at_ms(&t, 0.9),
           at_ms(&t, 0.99), at_ms(&t, 0.999), at_ms(&t, 1));
    load_usage(how->per_second * (how->warm_up_s + how->seconds), (double)(how->warm_up_s + how->seconds));
    free(t.waits_us);
}
