/* raw.c: format "raw": the payload is the value of the one column that does not come from elsewhere.
 * Text and bytes as they are, numbers in the machine form of `raw.endianness`. A payload that is NULL is a
 * NULL.
 */
#include "formats/payloads.h"
#include "base/mem.h"
#include "formats/utf8.h"
#include <stdio.h>
#include <strings.h>

struct raw_decoder {
    struct payloads payloads;
    int32_t column; /* of the payload */
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

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct raw_decoder *d = CONTAINER_OF(p, struct raw_decoder, payloads);
    struct column_builder *to = &p->rows.columns[d->column];

    if (payload.ptr == NULL && payload.len == 0) {
        if (to->type->nullable) {
            builder_null(to);
            return;
        }
        why->type = "tombstone";
        fail(why, "the record has no payload, but the column is NOT NULL");
    } else if (to->type->kind == TYPE_STRING && !format_utf8(payload)) {
        fail(why, "the text is not UTF-8");
    } else if (type_is_view(to->type)) {
        builder_borrowed(to, payload.ptr, payload.len);
    } else if (payload.len != type_width(to->type)) {
        snprintf(why->text, sizeof why->text, "the payload has %zu bytes, but the column's type has %zu",
                 payload.len, type_width(to->type));
        fail(why, why->text);
    } else {
        append_number(to, bits_of(d, payload));
    }
}

/* --- making --------------------------------------------------------------------------------------------- */

static bool can_read(const struct type *t)
{
    return t->kind <= TYPE_DOUBLE || t->kind == TYPE_STRING || t->kind == TYPE_BINARY;
}

static enum err find_column(const struct decode_spec *spec, int32_t *out, struct error *e)
{
    int32_t found = -1;
    struct bytes text = {0};

    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        if (spec->raw[i] >= 0)
            continue;
        if (found >= 0)
            return error_set(e, ERR_CONFIG,
                             "format 'raw' fills exactly one column, but %s and %s are there; make the "
                             "others METADATA columns",
                             spec->schema->fields[found].name, spec->schema->fields[i].name);
        found = i;
    }
    if (found < 0) /* only metadata is wanted */
        return *out = -1, OK;
    if (!can_read(spec->schema->fields[found].type)) {
        type_print(spec->schema->fields[found].type, &text);
        error_set(e, ERR_CONFIG,
                  "format 'raw' cannot read column %s of type " SLICE_FMT
                  "; it reads STRING, BYTES, BOOLEAN and numbers",
                  spec->schema->fields[found].name, SLICE_ARG(bytes_all(&text)));
        bytes_fini(&text);
        return ERR_CONFIG;
    }
    *out = found;
    return OK;
}

/* Only metadata is wanted: every payload will do. */
static void append_nothing(UNUSED struct payloads *p, UNUSED struct slice payload,
                           UNUSED struct payload_error *why)
{
}

static enum err read_options(struct raw_decoder *d, const struct decode_spec *spec, struct error *e)
{
    static const char *const names[] = {"charset", "endianness", NULL};
    const char *charset = payloads_option(spec, "charset"), *order = payloads_option(spec, "endianness");
    enum err rc;

    if ((rc = payloads_check_options(spec, "raw", names, e)) != OK)
        return rc;
    if (charset && strcasecmp(charset, "UTF-8") != 0 && strcasecmp(charset, "UTF8") != 0)
        return error_set(e, ERR_UNSUPPORTED, "option 'raw.charset' is '%s'; only UTF-8 is supported",
                         charset);
    d->little_endian = order && strcasecmp(order, "little-endian") == 0;
    if (order && !d->little_endian && strcasecmp(order, "big-endian") != 0)
        return error_set(e, ERR_CONFIG,
                         "option 'raw.endianness' is '%s'; it must be 'big-endian' or 'little-endian'",
                         order);
    return OK;
}

static enum err decode(struct decoder *decoder, struct batch *raw, struct batch **rows, struct batch **errors,
                       struct error *e)
{
    return payloads_decode(CONTAINER_OF(decoder, struct payloads, decoder), raw, rows, errors, e);
}

static void free_decoder(struct decoder *decoder)
{
    struct raw_decoder *d = CONTAINER_OF(decoder, struct raw_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    mem_free(d);
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {decode, free_decoder};
    struct raw_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.takes_null = d->payloads.takes_empty = true;
    if ((rc = read_options(d, spec, e)) != OK || (rc = find_column(spec, &d->column, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK) {
        free_decoder(&d->payloads.decoder);
        return rc;
    }
    d->payloads.append = d->column < 0 ? append_nothing : append;
    *out = &d->payloads.decoder;
    return OK;
}

const struct format raw_format = {"raw", new_decoder};
