/* avro_format.c: format "avro": each payload is one datum, without a schema: that is derived from the table's
 * columns as Flink does it, or given by option `avro.schema`.
 */
#include "formats/avro_write.h"
#include "formats/payloads.h"
#include "base/mem.h"
#include <stdio.h>

_Static_assert(PAYLOAD_WHY_MAX >= AVRO_WHY_MAX, "a reason of avro_decode fits");

static const struct format_option options[] = {
    {"schema", OPTION_TEXT, NULL,
     "The schema that payloads are written with; without it, it is derived from the table's columns."},
    {"encoding", OPTION_WORD, "binary", "How data are written.", "binary|json"},
    {"codec", OPTION_WORD, "snappy", "The compression of files; payloads have none.",
     "null|deflate|snappy|bzip2|xz|zstandard"},
    {"timestamp_mapping.legacy", OPTION_FLAG, "true",
     "TIMESTAMP is timestamp-millis, as in Flink before 1.19; false: TIMESTAMP is local-timestamp-*, "
     "TIMESTAMP_LTZ is timestamp-*."},
};

static enum err check(const struct map *given, const char *prefix, struct error *e)
{
    if (!format_option_is(&avro_format, given, "encoding", "json"))
        return OK;
    return error_set(e, ERR_UNSUPPORTED, "option '%sencoding' is 'json'; only 'binary' is supported", prefix);
}

/* --- decoding --- */

struct avro_decoder {
    struct payloads payloads;
    struct avro_plan *plan; /* owned */
};

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct avro_decoder *d = CONTAINER_OF(p, struct avro_decoder, payloads);
    size_t used = 0;

    why->reason = avro_decode(d->plan, payload, &p->rows, &used, why->text);
    if (why->reason || used == payload.len)
        return;
    snprintf(why->text, sizeof why->text,
             "%zu bytes are left behind the record; was it written with another schema?", payload.len - used);
    why->reason = why->text;
}

/* The fields of the table that are in payloads: all that are not told otherwise. */
static enum err make_plan(struct avro_decoder *d, const struct decode_spec *spec, struct error *e)
{
    const char *given = format_option(&avro_format, spec->options, "schema");
    const struct schema *columns = spec->physical ? spec->physical : spec->schema;
    struct avro_schema *schema = NULL;
    struct bytes json = {0};
    enum err rc = OK;

    if (given)
        bytes_text(&json, given);
    else
        rc = avro_derive(columns, format_flag(&avro_format, spec->options, "timestamp_mapping.legacy"), &json,
                         e);
    if (rc == OK && json.failed)
        rc = error_memory(e, json.len, "an Avro schema");
    if (rc == OK && (rc = avro_schema_parse(bytes_all(&json), &schema, e)) == OK)
        rc = avro_plan_new(schema, spec->schema, d->payloads.wanted, &d->plan, e);
    avro_schema_free(schema);
    bytes_fini(&json);
    if (rc == OK || rc == ERR_MEMORY)
        return rc;
    return given ? error_add(e, ERR_CONFIG, "option 'avro.schema'") : rc;
}

static void free_decoder(struct decoder *decoder)
{
    struct avro_decoder *d = CONTAINER_OF(decoder, struct avro_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    avro_plan_free(d->plan);
    mem_free(d);
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {payloads_decode, free_decoder};
    struct avro_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.takes_empty = true; /* a record without fields has no bytes */
    d->payloads.append = append;
    if ((rc = format_check_options(&avro_format, spec->options, NULL, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK || (rc = make_plan(d, spec, e)) != OK) {
        free_decoder(&d->payloads.decoder);
        return rc;
    }
    *out = &d->payloads.decoder;
    return OK;
}

/* --- encoding --- */

struct avro_encoder {
    struct row_encoder base;
    struct avro_writer *writer; /* owned */
};

static enum encoded append_datum(struct row_encoder *r, int32_t row, UNUSED enum row_kind kind,
                                 struct bytes *out)
{
    struct avro_encoder *a = CONTAINER_OF(r, struct avro_encoder, base);

    return avro_writer_row(a->writer, r->view->columns, row, out, &r->failure) ? ENCODED : ENCODED_BAD;
}

static void free_encoder(struct encoder *enc)
{
    struct avro_encoder *a = CONTAINER_OF(enc, struct avro_encoder, base.encoder);

    avro_writer_free(a->writer);
    row_encoder_fini(&a->base);
    mem_free(a);
}

static enum err new_encoder(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {row_encoder_encode, free_encoder};
    struct avro_encoder *a = mem_zalloc(sizeof *a);
    struct bytes json = {0};
    enum err rc;

    if (a == NULL)
        return error_memory(e, sizeof *a, "an encoder");
    a->base.encoder.ops = &ops;
    a->base.append = append_datum;
    if ((rc = row_encoder_init(&a->base, &avro_format, spec, e)) != OK ||
        (rc = avro_writer_open(&avro_format, spec->options, spec->schema, &json, &a->writer, e)) != OK)
        free_encoder(&a->base.encoder);
    else
        *out = &a->base.encoder;
    bytes_fini(&json);
    return rc;
}

const struct format avro_format = {
    .name = "avro",
    .doc = "One Avro datum a payload, without its schema.",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = FORMAT_INSERTS,
    .writes = FORMAT_INSERTS,
    .check = check,
    .decoder_new = new_decoder,
    .encoder_new = new_encoder,
};
