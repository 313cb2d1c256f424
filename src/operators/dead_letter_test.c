/* dead_letter_test.c: what could not be read, as rows: of messages, of lines of files, and without memory. */
#include "base/mem.h"
#include "base/test.h"
#include "formats/format.h"
#include "operators/dead_letter.h"
#include "operators/operator_harness.h"

static const struct dead_letter_spec messages = {.table = "c.d.orders"},
                                     lines = {.table = "c.d.files", .lines = true};

static void put(struct column_builder *c, const char *text)
{
    if (text)
        builder_copied(c, text, strlen(text));
    else
        builder_null(c);
}

/* Two rows; NULL when there is no memory. */
static struct batch *errors_of(const char *const payloads[2], struct budget *budget)
{
    struct builder b;
    struct batch *out = NULL;
    struct error e;

    if (!builder_init(&b, &format_error_schema, budget))
        return NULL;
    for (int i = 0; i < 2; i++) {
        put(&b.columns[RAW_VALUE], payloads[i]);
        put(&b.columns[RAW_KEY], i ? NULL : "k");
        put(&b.columns[RAW_TOPIC], "orders");
        builder_i32(&b.columns[RAW_PARTITION], 3);
        builder_i64(&b.columns[RAW_OFFSET], 41 + i);
        builder_i64(&b.columns[RAW_TIMESTAMP], 5000000);
        put(&b.columns[RAW_TIMESTAMP_TYPE], "CreateTime");
        if (i) {
            builder_null(&b.columns[RAW_HEADERS]);
        } else {
            put(&b.columns[RAW_HEADERS].children[0], "trace");
            put(&b.columns[RAW_HEADERS].children[1], "x");
            builder_list_end(&b.columns[RAW_HEADERS]);
        }
        builder_null(&b.columns[RAW_LEADER_EPOCH]);
        put(&b.columns[ERROR_TYPE], "deserialization");
        put(&b.columns[ERROR_MESSAGE], "no JSON");
    }
    if (builder_finish(&b, &out, &e) != OK)
        out = NULL;
    builder_fini(&b);
    return out;
}

static enum err run(const struct dead_letter_spec *spec, const char *const payloads[2], const char *want,
                    struct error *e)
{
    const struct harness_config c = {.factory = &dead_letter_factory, .spec = spec};
    struct harness h;
    struct batch *errors;
    enum err rc = harness_open(&h, &c, NULL, 0, e);

    if (rc != OK)
        return rc;
    h.clock.wall_us = INT64_C(7123456);
    errors = errors_of(payloads, h.budget);
    rc = errors ? harness_batch(&h, 0, errors, e) : ERR_MEMORY;
    batch_unref(errors);
    for (size_t i = 0; rc == OK && i < h.batch_count; i++)
        rc = batch_check(h.batches[i], e);
    if (rc == OK && want)
        HARNESS_EXPECT(&h, want);
    harness_close(&h);
    return rc;
}

static void test_messages(UNUSED void **state)
{
    static const char *const payloads[] = {"{oops", "\xff!"};
    struct error e;

    ASSERT_OK(
        run(&messages, payloads,
            "0 +I(x'7b6f6f7073', {oops, x'6b', k, deserialization, no JSON, 1970-01-01T00:00:07.123000Z, "
            "c.d.orders, orders, 3, 41, 1970-01-01T00:00:05Z, CreateTime, {trace=x'78'}, NULL, NULL, NULL)\n"
            "0 +I(x'ff21', base64:/yE=, NULL, NULL, deserialization, no JSON, 1970-01-01T00:00:07.123000Z, "
            "c.d.orders, orders, 3, 42, 1970-01-01T00:00:05Z, CreateTime, NULL, NULL, NULL, NULL)\n",
            &e),
        &e);
}

static void test_lines(UNUSED void **state)
{
    static const char *const payloads[] = {"", NULL};
    struct error e;

    ASSERT_OK(
        run(&lines, payloads,
            "0 +I(x'', , x'6b', k, deserialization, no JSON, 1970-01-01T00:00:07.123000Z, c.d.files, NULL, "
            "NULL, NULL, NULL, NULL, NULL, NULL, orders, 42)\n"
            "0 +I(NULL, NULL, NULL, NULL, deserialization, no JSON, 1970-01-01T00:00:07.123000Z, c.d.files, "
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, orders, 43)\n",
            &e),
        &e);
}

static void test_without_memory(UNUSED void **state)
{
    static const char *const payloads[] = {"a payload that is longer than a view", "\xff and more than that"};
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, true);
        rc = run(&messages, payloads, NULL, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
}

TEST_MAIN(cmocka_unit_test(test_messages), cmocka_unit_test(test_lines),
          cmocka_unit_test(test_without_memory))
