/* catalog_test.c: opening catalogs, names, and tables that are not the ones that were meant. */
#include "iceberg/catalog.h"
#include "iceberg/test_iceberg.h"

static enum err open_with(const char *const *options, struct error *e)
{
    struct map map = {0};
    struct test_fs fs;
    struct test_clock clock = {.base = {test_clock_now, test_clock_now}};
    struct catalog_config config = {.name = "c", .options = &map, .fs = &fs.base, .clock = &clock.base};
    struct catalog *c = NULL;
    enum err rc;

    test_fs_init(&fs);
    for (; *options; options += 2)
        assert_true(map_put(&map, slice_text(options[0]), (void *)(uintptr_t)options[1]));
    rc = catalog_open(&config, &c, e);
    if (rc == OK)
        catalog_free(c);
    map_fini(&map);
    test_fs_fini(&fs);
    return rc;
}

static void test_open(UNUSED void **state)
{
    static const struct {
        const char *options[8];
        enum err rc;
        const char *why;
    } cases[] = {
        {{"catalog-type", "hadoop", "warehouse", "/w"}, OK, NULL},
        {{"type", "iceberg", "catalog-type", "HADOOP", "warehouse", "/w"}, OK, NULL},
        {{"type", "hadoop", "warehouse", "/w"}, OK, NULL},
        {{"catalog-impl", "org.apache.iceberg.hadoop.HadoopCatalog", "warehouse", "/w"}, OK, NULL},
        {{"type", "rest", "uri", "http://localhost:8181"}, OK, NULL},
        {{"catalog-impl", "org.apache.iceberg.rest.RESTCatalog", "uri", "https://h/api/"}, OK, NULL},
        {{"type", "iceberg"}, ERR_CONFIG, "catalog-type is missing"},
        {{NULL}, ERR_CONFIG, "catalog c: catalog-type is missing"},
        {{"type", "nessie"}, ERR_CONFIG, "nessie is not known"},
        {{"type", "hive", "uri", "thrift://h:9083"}, ERR_UNSUPPORTED, "Hive"},
        {{"catalog-impl", "org.example.Mine"}, ERR_CONFIG, "org.example.Mine"},
        {{"catalog-impl", "x", "catalog-type", "rest"}, ERR_CONFIG, "not both"},
        {{"type", "hadoop"}, ERR_CONFIG, "warehouse is missing"},
        {{"type", "hadoop", "warehouse", "hdfs://n/w"}, ERR_UNSUPPORTED, "HDFS"},
        {{"type", "rest"}, ERR_CONFIG, "uri is missing"},
        {{"type", "rest", "uri", "localhost:8181"}, ERR_CONFIG, "uri is missing"},
        {{"type", "rest", "uri", "http://h", "rest.sigv4-enabled", "true"}, ERR_UNSUPPORTED, "sigv4"},
        {{"type", "rest", "uri", "http://h", "rest.auth.type", "magic"}, ERR_CONFIG, "magic"},
        {{"type", "rest", "uri", "http://h", "rest.auth.type", "basic"}, ERR_CONFIG, "username"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error e = {0};
        enum err rc = open_with(cases[i].options, &e);

        if (rc != cases[i].rc || (rc != OK && strstr(e.text, cases[i].why) == NULL))
            fail_msg("case %zu: %s", i, rc == OK ? "was opened" : e.text);
    }
}

static void test_names(UNUSED void **state)
{
    static const char *const bad[][2] = {{"", "t"},   {"a..b", "t"}, {".", "t"},    {"a/b", "t"}, {"a", ""},
                                         {"a", ".."}, {"a", "x/y"},  {"a", "x\ny"}, {"a.", "t"}};
    struct test_world w;
    struct table *t;
    struct error e;

    test_world_init(&w);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(catalog_load(w.catalog, bad[i][0], bad[i][1], &t, &e), ERR_CONFIG);
    assert_int_equal(catalog_namespace_create(w.catalog, "a//b", &e), ERR_CONFIG);
    ASSERT_OK(catalog_namespace_create(w.catalog, "a.b", &e), &e);
    assert_int_equal(catalog_load(w.catalog, "a.b", "t", &t, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "a.b.t"));
    assert_non_null(strstr(e.text, "mem://warehouse/a/b/t/metadata"));
    test_world_fini(&w);
}

static void test_random_and_sleep(UNUSED void **state)
{
    struct test_world w;
    uint64_t first;
    int64_t before;

    test_world_init(&w);
    first = catalog_random(w.catalog);
    assert_true(catalog_random(w.catalog) != first);
    catalog_free(w.catalog);
    test_world_open(&w, 1); /* the same seed, the same numbers: the simulator relies on it */
    assert_true(catalog_random(w.catalog) == first);
    before = w.clock.now_us;
    catalog_sleep(w.catalog, 50);
    assert_true(w.clock.now_us == before + 50000);
    test_world_fini(&w);
}

/* --- load or create --- */

static enum err load_or_create(struct test_world *w, const char *columns, const char *partition,
                               struct error *e)
{
    struct arena arena = {0};
    struct table_spec spec = {0};
    const struct schema *plain;
    struct table *t = NULL;
    int32_t last;
    enum err rc;

    ASSERT_OK(schema_parse(&arena, slice_text(columns), &plain, e), e);
    ASSERT_OK(metadata_assign_ids(&arena, plain, &spec.schema, &last, e), e);
    if (partition)
        ASSERT_OK(partition_spec_parse(&arena, slice_text(partition), spec.schema, &spec.partition, e), e);
    rc = catalog_load_or_create(w->catalog, "db", "t", &spec, &t, e);
    table_free(t);
    arena_fini(&arena);
    return rc;
}

static void test_load_or_create(UNUSED void **state)
{
    static const struct {
        const char *columns;
        enum err rc;
        const char *why[4];
    } cases[] = {
        {"a INT NOT NULL, b STRING, c ROW<x INT, y DOUBLE>, l ARRAY<INT>, m MAP<STRING NOT NULL, DECIMAL(9, "
         "2)>, ts TIMESTAMP(6)",
         OK,
         {NULL}},
        {"b STRING NOT NULL, a INT NOT NULL", OK, {NULL}}, /* fewer, in another order, stricter */
        {"a SMALLINT NOT NULL, ts TIMESTAMP(3), m MAP<STRING NOT NULL, DECIMAL(5, 2)>", OK, {NULL}},
        {"a INT NOT NULL, c ROW<x INT, y FLOAT>", OK, {NULL}},
        {"a INT", ERR_CONFIG, {"a: wanted nullable, found NOT NULL"}},
        {"b STRING", ERR_CONFIG, {"a: the table has it as NOT NULL"}},
        {"a BIGINT NOT NULL, b INT, z DATE",
         ERR_CONFIG,
         {"a: wanted BIGINT NOT NULL, found INT NOT NULL", "b: wanted INT, found STRING",
          "z: wanted, but the table has no such column"}},
        {"a INT NOT NULL, c ROW<x STRING, q INT>, l ARRAY<STRING>",
         ERR_CONFIG,
         {"c.x: wanted STRING, found INT", "c.q: wanted, but", "l.element: wanted STRING"}},
        {"a INT NOT NULL, c ARRAY<INT>, m MAP<INT NOT NULL, DECIMAL(9, 3)>",
         ERR_CONFIG,
         {"c: wanted ARRAY<INT>, found ROW", "m.key: wanted INT", "m.value: wanted DECIMAL(9, 3)"}},
        {"a INT NOT NULL, ts TIMESTAMP_LTZ(6)",
         ERR_CONFIG,
         {"ts: wanted TIMESTAMP_LTZ(6), found TIMESTAMP(6)"}},
    };
    struct test_world w;
    struct error e;

    test_world_init(&w);
    ASSERT_OK(load_or_create(&w, cases[0].columns, "a", &e), &e);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err rc = load_or_create(&w, cases[i].columns, i % 2 ? NULL : "a", &e);

        if (rc != cases[i].rc)
            fail_msg("%s: %s", cases[i].columns, rc == OK ? "was taken" : e.text);
        for (size_t k = 0; rc != OK && k < COUNT_OF(cases[i].why) && cases[i].why[k]; k++)
            if (strstr(e.text, cases[i].why[k]) == NULL)
                fail_msg("%s: `%s` is not in: %s", cases[i].columns, cases[i].why[k], e.text);
    }
    test_world_fini(&w);
}

