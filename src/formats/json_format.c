/* json_format.c: format "json": each payload is one object, whose fields are the columns of the same names.
 */
#include "formats/json_decode.h"
#include "formats/payloads.h"
#include "base/mem.h"

_Static_assert(PAYLOAD_WHY_MAX >= FAILURE_TEXT, "a reason of json_decode fits");

struct json_decoder {
    struct payloads payloads;
    struct arena arena; /* the nodes */
    struct json_reader reader;
    locale_t locale; /* owned */
};

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct json_decoder *d = CONTAINER_OF(p, struct json_decoder, payloads);

    why->reason = json_decode(&d->reader, payload, &p->rows, p->good_count, why->text);
}

/* --- options -------------------------------------------------------------------------------------------- */

static enum err read_standard(struct json_decoder *d, const struct decode_spec *spec, struct error *e)
{
    const char *text = payloads_option(spec, "timestamp-format.standard");

    d->reader.standard = text && strcmp(text, "ISO-8601") == 0 ? JSON_TIME_ISO : JSON_TIME_SQL;
    if (text && strcmp(text, "ISO-8601") != 0 && strcmp(text, "SQL") != 0)
        return error_set(e, ERR_CONFIG,
                         "option 'json.timestamp-format.standard' is '%s'; it must be 'SQL' or 'ISO-8601'",
                         text);
    return OK;
}

/* Those that begin with encode and map-null-key are for writing; both of Flink's parsers read the same. */
static enum err read_options(struct json_decoder *d, const struct decode_spec *spec, struct error *e)
{
    static const char *const names[] = {
        "fail-on-missing-field",     "ignore-parse-errors",        "timestamp-format.standard",
        "map-null-key.mode",         "map-null-key.literal",       "encode.decimal-as-plain-number",
        "encode.ignore-null-fields", "decode.json-parser.enabled", NULL};
    bool ignore;
    enum err rc;

    if ((rc = payloads_check_options(spec, "json", names, e)) != OK ||
        (rc = payloads_flag(spec, "json", "fail-on-missing-field", false, &d->reader.fail_on_missing, e)) !=
            OK ||
        (rc = payloads_flag(spec, "json", "ignore-parse-errors", false, &ignore, e)) != OK)
        return rc;
    if (ignore)
        return error_set(e, ERR_UNSUPPORTED,
                         "option 'json.ignore-parse-errors' is not supported, because it hides what is "
                         "lost; set 'on-error' = 'skip' or 'dead-letter' on the table instead");
    return read_standard(d, spec, e);
}

/* --- making --------------------------------------------------------------------------------------------- */

static enum err decode(struct decoder *decoder, struct batch *raw, struct batch **rows, struct batch **errors,
                       struct error *e)
{
    return payloads_decode(CONTAINER_OF(decoder, struct payloads, decoder), raw, rows, errors, e);
}

static void free_decoder(struct decoder *decoder)
{
    struct json_decoder *d = CONTAINER_OF(decoder, struct json_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    json_reader_fini(&d->reader);
    arena_fini(&d->arena);
    if (d->locale)
        freelocale(d->locale);
    mem_free(d);
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {decode, free_decoder};
    struct json_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.append = append;
    if ((rc = read_options(d, spec, e)) != OK || (rc = payloads_init(&d->payloads, spec, e)) != OK)
        goto out;
    if ((rc = json_tree_new(&d->arena, spec->schema, d->payloads.wanted, &d->reader.root, e)) != OK)
        goto out;
    if ((d->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)) == (locale_t)0)
        rc = error_memory(e, 0, "a locale");
    d->reader.locale = d->locale;
out:
    if (rc == OK)
        *out = &d->payloads.decoder;
    else
        free_decoder(&d->payloads.decoder);
    return rc;
}

const struct format json_format = {"json", new_decoder};
