/* scan_deletes.c: see scan_deletes.h. */
#include "iceberg/scan_deletes.h"
#include "base/budget.h"
#include "base/mem.h"
#include "iceberg/scan_shape.h"
#include "iceberg/single_value.h"
#include "parquet/parquet_reader.h"
#include <stdlib.h>

#define KEEP_BYTES  ((size_t)64 << 20) /* more than this is let go when the next file is opened */
#define ENTRY_BYTES 64                 /* about what an entry costs beside its key */

/* A position delete file as it was read. */
struct position_file {
    struct map by_path; /* data file -> struct positions, owned */
};
struct positions {
    int64_t *list; /* owned */
    size_t count, capacity;
};

/* Equality deletes of one partition, or of all, by the same columns. */
struct equality_set {
    int32_t id_count;
    int32_t *ids;     /* owned, ascending */
    int32_t *columns; /* owned: where they are in the key schema of the file at hand */
    struct map keys;  /* values -> sequence number + 1 */
    struct map files; /* delete files that are in it */
};

struct scan_deletes {
    struct fs *fs;
    const struct metadata *metadata;
    struct budget *budget;
    size_t charged;
    struct map positions; /* delete file -> struct position_file, owned */
    struct map sets;      /* columns and partition -> struct equality_set, owned */
    struct bytes key;
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, ENTRY_BYTES, "the deletes of a table");
}

static enum err charge(struct scan_deletes *d, size_t bytes, struct error *e)
{
    if (!budget_take(d->budget, bytes))
        return error_memory(e, bytes, "the deletes of a table");
    d->charged += bytes;
    return OK;
}

/* --- life --- */

static void free_positions(struct position_file *f)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&f->by_path, &at)) != NULL) {
        mem_free(((struct positions *)entry->value)->list);
        mem_free(entry->value);
    }
    map_fini(&f->by_path);
    mem_free(f);
}

static void free_set(struct equality_set *s)
{
    map_fini(&s->keys);
    map_fini(&s->files);
    mem_free(s->ids);
    mem_free(s->columns);
    mem_free(s);
}

/* Let go of all that was read. */
static void forget(struct scan_deletes *d)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&d->positions, &at)) != NULL;)
        free_positions(entry->value);
    for (size_t at = 0; (entry = map_next(&d->sets, &at)) != NULL;)
        free_set(entry->value);
    map_fini(&d->positions);
    map_fini(&d->sets);
    map_init(&d->positions);
    map_init(&d->sets);
    if (d->budget)
        budget_give(d->budget, d->charged);
    d->charged = 0;
}

struct scan_deletes *scan_deletes_new(struct fs *fs, const struct metadata *m, struct budget *budget)
{
    struct scan_deletes *d = mem_zalloc(sizeof *d);

    if (d)
        *d = (struct scan_deletes){.fs = fs, .metadata = m, .budget = budget};
    return d;
}

void scan_deletes_free(struct scan_deletes *d)
{
    if (d == NULL)
        return;
    forget(d);
    bytes_fini(&d->key);
    mem_free(d);
}

/* --- position deletes --- */

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

static enum err visit_positions(const struct batch *b, delete_visit *visit, void *arg, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < b->row_count; i++) {
        int64_t position = b->columns[1].i64[i];

        if (!column_valid(&b->columns[0], i) || !column_valid(&b->columns[1], i) || position < 0)
            return error_set(e, ERR_CORRUPT, "row %" PRId32 " has no path, or no position", i);
        rc = visit(arg, column_slice(&b->columns[0], i), position, e);
    }
    return rc;
}

enum err scan_deletes_visit(struct fs *fs, const char *path, struct budget *budget, delete_visit *visit,
                            void *arg, struct error *e)
{
    struct parquet_reader *p = NULL;
    int32_t columns[2];
    enum err rc;

    if ((rc = parquet_reader_open(fs, path, budget, &p, e)) != OK)
        return rc;
    rc = find_delete_columns(p, path, columns, e);
    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(p); g++) {
        struct batch *b = NULL;

        if ((rc = parquet_reader_group(p, g, columns, 2, NULL, &b, e)) == OK &&
            (rc = visit_positions(b, visit, arg, e)) != OK)
            error_add(e, rc, "%s", path);
        batch_unref(b);
    }
    parquet_reader_free(p);
    return rc;
}

struct position_load {
    struct scan_deletes *deletes;
    struct position_file *file;
};

