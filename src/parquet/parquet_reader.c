/* parquet_reader.c: a file being read: its footer, and row groups to batches.
 * The tail of the file is read in one go and mostly holds the whole footer. Of a row group only the chunks
 * that are wanted are read; chunks that lie close together come in one read.
 */
#include "parquet/parquet_reader.h"
#include "base/budget.h"
#include "base/mem.h"
#include "io/fs.h"
#include "parquet/assemble.h"
#include "parquet/parquet_columns.h"

#define TAIL_BYTES ((int64_t)64 << 10)
#define GAP_BYTES  ((int64_t)64 << 10) /* rather read so much for nothing than ask again */
#define READ_BYTES ((int64_t)8 << 20)  /* chunks are joined into reads of up to this */

struct projection {
    struct projection *next;
    const int32_t *columns;
    int32_t count;
    struct schema schema;
};

struct parquet_reader {
    struct fs *fs;         /* borrowed */
    char *path;            /* owned */
    struct budget *budget; /* borrowed, may be NULL */
    int64_t file_bytes;
    struct arena arena; /* everything that the footer says */
    struct meta_file meta;
    struct parquet_columns columns;
    struct value_scratch scratch;
    struct projection *projections; /* schemas made for column subsets, in arena */
};

/* Bytes of the file that are in memory, charged. */
struct window {
    struct bytes bytes;
    int64_t offset;
    size_t charged;
};

/* --- the footer --- */

static enum err corrupt(struct error *e, const char *what)
{
    return error_set(e, ERR_CORRUPT, "it %s", what);
}

static enum err read_window(struct parquet_reader *r, struct window *w, int64_t offset, int64_t len,
                            struct error *e)
{
    enum err rc;

    bytes_clear(&w->bytes);
    if ((size_t)len > w->charged) {
        if (!budget_take(r->budget, (size_t)len - w->charged))
            return error_memory(e, (size_t)len, "a part of a Parquet file");
        w->charged = (size_t)len;
    }
    w->offset = offset;
    if ((rc = fs_read(r->fs, r->path, offset, len, &w->bytes, e)) != OK)
        return rc;
    return w->bytes.failed ? error_memory(e, (size_t)len, "a part of a Parquet file") : OK;
}

static void window_fini(struct parquet_reader *r, struct window *w)
{
    bytes_fini(&w->bytes);
    if (r->budget && w->charged)
        budget_give(r->budget, w->charged);
    w->charged = 0;
}

static enum err find_footer(struct parquet_reader *r, struct window *w, struct slice *footer, struct error *e)
{
    int64_t tail = MIN(r->file_bytes, TAIL_BYTES), len;
    struct slice all, magic;
    struct reader in;
    enum err rc;

    if (r->file_bytes < PARQUET_MAGIC_LEN + PARQUET_TAIL_LEN)
        return corrupt(e, "is too short for a Parquet file");
    if ((rc = read_window(r, w, r->file_bytes - tail, tail, e)) != OK)
        return rc;
    all = bytes_all(&w->bytes);
    magic = slice_from(all, all.len - PARQUET_MAGIC_LEN);
    if (slice_is(magic, "PARE"))
        return error_set(e, ERR_UNSUPPORTED, "it is encrypted, which weir does not read");
    if (!slice_is(magic, PARQUET_MAGIC))
        return corrupt(e, "does not end as a Parquet file does");
    in = reader_of(slice_from(all, all.len - PARQUET_TAIL_LEN));
    len = reader_le32(&in);
    if (len > r->file_bytes - PARQUET_MAGIC_LEN - PARQUET_TAIL_LEN)
        return corrupt(e, "has a footer longer than itself");
    if (len + PARQUET_TAIL_LEN > tail) {
        if ((rc = read_window(r, w, r->file_bytes - PARQUET_TAIL_LEN - len, len, e)) != OK)
            return rc;
        *footer = bytes_all(&w->bytes);
        return OK;
    }
    *footer = slice_of(all.ptr + all.len - PARQUET_TAIL_LEN - (size_t)len, (size_t)len);
    return OK;
}

/* What the footer says of row groups must fit the file and the schema. */
static enum err check_groups(const struct parquet_reader *r, struct error *e)
{
    int64_t rows = 0;

