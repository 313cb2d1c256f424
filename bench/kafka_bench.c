/* kafka_bench.c: how fast the Kafka source makes raw batches, beside a bare librdkafka consumer, on the same
 * topic.
 *
 *   cmake --build BUILD --target kafka_bench      (with -DCMAKE_BUILD_TYPE=RelWithDebInfo, no sanitizers)
 *   kafka_bench HOST:PORT TOPIC fill COUNT BYTES  write COUNT messages of BYTES bytes, spread over its
 * partitions kafka_bench HOST:PORT TOPIC bare|source       read all of it, from the beginning to the end
 *   kafka_bench HOST:PORT TOPIC slow RATE_MB      the same by the source, behind an operator that takes
 * RATE_MB a second
 *
 * Prints messages a second, CPU seconds per million messages, and the peak of resident memory.
 */
#include "base/budget.h"
#include "base/mem.h"
#include "connectors/kafka_harness.h"
#include "formats/format.h"
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void)
{
    return (double)clock_mono_us(clock_system()) / 1e6;
}

static void say(const char *what, int64_t count, int64_t bytes, double seconds)
{
    struct rusage use;
    double cpu;

    getrusage(RUSAGE_SELF, &use);
    cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
          (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    printf("%s: %" PRId64 " messages in %.2f s: %.0f/s, %.0f MB/s, %.2f CPU s per million, peak %ld KiB\n",
           what, count, seconds, (double)count / seconds, (double)bytes / seconds / 1e6,
           cpu / (double)count * 1e6, use.ru_maxrss);
}

static void die(const char *why)
{
    fprintf(stderr, "kafka_bench: %s\n", why);
    exit(1);
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const (*settings)[2])
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    rd_kafka_t *rk;

    for (; (*settings)[0]; settings++)
        if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], why, sizeof why))
            die(why);
    if ((rk = rd_kafka_new(type, conf, why, sizeof why)) == NULL)
        die(why);
    return rk;
}

static void fill(const char *brokers, const char *topic, int64_t count, size_t bytes)
{
    const char *settings[][2] = {
        {"bootstrap.servers", brokers}, {"linger.ms", "20"}, {"batch.size", "500000"}, {NULL, NULL}};
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, (const char *const(*)[2])settings);
    char *text = mem_alloc(bytes + 1);

    if (text == NULL)
        die("no memory");
    memset(text, 'x', bytes);
    for (int64_t i = 0; i < count; i++) {
        int n = snprintf(text, bytes, "%" PRId64 " ", i);

        text[n] = 'x';
        while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE(text, bytes),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
            rd_kafka_poll(rk, 5);
        rd_kafka_poll(rk, 0);
    }
    rd_kafka_flush(rk, 60000);
    rd_kafka_destroy(rk);
    mem_free(text);
}

/* The partitions of topic, to be read from the beginning. */
static rd_kafka_topic_partition_list_t *partitions(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(rk, 0, rkt, &metadata, 10000))
        die("no metadata");
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(rkt);
    return list;
}

static void bare(const char *brokers, const char *topic)
{
    static const char *settings[][2] = {{"bootstrap.servers", NULL},
                                        {"group.id", "kafka-bench"},
                                        {"enable.auto.commit", "false"},
                                        {"enable.partition.eof", "true"},
                                        {"queued.min.messages", "500000"},
                                        {"max.partition.fetch.bytes", "4000000"},
                                        {NULL, NULL}};
    static rd_kafka_message_t *messages[4096];
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_queue_t *queue;
    rd_kafka_t *rk;
    int64_t count = 0, bytes = 0;
    int ends = 0;
    double start = now();

    settings[0][1] = brokers;
    rk = client(RD_KAFKA_CONSUMER, (const char *const(*)[2])settings);
    rd_kafka_poll_set_consumer(rk);
    list = partitions(rk, topic);
    rd_kafka_assign(rk, list);
    queue = rd_kafka_queue_get_consumer(rk);
    while (ends < list->cnt) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, 100, messages, COUNT_OF(messages));

        for (ssize_t i = 0; i < n; i++) {
            if (messages[i]->err) {
                ends += messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
            } else {
                count++;
                bytes += (int64_t)messages[i]->len;
            }
            rd_kafka_message_destroy(messages[i]);
        }
    }
    say("bare", count, bytes, now() - start);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

/* --- the source --- */

static int64_t taken_rows, taken_bytes;
static double rate_bytes, started;

/* Looks at every value's length, as a decoder would; takes its time when a rate is given. */
static enum err take(UNUSED struct output *o, UNUSED int32_t port, struct batch *b, UNUSED struct error *e)
{
    for (int32_t i = 0; i < b->row_count; i++)
        taken_bytes += b->columns[RAW_VALUE].views[i].len;
    taken_rows += b->row_count;
    if (rate_bytes > 0) {
        double ahead = (double)taken_bytes / rate_bytes - (now() - started);
        struct timespec pause = {.tv_nsec = (long)(ahead * 1e9)};

        if (ahead > 0)
            nanosleep(&pause, NULL);
    }
    batch_unref(b);
    return OK;
}

static void source(const char *brokers, const char *topic)
{
    struct kafka_source_spec spec = KAFKA_SOURCE_SPEC_DEFAULTS;
    struct kafka_harness_config config = {.spec = &spec, .budget_bytes = (size_t)128 << 20};
    struct kafka_harness h;
    struct map properties = {0};
    struct error e;

    if (!map_put(&properties, SLICE("bootstrap.servers"), (void *)(uintptr_t)brokers))
        die("no memory");
    spec.properties = &properties;
    spec.topics = &topic;
    spec.topic_count = 1;
    spec.stop.at = KAFKA_AT_LATEST;
    if (getenv("SCAN_MEMORY"))
        spec.memory_bytes = (size_t)strtoull(getenv("SCAN_MEMORY"), NULL, 10);
    started = now();
    if (kafka_harness_open(&h, &config, NULL, &e) != OK)
        die(e.text);
    h.output.batch = take;
    if (kafka_harness_run(&h, kafka_harness_is_done, 0, 600000, &e) != OK)
        die(e.text);
    say("source", taken_rows, taken_bytes, now() - started);
    printf("  budget: peak %zu KiB, %" PRId64 " polls\n", budget_peak(h.budget) / 1024, h.polls);
    kafka_harness_close(&h);
    map_fini(&properties);
}

int main(int argc, char **argv)
{
    const char *verb = argc > 3 ? argv[3] : "";

    if (strcmp(verb, "fill") == 0 && argc == 6) {
        fill(argv[1], argv[2], strtoll(argv[4], NULL, 10), (size_t)MAX(strtoll(argv[5], NULL, 10), 32));
    } else if (strcmp(verb, "bare") == 0) {
        bare(argv[1], argv[2]);
    } else if (strcmp(verb, "source") == 0 || (strcmp(verb, "slow") == 0 && argc == 5)) {
        rate_bytes = argc == 5 ? strtod(argv[4], NULL) * 1e6 : 0;
        source(argv[1], argv[2]);
    } else {
        die("HOST:PORT TOPIC fill COUNT BYTES | bare | source | slow RATE_MB");
    }
    return 0;
}
