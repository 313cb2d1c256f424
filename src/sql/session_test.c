/* session_test.c: a session from outside: names, completion, patterns, what connectors are told, and every
 * allocation of a few statements failing once.
 */
#include "sql/show.h"
#include "sql/test_session.h"
#include <ftw.h>
#include <unistd.h>

static const char tables[] =
    "CREATE TABLE orders (id INT, ts TIMESTAMP(3), u AS UPPER('x'), PRIMARY KEY (id) NOT ENFORCED,"
    " WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka');"
    "CREATE TABLE other (id INT) WITH ('connector' = 'print');"
    "CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '/x',"
    " 'table-default.a' = 'b');";

static void test_like(UNUSED void **state)
{
    static const struct {
        const char *name, *pattern;
        bool any_case, want;
    } cases[] = {
        {"orders", "orders", false, true},
        {"orders", "Orders", false, false},
        {"orders", "ORD%", true, true},
        {"orders", "%", false, true},
        {"", "%", false, true},
        {"", "_", false, false},
        {"orders", "o_ders", false, true},
        {"orders", "%ders%", false, true},
        {"orders", "%der", false, false},
        {"a_b", "a\\_b", false, true},
        {"axb", "a\\_b", false, false},
        {"50%", "50\\%", false, true},
        {"\xc3\xbc", "_", false, true},
        {"aaaaab", "%a%a%b", false, true},
        {"abc", "abcd", false, false},
        {"abcd", "abc", false, false},
        {"a\\", "a\\", false, true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (show_like(slice_text(cases[i].name), slice_text(cases[i].pattern), cases[i].any_case) !=
            cases[i].want)
            fail_msg("%s like %s", cases[i].name, cases[i].pattern);
}

/* "T:orders D:default_database ..." */
static void gather(void *arg, enum session_offered kind, const char *name)
{
    bytes_printf(arg, "%s%c:%s", ((struct bytes *)arg)->len ? " " : "", "TDC"[kind], name);
}

static void test_offer(UNUSED void **state)
{
    static const struct {
        const char *qualifier[2];
        int32_t count;
        const char *want;
    } cases[] = {
        {{NULL, NULL}, 0, "D:default_database C:default_catalog"},
        {{"default_catalog", NULL}, 1, "D:default_database"},
        {{"default_database", NULL}, 1, "T:orders"},
        {{"default_catalog", "default_database"}, 2, "T:orders"},
        {{"default_catalog", "nowhere"}, 2, ""},
        {{"nowhere", NULL}, 1, ""},
    };
    struct test_session t;

    test_session_init(&t);
    assert_int_equal(test_session_run(&t, NULL, tables, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = {0};
        struct bytes text = {0};

        session_offer(t.s, &arena, cases[i].qualifier, cases[i].count, gather, &text);
        if (strstr(bytes_cstr(&text) ? bytes_cstr(&text) : "", cases[i].want) == NULL)
            fail_msg("case %zu: want %s in %s", i, cases[i].want, bytes_cstr(&text));
        if (*cases[i].want == '\0')
            assert_int_equal(text.len, 0);
        bytes_fini(&text);
        arena_fini(&arena);
    }
    test_session_fini(&t);
}

static void test_connector(UNUSED void **state)
{
    static const struct {
        const char *key, *value;
    } wanted[] = {{"catalog-type", "hadoop"}, {"warehouse", "/x"},           {"catalog-name", "ice"},
                  {"catalog-database", "db"}, {"catalog-table", "t"},        {"type", NULL},
                  {"table-default.a", NULL},  {"write.format.default", NULL}};
    const struct table_option option = {"write.format.default", "parquet"};
    const struct table_def def = {
        .catalog = "ice", .database = "db", .name = "t", .options = &option, .option_count = 1};
    struct test_session t;
    struct arena arena = {0};
    struct map options = {0};
    const char *connector = NULL;
    struct error e;

    test_session_init(&t);
    assert_int_equal(test_session_run(&t, NULL, tables, NULL), OK);
    ASSERT_OK(sql_catalog_connector(session_find_catalog(t.s, "ice"), &def, &arena, &options, &connector, &e),
              &e);
    assert_string_equal(connector, "iceberg");
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const char *value = map_get(&options, slice_text(wanted[i].key));

        if (wanted[i].value ? value == NULL || strcmp(value, wanted[i].value) != 0 : value != NULL)
            fail_msg("%s is %s", wanted[i].key, value ? value : "not there");
    }
    map_fini(&options);
    arena_fini(&arena);
    test_session_fini(&t);
}

static void test_expr_session(UNUSED void **state)
{
    struct test_session t;
    struct arena arena = {0};
    const struct expr_session *x = NULL;
    struct error e;

    test_session_init(&t);
    ASSERT_OK(session_expr(t.s, &arena, &x, &e), &e);
    assert_non_null(x->zone);
    assert_false(x->legacy_cast);
    assert_int_equal(test_session_run(&t, NULL, "SET 'table.local-time-zone' = 'Nowhere/Land';", NULL), OK);
    assert_int_equal(session_expr(t.s, &arena, &x, &e), ERR_CONFIG);
    assert_int_equal(test_session_run(&t, NULL, "RESET 'table.local-time-zone';", NULL), OK);
    ASSERT_OK(session_expr(t.s, &arena, &x, &e), &e);
    arena_fini(&arena);
    test_session_fini(&t);
}

/* A statement that fails changes nothing: with the nth allocation failing there is ERR_MEMORY and the old
 * state, or it worked. */
static void test_memory(UNUSED void **state)
{
    static const char *const statements[] = {
        "CREATE TABLE t (a INT, b AS a + 1, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = "
        "'x');",
        "CREATE TABLE t (z INT) LIKE orders;",
        "CREATE VIEW t AS SELECT id FROM orders;",
        "ALTER TABLE orders ADD z STRING;",
        "ALTER TABLE orders RENAME TO t;",
        "CREATE DATABASE t WITH ('a' = 'b');",
        "CREATE CATALOG t WITH ('type' = 'generic_in_memory');",
        "SET 'pipeline.name' = 'x';",
        "DROP TABLE orders;",
        "DESCRIBE orders;",
        "SHOW CREATE TABLE orders;",
        "USE CATALOG ice;",
    };

    for (size_t i = 0; i < COUNT_OF(statements); i++)
        for (uint64_t n = 1;; n++) {
            struct test_session t;
            struct bytes before = {0}, after = {0};
            static const char look[] = "SHOW CATALOGS; SHOW DATABASES; SHOW TABLES; DESCRIBE orders; SET;"
                                       "SHOW CURRENT CATALOG;";
            enum err rc;

            test_session_init(&t);
            assert_int_equal(test_session_run(&t, NULL, tables, NULL), OK);
            test_session_run(&t, NULL, look, &before);
            mem_fail_at(n, false);
            rc = test_session_run(&t, NULL, statements[i], NULL);
            mem_fail_at(0, false);
            test_session_run(&t, NULL, look, &after);
            if (rc != OK && rc != ERR_MEMORY)
                fail_msg("%s, allocation %" PRIu64 ": %s", statements[i], n, error_name(rc));
            if (rc == ERR_MEMORY && !slice_equal(bytes_all(&before), bytes_all(&after)))
                fail_msg("%s, allocation %" PRIu64 ": was\n%s\nis\n%s", statements[i], n, bytes_cstr(&before),
                         bytes_cstr(&after));
            bytes_fini(&before);
            bytes_fini(&after);
            test_session_fini(&t);
            if (rc == OK)
                break;
        }
}

static int remove_one(const char *path, UNUSED const struct stat *st, UNUSED int kind, UNUSED struct FTW *at)
{
    return remove(path);
}

/* The same for a catalog of files: a statement fails for memory or does its work. */
static void test_iceberg_memory(UNUSED void **state)
{
    static const char *const statements[] = {
        "CREATE DATABASE ice.d2 COMMENT 'x';",
        "CREATE TABLE ice.db.t (a INT, r ROW<x INT>, PRIMARY KEY (a) NOT ENFORCED);",
        "ALTER TABLE ice.db.t ADD z ROW<y INT>;",
        "ALTER TABLE ice.db.t RENAME z TO zz;",
        "DESCRIBE ice.db.t;",
        "SHOW TABLES FROM ice.db;",
        "SHOW DATABASES FROM ice;",
        "DROP TABLE ice.db.t;",
        "DROP DATABASE ice.d2;",
    };
    char warehouse[] = "/tmp/weir_session_XXXXXX", make[300];
    struct test_session t;

    assert_non_null(mkdtemp(warehouse));
    test_session_init(&t);
    snprintf(make, sizeof make,
             "CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '%s');"
             "CREATE DATABASE ice.db;",
             warehouse);
    assert_int_equal(test_session_run(&t, NULL, make, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        for (uint64_t n = 1;; n++) {
            enum err rc;

            mem_fail_at(n, false);
            rc = test_session_run(&t, NULL, statements[i], NULL);
            mem_fail_at(0, false);
            if (rc == OK)
                break;
            if (rc == ERR_EXISTS || rc == ERR_NOT_FOUND)
                break; /* it was done: only what came after found no memory */
            if (rc != ERR_MEMORY)
                fail_msg("%s, allocation %" PRIu64 ": %s", statements[i], n, error_name(rc));
        }
    test_session_fini(&t);
    nftw(warehouse, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TEST_MAIN(cmocka_unit_test(test_like), cmocka_unit_test(test_offer), cmocka_unit_test(test_connector),
          cmocka_unit_test(test_expr_session), cmocka_unit_test(test_memory),
          cmocka_unit_test(test_iceberg_memory))
