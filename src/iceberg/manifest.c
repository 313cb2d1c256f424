/* manifest.c: manifests read: rows of entries, each a file with its place in the table and its statistics.
 * What an entry leaves out it inherits from the manifest (spec, "Sequence Number Inheritance").
 */
#include "iceberg/manifest.h"
#include "base/mem.h"
#include "formats/avro.h"
#include "iceberg/manifest_schema.h"
#include "iceberg/single_value.h"
#include "io/fs.h"
#include <strings.h>

struct reading {
    const struct manifest *manifest;
    const struct column *entry; /* columns of the batch */
    const struct column *file;  /* columns of data_file */
    struct arena *arena;
    struct file_column *columns; /* owned scratch: of the row at hand */
    size_t column_count, column_capacity;
    struct error *e;
};

static int64_t number(const struct column *c, int32_t row, int64_t absent)
{
    if (!column_valid(c, row))
        return absent;
    return c->type->kind == TYPE_INT32 ? c->i32[row] : c->i64[row];
}

static const char *text(const struct reading *r, enum file_field field, int32_t row)
{
    const struct column *c = &r->file[field];

    return column_valid(c, row) ? arena_text(r->arena, column_slice(c, row)) : NULL;
}

/* --- statistics --- */

/* The column of that id, at first where it was in the map before, since all maps have one order; NULL: no
 * memory. */
static struct file_column *column_of(struct reading *r, int32_t field_id, size_t guess)
{
    if (guess < r->column_count && r->columns[guess].field_id == field_id)
        return &r->columns[guess];
    for (size_t i = 0; i < r->column_count; i++)
        if (r->columns[i].field_id == field_id)
            return &r->columns[i];
    if (!MEM_GROW(r->columns, r->column_count, r->column_capacity))
        return NULL;
    r->columns[r->column_count] = (struct file_column){field_id, -1, -1, -1, -1, false, {NULL, 0}, {NULL, 0}};
    return &r->columns[r->column_count++];
}

static void set_statistic(struct file_column *to, enum file_field field, const struct column *value,
                          int32_t at, struct arena *arena)
{
    switch (field) {
    case FILE_COLUMN_SIZES:
        to->size_bytes = value->i64[at];
        break;
    case FILE_VALUE_COUNTS:
        to->value_count = value->i64[at];
        break;
    case FILE_NULL_COUNTS:
        to->null_count = value->i64[at];
        break;
    case FILE_NAN_COUNTS:
        to->nan_count = value->i64[at];
        break;
    case FILE_LOWER:
        to->lower = arena_slice(arena, column_slice(value, at));
        break;
    default:
        to->upper = arena_slice(arena, column_slice(value, at));
        break;
    }
}

static bool take_statistic(struct reading *r, enum file_field field, int32_t row)
{
    const struct column *c = &r->file[field];

    if (!column_valid(c, row))
        return true;
    for (int32_t at = c->offsets[row]; at < c->offsets[row + 1]; at++) {
        struct file_column *to = column_of(r, c->children[0].i32[at], (size_t)(at - c->offsets[row]));

        if (to == NULL)
            return false;
        set_statistic(to, field, &c->children[1], at, r->arena);
    }
    return true;
}

static bool take_statistics(struct reading *r, int32_t row, struct data_file *f)
{
    r->column_count = 0;
    for (int field = FILE_COLUMN_SIZES; field <= FILE_UPPER; field++)
        if (!take_statistic(r, (enum file_field)field, row))
            return false;
    for (size_t i = 0; i < r->column_count; i++) {
        struct file_column *c = &r->columns[i];

        c->has_bounds = c->lower.ptr && c->upper.ptr;
    }
    f->columns = arena_copy(r->arena, r->columns, r->column_count * sizeof *r->columns);
    f->column_count = (int32_t)r->column_count;
    return f->columns != NULL;
}

/* --- entries --- */

