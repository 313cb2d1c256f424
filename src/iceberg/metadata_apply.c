/* metadata_apply.c: a change in the words of Iceberg's REST specification (TableRequirement, TableUpdate),
 * done to a metadata document. Nothing of the old document is changed: the new one shares what it does not
 * replace.
 */
#include "iceberg/catalog.h"
#include "iceberg/json_field.h"
#include <stdlib.h>
#include <strings.h>

#define MAIN_BRANCH       "main"
#define LAST_ADDED        -1 /* "the one that this change has added" */
#define PREVIOUS_VERSIONS 100

struct apply {
    const struct metadata *base; /* borrowed */
    json_t *doc;                 /* owned: the new document */
    int64_t now_ms;
    int64_t added_schema, added_spec, added_order; /* ids, LAST_ADDED when none was added */
    int64_t added_snapshot;                        /* 0: none */
    struct error *e;
};

static enum err no_memory(struct apply *a)
{
    return error_memory(a->e, 0, "changed table metadata");
}

/* The field of doc as a list or object of its own, made when missing; NULL when there is no memory.
 * Borrowed. */
static json_t *own(struct apply *a, const char *key, bool list)
{
    json_t *old = json_object_get(a->doc, key);
    bool fits = list ? json_is_array(old) : json_is_object(old);
    json_t *copy = fits ? json_copy(old) : list ? json_array() : json_object();

    return json_field_put(a->doc, key, copy) ? copy : NULL;
}

static json_t *find_by_id(json_t *list, const char *key, int64_t id)
{
    json_t *element;
    size_t i;

    json_array_foreach(list, i, element)
    {
        json_t *v = json_object_get(element, key);

        if (json_is_integer(v) && json_integer_value(v) == id)
            return element;
    }
    return NULL;
}

static enum err put_long(struct apply *a, const char *key, int64_t v)
{
    return json_field_put(a->doc, key, json_integer(v)) ? OK : no_memory(a);
}

static enum err put_max(struct apply *a, const char *key, int64_t v)
{
    return put_long(a, key, MAX(v, json_integer_value(json_object_get(a->doc, key))));
}

/* --- requirements --- */

static enum err require_long(struct apply *a, json_t *r, const char *wanted, const char *found)
{
    int64_t want, have = json_integer_value(json_object_get(a->doc, found));
    enum err rc = json_field_long(r, wanted, INT64_MIN, INT64_MAX, &want, a->e);

    if (rc == OK && want != have)
        rc = error_set(a->e, ERR_CONFLICT, "%s has changed: %" PRId64 " was expected, it is %" PRId64, found,
                       want, have);
    return rc;
}

/* The snapshot that a branch or tag points at, 0 for none. */
static int64_t ref_snapshot(struct apply *a, const char *name)
{
    json_t *ref = json_object_get(json_object_get(a->doc, "refs"), name);

    if (ref == NULL && strcmp(name, MAIN_BRANCH) == 0)
        return a->base->current_snapshot_id; /* older writers have no refs */
    return json_integer_value(json_object_get(ref, "snapshot-id"));
}

static enum err require_ref(struct apply *a, json_t *r)
{
    const char *name;
    int64_t want, have;
    enum err rc;

    if ((rc = json_field_text(r, "ref", &name, a->e)) != OK)
        return rc;
    want = json_integer_value(json_object_get(r, "snapshot-id")); /* null: there is none yet */
    have = ref_snapshot(a, name);
    if (want == have)
        return OK;
    return error_set(a->e, ERR_CONFLICT,
                     "branch %.60s has moved: snapshot %" PRId64 " was expected, it is at %" PRId64, name,
                     want, have);
}

static enum err require_uuid(struct apply *a, json_t *r)
{
    const char *want;
    enum err rc = json_field_text(r, "uuid", &want, a->e);

    if (rc == OK && (a->base->uuid == NULL || strcasecmp(want, a->base->uuid) != 0))
        rc = error_set(a->e, ERR_CONFLICT, "the table was replaced: its uuid was %.60s, it is %.60s", want,
                       a->base->uuid ? a->base->uuid : "none");
    return rc;
}

static enum err check_requirement(struct apply *a, json_t *r)
{
    static const struct {
        const char *type, *wanted, *found;
    } numbers[] = {
        {"assert-current-schema-id", "current-schema-id", "current-schema-id"},
        {"assert-default-spec-id", "default-spec-id", "default-spec-id"},
        {"assert-last-assigned-field-id", "last-assigned-field-id", "last-column-id"},
        {"assert-last-assigned-partition-id", "last-assigned-partition-id", "last-partition-id"},
        {"assert-default-sort-order-id", "default-sort-order-id", "default-sort-order-id"},
    };
    const char *type;
    enum err rc = json_field_text(r, "type", &type, a->e);

