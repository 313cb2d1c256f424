/* iceberg_source_test.c: the Iceberg source: every row once, whatever restart and parallelism; streaming
 * rounds; options; conditions as filters. */
#include "connectors/connector.h"
#include "connectors/iceberg_filter.h"
#include "connectors/iceberg_open.h"
#include "connectors/iceberg_source.h"
#include "expr/program.h"
#include "iceberg/test_scan.h"
#include "operators/operator_harness.h"
#include <stdlib.h>

#define ROWS 5000

static struct test_row rows[ROWS];

struct fixture {
    struct test_world world;
    struct arena arena;
    struct table *table, *planned; /* the same as it was when the job was planned */
    struct iceberg_source_spec spec;
    struct schema wanted;
    int64_t snapshots[8];
    int commits;
};

static void add_rows(struct fixture *f, int first, int count)
{
    char path[40];
    struct data_file file;

    snprintf(path, sizeof path, "mem://file-%d", f->commits);
    file = test_rows_file(&f->world, f->table, path, rows + first, count, 20000, &f->arena);
    f->snapshots[f->commits] = test_commit(f->table, f->commits + 1, &file, 1);
    f->commits++;
    f->world.clock.now_us += 1000000;
}

/* What follows is not known to the job's plan. */
static void plan(struct fixture *f)
{
    struct error e;

    table_free(f->planned);
    ASSERT_OK(catalog_load(f->world.catalog, "db", "t", &f->planned, &e), &e);
    f->spec.metadata = f->planned->metadata;
}

static void setup(struct fixture *f)
{
    const struct schema *schema;
    struct error e;

    *f = (struct fixture){0};
    for (int i = 0; i < ROWS; i++)
        rows[i] = (struct test_row){i, "a name of some length, so that row groups fill", "x"};
    test_world_init(&f->world);
    f->table = test_scan_table(&f->world, "t", "", &f->arena);
    ASSERT_OK(schema_copy(&f->arena, f->table->metadata->schema, &schema, &e), &e);
    f->wanted = (struct schema){1, schema->fields};
    f->spec = (struct iceberg_source_spec){.catalog = f->world.catalog,
                                           .name_space = "db",
                                           .table = "t",
                                           .fs = &f->world.fs.base,
                                           .schema = &f->wanted,
                                           .wanted = &f->wanted,
                                           .monitor_ms = 1000,
                                           .most_snapshots = INT32_MAX,
                                           .most_failures = 3};
    plan(f);
}

static void teardown(struct fixture *f)
{
    table_free(f->table);
    table_free(f->planned);
    test_world_fini(&f->world);
    arena_fini(&f->arena);
}

/* What is read, as counts by id. */
struct seen {
    int count[ROWS];
    int64_t total;
};

static void take(struct harness *h, struct seen *seen)
{
    for (size_t i = 0; i < h->batch_count; i++)
        for (int32_t k = 0; k < batch_live(h->batches[i]); k++) {
            int64_t id = h->batches[i]->columns[0].i64[batch_row(h->batches[i], k)];

            assert_in_range(id, 0, ROWS - 1);
            seen->count[id]++;
            seen->total++;
        }
    harness_take(h);
}

static struct harness_config config_of(struct fixture *f, int32_t subtask, int32_t parallelism)
{
    return (struct harness_config){.factory = &iceberg_source_factory,
                                   .spec = &f->spec,
                                   .subtask = subtask,
                                   .parallelism = parallelism,
                                   .fs = &f->world.fs.base};
}

static void assert_once(const struct seen *seen, int from, int to)
{
    for (int i = 0; i < ROWS; i++)
        if (seen->count[i] != (i >= from && i < to))
            fail_msg("row %d was given %d times", i, seen->count[i]);
}

static void bounded(struct fixture *f)
{
    for (int i = 0; i < 3; i++)
        add_rows(f, i * 1000, 1000);
    plan(f);
    f->spec.round = (struct iceberg_round){.to_id = f->snapshots[2], .split_bytes = 1};
}

