/* upsert_index_test.c: where each key's row lies, through checkpoints and changes of parallelism. */
#include "iceberg/upsert_index.h"
#include "base/budget.h"
#include "base/mem.h"
#include "base/test.h"
#include "iceberg/test_iceberg.h"

#define DAY INT64_C(86400000000)

static const struct type key_type = {.kind = TYPE_INT64};
static const struct field key_field = {"id", &key_type, 1, NULL};
static const struct schema key_schema = {1, &key_field};

/* A subtask: its state and index. */
struct part {
    struct state_store *store;
    struct upsert_index *index;
};

static struct budget *budget;
static struct test_clock now = {.base = {test_clock_now, test_clock_now}};

static int setup(UNUSED void **state)
{
    assert_non_null(budget = budget_new("test", 0, NULL));
    return 0;
}

static int teardown(UNUSED void **state)
{
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
    return 0;
}

static uint32_t first_group(uint32_t subtask, uint32_t parallelism)
{
    return (subtask * 16 + parallelism - 1) / parallelism;
}

static struct part open_part(uint32_t subtask, uint32_t parallelism)
{
    struct state_config config = {.max_parallelism = 16,
                                  .first_key_group = first_group(subtask, parallelism),
                                  .last_key_group = first_group(subtask + 1, parallelism) - 1,
                                  .budget = budget,
                                  .clock = &now.base};
    struct part p = {.store = state_store_new(&config)};
    struct error e;

    assert_non_null(p.store);
    ASSERT_OK(upsert_index_new(p.store, &key_schema, &p.index, &e), &e);
    return p;
}

static void close_part(struct part *p)
{
    upsert_index_free(p->index);
    state_store_free(p->store);
}

static struct key key_of_id(int64_t id)
{
    static char bytes[9];

    bytes[0] = 1;
    memcpy(bytes + 1, &id, 8);
    return key_of(slice_of(bytes, 9));
}

/* "-" when the key had no row, else `file:position` of the old one. */
static const char *set(struct part *p, int64_t id, int64_t until, const char *path, int64_t position)
{
    static char text[100];
    const char *old_file = NULL;
    int64_t file, old_position;
    bool had;
    struct error e;

    ASSERT_OK(upsert_index_file(p->index, path, &file, &e), &e);
    ASSERT_OK(
        upsert_index_set(p->index, key_of_id(id), until, file, position, &had, &old_file, &old_position, &e),
        &e);
    snprintf(text, sizeof text, had ? "%s:%" PRId64 : "-", old_file, old_position);
    return text;
}

static const char *drop(struct part *p, int64_t id, int64_t until)
{
    static char text[100];
    const char *old_file = NULL;
    int64_t old_position;
    bool had;
    struct error e;

    ASSERT_OK(upsert_index_remove(p->index, key_of_id(id), until, &had, &old_file, &old_position, &e), &e);
    snprintf(text, sizeof text, had ? "%s:%" PRId64 : "-", old_file, old_position);
    return text;
}

static size_t saved_bytes(struct part *p)
{
    struct bytes saved = {0};
    size_t len;

    upsert_index_save(p->index, &saved);
    len = saved.len;
    bytes_fini(&saved);
    return len;
}

static void test_set_and_remove(UNUSED void **state)
{
    struct part p = open_part(0, 1);

    assert_string_equal(set(&p, 1, UPSERT_FOR_EVER, "a", 0), "-");
    assert_string_equal(set(&p, 2, UPSERT_FOR_EVER, "a", 1), "-");
    assert_string_equal(set(&p, 1, UPSERT_FOR_EVER, "b", 7), "a:0");
    assert_string_equal(set(&p, 1, UPSERT_FOR_EVER, "b", 8), "b:7");
    assert_int_equal(upsert_index_count(p.index), 2);
    assert_string_equal(drop(&p, 2, UPSERT_FOR_EVER), "a:1");
    assert_string_equal(drop(&p, 2, UPSERT_FOR_EVER), "-");
    assert_string_equal(set(&p, 2, UPSERT_FOR_EVER, "c", 0), "-");
    upsert_index_clear(p.index);
    assert_int_equal(upsert_index_count(p.index), 0);
    assert_string_equal(set(&p, 1, UPSERT_FOR_EVER, "d", 0), "-");
    close_part(&p);
}

