/* avro_schema_write.c: the schema document of records that carry given fields; avro_encode.c writes such
 * records. Avro gives each record and fixed a name that may be defined once, and allows letters, digits and
 * '_' in names:
 *   - a record of a field with an Iceberg id is `r<id>`, as Iceberg writers name it; else `<outer
 * name>_<field>`;
 *   - a second one of the same name gets a number behind it;
 *   - other characters of a field's name become `_x<hex>` (a digit in front: `_<digit>`), and the name itself
 * is kept in "iceberg-field-name", where Iceberg readers and avro_schema.c look for it.
 */
#include "formats/avro_schema.h"
#include "base/map.h"
#include "base/mem.h"
#include <ctype.h>

struct writer {
    struct bytes *out;
    struct arena arena; /* names */
    struct map used;    /* names of records and fixeds */
    struct error *e;
};

int32_t avro_decimal_size(int32_t precision)
{
    int32_t size = 1;

    while ((size * 8 - 1) * 30103 / 100000 < precision)
        size++;
    return size;
}

bool avro_map_is_map(const struct type *map)
{
    return map->fields[0].type->kind == TYPE_STRING;
}

/* --- names --- */

static bool good_name(const char *name)
{
    if (*name == '\0' || isdigit((unsigned char)*name))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

static void append_name(const char *name, struct bytes *out)
{
    if (isdigit((unsigned char)*name) || *name == '\0')
        bytes_text(out, "_");
    for (; *name; name++)
        if (isalnum((unsigned char)*name) || *name == '_')
            bytes_append(out, name, 1);
        else
            bytes_printf(out, "_x%X", (unsigned char)*name);
}

/* A copy of wanted in the arena that only has what a name may have; NULL when there is no memory. */
static const char *clean_name(struct writer *w, const char *wanted)
{
    struct bytes b = {0};
    const char *name;

    append_name(wanted, &b);
    name = b.failed ? NULL : arena_text(&w->arena, bytes_all(&b));
    bytes_fini(&b);
    return name;
}

/* The name of the record or fixed that is field's type, used once in the document; NULL when there is no
 * memory. */
static const char *type_name(struct writer *w, const char *outer, const char *field, int32_t id)
{
    const char *base = id ? arena_printf(&w->arena, "r%" PRId32, id)
                          : arena_printf(&w->arena, "%s_%s", outer, field);
    const char *name = base ? clean_name(w, base) : NULL;
    const char *first = name;

    for (int n = 2; name && map_get(&w->used, slice_text(name)); n++)
        name = arena_printf(&w->arena, "%s_%d", first, n);
    return name && map_put(&w->used, slice_text(name), w) ? name : NULL;
}

static void append_text(struct bytes *out, const char *text)
{
    bytes_text(out, "\"");
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            bytes_printf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            bytes_printf(out, "\\u%04x", (unsigned char)*text);
        else
            bytes_append(out, text, 1);
    bytes_text(out, "\"");
}

/* --- types --- */

static enum err write_type(struct writer *w, const char *outer, const struct field *field);

static enum err write_record(struct writer *w, const char *name, const struct field *fields, int32_t count);

static enum err no_memory(struct writer *w)
{
    return error_memory(w->e, w->out->len, "an Avro schema");
}

static void append_id(struct writer *w, const char *key, int32_t id)
{
    if (id)
        bytes_printf(w->out, ",\"%s\":%" PRId32, key, id);
}

static enum err write_list(struct writer *w, const char *outer, const struct field *field)
{
    const struct field *element = &field->type->fields[0];
    const char *name = arena_printf(&w->arena, "%s_%s", outer, field->name);
    enum err rc;

    if (name == NULL)
        return no_memory(w);
    bytes_text(w->out, "{\"type\":\"array\",\"items\":");
    if ((rc = write_type(w, name, element)) != OK)
        return rc;
    append_id(w, "element-id", element->id);
    bytes_text(w->out, "}");
    return OK;
}

static enum err write_map(struct writer *w, const char *outer, const struct field *field)
{
    const struct field *key = &field->type->fields[0], *value = &field->type->fields[1];
    bool by_id = key->id && value->id;
    const char *name = arena_printf(&w->arena, "%s_%s", outer, field->name), *record;
    enum err rc;

    if (name == NULL)
        return no_memory(w);
    if (avro_map_is_map(field->type)) {
        bytes_text(w->out, "{\"type\":\"map\",\"values\":");
        if ((rc = write_type(w, name, value)) != OK)
            return rc;
        append_id(w, "key-id", key->id);
        append_id(w, "value-id", value->id);
    } else {
        if (by_id)
            name = arena_printf(&w->arena, "k%" PRId32 "_v%" PRId32, key->id, value->id);
        if (name == NULL || (record = by_id ? name : type_name(w, name, "entry", 0)) == NULL)
            return no_memory(w);
        bytes_text(w->out, "{\"type\":\"array\",\"logicalType\":\"map\",\"items\":");
        if ((rc = write_record(w, record, field->type->fields, 2)) != OK)
            return rc;
    }
    bytes_text(w->out, "}");
    return OK;
}

static enum err write_fixed(struct writer *w, const char *outer, const struct field *field)
{
    const struct type *t = field->type;
    const char *name = arena_printf(&w->arena, "%s_fixed", field->name);

    if (name == NULL || (name = type_name(w, outer, name, 0)) == NULL)
        return no_memory(w);
    bytes_printf(w->out, "{\"type\":\"fixed\",\"name\":\"%s\",\"size\":%" PRId32, name,
                 t->kind == TYPE_DECIMAL ? avro_decimal_size(t->precision)
                 : t->kind == TYPE_UUID  ? 16
                                         : t->length);
    if (t->kind == TYPE_DECIMAL)
        bytes_printf(w->out, ",\"logicalType\":\"decimal\",\"precision\":%" PRId32 ",\"scale\":%" PRId32,
                     t->precision, t->scale);
    if (t->kind == TYPE_UUID)
        bytes_text(w->out, ",\"logicalType\":\"uuid\"");
    bytes_text(w->out, "}");
    return OK;
}

static void write_time(struct writer *w, const struct type *t)
{
    const char *unit = t->precision <= 3 ? "millis" : t->precision <= 6 ? "micros" : "nanos";

    if (t->kind == TYPE_TIME)
        bytes_printf(w->out, "{\"type\":\"%s\",\"logicalType\":\"time-%s\"}",
                     t->precision <= 3 ? "int" : "long", t->precision <= 3 ? "millis" : "micros");
    else
        bytes_printf(w->out, "{\"type\":\"long\",\"logicalType\":\"timestamp-%s\",\"adjust-to-utc\":%s}",
                     unit, t->kind == TYPE_TIMESTAMP_LTZ ? "true" : "false");
}

static enum err write_struct(struct writer *w, const char *outer, const struct field *field)
{
    const char *name = type_name(w, outer, field->name, field->id);

    return name ? write_record(w, name, field->type->fields, field->type->field_count) : no_memory(w);
}

static enum err write_bare(struct writer *w, const char *outer, const struct field *field)
{
    static const char *const scalars[] = {
        [TYPE_BOOLEAN] = "\"boolean\"", [TYPE_INT8] = "\"int\"",
        [TYPE_INT16] = "\"int\"",       [TYPE_INT32] = "\"int\"",
        [TYPE_INT64] = "\"long\"",      [TYPE_FLOAT] = "\"float\"",
        [TYPE_DOUBLE] = "\"double\"",   [TYPE_STRING] = "\"string\"",
        [TYPE_BINARY] = "\"bytes\"",    [TYPE_DATE] = "{\"type\":\"int\",\"logicalType\":\"date\"}",
    };

    switch (field->type->kind) {
    case TYPE_LIST:
        return write_list(w, outer, field);
    case TYPE_MAP:
        return write_map(w, outer, field);
    case TYPE_STRUCT:
        return write_struct(w, outer, field);
    case TYPE_DECIMAL:
    case TYPE_FIXED:
    case TYPE_UUID:
        return write_fixed(w, outer, field);
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        write_time(w, field->type);
        return OK;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return error_set(w->e, ERR_UNSUPPORTED,
                         "column %.200s: Avro has no type for an INTERVAL; cast it to BIGINT", field->name);
    default:
        bytes_text(w->out, scalars[field->type->kind]);
        return OK;
    }
}

static enum err write_type(struct writer *w, const char *outer, const struct field *field)
{
    enum err rc;

    if (!field->type->nullable)
        return write_bare(w, outer, field);
    bytes_text(w->out, "[\"null\",");
    rc = write_bare(w, outer, field);
    bytes_text(w->out, "]");
    return rc;
}

static enum err write_field(struct writer *w, const char *outer, const struct field *field)
{
    enum err rc;

    bytes_text(w->out, "{\"name\":\"");
    append_name(field->name, w->out);
    bytes_text(w->out, "\",\"type\":");
    if ((rc = write_type(w, outer, field)) != OK)
        return rc;
    if (field->type->nullable)
        bytes_text(w->out, ",\"default\":null");
    if (field->doc) {
        bytes_text(w->out, ",\"doc\":");
        append_text(w->out, field->doc);
    }
    if (!good_name(field->name)) {
        bytes_text(w->out, ",\"iceberg-field-name\":");
        append_text(w->out, field->name);
    }
    append_id(w, "field-id", field->id);
    bytes_text(w->out, "}");
    return OK;
}

static enum err write_record(struct writer *w, const char *name, const struct field *fields, int32_t count)
{
    enum err rc;

    bytes_printf(w->out, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", name);
    for (int32_t i = 0; i < count; i++) {
        bytes_text(w->out, i ? "," : "");
        if ((rc = write_field(w, name, &fields[i])) != OK)
            return rc;
    }
    bytes_text(w->out, "]}");
    return OK;
}

/* A name may have a namespace, whose dots stay. */
static enum err write_top(struct writer *w, const struct schema *schema, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *last = clean_name(w, dot ? dot + 1 : name);
    const char *full = dot && last ? arena_printf(&w->arena, "%.*s.%s", (int)(dot - name), name, last) : last;

    if (full == NULL || !map_put(&w->used, slice_text(last), w))
        return no_memory(w);
    return write_record(w, full, schema->fields, schema->field_count);
}

enum err avro_schema_write(const struct schema *schema, const char *name, struct bytes *json, struct error *e)
{
    struct writer w = {.out = json, .e = e};
    enum err rc = write_top(&w, schema, name);

    if (rc == OK && json->failed)
        rc = no_memory(&w);
    map_fini(&w.used);
    arena_fini(&w.arena);
    return rc;
}
