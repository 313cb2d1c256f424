/* csv_test.c: format "csv": what is read and refused, and the exact lines that are written, which are those that
 * Flink 1.20.1 writes.
 */
#include "formats/test_encoders.h"

#define ALL                                                                                                  \
    "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(38, 10), "              \
    "i DECIMAL(5, 0), j DATE, k TIME(3), l TIMESTAMP(0), m TIMESTAMP(6), n TIMESTAMP(9), "                   \
    "o TIMESTAMP_LTZ(3), p STRING, q BYTES, r BINARY(3), s UUID"

/* --- reading --- */

static void test_read(UNUSED void **state)
{
    static const struct test_read_case cases[] = {
        {"plain", "a INT, b STRING, c DOUBLE", "1,text,1.5", "+I(1, text, 1.5)"},
        {"a long line", "a STRING, b STRING", "more than sixteen bytes of text,and more than that again",
         "+I(more than sixteen bytes of text, and more than that again)"},
        {"line ends", "a INT, b INT", "1,2\r\n", "+I(1, 2)"},
        {"a delimiter at the end", "a INT, b INT", "1,2,", "+I(1, 2)"},
        {"quoted", "a STRING, b STRING", "\"x, y\",\"say \"\"hi\"\"\"", "+I(x, y, say \"hi\")"},
        {"quoted lines", "a STRING, b INT", "\"x\ny\",1", "+I(x\ny, 1)"},
        {"blanks behind quotes", "a STRING, b INT", "\"x\" ,1", "+I(x, 1)"},
        {"a quote inside", "a STRING, b INT", "x\"y,1", "+I(x\"y, 1)"},
        {"empty texts", "a STRING, b STRING", ",\"\"", "+I(, )"},
        {"blanks stay", "a STRING", " x ", "+I( x )"},
        {"numbers as Java reads them", "a INT, b BIGINT, c DOUBLE, d DOUBLE, e DECIMAL(5, 2), f DOUBLE",
         " +007 ,-0,.5,5.,1e1,-Infinity", "+I(7, 0, 0.5, 5, 10.00, -inf)"},
        {"booleans", "a BOOLEAN, b BOOLEAN", "TRUE, false ", "+I(true, false)"},
        {"times", "a DATE, b TIME(3), c TIMESTAMP(3), d TIMESTAMP_LTZ(3)",
         "2024-02-29,08:30:00.5,2024-02-29 08:30:00.123,2024-02-29 08:30:00Z",
         "+I(2024-02-29, 30600500000, 2024-02-29T08:30:00.123000, 2024-02-29T08:30:00Z)"},
        {"bytes", "a BYTES, b BINARY(3)", "AQID,AQID", "+I(x'010203', x'010203')"},
        {"arrays", "a ARRAY<INT>, b ARRAY<STRING>", "1;2;3,x;;y", "+I([1, 2, 3], [x, , y])"},
        {"an empty array", "a ARRAY<INT>, b INT", ",1", "+I([], 1)"},
        {"rows", "a ROW<x INT, y STRING>", "1;t", "+I((1, t))"},
        {"an empty row", "a ROW<x INT, y STRING>, b INT", ",1", "+I(NULL, 1)"},
        {"quoted arrays", "a ARRAY<STRING>", "\"x \"\"y\"\";z\"", "+I([x \"y\", z])"},
        {"no number", "a INT, b INT", "1,2x", "!field b: the text is no number: 2x"},
        {"no number at all", "a INT, b INT", "1,", "!field b: the text is no number: "},
        {"too large", "a TINYINT", "128", "!field a: the number is outside what the column holds: 128"},
        {"no integer", "a INT", "1.5", "!field a: the number is no integer: 1.5"},
        {"two points", "a DOUBLE", "1.2.3", "!field a: the text is no number: 1.2.3"},
        {"no boolean", "a BOOLEAN", "yes", "!field a: the text is neither true nor false: yes"},
        {"no date", "a DATE", "29.2.2024", "!field a: the text is no date like 2025-11-01: 29.2.2024"},
        {"no base64", "a BYTES", "A*", "!field a: the text is not base64: A*"},
        {"another size", "a BINARY(2)", "AQID", "!field a: the text stands for 3 bytes, not 2"},
        {"no UTF-8", "a STRING", "\xff", "!field a: the text is not UTF-8"},
        {"in an array", "a ARRAY<INT>", "1;x", "!field a[1]: the text is no number: x"},
        {"in a row", "a ROW<x INT, y INT>", "1;x", "!field a.y: the text is no number: x"},
        {"a short row", "a ROW<x INT, y INT>", "1", "!field a: has 1 values, but the ROW has 2 fields"},
        {"too few", "a INT, b INT, c INT", "1,2", "!the row has 2 columns, but the table has 3"},
        {"too many", "a INT, b INT", "1,2,3", "!the row has more columns than the table, which has 2"},
        {"no closing quote", "a INT, b STRING", "1,\"x", "!field b: the closing quote is missing"},
        {"behind the quote", "a STRING", "\"x\"y",
         "!field a: the closing quote is not followed by a delimiter but by 'y'"},
        {"two rows", "a INT", "1\n2", "!there is more behind the row: a payload is one row"},
        {"NOT NULL", "a ROW<x INT, y INT> NOT NULL, b INT", ",1",
         "!field a: is NULL, but the column is NOT NULL"},
    };

    test_read_cases("csv", cases, COUNT_OF(cases), NULL);
}

