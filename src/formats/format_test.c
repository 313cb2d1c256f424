/* format_test.c: what decoders share: metadata columns, error rows, printable payloads; and formats "raw" and
 * "avro". */
#include "formats/test_payloads.h"
#include "base/budget.h"
#include "formats/payloads.h"
#include "formats/utf8.h"

static void test_table(UNUSED void **state)
{
    assert_string_equal(format_find("avro-confluent")->name, "avro-confluent");
    assert_string_equal(format_find("json")->name, "json");
    assert_null(format_find("protobuf"));
    assert_string_equal(format_names(),
                        "avro, avro-confluent, canal-json, csv, debezium-json, json, maxwell-json, "
                        "ogg-json, raw");
}

static void test_printable(UNUSED void **state)
{
    static const struct {
        struct slice in;
        const char *want;
    } cases[] = {
        {{"", 0}, ""},
        {{"plain \xed\x95\x9c", 9}, "plain \xed\x95\x9c"},
        {{"\0", 1}, "base64:AA=="},
        {{"\xff", 1}, "base64:/w=="},
        {{"ab\xff", 3}, "base64:YWL/"},
        {{"\0\0\0\x05x", 5}, "base64:AAAABXg="},
    };
    struct bytes out = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bytes_clear(&out);
        format_printable(cases[i].in, &out);
        assert_string_equal(bytes_cstr(&out), cases[i].want);
    }
    bytes_fini(&out);
}

/* Every code point, and the quick way against the slow one at every length. */
static void test_utf8(UNUSED void **state)
{
    char text[64];

    for (uint32_t c = 0x80; c < 0x110000; c += c < 0x900 ? 1 : 13) {
        size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

        for (size_t i = len - 1, rest = c; i > 0; i--, rest >>= 6)
            text[i] = (char)(0x80 | (rest & 0x3f));
        text[0] = (char)(len == 2 ? 0xc0 | c >> 6 : len == 3 ? 0xe0 | c >> 12 : 0xf0 | c >> 18);
        assert_int_equal(format_utf8(slice_of(text, len)), c < 0xd800 || c > 0xdfff);
        assert_false(format_utf8(slice_of(text, len - 1)));
        assert_false(format_utf8(slice_of(text + 1, len - 1)));
    }
    for (size_t len = 1; len < sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            char *copy = mem_alloc(len);

            memset(copy, 'a', len);
            assert_true(format_utf8(slice_of(copy, len)));
            copy[at] = (char)0xc1;
            assert_false(format_utf8(slice_of(copy, len)));
            mem_free(copy);
        }
    assert_true(format_utf8((struct slice){NULL, 0}));
}

/* --- raw --- */

static void test_raw(UNUSED void **state)
{
    static const struct {
        const char *name, *columns, *order;
        struct slice payload;
        const char *want;
    } cases[] = {
        {"text", "v STRING", NULL, {"hello", 5}, "+I(hello)\n"},
        {"no text", "v STRING", NULL, {"\xff", 1}, "!deserialization: the text is not UTF-8\n"},
        {"bytes", "v BYTES", NULL, {"\xff\0", 2}, "+I(x'ff00')\n"},
        {"nothing", "v STRING", NULL, {"", 0}, "+I()\n"},
        {"null", "v STRING", NULL, {NULL, 0}, "+I(NULL)\n"},
        {"null for NOT NULL",
         "v STRING NOT NULL",
         NULL,
         {NULL, 0},
         "!tombstone: the record has no payload, but the column is NOT NULL\n"},
        {"int", "v INT", NULL, {"\0\0\1\2", 4}, "+I(258)\n"},
        {"int, little-endian", "v INT", "little-endian", {"\2\1\0\0", 4}, "+I(258)\n"},
        {"int of 3 bytes",
         "v INT",
         NULL,
         {"\0\0\1", 3},
         "!deserialization: the payload has 3 bytes, but the column's type has 4\n"},
        {"tinyint", "v TINYINT", NULL, {"\xff", 1}, "+I(-1)\n"},
        {"smallint", "v SMALLINT", "big-endian", {"\xff\xfe", 2}, "+I(-2)\n"},
        {"bigint", "v BIGINT", NULL, {"\xff\xff\xff\xff\xff\xff\xff\xfd", 8}, "+I(-3)\n"},
        {"boolean", "v BOOLEAN", NULL, {"\1", 1}, "+I(true)\n"},
        {"float", "v FLOAT", NULL, {"\x3f\xc0\0\0", 4}, "+I(1.5)\n"},
        {"double", "v DOUBLE", "little-endian", {"\0\0\0\0\0\0\xf8\x3f", 8}, "+I(1.5)\n"},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const options[] = {"endianness", cases[i].order, NULL};
        struct test_decoder t;
        const char *got;

        test_decoder_open(&t, "raw", cases[i].columns, cases[i].order ? options : NULL);
        got = test_decode_one(t.decoder, cases[i].payload, &text);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: got %s", cases[i].name, got);
        test_decoder_close(&t);
    }
    bytes_fini(&text);
}

