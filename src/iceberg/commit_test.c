/* commit_test.c: commits exactly once: whichever call fails, whenever the process dies, however often it is
 * repeated. */
#include "iceberg/commit.h"
#include "iceberg/json_field.h"
#include "iceberg/manifest.h"
#include "iceberg/test_iceberg.h"
#include <stdlib.h>

#define PIPELINE "health/events"

static struct test_world world;
static struct arena arena;
static struct table *t;

static void setup_with(const char *const *properties)
{
    test_world_init(&world);
    t = test_table_new(&world, properties, &arena);
}

static int setup(UNUSED void **state)
{
    setup_with(NULL);
    return 0;
}

static int teardown(UNUSED void **state)
{
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&world);
    return 0;
}

/* One data file `name-checkpoint` for the pipeline. */
static enum err commit_one(struct table *table, const char *pipeline, int64_t checkpoint,
                           struct commit_result *result, struct error *e)
{
    char path[100];
    struct data_file file = test_data_file(path, 10);
    struct change change = {
        .pipeline = pipeline, .checkpoint_id = checkpoint, .file_count = 1, .files = &file};

    snprintf(path, sizeof path, "mem://data/%s-%" PRId64 ".parquet", pipeline, checkpoint);
    return commit_change(table, &change, result, e);
}

static void commit_ok(const char *pipeline, int64_t checkpoint)
{
    struct commit_result result;
    struct error e;

    ASSERT_OK(commit_one(t, pipeline, checkpoint, &result, &e), &e);
    assert_false(result.was_there);
}

static const struct snapshot *head(void)
{
    return metadata_snapshot(t->metadata, t->metadata->current_snapshot_id);
}

static int32_t live_files(struct data_file **files)
{
    struct data_file *own;
    int32_t count = 0;
    struct error e;

    if (t->metadata->current_snapshot_id)
        ASSERT_OK(manifest_live_files(t->fs, t->metadata, head(), &arena, files ? files : &own, &count, &e),
                  &e);
    return count;
}

static const char *summary(const char *key)
{
    return json_field_get(head()->summary, key);
}

/* Every Avro file that is there belongs to a snapshot. */
static void expect_no_orphans(void)
{
    int needed = 0;

    for (int32_t i = 0; i < t->metadata->snapshot_count; i++) {
        struct manifest *list;
        int32_t count;
        struct error e;

        ASSERT_OK(
            manifest_list_read(t->fs, t->metadata->snapshots[i].manifest_list, &arena, &list, &count, &e),
            &e);
        needed++;
        for (int32_t k = 0; k < count; k++)
            needed += list[k].added_snapshot_id == t->metadata->snapshots[i].id;
    }
    assert_int_equal(test_fs_count(&world.fs, ".avro"), needed);
}

/* --- what a commit is --- */