static enum err note_position(void *arg, struct slice path, int64_t position, struct error *e)
{
    struct position_load *l = arg;
    struct positions *p = map_get(&l->file->by_path, path);
    enum err rc;

    if (p == NULL && ((p = mem_zalloc(sizeof *p)) == NULL || !map_put(&l->file->by_path, path, p))) {
        mem_free(p);
        return no_memory(e);
    }
    if (p->count == p->capacity &&
        (rc = charge(l->deletes, MAX(p->capacity, (size_t)8) * sizeof *p->list, e)) != OK)
        return rc;
    if (!MEM_GROW(p->list, p->count, p->capacity))
        return no_memory(e);
    p->list[p->count++] = position;
    return OK;
}

static enum err load_positions(struct scan_deletes *d, const struct data_file *file,
                               struct position_file **out, struct error *e)
{
    struct position_load load = {d, map_get(&d->positions, slice_text(file->path))};
    enum err rc = OK;

    if (load.file == NULL) {
        if ((load.file = mem_zalloc(sizeof *load.file)) == NULL ||
            !map_put(&d->positions, slice_text(file->path), load.file)) {
            mem_free(load.file);
            return no_memory(e);
        }
        rc = scan_deletes_visit(d->fs, file->path, d->budget, note_position, &load, e);
    }
    *out = load.file;
    return rc;
}

static enum err add_positions(struct scan_deletes *d, const struct data_file *delete, const char *path,
                              struct file_deletes *out, size_t *capacity, struct error *e)
{
    struct position_file *f;
    const struct positions *p;
    enum err rc = load_positions(d, delete, &f, e);

    if (rc != OK || (p = map_get(&f->by_path, slice_text(path))) == NULL)
        return rc;
    for (size_t i = 0; i < p->count; i++) {
        if (!MEM_GROW(out->positions, out->position_count, *capacity))
            return no_memory(e);
        out->positions[out->position_count++] = p->list[i];
    }
    return OK;
}

static int compare_positions(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Two delete files may name the same row. */
static void tidy_positions(struct file_deletes *f)
{
    size_t n = 0;

    if (f->position_count)
        qsort(f->positions, f->position_count, sizeof *f->positions, compare_positions);
    for (size_t i = 0; i < f->position_count; i++)
        if (i == 0 || f->positions[i] != f->positions[i - 1])
            f->positions[n++] = f->positions[i];
    f->position_count = n;
}

/* --- equality deletes: keys --- */

/* A value as bytes that are equal when the values are; all NaN are. */
static void put_value(const struct column *c, int32_t row, struct bytes *value, struct bytes *out)
{
    if (!column_valid(c, row)) {
        bytes_u8(out, 0);
        return;
    }
    bytes_clear(value);
    single_value_of(c, row, value);
    if (single_value_is_nan(c->type, bytes_all(value))) {
        bytes_u8(out, 2);
        return;
    }
    bytes_u8(out, 1);
    bytes_varint(out, value->len);
    bytes_slice(out, bytes_all(value));
}

/* The key of a row: the columns of those numbers. */
static void put_key(const struct batch *b, const int32_t *columns, int32_t count, int32_t row,
                    struct bytes *value, struct bytes *key)
{
    bytes_clear(key);
    for (int32_t i = 0; i < count; i++)
        put_value(&b->columns[columns ? columns[i] : i], row, value, key);
}

/* --- equality deletes: reading --- */

static int compare_ids(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* The columns of ids, as the table has or last had them. */
static enum err key_fields(const struct scan_deletes *d, const int32_t *ids, int32_t count,
                           struct arena *arena, struct schema *out, const char *path, struct error *e)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, MAX(count, 1));

    if (fields == NULL)
        return no_memory(e);
    for (int32_t i = 0; i < count; i++) {
        const struct type *type = metadata_column_type(d->metadata, ids[i]);
        bool is_top = false;

        for (int32_t s = 0; s < d->metadata->schema_count; s++)
            for (int32_t k = 0; k < d->metadata->schemas[s].schema->field_count; k++)
                is_top |= d->metadata->schemas[s].schema->fields[k].id == ids[i];
        if (type == NULL || type_is_nested(type) || !is_top)
            return error_set(
                e, ERR_UNSUPPORTED,
                "%s deletes by field %" PRId32
                ", which is no plain column of the table; compact the table with the engine that "
                "wrote it",
                path, ids[i]);
        fields[i] = (struct field){.name = "key", .type = type_nullable(arena, type, true), .id = ids[i]};
        if (fields[i].type == NULL)
            return no_memory(e);
    }
    *out = (struct schema){count, fields};
    return OK;
}

