/* state_test.c: keyed state against a model: an array with a place for every key and namespace there may be.
 * Snapshots are compared with a copy of the model, while and after the state goes on changing. Files are
 * snapshot_test.c's.
 */
#include "base/budget.h"
#include "base/mem.h"
#include "base/test.h"
#include "os/random.h"
#include "state/state_internal.h"
#include "state/timers.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS  300
#define NAMES 12

static struct field key_fields[1] = {{.name = "user"}};
static const struct schema key_schema = {1, key_fields};

struct fake_clock {
    struct clock clock;
    int64_t now_us;
};
static int64_t fake_now(struct clock *c)
{
    return CONTAINER_OF(c, struct fake_clock, clock)->now_us;
}
static struct fake_clock fake = {{fake_now, fake_now}, 0};

static int setup(UNUSED void **state)
{
    key_fields[0].type = type_simple(TYPE_STRING, false);
    fake.now_us = 0;
    return 0;
}

/* A key's bytes as key.c makes them; each of its own length. */
static struct key make_key(int i, char text[64])
{
    int len = snprintf(text + 2, 62, "user-%d-%.*s", i, i % 40, "........................................");

    text[0] = 1;
    text[1] = (char)len;
    return key_of((struct slice){text, (size_t)len + 2});
}

static struct state_store *new_store(struct budget *budget)
{
    struct state_config config = {
        .max_parallelism = 128, .last_key_group = 127, .budget = budget, .clock = &fake.clock};
    struct state_store *store = state_store_new(&config);

    assert_non_null(store);
    return store;
}

static struct state *declare(struct state_store *store, const char *name, size_t value_size, int64_t ttl_us)
{
    struct state_desc desc = {
        .name = name, .key = &key_schema, .has_namespace = true, .value_size = value_size, .ttl_us = ttl_us};
    struct state *s;
    struct error e;

    ASSERT_OK(state_declare(store, &desc, &s, &e), &e);
    return s;
}

/* --- the model --- */

struct model_value {
    bool there;
    uint32_t len;
    uint64_t seed; /* of the bytes */
};
struct model {
    struct model_value values[NAMES][KEYS];
    size_t count;
};

static void fill_value(char *to, uint32_t len, uint64_t seed)
{
    for (uint32_t i = 0; i < len; i++)
        to[i] = (char)(hash_mix(seed + i / 8) >> (i % 8 * 8));
}

static bool value_is(struct slice value, const struct model_value *want)
{
    char *expect = malloc(want->len + 1);
    bool same;

    fill_value(expect, want->len, want->seed);
    same = slice_equal(value, (struct slice){expect, want->len});
    free(expect);
    return same;
}

static int64_t name_of(int n)
{
    return (int64_t)(n - NAMES / 2) * 3600;
}

static int key_number(struct slice key)
{
    return atoi(key.ptr + 2 + 5);
}

struct random_run {
    struct random random;
    struct state_store *store;
    struct state *s;
    struct model *model;
    uint32_t value_size;
};

static void model_remove(struct model *m, int n, int k)
{
    m->count -= m->values[n][k].there;
    m->values[n][k].there = false;
}

static void set_one(struct random_run *r, int n, int k)
{
    struct model_value *v = &r->model->values[n][k];
    char text[64], *bytes;
    struct key key = make_key(k, text);
    uint32_t len = r->value_size ? r->value_size : (uint32_t)random_below(&r->random, 200);

    if (r->value_size == 0 && random_below(&r->random, 300) == 0)
        len = 70000 + (uint32_t)random_below(&r->random, 1000); /* a page of its own */
    v->seed = random_u64(&r->random);
    v->len = len;
    bytes = malloc(len + 1);
    fill_value(bytes, len, v->seed);
    if (r->value_size && random_below(&r->random, 2)) {
        bool created;
        char *to = state_edit(r->s, key, name_of(n), &created);

        assert_non_null(to);
        assert_true(created == !v->there);
        memcpy(to, bytes, len);
    } else {
        assert_true(state_put(r->s, key, name_of(n), (struct slice){bytes, len}));
    }
    free(bytes);
    r->model->count += !v->there;
    v->there = true;
}

static void drop_one(struct random_run *r, int n)
{
    state_drop_namespace(r->s, name_of(n));
    for (int k = 0; k < KEYS; k++)
        model_remove(r->model, n, k);
}