static void test_raw_refuses(UNUSED void **state)
{
    static const char *const klingon[] = {"charset", "klingon", NULL}, *const middle[] = {"endianness",
                                                                                          "middle", NULL};

    test_refused("raw", "a STRING, b STRING", NULL, ERR_CONFIG,
                 "format 'raw' fills exactly one column, but a and b are there");
    test_refused("raw", "a ARRAY<INT>", NULL, ERR_CONFIG,
                 "format 'raw' cannot read column a of type ARRAY<INT>");
    test_refused("raw", "a STRING", klingon, ERR_CONFIG,
                 "option 'raw.charset': there is no character set 'klingon'");
    test_refused("raw", "a STRING", middle, ERR_CONFIG, "option 'raw.endianness' is 'middle'");
}

/* --- metadata columns --- */

#define ALL_METADATA                                                                                         \
    "p BIGINT, k STRING, t STRING NOT NULL, part INT NOT NULL, off BIGINT NOT NULL, ts TIMESTAMP_LTZ(3), "   \
    "tt STRING, ts0 TIMESTAMP(0), ts9 TIMESTAMP(9), raw BYTES"

static void test_metadata(UNUSED void **state)
{
    static const int32_t from[] = {
        RAW_PARTITION, RAW_KEY,       RAW_TOPIC, RAW_PARTITION, RAW_OFFSET, RAW_TIMESTAMP, RAW_TIMESTAMP_TYPE,
        RAW_TIMESTAMP, RAW_TIMESTAMP, -1};
    struct slice payloads[] = {SLICE("one"), {NULL, 0}, SLICE("a payload that is longer")};
    struct batch *raw = test_raw_batch(payloads, 3), *rows = NULL, *errors = NULL;
    struct test_decoder t;
    struct bytes text = {0};
    struct error e;

    test_spec(&t, ALL_METADATA, NULL);
    memcpy(t.raw, from, sizeof from);
    ASSERT_OK(format_find("raw")->decoder_new(&t.spec, &t.decoder, &e), &e);
    ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e);
    assert_null(errors);
    batch_unref(raw); /* the rows keep it */
    assert_string_equal(
        test_print(rows, &text),
        "+I(3, the key, topic, 3, 100, 1970-01-01T00:00:01.001000Z, CreateTime, 1970-01-01T00:00:01, "
        "1001000000ns, x'6f6e65')\n"
        "+I(3, the key, topic, 3, 101, 1970-01-01T00:00:01.001000Z, CreateTime, 1970-01-01T00:00:01, "
        "1001000000ns, NULL)\n"
        "+I(3, the key, topic, 3, 102, 1970-01-01T00:00:01.001000Z, CreateTime, 1970-01-01T00:00:01, "
        "1001000000ns, x'61207061796c6f61642074686174206973206c6f6e676572')\n");
    assert_int_equal(rows->split, 7);
    assert_int_equal(rows->born_us, 42);
    batch_unref(rows);
    test_decoder_close(&t);
    bytes_fini(&text);
}

