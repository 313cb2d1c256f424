/* csv_encode.c: a row as a line without its end. What is quoted is what Flink's library quotes: a text of more
 * than 24 characters, and any other that has a backslash (or the escape character), or a character up to the
 * delimiter or the quote in the order of their codes (with a comma and double quotes: blanks, plus signs ...). Inside, a quote is doubled, and an
 * escape character too.
 */
#include "formats/csv.h"
#include "formats/encoders.h"
#include "formats/payloads.h"
#include "base/base64.h"
#include "base/mem.h"
#include "formats/uuid.h"
#include "formats/value_text.h"

#define LOOKED_AT_MAX 24 /* characters of a text that is looked at before it is quoted */

struct csv_encoder {
    struct row_encoder base;
    struct csv_syntax syntax;
    uint8_t first_safe; /* characters from this one on need no quotes */
    struct bytes text;  /* owned: of an ARRAY or ROW */
};

/* --- texts --- */

/* In UTF-16, in which a character outside the basic plane counts twice. */
static size_t count_units(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((uint8_t)text.ptr[i] & 0xc0) != 0x80 ? ((uint8_t)text.ptr[i] >= 0xf0 ? 2 : 1) : 0;
    return n;
}

static bool wants_quotes(const struct csv_encoder *c, struct slice text)
{
    char escape = c->syntax.escapes ? c->syntax.escape : '\\'; /* a backslash counts, escape or not */

    if (!c->syntax.quotes)
        return false;
    if (text.len > LOOKED_AT_MAX && count_units(text) > LOOKED_AT_MAX)
        return true;
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] < c->first_safe || text.ptr[i] == escape)
            return true;
    return false;
}

/* text, with whatever needs it escaped. */
static void write_escaped(const struct csv_encoder *c, struct slice text, struct bytes *out)
{
    const struct csv_syntax *s = &c->syntax;
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        char at = text.ptr[i];

        if (!(s->quotes && at == s->quote) && !(s->escapes && at == s->escape))
            continue;
        bytes_append(out, text.ptr + from, i - from);
        bytes_u8(out, (uint8_t)at); /* twice: a quote by a quote, the escape character by itself */
        from = i;
    }
    bytes_append(out, text.ptr + from, text.len - from);
}

static void write_text(const struct csv_encoder *c, struct slice text, struct bytes *out)
{
    if (!wants_quotes(c, text)) {
        bytes_slice(out, text);
        return;
    }
    bytes_u8(out, (uint8_t)c->syntax.quote);
    write_escaped(c, text, out);
    bytes_u8(out, (uint8_t)c->syntax.quote);
}

/* --- values --- */

/* A value whose text needs no quotes: a number or a boolean; false when it is of another type. */
static bool write_bare(const struct column *from, int32_t row, struct bytes *out)
{
    switch (from->type->kind) {
    case TYPE_BOOLEAN:
        bytes_text(out, from->u8[row] ? "true" : "false");
        return true;
    case TYPE_INT8:
        value_text_int(from->i8[row], out);
        return true;
    case TYPE_INT16:
        value_text_int(from->i16[row], out);
        return true;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        value_text_int(from->i32[row], out);
        return true;
    case TYPE_INT64:
    case TYPE_INTERVAL_MILLIS:
        value_text_int(from->i64[row], out);
        return true;
    case TYPE_FLOAT:
        value_text_float(from->f32[row], out);
        return true;
    case TYPE_DOUBLE:
        value_text_double(from->f64[row], out);
        return true;
    default:
        return false;
    }
}

/* The others, without quotes. */
static void write_plain(const struct csv_encoder *c, const struct column *from, int32_t row,
                        struct bytes *out)
{
    char uuid[UUID_TEXT];

    switch (from->type->kind) {
    case TYPE_STRING:
        bytes_slice(out, column_slice(from, row));
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
        base64_encode(column_slice(from, row), out);
        break;
    case TYPE_UUID:
        uuid_format(column_slice(from, row).ptr, uuid);
        bytes_append(out, uuid, sizeof uuid);
        break;
    case TYPE_DECIMAL:
        value_text_decimal(from->i128[row], from->type->scale, c->syntax.plain_decimals, out);
        break;
    case TYPE_DATE:
        value_text_date(from->i32[row], out);
        break;
    case TYPE_TIME:
        value_text_time(from->i64[row], out);
        break;
    default:
        value_text_timestamp(from->i64[row], from->type, ' ', out);
        break;
    }
}

static void write_element(struct csv_encoder *c, const struct column *from, int32_t row, bool first)
{
    if (!first)
        bytes_u8(&c->text, (uint8_t)c->syntax.element);
    if (!column_valid(from, row))
        bytes_slice(&c->text, c->syntax.null);
    else if (!write_bare(from, row, &c->text))
        write_plain(c, from, row, &c->text);
}

/* The text of an ARRAY or ROW into c->text. */
static void write_elements(struct csv_encoder *c, const struct column *from, int32_t row)
{
    if (from->type->kind == TYPE_LIST)
        for (int32_t i = from->offsets[row]; i < from->offsets[row + 1]; i++)
            write_element(c, &from->children[0], i, i == from->offsets[row]);
    else
        for (int32_t i = 0; i < from->type->field_count; i++)
            write_element(c, &from->children[i], row, i == 0);
}

static void write_value(struct csv_encoder *c, const struct column *from, int32_t row, struct bytes *out)
{
    if (!column_valid(from, row)) {
        bytes_slice(out, c->syntax.null);
        return;
    }
    if (from->type->kind == TYPE_STRING) {
        write_text(c, column_slice(from, row), out);
        return;
    }
    if (write_bare(from, row, out))
        return;
    bytes_clear(&c->text);
    if (type_is_nested(from->type))
        write_elements(c, from, row);
    else
        write_plain(c, from, row, &c->text);
    out->failed = out->failed || c->text.failed;
    write_text(c, bytes_all(&c->text), out);
}

static enum encoded append_line(struct row_encoder *r, int32_t row, UNUSED enum row_kind kind,
                                struct bytes *out)
{
    struct csv_encoder *c = CONTAINER_OF(r, struct csv_encoder, base);

    for (int32_t i = 0; i < r->spec->schema->field_count; i++) {
        if (i)
            bytes_u8(out, (uint8_t)c->syntax.delimiter);
        write_value(c, &r->view->columns[i], row, out);
    }
    return ENCODED;
}

/* --- making --- */

static void free_encoder(struct encoder *enc)
{
    struct csv_encoder *c = CONTAINER_OF(enc, struct csv_encoder, base.encoder);

    bytes_fini(&c->text);
    row_encoder_fini(&c->base);
    mem_free(c);
}

enum err csv_encoder_new(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {row_encoder_encode, free_encoder};
    struct csv_encoder *c = mem_zalloc(sizeof *c);
    enum err rc;

    if (c == NULL)
        return error_memory(e, sizeof *c, "an encoder");
    c->base.encoder.ops = &ops;
    c->base.append = append_line;
    rc = row_encoder_init(&c->base, &csv_format, spec, e);
    for (int32_t i = 0; rc == OK && i < spec->schema->field_count; i++)
        rc = csv_check_column(&spec->schema->fields[i], e);
    if (rc != OK) {
        free_encoder(&c->base.encoder);
        return rc;
    }
    csv_syntax_read(&c->syntax, spec->options);
    c->first_safe = (uint8_t)(MAX(c->syntax.delimiter, c->syntax.quotes ? c->syntax.quote : 0) + 1);
    *out = &c->base.encoder;
    return OK;
}
