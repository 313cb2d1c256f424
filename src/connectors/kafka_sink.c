/* kafka_sink.c: see kafka_sink.h. A batch is encoded into a block of payloads, and the block handed to the
 * producer; kafka_buffer.c stands between them when updates of a key are to be reduced.
 */
#include "connectors/kafka_sink.h"
#include "base/mem.h"
#include "connectors/kafka_buffer.h"
#include "connectors/kafka_producer.h"
#include "connectors/kafka_sink_metrics.h"

#define LOOK_EVERY_US INT64_C(100000) /* at answers, when nothing else calls us */

struct kafka_sink {
    struct op op;
    const struct kafka_sink_spec *spec;
    const struct op_env *env;
    struct kafka_producer *producer;
    struct encode_spec key_spec, value_spec; /* the encoders borrow them */
    struct encoder *keys, *values;           /* keys NULL: messages have none */
    struct kafka_buffer buffer;
    struct kafka_sink_metrics metrics;
    int64_t flush_us; /* wall clock: when the buffer is due, 0: it is empty */
    bool looks;       /* wake_at was asked for */
};

static struct kafka_sink *self(struct op *o)
{
    return CONTAINER_OF(o, struct kafka_sink, op);
}

/* --- what goes with a message ------------------------------------------------------------------------- */

static rd_kafka_headers_t *headers_of(const struct column *c, int32_t row)
{
    const struct column *names = &c->children[0], *values = &c->children[1];
    int32_t begin = c->offsets[row], end = c->offsets[row + 1];
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)(end - begin));

    for (int32_t i = begin; headers && i < end; i++) {
        struct slice name, value;

        if (!column_valid(names, i) || !column_valid(values, i))
            continue; /* as Flink does */
        name = column_slice(names, i);
        value = column_slice(values, i);
        rd_kafka_header_add(headers, name.ptr, (ssize_t)name.len, value.ptr, (ssize_t)value.len);
    }
    return headers;
}

static enum err find_topic(const struct kafka_sink_spec *spec, const struct column *c, int32_t row,
                           int32_t *out, struct error *e)
{
    struct slice name = column_valid(c, row) ? column_slice(c, row) : SLICE("");

    for (int32_t i = 0; i < spec->topic_count; i++)
        if (slice_is(name, spec->topics[i])) {
            *out = i;
            return OK;
        }
    return error_set(e, ERR_INPUT, "a row is for topic '" SLICE_FMT "', which is not in the table's 'topic'",
                     SLICE_ARG(name));
}

static int64_t timestamp_of(const struct column *c, int32_t row)
{
    if (!column_valid(c, row))
        return 0;
    return MAX(c->i64[row] / 1000, 1); /* 0 is now, to librdkafka; 1970 begins a millisecond late */
}

static bool extra(const struct kafka_block *b, int32_t nth, struct kafka_extra *out, struct error *e)
{
    const struct kafka_sink_spec *spec = b->arg;
    int32_t row = batch_row(b->rows, nth);
    const struct column *columns = b->rows->columns;

    if (spec->topic_column >= 0 && find_topic(spec, &columns[spec->topic_column], row, &out->topic, e) != OK)
        return false;
    if (spec->timestamp_column >= 0)
        out->timestamp_ms = timestamp_of(&columns[spec->timestamp_column], row);
    if (spec->headers_column >= 0 && column_valid(&columns[spec->headers_column], row) &&
        (out->headers = headers_of(&columns[spec->headers_column], row)) == NULL)
        return error_memory(e, sizeof *out, "headers of a message"), false;
    return true;
}

static bool has_extra(const struct kafka_sink_spec *spec)
{
    return spec->topic_column >= 0 || spec->timestamp_column >= 0 || spec->headers_column >= 0;
}

/* --- batches ------------------------------------------------------------------------------------------ */

/* An update's row from before says nothing when the one from after follows: its key's value is that. */
static enum err drop_befores(struct kafka_block *block, const struct batch *b, struct error *e)
{
    int32_t count = batch_live(b);

    for (int32_t i = 0; b->row_kinds && i + 1 < count; i++)
        if (b->row_kinds[batch_row(b, i)] == ROW_UPDATE_BEFORE &&
            b->row_kinds[batch_row(b, i + 1)] == ROW_UPDATE_AFTER &&
            slice_equal(payload_run_get(&block->keys, i), payload_run_get(&block->keys, i + 1)) &&
            !kafka_block_kill(block, i))
            return error_memory(e, sizeof *block, "messages");
    return OK;
}

