/* catalog_hadoop_test.c: versions as files: finding the newest, one winner each, and what a crash leaves. */
#include "iceberg/catalog.h"
#include "iceberg/commit.h"
#include "iceberg/json_field.h"
#include "iceberg/manifest.h"
#include "iceberg/test_iceberg.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER "mem://warehouse/db/events/metadata/"

/* set-properties as a commit of its own. */
static enum err set_property(struct table *t, const char *key, const char *value, struct error *e)
{
    json_t *updates = json_pack("[{s:s, s:{s:s}}]", "action", "set-properties", "updates", key, value),
           *none = json_array();
    enum err rc = table_commit(t, none, updates, e);

    json_decref(updates);
    json_decref(none);
    return rc;
}

static void test_versions(UNUSED void **state)
{
    struct test_world w;
    struct arena arena = {0};
    struct table *t, *again;
    struct bytes hint = {0};
    struct error e;

    test_world_init(&w);
    t = test_table_new(&w, NULL, &arena);
    assert_string_equal(t->metadata_location, FOLDER "v1.metadata.json");
    assert_string_equal(t->metadata->location, "mem://warehouse/db/events");
    ASSERT_OK(set_property(t, "x", "1", &e), &e);
    assert_string_equal(t->metadata_location, FOLDER "v2.metadata.json");
    assert_string_equal(metadata_property(t->metadata, "x"), "1");
    ASSERT_OK(fs_read_all(&w.fs.base, FOLDER "version-hint.text", &hint, &e), &e);
    assert_true(slice_is(bytes_all(&hint), "2"));
    ASSERT_OK(catalog_load(w.catalog, "db", "events", &again, &e), &e);
    assert_string_equal(again->metadata_location, t->metadata_location);
    assert_true(json_equal(again->metadata->json, t->metadata->json));
    ASSERT_OK(set_property(t, "x", "2", &e), &e);
    assert_int_equal(set_property(again, "y", "1", &e), ERR_CONFLICT); /* based on version 2 */
    ASSERT_OK(table_refresh(again, &e), &e);
    ASSERT_OK(set_property(again, "y", "1", &e), &e);
    assert_string_equal(metadata_property(again->metadata, "x"), "2");
    bytes_fini(&hint);
    table_free(t);
    table_free(again);
    arena_fini(&arena);
    test_world_fini(&w);
}

static void test_exists(UNUSED void **state)
{
    static const struct type type = {.kind = TYPE_INT32};
    static const struct field fields[] = {{"a", &type, 1, NULL}};
    static const struct schema schema = {1, fields};
    struct table_spec spec = {.schema = &schema};
    struct test_world w;
    struct arena arena = {0};
    struct table *t, *other = NULL;
    struct error e;

    test_world_init(&w);
    t = test_table_new(&w, NULL, &arena);
    assert_int_equal(catalog_create(w.catalog, "db", "events", &spec, &other, &e), ERR_EXISTS);
    ASSERT_OK(catalog_create(w.catalog, "a.b", "t", &spec, &other, &e), &e);
    assert_string_equal(other->metadata->location, "mem://warehouse/a/b/t");
    table_free(t);
    table_free(other);
    arena_fini(&arena);
    test_world_fini(&w);
}

/* Whatever the hint says, the newest version is found. */
static void test_hints(UNUSED void **state)
{
    static const char *const hints[] = {"5",  "1",  "3\n", "9", "", "x", "-1", "99999999999999999999",
                                        "4 ", "5x", NULL};

    for (size_t i = 0; i < COUNT_OF(hints); i++) {
        struct test_world w;
        struct arena arena = {0};
        struct table *t, *again = NULL;
        struct error e;

        test_world_init(&w);
        t = test_table_new(&w, NULL, &arena);
        for (int k = 0; k < 4; k++)
            ASSERT_OK(set_property(t, "k", "v", &e), &e);
        test_fs_put(&w.fs, FOLDER "vx.metadata.json", SLICE("{}"));
        test_fs_put(&w.fs, FOLDER "v77.metadata.jsonx", SLICE("{}"));
        if (hints[i])
            test_fs_put(&w.fs, FOLDER "version-hint.text", slice_text(hints[i]));
        else
            ASSERT_OK(fs_remove(&w.fs.base, FOLDER "version-hint.text", &e), &e);
        if (catalog_load(w.catalog, "db", "events", &again, &e) != OK)
            fail_msg("hint `%s`: %s", hints[i] ? hints[i] : "none", e.text);
        assert_string_equal(again->metadata_location, FOLDER "v5.metadata.json");
        table_free(t);
        table_free(again);
        arena_fini(&arena);
        test_world_fini(&w);
    }
}

