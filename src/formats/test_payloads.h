/* test_payloads.h: raw batches and decoders for the tests of formats. */
#ifndef WEIR_FORMATS_TEST_PAYLOADS_H
#define WEIR_FORMATS_TEST_PAYLOADS_H
#include "base/mem.h"
#include "formats/format.h"
#include "formats/test_rows.h"

#define TEST_COLUMNS_MAX 32

/* A decoder and what it was made of. */
struct test_decoder {
    struct arena arena;
    struct map options;
    struct decode_spec spec;
    struct decoder *decoder;
    int32_t raw[TEST_COLUMNS_MAX];
};

/* Everything but the decoder. options is name, value, ..., ended by NULL; may be NULL. */
UNUSED static void test_spec(struct test_decoder *t, const char *columns, const char *const *options)
{
    *t = (struct test_decoder){0};
    memset(t->raw, -1, sizeof t->raw);
    for (; options && *options; options += 2)
        assert_true(map_put(&t->options, slice_text(options[0]), (void *)(uintptr_t)options[1]));
    t->spec = (struct decode_spec){
        .schema = test_schema(&t->arena, columns), .raw = t->raw, .options = &t->options};
}

UNUSED static void test_decoder_open(struct test_decoder *t, const char *format, const char *columns,
                                     const char *const *options)
{
    struct error e;

    test_spec(t, columns, options);
    ASSERT_OK(format_find(format)->decoder_new(&t->spec, &t->decoder, &e), &e);
}

UNUSED static void test_decoder_close(struct test_decoder *t)
{
    decoder_free(t->decoder);
    map_fini(&t->options);
    arena_fini(&t->arena);
}

UNUSED static void test_raw_row(struct builder *b, struct slice value, int64_t offset)
{
    if (value.ptr)
        builder_copied(&b->columns[RAW_VALUE], value.ptr, value.len);
    else
        builder_null(&b->columns[RAW_VALUE]);
    builder_copied(&b->columns[RAW_KEY], "the key", 7);
    builder_copied(&b->columns[RAW_TOPIC], "topic", 5);
    builder_i32(&b->columns[RAW_PARTITION], 3);
    builder_i64(&b->columns[RAW_OFFSET], offset);
    builder_i64(&b->columns[RAW_TIMESTAMP], 1001000);
    builder_copied(&b->columns[RAW_TIMESTAMP_TYPE], "CreateTime", 10);
    builder_null(&b->columns[RAW_HEADERS]);
    builder_null(&b->columns[RAW_LEADER_EPOCH]);
}

/* A raw batch of payloads; one with ptr NULL is a tombstone. */
UNUSED static struct batch *test_raw_batch(const struct slice *payloads, int32_t count)
{
    struct builder b;
    struct batch *raw = NULL;
    struct error e;

    assert_true(builder_init(&b, &format_raw_schema, NULL));
    for (int32_t i = 0; i < count; i++)
        test_raw_row(&b, payloads[i], 100 + i);
    ASSERT_OK(builder_finish(&b, &raw, &e), &e);
    builder_fini(&b);
    raw->split = 7;
    raw->born_us = 42;
    return raw;
}

/* Errors as `!type: message` lines. */
UNUSED static void test_print_errors(const struct batch *errors, struct bytes *out)
{
    struct error e;

    if (errors == NULL)
        return;
    ASSERT_OK(batch_check(errors, &e), &e);
    for (int32_t i = 0; i < errors->row_count; i++)
        bytes_printf(out, "!" SLICE_FMT ": " SLICE_FMT "\n",
                     SLICE_ARG(column_slice(&errors->columns[ERROR_TYPE], i)),
                     SLICE_ARG(column_slice(&errors->columns[ERROR_MESSAGE], i)));
}

/* The rows and errors of one payload, as text. */
UNUSED static const char *test_decode_one(struct decoder *d, struct slice payload, struct bytes *out)
{
    struct batch *raw = test_raw_batch(&payload, 1), *rows = NULL, *errors = NULL;
    struct error e;

    bytes_clear(out);
    ASSERT_OK(decoder_decode(d, raw, &rows, &errors, &e), &e);
    if (rows)
        test_print(rows, out);
    test_print_errors(errors, out);
    batch_unref(rows);
    batch_unref(errors);
    batch_unref(raw);
    return bytes_cstr(out);
}

struct test_read_case {
    const char *name, *columns, *payload, *want; /* the row, "": none; `!`: how the error's message begins */
};

UNUSED static void test_read_cases(const char *format, const struct test_read_case *cases, size_t count,
                                   const char *const *options)
{
    struct bytes text = {0};

    for (size_t i = 0; i < count; i++) {
        struct test_decoder t;
        const char *got, *want = cases[i].want;

        test_decoder_open(&t, format, cases[i].columns, options);
        got = test_decode_one(t.decoder, slice_text(cases[i].payload), &text);
        if (want[0] == '!'
                ? strncmp(got, "!deserialization: ", 18) || strncmp(got + 18, want + 1, strlen(want + 1))
                : strlen(got) != strlen(want) + (*want != 0) || strncmp(got, want, strlen(want)))
            fail_msg("%s: got %s", cases[i].name, got);
        test_decoder_close(&t);
    }
    bytes_fini(&text);
}

/* The error of a decoder that cannot be made. */
UNUSED static void test_refused(const char *format, const char *columns, const char *const *options,
                                enum err rc, const char *want)
{
    struct test_decoder t;
    struct error e;

    test_spec(&t, columns, options);
    if (format_find(format)->decoder_new(&t.spec, &t.decoder, &e) != rc ||
        strncmp(e.text, want, strlen(want)) != 0)
        fail_msg("%s: got %s", want, e.text);
    t.decoder = NULL;
    test_decoder_close(&t);
}
#endif