    for (int32_t i = 0; i < r->meta.group_count; i++) {
        const struct meta_group *g = &r->meta.groups[i];

        if (g->row_count < 0 || g->row_count > r->meta.row_count - rows)
            return error_set(e, ERR_CORRUPT,
                             "row group %" PRId32 " has %" PRId64 " rows, which the file has not", i,
                             g->row_count);
        if (g->chunk_count != r->columns.leaf_count)
            return error_set(e, ERR_CORRUPT,
                             "row group %" PRId32 " has %" PRId32 " columns, the schema %" PRId32, i,
                             g->chunk_count, r->columns.leaf_count);
        rows += g->row_count;
    }
    if (rows != r->meta.row_count)
        return error_set(e, ERR_CORRUPT, "its row groups have %" PRId64 " rows, the footer says %" PRId64,
                         rows, r->meta.row_count);
    return OK;
}

static enum err read_footer(struct parquet_reader *r, struct error *e)
{
    struct window w = {0};
    struct fs_info info;
    struct slice footer;
    enum err rc;

    if ((rc = fs_stat(r->fs, r->path, &info, e)) != OK)
        goto out;
    r->file_bytes = info.size;
    if ((rc = find_footer(r, &w, &footer, e)) != OK ||
        (rc = meta_read_footer(&r->arena, footer, &r->meta, e)) != OK)
        goto out;
    if (r->meta.encrypted)
        rc = error_set(e, ERR_UNSUPPORTED, "it is encrypted, which weir does not read");
    else if ((rc = parquet_columns_init(&r->columns, &r->arena, &r->meta, e)) == OK)
        rc = check_groups(r, e);
out:
    window_fini(r, &w);
    return rc;
}

enum err parquet_reader_open(struct fs *fs, const char *path, struct budget *budget,
                             struct parquet_reader **out, struct error *e)
{
    struct parquet_reader *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a Parquet reader");
    r->fs = fs;
    r->budget = budget;
    arena_init(&r->arena, budget);
    value_scratch_init(&r->scratch, budget);
    r->path = mem_strdup(path);
    rc = r->path ? read_footer(r, e) : error_memory(e, strlen(path), "a Parquet reader");
    if (rc != OK) {
        parquet_reader_free(r);
        return error_add(e, rc, "reading the Parquet file %s", path);
    }
    *out = r;
    return OK;
}

void parquet_reader_free(struct parquet_reader *r)
{
    if (r == NULL)
        return;
    value_scratch_fini(&r->scratch);
    arena_fini(&r->arena);
    mem_free(r->path);
    mem_free(r);
}

const struct schema *parquet_reader_schema(const struct parquet_reader *r)
{
    return r->columns.schema;
}

int64_t parquet_reader_rows(const struct parquet_reader *r)
{
    return r->meta.row_count;
}

int32_t parquet_reader_groups(const struct parquet_reader *r)
{
    return r->meta.group_count;
}

int64_t parquet_reader_group_rows(const struct parquet_reader *r, int32_t group)
{
    assert(group >= 0 && group < r->meta.group_count);
    return r->meta.groups[group].row_count;
}

const char *parquet_reader_metadata(const struct parquet_reader *r, const char *key)
{
    for (int32_t i = 0; i < r->meta.pair_count; i++)
        if (strcmp(r->meta.pairs[i].key, key) == 0)
            return r->meta.pairs[i].value;
    return NULL;
}

/* --- row groups --- */

/* A row group on its way into a batch. */
struct group_read {
    struct parquet_reader *r;
    const struct meta_group *group;
    const int32_t *columns; /* NULL: all */
    int32_t column_count;
    struct batch *batch;
    struct window window;
};

static int32_t column_number(const int32_t *columns, int32_t nth)
{
    return columns ? columns[nth] : nth;
}

