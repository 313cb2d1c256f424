/* batch_test.c: building, selecting, gathering and printing batches, and every allocation failing once. */
#include "base/budget.h"
#include "base/mem.h"
#include "batch/builder.h"
#include "base/test.h"

static const char columns[] =
    "id STRING NOT NULL, n INT, amount DECIMAL(10, 2), at TIMESTAMP(3), tags MAP<STRING, STRING>, "
    "parts ARRAY<ROW<name STRING, value DOUBLE>>";

static void add_row(struct builder *b, int i)
{
    static const char long_text[] = "a text that does not fit into a view";
    struct column_builder *c = b->columns, *part = &c[5].children[0];

    builder_copied(&c[0], long_text, 10 + (size_t)i % 20);
    if (i % 3 == 0)
        builder_null(&c[1]);
    else
        builder_i32(&c[1], i);
    builder_i128(&c[2], -5 * i);
    builder_i64(&c[3], INT64_C(1500000) * i);
    for (int k = 0; k < i % 3; k++) {
        builder_copied(&c[4].children[0], "key", 3);
        builder_null(&c[4].children[1]);
    }
    builder_list_end(&c[4]);
    if (i == 1) {
        builder_null(&c[5]);
        return;
    }
    builder_copied(&part->children[0], long_text, 20);
    builder_f64(&part->children[1], 0.5);
    builder_struct_end(part);
    builder_null(part);
    builder_list_end(&c[5]);
}

static enum err build(struct arena *arena, struct budget *budget, int rows, struct batch **out,
                      struct error *e)
{
    const struct schema *schema;
    struct builder b;
    enum err rc;

    if ((rc = schema_parse(arena, slice_text(columns), &schema, e)) != OK)
        return rc;
    if (!builder_init(&b, schema, budget))
        return error_memory(e, 0, "a builder");
    for (int i = 0; i < rows; i++)
        add_row(&b, i);
    rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}

static void test_build_and_print(UNUSED void **state)
{
    struct arena arena = {0};
    struct batch *b;
    struct bytes text = {0};
    struct error e;

    ASSERT_OK(build(&arena, NULL, 3, &b, &e), &e);
    ASSERT_OK(batch_check(b, &e), &e);
    batch_print(b, &text);
    assert_string_equal(
        bytes_cstr(&text),
        "+I(a text tha, NULL, 0.00, 1970-01-01T00:00:00, {}, [(a text that does not, 0.5), NULL])\n"
        "+I(a text that, 1, -0.05, 1970-01-01T00:00:01.500000, {key=NULL}, NULL)\n"
        "+I(a text that , 2, -0.10, 1970-01-01T00:00:03, {key=NULL, key=NULL}, "
        "[(a text that does not, 0.5), NULL])\n");
    bytes_fini(&text);
    batch_unref(b);
    arena_fini(&arena);
}

static void test_gather_equals_select(UNUSED void **state)
{
    static const int32_t rows[] = {70, 0, 1, 1, 99, 64, 63};
    struct budget *budget = budget_new("test", 0, NULL);
    struct arena arena = {0};
    struct batch *b, *some[3];
    struct bytes text[3] = {0};
    struct error e;

    ASSERT_OK(build(&arena, budget, 100, &b, &e), &e);
    some[0] = batch_select(b, rows, COUNT_OF(rows), budget);
    some[1] = batch_gather(b, rows, COUNT_OF(rows), budget);
    some[2] = batch_copy(some[0], budget);
    batch_unref(b);
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(batch_check(some[i], &e), &e);
        batch_print(some[i], &text[i]);
        batch_unref(some[i]);
        assert_string_equal(bytes_cstr(&text[i]), bytes_cstr(&text[0]));
    }
    for (int i = 0; i < 3; i++)
        bytes_fini(&text[i]);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
    arena_fini(&arena);
}

static void test_gather_absent(UNUSED void **state)
{
    static const int32_t rows[] = {-1, 2};
    struct arena arena = {0};
    struct batch *b, *some;
    struct error e;

    ASSERT_OK(build(&arena, NULL, 3, &b, &e), &e);
    some = batch_gather(b, rows, 2, NULL);
    assert_false(column_valid(&some->columns[0], 0));
    assert_true(column_valid(&some->columns[0], 1));
    assert_int_equal(some->columns[5].offsets[1], 0);
    batch_unref(some);
    batch_unref(b);
    arena_fini(&arena);
}

static void test_copy_shares_repeats(UNUSED void **state)
{
    static const char text[] = "a payload that three rows in a row carry";
    struct arena arena = {0};
    const struct schema *schema;
    struct builder b;
    struct batch *batch, *copy;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("a STRING"), &schema, &e), &e);
    assert_true(builder_init(&b, schema, NULL));
    for (int i = 0; i < 3; i++)
        builder_borrowed(&b.columns[0], text, sizeof text - 1);
    builder_borrowed(&b.columns[0], text + 1, sizeof text - 2);
    builder_null(&b.columns[0]);
    builder_borrowed(&b.columns[0], text, sizeof text - 1);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    copy = batch_copy(batch, NULL);
    assert_ptr_equal(copy->columns[0].views[0].ptr, copy->columns[0].views[2].ptr);
    for (int i = 0; i < 6; i++)
        assert_true(view_equal(&batch->columns[0].views[i], &copy->columns[0].views[i]));
    assert_ptr_not_equal(copy->columns[0].views[0].ptr, text);
    assert_ptr_not_equal(copy->columns[0].views[0].ptr, copy->columns[0].views[5].ptr);
    batch_unref(copy);
    batch_unref(batch);
    builder_fini(&b);
    arena_fini(&arena);
}

