/* process_metrics.c: the process's own metrics, under the names in which Flink's dashboards and alerts look
 * for a JVM's. weir has no JVM, so a name stands for what it is watched for: Memory_Heap       the accounted
 * memory: used, its peak, its limit; Used / Max > 0.9 is the alert that it was Memory_NonHeap    the rest of
 * the resident memory: code, stacks, libraries, the allocator's own Network_*, Shuffle_Netty_*,
 * Flink_Memory_Managed_*   the same budget, as channels and state draw on it, in segments GarbageCollector,
 * Metaspace   0: there is none Values come from /proc/self/stat, read at most twice a second. Thread: a gauge
 * is read under the registry's lock.
 */
#include "metrics/metrics_registry.h"
#include "base/budget.h"
#include "base/mem.h"
#include <stdio.h>
#include <unistd.h>

#define SEGMENT_BYTES 32768 /* Flink's taskmanager.memory.segment-size */
#define SAMPLE_US     INT64_C(500000)

struct process_metrics {
    struct process_metrics *next;
    struct clock *clock;   /* borrowed */
    struct budget *budget; /* borrowed; NULL: nothing is accounted */
    int64_t sampled_us;
    bool sampled;
    double cpu_load;   /* 0 to 1, of all processors */
    int64_t cpu_ticks; /* user and system, since the start of the process */
    int64_t resident_bytes, thread_count;
};

struct process_stat {
    int64_t cpu_ticks, thread_count, resident_pages;
};

/* The fields of /proc/self/stat after the name, which is in brackets and may hold anything. */
static bool stat_parse(const char *text, struct process_stat *out)
{
    const char *at = strrchr(text, ')');
    unsigned long user, kernel;
    long threads, pages;

    /* 3 state, 4-13, 14 utime, 15 stime, 16-19, 20 num_threads, 21-23, 24 rss (proc(5)) */
    if (at == NULL ||
        sscanf(at + 1,
               " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu %*s %*s %*s %*s %ld %*s %*s %*s %ld",
               &user, &kernel, &threads, &pages) != 4)
        return false;
    *out = (struct process_stat){(int64_t)(user + kernel), threads, pages};
    return true;
}

static bool stat_read(struct process_stat *out)
{
    char text[1024];
    size_t len;
    FILE *f = fopen("/proc/self/stat", "re");

    if (f == NULL)
        return false;
    len = fread(text, 1, sizeof text - 1, f);
    text[len] = '\0';
    fclose(f);
    return stat_parse(text, out);
}

static struct process_metrics *sample(void *arg)
{
    struct process_metrics *p = arg;
    int64_t now_us = clock_mono_us(p->clock), passed_us = now_us - p->sampled_us;
    struct process_stat now;

    if ((p->sampled && passed_us < SAMPLE_US) || !stat_read(&now))
        return p;
    if (p->sampled) {
        double busy_s = (double)(now.cpu_ticks - p->cpu_ticks) / (double)sysconf(_SC_CLK_TCK);
        double load = busy_s * 1e6 / (double)passed_us / (double)sysconf(_SC_NPROCESSORS_ONLN);

        p->cpu_load = MIN(load, 1.0);
    }
    p->sampled = true;
    p->sampled_us = now_us;
    p->cpu_ticks = now.cpu_ticks;
    p->thread_count = now.thread_count;
    p->resident_bytes = now.resident_pages * sysconf(_SC_PAGESIZE);
    return p;
}

static double accounted(const struct process_metrics *p)
{
    return p->budget ? (double)budget_used(p->budget) : 0;
}

static double limit(const struct process_metrics *p)
{
    return p->budget ? (double)budget_limit(p->budget) : 0;
}

static double read_cpu_load(void *arg)
{
    return sample(arg)->cpu_load;
}

