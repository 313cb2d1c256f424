/* cast_internal.h: how casts are evaluated: a function for each pair of kinds, over whole columns.
 *
 *     cast.c         which function, and the elements of nested types
 *     cast_number.c  numbers and booleans among each other
 *     cast_time.c    dates, times and timestamps among each other; intervals
 *     cast_print.c   anything to text          cast_text.c   text and bytes of other lengths
 *     cast_parse.c   text to anything
 */
#ifndef WEIR_EXPR_CAST_INTERNAL_H
#define WEIR_EXPR_CAST_INTERNAL_H
#include "base/zone.h"
#include "expr/cast.h"

struct cast {
    struct call *call;
    const struct zone *zone; /* of the session */
    bool try_cast;           /* what cannot be cast becomes NULL */
};

/* from and to have as many rows; to has values and the validity of from (its own copy). */
typedef enum err (*cast_fn)(struct cast *k, const struct column *from, struct column *to, struct error *e);

/* Row's value cannot be cast: NULL, or an error that says why. value: as text. */
enum err cast_bad(struct cast *k, struct column *to, int32_t row, struct slice value, const char *why,
                  struct error *e);
/* Row has no value. */
enum err cast_null(struct cast *k, struct column *to, int32_t row, struct error *e);
/* Row's text or bytes, cut and filled up to the type's length; copied, unless they are `kept` elsewhere. */
enum err cast_put(struct cast *k, struct column *to, int32_t row, struct slice text, bool kept,
                  struct error *e);

/* NULL: these do not cast. */
cast_fn cast_number_find(const struct type *from, const struct type *to);
cast_fn cast_time_find(const struct type *from, const struct type *to);
cast_fn cast_parse_find(const struct type *to);
cast_fn cast_text_find(const struct type *from, const struct type *to);
enum err cast_to_text(struct cast *k, const struct column *from, struct column *to, struct error *e);

/* TIMESTAMP's value of another precision's type: digits are cut off, downwards. False: out of range. */
bool cast_rescale_instant(int64_t v, const struct type *from, const struct type *to, int64_t *out);
#endif
