/* watermark.c: splits, their latest times, and the minimum. */
#include "operators/watermark.h"
#include "base/mem.h"
#include "expr/program.h"

#define ITEM_PREFIX "split:"
#define ANONYMOUS   -1

struct split {
    int32_t number;
    char *name;      /* owned; NULL for the anonymous one */
    int64_t max_us;  /* latest time seen; WATERMARK_NONE: none yet */
    int64_t seen_us; /* monotonic: its last rows */
    bool idle;
};

struct known {  /* from a checkpoint, for splits that are still to be added */
    char *name; /* owned */
    int64_t max_us;
};

struct watermark {
    struct op base;
    const struct watermark_spec *spec;
    const struct op_env *env;
    struct program *program; /* owned; NULL: there is no expression */
    struct split *splits;    /* owned */
    size_t split_count, split_capacity;
    struct known *known; /* owned */
    size_t known_count, known_capacity;
    int64_t emitted_us;
    bool said_idle;
};

static struct watermark *self(struct op *o)
{
    return CONTAINER_OF(o, struct watermark, base);
}

/* --- splits --- */

static struct split *find_split(struct watermark *w, int32_t number)
{
    for (size_t i = 0; i < w->split_count; i++)
        if (w->splits[i].number == number)
            return &w->splits[i];
    return NULL;
}

/* name may be NULL. */
static enum err add_split(struct watermark *w, int32_t number, const char *name, struct split **out,
                          struct error *e)
{
    struct split s = {.number = number, .max_us = WATERMARK_NONE, .seen_us = clock_mono_us(w->env->clock)};

    if ((name && (s.name = mem_strdup(name)) == NULL) ||
        !MEM_GROW(w->splits, w->split_count, w->split_capacity)) {
        mem_free(s.name);
        return error_memory(e, sizeof s, "a split");
    }
    for (size_t i = 0; name && i < w->known_count; i++)
        if (strcmp(w->known[i].name, name) == 0)
            s.max_us = w->known[i].max_us;
    w->splits[w->split_count] = s;
    *out = &w->splits[w->split_count++];
    return OK;
}

static void remove_split(struct watermark *w, int32_t number)
{
    struct split *s = find_split(w, number);

    if (s == NULL)
        return;
    mem_free(s->name);
    *s = w->splits[--w->split_count];
}

static int64_t lag_us(const struct watermark *w)
{
    return w->spec->max_out_of_orderness_us + (w->spec->minus_one_ms ? 1000 : 0);
}

/* Saturating, so that times at the ends of the calendar do no harm. */
static int64_t minus(int64_t a, int64_t b)
{
    int64_t r;

    if (__builtin_sub_overflow(a, b, &r))
        return b > 0 ? WATERMARK_NONE + 1 : WATERMARK_END - 1;
    return r;
}

/* --- the minimum --- */

/* Emit what the splits say together now: idle when all of them are, a watermark when it rose. */
static enum err advance(struct watermark *w, struct error *e)
{
    int64_t least = WATERMARK_END;
    bool idle = true;
    struct output *out = w->env->out;
    enum err rc;

    for (size_t i = 0; i < w->split_count; i++)
        if (!w->splits[i].idle) {
            least = MIN(least, w->splits[i].max_us);
            idle = false;
        }
    if (idle != w->said_idle) {
        if ((rc = output_idle(out, idle, e)) != OK)
            return rc;
        w->said_idle = idle;
    }
    if (idle || least == WATERMARK_NONE || (least = minus(least, lag_us(w))) <= w->emitted_us)
        return OK;
    w->emitted_us = least;
    return out->watermark(out, least, e);
}

/* The next moment at which a split becomes idle if nothing comes. */
static void ask_to_be_woken(struct watermark *w)
{
    int64_t now = clock_mono_us(w->env->clock), due = INT64_MAX;

    for (size_t i = 0; i < w->split_count; i++)
        if (!w->splits[i].idle)
            due = MIN(due, w->splits[i].seen_us + w->spec->idle_timeout_us - now);
    if (w->spec->idle_timeout_us && due != INT64_MAX)
        w->env->wake_at(w->env->wake_arg, clock_wall_us(w->env->clock) + MAX(due, 0));
}

