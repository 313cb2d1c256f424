/* java_pattern_fuzz.c: a pattern and a time, with a line end between them, of both styles; what is written by a
 * pattern must be read or refused. */
#include "expr/java_pattern.h"

static void one(enum java_pattern_style style, struct slice pattern, struct slice text)
{
    struct java_moment m = {.local_us = INT64_C(1577934245678901), .zone = zone_gmt()};
    struct java_pattern p;
    struct java_parsed parsed;
    struct bytes out = {0};
    struct error e;

    if (java_pattern_init(&p, style, pattern, &e) != OK)
        return;
    java_pattern_parse(&p, text, &parsed);
    if (java_pattern_format(&p, &m, &out))
        java_pattern_parse(&p, bytes_all(&out), &parsed);
    bytes_fini(&out);
    java_pattern_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    struct slice text = end ? slice_of(end + 1, size - len - 1) : SLICE("");
    int64_t us;

    one(JAVA_PATTERN_FORMATTER, slice_of(data, len), text);
    one(JAVA_PATTERN_SIMPLE, slice_of(data, len), text);
    java_pattern_parse_default(text, &us);
    java_pattern_parse_sql(text, &us);
    return 0;
}
