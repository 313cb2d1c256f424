/* task.c: making, opening and closing a task. See task.h. */
#include "engine/task.h"
#include "base/hash.h"
#include "base/mem.h"

/* --- what operators may ask of us --- */

static void link_wake(void *arg)
{
    struct link *l = arg;

    atomic_store_explicit(&l->woken, true, memory_order_release);
    scheduler_wake(l->task->attempt->scheduler, &l->task->runnable);
}

static void link_wake_at(void *arg, int64_t wall_us)
{
    struct link *l = arg;
    struct clock *clock = l->task->attempt->config->clock;
    int64_t in_us = wall_us - clock_wall_us(clock);

    if (in_us <= 0)
        link_wake(l);
    else
        scheduler_alarm(l->task->attempt->scheduler, &l->alarm, clock_mono_us(clock) + in_us);
}

/* --- making --- */

/* The groups of a subtask are those that hash_subtask gives it: a range. */
static uint32_t first_key_group(int32_t subtask, int32_t parallelism, int32_t max_parallelism)
{
    return ((uint32_t)subtask * (uint32_t)max_parallelism + (uint32_t)parallelism - 1) /
           (uint32_t)parallelism;
}

static enum err make_state(struct link *l, struct error *e)
{
    const struct vertex *v = l->vertex;
    int32_t subtask = l->task->subtask;
    struct state_config config = {
        .max_parallelism = (uint32_t)v->max_parallelism,
        .first_key_group = first_key_group(subtask, v->parallelism, v->max_parallelism),
        .last_key_group = first_key_group(subtask + 1, v->parallelism, v->max_parallelism) - 1,
        .budget = l->task->attempt->config->budget,
        .clock = l->task->attempt->config->clock,
    };

    if (!v->keyed)
        return OK;
    l->state = state_store_new(&config);
    return l->state != NULL ? OK : error_memory(e, 0, "keyed state");
}

/* A seed of its own for every operator of every subtask and attempt, from the job's. */
static uint64_t seed_of(const struct link *l)
{
    const struct attempt *a = l->task->attempt;
    uint64_t place = (uint64_t)l->task->number << 32 | (uint64_t)(l - l->task->links);

    return hash_mix(a->config->seed ^ hash_mix(place ^ hash_mix((uint64_t)a->number)));
}

static void fill_env(struct link *l)
{
    struct attempt *a = l->task->attempt;
    const struct engine_config *config = a->config;

    l->env = (struct op_env){.name = l->vertex->name,
                             .uid = l->vertex->uid,
                             .job_name = a->chains->graph->name,
                             .lineage = a->lineage,
                             .subtask = l->task->subtask,
                             .parallelism = l->vertex->parallelism,
                             .max_parallelism = l->vertex->max_parallelism,
                             .clock = config->clock,
                             .executor = &a->work.executor,
                             .fs = config->fs,
                             .budget = config->budget,
                             .config = config->config,
                             .registry = config->metrics,
                             .metrics = l->metrics ? l->metrics->scope : NULL,
                             .state = l->state,
                             .out = &l->output,
                             .seed = seed_of(l),
                             .wake = link_wake,
                             .wake_at = link_wake_at,
                             .wake_arg = l};
}

/* Whoever in the chain has l as parent becomes its child. */
static enum err connect_children(struct link *l, int32_t index, struct error *e)
{
    const struct chain *chain = l->task->chain;
    size_t most = (size_t)chain->op_count;

    l->children = mem_calloc(most, sizeof(struct link *));
    l->child_ports = mem_calloc(most, sizeof *l->child_ports);
    l->child_inputs = mem_calloc(most, sizeof *l->child_inputs);
    if (l->children == NULL || l->child_ports == NULL || l->child_inputs == NULL)
        return error_memory(e, most * sizeof(struct link *), "a chain of operators");
    for (int32_t i = 0; i < chain->op_count; i++) {
        if (chain->ops[i].parent != index)
            continue;
        l->children[l->child_count] = &l->task->links[i];
        l->child_ports[l->child_count] = chain->ops[i].parent_port;
        l->child_inputs[l->child_count++] = chain->ops[i].input;
    }
    return OK;
}

/* An exchange for each edge that leaves the task; the attempt fills in the channels. */
static enum err make_exchanges(struct link *l, int32_t vertex, struct error *e)
{
    const struct attempt *a = l->task->attempt;
    const struct graph *g = a->chains->graph;
    size_t count = 0;
    enum err rc = OK;

    for (int32_t i = 0; i < g->edge_count; i++)
        count += g->edges[i].from == vertex && a->chains->is_crossing[i];
    if (count == 0)
        return OK;
    if ((l->exchanges = mem_calloc(count, sizeof *l->exchanges)) == NULL)
        return error_memory(e, count * sizeof *l->exchanges, "exchanges between tasks");
    for (int32_t i = 0; rc == OK && i < g->edge_count; i++) {
        const struct edge *edge = &g->edges[i];
        const struct vertex *to = &g->vertices[edge->to];

        if (edge->from != vertex || !a->chains->is_crossing[i])
            continue;
        rc = exchange_init(&l->exchanges[l->exchange_count], edge, to->max_parallelism,
                           edge->partitioning == EDGE_FORWARD ? 1 : to->parallelism, a->config->budget, e);
        l->exchange_count += rc == OK;
    }
    return rc;
}

static enum err init_link(struct task *t, int32_t index, struct error *e)
{
    struct link *l = &t->links[index];
    int32_t vertex = t->chain->ops[index].vertex;
    enum err rc;

