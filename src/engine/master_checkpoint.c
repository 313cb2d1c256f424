/* master_checkpoint.c: carrying out the coordinator's orders. See master.h for a barrier's life and the
 * rules. */
#include "base/mem.h"
#include "engine/master.h"
#include "engine/task.h"
#include "os/log.h"
#include <stdio.h>

#define COMPONENT      "checkpoints"
#define COMMITS_BEHIND 1 /* rule 3 */

static int64_t now_us(struct engine *en)
{
    return clock_mono_us(en->config.clock);
}

/* --- pending checkpoints --- */

static void pending_free(struct engine *en, struct pending_checkpoint *p)
{
    for (int32_t i = 0; p->acks != NULL && i < en->chains.task_count; i++)
        task_snapshot_free(p->acks[i]);
    mem_free(p->acks);
    mem_free(p->told);
    mem_free(p);
}

static struct pending_checkpoint *pending_add(struct engine *en, int64_t id, bool is_last)
{
    struct pending_checkpoint *p = mem_zalloc(sizeof *p), **at = &en->pending;

    if (p == NULL)
        return NULL;
    p->acks = mem_calloc((size_t)en->chains.task_count, sizeof(struct task_snapshot *));
    p->told = mem_calloc((size_t)en->chains.task_count, sizeof *p->told);
    if (p->acks == NULL || p->told == NULL) {
        pending_free(en, p);
        return NULL;
    }
    p->id = id;
    p->is_last = is_last;
    p->triggered_us = clock_wall_us(en->config.clock);
    while (*at != NULL)
        at = &(*at)->next;
    *at = p;
    return p;
}

static struct pending_checkpoint *pending_find(struct engine *en, int64_t id)
{
    struct pending_checkpoint *p = en->pending;

    while (p != NULL && p->id != id)
        p = p->next;
    return p;
}

static void pending_remove(struct engine *en, struct pending_checkpoint *p)
{
    struct pending_checkpoint **at = &en->pending;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    pending_free(en, p);
}

/* --- what is carried on (rule 2) --- */

static bool carry_part(struct engine *en, int32_t vertex, struct slice part)
{
    char *copy;

    if (!MEM_GROW(en->carried, en->carried_count, en->carried_capacity) ||
        (copy = mem_alloc(MAX(part.len, 1))) == NULL)
        return false;
    if (part.len > 0)
        memcpy(copy, part.ptr, part.len);
    en->carried[en->carried_count++] = (struct carried){vertex, slice_of(copy, part.len)};
    return true;
}

static bool carry_snapshot(struct engine *en, const struct task_snapshot *s)
{
    bool ok = true;

    for (int32_t i = 0; i < s->link_count; i++)
        for (size_t j = 0; ok && j < s->links[i].part_count; j++)
            ok = carry_part(en, s->links[i].vertex, s->links[i].parts[j]);
    return ok;
}

static void drop_carried(struct engine *en)
{
    for (size_t i = 0; i < en->carried_count; i++)
        mem_free((char *)en->carried[i].part.ptr);
    mem_free(en->carried);
    en->carried = NULL;
    en->carried_count = en->carried_capacity = 0;
}

/* --- discarding --- */

struct discard {
    struct checkpoint_store *store;
    int64_t id;
};

static void run_discard(void *arg)
{
    struct discard d = *(struct discard *)arg;

    mem_free(arg);
    checkpoint_store_discard(d.store, d.id);
}

/* What is not removed now, for want of memory, is when a later checkpoint is stored. */
static void discard(struct engine *en, int64_t id)
{
    struct discard *d = mem_alloc(sizeof *d);

    if (d == NULL)
        return;
    *d = (struct discard){en->store, id};
    if (!executor_submit(&en->work.executor, run_discard, d))
        mem_free(d);
}

/* It came to nothing and all its parts are in: carry them on. */
static void give_up(struct engine *en, struct pending_checkpoint *p)
{
    struct error e;
    bool ok = true;

    for (int32_t i = 0; ok && i < en->chains.task_count; i++)
        ok = carry_snapshot(en, p->acks[i]);
    discard(en, p->id);
    pending_remove(en, p);
    if (!ok) {
        error_memory(&e, 0, "what a failed checkpoint was to commit");
        master_fail(en, &e);
    }
}

/* --- acknowledgements --- */

/* Rule 1: a task's part counts once its parts of all older checkpoints are in. */
static bool older_are_in(struct engine *en, const struct pending_checkpoint *p, int32_t task)
{
    for (const struct pending_checkpoint *older = en->pending; older != p; older = older->next)
        if (older->acks[task] == NULL)
            return false;
    return true;
}

