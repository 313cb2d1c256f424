/* file_part.c: see file_part.h.
 *
 *   | version 1 | checkpoint, varint | kind, path, [ticket, length] | ...      texts: length, varint; bytes
 */
#include "connectors/file_part.h"

#define VERSION 1

static void put_counted(struct bytes *out, struct slice s)
{
    bytes_varint(out, s.len);
    bytes_slice(out, s);
}

void file_part_begin(struct bytes *out, int64_t checkpoint_id)
{
    bytes_u8(out, VERSION);
    bytes_varint(out, (uint64_t)checkpoint_id);
}

void file_part_put_file(struct bytes *out, enum file_part_kind kind, const char *path, struct slice ticket,
                        int64_t length)
{
    bytes_u8(out, (uint8_t)kind);
    put_counted(out, slice_text(path));
    put_counted(out, ticket);
    bytes_varint(out, (uint64_t)length);
}

void file_part_put_partition(struct bytes *out, enum file_part_kind kind, const char *folder)
{
    bytes_u8(out, (uint8_t)kind);
    put_counted(out, slice_text(folder));
}

/* --- back --- */

static struct slice take_counted(struct reader *r)
{
    return reader_bytes(r, (size_t)reader_varint(r));
}

static enum err damaged(struct error *e)
{
    return error_set(e, ERR_CORRUPT, "the list of files to show is cut off or damaged");
}

static enum err read_entry(struct reader *r, struct arena *arena, struct file_part_entry *out,
                           struct error *e)
{
    out->kind = (enum file_part_kind)reader_u8(r);
    out->path = arena_text(arena, take_counted(r));
    switch (out->kind) {
    case FILE_PART_DONE:
    case FILE_PART_OPEN:
        out->ticket = take_counted(r);
        out->length = (int64_t)reader_varint(r);
        break;
    case FILE_PART_DUE:
    case FILE_PART_PENDING:
        break;
    default:
        return damaged(e);
    }
    if (r->failed)
        return damaged(e);
    return arena->failed ? error_memory(e, sizeof *out, "files to show") : OK;
}

/* Into out from *count on; out NULL: only count. */
static enum err read_part(struct slice part, struct arena *arena, struct file_part_entry *out, size_t *count,
                          struct error *e)
{
    struct reader r = reader_of(part);
    uint8_t version = reader_u8(&r);
    int64_t checkpoint_id = (int64_t)reader_varint(&r);
    enum err rc = OK;

    if (r.failed || version != VERSION)
        return damaged(e);
    while (rc == OK && reader_left(&r) > 0) {
        struct file_part_entry entry = {.checkpoint_id = checkpoint_id};

        rc = read_entry(&r, arena, &entry, e);
        if (out)
            out[*count] = entry;
        ++*count;
    }
    return rc;
}

enum err file_part_read(const struct slice *parts, int32_t part_count, struct arena *arena,
                        struct file_part_entry **out, size_t *count, struct error *e)
{
    struct arena first = {0};
    size_t total = 0;
    enum err rc = OK;

    *count = 0;
    for (int32_t i = 0; rc == OK && i < part_count; i++)
        rc = read_part(parts[i], &first, NULL, &total, e);
    arena_fini(&first);
    if (rc != OK)
        return rc;
    if ((*out = ARENA_ARRAY(arena, struct file_part_entry, total + 1)) == NULL)
        return error_memory(e, total * sizeof **out, "files to show");
    for (int32_t i = 0; rc == OK && i < part_count; i++)
        rc = read_part(parts[i], arena, *out, count, e);
    return rc;
}
