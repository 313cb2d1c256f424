/* iceberg_flush.c: see iceberg_flush.h. */
#include "connectors/iceberg_flush.h"
#include "base/map.h"
#include "base/mem.h"
#include "connectors/iceberg_part.h"
#include <pthread.h>

enum flush_state { FLUSH_NEW, FLUSH_RUNNING, FLUSH_DONE };

struct flush_gauge {
    atomic_int refs;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const struct op_env *env; /* borrowed; not to be touched once closed */
    size_t bytes;             /* of rows in flushes not done */
    int32_t running;          /* flushes that some thread works on */
    int32_t failed;           /* flushes so far */
    bool waiting;             /* the task wants to be woken */
    bool closed;
};

struct flush {
    atomic_int refs;
    enum flush_state state;           /* under the gauge's mutex */
    struct flush_gauge *gauge;        /* a reference */
    const struct file_writer *writer; /* this and metrics are the sink's: touched while RUNNING only */
    struct flush_metrics *metrics;
    struct partition_rows *rows; /* owned until done */
    struct arena arena;          /* owned: paths and file descriptions */
    const char *path, *delete_path;
    struct map paths;            /* a path's pointer -> the copy, in arena */
    struct deleted_row *deletes; /* owned */
    size_t delete_count, delete_capacity;
    struct data_file files[2];
    int32_t file_count;
    const char **references; /* in arena: the data files that a delete file of several refers to */
    int32_t reference_count;
    enum err rc;
    struct error error;
};

struct flush_group {
    struct flush **flushes; /* owned, a reference each */
    size_t count, capacity;
    size_t submitted;    /* of them, the first ones, are in the executor's hands */
    bool keeps, at_end;  /* of an overwrite: the flushes are another's too */
    struct bytes before; /* owned: what a restored checkpoint had kept */
};

/* --- metrics --- */

void flush_metrics_init(struct flush_metrics *m, const struct op_env *env, const char *table)
{
    const struct metric_label labels[] = {{"table_name", table}};
    struct metric_scope *scope = metrics_bare(env->registry, labels, 1),
                        *bare = metrics_bare(env->registry, NULL, 0);

    m->writes = metrics_counter(scope, "iceberg_writes_total", "Total Iceberg write operations");
    m->files = metrics_counter(scope, "iceberg_files_written", "Number of Parquet files written");
    m->bytes = metrics_counter(scope, "iceberg_bytes_written", "Bytes written to Iceberg");
    m->duration_ms = metrics_histogram(scope, "iceberg_write_duration", "Iceberg write duration (ms)");
    m->latency_ms = metrics_histogram(bare, "flink_to_iceberg_latency",
                                      "Latency from the source to the Iceberg writer (ms)");
}

void flush_metrics_latency(struct flush_metrics *m, const struct op_env *env, const struct batch *rows)
{
    if (rows->born_us > 0)
        histogram_record(m->latency_ms, (double)MAX(clock_wall_us(env->clock) - rows->born_us, 0) / 1000.0);
}

/* --- the gauge --- */

struct flush_gauge *flush_gauge_new(const struct op_env *env)
{
    struct flush_gauge *g = mem_zalloc(sizeof *g);

    if (g == NULL)
        return NULL;
    g->env = env;
    atomic_init(&g->refs, 1);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->changed, NULL);
    return g;
}

static void gauge_unref(struct flush_gauge *g)
{
    if (atomic_fetch_sub(&g->refs, 1) != 1)
        return;
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->mutex);
    mem_free(g);
}

