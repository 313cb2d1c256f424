/* avro_test.c: rows to records and back for every type, and what malformed data does. */
#include "formats/avro.h"
#include "formats/avro_schema.h"
#include "formats/test_rows.h"
#include "base/mem.h"

#define EVERY_TYPE                                                                                           \
    "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT NOT NULL, i64 BIGINT, f FLOAT, d DOUBLE NOT NULL, "        \
    "dec DECIMAL(9, 2), big DECIMAL(38, 10) NOT NULL, day DATE, t0 TIME(0), t3 TIME(3), t6 TIME(6), "        \
    "ts0 TIMESTAMP(0), ts3 TIMESTAMP(3) NOT NULL, ts6 TIMESTAMP(6), ts9 TIMESTAMP(9), "                      \
    "ltz3 TIMESTAMP_LTZ(3), ltz6 TIMESTAMP_LTZ(6) NOT NULL, ltz9 TIMESTAMP_LTZ(9), "                         \
    "s STRING, s2 STRING NOT NULL, raw BYTES, fix BINARY(5), id UUID, "                                      \
    "list ARRAY<INT>, list2 ARRAY<ARRAY<STRING NOT NULL>> NOT NULL, m MAP<STRING NOT NULL, BIGINT>, "        \
    "m2 MAP<INT NOT NULL, STRING>, m3 MAP<STRING NOT NULL, ARRAY<ROW<x DOUBLE, y STRING>>>, "                \
    "r ROW<a INT, b ROW<c STRING NOT NULL, d ARRAY<DOUBLE>>, e DECIMAL(18, 4)>, "                            \
    "rows ARRAY<ROW<k STRING NOT NULL, v BIGINT NOT NULL, tags MAP<STRING NOT NULL, STRING>> NOT NULL>"

/* A plan that reads what avro_schema_write writes. */
static struct avro_plan *plan_of(const struct schema *schema)
{
    struct bytes json = {0};
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct error e;

    ASSERT_OK(avro_schema_write(schema, "row", &json, &e), &e);
    ASSERT_OK(avro_schema_parse(bytes_all(&json), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, schema, NULL, &plan, &e), &e);
    avro_schema_free(writer);
    bytes_fini(&json);
    return plan;
}

static void test_every_type(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, EVERY_TYPE);
    struct avro_plan *plan = plan_of(schema);
    struct batch *batch = test_random_batch(schema, 300, 1), *back = NULL;
    struct bytes datum = {0}, want = {0}, got = {0};
    struct builder b;
    struct error e;
    char why[AVRO_WHY_MAX];

    assert_true(builder_init(&b, schema, NULL));
    for (int32_t i = 0; i < 300; i++)
        avro_encode(batch, i, &datum);
    for (struct slice left = bytes_all(&datum); left.len;) {
        size_t used = 0;
        const char *reason = avro_decode(plan, left, &b, &used, why);

        if (reason)
            fail_msg("row %d: %s", builder_rows(&b), reason);
        left = slice_from(left, used);
    }
    ASSERT_OK(builder_finish(&b, &back, &e), &e);
    assert_string_equal(test_print(batch, &want), test_print(back, &got));
    batch_unref(batch);
    batch_unref(back);
    builder_fini(&b);
    avro_plan_free(plan);
    bytes_fini(&datum);
    bytes_fini(&want);
    bytes_fini(&got);
    arena_fini(&arena);
}

/* --- damage --- */

/* A decode of a copy of exactly these bytes, so that reading past them is seen. NULL when it went well and
 * all was used. */
static const char *decode_exactly(const struct avro_plan *plan, struct slice datum, struct builder *b,
                                  char why[AVRO_WHY_MAX])
{
    char *copy = mem_alloc(datum.len);
    size_t used = 0;
    const char *reason;

    assert_non_null(copy);
    if (datum.len)
        memcpy(copy, datum.ptr, datum.len);
    reason = avro_decode(plan, slice_of(copy, datum.len), b, &used, why);
    if (reason == NULL && used != datum.len)
        reason = "bytes are left";
    builder_truncate(b, 0); /* the columns borrow from copy */
    mem_free(copy);
    return reason;
}

