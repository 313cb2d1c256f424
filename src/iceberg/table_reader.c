/* table_reader.c: deletes are read first, all of them, as sorted positions by path. */
#include "iceberg/table_reader.h"
#include "base/mem.h"
#include "iceberg/absent_column.h"
#include "iceberg/manifest.h"
#include "parquet/parquet_reader.h"
#include <stdlib.h>

struct deleted {        /* positions of one data file */
    int64_t *positions; /* owned, sorted before use */
    size_t count, capacity;
};

struct table_reader {
    struct table *table; /* borrowed */
    struct budget *budget;
    const struct schema *schema; /* what is read, borrowed */
    struct arena arena;          /* owned: files */
    struct data_file *data;      /* the data files among them */
    int32_t data_count;
    struct map deletes; /* path -> struct deleted, owned */
    int64_t deleted_count;
};

static int compare_positions(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static enum err add_delete(void *arg, struct slice path, int64_t position, struct error *e)
{
    struct table_reader *r = arg;
    struct deleted *d = map_get(&r->deletes, path);

    if (d == NULL && ((d = mem_zalloc(sizeof *d)) == NULL || !map_put(&r->deletes, path, d))) {
        mem_free(d);
        return error_memory(e, sizeof *d, "position deletes");
    }
    if (!MEM_GROW(d->positions, d->count, d->capacity))
        return error_memory(e, sizeof(int64_t), "position deletes");
    d->positions[d->count++] = position;
    return OK;
}

static enum err visit_positions(const struct batch *b, delete_visit *visit, void *arg, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < b->row_count; i++) {
        int64_t position = b->columns[1].i64[i];

        if (position < 0 || !column_valid(&b->columns[0], i) || !column_valid(&b->columns[1], i))
            return error_set(e, ERR_CORRUPT, "row %" PRId32 " has no path, or no position", i);
        rc = visit(arg, column_slice(&b->columns[0], i), position, e);
    }
    return rc;
}

/* The number of the file's column with that field id; -1 when it has none. */
static int32_t column_of_id(const struct schema *s, int32_t id)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id == id)
            return i;
    return -1;
}

static enum err check_format(const struct data_file *f, struct error *e)
{
    if (f->format == NULL || strcasecmp(f->format, "PARQUET") == 0)
        return OK;
    return error_set(e, ERR_UNSUPPORTED, "%s is of format %s; weir reads parquet", f->path, f->format);
}

/* The numbers of file_path and pos. */
static enum err find_delete_columns(const struct parquet_reader *p, const char *path, int32_t *columns,
                                    struct error *e)
{
    const struct schema *s = parquet_reader_schema(p);

    columns[0] = schema_find(s, SLICE("file_path"));
    columns[1] = schema_find(s, SLICE("pos"));
    if (columns[0] < 0 || columns[1] < 0 || s->fields[columns[0]].type->kind != TYPE_STRING ||
        s->fields[columns[1]].type->kind != TYPE_INT64)
        return error_set(e, ERR_CORRUPT,
                         "%s: a position delete file has columns file_path (a string) and pos (a long)",
                         path);
    return OK;
}

/* Sorted, each position once: two delete files may name the same row. */
static void tidy_deletes(struct table_reader *r)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&r->deletes, &at)) != NULL) {
        struct deleted *d = entry->value;
        size_t n = 0;

        qsort(d->positions, d->count, sizeof *d->positions, compare_positions);
        for (size_t i = 0; i < d->count; i++)
            if (i == 0 || d->positions[i] != d->positions[i - 1])
                d->positions[n++] = d->positions[i];
        d->count = n;
    }
    for (int32_t i = 0; i < r->data_count; i++) {
        const struct deleted *d = map_get(&r->deletes, slice_text(r->data[i].path));

        for (size_t k = 0; d && k < d->count; k++)
            r->deleted_count += d->positions[k] >= 0 && d->positions[k] < r->data[i].record_count;
    }
}

static enum err read_files(struct table_reader *r, struct error *e)
{
    const struct metadata *m = r->table->metadata;
    const struct snapshot *s = metadata_snapshot(m, m->current_snapshot_id);
    struct data_file *files;
    int32_t count = 0;
    enum err rc;

