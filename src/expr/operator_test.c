/* operator_test.c: operators, math and conditions: the types and values that Flink 1.20 gives (decimal_test.c has
 * more decimals). */
#include "expr/test_expr.h"

struct operand {
    const char *type, *text; /* type NULL: no operand, or with text a bare NULL */
};

struct operator_case {
    const char *name;
    struct operand args[4];
    const char *type, *want; /* type NULL: any */
};

#define INT(x)                                                                                               \
    {                                                                                                        \
        "INT", #x                                                                                            \
    }
#define BIGINT(x)                                                                                            \
    {                                                                                                        \
        "BIGINT", #x                                                                                         \
    }
#define DOUBLE(x)                                                                                            \
    {                                                                                                        \
        "DOUBLE", #x                                                                                         \
    }
#define DEC(p, s, x)                                                                                         \
    {                                                                                                        \
        "DECIMAL(" #p ", " #s ")", #x                                                                        \
    }
#define TEXT(x)                                                                                              \
    {                                                                                                        \
        "CHAR", x                                                                                            \
    }
#define BOOL(x)                                                                                              \
    {                                                                                                        \
        "BOOLEAN", #x                                                                                        \
    }
#define NOTHING                                                                                              \
    {                                                                                                        \
        NULL, "NULL"                                                                                         \
    }

