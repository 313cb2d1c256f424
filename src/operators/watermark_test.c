/* watermark_test.c: watermarks of splits, their minimum, idleness, and what a restart keeps. */
#include "base/mem.h"
#include "base/test.h"
#include "expr/program.h"
#include "operators/operator_harness.h"
#include "operators/watermark.h"
#include <stdio.h>

static struct arena arena;
static const struct schema *schema;

static int setup(UNUSED void **state)
{
    struct error e;

    return schema_parse(&arena, SLICE("name STRING, at TIMESTAMP(3)"), &schema, &e);
}

static int teardown(UNUSED void **state)
{
    arena_fini(&arena);
    return 0;
}

static void feed_as(struct harness *h, const struct schema *as, int32_t split, const char *lines)
{
    struct batch *b = harness_rows(as, lines, h->budget);
    struct error e;

    b->split = split;
    ASSERT_OK(harness_batch(h, 0, b, &e), &e);
    batch_unref(b);
}

static void feed(struct harness *h, int32_t split, const char *lines)
{
    feed_as(h, schema, split, lines);
}

static void test_disorder(UNUSED void **state)
{
    static const struct watermark_spec plain = {.time_column = 1, .max_out_of_orderness_us = 100};
    static const struct watermark_spec minus = {
        .time_column = 1, .max_out_of_orderness_us = 100, .minus_one_ms = true};
    static const struct watermark_spec zero = {.time_column = 1};
    static const struct {
        const struct watermark_spec *spec;
        const char *want;
    } cases[] = {{&plain, "watermark 4900\n"}, {&minus, "watermark 3900\n"}, {&zero, "watermark 5000\n"}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct harness_config c = {.factory = &watermark_factory, .spec = cases[i].spec};
        struct harness h;
        struct error e;

        ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
        h.quiet = true;
        feed(&h, -1, "a 3000\nb 5000\nc NULL\nd 4000");
        HARNESS_EXPECT(&h, cases[i].want);
        feed(&h, -1, "a 4999"); /* it never goes back */
        HARNESS_EXPECT(&h, "");
        feed(&h, -1, "a NULL");
        HARNESS_EXPECT(&h, "");
        assert_int_equal(h.rows, 6);
        harness_close(&h);
    }
}

/* An expression over the row instead of the time column; a split at a time. */
static void test_expression(UNUSED void **state)
{
    static const struct field field = {.name = "watermark"};
    struct field fields[] = {field};
    const struct schema *input, result = {1, fields};
    const struct expr *exprs[1];
    struct program_spec program = {.results = exprs, .schema = &result, .result_count = 1};
    const struct watermark_spec spec = {.time_column = 1, .value = &program};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness h;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("name STRING, at TIMESTAMP(3), mark TIMESTAMP(3)"), &input, &e), &e);
    exprs[0] = expr_column(&arena, 2, input->fields[2].type);
    fields[0].type = input->fields[2].type;
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    h.quiet = true;
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 0, "t-0", WATERMARK_NONE, &e), &e);
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 1, "t-1", WATERMARK_NONE, &e), &e);
    feed_as(&h, input, 0, "a 9000 3000\nb 9000 5000\nc 9000 NULL");
    HARNESS_EXPECT(&h, "");
    feed_as(&h, input, 1, "a 1000 4000");
    HARNESS_EXPECT(&h, "watermark 4000\n");
    feed_as(&h, input, 1, "a NULL 8000");
    HARNESS_EXPECT(&h, "watermark 5000\n");
    assert_int_equal(h.rows, 5);
    harness_close(&h);
}

static void test_minimum_of_splits(UNUSED void **state)
{
    const struct watermark_spec spec = {.time_column = 1};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    h.quiet = true;
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 0, "t-0", WATERMARK_NONE, &e), &e);
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 7, "t-7", WATERMARK_NONE, &e), &e);
    feed(&h, 0, "a 5000");
    HARNESS_EXPECT(&h, ""); /* the other has said nothing yet */
    feed(&h, 7, "a 2000");
    HARNESS_EXPECT(&h, "watermark 2000\n");
    feed(&h, 7, "a 9000");
    HARNESS_EXPECT(&h, "watermark 5000\n");
    ASSERT_OK(harness_split(&h, SPLIT_IDLE, 0, "t-0", WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, "watermark 9000\n");
    ASSERT_OK(harness_split(&h, SPLIT_ACTIVE, 0, "t-0", WATERMARK_NONE, &e), &e);
    feed(&h, 7, "a 10000");
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_split(&h, SPLIT_REMOVED, 0, "t-0", WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, "watermark 10000\n");
    ASSERT_OK(harness_split(&h, SPLIT_IDLE, 7, "t-7", WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, "idle\n");
    feed(&h, 7, "a 11000");
    HARNESS_EXPECT(&h, "active\nwatermark 11000\n");
    ASSERT_OK(harness_watermark(&h, 50000, &e), &e); /* the source's own says nothing, but for the end */
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_watermark(&h, WATERMARK_END, &e), &e);
    HARNESS_EXPECT(&h, "watermark end\n");
    harness_close(&h);
}

static void test_no_splits(UNUSED void **state)
{
    const struct watermark_spec spec = {.time_column = 1};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    h.quiet = true;
    ASSERT_OK(harness_split(&h, SPLIT_IDLE, -1, NULL, WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, "idle\n");
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 3, "t-3", WATERMARK_NONE, &e), &e);
    feed(&h, 3, "a 11000");
    HARNESS_EXPECT(&h, "active\nwatermark 11000\n");
    harness_close(&h);
}

