/* metrics_prometheus.c: all metrics as Prometheus text, format 0.0.4.
 *   Flink's scopes: as Flink's reporter writes them: gauges, and summaries with quantiles and _count but no
 * _sum. Bare scopes: as Prometheus means it: counters, gauges, and histograms with _bucket, _sum and _count.
 */
#include "metrics/metrics_registry.h"
#include <math.h>

static const double quantiles[] = {0.5, 0.75, 0.95, 0.98, 0.99, 0.999};

/* `name{labels,extra="extra_value"} `; extra may be NULL. */
static void write_series(struct bytes *out, const char *name, const char *suffix,
                         const struct metric_scope *s, const char *extra, double extra_value)
{
    struct slice labels = bytes_all(&s->label_text);

    bytes_printf(out, "%s%s", name, suffix);
    if (labels.len || extra) {
        bytes_u8(out, '{');
        bytes_slice(out, labels);
        if (extra) {
            bytes_printf(out, "%s%s=\"", labels.len ? "," : "", extra);
            text_double(out, extra_value);
            bytes_u8(out, '"');
        }
        bytes_u8(out, '}');
    }
    bytes_u8(out, ' ');
}

static void write_sample(struct bytes *out, const char *name, const char *suffix,
                         const struct metric_scope *s, const char *extra, double extra_value, double v)
{
    write_series(out, name, suffix, s, extra, extra_value);
    text_double(out, v);
    bytes_u8(out, '\n');
}

static double value_of(const struct metric *x)
{
    switch (x->kind) {
    case METRIC_COUNTER:
        return (double)counter_get(&x->value.counter);
    case METRIC_GAUGE:
        return gauge_get(&x->value.gauge);
    case METRIC_GAUGE_FN:
        return x->value.fn.read ? x->value.fn.read(x->value.fn.arg) : NAN;
    case METRIC_METER:
        return meter_rate(x->value.meter);
    case METRIC_HISTOGRAM:
        return (double)histogram_count(x->value.histogram);
    }
    assert(false); /* no such kind */
    return NAN;
}

static void write_summary(struct bytes *out, const char *name, const struct metric *x)
{
    double values[COUNT_OF(quantiles)];

    write_sample(out, name, "_count", x->scope, NULL, 0, value_of(x));
    histogram_quantiles(x->value.histogram, quantiles, COUNT_OF(quantiles), values);
    for (size_t i = 0; i < COUNT_OF(quantiles); i++)
        write_sample(out, name, "", x->scope, "quantile", quantiles[i], values[i]);
}

/* _count is the sum of what was just written, so that the two agree while others go on recording. */
static void write_histogram(struct bytes *out, const char *name, const struct metric *x)
{
    struct histogram *h = x->value.histogram;
    uint64_t count = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        double bound = i < HISTOGRAM_BOUNDS ? histogram_bounds[i] : INFINITY;

        count += atomic_load_explicit(&h->under[i], memory_order_relaxed);
        write_sample(out, name, "_bucket", x->scope, "le", bound, (double)count);
    }
    write_sample(out, name, "_sum", x->scope, NULL, 0, histogram_sum(h));
    write_sample(out, name, "_count", x->scope, NULL, 0, (double)count);
}

static void write_metric(struct metrics *m, struct bytes *out, const char *name, const struct metric *x)
{
    if (x->kind == METRIC_HISTOGRAM)
        histogram_turn(x->value.histogram, clock_mono_us(m->clock));
    if (x->exposed == EXPOSE_SUMMARY)
        write_summary(out, name, x);
    else if (x->exposed == EXPOSE_HISTOGRAM)
        write_histogram(out, name, x);
    else
        write_sample(out, name, "", x->scope, NULL, 0, value_of(x));
}

static void write_family(struct metrics *m, struct bytes *out, const struct family *f)
{
    static const char *const types[] = {"gauge", "counter", "summary", "histogram"};
    const struct map_entry *entry;

    bytes_printf(out, "# HELP %s ", f->name);
    text_escaped(out, f->help, false);
    bytes_printf(out, "\n# TYPE %s %s\n", f->name, types[f->shown]);
    for (size_t at = 0; (entry = map_next(&f->series[f->shown], &at)) != NULL;)
        write_metric(m, out, f->name, entry->value);
}

void metrics_prometheus(struct metrics *m, struct bytes *out)
{
    const struct map_entry *entry;

    pthread_mutex_lock(&m->lock);
    for (size_t at = 0; (entry = map_next(&m->families, &at)) != NULL;)
        if (!families_is_suffix(m, entry->value))
            write_family(m, out, entry->value);
    pthread_mutex_unlock(&m->lock);
}

static double family_sum(const struct family *f)
{
    const struct map_entry *entry;
    double sum = 0;

    for (int i = 0; i < EXPOSITION_COUNT; i++)
        for (size_t at = 0; (entry = map_next(&f->series[i], &at)) != NULL;)
            for (const struct metric *x = entry->value; x; x = x->shadowed) {
                double v = value_of(x);

                sum += isnan(v) ? 0 : v;
            }
    return sum;
}

bool metrics_sum(struct metrics *m, const char *full_name, double *out)
{
    struct slice name = slice_text(full_name);
    const struct family *f;

    pthread_mutex_lock(&m->lock);
    f = map_get(&m->families, name);
    if (f == NULL && slice_ends(name, SLICE("_count"))) {
        f = map_get(&m->families, slice_of(name.ptr, name.len - 6));
        if (f && f->shown != EXPOSE_SUMMARY && f->shown != EXPOSE_HISTOGRAM)
            f = NULL;
    }
    if (f)
        *out = family_sum(f);
    pthread_mutex_unlock(&m->lock);
    return f != NULL;
}
