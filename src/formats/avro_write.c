/* avro_write.c: see avro_write.h: a tree of nodes, one for each type of the schema, that says how a column's
 * value is written.
 */
#include "formats/avro_write.h"
#include "base/mem.h"
#include "formats/uuid.h"

struct avro_out {
    const char *name;             /* of a record's field, for errors; else NULL */
    const struct avro_type *avro; /* without null; borrowed from the schema */
    int8_t null_branch;           /* of the union; -1: it may not be NULL */
    bool is_union;
    int64_t units; /* a time: per second */
    struct avro_out *children;
};

struct avro_writer {
    struct arena arena;         /* the nodes */
    struct avro_schema *schema; /* owned; NULL when the caller keeps it */
    struct avro_out top;
};

/* --- writing --- */

static bool write_value(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out,
                        struct failure *f);

static int64_t integer_of(const struct column *c, int32_t row)
{
    switch (c->type->kind) {
    case TYPE_INT8:
        return c->i8[row];
    case TYPE_INT16:
        return c->i16[row];
    case TYPE_INT64:
        return c->i64[row];
    default:
        return c->i32[row];
    }
}

static void write_bits(const void *value, size_t size, struct bytes *out)
{
    uint32_t v32;
    uint64_t v64;

    if (size == sizeof v32) {
        memcpy(&v32, value, sizeof v32);
        bytes_le32(out, v32);
    } else {
        memcpy(&v64, value, sizeof v64);
        bytes_le64(out, v64);
    }
}

static void write_text(struct slice text, struct bytes *out)
{
    bytes_zigzag(out, (int64_t)text.len);
    bytes_slice(out, text);
}

/* As bytes: as few as it takes. */
static void write_decimal(const struct avro_out *n, __int128 v, struct bytes *out)
{
    char raw[64];
    int size = n->avro->kind == AVRO_KIND_FIXED ? MIN(n->avro->size, (int)sizeof raw) : 1;

    if (n->avro->kind == AVRO_KIND_BYTES) {
        while (size < 16 && (v >> (size * 8 - 1)) != 0 && (v >> (size * 8 - 1)) != -1)
            size++;
        bytes_zigzag(out, size);
    }
    for (int i = 0; i < size; i++)
        raw[size - 1 - i] = (char)(i < 16 ? v >> (8 * i) : v < 0 ? -1 : 0);
    bytes_append(out, raw, (size_t)size);
}

/* The units that a column has, in those of the schema; what is finer is cut, downwards. */
static void write_time(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out)
{
    int64_t have = c->type->kind != TYPE_TIME && c->type->precision > 6 ? 1000000000 : 1000000;
    int64_t v = c->i64[row], factor;

    if (have >= n->units) {
        factor = have / n->units;
        v = v / factor - (v % factor < 0);
    } else {
        v *= n->units / have;
    }
    bytes_zigzag(out, v);
}

static bool write_enum(const struct avro_out *n, struct slice text, struct bytes *out, struct failure *f)
{
    for (int32_t i = 0; i < n->avro->symbol_count; i++)
        if (slice_is(text, n->avro->symbols[i])) {
            bytes_zigzag(out, i);
            return true;
        }
    return FAIL(f, "the enum of the schema has no symbol '%.*s'", (int)MIN(text.len, 60), text.ptr);
}

static bool write_view(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out,
                       struct failure *f)
{
    struct slice text = column_slice(c, row);
    char uuid[UUID_TEXT];

    if (n->avro->kind == AVRO_KIND_ENUM)
        return write_enum(n, text, out, f);
    if (n->avro->kind == AVRO_KIND_FIXED) {
        bytes_slice(out, text);
        return true;
    }
    if (c->type->kind == TYPE_UUID) {
        uuid_format(text.ptr, uuid);
        text = slice_of(uuid, sizeof uuid);
    }
    write_text(text, out);
    return true;
}

/* One block, when there is anything to put into it. */
static bool write_elements(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out,
                           struct failure *f)
{
    int32_t from = c->offsets[row], to = c->offsets[row + 1];
    const struct column *keys = c->type->kind == TYPE_MAP ? &c->children[0] : NULL;

    if (to > from)
        bytes_zigzag(out, to - from);
    for (int32_t i = from; i < to; i++) {
        if (keys && !column_valid(keys, i))
            return FAIL(f, "the MAP has a key that is NULL, which Avro cannot say");
        if (keys)
            write_text(column_slice(keys, i), out);
        if (!write_value(&n->children[0], &c->children[keys != NULL], i, out, f))
            return FAIL_IN_ELEMENT(f, (uint64_t)(i - from));
    }
    bytes_zigzag(out, 0);
    return true;
}

