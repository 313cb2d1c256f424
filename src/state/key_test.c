/* key_test.c: what keys are as bytes, and that they come back. */
#include "base/mem.h"
#include "base/test.h"
#include "state/key.h"
#include <stdio.h>

static const struct schema *parse(struct arena *arena, const char *text)
{
    const struct schema *s;
    struct error e;

    ASSERT_OK(schema_parse(arena, slice_text(text), &s, &e), &e);
    return s;
}

static struct batch *finish(struct builder *b)
{
    struct batch *out;
    struct error e;

    ASSERT_OK(builder_finish(b, &out, &e), &e);
    return out;
}

static void append_text(struct column_builder *c, const char *text)
{
    if (text)
        builder_copied(c, text, strlen(text));
    else
        builder_null(c);
}

/* The bytes are part of checkpoints: they are compared with what was written down once. */
static void test_encoding(UNUSED void **state)
{
    static const char expect[] = "\x01\x03"
                                 "abc"
                                 "\x01\x2a\x00\x00\x00"
                                 "\x00"
                                 "\x01\xfe\xff\xff\xff\xff\xff\xff\xff"
                                 "\x01\x01";
    struct arena arena = {0};
    const struct schema *s = parse(&arena, "a STRING, b INT, c DOUBLE, d BIGINT, e BOOLEAN");
    struct builder b;
    struct key_batch keys = {0};
    struct batch *batch;
    const int32_t columns[] = {0, 1, 2, 3, 4};

    assert_true(builder_init(&b, s, NULL));
    append_text(&b.columns[0], "abc");
    builder_i32(&b.columns[1], 42);
    builder_null(&b.columns[2]);
    builder_i64(&b.columns[3], -2);
    builder_u8(&b.columns[4], 1);
    batch = finish(&b);
    assert_true(key_batch_fill(&keys, batch, columns, 5));
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.keys[0].bytes.len, sizeof expect - 1);
    assert_memory_equal(keys.keys[0].bytes.ptr, expect, sizeof expect - 1);
    assert_true(keys.keys[0].hash == hash_bytes(expect, sizeof expect - 1));
    key_batch_fini(&keys);
    batch_unref(batch);
    builder_fini(&b);
    arena_fini(&arena);
}

static void append_row(struct builder *b, int32_t i)
{
    char text[200];
    int32_t len = i % 190;

    memset(text, 'a' + i % 26, sizeof text);
    for (int32_t c = 0; c < b->schema->field_count; c++) {
        struct column_builder *to = &b->columns[c];

        if (to->type->nullable && (i + c) % 5 == 0) {
            builder_null(to);
            continue;
        }
        if (type_is_view(to->type)) {
            builder_copied(to, text, (size_t)len);
            continue;
        }
        switch (type_width(to->type)) {
        case 1:
            builder_u8(to, (uint8_t)(i & 1));
            break;
        case 2:
            builder_i16(to, (int16_t)-i);
            break;
        case 4:
            builder_i32(to, i * 1000);
            break;
        case 8:
            builder_i64(to, (int64_t)i << 40);
            break;
        default:
            builder_i128(to, -((__int128)i << 70));
            break;
        }
    }
}

static void test_round_trip(UNUSED void **state)
{
    static const char *const schemas[] = {
        "a STRING NOT NULL",
        "a STRING NOT NULL, b STRING NOT NULL",
        "a STRING, b STRING NOT NULL",
        "a BIGINT NOT NULL",
        "a STRING, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(30, 3), i DATE, "
        "j TIMESTAMP(3), k TIMESTAMP_LTZ(6), l BYTES, m BOOLEAN, n TIME(3)",
    };
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        struct arena arena = {0};
        const struct schema *s = parse(&arena, schemas[i]);
        struct builder b, back;
        struct key_batch keys = {0};
        struct batch *batch, *again;
        struct bytes x = {0}, y = {0};
        int32_t columns[20];

        for (int32_t c = 0; c < 20; c++)
            columns[c] = c;
        assert_true(builder_init(&b, s, NULL) && builder_init(&back, s, NULL));
        for (int32_t row = 0; row < 700; row++)
            append_row(&b, row);
        batch = finish(&b);
        assert_true(key_batch_fill(&keys, batch, columns, s->field_count));
        for (int32_t row = 0; row < 700; row++)
            assert_true(key_decode(keys.keys[row].bytes, back.columns, s->field_count));
        again = finish(&back);
        batch_print(batch, &x);
        batch_print(again, &y);
        assert_true(slice_equal(bytes_all(&x), bytes_all(&y)));
        bytes_fini(&x);
        bytes_fini(&y);
        batch_unref(batch);
        batch_unref(again);
        builder_fini(&b);
        builder_fini(&back);
        key_batch_fini(&keys);
        arena_fini(&arena);
    }
}

