/* engine_test.c: the engine's parts one by one: restart strategies, channels, the scheduler, exchanges,
 * chains, what a restore refuses, settings. Whole jobs, under seeds and on threads, are in tests/sim.
 */
#include "engine/engine.h"
#include "base/mem.h"
#include "base/test.h"
#include "config/config.h"
#include "engine/chain.h"
#include "engine/channel.h"
#include "engine/exchange.h"
#include "engine/recovery.h"
#include "engine/restart.h"
#include "engine/scheduler.h"
#include "os/log.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- restart --- */

struct failure {
    int64_t at_us, want_delay_us; /* -1: no restart */
};

static void test_restart(UNUSED void **state)
{
    static const struct {
        const char *name;
        struct restart_strategy strategy;
        double unit;
        struct failure failures[5]; /* ends at 0 */
    } cases[] = {
        {"none", {.kind = RESTART_NONE}, 0.5, {{1, -1}}},
        {"fixed",
         {.kind = RESTART_FIXED_DELAY, .attempts = 2, .delay_us = 7},
         0.5,
         {{1, 7}, {2, 7}, {3, -1}}},
        {"exponential grows to its limit",
         {.kind = RESTART_EXPONENTIAL_DELAY,
          .attempts = -1,
          .initial_us = 10,
          .max_us = 35,
          .reset_us = 1000,
          .multiplier = 2},
         0.5,
         {{1, 10}, {2, 20}, {3, 35}, {4, 35}}},
        {"exponential starts afresh after a quiet time",
         {.kind = RESTART_EXPONENTIAL_DELAY,
          .attempts = 2,
          .initial_us = 10,
          .max_us = 100,
          .reset_us = 1000,
          .multiplier = 2},
         0.5,
         {{1, 10}, {500, 20}, {1600, 10}, {1700, 20}, {1800, -1}}},
        {"jitter up",
         {.kind = RESTART_EXPONENTIAL_DELAY,
          .attempts = -1,
          .initial_us = 100,
          .max_us = 100,
          .multiplier = 2,
          .jitter = 0.1,
          .reset_us = 1000},
         1.0,
         {{1, 110}}},
        {"jitter down",
         {.kind = RESTART_EXPONENTIAL_DELAY,
          .attempts = -1,
          .initial_us = 100,
          .max_us = 100,
          .multiplier = 2,
          .jitter = 0.1,
          .reset_us = 1000},
         0.0,
         {{1, 90}}},
        {"rate within the interval",
         {.kind = RESTART_FAILURE_RATE, .max_failures = 2, .interval_us = 100, .delay_us = 5},
         0.5,
         {{1, 5}, {50, 5}, {101, 5}, {120, -1}}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct restart_history h = {0};

        for (size_t j = 0; j < COUNT_OF(cases[i].failures) && cases[i].failures[j].at_us > 0; j++) {
            int64_t delay_us;
            bool again = restart_decide(&cases[i].strategy, &h, cases[i].failures[j].at_us, cases[i].unit,
                                        &delay_us);

            if ((again ? delay_us : -1) != cases[i].failures[j].want_delay_us)
                fail_msg("%s, failure %zu: got %" PRId64, cases[i].name, j, again ? delay_us : -1);
        }
        restart_fini(&h);
    }
}

/* --- the scheduler --- */

struct counting {
    struct runnable runnable;
    struct scheduler *scheduler;
    _Atomic int runs, inside;
    int more; /* times to ask for another turn */
    bool wakes_itself;
};

static bool count_run(struct runnable *r)
{
    struct counting *c = CONTAINER_OF(r, struct counting, runnable);

    assert_int_equal(atomic_fetch_add(&c->inside, 1), 0); /* in one thread at a time */
    atomic_fetch_add(&c->runs, 1);
    if (c->wakes_itself) {
        c->wakes_itself = false;
        scheduler_wake(c->scheduler, r);
    }
    atomic_fetch_sub(&c->inside, 1);
    return c->more-- > 0;
}

struct manual_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t manual_now(struct clock *c)
{
    return CONTAINER_OF(c, struct manual_clock, clock)->now_us;
}

struct bench {
    struct manual_clock clock;
    struct inbox inbox;
    struct scheduler scheduler;
};

static void bench_init(struct bench *b)
{
    b->clock = (struct manual_clock){{manual_now, manual_now}, 0};
    inbox_init(&b->inbox);
    scheduler_init(&b->scheduler, &b->clock.clock, &b->inbox);
    scheduler_resume(&b->scheduler);
}

static void bench_fini(struct bench *b)
{
    scheduler_fini(&b->scheduler);
    inbox_fini(&b->inbox);
}

static void test_scheduler(UNUSED void **state)
{
    struct bench b;
    struct counting c[3] = {0};

    bench_init(&b);
    for (int i = 0; i < 3; i++) {
        c[i].runnable.run = count_run;
        c[i].scheduler = &b.scheduler;
    }
    scheduler_wake(&b.scheduler, &c[0].runnable);
    scheduler_wake(&b.scheduler, &c[0].runnable);
    assert_int_equal(scheduler_ready_count(&b.scheduler), 1); /* queued once */
    scheduler_wake(&b.scheduler, &c[1].runnable);
    scheduler_wake(&b.scheduler, &c[2].runnable);
    scheduler_run_nth(&b.scheduler, 1);
    assert_true(c[0].runs == 0 && c[1].runs == 1 && c[2].runs == 0);
    c[2].more = 1;
    scheduler_run_nth(&b.scheduler, 1);
    assert_int_equal(scheduler_ready_count(&b.scheduler), 2); /* it wanted another turn */
    c[0].wakes_itself = true;
    scheduler_run_nth(&b.scheduler, 0);
    assert_int_equal(scheduler_ready_count(&b.scheduler), 2); /* woken while it ran */
    scheduler_pause(&b.scheduler);
    scheduler_wake(&b.scheduler, &c[1].runnable);
    assert_true(scheduler_ready_count(&b.scheduler) == 0 && scheduler_is_quiet(&b.scheduler));
    scheduler_resume(&b.scheduler);
    for (int i = 0; i < 3; i++)
        scheduler_wake(&b.scheduler, &c[i].runnable);
    assert_int_equal(scheduler_ready_count(&b.scheduler), 3);
    bench_fini(&b);
}

static void test_alarms(UNUSED void **state)
{
    static const int64_t due[] = {50, 20, 40, 10, 30};
    struct counting c[5] = {0};
    atomic_bool flags[5] = {0};
    struct alarm alarms[5];
    struct bench b;

    bench_init(&b);
    assert_true(scheduler_reserve(&b.scheduler, 5));
    assert_true(scheduler_due_us(&b.scheduler) == INT64_MAX);
    for (int i = 0; i < 5; i++) {
        c[i].runnable.run = count_run;
        alarms[i] = (struct alarm){.target = &c[i].runnable, .flag = &flags[i]};
        scheduler_alarm(&b.scheduler, &alarms[i], due[i] + 100);
        scheduler_alarm(&b.scheduler, &alarms[i], due[i]); /* the earlier wins */
        scheduler_alarm(&b.scheduler, &alarms[i], due[i] + 7);
    }
    for (int64_t now = 10; now <= 50; now += 10) {
        assert_true(scheduler_due_us(&b.scheduler) == now);
        b.clock.now_us = now;
        scheduler_fire(&b.scheduler);
        assert_int_equal(scheduler_ready_count(&b.scheduler), now / 10);
        for (int i = 0; i < 5; i++)
            assert_int_equal(atomic_load(&flags[i]), due[i] <= now);
    }
    assert_true(scheduler_due_us(&b.scheduler) == INT64_MAX);
    bench_fini(&b);
}

/* --- channels --- */

static void test_channel(UNUSED void **state)
{
    struct counting from = {.runnable.run = count_run}, to = {.runnable.run = count_run};
    struct bench b;
    struct channel *c;
    struct element got;
    struct error e;

    bench_init(&b);
    assert_non_null(c = channel_new(1000, &b.scheduler, &from.runnable, &to.runnable));
    assert_false(channel_pop(c, &got));
    for (int64_t round = 0; round < 5; round++) {
        for (int64_t i = 0; i < 100; i++) {
            ASSERT_OK(channel_push(c, (struct element){.kind = ELEMENT_WATERMARK, .value = i}, &e), &e);
            assert_int_equal(channel_is_full(c), i >= 15); /* 64 bytes each, 16 of them are over 1000 */
        }
        scheduler_run_nth(&b.scheduler, 0);
        assert_int_equal(scheduler_ready_count(&b.scheduler), 0);
        for (int64_t i = 0; i < 100; i++) {
            assert_true(channel_pop(c, &got) && got.value == i);
            assert_int_equal(scheduler_ready_count(&b.scheduler),
                             i >= 92); /* 7 are left: half; wake the producer */
        }
        assert_true(channel_is_empty(c) && !channel_pop(c, &got));
        scheduler_run_nth(&b.scheduler, 0);
    }
    channel_free(c);
    bench_fini(&b);
}

static void test_channel_no_memory(UNUSED void **state)
{
    struct counting r = {.runnable.run = count_run};
    struct bench b;
    struct channel *c;
    struct element got;
    struct error e;

    bench_init(&b);
    assert_non_null(c = channel_new(1 << 20, &b.scheduler, &r.runnable, &r.runnable));
    for (int64_t i = 0; i < 32; i++)
        ASSERT_OK(channel_push(c, (struct element){.kind = ELEMENT_WATERMARK, .value = i}, &e), &e);
    mem_fail_at(1, false);
    assert_int_equal(channel_push(c, (struct element){.kind = ELEMENT_WATERMARK, .value = 99}, &e),
                     ERR_MEMORY);
    mem_fail_at(0, false);
    for (int64_t i = 0; i < 32; i++)
        assert_true(channel_pop(c, &got) && got.value == i);
    assert_false(channel_pop(c, &got));
    channel_free(c);
    bench_fini(&b);
}

/* Producer and consumer on worker threads: all arrives, in order, however often both go to sleep. */
struct pump {
    struct runnable runnable;
    struct channel *channel;
    int64_t next, end;
    bool produces;
    _Atomic bool done;
};

static bool pump_run(struct runnable *r)
{
    struct pump *p = CONTAINER_OF(r, struct pump, runnable);
    struct element element = {.kind = ELEMENT_WATERMARK};
    struct error e;

    if (p->produces) {
        while (p->next < p->end && !channel_is_full(p->channel)) {
            element.value = p->next++;
            if (channel_push(p->channel, element, &e) != OK)
                abort();
        }
    } else {
        while (channel_pop(p->channel, &element))
            if (element.value != p->next++)
                abort();
    }
    if (p->next == p->end)
        atomic_store(&p->done, true);
    return false;
}

static void test_channel_on_threads(UNUSED void **state)
{
    struct pump from = {.runnable.run = pump_run, .end = 200000, .produces = true};
    struct pump to = {.runnable.run = pump_run, .end = 200000};
    struct inbox inbox;
    struct scheduler s;
    struct error e;

    inbox_init(&inbox);
    scheduler_init(&s, clock_system(), &inbox);
    assert_non_null(from.channel = to.channel = channel_new(500, &s, &from.runnable, &to.runnable));
    ASSERT_OK(scheduler_start(&s, 2, &e), &e);
    scheduler_resume(&s);
    scheduler_wake(&s, &from.runnable);
    while (!atomic_load(&to.done))
        sched_yield();
    scheduler_fini(&s);
    assert_true(from.next == from.end && to.next == to.end);
    channel_free(from.channel);
    inbox_fini(&inbox);
}

/* --- exchanges --- */

#define TARGETS 3

struct exchange_fixture {
    struct bench bench;
    struct arena arena;
    const struct schema *schema;
    struct counting r;
    struct exchange x;
    struct channel *channels[TARGETS];
    struct error e;
};

static void exchange_setup(struct exchange_fixture *f, enum partitioning partitioning)
{
    static const int32_t key[] = {0};
    struct edge edge = {.partitioning = partitioning, .key_count = partitioning == EDGE_HASH, .keys = key};

    *f = (struct exchange_fixture){.r.runnable.run = count_run};
    bench_init(&f->bench);
    ASSERT_OK(schema_parse(&f->arena, SLICE("name STRING, n BIGINT"), &f->schema, &f->e), &f->e);
    ASSERT_OK(exchange_init(&f->x, &edge, 128, TARGETS, NULL, &f->e), &f->e);
    for (int i = 0; i < TARGETS; i++)
        assert_non_null(f->x.channels[i] = f->channels[i] = channel_new(1 << 20, &f->bench.scheduler,
                                                                        &f->r.runnable, &f->r.runnable));
}

static void exchange_teardown(struct exchange_fixture *f)
{
    for (int i = 0; i < TARGETS; i++)
        channel_free(f->channels[i]);
    exchange_fini(&f->x);
    bench_fini(&f->bench);
    arena_fini(&f->arena);
}

/* Rows (name n % keys, n), of which every third is not selected. */
static struct batch *make_rows(struct exchange_fixture *f, int32_t count, int32_t keys)
{
    struct builder builder;
    struct batch *all, *selected;
    int32_t rows[1000], selected_count = 0;
    char name[40];

    assert_true(builder_init(&builder, f->schema, NULL));
    for (int32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "a name that is not inline %d", i % keys);
        builder_copied(&builder.columns[0], name, strlen(name));
        builder_i64(&builder.columns[1], i);
        if (i % 3 != 0)
            rows[selected_count++] = i;
    }
    ASSERT_OK(builder_finish(&builder, &all, &f->e), &f->e);
    builder_fini(&builder);
    all->split = 4;
    assert_non_null(selected = batch_select(all, rows, selected_count, NULL));
    batch_unref(all);
    return selected;
}

