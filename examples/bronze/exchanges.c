/* exchanges.c: two exchanges that send what they trade: JSON as Binance's and Kraken's sockets have it, by a
 * seed, to the topics binance.raw and kraken.raw; now and then a heartbeat, an empty message, a tombstone, or
 * text that is no ASCII, since a bronze table takes everything.
 *
 *   bronze-exchanges --brokers 127.0.0.1:9092   to a Kafka that is there
 *   bronze-exchanges --mock                     to one that it is itself (librdkafka's mock cluster): the
 *       first line of its output is the address, the last comes when both groups have committed everything;
 *       it then stays until it is ended
 *
 *   producer --> mock cluster --Kafka protocol, localhost--> the job, in another process: it may be killed
 *      ^--- waits for the groups' committed offsets: a mock partition keeps 5 MB or 100,000 messages,
 *           then drops the oldest ---|
 */
#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXCHANGES      2
#define PARTITIONS_MAX 64
#define MESSAGE_MAX    512
#define BYTES_AHEAD    (3 << 20) /* of a mock partition */
#define MESSAGES_AHEAD 60000

static const char *const topics[EXCHANGES] = {"binance.raw", "kraken.raw"};
static const char *const groups[EXCHANGES] = {"bronze-binance", "bronze-kraken"}; /* as bronze.sql has them */

struct partition {
    int64_t produced, committed, bytes; /* bytes: about, not yet committed */
};

struct feed {
    const char *brokers;
    bool mock;
    int64_t messages, rate;
    int partitions;
    uint64_t random;
    rd_kafka_t *producer,
        *consumers[EXCHANGES]; /* consumers: of --mock, to ask what the groups have committed */
    struct partition done[EXCHANGES][PARTITIONS_MAX];
};

static int64_t undelivered;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
    va_list va;

    fputs("bronze-exchanges: ", stderr);
    va_start(va, fmt);
    vfprintf(stderr, fmt, va);
    va_end(va);
    fputc('\n', stderr);
    exit(1);
}

/* --- messages --- */

/* splitmix64. */
static uint64_t draw(struct feed *f, uint64_t below)
{
    uint64_t z = f->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static double between(struct feed *f, double low, double high)
{
    return low + (high - low) * (double)draw(f, 1000000) / 1e6;
}

static int binance(struct feed *f, int64_t number, int64_t now_ms, char *out)
{
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"};

    return snprintf(out, MESSAGE_MAX,
                    "{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%" PRId64
                    ",\"p\":\"%.8f\",\"q\":\"%.8f\","
                    "\"T\":%" PRId64 ",\"m\":%s,\"M\":true}",
                    now_ms, symbols[draw(f, 4)], 4400000000 + number, between(f, 0.5, 99000),
                    between(f, 0.0001, 5), now_ms - (int64_t)draw(f, 40), draw(f, 2) ? "true" : "false");
}

static int kraken(struct feed *f, int64_t number, int64_t now_ms, char *out)
{
    static const char *const symbols[] = {"BTC/USD", "ETH/EUR", "SOL/USD", "DOGE/EUR"};
    time_t seconds = now_ms / 1000;
    struct tm tm;
    char at[32];

    gmtime_r(&seconds, &tm);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
    return snprintf(out, MESSAGE_MAX,
                    "{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{\"symbol\":\"%s\",\"side\":\"%s\","
                    "\"price\":%.5f,\"qty\":%.8f,\"ord_type\":\"%s\",\"trade_id\":%" PRId64
                    ",\"timestamp\":\"%s.%06dZ\"}]}",
                    symbols[draw(f, 4)], draw(f, 2) ? "buy" : "sell", between(f, 0.05, 99000),
                    between(f, 0.0001, 5), draw(f, 2) ? "limit" : "market", 80000000 + number, at,
                    (int)(now_ms % 1000) * 1000 + (int)draw(f, 1000));
}

/* Its length; -1: it has no value. */
static int make(struct feed *f, int exchange, int64_t number, int64_t now_ms, char *out)
{
    switch (draw(f, 2000)) {
    case 0:
        return -1;
    case 1:
        return 0;
    case 2:
        return snprintf(out, MESSAGE_MAX, "{\"event\":\"heartbeat\"}");
    case 3:
        return snprintf(
            out, MESSAGE_MAX,
            "{\"event\":\"notice\",\"text\":\"Wartung um 3 Uhr \xe2\x80\x93 \xe3\x81\x94\xe6\xb3\xa8"
            "\xe6\x84\x8f\xf0\x9f\x9a\xa7\\n\"}\n");
    default:
        return exchange == 0 ? binance(f, number, now_ms, out) : kraken(f, number, now_ms, out);
    }
}

/* --- Kafka --- */

static void delivered(rd_kafka_t *k, const rd_kafka_message_t *m, void *arg)
{
    (void)k;
    (void)arg;
    if (m->err && undelivered++ == 0)
        fprintf(stderr, "bronze-exchanges: not delivered: %s\n", rd_kafka_err2str(m->err));
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char why[256];

    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        die("%s", why);
}

static rd_kafka_t *connect_kafka(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char why[256];
    rd_kafka_t *k = rd_kafka_new(type, conf, why, sizeof why);

    if (k == NULL)
        die("%s", why);
    return k;
}

static void start_cluster(struct feed *f)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_mock_cluster_t *cluster;

    set(conf, "log_level", "3");
    if ((cluster = rd_kafka_mock_cluster_new(connect_kafka(RD_KAFKA_PRODUCER, conf), 1)) == NULL)
        die("no Kafka cluster can be started on 127.0.0.1");
    for (int i = 0; i < EXCHANGES; i++)
        if (rd_kafka_mock_topic_create(cluster, topics[i], f->partitions, 1))
            die("topic %s cannot be made", topics[i]);
    f->brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    for (int i = 0; i < EXCHANGES; i++) {
        conf = rd_kafka_conf_new();
        set(conf, "bootstrap.servers", f->brokers);
        set(conf, "group.id", groups[i]);
        f->consumers[i] = connect_kafka(RD_KAFKA_CONSUMER, conf);
    }
}

