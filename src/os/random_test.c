/* random_test.c: the generator is the published one, its ranges hold, and ids look as they should. */
#include "os/random.h"
#include "base/test.h"

static void test_reference_values(UNUSED void **state)
{
    /* The first outputs of xoshiro256** from state 1, 2, 3, 4. */
    static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
    struct random r = {{1, 2, 3, 4}};

    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_true(random_u64(&r) == want[i]);
}

static void test_seed_decides(UNUSED void **state)
{
    struct random a, b, c;

    random_seed(&a, 7);
    random_seed(&b, 7);
    random_seed(&c, 8);
    for (int i = 0; i < 100; i++) {
        uint64_t v = random_u64(&a);

        assert_true(v == random_u64(&b));
        assert_true(v != random_u64(&c));
    }
    random_seed(&a, 0);
    assert_true(a.s[0] && a.s[1] && a.s[2] && a.s[3]); /* all zero would stay zero */
}

static void test_below_is_even(UNUSED void **state)
{
    static const uint64_t limits[] = {1, 2, 3, 7, 10, 1000, UINT64_C(1) << 63, UINT64_MAX};
    struct random r;
    uint32_t counts[7] = {0};

    random_seed(&r, 1);
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (int n = 0; n < 1000; n++)
            assert_true(random_below(&r, limits[i]) < limits[i]);
    }
    for (int n = 0; n < 70000; n++)
        counts[random_below(&r, 7)]++;
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        assert_in_range(counts[i], 9500, 10500); /* five standard deviations */
}

static void test_unit_is_half_open(UNUSED void **state)
{
    struct random r;
    double sum = 0;

    random_seed(&r, 2);
    for (int i = 0; i < 100000; i++) {
        double v = random_unit(&r);

        assert_true(v >= 0 && v < 1);
        sum += v;
    }
    assert_true(sum > 49000 && sum < 51000);
}

static void test_uuid_is_version_4(UNUSED void **state)
{
    struct random r;
    char text[RANDOM_UUID_MAX], other[RANDOM_UUID_MAX];

    random_seed(&r, 3);
    for (int i = 0; i < 1000; i++) {
        random_uuid(&r, text);
        assert_int_equal(strlen(text), 36);
        assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
        assert_true(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
        assert_int_equal(text[14], '4');
        assert_non_null(strchr("89ab", text[19]));
    }
    random_uuid(&r, other);
    assert_string_not_equal(text, other);
}

static void test_entropy_differs(UNUSED void **state)
{
    assert_true(random_entropy() != random_entropy());
}

TEST_MAIN(cmocka_unit_test(test_reference_values), cmocka_unit_test(test_seed_decides),
          cmocka_unit_test(test_below_is_even), cmocka_unit_test(test_unit_is_half_open),
          cmocka_unit_test(test_uuid_is_version_4), cmocka_unit_test(test_entropy_differs))
