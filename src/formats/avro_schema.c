/* avro_schema.c: a schema document to a graph of avro_type, and from there to the columns it has.
 * jansson reads the text; here names are resolved: each definition is entered under its full name before its
 * fields are read, so that a record can speak of itself. Attributes that Avro does not know are ignored, as
 * are logical types that do not fit; everything else that the specification forbids is an error with the path
 * to it.
 */
#include "formats/avro_schema.h"
#include "base/map.h"
#include "base/mem.h"

/* Where we are in the document, from the inside out. */
struct place {
    const struct place *parent;
    const char *name;
};

struct parser {
    struct arena *arena;
    struct map names; /* full name to struct avro_type */
    struct error *e;
};

static const char *const kind_names[] = {
    [AVRO_KIND_NULL] = "null",   [AVRO_KIND_BOOLEAN] = "boolean", [AVRO_KIND_INT] = "int",
    [AVRO_KIND_LONG] = "long",   [AVRO_KIND_FLOAT] = "float",     [AVRO_KIND_DOUBLE] = "double",
    [AVRO_KIND_BYTES] = "bytes", [AVRO_KIND_STRING] = "string",   [AVRO_KIND_RECORD] = "record",
    [AVRO_KIND_ENUM] = "enum",   [AVRO_KIND_ARRAY] = "array",     [AVRO_KIND_MAP] = "map",
    [AVRO_KIND_UNION] = "union", [AVRO_KIND_FIXED] = "fixed",
};

const char *avro_kind_name(enum avro_kind kind)
{
    return kind_names[kind];
}

int avro_optional(const struct avro_type *t, const struct avro_type **out)
{
    if (t->kind != AVRO_KIND_UNION || t->type_count != 2)
        return -1;
    for (int i = 0; i < 2; i++)
        if (t->types[i]->kind == AVRO_KIND_NULL && t->types[1 - i]->kind != AVRO_KIND_NULL) {
            *out = t->types[1 - i];
            return i;
        }
    return -1;
}

int64_t avro_units_per_second(enum avro_logical logical)
{
    switch (logical) {
    case AVRO_LOGICAL_TIME_MILLIS:
    case AVRO_LOGICAL_TIMESTAMP_MILLIS:
    case AVRO_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
        return 1000;
    case AVRO_LOGICAL_TIME_MICROS:
    case AVRO_LOGICAL_TIMESTAMP_MICROS:
    case AVRO_LOGICAL_LOCAL_TIMESTAMP_MICROS:
        return 1000000;
    case AVRO_LOGICAL_TIMESTAMP_NANOS:
    case AVRO_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return 1000000000;
    default:
        assert(false); /* no time */
        return 1;
    }
}

/* --- errors --- */

static void print_place(const struct place *at, struct bytes *out)
{
    if (at->parent && at->parent->name) {
        print_place(at->parent, out);
        bytes_text(out, ".");
    }
    bytes_text(out, at->name);
}

static enum err fail(struct parser *p, const struct place *at, const char *what)
{
    struct bytes path = {0};
    const char *text;

    if (at->name)
        print_place(at, &path);
    text = path.len ? bytes_cstr(&path) : NULL;
    if (text)
        error_set(p->e, ERR_INPUT, "field %.300s: %s", text, what);
    else
        error_set(p->e, ERR_INPUT, "%s", what);
    bytes_fini(&path);
    return ERR_INPUT;
}

static enum err fail_about(struct parser *p, const struct place *at, const char *what, const char *name)
{
    const char *sentence = arena_printf(p->arena, "%s `%.200s`", what, name);

    return sentence ? fail(p, at, sentence) : error_memory(p->e, 0, "an Avro schema");
}

static enum err no_memory(struct parser *p)
{
    return error_memory(p->e, 0, "an Avro schema");
}

/* --- attributes --- */

/* A text attribute, NULL when absent or not a text. */
static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* An integer attribute that lies in 0..max, else what. */
static int32_t int_of(const json_t *object, const char *key, int32_t max, int32_t what)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return what;
    return (int32_t)json_integer_value(value);
}

/* name in its namespace, unless it has dots itself. */
static const char *full_name(struct parser *p, const char *name, const char *namespace)
{
    if (strchr(name, '.') || namespace == NULL || *namespace == '\0')
        return arena_strdup(p->arena, name);
    return arena_printf(p->arena, "%s.%s", namespace, name);
}

/* What comes before the last dot; "" when there is none. */
static const char *namespace_of(struct parser *p, const char *full)
{
    const char *dot = strrchr(full, '.');

    return dot ? arena_text(p->arena, slice_of(full, (size_t)(dot - full))) : "";
}

