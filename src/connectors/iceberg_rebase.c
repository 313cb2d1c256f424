/* iceberg_rebase.c: see iceberg_rebase.h. */
#include "connectors/iceberg_rebase.h"
#include "base/mem.h"
#include "iceberg/commit_references.h"
#include "iceberg/file_writer.h"
#include "iceberg/table_reader.h"
#include "os/log.h"
#include "os/random.h"
#include <stdlib.h>

struct lost {           /* positions in a data file that is not live any more */
    int64_t *positions; /* owned */
    size_t count, capacity;
};

struct rebase {
    const struct iceberg_sink_spec *spec;
    struct table *t;
    struct table_reader *reader; /* owned: reads the key columns only */
    struct file_writer writer;
    struct random random;
    struct arena *arena; /* the caller's */
    struct map lost;     /* path -> struct lost, owned */
    struct map keys;     /* of the rows that they mean; value: anything */
    struct key_batch batch_keys;
    int32_t *key_fields;     /* owned: 0, 1, ... */
    struct data_file *files; /* owned: of the new change */
    size_t file_count, file_capacity;
    struct deleted_row *rows; /* owned: of the delete file being made */
    size_t row_count, row_capacity;
    bool has_lost; /* the delete file being read has some */
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, sizeof(struct deleted_row), "position deletes");
}

static enum err keep_file(struct rebase *r, const struct data_file *file, struct error *e)
{
    if (!MEM_GROW(r->files, r->file_count, r->file_capacity))
        return no_memory(e);
    r->files[r->file_count++] = *file;
    return OK;
}

/* The rows collected so far become a delete file in the partition of like. */
static enum err write_rows(struct rebase *r, const struct data_file *like, struct error *e)
{
    char uuid[RANDOM_UUID_MAX];
    struct data_file file;
    const char *name, *path;
    enum err rc = OK;

    if (r->row_count == 0)
        return OK;
    random_uuid(&r->random, uuid);
    name = arena_printf(r->arena, "rebased-%s-deletes.parquet", uuid);
    path = name ? file_writer_path(&r->writer, "", name, r->arena) : NULL;
    if (path == NULL)
        return no_memory(e);
    rc = file_writer_deletes(&r->writer, r->rows, r->row_count, like->spec_id, like->partition,
                             like->partition_count, path, r->arena, &file, e);
    r->row_count = 0;
    return rc == OK ? keep_file(r, &file, e) : rc;
}

/* --- the checkpoint's deletes --- */

static enum err note_delete(void *arg, struct slice path, int64_t position, struct error *e)
{
    struct rebase *r = arg;
    struct lost *lost = map_get(&r->lost, path);
    const char *copy;

    if (lost) {
        r->has_lost = true;
        if (!MEM_GROW(lost->positions, lost->count, lost->capacity))
            return no_memory(e);
        lost->positions[lost->count++] = position;
        return OK;
    }
    if (r->row_count && slice_is(path, r->rows[r->row_count - 1].path))
        copy = r->rows[r->row_count - 1].path;
    else
        copy = arena_text(r->arena, path);
    if (copy == NULL || !MEM_GROW(r->rows, r->row_count, r->row_capacity))
        return no_memory(e);
    r->rows[r->row_count++] = (struct deleted_row){copy, position};
    return OK;
}

/* A delete file stays as it is, or what is good of it goes into a new one. */
static enum err sort_deletes(struct rebase *r, const struct data_file *file, struct error *e)
{
    enum err rc;

    r->row_count = 0;
    r->has_lost = false;
    if ((rc = table_reader_visit_deletes(r->reader, file, note_delete, r, e)) != OK)
        return rc;
    if (r->has_lost)
        return write_rows(r, file, e);
    r->row_count = 0;
    return keep_file(r, file, e);
}

/* --- their keys --- */

static int compare_positions(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The visit of an old file: keys of the rows at its lost positions. */
struct old_file {
    struct rebase *r;
    const struct lost *lost;
};

static enum err note_keys(void *arg, UNUSED const struct data_file *file, int64_t first_row, struct batch *b,
                          struct error *e)
{
    const struct old_file *old = arg;
    struct rebase *r = old->r;

    if (!key_batch_fill(&r->batch_keys, b, r->key_fields, r->spec->key_count))
        return no_memory(e);
    for (int32_t i = 0; i < batch_live(b); i++) {
        int64_t position = first_row + batch_row(b, i);

        if (bsearch(&position, old->lost->positions, old->lost->count, sizeof position, compare_positions) &&
            !map_put(&r->keys, r->batch_keys.keys[i].bytes, r))
            return no_memory(e);
    }
    return OK;
}

static enum err find_keys(struct rebase *r, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = OK;

    while (rc == OK && (entry = map_next(&r->lost, &at)) != NULL) {
        struct lost *lost = entry->value;
        struct old_file old = {r, lost};

        if (lost->count == 0)
            continue;
        qsort(lost->positions, lost->count, sizeof *lost->positions, compare_positions);
        if ((rc = table_reader_visit_old(r->reader, entry->key.ptr, note_keys, &old, e)) == ERR_NOT_FOUND)
            error_add(e, rc,
                      "the checkpoint replaces rows of a file that somebody has rewritten and removed; "
                      "restore an older "
                      "checkpoint");
    }
    return rc;
}

/* --- where they are now --- */

static enum err note_places(void *arg, const struct data_file *file, int64_t first_row, struct batch *b,
                            struct error *e)
{
    struct rebase *r = arg;

    if (!key_batch_fill(&r->batch_keys, b, r->key_fields, r->spec->key_count))
        return no_memory(e);
    for (int32_t i = 0; i < batch_live(b); i++) {
        if (map_get(&r->keys, r->batch_keys.keys[i].bytes) == NULL)
            continue;
        if (!MEM_GROW(r->rows, r->row_count, r->row_capacity))
            return no_memory(e);
        r->rows[r->row_count++] = (struct deleted_row){file->path, first_row + batch_row(b, i)};
    }
    return OK;
}

static enum err find_places(struct rebase *r, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < table_reader_files(r->reader); i++) {
        r->row_count = 0;
        if ((rc = table_reader_visit(r->reader, i, note_places, r, e)) == OK)
            rc = write_rows(r, table_reader_file(r->reader, i), e);
    }
    return rc;
}

