/* limit_test.c: LIMIT and OFFSET over batches, a restart in the midst, and numbers at the ends of 64 bits. */
#include "operators/limit.h"
#include "base/mem.h"
#include "base/test.h"
#include "operators/operator_harness.h"

static struct arena arena;
static const struct schema *schema;

static int setup(UNUSED void **state)
{
    struct error e;

    return schema_parse(&arena, SLICE("n INT"), &schema, &e);
}

static int teardown(UNUSED void **state)
{
    arena_fini(&arena);
    return 0;
}

static void send(struct harness *h, const char *lines)
{
    struct batch *b = harness_rows(schema, lines, h->budget);
    struct error e;

    assert_non_null(b);
    ASSERT_OK(harness_batch(h, 0, b, &e), &e);
    batch_unref(b);
}

/* Rows 1 to 3, a restart, rows 4 to 6. */
static void test_rows(UNUSED void **state)
{
    static const struct {
        struct limit_spec spec;
        const char *before, *after;
    } cases[] = {
        {{0, 2}, "0 +I(1)\n0 +I(2)\n", ""},
        {{2, 3}, "0 +I(3)\n", "0 +I(4)\n0 +I(5)\n"},
        {{4, -1}, "", "0 +I(5)\n0 +I(6)\n"},
        {{0, 0}, "", ""},
        {{0, 100}, "0 +I(1)\n0 +I(2)\n0 +I(3)\n", "0 +I(4)\n0 +I(5)\n0 +I(6)\n"},
        {{5, INT64_MAX}, "", "0 +I(6)\n"},
        {{INT64_MAX, INT64_MAX}, "", ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct harness_config c = {.factory = &limit_factory, .spec = &cases[i].spec};
        struct harness_image image;
        const struct harness_image *images[] = {&image};
        struct harness h;
        struct error e;

        ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
        send(&h, "1\n2\n3\n");
        HARNESS_EXPECT(&h, cases[i].before);
        ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
        harness_close(&h);
        ASSERT_OK(harness_open(&h, &c, images, 1, &e), &e);
        send(&h, "4\n5\n6\n");
        HARNESS_EXPECT(&h, cases[i].after);
        harness_close(&h);
        harness_image_fini(&image);
    }
}

static void test_damaged_state(UNUSED void **state)
{
    const struct limit_spec spec = {0, 1};
    const struct harness_config c = {.factory = &limit_factory, .spec = &spec};
    struct op_item item = {.name = "seen", .bytes = SLICE("abc")};
    const struct harness_image image = {.items = &item, .item_count = 1, .parallelism = 1};
    const struct harness_image *images[] = {&image};
    struct harness h;
    struct error e;

    assert_int_equal(harness_open(&h, &c, images, 1, &e), ERR_CORRUPT);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
          cmocka_unit_test_setup_teardown(test_damaged_state, setup, teardown))
