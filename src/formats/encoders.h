/* encoders.h: what all encoders share: the loop over rows, the run they write into. An encoder's struct begins
 * with a struct row_encoder; what is its own is one function that appends one row's payload.
 */
#ifndef WEIR_FORMATS_ENCODERS_H
#define WEIR_FORMATS_ENCODERS_H
#include "formats/encode.h"
#include "formats/failure.h"
#include "formats/format_options.h"

enum encoded {
    ENCODED,      /* the payload is what was appended */
    ENCODED_NONE, /* there is no payload */
    ENCODED_BAD,  /* the row cannot be written: r->failure says why */
};

struct row_encoder {
    struct encoder encoder;
    const struct encode_spec *spec; /* borrowed */
    struct batch *view;             /* owned: headers of spec's schema, on the columns of the batch at hand */
    struct failure failure;
    char why[FAILURE_TEXT];
    enum encoded (*append)(struct row_encoder *r, int32_t row, enum row_kind kind, struct bytes *out);
};

/* Checks the options of f. A failed one needs no fini. */
MUST_USE enum err row_encoder_init(struct row_encoder *r, const struct format *f,
                                   const struct encode_spec *spec, struct error *e);
void row_encoder_fini(struct row_encoder *r);

/* encoder_ops.encode of an encoder that is in a struct row_encoder, by its append. */
MUST_USE enum err row_encoder_encode(struct encoder *encoder, const struct batch *rows,
                                     struct payload_run *out, struct error *e);
#endif
