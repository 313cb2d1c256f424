/* parser_errors_test.c: what is read and what is refused, by files. A .sql file of tests/sql/parse and
 * tests/sql/errors/parse has cases, each begun by a line `-- case: name`; the .txt file beside it has for
 * each what comes out: the statements printed, or the errors as a user sees them. UPDATE_GOLDEN=1 in the
 * environment writes the .txt.
 */
#include "base/mem.h"
#include "base/test.h"
#include "sql/parser.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define CASE_MARK "-- case: "

static bool read_file(const char *path, struct bytes *out)
{
    char part[4096];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        return false;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        bytes_append(out, part, n);
    fclose(f);
    return bytes_cstr(out) != NULL;
}

static void write_file(const char *path, struct slice text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

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

static void run_case(const char *name, struct slice text, bool errors, struct bytes *out)
{
    struct sql_source source = {"job.sql", text};
    struct sql_script script;
    struct arena arena = {0};
    struct error e;

    bytes_printf(out, CASE_MARK "%s\n", name);
    ASSERT_OK(sql_parse_script(&arena, &source, &script, &e), &e);
    if (errors != (script.error_count > 0))
        fail_msg("case %s: %" PRId32 " errors: %s", name, script.error_count,
                 script.error_count ? script.errors[0].message : "");
    for (int32_t i = 0; i < script.error_count; i++) {
        sql_error_render(&script.errors[i], &source, out);
        bytes_text(out, "\n");
    }
    for (int32_t i = 0; i < script.statement_count && !errors; i++)
        print_twice(script.statements[i], name, out);
    arena_fini(&arena);
}

/* Every case of a file; returns how many there are. */
static int run_cases(struct slice all, bool errors, struct bytes *out)
{
    const char *at = all.ptr, *end = all.ptr + all.len;
    int count = 0;

    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *next;
        char name[100];

        if (line == NULL || strncmp(at, CASE_MARK, strlen(CASE_MARK)) != 0)
            fail_msg("a case begins with `%s` and a name", CASE_MARK);
        snprintf(name, sizeof name, "%.*s", (int)(line - at - (ptrdiff_t)strlen(CASE_MARK)),
                 at + strlen(CASE_MARK));
        next = strstr(line, "\n" CASE_MARK);
        next = next ? next + 1 : end;
        run_case(name, slice_of(line + 1, (size_t)(next - line - 1)), errors, out);
        at = next;
        count++;
    }
    return count;
}

static int run_file(const char *folder, const char *file, bool errors)
{
    struct bytes input = {0}, wanted = {0}, got = {0};
    char path[600], golden[600];
    size_t same = 0;
    int count;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(golden, sizeof golden, "%.*s.txt", (int)strlen(path) - 4, path);
    assert_true(read_file(path, &input));
    count = run_cases(bytes_all(&input), errors, &got);
    if (getenv("UPDATE_GOLDEN"))
        write_file(golden, bytes_all(&got));
    if (!read_file(golden, &wanted))
        fail_msg("%s is missing", golden);
    while (same < MIN(got.len, wanted.len) && got.ptr[same] == wanted.ptr[same])
        same++;
    if (same < MAX(got.len, wanted.len)) {
        while (same > 0 && got.ptr[same - 1] != '\n')
            same--;
        fail_msg("%s differs at byte %zu: got\n%.300s\nwanted\n%.300s", golden, same, bytes_cstr(&got) + same,
                 same < wanted.len ? wanted.ptr + same : "");
    }
    bytes_fini(&input);
    bytes_fini(&wanted);
    bytes_fini(&got);
    return count;
}

static int run_folder(const char *folder, bool errors)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int count = 0;

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL)
        if (slice_ends(slice_text(entry->d_name), SLICE(".sql")))
            count += run_file(folder, entry->d_name, errors);
    closedir(d);
    return count;
}

static void test_accepted(UNUSED void **state)
{
    assert_true(run_folder("tests/sql/parse", false) >= 250);
}

static void test_errors(UNUSED void **state)
{
    assert_true(run_folder("tests/sql/errors/parse", true) >= 120);
}

TEST_MAIN(cmocka_unit_test(test_accepted), cmocka_unit_test(test_errors))
