/* iceberg_sink.c: the writing half of the Iceberg sink; iceberg_committer.c is the other.
 *
 * Upserts: a row of a key that has another one in the buffer kills that one there; a row of a key that lies
 * in the table, or in a file of this checkpoint, deletes that one by its position, which the index knows. The
 * index learns where rows lie when their partition is taken for writing. A row that deletes goes into the
 * buffer dead, so that its partition, when it is taken, finds it and looks up what it deletes.
 */
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
    struct op op;
    const struct iceberg_sink_spec *spec;
    const struct op_env *env;
    struct file_writer writer;
    struct row_buffer *buffer;
    struct flush_group *flushes; /* of the checkpoint being filled */
    struct flush_gauge *gauge;   /* what is being written now */
    struct upsert_index *index;  /* NULL: append */
    bool is_ready;               /* the index knows the table */
    struct index_base
        *bases; /* owned: what the index was restored on; when ready, the one that it is built on */
    size_t base_count, base_capacity;
    struct rebuild *rebuild;
    struct map waiting; /* key -> struct waiting, owned; upsert only */
    struct key_batch keys;
    int32_t *key_columns;     /* owned: of incoming batches */
    struct row_place *places; /* of one batch's rows */
    int32_t place_capacity;
    bool has_ended;    /* overwrite: there is no more input, so the last checkpoint shows it all */
    struct bytes kept; /* overwrite: files that a restored checkpoint had kept */
    struct random random;
    int32_t file_count;
    size_t buffer_bytes; /* this subtask's share */
    int64_t watermark_us;
    struct flush_metrics metrics;
};

static struct iceberg_sink *self(struct op *o)
{
    return CONTAINER_OF(o, struct iceberg_sink, op);
}

int64_t iceberg_sink_until(const struct batch *b, int32_t field, int64_t lateness_us, int32_t row)
{
    int64_t until;

    if (field < 0 || !column_valid(&b->columns[field], row) ||
        __builtin_add_overflow(b->columns[field].i64[row], lateness_us, &until))
        return UPSERT_FOR_EVER;
    return until;
}

/* --- opening --- */

static enum err open_upsert(struct iceberg_sink *s, struct error *e)
{
    const struct iceberg_sink_spec *spec = s->spec;

    if ((s->key_columns = mem_alloc((size_t)spec->key_count * sizeof *s->key_columns)) == NULL)
        return error_memory(e, (size_t)spec->key_count * sizeof *s->key_columns, "an Iceberg sink");
    for (int32_t i = 0; i < spec->key_count; i++)
        s->key_columns[i] = spec->columns[spec->keys[i]];
    return upsert_index_new(s->env->state, spec->key_schema, &s->index, e);
}

/* Names of files must be new, whatever the process before had for a seed. */
static void seed_names(struct iceberg_sink *s, int64_t checkpoint_id)
{
    uint64_t now = (uint64_t)clock_wall_us(s->env->clock);

    random_seed(&s->random, hash_mix(hash_mix(s->env->seed ^ now) ^ (uint64_t)checkpoint_id));
}

static enum err sink_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct iceberg_sink *s = self(o);
    const struct iceberg_sink_spec *spec = s->spec;
    enum err rc;

    s->env = env;
    s->buffer_bytes = spec->buffer_bytes / (size_t)env->parallelism;
    seed_names(s, 0);
    flush_metrics_init(&s->metrics, env, spec->label);
    if ((rc = file_writer_init(&s->writer, spec->fs, spec->metadata, spec->options, env->budget, e)) != OK)
        return rc;
    if ((s->gauge = flush_gauge_new(env)) == NULL || (s->flushes = flush_group_new()) == NULL)
        return error_memory(e, sizeof *s, "an Iceberg sink");
    rc = row_buffer_new(spec->metadata->schema, spec->columns, spec->metadata->spec, env->budget, &s->buffer,
                        e);
    return rc == OK && spec->upsert ? open_upsert(s, e) : rc;
}

static enum err take_base(struct iceberg_sink *s, struct slice bytes, struct error *e)
{
    struct reader r = reader_of(bytes);

