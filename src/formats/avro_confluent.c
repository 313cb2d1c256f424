/* avro_confluent.c: format "avro-confluent": Confluent's wire format.
 *
 *   | 0 | schema id 4, big-endian | datum of that schema |
 *
 * The schemas of a batch are made sure of first (schema_cache.h), so that its payloads are decoded in one go.
 * A schema other than the first one is an event: it is logged and counted when its first payload is decoded.
 */
#include "formats/avro_confluent.h"
#include "formats/format_options.h"
#include "formats/schema_cache.h"
#include "base/mem.h"
#include "os/log.h"
#include <stdio.h>

static const struct format_option options[] = {
    {"url", OPTION_TEXT, NULL, "The schema registry's address; several with commas.", .required = true},
    {"subject", OPTION_TEXT, NULL,
     "Where the schema of what is written is registered; <topic>-value or <topic>-key when not given."},
    {"schema", OPTION_TEXT, NULL,
     "The schema to write with, or the reader's; else it is derived from the columns."},
    {"timestamp_mapping.legacy", OPTION_FLAG, "true",
     "As of format 'avro', for schemas that are derived; Flink always does as with true."},
    {"basic-auth.credentials-source", OPTION_WORD, NULL, "Where user and password stand.", "USER_INFO|URL"},
    {"basic-auth.user-info", OPTION_SECRET, NULL, "user:password."},
    {"bearer-auth.credentials-source", OPTION_WORD, NULL, "Where the token stands.", "STATIC_TOKEN"},
    {"bearer-auth.token", OPTION_SECRET, NULL, "The token."},
    {"ssl.truststore.location", OPTION_TEXT, NULL, "A PEM file with the certificates to trust."},
    {"ssl.truststore.password", OPTION_SECRET, NULL, "Of the truststore.",
     .refused = "give a PEM file without a password"},
    {"ssl.keystore.location", OPTION_TEXT, NULL, "A PEM file with our certificate and its key."},
    {"ssl.keystore.password", OPTION_SECRET, NULL, "Of the keystore.",
     .refused = "give a PEM file without a password"},
    {"properties.*", OPTION_TEXT, NULL, "Settings of Flink's registry client.",
     .refused = "weir's client has no such settings; use the options of the format"},
};

struct confluent {
    struct payloads payloads;
    struct schema_cache *cache; /* owned */
    struct schema_entry *last;  /* of the last payload; NULL at the start of a batch */
    int32_t first_id;           /* of the first payload ever decoded; valid when any */
    bool any;
    bool waiting;                 /* the batch is one that was offered before */
    struct metric_scope **scopes; /* owned: asked for once each, given back at the end */
    size_t scope_count, scope_capacity;
};

/* --- payloads --- */

static bool read_id(struct slice payload, int32_t *out)
{
    struct reader r = reader_of(payload);

    if (payload.len < CONFLUENT_HEADER_BYTES || reader_u8(&r) != 0)
        return false;
    *out = (int32_t)reader_be32(&r);
    return true;
}

static void no_header(struct slice payload, struct payload_error *why)
{
    if (payload.len < CONFLUENT_HEADER_BYTES)
        snprintf(why->text, sizeof why->text, "the payload has %zu bytes, but 0 and a schema id are 5 alone",
                 payload.len);
    else
        snprintf(why->text, sizeof why->text,
                 "the payload begins with 0x%02x, not with 0 as those of a schema registry's "
                 "serializers%s",
                 (uint8_t)*payload.ptr, *payload.ptr == '{' ? "; is it JSON?" : "");
    why->reason = why->text;
}

static void count_event(struct confluent *d, const struct schema_entry *entry)
{
    const struct decode_spec *spec = d->payloads.spec;
    char version[16];
    struct metric_label label = {"schema_version", version};
    struct metric_scope *scope;

    if (spec->metrics == NULL || spec->registry == NULL ||
        !MEM_GROW(d->scopes, d->scope_count, d->scope_capacity))
        return;
    snprintf(version, sizeof version, "%" PRId32, entry->version ? entry->version : entry->id);
    if ((scope = metrics_scope(spec->registry, spec->metrics, "", &label, 1)) == NULL)
        return;
    d->scopes[d->scope_count++] = scope;
    counter_add(metrics_counter(scope, "schema_evolution_events",
                                "Schemas other than the first that payloads came with"),
                1);
}

