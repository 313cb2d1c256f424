/* functions_string.c: whole texts: length, case, joining, repeating, replacing. Characters are code points.
 * Numbers arrive as BIGINT, whatever integer type they were.
 */
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/kit.h"

/* Room for a result of len bytes; a length past what a view can hold fails the call. */
static enum err room(struct call *c, uint64_t len, char **out, struct error *e)
{
    if (len > INT32_MAX)
        return call_fail(c, e, "the text would have %" PRIu64 " bytes; at most %d are possible", len,
                         INT32_MAX);
    *out = kit_text(c, (size_t)len);
    return *out ? OK : kit_no_text(e);
}

static bool put(struct call *c, int32_t row, const char *text, size_t len)
{
    return call_put(c, row, slice_of(text, len));
}

/* --- lengths and single characters */

static enum err char_length(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    c->out->i32[i] = (int32_t)characters_count(arg_slice(&c->args[0], i));
    return OK;
}

static enum err ascii(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);

        c->out->i32[i] = text.len ? (int8_t)text.ptr[0] : 0; /* of a byte, signed: as Flink has it */
    }
    return OK;
}

static enum err chr(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t code = arg_i64(&c->args[0], i);
        char text[CHARACTERS_MAX];
        size_t len = code < 0 ? 0 : characters_put(text, (uint32_t)(code & 0xff));

        if (!put(c, i, text, len))
            return kit_no_text(e);
    }
    return OK;
}

/* --- case */

static void map_ascii(char *to, struct slice text, char first, char last)
{
    for (size_t i = 0; i < text.len; i++)
        to[i] = (char)(text.ptr[i] ^ ((text.ptr[i] >= first && text.ptr[i] <= last) << 5));
}

static bool is_cased(uint32_t code)
{
    return characters_simple_upper(code) != code || characters_simple_lower(code) != code;
}

#define SIGMA       0x3a3
#define SMALL_SIGMA 0x3c3
#define FINAL_SIGMA 0x3c2

/* A capital sigma that ends a word becomes another letter. */
static bool ends_word(struct slice text, const char *sigma, const char *behind)
{
    size_t before = (size_t)(sigma - text.ptr);
    const char *end = text.ptr + text.len, *at;

    if (before == 0)
        return false;
    at = text.ptr + characters_before(text, before);
    if (!is_cased(characters_next(&at, end)))
        return false;
    return behind == end || !is_cased(characters_next(&behind, end));
}

static size_t map_upper(char *to, struct slice text)
{
    const char *p = text.ptr, *end = p + text.len;
    char *start = to;

    while (p < end)
        to += characters_upper(to, characters_next(&p, end));
    return (size_t)(to - start);
}

static size_t map_lower(char *to, struct slice text)
{
    const char *p = text.ptr, *end = p + text.len;
    char *start = to;

    while (p < end) {
        const char *at = p;
        uint32_t code = characters_next(&p, end);

        if (code == SIGMA)
            to += characters_put(to, ends_word(text, at, p) ? FINAL_SIGMA : SMALL_SIGMA);
        else
            to += characters_lower(to, code);
    }
    return (size_t)(to - start);
}

static enum err change_case(struct call *c, char first, char last, size_t (*map)(char *to, struct slice text),
                            struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        bool plain = characters_ascii(text);
        size_t len = text.len;
        enum err rc;
        char *to;

        if ((rc = room(c, plain ? len : (uint64_t)len * CHARACTERS_CASE_MAX, &to, e)) != OK)
            return rc;
        if (plain)
            map_ascii(to, text, first, last);
        else
            len = map(to, text);
        if (!put(c, i, to, len))
            return kit_no_text(e);
    }
    return OK;
}

static enum err upper(struct call *c, struct error *e)
{
    return change_case(c, 'a', 'z', map_upper, e);
}

static enum err lower(struct call *c, struct error *e)
{
    return change_case(c, 'A', 'Z', map_lower, e);
}

