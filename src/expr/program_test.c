/* program_test.c: programs over batches: conditions, selections, row kinds, branches that only some rows
 * take, what is shared; and each allocation failing in turn. */
#include "base/mem.h"
#include "batch/builder.h"
#include "expr/test_expr.h"
#include <stdio.h>

#define ROWS 100

static const char columns_text[] = "a BIGINT, b INT, s STRING, r ROW<x INT, y STRING>, l ARRAY<INT>";

/* Row i: a = i, NULL where i % 10 = 9; b = i % 5; s: a long text, short where i % 2; r = (i, 'y'), NULL where
 * i % 4 = 3; l = [i, i + 1]. */
static struct batch *make_batch(const struct schema *schema)
{
    struct builder b;
    struct batch *batch = NULL;
    struct error e;

    assert_true(builder_init(&b, schema, NULL));
    for (int32_t i = 0; i < ROWS; i++) {
        char text[40];
        int n = snprintf(text, sizeof text, i % 2 ? "s%d" : "a text of some length %d", i);

        if (i % 10 == 9)
            builder_null(&b.columns[0]);
        else
            builder_i64(&b.columns[0], i);
        builder_i32(&b.columns[1], i % 5);
        builder_copied(&b.columns[2], text, (size_t)n);
        if (i % 4 == 3) {
            builder_null(&b.columns[3]);
        } else {
            builder_i32(&b.columns[3].children[0], i);
            builder_copied(&b.columns[3].children[1], "y", 1);
            builder_struct_end(&b.columns[3]);
        }
        builder_i32(&b.columns[4].children[0], i);
        builder_i32(&b.columns[4].children[0], i + 1);
        builder_list_end(&b.columns[4]);
    }
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    return batch;
}

struct fixture {
    struct arena arena;
    const struct schema *schema;
    struct batch *in;
};

static void setup(struct fixture *f)
{
    struct error e;

    *f = (struct fixture){0};
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns_text), &f->schema, &e), &e);
    f->in = make_batch(f->schema);
}

static void teardown(struct fixture *f)
{
    batch_unref(f->in);
    arena_fini(&f->arena);
}

static const struct expr *column(struct fixture *f, int32_t n)
{
    return expr_column(&f->arena, n, f->schema->fields[n].type);
}

static const struct expr *integer(struct fixture *f, int64_t v)
{
    return expr_int(&f->arena, TYPE_INT32, v);
}

