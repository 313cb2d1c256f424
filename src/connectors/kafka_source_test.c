/* kafka_source_test.c: the Kafka source on the mock cluster: order, offsets, restoring, ends, failures,
 * memory. Waiting is always for something to happen; the deadlines are only there to end a test that fails.
 */
#include "base/budget.h"
#include "base/mem.h"
#include "base/test.h"
#include "connectors/kafka_harness.h"
#include "connectors/kafka_mock.h"
#include "connectors/kafka_splits.h"
#include "formats/format.h"
#include <stdio.h>
#include <stdlib.h>

#define DEADLINE_MS 20000

/* A cluster, a table on it, and the source. */
struct fixture {
    struct kafka_mock *mock;
    struct map properties;
    const char *topics[4];
    struct kafka_source_spec spec;
    struct kafka_harness_config config;
    struct kafka_harness h;
    struct error e;
};

static void set_up(struct fixture *f, const char *topic, int partition_count)
{
    struct kafka_source_spec standard = KAFKA_SOURCE_SPEC_DEFAULTS;

    *f = (struct fixture){.topics = {topic}, .spec = standard};
    ASSERT_OK(kafka_mock_new(1, &f->mock, &f->e), &f->e);
    if (partition_count)
        ASSERT_OK(kafka_mock_topic(f->mock, topic, partition_count, &f->e), &f->e);
    assert_true(
        map_put(&f->properties, SLICE("bootstrap.servers"), (void *)(uintptr_t)kafka_mock_brokers(f->mock)));
    assert_true(map_put(&f->properties, SLICE("fetch.max.wait.ms"), "20"));
    f->spec.properties = &f->properties;
    f->spec.topics = f->topics;
    f->spec.topic_count = 1;
    f->config.spec = &f->spec;
}

static void set_property(struct fixture *f, const char *name, const char *value)
{
    assert_true(map_put(&f->properties, slice_text(name), (void *)(uintptr_t)value));
}

static void tear_down(struct fixture *f)
{
    kafka_mock_free(f->mock);
    map_fini(&f->properties);
}

static void open_source(struct fixture *f)
{
    ASSERT_OK(kafka_harness_open(&f->h, &f->config, NULL, &f->e), &f->e);
}

static void open_restored(struct fixture *f, const struct kafka_image *image, int32_t old_parallelism)
{
    struct op_restore from = {.checkpoint_id = image->checkpoint_id,
                              .old_parallelism = old_parallelism,
                              .item_count = (int32_t)image->count,
                              .items = image->items};

    ASSERT_OK(kafka_harness_open(&f->h, &f->config, &from, &f->e), &f->e);
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

/* from..to-1 as "<topic>-<partition>:<n>". */
static void produce(struct fixture *f, const char *topic, int32_t partition, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[64];
        struct kafka_record record = {
            .topic = topic, .partition = partition, .value = {text, 0}, .timestamp_ms = 1000 + i};

        record.value.len = (size_t)snprintf(text, sizeof text, "%s-%d:%d", topic, partition, i);
        ASSERT_OK(kafka_mock_produce(f->mock, &record, &f->e), &f->e);
    }
    ASSERT_OK(kafka_mock_flush(f->mock, DEADLINE_MS, &f->e), &f->e);
}

/* Rows seen are from..to-1 of each partition, in order, none twice. */
static void check_rows(struct fixture *f, const char *topic, int partition_count, int from, int to)
{
    int next[16];

    assert_true(partition_count <= 16);
    for (int p = 0; p < partition_count; p++)
        next[p] = from;
    for (size_t i = 0; i < f->h.row_count; i++) {
        const struct kafka_seen *row = &f->h.rows[i];
        const char *name = f->h.names[row->split];
        int p = atoi(strrchr(name, '-') + 1);
        char want[64];

        snprintf(want, sizeof want, "%s-%d:%d", topic, p, next[p]);
        assert_string_equal(row->value, want);
        assert_int_equal(row->offset, next[p]);
        assert_int_equal(row->timestamp_us, (1000 + next[p]) * 1000);
        next[p]++;
    }
    for (int p = 0; p < partition_count; p++)
        assert_int_equal(next[p], to);
}

/* --- reading --- */

