/* cast_test.c: each cell of the cast matrix with good and bad values; what Flink 1.20 gives for them. */
#include "expr/test_expr.h"

struct cast_case {
    const char *from, *text, *to, *want; /* want: "none": there is no such cast */
};

static const struct cast_case cases[] = {
    /* text to booleans and numbers */
    {"CHAR", "yes", "BOOLEAN", "TRUE"},
    {"CHAR", "T", "BOOLEAN", "TRUE"},
    {"CHAR", "0", "BOOLEAN", "FALSE"},
    {"CHAR", "on", "BOOLEAN", "error: 'on' does not cast to BOOLEAN"},
    {"CHAR", " true", "BOOLEAN", "error"},
    {"CHAR", " 12 ", "INT", "12"},
    {"CHAR", "12.7", "INT", "12"},
    {"CHAR", "+7", "TINYINT", "7"},
    {"CHAR", "128", "TINYINT", "error: beyond the range"},
    {"CHAR", "-128", "TINYINT", "-128"},
    {"CHAR", "32768", "SMALLINT", "error"},
    {"CHAR", "2147483648", "INT", "error"},
    {"CHAR", "-9223372036854775808", "BIGINT", "-9223372036854775808"},
    {"CHAR", "9223372036854775808", "BIGINT", "error"},
    {"CHAR", "1e3", "INT", "error: not an integer"},
    {"CHAR", "", "INT", "error"},
    {"CHAR", "-", "INT", "error"},
    {"CHAR", "1e3", "DOUBLE", "1000.0"},
    {"CHAR", " 1.5 ", "DOUBLE", "1.5"},
    {"CHAR", "Infinity", "DOUBLE", "Infinity"},
    {"CHAR", "-NaN", "DOUBLE", "NaN"},
    {"CHAR", "nan", "DOUBLE", "error"},
    {"CHAR", "1.5f", "FLOAT", "1.5"},
    {"CHAR", "0x1p3", "DOUBLE", "8.0"},
    {"CHAR", "12.345", "DECIMAL(5, 2)", "12.35"},
    {"CHAR", "-12.345", "DECIMAL(5, 2)", "-12.35"},
    {"CHAR", "123456", "DECIMAL(5, 2)", "error: more digits"},
    {"CHAR", "1.5e2", "DECIMAL(5, 2)", "150.00"},
    {"CHAR", "abc", "DECIMAL(5, 2)", "error"},
    /* dates and times */
    {"CHAR", "2020-1-2", "DATE", "2020-01-02"},
    {"CHAR", "2020-01-02 10:11:12", "DATE", "2020-01-02"},
    {"CHAR", "2020", "DATE", "2020-01-01"},
    {"CHAR", "2020-02", "DATE", "2020-02-01"},
    {"CHAR", "2020-02-30", "DATE", "error: no such day"},
    {"CHAR", "20200202", "DATE", "error"},
    {"CHAR", "10:11:12", "TIME(0)", "10:11:12"},
    {"CHAR", "10", "TIME(0)", "10:00:00"},
    {"CHAR", " 2020-01-02 ", "DATE", "2020-01-02"},
    {"CHAR", "10:11", "TIME(0)", "10:11:00"},
    {"CHAR", "1:2:3", "TIME(0)", "01:02:03"},
    {"CHAR", "10:11:12.3456", "TIME(3)", "10:11:12.346"},
    {"CHAR", "x", "TIME(0)", "error"},
    {"CHAR", "2020-01-02 10:11:12.123456789", "TIMESTAMP(9)", "2020-01-02 10:11:12.123456789"},
    {"CHAR", "2020-01-02 10:11:12.123456789", "TIMESTAMP(7)", "2020-01-02 10:11:12.1234567"},
    {"CHAR", "2020-01-02 10:11:12.123456789", "TIMESTAMP(3)", "2020-01-02 10:11:12.123"},
    {"CHAR", "2020-01-02", "TIMESTAMP(3)", "2020-01-02 00:00:00.000"},
    {"CHAR", "2020-01-02 1:2:3", "TIMESTAMP(0)", "2020-01-02 01:02:03"},
    {"CHAR", "2020-02-30 00:00:00", "TIMESTAMP(0)", "2020-02-29 00:00:00"},
    {"CHAR", "2020-01-02T10:11:12", "TIMESTAMP(3)", "error"},
    {"CHAR", "2020-01-02 10:11", "TIMESTAMP(3)", "error"},
    {"CHAR", "2020-01-02 10:11:12Z", "TIMESTAMP(3)", "error"},
    {"CHAR", "3000-01-01 00:00:00", "TIMESTAMP(9)", "error: 1678 to 2262"},
    {"CHAR", "2020-07-02 10:11:12", "TIMESTAMP_LTZ(3)", "2020-07-02 10:11:12.000"},
    {"DATE", "2020-01-02", "TIMESTAMP(3)", "2020-01-02 00:00:00.000"},
    {"DATE", "2020-07-02", "TIMESTAMP_LTZ(3)", "2020-07-02 00:00:00.000"},
    {"DATE", "2020-01-02", "INT", "none"},
    {"INT", "1", "DATE", "none"},
    {"TIME(0)", "10:11:12", "TIMESTAMP(3)", "1970-01-01 10:11:12.000"},
    {"TIMESTAMP(3)", "2020-01-02 10:11:12.987", "DATE", "2020-01-02"},
    {"TIMESTAMP(3)", "1969-12-31 23:59:59.999", "DATE", "1969-12-31"},
    {"TIMESTAMP(3)", "2020-01-02 10:11:12.987", "TIME(0)", "10:11:12"},
    {"TIMESTAMP(3)", "2020-01-02 10:11:12.987", "TIME(3)", "10:11:12.987"},
    {"TIMESTAMP(6)", "2020-01-02 10:11:12.987654", "TIMESTAMP(3)", "2020-01-02 10:11:12.987"},
    {"TIMESTAMP(9)", "2020-01-02 10:11:12.987654321", "TIMESTAMP(6)", "2020-01-02 10:11:12.987654"},
    {"TIMESTAMP(3)", "2020-07-02 10:11:12", "TIMESTAMP_LTZ(3)", "2020-07-02 10:11:12.000"},
    {"TIMESTAMP(3)", "2020-01-02 10:11:12", "BIGINT", "none"},
    {"BIGINT", "1", "TIMESTAMP(3)", "none"},
    /* to text */
    {"BOOLEAN", "true", "STRING", "TRUE"},
    {"INT", "-5", "STRING", "-5"},
    {"DOUBLE", "1e10", "STRING", "1.0E10"},
    {"DOUBLE", "0.001", "STRING", "0.001"},
    {"DOUBLE", "1234567.8", "STRING", "1234567.8"},
    {"FLOAT", "1", "STRING", "1.0"},
    {"DECIMAL(5, 2)", "1.5", "STRING", "1.50"},
    {"DECIMAL(38, 38)", "-0.5", "STRING", "-0.50000000000000000000000000000000000000"},
    {"DATE", "2020-01-02", "STRING", "2020-01-02"},
    {"TIMESTAMP(6)", "2020-01-02 10:11:12", "STRING", "2020-01-02 10:11:12.000000"},
    {"TIMESTAMP(0)", "2020-01-02 10:11:12", "STRING", "2020-01-02 10:11:12"},
    {"INT", "12345", "VARCHAR(3)", "123"},
    {"INT", "12345", "CHAR(8)", "12345   "},
    {"CHAR", "abc", "CHAR(5)", "abc  "},
    {"CHAR", "abcdef", "CHAR(3)", "abc"},
    {"CHAR", "\xc3\xa4\xc3\xb6\xc3\xbc", "VARCHAR(2)", "\xc3\xa4\xc3\xb6"},
    {"CHAR", "abc", "VARBINARY(2)", "ab"},
    {"BYTES", "a\xff\xc3\xa4", "STRING", "a\xef\xbf\xbd\xc3\xa4"},
    {"BYTES", "\xed\xa0\x80", "STRING", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    /* numbers among each other */
    {"INT", "300", "TINYINT", "44"},
    {"INT", "65536", "SMALLINT", "0"},
    {"BIGINT", "9223372036854775807", "DOUBLE", "9.223372036854776E18"},
    {"DOUBLE", "1e20", "INT", "2147483647"},
    {"DOUBLE", "-1.9", "INT", "-1"},
    {"DOUBLE", "NaN", "BIGINT", "0"},
    {"DOUBLE", "300.7", "TINYINT", "44"},
    {"DOUBLE", "1e300", "BIGINT", "9223372036854775807"},
    {"DECIMAL(12, 1)", "12345678901.5", "INT", "-539222987"},
    {"DECIMAL(5, 1)", "-1.9", "INT", "-1"},
    {"DECIMAL(10, 3)", "123.456", "DOUBLE", "123.456"},
    {"INT", "123456", "DECIMAL(5, 2)", "NULL"},
    {"DECIMAL(8, 4)", "1234.5678", "DECIMAL(5, 2)", "NULL"},
    {"DECIMAL(8, 4)", "123.4567", "DECIMAL(5, 2)", "123.46"},
    {"DOUBLE", "1.005", "DECIMAL(5, 2)", "1.01"},
    {"BOOLEAN", "true", "INT", "1"},
    {"BOOLEAN", "false", "DOUBLE", "0.0"},
    {"BOOLEAN", "true", "DECIMAL(5, 2)", "1.00"},
    {"INT", "5", "BOOLEAN", "TRUE"},
    {"DOUBLE", "0.5", "BOOLEAN", "TRUE"},
    {"DECIMAL(5, 2)", "0", "BOOLEAN", "FALSE"},
    {"BYTES", "1", "INT", "none"},
    {"CHAR", "[1]", "ARRAY<INT>", "none"},
};

static struct expr_session session(const char *zone)
{
    struct expr_session s = {0};
    struct error e;

    ASSERT_OK(zone_find(slice_text(zone), &s.zone, &e), &e);
    return s;
}

static const char *cast_text(struct arena *a, const struct cast_case *c, bool try_cast,
                             const struct expr_session *s)
{
    const struct expr *x = test_value(a, c->from, c->text);
    struct error e;

    if (expr_cast(a, x, test_type(a, c->to), try_cast, (struct place){3, 8}, &x, &e) != OK)
        return "none";
    return test_text(a, x, s);
}

static void test_matrix(UNUSED void **state)
{
    struct expr_session s = session("Europe/Berlin");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = {0};
        const char *got = cast_text(&a, &cases[i], false, &s);

        if (!test_matches(got, cases[i].want))
            fail_msg("%s '%s' to %s: got %s, want %s", cases[i].from, cases[i].text, cases[i].to, got,
                     cases[i].want);
        arena_fini(&a);
    }
}