void flush_gauge_close(struct flush_gauge *g)
{
    if (g == NULL)
        return;
    pthread_mutex_lock(&g->mutex);
    g->closed = true;
    while (g->running > 0)
        pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    gauge_unref(g);
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

/* The wake is given under the mutex: so none comes after the gauge is closed. */
static void gauge_take(struct flush_gauge *g, size_t bytes)
{
    pthread_mutex_lock(&g->mutex);
    g->bytes -= bytes;
    if (g->waiting && !g->closed)
        g->env->wake(g->env->wake_arg);
    g->waiting = false;
    pthread_mutex_unlock(&g->mutex);
}

/* --- one flush --- */

struct flush *flush_new(const struct file_writer *w, struct partition_rows *rows, struct flush_gauge *g,
                        struct flush_metrics *m)
{
    struct flush *f = mem_zalloc(sizeof *f);

    if (f == NULL) {
        partition_rows_free(rows);
        return NULL;
    }
    *f = (struct flush){.gauge = g, .writer = w, .metrics = m, .rows = rows};
    atomic_init(&f->refs, 1);
    atomic_fetch_add(&g->refs, 1);
    gauge_add(g, rows->bytes);
    return f;
}

/* The rows leave memory; whoever waits for room is told. */
static void drop_rows(struct flush *f)
{
    size_t bytes;

    if (f->rows == NULL)
        return;
    bytes = f->rows->bytes;
    partition_rows_free(f->rows);
    f->rows = NULL;
    gauge_take(f->gauge, bytes);
}

void flush_unref(struct flush *f)
{
    if (f == NULL || atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    drop_rows(f);
    map_fini(&f->paths);
    mem_free(f->deletes);
    arena_fini(&f->arena);
    gauge_unref(f->gauge);
    mem_free(f);
}

const struct partition_rows *flush_rows(const struct flush *f)
{
    return f->rows;
}

bool flush_name(struct flush *f, const char *path, const char *delete_path)
{
    f->path = arena_strdup(&f->arena, path);
    f->delete_path = arena_strdup(&f->arena, delete_path);
    return !f->arena.failed;
}

const char *flush_path(const struct flush *f)
{
    return f->path;
}

bool flush_delete(struct flush *f, const char *path, int64_t position)
{
    struct slice key = slice_of(&path, sizeof path);
    const char *copy = map_get(&f->paths, key);

    if (copy == NULL &&
        ((copy = arena_strdup(&f->arena, path)) == NULL || !map_put(&f->paths, key, (void *)(uintptr_t)copy)))
        return false;
    if (!MEM_GROW(f->deletes, f->delete_count, f->delete_capacity))
        return false;
    f->deletes[f->delete_count++] = (struct deleted_row){copy, position};
    return true;
}

bool flush_is_empty(const struct flush *f)
{
    return f->rows->live_count == 0 && f->delete_count == 0;
}

static void count_files(struct flush *f, int64_t started_us)
{
    struct flush_metrics *m = f->metrics;
    int64_t bytes = 0;

    for (int32_t i = 0; i < f->file_count; i++)
        bytes += f->files[i].size_bytes;
    counter_add(m->writes, 1);
    counter_add(m->files, f->file_count);
    counter_add(m->bytes, bytes);
    histogram_record(m->duration_ms, (double)(clock_mono_us(f->gauge->env->clock) - started_us) / 1000.0);
}

/* The paths of the deletes, which are sorted now. */
static enum err list_references(struct flush *f, struct error *e)
{
    f->references = ARENA_ARRAY(&f->arena, const char *, map_count(&f->paths));
    if (f->references == NULL)
        return error_memory(e, map_count(&f->paths) * sizeof *f->references, "the paths of data files");
    for (size_t i = 0; i < f->delete_count; i++)
        if (i == 0 || f->deletes[i].path != f->deletes[i - 1].path)
            f->references[f->reference_count++] = f->deletes[i].path;
    return OK;
}

static enum err write_deletes(struct flush *f, struct error *e)
{
    const struct partition_rows *p = f->rows;
    enum err rc = file_writer_deletes(f->writer, f->deletes, f->delete_count, p->spec->spec_id, p->values,
                                      p->spec->field_count, f->delete_path, &f->arena,
                                      &f->files[f->file_count], e);

    if (rc == OK && f->files[f->file_count].references == NULL)
        rc = list_references(f, e);
    f->file_count += rc == OK;
    return rc;
}

static enum err write_files(struct flush *f, struct error *e)
{
    int64_t started_us = clock_mono_us(f->gauge->env->clock);
    enum err rc = OK;

    if (f->rows->live_count > 0)
        rc = file_writer_rows(f->writer, f->rows, f->path, &f->arena, &f->files[0], e);
    f->file_count = rc == OK && f->rows->live_count > 0;
    if (rc == OK && f->delete_count > 0)
        rc = write_deletes(f, e);
    if (rc == OK)
        count_files(f, started_us);
    return rc;
}

/* Who claims it has it alone. False: somebody has, or it is not to be done any more. */
static bool claim(struct flush *f, bool *dropped)
{
    struct flush_gauge *g = f->gauge;
    bool mine;

    pthread_mutex_lock(&g->mutex);
    mine = f->state == FLUSH_NEW;
    *dropped = mine && g->closed;
    if (*dropped) {
        f->state = FLUSH_DONE;
        f->rc = error_set(&f->error, ERR_CANCELLED, "the sink was closed before its rows were written");
    } else if (mine) {
        f->state = FLUSH_RUNNING;
        g->running++;
    }
    pthread_mutex_unlock(&g->mutex);
    return mine && !*dropped;
}

static void flush_do(struct flush *f)
{
    struct flush_gauge *g = f->gauge;
    bool dropped;

    if (!claim(f, &dropped)) {
        if (dropped)
            drop_rows(f);
        return;
    }
    f->rc = write_files(f, &f->error);
    drop_rows(f);
    pthread_mutex_lock(&g->mutex);
    f->state = FLUSH_DONE;
    g->failed += f->rc != OK;
    g->running--;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

/* Nobody wants its files any more. */
static void cancel(struct flush *f)
{
    struct flush_gauge *g = f->gauge;
    bool mine;

    pthread_mutex_lock(&g->mutex);
    mine = f->state == FLUSH_NEW;
    if (mine) {
        f->state = FLUSH_DONE;
        f->rc = error_set(&f->error, ERR_CANCELLED, "the rows are not wanted any more");
    }
    pthread_mutex_unlock(&g->mutex);
    if (mine)
        drop_rows(f);
}

static void await(struct flush *f)
{
    pthread_mutex_lock(&f->gauge->mutex);
    while (f->state != FLUSH_DONE)
        pthread_cond_wait(&f->gauge->changed, &f->gauge->mutex);
    pthread_mutex_unlock(&f->gauge->mutex);
}

static void run_on_executor(void *arg)
{
    flush_do(arg);
    flush_unref(arg);
}

/* --- the group --- */

struct flush_group *flush_group_new(void)
{
    return mem_zalloc(sizeof(struct flush_group));
}

static bool submit_all(struct flush_group *group, struct executor *x)
{
    for (; group->submitted < group->count; group->submitted++) {
        struct flush *f = group->flushes[group->submitted];

        atomic_fetch_add(&f->refs, 1);
        if (!executor_submit(x, run_on_executor, f)) {
            flush_unref(f);
            return false;
        }
    }
    return true;
}

enum err flush_start(struct flush_group *group, struct flush *f, struct executor *x, struct error *e)
{
    if (!MEM_GROW(group->flushes, group->count, group->capacity)) {
        flush_unref(f);
        return error_memory(e, sizeof f, "files to write");
    }
    group->flushes[group->count++] = f;
    submit_all(group, x);
    return OK;
}

enum err flush_group_submit(struct flush_group *group, struct executor *x, struct error *e)
{
    return submit_all(group, x) ? OK : error_memory(e, sizeof x, "files to write");
}

static bool has_failed(struct flush *f, bool *any)
{
    bool failed;

    pthread_mutex_lock(&f->gauge->mutex);
    failed = f->state == FLUSH_DONE && f->rc != OK;
    *any = f->gauge->failed > 0;
    pthread_mutex_unlock(&f->gauge->mutex);
    return failed;
}

enum err flush_group_failed(struct flush_group *g, struct error *e)
{
    bool any = true;

    for (size_t i = 0; any && i < g->count; i++)
        if (has_failed(g->flushes[i], &any)) {
            *e = g->flushes[i]->error;
            return g->flushes[i]->rc;
        }
    return OK;
}

static void put_files(const struct flush *f, struct bytes *part)
{
    for (int32_t i = 0; i < f->file_count; i++)
        part_put_file(part, &f->files[i]);
    if (f->reference_count)
        part_put_references(part, f->references, f->reference_count);
}

struct flush_group *flush_group_keep(const struct flush_group *g, struct slice before, bool at_end)
{
    struct flush_group *k = flush_group_new();

    if (k == NULL)
        return NULL;
    k->keeps = true;
    k->at_end = at_end;
    bytes_slice(&k->before, before);
    k->flushes = mem_calloc(MAX(g->count, 1), sizeof(struct flush *));
    if (k->before.failed || k->flushes == NULL) {
        flush_group_drop(k);
        return NULL;
    }
    for (; k->count < g->count; k->count++) {
        k->flushes[k->count] = g->flushes[k->count];
        atomic_fetch_add(&k->flushes[k->count]->refs, 1);
    }
    return k;
}

/* Over to the committer, or, of an overwrite before its end, just into the checkpoint. */
static void hand_over(const struct flush_group *g, struct op_snapshot *s, const struct bytes *part)
{
    if (part->len == 0)
        return;
    if (g->keeps && !(g->at_end && snapshot_is_last(s)))
        snapshot_item(s, FLUSH_KEPT, bytes_all(part));
    else
        snapshot_commit(s, bytes_all(part));
}

enum err flush_group_finish(void *arg, struct op_snapshot *s, struct error *e)
{
    struct flush_group *g = arg;
    struct bytes part = {0};
    enum err rc = OK;

    bytes_slice(&part, bytes_all(&g->before));

    for (size_t i = 0; i < g->count; i++)
        flush_do(g->flushes[i]);
    for (size_t i = 0; i < g->count; i++) {
        struct flush *f = g->flushes[i];

        await(f);
        if (f->rc == OK) {
            put_files(f, &part);
        } else if (rc == OK) {
            rc = f->rc;
            *e = f->error;
        }
    }
    if (rc == OK && part.failed)
        rc = error_memory(e, part.len, "descriptions of data files");
    if (rc == OK)
        hand_over(g, s, &part);
    bytes_fini(&part);
    return rc;
}

void flush_group_drop(void *arg)
{
    struct flush_group *g = arg;

    if (g == NULL)
        return;
    for (size_t i = 0; i < g->count; i++) {
        if (!g->keeps)
            cancel(g->flushes[i]);
        flush_unref(g->flushes[i]);
    }
    bytes_fini(&g->before);
    mem_free(g->flushes);
    mem_free(g);
}
