/* task_snapshot.c: see task_snapshot.h.
 *
 * Two kinds of failure. When a file of keyed state cannot be written, this checkpoint is lost and the next
 * may do better: the state is still there. When an operator's own later work fails, what it had to hand over
 * (a data file half uploaded) is gone for good: the job goes back to the last checkpoint.
 */
#include "engine/task_snapshot.h"
#include "base/mem.h"
#include "engine/task.h"
#include <ctype.h>

struct later {
    struct later *next;
    struct link_snapshot *link;
    enum err (*run)(void *arg, struct op_snapshot *s, struct error *e);
    void (*drop)(void *arg);
    void *arg;
};

static struct link_snapshot *link_of(struct op_snapshot *s)
{
    return CONTAINER_OF(s, struct link_snapshot, base);
}

/* --- what operators say --- */

/* The first failure is the one told; a loss is a loss, whatever came first. */
static void fail(struct task_snapshot *s, const struct error *e, bool is_lost)
{
    pthread_mutex_lock(&s->lock);
    if (!s->has_failed || (is_lost && !s->is_lost))
        s->error = *e;
    s->has_failed = true;
    s->is_lost = s->is_lost || is_lost;
    pthread_mutex_unlock(&s->lock);
}

static void fail_memory(struct task_snapshot *s, size_t byte_count)
{
    struct error e;

    error_memory(&e, byte_count, "a checkpoint");
    fail(s, &e, true);
}

static void put_item(struct op_snapshot *base, const char *name, struct slice bytes)
{
    struct link_snapshot *l = link_of(base);
    struct task_snapshot *s = l->of;
    bool ok;

    pthread_mutex_lock(&s->lock);
    ok = MEM_GROW(l->items, l->item_count, l->item_capacity);
    if (ok) {
        struct op_item item = {arena_strdup(&s->arena, name), arena_slice(&s->arena, bytes), s->subtask};

        l->items[l->item_count++] = item;
        ok = !s->arena.failed;
    }
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        fail_memory(s, bytes.len);
}

static void put_part(struct op_snapshot *base, struct slice part)
{
    struct link_snapshot *l = link_of(base);
    struct task_snapshot *s = l->of;
    bool ok;

    pthread_mutex_lock(&s->lock);
    ok = MEM_GROW(l->parts, l->part_count, l->part_capacity);
    if (ok) {
        l->parts[l->part_count++] = arena_slice(&s->arena, part);
        ok = !s->arena.failed;
    }
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        fail_memory(s, part.len);
}

static bool put_later(struct op_snapshot *base,
                      enum err (*run)(void *arg, struct op_snapshot *s, struct error *e),
                      void (*drop)(void *arg), void *arg)
{
    struct link_snapshot *l = link_of(base);
    struct later *later = mem_alloc(sizeof *later);

    if (later == NULL) {
        if (drop != NULL)
            drop(arg);
        fail_memory(l->of, sizeof *later);
        return false;
    }
    *later = (struct later){.next = l->of->laters, .link = l, .run = run, .drop = drop, .arg = arg};
    l->of->laters = later; /* by the task's thread only, until finish */
    return true;
}

static int64_t checkpoint_id(const struct op_snapshot *s)
{
    return CONTAINER_OF_CONST(s, struct link_snapshot, base)->of->checkpoint_id;
}

static bool is_last(const struct op_snapshot *s)
{
    return CONTAINER_OF_CONST(s, struct link_snapshot, base)->of->is_last;
}

static const struct op_snapshot_ops snapshot_ops = {
    .item = put_item,
    .commit = put_part,
    .later = put_later,
    .checkpoint_id = checkpoint_id,
    .is_last = is_last,
};

/* --- life --- */

struct task_snapshot *task_snapshot_new(struct attempt *a, const struct task *t, int64_t id, bool last)
{
    struct task_snapshot *s = mem_zalloc(sizeof *s);

    if (s == NULL || (s->links = mem_calloc((size_t)t->chain->op_count, sizeof *s->links)) == NULL) {
        mem_free(s);
        return NULL;
    }
    s->note.kind = NOTE_SNAPSHOT;
    s->attempt = a;
    s->task = t->number;
    s->subtask = t->subtask;
    s->checkpoint_id = id;
    s->is_last = last;
    s->link_count = t->chain->op_count;
    atomic_init(&s->pending, 1);
    pthread_mutex_init(&s->lock, NULL);
    for (int32_t i = 0; i < s->link_count; i++) {
        s->links[i].base.ops = &snapshot_ops;
        s->links[i].of = s;
        s->links[i].vertex = t->chain->ops[i].vertex;
    }
    return s;
}

static void drop_laters(struct later *later)
{
    while (later != NULL) {
        struct later *next = later->next;

        if (later->drop != NULL)
            later->drop(later->arg);
        mem_free(later);
        later = next;
    }
}

