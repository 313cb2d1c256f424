/* metadata_schema.c: schemas between Iceberg's JSON and weir's types (spec, appendix C, "Schemas"), and
 * their field ids. Iceberg has no small integers and no lengths of strings: they are ints and strings there.
 */
#include "iceberg/json_field.h"
#include "iceberg/metadata.h"
#include <ctype.h>
#include <stdio.h>

#define DEPTH_MAX 32

static const struct primitive {
    const char *name;
    enum type_kind kind;
    int32_t precision;
} primitives[] = {
    {"boolean", TYPE_BOOLEAN, 0},
    {"int", TYPE_INT32, 0},
    {"long", TYPE_INT64, 0},
    {"float", TYPE_FLOAT, 0},
    {"double", TYPE_DOUBLE, 0},
    {"date", TYPE_DATE, 0},
    {"time", TYPE_TIME, 6},
    {"timestamp", TYPE_TIMESTAMP, 6},
    {"timestamptz", TYPE_TIMESTAMP_LTZ, 6},
    {"timestamp_ns", TYPE_TIMESTAMP, 9},
    {"timestamptz_ns", TYPE_TIMESTAMP_LTZ, 9},
    {"string", TYPE_STRING, 0},
    {"binary", TYPE_BINARY, 0},
    {"uuid", TYPE_UUID, 0},
};

/* --- to JSON --- */

static json_t *type_json(const struct type *t);

static json_t *fields_json(const struct field *fields, int32_t count)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < count; i++) {
        json_t *f = json_object();
        bool ok = json_field_put(f, "id", json_integer(fields[i].id)) &&
                  json_field_put(f, "name", json_string(fields[i].name)) &&
                  json_field_put(f, "required", json_boolean(!fields[i].type->nullable)) &&
                  json_field_put(f, "type", type_json(fields[i].type));

        if (ok && fields[i].doc)
            ok = json_field_put(f, "doc", json_string(fields[i].doc));
        if (!json_field_append(list, ok ? json_incref(f) : NULL)) {
            json_decref(list);
            list = NULL;
        }
        json_decref(f);
    }
    return list;
}

