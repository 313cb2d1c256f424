/* session_window.c: sessions of a key as a sorted list in one value of state:
 *
 *   | start 8 | end 8 | accumulator, padded to 8 | start | end | ...
 *
 * Invariants
 *   1. No two sessions of a key touch: the end of one lies before the start of the next.
 *   2. A session that has not fired has a timer in `fire`, one that has (and waits for late rows) one in
 * `clean`.
 */
#include "operators/session_window.h"
#include "base/mem.h"
#include "operators/window_base.h"
#include "state/timers.h"
#include <stdlib.h>

struct session {
    int64_t start_us, end_us;
    char acc[];
};

struct again {
    int64_t end_us;
    struct key key;
};

struct session_window {
    struct op base;
    const struct session_spec *spec;
    struct window_base w;
    struct state *state;
    struct timers fire, clean;
    size_t stride;     /* bytes of a session in the list */
    struct bytes list; /* of the key at hand */
    struct bytes timer_key;
    struct again *again; /* owned */
    size_t again_count, again_capacity;
};

static struct session_window *self(struct op *o)
{
    return CONTAINER_OF(o, struct session_window, base);
}

/* --- the list --- */

static struct session *session_at(const struct session_window *s, size_t i)
{
    return (struct session *)(void *)(s->list.ptr + i * s->stride);
}

static size_t session_count(const struct session_window *s)
{
    return s->list.len / s->stride;
}

static enum err load(struct session_window *s, struct key key, struct error *e)
{
    struct slice value = state_get(s->state, key, 0);

    assert(value.len % s->stride == 0);
    bytes_clear(&s->list);
    bytes_slice(&s->list, value);
    return s->list.failed ? error_memory(e, value.len, "a key's sessions") : OK;
}

static enum err store(struct session_window *s, struct key key, struct error *e)
{
    if (s->list.len == 0) {
        state_remove(s->state, key, 0);
        return OK;
    }
    return state_put(s->state, key, 0, bytes_all(&s->list))
               ? OK
               : error_memory(e, s->list.len, "the state of windows; raise taskmanager.memory.process.size");
}

static void remove_sessions(struct session_window *s, size_t at, size_t count)
{
    char *to = s->list.ptr + at * s->stride;

    memmove(to, to + count * s->stride, s->list.len - (at + count) * s->stride);
    s->list.len -= count * s->stride;
}

static struct session *insert_session(struct session_window *s, size_t at)
{
    const struct window_common *c = &s->spec->common;
    struct session *x;

    if (bytes_reserve(&s->list, s->stride) == NULL)
        return NULL;
    x = session_at(s, at);
    memmove((char *)x + s->stride, x, s->list.len - at * s->stride);
    s->list.len += s->stride;
    memset(x, 0, s->stride);
    if (c->fn->init)
        c->fn->init(c->fn_arg, x->acc);
    return x;
}

/* --- time --- */

static int64_t gone_us(const struct session_window *s, int64_t end_us)
{
    return window_gone_us(end_us, s->spec->common.allowed_lateness_us);
}

static bool has_fired(const struct session_window *s, int64_t end_us)
{
    return window_last_us(end_us) <= s->w.watermark_us;
}

static void disarm(struct session_window *s, struct key key, int64_t end_us)
{
    if (has_fired(s, end_us))
        timers_delete(&s->clean, gone_us(s, end_us), key);
    else
        timers_delete(&s->fire, window_last_us(end_us), key);
}

static bool arm(struct session_window *s, struct key key, int64_t end_us)
{
    if (!has_fired(s, end_us))
        return timers_set(&s->fire, window_last_us(end_us), key);
    if (!MEM_GROW(s->again, s->again_count, s->again_capacity))
        return false;
    s->again[s->again_count++] = (struct again){end_us, key};
    return timers_set(&s->clean, gone_us(s, end_us), key);
}

/* --- rows --- */

/* The sessions that [start, end] touches: count of them from *from on; where it would go when there are none.
 */
static size_t touching(const struct session_window *s, int64_t start_us, int64_t end_us, size_t *from)
{
    size_t i = 0, count = 0, n = session_count(s);

    while (i < n && session_at(s, i)->end_us < start_us)
        i++;
    while (i + count < n && session_at(s, i + count)->start_us <= end_us)
        count++;
    *from = i;
    return count;
}