static void start_producer(struct feed *f)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    set(conf, "bootstrap.servers", f->brokers);
    set(conf, "linger.ms", "5");
    if (!f->mock)
        set(conf, "enable.idempotence", "true"); /* no message twice */
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    f->producer = connect_kafka(RD_KAFKA_PRODUCER, conf);
}

static void create_topics(struct feed *f)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(f->producer);
    rd_kafka_NewTopic_t *wanted[EXCHANGES];
    rd_kafka_event_t *event;
    const rd_kafka_topic_result_t **results;
    char why[256];
    size_t count = 0;

    for (int i = 0; i < EXCHANGES; i++)
        if ((wanted[i] = rd_kafka_NewTopic_new(topics[i], f->partitions, 1, why, sizeof why)) == NULL)
            die("topic %s: %s", topics[i], why);
    rd_kafka_CreateTopics(f->producer, wanted, EXCHANGES, NULL, answers);
    event = rd_kafka_queue_poll(answers, 60000);
    if (event == NULL || rd_kafka_event_error(event))
        die("topics: %s", event ? rd_kafka_event_error_string(event) : "no answer from Kafka");
    results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);

        if (err && err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            die("topic %s: %s", rd_kafka_topic_result_name(results[i]),
                rd_kafka_topic_result_error_string(results[i]));
    }
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy_array(wanted, EXCHANGES);
    rd_kafka_queue_destroy(answers);
}

/* What a group has committed may be dropped by the mock cluster. True: it is everything. */
static bool follow(struct feed *f, int exchange)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(f->partitions);
    bool all = true;

    for (int p = 0; p < f->partitions; p++)
        rd_kafka_topic_partition_list_add(list, topics[exchange], p);
    if (rd_kafka_committed(f->consumers[exchange], list, 2000) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (int i = 0; i < list->cnt; i++) {
            struct partition *p = &f->done[exchange][list->elems[i].partition];
            int64_t ahead = p->produced - p->committed, now = list->elems[i].offset - p->committed;

            if (now > 0) {
                p->bytes -= p->bytes * now / ahead;
                p->committed += now;
            }
        }
    rd_kafka_topic_partition_list_destroy(list);
    for (int p = 0; p < f->partitions; p++)
        all &= f->done[exchange][p].committed >= f->done[exchange][p].produced;
    return all;
}

