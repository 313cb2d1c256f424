/* link.c: the calls along a chain: an operator emits, and the next ones have it in hand. See task.h.
 *
 * One rule keeps order: what arrives while something is parked in front of an operator is parked behind it.
 * So an operator may refuse (ERR_WAIT) or ask for a second call (*more) at any depth, and those before it
 * need not know.
 */
#include "base/mem.h"
#include "engine/task.h"

enum err link_blame(struct link *l, enum err rc)
{
    if (rc != OK && rc != ERR_WAIT && l->task->culprit == NULL)
        l->task->culprit = l; /* the innermost: errors come outwards through those before it */
    return rc;
}

/* --- parking --- */

static void parked_drop(struct parked *p)
{
    batch_unref(p->batch);
    mem_free((char *)p->split.name);
}

void link_drop_parked(struct link *l)
{
    while (l->parked_first < l->parked_count)
        parked_drop(&l->parked[l->parked_first++]);
    mem_free(l->parked);
    l->parked = NULL;
    l->parked_first = l->parked_count = l->parked_capacity = 0;
}

static bool is_parked(const struct link *l)
{
    return l->parked_first < l->parked_count;
}

/* Takes what p owns. */
static enum err park(struct link *l, struct parked p, struct error *e)
{
    bool first = !is_parked(l);

    if (first)
        l->parked_first = l->parked_count = 0;
    if (!MEM_GROW(l->parked, l->parked_count, l->parked_capacity)) {
        parked_drop(&p);
        return error_memory(e, sizeof p, "what an operator cannot take yet");
    }
    l->parked[l->parked_count++] = p;
    l->task->parked_links += first;
    return OK;
}

static void unpark_first(struct link *l)
{
    parked_drop(&l->parked[l->parked_first++]);
    if (!is_parked(l))
        l->task->parked_links--;
}

/* --- calling the operator: ERR_WAIT means that it wants to be called again --- */

static enum err call_batch(struct link *l, int32_t input, struct batch *b, struct error *e)
{
    enum err rc;

    l->waits_for_room = false;
    rc = link_blame(l, l->op->ops->batch(l->op, input, b, e));
    if (rc == OK) {
        l->counts.records_in += batch_live(b);
        l->counts.bytes_in += (int64_t)batch_bytes(b);
    }
    return rc;
}

static enum err call_watermark(struct link *l, int64_t watermark_us, struct error *e)
{
    bool more = false;
    enum err rc;

    l->waits_for_room = false;
    if (l->op->ops->watermark == NULL)
        return l->output.watermark(&l->output, watermark_us, e);
    rc = link_blame(l, l->op->ops->watermark(l->op, watermark_us, &more, e));
    if (rc == OK && more) {
        l->waits_for_room = true;
        return ERR_WAIT;
    }
    if (rc == OK && l->metrics != NULL)
        gauge_set(l->metrics->watermark_in, (double)(watermark_us / 1000));
    return rc;
}

static enum err call_split(struct link *l, const struct split_event *s, struct error *e)
{
    l->waits_for_room = false;
    if (l->op->ops->split == NULL)
        return l->output.split(&l->output, s, e);
    return link_blame(l, l->op->ops->split(l->op, s, e));
}

enum err link_batch(struct link *l, int32_t input, struct batch *b, struct error *e)
{
    enum err rc = is_parked(l) ? ERR_WAIT : call_batch(l, input, b, e);

    if (LIKELY(rc != ERR_WAIT))
        return rc;
    return park(l, (struct parked){.kind = PARKED_BATCH, .input = input, .batch = batch_ref(b)}, e);
}

enum err link_watermark(struct link *l, int64_t watermark_us, struct error *e)
{
    enum err rc = is_parked(l) ? ERR_WAIT : call_watermark(l, watermark_us, e);

    if (rc != ERR_WAIT)
        return rc;
    return park(l, (struct parked){.kind = PARKED_WATERMARK, .watermark_us = watermark_us}, e);
}

enum err link_split(struct link *l, const struct split_event *s, struct error *e)
{
    enum err rc = is_parked(l) ? ERR_WAIT : call_split(l, s, e);
    struct parked p = {.kind = PARKED_SPLIT, .split = *s};

    if (rc != ERR_WAIT)
        return rc;
    if (s->name != NULL && (p.split.name = mem_strdup(s->name)) == NULL)
        return error_memory(e, strlen(s->name), "the name of a split");
    return park(l, p, e);
}

static enum err call_parked(struct link *l, struct error *e)
{
    struct parked p =
        l->parked[l->parked_first]; /* a copy: the queue may move while the operator is called */

    switch (p.kind) {
    case PARKED_BATCH:
        return call_batch(l, p.input, p.batch, e);
    case PARKED_WATERMARK:
        return call_watermark(l, p.watermark_us, e);
    case PARKED_SPLIT:
        return call_split(l, &p.split, e);
    }
    assert(false);
    return OK;
}

enum err link_retry(struct link *l, bool *did, struct error *e)
{
    while (is_parked(l)) {
        enum err rc = call_parked(l, e);

        if (rc == ERR_WAIT) {
            if (l->waits_for_room) /* *more: it did a part, and if there is room nobody else wakes us */
                *did = true;
            return OK;
        }
        if (rc != OK)
            return rc;
        unpark_first(l);
        *did = true;
    }
    return OK;
}

