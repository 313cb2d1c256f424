/* encode_test.c: what all encoders share, and formats "json" and "raw": exact texts, round trips, failures. The
 * texts are those that Flink 1.20.1 wrote for the same rows.
 */
#include "base/budget.h"
#include "formats/test_encoders.h"
#include "formats/value_text.h"
#include <math.h>
#include <stdlib.h>

#define ALL                                                                                                  \
    "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(38, 10), "              \
    "i DECIMAL(5, 0), j DATE, k TIME(3), l TIMESTAMP(0), m TIMESTAMP(6), n TIMESTAMP(9), "                   \
    "o TIMESTAMP_LTZ(3), p STRING, q BYTES, r BINARY(3), s UUID, t ARRAY<STRING>, u MAP<STRING, INT>, "      \
    "v ROW<x INT, y ARRAY<ROW<z STRING, w MAP<STRING, ARRAY<INT>>>>>, w STRING NOT NULL"

/* --- values as text --- */

static void test_doubles(UNUSED void **state)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        {0.1, "0.1"},
        {1, "1.0"},
        {100, "100.0"},
        {1e7, "1.0E7"},
        {9999999, "9999999.0"},
        {12345678.9, "1.23456789E7"},
        {1e-3, "0.001"},
        {9.99e-4, "9.99E-4"},
        {1.0 / 3, "0.3333333333333333"},
        {1e21, "1.0E21"},
        {1e22, "1.0E22"},
        {1e23, "1.0E23"},
        {4.9e-324, "4.9E-324"},
        {2.2250738585072014E-308, "2.2250738585072014E-308"},
        {1.7976931348623157E308, "1.7976931348623157E308"},
        {0.30000000000000004, "0.30000000000000004"},
        {123456789012345680.0, "1.2345678901234568E17"},
        {5e-5, "5.0E-5"},
        {-0.0, "-0.0"},
        {0, "0.0"},
        {9007199254740993.0, "9.007199254740992E15"},
        {-123456.789, "-123456.789"},
        {NAN, "NaN"},
        {-INFINITY, "-Infinity"},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bytes_clear(&text);
        value_text_double(cases[i].value, &text);
        assert_string_equal(bytes_cstr(&text), cases[i].want);
    }
    bytes_fini(&text);
}

static void test_floats(UNUSED void **state)
{
    static const struct {
        float value;
        const char *want;
    } cases[] = {{0.1f, "0.1"},
                 {16777216.0f, "1.6777216E7"},
                 {3.4028235E38f, "3.4028235E38"},
                 {1.4E-45f, "1.4E-45"},
                 {1e-3f, "0.001"},
                 {0.33333334f, "0.33333334"},
                 {123456.79f, "123456.79"},
                 {1.17549435E-38f, "1.1754944E-38"},
                 {8.5e-6f, "8.5E-6"}};
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bytes_clear(&text);
        value_text_float(cases[i].value, &text);
        assert_string_equal(bytes_cstr(&text), cases[i].want);
    }
    bytes_fini(&text);
}

/* Every text is read back as the same number. */
static void test_random_reals(UNUSED void **state)
{
    struct bytes text = {0};
    uint64_t seed = 1;

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = test_random(&seed);
        uint32_t half = (uint32_t)(bits >> 7);
        double v;
        float f;

        memcpy(&v, &bits, sizeof v);
        memcpy(&f, &half, sizeof f);
        if (isfinite(v)) {
            bytes_clear(&text);
            value_text_double(v, &text);
            assert_true(strtod(bytes_cstr(&text), NULL) == v);
        }
        if (isfinite(f)) {
            bytes_clear(&text);
            value_text_float(f, &text);
            assert_true(strtof(bytes_cstr(&text), NULL) == f);
        }
    }
    bytes_fini(&text);
}

static void test_decimals(UNUSED void **state)
{
    static const struct {
        int64_t unscaled;
        int32_t scale;
        const char *want, *plain;
    } cases[] = {{0, 2, "0", "0"},
                 {10000000, 2, "1E+5", "100000"},
                 {270, 10, "2.7E-8", "0.000000027"},
                 {-1250, 2, "-12.5", "-12.5"},
                 {1, 6, "0.000001", "0.000001"},
                 {1, 7, "1E-7", "0.0000001"},
                 {12345, 0, "12345", "12345"},
                 {-12340, 0, "-1.234E+4", "-12340"},
                 {5, 1, "0.5", "0.5"}};
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int plain = 0; plain < 2; plain++) {
            bytes_clear(&text);
            value_text_decimal(cases[i].unscaled, cases[i].scale, plain, &text);
            assert_string_equal(bytes_cstr(&text), plain ? cases[i].plain : cases[i].want);
        }
    bytes_clear(&text);
    value_text_decimal(-((__int128)1 << 126) - 1, 0, true, &text);
    assert_string_equal(bytes_cstr(&text), "-85070591730234615865843651857942052865");
    bytes_clear(&text);
    value_text_date(-719529, &text);
    bytes_text(&text, " ");
    value_text_date(2932897, &text);
    assert_string_equal(bytes_cstr(&text), "-0001-12-31 +10000-01-01");
    bytes_fini(&text);
}

