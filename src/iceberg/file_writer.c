/* file_writer.c: see file_writer.h. Iceberg spec: "Position Delete Files", "Table Properties". */
#include "iceberg/file_writer.h"
#include "batch/builder.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/config.h"
#include "iceberg/metadata.h"
#include "io/fs.h"
#include <stdlib.h>

/* --- properties --- */

struct properties {
    const struct metadata *table;
    const struct map *options; /* go first; NULL: none */
};

static const char *property(const struct properties *p, const char *key)
{
    const char *option = p->options ? map_get(p->options, slice_text(key)) : NULL;

    return option ? option : metadata_property(p->table, key);
}

static enum err read_codec(const struct properties *p, struct parquet_options *out, struct error *e)
{
    static const struct {
        const char *name;
        enum parquet_codec codec;
    } codecs[] = {
        {"snappy", PARQUET_SNAPPY}, {"gzip", PARQUET_GZIP},         {"zstd", PARQUET_ZSTD},
        {"lz4", PARQUET_LZ4_RAW},   {"uncompressed", PARQUET_NONE}, {"none", PARQUET_NONE},
    };
    const char *name = property(p, "write.parquet.compression-codec");

    out->codec = PARQUET_ZSTD; /* Iceberg's default since 1.4 */
    if (name == NULL)
        return OK;
    for (size_t i = 0; i < COUNT_OF(codecs); i++)
        if (strcasecmp(name, codecs[i].name) == 0) {
            out->codec = codecs[i].codec;
            return OK;
        }
    return error_set(
        e, ERR_UNSUPPORTED,
        "table property write.parquet.compression-codec is '%s'; weir writes snappy, gzip, zstd, lz4 and "
        "uncompressed",
        name);
}

/* A number of at most `most`; *out stays when the property is not set. */
static enum err read_number(const struct properties *p, const char *key, int64_t most, int64_t *out,
                            struct error *e)
{
    const char *text = property(p, key);

    if (text == NULL)
        return OK;
    if (config_parse_int(text, out, e) != OK || *out <= 0 || *out > most)
        return error_set(e, ERR_CONFIG, "table property %s is '%s'; a number from 1 to %" PRId64 " is wanted",
                         key, text, most);
    return OK;
}

static enum err read_sizes(const struct properties *p, struct parquet_options *out, struct error *e)
{
    int64_t group = 0, page = 0, rows = 0, dictionary = 0, level = 0;
    enum err rc;

    if ((rc = read_number(p, "write.parquet.row-group-size-bytes", INT64_MAX, &group, e)) != OK ||
        (rc = read_number(p, "write.parquet.page-size-bytes", INT32_MAX, &page, e)) != OK ||
        (rc = read_number(p, "write.parquet.page-row-limit", INT32_MAX, &rows, e)) != OK ||
        (rc = read_number(p, "write.parquet.dict-size-bytes", INT32_MAX, &dictionary, e)) != OK ||
        (rc = read_number(p, "write.parquet.compression-level", 22, &level, e)) != OK)
        return rc;
    out->row_group_bytes = group;
    out->page_bytes = (int32_t)page;
    out->page_rows = (int32_t)rows;
    out->dictionary_bytes = (int32_t)dictionary;
    out->level = (int32_t)level;
    return OK;
}

/* What would be written otherwise than the table's owner wants, and somebody relies on it. */
static enum err check_supported(const struct properties *p, struct error *e)
{
    const char *format = property(p, "write.format.default"),
               *spread = property(p, "write.object-storage.enabled");
    const char *provider = property(p, "write.location-provider.impl"),
               *key = property(p, "encryption.key-id");

    if (format && strcasecmp(format, "parquet") != 0)
        return error_set(e, ERR_UNSUPPORTED,
                         "table property write.format.default is '%s'; weir writes parquet", format);
    if (spread && strcasecmp(spread, "true") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "table property write.object-storage.enabled is true; weir writes files into the folder of their "
            "partition");
    if (provider)
        return error_set(e, ERR_UNSUPPORTED,
                         "table property write.location-provider.impl is '%s', which weir does not have",
                         provider);
    if (key)
        return error_set(e, ERR_UNSUPPORTED,
                         "table property encryption.key-id is set; weir does not encrypt files");
    return OK;
}