/* Make the count sessions from `from` on, and the new row's span, one. NULL: no memory. */
static struct session *merge(struct session_window *s, struct key key, size_t from, size_t count,
                             int64_t start_us, int64_t end_us)
{
    const struct window_common *c = &s->spec->common;
    struct session *into;

    if (count == 0) {
        if ((into = insert_session(s, from)) == NULL)
            return NULL;
        into->start_us = start_us;
        into->end_us = end_us;
        return into;
    }
    into = session_at(s, from);
    start_us = MIN(start_us, into->start_us);
    for (size_t i = 0; i < count; i++) {
        const struct session *x = session_at(s, from + i);

        end_us = MAX(end_us, x->end_us);
        disarm(s, key, x->end_us);
        if (i)
            c->fn->merge(c->fn_arg, into->acc, x->acc);
    }
    remove_sessions(s, from + 1, count - 1);
    into->start_us = start_us;
    into->end_us = end_us;
    return into;
}

static enum err add_row(struct session_window *s, struct key key, const struct batch *b, int32_t row,
                        struct error *e)
{
    const struct window_common *c = &s->spec->common;
    const struct column *time = &b->columns[c->time_column];
    int64_t start_us = time->i64[row], end_us = window_plus(start_us, s->spec->gap_us);
    struct session *x;
    size_t from, count;

    if (!column_valid(time, row))
        return window_base_late(&s->w, row, e);
    count = touching(s, start_us, end_us, &from);
    if (count == 0 && gone_us(s, end_us) <= s->w.watermark_us)
        return window_base_late(&s->w, row, e);
    if ((x = merge(s, key, from, count, start_us, end_us)) == NULL || !arm(s, key, x->end_us))
        return error_memory(e, s->stride, "the state of windows; raise taskmanager.memory.process.size");
    return c->fn->add(c->fn_arg, x->acc, b, &row, 1, e);
}

/* --- firing --- */

static struct session *ending(const struct session_window *s, int64_t end_us, size_t *at)
{
    for (*at = 0; *at < session_count(s); ++*at)
        if (session_at(s, *at)->end_us == end_us)
            return session_at(s, *at);
    return NULL;
}

static enum err result(struct session_window *s, struct key key, const struct session *x, struct error *e)
{
    const struct window w = {x->start_us, x->end_us};

    return window_base_result(&s->w, x->acc, key.bytes, &w, e);
}

static int compare_again(const void *x, const void *y)
{
    const struct again *a = x, *b = y;
    int order = slice_compare(a->key.bytes, b->key.bytes);

    return order ? order : (a->end_us > b->end_us) - (a->end_us < b->end_us);
}

/* Sessions that had fired and changed; those that went on growing in the same batch are not there any more.
 */
static enum err fire_again(struct session_window *s, struct error *e)
{
    enum err rc = OK;

    if (s->again_count == 0)
        return OK;
    qsort(s->again, s->again_count, sizeof *s->again, compare_again);
    for (size_t i = 0; rc == OK && i < s->again_count; i++) {
        const struct again *a = &s->again[i];
        const struct session *x;
        size_t at;

        if (i && compare_again(a, a - 1) == 0)
            continue;
        if ((rc = load(s, a->key, e)) == OK && (x = ending(s, a->end_us, &at)) != NULL)
            rc = result(s, a->key, x, e);
    }
    return rc == OK ? window_base_flush(&s->w, e) : rc;
}

static enum err session_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct session_window *s = self(o);
    const struct key *keys;
    enum err rc = window_base_begin(&s->w, b, e);
    int32_t count = s->w.keys.count;

    s->again_count = 0;
    keys = s->w.keys.keys;
    for (int32_t i = 0; rc == OK && i < count;) {
        int32_t first = i;

        if ((rc = load(s, keys[i], e)) != OK)
            break;
        do /* neighbours of the same key share loading and storing */
            rc = add_row(s, keys[first], b, batch_row(b, i++), e);
        while (rc == OK && i < count && keys[i].hash == keys[first].hash &&
               slice_equal(keys[i].bytes, keys[first].bytes));
        if (rc == OK)
            rc = store(s, keys[first], e);
    }
    if (rc != OK || (rc = fire_again(s, e)) != OK)
        return rc;
    return window_base_end(&s->w, b, e);
}

/* A timer of `fire`: emit; then forget it, or wait for late rows. */
static enum err fire_session(struct session_window *s, int64_t due_us, struct key key, struct error *e)
{
    const struct session *x;
    size_t at;
    enum err rc = load(s, key, e);
    int64_t end_us = window_plus(due_us, WINDOW_LAST_US);

    if (rc != OK || (x = ending(s, end_us, &at)) == NULL)
        return rc;
    if ((rc = result(s, key, x, e)) != OK)
        return rc;
    if (s->spec->common.allowed_lateness_us == 0) {
        remove_sessions(s, at, 1);
        return store(s, key, e);
    }
    return timers_set(&s->clean, gone_us(s, end_us), key) ? OK : error_memory(e, key.bytes.len, "a timer");
}

