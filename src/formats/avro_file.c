/* avro_file.c: Avro object container files, whole ones in memory.
 *
 *   | "Obj" 1 | map of metadata: avro.schema, avro.codec, ... | sync 16 |
 *   | row count | byte count | rows, packed by the codec | sync 16 |      a block, any number of times
 *
 * Source: Avro specification 1.11, "Object Container Files".
 */
#include "formats/avro_codec.h"
#include "formats/avro_schema.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#define SYNC_BYTES  16
#define MAGIC       SLICE("Obj\x01")
#define BLOCK_BYTES ((size_t)64 << 10) /* of rows, before a block is closed */
#define EMPTY_ROWS  (1 << 16)          /* rows of no bytes that a file may have */

/* --- reading --- */

struct file {
    struct reader in;
    struct slice sync, schema, codec;
    const struct avro_packer *packer;
    int64_t block; /* number of the one being read, for errors */
    int32_t empty_rows;
    struct builder *builder;
    const struct avro_plan *plan;
    struct error *e;
};

/* An unpacked block: the batch's values point into it. */
struct unpacked {
    struct keep keep;
    struct bytes bytes;
};

static enum err corrupt(struct file *f, const char *what)
{
    return error_set(f->e, ERR_CORRUPT, "%s", what);
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "an Avro file");
}

static struct slice read_bytes(struct reader *r)
{
    int64_t len = reader_zigzag(r);

    return reader_bytes(r, len < 0 ? SIZE_MAX : (size_t)len);
}

static enum err read_entry(struct file *f, struct arena *arena, struct map *metadata)
{
    struct slice key = read_bytes(&f->in), value = read_bytes(&f->in);
    const char *text;

    if (f->in.failed)
        return corrupt(f, "the header ends too early");
    if (slice_is(key, "avro.schema"))
        f->schema = value;
    if (slice_is(key, "avro.codec"))
        f->codec = value;
    if (metadata == NULL)
        return OK;
    if ((text = arena_text(arena, value)) == NULL || !map_put(metadata, key, (void *)(uintptr_t)text))
        return no_memory(f->e);
    return OK;
}

static enum err read_header(struct file *f, struct arena *arena, struct map *metadata)
{
    int64_t count;
    enum err rc;

    if (!slice_equal(reader_bytes(&f->in, MAGIC.len), MAGIC))
        return corrupt(f, "this is no Avro container file: it does not begin with `Obj` and 1");
    while ((count = reader_zigzag(&f->in)) != 0) {
        if (count < 0)
            reader_zigzag(&f->in); /* the block's size, which we need not know */
        for (; count != 0; count += count < 0 ? 1 : -1)
            if ((rc = read_entry(f, arena, metadata)) != OK)
                return rc;
    }
    f->sync = reader_bytes(&f->in, SYNC_BYTES);
    if (f->in.failed)
        return corrupt(f, "the header ends too early");
    if (f->schema.ptr == NULL)
        return corrupt(f, "the header has no avro.schema");
    f->packer = avro_codec_find(f->codec.len ? f->codec : SLICE("null"));
    if (f->packer == NULL)
        return error_set(f->e, ERR_UNSUPPORTED,
                         "codec `%.*s` is not supported: only null, deflate, snappy and zstandard",
                         (int)MIN(f->codec.len, 40), f->codec.ptr);
    return OK;
}

static void free_unpacked(struct keep *k)
{
    struct unpacked *u = CONTAINER_OF(k, struct unpacked, keep);

    bytes_fini(&u->bytes);
    mem_free(u);
}

/* The rows of a block, in memory that the builder keeps. */
static enum err unpack(struct file *f, struct slice packed, struct slice *out)
{
    struct unpacked *u = mem_zalloc(sizeof *u);
    enum err rc;

    if (u == NULL)
        return no_memory(f->e);
    u->keep.free = free_unpacked;
    atomic_init(&u->keep.refs, 1);
    if ((rc = f->packer->unpack(packed, &u->bytes, f->e)) != OK) {
        keep_unref(&u->keep);
        return rc;
    }
    *out = bytes_all(&u->bytes);
    builder_keep(f->builder, &u->keep);
    return f->builder->failed ? no_memory(f->e) : OK;
}

