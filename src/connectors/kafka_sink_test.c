/* kafka_sink_test.c: what arrives in a mock cluster, and what is told when nothing does. The format is the
 * test's own: a row as text, so that nothing here depends on the others.
 */
#include "base/test.h"
#include "base/mem.h"
#include "connectors/kafka_harness.h"
#include "connectors/kafka_mock.h"
#include "connectors/kafka_sink.h"
#include "connectors/row_text.h"
#include "formats/encode.h"
#include "operators/operator_harness.h"
#include "os/log.h"
#include <time.h>

/* --- a format ----------------------------------------------------------------------------------------- */

struct text_encoder {
    struct encoder encoder;
    const struct encode_spec *spec;
};

static bool grow(struct payload_run *out, int32_t more)
{
    int32_t want = out->count + more;
    size_t *ends;
    bool *absent;

    if (want <= out->capacity)
        return true;
    if ((ends = mem_realloc(out->ends, (size_t)want * sizeof *ends)) == NULL)
        return false;
    out->ends = ends;
    if ((absent = mem_realloc(out->absent, (size_t)want * sizeof *absent)) == NULL)
        return false;
    out->absent = absent;
    out->capacity = want;
    return true;
}

static enum err encode_text(struct encoder *encoder, const struct batch *rows, struct payload_run *out,
                            struct error *e)
{
    struct text_encoder *t = CONTAINER_OF(encoder, struct text_encoder, encoder);
    struct batch view = *rows;
    struct column columns[8];

    if (!grow(out, batch_live(rows)))
        return error_memory(e, 8, "payloads");
    view.schema = t->spec->schema;
    view.columns = columns;
    view.row_kinds = NULL;
    for (int32_t i = 0; i < t->spec->schema->field_count; i++)
        columns[i] = rows->columns[t->spec->columns ? t->spec->columns[i] : i];
    for (int32_t i = 0; i < batch_live(rows); i++) {
        int32_t row = batch_row(rows, i);
        uint8_t kind = rows->row_kinds ? rows->row_kinds[row] : ROW_INSERT;

        out->absent[out->count] = t->spec->tombstones && (kind == ROW_DELETE || kind == ROW_UPDATE_BEFORE);
        if (!out->absent[out->count])
            row_text(&view, row, &out->bytes);
        out->ends[out->count++] = out->bytes.len;
    }
    return out->bytes.failed ? error_memory(e, out->bytes.len, "payloads") : OK;
}

static void free_encoder(struct encoder *encoder)
{
    mem_free(CONTAINER_OF(encoder, struct text_encoder, encoder));
}

static enum err new_encoder(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {encode_text, free_encoder};
    struct text_encoder *t = mem_zalloc(sizeof *t);

    if (t == NULL)
        return error_memory(e, sizeof *t, "an encoder");
    *t = (struct text_encoder){{&ops}, spec};
    *out = &t->encoder;
    return OK;
}

static const struct format text_format = {
    .name = "text", .encoder_new = new_encoder, .writes = FORMAT_INSERTS};

/* --- a sink and its cluster --------------------------------------------------------------------------- */

struct fixture {
    struct kafka_mock *mock;
    struct map properties;
    struct arena arena;
    const struct schema *schema;
    struct kafka_sink_spec spec;
    const char *topic;
};

static const int32_t first_two[] = {0, 1}, first_one[] = {0};

static void set_up(struct fixture *f, const char *columns, int partitions)
{
    static int number;
    struct error e;
    struct schema *key;

    *f = (struct fixture){0};
    ASSERT_OK(kafka_mock_new(1, &f->mock, &e), &e);
    f->topic = arena_printf(&f->arena, "out-%d", number++);
    ASSERT_OK(kafka_mock_topic(f->mock, f->topic, partitions, &e), &e);
    assert_true(
        map_put(&f->properties, SLICE("bootstrap.servers"), (void *)(uintptr_t)kafka_mock_brokers(f->mock)));
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &f->schema, &e), &e);
    key = ARENA_NEW(&f->arena, struct schema);
    *key = (struct schema){1, f->schema->fields};
    f->spec = (struct kafka_sink_spec){
        .properties = &f->properties,
        .topics = &f->topic,
        .topic_count = 1,
        .key = {&text_format, NULL, key, first_one},
        .value = {&text_format, NULL, f->schema, NULL},
        .guaranteed = true,
        .topic_column = -1,
        .timestamp_column = -1,
        .headers_column = -1,
    };
}

