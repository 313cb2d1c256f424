/* operator_harness.c: the least engine that an operator can be tested with. */
#include "operators/operator_harness.h"
#include "base/budget.h"
#include "base/mem.h"
#include "io/fs.h"
#include <stdio.h>
#include <stdlib.h>

/* --- what env is made of --- */

static int64_t clock_wall(struct clock *c)
{
    return CONTAINER_OF(c, struct harness_clock, clock)->wall_us;
}

static int64_t clock_mono(struct clock *c)
{
    return CONTAINER_OF(c, struct harness_clock, clock)->mono_us;
}

static bool submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct harness *h = CONTAINER_OF(x, struct harness, executor);

    if (!h->queued) {
        fn(arg);
        return true;
    }
    if (!MEM_GROW(h->work, h->work_count, h->work_capacity))
        return false;
    h->work[h->work_count++] = (struct harness_work){fn, arg};
    return true;
}

static void wake(void *arg)
{
    ((struct harness *)arg)->wakes++;
}

static void wake_at(void *arg, int64_t wall_us)
{
    struct harness *h = arg;

    h->wake_at_us = MIN(h->wake_at_us, wall_us);
}

/* --- what comes out --- */

static void write_rows(struct harness *h, int32_t port, const struct batch *b)
{
    struct bytes lines = {0};
    struct slice rest;

    batch_print(b, &lines);
    for (rest = bytes_all(&lines); rest.len;) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

        bytes_printf(&h->text, "%" PRId32 " %.*s\n", port, (int)len, rest.ptr);
        rest = slice_from(rest, MIN(len + 1, rest.len));
    }
    h->text.failed |= lines.failed;
    bytes_fini(&lines);
}

static enum err output_batch(struct output *o, int32_t port, struct batch *b, struct error *e)
{
    struct harness *h = CONTAINER_OF(o, struct harness, output);

    h->rows += batch_live(b);
    h->since_full++;
    if (h->quiet) {
        batch_unref(b);
        return OK;
    }
    if (!MEM_GROW(h->batches, h->batch_count, h->batch_capacity) ||
        !MEM_GROW(h->ports, h->batch_count, h->port_capacity)) {
        batch_unref(b);
        return error_memory(e, sizeof b, "a collected batch");
    }
    write_rows(h, port, b);
    h->ports[h->batch_count] = port;
    h->batches[h->batch_count++] = b;
    return h->text.failed ? error_memory(e, h->text.len, "collected rows") : OK;
}

static enum err output_watermark(struct output *o, int64_t watermark_us, UNUSED struct error *e)
{
    struct harness *h = CONTAINER_OF(o, struct harness, output);

    assert(watermark_us >= h->watermark);
    h->watermark = watermark_us;
    if (watermark_us == WATERMARK_END)
        bytes_text(&h->text, "watermark end\n");
    else
        bytes_printf(&h->text, "watermark %" PRId64 "\n", watermark_us);
    return OK;
}

static enum err output_split(struct output *o, const struct split_event *s, UNUSED struct error *e)
{
    static const char *const changes[] = {"added", "removed", "idle", "active"};
    struct harness *h = CONTAINER_OF(o, struct harness, output);

    bytes_printf(&h->text, "split %" PRId32 " %s\n", s->number, changes[s->change]);
    return OK;
}

static enum err output_says_idle(struct output *o, bool idle, UNUSED struct error *e)
{
    bytes_text(&CONTAINER_OF(o, struct harness, output)->text, idle ? "idle\n" : "active\n");
    return OK;
}

static bool output_full(struct output *o)
{
    struct harness *h = CONTAINER_OF(o, struct harness, output);

    return h->full_after && h->since_full >= h->full_after;
}

static void drop_batches(struct harness *h)
{
    for (size_t i = 0; i < h->batch_count; i++)
        batch_unref(h->batches[i]);
    h->batch_count = 0;
}

const char *harness_take(struct harness *h)
{
    struct bytes text = h->text;

    h->text = h->taken;
    h->taken = text;
    bytes_clear(&h->text);
    drop_batches(h);
    return bytes_cstr(&h->taken);
}

void harness_room(struct harness *h)
{
    h->since_full = 0;
}