static void test_snapshot(UNUSED void **state)
{
    static const char *const extra[] = {"weir.offsets", "{\"t-0\":5}", "operation", "hidden?", NULL};
    static const struct {
        const char *key, *want;
    } wanted[] = {
        {"operation", "overwrite"},       {"added-data-files", "2"},
        {"added-records", "30"},          {"added-files-size", "370"},
        {"added-delete-files", "2"},      {"added-position-delete-files", "1"},
        {"added-position-deletes", "4"},  {"added-equality-delete-files", "1"},
        {"added-equality-deletes", "3"},  {"changed-partition-count", "2"},
        {"total-records", "40"},          {"total-files-size", "470"},
        {"total-data-files", "3"},        {"total-delete-files", "2"},
        {"total-position-deletes", "4"},  {"total-equality-deletes", "3"},
        {"weir.pipeline", PIPELINE},      {"weir.checkpoint-id", "2"},
        {"weir.offsets", "{\"t-0\":5}"},  {"engine-name", "weir"},
        {"engine-version", WEIR_VERSION}, {"manifests-created", "2"},
        {"manifests-kept", "1"},          {"manifests-replaced", "0"},
    };
    static const struct partition_value other[] = {{true, {NULL, 0}}, {true, {NULL, 0}}};
    static const int32_t ids[] = {1};
    struct data_file files[4] = {test_data_file("mem://a", 10), test_data_file("mem://b", 20),
                                 test_data_file("mem://p", 4), test_data_file("mem://e", 3)},
                     *live;
    struct change change = {PIPELINE, 2, extra, 4, files};
    struct commit_result result;
    struct manifest *manifests;
    int32_t count;
    int64_t first;
    struct error e;

    files[1].partition = other;
    files[2].content = FILE_POSITION_DELETES;
    files[2].references = "mem://a";
    files[3].content = FILE_EQUALITY_DELETES;
    files[3].equality_ids = ids;
    files[3].equality_count = 1;
    commit_ok(PIPELINE, 1);
    first = head()->id;
    assert_string_equal(summary("operation"), "append");
    assert_string_equal(summary("total-records"), "10");
    assert_null(summary("added-delete-files"));
    ASSERT_OK(commit_change(t, &change, &result, &e), &e);
    assert_true(result.snapshot_id == head()->id && result.attempts == 1 && !result.was_there);
    assert_true(head()->parent_id == first && head()->sequence_number == 2 &&
                t->metadata->last_sequence_number == 2);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (summary(wanted[i].key) == NULL || strcmp(summary(wanted[i].key), wanted[i].want) != 0)
            fail_msg("%s is %s", wanted[i].key, summary(wanted[i].key));
    ASSERT_OK(manifest_list_read(t->fs, head()->manifest_list, &arena, &manifests, &count, &e), &e);
    assert_int_equal(count, 3);
    assert_true(!manifests[0].deletes && !manifests[1].deletes && manifests[2].deletes);
    assert_true(manifests[0].sequence_number == 2 && manifests[1].sequence_number == 1);
    assert_int_equal(live_files(&live), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(live[i].sequence_number, strstr(live[i].path, PIPELINE) ? 1 : 2);
        if (live[i].content == FILE_POSITION_DELETES)
            assert_string_equal(live[i].references, "mem://a");
    }
    expect_no_orphans();
}

static void test_nothing_makes_no_snapshot(UNUSED void **state)
{
    struct change change = {.pipeline = PIPELINE, .checkpoint_id = 1};
    struct commit_result result;
    struct error e;

    ASSERT_OK(commit_change(t, &change, &result, &e), &e);
    assert_true(result.snapshot_id == 0 && !result.was_there && t->metadata->snapshot_count == 0);
}

static void test_repeats_are_recognised(UNUSED void **state)
{
    struct commit_result result;
    struct error e;
    int64_t first, last;

    commit_ok(PIPELINE, 1);
    first = head()->id;
    commit_ok("other", 1); /* another pipeline's numbers are its own */
    commit_ok(PIPELINE, 3);
    ASSERT_OK(commit_one(t, PIPELINE, 1, &result, &e), &e);
    assert_true(result.was_there && result.snapshot_id == first && result.attempts == 0);
    assert_int_equal(commit_one(t, PIPELINE, 2, &result, &e), ERR_CONFLICT); /* 3 is there, 2 never was */
    assert_non_null(strstr(e.text, "has committed checkpoint 3"));
    assert_int_equal(live_files(NULL), 3);
    ASSERT_OK(commit_last(t, PIPELINE, &last, &e), &e);
    assert_int_equal(last, 3);
    ASSERT_OK(commit_last(t, "nobody", &last, &e), &e);
    assert_int_equal(last, 0);
    expect_no_orphans();
}

static enum err change_table(const char *updates, struct error *e)
{
    json_t *u, *none = json_array();
    enum err rc;

    ASSERT_OK(json_field_parse(slice_text(updates), &u, e), e);
    rc = table_commit(t, none, u, e);
    json_decref(u);
    json_decref(none);
    return rc;
}

static void test_expired_history(UNUSED void **state)
{
    struct commit_result result;
    struct error e;
    char update[100];

    commit_ok(PIPELINE, 1);
    commit_ok(PIPELINE, 2);
    snprintf(update, sizeof update, "[{\"action\":\"remove-snapshots\",\"snapshot-ids\":[%" PRId64 "]}]",
             head()->parent_id);
    ASSERT_OK(change_table(update, &e), &e);
    ASSERT_OK(commit_one(t, PIPELINE, 1, &result, &e), &e); /* 2 is there, so 1 was */
    assert_true(result.was_there && result.snapshot_id == 0);
    assert_int_equal(live_files(NULL), 2);
}

