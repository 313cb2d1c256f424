/* histogram.h: a histogram's inside.
 * Three views of the same records, each one relaxed atomic addition:
 *   1. log-linear buckets of what was recorded lately, for quantiles: 32 buckets to each doubling, so a
 * quantile is less than 2 % off; below 0.064 they are exact to 0.001;
 *   2. exact counts under the bounds that Prometheus is told, since the start;
 *   3. the sum, since the start.
 * "Lately" is two banks: the reader retires the older every minute (histogram_turn), unless nothing came
 * meanwhile, so an idle histogram keeps showing its last values. Thread: any; histogram_turn under the
 * registry's lock.
 */
#ifndef WEIR_METRICS_HISTOGRAM_H
#define WEIR_METRICS_HISTOGRAM_H
#include "metrics/metrics.h"

#define HISTOGRAM_BUCKETS 1408
#define HISTOGRAM_BOUNDS  22

struct histogram {
    _Atomic uint64_t banks[2][HISTOGRAM_BUCKETS];
    _Atomic unsigned active;                      /* the bank that is written */
    _Atomic uint64_t under[HISTOGRAM_BOUNDS + 1]; /* not cumulative; the last: above all bounds */
    _Atomic uint64_t sum_bits;                    /* a double's */
    int64_t turned_us;
};

/* Upper bounds, inclusive, chosen for milliseconds: 0.1 to an hour. */
extern const double histogram_bounds[HISTOGRAM_BOUNDS];

void histogram_init(struct histogram *h, int64_t now_us);

/* Let go of the older bank when the newer has been written for a minute. */
void histogram_turn(struct histogram *h, int64_t now_us);

/* Quantiles for count ascending qs in one pass; 0 when empty. */
void histogram_quantiles(const struct histogram *h, const double *qs, size_t count, double *out);
double histogram_sum(const struct histogram *h);
#endif
