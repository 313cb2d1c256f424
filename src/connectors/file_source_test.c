/* file_source_test.c: files of each kind read into rows, restarts in the middle, new files, and files that
 * are not what they should be. */
#include "base/mem.h"
#include "base/test.h"
#include "connectors/connector.h"
#include "connectors/file_list.h"
#include "io/fs.h"
#include "operators/operator_harness.h"
#include "os/log.h"
#include "parquet/parquet_writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

struct fixture {
    struct arena arena;
    struct map options;
    struct connector_table table;
    struct connector_request r;
    struct connector_plan plan;
    struct fs *fs;
    char folder[64];
    int32_t partition;
};

static void set_up(struct fixture *f)
{
    struct error e;

    *f = (struct fixture){0};
    snprintf(f->folder, sizeof f->folder, "/tmp/weir-files-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    ASSERT_OK(fs_local_new(&f->fs, &e), &e);
}

static bool remove_one(void *arg, const struct fs_info *info)
{
    struct error e;

    return fs_remove(arg, info->path, &e) == OK;
}

static void tear_down(struct fixture *f)
{
    struct error e;

    if (f->plan.release)
        f->plan.release(f->plan.spec);
    ASSERT_OK(fs_list(f->fs, arena_printf(&f->arena, "%s/", f->folder), remove_one, f->fs, &e), &e);
    rmdir(f->folder); /* gone already when its last file was removed */
    fs_free(f->fs);
    map_fini(&f->options);
    arena_fini(&f->arena);
}

static const char *in_folder(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->folder, name);
}

static void put(struct fixture *f, const char *name, const char *text)
{
    struct error e;

    ASSERT_OK(fs_put(f->fs, in_folder(f, name), slice_text(text), FS_REPLACE, &e), &e);
}

static void option(struct fixture *f, const char *name, const char *value)
{
    assert_true(map_put(&f->options, slice_text(name), (void *)(uintptr_t)value));
}

/* partition: the number of the one partition column, -1: none. */
static enum err plan(struct fixture *f, const char *format, const char *columns, int32_t partition,
                     const char *wanted, const char *const *metadata, struct error *e)
{
    option(f, "path", f->folder);
    option(f, "format", format);
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &f->table.schema, e), e);
    f->partition = partition;
    f->table.partition = &f->partition;
    f->table.partition_count = partition >= 0;
    f->r = (struct connector_request){.arena = &f->arena,
                                      .name = "t",
                                      .options = &f->options,
                                      .schema = f->table.schema,
                                      .fs = f->fs,
                                      .clock = clock_system(),
                                      .table = &f->table,
                                      .metadata = metadata};
    if (wanted)
        ASSERT_OK(schema_parse(&f->arena, slice_text(wanted), &f->r.schema, e), e);
    return connector_plan_source(connector_find("filesystem"), &f->r, &f->plan, e);
}

static void open_source(struct fixture *f, struct harness *h, int32_t subtask, int32_t parallelism,
                        const struct harness_image *const *images, size_t count)
{
    struct harness_config c = {.factory = f->plan.factory,
                               .spec = f->plan.spec,
                               .fs = f->fs,
                               .subtask = subtask,
                               .parallelism = parallelism};
    struct error e;

    ASSERT_OK(harness_open(h, &c, images, count, &e), &e);
}

static enum err run(struct harness *h, bool *done, struct error *e)
{
    bool more = true;
    enum err rc = OK;

    for (*done = false; rc == OK && more && !*done;)
        rc = harness_poll(h, &more, done, e);
    return rc;
}

