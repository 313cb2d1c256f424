/* json_test.c: format "json": what is accepted and refused, and what values become. */
#include "formats/json_number.h"
#include "formats/json_scan.h"
#include "formats/test_payloads.h"
#include <stdlib.h>

static void test_values(UNUSED void **state)
{
    static const struct test_read_case cases[] = {
        {"integers", "a TINYINT, b SMALLINT, c INT, d BIGINT",
         "{\"a\":-128,\"b\":32767,\"c\":-2147483648,\"d\":9223372036854775807}",
         "+I(-128, 32767, -2147483648, 9223372036854775807)"},
        {"the least", "d BIGINT", "{\"d\":-9223372036854775808}", "+I(-9223372036854775808)"},
        {"one too large", "d BIGINT", "{\"d\":9223372036854775808}",
         "!field d: the number is outside what the column holds: 9223372036854775808"},
        {"20 digits", "d BIGINT", "{\"d\":12345678901234567890}", "!field d: the number is outside"},
        {"one too large for a byte", "a TINYINT", "{\"a\":128}",
         "!field a: the number is outside what the column holds: 128"},
        {"too large for an int", "a INT", "{\"a\":2147483648}", "!field a: the number is outside"},
        {"integers otherwise", "a INT, b INT, c INT, d INT", "{\"a\":3.0,\"b\":3e2,\"c\":-0,\"d\":3000e-3}",
         "+I(3, 300, 0, 3)"},
        {"no integer", "a INT", "{\"a\":3.5}", "!field a: the number is no integer: 3.5"},
        {"a number in a text", "a INT, b DOUBLE, c DECIMAL(4, 2)",
         "{\"a\":\" 12 \",\"b\":\"1.5\",\"c\":\"-1.005\"}", "+I(12, 1.5, -1.01)"},
        {"no number in a text", "a INT", "{\"a\":\"12x\"}", "!field a: the text is no number: 12x"},
        {"an empty text", "a INT", "{\"a\":\"\"}", "!field a: the text is no number: "},
        {"doubles", "a DOUBLE, b DOUBLE, c DOUBLE", "{\"a\":0.75,\"b\":-25e-2,\"c\":123456789.125}",
         "+I(0.75, -0.25, 123456789.125)"},
        {"too large", "a DOUBLE", "{\"a\":1e400}", "!field a: the number is too large: 1e400"},
        {"too small", "a DOUBLE", "{\"a\":1e-400}", "+I(0)"},
        {"floats", "a FLOAT, b FLOAT", "{\"a\":0.5,\"b\":16777217}", "+I(0.5, 16777216)"},
        {"a float too large", "a FLOAT", "{\"a\":1e39}", "!field a: the number is too large: 1e39"},
        {"decimals", "a DECIMAL(38, 0), b DECIMAL(5, 2), c DECIMAL(5, 2)",
         "{\"a\":99999999999999999999999999999999999999,\"b\":1.005,\"c\":1e2}",
         "+I(99999999999999999999999999999999999999, 1.01, 100.00)"},
        {"decimals round away from zero", "a DECIMAL(3, 1), b DECIMAL(3, 1), c DECIMAL(3, 1)",
         "{\"a\":-0.05,\"b\":0.04999,\"c\":0.5e-1}", "+I(-0.1, 0.0, 0.1)"},
        {"a decimal too large", "a DECIMAL(3, 1)", "{\"a\":99.95}",
         "!field a: the number has more digits than the column: 99.95"},
        {"a decimal of any exponent", "a DECIMAL(3, 1)", "{\"a\":1e99999999999}",
         "!field a: the number has more digits"},
        {"zero of any exponent", "a DECIMAL(3, 1)", "{\"a\":0e99999999999}", "+I(0.0)"},
        {"booleans", "a BOOLEAN, b BOOLEAN, c BOOLEAN", "{\"a\":true,\"b\":false,\"c\":\"TRUE\"}",
         "+I(true, false, true)"},
        {"no boolean", "a BOOLEAN", "{\"a\":1}", "!field a: a number does not fit BOOLEAN"},
        {"no boolean in a text", "a BOOLEAN", "{\"a\":\"yes\"}",
         "!field a: the text is neither true nor false: yes"},
        {"texts", "a STRING", "{\"a\":\"plain and longer than twelve\"}", "+I(plain and longer than twelve)"},
        {"anything as text", "a STRING, b STRING, c STRING, d STRING",
         "{\"a\":12.50,\"b\":true,\"c\":{\"x\": [1]},\"d\":[]}", "+I(12.50, true, {\"x\":[1]}, [])"},
        {"nulls", "a STRING, b ROW<x INT>, c ARRAY<INT>, d MAP<STRING, INT>",
         "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}", "+I(NULL, NULL, NULL, NULL)"},
        {"null for NOT NULL", "a STRING NOT NULL", "{\"a\":null}",
         "!field a: is null, but the column is NOT NULL"},
        {"bytes", "a BYTES, b BINARY(3), c BYTES", "{\"a\":\"AQID\",\"b\":\"AQID\",\"c\":\"AQ==\"}",
         "+I(x'010203', x'010203', x'01')"},
        {"no base64", "a BYTES", "{\"a\":\"A*\"}", "!field a: the text is not base64: A*"},
        {"fixed of another size", "a BINARY(2)", "{\"a\":\"AQID\"}",
         "!field a: the text stands for 3 bytes, not 2"},
        {"uuid", "a UUID", "{\"a\":\"00010203-0405-0607-0809-0A0b0c0d0e0f\"}",
         "+I(x'000102030405060708090a0b0c0d0e0f')"},
        {"no uuid", "a UUID", "{\"a\":\"00010203-0405-0607-0809+0a0b0c0d0e0f\"}",
         "!field a: the text is not a UUID"},
        {"arrays", "a ARRAY<INT>, b ARRAY<ARRAY<STRING>>", "{\"a\":[1, 2,null],\"b\":[[],[\"x\"]]}",
         "+I([1, 2, NULL], [[], [x]])"},
        {"maps", "a MAP<STRING, BIGINT>", "{\"a\":{\"x\":1,\"\":2,\"a key longer than twelve\":null}}",
         "+I({x=1, =2, a key longer than twelve=NULL})"},
        {"rows", "a ROW<x INT, y ROW<z STRING>>", "{\"a\":{\"y\":{\"z\":\"t\"},\"x\":1}}", "+I((1, (t)))"},
        {"no object", "a ROW<x INT>", "{\"a\":[1]}", "!field a: an array does not fit ROW<`x` INT>"},
        {"no array", "a ARRAY<INT>", "{\"a\":{}}", "!field a: an object does not fit ARRAY<INT>"},
        {"the path", "samples ARRAY<ROW<id STRING, value DOUBLE NOT NULL>>",
         "{\"samples\":[{\"id\":\"a\",\"value\":1},{\"id\":\"b\",\"value\":\"x\"}]}",
         "!field samples[1].value: the text is no number: x"},
        {"the path of what is missing", "samples ARRAY<ROW<id STRING, value DOUBLE NOT NULL>>",
         "{\"samples\":[{\"id\":\"a\"}]}", "!field samples[0].value: is missing, but the column is NOT NULL"},
        {"the path in a map", "m MAP<STRING, ARRAY<INT>>", "{\"m\":{\"k\":[1,true]}}",
         "!field m.k[1]: a boolean does not fit INT"},
    };

    test_read_cases("json", cases, COUNT_OF(cases), NULL);
}

