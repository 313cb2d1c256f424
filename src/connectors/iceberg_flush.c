/* iceberg_flush.c: see iceberg_flush.h. */
#include "connectors/iceberg_flush.h"
#include "base/mem.h"

enum { FLUSH_NEW, FLUSH_RUNNING, FLUSH_DONE };

struct flush_group {
    struct flush **flushes; /* owned, a reference each */
    size_t         count, capacity;
};

void flush_metrics_init(struct flush_metrics *m, const struct op_env *env, const char *table)
{
    const struct metric_label labels[] = {{"table_name", table}};
    struct metric_scope      *scope = metrics_bare(env->registry, labels, 1), *bare = metrics_bare(env->registry, NULL, 0);

    m->writes = metrics_counter(scope, "iceberg_writes_total", "Total Iceberg write operations");
    m->files = metrics_counter(scope, "iceberg_files_written", "Number of Parquet files written");
    m->bytes = metrics_counter(scope, "iceberg_bytes_written", "Bytes written to Iceberg");
    m->duration_ms = metrics_histogram(scope, "iceberg_write_duration", "Iceberg write duration (ms)");
    m->latency_ms = metrics_histogram(bare, "flink_to_iceberg_latency", "Latency from the source to the Iceberg writer (ms)");
}

void flush_metrics_latency(struct flush_metrics *m, const struct op_env *env, const struct batch *rows)
{
    if (rows->born_us > 0)
        histogram_record(m->latency_ms, (double)MAX(clock_wall_us(env->clock) - rows->born_us, 0) / 1000.0);
}

/* --- the gauge ------------------------------------------------------------------------------------------------------ */

void flush_gauge_init(struct flush_gauge *g, const struct op_env *env)
{
    *g = (struct flush_gauge){.env = env};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->changed, NULL);
}

void flush_gauge_fini(struct flush_gauge *g)
{
    pthread_mutex_lock(&g->mutex);
    while (g->running > 0)
        pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->mutex);
}

size_t flush_gauge_bytes(struct flush_gauge *g)
{
    size_t bytes;

    pthread_mutex_lock(&g->mutex);
    bytes = g->bytes;
    pthread_mutex_unlock(&g->mutex);
    return bytes;
}

bool flush_gauge_wait(struct flush_gauge *g)
{
    bool wait;

    pthread_mutex_lock(&g->mutex);
    wait = g->waiting = g->bytes > 0;
    pthread_mutex_unlock(&g->mutex);
    return wait;
}

static void gauge_add(struct flush_gauge *g, size_t bytes)
{
    pthread_mutex_lock(&g->mutex);
    g->bytes += bytes;
    pthread_mutex_unlock(&g->mutex);
}

/* --- one flush ------------------------------------------------------------------------------------------------------ */

struct flush *flush_new(const struct file_writer *w, struct partition_rows *rows, struct flush_gauge *g,
                        struct flush_metrics *m)
{
    struct flush *f = mem_zalloc(sizeof *f);

    if (f == NULL) {
        partition_rows_free(rows);
        return NULL;
    }
    *f = (struct flush){.writer = w, .rows = rows, .gauge = g, .metrics = m};
    atomic_init(&f->refs, 1);
    gauge_add(g, rows->bytes);
    return f;
}

/* The rows leave memory; whoever waits for room is told. */
static void drop_rows(struct flush *f)
{
    struct flush_gauge *g = f->gauge;
    size_t              bytes;
    bool                wake;

    if (f->rows == NULL)
        return;
    bytes = f->rows->bytes;
    partition_rows_free(f->rows);
    f->rows = NULL;
    pthread_mutex_lock(&g->mutex);
    g->bytes -= bytes;
    wake = g->waiting;
    g->waiting = false;
    pthread_mutex_unlock(&g->mutex);
    if (wake)
        g->env->wake(g->env->wake_arg);
}