/* A plan of SQL has seen to it; a C job may give any rows. */
static enum err check_kinds(const struct kafka_sink *s, const struct batch *b, struct error *e)
{
    const struct format *f = s->spec->value.format;

    if (b->row_kinds == NULL || s->spec->upsert || f->writes != FORMAT_INSERTS)
        return OK;
    for (int32_t i = 0; i < batch_live(b); i++)
        if (b->row_kinds[batch_row(b, i)] != ROW_INSERT)
            return error_set(
                e, ERR_INPUT,
                "format '%s' writes new rows only, and an update or delete came; take a format of "
                "changes (debezium-json), or connector 'upsert-kafka'",
                f->name);
    return OK;
}

static enum err encode(struct kafka_sink *s, struct batch *b, struct kafka_block *block, struct error *e)
{
    enum err rc = check_kinds(s, b, e);

    if (rc != OK)
        return rc;
    if (s->keys && (rc = encoder_encode(s->keys, b, &block->keys, e)) != OK)
        return rc == ERR_WAIT ? rc : error_add(e, rc, "keys for Kafka");
    if ((rc = encoder_encode(s->values, b, &block->values, e)) != OK)
        return rc == ERR_WAIT ? rc : error_add(e, rc, "values for Kafka");
    if (has_extra(s->spec)) {
        block->rows = batch_ref(b);
        block->extra = extra;
        block->arg = s->spec;
    }
    return s->spec->upsert ? drop_befores(block, b, e) : OK;
}

/* See to it that answers are looked at, and the buffer when it is due. */
static void look_later(struct kafka_sink *s)
{
    int64_t at_us = clock_wall_us(s->env->clock) + LOOK_EVERY_US;

    if (s->flush_us && s->flush_us < at_us)
        at_us = s->flush_us;
    else if (s->looks)
        return;
    s->looks = true;
    s->env->wake_at(s->env->wake_arg, at_us);
}

static enum err flush_buffer(struct kafka_sink *s, struct error *e)
{
    struct kafka_block *b;
    enum err rc = OK;

    s->flush_us = 0;
    while (rc == OK && (b = kafka_buffer_take(&s->buffer)) != NULL)
        rc = kafka_producer_send(s->producer, b, e);
    return rc;
}

static enum err hold(struct kafka_sink *s, struct kafka_block *block, struct error *e)
{
    enum err rc = kafka_buffer_add(&s->buffer, block, e); /* takes it */

    if (rc != OK)
        return rc;
    if (kafka_buffer_is_full(&s->buffer))
        return flush_buffer(s, e);
    if (s->flush_us == 0)
        s->flush_us = clock_wall_us(s->env->clock) + s->spec->buffer_ms * 1000;
    return OK;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct kafka_sink *s = self(o);
    struct kafka_block *block;
    bool full;
    enum err rc;

    if ((rc = kafka_producer_full(s->producer, &full, e)) != OK || full)
        return rc == OK ? ERR_WAIT : rc;
    if ((block = kafka_producer_begin(s->producer)) == NULL)
        return error_memory(e, sizeof *block, "messages");
    if ((rc = encode(s, b, block, e)) != OK) {
        kafka_producer_drop(s->producer, block);
        return rc;
    }
    rc = s->spec->buffer_rows ? hold(s, block, e) : kafka_producer_send(s->producer, block, e);
    kafka_sink_metrics_update(&s->metrics, s->producer);
    look_later(s);
    return rc;
}

static enum err sink_poll(struct op *o, UNUSED bool *more, UNUSED bool *done, struct error *e)
{
    struct kafka_sink *s = self(o);
    int64_t left;
    enum err rc;

    s->looks = false;
    if ((rc = kafka_producer_poll(s->producer, false, &left, e)) != OK)
        return rc;
    if (s->flush_us && clock_wall_us(s->env->clock) >= s->flush_us && (rc = flush_buffer(s, e)) != OK)
        return rc;
    kafka_sink_metrics_update(&s->metrics, s->producer);
    if (left || s->flush_us)
        look_later(s);
    return OK;
}

/* --- checkpoints and the end -------------------------------------------------------------------------- */

struct flush {
    struct kafka_producer *producer; /* referenced */
    int64_t number;
};

static enum err run_flush(void *arg, UNUSED struct op_snapshot *s, struct error *e)
{
    struct flush *f = arg;

    return kafka_producer_flush(f->producer, f->number, e);
}

static void drop_flush(void *arg)
{
    struct flush *f = arg;

    kafka_producer_unref(f->producer);
    mem_free(f);
}

