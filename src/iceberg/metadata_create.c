/* metadata_create.c: a new table: what was asked for is checked, then written down as version 2 metadata. */
#include "iceberg/json_field.h"
#include "iceberg/metadata.h"

/* --- checks --- */

static enum err check_fields(const struct field *fields, int32_t count, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct type *t = fields[i].type;

        if (!json_field_is_text(fields[i].name) || !json_field_is_text(fields[i].doc))
            rc = error_set(e, ERR_CONFIG, "its name or comment is not UTF-8");
        else if (t->kind == TYPE_INTERVAL_MONTHS || t->kind == TYPE_INTERVAL_MILLIS)
            rc = error_set(e, ERR_UNSUPPORTED, "Iceberg has no intervals; store a number");
        else if (t->precision > 6 && t->kind >= TYPE_TIME && t->kind <= TYPE_TIMESTAMP_LTZ)
            rc = error_set(e, ERR_UNSUPPORTED,
                           "Iceberg's format version 2 has microseconds at best; use precision 6");
        else
            rc = check_fields(t->fields, t->field_count, e);
        if (rc != OK)
            return error_add(e, rc, "column %s", fields[i].name);
        for (int32_t k = 0; k < i; k++)
            if (strcmp(fields[i].name, fields[k].name) == 0)
                return error_set(e, ERR_CONFIG, "column %s is there twice", fields[i].name);
    }
    return rc;
}

static enum err check_key(const struct table_spec *spec, struct error *e)
{
    for (int32_t i = 0; spec->primary_key && spec->primary_key[i]; i++) {
        int32_t at = schema_find(spec->schema, slice_text(spec->primary_key[i]));
        const struct type *t = at < 0 ? NULL : spec->schema->fields[at].type;
        const char *why = t == NULL     ? "is not a column"
                          : t->nullable ? "must be NOT NULL"
                          : type_is_nested(t) || t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE
                              ? "has a type that cannot be part of a key in Iceberg"
                              : NULL;

        if (why)
            return error_set(e, ERR_CONFIG, "primary key: %s %s", spec->primary_key[i], why);
    }
    return OK;
}

static enum err check_properties(const struct table_spec *spec, struct error *e)
{
    static const char *const reserved[] = {
        "uuid",
        "snapshot-count",
        "current-snapshot-summary",
        "current-snapshot-id",
        "current-schema",
        "default-partition-spec",
        "default-sort-order",
        "current-snapshot-timestamp-ms",
    };

    if (!json_field_is_text(spec->comment))
        return error_set(e, ERR_CONFIG, "the table's comment is not UTF-8");
    for (int32_t i = 0; spec->properties && spec->properties[i]; i += 2) {
        const char *key = spec->properties[i], *value = spec->properties[i + 1];

        assert(value);
        if (!json_field_is_text(key) || !json_field_is_text(value))
            return error_set(e, ERR_CONFIG, "table property %.100s is not UTF-8", key);
        if (strcmp(key, "format-version") == 0 && strcmp(value, "2") != 0)
            return error_set(e, ERR_UNSUPPORTED, "format-version is %.20s; weir creates tables of version 2",
                             value);
        for (size_t k = 0; k < COUNT_OF(reserved); k++)
            if (strcmp(key, reserved[k]) == 0)
                return error_set(e, ERR_CONFIG, "table property %s is Iceberg's own and cannot be set", key);
    }
    return OK;
}

/* Ids are given for all fields or for none: the number of those that have one is added to *given. */
static int32_t count_fields(const struct field *fields, int32_t count, int32_t *given, int32_t *largest)
{
    int32_t n = count;

    for (int32_t i = 0; i < count; i++) {
        *given += fields[i].id > 0;
        *largest = MAX(*largest, fields[i].id);
        n += count_fields(fields[i].type->fields, fields[i].type->field_count, given, largest);
    }
    return n;
}

