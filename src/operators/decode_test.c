/* decode_test.c: rows to port 0, and what becomes of payloads that cannot be read. */
#include "base/mem.h"
#include "base/test.h"
#include "operators/decode.h"
#include "operators/operator_harness.h"
#include "os/log.h"
#include <stdio.h>
#include <unistd.h>

static struct arena arena;
static const struct schema *schema;
static const int32_t from_payload[] = {-1, -1};
static struct map no_options, registry_options;

static int setup(UNUSED void **state)
{
    struct error e;

    return !map_put(&registry_options, SLICE("url"), "http://127.0.0.1:9") ||
           schema_parse(&arena, SLICE("name STRING, n INT"), &schema, &e);
}

static int teardown(UNUSED void **state)
{
    map_fini(&registry_options);
    arena_fini(&arena);
    return 0;
}

static struct decode_op_spec spec_of(const char *format, enum on_error on_error)
{
    return (struct decode_op_spec){.format = format,
                                   .schema = schema,
                                   .raw = from_payload,
                                   .options = &no_options,
                                   .on_error = on_error};
}

static struct batch *make_raw(struct budget *budget, const char *const *payloads, int32_t count)
{
    struct builder b;
    struct batch *raw = NULL;
    struct error e;

    if (!builder_init(&b, &format_raw_schema, budget))
        return NULL;
    for (int32_t i = 0; i < count; i++) {
        builder_copied(&b.columns[RAW_VALUE], payloads[i], strlen(payloads[i]));
        builder_null(&b.columns[RAW_KEY]);
        builder_copied(&b.columns[RAW_TOPIC], "health", 6);
        builder_i32(&b.columns[RAW_PARTITION], 2);
        builder_i64(&b.columns[RAW_OFFSET], 100 + i);
        builder_null(&b.columns[RAW_TIMESTAMP]);
        builder_copied(&b.columns[RAW_TIMESTAMP_TYPE], "CreateTime", 10);
        builder_null(&b.columns[RAW_HEADERS]);
        builder_null(&b.columns[RAW_LEADER_EPOCH]);
    }
    if (builder_finish(&b, &raw, &e) != OK)
        raw = NULL;
    builder_fini(&b);
    if (raw)
        raw->split = 6;
    return raw;
}

static const char *const payloads[] = {"{\"name\":\"a\",\"n\":1}", "{\"name\":", "{\"name\":\"b\",\"n\":2}",
                                       "nonsense"};

static void test_emit(UNUSED void **state)
{
    const struct decode_op_spec spec = spec_of("json", ON_ERROR_EMIT);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    struct harness h;
    struct batch *raw;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    raw = make_raw(h.budget, payloads, 4);
    ASSERT_OK(harness_batch(&h, 0, raw, &e), &e);
    batch_unref(raw);
    assert_int_equal(h.batch_count, 2);
    assert_int_equal(h.ports[0], 0);
    assert_int_equal(h.batches[0]->split, 6);
    assert_int_equal(h.ports[1], 1);
    assert_ptr_equal(h.batches[1]->schema, &format_error_schema);
    assert_int_equal(batch_live(h.batches[1]), 2);
    assert_int_equal(h.batches[1]->columns[RAW_OFFSET].i64[1], 103);
    assert_memory_equal(harness_take(&h), "0 +I(a, 1)\n0 +I(b, 2)\n1 ", 24);
    harness_close(&h);
}

static void test_fail(UNUSED void **state)
{
    const struct decode_op_spec spec = spec_of("json", ON_ERROR_FAIL);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    struct harness h;
    struct batch *raw;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    raw = make_raw(h.budget, payloads, 4);
    assert_int_equal(harness_batch(&h, 0, raw, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "health"));
    assert_non_null(strstr(e.text, "partition 2"));
    assert_non_null(strstr(e.text, "offset 101"));
    HARNESS_EXPECT(&h, "");
    batch_unref(raw);
    harness_close(&h);
}

