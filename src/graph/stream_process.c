/* stream_process.c: weir_process: a user's function with keyed state and timers, on operators/process.c.
 * A list is one value: its elements one after the other. A map is one value too: entries of key length, key
 * and value, searched one by one, so it is for tens of entries, not thousands.
 */
#include "base/mem.h"
#include "graph/stream.h"
#include "graph/user_task.h"
#include "operators/process.h"

enum state_kind { STATE_VALUE, STATE_LIST, STATE_MAP };

struct weir_state {
    struct weir_state *next;
    struct running_process *owner;
    struct state *state; /* borrowed from the store */
    enum state_kind kind;
    size_t size;       /* of a value or element */
    struct bytes work; /* a list or map being changed */
};

struct user_process {
    struct weir_process fn;
    const void *arg;
    const struct schema *schemas[TASK_OUTPUTS];
};

struct running_process {
    const struct user_process *user;
    struct weir_task task;
    struct process *process;
    struct weir_state *states; /* owned */
    struct key key;            /* the current one */
    void *self;                /* owned */
};

static struct running_process *process_of(struct weir_task *t)
{
    assert(t->extra != NULL); /* only functions of weir_process have keyed state */
    return t->extra;
}

/* --- declaring state --- */

static struct weir_state *declare(struct weir_task *t, const char *name, enum state_kind kind, size_t size,
                                  int64_t ttl_us)
{
    struct running_process *r = process_of(t);
    const struct state_desc desc = {
        .name = name, .key = r->process->key, .value_size = kind == STATE_VALUE ? size : 0, .ttl_us = ttl_us};
    struct weir_state *s = mem_zalloc(sizeof *s);
    struct error e;

    if (s == NULL || state_declare(t->env->state, &desc, &s->state, &e) != OK) {
        weir_task_fail(t, "state %s: %s", name, s ? e.text : "no memory");
        mem_free(s);
        return NULL;
    }
    s->owner = r;
    s->kind = kind;
    s->size = size;
    s->next = r->states;
    r->states = s;
    return s;
}

struct weir_state *weir_state_value(struct weir_task *t, const char *name, size_t value_bytes, int64_t ttl_us)
{
    return declare(t, name, STATE_VALUE, value_bytes, ttl_us);
}

struct weir_state *weir_state_list(struct weir_task *t, const char *name, size_t element_bytes,
                                   int64_t ttl_us)
{
    return declare(t, name, STATE_LIST, element_bytes, ttl_us);
}

struct weir_state *weir_state_map(struct weir_task *t, const char *name, size_t value_bytes, int64_t ttl_us)
{
    return declare(t, name, STATE_MAP, value_bytes, ttl_us);
}

/* --- values and lists --- */

static void *no_memory(struct weir_state *s)
{
    weir_task_fail(&s->owner->task, "no memory for keyed state; raise taskmanager.memory.process.size");
    return NULL;
}

const void *weir_value_get(struct weir_state *s)
{
    return state_get(s->state, s->owner->key, 0).ptr;
}

void *weir_value_edit(struct weir_state *s)
{
    void *value = state_edit(s->state, s->owner->key, 0, NULL);

    return value ? value : no_memory(s);
}

void weir_value_clear(struct weir_state *s)
{
    state_remove(s->state, s->owner->key, 0);
}

/* What is there, copied to work, so that it can be changed and put back. */
static void begin_change(struct weir_state *s)
{
    bytes_clear(&s->work);
    bytes_slice(&s->work, state_get(s->state, s->owner->key, 0));
}

static bool end_change(struct weir_state *s)
{
    if (!s->work.failed && state_put(s->state, s->owner->key, 0, bytes_all(&s->work)))
        return true;
    no_memory(s);
    return false;
}

bool weir_list_add(struct weir_state *s, const void *element)
{
    begin_change(s);
    bytes_append(&s->work, element, s->size);
    return end_change(s);
}

