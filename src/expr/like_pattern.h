/* like_pattern.h: patterns of LIKE and SIMILAR TO, made ready once and matched many times.
 * LIKE: % is any text, _ any one character but an end of line. SIMILAR TO: these, and | * + ? {n,m} ( ) [ ] as
 * in a regular expression, with [:ALPHA:] and its like within brackets.
 */
#ifndef WEIR_EXPR_LIKE_PATTERN_H
#define WEIR_EXPR_LIKE_PATTERN_H
#include "base/bytes.h"
#include "base/error.h"

/* A pattern is a run of pieces; a shape is recognized where it makes matching plain. */
enum like_shape { LIKE_EQUAL, LIKE_PREFIX, LIKE_SUFFIX, LIKE_PART, LIKE_GENERAL };

struct like_pattern {
    enum like_shape shape;
    struct bytes text;  /* EQUAL to PART: what is looked for; GENERAL: a byte a piece */
    struct bytes marks; /* GENERAL: what the byte is: itself, LIKE_ONE or LIKE_MANY */
};

void like_pattern_fini(struct like_pattern *p); /* a zeroed one is fine */

/* An empty escape: there is none. ERR_INPUT: the pattern or the escape cannot be. */
MUST_USE enum err like_pattern_init(struct like_pattern *p, struct slice pattern, struct slice escape,
                                    struct error *e);
bool like_pattern_matches(const struct like_pattern *p, struct slice text);

/* A pattern of SIMILAR TO as a regular expression of Java's that has to match as a whole. */
MUST_USE enum err like_pattern_similar(struct slice pattern, struct slice escape, struct bytes *out,
                                       struct error *e);
#endif