static void test_reads_in_order(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "orders", 3);
    for (int p = 0; p < 3; p++)
        produce(&f, "orders", p, 0, 1000);
    open_source(&f);
    run_rows(&f, 3000);
    check_rows(&f, "orders", 3, 0, 1000);
    for (int p = 0; p < 3; p++)
        produce(&f, "orders", p, 1000, 1100);
    run_rows(&f, 3300);
    check_rows(&f, "orders", 3, 0, 1100);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_keys_and_tombstones(UNUSED void **state)
{
    static const struct {
        struct slice key, value;
    } records[] = {
        {{"k", 1}, {"v", 1}},
        {{NULL, 0}, {"no key", 6}},
        {{"tombstone", 9}, {NULL, 0}},
        {{"", 0}, {"", 0}}, /* empty is not absent */
        {{"a key that is longer than a view", 32}, {"a value that is longer than a view", 34}},
    };
    struct fixture f;

    set_up(&f, "t", 1);
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        struct kafka_record record = {.topic = "t", .key = records[i].key, .value = records[i].value};

        ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
    }
    ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
    open_source(&f);
    run_rows(&f, COUNT_OF(records));
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        const struct kafka_seen *row = &f.h.rows[i];

        assert_int_equal(row->key == NULL, records[i].key.ptr == NULL);
        assert_int_equal(row->value == NULL, records[i].value.ptr == NULL);
        if (row->key)
            assert_true(slice_equal(slice_text(row->key), records[i].key));
        if (row->value)
            assert_true(slice_equal(slice_text(row->value), records[i].value));
    }
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* Headers are a map: of a name the last value counts. Many of them go another way. */
static void test_headers(UNUSED void **state)
{
    static const struct kafka_header some[] = {{"trace", {"first", 5}},
                                               {"none", {NULL, 0}},
                                               {"trace", {"a trace longer than a view", 26}},
                                               {"empty", {"", 0}}};
    struct kafka_header many[20];
    struct fixture f;
    struct kafka_record records[] = {{.topic = "t", .headers = some, .header_count = COUNT_OF(some)},
                                     {.topic = "t"},
                                     {.topic = "t", .headers = many, .header_count = COUNT_OF(many)}};
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = (struct kafka_header){i % 2 ? "odd" : "even", {"0123456789abcdefghij" + i, 1}};
    for (int wanted = 0; wanted < 2; wanted++) {
        set_up(&f, "t", 1);
        for (size_t i = 0; i < COUNT_OF(records); i++)
            ASSERT_OK(kafka_mock_produce(f.mock, &records[i], &f.e), &f.e);
        ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
        f.spec.headers = wanted;
        open_source(&f);
        f.h.hold = true;
        run_rows(&f, COUNT_OF(records));
        bytes_clear(&text);
        for (size_t i = 0; i < f.h.held_count; i++) {
            static const int32_t column[] = {RAW_HEADERS};
            struct schema schema = {1, &format_raw_schema.fields[RAW_HEADERS]};
            struct batch *headers = batch_project(f.h.held[i], &schema, column, NULL);

            ASSERT_OK(batch_check(f.h.held[i], &f.e), &f.e);
            batch_print(headers, &text);
            batch_unref(headers);
        }
        assert_string_equal(
            bytes_cstr(&text),
            wanted ? "+I({none=NULL, trace=x'61207472616365206c6f6e676572207468616e20612076696577', "
                     "empty=x''})\n+I({})\n+I({even=x'69', odd=x'6a'})\n"
                   : "+I(NULL)\n+I(NULL)\n+I(NULL)\n");
        kafka_harness_drop_held(&f.h);
        kafka_harness_close(&f.h);
        tear_down(&f);
    }
    bytes_fini(&text);
}

static void test_big_message(UNUSED void **state)
{
    const size_t len = 10u << 20;
    struct fixture f;
    struct kafka_record record = {.topic = "big"};
    char *text = mem_alloc(len);

    assert_non_null(text);
    memset(text, 'x', len);
    record.value = slice_of(text, len);
    set_up(&f, "big", 1);
    f.spec.memory_bytes = 8u << 20; /* less than the message */
    ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
    ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
    open_source(&f);
    run_rows(&f, 1);
    assert_int_equal(f.h.rows[0].value_len, len);
    assert_memory_equal(f.h.rows[0].value, text, len);
    kafka_harness_close(&f.h);
    mem_free(text);
    tear_down(&f);
}

