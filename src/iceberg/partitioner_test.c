/* partitioner_test.c: rows to partitions: the values that Iceberg's specification gives (appendix B and the
 * examples of transforms), paths as its Java library makes them, and numbers that do not depend on how rows
 * come in batches.
 */
#include "base/calendar.h"
#include "base/mem.h"
#include "base/test.h"
#include "batch/builder.h"
#include "iceberg/single_value.h"
#include "iceberg/transform.h"
#include <stdio.h>

/* --- one column, one transform --- */

struct one {
    struct type type;
    struct field field;
    struct schema schema;
    struct partition_field partition;
    struct partition_spec spec;
};

static void one_init(struct one *o, struct type type, const char *transform)
{
    struct error e;

    o->type = type;
    o->type.nullable = true;
    o->field = (struct field){"c", &o->type, 1, NULL};
    o->schema = (struct schema){1, &o->field};
    o->partition = (struct partition_field){1, 1000, "c_part", {0}};
    ASSERT_OK(transform_parse(slice_text(transform), &o->partition.transform, &e), &e);
    o->spec = (struct partition_spec){0, 1, &o->partition};
}

/* The partition of a single value, or of an absent one when v.ptr is NULL, as `value` or `value path`. */
static void check_one(struct one *o, struct slice v, struct slice want, const char *path, const char *name)
{
    struct builder b;
    struct batch *batch;
    struct partitioner *p;
    struct error e;
    int32_t number = -1;
    struct slice got;

    assert_true(builder_init(&b, &o->schema, NULL));
    if (v.ptr)
        single_value_build(&b.columns[0], v);
    else
        builder_null(&b.columns[0]);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    ASSERT_OK(partitioner_new(&o->spec, &o->schema, &p, &e), &e);
    ASSERT_OK(partitioner_assign(p, batch, &number, &e), &e);
    assert_int_equal(number, 0);
    got = partitioner_values(p, 0)->value;
    if (partitioner_values(p, 0)->null != (want.ptr == NULL) || !slice_equal(got, want))
        fail_msg("%s: another value, path %s", name, partitioner_path(p, 0));
    if (path && strcmp(partitioner_path(p, 0), path) != 0)
        fail_msg("%s: path %s", name, partitioner_path(p, 0));
    partitioner_free(p);
    batch_unref(batch);
    builder_fini(&b);
}

static struct slice le(int64_t v, int bytes, struct bytes *out)
{
    bytes_clear(out);
    if (bytes == 4)
        bytes_le32(out, (uint32_t)v);
    else
        bytes_le64(out, (uint64_t)v);
    return bytes_all(out);
}

#define MICROS(days, seconds) ((INT64_C(86400) * (days) + (seconds)) * MICROS_PER_SECOND)