static void expect(struct fixture *f, const char *want)
{
    struct harness h;
    struct error e;
    bool done;

    open_source(f, &h, 0, 1, NULL, 0);
    ASSERT_OK(run(&h, &done, &e), &e);
    assert_true(done);
    for (size_t i = 0; i < h.batch_count; i++)
        ASSERT_OK(batch_check(h.batches[i], &e), &e);
    HARNESS_EXPECT(&h, want);
    harness_close(&h);
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void test_json_lines(UNUSED void **state)
{
    struct fixture f;
    struct error e;

    set_up(&f);
    put(&f, "b.json", "{\"id\":3}\r\n\n{\"id\":4,\"name\":\"last\"}");
    put(&f, "a.json", "{\"id\":1,\"name\":\"x\"}\n{\"name\":\"y\",\"id\":2}\n");
    put(&f, "_SUCCESS", "not data");
    put(&f, ".part.inprogress", "not data");
    put(&f, "_tmp/a.json", "not data");
    put(&f, "empty.json", "");
    ASSERT_OK(plan(&f, "json", "id INT, name STRING", -1, NULL, NULL, &e), &e);
    assert_true(f.plan.bounded);
    expect(&f, "0 +I(1, x)\n0 +I(2, y)\n0 +I(3, NULL)\n0 +I(4, last)\n");
    tear_down(&f);
}

static void test_csv_order_and_projection(UNUSED void **state)
{
    struct fixture f;
    struct error e;

    set_up(&f);
    put(&f, "a.csv", "1,x,2.5\n2,\"y, z\",3.5\n");
    ASSERT_OK(plan(&f, "csv", "id INT, name STRING, v DOUBLE", -1, "v DOUBLE, name STRING", NULL, &e), &e);
    expect(&f, "0 +I(2.5, x)\n0 +I(3.5, y, z)\n");
    tear_down(&f);
}

static void test_partitions_and_metadata(UNUSED void **state)
{
    static const char *const metadata[] = {NULL, NULL, "file.name", "file.size"};
    struct fixture f;
    struct error e;

    set_up(&f);
    put(&f, "day=2025-11-01/p.json", "{\"id\":1}\n");
    put(&f, "day=__DEFAULT_PARTITION__/q.json", "{\"id\":2}\n");
    ASSERT_OK(plan(&f, "json", "id INT, day DATE", 1,
                   "day DATE, id INT, n STRING NOT NULL, s BIGINT NOT NULL", metadata, &e),
              &e);
    expect(&f, "0 +I(2025-11-01, 1, p.json, 9)\n0 +I(NULL, 2, q.json, 9)\n");
    tear_down(&f);

    set_up(&f); /* only what is not in the files */
    put(&f, "day=a%2Fb/p.json", "{\"id\":1}\n{\"id\":2}\n");
    ASSERT_OK(plan(&f, "json", "id INT, day STRING", 1, "day STRING", NULL, &e), &e);
    expect(&f, "0 +I(a/b)\n0 +I(a/b)\n");
    tear_down(&f);
}

static void test_pattern(UNUSED void **state)
{
    static const struct {
        const char *pattern, *want;
    } cases[] = {
        {".*/2025-\\d\\d/[^/]+\\.json", "0 +I(1)\n0 +I(2)\n"}, /* Java's classes */
        {".*b\\.json", "0 +I(2)\n"},
        {"b\\.json", ""}, /* the whole path */
        {".*/(?!2025).*/c.*", "0 +I(3)\n"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct error e;

        set_up(&f);
        put(&f, "2025-11/a.json", "{\"id\":1}\n");
        put(&f, "2025-12/b.json", "{\"id\":2}\n");
        put(&f, "other/deep/c.json", "{\"id\":3}\n");
        option(&f, "source.path.regex-pattern", cases[i].pattern);
        ASSERT_OK(plan(&f, "json", "id INT", -1, NULL, NULL, &e), &e);
        expect(&f, cases[i].want);
        tear_down(&f);
    }
}

static void test_gzip(UNUSED void **state)
{
    struct fixture f;
    struct error e;
    gzFile z;

    set_up(&f);
    put(&f, "x", "");
    for (int member = 0; member < 2; member++) {
        z = gzopen(in_folder(&f, "a.json.gz"), member ? "ab" : "wb");
        for (int i = 0; i < 20000; i++)
            gzprintf(z, "{\"id\":%d,\"name\":\"some text that takes room %d\"}\n", member * 20000 + i, i);
        gzclose(z);
    }
    ASSERT_OK(plan(&f, "json", "id INT, name STRING", -1, "id INT", NULL, &e), &e);
    {
        struct harness h;
        int64_t sum = 0;
        bool done;

        open_source(&f, &h, 0, 1, NULL, 0);
        ASSERT_OK(run(&h, &done, &e), &e);
        assert_int_equal(h.rows, 40000);
        for (size_t n = 0; n < h.batch_count; n++)
            for (int32_t i = 0; i < h.batches[n]->row_count; i++)
                sum += h.batches[n]->columns[0].i32[i];
        assert_int_equal(sum, INT64_C(40000) * 39999 / 2);
        harness_close(&h);
    }
    tear_down(&f);
}

static void write_parquet(struct fixture *f, const char *name, const char *columns, const char *lines)
{
    const struct schema *schema;
    struct parquet_writer *w;
    struct parquet_summary summary;
    struct parquet_options options = {0};
    struct fs_file *file;
    struct batch *b;
    struct error e;

    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &schema, &e), &e);
    b = harness_rows(schema, lines, NULL);
    ASSERT_OK(fs_create(f->fs, in_folder(f, name), &file, &e), &e);
    ASSERT_OK(parquet_writer_new(schema, &options, file, NULL, &w, &e), &e);
    ASSERT_OK(parquet_writer_add(w, b, NULL, 0, &e), &e);
    ASSERT_OK(parquet_writer_finish(w, &summary, &e), &e);
    parquet_writer_free(w);
    ASSERT_OK(fs_publish(&file, FS_REPLACE, &e), &e);
    batch_unref(b);
}

