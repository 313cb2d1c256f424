/* aggregates.c: what is kept of a window's values, and the rows of the three aggregate tables.
 * Results do not depend on the order in which values arrive: sums carry their rounding error along (so they
 * are the correctly rounded sums), first and last are by event time, and by sample id where two samples share
 * it.
 */
#include "types.h"
#include <math.h>
#include <string.h>

/* Columns that come in (health.c). */
enum { USER_ID, DATA_TYPE, VALUE, START_DATE, SAMPLE_ID };

#define ID_BYTES   40 /* of a sample id, for telling apart samples of the same instant; a UUID has 36 */
#define WEEK_DAYS  7
#define MONTH_DAYS 31

/* A sum and what rounding has taken from it: together twice a double's precision (Knuth's two-sum). */
struct sum {
    double high, low;
};

struct stats {
    int64_t count;
    double min, max, mean, m2; /* mean, m2: Welford's, for the variance */
    struct sum sum;
};

struct moment {
    int64_t at_us;
    double value;
    char id[ID_BYTES];
};

struct daily_state {
    struct stats stats;
    struct moment first, last;
};

struct day {
    int64_t count;
    struct sum sum;
};

struct span_state { /* a week or a month: the days follow, WEEK_DAYS or MONTH_DAYS of them */
    struct stats stats;
    struct day days[];
};

static void sum_add(struct sum *s, double v)
{
    double high = s->high + v, part = high - s->high;

    s->low += (s->high - (high - part)) + (v - part);
    s->high = high;
}

static double sum_value(const struct sum *s)
{
    return s->high + s->low;
}

static void stats_add(struct stats *s, double v)
{
    double delta = v - s->mean;

    s->min = s->count == 0 || v < s->min ? v : s->min;
    s->max = s->count == 0 || v > s->max ? v : s->max;
    s->count++;
    s->mean += delta / (double)s->count;
    s->m2 += delta * (v - s->mean);
    sum_add(&s->sum, v);
}

/* min, max, avg, sum, count, stddev (of the population: 0 for one value), from column on; returns the next
 * column. */
static int put_stats(struct weir_rows *r, int column, const struct stats *s)
{
    double n = (double)s->count;

    weir_put_f64(r, column++, s->min);
    weir_put_f64(r, column++, s->max);
    weir_put_f64(r, column++, sum_value(&s->sum) / n);
    weir_put_f64(r, column++, sum_value(&s->sum));
    weir_put_i64(r, column++, s->count);
    weir_put_f64(r, column++, sqrt(fmax(s->m2, 0) / n));
    return column;
}

/* --- days --- */

static void moment_of(const struct weir_batch *in, int32_t row, struct moment *out)
{
    struct weir_str id = weir_str(in, SAMPLE_ID, row);

    memset(out, 0, sizeof *out);
    out->at_us = weir_i64s(in, START_DATE)[row];
    out->value = weir_f64s(in, VALUE)[row];
    memcpy(out->id, id.ptr, id.len < ID_BYTES ? id.len : ID_BYTES);
}

static int moment_compare(const struct moment *a, const struct moment *b)
{
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    return memcmp(a->id, b->id, ID_BYTES);
}

static void daily_add(const void *arg, void *acc, const struct weir_batch *in, const int32_t *rows,
                      int32_t count)
{
    struct daily_state *d = acc;
    const double *values = weir_f64s(in, VALUE);
    const int64_t *times = weir_i64s(in, START_DATE);

    (void)arg;
    for (int32_t i = 0; i < count; i++) {
        struct moment now;
        bool begins = d->stats.count == 0;

        stats_add(&d->stats, values[rows[i]]);
        if (!begins && times[rows[i]] > d->first.at_us && times[rows[i]] < d->last.at_us)
            continue;
        moment_of(in, rows[i], &now);
        if (begins || moment_compare(&now, &d->first) < 0)
            d->first = now;
        if (begins || moment_compare(&now, &d->last) > 0)
            d->last = now;
    }
}

