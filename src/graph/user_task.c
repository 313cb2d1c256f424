/* user_task.c: see user_task.h; and weir.h's calls for making rows, metrics and messages. */
#include "graph/user_task.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "formats/format.h"
#include "os/log.h"
#include <stdarg.h>
#include <stdio.h>

#define ROWS_PER_BATCH 4096

void user_task_init(struct weir_task *t, const struct op_env *env,
                    const struct schema *const schemas[TASK_OUTPUTS])
{
    *t = (struct weir_task){.env = env, .watermark_us = WATERMARK_NONE};
    for (int32_t i = 0; i < TASK_OUTPUTS; i++) {
        t->schemas[i] = schemas[i];
        t->rows[i] = (struct weir_rows){.task = t, .port = i};
        t->rows[i].b = &t->rows[i].own;
    }
}

void user_task_fini(struct weir_task *t)
{
    for (int32_t i = 0; i < TASK_OUTPUTS; i++)
        if (t->rows[i].ready)
            builder_fini(&t->rows[i].own);
}

static void fail_memory(struct weir_task *t, size_t byte_count, const char *what)
{
    if (t->failed)
        return;
    t->failed = true;
    error_memory(&t->error, byte_count, what);
}

bool weir_task_fail(struct weir_task *t, const char *fmt, ...)
{
    char text[sizeof t->error.text];
    va_list va;

    if (t->failed)
        return false;
    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    error_set(&t->error, ERR_INPUT, "%s", text);
    t->failed = true;
    return false;
}

/* Every column must have got its value for every row: the function's mistake otherwise. */
static bool rows_are_even(struct weir_rows *r)
{
    for (int32_t i = 0; i < r->b->schema->field_count; i++)
        if (r->b->columns[i].row_count != builder_rows(r->b))
            return weir_task_fail(r->task,
                                  "output %" PRId32 ": column %s has %" PRId32 " values where %s has %" PRId32
                                  "; give each column one value a row",
                                  r->port, r->b->schema->fields[i].name, r->b->columns[i].row_count,
                                  r->b->schema->fields[0].name, builder_rows(r->b));
    return true;
}

static enum err emit_rows(struct weir_rows *r, struct error *e)
{
    struct weir_task *t = r->task;
    struct batch *b;
    enum err rc;

    if (!r->ready || builder_rows(r->b) == 0)
        return OK;
    if (!rows_are_even(r)) {
        *e = t->error;
        return t->error.code;
    }
    if ((rc = builder_finish(r->b, &b, e)) != OK)
        return rc;
    r->kept = NULL;
    r->printed = (struct slice){NULL, 0};
    if (t->in) {
        b->split = t->in->split;
        b->born_us = t->in->born_us;
    }
    return t->env->out->batch(t->env->out, r->port, b, e);
}

enum err user_task_flush(struct weir_task *t, bool ok, const char *name, struct error *e)
{
    enum err rc = OK;

    if (!ok && !t->failed)
        weir_task_fail(t, "the function gave no reason (weir_task_fail)");
    for (int32_t i = 0; !t->failed && rc == OK && i < TASK_OUTPUTS; i++)
        rc = emit_rows(&t->rows[i], e);
    if (rc == OK && t->failed) {
        rc = t->error.code;
        *e = t->error;
    }
    return rc == OK ? OK : error_add(e, rc, "%s", name);
}

struct weir_rows *weir_out(struct weir_task *t, int output)
{
    struct weir_rows *r;
    struct error e;

    assert(output >= 0 && output < TASK_OUTPUTS && t->schemas[output] != NULL);
    r = &t->rows[output];
    if (!r->ready) {
        if (!builder_init(r->b, t->schemas[output], t->env->budget))
            fail_memory(t, 0, "rows");
        r->ready = r->b->columns != NULL;
    }
    assert(r->ready || t->failed);
    if (r->ready && builder_rows(r->b) >= ROWS_PER_BATCH && !t->failed && emit_rows(r, &e) != OK) {
        t->error = e;
        t->failed = true;
    }
    if (r->ready && builder_rows(r->b) == 0)
        r->now_us = clock_wall_us(t->env->clock);
    return r;
}

