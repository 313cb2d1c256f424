/* data_file.c: a file's entry as bytes for a checkpoint: one version byte, then the fields in order; numbers
 * are zigzag varints, texts and values a length and their bytes. An absent text is length 0 (none of them
 * may be empty). The layout is part of savepoints: a change of it gets a new version byte, and the old one
 * stays readable.
 */
#include "iceberg/data_file.h"
#include "base/bytes.h"

#define VERSION 1

static void put_bytes(struct slice s, struct bytes *out)
{
    bytes_varint(out, s.len);
    bytes_slice(out, s);
}

static void put_partition(const struct data_file *f, struct bytes *out)
{
    bytes_varint(out, (uint64_t)f->partition_count);
    for (int32_t i = 0; i < f->partition_count; i++) {
        bytes_u8(out, f->partition[i].null);
        if (!f->partition[i].null)
            put_bytes(f->partition[i].value, out);
    }
}

static void put_columns(const struct data_file *f, struct bytes *out)
{
    bytes_varint(out, (uint64_t)f->column_count);
    for (int32_t i = 0; i < f->column_count; i++) {
        const struct file_column *c = &f->columns[i];

        bytes_zigzag(out, c->field_id);
        bytes_zigzag(out, c->size_bytes);
        bytes_zigzag(out, c->value_count);
        bytes_zigzag(out, c->null_count);
        bytes_zigzag(out, c->nan_count);
        bytes_u8(out, c->has_bounds);
        if (c->has_bounds) {
            put_bytes(c->lower, out);
            put_bytes(c->upper, out);
        }
    }
}

void data_file_encode(const struct data_file *f, struct bytes *out)
{
    assert(f->path && *f->path);
    bytes_u8(out, VERSION);
    bytes_u8(out, (uint8_t)f->content);
    put_bytes(slice_text(f->path), out);
    put_bytes(slice_text(f->format), out);
    bytes_zigzag(out, f->spec_id);
    put_partition(f, out);
    bytes_zigzag(out, f->record_count);
    bytes_zigzag(out, f->size_bytes);
    put_columns(f, out);
    bytes_varint(out, (uint64_t)f->split_count);
    for (int32_t i = 0; i < f->split_count; i++)
        bytes_zigzag(out, f->splits[i]);
    bytes_varint(out, (uint64_t)f->equality_count);
    for (int32_t i = 0; i < f->equality_count; i++)
        bytes_zigzag(out, f->equality_ids[i]);
    put_bytes(slice_text(f->references), out);
    bytes_zigzag(out, f->sort_order_id);
    put_bytes(f->key_metadata, out);
    bytes_zigzag(out, f->snapshot_id);
    bytes_zigzag(out, f->sequence_number);
    bytes_zigzag(out, f->file_sequence_number);
}

/* --- back --- */

static struct slice take_bytes(struct reader *r, struct arena *arena)
{
    uint64_t len = reader_varint(r);

    if (len > reader_left(r)) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    return arena_slice(arena, reader_bytes(r, (size_t)len));
}

static const char *take_text(struct reader *r, struct arena *arena)
{
    struct slice s = take_bytes(r, arena);

    if (s.len && memchr(s.ptr, '\0', s.len))
        r->failed = true;
    return s.len ? s.ptr : NULL;
}

/* How many elements follow; each takes at least a byte, so a larger number is a lie. */
static int32_t take_count(struct reader *r)
{
    uint64_t n = reader_varint(r);

    if (n > reader_left(r) || n > INT32_MAX) {
        r->failed = true;
        return 0;
    }
    return (int32_t)n;
}

static int32_t take_int(struct reader *r)
{
    int64_t v = reader_zigzag(r);

    if (v < INT32_MIN || v > INT32_MAX)
        r->failed = true;
    return (int32_t)v;
}

static const struct partition_value *take_partition(struct reader *r, struct arena *arena, int32_t *count)
{
    struct partition_value *values;

    *count = take_count(r);
    values = ARENA_ARRAY(arena, struct partition_value, *count);
    for (int32_t i = 0; values && i < *count && !r->failed; i++) {
        values[i].null = reader_u8(r) != 0;
        if (!values[i].null)
            values[i].value = take_bytes(r, arena);
    }
    return values;
}

static const struct file_column *take_columns(struct reader *r, struct arena *arena, int32_t *count)
{
    struct file_column *columns;

    *count = take_count(r);
    columns = ARENA_ARRAY(arena, struct file_column, *count);
    for (int32_t i = 0; columns && i < *count && !r->failed; i++) {
        struct file_column *c = &columns[i];

        c->field_id = take_int(r);
        c->size_bytes = reader_zigzag(r);
        c->value_count = reader_zigzag(r);
        c->null_count = reader_zigzag(r);
        c->nan_count = reader_zigzag(r);
        c->has_bounds = reader_u8(r) != 0;
        if (c->has_bounds) {
            c->lower = take_bytes(r, arena);
            c->upper = take_bytes(r, arena);
        }
    }
    return columns;
}

static const int64_t *take_splits(struct reader *r, struct arena *arena, int32_t *count)
{
    int64_t *splits;

    *count = take_count(r);
    splits = ARENA_ARRAY(arena, int64_t, *count);
    for (int32_t i = 0; splits && i < *count; i++)
        splits[i] = reader_zigzag(r);
    return splits;
}

static const int32_t *take_ids(struct reader *r, struct arena *arena, int32_t *count)
{
    int32_t *ids;

    *count = take_count(r);
    ids = ARENA_ARRAY(arena, int32_t, *count);
    for (int32_t i = 0; ids && i < *count; i++)
        ids[i] = take_int(r);
    return ids;
}

enum err data_file_decode(struct reader *r, struct arena *arena, struct data_file *out, struct error *e)
{
    struct data_file f = {0};
    uint8_t version = reader_u8(r), content = reader_u8(r);

    if (!r->failed && version != VERSION)
        return error_set(e, ERR_CORRUPT, "a data file's entry has version %d, this weir reads %d", version,
                         VERSION);
    f.content = (enum file_content)content;
    f.path = take_text(r, arena);
    f.format = take_text(r, arena);
    f.spec_id = take_int(r);
    f.partition = take_partition(r, arena, &f.partition_count);
    f.record_count = reader_zigzag(r);
    f.size_bytes = reader_zigzag(r);
    f.columns = take_columns(r, arena, &f.column_count);
    f.splits = take_splits(r, arena, &f.split_count);
    f.equality_ids = take_ids(r, arena, &f.equality_count);
    f.references = take_text(r, arena);
    f.sort_order_id = take_int(r);
    f.key_metadata = take_bytes(r, arena);
    f.snapshot_id = reader_zigzag(r);
    f.sequence_number = reader_zigzag(r);
    f.file_sequence_number = reader_zigzag(r);
    if (arena->failed)
        return error_memory(e, sizeof f, "a data file's entry");
    if (r->failed || content > FILE_EQUALITY_DELETES || f.path == NULL || f.record_count < 0 ||
        f.size_bytes < 0)
        return error_set(e, ERR_CORRUPT, "a data file's entry is cut off or damaged");
    *out = f;
    return OK;
}