/* Run some polls, snapshot, and go on in others: at every place, from 1 subtask to 3 and back. */
static void test_restart_anywhere(UNUSED void **state)
{
    struct fixture f;
    bool done = false;

    setup(&f);
    bounded(&f);
    add_rows(&f, 4000, 500); /* later: not of this read */
    for (int polls = 0; !done; polls += 3) {
        struct seen seen = {0};
        struct harness_image image = {0}, images[3] = {{0}};
        const struct harness_image *first = &image, *all[] = {&images[0], &images[1], &images[2]};
        struct harness_config config = config_of(&f, 0, 1);
        struct harness h;
        struct error e;
        bool more;

        ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
        for (int i = 0; i < polls && !done; i++)
            ASSERT_OK(harness_poll(&h, &more, &done, &e), &e);
        take(&h, &seen);
        ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
        harness_close(&h);
        for (int32_t s = 0; s < 3; s++) { /* each goes on a little */
            bool over = false;

            config = config_of(&f, s, 3);
            ASSERT_OK(harness_open(&h, &config, &first, 1, &e), &e);
            for (int i = 0; i < 5 && !over; i++)
                ASSERT_OK(harness_poll(&h, &more, &over, &e), &e);
            take(&h, &seen);
            ASSERT_OK(harness_snapshot(&h, 2, false, &images[s], &e), &e);
            harness_close(&h);
        }
        for (int32_t s = 0; s < 2; s++) { /* then two to the end */
            bool over = false;

            config = config_of(&f, s, 2);
            ASSERT_OK(harness_open(&h, &config, all, 3, &e), &e);
            while (!over)
                ASSERT_OK(harness_poll(&h, &more, &over, &e), &e);
            take(&h, &seen);
            harness_close(&h);
        }
        assert_once(&seen, 0, 3000);
        harness_image_fini(&image);
        for (int s = 0; s < 3; s++)
            harness_image_fini(&images[s]);
    }
    teardown(&f);
}

/* Appends between two snapshots: the first is left out. */
static void test_incremental(UNUSED void **state)
{
    struct fixture f;
    struct seen seen = {0};
    struct harness_config config;
    struct harness h;
    struct error e;
    bool more, done = false;

    setup(&f);
    bounded(&f);
    f.spec.round = (struct iceberg_round){true, f.snapshots[0], f.snapshots[1], 0};
    config = config_of(&f, 0, 1);
    ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
    while (!done)
        ASSERT_OK(harness_poll(&h, &more, &done, &e), &e);
    take(&h, &seen);
    assert_once(&seen, 1000, 2000);
    harness_close(&h);
    teardown(&f);
}

/* Poll until nothing is under way. */
static void settle(struct harness *h)
{
    struct error e;
    bool more = true, done = false;

    h->wakes = 0;
    for (int i = 0; (more || h->wakes) && i < 1000; i++) {
        h->wakes = 0;
        ASSERT_OK(harness_poll(h, &more, &done, &e), &e);
    }
    assert_false(done || more || h->wakes);
}

static void look_again(struct harness *h)
{
    h->clock.wall_us += 2000000;
    settle(h);
}

static void test_streaming(UNUSED void **state)
{
    static const struct {
        const char *name;
        enum iceberg_strategy strategy;
        int first; /* row that is read first, of 2000 that are there */
    } cases[] = {
        {"scan", STRATEGY_SCAN_THEN_INCREMENTAL, 0},
        {"latest", STRATEGY_LATEST, 1000},
        {"exclusive", STRATEGY_LATEST_EXCLUSIVE, 2000},
        {"earliest", STRATEGY_EARLIEST, 0},
        {"id", STRATEGY_SNAPSHOT_ID, 1000},
        {"time", STRATEGY_TIMESTAMP, 1000},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct seen seen = {0};
        struct harness_image image = {0};
        const struct harness_image *first = &image;
        struct harness_config config;
        struct harness h;
        struct error e;

        print_message("%s\n", cases[i].name);
        setup(&f);
        add_rows(&f, 0, 1000);
        add_rows(&f, 1000, 1000);
        plan(&f);
        f.spec.streaming = true;
        f.spec.strategy = cases[i].strategy;
        f.spec.start_id = f.snapshots[1];
        f.spec.start_ms = metadata_snapshot(f.table->metadata, f.snapshots[1])->timestamp_ms;
        config = config_of(&f, 0, 1);
        ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
        settle(&h);
        take(&h, &seen);
        assert_once(&seen, cases[i].first, 2000);
        add_rows(&f, 2000, 1000);
        add_rows(&f, 3000, 500);
        settle(&h); /* it is not time yet */
        take(&h, &seen);
        assert_once(&seen, cases[i].first, 2000);
        look_again(&h);
        take(&h, &seen);
        assert_once(&seen, cases[i].first, 3500);
        ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
        harness_close(&h);
        add_rows(&f, 3500, 1500);
        ASSERT_OK(harness_open(&h, &config, &first, 1, &e), &e);
        settle(&h);
        look_again(&h);
        take(&h, &seen);
        assert_once(&seen, cases[i].first, 5000);
        harness_close(&h);
        harness_image_fini(&image);
        teardown(&f);
    }
}

