/* engine_time_test.c: time through a running job: two sources that do what the test says, one task that takes
 * from both and writes down what it is told; the engine step by step in this thread, work done at once.
 */
#include "base/mem.h"
#include "base/test.h"
#include "checkpoint/fs_memory.h"
#include "engine/engine.h"
#include <stdio.h>

enum action { NOTHING, WATERMARK, IDLE, SPLIT, END };

/* What a source does at its next poll. */
struct puppet {
    struct op base;
    const struct op_env *env;
    enum action action;
    int64_t value;            /* of WATERMARK */
    struct split_event split; /* of SPLIT */
};

struct recorder {
    struct op base;
    const struct op_env *env;
};

static struct puppet *puppets[2];
static struct bytes record;
static int parts_left; /* the recorder does a watermark in so many parts, and wants to be called again */

static void put_time(int64_t us)
{
    if (us == WATERMARK_END)
        bytes_text(&record, "end-of-time ");
    else
        bytes_printf(&record, "%" PRId64 " ", us);
}

/* --- the operators --- */

static enum err puppet_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    struct puppet *p = CONTAINER_OF(o, struct puppet, base);

    p->env = env;
    puppets[strcmp(env->uid, "b") == 0] = p;
    return OK;
}

static enum err puppet_poll(struct op *o, UNUSED bool *more, bool *done, struct error *e)
{
    struct puppet *p = CONTAINER_OF(o, struct puppet, base);
    struct output *out = p->env->out;
    enum action action = p->action;

    p->action = NOTHING;
    *done = action == END;
    if (action == WATERMARK)
        return out->watermark(out, p->value, e);
    if (action == IDLE)
        return output_idle(out, true, e);
    return action == SPLIT ? out->split(out, &p->split, e) : OK;
}

static void puppet_close(struct op *o)
{
    mem_free(CONTAINER_OF(o, struct puppet, base));
}

static const struct operator_ops puppet_ops = {
    .name = "puppet", .open = puppet_open, .poll = puppet_poll, .close = puppet_close};

static enum err puppet_new(UNUSED const void *spec, struct op **out, struct error *e)
{
    struct puppet *p = mem_zalloc(sizeof *p);

    if (p == NULL)
        return error_memory(e, sizeof *p, "a puppet");
    p->base.ops = &puppet_ops;
    *out = &p->base;
    return OK;
}

static enum err recorder_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    CONTAINER_OF(o, struct recorder, base)->env = env;
    return OK;
}

static enum err recorder_watermark(struct op *o, int64_t us, bool *more, struct error *e)
{
    struct output *out = CONTAINER_OF(o, struct recorder, base)->env->out;

    if (parts_left-- > 0) {
        *more = true;
        return OK;
    }
    put_time(us);
    return out->watermark(out, us, e);
}

static enum err recorder_batch(UNUSED struct op *o, UNUSED int32_t input, UNUSED struct batch *b,
                               UNUSED struct error *e)
{
    return OK;
}

static enum err recorder_end(UNUSED struct op *o, UNUSED struct error *e)
{
    bytes_text(&record, "end ");
    return OK;
}

static void recorder_close(struct op *o)
{
    mem_free(CONTAINER_OF(o, struct recorder, base));
}

static const struct operator_ops recorder_ops = {.name = "recorder",
                                                 .open = recorder_open,
                                                 .batch = recorder_batch,
                                                 .watermark = recorder_watermark,
                                                 .end = recorder_end,
                                                 .close = recorder_close};

static enum err recorder_new(UNUSED const void *spec, struct op **out, struct error *e)
{
    struct recorder *r = mem_zalloc(sizeof *r);

    if (r == NULL)
        return error_memory(e, sizeof *r, "a recorder");
    r->base.ops = &recorder_ops;
    *out = &r->base;
    return OK;
}

static const struct operator_factory puppet_factory = {"puppet", puppet_new, NULL};
static const struct operator_factory recorder_factory = {"recorder", recorder_new, NULL};

/* --- the job --- */

static int64_t now_us(UNUSED struct clock *c)
{
    return 1000;
}

static bool at_once(UNUSED struct executor *x, void (*fn)(void *arg), void *arg)
{
    fn(arg);
    return true;
}

static uint32_t pick_last(UNUSED void *arg, uint32_t n)
{
    return n - 1;
}

struct fixture {
    struct clock clock;
    struct executor executor;
    struct fs *fs;
    struct graph graph;
    struct engine *engine;
    bool ended;
    struct error e;
};

static void settle(struct fixture *f)
{
    bool idle = false;
    int64_t due_us;

    while (!idle && !f->ended)
        ASSERT_OK(engine_step(f->engine, pick_last, NULL, &idle, &due_us, &f->ended, &f->e), &f->e);
}

static int32_t add(struct graph *g, const char *name, const struct operator_factory *factory, bool is_source)
{
    return graph_vertex(
        g, &(struct vertex){.name = name, .uid = name, .factory = factory, .is_source = is_source});
}

static void setup(struct fixture *f)
{
    struct engine_config config = {0};
    int32_t a, b, r;

    *f = (struct fixture){.clock = {now_us, now_us}, .executor.submit = at_once, .fs = fs_memory_new(NULL)};
    graph_init(&f->graph, "job");
    a = add(&f->graph, "a", &puppet_factory, true);
    b = add(&f->graph, "b", &puppet_factory, true);
    r = add(&f->graph, "recorder", &recorder_factory, false);
    graph_edge(&f->graph, &(struct edge){.from = a, .to = r, .partitioning = EDGE_REBALANCE});
    graph_edge(&f->graph, &(struct edge){.from = b, .to = r, .input = 1, .partitioning = EDGE_BROADCAST});
    ASSERT_OK(graph_finish(&f->graph, 1, 0, &f->e), &f->e);
    config.clock = &f->clock;
    config.executor = &f->executor;
    config.fs = f->fs;
    config.seed = 1;
    ASSERT_OK(engine_new(&f->graph, &config, &f->engine, &f->e), &f->e);
    settle(f);
}