    while (reader_left(&r) > 0) {
        struct index_base base = index_base_take(&r);

        if (r.failed)
            return error_set(e, ERR_CORRUPT, "what the upsert index was built on is cut off");
        if (!MEM_GROW(s->bases, s->base_count, s->base_capacity))
            return error_memory(e, sizeof base, "an upsert index");
        s->bases[s->base_count++] = base;
    }
    return OK;
}

/* Entries of the index may have come from any old subtask, so it needs the files that all of them knew. */
static enum err sink_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct iceberg_sink *s = self(o);
    enum err rc = OK;

    seed_names(s, from->checkpoint_id);
    for (int32_t i = 0; i < from->item_count; i++)
        if (strcmp(from->items[i].name, FLUSH_KEPT) == 0 &&
            from->items[i].subtask % s->env->parallelism == s->env->subtask)
            bytes_slice(&s->kept, from->items[i].bytes);
    if (s->kept.failed)
        return error_memory(e, s->kept.len, "the files of an overwrite");
    for (int32_t i = 0; rc == OK && s->index && i < from->item_count; i++) {
        if (strcmp(from->items[i].name, "files") == 0)
            rc = upsert_index_load(s->index, from->items[i].bytes, e);
        else if (strcmp(from->items[i].name, "base") == 0)
            rc = take_base(s, from->items[i].bytes, e);
    }
    return rc;
}

/* --- writing --- */

/* `<subtask>-0-<uuid>-<count>.parquet`: unique for ever, and sorted by subtask for people. */
static const char *file_path(struct iceberg_sink *s, const char *partition, const char *what,
                             struct arena *arena)
{
    char uuid[RANDOM_UUID_MAX];
    const char *name;

    random_uuid(&s->random, uuid);
    name = arena_printf(arena, "%05" PRId32 "-0-%s-%05" PRId32 "%s.parquet", s->env->subtask, uuid,
                        ++s->file_count, what);
    return name ? file_writer_path(&s->writer, partition, name, arena) : NULL;
}

static enum err name_files(struct iceberg_sink *s, struct flush *f, struct error *e)
{
    const char *partition = flush_rows(f)->path, *path, *deletes = NULL;
    struct arena arena = {0};
    enum err rc = OK;

    path = file_path(s, partition, "", &arena);
    if (s->index)
        deletes = file_path(s, partition, "-deletes", &arena);
    if (arena.failed || !flush_name(f, path, deletes))
        rc = error_memory(e, 0, "a file name");
    arena_fini(&arena);
    return rc;
}

static int64_t until_of(const struct iceberg_sink *s, const struct batch *b, int32_t row)
{
    return iceberg_sink_until(b, s->spec->until_field, s->spec->until_lateness_us, row);
}

static bool is_delete(const struct batch *b, int32_t row)
{
    return b->row_kinds && b->row_kinds[row] == ROW_DELETE;
}

/* What is to be written for one row of a partition: of a live one, where it will lie; and which older row
 * goes. */
static enum err index_row(struct iceberg_sink *s, struct flush *f, const struct row_run *run, int32_t row,
                          int64_t file, int64_t *position, struct error *e)
{
    struct key key = s->keys.keys[row];
    int64_t until = until_of(s, run->batch, row), old_position = 0;
    const char *old_file = NULL;
    bool had = false;
    enum err rc = OK;

    if (!row_run_is_dead(run, row)) {
        mem_free(map_remove(&s->waiting, key.bytes));
        rc = upsert_index_set(s->index, key, until, file, (*position)++, &had, &old_file, &old_position, e);
    } else if (is_delete(run->batch, row)) {
        rc = upsert_index_remove(s->index, key, until, &had, &old_file, &old_position, e);
    }
    if (rc == OK && had && !flush_delete(f, old_file, old_position))
        rc = error_memory(e, sizeof(struct deleted_row), "position deletes");
    return rc;
}

/* Point the index at the rows of a partition about to be written, and collect the rows that go. */
static enum err index_rows(struct iceberg_sink *s, struct flush *f, struct error *e)
{
    const struct partition_rows *rows = flush_rows(f);
    int64_t file = 0, position = 0;
    enum err rc = OK;