static void test_gzip(UNUSED void **state)
{
    static const char *const gzip[] = {"write.metadata.compression-codec", "gzip", NULL};
    struct test_world w;
    struct arena arena = {0};
    struct table *t, *again;
    struct error e;

    test_world_init(&w);
    t = test_table_new(&w, gzip, &arena);
    assert_string_equal(t->metadata_location, FOLDER "v1.gz.metadata.json");
    ASSERT_OK(set_property(t, "write.metadata.compression-codec", "none", &e), &e);
    assert_string_equal(t->metadata_location, FOLDER "v2.gz.metadata.json"); /* as version 1 says */
    ASSERT_OK(set_property(t, "x", "1", &e), &e);
    assert_string_equal(t->metadata_location, FOLDER "v3.metadata.json");
    ASSERT_OK(catalog_load(w.catalog, "db", "events", &again, &e), &e);
    assert_string_equal(again->metadata_location, FOLDER "v3.metadata.json");
    test_fs_put(&w.fs, FOLDER "v4.gz.metadata.json",
                SLICE("somebody's")); /* the number is taken under the other name */
    assert_int_equal(set_property(t, "x", "2", &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "v4.gz.metadata.json"));
    assert_int_equal(set_property(again, "x", "1", &e), ERR_CONFLICT);
    table_free(again);
    test_fs_put(&w.fs, FOLDER "v4.gz.metadata.json", SLICE("\x1f\x8b rubbish"));
    assert_int_equal(catalog_load(w.catalog, "db", "events", &again, &e), ERR_CORRUPT);
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&w);
}

static void test_bad_codec(UNUSED void **state)
{
    struct test_world w;
    struct arena arena = {0};
    struct table *t;
    struct error e;

    test_world_init(&w);
    t = test_table_new(&w, NULL, &arena);
    ASSERT_OK(set_property(t, "write.metadata.compression-codec", "lzma", &e), &e);
    assert_int_equal(set_property(t, "x", "1", &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "lzma"));
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&w);
}

static void test_old_versions_go(UNUSED void **state)
{
    static const char *const properties[] = {"write.metadata.previous-versions-max", "3",
                                             "write.metadata.delete-after-commit.enabled", "true", NULL};
    struct test_world w;
    struct arena arena = {0};
    struct table *t, *old;
    struct error e;

    test_world_init(&w);
    t = test_table_new(&w, properties, &arena);
    ASSERT_OK(catalog_load(w.catalog, "db", "events", &old, &e), &e);
    for (int i = 0; i < 9; i++)
        ASSERT_OK(set_property(t, "k", "v", &e), &e);
    assert_string_equal(t->metadata_location, FOLDER "v10.metadata.json");
    assert_int_equal(test_fs_count(&w.fs, ".metadata.json"), 4);
    /* Version 2 is free again, but a writer that still is at version 1 must not take it. */
    assert_int_equal(set_property(old, "x", "1", &e), ERR_CONFLICT);
    ASSERT_OK(table_refresh(old, &e), &e);
    assert_string_equal(old->metadata_location, FOLDER "v10.metadata.json");
    table_free(t);
    table_free(old);
    arena_fini(&arena);
    test_world_fini(&w);
}

/* --- others, between our look and our publish --- */

struct intruder {
    struct test_world *w;
    struct table *t;
    int commits; /* left to make */
};

