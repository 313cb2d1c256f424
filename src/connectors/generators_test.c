/* generators_test.c: the sources that make rows (datagen, nexmark, values), and the sinks print, blackhole
 * and collect. */
#include "base/mem.h"
#include "base/test.h"
#include "connectors/collect.h"
#include "connectors/connector.h"
#include "connectors/row_text.h"
#include "connectors/values.h"
#include "operators/operator_harness.h"
#include <stdio.h>

/* --- planning ----------------------------------------------------------------------------------------- */

struct fixture {
    struct arena arena;
    struct map options;
    struct connector_table table;
    struct connector_request r;
    struct connector_plan plan;
};

/* options: `name=value` a line. wanted NULL: all columns. */
static enum err plan(struct fixture *f, const char *connector, const char *columns, const char *wanted,
                     const char *options, bool sink, struct error *e)
{
    const struct connector *c = connector_find(connector);
    enum err rc;

    *f = (struct fixture){0};
    assert_non_null(c);
    while (*options) {
        size_t len = strcspn(options, "\n"), name = strcspn(options, "=");
        const char *value = arena_text(&f->arena, slice_of(options + name + 1, len - name - 1));

        assert_true(map_put(&f->options, slice_of(options, name), (void *)(uintptr_t)value));
        options += len + (options[len] == '\n');
    }
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &f->table.schema, e), e);
    f->r = (struct connector_request){.arena = &f->arena,
                                      .name = "t",
                                      .options = &f->options,
                                      .schema = f->table.schema,
                                      .clock = clock_system(),
                                      .table = &f->table};
    if (wanted)
        ASSERT_OK(schema_parse(&f->arena, slice_text(wanted), &f->r.schema, e), e);
    rc = sink ? connector_plan_sink(c, &f->r, &f->plan, e) : connector_plan_source(c, &f->r, &f->plan, e);
    return rc;
}

static void forget(struct fixture *f)
{
    if (f->plan.release)
        f->plan.release(f->plan.spec);
    map_fini(&f->options);
    arena_fini(&f->arena);
}

static void open_source(struct fixture *f, struct harness *h, int32_t subtask, int32_t parallelism,
                        const struct harness_image *const *images, size_t count)
{
    struct harness_config c = {
        .factory = f->plan.factory, .spec = f->plan.spec, .subtask = subtask, .parallelism = parallelism};
    struct error e;

    ASSERT_OK(harness_open(h, &c, images, count, &e), &e);
}

/* Poll until it is done or has nothing now. */
static bool run(struct harness *h)
{
    bool more = true, done = false;
    struct error e;

    while (more && !done)
        ASSERT_OK(harness_poll(h, &more, &done, &e), &e);
    return done;
}

/* --- datagen ------------------------------------------------------------------------------------------ */

static void test_datagen_sequence(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    ASSERT_OK(plan(&f, "datagen", "id INT, name STRING, d DECIMAL(10, 2), f DOUBLE, b TINYINT", NULL,
                   "fields.id.kind=sequence\nfields.id.start=5\nfields.id.end=8\n"
                   "fields.name.kind=sequence\nfields.name.start=-1\nfields.name.end=100\n"
                   "fields.d.kind=sequence\nfields.d.start=1\nfields.d.end=9\n"
                   "fields.f.kind=sequence\nfields.f.start=0\nfields.f.end=9\n"
                   "fields.b.min=3\nfields.b.max=3",
                   false, &e),
              &e);
    assert_true(f.plan.bounded);
    open_source(&f, &h, 0, 1, NULL, 0);
    while (!run(&h))
        ASSERT_OK(harness_advance(&h, 1000000, &e), &e);
    HARNESS_EXPECT(&h, "0 +I(5, -1, 1.00, 0, 3)\n0 +I(6, 0, 2.00, 1, 3)\n0 +I(7, 1, 3.00, 2, 3)\n"
                       "0 +I(8, 2, 4.00, 3, 3)\n");
    harness_close(&h);
    forget(&f);
}

static void test_datagen_rate(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;

    ASSERT_OK(plan(&f, "datagen", "id INT", NULL, "rows-per-second=100", false, &e), &e);
    assert_false(f.plan.bounded);
    open_source(&f, &h, 0, 2, NULL, 0);
    assert_false(run(&h));
    assert_int_equal(h.rows, 1); /* the first at once */
    for (int i = 0; i < 200; i++)
        ASSERT_OK(harness_advance(&h, 5000, &e), &e); /* a second */
    assert_in_range(h.rows, 49, 52);                  /* half of 100: there is another subtask */
    harness_close(&h);
    forget(&f);
}

