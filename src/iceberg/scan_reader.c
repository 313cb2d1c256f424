/* scan_reader.c: see scan_reader.h. The columns that equality deletes compare are read beside those wanted. */
#include "iceberg/scan_reader.h"
#include "base/mem.h"
#include "iceberg/scan_shape.h"
#include "parquet/parquet_reader.h"

struct scan_reader {
    const struct scan_source *source;
    const struct scan_split *split;
    struct parquet_reader *parquet; /* owned */
    struct file_deletes deletes;
    struct arena arena;   /* what follows points into it */
    struct schema all;    /* the wanted columns, then the keys of deletes that are not among them */
    int32_t *key_columns; /* per column of the keys: its number in all */
    int32_t *wanted_columns;
    struct shape shape; /* of all */
    int64_t skip_to;    /* rows before are not given */
    int64_t row;        /* of the file: where group begins */
    int32_t group;      /* the next */
};

/* --- opening --- */

static int32_t column_of_id(const struct schema *s, int32_t count, int32_t id)
{
    for (int32_t i = 0; i < count; i++)
        if (s->fields[i].id == id)
            return i;
    return -1;
}

/* The wanted columns and the keys of deletes. */
static enum err join_columns(struct scan_reader *r, struct error *e)
{
    const struct schema *wanted = r->source->wanted, *keys = &r->deletes.key_schema;
    int32_t most = wanted->field_count + keys->field_count;
    struct field *fields = ARENA_ARRAY(&r->arena, struct field, MAX(most, 1));

    r->key_columns = ARENA_ARRAY(&r->arena, int32_t, MAX(keys->field_count, 1));
    r->wanted_columns = ARENA_ARRAY(&r->arena, int32_t, MAX(wanted->field_count, 1));
    if (r->arena.failed)
        return error_memory(e, sizeof *fields * (size_t)most, "column numbers");
    for (int32_t i = 0; i < wanted->field_count; i++) {
        fields[i] = wanted->fields[i];
        r->wanted_columns[i] = i;
    }
    r->all = (struct schema){wanted->field_count, fields};
    for (int32_t i = 0; i < keys->field_count; i++) {
        int32_t n = column_of_id(&r->all, wanted->field_count, keys->fields[i].id);

        if (n < 0)
            fields[n = r->all.field_count++] = keys->fields[i];
        r->key_columns[i] = n;
    }
    return OK;
}

enum err scan_reader_open(const struct scan_source *source, const struct scan_split *split, int64_t first_row,
                          struct scan_reader **out, struct error *e)
{
    struct scan_reader *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a data file's reader");
    *r = (struct scan_reader){.source = source, .split = split, .skip_to = first_row};
    if ((rc = parquet_reader_open(source->fs, split->file->path, source->budget, &r->parquet, e)) != OK ||
        (source->deletes && (rc = scan_deletes_open(source->deletes, split, &r->deletes, e)) != OK) ||
        (rc = join_columns(r, e)) != OK ||
        (rc = shape_plan(&r->shape, &r->all, parquet_reader_schema(r->parquet), source->metadata, split->file,
                         &r->arena, e)) != OK) {
        scan_reader_free(r);
        return rc;
    }
    *out = r;
    return OK;
}

void scan_reader_free(struct scan_reader *r)
{
    if (r == NULL)
        return;
    file_deletes_fini(&r->deletes);
    parquet_reader_free(r->parquet);
    arena_fini(&r->arena);
    mem_free(r);
}

/* --- reading --- */

static bool in_split(const struct scan_reader *r, int32_t group)
{
    int64_t offset = parquet_reader_group_offset(r->parquet, group);

    return offset >= r->split->begin && offset < r->split->end;
}

/* A row group as the table has it, with the keys. */
static enum err read_all(struct scan_reader *r, int64_t rows, struct batch **out, struct error *e)
{
    struct batch *some = NULL;
    enum err rc = OK;

    if (rows >= INT32_MAX)
        return error_set(e, ERR_UNSUPPORTED, "%s has a row group of over 2^31 rows", r->split->file->path);
    if (r->shape.read.field_count)
        rc = parquet_reader_group(r->parquet, r->group, r->shape.columns, r->shape.read.field_count,
                                  &r->shape.read, &some, e);
    if (rc != OK)
        return rc;
    *out = shape_apply(&r->shape, some, (int32_t)rows, r->source->budget);
    return *out ? OK : error_memory(e, (size_t)rows, "a row group");
}

/* The rows that live and are not to be skipped, as numbers; NULL: all. */
static enum err live_rows(struct scan_reader *r, struct batch *all, int32_t **rows, int32_t *count,
                          struct error *e)
{
    struct batch *keys = NULL;
    int32_t n = 0, skip;
    enum err rc = OK;

    *rows = NULL;
    if (!file_deletes_any(&r->deletes) && r->skip_to <= r->row)
        return OK;
    if ((*rows = mem_alloc(sizeof **rows * (size_t)MAX(all->row_count, 1))) == NULL)
        return error_memory(e, (size_t)all->row_count * sizeof **rows, "row numbers");
    if (r->deletes.key_schema.field_count &&
        (keys = batch_project(all, &r->deletes.key_schema, r->key_columns, r->source->budget)) == NULL)
        return error_memory(e, 0, "the keys of rows");
    if ((rc = file_deletes_live(&r->deletes, r->row, all->row_count, keys, *rows, count, e)) == OK) {
        skip = (int32_t)MIN(MAX(r->skip_to - r->row, 0), all->row_count);
        for (int32_t i = 0; i < *count; i++)
            if ((*rows)[i] >= skip)
                (*rows)[n++] = (*rows)[i];
        *count = n;
    }
    batch_unref(keys);
    return rc;
}

/* Takes all: the wanted columns of the rows that live. */
static enum err select_rows(struct scan_reader *r, struct batch *all, struct batch **out, struct error *e)
{
    struct batch *wanted = NULL;
    int32_t *rows, count = 0;
    enum err rc = live_rows(r, all, &rows, &count, e);

    *out = NULL;
    if (rc == OK && (rows == NULL || count > 0)) {
        wanted = batch_project(all, r->source->wanted, r->wanted_columns, r->source->budget);
        if (wanted)
            *out = rows ? batch_select(wanted, rows, count, r->source->budget) : batch_ref(wanted);
        if (*out == NULL)
            rc = error_memory(e, 0, "rows of a data file");
    }
    batch_unref(wanted);
    batch_unref(all);
    mem_free(rows);
    return rc;
}

static enum err next_group(struct scan_reader *r, struct batch **out, int64_t *first_row, struct error *e)
{
    int64_t rows = parquet_reader_group_rows(r->parquet, r->group);
    struct batch *all = NULL;
    enum err rc = OK;

    *first_row = r->row;
    if (rows > 0 && in_split(r, r->group) && r->row + rows > r->skip_to) {
        if ((rc = read_all(r, rows, &all, e)) == OK)
            rc = select_rows(r, all, out, e);
    }
    if (rc == OK) {
        r->group++;
        r->row += rows;
    }
    return rc;
}

enum err scan_reader_next(struct scan_reader *r, struct batch **out, int64_t *first_row, struct error *e)
{
    enum err rc = OK;

    *out = NULL;
    while (rc == OK && *out == NULL && r->group < parquet_reader_groups(r->parquet))
        rc = next_group(r, out, first_row, e);
    return rc;
}
