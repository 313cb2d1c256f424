/* coordinator_test.c: the coordinator by tables of messages and the orders they bring, and by random walks
 * that check its invariants after every message.
 */
#include "checkpoint/coordinator.h"
#include "base/mem.h"
#include "base/test.h"
#include "os/random.h"
#include <stdio.h>

#define SECOND INT64_C(1000000)

enum message { TICK, REQUEST, REQUEST_LAST, ACK, DECLINE, STORED, STORE_FAILED, COMMITTED, TASK_ENDED };

struct move {
    enum message message;
    int64_t at_us;
    int64_t id;       /* of ACK to COMMITTED */
    int32_t task;     /* of ACK and TASK_ENDED */
    const char *want; /* orders: "T7 S7", a 'l' behind the id of a last one */
};

static void send_message(struct coordinator *c, enum message message, int64_t id, int32_t task, int64_t at_us)
{
    switch (message) {
    case TICK:
        coordinator_tick(c, at_us);
        return;
    case REQUEST:
    case REQUEST_LAST:
        coordinator_request(c, message == REQUEST_LAST, at_us);
        return;
    case ACK:
        coordinator_ack(c, id, task, at_us);
        return;
    case DECLINE:
        coordinator_decline(c, id, "declined", at_us);
        return;
    case STORED:
    case STORE_FAILED:
        coordinator_stored(c, id, message == STORED, "disk full", at_us);
        return;
    case COMMITTED:
        coordinator_committed(c, id, at_us);
        return;
    case TASK_ENDED:
        coordinator_task_ended(c, task);
        return;
    }
}

static void take_orders(struct coordinator *c, char *out, size_t size)
{
    static const char letters[] = {[ORDER_TRIGGER] = 'T', [ORDER_STORE] = 'S', [ORDER_COMPLETE] = 'C',
                                   [ORDER_COMMIT] = 'M',  [ORDER_ABORT] = 'A', [ORDER_FAIL] = 'F'};
    struct order order;
    size_t used = 0;

    out[0] = '\0';
    while (coordinator_next(c, &order))
        used += (size_t)snprintf(out + used, size - used, "%s%c%" PRId64 "%s", used ? " " : "",
                                 letters[order.kind], order.id, order.last ? "l" : "");
}

static void play(const char *name, struct coordinator_config config, const struct move *moves, size_t count)
{
    struct coordinator *c = coordinator_new(&config, 0);
    char got[200];

    assert_non_null(c);
    for (size_t i = 0; i < count; i++) {
        send_message(c, moves[i].message, moves[i].id, moves[i].task, moves[i].at_us);
        take_orders(c, got, sizeof got);
        if (strcmp(got, moves[i].want) != 0)
            fail_msg("%s, move %zu: got '%s', want '%s'", name, i, got, moves[i].want);
    }
    coordinator_free(c);
}

#define PLAY(name, config, ...)                                                                              \
    do {                                                                                                     \
        static const struct move moves[] = {__VA_ARGS__};                                                    \
        play(name, config, moves, COUNT_OF(moves));                                                          \
    } while (0)

static const struct coordinator_config usual = {.interval_us = 10 * SECOND,
                                                .min_pause_us = 3 * SECOND,
                                                .timeout_us = 60 * SECOND,
                                                .task_count = 2,
                                                .commits_behind = 1};

static void test_life_of_a_checkpoint(UNUSED void **state)
{
    PLAY("in order", usual, {TICK, 9 * SECOND, 0, 0, ""}, {TICK, 10 * SECOND, 0, 0, "T1"},
         {ACK, 11 * SECOND, 1, 1, ""}, {ACK, 11 * SECOND, 1, 1, ""} /* the same again */,
         {ACK, 12 * SECOND, 1, 0, "S1"}, {TICK, 30 * SECOND, 0, 0, ""}, {STORED, 31 * SECOND, 1, 0, "C1 M1"},
         {TICK, 50 * SECOND, 0, 0, ""} /* not before the commit */, {COMMITTED, 51 * SECOND, 1, 0, "T2"});
    PLAY("the pause counts from the end", usual, {TICK, 10 * SECOND, 0, 0, "T1"},
         {ACK, 11 * SECOND, 1, 0, ""}, {ACK, 19 * SECOND, 1, 1, "S1"}, {STORED, 19 * SECOND, 1, 0, "C1 M1"},
         {COMMITTED, 20 * SECOND, 1, 0, ""}, {TICK, 21 * SECOND, 0, 0, ""}, {TICK, 22 * SECOND, 0, 0, "T2"});
    PLAY("a task that has ended acks nothing", usual, {TASK_ENDED, 0, 0, 1, ""},
         {TICK, 10 * SECOND, 0, 0, "T1"}, {ACK, 11 * SECOND, 1, 0, "S1"});
    PLAY("it may end in the middle", usual, {TICK, 10 * SECOND, 0, 0, "T1"}, {ACK, 11 * SECOND, 1, 0, ""},
         {TASK_ENDED, 0, 0, 1, "S1"});
    PLAY("all have ended", usual, {TASK_ENDED, 0, 0, 0, ""}, {TASK_ENDED, 0, 0, 1, ""},
         {TICK, 10 * SECOND, 0, 0, "T1 S1"});
}

