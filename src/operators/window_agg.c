/* window_agg.c: rows into accumulators, watermarks into results.
 * Neighbouring rows of the same key and window are added by one call. Windows are found in order of their
 * end, which is the namespace of their state; `watermark` says which have fired: those whose last moment it
 * has reached.
 */
#include "operators/window_agg.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "operators/window_base.h"
#include <stdlib.h>

#define SPAN_MAX_US (INT64_C(3652425) * MICROS_PER_DAY) /* 10000 years */

struct again { /* a window that has fired, and got another row */
    int64_t end_us;
    struct key key; /* in keys of the batch at hand */
};

struct window_agg {
    struct op base;
    const struct window_spec *spec;
    struct window_base w;
    struct state *state; /* the store's */
    struct again *again; /* owned */
    size_t again_count, again_capacity;
    int32_t *rows; /* owned: the live row numbers of a batch */
    size_t row_capacity;
    bool firing; /* stopped half-way because the output was full, here: */
    int64_t fire_end_us;
    size_t fire_at;
};

static struct window_agg *self(struct op *o)
{
    return CONTAINER_OF(o, struct window_agg, base);
}

/* --- which window --- */

static int64_t day_us(int32_t day)
{
    int64_t us;

    if (__builtin_mul_overflow(day, MICROS_PER_DAY, &us))
        return day < 0 ? INT64_MIN : INT64_MAX;
    return us;
}

static struct window month_of(int64_t at_us)
{
    int32_t first = calendar_month_start(calendar_day_of(at_us));

    return (struct window){day_us(first), day_us(calendar_next_month(first))};
}

struct window window_last_of(const struct window_spec *s, int64_t at_us)
{
    int64_t step = s->kind == WINDOW_SLIDING ? s->slide_us : s->size_us, into, start;

    if (s->kind == WINDOW_MONTH)
        return month_of(at_us);
    into = (at_us % step - s->offset_us % step) % step;
    start = window_plus(at_us, -(into < 0 ? into + step : into));
    return (struct window){start, window_plus(start, s->size_us)};
}

static struct window window_ending(const struct window_spec *s, int64_t end_us)
{
    if (s->kind == WINDOW_MONTH)
        return month_of(end_us - 1);
    return (struct window){window_plus(end_us, -s->size_us), end_us};
}

static bool is_gone(const struct window_agg *a, int64_t end_us)
{
    return window_gone_us(end_us, a->spec->common.allowed_lateness_us) <= a->w.watermark_us;
}

static bool has_fired(const struct window_agg *a, int64_t end_us)
{
    return window_last_us(end_us) <= a->w.watermark_us;
}

/* --- rows --- */

static enum err remember_again(struct window_agg *a, int64_t end_us, struct key key, struct error *e)
{
    if (!MEM_GROW(a->again, a->again_count, a->again_capacity))
        return error_memory(e, a->again_count * sizeof *a->again, "windows to fire again");
    a->again[a->again_count++] = (struct again){end_us, key};
    return OK;
}

/* Rows of one key into one window, which is not gone. */
static enum err add_rows(struct window_agg *a, int64_t end_us, struct key key, const struct batch *b,
                         const int32_t *rows, int32_t count, struct error *e)
{
    const struct window_common *c = &a->spec->common;
    const struct window_function *fn = c->fn;
    bool created;
    void *acc = state_edit(a->state, key, end_us, &created);
    enum err rc;

    if (acc == NULL)
        return error_memory(e, fn->acc_size, "the state of windows; raise taskmanager.memory.process.size");
    if (created && fn->init)
        fn->init(c->fn_arg, acc);
    if ((rc = fn->add(c->fn_arg, acc, b, rows, count, e)) != OK)
        return rc;
    return has_fired(a, end_us) ? remember_again(a, end_us, key, e) : OK;
}

/* count rows of one key whose last window is w: into that and, sliding, those before it that they lie in too.
 * All windows gone: late. */
static enum err add_to_windows(struct window_agg *a, struct window w, struct key key, const struct batch *b,
                               const int32_t *rows, int32_t count, struct error *e)
{
    const struct window_spec *s = a->spec;
    const int64_t *times = b->columns[s->common.time_column].i64;
    bool any = false, taken = false;
    enum err rc = OK;

    for (; rc == OK && w.end_us > times[rows[0]]; w.end_us = window_plus(w.end_us, -s->slide_us)) {
        any = true;
        if (!is_gone(a, w.end_us)) {
            rc = add_rows(a, w.end_us, key, b, rows, count, e);
            taken = true;
        }
        if (s->kind != WINDOW_SLIDING)
            break;
    }
    for (int32_t i = 0; rc == OK && any && !taken && i < count; i++)
        rc = window_base_late(&a->w, rows[i], e);
    return rc;
}

