/* transform_test.c: transforms as text, what they take and give, and partitioning as users write it. */
#include "iceberg/transform.h"
#include "base/mem.h"
#include "base/test.h"
#include "iceberg/metadata.h"

static void test_names(UNUSED void **state)
{
    static const char *const good[] = {"identity", "bucket[16]", "truncate[8]", "year",
                                       "month",    "day",        "hour",        "void"};
    static const char *const bad[] = {"",          "days",        "bucket",
                                      "bucket[]",  "bucket[0]",   "bucket[-1]",
                                      "bucket[16", "truncate[x]", "bucket[99999999999]",
                                      "identity ", "zorder"};
    struct transform t;
    struct error e;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct bytes b = {0};

        ASSERT_OK(transform_parse(slice_text(good[i]), &t, &e), &e);
        transform_print(t, &b);
        assert_true(slice_is(bytes_all(&b), good[i]));
        bytes_fini(&b);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (transform_parse(slice_text(bad[i]), &t, &e) != ERR_UNSUPPORTED)
            fail_msg("`%s` was taken", bad[i]);
}

/* For each transform the kinds it takes, and what it gives: '=' the same, 'i' an int, 'd' a date, '.'
 * nothing. */
static void test_types(UNUSED void **state)
{
    static const struct {
        const char *transform, *result;
    } cases[] = {
        /*               b i i i i f d d t t t m m s b u
         *               o 8 1 3 6 l o a i s z o i t i u */
        {"identity", "====="
                     "=="
                     "="
                     "==="
                     ".."
                     "===="},
        {"bucket[4]", ".iiii"
                      ".."
                      "i"
                      "iii"
                      ".."
                      "iiii"},
        {"truncate[4]", ".===="
                        ".."
                        "."
                        "..."
                        ".."
                        "==.."},
        {"year", "....."
                 ".."
                 "i"
                 ".ii"
                 ".."
                 "...."},
        {"day", "....."
                ".."
                "d"
                ".dd"
                ".."
                "...."},
        {"hour", "....."
                 ".."
                 "."
                 ".ii"
                 ".."
                 "...."},
        {"void", "====="
                 "=="
                 "="
                 "==="
                 "=="
                 "===="},
    };
    static const enum type_kind kinds[] = {TYPE_BOOLEAN,
                                           TYPE_INT8,
                                           TYPE_INT16,
                                           TYPE_INT32,
                                           TYPE_INT64,
                                           TYPE_FLOAT,
                                           TYPE_DOUBLE,
                                           TYPE_DATE,
                                           TYPE_TIME,
                                           TYPE_TIMESTAMP,
                                           TYPE_TIMESTAMP_LTZ,
                                           TYPE_INTERVAL_MONTHS,
                                           TYPE_INTERVAL_MILLIS,
                                           TYPE_STRING,
                                           TYPE_BINARY,
                                           TYPE_UUID};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct transform t;
        struct error e;

        ASSERT_OK(transform_parse(slice_text(cases[i].transform), &t, &e), &e);
        for (size_t k = 0; k < COUNT_OF(kinds); k++) {
            const struct type *source = type_simple(kinds[k], false), *result = NULL;
            char want = cases[i].result[k], got = '.';

            if (transform_result(t, source, &result, &e) == OK)
                got = result->kind == source->kind                                          ? '='
                      : result->kind == TYPE_DATE                                           ? 'd'
                      : kinds[k] <= TYPE_INT32 && want == '=' && result->kind == TYPE_INT32 ? '='
                                                                                            : 'i';
            if (want == 'i' && result && result->kind == TYPE_INT32)
                got = 'i';
            if (want == 'd' && result && result->kind == TYPE_DATE)
                got = 'd';
            if (got != want)
                fail_msg("%s of kind %d: wanted %c, got %c", cases[i].transform, (int)kinds[k], want, got);
        }
    }
}

static const struct schema *test_schema(struct arena *arena)
{
    const struct schema *plain, *schema;
    struct error e;
    int32_t last;

    ASSERT_OK(
        schema_parse(
            arena,
            SLICE("start_date TIMESTAMP(6), data_type STRING, user_id BIGINT, name STRING, `a.b` INT, "
                  "loc ROW<city STRING, at ROW<ts TIMESTAMP(6)>>, list ARRAY<STRING>, price DECIMAL(9, 2)"),
            &plain, &e),
        &e);
    ASSERT_OK(metadata_assign_ids(arena, plain, &schema, &last, &e), &e);
    return schema;
}

static void test_specs(UNUSED void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"days(start_date), data_type", "start_date_day=day(1) data_type=identity(2)"},
        {"bucket(16, user_id), truncate(4, name) AS prefix",
         "user_id_bucket=bucket[16](3) prefix=truncate[4](4)"},
        {"bucket(user_id,16)", "user_id_bucket=bucket[16](3)"},
        {" HOURS ( `start_date` ) , `data_type` as dt ", "start_date_hour=hour(1) dt=identity(2)"},
        {"years(start_date)", "start_date_year=year(1)"},
        {"month(start_date)", "start_date_month=month(1)"},
        {"loc.city", "loc.city=identity(9)"},
        {"day(loc.at.ts)", "loc.at.ts_day=day(11)"},
        {"a.b", "a.b=identity(5)"},
        {"void(user_id)", "user_id_null=void(3)"},
        {"truncate(10, price), name", "price_trunc=truncate[10](8) name=identity(4)"},
    };
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct partition_spec *spec;
        struct bytes b = {0};
        struct error e;

        ASSERT_OK(partition_spec_parse(&arena, slice_text(cases[i].text), schema, &spec, &e), &e);
        for (int32_t k = 0; k < spec->field_count; k++) {
            bytes_printf(&b, "%s%s=", k ? " " : "", spec->fields[k].name);
            transform_print(spec->fields[k].transform, &b);
            bytes_printf(&b, "(%" PRId32 ")", spec->fields[k].source_id);
            assert_int_equal(spec->fields[k].field_id, 1000 + k);
        }
        if (!slice_is(bytes_all(&b), cases[i].want))
            fail_msg("%s: got " SLICE_FMT, cases[i].text, SLICE_ARG(bytes_all(&b)));
        bytes_fini(&b);
    }
    arena_fini(&arena);
}

static void test_bad_specs(UNUSED void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "a column is wanted"},
        {"nothing", "no column `nothing`"},
        {"days(data_type)", "does not take"},
        {"days(start_date", "`)` is wanted"},
        {"decades(start_date)", "no such transform"},
        {"bucket(user_id)", "a number and a column"},
        {"bucket(0, user_id)", "at least 1"},
        {"bucket(x, user_id)", "a number is wanted"},
        {"data_type, data_type", "named data_type"},
        {"days(start_date), hours(start_date)", "say the same"},
        {"data_type AS name", "another column"},
        {"data_type AS", "a name is wanted"},
        {"data_type name", "`,` or the end"},
        {"list", "does not take"},
        {"loc.nothing", "no column"},
        {"list.element", "no column"},
        {"data_type,", "a column is wanted"},
        {"`data_type", "a column is wanted"},
        {"bucket(99999999999, user_id)", "number is wanted"},
    };
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct partition_spec *spec;
        struct error e;

        if (partition_spec_parse(&arena, slice_text(cases[i].text), schema, &spec, &e) != ERR_CONFIG ||
            strstr(e.text, cases[i].why) == NULL)
            fail_msg("`%s`: %s", cases[i].text, e.text);
    }
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_types), cmocka_unit_test(test_specs),
          cmocka_unit_test(test_bad_specs))