static enum err note_keys(struct scan_deletes *d, struct equality_set *s, const struct batch *b,
                          int64_t sequence, struct error *e)
{
    struct bytes value = {0}, key = {0};
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < b->row_count; i++) {
        int64_t before;

        put_key(b, NULL, s->id_count, i, &value, &key);
        if (value.failed || key.failed) {
            rc = no_memory(e);
            break;
        }
        before = (int64_t)(intptr_t)map_get(&s->keys, bytes_all(&key));
        if (before > sequence)
            continue;
        if (before == 0)
            rc = charge(d, key.len + ENTRY_BYTES, e);
        if (rc == OK && !map_put(&s->keys, bytes_all(&key), (void *)(intptr_t)(sequence + 1)))
            rc = no_memory(e);
    }
    bytes_fini(&value);
    bytes_fini(&key);
    return rc;
}

static enum err read_group(struct scan_deletes *d, struct parquet_reader *p, int32_t group,
                           const struct shape *shape, struct equality_set *s, int64_t sequence,
                           struct error *e)
{
    struct batch *some = NULL, *b;
    int64_t rows = parquet_reader_group_rows(p, group);
    enum err rc = OK;

    if (rows >= INT32_MAX)
        return error_set(e, ERR_UNSUPPORTED, "a row group has over 2^31 rows");
    if (shape->read.field_count)
        rc = parquet_reader_group(p, group, shape->columns, shape->read.field_count, &shape->read, &some, e);
    if (rc != OK)
        return rc;
    if ((b = shape_apply(shape, some, (int32_t)rows, d->budget)) == NULL)
        return no_memory(e);
    rc = note_keys(d, s, b, sequence, e);
    batch_unref(b);
    return rc;
}

static enum err read_equality(struct scan_deletes *d, const struct data_file *file, struct equality_set *s,
                              struct error *e)
{
    struct parquet_reader *p = NULL;
    struct arena arena = {0};
    struct schema wanted;
    struct shape shape;
    enum err rc;

    if ((rc = key_fields(d, s->ids, s->id_count, &arena, &wanted, file->path, e)) != OK ||
        (rc = parquet_reader_open(d->fs, file->path, d->budget, &p, e)) != OK ||
        (rc = shape_plan(&shape, &wanted, parquet_reader_schema(p), d->metadata, file, &arena, e)) != OK)
        goto out;
    for (int32_t g = 0; rc == OK && g < parquet_reader_groups(p); g++)
        rc = read_group(d, p, g, &shape, s, file->sequence_number, e);
    if (rc == OK && !map_put(&s->files, slice_text(file->path), s))
        rc = no_memory(e);
out:
    parquet_reader_free(p);
    arena_fini(&arena);
    return rc == OK ? OK : error_add(e, rc, "equality deletes %s", file->path);
}

/* Under which its set is kept: columns, spec and partition (of none: they are for all files). */
static struct slice set_key(struct scan_deletes *d, const struct data_file *f)
{
    bytes_clear(&d->key);
    bytes_zigzag(&d->key, f->spec_id);
    bytes_varint(&d->key, (uint64_t)f->equality_count);
    for (int32_t i = 0; i < f->equality_count; i++)
        bytes_zigzag(&d->key, f->equality_ids[i]);
    for (int32_t i = 0; i < f->partition_count; i++) {
        bytes_u8(&d->key, f->partition[i].null);
        bytes_varint(&d->key, f->partition[i].value.len);
        bytes_slice(&d->key, f->partition[i].value);
    }
    return bytes_all(&d->key);
}

static struct equality_set *new_set(const struct data_file *f)
{
    struct equality_set *s = mem_zalloc(sizeof *s);
    size_t bytes = sizeof *s->ids * (size_t)f->equality_count;

    if (s == NULL)
        return NULL;
    s->ids = mem_alloc(bytes);
    s->columns = mem_zalloc(bytes);
    if (s->ids == NULL || s->columns == NULL) {
        free_set(s);
        return NULL;
    }
    memcpy(s->ids, f->equality_ids, bytes);
    s->id_count = f->equality_count;
    qsort(s->ids, (size_t)s->id_count, sizeof *s->ids, compare_ids);
    return s;
}

static bool has_set(const struct file_deletes *f, const struct equality_set *s)
{
    for (size_t i = 0; i < f->set_count; i++)
        if (f->sets[i] == s)
            return true;
    return false;
}

