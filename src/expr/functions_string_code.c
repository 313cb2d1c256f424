/* functions_string_code.c: texts written another way: base64, hexadecimal digits, character sets, URLs. */
#include "base/base64.h"
#include "base/hex.h"
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/kit.h"
#include "expr/url.h"

/* --- base64 */

static enum err to_base64(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        char *to = text.len > INT32_MAX / 2 ? NULL : kit_text(c, BASE64_TEXT(text.len));

        if (to == NULL || !call_put(c, i, slice_of(to, base64_write(text, to))))
            return kit_no_text(e);
    }
    return OK;
}

static enum err from_base64(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        char *to = kit_text(c, BASE64_BYTES(text.len));
        size_t len;

        if (to == NULL)
            return kit_no_text(e);
        if (!base64_read(text, to, &len))
            return call_fail(c, e, "FROM_BASE64 cannot read '%.*s': it is not base64",
                             (int)MIN(text.len, 100), text.ptr);
        if (!call_put(c, i, slice_of(to, len)))
            return kit_no_text(e);
    }
    return OK;
}

/* --- UNHEX */

/* An odd number of digits has a 0 in front. */
static bool take_hex(struct slice from, char *to)
{
    size_t at = 0;

    for (size_t i = 0; i < from.len; i++) {
        int value = hex_value(from.ptr[i]);

        if (value < 0)
            return false;
        if ((from.len - i) % 2 == 0)
            to[at] = (char)(value << 4);
        else if (i == 0)
            to[at++] = (char)value;
        else
            to[at++] |= (char)value;
    }
    return true;
}

static enum err unhex(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        char *to = kit_text(c, (text.len + 1) / 2);

        if (to == NULL ||
            (take_hex(text, to) ? !call_put(c, i, slice_of(to, (text.len + 1) / 2)) : !call_null(c, i)))
            return kit_no_text(e);
    }
    return OK;
}

/* --- ENCODE, DECODE */

enum charset { CHARSET_UTF8, CHARSET_ASCII, CHARSET_LATIN1, CHARSET_UTF16, CHARSET_UTF16BE, CHARSET_UTF16LE };

static const struct {
    const char *name;
    enum charset set;
} charsets[] = {{"UTF-8", CHARSET_UTF8},       {"UTF8", CHARSET_UTF8},         {"US-ASCII", CHARSET_ASCII},
                {"ASCII", CHARSET_ASCII},      {"ISO-8859-1", CHARSET_LATIN1}, {"ISO8859_1", CHARSET_LATIN1},
                {"LATIN1", CHARSET_LATIN1},    {"UTF-16", CHARSET_UTF16},      {"UTF16", CHARSET_UTF16},
                {"UTF-16BE", CHARSET_UTF16BE}, {"UTF-16LE", CHARSET_UTF16LE}};

static enum err charset_of(struct call *c, int32_t row, enum charset *out, struct error *e)
{
    struct slice name = arg_slice(&c->args[1], row);

    for (size_t i = 0; i < COUNT_OF(charsets); i++)
        if (kit_word(name, &charsets[i].name, 1) == 0) {
            *out = charsets[i].set;
            return OK;
        }
    return call_fail(c, e,
                     "there is no character set '" SLICE_FMT
                     "'; there are UTF-8, US-ASCII, ISO-8859-1, UTF-16, "
                     "UTF-16BE and UTF-16LE",
                     SLICE_ARG(name));
}

static size_t put_unit(char *to, uint32_t unit, bool little)
{
    to[little] = (char)(unit >> 8);
    to[!little] = (char)unit;
    return 2;
}

static size_t put_utf16(char *to, uint32_t code, bool little)
{
    if (code < 0x10000)
        return put_unit(to, code, little);
    code -= 0x10000;
    put_unit(to, 0xd800 | code >> 10, little);
    put_unit(to + 2, 0xdc00 | (code & 0x3ff), little);
    return 4;
}

/* What cannot be said in the set becomes a question mark. At most 4 bytes for one, and 2 more. */
static size_t encode_text(char *to, struct slice text, enum charset set)
{
    const char *p = text.ptr, *end = p + text.len;
    uint32_t limit = set == CHARSET_ASCII ? 0x80 : 0x100;
    size_t at = set == CHARSET_UTF16 && text.len ? put_unit(to, 0xfeff, false) : 0;

    while (p < end) {
        uint32_t code = characters_next(&p, end);

        if (set >= CHARSET_UTF16)
            at += put_utf16(to + at, code, set == CHARSET_UTF16LE);
        else
            to[at++] = (char)(code < limit ? code : '?');
    }
    return at;
}

static enum err encode(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        enum charset set;
        enum err rc;
        char *to;

        if ((rc = charset_of(c, i, &set, e)) != OK)
            return rc;
        if (set == CHARSET_UTF8) {
            if (!call_put(c, i, text))
                return kit_no_text(e);
            continue;
        }
        to = text.len > INT32_MAX / 8 ? NULL : kit_text(c, text.len * 4 + 2);
        if (to == NULL || !call_put(c, i, slice_of(to, encode_text(to, text, set))))
            return kit_no_text(e);
    }
    return OK;
}

#define REPLACEMENT 0xfffd

static uint32_t take_unit(const char *p, bool little)
{
    return (uint32_t)(uint8_t)p[little] << 8 | (uint8_t)p[!little];
}