/* A batch outlives the source that made it: its payloads stay. */
static void test_batches_outlive_the_source(UNUSED void **state)
{
    struct fixture f;
    struct batch *kept;

    set_up(&f, "a-topic-longer-than-a-view", 1);
    produce(&f, "a-topic-longer-than-a-view", 0, 0, 10);
    open_source(&f);
    f.h.hold = true;
    run_rows(&f, 10);
    kept = batch_ref(f.h.held[0]);
    f.h.op->ops->close(f.h.op);
    f.h.op = NULL;
    kafka_harness_drop_held(&f.h);
    assert_true(slice_is(column_slice(&kept->columns[RAW_VALUE], 0), "a-topic-longer-than-a-view-0:0"));
    assert_true(slice_is(column_slice(&kept->columns[RAW_TOPIC], 0), "a-topic-longer-than-a-view"));
    batch_unref(kept);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* --- idle and active --- */

static int count_of(const char *text, const char *part)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

static void test_idle_is_a_fact(UNUSED void **state)
{
    struct fixture f;
    const char *events;

    set_up(&f, "t", 2);
    produce(&f, "t", 0, 0, 5);
    open_source(&f);
    run_idle(&f, 2);
    events = bytes_cstr(&f.h.events);
    assert_int_equal(count_of(events, "added t-0\n"), 1);
    assert_int_equal(count_of(events, "added t-1\n"), 1);
    assert_true(strstr(events, "idle t-0\n") >
                strstr(events, "rows t-0 0..4\n")); /* not before what was there */
    assert_null(strstr(events, "active"));
    bytes_clear(&f.h.events);
    produce(&f, "t", 1, 0, 1);
    run_rows(&f, 6);
    events = bytes_cstr(&f.h.events);
    assert_true(strncmp(events, "active t-1\nrows t-1 0..0\n", 25) == 0);
    run_idle(&f, 2);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_subtask_without_partition_is_idle(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    f.config.parallelism = 2;
    f.config.subtask = kafka_splits_owner("t", 0, 2) == 0 ? 1 : 0;
    open_source(&f);
    run_idle(&f, 1);
    assert_string_equal(bytes_cstr(&f.h.events), "added no partition\nidle no partition\n");
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static bool polled(struct kafka_harness *h, int64_t polls)
{
    return h->polls >= polls;
}

/* A source that has nothing to do is not polled. */
static void test_idle_costs_nothing(UNUSED void **state)
{
    struct fixture f;
    int64_t polls;

    set_up(&f, "t", 1);
    produce(&f, "t", 0, 0, 5);
    open_source(&f);
    run_idle(&f, 1);
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_time_is_up, 0, 300, &f.e), ERR_UNAVAILABLE);
    polls = f.h.polls;
    assert_int_equal(kafka_harness_run(&f.h, polled, polls + 4, 500, &f.e), ERR_UNAVAILABLE);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* --- checkpoints --- */

static void test_snapshot_and_restore(UNUSED void **state)
{
    struct fixture f;
    struct kafka_image image;

    set_up(&f, "t", 2);
    produce(&f, "t", 0, 0, 7);
    produce(&f, "t", 1, 0, 7);
    open_source(&f);
    run_rows(&f, 14);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    assert_string_equal(kafka_image_item(&image, "t-0"), "7");
    assert_string_equal(kafka_image_item(&image, "t-1"), "7");
    assert_string_equal(kafka_image_item(&image, "discovered"), "1");
    kafka_harness_close(&f.h);

    produce(&f, "t", 0, 7, 12);
    produce(&f, "t", 1, 7, 12);
    f.spec.start.at = KAFKA_AT_LATEST; /* has no say in a restore */
    open_restored(&f, &image, 1);
    run_rows(&f, 10);
    check_rows(&f, "t", 2, 7, 12);
    kafka_harness_close(&f.h);
    kafka_image_fini(&image);
    tear_down(&f);
}

/* What was restored is in the next snapshot, even when no broker has been asked yet. */
static void test_snapshot_before_the_first_poll(UNUSED void **state)
{
    struct op_item items[] = {{.name = "t-0", .bytes = SLICE("42")},
                              {.name = "discovered", .bytes = SLICE("1")}};
    struct kafka_image image, old = {.items = items, .count = 2};
    struct fixture f;

    set_up(&f, "t", 1);
    open_restored(&f, &old, 1);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 2, &image, &f.e), &f.e);
    assert_string_equal(kafka_image_item(&image, "t-0"), "42");
    kafka_image_fini(&image);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* How many partitions are a subtask's; when there are none, one split stands for that. */
static int64_t owned(const char *topic, int32_t partition_count, int32_t subtask, int32_t parallelism)
{
    int64_t count = 0;

    for (int32_t p = 0; p < partition_count; p++)
        count += kafka_splits_owner(topic, p, parallelism) == (uint32_t)subtask;
    return count;
}

/* All partitions are read once whatever the parallelism was and is. */
static void test_rescale(UNUSED void **state)
{
    enum { PARTITIONS = 5, BEFORE = 4, AFTER = 9 };
    static const int32_t parallelisms[][2] = {{1, 3}, {3, 2}, {2, 8}, {4, 1}};

    for (size_t c = 0; c < COUNT_OF(parallelisms); c++) {
        int32_t from = parallelisms[c][0], to = parallelisms[c][1];
        struct kafka_image all = {0}, one;
        struct fixture f;
        size_t seen = 0;

        set_up(&f, "t", PARTITIONS);
        f.config.parallelism = from;
        for (int p = 0; p < PARTITIONS; p++)
            produce(&f, "t", p, 0, BEFORE);
        for (int32_t s = 0; s < from; s++) {
            f.config.subtask = s;
            open_source(&f);
            run_idle(&f, MAX(owned("t", PARTITIONS, s, from), 1));
            ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &one, &f.e), &f.e);
            all.snapshot = one.snapshot;
            all.checkpoint_id = 1;
            assert_true(kafka_image_add(&all, &one));
            seen += f.h.row_count;
            kafka_image_fini(&one);
            kafka_harness_close(&f.h);
        }
        assert_int_equal(seen, PARTITIONS * BEFORE);
        for (int p = 0; p < PARTITIONS; p++)
            produce(&f, "t", p, BEFORE, AFTER);
        f.config.parallelism = to;
        seen = 0;
        for (int32_t s = 0; s < to; s++) {
            f.config.subtask = s;
            open_restored(&f, &all, from);
            run_idle(&f, MAX(owned("t", PARTITIONS, s, to), 1));
            for (size_t i = 0; i < f.h.row_count; i++)
                assert_in_range(f.h.rows[i].offset, BEFORE, AFTER - 1);
            seen += f.h.row_count;
            kafka_harness_close(&f.h);
        }
        assert_int_equal(seen, PARTITIONS * (AFTER - BEFORE));
        kafka_image_fini(&all);
        tear_down(&f);
    }
}

