/* health_generator.c: sends generated health payloads (generator.h) to a Kafka topic, or prints them.
 *
 *   health-generator --brokers 127.0.0.1:9092 --registry http://127.0.0.1:8081 --count 100000 --bad 0.01
 * --late 0.02 health-generator --format lines --count 5
 *
 * Prints what it sent on standard error; fails when a payload could not be delivered.
 */
#include "generator.h"
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum format { AVRO, JSON, LINES };

struct settings {
    struct generator_options generator;
    const char *brokers, *topic, *registry, *registry_user, *begin, *flush, *format_name, *ids;
    double rate;
    bool create;
    int replication;
    enum format format;
};

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
    va_list va;

    fputs("health-generator: ", stderr);
    va_start(va, fmt);
    vfprintf(stderr, fmt, va);
    va_end(va);
    fputc('\n', stderr);
    exit(1);
}

/* --- options --- */

enum kind { TEXT, WHOLE, LONG_WHOLE, SHARE, AMOUNT, FLAG };
static const struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    double least, most;
    const char *what;
} options[] = {
#define OPTION(name, kind, field, least, most, what)                                                         \
    {                                                                                                        \
        name, kind, offsetof(struct settings, field), least, most, what                                      \
    }
    OPTION("--brokers", TEXT, brokers, 0, 0, "Kafka's bootstrap servers (127.0.0.1:9092)"),
    OPTION("--topic", TEXT, topic, 0, 0, "(health-data-raw)"),
    OPTION("--create", FLAG, create, 0, 0, "make the topic when it is not there"),
    OPTION("--partitions", WHOLE, generator.partitions, 1, 10000, "of the topic (2)"),
    OPTION("--replication", WHOLE, replication, 1, 100, "of a topic that is made (1)"),
    OPTION("--format", TEXT, format_name, 0, 0, "avro, json, or lines: to standard output (avro)"),
    OPTION("--registry", TEXT, registry, 0, 0, "the schema registry's URL; it is told both schemas"),
    OPTION("--registry-user", TEXT, registry_user, 0, 0, "USER:PASSWORD for it"),
    OPTION("--schema-ids", TEXT, ids, 0, 0, "ID,ID of schema version 1 and 2, instead of a registry"),
    OPTION("--count", LONG_WHOLE, generator.count, 0, 9e15, "payloads (1000)"),
    OPTION("--samples", WHOLE, generator.samples, 1, GENERATOR_MAX_SAMPLES, "a payload (10)"),
    OPTION("--users", WHOLE, generator.users, 1, INT_MAX, "(1000)"),
    OPTION("--seed", LONG_WHOLE, generator.seed, 0, 9e15, "(1)"),
    OPTION("--rate", AMOUNT, rate, 0, 1e9, "payloads a second; 0: as fast as can be (0)"),
    OPTION("--begin", TEXT, begin, 0, 0, "first day of the samples, YYYY-MM-DD (2025-11-01)"),
    OPTION("--days", AMOUNT, generator.days, 0, 100000, "that the samples span (14)"),
    OPTION("--bad", SHARE, generator.bad, 0, 1, "share of samples with a mistake (0)"),
    OPTION("--bad-payloads", SHARE, generator.bad_payloads, 0, 1, "share of payloads with a mistake (0)"),
    OPTION("--late", SHARE, generator.late, 0, 1, "share of samples that are late (0)"),
    OPTION("--late-hours", AMOUNT, generator.late_hours, 0.001, 100000, "by at most so much (72)"),
    OPTION("--flush", TEXT, flush, 0, 0,
           "end with a payload of this day, YYYY-MM-DD, in each partition: it ends all windows before"),
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static void usage(void)
{
    puts("usage: health-generator [options]\n");
    for (int i = 0; i < OPTION_COUNT; i++)
        printf("  %-16s %s\n", options[i].name, options[i].what);
    exit(0);
}

static void set_option(struct settings *s, const struct option *o, const char *text)
{
    void *to = (char *)s + o->offset;
    char *end;
    double v;

    if (o->kind == TEXT) {
        *(const char **)to = text;
        return;
    }
    errno = 0;
    v = strtod(text, &end);
    if (*end || end == text || errno || !(v >= o->least && v <= o->most))
        die("%s: \"%s\" is no number from %.15g to %.15g", o->name, text, o->least, o->most);
    if ((o->kind == WHOLE || o->kind == LONG_WHOLE) && v != floor(v))
        die("%s: \"%s\" is no whole number", o->name, text);
    if (o->kind == WHOLE)
        *(int *)to = (int)v;
    else if (o->kind == LONG_WHOLE)
        *(int64_t *)to = (int64_t)v;
    else
        *(double *)to = v;
}

/* The first microsecond of a day. */
static int64_t day_of(const char *name, const char *text)
{
    struct tm tm = {0};
    char *end = strptime(text, "%Y-%m-%d", &tm);

    if (end == NULL || *end)
        die("%s: \"%s\" is no day like 2025-11-01", name, text);
    return (int64_t)timegm(&tm) * 1000000;
}

static void read_options(int argc, char **argv, struct settings *s)
{
    *s = (struct settings){
        .generator = {.seed = 1,
                      .count = 1000,
                      .samples = 10,
                      .users = 1000,
                      .partitions = 2,
                      .days = 14,
                      .late_hours = 72},
        .brokers = "127.0.0.1:9092",
        .topic = "health-data-raw",
        .begin = "2025-11-01",
        .format_name = "avro",
        .replication = 1,
    };
    for (int i = 1; i < argc; i++) {
        const struct option *o = NULL;

        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            usage();
        for (int k = 0; k < OPTION_COUNT && o == NULL; k++)
            o = strcmp(argv[i], options[k].name) == 0 ? &options[k] : NULL;
        if (o == NULL)
            die("there is no option %s; --help lists them", argv[i]);
        if (o->kind == FLAG)
            *(bool *)((char *)s + o->offset) = true;
        else if (++i == argc)
            die("option %s wants a value", o->name);
        else
            set_option(s, o, argv[i]);
    }
    s->generator.begin_us = day_of("--begin", s->begin);
    if (strcmp(s->format_name, "avro") == 0)
        s->format = AVRO;
    else if (strcmp(s->format_name, "json") == 0)
        s->format = JSON;
    else if (strcmp(s->format_name, "lines") == 0)
        s->format = LINES;
    else
        die("--format: \"%s\" is not one of avro, json, lines", s->format_name);
    s->generator.json = s->format == JSON;
}

/* --- the registry --- */

static size_t take_reply(char *ptr, size_t size, size_t count, void *arg)
{
    generator_append(arg, ptr, size * count);
    return size * count;
}

/* {"schema": "..."} with the schema's quotes escaped; it has no other character that needs it. */
static void put_request(const char *schema, struct generator_bytes *out)
{
    generator_append(out, "{\"schema\":\"", 11);
    for (const char *p = schema; *p; p++) {
        if (*p == '"')
            generator_append(out, "\\", 1);
        generator_append(out, p, 1);
    }
    generator_append(out, "\"}", 3); /* with its end */
}

static int32_t register_schema(const struct settings *s, const char *schema)
{
    struct generator_bytes request = {0}, reply = {0};
    struct curl_slist *headers = curl_slist_append(NULL,
                                                   "Content-Type: application/vnd.schemaregistry.v1+json");
    CURL *curl = curl_easy_init();
    char url[1024];
    const char *id;
    long status = 0;
    CURLcode rc;

    snprintf(url, sizeof url, "%s/subjects/%s-value/versions", s->registry, s->topic);
    put_request(schema, &request);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (char *)request.ptr);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    if (s->registry_user)
        curl_easy_setopt(curl, CURLOPT_USERPWD, s->registry_user);
    rc = curl_easy_perform(curl);
    generator_append(&reply, "", 1);
    if (rc != CURLE_OK)
        die("%s: %s", url, curl_easy_strerror(rc));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    id = strstr((char *)reply.ptr, "\"id\":");
    if (status != 200 || id == NULL)
        die("%s answered %ld: %s", url, status, (char *)reply.ptr);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    free(request.ptr);
    status = strtol(id + 5, NULL, 10);
    free(reply.ptr);
    return (int32_t)status;
}