static size_t decode_utf16(char *to, struct slice from, bool little, bool marked)
{
    size_t at = 0, len = 0;

    if (marked && from.len >= 2 &&
        (take_unit(from.ptr, false) == 0xfeff || take_unit(from.ptr, true) == 0xfeff)) {
        little = take_unit(from.ptr, true) == 0xfeff;
        at = 2;
    }
    while (at + 2 <= from.len) {
        uint32_t unit = take_unit(from.ptr + at, little), next;

        at += 2;
        if (unit >= 0xd800 && unit < 0xe000) {
            next = unit < 0xdc00 && at + 2 <= from.len ? take_unit(from.ptr + at, little) : 0;
            if (next >= 0xdc00 && next < 0xe000) {
                unit = 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff));
                at += 2;
            } else {
                unit = REPLACEMENT;
            }
        }
        len += characters_put(to + len, unit);
    }
    return at < from.len ? len + characters_put(to + len, REPLACEMENT) : len;
}

static size_t decode_bytes(char *to, struct slice from, enum charset set)
{
    const char *p = from.ptr, *end = p + from.len;
    size_t len = 0;

    if (set >= CHARSET_UTF16)
        return decode_utf16(to, from, set == CHARSET_UTF16LE, set == CHARSET_UTF16);
    while (p < end) {
        uint32_t code;

        if (set == CHARSET_UTF8)
            code = characters_next(&p, end);
        else if ((code = (uint8_t)*p++) >= 0x80 && set == CHARSET_ASCII)
            code = REPLACEMENT;
        len += characters_put(to + len, code);
    }
    return len;
}

static enum err decode(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice bytes = arg_slice(&c->args[0], i);
        enum charset set;
        enum err rc;
        char *to;

        if ((rc = charset_of(c, i, &set, e)) != OK)
            return rc;
        to = bytes.len > INT32_MAX / 4 ? NULL : kit_text(c, bytes.len * 3 + 3); /* U+FFFD has 3 bytes */
        if (to == NULL || !call_put(c, i, slice_of(to, decode_bytes(to, bytes, set))))
            return kit_no_text(e);
    }
    return OK;
}

/* --- URLs */

static enum err parse_url(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice part = arg_slice(&c->args[1], i), found = {0};
        struct url url;
        bool there = url_parse(arg_slice(&c->args[0], i), &url) && url_part(&url, part, &found);

        if (there && c->arg_count > 2)
            there = slice_is(part, "QUERY") && url_query_value(found, arg_slice(&c->args[2], i), &found);
        if (there && slice_is(part, "PROTOCOL")) {
            char *to = kit_text(c, found.len);

            if (to == NULL)
                return kit_no_text(e);
            for (size_t k = 0; k < found.len; k++)
                to[k] = (char)characters_simple_lower((uint8_t)found.ptr[k]);
            found.ptr = to;
        }
        if (there ? !call_put(c, i, found) : !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

static enum err url_encode(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        char *to = text.len > INT32_MAX / 3 ? NULL : kit_text(c, text.len * 3);

        if (to == NULL || !call_put(c, i, slice_of(to, url_escape(to, text))))
            return kit_no_text(e);
    }
    return OK;
}

static enum err url_decode(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        char *to = kit_text(c, text.len);
        size_t len;

        if (to == NULL ||
            (url_unescape(to, text, &len) ? !call_put(c, i, slice_of(to, len)) : !call_null(c, i)))
            return kit_no_text(e);
    }
    return OK;
}

#define CODE(name_, usage_, doc_, least_, most_, flags_, signature_, kernel_)                                \
    {                                                                                                        \
        .name = name_, .group = GROUP_STRING, .usage = usage_, .doc = doc_, .least = least_, .most = most_,  \
        .flags = FN_STRICT | (flags_), .resolve = kit_resolve, .signature = signature_,                      \
        .simple = &(const struct variant){.kernel = kernel_},                                                \
    }

const struct function functions_string_code[] = {
    CODE("TO_BASE64", "TO_BASE64(value)", "The bytes of a text (or bytes) in base64.", 1, 1, 0, "x>s",
         to_base64),
    CODE("FROM_BASE64", "FROM_BASE64(string)", "The text that was written in base64; fails when it was not.",
         1, 1, FN_FAILS, "x>s", from_base64),
    CODE("UNHEX", "UNHEX(string)", "The bytes that hexadecimal digits stand for; NULL when there are others.",
         1, 1, 0, "s>y?", unhex),
    CODE("ENCODE", "ENCODE(string, charset)",
         "The text's bytes in a character set: UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE or UTF-16LE.", 2,
         2, FN_FAILS, "ss>y?", encode),
    CODE("DECODE", "DECODE(bytes, charset)",
         "The text that these bytes are in that character set (see ENCODE).", 2, 2, FN_FAILS, "ys>s?",
         decode),
    CODE("PARSE_URL", "PARSE_URL(url, part [, key])",
         "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO; with a key, the "
         "value of "
         "that parameter of QUERY; NULL when there is none.",
         2, 3, 0, "ss[s>s?", parse_url),
    CODE("URL_ENCODE", "URL_ENCODE(string)", "The text as a web form sends it: `a b&c` becomes `a+b%26c`.", 1,
         1, 0, "s>s?", url_encode),
    CODE("URL_DECODE", "URL_DECODE(string)", "What URL_ENCODE wrote; NULL when it cannot have.", 1, 1, 0,
         "s>s?", url_decode),
    {NULL},
};