/* --- json --- */

static void test_json(UNUSED void **state)
{
    static const struct {
        const char *columns, *json, *want;
    } cases[] = {
        {"a DECIMAL(20,2), b DECIMAL(38,10), c DOUBLE, d FLOAT, e BYTES, f BOOLEAN, g DATE",
         "{\"a\":100000.00,\"b\":0.0000000270,\"c\":1e10,\"d\":0.1,\"e\":\"AQIDBA==\",\"f\":true,\"g\":"
         "\"2024-10-04\"}",
         "{\"a\":1E+5,\"b\":2.7E-8,\"c\":1.0E10,\"d\":0.1,\"e\":\"AQIDBA==\",\"f\":true,\"g\":\"2024-10-04\"}"
         "\n"},
        {"a TIME(3), b TIMESTAMP(9), c TIMESTAMP_LTZ(6)",
         "{\"a\":\"08:30:00\",\"b\":\"2024-11-01 08:30:00.123456\",\"c\":\"2024-11-01 08:30:00Z\"}",
         "{\"a\":\"08:30:00\",\"b\":\"2024-11-01 08:30:00.123456\",\"c\":\"2024-11-01 08:30:00Z\"}\n"},
        {"a STRING", "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\\ud83d\\ude00!\"}",
         "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\xc3\xa9\\uD83D\\uDE00!\"}\n"},
        {"`a\"b` INT", "{\"a\\\"b\":1}", "{\"a\\\"b\":1}\n"},
        {"a ARRAY<ROW<x INT>>, m MAP<STRING, INT>, r ROW<x INT>",
         "{\"a\":[null,{\"x\":null},{\"x\":1}],\"m\":{\"k\":null,\"l\":2},\"r\":null}",
         "{\"a\":[null,{\"x\":null},{\"x\":1}],\"m\":{\"k\":null,\"l\":2},\"r\":null}\n"},
        {"g DOUBLE, h FLOAT", "{\"g\":\"NaN\",\"h\":\"-Infinity\"}", "{\"g\":\"NaN\",\"h\":\"-Infinity\"}\n"},
        {"u UUID, b TINYINT, e BIGINT",
         "{\"u\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\",\"b\":-128,\"e\":-9223372036854775808}",
         "{\"u\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\",\"b\":-128,\"e\":-9223372036854775808}\n"},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct test_encoder t;

        test_encoder_open(&t, "json", cases[i].columns, NULL);
        assert_string_equal(test_encode_one(&t, cases[i].json, &text), cases[i].want);
        test_encoder_close(&t);
    }
    bytes_fini(&text);
}

static void test_json_options(UNUSED void **state)
{
    static const char *const options[] = {"timestamp-format.standard",
                                          "ISO-8601",
                                          "encode.decimal-as-plain-number",
                                          "true",
                                          "encode.ignore-null-fields",
                                          "true",
                                          NULL};
    struct test_encoder t;
    struct bytes text = {0};

    test_encoder_open(&t, "json",
                      "a INT, b TIMESTAMP(3), c TIMESTAMP_LTZ(3), d DECIMAL(10, 2), e ROW<x INT, y INT>",
                      options);
    assert_string_equal(test_encode_one(&t,
                                        "{\"b\":\"2024-11-01 08:30:00\",\"c\":\"2024-11-01 08:30:00.5Z\","
                                        "\"d\":100,\"e\":{\"y\":2}}",
                                        &text),
                        "{\"b\":\"2024-11-01T08:30:00\",\"c\":\"2024-11-01T08:30:00.5Z\",\"d\":100,"
                        "\"e\":{\"y\":2}}\n");
    assert_string_equal(test_encode_one(&t, "{}", &text), "{}\n");
    test_encoder_close(&t);
    test_encoder_refused("json", "a ROW<m MAP<INT, INT>>", NULL, ERR_UNSUPPORTED,
                         "field a: field m: the keys of a JSON object are texts");
    bytes_fini(&text);
}

