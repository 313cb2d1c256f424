/* parquet_writer.c: a file in the making: its columns, its row groups, its footer.
 *
 *   add:    rows -> shred -> a chunk per leaf          (chunk_writer.c)
 *   full:   chunks -> file, their metadata kept encoded until the footer is written
 *   finish: the last row group, page indexes, footer
 */
#include "parquet/parquet_writer.h"
#include "base/budget.h"
#include "base/mem.h"
#include "io/fs.h"
#include "parquet/chunk_meta.h"

#define ROW_GROUP_BYTES  ((int64_t)128 << 20)
#define PAGE_BYTES       (1 << 20)
#define PAGE_ROWS        20000
#define DICTIONARY_BYTES (2 << 20)
#define BOUNDS_LENGTH    16
#define ADD_ROWS         8192                /* rows taken through all columns at a time */
#define OUT_BYTES        ((size_t)256 << 10) /* collected before they are written */
#define FOOTER_BASE      512                 /* guesses for parquet_writer_bytes */
#define FOOTER_CHUNK     256
#define CREATED_BY       "weir version " WEIR_VERSION

/* A column chunk that lies in the file: where its encoded metadata and page index are, in `kept`. */
struct chunk_record {
    size_t meta, meta_len;
    size_t offsets, offsets_len;   /* OffsetIndex */
    size_t bounds, bounds_len;     /* ColumnIndex; len 0: none */
    int64_t offsets_at, bounds_at; /* in the file, once written */
};

struct group_record {
    int64_t first_offset, uncompressed_bytes, compressed_bytes, row_count;
};

struct parquet_writer {
    const struct schema *schema;    /* borrowed */
    struct parquet_options options; /* with the defaults filled in; texts are in arena */
    struct fs_file *file;           /* borrowed */
    struct budget *budget;          /* borrowed, may be NULL */
    struct arena arena;
    struct parquet_layout layout;
    struct chunk *chunks; /* layout.leaf_count of them, in arena */
    struct chunk_shared shared;
    struct shredder *shredder; /* owned */
    struct pbuf rows;          /* 0, 1, 2, ... for batches added whole */
    struct pbuf out;           /* what is not written yet */
    int64_t offset;            /* of the end of out in the file */
    int64_t group_rows, row_count;
    int64_t open_bytes; /* of the open row group, about */
    struct pbuf kept;   /* Thrift structs for the end of the file */
    struct pbuf chunk_records, group_records;
    struct bytes encoded; /* one Thrift struct */
    enum err broken;      /* the failure after which nothing more is taken */
    bool finished;
    struct parquet_column_stats *stats; /* in arena */
    int64_t *group_offsets;             /* in arena */
};

/* --- beginning and end of life --- */

static enum parquet_compression compression_of(enum parquet_codec codec)
{
    static const enum parquet_compression kinds[] = {
        [PARQUET_NONE] = COMPRESSION_NONE,       [PARQUET_SNAPPY] = COMPRESSION_SNAPPY,
        [PARQUET_GZIP] = COMPRESSION_GZIP,       [PARQUET_ZSTD] = COMPRESSION_ZSTD,
        [PARQUET_LZ4_RAW] = COMPRESSION_LZ4_RAW,
    };

    assert((size_t)codec < COUNT_OF(kinds));
    return kinds[codec];
}

static enum err check_options(const struct parquet_options *o, struct error *e)
{
    int most = o->codec == PARQUET_GZIP ? 9 : o->codec == PARQUET_ZSTD ? 22 : 0;

    if (o->row_group_bytes < 0 || o->page_bytes < 0 || o->page_rows < 0 || o->dictionary_bytes < -1 ||
        o->bounds_length < 0)
        return error_set(e, ERR_CONFIG, "a size in the options of a Parquet file is negative");
    if (most && (o->level < 0 || o->level > most))
        return error_set(e, ERR_CONFIG, "level %" PRId32 " of Parquet's codec %s is not within 0 and %d",
                         o->level, page_codec_name((int)compression_of(o->codec)), most);
    return OK;
}