/* All rows that come out: each once, each key at one target, without split; returns how many targets got
 * some. */
static int drain(struct exchange_fixture *f, int32_t count, int32_t keys, int copies)
{
    int seen[1000] = {0}, target_of[1000], targets = 0;
    struct element got;
    char name[40];

    for (int i = 0; i < keys; i++)
        target_of[i] = -1;
    for (int t = 0; t < TARGETS; t++) {
        targets += !channel_is_empty(f->channels[t]);
        while (channel_pop(f->channels[t], &got)) {
            ASSERT_OK(batch_check(got.batch, &f->e), &f->e);
            assert_int_equal(got.batch->split, -1);
            for (int32_t i = 0; i < batch_live(got.batch); i++) {
                int32_t row = batch_row(got.batch, i);
                int64_t n = got.batch->columns[1].i64[row];

                seen[n]++;
                snprintf(name, sizeof name, "a name that is not inline %d", (int)(n % keys));
                assert_true(slice_is(column_slice(&got.batch->columns[0], row), name));
                if (f->x.partitioning == EDGE_HASH)
                    assert_true(target_of[n % keys] == -1 || target_of[n % keys] == t);
                target_of[n % keys] = t;
            }
            batch_unref(got.batch);
        }
    }
    for (int32_t i = 0; i < count; i++)
        assert_int_equal(seen[i], i % 3 != 0 ? copies : 0);
    return targets;
}