static enum err watermark_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct watermark *w = self(o);
    int64_t now = clock_mono_us(w->env->clock);
    enum err rc;

    *more = *done = false;
    if (w->spec->idle_timeout_us == 0)
        return OK;
    for (size_t i = 0; i < w->split_count; i++)
        if (now - w->splits[i].seen_us >= w->spec->idle_timeout_us)
            w->splits[i].idle = true;
    if ((rc = advance(w, e)) == OK)
        ask_to_be_woken(w);
    return rc;
}

/* --- rows --- */

static int64_t latest_time(const struct batch *b, const struct column *c)
{
    int32_t live = batch_live(b);
    int64_t latest = WATERMARK_NONE;

    if (b->selection == NULL && c->validity == NULL) {
        for (int32_t i = 0; i < live; i++)
            latest = MAX(latest, c->i64[i]);
        return latest;
    }
    for (int32_t i = 0; i < live; i++) {
        int32_t row = batch_row(b, i);

        if (column_valid(c, row))
            latest = MAX(latest, c->i64[row]);
    }
    return latest;
}

static enum err read_column(const struct batch *b, int32_t column, int64_t *latest_us, struct error *e)
{
    const struct field *f = &b->schema->fields[column];
    const struct column *c = &b->columns[column];

    if (f->type->kind != TYPE_TIMESTAMP && f->type->kind != TYPE_TIMESTAMP_LTZ)
        return error_set(e, ERR_CONFIG,
                         "event time needs a TIMESTAMP or TIMESTAMP_LTZ, which column %s is not", f->name);
    *latest_us = latest_time(b, c);
    if (f->type->precision > 6 && *latest_us != WATERMARK_NONE)
        *latest_us = *latest_us / 1000 - (*latest_us % 1000 < 0); /* nanoseconds, rounded down */
    return OK;
}

static enum err read_time(const struct watermark *w, struct batch *b, int64_t *latest_us, struct error *e)
{
    struct batch *values = NULL;
    enum err rc;

    if (w->program == NULL)
        return read_column(b, w->spec->time_column, latest_us, e);
    if ((rc = program_run(w->program, b, clock_wall_us(w->env->clock), &values, e)) != OK)
        return error_add(e, rc, "the watermark");
    if (values)
        rc = read_column(values, 0, latest_us, e);
    batch_unref(values);
    return rc;
}

static enum err watermark_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct watermark *w = self(o);
    struct split *s = find_split(w, b->split);
    int64_t latest_us = WATERMARK_NONE;
    enum err rc;

    if ((rc = read_time(w, b, &latest_us, e)) != OK)
        return rc;
    if (s == NULL && (rc = add_split(w, b->split, NULL, &s, e)) != OK)
        return rc;
    s->max_us = MAX(s->max_us, latest_us);
    s->seen_us = clock_mono_us(w->env->clock);
    s->idle = false;
    if ((rc = w->env->out->batch(w->env->out, 0, batch_ref(b), e)) != OK || (rc = advance(w, e)) != OK)
        return rc;
    ask_to_be_woken(w);
    return OK;
}

/* Those of the source say nothing here, but for the last. */
static enum err watermark_watermark(struct op *o, int64_t watermark_us, bool *more, struct error *e)
{
    struct watermark *w = self(o);

    *more = false;
    if (watermark_us != WATERMARK_END)
        return OK;
    w->emitted_us = WATERMARK_END;
    return w->env->out->watermark(w->env->out, WATERMARK_END, e);
}

/* --- splits come and go --- */

/* Nothing is emitted: the next one to be added may be further back. */
static enum err split_added(struct watermark *w, const struct split_event *event, struct error *e)
{
    struct split *s;
    enum err rc;

    remove_split(w, ANONYMOUS); /* "has no splits" is over */
    remove_split(w, event->number);
    if ((rc = add_split(w, event->number, event->name, &s, e)) != OK)
        return rc;
    if (event->watermark_us != WATERMARK_NONE)
        s->max_us = MAX(s->max_us, minus(event->watermark_us, -lag_us(w)));
    ask_to_be_woken(w);
    return OK;
}