static enum err clean_session(struct session_window *s, int64_t due_us, struct key key, struct error *e)
{
    size_t at = 0;
    enum err rc = load(s, key, e);

    while (rc == OK && at < session_count(s))
        if (gone_us(s, session_at(s, at)->end_us) <= due_us)
            remove_sessions(s, at, 1);
        else
            at++;
    return rc == OK ? store(s, key, e) : rc;
}

/* Take every timer due, until the output is full. */
static enum err run_timers(struct session_window *s, struct timers *t, int64_t now_us, bool *more,
                           enum err (*run)(struct session_window *s, int64_t due_us, struct key key,
                                           struct error *e),
                           struct error *e)
{
    struct output *out = s->w.env->out;
    struct key key;
    int64_t due_us;
    enum err rc = OK;

    while (rc == OK && timers_pop(t, now_us, &due_us, &key, &s->timer_key)) {
        bool was_empty = builder_rows(&s->w.results) == 0;

        rc = run(s, due_us, key, e);
        if (rc == OK && !was_empty && builder_rows(&s->w.results) == 0 && out->full(out)) {
            *more = true;
            return OK;
        }
    }
    return rc == OK && s->timer_key.failed ? error_memory(e, 64, "a timer's key") : rc;
}

static enum err session_watermark(struct op *o, int64_t watermark_us, bool *more, struct error *e)
{
    struct session_window *s = self(o);
    enum err rc;

    *more = false;
    if (watermark_us > s->w.watermark_us) {
        if ((rc = run_timers(s, &s->fire, watermark_us, more, fire_session, e)) != OK || *more ||
            (rc = run_timers(s, &s->clean, watermark_us, more, clean_session, e)) != OK || *more ||
            (rc = window_base_flush(&s->w, e)) != OK)
            return rc;
        s->w.watermark_us = watermark_us;
    }
    return s->w.env->out->watermark(s->w.env->out, watermark_us, e);
}

/* --- life --- */

static enum err session_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct session_window *s = self(o);
    const char *name = s->spec->common.state_name ? s->spec->common.state_name : "windows";
    const struct state_desc desc = {.name = name, .key = &s->w.key_schema};
    char *fire = mem_printf("%s-fire", name), *clean = mem_printf("%s-clean", name);
    enum err rc = window_base_open(&s->w, env, e);

    if (rc == OK && (fire == NULL || clean == NULL))
        rc = error_memory(e, strlen(name), "the name of a state");
    if (rc == OK && (rc = state_declare(env->state, &desc, &s->state, e)) == OK &&
        (rc = timers_init(&s->fire, env->state, fire, &s->w.key_schema, e)) == OK)
        rc = timers_init(&s->clean, env->state, clean, &s->w.key_schema, e);
    mem_free(fire);
    mem_free(clean);
    return rc;
}

static enum err session_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    return window_base_restore(&self(o)->w, from, e);
}

static enum err session_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                                 struct error *e)
{
    return window_base_snapshot(&self(o)->w, out, e);
}

static void session_close(struct op *o)
{
    struct session_window *s = self(o);

    window_base_fini(&s->w);
    bytes_fini(&s->list);
    bytes_fini(&s->timer_key);
    mem_free(s->again);
    mem_free(s);
}

static const struct operator_ops session_ops = {
    .name = "session_window",
    .open = session_open,
    .restore = session_restore,
    .batch = session_batch,
    .watermark = session_watermark,
    .snapshot = session_snapshot,
    .close = session_close,
};

static enum err session_new(const void *spec, struct op **out, struct error *e)
{
    const struct session_spec *spec_of = spec;
    struct session_window *s;
    enum err rc;

    assert(spec_of->common.fn->merge);
    if (spec_of->gap_us < 1000 || spec_of->gap_us % 1000)
        return error_set(e, ERR_CONFIG, "a session's gap must be at least 1 ms and whole milliseconds");
    if (spec_of->common.allowed_lateness_us < 0)
        return error_set(e, ERR_CONFIG, "a window's allowed lateness must not be negative");
    if ((s = mem_zalloc(sizeof *s)) == NULL)
        return error_memory(e, sizeof *s, "a session operator");
    s->base.ops = &session_ops;
    s->spec = spec_of;
    s->stride = sizeof(struct session) + ((spec_of->common.fn->acc_size + 7) & ~(size_t)7);
    if ((rc = window_base_init(&s->w, &spec_of->common, e)) != OK) {
        session_close(&s->base);
        return rc;
    }
    *out = &s->base;
    return OK;
}

const struct operator_factory session_window_factory = {.name = "session_window",
                                                        .operator_new = session_new};
