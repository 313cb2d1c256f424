/* exchange.c: see exchange.h.
 *
 * Splitting by key is a counting sort over one scratch array:
 *   targets: [ 1 0 1 1 2 ]   counted: starts = [ 0 1 4 5 ]   rows: [ b | a c d | e ]   then one gather a
 * target
 */
#include "engine/exchange.h"
#include "base/mem.h"

enum err exchange_init(struct exchange *x, const struct edge *edge, int32_t max_parallelism,
                       int32_t target_count, struct budget *budget, struct error *e)
{
    *x = (struct exchange){.partitioning = edge->partitioning,
                           .port = edge->port,
                           .key_count = edge->key_count,
                           .keys = edge->keys,
                           .max_parallelism = max_parallelism,
                           .target_count = target_count,
                           .budget = budget};
    x->channels = mem_calloc((size_t)target_count, sizeof(struct channel *));
    x->starts = mem_calloc((size_t)target_count + 1, sizeof *x->starts);
    if (x->channels != NULL && x->starts != NULL)
        return OK;
    exchange_fini(x);
    return error_memory(e, (size_t)target_count * sizeof(struct channel *), "an exchange between tasks");
}

void exchange_fini(struct exchange *x)
{
    key_batch_fini(&x->key_batch);
    mem_free(x->channels);
    mem_free(x->scratch);
    mem_free(x->starts);
    *x = (struct exchange){0};
}

/* Split numbers mean something within the source's task only. Takes the reference; NULL when there is no
 * memory. */
static struct batch *without_split(struct exchange *x, struct batch *b)
{
    struct batch *bare;
    int32_t *numbers;

    if (b->split < 0)
        return b;
    if (atomic_load_explicit(&b->keep.refs, memory_order_acquire) == 1) { /* nobody else has seen it yet */
        b->split = -1;
        return b;
    }
    if ((numbers = mem_calloc((size_t)b->schema->field_count + 1, sizeof *numbers)) == NULL) {
        batch_unref(b);
        return NULL;
    }
    for (int32_t i = 0; i < b->schema->field_count; i++)
        numbers[i] = i;
    bare = batch_project(b, b->schema, numbers, x->budget);
    if (bare != NULL)
        bare->split = -1;
    mem_free(numbers);
    batch_unref(b);
    return bare;
}

/* Takes the reference. */
static enum err send(struct exchange *x, int32_t target, struct batch *b, struct error *e)
{
    if (b == NULL || (b = without_split(x, b)) == NULL)
        return error_memory(e, 0, "a batch for another task");
    x->records_out += batch_live(b);
    x->bytes_out += (int64_t)batch_bytes(b);
    return channel_push(x->channels[target], (struct element){.kind = ELEMENT_BATCH, .batch = b}, e);
}

/* --- by key --- */

/* Room for targets and rows of that many. */
static bool reserve(struct exchange *x, int32_t rows)
{
    int32_t *scratch;

    if (rows <= x->scratch_rows)
        return true;
    if ((scratch = mem_realloc(x->scratch, (size_t)rows * 2 * sizeof *scratch)) == NULL)
        return false;
    x->scratch = scratch;
    x->scratch_rows = rows;
    return true;
}

/* The target of each live row; returns the one target of all, or -1 when they differ. Counts into
 * starts[target + 1]. */
static int32_t find_targets(struct exchange *x, int32_t live, int32_t *targets)
{
    uint32_t max_parallelism = (uint32_t)x->max_parallelism, parallelism = (uint32_t)x->target_count;

    memset(x->starts, 0, sizeof *x->starts * ((size_t)x->target_count + 1));
    for (int32_t i = 0; i < live; i++) {
        uint32_t group = hash_key_group(x->key_batch.keys[i].hash, max_parallelism);

        targets[i] = (int32_t)hash_subtask(group, max_parallelism, parallelism);
        x->starts[targets[i] + 1]++;
    }
    return x->starts[targets[0] + 1] == live ? targets[0] : -1;
}

/* Row numbers of b in the order of their targets; starts[t] is then where those of t end. */
static void sort_rows(struct exchange *x, const struct batch *b, int32_t live, const int32_t *targets,
                      int32_t *rows)
{
    for (int32_t t = 0; t < x->target_count; t++)
        x->starts[t + 1] += x->starts[t];
    for (int32_t i = 0; i < live; i++)
        rows[x->starts[targets[i]]++] = batch_row(b, i);
}

static enum err send_by_key(struct exchange *x, struct batch *b, struct error *e)
{
    int32_t live = batch_live(b), begin = 0, only;
    int32_t *targets, *rows;
    enum err rc = OK;

    if (x->target_count == 1)
        return send(x, 0, batch_ref(b), e);
    if (!reserve(x, live) || !key_batch_fill(&x->key_batch, b, x->keys, x->key_count))
        return error_memory(e, (size_t)live * 2 * sizeof *x->scratch, "splitting a batch by key");
    targets = x->scratch;
    rows = x->scratch + x->scratch_rows;
    if ((only = find_targets(x, live, targets)) >= 0)
        return send(x, only, batch_ref(b), e);
    sort_rows(x, b, live, targets, rows);
    for (int32_t t = 0; rc == OK && t < x->target_count; begin = x->starts[t++])
        if (x->starts[t] > begin)
            rc = send(x, t, batch_gather(b, rows + begin, x->starts[t] - begin, x->budget), e);
    return rc;
}

/* --- all ways --- */

enum err exchange_batch(struct exchange *x, struct batch *b, struct error *e)
{
    enum err rc = OK;

    if (batch_live(b) == 0)
        return OK;
    switch (x->partitioning) {
    case EDGE_HASH:
        return send_by_key(x, b, e);
    case EDGE_REBALANCE:
        x->turn = (x->turn + 1) % x->target_count;
        return send(x, x->turn, batch_ref(b), e);
    case EDGE_FORWARD:
    case EDGE_BROADCAST:
        for (int32_t t = 0; rc == OK && t < x->target_count; t++)
            rc = send(x, t, batch_ref(b), e);
        return rc;
    }
    assert(false);
    return rc;
}

enum err exchange_all(struct exchange *x, struct element element, struct error *e)
{
    enum err rc = OK;

    assert(element.batch == NULL);
    for (int32_t t = 0; rc == OK && t < x->target_count; t++)
        rc = channel_push(x->channels[t], element, e);
    return rc;
}

bool exchange_is_full(const struct exchange *x)
{
    for (int32_t t = 0; t < x->target_count; t++)
        if (channel_is_full(x->channels[t]))
            return true;
    return false;
}
