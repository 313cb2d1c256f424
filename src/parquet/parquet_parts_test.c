/* parquet_parts_test.c: the small parts: Thrift, runs and bit-packing, delta, dictionary, bounds of texts and
 * numbers. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/test.h"
#include "parquet/bits.h"
#include "parquet/delta.h"
#include "parquet/dictionary.h"
#include "parquet/page_codec.h"
#include "parquet/parquet_bounds.h"
#include "parquet/rle.h"
#include "parquet/thrift_compact.h"
#include <stdio.h>

static uint64_t state;

static uint64_t next(void)
{
    return hash_mix(state += UINT64_C(0x9e3779b97f4a7c15));
}

/* --- Thrift --- */

static void test_thrift_round_trip(UNUSED void **test_state)
{
    struct bytes out = {0};
    struct thrift_writer w = {.out = &out};
    struct thrift_reader r;
    struct thrift_field f = {0}, element;

    thrift_begin(&w);
    thrift_put_bool(&w, 1, true);
    thrift_put_bool(&w, 2, false);
    thrift_put_byte(&w, 3, -7);
    thrift_put_i16(&w, 20, -300); /* a step of more than 15 */
    thrift_put_i32(&w, 21, INT32_MIN);
    thrift_put_i64(&w, 22, INT64_MAX);
    thrift_put_binary(&w, 23, SLICE("text"));
    thrift_put_list(&w, 24, THRIFT_I32, 20);
    for (int i = 0; i < 20; i++)
        thrift_element_int(&w, i - 10);
    thrift_put_struct(&w, 25);
    thrift_put_i32(&w, 1, 5);
    thrift_end(&w);
    thrift_put_list(&w, 26, THRIFT_TRUE, 2);
    thrift_element_bool(&w, true);
    thrift_element_bool(&w, false);
    thrift_put_i32(&w, 300, 1);
    thrift_end(&w);
    r = thrift_reader_of(bytes_all(&out));
    assert_true(thrift_next(&r, &f) && f.id == 1 && thrift_bool(&r, &f));
    assert_true(thrift_next(&r, &f) && f.id == 2 && !thrift_bool(&r, &f));
    assert_true(thrift_next(&r, &f) && f.id == 3 && thrift_int(&r, &f) == -7);
    assert_true(thrift_next(&r, &f) && f.id == 20 && thrift_i32(&r, &f) == -300);
    assert_true(thrift_next(&r, &f) && f.id == 21 && thrift_i32(&r, &f) == INT32_MIN);
    assert_true(thrift_next(&r, &f) && f.id == 22 && thrift_int(&r, &f) == INT64_MAX);
    assert_true(thrift_next(&r, &f) && f.id == 23 && slice_is(thrift_binary(&r, &f), "text"));
    assert_true(thrift_next(&r, &f) && f.id == 24 && thrift_list(&r, &f, &element) == 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(thrift_i32(&r, &element), i - 10);
    for (int16_t id = 25; id <= 26; id++) { /* nested things are skipped whole */
        assert_true(thrift_next(&r, &f) && f.id == id);
        thrift_skip(&r, &f);
    }
    assert_true(thrift_next(&r, &f) && f.id == 300 && thrift_i32(&r, &f) == 1);
    assert_false(thrift_next(&r, &f));
    assert_false(r.in.failed);
    assert_int_equal(reader_left(&r.in), 0);
    bytes_fini(&out);
}

static void test_thrift_bad_input(UNUSED void **test_state)
{
    static const struct {
        const char *name;
        struct slice bytes;
    } cases[] = {
        {"nothing", {"", 0}},
        {"a field without its value", SLICE("\x15")},
        {"a text longer than the input", SLICE("\x18\x7fxx")},
        {"a list longer than the input", SLICE("\x19\xf5\xff\xff\xff\x0f")},
        {"a map longer than the input", SLICE("\x1b\xff\xff\x0f\x88")},
        {"an unknown type", SLICE("\x1e\x01")},
        {"a varint of eleven bytes", SLICE("\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {"a field id out of range", SLICE("\x05\xff\xff\xff\xff\x0f\x02")},
        {"lists of stop bytes", SLICE("\x19\x20\x00\x00\x00")},
    };
    char deep[200];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct thrift_reader r = thrift_reader_of(cases[i].bytes);
        struct thrift_field f = {0};

        while (thrift_next(&r, &f))
            thrift_skip(&r, &f);
        if (!r.in.failed)
            fail_msg("%s was read", cases[i].name);
    }
    memset(deep, 0x1c, sizeof deep); /* a struct in a struct in ... */
    struct thrift_reader r = thrift_reader_of(slice_of(deep, sizeof deep));
    struct thrift_field f = {0};

    assert_true(thrift_next(&r, &f));
    thrift_skip(&r, &f);
    assert_true(r.in.failed);
}

/* --- runs and bits --- */

static void fill(uint32_t *values, size_t count, int width, int style)
{
    uint32_t v = 0;

    for (size_t i = 0; i < count; i++) {
        if (style == 0 || (style == 1 && next() % 11 == 0) || (style == 2 && i % 100 < 9))
            v = (uint32_t)(next() & bits_mask(width));
        values[i] = v;
    }
}

static void test_rle(UNUSED void **test_state)
{
    enum { COUNT = 1000 };
    uint32_t values[COUNT], got[COUNT];
    uint8_t small[COUNT];

    for (int width = 0; width <= 32; width++)
        for (int style = 0; style < 4; style++)
            for (size_t count = 0; count <= COUNT; count += count < 40 ? 1 : 137) {
                struct pbuf out;
                struct rle_decoder d;

                fill(values, count, width, style);
                pbuf_init(&out, NULL);
                rle_encode(&out, values, count, width);
                d = rle_decoder_of(pbuf_all(&out), width);
                for (size_t at = 0, n; at < count; at += n) {
                    n = (size_t)(1 + next() % 50);
                    n = MIN(n, count - at);
                    if (!rle_decode(&d, got + at, n))
                        fail_msg("width %d, style %d: %zu of %zu values", width, style, at, count);
                }
                assert_memory_equal(got, values, count * sizeof *got);
                if (width <= 8) {
                    d = rle_decoder_of(pbuf_all(&out), width);
                    assert_true(rle_decode_bytes(&d, small, count));
                    for (size_t i = 0; i < count; i++)
                        assert_int_equal(small[i], values[i]);
                }
                if (count > 8) {
                    d = rle_decoder_of(slice_of(out.ptr, out.len / 2), width);
                    if (rle_decode(&d, got, count) && width > 0 && style == 0)
                        fail_msg("half of %zu values of width %d gave all", count, width);
                }
                pbuf_fini(&out);
            }
}

static void test_rle_by_the_book(UNUSED void **test_state)
{
    static const uint32_t eight[] = {0, 1, 2, 3, 4, 5, 6, 7}; /* the example of Encodings.md */
    struct pbuf out;
    uint32_t got[8];
    struct rle_decoder d;

    pbuf_init(&out, NULL);
    rle_encode(&out, eight, 8, 3);
    assert_true(slice_equal(pbuf_all(&out), SLICE("\x03\x88\xc6\xfa")));
    pbuf_fini(&out);
    d = rle_decoder_of(SLICE("\x10\x05"), 3);
    assert_true(rle_decode(&d, got, 8));
    assert_int_equal(got[7], 5);
    assert_false(rle_decode(&d, got, 1));
    d = rle_decoder_of(SLICE("\x10\x0f"), 3); /* 15 takes more than three bits */
    assert_false(rle_decode(&d, got, 8));
    d = rle_decoder_of(SLICE("\x00\x01"), 1); /* a run of nothing */
    assert_false(rle_decode(&d, got, 1));
}

static void test_delta(UNUSED void **test_state)
{
    enum { COUNT = 1000 };
    int64_t wide[COUNT], got_wide[COUNT];
    int32_t narrow[COUNT], got_narrow[COUNT];

    for (int style = 0; style < 6; style++)
        for (size_t count = 0; count <= COUNT; count += count < 140 ? 1 : 211) {
            struct pbuf out;
            struct reader in;

            for (size_t i = 0; i < count; i++) {
                uint64_t v = next();

                wide[i] = style == 0   ? (int64_t)i
                          : style == 1 ? (int64_t)v
                          : style == 2 ? (int64_t)(i * 1000 + v % 100)
                          : style == 3 ? (v & 1 ? INT64_MAX : INT64_MIN)
                          : style == 4 ? -(int64_t)i * 7
                                       : 42;
                narrow[i] = style == 3 ? (v & 1 ? INT32_MAX : INT32_MIN) : (int32_t)wide[i];
            }
            pbuf_init(&out, NULL);
            delta_encode(&out, wide, count, 8);
            in = reader_of(pbuf_all(&out));
            assert_null(delta_decode(&in, count, 8, got_wide));
            assert_int_equal(reader_left(&in), 0);
            assert_memory_equal(got_wide, wide, count * sizeof *wide);
            if (count > 1) { /* padding at the end may be left out, but nothing else */
                in = reader_of(slice_of(out.ptr, style == 1 ? 12 : 5));
                assert_non_null(delta_decode(&in, count, 8, got_wide));
                in = reader_of(pbuf_all(&out));
                assert_non_null(delta_decode(&in, count + 1, 8, got_wide));
            }
            out.len = 0;
            delta_encode(&out, narrow, count, 4);
            in = reader_of(pbuf_all(&out));
            assert_null(delta_decode(&in, count, 4, got_narrow));
            assert_memory_equal(got_narrow, narrow, count * sizeof *narrow);
            pbuf_fini(&out);
        }
}

static void test_codecs(UNUSED void **test_state)
{
    static const enum parquet_compression kinds[] = {COMPRESSION_SNAPPY, COMPRESSION_GZIP, COMPRESSION_ZSTD,
                                                     COMPRESSION_LZ4_RAW};
    static char page[100000], back[100001];
    struct error e;

    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t len = 0; len <= sizeof page; len = len * 3 + 1) {
            struct page_codec codec = {.kind = kinds[k]};
            struct pbuf out;

            for (size_t i = 0; i < len; i++)
                page[i] = (char)(next() % (i < len / 2 ? 3 : 256));
            pbuf_init(&out, NULL);
            for (int twice = 0; twice < 2; twice++) { /* contexts are used again */
                out.len = 0;
                ASSERT_OK(page_codec_compress(&codec, slice_of(page, len), &out, &e), &e);
            }
            ASSERT_OK(page_codec_decompress((int)kinds[k], pbuf_all(&out), back, len, &e), &e);
            assert_memory_equal(page, back, len);
            assert_int_equal(page_codec_decompress((int)kinds[k], pbuf_all(&out), back, len + 1, &e),
                             ERR_CORRUPT);
            if (len) {
                assert_int_equal(page_codec_decompress((int)kinds[k], pbuf_all(&out), back, len - 1, &e),
                                 ERR_CORRUPT);
                assert_int_equal(
                    page_codec_decompress((int)kinds[k], slice_of(out.ptr, out.len - 1), back, len, &e),
                    ERR_CORRUPT);
            }
            pbuf_fini(&out);
            page_codec_fini(&codec);
        }
}

static void test_dictionary(UNUSED void **test_state)
{
    enum { COUNT = 5000 };
    static uint64_t numbers[COUNT];
    static struct view views[COUNT];
    static uint32_t ids[COUNT];
    static char texts[COUNT][40];

    for (uint64_t distinct = 1; distinct < 2 * COUNT; distinct *= 7) {
        struct dictionary d, b;

        for (int i = 0; i < COUNT; i++) {
            numbers[i] = hash_mix(next() % distinct);
            snprintf(texts[i], sizeof texts[i], "%*" PRIu64, (int)(numbers[i] % 30), numbers[i] % 1000000);
            views[i] = view_of(texts[i], strlen(texts[i]));
        }
        dictionary_init(&d, NULL, false);
        dictionary_init(&b, NULL, false);
        assert_true(dictionary_add_numbers(&d, numbers, COUNT, ids));
        assert_true(d.count <= distinct);
        for (int i = 0; i < COUNT; i++)
            assert_true(dictionary_number(&d, ids[i]) == numbers[i]);
        assert_true(dictionary_add_views(&b, views, COUNT, ids));
        assert_true(b.count <= d.count);
        for (int i = 0; i < COUNT; i++)
            assert_true(slice_equal(dictionary_bytes(&b, ids[i]), view_slice(&views[i])));
        dictionary_clear(&b);
        assert_int_equal(b.count, 0);
        assert_true(dictionary_add_views(&b, views, 1, ids));
        assert_int_equal(ids[0], 0);
        dictionary_fini(&d);
        dictionary_fini(&b);
    }
}

/* --- bounds --- */

static void test_text_bounds(UNUSED void **test_state)
{
    static const struct {
        const char *name;
        enum type_kind kind;
        struct slice value;
        int32_t cut;
        struct slice lower, upper;
        bool exact;
    } cases[] = {
        {"short enough", TYPE_STRING, SLICE("abc"), 3, SLICE("abc"), SLICE("abc"), true},
        {"cut", TYPE_STRING, SLICE("abcd"), 3, SLICE("abc"), SLICE("abd"), false},
        {"empty", TYPE_STRING, SLICE(""), 3, SLICE(""), SLICE(""), true},
        {"counts characters", TYPE_STRING, SLICE("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), 3,
         SLICE("\xc3\xa9\xc3\xa9\xc3\xa9"), SLICE("\xc3\xa9\xc3\xa9\xc3\xaa"), false},
        {"a longer next one", TYPE_STRING, SLICE("a\x7fz"), 2, SLICE("a\x7f"), SLICE("a\xc2\x80"), false},
        {"leaves surrogates out", TYPE_STRING, SLICE("a\xed\x9f\xbfz"), 2, SLICE("a\xed\x9f\xbf"),
         SLICE("a\xee\x80\x80"), false},
        {"the last character", TYPE_STRING, SLICE("a\xf4\x8f\xbf\xbfz"), 2, SLICE("a\xf4\x8f\xbf\xbf"),
         SLICE("b"), false},
        {"nothing is above", TYPE_STRING, SLICE("\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbfz"), 1,
         SLICE("\xf4\x8f\xbf\xbf"), SLICE("\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbfz"), true},
        {"no UTF-8", TYPE_STRING, SLICE("\xff\xfe\x80z"), 2, SLICE("\xff\xfe"), SLICE("\xff\xff"), false},
        {"bytes", TYPE_BINARY, SLICE("\x01\xff\xff\x01"), 3, SLICE("\x01\xff\xff"), SLICE("\x02"), false},
        {"bytes without end", TYPE_BINARY, SLICE("\xff\xff\x01"), 2, SLICE("\xff\xff"), SLICE("\xff\xff\x01"),
         true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct type type = {.kind = cases[i].kind};
        struct parquet_leaf leaf = {.type = &type, .physical = PHYSICAL_BYTES, .order = ORDER_BYTES};
        struct bounds b;
        struct bytes lower = {0}, upper = {0};
        bool exact, upper_exact;

        bounds_init(&b, NULL);
        bounds_add_bytes(&b, cases[i].value, false);
        assert_true(bounds_write(&b, &leaf, false, BOUNDS_PARQUET, cases[i].cut, &lower, &exact));
        assert_true(bounds_write(&b, &leaf, true, BOUNDS_PARQUET, cases[i].cut, &upper, &upper_exact));
        if (!slice_equal(bytes_all(&lower), cases[i].lower) ||
            !slice_equal(bytes_all(&upper), cases[i].upper) || upper_exact != cases[i].exact)
            fail_msg("%s: %.*s .. %.*s", cases[i].name, SLICE_ARG(bytes_all(&lower)),
                     SLICE_ARG(bytes_all(&upper)));
        bytes_fini(&lower);
        bytes_fini(&upper);
        bounds_fini(&b);
    }
}

/* Any texts, any cut: the bounds hold all of them, and are no longer than the cut. */
static void test_random_text_bounds(UNUSED void **test_state)
{
    static const char *const pieces[] = {"a",
                                         "z",
                                         "\x7f",
                                         "\xc3\xbf",
                                         "\xdf\xbf",
                                         "\xed\x9f\xbf",
                                         "\xef\xbf\xbf",
                                         "\xf4\x8f\xbf\xbf",
                                         "\xff",
                                         "\x80",
                                         "\xf0\x90\x80\x80"};

    for (int round = 0; round < 3000; round++) {
        struct type type = {.kind = round & 1 ? TYPE_STRING : TYPE_BINARY};
        struct parquet_leaf leaf = {.type = &type, .physical = PHYSICAL_BYTES, .order = ORDER_BYTES};
        struct bounds b;
        struct bytes texts[5] = {{0}}, lower = {0}, upper = {0};
        struct view views[5];
        int32_t cut = 1 + (int32_t)(next() % 4);
        bool exact;

        bounds_init(&b, NULL);
        for (int i = 0; i < 5; i++) {
            for (uint64_t n = next() % 6; n > 0; n--)
                bytes_text(&texts[i], pieces[next() % COUNT_OF(pieces)]);
            views[i] = view_of(texts[i].ptr, texts[i].len);
        }
        bounds_add_views(&b, views, 5, false);
        bounds_write(&b, &leaf, false, BOUNDS_ICEBERG, cut, &lower, &exact);
        bounds_write(&b, &leaf, true, BOUNDS_ICEBERG, cut, &upper, &exact);
        for (int i = 0; i < 5; i++) {
            assert_true(slice_compare(bytes_all(&lower), bytes_all(&texts[i])) <= 0);
            assert_true(slice_compare(bytes_all(&upper), bytes_all(&texts[i])) >= 0);
            bytes_fini(&texts[i]);
        }
        assert_true(lower.len <= (size_t)cut * 4);
        bytes_fini(&lower);
        bytes_fini(&upper);
        bounds_fini(&b);
    }
}

static void test_decimal_bounds(UNUSED void **test_state)
{
    static const struct {
        int64_t min, max;
        struct slice lower, upper;
    } cases[] = {
        {0, 127, SLICE("\x00"), SLICE("\x7f")},        {-1, 128, SLICE("\xff"), SLICE("\x00\x80")},
        {-128, 255, SLICE("\x80"), SLICE("\x00\xff")}, {-129, 256, SLICE("\xff\x7f"), SLICE("\x01\x00")},
        {-32768, 1, SLICE("\x80\x00"), SLICE("\x01")},
    };
    struct type type = {.kind = TYPE_DECIMAL, .precision = 9};
    struct parquet_leaf leaf = {.type = &type, .physical = PHYSICAL_INT32, .order = ORDER_INT, .width = 4};
    struct parquet_leaf fixed = {
        .type = &type, .physical = PHYSICAL_FIXED, .order = ORDER_SIGNED_BYTES, .type_length = 9};

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int as_bytes = 0; as_bytes < 2; as_bytes++) {
            uint64_t values[] = {(uint64_t)cases[i].max, (uint64_t)cases[i].min};
            struct bounds b;
            struct bytes lower = {0}, upper = {0};
            bool exact;
            char raw[2][9];

            bounds_init(&b, NULL);
            for (int k = 0; k < 2; k++) {
                for (int n = 0; n < 9; n++)
                    raw[k][n] = (char)(n ? values[k] >> (64 - 8 * n) : (int64_t)values[k] < 0 ? 0xff : 0);
                if (as_bytes)
                    bounds_add_bytes(&b, slice_of(raw[k], 9), true);
            }
            if (!as_bytes)
                bounds_add_ints(&b, values, 2);
            assert_true(
                bounds_write(&b, as_bytes ? &fixed : &leaf, false, BOUNDS_ICEBERG, 16, &lower, &exact));
            assert_true(
                bounds_write(&b, as_bytes ? &fixed : &leaf, true, BOUNDS_ICEBERG, 16, &upper, &exact));
            assert_true(slice_equal(bytes_all(&lower), cases[i].lower));
            assert_true(slice_equal(bytes_all(&upper), cases[i].upper));
            bytes_fini(&lower);
            bytes_fini(&upper);
            bounds_fini(&b);
        }
}

static void test_float_bounds(UNUSED void **test_state)
{
    double values[] = {__builtin_nan(""), 0.0, -0.0, __builtin_nan("")}, got;
    uint64_t bits[4];
    int64_t nans = 0;
    struct type type = {.kind = TYPE_DOUBLE};
    struct parquet_leaf leaf = {.type = &type, .physical = PHYSICAL_DOUBLE, .order = ORDER_FLOAT, .width = 8};
    struct bounds b;
    struct bytes out = {0};
    bool exact;

    memcpy(bits, values, sizeof bits);
    bounds_init(&b, NULL);
    bounds_add_floats(&b, bits, 1, 8, &nans);
    assert_false(b.any); /* nothing but NaN */
    assert_false(bounds_write(&b, &leaf, false, BOUNDS_PARQUET, 16, &out, &exact));
    bounds_add_floats(&b, bits, 4, 8, &nans);
    assert_int_equal(nans, 3);
    bounds_write(&b, &leaf, false, BOUNDS_PARQUET, 16, &out, &exact);
    memcpy(&got, out.ptr, sizeof got);
    assert_true(got == 0 && __builtin_signbit(got)); /* the lower zero is the negative one */
    bytes_clear(&out);
    bounds_write(&b, &leaf, true, BOUNDS_PARQUET, 16, &out, &exact);
    memcpy(&got, out.ptr, sizeof got);
    assert_true(got == 0 && !__builtin_signbit(got));
    bytes_fini(&out);
    bounds_fini(&b);
}

TEST_MAIN(cmocka_unit_test(test_thrift_round_trip), cmocka_unit_test(test_thrift_bad_input),
          cmocka_unit_test(test_rle), cmocka_unit_test(test_rle_by_the_book), cmocka_unit_test(test_delta),
          cmocka_unit_test(test_codecs), cmocka_unit_test(test_dictionary),
          cmocka_unit_test(test_text_bounds), cmocka_unit_test(test_random_text_bounds),
          cmocka_unit_test(test_decimal_bounds), cmocka_unit_test(test_float_bounds))