/* A batch of one map {NULL: 1, "null": 2, "a": 3}. */
static struct batch *null_key(const struct schema *schema)
{
    struct builder b;
    struct batch *rows = NULL;
    struct error e;

    assert_true(builder_init(&b, schema, NULL));
    builder_null(&b.columns[0].children[0]);
    builder_copied(&b.columns[0].children[0], "null", 4);
    builder_copied(&b.columns[0].children[0], "a", 1);
    for (int32_t i = 1; i < 4; i++)
        builder_i32(&b.columns[0].children[1], i);
    builder_list_end(&b.columns[0]);
    ASSERT_OK(builder_finish(&b, &rows, &e), &e);
    builder_fini(&b);
    return rows;
}

static void test_null_keys(UNUSED void **state)
{
    static const struct {
        const char *mode, *literal, *want;
    } cases[] = {{"DROP", "null", "{\"m\":{\"null\":2,\"a\":3}}\n"},
                 {"literal", "null", "{\"m\":{\"null\":2,\"a\":3}}\n"},
                 {"LITERAL", "no\"ne", "{\"m\":{\"no\\\"ne\":1,\"null\":2,\"a\":3}}\n"},
                 {"FAIL", "x", NULL}};
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const options[] = {"map-null-key.mode", cases[i].mode, "map-null-key.literal",
                                       cases[i].literal, NULL};
        struct test_encoder t;
        struct batch *rows;
        struct error e;

        test_encoder_open(&t, "json", "m MAP<STRING, INT>", options);
        rows = null_key(t.spec.schema);
        if (cases[i].want) {
            assert_string_equal(test_encode(&t, rows, &text), cases[i].want);
        } else {
            assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_INPUT);
            assert_string_equal(e.text, "a row cannot be written: field m: the MAP has a NULL key; set "
                                        "'map-null-key.mode' to 'DROP' or 'LITERAL'");
        }
        batch_unref(rows);
        test_encoder_close(&t);
    }
    bytes_fini(&text);
}

/* --- raw --- */

static void test_raw(UNUSED void **state)
{
    static const struct {
        const char *columns, *json, *charset, *order;
        struct slice want;
    } cases[] = {
        {"a STRING", "{\"a\":\"h\xc3\xa9\"}", NULL, NULL, {"h\xc3\xa9\n", 4}},
        {"a STRING", "{\"a\":\"h\xc3\xa9\"}", "ISO-8859-1", NULL, {"h\xe9\n", 3}},
        {"a STRING", "{\"a\":\"h\xc3\xa9\"}", "UTF-16", NULL, {"\xfe\xff\0h\0\xe9\n", 7}},
        {"a STRING", "{\"a\":\"h\xc3\xa9\"}", "UTF-16LE", NULL, {"h\0\xe9\0\n", 5}},
        {"a STRING", "{\"a\":\"\"}", "UTF-16", NULL, {"\n", 1}},
        {"a STRING", "{\"a\":null}", NULL, NULL, {"-\n", 2}},
        {"a BYTES", "{\"a\":\"AP8=\"}", "ISO-8859-1", NULL, {"\0\xff\n", 3}},
        {"a INT", "{\"a\":258}", NULL, NULL, {"\0\0\1\2\n", 5}},
        {"a INT", "{\"a\":258}", NULL, "little-endian", {"\2\1\0\0\n", 5}},
        {"a TINYINT", "{\"a\":-1}", NULL, NULL, {"\xff\n", 2}},
        {"a BIGINT", "{\"a\":-3}", NULL, NULL, {"\xff\xff\xff\xff\xff\xff\xff\xfd\n", 9}},
        {"a BOOLEAN", "{\"a\":true}", NULL, NULL, {"\1\n", 2}},
        {"a FLOAT", "{\"a\":1.5}", NULL, NULL, {"\x3f\xc0\0\0\n", 5}},
        {"a DOUBLE", "{\"a\":1.5}", NULL, "little-endian", {"\0\0\0\0\0\0\xf8\x3f\n", 9}},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const options[] = {"charset", cases[i].charset ? cases[i].charset : "UTF-8", "endianness",
                                       cases[i].order ? cases[i].order : "big-endian", NULL};
        struct test_encoder t;

        test_encoder_open(&t, "raw", cases[i].columns, options);
        test_encode_one(&t, cases[i].json, &text);
        if (!slice_equal(bytes_all(&text), cases[i].want))
            fail_msg("case %zu: %zu bytes", i, text.len);
        test_encoder_close(&t);
        if (*cases[i].want.ptr != '-' && strcmp(options[1], "ISO-8859-1") != 0)
            test_round_trip("raw", cases[i].columns, options, 100, i);
    }
    bytes_fini(&text);
}

