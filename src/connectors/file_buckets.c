/* file_buckets.c: see file_buckets.h. */
#include "connectors/file_buckets.h"
#include "base/mem.h"
#include "connectors/file_list.h"
#include "connectors/file_part.h"
#include "expr/cast.h"

#define OPEN_FILES 256 /* at once, of all subtasks: what a process may have open is limited */
#define OPEN_LEAST 16

/* A partition with rows at hand, or with a file. */
struct bucket {
    char *folder;             /* owned: "day=2025-11-01/", "" without partitions */
    struct file_output *file; /* NULL: none is open */
    int32_t *rows;            /* owned: of the batch at hand */
    size_t row_count, row_capacity;
};

struct file_buckets {
    const struct file_sink_spec *spec;
    const struct op_env *env;
    struct file_maker maker;
    struct file_commit commit;
    struct map buckets;    /* folder -> struct bucket, owned */
    struct bytes finished; /* entries of a part: files since the last barrier */
    struct bytes folder;   /* of the row at hand */
    char prefix[FILE_SINK_PREFIX_MAX];
    int64_t since;        /* the last checkpoint */
    int64_t file_count;   /* since then */
    int64_t next_look_ms; /* when files may be too old */
    int32_t open_count;
};

static int64_t now_ms(const struct file_buckets *f)
{
    return clock_wall_us(f->env->clock) / 1000;
}

/* --- life --------------------------------------------------------------------------------------------- */

enum err file_buckets_new(const struct file_sink_spec *spec, const struct op_env *env,
                          struct file_buckets **out, struct error *e)
{
    struct file_buckets *f = mem_zalloc(sizeof *f);
    enum err rc;

    *out = f;
    if (f == NULL)
        return error_memory(e, sizeof *f, "a file sink");
    f->spec = spec;
    f->env = env;
    f->commit.spec = &spec->commit;
    file_sink_prefix(env, f->prefix);
    if ((rc = file_maker_init(&f->maker, spec, env, e)) != OK) {
        file_buckets_free(f);
        *out = NULL;
    }
    return rc;
}

void file_buckets_since(struct file_buckets *f, int64_t checkpoint_id)
{
    f->since = checkpoint_id;
    f->file_count = 0;
}

enum err file_buckets_load(struct file_buckets *f, struct slice item, struct error *e)
{
    return file_commit_load(&f->commit, item, f->env->subtask, f->env->parallelism, e);
}

static void bucket_free(struct bucket *b)
{
    file_output_free(b->file);
    mem_free(b->folder);
    mem_free(b->rows);
    mem_free(b);
}

void file_buckets_free(struct file_buckets *f)
{
    struct map_entry *entry;
    size_t at = 0;

    if (f == NULL)
        return;
    while ((entry = map_next(&f->buckets, &at)) != NULL)
        bucket_free(entry->value);
    map_fini(&f->buckets);
    file_commit_fini(&f->commit);
    file_maker_fini(&f->maker);
    bytes_fini(&f->finished);
    bytes_fini(&f->folder);
    mem_free(f);
}

/* --- finishing ---------------------------------------------------------------------------------------- */

/* A ticket for the bucket's file, noted as an entry of a part. */
static enum err put_ticket(struct bucket *b, bool goes_on, struct bytes *part, struct error *e)
{
    struct bytes ticket = {0};
    int64_t length = 0;
    enum err rc = goes_on ? file_output_keep(b->file, &ticket, &length, e)
                          : file_output_finish(b->file, &ticket, &length, e);

    if (rc == OK)
        file_part_put_file(part, goes_on ? FILE_PART_OPEN : FILE_PART_DONE, file_output_path(b->file),
                           bytes_all(&ticket), length);
    bytes_fini(&ticket);
    if (rc == OK && part->failed)
        rc = error_memory(e, part->len, "files to show");
    return rc;
}

static enum err finish(struct file_buckets *f, struct bucket *b, struct error *e)
{
    enum err rc = put_ticket(b, false, &f->finished, e);

    if (rc != OK)
        return rc;
    file_output_free(b->file);
    b->file = NULL;
    f->open_count--;
    return OK;
}

static bool is_too_old(const struct file_sink_spec *spec, const struct file_output *o, int64_t now)
{
    return now - file_output_began_ms(o) >= spec->rollover_ms ||
           now - file_output_written_ms(o) >= spec->inactivity_ms;
}

/* Finish what is too old, as often as one is to look. */
static enum err finish_old(struct file_buckets *f, struct error *e)
{
    int64_t now = now_ms(f);
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = OK;