static const char all_types[] =
    "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(38, 10), i DATE, j "
    "TIME, "
    "k TIMESTAMP(3), l TIMESTAMP_LTZ(9), m STRING, n BYTES, o ARRAY<INT>, p MAP<STRING, BIGINT>, "
    "q ROW<x INT, y ROW<z STRING>>, r VARCHAR(7), s CHAR(4)";

static void test_datagen_types(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;
    const struct batch *b;

    ASSERT_OK(
        plan(
            &f, "datagen", all_types, NULL,
            "number-of-rows=500\nfields.d.min=-3\nfields.d.max=3\nfields.m.length=20\nfields.m.var-len=true\n"
            "fields.o.length=2\nfields.o.element.min=1\nfields.o.element.max=2\nfields.q.y.z.length=5\n"
            "fields.c.null-rate=0.5\nfields.k.max-past=1 h\nfields.h.min=-5\nfields.h.max=5",
            false, &e),
        &e);
    open_source(&f, &h, 0, 1, NULL, 0);
    while (!run(&h))
        ASSERT_OK(harness_advance(&h, 1000000, &e), &e);
    assert_int_equal(h.rows, 500);
    for (size_t n = 0; n < h.batch_count; n++) {
        b = h.batches[n];
        ASSERT_OK(batch_check(b, &e), &e);
        for (int32_t i = 0; i < b->row_count; i++) {
            assert_in_range(b->columns[3].i32[i] + 3, 0, 6);
            assert_in_range(column_slice(&b->columns[12], i).len, 1, 20);
            assert_in_range(b->columns[14].children[0].i32[2 * i], 1, 2);
            assert_int_equal(column_slice(&b->columns[16].children[1].children[0], i).len, 5);
            assert_int_equal(column_slice(&b->columns[17], i).len, 7);
            assert_int_equal(column_slice(&b->columns[18], i).len, 4);
            assert_true(b->columns[5].f32[i] > 0 && b->columns[6].f64[i] > 0);
        }
    }
    harness_close(&h);
    forget(&f);
}

/* Every row once, whatever the parallelism before and after, and with the values that it would have had. */
static void test_datagen_rescale(UNUSED void **state)
{
    static const int32_t after[] = {1, 2, 3, 7};

    for (size_t n = 0; n < COUNT_OF(after); n++) {
        struct harness_image images[2];
        const struct harness_image *list[] = {&images[0], &images[1]};
        int seen[100] = {0};
        struct fixture f;
        struct error e;

        ASSERT_OK(plan(&f, "datagen", "id INT, v BIGINT", NULL,
                       "rows-per-second=1000\nfields.id.kind=sequence\nfields.id.start=0\nfields.id.end=99",
                       false, &e),
                  &e);
        for (int32_t s = 0; s < 2 + after[n]; s++) {
            bool is_old = s < 2;
            struct harness h;

            open_source(&f, &h, is_old ? s : s - 2, is_old ? 2 : after[n], list, is_old ? 0 : 2);
            run(&h);
            for (int i = 0; i < (is_old ? 4 + s : 1000); i++)
                ASSERT_OK(harness_advance(&h, 5000, &e), &e);
            for (size_t k = 0; k < h.batch_count; k++)
                for (int32_t i = 0; i < h.batches[k]->row_count; i++)
                    seen[h.batches[k]->columns[0].i32[i]]++;
            if (is_old)
                ASSERT_OK(harness_snapshot(&h, 1, false, &images[s], &e), &e);
            harness_close(&h);
        }
        for (int i = 0; i < 100; i++)
            assert_int_equal(seen[i], 1);
        harness_image_fini(&images[0]);
        harness_image_fini(&images[1]);
        forget(&f);
    }
}

static void test_datagen_projection(UNUSED void **state)
{
    static const char *const wanted[] = {"m STRING, q ROW<x INT>", "q ROW<x INT>, e BIGINT, m STRING"};
    char first[2][400];
    struct error e;

    for (size_t n = 0; n < 2; n++) {
        struct fixture f;
        struct harness h;
        struct bytes text = {0};

        ASSERT_OK(plan(&f, "datagen", all_types, wanted[n], "number-of-rows=1\nfields.m.length=8", false, &e),
                  &e);
        open_source(&f, &h, 0, 1, NULL, 0);
        run(&h);
        batch_print(h.batches[0], &text);
        snprintf(first[n], sizeof first[n], "%s", bytes_cstr(&text));
        bytes_fini(&text);
        harness_close(&h);
        forget(&f);
    }
    /* +I(m, q) and +I(q, e, m): m and q are the same in both */
    assert_memory_equal(first[0] + 3, first[1] + strlen(first[1]) - 10, 8);
}

