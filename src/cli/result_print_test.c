/* result_print_test.c: values as texts, widths, whole tables: letter by letter. */
#include "base/test.h"
#include "base/mem.h"
#include "base/zone.h"
#include "batch/builder.h"
#include "cli/result_print.h"
#include <locale.h>
#include <string.h>

static const struct type *parse_type(struct arena *a, const char *text)
{
    const struct type *t;
    struct error e;

    ASSERT_OK(type_parse(a, slice_text(text), &t, &e), &e);
    return t;
}

/* --- widths --- */

static void test_width(UNUSED void **state)
{
    static const struct {
        const char *text;
        int32_t want;
    } cases[] = {
        {"", 0},         {"abc", 3},       {"grün", 4}, {"日本", 4}, {"a日b", 4}, {"한글", 4},
        {"ｆｕｌｌ", 8}, {"e\xcc\x81", 1}, {"\xff", 1}, {"😀", 2},    {"\t", 1},   {"−", 1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (result_width(slice_text(cases[i].text)) != cases[i].want)
            fail_msg("%s: %d columns", cases[i].text, (int)result_width(slice_text(cases[i].text)));
}

static void test_fit(UNUSED void **state)
{
    static const struct {
        const char *text;
        int32_t width;
        const char *want;
    } cases[] = {
        {"abc", 5, "  abc"},       {"abc", 3, "abc"},
        {"abcdef", 5, "ab..."},    {"日本語", 6, "日本語"},
        {"日本語", 5, "日..."},    {"日本語日", 6, " 日..."},
        {"a日本語", 7, "a日本語"}, {"a日本語", 6, "a日..."},
        {"abcdef", 3, "..."},      {"", 2, "  "},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes out = {0};

        result_fit(slice_text(cases[i].text), cases[i].width, &out);
        assert_string_equal(bytes_cstr(&out), cases[i].want);
        bytes_fini(&out);
    }
}

static void test_type_widths(UNUSED void **state)
{
    static const struct {
        const char *type;
        int32_t want;
    } cases[] = {
        {"TINYINT", 6},         {"SMALLINT", 6},      {"INT", 11},          {"BIGINT", 20},
        {"DECIMAL(10, 2)", 12}, {"DECIMAL(2, 0)", 6}, {"BOOLEAN", 6},       {"DATE", 10},
        {"TIME(0)", 8},         {"TIME(3)", 12},      {"TIMESTAMP(0)", 19}, {"TIMESTAMP(3)", 23},
        {"TIMESTAMP(6)", 26},   {"TIMESTAMP(9)", 29}, {"STRING", 30},       {"DOUBLE", 30},
        {"FLOAT", 30},          {"ARRAY<INT>", 30},   {"BYTES", 30},        {"TIMESTAMP_LTZ(3)", 23},
    };
    struct arena a = {0};
    struct result_style style = {.most_width = 30};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct field f = {.name = "c", .type = parse_type(&a, cases[i].type)};
        struct result_frame *frame = result_frame_by_type(&a, &(struct schema){1, &f}, &style);

        if (frame->widths[0] != cases[i].want)
            fail_msg("%s: %d columns", cases[i].type, (int)frame->widths[0]);
    }
    arena_fini(&a);
}

/* --- values --- */

static void put_text(struct column_builder *c, const char *text)
{
    builder_copied(c, text, strlen(text));
}

static const struct schema *all_schema(struct arena *a)
{
    const struct schema *s;
    struct error e;

    ASSERT_OK(schema_parse(a,
                           SLICE("b BOOLEAN, i INT, d DOUBLE, m DECIMAL(10, 2), y BYTES, dt DATE, t TIME(3), "
                                 "ts TIMESTAMP(3), tz TIMESTAMP_LTZ(6), s STRING, l ARRAY<STRING>, "
                                 "mp MAP<STRING, BYTES>, r ROW<x INT, y ARRAY<BOOLEAN>>"),
                           &s, &e),
              &e);
    return s;
}

static struct batch *all_values(const struct schema *s)
{
    struct builder b;
    struct batch *out = NULL;
    struct column_builder *c;
    struct error e;

    assert_true(builder_init(&b, s, NULL));
    c = b.columns;
    builder_u8(&c[0], 1);
    builder_i32(&c[1], -42);
    builder_f64(&c[2], 1e10);
    builder_i128(&c[3], -150);
    builder_copied(&c[4], "\x0a\xff", 2);
    builder_i32(&c[5], 20000);
    builder_i64(&c[6], INT64_C(45296789000));
    builder_i64(&c[7], INT64_C(1700000000123000));
    builder_i64(&c[8], INT64_C(1700000000123456));
    put_text(&c[9], "it's");
    put_text(&c[10].children[0], "a");
    builder_null(&c[10].children[0]);
    builder_list_end(&c[10]);
    put_text(&c[11].children[0], "k");
    builder_copied(&c[11].children[1], "\x01", 1);
    builder_list_end(&c[11]);
    builder_null(&c[12].children[0]);
    builder_u8(&c[12].children[1].children[0], 0);
    builder_list_end(&c[12].children[1]);
    builder_struct_end(&c[12]);
    ASSERT_OK(builder_finish(&b, &out, &e), &e);
    builder_fini(&b);
    return out;
}

static void test_values(UNUSED void **state)
{
    static const char *const want[] = {
        "TRUE",
        "-42",
        "1.0E10",
        "-1.50",
        "x'0aff'",
        "2024-10-04",
        "12:34:56.789",
        "2023-11-14 22:13:20.123",
        "2023-11-14 23:13:20.123456",
        "it's",
        "[a, NULL]",
        "{k=x'01'}",
        "(NULL, [FALSE])",
    };
    struct arena a = {0};
    const struct schema *s = all_schema(&a);
    struct batch *rows = all_values(s);
    struct result_style style = {0};
    struct result_cells cells;
    struct error e;

    ASSERT_OK(zone_find(SLICE("+01:00"), &style.zone, &e), &e);
    result_cells_init(&cells, s, &style);
    result_cells_add(&cells, rows, &style);
    assert_false(cells.failed);
    assert_int_equal(cells.row_count, 1);
    for (int32_t i = 0; i < (int32_t)COUNT_OF(want); i++) {
        struct slice got = result_cell(&cells, 0, i);

        if (!slice_is(got, want[i]))
            fail_msg("%s: got " SLICE_FMT ", want %s", s->fields[i].name, SLICE_ARG(got), want[i]);
    }
    result_cells_fini(&cells);
    batch_unref(rows);
    arena_fini(&a);
}

/* --- tables --- */

static const struct type text_type = {.kind = TYPE_STRING, .nullable = true};
static const struct type count_type = {.kind = TYPE_INT64, .nullable = true};
static const struct field count_fields[] = {{"name", &text_type}, {"cnt", &count_type}};
static const struct schema count_schema = {2, count_fields};

struct count_row {
    const char *name; /* NULL: none */
    int64_t count;    /* -1: none */
};

static struct batch *count_rows(const struct count_row *rows, size_t count)
{
    struct builder b;
    struct batch *out = NULL;
    struct error e;

    assert_true(builder_init(&b, &count_schema, NULL));
    for (size_t i = 0; i < count; i++) {
        if (rows[i].name)
            put_text(&b.columns[0], rows[i].name);
        else
            builder_null(&b.columns[0]);
        if (rows[i].count >= 0)
            builder_i64(&b.columns[1], rows[i].count);
        else
            builder_null(&b.columns[1]);
    }
    ASSERT_OK(builder_finish(&b, &out, &e), &e);
    builder_fini(&b);
    return out;
}

static void print_table(const struct batch *rows, const struct result_style *style, bool by_type,
                        struct bytes *out)
{
    struct arena a = {0};
    struct result_cells cells;
    struct result_frame *f;

    result_cells_init(&cells, rows->schema, style);
    result_cells_add(&cells, rows, style);
    f = by_type ? result_frame_by_type(&a, rows->schema, style)
                : result_frame_by_content(&a, rows->schema, &cells, style);
    if (f) {
        result_header(f, out);
        for (int64_t i = 0; i < cells.row_count; i++)
            result_row(f, &cells, i, out);
        result_border(f, out);
    }
    out->failed |= f == NULL || cells.failed;
    result_cells_fini(&cells);
    arena_fini(&a);
}

static const struct count_row few[] = {{"Alice", 1}, {"日本", 2}, {NULL, -1}};

static void expect_table(struct batch *rows, const struct result_style *style, bool by_type, const char *want)
{
    struct bytes out = {0};

    print_table(rows, style, by_type, &out);
    assert_string_equal(bytes_cstr(&out), want);
    bytes_fini(&out);
    batch_unref(rows);
}

static void test_streaming(UNUSED void **state)
{
    static const uint8_t kinds[] = {ROW_INSERT, ROW_UPDATE_BEFORE, ROW_DELETE};
    struct result_style style = {.changes = true, .most_width = 10};
    struct batch *rows = count_rows(few, COUNT_OF(few));

    rows->row_kinds = kinds;
    expect_table(rows, &style, true,
                 "+----+------------+----------------------+\n"
                 "| op |       name |                  cnt |\n"
                 "+----+------------+----------------------+\n"
                 "| +I |      Alice |                    1 |\n"
                 "| -U |       日本 |                    2 |\n"
                 "| -D |     <NULL> |               <NULL> |\n"
                 "+----+------------+----------------------+\n");
}

static void test_by_content(UNUSED void **state)
{
    static const struct count_row longer[] = {{"a name of many letters", 1234567}};
    struct result_style style = {.most_width = 12}, show = {.null_empty = true};

    expect_table(count_rows(few, COUNT_OF(few)), &style, false,
                 "+--------+--------+\n"
                 "|   name |    cnt |\n"
                 "+--------+--------+\n"
                 "|  Alice |      1 |\n"
                 "|   日本 |      2 |\n"
                 "| <NULL> | <NULL> |\n"
                 "+--------+--------+\n");
    expect_table(count_rows(few, COUNT_OF(few)), &show, false,
                 "+-------+-----+\n"
                 "|  name | cnt |\n"
                 "+-------+-----+\n"
                 "| Alice |   1 |\n"
                 "|  日本 |   2 |\n"
                 "|       |     |\n"
                 "+-------+-----+\n");
    expect_table(count_rows(longer, 1), &style, false,
                 "+--------------+---------+\n"
                 "|         name |     cnt |\n"
                 "+--------------+---------+\n"
                 "| a name of... | 1234567 |\n"
                 "+--------------+---------+\n");
}

/* What a terminal would obey is shown as a sign. */
static void test_visible(UNUSED void **state)
{
    static const struct count_row rows[] = {{"a\nb\033[2J\x7f", 1}};
    struct result_style style = {.visible = true};

    expect_table(count_rows(rows, 1), &style, false,
                 "+----------+-----+\n"
                 "|     name | cnt |\n"
                 "+----------+-----+\n"
                 "| a␊b␛[2J␡ |   1 |\n"
                 "+----------+-----+\n");
}

static void test_selection(UNUSED void **state)
{
    static const int32_t picked[] = {2, 0};
    struct batch *rows = count_rows(few, COUNT_OF(few));

    rows->selection = picked;
    rows->selected_count = 2;
    expect_table(rows, &(struct result_style){.null_empty = true}, false,
                 "+-------+-----+\n"
                 "|  name | cnt |\n"
                 "+-------+-----+\n"
                 "|       |     |\n"
                 "| Alice |   1 |\n"
                 "+-------+-----+\n");
}

static void test_no_memory(UNUSED void **state)
{
    struct result_style style = {.most_width = 30, .visible = true};
    struct batch *rows = count_rows(few, COUNT_OF(few));
    bool failed = true;

    for (uint64_t n = 1; failed; n++) {
        struct bytes out = {0};

        assert_true(n < 1000);
        mem_fail_at(n, true);
        print_table(rows, &style, false, &out);
        mem_fail_at(0, false);
        failed = out.failed;
        bytes_fini(&out);
    }
    batch_unref(rows);
}

static int set_locale(UNUSED void **state)
{
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),   cmocka_unit_test(test_fit),       cmocka_unit_test(test_type_widths),
        cmocka_unit_test(test_values),  cmocka_unit_test(test_streaming), cmocka_unit_test(test_by_content),
        cmocka_unit_test(test_visible), cmocka_unit_test(test_selection), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, set_locale, NULL);
}