/* The column to append to; NULL after a failure: then nothing is appended. */
static struct column_builder *column_at(struct weir_rows *r, int column)
{
    if (!r->ready)
        return NULL;
    assert(column >= 0 && column < r->b->schema->field_count);
    if (r->b->failed)
        fail_memory(r->task, 0, "rows");
    return &r->b->columns[column];
}

#define PUT(name, call)                                                                                      \
    {                                                                                                        \
        struct column_builder *c = column_at(r, column);                                                     \
        if (c)                                                                                               \
            call;                                                                                            \
    }

void weir_put_null(struct weir_rows *r, int column)
    PUT(null, builder_null(c)) void weir_put_bool(struct weir_rows *r, int column, bool v)
        PUT(bool, builder_u8(c, v)) void weir_put_i32(struct weir_rows *r, int column, int32_t v)
            PUT(i32, builder_i32(c, v)) void weir_put_i64(struct weir_rows *r, int column, int64_t v)
                PUT(i64, builder_i64(c, v)) void weir_put_f64(struct weir_rows *r, int column, double v)
                    PUT(f64, builder_f64(c, v)) void weir_put_str(struct weir_rows *r, int column,
                                                                  const char *ptr, size_t len)
                        PUT(str, builder_copied(c, ptr, len))

                            int64_t weir_rows_now_us(struct weir_rows *r)
{
    return r->now_us;
}

void weir_rows_of(struct weir_rows *out, int32_t row)
{
    if (out->rows_of)
        out->rows_of(out, row);
    else
        weir_task_fail(out->task, "weir_rows_of is for table functions (WEIR_TABLE)");
}

static void print_new(struct weir_rows *r, struct column_builder *c, struct slice s)
{
    struct bytes text = {0};

    format_printable(s, &text);
    if (text.failed) {
        fail_memory(r->task, s.len, "a payload as text");
    } else {
        builder_copied(c, text.ptr, text.len);
        if (!r->b->failed)
            r->print = ((struct view *)(void *)c->values)[c->row_count - 1];
        r->printed = s;
    }
    bytes_fini(&text);
}

void weir_put_printable(struct weir_rows *r, int column, const char *ptr, size_t len)
{
    struct column_builder *c = column_at(r, column);
    bool again = r->printed.ptr == ptr && r->printed.len == len && ptr != NULL;

    if (c == NULL)
        return;
    if (again)
        builder_view(c, r->print); /* the same payload, for another of its samples: its text is shared */
    else
        print_new(r, c, slice_of(ptr, len));
}

void weir_put_from(struct weir_rows *r, int column, const struct weir_batch *in, int in_column, int32_t row)
{
    struct column_builder *c = column_at(r, column);
    struct batch *from = (struct batch *)in;

    if (c == NULL)
        return;
    if (r->kept != from) {
        builder_keep(r->b, keep_ref(&from->keep));
        r->kept = from;
    }
    builder_value(c, &from->columns[in_column], row);
}

/* --- by columns --- */

struct weir_columns {
    struct weir_task *task;
    struct batch *b;  /* owned until emitted */
    struct batch *in; /* borrowed */
    int32_t port;
};

struct weir_columns *weir_columns(struct weir_task *t, int output, const struct weir_batch *in)
{
    struct batch *from = (struct batch *)in;
    struct weir_columns *c = mem_zalloc(sizeof *c);

