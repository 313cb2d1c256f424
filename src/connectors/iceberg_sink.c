/* iceberg_sink.c: the writing half of the Iceberg sink; iceberg_committer.c is the other. */
#include "connectors/iceberg_sink.h"
#include "base/budget.h"
#include "base/mem.h"
#include "connectors/iceberg_flush.h"
#include "connectors/iceberg_rebuild.h"
#include "iceberg/upsert_index.h"
#include "os/log.h"
#include "os/random.h"

/* A row in the buffer that a later one of the same key may replace. */
struct waiting {
    struct row_place place;
};

struct iceberg_sink {
    struct op                 op;
    const struct iceberg_sink_spec *spec;
    const struct op_env            *env;
    struct file_writer              writer;
    struct row_buffer              *buffer;
    struct flush_group             *flushes; /* of the checkpoint being filled */
    struct flush_gauge              gauge;   /* what is being written now */
    struct upsert_index            *index;   /* NULL: append */
    bool                            has_state, is_ready; /* the index came with a checkpoint; it is what the table is */
    struct rebuild                 *rebuild;
    struct map                      waiting; /* key -> struct waiting, owned; upsert only */
    struct key_batch                keys;
    struct row_place               *places;  /* of one batch's rows */
    int32_t                         place_capacity;
    struct random                   random;
    int32_t                         file_count;
    size_t                          buffer_bytes; /* this subtask's share */
    int64_t                         watermark_us;
    struct flush_metrics            metrics;
};

static struct iceberg_sink *self(struct op *o)
{
    return CONTAINER_OF(o, struct iceberg_sink, op);
}

static enum err sink_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct iceberg_sink            *s = self(o);
    const struct iceberg_sink_spec *spec = s->spec;
    enum err                        rc;

    s->env = env;
    s->buffer_bytes = spec->buffer_bytes / (size_t)env->parallelism;
    random_seed(&s->random, env->seed);
    flush_gauge_init(&s->gauge, env);
    flush_metrics_init(&s->metrics, env, spec->label);
    if ((rc = file_writer_init(&s->writer, spec->fs, spec->metadata, env->budget, e)) != OK)
        return rc;
    if ((s->flushes = flush_group_new()) == NULL)
        return error_memory(e, sizeof *s, "an Iceberg sink");
    rc = row_buffer_new(spec->metadata->schema, spec->columns, spec->metadata->spec, env->budget, &s->buffer, e);
    if (rc == OK && spec->upsert)
        rc = upsert_index_new(env->state, spec->key_schema, &s->index, e);
    return rc;
}

static enum err sink_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct iceberg_sink *s = self(o);

    s->has_state = true;
    for (int32_t i = 0; i < from->item_count; i++) {
        enum err rc = OK;

        if (s->index && strcmp(from->items[i].name, "files") == 0)
            rc = upsert_index_load(s->index, from->items[i].bytes, e);
        if (rc != OK)
            return rc;
    }
    return OK;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* `<subtask>-<seed part>-<uuid>-<count>.parquet`: unique for ever, and sorted by subtask for people. */
static const char *file_name(struct iceberg_sink *s, const char *what, struct arena *arena)
{
    char uuid[RANDOM_UUID_MAX];

    random_uuid(&s->random, uuid);
    return arena_printf(arena, "%05" PRId32 "-0-%s-%05" PRId32 "%s.parquet", s->env->subtask, uuid, ++s->file_count,
                        what);
}

static int64_t until_of(const struct iceberg_sink *s, const struct batch *b, int32_t row)
{
    int32_t field = s->spec->until_field;

    if (field < 0 || !column_valid(&b->columns[field], row))
        return UPSERT_FOR_EVER;
    return b->columns[field].i64[row] + s->spec->until_lateness_us;
}

static bool is_dead(const struct row_run *run, int32_t row)
{
    return run->dead && (run->dead[row >> 6] >> (row & 63) & 1);
}

/* Point the index at the rows of a partition about to be written, and collect the rows that they replace. */
static enum err index_rows(struct iceberg_sink *s, struct flush *f, struct error *e)
{
    int64_t  file, position = 0;
    enum err rc = upsert_index_file(s->index, f->path, &file, e);

    for (size_t i = 0; rc == OK && i < f->rows->run_count; i++) {
        const struct row_run *run = &f->rows->runs[i];

        if (!key_batch_fill(&s->keys, run->batch, s->spec->keys, s->spec->key_count))
            return error_memory(e, (size_t)run->batch->row_count, "keys");
        for (int32_t row = 0; rc == OK && row < run->batch->row_count; row++) {
            struct key  key = s->keys.keys[row];
            const char *old_file = NULL;
            int64_t     old_position = 0;
            bool        had = false;

            if (is_dead(run, row))
                continue;
            mem_free(map_remove(&s->waiting, key.bytes));
            rc = upsert_index_set(s->index, key, until_of(s, run->batch, row), file, position++, &had, &old_file,
                                  &old_position, e);
            if (rc == OK && had && !flush_delete(f, old_file, old_position))
                rc = error_memory(e, sizeof(struct deleted_row), "position deletes");
        }
    }
    return rc;
}

