/* like_pattern.c: LIKE by going back to the last %, SIMILAR TO by way of a regular expression. */
#include "expr/like_pattern.h"
#include "expr/characters.h"
#include "expr/java_regex.h"

enum mark { MARK_BYTE, MARK_ONE, MARK_MANY };

void like_pattern_fini(struct like_pattern *p)
{
    bytes_fini(&p->text);
    bytes_fini(&p->marks);
}

static enum err bad_escape(struct slice pattern, size_t at, struct error *e)
{
    return error_set(
        e, ERR_INPUT,
        "the pattern '%.*s' has an escape at byte %zu that stands before nothing that could be escaped",
        (int)MIN(pattern.len, 300), pattern.ptr, at);
}

static enum err check_escape(struct slice escape, struct error *e)
{
    if (escape.len == 0 || characters_count(escape) == 1)
        return OK;
    return error_set(e, ERR_INPUT, "'" SLICE_FMT "' cannot be an escape: it has to be one character",
                     SLICE_ARG(escape));
}

static void add(struct like_pattern *p, const char *ptr, size_t len, enum mark mark)
{
    bytes_append(&p->text, ptr, len);
    for (size_t i = 0; i < len; i++)
        bytes_u8(&p->marks, (uint8_t)mark);
}

static bool is_one(struct slice rest, struct slice escape)
{
    return slice_starts(rest, SLICE("%")) || slice_starts(rest, SLICE("_")) || slice_starts(rest, escape);
}

static enum err read_pieces(struct like_pattern *p, struct slice pattern, struct slice escape,
                            struct error *e)
{
    for (size_t at = 0; at < pattern.len; at++) {
        struct slice rest = slice_from(pattern, at);
        char byte = pattern.ptr[at];

        if (escape.len && slice_starts(rest, escape)) {
            rest = slice_from(rest, escape.len);
            if (rest.len == 0 || !is_one(rest, escape))
                return bad_escape(pattern, at, e);
            at += escape.len;
            add(p, rest.ptr, slice_starts(rest, escape) ? escape.len : 1, MARK_BYTE);
            at += slice_starts(rest, escape) ? escape.len - 1 : 0;
        } else if (byte == '%') {
            if (p->marks.len == 0 || p->marks.ptr[p->marks.len - 1] != MARK_MANY)
                add(p, &byte, 1, MARK_MANY);
        } else {
            add(p, &byte, 1, byte == '_' ? MARK_ONE : MARK_BYTE);
        }
    }
    return OK;
}

/* Take the % at the ends off when there is nothing else to be looked at piece by piece. */
static void find_shape(struct like_pattern *p)
{
    size_t len = p->marks.len, many = 0;
    bool first = len && p->marks.ptr[0] == MARK_MANY, last = len && p->marks.ptr[len - 1] == MARK_MANY;

    for (size_t i = 0; i < len; i++) {
        if (p->marks.ptr[i] == MARK_ONE) {
            p->shape = LIKE_GENERAL;
            return;
        }
        many += p->marks.ptr[i] == MARK_MANY;
    }
    p->shape = LIKE_GENERAL;
    if (many == 0)
        p->shape = LIKE_EQUAL;
    else if (many == 1 && last)
        p->shape = LIKE_PREFIX;
    else if (many == 1 && first)
        p->shape = LIKE_SUFFIX;
    else if (many == 2 && first && last)
        p->shape = LIKE_PART;
    if (p->shape == LIKE_PREFIX || p->shape == LIKE_PART)
        p->text.len--;
    if (p->shape == LIKE_SUFFIX || p->shape == LIKE_PART)
        memmove(p->text.ptr, p->text.ptr + 1, --p->text.len);
}

enum err like_pattern_init(struct like_pattern *p, struct slice pattern, struct slice escape, struct error *e)
{
    enum err rc = check_escape(escape, e);

    *p = (struct like_pattern){0};
    if (rc == OK)
        rc = read_pieces(p, pattern, escape, e);
    if (rc == OK && (p->text.failed || p->marks.failed))
        rc = error_memory(e, pattern.len, "a pattern");
    if (rc == OK)
        find_shape(p);
    else
        like_pattern_fini(p);
    return rc;
}

static bool ends_line(const char *p, size_t size)
{
    if (size == 1)
        return *p == '\n' || *p == '\r';
    return (size == 2 && memcmp(p, "\xc2\x85", 2) == 0) || (size == 3 && memcmp(p, "\xe2\x80\xa8", 3) == 0) ||
           (size == 3 && memcmp(p, "\xe2\x80\xa9", 3) == 0);
}

static bool matches(const struct like_pattern *p, struct slice text)
{
    const char *at = text.ptr, *end = at + text.len, *again = NULL;
    size_t piece = 0, count = p->marks.len, behind_many = 0;

    while (at < end || piece < count) {
        size_t size = at < end ? characters_size(at, end) : 0;

        if (piece < count && p->marks.ptr[piece] == MARK_MANY) {
            behind_many = ++piece;
            again = at;
        } else if (size && piece < count && p->marks.ptr[piece] == MARK_ONE && !ends_line(at, size)) {
            at += size;
            piece++;
        } else if (size && piece < count && p->marks.ptr[piece] == MARK_BYTE && p->text.ptr[piece] == *at) {
            at++;
            piece++;
        } else if (again && again < end) {
            again += characters_size(again, end); /* let the last % take one more */
            at = again;
            piece = behind_many;
        } else {
            return false;
        }
    }
    return true;
}

