/* test_iceberg.h: what the tests of tables need: a file system in memory that can fail or die at a given
 * call, a clock by hand, a catalog on both, and files to commit.
 */
#ifndef WEIR_ICEBERG_TEST_ICEBERG_H
#define WEIR_ICEBERG_TEST_ICEBERG_H
#include "base/map.h"
#include "base/mem.h"
#include "base/test.h"
#include "iceberg/catalog.h"
#include "io/fs.h"
#include <pthread.h>
#include <stdio.h>

/* --- files in memory --- */

enum test_failure {
    TEST_FAIL,        /* the call fails and has done nothing */
    TEST_LOST,        /* the call does its work, but says that it failed */
    TEST_CRASH,       /* the call does nothing, and neither does any after it: the process is gone */
    TEST_CRASH_AFTER, /* the same, but this call has done its work */
};

struct test_fs {
    struct fs base;
    pthread_mutex_t lock;
    struct map files; /* path to struct bytes * */
    int64_t calls;    /* so far */
    int64_t fail_at;  /* 0: never */
    enum test_failure failure;
    bool dead;
    void (*before_publish)(void *arg, const char *path); /* may change files by test_fs_put */
    void *before_arg;
};

struct test_file {
    struct fs_file base;
    char *path;
    struct bytes data;
};

/* What is to happen to this call; true: do the work. *rc is what to say. */
static bool test_fs_call(struct test_fs *t, enum err *rc, struct error *e)
{
    bool hit = ++t->calls == t->fail_at, work = true;

    *rc = OK;
    if (t->dead) {
        work = false;
        hit = true;
    } else if (hit) {
        work = t->failure == TEST_LOST || t->failure == TEST_CRASH_AFTER;
        t->dead = t->failure == TEST_CRASH || t->failure == TEST_CRASH_AFTER;
    }
    if (hit)
        *rc = error_set(e, ERR_IO, "injected failure at call %" PRId64, t->calls);
    return work;
}

static struct test_fs *test_fs_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct test_fs, base);
}

static void test_fs_lock(struct test_fs *t)
{
    pthread_mutex_lock(&t->lock);
}

static void test_fs_unlock(struct test_fs *t)
{
    pthread_mutex_unlock(&t->lock);
}

static struct bytes *test_fs_find(struct test_fs *t, const char *path)
{
    return map_get(&t->files, slice_text(path));
}

static enum err test_fs_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                             struct error *e)
{
    struct test_fs *t = test_fs_of(fs);
    struct bytes *file;
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e)) {
        if ((file = test_fs_find(t, path)) == NULL)
            rc = rc ? rc : error_set(e, ERR_NOT_FOUND, "%s: no such file", path);
        else if (rc == OK)
            bytes_append(out, file->ptr + offset, len < 0 ? file->len - (size_t)offset : (size_t)len);
        if (out->failed)
            rc = error_memory(e, 0, "a read");
    }
    test_fs_unlock(t);
    return rc;
}

static enum err test_fs_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    struct test_fs *t = test_fs_of(fs);
    struct bytes *file;
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e) && rc == OK) {
        if ((file = test_fs_find(t, path)) == NULL)
            rc = error_set(e, ERR_NOT_FOUND, "%s: no such file", path);
        else
            out->size = (int64_t)file->len;
    }
    test_fs_unlock(t);
    return rc;
}

static enum err test_fs_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    struct test_fs *t = test_fs_of(fs);
    struct test_file *f = NULL;
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e) && rc == OK) {
        if ((f = mem_zalloc(sizeof *f)) == NULL || (f->path = mem_strdup(path)) == NULL) {
            mem_free(f);
            f = NULL;
            rc = error_memory(e, 0, "a file");
        } else {
            f->base.fs = fs;
        }
    }
    test_fs_unlock(t);
    if (rc == OK)
        *out = &f->base;
    return rc;
}