static void copy_options(struct parquet_writer *w, const struct parquet_options *from)
{
    struct parquet_options *o = &w->options;
    const char **metadata = NULL;
    size_t n = 0;

    *o = *from;
    o->row_group_bytes = o->row_group_bytes ? o->row_group_bytes : ROW_GROUP_BYTES;
    o->page_bytes = o->page_bytes ? o->page_bytes : PAGE_BYTES;
    o->page_rows = o->page_rows ? o->page_rows : PAGE_ROWS;
    o->dictionary_bytes = o->dictionary_bytes ? o->dictionary_bytes : DICTIONARY_BYTES;
    o->bounds_length = o->bounds_length ? o->bounds_length : BOUNDS_LENGTH;
    o->created_by = arena_strdup(&w->arena, o->created_by ? o->created_by : CREATED_BY);
    while (from->metadata && from->metadata[n])
        n++;
    assert(n % 2 == 0);
    metadata = ARENA_ARRAY(&w->arena, const char *, n + 1);
    for (size_t i = 0; metadata && i < n; i++)
        metadata[i] = arena_strdup(&w->arena, from->metadata[i]);
    o->metadata = metadata;
    w->shared = (struct chunk_shared){
        .budget = w->budget,
        .page_bytes = o->page_bytes,
        .page_rows = o->page_rows,
        .dictionary_bytes = o->dictionary_bytes,
        .bounds_length = o->bounds_length,
        .delta = o->delta,
        .hints = o->hints,
        .codec = {.kind = compression_of(o->codec), .level = o->level},
    };
    pbuf_init(&w->shared.wide, w->budget);
    pbuf_init(&w->shared.body, w->budget);
    pbuf_init(&w->shared.packed, w->budget);
}

static void put(struct parquet_writer *w, struct slice s)
{
    pbuf_append(&w->out, s.ptr, s.len);
    w->offset += (int64_t)s.len;
}

enum err parquet_writer_new(const struct schema *schema, const struct parquet_options *options,
                            struct fs_file *file, struct budget *budget, struct parquet_writer **out,
                            struct error *e)
{
    struct parquet_writer *w;
    enum err rc = check_options(options, e);

    if (rc != OK)
        return rc;
    if ((w = mem_zalloc(sizeof *w)) == NULL)
        return error_memory(e, sizeof *w, "a Parquet file");
    w->schema = schema;
    w->file = file;
    w->budget = budget;
    arena_init(&w->arena, budget);
    pbuf_init(&w->rows, budget);
    pbuf_init(&w->out, budget);
    pbuf_init(&w->kept, budget);
    pbuf_init(&w->chunk_records, budget);
    pbuf_init(&w->group_records, budget);
    copy_options(w, options);
    if ((rc = parquet_layout_init(&w->layout, &w->arena, schema, e)) != OK)
        goto failed;
    w->chunks = ARENA_ARRAY(&w->arena, struct chunk, w->layout.leaf_count);
    w->stats = ARENA_ARRAY(&w->arena, struct parquet_column_stats, w->layout.leaf_count);
    for (int32_t i = 0; w->chunks && i < w->layout.leaf_count; i++)
        chunk_init(&w->chunks[i], &w->layout.leaves[i], i, &w->shared);
    w->shredder = shredder_new(budget);
    put(w, slice_text(PARQUET_MAGIC));
    if (w->arena.failed || w->shredder == NULL || w->out.failed) {
        rc = error_memory(e, sizeof *w, "a Parquet file");
        goto failed;
    }
    *out = w;
    return OK;
failed:
    parquet_writer_free(w);
    return rc;
}

void parquet_writer_free(struct parquet_writer *w)
{
    if (w == NULL)
        return;
    for (int32_t i = 0; w->chunks && i < w->layout.leaf_count; i++)
        chunk_fini(&w->chunks[i]);
    chunk_shared_fini(&w->shared);
    shredder_free(w->shredder);
    pbuf_fini(&w->rows);
    pbuf_fini(&w->out);
    pbuf_fini(&w->kept);
    pbuf_fini(&w->chunk_records);
    pbuf_fini(&w->group_records);
    bytes_fini(&w->encoded);
    arena_fini(&w->arena);
    mem_free(w);
}

static enum err out_of_memory(struct error *e)
{
    return error_memory(e, 0, "a Parquet file being written");
}

/* --- row groups --- */

static enum err write_out(struct parquet_writer *w, size_t more_than, struct error *e)
{
    enum err rc;

    if (w->out.failed)
        return out_of_memory(e);
    if (w->out.len <= more_than)
        return OK;
    rc = fs_write(w->file, pbuf_all(&w->out), e);
    w->out.len = 0;
    return rc;
}

