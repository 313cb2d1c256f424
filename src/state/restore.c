/* restore.c: a file of a snapshot back into the state: first its checksum, then its rows, those of the key
 * groups that the store owns. Each key's group is computed again, so max parallelism may change.
 */
#include "state/state_internal.h"
#include "base/mem.h"
#include "io/fs.h"
#include "parquet/parquet_reader.h"
#include <stdlib.h>
#define XXH_STATIC_LINKING_ONLY /* the size of its streaming state: to have it without its malloc */
#include <xxhash.h>

#define CHUNK_BYTES (INT64_C(4) << 20)

/* --- the checksum --- */

static enum err check_sum(struct fs *fs, const struct state_file *file, struct error *e)
{
    struct bytes chunk = {0};
    struct fs_info info;
    XXH3_state_t sum;
    enum err rc = fs_stat(fs, file->path, &info, e);

    XXH3_64bits_reset(&sum);
    if (rc == OK && info.size != file->size_bytes)
        rc = error_set(e, ERR_CORRUPT, "it has %" PRId64 " bytes, the checkpoint says %" PRId64, info.size,
                       file->size_bytes);
    for (int64_t at = 0; rc == OK && at < file->size_bytes; at += CHUNK_BYTES) {
        bytes_clear(&chunk);
        rc = fs_read(fs, file->path, at, MIN(CHUNK_BYTES, file->size_bytes - at), &chunk, e);
        if (rc == OK)
            XXH3_64bits_update(&sum, chunk.ptr, chunk.len);
    }
    if (rc == OK && XXH3_64bits_digest(&sum) != file->checksum)
        rc = error_set(e, ERR_CORRUPT, "its checksum is %016" PRIx64 ", the checkpoint says %016" PRIx64,
                       (uint64_t)XXH3_64bits_digest(&sum), file->checksum);
    bytes_fini(&chunk);
    return rc;
}

struct restoring {
    struct state *state;
    struct file_layout layout;
    struct arena arena;
    const struct schema *schema; /* of the batches read; this and the next two lie in arena */
    int32_t *columns;            /* of the file, one per column of schema */
    int32_t *key;                /* the key's columns in a batch */
    struct key_batch keys;
    bool same_groups; /* key_group is what we would compute */
    int64_t now_us;   /* the last write of what has none */
};

/* --- the layout --- */

static enum err wrong_layout(const struct state *s, const char *found, struct error *e)
{
    struct bytes declared = {0};

    file_print(s->file, &declared);
    error_set(e, ERR_CONFIG,
              "the job declares this state as (%s), the file has (%s); change the state's name to begin with "
              "an empty "
              "one, or run the job that wrote it",
              bytes_cstr(&declared) ? declared.ptr : "?", found);
    bytes_fini(&declared);
    return ERR_CONFIG;
}

/* What will be read: the declared columns, without last_write when the file has none. What weir wrote says
 * its layout (check_layout); a file of other make needs columns of the same names. */
static enum err choose_columns(struct restoring *r, const struct parquet_reader *reader, struct error *e)
{
    const struct schema *found = parquet_reader_schema(reader);
    struct state_desc desc = r->state->desc;
    struct bytes text = {0};
    enum err rc;

    if (schema_find(found, slice_text(FILE_LAST_WRITE)) < 0)
        desc.ttl_us = 0;
    r->layout = file_layout_of(&desc);
    if ((rc = file_schema(&r->arena, &desc, &r->schema, e)) != OK)
        return rc;
    r->columns = ARENA_ARRAY(&r->arena, int32_t, r->schema->field_count);
    r->key = ARENA_ARRAY(&r->arena, int32_t, r->layout.key_count);
    if (r->arena.failed)
        return error_memory(e, sizeof *r, "columns to restore");
    for (int32_t i = 0; i < r->layout.key_count; i++)
        r->key[i] = r->layout.key_from + i;
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        r->columns[i] = schema_find(found, slice_text(r->schema->fields[i].name));
        if (r->columns[i] < 0)
            rc = ERR_CONFIG;
    }
    if (rc != OK) {
        file_print(found, &text);
        wrong_layout(r->state, bytes_cstr(&text) ? text.ptr : "?", e);
        bytes_fini(&text);
    }
    return rc;
}

static enum err check_layout(const struct state *s, const struct parquet_reader *r, struct error *e)
{
    const char *found = parquet_reader_metadata(r, FILE_META_LAYOUT);
    struct bytes declared = {0};
    enum err rc = OK;

    file_print(s->file, &declared);
    if (bytes_cstr(&declared) == NULL)
        rc = error_memory(e, declared.len, "the columns of a state");
    else if (found && strcmp(found, declared.ptr) != 0)
        rc = wrong_layout(s, found, e);
    bytes_fini(&declared);
    return rc;
}

/* --- rows --- */

static const char *field_at(const struct column *c, int32_t row)
{
    return (const char *)c->values + (size_t)row * type_width(c->type);
}