static void test_truncated_and_flipped(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, EVERY_TYPE);
    struct avro_plan *plan = plan_of(schema);
    struct batch *batch = test_random_batch(schema, 20, 3);
    struct builder b;
    char why[AVRO_WHY_MAX];

    assert_true(builder_init(&b, schema, NULL));
    for (int32_t row = 0; row < 20; row++) {
        struct bytes datum = {0};

        avro_encode(batch, row, &datum);
        assert_null(decode_exactly(plan, bytes_all(&datum), &b, why));
        for (size_t len = 0; len < datum.len; len++)
            assert_non_null(decode_exactly(plan, slice_of(datum.ptr, len), &b, why));
        for (size_t at = 0; at < datum.len; at++)
            for (int bit = 0; bit < 8; bit++) {
                datum.ptr[at] = (char)(datum.ptr[at] ^ 1 << bit);
                decode_exactly(plan, bytes_all(&datum), &b, why); /* an error or a value */
                datum.ptr[at] = (char)(datum.ptr[at] ^ 1 << bit);
            }
        bytes_fini(&datum);
    }
    assert_false(b.failed);
    builder_fini(&b);
    batch_unref(batch);
    avro_plan_free(plan);
    arena_fini(&arena);
}

/* schema: of the writer; hex: the datum; want: the row, or the reason behind `!`. */
struct datum_case {
    const char *name, *writer, *columns, *hex, *want;
};

static void from_hex(const char *hex, struct bytes *out)
{
    static const char digits[] = "0123456789abcdef";

    for (; *hex; hex++)
        if (*hex != ' ') {
            bytes_u8(out,
                     (uint8_t)((strchr(digits, hex[0]) - digits) << 4 | (strchr(digits, hex[1]) - digits)));
            hex++;
        }
}

static void check_datum(const struct datum_case *c)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, c->columns);
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct bytes datum = {0}, text = {0};
    struct builder b;
    struct batch *batch = NULL;
    struct error e;
    char why[AVRO_WHY_MAX];
    size_t used = 0;
    const char *reason, *got;

    ASSERT_OK(avro_schema_parse(slice_text(c->writer), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, schema, NULL, &plan, &e), &e);
    from_hex(c->hex, &datum);
    assert_true(builder_init(&b, schema, NULL));
    reason = avro_decode(plan, bytes_all(&datum), &b, &used, why);
    if (reason) {
        bytes_printf(&text, "!%s", reason);
        got = bytes_cstr(&text);
    } else {
        ASSERT_OK(builder_finish(&b, &batch, &e), &e);
        got = test_print(batch, &text);
    }
    if (strncmp(got, c->want, strlen(c->want)) != 0)
        fail_msg("%s: got %s", c->name, got);
    batch_unref(batch);
    builder_fini(&b);
    bytes_fini(&datum);
    bytes_fini(&text);
    avro_plan_free(plan);
    avro_schema_free(writer);
    arena_fini(&arena);
}

#define RECORD(fields)    "{\"type\":\"record\",\"name\":\"r\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define ARRAY_OF(type)    "{\"type\":\"array\",\"items\":" type "}"