static void test_try(UNUSED void **state)
{
    struct expr_session s = session("UTC");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool fails = strncmp(cases[i].want, "error", 5) == 0;
        struct arena a = {0};

        if (fails)
            assert_string_equal(cast_text(&a, &cases[i], true, &s), "NULL");
        arena_fini(&a);
    }
}

static void test_place(UNUSED void **state)
{
    struct cast_case c = {"CHAR", "abc", "INT", NULL};
    struct arena a = {0};

    assert_string_equal(
        cast_text(&a, &c, false, NULL),
        "error: line 3, column 8: 'abc' does not cast to INT: is not an integer; TRY_CAST gives "
        "NULL instead");
    arena_fini(&a);
}

static void test_zone(UNUSED void **state)
{
    struct cast_case c = {"TIMESTAMP(3)", "2020-07-02 10:00:00", "TIMESTAMP_LTZ(3)", NULL};
    struct expr_session berlin = session("Europe/Berlin");
    const struct expr *x, *back;
    struct arena a = {0};
    struct error e;

    x = test_value(&a, c.from, c.text);
    ASSERT_OK(expr_cast(&a, x, test_type(&a, c.to), false, (struct place){0}, &x, &e), &e);
    ASSERT_OK(program_constant(&a, x, &berlin, &x, &e), &e);
    assert_int_equal(x->literal->i64[0], INT64_C(1593676800000000)); /* 08:00 UTC */
    ASSERT_OK(expr_cast(&a, x, test_type(&a, "TIMESTAMP(0)"), false, (struct place){0}, &back, &e), &e);
    assert_string_equal(test_text(&a, back, NULL), "2020-07-02 08:00:00");
    arena_fini(&a);
}