/* Only ASCII letters and digits make words, as in Flink. */
static enum err initcap(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        bool in_word = false;
        enum err rc;
        char *to;

        if ((rc = room(c, text.len, &to, e)) != OK)
            return rc;
        for (size_t k = 0; k < text.len; k++) {
            char byte = text.ptr[k];
            bool small = byte >= 'a' && byte <= 'z', capital = byte >= 'A' && byte <= 'Z';

            to[k] = (char)(byte ^ ((in_word ? capital : small) << 5));
            in_word = small || capital || (byte >= '0' && byte <= '9');
        }
        if (!put(c, i, to, text.len))
            return kit_no_text(e);
    }
    return OK;
}

/* --- joining */

static enum err concat(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        uint64_t len = 0;
        size_t at = 0;
        enum err rc;
        char *to;

        for (int32_t k = 0; k < c->arg_count; k++)
            len += arg_slice(&c->args[k], i).len;
        if ((rc = room(c, len, &to, e)) != OK)
            return rc;
        for (int32_t k = 0; k < c->arg_count; k++) {
            struct slice part = arg_slice(&c->args[k], i);

            if (part.len)
                memcpy(to + at, part.ptr, part.len);
            at += part.len;
        }
        if (!put(c, i, to, at))
            return kit_no_text(e);
    }
    return OK;
}

static enum err join_row(struct call *c, int32_t row, struct slice between, struct error *e)
{
    uint64_t len = 0;
    size_t at = 0;
    enum err rc;
    bool first = true;
    char *to;

    for (int32_t k = 1; k < c->arg_count; k++)
        if (arg_valid(&c->args[k], row))
            len += arg_slice(&c->args[k], row).len + between.len;
    if ((rc = room(c, len, &to, e)) != OK)
        return rc;
    for (int32_t k = 1; k < c->arg_count; k++) {
        if (!arg_valid(&c->args[k], row))
            continue;
        at = kit_join(to, at, between, arg_slice(&c->args[k], row), first);
        first = false;
    }
    return put(c, row, to, at) ? OK : kit_no_text(e);
}

static enum err concat_ws(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        enum err rc;

        if (!arg_valid(&c->args[0], i)) {
            if (!call_null(c, i))
                return kit_no_text(e);
            continue;
        }
        if ((rc = join_row(c, i, arg_slice(&c->args[0], i), e)) != OK)
            return rc;
    }
    return OK;
}

/* NULL separators give NULL; NULL parts are left out, so they do not make the result nullable. */
static enum err concat_ws_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_resolve(r, e);

    bool nullable = false;

    for (int32_t i = 0; i < r->arg_count; i++)
        nullable |= kit_nullable(r->args[i]->type); /* as Flink has it, though only the separator's matters */
    if (rc == OK)
        r->result = type_simple(TYPE_STRING, nullable);
    return rc;
}

/* --- repeating, reversing, replacing */

static enum err repeat(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        int64_t times = arg_i64(&c->args[1], i);
        enum err rc;
        char *to;

        times = text.len == 0 || times < 0 ? 0 : MIN(times, (int64_t)INT32_MAX + 1);
        if ((rc = room(c, text.len * (uint64_t)times, &to, e)) != OK)
            return rc;
        for (int64_t k = 0; k < times; k++)
            memcpy(to + (size_t)k * text.len, text.ptr, text.len);
        if (!put(c, i, to, text.len * (size_t)times))
            return kit_no_text(e);
    }
    return OK;
}

static enum err reverse(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        const char *p = text.ptr, *end = p + text.len;
        enum err rc;
        char *to;

        if ((rc = room(c, text.len, &to, e)) != OK)
            return rc;
        for (size_t left = text.len; p < end;) {
            size_t size = characters_size(p, end);

            left -= size;
            memcpy(to + left, p, size);
            p += size;
        }
        if (!put(c, i, to, text.len))
            return kit_no_text(e);
    }
    return OK;
}

/* Between all characters and at both ends: what replacing the empty text means. */
static size_t put_between(char *to, struct slice text, struct slice by)
{
    const char *p = text.ptr, *end = p + text.len;
    size_t at = 0;

    for (;;) {
        size_t size = p < end ? characters_size(p, end) : 0;

        if (by.len)
            memcpy(to + at, by.ptr, by.len);
        at += by.len;
        if (size == 0)
            return at;
        memcpy(to + at, p, size);
        at += size;
        p += size;
    }
}