/* Small pieces are collected, large ones go out as they are. */
static enum err put_chunk(struct parquet_writer *w, struct slice s, struct error *e)
{
    enum err rc;

    if (s.len < OUT_BYTES) {
        put(w, s);
        return write_out(w, OUT_BYTES, e);
    }
    if ((rc = write_out(w, 0, e)) != OK)
        return rc;
    w->offset += (int64_t)s.len;
    return fs_write(w->file, s, e);
}

/* The bytes of w->encoded into w->kept. */
static size_t keep_encoded(struct parquet_writer *w, size_t *at)
{
    size_t len = w->encoded.len;

    *at = w->kept.len;
    pbuf_append(&w->kept, w->encoded.ptr, len);
    w->kept.failed |= w->encoded.failed;
    bytes_clear(&w->encoded);
    return len;
}

static enum err end_chunk(struct parquet_writer *w, struct chunk *c, struct group_record *group,
                          struct error *e)
{
    struct thrift_writer t = {.out = &w->encoded};
    struct chunk_record record = {0};
    int64_t first_offset = w->offset;
    enum err rc;

    if ((rc = chunk_finish(c, e)) != OK || (rc = put_chunk(w, pbuf_all(&c->dictionary_page), e)) != OK ||
        (rc = put_chunk(w, pbuf_all(&c->pages), e)) != OK)
        return rc;
    group->uncompressed_bytes += c->uncompressed_bytes;
    chunk_meta_write(c, first_offset, &t);
    record.meta_len = keep_encoded(w, &record.meta);
    chunk_meta_column_index(c, &t);
    record.bounds_len = keep_encoded(w, &record.bounds);
    chunk_meta_offset_index(c, first_offset, &t);
    record.offsets_len = keep_encoded(w, &record.offsets);
    pbuf_append(&w->chunk_records, &record, sizeof record);
    chunk_next(c);
    return w->kept.failed || w->chunk_records.failed ? out_of_memory(e) : OK;
}

static enum err end_group(struct parquet_writer *w, struct error *e)
{
    struct group_record group = {.first_offset = w->offset, .row_count = w->group_rows};
    enum err rc;

    if (w->group_rows == 0)
        return OK;
    for (int32_t i = 0; i < w->layout.leaf_count; i++)
        if ((rc = end_chunk(w, &w->chunks[i], &group, e)) != OK)
            return rc;
    group.compressed_bytes = w->offset - group.first_offset;
    pbuf_append(&w->group_records, &group, sizeof group);
    w->row_count += w->group_rows;
    w->group_rows = 0;
    w->open_bytes = 0;
    return w->group_records.failed ? out_of_memory(e) : OK;
}

/* --- adding --- */

static enum err add_leaf(void *arg, int32_t index, const struct leaf_rows *rows, struct error *e)
{
    return chunk_add((struct chunk *)arg + index, rows, e);
}

/* Every row is looked at before any is taken, so that a row that lacks a value leaves the file as it was. */
static enum err check_rows(struct parquet_writer *w, const struct batch *b, const int32_t *rows,
                           int32_t count, struct error *e)
{
    for (int32_t i = 0; i < w->schema->field_count; i++) {
        enum err rc;

        assert(b->columns[i].type->kind == w->schema->fields[i].type->kind);
        if (!shred_needs_check(&w->schema->fields[i], &b->columns[i]))
            continue;
        if ((rc = shred(w->shredder, &w->schema->fields[i], &b->columns[i], rows, count, NULL, NULL, e)) !=
            OK)
            return rc;
    }
    return OK;
}

static enum err add_rows(struct parquet_writer *w, const struct batch *b, const int32_t *rows, int32_t count,
                         struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < w->schema->field_count; i++) {
        struct chunk *chunks = &w->chunks[w->layout.first[i]];

        if ((rc = shred(w->shredder, &w->schema->fields[i], &b->columns[i], rows, count, add_leaf, chunks,
                        e)) != OK)
            return rc;
    }
    w->group_rows += count;
    w->open_bytes = 0;
    for (int32_t i = 0; i < w->layout.leaf_count; i++)
        w->open_bytes += chunk_bytes(&w->chunks[i]);
    return w->open_bytes >= w->options.row_group_bytes ? end_group(w, e) : OK;
}

