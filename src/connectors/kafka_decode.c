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

/* The keys where the values are, and the other way round: for a decoder nothing else changes. Of a raw batch,
 * or of errors. */
static struct batch *swap_payloads(struct batch *b, const struct schema *schema, struct budget *budget)
{
    int32_t columns[ERROR_COLUMN_COUNT];

    for (int32_t i = 0; i < schema->field_count; i++)
        columns[i] = i == RAW_VALUE ? RAW_KEY : i == RAW_KEY ? RAW_VALUE : i;
    return batch_project(b, schema, columns, budget);
}

/* --- what could not be read --------------------------------------------------------------------------- */

static void skip(struct kafka_decode *d, const struct batch *errors, const char *part)
{
    int64_t now_us = clock_mono_us(d->env->clock);
    struct error why;

    counter_add(d->skipped, batch_live(errors));
    if (d->logged_us && now_us - d->logged_us < LOG_EVERY_US)
        return;
    decode_failed(errors, part, &why);
    log_warn("decode", "%s: skipped %" PRId32 " messages; %s", d->env->name, batch_live(errors), why.text);
    d->logged_us = MAX(now_us, 1);
}

/* Those of keys stand where the values are: put both back. */
static enum err emit_errors(struct kafka_decode *d, struct batch *errors, bool is_key, struct error *e)
{
    struct batch *out = is_key ? swap_payloads(errors, &format_error_schema, d->env->budget)
                               : batch_ref(errors);

    if (out == NULL)
        return error_memory(e, sizeof *out, "messages that cannot be read");
    return d->env->out->batch(d->env->out, 1, out, e);
}

static enum err deal_with(struct kafka_decode *d, struct batch *errors, bool is_key, struct error *e)
{
    const char *part = is_key ? "the key of a message" : "the value of a message";

    if (errors == NULL)
        return OK;
    if (d->spec->on_error == ON_ERROR_FAIL)
        return decode_failed(errors, part, e);
    if (d->spec->on_error == ON_ERROR_EMIT)
        return emit_errors(d, errors, is_key, e);
    skip(d, errors, part);
    return OK;
}

/* --- decoding one half -------------------------------------------------------------------------------- */

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

/* *rows and *errors: NULL when there are none. */
static enum err decode_half(struct kafka_decode *d, bool is_key, struct batch *raw, struct batch **rows,
                            struct batch **errors, struct error *e)
{
    struct batch *part;
    enum err rc;

    if (is_key)
        part = swap_payloads(raw, &format_raw_schema, d->env->budget);
    else
        part = d->spec->upsert ? with_values(d, raw) : batch_ref(raw);
    if (part == NULL)
        return error_memory(e, sizeof *part, "messages");
    rc = decoder_decode(is_key ? d->keys : d->values, part, rows, errors, e);
    batch_unref(part);
    return rc;
}

/* A message is told once: of values in error those whose key is not. */
static enum err leave_out(struct kafka_decode *d, struct batch **errors, const struct batch *keys,
                          struct error *e)
{
    struct batch *all = *errors;
    int32_t count = 0, k = 0;

    if (all == NULL || keys == NULL)
        return OK;
    for (int32_t i = 0; i < batch_live(all); i++) {
        int32_t row = batch_row(all, i);
        int64_t offset = all->columns[RAW_OFFSET].i64[row];

        while (k < batch_live(keys) && keys->columns[RAW_OFFSET].i64[batch_row(keys, k)] < offset)
            k++;
        if (k == batch_live(keys) || keys->columns[RAW_OFFSET].i64[batch_row(keys, k)] != offset)
            d->selection[count++] = row;
    }
    *errors = count ? batch_select(all, d->selection, count, d->env->budget) : NULL;
    batch_unref(all);
    return count && *errors == NULL ? error_memory(e, (size_t)count * 4, "messages that cannot be read") : OK;
}

/* Both halves, before anything is said of either: a decoder that waits is asked again with the same batch. */
static enum err decode_both(struct kafka_decode *d, struct batch *raw, struct batch **keys,
                            struct batch **values, struct error *e)
{
    struct batch *key_errors = NULL, *value_errors = NULL;
    enum err rc;

    if ((rc = decode_half(d, true, raw, keys, &key_errors, e)) == OK &&
        (rc = decode_half(d, false, raw, values, &value_errors, e)) == OK &&
        (rc = leave_out(d, &value_errors, key_errors, e)) == OK &&
        (rc = deal_with(d, key_errors, true, e)) == OK)
        rc = deal_with(d, value_errors, false, e);
    batch_unref(key_errors);
    batch_unref(value_errors);
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
    if ((rc = decode_both(d, raw, &keys, &values, e)) != OK)
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
                                 .physical = side->physical,
                                 .skips_null = true,
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