size_t harness_work(struct harness *h)
{
    size_t ran = 0;

    for (; ran < h->work_count; ran++) /* the list may grow on the way */
        h->work[ran].fn(h->work[ran].arg);
    h->work_count = 0;
    return ran;
}

/* --- life --- */

static uint32_t first_group(uint32_t max_parallelism, uint32_t parallelism, uint32_t subtask)
{
    uint32_t group = 0;

    while (hash_subtask(group, max_parallelism, parallelism) < subtask)
        group++;
    return group;
}

static enum err make_env(struct harness *h, const struct harness_config *c, struct error *e)
{
    uint32_t max_parallelism = c->max_parallelism ? (uint32_t)c->max_parallelism : 128;
    uint32_t parallelism = c->parallelism ? (uint32_t)c->parallelism : 1, subtask = (uint32_t)c->subtask;

    h->clock.clock = (struct clock){clock_wall, clock_mono};
    h->clock.wall_us = INT64_C(1700000000) * 1000000;
    h->executor.submit = submit;
    h->output = (struct output){.batch = output_batch,
                                .watermark = output_watermark,
                                .split = output_split,
                                .full = output_full,
                                .idle = output_says_idle};
    h->queued = c->queued;
    h->folder = c->folder;
    h->watermark = WATERMARK_NONE;
    h->wake_at_us = INT64_MAX;
    if ((h->budget = budget_new("harness", c->budget_bytes, NULL)) == NULL ||
        (h->registry = metrics_new(&h->clock.clock)) == NULL)
        return error_memory(e, sizeof *h, "a harness");
    if ((h->fs = c->fs) == NULL) {
        enum err rc = fs_local_new(&h->fs, e);

        if (rc != OK)
            return rc;
        h->own_fs = true;
    }
    h->env = (struct op_env){.name = "test",
                             .uid = "test",
                             .job_name = "test",
                             .lineage = "test",
                             .subtask = c->subtask,
                             .parallelism = (int32_t)parallelism,
                             .max_parallelism = (int32_t)max_parallelism,
                             .clock = &h->clock.clock,
                             .executor = &h->executor,
                             .fs = h->fs,
                             .budget = h->budget,
                             .config = c->config,
                             .registry = h->registry,
                             .metrics = metrics_scope(h->registry, NULL, "test", NULL, 0),
                             .out = &h->output,
                             .seed = 1,
                             .wake = wake,
                             .wake_at = wake_at,
                             .wake_arg = h};
    if (c->keyed) {
        struct state_config state = {
            .max_parallelism = max_parallelism,
            .first_key_group = first_group(max_parallelism, parallelism, subtask),
            .last_key_group = first_group(max_parallelism, parallelism, subtask + 1) - 1,
            .budget = h->budget,
            .clock = &h->clock.clock};

        h->env.state = state_store_new(&state);
    }
    return h->env.metrics == NULL || (c->keyed && h->env.state == NULL)
               ? error_memory(e, sizeof *h, "a harness")
               : OK;
}

static enum err restore_items(struct harness *h, const struct harness_image *const *images,
                              size_t image_count, struct error *e)
{
    struct op_restore from = {.checkpoint_id = images[0]->checkpoint_id,
                              .old_parallelism = images[0]->parallelism};
    struct op_item *items;
    size_t count = 0;
    enum err rc = OK;

    for (size_t i = 0; i < image_count; i++)
        count += images[i]->item_count;
    if ((items = mem_calloc(count, sizeof *items)) == NULL)
        return error_memory(e, count * sizeof *items, "items to restore");
    for (size_t i = 0; i < image_count; i++)
        for (size_t k = 0; k < images[i]->item_count; k++)
            items[from.item_count++] = images[i]->items[k];
    from.items = items;
    if (h->op->ops->restore)
        rc = h->op->ops->restore(h->op, &from, e);
    mem_free(items);
    return rc;
}

static enum err restore(struct harness *h, const struct harness_image *const *images, size_t image_count,
                        struct error *e)
{
    enum err rc = OK;

    for (size_t i = 0; rc == OK && i < image_count; i++)
        for (size_t k = 0; rc == OK && k < images[i]->file_count; k++)
            rc = state_restore_file(h->env.state, h->fs, &images[i]->files[k], e);
    return rc == OK && image_count ? restore_items(h, images, image_count, e) : rc;
}