static void tell_coordinator(struct engine *en)
{
    for (struct pending_checkpoint *p = en->pending; p != NULL; p = p->next)
        for (int32_t i = 0; i < en->chains.task_count; i++)
            if (p->acks[i] != NULL && !p->told[i] && older_are_in(en, p, i)) {
                p->told[i] = true;
                coordinator_ack(en->coordinator, p->id, i, now_us(en));
            }
}

void checkpoints_snapshot(struct engine *en, struct task_snapshot *s)
{
    struct pending_checkpoint *p = pending_find(en, s->checkpoint_id);

    assert(p != NULL && p->acks[s->task] == NULL);
    p->acks[s->task] = s;
    p->ack_count++;
    if (en->phase != PHASE_RUNNING)
        return;
    if (s->is_lost) {
        master_fail(en, &s->error);
        return;
    }
    if (s->has_failed)
        coordinator_decline(en->coordinator, p->id, s->error.text, now_us(en));
    checkpoints_advance(en); /* the order to abort, before the acknowledgement */
}

static void give_up_aborted(struct engine *en)
{
    for (struct pending_checkpoint *p = en->pending, *next; p != NULL; p = next) {
        next = p->next;
        if (p->is_aborted && p->ack_count == en->chains.task_count && p == en->pending)
            give_up(en, p);
    }
}

/* --- storing --- */

static const struct link_snapshot *snapshot_of(const struct engine *en, const struct pending_checkpoint *p,
                                               int32_t vertex, int32_t subtask)
{
    const struct chain *chain = &en->chains.chains[en->chains.chain_of[vertex]];
    const struct task_snapshot *s = p->acks[chain->first_task + subtask];
    int32_t i = 0;

    while (s->links[i].vertex != vertex)
        i++;
    return &s->links[i];
}

static void count_vertex(const struct engine *en, const struct pending_checkpoint *p, int32_t vertex,
                         size_t *items, size_t *files, size_t *parts)
{
    for (int32_t i = 0; i < en->graph->vertices[vertex].parallelism; i++) {
        const struct link_snapshot *l = snapshot_of(en, p, vertex, i);

        *items += l->item_count;
        *files += l->file_count;
        *parts += l->part_count;
    }
    for (size_t i = 0; i < en->carried_count; i++)
        *parts += en->carried[i].vertex == vertex;
}

static struct op_item copy_item(struct arena *arena, const struct op_item *from)
{
    return (struct op_item){arena_strdup(arena, from->name), arena_slice(arena, from->bytes), from->subtask};
}

static struct state_file copy_file(struct arena *arena, const struct state_file *from)
{
    struct state_file to = *from;

    to.state = arena_strdup(arena, from->state);
    to.path = (char *)arena_strdup(arena, from->path);
    return to;
}

/* One operator's part of the document: what its subtasks gave, in their order, and what is carried on, which
 * is older. */
static void fill_vertex(const struct engine *en, const struct pending_checkpoint *p, int32_t vertex,
                        struct arena *arena, struct checkpoint_vertex *out)
{
    const struct vertex *v = &en->graph->vertices[vertex];
    size_t item_count = 0, file_count = 0, part_count = 0;

    count_vertex(en, p, vertex, &item_count, &file_count, &part_count);
    struct op_item *items = ARENA_ARRAY(arena, struct op_item, item_count + 1);
    struct state_file *files = ARENA_ARRAY(arena, struct state_file, file_count + 1);
    struct slice *parts = ARENA_ARRAY(arena, struct slice, part_count + 1);

    *out = (struct checkpoint_vertex){.uid = arena_strdup(arena, v->uid),
                                      .name = arena_strdup(arena, v->name),
                                      .parallelism = v->parallelism,
                                      .max_parallelism = v->max_parallelism,
                                      .items = items,
                                      .files = files,
                                      .parts = parts};
    if (arena->failed)
        return;
    for (size_t i = 0; i < en->carried_count; i++)
        if (en->carried[i].vertex == vertex)
            parts[out->part_count++] = arena_slice(arena, en->carried[i].part);
    for (int32_t i = 0; i < v->parallelism; i++) {
        const struct link_snapshot *l = snapshot_of(en, p, vertex, i);

        for (size_t j = 0; j < l->item_count; j++)
            items[out->item_count++] = copy_item(arena, &l->items[j]);
        for (size_t j = 0; j < l->file_count; j++)
            files[out->file_count++] = copy_file(arena, &l->files[j]);
        for (size_t j = 0; j < l->part_count; j++)
            parts[out->part_count++] = arena_slice(arena, l->parts[j]);
    }
}

