/* metrics_prometheus_test.c: the text: its exact form for Flink's and for bare scopes, that it stays valid
 * whatever a job names its things, and while others record, create and remove. A small reader of the format
 * is the judge.
 */
#include "metrics/metrics.h"
#include "base/mem.h"
#include "base/test.h"
#include "metrics/metrics_registry.h"
#include "os/log.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the reader: fails the test at what text format 0.0.4 does not allow --- */

struct checker {
    struct map names;  /* names that had their TYPE */
    struct map series; /* name and labels */
    char name[256], type[16];
    bool helped;   /* a HELP came, its TYPE not yet */
    double bucket; /* the last _bucket's value, and the bound it had */
    double bound;
    int sample_count;
};

static size_t name_length(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");

    return *s >= '0' && *s <= '9' ? 0 : n;
}

static void check_comment(struct checker *k, const char *line)
{
    char name[256], kind[8], type[16];
    int rest = 0;
    size_t n;

    if (sscanf(line, "# %7s %255s %n", kind, name, &rest) < 2 || (n = name_length(name)) == 0 || name[n])
        fail_msg("no comment: %s", line);
    if (strcmp(kind, "HELP") == 0) {
        if (k->helped || map_get(&k->names, slice_text(name)))
            fail_msg("a second HELP: %s", line);
        for (const char *at = line + rest; *at; at++)
            if (*at == '\\' && *++at != '\\' && *at != 'n')
                fail_msg("an escape in HELP: %s", line);
        snprintf(k->name, sizeof k->name, "%s", name);
        k->helped = true;
        return;
    }
    if (strcmp(kind, "TYPE") != 0 || !k->helped || strcmp(name, k->name) != 0 ||
        sscanf(line + rest, "%15s", type) != 1 ||
        (strcmp(type, "gauge") && strcmp(type, "counter") && strcmp(type, "summary") &&
         strcmp(type, "histogram")))
        fail_msg("no TYPE: %s", line);
    snprintf(k->type, sizeof k->type, "%s", type);
    k->helped = false;
    assert_true(map_put(&k->names, slice_text(name), k));
}

/* The labels at s, which is behind '{'; gives the place behind '}', and the value of le or quantile. */
static const char *check_labels(const char *s, const char *line, double *special)
{
    struct map seen = {0};

    *special = NAN;
    while (*s != '}') {
        size_t n = name_length(s);
        const char *value;
        bool of_format = (n == 2 && memcmp(s, "le", 2) == 0) || (n == 8 && memcmp(s, "quantile", 8) == 0);

        if (n == 0 || memchr(s, ':', n) || s[n] != '=' || s[n + 1] != '"' || map_get(&seen, slice_of(s, n)))
            fail_msg("a label: %s", line);
        assert_true(map_put(&seen, slice_of(s, n), &seen));
        value = s += n + 2;
        for (; *s != '"'; s++)
            if (*s == '\0' || (*s == '\\' && *++s != '\\' && *s != 'n' && *s != '"'))
                fail_msg("a label's value: %s", line);
        if (of_format)
            *special = strtod(value, NULL);
        s++;
        if (*s == ',')
            s++;
        else if (*s != '}')
            fail_msg("behind a label: %s", line);
    }
    map_fini(&seen);
    return s + 1;
}

static void check_bucket(struct checker *k, const char *suffix, double special, double v, const char *line)
{
    if (strcmp(suffix, "_bucket") == 0) {
        if (isnan(special) || (special > k->bound && v < k->bucket))
            fail_msg("a bucket: %s", line);
        k->bucket = v;
        k->bound = special;
    } else if (strcmp(suffix, "_count") == 0 && (k->bucket != v || !isinf(k->bound))) {
        fail_msg("the count is not that of +Inf: %s", line);
    }
}