static json_t *nested_json(const struct type *t)
{
    const struct field *f = t->fields;
    json_t *o = json_object();
    bool ok;

    if (t->kind == TYPE_STRUCT) {
        ok = json_field_put(o, "type", json_string("struct")) &&
             json_field_put(o, "fields", fields_json(f, t->field_count));
    } else if (t->kind == TYPE_LIST) {
        ok = json_field_put(o, "type", json_string("list")) &&
             json_field_put(o, "element-id", json_integer(f[0].id)) &&
             json_field_put(o, "element", type_json(f[0].type)) &&
             json_field_put(o, "element-required", json_boolean(!f[0].type->nullable));
    } else {
        ok = json_field_put(o, "type", json_string("map")) &&
             json_field_put(o, "key-id", json_integer(f[0].id)) &&
             json_field_put(o, "key", type_json(f[0].type)) &&
             json_field_put(o, "value-id", json_integer(f[1].id)) &&
             json_field_put(o, "value", type_json(f[1].type)) &&
             json_field_put(o, "value-required", json_boolean(!f[1].type->nullable));
    }
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *type_json(const struct type *t)
{
    switch (t->kind) {
    case TYPE_INT8:
    case TYPE_INT16:
        return json_string("int");
    case TYPE_DECIMAL:
        return json_sprintf("decimal(%d, %d)", (int)t->precision, (int)t->scale);
    case TYPE_FIXED:
        return json_sprintf("fixed[%d]", (int)t->length);
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return nested_json(t);
    default:
        break;
    }
    for (size_t i = 0; i < COUNT_OF(primitives); i++)
        if (primitives[i].kind == t->kind && (t->precision > 6) == (primitives[i].precision > 6))
            return json_string(primitives[i].name);
    assert(false && "intervals are refused by metadata_check_spec");
    return NULL;
}

json_t *metadata_schema_json(const struct schema *s, int32_t schema_id, const int32_t *identifier_ids,
                             int32_t count)
{
    json_t *o = json_object(), *ids = json_array();
    bool ok = json_field_put(o, "type", json_string("struct")) &&
              json_field_put(o, "schema-id", json_integer(schema_id)) &&
              json_field_put(o, "fields", fields_json(s->fields, s->field_count));

    for (int32_t i = 0; ok && i < count; i++)
        ok = json_field_append(ids, json_integer(identifier_ids[i]));
    if (ok && count)
        ok = json_field_put(o, "identifier-field-ids", json_incref(ids));
    json_decref(ids);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

/* --- from JSON --- */

struct schema_json {
    struct arena *arena;
    int depth;
    struct error *e;
};

static enum err take_type(struct schema_json *s, json_t *json, bool nullable, const struct type **out);

/* `decimal(9, 2)`, `fixed[16]`: numbers between brackets, blanks allowed. True when text is such a one. */
static bool take_numbers(const char *text, const char *name, char open, char close, int count, int32_t *out)
{
    size_t len = strlen(name);

    if (strncmp(text, name, len) != 0)
        return false;
    text += len;
    for (int i = 0; i < count; i++) {
        int64_t v = 0;
        int digits = 0;

        while (isspace((unsigned char)*text))
            text++;
        if (*text++ != (i ? ',' : open))
            return false;
        while (isspace((unsigned char)*text))
            text++;
        for (; isdigit((unsigned char)*text) && digits < 10; text++, digits++)
            v = v * 10 + (*text - '0');
        if (digits == 0 || v > INT32_MAX)
            return false;
        out[i] = (int32_t)v;
    }
    while (isspace((unsigned char)*text))
        text++;
    return text[0] == close && text[1] == '\0';
}

static enum err take_primitive(struct schema_json *s, const char *text, struct type *t)
{
    int32_t numbers[2] = {0};

    for (size_t i = 0; i < COUNT_OF(primitives); i++)
        if (strcmp(text, primitives[i].name) == 0) {
            t->kind = primitives[i].kind;
            t->precision = primitives[i].precision;
            return OK;
        }
    if (take_numbers(text, "fixed", '[', ']', 1, numbers) && numbers[0] > 0) {
        t->kind = TYPE_FIXED;
        t->length = numbers[0];
        return OK;
    }
    if (take_numbers(text, "decimal", '(', ')', 2, numbers) && numbers[0] >= 1 && numbers[0] <= 38 &&
        numbers[1] <= numbers[0]) {
        t->kind = TYPE_DECIMAL;
        t->precision = numbers[0];
        t->scale = numbers[1];
        return OK;
    }
    return error_set(s->e, ERR_UNSUPPORTED, "type `%.60s` is not one that weir knows", text);
}

static enum err take_field(struct schema_json *s, json_t *json, struct field *out)
{
    json_t *required = json_object_get(json, "required");
    const char *name;
    enum err rc;

    if ((rc = json_field_text(json, "name", &name, s->e)) != OK)
        return rc;
    if ((rc = json_field_int(json, "id", 0, &out->id, s->e)) == OK && !json_is_boolean(required))
        rc = error_set(s->e, ERR_CORRUPT, "field `required` should be true or false");
    out->name = arena_strdup(s->arena, name);
    out->doc = arena_strdup(s->arena, json_field_get(json, "doc"));
    if (rc == OK)
        rc = take_type(s, json_object_get(json, "type"), !json_is_true(required), &out->type);
    return rc == OK ? OK : error_add(s->e, rc, "column %.100s", name);
}

static enum err take_fields(struct schema_json *s, json_t *json, const struct field **out, int32_t *count)
{
    struct field *fields;
    json_t *list;
    enum err rc;

    if ((rc = json_field_array(json, "fields", &list, s->e)) != OK)
        return rc;
    if (json_array_size(list) > INT32_MAX / 2)
        return error_set(s->e, ERR_CORRUPT, "too many fields");
    *count = (int32_t)json_array_size(list);
    fields = ARENA_ARRAY(s->arena, struct field, *count);
    for (int32_t i = 0; fields && rc == OK && i < *count; i++)
        rc = take_field(s, json_array_get(list, (size_t)i), &fields[i]);
    *out = fields;
    return rc;
}

/* One of a list's or map's parts: its id, whether it must be there, and its type. */
static enum err take_part(struct schema_json *s, json_t *json, const char *name, struct field *out)
{
    char key[32];
    bool is_key = strcmp(name, "key") == 0;
    json_t *required;
    enum err rc;

    out->name = name;
    snprintf(key, sizeof key, "%s-id", name);
    if ((rc = json_field_int(json, key, 0, &out->id, s->e)) != OK)
        return rc;
    snprintf(key, sizeof key, "%s-required", name);
    required = json_object_get(json, key);
    if (!is_key && !json_is_boolean(required))
        return error_set(s->e, ERR_CORRUPT, "field `%s` should be true or false", key);
    return take_type(s, json_object_get(json, name), !is_key && !json_is_true(required), &out->type);
}

static enum err take_nested(struct schema_json *s, json_t *json, struct type *t)
{
    const char *kind;
    struct field *parts;
    enum err rc;

    if ((rc = json_field_text(json, "type", &kind, s->e)) != OK)
        return rc;
    if (strcmp(kind, "struct") == 0) {
        t->kind = TYPE_STRUCT;
        return take_fields(s, json, &t->fields, &t->field_count);
    }
    if (strcmp(kind, "list") != 0 && strcmp(kind, "map") != 0)
        return error_set(s->e, ERR_CORRUPT, "field `type` is %.60s, not struct, list or map", kind);
    t->kind = kind[0] == 'l' ? TYPE_LIST : TYPE_MAP;
    t->field_count = t->kind == TYPE_LIST ? 1 : 2;
    t->fields = parts = ARENA_ARRAY(s->arena, struct field, t->field_count);
    if (parts == NULL)
        return error_memory(s->e, sizeof *parts, "a schema");
    if (t->kind == TYPE_LIST)
        return take_part(s, json, "element", &parts[0]);
    if ((rc = take_part(s, json, "key", &parts[0])) != OK)
        return rc;
    return take_part(s, json, "value", &parts[1]);
}

static enum err take_type(struct schema_json *s, json_t *json, bool nullable, const struct type **out)
{
    struct type *t = ARENA_NEW(s->arena, struct type);
    enum err rc;

    if (t == NULL)
        return error_memory(s->e, sizeof *t, "a schema");
    t->nullable = nullable;
    *out = t;
    if (json_is_string(json))
        return take_primitive(s, json_string_value(json), t);
    if (!json_is_object(json))
        return error_set(s->e, ERR_CORRUPT, "field `type` should be a string or an object");
    if (++s->depth > DEPTH_MAX)
        return error_set(s->e, ERR_UNSUPPORTED, "types are nested too deep (%d at most)", DEPTH_MAX);
    rc = take_nested(s, json, t);
    s->depth--;
    return rc;
}

enum err metadata_schema_parse(json_t *json, struct arena *arena, const struct schema **out, struct error *e)
{
    struct schema_json s = {arena, 0, e};
    struct schema *schema = ARENA_NEW(arena, struct schema);
    enum err rc;

    if (schema == NULL)
        return error_memory(e, sizeof *schema, "a schema");
    rc = take_fields(&s, json, &schema->fields, &schema->field_count);
    if (rc == OK && arena->failed)
        rc = error_memory(e, sizeof *schema, "a schema");
    *out = schema;
    return rc;
}

/* --- field ids --- */

/* First the fields side by side, then what is in each: the order in which Iceberg numbers a new table's. */
static const struct field *number_fields(struct arena *arena, const struct field *from, int32_t count,
                                         int32_t *last)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, count);

    for (int32_t i = 0; fields && i < count; i++) {
        fields[i] = from[i];
        fields[i].id = ++*last;
        fields[i].name = arena_strdup(arena, from[i].name);
        fields[i].doc = arena_strdup(arena, from[i].doc);
    }
    for (int32_t i = 0; fields && i < count; i++) {
        struct type *t = arena_copy(arena, from[i].type, sizeof *t);

        if (t == NULL)
            return NULL;
        t->fields = number_fields(arena, from[i].type->fields, from[i].type->field_count, last);
        fields[i].type = t;
    }
    return fields;
}

enum err metadata_assign_ids(struct arena *arena, const struct schema *schema, const struct schema **out,
                             int32_t *last_id, struct error *e)
{
    struct schema *s = ARENA_NEW(arena, struct schema);

    *last_id = 0;
    if (s)
        *s = (struct schema){schema->field_count,
                             number_fields(arena, schema->fields, schema->field_count, last_id)};
    if (arena->failed)
        return error_memory(e, sizeof *s, "a schema");
    *out = s;
    return OK;
}