static void intrude(void *arg, const char *path)
{
    struct intruder *i = arg;
    struct error e;
    int n = i->commits;

    if (strstr(path, ".metadata.json") == NULL || n == 0)
        return;
    i->commits = 0;
    while (n-- > 0)
        ASSERT_OK(set_property(i->t, "intruder", "v", &e), &e);
}

/* So many commits of others that ours takes a number that has been used and cleared away. */
static void test_overtaken(UNUSED void **state)
{
    static const char *const properties[] = {"write.metadata.previous-versions-max", "2",
                                             "write.metadata.delete-after-commit.enabled", "true", NULL};

    for (int commits = 1; commits < 12; commits++) {
        struct test_world w;
        struct arena arena = {0};
        struct table *t;
        struct intruder intruder = {&w, NULL, commits};
        struct error e;
        enum err rc;

        test_world_init(&w);
        t = test_table_new(&w, properties, &arena);
        ASSERT_OK(catalog_load(w.catalog, "db", "events", &intruder.t, &e), &e);
        w.fs.before_publish = intrude;
        w.fs.before_arg = &intruder;
        rc = set_property(t, "mine", "v", &e);
        assert_true(rc == ERR_CONFLICT || rc == ERR_UNKNOWN);
        ASSERT_OK(table_refresh(t, &e), &e);
        assert_string_equal(t->metadata_location, intruder.t->metadata_location);
        assert_null(metadata_property(t->metadata, "mine"));
        ASSERT_OK(set_property(t, "mine", "v", &e), &e);
        table_free(t);
        table_free(intruder.t);
        arena_fini(&arena);
        test_world_fini(&w);
    }
}

/* A publish that happens but says it failed is found out. */
static void test_lost_answers(UNUSED void **state)
{
    bool failed = true;

    for (int64_t n = 1; failed; n++) {
        struct test_world w;
        struct arena arena = {0};
        struct table *t;
        struct error e;
        enum err rc;
        char number[24];

        test_world_init(&w);
        t = test_table_new(&w, NULL, &arena);
        test_fs_fail(&w.fs, n, TEST_LOST);
        rc = set_property(t, "mine", "v", &e);
        failed = w.fs.calls >= w.fs.fail_at;
        test_fs_fail(&w.fs, 0, TEST_LOST);
        snprintf(number, sizeof number, "call %" PRId64, n);
        ASSERT_OK(table_refresh(t, &e), &e);
        if (rc == OK && metadata_property(t->metadata, "mine") == NULL)
            fail_msg("%s: said to be done, but it is not", number);
        if (rc != OK && rc != ERR_UNKNOWN && metadata_property(t->metadata, "mine"))
            fail_msg("%s: said to have failed (%s), but it is there", number, e.text);
        table_free(t);
        arena_fini(&arena);
        test_world_fini(&w);
    }
}

/* --- many writers --- */

#define WRITERS_MAX 3

static const char *const contended[] = {"commit.retry.num-retries",
                                        "1000000",
                                        "commit.retry.max-wait-ms",
                                        "1",
                                        "commit.retry.total-timeout-ms",
                                        "1000000000000",
                                        "write.metadata.previous-versions-max",
                                        "5",
                                        "write.metadata.delete-after-commit.enabled",
                                        "true",
                                        NULL};

struct writer {
    struct catalog *catalog;
    int number, commits;
    pthread_t thread;
};

/* NULL, or what went wrong (owned by the caller). */
static void *write_commits(void *arg)
{
    struct writer *writer = arg;
    struct table *t;
    struct error e;
    char name[32], path[64];

    snprintf(name, sizeof name, "writer-%d", writer->number);
    if (catalog_load(writer->catalog, "db", "events", &t, &e) != OK)
        return mem_strdup(e.text);
    for (int i = 1; i <= writer->commits; i++) {
        struct data_file file = test_data_file(path, 1);
        struct change change = {.pipeline = name, .checkpoint_id = i, .file_count = 1, .files = &file};
        struct commit_result result;

        snprintf(path, sizeof path, "mem://data/%s-%d.parquet", name, i);
        if (commit_change(t, &change, &result, &e) != OK || result.was_there) {
            table_free(t);
            return mem_strdup(e.text);
        }
    }
    table_free(t);
    return NULL;
}

