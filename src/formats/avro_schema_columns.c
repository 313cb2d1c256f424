/* avro_schema_columns.c: the columns that a record schema has.
 * [null, T] becomes a nullable T, an enum a STRING, a string with logicalType uuid a STRING too (its text is
 * what producers and SQL speak; a fixed uuid is a UUID). What no column can be is refused with the path to
 * it: null alone, unions of several types, and records that contain themselves.
 */
#include "formats/avro_schema.h"

struct frame {
    const struct frame *parent;
    const char *name;
    const struct avro_type *type;
};

struct walk {
    struct arena *arena;
    int32_t count; /* of columns so far */
    struct error *e;
};

static enum err no_memory(struct walk *w)
{
    return error_memory(w->e, 0, "columns of an Avro schema");
}

static enum err refuse(struct walk *w, const struct frame *at, const char *what)
{
    enum err rc = error_set(w->e, ERR_UNSUPPORTED, "%s", what);

    for (; at->parent; at = at->parent)
        rc = at->parent->parent ? error_add(w->e, rc, "%.100s", at->name)
                                : error_add(w->e, rc, "Avro schema: field %.100s", at->name);
    return rc;
}

static enum err to_type(struct walk *w, const struct frame *at, const struct avro_type *t,
                        const struct type **out);

static enum err to_fields(struct walk *w, const struct frame *at, const struct avro_type *record,
                          const struct field **out)
{
    struct field *fields = ARENA_ARRAY(w->arena, struct field, record->field_count);
    enum err rc;

    if (fields == NULL)
        return no_memory(w);
    for (int32_t i = 0; i < record->field_count; i++) {
        const struct avro_field *from = &record->fields[i];
        struct frame here = {at, from->name, from->type};

        fields[i] = (struct field){.name = arena_strdup(w->arena, from->name),
                                   .id = from->id,
                                   .doc = arena_strdup(w->arena, from->doc)};
        if (w->arena->failed)
            return no_memory(w);
        if ((rc = to_type(w, &here, from->type, &fields[i].type)) != OK)
            return rc;
    }
    *out = fields;
    return OK;
}

/* LIST and MAP: their fields have fixed names. */
static enum err to_inner(struct walk *w, const struct frame *at, const char *name, int32_t id,
                         const struct avro_type *t, struct field *out)
{
    struct frame here = {at, name, t};

    *out = (struct field){.name = name, .id = id};
    return to_type(w, &here, t, &out->type);
}

static enum err to_list(struct walk *w, const struct frame *at, const struct avro_type *t, struct type *out)
{
    struct field *fields = ARENA_ARRAY(w->arena, struct field, 1);

    if (fields == NULL)
        return no_memory(w);
    out->kind = TYPE_LIST;
    out->fields = fields;
    out->field_count = 1;
    return to_inner(w, at, "element", t->element_id, t->types[0], fields);
}

static enum err to_map(struct walk *w, const struct frame *at, const struct avro_type *t, struct type *out)
{
    struct field *fields = ARENA_ARRAY(w->arena, struct field, 2);
    const struct avro_type *record = t->types[0];
    enum err rc;

    if (fields == NULL)
        return no_memory(w);
    out->kind = TYPE_MAP;
    out->fields = fields;
    out->field_count = 2;
    if (t->kind == AVRO_KIND_MAP) {
        fields[0] = (struct field){.name = "key", .type = type_simple(TYPE_STRING, false), .id = t->key_id};
        return to_inner(w, at, "value", t->value_id, t->types[0], &fields[1]);
    }
    if ((rc = to_inner(w, at, "key", record->fields[0].id, record->fields[0].type, &fields[0])) != OK)
        return rc;
    return to_inner(w, at, "value", record->fields[1].id, record->fields[1].type, &fields[1]);
}

static int32_t digits_of(enum avro_logical logical)
{
    int64_t units = avro_units_per_second(logical);

    return units == 1000 ? 3 : units == 1000000 ? 6 : 9;
}