static void test_exchange(UNUSED void **state)
{
    static const struct {
        enum partitioning partitioning;
        int32_t rows, keys;
        int copies, want_targets;
    } cases[] = {{EDGE_HASH, 1000, 50, 1, 3},     {EDGE_HASH, 3, 3, 1, 0},
                 {EDGE_HASH, 200, 1, 1, 1},       {EDGE_HASH, 1, 1, 1, 0} /* none is selected */,
                 {EDGE_REBALANCE, 100, 10, 1, 1}, {EDGE_BROADCAST, 100, 10, TARGETS, TARGETS}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct exchange_fixture f;
        struct batch *b;
        int targets;

        exchange_setup(&f, cases[i].partitioning);
        b = make_rows(&f, cases[i].rows, cases[i].keys);
        ASSERT_OK(exchange_batch(&f.x, b, &f.e), &f.e);
        assert_true(f.x.records_out == batch_live(b) * cases[i].copies);
        batch_unref(b);
        targets = drain(&f, cases[i].rows, cases[i].keys, cases[i].copies);
        if (cases[i].want_targets > 0)
            assert_int_equal(targets, cases[i].want_targets);
        exchange_teardown(&f);
    }
}

/* What cannot be sent for want of memory is an error; nothing leaks, nothing is sent twice. */
static void test_exchange_no_memory(UNUSED void **state)
{
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        struct exchange_fixture f;
        struct batch *b;

        exchange_setup(&f, EDGE_HASH);
        b = make_rows(&f, 300, 20);
        mem_fail_at(nth, false);
        rc = exchange_batch(&f.x, b, &f.e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        batch_unref(b);
        exchange_teardown(&f);
    }
}