static void test_fields(UNUSED void **state)
{
    static const struct test_read_case cases[] = {
        {"any order, any blanks", "a INT, b INT", " \t\r\n{ \"b\" : 2 , \"a\"\n:1 } \n", "+I(1, 2)"},
        {"unknown fields", "z INT",
         "{\"a\":{\"z\":[1,{\"z\":\"}\"}],\"q\":\"\\\"\"},\"z\":1,\"b\":-1.5e+3,\"c\":null,\"d\":\"]\"}",
         "+I(1)"},
        {"missing", "a INT, b ARRAY<INT>", "{}", "+I(NULL, NULL)"},
        {"missing and NOT NULL", "a INT NOT NULL", "{}", "!field a: is missing, but the column is NOT NULL"},
        {"names are exact", "a INT", "{\"A\":1}", "+I(NULL)"},
        {"the last one counts", "a INT, b STRING", "{\"a\":1,\"b\":\"x\",\"a\":2}", "+I(2, x)"},
        {"the last one counts, whatever the first", "a INT", "{\"a\":\"no number\",\"a\":2}",
         "!field a: the text is no number"},
        {"twice inside", "r ARRAY<ROW<a INT, b INT>>",
         "{\"r\":[{\"a\":1,\"b\":1},{\"b\":1,\"a\":1,\"b\":2}]}", "+I([(1, 1), (1, 2)])"},
        {"twice in a map", "m MAP<STRING, INT>", "{\"m\":{\"a\":1,\"b\":2,\"a\":3}}", "+I({b=2, a=3})"},
        {"twice in a map, escaped", "m MAP<STRING, INT>", "{\"m\":{\"a\":1,\"\\u0061\":3}}", "+I({a=3})"},
        {"twice in maps in maps", "m MAP<STRING, MAP<STRING, INT>>",
         "{\"m\":{\"x\":{\"a\":1,\"a\":2},\"y\":{},\"x\":{\"b\":1,\"b\":5}}}", "+I({y={}, x={b=5}})"},
        {"twice, missing another", "a INT, b INT NOT NULL", "{\"a\":1,\"a\":2}", "!field b: is missing"},
        {"an escaped key", "ab INT", "{\"\\u0061b\":1}", "+I(1)"},
        {"a key of many bytes", "a_key_that_is_longer_than_what_a_shape_can_learn_by_heart INT",
         "{\"a_key_that_is_longer_than_what_a_shape_can_learn_by_heart\":1}", "+I(1)"},
    };

    test_read_cases("json", cases, COUNT_OF(cases), NULL);
}