static void test_metadata_refused(UNUSED void **state)
{
    struct test_decoder t;
    struct error e;

    test_spec(&t, "a STRING, off STRING", NULL);
    t.raw[1] = RAW_OFFSET;
    assert_int_equal(format_find("json")->decoder_new(&t.spec, &t.decoder, &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "column off: metadata 'offset' is BIGINT NOT NULL, which cannot be read as STRING");
    t.decoder = NULL;
    test_decoder_close(&t);
}

/* A batch without payloads that anybody wants still has its rows. */
static void test_only_metadata(UNUSED void **state)
{
    struct slice payloads[] = {SLICE("{}"), SLICE("{\"x\":1}"), SLICE("no JSON")};
    struct batch *raw = test_raw_batch(payloads, 3), *rows = NULL, *errors = NULL;
    struct test_decoder t;
    struct bytes text = {0};
    struct error e;

    test_spec(&t, "off BIGINT", NULL);
    t.raw[0] = RAW_OFFSET;
    ASSERT_OK(format_find("json")->decoder_new(&t.spec, &t.decoder, &e), &e);
    ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e);
    assert_string_equal(test_print(rows, &text), "+I(100)\n+I(101)\n");
    assert_int_equal(errors->row_count, 1);
    batch_unref(rows);
    batch_unref(errors);
    test_decoder_close(&t);
    ASSERT_OK((test_spec(&t, "off BIGINT", NULL), t.raw[0] = RAW_OFFSET,
               format_find("raw")->decoder_new(&t.spec, &t.decoder, &e)),
              &e);
    ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e);
    assert_string_equal(test_print(rows, &text), "+I(100)\n+I(101)\n+I(102)\n");
    assert_null(errors);
    batch_unref(rows);
    batch_unref(raw);
    test_decoder_close(&t);
    bytes_fini(&text);
}

/* --- errors --- */

/* Good and bad ones mixed, selected ones only: each live payload is a row or an error, with where it came
 * from. */
static void test_errors(UNUSED void **state)
{
    static const int32_t picked[] = {5, 0, 1, 2, 3};
    struct slice payloads[] = {SLICE("{\"a\":1,\"b\":\"x\"}"),
                               SLICE("{\"a\":2,\"b\":[\"a text, longer than 12\"],\"c\":{"),
                               {NULL, 0},
                               SLICE(""),
                               SLICE("{\"a\":4}"),
                               SLICE("{\"a\":5}")};
    struct batch *raw = test_raw_batch(payloads, 6), *some = batch_select(raw, picked, 5, NULL), *rows = NULL,
                 *errors = NULL;
    struct metrics *metrics = metrics_new(clock_system());
    struct test_decoder t;
    struct bytes text = {0};
    struct error e;
    double count = 0;

    test_spec(&t, "a INT NOT NULL, b STRING", NULL);
    t.spec.registry = metrics;
    t.spec.metrics = metrics_bare(metrics, NULL, 0);
    ASSERT_OK(format_find("json")->decoder_new(&t.spec, &t.decoder, &e), &e);
    ASSERT_OK(decoder_decode(t.decoder, some, &rows, &errors, &e), &e);
    batch_unref(raw);
    batch_unref(some);
    assert_string_equal(test_print(rows, &text), "+I(5, NULL)\n+I(1, x)\n");
    assert_string_equal(
        test_print(errors, &text),
        "+I(x'7b2261223a322c2262223a5b226120746578742c206c6f6e676572207468616e203132225d2c2263223a7b', "
        "x'746865206b6579', "
        "topic, 3, 101, 1970-01-01T00:00:01.001000Z, CreateTime, NULL, NULL, deserialization, a key is "
        "wanted)\n"
        "+I(NULL, x'746865206b6579', topic, 3, 102, 1970-01-01T00:00:01.001000Z, CreateTime, NULL, NULL, "
        "tombstone, the record has no payload)\n"
        "+I(x'', x'746865206b6579', topic, 3, 103, 1970-01-01T00:00:01.001000Z, CreateTime, NULL, NULL, "
        "tombstone, the payload is empty)\n");
    assert_int_equal(errors->split, 7);
    assert_true(metrics_sum(metrics, "deserialization_errors", &count));
    assert_true(count == 1);
    batch_unref(rows);
    batch_unref(errors);
    test_decoder_close(&t);
    metrics_scope_remove(t.spec.metrics);
    metrics_free(metrics);
    bytes_fini(&text);
}

