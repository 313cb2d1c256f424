/* inspect_files.c: the metadata tables that come from manifests: files, partitions, manifests. The partition
 * of a file is a ROW of the fields of all specs that the table has had; those that its own has not are NULL.
 */
#include "base/mem.h"
#include "iceberg/inspect.h"
#include "iceberg/manifest.h"
#include "iceberg/manifest_schema.h"
#include "iceberg/single_value.h"
#include <stdlib.h>

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "rows of metadata");
}

/* --- types --- */

/* The fields of all specs, by field id, each once; void ones are left out. */
static enum err partition_type(const struct metadata *m, struct arena *arena, const struct type **out,
                               struct error *e)
{
    int32_t most = 0, n = 0;
    struct type *type = ARENA_NEW(arena, struct type);
    struct field *fields;

    for (int32_t i = 0; i < m->spec_count; i++)
        most += m->specs[i]->field_count;
    fields = ARENA_ARRAY(arena, struct field, MAX(most, 1));
    if (arena->failed)
        return no_memory(e);
    for (int32_t i = m->spec_count - 1; i >= 0; i--) {
        const struct type **types;
        enum err rc = manifest_schema_partition(m, m->specs[i], arena, &types, e);

        if (rc != OK)
            return rc;
        for (int32_t k = 0; k < m->specs[i]->field_count; k++) {
            const struct partition_field *f = &m->specs[i]->fields[k];
            int32_t at = 0;

            while (at < n && fields[at].id != f->field_id)
                at++;
            if (at == n && f->transform.kind != TRANSFORM_VOID)
                fields[n++] = (struct field){.name = f->name, .type = types[k], .id = f->field_id};
        }
    }
    *type = (struct type){.kind = TYPE_STRUCT, .field_count = n, .fields = fields};
    *out = type;
    return OK;
}

/* A plain column somewhere in the table, by its dotted name. */
struct leaf {
    const char *name;
    struct field field;
};

static int32_t count_leaves(const struct field *fields, int32_t count)
{
    int32_t n = 0;

    for (int32_t i = 0; i < count; i++)
        n += type_is_nested(fields[i].type)
                 ? count_leaves(fields[i].type->fields, fields[i].type->field_count)
                 : 1;
    return n;
}

static void list_leaves(const char *prefix, const struct field *fields, int32_t count, struct arena *arena,
                        struct leaf *out, int32_t *n)
{
    for (int32_t i = 0; i < count; i++) {
        const struct type *type = fields[i].type;
        const char *name = arena_printf(arena, "%s%s%s", prefix, *prefix ? "." : "", fields[i].name);

        if (name == NULL)
            return;
        if (type_is_nested(type))
            list_leaves(name, type->fields, type->field_count, arena, out, n);
        else
            out[(*n)++] = (struct leaf){name, fields[i]};
    }
}

static int compare_leaves(const void *a, const void *b)
{
    return strcmp(((const struct leaf *)a)->name, ((const struct leaf *)b)->name);
}

/* The plain columns of the table by name, in arena. */
static struct leaf *leaves_of(const struct metadata *m, struct arena *arena, int32_t *count)
{
    int32_t most = count_leaves(m->schema->fields, m->schema->field_count);
    struct leaf *leaves = ARENA_ARRAY(arena, struct leaf, MAX(most, 1));

    *count = 0;
    if (leaves)
        list_leaves("", m->schema->fields, m->schema->field_count, arena, leaves, count);
    if (arena->failed)
        return NULL;
    qsort(leaves, (size_t)*count, sizeof *leaves, compare_leaves);
    return leaves;
}

static const struct type *struct_type(struct arena *arena, const struct field *fields, int32_t count)
{
    struct type *t = ARENA_NEW(arena, struct type);

    if (t)
        *t = (struct type){.kind = TYPE_STRUCT, .nullable = true, .field_count = count, .fields = fields};
    return t;
}

#define METRICS 6

static const struct type *metrics_type(const struct metadata *m, struct arena *arena)
{
    static const char *const names[METRICS] = {"column_size",     "value_count", "null_value_count",
                                               "nan_value_count", "lower_bound", "upper_bound"};
    int32_t count;
    const struct leaf *leaves = leaves_of(m, arena, &count);
    struct field *columns = ARENA_ARRAY(arena, struct field, MAX(count, 1));

    for (int32_t i = 0; leaves && columns && i < count; i++) {
        struct field *fields = ARENA_ARRAY(arena, struct field, METRICS);

        for (int k = 0; fields && k < METRICS; k++)
            fields[k] = (struct field){.name = names[k],
                                       .type = k < 4 ? type_simple(TYPE_INT64, true)
                                                     : type_nullable(arena, leaves[i].field.type, true)};
        columns[i] = (struct field){.name = leaves[i].name, .type = struct_type(arena, fields, METRICS)};
    }
    return arena->failed ? NULL : struct_type(arena, columns, count);
}

