/* plan_errors_test.c: jobs that cannot be planned, by files: tests/sql/errors/plan has statements and what a
 * user is told. A case has a session of its own, which starts with the tables below.
 */
#include "connectors/collect.h"
#include "plan/plan.h"
#include "sql/parser.h"
#include "sql/test_golden.h"
#include "sql/test_session.h"

#define KAFKA "'connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = '127.0.0.1:1'"
#define UPSERT                                                                                               \
    "'connector' = 'upsert-kafka', 'topic' = 't', 'properties.bootstrap.servers' = '127.0.0.1:1', "          \
    "'key.format' = 'json', 'value.format' = 'json'"

static const char prelude[] =
    "CREATE TABLE events (id INT, name STRING, tags ARRAY<STRING>) WITH (" KAFKA
    ", 'format' = 'json', 'scan.startup.mode' = 'earliest-offset', 'on-error' = 'dead-letter', "
    "'dead-letter.table' = 'letters');\n"
    "CREATE TABLE letters (raw_payload BYTES, error_message STRING) WITH ('connector' = 'print');\n"
    "CREATE TABLE plain (a INT, b STRING) WITH ('connector' = 'print');\n"
    "CREATE VIEW seen AS SELECT id FROM events;\n"
    "CREATE TABLE people (id INT, name STRING NOT NULL, tags ARRAY<STRING>, PRIMARY KEY (id) NOT ENFORCED) "
    "WITH "
    "(" UPSERT ");\n"
    "CREATE TABLE by_name (id INT, name STRING, PRIMARY KEY (name) NOT ENFORCED) WITH (" UPSERT ");\n"
    "CREATE TABLE by_id (name STRING, id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (" UPSERT ");\n";

/* Run a statement, or plan it when it is a job. */
static enum err run_statement(struct test_session *t, const struct sql_source *source,
                              const struct ast_statement *st, struct arena *arena, struct sql_error *error)
{
    struct result result = {0};
    struct collect *collect;
    struct plan *plan = NULL;
    enum err rc = session_execute(t->s, arena, source, st, &result, error);

    batch_unref(result.rows);
    if (rc != OK || result.kind != RESULT_JOB)
        return rc;
    collect = collect_new(1 << 20);
    assert_non_null(collect);
    rc = plan_job(t->s, source, st, collect, &plan, error);
    plan_free(plan);
    collect_free(collect);
    return rc;
}

/* All statements of text, up to the first that fails, which is told. */
static enum err run_script(struct test_session *t, const char *name, struct slice text, struct bytes *out)
{
    const struct sql_source source = {name, text};
    size_t offset = 0;

    for (;;) {
        struct arena arena = {0};
        const struct ast_statement *st = NULL;
        struct sql_error error = {0};
        enum err rc = sql_parse(&arena, &source, &offset, &st, &error);
        bool end = rc == OK && st == NULL;

        if (rc == OK && st)
            rc = run_statement(t, &source, st, &arena, &error);
        if (rc != OK) {
            sql_error_render(&error, &source, out);
            bytes_text(out, "\n");
        }
        arena_fini(&arena);
        if (rc != OK || end)
            return rc;
    }
}

static bool run_case(UNUSED const char *name, struct slice body, bool errors, struct bytes *out)
{
    struct test_session t;
    enum err rc;

    test_session_init(&t);
    if (run_script(&t, NULL, slice_text(prelude), out) != OK)
        fail_msg("the tables of all cases: %s", bytes_cstr(out));
    rc = run_script(&t, "job.sql", body, out);
    test_session_fini(&t);
    return errors == (rc != OK);
}

static void test_errors(UNUSED void **state)
{
    assert_true(golden_folder("tests/sql/errors/plan", run_case, true) >= 30);
}

TEST_MAIN(cmocka_unit_test(test_errors))
