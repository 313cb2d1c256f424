/* sql_job.c: see sql_job.h. */
#include "sql_job.h"
#include "base/mem.h"
#include "connectors/batch_rows.h"
#include "connectors/collect.h"
#include "connectors/row_text.h"
#include "plan/plan.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_US    300
#define STEPS_MOST 200 /* for a checkpoint to be complete */

/* --- lines --- */

void lines_add(struct lines *l, struct slice line)
{
    if (!MEM_GROW(l->list, l->count, l->capacity) ||
        (l->list[l->count++] = mem_strndup(line.ptr, line.len)) == NULL)
        abort();
}

void lines_cut(struct lines *l, size_t count)
{
    while (l->count > count)
        mem_free(l->list[--l->count]);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lines_sort(struct lines *l)
{
    if (l->count)
        qsort(l->list, l->count, sizeof *l->list, compare_lines);
}

void lines_fini(struct lines *l)
{
    lines_cut(l, 0);
    mem_free(l->list);
    *l = (struct lines){0};
}

/* On one line, whatever its texts hold. */
void sql_job_row(const struct batch *b, int32_t row, struct bytes *out)
{
    struct bytes text = {0};

    row_text(b, row, &text);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\n')
            bytes_text(out, "\\n");
        else if (text.ptr[i] == '\r')
            bytes_text(out, "\\r");
        else
            bytes_u8(out, (uint8_t)text.ptr[i]);
    bytes_fini(&text);
}

static void add_rows(struct lines *l, const struct batch *b)
{
    struct bytes text = {0};

    for (int32_t i = 0; i < batch_live(b); i++) {
        bytes_clear(&text);
        sql_job_row(b, batch_row(b, i), &text);
        lines_add(l, bytes_all(&text));
    }
    bytes_fini(&text);
}

/* --- the crash --- */

/* Of the job that runs. */
static struct {
    struct engine *engine;
    int64_t wanted; /* rows that come in all; 0: count, no crash */
    atomic_int_least64_t sunk;
    atomic_bool armed, asked, from_checkpoint;
    atomic_int waited; /* steps, for the checkpoint */
} crash;

static bool is_checkpointed(void)
{
    struct engine_status status;

    engine_status(crash.engine, &status);
    return status.checkpoints_completed > 0;
}

/* A source before it gives more: time for what it gave to arrive, and at the half for a checkpoint. False: not yet. */
static bool source_may_go_on(void)
{
    int64_t sunk = atomic_load(&crash.sunk);

    if (!atomic_load(&crash.armed))
        return true;
    usleep(STEP_US);
    if (2 * sunk < crash.wanted || sunk == 0)
        return true;
    if (!atomic_exchange(&crash.asked, true))
        engine_checkpoint(crash.engine);
    return is_checkpointed() || atomic_fetch_add(&crash.waited, 1) >= STEPS_MOST;
}

/* Before one more row is sunk: when there is a checkpoint, or with the last row. */
static bool crash_is_due(int64_t coming)
{
    int64_t sunk = atomic_load(&crash.sunk);
    bool checkpointed = atomic_load(&crash.asked) && is_checkpointed();

    if ((!checkpointed && sunk + coming < crash.wanted) || !atomic_exchange(&crash.armed, false))
        return false;
    atomic_store(&crash.from_checkpoint, checkpointed);
    return true;
}

/* Operators with a function or two of ours. */
struct own_ops {
    struct operator_ops ops;
    const struct operator_ops *real;
};

static const struct own_ops *own(const struct op *o)
{
    return CONTAINER_OF((void *)(uintptr_t)o->ops, struct own_ops, ops);
}

static enum err sink_batch(struct op *o, int32_t input, struct batch *b, struct error *e)
{
    enum err rc;

    if (atomic_load(&crash.armed) && crash_is_due(batch_live(b)))
        return error_set(e, ERR_IO, "the crash that the test wants");
    if ((rc = own(o)->real->batch(o, input, b, e)) == OK)
        atomic_fetch_add(&crash.sunk, batch_live(b));
    return rc;
}

static enum err source_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    if (source_may_go_on())
        return own(o)->real->poll(o, more, done, e);
    *more = true;
    return OK;
}

static void own_close(struct op *o)
{
    const struct own_ops *own_ops = own(o);

    o->ops = own_ops->real;
    o->ops->close(o);
    mem_free((void *)(uintptr_t)own_ops);
}

/* A vertex's factory and spec, in its place. */
struct own_factory {
    struct operator_factory factory;
    const struct operator_factory *real;
    const void *spec;
    bool source, sink;
};

static enum err own_new(const void *spec, struct op **out, struct error *e)
{
    const struct own_factory *f = spec;
    enum err rc = f->real->operator_new(f->spec, out, e);
    struct own_ops *s;

    if (rc != OK)
        return rc;
    if ((s = mem_zalloc(sizeof *s)) == NULL)
        abort();
    s->real = (*out)->ops;
    s->ops = *s->real;
    s->ops.batch = f->sink ? sink_batch : s->real->batch;
    s->ops.poll = f->source ? source_poll : s->real->poll;
    s->ops.close = own_close;
    (*out)->ops = &s->ops;
    return OK;
}

