/* kafka_live_test.c: the Kafka source on a real broker: what the mock cluster cannot show. Does nothing
 * unless WEIR_TEST_KAFKA says host:port (tests/live/services/services.sh up kafka). Topics are new for every
 * run. WEIR_TEST_GROUP names the consumer group of the last test, which leaves a lag of 25 behind for
 * kafka_check.sh to look at.
 */
#include "base/mem.h"
#include "base/test.h"
#include "connectors/kafka_harness.h"
#include "connectors/kafka_splits.h"
#include "os/random.h"
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#define DEADLINE_MS 30000

struct fixture {
    char topic[64];
    const char *topics[1];
    rd_kafka_t *producer;
    struct map properties;
    struct kafka_source_spec spec;
    struct kafka_harness_config config;
    struct kafka_harness h;
    struct error e;
};

static const char *brokers(void)
{
    const char *name = getenv("WEIR_TEST_KAFKA");

    if (name == NULL || *name == '\0')
        skip();
    return name;
}

static rd_kafka_t *new_producer(const char *transactional_id)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk;
    char why[256];

    rd_kafka_conf_set(conf, "bootstrap.servers", brokers(), why, sizeof why);
    rd_kafka_conf_set(conf, "message.max.bytes", "20000000", why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
    if (transactional_id)
        rd_kafka_conf_set(conf, "transactional.id", transactional_id, why, sizeof why);
    if ((rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why)) == NULL)
        fail_msg("%s", why);
    return rk;
}

/* --- administration --- */

/* Wait for the answer of what was asked on queue, and fail the test when it is an error. */
static void await_admin(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, DEADLINE_MS);
    const rd_kafka_topic_result_t **topics = NULL;
    size_t count = 0;

    assert_non_null(event);
    if (rd_kafka_event_error(event))
        fail_msg("%s", rd_kafka_event_error_string(event));
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
        topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT)
        topics = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                         &count);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_topic_result_error(topics[i]))
            fail_msg("%s", rd_kafka_topic_result_error_string(topics[i]));
    rd_kafka_event_destroy(event);
}

static void create_topic(struct fixture *f, int partition_count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->producer);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(f->topic, partition_count, 1, NULL, 0);

    rd_kafka_NewTopic_set_config(topic, "max.message.bytes", "20000000");
    rd_kafka_CreateTopics(f->producer, &topic, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
}

static void grow_topic(struct fixture *f, size_t partition_count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->producer);
    rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(f->topic, partition_count, NULL, 0);

    rd_kafka_CreatePartitions(f->producer, &more, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_NewPartitions_destroy(more);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(f->producer); /* it knows the topic as it was */
    f->producer = new_producer(NULL);
}

/* Throw away what lies before offset, as retention would. */
static void delete_records(struct fixture *f, int32_t partition, int64_t offset)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->producer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_DeleteRecords_t *before;

    rd_kafka_topic_partition_list_add(list, f->topic, partition)->offset = offset;
    before = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(f->producer, &before, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_DeleteRecords_destroy(before);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
}

/* --- a topic and its source --- */

static void set_property(struct fixture *f, const char *name, const char *value)
{
    assert_true(map_put(&f->properties, slice_text(name), (void *)(uintptr_t)value));
}

static void set_up(struct fixture *f, int partition_count)
{
    struct kafka_source_spec standard = KAFKA_SOURCE_SPEC_DEFAULTS;

    brokers();
    *f = (struct fixture){.spec = standard};
    snprintf(f->topic, sizeof f->topic, "weir-live-%016" PRIx64, random_entropy());
    f->producer = new_producer(NULL);
    create_topic(f, partition_count);
    set_property(f, "bootstrap.servers", brokers());
    f->topics[0] = f->topic;
    f->spec.properties = &f->properties;
    f->spec.topics = f->topics;
    f->spec.topic_count = 1;
    f->config.spec = &f->spec;
}

static void tear_down(struct fixture *f)
{
    rd_kafka_destroy(f->producer);
    map_fini(&f->properties);
}

