/* task_run.c: what a task does when a worker runs it: step after step until nothing moves. See task.h.
 * A step is one of: read the notice board, serve operators that were woken, go on with a barrier or the end,
 * take one element of input. The order matters in one thing: input comes last, and only when nothing is
 * parked and there is room.
 */
#include "engine/task.h"
#include "os/log.h"

/* --- operators that were woken --- */

/* The link whose end was refused is told again. */
static void note_end_wake(struct task *t, struct link *l, bool *did)
{
    if (!t->end_waits || l != &t->links[t->end_next])
        return;
    t->end_waits = false;
    *did = true;
}

static enum err poll_woken(struct task *t, struct link *l, bool *did, struct error *e)
{
    bool more = false, done = false;
    enum err rc;

    if (l->op->ops->poll == NULL || t->is_quiet)
        return OK;
    rc = link_poll(l, &more, &done, e);
    if (more)
        atomic_store_explicit(&l->woken, true, memory_order_release);
    *did = true;
    return rc;
}

static enum err serve_link(struct task *t, struct link *l, bool *did, struct error *e)
{
    bool parked = l->parked_first < l->parked_count;
    enum err rc;

    if (parked && l->waits_for_room)
        return l->output.full(&l->output) ? OK : link_retry(l, did, e);
    if (l->vertex->is_source && t->phase == TASK_FLOWING)
        return OK; /* its poll is input, and comes when there is room for it */
    if (!atomic_load_explicit(&l->woken, memory_order_relaxed) || l->output.full(&l->output))
        return OK;
    atomic_exchange_explicit(&l->woken, false, memory_order_acquire);
    note_end_wake(t, l, did);
    if (l->vertex->is_source)
        return OK;
    if ((rc = poll_woken(t, l, did, e)) != OK)
        return rc;
    return link_retry(l, did, e);
}

/* From the end of the chain, so that those before find room. While a barrier passes, operators that have
 * given their snapshot say nothing: it would belong to the next. */
static enum err serve_links(struct task *t, bool *did, struct error *e)
{
    int32_t first = t->in_barrier ? t->barrier_next : 0;
    enum err rc = OK;

    for (int32_t i = t->chain->op_count - 1; rc == OK && i >= first; i--)
        rc = serve_link(t, &t->links[i], did, e);
    return rc;
}

/* --- input --- */

static enum err poll_source(struct task *t, bool *did, struct error *e)
{
    struct link *l = &t->links[0];
    bool more = false, done = false;
    enum err rc;

    if (t->is_quiet || !atomic_exchange_explicit(&l->woken, false, memory_order_acquire))
        return OK;
    *did = true;
    if ((rc = link_poll(l, &more, &done, e)) != OK)
        return rc;
    if (more)
        atomic_store_explicit(&l->woken, true, memory_order_release);
    if (done)
        t->phase = TASK_ENDING;
    return OK;
}

/* The least of the watermarks that are waited for; those that have ended wait for nothing. */
static enum err combine_watermarks(struct task *t, struct error *e)
{
    int64_t least = WATERMARK_END;
    bool all_idle = true, all_ended = true;

    for (int32_t i = 0; i < t->input_count; i++) {
        const struct input *in = &t->inputs[i];

        all_ended = all_ended && in->has_ended;
        if (in->has_ended || in->is_idle)
            continue;
        all_idle = false;
        least = MIN(least, in->watermark_us);
    }
    if (all_ended || all_idle || least <= t->watermark_us)
        return OK;
    t->watermark_us = least;
    if (t->metrics != NULL)
        gauge_set(t->metrics->watermark, (double)(least / 1000));
    return link_watermark(&t->links[0], least, e);
}

static enum err take_watermark(struct task *t, struct input *in, int64_t watermark_us, struct error *e)
{
    in->watermark_us = MAX(in->watermark_us, watermark_us);
    return combine_watermarks(t, e);
}

static enum err take_idleness(struct task *t, struct input *in, bool is_idle, struct error *e)
{
    bool all_idle = true;
    enum err rc;

    in->is_idle = is_idle;
    for (int32_t i = 0; i < t->input_count; i++)
        all_idle = all_idle && (t->inputs[i].is_idle || t->inputs[i].has_ended);
    if ((rc = combine_watermarks(t, e)) != OK)
        return rc;
    return link_set_idle(&t->links[0], all_idle, e);
}

static enum err take_batch(struct task *t, struct input *in, struct batch *b, struct error *e)
{
    enum err rc;