/* Paths of files that nothing points to are forgotten at the sweep, no others. */
static void test_sweep(UNUSED void **state)
{
    struct part p = open_part(0, 1);

    set(&p, 1, UPSERT_FOR_EVER, "a", 0);
    set(&p, 2, UPSERT_FOR_EVER, "b", 0);
    upsert_index_sweep(p.index);
    assert_int_equal(saved_bytes(&p), 4);
    set(&p, 1, UPSERT_FOR_EVER, "b", 1);
    assert_int_equal(saved_bytes(&p), 4); /* a's path may be in use until the sweep */
    upsert_index_sweep(p.index);
    assert_int_equal(saved_bytes(&p), 2);
    drop(&p, 1, UPSERT_FOR_EVER);
    drop(&p, 2, UPSERT_FOR_EVER);
    upsert_index_sweep(p.index);
    assert_int_equal(saved_bytes(&p), 0);
    close_part(&p);
}

static void test_advance(UNUSED void **state)
{
    struct part p = open_part(0, 1);

    set(&p, 1, DAY, "a", 0);
    set(&p, 2, 2 * DAY, "a", 1);
    set(&p, 3, UPSERT_FOR_EVER, "b", 0);
    upsert_index_advance(p.index, INT64_MIN);
    upsert_index_advance(p.index, DAY - 1);
    assert_int_equal(upsert_index_count(p.index), 3);
    upsert_index_advance(p.index, DAY);
    assert_int_equal(upsert_index_count(p.index), 2);
    assert_string_equal(set(&p, 1, DAY, "c", 0), "-");
    upsert_index_advance(p.index, INT64_MAX); /* the end of all input */
    assert_int_equal(upsert_index_count(p.index), 1);
    upsert_index_sweep(p.index);
    assert_int_equal(saved_bytes(&p), 2);
    assert_string_equal(set(&p, 3, UPSERT_FOR_EVER, "b", 1), "b:0");
    close_part(&p);
}