static void test_read_options(UNUSED void **state)
{
    static const char *const other[] = {"field-delimiter",
                                        "\\t",
                                        "quote-character",
                                        "'",
                                        "array-element-delimiter",
                                        "|",
                                        "null-literal",
                                        "n/a",
                                        "escape-character",
                                        "\\",
                                        NULL};
    static const char *const bare[] = {"disable-quote-character", "true", "allow-comments", "true", NULL};
    static const char *const ignore[] = {"ignore-parse-errors", "true", "null-literal", "", NULL};
    static const struct test_read_case others[] = {
        {"delimiters", "a STRING, b ARRAY<INT>", "'x\ty'\t1|n/a|3", "+I(x\ty, [1, NULL, 3])"},
        {"null", "a STRING, b INT, c ARRAY<INT>, d ROW<x INT>", "n/a\t'n/a'\tn/a\tn/a",
         "+I(NULL, NULL, NULL, NULL)"},
        {"null for NOT NULL", "a INT NOT NULL", "n/a", "!field a: is NULL, but the column is NOT NULL"},
        {"escapes", "a STRING, b STRING, c STRING", "x\\\ty\t'a\\'b''c\\\\'\t\\n\\t.",
         "+I(x\ty, a'b'c\\, \n\t.)"},
        {"nothing escaped", "a STRING", "x\\", "!field a: nothing follows the escape character"},
        {"nothing escaped in quotes", "a STRING", "'x\\", "!field a: nothing follows the escape character"},
        {"carriage return", "a STRING, b STRING", "x\ty\r\n", "+I(x, y)"},
    };
    static const struct test_read_case bares[] = {
        {"quotes are text", "a STRING, b INT", "\"x\",1", "+I(\"x\", 1)"},
        {"a comment", "a INT", "# 1\n", ""},
        {"behind a comment", "a INT", "#\n#x\n1\n", "+I(1)"}};
    static const struct test_read_case ignored[] = {
        {"a value", "a INT, b STRING", "x,y", "+I(NULL, y)"},
        {"in an array", "a ARRAY<INT>", "1;x", "+I([1, NULL])"},
        {"a short row", "a ROW<x INT, y INT>, b INT", "1,2", "+I(NULL, 2)"},
        {"too few", "a INT, b INT", "1", "+I(1, NULL)"},
        {"too many", "a INT", "1,2,3", ""},
        {"NOT NULL", "a INT NOT NULL, b INT", "x,1", ""},
        {"an empty text", "a STRING, b INT", ",", "+I(NULL, NULL)"},
    };

    test_read_cases("csv", others, COUNT_OF(others), other);
    test_read_cases("csv", bares, COUNT_OF(bares), bare);
    test_read_cases("csv", ignored, COUNT_OF(ignored), ignore);
}

/* Columns are told by their place, also when only some are wanted. */
static void test_places(UNUSED void **state)
{
    struct test_decoder t;
    struct arena arena = {0};
    struct bytes text = {0};
    struct error e;

    test_spec(&t, "c STRING, off BIGINT, a INT", NULL);
    t.raw[1] = RAW_OFFSET;
    t.spec.physical = test_schema(&arena, "a INT, b ARRAY<INT>, c STRING");
    ASSERT_OK(format_find("csv")->decoder_new(&t.spec, &t.decoder, &e), &e);
    assert_string_equal(test_decode_one(t.decoder, SLICE("1,nobody looks,x"), &text), "+I(x, 100, 1)\n");
    test_decoder_close(&t);
    arena_fini(&arena);
    bytes_fini(&text);
}

