/* file_sink_test.c: files written and shown with their checkpoint: every format read back, crashes between the two
 * steps, going back, partitions, rolling, success files, and whatever can fail, failing. */
#include "connectors/file_sink.h"
#include "base/mem.h"
#include "base/test.h"
#include "connectors/connector.h"
#include "connectors/file_list.h"
#include "connectors/file_part.h"
#include "connectors/test_faulty_fs.h"
#include "os/log.h"
#include "operators/operator_harness.h"
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A table of files in a folder of its own. */
struct fixture {
    struct arena arena;
    struct map options;
    struct connector_table table;
    struct connector_request r;
    struct connector_plan plan;
    struct fs *fs;
    char folder[64];
    int32_t partition[2];
};

static void option(struct fixture *f, const char *name, const char *value)
{
    assert_true(map_put(&f->options, slice_text(name), (void *)(uintptr_t)value));
}

static void set_up(struct fixture *f)
{
    struct error e;

    *f = (struct fixture){0};
    snprintf(f->folder, sizeof f->folder, "/dev/shm/weir-sink-XXXXXX"); /* there fsync costs nothing */
    if (mkdtemp(f->folder) == NULL) {
        snprintf(f->folder, sizeof f->folder, "/tmp/weir-sink-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
    }
    ASSERT_OK(fs_local_new(&f->fs, &e), &e);
    option(f, "path", f->folder);
}

static bool remove_one(void *arg, const struct fs_info *info)
{
    struct error e;

    return fs_remove(arg, info->path, &e) == OK;
}

static void drop_plan(struct fixture *f)
{
    if (f->plan.release)
        f->plan.release(f->plan.spec);
    f->plan = (struct connector_plan){0};
}

static void clear_folder(struct fixture *f)
{
    struct error e;

    ASSERT_OK(fs_list(f->fs, arena_printf(&f->arena, "%s/", f->folder), remove_one, f->fs, &e), &e);
}

static void tear_down(struct fixture *f)
{
    drop_plan(f);
    clear_folder(f);
    rmdir(f->folder);
    fs_free(f->fs);
    map_fini(&f->options);
    arena_fini(&f->arena);
}

/* The last `partitions` columns are PARTITIONED BY. */
static enum err plan(struct fixture *f, const char *format, const char *columns, int32_t partitions,
                     struct error *e)
{
    if (format)
        option(f, "format", format);
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &f->table.schema, e), e);
    for (int32_t i = 0; i < partitions; i++)
        f->partition[i] = f->table.schema->field_count - partitions + i;
    f->table.partition = f->partition;
    f->table.partition_count = partitions;
    f->r = (struct connector_request){.arena = &f->arena,
                                      .name = "t",
                                      .options = &f->options,
                                      .schema = f->table.schema,
                                      .fs = f->fs,
                                      .clock = clock_system(),
                                      .table = &f->table};
    return connector_plan_sink(connector_find("filesystem"), &f->r, &f->plan, e);
}

/* --- looking at the folder ---------------------------------------------------------------------------- */

struct listing {
    struct bytes text;
    int shown, hidden;
    const char *folder;
};

static bool count_file(void *arg, const struct fs_info *info)
{
    struct listing *l = arg;

    if (fs_is_unrevealed(file_list_name(info->path)))
        l->hidden++;
    else
        l->shown++;
    return true;
}

static void expect_files(struct fixture *f, int shown, int hidden)
{
    struct listing l = {0};
    struct error e;

    ASSERT_OK(fs_list(f->fs, arena_printf(&f->arena, "%s/", f->folder), count_file, &l, &e), &e);
    if (l.shown != shown || l.hidden != hidden)
        fail_msg("%d files are shown and %d hidden, not %d and %d", l.shown, l.hidden, shown, hidden);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in order, without the port before each. */
static const char *sort_lines(struct arena *arena, const char *text)
{
    char *copy = (char *)(uintptr_t)arena_strdup(arena, text), *lines[4000], *save = NULL;
    struct bytes out = {0};
    size_t count = 0;
    const char *sorted;

    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_true(count < COUNT_OF(lines));
        lines[count++] = line + 2;
    }
    if (count)
        qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++)
        bytes_printf(&out, "%s\n", lines[i]);
    sorted = arena_strdup(arena, out.len ? bytes_cstr(&out) : "");
    bytes_fini(&out);
    return sorted;
}

