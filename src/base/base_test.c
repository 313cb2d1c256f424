/* base_test.c: bytes, maps, arenas and budgets: the small parts that everything stands on. */
#include "base/arena.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/test.h"
#include <stdio.h>

static void test_varints(UNUSED void **state)
{
    static const int64_t cases[] = {0, -1, 1, 63, -64, 64, 300, INT64_MAX, INT64_MIN};
    struct bytes b = {0};
    struct reader r;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        bytes_zigzag(&b, cases[i]);
    r = reader_of(bytes_all(&b));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(reader_zigzag(&r) == cases[i]);
    assert_false(r.failed);
    assert_int_equal(reader_zigzag(&r), 0);
    assert_true(r.failed);
    bytes_fini(&b);
    r = reader_of(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    reader_varint(&r);
    assert_true(r.failed); /* 65 bits */
}

static void test_bytes_keep_first_failure(UNUSED void **state)
{
    struct bytes b = {0};

    bytes_text(&b, "kept");
    mem_fail_at(1, false);
    bytes_printf(&b, "%1000d", 1);
    mem_fail_at(0, false);
    bytes_text(&b, "ignored");
    assert_true(b.failed);
    assert_int_equal(b.len, 4);
    bytes_fini(&b);
}

static void test_map(UNUSED void **state)
{
    struct map m = {0};
    char name[32];
    size_t at = 0, seen = 0;
    int things[1000];

    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        assert_true(map_put(&m, slice_text(name), &things[i]));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(name, sizeof name, "name-%d", i);
        assert_ptr_equal(map_remove(&m, slice_text(name)), &things[i]);
        assert_null(map_get(&m, slice_text(name)));
    }
    for (int i = 1; i < 1000; i += 2) {
        snprintf(name, sizeof name, "name-%d", i);
        assert_ptr_equal(map_get(&m, slice_text(name)), &things[i]);
    }
    for (struct map_entry *entry; (entry = map_next(&m, &at)) != NULL; seen++)
        assert_ptr_equal(entry->value, &things[seen * 2 + 1]);
    assert_int_equal(seen, 500);
    map_fini(&m);
}

static void test_budget_tree(UNUSED void **state)
{
    struct budget *root = budget_new("process", 100, NULL), *child = budget_new("state", 0, root);

    assert_true(budget_take(child, 60));
    assert_false(budget_take(child, 41));
    assert_int_equal(budget_used(child), 60);
    assert_int_equal(budget_used(root), 60);
    assert_int_equal(budget_limit(child), 100);
    budget_force(child, 50);
    assert_int_equal(budget_peak(root), 110);
    budget_free(child);
    assert_int_equal(budget_used(root), 0);
    budget_free(root);
}

static void test_arena_in_budget(UNUSED void **state)
{
    struct budget *budget = budget_new("plan", 8192, NULL);
    struct arena arena;

    arena_init(&arena, budget);
    assert_string_equal(arena_printf(&arena, "%s %d", "row", 7), "row 7");
    assert_null(arena_alloc(&arena, 10000));
    assert_true(arena.failed);
    arena_fini(&arena);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

/* Every length to 40, and a difference at each place. */
static void test_same_bytes(UNUSED void **state)
{
    char a[40], b[40];

    for (size_t len = 0; len <= sizeof a; len++) {
        memset(a, 'x', sizeof a);
        memcpy(b, a, sizeof b);
        assert_true(same_bytes(a, b, len));
        for (size_t i = 0; i < sizeof a; i++) {
            b[i] = 'y';
            assert_int_equal(same_bytes(a, b, len), i >= len);
            b[i] = 'x';
        }
    }
}

static void test_murmur3(UNUSED void **state)
{
    /* Iceberg spec, appendix B: the bucket hash of "iceberg" and of the long 34. */
    int64_t v = 34;

    assert_int_equal((int32_t)hash_murmur3("iceberg", 7), 1210000089);
    assert_int_equal((int32_t)hash_murmur3(&v, 8), 2017239379);
}

TEST_MAIN(cmocka_unit_test(test_varints), cmocka_unit_test(test_bytes_keep_first_failure),
          cmocka_unit_test(test_map), cmocka_unit_test(test_budget_tree),
          cmocka_unit_test(test_arena_in_budget), cmocka_unit_test(test_same_bytes),
          cmocka_unit_test(test_murmur3))