static void test_idle_by_time(UNUSED void **state)
{
    const struct watermark_spec spec = {.time_column = 1, .idle_timeout_us = 1000};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    h.quiet = true;
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 0, "t-0", WATERMARK_NONE, &e), &e);
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 1, "t-1", WATERMARK_NONE, &e), &e);
    ASSERT_OK(harness_advance(&h, 500, &e), &e);
    feed(&h, 1, "a 7000");
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_advance(&h, 499, &e), &e);
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_advance(&h, 1, &e), &e); /* split 0 never said anything */
    HARNESS_EXPECT(&h, "watermark 7000\n");
    ASSERT_OK(harness_advance(&h, 500, &e), &e);
    HARNESS_EXPECT(&h, "idle\n");
    feed(&h, 0, "a 8000"); /* only this one counts now */
    HARNESS_EXPECT(&h, "active\nwatermark 8000\n");
    harness_close(&h);
}

/* Two subtasks with two splits each become one, then three: what was known of each split goes where it is
 * read. */
static void test_restart(UNUSED void **state)
{
    const struct watermark_spec spec = {
        .time_column = 1, .max_out_of_orderness_us = 10, .minus_one_ms = true};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec, .parallelism = 2};
    struct harness_image images[2];
    struct harness h;
    struct error e;

    for (int i = 0; i < 2; i++) {
        c.subtask = i;
        ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
        h.quiet = true;
        for (int k = 0; k < 2; k++) {
            char line[32];

            ASSERT_OK(harness_split(&h, SPLIT_ADDED, k,
                                    i   ? (k ? "t-3" : "t-2")
                                    : k ? "t-1"
                                        : "t-0",
                                    WATERMARK_NONE, &e),
                      &e);
            snprintf(line, sizeof line, "a %d", 5000 * (2 * i + k + 1));
            feed(&h, k, line);
        }
        ASSERT_OK(harness_snapshot(&h, 1, false, &images[i], &e), &e);
        assert_int_equal(images[i].item_count, 2);
        harness_close(&h);
    }
    c = (struct harness_config){.factory = &watermark_factory, .spec = &spec, .parallelism = 1};
    ASSERT_OK(harness_open(&h, &c, (const struct harness_image *[]){&images[0], &images[1]}, 2, &e), &e);
    h.quiet = true;
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 9, "t-3", WATERMARK_NONE, &e), &e);
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 8, "t-1", WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, ""); /* not before the first batch: another split may be added yet */
    feed(&h, 9, "a 1");     /* was late, and is */
    HARNESS_EXPECT(&h, "watermark 8990\n");
    ASSERT_OK(harness_split(&h, SPLIT_ADDED, 1, "new", 20000, &e), &e); /* the source knows */
    ASSERT_OK(harness_split(&h, SPLIT_REMOVED, 8, "t-1", WATERMARK_NONE, &e), &e);
    HARNESS_EXPECT(&h, "watermark 18990\n");
    harness_close(&h);
    harness_image_fini(&images[0]);
    harness_image_fini(&images[1]);
}

static void test_wrong_column(UNUSED void **state)
{
    const struct watermark_spec spec = {.time_column = 0};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness h;
    struct batch *b;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    b = harness_rows(schema, "a 1", NULL);
    assert_int_equal(harness_batch(&h, 0, b, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "name"));
    batch_unref(b);
    harness_close(&h);
}

static enum err life(struct error *e)
{
    const struct watermark_spec spec = {.time_column = 1, .idle_timeout_us = 5};
    struct harness_config c = {.factory = &watermark_factory, .spec = &spec};
    struct harness_image image = {0}, again = {0};
    const struct harness_image *images[] = {&image};
    struct batch *b = harness_rows(schema, "a 1", NULL);
    struct harness h;
    enum err rc = b ? OK : ERR_MEMORY;

    if (rc == OK && (rc = harness_open(&h, &c, NULL, 0, e)) == OK) {
        h.quiet = true;
        b->split = 4;
        if ((rc = harness_split(&h, SPLIT_ADDED, 4, "t-4", WATERMARK_NONE, e)) == OK &&
            (rc = harness_batch(&h, 0, b, e)) == OK)
            rc = harness_snapshot(&h, 1, false, &image, e);
        harness_close(&h);
    }
    if (rc == OK && (rc = harness_open(&h, &c, images, 1, e)) == OK) {
        if ((rc = harness_split(&h, SPLIT_ADDED, 5, "t-4", WATERMARK_NONE, e)) == OK)
            rc = harness_snapshot(&h, 2, false, &again, e);
        harness_close(&h);
    }
    if (rc == OK)
        assert_true(
            slice_equal(harness_image_item(&again, "split:t-4"), harness_image_item(&image, "split:t-4")) &&
            again.item_count == 1);
    harness_image_fini(&image);
    harness_image_fini(&again);
    batch_unref(b);
    return rc;
}

static void test_no_memory(UNUSED void **state)
{
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, false);
        rc = life(&e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disorder),          cmocka_unit_test(test_expression),
        cmocka_unit_test(test_minimum_of_splits), cmocka_unit_test(test_no_splits),
        cmocka_unit_test(test_idle_by_time),      cmocka_unit_test(test_restart),
        cmocka_unit_test(test_wrong_column),      cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