static void test_implicit(UNUSED void **state)
{
    static const struct {
        const char *from, *to;
        bool want;
    } pairs[] = {
        {"INT", "BIGINT", true},
        {"BIGINT", "INT", false},
        {"INT", "DECIMAL(5, 2)", true},
        {"DECIMAL(5, 2)", "FLOAT", true},
        {"DOUBLE", "FLOAT", false},
        {"DOUBLE", "DECIMAL(5, 2)", true},
        {"STRING", "INT", false},
        {"INT", "STRING", false},
        {"CHAR(3)", "STRING", true},
        {"STRING", "CHAR(3)", false},
        {"STRING", "VARCHAR(3)", true},
        {"TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", true},
        {"TIMESTAMP(3)", "DATE", true},
        {"DATE", "TIMESTAMP(3)", false},
        {"BINARY(3)", "BYTES", true},
        {"ARRAY<INT>", "ARRAY<BIGINT>", true},
        {"ROW<a INT>", "ROW<b STRING>", false},
        {"MAP<STRING, INT>", "MAP<STRING, DOUBLE>", true},
        {"BOOLEAN", "INT", false},
    };

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct arena a = {0};

        if (cast_is_implicit(test_type(&a, pairs[i].from), test_type(&a, pairs[i].to)) != pairs[i].want)
            fail_msg("%s to %s", pairs[i].from, pairs[i].to);
        arena_fini(&a);
    }
}

