/* csv_fuzz.c: payloads by a csv decoder whose options the first byte chooses. Each is a row, an error or left
 * out; and a row that is written again and read again is the same.
 */
#include "formats/encode.h"
#include "raw_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS                                                                                              \
    "a INT, b STRING, c DOUBLE, d DECIMAL(10, 3), e BOOLEAN, f ARRAY<STRING>, g ROW<x INT, y STRING>, "      \
    "t TIMESTAMP(3), l TIMESTAMP_LTZ(9), day DATE, clock TIME(3), raw BYTES"

static void choose(struct map *options, uint8_t bits)
{
    static const struct {
        struct slice name;
        const char *value;
    } all[] = {{{"null-literal", 12}, "n"},           {{"escape-character", 16}, "\\"},
               {{"field-delimiter", 15}, "|"},        {{"quote-character", 15}, "'"},
               {{"allow-comments", 14}, "true"},      {{"ignore-parse-errors", 19}, "true"},
               {{"array-element-delimiter", 23}, "/"}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (bits >> i & 1)
            (void)!map_put(options, all[i].name, (void *)(uintptr_t)all[i].value);
}

/* What was read, written and read again. */
static void compare(struct decoder *d, struct encoder *enc, const struct batch *rows)
{
    struct payload_run run = {0}, again = {0};
    struct batch *raw = NULL, *back = NULL, *errors = NULL;
    struct error e;

    if (encoder_encode(enc, rows, &run, &e) != OK ||
        (raw = raw_payload_batch(payload_run_get(&run, 0), false)) == NULL)
        goto out;
    if (payload_run_get(&run, 0).len == 0 || decoder_decode(d, raw, &back, &errors, &e) != OK || back == NULL)
        goto out; /* NULL, without a literal for it, is no number */
    assert(encoder_encode(enc, back, &again, &e) == OK);
out:
    batch_unref(raw);
    batch_unref(back);
    batch_unref(errors);
    payload_run_fini(&run);
    payload_run_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    int32_t raw_columns[32];
    struct map options = {0};
    struct decode_spec spec = {.raw = raw_columns, .options = &options};
    struct encode_spec write = {.options = &options};
    struct decoder *d = NULL;
    struct encoder *enc = NULL;
    struct batch *raw = NULL, *rows = NULL, *errors = NULL;
    struct error e;

    if (size < 2)
        return 0;
    memset(raw_columns, -1, sizeof raw_columns);
    choose(&options, data[0]);
    if (schema_parse(&arena, SLICE(COLUMNS), &spec.schema, &e) != OK)
        goto out;
    write.schema = spec.schema;
    if (format_find("csv")->decoder_new(&spec, &d, &e) != OK ||
        format_find("csv")->encoder_new(&write, &enc, &e) != OK ||
        (raw = raw_payload_batch(slice_of(data + 1, size - 1), false)) == NULL ||
        decoder_decode(d, raw, &rows, &errors, &e) != OK)
        goto out;
    assert((rows ? rows->row_count : 0) + (errors ? errors->row_count : 0) <= 1);
    assert(rows == NULL || batch_check(rows, &e) == OK);
    if (rows)
        compare(d, enc, rows);
out:
    batch_unref(rows);
    batch_unref(errors);
    batch_unref(raw);
    decoder_free(d);
    encoder_free(enc);
    map_fini(&options);
    arena_fini(&arena);
    return 0;
}
