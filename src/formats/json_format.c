/* json_format.c: format "json": each payload is one object, whose fields are the columns of the same names.
 */
#include "formats/json_decode.h"
#include "formats/json_encode.h"
#include "formats/payloads.h"
#include "base/mem.h"

_Static_assert(PAYLOAD_WHY_MAX >= FAILURE_TEXT, "a reason of json_decode fits");

static const struct format_option options[] = {
    {"fail-on-missing-field", OPTION_FLAG, "false", "A field that is not there is an error, not NULL."},
    {"ignore-parse-errors", OPTION_FLAG, "false",
     "A field that cannot be read is NULL, and a payload that is no JSON is left out (and counted)."},
    JSON_WRITER_OPTIONS,
    {"decode.json-parser.enabled", OPTION_FLAG, "true",
     "Which of Flink's two parsers reads; weir's one reads what both do."},
};

static enum err check(const struct map *given, const char *prefix, struct error *e)
{
    if (format_flag(&json_format, given, "fail-on-missing-field") &&
        format_flag(&json_format, given, "ignore-parse-errors"))
        return error_set(e, ERR_CONFIG,
                         "options '%sfail-on-missing-field' and '%signore-parse-errors' cannot both be true",
                         prefix, prefix);
    return OK;
}

/* --- decoding --- */

struct json_decoder {
    struct payloads payloads;
    struct arena arena; /* the nodes */
    struct json_reader reader;
};

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct json_decoder *d = CONTAINER_OF(p, struct json_decoder, payloads);

    why->reason = json_decode(&d->reader, payload, &p->rows, p->good_count, why->text);
}

static void free_decoder(struct decoder *decoder)
{
    struct json_decoder *d = CONTAINER_OF(decoder, struct json_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    json_reader_fini(&d->reader);
    arena_fini(&d->arena);
    mem_free(d);
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {payloads_decode, free_decoder};
    struct json_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.append = append;
    if ((rc = format_check_options(&json_format, spec->options, NULL, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK)
        goto out;
    d->reader.fail_on_missing = format_flag(&json_format, spec->options, "fail-on-missing-field");
    d->reader.ignore_errors = d->payloads.ignore_errors = format_flag(&json_format, spec->options,
                                                                      "ignore-parse-errors");
    d->reader.standard = format_option_is(&json_format, spec->options, "timestamp-format.standard",
                                          "ISO-8601")
                             ? JSON_TIME_ISO
                             : JSON_TIME_SQL;
    rc = json_tree_new(&d->arena, spec->schema, d->payloads.wanted, &d->reader.root, e);
out:
    if (rc == OK)
        *out = &d->payloads.decoder;
    else
        free_decoder(&d->payloads.decoder);
    return rc;
}

/* --- encoding --- */

struct json_encoder {
    struct row_encoder base;
    struct json_writer writer;
};

static enum encoded append_object(struct row_encoder *r, int32_t row, UNUSED enum row_kind kind,
                                  struct bytes *out)
{
    struct json_encoder *j = CONTAINER_OF(r, struct json_encoder, base);

    return LIKELY(json_writer_row(&j->writer, r->view->columns, row, out)) ? ENCODED : ENCODED_BAD;
}

static void free_encoder(struct encoder *enc)
{
    struct json_encoder *j = CONTAINER_OF(enc, struct json_encoder, base.encoder);

    json_writer_fini(&j->writer);
    row_encoder_fini(&j->base);
    mem_free(j);
}

static enum err new_encoder(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {row_encoder_encode, free_encoder};
    struct json_encoder *j = mem_zalloc(sizeof *j);
    enum err rc;

    if (j == NULL)
        return error_memory(e, sizeof *j, "an encoder");
    j->base.encoder.ops = &ops;
    j->base.append = append_object;
    if ((rc = row_encoder_init(&j->base, &json_format, spec, e)) != OK ||
        (rc = json_writer_init(&j->writer, &json_format, spec, &j->base.failure, e)) != OK)
        free_encoder(&j->base.encoder);
    else
        *out = &j->base.encoder;
    return rc;
}

const struct format json_format = {
    .name = "json",
    .doc = "One JSON object a payload; its fields are the columns of the same names.",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = FORMAT_INSERTS,
    .writes = FORMAT_INSERTS,
    .check = check,
    .decoder_new = new_decoder,
    .encoder_new = new_encoder,
};