static void property(struct fixture *f, const char *name, const char *value)
{
    assert_true(map_put(&f->properties, slice_text(name), (void *)(uintptr_t)value));
}

static void tear_down(struct fixture *f)
{
    kafka_mock_free(f->mock);
    map_fini(&f->properties);
    arena_fini(&f->arena);
}

static void open_sink(struct fixture *f, struct harness *h)
{
    struct harness_config c = {.factory = &kafka_sink_factory, .spec = &f->spec};
    struct error e;

    ASSERT_OK(harness_open(h, &c, NULL, 0, &e), &e);
}

/* Rows with kinds, `+I a 1` a line: '+', '-' and the letter, as Flink writes them. */
static struct batch *rows_of(struct fixture *f, struct harness *h, const char *lines)
{
    char plain[4096] = "";
    uint8_t kinds[256];
    int32_t count = 0;
    struct batch *b;
    uint8_t *own;

    while (*lines) {
        size_t len = strcspn(lines, "\n");

        kinds[count++] = lines[1] == 'I'   ? ROW_INSERT
                         : lines[1] == 'D' ? ROW_DELETE
                         : lines[0] == '+' ? ROW_UPDATE_AFTER
                                           : ROW_UPDATE_BEFORE;
        strncat(plain, lines + 3, len - 3);
        strcat(plain, "\n");
        lines += len + (lines[len] == '\n');
    }
    b = harness_rows(f->schema, plain, h->budget);
    assert_non_null(b);
    assert_int_equal(b->row_count, count);
    own = batch_alloc(b, (size_t)count);
    memcpy(own, kinds, (size_t)count);
    b->row_kinds = own;
    return b;
}

/* Hand over, again and again while there is no room. */
static enum err offer(struct harness *h, struct batch *b, struct error *e)
{
    enum err rc;

    for (int i = 0; i < 20000 && (rc = harness_batch(h, 0, b, e)) == ERR_WAIT; i++) {
        struct timespec t = {0, 500000};

        nanosleep(&t, NULL);
    }
    return rc;
}

static enum err write_rows(struct fixture *f, struct harness *h, const char *lines, struct error *e)
{
    struct batch *b = rows_of(f, h, lines);
    enum err rc = offer(h, b, e);

    batch_unref(b);
    return rc;
}

static enum err checkpoint(struct harness *h, int64_t id, struct error *e)
{
    struct harness_image image;
    enum err rc = harness_snapshot(h, id, false, &image, e);

    if (rc == OK)
        harness_image_fini(&image);
    return rc;
}

