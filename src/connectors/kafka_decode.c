/* kafka_decode.c: see kafka_decode.h. */
#include "connectors/kafka_decode.h"
#include "base/mem.h"
#include "os/log.h"

#define LOG_EVERY_US INT64_C(10000000)

struct kafka_decode {
    struct op op;
    const struct kafka_decode_spec *spec;
    const struct op_env *env;
    struct decode_spec key_spec, value_spec; /* the decoders borrow them */
    struct decoder *keys, *values;
    int32_t *key_rows, *value_rows, *selection; /* owned: of one batch's rows; value_rows -1: a tombstone */
    int32_t capacity, count;
    struct counter *skipped;
    int64_t logged_us;
};

static struct kafka_decode *self(struct op *o)
{
    return CONTAINER_OF(o, struct kafka_decode, op);
}

/* --- what could not be read --------------------------------------------------------------------------- */

static struct slice text_of(const struct batch *b, int32_t column, int32_t row)
{
    return column_valid(&b->columns[column], row) ? column_slice(&b->columns[column], row) : SLICE("?");
}

static enum err fail(const struct batch *errors, const char *part, struct error *e)
{
    int32_t row = batch_row(errors, 0);
    struct slice topic = text_of(errors, RAW_TOPIC, row), message = text_of(errors, ERROR_MESSAGE, row);

    return error_set(e, ERR_INPUT,
                     "the %s of a message of %.*s, partition %" PRId32 ", offset %" PRId64
                     ", cannot be read: %.*s; set 'on-error' to skip to go on without it",
                     part, (int)topic.len, topic.ptr, errors->columns[RAW_PARTITION].i32[row],
                     errors->columns[RAW_OFFSET].i64[row], (int)MIN(message.len, (size_t)500), message.ptr);
}

/* Takes errors. */
static enum err deal_with(struct kafka_decode *d, struct batch *errors, const char *part, struct error *e)
{
    int64_t now_us = clock_mono_us(d->env->clock);
    struct error why;
    enum err rc = OK;

    if (errors == NULL)
        return OK;
    if (d->spec->on_error == ON_ERROR_FAIL) {
        rc = fail(errors, part, e);
    } else {
        counter_add(d->skipped, batch_live(errors));
        if (d->logged_us == 0 || now_us - d->logged_us >= LOG_EVERY_US) {
            fail(errors, part, &why);
            log_warn("decode", "%s: skipped %" PRId32 " messages; %s", d->env->name, batch_live(errors),
                     why.text);
            d->logged_us = MAX(now_us, 1);
        }
    }
    batch_unref(errors);
    return rc;
}

/* --- decoding one half -------------------------------------------------------------------------------- */

/* The keys where the values are: for a decoder nothing else changes. */
static struct batch *keys_as_values(struct kafka_decode *d, struct batch *raw)
{
    int32_t columns[RAW_COLUMN_COUNT];

    for (int32_t i = 0; i < RAW_COLUMN_COUNT; i++)
        columns[i] = i == RAW_VALUE ? RAW_KEY : i;
    return batch_project(raw, &format_raw_schema, columns, d->env->budget);
}

/* The messages that have a value. */
static struct batch *with_values(struct kafka_decode *d, struct batch *raw)
{
    int32_t count = 0;

    for (int32_t i = 0; i < batch_live(raw); i++) {
        int32_t row = batch_row(raw, i);

        if (column_valid(&raw->columns[RAW_VALUE], row))
            d->selection[count++] = row;
    }
    return batch_select(raw, d->selection, count, d->env->budget);
}

static enum err decode_half(struct kafka_decode *d, bool is_key, struct batch *raw, struct batch **rows,
                            struct error *e)
{
    struct batch *part, *errors = NULL;
    enum err rc;

    *rows = NULL;
    if (is_key)
        part = keys_as_values(d, raw);
    else
        part = d->spec->upsert ? with_values(d, raw) : batch_ref(raw);
    if (part == NULL)
        return error_memory(e, sizeof *part, "messages");
    rc = decoder_decode(is_key ? d->keys : d->values, part, rows, &errors, e);
    batch_unref(part);
    if (rc == OK)
        rc = deal_with(d, errors, is_key ? "key" : "value", e);
    if (rc != OK) {
        batch_unref(*rows);
        *rows = NULL;
    }
    return rc;
}

/* --- putting together --------------------------------------------------------------------------------- */

static bool has_room(struct kafka_decode *d, int32_t count)
{
    int32_t **arrays[] = {&d->key_rows, &d->value_rows, &d->selection};

    if (count <= d->capacity)
        return true;
    for (size_t i = 0; i < COUNT_OF(arrays); i++) {
        int32_t *grown = mem_realloc(*arrays[i], (size_t)count * sizeof *grown);

        if (grown == NULL)
            return false;
        *arrays[i] = grown;
    }
    d->capacity = count;
    return true;
}

static int64_t offset_of(const struct batch *b, int32_t nth)
{
    return b->columns[b->schema->field_count - 1].i64[batch_row(b, nth)];
}

static void pair(struct kafka_decode *d, int32_t key_row, int32_t value_row)
{
    d->key_rows[d->count] = key_row;
    d->value_rows[d->count++] = value_row;
}