static void test_stale_tables_catch_up(UNUSED void **state)
{
    struct table *stale;
    struct commit_result result;
    struct error e;

    ASSERT_OK(catalog_load(world.catalog, "db", "events", &stale, &e), &e);
    commit_ok(PIPELINE, 1);
    commit_ok("other", 1);
    ASSERT_OK(commit_one(stale, PIPELINE, 2, &result, &e), &e);
    assert_int_equal(result.attempts, 2);
    ASSERT_OK(commit_one(t, PIPELINE, 2, &result, &e), &e);
    assert_true(result.was_there);
    assert_int_equal(live_files(NULL), 3);
    table_free(stale);
    expect_no_orphans();
}

static void test_version_1_is_refused(UNUSED void **state)
{
    struct bytes text = {0};
    struct commit_result result;
    char *at;
    struct error e;

    ASSERT_OK(metadata_encode(t->metadata->json, false, &text, &e), &e);
    at = strstr(bytes_cstr(&text) ? text.ptr : "", "\"format-version\":2");
    at[strlen("\"format-version\":")] = '1';
    test_fs_put(&world.fs, "mem://warehouse/db/events/metadata/v2.metadata.json", bytes_all(&text));
    ASSERT_OK(table_refresh(t, &e), &e);
    assert_int_equal(commit_one(t, PIPELINE, 1, &result, &e), ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "format version 1"));
    bytes_fini(&text);
}

static void test_unknown_spec_is_refused(UNUSED void **state)
{
    struct data_file file = test_data_file("mem://a", 1);
    struct change change = {PIPELINE, 1, NULL, 1, &file};
    struct commit_result result;
    struct error e;

    file.spec_id = 4;
    assert_int_equal(commit_change(t, &change, &result, &e), ERR_CORRUPT);
    assert_int_equal(test_fs_count(&world.fs, ".avro"), 0);
}

/* --- merging --- */

static void test_small_manifests_are_merged(UNUSED void **state)
{
    static const char *const properties[] = {"commit.manifest.min-count-to-merge", "4", NULL};
    struct manifest *manifests;
    struct data_file *files;
    int32_t count, most = 0;
    struct error e;

    setup_with(properties);
    for (int i = 1; i <= 20; i++) {
        commit_ok(PIPELINE, i);
        ASSERT_OK(manifest_list_read(t->fs, head()->manifest_list, &arena, &manifests, &count, &e), &e);
        most = MAX(most, count);
        assert_int_equal(live_files(&files), i);
        for (int32_t k = 0; k < i; k++) { /* each keeps its own sequence number */
            int64_t checkpoint = strtoll(strrchr(files[k].path, '-') + 1, NULL, 10);

            assert_true(files[k].sequence_number == checkpoint &&
                        files[k].file_sequence_number == checkpoint);
            assert_true(files[k].snapshot_id == t->metadata->snapshots[checkpoint - 1].id);
        }
    }
    assert_int_equal(most, 3);
    expect_no_orphans();
    teardown(NULL);
}

static void test_merging_can_be_off(UNUSED void **state)
{
    static const char *const properties[] = {"commit.manifest.min-count-to-merge", "2",
                                             "commit.manifest-merge.enabled", "false", NULL};
    struct manifest *manifests;
    int32_t count;
    struct error e;

    setup_with(properties);
    for (int i = 1; i <= 6; i++)
        commit_ok(PIPELINE, i);
    ASSERT_OK(manifest_list_read(t->fs, head()->manifest_list, &arena, &manifests, &count, &e), &e);
    assert_int_equal(count, 6);
    teardown(NULL);
}

static void test_large_changes_make_several_manifests(UNUSED void **state)
{
    static const char *const properties[] = {"commit.manifest.target-size-bytes", "2000", NULL};
    struct data_file files[100];
    struct change change = {PIPELINE, 1, NULL, COUNT_OF(files), files};
    struct commit_result result;
    struct manifest *manifests;
    int32_t count;
    struct error e;

    setup_with(properties);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        files[i] = test_data_file(arena_printf(&arena, "mem://f%zu", i), 1);
    ASSERT_OK(commit_change(t, &change, &result, &e), &e);
    ASSERT_OK(manifest_list_read(t->fs, head()->manifest_list, &arena, &manifests, &count, &e), &e);
    assert_true(count > 3);
    assert_int_equal(live_files(NULL), COUNT_OF(files));
    teardown(NULL);
}

/* --- failures --- */

/* Checkpoints 1 and 2 are there, 3 is committed while call n goes wrong; then the process starts anew and
 * repeats it. */
