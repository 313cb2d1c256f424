/* file_source.c: see file_source.h. */
#include "connectors/file_source.h"
#include "base/calendar.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/batch_rows.h"
#include "connectors/file_columns.h"
#include "connectors/file_job.h"
#include "os/log.h"

#define ITEM_DONE "done"
#define ITEM_AT   "at"

/* Bytes of a file that batches point into. */
struct text {
    struct keep keep;
    struct bytes bytes;
};

struct file_source {
    struct op op;
    const struct file_source_spec *spec;
    const struct op_env *env;
    struct decode_spec decode;
    struct decoder *decoder; /* NULL: Parquet */
    struct counter *skipped;
    int32_t batch_rows;
    bool keeps_empty;  /* an empty line is a value: raw */
    struct map done;   /* path to anything: given whole */
    struct map resume; /* path to rows given before the checkpoint, + 1 */
    struct file_list list;
    size_t next;           /* in list */
    struct file_job *job;  /* NULL: none */
    bool listed;           /* once at least */
    int64_t list_again_us; /* wall clock */

    struct listed_file file; /* at hand; path NULL: none. Owned by list */
    struct file_columns columns;
    int64_t row, skip;   /* of the file: rows given; rows still to be left out */
    struct text *text;   /* referenced: the piece at hand */
    size_t at;           /* in it */
    struct batch *group; /* Parquet: the piece at hand, one reference */
    bool end;            /* the piece at hand is the last */
};

static struct file_source *self(struct op *o)
{
    return CONTAINER_OF(o, struct file_source, op);
}

/* --- pieces ------------------------------------------------------------------------------------------- */

static void text_free(struct keep *k)
{
    struct text *t = CONTAINER_OF(k, struct text, keep);

    bytes_fini(&t->bytes);
    mem_free(t);
}

static void drop_piece(struct file_source *s)
{
    keep_unref(s->text ? &s->text->keep : NULL);
    batch_unref(s->group);
    s->text = NULL;
    s->group = NULL;
    s->at = 0;
}

/* What the job has read, behind the line that was cut off at the end of the piece before. */
static enum err take_text(struct file_source *s, struct error *e)
{
    struct text *t = mem_zalloc(sizeof *t);

    if (t == NULL)
        return error_memory(e, sizeof *t, "file content");
    atomic_init(&t->keep.refs, 1);
    t->keep.free = text_free;
    if (s->text && s->at < s->text->bytes.len) {
        bytes_append(&t->bytes, s->text->bytes.ptr + s->at, s->text->bytes.len - s->at);
        bytes_slice(&t->bytes, bytes_all(&s->job->text));
    } else {
        t->bytes = s->job->text;
        s->job->text = (struct bytes){0};
    }
    bytes_clear(&s->job->text);
    drop_piece(s);
    s->text = t;
    return t->bytes.failed ? error_memory(e, t->bytes.len, "file content") : OK;
}

static enum err take_piece(struct file_source *s, struct error *e)
{
    s->end = s->job->end;
    if (s->spec->format)
        return take_text(s, e);
    drop_piece(s);
    s->group = s->job->batch;
    s->job->batch = NULL;
    return OK;
}

/* --- rows --------------------------------------------------------------------------------------------- */