static void remove_while_walking(struct random_run *r, int n)
{
    struct key key;
    struct slice value;
    size_t at = 0;
    int seen = 0, expected = 0;

    for (int k = 0; k < KEYS; k++)
        expected += r->model->values[n][k].there;
    while (state_next(r->s, name_of(n), &at, &key, &value)) {
        int k = key_number(key.bytes);

        seen++;
        assert_true(key.hash == hash_bytes(key.bytes.ptr, key.bytes.len));
        assert_true(r->model->values[n][k].there && value_is(value, &r->model->values[n][k]));
        if (random_below(&r->random, 2)) {
            assert_true(state_remove(r->s, key, name_of(n)));
            model_remove(r->model, n, k);
        }
    }
    assert_int_equal(seen, expected);
}

static void step(struct random_run *r)
{
    int n = (int)random_below(&r->random, NAMES), k = (int)random_below(&r->random, KEYS);
    char text[64];
    struct key key = make_key(k, text);

    switch (random_below(&r->random, 100)) {
    case 0:
        if (random_below(&r->random, 20) == 0)
            drop_one(r, n);
        break;
    case 1:
        if (random_below(&r->random, 20) == 0)
            remove_while_walking(r, n);
        break;
    case 2 ... 40:
        assert_true(state_remove(r->s, key, name_of(n)) == r->model->values[n][k].there);
        model_remove(r->model, n, k);
        break;
    default:
        set_one(r, n, k);
        break;
    }
}

static void check_against_model(struct random_run *r)
{
    char text[64];

    assert_int_equal(state_count(r->s), r->model->count);
    for (int n = 0; n < NAMES; n++) {
        bool any = false;
        int64_t next;

        for (int k = 0; k < KEYS; k++) {
            const struct model_value *v = &r->model->values[n][k];
            struct slice got = state_get(r->s, make_key(k, text), name_of(n));

            any |= v->there;
            assert_true((got.ptr != NULL) == v->there);
            assert_true(!v->there || value_is(got, v));
        }
        assert_true((state_next_namespace(r->s, name_of(n), &next) && next == name_of(n)) == any);
    }
}

/* --- what a snapshot says --- */

struct frozen {
    struct state_snapshot *snapshot;
    struct model *model; /* owned: as it was */
    char wrong[100];
};

static void check_frozen(struct frozen *f)
{
    const struct frozen_state *s = &f->snapshot->states[0];
    size_t count = 0;

    for (size_t i = 0; i < s->page_count; i++)
        for (uint32_t offset = 0; offset < s->pages[i].used;) {
            const struct entry *x = (const struct entry *)(const void *)(s->pages[i].page->data + offset);
            int64_t n = s->pages[i].name_space / 3600 + NAMES / 2;
            int k = key_number((struct slice){entry_key(&s->layout, x), x->key_len});

            offset += entry_size(&s->layout, x);
            if (!entry_was_live(x, f->snapshot->epoch))
                continue;
            count++;
            if (!f->model->values[n][k].there ||
                !value_is(entry_bytes(&s->layout, x), &f->model->values[n][k]))
                snprintf(f->wrong, sizeof f->wrong, "key %d of namespace %d", k, (int)n);
        }
    if (count != f->model->count)
        snprintf(f->wrong, sizeof f->wrong, "%zu entries instead of %zu", count, f->model->count);
}

static void *frozen_thread(void *arg)
{
    struct frozen *f = arg;

    check_frozen(f);
    state_snapshot_free(f->snapshot);
    return NULL;
}

static struct frozen *freeze(struct random_run *r)
{
    struct frozen *f = calloc(1, sizeof *f);

    f->model = malloc(sizeof *f->model);
    *f->model = *r->model;
    f->snapshot = state_freeze(r->store);
    assert_non_null(f->snapshot);
    assert_int_equal(state_snapshot_entries(f->snapshot), r->model->count);
    return f;
}

static void end_frozen(struct frozen *f)
{
    if (f->wrong[0])
        fail_msg("the snapshot is not the state at its time: %s", f->wrong);
    free(f->model);
    free(f);
}