static bool fail_at(int64_t n, enum test_failure failure, const char *const *properties)
{
    struct commit_result result;
    struct data_file *files;
    struct error e = {0};
    enum err rc;
    bool hit;
    int64_t last;

    setup_with(properties);
    commit_ok(PIPELINE, 1);
    commit_ok(PIPELINE, 2);
    test_fs_fail(&world.fs, n, failure);
    rc = commit_one(t, PIPELINE, 3, &result, &e);
    hit = world.fs.calls >= world.fs.fail_at;
    if (!hit)
        ASSERT_OK(rc, &e);
    test_fs_fail(&world.fs, 0, failure);
    table_free(t);
    catalog_free(world.catalog);
    test_world_open(&world, 1000 + (uint64_t)n);
    ASSERT_OK(catalog_load(world.catalog, "db", "events", &t, &e), &e);
    ASSERT_OK(commit_last(t, PIPELINE, &last, &e), &e);
    if (rc == OK && last != 3)
        fail_msg("call %" PRId64 ": said to be committed, but it is not", n);
    ASSERT_OK(commit_one(t, PIPELINE, 3, &result, &e), &e);
    assert_int_equal(result.was_there, last == 3);
    commit_ok(PIPELINE, 4);
    if (live_files(&files) != 4)
        fail_msg("call %" PRId64 ": %" PRId32 " files", n, live_files(NULL));
    for (int i = 1; i <= 4; i++) {
        char path[64];
        int found = 0;

        snprintf(path, sizeof path, "mem://data/" PIPELINE "-%d.parquet", i);
        for (int k = 0; k < 4; k++)
            found += strcmp(files[k].path, path) == 0;
        assert_int_equal(found, 1);
    }
    teardown(NULL);
    return hit;
}

static void test_every_call_may_fail(UNUSED void **state)
{
    static const char *const merging[] = {"commit.manifest.min-count-to-merge",
                                          "3",
                                          "write.metadata.previous-versions-max",
                                          "1",
                                          "write.metadata.delete-after-commit.enabled",
                                          "true",
                                          "write.metadata.compression-codec",
                                          "gzip",
                                          NULL};
    static const enum test_failure failures[] = {TEST_FAIL, TEST_LOST, TEST_CRASH, TEST_CRASH_AFTER};
    int64_t calls = 0;

    for (size_t i = 0; i < COUNT_OF(failures); i++)
        for (int plain = 0; plain < 2; plain++)
            for (int64_t n = 1; fail_at(n, failures[i], plain ? NULL : merging); n++)
                calls = n;
    assert_true(calls > 15);
}

/* A catalog that does what it is told, but says that it does not know. */
static enum err lying_commit(struct catalog *c, struct table *table, json_t *requirements, json_t *updates,
                             struct error *e);

static struct catalog_ops lying_ops;
static const struct catalog_ops *true_ops;
static int lies, refusals;

static enum err lying_commit(struct catalog *c, struct table *table, json_t *requirements, json_t *updates,
                             struct error *e)
{
    struct table *other;
    enum err rc;

    if (refusals > 0) {
        refusals--;
        return error_set(e, ERR_UNKNOWN, "no answer, and not done");
    }
    if (lies-- <= 0)
        return true_ops->commit(c, table, requirements, updates, e);
    ASSERT_OK(catalog_load(c, table->name_space, table->name, &other, e), e);
    rc = true_ops->commit(c, other, requirements, updates, e);
    table_free(other);
    return rc == OK ? error_set(e, ERR_UNKNOWN, "no answer, but done") : rc;
}

static void lie(int lie_count, int refusal_count)
{
    if (world.catalog->ops != &lying_ops)
        true_ops = world.catalog->ops;
    lying_ops = *true_ops;
    lying_ops.commit = lying_commit;
    world.catalog->ops = &lying_ops;
    lies = lie_count;
    refusals = refusal_count;
}

static void test_unknown_outcomes(UNUSED void **state)
{
    struct commit_result result;
    struct error e;

    commit_ok(PIPELINE, 1);
    lie(1, 0);
    ASSERT_OK(commit_one(t, PIPELINE, 2, &result, &e), &e);
    assert_true(!result.was_there && result.attempts == 1 && result.snapshot_id == head()->id);
    lie(0, 2);
    ASSERT_OK(commit_one(t, PIPELINE, 3, &result, &e), &e);
    assert_true(!result.was_there && result.attempts == 3);
    world.catalog->ops = true_ops;
    lie(0, 1000);
    assert_int_equal(commit_one(t, PIPELINE, 4, &result, &e), ERR_UNKNOWN);
    assert_int_equal(result.attempts, 5);
    world.catalog->ops = true_ops;
    assert_int_equal(live_files(NULL), 3);
    ASSERT_OK(commit_one(t, PIPELINE, 4, &result, &e), &e);
    assert_int_equal(live_files(NULL), 4);
}