static void test_truncate_undoes_a_row(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema;
    struct builder b;
    struct batch *batch;
    struct bytes text = {0};
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("a ARRAY<INT>, b INT"), &schema, &e), &e);
    assert_true(builder_init(&b, schema, NULL));
    builder_i32(&b.columns[0].children[0], 1);
    builder_list_end(&b.columns[0]);
    builder_null(&b.columns[1]);
    builder_null(&b.columns[0].children[0]); /* half a row: an element, no list yet */
    builder_truncate(&b, 1);
    builder_i32(&b.columns[0].children[0], 2);
    builder_list_end(&b.columns[0]);
    builder_i32(&b.columns[1], 3);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    batch_print(batch, &text);
    assert_string_equal(bytes_cstr(&text), "+I([1], NULL)\n+I([2], 3)\n");
    bytes_fini(&text);
    batch_unref(batch);
    builder_fini(&b);
    arena_fini(&arena);
}

static void test_every_allocation_may_fail(UNUSED void **state)
{
    struct budget *budget = budget_new("test", 0, NULL);
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t n = 1; rc != OK; n++) {
        struct arena arena = {0};
        struct batch *b = NULL, *copy = NULL;

        mem_fail_at(n, false);
        rc = build(&arena, budget, 100, &b, &e);
        if (rc == OK && (copy = batch_copy(b, budget)) == NULL)
            rc = ERR_MEMORY;
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        batch_unref(copy);
        batch_unref(b);
        arena_fini(&arena);
        assert_int_equal(budget_used(budget), 0);
    }
    budget_free(budget);
}

static void test_budget_stops_a_builder(UNUSED void **state)
{
    struct budget *budget = budget_new("test", 20000, NULL);
    struct arena arena = {0};
    struct batch *b;
    struct error e;

    assert_int_equal(build(&arena, budget, 10000, &b, &e), ERR_MEMORY);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
    arena_fini(&arena);
}

static void test_type_text(UNUSED void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"int", "INT"},
        {"TIMESTAMP(3) NOT NULL", "TIMESTAMP(3) NOT NULL"},
        {"timestamp with local time zone", "TIMESTAMP_LTZ(6)"},
        {"array<row<a int not null, `b c` map<string, decimal(38,10)>>>",
         "ARRAY<ROW<`a` INT NOT NULL, `b c` MAP<STRING, DECIMAL(38, 10)>>>"},
        {"VARCHAR(10)", "VARCHAR(10)"},
        {"VARCHAR", "VARCHAR(1)"},
        {"varchar(2147483647)", "STRING"},
        {"CHAR(3)", "CHAR(3)"},
        {"VARBINARY(4)", "VARBINARY(4)"},
        {"BINARY(4)", "BINARY(4)"},
        {"multiset<int>", "MULTISET<INT>"},
    };
    static const char *const wrong[] = {"",         "INTT",          "DECIMAL(39)", "ARRAY",
                                        "MAP<INT>", "ROW<a>",        "INT INT",     "ARRAY<INT",
                                        "INT NOT",  "DECIMAL(5, 6)", "`",           "TIMESTAMP(x)"};
    struct arena arena = {0};
    struct bytes text = {0};
    const struct type *t;
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ASSERT_OK(type_parse(&arena, slice_text(cases[i].text), &t, &e), &e);
        bytes_clear(&text);
        type_print(t, &text);
        assert_string_equal(bytes_cstr(&text), cases[i].want);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (type_parse(&arena, slice_text(wrong[i]), &t, &e) != ERR_INPUT)
            fail_msg("`%s` was taken", wrong[i]);
    bytes_fini(&text);
    arena_fini(&arena);
}

static void test_schema_comments(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *s;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("a INT COMMENT 'it''s one', b ROW<c DATE COMMENT ''>"), &s, &e), &e);
    assert_string_equal(s->fields[0].doc, "it's one");
    assert_null(s->fields[1].doc);
    assert_string_equal(s->fields[1].type->fields[0].doc, "");
    assert_int_equal(schema_parse(&arena, SLICE("a INT COMMENT 'open"), &s, &e), ERR_INPUT);
    assert_int_equal(schema_parse(&arena, SLICE("a INT COMMENT open"), &s, &e), ERR_INPUT);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_build_and_print), cmocka_unit_test(test_gather_equals_select),
          cmocka_unit_test(test_gather_absent), cmocka_unit_test(test_copy_shares_repeats),
          cmocka_unit_test(test_truncate_undoes_a_row), cmocka_unit_test(test_every_allocation_may_fail),
          cmocka_unit_test(test_budget_stops_a_builder), cmocka_unit_test(test_type_text),
          cmocka_unit_test(test_schema_comments))