/* --- chains --- */

static const struct operator_factory no_factory = {.name = "none"};

static int32_t add(struct graph *g, const char *name, bool is_source, bool no_chain)
{
    return graph_vertex(
        g,
        &(struct vertex){.name = name, .factory = &no_factory, .is_source = is_source, .no_chain = no_chain});
}

static void test_chains(UNUSED void **state)
{
    struct chains chains;
    struct graph g;
    struct error e;
    int32_t source, map, side, sink, alone, both;

    graph_init(&g, "job");
    source = add(&g, "source", true, false);
    map = add(&g, "map", false, false);
    side = add(&g, "side", false, false);
    sink = add(&g, "sink", false, false);
    alone = add(&g, "alone", false, true);
    both = add(&g, "both", false, false);
    graph_edge(&g, &(struct edge){.from = source, .to = map});
    graph_edge(&g, &(struct edge){.from = map, .port = 1, .to = side});
    graph_edge(&g, &(struct edge){.from = map, .to = sink, .partitioning = EDGE_REBALANCE});
    graph_edge(&g, &(struct edge){.from = map, .to = alone});
    graph_edge(&g, &(struct edge){.from = alone, .to = both});
    graph_edge(&g, &(struct edge){.from = side, .to = both, .input = 1});
    ASSERT_OK(graph_finish(&g, 2, 0, &e), &e);
    ASSERT_OK(chains_init(&chains, &g, &e), &e);
    assert_int_equal(chains.count, 4);
    assert_int_equal(chains.task_count, 8);
    assert_string_equal(chains.chains[0].name, "source -> map -> side");
    assert_int_equal(chains.chains[0].ops[2].parent, 1);
    assert_int_equal(chains.chains[0].ops[2].parent_port, 1);
    for (int32_t i = 1; i < 4; i++)
        assert_int_equal(chains.chains[i].op_count, 1); /* another exchange, no_chain, two inputs */
    chains_fini(&chains);

    enum err rc = ERR_MEMORY;
    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, false);
        rc = chains_init(&chains, &g, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    }
    chains_fini(&chains);
    graph_fini(&g);
}

