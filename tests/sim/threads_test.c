/* threads_test.c: the jobs of the simulator on real threads, a real executor and the real clock: for the
 * thread sanitizer, and for what only happens when things happen at the same time. What is waited for is
 * waited for by the engine's own end, or by polling its status; no time is a condition.
 */
#include "base/test.h"
#include "checkpoint/fs_memory.h"
#include "engine/engine.h"
#include "os/log.h"
#include "sim_job.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

struct fixture {
    struct sim_job job;
    struct graph graph;
    struct fs *fs;
    struct executor *executor;
    struct metrics *metrics;
    struct engine_config config;
    atomic_int faults;
    struct error e;
};

static void setup(struct fixture *f, int32_t parallelism, int faults)
{
    *f = (struct fixture){.job = {.partition_count = 6,
                                  .records_each = 3000,
                                  .key_count = 20,
                                  .most_rows = 60,
                                  .table = "mem:/table",
                                  .faults = &f->faults,
                                  .fail_every = faults > 0 ? 100 : 0,
                                  .wait_every = 50}};
    atomic_init(&f->faults, faults);
    assert_non_null(f->fs = fs_memory_new(NULL));
    ASSERT_OK(executor_pool_new("io", 3, &f->executor, &f->e), &f->e);
    assert_non_null(f->metrics = metrics_new(clock_system()));
    graph_init(&f->graph, "job on threads");
    ASSERT_OK(sim_job_graph(&f->job, &f->graph, parallelism, true, &f->e), &f->e);
    f->config = (struct engine_config){
        .clock = clock_system(),
        .executor = f->executor,
        .fs = f->fs,
        .metrics = f->metrics,
        .worker_count = 4,
        .channel_bytes = 4000,
        .checkpoint_dir = "mem:/checkpoints",
        .retained = 2,
        .checkpoint_interval_us = 3000,
        .tolerable_failures = 0,
        .restart = {.kind = RESTART_FIXED_DELAY, .attempts = 1000, .delay_us = 100},
        .seed = 42};
}

static void teardown(struct fixture *f)
{
    executor_pool_free(f->executor);
    graph_fini(&f->graph);
    metrics_free(f->metrics);
    fs_free(f->fs);
}

static void judge(struct fixture *f, bool complete)
{
    struct sim_verdict verdict;

    ASSERT_OK(sim_job_judge(&f->job, f->fs, complete, &verdict, &f->e), &f->e);
    if (verdict.wrong[0] != '\0')
        fail_msg("%s", verdict.wrong);
    if (complete)
        assert_int_equal(verdict.row_count, f->job.partition_count * f->job.records_each);
}

static void *run(void *arg)
{
    struct error e;

    return (void *)(intptr_t)engine_run(arg, &e);
}

/* Until want(status) holds, or the job is over. */
static void wait_until(struct engine *en, bool (*want)(const struct engine_status *s))
{
    struct engine_status s;

    do {
        sched_yield();
        engine_status(en, &s);
    } while (!want(&s) && s.state != JOB_FAILED && s.state != JOB_FINISHED);
}

static bool has_committed(const struct engine_status *s)
{
    return s->last_commit_id >= 3;
}

/* --- tests --- */

static void run_to_end(struct fixture *f, struct engine_status *status)
{
    struct engine *en;

    ASSERT_OK(engine_new(&f->graph, &f->config, &en, &f->e), &f->e);
    ASSERT_OK(engine_run(en, &f->e), &f->e);
    engine_status(en, status);
    engine_free(en);
    assert_int_equal(status->state, JOB_FINISHED);
}

static void test_finishes(UNUSED void **state)
{
    struct fixture f;
    struct engine_status status;

    setup(&f, 4, 0);
    run_to_end(&f, &status);
    assert_int_equal(status.restarts, 0);
    assert_int_equal(status.records_in, f.job.partition_count * f.job.records_each);
    assert_int_equal(status.records_out, status.records_in);
    judge(&f, true);
    teardown(&f);
}

static void test_failures(UNUSED void **state)
{
    struct fixture f;
    struct engine_status status;

    setup(&f, 4, 25);
    run_to_end(&f, &status);
    assert_true(status.restarts > 0);
    judge(&f, true);
    teardown(&f);
}

static void test_checkpoints_in_memory(UNUSED void **state)
{
    struct fixture f;
    struct engine_status status;

    setup(&f, 3, 10);
    f.config.checkpoint_dir = NULL;
    run_to_end(&f, &status);
    assert_true(status.restarts > 0);
    judge(&f, true);
    teardown(&f);
}

static void test_one_worker(UNUSED void **state)
{
    struct fixture f;
    struct engine_status status;

    setup(&f, 2, 5);
    f.config.worker_count = 1;
    run_to_end(&f, &status);
    judge(&f, true);
    teardown(&f);
}