static void take_partition(struct reading *r, int32_t row, struct data_file *f)
{
    const struct column *c = &r->file[FILE_PARTITION];
    int32_t count = c->type->field_count;
    struct partition_value *values = ARENA_ARRAY(r->arena, struct partition_value, count);
    struct bytes scratch = {0};

    for (int32_t i = 0; values && i < count; i++) {
        values[i].null = !column_valid(&c->children[i], row);
        if (values[i].null)
            continue;
        bytes_clear(&scratch);
        single_value_of(&c->children[i], row, &scratch);
        values[i].value = arena_slice(r->arena, bytes_all(&scratch));
        r->arena->failed |= scratch.failed;
    }
    bytes_fini(&scratch);
    f->partition = values;
    f->partition_count = count;
}

static void take_lists(struct reading *r, int32_t row, struct data_file *f)
{
    const struct column *splits = &r->file[FILE_SPLITS], *ids = &r->file[FILE_EQUALITY_IDS];
    int32_t *to;

    if (column_valid(splits, row)) {
        f->split_count = splits->offsets[row + 1] - splits->offsets[row];
        f->splits = arena_copy(r->arena, splits->children[0].i64 + splits->offsets[row],
                               (size_t)f->split_count * sizeof *f->splits);
    }
    if (column_valid(ids, row)) {
        f->equality_count = ids->offsets[row + 1] - ids->offsets[row];
        f->equality_ids = to = ARENA_ARRAY(r->arena, int32_t, f->equality_count);
        for (int32_t i = 0; to && i < f->equality_count; i++)
            to[i] = (int32_t)ids->children[0].i64[ids->offsets[row] + i];
    }
}

static enum err bad(struct reading *r, int32_t row, const char *what)
{
    return error_set(r->e, ERR_CORRUPT, "entry %" PRId32 ": %s", row, what);
}

static enum err take_file(struct reading *r, int32_t row, struct data_file *f)
{
    int64_t content = number(&r->file[FILE_CONTENT], row, FILE_DATA);

    f->path = text(r, FILE_PATH, row);
    f->format = text(r, FILE_FORMAT, row);
    f->record_count = number(&r->file[FILE_RECORDS], row, -1);
    f->size_bytes = number(&r->file[FILE_BYTES], row, -1);
    if (content < FILE_DATA || content > FILE_EQUALITY_DELETES)
        return bad(r, row, "content is neither data nor deletes");
    if (f->path == NULL || *f->path == '\0' || f->record_count < 0 || f->size_bytes < 0)
        return r->arena->failed ? error_memory(r->e, 0, "a manifest")
                                : bad(r, row, "file_path, record_count or file_size_in_bytes is missing");
    if (f->format && strcasecmp(f->format, "PARQUET") == 0)
        f->format = NULL;
    f->content = (enum file_content)content;
    f->spec_id = r->manifest->spec_id;
    f->sort_order_id = (int32_t)number(&r->file[FILE_SORT_ORDER], row, 0);
    f->references = text(r, FILE_REFERENCES, row);
    if (column_valid(&r->file[FILE_KEY_METADATA], row))
        f->key_metadata = arena_slice(r->arena, column_slice(&r->file[FILE_KEY_METADATA], row));
    take_partition(r, row, f);
    take_lists(r, row, f);
    return take_statistics(r, row, f) && !r->arena->failed ? OK : error_memory(r->e, 0, "a manifest");
}

static enum err take_entry(struct reading *r, int32_t row, struct manifest_entry *out)
{
    const struct manifest *m = r->manifest;
    int64_t status = number(&r->entry[ENTRY_STATUS], row, -1), inherited;

    if (status < ENTRY_EXISTING || status > ENTRY_DELETED)
        return bad(r, row, "status is not 0, 1 or 2");
    out->status = (enum entry_status)status;
    /* Only what was added here may leave its numbers out; in version 1 all do, and they are 0. */
    inherited = status == ENTRY_ADDED || m->sequence_number == 0 ? m->sequence_number : -1;
    out->file.snapshot_id = number(&r->entry[ENTRY_SNAPSHOT_ID], row, m->added_snapshot_id);
    out->file.sequence_number = number(&r->entry[ENTRY_SEQUENCE], row, inherited);
    out->file.file_sequence_number = number(&r->entry[ENTRY_FILE_SEQUENCE], row, inherited);
    if (out->file.sequence_number < 0)
        return bad(r, row, "sequence_number is missing");
    return take_file(r, row, &out->file);
}

