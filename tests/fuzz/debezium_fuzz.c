/* debezium_fuzz.c: payloads by the decoders of changes; the first byte says which, and with which options. Each
 * makes rows whose kinds go together, an error, or nothing where that is allowed.
 */
#include "formats/encode.h"
#include "raw_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS                                                                                              \
    "id INT NOT NULL, name STRING, r ROW<x INT, y ARRAY<STRING>>, m MAP<STRING, INT>, m1 STRING, m2 STRING"

/* The nth metadata column of a format that is a text, and its number. */
static int32_t text_metadata(const struct format *f, int n)
{
    for (int32_t i = 0; i < f->metadata_count; i++)
        if (f->metadata[i].type->kind == TYPE_STRING && n-- == 0)
            return FORMAT_METADATA(i);
    return RAW_NONE;
}

/* An old row is followed by the new one. */
static void check_kinds(const struct batch *rows)
{
    for (int32_t i = 0; rows->row_kinds && i < rows->row_count; i++)
        if (rows->row_kinds[i] == ROW_UPDATE_BEFORE) {
            assert(i + 1 < rows->row_count && rows->row_kinds[i + 1] == ROW_UPDATE_AFTER);
            i++;
        } else {
            assert(rows->row_kinds[i] != ROW_UPDATE_AFTER);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"debezium-json", "canal-json", "maxwell-json", "ogg-json"};
    struct arena arena = {0};
    int32_t raw_columns[6] = {RAW_NONE, RAW_NONE, RAW_NONE, RAW_NONE};
    struct map options = {0};
    struct decode_spec spec = {.raw = raw_columns, .options = &options};
    const struct format *f;
    struct decoder *d = NULL;
    struct batch *raw = NULL, *rows = NULL, *errors = NULL;
    bool ignores;
    struct error e;

    if (size < 2)
        return 0;
    f = format_find(names[data[0] & 3]);
    ignores = data[0] & 4;
    if ((ignores && !map_put(&options, SLICE("ignore-parse-errors"), "true")) ||
        ((data[0] & 3) == 0 && data[0] & 8 && !map_put(&options, SLICE("schema-include"), "true")))
        goto out;
    raw_columns[4] = text_metadata(f, 0);
    raw_columns[5] = text_metadata(f, 1);
    if (schema_parse(&arena, SLICE(COLUMNS), &spec.schema, &e) != OK || f->decoder_new(&spec, &d, &e) != OK ||
        (raw = raw_payload_batch(slice_of(data + 1, size - 1), false)) == NULL ||
        decoder_decode(d, raw, &rows, &errors, &e) != OK)
        goto out;
    assert(rows == NULL || errors == NULL);
    assert(!ignores || errors == NULL);
    assert(rows == NULL || batch_check(rows, &e) == OK);
    if (rows)
        check_kinds(rows);
out:
    batch_unref(rows);
    batch_unref(errors);
    batch_unref(raw);
    decoder_free(d);
    map_fini(&options);
    arena_fini(&arena);
    return 0;
}
