/* table_reader.c: see table_reader.h. A plan of whole files (scan_plan.h), each read by scan_reader.h. */
#include "iceberg/table_reader.h"
#include "base/mem.h"
#include "iceberg/scan_reader.h"
#include <strings.h>

struct table_reader {
    struct table *table; /* borrowed */
    struct budget *budget;
    const struct schema *schema; /* what is read, borrowed */
    struct arena arena;          /* owned: files */
    struct scan_split *splits;   /* a whole file each */
    int32_t split_count;
    struct scan_deletes *deletes; /* owned */
    int64_t row_count;
};

static struct scan_source source_of(const struct table_reader *r, const struct schema *wanted)
{
    return (struct scan_source){.fs = r->table->fs,
                                .metadata = r->table->metadata,
                                .wanted = wanted,
                                .deletes = r->deletes,
                                .budget = r->budget};
}

/* --- how many rows there are --- */

static enum err add_live(void *arg, UNUSED const struct data_file *file, UNUSED int64_t first_row,
                         struct batch *rows, UNUSED struct error *e)
{
    *(int64_t *)arg += batch_live(rows);
    return OK;
}

static enum err visit_split(const struct scan_source *source, const struct scan_split *split,
                            table_visit *visit, void *arg, struct error *e)
{
    struct scan_reader *reader = NULL;
    struct batch *b = NULL;
    int64_t first_row;
    enum err rc = scan_reader_open(source, split, 0, &reader, e);

    while (rc == OK && (rc = scan_reader_next(reader, &b, &first_row, e)) == OK && b) {
        rc = visit(arg, split->file, first_row, b, e);
        batch_unref(b);
    }
    scan_reader_free(reader);
    return rc;
}

/* Positions tell by themselves how many rows are gone; who deletes by equality must be looked for. */
static enum err count_split(struct table_reader *r, const struct scan_split *split, struct error *e)
{
    static const struct schema nothing = {0, NULL};
    struct scan_source source = source_of(r, &nothing);
    struct file_deletes deletes;
    enum err rc = scan_deletes_open(r->deletes, split, &deletes, e);
    bool by_equality = rc == OK && deletes.set_count > 0;

    if (rc == OK && !by_equality) {
        r->row_count += split->file->record_count;
        for (size_t i = 0; i < deletes.position_count; i++)
            r->row_count -= deletes.positions[i] < split->file->record_count;
    }
    file_deletes_fini(&deletes);
    return by_equality ? visit_split(&source, split, add_live, &r->row_count, e) : rc;
}

static enum err count_rows(struct table_reader *r, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < r->split_count; i++)
        if (r->splits[i].delete_count)
            rc = count_split(r, &r->splits[i], e);
        else
            r->row_count += r->splits[i].file->record_count;
    return rc;
}

/* --- life --- */

enum err table_reader_open(struct table *t, struct budget *budget, struct table_reader **out, struct error *e)
{
    const struct scan_request request = {.fs = t->fs, .metadata = t->metadata};
    const struct metadata *m = t->metadata;
    const struct snapshot *s = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id) : NULL;
    struct table_reader *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a table reader");
    r->table = t;
    r->budget = budget;
    r->schema = m->schema;
    if ((r->deletes = scan_deletes_new(t->fs, m, budget)) == NULL)
        rc = error_memory(e, sizeof *r, "a table reader");
    else if ((rc = scan_plan_snapshot(&request, s, &r->arena, &r->splits, &r->split_count, e)) == OK)
        rc = count_rows(r, e);
    if (rc != OK) {
        table_reader_free(r);
        return rc;
    }
    *out = r;
    return OK;
}

void table_reader_free(struct table_reader *r)
{
    if (r == NULL)
        return;
    scan_deletes_free(r->deletes);
    arena_fini(&r->arena);
    mem_free(r);
}

void table_reader_project(struct table_reader *r, const struct schema *schema)
{
    r->schema = schema;
}

int32_t table_reader_files(const struct table_reader *r)
{
    return r->split_count;
}

const struct data_file *table_reader_file(const struct table_reader *r, int32_t file)
{
    return r->splits[file].file;
}

int64_t table_reader_rows(const struct table_reader *r)
{
    return r->row_count;
}

/* --- rows --- */

enum err table_reader_visit(struct table_reader *r, int32_t file, table_visit *visit, void *arg,
                            struct error *e)
{
    struct scan_source source = source_of(r, r->schema);

    return visit_split(&source, &r->splits[file], visit, arg, e);
}

enum err table_reader_visit_old(struct table_reader *r, const char *path, table_visit *visit, void *arg,
                                struct error *e)
{
    const struct data_file file = {.path = path};
    const struct scan_split split = {.file = &file, .end = SCAN_TO_END};
    struct scan_source source = source_of(r, r->schema);

    source.deletes = NULL;
    return visit_split(&source, &split, visit, arg, e);
}

enum err table_reader_visit_deletes(struct table_reader *r, const struct data_file *file, delete_visit *visit,
                                    void *arg, struct error *e)
{
    assert(file->content == FILE_POSITION_DELETES);
    if (file->format && strcasecmp(file->format, "PARQUET") != 0)
        return error_set(e, ERR_UNSUPPORTED, "%s is of format %s; weir reads parquet", file->path,
                         file->format);
    return scan_deletes_visit(r->table->fs, file->path, r->budget, visit, arg, e);
}