static void test_large_map(UNUSED void **state)
{
    struct test_decoder t;
    struct bytes json = {0}, text = {0};
    const char *got;

    test_decoder_open(&t, "json", "m MAP<STRING, INT>", NULL);
    bytes_text(&json, "{\"m\":{");
    for (int i = 0; i < 1000; i++)
        bytes_printf(&json, "%s\"key number %d\":%d", i ? "," : "", i, i);
    bytes_text(&json, "}}");
    got = test_decode_one(t.decoder, bytes_all(&json), &text);
    assert_non_null(strstr(got, "key number 999=999"));
    json.len -= 2;
    bytes_text(&json, ",\"key number 7\":-7}}");
    got = test_decode_one(t.decoder, bytes_all(&json), &text);
    assert_non_null(strstr(got, "key number 999=999, key number 7=-7}"));
    assert_null(strstr(got, "key number 7=7"));
    test_decoder_close(&t);
    bytes_fini(&json);
    bytes_fini(&text);
}

/* The shape learns the order of keys; every order must be read all the same. */
static void test_shapes(UNUSED void **state)
{
    static const char *const keys[] = {"a", "b", "ab", "unknown", "a_rather_long_name", "u2"};
    struct test_decoder t;
    struct bytes json = {0}, want = {0}, text = {0};
    uint64_t seed = 1;

    test_decoder_open(&t, "json", "a INT, b INT, ab INT, a_rather_long_name INT", NULL);
    for (int round = 0; round < 3000; round++) {
        int values[6] = {-1, -1, -1, -1, -1, -1}, written = 0;
        bool stable = round / 200 % 2;

        bytes_clear(&json);
        bytes_clear(&want);
        bytes_text(&json, "{");
        for (int i = 0; i < 6; i++) {
            uint64_t r = test_random(&seed);
            int key = stable ? 5 - i : (int)(r % 6);

            if (values[key] >= 0 || (!stable && r % 7 == 0))
                continue;
            values[key] = (int)(r >> 40 & 255);
            bytes_printf(&json, "%s\"%s\"%s:%d", written++ ? "," : "", keys[key], r % 11 ? "" : " ",
                         values[key]);
        }
        bytes_text(&json, "}");
        for (int i = 0; i < 6; i++)
            if (i != 3 && i != 5)
                bytes_printf(&want, values[i] < 0 ? "%sNULL" : "%s%d", i ? ", " : "+I(", values[i]);
        bytes_text(&want, ")\n");
        assert_string_equal(test_decode_one(t.decoder, bytes_all(&json), &text), bytes_cstr(&want));
    }
    test_decoder_close(&t);
    bytes_fini(&json);
    bytes_fini(&want);
    bytes_fini(&text);
}

