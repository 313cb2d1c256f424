/* json_document.c: a reader that goes down with the document, at most DEPTH_MAX deep. */
#include "expr/json_document.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/number_text.h"
#include "expr/characters.h"

#define DEPTH_MAX 1000

struct reading {
    struct json_document *d;
    const char *at, *end;
    int depth;
};

void json_document_fini(struct json_document *d)
{
    mem_free(d->nodes);
    *d = (struct json_document){0};
}

static void blanks(struct reading *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool byte(struct reading *r, char wanted)
{
    if (r->at == r->end || *r->at != wanted)
        return false;
    r->at++;
    return true;
}

static bool hex_digits(const char *p, const char *end, uint32_t *out)
{
    *out = 0;
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static bool string(struct reading *r, struct slice *out, bool *escaped)
{
    const char *begin;
    uint32_t code;

    if (!byte(r, '"'))
        return false;
    begin = r->at;
    *escaped = false;
    for (; r->at < r->end && *r->at != '"'; r->at++) {
        if ((uint8_t)*r->at < 0x20)
            return false;
        if (*r->at != '\\')
            continue;
        *escaped = true;
        if (++r->at == r->end)
            return false;
        if (*r->at == 'u') {
            if (!hex_digits(r->at + 1, r->end, &code))
                return false;
            r->at += 4;
        } else if (*r->at == '\0' || strchr("\"\\/bfnrt", *r->at) == NULL) {
            return false;
        }
    }
    *out = slice_of(begin, (size_t)(r->at - begin));
    return byte(r, '"');
}

static size_t digits(struct reading *r)
{
    const char *begin = r->at;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return (size_t)(r->at - begin);
}

static bool number(struct reading *r, struct slice *out)
{
    const char *begin = r->at;

    byte(r, '-');
    if (!byte(r, '0') && digits(r) == 0)
        return false;
    if (byte(r, '.') && digits(r) == 0)
        return false;
    if (byte(r, 'e') || byte(r, 'E')) {
        if (!byte(r, '+'))
            byte(r, '-');
        if (digits(r) == 0)
            return false;
    }
    *out = slice_of(begin, (size_t)(r->at - begin));
    return true;
}

static bool word(struct reading *r, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
        return false;
    r->at += len;
    return true;
}

static bool value(struct reading *r, struct slice key, bool key_escaped);

static bool members(struct reading *r, bool object)
{
    char close = object ? '}' : ']';

    blanks(r);
    if (byte(r, close))
        return true;
    for (;;) {
        struct slice key = {0};
        bool escaped = false;

        blanks(r);
        if (object) {
            if (!string(r, &key, &escaped))
                return false;
            blanks(r);
            if (!byte(r, ':'))
                return false;
        }
        if (!value(r, key, escaped))
            return false;
        blanks(r);
        if (byte(r, close))
            return true;
        if (!byte(r, ','))
            return false;
    }
}

static bool value(struct reading *r, struct slice key, bool key_escaped)
{
    struct json_document *d = r->d;
    size_t n = d->count;
    struct json_node node = {.key = key, .key_escaped = key_escaped};
    bool good = true;

    if (!MEM_GROW(d->nodes, d->count, d->capacity)) {
        d->failed = true;
        return false;
    }
    d->count++;
    blanks(r);
    switch (r->at < r->end ? *r->at : '\0') {
    case '{':
    case '[':
        node.kind = *r->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
        good = ++r->depth <= DEPTH_MAX && members(r, node.kind == JSON_OBJECT);
        r->depth--;
        break;
    case '"':
        node.kind = JSON_STRING;
        good = string(r, &node.text, &node.escaped);
        break;
    case 't':
        node.kind = JSON_TRUE;
        good = word(r, "true");
        break;
    case 'f':
        node.kind = JSON_FALSE;
        good = word(r, "false");
        break;
    case 'n':
        good = word(r, "null");
        break;
    default:
        node.kind = JSON_NUMBER;
        good = number(r, &node.text);
    }
    node.next = (int32_t)d->count;
    d->nodes[n] = node;
    return good && d->count < INT32_MAX;
}

bool json_document_read(struct json_document *d, struct slice text)
{
    const char *begin = text.len ? text.ptr : "";
    struct reading r = {.d = d, .at = begin, .end = begin + text.len};

    d->count = 0;
    d->failed = false;
    if (!value(&r, (struct slice){0}, false))
        return false;
    blanks(&r);
    return r.at == r.end;
}

/* --- texts */

static void put_code(struct bytes *out, uint32_t code)
{
    char text[CHARACTERS_MAX];

    bytes_append(out, text, characters_put(text, code));
}

/* The escape behind the backslash at p; returns where it ends. */
static const char *unescape_one(const char *p, const char *end, struct bytes *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *hit;
    uint32_t code, low;

    if (*p != 'u') {
        hit = strchr(from, *p);
        bytes_u8(out, (uint8_t)(hit ? to[hit - from] : *p));
        return p + 1;
    }
    if (!hex_digits(p + 1, end, &code))
        return end;
    p += 5;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        hex_digits(p + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
        p += 6;
    }
    put_code(out, code >= 0xd800 && code < 0xe000 ? '?' : code); /* half a pair: as Java writes it in UTF-8 */
    return p;
}

void json_document_unescape(struct slice text, struct bytes *out)
{
    const char *p = text.ptr, *end = p + text.len;

    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));

        bytes_append(out, p, (size_t)((slash ? slash : end) - p));
        p = slash && slash + 1 < end ? unescape_one(slash + 1, end, out) : end;
    }
}