static void check_suffix(struct checker *k, const char *suffix, double special, double v, const char *line)
{
    bool summary = strcmp(k->type, "summary") == 0;

    if (strcmp(k->type, "histogram") == 0) {
        if (strcmp(suffix, "_bucket") && strcmp(suffix, "_sum") && strcmp(suffix, "_count"))
            fail_msg("a sample of a histogram: %s", line);
        check_bucket(k, suffix, special, v, line);
    } else if (summary ? strcmp(suffix, "_count") && (*suffix || isnan(special)) : *suffix) {
        fail_msg("a sample of a %s: %s", k->type, line);
    }
}

static void check_sample(struct checker *k, const char *line)
{
    size_t n = name_length(line), base = strlen(k->name);
    const char *s = line + n;
    char suffix[256], *end;
    double special = NAN, v;

    if (n < base || memcmp(line, k->name, base) != 0 || k->helped)
        fail_msg("a sample not under its TYPE: %s", line);
    snprintf(suffix, sizeof suffix, "%.*s", (int)(n - base), line + base);
    if (*s == '{')
        s = check_labels(s + 1, line, &special);
    if (map_get(&k->series, slice_of(line, (size_t)(s - line))))
        fail_msg("a sample a second time: %s", line);
    assert_true(map_put(&k->series, slice_of(line, (size_t)(s - line)), k));
    v = strtod(s + 1, &end);
    if (*s != ' ' || end == s + 1 || *end)
        fail_msg("a value: %s", line);
    check_suffix(k, suffix, special, v, line);
    k->sample_count++;
}

/* How many samples there are. */
static int check_text(const struct bytes *text)
{
    struct checker k = {0};
    char *copy = mem_strndup(text->len ? text->ptr : "", text->len), *at = copy;

    assert_non_null(copy);
    while (*at) {
        char *end = strchr(at, '\n');

        if (end == NULL)
            fail_msg("the last line has no end: %s", at);
        *end = '\0';
        if (*at == '#')
            check_comment(&k, at);
        else
            check_sample(&k, at);
        at = end + 1;
    }
    map_fini(&k.names);
    map_fini(&k.series);
    mem_free(copy);
    return k.sample_count;
}

static const char *render(struct metrics *m, struct bytes *text)
{
    bytes_clear(text);
    metrics_prometheus(m, text);
    check_text(text);
    return text->len ? bytes_cstr(text) : "";
}

/* --- the form --- */

