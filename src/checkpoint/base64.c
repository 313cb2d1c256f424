/* base64.c: see base64.h. */
#include "checkpoint/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct bytes *out, struct slice bytes)
{
    const uint8_t *in = (const uint8_t *)bytes.ptr;
    size_t len = (bytes.len + 2) / 3 * 4;
    char *to = bytes_reserve(out, MAX(len, 1));

    if (to == NULL)
        return;
    for (size_t i = 0; i < bytes.len; i += 3, to += 4) {
        size_t left = bytes.len - i;
        uint32_t word = (uint32_t)in[i] << 16;

        word |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        word |= left > 2 ? in[i + 2] : 0u;
        to[0] = digits[word >> 18];
        to[1] = digits[word >> 12 & 63];
        to[2] = left > 1 ? digits[word >> 6 & 63] : '=';
        to[3] = left > 2 ? digits[word & 63] : '=';
    }
    out->len += len;
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

bool base64_decode(struct arena *arena, struct slice text, struct slice *out)
{
    size_t padding = 0, len;
    uint8_t *to;

    *out = (struct slice){0};
    if (text.len % 4 != 0)
        return false;
    if (text.len == 0)
        return true;
    while (padding < 2 && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    len = text.len / 4 * 3 - padding;
    if ((to = arena_alloc(arena, len + 2)) == NULL) /* the last group is written whole */
        return false;
    *out = slice_of(to, len);
    for (size_t i = 0; i < text.len; i += 4, to += 3) {
        uint32_t word = 0;

        for (size_t j = i; j < i + 4; j++) {
            int value = j >= text.len - padding ? 0 : value_of(text.ptr[j]);

            if (value < 0)
                return false;
            word = word << 6 | (uint32_t)value;
        }
        to[0] = (uint8_t)(word >> 16);
        to[1] = (uint8_t)(word >> 8);
        to[2] = (uint8_t)word;
    }
    return true;
}
