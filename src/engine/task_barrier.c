/* task_barrier.c: how a task takes part in checkpoints, and how it ends. See task.h.
 * Both go link by link down the chain and may have to stop between two links: an operator may emit in its
 * snapshot or at its end, and what it emits may be parked. They go on once nothing is.
 */
#include "base/mem.h"
#include "engine/task.h"

/* --- barriers --- */

static void begin_barrier(struct task *t, struct notice barrier)
{
    assert(!t->in_barrier && barrier.checkpoint_id > t->last_barrier_id);
    t->in_barrier = true;
    t->barrier = barrier;
    t->barrier_next = 0;
}

void task_input_barrier(struct task *t, struct input *in, struct notice barrier)
{
    assert(!in->is_blocked && !in->has_ended);
    assert(t->blocked_inputs == 0 ||
           t->barrier.checkpoint_id == barrier.checkpoint_id); /* sources miss none */
    in->is_blocked = true;
    if (t->blocked_inputs++ == 0) {
        t->barrier = barrier;
        t->aligning_since_us = clock_mono_us(t->attempt->config->clock);
    }
    if (t->blocked_inputs == t->flowing_inputs)
        begin_barrier(t, barrier);
}

void task_input_ended(struct task *t, struct input *in)
{
    assert(!in->is_blocked && !in->has_ended);
    in->has_ended = true;
    t->flowing_inputs--;
    if (t->flowing_inputs == 0)
        t->phase = TASK_ENDING;
    else if (t->blocked_inputs == t->flowing_inputs)
        begin_barrier(t, t->barrier);
}

static void unblock(struct task *t)
{
    for (int32_t i = 0; i < t->input_count; i++)
        t->inputs[i].is_blocked = false;
    if (t->blocked_inputs > 0 && t->metrics != NULL)
        gauge_set(t->metrics->alignment_ns,
                  1e3 * (double)(clock_mono_us(t->attempt->config->clock) - t->aligning_since_us));
    t->blocked_inputs = 0;
}

static enum err finish_barrier(struct task *t, struct error *e)
{
    struct element element = {
        .kind = ELEMENT_BARRIER, .value = t->barrier.checkpoint_id, .is_last = t->barrier.is_last};
    enum err rc = t->phase == TASK_ENDED ? OK
                                         : task_send_all(t, element, e); /* END stands for all barriers */

    unblock(t);
    t->in_barrier = false;
    t->last_barrier_id = t->barrier.checkpoint_id;
    t->is_quiet = t->is_quiet || t->barrier.is_last;
    task_snapshot_finish(t->snapshot);
    t->snapshot = NULL;
    return rc;
}

enum err task_continue_barrier(struct task *t, bool *did, struct error *e)
{
    enum err rc;

    if (!t->in_barrier)
        return OK;
    if (t->snapshot == NULL) {
        t->snapshot = task_snapshot_new(t->attempt, t, t->barrier.checkpoint_id, t->barrier.is_last);
        if (t->snapshot == NULL)
            return error_memory(e, sizeof *t->snapshot, "a checkpoint");
    }
    while (t->barrier_next < t->chain->op_count) {
        struct link *l = &t->links[t->barrier_next];

        if (t->parked_links > 0)
            return OK;
        if ((rc = link_blame(l, task_snapshot_link(t->snapshot, t->barrier_next, l, e))) != OK)
            return rc;
        t->barrier_next++;
        *did = true;
    }
    if (t->parked_links > 0)
        return OK;
    *did = true;
    return finish_barrier(t, e);
}

/* --- the notice board --- */

static enum err tell_completed(struct task *t, int64_t checkpoint_id, struct error *e)
{
    enum err rc = OK;

    t->completed_seen = checkpoint_id;
    for (int32_t i = 0; rc == OK && i < t->chain->op_count; i++) {
        struct link *l = &t->links[i];

        if (l->op->ops->complete != NULL)
            rc = link_blame(l, l->op->ops->complete(l->op, checkpoint_id, e));
    }
    return rc;
}

/* Barriers begin at sources, and at tasks to which no input can bring them any more. */
static bool begins_barriers(const struct task *t)
{
    return (t->chain->is_source && t->phase == TASK_FLOWING) || t->phase == TASK_ENDED;
}

enum err task_read_board(struct task *t, bool *did, struct error *e)
{
    struct notice_board *board = &t->attempt->board;
    int64_t completed_id = atomic_load_explicit(&board->completed_id, memory_order_acquire);
    uint32_t seen = atomic_load_explicit(&t->barriers_seen, memory_order_relaxed);

    if (completed_id > t->completed_seen) {
        *did = true;
        return tell_completed(t, completed_id, e);
    }
    if (t->in_barrier || seen == atomic_load_explicit(&board->barrier_count, memory_order_acquire))
        return OK;
    struct notice notice = board->barriers[seen % NOTICE_ROOM];

    if (notice.checkpoint_id > t->last_barrier_id) {
        if (!begins_barriers(t) || t->parked_links > 0)
            return OK;
        begin_barrier(t, notice);
    }
    atomic_store_explicit(&t->barriers_seen, seen + 1, memory_order_release);
    *did = true;
    return OK;
}

/* --- the end --- */

static enum err end_watermark(struct task *t, struct error *e)
{
    struct link *head = &t->links[0];

    if (t->chain->is_source)
        return head->output.watermark(&head->output, WATERMARK_END, e);
    if (t->watermark_us == WATERMARK_END)
        return OK;
    t->watermark_us = WATERMARK_END;
    return link_watermark(head, WATERMARK_END, e);
}

static enum err end_link(struct task *t, struct link *l, struct error *e)
{
    enum err rc = l->op->ops->end == NULL ? OK : link_blame(l, l->op->ops->end(l->op, e));

    t->end_waits = rc == ERR_WAIT;
    return rc;
}

enum err task_continue_end(struct task *t, bool *did, struct error *e)
{
    enum err rc;

    if (t->phase != TASK_ENDING || t->in_barrier)
        return OK;
    if (t->end_next == 0 && t->parked_links == 0 && !t->end_waits && (rc = end_watermark(t, e)) != OK)
        return rc;
    while (t->end_next < t->chain->op_count) {
        if (t->parked_links > 0 || t->end_waits)
            return OK;
        rc = end_link(t, &t->links[t->end_next], e);
        if (rc != OK)
            return rc == ERR_WAIT ? OK : rc;
        t->end_next++;
        *did = true;
    }
    if (t->parked_links > 0)
        return OK;
    *did = true;
    t->phase = TASK_ENDED;
    rc = task_send_all(t, (struct element){.kind = ELEMENT_END}, e);
    inbox_put(t->attempt->inbox, &t->ended_note);
    return rc;
}