enum err harness_open(struct harness *h, const struct harness_config *c,
                      const struct harness_image *const *images, size_t image_count, struct error *e)
{
    enum err rc;

    *h = (struct harness){0};
    if ((rc = make_env(h, c, e)) != OK || (rc = c->factory->operator_new(c->spec, &h->op, e)) != OK ||
        (rc = h->op->ops->open(h->op, &h->env, e)) != OK || (rc = restore(h, images, image_count, e)) != OK)
        harness_close(h);
    return rc;
}

void harness_close(struct harness *h)
{
    if (h->op)
        h->op->ops->close(h->op);
    harness_work(h);
    state_store_free(h->env.state);
    drop_batches(h);
    bytes_fini(&h->text);
    bytes_fini(&h->taken);
    mem_free(h->batches);
    mem_free(h->ports);
    mem_free(h->work);
    if (h->own_fs)
        fs_free(h->fs);
    metrics_free(h->registry);
    if (h->budget)
        assert(budget_used(h->budget) == 0); /* batches and state are all gone now */
    budget_free(h->budget);
    *h = (struct harness){0};
}

/* --- calls --- */

enum err harness_batch(struct harness *h, int32_t input, struct batch *b, struct error *e)
{
    return h->op->ops->batch(h->op, input, b, e);
}

enum err harness_watermark_step(struct harness *h, int64_t watermark_us, bool *more, struct error *e)
{
    *more = false;
    if (h->op->ops->watermark == NULL)
        return h->output.watermark(&h->output, watermark_us, e);
    return h->op->ops->watermark(h->op, watermark_us, more, e);
}

enum err harness_watermark(struct harness *h, int64_t watermark_us, struct error *e)
{
    bool more = true;
    enum err rc = OK;

    while (rc == OK && more) {
        rc = harness_watermark_step(h, watermark_us, &more, e);
        harness_room(h);
    }
    return rc;
}

enum err harness_split(struct harness *h, enum split_change change, int32_t number, const char *name,
                       int64_t watermark_us, struct error *e)
{
    const struct split_event event = {change, number, name, watermark_us};

    return h->op->ops->split ? h->op->ops->split(h->op, &event, e) : h->output.split(&h->output, &event, e);
}

enum err harness_poll(struct harness *h, bool *more, bool *done, struct error *e)
{
    *more = *done = false;
    return h->op->ops->poll ? h->op->ops->poll(h->op, more, done, e) : OK;
}

enum err harness_end(struct harness *h, struct error *e)
{
    return h->op->ops->end ? h->op->ops->end(h->op, e) : OK;
}

enum err harness_advance(struct harness *h, int64_t us, struct error *e)
{
    bool more = true, done;
    enum err rc = OK;

    h->clock.wall_us += us;
    h->clock.mono_us += us;
    if (h->wake_at_us > h->clock.wall_us)
        return OK;
    h->wake_at_us = INT64_MAX;
    while (rc == OK && more)
        rc = harness_poll(h, &more, &done, e);
    return rc;
}

/* --- snapshots --- */

struct harness_later {
    enum err (*run)(void *arg, struct op_snapshot *s, struct error *e);
    void (*drop)(void *arg);
    void *arg;
};

struct harness_snapshot {
    struct op_snapshot base;
    struct harness_image *image;
    int32_t subtask;
    bool is_last, failed;
    struct harness_later *later; /* owned */
    size_t later_count, later_capacity;
};

static struct harness_snapshot *snapshot_of(struct op_snapshot *s)
{
    return CONTAINER_OF(s, struct harness_snapshot, base);
}

static bool copy_bytes(struct slice from, struct slice *to)
{
    char *copy = mem_strndup(from.ptr ? from.ptr : "", from.len);

    *to = (struct slice){copy, copy ? from.len : 0};
    return copy != NULL;
}

static void keep_item(struct op_snapshot *s, const char *name, struct slice bytes)
{
    struct harness_snapshot *snapshot = snapshot_of(s);
    struct harness_image *image = snapshot->image;
    struct op_item item = {.name = mem_strdup(name), .subtask = snapshot->subtask};

    if (item.name && copy_bytes(bytes, &item.bytes) &&
        MEM_GROW(image->items, image->item_count, image->item_capacity)) {
        image->items[image->item_count++] = item;
        return;
    }
    mem_free((char *)(uintptr_t)item.name);
    mem_free((char *)(uintptr_t)item.bytes.ptr);
    snapshot->failed = true;
}

