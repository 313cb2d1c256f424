/* json_encode.c: see json_encode.h. The texts are those that Flink writes: numbers as Java prints them, bytes
 * as base64, no blanks.
 */
#include "formats/json_encode.h"
#include "base/base64.h"
#include "base/mem.h"
#include "formats/json_scan.h"
#include "formats/uuid.h"
#include "formats/value_text.h"
#include <math.h>

struct json_out {
    const struct type *type;
    const char *name;          /* of a ROW's field, for errors; else NULL */
    struct slice key;          /* of a ROW's field: `"name":` */
    struct json_out *children; /* ROW: its fields; ARRAY: one; MAP: key and value */
};

/* --- texts --- */

/* One byte that may not stand in a text as it is. */
static void write_escape(uint8_t c, struct bytes *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = c ? strchr(from, c) : NULL;

    if (found) {
        bytes_u8(out, '\\');
        bytes_u8(out, (uint8_t)to[found - from]);
    } else {
        bytes_printf(out, "\\u%04X", c);
    }
}

/* Characters outside the basic plane are written as two escapes, as Flink's library does it. */
static void write_run(const char *p, const char *end, struct bytes *out)
{
    const char *from = p;

    for (; p < end; p++) {
        uint32_t c;

        if (LIKELY((uint8_t)*p < 0xf0) || end - p < 4)
            continue;
        bytes_append(out, from, (size_t)(p - from));
        c = ((uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 |
             (uint32_t)(p[3] & 63)) -
            0x10000;
        bytes_printf(out, "\\u%04X\\u%04X", 0xd800 + (c >> 10 & 0x3ff), 0xdc00 + (c & 0x3ff));
        from = p + 4;
        p += 3;
    }
    bytes_append(out, from, (size_t)(end - from));
}

static void write_text(struct slice text, struct bytes *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len;

    bytes_u8(out, '"');
    while (p < end) {
        unsigned high = 0;
        const char *stop = json_plain(p, end, &high);

        if (LIKELY(!high))
            bytes_append(out, p, (size_t)(stop - p));
        else
            write_run(p, stop, out);
        if (stop < end)
            write_escape((uint8_t)*stop++, out);
        p = stop;
    }
    bytes_u8(out, '"');
}

static void write_quoted(const char *text, struct bytes *out)
{
    bytes_u8(out, '"');
    bytes_text(out, text);
    bytes_u8(out, '"');
}

/* --- scalars --- */

/* What is not finite is a text: JSON has no number for it. */
static void write_real(double v, bool single, struct bytes *out)
{
    if (UNLIKELY(!isfinite(v)))
        write_quoted(isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity", out);
    else if (single)
        value_text_float((float)v, out);
    else
        value_text_double(v, out);
}

static void write_uuid(struct slice raw, struct bytes *out)
{
    char *to = bytes_reserve(out, UUID_TEXT + 2);

    if (to == NULL)
        return;
    to[0] = to[UUID_TEXT + 1] = '"';
    uuid_format(raw.ptr, to + 1);
    out->len += UUID_TEXT + 2;
}

static void write_time(const struct json_writer *w, const struct column *c, int32_t row, struct bytes *out)
{
    bytes_u8(out, '"');
    if (c->type->kind == TYPE_DATE)
        value_text_date(c->i32[row], out);
    else if (c->type->kind == TYPE_TIME)
        value_text_time(c->i64[row], out);
    else
        value_text_timestamp(c->i64[row], c->type, w->standard == JSON_TIME_ISO ? 'T' : ' ', out);
    bytes_u8(out, '"');
}

static void write_bytes(struct slice raw, struct bytes *out)
{
    bytes_u8(out, '"');
    base64_encode(raw, out);
    bytes_u8(out, '"');
}

static void write_scalar(const struct json_writer *w, const struct column *c, int32_t row, struct bytes *out)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        bytes_text(out, c->u8[row] ? "true" : "false");
        break;
    case TYPE_INT8:
        value_text_int(c->i8[row], out);
        break;
    case TYPE_INT16:
        value_text_int(c->i16[row], out);
        break;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        value_text_int(c->i32[row], out);
        break;
    case TYPE_INT64:
    case TYPE_INTERVAL_MILLIS:
        value_text_int(c->i64[row], out);
        break;
    case TYPE_FLOAT:
        write_real(c->f32[row], true, out);
        break;
    case TYPE_DOUBLE:
        write_real(c->f64[row], false, out);
        break;
    case TYPE_DECIMAL:
        value_text_decimal(c->i128[row], c->type->scale, w->plain_decimals, out);
        break;
    case TYPE_STRING:
        write_text(column_slice(c, row), out);
        break;
    case TYPE_UUID:
        write_uuid(column_slice(c, row), out);
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
        write_bytes(column_slice(c, row), out);
        break;
    default:
        write_time(w, c, row, out);
        break;
    }
}