void task_snapshot_free(struct task_snapshot *s)
{
    if (s == NULL)
        return;
    drop_laters(s->laters);
    for (int32_t i = 0; i < s->link_count; i++) {
        struct link_snapshot *l = &s->links[i];

        state_snapshot_free(l->frozen);
        state_files_free(l->files, l->file_count);
        mem_free(l->items);
        mem_free(l->parts);
    }
    mem_free(s->links);
    arena_fini(&s->arena);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

enum err task_snapshot_link(struct task_snapshot *s, int32_t index, struct link *link, struct error *e)
{
    struct link_snapshot *l = &s->links[index];
    enum err rc = OK;

    if (link->op->ops->snapshot != NULL)
        rc = link->op->ops->snapshot(link->op, s->checkpoint_id, &l->base, e);
    if (rc == OK && link->state != NULL && (l->frozen = state_freeze(link->state)) == NULL)
        rc = error_memory(e, 0, "the snapshot of keyed state");
    assert(rc != ERR_WAIT); /* a snapshot is quick: what takes time is for later */
    return rc;
}

/* --- on the executor --- */

static void done(struct task_snapshot *s)
{
    struct inbox *inbox = s->attempt->inbox;

    if (atomic_fetch_sub_explicit(&s->pending, 1, memory_order_acq_rel) == 1)
        inbox_put(inbox, &s->note);
}

static void run_later(void *arg)
{
    struct later *later = arg;
    struct task_snapshot *s = later->link->of;
    struct error e;

    if (later->run(later->arg, &later->link->base, &e) != OK)
        fail(s, &e, true);
    later->next = NULL;
    drop_laters(later);
    done(s);
}

/* `<folder><uid>-<subtask>-`, the uid made fit for a file's name; with its hash, as two may look alike then.
 */
static const char *file_prefix(struct task_snapshot *s, const struct vertex *v)
{
    const char *folder, *prefix = NULL;
    char *name;

    pthread_mutex_lock(&s->lock);
    folder = checkpoint_store_folder(s->attempt->store, &s->arena, s->checkpoint_id);
    if (folder != NULL)
        prefix = arena_printf(&s->arena, "%s%s-%08" PRIx32 "-%d-", folder, v->uid,
                              (uint32_t)hash_bytes(v->uid, strlen(v->uid)), s->subtask);
    pthread_mutex_unlock(&s->lock);
    if (prefix == NULL)
        return NULL;
    name = (char *)prefix + strlen(folder);
    for (size_t i = 0; i < strlen(v->uid); i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            name[i] = '_';
    return prefix;
}

static void write_state(void *arg)
{
    struct link_snapshot *l = arg;
    struct task_snapshot *s = l->of;
    const char *prefix = file_prefix(s, &s->attempt->chains->graph->vertices[l->vertex]);
    struct error e;
    enum err rc;

    if (prefix == NULL)
        rc = error_memory(&e, 0, "the name of a state file");
    else
        rc = state_snapshot_write(l->frozen, s->attempt->state_fs, prefix, &l->files, &l->file_count, &e);
    state_snapshot_free(l->frozen);
    l->frozen = NULL;
    if (rc != OK) {
        error_add(&e, rc, "%s: writing its state", s->attempt->chains->graph->vertices[l->vertex].name);
        fail(s, &e, false);
    }
    done(s);
}

/* Submit fn(arg), or fail. */
static void submit(struct task_snapshot *s, void (*fn)(void *arg), void *arg, bool is_lost)
{
    struct error e;

    atomic_fetch_add_explicit(&s->pending, 1, memory_order_relaxed);
    if (executor_submit(&s->attempt->work.executor, fn, arg))
        return;
    error_memory(&e, 0, "work on a checkpoint");
    fail(s, &e, is_lost);
    if (is_lost) {
        ((struct later *)arg)->next = NULL;
        drop_laters(arg);
    }
    atomic_fetch_sub_explicit(&s->pending, 1, memory_order_relaxed); /* ours is still counted: not the last */
}

/* They were pushed on the front: run them in the order in which they were given. */
static struct later *reversed(struct later *later)
{
    struct later *first = NULL;

    while (later != NULL) {
        struct later *next = later->next;

        later->next = first;
        first = later;
        later = next;
    }
    return first;
}

void task_snapshot_finish(struct task_snapshot *s)
{
    struct later *later = reversed(s->laters);

    s->laters = NULL;
    while (later != NULL) {
        struct later *next = later->next;

        submit(s, run_later, later, true);
        later = next;
    }
    for (int32_t i = 0; i < s->link_count; i++)
        if (s->links[i].frozen != NULL)
            submit(s, write_state, &s->links[i], false);
    done(s);
}