void flush_unref(struct flush *f)
{
    if (f == NULL || atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    drop_rows(f);
    mem_free(f->deletes);
    arena_fini(&f->arena);
    mem_free(f);
}

bool flush_delete(struct flush *f, const char *path, int64_t position)
{
    if (f->last_path == NULL || strcmp(f->last_path, path) != 0)
        f->last_path = arena_strdup(&f->arena, path);
    if (f->last_path == NULL || !MEM_GROW(f->deletes, f->delete_count, f->delete_capacity))
        return false;
    f->deletes[f->delete_count++] = (struct deleted_row){f->last_path, position};
    return true;
}

static void count_file(struct flush *f, int64_t started_us)
{
    struct flush_metrics *m = f->metrics;
    int64_t               bytes = 0;

    for (int32_t i = 0; i < f->file_count; i++)
        bytes += f->files[i].size_bytes;
    counter_add(m->writes, 1);
    counter_add(m->files, f->file_count);
    counter_add(m->bytes, bytes);
    histogram_record(m->duration_ms, (double)(clock_mono_us(f->gauge->env->clock) - started_us) / 1000.0);
}

static void write_files(struct flush *f)
{
    const struct partition_rows *p = f->rows;
    int64_t                      started_us = clock_mono_us(f->gauge->env->clock);

    f->rc = file_writer_rows(f->writer, p, f->path, &f->arena, &f->files[0], &f->error);
    if (f->rc == OK)
        f->file_count = 1;
    if (f->rc == OK && f->delete_count) {
        f->rc = file_writer_deletes(f->writer, f->deletes, f->delete_count, p->spec->spec_id, p->values,
                                    p->spec->field_count, f->delete_path, &f->arena, &f->files[1], &f->error);
        f->file_count += f->rc == OK;
    }
    if (f->rc == OK)
        count_file(f, started_us);
    drop_rows(f);
}

/* Do it, unless somebody has begun already. */
static void flush_do(struct flush *f)
{
    struct flush_gauge *g = f->gauge;
    bool                mine;

    pthread_mutex_lock(&g->mutex);
    mine = f->state == FLUSH_NEW;
    if (mine)
        f->state = FLUSH_RUNNING;
    pthread_mutex_unlock(&g->mutex);
    if (!mine)
        return;
    write_files(f);
    pthread_mutex_lock(&g->mutex);
    f->state = FLUSH_DONE;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static void await(struct flush *f)
{
    pthread_mutex_lock(&f->gauge->mutex);
    while (f->state != FLUSH_DONE)
        pthread_cond_wait(&f->gauge->changed, &f->gauge->mutex);
    pthread_mutex_unlock(&f->gauge->mutex);
}

static void leave(struct flush_gauge *g)
{
    pthread_mutex_lock(&g->mutex);
    g->running--;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static void run_on_executor(void *arg)
{
    struct flush       *f = arg;
    struct flush_gauge *g = f->gauge;

    flush_do(f);
    flush_unref(f);
    leave(g); /* the last touch: the sink may be freed now */
}

static void enter(struct flush_gauge *g)
{
    pthread_mutex_lock(&g->mutex);
    g->running++;
    pthread_mutex_unlock(&g->mutex);
}

enum err flush_start(struct flush_group *group, struct flush *f, struct executor *x, struct error *e)
{
    if (!MEM_GROW(group->flushes, group->count, group->capacity)) {
        flush_unref(f);
        return error_memory(e, sizeof f, "files to write");
    }
    group->flushes[group->count++] = f;
    atomic_fetch_add(&f->refs, 1);
    enter(f->gauge);
    if (!executor_submit(x, run_on_executor, f)) { /* then the group does it at the barrier */
        leave(f->gauge);
        flush_unref(f);
    }
    return OK;
}

/* --- the group ------------------------------------------------------------------------------------------------------ */

struct flush_group *flush_group_new(void)
{
    return mem_zalloc(sizeof(struct flush_group));
}

static bool is_done(struct flush *f)
{
    bool done;

    pthread_mutex_lock(&f->gauge->mutex);
    done = f->state == FLUSH_DONE;
    pthread_mutex_unlock(&f->gauge->mutex);
    return done;
}

enum err flush_group_failed(struct flush_group *g, struct error *e)
{
    for (size_t i = 0; i < g->count; i++)
        if (is_done(g->flushes[i]) && g->flushes[i]->rc != OK) {
            *e = g->flushes[i]->error;
            return g->flushes[i]->rc;
        }
    return OK;
}

enum err flush_group_finish(void *arg, struct op_snapshot *s, struct error *e)
{
    struct flush_group *g = arg;
    struct bytes        part = {0};
    enum err            rc = OK;

    for (size_t i = 0; i < g->count; i++)
        flush_do(g->flushes[i]);
    for (size_t i = 0; i < g->count; i++) {
        struct flush *f = g->flushes[i];

        await(f);
        if (f->rc != OK && rc == OK) {
            rc = f->rc;
            *e = f->error;
        }
        for (int32_t k = 0; k < f->file_count; k++)
            data_file_encode(&f->files[k], &part);
    }
    if (rc == OK && part.failed)
        rc = error_memory(e, part.len, "descriptions of data files");
    if (rc == OK && part.len)
        snapshot_commit(s, bytes_all(&part));
    bytes_fini(&part);
    return rc;
}

void flush_group_drop(void *arg)
{
    struct flush_group *g = arg;

    if (g == NULL)
        return;
    for (size_t i = 0; i < g->count; i++)
        flush_unref(g->flushes[i]);
    mem_free(g->flushes);
    mem_free(g);
}