/* All rows that a reader of the table sees. */
static const char *read_back(struct fixture *f)
{
    struct connector_plan source = {0};
    struct connector_request r = f->r;
    struct harness_config c = {.fs = f->fs};
    struct harness h;
    struct error e;
    bool more = true, done = false;
    const char *text;

    r.fs = f->fs;
    ASSERT_OK(connector_plan_source(connector_find("filesystem"), &r, &source, &e), &e);
    c.factory = source.factory;
    c.spec = source.spec;
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    while (more && !done)
        ASSERT_OK(harness_poll(&h, &more, &done, &e), &e);
    text = sort_lines(&f->arena, harness_take(&h));
    harness_close(&h);
    source.release(source.spec);
    return text;
}

static void expect_rows(struct fixture *f, const char *want)
{
    const char *got = read_back(f);

    if (strcmp(got, want) != 0)
        fail_msg("wanted:\n%s\ngot:\n%s", want, got);
}

/* --- a job -------------------------------------------------------------------------------------------- */

/* A sink and its committer, and its last complete checkpoint. */
struct job {
    struct fixture *f;
    struct fs *fs;
    struct harness h;
    bool open;
    struct committer *committer;
    struct harness_image image; /* of the last snapshot */
};

static enum err recover(struct job *j, const struct harness_image *from, struct error *e)
{
    return j->committer->ops->recover(j->committer, from ? from->checkpoint_id : 0, from ? from->parts : NULL,
                                      from ? (int32_t)from->part_count : 0, e);
}

static enum err start(struct job *j, struct fixture *f, struct fs *fs, const struct harness_image *from,
                      struct error *e)
{
    struct harness_config c = {.factory = f->plan.factory, .spec = f->plan.spec, .fs = fs};
    enum err rc;

    *j = (struct job){.f = f, .fs = fs};
    if ((rc = harness_open(&j->h, &c, &from, from != NULL, e)) != OK)
        return rc;
    j->open = true;
    if ((rc = f->plan.factory->committer_new(f->plan.spec, &j->h.env, &j->committer, e)) != OK)
        return rc;
    return recover(j, from, e);
}

/* Without a word to the disk beyond what a dead process would say: files that were given a ticket stay. */
static void stop(struct job *j)
{
    if (j->committer)
        j->committer->ops->close(j->committer);
    if (j->open)
        harness_close(&j->h);
    harness_image_fini(&j->image);
    j->open = false;
    j->committer = NULL;
}

static enum err add(struct job *j, const char *rows, struct error *e)
{
    struct batch *b = harness_rows(j->f->table.schema, rows, NULL);
    enum err rc;

    if (b == NULL)
        return error_memory(e, 0, "rows of a test");
    rc = harness_batch(&j->h, 0, b, e);
    batch_unref(b);
    return rc;
}

static enum err snapshot(struct job *j, int64_t id, bool is_last, struct error *e)
{
    harness_image_fini(&j->image);
    return harness_snapshot(&j->h, id, is_last, &j->image, e);
}

static enum err commit(struct job *j, struct error *e)
{
    return j->committer->ops->commit(j->committer, j->image.checkpoint_id, j->image.parts,
                                     (int32_t)j->image.part_count, e);
}

static void begin(struct job *j, struct fixture *f, const struct harness_image *from)
{
    struct error e;

    ASSERT_OK(start(j, f, f->fs, from, &e), &e);
}

static void rows(struct job *j, const char *text)
{
    struct error e;

    ASSERT_OK(add(j, text, &e), &e);
}

static void barrier(struct job *j, int64_t id, bool is_last)
{
    struct error e;

    ASSERT_OK(snapshot(j, id, is_last, &e), &e);
}

static void complete(struct job *j)
{
    struct error e;

    ASSERT_OK(commit(j, &e), &e);
}

static struct harness_image take_image(struct job *j)
{
    struct harness_image image = j->image;

    j->image = (struct harness_image){0};
    return image;
}

/* --- formats ------------------------------------------------------------------------------------------ */

static void test_formats(UNUSED void **state)
{
    static const char *const formats[] = {"json", "csv", "parquet", "avro"};

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct fixture f;
        struct job j;
        struct error e;

        set_up(&f);
        if (strcmp(formats[i], "csv") == 0)
            option(&f, "csv.null-literal", "NULL");
        ASSERT_OK(plan(&f, formats[i], "id INT, name STRING, v DOUBLE, day DATE", 1, &e), &e);
        assert_int_equal(f.plan.changes, CHANGES_INSERT);
        begin(&j, &f, NULL);
        rows(&j, "1 x 1.5 20393\n2 y,z 2.5 20394\n"); /* 2025-11-01 and the day after */
        rows(&j, "3 NULL NULL 20393\n");
        expect_rows(&f, "");
        barrier(&j, 1, true);
        expect_rows(&f, "");
        expect_files(&f, 0, 2);
        complete(&j);
        expect_files(&f, 2, 0);
        expect_rows(&f, "+I(1, x, 1.5, 2025-11-01)\n+I(2, y,z, 2.5, 2025-11-02)\n"
                        "+I(3, NULL, NULL, 2025-11-01)\n");
        complete(&j); /* repeated: it is there */
        expect_files(&f, 2, 0);
        stop(&j);
        tear_down(&f);
    }
}

