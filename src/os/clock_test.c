/* clock_test.c: the system's clocks have the right unit and direction. */
#include "os/clock.h"
#include "base/test.h"
#include <time.h>

static void test_wall_is_now_in_microseconds(UNUSED void **state)
{
    int64_t before_s = time(NULL), wall_us = clock_wall_us(clock_system());

    assert_true(wall_us / 1000000 >= before_s - 1); /* time() may be read from a coarser clock */
    assert_true(wall_us / 1000000 <= before_s + 3600);
}

static void test_mono_never_goes_back(UNUSED void **state)
{
    int64_t last_us = 0;

    for (int i = 0; i < 10000; i++) {
        int64_t now_us = clock_mono_us(clock_system());

        assert_true(now_us >= last_us);
        last_us = now_us;
    }
    assert_true(clock_mono_ms(clock_system()) >= last_us / 1000);
}

TEST_MAIN(cmocka_unit_test(test_wall_is_now_in_microseconds), cmocka_unit_test(test_mono_never_goes_back))
