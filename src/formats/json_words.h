/* json_words.h: what json_decode.c, json_scalar.c and json_map.c have in common: failing, and reading words.
 * The functions return false when they failed and said why (or asked for the careful way by r->duplicate).
 */
#ifndef WEIR_FORMATS_JSON_WORDS_H
#define WEIR_FORMATS_JSON_WORDS_H
#include "formats/json_decode.h"
#include "formats/json_scan.h"

/* Any value to its column. */
bool json_value(struct json_reader *r, struct json_node *n, struct column_builder *to);
bool json_scalar(struct json_reader *r, struct column_builder *to); /* neither nested nor STRING */
bool json_map(struct json_reader *r, struct json_node *map, struct column_builder *to); /* brace behind us */

/* The value at r->at is not of a kind that fits t. */
__attribute__((cold)) bool json_fail_kind(struct json_reader *r, const struct type *t);

#define fail(r, ...)      FAIL(&(r)->failure, __VA_ARGS__)
#define fail_scan(r, why) FAIL(&(r)->failure, "%s", why)

static inline void skip_blanks(struct json_reader *r)
{
    r->at = json_blank(r->at, r->end);
}

/* Whether the next word is c, which is then behind us. */
static inline bool take(struct json_reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static inline bool skip_value(struct json_reader *r)
{
    const char *why = json_skip(&r->at, r->end);

    return why == NULL || fail_scan(r, why);
}

/* A text without its escapes; valid until the next call. */
static inline bool read_text(struct json_reader *r, struct slice *out, bool *borrowed)
{
    struct json_text text;
    const char *why;

    if (UNLIKELY((why = json_scan_text(&r->at, r->end, &text)) != NULL))
        return fail_scan(r, why);
    *borrowed = !text.escaped;
    *out = text.raw;
    if (LIKELY(!text.escaped))
        return true;
    bytes_clear(&r->text);
    if ((why = json_unescape(text.raw, &r->text)) != NULL)
        return fail_scan(r, why);
    if (r->text.failed)
        r->builder->failed = true; /* as if an append had found no memory: finishing the batch says so */
    *out = bytes_all(&r->text);
    return true;
}

static inline bool read_word(struct json_reader *r, struct slice word)
{
    const char *why = json_scan_word(&r->at, r->end, word);

    return why == NULL || fail_scan(r, why);
}

/* The colon behind a key. */
static inline bool read_colon(struct json_reader *r)
{
    return take(r, ':') || fail_scan(r, "a colon is wanted behind a key");
}

/* Behind a value of an object or array: a comma, or its end. */
static inline bool read_comma(struct json_reader *r, char close, bool *more)
{
    if (LIKELY(take(r, ','))) {
        *more = true;
        return true;
    }
    *more = false;
    if (LIKELY(take(r, close)))
        return true;
    if (r->at == r->end)
        return fail_scan(r, "the end is missing");
    return fail_scan(r, close == '}' ? "a comma or } is wanted" : "a comma or ] is wanted");
}
#endif