/* The schema of those columns, made once for each set of them. NULL when there is no memory. */
static const struct schema *project(struct parquet_reader *r, const int32_t *columns, int32_t count)
{
    const struct schema *own = r->columns.schema;
    struct projection *p;
    struct field *fields;

    if (columns == NULL)
        return own;
    for (p = r->projections; p; p = p->next)
        if (p->count == count &&
            (count == 0 || memcmp(p->columns, columns, (size_t)count * sizeof *columns) == 0))
            return &p->schema;
    p = ARENA_NEW(&r->arena, struct projection);
    fields = ARENA_ARRAY(&r->arena, struct field, count);
    if (p)
        p->columns = arena_copy(&r->arena, columns, (size_t)count * sizeof *columns);
    if (r->arena.failed) {
        r->arena.failed = false; /* the footer in it is whole; the next call may have more luck */
        return NULL;
    }
    for (int32_t i = 0; i < count; i++)
        fields[i] = own->fields[columns[i]];
    p->count = count;
    p->schema = (struct schema){count, fields};
    p->next = r->projections;
    r->projections = p;
    return &p->schema;
}

static int64_t chunk_start(const struct meta_chunk *c)
{
    bool dictionary = c->dictionary_offset > 0 && c->dictionary_offset < c->data_offset;

    return dictionary ? c->dictionary_offset : c->data_offset;
}

int64_t parquet_reader_group_offset(const struct parquet_reader *r, int32_t group)
{
    const struct meta_group *g = &r->meta.groups[group];

    assert(group >= 0 && group < r->meta.group_count);
    return g->chunk_count ? chunk_start(&g->chunks[0]) : 0;
}

static enum err check_chunk(const struct group_read *g, const struct meta_chunk *c,
                            const struct parquet_column *leaf, struct error *e)
{
    int64_t start = chunk_start(c), end = g->r->file_bytes - PARQUET_TAIL_LEN;

    if (c->elsewhere)
        return error_set(e, ERR_UNSUPPORTED, "its values lie in another file");
    if (c->encrypted)
        return error_set(e, ERR_UNSUPPORTED, "it is encrypted, which weir does not read");
    if (c->value_count == 0 && g->group->row_count == 0)
        return OK; /* nothing to read; writers put anything there */
    if (start < PARQUET_MAGIC_LEN || start > end || c->compressed_bytes < 0 ||
        c->compressed_bytes > end - start)
        return error_set(e, ERR_CORRUPT, "its %" PRId64 " bytes at %" PRId64 " are not within the file",
                         c->compressed_bytes, start);
    if (leaf->rep == 0 && c->value_count != g->group->row_count)
        return error_set(e, ERR_CORRUPT, "it has %" PRId64 " values, the row group %" PRId64 " rows",
                         c->value_count, g->group->row_count);
    return OK;
}

/* How far one read should go that begins with leaf `first` of the nth wanted column: over all wanted chunks
 * that follow closely. */
static int64_t read_end(const struct group_read *g, int32_t nth, int32_t first)
{
    int64_t start = chunk_start(&g->group->chunks[first]),
            end = start + g->group->chunks[first].compressed_bytes;

    for (; nth < g->column_count; nth++) {
        const struct parquet_column *column = &g->r->columns.columns[column_number(g->columns, nth)];

        for (int32_t i = column->first_leaf; i < column->first_leaf + column->leaf_count; i++) {
            const struct meta_chunk *c = &g->group->chunks[i];
            int64_t at = chunk_start(c);

            if (i == first || at < end)
                continue;
            if (c->compressed_bytes < 0 || at - end > GAP_BYTES || at - start > READ_BYTES ||
                c->compressed_bytes > READ_BYTES - (at - start) ||
                at + c->compressed_bytes > g->r->file_bytes)
                return end;
            end = at + c->compressed_bytes;
        }
    }
    return end;
}

static enum err load_chunk(struct group_read *g, int32_t nth, int32_t leaf, struct slice *out,
                           struct error *e)
{
    const struct meta_chunk *c = &g->group->chunks[leaf];
    int64_t start = chunk_start(c), from = g->window.offset;
    enum err rc;

    *out = (struct slice){NULL, 0};
    if (c->value_count == 0)
        return OK;
    if (start < from || start + c->compressed_bytes > from + (int64_t)g->window.bytes.len) {
        int64_t end = read_end(g, nth, leaf);

        if ((rc = read_window(g->r, &g->window, start, end - start, e)) != OK)
            return rc;
        from = start;
    }
    *out = slice_of(g->window.bytes.ptr + (start - from), (size_t)c->compressed_bytes);
    return OK;
}