/* The next line of the piece, without its end; false: there is no whole one. */
static bool next_line(struct file_source *s, struct slice *line)
{
    const struct bytes *b = &s->text->bytes;
    const char *begin = b->ptr ? b->ptr + s->at : NULL;
    const char *newline = s->at < b->len ? memchr(begin, '\n', b->len - s->at) : NULL;

    if (newline == NULL && (!s->end || s->at == b->len))
        return false;
    *line = slice_of(begin, newline ? (size_t)(newline - begin) : b->len - s->at);
    s->at += line->len + (newline != NULL);
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

static void add_line(struct file_source *s, struct builder *b, struct slice line)
{
    builder_borrowed(&b->columns[RAW_VALUE], line.ptr ? line.ptr : "", line.len);
    builder_null(&b->columns[RAW_KEY]);
    builder_borrowed(&b->columns[RAW_TOPIC], s->file.path, strlen(s->file.path));
    builder_i32(&b->columns[RAW_PARTITION], 0);
    builder_i64(&b->columns[RAW_OFFSET], s->row);
    builder_null(&b->columns[RAW_TIMESTAMP]);
    builder_borrowed(&b->columns[RAW_TIMESTAMP_TYPE], "NoTimestampType", 15);
    builder_null(&b->columns[RAW_HEADERS]);
    builder_null(&b->columns[RAW_LEADER_EPOCH]);
}

/* Up to a batch of lines; *out NULL: there are none now. */
static enum err raw_lines(struct file_source *s, struct batch **out, struct error *e)
{
    struct builder b;
    struct slice line;
    enum err rc;

    *out = NULL;
    if (!builder_init(&b, &format_raw_schema, s->env->budget))
        return error_memory(e, sizeof b, "lines of a file");
    while (!b.failed && builder_rows(&b) < s->batch_rows && next_line(s, &line)) {
        if (s->skip > 0)
            s->skip--;
        else if (line.len || s->keeps_empty)
            add_line(s, &b, line);
        s->row++;
    }
    if (builder_rows(&b) == 0 && !b.failed) {
        builder_fini(&b);
        return OK;
    }
    builder_keep(&b, keep_ref(&s->text->keep));
    rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}

static enum err deal_with(struct file_source *s, struct batch *errors, struct error *e)
{
    int32_t row = batch_row(errors, 0);
    struct slice message = column_slice(&errors->columns[ERROR_MESSAGE], row);
    char begin[DECODE_EXCERPT];
    const char *behind = decode_excerpt(errors, begin);

    if (s->spec->on_error == ON_ERROR_EMIT)
        return s->env->out->batch(s->env->out, 1, batch_ref(errors), e);
    error_set(e, ERR_INPUT,
              "%s, line %" PRId64
              ", cannot be read: %.*s%s%s; set 'on-error' to skip or dead-letter to go on without it",
              s->file.path, errors->columns[RAW_OFFSET].i64[row] + 1, (int)MIN(message.len, (size_t)300),
              message.ptr, behind, begin);
    if (s->spec->on_error == ON_ERROR_FAIL)
        return ERR_INPUT;
    counter_add(s->skipped, batch_live(errors));
    log_warn("file_source", "skipped %" PRId32 " lines; %s", batch_live(errors), e->text);
    return OK;
}

static enum err emit(struct file_source *s, struct batch *content, struct error *e)
{
    struct batch *out;
    enum err rc = file_columns_add(&s->columns, content, s->env->budget, &out, e);

    if (rc != OK)
        return rc;
    out->born_us = clock_wall_us(s->env->clock);
    return s->env->out->batch(s->env->out, 0, out, e);
}

static enum err emit_lines(struct file_source *s, bool *any, struct error *e)
{
    struct batch *raw, *rows = NULL, *errors = NULL;
    enum err rc = raw_lines(s, &raw, e);

    *any = raw != NULL;
    if (raw == NULL)
        return rc;
    rc = decoder_decode(s->decoder, raw, &rows, &errors, e);
    if (rc == ERR_WAIT)
        rc = error_set(e, ERR_UNSUPPORTED, "format '%s' cannot read files", s->spec->format->name);
    if (rc == OK && errors)
        rc = deal_with(s, errors, e);
    if (rc == OK && rows)
        rc = emit(s, rows, e);
    batch_unref(raw);
    batch_unref(rows);
    batch_unref(errors);
    return rc;
}

/* A batch's rows of the row group. */
static enum err emit_group(struct file_source *s, bool *any, struct error *e)
{
    int32_t *rows, count = 0, total = s->group ? s->group->row_count : 0, most = s->batch_rows;
    struct batch *part = NULL;
    enum err rc;

    if ((rows = mem_alloc((size_t)most * sizeof *rows)) == NULL)
        return error_memory(e, (size_t)most * sizeof *rows, "rows");
    for (; s->at < (size_t)total && count < most; s->at++, s->row++)
        if (s->skip > 0)
            s->skip--;
        else
            rows[count++] = (int32_t)s->at;
    *any = count > 0;
    if (count && (part = batch_select(s->group, rows, count, s->env->budget)) == NULL)
        rc = error_memory(e, (size_t)count * 4, "rows");
    else
        rc = part ? emit(s, part, e) : OK;
    batch_unref(part);
    mem_free(rows);
    return rc;
}

/* --- files -------------------------------------------------------------------------------------------- */

static bool is_mine(const struct file_source *s, const char *path)
{
    return hash_bytes(path, strlen(path)) % (uint64_t)s->env->parallelism == (uint64_t)s->env->subtask;
}

static enum err begin_file(struct file_source *s, const struct listed_file *file, struct error *e)
{
    size_t rows = (size_t)(uintptr_t)map_get(&s->resume, slice_text(file->path));
    enum err rc;

    s->file = *file;
    s->row = 0;
    s->skip = rows ? (int64_t)rows - 1 : 0;
    s->end = false;
    if ((rc = file_columns_set(&s->columns, s->spec, file, e)) != OK)
        return rc;
    if ((s->job = file_job_new(s->spec, s->env, file->path)) == NULL ||
        !file_job_start(s->job, s->env->executor))
        return error_memory(e, sizeof *s->job, "a file to be read");
    return OK;
}

static enum err end_file(struct file_source *s, struct error *e)
{
    if (!map_put(&s->done, slice_text(s->file.path), s))
        return error_memory(e, strlen(s->file.path), "the files that were read");
    drop_piece(s);
    file_job_free(s->job);
    s->job = NULL;
    s->file.path = NULL;
    return OK;
}

/* The next file of ours that was not read yet; none: list again, wait, or be done. */
static enum err next_file(struct file_source *s, bool *more, bool *done, struct error *e)
{
    while (s->next < s->list.count) {
        const struct listed_file *file = &s->list.files[s->next++];

        if (is_mine(s, file->path) && map_get(&s->done, slice_text(file->path)) == NULL)
            return begin_file(s, file, e);
    }
    if (s->listed && s->spec->monitor_ms == 0) {
        *done = true;
        *more = false;
        return OK;
    }
    *more = false;
    if (s->listed && clock_wall_us(s->env->clock) < s->list_again_us) {
        s->env->wake_at(s->env->wake_arg, s->list_again_us);
        return OK;
    }
    if ((s->job = file_job_new(s->spec, s->env, NULL)) == NULL || !file_job_start(s->job, s->env->executor))
        return error_memory(e, sizeof *s->job, "a list of files");
    *more = !file_job_is_running(s->job);
    return OK;
}

static void take_list(struct file_source *s)
{
    file_list_fini(&s->list);
    s->list = s->job->list;
    s->job->list = (struct file_list){0};
    s->next = 0;
    s->listed = true;
    s->list_again_us = clock_wall_us(s->env->clock) + s->spec->monitor_ms * 1000;
    file_job_free(s->job);
    s->job = NULL;
}

/* A file is at hand, and its job rests: emit from the piece, or take the next. */
static enum err go_on(struct file_source *s, struct error *e)
{
    bool any = false;
    enum err rc = OK;

    if (s->text || s->group)
        rc = s->spec->format ? emit_lines(s, &any, e) : emit_group(s, &any, e);
    if (rc != OK || any)
        return rc;
    if (s->end)
        return end_file(s, e);
    if (!file_job_start(s->job, s->env->executor))
        return error_memory(e, sizeof *s->job, "a file to be read");
    return OK;
}

static enum err source_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct file_source *s = self(o);

    if (s->job && file_job_is_running(s->job)) /* it will wake us */
        return OK;
    *more = true;
    if (s->job == NULL)
        return next_file(s, more, done, e);
    if (s->job->rc != OK) {
        *e = s->job->error;
        return s->job->rc;
    }
    if (s->job->path == NULL) {
        take_list(s);
        return OK;
    }
    if (s->job->text.len || s->job->batch || (s->job->end && !s->end)) {
        enum err rc = take_piece(s, e);

        if (rc != OK)
            return rc;
    }
    return go_on(s, e);
}

