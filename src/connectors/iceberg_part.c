/* iceberg_part.c: see iceberg_part.h. */
#include "connectors/iceberg_part.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"

#define REFERENCES 'R'

void part_put_file(struct bytes *out, const struct data_file *file)
{
    data_file_encode(file, out);
}

void part_put_references(struct bytes *out, const char *const *paths, int32_t count)
{
    bytes_u8(out, REFERENCES);
    bytes_varint(out, (uint64_t)count);
    for (int32_t i = 0; i < count; i++) {
        bytes_varint(out, strlen(paths[i]));
        bytes_text(out, paths[i]);
    }
}

/* --- back --- */

/* What is being decoded. */
struct decode {
    struct arena *arena;     /* borrowed */
    struct data_file *files; /* owned */
    size_t file_count, file_capacity;
    struct map references; /* path to itself, in arena */
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, sizeof(struct data_file), "data files to commit");
}

static enum err damaged(struct error *e)
{
    return error_set(e, ERR_CORRUPT, "the list of files to commit is cut off or damaged");
}

static enum err note_reference(struct decode *d, struct slice path, struct error *e)
{
    const char *copy;

    if (map_get(&d->references, path))
        return OK;
    if ((copy = arena_text(d->arena, path)) == NULL || !map_put(&d->references, path, (void *)copy))
        return no_memory(e);
    return OK;
}

static enum err take_references(struct decode *d, struct reader *r, struct error *e)
{
    uint64_t count;
    enum err rc = OK;

    reader_u8(r);
    count = reader_varint(r);
    if (r->failed || count > reader_left(r))
        return damaged(e);
    for (uint64_t i = 0; rc == OK && i < count; i++) {
        uint64_t len = reader_varint(r);
        struct slice path = {NULL, 0};

        if (!r->failed && len <= reader_left(r))
            path = reader_bytes(r, (size_t)len);
        if (r->failed || path.len == 0 || memchr(path.ptr, '\0', path.len))
            return damaged(e);
        rc = note_reference(d, path, e);
    }
    return rc;
}

static enum err take_file(struct decode *d, struct reader *r, struct error *e)
{
    struct data_file *file;
    enum err rc;

    if (!MEM_GROW(d->files, d->file_count, d->file_capacity))
        return no_memory(e);
    file = &d->files[d->file_count];
    if ((rc = data_file_decode(r, d->arena, file, e)) != OK)
        return rc;
    d->file_count++;
    return file->references ? note_reference(d, slice_text(file->references), e) : OK;
}

static enum err decode_all(struct decode *d, const struct slice *parts, int32_t count, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; i < count; i++) {
        struct reader r = reader_of(parts[i]);

        while (rc == OK && reader_left(&r) > 0)
            rc = *r.ptr == REFERENCES ? take_references(d, &r, e) : take_file(d, &r, e);
    }
    return rc;
}

enum err part_decode(const struct slice *parts, int32_t count, struct arena *arena, struct part_content *out,
                     struct error *e)
{
    struct decode d = {.arena = arena};
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = decode_all(&d, parts, count, e);

    *out = (struct part_content){0};
    if (rc == OK) {
        out->files = arena_copy(arena, d.files, d.file_count * sizeof *d.files);
        out->file_count = (int32_t)d.file_count;
        out->references = ARENA_ARRAY(arena, const char *, MAX(map_count(&d.references), 1));
    }
    while (rc == OK && out->references && (entry = map_next(&d.references, &at)) != NULL)
        out->references[out->reference_count++] = entry->value;
    if (rc == OK && arena->failed)
        rc = no_memory(e);
    mem_free(d.files);
    map_fini(&d.references);
    return rc;
}