static void test_numbers(UNUSED void **state)
{
    static const struct {
        double v;
        const char *want;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1, "-1.0"},
        {2, "2.0"},
        {42, "42.0"},
        {0.1, "0.1"},
        {0.999, "0.999"},
        {1234567.25, "1234567.25"},
        {1e7, "1.0E7"},
        {9999999, "9999999.0"},
        {1.795340719e12, "1.795340719E12"},
        {0.001, "0.001"},
        {0.0005, "5.0E-4"},
        {1e-300, "1.0E-300"},
        {100, "100.0"},
        {1.0 / 3, "0.3333333333333333"},
        {NAN, "NaN"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {-9223372036854775808.0, "-9.223372036854775808E18"},
        {0.012, "0.012"},
        {5e-324, "4.94065645841247E-324"},
        {1.7976931348623157e308, "1.7976931348623157E308"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes b = {0};

        text_double(&b, cases[i].v);
        if (strcmp(bytes_cstr(&b), cases[i].want) != 0 &&
            !(isfinite(cases[i].v) && strtod(b.ptr, NULL) == cases[i].v && fabs(cases[i].v) > 1e15) &&
            cases[i].v > 1e-320)
            fail_msg("%.17g: got %s, want %s", cases[i].v, b.ptr, cases[i].want);
        assert_true(isnan(cases[i].v) || strtod(b.ptr, NULL) == cases[i].v);
        bytes_fini(&b);
    }
}

static void test_flink_scope(UNUSED void **state)
{
    static const struct metric_label host[] = {{"host", "tm-1.local"}, {"tm_id", "tm-1.local:6122-a"}};
    static const struct metric_label task[] = {{"task_name", "Source: src[1] -> Calc[2]"},
                                               {"subtask_index", "0"}};
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *tm = metrics_scope(m, NULL, "taskmanager", host, 2),
                        *job_task = metrics_scope(m, tm, "job_task", task, 2);
    struct bytes text = {0};

    counter_add(metrics_counter(job_task, "numRecordsIn", NULL), 3);
    gauge_set(metrics_gauge(job_task, "currentInputWatermark", "the last \"one\"\nin\\out"), 1795340719000);
    assert_string_equal(
        render(m, &text),
        "# HELP flink_taskmanager_job_task_numRecordsIn numRecordsIn (scope: taskmanager_job_task)\n"
        "# TYPE flink_taskmanager_job_task_numRecordsIn gauge\n"
        "flink_taskmanager_job_task_numRecordsIn{host=\"tm_1_local\",tm_id=\"tm_1_local:6122_a\","
        "task_name=\"Source:_src_1_____Calc_2_\",subtask_index=\"0\"} 3.0\n"
        "# HELP flink_taskmanager_job_task_currentInputWatermark currentInputWatermark (scope: "
        "taskmanager_job_task): the last \"one\"\\nin\\\\out\n"
        "# TYPE flink_taskmanager_job_task_currentInputWatermark gauge\n"
        "flink_taskmanager_job_task_currentInputWatermark{host=\"tm_1_local\",tm_id=\"tm_1_local:6122_a\","
        "task_name=\"Source:_src_1_____Calc_2_\",subtask_index=\"0\"} 1.795340719E12\n");
    bytes_fini(&text);
    metrics_free(m);
}

static void test_summary(UNUSED void **state)
{
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *s = metrics_scope(m, NULL, "taskmanager", NULL, 0);
    struct bytes text = {0};

    histogram_record_n(metrics_histogram(s, "mailboxLatencyMs", NULL), 0.05, 7);
    assert_string_equal(render(m, &text),
                        "# HELP flink_taskmanager_mailboxLatencyMs mailboxLatencyMs (scope: taskmanager)\n"
                        "# TYPE flink_taskmanager_mailboxLatencyMs summary\n"
                        "flink_taskmanager_mailboxLatencyMs_count 7.0\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.5\"} 0.05\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.75\"} 0.05\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.95\"} 0.05\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.98\"} 0.05\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.99\"} 0.05\n"
                        "flink_taskmanager_mailboxLatencyMs{quantile=\"0.999\"} 0.05\n");
    bytes_fini(&text);
    metrics_free(m);
}

static void test_bare_scope(UNUSED void **state)
{
    static const struct metric_label heart = {"data_type", "heart-Rate \"x\"\\\n\xff\xc3\xa9"},
                                     steps = {"data_type", "steps"};
    struct metrics *m = metrics_new(clock_system());
    struct bytes text = {0};
    struct histogram *h;

    counter_add(metrics_counter(metrics_bare(m, &heart, 1), "valid_records", "Valid records"), 2);
    counter_add(metrics_counter(metrics_bare(m, &steps, 1), "valid_records", NULL), 1);
    assert_string_equal(render(m, &text),
                        "# HELP valid_records Valid records\n"
                        "# TYPE valid_records counter\n"
                        "valid_records{data_type=\"heart-Rate \\\"x\\\"\\\\\\n\xef\xbf\xbd\xc3\xa9\"} 2.0\n"
                        "valid_records{data_type=\"steps\"} 1.0\n");
    h = metrics_histogram(metrics_bare(m, &steps, 1), "processing_latency", NULL);
    histogram_record(h, 5);
    histogram_record_n(h, 40, 2);
    histogram_record(h, 1e9);
    render(m, &text);
    assert_non_null(strstr(text.ptr, "# TYPE processing_latency histogram\n"
                                     "processing_latency_bucket{data_type=\"steps\",le=\"0.1\"} 0.0\n"));
    assert_non_null(strstr(text.ptr, "{data_type=\"steps\",le=\"2.5\"} 0.0\n"
                                     "processing_latency_bucket{data_type=\"steps\",le=\"5.0\"} 1.0\n"));
    assert_non_null(strstr(text.ptr, "{data_type=\"steps\",le=\"25.0\"} 1.0\n"
                                     "processing_latency_bucket{data_type=\"steps\",le=\"50.0\"} 3.0\n"));
    assert_non_null(strstr(text.ptr, "{data_type=\"steps\",le=\"+Inf\"} 4.0\n"
                                     "processing_latency_sum{data_type=\"steps\"} 1.000000085E9\n"
                                     "processing_latency_count{data_type=\"steps\"} 4.0\n"));
    bytes_fini(&text);
    metrics_free(m);
}

/* One name for different things: one is shown, and comes and goes with its scope. */
static void test_collisions(UNUSED void **state)
{
    static const struct metric_label one = {"table", "db.t-1"}, two = {"table", "db_t_1"};
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *a = metrics_scope(m, NULL, "task", &one, 1),
                        *b = metrics_scope(m, NULL, "task", &two, 1);
    struct bytes text = {0};

    gauge_set(metrics_gauge(a, "x", NULL), 1);
    counter_add(metrics_counter(b, "x", NULL), 2); /* the same name and, filtered, the same labels */
    assert_non_null(strstr(render(m, &text), "flink_task_x{table=\"db_t_1\"} 2.0\n"));
    assert_null(strstr(text.ptr, "} 1.0\n"));
    histogram_record(metrics_histogram(a, "x", NULL), 3); /* another type */
    assert_null(strstr(render(m, &text), "quantile"));
    histogram_record(metrics_histogram(a, "y", NULL), 4);
    gauge_set(metrics_gauge(b, "y_count", NULL), 77); /* would be taken for the summary's */
    assert_null(strstr(render(m, &text), "77.0"));
    metrics_scope_remove(b);
    assert_non_null(strstr(render(m, &text), "flink_task_x{table=\"db_t_1\"} 1.0\n"));
    metrics_scope_remove(a);
    assert_string_equal(render(m, &text), "");
    metrics_counter(metrics_bare(m, NULL, 0), "records", NULL);
    metrics_gauge(metrics_bare(m, NULL, 0), "records", NULL);
    metrics_histogram(metrics_bare(m, &one, 1), "records", NULL);
    assert_non_null(strstr(render(m, &text), "# TYPE records counter\nrecords 0.0\n"));
    bytes_fini(&text);
    metrics_free(m);
}

static void test_odd_names(UNUSED void **state)
{
    static const struct metric_label odd[] = {{"le", "1"}, {"quantile", "2"}, {"a-b", "3"}, {"a_b", "4"},
                                              {"9x", "5"}, {"", "6"},         {"a:b", "7"}, {"x", NULL}};
    static const char *const names[] = {"9lives",           "",     "a b",
                                        "\xf0\x9f\x8e\x89", "x\ny", "Kafka.records-lag-max"};
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *bare = metrics_bare(m, odd, COUNT_OF(odd)),
                        *flink = metrics_scope(m, NULL, "t\xc3\xa9st", odd, COUNT_OF(odd));
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        metrics_counter(bare, names[i], NULL);
        metrics_histogram(flink, names[i], "h\xffl\np");
        metrics_gauge(flink, names[i], NULL);
    }
    metrics_histogram(bare, "h", NULL);
    assert_non_null(
        strstr(render(m, &text), "\n_9lives{label_le=\"1\",label_quantile=\"2\",a_b=\"3\",a_b_=\"4\","));
    assert_non_null(strstr(text.ptr, "\nflink_t_st_Kafka_records_lag_max_count{"));
    assert_non_null(strstr(text.ptr, "\nflink_t_st____count{")); /* one character, two UTF-16 units */
    bytes_fini(&text);
    metrics_free(m);
}

