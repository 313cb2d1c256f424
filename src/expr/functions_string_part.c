/* functions_string_part.c: parts of texts: cut out, trimmed, padded, found, split. Characters are code points,
 * positions count from 1, and a negative one from the end.
 */
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/kit.h"
#include "batch/builder.h"

/* --- SUBSTRING, LEFT, RIGHT */

/* count characters from number start (from 0) on. */
static struct slice cut(struct slice text, int64_t start, int64_t count)
{
    struct slice rest = slice_from(text, characters_offset(text, start));

    rest.len = characters_offset(rest, count);
    return rest;
}

/* Position 0 is taken for 1; one past either end gives an empty text. */
static struct slice substring_of(struct slice text, int64_t position, int64_t count)
{
    if (position >= 0)
        return cut(text, position ? position - 1 : 0, count);
    position += characters_count(text);
    return position < 0 ? slice_of(text.ptr, 0) : cut(text, position, count);
}

static enum err substring(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t count = c->arg_count > 2 ? arg_i64(&c->args[2], i) : INT32_MAX;
        bool done = count < 0
                        ? call_null(c, i)
                        : call_put(c, i,
                                   substring_of(arg_slice(&c->args[0], i), arg_i64(&c->args[1], i), count));

        if (!done)
            return kit_no_text(e);
    }
    return OK;
}

static enum err left(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    if (!call_put(c, i, cut(arg_slice(&c->args[0], i), 0, MAX(arg_i64(&c->args[1], i), 0))))
        return kit_no_text(e);
    return OK;
}

static enum err right(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        int64_t count = arg_i64(&c->args[1], i), all = count > 0 ? characters_count(text) : 0;

        if (!call_put(c, i, count <= 0 ? slice_of(text.ptr, 0) : cut(text, MAX(all - count, 0), all)))
            return kit_no_text(e);
    }
    return OK;
}

/* --- TRIM and its kin */

enum { TRIM_LEADING = 1, TRIM_TRAILING = 2, TRIM_BOTH = 3 };

static struct slice trimmed(struct slice text, struct slice set, int sides)
{
    while ((sides & TRIM_LEADING) && text.len) {
        size_t size = characters_size(text.ptr, text.ptr + text.len);

        if (characters_find(set, slice_of(text.ptr, size), 0) < 0)
            break;
        text = slice_from(text, size);
    }
    while ((sides & TRIM_TRAILING) && text.len) {
        size_t at = characters_before(text, text.len);

        if (characters_find(set, slice_from(text, at), 0) < 0)
            break;
        text.len = at;
    }
    return text;
}

static enum err trim_sides(struct call *c, int32_t text, int32_t set, int sides, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice characters = set < c->arg_count ? arg_slice(&c->args[set], i) : SLICE(" ");

        if (!call_put(c, i, trimmed(arg_slice(&c->args[text], i), characters, sides)))
            return kit_no_text(e);
    }
    return OK;
}

static enum err trim_left(struct call *c, struct error *e)
{
    return trim_sides(c, 0, 1, TRIM_LEADING, e);
}

static enum err trim_right(struct call *c, struct error *e)
{
    return trim_sides(c, 0, 1, TRIM_TRAILING, e);
}

static enum err trim_both(struct call *c, struct error *e)
{
    return trim_sides(c, 0, 1, TRIM_BOTH, e);
}

/* (mode, characters, text) */
static enum err trim_leading_of(struct call *c, struct error *e)
{
    return trim_sides(c, 2, 1, TRIM_LEADING, e);
}

static enum err trim_trailing_of(struct call *c, struct error *e)
{
    return trim_sides(c, 2, 1, TRIM_TRAILING, e);
}

static enum err trim_both_of(struct call *c, struct error *e)
{
    return trim_sides(c, 2, 1, TRIM_BOTH, e);
}

static enum err trim_types(struct resolution *r, struct error *e)
{
    static const char *const words[] = {"LEADING", "TRAILING", "BOTH"};
    static const struct variant variants[] = {
        {.kernel = trim_leading_of}, {.kernel = trim_trailing_of}, {.kernel = trim_both_of}};
    static const struct variant plain = {.kernel = trim_both};
    enum err rc = kit_types(r, r->arg_count == 3 ? "uss>s" : "s>s", e);
    struct slice mode;
    int word;