    t->counts.records_in += batch_live(b);
    t->counts.bytes_in += (int64_t)batch_bytes(b);
    rc = link_batch(&t->links[0], in->number, b, e);
    batch_unref(b);
    return rc;
}

static enum err take_element(struct task *t, struct input *in, const struct element *element, struct error *e)
{
    switch (element->kind) {
    case ELEMENT_BATCH:
        return take_batch(t, in, element->batch, e);
    case ELEMENT_WATERMARK:
        return take_watermark(t, in, element->value, e);
    case ELEMENT_IDLE:
    case ELEMENT_ACTIVE:
        return take_idleness(t, in, element->kind == ELEMENT_IDLE, e);
    case ELEMENT_BARRIER:
        task_input_barrier(t, in, (struct notice){element->value, element->is_last});
        return OK;
    case ELEMENT_END:
        task_input_ended(t, in);
        return combine_watermarks(t, e);
    }
    assert(false);
    return OK;
}

/* One element from the inputs in turn, passing over those that are blocked by a barrier. */
static enum err take_input(struct task *t, bool *did, struct error *e)
{
    struct element element;

    for (int32_t n = 0; n < t->input_count; n++) {
        struct input *in = &t->inputs[t->next_input];

        t->next_input = t->next_input + 1 == t->input_count ? 0 : t->next_input + 1;
        if (in->is_blocked || in->has_ended || !channel_pop(in->channel, &element))
            continue;
        *did = true;
        return take_element(t, in, &element, e);
    }
    return OK;
}

/* --- the loop --- */

static enum err step(struct task *t, bool *did, bool *full, struct error *e)
{
    enum err rc;

    *full = false;
    if ((rc = task_read_board(t, did, e)) != OK || (rc = serve_links(t, did, e)) != OK ||
        (rc = task_continue_barrier(t, did, e)) != OK || (rc = task_continue_end(t, did, e)) != OK)
        return rc;
    if (t->in_barrier || t->parked_links > 0 || t->phase != TASK_FLOWING)
        return OK;
    if ((*full = task_is_full(t)))
        return OK;
    return t->chain->is_source ? poll_source(t, did, e) : take_input(t, did, e);
}

static void flush_counts(struct task *t)
{
    struct io_counts out = {0};

    for (int32_t i = 0; i < t->chain->op_count; i++) {
        struct link *l = &t->links[i];

        for (int32_t j = 0; j < l->exchange_count; j++) {
            out.records_out += l->exchanges[j].records_out;
            out.bytes_out += l->exchanges[j].bytes_out;
            l->exchanges[j].records_out = l->exchanges[j].bytes_out = 0;
        }
        /* Flink's task scope counts what crosses the network, so a source chain shows 0 there; the alerts
         * that people have written on it expect what the source took in, and that is what they get here. */
        if (l->vertex->is_source) {
            t->counts.records_in += l->counts.records_out;
            t->counts.bytes_in += l->counts.bytes_out;
        }
        attempt_count(t->attempt, l->vertex, &l->counts);
        if (l->metrics != NULL)
            io_metrics_add(&l->metrics->io, &l->counts);
        l->counts = (struct io_counts){0};
    }
    t->counts.records_out += out.records_out;
    t->counts.bytes_out += out.bytes_out;
    if (t->metrics != NULL)
        io_metrics_add(&t->metrics->io, &t->counts);
    t->counts = (struct io_counts){0};
}

/* The time until it was woken belongs to what it was doing; waiting for a worker counts as busy. */
static void begin_run(struct task *t)
{
    if (t->metrics != NULL)
        task_metrics_switch(t->metrics, TIME_BUSY, t->runnable.woken_us);
}

static void end_run(struct task *t, bool more, bool full)
{
    flush_counts(t);
    if (t->metrics != NULL && !more)
        task_metrics_switch(t->metrics, full ? TIME_BACKPRESSURED : TIME_IDLE,
                            clock_mono_us(t->attempt->config->clock));
}

bool task_run(struct runnable *r)
{
    struct task *t = CONTAINER_OF(r, struct task, runnable);
    int32_t left = t->attempt->quantum;
    bool did = true, full = false;
    struct error e;

    begin_run(t);
    while (did && left-- > 0 && !t->has_failed &&
           !atomic_load_explicit(&t->attempt->board.cancelled, memory_order_relaxed)) {
        did = false;
        if (step(t, &did, &full, &e) != OK)
            task_fail(t, &e);
    }
    end_run(t, did, full || t->parked_links > 0);
    return did && !t->has_failed && !atomic_load_explicit(&t->attempt->board.cancelled, memory_order_relaxed);
}
