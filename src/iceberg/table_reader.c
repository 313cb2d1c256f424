/* table_reader.c: deletes are read first, all of them, as sorted positions by path. */
#include "iceberg/table_reader.h"
#include "base/mem.h"
#include "iceberg/manifest.h"
#include "parquet/parquet_reader.h"
#include <stdlib.h>

struct deleted { /* positions of one data file */
    int64_t *positions; /* owned, sorted before use */
    size_t   count, capacity;
};

struct table_reader {
    struct table      *table; /* borrowed */
    struct budget     *budget;
    struct arena       arena; /* owned: files */
    struct data_file  *data;  /* the data files among them */
    int32_t            data_count;
    struct map         deletes; /* path -> struct deleted, owned */
    int64_t            deleted_count;
};

static int compare_positions(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static enum err add_deletes(struct table_reader *r, const struct batch *b, struct error *e)
{
    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t         row = batch_row(b, i);
        struct slice    path = column_slice(&b->columns[0], row);
        struct deleted *d = map_get(&r->deletes, path);

        if (d == NULL && ((d = mem_zalloc(sizeof *d)) == NULL || !map_put(&r->deletes, path, d))) {
            mem_free(d);
            return error_memory(e, sizeof *d, "position deletes");
        }
        if (!MEM_GROW(d->positions, d->count, d->capacity))
            return error_memory(e, sizeof(int64_t), "position deletes");
        d->positions[d->count++] = b->columns[1].i64[row];
    }
    return OK;
}

/* The number of the file's column with that field id; -1 when it has none. */
static int32_t column_of_id(const struct schema *s, int32_t id)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id == id)
            return i;
    return -1;
}

static enum err read_deletes(struct table_reader *r, const struct data_file *f, struct error *e)
{
    struct parquet_reader *p = NULL;
    int32_t                columns[2];
    enum err               rc;

    if (f->content == FILE_EQUALITY_DELETES)
        return error_set(e, ERR_UNSUPPORTED, "%s: weir does not read equality deletes; compact the table with the engine that wrote them", f->path);
    if ((rc = parquet_reader_open(r->table->fs, f->path, r->budget, &p, e)) != OK)
        return rc;
    columns[0] = schema_find(parquet_reader_schema(p), SLICE("file_path"));
    columns[1] = schema_find(parquet_reader_schema(p), SLICE("pos"));
    if (columns[0] < 0 || columns[1] < 0)
        rc = error_set(e, ERR_CORRUPT, "%s: a position delete file has columns file_path and pos", f->path);
    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(p); g++) {
        struct batch *b = NULL;

        if ((rc = parquet_reader_group(p, g, columns, 2, NULL, &b, e)) == OK)
            rc = add_deletes(r, b, e);
        batch_unref(b);
    }
    parquet_reader_free(p);
    return rc;
}

/* Sorted, each position once: two delete files may name the same row. */
static void tidy_deletes(struct table_reader *r)
{
    struct map_entry *entry;
    size_t            at = 0;

    while ((entry = map_next(&r->deletes, &at)) != NULL) {
        struct deleted *d = entry->value;
        size_t          n = 0;

        qsort(d->positions, d->count, sizeof *d->positions, compare_positions);
        for (size_t i = 0; i < d->count; i++)
            if (i == 0 || d->positions[i] != d->positions[i - 1])
                d->positions[n++] = d->positions[i];
        d->count = n;
    }
    for (int32_t i = 0; i < r->data_count; i++) {
        const struct deleted *d = map_get(&r->deletes, slice_text(r->data[i].path));

        r->deleted_count += d ? (int64_t)d->count : 0;
    }
}

static enum err read_files(struct table_reader *r, struct error *e)
{
    const struct metadata *m = r->table->metadata;
    const struct snapshot *s = metadata_snapshot(m, m->current_snapshot_id);
    struct data_file      *files;
    int32_t                count = 0;
    enum err               rc;

    if (s == NULL)
        return OK;
    if ((rc = manifest_live_files(r->table->fs, m, s, &r->arena, &files, &count, e)) != OK)
        return rc;
    if ((r->data = ARENA_ARRAY(&r->arena, struct data_file, MAX(count, 1))) == NULL)
        return error_memory(e, (size_t)count * sizeof *files, "data files");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        if (files[i].content == FILE_DATA)
            r->data[r->data_count++] = files[i];
        else
            rc = read_deletes(r, &files[i], e);
    }
    if (rc == OK)
        tidy_deletes(r);
    return rc;
}