static void test_times(UNUSED void **state)
{
    static const struct test_read_case sql[] = {
        {"date", "d DATE", "{\"d\":\"2024-02-29\"}", "+I(2024-02-29)"},
        {"no such day", "d DATE", "{\"d\":\"2023-02-29\"}", "!field d: there is no such day: 2023-02-29"},
        {"no date", "d DATE", "{\"d\":\"23-02-29\"}",
         "!field d: the text is no date like 2025-11-01: 23-02-29"},
        {"more behind", "d DATE", "{\"d\":\"2023-02-28T\"}", "!field d: there is more behind the date"},
        {"a number", "d DATE", "{\"d\":5}", "!field d: a number does not fit DATE"},
        {"timestamp", "t TIMESTAMP(6)", "{\"t\":\"2025-11-01 08:30:00.123456\"}",
         "+I(2025-11-01T08:30:00.123456)"},
        {"precision is cut", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30:00.123956\"}",
         "+I(2025-11-01T08:30:00.123000)"},
        {"before 1970", "t TIMESTAMP(3)", "{\"t\":\"1969-12-31 23:59:59.999\"}",
         "+I(1969-12-31T23:59:59.999000)"},
        {"instant", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01 08:30:00Z\"}", "+I(2025-11-01T08:30:00Z)"},
        {"instant elsewhere", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01 08:30:00+09:00\"}",
         "+I(2025-10-31T23:30:00Z)"},
        {"instant without zone", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01 08:30:00\"}",
         "!field t: the text has no time zone"},
        {"timestamp with zone", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30:00Z\"}",
         "!field t: the text has a time zone, which"},
        {"ISO where SQL is set", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01T08:30:00\"}",
         "!field t: a blank is wanted between date and time; for ISO"},
        {"no seconds", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30\"}",
         "!field t: the text has no time like 08:30:00"},
        {"25 h", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 25:30:00\"}",
         "!field t: there is no such time of the day"},
        {"ten digits", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30:00.1234567890\"}",
         "!field t: a second has one to nine digits"},
        {"no digits", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30:00.\"}",
         "!field t: a second has one to nine digits"},
        {"year 1, nanoseconds", "t TIMESTAMP(9)", "{\"t\":\"0001-01-01 00:00:00\"}",
         "!field t: the timestamp is outside"},
        {"no time", "t TIME(3)", "{\"t\":\"8:30\"}", "!field t: the text has no time"},
    };
    static const struct test_read_case iso[] = {
        {"timestamp", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01T08:30:00.5\"}",
         "+I(2025-11-01T08:30:00.500000)"},
        {"no seconds", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01T08:30\"}", "+I(2025-11-01T08:30:00)"},
        {"instant", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01T08:30:00.123Z\"}",
         "+I(2025-11-01T08:30:00.123000Z)"},
        {"instant elsewhere", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01T08:30:00-0130\"}",
         "+I(2025-11-01T10:00:00Z)"},
        {"a zone of hours", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01T08:30:00-01\"}",
         "+I(2025-11-01T09:30:00Z)"},
        {"a wrong zone", "t TIMESTAMP_LTZ(3)", "{\"t\":\"2025-11-01T08:30:00+1:00\"}",
         "!field t: the time zone is wrong"},
        {"SQL where ISO is set", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01 08:30:00\"}",
         "!field t: a T is wanted"},
        {"a zone for a TIMESTAMP", "t TIMESTAMP(3)", "{\"t\":\"2025-11-01T08:30:00Z\"}",
         "!field t: the text has a time zone"},
    };
    static const char *const options[] = {"timestamp-format.standard", "ISO-8601", NULL};

    test_read_cases("json", sql, COUNT_OF(sql), NULL);
    test_read_cases("json", iso, COUNT_OF(iso), options);
}