static const struct operator_case cases[] = {
    /* arithmetic: types, wrapping, division */
    {"+", {{"TINYINT", "100"}, {"TINYINT", "100"}}, "TINYINT", "-56"},
    {"+", {INT(2147483647), INT(1)}, "INT", "-2147483648"},
    {"+", {INT(1), BIGINT(2)}, "BIGINT", "3"},
    {"*", {BIGINT(9223372036854775807), BIGINT(2)}, "BIGINT", "-2"},
    {"-", {INT(-2147483648)}, "INT", "-2147483648"},
    {"-", {DEC(5, 2, 1.5)}, "DECIMAL(5, 2)", "-1.50"},
    {"/", {INT(5), INT(2)}, "INT", "2"},
    {"/", {INT(-7), INT(2)}, "INT", "-3"},
    {"/", {INT(-2147483648), INT(-1)}, "INT", "-2147483648"},
    {"/", {INT(1), INT(0)}, "INT", "error: line 1, column 5: division by zero"},
    {"/", {DEC(3, 1, 1), INT(0)}, NULL, "error: division by zero"},
    {"/", {DOUBLE(1), INT(0)}, "DOUBLE", "Infinity"},
    {"/", {DOUBLE(0), DOUBLE(0)}, "DOUBLE", "NaN"},
    {"%", {INT(-7), INT(3)}, "INT", "-1"},
    {"%", {BIGINT(10), INT(3)}, "INT", "1"},
    {"%", {INT(10), BIGINT(3)}, "BIGINT", "1"},
    {"%", {BIGINT(-9223372036854775808), BIGINT(-1)}, "BIGINT", "0"},
    {"MOD", {INT(7), INT(0)}, NULL, "error: division by zero"},
    {"+", {{"FLOAT", "1"}, BIGINT(1)}, "FLOAT", "2.0"},
    {"+", {{"FLOAT", "1"}, DEC(2, 1, 1.5)}, "DOUBLE", "2.5"},
    {"+", {NOTHING, INT(1)}, "INT", "NULL"},
    {"+", {TEXT("1"), INT(1)}, "DOUBLE", "2.0"},
    {"+", {BOOL(true), INT(1)}, NULL, "refused"},
    /* decimals */
    {"+", {DEC(10, 2, 1), INT(1)}, "DECIMAL(13, 2)", "2.00"},
    {"*", {DEC(10, 2, 1), INT(2)}, "DECIMAL(21, 2)", "2.00"},
    {"/", {DEC(10, 2, 1), INT(3)}, "DECIMAL(21, 13)", "0.3333333333333"},
    {"/", {DEC(2, 1, 7.0), INT(3)}, "DECIMAL(13, 12)", "2.333333333333"},
    {"%", {DEC(10, 2, 7), INT(3)}, "DECIMAL(10, 2)", "1.00"},
    {"*", {DEC(2, 1, 1.1), DEC(2, 1, 2.2)}, "DECIMAL(5, 2)", "2.42"},
    {"+", {DEC(38, 0, 99999999999999999999999999999999999999), INT(1)}, "DECIMAL(38, 0)", "NULL"},
    {"*", {DEC(38, 10, 99999999999999999999), DEC(38, 10, 99999999999999999999)}, "DECIMAL(38, 6)", "NULL"},
    {"/", {DEC(38, 10, 1), INT(3)}, "DECIMAL(38, 10)", "0.3333333333"},
    /* dates and intervals */
    {"+", {{"DATE", "2020-01-31"}, {"i", "1 month"}}, "DATE", "2020-02-29"},
    {"-", {{"DATE", "2020-03-31"}, {"i", "1 month"}}, "DATE", "2020-02-29"},
    {"+", {{"i", "1 day"}, {"DATE", "2020-01-31"}}, "DATE", "2020-02-01"},
    {"+", {{"TIME(0)", "23:00:00"}, {"i", "2 hour"}}, "TIME(0)", "01:00:00"},
    {"+", {{"TIMESTAMP(0)", "2020-01-31 10:00:00"}, {"i", "1 month"}}, "TIMESTAMP(0)", "2020-02-29 10:00:00"},
    {"-", {{"TIMESTAMP(9)", "1970-01-01 00:00:00"}, {"i", "1 month"}}, NULL, "1969-12-01 00:00:00.000000000"},
    {"-",
     {{"TIMESTAMP(3)", "2020-01-02 00:00:01"}, {"TIMESTAMP(0)", "2020-01-01 00:00:00"}},
     NULL,
     "+1 00:00:01.000"},
    {"*", {{"i", "1 day"}, INT(3)}, NULL, "+3 00:00:00.000"},
    {"-", {{"i", "1 month"}}, NULL, "-0-01"},
    {"+", {{"i", "1 day"}, {"i", "1 month"}}, NULL, "refused"},
    /* comparisons */
    {"=", {TEXT("1"), INT(1)}, "BOOLEAN", "TRUE"},
    {"<", {TEXT("a"), TEXT("b")}, "BOOLEAN", "TRUE"},
    {"<", {TEXT("\x7f"), TEXT("\xc3\xa4")}, "BOOLEAN", "TRUE"},
    {"=", {{"CHAR(3)", "a"}, TEXT("a")}, "BOOLEAN", "FALSE"},
    {"=", {DEC(3, 1, 1.5), DEC(5, 3, 1.5)}, "BOOLEAN", "TRUE"},
    {"<", {DEC(38, 0, 99999999999999999999999999999999999999), DEC(38, 38, 0.1)}, "BOOLEAN", "FALSE"},
    {">", {DEC(3, 1, 1.5), INT(1)}, "BOOLEAN", "TRUE"},
    {"=", {{"DATE", "2020-01-01"}, TEXT("2020-01-01")}, "BOOLEAN", "TRUE"},
    {"<", {{"DATE", "2020-01-01"}, {"TIMESTAMP(0)", "2020-01-01 00:00:01"}}, "BOOLEAN", "TRUE"},
    {"<",
     {{"TIMESTAMP(9)", "2020-01-01 00:00:00.000000001"}, {"TIMESTAMP(3)", "2020-01-01 00:00:00"}},
     "BOOLEAN",
     "FALSE"},
    {">", {BOOL(true), BOOL(false)}, "BOOLEAN", "TRUE"},
    {"=", {INT(1), NOTHING}, "BOOLEAN", "NULL"},
    {"=", {INT(1), BOOL(true)}, NULL, "refused"},
    {"IS DISTINCT FROM", {INT(1), NOTHING}, "BOOLEAN", "TRUE"},
    {"IS NOT DISTINCT FROM", {{"INT", NULL}, {"INT", NULL}}, "BOOLEAN", "TRUE"},
    {"BETWEEN", {INT(2), INT(1), INT(2)}, "BOOLEAN", "TRUE"},
    {"BETWEEN", {INT(2), INT(3), INT(1)}, "BOOLEAN", "FALSE"},
    {"BETWEEN SYMMETRIC", {INT(2), INT(3), INT(1)}, "BOOLEAN", "TRUE"},
    {"NOT BETWEEN", {INT(2), {"INT", NULL}, INT(1)}, "BOOLEAN", "TRUE"},
    {"IN", {INT(1), INT(1), INT(2)}, "BOOLEAN", "TRUE"},
    {"IN", {INT(1), INT(2), NOTHING}, "BOOLEAN", "NULL"},
    {"IN", {INT(2), INT(2), NOTHING}, "BOOLEAN", "TRUE"},
    {"NOT IN", {TEXT("a"), TEXT("bb"), TEXT("a long text that is not inlined")}, "BOOLEAN", "TRUE"},
    {"IN", {BIGINT(1), INT(3), INT(1)}, "BOOLEAN", "TRUE"},
    /* three values */
    {"AND", {BOOL(true), {"BOOLEAN", NULL}}, "BOOLEAN", "NULL"},
    {"AND", {{"BOOLEAN", NULL}, BOOL(false)}, "BOOLEAN", "FALSE"},
    {"OR", {{"BOOLEAN", NULL}, BOOL(true)}, "BOOLEAN", "TRUE"},
    {"OR", {BOOL(false), {"BOOLEAN", NULL}}, "BOOLEAN", "NULL"},
    {"NOT", {{"BOOLEAN", NULL}}, "BOOLEAN", "NULL"},
    {"IS TRUE", {{"BOOLEAN", NULL}}, "BOOLEAN", "FALSE"},
    {"IS NOT FALSE", {{"BOOLEAN", NULL}}, "BOOLEAN", "TRUE"},
    {"IS UNKNOWN", {{"BOOLEAN", NULL}}, "BOOLEAN", "TRUE"},
    {"IS NULL", {{"STRING", NULL}}, "BOOLEAN", "TRUE"},
    {"IS NOT NULL", {NOTHING}, "BOOLEAN", "FALSE"},
    /* conditions */
    {"IF", {BOOL(true), INT(1), DEC(2, 1, 2.5)}, "DECIMAL(11, 1)", "1.0"},
    {"IF", {{"BOOLEAN", NULL}, INT(1), INT(2)}, "INT", "2"},
    {"CASE", {BOOL(false), INT(1)}, "INT", "NULL"},
    {"CASE", {BOOL(true), TEXT("a"), TEXT("bcd")}, "VARCHAR(3)", "a"},
    {"COALESCE", {NOTHING, INT(1), INT(2)}, "INT", "1"},
    {"COALESCE", {NOTHING, TEXT("a")}, "CHAR(1)", "a"},
    {"IFNULL", {{"INT", NULL}, BIGINT(2)}, "BIGINT", "2"},
    {"NULLIF", {INT(1), INT(1)}, "INT", "NULL"},
    {"NULLIF", {TEXT("a"), TEXT("bcd")}, "CHAR(1)", "a"},
    {"GREATEST", {INT(1), DEC(2, 1, 2.5)}, "DECIMAL(11, 1)", "2.5"},
    {"GREATEST", {INT(1), NOTHING}, "INT", "NULL"},
    {"LEAST", {INT(3), INT(1), INT(2)}, "INT", "1"},
    {"TYPEOF", {DEC(2, 1, 1.5)}, "STRING", "DECIMAL(2, 1) NOT NULL"},
    /* math */
    {"ROUND", {DEC(6, 3, 123.456), INT(1)}, "DECIMAL(5, 1)", "123.5"},
    {"ROUND", {DEC(6, 3, 123.456), INT(-1)}, "DECIMAL(4, 0)", "120"},
    {"ROUND", {DEC(6, 3, 123.456)}, "DECIMAL(4, 0)", "123"},
    {"ROUND", {DOUBLE(2.5)}, "DOUBLE", "3.0"},
    {"ROUND", {DOUBLE(-2.5)}, "DOUBLE", "-3.0"},
    {"ROUND", {DOUBLE(1.005), INT(2)}, "DOUBLE", "1.01"},
    {"ROUND", {DOUBLE(1e300), INT(2)}, "DOUBLE", "1.0E300"},
    {"ROUND", {DOUBLE(1e-300), INT(2)}, "DOUBLE", "0.0"},
    {"ROUND", {INT(125), INT(-1)}, "INT", "130"},
    {"TRUNCATE", {DEC(5, 3, -42.345), INT(1)}, "DECIMAL(4, 1)", "-42.3"},
    {"TRUNCATE", {DOUBLE(42.345), INT(2)}, "DOUBLE", "42.34"},
    {"TRUNCATE", {INT(42), INT(-1)}, "INT", "40"},
    {"FLOOR", {DEC(2, 1, -1.5)}, "DECIMAL(2, 0)", "-2"},
    {"CEIL", {DEC(2, 1, 1.2)}, "DECIMAL(2, 0)", "2"},
    {"CEILING", {DOUBLE(-1.5)}, "DOUBLE", "-1.0"},
    {"FLOOR", {INT(5)}, "INT", "5"},
    {"ABS", {{"TINYINT", "-128"}}, "TINYINT", "-128"},
    {"ABS", {DOUBLE(-5.5)}, "DOUBLE", "5.5"},
    {"SIGN", {DEC(2, 1, -5.5)}, "DECIMAL(2, 1)", "-1.0"},
    {"SIGN", {DOUBLE(-0.0)}, "DOUBLE", "-0.0"},
    {"SQRT", {INT(-1)}, "DOUBLE", "NaN"},
    {"POWER", {INT(2), INT(3)}, "DOUBLE", "8.0"},
    {"LN", {INT(1)}, "DOUBLE", "0.0"},
    {"LN", {INT(0)}, "DOUBLE", "-Infinity"},
    {"LN", {INT(-1)}, "DOUBLE", "NaN"},
    {"LOG", {INT(2), INT(8)}, "DOUBLE", "3.0"},
    {"LOG2", {INT(8)}, "DOUBLE", "3.0"},
    {"LOG10", {INT(1000)}, "DOUBLE", "3.0"},
    {"ATAN2", {INT(0), INT(1)}, "DOUBLE", "0.0"},
    {"PI", {{0}}, "DOUBLE", "3.141592653589793"},
    {"E", {{0}}, "DOUBLE", "2.718281828459045"},
    {"HEX", {INT(255)}, "STRING", "FF"},
    {"HEX", {INT(-1)}, "STRING", "FFFFFFFFFFFFFFFF"},
    {"HEX", {TEXT("abc")}, "STRING", "616263"},
    {"BIN", {INT(5)}, "STRING", "101"},
    {"RAND", {INT(1)}, "DOUBLE", "0.7308781907032909"}, /* new java.util.Random(1).nextDouble() */
    {"RAND_INTEGER", {INT(1), INT(100)}, "INT", "85"},  /* new java.util.Random(1).nextInt(100) */
    {"RAND_INTEGER", {INT(0)}, "INT", "error: above 0"},
    {"SQRT", {TEXT("4")}, NULL, "refused"},
};

