/* clock.c: the system's clocks behind the interface of clock.h. */
#include "os/clock.h"
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);

    assert(rc == 0); /* fails only for a clock that does not exist */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_us(UNUSED struct clock *c)
{
    return read_us(CLOCK_REALTIME);
}

static int64_t system_mono_us(UNUSED struct clock *c)
{
    return read_us(CLOCK_MONOTONIC);
}

struct clock *clock_system(void)
{
    static struct clock system = {.wall_us = system_wall_us, .mono_us = system_mono_us};

    return &system;
}