static enum err add_equality(struct scan_deletes *d, const struct data_file *file, struct file_deletes *out,
                             struct error *e)
{
    struct slice key = set_key(d, file);
    struct equality_set *s;
    enum err rc;

    if (file->equality_count == 0)
        return error_set(e, ERR_CORRUPT, "%s deletes by equality, but its manifest names no columns",
                         file->path);
    if (d->key.failed)
        return no_memory(e);
    s = map_get(&d->sets, key);
    if (s == NULL && ((s = new_set(file)) == NULL || !map_put(&d->sets, key, s))) {
        if (s)
            free_set(s);
        return no_memory(e);
    }
    if (map_get(&s->files, slice_text(file->path)) == NULL && (rc = read_equality(d, file, s, e)) != OK)
        return rc;
    if (has_set(out, s))
        return OK;
    if (!MEM_GROW(out->sets, out->set_count, out->set_capacity))
        return no_memory(e);
    out->sets[out->set_count++] = s;
    return OK;
}

/* --- of one file --- */

/* The columns of all sets, each once, and where each set finds its own. */
static enum err join_keys(struct scan_deletes *d, struct file_deletes *f, const char *path, struct error *e)
{
    int32_t most = 0, count = 0, *ids;

    for (size_t i = 0; i < f->set_count; i++)
        most += f->sets[i]->id_count;
    if (most == 0)
        return OK;
    if ((ids = ARENA_ARRAY(&f->arena, int32_t, most)) == NULL)
        return no_memory(e);
    for (size_t i = 0; i < f->set_count; i++)
        for (int32_t k = 0; k < f->sets[i]->id_count; k++) {
            int32_t n = 0;

            while (n < count && ids[n] != f->sets[i]->ids[k])
                n++;
            ids[n] = f->sets[i]->ids[k];
            count = MAX(count, n + 1);
            f->sets[i]->columns[k] = n;
        }
    return key_fields(d, ids, count, &f->arena, &f->key_schema, path, e);
}

enum err scan_deletes_open(struct scan_deletes *d, const struct scan_split *split, struct file_deletes *out,
                           struct error *e)
{
    size_t capacity = 0;
    enum err rc = OK;

    *out = (struct file_deletes){.sequence_number = split->file->sequence_number};
    if (d->charged > KEEP_BYTES)
        forget(d);
    for (int32_t i = 0; rc == OK && i < split->delete_count; i++) {
        const struct data_file *file = split->deletes[i];

        rc = file->content == FILE_EQUALITY_DELETES
                 ? add_equality(d, file, out, e)
                 : add_positions(d, file, split->file->path, out, &capacity, e);
    }
    if (rc == OK)
        rc = join_keys(d, out, split->file->path, e);
    if (rc == OK)
        tidy_positions(out);
    else
        forget(d); /* what was half read must not be taken for whole */
    return rc;
}

void file_deletes_fini(struct file_deletes *f)
{
    mem_free(f->positions);
    mem_free(f->sets);
    arena_fini(&f->arena);
    *f = (struct file_deletes){0};
}

static bool is_deleted(const struct file_deletes *f, const struct batch *keys, int32_t row,
                       struct bytes *value, struct bytes *key)
{
    for (size_t i = 0; i < f->set_count; i++) {
        const struct equality_set *s = f->sets[i];

        put_key(keys, s->columns, s->id_count, row, value, key);
        if ((int64_t)(intptr_t)map_get(&s->keys, bytes_all(key)) - 1 > f->sequence_number)
            return true;
    }
    return false;
}

enum err file_deletes_live(struct file_deletes *f, int64_t first_row, int32_t row_count,
                           const struct batch *keys, int32_t *rows, int32_t *count, struct error *e)
{
    struct bytes value = {0}, key = {0};
    enum err rc = OK;

    *count = 0;
    while (f->next < f->position_count && f->positions[f->next] < first_row)
        f->next++;
    for (int32_t i = 0; i < row_count; i++) {
        if (f->next < f->position_count && f->positions[f->next] == first_row + i)
            f->next++;
        else if (f->set_count == 0 || !is_deleted(f, keys, i, &value, &key))
            rows[(*count)++] = i;
    }
    if (value.failed || key.failed)
        rc = error_memory(e, 0, "the keys of rows");
    bytes_fini(&value);
    bytes_fini(&key);
    return rc;
}
