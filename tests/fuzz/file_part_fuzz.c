/* file_part_fuzz.c: what a checkpoint says of files to be shown: anything is read, or refused with a sentence. What
 * was read can be written, and is the same when it is read again. The first byte splits the rest in two parts.
 */
#include "connectors/file_part.h"

static void put_again(struct bytes *out, const struct file_part_entry *entry)
{
    file_part_begin(out, entry->checkpoint_id);
    if (entry->kind == FILE_PART_DONE || entry->kind == FILE_PART_OPEN)
        file_part_put_file(out, entry->kind, entry->path, entry->ticket, entry->length);
    else
        file_part_put_partition(out, entry->kind, entry->path);
}

static void check_again(const struct file_part_entry *entry)
{
    struct bytes out = {0};
    struct arena arena = {0};
    struct file_part_entry *back;
    struct error e;
    size_t count;

    put_again(&out, entry);
    assert(file_part_read(&(struct slice){out.ptr, out.len}, 1, &arena, &back, &count, &e) == OK);
    assert(count == 1 && back->kind == entry->kind && back->checkpoint_id == entry->checkpoint_id);
    assert(strcmp(back->path, entry->path) == 0 && slice_equal(back->ticket, entry->ticket));
    assert(back->length == entry->length);
    bytes_fini(&out);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first = size ? MIN((size_t)data[0], size - 1) : 0;
    struct slice parts[] = {slice_of(data + (size > 0), first),
                            slice_of(data + (size > 0) + first, size - (size > 0) - first)};
    struct arena arena = {0};
    struct file_part_entry *entries;
    struct error e = {0};
    size_t count;

    if (file_part_read(parts, 2, &arena, &entries, &count, &e) != OK)
        assert(e.text[0]);
    else
        for (size_t i = 0; i < count; i++)
            check_again(&entries[i]);
    arena_fini(&arena);
    return 0;
}