enum err metadata_check_spec(const struct table_spec *spec, struct error *e)
{
    int32_t given = 0, largest = 0;
    enum err rc;

    if ((rc = check_fields(spec->schema->fields, spec->schema->field_count, e)) != OK ||
        (rc = check_key(spec, e)) != OK || (rc = check_properties(spec, e)) != OK)
        return rc;
    if (spec->schema->field_count == 0)
        return error_set(e, ERR_CONFIG, "a table needs at least one column");
    if (count_fields(spec->schema->fields, spec->schema->field_count, &given, &largest) != given && given)
        return error_set(e, ERR_CONFIG, "field ids must be given for all columns or for none");
    return OK;
}

static const struct type *source_type(const struct field *fields, int32_t count, int32_t id)
{
    const struct type *found = NULL;

    for (int32_t i = 0; found == NULL && i < count; i++)
        if (fields[i].id == id)
            found = fields[i].type;
        else if (fields[i].type->kind == TYPE_STRUCT)
            found = source_type(fields[i].type->fields, fields[i].type->field_count, id);
    return found;
}

static enum err check_partition(const struct partition_spec *spec, const struct schema *schema,
                                struct error *e)
{
    for (int32_t i = 0; spec && i < spec->field_count; i++) {
        const struct partition_field *f = &spec->fields[i];
        const struct type *t = source_type(schema->fields, schema->field_count, f->source_id), *result;
        enum err rc;

        if (!json_field_is_text(f->name))
            return error_set(e, ERR_CONFIG, "partition field %" PRId32 ": its name is not UTF-8",
                             f->field_id);
        if (t == NULL)
            return error_set(e, ERR_CONFIG, "partition field %s: there is no column with field id %" PRId32,
                             f->name, f->source_id);
        if ((rc = transform_result(f->transform, t, &result, e)) != OK)
            return error_add(e, rc, "partition field %s", f->name);
    }
    return OK;
}

/* --- plans --- */

enum err metadata_plan_schema(const struct table_spec *spec, struct arena *arena,
                              const struct schema **schema, int32_t *last_id, const int32_t **key_ids,
                              int32_t *key_count, struct error *e)
{
    int32_t given = 0, count = 0;
    int32_t *ids;
    enum err rc = OK;

    *last_id = 0;
    count_fields(spec->schema->fields, spec->schema->field_count, &given, last_id);
    *schema = spec->schema;
    if (given == 0 && (rc = metadata_assign_ids(arena, spec->schema, schema, last_id, e)) != OK)
        return rc;
    while (spec->primary_key && spec->primary_key[count])
        count++;
    if ((ids = ARENA_ARRAY(arena, int32_t, count)) == NULL)
        return error_memory(e, (size_t)count, "a primary key");
    for (int32_t i = 0; i < count; i++)
        ids[i] = (*schema)->fields[schema_find(*schema, slice_text(spec->primary_key[i]))].id;
    *key_ids = ids;
    *key_count = count;
    return check_partition(spec->partition, *schema, e);
}

enum err metadata_plan_properties(const struct table_spec *spec, json_t **out, struct error *e)
{
    json_t *o = json_object();
    bool ok = json_field_put(o, "write.parquet.compression-codec",
                             json_string("zstd")); /* of new tables only */

    for (int32_t i = 0; spec->properties && spec->properties[i]; i += 2)
        if (strcmp(spec->properties[i], "format-version") != 0)
            ok = json_field_put(o, spec->properties[i], json_string(spec->properties[i + 1])) && ok;
    if (spec->comment)
        ok = json_field_put(o, "comment", json_string(spec->comment)) && ok;
    if (!ok) {
        json_decref(o);
        return error_memory(e, 0, "table properties");
    }
    *out = o;
    return OK;
}