#define FILE_HEAD "content INT, file_path STRING NOT NULL, file_format STRING NOT NULL, spec_id INT"
#define FILE_TAIL                                                                                            \
    "record_count BIGINT NOT NULL, file_size_in_bytes BIGINT NOT NULL, "                                     \
    "column_sizes MAP<INT NOT NULL, BIGINT NOT NULL>, value_counts MAP<INT NOT NULL, BIGINT NOT NULL>, "     \
    "null_value_counts MAP<INT NOT NULL, BIGINT NOT NULL>, nan_value_counts MAP<INT NOT NULL, BIGINT NOT "   \
    "NULL>, lower_bounds MAP<INT NOT NULL, BYTES NOT NULL>, upper_bounds MAP<INT NOT NULL, BYTES NOT "       \
    "NULL>, key_metadata BYTES, split_offsets ARRAY<BIGINT NOT NULL>, equality_ids ARRAY<INT NOT NULL>, "    \
    "sort_order_id INT, first_row_id BIGINT, referenced_data_file STRING, content_offset BIGINT, "           \
    "content_size_in_bytes BIGINT"
#define PARTITION_TAIL                                                                                       \
    "record_count BIGINT NOT NULL, file_count INT NOT NULL, total_data_file_size_in_bytes BIGINT NOT NULL, " \
    "position_delete_record_count BIGINT NOT NULL, position_delete_file_count INT NOT NULL, "                \
    "equality_delete_record_count BIGINT NOT NULL, equality_delete_file_count INT NOT NULL, "                \
    "last_updated_at TIMESTAMP_LTZ(6), last_updated_snapshot_id BIGINT"

/* head, the partition when there is one, tail, last. */
static enum err join_schema(struct arena *arena, const char *head, const struct type *partition,
                            const char *spec, const char *tail, const struct field *last,
                            const struct schema **out, struct error *e)
{
    const struct schema *parts[3] = {NULL, NULL, NULL};
    const char *texts[3] = {head, spec, tail};
    struct schema *all = ARENA_NEW(arena, struct schema);
    struct field *fields = ARENA_ARRAY(arena, struct field, 32);
    int32_t n = 0;

    if (arena->failed)
        return no_memory(e);
    for (int i = 0; i < 3; i++) {
        enum err rc = texts[i] ? schema_parse(arena, slice_text(texts[i]), &parts[i], e) : OK;

        if (rc != OK)
            return rc;
        for (int32_t k = 0; parts[i] && k < parts[i]->field_count; k++)
            fields[n++] = parts[i]->fields[k];
        if (i == 0 && partition->field_count)
            fields[n++] = (struct field){.name = "partition", .type = partition};
    }
    if (last)
        fields[n++] = *last;
    *all = (struct schema){n, fields};
    *out = all;
    return OK;
}

enum err inspect_files_schema(const struct inspect_table *i, const struct metadata *m, struct arena *arena,
                              const struct schema **out, struct error *e)
{
    struct field metrics = {.name = "readable_metrics"};
    const struct type *partition;
    enum err rc = partition_type(m, arena, &partition, e);

    if (rc != OK)
        return rc;
    if (i->contents == 0)
        return join_schema(arena, NULL, partition, partition->field_count ? "spec_id INT NOT NULL" : NULL,
                           PARTITION_TAIL, NULL, out, e);
    if ((metrics.type = metrics_type(m, arena)) == NULL)
        return no_memory(e);
    return join_schema(arena, FILE_HEAD, partition, NULL, FILE_TAIL, &metrics, out, e);
}

/* --- values --- */

static void put_text(struct column_builder *c, const char *text)
{
    if (text)
        builder_copied(c, text, strlen(text));
    else
        builder_null(c);
}

static void put_value(struct column_builder *c, struct slice value)
{
    if (single_value_fits(c->type, value))
        single_value_build(c, value);
    else
        builder_null(c);
}

static void put_partition(struct column_builder *c, const struct metadata *m, int32_t spec_id,
                          const struct partition_value *values, int32_t count)
{
    const struct partition_spec *spec = metadata_spec(m, spec_id);

    for (int32_t i = 0; i < c->type->field_count; i++) {
        int32_t k = 0;

        while (spec && k < spec->field_count && spec->fields[k].field_id != c->type->fields[i].id)
            k++;
        if (spec == NULL || k >= spec->field_count || k >= count || values[k].null)
            builder_null(&c->children[i]);
        else
            put_value(&c->children[i], values[k].value);
    }
    builder_struct_end(c);
}