static enum err test_fs_write(struct fs_file *base, struct slice data, struct error *e)
{
    struct test_file *f = CONTAINER_OF(base, struct test_file, base);
    struct test_fs *t = test_fs_of(base->fs);
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e))
        bytes_slice(&f->data, data);
    if (f->data.failed)
        rc = error_memory(e, 0, "a write");
    test_fs_unlock(t);
    return rc;
}

static void test_fs_abandon(struct fs_file *base)
{
    struct test_file *f = CONTAINER_OF(base, struct test_file, base);

    bytes_fini(&f->data);
    mem_free(f->path);
    mem_free(f);
}

/* Put body there, without the call being counted; false when there is no memory. */
static bool test_fs_try_put(struct test_fs *t, const char *path, struct slice body)
{
    struct bytes *file = test_fs_find(t, path), fresh = {0};

    bytes_slice(&fresh, body);
    if (!fresh.failed && file == NULL && (file = mem_zalloc(sizeof *file)) != NULL &&
        !map_put(&t->files, slice_text(path), file)) {
        mem_free(file);
        file = NULL;
    }
    if (fresh.failed || file == NULL) {
        bytes_fini(&fresh);
        return false;
    }
    bytes_fini(file);
    *file = fresh;
    return true;
}

static UNUSED void test_fs_put(struct test_fs *t, const char *path, struct slice body)
{
    assert_true(test_fs_try_put(t, path, body));
}

static enum err test_fs_publish(struct fs_file *base, enum fs_publish how, struct error *e)
{
    struct test_file *f = CONTAINER_OF(base, struct test_file, base);
    struct test_fs *t = test_fs_of(base->fs);
    enum err rc;

    if (t->before_publish)
        t->before_publish(t->before_arg, f->path);
    test_fs_lock(t);
    if (test_fs_call(t, &rc, e)) {
        if (how == FS_IF_ABSENT && test_fs_find(t, f->path))
            rc = error_set(e, ERR_EXISTS, "%s is there already", f->path);
        else if (!test_fs_try_put(t, f->path, bytes_all(&f->data)))
            rc = error_memory(e, 0, "a file");
    }
    test_fs_unlock(t);
    if (rc == OK)
        test_fs_abandon(base);
    return rc;
}

static enum err test_fs_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct test_fs *t = test_fs_of(fs);
    struct map_entry *entry;
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e))
        for (size_t at = 0; (entry = map_next(&t->files, &at)) != NULL;) {
            struct fs_info info = {.path = entry->key.ptr};

            if (slice_starts(entry->key, slice_text(prefix)) && !visit(arg, &info))
                break;
        }
    test_fs_unlock(t);
    return rc;
}

static enum err test_fs_remove(struct fs *fs, const char *path, struct error *e)
{
    struct test_fs *t = test_fs_of(fs);
    struct bytes *file;
    enum err rc;

    test_fs_lock(t);
    if (test_fs_call(t, &rc, e) && (file = map_remove(&t->files, slice_text(path))) != NULL) {
        bytes_fini(file);
        mem_free(file);
    }
    test_fs_unlock(t);
    return rc;
}

static UNUSED void test_fs_init(struct test_fs *t)
{
    static const struct fs_ops ops = {
        .name = "memory",
        .read = test_fs_read,
        .stat = test_fs_stat,
        .create = test_fs_create,
        .write = test_fs_write,
        .publish = test_fs_publish,
        .abandon = test_fs_abandon,
        .list = test_fs_list,
        .remove = test_fs_remove,
    };

    *t = (struct test_fs){.base.ops = &ops};
    pthread_mutex_init(&t->lock, NULL);
}

static UNUSED void test_fs_fini(struct test_fs *t)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&t->files, &at)) != NULL;) {
        bytes_fini(entry->value);
        mem_free(entry->value);
    }
    map_fini(&t->files);
    pthread_mutex_destroy(&t->lock);
}

/* From the next call on, the nth does this; 0: none. */
static UNUSED void test_fs_fail(struct test_fs *t, int64_t nth, enum test_failure failure)
{
    t->fail_at = nth ? t->calls + nth : 0;
    t->failure = failure;
    t->dead = false;
}