enum err file_writer_init(struct file_writer *w, struct fs *fs, const struct metadata *m,
                          const struct map *options, struct budget *budget, struct error *e)
{
    const struct properties p = {m, options};
    enum err rc;

    *w = (struct file_writer){.fs = fs,
                              .schema = m->schema,
                              .location = m->location,
                              .data_path = property(&p, "write.data.path"),
                              .budget = budget};
    w->parquet.hints = &w->hints;
    if ((rc = check_supported(&p, e)) != OK || (rc = read_codec(&p, &w->parquet, e)) != OK)
        return rc;
    return read_sizes(&p, &w->parquet, e);
}

/* --- data files --- */

const char *file_writer_path(const struct file_writer *w, const char *partition_path, const char *name,
                             struct arena *arena)
{
    const char *folder = w->data_path ? w->data_path : fs_join(arena, w->location, "data");

    if (folder == NULL)
        return NULL;
    if (*partition_path)
        folder = fs_join(arena, folder, partition_path);
    return folder ? fs_join(arena, folder, name) : NULL;
}

/* The row numbers of a run that no later row replaced; NULL (and *count) when all are live. */
static enum err live_rows(const struct row_run *run, int32_t **rows, int32_t *count, struct error *e)
{
    int32_t total = run->batch->row_count, n = 0;

    *rows = NULL;
    *count = total - run->dead_count;
    if (run->dead_count == 0)
        return OK;
    if ((*rows = mem_alloc((size_t)total * sizeof **rows)) == NULL)
        return error_memory(e, (size_t)total * 4, "row numbers");
    for (int32_t i = 0; i < total; i++)
        if (!row_run_is_dead(run, i))
            (*rows)[n++] = i;
    assert(n == *count);
    return OK;
}

static enum err write_runs(struct parquet_writer *w, const struct partition_rows *p, struct error *e)
{
    for (size_t i = 0; i < p->run_count; i++) {
        int32_t *rows, count;
        enum err rc = live_rows(&p->runs[i], &rows, &count, e);

        if (rc == OK && count > 0)
            rc = parquet_writer_add(w, p->runs[i].batch, rows, count, e);
        mem_free(rows);
        if (rc != OK)
            return rc;
    }
    return OK;
}

/* What the footer tells, as the manifest wants it; all in arena. */
static enum err describe(const struct parquet_summary *s, const char *path, struct arena *arena,
                         struct data_file *out, struct error *e)
{
    struct file_column *columns = ARENA_ARRAY(arena, struct file_column, s->column_count);

    for (int32_t i = 0; columns && i < s->column_count; i++) {
        const struct parquet_column_stats *from = &s->columns[i];

        columns[i] = (struct file_column){
            .field_id = from->field_id,
            .size_bytes = from->size_bytes,
            .value_count = from->value_count,
            .null_count = from->null_count,
            .nan_count = from->nan_count,
            .has_bounds = from->has_bounds,
            .lower = from->has_bounds ? arena_slice(arena, from->lower) : (struct slice){NULL, 0},
            .upper = from->has_bounds ? arena_slice(arena, from->upper) : (struct slice){NULL, 0},
        };
    }
    *out = (struct data_file){
        .path = arena_strdup(arena, path),
        .record_count = s->row_count,
        .size_bytes = s->file_bytes,
        .column_count = s->column_count,
        .columns = columns,
        .split_count = s->row_group_count,
        .splits = arena_copy(arena, s->row_group_offsets, (size_t)s->row_group_count * sizeof(int64_t)),
    };
    return arena->failed ? error_memory(e, 0, "the description of a data file") : OK;
}

static const struct partition_value *copy_partition(const struct partition_value *values, int32_t count,
                                                    struct arena *arena)
{
    struct partition_value *copy = arena_copy(arena, values, (size_t)count * sizeof *copy);

    for (int32_t i = 0; copy && i < count; i++)
        copy[i].value = arena_slice(arena, values[i].value);
    return copy;
}