static struct checkpoint *assemble(const struct engine *en, const struct pending_checkpoint *p)
{
    struct checkpoint *c = mem_zalloc(sizeof *c);
    struct checkpoint_vertex *vertices;

    if (c == NULL)
        return NULL;
    c->id = p->id;
    c->job_name = arena_strdup(&c->arena, en->graph->name);
    c->lineage = arena_strdup(&c->arena, en->lineage);
    c->triggered_us = p->triggered_us;
    c->completed_us = clock_wall_us(en->config.clock);
    c->is_last = p->is_last;
    c->vertex_count = en->graph->vertex_count;
    c->vertices = vertices = ARENA_ARRAY(&c->arena, struct checkpoint_vertex, c->vertex_count);
    for (int32_t i = 0; !c->arena.failed && i < c->vertex_count; i++)
        fill_vertex(en, p, i, &c->arena, &vertices[i]);
    if (!c->arena.failed)
        return c;
    checkpoint_free(c);
    return NULL;
}

/* On the executor. What it reads rests meanwhile: no other checkpoint is pending, and nothing is carried. */
static void run_store(void *arg)
{
    struct store_work *w = arg;
    struct inbox *inbox = &w->engine->inbox;

    w->checkpoint = assemble(w->engine, w->pending);
    if (w->checkpoint == NULL)
        w->rc = error_memory(&w->error, 0, "a checkpoint's metadata");
    else
        w->rc = checkpoint_store_write(w->engine->store, w->checkpoint, &w->error);
    inbox_put(inbox, &w->note);
}

static void order_store(struct engine *en, int64_t id)
{
    struct store_work *w = &en->store_work;

    *w = (struct store_work){.note.kind = NOTE_STORED, .engine = en, .pending = pending_find(en, id)};
    assert(w->pending != NULL && w->pending == en->pending && w->pending->ack_count == en->chains.task_count);
    if (executor_submit(&en->work.executor, run_store, w))
        return;
    w->rc = error_memory(&w->error, 0, "storing a checkpoint");
    inbox_put(&en->inbox, &w->note);
}

void checkpoints_stored(struct engine *en)
{
    struct store_work *w = &en->store_work;
    int64_t id = w->pending->id;

    if (w->rc == OK) {
        en->completed_id = id; /* also while the job comes down: it goes on from there */
        en->last_bytes = w->checkpoint->size_bytes;
        assert(en->committing == NULL);
        en->committing = w->checkpoint;
        drop_carried(en);
        pending_remove(en, w->pending);
    } else {
        checkpoint_free(w->checkpoint);
        w->pending->is_aborted = true;
        if (w->rc == ERR_EXISTS) /* somebody else's: not ours to discard */
            pending_remove(en, w->pending);
    }
    if (en->phase != PHASE_RUNNING)
        return;
    if (w->rc == ERR_EXISTS) /* it will not go away by trying again */
        master_fail(en, &w->error);
    else
        coordinator_stored(en->coordinator, id, w->rc == OK, w->error.text, now_us(en));
}

/* --- committing --- */

static enum err commit_all(struct engine *en, struct error *e)
{
    const struct checkpoint *c = en->committing;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < en->graph->vertex_count; i++) {
        struct committer *committer = en->recovery->committers[i].committer;
        const struct checkpoint_vertex *v = &c->vertices[i];

        if (committer == NULL)
            continue;
        rc = committer->ops->commit(committer, c->id, v->parts, v->part_count, e);
        if (rc != OK)
            error_add(e, rc, "%s: committing checkpoint %" PRId64, v->name, c->id);
    }
    return rc;
}

static void run_commit(void *arg)
{
    struct commit_work *w = arg;
    struct inbox *inbox = &w->engine->inbox;

    w->rc = commit_all(w->engine, &w->error);
    inbox_put(inbox, &w->note);
}

static void order_commit(struct engine *en, int64_t id)
{
    struct commit_work *w = &en->commit_work;

    assert(en->committing != NULL && en->committing->id == id);
    *w = (struct commit_work){.note.kind = NOTE_COMMITTED, .engine = en};
    if (executor_submit(&en->work.executor, run_commit, w))
        return;
    w->rc = error_memory(&w->error, 0, "committing a checkpoint");
    inbox_put(&en->inbox, &w->note);
}

void checkpoints_committed(struct engine *en)
{
    int64_t id = en->committing->id;
    bool was_last = en->committing->is_last;

    checkpoint_free(en->committing);
    en->committing = NULL;
    if (en->commit_work.rc != OK) {
        master_fail(en, &en->commit_work.error); /* the recovery of the next attempt commits it */
        return;
    }
    en->committed_id = id;
    if (en->phase != PHASE_RUNNING)
        return;
    en->last_committed = was_last;
    coordinator_committed(en->coordinator, id, now_us(en));
}

