/* reference_test.c: the pages in docs/ are what the program prints, and their tables are whole.
 * UPDATE_GOLDEN=1 in the environment writes them anew.
 */
#include "cli/reference.h"
#include "base/test.h"
#include <stdio.h>
#include <stdlib.h>

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
}

static void write_file(const char *path, const struct bytes *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text->ptr, 1, text->len, f), text->len);
    assert_int_equal(fclose(f), 0);
}

static void test_pages(UNUSED void **state)
{
    for (size_t i = 0; i < REFERENCE_PAGES; i++) {
        const struct reference_page *page = &reference_pages[i];
        struct bytes printed = {0}, kept = {0};

        page->write(&printed);
        if (getenv("UPDATE_GOLDEN"))
            write_file(page->file, &printed);
        read_file(page->file, &kept);
        if (!slice_equal(bytes_all(&printed), bytes_all(&kept)))
            fail_msg("%s is not what the program prints: weir %s > %s", page->file, page->command,
                     page->file);
        bytes_fini(&printed);
        bytes_fini(&kept);
    }
}

/* How many cells a table's row has; 0: the line is none. */
static int cells_of(struct slice line)
{
    int bars = 0;

    if (line.len == 0 || line.ptr[0] != '|')
        return 0;
    for (size_t i = 0; i < line.len; i++)
        bars += line.ptr[i] == '|' && (i == 0 || line.ptr[i - 1] != '\\');
    return bars - 1;
}

static void test_tables(UNUSED void **state)
{
    for (size_t i = 0; i < REFERENCE_PAGES; i++) {
        struct bytes page = {0};
        int cells, before = 0, rows = 0;

        reference_pages[i].write(&page);
        for (const char *line = bytes_cstr(&page), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            cells = cells_of(slice_of(line, (size_t)(end - line)));
            if (cells && before && cells != before)
                fail_msg("weir %s: %d cells and not %d: %.*s", reference_pages[i].command, cells, before,
                         (int)(end - line), line);
            before = cells;
            rows += cells > 0;
        }
        assert_true(rows > 50);
        bytes_fini(&page);
    }
}

TEST_MAIN(cmocka_unit_test(test_pages), cmocka_unit_test(test_tables))