static enum err take_entries(const struct manifest *m, const struct batch *b, struct arena *arena,
                             struct manifest_entry **out, int32_t *count, struct error *e)
{
    struct reading r = {.manifest = m, .entry = b->columns, .arena = arena, .e = e};
    struct manifest_entry *entries = ARENA_ARRAY(arena, struct manifest_entry, b->row_count);
    enum err rc = entries ? OK : error_memory(e, sizeof *entries * (size_t)b->row_count, "a manifest");

    r.file = b->columns[ENTRY_FILE].children;
    for (int32_t i = 0; rc == OK && i < b->row_count; i++)
        rc = take_entry(&r, i, &entries[i]);
    mem_free(r.columns);
    *out = entries;
    *count = b->row_count;
    return rc;
}

enum err manifest_read(struct fs *fs, const struct manifest *m, const struct metadata *metadata,
                       struct arena *arena, struct manifest_entry **out, int32_t *count, struct error *e)
{
    const struct partition_spec *spec = metadata_spec(metadata, m->spec_id);
    struct arena own = {0};
    struct bytes file = {0};
    const struct schema *schema;
    const struct type **partition;
    struct batch *b = NULL;
    enum err rc;

    *out = NULL;
    *count = 0;
    if (spec == NULL)
        rc = error_set(e, ERR_CORRUPT, "the table has no partition spec %" PRId32, m->spec_id);
    else if ((rc = fs_read_all(fs, m->path, &file, e)) == OK &&
             (rc = manifest_schema_partition(metadata, spec, &own, &partition, e)) == OK &&
             (rc = manifest_schema_entry(spec, partition, true, &own, &schema, e)) == OK &&
             (rc = avro_file_read(bytes_all(&file), schema, &own, NULL, &b, e)) == OK)
        rc = take_entries(m, b, arena, out, count, e);
    batch_unref(b);
    bytes_fini(&file);
    arena_fini(&own);
    return rc == OK ? OK : error_add(e, rc, "manifest %s", m->path);
}

/* --- a snapshot's files --- */

struct files {
    struct data_file *list; /* owned */
    size_t count, capacity;
};

static enum err add_live(struct fs *fs, const struct manifest *m, const struct metadata *metadata,
                         struct arena *arena, struct files *files, struct error *e)
{
    struct manifest_entry *entries;
    int32_t count;
    enum err rc = manifest_read(fs, m, metadata, arena, &entries, &count, e);

    for (int32_t i = 0; rc == OK && i < count; i++) {
        if (entries[i].status == ENTRY_DELETED)
            continue;
        if (!MEM_GROW(files->list, files->count, files->capacity))
            return error_memory(e, files->count * sizeof *files->list, "a list of files");
        files->list[files->count++] = entries[i].file;
    }
    return rc;
}

enum err manifest_live_files(struct fs *fs, const struct metadata *metadata, const struct snapshot *snapshot,
                             struct arena *arena, struct data_file **out, int32_t *count, struct error *e)
{
    struct manifest *manifests = NULL;
    struct files files = {0};
    int32_t n = 0;
    enum err rc;

    *out = NULL;
    *count = 0;
    if (snapshot->manifest_list == NULL)
        return error_set(e, ERR_UNSUPPORTED,
                         "snapshot %" PRId64 " of %s has its manifests in the metadata (an early version 1)",
                         snapshot->id, metadata->location);
    rc = manifest_list_read(fs, snapshot->manifest_list, arena, &manifests, &n, e);
    for (int32_t i = 0; rc == OK && i < n; i++)
        if (manifests[i].added_files != 0 || manifests[i].existing_files != 0)
            rc = add_live(fs, &manifests[i], metadata, arena, &files, e);
    if (rc == OK && files.count > INT32_MAX)
        rc = error_set(e, ERR_UNSUPPORTED, "%s has more than two thousand million files", metadata->location);
    if (rc == OK && (*out = arena_copy(arena, files.list, files.count * sizeof *files.list)) == NULL)
        rc = error_memory(e, files.count * sizeof *files.list, "a list of files");
    if (rc == OK)
        *count = (int32_t)files.count;
    mem_free(files.list);
    return rc;
}
