/* inspect.c: see inspect.h. Here: the list of them, and those that the metadata file itself tells. */
#include "iceberg/inspect.h"
#include "iceberg/data_file.h"
#include "iceberg/json_field.h"
#include "iceberg/snapshot_pick.h"
#include <stdlib.h>
#include <strings.h>

static void put_text(struct column_builder *c, const char *text)
{
    if (text)
        builder_copied(c, text, strlen(text));
    else
        builder_null(c);
}

/* 0 is none. */
static void put_id(struct column_builder *c, int64_t id)
{
    if (id)
        builder_i64(c, id);
    else
        builder_null(c);
}

static int64_t long_of(json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static void put_optional(struct column_builder *c, json_t *o, const char *key, bool narrow)
{
    if (!json_field_has(o, key))
        builder_null(c);
    else if (narrow)
        builder_i32(c, (int32_t)long_of(o, key));
    else
        builder_i64(c, long_of(o, key));
}

/* --- snapshots, history --- */

static void put_summary(struct column_builder *c, json_t *summary)
{
    const char *key;
    json_t *value;

    if (summary == NULL) {
        builder_null(c);
        return;
    }
    json_object_foreach(summary, key, value)
    {
        if (!json_is_string(value) || strcmp(key, "operation") == 0)
            continue;
        put_text(&c->children[0], key);
        put_text(&c->children[1], json_string_value(value));
    }
    builder_list_end(c);
}

static enum err snapshot_rows(UNUSED const struct inspect_table *i, const struct table *t,
                              struct builder *out, UNUSED struct error *e)
{
    for (int32_t k = 0; k < t->metadata->snapshot_count; k++) {
        const struct snapshot *s = &t->metadata->snapshots[k];
        const char *operation = snapshot_pick_operation(s);

        builder_i64(&out->columns[0], s->timestamp_ms * 1000);
        builder_i64(&out->columns[1], s->id);
        put_id(&out->columns[2], s->parent_id);
        put_text(&out->columns[3], *operation ? operation : NULL);
        put_text(&out->columns[4], s->manifest_list);
        put_summary(&out->columns[5], s->summary);
    }
    return OK;
}

static bool is_current_ancestor(const struct metadata *m, int64_t id)
{
    const struct snapshot *s = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id) : NULL;

    while (s && s->id != id)
        s = metadata_parent(m, s);
    return s != NULL;
}

static enum err history_rows(UNUSED const struct inspect_table *i, const struct table *t, struct builder *out,
                             UNUSED struct error *e)
{
    const struct metadata *m = t->metadata;
    json_t *log = json_object_get(m->json, "snapshot-log"), *entry;
    size_t k;

    json_array_foreach(log, k, entry)
    {
        int64_t id = long_of(entry, "snapshot-id");
        const struct snapshot *s = metadata_snapshot(m, id);

        builder_i64(&out->columns[0], long_of(entry, "timestamp-ms") * 1000);
        builder_i64(&out->columns[1], id);
        put_id(&out->columns[2], s ? s->parent_id : 0);
        builder_u8(&out->columns[3], is_current_ancestor(m, id));
    }
    return OK;
}

/* --- refs, metadata log --- */

static void put_ref(struct builder *out, const char *name, const char *type, int64_t id, json_t *ref)
{
    put_text(&out->columns[0], name);
    put_text(&out->columns[1], type && strcmp(type, "tag") == 0 ? "TAG" : "BRANCH");
    builder_i64(&out->columns[2], id);
    put_optional(&out->columns[3], ref, "max-ref-age-ms", false);
    put_optional(&out->columns[4], ref, "min-snapshots-to-keep", true);
    put_optional(&out->columns[5], ref, "max-snapshot-age-ms", false);
}

static enum err ref_rows(UNUSED const struct inspect_table *i, const struct table *t, struct builder *out,
                         UNUSED struct error *e)
{
    json_t *refs = json_object_get(t->metadata->json, "refs"), *ref;
    const char *name;

    json_object_foreach(refs, name, ref)
    {
        put_ref(out, name, json_field_get(ref, "type"), long_of(ref, "snapshot-id"), ref);
    }
    if (json_object_get(refs, "main") == NULL && t->metadata->current_snapshot_id)
        put_ref(out, "main", "branch", t->metadata->current_snapshot_id, NULL);
    return OK;
}

/* The newest snapshot that a version of the metadata can have had. */
static const struct snapshot *snapshot_by(const struct metadata *m, int64_t time_ms)
{
    json_t *log = json_object_get(m->json, "snapshot-log"), *entry;
    const struct snapshot *s = NULL;
    size_t k;

    json_array_foreach(log, k, entry)
    {
        if (long_of(entry, "timestamp-ms") <= time_ms)
            s = metadata_snapshot(m, long_of(entry, "snapshot-id"));
    }
    return s;
}

static void put_version(struct builder *out, const struct metadata *m, int64_t time_ms, const char *file)
{
    const struct snapshot *s = snapshot_by(m, time_ms);
    json_t *list = json_object_get(m->json, "snapshots"), *json, *schema = NULL;
    size_t k;

    json_array_foreach(list, k, json)
    {
        if (s && long_of(json, "snapshot-id") == s->id)
            schema = json_object_get(json, "schema-id");
    }
    builder_i64(&out->columns[0], time_ms * 1000);
    put_text(&out->columns[1], file);
    put_id(&out->columns[2], s ? s->id : 0);
    if (json_is_integer(schema))
        builder_i32(&out->columns[3], (int32_t)json_integer_value(schema));
    else
        builder_null(&out->columns[3]);
    if (s)
        builder_i64(&out->columns[4], s->sequence_number);
    else
        builder_null(&out->columns[4]);
}

