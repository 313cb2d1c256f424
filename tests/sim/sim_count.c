/* sim_count.c: the keyed counter, which keeps one number a key and puts it behind each row; and the job's
 * graph. It asks to be called again (ERR_WAIT, *more) when chance says so, as operators do whose service is
 * busy or output full.
 */
#include "base/mem.h"
#include "batch/builder.h"
#include "os/random.h"
#include "sim_job.h"

struct count {
    struct op base;
    struct sim_job *job;
    const struct op_env *env;
    struct random random;
    struct state *state;
    struct key_batch keys;
    bool waited; /* the call at hand was refused once */
};

static struct count *count_of(struct op *o)
{
    return CONTAINER_OF(o, struct count, base);
}

static enum err count_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct count *c = count_of(o);
    struct state_desc desc = {.name = "count", .key = c->job->key_schema, .value_size = sizeof(int64_t)};

    c->env = env;
    random_seed(&c->random, env->seed);
    return state_declare(env->state, &desc, &c->state, e);
}

/* Refuse now and then, once for each call; the wake comes later. */
static bool refuses(struct count *c)
{
    if (c->waited || c->job->wait_every == 0 || random_below(&c->random, c->job->wait_every) != 0) {
        c->waited = false;
        return false;
    }
    c->waited = true;
    c->env->wake_at(c->env->wake_arg, clock_wall_us(c->env->clock) + (int64_t)random_below(&c->random, 3000));
    return true;
}

static enum err count_rows(struct count *c, struct batch *b, struct builder *builder, struct error *e)
{
    static const int32_t key_column[] = {0};

    if (!key_batch_fill(&c->keys, b, key_column, 1))
        return error_memory(e, 0, "keys");
    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);
        char *value = state_edit(c->state, c->keys.keys[i], 0, NULL);
        int64_t n;

        if (value == NULL)
            return error_memory(e, 0, "a count");
        memcpy(&n, value, sizeof n);
        n++;
        memcpy(value, &n, sizeof n);
        for (int k = 0; k < 3; k++)
            builder_i64(&builder->columns[k], b->columns[k].i64[row]);
        builder_i64(&builder->columns[3], n);
    }
    return OK;
}

static enum err count_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct count *c = count_of(o);
    struct builder builder;
    struct batch *out = NULL;
    enum err rc;

    if (refuses(c))
        return ERR_WAIT;
    if (sim_job_fault(c->job, &c->random, c->job->fail_every))
        return error_set(e, ERR_IO, "counting: an injected fault");
    if (!builder_init(&builder, c->job->count_schema, NULL))
        return error_memory(e, 0, "a batch");
    if ((rc = count_rows(c, b, &builder, e)) == OK && (rc = builder_finish(&builder, &out, e)) == OK)
        rc = c->env->out->batch(c->env->out, 0, out, e);
    builder_fini(&builder);
    return rc;
}

/* Watermarks are asked for a second time now and then, as by one whose output is full. */
static enum err count_watermark(struct op *o, int64_t watermark_us, bool *more, struct error *e)
{
    struct count *c = count_of(o);

    if (watermark_us != WATERMARK_END && c->job->wait_every > 0 &&
        random_below(&c->random, c->job->wait_every) == 0) {
        *more = true;
        return OK;
    }
    return c->env->out->watermark(c->env->out, watermark_us, e);
}

static enum err count_end(struct op *o, UNUSED struct error *e)
{
    return refuses(count_of(o)) ? ERR_WAIT : OK;
}

static void count_close(struct op *o)
{
    struct count *c = count_of(o);

    key_batch_fini(&c->keys);
    mem_free(c);
}

static enum err count_poll(UNUSED struct op *o, UNUSED bool *more, UNUSED bool *done, UNUSED struct error *e)
{
    return OK; /* only to be woken */
}

static const struct operator_ops count_ops = {
    .name = "sim_count",
    .open = count_open,
    .batch = count_batch,
    .watermark = count_watermark,
    .poll = count_poll,
    .end = count_end,
    .close = count_close,
};

static enum err count_new(const void *spec, struct op **out, struct error *e)
{
    struct count *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "the counter");
    c->base.ops = &count_ops;
    c->job = (struct sim_job *)spec;
    *out = &c->base;
    return OK;
}

const struct operator_factory sim_count_factory = {"sim_count", count_new, NULL};

/* --- the graph --- */

static int32_t add_vertex(struct graph *g, struct sim_job *job, const char *uid,
                          const struct operator_factory *factory, const struct schema *schema)
{
    return graph_vertex(g, &(struct vertex){.name = uid,
                                            .uid = uid,
                                            .factory = factory,
                                            .spec = job,
                                            .is_source = factory == &sim_source_factory,
                                            .keyed = factory == &sim_count_factory,
                                            .schema = schema});
}

static void add_edge(struct graph *g, int32_t from, int32_t to, enum partitioning partitioning,
                     const int32_t *key)
{
    graph_edge(
        g, &(struct edge){
               .from = from, .to = to, .partitioning = partitioning, .key_count = key != NULL, .keys = key});
}

enum err sim_job_graph(struct sim_job *job, struct graph *g, int32_t parallelism, bool extra_hop,
                       struct error *e)
{
    static const int32_t key[] = {0}, partition[] = {1};
    int32_t source, hold, order, count, sink;
    enum err rc;

    if ((rc = schema_parse(&g->arena, SLICE("k BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL"),
                           &job->source_schema, e)) != OK ||
        (rc = schema_parse(
             &g->arena, SLICE("k BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL, n BIGINT NOT NULL"),
             &job->count_schema, e)) != OK ||
        (rc = schema_parse(&g->arena, SLICE("k BIGINT NOT NULL"), &job->key_schema, e)) != OK)
        return rc;
    order = source = add_vertex(g, job, "source", &sim_source_factory, job->source_schema);
    if (extra_hop) {
        hold = add_vertex(g, job, "hold", &sim_hold_factory, job->source_schema);
        order = add_vertex(g, job, "order", &sim_order_factory, job->source_schema);
        add_edge(g, source, hold, EDGE_REBALANCE, NULL);
        add_edge(g, hold, order, EDGE_FORWARD, NULL);
    }
    count = add_vertex(g, job, "count", &sim_count_factory, job->count_schema);
    sink = add_vertex(g, job, "sink", &sim_sink_factory, NULL);
    add_edge(g, order, count, EDGE_HASH, key);
    add_edge(g, count, sink, EDGE_HASH, partition);
    return graph_finish(g, parallelism, 16, e);
}