static void send_bytes(struct fixture *f, rd_kafka_t *producer, int32_t partition, const void *ptr,
                       size_t len, int64_t timestamp_ms)
{
    rd_kafka_resp_err_t err;

    while ((err = rd_kafka_producev(
                producer, RD_KAFKA_V_TOPIC(f->topic), RD_KAFKA_V_PARTITION(partition),
                RD_KAFKA_V_VALUE((void *)(uintptr_t)ptr, len), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(producer, 5);
    if (err)
        fail_msg("%s-%" PRId32 ": %s", f->topic, partition, rd_kafka_err2str(err));
}

/* from..to-1 as their numbers; the timestamp of n is 1,000,000 + n seconds. */
static void produce_with(struct fixture *f, rd_kafka_t *producer, int32_t partition, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "%d", i);

        send_bytes(f, producer, partition, text, (size_t)len, (1000000 + i) * INT64_C(1000));
    }
    assert_int_equal(rd_kafka_flush(producer, DEADLINE_MS), 0);
}

static void produce(struct fixture *f, int32_t partition, int from, int to)
{
    produce_with(f, f->producer, partition, from, to);
}

static void open_source(struct fixture *f, const struct kafka_image *image)
{
    struct op_restore from = {.old_parallelism = 1};

    if (image) {
        from.item_count = (int32_t)image->count;
        from.items = image->items;
    }
    ASSERT_OK(kafka_harness_open(&f->h, &f->config, image ? &from : NULL, &f->e), &f->e);
}

static void run_rows(struct fixture *f, int64_t count)
{
    ASSERT_OK(kafka_harness_run(&f->h, kafka_harness_has_rows, count, DEADLINE_MS, &f->e), &f->e);
}

static void run_idle(struct fixture *f, int64_t split_count)
{
    ASSERT_OK(kafka_harness_run(&f->h, kafka_harness_all_idle, split_count, DEADLINE_MS, &f->e), &f->e);
}

static void run_done(struct fixture *f)
{
    ASSERT_OK(kafka_harness_run(&f->h, kafka_harness_is_done, 0, DEADLINE_MS, &f->e), &f->e);
}

/* --- tests --- */

/* Stopped and restored at arbitrary places, every message comes once, in the order of its partition. */
static void test_all_once_through_restarts(UNUSED void **state)
{
    enum { PARTITIONS = 3, COUNT = 50000, STOPS = 5 };
    struct kafka_image image = {0};
    struct fixture f;
    int next[PARTITIONS] = {0};
    size_t seen = 0;

    set_up(&f, PARTITIONS);
    for (int p = 0; p < PARTITIONS; p++)
        produce(&f, p, 0, COUNT);
    for (int stop = 1; stop <= STOPS; stop++) {
        open_source(&f, stop > 1 ? &image : NULL);
        kafka_image_fini(&image);
        run_rows(&f, (int64_t)(PARTITIONS * COUNT * stop / STOPS) - (int64_t)seen);
        for (size_t i = 0; i < f.h.row_count; i++) {
            const struct kafka_seen *row = &f.h.rows[i];
            int p = atoi(strrchr(f.h.names[row->split], '-') + 1);

            assert_int_equal(atoi(row->value), next[p]);
            assert_int_equal(row->offset, next[p]);
            next[p]++;
        }
        seen += f.h.row_count;
        ASSERT_OK(kafka_harness_snapshot(&f.h, stop, &image, &f.e), &f.e);
        kafka_harness_close(&f.h);
    }
    assert_int_equal(seen, PARTITIONS * COUNT);
    kafka_image_fini(&image);
    tear_down(&f);
}

static void test_new_partition_is_read_from_its_beginning(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, 1);
    f.spec.start.at = KAFKA_AT_LATEST;
    f.spec.discovery_interval_ms = 200;
    produce(&f, 0, 0, 3);
    open_source(&f, NULL);
    run_idle(&f, 1);
    grow_topic(&f, 2);
    produce(&f, 1, 100, 105);
    run_rows(&f, 5);
    assert_string_equal(f.h.rows[0].value, "100");
    run_idle(&f, 2);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_start_by_time(UNUSED void **state)
{
    static const struct {
        int64_t at_s;
        const char *first; /* NULL: none */
        int count;
    } cases[] = {{1000004, "4", 6}, {0, "0", 10}, {2000000, NULL, 0}};
    struct fixture f;

    set_up(&f, 1);
    produce(&f, 0, 0, 10);
    f.spec.start.at = KAFKA_AT_TIMESTAMP;
    f.spec.stop.at = KAFKA_AT_LATEST;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        f.spec.start.timestamp_ms = cases[i].at_s * 1000;
        open_source(&f, NULL);
        run_done(&f);
        assert_int_equal(f.h.row_count, cases[i].count);
        if (cases[i].first)
            assert_string_equal(f.h.rows[0].value, cases[i].first);
        kafka_harness_close(&f.h);
    }
    tear_down(&f);
}

static void transaction(struct fixture *f, rd_kafka_t *producer, int from, int to, bool commit)
{
    assert_null(rd_kafka_begin_transaction(producer));
    produce_with(f, producer, 0, from, to);
    assert_null(commit ? rd_kafka_commit_transaction(producer, DEADLINE_MS)
                       : rd_kafka_abort_transaction(producer, DEADLINE_MS));
}

/* The end of a transaction takes an offset but is no message: the end is reached all the same, and the place
 * behind it is what a checkpoint has. */