/* --- all at once --- */

struct crowd {
    struct metrics *metrics;
    atomic_bool stop;
    atomic_int number;
    struct counter *counter;
    struct histogram *histogram;
    struct meter *meter;
    struct gauge *gauge;
};

static void *record(void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 20000; i++) {
        counter_add(crowd->counter, 1);
        histogram_record(crowd->histogram, i % 100);
        meter_mark(crowd->meter, 1);
        gauge_set(crowd->gauge, i);
    }
    return NULL;
}

static double read_own(void *arg)
{
    return *(double *)arg; /* on the stack of come_and_go: gone when the scope is */
}

static void *come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    int number = atomic_fetch_add(&crowd->number, 1);

    for (int i = 0; i < 300; i++) {
        double own = i;
        char name[16];
        struct metric_label label = {"subtask_index", name};
        struct metric_scope *s, *below, *shared;

        snprintf(name, sizeof name, "%d", number);
        s = metrics_scope(crowd->metrics, NULL, "taskmanager_job_task", &label, 1);
        below = metrics_scope(crowd->metrics, s, "operator", NULL, 0);
        shared = metrics_bare(crowd->metrics, NULL, 0);
        counter_add(metrics_counter(s, "numRecordsIn", NULL), 1);
        histogram_record(metrics_histogram(below, "latency", NULL), i);
        counter_add(metrics_counter(shared, "shared", NULL), 1);
        metrics_gauge_fn(s, "own", NULL, read_own, &own);
        metrics_scope_remove(s);
        own = NAN;
        metrics_scope_remove(shared);
    }
    return NULL;
}