static void note_first_use(struct confluent *d, struct schema_entry *entry)
{
    entry->used = true;
    if (!d->any) {
        d->any = true;
        d->first_id = entry->id;
    } else if (entry->id != d->first_id) {
        log_info("avro_confluent",
                 "payloads come with schema %" PRId32 " (version %" PRId32 ") now; the first was %" PRId32,
                 entry->id, entry->version, d->first_id);
        count_event(d, entry);
    }
}

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct confluent *d = CONTAINER_OF(p, struct confluent, payloads);
    struct schema_entry *entry = d->last;
    size_t used = 0;
    int32_t id;

    if (UNLIKELY(!read_id(payload, &id))) {
        no_header(payload, why);
        return;
    }
    if (entry == NULL || entry->id != id)
        d->last = entry = schema_cache_known(d->cache, id);
    if (UNLIKELY(entry->state == SCHEMA_BAD)) {
        why->type = entry->type;
        why->reason = entry->reason;
        return;
    }
    payload = slice_from(payload, CONFLUENT_HEADER_BYTES);
    why->reason = avro_decode(entry->plan, payload, &p->rows, &used, why->text);
    if (LIKELY(why->reason == NULL && used == payload.len)) {
        if (UNLIKELY(!entry->used))
            note_first_use(d, entry);
        return;
    }
    if (why->reason)
        return;
    snprintf(why->text, sizeof why->text, "%zu bytes are left behind the record of schema %" PRId32,
             payload.len - used, id);
    why->reason = why->text;
}

/* --- batches --- */

/* Every schema of the batch is ready or known to be bad; ERR_WAIT when one is on its way. */
static enum err have_schemas(struct confluent *d, const struct batch *raw, struct error *e)
{
    const struct column *values = &raw->columns[RAW_VALUE];
    struct schema_entry *entry = NULL;
    bool wait = false;

    if (!d->waiting)
        schema_cache_begin(d->cache);
    for (int32_t n = 0; n < batch_live(raw); n++) {
        int32_t row = batch_row(raw, n), id;
        enum err rc;

        if (!column_valid(values, row) || !read_id(column_slice(values, row), &id) ||
            (entry && entry->id == id))
            continue;
        if ((rc = schema_cache_get(d->cache, id, &entry, e)) != OK && rc != ERR_WAIT)
            return rc;
        wait = wait || rc == ERR_WAIT;
    }
    return wait ? error_set(e, ERR_WAIT, "waiting for the schema registry") : OK;
}

static enum err decode(struct decoder *decoder, struct batch *raw, struct batch **rows, struct batch **errors,
                       struct error *e)
{
    struct confluent *d = CONTAINER_OF(decoder, struct confluent, payloads.decoder);
    enum err rc = have_schemas(d, raw, e);

    *rows = *errors = NULL;
    d->last = NULL;
    d->waiting = rc != OK;
    return rc == OK ? payloads_decode(decoder, raw, rows, errors, e) : rc;
}

/* --- making --- */

static void free_decoder(struct decoder *decoder)
{
    struct confluent *d = CONTAINER_OF(decoder, struct confluent, payloads.decoder);

    schema_cache_free(d->cache);
    for (size_t i = 0; i < d->scope_count; i++)
        metrics_scope_remove(d->scopes[i]);
    mem_free(d->scopes);
    payloads_fini(&d->payloads);
    mem_free(d);
}

/* Option `schema` is the reader's: it must have every column, and may give them aliases and defaults. */
static enum err read_reader(struct confluent *d, const struct decode_spec *spec, struct avro_schema **out,
                            struct error *e)
{
    const char *text = format_option(&avro_confluent_format, spec->options, "schema");
    struct avro_plan *plan = NULL;
    enum err rc;

    if (text == NULL)
        return OK;
    if ((rc = avro_schema_parse(slice_text(text), out, e)) == OK)
        rc = avro_plan_resolve(*out, *out, spec->schema, d->payloads.wanted, &plan, e);
    avro_plan_free(plan);
    if (rc == OK)
        return OK;
    return error_add(e, rc == ERR_MEMORY ? rc : ERR_CONFIG, "option 'avro-confluent.schema'");
}

static enum err make_cache(struct confluent *d, const struct decode_spec *spec, struct error *e)
{
    struct registry *registry = NULL;
    struct avro_schema *reader = NULL;
    enum err rc;

    if ((rc = read_reader(d, spec, &reader, e)) != OK)
        goto out;
    if ((rc = registry_new(spec->options, &registry, e)) != OK)
        goto out;
    rc = schema_cache_new(spec, d->payloads.wanted, registry, reader, &d->cache, e);
out:
    if (rc != OK) {
        registry_free(registry);
        avro_schema_free(reader);
    }
    return rc;
}

static enum err new_decoder(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {decode, free_decoder};
    struct confluent *d = mem_zalloc(sizeof *d);
    enum err rc;

    assert(spec->executor != NULL);
    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.takes_empty = true;
    d->payloads.append = append;
    if ((rc = format_check_options(&avro_confluent_format, spec->options, NULL, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK || (rc = make_cache(d, spec, e)) != OK) {
        free_decoder(&d->payloads.decoder);
        return rc;
    }
    *out = &d->payloads.decoder;
    return OK;
}

const struct format avro_confluent_format = {
    .name = "avro-confluent",
    .doc = "Avro data whose schemas are in a Confluent schema registry.",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = FORMAT_INSERTS,
    .writes = FORMAT_INSERTS,
    .decoder_new = new_decoder,
    .encoder_new = avro_confluent_encoder_new,
};