    if (now < f->next_look_ms)
        return OK;
    f->next_look_ms = now + f->spec->check_ms;
    while (rc == OK && (entry = map_next(&f->buckets, &at)) != NULL) {
        struct bucket *b = entry->value;

        if (b->file && is_too_old(f->spec, b->file, now))
            rc = finish(f, b, e);
    }
    return rc;
}

/* The open file for which rank gives most; *total of all ranks. NULL: none is open. */
static struct bucket *find_most(struct file_buckets *f, int64_t (*rank)(const struct file_output *),
                                int64_t *total)
{
    struct bucket *most = NULL;
    struct map_entry *entry;
    size_t at = 0;

    *total = 0;
    while ((entry = map_next(&f->buckets, &at)) != NULL) {
        struct bucket *b = entry->value;

        if (b->file == NULL)
            continue;
        *total += rank(b->file);
        if (most == NULL || rank(b->file) > rank(most->file))
            most = b;
    }
    return most;
}

static int64_t by_memory(const struct file_output *o)
{
    return (int64_t)file_output_memory(o);
}

static int64_t by_idleness(const struct file_output *o)
{
    return -file_output_written_ms(o);
}

/* The last one may stay open, whatever it holds: a part of an upload, or a row group. */
static enum err finish_largest(struct file_buckets *f, struct error *e)
{
    int64_t limit = (int64_t)(f->spec->memory_bytes / (size_t)f->env->parallelism), total;
    struct bucket *b;
    enum err rc = OK;

    while (rc == OK && f->open_count > 1 && (b = find_most(f, by_memory, &total)) != NULL && total > limit)
        rc = finish(f, b, e);
    return rc;
}

/* --- rows --------------------------------------------------------------------------------------------- */

static enum err open_file(struct file_buckets *f, struct bucket *b, struct error *e)
{
    int32_t limit = MAX(OPEN_FILES / f->env->parallelism, OPEN_LEAST);
    struct arena arena = {0};
    const char *name, *path = NULL;
    int64_t unused;
    enum err rc = OK;

    if (f->open_count >= limit)
        rc = finish(f, find_most(f, by_idleness, &unused), e);
    name = arena_printf(&arena, "%s%s%" PRId32 "-%" PRId64 "-%" PRId64, b->folder, f->prefix, f->env->subtask,
                        f->since, f->file_count++);
    if (name)
        path = fs_join(&arena, f->spec->path, name);
    if (rc == OK && path == NULL)
        rc = error_memory(e, strlen(b->folder), "a file name");
    if (rc == OK)
        rc = file_output_new(&f->maker, path, now_ms(f), &b->file, e);
    f->open_count += b->file != NULL;
    arena_fini(&arena);
    return rc;
}

/* The rows of the batch that are the bucket's. */
static enum err write_rows(struct file_buckets *f, struct bucket *b, struct batch *batch, struct error *e)
{
    struct batch *part;
    enum err rc = b->file ? OK : open_file(f, b, e);

    if (rc != OK)
        return rc;
    if (b->row_count == (size_t)batch_live(batch))
        part = batch_ref(batch);
    else
        part = batch_select(batch, b->rows, (int32_t)b->row_count, f->env->budget);
    if (part == NULL)
        return error_memory(e, b->row_count * sizeof *b->rows, "rows of a file");
    rc = file_output_add(b->file, part, now_ms(f), e);
    batch_unref(part);
    if (rc == OK)
        rc = file_commit_note(&f->commit, b->folder, now_ms(f), e);
    if (rc == OK && file_output_bytes(b->file) >= f->spec->file_bytes)
        rc = finish(f, b, e);
    return rc;
}

static struct bucket *bucket_of(struct file_buckets *f, struct slice folder)
{
    struct bucket *b = map_get(&f->buckets, folder);

    if (b)
        return b;
    if ((b = mem_zalloc(sizeof *b)) == NULL)
        return NULL;
    if ((b->folder = mem_strndup(folder.ptr ? folder.ptr : "", folder.len)) &&
        map_put(&f->buckets, folder, b))
        return b;
    bucket_free(b);
    return NULL;
}

static bool same_value(const struct column *c, int32_t a, int32_t b)
{
    size_t width = type_width(c->type);

    if (column_valid(c, a) != column_valid(c, b))
        return false;
    if (!column_valid(c, a))
        return true;
    if (type_is_view(c->type))
        return view_equal(&c->views[a], &c->views[b]);
    return memcmp(c->u8 + (size_t)a * width, c->u8 + (size_t)b * width, width) == 0;
}

