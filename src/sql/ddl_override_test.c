/* ddl_override_test.c: options that the configuration gives in the place of those of WITH. */
#include "sql/test_session.h"

static const char statements[] =
    "CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'rest', 'uri' = "
    "'http://h', 'warehouse' = 's3://w/', 's3.endpoint' = 'http://minio:9000');"
    "CREATE TABLE a (x INT) WITH ('connector' = 'kafka', 'topic' = 't', "
    "'properties.bootstrap.servers' = 'kafka:9092');"
    "CREATE TABLE b (x INT) WITH ('connector' = 'print', 'topic' = 't');";

/* The options of what was made: "k=v k=v". */
static const char *options_of(const struct table_option *options, int32_t count, struct bytes *out)
{
    bytes_clear(out);
    for (int32_t i = 0; i < count; i++)
        if (strcmp(options[i].key, "type") != 0 && strcmp(options[i].key, "connector") != 0)
            bytes_printf(out, "%s%s=%s", out->len ? " " : "", options[i].key, options[i].value);
    return bytes_cstr(out);
}

static const char *options_of_table(struct test_session *t, const char *name, struct bytes *out)
{
    const struct ast_word word = {name, {0}};
    const struct ast_name path = {1, &word, {0}};
    const struct table_def *def = NULL;
    struct arena arena = {0};
    struct sql_error error = {0};

    assert_int_equal(session_table(t->s, &arena, &path, &def, &error), OK);
    options_of(def->options, def->option_count, out);
    arena_fini(&arena);
    return bytes_cstr(out);
}

static void test_options(UNUSED void **state)
{
    static const struct {
        const char *settings[4];
        const char *catalog, *a, *b; /* NULL: as they are written */
    } cases[] = {
        {{NULL}, NULL, NULL, NULL},
        {{"override.catalog.ice.uri=http://other", "override.catalog.ice.s3.endpoint="},
         "catalog-type=rest uri=http://other warehouse=s3://w/",
         NULL,
         NULL},
        {{"override.catalog.ice.catalog-type=hadoop",
          "override.catalog.ice.uri=", "override.catalog.ice.warehouse=/w"},
         "catalog-type=hadoop warehouse=/w s3.endpoint=http://minio:9000",
         NULL,
         NULL},
        {{"override.connector.kafka.properties.bootstrap.servers=localhost:1"},
         NULL,
         "topic=t properties.bootstrap.servers=localhost:1",
         NULL},
        {{"override.connector.kafka.topic=u", "override.table.a.topic=v", "override.table.b.topic="},
         NULL,
         "topic=v properties.bootstrap.servers=kafka:9092",
         ""},
        {{"override.table.a.connector=print", "override.connector.print.topic=p",
          "override.connector.kafka.topic=k", "override.table.a.properties.bootstrap.servers="},
         NULL,
         "topic=p",
         "topic=p"},
        {{"override.catalog.ic.uri=http://x", "override.table.aa.topic=x", "override.connector.kaf.topic=x"},
         NULL,
         NULL,
         NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct test_session t;
        struct sql_catalog *c;
        struct bytes text = {0};
        struct error e;

        test_session_init(&t);
        for (size_t k = 0; k < COUNT_OF(cases[i].settings) && cases[i].settings[k]; k++)
            ASSERT_OK(config_set_text(t.config, cases[i].settings[k], &e), &e);
        session_free(t.s);
        t.s = session_new(&(struct session_env){t.config, t.fs, clock_system()});
        assert_int_equal(test_session_run(&t, NULL, statements, NULL), OK);
        c = session_find_catalog(t.s, "ice");
        assert_string_equal(options_of(c->options, c->option_count, &text),
                            cases[i].catalog ? cases[i].catalog
                                             : "catalog-type=rest uri=http://h warehouse=s3://w/ "
                                               "s3.endpoint=http://minio:9000");
        assert_string_equal(options_of_table(&t, "a", &text),
                            cases[i].a ? cases[i].a : "topic=t properties.bootstrap.servers=kafka:9092");
        assert_string_equal(options_of_table(&t, "b", &text), cases[i].b ? cases[i].b : "topic=t");
        bytes_fini(&text);
        test_session_fini(&t);
    }
}

/* SET works too; the user is told, but not what a secret is; what nobody asked for is found. */
static void add_key(void *arg, const char *key)
{
    bytes_printf(arg, "%s\n", key);
}

static void test_told(UNUSED void **state)
{
    static const char script[] =
        "SET 'override.catalog.ice.s3.secret-access-key' = 'hush';"
        "SET 'override.catalog.ice.s3.access-key-id' = 'me';"
        "SET 'override.table.x.topic' = 'u';"
        "CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '/w');";
    struct test_session t;
    struct bytes text = {0};

    test_session_init(&t);
    assert_int_equal(test_session_run(&t, NULL, script, &text), OK);
    assert_string_equal(bytes_cstr(&text),
                        "OK\nOK\nOK\nOK\nnote: ice: 2 options are as the configuration says "
                        "(override.catalog.ice.*)\n");
    bytes_clear(&text);
    session_unused_overrides(t.s, add_key, &text);
    assert_string_equal(bytes_cstr(&text), "override.table.x.topic\n");
    bytes_fini(&text);
    test_session_fini(&t);
}

/* A wrong value is told as if it were written there. */
static void test_wrong(UNUSED void **state)
{
    static const char script[] = "SET 'override.catalog.ice.catalog-typ' = 'rest';"
                                 "CREATE CATALOG ice WITH ('type' = 'iceberg', 'warehouse' = '/w');";
    struct test_session t;
    struct bytes text = {0};

    test_session_init(&t);
    assert_int_equal(test_session_run(&t, NULL, script, &text), ERR_CONFIG);
    assert_non_null(strstr(bytes_cstr(&text), "option 'catalog-typ' is not known"));
    bytes_fini(&text);
    test_session_fini(&t);
}

static void test_memory(UNUSED void **state)
{
    for (uint64_t n = 1;; n++) {
        struct test_session t;
        enum err rc;

        test_session_init(&t);
        assert_int_equal(
            test_session_run(&t, NULL,
                             "SET 'override.catalog.c.default-database' = 'd';"
                             "SET 'override.table.t.topic' = ''; SET 'override.connector.kafka.a' = "
                             "'b';",
                             NULL),
            OK);
        mem_fail_at(n, false);
        rc = test_session_run(
            &t, NULL,
            "CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'default-database' = 'x');"
            "CREATE TABLE t (x INT) WITH ('connector' = 'kafka', 'topic' = 't');",
            NULL);
        mem_fail_at(0, false);
        test_session_fini(&t);
        if (rc == OK)
            return;
        assert_int_equal(rc, ERR_MEMORY);
    }
}

TEST_MAIN(cmocka_unit_test(test_options), cmocka_unit_test(test_told), cmocka_unit_test(test_wrong),
          cmocka_unit_test(test_memory))
