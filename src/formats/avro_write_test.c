/* avro_write_test.c: the encoders of formats "avro" and "avro-confluent". The bytes and the schema are those that
 * fastavro writes and Flink derives.
 */
#include "formats/avro_write.h"
#include "formats/registry.h"
#include "formats/test_encoders.h"
#include "os/log.h"
#include <stdatomic.h>

#define COLUMNS                                                                                              \
    "a INT, b STRING NOT NULL, c DECIMAL(10, 2), d DATE, e TIME(3), f TIMESTAMP(3), g ARRAY<DOUBLE>, "       \
    "h MAP<STRING, BIGINT>, i ROW<x BOOLEAN, y BYTES>, j FLOAT"
#define OPTIONAL(type) "[\"null\"," type "],\"default\":null}"
#define SCHEMA                                                                                                                                                                                                                                                                                                                                                                                                                         \
    "{\"type\":\"record\",\"name\":\"record\",\"namespace\":\"org.apache.flink.avro.generated\",\"fields\":"                                                                                                                                                                                                                                                                                                                           \
    "["                                                                                                                                                                                                                                                                                                                                                                                                                                \
    "{\"name\":\"a\",\"type\":" OPTIONAL("\"int\"") ",{\"name\":\"b\",\"type\":\"string\"},"                                                                                                                                                                                                                                                                                                                                           \
                                                    "{\"name\":\"c\",\"type\":" OPTIONAL(                                                                                                                                                                                                                                                                                                                                              \
                                                        "{\"type\":\"bytes\",\"logicalType\":\"decimal\","                                                                                                                                                                                                                                                                                                                             \
                                                        "\"precision\":10,\"scale\":2}") ",{\"name\":\"d\","                                                                                                                                                                                                                                                                                                                           \
                                                                                         "\"type\""                                                                                                                                                                                                                                                                                                                                    \
                                                                                         ":" OPTIONAL(                                                                                                                                                                                                                                                                                                                                 \
                                                                                             "{\"t"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "ype"                                                                                                                                                                                                                                                                                                                                     \
                                                                                             "\":"                                                                                                                                                                                                                                                                                                                                     \
                                                                                             "\"in"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "t\","                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "\"lo"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "gica"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "lTyp"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "e\":"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "\"da"                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "te\""                                                                                                                                                                                                                                                                                                                                    \
                                                                                             "}") ",{"                                                                                                                                                                                                                                                                                                                                 \
                                                                                                  "\"name\""                                                                                                                                                                                                                                                                                                                           \
                                                                                                  ":\"e\","                                                                                                                                                                                                                                                                                                                            \
                                                                                                  "\"type\""                                                                                                                                                                                                                                                                                                                           \
                                                                                                  ":" OPTIONAL("{\"type\":\"int\","                                                                                                                                                                                                                                                                                                    \
                                                                                                               "\"logicalType\":\"time-"                                                                                                                                                                                                                                                                                               \
                                                                                                               "millis\"}") ",{\"name\":"                                                                                                                                                                                                                                                                                              \
                                                                                                                            "\"f\","                                                                                                                                                                                                                                                                                                   \
                                                                                                                            "\"type\""                                                                                                                                                                                                                                                                                                 \
                                                                                                                            ":" OPTIONAL(                                                                                                                                                                                                                                                                                              \
                                                                                                                                "{"                                                                                                                                                                                                                                                                                                    \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "ty"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "pe"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                ":"                                                                                                                                                                                                                                                                                                    \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "lo"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "ng"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                ","                                                                                                                                                                                                                                                                                                    \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "lo"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "gi"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "ca"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "lT"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "yp"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "e"                                                                                                                                                                                                                                                                                                    \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                ":"                                                                                                                                                                                                                                                                                                    \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "ti"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "me"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "st"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "am"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "p-"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "mi"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "ll"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "is"                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "\""                                                                                                                                                                                                                                                                                                   \
                                                                                                                                "}") ",{\"name\":\"g\",\"type\":" OPTIONAL("{\"type\":\"array\",\"items\":[\"null\",\"double\"]}") ",{\"name\":\"h\",\"type\":" OPTIONAL("{\"type\":\"map\",\"values\":[\"null\",\"long\"]}") ",{\"name\":\"i\",\"type\":" OPTIONAL("{\"type\":"                                                       \
                                                                                                                                                                                                                                                                                                                                                                    "\"record\","                                                      \
                                                                                                                                                                                                                                                                                                                                                                    "\"name\":"                                                        \
                                                                                                                                                                                                                                                                                                                                                                    "\"record_"                                                        \
                                                                                                                                                                                                                                                                                                                                                                    "i\","                                                             \
                                                                                                                                                                                                                                                                                                                                                                    "\"fields\":"                                                      \
                                                                                                                                                                                                                                                                                                                                                                    "[{"                                                               \
                                                                                                                                                                                                                                                                                                                                                                    "\"name\":"                                                        \
                                                                                                                                                                                                                                                                                                                                                                    "\"x\","                                                           \
                                                                                                                                                                                                                                                                                                                                                                    "\"type\""                                                         \
                                                                                                                                                                                                                                                                                                                                                                    ":" OPTIONAL("\"boolean\"") ",{\"name\":\"y\",\"type\":" OPTIONAL( \
                                                                                                                                                                                                                                                                                                                                                                        "\"bytes"                                                      \
                                                                                                                                                                                                                                                                                                                                                                        "\"") "]"                                                      \
                                                                                                                                                                                                                                                                                                                                                                              "}") ",{\"name\":\"j\",\"type\":" OPTIONAL("\"float\"") "]}"