static void test_restore_refuses_what_it_does_not_know(UNUSED void **state)
{
    static const struct {
        const char *name, *bytes;
    } cases[] = {{"t-0", "x"},
                 {"t-0", ""},
                 {"t-0", "5..x"},
                 {"t-0", "5..6 "},
                 {"t", "5"},
                 {"t-x", "5"},
                 {"-1", "5"},
                 {"t-0", "99999999999999999999"},
                 {"t-99999999999", "1"},
                 {"t-0", "-1"}};
    struct fixture f;

    set_up(&f, "t", 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct op_item item = {.name = cases[i].name, .bytes = slice_text(cases[i].bytes)};
        struct op_restore from = {.old_parallelism = 1, .item_count = 1, .items = &item};

        assert_int_equal(kafka_harness_open(&f.h, &f.config, &from, &f.e), ERR_CORRUPT);
        assert_non_null(strstr(f.e.text, cases[i].name));
    }
    tear_down(&f);
}

static bool committed(struct kafka_harness *h, int64_t want)
{
    double got = -1;

    return metrics_sum(h->registry, "kafka_consumer_committed_offset", &got) && (int64_t)got == want;
}

static void test_commits_offsets_of_the_checkpoint(UNUSED void **state)
{
    struct fixture f;
    struct kafka_image image;
    int64_t offset;
    double n;

    set_up(&f, "t", 1);
    set_property(&f, "group.id", "readers");
    produce(&f, "t", 0, 0, 5);
    open_source(&f);
    run_rows(&f, 5);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_image_fini(&image);
    produce(&f, "t", 0, 5, 9); /* behind the barrier: not of this checkpoint */
    run_rows(&f, 9);
    ASSERT_OK(f.h.op->ops->complete(f.h.op, 1, &f.e), &f.e);
    ASSERT_OK(kafka_harness_run(&f.h, committed, 5, DEADLINE_MS, &f.e), &f.e);
    ASSERT_OK(kafka_mock_committed(f.mock, "readers", "t", 0, &offset, DEADLINE_MS, &f.e), &f.e);
    assert_int_equal(offset, 5);
    assert_true(metrics_sum(f.h.registry,
                            "flink_taskmanager_job_task_operator_KafkaSourceReader_commitsSucceeded", &n));
    assert_int_equal(n, 1);

    ASSERT_OK(f.h.op->ops->complete(f.h.op, 7, &f.e), &f.e); /* not one of ours: nothing */
    ASSERT_OK(kafka_harness_snapshot(&f.h, 8, &image, &f.e), &f.e);
    kafka_image_fini(&image);
    ASSERT_OK(f.h.op->ops->complete(f.h.op, 8, &f.e), &f.e);
    kafka_harness_close(&f.h); /* waits for it */
    ASSERT_OK(kafka_mock_committed(f.mock, "readers", "t", 0, &offset, DEADLINE_MS, &f.e), &f.e);
    assert_int_equal(offset, 9);
    tear_down(&f);
}

static bool commit_failed(struct kafka_harness *h, UNUSED int64_t unused)
{
    double n = 0;

    return metrics_sum(h->registry, "flink_taskmanager_job_task_operator_KafkaSourceReader_commitsFailed",
                       &n) &&
           n >= 1;
}