const void *weir_list_get(struct weir_state *s, size_t *count)
{
    struct slice all = state_get(s->state, s->owner->key, 0);

    *count = all.len / s->size;
    return all.ptr;
}

void weir_list_clear(struct weir_state *s)
{
    state_remove(s->state, s->owner->key, 0);
}

/* --- maps --- */

/* Where the entry of that key begins and its value lies; false when there is none. */
static bool find_entry(struct slice all, const void *key, size_t key_bytes, size_t value_bytes, size_t *begin,
                       size_t *value)
{
    struct reader r = reader_of(all);

    while (reader_left(&r) > 0) {
        size_t at = all.len - reader_left(&r);
        size_t len = (size_t)reader_varint(&r);
        struct slice name = reader_bytes(&r, len);

        *value = all.len - reader_left(&r);
        reader_bytes(&r, value_bytes);
        assert(!r.failed);
        if (slice_equal(name, slice_of(key, key_bytes))) {
            *begin = at;
            return true;
        }
    }
    return false;
}

const void *weir_map_get(struct weir_state *s, const void *key, size_t key_bytes)
{
    struct slice all = state_get(s->state, s->owner->key, 0);
    size_t begin, value;

    return find_entry(all, key, key_bytes, s->size, &begin, &value) ? all.ptr + value : NULL;
}

void *weir_map_edit(struct weir_state *s, const void *key, size_t key_bytes)
{
    size_t begin, value;
    void *room;

    begin_change(s);
    if (!find_entry(bytes_all(&s->work), key, key_bytes, s->size, &begin, &value)) {
        bytes_varint(&s->work, key_bytes);
        bytes_append(&s->work, key, key_bytes);
        value = s->work.len;
        if ((room = bytes_reserve(&s->work, s->size)) != NULL) {
            memset(room, 0, s->size);
            s->work.len += s->size;
        }
    }
    if (!end_change(s)) /* after it the bytes are no snapshot's, and may be changed in place */
        return NULL;
    return (char *)(uintptr_t)state_get(s->state, s->owner->key, 0).ptr + value;
}

void weir_map_remove(struct weir_state *s, const void *key, size_t key_bytes)
{
    size_t begin, value, end;

    begin_change(s);
    if (!find_entry(bytes_all(&s->work), key, key_bytes, s->size, &begin, &value))
        return;
    end = value + s->size;
    memmove(s->work.ptr + begin, s->work.ptr + end, s->work.len - end);
    s->work.len -= end - begin;
    if (s->work.len == 0)
        state_remove(s->state, s->owner->key, 0);
    else
        end_change(s);
}

const void *weir_map_next(struct weir_state *s, size_t *at, size_t *key_bytes)
{
    struct slice all = state_get(s->state, s->owner->key, 0), name;
    struct reader r;
    size_t len;

    if (*at >= all.len)
        return NULL;
    r = reader_of(slice_from(all, *at));
    len = (size_t)reader_varint(&r);
    name = reader_bytes(&r, len);
    reader_bytes(&r, s->size);
    assert(!r.failed);
    *at = all.len - reader_left(&r);
    *key_bytes = name.len;
    return name.ptr;
}

/* --- timers --- */

bool weir_timer_event(struct weir_task *t, int64_t due_us)
{
    struct running_process *r = process_of(t);

    return timers_set(&r->process->event, due_us, r->key) || weir_task_fail(t, "no memory for a timer");
}

bool weir_timer_processing(struct weir_task *t, int64_t due_us)
{
    struct running_process *r = process_of(t);

    return timers_set(&r->process->processing, due_us, r->key) || weir_task_fail(t, "no memory for a timer");
}

void weir_timer_delete(struct weir_task *t, int64_t due_us, bool event_time)
{
    struct running_process *r = process_of(t);

    timers_delete(event_time ? &r->process->event : &r->process->processing, due_us, r->key);
}