/* The row numbers of a batch that is added whole. */
static const int32_t *all_rows(struct parquet_writer *w, int32_t count)
{
    int32_t *rows = (int32_t *)(void *)w->rows.ptr;
    size_t have = w->rows.len / sizeof *rows;

    if ((size_t)count <= have)
        return rows;
    if (pbuf_reserve(&w->rows, ((size_t)count - have) * sizeof *rows) == NULL)
        return NULL;
    rows = (int32_t *)(void *)w->rows.ptr;
    for (size_t i = have; i < (size_t)count; i++)
        rows[i] = (int32_t)i;
    w->rows.len = (size_t)count * sizeof *rows;
    return rows;
}

static enum err usable(const struct parquet_writer *w, struct error *e)
{
    assert(!w->finished);
    return w->broken ? error_set(e, w->broken, "the Parquet file was given up after an earlier failure") : OK;
}

enum err parquet_writer_add(struct parquet_writer *w, const struct batch *b, const int32_t *rows,
                            int32_t count, struct error *e)
{
    enum err rc = usable(w, e);

    assert(b->schema->field_count == w->schema->field_count);
    if (rc != OK)
        return rc;
    if (rows == NULL) {
        count = batch_live(b);
        rows = b->selection ? b->selection : all_rows(w, count);
    }
    if (count == 0)
        return OK;
    if (rows == NULL)
        return w->broken = out_of_memory(e);
    if ((rc = check_rows(w, b, rows, count, e)) != OK)
        return rc;
    for (int32_t at = 0; at < count && rc == OK; at += ADD_ROWS)
        rc = add_rows(w, b, rows + at, MIN(count - at, ADD_ROWS), e);
    return w->broken = rc;
}

int64_t parquet_writer_bytes(const struct parquet_writer *w)
{
    if (w->finished)
        return w->offset;
    return w->offset + w->open_bytes + FOOTER_BASE + (int64_t)w->kept.len +
           (int64_t)w->layout.leaf_count * FOOTER_CHUNK;
}

/* --- the end of the file --- */

static struct slice kept(const struct parquet_writer *w, size_t at, size_t len)
{
    return slice_of(w->kept.ptr + at, len);
}

/* Page indexes lie together before the footer, so that a planner reads them at once. */
static void put_indexes(struct parquet_writer *w)
{
    struct chunk_record *records = (void *)w->chunk_records.ptr;
    size_t count = w->chunk_records.len / sizeof *records;

    for (size_t i = 0; i < count; i++) {
        records[i].bounds_at = w->offset;
        put(w, kept(w, records[i].bounds, records[i].bounds_len));
    }
    for (size_t i = 0; i < count; i++) {
        records[i].offsets_at = w->offset;
        put(w, kept(w, records[i].offsets, records[i].offsets_len));
    }
}

static void write_column_chunk(struct parquet_writer *w, const struct chunk_record *r,
                               struct thrift_writer *t)
{
    thrift_begin(t);
    thrift_put_i64(t, 2, 0);
    thrift_put_encoded(t, 3, kept(w, r->meta, r->meta_len));
    thrift_put_i64(t, 4, r->offsets_at);
    thrift_put_i32(t, 5, (int32_t)r->offsets_len);
    if (r->bounds_len) {
        thrift_put_i64(t, 6, r->bounds_at);
        thrift_put_i32(t, 7, (int32_t)r->bounds_len);
    }
    thrift_end(t);
}

static void write_groups(struct parquet_writer *w, struct thrift_writer *t)
{
    const struct group_record *groups = (const void *)w->group_records.ptr;
    const struct chunk_record *records = (const void *)w->chunk_records.ptr;
    size_t count = w->group_records.len / sizeof *groups;

    thrift_put_list(t, 4, THRIFT_STRUCT, count);
    for (size_t i = 0; i < count; i++) {
        thrift_begin(t);
        thrift_put_list(t, 1, THRIFT_STRUCT, (size_t)w->layout.leaf_count);
        for (int32_t k = 0; k < w->layout.leaf_count; k++)
            write_column_chunk(w, records++, t);
        thrift_put_i64(t, 2, groups[i].uncompressed_bytes);
        thrift_put_i64(t, 3, groups[i].row_count);
        thrift_put_i64(t, 5, groups[i].first_offset);
        thrift_put_i64(t, 6, groups[i].compressed_bytes);
        if (i <= INT16_MAX)
            thrift_put_i16(t, 7, (int16_t)i);
        thrift_end(t);
    }
}