static bool write_fields(const struct avro_out *n, const struct column *columns, int32_t row,
                         struct bytes *out, struct failure *f)
{
    for (int32_t i = 0; i < n->avro->field_count; i++)
        if (UNLIKELY(!write_value(&n->children[i], &columns[i], row, out, f)))
            return FAIL_IN_FIELD(f, n->children[i].name);
    return true;
}

static bool write_present(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out,
                          struct failure *f)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        bytes_u8(out, c->u8[row]);
        return true;
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_INT64:
    case TYPE_DATE:
        bytes_zigzag(out, integer_of(c, row));
        return true;
    case TYPE_FLOAT:
        write_bits(&c->f32[row], sizeof c->f32[row], out);
        return true;
    case TYPE_DOUBLE:
        write_bits(&c->f64[row], sizeof c->f64[row], out);
        return true;
    case TYPE_DECIMAL:
        write_decimal(n, c->i128[row], out);
        return true;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        write_time(n, c, row, out);
        return true;
    case TYPE_LIST:
    case TYPE_MAP:
        return write_elements(n, c, row, out, f);
    case TYPE_STRUCT:
        return write_fields(n, c->children, row, out, f);
    default:
        return write_view(n, c, row, out, f);
    }
}

static bool write_value(const struct avro_out *n, const struct column *c, int32_t row, struct bytes *out,
                        struct failure *f)
{
    bool valid = column_valid(c, row);

    if (n->is_union)
        bytes_zigzag(out, valid ? 1 - n->null_branch : n->null_branch);
    else if (UNLIKELY(!valid))
        return FAIL(f, "is NULL, but the schema has no null there");
    return !valid || write_present(n, c, row, out, f);
}

bool avro_writer_row(const struct avro_writer *w, const struct column *columns, int32_t row,
                     struct bytes *out, struct failure *f)
{
    return write_fields(&w->top, columns, row, out, f);
}

/* --- making --- */

/* Whether a column's value of type t can be written as an a. */
static bool fits(const struct type *t, const struct avro_type *a)
{
    bool time = t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_LTZ;

    switch (a->kind) {
    case AVRO_KIND_BOOLEAN:
        return t->kind == TYPE_BOOLEAN;
    case AVRO_KIND_INT:
        return a->logical == AVRO_LOGICAL_DATE          ? t->kind == TYPE_DATE
               : a->logical == AVRO_LOGICAL_TIME_MILLIS ? t->kind == TYPE_TIME
                                                        : t->kind >= TYPE_INT8 && t->kind <= TYPE_INT32;
    case AVRO_KIND_LONG:
        return avro_is_timestamp(a->logical)            ? time
               : a->logical == AVRO_LOGICAL_TIME_MICROS ? t->kind == TYPE_TIME
                                                        : t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64;
    case AVRO_KIND_FLOAT:
        return t->kind == TYPE_FLOAT;
    case AVRO_KIND_DOUBLE:
        return t->kind == TYPE_DOUBLE;
    case AVRO_KIND_STRING:
        return t->kind == TYPE_STRING || t->kind == TYPE_UUID;
    case AVRO_KIND_ENUM:
        return t->kind == TYPE_STRING;
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        if (a->logical == AVRO_LOGICAL_DECIMAL)
            return t->kind == TYPE_DECIMAL && t->scale == a->scale && t->precision <= a->precision &&
                   (a->kind == AVRO_KIND_BYTES || a->size >= avro_decimal_size(t->precision));
        if (a->kind == AVRO_KIND_FIXED)
            return (t->kind == TYPE_FIXED && t->length == a->size) || (t->kind == TYPE_UUID && a->size == 16);
        return t->kind == TYPE_BINARY || t->kind == TYPE_FIXED;
    case AVRO_KIND_ARRAY:
        return t->kind == TYPE_LIST;
    case AVRO_KIND_MAP:
        return t->kind == TYPE_MAP && t->fields[0].type->kind == TYPE_STRING;
    case AVRO_KIND_RECORD:
        return t->kind == TYPE_STRUCT;
    default:
        return false;
    }
}

static enum err make_node(struct arena *arena, const struct type *t, const struct avro_type *a, int depth,
                          struct avro_out *out, struct error *e);

