/* meter.h: a meter's inside: events counted in slots of 5 seconds, of which the last 60 s are looked at.
 * Each slot is one 64-bit word, the number of its 5 seconds above and the count below, so that starting a
 * slot afresh and counting in it are one compare-and-swap. Thread: any.
 */
#ifndef WEIR_METRICS_METER_H
#define WEIR_METRICS_METER_H
#include "metrics/metrics.h"

#define METER_SLOTS 16 /* a power of two, more than the 12 that are looked at */

struct meter {
    struct clock *clock; /* borrowed; NULL: counts nothing */
    int64_t start_us;
    _Atomic uint64_t slots[METER_SLOTS];
};

void meter_init(struct meter *m, struct clock *clock);
#endif
