/* progress.c: see progress.h. */
#include "cli/progress.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct progress {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool stopping, terminal;
    void (*status)(void *arg, struct engine_status *out);
    void *arg;
    struct metrics *metrics;
    int64_t began_us, last_in, last_us;
};

static long resident_mib(void)
{
    long pages = 0, unused;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f && fscanf(f, "%ld %ld", &unused, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * sysconf(_SC_PAGESIZE) >> 20;
}

static const char *human(double v, char text[16])
{
    if (v >= 1e6)
        snprintf(text, 16, "%.2f M", v / 1e6);
    else if (v >= 1e4)
        snprintf(text, 16, "%.0f k", v / 1e3);
    else
        snprintf(text, 16, "%.0f", v);
    return text;
}

/* On a terminal the line takes the place of the one before; the window's edge must not break it in two. */
static void put_line(const struct progress *p, const char *line, const char *end)
{
    struct winsize size = {0};

    if (p->terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        fprintf(stderr, "\r\033[K%.*s%s", size.ws_col - 1, line, end);
    else
        fprintf(stderr, "%s%s%s", p->terminal ? "\r\033[K" : "", line, end);
}

static void print_line(struct progress *p, const char *end)
{
    struct engine_status s;
    char line[256], in[16], rate[16], lag_text[16] = "-";
    double lag, rows = 0, seconds;
    int64_t now_us;

    p->status(p->arg, &s);
    now_us = clock_mono_us(clock_system()) - p->began_us;
    seconds = (double)(now_us - p->last_us) / 1e6;
    if (metrics_sum(p->metrics, "kafka_consumer_lag", &lag))
        human(lag, lag_text); /* gone when the source is closed */
    metrics_sum(p->metrics, "iceberg_files_written", &rows);
    snprintf(line, sizeof line,
             "%6.1f s  records %s (%s/s)  lag %s  files %.0f  checkpoints %" PRId64
             " (last %.0f ms)  restarts %" PRId32 "  memory %ld MiB",
             (double)now_us / 1e6, human((double)s.records_in, in),
             human(seconds > 0 ? (double)(s.records_in - p->last_in) / seconds : 0, rate), lag_text, rows,
             s.checkpoints_completed, (double)s.last_checkpoint_us / 1000.0, s.restarts, resident_mib());
    put_line(p, line, end);
    p->last_in = s.records_in;
    p->last_us = now_us;
}

static void *run(void *arg)
{
    struct progress *p = arg;
    struct timespec due;

    clock_gettime(CLOCK_REALTIME, &due);
    pthread_mutex_lock(&p->mutex);
    while (!p->stopping) {
        due.tv_sec++;
        while (!p->stopping && pthread_cond_timedwait(&p->stop, &p->mutex, &due) == 0)
            ;
        if (!p->stopping)
            print_line(p, p->terminal ? "" : "\n");
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

struct progress *progress_start(void (*status)(void *arg, struct engine_status *out), void *arg,
                                struct metrics *metrics)
{
    struct progress *p = mem_zalloc(sizeof *p);

    if (p == NULL)
        return NULL;
    *p = (struct progress){.status = status,
                           .arg = arg,
                           .metrics = metrics,
                           .terminal = isatty(STDERR_FILENO),
                           .began_us = clock_mono_us(clock_system())};
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->stop, NULL);
    if (pthread_create(&p->thread, NULL, run, p) == 0)
        return p;
    mem_free(p);
    return NULL;
}

void progress_stop(struct progress *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_signal(&p->stop);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    print_line(p, "\n");
    pthread_cond_destroy(&p->stop);
    pthread_mutex_destroy(&p->mutex);
    mem_free(p);
}