/* The texts of an array attribute. An absent one is an empty list. */
static enum err texts_of(struct parser *p, const struct place *at, const json_t *object, const char *key,
                         const char ***out, int32_t *count)
{
    const json_t *array = json_object_get(object, key);
    size_t n = json_array_size(array);

    *count = 0;
    if (array == NULL)
        return OK;
    if (!json_is_array(array) || n > INT32_MAX)
        return fail_about(p, at, "a list of names is wanted as", key);
    if ((*out = ARENA_ARRAY(p->arena, const char *, n)) == NULL)
        return no_memory(p);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(array, i));

        if (text == NULL)
            return fail_about(p, at, "only names may be in", key);
        if (((*out)[i] = arena_strdup(p->arena, text)) == NULL)
            return no_memory(p);
    }
    *count = (int32_t)n;
    return OK;
}

/* --- logical types --- */

static bool decimal_fits(struct avro_type *t, const json_t *object)
{
    /* digits that n bytes hold for sure: floor(log10(2^(8n-1) - 1)) */
    int64_t room = t->kind == AVRO_KIND_FIXED ? ((int64_t)t->size * 8 - 1) * 30103 / 100000 : INT32_MAX;

    t->precision = int_of(object, "precision", INT32_MAX, 0);
    t->scale = int_of(object, "scale", INT32_MAX, json_object_get(object, "scale") ? INT32_MAX : 0);
    return t->precision > 0 && t->scale <= t->precision && t->precision <= room;
}

static void set_logical(struct avro_type *t, const json_t *object)
{
    static const struct {
        const char *name;
        enum avro_kind kind;
        enum avro_logical logical;
    } table[] = {
        {"decimal", AVRO_KIND_BYTES, AVRO_LOGICAL_DECIMAL},
        {"decimal", AVRO_KIND_FIXED, AVRO_LOGICAL_DECIMAL},
        {"uuid", AVRO_KIND_STRING, AVRO_LOGICAL_UUID},
        {"uuid", AVRO_KIND_FIXED, AVRO_LOGICAL_UUID},
        {"date", AVRO_KIND_INT, AVRO_LOGICAL_DATE},
        {"time-millis", AVRO_KIND_INT, AVRO_LOGICAL_TIME_MILLIS},
        {"time-micros", AVRO_KIND_LONG, AVRO_LOGICAL_TIME_MICROS},
        {"timestamp-millis", AVRO_KIND_LONG, AVRO_LOGICAL_TIMESTAMP_MILLIS},
        {"timestamp-micros", AVRO_KIND_LONG, AVRO_LOGICAL_TIMESTAMP_MICROS},
        {"timestamp-nanos", AVRO_KIND_LONG, AVRO_LOGICAL_TIMESTAMP_NANOS},
        {"local-timestamp-millis", AVRO_KIND_LONG, AVRO_LOGICAL_LOCAL_TIMESTAMP_MILLIS},
        {"local-timestamp-micros", AVRO_KIND_LONG, AVRO_LOGICAL_LOCAL_TIMESTAMP_MICROS},
        {"local-timestamp-nanos", AVRO_KIND_LONG, AVRO_LOGICAL_LOCAL_TIMESTAMP_NANOS},
        {"map", AVRO_KIND_ARRAY, AVRO_LOGICAL_MAP},
    };
    const char *name = text_of(object, "logicalType");
    const json_t *adjust = json_object_get(object, "adjust-to-utc");

    for (size_t i = 0; name && i < COUNT_OF(table); i++)
        if (strcmp(name, table[i].name) == 0 && t->kind == table[i].kind)
            t->logical = table[i].logical;
    if ((t->logical == AVRO_LOGICAL_DECIMAL && !decimal_fits(t, object)) ||
        (t->logical == AVRO_LOGICAL_UUID && t->kind == AVRO_KIND_FIXED && t->size != 16) ||
        (t->logical == AVRO_LOGICAL_MAP &&
         (t->types[0]->kind != AVRO_KIND_RECORD || t->types[0]->field_count != 2)))
        t->logical = AVRO_LOGICAL_NONE;
    t->zoned = avro_is_timestamp(t->logical) && t->logical <= AVRO_LOGICAL_TIMESTAMP_NANOS &&
               !json_is_false(adjust);
}

/* --- sizes --- */

