/* test_rows.h: random rows of any schema, for the tests of this folder. The same seed gives the same rows. */
#ifndef WEIR_FORMATS_TEST_ROWS_H
#define WEIR_FORMATS_TEST_ROWS_H
#include "base/hash.h"
#include "base/test.h"
#include "batch/builder.h"
#include <stdio.h>

static uint64_t test_random(uint64_t *seed)
{
    return hash_mix(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

static int64_t test_random_time(const struct type *t, uint64_t *seed)
{
    int64_t grain = 1, v = (int64_t)(test_random(seed) >> 13);

    for (int32_t p = t->precision; p < (t->precision > 6 ? 9 : 6); p++)
        grain *= 10;
    if (t->kind == TYPE_TIME)
        v %= INT64_C(86400000000);
    else if (test_random(seed) & 1)
        v = -v;
    return v / grain * grain;
}

static __int128 test_random_decimal(const struct type *t, uint64_t *seed)
{
    __int128 limit = 1, v = (__int128)test_random(seed) << 63 | (__int128)test_random(seed);

    for (int32_t i = 0; i < t->precision; i++)
        limit *= 10;
    v %= limit;
    return test_random(seed) & 1 ? -v : v;
}

static void test_random_text(struct column_builder *c, uint64_t *seed)
{
    static const char *const pieces[] = {"a", "heart", "\xed\x95\x9c", "\xc3\xa9", "\xf0\x9f\x98\x80", " ",
                                         "0", "x"};
    char text[64];
    size_t len = 0;

    for (uint64_t n = test_random(seed) % 12; n > 0; n--)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s",
                                pieces[test_random(seed) % COUNT_OF(pieces)]);
    builder_copied(c, text, len);
}

static void test_random_raw(struct column_builder *c, size_t len, uint64_t *seed)
{
    char raw[64];

    for (size_t i = 0; i < len; i++)
        raw[i] = (char)test_random(seed);
    builder_copied(c, raw, len);
}

static void test_random_value(struct column_builder *c, uint64_t *seed);

/* Keys of a map differ from each other. */
static void test_random_key(struct column_builder *c, int n, uint64_t *seed)
{
    char text[64];

    if (c->type->kind == TYPE_STRING)
        builder_copied(
            c, text, (size_t)snprintf(text, sizeof text, "key %d of %d", n, (int)(test_random(seed) % 1000)));
    else
        test_random_value(c, seed);
}

static void test_random_value(struct column_builder *c, uint64_t *seed)
{
    const struct type *t = c->type;
    uint64_t r = test_random(seed), n = test_random(seed) % 4;

    if (t->nullable && r % 5 == 0) {
        builder_null(c);
        return;
    }
    switch (t->kind) {
    case TYPE_BOOLEAN:
        builder_u8(c, r & 1);
        return;
    case TYPE_INT8:
        builder_i8(c, (int8_t)r);
        return;
    case TYPE_INT16:
        builder_i16(c, (int16_t)r);
        return;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        builder_i32(c, (int32_t)r >> (r >> 59));
        return;
    case TYPE_DATE:
        builder_i32(c, (int32_t)(r % 40000) - 10000);
        return;
    case TYPE_INT64:
    case TYPE_INTERVAL_MILLIS:
        builder_i64(c, (int64_t)r >> (r >> 58));
        return;
    case TYPE_FLOAT:
        builder_f32(c, (float)((int32_t)r) / 128);
        return;
    case TYPE_DOUBLE:
        builder_f64(c, (double)((int64_t)r >> 20) / 1024);
        return;
    case TYPE_DECIMAL:
        builder_i128(c, test_random_decimal(t, seed));
        return;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        builder_i64(c, test_random_time(t, seed));
        return;
    case TYPE_STRING:
        test_random_text(c, seed);
        return;
    case TYPE_BINARY:
        test_random_raw(c, r % 40, seed);
        return;
    case TYPE_FIXED:
    case TYPE_UUID:
        test_random_raw(c, t->kind == TYPE_UUID ? 16 : (size_t)t->length, seed);
        return;
    case TYPE_LIST:
        for (; n > 0; n--)
            test_random_value(&c->children[0], seed);
        builder_list_end(c);
        return;
    case TYPE_MAP:
        for (; n > 0; n--) {
            test_random_key(&c->children[0], (int)n, seed);
            test_random_value(&c->children[1], seed);
        }
        builder_list_end(c);
        return;
    case TYPE_STRUCT:
        for (int32_t i = 0; i < t->field_count; i++)
            test_random_value(&c->children[i], seed);
        builder_struct_end(c);
        return;
    }
}

UNUSED static struct batch *test_random_batch(const struct schema *schema, int32_t row_count, uint64_t seed)
{
    struct builder b;
    struct batch *out = NULL;
    struct error e;

    assert_true(builder_init(&b, schema, NULL));
    for (int32_t row = 0; row < row_count; row++)
        for (int32_t i = 0; i < schema->field_count; i++)
            test_random_value(&b.columns[i], &seed);
    ASSERT_OK(builder_finish(&b, &out, &e), &e);
    builder_fini(&b);
    return out;
}

UNUSED static const struct schema *test_schema(struct arena *arena, const char *text)
{
    const struct schema *schema = NULL;
    struct error e;

    ASSERT_OK(schema_parse(arena, slice_text(text), &schema, &e), &e);
    return schema;
}

/* The text of a batch; the caller frees it by bytes_fini. */
UNUSED static const char *test_print(const struct batch *b, struct bytes *out)
{
    struct error e;

    ASSERT_OK(batch_check(b, &e), &e);
    bytes_clear(out);
    batch_print(b, out);
    return bytes_cstr(out);
}
#endif
