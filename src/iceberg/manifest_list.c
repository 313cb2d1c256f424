/* manifest_list.c: the list of a snapshot's manifests, one row each. */
#include "base/map.h"
#include "formats/avro.h"
#include "iceberg/manifest.h"
#include "iceberg/manifest_schema.h"
#include "io/fs.h"

/* --- reading --- */

/* A number of a row, `absent` when it has none. */
static int64_t number(const struct column *c, int32_t row, int64_t absent)
{
    if (!column_valid(c, row))
        return absent;
    return c->type->kind == TYPE_INT32 ? c->i32[row] : c->i64[row];
}

static struct slice bytes_of(const struct column *c, int32_t row, struct arena *arena)
{
    return column_valid(c, row) ? arena_slice(arena, column_slice(c, row)) : (struct slice){NULL, 0};
}

static void take_summaries(const struct column *c, int32_t row, struct arena *arena, struct manifest *m)
{
    const struct column *s = &c->children[0];
    int32_t from = c->offsets[row], count = c->offsets[row + 1] - from;
    struct manifest_summary *to = ARENA_ARRAY(arena, struct manifest_summary, count);

    if (!column_valid(c, row) || to == NULL)
        return;
    for (int32_t i = 0; i < count; i++) {
        const struct column *fields = s->children;
        int32_t at = from + i;

        to[i].contains_null = column_valid(&fields[SUMMARY_NULL], at) && fields[SUMMARY_NULL].u8[at];
        to[i].contains_nan = column_valid(&fields[SUMMARY_NAN], at) ? fields[SUMMARY_NAN].u8[at] : -1;
        to[i].has_bounds = column_valid(&fields[SUMMARY_LOWER], at) &&
                           column_valid(&fields[SUMMARY_UPPER], at);
        to[i].lower = bytes_of(&fields[SUMMARY_LOWER], at, arena);
        to[i].upper = bytes_of(&fields[SUMMARY_UPPER], at, arena);
    }
    m->summaries = to;
    m->summary_count = count;
}

static enum err take_manifest(const struct column *c, int32_t row, struct arena *arena, struct manifest *m,
                              struct error *e)
{
    if (!column_valid(&c[LIST_PATH], row) || column_slice(&c[LIST_PATH], row).len == 0)
        return error_set(e, ERR_CORRUPT, "row %" PRId32 ": manifest_path is missing", row);
    m->path = arena_text(arena, column_slice(&c[LIST_PATH], row));
    m->length = number(&c[LIST_LENGTH], row, 0);
    m->spec_id = (int32_t)number(&c[LIST_SPEC_ID], row, 0);
    m->deletes = number(&c[LIST_CONTENT], row, 0) == 1;
    m->sequence_number = number(&c[LIST_SEQUENCE], row, 0);
    m->min_sequence_number = number(&c[LIST_MIN_SEQUENCE], row, 0);
    m->added_snapshot_id = number(&c[LIST_SNAPSHOT_ID], row, 0);
    m->added_files = number(&c[LIST_ADDED_FILES], row, -1);
    m->existing_files = number(&c[LIST_EXISTING_FILES], row, -1);
    m->deleted_files = number(&c[LIST_DELETED_FILES], row, -1);
    m->added_rows = number(&c[LIST_ADDED_ROWS], row, -1);
    m->existing_rows = number(&c[LIST_EXISTING_ROWS], row, -1);
    m->deleted_rows = number(&c[LIST_DELETED_ROWS], row, -1);
    m->key_metadata = bytes_of(&c[LIST_KEY_METADATA], row, arena);
    take_summaries(&c[LIST_PARTITIONS], row, arena, m);
    return OK;
}

static enum err take_list(struct slice file, struct arena *arena, struct manifest **out, int32_t *count,
                          struct error *e)
{
    struct arena own = {0};
    const struct schema *schema;
    struct batch *b = NULL;
    struct manifest *list;
    enum err rc;

    if ((rc = manifest_schema_list(true, &own, &schema, e)) != OK ||
        (rc = avro_file_read(file, schema, &own, NULL, &b, e)) != OK)
        goto out;
    list = ARENA_ARRAY(arena, struct manifest, b->row_count);
    for (int32_t i = 0; list && rc == OK && i < b->row_count; i++)
        rc = take_manifest(b->columns, i, arena, &list[i], e);
    if (rc == OK && arena->failed)
        rc = error_memory(e, sizeof *list * (size_t)b->row_count, "a manifest list");
    *out = list;
    *count = b->row_count;
out:
    batch_unref(b);
    arena_fini(&own);
    return rc;
}

enum err manifest_list_read(struct fs *fs, const char *path, struct arena *arena, struct manifest **out,
                            int32_t *count, struct error *e)
{
    struct bytes file = {0};
    enum err rc;

    *out = NULL;
    *count = 0;
    if ((rc = fs_read_all(fs, path, &file, e)) == OK)
        rc = take_list(bytes_all(&file), arena, out, count, e);
    bytes_fini(&file);
    return rc == OK ? OK : error_add(e, rc, "manifest list %s", path);
}

/* --- writing --- */