/* Whatever call fails, with or without its effect: the table is there once, and what was asked for is had; or
 * the error is the call's. */
static void test_create_is_asked_again(UNUSED void **state)
{
    enum err rc = ERR_IO;
    struct error e;

    for (enum test_failure failure = TEST_FAIL; failure <= TEST_LOST; failure++)
        for (int64_t n = 1, calls = n; n <= calls; n++) {
            struct test_world w;

            test_world_init(&w);
            test_fs_fail(&w.fs, n, failure);
            rc = load_or_create(&w, "a INT NOT NULL", NULL, &e);
            calls = w.fs.calls;
            if (rc != OK && rc != ERR_IO)
                fail_msg("call %" PRId64 ": %s", n, e.text);
            ASSERT_OK(load_or_create(&w, "a INT NOT NULL", NULL, &e), &e);
            assert_int_equal(test_fs_count(&w.fs, ".metadata.json"), 1);
            test_world_fini(&w);
        }
}

static const struct catalog_ops *true_ops;
static struct catalog_ops vague_ops;
static int vague_left, vague_calls;
static bool vague_does;

/* Nobody knows whether it was done. */
static enum err vague_create(struct catalog *c, struct table *t, const struct table_spec *spec,
                             struct error *e)
{
    vague_calls++;
    if (vague_left-- <= 0)
        return true_ops->create(c, t, spec, e);
    if (vague_does && true_ops->create(c, t, spec, e) != OK)
        return e->code;
    return error_set(e, ERR_UNKNOWN, "it may have been written or not");
}