static void test_options(UNUSED void **state)
{
    static const char *const missing[] = {"fail-on-missing-field", "true", NULL};
    static const char *const both[] = {"fail-on-missing-field", "true", "ignore-parse-errors", "true", NULL};
    static const char *const typo[] = {"fail-on-missing-fields", "true", NULL}, *const maybe[] = {
                                                                                    "fail-on-missing-field",
                                                                                    "maybe", NULL};
    static const char *const standard[] = {"timestamp-format.standard", "RFC", NULL};
    static const struct test_read_case cases[] = {{"missing", "a INT", "{}", "!field a: is missing"},
                                                  {"null", "a INT", "{\"a\":null}", "+I(NULL)"}};

    test_read_cases("json", cases, COUNT_OF(cases), missing);
    test_refused("json", "a INT", both, ERR_CONFIG,
                 "options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true");
    test_refused("json", "a INT", typo, ERR_CONFIG,
                 "format 'json' has no option 'json.fail-on-missing-fields'; did you mean "
                 "'json.fail-on-missing-field'? Its options are: fail-on");
    test_refused("json", "a INT", maybe, ERR_CONFIG,
                 "option 'json.fail-on-missing-field' is 'maybe'; it must be");
    test_refused("json", "a INT", standard, ERR_CONFIG, "option 'json.timestamp-format.standard' is 'RFC'");
    test_refused("json", "a ROW<m MAP<INT, INT>>", NULL, ERR_CONFIG,
                 "field a: field m: the keys of a JSON object are texts");
}

/* What does not fit is NULL where it may be; what is no JSON, or cannot be NULL, makes no row. */
static void test_ignore(UNUSED void **state)
{
    static const char *const ignore[] = {"ignore-parse-errors", "true", NULL};
    static const struct test_read_case cases[] = {
        {"a scalar", "a INT, b STRING", "{\"a\":\"x\",\"b\":\"y\"}", "+I(NULL, y)"},
        {"in an array", "a ARRAY<INT>", "{\"a\":[1,\"x\",3]}", "+I([1, NULL, 3])"},
        {"in a map of rows", "a MAP<STRING, ROW<x INT>>", "{\"a\":{\"k\":{\"x\":[]},\"l\":7}}",
         "+I({k=(NULL), l=NULL})"},
        {"of another kind", "a ROW<x INT>, b ARRAY<INT>, c INT", "{\"a\":[{\"x\":1}],\"b\":{},\"c\":1}",
         "+I(NULL, NULL, 1)"},
        {"a key twice", "a INT, b INT", "{\"a\":\"x\",\"b\":2,\"a\":1}", "+I(1, 2)"},
    };
    static const char *const left_out[] = {"{\"a\":1", "no JSON", "[]", "{\"a\":\"x\\q\"}", "{\"a\":truth}"};
    struct test_decoder t;
    struct bytes text = {0};

    test_read_cases("json", cases, COUNT_OF(cases), ignore);
    test_decoder_open(&t, "json", "a INT", ignore);
    for (size_t i = 0; i < COUNT_OF(left_out); i++)
        assert_string_equal(test_decode_one(t.decoder, slice_text(left_out[i]), &text), "");
    test_decoder_close(&t);
    test_decoder_open(&t, "json", "a INT NOT NULL", ignore);
    assert_string_equal(test_decode_one(t.decoder, SLICE("{\"a\":\"x\"}"), &text), "");
    test_decoder_close(&t);
    bytes_fini(&text);
}

/* --- RFC 8259 --- */