/* From an empty table on, one snapshot at a time. */
static void test_streaming_from_nothing(UNUSED void **state)
{
    struct fixture f;
    struct seen seen = {0};
    struct harness_config config;
    struct harness h;
    struct error e;

    setup(&f);
    plan(&f);
    f.spec.streaming = true;
    f.spec.strategy = STRATEGY_LATEST;
    f.spec.most_snapshots = 1;
    config = config_of(&f, 0, 1);
    ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
    settle(&h);
    assert_int_equal(h.rows, 0);
    add_rows(&f, 0, 1000);
    add_rows(&f, 1000, 1000);
    look_again(&h);
    take(&h, &seen);
    assert_once(&seen, 0, 1000);
    look_again(&h);
    take(&h, &seen);
    assert_once(&seen, 0, 2000);
    harness_close(&h);
    teardown(&f);
}

/* A snapshot that is gone is told; a checkpoint that is damaged too. */
static void test_wrong(UNUSED void **state)
{
    static char cut[] = "\x20half";
    struct op_item items[] = {{"done", {cut, 5}, 0}};
    struct harness_image image = {.items = items, .item_count = 1, .parallelism = 1};
    const struct harness_image *first = &image;
    struct fixture f;
    struct harness_config config;
    struct harness h;
    struct error e;
    bool more, done = false;
    enum err rc = OK;

    setup(&f);
    bounded(&f);
    f.spec.round.to_id = 17;
    config = config_of(&f, 0, 1);
    ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
    for (int i = 0; rc == OK && i < 10; i++)
        rc = harness_poll(&h, &more, &done, &e);
    assert_int_equal(rc, ERR_CONFIG);
    assert_non_null(strstr(e.text, "has no snapshot 17"));
    harness_close(&h);
    assert_int_equal(harness_open(&h, &config, &first, 1, &e), ERR_CORRUPT);
    teardown(&f);
}

/* Any file that cannot be read fails the job with its name. */
static void test_io_failures(UNUSED void **state)
{
    struct fixture f;
    bool done = false;

    setup(&f);
    bounded(&f);
    for (int n = 1; !done; n++) {
        struct harness_config config = config_of(&f, 0, 1);
        struct harness h;
        struct error e;
        enum err rc = OK;
        bool more;

        ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
        test_fs_fail(&f.world.fs, n, TEST_FAIL);
        while (rc == OK && !done)
            rc = harness_poll(&h, &more, &done, &e);
        test_fs_fail(&f.world.fs, 0, TEST_FAIL);
        assert_true(done || (rc == ERR_IO && strstr(e.text, "db.t")));
        harness_close(&h);
    }
    teardown(&f);
}

static void test_memory(UNUSED void **state)
{
    struct fixture f;
    bool done = false;

    setup(&f);
    bounded(&f);
    f.spec.round.to_id = f.snapshots[0];
    for (uint64_t n = 1; !done; n++) {
        struct harness_config config = config_of(&f, 0, 1);
        struct harness h;
        struct error e;
        enum err rc = OK;
        bool more;

        ASSERT_OK(harness_open(&h, &config, NULL, 0, &e), &e);
        mem_fail_at(n, true);
        while (rc == OK && !done)
            rc = harness_poll(&h, &more, &done, &e);
        mem_fail_at(0, false);
        if (!done)
            assert_int_equal(rc, ERR_MEMORY);
        harness_close(&h);
    }
    teardown(&f);
}

/* --- conditions --- */

static const struct expr *call(struct arena *a, const char *name, const struct expr *x, const struct expr *y)
{
    const struct expr *args[] = {x, y}, *out = NULL;
    struct error e;

    ASSERT_OK(expr_call(a, name, args, y ? 2 : 1, (struct place){0}, &out, &e), &e);
    return out;
}