/* --- nested --- */

static bool write_value(struct json_writer *w, const struct json_out *n, const struct column *c, int32_t row,
                        struct bytes *out);

static bool write_fields(struct json_writer *w, const struct json_out *fields, int32_t count,
                         const struct column *columns, int32_t row, struct bytes *out)
{
    bool any = false;

    bytes_u8(out, '{');
    for (int32_t i = 0; i < count; i++) {
        const struct json_out *f = &fields[i];

        if (w->skip_nulls && !column_valid(&columns[i], row))
            continue;
        if (any)
            bytes_u8(out, ',');
        any = true;
        bytes_slice(out, f->key);
        if (UNLIKELY(!write_value(w, f, &columns[i], row, out)))
            return FAIL_IN_FIELD(w->failure, f->name);
    }
    bytes_u8(out, '}');
    return true;
}

static bool write_array(struct json_writer *w, const struct json_out *n, const struct column *c, int32_t row,
                        struct bytes *out)
{
    bytes_u8(out, '[');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (i > c->offsets[row])
            bytes_u8(out, ',');
        if (UNLIKELY(!write_value(w, &n->children[0], &c->children[0], i, out)))
            return FAIL_IN_ELEMENT(w->failure, (uint64_t)(i - c->offsets[row]));
    }
    bytes_u8(out, ']');
    return true;
}

/* Whether an entry of the map in c's row has that key. */
static bool has_key(const struct column *c, int32_t row, struct slice key)
{
    const struct column *keys = &c->children[0];

    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++)
        if (column_valid(keys, i) && slice_equal(column_slice(keys, i), key))
            return true;
    return false;
}

/* The key of an entry; *drop: the entry is left out. */
static bool map_key(struct json_writer *w, const struct column *c, int32_t row, int32_t entry,
                    struct slice *key, bool *drop)
{
    *drop = false;
    *key = w->null_literal;
    if (LIKELY(column_valid(&c->children[0], entry))) {
        *key = column_slice(&c->children[0], entry);
        return true;
    }
    if (w->null_key == JSON_NULL_KEY_FAIL)
        return FAIL(w->failure, "the MAP has a NULL key; set 'map-null-key.mode' to 'DROP' or 'LITERAL'");
    *drop = w->null_key == JSON_NULL_KEY_DROP || has_key(c, row, *key);
    return true;
}

static bool write_map(struct json_writer *w, const struct json_out *n, const struct column *c, int32_t row,
                      struct bytes *out)
{
    bool any = false, drop;
    struct slice key;

    bytes_u8(out, '{');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (UNLIKELY(!map_key(w, c, row, i, &key, &drop)))
            return false;
        if (drop)
            continue;
        if (any)
            bytes_u8(out, ',');
        any = true;
        write_text(key, out);
        bytes_u8(out, ':');
        if (UNLIKELY(!write_value(w, &n->children[1], &c->children[1], i, out)))
            return FAIL_IN_ELEMENT(w->failure, (uint64_t)(i - c->offsets[row]));
    }
    bytes_u8(out, '}');
    return true;
}

