/* avro_derive.c: see avro_derive in avro_write.h. Flink's own derivation forgets its option for timestamps
 * within arrays and maps; here it holds everywhere.
 */
#include "formats/avro_write.h"
#include <ctype.h>

#define TOP_NAME      "record"
#define TOP_NAMESPACE "org.apache.flink.avro.generated"

struct derive {
    struct bytes *out;
    struct arena arena; /* names of nested records */
    bool legacy;
    struct error *e;
};

static enum err derive_type(struct derive *d, const char *record, const struct type *t);

static enum err refuse(struct derive *d, const struct type *t, const char *what)
{
    struct bytes text = {0};

    type_print(t, &text);
    error_set(d->e, ERR_UNSUPPORTED, SLICE_FMT ": %s", (int)MIN(text.len, 100), text.ptr ? text.ptr : "",
              what);
    bytes_fini(&text);
    return ERR_UNSUPPORTED;
}

static enum err derive_timestamp(struct derive *d, const struct type *t)
{
    bool instant = t->kind == TYPE_TIMESTAMP_LTZ;

    if (d->legacy && instant)
        return refuse(d, t, "an instant needs 'timestamp_mapping.legacy' = 'false'");
    if (d->legacy && t->precision > 3)
        return refuse(d, t,
                      "more than 3 digits of a second need 'timestamp_mapping.legacy' = 'false', or cast "
                      "it to TIMESTAMP(3)");
    if (t->precision > 6)
        return refuse(d, t, "Avro has no more than 6 digits of a second; cast it to a precision of 6");
    bytes_printf(d->out, "{\"type\":\"long\",\"logicalType\":\"%stimestamp-%s\"}",
                 d->legacy || instant ? "" : "local-", t->precision <= 3 ? "millis" : "micros");
    return OK;
}

static enum err check_name(struct derive *d, const char *name)
{
    bool fine = isalpha((unsigned char)*name) || *name == '_';

    for (const char *p = name; fine && *p; p++)
        fine = isalnum((unsigned char)*p) || *p == '_';
    if (fine)
        return OK;
    return error_set(d->e, ERR_UNSUPPORTED,
                     "'%.100s' is no name in Avro, which has letters, digits and '_'; rename the column",
                     name);
}

static enum err derive_fields(struct derive *d, const char *record, const struct field *fields, int32_t count)
{
    enum err rc;

    for (int32_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        const char *inner = arena_printf(&d->arena, "%s_%s", record, f->name);

        if (inner == NULL)
            return error_memory(d->e, 0, "an Avro schema");
        if ((rc = check_name(d, f->name)) != OK)
            return rc;
        bytes_printf(d->out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", f->name);
        if ((rc = derive_type(d, inner, f->type)) != OK)
            return error_add(d->e, rc, "column %.100s", f->name);
        bytes_text(d->out, f->type->nullable ? ",\"default\":null}" : "}");
    }
    return OK;
}

static enum err derive_record(struct derive *d, const char *name, const struct field *fields, int32_t count)
{
    bool top = strcmp(name, TOP_NAME) == 0;
    enum err rc;

    bytes_printf(d->out, "{\"type\":\"record\",\"name\":\"%s\",%s\"fields\":[", name,
                 top ? "\"namespace\":\"" TOP_NAMESPACE "\"," : "");
    rc = derive_fields(d, name, fields, count);
    bytes_text(d->out, "]}");
    return rc;
}

static enum err derive_nested(struct derive *d, const char *record, const struct type *t)
{
    enum err rc;

    if (t->kind == TYPE_STRUCT)
        return derive_record(d, record, t->fields, t->field_count);
    if (t->kind == TYPE_MAP && t->fields[0].type->kind != TYPE_STRING)
        return refuse(d, t,
                      "the keys of an Avro map are texts: a MAP or MULTISET must have keys of type STRING");
    bytes_text(d->out,
               t->kind == TYPE_MAP ? "{\"type\":\"map\",\"values\":" : "{\"type\":\"array\",\"items\":");
    rc = derive_type(d, record, t->fields[t->field_count - 1].type);
    bytes_text(d->out, "}");
    return rc;
}

static enum err derive_bare(struct derive *d, const char *record, const struct type *t)
{
    static const char *const scalars[] = {
        [TYPE_BOOLEAN] = "\"boolean\"",
        [TYPE_INT8] = "\"int\"",
        [TYPE_INT16] = "\"int\"",
        [TYPE_INT32] = "\"int\"",
        [TYPE_INT64] = "\"long\"",
        [TYPE_FLOAT] = "\"float\"",
        [TYPE_DOUBLE] = "\"double\"",
        [TYPE_STRING] = "\"string\"",
        [TYPE_BINARY] = "\"bytes\"",
        [TYPE_FIXED] = "\"bytes\"",
        [TYPE_DATE] = "{\"type\":\"int\",\"logicalType\":\"date\"}",
        [TYPE_UUID] = "{\"type\":\"string\",\"logicalType\":\"uuid\"}",
    };

    switch (t->kind) {
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return derive_nested(d, record, t);
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return derive_timestamp(d, t);
    case TYPE_TIME:
        if (t->precision > 3)
            return refuse(d, t, "Flink's schemas have no more than 3 digits of a second; cast it to TIME(3)");
        bytes_text(d->out, "{\"type\":\"int\",\"logicalType\":\"time-millis\"}");
        return OK;
    case TYPE_DECIMAL:
        bytes_printf(d->out,
                     "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":%" PRId32
                     ",\"scale\":%" PRId32 "}",
                     t->precision, t->scale);
        return OK;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return refuse(d, t, "Avro has no type for it; cast it to BIGINT");
    default:
        bytes_text(d->out, scalars[t->kind]);
        return OK;
    }
}

static enum err derive_type(struct derive *d, const char *record, const struct type *t)
{
    enum err rc;

    bytes_text(d->out, t->nullable ? "[\"null\"," : "");
    rc = derive_bare(d, record, t);
    bytes_text(d->out, t->nullable ? "]" : "");
    return rc;
}

enum err avro_derive(const struct schema *schema, bool legacy, struct bytes *json, struct error *e)
{
    struct derive d = {.out = json, .legacy = legacy, .e = e};
    enum err rc = derive_record(&d, TOP_NAME, schema->fields, schema->field_count);

    arena_fini(&d.arena);
    return rc == OK && json->failed ? error_memory(e, json->len, "an Avro schema") : rc;
}
