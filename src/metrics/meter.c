/* meter.c: see meter.h. A word whose number is not that of the present 5 seconds is from a former turn of the
 * ring. */
#include "metrics/meter.h"

#define SLOT_US     INT64_C(5000000)
#define LOOKED_AT   12
#define COUNT_BITS  40
#define COUNT_MAX   ((UINT64_C(1) << COUNT_BITS) - 1)
#define NUMBER_MASK ((UINT64_C(1) << (64 - COUNT_BITS)) - 1)

/* The number of the 5 seconds that us lies in; 0 is left for words that were never used. */
static uint64_t number_of(int64_t us)
{
    return ((uint64_t)(us / SLOT_US) + 1) & NUMBER_MASK;
}

void meter_init(struct meter *m, struct clock *clock)
{
    m->clock = clock;
    m->start_us = clock_mono_us(clock);
    for (size_t i = 0; i < METER_SLOTS; i++)
        atomic_init(&m->slots[i], 0);
}

void meter_mark(struct meter *m, int64_t n)
{
    uint64_t number, old, new;
    _Atomic uint64_t *slot;

    if (n <= 0 || m->clock == NULL)
        return;
    number = number_of(clock_mono_us(m->clock));
    slot = &m->slots[number % METER_SLOTS];
    old = atomic_load_explicit(slot, memory_order_relaxed);
    do {
        uint64_t count = old >> COUNT_BITS == number ? old & COUNT_MAX : 0;

        count += MIN((uint64_t)n, COUNT_MAX - count);
        new = number << COUNT_BITS | count;
    } while (
        !atomic_compare_exchange_weak_explicit(slot, &old, new, memory_order_relaxed, memory_order_relaxed));
}

double meter_rate(const struct meter *m)
{
    int64_t now_us, span_us;
    uint64_t number, count = 0;

    if (m->clock == NULL)
        return 0;
    now_us = clock_mono_us(m->clock);
    number = number_of(now_us);
    for (uint64_t i = 0; i < LOOKED_AT; i++) {
        uint64_t wanted = (number - i) & NUMBER_MASK;
        uint64_t word = atomic_load_explicit(&((struct meter *)m)->slots[wanted % METER_SLOTS],
                                             memory_order_relaxed);

        if (wanted != 0 && word >> COUNT_BITS == wanted)
            count += word & COUNT_MAX;
    }
    span_us = (LOOKED_AT - 1) * SLOT_US + now_us % SLOT_US;
    span_us = MAX(MIN(span_us, now_us - m->start_us), 1000000); /* a young meter is not watered down */
    return (double)count * 1e6 / (double)span_us;
}
