/* ddl_golden_test.c: statements that are no jobs, by files: tests/sql/ddl has what works and what it
 * gives, tests/sql/errors/ddl what is refused, as a user sees it. A case has a session of its own, which
 * starts with the tables below; $WAREHOUSE is an empty folder.
 */
#include "sql/test_golden.h"
#include "sql/test_session.h"
#include <ftw.h>
#include <unistd.h>

#define WAREHOUSE "$WAREHOUSE"

static const char prelude[] =
    "CREATE TABLE orders (id BIGINT, customer STRING, price DECIMAL(10, 2), placed TIMESTAMP(3),\n"
    "  ts AS placed, part INT METADATA FROM 'partition' VIRTUAL,\n"
    "  PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)\n"
    "  COMMENT 'what was ordered' PARTITIONED BY (customer)\n"
    "  WITH ('connector' = 'kafka', 'topic' = 'orders');\n"
    "CREATE TABLE plain (a INT, b STRING NOT NULL, c ROW<x INT, y ARRAY<STRING>>) WITH ('connector' = "
    "'print');\n"
    "CREATE VIEW cheap AS SELECT a, b FROM plain WHERE a < 10;\n"
    "CREATE DATABASE other;\n";

static char warehouse[64];

static int remove_one(const char *path, UNUSED const struct stat *st, UNUSED int kind, UNUSED struct FTW *at)
{
    return remove(path);
}

/* text with every `from` as `to`. */
static void replace(const char *text, const char *from, const char *to, struct bytes *out)
{
    for (const char *hit; (hit = strstr(text, from)) != NULL; text = hit + strlen(from)) {
        bytes_append(out, text, (size_t)(hit - text));
        bytes_text(out, to);
    }
    bytes_text(out, text);
    assert_non_null(bytes_cstr(out));
}

static bool run_case(UNUSED const char *name, struct slice body, bool errors, struct bytes *out)
{
    struct bytes text = {0}, script = {0}, got = {0};
    struct test_session t;
    enum err rc;

    snprintf(warehouse, sizeof warehouse, "/tmp/weir_ddl_XXXXXX");
    assert_non_null(mkdtemp(warehouse));
    test_session_init(&t);
    if (test_session_run(&t, NULL, prelude, &got) != OK)
        fail_msg("the tables of all cases: %s", bytes_cstr(&got));
    bytes_clear(&got);
    bytes_slice(&text, body);
    replace(bytes_cstr(&text), WAREHOUSE, warehouse, &script);
    rc = test_session_run(&t, "job.sql", script.ptr, &got);
    replace(bytes_cstr(&got), warehouse, WAREHOUSE, out);
    test_session_fini(&t);
    nftw(warehouse, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    bytes_fini(&text);
    bytes_fini(&script);
    bytes_fini(&got);
    return errors == (rc != OK);
}

static void test_accepted(UNUSED void **state)
{
    assert_true(golden_folder("tests/sql/ddl", run_case, false) >= 20);
}

static void test_errors(UNUSED void **state)
{
    assert_true(golden_folder("tests/sql/errors/ddl", run_case, true) >= 60);
}

TEST_MAIN(cmocka_unit_test(test_accepted), cmocka_unit_test(test_errors))