static void test_charset_fails(UNUSED void **state)
{
    static const char *const latin[] = {"charset", "ISO-8859-1", NULL}, *const wide[] = {"charset", "UTF-16",
                                                                                         NULL};
    struct test_encoder t;
    struct test_decoder d;
    struct bytes text = {0};

    test_encoder_open(&t, "raw", "a STRING", latin);
    test_encode_fails(&t, "{\"a\":\"\xed\x95\x9c\"}",
                      "a row cannot be written: field a: the text does not fit the character set: it has");
    test_encoder_close(&t);
    test_decoder_open(&d, "raw", "a STRING", wide);
    assert_string_equal(test_decode_one(d.decoder, SLICE("\xff\xfeh\0"), &text), "+I(h)\n");
    assert_string_equal(test_decode_one(d.decoder, SLICE("\0h"), &text), "+I(h)\n");
    assert_string_equal(test_decode_one(d.decoder, SLICE("\0h\0"), &text),
                        "!deserialization: the text is not UTF-16: its last character is cut off\n");
    test_decoder_close(&d);
    test_encoder_refused("raw", "a INT, b INT", NULL, ERR_CONFIG, "format 'raw' writes exactly one column");
    test_encoder_refused("raw", "a DATE", NULL, ERR_CONFIG,
                         "format 'raw' cannot write column a of type DATE");
    bytes_fini(&text);
}

/* --- all --- */

static void test_round_trips(UNUSED void **state)
{
    static const char *const iso[] = {"timestamp-format.standard", "ISO-8601", "encode.ignore-null-fields",
                                      "true", NULL};

    for (uint64_t seed = 1; seed < 4; seed++) {
        test_round_trip("json", ALL, NULL, 200, seed);
        test_round_trip("json", ALL, iso, 200, seed);
    }
}

/* Chosen and renamed columns, selected rows, tombstones. */
static void test_selection(UNUSED void **state)
{
    static const int32_t columns[] = {2, 0}, picked[] = {3, 1, 0};
    static const uint8_t kinds[] = {ROW_INSERT, ROW_DELETE, ROW_UPDATE_AFTER, ROW_UPDATE_BEFORE};
    struct test_encoder t;
    struct batch *rows, *some;
    struct bytes text = {0};
    struct error e;
    struct arena arena = {0};

    test_encode_spec(&t, "renamed STRING, x INT NOT NULL", NULL);
    t.spec.columns = columns;
    ASSERT_OK(format_find("json")->encoder_new(&t.spec, &t.encoder, &e), &e);
    rows = test_rows_of(test_schema(&arena, "x INT, y INT, k_name STRING"),
                        "{\"x\":1,\"k_name\":\"a\"}\n{\"x\":2}\n{\"x\":3}\n{\"x\":4,\"k_name\":\"d\"}");
    rows->row_kinds = kinds;
    some = batch_select(rows, picked, 3, NULL);
    assert_string_equal(
        test_encode(&t, some, &text),
        "{\"renamed\":\"d\",\"x\":4}\n{\"renamed\":null,\"x\":2}\n{\"renamed\":\"a\",\"x\":1}\n");
    t.spec.tombstones = true;
    assert_string_equal(test_encode(&t, some, &text), "-\n-\n{\"renamed\":\"a\",\"x\":1}\n");
    ASSERT_OK(encoder_encode(t.encoder, some, &t.run, &e), &e); /* it appends */
    assert_int_equal(t.run.count, 6);
    assert_null(payload_run_get(&t.run, 4).ptr);
    assert_true(slice_is(payload_run_get(&t.run, 5), "{\"renamed\":\"a\",\"x\":1}"));
    batch_unref(rows);
    batch_unref(some);
    test_encoder_close(&t);
    arena_fini(&arena);
    bytes_fini(&text);
}