static enum err read_rows(struct file *f, int64_t count, struct slice rows)
{
    char why[AVRO_WHY_MAX];

    for (int64_t i = 0; i < count; i++) {
        size_t used = 0;
        const char *reason = avro_decode(f->plan, rows, f->builder, &used, why);

        if (reason)
            return error_set(f->e, ERR_CORRUPT, "row %" PRId64 ": %s", i, reason);
        if (used == 0 && ++f->empty_rows > EMPTY_ROWS)
            return corrupt(f, "too many rows of no bytes");
        if (f->builder->failed)
            return no_memory(f->e);
        rows = slice_from(rows, used);
    }
    return rows.len == 0 ? OK : corrupt(f, "there are bytes behind the last row");
}

static enum err read_block(struct file *f)
{
    int64_t count = reader_zigzag(&f->in);
    struct slice packed = read_bytes(&f->in), sync = reader_bytes(&f->in, SYNC_BYTES), rows = {NULL, 0};
    enum err rc;

    if (f->in.failed)
        return corrupt(f, "the block ends too early");
    if (count < 0 || count > INT32_MAX)
        return corrupt(f, "the number of rows is wrong");
    if (!slice_equal(sync, f->sync))
        return corrupt(f, "the sync mark behind the block is wrong");
    if ((rc = unpack(f, packed, &rows)) != OK)
        return rc;
    return read_rows(f, count, rows);
}

static enum err read_blocks(struct file *f, struct batch **out)
{
    enum err rc;

    for (; reader_left(&f->in); f->block++)
        if ((rc = read_block(f)) != OK)
            return error_add(f->e, rc, "block %" PRId64, f->block);
    return builder_finish(f->builder, out, f->e);
}

enum err avro_file_read(struct slice bytes, const struct schema *schema, struct arena *arena,
                        struct map *metadata, struct batch **out, struct error *e)
{
    struct file f = {.in = reader_of(bytes), .e = e};
    struct builder builder = {0};
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    enum err rc;

    if ((rc = read_header(&f, arena, metadata)) != OK ||
        (rc = avro_schema_parse(f.schema, &writer, e)) != OK ||
        (rc = avro_plan_new(writer, schema, NULL, &plan, e)) != OK)
        goto out;
    if (!builder_init(&builder, schema, NULL)) {
        rc = no_memory(e);
        goto out;
    }
    f.builder = &builder;
    f.plan = plan;
    rc = read_blocks(&f, out);
out:
    builder_fini(&builder);
    avro_plan_free(plan);
    avro_schema_free(writer);
    return rc == OK ? OK : error_add(e, rc, "Avro file");
}

/* --- writing --- */

struct block {
    int64_t row_count;
    size_t byte_count;
};

struct file_writer {
    struct bytes header;
    struct bytes rows; /* of all blocks, one behind the other */
    struct bytes packed;
    struct block *blocks; /* owned */
    size_t block_count, block_capacity;
    uint8_t sync[SYNC_BYTES];
};

/* A null key, which Avro cannot write, as the path to its column; NULL when there is none. */
static const char *null_key(const struct column *columns, const struct field *fields, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const struct column *c = &columns[i];

        if (c->type->kind == TYPE_MAP && avro_map_is_map(c->type))
            for (int32_t k = 0; k < c->children[0].row_count; k++)
                if (!column_valid(&c->children[0], k))
                    return fields[i].name;
        if (null_key(c->children, c->type->fields, c->type->field_count))
            return fields[i].name;
    }
    return NULL;
}

static void append_entry(struct bytes *out, struct slice key, struct slice value)
{
    bytes_zigzag(out, (int64_t)key.len);
    bytes_slice(out, key);
    bytes_zigzag(out, (int64_t)value.len);
    bytes_slice(out, value);
}

/* All but the sync mark, which depends on the rows. */
static void write_header(struct file_writer *w, struct slice schema, const char *const *metadata,
                         enum avro_codec codec)
{
    int64_t count = 2;