/* The wanted type of the leaves of a column, in their order. */
static const struct type *wanted_leaf(const struct parquet_column *column, const struct type *wanted,
                                      int32_t leaf)
{
    if (column->element)
        return wanted;
    for (int32_t i = 0; i < column->child_count; i++) {
        const struct parquet_column *child = &column->children[i];

        if (leaf < child->first_leaf + child->leaf_count)
            return wanted_leaf(child, wanted->fields[i].type, leaf);
    }
    assert(false); /* a leaf lies under its column */
    return NULL;
}

static enum err read_leaves(struct group_read *g, int32_t nth, const struct parquet_column *column,
                            struct leaf_data *leaves, struct error *e)
{
    struct parquet_reader *r = g->r;
    enum err rc = OK;

    for (int32_t i = 0; i < column->leaf_count && rc == OK; i++) {
        int32_t number = column->first_leaf + i;
        const struct parquet_column *leaf = r->columns.leaves[number];
        const struct type *wanted = wanted_leaf(column, g->batch->columns[nth].type, number);
        struct slice bytes;

        if ((rc = check_chunk(g, &g->group->chunks[number], leaf, e)) != OK ||
            (rc = load_chunk(g, nth, number, &bytes, e)) != OK ||
            (rc = chunk_read(leaf, &g->group->chunks[number], bytes, wanted, g->batch, &r->scratch,
                             &leaves[i], e)) != OK)
            error_add(e, rc, "column %s", leaf->name);
    }
    return rc;
}

static enum err read_column(struct group_read *g, int32_t nth, struct error *e)
{
    const struct parquet_column *column = &g->r->columns.columns[column_number(g->columns, nth)];
    struct column *to = &g->batch->columns[nth];
    size_t byte_count = (size_t)column->leaf_count * sizeof(struct leaf_data);
    struct leaf_data *leaves;
    enum err rc;

    if ((rc = parquet_column_check(column, to->type, e)) != OK)
        return rc;
    if ((leaves = mem_zalloc(byte_count)) == NULL)
        return error_memory(e, byte_count, "a column of a Parquet file");
    for (int32_t i = 0; i < column->leaf_count; i++)
        leaf_data_init(&leaves[i], g->r->budget);
    if ((rc = read_leaves(g, nth, column, leaves, e)) == OK)
        rc = assemble(column, leaves, g->batch->row_count, g->batch, to, e);
    for (int32_t i = 0; i < column->leaf_count; i++)
        leaf_data_fini(&leaves[i]);
    mem_free(leaves);
    return rc;
}

enum err parquet_reader_group(struct parquet_reader *r, int32_t group, const int32_t *columns,
                              int32_t column_count, const struct schema *schema, struct batch **out,
                              struct error *e)
{
    struct group_read g = {
        .r = r, .columns = columns, .column_count = columns ? column_count : r->columns.column_count};
    enum err rc = OK;

    assert(group >= 0 && group < r->meta.group_count);
    for (int32_t i = 0; i < g.column_count; i++)
        assert(column_number(columns, i) >= 0 && column_number(columns, i) < r->columns.column_count);
    g.group = &r->meta.groups[group];
    if (g.group->row_count > INT32_MAX - 1)
        return error_set(e, ERR_UNSUPPORTED, "row group %" PRId32 " of %s has over 2^31 rows", group,
                         r->path);
    if (schema == NULL)
        schema = project(r, columns, g.column_count);
    assert(schema == NULL || schema->field_count == g.column_count);
    if (schema == NULL || (g.batch = batch_new(schema, r->budget)) == NULL)
        return error_memory(e, sizeof *g.batch, "a batch");
    g.batch->row_count = (int32_t)g.group->row_count;
    for (int32_t i = 0; i < g.column_count && rc == OK; i++)
        rc = read_column(&g, i, e);
    window_fini(r, &g.window);
    if (rc != OK) {
        batch_unref(g.batch);
        return error_add(e, rc, "reading row group %" PRId32 " of the Parquet file %s", group, r->path);
    }
    *out = g.batch;
    return OK;
}