static const struct expr *interval(struct arena *a, const char *text)
{
    if (strcmp(text, "1 month") == 0)
        return expr_int(a, TYPE_INTERVAL_MONTHS, 1);
    return expr_int(a, TYPE_INTERVAL_MILLIS, strcmp(text, "1 day") == 0 ? 86400000 : 2 * 3600000);
}

static int32_t operands(struct arena *a, const struct operator_case *c, const struct expr **args)
{
    int32_t n = 0;

    for (; n < 4 && (c->args[n].type || c->args[n].text); n++)
        args[n] = c->args[n].type && strcmp(c->args[n].type, "i") == 0
                      ? interval(a, c->args[n].text)
                      : test_value(a, c->args[n].type, c->args[n].text);
    return n;
}

static bool check(const struct operator_case *c)
{
    const struct expr *args[4], *x;
    const char *got, *type = "";
    struct arena a = {0};
    struct error e;
    int32_t n = operands(&a, c, args);
    bool good;

    if (expr_call(&a, c->name, args, n, (struct place){1, 5}, &x, &e) == OK) {
        type = test_type_text(&a, x->type);
        got = test_text(&a, x, NULL);
    } else {
        got = "refused";
    }
    good = test_matches(got, c->want) &&
           (c->type == NULL || strcmp(got, "refused") == 0 || strcmp(type, c->type) == 0);
    if (!good)
        print_error("%s (case %td): got %s %s, want %s %s\n", c->name, c - cases, type, got,
                    c->type ? c->type : "", c->want);
    arena_fini(&a);
    return good;
}