/* Both sides are in the order of the raw batch, which is that of offsets. */
static void match(struct kafka_decode *d, const struct batch *raw, const struct batch *keys,
                  const struct batch *values)
{
    int32_t k = 0, v = 0, key_count = keys ? batch_live(keys) : 0,
            value_count = values ? batch_live(values) : 0;

    d->count = 0;
    for (int32_t i = 0; i < batch_live(raw); i++) {
        int32_t row = batch_row(raw, i);
        int64_t offset = raw->columns[RAW_OFFSET].i64[row];
        bool has_key = k < key_count && offset_of(keys, k) == offset;
        bool is_tombstone = !column_valid(&raw->columns[RAW_VALUE], row);

        for (; v < value_count && offset_of(values, v) == offset; v++)
            if (has_key)
                pair(d, batch_row(keys, k), batch_row(values, v));
        if (has_key && d->spec->upsert && is_tombstone)
            pair(d, batch_row(keys, k), -1);
        k += has_key;
    }
}

static const uint8_t *make_kinds(struct kafka_decode *d, struct batch *out, const struct batch *values)
{
    uint8_t *kinds = batch_alloc(out, (size_t)d->count);

    for (int32_t i = 0; kinds && i < d->count; i++)
        if (d->spec->upsert)
            kinds[i] = d->value_rows[i] < 0 ? ROW_DELETE : ROW_UPDATE_AFTER;
        else
            kinds[i] = values->row_kinds[d->value_rows[i]];
    return kinds;
}

static bool gather(struct kafka_decode *d, const struct batch *keys, const struct batch *values,
                   int32_t field, struct batch *out)
{
    const struct kafka_origin *o = &d->spec->origins[field];

    if (o->is_key)
        return column_gather(&keys->columns[o->field], d->key_rows, d->count, out, &out->columns[field]);
    return column_gather(&values->columns[o->field], d->value_rows, d->count, out, &out->columns[field]);
}

static bool keep_batch(struct batch *out, struct batch *b)
{
    if (batch_keep(out, keep_ref(&b->keep)))
        return true;
    batch_unref(b);
    return false;
}

static struct batch *put_together(struct kafka_decode *d, const struct batch *raw, struct batch *keys,
                                  struct batch *values)
{
    struct batch *out = batch_new(d->spec->schema, d->env->budget);
    bool ok = out && keep_batch(out, keys) && keep_batch(out, values);

    for (int32_t i = 0; ok && i < d->spec->schema->field_count; i++)
        ok = gather(d, keys, values, i, out);
    if (ok && (d->spec->upsert || values->row_kinds))
        ok = (out->row_kinds = make_kinds(d, out, values)) != NULL;
    if (!ok) {
        batch_unref(out);
        return NULL;
    }
    out->row_count = d->count;
    out->split = raw->split;
    out->born_us = raw->born_us;
    return out;
}

static enum err decode_batch(struct op *o, UNUSED int32_t input, struct batch *raw, struct error *e)
{
    struct kafka_decode *d = self(o);
    struct batch *keys = NULL, *values = NULL, *out = NULL;
    enum err rc = OK;

    if (!has_room(d, batch_live(raw) * 2)) /* a change has two rows at most */
        return error_memory(e, (size_t)batch_live(raw) * 24, "rows");
    if ((rc = decode_half(d, true, raw, &keys, e)) != OK ||
        (rc = decode_half(d, false, raw, &values, e)) != OK)
        goto out;
    match(d, raw, keys, values);
    if (d->count == 0)
        goto out;
    if (values == NULL) /* tombstones only: columns to take nothing from */
        values = batch_new(d->spec->value.schema, d->env->budget);
    if (values == NULL || (out = put_together(d, raw, keys, values)) == NULL)
        rc = error_memory(e, (size_t)d->count, "rows of a Kafka table");
    else
        rc = d->env->out->batch(d->env->out, 0, out, e);
out:
    batch_unref(keys);
    batch_unref(values);
    return rc;
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err make_decoder(struct kafka_decode *d, const struct kafka_side *side, struct decode_spec *spec,
                             struct decoder **out, struct error *e)
{
    *spec = (struct decode_spec){.schema = side->schema,
                                 .raw = side->raw,
                                 .options = side->options,
                                 .budget = d->env->budget,
                                 .executor = d->env->executor,
                                 .registry = d->env->registry,
                                 .metrics = metrics_bare(d->env->registry, NULL, 0),
                                 .wake = d->env->wake,
                                 .wake_arg = d->env->wake_arg};
    return side->format->decoder_new(spec, out, e);
}

static enum err decode_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct kafka_decode *d = self(o);
    enum err rc;

    d->env = env;
    d->skipped = metrics_counter(env->metrics, "numRecordsSkipped",
                                 "records skipped because they cannot be read");
    if ((rc = make_decoder(d, &d->spec->key, &d->key_spec, &d->keys, e)) != OK)
        return error_add(e, rc, "key format '%s'", d->spec->key.format->name);
    if ((rc = make_decoder(d, &d->spec->value, &d->value_spec, &d->values, e)) != OK)
        return error_add(e, rc, "value format '%s'", d->spec->value.format->name);
    return OK;
}

static void decode_close(struct op *o)
{
    struct kafka_decode *d = self(o);

    decoder_free(d->keys);
    decoder_free(d->values);
    mem_free(d->key_rows);
    mem_free(d->value_rows);
    mem_free(d->selection);
    mem_free(d);
}

static const struct operator_ops decode_ops = {
    .name = "kafka_decode",
    .open = decode_open,
    .batch = decode_batch,
    .close = decode_close,
};

static enum err decode_new(const void *spec, struct op **out, struct error *e)
{
    struct kafka_decode *d = mem_zalloc(sizeof *d);

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decode operator");
    d->op.ops = &decode_ops;
    d->spec = spec;
    *out = &d->op;
    return OK;
}

const struct operator_factory kafka_decode_factory = {.name = "kafka_decode", .operator_new = decode_new};