    for (const char *const *m = metadata; m && *m; m += 2)
        count++;
    bytes_slice(&w->header, MAGIC);
    bytes_zigzag(&w->header, count);
    append_entry(&w->header, SLICE("avro.schema"), schema);
    append_entry(&w->header, SLICE("avro.codec"), codec == AVRO_DEFLATE ? SLICE("deflate") : SLICE("null"));
    for (const char *const *m = metadata; m && *m; m += 2)
        append_entry(&w->header, slice_text(m[0]), slice_text(m[1]));
    bytes_zigzag(&w->header, 0);
}

static bool close_block(struct file_writer *w, struct block *open)
{
    if (open->row_count == 0)
        return true;
    if (!MEM_GROW(w->blocks, w->block_count, w->block_capacity))
        return false;
    w->blocks[w->block_count++] = *open;
    *open = (struct block){0};
    return true;
}

static bool encode_rows(struct file_writer *w, const struct batch *batch)
{
    struct block open = {0};

    for (int32_t i = 0; i < batch_live(batch); i++) {
        size_t before = w->rows.len;

        avro_encode(batch, batch_row(batch, i), &w->rows);
        open.row_count++;
        open.byte_count += w->rows.len - before;
        if (open.byte_count >= BLOCK_BYTES && !close_block(w, &open))
            return false;
    }
    return close_block(w, &open) && !w->rows.failed;
}

static void make_sync(struct file_writer *w)
{
    uint64_t a = hash_bytes(w->rows.ptr, w->rows.len);
    uint64_t b = hash_mix(a ^ hash_bytes(w->header.ptr, w->header.len));

    memcpy(w->sync, &a, sizeof a);
    memcpy(w->sync + sizeof a, &b, sizeof b);
}

static enum err write_block(struct file_writer *w, int64_t row_count, struct slice rows,
                            enum avro_codec codec, struct bytes *out, struct error *e)
{
    enum err rc;

    if (codec == AVRO_DEFLATE) {
        bytes_clear(&w->packed);
        if ((rc = avro_codec_deflate(rows, &w->packed, e)) != OK)
            return rc;
        rows = bytes_all(&w->packed);
    }
    bytes_zigzag(out, row_count);
    bytes_zigzag(out, (int64_t)rows.len);
    bytes_slice(out, rows);
    bytes_append(out, w->sync, SYNC_BYTES);
    return OK;
}

static enum err write_file(struct file_writer *w, const struct batch *batch, enum avro_codec codec,
                           struct bytes *out, struct error *e)
{
    struct slice rows;
    enum err rc;

    if (!encode_rows(w, batch) || w->header.failed)
        return no_memory(e);
    make_sync(w);
    bytes_slice(out, bytes_all(&w->header));
    bytes_append(out, w->sync, SYNC_BYTES);
    rows = bytes_all(&w->rows);
    for (size_t i = 0; i < w->block_count; i++) {
        const struct block *b = &w->blocks[i];

        if ((rc = write_block(w, b->row_count, slice_of(rows.ptr, b->byte_count), codec, out, e)) != OK)
            return rc;
        rows = slice_from(rows, b->byte_count);
    }
    return out->failed ? no_memory(e) : OK;
}

enum err avro_file_write(const struct batch *batch, const char *record_name, const char *const *metadata,
                         enum avro_codec codec, struct bytes *out, struct error *e)
{
    struct file_writer w = {0};
    struct bytes json = {0};
    const char *column = null_key(batch->columns, batch->schema->fields, batch->schema->field_count);
    enum err rc;

    if (column)
        return error_set(e, ERR_INPUT,
                         "Avro file: column %.200s has a map with a NULL key, which Avro cannot write",
                         column);
    if ((rc = avro_schema_write(batch->schema, record_name, &json, e)) == OK) {
        write_header(&w, bytes_all(&json), metadata, codec);
        rc = write_file(&w, batch, codec, out, e);
    }
    bytes_fini(&json);
    bytes_fini(&w.header);
    bytes_fini(&w.rows);
    bytes_fini(&w.packed);
    mem_free(w.blocks);
    return rc == OK ? OK : error_add(e, rc, "Avro file");
}
