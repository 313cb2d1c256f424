/* window_test.c: window_agg.c and session_window.c against a naive model of the rules in window.h, with
 * restarts at other parallelisms on the way; and the rules one by one.
 */
#include "base/calendar.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"
#include "operators/operator_harness.h"
#include "operators/session_window.h"
#include "operators/window_agg.h"
#include "os/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static const struct schema *input, *output;
static struct fs *fs;
static char folder[32] = "/tmp/weir-window-XXXXXX";

/* --- what the test does in a window: count and sum, first time as a sign that init and merge were called --- */

struct acc {
    int64_t count, least;
    double sum;
};

static int64_t observed_added, observed_late, observed_fired;

static void acc_init(UNUSED const void *arg, void *acc)
{
    ((struct acc *)acc)->least = INT64_MAX;
}

static enum err acc_add(UNUSED const void *arg, void *acc, const struct batch *b, const int32_t *rows,
                        int32_t count, UNUSED struct error *e)
{
    struct acc *a = acc;

    for (int32_t i = 0; i < count; i++) {
        a->count++;
        a->sum += b->columns[2].f64[rows[i]];
        a->least = MIN(a->least, b->columns[1].i64[rows[i]]);
    }
    return OK;
}

static void acc_merge(UNUSED const void *arg, void *acc, const void *other)
{
    struct acc *a = acc;
    const struct acc *b = other;

    a->count += b->count;
    a->sum += b->sum;
    a->least = MIN(a->least, b->least);
}

static enum err acc_emit(UNUSED const void *arg, UNUSED void *self, const void *acc, struct slice key,
                         const struct window *w, struct builder *out, struct error *e)
{
    const struct acc *a = acc;

    if (!key_decode(key, out->columns, 1))
        return error_set(e, ERR_CORRUPT, "not a key");
    builder_i64(&out->columns[1], w->start_us);
    builder_i64(&out->columns[2], w->end_us);
    builder_i64(&out->columns[4], a->count);
    builder_f64(&out->columns[5], a->sum);
    builder_i64(&out->columns[6], a->least);
    return OK;
}

static void on_added(UNUSED void *self, UNUSED const struct batch *b, int64_t records, int64_t late)
{
    observed_added += records;
    observed_late += late;
}

static void on_fired(UNUSED void *self, int64_t windows)
{
    observed_fired += windows;
}

static struct state_field acc_fields[] = {{.name = "count", .offset = offsetof(struct acc, count)},
                                          {.name = "least", .offset = offsetof(struct acc, least)},
                                          {.name = "sum", .offset = offsetof(struct acc, sum)}};
static const struct window_function function = {.acc_size = sizeof(struct acc),
                                                .fields = acc_fields,
                                                .field_count = 3,
                                                .init = acc_init,
                                                .add = acc_add,
                                                .merge = acc_merge,
                                                .emit = acc_emit};
static const struct window_observer observer = {.added = on_added, .fired = on_fired};
static const int32_t key_columns[] = {0};

static struct window_common common(int64_t lateness_us)
{
    return (struct window_common){.input = input,
                                  .output = output,
                                  .time_column = 1,
                                  .key_count = 1,
                                  .keys = key_columns,
                                  .allowed_lateness_us = lateness_us,
                                  .fn = &function,
                                  .result_time_column = 3,
                                  .late_to_port = true,
                                  .observer = &observer};
}

static int group_setup(UNUSED void **state)
{
    struct error e;

    acc_fields[0].type = acc_fields[1].type = type_simple(TYPE_INT64, false);
    acc_fields[2].type = type_simple(TYPE_DOUBLE, false);
    if (mkdtemp(folder) == NULL || fs_local_new(&fs, &e) != OK ||
        schema_parse(&arena, SLICE("name STRING, at TIMESTAMP(3), value DOUBLE"), &input, &e) != OK)
        return 1;
    strcat(folder, "/");
    return schema_parse(
        &arena,
        SLICE("name STRING, window_start BIGINT, window_end BIGINT, at BIGINT, count BIGINT, sum DOUBLE, "
              "least BIGINT"),
        &output, &e);
}

