/* generator.c: see generator.h. */
#include "connectors/generator.h"
#include "base/mem.h"
#include <stdlib.h>

#define ITEM         "strands"
#define STRAND_BYTES 24
#define TICK_US      INT64_C(5000) /* a slow source gives single rows on time, a fast one some at a time */

struct generator {
    struct op op;
    const struct generator_spec *spec; /* borrowed */
    const struct op_env *env;
    struct builder builder;
    struct strand *strands; /* owned */
    int32_t strand_count;
    int32_t turn; /* the strand to look at next */
    double rate;  /* this subtask's rows a second */
    int64_t begun_us, made;
};

static struct generator *self(struct op *o)
{
    return CONTAINER_OF(o, struct generator, op);
}

/* --- strands ------------------------------------------------------------------------------------------ */

static double rate_of(const struct generator *g)
{
    double rate = 0;

    for (int32_t i = 0; i < g->strand_count; i++)
        rate += g->spec->rows_per_second / (double)g->strands[i].stride;
    return rate;
}

static enum err set_strands(struct generator *g, int32_t count, struct error *e)
{
    mem_free(g->strands);
    g->strand_count = 0;
    if ((g->strands = mem_calloc((size_t)MAX(count, 1), sizeof *g->strands)) == NULL)
        return error_memory(e, (size_t)count * sizeof *g->strands, "a generator");
    return OK;
}

static enum err generator_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct generator *g = self(o);
    enum err rc;

    g->env = env;
    if (!builder_init(&g->builder, g->spec->schema, env->budget))
        return error_memory(e, sizeof *g, "a source's rows");
    if ((rc = set_strands(g, 1, e)) != OK)
        return rc;
    g->strands[g->strand_count++] = (struct strand){env->subtask, env->parallelism, env->seed};
    g->rate = rate_of(g);
    env->wake(env->wake_arg);
    return OK;
}

static int by_place(const void *x, const void *y)
{
    const struct strand *a = x, *b = y;
    int64_t first_a = a->next % a->stride, first_b = b->next % b->stride;

    return first_a != first_b ? (first_a > first_b) - (first_a < first_b)
                              : (a->stride > b->stride) - (a->stride < b->stride);
}

/* This subtask's share of all strands, each split into `parts`. */
static enum err deal_out(struct generator *g, const struct strand *all, int32_t count, struct error *e)
{
    int32_t parallelism = g->env->parallelism, parts = count ? (parallelism + count - 1) / count : 1;
    enum err rc = set_strands(g, count * parts / parallelism + 1, e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; i < count * parts; i++) {
        const struct strand *s = &all[i / parts];

        if (i % parallelism == g->env->subtask)
            g->strands[g->strand_count++] = (struct strand){s->next + i % parts * s->stride,
                                                            s->stride * parts, s->seed};
    }
    g->rate = rate_of(g);
    return OK;
}

static enum err read_items(const struct op_restore *from, struct strand *all, int32_t *count, struct error *e)
{
    for (int32_t i = 0; i < from->item_count; i++) {
        struct reader r = reader_of(from->items[i].bytes);

        if (strcmp(from->items[i].name, ITEM) != 0)
            continue;
        while (reader_left(&r) >= STRAND_BYTES) {
            struct strand *s = &all[(*count)++];

            s->next = (int64_t)reader_le64(&r);
            s->stride = (int64_t)reader_le64(&r);
            s->seed = reader_le64(&r);
            if (s->next < 0 || s->stride < 1)
                return error_set(e, ERR_CORRUPT, "a generator's state is damaged");
        }
        if (reader_left(&r))
            return error_set(e, ERR_CORRUPT, "a generator's state is cut off");
    }
    return OK;
}

