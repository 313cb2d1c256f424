/* kafka_harness.c: see kafka_harness.h. */
#include "connectors/kafka_harness.h"
#include "base/budget.h"
#include "base/mem.h"
#include "formats/format.h"
#include <time.h>

/* --- what comes out --- */

static struct kafka_harness *of_output(struct output *o)
{
    return CONTAINER_OF(o, struct kafka_harness, output);
}

static char *copy_of(const struct column *c, int32_t row, size_t *len)
{
    struct slice s;

    if (!column_valid(c, row))
        return NULL;
    s = column_slice(c, row);
    if (len)
        *len = s.len;
    return mem_strndup(s.len ? s.ptr : "", s.len);
}

static bool write_rows(struct kafka_harness *h, const struct batch *b)
{
    for (int32_t i = 0; i < b->row_count; i++) {
        struct kafka_seen *seen;

        if (!MEM_GROW(h->rows, h->row_count, h->row_capacity))
            return false;
        seen = &h->rows[h->row_count++];
        *seen = (struct kafka_seen){.split = b->split,
                                    .offset = b->columns[RAW_OFFSET].i64[i],
                                    .timestamp_us = b->columns[RAW_TIMESTAMP].i64[i]};
        seen->key = copy_of(&b->columns[RAW_KEY], i, NULL);
        seen->value = copy_of(&b->columns[RAW_VALUE], i, &seen->value_len);
    }
    return true;
}

static enum err take_batch(struct output *o, UNUSED int32_t port, struct batch *b, struct error *e)
{
    struct kafka_harness *h = of_output(o);
    enum err rc = h->count_only ? OK : batch_check(b, e);

    if (rc == OK && !h->count_only) {
        if (!write_rows(h, b))
            rc = error_memory(e, sizeof(struct kafka_seen), "rows");
        bytes_printf(&h->events, "rows %s %" PRId64 "..%" PRId64 "\n", h->names[b->split & 63],
                     b->columns[RAW_OFFSET].i64[0], b->columns[RAW_OFFSET].i64[b->row_count - 1]);
    } else if (rc == OK) {
        h->row_count += (size_t)b->row_count;
    }
    if (rc == OK && h->hold && MEM_GROW(h->held, h->held_count, h->held_capacity))
        h->held[h->held_count++] = batch_ref(b);
    batch_unref(b);
    return rc;
}

static enum err take_watermark(UNUSED struct output *o, UNUSED int64_t watermark_us, UNUSED struct error *e)
{
    assert(false); /* a source does not make watermarks */
    return OK;
}

static enum err take_split(struct output *o, const struct split_event *s, struct error *e)
{
    static const char *const words[] = {[SPLIT_ADDED] = "added",
                                        [SPLIT_REMOVED] = "removed",
                                        [SPLIT_IDLE] = "idle",
                                        [SPLIT_ACTIVE] = "active"};
    struct kafka_harness *h = of_output(o);
    size_t slot = (size_t)s->number & 63;

    bytes_printf(&h->events, "%s %s\n", words[s->change], s->name);
    if (s->change == SPLIT_ADDED) {
        mem_free(h->names[slot]);
        if ((h->names[slot] = mem_strdup(s->name)) == NULL)
            return error_memory(e, strlen(s->name), "a split's name");
        h->removed[slot] = h->idle[slot] = false;
    }
    h->removed[slot] |= s->change == SPLIT_REMOVED;
    if (s->change == SPLIT_IDLE || s->change == SPLIT_ACTIVE)
        h->idle[slot] = s->change == SPLIT_IDLE;
    return OK;
}

static bool is_full(struct output *o)
{
    return of_output(o)->full;
}

/* --- waking --- */

static void wake(void *arg)
{
    struct kafka_harness *h = arg;

    pthread_mutex_lock(&h->lock);
    h->woken = true;
    pthread_cond_signal(&h->waker);
    pthread_mutex_unlock(&h->lock);
}

