/* checkpoint_test.c: the document there and back, and every kind of damage; the store's retention, fallback
 * and repair. */
#include "checkpoint/checkpoint.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/test.h"
#include "checkpoint/checkpoint_store.h"
#include "checkpoint/fs_memory.h"
#include "io/fs.h"
#include "os/log.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- a checkpoint to write --- */

static const struct op_item source_items[] = {{"offset-0", {"\x01\x00\xff", 3}, 0},
                                              {"offset-1", {NULL, 0}, 1}};
static const struct slice sink_parts[] = {{"{\"file\":\"a\"}", 12}, {"", 0}, {"\0\0", 2}};

static struct checkpoint *example(int64_t id, struct state_file *file)
{
    struct checkpoint *c = mem_zalloc(sizeof *c);
    struct checkpoint_vertex *v;

    assert_non_null(c);
    c->id = id;
    c->job_name = "a job: \"quoted\"\n";
    c->lineage = "l-1";
    c->triggered_us = 1000;
    c->completed_us = -5;
    c->is_last = true;
    c->vertex_count = 3;
    c->vertices = v = ARENA_ARRAY(&c->arena, struct checkpoint_vertex, 3);
    v[0] = (struct checkpoint_vertex){"source", "Source: x", 2, 128, 2, 0, 0, source_items, NULL, NULL};
    v[1] = (struct checkpoint_vertex){"count", "w\xc3\xb6rter", 3, 64, 0, file ? 1 : 0, 0, NULL, file, NULL};
    v[2] = (struct checkpoint_vertex){"sink", "Sink", 1, 128, 0, 0, 3, NULL, NULL, sink_parts};
    return c;
}

static void assert_same(const struct checkpoint *a, const struct checkpoint *b)
{
    assert_int_equal(a->id, b->id);
    assert_string_equal(a->job_name, b->job_name);
    assert_string_equal(a->lineage, b->lineage);
    assert_true(a->triggered_us == b->triggered_us && a->completed_us == b->completed_us);
    assert_true(a->is_last == b->is_last && a->is_savepoint == b->is_savepoint);
    assert_int_equal(a->vertex_count, b->vertex_count);
    for (int32_t i = 0; i < a->vertex_count; i++) {
        const struct checkpoint_vertex *v = &a->vertices[i], *w = checkpoint_find(b, v->uid);

        assert_non_null(w);
        assert_string_equal(v->name, w->name);
        assert_true(v->parallelism == w->parallelism && v->max_parallelism == w->max_parallelism);
        assert_true(v->item_count == w->item_count && v->part_count == w->part_count &&
                    v->file_count == w->file_count);
        for (int32_t j = 0; j < v->item_count; j++) {
            assert_string_equal(v->items[j].name, w->items[j].name);
            assert_true(slice_equal(v->items[j].bytes, w->items[j].bytes));
            assert_int_equal(v->items[j].subtask, w->items[j].subtask);
        }
        for (int32_t j = 0; j < v->part_count; j++)
            assert_true(slice_equal(v->parts[j], w->parts[j]));
        for (int32_t j = 0; j < v->file_count; j++) {
            assert_string_equal(v->files[j].state, w->files[j].state);
            assert_string_equal(v->files[j].path, w->files[j].path);
            assert_true(v->files[j].checksum == w->files[j].checksum &&
                        v->files[j].size_bytes == w->files[j].size_bytes &&
                        v->files[j].entry_count == w->files[j].entry_count);
        }
    }
}

/* --- the document --- */

static void test_there_and_back(UNUSED void **state)
{
    struct state_file file = {"count", "mem:/c/chk-7/count-0-count.parquet", 100, 7,
                              UINT64_C(0xfedcba9876543210)};
    struct checkpoint *c = example(7, &file), *back;
    struct bytes document = {0};
    struct error e;

    c->path = "mem:/c/chk-7/";
    ASSERT_OK(checkpoint_encode(c, &document, &e), &e);
    assert_null(memmem(document.ptr, document.len, "mem:/c", 6)); /* paths below the folder are relative */
    ASSERT_OK(checkpoint_decode(bytes_all(&document), "mem:/c/chk-7/", &back, &e), &e);
    assert_same(c, back);
    assert_true(back->size_bytes == (int64_t)document.len + 100);
    assert_null(checkpoint_find(back, "nobody"));
    checkpoint_free(back);

    /* Moved as a whole, it is read from where it is now. */
    ASSERT_OK(checkpoint_decode(bytes_all(&document), "s3://b/moved", &back, &e), &e);
    assert_string_equal(back->vertices[1].files[0].path, "s3://b/moved/count-0-count.parquet");
    checkpoint_free(back);
    bytes_fini(&document);
    checkpoint_free(c);
}