static enum err generator_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct generator *g = self(o);
    size_t room = 1;
    int32_t count = 0;
    struct strand *all;
    enum err rc;

    for (int32_t i = 0; i < from->item_count; i++)
        room += from->items[i].bytes.len / STRAND_BYTES;
    if ((all = mem_calloc(room, sizeof *all)) == NULL)
        return error_memory(e, room * sizeof *all, "a generator");
    if ((rc = read_items(from, all, &count, e)) == OK) {
        qsort(all, (size_t)count, sizeof *all, by_place);
        rc = deal_out(g, all, count, e);
    }
    mem_free(all);
    return rc;
}

static enum err generator_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    const struct generator *g = self(o);
    struct bytes item = {0};
    enum err rc = OK;

    for (int32_t i = 0; i < g->strand_count; i++) {
        bytes_le64(&item, (uint64_t)g->strands[i].next);
        bytes_le64(&item, (uint64_t)g->strands[i].stride);
        bytes_le64(&item, g->strands[i].seed);
    }
    if (item.failed)
        rc = error_memory(e, item.len, "a generator's state");
    else
        snapshot_item(out, ITEM, bytes_all(&item));
    bytes_fini(&item);
    return rc;
}

/* --- making ------------------------------------------------------------------------------------------- */

static int64_t rows_left(const struct generator *g, const struct strand *s)
{
    return s->next >= g->spec->row_count ? 0 : (g->spec->row_count - s->next - 1) / s->stride + 1;
}

/* The strand whose turn it is; NULL: all are at their end. */
static struct strand *next_strand(struct generator *g)
{
    for (int32_t i = 0; i < g->strand_count; i++) {
        struct strand *s = &g->strands[g->turn];

        g->turn = (g->turn + 1) % g->strand_count;
        if (rows_left(g, s) > 0)
            return s;
    }
    return NULL;
}

/* How many rows may be made now; 0: woken later. */
static int64_t rows_due(struct generator *g)
{
    int64_t now_us = clock_mono_us(g->env->clock), due, wait_us;

    if (g->spec->rows_per_second == 0)
        return INT32_MAX;
    if (g->begun_us == 0)
        g->begun_us = MAX(now_us, 1);
    due = (int64_t)((double)(now_us - g->begun_us) * g->rate / 1e6) + 1 - g->made;
    if (due > 0)
        return due;
    wait_us = (int64_t)((double)g->made / g->rate * 1e6) - (now_us - g->begun_us);
    g->env->wake_at(g->env->wake_arg, clock_wall_us(g->env->clock) + MAX(wait_us, TICK_US));
    return 0;
}

static enum err generator_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct generator *g = self(o);
    struct strand *s = next_strand(g);
    int64_t due, now_us;
    struct batch *b;
    int32_t count;
    enum err rc;

    if (s == NULL) {
        *done = true;
        return OK;
    }
    if ((due = rows_due(g)) <= 0)
        return OK;
    count = (int32_t)MIN(MIN(due, rows_left(g, s)), g->spec->batch_rows);
    now_us = clock_wall_us(g->env->clock);
    builder_reserve(&g->builder, count);
    g->spec->make(g->spec, s, count, now_us, &g->builder);
    if ((rc = builder_finish(&g->builder, &b, e)) != OK)
        return rc;
    b->born_us = now_us;
    s->next += s->stride * count;
    g->made += count;
    *more = true;
    return g->env->out->batch(g->env->out, 0, b, e);
}

/* --- the operator ------------------------------------------------------------------------------------- */

static void generator_close(struct op *o)
{
    struct generator *g = self(o);

    mem_free(g->strands);
    builder_fini(&g->builder);
    mem_free(g);
}

static const struct operator_ops generator_ops = {
    .name = "generator",
    .open = generator_open,
    .restore = generator_restore,
    .poll = generator_poll,
    .snapshot = generator_snapshot,
    .close = generator_close,
};

enum err generator_new(const void *spec, struct op **out, struct error *e)
{
    struct generator *g = mem_zalloc(sizeof *g);

    if (g == NULL)
        return error_memory(e, sizeof *g, "a source");
    g->op.ops = &generator_ops;
    g->spec = spec;
    *out = &g->op;
    return OK;
}
