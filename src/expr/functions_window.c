/* functions_window.c: the windows that a time lies in, for TABLE(TUMBLE(...)), HOP and CUMULATE. Hidden: the
 * binder writes calls of them.
 *
 *     TUMBLE     |-----|-----|        start = the last multiple of size before t, shifted by offset
 *     HOP        |-----|   every slide a window of size; newest first
 *                   |-----|
 *     CUMULATE   |-|                  as TUMBLE of size, with an end every step; shortest first
 *                |---|
 *                |-----|
 *
 * Windows are of local time: those of a TIMESTAMP_LTZ begin when clocks of the session's zone say so.
 */
#include "base/zone.h"
#include "batch/builder.h"
#include "expr/functions.h"
#include "expr/kit.h"

#define WINDOWS_MOST 100000 /* of one row: more is a slip of the pen in a unit */

static const struct zone *zone_of(const struct call *c)
{
    return c->session && c->session->zone ? c->session->zone : zone_gmt();
}

/* What the clocks show, in microseconds, cut to milliseconds. */
static int64_t local_us(const struct call *c, const struct arg *a, int32_t row)
{
    const struct type *t = a->column->type;
    int64_t v = a->column->i64[row & a->mask];
    int64_t us = t->precision > 6 ? v / 1000 - (v % 1000 < 0) : v;

    if (t->kind == TYPE_TIMESTAMP_LTZ)
        us = zone_local(zone_of(c), us);
    return us - ((us % 1000) + 1000) % 1000;
}

static int64_t start_us(int64_t us, int64_t size_us, int64_t offset_us)
{
    int64_t rest = (us - offset_us) % size_us;

    return us - (rest < 0 ? rest + size_us : rest);
}

static int64_t interval_us(const struct call *c, int32_t number)
{
    return c->args[number].column->i64[0] * 1000;
}

/* --- TUMBLE: when the window begins */

static enum err window_start(struct call *c, UNUSED struct error *e)
{
    int64_t size_us = interval_us(c, 1), offset_us = interval_us(c, 2);

    for (int32_t row = 0; row < c->row_count; row++)
        c->out->i64[row] = start_us(local_us(c, &c->args[0], row), size_us, offset_us);
    return OK;
}

static enum err start_types(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant variant = {.kernel = window_start};

    r->result = kit_precision(r->arena, TYPE_TIMESTAMP, 3, false);
    r->variant = &variant;
    return OK;
}

/* --- HOP and CUMULATE: all windows as an ARRAY */

/* The instant that window_time is: a millisecond before the end. */
static int64_t time_of(const struct call *c, int64_t end_us)
{
    return c->args[0].column->type->kind == TYPE_TIMESTAMP_LTZ ? zone_utc(zone_of(c), end_us - 1000)
                                                               : end_us - 1000;
}

static void add_window(struct call *c, int64_t begin_us, int64_t end_us)
{
    struct column_builder *window = &c->rows->children[0];

    builder_i64(&window->children[0], begin_us);
    builder_i64(&window->children[1], end_us);
    builder_i64(&window->children[2], time_of(c, end_us));
    builder_struct_end(window);
}

/* windows(time, slide, size, offset) */
static enum err hop(struct call *c, UNUSED struct error *e)
{
    int64_t slide_us = interval_us(c, 1), size_us = interval_us(c, 2), offset_us = interval_us(c, 3);

    for (int32_t row = 0; row < c->row_count; row++) {
        if (arg_valid(&c->args[0], row)) {
            int64_t us = local_us(c, &c->args[0], row);

            for (int64_t at = start_us(us, slide_us, offset_us); at > us - size_us; at -= slide_us)
                add_window(c, at, at + size_us);
        }
        builder_list_end(c->rows);
    }
    return OK;
}

/* windows(time, step, size, offset) */
static enum err cumulate(struct call *c, UNUSED struct error *e)
{
    int64_t step_us = interval_us(c, 1), size_us = interval_us(c, 2), offset_us = interval_us(c, 3);

    for (int32_t row = 0; row < c->row_count; row++) {
        if (arg_valid(&c->args[0], row)) {
            int64_t us = local_us(c, &c->args[0], row), begin = start_us(us, size_us, offset_us);

            for (int64_t end = start_us(us, step_us, offset_us) + step_us; end <= begin + size_us;
                 end += step_us)
                add_window(c, begin, end);
        }
        builder_list_end(c->rows);
    }
    return OK;
}

static enum err windows_types(struct resolution *r, struct error *e)
{
    static const struct variant hopping = {.kernel = hop, .builds = true},
                                cumulating = {.kernel = cumulate, .builds = true};
    const struct type *stamp = kit_precision(r->arena, TYPE_TIMESTAMP, 3, false),
                      *time = kit_precision(r->arena, r->args[0]->type->kind, 3, false);
    struct field *fields = ARENA_ARRAY(r->arena, struct field, 3);
    struct type *row = ARENA_NEW(r->arena, struct type);
    int64_t step = r->args[1]->literal->i64[0], size = r->args[2]->literal->i64[0];

    if (r->arena->failed)
        return error_memory(e, sizeof *row, "a type");
    if (size / step >= WINDOWS_MOST)
        return error_set(e, ERR_INPUT,
                         "each row would be in %" PRId64 " windows; look at the units of the intervals",
                         size / step);
    fields[0] = (struct field){.name = "window_start", .type = stamp};
    fields[1] = (struct field){.name = "window_end", .type = stamp};
    fields[2] = (struct field){.name = "window_time", .type = time};
    *row = (struct type){.kind = TYPE_STRUCT, .field_count = 3, .fields = fields};
    r->result = kit_list(r->arena, row, false);
    r->variant = r->function->name[0] == 'H' ? &hopping : &cumulating;
    return OK;
}

#define WINDOW(name_, usage_, doc_, count_, flags_, resolve_)                                                \
    {                                                                                                        \
        .name = name_, .group = GROUP_TEMPORAL, .usage = "TABLE(" usage_ " [, offset]))", .doc = doc_,       \
        .least = count_, .most = count_, .flags = FN_HIDDEN | (flags_), .resolve = resolve_,                 \
    }

/* The binder has checked what the arguments are: a time, and intervals that are literals above zero. Pages
 * show what users write. */
const struct function functions_window[] = {
    WINDOW("TUMBLE WINDOW", "TUMBLE(TABLE t, DESCRIPTOR(time), size",
           "The table with window_start, window_end and window_time: of the one window that the row is in.",
           3, FN_STRICT, start_types),
    WINDOW("HOP WINDOWS", "HOP(TABLE t, DESCRIPTOR(time), slide, size",
           "The same; a row for each of the windows of that size, one every slide, that the row is in.", 4, 0,
           windows_types),
    WINDOW("CUMULATE WINDOWS", "CUMULATE(TABLE t, DESCRIPTOR(time), step, size",
           "The same; a row for each of the windows that begin as those of TUMBLE and grow by a step up to "
           "size.",
           4, 0, windows_types),
    {NULL},
};