/* Three kinds of values; some snapshots read by another thread at once, some by this one much later. */
static void test_model(UNUSED void **state)
{
    static const uint32_t sizes[] = {8, 40, 0};

    for (size_t i = 0; i < COUNT_OF(sizes) * 2; i++) {
        struct budget *budget = budget_new("test", 0, NULL);
        struct random_run r = {.value_size = sizes[i / 2], .store = new_store(budget)};
        struct frozen *late = NULL;

        random_seed(&r.random, 7 + i);
        r.model = calloc(1, sizeof *r.model);
        r.s = declare(r.store, "sums", r.value_size, 0);
        for (int round = 0; round < 40; round++) {
            struct frozen *now = freeze(&r);
            pthread_t thread;

            if (late == NULL)
                late = freeze(&r);
            assert_int_equal(pthread_create(&thread, NULL, frozen_thread, now), 0);
            for (int k = 0; k < 1500; k++)
                step(&r);
            assert_int_equal(pthread_join(thread, NULL), 0);
            end_frozen(now);
            if (round % 7 == 6) {
                check_frozen(late);
                state_snapshot_free(late->snapshot);
                end_frozen(late);
                late = NULL;
                check_against_model(&r);
            }
        }
        check_against_model(&r);
        for (int n = 0; n < NAMES; n++)
            drop_one(&r, n);
        assert_int_equal(state_count(r.s), 0);
        state_store_free(r.store); /* before the snapshot, which stays readable */
        if (late) {
            check_frozen(late);
            state_snapshot_free(late->snapshot);
            end_frozen(late);
        }
        assert_int_equal(budget_used(budget), 0);
        budget_free(budget);
        free(r.model);
    }
}

/* --- sizes --- */

static void test_many_keys(UNUSED void **state)
{
    struct state_store *store = new_store(NULL);
    struct state *s = declare(store, "sums", 8, 0);
    char text[64];
    const int count = 200000;

    for (int i = 0; i < count; i++) {
        int64_t *v = state_edit(s, make_key(i, text), 0, NULL);

        assert_non_null(v);
        *v = i;
    }
    for (int i = 0; i < count; i += 2)
        assert_true(state_remove(s, make_key(i, text), 0));
    assert_int_equal(state_count(s), count / 2);
    for (int i = 0; i < count; i++) {
        struct slice v = state_get(s, make_key(i, text), 0);
        int64_t got;

        assert_true((v.ptr != NULL) == (i % 2 == 1));
        if (v.ptr == NULL)
            continue;
        memcpy(&got, v.ptr, sizeof got);
        assert_true(got == i);
    }
    state_store_free(store);
}

