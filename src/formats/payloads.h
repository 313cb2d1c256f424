/* payloads.h: what all decoders share: the loop over payloads, rows that fail, columns that come from the raw
 * batch. A decoder's struct begins with a struct payloads; what is its own is one function that appends one
 * payload's row.
 */
#ifndef WEIR_FORMATS_PAYLOADS_H
#define WEIR_FORMATS_PAYLOADS_H
#include "formats/format.h"

extern const struct format avro_format, avro_confluent_format, json_format, raw_format;

#define PAYLOAD_WHY_MAX 200

/* How one payload failed. */
struct payload_error {
    const char *type;   /* "deserialization" unless set; static text */
    const char *reason; /* NULL: it did not fail; may lie in text */
    char text[PAYLOAD_WHY_MAX];
};

struct payloads {
    struct decoder decoder;
    const struct decode_spec *spec; /* borrowed */
    bool *wanted;                   /* owned: per field, whether it comes from the payload */
    int32_t *good;                  /* owned: rows of the raw batch that became rows */
    int32_t good_capacity;
    int32_t good_count; /* rows of the batch so far */
    bool takes_null;    /* append is called for a payload that is NULL (ptr NULL) */
    bool takes_empty;   /* append is called for a payload of no bytes; else it counts as none */
    struct builder rows, errors;
    struct counter *error_count; /* borrowed from spec's metrics; NULL without */
    /* Append one row to the wanted columns of p->rows, or say in why what is wrong. */
    void (*append)(struct payloads *p, struct slice payload, struct payload_error *why);
};

/* Fails when a column cannot be read from the raw column that spec says. */
MUST_USE enum err payloads_init(struct payloads *p, const struct decode_spec *spec, struct error *e);
void payloads_fini(struct payloads *p);

/* decoder_ops.decode, by p->append. */
MUST_USE enum err payloads_decode(struct payloads *p, struct batch *raw, struct batch **rows,
                                  struct batch **errors, struct error *e);

/* Options: NULL when absent. */
const char *payloads_option(const struct decode_spec *spec, const char *name);

/* true or false in any case; absent is what. */
MUST_USE enum err payloads_flag(const struct decode_spec *spec, const char *format, const char *name,
                                bool what, bool *out, struct error *e);

/* ERR_CONFIG when there is an option that is not in names (ended by NULL). */
MUST_USE enum err payloads_check_options(const struct decode_spec *spec, const char *format,
                                         const char *const *names, struct error *e);
#endif