/* bucket[INT32_MAX] shows the hash but for its sign bit. */
static void test_hashes_of_appendix_b(UNUSED void **state)
{
    static const struct {
        struct type type;
        int64_t v;
        struct slice bytes;
        int32_t hash;
    } cases[] = {
        {{.kind = TYPE_INT32}, 34, {NULL, 0}, 2017239379},
        {{.kind = TYPE_INT8}, 34, {NULL, 0}, 2017239379},
        {{.kind = TYPE_INT64}, 34, {NULL, 0}, 2017239379},
        {{.kind = TYPE_DECIMAL, .precision = 9, .scale = 2}, 0, {"\x05\x8c", 2}, -500754589},
        {{.kind = TYPE_DATE}, 17486, {NULL, 0}, -653330422},
        {{.kind = TYPE_TIME, .precision = 6}, INT64_C(81068000000), {NULL, 0}, -662762989},
        {{.kind = TYPE_TIMESTAMP, .precision = 6}, MICROS(17486, 81068), {NULL, 0}, -2047944441},
        {{.kind = TYPE_TIMESTAMP, .precision = 6}, MICROS(17486, 81068) + 1, {NULL, 0}, -1207196810},
        {{.kind = TYPE_TIMESTAMP_LTZ, .precision = 6}, MICROS(17486, 81068), {NULL, 0}, -2047944441},
        {{.kind = TYPE_TIMESTAMP, .precision = 9}, MICROS(17486, 81068) * 1000, {NULL, 0}, -2047944441},
        {{.kind = TYPE_TIMESTAMP_LTZ, .precision = 9},
         (MICROS(17486, 81068) + 1) * 1000 + 1,
         {NULL, 0},
         -1207196810},
        {{.kind = TYPE_STRING}, 0, {"iceberg", 7}, 1210000089},
        {{.kind = TYPE_UUID},
         0,
         {"\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7", 16},
         1488055340},
        {{.kind = TYPE_FIXED, .length = 4}, 0, {"\0\1\2\3", 4}, -188683207},
        {{.kind = TYPE_BINARY}, 0, {"\0\1\2\3", 4}, -188683207},
    };
    struct bytes in = {0}, out = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool small = cases[i].type.kind <= TYPE_INT32 || cases[i].type.kind == TYPE_DATE;
        char name[40];
        struct one o;

        snprintf(name, sizeof name, "appendix B, %zu", i);
        one_init(&o, cases[i].type, "bucket[2147483647]");
        check_one(&o, cases[i].bytes.ptr ? cases[i].bytes : le(cases[i].v, small ? 4 : 8, &in),
                  le((cases[i].hash & INT32_MAX) % INT32_MAX, 4, &out), NULL, name);
        check_one(&o, (struct slice){NULL, 0}, (struct slice){NULL, 0}, "c_part=null", name);
    }
    bytes_fini(&in);
    bytes_fini(&out);
}

static void test_numbers(UNUSED void **state)
{
    static const struct {
        enum type_kind kind;
        const char *transform;
        int64_t v, want;
        const char *path;
    } cases[] = {
        {TYPE_INT32, "truncate[10]", 1, 0, "c_part=0"},
        {TYPE_INT32, "truncate[10]", -1, -10, "c_part=-10"},
        {TYPE_INT32, "truncate[10]", -10, -10, "c_part=-10"},
        {TYPE_INT64, "truncate[10]", 10000000009, 10000000000, "c_part=10000000000"},
        {TYPE_INT64, "truncate[10]", INT64_MIN, 9223372036854775806, NULL}, /* wraps as Java's does */
        {TYPE_DATE, "year", 0, 0, "c_part=1970"},
        {TYPE_DATE, "year", -1, -1, "c_part=1969"},
        {TYPE_DATE, "month", -1, -1, "c_part=1969-12"},
        {TYPE_DATE, "month", 20393, 670, "c_part=2025-11"},
        {TYPE_DATE, "day", -1, -1, "c_part=1969-12-31"},
        {TYPE_DATE, "identity", 20393, 20393, "c_part=2025-11-01"},
        {TYPE_TIMESTAMP, "year", -1, -1, "c_part=1969"},
        {TYPE_TIMESTAMP, "year", MICROS(17486, 81068), 47, "c_part=2017"},
        {TYPE_TIMESTAMP, "month", MICROS(17486, 81068), 574, "c_part=2017-11"},
        {TYPE_TIMESTAMP, "day", MICROS(20393, 0), 20393, "c_part=2025-11-01"},
        {TYPE_TIMESTAMP, "day", MICROS(20393, 0) - 1, 20392, "c_part=2025-10-31"},
        {TYPE_TIMESTAMP, "day", -1, -1, "c_part=1969-12-31"},
        {TYPE_TIMESTAMP, "hour", -1, -1, "c_part=1969-12-31-23"},
        {TYPE_TIMESTAMP, "hour", MICROS(20393, 8 * 3600 + 59), 20393 * 24 + 8, "c_part=2025-11-01-08"},
        {TYPE_TIMESTAMP_LTZ, "hour", MICROS(0, 3600), 1, "c_part=1970-01-01-01"},
        {TYPE_TIMESTAMP, "day", INT64_MIN, -106751992, NULL},
        {TYPE_TIMESTAMP, "day", INT64_MAX, 106751991, NULL},
        {TYPE_TIMESTAMP, "year", INT64_MIN, 0, NULL},
        {TYPE_BOOLEAN, "identity", 1, 1, "c_part=true"},
        {TYPE_INT64, "identity", -5, -5, "c_part=-5"},
        {TYPE_INT64, "void", 5, 0, "c_part=null"},
    };
    struct bytes in = {0}, out = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct type *t = type_simple(cases[i].kind, true), *result;
        struct one o;
        struct error e;
        bool none = strcmp(cases[i].transform, "void") == 0;

        one_init(&o, *t, cases[i].transform);
        ASSERT_OK(transform_result(o.partition.transform, t, &result, &e), &e);
        bytes_clear(&in);
        bytes_clear(&out);
        single_value_of_i64(t, cases[i].v, &in);
        if (cases[i].v == INT64_MIN && strcmp(cases[i].transform, "year") == 0)
            single_value_of_i64(result, calendar_civil(-106751992).year - 1970, &out);
        else
            single_value_of_i64(result, cases[i].want, &out);
        check_one(&o, bytes_all(&in), none ? (struct slice){NULL, 0} : bytes_all(&out), cases[i].path,
                  cases[i].transform);
    }
    bytes_fini(&in);
    bytes_fini(&out);
}