/* The parts of t are done, but for a record that t lies in: that counts as 0, which is less than it is. */
static int32_t min_size(const struct avro_type *t)
{
    int64_t size = t->kind == AVRO_KIND_UNION ? INT32_MAX : 0;

    switch (t->kind) {
    case AVRO_KIND_NULL:
        return 0;
    case AVRO_KIND_FLOAT:
        return 4;
    case AVRO_KIND_DOUBLE:
        return 8;
    case AVRO_KIND_FIXED:
        return t->size;
    case AVRO_KIND_RECORD:
        for (int32_t i = 0; i < t->field_count; i++)
            size += t->fields[i].type->min_size;
        break;
    case AVRO_KIND_UNION:
        for (int32_t i = 0; i < t->type_count; i++)
            size = MIN(size, 1 + (int64_t)t->types[i]->min_size);
        break;
    default:
        return 1;
    }
    return (int32_t)MIN(size, INT32_MAX);
}

/* --- types --- */

static enum err parse_type(struct parser *p, const struct place *at, const json_t *json,
                           const char *namespace, int depth, const struct avro_type **out);

static bool find_primitive(const char *name, enum avro_kind *out)
{
    for (int kind = AVRO_KIND_NULL; kind <= AVRO_KIND_STRING; kind++)
        if (strcmp(name, kind_names[kind]) == 0) {
            *out = (enum avro_kind)kind;
            return true;
        }
    return false;
}

static struct avro_type *new_type(struct parser *p, enum avro_kind kind)
{
    struct avro_type *t = ARENA_NEW(p->arena, struct avro_type);

    if (t) {
        t->kind = kind;
        t->min_size = kind <= AVRO_KIND_STRING ? min_size(t) : 0;
    }
    return t;
}

/* `"int"`, or the name of what was defined before. */
static enum err parse_name(struct parser *p, const struct place *at, const char *name, const char *namespace,
                           const struct avro_type **out)
{
    const char *full;
    enum avro_kind kind;

    if (find_primitive(name, &kind))
        return (*out = new_type(p, kind)) ? OK : no_memory(p);
    if ((full = full_name(p, name, namespace)) == NULL)
        return no_memory(p);
    *out = map_get(&p->names, slice_text(full));
    if (*out == NULL)
        *out = map_get(&p->names, slice_text(name));
    return *out ? OK : fail_about(p, at, "there is no type", name);
}

/* Two branches of a union must not be mistaken for each other: one of each unnamed kind, one of each name. */
static bool same_branch(const struct avro_type *a, const struct avro_type *b)
{
    return a == b || (a->kind == b->kind && a->name == NULL && b->name == NULL);
}

static enum err parse_union(struct parser *p, const struct place *at, const json_t *json,
                            const char *namespace, int depth, const struct avro_type **out)
{
    size_t n = json_array_size(json);
    struct avro_type *t = new_type(p, AVRO_KIND_UNION);
    enum err rc;

    if (n > INT32_MAX || t == NULL || (t->types = ARENA_ARRAY(p->arena, const struct avro_type *, n)) == NULL)
        return no_memory(p);
    if (n == 0)
        return fail(p, at, "a union needs at least one branch");
    for (size_t i = 0; i < n; i++) {
        if ((rc = parse_type(p, at, json_array_get(json, i), namespace, depth, &t->types[i])) != OK)
            return rc;
        if (t->types[i]->kind == AVRO_KIND_UNION)
            return fail(p, at, "a union may not be a branch of a union");
        for (size_t k = 0; k < i; k++)
            if (same_branch(t->types[k], t->types[i]))
                return fail_about(p, at, "a union has twice the branch",
                                  t->types[i]->name ? t->types[i]->name : kind_names[t->types[i]->kind]);
    }
    t->type_count = (int32_t)n;
    t->min_size = min_size(t);
    *out = t;
    return OK;
}

static enum err parse_field(struct parser *p, const struct place *at, const json_t *json,
                            const char *namespace, int depth, struct avro_field *out)
{
    const char *name = text_of(json, "name");
    struct place here = {at, name};
    const char *original;
    enum err rc;

    if (name == NULL || *name == '\0')
        return fail(p, at, "each field of a record is an object with a name");
    if (json_object_get(json, "type") == NULL)
        return fail(p, &here, "the field has no type");
    if ((rc = texts_of(p, &here, json, "aliases", &out->aliases, &out->alias_count)) != OK ||
        (rc = parse_type(p, &here, json_object_get(json, "type"), namespace, depth, &out->type)) != OK)
        return rc;
    /* Iceberg writes a name that Avro does not allow in another spelling; what it was is the better name */
    original = text_of(json, "iceberg-field-name");
    out->name = arena_strdup(p->arena, original ? original : name);
    out->doc = arena_strdup(p->arena, text_of(json, "doc"));
    out->value = json_object_get(json, "default");
    out->id = int_of(json, "field-id", INT32_MAX, 0);
    return p->arena->failed ? no_memory(p) : OK;
}