/* How many rows from `at` on have the key of that one and lie in the same windows. Sliding windows: the same
 * time. */
static int32_t run_length(const struct window_agg *a, const struct column *time, struct window w, int32_t at)
{
    const struct key *keys = a->w.keys.keys;
    int64_t first_us = time->i64[a->rows[at]];
    int32_t n = at + 1;

    for (; n < a->w.keys.count; n++) {
        int64_t at_us = time->i64[a->rows[n]];

        if (keys[n].hash != keys[at].hash || !column_valid(time, a->rows[n]) ||
            !slice_equal(keys[n].bytes, keys[at].bytes) ||
            (a->spec->kind == WINDOW_SLIDING ? at_us != first_us : at_us < w.start_us || at_us >= w.end_us))
            break;
    }
    return n - at;
}

static enum err list_rows(struct window_agg *a, const struct batch *b, struct error *e)
{
    size_t live = (size_t)batch_live(b);
    int32_t *grown;

    if (live > a->row_capacity) {
        if ((grown = mem_realloc(a->rows, live * sizeof *grown)) == NULL)
            return error_memory(e, live * sizeof *grown, "row numbers");
        a->rows = grown;
        a->row_capacity = live;
    }
    for (size_t i = 0; i < live; i++)
        a->rows[i] = batch_row(b, (int32_t)i);
    return OK;
}

static enum err add_batch(struct window_agg *a, const struct batch *b, struct error *e)
{
    const struct column *time = &b->columns[a->spec->common.time_column];
    const struct key *keys = a->w.keys.keys;
    struct window w = {0, 0};
    enum err rc = OK;
    int32_t count = a->w.keys.count, run;

    for (int32_t i = 0; rc == OK && i < count; i += run) {
        int64_t at_us = time->i64[a->rows[i]];

        run = 1;
        if (!column_valid(time, a->rows[i])) {
            rc = window_base_late(&a->w, a->rows[i], e);
            continue;
        }
        if (a->spec->kind == WINDOW_SLIDING || at_us < w.start_us || at_us >= w.end_us)
            w = window_last_of(a->spec, at_us);
        state_prefetch(a->state, keys, i, count, w.end_us);
        run = run_length(a, time, w, i);
        rc = add_to_windows(a, w, keys[i], b, a->rows + i, run, e);
    }
    return rc;
}

/* --- firing --- */

static int compare_again(const void *x, const void *y)
{
    const struct again *a = x, *b = y;

    if (a->end_us != b->end_us)
        return a->end_us < b->end_us ? -1 : 1;
    return slice_compare(a->key.bytes, b->key.bytes);
}

static enum err fire_again(struct window_agg *a, struct error *e)
{
    enum err rc = OK;

    if (a->again_count == 0)
        return OK;
    qsort(a->again, a->again_count, sizeof *a->again, compare_again);
    for (size_t i = 0; rc == OK && i < a->again_count; i++) {
        const struct again *x = &a->again[i];
        struct window w = window_ending(a->spec, x->end_us);

        if (i == 0 || compare_again(x, x - 1) != 0)
            rc = window_base_result(&a->w, state_get(a->state, x->key, x->end_us).ptr, x->key.bytes, &w, e);
    }
    return rc == OK ? window_base_flush(&a->w, e) : rc;
}

static enum err window_agg_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct window_agg *a = self(o);
    enum err rc;

    a->again_count = 0;
    if ((rc = window_base_begin(&a->w, b, e)) != OK || (rc = list_rows(a, b, e)) != OK ||
        (rc = add_batch(a, b, e)) != OK || (rc = fire_again(a, e)) != OK)
        return rc;
    return window_base_end(&a->w, b, e);
}

/* The keys of one window from a->fire_at on, until the output is full. */
static enum err fire_window(struct window_agg *a, bool *more, struct error *e)
{
    struct output *out = a->w.env->out;
    struct window w = window_ending(a->spec, a->fire_end_us);
    struct key key;
    struct slice acc;
    enum err rc = OK;

    while (rc == OK && state_next(a->state, a->fire_end_us, &a->fire_at, &key, &acc)) {
        bool was_empty = builder_rows(&a->w.results) == 0;

        rc = window_base_result(&a->w, acc.ptr, key.bytes, &w, e);
        if (rc == OK && !was_empty && builder_rows(&a->w.results) == 0 && out->full(out)) {
            *more = true; /* a batch just went out */
            return OK;
        }
    }
    return rc;
}