static void test_raw(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    ASSERT_OK(plan(&f, "raw", "line STRING", 0, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "one\ntwo\n");
    barrier(&j, 1, true);
    complete(&j);
    expect_rows(&f, "+I(one)\n+I(two)\n");
    assert_int_equal(add(&j, "NULL\n", &e), OK);
    assert_int_equal(snapshot(&j, 2, false, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "NULL as a whole"));
    assert_int_equal(add(&j, "x\n", &e), ERR_INPUT); /* and so from then on */
    stop(&j);
    tear_down(&f);
}

static void test_avro_codecs(UNUSED void **state)
{
    static const char *const codecs[] = {"null", "deflate", "snappy"};

    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct fixture f;
        struct job j;
        struct error e;

        set_up(&f);
        option(&f, "avro.codec", codecs[i]);
        ASSERT_OK(plan(&f, "avro", "id BIGINT, name STRING", 0, &e), &e);
        begin(&j, &f, NULL);
        rows(&j, "1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
        barrier(&j, 1, false); /* a container may go on: its blocks are whole */
        expect_files(&f, 0, 1);
        rows(&j, "2 b\n");
        barrier(&j, 2, true);
        complete(&j);
        expect_files(&f, 1, 0);
        expect_rows(&f, "+I(1, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)\n+I(2, b)\n");
        stop(&j);
        tear_down(&f);
    }
}

/* --- crashes ------------------------------------------------------------------------------------------ */

/* Between the checkpoint and its commit, and again after the commit. */
static void test_crash_before_commit(UNUSED void **state)
{
    static const char *const formats[] = {"json", "parquet"};

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct fixture f;
        struct job j, k;
        struct error e;
        struct harness_image image;

        set_up(&f);
        ASSERT_OK(plan(&f, formats[i], "id INT", 0, &e), &e);
        begin(&j, &f, NULL);
        rows(&j, "1\n2\n");
        barrier(&j, 1, false);
        image = take_image(&j);
        rows(&j, "3\n"); /* lost with the process, to be sent again */
        stop(&j);
        expect_rows(&f, "");

        begin(&k, &f, &image);
        expect_rows(&f, "+I(1)\n+I(2)\n");
        expect_files(&f, 1, 0);
        ASSERT_OK(recover(&k, &image, &e), &e);
        expect_files(&f, 1, 0);
        rows(&k, "3\n");
        barrier(&k, 2, true);
        complete(&k);
        expect_rows(&f, "+I(1)\n+I(2)\n+I(3)\n");
        stop(&k);
        harness_image_fini(&image);
        tear_down(&f);
    }
}

/* What was persisted behind the checkpoint that counts does not show, also when it lies in the same file. */
static void test_crash_after_persist(UNUSED void **state)
{
    struct fixture f;
    struct job j, k;
    struct error e;
    struct harness_image image;

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT, d STRING", 1, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "1 a\n");
    barrier(&j, 1, false);
    complete(&j);
    expect_files(&f, 0, 1); /* it goes on */
    image = take_image(&j);
    rows(&j, "2 a\n3 b\n");
    barrier(&j, 2, false); /* this checkpoint is never complete */
    expect_files(&f, 0, 2);
    stop(&j);

    begin(&k, &f, &image);
    expect_rows(&f, "+I(1, a)\n");
    expect_files(&f, 1, 0);
    rows(&k, "2 a\n3 b\n");
    barrier(&k, 3, true);
    complete(&k);
    expect_rows(&f, "+I(1, a)\n+I(2, a)\n+I(3, b)\n");
    stop(&k);
    harness_image_fini(&image);
    tear_down(&f);
}