/* --- all of it --- */

static enum err note_lost_files(struct rebase *r, const char *const *paths, int32_t count, struct error *e)
{
    for (int32_t i = 0; i < count; i++) {
        struct lost *lost = mem_zalloc(sizeof *lost);

        if (lost == NULL || !map_put(&r->lost, slice_text(paths[i]), lost)) {
            mem_free(lost);
            return no_memory(e);
        }
    }
    return OK;
}

static enum err open_rebase(struct rebase *r, const struct op_env *env, struct error *e)
{
    const struct iceberg_sink_spec *spec = r->spec;
    enum err rc;

    random_seed(&r->random, catalog_random(spec->catalog));
    if ((r->key_fields = mem_calloc((size_t)spec->key_count, sizeof *r->key_fields)) == NULL)
        return no_memory(e);
    for (int32_t i = 0; i < spec->key_count; i++)
        r->key_fields[i] = i;
    if ((rc = file_writer_init(&r->writer, spec->fs, spec->metadata, spec->options, env->budget, e)) != OK ||
        (rc = table_reader_open(r->t, env->budget, &r->reader, e)) != OK)
        return rc;
    table_reader_project(r->reader, spec->key_schema);
    return OK;
}

static enum err translate(struct rebase *r, const struct change *change, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < change->file_count; i++)
        rc = change->files[i].content == FILE_DATA ? keep_file(r, &change->files[i], e)
                                                   : sort_deletes(r, &change->files[i], e);
    if (rc != OK || (rc = find_keys(r, e)) != OK)
        return rc;
    return find_places(r, e);
}

/* What the new deletes refer to: the old references that are live, and the files found. */
static enum err finish(struct rebase *r, struct change *change, struct error *e)
{
    size_t most = (size_t)change->reference_count + r->file_count;
    const char **references = ARENA_ARRAY(r->arena, const char *, most);
    int32_t count = 0;

    change->files = arena_copy(r->arena, r->files, r->file_count * sizeof *r->files);
    change->file_count = (int32_t)r->file_count;
    if (r->arena->failed)
        return no_memory(e);
    for (int32_t i = 0; i < change->reference_count; i++)
        if (map_get(&r->lost, slice_text(change->references[i])) == NULL)
            references[count++] = change->references[i];
    for (size_t i = 0; i < r->file_count; i++)
        if (r->files[i].references)
            references[count++] = r->files[i].references;
    change->references = references;
    change->reference_count = count;
    return OK;
}

static void close_rebase(struct rebase *r)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&r->lost, &at)) != NULL) {
        mem_free(((struct lost *)entry->value)->positions);
        mem_free(entry->value);
    }
    map_fini(&r->lost);
    map_fini(&r->keys);
    key_batch_fini(&r->batch_keys);
    table_reader_free(r->reader);
    mem_free(r->key_fields);
    mem_free(r->files);
    mem_free(r->rows);
}

enum err rebase_deletes(const struct iceberg_sink_spec *spec, const struct op_env *env, struct table *t,
                        struct change *change, struct arena *arena, bool *translated, struct error *e)
{
    struct rebase r = {.spec = spec, .t = t, .arena = arena};
    const char **dead;
    int32_t count;
    enum err rc = commit_references_dead(t, change, arena, &dead, &count, e);

    *translated = false;
    if (rc != OK || count == 0)
        return rc;
    log_warn("iceberg_sink",
             "%s: somebody has rewritten %" PRId32 " data files that checkpoint %" PRId64
             " replaces rows of; finding these again",
             spec->label, count, change->checkpoint_id);
    if ((rc = note_lost_files(&r, dead, count, e)) == OK && (rc = open_rebase(&r, env, e)) == OK &&
        (rc = translate(&r, change, e)) == OK)
        rc = finish(&r, change, e);
    *translated = rc == OK;
    close_rebase(&r);
    return rc;
}