/* All windows whose last moment lies after the old watermark and not after the new one, in order. */
static enum err fire_windows(struct window_agg *a, int64_t watermark_us, bool *more, struct error *e)
{
    enum err rc = OK;

    if (!a->firing) {
        a->fire_end_us = a->w.watermark_us == WATERMARK_NONE
                             ? INT64_MIN
                             : window_plus(a->w.watermark_us, WINDOW_LAST_US + 1);
        a->fire_at = 0;
        a->firing = true;
    }
    for (int64_t end_us; state_next_namespace(a->state, a->fire_end_us, &end_us);) {
        if (window_last_us(end_us) > watermark_us)
            break;
        if (end_us != a->fire_end_us)
            a->fire_at = 0;
        a->fire_end_us = end_us;
        if ((rc = fire_window(a, more, e)) != OK || *more)
            return rc;
        if (end_us == INT64_MAX)
            break;
        a->fire_end_us = end_us + 1;
        a->fire_at = 0;
    }
    a->firing = false;
    return window_base_flush(&a->w, e);
}

static enum err window_agg_watermark(struct op *o, int64_t watermark_us, bool *more, struct error *e)
{
    struct window_agg *a = self(o);
    int64_t end_us;
    enum err rc;

    *more = false;
    if (watermark_us <= a->w.watermark_us) /* known from the checkpoint already */
        return a->w.env->out->watermark(a->w.env->out, watermark_us, e);
    if ((rc = fire_windows(a, watermark_us, more, e)) != OK || *more)
        return rc;
    a->w.watermark_us = watermark_us;
    while (state_next_namespace(a->state, INT64_MIN, &end_us) && is_gone(a, end_us))
        state_drop_namespace(a->state, end_us);
    return a->w.env->out->watermark(a->w.env->out, watermark_us, e);
}

/* --- life --- */

static enum err window_agg_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct window_agg *a = self(o);
    const struct window_common *c = &a->spec->common;
    const struct state_desc desc = {.name = c->state_name ? c->state_name : "windows",
                                    .key = &a->w.key_schema,
                                    .has_namespace = true,
                                    .value_size = c->fn->acc_size,
                                    .fields = c->fn->fields,
                                    .field_count = c->fn->field_count};
    enum err rc = window_base_open(&a->w, env, e);

    return rc == OK ? state_declare(env->state, &desc, &a->state, e) : rc;
}

static enum err window_agg_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    return window_base_restore(&self(o)->w, from, e);
}

static enum err window_agg_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                                    struct error *e)
{
    assert(!self(o)->firing);
    return window_base_snapshot(&self(o)->w, out, e);
}

static void window_agg_close(struct op *o)
{
    struct window_agg *a = self(o);

    window_base_fini(&a->w);
    mem_free(a->again);
    mem_free(a->rows);
    mem_free(a);
}

static const struct operator_ops window_agg_ops = {
    .name = "window_agg",
    .open = window_agg_open,
    .restore = window_agg_restore,
    .batch = window_agg_batch,
    .watermark = window_agg_watermark,
    .snapshot = window_agg_snapshot,
    .close = window_agg_close,
};

static enum err check_spec(const struct window_spec *s, struct error *e)
{
    if (s->kind != WINDOW_MONTH && (s->size_us < 1000 || s->size_us % 1000))
        return error_set(e, ERR_CONFIG, "a window's size must be at least 1 ms and whole milliseconds");
    if (s->kind == WINDOW_SLIDING && (s->slide_us < 1000 || s->slide_us % 1000))
        return error_set(e, ERR_CONFIG, "a window's slide must be at least 1 ms and whole milliseconds");
    if (s->size_us > SPAN_MAX_US || s->slide_us > SPAN_MAX_US)
        return error_set(e, ERR_CONFIG, "a window's size and slide must be less than 10000 years");
    if (s->common.allowed_lateness_us < 0)
        return error_set(e, ERR_CONFIG, "a window's allowed lateness must not be negative");
    return OK;
}

static enum err window_agg_new(const void *spec, struct op **out, struct error *e)
{
    const struct window_spec *s = spec;
    struct window_agg *a;
    enum err rc = check_spec(s, e);

    if (rc != OK)
        return rc;
    if ((a = mem_zalloc(sizeof *a)) == NULL)
        return error_memory(e, sizeof *a, "a window operator");
    a->base.ops = &window_agg_ops;
    a->spec = s;
    if ((rc = window_base_init(&a->w, &s->common, e)) != OK) {
        window_agg_close(&a->base);
        return rc;
    }
    *out = &a->base;
    return OK;
}

const struct operator_factory window_agg_factory = {.name = "window_agg", .operator_new = window_agg_new};
