/* single_value_test.c: values apart from their columns. */
#include "iceberg/single_value.h"
#include "base/test.h"
#include <math.h>

static const struct type decimal_9_2 = {.kind = TYPE_DECIMAL, .precision = 9, .scale = 2};
static const struct type decimal_38_10 = {.kind = TYPE_DECIMAL, .precision = 38, .scale = 10};
static const struct type fixed_3 = {.kind = TYPE_FIXED, .length = 3};

static void test_decimals_take_as_few_bytes_as_they_can(UNUSED void **state)
{
    static const struct {
        int64_t v;
        struct slice want;
    } cases[] = {
        {0, {"\0", 1}},          {127, {"\x7f", 1}},
        {128, {"\0\x80", 2}},    {-128, {"\x80", 1}},
        {-129, {"\xff\x7f", 2}}, {1420, {"\x05\x8c", 2}},
        {-1, {"\xff", 1}},       {65535, {"\0\xff\xff", 3}},
        {-32768, {"\x80\0", 2}}, {INT64_MAX, {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes b = {0};

        single_value_of_i128(cases[i].v, &b);
        if (!slice_equal(bytes_all(&b), cases[i].want))
            fail_msg("%" PRId64 ": %zu bytes", cases[i].v, b.len);
        bytes_fini(&b);
    }
}

static void test_round_trip_through_columns(UNUSED void **state)
{
    static const struct type types[] = {{.kind = TYPE_BOOLEAN}, {.kind = TYPE_INT8},  {.kind = TYPE_INT16},
                                        {.kind = TYPE_INT32},   {.kind = TYPE_INT64}, {.kind = TYPE_FLOAT},
                                        {.kind = TYPE_DOUBLE},  {.kind = TYPE_STRING}};
    static const struct field fields[] = {
        {"b", &types[0], 1, NULL},   {"i8", &types[1], 2, NULL},       {"i16", &types[2], 3, NULL},
        {"i32", &types[3], 4, NULL}, {"i64", &types[4], 5, NULL},      {"f", &types[5], 6, NULL},
        {"d", &types[6], 7, NULL},   {"dec", &decimal_38_10, 8, NULL}, {"s", &types[7], 9, NULL},
        {"x", &fixed_3, 10, NULL},
    };
    static const struct schema schema = {COUNT_OF(fields), fields};
    struct builder b;
    struct batch *first = NULL, *again = NULL;
    struct error e;

    assert_true(builder_init(&b, &schema, NULL));
    builder_u8(&b.columns[0], 1);
    builder_i8(&b.columns[1], -7);
    builder_i16(&b.columns[2], -300);
    builder_i32(&b.columns[3], INT32_MIN);
    builder_i64(&b.columns[4], INT64_MIN);
    builder_f32(&b.columns[5], -0.5f);
    builder_f64(&b.columns[6], 1e300);
    builder_i128(&b.columns[7], -((__int128)1 << 100));
    builder_copied(&b.columns[8], "a text that is longer than twelve", 33);
    builder_copied(&b.columns[9], "\1\2\3", 3);
    ASSERT_OK(builder_finish(&b, &first, &e), &e);
    for (int32_t i = 0; i < schema.field_count; i++) {
        struct bytes v = {0};

        single_value_of(&first->columns[i], 0, &v);
        assert_true(single_value_fits(fields[i].type, bytes_all(&v)));
        single_value_build(&b.columns[i], bytes_all(&v));
        bytes_fini(&v);
    }
    ASSERT_OK(builder_finish(&b, &again, &e), &e);
    for (int32_t i = 0; i < schema.field_count; i++) {
        struct bytes v = {0}, w = {0};

        single_value_of(&first->columns[i], 0, &v);
        single_value_of(&again->columns[i], 0, &w);
        assert_true(slice_equal(bytes_all(&v), bytes_all(&w)));
        bytes_fini(&v);
        bytes_fini(&w);
    }
    assert_int_equal(again->columns[1].i8[0], -7);
    assert_true(again->columns[7].i128[0] == -((__int128)1 << 100));
    batch_unref(first);
    batch_unref(again);
    builder_fini(&b);
}

static void test_what_fits(UNUSED void **state)
{
    const struct type *i64 = type_simple(TYPE_INT64, true), *i32 = type_simple(TYPE_INT32, true);

    assert_true(single_value_fits(i64, SLICE("\1\0\0\0"))); /* an int that was promoted */
    assert_false(single_value_fits(i64, SLICE("\1\0\0")));
    assert_false(single_value_fits(i32, SLICE("\1\0\0\0\0\0\0\0")));
    assert_false(single_value_fits(&decimal_9_2, SLICE("")));
    assert_false(single_value_fits(&decimal_9_2, SLICE("12345678901234567")));
    assert_false(single_value_fits(&fixed_3, SLICE("ab")));
    assert_true(single_value_fits(type_simple(TYPE_STRING, true), SLICE("")));
}

static struct slice of_double(double v, struct bytes *out)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    bytes_clear(out);
    bytes_le64(out, bits);
    return bytes_all(out);
}

static void test_order(UNUSED void **state)
{
    static const double doubles[] = {-INFINITY, -1, -0.0, 0.0, 1, INFINITY, NAN};
    static const struct {
        enum type_kind kind;
        struct slice less, more;
    } cases[] = {
        {TYPE_INT32, {"\xff\xff\xff\xff", 4}, {"\1\0\0\0", 4}},
        {TYPE_INT64, {"\xff\xff\xff\xff\xff\xff\xff\xff", 8}, {"\1\0\0\0", 4}},
        {TYPE_STRING, {"a", 1}, {"ab", 2}},
        {TYPE_BINARY, {"\x7f", 1}, {"\x80", 1}},
        {TYPE_BOOLEAN, {"\0", 1}, {"\1", 1}},
    };
    const struct type *d = type_simple(TYPE_DOUBLE, true);
    struct bytes x = {0}, y = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct type *t = type_simple(cases[i].kind, true);

        assert_true(single_value_compare(t, cases[i].less, cases[i].more) < 0);
        assert_true(single_value_compare(t, cases[i].more, cases[i].less) > 0);
        assert_true(single_value_compare(t, cases[i].less, cases[i].less) == 0);
    }
    for (size_t i = 0; i + 1 < COUNT_OF(doubles); i++)
        assert_true(single_value_compare(d, of_double(doubles[i], &x), of_double(doubles[i + 1], &y)) < 0);
    assert_true(single_value_is_nan(d, of_double(NAN, &x)));
    assert_false(single_value_is_nan(d, of_double(1, &x)));
    assert_true(single_value_compare(&decimal_9_2, SLICE("\xff"), SLICE("\0\x80")) < 0);
    bytes_fini(&x);
    bytes_fini(&y);
}