static void test_requests(UNUSED void **state)
{
    struct coordinator_config asked = usual;

    asked.interval_us = 0;
    PLAY("at once", asked, {TICK, 100 * SECOND, 0, 0, ""}, {REQUEST, 100 * SECOND, 0, 0, "T1"});
    PLAY("after the one that runs", usual, {TICK, 10 * SECOND, 0, 0, "T1"}, {REQUEST, 10 * SECOND, 0, 0, ""},
         {ACK, 11 * SECOND, 1, 0, ""}, {ACK, 11 * SECOND, 1, 1, "S1"}, {STORED, 11 * SECOND, 1, 0, "C1 M1"},
         {COMMITTED, 11 * SECOND, 1, 0, "T2"});
    PLAY("the last is the last", usual, {REQUEST_LAST, SECOND, 0, 0, "T1l"}, {ACK, 2 * SECOND, 1, 0, ""},
         {ACK, 2 * SECOND, 1, 1, "S1"}, {STORED, 3 * SECOND, 1, 0, "C1l M1"},
         {COMMITTED, 4 * SECOND, 1, 0, ""}, {TICK, 1000 * SECOND, 0, 0, ""},
         {REQUEST, 1000 * SECOND, 0, 0, ""});
}

static void test_failures(UNUSED void **state)
{
    struct coordinator_config patient = usual, never = usual;

    patient.tolerable_failures = 1;
    never.tolerable_failures = -1;
    PLAY("none is tolerated", usual, {TICK, 10 * SECOND, 0, 0, "T1"}, {DECLINE, 11 * SECOND, 1, 0, "A1 F1"},
         {TICK, 100 * SECOND, 0, 0, ""}, {ACK, 100 * SECOND, 1, 0, ""});
    PLAY("too long", usual, {TICK, 10 * SECOND, 0, 0, "T1"}, {TICK, 69 * SECOND, 0, 0, ""},
         {TICK, 70 * SECOND, 0, 0, "A1 F1"});
    PLAY("two in a row", patient, {TICK, 10 * SECOND, 0, 0, "T1"}, {DECLINE, 11 * SECOND, 1, 0, "A1"},
         {ACK, 12 * SECOND, 1, 0, ""}, {TICK, 20 * SECOND, 0, 0, "T2"}, {ACK, 21 * SECOND, 2, 0, ""},
         {ACK, 21 * SECOND, 2, 1, "S2"}, {STORE_FAILED, 22 * SECOND, 2, 0, "A2 F2"});
    PLAY("a success between", patient, {TICK, 10 * SECOND, 0, 0, "T1"}, {DECLINE, 11 * SECOND, 1, 0, "A1"},
         {TICK, 20 * SECOND, 0, 0, "T2"}, {ACK, 21 * SECOND, 2, 0, ""}, {ACK, 21 * SECOND, 2, 1, "S2"},
         {STORED, 22 * SECOND, 2, 0, "C2 M2"}, {COMMITTED, 22 * SECOND, 2, 0, ""},
         {TICK, 30 * SECOND, 0, 0, "T3"}, {DECLINE, 31 * SECOND, 3, 0, "A3"});
    PLAY("the last is tried again", never, {REQUEST_LAST, SECOND, 0, 0, "T1l"},
         {DECLINE, 2 * SECOND, 1, 0, "A1"}, {TICK, 4 * SECOND, 0, 0, ""}, {TICK, 5 * SECOND, 0, 0, "T2l"});
    PLAY("a decline that comes too late", usual, {TICK, 10 * SECOND, 0, 0, "T1"},
         {ACK, 11 * SECOND, 1, 0, ""}, {ACK, 11 * SECOND, 1, 1, "S1"}, {DECLINE, 12 * SECOND, 1, 0, ""},
         {STORED, 13 * SECOND, 1, 0, "C1 M1"});
}

