/* snapshot_test.c: snapshots as files: what is written while the state goes on changing is the state at the
 * freeze; it comes back at any parallelism; damage and other layouts are told.
 */
#include "base/budget.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"
#include "os/random.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_reader.h"
#include "state/state.h"
#include "state/timers.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS  2000
#define NAMES 5

struct sums {
    int64_t count;
    double sum;
    int32_t low;
    uint8_t seen;
};

static struct field key_fields[2] = {{.name = "user"}, {.name = "kind"}};
static const struct schema key_schema = {2, key_fields};
static struct state_field sum_fields[4] = {{.name = "count", .offset = offsetof(struct sums, count)},
                                           {.name = "sum", .offset = offsetof(struct sums, sum)},
                                           {.name = "low", .offset = offsetof(struct sums, low)},
                                           {.name = "seen", .offset = offsetof(struct sums, seen)}};
static struct fs *fs;
static char folder[] = "/tmp/weir-state-XXXXXX";
static char prefix[64];

struct fake_clock {
    struct clock clock;
    int64_t now_us;
};
static int64_t fake_now(struct clock *c)
{
    return CONTAINER_OF(c, struct fake_clock, clock)->now_us;
}
static struct fake_clock fake = {{fake_now, fake_now}, 0};

static int group_setup(UNUSED void **state)
{
    struct error e;

    key_fields[0].type = type_simple(TYPE_STRING, false);
    key_fields[1].type = type_simple(TYPE_INT32, true);
    sum_fields[0].type = type_simple(TYPE_INT64, false);
    sum_fields[1].type = type_simple(TYPE_DOUBLE, false);
    sum_fields[2].type = type_simple(TYPE_INT32, false);
    sum_fields[3].type = type_simple(TYPE_BOOLEAN, false);
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(prefix, sizeof prefix, "%s/", folder);
    return fs_local_new(&fs, &e);
}

static bool remove_one(UNUSED void *arg, const struct fs_info *info)
{
    struct error e;

    return fs_remove(fs, info->path, &e) == OK;
}

static int group_teardown(UNUSED void **state)
{
    struct error e;
    enum err rc = fs_list(fs, prefix, remove_one, NULL, &e);

    rmdir(folder);
    fs_free(fs);
    return rc;
}

static int setup(UNUSED void **state)
{
    fake.now_us = 1000;
    return 0;
}

/* user (a text) and kind (absent for every seventh), as key.c encodes them. */
static struct key make_key(int i, char to[64])
{
    int len = snprintf(to + 2, 48, "user-%d-%.*s", i, i % 30, "..............................");
    int32_t kind = i * 3;
    size_t at = (size_t)len + 2;

    to[0] = 1;
    to[1] = (char)len;
    to[at] = i % 7 != 0;
    if (to[at++]) {
        memcpy(to + at, &kind, 4);
        at += 4;
    }
    return key_of((struct slice){to, at});
}

static uint32_t group_of(int i, uint32_t max_parallelism)
{
    char text[64];

    return hash_key_group(make_key(i, text).hash, max_parallelism);
}

/* The store of one subtask, with its four states. */
struct task {
    struct state_store *store;
    struct state *sums, *texts, *plain;
    struct timers timers;
    struct state_config config;
};

static uint32_t first_group(uint32_t subtask, uint32_t max_parallelism, uint32_t parallelism)
{
    uint32_t group = 0;

    while (hash_subtask(group, max_parallelism, parallelism) < subtask)
        group++;
    return group;
}

