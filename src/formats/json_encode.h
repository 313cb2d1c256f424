/* json_encode.h: rows as JSON objects; json_format.c and changelog_encode.c write payloads of them. */
#ifndef WEIR_FORMATS_JSON_ENCODE_H
#define WEIR_FORMATS_JSON_ENCODE_H
#include "formats/encoders.h"
#include "formats/json_time.h"

struct json_out; /* a type as it is written: json_encode.c */

enum json_null_key { JSON_NULL_KEY_FAIL, JSON_NULL_KEY_DROP, JSON_NULL_KEY_LITERAL };

struct json_writer {
    struct arena arena; /* owned: the nodes */
    const struct json_out *row;
    enum json_time_standard standard;
    enum json_null_key null_key;
    struct slice null_literal; /* borrowed from the options */
    bool plain_decimals, skip_nulls;
    struct failure *failure; /* borrowed */
};

/* The options that all JSON formats write by; f lists them. */
#define JSON_WRITER_OPTIONS                                                                                  \
    {"timestamp-format.standard", OPTION_WORD, "SQL",                                                        \
     "How timestamps are written: with a blank between date and time, or with a T.", "SQL|ISO-8601"},        \
        {"map-null-key.mode", OPTION_WORD, "FAIL",                                                           \
         "What becomes of a MAP's entry whose key is NULL: the job fails, it is left out, or it is written " \
         "under 'map-null-key.literal'.",                                                                    \
         "FAIL|DROP|LITERAL"},                                                                               \
        {"map-null-key.literal", OPTION_TEXT, "null", "The key that stands for NULL in a MAP."},             \
        {"encode.decimal-as-plain-number", OPTION_FLAG, "false",                                             \
         "Write a DECIMAL without exponent: 0.000000027, not 2.7E-8."},                                      \
    {                                                                                                        \
        "encode.ignore-null-fields", OPTION_FLAG, "false", "Leave fields out that are NULL."                 \
    }

/* ERR_UNSUPPORTED for what JSON cannot say: a MAP whose keys are no text. spec is borrowed. */
MUST_USE enum err json_writer_init(struct json_writer *w, const struct format *f,
                                   const struct encode_spec *spec, struct failure *failure, struct error *e);
void json_writer_fini(struct json_writer *w);

/* Append a row as an object; false when it cannot be, with the failure set. */
MUST_USE bool json_writer_row(struct json_writer *w, const struct column *columns, int32_t row,
                              struct bytes *out);
#endif