/* How many files have this in their path. */
static UNUSED int test_fs_count(struct test_fs *t, const char *part)
{
    struct map_entry *entry;
    int count = 0;

    for (size_t at = 0; (entry = map_next(&t->files, &at)) != NULL;)
        count += strstr(entry->key.ptr, part) != NULL;
    return count;
}

/* --- a catalog on them --- */

struct test_clock {
    struct clock base;
    _Atomic int64_t now_us;
};

static int64_t test_clock_now(struct clock *c)
{
    struct test_clock *t = CONTAINER_OF(c, struct test_clock, base);

    return t->now_us += 1000; /* time goes on when one looks */
}

static UNUSED void test_sleep(void *arg, int64_t ms)
{
    struct test_clock *t = arg;

    t->now_us += ms * 1000;
}

struct test_world {
    struct test_fs fs;
    struct test_clock clock;
    struct map options;
    struct catalog *catalog;
};

static UNUSED void test_world_open(struct test_world *w, uint64_t seed)
{
    struct catalog_config config = {.name = "test",
                                    .options = &w->options,
                                    .fs = &w->fs.base,
                                    .clock = &w->clock.base,
                                    .seed = seed,
                                    .sleep_ms = test_sleep,
                                    .sleep_arg = &w->clock};
    struct error e;

    ASSERT_OK(catalog_open(&config, &w->catalog, &e), &e);
}

static UNUSED void test_world_init(struct test_world *w)
{
    static char hadoop[] = "hadoop", warehouse[] = "mem://warehouse";

    *w = (struct test_world){
        .clock = {.base = {test_clock_now, test_clock_now}, .now_us = INT64_C(1700000000000000)}};
    test_fs_init(&w->fs);
    assert_true(map_put(&w->options, SLICE("catalog-type"), hadoop));
    assert_true(map_put(&w->options, SLICE("warehouse"), warehouse));
    test_world_open(w, 1);
}

static UNUSED void test_world_fini(struct test_world *w)
{
    catalog_free(w->catalog);
    map_fini(&w->options);
    test_fs_fini(&w->fs);
}

/* A table `db.events`, partitioned by days(ts) and data_type, with these properties (may be NULL). */
static UNUSED struct table *test_table_new(struct test_world *w, const char *const *properties,
                                           struct arena *arena)
{
    static const char columns[] = "id BIGINT NOT NULL, ts TIMESTAMP(6), data_type STRING, value DOUBLE";
    const struct schema *plain, *schema;
    struct table_spec spec = {.properties = properties};
    struct table *t;
    struct error e;
    int32_t last;

    ASSERT_OK(schema_parse(arena, slice_text(columns), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(arena, plain, &schema, &last, &e), &e);
    spec.schema = schema;
    ASSERT_OK(partition_spec_parse(arena, SLICE("days(ts), data_type"), schema, &spec.partition, &e), &e);
    ASSERT_OK(catalog_create(w->catalog, "db", "events", &spec, &t, &e), &e);
    return t;
}

/* A data file of that table: rows records of day 20000 and data type `steps`. path is borrowed. */
static UNUSED struct data_file test_data_file(const char *path, int64_t rows)
{
    static const struct partition_value partition[] = {{false, {"\x20\x4e\0\0", 4}}, {false, {"steps", 5}}};
    static const struct file_column columns[] = {
        {1, 100, 10, 0, -1, true, {"\1\0\0\0\0\0\0\0", 8}, {"\x0a\0\0\0\0\0\0\0", 8}},
        {4, 80, 10, 2, 0, false, {NULL, 0}, {NULL, 0}},
    };
    static const int64_t splits[] = {4};

    return (struct data_file){.path = path,
                              .partition_count = 2,
                              .partition = partition,
                              .record_count = rows,
                              .size_bytes = rows * 10,
                              .column_count = 2,
                              .columns = columns,
                              .split_count = 1,
                              .splits = splits};
}
#endif
