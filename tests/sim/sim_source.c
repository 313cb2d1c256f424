/* sim_source.c: the log and its source. Partition p belongs to subtask p % parallelism; its offset is an item
 * of the checkpoint. Records are made of their place, so the log can be read again from anywhere.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "batch/builder.h"
#include "os/random.h"
#include "sim_job.h"
#include <stdio.h>

struct split {
    int32_t partition;
    int64_t offset;
};

struct source {
    struct op base;
    struct sim_job *job;
    const struct op_env *env;
    struct random random;
    struct split *splits; /* owned */
    int32_t split_count;
    int64_t watermark_us;
};

int64_t sim_key_of(const struct sim_job *job, int32_t partition, int64_t offset)
{
    return (int64_t)(hash_mix(((uint64_t)partition << 32) ^ (uint64_t)offset) % (uint64_t)job->key_count);
}

bool sim_job_fault(struct sim_job *job, struct random *random, uint32_t every)
{
    if (every == 0 || random_below(random, every) != 0)
        return false;
    if (atomic_fetch_sub(job->faults, 1) > 0)
        return true;
    atomic_fetch_add(job->faults, 1);
    return false;
}

static struct source *source_of(struct op *o)
{
    return CONTAINER_OF(o, struct source, base);
}

static enum err tell_splits(struct source *s, struct error *e)
{
    enum err rc = OK;
    char name[32];

    for (int32_t i = 0; rc == OK && i < s->split_count; i++) {
        struct split_event event = {SPLIT_ADDED, s->splits[i].partition, name, WATERMARK_NONE};

        snprintf(name, sizeof name, "log-%d", s->splits[i].partition);
        rc = s->env->out->split(s->env->out, &event, e);
    }
    return rc;
}

static enum err source_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct source *s = source_of(o);

    s->env = env;
    s->watermark_us = WATERMARK_NONE;
    random_seed(&s->random, env->seed);
    s->splits = mem_calloc((size_t)s->job->partition_count, sizeof *s->splits);
    if (s->splits == NULL)
        return error_memory(e, 0, "splits");
    for (int32_t p = env->subtask; p < s->job->partition_count; p += env->parallelism)
        s->splits[s->split_count++].partition = p;
    return tell_splits(s, e);
}

static enum err source_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct source *s = source_of(o);

    for (int32_t i = 0; i < from->item_count; i++)
        for (int32_t j = 0; j < s->split_count; j++) {
            char name[32];

            snprintf(name, sizeof name, "offset-%d", s->splits[j].partition);
            if (strcmp(from->items[i].name, name) != 0)
                continue;
            if (from->items[i].bytes.len != sizeof s->splits[j].offset)
                return error_set(e, ERR_CORRUPT, "%s has %zu bytes", name, from->items[i].bytes.len);
            memcpy(&s->splits[j].offset, from->items[i].bytes.ptr, sizeof s->splits[j].offset);
        }
    return OK;
}

static enum err emit_rows(struct source *s, struct split *split, int32_t count, struct error *e)
{
    struct builder builder;
    struct batch *b = NULL;
    enum err rc;

    if (!builder_init(&builder, s->job->source_schema, NULL))
        return error_memory(e, 0, "a batch");
    for (int32_t i = 0; i < count; i++, split->offset++) {
        builder_i64(&builder.columns[0], sim_key_of(s->job, split->partition, split->offset));
        builder_i64(&builder.columns[1], split->partition);
        builder_i64(&builder.columns[2], split->offset);
    }
    if ((rc = builder_finish(&builder, &b, e)) == OK) {
        b->split = split->partition;
        rc = s->env->out->batch(s->env->out, 0, b, e);
    }
    builder_fini(&builder);
    return rc;
}

/* Time is the offset; the least of the partitions is how far it has come. */
static enum err emit_watermark(struct source *s, struct error *e)
{
    int64_t least = INT64_MAX;

    for (int32_t i = 0; i < s->split_count; i++)
        least = MIN(least, s->splits[i].offset);
    if (s->split_count == 0 || least * 1000 <= s->watermark_us)
        return OK;
    s->watermark_us = least * 1000;
    return s->env->out->watermark(s->env->out, s->watermark_us, e);
}

/* The next split with something left, from a random one on; NULL when all is read. */
static struct split *next_split(struct source *s)
{
    uint64_t first = s->split_count > 0 ? random_below(&s->random, (uint64_t)s->split_count) : 0;

    for (int32_t i = 0; i < s->split_count; i++) {
        struct split *split = &s->splits[(first + (uint64_t)i) % (uint64_t)s->split_count];

        if (split->offset < s->job->records_each)
            return split;
    }
    return NULL;
}

static enum err source_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct source *s = source_of(o);
    struct split *split = next_split(s);
    int64_t left, wanted;
    enum err rc;

    if (sim_job_fault(s->job, &s->random, s->job->fail_every))
        return error_set(e, ERR_IO, "reading the log: an injected fault");
    if (split == NULL) {
        *done = !s->job->endless;
        return OK;
    }
    left = s->job->records_each - split->offset;
    wanted = 1 + (int64_t)random_below(&s->random, (uint64_t)s->job->most_rows);
    if ((rc = emit_rows(s, split, (int32_t)MIN(left, wanted), e)) != OK || (rc = emit_watermark(s, e)) != OK)
        return rc;
    *more = s->job->wait_every == 0 || random_below(&s->random, s->job->wait_every) != 0;
    if (!*more)
        s->env->wake_at(s->env->wake_arg,
                        clock_wall_us(s->env->clock) + 1 + (int64_t)random_below(&s->random, 5000));
    return OK;
}

static enum err source_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out,
                                UNUSED struct error *e)
{
    struct source *s = source_of(o);
    char name[32];

    for (int32_t i = 0; i < s->split_count; i++) {
        snprintf(name, sizeof name, "offset-%d", s->splits[i].partition);
        snapshot_item(out, name, slice_of(&s->splits[i].offset, sizeof s->splits[i].offset));
    }
    return OK;
}

static void source_close(struct op *o)
{
    struct source *s = source_of(o);

    mem_free(s->splits);
    mem_free(s);
}

static const struct operator_ops source_ops = {
    .name = "sim_source",
    .open = source_open,
    .restore = source_restore,
    .poll = source_poll,
    .snapshot = source_snapshot,
    .close = source_close,
};

static enum err source_new(const void *spec, struct op **out, struct error *e)
{
    struct source *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "the source");
    s->base.ops = &source_ops;
    s->job = (struct sim_job *)spec;
    *out = &s->base;
    return OK;
}

const struct operator_factory sim_source_factory = {"sim_source", source_new, NULL};