    assert(output >= 0 && output < TASK_OUTPUTS && t->schemas[output] != NULL);
    if (c == NULL || (c->b = batch_new(t->schemas[output], t->env->budget)) == NULL ||
        !batch_keep(c->b, keep_ref(&from->keep))) {
        if (c && c->b)
            keep_unref(&from->keep);
        batch_unref(c ? c->b : NULL);
        mem_free(c);
        fail_memory(t, sizeof *c, "a batch");
        return NULL;
    }
    c->task = t;
    c->in = from;
    c->port = output;
    c->b->row_count = from->row_count;
    c->b->split = from->split;
    c->b->born_us = from->born_us;
    return c;
}

void weir_share(struct weir_columns *c, int column, int in_column)
{
    assert(c->in->columns[in_column].type->kind == c->b->columns[column].type->kind);
    column_adopt(&c->b->columns[column], &c->in->columns[in_column], c->b->columns[column].type);
}

static void *new_values(struct weir_columns *c, int column, size_t width)
{
    struct column *to = &c->b->columns[column];

    assert(type_width(to->type) == width);
    to->row_count = c->b->row_count;
    if ((to->values = batch_alloc(c->b, MAX((size_t)c->b->row_count, 1) * width)) == NULL)
        fail_memory(c->task, (size_t)c->b->row_count * width, "a column");
    return to->values;
}

int32_t *weir_new_i32s(struct weir_columns *c, int column)
{
    return new_values(c, column, sizeof(int32_t));
}

int64_t *weir_new_i64s(struct weir_columns *c, int column)
{
    return new_values(c, column, sizeof(int64_t));
}

double *weir_new_f64s(struct weir_columns *c, int column)
{
    return new_values(c, column, sizeof(double));
}

int32_t *weir_scratch_i32s(struct weir_columns *c)
{
    int32_t *values = batch_alloc(c->b, MAX((size_t)c->b->row_count, 1) * sizeof *values);

    if (values == NULL)
        fail_memory(c->task, (size_t)c->b->row_count * sizeof *values, "row numbers");
    return values;
}

void weir_drop(struct weir_columns *c)
{
    batch_unref(c->b);
    mem_free(c);
}

/* The rows that live: rows, or the input's; in memory of b. */
static bool choose_rows(struct weir_columns *c, const int32_t *rows, int32_t count)
{
    int32_t *selection;

    if (rows == NULL) {
        c->b->selection = c->in->selection;
        c->b->selected_count = c->in->selected_count;
        return true;
    }
    if ((selection = batch_alloc(c->b, MAX((size_t)count, 1) * sizeof *selection)) == NULL)
        return false;
    memcpy(selection, rows, (size_t)count * sizeof *selection);
    c->b->selection = selection;
    c->b->selected_count = count;
    return true;
}

bool weir_emit(struct weir_columns *c, const int32_t *rows, int32_t count)
{
    struct weir_task *t = c->task;
    struct batch *b = c->b;
    int32_t port = c->port;
    struct error e;

    for (int32_t i = 0; i < b->schema->field_count; i++)
        if (b->columns[i].row_count != b->row_count) {
            weir_task_fail(t, "output %" PRId32 ": column %s was given no values", port,
                           b->schema->fields[i].name);
            weir_drop(c);
            return false;
        }
    if (!choose_rows(c, rows, count)) {
        fail_memory(t, (size_t)count * 4, "row numbers");
        weir_drop(c);
        return false;
    }
    mem_free(c);
    if (batch_live(b) == 0) {
        batch_unref(b);
        return true;
    }
    if (t->env->out->batch(t->env->out, port, b, &e) == OK)
        return true;
    t->error = e;
    t->failed = true;
    return false;
}

/* --- surroundings --- */

int weir_subtask(const struct weir_task *t)
{
    return t->env->subtask;
}

int64_t weir_now_us(struct weir_task *t)
{
    return clock_wall_us(t->env->clock);
}

void weir_log(struct weir_task *t, const char *fmt, ...)
{
    char text[1000];
    va_list va;

    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    log_info(t->env->name, "%s", text);
}

int64_t weir_current_watermark(struct weir_task *t)
{
    return t->watermark_us;
}