static void keep_part(struct op_snapshot *s, struct slice part)
{
    struct harness_image *image = snapshot_of(s)->image;
    struct slice copy = {0};

    if (copy_bytes(part, &copy) && MEM_GROW(image->parts, image->part_count, image->part_capacity)) {
        image->parts[image->part_count++] = copy;
        return;
    }
    mem_free((char *)(uintptr_t)copy.ptr);
    snapshot_of(s)->failed = true;
}

static bool keep_later(struct op_snapshot *s,
                       enum err (*run)(void *arg, struct op_snapshot *s, struct error *e),
                       void (*drop)(void *arg), void *arg)
{
    struct harness_snapshot *snapshot = snapshot_of(s);

    if (!MEM_GROW(snapshot->later, snapshot->later_count, snapshot->later_capacity)) {
        drop(arg);
        return false;
    }
    snapshot->later[snapshot->later_count++] = (struct harness_later){run, drop, arg};
    return true;
}

static int64_t checkpoint_id_of(const struct op_snapshot *s)
{
    return CONTAINER_OF_CONST(s, struct harness_snapshot, base)->image->checkpoint_id;
}

static bool is_last_of(const struct op_snapshot *s)
{
    return CONTAINER_OF_CONST(s, struct harness_snapshot, base)->is_last;
}

static const struct op_snapshot_ops snapshot_ops = {keep_item, keep_part, keep_later, checkpoint_id_of,
                                                    is_last_of};

static enum err write_state(struct harness *h, struct harness_image *out, struct error *e)
{
    struct state_snapshot *frozen;
    char prefix[400];
    enum err rc;

    if (h->env.state == NULL || h->folder == NULL)
        return OK;
    if ((frozen = state_freeze(h->env.state)) == NULL)
        return error_memory(e, sizeof *h, "a snapshot");
    snprintf(prefix, sizeof prefix, "%s%" PRId64 "-%" PRId32 "-", h->folder, out->checkpoint_id,
             h->env.subtask);
    rc = state_snapshot_write(frozen, h->fs, prefix, &out->files, &out->file_count, e);
    state_snapshot_free(frozen);
    return rc;
}

static enum err run_later(struct harness_snapshot *snapshot, enum err rc, struct error *e)
{
    for (size_t i = 0; i < snapshot->later_count; i++) {
        const struct harness_later *l = &snapshot->later[i];

        if (rc == OK)
            rc = l->run(l->arg, &snapshot->base, e);
        l->drop(l->arg);
    }
    mem_free(snapshot->later);
    return rc;
}

enum err harness_snapshot(struct harness *h, int64_t checkpoint_id, bool is_last, struct harness_image *out,
                          struct error *e)
{
    struct harness_snapshot snapshot = {
        {&snapshot_ops}, .image = out, .subtask = h->env.subtask, .is_last = is_last};
    enum err rc = OK;

    *out = (struct harness_image){.checkpoint_id = checkpoint_id, .parallelism = h->env.parallelism};
    if (h->op->ops->snapshot)
        rc = h->op->ops->snapshot(h->op, checkpoint_id, &snapshot.base, e);
    if (rc == OK)
        rc = write_state(h, out, e);
    rc = run_later(&snapshot, rc, e);
    if (rc == OK && snapshot.failed)
        rc = error_memory(e, sizeof snapshot, "a snapshot's items");
    if (rc != OK)
        harness_image_fini(out);
    return rc;
}

void harness_image_fini(struct harness_image *image)
{
    for (size_t i = 0; i < image->item_count; i++) {
        mem_free((char *)(uintptr_t)image->items[i].name);
        mem_free((char *)(uintptr_t)image->items[i].bytes.ptr);
    }
    for (size_t i = 0; i < image->part_count; i++)
        mem_free((char *)(uintptr_t)image->parts[i].ptr);
    mem_free(image->items);
    mem_free(image->parts);
    state_files_free(image->files, image->file_count);
    *image = (struct harness_image){0};
}

struct slice harness_image_item(const struct harness_image *image, const char *name)
{
    for (size_t i = 0; i < image->item_count; i++)
        if (strcmp(image->items[i].name, name) == 0)
            return image->items[i].bytes;
    return (struct slice){NULL, 0};
}
