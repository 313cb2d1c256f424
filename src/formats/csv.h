/* csv.h: what csv_format.c, csv_decode.c and csv_encode.c have in common: the syntax that a table's options
 * ask for. A payload is one row:
 *
 *   1,plain,"quoted, with ""quotes""",a;b;c        array and row elements are split by a second delimiter
 */
#ifndef WEIR_FORMATS_CSV_H
#define WEIR_FORMATS_CSV_H
#include "batch/builder.h"
#include "formats/failure.h"
#include "formats/format_options.h"

struct csv_syntax {
    char delimiter, element;
    char quote, escape; /* where quotes, escapes */
    bool quotes, escapes, comments;
    bool has_null;
    struct slice null; /* has_null: the text that stands for NULL; borrowed from the options */
    bool plain_decimals;
    bool ignore_errors;
};

/* From checked options. */
void csv_syntax_read(struct csv_syntax *s, const struct map *options);

/* ERR_UNSUPPORTED when a column cannot be in a csv: a MAP, or an ARRAY or ROW within another. */
MUST_USE enum err csv_check_column(const struct field *field, struct error *e);

MUST_USE enum err csv_decoder_new(const struct decode_spec *spec, struct decoder **out, struct error *e);
MUST_USE enum err csv_encoder_new(const struct encode_spec *spec, struct encoder **out, struct error *e);

/* --- csv_value.c: a text as a value --- */

struct csv_text {
    struct slice text;
    bool borrowed;   /* lives as long as the payload */
    const char *end; /* borrowed: of what may be read from text.ptr on */
};

/* Append text to a column that is no ARRAY and no ROW; scratch is for bytes that are decoded. False when it
 * does not fit, with the failure set and nothing appended. */
bool csv_value(struct column_builder *to, const struct csv_text *text, struct bytes *scratch,
               struct failure *failure);
#endif