#define ROW_JSON                                                                                             \
    "{\"a\":-5,\"b\":\"h\xc3\xa9\",\"c\":-123.45,\"d\":\"2024-10-04\",\"e\":\"08:30:00.123\","               \
    "\"f\":\"1969-12-31 23:59:59.999\",\"g\":[1.5,null],\"h\":{\"k\":1,\"l\":null},"                         \
    "\"i\":{\"x\":true,\"y\":\"AQI=\"},\"j\":0.5}\n{\"b\":\"\"}"

static void append_hex(struct slice s, struct bytes *out)
{
    for (size_t i = 0; i < s.len; i++)
        bytes_printf(out, "%02x", (uint8_t)s.ptr[i]);
}

/* --- avro --- */

static void test_derive(UNUSED void **state)
{
    static const struct {
        const char *columns;
        bool legacy;
        const char *want; /* of the one field's type, or what is wrong */
    } cases[] = {
        {"a TIMESTAMP(3) NOT NULL", true, "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}"},
        {"a TIMESTAMP(3) NOT NULL", false, "{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}}"},
        {"a TIMESTAMP(6) NOT NULL", false, "{\"type\":\"long\",\"logicalType\":\"local-timestamp-micros\"}}"},
        {"a TIMESTAMP_LTZ(3) NOT NULL", false, "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}"},
        {"a TIMESTAMP_LTZ(6) NOT NULL", false, "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}}"},
        {"a ARRAY<ROW<x INT NOT NULL> NOT NULL> NOT NULL", true,
         "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"record_a\",\"fields\":[{\"name\":"
         "\"x\","
         "\"type\":\"int\"}]}}}"},
        {"a TIMESTAMP(6)", true, "!column a: TIMESTAMP(6): more than 3 digits of a second need"},
        {"a TIMESTAMP_LTZ(3)", true,
         "!column a: TIMESTAMP_LTZ(3): an instant needs 'timestamp_mapping.legacy'"},
        {"a TIMESTAMP(9)", false, "!column a: TIMESTAMP(9): Avro has no more than 6 digits of a second"},
        {"a TIME(6)", false, "!column a: TIME(6): Flink's schemas have no more than 3 digits"},
        {"a ROW<b MAP<INT, INT>>", true, "!column a: column b: MAP<INT"},
        {"`a b` INT", true, "!'a b' is no name in Avro"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = {0};
        struct bytes json = {0};
        struct error e;
        enum err rc = avro_derive(test_schema(&arena, cases[i].columns), cases[i].legacy, &json, &e);

        if (*cases[i].want == '!') {
            assert_int_equal(rc, ERR_UNSUPPORTED);
            if (strncmp(e.text, cases[i].want + 1, strlen(cases[i].want) - 1) != 0)
                fail_msg("%s: got %s", cases[i].columns, e.text);
        } else {
            assert_int_equal(rc, OK);
            if (strstr(bytes_cstr(&json), cases[i].want) == NULL)
                fail_msg("%s: got %s", cases[i].columns, bytes_cstr(&json));
        }
        bytes_fini(&json);
        arena_fini(&arena);
    }
}

static void test_avro(UNUSED void **state)
{
    struct test_encoder t;
    struct batch *rows;
    struct bytes text = {0};
    struct error e;

    ASSERT_OK((test_encode_spec(&t, COLUMNS, NULL), avro_derive(t.spec.schema, true, &text, &e)), &e);
    assert_string_equal(bytes_cstr(&text), SCHEMA);
    ASSERT_OK(format_find("avro")->encoder_new(&t.spec, &t.encoder, &e), &e);
    rows = test_rows_of(t.spec.schema, ROW_JSON);
    ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
    bytes_clear(&text);
    append_hex(payload_run_get(&t.run, 0), &text);
    assert_string_equal(bytes_cstr(&text),
                        "02090668c3a90204cfc702c0b80202f6ae971d0201020402000000000000f83f00000"
                        "204026b0202026c000002020102040102020000003f");
    bytes_clear(&text);
    append_hex(payload_run_get(&t.run, 1), &text);
    assert_string_equal(bytes_cstr(&text), "00000000000000000000");
    batch_unref(rows);
    test_encoder_close(&t);
    bytes_fini(&text);
}

static void test_round_trips(UNUSED void **state)
{
    static const char *const modern[] = {"timestamp_mapping.legacy", "false", NULL};

    for (uint64_t seed = 1; seed < 4; seed++) {
        test_round_trip("avro",
                        COLUMNS ", k TINYINT, l SMALLINT, m DECIMAL(38, 38), n BIGINT NOT NULL, o DOUBLE",
                        NULL, 200, seed);
        test_round_trip("avro",
                        "a TIMESTAMP(6), b TIMESTAMP_LTZ(6), c TIMESTAMP_LTZ(3), d ARRAY<ROW<x TIMESTAMP(3), "
                        "y MAP<STRING, ARRAY<INT NOT NULL>>>>",
                        modern, 200, seed);
    }
}

#define GIVEN(type) "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":" type "}]}"

/* A schema that the user gives: null last, other units, fixed, enum. */
static void test_given(UNUSED void **state)
{
    static const struct {
        const char *columns, *schema, *json, *want;
    } cases[] = {
        {"a INT", GIVEN("[\"long\",\"null\"]"), "{\"a\":1}\n{}", "0002 02 "},
        {"a TIMESTAMP(6)", GIVEN("[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}]"),
         "{\"a\":\"1970-01-01 00:00:00.002999\"}\n{\"a\":\"1969-12-31 23:59:59.999999\"}", "0204 0201 "},
        {"a TIMESTAMP(3)", GIVEN("[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}]"),
         "{\"a\":\"1970-01-01 00:00:00.001\"}", "02d00f "},
        {"a DECIMAL(4, 1)",
         GIVEN("[\"null\",{\"type\":\"fixed\",\"name\":\"f\",\"size\":3,\"logicalType\":\"decimal\","
               "\"precision\":5,\"scale\":1}]"),
         "{\"a\":-0.1}", "02ffffff "},
        {"a STRING", GIVEN("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"y\"]}"), "{\"a\":\"y\"}",
         "02 "},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const options[] = {"schema", cases[i].schema, NULL};
        struct test_encoder t;
        struct batch *rows;
        struct bytes text = {0};
        struct error e;

        test_encoder_open(&t, "avro", cases[i].columns, options);
        rows = test_rows_of(t.spec.schema, cases[i].json);
        ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
        for (int32_t n = 0; n < t.run.count; n++) {
            append_hex(payload_run_get(&t.run, n), &text);
            bytes_text(&text, " ");
        }
        assert_string_equal(bytes_cstr(&text), cases[i].want);
        if (i == COUNT_OF(cases) - 1) {
            test_encode_fails(&t, "{\"a\":\"z\"}",
                              "a row cannot be written: field a: the enum of the schema has no symbol 'z'");
            test_encode_fails(&t, "{}",
                              "a row cannot be written: field a: is NULL, but the schema has no null");
        }
        batch_unref(rows);
        test_encoder_close(&t);
        bytes_fini(&text);
    }
}

static void test_misfits(UNUSED void **state)
{
    static const char *const long_a[] = {"schema", GIVEN("\"string\""), NULL};

    test_encoder_refused("avro", "a INT", long_a, ERR_CONFIG,
                         "option 'avro.schema': column a: INT cannot be written as the schema's string");
    test_encoder_refused("avro", "b STRING", long_a, ERR_CONFIG,
                         "option 'avro.schema': column b: the schema has a in its place");
    test_encoder_refused("avro", "a STRING, b INT", long_a, ERR_CONFIG,
                         "option 'avro.schema': the record has 1 fields, but there are 2 columns");
}

/* --- avro-confluent --- */

#define NAME "avro-write-test"

struct fake {
    struct executor executor;
    void (*fn)(void *arg);
    void *arg;
    int submitted;
};

static bool fake_submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct fake *f = CONTAINER_OF(x, struct fake, executor);

    f->fn = fn;
    f->arg = arg;
    f->submitted++;
    return true;
}