static void test_refuses(UNUSED void **state)
{
    static const struct {
        const char *options[5], *want;
    } cases[] = {
        {{"field-delimiter", ";;"}, "option 'csv.field-delimiter' is ';;'; it must be one ASCII character"},
        {{"field-delimiter", "\xc2\xa7"}, "option 'csv.field-delimiter'"},
        {{"field-delimiter", "\\n"}, "option 'csv.field-delimiter'"},
        {{"quote-character", "''"}, "option 'csv.quote-character' is ''''; it must be one ASCII character"},
        {{"quote-character", ","}, "options 'csv.field-delimiter', 'csv.quote-character'"},
        {{"quote-character", "'", "disable-quote-character", "true"},
         "options 'csv.quote-character' and 'csv.disable-quote-character' contradict"},
        {{"allow-comment", "true"},
         "format 'csv' has no option 'csv.allow-comment'; did you mean 'csv.allow-comments'? Its options "
         "are: "},
        {{"allow-comments", "1"}, "option 'csv.allow-comments' is '1'; it must be 'true' or 'false'"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        test_refused("csv", "a INT", cases[i].options, ERR_CONFIG, cases[i].want);
    test_refused("csv", "a MAP<STRING, INT>", NULL, ERR_UNSUPPORTED,
                 "format 'csv' has no column a of type MAP<STRING, INT>");
    test_encoder_refused("csv", "a ARRAY<ROW<x INT>>", NULL, ERR_UNSUPPORTED,
                         "format 'csv' has no column a of type");
}

/* --- writing --- */

static void test_write_texts(UNUSED void **state)
{
    static const struct {
        const char *text; /* of JSON */
        const char *plain, *escaped, *pipes, *bare;
    } cases[] = {
        {"", ",e", ",e", "|\"e\"", ",e"},
        {"plain", "plain,e", "plain,e", "\"plain\"|\"e\"", "plain,e"},
        {"has space", "\"has space\",e", "\"has space\",e", "\"has space\"|\"e\"", "has space,e"},
        {"a,b", "\"a,b\",e", "\"a,b\",e", "\"a,b\"|\"e\"", "a,b,e"},
        {"q\\\"uote", "\"q\"\"uote\",e", "\"q\"\"uote\",e", "\"q\"\"uote\"|\"e\"", "q\"uote,e"},
        {"x;y", "x;y,e", "x;y,e", "\"x;y\"|\"e\"", "x;y,e"},
        {"1234567890123456789012345", "\"1234567890123456789012345\",e", "\"1234567890123456789012345\",e",
         "\"1234567890123456789012345\"|\"e\"", "1234567890123456789012345,e"},
        {"123456789012345678901234", "123456789012345678901234,e", "123456789012345678901234,e",
         "\"123456789012345678901234\"|\"e\"", "123456789012345678901234,e"},
        {"back\\\\sl\\\"ash", "\"back\\sl\"\"ash\",e", "\"back\\\\sl\"\"ash\",e", "\"back\\sl\"\"ash\"|\"e\"",
         "back\\sl\"ash,e"},
        {"back\\\\slash", "\"back\\slash\",e", "\"back\\\\slash\",e", "\"back\\slash\"|\"e\"",
         "back\\slash,e"},
        {"a+b", "\"a+b\",e", "\"a+b\",e", "\"a+b\"|\"e\"", "a+b,e"},
        {"a-b", "a-b,e", "a-b,e", "\"a-b\"|\"e\"", "a-b,e"},
        {"\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9,e", "\xc3\xa9\xc3\xa9,e", "\xc3\xa9\xc3\xa9|\"e\"",
         "\xc3\xa9\xc3\xa9,e"},
        {"z|z", "z|z,e", "z|z,e", "\"z|z\"|\"e\"", "z|z,e"},
    };
    static const char *const escape[] = {"escape-character", "\\", NULL}, *const pipe[] = {"field-delimiter",
                                                                                           "|", NULL};
    static const char *const none[] = {"disable-quote-character", "true", NULL};
    struct bytes json = {0}, text = {0}, want = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int k = 0; k < 4; k++) {
            const char *const *options[] = {NULL, escape, pipe, none};
            const char *wants[] = {cases[i].plain, cases[i].escaped, cases[i].pipes, cases[i].bare};
            struct test_encoder t;

            bytes_clear(&json);
            bytes_clear(&want);
            bytes_printf(&json, "{\"a\":\"%s\",\"b\":\"e\"}", cases[i].text);
            bytes_printf(&want, "%s\n", wants[k]);
            test_encoder_open(&t, "csv", "a STRING, b STRING", options[k]);
            assert_string_equal(test_encode_one(&t, bytes_cstr(&json), &text), bytes_cstr(&want));
            test_encoder_close(&t);
        }
    bytes_fini(&json);
    bytes_fini(&text);
    bytes_fini(&want);
}

#define VALUES                                                                                               \
    "f0 DECIMAL(20,2), f1 DECIMAL(38,10), f2 DOUBLE, f3 FLOAT, f4 BYTES, f5 BOOLEAN, f6 DATE, f7 TIME(3), "  \
    "f8 TIMESTAMP(9), f9 TIMESTAMP_LTZ(6), f10 ARRAY<STRING>, f11 ROW<x INT, y STRING>"
#define ROW_JSON                                                                                             \
    "{\"f0\":100000,\"f1\":0.000000027,\"f2\":1e10,\"f3\":0.1,\"f4\":\"AQIDBA==\",\"f5\":true,"              \
    "\"f6\":\"2024-10-04\",\"f7\":\"08:30:00.123\",\"f8\":\"2024-11-01 08:30:00.123456\","                   \
    "\"f9\":\"2024-11-01 08:30:00Z\",\"f10\":[\"a b\",null,\"c,d\"],\"f11\":{\"x\":1,\"y\":\"q\\\"r\"}}"
#define MIDDLE                                                                                               \
    "1.0E10,0.1,AQIDBA==,true,2024-10-04,08:30:00.123,\"2024-11-01 08:30:00.123456\","                       \
    "\"2024-11-01 08:30:00Z\","

static void test_write_values(UNUSED void **state)
{
    static const char *const science[] = {"write-bigdecimal-in-scientific-notation", "true", NULL},
                             *const null[] = {"null-literal", "n/a", NULL};
    static const struct {
        const char *const *options;
        const char *json, *want;
    } cases[] = {
        {NULL, ROW_JSON, "100000,0.000000027," MIDDLE "\"a b;;c,d\",\"1;q\"\"r\"\n"},
        {science, ROW_JSON, "\"1E+5\",2.7E-8," MIDDLE "\"a b;;c,d\",\"1;q\"\"r\"\n"},
        {null, ROW_JSON, "100000,0.000000027," MIDDLE "\"a b;n/a;c,d\",\"1;q\"\"r\"\n"},
        {NULL, "{}", ",,,,,,,,,,,\n"},
        {null, "{}", "n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a\n"},
        {null, "{\"f2\":\"NaN\",\"f3\":\"-Infinity\",\"f10\":[]}",
         "n/a,n/a,NaN,-Infinity,n/a,n/a,n/a,n/a,n/a,n/a,,n/a\n"},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct test_encoder t;

        test_encoder_open(&t, "csv", VALUES, cases[i].options);
        assert_string_equal(test_encode_one(&t, cases[i].json, &text), cases[i].want);
        test_encoder_close(&t);
    }
    bytes_fini(&text);
}

static void test_round_trips(UNUSED void **state)
{
    static const char *const null[] = {"null-literal", "n/a", NULL};
    static const char *const other[] = {"null-literal",
                                        "\\N",
                                        "field-delimiter",
                                        "|",
                                        "escape-character",
                                        "!",
                                        "array-element-delimiter",
                                        "/",
                                        "quote-character",
                                        "'",
                                        NULL};

    for (uint64_t seed = 1; seed < 4; seed++) {
        test_round_trip("csv", ALL, null, 200, seed);
        test_round_trip("csv", ALL, other, 200, seed);
        test_round_trip("csv",
                        "t ARRAY<INT NOT NULL>, v ROW<x INT NOT NULL, y STRING NOT NULL>, w STRING NOT NULL",
                        null, 200, seed);
    }
}

TEST_MAIN(cmocka_unit_test(test_read), cmocka_unit_test(test_read_options), cmocka_unit_test(test_places),
          cmocka_unit_test(test_refuses), cmocka_unit_test(test_write_texts),
          cmocka_unit_test(test_write_values), cmocka_unit_test(test_round_trips))