/* Take the largest partition out of the buffer and write it in the background. */
static enum err flush_largest(struct iceberg_sink *s, bool *any, struct error *e)
{
    int32_t                number;
    struct partition_rows *rows = row_buffer_take(s->buffer, &number);
    struct flush          *f;
    enum err               rc;

    *any = rows != NULL;
    if (rows == NULL)
        return OK;
    if (rows->live_count == 0) {
        partition_rows_free(rows);
        return OK;
    }
    if ((f = flush_new(&s->writer, rows, &s->gauge, &s->metrics)) == NULL) { /* takes rows */
        return error_memory(e, sizeof *f, "a file to write");
    }
    f->path = file_writer_path(&s->writer, rows->path, file_name(s, "", &f->arena), &f->arena);
    if (s->index)
        f->delete_path = file_writer_path(&s->writer, rows->path, file_name(s, "-deletes", &f->arena), &f->arena);
    rc = f->arena.failed ? error_memory(e, 0, "a file name") : OK;
    if (rc == OK && s->index)
        rc = index_rows(s, f, e);
    if (rc != OK) {
        flush_unref(f);
        return rc;
    }
    return flush_start(s->flushes, f, s->env->executor, e); /* takes f */
}

static enum err flush_down_to(struct iceberg_sink *s, size_t bytes, struct error *e)
{
    bool     any = true;
    enum err rc = OK;

    while (rc == OK && any && (row_buffer_bytes(s->buffer) > bytes || bytes == 0))
        rc = flush_largest(s, &any, e);
    return rc;
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static bool room_for_places(struct iceberg_sink *s, int32_t count)
{
    struct row_place *grown;

    if (count <= s->place_capacity)
        return true;
    if ((grown = mem_realloc(s->places, (size_t)count * sizeof *grown)) == NULL)
        return false;
    s->places = grown;
    s->place_capacity = count;
    return true;
}

/* The latest row of each key is the one to be written. */
static enum err replace_waiting(struct iceberg_sink *s, const struct batch *b, struct error *e)
{
    int32_t *columns = mem_alloc((size_t)s->spec->key_count * sizeof *columns);
    enum err rc = OK;

    for (int32_t i = 0; columns && i < s->spec->key_count; i++)
        columns[i] = s->spec->columns[s->spec->keys[i]];
    if (columns == NULL || !key_batch_fill(&s->keys, b, columns, s->spec->key_count))
        rc = error_memory(e, (size_t)batch_live(b), "keys");
    for (int32_t i = 0; rc == OK && i < batch_live(b); i++) {
        struct slice    key = s->keys.keys[i].bytes;
        struct waiting *w = map_get(&s->waiting, key);

        if (w && row_buffer_kill(s->buffer, w->place)) {
            w->place = s->places[i];
            continue;
        }
        if (w || (w = mem_alloc(sizeof *w)) == NULL || !map_put(&s->waiting, key, w)) {
            rc = error_memory(e, key.len, "keys waiting to be written");
            continue;
        }
        w->place = s->places[i];
    }
    mem_free(columns);
    return rc;
}

static enum err check_kinds(const struct iceberg_sink *s, const struct batch *b, struct error *e)
{
    for (int32_t i = 0; b->row_kinds && i < batch_live(b); i++) {
        uint8_t kind = b->row_kinds[batch_row(b, i)];

        if (kind == ROW_DELETE || (kind != ROW_INSERT && !s->spec->upsert))
            return error_set(e, ERR_UNSUPPORTED,
                             "table %s was given a row that %s; weir's Iceberg sink takes inserts, and updates where the "
                             "table has a primary key",
                             s->spec->label, kind == ROW_DELETE ? "deletes" : "updates");
    }
    return OK;
}

/* Without the rows that say what was before an update. NULL on failure. */
static struct batch *without_before(struct iceberg_sink *s, struct batch *b)
{
    int32_t *rows, count = 0;

    if (b->row_kinds == NULL)
        return batch_ref(b);
    if ((rows = mem_alloc((size_t)batch_live(b) * sizeof *rows)) == NULL)
        return NULL;
    for (int32_t i = 0; i < batch_live(b); i++)
        if (b->row_kinds[batch_row(b, i)] != ROW_UPDATE_BEFORE)
            rows[count++] = batch_row(b, i);
    b = batch_select(b, rows, count, s->env->budget);
    mem_free(rows);
    return b;
}

static enum err take_rows(struct iceberg_sink *s, struct batch *b, struct error *e)
{
    enum err rc;

