/* value_slice.h: a few values of a column, side by side, as a Parquet page wants them: small enough for the
 * first-level cache, so that bounds, dictionary and pages can each go over them.
 */
#ifndef WEIR_PARQUET_VALUE_SLICE_H
#define WEIR_PARQUET_VALUE_SLICE_H
#include "base/error.h"
#include "batch/column.h"
#include "parquet/parquet_layout.h"

#define VALUE_SLICE_MAX     512
#define VALUE_DECIMAL_BYTES 16

/* Numbers (sign-extended, or the bits of a float) or views, as the leaf's order says. */
struct value_slice {
    int32_t count;
    union {
        uint64_t numbers[VALUE_SLICE_MAX];
        struct view views[VALUE_SLICE_MAX];
    };
    char decimals[VALUE_SLICE_MAX][VALUE_DECIMAL_BYTES]; /* what the views of FIXED decimals point at */
};

/* Fill out->count values from those rows of c. ERR_INPUT: a value that does not fit its type. */
MUST_USE enum err value_slice_gather(struct value_slice *out, const struct parquet_leaf *leaf,
                                     const struct column *c, const int32_t *rows, struct error *e);
#endif