static enum err never_commit(UNUSED struct catalog *c, UNUSED struct table *table,
                             UNUSED json_t *requirements, UNUSED json_t *updates, struct error *e)
{
    return error_set(e, ERR_CONFLICT, "somebody was first");
}

static void test_retries_run_out(UNUSED void **state)
{
    static const char *const properties[] = {"commit.retry.num-retries",
                                             "3",
                                             "commit.retry.min-wait-ms",
                                             "1000",
                                             "commit.retry.max-wait-ms",
                                             "3000",
                                             NULL};
    struct commit_result result;
    struct error e;
    int64_t begin;

    setup_with(properties);
    commit_ok("the winner", 7);
    true_ops = world.catalog->ops;
    lying_ops = *true_ops;
    lying_ops.commit = never_commit;
    world.catalog->ops = &lying_ops;
    begin = world.clock.now_us;
    assert_int_equal(commit_one(t, PIPELINE, 1, &result, &e), ERR_CONFLICT);
    assert_int_equal(result.attempts, 4);
    assert_non_null(strstr(e.text, "4 attempts"));
    assert_non_null(strstr(e.text, "weir pipeline the winner at checkpoint 7"));
    assert_true(world.clock.now_us - begin >=
                500000 + 1000000 + 1500000); /* at least half of 1, 2 and 3 seconds */
    assert_true(world.clock.now_us - begin < 7000000);
    world.catalog->ops = true_ops;
    expect_no_orphans();
    teardown(NULL);
}

static void test_no_memory(UNUSED void **state)
{
    struct commit_result result;
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t n = 1; rc != OK; n++) {
        setup_with(NULL);
        commit_ok(PIPELINE, 1);
        mem_fail_at(n, false);
        rc = commit_one(t, PIPELINE, 2, &result, &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY && rc != ERR_UNKNOWN)
            fail_msg("allocation %" PRIu64 ": %s", n, e.text);
        ASSERT_OK(table_refresh(t, &e), &e);
        ASSERT_OK(commit_one(t, PIPELINE, 2, &result, &e), &e);
        assert_int_equal(live_files(NULL), 2);
        teardown(NULL);
    }
}

/* --- going back --- */

static void test_rewind(UNUSED void **state)
{
    struct commit_result result;
    int32_t undone;
    int64_t second;
    struct error e;

    commit_ok(PIPELINE, 1);
    commit_ok(PIPELINE, 2);
    second = head()->id;
    commit_ok(PIPELINE, 3);
    commit_ok(PIPELINE, 5);
    ASSERT_OK(commit_rewind(t, PIPELINE, 5, &undone, &e), &e);
    assert_int_equal(undone, 0);
    ASSERT_OK(commit_rewind(t, PIPELINE, 2, &undone, &e), &e);
    assert_int_equal(undone, 2);
    assert_true(head()->id == second);
    assert_int_equal(live_files(NULL), 2);
    ASSERT_OK(commit_one(t, PIPELINE, 3, &result, &e), &e); /* a new 3 */
    assert_false(result.was_there);
    assert_int_equal(live_files(NULL), 3);
    assert_int_equal(head()->sequence_number, 5);
    ASSERT_OK(commit_rewind(t, PIPELINE, 0, &undone, &e), &e);
    assert_int_equal(undone, 3);
    assert_true(t->metadata->current_snapshot_id == 0);
    ASSERT_OK(commit_one(t, PIPELINE, 1, &result, &e), &e);
    assert_int_equal(live_files(NULL), 1);
    assert_true(head()->parent_id == 0);
}