static void find_ids(const struct settings *s, int32_t ids[2])
{
    if (s->format != AVRO)
        return;
    if (s->ids) {
        if (sscanf(s->ids, "%" SCNd32 ",%" SCNd32, &ids[0], &ids[1]) != 2)
            die("--schema-ids: \"%s\" is not ID,ID", s->ids);
        return;
    }
    if (s->registry == NULL)
        die("--format avro wants --registry or --schema-ids");
    for (int i = 0; i < 2; i++)
        ids[i] = register_schema(s, generator_schemas[i]);
}

/* --- Kafka --- */

static int64_t undelivered;

static void delivered(rd_kafka_t *k, const rd_kafka_message_t *m, void *arg)
{
    (void)k;
    (void)arg;
    if (m->err && undelivered++ == 0)
        fprintf(stderr, "health-generator: not delivered: %s\n", rd_kafka_err2str(m->err));
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char text[512];

    if (rd_kafka_conf_set(conf, key, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        die("%s", text);
}

static rd_kafka_t *connect_kafka(const struct settings *s)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *k;
    char text[512];

    set(conf, "bootstrap.servers", s->brokers);
    set(conf, "enable.idempotence", "true"); /* no payload twice, order kept */
    set(conf, "linger.ms", s->rate > 0 ? "5" : "50");
    set(conf, "batch.size", "1000000");
    set(conf, "compression.type", "lz4");
    set(conf, "queue.buffering.max.messages", "100000");
    set(conf, "queue.buffering.max.kbytes", "131072");
    set(conf, "message.max.bytes", "16777216");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    if ((k = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text)) == NULL)
        die("%s", text);
    return k;
}