static enum err check_field_names(struct parser *p, const struct place *at, const struct avro_type *t)
{
    struct map seen = {0};
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < t->field_count; i++) {
        struct slice name = slice_text(t->fields[i].name);

        if (map_get(&seen, name))
            rc = fail_about(p, at, "a record has twice the field", t->fields[i].name);
        else if (!map_put(&seen, name, &t->fields[i]))
            rc = no_memory(p);
    }
    map_fini(&seen);
    return rc;
}

static enum err parse_record(struct parser *p, const struct place *at, const json_t *json,
                             const char *namespace, int depth, struct avro_type *t)
{
    const json_t *fields = json_object_get(json, "fields");
    size_t n = json_array_size(fields);
    enum err rc;

    if (!json_is_array(fields))
        return fail_about(p, at, "there is no list of fields in record", t->name);
    if (n > INT32_MAX || (t->fields = ARENA_ARRAY(p->arena, struct avro_field, n)) == NULL)
        return no_memory(p);
    for (size_t i = 0; i < n; i++)
        if ((rc = parse_field(p, at, json_array_get(fields, i), namespace, depth, &t->fields[i])) != OK)
            return rc;
    t->field_count = (int32_t)n;
    t->min_size = min_size(t);
    return check_field_names(p, at, t);
}

static enum err parse_enum(struct parser *p, const struct place *at, const json_t *json, struct avro_type *t)
{
    enum err rc;

    if (!json_is_array(json_object_get(json, "symbols")))
        return fail_about(p, at, "there is no list of symbols in enum", t->name);
    if ((rc = texts_of(p, at, json, "symbols", &t->symbols, &t->symbol_count)) != OK)
        return rc;
    t->symbol_default = arena_strdup(p->arena, text_of(json, "default"));
    t->min_size = min_size(t);
    return p->arena->failed ? no_memory(p) : OK;
}

static enum err parse_fixed(struct parser *p, const struct place *at, const json_t *json, struct avro_type *t)
{
    t->size = int_of(json, "size", INT32_MAX, -1);
    t->min_size = MAX(t->size, 0);
    return t->size >= 0 ? OK : fail_about(p, at, "the size is missing or wrong in fixed", t->name);
}

static bool add_name(struct parser *p, const char *full, struct avro_type *t)
{
    return full && map_put(&p->names, slice_text(full), t);
}

/* Record, enum or fixed: named, and known under that name from here on. */
static enum err parse_named(struct parser *p, const struct place *at, const json_t *json,
                            const char *namespace, int depth, struct avro_type *t)
{
    const char *name = text_of(json, "name"), *own = text_of(json, "namespace");
    enum err rc;

    if (name == NULL || *name == '\0')
        return fail_about(p, at, "a name is missing of a", kind_names[t->kind]);
    if ((t->name = full_name(p, name, own ? own : namespace)) == NULL)
        return no_memory(p);
    if (map_get(&p->names, slice_text(t->name)))
        return fail_about(p, at, "there are two definitions of", t->name);
    if (!add_name(p, t->name, t) || (namespace = namespace_of(p, t->name)) == NULL)
        return no_memory(p);
    switch (t->kind) {
    case AVRO_KIND_RECORD:
        return parse_record(p, at, json, namespace, depth, t);
    case AVRO_KIND_ENUM:
        return parse_enum(p, at, json, t);
    default:
        rc = parse_fixed(p, at, json, t);
        set_logical(t, json);
        return rc;
    }
}

/* Array or map: one type inside, under "items" or "values". */
static enum err parse_container(struct parser *p, const struct place *at, const json_t *json,
                                const char *namespace, int depth, struct avro_type *t)
{
    const char *key = t->kind == AVRO_KIND_ARRAY ? "items" : "values";
    struct place here = {at, key};
    const json_t *inner = json_object_get(json, key);
    enum err rc;

    if (inner == NULL)
        return fail_about(p, at, "an attribute is missing:", key);
    if ((t->types = ARENA_ARRAY(p->arena, const struct avro_type *, 1)) == NULL)
        return no_memory(p);
    if ((rc = parse_type(p, &here, inner, namespace, depth, &t->types[0])) != OK)
        return rc;
    t->type_count = 1;
    t->min_size = min_size(t);
    t->element_id = int_of(json, "element-id", INT32_MAX, 0);
    t->key_id = int_of(json, "key-id", INT32_MAX, 0);
    t->value_id = int_of(json, "value-id", INT32_MAX, 0);
    set_logical(t, json);
    return OK;
}