static int64_t count_of(const struct file_column *c, int which)
{
    switch (which) {
    case 0:
        return c->size_bytes;
    case 1:
        return c->value_count;
    case 2:
        return c->null_count;
    default:
        return c->nan_count;
    }
}

/* column_sizes, value_counts, null_value_counts, nan_value_counts. */
static void put_counts(struct column_builder *c, const struct data_file *f, int which)
{
    bool any = false;

    for (int32_t i = 0; i < f->column_count; i++)
        if (count_of(&f->columns[i], which) >= 0) {
            builder_i32(&c->children[0], f->columns[i].field_id);
            builder_i64(&c->children[1], count_of(&f->columns[i], which));
            any = true;
        }
    if (any)
        builder_list_end(c);
    else
        builder_null(c);
}

static void put_bounds(struct column_builder *c, const struct data_file *f, bool upper)
{
    bool any = false;

    for (int32_t i = 0; i < f->column_count; i++)
        if (f->columns[i].has_bounds) {
            struct slice v = upper ? f->columns[i].upper : f->columns[i].lower;

            builder_i32(&c->children[0], f->columns[i].field_id);
            builder_copied(&c->children[1], v.ptr ? v.ptr : "", v.len);
            any = true;
        }
    if (any)
        builder_list_end(c);
    else
        builder_null(c);
}

static void put_lists(struct column_builder *splits, struct column_builder *ids, const struct data_file *f)
{
    for (int32_t i = 0; i < f->split_count; i++)
        builder_i64(&splits->children[0], f->splits[i]);
    if (f->split_count)
        builder_list_end(splits);
    else
        builder_null(splits);
    for (int32_t i = 0; i < f->equality_count; i++)
        builder_i32(&ids->children[0], f->equality_ids[i]);
    if (f->equality_count)
        builder_list_end(ids);
    else
        builder_null(ids);
}

static void put_metric(struct column_builder *c, const struct file_column *from)
{
    for (int k = 0; k < METRICS; k++) {
        if (from == NULL || (k < 4 ? count_of(from, k) < 0 : !from->has_bounds))
            builder_null(&c->children[k]);
        else if (k < 4)
            builder_i64(&c->children[k], count_of(from, k));
        else
            put_value(&c->children[k], k == 4 ? from->lower : from->upper);
    }
    builder_struct_end(c);
}

static void put_metrics(struct column_builder *c, const struct data_file *f, const struct leaf *leaves)
{
    for (int32_t i = 0; i < c->type->field_count; i++) {
        const struct file_column *from = NULL;

        for (int32_t k = 0; from == NULL && k < f->column_count; k++)
            if (f->columns[k].field_id == leaves[i].field.id)
                from = &f->columns[k];
        put_metric(&c->children[i], from);
    }
    builder_struct_end(c);
}

/* --- files --- */

struct listing {
    const struct inspect_table *table;
    const struct table *t;
    struct builder *out;
    struct arena arena; /* of one manifest */
    const struct leaf *leaves;
    struct map seen; /* manifests */
};

static void put_file(struct listing *l, const struct data_file *f)
{
    struct column_builder *c = l->out->columns;
    bool partitioned = strcmp(l->out->schema->fields[4].name, "partition") == 0;

    builder_i32(c++, (int32_t)f->content);
    put_text(c++, f->path);
    put_text(c++, f->format ? f->format : "PARQUET");
    builder_i32(c++, f->spec_id);
    if (partitioned)
        put_partition(c++, l->t->metadata, f->spec_id, f->partition, f->partition_count);
    builder_i64(c++, f->record_count);
    builder_i64(c++, f->size_bytes);
    for (int which = 0; which < 4; which++)
        put_counts(c++, f, which);
    put_bounds(c++, f, false);
    put_bounds(c++, f, true);
    if (f->key_metadata.len)
        builder_copied(c, f->key_metadata.ptr, f->key_metadata.len);
    else
        builder_null(c);
    put_lists(c + 1, c + 2, f);
    builder_i32(c + 3, f->sort_order_id);
    builder_null(c + 4); /* version 3 has these */
    put_text(c + 5, f->references);
    builder_null(c + 6);
    builder_null(c + 7);
    put_metrics(c + 8, f, l->leaves);
}

typedef void put_entry(struct listing *l, const struct data_file *f);