/* What the topic has, which are `count` messages, a line each: `key=value`. */
static const char *read_back(struct fixture *f, int64_t count)
{
    struct kafka_source_spec spec = KAFKA_SOURCE_SPEC_DEFAULTS;
    struct kafka_harness_config c = {.spec = &spec};
    struct bytes out = {0};
    struct kafka_harness h;
    struct error e;
    const char *text;

    spec.properties = &f->properties;
    spec.topics = &f->topic;
    spec.topic_count = 1;
    spec.stop.at = KAFKA_AT_LATEST;
    ASSERT_OK(kafka_harness_open(&h, &c, NULL, &e), &e);
    ASSERT_OK(kafka_harness_run(&h, kafka_harness_is_done, 0, 20000, &e), &e);
    assert_int_equal(h.row_count, count);
    for (size_t i = 0; i < h.row_count; i++)
        bytes_printf(&out, "%s=%s\n", h.rows[i].key ? h.rows[i].key : "none",
                     h.rows[i].value ? h.rows[i].value : "none");
    kafka_harness_close(&h);
    text = arena_text(&f->arena, bytes_all(&out));
    bytes_fini(&out);
    return text;
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void test_checkpoint_holds_all(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;
    double sent;

    set_up(&f, "id INT, name STRING", 1);
    open_sink(&f, &h);
    ASSERT_OK(write_rows(&f, &h, "+I 1 a\n+I 2 b\n+I 3 c\n", &e), &e);
    ASSERT_OK(checkpoint(&h, 1, &e), &e);
    assert_string_equal(read_back(&f, 3), "+I[1]=+I[1, a]\n+I[2]=+I[2, b]\n+I[3]=+I[3, c]\n");
    ASSERT_OK(checkpoint(&h, 2, &e), &e); /* nothing to wait for */
    ASSERT_OK(harness_advance(&h, 200000, &e), &e);
    assert_true(metrics_sum(h.registry, "flink_test_numRecordsSend", &sent));
    assert_true(sent == 3);
    assert_true(metrics_sum(h.registry, "flink_test_KafkaProducer_record_send_total", &sent));
    assert_true(sent == 3);
    harness_close(&h);
    tear_down(&f);
}

static void test_end_waits_for_answers(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;
    enum err rc;

    set_up(&f, "id INT, name STRING", 1);
    f.spec.key.format = NULL;
    open_sink(&f, &h);
    ASSERT_OK(write_rows(&f, &h, "+I 1 a\n+I 2 b\n", &e), &e);
    while ((rc = harness_end(&h, &e)) == ERR_WAIT) {
        struct timespec t = {0, 500000};

        nanosleep(&t, NULL);
    }
    ASSERT_OK(rc, &e);
    assert_string_equal(read_back(&f, 2), "none=+I[1, a]\nnone=+I[2, b]\n");
    harness_close(&h);
    tear_down(&f);
}

static void test_upsert(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    set_up(&f, "id INT, name STRING", 1);
    f.spec.upsert = true;
    open_sink(&f, &h);
    /* 1's before is overtaken by its after, 2's is not: another key's row follows */
    ASSERT_OK(write_rows(&f, &h, "+I 1 a\n-U 1 a\n+U 1 b\n+I 2 x\n-U 2 x\n+I 3 y\n-D 1 b\n", &e), &e);
    ASSERT_OK(checkpoint(&h, 1, &e), &e);
    assert_string_equal(read_back(&f, 6), "+I[1]=+I[1, a]\n+I[1]=+I[1, b]\n+I[2]=+I[2, x]\n+I[2]=none\n"
                                          "+I[3]=+I[3, y]\n+I[1]=none\n");
    harness_close(&h);
    tear_down(&f);
}

static void test_buffer_keeps_the_last(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    set_up(&f, "id INT, name STRING", 1);
    f.spec.upsert = true;
    f.spec.buffer_rows = 3;
    f.spec.buffer_ms = 1000;
    open_sink(&f, &h);
    ASSERT_OK(write_rows(&f, &h, "+I 1 a\n+U 1 b\n+I 2 x\n", &e), &e);
    ASSERT_OK(write_rows(&f, &h, "+U 1 c\n-D 2 x\n", &e), &e);
    assert_string_equal(read_back(&f, 0), "");
    ASSERT_OK(checkpoint(&h, 1, &e), &e); /* flushes what waits */
    assert_string_equal(read_back(&f, 2), "+I[1]=+I[1, c]\n+I[2]=none\n");
    ASSERT_OK(write_rows(&f, &h, "+U 1 d\n", &e), &e);
    ASSERT_OK(harness_advance(&h, 1100000, &e), &e); /* the interval is over */
    ASSERT_OK(checkpoint(&h, 2, &e), &e);
    ASSERT_OK(write_rows(&f, &h, "+U 4 a\n+U 5 a\n+U 6 a\n", &e), &e); /* as many keys as fit: sent at once */
    ASSERT_OK(checkpoint(&h, 3, &e), &e);
    assert_string_equal(read_back(&f, 6),
                        "+I[1]=+I[1, c]\n+I[2]=none\n+I[1]=+I[1, d]\n+I[4]=+I[4, a]\n+I[5]=+I[5, a]\n"
                        "+I[6]=+I[6, a]\n");
    harness_close(&h);
    tear_down(&f);
}

static void test_partitioners(UNUSED void **state)
{
    static const struct {
        enum kafka_partitioner partitioner;
        int32_t subtask;
    } cases[] = {
        {KAFKA_PARTITIONER_FIXED, 1},
        {KAFKA_PARTITIONER_FIXED, 6},
        {KAFKA_PARTITIONER_ROUND_ROBIN, 0},
    };
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct harness_config c = {
            .factory = &kafka_sink_factory, .subtask = cases[i].subtask, .parallelism = 8};
        struct fixture f;
        struct harness h;
        int counts[4] = {0};

        set_up(&f, "id INT, name STRING", 4);
        f.spec.key.format = NULL;
        f.spec.partitioner = cases[i].partitioner;
        c.spec = &f.spec;
        ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
        ASSERT_OK(write_rows(&f, &h, "+I 1 a\n+I 2 b\n+I 3 c\n+I 4 d\n", &e), &e);
        ASSERT_OK(checkpoint(&h, 1, &e), &e);
        for (int p = 0; p < 4; p++) {
            int64_t low, high;
            rd_kafka_conf_t *conf = rd_kafka_conf_new();
            char why[200];
            rd_kafka_t *rk;

            rd_kafka_conf_set(conf, "bootstrap.servers", kafka_mock_brokers(f.mock), why, sizeof why);
            rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
            assert_int_equal(rd_kafka_query_watermark_offsets(rk, f.topic, p, &low, &high, 10000), 0);
            counts[p] = (int)high;
            rd_kafka_destroy(rk);
        }
        if (cases[i].partitioner == KAFKA_PARTITIONER_FIXED)
            assert_int_equal(counts[cases[i].subtask % 4], 4);
        else
            for (int p = 0; p < 4; p++)
                assert_int_equal(counts[p], 1);
        harness_close(&h);
        tear_down(&f);
    }
}