/* Each is tried as the value of a field that is wanted as text, and of one that nobody wants. */
static void test_grammar(UNUSED void **state)
{
    static const struct {
        const char *json;
        bool good;
    } cases[] = {
        {"0", true},
        {"-0", true},
        {"-0.0e-0", true},
        {"1E+2", true},
        {"0.5", true},
        {"123e65", true},
        {"[]", true},
        {"[ ]", true},
        {"{}", true},
        {"{ }", true},
        {"[1,2]", true},
        {"[null, true,false]", true},
        {"{\"a\":{\"b\":[]}}", true},
        {"\"\"", true},
        {"\"\\u0000\"", true},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", true},
        {"\"\\ud83d\\ude00\"", true},
        {"\"\x7f\"", true},
        {"\"\xf0\x9f\x98\x80\"", true},
        {"\"a\xc3\xa9 b, and more than sixteen bytes\"", true},
        {"{\"a\":1,\"a\":2}", true},
        {"{\"\":0}", true},
        {"", false},
        {"01", false},
        {"-", false},
        {"+1", false},
        {"1.", false},
        {".5", false},
        {"1.e3", false},
        {"1e", false},
        {"1e+", false},
        {"0x1", false},
        {"1 2", false},
        {"-01", false},
        {"NaN", false},
        {"Infinity", false},
        {"-Infinity", false},
        {"[", false},
        {"]", false},
        {"[1", false},
        {"[1,", false},
        {"[1,]", false},
        {"[,1]", false},
        {"[1 2]", false},
        {"[1}", false},
        {"{", false},
        {"{]", false},
        {"{\"a\"", false},
        {"{\"a\":", false},
        {"{\"a\":1", false},
        {"{\"a\":1,}", false},
        {"{a:1}", false},
        {"{\"a\" 1}", false},
        {"{1:1}", false},
        {"{'a':1}", false},
        {"{\"a\":1 \"b\":2}", false},
        {"{,}", false},
        {"{\"a\":}", false},
        {"tru", false},
        {"True", false},
        {"nul", false},
        {"nulll", false},
        {"\"", false},
        {"\"a", false},
        {"\"\\\"", false},
        {"\"\\x\"", false},
        {"\"\\u12\"", false},
        {"\"\\u12g4\"", false},
        {"\"\\ud800\"", false},
        {"\"\\ud800\\u0041\"", false},
        {"\"\\udc00\"", false},
        {"\"\\ud800x\\udc00\"", false},
        {"\"\x1f\"", false},
        {"\"\n\"", false},
        {"\"\t\"", false},
        {"\"\xff\"", false},
        {"\"\xc0\x80\"", false},
        {"\"\xed\xa0\x80\"", false},
        {"\"sixteen bytes and then \xf5\"", false},
        {"'a'", false},
        {"/**/1", false},
        {"1//", false},
        {"\x01", false},
    };
    struct test_decoder t;
    struct bytes json = {0}, text = {0};

    test_decoder_open(&t, "json", "a STRING", NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int wanted = 0; wanted < 2; wanted++) {
            bytes_clear(&json);
            bytes_printf(&json, "{\"%s\":%s}", wanted ? "a" : "b", cases[i].json);
            if ((*test_decode_one(t.decoder, bytes_all(&json), &text) == '+') != cases[i].good)
                fail_msg("%s: got %s", json.ptr, text.ptr);
        }
    test_decoder_close(&t);
    bytes_fini(&json);
    bytes_fini(&text);
}

static void test_documents(UNUSED void **state)
{
    static const struct test_read_case cases[] = {
        {"an array", "a INT", "[1]", "!an object is wanted, at byte 0"},
        {"a number", "a INT", "1", "!an object is wanted, at byte 0"},
        {"blanks", "a INT", "  ", "!an object is wanted, at byte 2"},
        {"two", "a INT", "{} {}", "!there is more behind the object, at byte 3"},
        {"a brace more", "a INT", "{}}", "!there is more behind the object, at byte 2"},
        {"a byte order mark", "a INT", "\xef\xbb\xbf{\"a\":1}", "+I(1)"},
        {"half a mark", "a INT", "\xef\xbb{\"a\":1}", "!an object is wanted"},
        {"escapes", "a STRING", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t \\u00e9\\u20AC\\ud83d\\ude00\"}",
         "+I(\"\\/\b\f\n\r\t \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80)"},
        {"half a pair", "a STRING", "{\"a\":\"\\ud83d \"}", "!field a: half of a surrogate pair is missing"},
        {"a bad escape in a key", "a STRING", "{\"\\q\":1}", "!there is no such escape"},
    };
    static const struct slice nul = {"{\"a\":\"x\\u0000y\"}", 16};
    struct test_decoder t;
    struct bytes text = {0};

    test_read_cases("json", cases, COUNT_OF(cases), NULL);
    test_decoder_open(&t, "json", "a STRING", NULL);
    test_decode_one(t.decoder, nul, &text);
    assert_memory_equal(text.ptr, "+I(x\0y)\n", 8);
    test_decoder_close(&t);
    bytes_fini(&text);
}

