/* sql_iceberg_alter.c: ALTER TABLE of a stored table: the difference between what is stored and what is
 * wanted as one commit, which holds only if nobody has changed the columns meanwhile.
 *
 * A column is its field id: one of the same name stays, one that is not wanted goes, a new one gets a new id.
 * Types change as Iceberg promotes them (int to long, float to double, decimals get wider), and NOT NULL may
 * be lifted.
 */
#include "iceberg/json_field.h"
#include "sql/sql_iceberg.h"
#include "sql/sql_store.h"

struct alter {
    struct arena arena;
    const struct metadata *m;
    const struct table_def *t;
    struct field *fields; /* of the new schema, t->column_count of them */
    int32_t last_id;
    bool new_schema;
    json_t *requirements, *updates;
    struct error *e;
};

static enum err no_memory(struct alter *a)
{
    return error_memory(a->e, 0, "a change of a table");
}

/* --- columns --- */

static bool promotes(const struct type *from, const struct type *to)
{
    if (from->kind == TYPE_INT32 && to->kind == TYPE_INT64)
        return true;
    if (from->kind == TYPE_FLOAT && to->kind == TYPE_DOUBLE)
        return true;
    return from->kind == TYPE_DECIMAL && to->kind == TYPE_DECIMAL && from->scale == to->scale &&
           from->precision <= to->precision;
}

static enum err wrong_change(struct alter *a, const char *name, const struct type *from,
                             const struct type *to)
{
    struct bytes text = {0};

    bytes_text(&text, "from ");
    type_print(from, &text);
    bytes_text(&text, " to ");
    type_print(to, &text);
    error_set(
        a->e, ERR_UNSUPPORTED,
        "column `%s` cannot change %s; Iceberg knows INT to BIGINT, FLOAT to DOUBLE, and DECIMALs that get "
        "wider",
        name, bytes_cstr(&text) ? text.ptr : "its type");
    bytes_fini(&text);
    return ERR_UNSUPPORTED;
}

/* A column that stays: f is what is stored. */
static enum err keep_column(struct alter *a, const struct table_column *c, struct field *f)
{
    const struct type *want = sql_iceberg_type(&a->arena, c->type), *plain_want, *plain_have;

    if (want == NULL || (plain_want = type_nullable(&a->arena, want, true)) == NULL ||
        (plain_have = type_nullable(&a->arena, f->type, true)) == NULL)
        return no_memory(a);
    if (f->type->kind == TYPE_UUID && want->kind == TYPE_FIXED && want->length == 16)
        plain_want = plain_have; /* as it is read */
    if (f->type->nullable && !want->nullable)
        return error_set(a->e, ERR_UNSUPPORTED,
                         "column `%s` cannot become NOT NULL: rows that are stored may have none", c->name);
    if (!type_equal(plain_have, plain_want)) {
        if (!promotes(plain_have, plain_want))
            return wrong_change(a, c->name, plain_have, plain_want);
        a->new_schema = true;
    } else {
        plain_want = plain_have; /* with the ids within */
    }
    a->new_schema |= f->type->nullable != want->nullable ||
                     strcmp(f->doc ? f->doc : "", c->comment ? c->comment : "") != 0;
    f->type = type_nullable(&a->arena, plain_want, want->nullable);
    f->doc = c->comment;
    return f->type ? OK : no_memory(a);
}

static const struct type *number_type(struct alter *a, const struct type *t);

static bool number_fields(struct alter *a, struct field *fields, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        fields[i].id = ++a->last_id;
    for (int32_t i = 0; i < count; i++)
        if ((fields[i].type = number_type(a, fields[i].type)) == NULL)
            return false;
    return true;
}

/* t with new ids for the fields within. */
static const struct type *number_type(struct alter *a, const struct type *t)
{
    struct type *copy;
    struct field *fields;

    if (t->field_count == 0)
        return t;
    copy = arena_copy(&a->arena, t, sizeof *t);
    fields = arena_copy(&a->arena, t->fields, sizeof *fields * (size_t)t->field_count);
    if (copy == NULL || fields == NULL || !number_fields(a, fields, t->field_count))
        return NULL;
    copy->fields = fields;
    return copy;
}

static enum err new_column(struct alter *a, const struct table_column *c, struct field *f)
{
    if (!c->type->nullable)
        return error_set(a->e, ERR_UNSUPPORTED,
                         "column `%s` cannot be added as NOT NULL: rows that are stored have none", c->name);
    *f = (struct field){.name = c->name, .type = sql_iceberg_type(&a->arena, c->type), .doc = c->comment};
    if (f->type == NULL || !number_fields(a, f, 1))
        return no_memory(a);
    a->new_schema = true;
    return OK;
}

static enum err plan_columns(struct alter *a)
{
    const struct schema *have = a->m->schema;
    enum err rc = OK;

    a->last_id = a->m->last_column_id;
    a->new_schema = have->field_count != a->t->column_count;
    a->fields = ARENA_ARRAY(&a->arena, struct field, a->t->column_count);
    if (a->fields == NULL)
        return no_memory(a);
    for (int32_t i = 0; rc == OK && i < a->t->column_count; i++) {
        const struct table_column *c = &a->t->columns[i];
        int32_t at = schema_find(have, slice_text(c->name));

        a->new_schema |= at != i;
        if (at >= 0)
            a->fields[i] = have->fields[at];
        rc = at >= 0 ? keep_column(a, c, &a->fields[i]) : new_column(a, c, &a->fields[i]);
    }
    return rc;
}