static enum err list_manifest(struct listing *l, const struct manifest *m, put_entry *put, struct error *e)
{
    struct manifest_entry *entries;
    struct arena arena = {0};
    int32_t count;
    enum err rc = manifest_read(l->t->fs, m, l->t->metadata, &arena, &entries, &count, e);

    for (int32_t i = 0; rc == OK && i < count; i++)
        if (entries[i].status != ENTRY_DELETED && (l->table->contents >> entries[i].file.content & 1))
            put(l, &entries[i].file);
    arena_fini(&arena);
    return rc;
}

/* The manifests of a snapshot, each once in all. */
static enum err list_snapshot(struct listing *l, const struct snapshot *s, put_entry *put, struct error *e)
{
    struct manifest *manifests;
    struct arena arena = {0};
    int32_t count = 0;
    enum err rc = OK;

    if (s->manifest_list == NULL)
        return error_set(e, ERR_UNSUPPORTED,
                         "snapshot %" PRId64 " has its manifests in the metadata (an early version 1)",
                         s->id);
    rc = manifest_list_read(l->t->fs, s->manifest_list, &arena, &manifests, &count, e);
    for (int32_t i = 0; rc == OK && i < count; i++) {
        if (map_get(&l->seen, slice_text(manifests[i].path)))
            continue;
        if (!map_put(&l->seen, slice_text(manifests[i].path), l))
            rc = no_memory(e);
        else
            rc = list_manifest(l, &manifests[i], put, e);
    }
    arena_fini(&arena);
    return rc;
}

static enum err list_files(struct listing *l, put_entry *put, struct error *e)
{
    const struct metadata *m = l->t->metadata;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < m->snapshot_count; i++)
        if (l->table->of_all || m->snapshots[i].id == m->current_snapshot_id)
            rc = list_snapshot(l, &m->snapshots[i], put, e);
    map_fini(&l->seen);
    return rc;
}

enum err inspect_files(const struct inspect_table *i, const struct table *t, struct builder *out,
                       struct error *e)
{
    struct listing l = {.table = i, .t = t, .out = out};
    int32_t count;
    enum err rc;

    l.leaves = leaves_of(t->metadata, &l.arena, &count);
    rc = l.leaves ? list_files(&l, put_file, e) : no_memory(e);
    arena_fini(&l.arena);
    return rc;
}

/* --- partitions --- */

struct partition_row {
    int32_t spec_id, value_count;
    struct partition_value *values;
    int64_t records[3], files[3], data_bytes; /* by content */
    int64_t snapshot_id, updated_us;
};

struct partitions {
    struct listing listing; /* first */
    struct map rows;        /* partition -> struct partition_row, in arena */
    struct arena arena;
    struct bytes key;
};

static struct partition_row *row_of(struct partitions *p, const struct data_file *f)
{
    struct partition_row *row;
    struct partition_value *values;

    bytes_clear(&p->key);
    bytes_zigzag(&p->key, f->spec_id);
    for (int32_t i = 0; i < f->partition_count; i++) {
        bytes_u8(&p->key, f->partition[i].null);
        bytes_varint(&p->key, f->partition[i].value.len);
        bytes_slice(&p->key, f->partition[i].value);
    }
    if ((row = map_get(&p->rows, bytes_all(&p->key))) != NULL)
        return row;
    row = ARENA_NEW(&p->arena, struct partition_row);
    values = ARENA_ARRAY(&p->arena, struct partition_value, MAX(f->partition_count, 1));
    for (int32_t i = 0; values && i < f->partition_count; i++)
        values[i] = (struct partition_value){f->partition[i].null,
                                             arena_slice(&p->arena, f->partition[i].value)};
    if (p->arena.failed || p->key.failed || !map_put(&p->rows, bytes_all(&p->key), row)) {
        p->arena.failed = true;
        return NULL;
    }
    *row = (struct partition_row){
        .spec_id = f->spec_id, .value_count = f->partition_count, .values = values, .updated_us = INT64_MIN};
    return row;
}

static void add_file(struct listing *l, const struct data_file *f)
{
    struct partitions *p = CONTAINER_OF(l, struct partitions, listing);
    const struct snapshot *s = metadata_snapshot(l->t->metadata, f->snapshot_id);
    struct partition_row *row = row_of(p, f);

    if (row == NULL)
        return;
    row->records[f->content] += f->record_count;
    row->files[f->content]++;
    row->data_bytes += f->content == FILE_DATA ? f->size_bytes : 0;
    if (s && s->timestamp_ms * 1000 > row->updated_us) {
        row->updated_us = s->timestamp_ms * 1000;
        row->snapshot_id = s->id;
    }
}