/* Each of so many writers commits so often; all of it must be there, once. */
static void run_writers(struct table *t, struct arena *arena, int count, int commits)
{
    struct writer writers[WRITERS_MAX];
    struct map seen = {0};
    struct data_file *files;
    int32_t n;
    struct error e;
    void *failure;

    for (int i = 0; i < count; i++) {
        writers[i] = (struct writer){t->catalog, i, commits, 0};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_commits, &writers[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(writers[i].thread, &failure);
        if (failure)
            fail_msg("writer %d: %s", i, (char *)failure);
    }
    ASSERT_OK(table_refresh(t, &e), &e);
    assert_int_equal(t->metadata->snapshot_count, count * commits);
    assert_int_equal(t->metadata->last_sequence_number, count * commits);
    ASSERT_OK(manifest_live_files(t->fs, t->metadata,
                                  metadata_snapshot(t->metadata, t->metadata->current_snapshot_id), arena,
                                  &files, &n, &e),
              &e);
    assert_int_equal(n, count * commits);
    for (int32_t i = 0; i < n; i++) {
        assert_null(map_get(&seen, slice_text(files[i].path)));
        assert_true(map_put(&seen, slice_text(files[i].path), &seen));
    }
    map_fini(&seen);
}

static void test_many_writers(UNUSED void **state)
{
    struct test_world w;
    struct arena arena = {0};
    struct table *t;

    test_world_init(&w);
    t = test_table_new(&w, contended, &arena);
    run_writers(t, &arena, 3, 50);
    assert_int_equal(test_fs_count(&w.fs, ".metadata.json"), 6);
    assert_int_equal(test_fs_count(&w.fs, "/snap-"), 150); /* the lists of lost attempts are gone */
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&w);
}

struct names {
    struct arena arena;
    const char *list[1000];
    size_t count;
};

static bool keep_name(void *arg, const struct fs_info *info)
{
    struct names *n = arg;

    n->list[n->count++] = arena_strdup(&n->arena, info->path);
    return n->count < COUNT_OF(n->list);
}

/* The same on a disk, where the publish is a link(2). */
static void test_writers_on_a_disk(UNUSED void **state)
{
    char folder[] = "/tmp/weir-hadoop-XXXXXX";
    struct test_world w;
    struct arena arena = {0};
    struct names names = {0};
    struct fs *local;
    struct table *t;
    struct error e;

    assert_non_null(mkdtemp(folder));
    ASSERT_OK(fs_local_new(&local, &e), &e);
    test_world_init(&w);
    catalog_free(w.catalog);
    assert_true(map_put(&w.options, SLICE("warehouse"), folder));
    ASSERT_OK(catalog_open(&(struct catalog_config){.name = "disk",
                                                    .options = &w.options,
                                                    .fs = local,
                                                    .clock = &w.clock.base,
                                                    .sleep_ms = test_sleep,
                                                    .sleep_arg = &w.clock},
                           &w.catalog, &e),
              &e);
    t = test_table_new(&w, contended, &arena);
    run_writers(t, &arena, 2, 50);
    ASSERT_OK(fs_list(local, folder, keep_name, &names, &e), &e);
    assert_in_range(names.count, 100 + 6 + 1, 500);
    for (size_t i = 0; i < names.count; i++)
        ASSERT_OK(fs_remove(local, names.list[i], &e), &e);
    table_free(t);
    test_world_fini(&w);
    fs_free(local);
    arena_fini(&arena);
    arena_fini(&names.arena);
    assert_true(rmdir(folder) == 0 || errno == ENOENT);
}

TEST_MAIN(cmocka_unit_test(test_versions), cmocka_unit_test(test_exists), cmocka_unit_test(test_hints),
          cmocka_unit_test(test_gzip), cmocka_unit_test(test_bad_codec),
          cmocka_unit_test(test_old_versions_go), cmocka_unit_test(test_overtaken),
          cmocka_unit_test(test_lost_answers), cmocka_unit_test(test_many_writers),
          cmocka_unit_test(test_writers_on_a_disk))
