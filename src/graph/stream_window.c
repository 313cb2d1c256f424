/* stream_window.c: weir_window: a user's aggregate in windows, on operators/window_agg.c and
 * session_window.c. */
#include "base/mem.h"
#include "graph/stream.h"
#include "graph/user_task.h"
#include "operators/session_window.h"
#include "operators/window_agg.h"

struct user_window {
    struct weir_aggregate fn;
    const void *arg;
    int32_t key_count;
    const struct schema *output;
};

/* One instance: the function's own data, and what it may see. */
struct running_window {
    const struct user_window *window;
    struct weir_task task;
    struct weir_rows rows; /* lent to the function while it appends a result */
    void *self;            /* owned */
    int64_t fired_us;      /* when results were counted last */
};

/* --- the accumulator --- */

static enum err add_rows(const void *arg, void *acc, const struct batch *b, const int32_t *rows,
                         int32_t count, UNUSED struct error *e)
{
    const struct user_window *w = arg;

    w->fn.add(w->arg, acc, (const struct weir_batch *)b, rows, count);
    return OK;
}

static void merge(const void *arg, void *acc, const void *other)
{
    const struct user_window *w = arg;

    w->fn.merge(w->arg, acc, other);
}

static enum err emit(const void *arg, void *self, const void *acc, struct slice key,
                     const struct window *window, struct builder *out, struct error *e)
{
    const struct user_window *w = arg;
    struct running_window *r = self;
    int32_t before = builder_rows(out);

    if (r == NULL)
        return error_memory(e, w->fn.self_bytes, w->fn.name);
    if (!key_decode(key, out->columns, w->key_count))
        return error_set(e, ERR_CORRUPT, "%s: a window's key cannot be read", w->fn.name);
    r->rows.b = out;
    r->rows.ready = true;
    r->rows.now_us = clock_wall_us(r->task.env->clock);
    w->fn.result(w->arg, acc, &(struct weir_window){window->start_us, window->end_us}, &r->rows);
    for (int32_t i = 0; i < w->output->field_count; i++)
        if (!out->failed && out->columns[i].row_count != before + 1)
            return error_set(e, ERR_INPUT, "%s: the result gave column %s %" PRId32 " values; one is wanted",
                             w->fn.name, w->output->fields[i].name, out->columns[i].row_count - before);
    return OK;
}

/* --- an instance --- */

static void *open_window(const void *arg, const struct op_env *env)
{
    const struct user_window *w = arg;
    const struct schema *schemas[TASK_OUTPUTS] = {w->output};
    struct running_window *r = mem_zalloc(sizeof *r);

    if (r == NULL || (r->self = mem_zalloc(MAX(w->fn.self_bytes, 1))) == NULL) {
        mem_free(r);
        return NULL;
    }
    r->window = w;
    user_task_init(&r->task, env, schemas);
    r->rows.task = &r->task;
    if (w->fn.open && !w->fn.open(r->self, &r->task, w->arg))
        weir_log(&r->task, "%s: open failed: %s", w->fn.name, r->task.error.text);
    return r;
}

static void rows_added(void *self, const struct batch *b, int64_t rows, int64_t late)
{
    struct running_window *r = self;

    if (r == NULL)
        return;
    r->fired_us = clock_mono_us(r->task.env->clock);
    if (r->window->fn.added)
        r->window->fn.added(r->self, &r->task, (const struct weir_batch *)b, rows, late);
}

static void windows_fired(void *self, int64_t windows)
{
    struct running_window *r = self;
    int64_t now;

    if (r == NULL)
        return;
    now = clock_mono_us(r->task.env->clock);
    if (r->window->fn.fired)
        r->window->fn.fired(r->self, &r->task, windows, r->fired_us ? now - r->fired_us : 0);
    r->fired_us = now;
}

static void close_window(void *self)
{
    struct running_window *r = self;

    if (r == NULL)
        return;
    user_task_fini(&r->task);
    mem_free(r->self);
    mem_free(r);
}

static const struct window_observer observer = {open_window, rows_added, windows_fired, close_window};

/* --- planning --- */

/* The accumulator's fields, for readers of savepoints. */
static const struct state_field *state_fields(struct weir_env *env, const struct weir_aggregate *fn,
                                              size_t *count)
{
    struct state_field *fields;
    struct error e;

    for (*count = 0; fn->fields && fn->fields[*count].name; (*count)++)
        ;
    if (*count == 0 || (fields = weir_memory(env, *count * sizeof *fields)) == NULL)
        return NULL;
    for (size_t i = 0; i < *count; i++) {
        fields[i] = (struct state_field){.name = fn->fields[i].name, .offset = fn->fields[i].offset};
        if (type_parse(&env->graph.arena, slice_text(fn->fields[i].type), &fields[i].type, &e) != OK)
            stream_fail(env, e.code, "%s: field %s: %s", fn->name, fn->fields[i].name, e.text);
    }
    return fields;
}

