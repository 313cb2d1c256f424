/* histogram_test.c: histograms and meters: that quantiles are near, counts exact, and old times forgotten. */
#include "metrics/histogram.h"
#include "base/mem.h"
#include "base/test.h"
#include "metrics/meter.h"
#include "os/random.h"
#include <math.h>
#include <stdlib.h>

struct hand_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t hand_now(struct clock *c)
{
    return CONTAINER_OF(c, struct hand_clock, clock)->now_us;
}

static struct hand_clock hand_clock_at(int64_t now_us)
{
    return (struct hand_clock){{hand_now, hand_now}, now_us};
}

static struct histogram *new_histogram(void)
{
    struct histogram *h = mem_alloc(sizeof *h);

    histogram_init(h, 0);
    return h;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Against the exact quantile of the same values, over nine orders of magnitude. */
static void test_quantiles_are_near(UNUSED void **state)
{
    static const double qs[] = {0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1};
    enum { COUNT = 20000 };
    struct histogram *h = new_histogram();
    double *values = mem_calloc(COUNT, sizeof *values), got[COUNT_OF(qs)];
    struct random r;

    random_seed(&r, 7);
    for (int i = 0; i < COUNT; i++) {
        values[i] = pow(10, random_unit(&r) * 9 - 3);
        histogram_record(h, values[i]);
    }
    qsort(values, COUNT, sizeof *values, by_value);
    histogram_quantiles(h, qs, COUNT_OF(qs), got);
    for (size_t i = 0; i < COUNT_OF(qs); i++) {
        double rank = ceil(qs[i] * COUNT), want = values[(size_t)MAX(rank, 1) - 1];

        if (fabs(got[i] - want) > want * 0.02 + 0.0006)
            fail_msg("quantile %g: got %g, want %g", qs[i], got[i], want);
        assert_true(histogram_quantile(h, qs[i]) == got[i]);
    }
    assert_int_equal(histogram_count(h), COUNT);
    mem_free(values);
    mem_free(h);
}

static void test_odd_values(UNUSED void **state)
{
    struct histogram *h = new_histogram();

    assert_true(histogram_quantile(h, 0.5) == 0);
    assert_int_equal(histogram_count(h), 0);
    histogram_record(h, NAN);
    histogram_record(h, INFINITY);
    histogram_record_n(h, 1, 0);
    histogram_record_n(h, 1, -5);
    assert_int_equal(histogram_count(h), 0);
    histogram_record(h, -3); /* two clocks */
    assert_true(histogram_quantile(h, 1) == 0);
    histogram_record(h, 1e300);
    assert_true(histogram_quantile(h, 1) > 1e11);
    assert_int_equal(histogram_count(h), 2);
    mem_free(h);
}

static void test_bounds_are_inclusive(UNUSED void **state)
{
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram *h = new_histogram();

        histogram_record_n(h, histogram_bounds[i], 3);
        histogram_record(h, histogram_bounds[i] * 1.0001);
        assert_int_equal(atomic_load(&h->under[i]), 3);
        assert_int_equal(atomic_load(&h->under[i + 1]), 1);
        assert_true(i == 0 || histogram_bounds[i] > histogram_bounds[i - 1]);
        mem_free(h);
    }
}

static void test_quantiles_are_of_late(UNUSED void **state)
{
    struct histogram *h = new_histogram();

    histogram_record_n(h, 1000, 100);
    histogram_turn(h, 59000000);
    assert_true(fabs(histogram_quantile(h, 0.5) - 1000) < 20);
    histogram_turn(h, 61000000); /* 1000 is in the older bank now */
    histogram_record_n(h, 10, 300);
    assert_true(fabs(histogram_quantile(h, 0.99) - 1000) < 20);
    assert_true(fabs(histogram_quantile(h, 0.5) - 10) < 0.2);
    histogram_turn(h, 122000000);
    assert_true(fabs(histogram_quantile(h, 0.99) - 10) < 0.2);
    histogram_turn(h, 1000000000); /* idle: what was last is kept */
    histogram_turn(h, 2000000000);
    assert_true(fabs(histogram_quantile(h, 0.99) - 10) < 0.2);
    assert_int_equal(histogram_count(h), 400);
    assert_true(histogram_sum(h) == 103000);
    mem_free(h);
}

static void test_meter(UNUSED void **state)
{
    static const struct {
        const char *name;
        int64_t at_s, marked, want; /* rate after marking, events a second */
    } steps[] = {
        {"the first second counts as one", 0, 10, 10},
        {"young: over its age", 4, 10, 5},
        {"idle", 20, 0, 1},
        {"a minute's slots, part full", 57, 94, 2},
        {"the first slot is out", 60, 0, 1},
        {"long after", 500, 0, 0},
        {"again", 501, 56, 1},
    };
    struct hand_clock clock = hand_clock_at(INT64_C(1000000000) * 5);
    int64_t start_us = clock.now_us;
    struct meter m;

    meter_init(&m, &clock.clock);
    assert_true(meter_rate(&m) == 0);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        double rate;

        clock.now_us = start_us + steps[i].at_s * 1000000;
        meter_mark(&m, steps[i].marked);
        rate = meter_rate(&m);
        if (fabs(rate - (double)steps[i].want) > 0.75)
            fail_msg("%s: got %g", steps[i].name, rate);
    }
    meter_mark(&m, -4);
    meter_mark(&m, INT64_MAX); /* as many as a slot can count, and the slot's number is whole */
    assert_true(meter_rate(&m) > 1e10);
    clock.now_us += 3600 * INT64_C(1000000);
    assert_true(meter_rate(&m) == 0);
}

/* A steady rate is told as it is, at any moment. */
static void test_meter_is_steady(UNUSED void **state)
{
    struct hand_clock clock = hand_clock_at(0);
    struct meter m;

    meter_init(&m, &clock.clock);
    for (int tenth = 0; tenth < 3000; tenth++) {
        meter_mark(&m, 100);
        clock.now_us += 100000;
        if (tenth > 600 && fabs(meter_rate(&m) - 1000) > 2.5)
            fail_msg("after %d tenths: %g", tenth, meter_rate(&m));
    }
}

TEST_MAIN(cmocka_unit_test(test_quantiles_are_near), cmocka_unit_test(test_odd_values),
          cmocka_unit_test(test_bounds_are_inclusive), cmocka_unit_test(test_quantiles_are_of_late),
          cmocka_unit_test(test_meter), cmocka_unit_test(test_meter_is_steady))
