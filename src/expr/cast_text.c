/* cast_text.c: text and bytes as one another, and as those of another length. */
#include "expr/cast_internal.h"
#include "expr/expr_types.h"

/* Bytes of the first `limit` characters; *count: how many characters there are, no more than limit. */
static size_t prefix(struct slice s, int32_t limit, int32_t *count)
{
    size_t i = 0;

    for (*count = 0; i < s.len && *count < limit; ++*count)
        for (i++; i < s.len && ((unsigned char)s.ptr[i] & 0xc0) == 0x80;)
            i++;
    return i;
}

static enum err put_bytes(struct cast *k, struct column *to, int32_t row, struct slice s, bool kept,
                          struct error *e)
{
    char *copy;

    if (s.len > INT32_MAX)
        return cast_bad(k, to, row, SLICE("a text"), "it is longer than 2147483647 bytes", e);
    if (s.len > VIEW_INLINE && !kept) {
        if ((copy = call_text(k->call, s.len)) == NULL)
            return error_memory(e, s.len, "a text");
        memcpy(copy, s.ptr, s.len);
        s.ptr = copy;
    }
    to->views[row] = view_of(s.ptr, s.len);
    return OK;
}

/* s and so many times the filling. */
static enum err put_filled(struct cast *k, struct column *to, int32_t row, struct slice s, size_t missing,
                           char filling, struct error *e)
{
    char *copy = call_text(k->call, s.len + missing);

    if (copy == NULL)
        return error_memory(e, s.len + missing, "a text");
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    memset(copy + s.len, filling, missing);
    to->views[row] = view_of(copy, s.len + missing);
    return OK;
}

static bool fits_text(const struct type *t)
{
    return t->kind == TYPE_STRING && t->length == 0 && t->form != FORM_CHAR;
}

enum err cast_put(struct cast *k, struct column *to, int32_t row, struct slice text, bool kept,
                  struct error *e)
{
    const struct type *t = to->type;
    int32_t count = 0;

    if (fits_text(t) || (t->kind == TYPE_BINARY && t->length == 0))
        return put_bytes(k, to, row, text, kept, e);
    if (t->kind == TYPE_STRING) {
        text.len = prefix(text, t->length, &count);
        if (t->form == FORM_CHAR && count < t->length)
            return put_filled(k, to, row, text, (size_t)(t->length - count), ' ', e);
        return put_bytes(k, to, row, text, kept, e);
    }
    text.len = MIN(text.len, (size_t)t->length);
    if (t->kind == TYPE_FIXED && text.len < (size_t)t->length)
        return put_filled(k, to, row, text, (size_t)t->length - text.len, '\0', e);
    return put_bytes(k, to, row, text, kept, e);
}

/* Text to text, bytes to bytes, text to bytes: the same bytes, at another length. */
static enum err relength(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < from->row_count; i++)
        if (column_valid(to, i) && (rc = cast_put(k, to, i, column_slice(from, i), true, e)) != OK)
            return rc;
    return OK;
}

/* Bytes of the character at p as UTF-8 has it; 0: there is none. */
static size_t character(const unsigned char *p, const unsigned char *end)
{
    static const struct {
        unsigned char mask, lead, low, high; /* what the second byte may be */
        uint8_t len;
    } forms[] = {
        {0x80, 0x00, 0, 0, 1},       {0xff, 0xe0, 0xa0, 0xbf, 3}, {0xff, 0xed, 0x80, 0x9f, 3},
        {0xff, 0xf0, 0x90, 0xbf, 4}, {0xff, 0xf4, 0x80, 0x8f, 4}, {0xfe, 0xc0, 1, 0, 2},
        {0xe0, 0xc0, 0x80, 0xbf, 2}, {0xf0, 0xe0, 0x80, 0xbf, 3}, {0xfc, 0xf0, 0x80, 0xbf, 4},
    };

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if ((*p & forms[i].mask) != forms[i].lead)
            continue;
        if (forms[i].len > end - p || (forms[i].len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high)))
            return 0;
        for (uint8_t n = 2; n < forms[i].len; n++)
            if ((p[n] & 0xc0) != 0x80)
                return 0;
        return forms[i].len;
    }
    return 0;
}

/* Append s with U+FFFD in the place of each byte that begins no character; false: there was none. */
static bool repair(struct slice s, struct bytes *out)
{
    const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
    bool repaired = false;

    while (p < end) {
        size_t len = character(p, end);

        bytes_append(out, len ? (const char *)p : "\xef\xbf\xbd", len ? len : 3);
        repaired |= len == 0;
        p += MAX(len, 1);
    }
    return repaired;
}

static enum err bytes_to_text(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    struct bytes text = {0};
    enum err rc = OK;

    for (int32_t i = 0; i < from->row_count && rc == OK; i++) {
        struct slice s = column_slice(from, i);
        bool repaired;

        if (!column_valid(to, i))
            continue;
        bytes_clear(&text);
        repaired = repair(s, &text);
        rc = text.failed ? error_memory(e, s.len, "a text")
                         : cast_put(k, to, i, repaired ? bytes_all(&text) : s, !repaired, e);
    }
    bytes_fini(&text);
    return rc;
}

static bool is_bytes(const struct type *t)
{
    return t->kind == TYPE_BINARY || t->kind == TYPE_FIXED;
}

cast_fn cast_text_find(const struct type *from, const struct type *to)
{
    if (to->kind == TYPE_STRING)
        return is_bytes(from) ? bytes_to_text : from->kind == TYPE_STRING ? relength : cast_to_text;
    if (is_bytes(to) && (is_bytes(from) || from->kind == TYPE_STRING || from->kind == TYPE_UUID))
        return relength;
    return NULL;
}