static void test_a_failed_commit_is_only_counted(UNUSED void **state)
{
    struct fixture f;
    struct kafka_image image;

    set_up(&f, "t", 1);
    set_property(&f, "group.id", "readers");
    produce(&f, "t", 0, 0, 3);
    open_source(&f);
    run_rows(&f, 3);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_image_fini(&image);
    rd_kafka_mock_push_request_errors(kafka_mock_cluster(f.mock), 8 /* OffsetCommit */, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    ASSERT_OK(f.h.op->ops->complete(f.h.op, 1, &f.e), &f.e);
    ASSERT_OK(kafka_harness_run(&f.h, commit_failed, 0, DEADLINE_MS, &f.e), &f.e);
    produce(&f, "t", 0, 3, 4);
    run_rows(&f, 4);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* --- where to start and to stop --- */

static void test_start_and_stop(UNUSED void **state)
{
    static const struct kafka_offset at_3[] = {{0, 3}}, at_6[] = {{0, 6}}, at_100[] = {{5, 100}};
    static const struct {
        const char *name;
        struct kafka_place start, stop;
        const char *reset;
        int from, to; /* of 10 messages; committed: 4 */
    } cases[] = {
        {"all there is", {.at = KAFKA_AT_EARLIEST}, {.at = KAFKA_AT_LATEST}, NULL, 0, 10},
        {"nothing", {.at = KAFKA_AT_LATEST}, {.at = KAFKA_AT_LATEST}, NULL, 10, 10},
        {"from an offset",
         {.at = KAFKA_AT_OFFSETS, .offsets = at_3, .offset_count = 1},
         {.at = KAFKA_AT_LATEST},
         NULL,
         3,
         10},
        {"to an offset",
         {.at = KAFKA_AT_EARLIEST},
         {.at = KAFKA_AT_OFFSETS, .offsets = at_6, .offset_count = 1},
         NULL,
         0,
         6},
        {"between offsets",
         {.at = KAFKA_AT_OFFSETS, .offsets = at_3, .offset_count = 1},
         {.at = KAFKA_AT_OFFSETS, .offsets = at_6, .offset_count = 1},
         NULL,
         3,
         6},
        {"stop before start",
         {.at = KAFKA_AT_OFFSETS, .offsets = at_6, .offset_count = 1},
         {.at = KAFKA_AT_OFFSETS, .offsets = at_3, .offset_count = 1},
         NULL,
         6,
         6},
        {"others start at the earliest",
         {.at = KAFKA_AT_OFFSETS, .offsets = at_100, .offset_count = 1},
         {.at = KAFKA_AT_LATEST},
         NULL,
         0,
         10},
        {"the group's", {.at = KAFKA_AT_GROUP}, {.at = KAFKA_AT_LATEST}, NULL, 4, 10},
        {"to the group's", {.at = KAFKA_AT_EARLIEST}, {.at = KAFKA_AT_GROUP}, NULL, 0, 4},
        {"a new group's, earliest", {.at = KAFKA_AT_GROUP}, {.at = KAFKA_AT_LATEST}, "earliest", 0, 10},
        {"a new group's, latest", {.at = KAFKA_AT_GROUP}, {.at = KAFKA_AT_LATEST}, "latest", 10, 10},
    };
    struct fixture f;
    struct kafka_image image;

    set_up(&f, "t", 1);
    set_property(&f, "group.id", "old");
    produce(&f, "t", 0, 0, 4);
    open_source(&f);
    run_rows(&f, 4);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_image_fini(&image);
    ASSERT_OK(f.h.op->ops->complete(f.h.op, 1, &f.e), &f.e);
    kafka_harness_close(&f.h);
    produce(&f, "t", 0, 4, 10);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        f.spec.start = cases[i].start;
        f.spec.stop = cases[i].stop;
        if (cases[i].reset) {
            set_property(&f, "group.id", "new");
            set_property(&f, "auto.offset.reset", cases[i].reset);
        }
        open_source(&f);
        run_done(&f);
        if (f.h.row_count != (size_t)(cases[i].to - cases[i].from))
            fail_msg("%s: %zu rows\n%s", cases[i].name, f.h.row_count, bytes_cstr(&f.h.events));
        check_rows(&f, "t", f.h.row_count ? 1 : 0, cases[i].from, cases[i].to);
        assert_non_null(strstr(bytes_cstr(&f.h.events), "removed t-0\n"));
        kafka_harness_close(&f.h);
    }
    tear_down(&f);
}

static void test_group_without_offset_is_told(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    set_property(&f, "group.id", "new");
    f.spec.start.at = KAFKA_AT_GROUP;
    open_source(&f);
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_is_done, 0, DEADLINE_MS, &f.e), ERR_CONFIG);
    assert_non_null(strstr(f.e.text, "auto.offset.reset"));
    assert_non_null(strstr(f.e.text, "'new'"));
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* The stop is in the checkpoint: what is written after the first start is not read after a restore either. */
static void test_bounded_restore_keeps_its_end(UNUSED void **state)
{
    struct fixture f;
    struct kafka_image image;

    set_up(&f, "t", 1);
    produce(&f, "t", 0, 0, 6);
    f.spec.stop.at = KAFKA_AT_LATEST;
    f.spec.batch_rows = 2;
    open_source(&f);
    run_rows(&f, 2);
    ASSERT_OK(kafka_harness_snapshot(&f.h, 1, &image, &f.e), &f.e);
    kafka_harness_close(&f.h);
    assert_string_equal(kafka_image_item(&image, "t-0"), "2..6");
    produce(&f, "t", 0, 6, 9);
    open_restored(&f, &image, 1);
    run_done(&f);
    check_rows(&f, "t", 1, 2, 6);
    kafka_harness_close(&f.h);
    kafka_image_fini(&image);
    tear_down(&f);
}