static void test_datagen_mistakes(UNUSED void **state)
{
    static const struct {
        const char *columns, *options, *says;
    } cases[] = {
        {"a INT", "rows-per-secnd=5", "did you mean 'rows-per-second'"},
        {"a INT", "rows-per-second=fast", "no whole number"},
        {"a INT", "fields.b.min=5", "'fields.b.min' says nothing"},
        {"a INT", "fields.a.min=5\nfields.a.max=4", "above"},
        {"a INT", "fields.a.kind=sequence\nfields.a.start=1", "fields.a.end"},
        {"a INT", "fields.a.length=4", "says nothing"},
        {"a TINYINT", "fields.a.max=128", "from -128 to 127"},
        {"a VARCHAR(3)", "fields.a.length=4", "from 0 to 3"},
        {"a CHAR(3)", "fields.a.length=2", "says nothing"},
        {"a INT NOT NULL", "fields.a.null-rate=0.5", "NOT NULL"},
        {"a INT", "fields.a.null-rate=2", "0 to 1"},
        {"a INT", "fields.a.kind=series", "one of random, sequence"},
        {"a ARRAY<INT>", "fields.a.kind=sequence\nfields.a.start=1\nfields.a.end=2", "cannot be a sequence"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct error e;

        if (plan(&f, "datagen", cases[i].columns, NULL, cases[i].options, false, &e) != ERR_CONFIG ||
            strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].options, e.text);
        forget(&f);
    }
}

/* --- nexmark ------------------------------------------------------------------------------------------ */

static const char nexmark_table[] = "event_type INT, person ROW<id BIGINT, name STRING, emailAddress STRING, "
                                    "creditCard STRING, city STRING, state "
                                    "STRING, dateTime TIMESTAMP(3), extra STRING>, auction ROW<id BIGINT, "
                                    "itemName STRING, description STRING, "
                                    "initialBid BIGINT, reserve BIGINT, dateTime TIMESTAMP(3), expires "
                                    "TIMESTAMP(3), seller BIGINT, category BIGINT, "
                                    "extra STRING>, bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, "
                                    "channel STRING, url STRING, dateTime "
                                    "TIMESTAMP(3), extra STRING>, dateTime TIMESTAMP(3)";

static void test_nexmark_proportions(UNUSED void **state)
{
    int64_t kinds[3] = {0}, hot = 0, bytes = 0, last_us = 0;
    struct fixture f;
    struct harness h;
    struct error e;

    ASSERT_OK(plan(&f, "nexmark", nexmark_table, NULL, "events.num=50000\nrate-limited=false", false, &e),
              &e);
    open_source(&f, &h, 0, 1, NULL, 0);
    while (!run(&h))
        ;
    assert_int_equal(h.rows, 50000);
    for (size_t n = 0; n < h.batch_count; n++) {
        const struct batch *b = h.batches[n];
        const struct column *bid = &b->columns[3];

        ASSERT_OK(batch_check(b, &e), &e);
        for (int32_t i = 0; i < b->row_count; i++) {
            int32_t kind = b->columns[0].i32[i];

            kinds[kind]++;
            for (int32_t k = 0; k < 3; k++)
                assert_int_equal(column_valid(&b->columns[1 + k], i), k == kind);
            assert_true(b->columns[4].i64[i] >= last_us);
            last_us = b->columns[4].i64[i];
            if (kind != 2)
                continue;
            hot += (bid->children[0].i64[i] - 1000) % 100 == 0;
            bytes += 32 + (int64_t)column_slice(&bid->children[6], i).len;
            assert_in_range(bid->children[2].i64[i], 100, 100000000);
        }
    }
    assert_int_equal(kinds[0], 1000);
    assert_int_equal(kinds[1], 3000);
    assert_int_equal(kinds[2], 46000);
    assert_in_range(hot, 46000 / 2 - 500, 46000 / 2 + 1500); /* half, and a few that are so by chance */
    assert_in_range(bytes / 46000, 90, 110);
    assert_int_equal(last_us, (INT64_C(1436918400000) + 4999) * 1000); /* 10,000 a second */
    harness_close(&h);
    forget(&f);
}