/* --- the commit --- */

static bool add(json_t *list, json_t *one)
{
    return json_field_append(list, one);
}

static enum err put_requirements(struct alter *a)
{
    bool ok = a->m->uuid == NULL ||
              add(a->requirements, json_pack("{s:s,s:s}", "type", "assert-table-uuid", "uuid", a->m->uuid));

    if (ok && a->new_schema)
        ok = add(a->requirements, json_pack("{s:s,s:i}", "type", "assert-current-schema-id",
                                            "current-schema-id", a->m->schema_id)) &&
             add(a->requirements, json_pack("{s:s,s:i}", "type", "assert-last-assigned-field-id",
                                            "last-assigned-field-id", a->m->last_column_id));
    return ok ? OK : no_memory(a);
}

static enum err put_schema(struct alter *a)
{
    const struct schema schema = {a->t->column_count, a->fields};
    int32_t *ids = ARENA_ARRAY(&a->arena, int32_t, a->t->key_count);
    int32_t id = 0;
    bool same_key = a->t->key_count == a->m->identifier_count;

    if (ids == NULL)
        return no_memory(a);
    for (int32_t i = 0; i < a->t->key_count; i++) {
        ids[i] = a->fields[a->t->key[i]].id;
        same_key = same_key && ids[i] == a->m->identifier_ids[i];
    }
    a->new_schema |= !same_key;
    for (int32_t i = 0; i < a->m->schema_count; i++)
        id = MAX(id, a->m->schemas[i].id);
    if (!a->new_schema)
        return OK;
    if (!add(a->updates, json_pack("{s:s,s:o,s:i}", "action", "add-schema", "schema",
                                   metadata_schema_json(&schema, id + 1, ids, a->t->key_count),
                                   "last-column-id", a->last_id)) ||
        !add(a->updates, json_pack("{s:s,s:i}", "action", "set-current-schema", "schema-id", -1)))
        return no_memory(a);
    return OK;
}

static enum err check_option(struct alter *a, const struct table_option *o)
{
    if (strcmp(o->key, "current-snapshot-id") == 0 || strcmp(o->key, "cherry-pick-snapshot-id") == 0 ||
        strcmp(o->key, "location") == 0 || strcmp(o->key, "format-version") == 0)
        return error_set(a->e, ERR_UNSUPPORTED, "option '%s' of a stored table cannot be set", o->key);
    return OK;
}

/* Options that are new or have another value, and those that are gone. */
static enum err put_properties(struct alter *a)
{
    json_t *old = json_object_get(a->m->json, "properties"), *set = json_object(), *gone = json_array(),
           *value;
    const char *key;
    bool ok = set && gone;
    enum err rc = OK;

    for (int32_t i = 0; ok && rc == OK && i < a->t->option_count; i++) {
        const struct table_option *o = &a->t->options[i];
        const char *had = json_field_get(old, o->key);

        if (had && strcmp(had, o->value) == 0)
            continue;
        rc = check_option(a, o);
        ok = json_field_put(set, o->key, json_string(o->value));
    }
    json_object_foreach(old, key, value)
    {
        if (strcmp(key, "comment") != 0 && table_option(a->t, key) == NULL)
            ok = ok && add(gone, json_string(key));
    }
    if (ok && json_object_size(set))
        ok = add(a->updates, json_pack("{s:s,s:O}", "action", "set-properties", "updates", set));
    if (ok && json_array_size(gone))
        ok = add(a->updates, json_pack("{s:s,s:O}", "action", "remove-properties", "removals", gone));
    json_decref(set);
    json_decref(gone);
    return rc != OK || ok ? rc : no_memory(a);
}

static enum err commit(struct alter *a, struct table *table)
{
    enum err rc;

    if ((a->requirements = json_array()) == NULL || (a->updates = json_array()) == NULL)
        return no_memory(a);
    if ((rc = put_schema(a)) != OK || (rc = put_properties(a)) != OK || (rc = put_requirements(a)) != OK)
        return rc;
    return json_array_size(a->updates) ? table_commit(table, a->requirements, a->updates, a->e) : OK;
}

static void alter_fini(struct alter *a)
{
    json_decref(a->requirements);
    json_decref(a->updates);
    arena_fini(&a->arena);
}

enum err sql_iceberg_alter(struct table *table, const struct table_def *t, struct error *e)
{
    struct alter a = {.m = table->metadata, .t = t, .e = e};
    enum err rc = plan_columns(&a);

    if (rc == OK)
        rc = commit(&a, table);
    alter_fini(&a);
    return rc;
}

enum err sql_iceberg_rename_column(struct table *table, const char *from, const char *to, struct error *e)
{
    struct alter a = {.m = table->metadata, .e = e};
    const struct schema *have = table->metadata->schema;
    int32_t at = schema_find(have, slice_text(from));
    const struct table_def *t = NULL;
    enum err rc = sql_iceberg_def(&a.arena, "", table, &t, e);

    if (rc == OK && at < 0)
        rc = error_set(e, ERR_NOT_FOUND, "there is no column `%s`", from);
    if (rc == OK) {
        a.t = t;
        a.last_id = a.m->last_column_id;
        a.new_schema = true;
        a.fields = arena_copy(&a.arena, have->fields, sizeof *have->fields * (size_t)have->field_count);
        if (a.fields)
            a.fields[at].name = to;
        rc = a.fields ? commit(&a, table) : no_memory(&a);
    }
    alter_fini(&a);
    return rc;
}