static void expect_text(const struct type *t, struct slice v, const char *want)
{
    struct bytes out = {0};

    single_value_print(t, v, &out);
    if (!slice_is(bytes_all(&out), want))
        fail_msg("wanted %s, got " SLICE_FMT, want, SLICE_ARG(bytes_all(&out)));
    bytes_fini(&out);
}

static void expect_number(enum type_kind kind, int64_t v, const char *want)
{
    const struct type *t = type_simple(kind, true);
    struct bytes b = {0};

    single_value_of_i64(t, v, &b);
    expect_text(t, bytes_all(&b), want);
    bytes_fini(&b);
}

static void test_numbers_as_text(UNUSED void **state)
{
    static const struct {
        double v;
        const char *want;
    } doubles[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {61.5, "61.5"},
        {0.001, "0.001"},
        {0.0001, "1.0E-4"},
        {100, "100.0"},
        {1234567, "1234567.0"},
        {12345678, "1.2345678E7"},
        {1e7, "1.0E7"},
        {1e300, "1.0E300"},
        {0.1, "0.1"},
        {-2.5e-9, "-2.5E-9"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
        {123456.789, "123456.789"},
    };
    static const struct {
        int64_t v;
        const char *want;
    } decimals[] = {
        {1420, "14.20"}, {-5, "-0.05"}, {0, "0.00"}, {100, "1.00"}, {-12345, "-123.45"},
    };
    struct bytes b = {0};

    for (size_t i = 0; i < COUNT_OF(doubles); i++)
        expect_text(type_simple(TYPE_DOUBLE, true), of_double(doubles[i].v, &b), doubles[i].want);
    for (size_t i = 0; i < COUNT_OF(decimals); i++) {
        bytes_clear(&b);
        single_value_of_i128(decimals[i].v, &b);
        expect_text(&decimal_9_2, bytes_all(&b), decimals[i].want);
    }
    expect_text(&decimal_38_10, SLICE("\1"), "1E-10");
    expect_text(&decimal_38_10, SLICE("\x7b"), "1.23E-8");
    expect_number(TYPE_INT32, -5, "-5");
    expect_number(TYPE_INT64, INT64_MIN, "-9223372036854775808");
    expect_number(TYPE_BOOLEAN, 1, "true");
    expect_text(type_simple(TYPE_FLOAT, true), SLICE("\xcd\xcc\xcc\x3d"), "0.1");
    bytes_fini(&b);
}

static void test_times_and_bytes_as_text(UNUSED void **state)
{
    expect_number(TYPE_DATE, 20393, "2025-11-01");
    expect_number(TYPE_DATE, -1, "1969-12-31");
    expect_number(TYPE_TIME, INT64_C(81068000000), "22:31:08");
    expect_number(TYPE_TIME, INT64_C(45000000000), "12:30");
    expect_number(TYPE_TIME, INT64_C(45000500000), "12:30:00.500");
    expect_number(TYPE_TIME, 1, "00:00:00.000001");
    expect_number(TYPE_TIMESTAMP, INT64_C(1510871468000000), "2017-11-16T22:31:08");
    expect_number(TYPE_TIMESTAMP, INT64_C(1510871468500000), "2017-11-16T22:31:08.5");
    expect_number(TYPE_TIMESTAMP, -1, "1969-12-31T23:59:59.999999");
    expect_number(TYPE_TIMESTAMP_LTZ, INT64_C(1510871468000001), "2017-11-16T22:31:08.000001+00:00");
    expect_text(type_simple(TYPE_BINARY, true), SLICE("\1\2\3"), "AQID");
    expect_text(type_simple(TYPE_BINARY, true), SLICE("abcd"), "YWJjZA==");
    expect_text(type_simple(TYPE_UUID, true),
                SLICE("\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"),
                "f79c3e09-677c-4bbd-a479-3f349cb785e7");
}

TEST_MAIN(cmocka_unit_test(test_decimals_take_as_few_bytes_as_they_can),
          cmocka_unit_test(test_round_trip_through_columns), cmocka_unit_test(test_what_fits),
          cmocka_unit_test(test_order), cmocka_unit_test(test_numbers_as_text),
          cmocka_unit_test(test_times_and_bytes_as_text))
