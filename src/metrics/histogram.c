/* histogram.c: see histogram.h. A value is counted in thousandths of its unit: u = value * 1000, rounded.
 *
 *   u        0 .. 63    one bucket each
 *   u       64 .. 127   32 buckets, 2 wide
 *   u      128 .. 255   32 buckets, 4 wide       ... up to 2^48, about 9 years in milliseconds
 */
#include "metrics/histogram.h"
#include <math.h>

#define STEPS      32 /* buckets to each doubling */
#define STEPS_LOG2 5
#define U_LIMIT    (UINT64_C(1) << 48)
#define TURN_US    INT64_C(60000000)

const double histogram_bounds[HISTOGRAM_BOUNDS] = {
    0.1, 0.25, 0.5,  1,    2.5,   5,     10,    25,    50,     100,    250,
    500, 1000, 2500, 5000, 10000, 15000, 30000, 60000, 300000, 900000, 3600000,
};

static size_t bucket_of(double v)
{
    double thousandths = v * 1000 + 0.5;
    uint64_t u = thousandths >= (double)U_LIMIT ? U_LIMIT - 1 : (uint64_t)thousandths;
    unsigned shift;

    if (u < 2 * STEPS)
        return (size_t)u;
    shift = 63 - (unsigned)__builtin_clzll(u) - STEPS_LOG2;
    return shift * STEPS + (size_t)(u >> shift);
}

/* The middle of a bucket, in the value's unit. */
static double value_of(size_t bucket)
{
    unsigned shift;
    uint64_t low;

    if (bucket < 2 * STEPS)
        return (double)bucket / 1000;
    shift = (unsigned)(bucket / STEPS) - 1;
    low = (uint64_t)(bucket % STEPS + STEPS) << shift;
    return ((double)low + (double)((UINT64_C(1) << shift) - 1) / 2) / 1000;
}

static size_t bound_of(double v)
{
    size_t low = 0, high = HISTOGRAM_BOUNDS;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (v <= histogram_bounds[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void add_double(_Atomic uint64_t *bits, double v)
{
    uint64_t old = atomic_load_explicit(bits, memory_order_relaxed), new;
    double sum;

    do {
        memcpy(&sum, &old, sizeof sum);
        sum += v;
        memcpy(&new, &sum, sizeof new);
    } while (
        !atomic_compare_exchange_weak_explicit(bits, &old, new, memory_order_relaxed, memory_order_relaxed));
}

void histogram_init(struct histogram *h, int64_t now_us)
{
    memset((void *)h, 0, sizeof *h);
    h->turned_us = now_us;
}

void histogram_record(struct histogram *h, double v)
{
    histogram_record_n(h, v, 1);
}

void histogram_record_n(struct histogram *h, double v, int64_t n)
{
    unsigned bank = atomic_load_explicit(&h->active, memory_order_relaxed);

    if (n <= 0 || !isfinite(v))
        return;
    if (v < 0)
        v = 0; /* a latency over two clocks may come out so */
    atomic_fetch_add_explicit(&h->banks[bank][bucket_of(v)], (uint64_t)n, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->under[bound_of(v)], (uint64_t)n, memory_order_relaxed);
    add_double(&h->sum_bits, v * (double)n);
}

/* How many are in bucket i of both banks. */
static uint64_t lately(const struct histogram *h, size_t i)
{
    struct histogram *mutable = (struct histogram *)h; /* C17 loads want no const */

    return atomic_load_explicit(&mutable->banks[0][i], memory_order_relaxed) +
           atomic_load_explicit(&mutable->banks[1][i], memory_order_relaxed);
}

void histogram_quantiles(const struct histogram *h, const double *qs, size_t count, double *out)
{
    uint64_t total = 0, seen = 0;
    size_t bucket = 0, last = 0; /* last: the last bucket that had any */

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += lately(h, i);
    for (size_t i = 0; i < count; i++) {
        double rank = ceil(qs[i] * (double)total);
        uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank;

        wanted = MIN(wanted, total);
        for (; seen < wanted && bucket < HISTOGRAM_BUCKETS; bucket++) {
            uint64_t here = lately(h, bucket);

            seen += here;
            last = here ? bucket : last;
        }
        out[i] = value_of(last);
    }
}

double histogram_quantile(const struct histogram *h, double q)
{
    double out;

    histogram_quantiles(h, &q, 1, &out);
    return out;
}

int64_t histogram_count(const struct histogram *h)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        count += atomic_load_explicit(&((struct histogram *)h)->under[i], memory_order_relaxed);
    return (int64_t)count;
}

double histogram_sum(const struct histogram *h)
{
    uint64_t bits = atomic_load_explicit(&((struct histogram *)h)->sum_bits, memory_order_relaxed);
    double sum;

    memcpy(&sum, &bits, sizeof sum);
    return sum;
}

static bool bank_is_empty(struct histogram *h, unsigned bank)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (atomic_load_explicit(&h->banks[bank][i], memory_order_relaxed) != 0)
            return false;
    return true;
}

void histogram_turn(struct histogram *h, int64_t now_us)
{
    unsigned active = atomic_load_explicit(&h->active, memory_order_relaxed);

    if (now_us - h->turned_us < TURN_US || bank_is_empty(h, active))
        return;
    h->turned_us = now_us;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        atomic_store_explicit(&h->banks[1 - active][i], 0, memory_order_relaxed);
    atomic_store_explicit(&h->active, 1 - active, memory_order_relaxed);
}
