/* manifest_fuzz.c: manifests, manifest lists and the files' entries of checkpoints. The first byte of the
 * input says which. What is read must be writable, and be the same when it is read again.
 */
#include "iceberg/manifest.h"
#include "io/fs.h"

/* --- one file, read and written in memory --- */

struct one_file {
    struct fs base;
    struct fs_file file;
    struct bytes data;
};

static struct one_file *one_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct one_file, base);
}

static enum err one_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                         struct error *e)
{
    (void)path;
    (void)offset;
    (void)len;
    (void)e;
    bytes_slice(out, bytes_all(&one_of(fs)->data));
    return OK;
}

static enum err one_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    (void)path;
    (void)e;
    bytes_clear(&one_of(fs)->data);
    *out = &one_of(fs)->file;
    return OK;
}

static enum err one_write(struct fs_file *f, struct slice data, struct error *e)
{
    (void)e;
    bytes_slice(&one_of(f->fs)->data, data);
    return OK;
}

static enum err one_publish(struct fs_file *f, enum fs_publish how, struct error *e)
{
    (void)f;
    (void)how;
    (void)e;
    return OK;
}

static const struct fs_ops one_ops = {
    .name = "one", .read = one_read, .create = one_create, .write = one_write, .publish = one_publish};

/* --- what is fuzzed --- */

static const char document[] =
    "{\"format-version\":2,\"table-uuid\":\"u\",\"location\":\"l\",\"last-sequence-number\":9,\"last-updated-"
    "ms\":1,\"last-column-id\":5,"
    "\"current-schema-id\":0,\"schemas\":[{\"type\":\"struct\",\"schema-id\":0,\"fields\":["
    "{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"},{\"id\":2,\"name\":\"ts\",\"required\":"
    "false,\"type\":\"timestamp\"},"
    "{\"id\":3,\"name\":\"data_type\",\"required\":false,\"type\":\"string\"},{\"id\":4,\"name\":\"value\","
    "\"required\":false,\"type\":\"double\"},"
    "{\"id\":5,\"name\":\"price\",\"required\":false,\"type\":\"decimal(20, 3)\"}]}],\"default-spec-id\":0,"
    "\"partition-specs\":[{\"spec-id\":0,\"fields\":[{\"name\":\"ts_day\",\"transform\":\"day\",\"source-"
    "id\":2,\"field-id\":1000},"
    "{\"name\":\"data_type\",\"transform\":\"identity\",\"source-id\":3,\"field-id\":1001}]},"
    "{\"spec-id\":1,\"fields\":[{\"name\":\"value\",\"transform\":\"identity\",\"source-id\":4,\"field-id\":"
    "1002},"
    "{\"name\":\"price\",\"transform\":\"truncate[10]\",\"source-id\":5,\"field-id\":1003}]},{\"spec-id\":2,"
    "\"fields\":[]}],"
    "\"last-partition-id\":1003,\"default-sort-order-id\":0,\"sort-orders\":[{\"order-id\":0,\"fields\":[]}],"
    "\"properties\":{}}";

static void same_file(const struct data_file *a, const struct data_file *b)
{
    struct bytes x = {0}, y = {0};

    data_file_encode(a, &x);
    data_file_encode(b, &y);
    assert(slice_equal(bytes_all(&x), bytes_all(&y)));
    bytes_fini(&x);
    bytes_fini(&y);
}

/* Write entries and read them again; false when the reader refuses (texts that are not UTF-8 are written as
 * they came). */
static bool again(struct one_file *fs, const struct metadata *m, int32_t spec_id,
                  struct manifest_entry *entries, int32_t count, struct arena *arena,
                  struct manifest_entry **out)
{
    struct manifest written;
    int32_t n;
    struct error e;

    for (int32_t i = 0; i < count; i++)
        entries[i].status = ENTRY_EXISTING; /* so that all numbers are written */
    if (manifest_write(&fs->base, "m", m, spec_id, false, entries, count, 7, arena, &written, &e) != OK)
        assert(false && "what was read can be written");
    if (manifest_read(&fs->base, &written, m, arena, out, &n, &e) != OK)
        return false;
    assert(n == count);
    return true;
}

/* The first time things that mean nothing may get lost (a lower bound without an upper one); then nothing
 * does. */
static void check_entries(struct one_file *fs, const struct metadata *m, struct manifest_entry *entries,
                          int32_t count, int32_t spec_id, struct arena *arena)
{
    struct manifest_entry *first, *second;

    if (!again(fs, m, spec_id, entries, count, arena, &first) ||
        !again(fs, m, spec_id, first, count, arena, &second))
        return;
    for (int32_t i = 0; i < count; i++)
        same_file(&first[i].file, &second[i].file);
}

static void check_manifest(struct one_file *fs, int32_t spec_id)
{
    struct arena arena = {0};
    struct metadata *m;
    struct manifest manifest = {
        .path = "m", .spec_id = spec_id, .sequence_number = 5, .added_snapshot_id = 7};
    struct manifest_entry *entries;
    int32_t count;
    struct error e;

    if (metadata_parse(slice_text(document), "document", &m, &e) != OK)
        assert(false && "the document is good");
    if (manifest_read(&fs->base, &manifest, m, &arena, &entries, &count, &e) == OK)
        check_entries(fs, m, entries, count, spec_id, &arena);
    metadata_free(m);
    arena_fini(&arena);
}

static void check_list(struct one_file *fs)
{
    struct arena arena = {0};
    struct snapshot s = {.id = 1, .sequence_number = 1};
    struct manifest *list, *again;
    int32_t count, n;
    struct error e;

    if (manifest_list_read(&fs->base, "l", &arena, &list, &count, &e) == OK &&
        manifest_list_write(&fs->base, "l", &s, list, count, &e) == OK &&
        manifest_list_read(&fs->base, "l", &arena, &again, &n, &e) == OK)
        assert(n == count);
    arena_fini(&arena);
}

static void check_entry(struct slice data)
{
    struct arena arena = {0};
    struct reader r = reader_of(data);
    struct data_file f, again;
    struct bytes text = {0};
    struct error e;

    if (data_file_decode(&r, &arena, &f, &e) == OK) {
        data_file_encode(&f, &text);
        r = reader_of(bytes_all(&text));
        if (data_file_decode(&r, &arena, &again, &e) != OK)
            assert(false && "what was decoded is encoded well");
        same_file(&f, &again);
    }
    bytes_fini(&text);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct one_file fs = {.base.ops = &one_ops};
    struct slice rest;

    if (size < 2)
        return 0;
    rest = slice_of(data + 1, size - 1);
    fs.file.fs = &fs.base;
    bytes_slice(&fs.data, rest);
    switch (data[0] % 5) {
    case 0:
        check_list(&fs);
        break;
    case 4:
        check_entry(rest);
        break;
    default:
        check_manifest(&fs, data[0] % 5 - 1);
        break;
    }
    bytes_fini(&fs.data);
    return 0;
}