/* Two subtasks' checkpoint is read by three: each key is found by the one that has its group, and nowhere else. */
static void test_other_parallelism(UNUSED void **state)
{
    struct test_fs fs;
    struct part old[2], new[3];
    struct state_file *files[2];
    size_t counts[2], found = 0;
    struct bytes saved[2] = {{0}, {0}};
    struct error e;

    test_fs_init(&fs);
    for (uint32_t i = 0; i < 2; i++) {
        struct state_snapshot *frozen;
        char prefix[20];

        old[i] = open_part(i, 2);
        for (int64_t id = 0; id < 100; id++)
            if (hash_subtask(hash_key_group(key_of_id(id).hash, 16), 16, 2) == i)
                set(&old[i], id, id % 2 ? UPSERT_FOR_EVER : DAY, i ? "file-of-1" : "file-of-0", id);
        upsert_index_save(old[i].index, &saved[i]);
        assert_non_null(frozen = state_freeze(old[i].store));
        snprintf(prefix, sizeof prefix, "mem://%u-", i);
        ASSERT_OK(state_snapshot_write(frozen, &fs.base, prefix, &files[i], &counts[i], &e), &e);
        state_snapshot_free(frozen);
        close_part(&old[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        new[i] = open_part(i, 3);
        for (uint32_t k = 0; k < 2; k++) {
            for (size_t f = 0; f < counts[k]; f++)
                ASSERT_OK(state_restore_file(new[i].store, &fs.base, &files[k][f], &e), &e);
            ASSERT_OK(upsert_index_load(new[i].index, bytes_all(&saved[k]), &e), &e);
        }
        upsert_index_sweep(new[i].index);
        found += upsert_index_count(new[i].index);
        for (int64_t id = 0; id < 100; id++)
            if (hash_subtask(hash_key_group(key_of_id(id).hash, 16), 16, 3) == i) {
                bool second = hash_subtask(hash_key_group(key_of_id(id).hash, 16), 16, 2) == 1;
                char want[40];

                snprintf(want, sizeof want, "file-of-%d:%" PRId64, second, id);
                assert_string_equal(set(&new[i], id, id % 2 ? UPSERT_FOR_EVER : DAY, "new", id), want);
            }
        upsert_index_sweep(new[i].index); /* counts are right after a restore: only the new file is left */
        assert_int_equal(saved_bytes(&new[i]), 4);
        close_part(&new[i]);
    }
    assert_int_equal(found, 100);
    for (int i = 0; i < 2; i++) {
        state_files_free(files[i], counts[i]);
        bytes_fini(&saved[i]);
    }
    test_fs_fini(&fs);
}

static void test_damaged(UNUSED void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
    } cases[] = {
        {"a length without its path", "\5ab", 3},
        {"a varint without its end", "\x80\x80", 2},
        {"a length beyond everything", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
    };
    struct part p = open_part(0, 1);
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (upsert_index_load(p.index, slice_of(cases[i].bytes, cases[i].len), &e) != ERR_CORRUPT)
            fail_msg("%s is taken", cases[i].what);
    close_part(&p);
}

/* An entry whose file the checkpoint does not name is told, not followed. */
static void test_entry_without_file(UNUSED void **state)
{
    struct part p = open_part(0, 1), other = open_part(0, 1);
    struct test_fs fs;
    struct state_snapshot *frozen;
    struct state_file *files;
    size_t count;
    const char *old_file;
    int64_t file, position;
    bool had;
    struct error e;

    test_fs_init(&fs);
    set(&p, 1, UPSERT_FOR_EVER, "a", 0);
    assert_non_null(frozen = state_freeze(p.store));
    ASSERT_OK(state_snapshot_write(frozen, &fs.base, "mem://x-", &files, &count, &e), &e);
    ASSERT_OK(state_restore_file(other.store, &fs.base, &files[0], &e), &e);
    ASSERT_OK(upsert_index_file(other.index, "b", &file, &e), &e);
    assert_int_equal(
        upsert_index_set(other.index, key_of_id(1), UPSERT_FOR_EVER, file, 0, &had, &old_file, &position, &e),
        ERR_CORRUPT);
    assert_int_equal(
        upsert_index_remove(other.index, key_of_id(1), UPSERT_FOR_EVER, &had, &old_file, &position, &e),
        ERR_CORRUPT);
    state_snapshot_free(frozen);
    state_files_free(files, count);
    test_fs_fini(&fs);
    close_part(&p);
    close_part(&other);
}

static void test_memory(UNUSED void **state)
{
    for (uint64_t n = 1;; n++) {
        struct part p = open_part(0, 1);
        const char *old_file;
        int64_t file, position;
        bool had;
        struct error e;
        enum err rc;

        mem_fail_at(n, false);
        if ((rc = upsert_index_file(p.index, "a", &file, &e)) == OK)
            rc = upsert_index_set(p.index, key_of_id(1), DAY, file, 0, &had, &old_file, &position, &e);
        mem_fail_at(0, false);
        assert_int_equal(upsert_index_count(p.index), rc == OK);
        if (rc != OK)
            assert_string_equal(set(&p, 1, DAY, "a", 0), "-");
        close_part(&p);
        if (rc == OK)
            return;
        assert_int_equal(rc, ERR_MEMORY);
    }
}

TEST_MAIN(cmocka_unit_test_setup_teardown(test_set_and_remove, setup, teardown),
          cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
          cmocka_unit_test_setup_teardown(test_advance, setup, teardown),
          cmocka_unit_test_setup_teardown(test_other_parallelism, setup, teardown),
          cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
          cmocka_unit_test_setup_teardown(test_entry_without_file, setup, teardown),
          cmocka_unit_test_setup_teardown(test_memory, setup, teardown))
