/* window_base.c: see window_base.h. */
#include "operators/window_base.h"
#include "base/mem.h"

#define RESULT_ROWS    2048
#define ITEM_WATERMARK "watermark"

/* --- life --- */

static enum err check_time(const struct window_common *c, struct error *e)
{
    const struct field *f = &c->input->fields[c->time_column];

    if ((f->type->kind == TYPE_TIMESTAMP || f->type->kind == TYPE_TIMESTAMP_LTZ) && f->type->precision <= 6)
        return OK;
    return error_set(e, ERR_CONFIG,
                     "windows need a TIMESTAMP or TIMESTAMP_LTZ of precision 0 to 6, which column %s is not",
                     f->name);
}

enum err window_base_init(struct window_base *w, const struct window_common *common, struct error *e)
{
    enum err rc;

    *w = (struct window_base){.common = common, .watermark_us = WATERMARK_NONE};
    if ((rc = key_check(common->input, common->keys, common->key_count, e)) != OK ||
        (rc = check_time(common, e)) != OK)
        return rc;
    if ((w->key_fields = mem_calloc((size_t)common->key_count, sizeof *w->key_fields)) == NULL)
        return error_memory(e, sizeof *w, "a window operator");
    for (int32_t i = 0; i < common->key_count; i++)
        w->key_fields[i] = common->input->fields[common->keys[i]];
    w->key_schema = (struct schema){common->key_count, w->key_fields};
    return OK;
}

enum err window_base_open(struct window_base *w, const struct op_env *env, struct error *e)
{
    const struct window_observer *observer = w->common->observer;

    w->env = env;
    w->dropped = metrics_counter(env->metrics, "numLateRecordsDropped",
                                 "rows dropped because their windows were gone");
    if (observer && observer->open)
        w->observed = observer->open(w->common->fn_arg, env);
    return builder_init(&w->results, w->common->output, env->budget)
               ? OK
               : error_memory(e, sizeof *w, "window results");
}

void window_base_fini(struct window_base *w)
{
    const struct window_observer *observer = w->common ? w->common->observer : NULL;

    if (w->env && observer && observer->close)
        observer->close(w->observed);
    builder_fini(&w->results);
    key_batch_fini(&w->keys);
    mem_free(w->late);
    mem_free(w->key_fields);
}

/* Barriers are aligned, so all old subtasks had the same watermark; the least of them if ever not. */
enum err window_base_restore(struct window_base *w, const struct op_restore *from, struct error *e)
{
    bool any = false;

    for (int32_t i = 0; i < from->item_count; i++) {
        struct reader r = reader_of(from->items[i].bytes);
        int64_t watermark_us = (int64_t)reader_le64(&r);

        if (strcmp(from->items[i].name, ITEM_WATERMARK) != 0)
            continue;
        if (r.failed || reader_left(&r))
            return error_set(e, ERR_CORRUPT, "the checkpoint's item %s is not a time", from->items[i].name);
        w->watermark_us = any ? MIN(w->watermark_us, watermark_us) : watermark_us;
        any = true;
    }
    return OK;
}

enum err window_base_snapshot(const struct window_base *w, struct op_snapshot *out, struct error *e)
{
    struct bytes time = {0};

    bytes_le64(&time, (uint64_t)w->watermark_us);
    if (!time.failed)
        snapshot_item(out, ITEM_WATERMARK, bytes_all(&time));
    bytes_fini(&time);
    return time.failed ? error_memory(e, 8, "a watermark") : OK;
}

/* --- results --- */

enum err window_base_flush(struct window_base *w, struct error *e)
{
    const struct window_observer *observer = w->common->observer;
    struct batch *b;
    enum err rc;

    if (observer && observer->fired && w->fired)
        observer->fired(w->observed, w->fired);
    w->fired = 0;
    if (builder_rows(&w->results) == 0 && !w->results.failed)
        return OK;
    if ((rc = builder_finish(&w->results, &b, e)) != OK)
        return rc;
    return w->env->out->batch(w->env->out, 0, b, e);
}

enum err window_base_result(struct window_base *w, const void *acc, struct slice key,
                            const struct window *window, struct error *e)
{
    const struct window_common *c = w->common;
    enum err rc = c->fn->emit(c->fn_arg, w->observed, acc, key, window, &w->results, e);

    w->fired++;
    if (rc == OK && c->result_time_column >= 0) {
        struct column_builder *time = &w->results.columns[c->result_time_column];
        int32_t rows = w->results.columns[c->result_time_column == 0 ? 1 : 0].row_count;

        while (time->row_count < rows && !w->results.failed)
            builder_i64(time, window_last_us(window->end_us));
    }
    return rc == OK && builder_rows(&w->results) >= RESULT_ROWS ? window_base_flush(w, e) : rc;
}

/* --- batches --- */

enum err window_base_begin(struct window_base *w, struct batch *b, struct error *e)
{
    w->late_count = 0;
    if (key_batch_fill(&w->keys, b, w->common->keys, w->common->key_count))
        return OK;
    return error_memory(e, (size_t)batch_live(b), "keys of a batch");
}

enum err window_base_late(struct window_base *w, int32_t row, struct error *e)
{
    if (!MEM_GROW(w->late, w->late_count, w->late_capacity))
        return error_memory(e, w->late_count * sizeof *w->late, "late rows");
    w->late[w->late_count++] = row;
    return OK;
}

enum err window_base_end(struct window_base *w, struct batch *b, struct error *e)
{
    const struct window_observer *observer = w->common->observer;
    struct batch *late;

    if (observer && observer->added)
        observer->added(w->observed, b, batch_live(b) - (int64_t)w->late_count, (int64_t)w->late_count);
    if (w->late_count == 0)
        return OK;
    if (!w->common->late_to_port) {
        counter_add(w->dropped, (int64_t)w->late_count);
        return OK;
    }
    if ((late = batch_select(b, w->late, (int32_t)w->late_count, w->env->budget)) == NULL)
        return error_memory(e, w->late_count * sizeof *w->late, "late rows");
    return w->env->out->batch(w->env->out, 1, late, e);
}