static void put_partition_row(struct listing *l, const struct partition_row *row)
{
    struct column_builder *c = l->out->columns;

    if (strcmp(l->out->schema->fields[0].name, "partition") == 0) {
        put_partition(c++, l->t->metadata, row->spec_id, row->values, row->value_count);
        builder_i32(c++, row->spec_id);
    }
    builder_i64(c++, row->records[FILE_DATA]);
    builder_i32(c++, (int32_t)row->files[FILE_DATA]);
    builder_i64(c++, row->data_bytes);
    for (int content = FILE_POSITION_DELETES; content <= FILE_EQUALITY_DELETES; content++) {
        builder_i64(c++, row->records[content]);
        builder_i32(c++, (int32_t)row->files[content]);
    }
    if (row->snapshot_id) {
        builder_i64(c, row->updated_us);
        builder_i64(c + 1, row->snapshot_id);
    } else {
        builder_null(c);
        builder_null(c + 1);
    }
}

enum err inspect_partitions(UNUSED const struct inspect_table *i, const struct table *t, struct builder *out,
                            struct error *e)
{
    const struct inspect_table all = {.contents = 7};
    struct partitions p = {.listing = {.table = &all, .t = t, .out = out}};
    struct map_entry *entry;
    size_t at = 0;
    enum err rc = list_files(&p.listing, add_file, e);

    if (rc == OK && p.arena.failed)
        rc = no_memory(e);
    while (rc == OK && (entry = map_next(&p.rows, &at)) != NULL)
        put_partition_row(&p.listing, entry->value);
    map_fini(&p.rows);
    bytes_fini(&p.key);
    arena_fini(&p.arena);
    return rc;
}

/* --- manifests --- */

static void put_bound(struct column_builder *c, const struct type *type, bool has, struct slice value)
{
    struct bytes text = {0};

    if (has && single_value_fits(type, value)) {
        single_value_print(type, value, &text);
        builder_copied(c, text.len ? text.ptr : "", text.len);
    } else {
        builder_null(c);
    }
    bytes_fini(&text);
}

static void put_summaries(struct column_builder *c, const struct manifest *m, const struct type *const *types,
                          int32_t count)
{
    struct column_builder *row = &c->children[0];

    for (int32_t i = 0; i < m->summary_count && i < count; i++) {
        const struct manifest_summary *s = &m->summaries[i];

        builder_u8(&row->children[0], s->contains_null);
        if (s->contains_nan < 0)
            builder_null(&row->children[1]);
        else
            builder_u8(&row->children[1], s->contains_nan > 0);
        put_bound(&row->children[2], types[i], s->has_bounds, s->lower);
        put_bound(&row->children[3], types[i], s->has_bounds, s->upper);
        builder_struct_end(row);
    }
    builder_list_end(c);
}

static enum err put_manifest(const struct table *t, const struct manifest *m, struct builder *out,
                             struct arena *arena, struct error *e)
{
    const struct partition_spec *spec = metadata_spec(t->metadata, m->spec_id);
    const int64_t counts[3] = {m->added_files, m->existing_files, m->deleted_files};
    struct column_builder *c = out->columns;
    const struct type **types = NULL;
    enum err rc = spec ? manifest_schema_partition(t->metadata, spec, arena, &types, e) : OK;

    if (rc != OK)
        return rc;
    builder_i32(c++, m->deletes);
    put_text(c++, m->path);
    builder_i64(c++, m->length);
    builder_i32(c++, m->spec_id);
    builder_i64(c++, m->added_snapshot_id);
    for (int i = 0; i < 6; i++)
        builder_i32(c++, (i >= 3) == m->deletes ? (int32_t)MAX(counts[i % 3], 0) : 0);
    put_summaries(c, m, types, spec ? spec->field_count : 0);
    return OK;
}

enum err inspect_manifests(UNUSED const struct inspect_table *i, const struct table *t, struct builder *out,
                           struct error *e)
{
    const struct metadata *m = t->metadata;
    const struct snapshot *s = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id) : NULL;
    struct manifest *manifests = NULL;
    struct arena arena = {0};
    int32_t count = 0;
    enum err rc = OK;

    if (s && s->manifest_list)
        rc = manifest_list_read(t->fs, s->manifest_list, &arena, &manifests, &count, e);
    for (int32_t k = 0; rc == OK && k < count; k++)
        rc = put_manifest(t, &manifests[k], out, &arena, e);
    arena_fini(&arena);
    return rc;
}