static void test_every_byte_counts(UNUSED void **state)
{
    struct checkpoint *c = example(7, NULL), *back;
    struct bytes document = {0};
    struct error e;

    ASSERT_OK(checkpoint_encode(c, &document, &e), &e);
    for (size_t i = 0; i < document.len; i++) {
        document.ptr[i] ^= 1;
        assert_int_equal(checkpoint_decode(bytes_all(&document), "x", &back, &e), ERR_CORRUPT);
        document.ptr[i] ^= 1;
        assert_int_equal(checkpoint_decode(slice_of(document.ptr, i), "x", &back, &e), ERR_CORRUPT);
    }
    bytes_fini(&document);
    checkpoint_free(c);
}

/* A document with a right checksum around what is not a checkpoint. */
static void test_wrong_content(UNUSED void **state)
{
#define HEAD                                                                                                 \
    "\"weir-checkpoint\":1,\"job\":\"j\",\"lineage\":\"l\",\"id\":1,\"triggered-us\":0,\"completed-us\":0,"
#define TAIL   "\"savepoint\":false,\"last\":false,"
#define VERTEX "\"uid\":\"u\",\"name\":\"n\",\"parallelism\":1,\"max-parallelism\":1,"
    static const struct {
        const char *body, *says;
    } cases[] = {
        {HEAD TAIL "\"vertices\":[]}", NULL},
        {HEAD TAIL "\"vertices\":[", "line"},
        {HEAD TAIL "\"vertices\":{}}", "vertices"},
        {HEAD TAIL "\"vertices\":[7]}", "uid"},
        {HEAD "\"vertices\":[]}", "savepoint"},
        {"\"weir-checkpoint\":2," TAIL "\"vertices\":[]}", "weir-checkpoint"},
        {HEAD TAIL "\"vertices\":[{" VERTEX "\"items\":[],\"files\":[],\"parts\":[\"!!!!\"]}]}", "parts"},
        {HEAD TAIL "\"vertices\":[{" VERTEX "\"items\":[],\"files\":[],\"parts\":[\"AAA\"]}]}", "parts"},
        {HEAD TAIL "\"vertices\":[{" VERTEX
                   "\"items\":[{\"name\":\"n\",\"subtask\":-1,\"bytes\":\"\"}],\"files\":[],"
                   "\"parts\":[]}]}",
         "subtask"},
        {HEAD TAIL "\"vertices\":[{" VERTEX
                   "\"items\":[],\"files\":[{\"state\":\"s\",\"path\":\"p\",\"size\":1,"
                   "\"entries\":1,\"checksum\":\"12\"}],\"parts\":[]}]}",
         "checksum"},
    };
    struct checkpoint *back;
    struct error e;
    char text[2000];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(text, sizeof text, "{\"checksum\":\"xxh3:%016" PRIx64 "\",\n%s",
                 hash_bytes(cases[i].body, strlen(cases[i].body)), cases[i].body);
        enum err rc = checkpoint_decode(slice_text(text), "x", &back, &e);

        if (cases[i].says == NULL)
            ASSERT_OK(rc, &e);
        else if (rc != ERR_CORRUPT || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, e.text);
        checkpoint_free(back);
    }
}

/* --- the store --- */

static void write_one(struct fs *fs, struct checkpoint_store *s, int64_t id)
{
    struct arena arena = {0};
    const char *folder = checkpoint_store_folder(s, &arena, id);
    struct state_file file = {"count", (char *)arena_printf(&arena, "%scount-0-count.parquet", folder), 5, 1,
                              hash_bytes("state", 5)};
    struct checkpoint *c = example(id, &file);
    struct error e;

    ASSERT_OK(fs_put(fs, file.path, SLICE("state"), FS_REPLACE, &e), &e);
    ASSERT_OK(checkpoint_store_write(s, c, &e), &e);
    assert_true(c->size_bytes > 5);
    checkpoint_free(c);
    arena_fini(&arena);
}

static bool count_file(void *arg, UNUSED const struct fs_info *info)
{
    ++*(int *)arg;
    return true;
}

static int count_files(struct fs *fs, const char *prefix)
{
    struct error e;
    int count = 0;

    ASSERT_OK(fs_list(fs, prefix, count_file, &count, &e), &e);
    return count;
}

static void replace(struct fs *fs, const char *path, const char *content)
{
    struct error e;

    if (content == NULL)
        ASSERT_OK(fs_remove(fs, path, &e), &e);
    else
        ASSERT_OK(fs_put(fs, path, slice_text(content), FS_REPLACE, &e), &e);
}