    if (!room_for_places(s, batch_live(b)))
        return error_memory(e, (size_t)batch_live(b) * sizeof *s->places, "row places");
    if ((rc = row_buffer_add(s->buffer, b, s->index ? s->places : NULL, e)) != OK)
        return rc;
    return s->index ? replace_waiting(s, b, e) : OK;
}

/* Before the first row: the index must know what lies in the table. */
static enum err make_ready(struct iceberg_sink *s, struct error *e)
{
    enum err rc = OK;

    if (s->index == NULL || s->is_ready)
        return OK;
    if (s->rebuild == NULL)
        rc = rebuild_start(s->spec, s->env, s->has_state, &s->rebuild, e);
    if (rc == OK && (rc = rebuild_finish(s->rebuild, s->index, e)) == OK) {
        rebuild_free(s->rebuild);
        s->rebuild = NULL;
        s->is_ready = true;
    }
    return rc;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct iceberg_sink *s = self(o);
    struct batch        *rows;
    enum err             rc;

    if ((rc = make_ready(s, e)) != OK || (rc = flush_group_failed(s->flushes, e)) != OK ||
        (rc = check_kinds(s, b, e)) != OK)
        return rc;
    if (row_buffer_bytes(s->buffer) >= s->buffer_bytes) {
        if (flush_gauge_bytes(&s->gauge) >= s->buffer_bytes && flush_gauge_wait(&s->gauge))
            return ERR_WAIT;
        if ((rc = flush_down_to(s, s->buffer_bytes / 2, e)) != OK)
            return rc;
    }
    if ((rows = without_before(s, b)) == NULL)
        return error_memory(e, batch_bytes(b), "rows");
    rc = take_rows(s, rows, e);
    flush_metrics_latency(&s->metrics, s->env, rows);
    batch_unref(rows);
    return rc == OK ? OK : error_add(e, rc, "table %s", s->spec->label);
}

static enum err sink_watermark(struct op *o, int64_t watermark_us, UNUSED bool *more, UNUSED struct error *e)
{
    struct iceberg_sink *s = self(o);

    s->watermark_us = watermark_us; /* the index is cut at the barrier: rows still in the buffer need their entries */
    return OK;
}

/* --- the barrier ------------------------------------------------------------------------------------------------------- */

static enum err sink_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out, struct error *e)
{
    struct iceberg_sink *s = self(o);
    struct flush_group  *written = s->flushes;
    enum err             rc;

    if ((rc = flush_down_to(s, 0, e)) != OK)
        return rc;
    row_buffer_reset(s->buffer);
    if (s->index) {
        struct bytes files = {0};

        upsert_index_advance(s->index, s->watermark_us);
        upsert_index_sweep(s->index);
        upsert_index_save(s->index, &files);
        snapshot_item(out, "files", bytes_all(&files));
        rc = files.failed ? error_memory(e, files.len, "the upsert index's files") : OK;
        bytes_fini(&files);
        if (rc != OK)
            return rc;
    }
    if ((s->flushes = flush_group_new()) == NULL) {
        s->flushes = written;
        return error_memory(e, sizeof *s, "an Iceberg sink");
    }
    if (!snapshot_later(out, flush_group_finish, flush_group_drop, written))
        return error_memory(e, 0, "a snapshot");
    return OK;
}

static void sink_close(struct op *o)
{
    struct iceberg_sink *s = self(o);
    struct map_entry    *entry;
    size_t               at = 0;

    rebuild_free(s->rebuild);
    if (s->env)
        flush_gauge_fini(&s->gauge); /* waits for what is being written */
    flush_group_drop(s->flushes);
    row_buffer_free(s->buffer);
    upsert_index_free(s->index);
    while ((entry = map_next(&s->waiting, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&s->waiting);
    key_batch_fini(&s->keys);
    mem_free(s->places);
    mem_free(s);
}

/* Called after a flush has made room: nothing to emit. */
static enum err sink_poll(UNUSED struct op *o, bool *more, bool *done, UNUSED struct error *e)
{
    *more = *done = false;
    return OK;
}

static const struct operator_ops sink_ops = {
    .name = "iceberg_sink",
    .open = sink_open,
    .restore = sink_restore,
    .batch = sink_batch,
    .watermark = sink_watermark,
    .poll = sink_poll,
    .snapshot = sink_snapshot,
    .close = sink_close,
};

static enum err sink_new(const void *spec, struct op **out, struct error *e)
{
    struct iceberg_sink *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "an Iceberg sink");
    s->op.ops = &sink_ops;
    s->spec = spec;
    s->watermark_us = WATERMARK_NONE;
    *out = &s->op;
    return OK;
}

const struct operator_factory iceberg_sink_factory = {"iceberg", sink_new, iceberg_committer_new};