    r->variant = &plain;
    if (rc != OK || r->arg_count == 1)
        return rc;
    if (!kit_literal_text(r->args[0], &mode) || (word = kit_word(mode, words, COUNT_OF(words))) < 0)
        return kit_refuse(e);
    r->variant = &variants[word];
    return OK;
}

/* --- LPAD, RPAD */

static size_t fill(char *to, struct slice with, int64_t characters)
{
    int64_t round = characters_count(with);
    size_t at = 0, last;

    for (; characters >= round; characters -= round) {
        memcpy(to + at, with.ptr, with.len);
        at += with.len;
    }
    last = characters_offset(with, characters);
    memcpy(to + at, with.ptr, last);
    return at + last;
}

static enum err pad_row(struct call *c, int32_t row, bool before, struct error *e)
{
    struct slice text = arg_slice(&c->args[0], row), with = arg_slice(&c->args[2], row);
    int64_t wanted = arg_i64(&c->args[1], row), have = characters_count(text), missing = wanted - have;
    size_t len;
    char *to;

    if (wanted < 0 || with.len == 0)
        return call_null(c, row) ? OK : kit_no_text(e);
    if (missing <= 0)
        return call_put(c, row, cut(text, 0, wanted)) ? OK : kit_no_text(e);
    if (missing > (INT32_MAX - (int64_t)text.len) / CHARACTERS_MAX)
        return call_fail(c, e, "the text would have %" PRId64 " characters, which is too many", wanted);
    if ((to = kit_text(c, text.len + (size_t)missing * CHARACTERS_MAX)) == NULL)
        return kit_no_text(e);
    len = fill(before ? to : to + text.len, with, missing);
    if (text.len)
        memcpy(before ? to + len : to, text.ptr, text.len);
    return call_put(c, row, slice_of(to, len + text.len)) ? OK : kit_no_text(e);
}