static const struct expr *call_of(struct fixture *f, const char *name, int32_t count,
                                  const struct expr *const *args)
{
    const struct expr *x = NULL;
    struct error e;

    ASSERT_OK(expr_call(&f->arena, name, args, count, (struct place){2, 7}, &x, &e), &e);
    return x;
}
#define CALL(f, name, ...)                                                                                   \
    call_of(f, name, (int32_t)(sizeof((const struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *)),        \
            (const struct expr *[]){__VA_ARGS__})

static struct program_spec spec_of(struct fixture *f, const struct expr *condition,
                                   const struct expr *const *results, int32_t count)
{
    struct field *fields = ARENA_ARRAY(&f->arena, struct field, count);
    struct schema *schema = ARENA_NEW(&f->arena, struct schema);

    for (int32_t i = 0; i < count; i++)
        fields[i] = (struct field){.name = arena_printf(&f->arena, "c%d", i), .type = results[i]->type};
    *schema = (struct schema){count, fields};
    return (struct program_spec){
        .condition = condition, .results = results, .schema = schema, .result_count = count};
}

static enum err run_once(const struct program_spec *spec, struct batch *in, struct batch **out,
                         struct error *e)
{
    struct program *p = NULL;
    enum err rc;

    *out = NULL;
    if ((rc = program_new(spec, NULL, &p, e)) == OK)
        rc = program_run(p, in, 0, out, e);
    program_free(p);
    return rc;
}

static struct batch *must_run(const struct program_spec *spec, struct batch *in)
{
    struct batch *out;
    struct error e;

    ASSERT_OK(run_once(spec, in, &out, &e), &e);
    if (out)
        ASSERT_OK(batch_check(out, &e), &e);
    return out;
}

static void test_condition(UNUSED void **state)
{
    struct fixture f;
    struct program_spec spec;
    struct batch *out;
    uint8_t kinds[ROWS];

    setup(&f);
    for (int i = 0; i < ROWS; i++)
        kinds[i] = (uint8_t)(i % 4);
    f.in->row_kinds = kinds;
    f.in->split = 7;
    f.in->born_us = 42;
    spec = spec_of(&f, CALL(&f, ">", column(&f, 0), integer(&f, 90)),
                   (const struct expr *[]){CALL(&f, "+", column(&f, 0), column(&f, 1)), column(&f, 2)}, 2);
    out = must_run(&spec, f.in);
    assert_int_equal(out->row_count, 8); /* 91 to 98; 99 is NULL */
    for (int i = 0; i < 8; i++) {
        assert_int_equal(out->columns[0].i64[i], 91 + i + (91 + i) % 5);
        assert_int_equal(out->row_kinds[i], (91 + i) % 4);
    }
    assert_true(slice_is(column_slice(&out->columns[1], 1), "a text of some length 92"));
    assert_int_equal(out->split, 7);
    assert_int_equal(out->born_us, 42);
    batch_unref(out);
    teardown(&f);
}

static void test_passed_columns_are_shared(UNUSED void **state)
{
    struct fixture f;
    struct program_spec spec;
    struct batch *out;

    setup(&f);
    spec = spec_of(&f, CALL(&f, "=", column(&f, 1), integer(&f, 3)),
                   (const struct expr *[]){column(&f, 2), column(&f, 4)}, 2);
    out = must_run(&spec, f.in);
    assert_ptr_equal(out->columns[0].views, f.in->columns[2].views);
    assert_int_equal(batch_live(out), ROWS / 5);
    assert_int_equal(batch_row(out, 1), 8);
    batch_unref(out);

    spec = spec_of(&f, CALL(&f, ">", column(&f, 1), integer(&f, 9)), (const struct expr *[]){column(&f, 2)},
                   1);
    assert_null(must_run(&spec, f.in)); /* no row is left */
    teardown(&f);
}

static void test_selection(UNUSED void **state)
{
    static const int32_t rows[] = {5, 8, 50};
    struct fixture f;
    struct program_spec spec;
    struct batch *some, *out;

    setup(&f);
    some = batch_select(f.in, rows, 3, NULL);
    spec = spec_of(&f, NULL,
                   (const struct expr *[]){CALL(&f, "*", column(&f, 0), integer(&f, 2)), column(&f, 4),
                                           expr_char(&f.arena, SLICE("a constant that is not short"))},
                   3);
    out = must_run(&spec, some);
    batch_unref(some);
    assert_int_equal(out->row_count, 3);
    assert_int_equal(out->columns[0].i64[2], 100);
    assert_int_equal(out->columns[1].children[0].i32[out->columns[1].offsets[1]], 8);
    assert_true(slice_is(column_slice(&out->columns[2], 2), "a constant that is not short"));
    batch_unref(out);
    teardown(&f);
}

/* CASE WHEN b <> 0 THEN 100 / b ELSE -1 END, and the same by AND, OR and COALESCE. */
static void test_branches(UNUSED void **state)
{
    struct fixture f;
    const struct expr *quotient, *not_zero, *zero;
    struct program_spec spec;
    struct batch *out;

    setup(&f);
    quotient = CALL(&f, "/", integer(&f, 100), column(&f, 1));
    not_zero = CALL(&f, "<>", column(&f, 1), integer(&f, 0));
    zero = CALL(&f, "=", column(&f, 1), integer(&f, 0));
    spec = spec_of(
        &f, NULL,
        (const struct expr *[]){
            CALL(&f, "CASE", not_zero, quotient, integer(&f, -1)),
            CALL(&f, "AND", not_zero, CALL(&f, ">", quotient, integer(&f, 40))),
            CALL(&f, "OR", zero, CALL(&f, ">", quotient, integer(&f, 40))),
            CALL(&f, "COALESCE", CALL(&f, "NULLIF", column(&f, 1), integer(&f, 3)), integer(&f, 33)),
            CALL(&f, "CASE", zero, integer(&f, 0), CALL(&f, "<", quotient, integer(&f, 30)), quotient),
        },
        5);
    out = must_run(&spec, f.in);
    for (int i = 0; i < ROWS; i++) {
        int b = i % 5, q = b ? 100 / b : 0;

        assert_int_equal(out->columns[0].i32[i], b ? q : -1);
        assert_int_equal(out->columns[1].u8[i], b && q > 40);
        assert_int_equal(out->columns[2].u8[i], !b || q > 40);
        assert_int_equal(out->columns[3].i32[i], b == 3 ? 33 : b);
        assert_int_equal(column_valid(&out->columns[4], i), !b || q < 30);
    }
    batch_unref(out);
    teardown(&f);
}

/* A condition guards the results: rows that it drops are not divided. */
static void test_condition_guards(UNUSED void **state)
{
    struct fixture f;
    const struct expr *quotient;
    struct program_spec spec;
    struct batch *out;
    struct error e;

    setup(&f);
    quotient = CALL(&f, "/", integer(&f, 100), column(&f, 1));
    spec = spec_of(&f, CALL(&f, ">", column(&f, 1), integer(&f, 0)), &quotient, 1);
    out = must_run(&spec, f.in);
    assert_int_equal(out->row_count, ROWS / 5 * 4);
    batch_unref(out);

    spec = spec_of(&f, NULL, &quotient, 1);
    assert_int_equal(run_once(&spec, f.in, &out, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "line 2, column 7: division by zero"));
    teardown(&f);
}

static void test_constant_failure_waits(UNUSED void **state)
{
    struct fixture f;
    const struct expr *bad, *x;
    struct program_spec spec;
    struct batch *out;

    setup(&f);
    bad = CALL(&f, "/", integer(&f, 1), integer(&f, 0));
    x = CALL(&f, "CASE", CALL(&f, "<", column(&f, 1), integer(&f, 10)), column(&f, 1), bad);
    spec = spec_of(&f, NULL, &x, 1);
    out = must_run(&spec, f.in); /* no row gets there */
    assert_int_equal(out->columns[0].i32[4], 4);
    batch_unref(out);
    teardown(&f);
}

static const struct expr *cast_of(struct fixture *f, const struct expr *x, const char *type)
{
    struct error e;

    ASSERT_OK(expr_cast(&f->arena, x, test_type(&f->arena, type), false, (struct place){0}, &x, &e), &e);
    return x;
}

/* Columns of nested types through CASE, FIELD and casts. */
static void test_nested(UNUSED void **state)
{
    static const char want[] = "+I(0, [0, 1], [0, 1], [0, 1])\n";
    struct fixture f;
    struct program_spec spec;
    struct batch *out;
    struct bytes text = {0};

    setup(&f);
    spec = spec_of(&f, NULL,
                   (const struct expr *[]){
                       CALL(&f, "FIELD", column(&f, 3), integer(&f, 0)),
                       CALL(&f, "CASE", CALL(&f, "=", column(&f, 1), integer(&f, 0)), column(&f, 4)),
                       cast_of(&f, column(&f, 4), "ARRAY<STRING>"),
                       cast_of(&f, column(&f, 4), "STRING"),
                   },
                   4);
    out = must_run(&spec, f.in);
    batch_print(out, &text);
    assert_memory_equal(bytes_cstr(&text), want, strlen(want));
    assert_false(column_valid(&out->columns[0], 3));
    assert_int_equal(out->columns[0].i32[6], 6);
    assert_false(column_valid(&out->columns[1], 1));
    assert_true(slice_is(column_slice(&out->columns[2].children[0], 5), "3"));
    bytes_fini(&text);
    batch_unref(out);
    teardown(&f);
}

/* The same call twice is one step: two volatile ones are two. */
static void test_sharing(UNUSED void **state)
{
    struct fixture f;
    const struct expr *r, *twice;
    struct program_spec spec;
    struct batch *out;
    bool differ = false;

    setup(&f);
    r = call_of(&f, "RAND", 0, NULL);
    twice = CALL(&f, "-", r, r);
    spec = spec_of(&f, NULL, (const struct expr *[]){r, call_of(&f, "RAND", 0, NULL), twice}, 3);
    out = must_run(&spec, f.in);
    for (int i = 0; i < ROWS; i++) {
        differ |= out->columns[0].f64[i] != out->columns[1].f64[i];
        assert_true(out->columns[2].f64[i] == 0);
        assert_true(i == 0 || out->columns[0].f64[i] != out->columns[0].f64[i - 1]);
    }
    assert_true(differ);
    batch_unref(out);
    teardown(&f);
}

static void test_print(UNUSED void **state)
{
    struct fixture f;
    struct bytes text = {0};

    setup(&f);
    expr_print(CALL(&f, "AND", CALL(&f, ">", column(&f, 1), integer(&f, 5)),
                    CALL(&f, "=", column(&f, 2), expr_char(&f.arena, SLICE("it's")))),
               f.schema, &text);
    assert_string_equal(bytes_cstr(&text), "(b > 5) AND (s = 'it''s')");
    bytes_clear(&text);
    expr_print(CALL(&f, "CASE", CALL(&f, "IS NULL", column(&f, 0)), cast_of(&f, column(&f, 1), "STRING"),
                    CALL(&f, "FIELD", column(&f, 3), integer(&f, 1))),
               f.schema, &text);
    assert_string_equal(bytes_cstr(&text), "CASE WHEN (a IS NULL) THEN CAST(b AS STRING) ELSE r.y END");
    bytes_fini(&text);
    teardown(&f);
}

static void test_many_batches(UNUSED void **state)
{
    struct fixture f;
    struct program_spec spec;
    struct program *p;
    struct error e;

    setup(&f);
    spec = spec_of(
        &f, CALL(&f, "<>", column(&f, 1), integer(&f, 2)),
        (const struct expr *[]){cast_of(&f, column(&f, 0), "STRING"),
                                CALL(&f, "CASE", CALL(&f, ">", column(&f, 1), integer(&f, 2)), column(&f, 4),
                                     cast_of(&f, expr_null(&f.arena, NULL), "ARRAY<INT>"))},
        2);
    ASSERT_OK(program_new(&spec, NULL, &p, &e), &e);
    for (int i = 0; i < 20; i++) {
        struct batch *out;

        ASSERT_OK(program_run(p, f.in, i, &out, &e), &e);
        ASSERT_OK(batch_check(out, &e), &e);
        assert_int_equal(out->row_count, 80);
        batch_unref(out);
    }
    program_free(p);
    teardown(&f);
}

/* Every allocation of making and running a program fails once; nothing leaks, and the last try succeeds. */
static void test_no_memory(UNUSED void **state)
{
    struct fixture f;
    const struct expr *results[4];
    struct program_spec spec;
    struct batch *out;
    struct error e;
    uint64_t n = 1;
    enum err rc;

    setup(&f);
    results[0] = CALL(&f, "CASE", CALL(&f, "<>", column(&f, 1), integer(&f, 0)),
                      CALL(&f, "/", integer(&f, 100), column(&f, 1)), integer(&f, -1));
    results[1] = cast_of(&f, column(&f, 4), "ARRAY<STRING>");
    results[2] = CALL(&f, "COALESCE", column(&f, 4), column(&f, 4));
    results[3] = CALL(&f, "IN", column(&f, 2), expr_char(&f.arena, SLICE("s1")),
                      expr_char(&f.arena, SLICE("s3")));
    spec = spec_of(&f, CALL(&f, ">", column(&f, 0), integer(&f, 10)), results, 4);
    do {
        mem_fail_at(n++, false);
        rc = run_once(&spec, f.in, &out, &e);
        mem_fail_at(0, false);
        if (rc != OK) {
            assert_int_equal(rc, ERR_MEMORY);
            assert_null(out);
        }
    } while (rc != OK && n < 10000);
    assert_int_equal(rc, OK);
    assert_true(n > 10);
    batch_unref(out);
    teardown(&f);
}

/* CURRENT_WATERMARK: NULL until there is one, then milliseconds of what was told last. */
static void test_watermark(UNUSED void **state)
{
    const struct type stamp = {.kind = TYPE_TIMESTAMP, .nullable = true, .precision = 3};
    const struct expr *time, *results[1];
    struct batch *before = NULL, *after = NULL;
    struct program *p = NULL;
    struct program_spec spec;
    struct fixture f;
    struct error e;

    setup(&f);
    ASSERT_OK(expr_cast(&f.arena, expr_char(&f.arena, slice_text("2024-05-01 10:00:00")), &stamp, false,
                        (struct place){0}, &time, &e),
              &e);
    results[0] = CALL(&f, "CURRENT_WATERMARK", time);
    spec = spec_of(&f, NULL, results, 1);
    ASSERT_OK(program_new(&spec, NULL, &p, &e), &e);
    ASSERT_OK(program_run(p, f.in, 0, &before, &e), &e);
    program_watermark(p, 1234567);
    ASSERT_OK(program_run(p, f.in, 0, &after, &e), &e);
    for (int32_t i = 0; i < ROWS; i++) {
        assert_false(column_valid(&before->columns[0], i));
        assert_true(column_valid(&after->columns[0], i));
        assert_int_equal(after->columns[0].i64[i], 1234000);
    }
    batch_unref(before);
    batch_unref(after);
    program_free(p);
    teardown(&f);
}

TEST_MAIN(cmocka_unit_test(test_watermark), cmocka_unit_test(test_condition),
          cmocka_unit_test(test_passed_columns_are_shared), cmocka_unit_test(test_selection),
          cmocka_unit_test(test_branches), cmocka_unit_test(test_condition_guards),
          cmocka_unit_test(test_constant_failure_waits), cmocka_unit_test(test_nested),
          cmocka_unit_test(test_sharing), cmocka_unit_test(test_print), cmocka_unit_test(test_many_batches),
          cmocka_unit_test(test_no_memory))
