/* metadata.c: the document as structs. What is not understood stays in the document and is written back as
 * it was. Version 1 differs in what may be missing: one schema and one spec without ids, no sequence
 * numbers, no uuid.
 */
#include "iceberg/metadata.h"
#include "base/mem.h"
#include "iceberg/json_field.h"
#include "os/log.h"
#include <stdlib.h>
#include <strings.h>

#define FIRST_PARTITION_FIELD 1000
#define NONE                  -1 /* Java's "no current snapshot" */

/* --- parts --- */

static enum err take_spec_fields(struct metadata *m, json_t *list, struct partition_spec *spec,
                                 struct error *e)
{
    size_t count = json_array_size(list);
    struct partition_field *fields = ARENA_ARRAY(&m->arena, struct partition_field, count);
    enum err rc = OK;

    if (fields == NULL || count > INT32_MAX)
        return error_memory(e, count * sizeof *fields, "a partition spec");
    for (size_t i = 0; rc == OK && i < count; i++) {
        struct partition_field *f = &fields[i];
        json_t *json = json_array_get(list, i);
        const char *name, *transform;

        f->field_id = FIRST_PARTITION_FIELD + (int32_t)i; /* version 1 may not say */
        if ((rc = json_field_text(json, "name", &name, e)) != OK ||
            (rc = json_field_text(json, "transform", &transform, e)) != OK ||
            (rc = json_field_int(json, "source-id", 0, &f->source_id, e)) != OK ||
            (m->format_version > 1 && (rc = json_field_int(json, "field-id", 0, &f->field_id, e)) != OK) ||
            (json_field_has(json, "field-id") &&
             (rc = json_field_int(json, "field-id", 0, &f->field_id, e)) != OK) ||
            (rc = transform_parse(slice_text(transform), &f->transform, e)) != OK)
            return error_add(e, rc, "partition field %zu", i);
        f->name = arena_strdup(&m->arena, name);
    }
    spec->fields = fields;
    spec->field_count = (int32_t)count;
    return OK;
}

static enum err take_spec(struct metadata *m, json_t *json, const struct partition_spec **out,
                          struct error *e)
{
    struct partition_spec *spec = ARENA_NEW(&m->arena, struct partition_spec);
    json_t *fields = json;
    enum err rc = OK;

    if (spec == NULL)
        return error_memory(e, sizeof *spec, "a partition spec");
    if (!json_is_array(json)) /* version 1's `partition-spec` is the fields alone */
        if ((rc = json_field_array(json, "fields", &fields, e)) != OK ||
            (rc = json_field_int(json, "spec-id", 0, &spec->spec_id, e)) != OK)
            return rc;
    *out = spec;
    return take_spec_fields(m, fields, spec, e);
}

static enum err take_specs(struct metadata *m, struct error *e)
{
    json_t *list = json_object_get(m->json, "partition-specs"),
           *only = json_object_get(m->json, "partition-spec");
    int32_t wanted = 0;
    enum err rc = OK;
    size_t count = 1;

    if (json_is_array(list)) {
        count = json_array_size(list);
        rc = json_field_int(m->json, "default-spec-id", 0, &wanted, e);
    } else if (m->format_version > 1 || !json_is_array(only)) {
        rc = error_set(e, ERR_CORRUPT, "field `partition-specs` should be a list");
    }
    if (rc != OK)
        return rc;
    if ((m->specs = ARENA_ARRAY(&m->arena, const struct partition_spec *, count)) == NULL)
        return error_memory(e, count, "partition specs");
    for (size_t i = 0; i < count; i++) {
        json_t *json = json_is_array(list) ? json_array_get(list, i) : only;

        if ((rc = take_spec(m, json, &m->specs[i], e)) != OK)
            return error_add(e, rc, "field `partition-specs`");
        m->spec_count++;
    }
    m->spec = metadata_spec(m, wanted);
    return m->spec ? OK
                   : error_set(e, ERR_CORRUPT, "field `default-spec-id`: there is no spec %" PRId32, wanted);
}

static enum err take_identifiers(struct metadata *m, json_t *schema, struct error *e)
{
    json_t *list = json_object_get(schema, "identifier-field-ids");
    size_t count = json_is_array(list) ? json_array_size(list) : 0;
    int32_t *ids = ARENA_ARRAY(&m->arena, int32_t, count);

    if (ids == NULL || count > INT32_MAX)
        return error_memory(e, count, "a primary key");
    for (size_t i = 0; i < count; i++) {
        json_t *id = json_array_get(list, i);

        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > INT32_MAX)
            return error_set(e, ERR_CORRUPT, "field `identifier-field-ids` should be field ids");
        ids[i] = (int32_t)json_integer_value(id);
    }
    m->identifier_ids = ids;
    m->identifier_count = (int32_t)count;
    return OK;
}

static enum err take_schemas(struct metadata *m, struct error *e)
{
    json_t *list = json_object_get(m->json, "schemas"), *only = json_object_get(m->json, "schema");
    bool many = json_is_array(list);
    size_t count = many ? json_array_size(list) : 1;
    struct schema_version *schemas = ARENA_ARRAY(&m->arena, struct schema_version, count);
    enum err rc = OK;

