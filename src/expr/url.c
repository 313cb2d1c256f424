/* url.c: cut from the outside in: blanks, protocol, reference, query, authority, path. */
#include "expr/url.h"
#include "base/hex.h"
#include <stdio.h>
#include <strings.h>

static int64_t find_byte(struct slice s, char byte)
{
    const char *hit = s.len ? memchr(s.ptr, byte, s.len) : NULL;

    return hit ? hit - s.ptr : -1;
}

/* What is before the byte; rest: what is behind it, no part when the byte is not there. */
static struct slice cut_at(struct slice s, char byte, struct slice *rest)
{
    int64_t at = find_byte(s, byte);

    *rest = at < 0 ? (struct slice){NULL, 0} : slice_from(s, (size_t)at + 1);
    return at < 0 ? s : slice_of(s.ptr, (size_t)at);
}

static bool known_protocol(struct slice name)
{
    static const char *const names[] = {"http", "https", "ftp", "file", "jar", "mailto"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strlen(names[i]) == name.len && strncasecmp(names[i], name.ptr, name.len) == 0)
            return true;
    return false;
}

static bool port_is_good(struct slice port)
{
    int64_t n = 0;

    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9' || (n = n * 10 + port.ptr[i] - '0') > INT32_MAX)
            return false;
    }
    return true;
}

/* [user info @] host [: port] */
static bool parse_authority(struct url *out)
{
    struct slice rest, port = {0}, behind;
    int64_t end;

    out->host = out->authority;
    cut_at(out->authority, '@', &rest);
    if (rest.ptr && find_byte(rest, '@') >= 0) { /* more than one: no host is to be seen */
        out->host = slice_of(rest.ptr, 0);
        return true;
    }
    if (rest.ptr) {
        out->user_info = slice_of(out->authority.ptr, out->authority.len - rest.len - 1);
        out->host = rest;
    }
    if (out->host.len && out->host.ptr[0] == '[') {
        if ((end = find_byte(out->host, ']')) < 0)
            return false;
        behind = slice_from(out->host, (size_t)end + 1);
        out->host.len = (size_t)end + 1;
        if (behind.len && behind.ptr[0] != ':')
            return false;
        if (behind.len)
            port = slice_from(behind, 1);
    } else {
        out->host = cut_at(out->host, ':', &port);
    }
    return port_is_good(port);
}

bool url_parse(struct slice text, struct url *out)
{
    struct slice s = slice_trim(text), rest;

    *out = (struct url){0};
    if (s.len >= 4 && strncasecmp(s.ptr, "url:", 4) == 0)
        s = slice_from(s, 4);
    out->protocol = cut_at(s, ':', &rest);
    if (rest.ptr == NULL || !known_protocol(out->protocol))
        return false;
    rest = cut_at(rest, '#', &out->ref);
    out->file = rest;
    out->path = rest;
    if (!slice_starts(rest, SLICE("//"))) {
        out->path = cut_at(rest, '?', &out->query);
        out->host = slice_of(rest.ptr, 0);
        return true;
    }
    rest = slice_from(rest, 2);
    out->path = cut_at(rest, '?', &out->query);
    out->authority = slice_of(rest.ptr, 0);
    while (out->authority.len < out->path.len && rest.ptr[out->authority.len] != '/')
        out->authority.len++;
    out->file = slice_from(rest, out->authority.len);
    out->path = slice_from(out->path, out->authority.len);
    return parse_authority(out);
}

bool url_part(const struct url *u, struct slice name, struct slice *out)
{
    const struct {
        const char *name;
        struct slice part;
    } parts[] = {{"HOST", u->host},           {"PATH", u->path},
                 {"QUERY", u->query},         {"REF", u->ref},
                 {"PROTOCOL", u->protocol},   {"FILE", u->file},
                 {"AUTHORITY", u->authority}, {"USERINFO", u->user_info}};

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (slice_is(name, parts[i].name)) {
            *out = parts[i].part;
            return out->ptr != NULL;
        }
    return false;
}

bool url_query_value(struct slice query, struct slice key, struct slice *out)
{
    for (struct slice rest = query; rest.ptr;) {
        struct slice pair = cut_at(rest, '&', &rest);

        if (pair.len > key.len && slice_starts(pair, key) && pair.ptr[key.len] == '=') {
            *out = slice_from(pair, key.len + 1);
            return true;
        }
    }
    return false;
}

static bool kept(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '-' || byte == '*' || byte == '_';
}

size_t url_escape(char *to, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];

        if (kept((char)byte)) {
            to[at++] = (char)byte;
        } else if (byte == ' ') {
            to[at++] = '+';
        } else {
            to[at++] = '%';
            to[at++] = digits[byte >> 4];
            to[at++] = digits[byte & 15];
        }
    }
    return at;
}

bool url_unescape(char *to, struct slice text, size_t *len)
{
    size_t at = 0;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (byte == '%') {
            int high = text.len - i < 3 ? -1 : hex_value(text.ptr[i + 1]);
            int low = text.len - i < 3 ? -1 : hex_value(text.ptr[i + 2]);

            if (high < 0 || low < 0)
                return false;
            byte = (char)(high << 4 | low);
            i += 2;
        } else if (byte == '+') {
            byte = ' ';
        }
        to[at++] = byte;
    }
    *len = at;
    return true;
}