static bool remove_one(UNUSED void *arg, const struct fs_info *info)
{
    struct error e;

    return fs_remove(fs, info->path, &e) == OK;
}

static int group_teardown(UNUSED void **state)
{
    struct error e;
    enum err rc = fs_list(fs, folder, remove_one, NULL, &e);

    rmdir(folder);
    fs_free(fs);
    arena_fini(&arena);
    return rc;
}

static void feed(struct harness *h, const char *lines)
{
    struct batch *b = harness_rows(input, lines, h->budget);
    struct error e;

    ASSERT_OK(harness_batch(h, 0, b, &e), &e);
    batch_unref(b);
}

static void advance(struct harness *h, int64_t watermark_us)
{
    struct error e;

    ASSERT_OK(harness_watermark(h, watermark_us, &e), &e);
}

/* --- the rules one by one --- */

static void test_which_window(UNUSED void **state)
{
    const int64_t day = MICROS_PER_DAY;
    static const int64_t minute = 60 * MICROS_PER_SECOND;
    struct {
        const char *name;
        struct window_spec spec;
        int64_t at_us, start_us, end_us;
    } cases[] = {
        {"start is inclusive", {.kind = WINDOW_TUMBLING, .size_us = minute}, minute, minute, 2 * minute},
        {"end is not", {.kind = WINDOW_TUMBLING, .size_us = minute}, minute - 1, 0, minute},
        {"before 1970", {.kind = WINDOW_TUMBLING, .size_us = minute}, -1, -minute, 0},
        {"offset",
         {.kind = WINDOW_TUMBLING, .size_us = minute, .offset_us = minute / 4},
         minute / 2,
         minute / 4,
         minute + minute / 4},
        {"a week begins on Thursday", {.kind = WINDOW_TUMBLING, .size_us = 7 * day}, 0, 0, 7 * day},
        {"or on Monday",
         {.kind = WINDOW_TUMBLING, .size_us = 7 * day, .offset_us = 4 * day},
         0,
         -3 * day,
         4 * day},
        {"the last sliding one",
         {.kind = WINDOW_SLIDING, .size_us = minute, .slide_us = minute / 3},
         minute / 2,
         minute / 3,
         minute / 3 + minute},
        {"January 1970", {.kind = WINDOW_MONTH}, 0, 0, 31 * day},
        {"February 2024",
         {.kind = WINDOW_MONTH},
         calendar_days((struct civil){2024, 2, 29}) * day + day - 1,
         calendar_days((struct civil){2024, 2, 1}) * day,
         calendar_days((struct civil){2024, 3, 1}) * day},
        {"the end of time",
         {.kind = WINDOW_TUMBLING, .size_us = minute},
         INT64_MAX,
         INT64_MAX - INT64_MAX % minute,
         INT64_MAX},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct window w = window_last_of(&cases[i].spec, cases[i].at_us);

        if (w.start_us != cases[i].start_us || w.end_us != cases[i].end_us)
            fail_msg("%s: got %" PRId64 " to %" PRId64, cases[i].name, w.start_us, w.end_us);
    }
}