static void test_budget(UNUSED void **state)
{
    struct budget *budget = budget_new("job", 60000, NULL);
    struct test_encoder t;
    struct batch *rows;
    struct error e;

    test_encode_spec(&t, ALL, NULL);
    t.spec.budget = budget;
    ASSERT_OK(format_find("json")->encoder_new(&t.spec, &t.encoder, &e), &e);
    rows = test_random_batch(t.spec.schema, 500, 1);
    assert_int_equal(encoder_encode(t.encoder, rows, &t.run, &e), ERR_MEMORY);
    assert_int_equal(t.run.count, 0);
    batch_unref(rows);
    test_encoder_close(&t);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

/* Every allocation of every encoder fails once: the error says so, and the next try works. */
static void check_no_memory(const char *format, const char *columns)
{
    uint64_t before, needed = 1;

    for (uint64_t n = 0; n <= needed; n++) {
        struct test_encoder t;
        struct batch *rows;
        struct error e;
        enum err rc;

        test_encode_spec(&t, columns, NULL);
        rows = test_random_batch(t.spec.schema, 20, 3);
        before = mem_count();
        mem_fail_at(n, false);
        rc = format_find(format)->encoder_new(&t.spec, &t.encoder, &e);
        if (rc == OK)
            rc = encoder_encode(t.encoder, rows, &t.run, &e);
        mem_fail_at(0, false);
        if (n == 0)
            needed = mem_count() - before;
        assert_int_equal(rc, n == 0 ? OK : rc == OK ? OK : ERR_MEMORY);
        if (t.encoder) {
            payload_run_clear(&t.run);
            ASSERT_OK(encoder_encode(t.encoder, rows, &t.run, &e), &e);
            assert_int_equal(t.run.count, 20);
        }
        batch_unref(rows);
        test_encoder_close(&t);
    }
}

static void test_no_memory(UNUSED void **state)
{
    check_no_memory("json", ALL);
    check_no_memory("raw", "a STRING");
    check_no_memory("csv", "a INT, b STRING, c ARRAY<STRING>, d ROW<x INT, y BYTES>");
    check_no_memory("avro", "a INT, b STRING, c ARRAY<STRING>, d ROW<x INT, y BYTES>");
    check_no_memory("debezium-json", "a INT, b STRING");
    check_no_memory("canal-json", "a INT, b STRING");
}

/* Each format documents itself, and its fallbacks are values that it takes. */
static void test_tables(UNUSED void **state)
{
    const struct format *f;
    struct error e;

    for (size_t i = 0; (f = format_at(i)) != NULL; i++) {
        assert_ptr_equal(format_find(f->name), f);
        assert_non_null(strstr(format_names(), f->name));
        assert_true(f->doc && f->doc[strlen(f->doc) - 1] == '.');
        assert_true(f->reads && f->writes && f->decoder_new && f->encoder_new);
        for (int32_t k = 0; k < f->option_count; k++) {
            const struct format_option *o = &f->options[k];
            struct map one = {0};

            assert_true(o->doc && o->doc[strlen(o->doc) - 1] == '.');
            if (o->fallback) {
                assert_true(map_put(&one, slice_text(o->name), (void *)(uintptr_t)o->fallback));
                if (strcmp(f->name, "avro-confluent") != 0)
                    ASSERT_OK(format_check_options(f, &one, NULL, &e), &e);
            }
            map_fini(&one);
        }
    }
    test_encoder_refused("json", "a INT", (const char *const[]){"map-null-key.mod", "DROP", NULL}, ERR_CONFIG,
                         "format 'json' has no option 'json.map-null-key.mod'; did you mean "
                         "'json.map-null-key.mode'? Its options are: ");
    test_encoder_refused("json", "a INT", (const char *const[]){"map-null-key.mode", "LOSE", NULL},
                         ERR_CONFIG,
                         "option 'json.map-null-key.mode' is 'LOSE'; it must be 'FAIL', 'DROP' or 'LITERAL'");
}

static void test_prefix(UNUSED void **state)
{
    struct map options = {0};
    struct error e;

    assert_true(map_put(&options, SLICE("fail-on-missing-field"), "maybe"));
    assert_int_equal(format_check_options(format_find("json"), &options, "value.json.", &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "option 'value.json.fail-on-missing-field' is 'maybe'; it must be 'true' or 'false'");
    map_fini(&options);
}

TEST_MAIN(cmocka_unit_test(test_doubles), cmocka_unit_test(test_floats), cmocka_unit_test(test_random_reals),
          cmocka_unit_test(test_decimals), cmocka_unit_test(test_json), cmocka_unit_test(test_json_options),
          cmocka_unit_test(test_null_keys), cmocka_unit_test(test_raw), cmocka_unit_test(test_charset_fails),
          cmocka_unit_test(test_round_trips), cmocka_unit_test(test_selection), cmocka_unit_test(test_budget),
          cmocka_unit_test(test_no_memory), cmocka_unit_test(test_tables), cmocka_unit_test(test_prefix))
