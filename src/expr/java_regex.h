/* java_regex.h: java.util.regex on PCRE2: patterns translated where the two dialects differ, compiled by JIT
 * where the machine can, and kept.
 *
 * Where Java's dialect differs
 *   - Said in PCRE2's words: \uXXXX, \0nn, \p{Alpha} and its like, \p{IsLatin}, \p{javaLowerCase}, the flag u, a
 *     class within a class ([a[bc]]).
 *   - Refused as unsupported: intersections ([a-z&&[^b]]), a negated class within a class, blocks (\p{InGreek}),
 *     the flags d and U, look-behind of no fixed length.
 *   - Otherwise: (?i) folds the case of all letters (Java's: of ASCII); a dot stops at vertical tab and form
 *     feed too; positions and lengths are code points (Java's: UTF-16 units); a pattern that tries too many ways
 *     to match counts as one that does not compile.
 */
#ifndef WEIR_EXPR_JAVA_REGEX_H
#define WEIR_EXPR_JAVA_REGEX_H
#include "base/bytes.h"
#include "base/error.h"

struct java_regex;

enum { JAVA_REGEX_WHOLE = 1 }; /* the pattern must match the whole text */

/* ERR_INPUT: Java would not compile it either; ERR_UNSUPPORTED: Java would. */
MUST_USE enum err java_regex_new(struct slice pattern, unsigned flags, struct java_regex **out,
                                 struct error *e);
void java_regex_free(struct java_regex *r); /* NULL is fine */

int32_t java_regex_groups(const struct java_regex *r); /* without the whole match, which is group 0 */

enum java_regex_result { JAVA_REGEX_NONE, JAVA_REGEX_FOUND, JAVA_REGEX_FAILED };
/* The first match at or after byte `from`. */
enum java_regex_result java_regex_find(struct java_regex *r, struct slice text, size_t from);
/* A group of the last match found; false when it took no part. */
bool java_regex_group(const struct java_regex *r, struct slice text, int32_t group, struct slice *out);

/* The pattern in PCRE2's words, appended to out: for java_regex_new, tests and fuzzing. */
MUST_USE enum err java_regex_translate(struct slice pattern, struct bytes *out, struct error *e);

/* Patterns compiled before: a constant one is compiled once, others as long as they keep their place. */
struct java_regex_cache;
MUST_USE enum err java_regex_cache_new(unsigned flags, struct java_regex_cache **out, struct error *e);
void java_regex_cache_free(struct java_regex_cache *c);
/* *out is NULL for a pattern that Java would not compile. Valid until the next call. */
MUST_USE enum err java_regex_cache_get(struct java_regex_cache *c, struct slice pattern,
                                       struct java_regex **out, struct error *e);
/* Appends what in pattern stands for itself: for texts within patterns. */
void java_regex_quote(struct bytes *out, struct slice text);
#endif