static void daily_result(const void *arg, const void *acc, const struct weir_window *w, struct weir_rows *out)
{
    const struct daily_state *d = acc;
    int column = 2; /* after user_id and data_type */

    (void)arg;
    weir_put_i32(out, column++, weir_date(w->start_us));
    weir_put_i64(out, column++, w->start_us);
    weir_put_i64(out, column++, w->end_us);
    column = put_stats(out, column, &d->stats);
    weir_put_f64(out, column++, d->first.value);
    weir_put_f64(out, column++, d->last.value);
    weir_put_i64(out, column++, d->stats.count);
    weir_put_i64(out, column, weir_rows_now_us(out));
}

/* --- weeks and months --- */

static void span_add(struct span_state *s, int day, double v)
{
    stats_add(&s->stats, v);
    sum_add(&s->days[day].sum, v);
    s->days[day].count++;
}

static void weekly_add(const void *arg, void *acc, const struct weir_batch *in, const int32_t *rows,
                       int32_t count)
{
    const double *values = weir_f64s(in, VALUE);
    const int64_t *times = weir_i64s(in, START_DATE);

    (void)arg;
    for (int32_t i = 0; i < count; i++)
        span_add(acc, (weir_date(times[rows[i]]) + 3) % 7, values[rows[i]]); /* 1970-01-01 was a Thursday */
}

static void monthly_add(const void *arg, void *acc, const struct weir_batch *in, const int32_t *rows,
                        int32_t count)
{
    const double *values = weir_f64s(in, VALUE);
    const int64_t *times = weir_i64s(in, START_DATE);

    (void)arg;
    for (int32_t i = 0; i < count; i++) {
        int32_t year, month, day;

        weir_civil(weir_date(times[rows[i]]), &year, &month, &day);
        span_add(acc, day - 1, values[rows[i]]);
    }
}

/* The average of the averages of those days that have values. */
static double average_of_days(const struct span_state *s, int count)
{
    struct sum sum = {0};
    int days = 0;

    for (int i = 0; i < count; i++)
        if (s->days[i].count) {
            sum_add(&sum, sum_value(&s->days[i].sum) / (double)s->days[i].count);
            days++;
        }
    return sum_value(&sum) / days;
}

static void put_span(const struct span_state *s, int day_count, const struct weir_window *w,
                     struct weir_rows *out, int column)
{
    weir_put_i32(out, column++, weir_date(w->start_us));
    weir_put_i32(out, column++, weir_date(w->end_us - WEIR_DAY)); /* the last day of it */
    weir_put_i64(out, column++, w->start_us);
    weir_put_i64(out, column++, w->end_us);
    column = put_stats(out, column, &s->stats);
    weir_put_f64(out, column++, average_of_days(s, day_count));
    weir_put_i64(out, column++, s->stats.count);
    weir_put_i64(out, column, weir_rows_now_us(out));
}

static void weekly_result(const void *arg, const void *acc, const struct weir_window *w,
                          struct weir_rows *out)
{
    int32_t year, week;

    (void)arg;
    weir_iso_week(weir_date(w->start_us), &year, &week);
    weir_put_i32(out, 2, year);
    weir_put_i32(out, 3, week);
    put_span(acc, WEEK_DAYS, w, out, 4);
}

static void monthly_result(const void *arg, const void *acc, const struct weir_window *w,
                           struct weir_rows *out)
{
    int32_t year, month, day;

    (void)arg;
    weir_civil(weir_date(w->start_us), &year, &month, &day);
    weir_put_i32(out, 2, year);
    weir_put_i32(out, 3, month);
    put_span(acc, MONTH_DAYS, w, out, 4);
}

/* --- metrics --- */

struct window_metrics {
    const char *window_type;
    struct weir_counter *processed, *late;
    struct weir_histogram *latency_ms;
    struct types types;
    struct weir_counter *aggregated[TYPES_MAX + 1]; /* by type */
};

