/* raw.c: format "raw": the payload is the value of the one column that does not come from elsewhere.
 * Text and bytes as they are, numbers in the machine form of `raw.endianness`. A payload that is NULL is a
 * NULL, and the other way round.
 */
#include "formats/charset.h"
#include "formats/encoders.h"
#include "formats/payloads.h"
#include "base/mem.h"
#include "formats/utf8.h"
#include <stdio.h>

static const struct format_option options[] = {
    {"charset", OPTION_TEXT, "UTF-8", "The character set of a STRING."},
    {"endianness", OPTION_WORD, "big-endian", "The order of the bytes of a number.",
     "big-endian|little-endian"},
};

static bool can_be_raw(const struct type *t)
{
    return t->kind <= TYPE_DOUBLE || t->kind == TYPE_STRING || t->kind == TYPE_BINARY ||
           t->kind == TYPE_FIXED;
}

static enum err refuse_type(const struct field *field, const char *verb, struct error *e)
{
    struct bytes text = {0};

    type_print(field->type, &text);
    error_set(e, ERR_CONFIG,
              "format 'raw' cannot %s column %s of type " SLICE_FMT
              "; it is for STRING, BYTES, BOOLEAN and numbers",
              verb, field->name, SLICE_ARG(bytes_all(&text)));
    bytes_fini(&text);
    return ERR_CONFIG;
}

static enum err refuse_two(const char *verb, const struct field *a, const struct field *b, struct error *e)
{
    return error_set(e, ERR_CONFIG,
                     "format 'raw' %s exactly one column, but %s and %s are there; make the others METADATA "
                     "columns",
                     verb, a->name, b->name);
}

static enum err open_charset(const struct map *given, const struct type *t, struct charset **out,
                             struct error *e)
{
    enum err rc;

    if (t == NULL || t->kind != TYPE_STRING)
        return OK;
    rc = charset_new(format_option(&raw_format, given, "charset"), out, e);
    return rc == OK ? OK : error_add(e, rc, "option 'raw.charset'");
}

/* --- decoding --- */

struct raw_decoder {
    struct payloads payloads;
    int32_t column;          /* of the payload */
    struct charset *charset; /* owned; NULL: UTF-8 */
    struct bytes text;       /* owned: what was converted last */
    bool little_endian;
};

static bool fail(struct payload_error *why, const char *text)
{
    why->reason = text;
    return false;
}

/* The bits of a number of that many bytes. */
static uint64_t bits_of(const struct raw_decoder *d, struct slice payload)
{
    uint64_t v = 0;

    for (size_t i = 0; i < payload.len; i++)
        v = v << 8 | (uint8_t)payload.ptr[d->little_endian ? payload.len - 1 - i : i];
    return v;
}

static void append_number(struct column_builder *to, uint64_t bits)
{
    uint32_t bits32 = (uint32_t)bits;
    float f;
    double v;

    switch (to->type->kind) {
    case TYPE_BOOLEAN:
        builder_u8(to, bits != 0);
        break;
    case TYPE_INT8:
        builder_i8(to, (int8_t)bits);
        break;
    case TYPE_INT16:
        builder_i16(to, (int16_t)bits);
        break;
    case TYPE_INT32:
        builder_i32(to, (int32_t)bits);
        break;
    case TYPE_INT64:
        builder_i64(to, (int64_t)bits);
        break;
    case TYPE_FLOAT:
        memcpy(&f, &bits32, sizeof f);
        builder_f32(to, f);
        break;
    default:
        assert(to->type->kind == TYPE_DOUBLE);
        memcpy(&v, &bits, sizeof v);
        builder_f64(to, v);
        break;
    }
}

static void append_converted(struct raw_decoder *d, struct column_builder *to, struct slice payload,
                             struct payload_error *why)
{
    const char *reason;

    bytes_clear(&d->text);
    if ((reason = charset_to_utf8(d->charset, payload, &d->text)) != NULL) {
        snprintf(why->text, sizeof why->text, "the text is not %.50s: %s",
                 format_option(&raw_format, d->payloads.spec->options, "charset"), reason);
        fail(why, why->text);
        return;
    }
    if (d->text.failed)
        d->payloads.rows.failed = true;
    builder_copied(to, d->text.len ? d->text.ptr : "", d->text.len);
}

static void append_null(struct column_builder *to, struct payload_error *why)
{
    if (to->type->nullable) {
        builder_null(to);
        return;
    }
    why->type = "tombstone";
    fail(why, "the record has no payload, but the column is NOT NULL");
}

/* Bytes that a value of t has; 0: any number. */
static size_t size_of(const struct type *t)
{
    return t->kind == TYPE_FIXED ? (size_t)t->length : type_is_view(t) ? 0 : type_width(t);
}

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct raw_decoder *d = CONTAINER_OF(p, struct raw_decoder, payloads);
    struct column_builder *to = &p->rows.columns[d->column];
    size_t size = size_of(to->type);

    if (payload.ptr == NULL && payload.len == 0) {
        append_null(to, why);
    } else if (d->charset) {
        append_converted(d, to, payload, why);
    } else if (to->type->kind == TYPE_STRING && !format_utf8(payload)) {
        fail(why, "the text is not UTF-8");
    } else if (size && payload.len != size) {
        snprintf(why->text, sizeof why->text, "the payload has %zu bytes, but the column's type has %zu",
                 payload.len, size);
        fail(why, why->text);
    } else if (type_is_view(to->type)) {
        builder_borrowed(to, payload.ptr, payload.len);
    } else {
        append_number(to, bits_of(d, payload));
    }
}