static void test_store(UNUSED void **state)
{
    struct fs *fs = fs_memory_new(NULL);
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct error e;
    int32_t damaged;
    int64_t id;

    ASSERT_OK(checkpoint_store_open(fs, "mem:/dir/", "../my job", 2, &s, &e), &e);
    assert_int_equal(checkpoint_store_latest(s, &c, &damaged, &e), ERR_NOT_FOUND);
    ASSERT_OK(checkpoint_store_last_id(s, &id, &e), &e);
    assert_int_equal(id, 0);
    replace(fs, "mem:/dir/%2e.%2fmy%20job/chk-9/left-behind", "x"); /* of a crash */
    for (id = 10; id <= 13; id++)
        write_one(fs, s, id);
    assert_int_equal(count_files(fs, "mem:/dir/"), 4); /* two checkpoints of two files */
    replace(fs, "mem:/dir/%2e.%2fmy%20job/chk-14/begun", "x");
    ASSERT_OK(checkpoint_store_last_id(s, &id, &e), &e);
    assert_int_equal(id, 14);
    ASSERT_OK(checkpoint_store_latest(s, &c, &damaged, &e), &e);
    assert_int_equal(c->id, 13);
    assert_int_equal(damaged, 0);
    checkpoint_free(c);
    checkpoint_store_discard(s, 14);
    assert_int_equal(count_files(fs, "mem:/dir/"), 4);
    c = example(13, NULL);
    assert_int_equal(checkpoint_store_write(s, c, &e), ERR_EXISTS);
    assert_non_null(strstr(e.text, "another process"));
    checkpoint_free(c);
    checkpoint_store_free(s);
    fs_free(fs);
}

static void test_damage(UNUSED void **state)
{
    static const char *const damages[][2] = {
        {"mem:/d/j/chk-2/_metadata", "{\"checksum\":"},    {"mem:/d/j/chk-2/_metadata", ""},
        {"mem:/d/j/chk-2/count-0-count.parquet", NULL},    {"mem:/d/j/chk-2/count-0-count.parquet", "stat"},
        {"mem:/d/j/chk-2/count-0-count.parquet", "stata"},
    };
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct error e;
    int32_t damaged;

    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct fs *fs = fs_memory_new(NULL);

        ASSERT_OK(checkpoint_store_open(fs, "mem:/d", "j", 3, &s, &e), &e);
        write_one(fs, s, 1);
        write_one(fs, s, 2);
        replace(fs, damages[i][0], damages[i][1]);
        ASSERT_OK(checkpoint_store_latest(s, &c, &damaged, &e), &e);
        assert_int_equal(c->id, 1);
        assert_int_equal(damaged, 1);
        checkpoint_free(c);
        assert_int_equal(checkpoint_load(fs, "mem:/d/j", &c, &e),
                         ERR_CORRUPT); /* who names it gets it, or nothing */
        replace(fs, "mem:/d/j/chk-1/_metadata", "x");
        assert_int_equal(checkpoint_store_latest(s, &c, &damaged, &e), ERR_CORRUPT);
        assert_int_equal(damaged, 2);
        checkpoint_store_free(s);
        fs_free(fs);
    }
}

static bool has_metadata(struct fs *fs, const char *path)
{
    struct error e;
    bool exists = false;

    assert_true(fs_exists(fs, path, &exists, &e));
    return exists;
}

/* A checkpoint that was passed over keeps none of the whole ones out, and goes with the next. */
static void test_damaged_ones_do_not_count(UNUSED void **state)
{
    struct fs *fs = fs_memory_new(NULL);
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct error e;
    int32_t damaged;

    ASSERT_OK(checkpoint_store_open(fs, "mem:/d", "j", 2, &s, &e), &e);
    write_one(fs, s, 1);
    write_one(fs, s, 2);
    replace(fs, "mem:/d/j/chk-2/count-0-count.parquet", "stata");
    ASSERT_OK(checkpoint_store_latest(s, &c, &damaged, &e), &e);
    checkpoint_free(c);
    assert_true(has_metadata(fs, "mem:/d/j/chk-2/_metadata")); /* nothing has taken its place yet */
    write_one(fs, s, 3);
    assert_true(has_metadata(fs, "mem:/d/j/chk-1/_metadata"));
    assert_false(has_metadata(fs, "mem:/d/j/chk-2/_metadata"));
    replace(fs, "mem:/d/j/chk-3/_metadata", "{");
    ASSERT_OK(checkpoint_store_latest(s, &c, &damaged, &e), &e);
    assert_int_equal(c->id, 1);
    assert_int_equal(damaged, 1);
    checkpoint_free(c);
    replace(fs, "mem:/d/j/chk-1/count-0-count.parquet", NULL);
    assert_int_equal(checkpoint_store_latest(s, &c, &damaged, &e), ERR_CORRUPT);
    assert_int_equal(damaged, 2);
    assert_non_null(strstr(e.text, "all 2 checkpoints in mem:/d/j/ are damaged, the newest like this: "
                                   "mem:/d/j/chk-3/"));
    assert_non_null(strstr(e.text, "--fresh"));
    replace(fs, "mem:/d/j/chk-3/_metadata", NULL);
    assert_int_equal(checkpoint_store_latest(s, &c, &damaged, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, "the only checkpoint in mem:/d/j/ is damaged: its state file"));
    checkpoint_store_free(s);
    fs_free(fs);
}