static enum err version_rows(UNUSED const struct inspect_table *i, const struct table *t, struct builder *out,
                             UNUSED struct error *e)
{
    const struct metadata *m = t->metadata;
    json_t *log = json_object_get(m->json, "metadata-log"), *entry;
    size_t k;

    json_array_foreach(log, k, entry)
    {
        put_version(out, m, long_of(entry, "timestamp-ms"), json_field_get(entry, "metadata-file"));
    }
    put_version(out, m, m->last_updated_ms, t->metadata_location);
    return OK;
}

/* --- all of them --- */

#define ALL_CONTENTS    (1 << FILE_DATA | DELETE_CONTENTS)
#define DELETE_CONTENTS (1 << FILE_POSITION_DELETES | 1 << FILE_EQUALITY_DELETES)

static const struct inspect_table tables[] = {
    {"snapshots",
     "committed_at TIMESTAMP_LTZ(6) NOT NULL, snapshot_id BIGINT NOT NULL, parent_id BIGINT, operation "
     "STRING, "
     "manifest_list STRING, summary MAP<STRING NOT NULL, STRING NOT NULL>",
     snapshot_rows, 0, false},
    {"history",
     "made_current_at TIMESTAMP_LTZ(6) NOT NULL, snapshot_id BIGINT NOT NULL, parent_id BIGINT, "
     "is_current_ancestor BOOLEAN NOT NULL",
     history_rows, 0, false},
    {"refs",
     "name STRING NOT NULL, type STRING NOT NULL, snapshot_id BIGINT NOT NULL, max_reference_age_in_ms "
     "BIGINT, "
     "min_snapshots_to_keep INT, max_snapshot_age_in_ms BIGINT",
     ref_rows, 0, false},
    {"metadata_log_entries",
     "timestamp TIMESTAMP_LTZ(6) NOT NULL, file STRING NOT NULL, latest_snapshot_id BIGINT, latest_schema_id "
     "INT, latest_sequence_number BIGINT",
     version_rows, 0, false},
    {"manifests",
     "content INT NOT NULL, path STRING NOT NULL, length BIGINT NOT NULL, partition_spec_id INT NOT NULL, "
     "added_snapshot_id BIGINT NOT NULL, added_data_files_count INT NOT NULL, existing_data_files_count INT "
     "NOT "
     "NULL, deleted_data_files_count INT NOT NULL, added_delete_files_count INT NOT NULL, "
     "existing_delete_files_count INT NOT NULL, deleted_delete_files_count INT NOT NULL, partition_summaries "
     "ARRAY<ROW<contains_null BOOLEAN NOT NULL, contains_nan BOOLEAN, lower_bound STRING, upper_bound "
     "STRING> "
     "NOT NULL> NOT NULL",
     inspect_manifests, 0, false},
    {"files", NULL, inspect_files, ALL_CONTENTS, false},
    {"data_files", NULL, inspect_files, 1 << FILE_DATA, false},
    {"delete_files", NULL, inspect_files, DELETE_CONTENTS, false},
    {"all_files", NULL, inspect_files, ALL_CONTENTS, true},
    {"all_data_files", NULL, inspect_files, 1 << FILE_DATA, true},
    {"all_delete_files", NULL, inspect_files, DELETE_CONTENTS, true},
    {"partitions", NULL, inspect_partitions, 0, false},
    {"entries", NULL, NULL, 0, false},
    {"all_entries", NULL, NULL, 0, true},
    {"all_manifests", NULL, NULL, 0, true},
    {"position_deletes", NULL, NULL, 0, false},
};

const struct inspect_table *inspect_find(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (strlen(tables[i].name) == name.len && strncasecmp(tables[i].name, name.ptr, name.len) == 0)
            return &tables[i];
    return NULL;
}

static enum err not_supported(const struct inspect_table *i, struct error *e)
{
    struct bytes names = {0};

    for (size_t k = 0; k < COUNT_OF(tables); k++)
        if (tables[k].rows)
            bytes_printf(&names, "%s$%s", names.len ? ", " : "", tables[k].name);
    error_set(e, ERR_UNSUPPORTED, "the metadata table $%s is not in this version of weir; there are %s",
              i->name, bytes_cstr(&names) ? names.ptr : "others");
    bytes_fini(&names);
    return ERR_UNSUPPORTED;
}

enum err inspect_schema(const struct inspect_table *i, const struct metadata *m, struct arena *arena,
                        const struct schema **out, struct error *e)
{
    if (i->rows == NULL)
        return not_supported(i, e);
    return i->columns ? schema_parse(arena, slice_text(i->columns), out, e)
                      : inspect_files_schema(i, m, arena, out, e);
}

enum err inspect_rows(const struct inspect_table *i, const struct table *t, const struct schema *schema,
                      struct budget *budget, struct batch **out, struct error *e)
{
    struct builder b;
    enum err rc;

    assert(i->rows);
    if (!builder_init(&b, schema, budget))
        return error_memory(e, sizeof b, "rows of metadata");
    if ((rc = i->rows(i, t, &b, e)) == OK)
        rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}