    l->output = link_output;
    l->task = t;
    l->vertex = &t->attempt->chains->graph->vertices[vertex];
    l->watermark_out = WATERMARK_NONE;
    l->metrics = t->metrics ? &t->metrics->operators[index] : NULL;
    l->alarm = (struct alarm){.target = &t->runnable, .flag = &l->woken};
    atomic_init(&l->woken, l->vertex->is_source); /* the first poll comes unasked */
    if ((rc = connect_children(l, index, e)) != OK || (rc = make_exchanges(l, vertex, e)) != OK)
        return rc;
    return make_state(l, e);
}

enum err task_new(struct attempt *a, const struct chain *chain, int32_t subtask, struct task **out,
                  struct error *e)
{
    struct task *t = mem_zalloc(sizeof *t);
    enum err rc = OK;

    *out = t;
    if (t == NULL || (t->links = mem_calloc((size_t)chain->op_count, sizeof *t->links)) == NULL)
        return error_memory(e, sizeof *t, "a task");
    t->runnable.run = task_run;
    t->attempt = a;
    t->chain = chain;
    t->subtask = subtask;
    t->number = chain->first_task + subtask;
    t->watermark_us = WATERMARK_NONE;
    t->opened_note.kind = NOTE_OPENED;
    t->failed_note.kind = NOTE_FAILED;
    t->ended_note.kind = NOTE_ENDED;
    t->metrics = task_metrics_new(a->metrics, chain, a->chains->graph, subtask, a->number,
                                  clock_mono_us(a->config->clock));
    for (int32_t i = 0; rc == OK && i < chain->op_count; i++)
        rc = init_link(t, i, e);
    return rc;
}

enum err task_add_input(struct task *t, struct channel *channel, int32_t number, struct error *e)
{
    size_t capacity = (size_t)t->input_capacity;

    if (!MEM_GROW(t->inputs, (size_t)t->input_count, capacity))
        return error_memory(e, sizeof *t->inputs, "the inputs of a task");
    t->input_capacity = (int32_t)capacity;
    t->inputs[t->input_count++] = (struct input){
        .channel = channel, .number = number, .watermark_us = WATERMARK_NONE};
    t->flowing_inputs++;
    return OK;
}

static void free_link(struct link *l)
{
    assert(l->op == NULL);
    link_drop_parked(l);
    for (int32_t i = 0; i < l->exchange_count; i++)
        exchange_fini(&l->exchanges[i]);
    mem_free(l->exchanges);
    mem_free(l->children);
    mem_free(l->child_ports);
    mem_free(l->child_inputs);
    state_store_free(l->state);
}

void task_free(struct task *t)
{
    if (t == NULL)
        return;
    for (int32_t i = 0; t->links != NULL && i < t->chain->op_count; i++)
        free_link(&t->links[i]);
    task_snapshot_free(t->snapshot);
    task_metrics_free(t->metrics);
    mem_free(t->links);
    mem_free(t->inputs);
    mem_free(t->splits);
    mem_free(t);
}

/* --- opening and closing --- */

/* Every file is offered to every subtask: each keeps the key groups that are its own. */
static enum err restore_files(struct link *l, const struct checkpoint_vertex *from, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && l->state != NULL && i < from->file_count; i++)
        rc = state_restore_file(l->state, l->task->attempt->state_fs, &from->files[i], e);
    return rc;
}

static enum err restore_link(struct link *l, struct error *e)
{
    const struct checkpoint *from = l->task->attempt->from;
    const struct checkpoint_vertex *v = from ? checkpoint_find(from, l->vertex->uid) : NULL;
    enum err rc;

    if (v == NULL)
        return OK;
    struct op_restore restore = {.checkpoint_id = from->id,
                                 .old_parallelism = v->parallelism,
                                 .item_count = v->item_count,
                                 .items = v->items};

    if ((rc = restore_files(l, v, e)) != OK || l->op->ops->restore == NULL)
        return rc;
    return l->op->ops->restore(l->op, &restore, e);
}

static enum err open_link(struct link *l, struct error *e)
{
    enum err rc;

    fill_env(l);
    if ((rc = l->vertex->factory->operator_new(l->vertex->spec, &l->op, e)) != OK) {
        l->op = NULL;
        return rc;
    }
    if (l->op->ops->open != NULL && (rc = l->op->ops->open(l->op, &l->env, e)) != OK)
        return rc;
    return restore_link(l, e);
}

enum err task_open(struct task *t, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = t->chain->op_count - 1; rc == OK && i >= 0; i--)
        rc = link_blame(&t->links[i], open_link(&t->links[i], e));
    return rc;
}

void task_close(struct task *t)
{
    for (int32_t i = 0; i < t->chain->op_count; i++) {
        struct link *l = &t->links[i];

        if (l->op != NULL)
            l->op->ops->close(l->op);
        l->op = NULL;
    }
}

void task_fail(struct task *t, const struct error *e)
{
    const char *name = t->culprit ? t->culprit->vertex->name : t->chain->name;

    assert(!t->has_failed);
    t->has_failed = true;
    t->error = *e;
    error_add(&t->error, e->code, "%s (%d/%d)", name, t->subtask + 1, t->chain->parallelism);
    t->error.advice = e->advice;
    inbox_put(t->attempt->inbox, &t->failed_note);
}

bool task_is_full(const struct task *t)
{
    for (int32_t i = 0; i < t->chain->op_count; i++)
        for (int32_t j = 0; j < t->links[i].exchange_count; j++)
            if (exchange_is_full(&t->links[i].exchanges[j]))
                return true;
    return false;
}
