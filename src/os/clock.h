/* clock.h: time as a thing that is handed in, so that the simulator can be its master.
 * Nobody else reads the system's clocks. Thread: any.
 */
#ifndef WEIR_OS_CLOCK_H
#define WEIR_OS_CLOCK_H
#include "base/base.h"

struct clock {
    int64_t (*wall_us)(struct clock *c); /* microseconds since 1970, UTC; may jump */
    int64_t (*mono_us)(struct clock *c); /* microseconds since some start; never goes back */
};

static inline int64_t clock_wall_us(struct clock *c)
{
    return c->wall_us(c);
}
static inline int64_t clock_mono_us(struct clock *c)
{
    return c->mono_us(c);
}
static inline int64_t clock_mono_ms(struct clock *c)
{
    return c->mono_us(c) / 1000;
}

struct clock *clock_system(void); /* static */
#endif