static void test_common(UNUSED void **state)
{
    static const char *const cells[][3] = {
        {"INT", "BIGINT", "BIGINT"},
        {"INT", "DECIMAL(5, 2)", "DECIMAL(12, 2)"},
        {"DECIMAL(38, 10)", "DECIMAL(38, 2)", "DECIMAL(38, 2)"},
        {"BIGINT", "FLOAT", "FLOAT"},
        {"DECIMAL(5, 2)", "FLOAT", "DOUBLE"},
        {"CHAR(1)", "CHAR(3)", "VARCHAR(3)"},
        {"CHAR(3)", "CHAR(3)", "CHAR(3)"},
        {"CHAR(3)", "STRING", "STRING"},
        {"BINARY(2)", "BINARY(3)", "VARBINARY(3)"},
        {"TIMESTAMP(3)", "TIMESTAMP_LTZ(6)", "TIMESTAMP_LTZ(6)"},
        {"ARRAY<INT>", "ARRAY<DOUBLE>", "ARRAY<DOUBLE>"},
        {"STRING", "INT", NULL},
        {"BOOLEAN", "INT", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cells); i++) {
        struct arena a = {0};
        const struct type *t = expr_common_type(&a, test_type(&a, cells[i][0]), test_type(&a, cells[i][1]));
        const char *got = t ? test_type_text(&a, t) : "none";

        if (strcmp(got, cells[i][2] ? cells[i][2] : "none") != 0)
            fail_msg("%s and %s: got %s", cells[i][0], cells[i][1], got);
        arena_fini(&a);
    }
}

TEST_MAIN(cmocka_unit_test(test_matrix), cmocka_unit_test(test_try), cmocka_unit_test(test_place),
          cmocka_unit_test(test_zone), cmocka_unit_test(test_implicit), cmocka_unit_test(test_common))