    if (rows->live_count > 0)
        rc = upsert_index_file(s->index, flush_path(f), &file, e);
    for (size_t i = 0; rc == OK && i < rows->run_count; i++) {
        const struct row_run *run = &rows->runs[i];

        if (!key_batch_fill(&s->keys, run->batch, s->spec->keys, s->spec->key_count))
            return error_memory(e, (size_t)run->batch->row_count, "keys");
        for (int32_t row = 0; rc == OK && row < run->batch->row_count; row++)
            rc = index_row(s, f, run, row, file, &position, e);
    }
    return rc;
}

/* Take the largest partition out of the buffer and write it in the background. */
static enum err flush_largest(struct iceberg_sink *s, bool *any, struct error *e)
{
    int32_t number;
    struct partition_rows *rows = row_buffer_take(s->buffer, &number);
    struct flush *f;
    enum err rc;

    *any = rows != NULL;
    if (rows == NULL)
        return OK;
    if ((f = flush_new(&s->writer, rows, s->gauge, &s->metrics)) == NULL) /* takes rows */
        return error_memory(e, sizeof rows, "a file to write");
    if ((rc = name_files(s, f, e)) == OK && s->index)
        rc = index_rows(s, f, e);
    if (rc == OK && !flush_is_empty(f))
        return flush_start(s->flushes, f, s->env->executor, e); /* takes f */
    flush_unref(f);
    return rc;
}

static enum err flush_down_to(struct iceberg_sink *s, size_t bytes, struct error *e)
{
    bool any = true;
    enum err rc = OK;

    while (rc == OK && any && (row_buffer_bytes(s->buffer) > bytes || bytes == 0))
        rc = flush_largest(s, &any, e);
    return rc;
}

/* --- rows --- */

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

/* The row at place is its key's latest: the one before, if it waits, is not to be written. */
static bool replace_waiting(struct iceberg_sink *s, struct slice key, struct row_place place)
{
    struct waiting *w = map_get(&s->waiting, key);

    if (w) {
        if (!row_buffer_kill(s->buffer, w->place))
            return false;
        w->place = place;
        return true;
    }
    if ((w = mem_alloc(sizeof *w)) == NULL)
        return false;
    *w = (struct waiting){place};
    if (map_put(&s->waiting, key, w))
        return true;
    mem_free(w);
    return false;
}

/* Neither the one that waits nor the deletion itself is to be written as a row. */
static bool delete_waiting(struct iceberg_sink *s, struct slice key, struct row_place place)
{
    struct waiting *w = map_get(&s->waiting, key);

    if (w && !row_buffer_kill(s->buffer, w->place))
        return false;
    mem_free(map_remove(&s->waiting, key));
    return row_buffer_kill(s->buffer, place);
}

/* Of each key only the latest row stays. A failure half-way fails the job: the buffer is not as it was. */
static enum err settle_keys(struct iceberg_sink *s, const struct batch *b, struct error *e)
{
    if (!key_batch_fill(&s->keys, b, s->key_columns, s->spec->key_count))
        return error_memory(e, (size_t)batch_live(b), "keys");
    for (int32_t i = 0; i < batch_live(b); i++) {
        struct slice key = s->keys.keys[i].bytes;
        bool done = is_delete(b, batch_row(b, i)) ? delete_waiting(s, key, s->places[i])
                                                  : replace_waiting(s, key, s->places[i]);

        if (!done)
            return error_memory(e, key.len, "keys waiting to be written");
    }
    return OK;
}

/* A delete is found by its key, and by when that ends if it does. */
static enum err check_delete(const struct iceberg_sink *s, const struct batch *b, int32_t row,
                             struct error *e)
{
    int32_t column = s->spec->until_field < 0 ? -1 : s->spec->columns[s->spec->until_field];

    if (s->spec->until_field < 0 || (column >= 0 && column_valid(&b->columns[column], row)))
        return OK;
    return error_set(e, ERR_INPUT,
                     "table %s was given a row that deletes without a value of %s, the upsert.until-column",
                     s->spec->label, s->spec->metadata->schema->fields[s->spec->until_field].name);
}