static void test_back_pressure(UNUSED void **state)
{
    enum { ROWS = 5000 };
    struct fixture f;
    struct harness h;
    struct error e;
    struct bytes lines = {0};
    struct batch *b;
    int waits = 0;

    set_up(&f, "id INT, name STRING", 1);
    property(&f, "queue.buffering.max.messages", "100");
    f.spec.key.format = NULL;
    open_sink(&f, &h);
    for (int i = 0; i < ROWS; i++)
        bytes_printf(&lines, "%d x\n", i);
    b = harness_rows(f.schema, bytes_cstr(&lines), h.budget);
    assert_non_null(b);
    ASSERT_OK(offer(&h, b, &e), &e);
    while (harness_batch(&h, 0, b, &e) == ERR_WAIT) { /* the first is still being sent */
        struct timespec t = {0, 200000};

        nanosleep(&t, NULL);
        waits++;
    }
    assert_true(waits > 0);
    ASSERT_OK(checkpoint(&h, 1, &e), &e); /* what did not fit yet belongs to it, too */
    assert_non_null(strstr(read_back(&f, 2 * ROWS), "none=+I[4999, x]\nnone=+I[0, x]\n"));
    batch_unref(b);
    bytes_fini(&lines);
    harness_close(&h);
    tear_down(&f);
}

