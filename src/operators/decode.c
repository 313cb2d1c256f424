/* decode.c: an operator around a decoder. */
#include "operators/decode.h"
#include "base/mem.h"
#include "os/log.h"
#include <stdio.h>

#define LOG_EVERY_US INT64_C(10000000)

#define EXCERPT_BYTES 120

struct decode {
    struct op base;
    const struct decode_op_spec *spec;
    const struct op_env *env;
    struct decode_spec decode; /* what the decoder borrows */
    struct decoder *decoder;
    struct counter *skipped;
    int64_t logged_us; /* monotonic */
    int64_t unlogged;  /* skipped since then */
};

static struct decode *self(struct op *o)
{
    return CONTAINER_OF(o, struct decode, base);
}

/* --- what could not be read --- */

static struct slice text_of(const struct batch *b, int32_t column, int32_t row)
{
    return column_valid(&b->columns[column], row) ? column_slice(&b->columns[column], row) : SLICE("?");
}

/* The beginning of a payload as printable characters; bytes that are none as \xNN. */
static void print_begin(struct slice payload, char out[DECODE_EXCERPT])
{
    size_t count = MIN(payload.len, (size_t)EXCERPT_BYTES), at = 0, i;
    bool text;

    for (int back = 0;
         back < 3 && count < payload.len && count && ((unsigned char)payload.ptr[count] & 0xc0) == 0x80;
         back++)
        count--; /* to where a character begins, if these are characters */
    text = format_utf8(slice_of(payload.ptr, count));
    for (i = 0; i < count; i++) {
        unsigned char c = (unsigned char)payload.ptr[i];
        bool plain = c < 0x80 ? c >= ' ' && c != 0x7f : text;

        if (at + 8 > DECODE_EXCERPT - 4 && (!text || (c & 0xc0) != 0x80))
            break;
        at += (size_t)snprintf(out + at, DECODE_EXCERPT - at, plain ? "%c" : "\\x%02x", c);
    }
    snprintf(out + at, DECODE_EXCERPT - at, "%s", i < payload.len ? "..." : "");
}

const char *decode_excerpt(const struct batch *errors, char out[DECODE_EXCERPT])
{
    int32_t row = batch_row(errors, 0);
    const struct column *payloads = &errors->columns[RAW_VALUE];

    out[0] = '\0';
    if (!column_valid(payloads, row) || column_slice(payloads, row).len == 0)
        return "";
    print_begin(column_slice(payloads, row), out);
    return "; it begins with: ";
}

enum err decode_failed(const struct batch *errors, const char *what, struct error *e)
{
    int32_t row = batch_row(errors, 0);
    struct slice topic = text_of(errors, RAW_TOPIC, row), message = text_of(errors, ERROR_MESSAGE, row);
    char begin[DECODE_EXCERPT];
    const char *behind = decode_excerpt(errors, begin);

    return error_set(e, ERR_INPUT,
                     "%s of topic %.*s, partition %" PRId32 ", offset %" PRId64
                     ", cannot be read: %.*s%s%s; set 'on-error' to skip or dead-letter to go on without it",
                     what, (int)MIN(topic.len, (size_t)200), topic.ptr,
                     errors->columns[RAW_PARTITION].i32[row], errors->columns[RAW_OFFSET].i64[row],
                     (int)MIN(message.len, (size_t)300), message.ptr, behind, begin);
}

static void skip(struct decode *d, const struct batch *errors)
{
    int64_t now_us = clock_mono_us(d->env->clock);
    int32_t row = batch_row(errors, 0);
    struct slice topic = text_of(errors, RAW_TOPIC, row), message = text_of(errors, ERROR_MESSAGE, row);

    counter_add(d->skipped, batch_live(errors));
    d->unlogged += batch_live(errors);
    if (d->logged_us && now_us - d->logged_us < LOG_EVERY_US)
        return;
    log_warn("decode",
             "%s: skipped %" PRId64 " records that cannot be read, such as %.*s, partition %" PRId32
             ", offset %" PRId64 ": %.*s",
             d->env->name, d->unlogged, (int)topic.len, topic.ptr, errors->columns[RAW_PARTITION].i32[row],
             errors->columns[RAW_OFFSET].i64[row], (int)MIN(message.len, (size_t)500), message.ptr);
    d->logged_us = MAX(now_us, 1);
    d->unlogged = 0;
}

/* Takes errors. */
static enum err deal_with(struct decode *d, struct batch *errors, struct error *e)
{
    enum err rc = OK;

    if (errors == NULL)
        return OK;
    switch (d->spec->on_error) {
    case ON_ERROR_EMIT:
        return d->env->out->batch(d->env->out, 1, errors, e);
    case ON_ERROR_FAIL:
        rc = decode_failed(errors, "a record", e);
        break;
    case ON_ERROR_SKIP:
        skip(d, errors);
        break;
    }
    batch_unref(errors);
    return rc;
}

/* --- batches --- */

/* The facts of the raw batch hold for what was made of it, which nobody else has seen yet. */
static void inherit(struct batch *made, const struct batch *raw)
{
    if (made == NULL)
        return;
    made->split = raw->split;
    made->born_us = raw->born_us;
}

static enum err decode_batch(struct op *o, UNUSED int32_t input, struct batch *raw, struct error *e)
{
    struct decode *d = self(o);
    struct batch *rows = NULL, *errors = NULL;
    enum err rc = decoder_decode(d->decoder, raw, &rows, &errors, e);

    if (rc != OK)
        return rc; /* ERR_WAIT too */
    inherit(rows, raw);
    inherit(errors, raw);
    if (d->spec->on_error == ON_ERROR_FAIL && errors) {
        batch_unref(rows);
        return deal_with(d, errors, e);
    }
    if (rows && (rc = d->env->out->batch(d->env->out, 0, rows, e)) != OK) {
        batch_unref(errors);
        return rc;
    }
    return deal_with(d, errors, e);
}

/* --- life --- */

static enum err decode_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct decode *d = self(o);
    const struct format *format = format_find(d->spec->format);
    enum err rc;

    if (format == NULL)
        return error_set(e, ERR_CONFIG, "there is no format '%s'; known are: %s", d->spec->format,
                         format_names());
    d->env = env;
    d->skipped = metrics_counter(env->metrics, "numRecordsSkipped",
                                 "records skipped because they cannot be read");
    d->decode = (struct decode_spec){.schema = d->spec->schema,
                                     .raw = d->spec->raw,
                                     .options = d->spec->options,
                                     .physical = d->spec->physical,
                                     .skips_null = d->spec->skips_null,
                                     .budget = env->budget,
                                     .registry = env->registry,
                                     .executor = env->executor,
                                     .wake = env->wake,
                                     .wake_arg = env->wake_arg};
    d->decode.metrics = metrics_bare(env->registry, d->spec->metric_labels, d->spec->metric_label_count);
    rc = format->decoder_new(&d->decode, &d->decoder, e);
    return rc == OK ? OK : error_add(e, rc, "format '%s'", d->spec->format);
}

static void decode_close(struct op *o)
{
    struct decode *d = self(o);

    decoder_free(d->decoder);
    mem_free(d);
}

static const struct operator_ops decode_ops = {
    .name = "decode",
    .open = decode_open,
    .batch = decode_batch,
    .close = decode_close,
};

static enum err decode_new(const void *spec, struct op **out, struct error *e)
{
    struct decode *d = mem_zalloc(sizeof *d);

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decode operator");
    d->base.ops = &decode_ops;
    d->spec = spec;
    *out = &d->base;
    return OK;
}

const struct operator_factory decode_factory = {.name = "decode", .operator_new = decode_new};
