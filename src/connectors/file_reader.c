/* file_reader.c: see file_reader.h. */
#include "connectors/file_reader.h"
#include "base/mem.h"
#include "formats/avro.h"
#include "parquet/parquet_reader.h"
#include <zlib.h>

#define PIECE_BYTES (INT64_C(1) << 20)

struct file_reader {
    struct fs *fs;
    const char *path;
    enum file_kind kind;
    const struct schema *schema; /* of batches */
    int64_t at, size;            /* of the file: read so far */

    struct bytes packed; /* gzip: read, not yet inflated */
    size_t packed_at;
    z_stream zip;
    bool is_zip, zip_ended;

    struct parquet_reader *parquet; /* owned */
    int32_t group;
    int32_t *numbers;      /* owned: of the columns that the file has */
    struct schema present; /* those, by the types wanted; fields owned */
    int32_t *from;         /* owned: per wanted column its number in present, -1: absent */
};

/* --- opening ------------------------------------------------------------------------------------------ */

static enum err open_text(struct file_reader *r, struct error *e)
{
    struct fs_info info;
    enum err rc = fs_stat(r->fs, r->path, &info, e);

    if (rc != OK)
        return rc;
    r->size = info.size;
    r->is_zip = slice_ends(slice_text(r->path), SLICE(".gz"));
    if (r->is_zip && inflateInit2(&r->zip, 15 + 16) != Z_OK) /* 16: a gzip header */
        return error_memory(e, sizeof r->zip, "a gzip reader");
    return OK;
}

static enum err open_parquet(struct file_reader *r, struct error *e)
{
    int32_t count = r->schema->field_count;
    struct field *fields = mem_calloc((size_t)MAX(count, 1), sizeof *fields);
    const struct schema *file;
    enum err rc;

    r->present.fields = fields;
    r->numbers = mem_calloc((size_t)MAX(count, 1), sizeof *r->numbers);
    r->from = mem_calloc((size_t)MAX(count, 1), sizeof *r->from);
    if (fields == NULL || r->numbers == NULL || r->from == NULL)
        return error_memory(e, (size_t)count * sizeof *fields, "columns of a file");
    if ((rc = parquet_reader_open(r->fs, r->path, NULL, &r->parquet, e)) != OK)
        return rc;
    file = parquet_reader_schema(r->parquet);
    for (int32_t i = 0; i < count; i++) {
        int32_t number = schema_find(file, slice_text(r->schema->fields[i].name));

        r->from[i] = number < 0 ? -1 : r->present.field_count;
        if (number < 0)
            continue;
        fields[r->present.field_count] = r->schema->fields[i];
        r->numbers[r->present.field_count++] = number;
    }
    return OK;
}

enum err file_reader_open(struct fs *fs, const char *path, enum file_kind kind, const struct schema *schema,
                          struct file_reader **out, struct error *e)
{
    struct file_reader *r = mem_zalloc(sizeof *r);
    enum err rc;

    *out = r;
    if (r == NULL)
        return error_memory(e, sizeof *r, "a file to be read");
    r->fs = fs;
    r->path = path;
    r->kind = kind;
    r->schema = schema;
    rc = kind == FILE_PARQUET ? open_parquet(r, e) : kind == FILE_LINES ? open_text(r, e) : OK;
    if (rc != OK) {
        file_reader_free(r);
        *out = NULL;
    }
    return rc;
}

void file_reader_free(struct file_reader *r)
{
    if (r == NULL)
        return;
    if (r->is_zip)
        inflateEnd(&r->zip);
    parquet_reader_free(r->parquet);
    bytes_fini(&r->packed);
    mem_free((void *)(uintptr_t)r->present.fields);
    mem_free(r->numbers);
    mem_free(r->from);
    mem_free(r);
}

/* --- text --------------------------------------------------------------------------------------------- */

static enum err read_piece(struct file_reader *r, struct bytes *out, struct error *e)
{
    int64_t len = MIN(PIECE_BYTES, r->size - r->at);
    enum err rc = len ? fs_read(r->fs, r->path, r->at, len, out, e) : OK;

    r->at += rc == OK ? len : 0;
    return rc;
}

/* More compressed bytes, when all have been used. */
static enum err fill(struct file_reader *r, struct error *e)
{
    if (r->packed_at < r->packed.len || r->at == r->size)
        return OK;
    bytes_clear(&r->packed);
    r->packed_at = 0;
    return read_piece(r, &r->packed, e);
}

/* One member may follow another, as `cat a.gz b.gz` makes them. */
static enum err inflate_more(struct file_reader *r, struct bytes *out, struct error *e)
{
    char *room = bytes_reserve(out, 64 * 1024);
    int rc;