/* Neither parallelism nor what is wanted changes an event. */
static void test_nexmark_is_the_same(UNUSED void **state)
{
    static const char *const wanted[] = {
        "dateTime TIMESTAMP(3), bid ROW<price BIGINT, auction BIGINT>, auction ROW<seller "
        "BIGINT>",
        nexmark_table};
    static int64_t sums[2][2];
    struct error e;

    for (int n = 0; n < 2; n++)
        for (int32_t s = 0; s < (n ? 3 : 1); s++) {
            struct fixture f;
            struct harness h;

            ASSERT_OK(plan(&f, "nexmark", nexmark_table, wanted[n], "events.num=9999\nrate-limited=false",
                           false, &e),
                      &e);
            open_source(&f, &h, s, n ? 3 : 1, NULL, 0);
            while (!run(&h))
                ;
            for (size_t k = 0; k < h.batch_count; k++)
                for (int32_t i = 0; i < h.batches[k]->row_count; i++) {
                    const struct column *bid = &h.batches[k]->columns[n ? 3 : 1],
                                        *auction = &h.batches[k]->columns[2];

                    if (column_valid(bid, i))
                        sums[n][0] += bid->children[n ? 2 : 0].i64[i] * bid->children[n ? 0 : 1].i64[i];
                    if (column_valid(auction, i))
                        sums[n][1] += auction->children[n ? 7 : 0].i64[i];
                }
            harness_close(&h);
            forget(&f);
        }
    assert_true(sums[0][0] != 0 && sums[0][0] == sums[1][0]);
    assert_true(sums[0][1] != 0 && sums[0][1] == sums[1][1]);
}

static void test_nexmark_mistakes(UNUSED void **state)
{
    static const struct {
        const char *columns, *options, *says;
    } cases[] = {
        {"bid ROW<prize BIGINT>", "", "no column bid.prize"},
        {"bid ROW<price INT>", "", "another type"},
        {"kind INT", "", "no column kind"},
        {"event_type INT", "event.num=5", "did you mean 'events.num'"},
        {"event_type INT", "bid.hot-ratio.auctions=0", "it takes 1 to"},
        {"bid ROW<price BIGINT> NOT NULL", "", "leave out NOT NULL"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct error e;

        if (plan(&f, "nexmark", cases[i].columns, NULL, cases[i].options, false, &e) != ERR_CONFIG ||
            strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, e.text);
        forget(&f);
    }
}

/* --- values ------------------------------------------------------------------------------------------- */

static void test_values(UNUSED void **state)
{
    static const struct harness_image *none[1];
    const struct schema *schema;
    struct arena arena = {0};
    struct values_spec spec;
    struct harness_config c = {.factory = &values_factory, .spec = &spec, .parallelism = 2};
    struct harness_image image;
    struct harness h;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("a INT, b STRING"), &schema, &e), &e);
    spec.rows = harness_rows(schema, "1 x\n2 y\n3 NULL\n", NULL);
    ASSERT_OK(harness_open(&h, &c, none, 0, &e), &e);
    ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
    assert_true(run(&h));
    HARNESS_EXPECT(&h, "0 +I(1, x)\n0 +I(3, NULL)\n");
    harness_image_fini(&image);
    ASSERT_OK(harness_snapshot(&h, 2, false, &image, &e), &e);
    harness_close(&h);
    c.parallelism = 1; /* the other subtask gave nothing before the checkpoint */
    none[0] = &image;
    ASSERT_OK(harness_open(&h, &c, none, 1, &e), &e);
    assert_true(run(&h));
    HARNESS_EXPECT(&h, "0 +I(2, y)\n");
    harness_close(&h);
    harness_image_fini(&image);
    batch_unref(spec.rows);
    arena_fini(&arena);
}

/* --- collect ------------------------------------------------------------------------------------------ */