static void test_rewind_is_refused(UNUSED void **state)
{
    int32_t undone;
    int64_t before;
    char update[100];
    struct error e;

    commit_ok(PIPELINE, 1);
    commit_ok(PIPELINE, 2);
    commit_ok("other", 9);
    commit_ok(PIPELINE, 3);
    before = head()->id;
    ASSERT_OK(commit_rewind(t, PIPELINE, 2, &undone, &e), &e); /* 3 is on top */
    assert_int_equal(undone, 1);
    assert_int_equal(commit_rewind(t, PIPELINE, 1, &undone, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "pipeline other at checkpoint 9"));
    assert_int_equal(undone, 0);
    assert_true(head()->id != before);
    ASSERT_OK(commit_rewind(t, "other", 0, &undone, &e), &e);
    assert_int_equal(undone, 1);
    snprintf(update, sizeof update, "[{\"action\":\"remove-snapshots\",\"snapshot-ids\":[%" PRId64 "]}]",
             head()->parent_id);
    ASSERT_OK(change_table(update, &e), &e);
    assert_int_equal(commit_rewind(t, PIPELINE, 1, &undone, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "has expired"));
}

/* Somebody commits the head's files again, by this operation. */
static void commit_by_other(int64_t id, const char *operation)
{
    char update[800];
    struct error e;

    snprintf(update, sizeof update,
             "[{\"action\":\"add-snapshot\",\"snapshot\":{\"snapshot-id\":%" PRId64
             ",\"parent-snapshot-id\":%" PRId64 ",\"sequence-number\":%" PRId64 ",\"timestamp-ms\":%" PRId64
             ",\"manifest-list\":\"%s\",\"schema-id\":0,\"summary\":{\"operation\":\"%s\","
             "\"engine-name\":\"spark\"}}},{\"action\":\"set-snapshot-ref\",\"ref-name\":\"main\","
             "\"type\":\"branch\",\"snapshot-id\":%" PRId64 "}]",
             id, head()->id, t->metadata->last_sequence_number + 1, t->metadata->last_updated_ms,
             head()->manifest_list, operation, id);
    ASSERT_OK(change_table(update, &e), &e);
}

/* A compaction on top has the same rows; anything else has not. */
static void test_rewind_behind_others(UNUSED void **state)
{
    int32_t undone;
    int64_t first;
    struct error e;

    commit_ok(PIPELINE, 1);
    first = head()->id;
    commit_ok(PIPELINE, 2);
    commit_by_other(77, "replace");
    ASSERT_OK(commit_rewind(t, PIPELINE, 2, &undone, &e), &e); /* it lies on what stays */
    assert_true(undone == 0 && head()->id == 77);
    ASSERT_OK(commit_rewind(t, PIPELINE, 1, &undone, &e), &e);
    assert_true(undone == 2 && head()->id == first);
    assert_int_equal(live_files(NULL), 1);
    commit_ok(PIPELINE, 2);
    commit_by_other(78, "replace");
    commit_by_other(79, "delete");
    assert_int_equal(commit_rewind(t, PIPELINE, 1, &undone, &e), ERR_CONFLICT);
    assert_int_equal(e.advice, ADVICE_GIVE_UP);
    assert_non_null(strstr(e.text, "lies snapshot 79 of spark"));
    assert_true(undone == 0 && head()->id == 79);
}

static void test_rewind_with_unknown_outcome(UNUSED void **state)
{
    int32_t undone;
    struct error e;

    commit_ok(PIPELINE, 1);
    commit_ok(PIPELINE, 2);
    lie(1, 1);
    ASSERT_OK(commit_rewind(t, PIPELINE, 1, &undone, &e), &e);
    world.catalog->ops = true_ops;
    assert_int_equal(undone, 1);
    assert_int_equal(live_files(NULL), 1);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(WORLD_TEST(test_snapshot), WORLD_TEST(test_nothing_makes_no_snapshot),
          WORLD_TEST(test_repeats_are_recognised), WORLD_TEST(test_expired_history),
          WORLD_TEST(test_stale_tables_catch_up), WORLD_TEST(test_version_1_is_refused),
          WORLD_TEST(test_unknown_spec_is_refused), cmocka_unit_test(test_small_manifests_are_merged),
          cmocka_unit_test(test_merging_can_be_off),
          cmocka_unit_test(test_large_changes_make_several_manifests),
          cmocka_unit_test(test_every_call_may_fail), WORLD_TEST(test_unknown_outcomes),
          cmocka_unit_test(test_retries_run_out), cmocka_unit_test(test_no_memory), WORLD_TEST(test_rewind),
          WORLD_TEST(test_rewind_is_refused), WORLD_TEST(test_rewind_behind_others),
          WORLD_TEST(test_rewind_with_unknown_outcome))
