/* manifest_write.c: manifests written: entries to rows, and the totals and partition summaries that the list
 * keeps. */
#include "formats/avro.h"
#include "iceberg/json_field.h"
#include "iceberg/manifest.h"
#include "iceberg/manifest_schema.h"
#include "iceberg/single_value.h"
#include "io/fs.h"

/* --- entries to rows --- */

static void put_bytes(struct column_builder *c, struct slice s)
{
    builder_copied(c, s.ptr ? s.ptr : "", s.len);
}

/* What a statistic is of that column; -1 when it is not known. */
static int64_t statistic(const struct file_column *c, enum file_field field)
{
    switch (field) {
    case FILE_COLUMN_SIZES:
        return c->size_bytes;
    case FILE_VALUE_COUNTS:
        return c->value_count;
    case FILE_NULL_COUNTS:
        return c->null_count;
    default:
        return c->nan_count;
    }
}

/* The map of a statistic over the columns that know it; absent when none does. */
static void put_counts(struct column_builder *c, const struct data_file *f, enum file_field field)
{
    int32_t count = 0;

    for (int32_t i = 0; i < f->column_count; i++) {
        int64_t v = statistic(&f->columns[i], field);

        if (v < 0)
            continue;
        builder_i32(&c->children[0], f->columns[i].field_id);
        builder_i64(&c->children[1], v);
        count++;
    }
    if (count)
        builder_list_end(c);
    else
        builder_null(c);
}

static void put_bounds(struct column_builder *c, const struct data_file *f, bool upper)
{
    int32_t count = 0;

    for (int32_t i = 0; i < f->column_count; i++) {
        const struct file_column *from = &f->columns[i];

        if (!from->has_bounds)
            continue;
        builder_i32(&c->children[0], from->field_id);
        put_bytes(&c->children[1], upper ? from->upper : from->lower);
        count++;
    }
    if (count)
        builder_list_end(c);
    else
        builder_null(c);
}