    if (s == NULL)
        return OK;
    if ((rc = manifest_live_files(r->table->fs, m, s, &r->arena, &files, &count, e)) != OK)
        return rc;
    if ((r->data = ARENA_ARRAY(&r->arena, struct data_file, MAX(count, 1))) == NULL)
        return error_memory(e, (size_t)count * sizeof *files, "data files");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        if (files[i].content != FILE_DATA)
            rc = table_reader_visit_deletes(r, &files[i], add_delete, r, e);
        else if ((rc = check_format(&files[i], e)) == OK)
            r->data[r->data_count++] = files[i];
    }
    if (rc == OK)
        tidy_deletes(r);
    return rc;
}

enum err table_reader_open(struct table *t, struct budget *budget, struct table_reader **out, struct error *e)
{
    struct table_reader *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a table reader");
    r->table = t;
    r->budget = budget;
    r->schema = t->metadata->schema;
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
    size_t at = 0;

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

void table_reader_project(struct table_reader *r, const struct schema *schema)
{
    r->schema = schema;
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

/* --- rows --- */

/* One data file being read. Fields of the wanted schema that it has are its `present` ones. */
struct file_read {
    const struct table_reader *r;
    const struct data_file *file;
    struct parquet_reader *parquet; /* owned */
    struct arena arena;             /* owned: what follows */
    int32_t *columns;               /* of the file, for each present field */
    int32_t *fields;                /* the present fields' numbers in r->schema */
    struct schema present;
    const struct deleted *deleted; /* NULL: none */
    size_t next;                   /* of deleted's positions */
};

static bool has_ids(const struct schema *s)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id > 0)
            return true;
    return false;
}

/* A field that the file has not got was added to the table later: its rows have no value for it. */
static enum err map_columns(struct file_read *f, struct error *e)
{
    const struct schema *wanted = f->r->schema, *have = parquet_reader_schema(f->parquet);
    struct field *fields = ARENA_ARRAY(&f->arena, struct field, wanted->field_count);

    f->columns = ARENA_ARRAY(&f->arena, int32_t, wanted->field_count);
    f->fields = ARENA_ARRAY(&f->arena, int32_t, wanted->field_count);
    if (f->arena.failed)
        return error_memory(e, (size_t)wanted->field_count * sizeof *fields, "column numbers");
    if (!has_ids(have))
        return error_set(e, ERR_UNSUPPORTED,
                         "%s has no field ids (it was imported); weir cannot tell its columns",
                         f->file->path);
    for (int32_t i = 0; i < wanted->field_count; i++) {
        int32_t column = column_of_id(have, wanted->fields[i].id), n = f->present.field_count;

        if (column < 0 && !wanted->fields[i].type->nullable)
            return error_set(e, ERR_CORRUPT, "%s has no column %s, which is NOT NULL in the table",
                             f->file->path, wanted->fields[i].name);
        if (column < 0)
            continue;
        f->columns[n] = column;
        f->fields[n] = i;
        fields[n] = wanted->fields[i];
        f->present.field_count++;
    }
    f->present.fields = fields;
    return OK;
}

/* Takes some, a batch of the present fields: the same rows under the whole schema. NULL when there is no
 * memory. */
static struct batch *complete(const struct file_read *f, struct batch *some, int32_t row_count)
{
    const struct schema *wanted = f->r->schema;
    struct batch *all = batch_new(wanted, f->r->budget);
    int32_t n = 0;

    if (all == NULL)
        goto failed;
    if (some && !batch_keep(all, keep_ref(&some->keep))) {
        batch_unref(some); /* the reference that all was to have */
        goto failed;
    }
    all->row_count = row_count;
    for (int32_t i = 0; i < wanted->field_count; i++) {
        if (n < f->present.field_count && f->fields[n] == i)
            column_adopt(&all->columns[i], &some->columns[n++], wanted->fields[i].type);
        else if (!absent_column_fill(&all->columns[i], row_count, all))
            goto failed;
    }
    batch_unref(some);
    return all;
failed:
    batch_unref(some);
    batch_unref(all);
    return NULL;
}

static enum err read_group(struct file_read *f, int32_t group, struct batch **out, struct error *e)
{
    int64_t rows = parquet_reader_group_rows(f->parquet, group);
    struct batch *some = NULL;
    enum err rc;

