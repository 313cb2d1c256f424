/* sql_fuzz.c: a script through the parser. What is read can be printed and read again, to the same text; every error can
 * be shown; and whether the input is complete can be asked of anything.
 */
#include "sql/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_again(const struct ast_statement *s)
{
    struct bytes first = {0}, second = {0};
    const struct ast_statement *again = NULL;
    struct arena arena = {0};
    struct sql_source source = {NULL, {0}};
    struct sql_error error;
    size_t offset = 0;

    ast_print(s, &first);
    source.text = bytes_all(&first);
    if (sql_parse(&arena, &source, &offset, &again, &error) == OK) {
        assert(again);
        ast_print(again, &second);
        assert(slice_equal(bytes_all(&first), bytes_all(&second)));
    } else { /* parentheses that were not written may make it too deep */
        assert(strstr(error.message, "nested") || strstr(error.message, "build on one another"));
    }
    bytes_fini(&first);
    bytes_fini(&second);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sql_source source = {"fuzz.sql", slice_of(data, size)};
    struct arena arena = {0};
    struct sql_script script;
    struct error e;

    (void)sql_complete(source.text);
    if (sql_parse_script(&arena, &source, &script, &e) != OK)
        goto out;
    for (int32_t i = 0; i < script.error_count; i++) {
        struct bytes shown = {0};

        sql_error_render(&script.errors[i], &source, &shown);
        bytes_fini(&shown);
    }
    for (int32_t i = 0; i < script.statement_count; i++)
        print_again(script.statements[i]);
out:
    arena_fini(&arena);
    return 0;
}