/* Keys that come and go leave no heap of dead entries behind. */
static void test_churn_is_bounded(UNUSED void **state)
{
    struct budget *budget = budget_new("test", 0, NULL);
    struct state_store *store = new_store(budget);
    struct state *s = declare(store, "sums", 64, 0);
    char text[64];
    const int live = 10000;
    size_t full = 0;

    for (int i = 0; i < 30 * live; i++) {
        assert_non_null(state_edit(s, make_key(i, text), 0, NULL));
        if (i >= live && i % 16) /* one in sixteen stays behind for a while, all over the pages */
            state_remove(s, make_key(i - live, text), 0);
        if (i >= 5 * live && (i - 4 * live) % 16 == 0)
            state_remove(s, make_key(i - 4 * live, text), 0);
        if (i == 6 * live)
            full = budget_used(budget);
    }
    if (budget_used(budget) > full * 2)
        fail_msg("%zu bytes for what had %zu", budget_used(budget), full);
    state_store_free(store);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

static void test_many_namespaces(UNUSED void **state)
{
    struct budget *budget = budget_new("test", 0, NULL);
    struct state_store *store = new_store(budget);
    struct timers t;
    struct random random;
    struct bytes bytes = {0};
    struct key key;
    char text[64];
    int64_t due, last = INT64_MIN;
    const int count = 100000;
    int popped = 0;
    struct error e;

    random_seed(&random, 3);
    ASSERT_OK(timers_init(&t, store, "timers", &key_schema, &e), &e);
    for (int i = 0; i < count; i++) /* each its own due time, in no order */
        assert_true(
            timers_set(&t, (int64_t)(hash_mix((uint64_t)i) >> 1) - INT64_MAX / 2, make_key(i % 100, text)));
    assert_true(budget_used(budget) < (size_t)count * 512);
    assert_true(timers_next_due(&t, &due));
    while (timers_pop(&t, INT64_MAX, &due, &key, &bytes)) {
        assert_true(due >= last);
        last = due;
        popped++;
    }
    assert_int_equal(popped, count);
    assert_false(timers_next_due(&t, &due));
    bytes_fini(&bytes);
    state_store_free(store);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

static void test_timers(UNUSED void **state)
{
    struct state_store *store = new_store(NULL);
    struct timers t;
    struct bytes bytes = {0};
    struct key key;
    char text[64];
    int64_t due;
    int popped = 0;
    struct error e;

    ASSERT_OK(timers_init(&t, store, "timers", &key_schema, &e), &e);
    for (int i = 0; i < 50000; i++) /* one due time, many keys: popping must not walk over those gone */
        assert_true(timers_set(&t, 1000, make_key(i, text)));
    assert_true(timers_set(&t, 1000, make_key(5, text))); /* twice is once */
    assert_true(timers_set(&t, 2000, make_key(5, text)));
    timers_delete(&t, 1000, make_key(6, text));
    timers_delete(&t, 999, make_key(6, text));
    assert_false(timers_pop(&t, 999, &due, &key, &bytes));
    while (timers_pop(&t, 1999, &due, &key, &bytes)) {
        assert_int_equal(due, 1000);
        assert_int_not_equal(key_number(key.bytes), 6);
        popped++;
    }
    assert_int_equal(popped, 49999);
    assert_true(timers_next_due(&t, &due));
    assert_int_equal(due, 2000);
    bytes_fini(&bytes);
    state_store_free(store);
}

/* --- time to live --- */

static void test_time_to_live(UNUSED void **state)
{
    struct state_store *store = new_store(NULL);
    struct state *s = declare(store, "seen", 8, 100), *other = declare(store, "kept", 8, 0);
    struct key key;
    struct slice value;
    char text[64];
    bool created;
    size_t at = 0;
    int64_t *v;

    for (int i = 0; i < 10; i++) {
        v = state_edit(s, make_key(i, text), i % 2, NULL);
        *v = i;
        assert_non_null(state_edit(other, make_key(i, text), 0, NULL));
    }
    fake.now_us = 60;
    assert_non_null(state_edit(s, make_key(3, text), 1, NULL)); /* a write lets it live on */
    assert_non_null(state_get(s, make_key(5, text), 1).ptr);    /* a look does not */
    fake.now_us = 100;
    assert_null(state_get(s, make_key(5, text), 1).ptr);
    assert_non_null(state_get(s, make_key(3, text), 1).ptr);
    v = state_edit(s, make_key(7, text), 1, &created);
    assert_true(created && *v == 0);
    assert_false(state_remove(s, make_key(9, text), 1));
    for (int seen = 0;; seen++)
        if (!state_next(s, 1, &at, &key, &value)) {
            assert_int_equal(seen, 2);
            break;
        }
    assert_int_equal(state_count(s), 9);
    for (int i = 0; i < 4; i++)
        state_expire(store, 4);
    assert_int_equal(state_count(s), 2);
    assert_int_equal(state_count(other), 10);
    state_store_free(store);
}

static void test_expire_looks_at_all(UNUSED void **state)
{
    struct state_store *store = new_store(NULL);
    struct state *s = declare(store, "seen", 8, 100);
    char text[64];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3000; i++)
            assert_non_null(state_edit(s, make_key(i, text), i % 3 ? i % 70 : INT64_MAX, NULL));
        state_expire(store, 100000);
        assert_int_equal(state_count(s), 3000);
        fake.now_us += 100;
        for (int i = 0; i < 400; i++)
            state_expire(store, 10);
        assert_int_equal(state_count(s), 0);
    }
    state_store_free(store);
}

/* --- no memory --- */

static void test_declare_refuses(UNUSED void **state)
{
    static struct field fields[2];
    static const struct {
        const char *state, *key, *says;
    } cases[] = {
        {"a/b", "user", "a/b"},     {"", "user", "needs a name"},         {"sums", "namespace", "namespace"},
        {"sums", "value", "value"}, {"sums", "last_write", "last_write"},
    };
    struct state_store *store = new_store(NULL);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct schema key = {1, fields};
        struct state_desc desc = {.name = cases[i].state, .key = &key, .has_namespace = true};
        struct state *s;
        struct error e;

        fields[0] = (struct field){.name = cases[i].key, .type = type_simple(TYPE_STRING, false)};
        assert_int_equal(state_declare(store, &desc, &s, &e), ERR_CONFIG);
        assert_non_null(strstr(e.text, cases[i].says));
    }
    state_store_free(store);
}