static void teardown(struct fixture *f)
{
    engine_free(f->engine);
    graph_fini(&f->graph);
    fs_free(f->fs);
    bytes_fini(&record);
}

struct act {
    char source; /* 'a', 'b' */
    enum action action;
    int64_t value; /* of WATERMARK; of SPLIT its number */
    enum split_change change;
    const char *want; /* what the recorder is told */
};

static void play(const char *name, const struct act *acts, size_t count)
{
    struct fixture f;

    setup(&f);
    for (size_t i = 0; i < count; i++) {
        struct puppet *p = puppets[acts[i].source == 'b'];

        bytes_clear(&record);
        p->action = acts[i].action;
        p->value = acts[i].value;
        p->split = (struct split_event){acts[i].change, (int32_t)acts[i].value, "split", WATERMARK_NONE};
        p->env->wake(p->env->wake_arg);
        settle(&f);
        if (!slice_is(bytes_all(&record), acts[i].want))
            fail_msg("%s, act %zu: got '" SLICE_FMT "', want '%s'", name, i, SLICE_ARG(bytes_all(&record)),
                     acts[i].want);
    }
    teardown(&f);
}

#define PLAY(name, ...)                                                                                      \
    do {                                                                                                     \
        static const struct act acts[] = {__VA_ARGS__};                                                      \
        play(name, acts, COUNT_OF(acts));                                                                    \
    } while (0)

static void test_minimum(UNUSED void **state)
{
    PLAY("the least counts", {'a', WATERMARK, 10, 0, ""}, {'b', WATERMARK, 5, 0, "5 "},
         {'b', WATERMARK, 5, 0, ""}, {'b', WATERMARK, 3, 0, ""}, {'b', WATERMARK, 20, 0, "10 "},
         {'a', WATERMARK, 15, 0, "15 "});
    PLAY("who has ended holds nobody up", {'a', WATERMARK, 10, 0, ""}, {'b', END, 0, 0, "10 "},
         {'a', WATERMARK, 12, 0, "12 "}, {'a', END, 0, 0, "end-of-time end "});
    PLAY("before 1970", {'a', WATERMARK, -10, 0, ""}, {'b', WATERMARK, -20, 0, "-20 "});
}

static void test_idleness(UNUSED void **state)
{
    PLAY("an idle one is not waited for", {'a', WATERMARK, 10, 0, ""}, {'b', IDLE, 0, 0, "10 "},
         {'a', WATERMARK, 20, 0, "20 "}, {'b', WATERMARK, 15, 0, ""} /* it is again; time does not go back */,
         {'a', WATERMARK, 30, 0, ""}, {'b', WATERMARK, 25, 0, "25 "});
    PLAY("all are idle: time stands", {'a', WATERMARK, 10, 0, ""}, {'b', WATERMARK, 5, 0, "5 "},
         {'a', IDLE, 0, 0, ""}, {'b', IDLE, 0, 0, ""}, {'b', WATERMARK, 7, 0, "7 "});
    PLAY("its splits are idle", {'a', WATERMARK, 10, 0, ""}, {'b', SPLIT, 1, SPLIT_ADDED, ""},
         {'b', SPLIT, 2, SPLIT_ADDED, ""}, {'b', SPLIT, 1, SPLIT_IDLE, ""},
         {'b', SPLIT, 2, SPLIT_REMOVED, "10 "}, {'b', SPLIT, 1, SPLIT_ACTIVE, ""},
         {'a', WATERMARK, 20, 0, ""}, {'b', SPLIT, 1, SPLIT_REMOVED, "20 "});
    PLAY("it has no splits", {'a', WATERMARK, 10, 0, ""}, {'b', SPLIT, -1, SPLIT_IDLE, "10 "},
         {'b', SPLIT, 1, SPLIT_ADDED, ""}, {'a', WATERMARK, 20, 0, ""});
}

/* Nothing but the engine itself can go on with it: no input comes, and no wake. */
static void test_in_parts(UNUSED void **state)
{
    parts_left = 5;
    PLAY("called again until it is done", {'a', WATERMARK, 10, 0, ""}, {'b', WATERMARK, 5, 0, "5 "},
         {'b', WATERMARK, 6, 0, "6 "});
    assert_true(parts_left < 0);
    parts_left = 0;
}

static void test_end(UNUSED void **state)
{
    struct engine_status status;
    struct fixture f;

    setup(&f);
    bytes_clear(&record);
    puppets[0]->action = puppets[1]->action = END;
    puppets[0]->env->wake(puppets[0]->env->wake_arg);
    puppets[1]->env->wake(puppets[1]->env->wake_arg);
    settle(&f);
    assert_true(f.ended);
    assert_true(slice_is(bytes_all(&record), "end-of-time end "));
    engine_status(f.engine, &status);
    assert_int_equal(status.state, JOB_FINISHED);
    assert_int_equal(status.checkpoints_completed, 1); /* the last, though none were asked for */
    teardown(&f);
}

TEST_MAIN(cmocka_unit_test(test_minimum), cmocka_unit_test(test_idleness), cmocka_unit_test(test_in_parts),
          cmocka_unit_test(test_end))
