/* test_golden.h: tests by files: a .sql file has cases, each begun by a line `-- case: name`; the .txt file
 * beside it has what comes out of them. UPDATE_GOLDEN=1 in the environment writes the .txt files anew.
 */
#ifndef WEIR_SQL_TEST_GOLDEN_H
#define WEIR_SQL_TEST_GOLDEN_H
#include "base/bytes.h"
#include "base/test.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define CASE_MARK "-- case: "

/* One case: what comes out is appended. False: it worked and should not have, or the other way round; what came
 * out says why. */
typedef bool golden_case(const char *name, struct slice body, bool errors, struct bytes *out);

static void golden_read(const char *path, struct bytes *out)
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

static void golden_write(const char *path, struct slice text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

/* Every case of a file; returns how many there are. Those that are wrong are told and counted. */
static int golden_cases(const char *at, golden_case *run, bool errors, struct bytes *out, int *wrong)
{
    int count = 0;

    while (*at) {
        const char *line = strchr(at, '\n'), *next;
        size_t begin = out->len;
        char name[100];

        if (line == NULL || strncmp(at, CASE_MARK, strlen(CASE_MARK)) != 0)
            fail_msg("a case begins with `%s` and a name", CASE_MARK);
        snprintf(name, sizeof name, "%.*s", (int)(line - at - (ptrdiff_t)strlen(CASE_MARK)),
                 at + strlen(CASE_MARK));
        next = strstr(line, "\n" CASE_MARK);
        next = next ? next + 1 : line + strlen(line);
        bytes_printf(out, CASE_MARK "%s\n", name);
        if (!run(name, slice_of(line + 1, (size_t)(next - line - 1)), errors, out)) {
            print_error("case %s: %s\n", name, bytes_cstr(out) + begin);
            ++*wrong;
        }
        at = next;
        count++;
    }
    return count;
}

static void golden_compare(const char *path, const char *got, const char *wanted)
{
    size_t same = 0;

    while (got[same] && got[same] == wanted[same])
        same++;
    if (got[same] == wanted[same])
        return;
    while (same > 0 && got[same - 1] != '\n')
        same--;
    fail_msg("%s differs at byte %zu: got\n%.300s\nwanted\n%.300s", path, same, got + same, wanted + same);
}

static int golden_file(const char *path, golden_case *run, bool errors, int *wrong)
{
    struct bytes input = {0}, wanted = {0}, got = {0};
    char golden[600];
    int count;

    snprintf(golden, sizeof golden, "%.*s.txt", (int)strlen(path) - 4, path);
    golden_read(path, &input);
    count = golden_cases(input.ptr, run, errors, &got, wrong);
    if (getenv("UPDATE_GOLDEN"))
        golden_write(golden, bytes_all(&got));
    golden_read(golden, &wanted);
    golden_compare(golden, bytes_cstr(&got), wanted.ptr);
    bytes_fini(&input);
    bytes_fini(&wanted);
    bytes_fini(&got);
    return count;
}

/* All files of a folder; errors: whether each case is to fail. Returns how many cases there are. */
static int golden_folder(const char *folder, golden_case *run, bool errors)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int count = 0, wrong = 0;
    char path[600];

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL)
        if (slice_ends(slice_text(entry->d_name), SLICE(".sql"))) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            count += golden_file(path, run, errors, &wrong);
        }
    closedir(d);
    assert_int_equal(wrong, 0);
    return count;
}
#endif