static enum err check_kinds(const struct iceberg_sink *s, const struct batch *b, struct error *e)
{
    for (int32_t i = 0; b->row_kinds && i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);
        enum err rc = OK;

        if (b->row_kinds[row] != ROW_INSERT && !s->spec->upsert)
            return error_set(e, ERR_UNSUPPORTED,
                             "table %s was given a row that %s another; it takes only inserts, unless it has "
                             "a primary key "
                             "and write.upsert.enabled is true",
                             s->spec->label, b->row_kinds[row] == ROW_DELETE ? "deletes" : "updates");
        if (b->row_kinds[row] == ROW_DELETE)
            rc = check_delete(s, b, row, e);
        if (rc != OK)
            return rc;
    }
    return OK;
}

/* Without the rows that say what was before an update. NULL on failure. */
static struct batch *without_before(struct iceberg_sink *s, struct batch *b)
{
    int32_t *rows, count = 0;

    if (b->row_kinds == NULL)
        return batch_ref(b);
    if ((rows = mem_alloc((size_t)MAX(batch_live(b), 1) * sizeof *rows)) == NULL)
        return NULL;
    for (int32_t i = 0; i < batch_live(b); i++)
        if (b->row_kinds[batch_row(b, i)] != ROW_UPDATE_BEFORE)
            rows[count++] = batch_row(b, i);
    b = batch_select(b, rows, count, s->env->budget);
    mem_free(rows);
    return b;
}

/* ERR_MEMORY with *taken false: nothing was done. */
static enum err take_rows(struct iceberg_sink *s, struct batch *b, bool *taken, struct error *e)
{
    enum err rc;

    *taken = false;
    if (s->index && !room_for_places(s, batch_live(b)))
        return error_memory(e, (size_t)batch_live(b) * sizeof *s->places, "row places");
    if ((rc = row_buffer_add(s->buffer, b, s->index ? s->places : NULL, e)) != OK)
        return rc;
    *taken = true;
    return s->index ? settle_keys(s, b, e) : OK;
}

/* Before the first row: the index must know what lies in the table. */
static enum err make_ready(struct iceberg_sink *s, struct error *e)
{
    struct index_base base;
    enum err rc = OK;

    if (s->index == NULL || s->is_ready)
        return OK;
    if (s->rebuild == NULL)
        rc = rebuild_start(s->spec, s->env, s->bases, s->base_count, &s->rebuild, e);
    if (rc != OK || (rc = rebuild_finish(s->rebuild, s->index, &base, e)) != OK)
        return rc;
    rebuild_free(s->rebuild);
    s->rebuild = NULL;
    s->base_count = 0;
    if (!MEM_GROW(s->bases, s->base_count, s->base_capacity))
        return error_memory(e, sizeof base, "an upsert index");
    s->bases[s->base_count++] = base;
    s->is_ready = true;
    return OK;
}

/* ERR_WAIT until something that is being written is done; OK when nothing is. */
static enum err wait_for_flush(struct iceberg_sink *s, struct error *e)
{
    enum err rc = flush_group_submit(s->flushes, s->env->executor, e);

    return rc == OK && flush_gauge_wait(s->gauge) ? ERR_WAIT : rc;
}

/* Write out when the buffer is full; ERR_WAIT when as much is being written already. */
static enum err make_room(struct iceberg_sink *s, struct error *e)
{
    enum err rc = OK;

    if (row_buffer_bytes(s->buffer) < s->buffer_bytes)
        return OK;
    if (flush_gauge_bytes(s->gauge) >= s->buffer_bytes)
        rc = wait_for_flush(s, e);
    return rc == OK ? flush_down_to(s, s->buffer_bytes / 2, e) : rc;
}

/* The budget is spent: by others, perhaps, but what this sink holds can go to disk. */
static enum err wait_for_memory(struct iceberg_sink *s, enum err rc, struct error *e)
{
    struct error again;
    enum err waits;

    if ((waits = flush_down_to(s, 0, &again)) == OK && (waits = wait_for_flush(s, &again)) == OK)
        return rc;
    if (waits != ERR_WAIT)
        *e = again;
    return waits;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct iceberg_sink *s = self(o);
    struct batch *rows;
    bool taken = false;
    enum err rc;

