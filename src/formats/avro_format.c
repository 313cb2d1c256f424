/* avro_format.c: format "avro": each payload is one datum of the schema that option `avro.schema` gives. */
#include "formats/avro_schema.h"
#include "formats/payloads.h"
#include "base/mem.h"
#include <stdio.h>
#include <strings.h>

_Static_assert(PAYLOAD_WHY_MAX >= AVRO_WHY_MAX, "a reason of avro_decode fits");

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

static enum err make_plan(struct avro_decoder *d, const struct decode_spec *spec, struct error *e)
{
    const char *text = payloads_option(spec, "schema");
    struct avro_schema *schema = NULL;
    enum err rc;

    if (text == NULL)
        return error_set(e, ERR_CONFIG,
                         "option 'avro.schema' is missing: the schema that the payloads are written with");
    rc = avro_schema_parse(slice_text(text), &schema, e);
    if (rc == OK)
        rc = avro_plan_new(schema, spec->schema, d->payloads.wanted, &d->plan, e);
    avro_schema_free(schema);
    if (rc == OK)
        return OK;
    return error_add(e, rc == ERR_MEMORY ? rc : ERR_CONFIG, "option 'avro.schema'");
}

/* The codec is that of files, which have a reader of their own; of the two ways to map timestamps each is
 * read. */
static enum err check_options(const struct decode_spec *spec, struct error *e)
{
    static const char *const names[] = {"schema", "encoding", "codec", "timestamp_mapping.legacy", NULL};
    const char *encoding = payloads_option(spec, "encoding");
    bool legacy;
    enum err rc;

    if ((rc = payloads_check_options(spec, "avro", names, e)) != OK ||
        (rc = payloads_flag(spec, "avro", "timestamp_mapping.legacy", true, &legacy, e)) != OK)
        return rc;
    if (encoding && strcasecmp(encoding, "binary") != 0)
        return error_set(e, ERR_UNSUPPORTED, "option 'avro.encoding' is '%s'; only 'binary' is supported",
                         encoding);
    return OK;
}

static enum err decode(struct decoder *decoder, struct batch *raw, struct batch **rows, struct batch **errors,
                       struct error *e)
{
    return payloads_decode(CONTAINER_OF(decoder, struct payloads, decoder), raw, rows, errors, e);
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
    static const struct decoder_ops ops = {decode, free_decoder};
    struct avro_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.takes_empty = true; /* a record without fields has no bytes */
    d->payloads.append = append;
    if ((rc = check_options(spec, e)) != OK || (rc = payloads_init(&d->payloads, spec, e)) != OK ||
        (rc = make_plan(d, spec, e)) != OK) {
        free_decoder(&d->payloads.decoder);
        return rc;
    }
    *out = &d->payloads.decoder;
    return OK;
}

const struct format avro_format = {"avro", new_decoder};