static void test_parquet(UNUSED void **state)
{
    struct fixture f;
    struct error e;

    set_up(&f);
    write_parquet(&f, "a.parquet", "id INT, name STRING, v DOUBLE", "1 a 2.5\n2 NULL 3.5\n");
    write_parquet(&f, "b.parquet", "name STRING", "c\n"); /* an older file, with fewer columns */
    ASSERT_OK(plan(&f, "parquet", "id INT, name STRING, v DOUBLE", -1, "name STRING, id INT", NULL, &e), &e);
    expect(&f, "0 +I(a, 1)\n0 +I(NULL, 2)\n0 +I(c, NULL)\n");
    tear_down(&f);
}

/* From any place between two polls, and at another parallelism, every row comes once. */
static void test_restart(UNUSED void **state)
{
    enum { ROWS = 30000 };
    static int seen[ROWS];
    struct fixture f;
    struct error e;

    set_up(&f);
    for (int n = 0; n < 3; n++) {
        struct bytes text = {0};

        for (int i = 0; i < ROWS / 3; i++)
            bytes_printf(&text, "{\"id\":%d}\n", n * (ROWS / 3) + i);
        put(&f, arena_printf(&f.arena, "%d.json", n), bytes_cstr(&text));
        bytes_fini(&text);
    }
    ASSERT_OK(plan(&f, "json", "id INT", -1, NULL, NULL, &e), &e);
    for (int polls = 0; polls < 30; polls += 3) {
        struct harness_image image;
        const struct harness_image *images[] = {&image};
        bool more, done;

        memset(seen, 0, sizeof seen);
        for (int32_t s = -1; s < 2; s++) { /* one before the checkpoint, two behind it */
            struct harness h;

            open_source(&f, &h, MAX(s, 0), s < 0 ? 1 : 2, images, s >= 0);
            if (s < 0) {
                for (int i = 0; i < polls; i++)
                    ASSERT_OK(harness_poll(&h, &more, &done, &e), &e);
                ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
            } else {
                ASSERT_OK(run(&h, &done, &e), &e);
            }
            for (size_t n = 0; n < h.batch_count; n++)
                for (int32_t i = 0; i < h.batches[n]->row_count; i++)
                    seen[h.batches[n]->columns[0].i32[i]]++;
            harness_close(&h);
        }
        for (int i = 0; i < ROWS; i++)
            if (seen[i] != 1)
                fail_msg("after %d polls: row %d came %d times", polls, i, seen[i]);
        harness_image_fini(&image);
    }
    tear_down(&f);
}

static void test_new_files(UNUSED void **state)
{
    struct fixture f;
    struct harness h;
    struct error e;
    bool done;

    set_up(&f);
    put(&f, "a.json", "{\"id\":1}\n");
    option(&f, "source.monitor-interval", "1 s");
    ASSERT_OK(plan(&f, "json", "id INT", -1, NULL, NULL, &e), &e);
    assert_false(f.plan.bounded);
    open_source(&f, &h, 0, 1, NULL, 0);
    ASSERT_OK(run(&h, &done, &e), &e);
    assert_false(done);
    HARNESS_EXPECT(&h, "0 +I(1)\n");
    put(&f, "b.json", "{\"id\":2}\n");
    ASSERT_OK(harness_advance(&h, 500000, &e), &e);
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_advance(&h, 600000, &e), &e);
    HARNESS_EXPECT(&h, "0 +I(2)\n");
    harness_close(&h);
    tear_down(&f);
}