    if ((rc = check_kinds(s, b, e)) != OK || (rc = make_ready(s, e)) != OK ||
        (rc = flush_group_failed(s->flushes, e)) != OK || (rc = make_room(s, e)) != OK)
        goto out;
    if ((rows = without_before(s, b)) == NULL) {
        rc = error_memory(e, batch_bytes(b), "rows");
    } else {
        rc = take_rows(s, rows, &taken, e);
        batch_unref(rows);
    }
    if (rc == ERR_MEMORY && !taken)
        rc = wait_for_memory(s, rc, e);
    if (rc == OK)
        flush_metrics_latency(&s->metrics, s->env, b);
out:
    return rc == OK || rc == ERR_WAIT ? rc : error_add(e, rc, "table %s", s->spec->label);
}

static enum err sink_watermark(struct op *o, int64_t watermark_us, UNUSED bool *more, UNUSED struct error *e)
{
    struct iceberg_sink *s = self(o);

    s->watermark_us =
        watermark_us; /* the index is cut at the barrier: rows still in the buffer need their entries */
    return OK;
}

/* --- the barrier --- */

/* What goes with the index's entries, which the engine keeps. */
static enum err snapshot_index(struct iceberg_sink *s, struct op_snapshot *out, struct error *e)
{
    const struct index_base unknown = {.is_complete = false};
    struct bytes files = {0}, bases = {0};
    enum err rc = OK;

    upsert_index_advance(s->index, s->watermark_us);
    upsert_index_sweep(s->index);
    upsert_index_save(s->index, &files);
    for (size_t i = 0; i < s->base_count; i++)
        index_base_put(&bases, &s->bases[i]);
    if (s->base_count == 0)
        index_base_put(&bases, &unknown);
    if (files.failed || bases.failed) {
        rc = error_memory(e, files.len, "the upsert index's files");
    } else {
        snapshot_item(out, "files", bytes_all(&files));
        snapshot_item(out, "base", bytes_all(&bases));
    }
    bytes_fini(&files);
    bytes_fini(&bases);
    return rc;
}

static enum err sink_snapshot(struct op *o, UNUSED int64_t checkpoint_id, struct op_snapshot *out,
                              struct error *e)
{
    struct iceberg_sink *s = self(o);
    struct flush_group *written = s->flushes, *next;
    enum err rc;

    assert(!(s->spec->overwrite && s->index));

    if ((rc = flush_down_to(s, 0, e)) != OK)
        return error_add(e, rc, "table %s", s->spec->label);
    assert(map_count(&s->waiting) == 0);
    row_buffer_reset(s->buffer);
    if (s->index && (rc = snapshot_index(s, out, e)) != OK)
        return rc;
    next = s->spec->overwrite ? flush_group_keep(s->flushes, bytes_all(&s->kept), s->has_ended)
                              : flush_group_new();
    if (next == NULL)
        return error_memory(e, sizeof *s, "an Iceberg sink");
    if (s->spec->overwrite)
        written = next;
    else
        s->flushes = next;
    if (!snapshot_later(out, flush_group_finish, flush_group_drop, written))
        return error_memory(e, 0, "a snapshot");
    return OK;
}

static enum err sink_end(struct op *o, UNUSED struct error *e)
{
    self(o)->has_ended = true;
    return OK;
}

static void sink_close(struct op *o)
{
    struct iceberg_sink *s = self(o);
    struct map_entry *entry;
    size_t at = 0;

    rebuild_free(s->rebuild);
    flush_gauge_close(s->gauge); /* waits for what is being written; the rest is not written any more */
    flush_group_drop(s->flushes);
    row_buffer_free(s->buffer);
    upsert_index_free(s->index);
    while ((entry = map_next(&s->waiting, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&s->waiting);
    key_batch_fini(&s->keys);
    bytes_fini(&s->kept);
    mem_free(s->key_columns);
    mem_free(s->places);
    mem_free(s->bases);
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
    .end = sink_end,
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