static void wake_at(void *arg, int64_t at_us)
{
    struct kafka_harness *h = arg;

    pthread_mutex_lock(&h->lock);
    h->wake_at_us = MIN(h->wake_at_us, at_us);
    pthread_mutex_unlock(&h->lock);
}

/* Until the source asks to be polled, or until_us; false when it was the latter. */
static bool await_wake(struct kafka_harness *h, int64_t until_us)
{
    bool woken;

    pthread_mutex_lock(&h->lock);
    while (!h->woken) {
        int64_t at_us = MIN(until_us, h->wake_at_us);
        struct timespec at = {.tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000};

        if (pthread_cond_timedwait(&h->waker, &h->lock, &at))
            break;
    }
    if (h->wake_at_us <= clock_wall_us(h->env.clock)) {
        h->wake_at_us = INT64_MAX;
        h->woken = true;
    }
    woken = h->woken;
    h->woken = false;
    pthread_mutex_unlock(&h->lock);
    return woken;
}

static bool run_inline(UNUSED struct executor *x, void (*fn)(void *arg), void *arg)
{
    fn(arg);
    return true;
}

static struct executor inline_executor = {run_inline};

/* --- running --- */

static void fill_env(struct kafka_harness *h, const struct kafka_harness_config *c)
{
    h->output = (struct output){
        .batch = take_batch, .watermark = take_watermark, .split = take_split, .full = is_full};
    h->env = (struct op_env){
        .name = "Source: test",
        .uid = "test",
        .job_name = "test",
        .lineage = "test",
        .subtask = c->subtask,
        .parallelism = MAX(c->parallelism, 1),
        .max_parallelism = 128,
        .clock = clock_system(),
        .executor = h->executor,
        .budget = h->budget,
        .config = c->config,
        .registry = h->registry,
        .metrics = metrics_scope(h->registry, NULL, "taskmanager_job_task_operator", NULL, 0),
        .out = &h->output,
        .wake = wake,
        .wake_at = wake_at,
        .wake_arg = h};
}

enum err kafka_harness_open(struct kafka_harness *h, const struct kafka_harness_config *c,
                            const struct op_restore *from, struct error *e)
{
    enum err rc;

    *h = (struct kafka_harness){.wake_at_us = INT64_MAX};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->waker, NULL);
    h->registry = metrics_new(clock_system());
    h->budget = budget_new("test", c->budget_bytes, NULL);
    if (h->registry == NULL || h->budget == NULL) {
        rc = error_memory(e, sizeof *h, "a harness");
        goto out;
    }
    if (c->inline_work)
        h->executor = &inline_executor;
    else if ((rc = executor_pool_new("test", 1, &h->executor, e)) != OK)
        goto out;
    fill_env(h, c);
    if ((rc = kafka_source_factory.operator_new(c->spec, &h->op, e)) != OK ||
        (rc = h->op->ops->open(h->op, &h->env, e)) != OK)
        goto out;
    if (from)
        rc = h->op->ops->restore(h->op, from, e);
    h->woken = true;
out:
    if (rc != OK)
        kafka_harness_close(h);
    return rc;
}

void kafka_harness_drop_held(struct kafka_harness *h)
{
    for (size_t i = 0; i < h->held_count; i++)
        batch_unref(h->held[i]);
    h->held_count = 0;
}

void kafka_harness_close(struct kafka_harness *h)
{
    if (h->op)
        h->op->ops->close(h->op);
    kafka_harness_drop_held(h);
    mem_free(h->held);
    for (size_t i = 0; h->rows && i < h->row_count; i++) {
        mem_free(h->rows[i].key);
        mem_free(h->rows[i].value);
    }
    mem_free(h->rows);
    for (size_t i = 0; i < COUNT_OF(h->names); i++)
        mem_free(h->names[i]);
    bytes_fini(&h->events);
    if (h->executor != &inline_executor)
        executor_pool_free(h->executor);
    metrics_free(h->registry);
    budget_free(h->budget);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->waker);
}