static struct metric_scope *bare_scope(struct weir_task *t, const char *const *labels)
{
    struct metric_label list[8];
    size_t n = 0;

    for (; labels && labels[0] && n < COUNT_OF(list); labels += 2)
        list[n++] = (struct metric_label){labels[0], labels[1]};
    return metrics_bare(t->env->registry, list, n);
}

struct weir_counter *weir_metric_counter(struct weir_task *t, const char *name, const char *help,
                                         const char *const *labels)
{
    return (struct weir_counter *)metrics_counter(bare_scope(t, labels), name, help);
}

struct weir_histogram *weir_metric_histogram(struct weir_task *t, const char *name, const char *help,
                                             const char *const *labels)
{
    return (struct weir_histogram *)metrics_histogram(bare_scope(t, labels), name, help);
}

void weir_count(struct weir_counter *c, int64_t n)
{
    counter_add((struct counter *)c, n);
}

void weir_observe(struct weir_histogram *h, double v, int64_t n)
{
    histogram_record_n((struct histogram *)h, v, n);
}

const char *weir_parse_iso(const char *ptr, size_t len, int64_t *out_us)
{
    return calendar_parse_iso(slice_of(ptr, len), out_us);
}

int32_t weir_date(int64_t us)
{
    return calendar_day_of(us);
}

void weir_civil(int32_t date, int32_t *year, int32_t *month, int32_t *day)
{
    struct civil c = calendar_civil(date);

    *year = c.year;
    *month = c.month;
    *day = c.day;
}

void weir_iso_week(int32_t date, int32_t *year, int32_t *week)
{
    calendar_iso_week(date, year, week);
}

/* --- reading a batch --- */

int32_t weir_rows_count(const struct weir_batch *b)
{
    return batch_live(batch_of(b));
}

int32_t weir_row(const struct weir_batch *b, int32_t nth)
{
    return batch_row(batch_of(b), nth);
}

int weir_column(const struct weir_batch *b, const char *name)
{
    return schema_find(batch_of(b)->schema, slice_text(name));
}

bool weir_is_null(const struct weir_batch *b, int column, int32_t row)
{
    return !column_valid(&batch_of(b)->columns[column], row);
}

const int32_t *weir_i32s(const struct weir_batch *b, int column)
{
    assert(type_width(batch_of(b)->columns[column].type) == sizeof(int32_t));
    return batch_of(b)->columns[column].i32;
}

const int64_t *weir_i64s(const struct weir_batch *b, int column)
{
    assert(type_width(batch_of(b)->columns[column].type) == sizeof(int64_t));
    return batch_of(b)->columns[column].i64;
}

const double *weir_f64s(const struct weir_batch *b, int column)
{
    assert(batch_of(b)->columns[column].type->kind == TYPE_DOUBLE);
    return batch_of(b)->columns[column].f64;
}

const uint8_t *weir_bools(const struct weir_batch *b, int column)
{
    assert(batch_of(b)->columns[column].type->kind == TYPE_BOOLEAN);
    return batch_of(b)->columns[column].u8;
}

_Static_assert(sizeof(struct weir_view) == sizeof(struct view) && offsetof(struct view, inlined) == 4 &&
                   offsetof(struct view, ptr) == 8,
               "jobs read views as the batch has them");

const struct weir_view *weir_views(const struct weir_batch *b, int column)
{
    assert(type_is_view(batch_of(b)->columns[column].type));
    return (const struct weir_view *)batch_of(b)->columns[column].views;
}

const uint64_t *weir_validity(const struct weir_batch *b, int column)
{
    return batch_of(b)->columns[column].validity;
}

struct weir_str weir_str(const struct weir_batch *b, int column, int32_t row)
{
    struct slice s;

    assert(type_is_view(batch_of(b)->columns[column].type));
    s = column_slice(&batch_of(b)->columns[column], row);
    return (struct weir_str){s.ptr, s.len};
}