/* --- the operator --- */

static void close_process(void *p, UNUSED struct process *process)
{
    struct running_process *r = p;

    if (r == NULL)
        return;
    if (r->self && r->user->fn.close)
        r->user->fn.close(r->self);
    while (r->states) {
        struct weir_state *s = r->states;

        r->states = s->next;
        bytes_fini(&s->work);
        mem_free(s);
    }
    user_task_fini(&r->task);
    mem_free(r->self);
    mem_free(r);
}

static enum err open_process(const void *arg, struct process *p, void **self, struct error *e)
{
    const struct user_process *user = arg;
    struct running_process *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL || (r->self = mem_zalloc(MAX(user->fn.self_bytes, 1))) == NULL) {
        mem_free(r);
        return error_memory(e, user->fn.self_bytes, user->fn.name);
    }
    r->user = user;
    r->process = p;
    user_task_init(&r->task, p->env, user->schemas);
    r->task.extra = r;
    rc = user_task_flush(&r->task, user->fn.open == NULL || user->fn.open(r->self, &r->task, user->arg),
                         user->fn.name, e);
    if (rc != OK)
        close_process(r, p);
    else
        *self = r;
    return rc;
}

static enum err process_rows(void *self, struct process *p, struct batch *b, const struct key *keys,
                             struct error *e)
{
    struct running_process *r = self;
    bool ok = true;
    enum err rc;

    r->task.in = b;
    r->task.watermark_us = p->watermark_us;
    for (int32_t i = 0; ok && i < batch_live(b); i++) {
        r->key = keys[i];
        ok = r->user->fn.row(r->self, &r->task, (const struct weir_batch *)b, batch_row(b, i)) &&
             !r->task.failed;
    }
    rc = user_task_flush(&r->task, ok, r->user->fn.name, e);
    r->task.in = NULL;
    return rc;
}

static enum err call_timer(void *self, struct process *p, enum timer_kind kind, int64_t due_us,
                           struct key key, struct error *e)
{
    struct running_process *r = self;
    bool ok;

    if (r->user->fn.timer == NULL)
        return OK;
    r->key = key;
    r->task.watermark_us = p->watermark_us;
    ok = r->user->fn.timer(r->self, &r->task, due_us, kind == TIMER_EVENT);
    return user_task_flush(&r->task, ok, r->user->fn.name, e);
}

static const struct process_function user_function = {
    .open = open_process,
    .batch = process_rows,
    .timer = call_timer,
    .close = close_process,
};

struct weir_stream *weir_process(struct weir_stream *keyed, const struct weir_process *fn, const void *arg)
{
    struct weir_env *env = keyed->env;
    struct user_process *user = weir_memory(env, sizeof *user);
    struct process_spec *spec = weir_memory(env, sizeof *spec);
    struct weir_stream *out;

    if (env->failed || user == NULL || spec == NULL)
        return stream_dead(env);
    if (keyed->partitioning != EDGE_HASH) {
        stream_fail(env, ERR_CONFIG, "weir_process %s: the stream has no key; weir_key_by comes before",
                    fn->name);
        return stream_dead(env);
    }
    *user = (struct user_process){.fn = *fn, .arg = arg};
    user->schemas[0] = stream_columns(env, fn->columns, fn->name);
    for (int32_t i = 0; i < 4; i++)
        if (fn->sides[i])
            user->schemas[i + 1] = stream_columns(env, fn->sides[i], fn->name);
    *spec = (struct process_spec){&user_function, user, keyed->schema, keyed->key_count, keyed->keys};
    out = stream_add(keyed, &(struct vertex){.name = fn->name,
                                             .factory = &process_factory,
                                             .spec = spec,
                                             .keyed = true,
                                             .schema = user->schemas[0]});
    for (int32_t i = 1; i < TASK_OUTPUTS; i++)
        out->sides[i] = user->schemas[i];
    return out;
}