/* --- orders --- */

static void order_trigger(struct engine *en, const struct order *order)
{
    struct pending_checkpoint *p = pending_add(en, order->id, order->last);

    en->used_id = order->id;
    if (p != NULL && attempt_barrier(en->attempt, order->id, order->last))
        return;
    if (p != NULL)
        pending_remove(en, p);
    coordinator_decline(
        en->coordinator, order->id,
        p != NULL ? "the slowest task is too many barriers behind" : "there is no memory for it", now_us(en));
}

static void order_complete(struct engine *en, const struct order *order)
{
    struct coordinator_stats stats = coordinator_stats(en->coordinator);

    en->last_duration_us = stats.last_duration_us;
    attempt_completed(en->attempt, order->id);
    log_debug(COMPONENT, "checkpoint %" PRId64 " is complete: %" PRId64 " bytes in %" PRId64 " ms", order->id,
              en->last_bytes, stats.last_duration_us / 1000);
}

static void order_abort(struct engine *en, const struct order *order)
{
    struct pending_checkpoint *p = pending_find(en, order->id);

    log_warn(COMPONENT, "checkpoint %" PRId64 " failed: %s", order->id, order->reason);
    if (p != NULL)
        p->is_aborted = true; /* its parts are still to come in */
}

static void order_fail(struct engine *en, const struct order *order)
{
    struct error e;

    error_set(&e, ERR_IO,
              "checkpoint %" PRId64 " failed (execution.checkpointing.tolerable-failed-checkpoints: %d): %s",
              order->id, en->config.tolerable_failures, order->reason);
    error_advise(&e, ADVICE_RESTART);
    master_fail(en, &e);
}

static void carry_out(struct engine *en, const struct order *order)
{
    switch (order->kind) {
    case ORDER_TRIGGER:
        order_trigger(en, order);
        return;
    case ORDER_STORE:
        order_store(en, order->id);
        return;
    case ORDER_COMPLETE:
        order_complete(en, order);
        return;
    case ORDER_COMMIT:
        order_commit(en, order->id);
        return;
    case ORDER_ABORT:
        order_abort(en, order);
        return;
    case ORDER_FAIL:
        order_fail(en, order);
        return;
    }
    assert(false);
}

static void carry_out_all(struct engine *en)
{
    struct order order;

    while (en->phase == PHASE_RUNNING && coordinator_next(en->coordinator, &order))
        carry_out(en, &order);
}

void checkpoints_advance(struct engine *en)
{
    if (en->phase != PHASE_RUNNING)
        return;
    carry_out_all(en);
    if (en->phase == PHASE_RUNNING)
        coordinator_tick(en->coordinator, now_us(en));
    carry_out_all(en);
    if (en->phase != PHASE_RUNNING)
        return;
    give_up_aborted(en);
    tell_coordinator(en);
    carry_out_all(en);
}

/* --- per attempt --- */

enum err checkpoints_begin(struct engine *en, struct error *e)
{
    struct coordinator_config config = {.interval_us = en->config.checkpoint_interval_us,
                                        .min_pause_us = en->config.min_pause_us,
                                        .timeout_us = en->config.timeout_us,
                                        .tolerable_failures = en->config.tolerable_failures,
                                        .task_count = en->chains.task_count,
                                        .commits_behind = COMMITS_BEHIND,
                                        .last_id = en->used_id};

    en->coordinator = coordinator_new(&config, now_us(en));
    return en->coordinator != NULL ? OK : error_memory(e, 0, "the checkpoint coordinator");
}

struct coordinator_stats checkpoints_stats(const struct engine *en)
{
    struct coordinator_stats sum = en->past, now = {0};

    if (en->coordinator != NULL)
        now = coordinator_stats(en->coordinator);
    sum.triggered += now.triggered;
    sum.completed += now.completed;
    sum.failed += now.failed;
    return sum;
}

void checkpoints_end(struct engine *en, bool discards)
{
    en->past = checkpoints_stats(en);
    en->past.failed = en->past.triggered - en->past.completed; /* what was under way has come to nothing */
    coordinator_free(en->coordinator);
    en->coordinator = NULL;
    while (en->pending != NULL) {
        if (discards)
            discard(en, en->pending->id);
        pending_remove(en, en->pending);
    }
    drop_carried(en);
    checkpoint_free(en->committing);
    en->committing = NULL;
}