/* To a checkpoint before the last one: what the later ones have shown is taken back. */
static void test_going_back(UNUSED void **state)
{
    struct fixture f;
    struct job j, k;
    struct error e;
    struct harness_image image;

    set_up(&f);
    option(&f, "sink.rolling-policy.file-size", "6 b");
    ASSERT_OK(plan(&f, "csv", "id INT", 0, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "1\n2\n");
    barrier(&j, 1, false);
    image = take_image(&j);
    rows(&j, "3\n");
    rows(&j, "4\n");
    barrier(&j, 2, true);
    complete(&j);
    expect_rows(&f, "+I(1)\n+I(2)\n+I(3)\n+I(4)\n"); /* 1, 2 and 3 in one file */
    expect_files(&f, 2, 0);
    stop(&j);

    begin(&k, &f, &image);
    expect_rows(&f, "+I(1)\n+I(2)\n");
    expect_files(&f, 1, 0);
    stop(&k);
    harness_image_fini(&image);
    tear_down(&f);
}

/* Files that others have written, or this sink in another life, are left alone. */
static void test_others_stay(UNUSED void **state)
{
    struct fixture f;
    struct job j, k;
    struct error e;
    struct harness_image image;

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT", 0, &e), &e);
    ASSERT_OK(fs_put(f.fs, arena_printf(&f.arena, "%s/part-0-0", f.folder), SLICE("7\n"), FS_REPLACE, &e),
              &e);
    ASSERT_OK(fs_put(f.fs,
                     arena_printf(&f.arena, "%s/part-00000000-0000-0000-0000-000000000000-0-9-0", f.folder),
                     SLICE("8\n"), FS_REPLACE, &e),
              &e);
    begin(&j, &f, NULL);
    rows(&j, "1\n");
    barrier(&j, 1, false);
    image = take_image(&j);
    stop(&j);
    begin(&k, &f, &image);
    expect_rows(&f, "+I(1)\n+I(7)\n+I(8)\n");
    stop(&k);

    clear_folder(&f); /* read and taken away by others: no reason not to start */
    begin(&k, &f, &image);
    expect_rows(&f, "");
    stop(&k);
    harness_image_fini(&image);
    tear_down(&f);
}

/* A commit, while the job runs, of a file that is gone is told. */
static void test_lost_file(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT", 0, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "1\n");
    barrier(&j, 1, true);
    clear_folder(&f);
    assert_int_equal(commit(&j, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "committing checkpoint 1 to table t"));
    stop(&j);
    tear_down(&f);
}

static void test_damaged_parts(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT, d STRING", 1, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "1 a\n2 b\n");
    barrier(&j, 1, false);
    for (size_t len = 0; len < j.image.parts[0].len; len++) {
        struct slice part = slice_of(j.image.parts[0].ptr, len);
        struct file_part_entry *entries;
        struct arena arena = {0};
        size_t count;
        enum err rc = file_part_read(&part, 1, &arena, &entries, &count, &e);

        assert_true(rc == ERR_CORRUPT || (rc == OK && count < 2));
        arena_fini(&arena);
    }
    stop(&j);
    tear_down(&f);
}

/* --- partitions and rolling --------------------------------------------------------------------------- */

static void test_partition_names(UNUSED void **state)
{
    static const struct {
        const char *value, *folder;
    } cases[] = {
        {"plain", "p=plain"},   {"a/b=c", "p=a%2Fb%3Dc"},   {"%", "p=%25"},
        {"NULL", "p=__NONE__"}, {"\xc3\xa4", "p=\xc3\xa4"}, {"x:[y]{z}^", "p=x%3A%5By%5D%7Bz}%5E"},
    };
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    option(&f, "partition.default-name", "__NONE__");
    ASSERT_OK(plan(&f, "json", "id INT, b BOOLEAN, p STRING", 2, &e), &e);
    begin(&j, &f, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        rows(&j, arena_printf(&f.arena, "%zu true %s\n", i, cases[i].value));
    barrier(&j, 1, true);
    complete(&j);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *name = arena_printf(&f.arena, "%s/b=true/%s", f.folder, cases[i].folder);

        if (access(name, F_OK) != 0)
            fail_msg("there is no folder %s", name);
    }
    expect_rows(&f, "+I(0, true, plain)\n+I(1, true, a/b=c)\n+I(2, true, %)\n+I(3, true, NULL)\n"
                    "+I(4, true, \xc3\xa4)\n+I(5, true, x:[y]{z}^)\n");
    stop(&j);
    tear_down(&f);
}

static void test_rolling(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    option(&f, "sink.rolling-policy.file-size", "14 b");
    option(&f, "sink.rolling-policy.rollover-interval", "10 s");
    option(&f, "sink.rolling-policy.inactivity-interval", "3 s");
    option(&f, "sink.rolling-policy.check-interval", "1 s");
    ASSERT_OK(plan(&f, "csv", "id INT", 0, &e), &e);
    begin(&j, &f, NULL);
    rows(&j, "1\n");
    barrier(&j, 1, false);
    complete(&j);
    expect_files(&f, 0, 1);        /* small, young */
    rows(&j, "222222\n3333333\n"); /* too large now */
    barrier(&j, 2, false);
    complete(&j);
    expect_files(&f, 1, 0);
    rows(&j, "4\n");
    ASSERT_OK(harness_advance(&j.h, 2999 * 1000, &e), &e);
    barrier(&j, 3, false);
    complete(&j);
    expect_files(&f, 1, 1);
    ASSERT_OK(harness_advance(&j.h, 1000 * 1000, &e), &e); /* idle for 3 s */
    barrier(&j, 4, false);
    complete(&j);
    expect_files(&f, 2, 0);
    for (int i = 0; i < 6; i++) { /* never idle, but old */
        rows(&j, "5\n");
        ASSERT_OK(harness_advance(&j.h, 2000 * 1000, &e), &e);
    }
    barrier(&j, 5, false);
    complete(&j);
    expect_files(&f, 3, 0);
    stop(&j);
    tear_down(&f);
}

/* More partitions than files may be open: the idlest are finished. */
static void test_many_partitions(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;
    struct bytes want = {0};

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT, p INT", 1, &e), &e);
    begin(&j, &f, NULL);
    for (int i = 100; i < 400; i++) {
        rows(&j, arena_printf(&f.arena, "%d %d\n", i, i));
        bytes_printf(&want, "+I(%d, %d)\n", i, i);
    }
    barrier(&j, 1, false);
    complete(&j);
    expect_files(&f, 44, 256);
    barrier(&j, 2, true);
    complete(&j);
    expect_files(&f, 300, 0);
    expect_rows(&f, bytes_cstr(&want));
    bytes_fini(&want);
    stop(&j);
    tear_down(&f);
}

/* --- success files ------------------------------------------------------------------------------------ */

static void expect_success(struct fixture *f, const char *folder, const char *name, bool want)
{
    const char *path = arena_printf(&f->arena, "%s/%s/%s", f->folder, folder, name);

    if ((access(path, F_OK) == 0) != want)
        fail_msg("%s is %sthere", path, want ? "not " : "");
}

static void test_commit_by_process_time(UNUSED void **state)
{
    struct fixture f;
    struct job j, k;
    struct error e;
    struct harness_image image;

    set_up(&f);
    option(&f, "sink.partition-commit.policy.kind", "success-file");
    option(&f, "sink.partition-commit.delay", "10 s");
    option(&f, "sink.partition-commit.success-file.name", "_DONE");
    ASSERT_OK(plan(&f, "csv", "id INT, p STRING", 1, &e), &e);
    assert_int_equal(f.plan.key_count, 0);
    begin(&j, &f, NULL);
    rows(&j, "1 a\n");
    ASSERT_OK(harness_advance(&j.h, 9000 * 1000, &e), &e);
    rows(&j, "2 b\n");
    barrier(&j, 1, false);
    complete(&j);
    expect_success(&f, "p=a", "_DONE", false);
    image = take_image(&j);
    stop(&j);

    begin(&k, &f, &image); /* since when it waits is remembered */
    ASSERT_OK(harness_advance(&k.h, 10000 * 1000, &e), &e);
    rows(&k, "3 c\n");
    barrier(&k, 2, false);
    expect_success(&f, "p=a", "_DONE", false);
    complete(&k);
    expect_success(&f, "p=a", "_DONE", true);
    expect_success(&f, "p=c", "_DONE", false);
    ASSERT_OK(harness_end(&k.h, &e), &e);
    barrier(&k, 3, true);
    complete(&k);
    expect_success(&f, "p=b", "_DONE", true);
    expect_success(&f, "p=c", "_DONE", true);
    expect_rows(&f, "+I(1, a)\n+I(2, b)\n+I(3, c)\n");
    stop(&k);
    harness_image_fini(&image);
    tear_down(&f);
}

static void test_commit_by_partition_time(UNUSED void **state)
{
    static const int64_t hour_us = INT64_C(3600) * 1000000, day = 20393; /* 2025-11-01 */
    struct fixture f;
    struct job j;
    struct error e;

    set_up(&f);
    option(&f, "sink.partition-commit.policy.kind", "success-file");
    option(&f, "sink.partition-commit.trigger", "partition-time");
    option(&f, "sink.partition-commit.delay", "1 h");
    option(&f, "sink.partition-commit.watermark-time-zone", "Europe/Berlin"); /* an hour ahead then */
    option(&f, "partition.time-extractor.timestamp-pattern", "$d $h:00:00");
    ASSERT_OK(plan(&f, "csv", "id INT, d DATE, h INT", 2, &e), &e);
    assert_int_equal(f.plan.key_count, 2);
    begin(&j, &f, NULL);
    rows(&j, "1 20393 8\n2 20393 9\n");
    ASSERT_OK(harness_watermark(&j.h, (day * 24 + 8) * hour_us, &e), &e); /* 9:00 there: not past 8 and 1 h */
    barrier(&j, 1, false);
    complete(&j);
    expect_success(&f, "d=2025-11-01/h=8", "_SUCCESS", false);
    ASSERT_OK(harness_watermark(&j.h, (day * 24 + 8) * hour_us + 1000, &e), &e);
    barrier(&j, 2, false);
    complete(&j);
    expect_success(&f, "d=2025-11-01/h=8", "_SUCCESS", true);
    expect_success(&f, "d=2025-11-01/h=9", "_SUCCESS", false);
    expect_rows(&f, "+I(1, 2025-11-01, 8)\n"); /* with its rows, and those of the other go on */
    rows(&j, "3 20393 NULL\n");
    assert_int_equal(snapshot(&j, 3, false, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "is no time"));
    stop(&j);
    tear_down(&f);
}

/* A partition waits until all subtasks are done with it, those of this checkpoint. */
static void test_commit_of_many(UNUSED void **state)
{
    struct fixture f;
    struct job j;
    struct error e;
    struct bytes parts[3] = {{0}};

    set_up(&f);
    option(&f, "sink.partition-commit.policy.kind", "success-file");
    ASSERT_OK(plan(&f, "csv", "id INT, p STRING", 1, &e), &e);
    begin(&j, &f, NULL);
    file_part_begin(&parts[0], 6); /* carried on from a checkpoint that came to nothing */
    file_part_put_partition(&parts[0], FILE_PART_DUE, "p=a/");
    file_part_put_partition(&parts[0], FILE_PART_PENDING, "p=b/");
    file_part_begin(&parts[1], 7);
    file_part_put_partition(&parts[1], FILE_PART_DUE, "p=b/");
    file_part_put_partition(&parts[1], FILE_PART_DUE, "p=c/");
    file_part_begin(&parts[2], 7);
    file_part_put_partition(&parts[2], FILE_PART_PENDING, "p=c/");
    const struct slice all[] = {bytes_all(&parts[0]), bytes_all(&parts[1]), bytes_all(&parts[2])};
    ASSERT_OK(j.committer->ops->commit(j.committer, 7, all, 3, &e), &e);
    expect_success(&f, "p=a", "_SUCCESS", true);
    expect_success(&f, "p=b", "_SUCCESS", true);
    expect_success(&f, "p=c", "_SUCCESS", false);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        bytes_fini(&parts[i]);
    stop(&j);
    tear_down(&f);
}

/* --- the queue ---------------------------------------------------------------------------------------- */

static void test_backpressure(UNUSED void **state)
{
    struct harness_config c = {.queued = true};
    struct fixture f;
    struct job j = {0};
    struct error e;
    int taken = 0, wakes;
    enum err rc;

    set_up(&f);
    ASSERT_OK(plan(&f, "csv", "id INT", 0, &e), &e);
    c.factory = f.plan.factory;
    c.spec = f.plan.spec;
    c.fs = f.fs;
    j.f = &f;
    ASSERT_OK(harness_open(&j.h, &c, NULL, 0, &e), &e);
    while ((rc = add(&j, "1\n", &e)) == OK)
        taken++;
    assert_int_equal(rc, ERR_WAIT);
    assert_int_equal(taken, 16);
    wakes = j.h.wakes;
    harness_work(&j.h);
    assert_true(j.h.wakes > wakes);
    ASSERT_OK(add(&j, "1\n", &e), &e);
    harness_close(&j.h); /* with work that was never begun */
    tear_down(&f);
}

static atomic_int woken;

static void wake(UNUSED void *arg)
{
    atomic_fetch_add(&woken, 1);
}

/* Rows, barriers and the end, with threads of I/O that come and go. */
static void test_threads(UNUSED void **state)
{
    enum { BATCHES = 1500 };
    struct executor *pool;
    struct fixture f;
    struct job j;
    struct error e;
    enum err rc;

    set_up(&f);
    option(&f, "sink.rolling-policy.file-size", "100 b");
    ASSERT_OK(plan(&f, "csv", "id INT, p INT", 1, &e), &e);
    ASSERT_OK(executor_pool_new("io", 3, &pool, &e), &e);
    begin(&j, &f, NULL);
    j.h.env.executor = pool;
    j.h.env.wake = wake;
    for (int i = 0; i < BATCHES; i++) {
        char row[40];
        int before = atomic_load(&woken);

        snprintf(row, sizeof row, "%d %d\n", i, i % 3);
        while ((rc = add(&j, row, &e)) == ERR_WAIT)
            while (atomic_load(&woken) == before)
                usleep(20);
        ASSERT_OK(rc, &e);
        if (i % 50 == 49) {
            barrier(&j, i, i + 1 == BATCHES);
            complete(&j);
        }
    }
    rows(&j, "1 1\n2 2\n"); /* behind the last barrier: not to be seen */
    stop(&j);
    executor_pool_free(pool);
    const char *all = read_back(&f);
    int lines = 0;
    for (const char *at = all; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, BATCHES);
    tear_down(&f);
}

/* --- wrong options ------------------------------------------------------------------------------------ */

static void test_refused(UNUSED void **state)
{
    static const struct {
        const char *format, *columns;
        int32_t partitions;
        const char *name, *value, *text;
        enum err rc;
    } cases[] = {
        {"csv", "a INT, b INT", 0, "auto-compaction", "true", "'auto-compaction' = 'true' is not supported",
         ERR_UNSUPPORTED},
        {"csv", "a INT, b INT", 0, "compaction.file-size", "1mb", "files are not merged", ERR_UNSUPPORTED},
        {"csv", "a INT, b INT", 1, "sink.partition-commit.policy.kind", "metastore,success-file",
         "'metastore,success-file' is not supported", ERR_UNSUPPORTED},
        {"csv", "a INT, b INT", 1, "sink.partition-commit.policy.class", "a.B", "not Java classes",
         ERR_UNSUPPORTED},
        {"csv", "a INT, b INT", 0, "sink.partition-commit.policy.kind", "success-file", "no PARTITIONED BY",
         ERR_CONFIG},
        {"csv", "a INT, b INT", 1, "sink.partition-commit.delay", "1 h", "has no effect without", ERR_CONFIG},
        {"csv", "a INT, b INT", 1, "sink.partition-commit.trigger", "event", "it takes one of process-time",
         ERR_CONFIG},
        {"csv", "a INT, b INT", 0, "sink.rolling-policy.file-size", "0", "must be above 0", ERR_CONFIG},
        {"csv", "a INT, b INT", 0, "sink.rolling-policy.filesize", "1mb", "file-size", ERR_CONFIG},
        {"csv", "a INT, b INT", 2, "source.monitor-interval", "1 s", "nothing is left for the files",
         ERR_CONFIG},
        {"csv", "a INT, b DOUBLE", 1, "source.monitor-interval", "1 s", "cannot be a folder's name",
         ERR_UNSUPPORTED},
        {"raw", "a INT, b INT", 0, "source.monitor-interval", "1 s", "raw", ERR_CONFIG},
        {"orc", "a INT, b INT", 0, "source.monitor-interval", "1 s", "'orc' is not supported",
         ERR_UNSUPPORTED},
        {"avro-confluent", "a INT", 0, "avro-confluent.url", "http://x", "is for records of Kafka",
         ERR_UNSUPPORTED},
        {"avro", "a INT", 0, "avro.codec", "xz", "'avro.codec' = 'xz' is not supported", ERR_UNSUPPORTED},
        {"parquet", "a INT", 0, "parquet.compression", "LZO", "it takes one of UNCOMPRESSED", ERR_CONFIG},
        {"parquet", "a INT", 0, "parquet.compresion", "GZIP", "did you mean 'parquet.compression'",
         ERR_CONFIG},
        {"parquet", "a INT", 0, "parquet.utc-timezone", "false", "is not supported", ERR_UNSUPPORTED},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct error e;
        enum err rc;

        set_up(&f);
        option(&f, cases[i].name, cases[i].value);
        rc = plan(&f, cases[i].format, cases[i].columns, cases[i].partitions, &e);
        if (rc != cases[i].rc || strstr(e.text, cases[i].text) == NULL)
            fail_msg("%s: %d %s", cases[i].name, rc, rc == OK ? "" : e.text);
        tear_down(&f);
    }
}

/* --- whatever fails ----------------------------------------------------------------------------------- */

/* A short job from a checkpoint on (NULL: from its begin): rows 3 and 4, and the last checkpoint. */
static enum err second_half(struct fixture *f, struct fs *fs, const struct harness_image *from, int64_t id,
                            struct error *e)
{
    struct job j;
    enum err rc;

    if ((rc = start(&j, f, fs, from, e)) == OK && (rc = add(&j, "3 a\n4 b\n", e)) == OK &&
        (rc = snapshot(&j, id, true, e)) == OK)
        rc = commit(&j, e);
    stop(&j);
    return rc;
}

static void first_half(struct fixture *f, struct harness_image *image)
{
    struct job j;

    begin(&j, f, NULL);
    rows(&j, "1 a\n2 b\n");
    barrier(&j, 1, false);
    *image = take_image(&j);
    stop(&j);
}

static const char *const all_rows = "+I(1, a)\n+I(2, b)\n+I(3, a)\n+I(4, b)\n";

/* How often memory is asked for, or the disk, in the second half. */
static uint64_t count_calls(struct fixture *f, bool memory)
{
    struct fs *counting = faulty_fs_new(f->fs, INT_MAX);
    struct harness_image image;
    struct error e;
    uint64_t before;

    first_half(f, &image);
    before = mem_count();
    ASSERT_OK(second_half(f, memory ? f->fs : counting, &image, 2, &e), &e);
    before = memory ? mem_count() - before
                    : (uint64_t)(INT_MAX - CONTAINER_OF(counting, struct faulty_fs, fs)->left);
    harness_image_fini(&image);
    faulty_fs_free(counting);
    clear_folder(f);
    return before;
}

/* Whatever a failed attempt has left behind: the next one, from the same checkpoint, ends with all rows, once. */
static void test_failing(const char *format, bool memory)
{
    struct fixture f;
    struct error e;
    uint64_t nth, failed = 0, count;
    enum err rc;

    set_up(&f);
    option(&f, "sink.partition-commit.policy.kind", "success-file");
    ASSERT_OK(plan(&f, format, "id INT, p STRING", 1, &e), &e);
    count = count_calls(&f, memory);
    for (nth = 1; nth <= count; nth++) {
        struct harness_image image;
        struct fs *faulty = memory ? NULL : faulty_fs_new(f.fs, (int)nth);

        first_half(&f, &image);
        if (memory)
            mem_fail_at(nth, false);
        rc = second_half(&f, memory ? f.fs : faulty, &image, 2, &e);
        mem_fail_at(0, false);
        failed += rc != OK;
        if (rc != OK) /* one was not tolerated */
            ASSERT_OK(second_half(&f, f.fs, &image, 3, &e), &e);
        expect_rows(&f, all_rows);
        harness_image_fini(&image);
        faulty_fs_free(faulty);
        clear_folder(&f);
    }
    assert_true(failed > count / 2);
    print_message("%s: %" PRIu64 " of %" PRIu64 " failures of %s were felt\n", format, failed, count,
                  memory ? "memory" : "the disk");
    tear_down(&f);
}

static void test_disk_failures(UNUSED void **state)
{
    test_failing("csv", false);
    test_failing("parquet", false);
    test_failing("avro", false);
}

static void test_memory_failures(UNUSED void **state)
{
    test_failing("csv", true);
    test_failing("parquet", true);
    test_failing("avro", true);
}

static void test_plan_without_memory(UNUSED void **state)
{
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc == ERR_MEMORY && nth < 1000; nth++) {
        struct fixture f;

        set_up(&f);
        option(&f, "sink.partition-commit.policy.kind", "success-file");
        option(&f, "partition.time-extractor.timestamp-formatter", "yyyy-MM-dd");
        option(&f, "format", "avro");
        mem_fail_at(0, false);
        ASSERT_OK(schema_parse(&f.arena, SLICE("id INT, p STRING"), &f.table.schema, &e), &e);
        f.partition[0] = 1;
        f.table.partition = f.partition;
        f.table.partition_count = 1;
        f.r = (struct connector_request){.arena = &f.arena,
                                         .name = "t",
                                         .options = &f.options,
                                         .schema = f.table.schema,
                                         .fs = f.fs,
                                         .clock = clock_system(),
                                         .table = &f.table};
        mem_fail_at(nth, false);
        rc = connector_plan_sink(connector_find("filesystem"), &f.r, &f.plan, &e);
        mem_fail_at(0, false);
        tear_down(&f);
    }
    ASSERT_OK(rc, &e);
}

TEST_MAIN(cmocka_unit_test(test_formats), cmocka_unit_test(test_raw), cmocka_unit_test(test_avro_codecs),
          cmocka_unit_test(test_crash_before_commit), cmocka_unit_test(test_crash_after_persist),
          cmocka_unit_test(test_going_back), cmocka_unit_test(test_others_stay),
          cmocka_unit_test(test_lost_file), cmocka_unit_test(test_damaged_parts),
          cmocka_unit_test(test_partition_names), cmocka_unit_test(test_rolling),
          cmocka_unit_test(test_many_partitions), cmocka_unit_test(test_commit_by_process_time),
          cmocka_unit_test(test_commit_by_partition_time), cmocka_unit_test(test_commit_of_many),
          cmocka_unit_test(test_backpressure), cmocka_unit_test(test_threads), cmocka_unit_test(test_refused),
          cmocka_unit_test(test_disk_failures), cmocka_unit_test(test_memory_failures),
          cmocka_unit_test(test_plan_without_memory))