static void test_transactions(UNUSED void **state)
{
    struct kafka_image image;
    struct fixture f;
    rd_kafka_t *producer;

    set_up(&f, 1);
    producer = new_producer(f.topic);
    assert_null(rd_kafka_init_transactions(producer, DEADLINE_MS));
    transaction(&f, producer, 0, 5, true);
    transaction(&f, producer, 5, 8, false);
    transaction(&f, producer, 8, 10, true);
    set_property(&f, "isolation.level", "read_committed");
    open_source(&f, NULL);
    run_rows(&f, 7);
    assert_string_equal(f.h.rows[5].value, "8");
    run_idle(&f, 1);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    assert_int_equal(image.count, 2);                    /* the partition, and "discovered" */
    assert_string_equal(image.items[0].bytes.ptr, "13"); /* 10 messages and 3 ends of transactions */
    kafka_image_fini(&image);
    kafka_harness_close(&f.h);

    f.spec.stop.at = KAFKA_AT_LATEST;
    open_source(&f, NULL);
    run_done(&f);
    assert_int_equal(f.h.row_count, 7);
    kafka_harness_close(&f.h);
    rd_kafka_destroy(producer);
    tear_down(&f);
}

static void test_big_message(UNUSED void **state)
{
    const size_t len = 10u << 20;
    char *text;
    struct fixture f;

    set_up(&f, 1);
    text = mem_alloc(len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 23);
    f.spec.memory_bytes = 8u << 20;
    send_bytes(&f, f.producer, 0, text, len, 0);
    assert_int_equal(rd_kafka_flush(f.producer, DEADLINE_MS), 0);
    produce(&f, 0, 0, 1);
    open_source(&f, NULL);
    run_rows(&f, 2);
    assert_int_equal(f.h.rows[0].value_len, len);
    assert_memory_equal(f.h.rows[0].value, text, len);
    kafka_harness_close(&f.h);
    mem_free(text);
    tear_down(&f);
}

static void test_lost_data(UNUSED void **state)
{
    struct kafka_image image;
    struct fixture f;

    set_up(&f, 1);
    produce(&f, 0, 0, 5);
    open_source(&f, NULL);
    run_rows(&f, 5);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_harness_close(&f.h);
    produce(&f, 0, 5, 20);
    delete_records(&f, 0, 12);
    open_source(&f, &image);
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_is_done, 0, DEADLINE_MS, &f.e), ERR_NOT_FOUND);
    assert_non_null(strstr(f.e.text, "messages 5 to 11 of"));
    kafka_harness_close(&f.h);
    f.spec.continue_after_loss = true;
    open_source(&f, &image);
    run_rows(&f, 8);
    assert_string_equal(f.h.rows[0].value, "12");
    kafka_harness_close(&f.h);
    kafka_image_fini(&image);
    tear_down(&f);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* A single record goes through at once: fetches wait at the broker, and the source is woken. */
static void test_latency(UNUSED void **state)
{
    enum { COUNT = 50 };
    struct fixture f;
    int64_t took_us[COUNT];

    set_up(&f, 1);
    open_source(&f, NULL);
    run_idle(&f, 1);
    for (int i = 0; i < COUNT; i++) {
        int64_t start_us = clock_mono_us(clock_system());

        send_bytes(&f, f.producer, 0, "x", 1, 0);
        run_rows(&f, i + 1);
        took_us[i] = clock_mono_us(clock_system()) - start_us;
    }
    qsort(took_us, COUNT, sizeof took_us[0], compare);
    print_message("from producing to batch: p50 %" PRId64 " us, p90 %" PRId64 " us, worst %" PRId64 " us\n",
                  took_us[COUNT / 2], took_us[COUNT * 9 / 10], took_us[COUNT - 1]);
    assert_true(took_us[COUNT / 2] <
                250000); /* half of fetch.max.wait.ms, which it would be without wake-ups */
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static bool committed(struct kafka_harness *h, int64_t want)
{
    double sum = -1;

    return metrics_sum(h->registry, "kafka_consumer_committed_offset", &sum) && (int64_t)sum == want;
}

static void test_group_lag(UNUSED void **state)
{
    const char *group = getenv("WEIR_TEST_GROUP");
    struct kafka_image image;
    struct fixture f;

    set_up(&f, 1);
    set_property(&f, "group.id", group ? group : f.topic);
    produce(&f, 0, 0, 75);
    open_source(&f, NULL);
    run_rows(&f, 75);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_image_fini(&image);
    ASSERT_OK(f.h.op->ops->complete(f.h.op, 1, &f.e), &f.e);
    ASSERT_OK(kafka_harness_run(&f.h, committed, 75, DEADLINE_MS, &f.e), &f.e);
    produce(&f, 0, 75, 100);
    run_rows(&f, 100); /* read, but not in a checkpoint: still lag to the group */
    kafka_harness_close(&f.h);
    tear_down(&f);
}

TEST_MAIN(cmocka_unit_test(test_all_once_through_restarts),
          cmocka_unit_test(test_new_partition_is_read_from_its_beginning),
          cmocka_unit_test(test_start_by_time), cmocka_unit_test(test_transactions),
          cmocka_unit_test(test_big_message), cmocka_unit_test(test_lost_data),
          cmocka_unit_test(test_latency), cmocka_unit_test(test_group_lag))
