/* avro_test.c: rows to records and back for every type, and what malformed data does. */
#include "formats/avro.h"
#include "formats/avro_schema.h"
#include "formats/test_rows.h"
#include "base/mem.h"

#define EVERY_TYPE                                                                                           \
    "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT NOT NULL, i64 BIGINT, f FLOAT, d DOUBLE NOT NULL, "        \
    "dec DECIMAL(9, 2), big DECIMAL(38, 10) NOT NULL, day DATE, t0 TIME(0), t3 TIME(3), t6 TIME(6), "        \
    "ts0 TIMESTAMP(0), ts3 TIMESTAMP(3) NOT NULL, ts6 TIMESTAMP(6), ts9 TIMESTAMP(9), "                     \
    "ltz3 TIMESTAMP_LTZ(3), ltz6 TIMESTAMP_LTZ(6) NOT NULL, ltz9 TIMESTAMP_LTZ(9), "                         \
    "s STRING, s2 STRING NOT NULL, raw BYTES, fix BINARY(5), id UUID, "                                      \
    "list ARRAY<INT>, list2 ARRAY<ARRAY<STRING NOT NULL>> NOT NULL, m MAP<STRING NOT NULL, BIGINT>, "        \
    "m2 MAP<INT NOT NULL, STRING>, m3 MAP<STRING NOT NULL, ARRAY<ROW<x DOUBLE, y STRING>>>, "                \
    "r ROW<a INT, b ROW<c STRING NOT NULL, d ARRAY<DOUBLE>>, e DECIMAL(18, 4)>, "                            \
    "rows ARRAY<ROW<k STRING NOT NULL, v BIGINT NOT NULL, tags MAP<STRING NOT NULL, STRING>> NOT NULL>"

/* A plan that reads what avro_schema_write writes. */
static struct avro_plan *plan_of(const struct schema *schema)
{
    struct bytes        json = {0};
    struct avro_schema *writer = NULL;
    struct avro_plan   *plan = NULL;
    struct error        e;

    ASSERT_OK(avro_schema_write(schema, "row", &json, &e), &e);
    ASSERT_OK(avro_schema_parse(bytes_all(&json), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, schema, NULL, &plan, &e), &e);
    avro_schema_free(writer);
    bytes_fini(&json);
    return plan;
}

static void test_every_type(UNUSED void **state)
{
    struct arena         arena = {0};
    const struct schema *schema = test_schema(&arena, EVERY_TYPE);
    struct avro_plan    *plan = plan_of(schema);
    struct batch        *batch = test_random_batch(schema, 300, 1), *back = NULL;
    struct bytes         datum = {0}, want = {0}, got = {0};
    struct builder       b;
    struct error         e;
    char                 why[AVRO_WHY_MAX];

    assert_true(builder_init(&b, schema, NULL));
    for (int32_t i = 0; i < 300; i++)
        avro_encode(batch, i, &datum);
    for (struct slice left = bytes_all(&datum); left.len;) {
        size_t      used = 0;
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

TEST_MAIN(cmocka_unit_test(test_every_type))