static void test_late_rows(UNUSED void **state)
{
    const struct window_spec spec = {common(5000), WINDOW_TUMBLING, .size_us = 10000};
    struct harness_config c = {.factory = &window_agg_factory, .spec = &spec, .keyed = true};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    observed_added = observed_late = observed_fired = 0;
    feed(&h, "a 1000 1\na 2000 2\nb 3000 4\na 12000 8");
    advance(&h, 8999);
    HARNESS_EXPECT(&h, "watermark 8999\n");
    advance(&h, 9000); /* the end less 1 ms */
    HARNESS_EXPECT(
        &h, "0 +I(a, 0, 10000, 9000, 2, 3, 1000)\n0 +I(b, 0, 10000, 9000, 1, 4, 3000)\nwatermark 9000\n");
    feed(&h, "a 4000 16\na 500 32\na 13000 1"); /* fires again, once */
    HARNESS_EXPECT(&h, "0 +I(a, 0, 10000, 9000, 4, 51, 500)\n");
    advance(&h, 13999);
    feed(&h, "c 9999 1\nc NULL 1");
    HARNESS_EXPECT(&h, "watermark 13999\n0 +I(c, 0, 10000, 9000, 1, 1, 9999)\n1 +I(c, NULL, 1)\n");
    advance(&h, 14000); /* forgotten */
    feed(&h, "a 9000 1\na 10000 1");
    HARNESS_EXPECT(&h, "watermark 14000\n1 +I(a, 1970-01-01T00:00:00.009000, 1)\n");
    assert_int_equal(observed_added, 9);
    assert_int_equal(observed_late, 2);
    assert_int_equal(observed_fired, 4);
    advance(&h, WATERMARK_END);
    HARNESS_EXPECT(&h, "0 +I(a, 10000, 20000, 19000, 3, 10, 10000)\nwatermark end\n");
    assert_int_equal(counter_get(metrics_counter(h.env.metrics, "numLateRecordsDropped", NULL)), 0);
    harness_close(&h);
}

static void test_late_rows_dropped(UNUSED void **state)
{
    struct window_spec spec = {common(0), WINDOW_TUMBLING, .size_us = 10000};
    struct harness_config c = {.factory = &window_agg_factory, .spec = &spec, .keyed = true};
    struct harness h;
    struct error e;

    spec.common.late_to_port = false;
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    advance(&h, 9000);
    feed(&h, "a 9000 1\na 1 1\na 10000 1");
    HARNESS_EXPECT(&h, "watermark 9000\n");
    assert_int_equal(counter_get(metrics_counter(h.env.metrics, "numLateRecordsDropped", NULL)), 2);
    harness_close(&h);
}

/* Firing stops when the output is full and goes on where it stopped. */
static void test_output_full(UNUSED void **state)
{
    const struct window_spec spec = {common(0), WINDOW_TUMBLING, .size_us = 10000};
    struct harness_config c = {.factory = &window_agg_factory, .spec = &spec, .keyed = true};
    struct harness h;
    struct bytes lines = {0};
    struct error e;
    bool more = true;
    int calls = 0;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    for (int i = 0; i < 20000; i++)
        bytes_printf(&lines, "%sk%d %d 1", i ? "\n" : "", i % 10000, i < 10000 ? 0 : 10000);
    feed(&h, bytes_cstr(&lines));
    h.quiet = true;
    h.full_after = 1;
    for (; more; calls++) {
        ASSERT_OK(harness_watermark_step(&h, 30000, &more, &e), &e);
        assert_true(h.since_full <= 1);
        if (more)
            HARNESS_EXPECT(&h, "");
        harness_room(&h);
    }
    assert_int_equal(h.rows, 20000);
    assert_true(calls >= 9);
    HARNESS_EXPECT(&h, "watermark 30000\n");
    bytes_fini(&lines);
    harness_close(&h);
}

static void test_bad_specs(UNUSED void **state)
{
    struct window_spec spec = {common(0), WINDOW_TUMBLING, .size_us = 10500};
    struct session_spec session = {common(0), 0};
    struct harness_config c = {.factory = &window_agg_factory, .spec = &spec, .keyed = true};
    struct harness h;
    struct error e;

    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    spec.kind = WINDOW_SLIDING;
    spec.size_us = 10000;
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    spec.kind = WINDOW_MONTH;
    spec.common.time_column = 2;
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "value"));
    c = (struct harness_config){.factory = &session_window_factory, .spec = &session, .keyed = true};
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
}