static void open_task(struct task *t, uint32_t subtask, uint32_t parallelism, uint32_t max_parallelism,
                      int64_t ttl_us, struct budget *budget)
{
    struct state_desc sums = {.name = "sums",
                              .key = &key_schema,
                              .has_namespace = true,
                              .value_size = sizeof(struct sums),
                              .fields = sum_fields,
                              .field_count = 4};
    struct state_desc texts = {.name = "texts", .key = &key_schema, .has_namespace = true, .ttl_us = ttl_us};
    struct state_desc plain = {.name = "plain", .key = &key_schema, .value_size = 12};
    struct error e;

    t->config = (struct state_config){
        .max_parallelism = max_parallelism,
        .first_key_group = first_group(subtask, max_parallelism, parallelism),
        .last_key_group = first_group(subtask + 1, max_parallelism, parallelism) - 1,
        .budget = budget,
        .clock = &fake.clock};
    assert_non_null(t->store = state_store_new(&t->config));
    ASSERT_OK(state_declare(t->store, &sums, &t->sums, &e), &e);
    ASSERT_OK(state_declare(t->store, &texts, &t->texts, &e), &e);
    ASSERT_OK(state_declare(t->store, &plain, &t->plain, &e), &e);
    ASSERT_OK(timers_init(&t->timers, t->store, "timers", &key_schema, &e), &e);
}

static bool owns(const struct task *t, int key)
{
    uint32_t group = group_of(key, t->config.max_parallelism);

    return group >= t->config.first_key_group && group <= t->config.last_key_group;
}

/* --- the model: a number per key and namespace, from which all four states follow; 0: not there --- */

struct model {
    uint64_t numbers[NAMES][KEYS];
};

static void set(struct task *t, struct model *m, int n, int k, uint64_t number)
{
    char text[64], value[200], twelve[12];
    struct key key = make_key(k, text);
    struct sums *s = state_edit(t->sums, key, n * 1000, NULL);

    assert_non_null(s);
    m->numbers[n][k] = number;
    *s = (struct sums){(int64_t)number, (double)number / 3, (int32_t)number, number & 1};
    memset(value, (int)number, sizeof value);
    assert_true(state_put(t->texts, key, n * 1000, (struct slice){value, number % sizeof value}));
    memset(twelve, (int)number, sizeof twelve);
    if (n == 0)
        assert_true(state_put(t->plain, key, 0, (struct slice){twelve, 12}));
    assert_true(timers_set(&t->timers, n * 1000, key));
}

static void unset(struct task *t, struct model *m, int n, int k)
{
    char text[64];
    struct key key = make_key(k, text);

    m->numbers[n][k] = 0;
    state_remove(t->sums, key, n * 1000);
    state_remove(t->texts, key, n * 1000);
    timers_delete(&t->timers, n * 1000, key);
    if (n == 0)
        state_remove(t->plain, key, 0);
}

static void check(struct task *t, const struct model *m)
{
    size_t count = 0, plain = 0;

    for (int n = 0; n < NAMES; n++)
        for (int k = 0; k < KEYS; k++) {
            char text[64];
            uint64_t number = owns(t, k) ? m->numbers[n][k] : 0;
            struct key key = make_key(k, text);
            struct slice sums = state_get(t->sums, key, n * 1000), value = state_get(t->texts, key, n * 1000);
            struct slice timer = state_get(t->timers.state, key, n * 1000);

            assert_true((sums.ptr != NULL) == (number != 0));
            assert_true((value.ptr != NULL) == (number != 0));
            assert_true((timer.ptr != NULL) == (number != 0));
            if (number == 0)
                continue;
            count++;
            plain += n == 0;
            assert_int_equal(((const struct sums *)(const void *)sums.ptr)->count, number);
            assert_true(((const struct sums *)(const void *)sums.ptr)->sum == (double)number / 3);
            assert_int_equal(((const struct sums *)(const void *)sums.ptr)->low, (int32_t)number);
            assert_int_equal(((const struct sums *)(const void *)sums.ptr)->seen, number & 1);
            assert_int_equal(value.len, number % 200);
            assert_true(value.len == 0 || value.ptr[value.len - 1] == (char)number);
            assert_true(n || state_get(t->plain, key, 0).ptr[11] == (char)number);
        }
    assert_int_equal(state_count(t->sums), count);
    assert_int_equal(state_count(t->texts), count);
    assert_int_equal(state_count(t->timers.state), count);
    assert_int_equal(state_count(t->plain), plain);
}

