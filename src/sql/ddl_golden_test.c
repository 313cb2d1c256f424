/* ddl_golden_test.c: statements that are no jobs, by files: tests/sql/ddl has what works and what it
 * gives, tests/sql/errors/ddl what is refused, as a user sees it. A case begins with a line `-- case:
 * name` and has a session of its own, which starts with the tables below; $WAREHOUSE is an empty folder.
 * UPDATE_GOLDEN=1 in the environment writes the .txt files anew.
 */
#include "sql/test_session.h"
#include <dirent.h>
#include <ftw.h>
#include <unistd.h>

#define CASE_MARK "-- case: "
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
static int wrong_cases; /* told one by one, failed for at the end of a folder */

static int remove_one(const char *path, UNUSED const struct stat *st, UNUSED int kind, UNUSED struct FTW *at)
{
    return remove(path);
}

static void read_file(const char *path, struct bytes *out)
{
    char part[4096];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        fail_msg("%s is missing", path);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        bytes_append(out, part, n);
    fclose(f);
    assert_non_null(bytes_cstr(out));
}

static void write_file(const char *path, struct slice text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
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

static void run_case(const char *name, struct slice body, bool errors, struct bytes *out)
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
    if (errors != (rc != OK)) {
        print_error("case %s: %s\n", name, bytes_cstr(&got));
        wrong_cases++;
    }
    bytes_printf(out, CASE_MARK "%s\n", name);
    replace(bytes_cstr(&got), warehouse, WAREHOUSE, out);
    test_session_fini(&t);
    nftw(warehouse, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    bytes_fini(&text);
    bytes_fini(&script);
    bytes_fini(&got);
}

/* Every case of a file; returns how many there are. */
static int run_cases(const char *at, bool errors, struct bytes *out)
{
    int count = 0;

    while (*at) {
        const char *line = strchr(at, '\n'), *next;
        char name[100];

        if (line == NULL || strncmp(at, CASE_MARK, strlen(CASE_MARK)) != 0)
            fail_msg("a case begins with `%s` and a name", CASE_MARK);
        snprintf(name, sizeof name, "%.*s", (int)(line - at - (ptrdiff_t)strlen(CASE_MARK)),
                 at + strlen(CASE_MARK));
        next = strstr(line, "\n" CASE_MARK);
        next = next ? next + 1 : line + strlen(line);
        run_case(name, slice_of(line + 1, (size_t)(next - line - 1)), errors, out);
        at = next;
        count++;
    }
    return count;
}

static void compare(const char *golden, const char *got, const char *wanted)
{
    size_t same = 0;

    while (got[same] && got[same] == wanted[same])
        same++;
    if (got[same] == wanted[same])
        return;
    while (same > 0 && got[same - 1] != '\n')
        same--;
    fail_msg("%s differs at byte %zu: got\n%.300s\nwanted\n%.300s", golden, same, got + same, wanted + same);
}

static int run_file(const char *folder, const char *file, bool errors)
{
    struct bytes input = {0}, wanted = {0}, got = {0};
    char path[600], golden[600];
    int count;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(golden, sizeof golden, "%.*s.txt", (int)strlen(path) - 4, path);
    read_file(path, &input);
    count = run_cases(input.ptr, errors, &got);
    if (getenv("UPDATE_GOLDEN"))
        write_file(golden, bytes_all(&got));
    read_file(golden, &wanted);
    compare(golden, bytes_cstr(&got), wanted.ptr);
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
    wrong_cases = 0;
    while ((entry = readdir(d)) != NULL)
        if (slice_ends(slice_text(entry->d_name), SLICE(".sql")))
            count += run_file(folder, entry->d_name, errors);
    closedir(d);
    assert_int_equal(wrong_cases, 0);
    return count;
}

static void test_accepted(UNUSED void **state)
{
    assert_true(run_folder("tests/sql/ddl", false) >= 20);
}

static void test_errors(UNUSED void **state)
{
    assert_true(run_folder("tests/sql/errors/ddl", true) >= 60);
}

TEST_MAIN(cmocka_unit_test(test_accepted), cmocka_unit_test(test_errors))