static void test_depth(UNUSED void **state)
{
    struct test_decoder t;
    struct bytes json = {0}, text = {0};

    test_decoder_open(&t, "json", "a INT, s STRING", NULL);
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        bytes_clear(&json);
        bytes_text(&json, "{\"x\":");
        for (int i = 0; i < depth; i++)
            bytes_text(&json, i % 2 ? "[" : "{\"k\":");
        bytes_text(&json, "1");
        for (int i = depth; i-- > 0;)
            bytes_text(&json, i % 2 ? "]" : "}");
        bytes_text(&json, ",\"a\":1}");
        test_decode_one(t.decoder, bytes_all(&json), &text);
        assert_string_equal(text.ptr, depth == JSON_DEPTH_MAX
                                          ? "+I(1, NULL)\n"
                                          : "!deserialization: values are nested too deep\n");
    }
    bytes_clear(&json);
    bytes_text(&json, "{\"s\":");
    for (int i = 0; i < 1000000; i++)
        bytes_text(&json, "[");
    test_decode_one(t.decoder, bytes_all(&json), &text);
    assert_string_equal(text.ptr, "!deserialization: field s: values are nested too deep\n");
    test_decoder_close(&t);
    bytes_fini(&json);
    bytes_fini(&text);
}

#define HEALTH_COLUMNS                                                                                       \
    "`deviceId` STRING NOT NULL, `timestamp` TIMESTAMP_LTZ(3), samples ARRAY<ROW<id STRING NOT NULL, value " \
    "DOUBLE, "                                                                                               \
    "metadata MAP<STRING, STRING>, `isSynced` BOOLEAN>> NOT NULL, price DECIMAL(10, 2), raw BYTES"
#define HEALTH_JSON                                                                                          \
    "{\"deviceId\":\"device-0001 of the "                                                                    \
    "first\",\"timestamp\":\"2025-11-01T00:00:00.123Z\",\"x\":[1,{\"y\":\"\\u00e9\"}],\"samples\":[{\"id\":" \
    "\"\\ud83d\\ude00 and \\n "                                                                              \
    "text\",\"value\":61.5,\"metadata\":{\"device\":\"watch\",\"k\":\"v\",\"k\":\"w\"},\"isSynced\":true},"  \
    "{\"id\":\"b\",\"value\":-1.2345678901234567890123e-5}],\"price\":12.345,\"raw\":\"AQID\"}"

/* No prefix is an object; nothing does harm. The payload lies in memory of its own, so that reading past it
 * is seen. */
static void test_truncated_and_flipped(UNUSED void **state)
{
    static const char *const options[] = {"timestamp-format.standard", "ISO-8601", NULL};
    struct slice json = SLICE(HEALTH_JSON);
    struct test_decoder t;
    struct bytes text = {0};

    test_decoder_open(&t, "json", HEALTH_COLUMNS, options);
    test_decode_one(t.decoder, json, &text);
    assert_int_equal(*text.ptr, '+');
    for (size_t len = 1; len < json.len; len++) {
        test_decode_one(t.decoder, slice_of(json.ptr, len), &text);
        assert_int_equal(*text.ptr, '!');
    }
    for (size_t at = 0; at < json.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            char *copy = mem_strndup(json.ptr, json.len);

            copy[at] = (char)(copy[at] ^ 1 << bit);
            test_decode_one(t.decoder, slice_of(copy, json.len), &text);
            mem_free(copy);
        }
    test_decoder_close(&t);
    bytes_fini(&text);
}