static enum err own_committer_new(const void *spec, const struct op_env *env, struct committer **out,
                                  struct error *e)
{
    const struct own_factory *f = spec;

    return f->real->committer_new(f->spec, env, out, e);
}

static bool is_sink(const struct graph *g, int32_t vertex)
{
    for (int32_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].from == vertex)
            return false;
    return true;
}

static void watch_ends(struct graph *g)
{
    for (int32_t i = 0; i < g->vertex_count; i++) {
        struct vertex *v = &g->vertices[i];
        struct own_factory *f;

        if (!is_sink(g, i) && !v->is_source)
            continue;
        if ((f = ARENA_NEW(&g->arena, struct own_factory)) == NULL)
            abort();
        *f = (struct own_factory){*v->factory, v->factory, v->spec, v->is_source, is_sink(g, i)};
        f->factory.operator_new = own_new;
        f->factory.committer_new = v->factory->committer_new ? own_committer_new : NULL;
        v->factory = &f->factory;
        v->spec = f;
    }
}

/* --- a job --- */

struct job_thread {
    struct engine *engine;
    enum err rc;
    struct error e;
    atomic_bool over;
};

static void *run_engine(void *arg)
{
    struct job_thread *t = arg;

    t->rc = engine_run(t->engine, &t->e);
    atomic_store(&t->over, true);
    return NULL;
}

static void take_rows(struct sql_job *j, struct job_thread *t, struct collect *collect)
{
    enum collect_state state = COLLECT_EMPTY;
    struct batch *b;
    int64_t repeated = 0;

    for (bool over = false; state != COLLECT_END && !(over && state == COLLECT_EMPTY);) {
        over = atomic_load(&t->over);
        state = collect_take(collect, over ? 0 : 20, &b, &repeated);
        if (repeated)
            lines_cut(&j->rows, j->rows.count - (size_t)repeated);
        repeated = 0;
        if (state == COLLECT_ROWS) {
            add_rows(&j->rows, b);
            batch_unref(b);
        }
    }
}

static void begin_crash(const struct sql_job *j, struct engine *engine)
{
    crash.engine = engine;
    crash.wanted = j->crash_rows;
    atomic_store(&crash.sunk, 0);
    atomic_store(&crash.waited, 0);
    atomic_store(&crash.asked, false);
    atomic_store(&crash.from_checkpoint, false);
    atomic_store(&crash.armed, j->crash_rows > 0);
}

static enum err run_plan(struct sql_job *j, struct plan *plan, struct collect *collect, struct error *e)
{
    struct job_request request = {.graph = &plan->graph, .config = session_config(j->session), .fresh = true};
    struct job_run job = {0};
    struct job_thread t = {0};
    pthread_t thread;
    enum err rc = job_run_init(&job, j->process, &request, e);

    if (rc == OK) {
        begin_crash(j, job.engine);
        t.engine = job.engine;
        if (pthread_create(&thread, NULL, run_engine, &t) != 0)
            abort();
        if (plan->schema)
            take_rows(j, &t, collect);
        pthread_join(thread, NULL);
        j->sunk = atomic_load(&crash.sunk);
        j->crashed = j->crash_rows > 0 && !atomic_load(&crash.armed);
        j->from_checkpoint = j->crashed && atomic_load(&crash.from_checkpoint);
        rc = t.rc;
        *e = t.e;
    }
    job_run_fini(&job);
    return rc;
}

static void set(struct sql_job *j, const char *key, const char *value)
{
    struct error e;

    if (config_set(session_config(j->session), key, value, "the test", &e) == OK)
        return;
    fprintf(stderr, "sql_test: %s\n", e.text);
    exit(1);
}

static void settle(struct sql_job *j)
{
    set(j, "parallelism.default", j->parallelism);
    set(j, "restart-strategy.type", "fixed-delay");
    set(j, "restart-strategy.fixed-delay.attempts", "3");
    set(j, "restart-strategy.fixed-delay.delay", "1 ms");
    set(j, "execution.checkpointing.interval", "10 min"); /* we ask for them ourselves */
    set(j, BATCH_ROWS_KEY, j->crash_rows ? "1" : "4096");
}

enum err sql_job_run(struct sql_job *j, const struct sql_source *source, const struct ast_statement *s,
                     struct bytes *message)
{
    struct collect *collect = collect_new(1 << 20);
    struct sql_error error = {0};
    struct plan *plan = NULL;
    struct error e;
    enum err rc;

    settle(j);
    if ((rc = plan_job(j->session, source, s, collect, &plan, &error)) != OK) {
        bytes_text(message, error.message);
    } else {
        for (int32_t i = 0; plan->schema && i < plan->schema->field_count; i++) {
            bytes_printf(&j->header, "%s%s ", i ? ", " : "", plan->schema->fields[i].name);
            type_print(plan->schema->fields[i].type, &j->header);
        }
        watch_ends(&plan->graph);
        if ((rc = run_plan(j, plan, collect, &e)) != OK)
            bytes_text(message, e.text);
    }
    plan_free(plan);
    collect_free(collect);
    return rc;
}

void sql_job_fini(struct sql_job *j)
{
    lines_fini(&j->rows);
    bytes_fini(&j->header);
}