/* --- checkpoints -------------------------------------------------------------------------------------- */

static void put_text(struct bytes *b, const char *text)
{
    bytes_varint(b, strlen(text));
    bytes_text(b, text);
}

static enum err source_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    struct file_source *s = self(o);
    struct bytes done = {0}, at = {0};
    struct map_entry *entry;
    size_t step = 0;
    enum err rc = OK;

    while ((entry = map_next(&s->done, &step)) != NULL)
        put_text(&done, entry->key.ptr);
    step = 0;
    while ((entry = map_next(&s->resume, &step)) != NULL) /* not begun again yet */
        if (map_get(&s->done, entry->key) == NULL &&
            (s->file.path == NULL || !slice_is(entry->key, s->file.path))) {
            put_text(&at, entry->key.ptr);
            bytes_varint(&at, (uint64_t)(uintptr_t)entry->value - 1);
        }
    if (s->file.path) {
        put_text(&at, s->file.path);
        bytes_varint(&at, (uint64_t)(s->row + s->skip));
    }
    if (done.failed || at.failed) {
        rc = error_memory(e, done.len + at.len, "a file source's state");
    } else {
        snapshot_item(out, ITEM_DONE, bytes_all(&done));
        snapshot_item(out, ITEM_AT, bytes_all(&at));
    }
    bytes_fini(&done);
    bytes_fini(&at);
    return rc;
}