static void test_cases(UNUSED void **state)
{
    int bad = 0;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        bad += !check(&cases[i]);
    assert_int_equal(bad, 0);
}

static void test_unknown_function(UNUSED void **state)
{
    struct arena a = {0};
    const struct expr *x, *args[1] = {expr_double(&a, 1)};
    struct error e;

    assert_int_equal(expr_call(&a, "SQRTT", args, 1, (struct place){0}, &x, &e), ERR_NOT_FOUND);
    assert_string_equal(e.text, "there is no function SQRTT; did you mean SQRT?");
    assert_int_equal(expr_call(&a, "sqrt", args, 0, (struct place){0}, &x, &e), ERR_INPUT);
    assert_string_equal(e.text, "SQRT does not take 0 arguments; write SQRT(x)");
    args[0] = expr_bool(&a, true);
    assert_int_equal(expr_call(&a, "SQRT", args, 1, (struct place){0}, &x, &e), ERR_INPUT);
    assert_string_equal(e.text, "SQRT does not take (BOOLEAN); write SQRT(x)");
    arena_fini(&a);
}

/* Every entry of the table is well formed. */
static void test_table(UNUSED void **state)
{
    size_t at = 0;

    for (const struct function *f; (f = function_next(&at)) != NULL;) {
        if (function_find(f->name) != f)
            fail_msg("%s is there twice", f->name);
        assert_non_null(f->usage);
        assert_non_null(f->doc);
        assert_non_null(function_group_title(f->group));
        assert_true(f->most < 0 || f->least <= f->most);
    }
}

TEST_MAIN(cmocka_unit_test(test_cases), cmocka_unit_test(test_unknown_function), cmocka_unit_test(test_table))