static void test_missing_topic(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    set_up(&f, "id INT, name STRING", 1);
    rd_kafka_mock_topic_set_error(kafka_mock_cluster(f.mock), f.topic,
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    open_sink(&f, &h); /* the search runs inside */
    assert_int_equal(write_rows(&f, &h, "+I 1 a\n", &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, f.topic));
    assert_non_null(strstr(e.text, "create it"));
    harness_close(&h);
    tear_down(&f);
}

static void test_lost_message(UNUSED void **state)
{
    for (int guaranteed = 0; guaranteed < 2; guaranteed++) {
        struct fixture f;
        struct harness h;
        struct error e;
        enum err rc;

        set_up(&f, "id INT, name STRING", 1);
        f.spec.guaranteed = guaranteed;
        open_sink(&f, &h);
        rd_kafka_mock_push_request_errors(kafka_mock_cluster(f.mock), 0 /* Produce */, 1,
                                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
        ASSERT_OK(write_rows(&f, &h, "+I 1 a\n", &e), &e);
        rc = checkpoint(&h, 1, &e);
        assert_int_equal(rc, guaranteed ? ERR_DENIED : OK);
        if (guaranteed)
            assert_non_null(strstr(e.text, f.topic));
        harness_close(&h);
        tear_down(&f);
    }
}

static void test_close_with_messages_under_way(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    set_up(&f, "id INT, name STRING", 1);
    open_sink(&f, &h);
    rd_kafka_mock_broker_set_down(kafka_mock_cluster(f.mock), 1);
    ASSERT_OK(write_rows(&f, &h, "+I 1 a\n+I 2 b\n", &e), &e);
    harness_close(&h); /* at once, and nothing leaks */
    tear_down(&f);
}

static void test_metadata(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;
    struct schema *value;
    struct batch *b;
    struct kafka_source_spec spec = KAFKA_SOURCE_SPEC_DEFAULTS;
    struct kafka_harness_config c = {.spec = &spec};
    struct kafka_harness reader;

    set_up(&f, "id INT, name STRING, at TIMESTAMP_LTZ(3)", 1);
    value = ARENA_NEW(&f.arena, struct schema);
    *value = (struct schema){2, f.schema->fields};
    f.spec.value.schema = value;
    f.spec.value.columns = first_two;
    f.spec.timestamp_column = 2;
    open_sink(&f, &h);
    b = harness_rows(f.schema, "1 a 1700000000123000\n2 b NULL\n", h.budget);
    assert_non_null(b);
    ASSERT_OK(offer(&h, b, &e), &e);
    batch_unref(b);
    ASSERT_OK(checkpoint(&h, 1, &e), &e);
    spec.properties = &f.properties;
    spec.topics = &f.topic;
    spec.topic_count = 1;
    spec.stop.at = KAFKA_AT_LATEST;
    ASSERT_OK(kafka_harness_open(&reader, &c, NULL, &e), &e);
    ASSERT_OK(kafka_harness_run(&reader, kafka_harness_is_done, 0, 20000, &e), &e);
    assert_int_equal(reader.row_count, 2);
    assert_int_equal(reader.rows[0].timestamp_us, INT64_C(1700000000123000));
    assert_true(reader.rows[1].timestamp_us > INT64_C(1700000000123000)); /* now */
    kafka_harness_close(&reader);
    harness_close(&h);
    tear_down(&f);
}

static void test_no_memory(UNUSED void **state)
{
    struct fixture f;
    uint64_t count = 0;

    log_init(LOG_ERROR, LOG_TEXT, 2); /* of metrics that are not counted */
    set_up(&f, "id INT, name STRING", 1);
    f.spec.upsert = true;
    f.spec.buffer_rows = 2;
    f.spec.buffer_ms = 1000;
    for (uint64_t n = 0; n <= count; n++) {
        struct harness_config c = {.factory = &kafka_sink_factory, .spec = &f.spec};
        struct harness h;
        struct error e;
        uint64_t before = mem_count();
        enum err rc;
        struct batch *b;

        mem_fail_at(n, false);
        rc = harness_open(&h, &c, NULL, 0, &e);
        if (rc == OK) {
            uint64_t left = n ? n - MIN(mem_count() - before, n) : 0;

            mem_fail_at(0, false);
            b = rows_of(&f, &h, "+I 1 a\n+U 1 b\n+I 2 c\n");
            mem_fail_at(left, false);
            rc = offer(&h, b, &e);
            if (rc == OK)
                rc = checkpoint(&h, 1, &e);
            mem_fail_at(0, false);
            batch_unref(b);
            harness_close(&h);
        }
        mem_fail_at(0, false);
        if (n == 0) {
            ASSERT_OK(rc, &e);
            count = mem_count() - before;
        }
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
    tear_down(&f);
}

TEST_MAIN(cmocka_unit_test(test_checkpoint_holds_all), cmocka_unit_test(test_end_waits_for_answers),
          cmocka_unit_test(test_upsert), cmocka_unit_test(test_buffer_keeps_the_last),
          cmocka_unit_test(test_partitioners), cmocka_unit_test(test_back_pressure),
          cmocka_unit_test(test_missing_topic), cmocka_unit_test(test_lost_message),
          cmocka_unit_test(test_close_with_messages_under_way), cmocka_unit_test(test_metadata),
          cmocka_unit_test(test_no_memory))
