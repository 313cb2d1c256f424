/* unnest_test.c: lists become rows; chunks; empty lists; selections and row kinds. */
#include "base/mem.h"
#include "base/test.h"
#include "operators/operator_harness.h"
#include "operators/unnest.h"
#include <stdio.h>

static struct arena arena;
static const struct schema *input, *output, *plain_input, *plain_output;
static const int32_t parents[] = {2, 0}, elements[] = {1, 0};

static int setup(UNUSED void **state)
{
    struct error e;

    return schema_parse(&arena,
                        SLICE("user STRING NOT NULL, samples ARRAY<ROW<id INT, kind STRING, tags "
                              "ARRAY<STRING>>>, n INT"),
                        &input, &e) ||
           schema_parse(&arena, SLICE("n INT, user STRING, kind STRING, id INT"), &output, &e) ||
           schema_parse(&arena, SLICE("user STRING, samples ARRAY<INT>"), &plain_input, &e) ||
           schema_parse(&arena, SLICE("sample INT"), &plain_output, &e);
}

static int teardown(UNUSED void **state)
{
    arena_fini(&arena);
    return 0;
}

static struct unnest_spec spec_of(bool empty_to_port)
{
    return (struct unnest_spec){.input = input,
                                .list_column = 1,
                                .parent_count = 2,
                                .parents = parents,
                                .element_count = 2,
                                .elements = elements,
                                .output = output,
                                .empty_to_port = empty_to_port};
}

/* counts[i] samples in row i; -1: an absent list. Sample k has id k, kind "kind-of-a-sample-<k>", no kind for
 * every fourth; every fifth is absent as a whole. */
static struct batch *make_batch(struct budget *budget, const int32_t *counts, int32_t rows)
{
    struct builder b;
    struct batch *out = NULL;
    struct error e;
    char text[40];

    if (!builder_init(&b, input, budget))
        return NULL;
    for (int32_t i = 0; i < rows; i++) {
        struct column_builder *list = &b.columns[1], *sample = &list->children[0];

        snprintf(text, sizeof text, "u%d", i);
        builder_copied(&b.columns[0], text, strlen(text));
        builder_i32(&b.columns[2], i * 10);
        for (int32_t k = 0; k < counts[i]; k++) {
            if (k % 5 == 4) {
                builder_null(sample);
                continue;
            }
            builder_i32(&sample->children[0], k);
            snprintf(text, sizeof text, "kind-of-a-sample-%d", k);
            if (k % 4 == 3)
                builder_null(&sample->children[1]);
            else
                builder_copied(&sample->children[1], text, strlen(text));
            builder_list_end(&sample->children[2]);
            builder_struct_end(sample);
        }
        if (counts[i] < 0)
            builder_null(list);
        else
            builder_list_end(list);
    }
    if (builder_finish(&b, &out, &e) != OK)
        out = NULL;
    builder_fini(&b);
    return out;
}

static void test_rows(UNUSED void **state)
{
    static const int32_t counts[] = {2, 0, -1, 5};
    const struct unnest_spec spec = spec_of(true);
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    struct harness h;
    struct batch *b;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    b = make_batch(h.budget, counts, 4);
    b->split = 3;
    b->born_us = 77;
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    batch_unref(b); /* what was made keeps what it needs */
    assert_int_equal(h.batches[0]->split, 3);
    assert_int_equal(h.batches[0]->born_us, 77);
    ASSERT_OK(batch_check(h.batches[0], &e), &e);
    HARNESS_EXPECT(&h, "0 +I(0, u0, kind-of-a-sample-0, 0)\n"
                       "0 +I(0, u0, kind-of-a-sample-1, 1)\n"
                       "0 +I(30, u3, kind-of-a-sample-0, 0)\n"
                       "0 +I(30, u3, kind-of-a-sample-1, 1)\n"
                       "0 +I(30, u3, kind-of-a-sample-2, 2)\n"
                       "0 +I(30, u3, NULL, 3)\n"
                       "0 +I(30, u3, NULL, NULL)\n"
                       "1 +I(u1, [], 10)\n"
                       "1 +I(u2, NULL, 20)\n");
    ASSERT_OK(harness_watermark(&h, 5, &e), &e);
    HARNESS_EXPECT(&h, "watermark 5\n");
    harness_close(&h);
}