static void test_sessions_merge(UNUSED void **state)
{
    const struct session_spec spec = {common(0), 10000};
    struct harness_config c = {.factory = &session_window_factory, .spec = &spec, .keyed = true};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    feed(&h, "a 1000 1\na 25000 2\nb 5000 4");
    feed(&h, "a 13000 8");  /* not yet one with the first, which ends at 11000 */
    feed(&h, "a 11000 16"); /* between them: all one */
    advance(&h, 14000);
    HARNESS_EXPECT(&h, "0 +I(b, 5000, 15000, 14000, 1, 4, 5000)\nwatermark 14000\n");
    feed(&h, "b 4000 1"); /* 4000 to 14000: its last moment is gone */
    HARNESS_EXPECT(&h, "1 +I(b, 1970-01-01T00:00:00.004000, 1)\n");
    advance(&h, 33999);
    HARNESS_EXPECT(&h, "0 +I(a, 1000, 23000, 22000, 3, 25, 1000)\nwatermark 33999\n");
    advance(&h, 34000);
    HARNESS_EXPECT(&h, "0 +I(a, 25000, 35000, 34000, 1, 2, 25000)\nwatermark 34000\n");
    harness_close(&h);
}

/* A session that grows has one timer, not one for every row. */
static void test_session_timers(UNUSED void **state)
{
    const struct session_spec spec = {common(5000), 10000};
    struct harness_config c = {
        .factory = &session_window_factory, .spec = &spec, .keyed = true, .fs = fs, .folder = folder};
    struct harness h;
    struct harness_image image;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    feed(&h, "a 1000 1\na 2000 2\na 3000 4\na 12000 4");
    feed(&h, "a 13000 1\nb 1000 1");
    advance(&h, 12000); /* b has fired and waits for late rows, the first of which makes it longer */
    feed(&h, "b 2000 1");
    ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
    assert_int_equal(image.file_count, 3);
    assert_string_equal(image.files[0].state, "windows");
    assert_int_equal(image.files[0].entry_count, 2);
    assert_string_equal(image.files[1].state, "windows-fire");
    assert_int_equal(image.files[1].entry_count, 1);
    assert_string_equal(image.files[2].state, "windows-clean");
    assert_int_equal(image.files[2].entry_count, 1);
    harness_image_fini(&image);
    harness_close(&h);
}

/* --- the model --- */

#define MODEL_KEYS 23

struct model_window {
    int64_t start_us, end_us;
    int key;
    struct acc acc;
    bool again; /* touched in this batch after it had fired */
};

struct model {
    const struct window_spec *spec; /* one of the two */
    const struct session_spec *session;
    int64_t lateness_us, watermark_us;
    struct model_window windows[4000];
    size_t count;
    char *lines[20000]; /* what must have come out */
    size_t line_count;
};

static void model_line(struct model *m, const char *line)
{
    m->lines[m->line_count++] = strdup(line);
}

static void model_fire(struct model *m, const struct model_window *w)
{
    char line[200];

    snprintf(line, sizeof line,
             "0 +I(k%d, %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %.17g, %" PRId64 ")", w->key,
             w->start_us, w->end_us, w->end_us - 1000, w->acc.count, w->acc.sum, w->acc.least);
    model_line(m, line);
}

static struct model_window *model_find(struct model *m, int key, int64_t start_us, int64_t end_us)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->windows[i].key == key && m->windows[i].end_us == end_us)
            return &m->windows[i];
    assert_true(m->count < COUNT_OF(m->windows));
    m->windows[m->count] = (struct model_window){start_us, end_us, key, {.least = INT64_MAX}, false};
    return &m->windows[m->count++];
}

static void model_add(struct model *m, struct model_window *w, int64_t at_us, double value)
{
    w->acc.count++;
    w->acc.sum += value;
    w->acc.least = MIN(w->acc.least, at_us);
    w->again |= w->end_us - 1000 <= m->watermark_us;
}

static bool model_gone(const struct model *m, int64_t end_us)
{
    return m->watermark_us != WATERMARK_NONE && end_us - 1000 + m->lateness_us <= m->watermark_us;
}