/* --- topics --- */

static void test_pattern_finds_new_topics_from_their_beginning(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "in-1", 1);
    f.spec.topic_count = 0;
    f.spec.topic_pattern = "in-\\d+";
    f.spec.start.at = KAFKA_AT_LATEST;
    f.spec.discovery_interval_ms = 50;
    ASSERT_OK(kafka_mock_topic(f.mock, "other", 1, &f.e), &f.e);
    produce(&f, "in-1", 0, 0, 3); /* before the start: not read */
    produce(&f, "other", 0, 0, 3);
    open_source(&f);
    run_idle(&f, 1);
    ASSERT_OK(kafka_mock_topic(f.mock, "in-2", 2, &f.e), &f.e);
    produce(&f, "in-2", 0, 0, 3);
    run_rows(&f, 3);
    assert_string_equal(f.h.rows[0].value, "in-2-0:0");
    run_idle(&f, 3);
    assert_null(strstr(bytes_cstr(&f.h.events), "other"));
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_unknown_topic(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "missing", 0);
    rd_kafka_mock_topic_set_error(kafka_mock_cluster(f.mock), "missing",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    f.spec.unknown_topic_wait_ms = 600;
    open_source(&f);
    if (kafka_harness_run(&f.h, kafka_harness_is_done, 0, DEADLINE_MS, &f.e) != ERR_NOT_FOUND)
        fail_msg("%s", f.e.text);
    assert_non_null(strstr(f.e.text, "'missing' does not exist"));
    assert_int_equal(f.e.advice, ADVICE_RESTART);
    kafka_harness_close(&f.h);
    f.spec.unknown_topic_wait_ms = DEADLINE_MS;
    open_source(&f); /* made while it waits */
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_time_is_up, 0, 100, &f.e), ERR_UNAVAILABLE);
    rd_kafka_mock_topic_set_error(kafka_mock_cluster(f.mock), "missing", RD_KAFKA_RESP_ERR_NO_ERROR);
    produce(&f, "missing", 0, 0, 2);
    run_rows(&f, 2);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* --- failures --- */

static bool had_trouble(struct kafka_harness *h, UNUSED int64_t unused)
{
    double n = 0;

    return metrics_sum(h->registry, "kafka_connection_errors", &n) && n >= 1;
}