    if (room == NULL)
        return error_memory(e, 64 * 1024, "file content");
    r->zip.next_in = (Bytef *)r->packed.ptr + r->packed_at;
    r->zip.avail_in = (uInt)(r->packed.len - r->packed_at);
    r->zip.next_out = (Bytef *)room;
    r->zip.avail_out = 64 * 1024;
    rc = inflate(&r->zip, Z_NO_FLUSH);
    r->packed_at = r->packed.len - r->zip.avail_in;
    out->len += 64 * 1024 - r->zip.avail_out;
    r->zip_ended = rc == Z_STREAM_END;
    if (rc == Z_STREAM_END) {
        inflateReset(&r->zip);
        return OK;
    }
    if (rc == Z_MEM_ERROR)
        return error_memory(e, 64 * 1024, "a gzip reader");
    if (rc != Z_OK && rc != Z_BUF_ERROR)
        return error_set(e, ERR_CORRUPT, "%s is no gzip file, or damaged: %s", r->path,
                         r->zip.msg ? r->zip.msg : "its data cannot be read");
    return OK;
}

static enum err read_zip(struct file_reader *r, struct bytes *out, bool *end, struct error *e)
{
    size_t begin = out->len;
    enum err rc;

    while (out->len - begin < (size_t)PIECE_BYTES) {
        if ((rc = fill(r, e)) != OK)
            return rc;
        if (r->packed_at == r->packed.len) {
            *end = true;
            return r->zip_ended || r->size == 0 ? OK : error_set(e, ERR_CORRUPT, "%s is cut off", r->path);
        }
        if ((rc = inflate_more(r, out, e)) != OK)
            return rc;
    }
    return OK;
}

enum err file_reader_text(struct file_reader *r, struct bytes *out, bool *end, struct error *e)
{
    enum err rc;

    *end = false;
    if (r->is_zip)
        return read_zip(r, out, end, e);
    rc = read_piece(r, out, e);
    *end = r->at == r->size;
    return rc;
}

/* --- Parquet ------------------------------------------------------------------------------------------ */

/* The columns wanted out of those that are there. */
static struct batch *spread(struct file_reader *r, struct batch *group, struct batch *nothing,
                            const int32_t *none)
{
    struct batch *out = batch_new(r->schema, NULL);

    if (out == NULL)
        return NULL;
    out->row_count = group->row_count;
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        if (r->from[i] >= 0)
            column_adopt(&out->columns[i], &group->columns[r->from[i]], r->schema->fields[i].type);
        else if (!column_gather(&nothing->columns[i], none, group->row_count, out, &out->columns[i]))
            goto failed;
    }
    if (batch_keep(out, keep_ref(&group->keep)))
        return out;
    batch_unref(group);
failed:
    batch_unref(out);
    return NULL;
}

static enum err check_absent(const struct file_reader *r, struct error *e)
{
    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (r->from[i] < 0 && !r->schema->fields[i].type->nullable)
            return error_set(e, ERR_INPUT, "%s has no column %s, which is NOT NULL in the table", r->path,
                             r->schema->fields[i].name);
    return OK;
}

static enum err with_absent(struct file_reader *r, struct batch *group, struct batch **out, struct error *e)
{
    int32_t *none = mem_alloc((size_t)MAX(group->row_count, 1) * sizeof *none);
    struct batch *nothing = batch_new(r->schema, NULL);
    enum err rc = check_absent(r, e);

    *out = NULL;
    if (rc == OK && none && nothing) {
        memset(none, -1, (size_t)group->row_count * sizeof *none);
        *out = spread(r, group, nothing, none);
    }
    if (rc == OK && *out == NULL)
        rc = error_memory(e, (size_t)group->row_count * 4, "rows of a file");
    mem_free(none);
    batch_unref(nothing);
    return rc;
}

/* --- Avro --------------------------------------------------------------------------------------------- */

/* A container cannot be read in parts: its blocks are found one by one. */
static enum err read_container(struct file_reader *r, struct batch **out, struct error *e)
{
    struct bytes file = {0};
    struct arena arena = {0};
    enum err rc = fs_read_all(r->fs, r->path, &file, e);

    if (rc == OK && (rc = avro_file_read(bytes_all(&file), r->schema, &arena, NULL, out, e)) != OK)
        error_add(e, rc, "%s", r->path);
    r->group++;
    bytes_fini(&file);
    arena_fini(&arena);
    return rc;
}

enum err file_reader_batch(struct file_reader *r, struct batch **out, struct error *e)
{
    struct batch *group;
    enum err rc;

    *out = NULL;
    if (r->kind == FILE_AVRO)
        return r->group ? OK : read_container(r, out, e);
    if (r->group >= parquet_reader_groups(r->parquet))
        return OK;
    rc = parquet_reader_group(r->parquet, r->group, r->numbers, r->present.field_count, &r->present, &group,
                              e);
    if (rc != OK)
        return error_add(e, rc, "%s", r->path);
    r->group++;
    rc = with_absent(r, group, out, e);
    batch_unref(group);
    return rc;
}
