/* metrics_text.c: how names, label values and numbers are written in the Prometheus text format.
 * Whatever a job names its things, the text stays valid: a name has only the letters it may have, a value is
 * UTF-8.
 */
#include "metrics/metrics_registry.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

/* Bytes of the UTF-8 character at s; 0 when it is none. */
static size_t utf8_length(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < n; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0; /* also at the terminator */
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
        (u[0] == 0xf4 && u[1] > 0x8f))
        return 0; /* overlong, half of a surrogate pair, past the last character */
    return n;
}

void text_filtered(struct bytes *out, const char *value)
{
    for (size_t n; *value; value += n) {
        n = utf8_length(value);
        bytes_u8(out, is_name_char(*value) ? (uint8_t)*value : '_');
        if (n == 4)
            bytes_u8(out, '_'); /* Flink filters UTF-16 units, of which these characters have two */
        n = MAX(n, 1);
    }
}

void text_name(struct bytes *out, const char *name)
{
    if (*name >= '0' && *name <= '9' && out->len == 0)
        bytes_u8(out, '_');
    text_filtered(out, name);
}

void text_label_name(struct bytes *out, const char *name)
{
    size_t start = out->len;

    if (strcmp(name, "le") == 0 || strcmp(name, "quantile") == 0 || (*name >= '0' && *name <= '9') ||
        *name == '\0')
        bytes_text(out, "label_"); /* taken by the format, or no name at all */
    text_filtered(out, name);
    for (size_t i = start; i < out->len; i++)
        if (out->ptr[i] == ':')
            out->ptr[i] = '_';
}

void text_escaped(struct bytes *out, const char *value, bool quotes)
{
    for (size_t n; *value; value += n) {
        n = utf8_length(value);
        if (n == 0)
            bytes_text(out, "\xef\xbf\xbd"); /* U+FFFD, the replacement character */
        else if (*value == '\n')
            bytes_text(out, "\\n");
        else if (*value == '\\' || (*value == '"' && quotes))
            bytes_printf(out, "\\%c", *value);
        else
            bytes_append(out, value, n);
        n = MAX(n, 1);
    }
}

/* The fewest digits that read back as v; v is finite and not 0. Returns the exponent: v = 0.d1d2.. *
 * 10^exponent. */
static int shortest_digits(double v, char digits[18])
{
    char text[32];
    char *from = text, *exponent;
    int n = 0;

    for (int precision = 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, v);
        if (precision == 16 || strtod(text, NULL) == v)
            break;
    }
    exponent = strchr(text, 'e');
    for (; from < exponent; from++)
        if (*from >= '0' && *from <= '9')
            digits[n++] = *from;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return atoi(exponent + 1) + 1;
}

static void write_plain(struct bytes *out, const char *digits, int exponent)
{
    int count = (int)strlen(digits);

    if (exponent <= 0) {
        bytes_printf(out, "0.%.*s%s", -exponent, "000", digits);
        return;
    }
    for (int i = 0; i < exponent; i++)
        bytes_u8(out, i < count ? (uint8_t)digits[i] : '0');
    bytes_printf(out, ".%s", exponent < count ? digits + exponent : "0");
}

void text_double(struct bytes *out, double v)
{
    char digits[18];
    int exponent;

    if (isnan(v)) {
        bytes_text(out, "NaN");
        return;
    }
    if (isinf(v)) {
        bytes_text(out, v > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (signbit(v))
        bytes_u8(out, '-');
    v = fabs(v);
    if (v == 0) {
        bytes_text(out, "0.0");
        return;
    }
    exponent = shortest_digits(v, digits);
    if (v >= 1e-3 && v < 1e7)
        write_plain(out, digits, exponent);
    else
        bytes_printf(out, "%c.%sE%d", digits[0], digits[1] ? digits + 1 : "0", exponent - 1);
}