enum err table_reader_open(struct table *t, struct budget *budget, struct table_reader **out, struct error *e)
{
    struct table_reader *r = mem_zalloc(sizeof *r);
    enum err             rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a table reader");
    r->table = t;
    r->budget = budget;
    if ((rc = read_files(r, e)) != OK) {
        table_reader_free(r);
        return rc;
    }
    *out = r;
    return OK;
}

void table_reader_free(struct table_reader *r)
{
    struct map_entry *entry;
    size_t            at = 0;

    if (r == NULL)
        return;
    while ((entry = map_next(&r->deletes, &at)) != NULL) {
        mem_free(((struct deleted *)entry->value)->positions);
        mem_free(entry->value);
    }
    map_fini(&r->deletes);
    arena_fini(&r->arena);
    mem_free(r);
}

int32_t table_reader_files(const struct table_reader *r)
{
    return r->data_count;
}

const struct data_file *table_reader_file(const struct table_reader *r, int32_t file)
{
    return &r->data[file];
}

int64_t table_reader_rows(const struct table_reader *r)
{
    int64_t rows = -r->deleted_count;

    for (int32_t i = 0; i < r->data_count; i++)
        rows += r->data[i].record_count;
    return rows;
}

/* b without its deleted rows; *next walks d's positions along. Takes b. */
static struct batch *live_rows(struct batch *b, int64_t first_row, const struct deleted *d, size_t *next,
                               struct budget *budget)
{
    int32_t      *rows, count = 0;
    struct batch *live;

    if (d == NULL || *next >= d->count || d->positions[*next] >= first_row + b->row_count)
        return b;
    if ((rows = mem_alloc((size_t)b->row_count * sizeof *rows)) == NULL) {
        batch_unref(b);
        return NULL;
    }
    for (int32_t i = 0; i < b->row_count; i++) {
        if (*next < d->count && d->positions[*next] == first_row + i)
            (*next)++;
        else
            rows[count++] = i;
    }
    live = batch_select(b, rows, count, budget);
    mem_free(rows);
    batch_unref(b);
    return live;
}

/* The file's columns in the order of the table's fields; ERR_UNSUPPORTED when the file has not got one. */
static enum err map_columns(const struct table_reader *r, const struct parquet_reader *p, const struct data_file *f,
                            int32_t *columns, struct error *e)
{
    const struct schema *schema = r->table->metadata->schema;

    for (int32_t i = 0; i < schema->field_count; i++)
        if ((columns[i] = column_of_id(parquet_reader_schema(p), schema->fields[i].id)) < 0)
            return error_set(e, ERR_UNSUPPORTED, "%s has no column %s; it was added to the table later, which weir cannot read yet",
                             f->path, schema->fields[i].name);
    return OK;
}

enum err table_reader_visit(struct table_reader *r, int32_t file, table_visit *visit, void *arg, struct error *e)
{
    const struct data_file *f = &r->data[file];
    const struct schema    *schema = r->table->metadata->schema;
    const struct deleted   *d = map_get(&r->deletes, slice_text(f->path));
    int32_t                *columns = mem_alloc((size_t)schema->field_count * sizeof *columns);
    struct parquet_reader  *p = NULL;
    int64_t                 first_row = 0;
    size_t                  next = 0;
    enum err                rc;

    if (columns == NULL)
        return error_memory(e, (size_t)schema->field_count * 4, "column numbers");
    if ((rc = parquet_reader_open(r->table->fs, f->path, r->budget, &p, e)) == OK)
        rc = map_columns(r, p, f, columns, e);
    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(p); g++) {
        struct batch *b = NULL;

        if ((rc = parquet_reader_group(p, g, columns, schema->field_count, schema, &b, e)) != OK)
            break;
        if ((b = live_rows(b, first_row, d, &next, r->budget)) == NULL)
            rc = error_memory(e, 0, "row numbers");
        else
            rc = visit(arg, f, first_row, b, e);
        first_row += parquet_reader_group_rows(p, g);
        batch_unref(b);
    }
    parquet_reader_free(p);
    mem_free(columns);
    return rc;
}
