/* fs_test.c: joining names, and which file system a path goes to. */
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"
#include <stdio.h>

static void test_join(UNUSED void **state)
{
    static const struct {
        const char *folder, *name, *want;
    } cases[] = {
        {"/a", "b", "/a/b"},
        {"/a/", "b", "/a/b"},
        {"/a//", "//b", "/a/b"},
        {"/", "b", "/b"},
        {"", "b", "b"},
        {"a", "b/c", "a/b/c"},
        {"s3://bucket", "k", "s3://bucket/k"},
        {"s3://bucket/", "k/", "s3://bucket/k/"},
        {"file:///", "a", "file:///a"},
        {"file:/", "a", "file:/a"},
        {"a", "", "a/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = {0};

        assert_string_equal(fs_join(&arena, cases[i].folder, cases[i].name), cases[i].want);
        arena_fini(&arena);
    }
}

static void test_join_without_memory(UNUSED void **state)
{
    struct arena arena = {0};

    mem_fail_at(1, true);
    assert_null(fs_join(&arena, "a", "b"));
    mem_fail_at(0, false);
    assert_true(arena.failed);
    arena_fini(&arena);
}

/* A file system that only knows that it was asked. */
struct asked {
    struct fs base;
    int count;
};

static enum err asked_read(struct fs *fs, UNUSED const char *path, UNUSED int64_t offset, UNUSED int64_t len,
                           struct bytes *out, struct error *e)
{
    CONTAINER_OF(fs, struct asked, base)->count++;
    bytes_text(out, "half");
    return error_set(e, ERR_IO, "broken off");
}

static enum err asked_stat(struct fs *fs, UNUSED const char *path, UNUSED struct fs_info *out,
                           struct error *e)
{
    CONTAINER_OF(fs, struct asked, base)->count++;
    return error_set(e, ERR_DENIED, "not for you");
}

static enum err asked_create(struct fs *fs, UNUSED const char *path, UNUSED struct fs_file **out,
                             struct error *e)
{
    CONTAINER_OF(fs, struct asked, base)->count++;
    return error_set(e, ERR_IO, "no");
}

static enum err asked_list(struct fs *fs, UNUSED const char *prefix, UNUSED fs_visit *visit, UNUSED void *arg,
                           UNUSED struct error *e)
{
    CONTAINER_OF(fs, struct asked, base)->count++;
    return OK;
}

static enum err asked_remove(struct fs *fs, UNUSED const char *path, UNUSED struct error *e)
{
    CONTAINER_OF(fs, struct asked, base)->count++;
    return OK;
}

static void asked_free(struct fs *fs)
{
    CONTAINER_OF(fs, struct asked, base)->count = -1;
}

static const struct fs_ops asked_ops = {
    .name = "asked",
    .read = asked_read,
    .stat = asked_stat,
    .create = asked_create,
    .list = asked_list,
    .remove = asked_remove,
    .free = asked_free,
};

/* Ask for path in each of the five ways; how often a file system was asked. */
static int ask_all(struct fs *router, const char *path, struct asked *which, enum err *last, struct error *e)
{
    struct bytes out = {0};
    struct fs_info info;
    struct fs_file *f;
    int before = which->count;

    *last = fs_read_all(router, path, &out, e);
    assert_int_equal(out.len, 0); /* what a failed read left is taken away */
    bytes_fini(&out);
    assert_true(fs_stat(router, path, &info, e) != OK);
    assert_true(fs_create(router, path, &f, e) != OK);
    enum err listed = fs_list(router, path, NULL, NULL, e);
    enum err removed = fs_remove(router, path, e);
    assert_int_equal(listed, removed);
    return which->count - before;
}

static void test_router(UNUSED void **state)
{
    static const struct {
        const char *path;
        char to; /* l, s or - */
    } cases[] = {
        {"/a", 'l'},        {"a/b", 'l'},        {"file:a", 'l'},   {"file:/a", 'l'},   {"file:///a", 'l'},
        {"FILE:///a", 'l'}, {"a:b", 'l'},        {"./s3://x", 'l'}, {"s3://b/k", 's'},  {"s3a://b/k", 's'},
        {"S3N://b/k", 's'}, {"hdfs://n/a", '-'}, {"gs://b/k", '-'}, {"s33://b/k", '-'}, {"s3:b/k", 'l'},
    };
    struct asked local = {.base.ops = &asked_ops}, s3 = {.base.ops = &asked_ops};
    struct fs *router;
    struct error e;
    enum err rc;

    ASSERT_OK(fs_router_new(&local.base, &s3.base, &router, &e), &e);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct asked *which = cases[i].to == 's' ? &s3 : &local, *other = which == &s3 ? &local : &s3;
        int other_count = other->count, want = cases[i].to == '-' ? 0 : 5;

        assert_int_equal(ask_all(router, cases[i].path, which, &rc, &e), want);
        assert_int_equal(other->count, other_count);
        if (want == 0) {
            assert_int_equal(rc, ERR_UNSUPPORTED);
            assert_non_null(strstr(e.text, "no file system for scheme"));
        }
    }
    fs_free(router);
    assert_int_equal(local.count, -1);
    assert_int_equal(s3.count, -1);
}

static void test_router_without_s3(UNUSED void **state)
{
    struct asked local = {.base.ops = &asked_ops};
    struct fs *router;
    struct error e;
    bool exists;
    enum err rc;

    ASSERT_OK(fs_router_new(&local.base, NULL, &router, &e), &e);
    assert_int_equal(ask_all(router, "s3://b/k", &local, &rc, &e), 0);
    assert_int_equal(rc, ERR_CONFIG);
    assert_non_null(strstr(e.text, "s3.endpoint"));
    assert_false(fs_exists(router, "/denied", &exists, &e)); /* could not ask */
    fs_free(router);
    fs_free(NULL);
}

static void test_router_without_memory(UNUSED void **state)
{
    struct asked local = {.base.ops = &asked_ops};
    struct fs *router;
    struct error e;

    mem_fail_at(1, true);
    assert_int_equal(fs_router_new(&local.base, NULL, &router, &e), ERR_MEMORY);
    mem_fail_at(0, false);
    assert_int_equal(local.count, -1); /* taken, so freed */
}

TEST_MAIN(cmocka_unit_test(test_join), cmocka_unit_test(test_join_without_memory),
          cmocka_unit_test(test_router), cmocka_unit_test(test_router_without_s3),
          cmocka_unit_test(test_router_without_memory))
