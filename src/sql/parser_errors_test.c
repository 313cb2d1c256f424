/* parser_errors_test.c: what is read and what is refused, by files. What comes out of the cases
 * in tests/sql/parse and tests/sql/errors/parse: the statements printed, or the errors as a user sees them.
 */
#include "base/mem.h"
#include "sql/parser.h"
#include "sql/test_golden.h"

/* The statement printed, and the same once more from what was printed. */
static void print_twice(const struct ast_statement *s, const char *where, struct bytes *out)
{
    struct bytes first = {0}, second = {0};
    const struct ast_statement *again = NULL;
    struct sql_source source = {NULL, {0}};
    struct arena arena = {0};
    struct sql_error error;
    size_t offset = 0;

    ast_print(s, &first);
    source.text = bytes_all(&first);
    if (sql_parse(&arena, &source, &offset, &again, &error) != OK)
        fail_msg("%s: %s: %s", where, bytes_cstr(&first), error.message);
    ast_print(again, &second);
    if (!slice_equal(bytes_all(&first), bytes_all(&second)))
        fail_msg("%s: %s became %s", where, bytes_cstr(&first), bytes_cstr(&second));
    bytes_slice(out, bytes_all(&first));
    bytes_text(out, "\n");
    bytes_fini(&first);
    bytes_fini(&second);
    arena_fini(&arena);
}

static bool run_case(const char *name, struct slice text, bool errors, struct bytes *out)
{
    struct sql_source source = {"job.sql", text};
    struct sql_script script;
    struct arena arena = {0};
    struct error e;

    ASSERT_OK(sql_parse_script(&arena, &source, &script, &e), &e);
    for (int32_t i = 0; i < script.error_count; i++) {
        sql_error_render(&script.errors[i], &source, out);
        bytes_text(out, "\n");
    }
    for (int32_t i = 0; i < script.statement_count && !errors; i++)
        print_twice(script.statements[i], name, out);
    arena_fini(&arena);
    return errors == (script.error_count > 0);
}

static void test_accepted(UNUSED void **state)
{
    assert_true(golden_folder("tests/sql/parse", run_case, false) >= 250);
}

static void test_errors(UNUSED void **state)
{
    assert_true(golden_folder("tests/sql/errors/parse", run_case, true) >= 120);
}

TEST_MAIN(cmocka_unit_test(test_accepted), cmocka_unit_test(test_errors))