static void put_lists(struct column_builder *c, const struct data_file *f)
{
    struct column_builder *splits = &c[FILE_SPLITS], *ids = &c[FILE_EQUALITY_IDS];

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

static void put_optional(struct column_builder *c, struct slice s)
{
    if (s.len)
        put_bytes(c, s);
    else
        builder_null(c);
}

static void put_file(struct column_builder *data_file, const struct data_file *f)
{
    struct column_builder *c = data_file->children, *partition = &c[FILE_PARTITION];

    builder_i32(&c[FILE_CONTENT], (int32_t)f->content);
    put_bytes(&c[FILE_PATH], slice_text(f->path));
    put_bytes(&c[FILE_FORMAT], slice_text(f->format ? f->format : "PARQUET"));
    for (int32_t i = 0; i < f->partition_count; i++)
        if (f->partition[i].null)
            builder_null(&partition->children[i]);
        else
            single_value_build(&partition->children[i], f->partition[i].value);
    builder_struct_end(partition);
    builder_i64(&c[FILE_RECORDS], f->record_count);
    builder_i64(&c[FILE_BYTES], f->size_bytes);
    for (int field = FILE_COLUMN_SIZES; field <= FILE_NAN_COUNTS; field++)
        put_counts(&c[field], f, (enum file_field)field);
    put_bounds(&c[FILE_LOWER], f, false);
    put_bounds(&c[FILE_UPPER], f, true);
    put_optional(&c[FILE_KEY_METADATA], f->key_metadata);
    put_lists(c, f);
    if (f->content == FILE_POSITION_DELETES) /* they have an order of their own */
        builder_null(&c[FILE_SORT_ORDER]);
    else
        builder_i32(&c[FILE_SORT_ORDER], f->sort_order_id);
    put_optional(&c[FILE_REFERENCES], slice_text(f->references));
    builder_struct_end(data_file);
}

static void put_entry(struct column_builder *c, const struct manifest_entry *entry, int64_t snapshot_id)
{
    const struct data_file *f = &entry->file;

    builder_i32(&c[ENTRY_STATUS], (int32_t)entry->status);
    builder_i64(&c[ENTRY_SNAPSHOT_ID],
                entry->status == ENTRY_ADDED || !f->snapshot_id ? snapshot_id : f->snapshot_id);
    if (entry->status == ENTRY_ADDED) {
        builder_null(&c[ENTRY_SEQUENCE]);
        builder_null(&c[ENTRY_FILE_SEQUENCE]);
    } else {
        builder_i64(&c[ENTRY_SEQUENCE], f->sequence_number);
        builder_i64(&c[ENTRY_FILE_SEQUENCE], f->file_sequence_number);
    }
    put_file(&c[ENTRY_FILE], f);
}

/* The partition tuple must be one of the spec: it came from a checkpoint or from another manifest. */
static enum err check_partition(const struct data_file *f, const struct partition_spec *spec,
                                const struct type **types, struct error *e)
{
    bool fits = f->partition_count == spec->field_count;

    for (int32_t i = 0; fits && i < spec->field_count; i++)
        fits = f->partition[i].null || single_value_fits(types[i], f->partition[i].value);
    if (fits)
        return OK;
    return error_set(e, ERR_CORRUPT, "file %s does not fit the table's partition spec %" PRId32, f->path,
                     spec->spec_id);
}

static enum err entries_batch(const struct schema *schema, const struct partition_spec *spec,
                              const struct type **types, const struct manifest_entry *entries, int32_t count,
                              int64_t snapshot_id, struct batch **out, struct error *e)
{
    struct builder b;
    enum err rc = OK;

    if (!builder_init(&b, schema, NULL))
        return error_memory(e, (size_t)count, "a manifest");
    for (int32_t i = 0; rc == OK && i < count; i++)
        if ((rc = check_partition(&entries[i].file, spec, types, e)) == OK)
            put_entry(b.columns, &entries[i], snapshot_id);
    if (rc == OK)
        rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}

/* --- totals --- */

static void count_entry(struct manifest *m, const struct manifest_entry *entry)
{
    const struct data_file *f = &entry->file;

    switch (entry->status) {
    case ENTRY_ADDED:
        m->added_files++;
        m->added_rows += f->record_count;
        return;
    case ENTRY_EXISTING:
        m->existing_files++;
        m->existing_rows += f->record_count;
        m->min_sequence_number = MIN(m->min_sequence_number, f->sequence_number);
        return;
    case ENTRY_DELETED:
        m->deleted_files++;
        m->deleted_rows += f->record_count;
        return;
    }
}

static void summarize_value(struct manifest_summary *s, const struct type *t, const struct partition_value *v)
{
    if (v->null) {
        s->contains_null = true;
    } else if (single_value_is_nan(t, v->value)) {
        s->contains_nan = 1;
    } else if (!s->has_bounds) {
        s->has_bounds = true;
        s->lower = s->upper = v->value;
    } else {
        if (single_value_compare(t, v->value, s->lower) < 0)
            s->lower = v->value;
        if (single_value_compare(t, v->value, s->upper) > 0)
            s->upper = v->value;
    }
}

static void summarize(struct manifest *m, const struct type **types, const struct manifest_entry *entries,
                      int32_t count, struct arena *arena)
{
    struct manifest_summary *s = ARENA_ARRAY(arena, struct manifest_summary, m->summary_count);

    for (int32_t i = 0; i < count; i++) {
        count_entry(m, &entries[i]);
        for (int32_t k = 0; s && k < m->summary_count; k++)
            summarize_value(&s[k], types[k], &entries[i].file.partition[k]);
    }
    for (int32_t k = 0; s && k < m->summary_count; k++) {
        s[k].lower = arena_slice(arena, s[k].lower);
        s[k].upper = arena_slice(arena, s[k].upper);
    }
    m->summaries = s;
}

/* --- the file --- */

/* Iceberg gives `status` the field id 0, which in weir's schemas means none. Readers want it, so it is put
 * into the schema in the file's header; the header's other entries and the blocks stay as they are. */
static enum err put_status_id(struct slice file, struct bytes *out, struct error *e)
{
    struct reader r = reader_of(file);
    struct slice magic = reader_bytes(&r, 4);
    int64_t count = reader_zigzag(&r);
    struct slice key = reader_bytes(&r, (size_t)reader_zigzag(&r)),
                 value = reader_bytes(&r, (size_t)reader_zigzag(&r));
    struct bytes text = {0};
    json_t *schema = NULL;
    enum err rc;

    assert(!r.failed && slice_is(key, "avro.schema")); /* avro_file_write's first entry */
    if ((rc = json_field_parse(value, &schema, e)) == OK) {
        json_t *status = json_array_get(json_object_get(schema, "fields"), ENTRY_STATUS);

        rc = json_field_put(status, "field-id", json_integer(0)) ? json_field_print(schema, &text, e)
                                                                 : error_memory(e, value.len, "a manifest");
    }
    json_decref(schema);
    bytes_slice(out, magic);
    bytes_zigzag(out, count);
    bytes_zigzag(out, (int64_t)key.len);
    bytes_slice(out, key);
    bytes_zigzag(out, (int64_t)text.len);
    bytes_slice(out, bytes_all(&text));
    bytes_append(out, r.ptr, reader_left(&r));
    bytes_fini(&text);
    if (rc == OK && out->failed)
        rc = error_memory(e, file.len, "a manifest");
    return rc;
}

/* The JSON of the table's current schema as it stands in the metadata. */
static json_t *schema_json(const struct metadata *m)
{
    json_t *list = json_object_get(m->json, "schemas"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (json_integer_value(json_object_get(one, "schema-id")) == m->schema_id)
            return one;
    }
    return json_object_get(m->json, "schema");
}

/* JSON as text in arena, NULL when there is no memory. */
static const char *json_text(json_t *json, struct arena *arena)
{
    struct bytes text = {0};
    struct error e;
    const char *out = json && json_field_print(json, &text, &e) == OK ? arena_text(arena, bytes_all(&text))
                                                                      : NULL;

    bytes_fini(&text);
    return out;
}

static enum err file_bytes(const struct batch *b, const struct metadata *metadata,
                           const struct partition_spec *spec, bool deletes, struct arena *arena,
                           struct bytes *out, struct error *e)
{
    json_t *json = metadata_spec_json(spec);
    const char *entries[] = {"schema",
                             json_text(schema_json(metadata), arena),
                             "schema-id",
                             arena_printf(arena, "%" PRId32, metadata->schema_id),
                             "partition-spec",
                             json_text(json_object_get(json, "fields"), arena),
                             "partition-spec-id",
                             arena_printf(arena, "%" PRId32, spec->spec_id),
                             "format-version",
                             "2",
                             "content",
                             deletes ? "deletes" : "data",
                             NULL};
    struct bytes file = {0};
    enum err rc = OK;

    for (size_t i = 0; i + 1 < COUNT_OF(entries); i++)
        if (entries[i] == NULL)
            rc = error_memory(e, 0, "a manifest");
    if (rc == OK && (rc = avro_file_write(b, "manifest_entry", entries, AVRO_DEFLATE, &file, e)) == OK)
        rc = put_status_id(bytes_all(&file), out, e);
    bytes_fini(&file);
    json_decref(json);
    return rc;
}

enum err manifest_write(struct fs *fs, const char *path, const struct metadata *metadata, int32_t spec_id,
                        bool deletes, const struct manifest_entry *entries, int32_t count,
                        int64_t snapshot_id, struct arena *arena, struct manifest *out, struct error *e)
{
    const struct partition_spec *spec = metadata_spec(metadata, spec_id);
    struct arena own = {0};
    struct bytes file = {0};
    const struct schema *schema;
    const struct type **types;
    struct batch *b = NULL;
    enum err rc;

    if (spec == NULL)
        return error_set(e, ERR_CORRUPT, "manifest %s: the table has no partition spec %" PRId32, path,
                         spec_id);
    if ((rc = manifest_schema_partition(metadata, spec, &own, &types, e)) != OK ||
        (rc = manifest_schema_entry(spec, types, false, &own, &schema, e)) != OK ||
        (rc = entries_batch(schema, spec, types, entries, count, snapshot_id, &b, e)) != OK ||
        (rc = file_bytes(b, metadata, spec, deletes, &own, &file, e)) != OK)
        goto out;
    *out = (struct manifest){.path = arena_strdup(arena, path),
                             .length = (int64_t)file.len,
                             .spec_id = spec_id,
                             .deletes = deletes,
                             .min_sequence_number = INT64_MAX,
                             .added_snapshot_id = snapshot_id,
                             .summary_count = spec->field_count};
    summarize(out, types, entries, count, arena);
    rc = arena->failed ? error_memory(e, 0, "a manifest") : fs_put(fs, path, bytes_all(&file), FS_REPLACE, e);
out:
    batch_unref(b);
    bytes_fini(&file);
    arena_fini(&own);
    return rc == OK ? OK : error_add(e, rc, "manifest %s", path);
}