static void test_load(UNUSED void **state)
{
    static const struct {
        const char *path;
        int64_t id;
    } cases[] = {{"mem:/d/j/chk-1", 1},
                 {"mem:/d/j/chk-1/", 1},
                 {"mem:/d/j/chk-1/_metadata", 1},
                 {"mem:/d/j", 2},
                 {"mem:/d/j/", 2},
                 {"mem:/d/j/chk-3", 0},
                 {"mem:/nowhere", 0},
                 {"mem:/d/j/chk-3/_metadata", 0}};
    struct fs *fs = fs_memory_new(NULL);
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct error e;

    ASSERT_OK(checkpoint_store_open(fs, "mem:/d", "j", 3, &s, &e), &e);
    write_one(fs, s, 1);
    write_one(fs, s, 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err rc = checkpoint_load(fs, cases[i].path, &c, &e);

        if (cases[i].id == 0)
            assert_int_equal(rc, ERR_NOT_FOUND);
        else
            ASSERT_OK(rc, &e);
        if (c != NULL)
            assert_int_equal(c->id, cases[i].id);
        checkpoint_free(c);
    }
    checkpoint_store_free(s);
    fs_free(fs);
}

/* On a real disk, where listings give full URIs. */
static void test_local(UNUSED void **state)
{
    char dir[] = "/tmp/checkpoint_test.XXXXXX";
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct fs *fs;
    struct error e;
    int32_t damaged;
    int64_t id;

    assert_non_null(mkdtemp(dir));
    ASSERT_OK(fs_local_new(&fs, &e), &e);
    for (int uri = 0; uri < 2; uri++) {
        char path[100];

        snprintf(path, sizeof path, "%s%s/%d", uri ? "file://" : "", dir, uri);
        ASSERT_OK(checkpoint_store_open(fs, path, "j", 1, &s, &e), &e);
        write_one(fs, s, 1);
        write_one(fs, s, 2);
        ASSERT_OK(checkpoint_store_last_id(s, &id, &e), &e);
        assert_int_equal(id, 2);
        ASSERT_OK(checkpoint_store_latest(s, &c, &damaged, &e), &e);
        assert_int_equal(c->id, 2);
        assert_int_equal(count_files(fs, path), 2);
        checkpoint_free(c);
        checkpoint_store_discard(s, 2);
        checkpoint_store_free(s);
    }
    fs_free(fs);
    rmdir(dir);
}

/* With any allocation failing, it is ERR_MEMORY or it is done; what was written before stays readable. */
static void test_no_memory(UNUSED void **state)
{
    struct fs *fs = fs_memory_new(NULL);
    struct checkpoint_store *s;
    struct checkpoint *c, *back = NULL;
    struct error e;
    int32_t damaged;
    enum err rc = ERR_MEMORY;

    ASSERT_OK(checkpoint_store_open(fs, "mem:/d", "j", 3, &s, &e), &e);
    write_one(fs, s, 1);
    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, false);
        rc = checkpoint_store_latest(s, &back, &damaged, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        assert_int_equal(damaged, 0);
    }
    checkpoint_free(back);
    rc = ERR_MEMORY;
    for (uint64_t nth = 1; rc != OK; nth++) {
        c = example(2, NULL);
        mem_fail_at(nth, false);
        rc = checkpoint_store_write(s, c, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        checkpoint_free(c);
    }
    ASSERT_OK(checkpoint_store_latest(s, &back, &damaged, &e), &e);
    assert_int_equal(back->id, 2);
    checkpoint_free(back);
    checkpoint_store_free(s);
    fs_free(fs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_wrong_content),  cmocka_unit_test(test_store),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_damaged_ones_do_not_count),
        cmocka_unit_test(test_load),           cmocka_unit_test(test_local),
        cmocka_unit_test(test_no_memory),
    };

    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* damage is logged loudly */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