static void write_metadata(const struct parquet_writer *w, struct thrift_writer *t)
{
    const char *const *metadata = w->options.metadata;
    size_t count = 0;

    while (metadata[count])
        count++;
    if (count == 0)
        return;
    thrift_put_list(t, 5, THRIFT_STRUCT, count / 2);
    for (size_t i = 0; i < count; i += 2) {
        thrift_begin(t);
        thrift_put_binary(t, 1, slice_text(metadata[i]));
        thrift_put_binary(t, 2, slice_text(metadata[i + 1]));
        thrift_end(t);
    }
}

static enum err put_footer(struct parquet_writer *w, struct error *e)
{
    struct thrift_writer t = {.out = &w->encoded};

    thrift_begin(&t);
    thrift_put_i32(&t, 1, 1);
    parquet_layout_write(&w->layout, &t, 2);
    thrift_put_i64(&t, 3, w->row_count);
    write_groups(w, &t);
    write_metadata(w, &t);
    thrift_put_binary(&t, 6, slice_text(w->options.created_by));
    thrift_put_list(&t, 7, THRIFT_STRUCT, (size_t)w->layout.leaf_count);
    for (int32_t i = 0; i < w->layout.leaf_count; i++) {
        thrift_begin(&t);
        thrift_put_struct(&t, 1); /* the order that the type defines */
        thrift_end(&t);
        thrift_end(&t);
    }
    thrift_end(&t);
    if (w->encoded.failed)
        return out_of_memory(e);
    if (w->encoded.len > INT32_MAX)
        return error_set(e, ERR_UNSUPPORTED,
                         "the footer of a Parquet file is over 2 GiB; use larger row groups");
    put(w, bytes_all(&w->encoded));
    pbuf_le32(&w->out, (uint32_t)w->encoded.len);
    w->offset += sizeof(uint32_t);
    put(w, slice_text(PARQUET_MAGIC));
    return write_out(w, 0, e);
}

static void sum_up_column(struct parquet_writer *w, const struct chunk *c, struct parquet_column_stats *out)
{
    bool exact;

    *out = (struct parquet_column_stats){
        .field_id = c->leaf->field_id,
        .size_bytes = c->file_bytes,
        .value_count = c->file_values,
        .null_count = c->file_nulls,
        .nan_count = c->leaf->order == ORDER_FLOAT ? c->file_nans : -1,
        .has_bounds = c->file_bounds.any && c->leaf->max_rep == 0,
    };
    if (!out->has_bounds)
        return;
    bytes_clear(&w->encoded);
    bounds_write(&c->file_bounds, c->leaf, false, BOUNDS_ICEBERG, w->options.bounds_length, &w->encoded,
                 &exact);
    out->lower = arena_slice(&w->arena, bytes_all(&w->encoded));
    bytes_clear(&w->encoded);
    bounds_write(&c->file_bounds, c->leaf, true, BOUNDS_ICEBERG, w->options.bounds_length, &w->encoded,
                 &exact);
    out->upper = arena_slice(&w->arena, bytes_all(&w->encoded));
    w->arena.failed |= w->encoded.failed;
}

static enum err sum_up(struct parquet_writer *w, struct parquet_summary *out, struct error *e)
{
    const struct group_record *groups = (const void *)w->group_records.ptr;
    int32_t count = (int32_t)(w->group_records.len / sizeof *groups);

    w->group_offsets = ARENA_ARRAY(&w->arena, int64_t, count + 1);
    for (int32_t i = 0; w->group_offsets && i < count; i++)
        w->group_offsets[i] = groups[i].first_offset;
    for (int32_t i = 0; i < w->layout.leaf_count; i++)
        sum_up_column(w, &w->chunks[i], &w->stats[i]);
    *out = (struct parquet_summary){
        .row_count = w->row_count,
        .file_bytes = w->offset,
        .column_count = w->layout.leaf_count,
        .columns = w->stats,
        .row_group_count = count,
        .row_group_offsets = w->group_offsets,
    };
    return w->arena.failed ? out_of_memory(e) : OK;
}

enum err parquet_writer_finish(struct parquet_writer *w, struct parquet_summary *summary, struct error *e)
{
    enum err rc = usable(w, e);

    if (rc != OK)
        return rc;
    if ((rc = end_group(w, e)) == OK) {
        put_indexes(w);
        rc = put_footer(w, e);
    }
    if (rc == OK)
        rc = sum_up(w, summary, e);
    w->finished = rc == OK;
    return w->broken = rc;
}