static void test_texts_and_decimals(UNUSED void **state)
{
    static const struct {
        struct type type;
        const char *transform;
        struct slice v, want;
        const char *path;
    } cases[] = {
        {{.kind = TYPE_STRING}, "truncate[3]", {"iceberg", 7}, {"ice", 3}, "c_part=ice"},
        {{.kind = TYPE_STRING}, "truncate[3]", {"ic", 2}, {"ic", 2}, "c_part=ic"},
        {{.kind = TYPE_STRING},
         "truncate[2]",
         {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
         {"\xc3\xa4\xe2\x82\xac", 5},
         "c_part=%C3%A4%E2%82%AC"},
        {{.kind = TYPE_STRING},
         "truncate[3]",
         {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
         {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
         NULL},
        {{.kind = TYPE_STRING},
         "truncate[14]",
         {"a text that is longer", 21},
         {"a text that is", 14},
         "c_part=a+text+that+is"},
        {{.kind = TYPE_BINARY}, "truncate[3]", {"\1\2\3\4\5", 5}, {"\1\2\3", 3}, "c_part=AQID"},
        {{.kind = TYPE_STRING}, "identity", {"a/b c=%d", 8}, {"a/b c=%d", 8}, "c_part=a%2Fb+c%3D%25d"},
        {{.kind = TYPE_STRING}, "identity", {"-_.*~", 5}, {"-_.*~", 5}, "c_part=-_.*%7E"},
        {{.kind = TYPE_STRING}, "identity", {"", 0}, {"", 0}, "c_part="},
        {{.kind = TYPE_STRING}, "identity", {"null", 4}, {"null", 4}, "c_part=null"},
        {{.kind = TYPE_DECIMAL, .precision = 9, .scale = 2},
         "truncate[50]",
         {"\x04\x29", 2},
         {"\x04\x1a", 2},
         "c_part=10.50"},
        {{.kind = TYPE_DECIMAL, .precision = 9, .scale = 2},
         "truncate[50]",
         {"\xff", 1},
         {"\xce", 1},
         "c_part=-0.50"},
        {{.kind = TYPE_DECIMAL, .precision = 9, .scale = 2},
         "identity",
         {"\x04\x29", 2},
         {"\x04\x29", 2},
         "c_part=10.65"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct one o;

        one_init(&o, cases[i].type, cases[i].transform);
        check_one(&o, cases[i].v, cases[i].want, cases[i].path, cases[i].transform);
    }
}

/* --- tables --- */

static const char *const type_names[] = {
    "steps", "heartRate", "bloodPressureSystolic", "distanceWalkingRunning", NULL, ""};

static const struct type ts_type = {.kind = TYPE_TIMESTAMP, .nullable = true, .precision = 6};
static const struct type text_type = {.kind = TYPE_STRING, .nullable = true};
static const struct type int_type = {.kind = TYPE_INT32, .nullable = true};
static const struct field row_fields[] = {
    {"ts", &ts_type, 1, NULL}, {"data_type", &text_type, 2, NULL}, {"n", &int_type, 3, NULL}};
static const struct schema row_schema = {3, row_fields};
static const struct partition_field by_day_type[] = {{1, 1000, "ts_day", {TRANSFORM_DAY, 0}},
                                                     {2, 1001, "data_type", {TRANSFORM_IDENTITY, 0}},
                                                     {3, 1002, "n_bucket", {TRANSFORM_BUCKET, 3}}};

/* Rows that cover all combinations in a scattered order; with long and short texts and absent values. */
static struct batch *rows(int32_t count)
{
    struct builder b;
    struct batch *batch;
    struct error e;

    assert_true(builder_init(&b, &row_schema, NULL));
    for (int32_t i = 0; i < count; i++) {
        uint32_t r = (uint32_t)i * 2654435761u;
        const char *text = type_names[r >> 8 & 0xff ? (r >> 8) % COUNT_OF(type_names) : 0];

        if (r % 97 == 0)
            builder_null(&b.columns[0]);
        else
            builder_i64(&b.columns[0], MICROS(20000 + (int64_t)(r / 7 % 3) - (r % 1000 == 0 ? 40000 : 0),
                                              (int64_t)(r % 86400)));
        if (text)
            builder_copied(&b.columns[1], text, strlen(text));
        else
            builder_null(&b.columns[1]);
        builder_i32(&b.columns[2], (int32_t)(r % 11));
    }
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    return batch;
}

/* Each row's path, worked out the slow way, must be that of its partition; and no two partitions have one
 * tuple. */
static void check_rows(struct partitioner *p, const struct batch *b, const int32_t *numbers, int32_t fields)
{
    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);
        const struct partition_value *v = partitioner_values(p, numbers[i]);
        bool has_ts = column_valid(&b->columns[0], row), has_text = column_valid(&b->columns[1], row);
        int32_t day = has_ts ? calendar_day_of(b->columns[0].i64[row]) : 0, got = 0;

        assert_int_equal(v[0].null, !has_ts);
        if (has_ts)
            memcpy(&got, v[0].value.ptr, 4);
        assert_int_equal(got, day);
        if (fields < 2)
            continue;
        assert_int_equal(v[1].null, !has_text);
        if (has_text)
            assert_true(slice_equal(v[1].value, column_slice(&b->columns[1], row)));
    }
}

static void test_many_rows(UNUSED void **state)
{
    struct batch *b = rows(5000), *part;
    int32_t *numbers = mem_calloc(5000, sizeof *numbers), *again = mem_calloc(5000, sizeof *again),
            picked[1000];
    struct error e;

    for (int32_t fields = 1; fields <= 3; fields++) {
        struct partition_spec spec = {0, fields, by_day_type};
        struct partitioner *p;

        ASSERT_OK(partitioner_new(&spec, &row_schema, &p, &e), &e);
        ASSERT_OK(partitioner_assign(p, b, numbers, &e), &e);
        check_rows(p, b, numbers, fields);
        for (int32_t i = 0, seen = 0; i < 5000; i++) { /* numbers are given in order of appearance */
            assert_true(numbers[i] <= seen);
            seen += numbers[i] == seen;
        }
        ASSERT_OK(partitioner_assign(p, b, again, &e), &e); /* known by now */
        assert_memory_equal(numbers, again, 5000 * sizeof *numbers);
        for (int32_t i = 0; i < 1000; i++)
            picked[i] = 4999 - i * 3;
        part = batch_select(b, picked, 1000, NULL);
        assert_non_null(part);
        ASSERT_OK(partitioner_assign(p, part, again, &e), &e);
        for (int32_t i = 0; i < 1000; i++)
            assert_int_equal(again[i], numbers[picked[i]]);
        batch_unref(part);
        for (int32_t i = 0; i < partitioner_count(p); i++)
            for (int32_t k = 0; k < i; k++)
                if (strcmp(partitioner_path(p, i), partitioner_path(p, k)) == 0)
                    assert_non_null(strstr(partitioner_path(p, i), "null"));
        partitioner_reset(p);
        assert_int_equal(partitioner_count(p), 0);
        ASSERT_OK(partitioner_assign(p, b, again, &e), &e);
        assert_memory_equal(numbers, again, 5000 * sizeof *numbers);
        partitioner_free(p);
    }
    mem_free(numbers);
    mem_free(again);
    batch_unref(b);
}

static void test_unpartitioned(UNUSED void **state)
{
    struct partition_spec spec = {0, 0, NULL};
    struct batch *b = rows(10);
    struct partitioner *p;
    int32_t numbers[10];
    struct error e;

    ASSERT_OK(partitioner_new(&spec, &row_schema, &p, &e), &e);
    assert_int_equal(partitioner_count(p), 0);
    ASSERT_OK(partitioner_assign(p, b, numbers, &e), &e);
    assert_int_equal(numbers[9], 0);
    assert_int_equal(partitioner_count(p), 1);
    assert_string_equal(partitioner_path(p, 0), "");
    partitioner_free(p);
    batch_unref(b);
}

static void test_nested_source(UNUSED void **state)
{
    static const struct field inner[] = {{"city", &text_type, 2, NULL}};
    static const struct type row_type = {
        .kind = TYPE_STRUCT, .nullable = true, .field_count = 1, .fields = inner};
    static const struct field fields[] = {{"loc", &row_type, 1, NULL}};
    static const struct schema schema = {1, fields};
    static const struct partition_field part[] = {{2, 1000, "loc.city", {TRANSFORM_IDENTITY, 0}}};
    static const struct partition_spec spec = {0, 1, part};
    struct builder b;
    struct batch *batch;
    struct partitioner *p;
    int32_t numbers[3];
    struct error e;

    assert_true(builder_init(&b, &schema, NULL));
    builder_copied(&b.columns[0].children[0], "Ulm", 3);
    builder_struct_end(&b.columns[0]);
    builder_null(&b.columns[0]);
    builder_copied(&b.columns[0].children[0], "Ulm", 3);
    builder_struct_end(&b.columns[0]);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    ASSERT_OK(partitioner_new(&spec, &schema, &p, &e), &e);
    ASSERT_OK(partitioner_assign(p, batch, numbers, &e), &e);
    assert_int_equal(numbers[2], 0);
    assert_int_equal(numbers[1], 1);
    assert_string_equal(partitioner_path(p, 0), "loc.city=Ulm");
    assert_string_equal(partitioner_path(p, 1), "loc.city=null");
    partitioner_free(p);
    batch_unref(batch);
    builder_fini(&b);
}

static void test_refusals(UNUSED void **state)
{
    static const struct partition_field unknown[] = {{9, 1000, "x", {TRANSFORM_IDENTITY, 0}}};
    static const struct partition_field wrong[] = {{2, 1000, "x", {TRANSFORM_DAY, 0}}};
    struct partition_spec spec = {0, 1, unknown};
    struct partitioner *p;
    struct error e;

    assert_int_equal(partitioner_new(&spec, &row_schema, &p, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "field id 9"));
    spec.fields = wrong;
    assert_int_equal(partitioner_new(&spec, &row_schema, &p, &e), ERR_CONFIG);
}

static void test_no_memory(UNUSED void **state)
{
    struct partition_spec spec = {0, 3, by_day_type};
    struct batch *b = rows(2000);
    int32_t *numbers = mem_calloc(2000, sizeof *numbers);
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t n = 1; rc != OK; n++) {
        struct partitioner *p = NULL;

        mem_fail_at(n, false);
        rc = partitioner_new(&spec, &row_schema, &p, &e);
        if (rc == OK)
            rc = partitioner_assign(p, b, numbers, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        if (p && rc != OK) { /* a reset makes it good again */
            partitioner_reset(p);
            ASSERT_OK(partitioner_assign(p, b, numbers, &e), &e);
            check_rows(p, b, numbers, 3);
        }
        partitioner_free(p);
    }
    mem_free(numbers);
    batch_unref(b);
}

TEST_MAIN(cmocka_unit_test(test_hashes_of_appendix_b), cmocka_unit_test(test_numbers),
          cmocka_unit_test(test_texts_and_decimals), cmocka_unit_test(test_many_rows),
          cmocka_unit_test(test_unpartitioned), cmocka_unit_test(test_nested_source),
          cmocka_unit_test(test_refusals), cmocka_unit_test(test_no_memory))