/* True when the logical type decides; *out is then set. */
static bool to_logical(const struct avro_type *t, struct type *out)
{
    switch (t->logical) {
    case AVRO_LOGICAL_NONE:
    case AVRO_LOGICAL_MAP:
        return false;
    case AVRO_LOGICAL_DECIMAL:
        out->kind = TYPE_DECIMAL;
        out->precision = t->precision;
        out->scale = t->scale;
        return t->precision <= 38; /* more digits than a column has: the plain bytes then */
    case AVRO_LOGICAL_UUID:
        out->kind = TYPE_UUID;
        return t->kind == AVRO_KIND_FIXED;
    case AVRO_LOGICAL_DATE:
        out->kind = TYPE_DATE;
        return true;
    case AVRO_LOGICAL_TIME_MILLIS:
    case AVRO_LOGICAL_TIME_MICROS:
        out->kind = TYPE_TIME;
        out->precision = digits_of(t->logical);
        return true;
    default:
        out->kind = t->zoned ? TYPE_TIMESTAMP_LTZ : TYPE_TIMESTAMP;
        out->precision = digits_of(t->logical);
        return true;
    }
}

static enum err to_plain(struct walk *w, const struct frame *at, const struct avro_type *t, struct type *out)
{
    static const enum type_kind scalars[] = {
        [AVRO_KIND_BOOLEAN] = TYPE_BOOLEAN, [AVRO_KIND_INT] = TYPE_INT32,     [AVRO_KIND_LONG] = TYPE_INT64,
        [AVRO_KIND_FLOAT] = TYPE_FLOAT,     [AVRO_KIND_DOUBLE] = TYPE_DOUBLE, [AVRO_KIND_BYTES] = TYPE_BINARY,
        [AVRO_KIND_STRING] = TYPE_STRING,   [AVRO_KIND_ENUM] = TYPE_STRING,   [AVRO_KIND_FIXED] = TYPE_FIXED,
    };

    out->precision = out->scale = 0;
    switch (t->kind) {
    case AVRO_KIND_NULL:
        return refuse(w, at, "null alone is no type of a column; give it a type, as [\"null\", \"string\"]");
    case AVRO_KIND_UNION:
        return refuse(w, at, "a union of several types is no type of a column");
    case AVRO_KIND_RECORD:
        out->kind = TYPE_STRUCT;
        out->field_count = t->field_count;
        return to_fields(w, at, t, &out->fields);
    case AVRO_KIND_MAP:
        return to_map(w, at, t, out);
    case AVRO_KIND_ARRAY:
        return t->logical == AVRO_LOGICAL_MAP ? to_map(w, at, t, out) : to_list(w, at, t, out);
    default:
        out->kind = scalars[t->kind];
        out->length = t->kind == AVRO_KIND_FIXED ? t->size : 0;
        return OK;
    }
}

static bool inside_itself(const struct frame *at, const struct avro_type *t)
{
    for (const struct frame *f = at->parent; t->kind == AVRO_KIND_RECORD && f; f = f->parent) {
        const struct avro_type *outer = f->type;

        avro_optional(f->type, &outer);
        if (outer == t)
            return true;
    }
    return false;
}

static enum err to_type(struct walk *w, const struct frame *at, const struct avro_type *t,
                        const struct type **out)
{
    struct type *type = ARENA_NEW(w->arena, struct type);

    if (type == NULL)
        return no_memory(w);
    if (++w->count > AVRO_COLUMNS_MAX)
        return refuse(w, at, "the schema has more than 10,000 columns");
    *out = type;
    if (avro_optional(t, &t) >= 0)
        type->nullable = true;
    else if (t->kind == AVRO_KIND_UNION && t->type_count == 1)
        t = t->types[0];
    if (inside_itself(at, t))
        return refuse(w, at, "the record contains itself, which a column cannot");
    if (to_logical(t, type))
        return OK;
    return to_plain(w, at, t, type);
}

enum err avro_schema_columns(const struct avro_schema *s, struct arena *arena, const struct schema **out,
                             struct error *e)
{
    struct walk w = {.arena = arena, .e = e};
    struct frame top = {NULL, NULL, s->root};
    struct schema *schema = ARENA_NEW(arena, struct schema);
    enum err rc;

    if (schema == NULL)
        return no_memory(&w);
    if (s->root->kind != AVRO_KIND_RECORD)
        return error_set(e, ERR_UNSUPPORTED, "Avro schema: a record is wanted at the top, not %s",
                         avro_kind_name(s->root->kind));
    if ((rc = to_fields(&w, &top, s->root, &schema->fields)) != OK)
        return rc;
    schema->field_count = s->root->field_count;
    *out = schema;
    return OK;
}