static void test_bad_files(UNUSED void **state)
{
    static const struct {
        const char *format, *name, *text, *columns, *on_error;
        enum err rc;
        const char *says;
    } cases[] = {
        {"json", "a.json", "{\"id\":1}\nno json\n", "id INT", "fail", ERR_INPUT, "a.json, line 2"},
        {"json", "a.json", "{\"id\":1}\nno json\n", "id INT", "skip", OK, ""},
        {"json", "a.json.gz", "no gzip", "id INT", "fail", ERR_CORRUPT, "no gzip file"},
        {"parquet", "a.parquet", "PAR1 not really", "id INT", "fail", ERR_CORRUPT, "a.parquet"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct harness h;
        struct error e = {0};
        bool done;

        set_up(&f);
        put(&f, cases[i].name, cases[i].text);
        option(&f, "on-error", cases[i].on_error);
        ASSERT_OK(plan(&f, cases[i].format, cases[i].columns, -1, NULL, NULL, &e), &e);
        open_source(&f, &h, 0, 1, NULL, 0);
        if (run(&h, &done, &e) != cases[i].rc || strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s %s: %s", cases[i].name, cases[i].on_error, e.text);
        harness_close(&h);
        tear_down(&f);
    }
}

static void test_mistakes(UNUSED void **state)
{
    static const struct {
        const char *format, *columns;
        int32_t partition;
        const char *name, *value;
        enum err rc;
        const char *says;
    } cases[] = {
        {"xml", "id INT", -1, "on-error", "fail", ERR_CONFIG, "it takes"},
        {"json", "id INT, p DOUBLE", 1, "on-error", "fail", ERR_UNSUPPORTED, "cannot be read from a folder"},
        {"json", "id INT", -1, "source.monitor-interval", "0", ERR_CONFIG, "above 0"},
        {"json", "id INT", -1, "source.path.regex-pattern", "(", ERR_CONFIG, "regex-pattern"},
        {"json", "id INT", -1, "sink.roll", "1mb", ERR_CONFIG, "no option"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct error e = {0};

        set_up(&f);
        option(&f, cases[i].name, cases[i].value);
        if (plan(&f, cases[i].format, cases[i].columns, cases[i].partition, NULL, NULL, &e) != cases[i].rc ||
            strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, e.text);
        tear_down(&f);
    }
}

static void test_no_memory(UNUSED void **state)
{
    struct fixture f;
    struct error e;
    uint64_t count = 0;

    log_init(LOG_ERROR, LOG_TEXT, 2); /* of metrics that are not counted */
    set_up(&f);
    put(&f, "p=1/a.json", "{\"id\":1}\n{\"id\":2}\n");
    ASSERT_OK(plan(&f, "json", "id INT, p INT", 1, NULL, NULL, &e), &e);
    for (uint64_t n = 0; n <= count; n++) {
        struct harness_config c = {.factory = f.plan.factory, .spec = f.plan.spec, .fs = f.fs};
        uint64_t before = mem_count();
        struct harness h;
        bool done;
        enum err rc;

        mem_fail_at(n, false);
        rc = harness_open(&h, &c, NULL, 0, &e);
        if (rc == OK)
            rc = run(&h, &done, &e);
        mem_fail_at(0, false);
        if (n == 0)
            count = mem_count() - before;
        if (rc == OK)
            assert_int_equal(h.rows, 2);
        assert_true(rc == OK || rc == ERR_MEMORY || rc == ERR_IO);
        if (h.op)
            harness_close(&h);
    }
    tear_down(&f);
}

TEST_MAIN(cmocka_unit_test(test_json_lines), cmocka_unit_test(test_csv_order_and_projection),
          cmocka_unit_test(test_partitions_and_metadata), cmocka_unit_test(test_gzip),
          cmocka_unit_test(test_pattern), cmocka_unit_test(test_parquet), cmocka_unit_test(test_restart),
          cmocka_unit_test(test_new_files), cmocka_unit_test(test_bad_files), cmocka_unit_test(test_mistakes),
          cmocka_unit_test(test_no_memory))