static void test_collect(UNUSED void **state)
{
    const struct schema *schema;
    struct arena arena = {0};
    struct collect *queue = collect_new(1); /* one batch at a time */
    struct collect_spec spec = {queue};
    struct harness_config c = {.factory = &collect_sink_factory, .spec = &spec};
    struct harness_image image;
    const struct harness_image *images[] = {&image};
    struct harness h;
    struct batch *b, *out;
    int64_t repeated;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("a INT"), &schema, &e), &e);
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    b = harness_rows(schema, "1\n2\n", h.budget);
    assert_int_equal(collect_take(queue, 0, &out, &repeated), COLLECT_EMPTY);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    assert_int_equal(harness_batch(&h, 0, b, &e), ERR_WAIT);
    assert_int_equal(collect_take(queue, 1000, &out, &repeated), COLLECT_ROWS);
    assert_int_equal(batch_live(out), 2);
    batch_unref(out);
    assert_int_equal(h.wakes, 1);
    ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e); /* 2 rows so far */
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    assert_int_equal(collect_take(queue, 1000, &out, &repeated), COLLECT_ROWS);
    batch_unref(out);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e); /* not taken before the job fails */
    batch_unref(b);
    harness_close(&h);

    ASSERT_OK(harness_open(&h, &c, images, 1, &e),
              &e); /* rows 3 to 6 come again, two of them had been taken */
    b = harness_rows(schema, "3\n4\n", h.budget);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e);
    assert_int_equal(collect_take(queue, 1000, &out, &repeated), COLLECT_ROWS);
    assert_int_equal(repeated, 2);
    batch_unref(out);
    ASSERT_OK(harness_end(&h, &e), &e);
    assert_int_equal(collect_take(queue, 1000, &out, &repeated), COLLECT_END);
    assert_int_equal(repeated, 0);
    collect_cancel(queue);
    ASSERT_OK(harness_batch(&h, 0, b, &e), &e); /* nobody wants them */
    batch_unref(b);
    harness_close(&h);
    harness_image_fini(&image);
    collect_free(queue);
    arena_fini(&arena);
}

/* --- text --------------------------------------------------------------------------------------------- */

static void test_numbers_as_java(UNUSED void **state)
{
    static const struct {
        double v;
        const char *want;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {0.1, "0.1"},
        {100, "100.0"},
        {1e7, "1.0E7"},
        {9999999, "9999999.0"},
        {0.001, "0.001"},
        {0.0001, "1.0E-4"},
        {-1.5e300, "-1.5E300"},
        {123.456, "123.456"},
        {1.0 / 3, "0.3333333333333333"},
        {1e21, "1.0E21"},
        {5e-324, "4.9E-324"},
    };
    struct bytes out = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bytes_clear(&out);
        row_text_double(cases[i].v, &out);
        assert_string_equal(bytes_cstr(&out), cases[i].want);
    }
    bytes_clear(&out);
    row_text_float(0.1f, &out);
    assert_string_equal(bytes_cstr(&out), "0.1");
    bytes_fini(&out);
}

static void test_rows_as_flink(UNUSED void **state)
{
    static const char columns[] =
        "a INT, b STRING, c TIMESTAMP(3), d TIMESTAMP_LTZ(3), e DATE, f TIME, g DOUBLE, "
        "h BOOLEAN, i TIMESTAMP(6)";
    const struct schema *schema;
    struct arena arena = {0};
    struct bytes out = {0};
    struct batch *b;
    struct error e;

    ASSERT_OK(schema_parse(&arena, slice_text(columns), &schema, &e), &e);
    b = harness_rows(schema,
                     "1 x 1577880000000000 1577880000000000 18262 43200000000 2.5 true 1577880001000100\n"
                     "NULL NULL NULL NULL NULL NULL NULL NULL NULL\n",
                     NULL);
    assert_non_null(b);
    row_text(b, 0, &out);
    assert_string_equal(bytes_cstr(&out),
                        "+I[1, x, 2020-01-01T12:00, 2020-01-01T12:00:00Z, 2020-01-01, 12:00, 2.5, true, "
                        "2020-01-01T12:00:01.000100]");
    bytes_clear(&out);
    row_text(b, 1, &out);
    assert_string_equal(bytes_cstr(&out), "+I[null, null, null, null, null, null, null, null, null]");
    bytes_fini(&out);
    batch_unref(b);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_datagen_sequence), cmocka_unit_test(test_datagen_rate),
          cmocka_unit_test(test_datagen_types), cmocka_unit_test(test_datagen_rescale),
          cmocka_unit_test(test_datagen_projection), cmocka_unit_test(test_datagen_mistakes),
          cmocka_unit_test(test_nexmark_proportions), cmocka_unit_test(test_nexmark_is_the_same),
          cmocka_unit_test(test_nexmark_mistakes), cmocka_unit_test(test_values),
          cmocka_unit_test(test_collect), cmocka_unit_test(test_numbers_as_java),
          cmocka_unit_test(test_rows_as_flink))
