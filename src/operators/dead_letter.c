/* dead_letter.c: see dead_letter.h. */
#include "operators/dead_letter.h"
#include "base/mem.h"
#include "formats/format.h"

struct dead_letter {
    struct op base;
    const struct dead_letter_spec *spec;
    const struct op_env *env;
    struct counter *count;
};

/* --- the columns --- */

static const struct type bytes_or_null = {.kind = TYPE_BINARY, .nullable = true};
static const struct type text = {.kind = TYPE_STRING};
static const struct type text_or_null = {.kind = TYPE_STRING, .nullable = true};
static const struct type int32_or_null = {.kind = TYPE_INT32, .nullable = true};
static const struct type int64_or_null = {.kind = TYPE_INT64, .nullable = true};
static const struct type instant = {.kind = TYPE_TIMESTAMP_LTZ, .precision = 3};
static const struct type instant_or_null = {.kind = TYPE_TIMESTAMP_LTZ, .nullable = true, .precision = 3};
static const struct field header_fields[] = {{.name = "key", .type = &text_or_null},
                                             {.name = "value", .type = &bytes_or_null}};
static const struct type headers_or_null = {
    .kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = header_fields};

static const struct field fields[LETTER_COLUMN_COUNT] = {
    [LETTER_PAYLOAD] = {.name = "payload", .type = &bytes_or_null},
    [LETTER_PAYLOAD_TEXT] = {.name = "payload_text", .type = &text_or_null},
    [LETTER_KEY] = {.name = "key", .type = &bytes_or_null},
    [LETTER_KEY_TEXT] = {.name = "key_text", .type = &text_or_null},
    [LETTER_ERROR_TYPE] = {.name = "error_type", .type = &text},
    [LETTER_ERROR_MESSAGE] = {.name = "error_message", .type = &text},
    [LETTER_ERROR_TIME] = {.name = "error_time", .type = &instant},
    [LETTER_TABLE] = {.name = "table_name", .type = &text},
    [LETTER_TOPIC] = {.name = "topic", .type = &text_or_null},
    [LETTER_PARTITION] = {.name = "partition", .type = &int32_or_null},
    [LETTER_OFFSET] = {.name = "offset", .type = &int64_or_null},
    [LETTER_TIMESTAMP] = {.name = "timestamp", .type = &instant_or_null},
    [LETTER_TIMESTAMP_TYPE] = {.name = "timestamp_type", .type = &text_or_null},
    [LETTER_HEADERS] = {.name = "headers", .type = &headers_or_null},
    [LETTER_LEADER_EPOCH] = {.name = "leader_epoch", .type = &int32_or_null},
    [LETTER_FILE] = {.name = "file", .type = &text_or_null},
    [LETTER_LINE] = {.name = "line", .type = &int64_or_null},
};
const struct schema dead_letter_schema = {LETTER_COLUMN_COUNT, fields};

/* --- rows --- */

struct letters {
    struct builder builder;
    struct bytes text; /* owned: a payload as text */
    const struct batch *errors;
    int32_t row; /* of errors */
};

static void put(struct letters *l, enum letter_column to, int32_t from)
{
    builder_value(&l->builder.columns[to], &l->errors->columns[from], l->row);
}

static void put_text(struct letters *l, enum letter_column to, enum raw_column from)
{
    const struct column *c = &l->errors->columns[from];

    if (!column_valid(c, l->row)) {
        builder_null(&l->builder.columns[to]);
        return;
    }
    bytes_clear(&l->text);
    format_printable(column_slice(c, l->row), &l->text);
    builder_copied(&l->builder.columns[to], l->text.ptr ? l->text.ptr : "", l->text.len);
}