    if (rows >= INT32_MAX)
        return error_set(e, ERR_UNSUPPORTED, "%s has a row group of over 2^31 rows", f->file->path);
    if (f->present.field_count > 0 &&
        (rc = parquet_reader_group(f->parquet, group, f->columns, f->present.field_count, &f->present, &some,
                                   e)) != OK)
        return rc;
    *out = complete(f, some, (int32_t)rows);
    return *out ? OK : error_memory(e, (size_t)rows, "a row group");
}

/* b without its deleted rows. Takes b; NULL when there is no memory. */
static struct batch *live_rows(struct file_read *f, struct batch *b, int64_t first_row)
{
    const struct deleted *d = f->deleted;
    int32_t *rows, count = 0;
    struct batch *live;

    if (d == NULL || f->next >= d->count || d->positions[f->next] >= first_row + b->row_count)
        return b;
    if ((rows = mem_alloc((size_t)b->row_count * sizeof *rows)) == NULL) {
        batch_unref(b);
        return NULL;
    }
    for (int32_t i = 0; i < b->row_count; i++) {
        if (f->next < d->count && d->positions[f->next] == first_row + i)
            f->next++;
        else
            rows[count++] = i;
    }
    live = batch_select(b, rows, count, f->r->budget);
    mem_free(rows);
    batch_unref(b);
    return live;
}

static enum err visit_groups(struct file_read *f, table_visit *visit, void *arg, struct error *e)
{
    int64_t first_row = 0;
    enum err rc = OK;

    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(f->parquet); g++) {
        struct batch *b = NULL;

        if ((rc = read_group(f, g, &b, e)) != OK)
            break;
        if ((b = live_rows(f, b, first_row)) == NULL)
            rc = error_memory(e, 0, "row numbers");
        else if (batch_live(b) > 0)
            rc = visit(arg, f->file, first_row, b, e);
        first_row += parquet_reader_group_rows(f->parquet, g);
        batch_unref(b);
    }
    return rc;
}

static enum err visit_file(struct file_read *f, table_visit *visit, void *arg, struct error *e)
{
    const struct table_reader *r = f->r;
    enum err rc;

    if ((rc = parquet_reader_open(r->table->fs, f->file->path, r->budget, &f->parquet, e)) == OK &&
        (rc = map_columns(f, e)) == OK)
        rc = visit_groups(f, visit, arg, e);
    parquet_reader_free(f->parquet);
    arena_fini(&f->arena);
    return rc;
}

enum err table_reader_visit(struct table_reader *r, int32_t file, table_visit *visit, void *arg,
                            struct error *e)
{
    struct file_read f = {.r = r, .file = &r->data[file]};

    f.deleted = map_get(&r->deletes, slice_text(f.file->path));
    return visit_file(&f, visit, arg, e);
}

enum err table_reader_visit_old(struct table_reader *r, const char *path, table_visit *visit, void *arg,
                                struct error *e)
{
    const struct data_file file = {.path = path};
    struct file_read f = {.r = r, .file = &file};

    return visit_file(&f, visit, arg, e);
}

/* --- delete files --- */

enum err table_reader_visit_deletes(struct table_reader *r, const struct data_file *file, delete_visit *visit,
                                    void *arg, struct error *e)
{
    struct parquet_reader *p = NULL;
    int32_t columns[2];
    enum err rc;

    if (file->content == FILE_EQUALITY_DELETES)
        return error_set(
            e, ERR_UNSUPPORTED,
            "%s: weir does not read equality deletes; compact the table with the engine that wrote them",
            file->path);
    if ((rc = check_format(file, e)) != OK ||
        (rc = parquet_reader_open(r->table->fs, file->path, r->budget, &p, e)) != OK)
        return rc;
    rc = find_delete_columns(p, file->path, columns, e);
    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(p); g++) {
        struct batch *b = NULL;

        if ((rc = parquet_reader_group(p, g, columns, 2, NULL, &b, e)) == OK)
            rc = visit_positions(b, visit, arg, e);
        batch_unref(b);
    }
    parquet_reader_free(p);
    return rc == OK ? OK : error_add(e, rc, "position deletes of %s", file->path);
}