/* Two subtasks may both know a file that one of them has not begun again: the one that is further is right.
 */
static enum err restore_item(struct file_source *s, const struct op_item *item, struct error *e)
{
    struct reader r = reader_of(item->bytes);
    bool is_at = strcmp(item->name, ITEM_AT) == 0;
    struct map *to = is_at ? &s->resume : &s->done;

    while (reader_left(&r)) {
        struct slice path = reader_bytes(&r, (size_t)reader_varint(&r));
        uintptr_t rows = is_at ? (uintptr_t)reader_varint(&r) + 1 : 1;

        if (r.failed)
            return error_set(e, ERR_CORRUPT, "a file source's state is cut off");
        if (rows > (uintptr_t)map_get(to, path) && !map_put(to, path, (void *)rows))
            return error_memory(e, path.len, "the files that were read");
    }
    return OK;
}

static enum err source_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < from->item_count; i++)
        if (strcmp(from->items[i].name, ITEM_DONE) == 0 || strcmp(from->items[i].name, ITEM_AT) == 0)
            rc = restore_item(self(o), &from->items[i], e);
    return rc;
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err source_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct file_source *s = self(o);

    s->env = env;
    s->batch_rows = batch_rows(env);
    s->keeps_empty = s->spec->format && strcmp(s->spec->format->name, "raw") == 0;
    s->skipped = metrics_counter(env->metrics, "numRecordsSkipped",
                                 "lines skipped because they cannot be read");
    env->wake(env->wake_arg);
    if (s->spec->format == NULL)
        return OK;
    s->decode = (struct decode_spec){.schema = s->spec->content,
                                     .raw = s->spec->raw,
                                     .options = s->spec->options,
                                     .budget = env->budget,
                                     .executor = env->executor,
                                     .registry = env->registry,
                                     .metrics = metrics_bare(env->registry, NULL, 0),
                                     .wake = env->wake,
                                     .wake_arg = env->wake_arg};
    return s->spec->format->decoder_new(&s->decode, &s->decoder, e);
}

static void source_close(struct op *o)
{
    struct file_source *s = self(o);

    drop_piece(s);
    file_job_free(s->job);
    file_list_fini(&s->list);
    file_columns_fini(&s->columns);
    decoder_free(s->decoder);
    map_fini(&s->done);
    map_fini(&s->resume);
    mem_free(s);
}

static const struct operator_ops source_ops = {
    .name = "file_source",
    .open = source_open,
    .restore = source_restore,
    .poll = source_poll,
    .snapshot = source_snapshot,
    .close = source_close,
};

static enum err source_new(const void *spec, struct op **out, struct error *e)
{
    struct file_source *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "a file source");
    s->op.ops = &source_ops;
    s->spec = spec;
    *out = &s->op;
    return OK;
}

const struct operator_factory file_source_factory = {"file_source", source_new, NULL};
