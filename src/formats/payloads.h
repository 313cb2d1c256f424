/* payloads.h: what all decoders share: the loop over payloads, rows that fail, columns that come from the raw
 * batch. A decoder's struct begins with a struct payloads; what is its own is one function that appends one
 * payload's row.
 */
#ifndef WEIR_FORMATS_PAYLOADS_H
#define WEIR_FORMATS_PAYLOADS_H
#include "formats/format.h"

extern const struct format avro_format, avro_confluent_format, canal_json_format, csv_format,
    debezium_json_format, json_format, maxwell_json_format, ogg_json_format, raw_format;

#define PAYLOAD_WHY_MAX 200

/* How one payload failed. */
struct payload_error {
    const char *type;   /* "deserialization" unless set; static text */
    const char *reason; /* NULL: it did not fail; may lie in text */
    bool skip;          /* it did not fail, but there is no row in it either: a line of comments */
    char text[PAYLOAD_WHY_MAX];
};

struct payloads {
    struct decoder decoder;
    const struct decode_spec *spec; /* borrowed */
    bool *wanted;                   /* owned: per field, whether append fills it */
    int32_t *good;                  /* owned: per row of the batch, the row of the raw batch it came from */
    uint8_t *kinds;                 /* owned: per row of the batch, its enum row_kind */
    size_t good_capacity, kind_capacity;
    int32_t good_count; /* rows of the batch so far */
    int32_t raw_row;    /* of the payload at hand */
    bool takes_null;    /* append is called for a payload that is NULL (ptr NULL) */
    bool takes_empty;   /* append is called for a payload of no bytes; else it counts as none */
    bool skips_none;    /* a payload that counts as none is left out, without an error */
    bool ignore_errors; /* a payload that fails is left out, and counted */
    bool has_metadata;  /* append fills columns that are FORMAT_METADATA; else they are refused */
    bool changes;       /* append tells its rows by payloads_add_row, any number of them */
    struct builder rows, errors;
    struct counter *error_count; /* borrowed from spec's metrics; NULL without */
    /* Append one row to the wanted columns of p->rows, or say in why what is wrong. */
    void (*append)(struct payloads *p, struct slice payload, struct payload_error *why);
};

/* Fails when a column cannot be read from the raw column that spec says. */
MUST_USE enum err payloads_init(struct payloads *p, const struct decode_spec *spec, struct error *e);
void payloads_fini(struct payloads *p);

/* decoder_ops.decode of a decoder that is in a struct payloads, by its append. */
MUST_USE enum err payloads_decode(struct decoder *decoder, struct batch *raw, struct batch **rows,
                                  struct batch **errors, struct error *e);

/* A row was appended to the wanted columns of p->rows; only of decoders with changes. */
void payloads_add_row(struct payloads *p, enum row_kind kind);
#endif