/* The way for strings without absent values gives the same bytes as the general one; a selection is
 * respected. */
static void test_fast_is_general(UNUSED void **state)
{
    struct arena arena = {0};
    struct builder b[2];
    struct batch *batches[2], *chosen[2];
    struct key_batch keys[2] = {{{0}}};
    int32_t columns[] = {1, 0}, rows[] = {5, 3, 3, 99, 0};

    for (int i = 0; i < 2; i++) {
        assert_true(builder_init(
            &b[i], parse(&arena, i ? "a STRING, b STRING" : "a STRING NOT NULL, b STRING NOT NULL"), NULL));
        for (int32_t row = 0; row < 101; row++) {
            char text[64];

            snprintf(text, sizeof text, "%0*d", row % 50, row);
            append_text(&b[i].columns[0], i && row == 100 ? NULL : text);
            append_text(&b[i].columns[1], text);
        }
        batches[i] = finish(&b[i]);
        chosen[i] = batch_select(batches[i], rows, 5, NULL);
        assert_true(chosen[i] && key_batch_fill(&keys[i], chosen[i], columns, 2));
        assert_int_equal(keys[i].count, 5);
    }
    for (int32_t i = 0; i < 5; i++) {
        assert_true(slice_equal(keys[0].keys[i].bytes, keys[1].keys[i].bytes));
        assert_true(keys[0].keys[i].hash == keys[1].keys[i].hash);
    }
    for (int i = 0; i < 2; i++) {
        batch_unref(chosen[i]);
        batch_unref(batches[i]);
        builder_fini(&b[i]);
        key_batch_fini(&keys[i]);
    }
    arena_fini(&arena);
}

static void test_bad_bytes(UNUSED void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
    } cases[] = {
        {"nothing", {NULL, 0}},
        {"only the first", {"\x01\x01x", 3}},
        {"text longer than there is", {"\x01\x09x\x00", 4}},
        {"a flag of 2", {"\x02\x01x\x00", 4}},
        {"half a number", {"\x01\x01x\x01\x00\x00", 6}},
        {"a byte too many", {"\x01\x01x\x00\x00", 5}},
        {"a length without end", {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12}},
        {"a length of many gigabytes", {"\x01\xff\xff\xff\xff\xff\xff\xff\x7f", 9}},
    };
    struct arena arena = {0};
    struct builder b;

    assert_true(builder_init(&b, parse(&arena, "a STRING, b INT"), NULL));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (key_decode(cases[i].bytes, b.columns, 2))
            fail_msg("%s was taken for a key", cases[i].name);
        assert_int_equal(b.columns[0].row_count, 0);
        assert_int_equal(b.columns[1].row_count, 0);
    }
    builder_fini(&b);
    arena_fini(&arena);
}

static void test_check(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *s = parse(&arena, "a STRING, tags ARRAY<STRING>, c INT");
    const int32_t good[] = {2, 0}, bad[] = {0, 1};
    struct error e;

    ASSERT_OK(key_check(s, good, 2, &e), &e);
    assert_int_equal(key_check(s, bad, 2, &e), ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "tags"));
    assert_non_null(strstr(e.text, "ARRAY<STRING>"));
    arena_fini(&arena);
}

static void test_no_memory(UNUSED void **state)
{
    struct arena arena = {0};
    struct builder b;
    struct batch *batch;
    struct key_batch keys = {0};
    int32_t columns[] = {0};
    int failures = 0;

    assert_true(builder_init(&b, parse(&arena, "a STRING"), NULL));
    append_text(&b.columns[0], "abc");
    batch = finish(&b);
    for (uint64_t n = 1;; n++) {
        bool done;

        mem_fail_at(n, false);
        done = key_batch_fill(&keys, batch, columns, 1);
        mem_fail_at(0, false);
        if (done)
            break;
        assert_int_equal(keys.count, 0);
        failures++;
    }
    assert_true(failures >= 2);
    assert_int_equal(keys.count, 1);
    key_batch_fini(&keys);
    batch_unref(batch);
    builder_fini(&b);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_encoding), cmocka_unit_test(test_round_trip),
          cmocka_unit_test(test_fast_is_general), cmocka_unit_test(test_bad_bytes),
          cmocka_unit_test(test_check), cmocka_unit_test(test_no_memory))
