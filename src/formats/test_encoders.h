/* test_encoders.h: encoders for the tests of formats. */
#ifndef WEIR_FORMATS_TEST_ENCODERS_H
#define WEIR_FORMATS_TEST_ENCODERS_H
#include "formats/encode.h"
#include "formats/test_payloads.h"

struct test_encoder {
    struct arena arena;
    struct map options;
    struct encode_spec spec;
    struct encoder *encoder;
    struct payload_run run;
};

/* Everything but the encoder. options is name, value, ..., ended by NULL; may be NULL. */
UNUSED static void test_encode_spec(struct test_encoder *t, const char *columns, const char *const *options)
{
    *t = (struct test_encoder){0};
    for (; options && *options; options += 2)
        assert_true(map_put(&t->options, slice_text(options[0]), (void *)(uintptr_t)options[1]));
    t->spec = (struct encode_spec){.schema = test_schema(&t->arena, columns), .options = &t->options};
}

UNUSED static void test_encoder_open(struct test_encoder *t, const char *format, const char *columns,
                                     const char *const *options)
{
    struct error e;

    test_encode_spec(t, columns, options);
    ASSERT_OK(format_find(format)->encoder_new(&t->spec, &t->encoder, &e), &e);
}

UNUSED static void test_encoder_close(struct test_encoder *t)
{
    encoder_free(t->encoder);
    payload_run_fini(&t->run);
    map_fini(&t->options);
    arena_fini(&t->arena);
}

/* The rows that json objects, a line each, stand for: so that tests can say rows. */
UNUSED static struct batch *test_rows_of(const struct schema *schema, const char *lines)
{
    struct slice payloads[64];
    int32_t raw_columns[TEST_COLUMNS_MAX], count = 0;
    struct map none = {0};
    struct decode_spec spec = {.schema = schema, .raw = raw_columns, .options = &none};
    struct decoder *d = NULL;
    struct batch *raw, *rows = NULL, *errors = NULL;
    struct bytes text = {0};
    struct error e;

    memset(raw_columns, -1, sizeof raw_columns);
    for (const char *p = lines; *p && count < 64; count++) {
        size_t n = strcspn(p, "\n");

        payloads[count] = slice_of(p, n);
        p += n + (p[n] == '\n');
    }
    raw = test_raw_batch(payloads, count);
    ASSERT_OK(format_find("json")->decoder_new(&spec, &d, &e), &e);
    ASSERT_OK(decoder_decode(d, raw, &rows, &errors, &e), &e);
    if (errors) {
        test_print_errors(errors, &text);
        fail_msg("%s", bytes_cstr(&text));
    }
    batch_unref(raw);
    decoder_free(d);
    return rows;
}

/* The payloads of rows, a line each, `-` for none. */
UNUSED static const char *test_encode(struct test_encoder *t, const struct batch *rows, struct bytes *out)
{
    struct error e;

    bytes_clear(out);
    payload_run_clear(&t->run);
    ASSERT_OK(encoder_encode(t->encoder, rows, &t->run, &e), &e);
    assert_int_equal(t->run.count, batch_live(rows));
    for (int32_t i = 0; i < t->run.count; i++) {
        struct slice payload = payload_run_get(&t->run, i);

        if (payload.ptr == NULL)
            bytes_text(out, "-");
        bytes_slice(out, payload);
        bytes_text(out, "\n");
    }
    return bytes_cstr(out);
}

/* The payload of one row, given as JSON. */
UNUSED static const char *test_encode_one(struct test_encoder *t, const char *json, struct bytes *out)
{
    struct batch *rows = test_rows_of(t->spec.schema, json);
    const char *got = test_encode(t, rows, out);

    batch_unref(rows);
    return got;
}

/* Rows that cannot be encoded: the error, and nothing appended. */
UNUSED static void test_encode_fails(struct test_encoder *t, const char *json, const char *want)
{
    struct batch *rows = test_rows_of(t->spec.schema, json);
    struct error e = {0};

    payload_run_clear(&t->run);
    assert_int_equal(encoder_encode(t->encoder, rows, &t->run, &e), ERR_INPUT);
    if (strncmp(e.text, want, strlen(want)) != 0)
        fail_msg("%s: got %s", want, e.text);
    assert_int_equal(t->run.count, 0);
    assert_int_equal(t->run.bytes.len, 0);
    batch_unref(rows);
}

UNUSED static void test_encoder_refused(const char *format, const char *columns, const char *const *options,
                                        enum err rc, const char *want)
{
    struct test_encoder t;
    struct error e;

    test_encode_spec(&t, columns, options);
    if (format_find(format)->encoder_new(&t.spec, &t.encoder, &e) != rc ||
        strncmp(e.text, want, strlen(want)) != 0)
        fail_msg("%s: got %s", want, e.text);
    t.encoder = NULL;
    test_encoder_close(&t);
}

/* A raw batch of the payloads of a run. */
UNUSED static struct batch *test_raw_of(const struct payload_run *run)
{
    struct slice *payloads = mem_alloc(sizeof *payloads * (size_t)MAX(run->count, 1));
    struct batch *raw;

    assert_non_null(payloads);
    for (int32_t i = 0; i < run->count; i++)
        payloads[i] = payload_run_get(run, i);
    raw = test_raw_batch(payloads, run->count);
    mem_free(payloads);
    return raw;
}

/* decode(encode(x)) == x, of random rows. */
UNUSED static void test_round_trip(const char *format, const char *columns, const char *const *options,
                                   int32_t row_count, uint64_t seed)
{
    struct test_encoder enc;
    struct test_decoder dec;
    struct batch *rows, *raw, *back = NULL, *errors = NULL;
    struct bytes want = {0}, got = {0};
    struct error e;

    test_encoder_open(&enc, format, columns, options);
    test_decoder_open(&dec, format, columns, options);
    rows = test_random_batch(enc.spec.schema, row_count, seed);
    test_encode(&enc, rows, &got);
    raw = test_raw_of(&enc.run);
    ASSERT_OK(decoder_decode(dec.decoder, raw, &back, &errors, &e), &e);
    if (errors) {
        test_print_errors(errors, &got);
        fail_msg("%s, %s: %s", format, columns, bytes_cstr(&got));
    }
    test_print(rows, &want);
    test_print(back, &got);
    if (!slice_equal(bytes_all(&want), bytes_all(&got)))
        fail_msg("%s, %s: want %.2000s\ngot %.2000s", format, columns, bytes_cstr(&want), bytes_cstr(&got));
    batch_unref(rows);
    batch_unref(raw);
    batch_unref(back);
    test_encoder_close(&enc);
    test_decoder_close(&dec);
    bytes_fini(&want);
    bytes_fini(&got);
}
#endif
