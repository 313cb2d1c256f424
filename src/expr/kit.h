/* kit.h: what the files of functions share: typing a call from a row of letters, and small things about
 * types.
 *
 * A signature is a letter for each argument, then `>` and the result:
 *     s STRING            y BINARY            x either, as it is      o BOOLEAN
 *     i any integer, taken as BIGINT          d any number, taken as DOUBLE       n any number, as it is
 *     D DATE              T TIME              t TIMESTAMP             z TIMESTAMP_LTZ     e any of these four
 *     u a unit or mode: a text literal        a anything, as it is
 * `[` stands before the optional ones, `*` after a last one that repeats. As results: s y o i(INT) l(BIGINT)
 * d D T(0) t(3) z(3); `?` after it: may be NULL even when no argument is.
 */
#ifndef WEIR_EXPR_KIT_H
#define WEIR_EXPR_KIT_H
#include "expr/function.h"

/* For function.resolve: types the call by function->signature and takes function->simple. */
MUST_USE enum err kit_resolve(struct resolution *r, struct error *e);
/* The same with a signature of the caller's choice; sets want and result. */
MUST_USE enum err kit_types(struct resolution *r, const char *signature, struct error *e);

/* Rows that a strict kernel has to look at. */
#define EACH_ROW(c, row)                                                                                     \
    for (int32_t row = 0; row < (c)->row_count; row++)                                                       \
        if (column_valid((c)->out, row))

/* call_text, and room for an empty text too. */
static inline char *kit_text(struct call *c, size_t len)
{
    return call_text(c, MAX(len, 1));
}

/* There is no memory for a text. */
static inline enum err kit_no_text(struct error *e)
{
    return error_memory(e, 0, "a text");
}

/* Put part at to + at, behind between unless it is the first; where the next one goes. */
static inline size_t kit_join(char *to, size_t at, struct slice between, struct slice part, bool first)
{
    if (!first && between.len) {
        memcpy(to + at, between.ptr, between.len);
        at += between.len;
    }
    if (part.len)
        memcpy(to + at, part.ptr, part.len);
    return at + part.len;
}

/* "Does not take these": ERR_INPUT without a text. */
enum err kit_refuse(struct error *e);

/* The type of argument i; NULL for a bare NULL. */
const struct type *kit_arg_type(const struct resolution *r, int32_t i);
bool kit_nullable(const struct type *t); /* a bare NULL's (NULL) too */
bool kit_is_integer(const struct type *t);
bool kit_is_number(const struct type *t);
bool kit_is_time(const struct type *t); /* DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ */

/* Types made in an arena; NULL when there is no memory. */
const struct type *kit_precision(struct arena *a, enum type_kind kind, int32_t precision, bool nullable);
const struct type *kit_list(struct arena *a, const struct type *element, bool nullable);
const struct type *kit_map(struct arena *a, const struct type *key, const struct type *value, bool nullable);

/* The text of a literal argument; false when it is not one (or is NULL). */
bool kit_literal_text(const struct expr *x, struct slice *out);

/* Is the text one of these words, in any case? -1 when not. */
int kit_word(struct slice text, const char *const *words, int count);
#endif