static void test_selection_and_kinds(UNUSED void **state)
{
    static const int32_t counts[] = {1, 1, 0, 2}, rows[] = {3, 2, 1};
    static const uint8_t kinds[] = {ROW_INSERT, ROW_DELETE, ROW_INSERT, ROW_UPDATE_AFTER};
    const struct unnest_spec spec = spec_of(false);
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    struct harness h;
    struct batch *b, *chosen;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    b = make_batch(h.budget, counts, 4);
    b->row_kinds = kinds;
    chosen = batch_select(b, rows, 3, h.budget);
    ASSERT_OK(harness_batch(&h, 0, chosen, &e), &e);
    HARNESS_EXPECT(&h, "0 +U(30, u3, kind-of-a-sample-0, 0)\n"
                       "0 +U(30, u3, kind-of-a-sample-1, 1)\n"
                       "0 -D(10, u1, kind-of-a-sample-0, 0)\n");
    batch_unref(chosen);
    batch_unref(b);
    harness_close(&h);
}

/* One payload of very many elements leaves in pieces. */
static void test_chunks(UNUSED void **state)
{
    static const int32_t counts[] = {5, 100000, 7};
    const struct unnest_spec spec = spec_of(true);
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    struct harness h;
    struct batch *b;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    b = make_batch(h.budget, counts, 3);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    batch_unref(b);
    assert_int_equal(h.rows, 100012);
    assert_int_equal(h.batch_count, (100012 + 8191) / 8192);
    for (size_t i = 0; i < h.batch_count; i++)
        assert_true(batch_live(h.batches[i]) <= 8192);
    harness_close(&h);
}

static void test_plain_elements(UNUSED void **state)
{
    const struct unnest_spec spec = {
        .input = plain_input, .list_column = 1, .element_count = 1, .output = plain_output};
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    struct harness h;
    struct builder builder;
    struct batch *b;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    assert_true(builder_init(&builder, plain_input, NULL));
    builder_copied(&builder.columns[0], "u", 1);
    for (int32_t i = 0; i < 3; i++)
        builder_i32(&builder.columns[1].children[0], i);
    builder_list_end(&builder.columns[1]);
    ASSERT_OK(builder_finish(&builder, &b, &e), &e);
    builder_fini(&builder);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    batch_unref(b);
    HARNESS_EXPECT(&h, "0 +I(0)\n0 +I(1)\n0 +I(2)\n");
    harness_close(&h);
}

static void test_bad_specs(UNUSED void **state)
{
    struct unnest_spec spec = spec_of(false);
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    static const int32_t swapped[] = {0, 1};
    struct harness h;
    struct error e;

    spec.list_column = 0;
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "user"));
    spec = spec_of(false);
    spec.elements = swapped;
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "kind"));
    spec = spec_of(false);
    spec.parents = swapped;
    assert_int_equal(harness_open(&h, &c, NULL, 0, &e), ERR_CONFIG);
}

static void test_no_memory(UNUSED void **state)
{
    static const int32_t counts[] = {3, 0, 9000};
    const struct unnest_spec spec = spec_of(true);
    const struct harness_config c = {.factory = &unnest_factory, .spec = &spec};
    struct batch *b = make_batch(NULL, counts, 3);
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        struct harness h;

        mem_fail_at(nth, false);
        if ((rc = harness_open(&h, &c, NULL, 0, &e)) == OK) {
            h.quiet = true;
            rc = harness_batch(&h, 0, b, &e);
            assert_true(rc != OK || h.rows == 9003 + 1);
            harness_close(&h);
        }
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
    batch_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_selection_and_kinds),
        cmocka_unit_test(test_chunks),    cmocka_unit_test(test_plain_elements),
        cmocka_unit_test(test_bad_specs), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