enum err file_writer_rows(const struct file_writer *w, const struct partition_rows *p, const char *path,
                          struct arena *arena, struct data_file *out, struct error *e)
{
    struct fs_file *file = NULL;
    struct parquet_writer *parquet = NULL;
    struct parquet_summary summary;
    enum err rc;

    if ((rc = fs_create(w->fs, path, &file, e)) != OK ||
        (rc = parquet_writer_new(w->schema, &w->parquet, file, w->budget, &parquet, e)) != OK ||
        (rc = write_runs(parquet, p, e)) != OK || (rc = parquet_writer_finish(parquet, &summary, e)) != OK ||
        (rc = describe(&summary, path, arena, out, e)) != OK)
        goto out;
    assert(summary.row_count == p->live_count);
    out->content = FILE_DATA;
    out->spec_id = p->spec->spec_id;
    out->partition_count = p->spec->field_count;
    out->partition = copy_partition(p->values, p->spec->field_count, arena);
    rc = arena->failed ? error_memory(e, 0, "a partition's values") : fs_publish(&file, FS_REPLACE, e);
out:
    parquet_writer_free(parquet);
    fs_abandon(&file);
    return rc == OK ? OK : error_add(e, rc, "writing data file %s", path);
}

/* --- position deletes --- */

/* Reserved field ids of the specification, "Reserved Field IDs". */
static const struct type path_type = {.kind = TYPE_STRING}, position_type = {.kind = TYPE_INT64};
static const struct field delete_fields[] = {{"file_path", &path_type, 2147483546, NULL},
                                             {"pos", &position_type, 2147483545, NULL}};
static const struct schema delete_schema = {COUNT_OF(delete_fields), delete_fields};

static int compare_deleted(const void *a, const void *b)
{
    const struct deleted_row *x = a, *y = b;
    int order = x->path == y->path ? 0 : strcmp(x->path, y->path);

    return order ? order : (x->position > y->position) - (x->position < y->position);
}

static enum err delete_batch(const struct deleted_row *rows, size_t count, struct batch **out,
                             struct error *e)
{
    struct builder b;
    enum err rc;

    if (!builder_init(&b, &delete_schema, NULL))
        return error_memory(e, count * 24, "position deletes");
    for (size_t i = 0; i < count; i++) {
        builder_borrowed(&b.columns[0], rows[i].path, strlen(rows[i].path));
        builder_i64(&b.columns[1], rows[i].position);
    }
    rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}

enum err file_writer_deletes(const struct file_writer *w, struct deleted_row *rows, size_t count,
                             int32_t spec_id, const struct partition_value *partition,
                             int32_t partition_count, const char *path, struct arena *arena,
                             struct data_file *out, struct error *e)
{
    struct parquet_options options = w->parquet;
    struct fs_file *file = NULL;
    struct parquet_writer *parquet = NULL;
    struct parquet_summary summary;
    struct batch *batch = NULL;
    enum err rc;

    assert(count > 0);
    qsort(rows, count, sizeof *rows, compare_deleted);
    options.hints = NULL;              /* they are about the table's columns */
    options.bounds_length = INT32_MAX; /* readers match whole paths against the bounds */
    if ((rc = delete_batch(rows, count, &batch, e)) != OK || (rc = fs_create(w->fs, path, &file, e)) != OK ||
        (rc = parquet_writer_new(&delete_schema, &options, file, w->budget, &parquet, e)) != OK ||
        (rc = parquet_writer_add(parquet, batch, NULL, batch->row_count, e)) != OK ||
        (rc = parquet_writer_finish(parquet, &summary, e)) != OK ||
        (rc = describe(&summary, path, arena, out, e)) != OK)
        goto out;
    out->content = FILE_POSITION_DELETES;
    out->spec_id = spec_id;
    out->partition_count = partition_count;
    out->partition = copy_partition(partition, partition_count, arena);
    if (strcmp(rows[0].path, rows[count - 1].path) == 0)
        out->references = arena_strdup(arena, rows[0].path);
    rc = arena->failed ? error_memory(e, 0, "a partition's values") : fs_publish(&file, FS_REPLACE, e);
out:
    batch_unref(batch);
    parquet_writer_free(parquet);
    fs_abandon(&file);
    return rc == OK ? OK : error_add(e, rc, "writing position delete file %s", path);
}