static bool open_metrics(struct window_metrics *m, struct weir_task *t, const char *window_type)
{
    const char *const labels[] = {"window_type", window_type, NULL};

    m->window_type = window_type;
    m->processed = weir_metric_counter(t, "windows_processed", "Number of windows processed", labels);
    m->late = weir_metric_counter(t, "late_records", "Number of late records", labels);
    m->latency_ms = weir_metric_histogram(t, "window_latency_ms", "Window processing latency (ms)", labels);
    return true;
}

/* One open for all three: arg is the window's name. */
static bool open_window(void *self, struct weir_task *t, const void *arg)
{
    return open_metrics(self, t, arg);
}

static void window_fired(void *self, struct weir_task *t, int64_t windows, int64_t took_us)
{
    struct window_metrics *m = self;

    (void)t;
    weir_count(m->processed, windows);
    weir_observe(m->latency_ms, (double)took_us / 1000.0, 1);
}

static void name_metric(struct window_metrics *m, struct weir_task *t, int type)
{
    const char *const labels[] = {"window_type", m->window_type, "data_type", m->types.known[type].name,
                                  NULL};

    m->aggregated[type] = weir_metric_counter(t, "records_aggregated", "Number of records aggregated",
                                              labels);
}

static void rows_added(void *self, struct weir_task *t, const struct weir_batch *in, int64_t rows,
                       int64_t late)
{
    struct window_metrics *m = self;

    (void)rows;
    weir_count(m->late, late);
    for (int32_t i = 0; i < weir_rows_count(in); i++) {
        bool is_new;
        int type = types_number(&m->types, weir_str(in, DATA_TYPE, weir_row(in, i)), &is_new);

        if (is_new)
            name_metric(m, t, type);
        m->types.rows[type]++;
    }
    for (int i = 0; i <= TYPES_MAX; i++)
        if (m->types.rows[i]) {
            weir_count(m->aggregated[i], m->types.rows[i]);
            m->types.rows[i] = 0;
        }
}

/* --- the three --- */

#define STATS_COLUMNS                                                                                        \
    "min_value DOUBLE, max_value DOUBLE, avg_value DOUBLE, sum_value DOUBLE, `count` BIGINT, stddev_value "  \
    "DOUBLE, "

const struct weir_aggregate daily = {
    .name = "daily",
    .columns = "user_id STRING NOT NULL, data_type STRING NOT NULL, aggregation_date DATE NOT NULL, "
               "window_start TIMESTAMP, "
               "window_end TIMESTAMP, " STATS_COLUMNS
               "first_value DOUBLE, last_value DOUBLE, record_count BIGINT, "
               "updated_at TIMESTAMP",
    .acc_bytes = sizeof(struct daily_state),
    .self_bytes = sizeof(struct window_metrics),
    .open = open_window,
    .add = daily_add,
    .result = daily_result,
    .fired = window_fired,
    .added = rows_added,
};

#define SPAN_COLUMNS(unit, first, last)                                                                      \
    "user_id STRING NOT NULL, data_type STRING NOT NULL, year INT NOT NULL, " unit " INT NOT NULL, " first   \
    " DATE, " last " DATE, window_start TIMESTAMP, window_end TIMESTAMP, " STATS_COLUMNS                     \
    "daily_avg_of_avg DOUBLE, record_count BIGINT, updated_at TIMESTAMP"

const struct weir_aggregate weekly = {
    .name = "weekly",
    .columns = SPAN_COLUMNS("week_of_year", "week_start_date", "week_end_date"),
    .acc_bytes = sizeof(struct span_state) + WEEK_DAYS * sizeof(struct day),
    .self_bytes = sizeof(struct window_metrics),
    .open = open_window,
    .add = weekly_add,
    .result = weekly_result,
    .fired = window_fired,
    .added = rows_added,
};

const struct weir_aggregate monthly = {
    .name = "monthly",
    .columns = SPAN_COLUMNS("month", "month_start_date", "month_end_date"),
    .acc_bytes = sizeof(struct span_state) + MONTH_DAYS * sizeof(struct day),
    .self_bytes = sizeof(struct window_metrics),
    .open = open_window,
    .add = monthly_add,
    .result = monthly_result,
    .fired = window_fired,
    .added = rows_added,
};