enum err kafka_harness_run(struct kafka_harness *h, bool (*until)(struct kafka_harness *h, int64_t arg),
                           int64_t arg, int timeout_ms, struct error *e)
{
    int64_t until_us = clock_wall_us(h->env.clock) + timeout_ms * INT64_C(1000);

    while (!until(h, arg)) {
        bool more = true;
        enum err rc;

        if (clock_wall_us(h->env.clock) >= until_us)
            return error_set(e, ERR_UNAVAILABLE, "nothing for %d ms; so far:\n%s", timeout_ms,
                             h->events.len ? bytes_cstr(&h->events) : "");
        if (!await_wake(h, until_us))
            continue;
        while (more && !h->done && !until(h, arg)) {
            h->polls++;
            if ((rc = h->op->ops->poll(h->op, &more, &h->done, e)) != OK)
                return rc;
            if (h->full)
                break;
        }
        if (more)
            wake(h);
    }
    return OK;
}

bool kafka_harness_has_rows(struct kafka_harness *h, int64_t count)
{
    return (int64_t)h->row_count >= count;
}

bool kafka_harness_is_done(struct kafka_harness *h, UNUSED int64_t unused)
{
    return h->done;
}

bool kafka_harness_time_is_up(UNUSED struct kafka_harness *h, UNUSED int64_t unused)
{
    return false;
}

bool kafka_harness_all_idle(struct kafka_harness *h, int64_t split_count)
{
    int64_t idle = 0;

    for (size_t i = 0; i < COUNT_OF(h->names); i++)
        idle += h->names[i] && h->idle[i] && !h->removed[i];
    return idle == split_count;
}

/* --- snapshots --- */

static void add_item(struct op_snapshot *s, const char *name, struct slice bytes)
{
    struct kafka_image *image = CONTAINER_OF(s, struct kafka_image, snapshot);
    struct op_item *item;

    if (!MEM_GROW(image->items, image->count, image->capacity))
        return;
    item = &image->items[image->count++];
    *item = (struct op_item){.name = mem_strdup(name)};
    item->bytes = slice_of(mem_strndup(bytes.ptr, bytes.len), bytes.len);
}

static void add_part(UNUSED struct op_snapshot *s, UNUSED struct slice part)
{
    assert(false); /* a source commits nothing */
}

static bool run_later(UNUSED struct op_snapshot *s,
                      UNUSED enum err (*run)(void *arg, struct op_snapshot *s, struct error *e),
                      UNUSED void (*drop)(void *arg), UNUSED void *arg)
{
    assert(false);
    return false;
}

static int64_t id_of(const struct op_snapshot *s)
{
    return CONTAINER_OF_CONST(s, struct kafka_image, snapshot)->checkpoint_id;
}

static bool never_last(UNUSED const struct op_snapshot *s)
{
    return false;
}

static const struct op_snapshot_ops image_ops = {
    .item = add_item, .commit = add_part, .later = run_later, .checkpoint_id = id_of, .is_last = never_last};

enum err kafka_harness_snapshot(struct kafka_harness *h, int64_t checkpoint_id, struct kafka_image *out,
                                struct error *e)
{
    *out = (struct kafka_image){.snapshot = {&image_ops}, .checkpoint_id = checkpoint_id};
    return h->op->ops->snapshot(h->op, checkpoint_id, &out->snapshot, e);
}

bool kafka_image_add(struct kafka_image *image, const struct kafka_image *other)
{
    for (size_t i = 0; i < other->count; i++) {
        size_t before = image->count;

        add_item(&image->snapshot, other->items[i].name, other->items[i].bytes);
        if (image->count == before)
            return false;
    }
    return true;
}

const char *kafka_image_item(const struct kafka_image *image, const char *name)
{
    for (size_t i = 0; i < image->count; i++)
        if (strcmp(image->items[i].name, name) == 0)
            return image->items[i].bytes.ptr;
    return NULL;
}

void kafka_image_fini(struct kafka_image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        mem_free((char *)(uintptr_t)image->items[i].name);
        mem_free((char *)(uintptr_t)image->items[i].bytes.ptr);
    }
    mem_free(image->items);
    *image = (struct kafka_image){0};
}