    if (!many && (m->format_version > 1 || !json_is_object(only)))
        return error_set(e, ERR_CORRUPT, "field `schemas` should be a list");
    if (many && (rc = json_field_int(m->json, "current-schema-id", 0, &m->schema_id, e)) != OK)
        return rc;
    if (schemas == NULL || count > INT32_MAX)
        return error_memory(e, count, "schemas");
    for (size_t i = 0; rc == OK && i < count; i++) {
        json_t *json = many ? json_array_get(list, i) : only;

        if (many)
            rc = json_field_int(json, "schema-id", 0, &schemas[i].id, e);
        if (rc == OK)
            rc = metadata_schema_parse(json, &m->arena, &schemas[i].schema, e);
        if (rc == OK && schemas[i].id == m->schema_id) {
            m->schema = schemas[i].schema;
            rc = take_identifiers(m, json, e);
        }
    }
    if (rc != OK)
        return error_add(e, rc, "field `schemas`");
    m->schemas = schemas;
    m->schema_count = (int32_t)count;
    if (m->schema == NULL)
        return error_set(e, ERR_CORRUPT, "field `current-schema-id`: there is no schema %" PRId32,
                         m->schema_id);
    return OK;
}

static enum err take_snapshot(struct metadata *m, json_t *json, struct snapshot *s, struct error *e)
{
    enum err rc;

    if ((rc = json_field_long(json, "snapshot-id", INT64_MIN, INT64_MAX, &s->id, e)) != OK ||
        (rc = json_field_long(json, "timestamp-ms", INT64_MIN, INT64_MAX, &s->timestamp_ms, e)) != OK)
        return rc;
    if (json_field_has(json, "parent-snapshot-id") &&
        (rc = json_field_long(json, "parent-snapshot-id", INT64_MIN, INT64_MAX, &s->parent_id, e)) != OK)
        return rc;
    if (m->format_version > 1 &&
        (rc = json_field_long(json, "sequence-number", 0, INT64_MAX, &s->sequence_number, e)) != OK)
        return rc;
    s->summary = json_object_get(json, "summary");
    if (!json_is_object(s->summary))
        s->summary = NULL;
    s->manifest_list = arena_strdup(&m->arena, json_field_get(json, "manifest-list"));
    if (m->format_version > 1 && s->manifest_list == NULL)
        return error_set(e, ERR_CORRUPT, "field `manifest-list` is missing");
    return OK;
}

static enum err take_snapshots(struct metadata *m, struct error *e)
{
    json_t *list = json_object_get(m->json, "snapshots");
    size_t count = json_is_array(list) ? json_array_size(list) : 0;
    struct snapshot *snapshots = ARENA_ARRAY(&m->arena, struct snapshot, count);
    enum err rc;

    if (snapshots == NULL || count > INT32_MAX)
        return error_memory(e, count * sizeof *snapshots, "snapshots");
    for (size_t i = 0; i < count; i++)
        if ((rc = take_snapshot(m, json_array_get(list, i), &snapshots[i], e)) != OK)
            return error_add(e, rc, "field `snapshots[%zu]`", i);
    m->snapshots = snapshots;
    m->snapshot_count = (int32_t)count;
    if (!json_field_has(m->json, "current-snapshot-id"))
        return OK;
    if ((rc = json_field_long(m->json, "current-snapshot-id", INT64_MIN, INT64_MAX, &m->current_snapshot_id,
                              e)) != OK)
        return rc;
    if (m->current_snapshot_id == NONE)
        m->current_snapshot_id = 0;
    if (m->current_snapshot_id && metadata_snapshot(m, m->current_snapshot_id) == NULL)
        return error_set(e, ERR_CORRUPT, "field `current-snapshot-id`: there is no snapshot %" PRId64,
                         m->current_snapshot_id);
    return OK;
}

static enum err take_numbers(struct metadata *m, struct error *e)
{
    enum err rc;

    if ((rc = json_field_int(m->json, "last-column-id", 0, &m->last_column_id, e)) != OK ||
        (rc = json_field_long(m->json, "last-updated-ms", INT64_MIN, INT64_MAX, &m->last_updated_ms, e)) !=
            OK)
        return rc;
    m->last_partition_id = FIRST_PARTITION_FIELD - 1;
    for (int32_t i = 0; i < m->spec_count; i++)
        for (int32_t k = 0; k < m->specs[i]->field_count; k++)
            m->last_partition_id = MAX(m->last_partition_id, m->specs[i]->fields[k].field_id);
    if ((m->format_version > 1 || json_field_has(m->json, "last-partition-id")) &&
        (rc = json_field_int(m->json, "last-partition-id", 0, &m->last_partition_id, e)) != OK)
        return rc;
    if (m->format_version > 1)
        return json_field_long(m->json, "last-sequence-number", 0, INT64_MAX, &m->last_sequence_number, e);
    return OK;
}

