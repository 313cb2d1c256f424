/* metrics_test.c: the registry: scopes found again and removed, metrics shared, what happens without memory.
 */
#include "metrics/metrics.h"
#include "base/budget.h"
#include "base/mem.h"
#include "base/test.h"
#include "metrics/metrics_registry.h"
#include "os/log.h"
#include <math.h>

static double sum_of(struct metrics *m, const char *name)
{
    double v = NAN;

    return metrics_sum(m, name, &v) ? v : NAN;
}

static void test_asking_again(UNUSED void **state)
{
    static const struct metric_label a[] = {{"host", "h"}, {"tm_id", "t"}},
                                     b[] = {{"host", "h"}, {"tm_id", "u"}};
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *s = metrics_scope(m, NULL, "taskmanager", a, 2);
    struct counter *c = metrics_counter(s, "numRecordsIn", NULL);

    assert_ptr_equal(metrics_scope(m, NULL, "taskmanager", a, 2), s);
    assert_ptr_equal(metrics_scope(m, NULL, "flink_taskmanager", a, 2), s);
    assert_ptr_not_equal(metrics_scope(m, NULL, "taskmanager", b, 2), s);
    assert_ptr_not_equal(metrics_scope(m, NULL, "taskmanager", a, 1), s);
    assert_ptr_not_equal(metrics_scope(m, s, "job", NULL, 0), s);
    assert_ptr_equal(metrics_counter(s, "numRecordsIn", "other help"), c);
    assert_ptr_not_equal((void *)metrics_gauge(s, "numRecordsIn", NULL), (void *)c);
    assert_ptr_equal(metrics_bare(m, a, 1), metrics_bare(m, a, 1));
    assert_ptr_equal(metrics_histogram(s, "x", NULL), metrics_histogram(s, "x", NULL));
    assert_ptr_equal(metrics_meter(s, "y", NULL), metrics_meter(s, "y", NULL));
    metrics_free(m);
    metrics_free(NULL);
}

static void test_sums(UNUSED void **state)
{
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *s[3];
    double v;

    for (int i = 0; i < 3; i++) {
        struct metric_label label = {"subtask_index", i == 0 ? "0" : i == 1 ? "1" : "2"};

        s[i] = metrics_scope(m, NULL, "taskmanager_job_task", &label, 1);
        counter_add(metrics_counter(s[i], "numRecordsIn", NULL), 10 + i);
        gauge_set(metrics_gauge(s[i], "busy", NULL), i == 1 ? NAN : 0.5);
        histogram_record_n(metrics_histogram(s[i], "latency", NULL), 5, 4);
    }
    assert_true(sum_of(m, "flink_taskmanager_job_task_numRecordsIn") == 33);
    assert_true(sum_of(m, "flink_taskmanager_job_task_busy") == 1);
    assert_true(sum_of(m, "flink_taskmanager_job_task_latency") == 12);
    assert_true(sum_of(m, "flink_taskmanager_job_task_latency_count") == 12);
    assert_false(metrics_sum(m, "flink_taskmanager_job_task_numRecordsIn_count", &v));
    assert_false(metrics_sum(m, "numRecordsIn", &v));
    metrics_scope_remove(s[1]);
    assert_true(sum_of(m, "flink_taskmanager_job_task_numRecordsIn") == 22);
    metrics_scope_remove(s[0]);
    metrics_scope_remove(s[2]);
    assert_false(metrics_sum(m, "flink_taskmanager_job_task_numRecordsIn", &v));
    assert_int_equal(map_count(&m->families), 0);
    metrics_free(m);
}

/* Two holders of one scope: the first to go takes nothing from the other; the scope above takes all. */
static void test_removing(UNUSED void **state)
{
    static const struct metric_label type = {"window_type", "daily"};
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *one = metrics_bare(m, &type, 1), *two = metrics_bare(m, &type, 1), *job, *task;
    struct counter *c = metrics_counter(one, "windows_processed", NULL);

    counter_add(c, 1);
    metrics_scope_remove(one);
    counter_add(metrics_counter(two, "windows_processed", NULL), 1);
    assert_true(sum_of(m, "windows_processed") == 2);
    metrics_scope_remove(two);
    assert_true(isnan(sum_of(m, "windows_processed")));

    job = metrics_scope(m, NULL, "taskmanager_job", NULL, 0);
    task = metrics_scope(m, job, "task", &type, 1);
    metrics_meter(metrics_scope(m, task, "operator", NULL, 0), "rate", NULL);
    metrics_gauge(task, "idle", NULL);
    assert_true(sum_of(m, "flink_taskmanager_job_task_idle") == 0);
    assert_true(sum_of(m, "flink_taskmanager_job_task_operator_rate") == 0);
    metrics_scope_remove(job);
    assert_int_equal(map_count(&m->families), 0);
    assert_int_equal(map_count(&m->root.children), 0);
    metrics_scope_remove(NULL);
    metrics_free(m);
}

static double read_number(void *arg)
{
    return *(double *)arg;
}