static void test_conditions(UNUSED void **state)
{
    static const struct type int_type = {.kind = TYPE_INT32, .nullable = true};
    static const struct type text_type = {.kind = TYPE_STRING, .nullable = true};
    static const struct type double_type = {.kind = TYPE_DOUBLE, .nullable = true};
    static const struct field fields[] = {
        {"i", &int_type, 1, NULL}, {"s", &text_type, 2, NULL}, {"d", &double_type, 3, NULL}};
    static const struct schema wanted = {3, fields};
    struct arena a = {0};
    const struct expr *i = expr_column(&a, 0, &int_type), *s = expr_column(&a, 1, &text_type);
    const struct expr *d = expr_column(&a, 2, &double_type), *lower;
    const struct expr *five = expr_int(&a, TYPE_INT32, 5), *wide = expr_int(&a, TYPE_INT64, INT64_C(1) << 40);
    const struct filter *f;
    struct error e;

    ASSERT_OK(iceberg_filter(&a, call(&a, "<", five, i), &wanted, &f, &e), &e); /* turned round */
    assert_int_equal(f->kind, FILTER_GT);
    assert_int_equal(f->field_id, 1);
    assert_int_equal(f->value.len, 4);
    ASSERT_OK(iceberg_filter(&a, call(&a, "NOT", call(&a, "<", i, five), NULL), &wanted, &f, &e), &e);
    assert_int_equal(f->kind, FILTER_GE);
    ASSERT_OK(iceberg_filter(&a, call(&a, "=", i, wide), &wanted, &f, &e), &e); /* no INT is that large */
    assert_null(f);
    lower = call(&a, "LOWER", s, NULL);
    lower = call(&a, "=", lower, expr_char(&a, SLICE("x")));
    ASSERT_OK(iceberg_filter(&a, lower, &wanted, &f, &e), &e);
    assert_null(f);
    ASSERT_OK(iceberg_filter(&a, call(&a, "AND", lower, call(&a, "=", i, five)), &wanted, &f, &e), &e);
    assert_int_equal(f->kind, FILTER_EQ); /* one part is known */
    ASSERT_OK(iceberg_filter(&a, call(&a, "OR", lower, call(&a, "=", i, five)), &wanted, &f, &e), &e);
    assert_null(f);
    ASSERT_OK(iceberg_filter(&a, call(&a, "IS NULL", s, NULL), &wanted, &f, &e), &e);
    assert_int_equal(f->kind, FILTER_IS_NULL);
    ASSERT_OK(iceberg_filter(&a, call(&a, "LIKE", s, expr_char(&a, SLICE("ab%c"))), &wanted, &f, &e), &e);
    assert_int_equal(f->kind, FILTER_PREFIX);
    assert_true(slice_is(f->value, "ab"));
    ASSERT_OK(iceberg_filter(&a, call(&a, "=", d, expr_double(&a, 0.0)), &wanted, &f, &e), &e);
    assert_null(f); /* two zeros */
    ASSERT_OK(iceberg_filter(&a, call(&a, ">", d, expr_double(&a, 1.5)), &wanted, &f, &e), &e);
    assert_int_equal(f->kind, FILTER_GT);
    arena_fini(&a);
}

/* --- options --- */

/* Plan to read `table` with one text of options: "a=1;b=2". */
static enum err plan_with(struct fixture *f, const char *table, const char *options,
                          struct connector_plan *out, struct map *map, struct error *e)
{
    const int32_t no_columns[1] = {0};
    const struct connector_table declared = {f->planned->metadata->schema, 0, no_columns, 0, no_columns};
    struct connector_request r = {.arena = &f->arena,
                                  .name = table,
                                  .options = map,
                                  .schema = &f->wanted,
                                  .fs = &f->world.fs.base,
                                  .clock = &f->world.clock.base,
                                  .sleep_ms = test_sleep,
                                  .sleep_arg = &f->world.clock,
                                  .table = &declared};
    static const char base[] = "catalog-type=hadoop;warehouse=mem://warehouse;catalog-database=db;";
    const char *text = arena_printf(&f->arena, "%scatalog-table=%s%s%s", base, table, *options ? ";" : "",
                                    options);