/* How the record begins is told so that it can be read, whatever is in it. */
static void test_excerpt(UNUSED void **state)
{
    static char long_text[200], binary[200], umlauts[401];
    const struct decode_op_spec spec = spec_of("json", ON_ERROR_FAIL);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    const struct {
        const char *payload, *says;
    } cases[] = {
        {"{\"a\"", "; it begins with: {\"a\"; set"},
        {"gr\xc3\xbc\xc3\x9f\n\x1b[1m", "; it begins with: gr\xc3\xbc\xc3\x9f\\x0a\\x1b[1m; set"},
        {"\xff\xc3\xbc", "; it begins with: \\xff\\xc3\\xbc; set"},
        {long_text, "xxxxx...; set"},
        {binary, "\\x80\\x80...; set"},
        {umlauts, "\xc3\xbc\xc3\xbc...; set"},
        {"", "the payload is empty; set"},
    };

    memset(long_text, 'x', sizeof long_text - 1);
    memset(binary, 0x80, sizeof binary - 1);
    umlauts[0] = 'x'; /* so that the cut falls into a character */
    for (size_t i = 1; i + 1 < sizeof umlauts - 1; i += 2)
        memcpy(umlauts + i, "\xc3\xbc", 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct harness h;
        struct batch *raw;
        struct error e;

        ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
        raw = make_raw(h.budget, &cases[i].payload, 1);
        assert_int_equal(harness_batch(&h, 0, raw, &e), ERR_INPUT);
        if (strstr(e.text, cases[i].says) == NULL || !format_utf8(slice_text(e.text)))
            fail_msg("%zu: %s", i, e.text);
        batch_unref(raw);
        harness_close(&h);
    }
}

static size_t lines_in(int fd)
{
    char text[8192];
    ssize_t n = pread(fd, text, sizeof text, 0);
    size_t lines = 0;

    for (ssize_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

static void test_skip(UNUSED void **state)
{
    const struct decode_op_spec spec = spec_of("json", ON_ERROR_SKIP);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    struct harness h;
    struct batch *raw;
    struct error e;
    FILE *log = tmpfile();

    log_init(LOG_INFO, LOG_TEXT, fileno(log));
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    raw = make_raw(h.budget, payloads, 4);
    for (int i = 0; i < 20; i++) { /* one line at first, one after ten seconds */
        ASSERT_OK(harness_batch(&h, 0, raw, &e), &e);
        ASSERT_OK(harness_advance(&h, 600000, &e), &e);
    }
    assert_int_equal(counter_get(metrics_counter(h.env.metrics, "numRecordsSkipped", NULL)), 40);
    assert_int_equal(h.rows, 40);
    assert_int_equal(lines_in(fileno(log)), 2);
    log_init(LOG_INFO, LOG_TEXT, STDERR_FILENO);
    fclose(log);
    batch_unref(raw);
    harness_close(&h);
}

/* A schema that must be fetched: the batch is to be offered again. */
static void test_wait(UNUSED void **state)
{
    static const char *const payload[] = {"\0\0\0\0\1"};
    struct decode_op_spec spec = spec_of("avro-confluent", ON_ERROR_EMIT);
    struct harness_config c = {.factory = &decode_factory, .spec = &spec, .queued = true};
    struct harness h;
    struct batch *raw;
    struct error e;

    spec.options = &registry_options;
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    raw = make_raw(h.budget, payload, 1);
    raw->columns[RAW_VALUE].views[0] = view_of("\0\0\0\0\1\2x", 7);
    assert_int_equal(harness_batch(&h, 0, raw, &e), ERR_WAIT);
    HARNESS_EXPECT(&h, "");
    assert_true(h.work_count > 0);
    harness_work(&h);
    assert_true(h.wakes > 0);
    batch_unref(raw);
    harness_close(&h);
}

static void test_unknown_format(UNUSED void **state)
{
    const struct decode_op_spec spec = spec_of("jsn", ON_ERROR_EMIT);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    struct harness h;
    struct error e;

    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "json"));
}

static void test_no_memory(UNUSED void **state)
{
    const struct decode_op_spec spec = spec_of("json", ON_ERROR_EMIT);
    const struct harness_config c = {.factory = &decode_factory, .spec = &spec};
    struct batch *raw = make_raw(NULL, payloads, 4);
    struct error e;
    enum err rc = ERR_MEMORY;

    log_init(LOG_ERROR, LOG_TEXT, STDERR_FILENO); /* metrics say when there is no memory for one */
    for (uint64_t nth = 1; rc != OK; nth++) {
        struct harness h;

        mem_fail_at(nth, false);
        if ((rc = harness_open(&h, &c, NULL, 0, &e)) == OK) {
            h.quiet = true;
            rc = harness_batch(&h, 0, raw, &e);
            assert_true(rc != OK || h.rows == 4);
            harness_close(&h);
        }
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", nth, e.text);
    }
    batch_unref(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emit),      cmocka_unit_test(test_fail), cmocka_unit_test(test_excerpt),
        cmocka_unit_test(test_skip),      cmocka_unit_test(test_wait), cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