static enum err watermark_split(struct op *o, const struct split_event *event, struct error *e)
{
    struct watermark *w = self(o);
    struct split *s = find_split(w, event->number);
    enum err rc = OK;

    switch (event->change) {
    case SPLIT_ADDED:
        return split_added(w, event, e);
    case SPLIT_REMOVED:
        remove_split(w, event->number);
        break;
    case SPLIT_IDLE:
    case SPLIT_ACTIVE:
        if (s == NULL)
            rc = add_split(w, event->number, event->name, &s, e);
        if (rc != OK)
            return rc;
        s->idle = event->change == SPLIT_IDLE;
        s->seen_us = clock_mono_us(w->env->clock);
        break;
    }
    if (w->split_count == 0)
        return OK; /* none to speak for: as before the first */
    return advance(w, e);
}

/* --- life --- */

static enum err watermark_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct watermark *w = self(o);

    w->env = env;
    return w->spec->value ? program_new(w->spec->value, env->budget, &w->program, e) : OK;
}

static enum err keep_known(struct watermark *w, struct slice name, int64_t max_us, struct error *e)
{
    for (size_t i = 0; i < w->known_count; i++)
        if (slice_is(name, w->known[i].name)) {
            w->known[i].max_us = MAX(w->known[i].max_us, max_us);
            return OK;
        }
    if (!MEM_GROW(w->known, w->known_count, w->known_capacity) ||
        (w->known[w->known_count].name = mem_strndup(name.ptr, name.len)) == NULL)
        return error_memory(e, name.len, "a split's name");
    w->known[w->known_count++].max_us = max_us;
    return OK;
}

static enum err watermark_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < from->item_count; i++) {
        struct slice name = slice_text(from->items[i].name);
        struct reader r = reader_of(from->items[i].bytes);
        int64_t max_us = (int64_t)reader_le64(&r);

        if (!slice_starts(name, SLICE(ITEM_PREFIX)))
            continue;
        if (r.failed || reader_left(&r))
            return error_set(e, ERR_CORRUPT, "the checkpoint's item %s is not a time", from->items[i].name);
        rc = keep_known(self(o), slice_from(name, strlen(ITEM_PREFIX)), max_us, e);
    }
    return rc;
}

static enum err watermark_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                                   struct error *e)
{
    struct watermark *w = self(o);
    struct bytes name = {0}, time = {0};

    for (size_t i = 0; i < w->split_count; i++) {
        const struct split *s = &w->splits[i];

        if (s->max_us == WATERMARK_NONE)
            continue;
        bytes_clear(&name);
        bytes_clear(&time);
        bytes_printf(&name, ITEM_PREFIX "%s", s->name ? s->name : "");
        bytes_le64(&time, (uint64_t)s->max_us);
        if (bytes_cstr(&name) == NULL || time.failed)
            break;
        snapshot_item(out, name.ptr, bytes_all(&time));
    }
    bytes_fini(&name);
    bytes_fini(&time);
    return name.failed || time.failed ? error_memory(e, 8, "a split's time") : OK;
}

static void watermark_close(struct op *o)
{
    struct watermark *w = self(o);

    for (size_t i = 0; i < w->split_count; i++)
        mem_free(w->splits[i].name);
    for (size_t i = 0; i < w->known_count; i++)
        mem_free(w->known[i].name);
    program_free(w->program);
    mem_free(w->splits);
    mem_free(w->known);
    mem_free(w);
}

static const struct operator_ops watermark_ops = {
    .name = "watermark",
    .open = watermark_open,
    .restore = watermark_restore,
    .batch = watermark_batch,
    .watermark = watermark_watermark,
    .split = watermark_split,
    .poll = watermark_poll,
    .snapshot = watermark_snapshot,
    .close = watermark_close,
};

static enum err watermark_new(const void *spec, struct op **out, struct error *e)
{
    struct watermark *w = mem_zalloc(sizeof *w);

    if (w == NULL)
        return error_memory(e, sizeof *w, "a watermark operator");
    w->base.ops = &watermark_ops;
    w->spec = spec;
    w->emitted_us = WATERMARK_NONE;
    *out = &w->base;
    return OK;
}

const struct operator_factory watermark_factory = {.name = "watermark", .operator_new = watermark_new};