static void test_create_with_unknown_outcome(UNUSED void **state)
{
    static const struct {
        int vague;
        bool does;
        enum err rc;
        int calls;
    } cases[] = {{1, false, OK, 2}, {1, true, OK, 1}, {3, false, OK, 4}, {4, false, ERR_UNKNOWN, 4}};
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct test_world w;
        int64_t before;

        test_world_init(&w);
        true_ops = w.catalog->ops;
        vague_ops = *true_ops;
        vague_ops.create = vague_create;
        w.catalog->ops = &vague_ops;
        vague_left = cases[i].vague;
        vague_does = cases[i].does;
        vague_calls = 0;
        before = w.clock.now_us;
        assert_int_equal(load_or_create(&w, "a INT NOT NULL", NULL, &e), cases[i].rc);
        assert_int_equal(vague_calls, cases[i].calls);
        assert_true(w.clock.now_us - before >= 100000); /* it is given time to arrive */
        assert_int_equal(test_fs_count(&w.fs, ".metadata.json"), cases[i].rc == OK);
        test_world_fini(&w);
    }
}

static void test_default_properties(UNUSED void **state)
{
    static const char *const properties[] = {"given", "1", "both", "given", "forced", "no", NULL};
    static char a[] = "default", b[] = "override";
    struct test_world w;
    struct arena arena = {0};
    struct table *t;

    test_world_init(&w);
    assert_true(map_put(&w.options, SLICE("table-default.both"), a) &&
                map_put(&w.options, SLICE("table-default.new"), a) &&
                map_put(&w.options, SLICE("table-override.forced"), b));
    t = test_table_new(&w, properties, &arena);
    assert_string_equal(metadata_property(t->metadata, "given"), "1");
    assert_string_equal(metadata_property(t->metadata, "both"), "given");
    assert_string_equal(metadata_property(t->metadata, "new"), "default");
    assert_string_equal(metadata_property(t->metadata, "forced"), "override");
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(test_open), cmocka_unit_test(test_names), cmocka_unit_test(test_random_and_sleep),
          cmocka_unit_test(test_load_or_create), cmocka_unit_test(test_create_is_asked_again),
          cmocka_unit_test(test_create_with_unknown_outcome), cmocka_unit_test(test_default_properties))