static enum err make_fields(struct arena *arena, const struct field *fields, int32_t count,
                            const struct avro_type *record, int depth, struct avro_out *out, struct error *e)
{
    enum err rc = OK;

    if (record->field_count != count)
        return error_set(e, ERR_CONFIG,
                         "the record has %" PRId32 " fields, but there are %" PRId32 " columns",
                         record->field_count, count);
    if ((out->children = ARENA_ARRAY(arena, struct avro_out, MAX(count, 1))) == NULL)
        return error_memory(e, 0, "an Avro encoder");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct avro_field *f = &record->fields[i];

        out->children[i].name = fields[i].name;
        rc = strcmp(f->name, fields[i].name) == 0
                 ? make_node(arena, fields[i].type, f->type, depth + 1, &out->children[i], e)
                 : error_set(e, ERR_CONFIG, "the schema has %.100s in its place", f->name);
        if (rc != OK)
            rc = error_add(e, rc, "column %.100s", fields[i].name);
    }
    return rc;
}

static enum err misfit(const struct type *t, const struct avro_type *a, struct error *e)
{
    struct bytes text = {0};

    type_print(t, &text);
    error_set(e, ERR_CONFIG, SLICE_FMT " cannot be written as the schema's %s%s", (int)MIN(text.len, 100),
              text.ptr ? text.ptr : "", avro_kind_name(a->kind), a->logical ? " with its logicalType" : "");
    bytes_fini(&text);
    return ERR_CONFIG;
}

static enum err make_node(struct arena *arena, const struct type *t, const struct avro_type *a, int depth,
                          struct avro_out *out, struct error *e)
{
    out->null_branch = (int8_t)avro_optional(a, &a);
    out->is_union = out->null_branch >= 0;
    out->avro = a;
    if (depth > AVRO_DEPTH_MAX)
        return error_set(e, ERR_UNSUPPORTED, "types are nested too deep");
    if (!fits(t, a))
        return misfit(t, a, e);
    out->units = t->kind == TYPE_TIME || avro_is_timestamp(a->logical) ? avro_units_per_second(a->logical)
                                                                       : 0;
    if (t->kind == TYPE_STRUCT)
        return make_fields(arena, t->fields, t->field_count, a, depth, out, e);
    if (t->kind != TYPE_LIST && t->kind != TYPE_MAP)
        return OK;
    if ((out->children = ARENA_NEW(arena, struct avro_out)) == NULL)
        return error_memory(e, 0, "an Avro encoder");
    return make_node(arena, t->fields[t->field_count - 1].type, a->types[0], depth + 1, out->children, e);
}

/* Columns against a schema's fields, by place and name. */
static enum err new_writer(const struct avro_schema *avro, const struct schema *schema,
                           struct avro_writer **out, struct error *e)
{
    struct avro_writer *w = mem_zalloc(sizeof *w);
    enum err rc;

    if (w == NULL)
        return error_memory(e, sizeof *w, "an Avro encoder");
    w->top.avro = avro->root;
    if (avro->root->kind != AVRO_KIND_RECORD)
        rc = error_set(e, ERR_CONFIG, "a record is wanted at the top of the schema, not %s",
                       avro_kind_name(avro->root->kind));
    else
        rc = make_fields(&w->arena, schema->fields, schema->field_count, avro->root, 0, &w->top, e);
    if (rc == OK)
        *out = w;
    else
        avro_writer_free(w);
    return rc;
}

void avro_writer_free(struct avro_writer *w)
{
    if (w == NULL)
        return;
    avro_schema_free(w->schema);
    arena_fini(&w->arena);
    mem_free(w);
}

enum err avro_writer_open(const struct format *f, const struct map *options, const struct schema *schema,
                          struct bytes *json, struct avro_writer **out, struct error *e)
{
    const char *given = format_option(f, options, "schema");
    struct avro_schema *avro = NULL;
    enum err rc = OK;

    if (given)
        bytes_text(json, given);
    else
        rc = avro_derive(schema, format_flag(f, options, "timestamp_mapping.legacy"), json, e);
    if (rc == OK && json->failed)
        rc = error_memory(e, json->len, "an Avro schema");
    if (rc == OK && (rc = avro_schema_parse(bytes_all(json), &avro, e)) == OK)
        rc = new_writer(avro, schema, out, e);
    if (rc == OK) {
        (*out)->schema = avro;
        return OK;
    }
    avro_schema_free(avro);
    rc = rc == ERR_MEMORY || rc == ERR_UNSUPPORTED ? rc : ERR_CONFIG;
    return given ? error_add(e, rc, "option '%s.schema'", f->name) : rc;
}