    if (rc != OK)
        return rc;
    if (strcmp(type, "assert-create") == 0)
        return error_set(a->e, ERR_CONFLICT, "the table exists already");
    if (strcmp(type, "assert-table-uuid") == 0)
        return require_uuid(a, r);
    if (strcmp(type, "assert-ref-snapshot-id") == 0)
        return require_ref(a, r);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (strcmp(type, numbers[i].type) == 0)
            return require_long(a, r, numbers[i].wanted, numbers[i].found);
    return error_set(a->e, ERR_UNSUPPORTED, "requirement %.60s is not known", type);
}

/* --- updates: ids, schemas, specs, orders --- */

static enum err assign_uuid(struct apply *a, json_t *u)
{
    const char *uuid;
    enum err rc = json_field_text(u, "uuid", &uuid, a->e);

    return rc != OK ? rc : json_field_put(a->doc, "table-uuid", json_string(uuid)) ? OK : no_memory(a);
}

static enum err upgrade(struct apply *a, json_t *u)
{
    int64_t version;
    enum err rc = json_field_long(u, "format-version", 1, INT32_MAX, &version, a->e);

    if (rc != OK)
        return rc;
    if (version > 2)
        return error_set(a->e, ERR_UNSUPPORTED, "format version %" PRId64 "; weir writes 2", version);
    if (version < a->base->format_version)
        return error_set(a->e, ERR_INPUT, "a table cannot go back to format version %" PRId64, version);
    if (version == 1 || a->base->format_version == 2)
        return OK;
    /* What version 1 may have left out. */
    if (json_object_get(a->doc, "table-uuid") == NULL)
        return error_set(a->e, ERR_INPUT, "upgrading needs a table uuid; assign one first");
    if (put_max(a, "last-sequence-number", 0) != OK ||
        put_long(a, "last-partition-id", a->base->last_partition_id) != OK)
        return no_memory(a);
    if (!json_is_array(json_object_get(a->doc, "schemas")) ||
        !json_is_array(json_object_get(a->doc, "partition-specs")) ||
        !json_is_array(json_object_get(a->doc, "sort-orders")))
        return error_set(a->e, ERR_UNSUPPORTED,
                         "this version 1 table has no lists of schemas, specs and sort orders; upgrade it "
                         "with the engine that wrote it");
    json_object_del(a->doc, "schema");
    json_object_del(a->doc, "partition-spec");
    return put_long(a, "format-version", version);
}

/* Append the object at key of u to the list of doc, under an id that is not taken. */
static enum err add_element(struct apply *a, json_t *u, const char *key, const char *list_key,
                            const char *id_key, int64_t *added)
{
    json_t *element, *copy, *list;
    int64_t id;
    enum err rc;

    if ((rc = json_field_object(u, key, &element, a->e)) != OK)
        return rc;
    if ((list = own(a, list_key, true)) == NULL || (copy = json_copy(element)) == NULL)
        return no_memory(a);
    id = json_integer_value(json_object_get(element, id_key));
    while (id < 0 || find_by_id(list, id_key, id))
        id = MAX(id, -1) + 1;
    *added = id;
    if (!json_field_put(copy, id_key, json_integer(id))) {
        json_decref(copy);
        return no_memory(a);
    }
    return json_field_append(list, copy) ? OK : no_memory(a);
}

static int64_t largest_field_id(const struct field *fields, int32_t count)
{
    int64_t largest = 0;

    for (int32_t i = 0; i < count; i++) {
        int64_t within = largest_field_id(fields[i].type->fields, fields[i].type->field_count);

        largest = MAX(largest, MAX((int64_t)fields[i].id, within));
    }
    return largest;
}

static enum err add_schema(struct apply *a, json_t *u)
{
    struct arena arena = {0};
    const struct schema *schema;
    enum err rc;

    if ((rc = add_element(a, u, "schema", "schemas", "schema-id", &a->added_schema)) != OK)
        return rc;
    rc = metadata_schema_parse(json_object_get(u, "schema"), &arena, &schema, a->e);
    if (rc == OK)
        rc = put_max(a, "last-column-id", largest_field_id(schema->fields, schema->field_count));
    arena_fini(&arena);
    return rc;
}