static void restore(struct task *t, const struct state_file *files, size_t count)
{
    struct error e;

    for (size_t i = 0; i < count; i++)
        ASSERT_OK(state_restore_file(t->store, fs, &files[i], &e), &e);
}

/* --- rescaling --- */

static void test_rescale(UNUSED void **state)
{
    static const struct {
        uint32_t from, to, from_max, to_max;
    } cases[] = {{3, 2, 128, 128}, {3, 5, 128, 128}, {1, 1, 128, 128}, {2, 3, 128, 16}, {4, 4, 4, 200}};
    struct model *m = calloc(1, sizeof *m);

    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct state_file *files[8];
        size_t counts[8];
        struct budget *budget = budget_new("test", 0, NULL);
        struct error e;

        memset(m, 0, sizeof *m);
        for (uint32_t i = 0; i < cases[c].from; i++) {
            struct task t;
            struct state_snapshot *snapshot;
            char mine[100];

            open_task(&t, i, cases[c].from, cases[c].from_max, 0, budget);
            for (int k = 0; k < KEYS; k++)
                if (owns(&t, k))
                    for (int n = 0; n < 1 + k % NAMES; n++)
                        set(&t, m, n, k, (uint64_t)(k * 7 + n + 1));
            assert_non_null(snapshot = state_freeze(t.store));
            state_store_free(t.store); /* the snapshot stands alone */
            snprintf(mine, sizeof mine, "%s%zu-%u-", prefix, c, i);
            ASSERT_OK(state_snapshot_write(snapshot, fs, mine, &files[i], &counts[i], &e), &e);
            state_snapshot_free(snapshot);
            assert_int_equal(counts[i], 4);
        }
        for (uint32_t i = 0; i < cases[c].to; i++) {
            struct task t;

            open_task(&t, i, cases[c].to, cases[c].to_max, 0, budget);
            for (uint32_t k = 0; k < cases[c].from; k++)
                restore(&t, files[k], counts[k]);
            check(&t, m);
            state_store_free(t.store);
        }
        for (uint32_t i = 0; i < cases[c].from; i++)
            state_files_free(files[i], counts[i]);
        assert_int_equal(budget_used(budget), 0);
        budget_free(budget);
    }
    free(m);
}

/* --- writing in the background --- */

struct writing {
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count;
    struct error e;
    enum err rc;
};

static void *write_thread(void *arg)
{
    struct writing *w = arg;

    w->rc = state_snapshot_write(w->snapshot, fs, prefix, &w->files, &w->count, &w->e);
    state_snapshot_free(w->snapshot);
    return NULL;
}