/* Our doubles are those of the C library, bit for bit. */
static void test_doubles(UNUSED void **state)
{
    uint64_t seed = 11;

    for (int i = 0; i < 200000; i++) {
        char text[64];
        const char *at = text;
        struct json_number n;
        double got, want, raw;
        float got_f, want_f;
        uint64_t bits = test_random(&seed);

        memcpy(&raw, &bits, sizeof raw);
        if (i % 3 == 0)
            snprintf(text, sizeof text, "%" PRIu64 ".%u", bits >> (bits & 63),
                     (unsigned)(test_random(&seed) % 1000000));
        else if (i % 3 == 1)
            snprintf(text, sizeof text, "%" PRIu64 "e%d", bits >> (bits & 63),
                     (int)(test_random(&seed) % 60) - 30);
        else if (raw - raw == 0)
            snprintf(text, sizeof text, "%.17g", raw);
        else
            continue;
        assert_null(json_scan_number(&at, text + strlen(text), &n));
        want = strtod(text, NULL);
        want_f = strtof(text, NULL);
        assert_null(json_number_double(&n, &got));
        assert_memory_equal(&got, &want, sizeof got);
        if (json_number_float(&n, &got_f) == NULL)
            assert_memory_equal(&got_f, &want_f, sizeof got_f);
    }
}

static void test_many_digits(UNUSED void **state)
{
    struct test_decoder t;
    struct bytes json = {0}, text = {0};

    test_decoder_open(&t, "json", "d DOUBLE, i BIGINT, c DECIMAL(10, 5)", NULL);
    bytes_text(&json, "{\"d\":1");
    for (int i = 0; i < 300; i++)
        bytes_text(&json, "0");
    bytes_text(&json, ".5e-300,\"i\":0.");
    for (int i = 0; i < 2000; i++)
        bytes_text(&json, "0");
    bytes_text(&json, "7e2001,\"c\":0.");
    for (int i = 0; i < 2000; i++)
        bytes_text(&json, "3");
    bytes_text(&json, "}");
    assert_string_equal(test_decode_one(t.decoder, bytes_all(&json), &text), "+I(1, 7, 0.33333)\n");
    test_decoder_close(&t);
    bytes_fini(&json);
    bytes_fini(&text);
}

static void test_no_memory(UNUSED void **state)
{
    static const char *const options[] = {"timestamp-format.standard", "ISO-8601", NULL};
    struct slice payloads[80];
    struct batch *raw;
    int done = 0;

    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        payloads[i] = i % 9 ? SLICE(HEALTH_JSON) : SLICE("{\"deviceId\":1");
    raw = test_raw_batch(payloads, COUNT_OF(payloads));
    for (uint64_t n = 1; done < 2; n++) {
        struct test_decoder t;
        struct batch *rows = NULL, *errors = NULL;
        struct error e;
        enum err rc;

        test_spec(&t, HEALTH_COLUMNS, options);
        mem_fail_at(n, false);
        rc = format_find("json")->decoder_new(&t.spec, &t.decoder, &e);
        if (rc == OK)
            rc = decoder_decode(t.decoder, raw, &rows, &errors, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        done = rc == OK ? done + 1 : 0;
        if (rc != OK && t.decoder)
            ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e); /* the next try gets all */
        if (t.decoder) {
            assert_int_equal(rows->row_count, 71);
            assert_int_equal(errors->row_count, 9);
        }
        batch_unref(rows);
        batch_unref(errors);
        test_decoder_close(&t);
    }
    batch_unref(raw);
}

TEST_MAIN(cmocka_unit_test(test_values), cmocka_unit_test(test_fields), cmocka_unit_test(test_large_map),
          cmocka_unit_test(test_shapes), cmocka_unit_test(test_times), cmocka_unit_test(test_options),
          cmocka_unit_test(test_ignore), cmocka_unit_test(test_grammar), cmocka_unit_test(test_documents),
          cmocka_unit_test(test_depth), cmocka_unit_test(test_truncated_and_flipped),
          cmocka_unit_test(test_doubles), cmocka_unit_test(test_many_digits),
          cmocka_unit_test(test_no_memory))