static void wake(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void open_confluent(struct test_encoder *t, struct executor *x, atomic_int *woken, bool is_key)
{
    static const char *const options[] = {"url", "mock://" NAME, NULL};
    struct error e;

    registry_mock_forget(NAME);
    test_encode_spec(t, "a INT", options);
    t->spec.executor = x;
    t->spec.topic = "orders";
    t->spec.is_key = is_key;
    t->spec.wake = wake;
    t->spec.wake_arg = woken;
    ASSERT_OK(format_find("avro-confluent")->encoder_new(&t->spec, &t->encoder, &e), &e);
}

static void test_confluent(UNUSED void **state)
{
    struct fake fake = {.executor.submit = fake_submit};
    struct test_encoder t;
    struct batch *rows;
    atomic_int woken = 0;
    struct error e;

    open_confluent(&t, &fake.executor, &woken, false);
    rows = test_rows_of(t.spec.schema, "{\"a\":1}");
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    assert_int_equal(fake.submitted, 1);
    fake.fn(fake.arg);
    assert_int_equal(woken, 1);
    ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
    ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
    assert_int_equal(fake.submitted, 1);
    assert_true(slice_equal(payload_run_get(&t.run, 1), SLICE("\0\0\0\0\1\2\2")));
    batch_unref(rows);
    test_encoder_close(&t);
}

/* The registry refuses: the error says so, and the next encode asks again. */
static void test_refused_registry(UNUSED void **state)
{
    struct fake fake = {.executor.submit = fake_submit};
    struct test_encoder t;
    struct batch *rows;
    atomic_int woken = 0;
    struct error e;

    open_confluent(&t, &fake.executor, &woken, true);
    rows = test_rows_of(t.spec.schema, "{\"a\":1}");
    assert_true(registry_mock_answer(NAME, 0, REGISTRY_MOCK_DENIED));
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    fake.fn(fake.arg);
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_DENIED);
    assert_non_null(strstr(e.text, "registering the schema of subject orders-key"));
    assert_true(registry_mock_answer(NAME, 0, REGISTRY_MOCK_TRUE));
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    fake.fn(fake.arg);
    ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
    batch_unref(rows);
    test_encoder_close(&t);
}