static void test_written_while_changing(UNUSED void **state)
{
    struct model *now = calloc(1, sizeof *now), *then = calloc(1, sizeof *then);
    struct random random;
    struct task t;

    random_seed(&random, 5);
    open_task(&t, 0, 1, 128, 0, NULL);
    for (int round = 0; round < 6; round++) {
        struct writing w = {0};
        pthread_t thread;
        struct task back;

        for (int i = 0; i < 8000; i++)
            set(&t, now, (int)random_below(&random, NAMES), (int)random_below(&random, KEYS),
                1 + random_below(&random, 100000));
        *then = *now;
        assert_non_null(w.snapshot = state_freeze(t.store));
        assert_int_equal(pthread_create(&thread, NULL, write_thread, &w), 0);
        for (int i = 0; i < 8000; i++) {
            int n = (int)random_below(&random, NAMES), k = (int)random_below(&random, KEYS);

            if (random_below(&random, 3))
                set(&t, now, n, k, 1 + random_below(&random, 100000));
            else
                unset(&t, now, n, k);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        ASSERT_OK(w.rc, &w.e);
        check(&t, now);
        open_task(&back, 0, 1, 128, 0, NULL);
        restore(&back, w.files, w.count);
        check(&back, then);
        state_store_free(back.store);
        state_files_free(w.files, w.count);
    }
    state_store_free(t.store);
    free(now);
    free(then);
}

/* --- time to live --- */

static void test_time_to_live_goes_on(UNUSED void **state)
{
    struct model *m = calloc(1, sizeof *m);
    struct task t;
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count;
    char text[64];
    struct error e;

    open_task(&t, 0, 1, 128, 100, NULL);
    set(&t, m, 1, 1, 5);
    fake.now_us += 60;
    set(&t, m, 1, 2, 6);
    fake.now_us += 60; /* the first is over */
    assert_non_null(snapshot = state_freeze(t.store));
    state_store_free(t.store);
    ASSERT_OK(state_snapshot_write(snapshot, fs, prefix, &files, &count, &e), &e);
    state_snapshot_free(snapshot);
    for (int64_t ttl_us = 0; ttl_us <= 100; ttl_us += 100) { /* taken away; kept */
        open_task(&t, 0, 1, 128, ttl_us, NULL);
        restore(&t, files, count);
        assert_int_equal(state_count(t.texts), 1);
        assert_int_equal(state_count(t.sums), 2);
        fake.now_us += ttl_us ? 40 : 0;
        assert_true((state_get(t.texts, make_key(2, text), 1000).ptr == NULL) == (ttl_us != 0));
        state_store_free(t.store);
    }
    state_files_free(files, count);
    free(m);
}

static void test_time_to_live_is_new(UNUSED void **state)
{
    struct model *m = calloc(1, sizeof *m);
    struct task t;
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count;
    char text[64];
    struct error e;

    open_task(&t, 0, 1, 128, 0, NULL);
    set(&t, m, 1, 1, 5);
    assert_non_null(snapshot = state_freeze(t.store));
    state_store_free(t.store);
    ASSERT_OK(state_snapshot_write(snapshot, fs, prefix, &files, &count, &e), &e);
    state_snapshot_free(snapshot);
    fake.now_us += 5000;
    open_task(&t, 0, 1, 128, 100, NULL);
    restore(&t, files, count); /* begins to age now */
    fake.now_us += 99;
    assert_non_null(state_get(t.texts, make_key(1, text), 1000).ptr);
    fake.now_us += 1;
    assert_null(state_get(t.texts, make_key(1, text), 1000).ptr);
    state_store_free(t.store);
    state_files_free(files, count);
    free(m);
}

/* --- what is wrong with a file --- */

static void write_some(struct state_file **files, size_t *count, int keys)
{
    struct model *m = calloc(1, sizeof *m);
    struct task t;
    struct state_snapshot *snapshot;
    struct error e;

    open_task(&t, 0, 1, 128, 0, NULL);
    for (int k = 0; k < keys; k++)
        set(&t, m, k % NAMES, k, (uint64_t)k + 1);
    assert_non_null(snapshot = state_freeze(t.store));
    ASSERT_OK(state_snapshot_write(snapshot, fs, prefix, files, count, &e), &e);
    state_snapshot_free(snapshot);
    state_store_free(t.store);
    free(m);
}

static enum err try_restore(const struct state_file *file, struct error *e)
{
    struct task t;
    enum err rc;

    open_task(&t, 0, 1, 128, 0, NULL);
    rc = state_restore_file(t.store, fs, file, e);
    state_store_free(t.store);
    return rc;
}

static uint64_t rewrite(const struct state_file *file, struct bytes *content)
{
    struct error e;

    ASSERT_OK(fs_put(fs, file->path, bytes_all(content), FS_REPLACE, &e), &e);
    return hash_bytes(content->ptr, content->len);
}

/* Every damaged byte is found by the checksum; and where the checksum fits (as if it had been damaged
 * before), whatever is made of it: an error or a state, never a crash. */
static void test_damaged_files(UNUSED void **state)
{
    struct state_file *files;
    size_t count;
    struct bytes good = {0}, bad = {0};
    struct error e;

    write_some(&files, &count, 50);
    ASSERT_OK(fs_read_all(fs, files[0].path, &good, &e), &e);
    for (size_t at = 0; at < good.len; at += 3) {
        struct state_file file = files[0];

        bytes_clear(&bad);
        bytes_slice(&bad, bytes_all(&good));
        bad.ptr[at] = (char)(bad.ptr[at] ^ (1 << at % 8));
        file.checksum = rewrite(&files[0], &bad);
        assert_int_equal(try_restore(&files[0], &e), ERR_CORRUPT);
        assert_non_null(strstr(e.text, files[0].path));
        (void)try_restore(&file, &e);
    }
    bad.len = good.len / 2;
    rewrite(&files[0], &bad);
    assert_int_equal(try_restore(&files[0], &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, files[0].path));
    ASSERT_OK(fs_remove(fs, files[0].path, &e), &e);
    assert_int_equal(try_restore(&files[0], &e), ERR_NOT_FOUND);
    bytes_fini(&good);
    bytes_fini(&bad);
    state_files_free(files, count);
}

static void test_other_layout(UNUSED void **state)
{
    struct state_file *files;
    size_t count;
    struct state_desc desc = {.name = "sums", .key = &key_schema, .has_namespace = true, .value_size = 8};
    struct state_config config = {.max_parallelism = 128, .last_key_group = 127};
    struct state_store *store = state_store_new(&config);
    struct state *s;
    struct error e;

    write_some(&files, &count, 5);
    ASSERT_OK(state_declare(store, &desc, &s, &e), &e);
    assert_string_equal(files[0].state, "sums");
    assert_int_equal(state_restore_file(store, fs, &files[0], &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "value BYTES"));
    assert_non_null(strstr(e.text, "low INT"));
    assert_non_null(strstr(e.text, files[0].path));
    state_store_free(store);
    state_files_free(files, count);
}

/* The same entries twice, as a checkpoint made by a program gone wrong would have them. */
static void test_key_twice(UNUSED void **state)
{
    struct state_file *files;
    size_t count;
    struct task t;
    struct error e;

    write_some(&files, &count, 5);
    open_task(&t, 0, 1, 128, 0, NULL);
    ASSERT_OK(state_restore_file(t.store, fs, &files[0], &e), &e);
    assert_int_equal(state_restore_file(t.store, fs, &files[0], &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, "twice"));
    state_store_free(t.store);
    state_files_free(files, count);
}

/* --- open savepoints --- */

static void test_file_is_open(UNUSED void **state)
{
    struct state_file *files;
    size_t count;
    struct parquet_reader *r;
    struct batch *b;
    struct bytes text = {0};
    struct error e;

    write_some(&files, &count, 2);
    ASSERT_OK(parquet_reader_open(fs, files[0].path, NULL, &r, &e), &e);
    ASSERT_OK(parquet_reader_group(r, 0, NULL, 0, NULL, &b, &e), &e);
    for (int32_t i = 0; i < b->schema->field_count; i++)
        bytes_printf(&text, "%s ", b->schema->fields[i].name);
    assert_string_equal(bytes_cstr(&text), "key_group user kind namespace count sum low seen ");
    assert_int_equal(b->row_count, 2);
    assert_int_equal(files[0].entry_count, 2);
    batch_unref(b);
    parquet_reader_free(r);
    bytes_fini(&text);
    state_files_free(files, count);
}

static void test_nothing_to_write(UNUSED void **state)
{
    struct task t;
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count;
    struct error e;

    open_task(&t, 0, 1, 128, 0, NULL);
    assert_non_null(snapshot = state_freeze(t.store));
    assert_int_equal(state_snapshot_entries(snapshot), 0);
    ASSERT_OK(state_snapshot_write(snapshot, fs, prefix, &files, &count, &e), &e);
    assert_int_equal(count, 0);
    state_files_free(files, count);
    state_snapshot_free(snapshot);
    state_store_free(t.store);
}

/* --- no memory --- */

static void test_no_memory(UNUSED void **state)
{
    struct model *m = calloc(1, sizeof *m);
    struct budget *budget = budget_new("test", 0, NULL);
    struct task t;
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count, held;
    struct error e;
    enum err rc = ERR_MEMORY;

    open_task(&t, 0, 1, 128, 0, budget);
    for (int k = 0; k < 100; k++)
        set(&t, m, k % NAMES, k, (uint64_t)k + 1);
    assert_non_null(snapshot = state_freeze(t.store));
    held = budget_used(budget);
    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, nth % 2);
        rc = state_snapshot_write(snapshot, fs, prefix, &files, &count, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        assert_int_equal(budget_used(budget), held);
    }
    state_snapshot_free(snapshot);
    check(&t, m);
    state_store_free(t.store);
    rc = ERR_MEMORY;
    for (uint64_t nth = 1; rc != OK; nth++) {
        rc = OK;
        open_task(&t, 0, 1, 128, 0, budget);
        mem_fail_at(nth, nth % 2);
        for (size_t i = 0; rc == OK && i < count; i++)
            rc = state_restore_file(t.store, fs, &files[i], &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", nth, e.text);
        if (rc == OK)
            check(&t, m);
        state_store_free(t.store);
        assert_int_equal(budget_used(budget), 0);
    }
    state_files_free(files, count);
    budget_free(budget);
    free(m);
}

/* --- the disk fails --- */

static void test_io_fails(UNUSED void **state)
{
    struct task t;
    struct memory_fs memory;
    struct state_snapshot *snapshot;
    struct state_file *files;
    size_t count;
    char text[64];
    struct error e;
    enum err rc = ERR_IO;

    memory_fs_init(&memory);
    open_task(&t, 0, 1, 128, 0, NULL);
    for (int k = 0; k < 10; k++)
        assert_true(state_put(t.plain, make_key(k, text), 0, SLICE("abcdefghijkl")));
    assert_non_null(snapshot = state_freeze(t.store));
    state_store_free(t.store);
    for (memory.fail_at = 1; rc != OK; memory.fail_at++) {
        memory.operations = 0;
        rc = state_snapshot_write(snapshot, &memory.fs, "memory/", &files, &count, &e);
        assert_true(rc == OK || rc == ERR_IO);
        assert_true(rc == OK || strstr(e.text, "memory/plain.parquet"));
    }
    assert_true(memory.fail_at > 2);
    rc = ERR_IO;
    for (memory.fail_at = 1; rc != OK; memory.fail_at++) {
        memory.operations = 0;
        open_task(&t, 0, 1, 128, 0, NULL);
        rc = state_restore_file(t.store, &memory.fs, &files[0], &e);
        assert_true(rc == OK || rc == ERR_IO);
        assert_true(rc != OK || state_count(t.plain) == 10);
        state_store_free(t.store);
    }
    assert_true(memory.fail_at > 4);
    state_files_free(files, count);
    state_snapshot_free(snapshot);
    memory_fs_fini(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rescale, setup),
        cmocka_unit_test_setup(test_written_while_changing, setup),
        cmocka_unit_test_setup(test_time_to_live_goes_on, setup),
        cmocka_unit_test_setup(test_time_to_live_is_new, setup),
        cmocka_unit_test_setup(test_damaged_files, setup),
        cmocka_unit_test_setup(test_other_layout, setup),
        cmocka_unit_test_setup(test_key_twice, setup),
        cmocka_unit_test_setup(test_file_is_open, setup),
        cmocka_unit_test_setup(test_nothing_to_write, setup),
        cmocka_unit_test_setup(test_no_memory, setup),
        cmocka_unit_test_setup(test_io_fails, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