static bool same_partition(const struct file_buckets *f, const struct batch *b, int32_t row, int32_t other)
{
    for (int32_t i = 0; i < f->spec->partition_count; i++)
        if (!same_value(&b->columns[f->spec->partition[i]], row, other))
            return false;
    return true;
}

static void put_value(struct file_buckets *f, const struct column *c, int32_t row)
{
    struct bytes text = {0};

    if (column_valid(c, row) && c->type->kind == TYPE_BOOLEAN)
        bytes_text(&text, c->u8[row] ? "true" : "false");
    else if (column_valid(c, row))
        cast_print(c, row, NULL, &text);
    if (text.len)
        file_list_escape(&f->folder, bytes_all(&text));
    else
        file_list_escape(&f->folder, slice_text(f->spec->default_partition));
    f->folder.failed |= text.failed;
    bytes_fini(&text);
}

/* `day=2025-11-01/kind=a%2Fb/` into f->folder. */
static void find_folder(struct file_buckets *f, const struct batch *b, int32_t row)
{
    bytes_clear(&f->folder);
    for (int32_t i = 0; i < f->spec->partition_count; i++) {
        int32_t column = f->spec->partition[i];

        file_list_escape(&f->folder, slice_text(f->spec->schema->fields[column].name));
        bytes_u8(&f->folder, '=');
        put_value(f, &b->columns[column], row);
        bytes_u8(&f->folder, '/');
    }
}

/* Give each row to its bucket. */
static enum err split(struct file_buckets *f, const struct batch *b, struct error *e)
{
    struct bucket *bucket = NULL;

    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);

        if (bucket == NULL || !same_partition(f, b, row, batch_row(b, i - 1))) {
            find_folder(f, b, row);
            bucket = f->folder.failed ? NULL : bucket_of(f, bytes_all(&f->folder));
        }
        if (bucket == NULL || !MEM_GROW(bucket->rows, bucket->row_count, bucket->row_capacity))
            return error_memory(e, sizeof *bucket, "rows of a partition");
        bucket->rows[bucket->row_count++] = row;
    }
    return OK;
}

static enum err write_all(struct file_buckets *f, struct batch *b, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = OK;

    while (rc == OK && (entry = map_next(&f->buckets, &at)) != NULL) {
        struct bucket *bucket = entry->value;

        if (bucket->row_count)
            rc = write_rows(f, bucket, b, e);
        bucket->row_count = 0;
    }
    return rc;
}

enum err file_buckets_add(struct file_buckets *f, struct batch *b, struct error *e)
{
    enum err rc;

    if (batch_live(b) == 0)
        return OK;
    if ((rc = split(f, b, e)) != OK || (rc = write_all(f, b, e)) != OK || (rc = finish_largest(f, e)) != OK)
        return rc;
    return finish_old(f, e);
}

/* --- the barrier -------------------------------------------------------------------------------------- */

static bool goes_on(const struct file_buckets *f, const struct bucket *b, const struct file_barrier *barrier,
                    const struct file_commit_now *now)
{
    return f->spec->kind != FILE_PARQUET && !barrier->is_last && !barrier->ended &&
           !file_commit_is_due(&f->commit, b->folder, now);
}

static enum err settle_files(struct file_buckets *f, const struct file_barrier *barrier,
                             const struct file_commit_now *now, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = OK;

    while (rc == OK && (entry = map_next(&f->buckets, &at)) != NULL) {
        struct bucket *b = entry->value;

        if (b->file)
            rc = goes_on(f, b, barrier, now) ? put_ticket(b, true, &f->finished, e) : finish(f, b, e);
        if (rc == OK && b->file == NULL) {
            map_remove(&f->buckets, entry->key);
            bucket_free(b);
        }
    }
    return rc;
}

enum err file_buckets_barrier(struct file_buckets *f, struct file_barrier *b, struct error *e)
{
    struct file_commit_now now = {now_ms(f), b->watermark_us, b->ended};
    enum err rc;

    if ((rc = finish_old(f, e)) != OK || (rc = settle_files(f, b, &now, e)) != OK)
        return rc;
    file_part_begin(&b->part, b->checkpoint_id);
    bytes_slice(&b->part, bytes_all(&f->finished));
    file_commit_put(&f->commit, &now, &b->part);
    file_commit_save(&f->commit, &b->item);
    bytes_clear(&f->finished);
    file_buckets_since(f, b->checkpoint_id);
    return b->part.failed || b->item.failed ? error_memory(e, b->part.len, "files to show") : OK;
}
