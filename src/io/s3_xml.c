/* s3_xml.c: see s3_xml.h. */
#include "io/s3_xml.h"

/* The next `<name ...>` of *rest, which then begins behind it. */
static bool open_tag(struct slice *rest, const char *name, bool *out_empty)
{
    size_t name_len = strlen(name);
    const char *at;

    while (rest->len > 0 && (at = memchr(rest->ptr, '<', rest->len)) != NULL) {
        *rest = slice_from(*rest, (size_t)(at - rest->ptr) + 1);
        if (rest->len <= name_len || memcmp(rest->ptr, name, name_len) != 0 ||
            memchr(" \t\r\n/>", rest->ptr[name_len], 6) == NULL)
            continue;
        const char *end = memchr(rest->ptr, '>', rest->len);
        if (end == NULL)
            return false;
        *out_empty = end[-1] == '/';
        *rest = slice_from(*rest, (size_t)(end - rest->ptr) + 1);
        return true;
    }
    return false;
}

/* The next `</name>` of rest: where it begins and how long it is. */
static const char *close_tag(struct slice rest, const char *name, size_t *out_len)
{
    char tag[64];
    size_t len = strlen(name) + 3;

    assert(len < sizeof tag);
    memcpy(tag, "</", 2);
    memcpy(tag + 2, name, len - 3);
    tag[len - 1] = '>';
    *out_len = len;
    return rest.len ? memmem(rest.ptr, rest.len, tag, len) : NULL;
}

bool s3_xml_next(struct slice *rest, const char *name, struct slice *content)
{
    bool empty;
    size_t tag_len;

    if (!open_tag(rest, name, &empty))
        return false;
    *content = (struct slice){rest->ptr, 0};
    if (empty)
        return true;
    const char *end = close_tag(*rest, name, &tag_len);
    if (end == NULL)
        return false;
    content->len = (size_t)(end - rest->ptr);
    *rest = slice_from(*rest, content->len + tag_len);
    return true;
}

static void put_utf8(struct bytes *out, uint32_t point)
{
    if (point < 0x80) {
        bytes_u8(out, (uint8_t)point);
    } else if (point < 0x800) {
        bytes_u8(out, (uint8_t)(0xc0 | point >> 6));
        bytes_u8(out, (uint8_t)(0x80 | (point & 63)));
    } else if (point < 0x10000) {
        bytes_u8(out, (uint8_t)(0xe0 | point >> 12));
        bytes_u8(out, (uint8_t)(0x80 | (point >> 6 & 63)));
        bytes_u8(out, (uint8_t)(0x80 | (point & 63)));
    } else {
        bytes_u8(out, (uint8_t)(0xf0 | point >> 18));
        bytes_u8(out, (uint8_t)(0x80 | (point >> 12 & 63)));
        bytes_u8(out, (uint8_t)(0x80 | (point >> 6 & 63)));
        bytes_u8(out, (uint8_t)(0x80 | (point & 63)));
    }
}

/* `#65` or `#x41` of `&#65;`. */
static bool put_number_entity(struct bytes *out, struct slice name)
{
    bool hex = name.len > 1 && name.ptr[1] == 'x';
    uint32_t point = 0, base = hex ? 16 : 10;

    if (name.len < (hex ? 3u : 2u))
        return false;
    for (size_t i = hex ? 2 : 1; i < name.len; i++) {
        char c = (char)(name.ptr[i] | 0x20);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                                                : 99;

        if (digit >= base || (point = point * base + digit) > 0x10ffff)
            return false;
    }
    if (point == 0 || (point >= 0xd800 && point < 0xe000))
        return false;
    put_utf8(out, point);
    return true;
}

static bool put_entity(struct bytes *out, struct slice name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

    if (name.len > 0 && name.ptr[0] == '#')
        return put_number_entity(out, name);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (slice_is(name, known[i].name)) {
            bytes_u8(out, (uint8_t)known[i].c);
            return true;
        }
    }
    return false;
}

static bool unescape(struct bytes *out, struct slice raw)
{
    while (raw.len > 0) {
        const char *amp = memchr(raw.ptr, '&', raw.len);
        size_t plain = amp ? (size_t)(amp - raw.ptr) : raw.len;

        if (memchr(raw.ptr, '<', plain) != NULL)
            return false;
        bytes_append(out, raw.ptr, plain);
        raw = slice_from(raw, plain);
        if (amp == NULL)
            break;
        const char *end = memchr(raw.ptr, ';', MIN(raw.len, 12u));
        if (end == NULL || !put_entity(out, slice_of(raw.ptr + 1, (size_t)(end - raw.ptr) - 1)))
            return false;
        raw = slice_from(raw, (size_t)(end - raw.ptr) + 1);
    }
    return true;
}

bool s3_xml_text(struct slice xml, const char *name, struct bytes *out)
{
    struct slice raw;

    bytes_clear(out);
    return s3_xml_next(&xml, name, &raw) && unescape(out, raw);
}

int64_t s3_xml_number(struct slice xml, const char *name)
{
    struct slice raw;
    int64_t v = 0;

    if (!s3_xml_next(&xml, name, &raw) || raw.len == 0)
        return -1;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] < '0' || raw.ptr[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, raw.ptr[i] - '0', &v))
            return -1;
    }
    return v;
}

void s3_xml_escape(struct bytes *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '<':
            bytes_text(out, "&lt;");
            break;
        case '>':
            bytes_text(out, "&gt;");
            break;
        case '&':
            bytes_text(out, "&amp;");
            break;
        case '"':
            bytes_text(out, "&quot;");
            break;
        default:
            bytes_u8(out, (uint8_t)text.ptr[i]);
        }
    }
}