static size_t put_replaced(char *to, struct slice text, struct slice old, struct slice by)
{
    size_t from = 0, at = 0;

    for (int64_t hit; (hit = characters_find(text, old, from)) >= 0; from = (size_t)hit + old.len) {
        memcpy(to + at, text.ptr + from, (size_t)hit - from);
        at += (size_t)hit - from;
        if (by.len)
            memcpy(to + at, by.ptr, by.len);
        at += by.len;
    }
    memcpy(to + at, text.ptr + from, text.len - from);
    return at + text.len - from;
}

static enum err replace_row(struct call *c, int32_t row, struct error *e)
{
    struct slice text = arg_slice(&c->args[0], row), old = arg_slice(&c->args[1], row);
    struct slice by = arg_slice(&c->args[2], row);
    uint64_t hits = 0, len;
    enum err rc;
    char *to;

    if (old.len == 0)
        hits = (uint64_t)characters_count(text) + 1;
    else
        for (int64_t at = 0; (at = characters_find(text, old, (size_t)at)) >= 0; at += (int64_t)old.len)
            hits++;
    if (hits == 0)
        return call_put(c, row, text) ? OK : kit_no_text(e);
    len = text.len + hits * by.len - hits * old.len;
    if ((rc = room(c, len, &to, e)) != OK)
        return rc;
    if (old.len == 0)
        put_between(to, text, by);
    else
        put_replaced(to, text, old, by);
    return put(c, row, to, (size_t)len) ? OK : kit_no_text(e);
}

static enum err replace(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        enum err rc = replace_row(c, i, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

/* --- TRANSLATE: character by character */

static uint32_t nth_character(struct slice text, int64_t n)
{
    const char *p = text.ptr + characters_offset(text, n), *end = text.ptr + text.len;

    return p < end ? characters_next(&p, end) : UINT32_MAX;
}

/* What code becomes; UINT32_MAX: it is left out. */
static uint32_t translated(uint32_t code, struct slice from, struct slice into)
{
    const char *p = from.ptr, *end = p + from.len;

    for (int64_t n = 0; p < end; n++)
        if (characters_next(&p, end) == code)
            return nth_character(into, n);
    return code;
}

static enum err translate(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i), from = arg_slice(&c->args[1], i);
        struct slice into = arg_slice(&c->args[2], i);
        const char *p = text.ptr, *end = p + text.len;
        size_t len = 0;
        enum err rc;
        char *to;

        if ((rc = room(c, (uint64_t)text.len * CHARACTERS_MAX, &to, e)) != OK)
            return rc;
        while (p < end) {
            uint32_t code = translated(characters_next(&p, end), from, into);

            len += code == UINT32_MAX ? 0 : characters_put(to + len, code);
        }
        if (!put(c, i, to, len))
            return kit_no_text(e);
    }
    return OK;
}

/* --- STARTSWITH, ENDSWITH, ELT: texts or bytes alike */

static enum err starts_with(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    c->out->u8[i] = slice_starts(arg_slice(&c->args[0], i), arg_slice(&c->args[1], i));
    return OK;
}

static enum err ends_with(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    c->out->u8[i] = slice_ends(arg_slice(&c->args[0], i), arg_slice(&c->args[1], i));
    return OK;
}

static bool both_kinds(const struct resolution *r, int32_t first)
{
    bool text = false, bytes = false;

    for (int32_t i = first; i < r->arg_count; i++) {
        const struct type *t = kit_arg_type(r, i);

        text |= t && t->kind == TYPE_STRING;
        bytes |= t && t->kind != TYPE_STRING;
    }
    return text && bytes;
}

static enum err with_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_resolve(r, e);

    return rc == OK && both_kinds(r, 0) ? kit_refuse(e) : rc;
}