static void wait_for_room(struct feed *f, int exchange, struct partition *p)
{
    while (f->mock && (p->bytes > BYTES_AHEAD || p->produced - p->committed > MESSAGES_AHEAD)) {
        rd_kafka_poll(f->producer, 50);
        follow(f, exchange);
    }
}

static void produce(struct feed *f, int exchange, int64_t number, int64_t now_ms)
{
    int partition = (int)draw(f, (uint64_t)f->partitions);
    struct partition *p = &f->done[exchange][partition];
    char text[MESSAGE_MAX];
    int len = make(f, exchange, number, now_ms, text);
    size_t size = len < 0 ? 0 : (size_t)len;
    char *value = len < 0 ? NULL : text;
    rd_kafka_resp_err_t err;

    wait_for_room(f, exchange, p);
    do {
        err = rd_kafka_producev(f->producer, RD_KAFKA_V_TOPIC(topics[exchange]),
                                RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_TIMESTAMP(now_ms), RD_KAFKA_V_VALUE(value, size), RD_KAFKA_V_END);
        rd_kafka_poll(f->producer, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (err)
        die("topic %s: %s", topics[exchange], rd_kafka_err2str(err));
    p->produced++;
    p->bytes += (int64_t)size + 100;
}

/* --- all of it --- */

static int64_t clock_ms(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void send_all(struct feed *f)
{
    int64_t began_ms = clock_ms(CLOCK_MONOTONIC);

    for (int64_t i = 0; i < f->messages; i++) {
        while (f->rate > 0 && i * 1000 / f->rate > clock_ms(CLOCK_MONOTONIC) - began_ms)
            rd_kafka_poll(f->producer, 2);
        produce(f, (int)(i % EXCHANGES), i, clock_ms(CLOCK_REALTIME));
    }
    if (rd_kafka_flush(f->producer, 120000) || undelivered)
        die("%d messages are not delivered", (int)undelivered + rd_kafka_outq_len(f->producer));
}

static int64_t whole(const char *name, const char *text, int64_t most)
{
    char *end;
    long long n;

    errno = 0;
    n = text ? strtoll(text, &end, 10) : -1;
    if (text == NULL || *end || end == text || errno || n < 0 || n > most)
        die("%s wants a number from 0 to %" PRId64, name, most);
    return n;
}

static void read_options(int argc, char **argv, struct feed *f)
{
    *f = (struct feed){.messages = 200000, .rate = 10000, .partitions = 4};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(name, "--mock") == 0) {
            f->mock = true;
            continue;
        }
        if (strcmp(name, "--brokers") == 0)
            f->brokers = value;
        else if (strcmp(name, "--messages") == 0)
            f->messages = whole(name, value, INT64_C(1) << 50);
        else if (strcmp(name, "--rate") == 0)
            f->rate = whole(name, value, 1000000000);
        else if (strcmp(name, "--partitions") == 0)
            f->partitions = (int)whole(name, value, PARTITIONS_MAX);
        else if (strcmp(name, "--seed") == 0)
            f->random = (uint64_t)whole(name, value, INT64_MAX);
        else
            die("there is no option %s; there are --brokers HOST:PORT or --mock, --messages N (200000, of "
                "both), "
                "--rate N (10000 a second, 0: all at once), --partitions N (4), --seed N",
                name);
        i++;
    }
    if ((f->brokers != NULL) == f->mock || f->partitions == 0)
        die("either --brokers HOST:PORT or --mock is wanted, and --partitions of 1 or more");
}

int main(int argc, char **argv)
{
    static struct feed f;

    read_options(argc, argv, &f);
    if (f.mock)
        start_cluster(&f);
    start_producer(&f);
    if (!f.mock)
        create_topics(&f);
    printf("%s\n", f.brokers);
    fflush(stdout);
    send_all(&f);
    printf("%" PRId64 " messages are sent\n", f.messages);
    fflush(stdout);
    if (!f.mock)
        return 0;
    while (!follow(&f, 0) || !follow(&f, 1))
        usleep(200000);
    printf("all are committed\n");
    fflush(stdout);
    for (;;)
        pause();
}
