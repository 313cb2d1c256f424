/* base64.c: see base64.h. Three bytes are four digits of six bits. */
#include "base/base64.h"

size_t base64_write(struct slice bytes, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *)bytes.ptr;

    for (size_t left = bytes.len; left; left -= MIN(left, 3), p += 3, to += 4) {
        uint32_t three = (uint32_t)p[0] << 16;

        three |= left > 1 ? (uint32_t)p[1] << 8 : 0;
        three |= left > 2 ? p[2] : 0u;
        to[0] = digits[three >> 18];
        to[1] = digits[three >> 12 & 63];
        to[2] = left > 1 ? digits[three >> 6 & 63] : '=';
        to[3] = left > 2 ? digits[three & 63] : '=';
    }
    return BASE64_TEXT(bytes.len);
}

/* -1: not a digit. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(struct slice text, char *to, size_t *len)
{
    size_t digits = text.len, at = 0;
    uint32_t bits = 0;

    while (digits && text.ptr[digits - 1] == '=')
        digits--;
    if (digits % 4 == 1 || (digits != text.len && (text.len % 4 || text.len - digits > 2)))
        return false;
    for (size_t i = 0; i < digits; i++) {
        int value = value_of(text.ptr[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4) /* the first digit alone fills no byte */
            to[at++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
    }
    *len = at;
    return true;
}

void base64_encode(struct slice bytes, struct bytes *out)
{
    char *to = bytes_reserve(out, BASE64_TEXT(bytes.len));

    if (to)
        out->len += base64_write(bytes, to);
}

bool base64_decode(struct slice text, struct bytes *out)
{
    char *to = bytes_reserve(out, BASE64_BYTES(text.len));
    size_t len = 0;

    if (to == NULL)
        return true; /* out says what is wrong */
    if (!base64_read(text, to, &len))
        return false;
    out->len += len;
    return true;
}