static enum err add_spec(struct apply *a, json_t *u)
{
    json_t *fields, *field;
    size_t i;
    int64_t id;
    enum err rc;

    if ((rc = add_element(a, u, "spec", "partition-specs", "spec-id", &a->added_spec)) != OK ||
        (rc = json_field_array(json_object_get(u, "spec"), "fields", &fields, a->e)) != OK)
        return rc;
    json_array_foreach(fields, i, field)
    {
        if ((rc = json_field_long(field, "field-id", 0, INT32_MAX, &id, a->e)) != OK ||
            (rc = put_max(a, "last-partition-id", id)) != OK)
            return rc;
    }
    return OK;
}

/* Point at an element of a list by id, LAST_ADDED being the one that this change added. */
static enum err set_default(struct apply *a, json_t *u, const char *key, const char *doc_key,
                            const char *list_key, const char *id_key, int64_t added)
{
    int64_t id;
    enum err rc = json_field_long(u, key, LAST_ADDED, INT32_MAX, &id, a->e);

    if (rc != OK)
        return rc;
    if (id == LAST_ADDED)
        id = added;
    if (find_by_id(json_object_get(a->doc, list_key), id_key, id) == NULL)
        return error_set(a->e, ERR_INPUT, "%s: there is no %" PRId64 " in %s", doc_key, id, list_key);
    return put_long(a, doc_key, id);
}

static enum err set_current_schema(struct apply *a, json_t *u)
{
    return set_default(a, u, "schema-id", "current-schema-id", "schemas", "schema-id", a->added_schema);
}

static enum err set_default_spec(struct apply *a, json_t *u)
{
    return set_default(a, u, "spec-id", "default-spec-id", "partition-specs", "spec-id", a->added_spec);
}

static enum err add_order(struct apply *a, json_t *u)
{
    return add_element(a, u, "sort-order", "sort-orders", "order-id", &a->added_order);
}

static enum err set_default_order(struct apply *a, json_t *u)
{
    return set_default(a, u, "sort-order-id", "default-sort-order-id", "sort-orders", "order-id",
                       a->added_order);
}

/* --- updates: snapshots and refs --- */

static enum err add_snapshot(struct apply *a, json_t *u)
{
    json_t *snapshot, *list;
    int64_t id, sequence = 0, last = json_integer_value(json_object_get(a->doc, "last-sequence-number"));
    enum err rc;

    if ((rc = json_field_object(u, "snapshot", &snapshot, a->e)) != OK ||
        (rc = json_field_long(snapshot, "snapshot-id", 1, INT64_MAX, &id, a->e)) != OK)
        return rc;
    if (a->base->format_version > 1 &&
        (rc = json_field_long(snapshot, "sequence-number", 0, INT64_MAX, &sequence, a->e)) != OK)
        return rc;
    if ((list = own(a, "snapshots", true)) == NULL)
        return no_memory(a);
    if (find_by_id(list, "snapshot-id", id))
        return error_set(a->e, ERR_INPUT, "snapshot %" PRId64 " is there already", id);
    if (a->base->format_version > 1 && sequence <= last)
        return error_set(a->e, ERR_CONFLICT, "sequence number %" PRId64 " is taken, the table is at %" PRId64,
                         sequence, last);
    if (!json_field_append(list, json_incref(snapshot)))
        return no_memory(a);
    a->added_snapshot = id;
    return a->base->format_version > 1 ? put_long(a, "last-sequence-number", sequence) : OK;
}

/* Main's history: when which snapshot became the current one. */
static enum err log_current(struct apply *a, json_t *snapshot)
{
    json_t *log = own(a, "snapshot-log", true), *entry = json_object();
    int64_t id = json_integer_value(json_object_get(snapshot, "snapshot-id"));
    int64_t at = id == a->added_snapshot ? json_integer_value(json_object_get(snapshot, "timestamp-ms"))
                                         : a->now_ms;
    bool ok = log && json_field_put(entry, "snapshot-id", json_integer(id)) &&
              json_field_put(entry, "timestamp-ms", json_integer(at)) &&
              json_field_append(log, json_incref(entry));

    json_decref(entry);
    return ok ? put_long(a, "current-snapshot-id", id) : no_memory(a);
}

static enum err set_ref(struct apply *a, json_t *u)
{
    static const char *const kept[] = {"snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms",
                                       "max-ref-age-ms"};
    const char *name, *type;
    json_t *refs, *ref, *snapshot;
    int64_t id;
    bool ok = true;
    enum err rc;