void json_document_quote(struct slice text, struct bytes *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";

    bytes_u8(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *hit = c ? strchr(from, c) : NULL;

        if (hit) {
            bytes_u8(out, '\\');
            bytes_u8(out, (uint8_t)to[hit - from]);
        } else if ((uint8_t)c < 0x20) {
            bytes_printf(out, "\\u%04X", (unsigned)c);
        } else {
            bytes_u8(out, (uint8_t)c);
        }
    }
    bytes_u8(out, '"');
}

bool json_document_is_integer(struct slice s)
{
    return s.len && !memchr(s.ptr, '.', s.len) && !memchr(s.ptr, 'e', s.len) && !memchr(s.ptr, 'E', s.len);
}

void json_document_number(struct slice s, struct bytes *out)
{
    char text[NUMBER_TEXT_MAX];
    double v;

    if (json_document_is_integer(s))
        bytes_slice(out, slice_is(s, "-0") ? SLICE("0") : s);
    else if (number_parse_double(s, &v) == NULL)
        bytes_append(out, text, number_format_double(v, text));
}

bool json_document_key_is(const struct json_node *n, struct slice name)
{
    struct bytes plain = {0};
    bool same;

    if (!n->key_escaped)
        return slice_equal(n->key, name);
    json_document_unescape(n->key, &plain);
    same = slice_equal(bytes_all(&plain), name);
    bytes_fini(&plain);
    return same;
}

static void write_string(struct slice text, bool escaped, struct bytes *out)
{
    struct bytes plain = {0};

    if (!escaped) {
        json_document_quote(text, out);
        return;
    }
    json_document_unescape(text, &plain);
    out->failed |= plain.failed;
    json_document_quote(bytes_all(&plain), out);
    bytes_fini(&plain);
}

/* Of members with the same key the last counts. */
static bool comes_again(const struct json_document *d, int32_t node, int32_t end)
{
    const struct json_node *n = &d->nodes[node];

    for (int32_t k = n->next; k < end; k = d->nodes[k].next)
        if (slice_equal(d->nodes[k].key, n->key))
            return true;
    return false;
}

void json_document_write(const struct json_document *d, int32_t node, struct bytes *out)
{
    static const char *const words[] = {"null", "true", "false"};
    const struct json_node *n = &d->nodes[node];
    bool first = true;

    if (n->kind <= JSON_FALSE) {
        bytes_text(out, words[n->kind]);
        return;
    }
    if (n->kind == JSON_NUMBER) {
        json_document_number(n->text, out);
        return;
    }
    if (n->kind == JSON_STRING) {
        write_string(n->text, n->escaped, out);
        return;
    }
    bytes_u8(out, n->kind == JSON_OBJECT ? '{' : '[');
    for (int32_t k = node + 1; k < n->next; k = d->nodes[k].next) {
        if (n->kind == JSON_OBJECT && comes_again(d, k, n->next))
            continue;
        if (!first)
            bytes_u8(out, ',');
        first = false;
        if (n->kind == JSON_OBJECT) {
            write_string(d->nodes[k].key, d->nodes[k].key_escaped, out);
            bytes_u8(out, ':');
        }
        json_document_write(d, k, out);
    }
    bytes_u8(out, n->kind == JSON_OBJECT ? '}' : ']');
}