/* A random run in which every operation first fails at its first, second, ... allocation: each time the state
 * must be as it was, and at last the operation succeeds. */
static void test_failing_leaves_it_alone(UNUSED void **state)
{
    static const uint32_t sizes[] = {16, 0};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct random_run r = {.value_size = sizes[i], .store = new_store(NULL)};
        struct frozen *held = NULL;

        random_seed(&r.random, 11);
        r.model = calloc(1, sizeof *r.model);
        r.s = declare(r.store, "sums", r.value_size, 0);
        for (int k = 0; k < 3000; k++) {
            int n = (int)random_below(&r.random, NAMES), number = (int)random_below(&r.random, KEYS);
            char text[64], bytes[200] = {0};
            struct key key = make_key(number, text);
            size_t len = r.value_size ? r.value_size : random_below(&r.random, sizeof bytes);
            bool done = false;

            for (uint64_t nth = 1; !done; nth++) {
                mem_fail_at(nth, k % 2);
                done = state_put(r.s, key, name_of(n), (struct slice){bytes, len});
                mem_fail_at(0, false);
                if (!done && k % 97 == 0)
                    check_against_model(&r);
                assert_true(nth < 20);
            }
            r.model->count += !r.model->values[n][number].there;
            r.model->values[n][number] = (struct model_value){true, (uint32_t)len, 0};
            set_one(&r, n, number);
            if (k % 3 == 0) {
                mem_fail_at(1, true); /* removing needs none */
                assert_true(state_remove(r.s, key, name_of(n)));
                mem_fail_at(0, false);
                model_remove(r.model, n, number);
            }
            if (k % 100 == 0) {
                if (held) {
                    check_frozen(held);
                    state_snapshot_free(held->snapshot);
                    end_frozen(held);
                }
                for (uint64_t nth = 1;; nth++) {
                    struct state_snapshot *snapshot;

                    mem_fail_at(nth, false);
                    snapshot = state_freeze(r.store);
                    mem_fail_at(0, false);
                    state_snapshot_free(snapshot);
                    if (snapshot)
                        break;
                }
                held = freeze(&r);
            }
        }
        check_against_model(&r);
        check_frozen(held);
        state_snapshot_free(held->snapshot);
        end_frozen(held);
        state_store_free(r.store);
        free(r.model);
    }
}

static void test_budget_is_a_limit(UNUSED void **state)
{
    struct budget *budget = budget_new("test", 300000, NULL);
    struct state_store *store = new_store(budget);
    struct state *s = declare(store, "sums", 8, 0);
    struct state_snapshot *snapshot;
    char text[64];
    int count = 0;
    int64_t *v;

    while ((v = state_edit(s, make_key(count, text), 0, NULL)) != NULL)
        *v = count++;
    assert_true(count > 1000 && budget_used(budget) <= 300000);
    assert_int_equal(state_count(s), count);
    snapshot = state_freeze(store);
    assert_non_null(snapshot);
    for (int i = 0; i < count;
         i++) { /* copies are counted too, so some of these must fail, and change nothing */
        if ((v = state_edit(s, make_key(i, text), 0, NULL)) != NULL)
            *v = i;
        assert_true(budget_used(budget) <= 300000);
    }
    state_snapshot_free(snapshot);
    for (int i = 0; i < count; i++) {
        v = state_edit(s, make_key(i, text), 0, NULL);
        assert_true(v && *v == i);
    }
    state_store_free(store);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
}

TEST_MAIN(cmocka_unit_test_setup(test_model, setup), cmocka_unit_test_setup(test_many_keys, setup),
          cmocka_unit_test_setup(test_churn_is_bounded, setup),
          cmocka_unit_test_setup(test_many_namespaces, setup), cmocka_unit_test_setup(test_timers, setup),
          cmocka_unit_test_setup(test_time_to_live, setup),
          cmocka_unit_test_setup(test_expire_looks_at_all, setup),
          cmocka_unit_test_setup(test_declare_refuses, setup),
          cmocka_unit_test_setup(test_failing_leaves_it_alone, setup),
          cmocka_unit_test_setup(test_budget_is_a_limit, setup))