static enum err take_document(struct metadata *m, struct error *e)
{
    const char *location, *uuid;
    enum err rc;

    if (!json_is_object(m->json))
        return error_set(e, ERR_CORRUPT, "not a JSON object");
    if ((rc = json_field_int(m->json, "format-version", 1, &m->format_version, e)) != OK)
        return rc;
    if (m->format_version > 2)
        return error_set(e, ERR_UNSUPPORTED,
                         "the table has format version %" PRId32 "; weir reads 1 and 2 and writes 2",
                         m->format_version);
    if ((rc = json_field_text(m->json, "location", &location, e)) != OK)
        return rc;
    uuid = json_field_get(m->json, "table-uuid");
    if (uuid == NULL && m->format_version > 1)
        return error_set(e, ERR_CORRUPT, "field `table-uuid` is missing");
    m->uuid = arena_strdup(&m->arena, uuid);
    m->location = arena_strdup(&m->arena, location);
    if ((rc = take_schemas(m, e)) != OK || (rc = take_specs(m, e)) != OK ||
        (rc = take_snapshots(m, e)) != OK || (rc = take_numbers(m, e)) != OK)
        return rc;
    return m->arena.failed ? error_memory(e, sizeof *m, "table metadata") : OK;
}

/* --- the whole --- */

enum err metadata_of_json(json_t *json, const char *origin, struct metadata **out, struct error *e)
{
    struct metadata *m = mem_zalloc(sizeof *m);
    enum err rc;

    if (m == NULL) {
        json_decref(json);
        return error_memory(e, sizeof *m, "table metadata");
    }
    m->json = json;
    if ((rc = take_document(m, e)) != OK) {
        metadata_free(m);
        return error_add(e, rc, "table metadata %s", origin);
    }
    *out = m;
    return OK;
}

enum err metadata_parse(struct slice text, const char *origin, struct metadata **out, struct error *e)
{
    json_t *json;
    enum err rc = json_field_parse(text, &json, e);

    return rc == OK ? metadata_of_json(json, origin, out, e) : error_add(e, rc, "table metadata %s", origin);
}

void metadata_free(struct metadata *m)
{
    if (m == NULL)
        return;
    json_decref(m->json);
    arena_fini(&m->arena);
    mem_free(m);
}

const struct snapshot *metadata_snapshot(const struct metadata *m, int64_t id)
{
    for (int32_t i = m->snapshot_count; i-- > 0;) /* what is asked for is mostly new */
        if (m->snapshots[i].id == id)
            return &m->snapshots[i];
    return NULL;
}

const struct snapshot *metadata_parent(const struct metadata *m, const struct snapshot *s)
{
    if (s->parent_id == 0)
        return NULL;
    for (const struct snapshot *p = s; p-- > m->snapshots;) /* mostly the one before */
        if (p->id == s->parent_id)
            return p;
    for (const struct snapshot *p = s + 1; p < m->snapshots + m->snapshot_count; p++)
        if (p->id == s->parent_id)
            return p;
    return NULL;
}

const struct partition_spec *metadata_spec(const struct metadata *m, int32_t spec_id)
{
    for (int32_t i = 0; i < m->spec_count; i++)
        if (m->specs[i]->spec_id == spec_id)
            return m->specs[i];
    return NULL;
}

static const struct type *find_type(const struct field *fields, int32_t count, int32_t id)
{
    const struct type *found = NULL;

    for (int32_t i = 0; found == NULL && i < count; i++)
        found = fields[i].id == id ? fields[i].type
                                   : find_type(fields[i].type->fields, fields[i].type->field_count, id);
    return found;
}

const struct type *metadata_column_type(const struct metadata *m, int32_t field_id)
{
    const struct type *found = find_type(m->schema->fields, m->schema->field_count, field_id);

    for (int32_t i = m->schema_count; found == NULL && i-- > 0;)
        found = find_type(m->schemas[i].schema->fields, m->schemas[i].schema->field_count, field_id);
    return found;
}

const char *metadata_property(const struct metadata *m, const char *key)
{
    return json_field_get(json_object_get(m->json, "properties"), key);
}

int64_t metadata_property_long(const struct metadata *m, const char *key, int64_t standard)
{
    const char *text = metadata_property(m, key);
    char *end;
    long long v;

    if (text == NULL)
        return standard;
    v = strtoll(text, &end, 10);
    if (end == text || *end) {
        log_warn("iceberg", "table %s: property %s is not a number: %s; %" PRId64 " is used", m->location,
                 key, text, standard);
        return standard;
    }
    return v;
}

bool metadata_property_bool(const struct metadata *m, const char *key, bool standard)
{
    const char *text = metadata_property(m, key);

    if (text == NULL)
        return standard;
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)
        return strcasecmp(text, "true") == 0;
    log_warn("iceberg", "table %s: property %s is neither true nor false: %s; %s is used", m->location, key,
             text, standard ? "true" : "false");
    return standard;
}