bool like_pattern_matches(const struct like_pattern *p, struct slice text)
{
    struct slice wanted = bytes_all(&p->text);

    switch (p->shape) {
    case LIKE_EQUAL:
        return slice_equal(text, wanted);
    case LIKE_PREFIX:
        return slice_starts(text, wanted);
    case LIKE_SUFFIX:
        return slice_ends(text, wanted);
    case LIKE_PART:
        return characters_find(text, wanted, 0) >= 0;
    default:
        return matches(p, text);
    }
}

/* --- SIMILAR TO */

static const char specials[] = "[]()|^-+*_%?{}";
static const char java_specials[] = "[]()|^-+*?{}$\\.";

static bool is_in(const char *set, char byte)
{
    return byte && strchr(set, byte);
}

/* An escaped character at *at; *at is left behind it. */
static enum err escaped(struct slice pattern, size_t *at, struct slice escape, struct bytes *out,
                        struct error *e)
{
    struct slice rest = slice_from(pattern, *at + escape.len);

    if (slice_starts(rest, escape)) {
        java_regex_quote(out, escape);
        *at += 2 * escape.len;
        return OK;
    }
    if (rest.len == 0 || !is_in(specials, rest.ptr[0]))
        return bad_escape(pattern, *at, e);
    if (is_in(java_specials, rest.ptr[0]))
        bytes_u8(out, '\\');
    bytes_u8(out, (uint8_t)rest.ptr[0]);
    *at += escape.len + 1;
    return OK;
}

static bool named_class(struct slice pattern, size_t *at, struct bytes *out)
{
    static const char *const classes[][2] = {
        {"[:ALPHA:]", "\\p{Alpha}"}, {"[:alpha:]", "\\p{Alpha}"}, {"[:UPPER:]", "\\p{Upper}"},
        {"[:upper:]", "\\p{Upper}"}, {"[:LOWER:]", "\\p{Lower}"}, {"[:lower:]", "\\p{Lower}"},
        {"[:DIGIT:]", "\\d"},        {"[:digit:]", "\\d"},        {"[:SPACE:]", " "},
        {"[:space:]", " "},          {"[:WHITESPACE:]", "\\s"},   {"[:whitespace:]", "\\s"},
        {"[:ALNUM:]", "\\p{Alnum}"}, {"[:alnum:]", "\\p{Alnum}"}};

    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (slice_starts(slice_from(pattern, *at), slice_text(classes[i][0]))) {
            bytes_text(out, classes[i][1]);
            *at += strlen(classes[i][0]);
            return true;
        }
    return false;
}

static enum err bad_pattern(struct slice pattern, size_t at, struct error *e)
{
    return error_set(e, ERR_INPUT, "the pattern '%.*s' of SIMILAR TO cannot be read at byte %zu",
                     (int)MIN(pattern.len, 300), pattern.ptr, at);
}

/* From behind [ up to ]. */
static enum err enumeration(struct slice pattern, size_t *at, struct slice escape, struct bytes *out,
                            struct error *e)
{
    while (*at < pattern.len && pattern.ptr[*at] != ']') {
        char byte = pattern.ptr[*at];
        enum err rc;

        if (escape.len && slice_starts(slice_from(pattern, *at), escape)) {
            if ((rc = escaped(pattern, at, escape, out, e)) != OK)
                return rc;
        } else if (byte == '-' || byte == '^' || !is_in(specials, byte)) {
            if (byte == '\\' || byte == '&')
                bytes_u8(out, '\\');
            bytes_u8(out, (uint8_t)byte);
            ++*at;
        } else if (!named_class(pattern, at, out)) {
            return bad_pattern(pattern, *at, e);
        }
    }
    if (*at == pattern.len)
        return bad_pattern(pattern, *at, e);
    bytes_u8(out, ']');
    ++*at;
    return OK;
}

enum err like_pattern_similar(struct slice pattern, struct slice escape, struct bytes *out, struct error *e)
{
    enum err rc = check_escape(escape, e);

    for (size_t at = 0; rc == OK && at < pattern.len;) {
        char byte = pattern.ptr[at];

        if (escape.len && slice_starts(slice_from(pattern, at), escape)) {
            rc = escaped(pattern, &at, escape, out, e);
            continue;
        }
        at++;
        if (byte == '[') {
            bytes_u8(out, '[');
            rc = enumeration(pattern, &at, escape, out, e);
        } else if (byte == ']') {
            rc = bad_pattern(pattern, at - 1, e);
        } else if (byte == '_') {
            bytes_u8(out, '.');
        } else if (byte == '%') {
            bytes_text(out, "(?s:.*)");
        } else {
            if (byte == '\\' || byte == '$')
                bytes_u8(out, '\\');
            bytes_u8(out, (uint8_t)byte);
        }
    }
    return rc;
}