static enum err lpad(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        enum err rc = pad_row(c, i, true, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

static enum err rpad(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        enum err rc = pad_row(c, i, false, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

/* --- OVERLAY */

static enum err overlay_row(struct call *c, int32_t row, struct error *e)
{
    struct slice text = arg_slice(&c->args[0], row), by = arg_slice(&c->args[1], row);
    int64_t start = arg_i64(&c->args[2], row), all = characters_count(text);
    int64_t count = c->arg_count > 3 ? arg_i64(&c->args[3], row) : characters_count(by);
    struct slice head, tail = {text.ptr, 0};
    size_t len;
    char *to;

    if (start <= 0 || start > all)
        return call_put(c, row, text) ? OK : kit_no_text(e);
    head = cut(text, 0, start - 1);
    if (count > 0 && count <= all - start)
        tail = cut(text, start - 1 + count, all);
    len = head.len + by.len + tail.len;
    if (len > INT32_MAX || (to = kit_text(c, len)) == NULL)
        return kit_no_text(e);
    memcpy(to, head.ptr, head.len);
    if (by.len)
        memcpy(to + head.len, by.ptr, by.len);
    memcpy(to + head.len + by.len, tail.ptr, tail.len);
    return call_put(c, row, slice_of(to, len)) ? OK : kit_no_text(e);
}

static enum err overlay(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        enum err rc = overlay_row(c, i, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

/* --- POSITION, LOCATE, INSTR */

/* The position of needle at or behind position from; 0: nowhere. An empty needle is at 1. */
static int64_t position_of(struct slice text, struct slice needle, int64_t from)
{
    int64_t hit;

    if (needle.len == 0)
        return 1;
    hit = characters_find(text, needle, from > 1 ? characters_offset(text, from - 1) : 0);
    return hit < 0 ? 0 : characters_count(slice_of(text.ptr, (size_t)hit)) + 1;
}

static enum err position(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    c->out->i32[i] = (int32_t)position_of(arg_slice(&c->args[1], i), arg_slice(&c->args[0], i),
                                          c->arg_count > 2 ? arg_i64(&c->args[2], i) : 1);
    return OK;
}

static int64_t nth_from_start(struct slice text, struct slice needle, int64_t from, int64_t nth)
{
    int64_t at = 0;

    for (; nth > 0; nth--) {
        if ((at = position_of(text, needle, from)) == 0)
            return 0;
        if (needle.len == 0)
            return at;
        from = at + 1;
    }
    return at;
}

/* As if both were reversed: the hit that ends nearest to the end counts first. */
static int64_t nth_from_end(struct slice text, struct slice needle, int64_t from, int64_t nth)
{
    int64_t all = characters_count(text), len = characters_count(needle), start;

    if (needle.len == 0)
        return all + 1;
    start = characters_count(text) - (from - 1) - len;
    for (; start >= 0; start--) {
        struct slice rest = slice_from(text, characters_offset(text, start));

        if (slice_starts(rest, needle) && --nth == 0)
            return start + 1;
    }
    return 0;
}

static enum err instr(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i), needle = arg_slice(&c->args[1], i);
        int64_t from = c->arg_count > 2 ? arg_i64(&c->args[2], i) : 1,
                nth = c->arg_count > 3 ? arg_i64(&c->args[3], i) : 1;
        int64_t at = 0;

        if (nth <= 0)
            return call_fail(c, e, "INSTR looks for the hit number %" PRId64 "; they count from 1", nth);
        if (from > 0)
            at = nth_from_start(text, needle, from, nth);
        else if (from < 0 && from > INT32_MIN)
            at = nth_from_end(text, needle, -from, nth);
        c->out->i32[i] = (int32_t)at;
    }
    return OK;
}

/* --- SPLIT_INDEX, SPLIT */

/* The next part of rest up to the separator; false when there is none. */
static bool next_part(struct slice *rest, struct slice separator, struct slice *out)
{
    int64_t hit;

    if (rest->ptr == NULL)
        return false;
    hit = characters_find(*rest, separator, 0);
    *out = slice_of(rest->ptr, hit < 0 ? rest->len : (size_t)hit);
    *rest = hit < 0 ? (struct slice){NULL, 0} : slice_from(*rest, (size_t)hit + separator.len);
    return true;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r') || (byte >= 0x1c && byte <= 0x1f);
}

/* An empty separator stands for any white space. */
static bool next_word(struct slice *rest, struct slice *out)
{
    size_t len = 0;

    if (rest->ptr == NULL)
        return false;
    while (len < rest->len && !is_space(rest->ptr[len]))
        len++;
    *out = slice_of(rest->ptr, len);
    *rest = len == rest->len ? (struct slice){NULL, 0} : slice_from(*rest, len + 1);
    return true;
}

static bool nth_part(struct slice text, struct slice separator, int64_t n, struct slice *out)
{
    struct slice rest = text;

    if (n < 0 || text.len == 0)
        return false;
    do {
        if (separator.len ? !next_part(&rest, separator, out) : !next_word(&rest, out))
            return false;
    } while (n-- > 0);
    return true;
}

static enum err split_index(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice part;
        bool found = nth_part(arg_slice(&c->args[0], i), arg_slice(&c->args[1], i), arg_i64(&c->args[2], i),
                              &part);

        if (found ? !call_put(c, i, part) : !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

/* The separator as the number of a character of Latin-1. */
static enum err split_index_code(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t code = arg_i64(&c->args[1], i);
        char separator[CHARACTERS_MAX];
        struct slice part;
        bool found = code >= 1 && code <= 255 &&
                     nth_part(arg_slice(&c->args[0], i),
                              slice_of(separator, characters_put(separator, (uint32_t)code)),
                              arg_i64(&c->args[2], i), &part);

        if (found ? !call_put(c, i, part) : !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

static enum err split_index_types(struct resolution *r, struct error *e)
{
    static const struct variant by_text = {.kernel = split_index}, by_code = {.kernel = split_index_code};
    bool code = kit_is_integer(kit_arg_type(r, 1));

    r->variant = code ? &by_code : &by_text;
    return kit_types(r, code ? "sii>s?" : "ssi>s?", e);
}

static void split_row(struct column_builder *out, struct slice text, struct slice separator)
{
    struct slice rest = text, part;

    if (separator.len == 0) {
        for (size_t size; rest.len; rest = slice_from(rest, size)) {
            size = characters_size(rest.ptr, rest.ptr + rest.len);
            builder_copied(&out->children[0], rest.ptr, size);
        }
    } else {
        while (text.len && next_part(&rest, separator, &part))
            builder_copied(&out->children[0], part.ptr, part.len);
    }
    builder_list_end(out);
}

static enum err split(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        if (!arg_valid(&c->args[0], i) || !arg_valid(&c->args[1], i))
            builder_null(c->rows);
        else
            split_row(c->rows, arg_slice(&c->args[0], i), arg_slice(&c->args[1], i));
    return OK;
}

static enum err split_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, "ss", e);

    r->variant = r->function->simple;
    if (rc != OK)
        return rc;
    r->result = kit_list(r->arena, type_simple(TYPE_STRING, true), false);
    return r->result ? OK : error_memory(e, sizeof(struct type), "a type");
}

#define TEXT(name_, usage_, doc_, least_, most_, resolve_, signature_, kernel_)                              \
    {                                                                                                        \
        .name = name_, .group = GROUP_STRING, .usage = usage_, .doc = doc_, .least = least_, .most = most_,  \
        .flags = FN_STRICT, .resolve = resolve_, .signature = signature_,                                    \
        .simple = &(const struct variant){.kernel = kernel_},                                                \
    }

const struct function functions_string_part[] = {
    TEXT("SUBSTRING", "SUBSTRING(string, start [, length]) or SUBSTRING(string FROM start [FOR length])",
         "The part of the text that begins at a position (from 1; negative: from the end), of that length or "
         "up to "
         "the end; NULL for a negative length.",
         2, 3, kit_resolve, "si[i>s?", substring),
    TEXT("SUBSTR", "SUBSTR(string, start [, length])", "The same as SUBSTRING.", 2, 3, kit_resolve, "si[i>s?",
         substring),
    TEXT("LEFT", "LEFT(string, length)",
         "The first characters of the text; none when the length is 0 or less.", 2, 2, kit_resolve, "si>s?",
         left),
    TEXT("RIGHT", "RIGHT(string, length)",
         "The last characters of the text; none when the length is 0 or less.", 2, 2, kit_resolve, "si>s?",
         right),
    {"TRIM", GROUP_STRING, "TRIM([BOTH | LEADING | TRAILING] [characters FROM] string)",
     "The text without those characters (blanks when none are named) at the ends named.", 1, 3, FN_STRICT,
     trim_types, NULL, NULL},
    TEXT("LTRIM", "LTRIM(string [, characters])", "The text without these characters (blanks) at its start.",
         1, 2, kit_resolve, "s[s>s", trim_left),
    TEXT("RTRIM", "RTRIM(string [, characters])", "The text without these characters (blanks) at its end.", 1,
         2, kit_resolve, "s[s>s", trim_right),
    TEXT("BTRIM", "BTRIM(string [, characters])", "The text without these characters (blanks) at both ends.",
         1, 2, kit_resolve, "s[s>s", trim_both),
    TEXT("LPAD", "LPAD(string, length, pad)",
         "The text made exactly that long: cut, or with pad put before it as often as needed; NULL for a "
         "negative "
         "length or an empty pad.",
         3, 3, kit_resolve, "sis>s?", lpad),
    TEXT("RPAD", "RPAD(string, length, pad)", "As LPAD, with pad behind the text.", 3, 3, kit_resolve,
         "sis>s?", rpad),
    TEXT("OVERLAY",
         "OVERLAY(string, new, start [, length]) or OVERLAY(string PLACING new FROM start [FOR length])",
         "The text with length characters from start on (as many as new has, when not told) replaced by new.",
         3, 4, kit_resolve, "ssi[i>s", overlay),
    TEXT("POSITION", "POSITION(part, string) or POSITION(part IN string)",
         "Where the part first occurs, from 1; 0 when it does not.", 2, 2, kit_resolve, "ss>i", position),
    TEXT("LOCATE", "LOCATE(part, string [, start])",
         "Where the part first occurs at or behind start, from 1; 0 when it does not.", 2, 3, kit_resolve,
         "ss[i>i", position),
    {"INSTR", GROUP_STRING, "INSTR(string, part [, start [, nth]])",
     "Where the part occurs for the nth time, looking from start on, backwards from the end when start is "
     "negative; "
     "0 when it does not.",
     2, 4, FN_STRICT | FN_FAILS, kit_resolve, "ss[ii>i", &(const struct variant){.kernel = instr}},
    TEXT("SPLIT_INDEX", "SPLIT_INDEX(string, separator, index)",
         "The part with that number, from 0, of the text split at the separator (a text, or a character's "
         "number); "
         "NULL when there are not that many.",
         3, 3, split_index_types, NULL, NULL),
    {"SPLIT", GROUP_STRING, "SPLIT(string, separator)",
     "The parts between the separators as an array; the single characters when the separator is empty.", 2, 2,
     FN_STRICT, split_types, NULL, &(const struct variant){.kernel = split, .builds = true}},
    {NULL},
};