    while (*text) {
        size_t len = strcspn(text, ";"), name = strcspn(text, "=");

        assert_true(
            map_put(map, slice_of(text, name),
                    (void *)(uintptr_t)arena_text(&f->arena, slice_of(text + name + 1, len - name - 1))));
        text += len + (text[len] == ';');
    }
    return connector_plan_source(connector_find("iceberg"), &r, out, e);
}

static void test_options(UNUSED void **state)
{
    static const struct {
        const char *options;
        const char *error; /* a part of it; NULL: it is planned */
    } cases[] = {
        {"", NULL},
        {"streaming=true;monitor-interval=1s", NULL},
        {"streaming=false;monitor-interval=1s", NULL},
        {"limit=-1;split-lookback=10;case-sensitive=false", NULL},
        {"split-size=1000;branch=main", NULL},
        {"snapshot-id=17", "has no snapshot 17"},
        {"snapshot-id=x", "option 'snapshot-id' = 'x'"},
        {"tag=nope", "no tag 'nope'; it has none"},
        {"branch=nope", "no branch 'nope'"},
        {"as-of-timestamp=5", "had no snapshot at 1970-01-01T00:00:00.005000Z"},
        {"snapshot-id=17;tag=a", "'snapshot-id' and 'tag' exclude each other"},
        {"tag=a;branch=b", "'tag' and 'branch' exclude each other"},
        {"start-snapshot-id=1;start-tag=a", "'start-snapshot-id' and 'start-tag' exclude each other"},
        {"end-snapshot-id=1;end-tag=a", "'end-snapshot-id' and 'end-tag' exclude each other"},
        {"start-snapshot-id=17", "snapshot 17 is no ancestor of"},
        {"monitor-interval=1s", "'monitor-interval' needs 'streaming' = 'true'"},
        {"starting-strategy=INCREMENTAL_FROM_EARLIEST_SNAPSHOT", "needs 'streaming' = 'true'"},
        {"streaming=true;snapshot-id=1", "Cannot set snapshot-id option for streaming reader"},
        {"streaming=true;tag=a", "Cannot set tag option for streaming reader"},
        {"streaming=true;end-snapshot-id=1", "Cannot set end-snapshot-id option for streaming reader"},
        {"streaming=true;start-tag=a", "'start-tag' is not supported"},
        {"streaming=true;start-snapshot-id=1", "does not go with option 'start-snapshot-id'"},
        {"streaming=true;starting-strategy=INCREMENTAL_FROM_SNAPSHOT_ID", "needs option 'start-snapshot-id'"},
        {"streaming=true;starting-strategy=INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP",
         "needs option 'start-snapshot-timestamp'"},
        {"streaming=true;starting-strategy=x", "it takes one of TABLE_SCAN_THEN_INCREMENTAL"},
        {"streaming=true;monitor-interval=0s", "'monitor-interval' must be above 0"},
        {"limit=5", "write LIMIT into the query"},
        {"watermark-column=ts", "is not supported"},
        {"snapshot-idd=5", "did you mean 'snapshot-id'?"},
        {"split-size=0", "option 'split-size' is 0"},
    };
    struct fixture f;

    setup(&f);
    bounded(&f);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct connector_plan plan = {0};
        struct map options = {0};
        struct error e;
        enum err rc = plan_with(&f, "t", cases[i].options, &plan, &options, &e);

        if (cases[i].error == NULL ? rc != OK : rc == OK || strstr(e.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].options, rc == OK ? "planned" : e.text);
        if (rc == OK) {
            bool streaming = strstr(cases[i].options, "streaming=true") != NULL;

            assert_int_equal(plan.bounded, !streaming);
            assert_int_equal(plan.most_parallelism, streaming);
            plan.release(plan.spec);
        }
        map_fini(&options);
    }
    teardown(&f);
}

TEST_MAIN(cmocka_unit_test(test_options), cmocka_unit_test(test_restart_anywhere),
          cmocka_unit_test(test_incremental), cmocka_unit_test(test_streaming),
          cmocka_unit_test(test_streaming_from_nothing), cmocka_unit_test(test_wrong),
          cmocka_unit_test(test_io_failures), cmocka_unit_test(test_memory),
          cmocka_unit_test(test_conditions))