static void test_brokers_down_at_the_start(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    produce(&f, "t", 0, 0, 4);
    set_property(&f, "reconnect.backoff.max.ms", "200");
    rd_kafka_mock_broker_set_down(kafka_mock_cluster(f.mock), -1);
    open_source(&f);
    ASSERT_OK(kafka_harness_run(&f.h, had_trouble, 0, DEADLINE_MS, &f.e), &f.e);
    rd_kafka_mock_broker_set_up(kafka_mock_cluster(f.mock), -1);
    run_rows(&f, 4);
    check_rows(&f, "t", 1, 0, 4);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_brokers_down_in_between(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    set_property(&f, "reconnect.backoff.max.ms", "200");
    produce(&f, "t", 0, 0, 4);
    open_source(&f);
    run_rows(&f, 4);
    rd_kafka_mock_broker_set_down(kafka_mock_cluster(f.mock), -1);
    ASSERT_OK(kafka_harness_run(&f.h, had_trouble, 0, DEADLINE_MS, &f.e), &f.e);
    rd_kafka_mock_broker_set_up(kafka_mock_cluster(f.mock), -1);
    produce(&f, "t", 0, 4, 8);
    run_rows(&f, 8);
    check_rows(&f, "t", 1, 0, 8);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_errors_of_requests(UNUSED void **state)
{
    static const struct {
        const char *name;
        int16_t api;
        rd_kafka_resp_err_t err;
    } cases[] = {
        {"fetch: not leader", 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
        {"fetch: disconnect", 1, RD_KAFKA_RESP_ERR__TRANSPORT},
        {"offsets: not leader", 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
        {"offsets: leader not available", 2, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
        {"metadata: disconnect", 3, RD_KAFKA_RESP_ERR__TRANSPORT},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;

        set_up(&f, "t", 2);
        set_property(&f, "reconnect.backoff.max.ms", "100");
        set_property(&f, "fetch.error.backoff.ms", "10");
        produce(&f, "t", 0, 0, 20);
        produce(&f, "t", 1, 0, 20);
        rd_kafka_mock_push_request_errors(kafka_mock_cluster(f.mock), cases[i].api, 2, cases[i].err,
                                          cases[i].err);
        open_source(&f);
        run_rows(&f, 40);
        check_rows(&f, "t", 2, 0, 20);
        kafka_harness_close(&f.h);
        tear_down(&f);
    }
}

static void test_refused_topic_fails_the_job(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    produce(&f, "t", 0, 0, 1);
    rd_kafka_mock_topic_set_error(kafka_mock_cluster(f.mock), "t",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    open_source(&f);
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_is_done, 0, DEADLINE_MS, &f.e), ERR_DENIED);
    assert_non_null(strstr(f.e.text, "properties.sasl"));
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static int64_t everything(UNUSED void *arg, UNUSED const char *topic, UNUSED int32_t partition)
{
    return INT64_MAX; /* a lie, so that the mock cluster drops what is old */
}

static enum err run_from(struct fixture *f, const char *offset)
{
    struct op_item items[] = {{.name = "t-0", .bytes = slice_text(offset)},
                              {.name = "discovered", .bytes = SLICE("1")}};
    struct kafka_image image = {.items = items, .count = COUNT_OF(items)};
    enum err rc;

    open_restored(f, &image, 1);
    rc = kafka_harness_run(&f->h, kafka_harness_all_idle, 1, DEADLINE_MS, &f->e);
    return rc;
}

/* Retention was shorter than the job was down: 8 messages of 1 MiB, of which the mock keeps less than 5. */
static void test_lost_data_is_told(UNUSED void **state)
{
    const size_t len = 1u << 20;
    char *text = mem_zalloc(len);
    struct kafka_record record = {.topic = "t", .value = {text, len}};
    struct fixture f;

    assert_non_null(text);
    set_up(&f, "t", 1);
    kafka_mock_follow(f.mock, everything, NULL);
    for (int i = 0; i < 8; i++) {
        ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
        ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
    }
    assert_int_equal(run_from(&f, "1"), ERR_NOT_FOUND);
    assert_non_null(strstr(f.e.text, "messages 1 to "));
    assert_non_null(strstr(f.e.text, "scan.lost-data"));
    assert_int_equal(f.h.row_count, 0);
    kafka_harness_close(&f.h);

    assert_int_equal(run_from(&f, "1000"), ERR_NOT_FOUND);
    assert_non_null(strstr(f.e.text, "ends at offset 8"));
    kafka_harness_close(&f.h);

    f.spec.continue_after_loss = true;
    ASSERT_OK(run_from(&f, "1"), &f.e);
    assert_in_range(f.h.row_count, 3, 5);
    assert_int_equal(f.h.rows[f.h.row_count - 1].offset, 7);
    kafka_harness_close(&f.h);
    mem_free(text);
    tear_down(&f);
}

/* --- memory --- */

struct pump {
    struct fixture *f;
};

static int64_t position_of(void *arg, UNUSED const char *topic, UNUSED int32_t partition)
{
    struct fixture *f = ((struct pump *)arg)->f;

    (void)!kafka_harness_run(&f->h, kafka_harness_time_is_up, 0, 1, &f->e);
    return (int64_t)f->h.row_count;
}

/* Nothing lets go of batches: the source stops at its limit, and goes on when they are let go. */
static void test_memory_is_bounded(UNUSED void **state)
{
    const size_t limit = 8u << 20;
    struct fixture f;
    char text[2000];
    size_t stopped_at;

    memset(text, 'x', sizeof text);
    set_up(&f, "t", 1);
    f.spec.memory_bytes = 4u << 20;
    f.config.budget_bytes = limit;
    for (int i = 0; i < 2000; i++) {
        struct kafka_record record = {.topic = "t", .value = {text, sizeof text}};

        ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
    }
    ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
    open_source(&f);
    f.h.hold = true;
    f.h.count_only = true;
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_has_rows, 2000, 500, &f.e), ERR_UNAVAILABLE);
    stopped_at = f.h.row_count;
    assert_in_range(stopped_at, 200, 1900);
    assert_true(budget_peak(f.h.budget) <= limit);
    f.h.hold = false;
    kafka_harness_drop_held(&f.h);
    run_rows(&f, 2000);
    assert_true(budget_peak(f.h.budget) <= limit);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* More than a mock partition keeps goes through when the producer waits for the source. */
static void test_producer_waits_for_the_consumer(UNUSED void **state)
{
    struct fixture f;
    struct pump pump = {&f};
    char text[500];
    const int64_t count = 30000; /* 15 MB */

    memset(text, 'x', sizeof text);
    set_up(&f, "t", 1);
    open_source(&f);
    f.h.count_only = true;
    kafka_mock_follow(f.mock, position_of, &pump);
    for (int64_t i = 0; i < count; i++) {
        struct kafka_record record = {.topic = "t", .value = {text, sizeof text}};

        ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
    }
    ASSERT_OK(kafka_mock_flush(f.mock, DEADLINE_MS, &f.e), &f.e);
    run_rows(&f, count);
    assert_int_equal(f.h.row_count, count);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

static void test_full_output_stops_reading(UNUSED void **state)
{
    struct fixture f;

    set_up(&f, "t", 1);
    produce(&f, "t", 0, 0, 10);
    open_source(&f);
    f.h.full = true;
    assert_int_equal(kafka_harness_run(&f.h, kafka_harness_has_rows, 1, 300, &f.e), ERR_UNAVAILABLE);
    assert_non_null(strstr(bytes_cstr(&f.h.events), "added t-0\n"));
    f.h.full = false;
    run_rows(&f, 10);
    kafka_harness_close(&f.h);
    tear_down(&f);
}

/* Any allocation of the source's own may fail: it says so and frees all. */
static void test_without_memory(UNUSED void **state)
{
    struct fixture f;
    struct kafka_header headers[20];
    struct kafka_record record = {.topic = "t", .headers = headers, .header_count = COUNT_OF(headers)};
    enum err rc = ERR_MEMORY;

    for (size_t i = 0; i < COUNT_OF(headers); i++)
        headers[i] = (struct kafka_header){i % 2 ? "odd" : "even", {"x", 1}};
    set_up(&f, "t", 1);
    ASSERT_OK(kafka_mock_produce(f.mock, &record, &f.e), &f.e);
    produce(&f, "t", 0, 1, 10);
    f.config.inline_work = true;
    f.spec.headers = true;
    for (uint64_t n = 1; rc != OK; n++) {
        uint64_t before = mem_count();

        assert_in_range(n, 1, 2000);
        mem_fail_at(n, false);
        rc = kafka_harness_open(&f.h, &f.config, NULL, &f.e);
        if (rc == OK) {
            f.h.count_only = true;
            rc = kafka_harness_run(&f.h, kafka_harness_has_rows, 10, DEADLINE_MS, &f.e);
            if (rc == OK && mem_count() - before >= n) /* metrics do without */
                rc = ERR_MEMORY;
            kafka_harness_close(&f.h);
        }
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
    tear_down(&f);
}

TEST_MAIN(cmocka_unit_test(test_reads_in_order), cmocka_unit_test(test_keys_and_tombstones),
          cmocka_unit_test(test_headers), cmocka_unit_test(test_big_message),
          cmocka_unit_test(test_batches_outlive_the_source), cmocka_unit_test(test_idle_is_a_fact),
          cmocka_unit_test(test_subtask_without_partition_is_idle), cmocka_unit_test(test_idle_costs_nothing),
          cmocka_unit_test(test_snapshot_and_restore), cmocka_unit_test(test_snapshot_before_the_first_poll),
          cmocka_unit_test(test_rescale), cmocka_unit_test(test_restore_refuses_what_it_does_not_know),
          cmocka_unit_test(test_commits_offsets_of_the_checkpoint),
          cmocka_unit_test(test_a_failed_commit_is_only_counted), cmocka_unit_test(test_start_and_stop),
          cmocka_unit_test(test_group_without_offset_is_told),
          cmocka_unit_test(test_bounded_restore_keeps_its_end),
          cmocka_unit_test(test_pattern_finds_new_topics_from_their_beginning),
          cmocka_unit_test(test_unknown_topic), cmocka_unit_test(test_brokers_down_at_the_start),
          cmocka_unit_test(test_brokers_down_in_between), cmocka_unit_test(test_errors_of_requests),
          cmocka_unit_test(test_refused_topic_fails_the_job), cmocka_unit_test(test_lost_data_is_told),
          cmocka_unit_test(test_memory_is_bounded), cmocka_unit_test(test_producer_waits_for_the_consumer),
          cmocka_unit_test(test_full_output_stops_reading), cmocka_unit_test(test_without_memory))