enum err link_poll(struct link *l, bool *more, bool *done, struct error *e)
{
    enum err rc = link_blame(l, l->op->ops->poll(l->op, more, done, e));

    return rc == ERR_WAIT ? OK : rc; /* it will wake us */
}

/* --- what the operator emits --- */

/* Whether time is to be waited for behind l, for all that hangs on it. */
enum err link_set_idle(struct link *l, bool is_idle, struct error *e)
{
    struct element element = {.kind = is_idle ? ELEMENT_IDLE : ELEMENT_ACTIVE};
    enum err rc = OK;

    if (l->is_idle == is_idle)
        return OK;
    l->is_idle = is_idle;
    for (int32_t i = 0; rc == OK && i < l->child_count; i++)
        rc = link_set_idle(l->children[i], is_idle, e);
    for (int32_t i = 0; rc == OK && i < l->exchange_count; i++)
        rc = exchange_all(&l->exchanges[i], element, e);
    return rc;
}

static enum err emit_idle(struct output *o, bool is_idle, struct error *e)
{
    return link_set_idle(CONTAINER_OF(o, struct link, output), is_idle, e);
}

static enum err emit_batch(struct output *o, int32_t port, struct batch *b, struct error *e)
{
    struct link *l = CONTAINER_OF(o, struct link, output);
    enum err rc = link_set_idle(l, false, e);

    l->counts.records_out += batch_live(b);
    l->counts.bytes_out += (int64_t)batch_bytes(b);
    for (int32_t i = 0; rc == OK && i < l->child_count; i++)
        if (l->child_ports[i] == port)
            rc = link_batch(l->children[i], l->child_inputs[i], b, e);
    for (int32_t i = 0; rc == OK && i < l->exchange_count; i++)
        if (l->exchanges[i].port == port)
            rc = exchange_batch(&l->exchanges[i], b, e);
    batch_unref(b);
    return rc;
}

static enum err emit_watermark(struct output *o, int64_t watermark_us, struct error *e)
{
    struct link *l = CONTAINER_OF(o, struct link, output);
    struct element element = {.kind = ELEMENT_WATERMARK, .value = watermark_us};
    enum err rc;

    if (watermark_us <= l->watermark_out)
        return OK;
    l->watermark_out = watermark_us;
    if (l->metrics != NULL)
        gauge_set(l->metrics->watermark_out, (double)(watermark_us / 1000));
    if (l->exchange_count > 0 && l->task->metrics != NULL)
        gauge_set(l->task->metrics->watermark_out, (double)(watermark_us / 1000));
    rc = link_set_idle(l, false, e);
    for (int32_t i = 0; rc == OK && i < l->child_count; i++)
        rc = link_watermark(l->children[i], watermark_us, e);
    for (int32_t i = 0; rc == OK && i < l->exchange_count; i++)
        rc = exchange_all(&l->exchanges[i], element, e);
    return rc;
}

/* Keep book of a source's splits; true when nothing is to be waited for: all are idle, or it says that it has
 * none. */
static bool all_splits_idle(struct task *t, const struct split_event *s, struct error *e, enum err *rc)
{
    size_t at = 0, idle = 0;

    if (s->number < 0)
        return s->change == SPLIT_IDLE;
    while (at < t->split_count && t->splits[at].number != s->number)
        at++;
    if (s->change == SPLIT_REMOVED) {
        if (at < t->split_count)
            t->splits[at] = t->splits[--t->split_count];
    } else {
        if (at == t->split_count) {
            if (!MEM_GROW(t->splits, t->split_count, t->split_capacity)) {
                *rc = error_memory(e, sizeof *t->splits, "a source's splits");
                return false;
            }
            t->splits[t->split_count++] = (struct split_status){.number = s->number};
        }
        t->splits[at].is_idle = s->change == SPLIT_IDLE;
    }
    for (size_t i = 0; i < t->split_count; i++)
        idle += t->splits[i].is_idle;
    return idle == t->split_count;
}

static enum err emit_split(struct output *o, const struct split_event *s, struct error *e)
{
    struct link *l = CONTAINER_OF(o, struct link, output);
    enum err rc = OK;
    bool idle = l->vertex->is_source && all_splits_idle(l->task, s, e, &rc);

    if (rc == OK && l->vertex->is_source && !idle)
        rc = link_set_idle(l, false, e);
    for (int32_t i = 0; rc == OK && i < l->child_count; i++)
        rc = link_split(l->children[i], s, e);
    if (rc == OK && idle) /* after the last words of those behind it */
        rc = link_set_idle(l, true, e);
    return rc;
}

/* What is parked further down the chain is as good as a full channel; a link's own is not its output's
 * business. */
static bool is_full(struct output *o)
{
    struct link *l = CONTAINER_OF(o, struct link, output);
    struct task *t = l->task;

    if (t->parked_links > 0)
        for (struct link *other = l + 1; other < t->links + t->chain->op_count; other++)
            if (is_parked(other))
                return true;
    return task_is_full(t);
}

const struct output link_output = {
    .batch = emit_batch,
    .watermark = emit_watermark,
    .split = emit_split,
    .full = is_full,
    .idle = emit_idle,
};

/* --- what the task emits --- */

enum err task_send_all(struct task *t, struct element element, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; i < t->chain->op_count; i++)
        for (int32_t j = 0; rc == OK && j < t->links[i].exchange_count; j++)
            rc = exchange_all(&t->links[i].exchanges[j], element, e);
    return rc;
}