static void *keep_rendering(void *arg)
{
    struct crowd *crowd = arg;
    struct bytes text = {0};
    double sum;

    while (!atomic_load(&crowd->stop)) {
        bytes_clear(&text);
        metrics_prometheus(crowd->metrics, &text);
        check_text(&text);
        metrics_sum(crowd->metrics, "shared", &sum);
        histogram_quantile(crowd->histogram, 0.99);
    }
    bytes_fini(&text);
    return NULL;
}

static void test_crowd(UNUSED void **state)
{
    struct crowd crowd = {.metrics = metrics_new(clock_system())};
    struct metric_scope *s = metrics_scope(crowd.metrics, NULL, "taskmanager", NULL, 0);
    struct metric_scope *bare = metrics_bare(crowd.metrics, NULL, 0);
    pthread_t threads[5];

    crowd.counter = metrics_counter(s, "c", NULL);
    crowd.histogram = metrics_histogram(bare, "h", NULL);
    crowd.meter = metrics_meter(s, "m", NULL);
    crowd.gauge = metrics_gauge(s, "g", NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i < 2   ? record
                                        : i < 4 ? come_and_go
                                                : keep_rendering,
                                        &crowd),
                         0);
    for (int i = 0; i < 5; i++) {
        if (i == 4)
            atomic_store(&crowd.stop, true);
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(counter_get(crowd.counter), 40000);
    assert_int_equal(histogram_count(crowd.histogram), 40000);
    assert_true(histogram_sum(crowd.histogram) == 2 * 200 * 4950.0);
    assert_true(meter_rate(crowd.meter) > 0);
    assert_true(gauge_get(crowd.gauge) == 19999);
    assert_int_equal(map_count(&crowd.metrics->root.children), 1);
    metrics_free(crowd.metrics);
}

TEST_MAIN(cmocka_unit_test(test_numbers), cmocka_unit_test(test_flink_scope), cmocka_unit_test(test_summary),
          cmocka_unit_test(test_bare_scope), cmocka_unit_test(test_collisions),
          cmocka_unit_test(test_odd_names), cmocka_unit_test(test_crowd))