static enum err restore_row(struct restoring *r, const struct batch *b, int32_t row, struct error *e)
{
    struct state *s = r->state;
    const struct state_desc *d = &s->desc;
    const struct column *values = &b->columns[r->layout.value_from];
    struct slice value = d->fields ? (struct slice){NULL, d->value_size} : column_slice(values, row);
    bool twice;
    char *to;

    if (d->value_size && value.len != d->value_size)
        return error_set(e, ERR_CORRUPT, "a value has %zu bytes instead of %zu", value.len, d->value_size);
    to = state_insert(
        s, r->keys.keys[row], r->layout.name_space < 0 ? 0 : b->columns[r->layout.name_space].i64[row],
        d->value_size ? 0 : value.len,
        r->layout.last_write < 0 ? r->now_us : b->columns[r->layout.last_write].i64[row], &twice);
    if (to == NULL && twice)
        return error_set(e, ERR_CORRUPT, "a key occurs twice");
    if (to == NULL)
        return error_memory(e, value.len, "state that is restored");
    if (d->fields == NULL && value.len)
        memcpy(to, value.ptr, value.len);
    for (size_t i = 0; d->fields && i < d->field_count; i++)
        memcpy(to + d->fields[i].offset, field_at(&values[i], row), type_width(d->fields[i].type));
    return OK;
}

static bool is_ours(const struct state_config *c, uint32_t group)
{
    return group >= c->first_key_group && group <= c->last_key_group;
}

/* NULLs where none can be: only in files of other make, and damaged ones. */
static bool any_absent(const struct restoring *r, const struct batch *b, int32_t row)
{
    for (int32_t i = 0; i < b->schema->field_count; i++) {
        bool key = i >= r->layout.key_from && i < r->layout.key_from + r->layout.key_count;

        if (!key && !column_valid(&b->columns[i], row))
            return true;
    }
    return false;
}

static enum err restore_batch(struct restoring *r, const struct batch *b, struct error *e)
{
    const struct state_config *c = &r->state->store->config;
    enum err rc = OK;

    if (!key_batch_fill(&r->keys, b, r->key, r->layout.key_count))
        return error_memory(e, (size_t)b->row_count, "keys that are restored");
    for (int32_t row = 0; rc == OK && row < b->row_count; row++) {
        uint32_t group = hash_key_group(r->keys.keys[row].hash, c->max_parallelism);

        if (any_absent(r, b, row))
            return error_set(e, ERR_CORRUPT, "row %" PRId32 " has a NULL outside of the key", row);
        if (r->same_groups && b->columns[0].i32[row] != (int32_t)group)
            return error_set(e, ERR_CORRUPT, "row %" PRId32 " is of key group %" PRIu32 " but says %" PRId32,
                             row, group, b->columns[0].i32[row]);
        if (is_ours(c, group))
            rc = restore_row(r, b, row, e);
    }
    return rc;
}

static enum err restore_groups(struct restoring *r, struct parquet_reader *reader, struct error *e)
{
    const char *wrote = parquet_reader_metadata(reader, FILE_META_MAX_PARALLELISM);
    enum err rc;

    r->same_groups = wrote && strtoul(wrote, NULL, 10) == r->state->store->config.max_parallelism;
    if ((rc = check_layout(r->state, reader, e)) != OK || (rc = choose_columns(r, reader, e)) != OK)
        return rc;
    for (int32_t i = 0; rc == OK && i < parquet_reader_groups(reader); i++) {
        struct batch *b;

        rc = parquet_reader_group(reader, i, r->columns, r->schema->field_count, r->schema, &b, e);
        if (rc != OK)
            return rc;
        rc = restore_batch(r, b, e);
        batch_unref(b);
    }
    return rc;
}

static enum err check_count(const struct state_file *file, const struct parquet_reader *reader,
                            struct error *e)
{
    if (parquet_reader_rows(reader) == file->entry_count)
        return OK;
    return error_set(e, ERR_CORRUPT, "it has %" PRId64 " entries, the checkpoint says %" PRId64,
                     parquet_reader_rows(reader), file->entry_count);
}

static enum err restore_into(struct state *s, struct fs *fs, const struct state_file *file, struct error *e)
{
    struct restoring r = {.state = s};
    struct parquet_reader *reader = NULL;
    enum err rc;

    if (s->desc.ttl_us)
        r.now_us = clock_wall_us(s->store->config.clock);
    if ((rc = check_sum(fs, file, e)) == OK &&
        (rc = parquet_reader_open(fs, file->path, s->store->config.budget, &reader, e)) == OK &&
        (rc = check_count(file, reader, e)) == OK)
        rc = restore_groups(&r, reader, e);
    parquet_reader_free(reader);
    key_batch_fini(&r.keys);
    arena_fini(&r.arena);
    return rc;
}

enum err state_restore_file(struct state_store *store, struct fs *fs, const struct state_file *file,
                            struct error *e)
{
    struct state *s = store->states;
    enum err rc;

    while (s && strcmp(s->desc.name, file->state) != 0)
        s = s->next;
    assert(s); /* the caller matches names before */
    if ((rc = restore_into(s, fs, file, e)) == OK)
        return OK;
    return error_add(e, rc, "restoring the state %s from %s", file->state, file->path);
}