static bool model_session(struct model *m, int key, int64_t at_us, double value)
{
    struct model_window w = {at_us, at_us + m->session->gap_us, key, {.least = INT64_MAX}, false};
    bool merged = false;

    for (size_t i = 0; i < m->count;) {
        struct model_window *x = &m->windows[i];

        if (x->key != key || x->start_us > w.end_us || x->end_us < w.start_us) {
            i++;
            continue;
        }
        w.start_us = MIN(w.start_us, x->start_us);
        w.end_us = MAX(w.end_us, x->end_us);
        acc_merge(NULL, &w.acc, &x->acc);
        *x = m->windows[--m->count];
        merged = true;
        i = 0;
    }
    if (!merged && model_gone(m, w.end_us))
        return false;
    m->windows[m->count] = w;
    model_add(m, &m->windows[m->count++], at_us, value);
    return true;
}

static bool model_windows(struct model *m, int key, int64_t at_us, double value)
{
    const struct window_spec *s = m->spec;
    struct window last = window_last_of(s, at_us);
    bool any = false, taken = false;

    for (int64_t back = 0; last.end_us - back > at_us; back += s->slide_us) {
        any = true;
        if (!model_gone(m, last.end_us - back)) {
            model_add(m, model_find(m, key, last.start_us - back, last.end_us - back), at_us, value);
            taken = true;
        }
        if (s->kind != WINDOW_SLIDING)
            break;
    }
    return taken || !any;
}

static void model_row(struct model *m, int key, int64_t at_us, int value)
{
    char line[100];

    if (m->session ? model_session(m, key, at_us, value) : model_windows(m, key, at_us, value))
        return;
    snprintf(line, sizeof line, "1 late k%d %d", key, value);
    model_line(m, line);
}

static void model_batch_end(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->windows[i].again) {
            model_fire(m, &m->windows[i]);
            m->windows[i].again = false;
        }
}

static void model_watermark(struct model *m, int64_t watermark_us)
{
    for (size_t i = 0; i < m->count; i++) {
        int64_t last = m->windows[i].end_us - 1000;

        if (last <= watermark_us && (m->watermark_us == WATERMARK_NONE || last > m->watermark_us))
            model_fire(m, &m->windows[i]);
    }
    m->watermark_us = watermark_us;
    for (size_t i = 0; i < m->count;)
        if (model_gone(m, m->windows[i].end_us))
            m->windows[i] = m->windows[--m->count];
        else
            i++;
}

/* --- the operator beside it, as some subtasks --- */

struct job {
    struct harness_config config;
    struct harness tasks[3];
    int32_t parallelism;
    char *lines[20000];
    size_t line_count;
};

static void open_job(struct job *j, int32_t parallelism, const struct harness_image *const *images,
                     size_t image_count)
{
    struct error e;

    j->parallelism = parallelism;
    for (int32_t i = 0; i < parallelism; i++) {
        j->config.parallelism = parallelism;
        j->config.subtask = i;
        ASSERT_OK(harness_open(&j->tasks[i], &j->config, images, image_count, &e), &e);
    }
}

static void close_job(struct job *j)
{
    for (int32_t i = 0; i < j->parallelism; i++)
        harness_close(&j->tasks[i]);
}

static int32_t task_of(const struct job *j, int key)
{
    char text[16];
    int len = snprintf(text, sizeof text, "\x01%ck%d", key < 10 ? 2 : 3, key);
    struct key k = key_of((struct slice){text, (size_t)len});

    return (int32_t)hash_subtask(hash_key_group(k.hash, 128), 128, (uint32_t)j->parallelism);
}

/* Late rows as `1 late key value`, results as they are; watermarks are not of interest. */
static void collect(struct job *j)
{
    for (int32_t i = 0; i < j->parallelism; i++) {
        char *text = strdup(harness_take(&j->tasks[i])), *save = NULL;

        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
            char name[16], late[64];
            int value;

            if (*line == 'w')
                continue;
            if (*line == '1') {
                assert_int_equal(sscanf(line, "1 +I(%15[^,], %*[^,], %d)", name, &value), 2);
                snprintf(late, sizeof late, "1 late %s %d", name, value);
                line = late;
            }
            j->lines[j->line_count++] = strdup(line);
        }
        free(text);
    }
}