/* --- what a restore refuses --- */

static void test_recovery_check(UNUSED void **state)
{
    static const struct op_item item = {.name = "i"};
    static const struct state_file file = {.state = "s"};
    static const struct slice part = {"p", 1};
    static const struct {
        struct checkpoint_vertex old;
        bool allow;
        const char *says;
    } cases[] = {
        {{"a", "A", 5, 128, 1, 0, 0, &item, NULL, NULL}, false, NULL}, /* parallelism may differ */
        {{"gone", "Gone", 1, 128, 1, 0, 0, &item, NULL, NULL}, false, "'gone' (Gone)"},
        {{"gone", "Gone", 1, 128, 1, 0, 0, &item, NULL, NULL}, true, NULL},
        {{"gone", "Gone", 1, 128, 0, 0, 0, NULL, NULL, NULL}, false, NULL}, /* it had no state */
        {{"k", "K", 1, 64, 0, 1, 0, NULL, &file, NULL}, false, "pipeline.max-parallelism to 64"},
        {{"k", "K", 1, 64, 1, 0, 0, &item, NULL, NULL}, false, NULL}, /* no keyed state */
        {{"a", "A", 1, 128, 0, 1, 0, NULL, &file, NULL}, false, "keeps none now"},
        {{"a", "A", 1, 128, 0, 0, 1, NULL, NULL, &part}, false, "no sink that commits"},
    };
    struct vertex vertices[] = {
        {.uid = "a", .name = "A", .factory = &no_factory, .parallelism = 1, .max_parallelism = 128},
        {.uid = "k",
         .name = "K",
         .factory = &no_factory,
         .parallelism = 1,
         .max_parallelism = 128,
         .keyed = true}};
    struct graph g = {.vertices = vertices, .vertex_count = 2};
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct checkpoint c = {.id = 3, .vertices = &cases[i].old, .vertex_count = 1};
        enum err rc = recovery_check(&c, &g, cases[i].allow, &e);

        if (cases[i].says == NULL)
            ASSERT_OK(rc, &e);
        else if (rc != ERR_CONFIG || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, rc == OK ? "it was taken" : e.text);
    }
}