/* The registry is away for a while, then back; and away when the encoder is freed, which waits for nothing. */
static void test_away(UNUSED void **state)
{
    struct executor *pool = NULL;
    struct test_encoder t;
    struct batch *rows;
    atomic_int woken = 0;
    struct error e;

    ASSERT_OK(executor_pool_new("test", 1, &pool, &e), &e);
    log_init(LOG_ERROR, LOG_TEXT, 2);
    open_confluent(&t, pool, &woken, false);
    rows = test_rows_of(t.spec.schema, "{\"a\":1}");
    assert_true(registry_mock_answer(NAME, 0, REGISTRY_MOCK_UNAVAILABLE));
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    while (registry_mock_asked(NAME, 0) < 2)
        ;
    assert_true(registry_mock_answer(NAME, 0, REGISTRY_MOCK_TRUE));
    while (atomic_load(&woken) == 0)
        ;
    ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
    test_encoder_close(&t);

    woken = 0;
    open_confluent(&t, pool, &woken, false);
    assert_true(registry_mock_answer(NAME, 0, REGISTRY_MOCK_UNAVAILABLE));
    batch_unref(rows);
    rows = test_rows_of(t.spec.schema, "{\"a\":1}");
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_WAIT);
    test_encoder_close(&t);
    executor_pool_free(pool);
    assert_int_equal(woken, 0);
    batch_unref(rows);
}

static void test_subject(UNUSED void **state)
{
    static const char *const url[] = {"url", "mock://" NAME, NULL};
    struct fake fake = {.executor.submit = fake_submit};
    struct test_encoder t;
    struct error e;

    test_encode_spec(&t, "a INT", url);
    t.spec.executor = &fake.executor;
    assert_int_equal(format_find("avro-confluent")->encoder_new(&t.spec, &t.encoder, &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "option 'avro-confluent.subject' is missing: there is no topic to derive it from");
    t.encoder = NULL;
    test_encoder_close(&t);
}

TEST_MAIN(cmocka_unit_test(test_derive), cmocka_unit_test(test_avro), cmocka_unit_test(test_round_trips),
          cmocka_unit_test(test_given), cmocka_unit_test(test_misfits), cmocka_unit_test(test_confluent),
          cmocka_unit_test(test_refused_registry), cmocka_unit_test(test_away),
          cmocka_unit_test(test_subject))