    if ((rc = json_field_text(u, "ref-name", &name, a->e)) != OK ||
        (rc = json_field_text(u, "type", &type, a->e)) != OK ||
        (rc = json_field_long(u, "snapshot-id", INT64_MIN, INT64_MAX, &id, a->e)) != OK)
        return rc;
    if ((snapshot = find_by_id(json_object_get(a->doc, "snapshots"), "snapshot-id", id)) == NULL)
        return error_set(a->e, ERR_INPUT, "%.60s cannot point at snapshot %" PRId64 ": there is none", name,
                         id);
    if (strcmp(name, MAIN_BRANCH) == 0 && strcmp(type, "branch") != 0)
        return error_set(a->e, ERR_INPUT, "main is a branch, it cannot become a %.20s", type);
    if ((refs = own(a, "refs", false)) == NULL || (ref = json_object()) == NULL)
        return no_memory(a);
    for (size_t i = 0; ok && i < COUNT_OF(kept); i++)
        if (json_field_has(u, kept[i]))
            ok = json_field_put(ref, kept[i], json_incref(json_object_get(u, kept[i])));
    ok = json_field_put(refs, name, json_incref(ref)) && ok;
    json_decref(ref);
    if (!ok)
        return no_memory(a);
    return strcmp(name, MAIN_BRANCH) == 0 ? log_current(a, snapshot) : OK;
}

static enum err remove_ref(struct apply *a, json_t *u)
{
    const char *name;
    json_t *refs;
    enum err rc = json_field_text(u, "ref-name", &name, a->e);

    if (rc != OK)
        return rc;
    if ((refs = own(a, "refs", false)) == NULL)
        return no_memory(a);
    json_object_del(refs, name);
    return strcmp(name, MAIN_BRANCH) == 0 ? put_long(a, "current-snapshot-id", -1) : OK;
}

static bool is_in(json_t *ids, json_t *id)
{
    json_t *one;
    size_t i;

    json_array_foreach(ids, i, one)
    {
        if (json_is_integer(id) && json_integer_value(one) == json_integer_value(id))
            return true;
    }
    return false;
}

/* The elements of a list of doc that are not of these snapshots. With gaps, what is before one goes too. */
static enum err drop_of_snapshots(struct apply *a, const char *key, json_t *ids, bool gaps)
{
    json_t *old = json_object_get(a->doc, key), *kept = json_array(), *element;
    bool ok = kept != NULL;
    size_t i;

    if (!json_is_array(old)) {
        json_decref(kept);
        return OK;
    }
    json_array_foreach(old, i, element)
    {
        if (!is_in(ids, json_object_get(element, "snapshot-id")))
            ok = ok && json_field_append(kept, json_incref(element));
        else if (gaps)
            ok = ok && json_array_clear(kept) == 0;
    }
    ok = json_field_put(a->doc, key, json_incref(kept)) && ok;
    json_decref(kept);
    return ok ? OK : no_memory(a);
}

static enum err drop_refs(struct apply *a, json_t *ids)
{
    json_t *kept = own(a, "refs", false), *old = json_copy(kept), *ref;
    const char *name;

    if (kept == NULL || old == NULL) {
        json_decref(old);
        return no_memory(a);
    }
    json_object_foreach(old, name, ref)
    {
        if (is_in(ids, json_object_get(ref, "snapshot-id")))
            json_object_del(kept, name);
    }
    json_decref(old);
    return is_in(ids, json_object_get(a->doc, "current-snapshot-id")) ? put_long(a, "current-snapshot-id", -1)
                                                                      : OK;
}

static enum err remove_snapshots(struct apply *a, json_t *u)
{
    json_t *ids;
    enum err rc;

    if ((rc = json_field_array(u, "snapshot-ids", &ids, a->e)) != OK ||
        (rc = drop_of_snapshots(a, "snapshots", ids, false)) != OK ||
        (rc = drop_of_snapshots(a, "statistics", ids, false)) != OK ||
        (rc = drop_of_snapshots(a, "partition-statistics", ids, false)) != OK ||
        (rc = drop_of_snapshots(a, "snapshot-log", ids, true)) != OK)
        return rc;
    return drop_refs(a, ids);
}

/* --- updates: location and properties --- */

static enum err set_location(struct apply *a, json_t *u)
{
    const char *location;
    enum err rc = json_field_text(u, "location", &location, a->e);

    return rc != OK ? rc : json_field_put(a->doc, "location", json_string(location)) ? OK : no_memory(a);
}

static enum err set_properties(struct apply *a, json_t *u)
{
    json_t *updates, *properties, *value;
    const char *key;
    enum err rc = json_field_object(u, "updates", &updates, a->e);