/* When the budget is spent the batch is not decoded, and nothing is lost: it is when there is room again. */
static void test_budget(UNUSED void **state)
{
    struct budget *budget = budget_new("job", 100000, NULL);
    struct slice payloads[500];
    struct batch *raw, *rows = NULL, *errors = NULL;
    struct test_decoder t;
    struct error e;

    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        payloads[i] = SLICE("{\"a\":[1,2,3,4,5,6,7,8]}");
    raw = test_raw_batch(payloads, COUNT_OF(payloads));
    test_spec(&t, "a ARRAY<BIGINT>", NULL);
    t.spec.budget = budget;
    ASSERT_OK(format_find("json")->decoder_new(&t.spec, &t.decoder, &e), &e);
    assert_true(budget_take(budget, 80000));
    assert_int_equal(decoder_decode(t.decoder, raw, &rows, &errors, &e), ERR_MEMORY);
    assert_null(rows);
    budget_give(budget, 80000);
    ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e);
    assert_int_equal(rows->row_count, 500);
    batch_unref(rows);
    batch_unref(raw);
    test_decoder_close(&t);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

/* --- avro --- */

#define AVRO_INT "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"

static void test_avro(UNUSED void **state)
{
    static const char *const good[] = {"schema", AVRO_INT, NULL}, *const broken[] = {"schema", "{", NULL};
    static const char *const json[] = {"schema", AVRO_INT, "encoding", "json", NULL};
    struct test_decoder t;
    struct bytes text = {0};

    test_decoder_open(&t, "avro", "a INT", good);
    assert_string_equal(test_decode_one(t.decoder, SLICE("\x02"), &text), "+I(1)\n");
    assert_string_equal(
        test_decode_one(t.decoder, SLICE("\x02\x04\x06"), &text),
        "!deserialization: 2 bytes are left behind the record; was it written with another schema?\n");
    assert_string_equal(test_decode_one(t.decoder, SLICE(""), &text),
                        "!deserialization: field a: 1 byte is missing\n");
    test_decoder_close(&t);
    test_decoder_open(&t, "avro", "a INT", NULL); /* the schema is derived from the columns */
    assert_string_equal(test_decode_one(t.decoder, SLICE("\x02\x02"), &text), "+I(1)\n");
    assert_string_equal(test_decode_one(t.decoder, SLICE("\x00"), &text), "+I(NULL)\n");
    test_decoder_close(&t);
    test_refused("avro", "a INT", broken, ERR_CONFIG, "option 'avro.schema': Avro schema: not JSON: ");
    test_refused("avro", "b INT NOT NULL", good, ERR_CONFIG,
                 "option 'avro.schema': field b: the writer's schema has no such field");
    test_refused("avro", "a INT", json, ERR_UNSUPPORTED, "option 'avro.encoding' is 'json'");
    bytes_fini(&text);
}

TEST_MAIN(cmocka_unit_test(test_table), cmocka_unit_test(test_printable), cmocka_unit_test(test_utf8),
          cmocka_unit_test(test_raw), cmocka_unit_test(test_raw_refuses), cmocka_unit_test(test_metadata),
          cmocka_unit_test(test_metadata_refused), cmocka_unit_test(test_only_metadata),
          cmocka_unit_test(test_errors), cmocka_unit_test(test_budget), cmocka_unit_test(test_avro))