static int compare_lines(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static void compare(struct job *j, struct model *m, const char *name)
{
    collect(j);
    qsort(j->lines, j->line_count, sizeof *j->lines, compare_lines);
    qsort(m->lines, m->line_count, sizeof *m->lines, compare_lines);
    for (size_t i = 0; i < MAX(j->line_count, m->line_count); i++) {
        const char *got = i < j->line_count ? j->lines[i] : "nothing";
        const char *want = i < m->line_count ? m->lines[i] : "nothing";

        if (strcmp(got, want) != 0)
            fail_msg("%s: wanted %s, got %s", name, want, got);
    }
    for (size_t i = 0; i < j->line_count; i++) {
        free(j->lines[i]);
        free(m->lines[i]);
    }
    j->line_count = m->line_count = 0;
}

static void restart(struct job *j, int64_t checkpoint_id, int32_t parallelism)
{
    struct harness_image images[3];
    const struct harness_image *list[3];
    int32_t old = j->parallelism;
    struct error e;

    for (int32_t i = 0; i < old; i++) {
        ASSERT_OK(harness_snapshot(&j->tasks[i], checkpoint_id, false, &images[i], &e), &e);
        list[i] = &images[i];
    }
    close_job(j);
    open_job(j, parallelism, list, (size_t)old);
    for (int32_t i = 0; i < old; i++)
        harness_image_fini(&images[i]);
}

static void random_batch(struct job *j, struct model *m, struct random *r, int64_t around_us,
                         int64_t spread_us)
{
    struct bytes lines[3] = {{0}};
    int rows = 1 + (int)random_below(r, 40);
    int64_t at_us = around_us;
    int key = 0;
    struct error e;

    for (int i = 0; i < rows; i++) {
        int value = (int)random_below(r, 1000);
        int32_t task;

        if (i == 0 || random_below(r, 3)) /* else the same key again, so that runs occur */
            key = (int)random_below(r, MODEL_KEYS);
        if (i == 0 || random_below(r, 3))
            at_us = around_us + (int64_t)random_below(r, (uint64_t)spread_us * 2) - spread_us;
        task = task_of(j, key);
        bytes_printf(&lines[task], "%sk%d %" PRId64 " %d", lines[task].len ? "\n" : "", key, at_us, value);
        model_row(m, key, at_us, value);
    }
    model_batch_end(m);
    for (int32_t i = 0; i < j->parallelism; i++) {
        struct batch *b;

        if (lines[i].len == 0)
            continue;
        b = harness_rows(input, bytes_cstr(&lines[i]), j->tasks[i].budget);
        ASSERT_OK(harness_batch(&j->tasks[i], 0, b, &e), &e);
        batch_unref(b);
        bytes_fini(&lines[i]);
    }
}

static void run_against_model(const char *name, const struct operator_factory *factory, const void *spec,
                              struct model *m, int64_t step_us)
{
    struct job *j = calloc(1, sizeof *j);
    struct random r;
    int64_t now_us = 0;

    random_seed(&r, 99);
    j->config = (struct harness_config){
        .factory = factory, .spec = spec, .keyed = true, .fs = fs, .folder = folder};
    m->watermark_us = WATERMARK_NONE;
    open_job(j, 1, NULL, 0);
    for (int i = 0; i < 250; i++) {
        random_batch(j, m, &r, now_us, step_us * 4);
        if (random_below(&r, 3) == 0) {
            now_us += (int64_t)random_below(&r, (uint64_t)step_us * 3);
            now_us = now_us / 1000 * 1000;
            for (int32_t k = 0; k < j->parallelism; k++)
                advance(&j->tasks[k], MAX(now_us - step_us, m->watermark_us));
            model_watermark(m, MAX(now_us - step_us, m->watermark_us));
        }
        compare(j, m, name);
        if (random_below(&r, 12) == 0)
            restart(j, i + 1, 1 + (int32_t)random_below(&r, 3));
    }
    for (int32_t k = 0; k < j->parallelism; k++)
        advance(&j->tasks[k], WATERMARK_END);
    model_watermark(m, INT64_MAX - 10000000);
    compare(j, m, name);
    close_job(j);
    free(j);
}

static void test_against_model(UNUSED void **state)
{
    const struct {
        const char *name;
        struct window_spec spec;
        int64_t step_us;
    } cases[] = {
        {"tumbling", {common(0), WINDOW_TUMBLING, .size_us = 10000}, 4000},
        {"tumbling, late rows", {common(15000), WINDOW_TUMBLING, .size_us = 10000, .offset_us = 3000}, 4000},
        {"sliding", {common(0), WINDOW_SLIDING, .size_us = 30000, .slide_us = 10000}, 4000},
        {"sliding, late rows", {common(7000), WINDOW_SLIDING, .size_us = 25000, .slide_us = 10000}, 4000},
        {"sliding with gaps", {common(0), WINDOW_SLIDING, .size_us = 5000, .slide_us = 8000}, 4000},
        {"months", {common(MICROS_PER_DAY * 5), WINDOW_MONTH}, MICROS_PER_DAY * 9},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct model *m = calloc(1, sizeof *m);

        m->spec = &cases[i].spec;
        m->lateness_us = cases[i].spec.common.allowed_lateness_us;
        run_against_model(cases[i].name, &window_agg_factory, &cases[i].spec, m, cases[i].step_us);
        free(m);
    }
}

static void test_sessions_against_model(UNUSED void **state)
{
    for (int64_t lateness_us = 0; lateness_us <= 12000; lateness_us += 6000) {
        const struct session_spec spec = {common(lateness_us), 3000};
        struct model *m = calloc(1, sizeof *m);

        m->session = &spec;
        m->lateness_us = lateness_us;
        run_against_model("sessions", &session_window_factory, &spec, m, 6000);
        free(m);
    }
}

/* --- no memory --- */

static enum err life(const struct operator_factory *factory, const void *spec, struct error *e)
{
    struct harness_config c = {.factory = factory, .spec = spec, .keyed = true, .fs = fs, .folder = folder};
    struct harness_image image = {0};
    const struct harness_image *images[] = {&image};
    struct batch *b = harness_rows(input, "a 1000 1\nb 2000 2\na 1000 1\na 30000 4\na NULL 3", NULL);
    struct harness h;
    enum err rc = b ? OK : ERR_MEMORY;

    if (rc == OK && (rc = harness_open(&h, &c, NULL, 0, e)) == OK) {
        if ((rc = harness_batch(&h, 0, b, e)) == OK && (rc = harness_watermark(&h, 15000, e)) == OK &&
            (rc = harness_batch(&h, 0, b, e)) == OK)
            rc = harness_snapshot(&h, 1, false, &image, e);
        harness_close(&h);
    }
    if (rc == OK && (rc = harness_open(&h, &c, images, 1, e)) == OK) {
        if ((rc = harness_batch(&h, 0, b, e)) == OK)
            rc = harness_watermark(&h, WATERMARK_END, e);
        harness_close(&h);
    }
    harness_image_fini(&image);
    batch_unref(b);
    return rc;
}

static void test_no_memory(UNUSED void **state)
{
    const struct window_spec windows = {common(10000), WINDOW_TUMBLING, .size_us = 10000};
    const struct session_spec sessions = {common(10000), 9000};

    for (int i = 0; i < 2; i++) {
        enum err rc = ERR_MEMORY;
        struct error e;

        for (uint64_t nth = 1; rc != OK; nth++) {
            mem_fail_at(nth, false);
            rc = i ? life(&session_window_factory, &sessions, &e) : life(&window_agg_factory, &windows, &e);
            mem_fail_at(0, false);
            if (rc != OK && rc != ERR_MEMORY)
                fail_msg("allocation %" PRIu64 ": %s", nth, e.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_window),
        cmocka_unit_test(test_late_rows),
        cmocka_unit_test(test_late_rows_dropped),
        cmocka_unit_test(test_output_full),
        cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_sessions_merge),
        cmocka_unit_test(test_session_timers),
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_sessions_against_model),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