/* Only metadata is wanted: every payload will do. */
static void append_nothing(UNUSED struct payloads *p, UNUSED struct slice payload,
                           UNUSED struct payload_error *why)
{
}

static enum err find_column(const struct decode_spec *spec, int32_t *out, struct error *e)
{
    const struct field *fields = spec->schema->fields;
    int32_t found = -1;

    if (spec->physical && spec->physical->field_count > 1)
        return refuse_two("fills", &spec->physical->fields[0], &spec->physical->fields[1], e);
    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        if (spec->raw[i] != RAW_NONE)
            continue;
        if (found >= 0)
            return refuse_two("fills", &fields[found], &fields[i], e);
        found = i;
    }
    *out = found; /* none: only metadata is wanted */
    return found < 0 || can_be_raw(fields[found].type) ? OK : refuse_type(&fields[found], "read", e);
}

static void free_decoder(struct decoder *decoder)
{
    struct raw_decoder *d = CONTAINER_OF(decoder, struct raw_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    charset_free(d->charset);
    bytes_fini(&d->text);
    mem_free(d);
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {payloads_decode, free_decoder};
    struct raw_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.takes_null = d->payloads.takes_empty = true;
    if ((rc = format_check_options(&raw_format, spec->options, NULL, e)) != OK ||
        (rc = find_column(spec, &d->column, e)) != OK || (rc = payloads_init(&d->payloads, spec, e)) != OK)
        goto out;
    d->payloads.append = d->column < 0 ? append_nothing : append;
    d->little_endian = format_option_is(&raw_format, spec->options, "endianness", "little-endian");
    rc = open_charset(spec->options, d->column < 0 ? NULL : spec->schema->fields[d->column].type, &d->charset,
                      e);
out:
    if (rc == OK)
        *out = &d->payloads.decoder;
    else
        free_decoder(&d->payloads.decoder);
    return rc;
}

/* --- encoding --- */

struct raw_encoder {
    struct row_encoder base;
    struct charset *charset; /* owned; NULL: UTF-8 */
    bool little_endian;
};

/* A value in the machine's form, which is little-endian where we run. */
static void write_number(const struct raw_encoder *r, const struct column *c, int32_t row, struct bytes *out)
{
    size_t width = type_width(c->type);
    const char *value = (const char *)c->values + (size_t)row * width;
    char *to = bytes_reserve(out, width);
    bool as_it_is = r->little_endian == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

    if (to == NULL)
        return;
    for (size_t i = 0; i < width; i++)
        to[i] = value[as_it_is ? i : width - 1 - i];
    out->len += width;
}

static enum encoded append_value(struct row_encoder *base, int32_t row, UNUSED enum row_kind kind,
                                 struct bytes *out)
{
    struct raw_encoder *r = CONTAINER_OF(base, struct raw_encoder, base);
    const struct column *c = &base->view->columns[0];
    const char *why;

    if (!column_valid(c, row))
        return ENCODED_NONE;
    if (!type_is_view(c->type)) {
        write_number(r, c, row, out);
    } else if (r->charset) {
        if ((why = charset_from_utf8(r->charset, column_slice(c, row), out)) != NULL) {
            failure_set(&base->failure, "the text does not fit the character set: %s", why);
            failure_add_field(&base->failure, base->spec->schema->fields[0].name);
            return ENCODED_BAD;
        }
    } else {
        bytes_slice(out, column_slice(c, row));
    }
    return ENCODED;
}

static void free_encoder(struct encoder *enc)
{
    struct raw_encoder *r = CONTAINER_OF(enc, struct raw_encoder, base.encoder);

    charset_free(r->charset);
    row_encoder_fini(&r->base);
    mem_free(r);
}

static enum err check_schema(const struct schema *schema, struct error *e)
{
    if (schema->field_count != 1)
        return refuse_two("writes", &schema->fields[0], &schema->fields[1], e);
    return can_be_raw(schema->fields[0].type) ? OK : refuse_type(&schema->fields[0], "write", e);
}

static enum err new_encoder(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {row_encoder_encode, free_encoder};
    struct raw_encoder *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "an encoder");
    r->base.encoder.ops = &ops;
    r->base.append = append_value;
    if ((rc = row_encoder_init(&r->base, &raw_format, spec, e)) == OK &&
        (rc = check_schema(spec->schema, e)) == OK)
        rc = open_charset(spec->options, spec->schema->fields[0].type, &r->charset, e);
    r->little_endian = rc == OK &&
                       format_option_is(&raw_format, spec->options, "endianness", "little-endian");
    if (rc == OK)
        *out = &r->base.encoder;
    else
        free_encoder(&r->base.encoder);
    return rc;
}

const struct format raw_format = {
    .name = "raw",
    .doc = "The payload is the value of the one column.",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = FORMAT_INSERTS,
    .writes = FORMAT_INSERTS,
    .decoder_new = new_decoder,
    .encoder_new = new_encoder,
};