json_t *metadata_spec_json(const struct partition_spec *spec)
{
    json_t *o = json_object(), *list = json_array();
    bool ok = json_field_put(o, "spec-id", json_integer(spec ? spec->spec_id : 0));

    for (int32_t i = 0; spec && i < spec->field_count; i++) {
        const struct partition_field *f = &spec->fields[i];
        json_t *field = json_object();
        struct bytes text = {0};

        transform_print(f->transform, &text);
        ok = ok && bytes_cstr(&text) && json_field_put(field, "name", json_string(f->name)) &&
             json_field_put(field, "transform", json_string(text.ptr)) &&
             json_field_put(field, "source-id", json_integer(f->source_id)) &&
             json_field_put(field, "field-id", json_integer(f->field_id)) &&
             json_field_append(list, json_incref(field));
        bytes_fini(&text);
        json_decref(field);
    }
    ok = ok && json_field_put(o, "fields", json_incref(list));
    json_decref(list);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

/* --- the document --- */

/* A list with the one element (taken). */
static json_t *list_of(json_t *element)
{
    json_t *list = json_array();

    if (json_field_append(list, element))
        return list;
    json_decref(list);
    return NULL;
}

static json_t *unsorted(void)
{
    json_t *order = json_object();

    if (json_field_put(order, "order-id", json_integer(0)) && json_field_put(order, "fields", json_array()))
        return order;
    json_decref(order);
    return NULL;
}

static bool put_history(json_t *o)
{
    return json_field_put(o, "current-snapshot-id", json_integer(-1)) &&
           json_field_put(o, "refs", json_object()) && json_field_put(o, "snapshots", json_array()) &&
           json_field_put(o, "statistics", json_array()) &&
           json_field_put(o, "partition-statistics", json_array()) &&
           json_field_put(o, "snapshot-log", json_array()) && json_field_put(o, "metadata-log", json_array());
}

static int32_t last_partition_id(const struct partition_spec *spec)
{
    int32_t last = 999;

    for (int32_t i = 0; spec && i < spec->field_count; i++)
        last = MAX(last, spec->fields[i].field_id);
    return last;
}

enum err metadata_create(const struct table_spec *spec, const char *location, const char *uuid,
                         int64_t now_ms, struct metadata **out, struct error *e)
{
    struct arena arena = {0};
    const struct schema *schema;
    const int32_t *key_ids;
    int32_t key_count, last_id, spec_id = spec->partition ? spec->partition->spec_id : 0;
    json_t *o = NULL, *properties = NULL;
    enum err rc;

    if ((rc = metadata_check_spec(spec, e)) != OK ||
        (rc = metadata_plan_schema(spec, &arena, &schema, &last_id, &key_ids, &key_count, e)) != OK ||
        (rc = metadata_plan_properties(spec, &properties, e)) != OK)
        goto out;
    o = json_object();
    if (json_field_put(o, "format-version", json_integer(2)) &&
        json_field_put(o, "table-uuid", json_string(uuid)) &&
        json_field_put(o, "location", json_string(location)) &&
        json_field_put(o, "last-sequence-number", json_integer(0)) &&
        json_field_put(o, "last-updated-ms", json_integer(now_ms)) &&
        json_field_put(o, "last-column-id", json_integer(last_id)) &&
        json_field_put(o, "current-schema-id", json_integer(0)) &&
        json_field_put(o, "schemas", list_of(metadata_schema_json(schema, 0, key_ids, key_count))) &&
        json_field_put(o, "default-spec-id", json_integer(spec_id)) &&
        json_field_put(o, "partition-specs", list_of(metadata_spec_json(spec->partition))) &&
        json_field_put(o, "last-partition-id", json_integer(last_partition_id(spec->partition))) &&
        json_field_put(o, "default-sort-order-id", json_integer(0)) &&
        json_field_put(o, "sort-orders", list_of(unsorted())) &&
        json_field_put(o, "properties", json_incref(properties)) && put_history(o))
        rc = metadata_of_json(json_incref(o), location, out, e);
    else
        rc = error_memory(e, 0, "table metadata");
out:
    json_decref(o);
    json_decref(properties);
    arena_fini(&arena);
    return rc;
}