static bool check_windows(struct weir_env *env, const struct weir_stream *keyed, const struct weir_windows *w,
                          const struct weir_aggregate *fn)
{
    const char *wrong = NULL;

    if (keyed->partitioning != EDGE_HASH)
        wrong = "the stream has no key; weir_key_by comes before";
    else if (keyed->time_column == NULL)
        wrong = "the stream has no event time; weir_watermark comes before weir_key_by";
    else if ((w->kind == WEIR_TUMBLING || w->kind == WEIR_SLIDING) && w->size_us < WEIR_MILLISECOND)
        wrong = "size_us is less than a millisecond";
    else if (w->kind == WEIR_SLIDING && w->slide_us < WEIR_MILLISECOND)
        wrong = "slide_us is less than a millisecond";
    else if (w->kind == WEIR_SESSION && (w->gap_us < WEIR_MILLISECOND || fn->merge == NULL))
        wrong = "a session wants gap_us, a millisecond at least, and merge";
    else if (w->allowed_lateness_us < 0)
        wrong = "allowed_lateness_us is negative";
    if (wrong)
        stream_fail(env, ERR_CONFIG, "weir_window %s: %s", fn->name, wrong);
    return wrong == NULL;
}

static const struct window_function *function_of(struct weir_env *env, const struct weir_aggregate *fn)
{
    struct window_function *f = weir_memory(env, sizeof *f);

    if (f)
        *f = (struct window_function){
            .acc_size = fn->acc_bytes, .add = add_rows, .merge = fn->merge ? merge : NULL, .emit = emit};
    if (f)
        f->fields = state_fields(env, fn, &f->field_count);
    return f;
}

static struct window_common common_of(const struct weir_stream *keyed, const struct weir_windows *w,
                                      const struct user_window *user, const struct window_function *f)
{
    return (struct window_common){
        .input = keyed->schema,
        .output = user->output,
        .time_column = schema_find(keyed->schema, slice_text(keyed->time_column)),
        .key_count = keyed->key_count,
        .keys = keyed->keys,
        .allowed_lateness_us = w->allowed_lateness_us,
        .fn = f,
        .fn_arg = user,
        .result_time_column = -1,
        .observer = &observer,
    };
}

static struct weir_stream *add_session(struct weir_stream *keyed, const struct weir_windows *w,
                                       struct vertex *v, struct window_common common)
{
    struct session_spec *spec = weir_memory(keyed->env, sizeof *spec);

    if (spec)
        *spec = (struct session_spec){.common = common, .gap_us = w->gap_us};
    v->factory = &session_window_factory;
    v->spec = spec;
    return stream_add(keyed, v);
}

static struct weir_stream *add_aligned(struct weir_stream *keyed, const struct weir_windows *w,
                                       struct vertex *v, struct window_common common)
{
    static const enum window_kind kinds[] = {
        [WEIR_TUMBLING] = WINDOW_TUMBLING, [WEIR_SLIDING] = WINDOW_SLIDING, [WEIR_MONTHLY] = WINDOW_MONTH};
    struct window_spec *spec = weir_memory(keyed->env, sizeof *spec);

    if (spec)
        *spec = (struct window_spec){.common = common,
                                     .kind = kinds[w->kind],
                                     .size_us = w->size_us,
                                     .slide_us = w->slide_us,
                                     .offset_us = w->offset_us};
    v->factory = &window_agg_factory;
    v->spec = spec;
    return stream_add(keyed, v);
}

/* Somebody reads the late rows. Both specs begin with what they have in common. */
static void emit_late(void *spec)
{
    ((struct window_common *)spec)->late_to_port = true;
}

struct weir_stream *weir_window(struct weir_stream *keyed, const struct weir_windows *w,
                                const struct weir_aggregate *fn, const void *arg)
{
    struct weir_env *env = keyed->env;
    struct user_window *user = weir_memory(env, sizeof *user);
    const struct window_function *f;
    struct window_common common;
    struct vertex v = {.name = fn->name, .keyed = true};
    struct weir_stream *out;

    if (env->failed || user == NULL || !check_windows(env, keyed, w, fn))
        return stream_dead(env);
    *user = (struct user_window){.fn = *fn,
                                 .arg = arg,
                                 .key_count = keyed->key_count,
                                 .output = stream_columns(env, fn->columns, fn->name)};
    f = function_of(env, fn);
    if (env->failed)
        return stream_dead(env);
    for (int32_t i = 0; i < keyed->key_count; i++)
        if (i >= user->output->field_count ||
            user->output->fields[i].type->kind != keyed->schema->fields[keyed->keys[i]].type->kind) {
            stream_fail(env, ERR_CONFIG, "weir_window %s: the columns must begin with the key's", fn->name);
            return stream_dead(env);
        }
    common = common_of(keyed, w, user, f);
    v.schema = user->output;
    out = w->kind == WEIR_SESSION ? add_session(keyed, w, &v, common) : add_aligned(keyed, w, &v, common);
    out->time_column = NULL;
    out->sides[1] = keyed->schema;
    out->use_side = emit_late;
    return out;
}