static void test_malformed(UNUSED void **state)
{
    static const struct datum_case cases[] = {
        {"a long", RECORD(FIELD("a", "\"long\"")), "a BIGINT", "ffffffffffffffffff01",
         "+I(-9223372036854775808)"},
        {"11 bytes of a long", RECORD(FIELD("a", "\"long\"")), "a BIGINT", "ffffffffffffffffffff01",
         "!field a: a number has more than 64 bits"},
        {"65 bits", RECORD(FIELD("a", "\"long\"")), "a BIGINT", "ffffffffffffffffff02",
         "!field a: a number has more"},
        {"a short long", RECORD(FIELD("a", "\"long\"")), "a BIGINT", "ff", "!field a: 1 byte is missing"},
        {"an int of 33 bits", RECORD(FIELD("a", "\"int\"")), "a INT", "8080808020",
         "!field a: 4294967296 is outside -2147483648..2147483647"},
        {"an int for a byte", RECORD(FIELD("a", "\"int\"")), "a TINYINT", "8002",
         "!field a: 128 is outside -128..127"},
        {"a boolean of 2", RECORD(FIELD("a", "\"boolean\"")), "a BOOLEAN", "02", "!field a: a boolean of 2"},
        {"not UTF-8", RECORD(FIELD("a", "\"string\"")), "a STRING", "04c328",
         "!field a: the text is not UTF-8"},
        {"an overlong slash", RECORD(FIELD("a", "\"string\"")), "a STRING", "04c0af",
         "!field a: the text is not UTF-8"},
        {"a surrogate", RECORD(FIELD("a", "\"string\"")), "a STRING", "06eda080",
         "!field a: the text is not UTF-8"},
        {"above 10ffff", RECORD(FIELD("a", "\"string\"")), "a STRING", "08f4908080",
         "!field a: the text is not UTF-8"},
        {"a NUL is a character", RECORD(FIELD("a", "\"string\"")), "a BYTES", "0400c3", "+I(x'00c3')"},
        {"a negative length", RECORD(FIELD("a", "\"string\"")), "a STRING", "03", "!field a: a length of -2"},
        {"a length past the end", RECORD(FIELD("a", "\"string\"")), "a STRING", "0a6162",
         "!field a: 3 bytes are missing"},
        {"a length of 2^62", RECORD(FIELD("a", "\"bytes\"")), "a BYTES", "80808080808080808001",
         "!field a: a length of"},
        {"branch 2 of 2", RECORD(FIELD("a", "[\"null\",\"int\"]")), "a INT", "04",
         "!field a: branch number 2 of 2"},
        {"branch -1", RECORD(FIELD("a", "[\"null\",\"int\"]")), "a INT", "01",
         "!field a: branch number -1 of 2"},
        {"branch 3 of 3", RECORD(FIELD("a", "[\"null\",\"int\",\"string\"]")), "a INT", "06",
         "!field a: branch number 3 of 3"},
        {"a branch that does not fit", RECORD(FIELD("a", "[\"null\",\"int\",\"string\"]")), "a INT", "0402",
         "!field a: is a string, which does not fit the column"},
        {"the null of three", RECORD(FIELD("a", "[\"int\",\"null\",\"string\"]")), "a INT NOT NULL", "02",
         "!field a: is null, but the column is NOT NULL"},
        {"a null for NOT NULL", RECORD(FIELD("a", "[\"null\",\"int\"]")), "a INT NOT NULL", "00",
         "!field a: is null, but the column is NOT NULL"},
        {"symbol 2 of 2", RECORD(FIELD("a", "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"y\"]}")),
         "a STRING", "04", "!field a: symbol number 2 of 2"},
        {"two blocks, one with its size", RECORD(FIELD("a", ARRAY_OF("\"int\""))), "a ARRAY<INT>",
         "0202 03040406 00", "+I([1, 2, 3])"},
        {"a block larger than what is left", RECORD(FIELD("a", ARRAY_OF("\"int\""))), "a ARRAY<INT>",
         "010a02 00", "!field a: a block of 5 bytes, where 2 are left"},
        {"a block of -2^63", RECORD(FIELD("a", ARRAY_OF("\"int\""))), "a ARRAY<INT>", "ffffffffffffffffff01",
         "!field a: a block of 2^63 elements"},
        {"2^60 ints", RECORD(FIELD("a", ARRAY_OF("\"int\""))), "a ARRAY<INT>", "808080808080808020",
         "!field a: a block of 1152921504606846976 elements, where 0 bytes are left"},
        {"the third sample",
         RECORD(FIELD("samples", ARRAY_OF("{\"type\":\"record\",\"name\":\"s\",\"fields\":[" FIELD(
                                     "id", "\"string\"") "," FIELD("value", "\"double\"") "]}"))),
         "samples ARRAY<ROW<id STRING, value DOUBLE>>",
         "06 0261 0000000000000000 0262 0000000000000000 0263 000000000000",
         "!field samples[2].value: 2 bytes are missing"},
        {"in a map", RECORD(FIELD("m", "{\"type\":\"map\",\"values\":\"string\"}")), "m MAP<STRING, STRING>",
         "04 0261 0262 0263 02ff", "!field m[1]: the text is not UTF-8"},
        {"a decimal of no bytes",
         RECORD(FIELD("a", "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4}")),
         "a DECIMAL(4, 0)", "00", "!field a: a decimal of no bytes"},
        {"a decimal that is too long",
         RECORD(FIELD("a", "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4}")),
         "a DECIMAL(4, 0)", "042710", "!field a: the decimal has more digits than the column"},
        {"a decimal of 20 bytes",
         RECORD(FIELD("a", "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4}")),
         "a DECIMAL(4, 0)", "28 ffffffffffffffffffffffffffffffffffffff85", "+I(-123)"},
        {"a decimal of 17 bytes and bits",
         RECORD(FIELD("a", "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4}")),
         "a DECIMAL(4, 0)", "22 0080000000000000000000000000000000", "!field a: the decimal has more digits"},
        {"no UUID", RECORD(FIELD("a", "\"string\"")), "a UUID", "0278", "!field a: the text is not a UUID"},
        {"a time of 24 h", RECORD(FIELD("a", "{\"type\":\"int\",\"logicalType\":\"time-millis\"}")),
         "a TIME(3)", "80f0b252", "!field a: the time lies outside the day"},
        {"a timestamp past the end",
         RECORD(FIELD("a", "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}")), "a TIMESTAMP(3)",
         "feffffffffffffffff01", "!field a: the timestamp is outside what the column holds"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_datum(&cases[i]);
}

/* Elements of no bytes are counted: neither a hang nor a million rows. */
static void test_empty_elements(UNUSED void **state)
{
    static const char empty[] = RECORD(
        FIELD("a", ARRAY_OF("{\"type\":\"record\",\"name\":\"e\",\"fields\":[]}")) "," FIELD("z", "\"int\""));
    static const struct datum_case cases[] = {
        {"three", empty, "a ARRAY<ROW<x INT>>, z INT", "06 00 02", "+I([(NULL), (NULL), (NULL)], 1)"},
        {"2^60", empty, "a ARRAY<ROW<x INT>>, z INT", "808080808080808020 00 02",
         "!field a: a block of 1152921504606846976 elements"},
        {"2^60, skipped", empty, "z INT", "808080808080808020 00 02", "+I(1)"},
        {"2^60 nulls, skipped", RECORD(FIELD("a", ARRAY_OF("\"null\"")) "," FIELD("z", "\"int\"")), "z INT",
         "808080808080808020 00 02", "+I(1)"},
        {"many blocks of 2^16 less one", empty, "a ARRAY<ROW<x INT>>, z INT", "feff07 02 02 00 02",
         "!field a: a block of 1"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_datum(&cases[i]);
}

/* A record that contains itself can be skipped, but not for ever. */
static void test_deep_skip(UNUSED void **state)
{
    static const char list[] = RECORD(FIELD("n", "[\"null\",\"r\"]") "," FIELD("z", "\"int\""));
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, "z INT");
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct bytes datum = {0};
    struct builder b;
    struct error e;
    size_t used;
    char why[AVRO_WHY_MAX];

    ASSERT_OK(avro_schema_parse(slice_text(list), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, schema, NULL, &plan, &e), &e);
    assert_true(builder_init(&b, schema, NULL));
    for (int depth = 0; depth < 200; depth++)
        bytes_u8(&datum, 2);
    bytes_u8(&datum, 0);
    for (int depth = 0; depth <= 200; depth++)
        bytes_u8(&datum, 4);
    assert_null(avro_decode(plan, bytes_all(&datum), &b, &used, why));
    assert_int_equal(used, datum.len);
    bytes_clear(&datum);
    for (int depth = 0; depth < 100000; depth++)
        bytes_u8(&datum, 2);
    assert_string_equal(avro_decode(plan, bytes_all(&datum), &b, &used, why), "values are nested too deep");
    builder_fini(&b);
    bytes_fini(&datum);
    avro_plan_free(plan);
    avro_schema_free(writer);
    arena_fini(&arena);
}

/* --- memory --- */

/* Everything from the schema's text to the batch; false when it ran out of memory. */
static bool whole_way(const struct schema *schema, struct slice json, struct slice datum)
{
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct builder b = {0};
    struct batch *batch = NULL;
    struct error e;
    size_t used;
    char why[AVRO_WHY_MAX];
    enum err rc;

    if ((rc = avro_schema_parse(json, &writer, &e)) != OK ||
        (rc = avro_plan_new(writer, schema, NULL, &plan, &e)) != OK)
        goto out;
    rc = ERR_MEMORY;
    if (!builder_init(&b, schema, NULL))
        goto out;
    for (int i = 0; i < 70; i++)
        assert_null(avro_decode(plan, datum, &b, &used, why));
    rc = builder_finish(&b, &batch, &e);
    assert_true(rc != OK || batch->row_count == 70);
out:
    if (rc != OK && rc != ERR_MEMORY &&
        strstr(e.text, "not JSON") == NULL) /* jansson takes some for bad syntax */
        fail_msg("%s", e.text);
    batch_unref(batch);
    builder_fini(&b);
    avro_plan_free(plan);
    avro_schema_free(writer);
    return rc == OK;
}

static void test_no_memory(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, EVERY_TYPE);
    struct batch *batch = test_random_batch(schema, 1, 5);
    struct bytes json = {0}, datum = {0};
    struct error e;
    uint64_t before, count;

    ASSERT_OK(avro_schema_write(schema, "row", &json, &e), &e);
    avro_encode(batch, 0, &datum);
    json_set_alloc_funcs(mem_alloc, mem_free);
    before = mem_count();
    assert_true(whole_way(schema, bytes_all(&json), bytes_all(&datum)));
    count = mem_count() - before;
    for (uint64_t n = 1; n <= count; n++) {
        mem_fail_at(n, false);
        whole_way(schema, bytes_all(&json), bytes_all(&datum));
        mem_fail_at(n, true);
        assert_false(whole_way(schema, bytes_all(&json), bytes_all(&datum)));
        mem_fail_at(0, false);
    }
    batch_unref(batch);
    bytes_fini(&json);
    bytes_fini(&datum);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_every_type), cmocka_unit_test(test_truncated_and_flipped),
          cmocka_unit_test(test_malformed), cmocka_unit_test(test_empty_elements),
          cmocka_unit_test(test_deep_skip), cmocka_unit_test(test_no_memory))