    if (rc != OK)
        return rc;
    if ((properties = own(a, "properties", false)) == NULL)
        return no_memory(a);
    json_object_foreach(updates, key, value)
    {
        if (!json_is_string(value))
            return error_set(a->e, ERR_INPUT, "property %.100s is not a string", key);
        if (!json_field_put(properties, key, json_incref(value)))
            return no_memory(a);
    }
    return OK;
}

static enum err remove_properties(struct apply *a, json_t *u)
{
    json_t *removals, *properties, *key;
    size_t i;
    enum err rc = json_field_array(u, "removals", &removals, a->e);

    if (rc != OK)
        return rc;
    if ((properties = own(a, "properties", false)) == NULL)
        return no_memory(a);
    json_array_foreach(removals, i, key)
    {
        if (json_is_string(key))
            json_object_del(properties, json_string_value(key));
    }
    return OK;
}

static enum err do_update(struct apply *a, json_t *u)
{
    static const struct {
        const char *action;
        enum err (*apply)(struct apply *a, json_t *u);
    } actions[] = {
        {"assign-uuid", assign_uuid},
        {"upgrade-format-version", upgrade},
        {"add-schema", add_schema},
        {"set-current-schema", set_current_schema},
        {"add-spec", add_spec},
        {"set-default-spec", set_default_spec},
        {"add-sort-order", add_order},
        {"set-default-sort-order", set_default_order},
        {"add-snapshot", add_snapshot},
        {"set-snapshot-ref", set_ref},
        {"remove-snapshots", remove_snapshots},
        {"remove-snapshot-ref", remove_ref},
        {"set-location", set_location},
        {"set-properties", set_properties},
        {"remove-properties", remove_properties},
    };
    const char *action;
    enum err rc = json_field_text(u, "action", &action, a->e);

    if (rc != OK)
        return rc;
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (strcmp(action, actions[i].action) == 0) {
            rc = actions[i].apply(a, u);
            return rc == OK ? OK : error_add(a->e, rc, "%s", action);
        }
    return error_set(a->e, ERR_UNSUPPORTED, "update %.60s is not known", action);
}

/* --- the whole --- */

/* The version before becomes the newest in the log, which keeps as many as the properties say. */
static enum err log_version(struct apply *a, const char *old_location)
{
    json_t *old = json_object_get(a->doc, "metadata-log"), *log = json_array(), *entry = json_object();
    const char *text = json_field_get(json_object_get(a->doc, "properties"),
                                      "write.metadata.previous-versions-max");
    int64_t keep = MAX(text ? strtoll(text, NULL, 10) : PREVIOUS_VERSIONS, 1);
    size_t count = json_is_array(old) ? json_array_size(old) : 0;
    bool ok = json_field_put(entry, "timestamp-ms", json_integer(a->base->last_updated_ms)) &&
              json_field_put(entry, "metadata-file", json_string(old_location));

    for (size_t i = (int64_t)count >= keep ? count - (size_t)keep + 1 : 0; ok && i < count; i++)
        ok = json_field_append(log, json_incref(json_array_get(old, i)));
    ok = ok && json_field_append(log, json_incref(entry)) &&
         json_field_put(a->doc, "metadata-log", json_incref(log));
    json_decref(entry);
    json_decref(log);
    return ok ? OK : no_memory(a);
}

enum err metadata_apply(const struct metadata *m, json_t *requirements, json_t *updates, int64_t now_ms,
                        const char *old_location, json_t **out, struct error *e)
{
    struct apply a = {
        .base = m, .added_schema = LAST_ADDED, .added_spec = LAST_ADDED, .added_order = LAST_ADDED, .e = e};
    json_t *one;
    size_t i;
    enum err rc = OK;

    a.now_ms = MAX(now_ms, m->last_updated_ms); /* other machines' clocks may be ahead */
    if ((a.doc = json_copy(m->json)) == NULL)
        return no_memory(&a);
    json_array_foreach(requirements, i, one)
    {
        if (rc == OK)
            rc = check_requirement(&a, one);
    }
    json_array_foreach(updates, i, one)
    {
        if (rc == OK)
            rc = do_update(&a, one);
    }
    if (rc == OK && (rc = put_long(&a, "last-updated-ms", a.now_ms)) == OK && old_location)
        rc = log_version(&a, old_location);
    if (rc != OK) {
        json_decref(a.doc);
        return rc;
    }
    *out = a.doc;
    return OK;
}