static void put_bytes(struct column_builder *c, struct slice s)
{
    builder_copied(c, s.ptr ? s.ptr : "", s.len);
}

static void put_summaries(struct column_builder *c, const struct manifest *m)
{
    struct column_builder *s = &c->children[0];

    if (m->summaries == NULL) {
        builder_null(c);
        return;
    }
    for (int32_t i = 0; i < m->summary_count; i++) {
        const struct manifest_summary *from = &m->summaries[i];

        builder_u8(&s->children[SUMMARY_NULL], from->contains_null);
        if (from->contains_nan < 0)
            builder_null(&s->children[SUMMARY_NAN]);
        else
            builder_u8(&s->children[SUMMARY_NAN], from->contains_nan > 0);
        if (from->has_bounds) {
            put_bytes(&s->children[SUMMARY_LOWER], from->lower);
            put_bytes(&s->children[SUMMARY_UPPER], from->upper);
        } else {
            builder_null(&s->children[SUMMARY_LOWER]);
            builder_null(&s->children[SUMMARY_UPPER]);
        }
        builder_struct_end(s);
    }
    builder_list_end(c);
}

static void put_manifest(struct column_builder *c, const struct manifest *m, const struct snapshot *snapshot)
{
    bool fresh = m->sequence_number == 0 && m->added_snapshot_id == snapshot->id;
    int64_t sequence = fresh ? snapshot->sequence_number : m->sequence_number;
    int64_t smallest = fresh && m->added_files > 0 ? MIN(m->min_sequence_number, sequence)
                                                   : m->min_sequence_number;

    put_bytes(&c[LIST_PATH], slice_text(m->path));
    builder_i64(&c[LIST_LENGTH], m->length);
    builder_i32(&c[LIST_SPEC_ID], m->spec_id);
    builder_i32(&c[LIST_CONTENT], m->deletes);
    builder_i64(&c[LIST_SEQUENCE], sequence);
    builder_i64(&c[LIST_MIN_SEQUENCE], smallest == INT64_MAX ? sequence : smallest);
    builder_i64(&c[LIST_SNAPSHOT_ID], m->added_snapshot_id);
    builder_i32(&c[LIST_ADDED_FILES], (int32_t)m->added_files);
    builder_i32(&c[LIST_EXISTING_FILES], (int32_t)m->existing_files);
    builder_i32(&c[LIST_DELETED_FILES], (int32_t)m->deleted_files);
    builder_i64(&c[LIST_ADDED_ROWS], m->added_rows);
    builder_i64(&c[LIST_EXISTING_ROWS], m->existing_rows);
    builder_i64(&c[LIST_DELETED_ROWS], m->deleted_rows);
    put_summaries(&c[LIST_PARTITIONS], m);
    if (m->key_metadata.len)
        put_bytes(&c[LIST_KEY_METADATA], m->key_metadata);
    else
        builder_null(&c[LIST_KEY_METADATA]);
}

static enum err list_batch(const struct schema *schema, const struct snapshot *snapshot,
                           const struct manifest *manifests, int32_t count, struct batch **out,
                           struct error *e)
{
    struct builder b;
    enum err rc = OK;

    if (!builder_init(&b, schema, NULL))
        return error_memory(e, (size_t)count, "a manifest list");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct manifest *m = &manifests[i];

        if (m->added_files < 0 || m->existing_files < 0 || m->deleted_files < 0 || m->added_rows < 0 ||
            m->existing_rows < 0 || m->deleted_rows < 0)
            rc = error_set(e, ERR_UNSUPPORTED,
                           "manifest %s is of an early version and does not count its files; rewrite the "
                           "manifests with another engine",
                           m->path);
        put_manifest(b.columns, m, snapshot);
    }
    if (rc == OK)
        rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}

enum err manifest_list_write(struct fs *fs, const char *path, const struct snapshot *snapshot,
                             const struct manifest *manifests, int32_t count, struct error *e)
{
    struct arena arena = {0};
    struct bytes file = {0};
    const struct schema *schema;
    struct batch *b = NULL;
    const char *metadata[] = {"snapshot-id",
                              arena_printf(&arena, "%" PRId64, snapshot->id),
                              "parent-snapshot-id",
                              snapshot->parent_id ? arena_printf(&arena, "%" PRId64, snapshot->parent_id)
                                                  : "null",
                              "sequence-number",
                              arena_printf(&arena, "%" PRId64, snapshot->sequence_number),
                              "format-version",
                              "2",
                              NULL};
    enum err rc;

    if (arena.failed)
        rc = error_memory(e, 0, "a manifest list");
    else if ((rc = manifest_schema_list(false, &arena, &schema, e)) == OK &&
             (rc = list_batch(schema, snapshot, manifests, count, &b, e)) == OK &&
             (rc = avro_file_write(b, "manifest_file", metadata, AVRO_DEFLATE, &file, e)) == OK)
        rc = fs_put(fs, path, bytes_all(&file), FS_REPLACE, e);
    batch_unref(b);
    bytes_fini(&file);
    arena_fini(&arena);
    return rc == OK ? OK : error_add(e, rc, "manifest list %s", path);
}
