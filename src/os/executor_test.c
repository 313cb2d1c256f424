/* executor_test.c: work runs once each, in order on one thread, also what is handed in late; threads have
 * names. */
#include "os/executor.h"
#include "base/mem.h"
#include "base/test.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define WORK_COUNT 10000

static atomic_int ran;
static int order[WORK_COUNT], order_count;

static void count_one(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void note_order(void *arg)
{
    order[order_count++] = *(int *)arg;
}

static void test_runs_all_once(UNUSED void **state)
{
    struct error e;
    struct executor *x;

    for (int threads = 1; threads <= 4; threads++) {
        atomic_store(&ran, 0);
        ASSERT_OK(executor_pool_new("test", threads, &x, &e), &e);
        for (int i = 0; i < WORK_COUNT; i++)
            assert_true(executor_submit(x, count_one, &ran));
        executor_pool_free(x);
        assert_int_equal(atomic_load(&ran), WORK_COUNT);
    }
}

static void test_one_thread_keeps_order(UNUSED void **state)
{
    static int numbers[WORK_COUNT];
    struct error e;
    struct executor *x;

    ASSERT_OK(executor_pool_new("test", 1, &x, &e), &e);
    for (int i = 0; i < WORK_COUNT; i++) {
        numbers[i] = i;
        assert_true(executor_submit(x, note_order, &numbers[i]));
    }
    executor_pool_free(x);
    assert_int_equal(order_count, WORK_COUNT);
    for (int i = 0; i < WORK_COUNT; i++)
        assert_int_equal(order[i], i);
}

struct chain {
    struct executor *x;
    int left;
    atomic_int done;
};

static void next_link(void *arg)
{
    struct chain *chain = arg;

    atomic_fetch_add(&chain->done, 1);
    if (--chain->left > 0 && !executor_submit(chain->x, next_link, chain))
        abort();
}

/* Work that hands in more work while the pool is being freed is still all run. */
static void test_free_drains_chains(UNUSED void **state)
{
    struct chain chain = {.left = 1000};
    struct error e;

    ASSERT_OK(executor_pool_new("test", 2, &chain.x, &e), &e);
    assert_true(executor_submit(chain.x, next_link, &chain));
    executor_pool_free(chain.x);
    assert_int_equal(chain.done, 1000);
}

static void get_name(void *arg)
{
    pthread_getname_np(pthread_self(), arg, 16);
}

static void test_threads_are_named(UNUSED void **state)
{
    static const struct {
        const char *name, *want;
    } cases[] = {{"io", "io-0"}, {"a-very-long-name-of-a-pool", "a-very-long-n-0"}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char name[16] = "";
        struct error e;
        struct executor *x;

        ASSERT_OK(executor_pool_new(cases[i].name, 1, &x, &e), &e);
        assert_true(executor_submit(x, get_name, name));
        executor_pool_free(x);
        assert_string_equal(name, cases[i].want);
    }
}

static void test_no_memory(UNUSED void **state)
{
    struct error e;
    struct executor *x;

    mem_fail_at(1, true);
    assert_int_equal(executor_pool_new("test", 2, &x, &e), ERR_MEMORY);
    mem_fail_at(0, false);
    assert_null(x);
    atomic_store(&ran, 0);
    ASSERT_OK(executor_pool_new("test", 2, &x, &e), &e);
    mem_fail_at(1, true);
    assert_false(executor_submit(x, count_one, &ran));
    mem_fail_at(0, false);
    executor_pool_free(x);
    executor_pool_free(NULL);
    assert_int_equal(atomic_load(&ran), 0);
}

TEST_MAIN(cmocka_unit_test(test_runs_all_once), cmocka_unit_test(test_one_thread_keeps_order),
          cmocka_unit_test(test_free_drains_chains), cmocka_unit_test(test_threads_are_named),
          cmocka_unit_test(test_no_memory))