static void test_commits_wait(UNUSED void **state)
{
    struct coordinator_config two = usual;

    two.commits_behind = 2;
    two.task_count = 1;
    two.last_id = 6;
    PLAY("one at a time, in order", two, {TICK, 10 * SECOND, 0, 0, "T7"}, {ACK, 10 * SECOND, 7, 0, "S7"},
         {STORED, 11 * SECOND, 7, 0, "C7 M7"}, {TICK, 20 * SECOND, 0, 0, "T8"},
         {ACK, 20 * SECOND, 8, 0, "S8"}, {STORED, 21 * SECOND, 8, 0, "C8"}, {TICK, 30 * SECOND, 0, 0, ""},
         {COMMITTED, 31 * SECOND, 7, 0, "M8 T9"}, {COMMITTED, 32 * SECOND, 8, 0, ""});
}

/* --- random walks --- */

/* What the invariants of coordinator.h need to be watched. */
struct watch {
    int64_t last_triggered, stored, committing, last_committed;
    bool running, storing, failed;
    int64_t waiting; /* commits ordered or to be ordered */
};

static void watch_order(struct watch *w, const struct order *order)
{
    switch (order->kind) {
    case ORDER_TRIGGER:
        assert_false(w->running || w->storing || w->failed);
        assert_true(order->id == w->last_triggered + 1);
        assert_true(w->waiting < 2);
        w->last_triggered = order->id;
        w->running = true;
        return;
    case ORDER_STORE:
        assert_true(w->running && order->id == w->last_triggered);
        w->running = false;
        w->storing = true;
        return;
    case ORDER_COMPLETE:
        assert_true(order->id == w->stored);
        return;
    case ORDER_COMMIT:
        assert_true(w->committing == 0 && order->id > w->last_committed && order->id <= w->stored);
        w->committing = order->id;
        return;
    case ORDER_ABORT:
        assert_true(order->id == w->last_triggered && order->reason[0] != '\0');
        w->running = false;
        return;
    case ORDER_FAIL:
        w->failed = true;
        return;
    }
}

static void walk_once(uint64_t seed)
{
    struct coordinator_config config = usual;
    struct watch w = {0};
    struct random random;
    struct coordinator *c;
    int64_t now = 0;

    random_seed(&random, seed);
    config.task_count = 1 + (int32_t)random_below(&random, 4);
    config.tolerable_failures = (int32_t)random_below(&random, 5) - 1;
    config.commits_behind = 1 + (int32_t)random_below(&random, 2);
    assert_non_null(c = coordinator_new(&config, now));
    for (int i = 0; i < 2000; i++) {
        enum message message = (enum message)random_below(&random, TASK_ENDED);
        int64_t id = MAX(1, w.last_triggered - (int64_t)random_below(&random, 2));
        struct order order;

        now += (int64_t)random_below(&random, 5 * SECOND);
        if ((message == REQUEST_LAST && random_below(&random, 50) > 0) ||
            (message == DECLINE && random_below(&random, 4) > 0))
            continue;
        if (message == STORED || message == STORE_FAILED) {
            if (!w.storing)
                continue;
            id = w.last_triggered;
            w.storing = false;
            if (message == STORED) {
                w.stored = id;
                w.waiting++;
            }
        }
        if (message == COMMITTED) {
            if (w.committing == 0)
                continue;
            id = w.last_committed = w.committing;
            w.committing = 0;
            w.waiting--;
        }
        send_message(c, message, id, (int32_t)random_below(&random, (uint64_t)config.task_count), now);
        while (coordinator_next(c, &order))
            watch_order(&w, &order);
        assert_true(coordinator_is_idle(c) == (!w.running && !w.storing && w.waiting == 0));
        assert_true(w.failed || w.running || coordinator_due_us(c) > now); /* nothing is left undone */
        assert_true(!w.running || coordinator_due_us(c) > now);
    }
    assert_true(coordinator_stats(c).triggered == w.last_triggered);
    assert_true(coordinator_stats(c).last_completed_id == w.stored);
    coordinator_free(c);
}

static void test_random_walks(UNUSED void **state)
{
    for (uint64_t seed = 1; seed <= 500; seed++)
        walk_once(seed);
}

static void test_no_memory(UNUSED void **state)
{
    for (uint64_t nth = 1; nth <= 4; nth++) {
        mem_fail_at(nth, false);
        assert_null(coordinator_new(&usual, 0));
        mem_fail_at(0, false);
    }
}

TEST_MAIN(cmocka_unit_test(test_life_of_a_checkpoint), cmocka_unit_test(test_requests),
          cmocka_unit_test(test_failures), cmocka_unit_test(test_commits_wait),
          cmocka_unit_test(test_random_walks), cmocka_unit_test(test_no_memory))