static void put_place(struct letters *l, bool lines)
{
    static const struct {
        enum letter_column to;
        enum raw_column from;
    } message[] = {{LETTER_TOPIC, RAW_TOPIC},
                   {LETTER_PARTITION, RAW_PARTITION},
                   {LETTER_OFFSET, RAW_OFFSET},
                   {LETTER_TIMESTAMP, RAW_TIMESTAMP},
                   {LETTER_TIMESTAMP_TYPE, RAW_TIMESTAMP_TYPE},
                   {LETTER_HEADERS, RAW_HEADERS},
                   {LETTER_LEADER_EPOCH, RAW_LEADER_EPOCH}};
    struct column_builder *columns = l->builder.columns;

    for (size_t i = 0; i < COUNT_OF(message); i++)
        if (lines)
            builder_null(&columns[message[i].to]);
        else
            put(l, message[i].to, message[i].from);
    if (lines) {
        put(l, LETTER_FILE, RAW_TOPIC);
        builder_i64(&columns[LETTER_LINE], l->errors->columns[RAW_OFFSET].i64[l->row] + 1);
    } else {
        builder_null(&columns[LETTER_FILE]);
        builder_null(&columns[LETTER_LINE]);
    }
}

static void put_row(struct letters *l, const struct dead_letter_spec *spec, int64_t now_us)
{
    put(l, LETTER_PAYLOAD, RAW_VALUE);
    put_text(l, LETTER_PAYLOAD_TEXT, RAW_VALUE);
    put(l, LETTER_KEY, RAW_KEY);
    put_text(l, LETTER_KEY_TEXT, RAW_KEY);
    put(l, LETTER_ERROR_TYPE, ERROR_TYPE);
    put(l, LETTER_ERROR_MESSAGE, ERROR_MESSAGE);
    builder_i64(&l->builder.columns[LETTER_ERROR_TIME], now_us / 1000 * 1000);
    builder_copied(&l->builder.columns[LETTER_TABLE], spec->table, strlen(spec->table));
    put_place(l, spec->lines);
}

static enum err letter_batch(struct op *o, UNUSED int32_t input, struct batch *errors, struct error *e)
{
    struct dead_letter *d = CONTAINER_OF(o, struct dead_letter, base);
    struct letters l = {.errors = errors};
    int64_t now_us = clock_wall_us(d->env->clock);
    struct batch *out = NULL;
    enum err rc;

    if (!builder_init(&l.builder, &dead_letter_schema, d->env->budget))
        return error_memory(e, sizeof l, "dead letters");
    for (int32_t i = 0; i < batch_live(errors); i++) {
        l.row = batch_row(errors, i);
        put_row(&l, d->spec, now_us);
    }
    l.builder.failed |= l.text.failed;
    builder_keep(&l.builder, &batch_ref(errors)->keep);
    rc = builder_finish(&l.builder, &out, e);
    builder_fini(&l.builder);
    bytes_fini(&l.text);
    if (rc != OK)
        return rc;
    out->split = errors->split;
    out->born_us = errors->born_us;
    counter_add(d->count, batch_live(errors));
    return d->env->out->batch(d->env->out, 0, out, e);
}

/* --- life --- */

static enum err letter_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    struct dead_letter *d = CONTAINER_OF(o, struct dead_letter, base);

    d->env = env;
    d->count = metrics_counter(env->metrics, "numDeadLetters", "records that cannot be read");
    return OK;
}

static void letter_close(struct op *o)
{
    mem_free(CONTAINER_OF(o, struct dead_letter, base));
}

static const struct operator_ops letter_ops = {
    .name = "dead_letter", .open = letter_open, .batch = letter_batch, .close = letter_close};

static enum err letter_new(const void *spec, struct op **out, struct error *e)
{
    struct dead_letter *d = mem_zalloc(sizeof *d);

    if (d == NULL)
        return error_memory(e, sizeof *d, "an operator of dead letters");
    d->base.ops = &letter_ops;
    d->spec = spec;
    *out = &d->base;
    return OK;
}

const struct operator_factory dead_letter_factory = {.name = "dead_letter", .operator_new = letter_new};