static enum err sink_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    struct kafka_sink *s = self(o);
    struct flush *f;
    enum err rc = flush_buffer(s, e);

    if (rc != OK || !s->spec->guaranteed)
        return rc;
    if ((f = mem_alloc(sizeof *f)) == NULL)
        return error_memory(e, sizeof *f, "a flush");
    *f = (struct flush){kafka_producer_ref(s->producer), kafka_producer_last(s->producer)};
    return snapshot_later(out, run_flush, drop_flush, f) ? OK : error_memory(e, sizeof *f, "a flush");
}

/* Told again after each wake until all is answered. */
static enum err sink_end(struct op *o, struct error *e)
{
    struct kafka_sink *s = self(o);
    int64_t left;
    enum err rc;

    if ((rc = flush_buffer(s, e)) != OK || (rc = kafka_producer_poll(s->producer, true, &left, e)) != OK)
        return rc;
    kafka_sink_metrics_update(&s->metrics, s->producer);
    return left ? ERR_WAIT : OK;
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err make_encoder(struct kafka_sink *s, const struct kafka_payload *payload, bool is_key,
                             struct encode_spec *spec, struct encoder **out, struct error *e)
{
    *spec = (struct encode_spec){.schema = payload->schema,
                                 .columns = payload->columns,
                                 .options = payload->options,
                                 .topic = s->spec->topics[0],
                                 .is_key = is_key,
                                 .tombstones = s->spec->upsert && !is_key,
                                 .budget = s->env->budget,
                                 .executor = s->env->executor,
                                 .wake = s->env->wake,
                                 .wake_arg = s->env->wake_arg};
    return payload->format->encoder_new(spec, out, e);
}

static void find_topics(void *arg)
{
    kafka_producer_find_topics(arg);
    kafka_producer_unref(arg);
}

static enum err open_producer(struct kafka_sink *s, struct error *e)
{
    const struct kafka_sink_spec *spec = s->spec;
    struct kafka_producer_spec p = {.properties = spec->properties,
                                    .topics = spec->topics,
                                    .topic_count = spec->topic_count,
                                    .subtask = s->env->subtask,
                                    .guaranteed = spec->guaranteed,
                                    .round_robin = spec->partitioner == KAFKA_PARTITIONER_ROUND_ROBIN,
                                    .fixed = spec->partitioner == KAFKA_PARTITIONER_FIXED,
                                    .clock = s->env->clock,
                                    .wake = s->env->wake,
                                    .wake_arg = s->env->wake_arg};
    enum err rc = kafka_producer_new(&p, &s->producer, e);

    if (rc != OK)
        return rc;
    if (executor_submit(s->env->executor, find_topics, kafka_producer_ref(s->producer)))
        return OK;
    kafka_producer_unref(s->producer);
    return error_memory(e, sizeof *s, "a Kafka sink");
}

static enum err sink_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct kafka_sink *s = self(o);
    enum err rc;

    s->env = env;
    kafka_buffer_init(&s->buffer, s->spec->buffer_rows);
    if ((s->spec->key.format &&
         (rc = make_encoder(s, &s->spec->key, true, &s->key_spec, &s->keys, e)) != OK) ||
        (rc = make_encoder(s, &s->spec->value, false, &s->value_spec, &s->values, e)) != OK ||
        (rc = open_producer(s, e)) != OK)
        return rc;
    kafka_sink_metrics_init(&s->metrics, env);
    return OK;
}

static void sink_close(struct op *o)
{
    struct kafka_sink *s = self(o);
    struct kafka_block *b;

    while (s->producer && (b = kafka_buffer_take(&s->buffer)) != NULL)
        kafka_producer_drop(s->producer, b);
    kafka_buffer_fini(&s->buffer);
    if (s->producer)
        kafka_producer_close(s->producer);
    kafka_producer_unref(s->producer);
    encoder_free(s->keys);
    encoder_free(s->values);
    kafka_sink_metrics_fini(&s->metrics);
    mem_free(s);
}

static const struct operator_ops sink_ops = {
    .name = "kafka_sink",
    .open = sink_open,
    .batch = sink_batch,
    .poll = sink_poll,
    .snapshot = sink_snapshot,
    .end = sink_end,
    .close = sink_close,
};

static enum err sink_new(const void *spec, struct op **out, struct error *e)
{
    struct kafka_sink *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "a Kafka sink");
    s->op.ops = &sink_ops;
    s->spec = spec;
    *out = &s->op;
    return OK;
}

const struct operator_factory kafka_sink_factory = {.name = "kafka_sink", .operator_new = sink_new};
