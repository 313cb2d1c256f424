/* json_fuzz.c: payloads, one a line, by one decoder, so that what it learns of one meets the next. A payload
 * that is decoded must be JSON for jansson too, unless it is about what weir and jansson see differently on
 * purpose.
 */
#include "raw_payload.h"
#include "formats/json_scan.h"
#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS                                                                                              \
    "a INT, b STRING NOT NULL, c DOUBLE, d DECIMAL(10, 3), e BOOLEAN, f ARRAY<ROW<x BIGINT, y STRING, "      \
    "z MAP<STRING, STRING>>>, g MAP<STRING, MAP<STRING, INT>>, t TIMESTAMP(3), l TIMESTAMP_LTZ(9), u UUID, " \
    "day DATE, clock TIME(3), raw BYTES, fl FLOAT, i8 TINYINT"

/* json_skip and jansson agree. jansson refuses what it cannot hold: large numbers, NUL in texts. */
static void compare(struct slice text)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    json_error_t where;
    json_t *json;
    bool fine;

    if (text.len && memchr(text.ptr, 0, text.len)) /* jansson takes a NUL for the end */
        return;
    at = json_blank(at, end);
    fine = at < end && json_skip(&at, end) == NULL && json_blank(at, end) == end;
    json = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &where);
    if (!fine)
        assert(json == NULL || json_error_code(&where) != 0 || text.len > JSON_DEPTH_MAX);
    else if (json == NULL)
        assert(json_error_code(&where) == json_error_numeric_overflow ||
               json_error_code(&where) == json_error_null_byte_in_key ||
               json_error_code(&where) == json_error_stack_overflow);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    int32_t raw_columns[32];
    struct map options = {0};
    struct decode_spec spec = {.raw = raw_columns, .options = &options};
    struct decoder *d = NULL;
    struct batch *raw = raw_payload_batch(slice_of(data, size), true), *rows = NULL, *errors = NULL;
    struct error e;

    if (raw == NULL)
        return 0;
    memset(raw_columns, -1, sizeof raw_columns);
    compare(slice_of(data, size));
    if (schema_parse(&arena, SLICE(COLUMNS), &spec.schema, &e) != OK ||
        format_find("json")->decoder_new(&spec, &d, &e) != OK ||
        decoder_decode(d, raw, &rows, &errors, &e) != OK)
        goto out;
    assert((rows ? rows->row_count : 0) + (errors ? errors->row_count : 0) == raw->row_count);
    assert(rows == NULL || batch_check(rows, &e) == OK);
    assert(errors == NULL || batch_check(errors, &e) == OK);
out:
    batch_unref(rows);
    batch_unref(errors);
    batch_unref(raw);
    decoder_free(d);
    arena_fini(&arena);
    return 0;
}