/* --- settings --- */

static void test_config(UNUSED void **state)
{
    struct config *c = config_new();
    struct engine_config out = {0};
    struct error e;

    ASSERT_OK(engine_config_read(c, &out, &e), &e);
    assert_true(out.checkpoint_interval_us == 0 && out.timeout_us == 600 * INT64_C(1000000));
    assert_int_equal(out.restart.kind, RESTART_NONE);
    ASSERT_OK(config_set_text(c, "execution.checkpointing.interval=30s", &e), &e);
    ASSERT_OK(config_set_text(c, "execution.checkpointing.min-pause=5s", &e), &e);
    ASSERT_OK(config_set_text(c, "execution.checkpointing.num-retained=3", &e), &e);
    ASSERT_OK(engine_config_read(c, &out, &e), &e);
    assert_true(out.checkpoint_interval_us == 30000000 && out.min_pause_us == 5000000 && out.retained == 3);
    assert_int_equal(out.restart.kind, RESTART_EXPONENTIAL_DELAY);
    assert_true(out.restart.initial_us == 1000000 && out.restart.max_us == 60000000 &&
                out.restart.attempts > 1000000);
    ASSERT_OK(config_set_text(c, "restart-strategy=fixed-delay", &e), &e);
    ASSERT_OK(config_set_text(c, "restart-strategy.fixed-delay.attempts=5", &e), &e);
    ASSERT_OK(engine_config_read(c, &out, &e), &e);
    assert_int_equal(out.restart.kind, RESTART_FIXED_DELAY);
    assert_int_equal(out.restart.attempts, 5);
    ASSERT_OK(config_set_text(c, "state.backend.type=rocksdb", &e), &e);
    ASSERT_OK(engine_config_read(c, &out, &e), &e); /* with a word in the log */
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_scheduler),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_channel),
        cmocka_unit_test(test_channel_no_memory),
        cmocka_unit_test(test_channel_on_threads),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_exchange_no_memory),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_recovery_check),
        cmocka_unit_test(test_config),
    };

    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
