/* manifest_schema.c: tables of the columns; only the partition tuple depends on the Iceberg table. */
#include "iceberg/manifest_schema.h"

static const struct type required_int = {.kind = TYPE_INT32}, required_long = {.kind = TYPE_INT64};
static const struct type required_text = {.kind = TYPE_STRING}, required_bytes = {.kind = TYPE_BINARY};
static const struct type required_bool = {.kind = TYPE_BOOLEAN};
static const struct type optional_int = {.kind = TYPE_INT32, .nullable = true};
static const struct type optional_long = {.kind = TYPE_INT64, .nullable = true};
static const struct type optional_text = {.kind = TYPE_STRING, .nullable = true};
static const struct type optional_bytes = {.kind = TYPE_BINARY, .nullable = true};
static const struct type optional_bool = {.kind = TYPE_BOOLEAN, .nullable = true};

#define MAP_OF(name, key_id, value_id, value)                                                                \
    static const struct field name##_fields[] = {{"key", &required_int, key_id, NULL},                       \
                                                 {"value", value, value_id, NULL}};                          \
    static const struct type name = {                                                                        \
        .kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = name##_fields}
#define LIST_OF(name, element_id, element)                                                                   \
    static const struct field name##_fields[] = {{"element", element, element_id, NULL}};                    \
    static const struct type name = {                                                                        \
        .kind = TYPE_LIST, .nullable = true, .field_count = 1, .fields = name##_fields}

MAP_OF(column_sizes, 117, 118, &required_long);
MAP_OF(value_counts, 119, 120, &required_long);
MAP_OF(null_counts, 121, 122, &required_long);
MAP_OF(nan_counts, 138, 139, &required_long);
MAP_OF(lower_bounds, 126, 127, &required_bytes);
MAP_OF(upper_bounds, 129, 130, &required_bytes);
LIST_OF(split_offsets, 133, &required_long);
LIST_OF(equality_ids, 136, &required_int);
LIST_OF(wide_equality_ids, 136, &required_long);

static const struct field file_fields[FILE_FIELDS] = {
    [FILE_CONTENT] = {"content", &required_int, 134, NULL},
    [FILE_PATH] = {"file_path", &required_text, 100, NULL},
    [FILE_FORMAT] = {"file_format", &required_text, 101, NULL},
    [FILE_PARTITION] = {"partition", NULL, 102, NULL},
    [FILE_RECORDS] = {"record_count", &required_long, 103, NULL},
    [FILE_BYTES] = {"file_size_in_bytes", &required_long, 104, NULL},
    [FILE_COLUMN_SIZES] = {"column_sizes", &column_sizes, 108, NULL},
    [FILE_VALUE_COUNTS] = {"value_counts", &value_counts, 109, NULL},
    [FILE_NULL_COUNTS] = {"null_value_counts", &null_counts, 110, NULL},
    [FILE_NAN_COUNTS] = {"nan_value_counts", &nan_counts, 137, NULL},
    [FILE_LOWER] = {"lower_bounds", &lower_bounds, 125, NULL},
    [FILE_UPPER] = {"upper_bounds", &upper_bounds, 128, NULL},
    [FILE_KEY_METADATA] = {"key_metadata", &optional_bytes, 131, NULL},
    [FILE_SPLITS] = {"split_offsets", &split_offsets, 132, NULL},
    [FILE_EQUALITY_IDS] = {"equality_ids", &equality_ids, 135, NULL},
    [FILE_SORT_ORDER] = {"sort_order_id", &optional_int, 140, NULL},
    [FILE_REFERENCES] = {"referenced_data_file", &optional_text, 143, NULL},
};

static const struct field entry_fields[ENTRY_COLUMNS] = {
    [ENTRY_STATUS] = {"status", &required_int, 0, NULL},
    [ENTRY_SNAPSHOT_ID] = {"snapshot_id", &optional_long, 1, NULL},
    [ENTRY_SEQUENCE] = {"sequence_number", &optional_long, 3, NULL},
    [ENTRY_FILE_SEQUENCE] = {"file_sequence_number", &optional_long, 4, NULL},
    [ENTRY_FILE] = {"data_file", NULL, 2, NULL},
};

static const struct field summary_fields[] = {
    [SUMMARY_NULL] = {"contains_null", &required_bool, 509, NULL},
    [SUMMARY_NAN] = {"contains_nan", &optional_bool, 518, NULL},
    [SUMMARY_LOWER] = {"lower_bound", &optional_bytes, 510, NULL},
    [SUMMARY_UPPER] = {"upper_bound", &optional_bytes, 511, NULL},
};
static const struct type summary = {
    .kind = TYPE_STRUCT, .field_count = COUNT_OF(summary_fields), .fields = summary_fields};
LIST_OF(summaries, 508, &summary);

static const struct field list_fields[LIST_COLUMNS] = {
    [LIST_PATH] = {"manifest_path", &required_text, 500, NULL},
    [LIST_LENGTH] = {"manifest_length", &required_long, 501, NULL},
    [LIST_SPEC_ID] = {"partition_spec_id", &required_int, 502, NULL},
    [LIST_CONTENT] = {"content", &required_int, 517, NULL},
    [LIST_SEQUENCE] = {"sequence_number", &required_long, 515, NULL},
    [LIST_MIN_SEQUENCE] = {"min_sequence_number", &required_long, 516, NULL},
    [LIST_SNAPSHOT_ID] = {"added_snapshot_id", &required_long, 503, NULL},
    [LIST_ADDED_FILES] = {"added_files_count", &required_int, 504, NULL},
    [LIST_EXISTING_FILES] = {"existing_files_count", &required_int, 505, NULL},
    [LIST_DELETED_FILES] = {"deleted_files_count", &required_int, 506, NULL},
    [LIST_ADDED_ROWS] = {"added_rows_count", &required_long, 512, NULL},
    [LIST_EXISTING_ROWS] = {"existing_rows_count", &required_long, 513, NULL},
    [LIST_DELETED_ROWS] = {"deleted_rows_count", &required_long, 514, NULL},
    [LIST_PARTITIONS] = {"partitions", &summaries, 507, NULL},
    [LIST_KEY_METADATA] = {"key_metadata", &optional_bytes, 519, NULL},
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "the columns of a manifest");
}

static const struct type *nullable(const struct type *t, struct arena *arena)
{
    struct type *copy = arena_copy(arena, t, sizeof *t);

    if (copy)
        copy->nullable = true;
    return copy;
}

/* As it is read: perhaps absent, and an int perhaps written as a long (pyiceberg does so with equality_ids).
 */
static const struct type *lenient(const struct type *t, struct arena *arena)
{
    if (t->kind == TYPE_INT32)
        return &optional_long;
    return t == &equality_ids ? &wide_equality_ids : nullable(t, arena);
}

/* A copy of fields in arena, for reading or for writing. */
static struct field *copy_fields(const struct field *from, int32_t count, bool reading, struct arena *arena)
{
    struct field *fields = arena_copy(arena, from, sizeof *from * (size_t)count);

    for (int32_t i = 0; fields && reading && i < count; i++)
        if (fields[i].type)
            fields[i].type = lenient(fields[i].type, arena);
    return fields;
}

static const struct type *struct_of(const struct field *fields, int32_t count, bool optional,
                                    struct arena *arena)
{
    struct type *t = ARENA_NEW(arena, struct type);

    if (t)
        *t = (struct type){.kind = TYPE_STRUCT, .nullable = optional, .field_count = count, .fields = fields};
    return t;
}

static enum err schema_of(const struct field *fields, int32_t count, struct arena *arena,
                          const struct schema **out, struct error *e)
{
    struct schema *s = ARENA_NEW(arena, struct schema);

    if (arena->failed)
        return no_memory(e);
    *s = (struct schema){count, fields};
    *out = s;
    return OK;
}

enum err manifest_schema_partition(const struct metadata *m, const struct partition_spec *spec,
                                   struct arena *arena, const struct type ***out, struct error *e)
{
    const struct type **types = ARENA_ARRAY(arena, const struct type *, spec->field_count);
    enum err rc;

    for (int32_t i = 0; types && i < spec->field_count; i++) {
        const struct partition_field *f = &spec->fields[i];
        const struct type *source = metadata_column_type(m, f->source_id);

        if (source == NULL)
            return error_set(e, ERR_UNSUPPORTED,
                             "partition field %s: its column (field id %" PRId32
                             ") is in no schema of the table",
                             f->name, f->source_id);
        if ((rc = transform_result(f->transform, source, &types[i], e)) != OK)
            return error_add(e, rc, "partition field %s", f->name);
        types[i] = nullable(types[i], arena);
    }
    *out = types;
    return arena->failed ? no_memory(e) : OK;
}

enum err manifest_schema_entry(const struct partition_spec *spec, const struct type **partition, bool reading,
                               struct arena *arena, const struct schema **out, struct error *e)
{
    struct field *entry = copy_fields(entry_fields, ENTRY_COLUMNS, reading, arena);
    struct field *file = copy_fields(file_fields, FILE_FIELDS, reading, arena);
    struct field *values = ARENA_ARRAY(arena, struct field, spec->field_count);

    if (arena->failed)
        return no_memory(e);
    for (int32_t i = 0; i < spec->field_count; i++)
        values[i] = (struct field){spec->fields[i].name, partition[i], spec->fields[i].field_id, NULL};
    file[FILE_PARTITION].type = struct_of(values, spec->field_count, reading, arena);
    entry[ENTRY_FILE].type = struct_of(file, FILE_FIELDS, reading, arena);
    return schema_of(entry, ENTRY_COLUMNS, arena, out, e);
}

enum err manifest_schema_list(bool reading, struct arena *arena, const struct schema **out, struct error *e)
{
    return schema_of(copy_fields(list_fields, LIST_COLUMNS, reading, arena), LIST_COLUMNS, arena, out, e);
}