static enum err elt(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        int64_t n = arg_valid(&c->args[0], i) ? arg_i64(&c->args[0], i) : 0;
        bool there = n >= 1 && n < c->arg_count && arg_valid(&c->args[n], i);

        if (there ? !call_put(c, i, arg_slice(&c->args[n], i)) : !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

static enum err elt_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_resolve(r, e);

    if (rc != OK)
        return rc;
    if (both_kinds(r, 1))
        return kit_refuse(e);
    for (int32_t i = 1; i < r->arg_count; i++)
        if (kit_arg_type(r, i) && kit_arg_type(r, i)->kind != TYPE_STRING) {
            r->result = type_simple(TYPE_BINARY, true);
            for (int32_t k = 1; k < r->arg_count; k++)
                r->want[k] = kit_arg_type(r, k) ? NULL : r->result;
        }
    return OK;
}

#define TEXT(name_, usage_, doc_, least_, most_, signature_, kernel_)                                        \
    {                                                                                                        \
        .name = name_, .group = GROUP_STRING, .usage = usage_, .doc = doc_, .least = least_, .most = most_,  \
        .flags = FN_STRICT, .resolve = kit_resolve, .signature = signature_,                                 \
        .simple = &(const struct variant){.kernel = kernel_},                                                \
    }

const struct function functions_string[] = {
    {"||", GROUP_STRING, "string || string", "The two texts one after the other.", 2, 2,
     FN_STRICT | FN_HIDDEN, kit_resolve, "ss>s", &(const struct variant){.kernel = concat}},
    TEXT("CONCAT", "CONCAT(string, ...)", "The texts one after the other; NULL when one of them is.", 1, -1,
         "s*>s", concat),
    {"CONCAT_WS", GROUP_STRING, "CONCAT_WS(separator, string, ...)",
     "The texts that are not NULL, with the separator between them; NULL only when the separator is.", 1, -1,
     0, concat_ws_types, "ss*>s?", &(const struct variant){.kernel = concat_ws}},
    TEXT("CHAR_LENGTH", "CHAR_LENGTH(string)", "The number of characters in a text.", 1, 1, "s>i",
         char_length),
    TEXT("CHARACTER_LENGTH", "CHARACTER_LENGTH(string)", "The same as CHAR_LENGTH.", 1, 1, "s>i",
         char_length),
    TEXT("UPPER", "UPPER(string)", "The text in capital letters.", 1, 1, "s>s", upper),
    TEXT("LOWER", "LOWER(string)", "The text in small letters.", 1, 1, "s>s", lower),
    TEXT("INITCAP", "INITCAP(string)",
         "The text with a capital at the start of each word and small letters in it (a to z only).", 1, 1,
         "s>s", initcap),
    TEXT("REPEAT", "REPEAT(string, times)", "The text as many times as told; empty when that is 0 or less.",
         2, 2, "si>s", repeat),
    TEXT("REVERSE", "REVERSE(string)", "The characters in the opposite order.", 1, 1, "s>s?", reverse),
    TEXT("REPLACE", "REPLACE(string, old, new)", "The text with every old part replaced by the new one.", 3,
         3, "sss>s", replace),
    TEXT("TRANSLATE", "TRANSLATE(string, from, to)",
         "Each character that occurs in from becomes the one at the same place in to, or goes when to is "
         "shorter.",
         3, 3, "sss>s", translate),
    TEXT("ASCII", "ASCII(string)", "The first byte of the text as a number, 0 for an empty text.", 1, 1,
         "s>i", ascii),
    TEXT("CHR", "CHR(integer)",
         "The character with that number modulo 256; an empty text for a negative number.", 1, 1, "i>s?",
         chr),
    {"STARTSWITH", GROUP_STRING, "STARTSWITH(value, start)",
     "Whether the text (or bytes) begins with the other; an empty one begins each.", 2, 2, FN_STRICT,
     with_types, "xx>o", &(const struct variant){.kernel = starts_with}},
    {"ENDSWITH", GROUP_STRING, "ENDSWITH(value, end)",
     "Whether the text (or bytes) ends with the other; an empty one ends each.", 2, 2, FN_STRICT, with_types,
     "xx>o", &(const struct variant){.kernel = ends_with}},
    {"ELT", GROUP_STRING, "ELT(index, value, ...)",
     "The value with that number, from 1; NULL when there is none.", 2, -1, 0, elt_types, "ix*>s?",
     &(const struct variant){.kernel = elt}},
    {NULL},
};