static void create_topic(rd_kafka_t *k, const struct settings *s)
{
    char text[512];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(s->topic, s->generator.partitions, s->replication,
                                                       text, sizeof text);
    rd_kafka_queue_t *answers = rd_kafka_queue_new(k);
    rd_kafka_event_t *event;
    size_t count = 0;

    if (topic == NULL)
        die("%s", text);
    rd_kafka_CreateTopics(k, &topic, 1, NULL, answers);
    event = rd_kafka_queue_poll(answers, 60000);
    if (event == NULL || rd_kafka_event_error(event))
        die("topic %s: %s", s->topic, event ? rd_kafka_event_error_string(event) : "no answer from Kafka");
    {
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event), &count);

        for (size_t i = 0; i < count; i++) {
            rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);

            if (err && err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
                die("topic %s: %s", s->topic, rd_kafka_topic_result_error_string(results[i]));
        }
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answers);
    rd_kafka_NewTopic_destroy(topic);
}

static void produce(rd_kafka_t *k, const struct settings *s, const struct generator_payload *p,
                    bool has_value, const struct generator_bytes *value)
{
    rd_kafka_resp_err_t err;

    do {
        err = rd_kafka_producev(
            k, RD_KAFKA_V_TOPIC(s->topic), RD_KAFKA_V_PARTITION(p->partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(p->user, strlen(p->user)),
            RD_KAFKA_V_VALUE(has_value ? value->ptr : NULL, has_value ? value->len : 0), RD_KAFKA_V_END);
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(k, 20);
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (err)
        die("topic %s, partition %d: %s", s->topic, p->partition, rd_kafka_err2str(err));
}

/* --- all of it --- */

struct sender {
    const struct settings *settings;
    rd_kafka_t *kafka; /* NULL: to standard output */
    int32_t ids[2];
    struct generator_bytes bytes;
    int64_t payloads, samples, byte_count, bad;
    double began;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* {"partition":0,"number":7,"wrong":"nothing","samples":["nothing",...],"payload":{...}}; no payload when it
 * is one that cannot be read. */
static void print_line(struct generator_bytes *bytes, const struct generator_payload *p)
{
    printf("{\"partition\":%d,\"number\":%" PRId64 ",\"wrong\":\"%s\",\"samples\":[", p->partition, p->number,
           generator_wrongs[p->wrong]);
    for (int i = 0; i < p->sample_count; i++)
        printf("%s\"%s\"", i ? "," : "", generator_wrongs[p->samples[i].wrong]);
    printf("]");
    if (p->wrong == WRONG_NOTHING || p->wrong >= WRONG_NO_SAMPLES) {
        generator_json(p, bytes);
        printf(",\"payload\":%.*s", (int)bytes->len, (char *)bytes->ptr);
    }
    printf("}\n");
}

/* Wait until payload number of a run is due. */
static void pace(struct sender *s, int64_t number)
{
    double due = s->began + (double)number / s->settings->rate, now;

    while ((now = seconds()) < due) {
        double left = due - now < 0.005 ? due - now : 0.005;
        struct timespec t = {0, (long)(left * 1e9)};

        nanosleep(&t, NULL);
        rd_kafka_poll(s->kafka, 0);
    }
}

static void send_payload(struct sender *s, const struct generator_payload *p)
{
    bool has_value;

    if (s->kafka == NULL) {
        print_line(&s->bytes, p);
    } else {
        has_value = s->settings->format == JSON ? generator_json(p, &s->bytes)
                                                : generator_avro(p, s->ids, &s->bytes);
        produce(s->kafka, s->settings, p, has_value, &s->bytes);
        rd_kafka_poll(s->kafka, 0);
        s->byte_count += has_value ? (int64_t)s->bytes.len : 0;
    }
    s->payloads++;
    s->bad += p->wrong != WRONG_NOTHING;
    s->samples += p->sample_count;
}

static void send_all(struct sender *s)
{
    static struct generator_payload p; /* large */
    struct generator g;

    generator_init(&g, &s->settings->generator);
    s->began = seconds();
    while (generator_next(&g, &p)) {
        if (s->settings->rate > 0 && s->kafka)
            pace(s, p.number);
        send_payload(s, &p);
    }
    for (int i = 0; s->settings->flush && i < s->settings->generator.partitions; i++) {
        generator_flush(&g, i, day_of("--flush", s->settings->flush), &p);
        send_payload(s, &p);
    }
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct sender s = {.settings = &settings};

    read_options(argc, argv, &settings);
    if (settings.flush)
        day_of("--flush", settings.flush);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    find_ids(&settings, s.ids);
    if (settings.format != LINES) {
        s.kafka = connect_kafka(&settings);
        if (settings.create)
            create_topic(s.kafka, &settings);
    }
    send_all(&s);
    if (s.kafka) {
        rd_kafka_resp_err_t err = rd_kafka_flush(s.kafka, 120000);

        if (err)
            die("%d payloads are not delivered: %s", rd_kafka_outq_len(s.kafka), rd_kafka_err2str(err));
        rd_kafka_destroy(s.kafka);
    }
    fprintf(stderr, "%" PRId64 " payloads (%" PRId64 " bad), %" PRId64 " samples, %.1f MB in %.1f s\n",
            s.payloads, s.bad, s.samples, (double)s.byte_count / 1e6, seconds() - s.began);
    free(s.bytes.ptr);
    return undelivered ? 1 : 0;
}