static void test_gauge_fn(UNUSED void **state)
{
    struct metrics *m = metrics_new(clock_system());
    struct metric_scope *s = metrics_scope(m, NULL, "jobmanager", NULL, 0);
    double first = 1, second = 2;

    metrics_gauge_fn(s, "numRunningJobs", NULL, read_number, &first);
    assert_true(sum_of(m, "flink_jobmanager_numRunningJobs") == 1);
    metrics_gauge_fn(s, "numRunningJobs", NULL, read_number, &second); /* the later is asked */
    assert_true(sum_of(m, "flink_jobmanager_numRunningJobs") == 2);
    metrics_free(m);
}

static void test_process(UNUSED void **state)
{
    static const struct metric_label labels[] = {{"host", "h"}, {"tm_id", "h:1"}};
    struct budget *budget = budget_new("process", 64 << 20, NULL);
    struct metrics *m = metrics_new(clock_system());
    struct bytes text = {0};
    double load;

    metrics_scope(m, NULL, "taskmanager", labels, 2);
    metrics_process(m, "taskmanager", budget);
    metrics_process(m, "jobmanager", budget);
    budget_force(budget, 16 << 20);
    budget_give(budget, 8 << 20);
    assert_true(sum_of(m, "flink_taskmanager_Status_JVM_Memory_Heap_Used") == 8 << 20);
    assert_true(sum_of(m, "flink_taskmanager_Status_JVM_Memory_Heap_Committed") == 16 << 20);
    assert_true(sum_of(m, "flink_jobmanager_Status_JVM_Memory_Heap_Max") == 64 << 20);
    assert_true(sum_of(m, "flink_taskmanager_Status_Flink_Memory_Managed_Total") == 64 << 20);
    assert_true(sum_of(m, "flink_taskmanager_Status_Network_TotalMemorySegments") == 2048);
    assert_true(sum_of(m, "flink_taskmanager_Status_Network_AvailableMemorySegments") == 2048 - 256);
    assert_true(sum_of(m, "flink_taskmanager_Status_JVM_Threads_Count") >= 1);
    assert_true(sum_of(m, "flink_taskmanager_Status_JVM_Memory_NonHeap_Used") > 0);
    assert_true(isnan(sum_of(m, "flink_jobmanager_Status_Network_TotalMemorySegments")));
    load = sum_of(m, "flink_taskmanager_Status_JVM_CPU_Load");
    assert_true(load >= 0 && load <= 1);
    assert_true(sum_of(m, "flink_taskmanager_Status_JVM_CPU_Time") >= 0);
    metrics_prometheus(m, &text);
    assert_non_null(
        strstr(bytes_cstr(&text),
               "flink_taskmanager_Status_JVM_Memory_Heap_Max{host=\"h\",tm_id=\"h:1\"} 6.7108864E7\n"));
    bytes_fini(&text);
    metrics_free(m);
    budget_free(budget);
}

static void test_process_without_limit(UNUSED void **state)
{
    struct metrics *m = metrics_new(clock_system());

    metrics_process(m, "jobmanager", NULL);
    assert_true(sum_of(m, "flink_jobmanager_Status_JVM_Memory_Heap_Max") == -1);
    assert_true(sum_of(m, "flink_jobmanager_Status_JVM_Memory_Heap_Used") == 0);
    metrics_free(m);
}

/* --- no memory --- */

/* A little of everything; whatever fails, what is handed out can be used. */
static void use_all(void)
{
    static const struct metric_label labels[] = {{"host", "h"}, {"topic", "a\"b"}};
    struct metrics *m = metrics_new(clock_system());
    struct bytes text = {0};
    struct metric_scope *s, *bare;

    if (m == NULL)
        return;
    s = metrics_scope(m, NULL, "taskmanager", labels, 1);
    bare = metrics_bare(m, labels + 1, 1);
    counter_add(metrics_counter(s, "numRecordsIn", "records"), 1);
    gauge_set(metrics_gauge(s, "watermark", NULL), 2);
    meter_mark(metrics_meter(s, "rate", NULL), 3);
    histogram_record(metrics_histogram(s, "latency", NULL), 4);
    histogram_record(metrics_histogram(bare, "processing_latency", NULL), 5);
    meter_rate(metrics_meter(bare, "rate", NULL));
    metrics_process(m, "taskmanager", NULL);
    metrics_prometheus(m, &text);
    bytes_fini(&text);
    metrics_scope_remove(s);
    metrics_free(m);
}

static void test_no_memory(UNUSED void **state)
{
    uint64_t before = mem_count(), needed;

    use_all();
    needed = mem_count() - before;
    log_init(LOG_ERROR, LOG_TEXT, 2); /* there will be many warnings */
    for (uint64_t nth = 1; nth <= needed; nth++) {
        mem_fail_at(nth, nth % 2);
        use_all();
        mem_fail_at(0, false);
    }
    log_init(LOG_INFO, LOG_TEXT, 2);
}

TEST_MAIN(cmocka_unit_test(test_asking_again), cmocka_unit_test(test_sums), cmocka_unit_test(test_removing),
          cmocka_unit_test(test_gauge_fn), cmocka_unit_test(test_process),
          cmocka_unit_test(test_process_without_limit), cmocka_unit_test(test_no_memory))