/* Stop, then go on with another parallelism to the end. */
static void test_stop_and_rescale(UNUSED void **state)
{
    struct fixture f;
    struct engine *en;
    struct engine_status status;
    pthread_t thread;
    void *rc;

    setup(&f, 4, 0);
    f.job.endless = true;
    f.job.records_each = 20000;
    ASSERT_OK(engine_new(&f.graph, &f.config, &en, &f.e), &f.e);
    assert_int_equal(pthread_create(&thread, NULL, run, en), 0);
    wait_until(en, has_committed);
    engine_checkpoint(en);
    engine_stop(en);
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, OK);
    engine_status(en, &status);
    assert_int_equal(status.state, JOB_STOPPED);
    assert_int_equal(status.last_commit_id, status.last_checkpoint_id);
    engine_free(en);
    judge(&f, false);

    f.job.endless = false;
    f.config.restore_latest = true;
    f.config.seed = 43;
    graph_fini(&f.graph);
    graph_init(&f.graph, "job on threads");
    ASSERT_OK(sim_job_graph(&f.job, &f.graph, 3, true, &f.e), &f.e);
    run_to_end(&f, &status);
    judge(&f, true);
    teardown(&f);
}

static void test_cancel(UNUSED void **state)
{
    struct fixture f;
    struct engine *en;
    struct engine_status status;
    pthread_t thread;
    void *rc;

    setup(&f, 4, 0);
    f.job.endless = true;
    ASSERT_OK(engine_new(&f.graph, &f.config, &en, &f.e), &f.e);
    assert_int_equal(pthread_create(&thread, NULL, run, en), 0);
    wait_until(en, has_committed);
    engine_cancel(en);
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, OK);
    engine_status(en, &status);
    assert_int_equal(status.state, JOB_CANCELED);
    engine_free(en);
    judge(&f, false);
    teardown(&f);
}

static void test_gives_up(UNUSED void **state)
{
    struct fixture f;
    struct engine *en;
    struct engine_status status;

    setup(&f, 2, 1000000);
    f.config.restart.attempts = 3;
    ASSERT_OK(engine_new(&f.graph, &f.config, &en, &f.e), &f.e);
    assert_int_not_equal(engine_run(en, &f.e), OK);
    assert_non_null(strstr(f.e.text, "an injected fault"));
    engine_status(en, &status);
    assert_int_equal(status.state, JOB_FAILED);
    assert_int_equal(status.restarts, 3);
    assert_string_equal(status.last_failure, f.e.text);
    engine_free(en);
    judge(&f, false);
    teardown(&f);
}

/* What operators and tasks counted is what flowed. Each adds it up at the end of its run, so the last come a
 * little later. */
static void wait_for_figure(struct fixture *f, const char *name, double least)
{
    double v;

    do {
        sched_yield();
        if (!metrics_sum(f->metrics, name, &v))
            fail_msg("there is no metric %s", name);
    } while (v < least);
    if (v > least)
        fail_msg("%s is %g and should be %g", name, v, least);
}

static bool has_flowed(const struct engine_status *s)
{
    return s->records_out == 6 * 3000 && s->checkpoints_completed > 0;
}

static void test_metrics(UNUSED void **state)
{
    struct fixture f;
    struct engine *en;
    pthread_t thread;
    void *rc;
    double records = 6 * 3000, v;

    setup(&f, 2, 0);
    f.job.endless = true; /* so that they can be looked at before the scopes go */
    ASSERT_OK(engine_new(&f.graph, &f.config, &en, &f.e), &f.e);
    assert_int_equal(pthread_create(&thread, NULL, run, en), 0);
    wait_until(en, has_flowed);
    wait_for_figure(&f, "flink_taskmanager_job_task_numRecordsIn", 4 * records);
    wait_for_figure(&f, "flink_taskmanager_job_task_numRecordsOut", 3 * records);
    wait_for_figure(&f, "flink_taskmanager_job_task_operator_numRecordsIn", 4 * records);
    wait_for_figure(&f, "flink_taskmanager_job_task_operator_numRecordsOut", 4 * records);
    wait_for_figure(&f, "flink_jobmanager_job_numRestarts", 0);
    assert_true(metrics_sum(f.metrics, "flink_jobmanager_job_numberOfCompletedCheckpoints", &v) && v >= 1);
    engine_cancel(en);
    pthread_join(thread, &rc);
    engine_free(en);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finishes),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_checkpoints_in_memory),
        cmocka_unit_test(test_one_worker),
        cmocka_unit_test(test_stop_and_rescale),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_metrics),
    };

    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* failures are many, and on purpose */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