static bool find_complex(const char *name, enum avro_kind *out)
{
    static const enum avro_kind kinds[] = {AVRO_KIND_RECORD, AVRO_KIND_ENUM, AVRO_KIND_ARRAY, AVRO_KIND_MAP,
                                           AVRO_KIND_FIXED};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(name, kind_names[kinds[i]]) == 0) {
            *out = kinds[i];
            return true;
        }
    *out = AVRO_KIND_RECORD;
    return strcmp(name, "error") == 0; /* a record, in protocols */
}

/* An object: what it is stands under "type". */
static enum err parse_object(struct parser *p, const struct place *at, const json_t *json,
                             const char *namespace, int depth, const struct avro_type **out)
{
    const json_t *inner = json_object_get(json, "type");
    const char *name = json_string_value(inner);
    struct avro_type *t;
    enum avro_kind kind;

    if (inner == NULL)
        return fail(p, at, "an object that stands for a type needs the attribute `type`");
    if (name == NULL)
        return parse_type(p, at, inner, namespace, depth,
                          out); /* {"type": {"type": ...}}, as some write it */
    if (find_primitive(name, &kind)) {
        if ((t = new_type(p, kind)) == NULL)
            return no_memory(p);
        set_logical(t, json);
        *out = t;
        return OK;
    }
    if (!find_complex(name, &kind))
        return parse_name(p, at, name, namespace, out);
    if ((t = new_type(p, kind)) == NULL)
        return no_memory(p);
    *out = t;
    if (kind == AVRO_KIND_ARRAY || kind == AVRO_KIND_MAP)
        return parse_container(p, at, json, namespace, depth, t);
    return parse_named(p, at, json, namespace, depth, t);
}

static enum err parse_type(struct parser *p, const struct place *at, const json_t *json,
                           const char *namespace, int depth, const struct avro_type **out)
{
    if (depth == AVRO_DEPTH_MAX)
        return fail(p, at, "types are nested too deep");
    switch (json_typeof(json)) {
    case JSON_STRING:
        return parse_name(p, at, json_string_value(json), namespace, out);
    case JSON_ARRAY:
        return parse_union(p, at, json, namespace, depth + 1, out);
    case JSON_OBJECT:
        return parse_object(p, at, json, namespace, depth + 1, out);
    default:
        return fail(p, at, "a type is a name, an object or a list");
    }
}

/* --- the whole --- */

/* A primitive may stand without quotes, as people type it: `string`. */
static bool is_bare(struct slice json)
{
    for (int kind = AVRO_KIND_NULL; kind <= AVRO_KIND_STRING; kind++)
        if (slice_is(json, kind_names[kind]))
            return true;
    return false;
}

static enum err parse_document(struct slice json, struct avro_schema *s, struct error *e)
{
    struct parser p = {.arena = &s->arena, .e = e};
    struct place top = {NULL, NULL};
    json_error_t where;
    enum err rc;

    s->document = json_loadb(json.ptr ? json.ptr : "", json.len, JSON_DECODE_ANY, &where);
    if (s->document == NULL && is_bare(json))
        s->document = json_stringn(json.ptr, json.len);
    if (s->document == NULL && (where.line < 0 || json_error_code(&where) == json_error_out_of_memory))
        return error_memory(e, json.len, "an Avro schema");
    if (s->document == NULL)
        return error_set(e, ERR_INPUT, "not JSON: %s, in line %d, column %d", where.text, where.line,
                         where.column);
    rc = parse_type(&p, &top, s->document, "", 0, &s->root);
    map_fini(&p.names);
    return rc;
}

enum err avro_schema_parse(struct slice json, struct avro_schema **out, struct error *e)
{
    struct avro_schema *s = mem_zalloc(sizeof *s);
    enum err rc;

    if (s == NULL)
        return error_memory(e, sizeof *s, "an Avro schema");
    if ((rc = parse_document(json, s, e)) != OK) {
        avro_schema_free(s);
        return error_add(e, rc, "Avro schema");
    }
    *out = s;
    return OK;
}

void avro_schema_free(struct avro_schema *s)
{
    if (s == NULL)
        return;
    json_decref(s->document);
    arena_fini(&s->arena);
    mem_free(s);
}