static double read_cpu_time_ns(void *arg)
{
    return (double)sample(arg)->cpu_ticks * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

static double read_threads(void *arg)
{
    return (double)sample(arg)->thread_count;
}

static double read_heap_used(void *arg)
{
    return accounted(arg);
}

static double read_heap_peak(void *arg)
{
    const struct process_metrics *p = arg;

    return p->budget ? (double)budget_peak(p->budget) : 0;
}

static double read_heap_max(void *arg)
{
    return limit(arg) > 0 ? limit(arg) : -1; /* as a JVM says that there is none */
}

static double read_other_used(void *arg)
{
    const struct process_metrics *p = sample(arg);

    return MAX((double)p->resident_bytes - accounted(p), 0);
}

static double read_limit(void *arg)
{
    return limit(arg);
}

static double read_free(void *arg)
{
    return MAX(limit(arg) - accounted(arg), 0);
}

static double read_segments(void *arg)
{
    return (double)(int64_t)(limit(arg) / SEGMENT_BYTES);
}

static double read_segments_free(void *arg)
{
    return (double)(int64_t)(read_free(arg) / SEGMENT_BYTES);
}

static double read_segments_used(void *arg)
{
    return read_segments(arg) - read_segments_free(arg);
}

static double read_usage_percent(void *arg)
{
    return limit(arg) > 0 ? accounted(arg) * 100 / limit(arg) : 0;
}

static double read_none(UNUSED void *arg)
{
    return 0;
}

static double read_no_limit(UNUSED void *arg)
{
    return -1;
}

static const struct process_gauge {
    const char *name, *help;
    bool of_task_manager;
    double (*read)(void *arg);
} process_gauges[] = {
    {"JVM_CPU_Load", "of all processors, 0 to 1", false, read_cpu_load},
    {"JVM_CPU_Time", "nanoseconds", false, read_cpu_time_ns},
    {"JVM_Memory_Heap_Used", "accounted bytes", false, read_heap_used},
    {"JVM_Memory_Heap_Committed", "the most accounted bytes so far", false, read_heap_peak},
    {"JVM_Memory_Heap_Max", "the limit of accounted bytes, -1 without one", false, read_heap_max},
    {"JVM_Memory_NonHeap_Used", "resident bytes that are not accounted", false, read_other_used},
    {"JVM_Memory_NonHeap_Committed", "resident bytes that are not accounted", false, read_other_used},
    {"JVM_Memory_NonHeap_Max", "-1: no limit of its own", false, read_no_limit},
    {"JVM_Memory_Metaspace_Used", "0: there is none", false, read_none},
    {"JVM_Memory_Metaspace_Committed", "0: there is none", false, read_none},
    {"JVM_Memory_Metaspace_Max", "-1: there is none", false, read_no_limit},
    {"JVM_Threads_Count", NULL, false, read_threads},
    {"JVM_GarbageCollector_All_Count", "0: there is none", false, read_none},
    {"JVM_GarbageCollector_All_Time", "0: there is none", false, read_none},
    {"JVM_GarbageCollector_All_TimeMsPerSecond", "0: there is none", false, read_none},
    {"Flink_Memory_Managed_Used", "accounted bytes", true, read_heap_used},
    {"Flink_Memory_Managed_Total", "the limit of accounted bytes", true, read_limit},
    {"Network_TotalMemorySegments", "the limit of accounted bytes, in 32 KiB", true, read_segments},
    {"Network_AvailableMemorySegments", "what is left of it", true, read_segments_free},
    {"Shuffle_Netty_TotalMemory", "the limit of accounted bytes", true, read_limit},
    {"Shuffle_Netty_AvailableMemory", "what is left of it", true, read_free},
    {"Shuffle_Netty_UsedMemory", "accounted bytes", true, read_heap_used},
    {"Shuffle_Netty_TotalMemorySegments", "the limit of accounted bytes, in 32 KiB", true, read_segments},
    {"Shuffle_Netty_AvailableMemorySegments", "what is left of it", true, read_segments_free},
    {"Shuffle_Netty_UsedMemorySegments", "what is taken of it", true, read_segments_used},
    {"Shuffle_Netty_RequestedMemoryUsage", "per cent of the limit", true, read_usage_percent},
};

/* The scope named role at the root: the one with labels that is there already, so that the process's metrics
 * join with the others, else one with this machine's name. */
static struct metric_scope *role_scope(struct metrics *m, const char *role, bool task_manager)
{
    char host[256] = "localhost", tm_id[300];
    struct metric_label labels[] = {{"host", host}, {"tm_id", tm_id}};
    struct metric_scope *found = NULL;
    const struct map_entry *entry;

    pthread_mutex_lock(&m->lock);
    for (size_t at = 0; found == NULL && (entry = map_next(&m->root.children, &at)) != NULL;) {
        struct metric_scope *s = entry->value;

        if (strcmp(s->name, role) == 0) {
            s->asked_count++;
            found = s;
        }
    }
    pthread_mutex_unlock(&m->lock);
    if (found)
        return found;
    if (gethostname(host, sizeof host - 1) != 0)
        strcpy(host, "localhost");
    snprintf(tm_id, sizeof tm_id, "%s:%d", host, (int)getpid());
    return metrics_scope(m, NULL, role, labels, task_manager ? 2 : 1);
}

void metrics_process(struct metrics *m, const char *role, struct budget *budget)
{
    bool task_manager = strcmp(role, "taskmanager") == 0;
    struct metric_scope *scope = role_scope(m, role, task_manager), *status;
    struct process_metrics *p = mem_zalloc(sizeof *p);

    status = scope ? metrics_scope(m, scope, "Status", NULL, 0) : NULL;
    if (p == NULL || status == NULL) {
        mem_free(p);
        return; /* no memory: the process goes on unmeasured */
    }
    p->clock = m->clock;
    p->budget = budget;
    pthread_mutex_lock(&m->lock);
    p->next = m->process;
    m->process = p;
    sample(p);
    pthread_mutex_unlock(&m->lock);
    for (size_t i = 0; i < COUNT_OF(process_gauges); i++)
        if (task_manager || !process_gauges[i].of_task_manager)
            metrics_gauge_fn(status, process_gauges[i].name, process_gauges[i].help, process_gauges[i].read,
                             p);
}

void process_metrics_free(struct process_metrics *list)
{
    while (list) {
        struct process_metrics *next = list->next;

        mem_free(list);
        list = next;
    }
}