static bool write_value(struct json_writer *w, const struct json_out *n, const struct column *c, int32_t row,
                        struct bytes *out)
{
    if (!column_valid(c, row)) {
        bytes_text(out, "null");
        return true;
    }
    switch (c->type->kind) {
    case TYPE_LIST:
        return write_array(w, n, c, row, out);
    case TYPE_MAP:
        return write_map(w, n, c, row, out);
    case TYPE_STRUCT:
        return write_fields(w, n->children, c->type->field_count, c->children, row, out);
    default:
        write_scalar(w, c, row, out);
        return true;
    }
}

bool json_writer_row(struct json_writer *w, const struct column *columns, int32_t row, struct bytes *out)
{
    return write_fields(w, w->row->children, w->row->type->field_count, columns, row, out);
}

/* --- making --- */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a JSON encoder");
}

static enum err make_key(struct arena *arena, struct json_out *out, struct error *e)
{
    struct bytes b = {0};

    write_text(slice_text(out->name), &b);
    bytes_u8(&b, ':');
    out->key = b.failed ? (struct slice){NULL, 0} : arena_slice(arena, bytes_all(&b));
    bytes_fini(&b);
    return out->key.ptr ? OK : no_memory(e);
}

static enum err make_node(struct arena *arena, const struct type *t, struct json_out *out, struct error *e)
{
    enum err rc = OK;

    out->type = t;
    if (t->kind == TYPE_MAP && t->fields[0].type->kind != TYPE_STRING)
        return error_set(
            e, ERR_UNSUPPORTED,
            "the keys of a JSON object are texts: a MAP or MULTISET must have keys of type STRING");
    if (t->field_count == 0)
        return OK;
    if ((out->children = ARENA_ARRAY(arena, struct json_out, t->field_count)) == NULL)
        return no_memory(e);
    for (int32_t i = 0; rc == OK && i < t->field_count; i++) {
        struct json_out *child = &out->children[i];

        child->name = t->kind == TYPE_STRUCT ? t->fields[i].name : NULL;
        if (child->name)
            rc = make_key(arena, child, e);
        if (rc == OK && (rc = make_node(arena, t->fields[i].type, child, e)) != OK && child->name)
            rc = error_add(e, rc, "field %.100s", child->name);
    }
    return rc;
}

/* The top is a ROW of schema's fields. */
static enum err make_top(struct json_writer *w, const struct schema *schema, struct error *e)
{
    struct type *t = ARENA_NEW(&w->arena, struct type);
    struct json_out *row = ARENA_NEW(&w->arena, struct json_out);

    if (w->arena.failed)
        return no_memory(e);
    t->kind = TYPE_STRUCT;
    t->field_count = schema->field_count;
    t->fields = schema->fields;
    w->row = row;
    return make_node(&w->arena, t, row, e);
}

enum err json_writer_init(struct json_writer *w, const struct format *f, const struct encode_spec *spec,
                          struct failure *failure, struct error *e)
{
    const struct map *o = spec->options;

    arena_init(&w->arena, spec->budget);
    w->failure = failure;
    w->standard = format_option_is(f, o, "timestamp-format.standard", "ISO-8601") ? JSON_TIME_ISO
                                                                                  : JSON_TIME_SQL;
    w->null_key = format_option_is(f, o, "map-null-key.mode", "DROP")      ? JSON_NULL_KEY_DROP
                  : format_option_is(f, o, "map-null-key.mode", "LITERAL") ? JSON_NULL_KEY_LITERAL
                                                                           : JSON_NULL_KEY_FAIL;
    w->null_literal = slice_text(format_option(f, o, "map-null-key.literal"));
    w->plain_decimals = format_flag(f, o, "encode.decimal-as-plain-number");
    w->skip_nulls = format_flag(f, o, "encode.ignore-null-fields");
    return make_top(w, spec->schema, e);
}

void json_writer_fini(struct json_writer *w)
{
    arena_fini(&w->arena);
}
