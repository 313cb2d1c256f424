/* kafka_plan_decode.c: how the messages of a Kafka table become the rows wanted. Where no column lies in the
 * key, by the ordinary decode operator; else by kafka_decode.
 */
#include "connectors/kafka_decode.h"
#include "connectors/kafka_messages.h"
#include "connectors/kafka_plan.h"
#include "connectors/kafka_table.h"

/* What lives until the job is over: the formats' options. */
struct kafka_planned_decode {
    struct kafka_table table;
    struct decode_op_spec simple;
    struct kafka_decode_spec both;
};

const struct connector_metadata kafka_metadata[] = {
    {"topic", "STRING NOT NULL", true, "of the message; to be written to a table of several topics"},
    {"partition", "INT NOT NULL", false, "of the message"},
    {"offset", "BIGINT NOT NULL", false, "of the message in its partition"},
    {"timestamp", "TIMESTAMP_LTZ(3)", true, "of the message; written NULL: now"},
    {"timestamp-type", "STRING NOT NULL", false, "NoTimestampType, CreateTime or LogAppendTime"},
    {"headers", "MAP<STRING, BYTES>", true, "of the message; of several with a name the last one"},
    {"leader-epoch", "INT", false, "of the message's partition, when it was written"},
    {0},
};

/* --- sides being put together ------------------------------------------------------------------------- */

struct side_builder {
    struct field *fields;
    int32_t *raw;
    int32_t count;
};

static bool begin_side(struct side_builder *b, struct arena *arena, int32_t most)
{
    b->fields = ARENA_ARRAY(arena, struct field, most + 1);
    b->raw = ARENA_ARRAY(arena, int32_t, most + 1);
    return !arena->failed;
}

static int32_t add_field(struct side_builder *b, const char *name, const struct type *type, int32_t raw)
{
    b->fields[b->count] = (struct field){.name = name, .type = type};
    b->raw[b->count] = raw;
    return b->count++;
}

static const struct schema *end_side(struct side_builder *b, struct arena *arena)
{
    struct schema *schema = ARENA_NEW(arena, struct schema);

    if (schema)
        *schema = (struct schema){b->count, b->fields};
    return schema;
}

/* --- columns ------------------------------------------------------------------------------------------ */

/* The raw column, or the format's, that a metadata key names. */
static enum err raw_of(const struct kafka_table *t, const char *key, int32_t *out, struct error *e)
{
    const struct format *f = t->value.format;

#ifndef KAFKA_HAS_LEADER_EPOCH
    if (strcmp(key, "leader-epoch") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "metadata 'leader-epoch' cannot be read: librdkafka tells it from 2.1 on, and this is %s",
            rd_kafka_version_str());
#endif
    for (int32_t i = 0; strncmp(key, "value.", 6) == 0 && i < f->metadata_count; i++)
        if (strcmp(f->metadata[i].name, key + 6) == 0) {
            *out = FORMAT_METADATA(i);
            return OK;
        }
    *out = schema_find(&format_raw_schema, slice_text(key));
    assert(*out >= 0); /* connector_plan_source has checked the key */
    return OK;
}

/* All columns that the payloads of one side have, asked for or not: some formats tell them by their place. */
static const struct schema *physical_of(const struct connector_request *r, const struct kafka_table *t,
                                        bool is_key)
{
    const struct schema *all = r->table->schema;
    struct schema *schema = ARENA_NEW(r->arena, struct schema);
    struct field *fields = ARENA_ARRAY(r->arena, struct field, MAX(all->field_count, 1));
    int32_t n = 0;

    if (r->arena->failed)
        return NULL;
    for (int32_t i = 0; is_key && i < t->key_count; i++) {
        fields[n] = all->fields[t->keys[i]];
        fields[n++].name += t->prefix_len;
    }
    for (int32_t i = 0; !is_key && i < all->field_count; i++)
        if (t->in_value[i])
            fields[n++] = all->fields[i];
    *schema = (struct schema){n, fields};
    return schema;
}

/* Without keys: all fields from the value, by name or from the raw batch. */
static enum err plan_simple(const struct connector_request *r, struct kafka_planned_decode *p,
                            struct error *e)
{
    int32_t *raw = ARENA_ARRAY(r->arena, int32_t, MAX(r->schema->field_count, 1));
    enum err rc = OK;

    if (raw == NULL)
        return error_memory(e, 0, "columns");
    for (int32_t i = 0; rc == OK && i < r->schema->field_count; i++) {
        raw[i] = RAW_NONE;
        if (connector_metadata_key(r, i))
            rc = raw_of(&p->table, connector_metadata_key(r, i), &raw[i], e);
    }
    p->simple = (struct decode_op_spec){.format = p->table.value.format->name,
                                        .schema = r->schema,
                                        .raw = raw,
                                        .options = &p->table.value.options,
                                        .physical = physical_of(r, &p->table, false),
                                        .skips_null = true};
    return rc == OK && r->arena->failed ? error_memory(e, 0, "columns") : rc;
}

struct both {
    const struct connector_request *r;
    struct kafka_planned_decode *p;
    struct side_builder key, value;
    struct kafka_origin *origins;
    bool upsert;
};

static enum err place_field(struct both *b, int32_t i, struct error *e)
{
    const struct kafka_table *t = &b->p->table;
    const struct field *f = &b->r->schema->fields[i];
    const char *metadata = connector_metadata_key(b->r, i);
    struct kafka_origin *o = &b->origins[i];
    int32_t column = kafka_table_column(b->r, i), raw = RAW_NONE;
    enum err rc = metadata ? raw_of(t, metadata, &raw, e) : OK;

    if (rc != OK)
        return rc;
    if (metadata)
        o->is_key = raw >= 0;
    else
        o->is_key = t->in_key[column] && (b->upsert || !t->in_value[column]);
    if (o->is_key)
        o->field = add_field(&b->key, metadata ? f->name : f->name + t->prefix_len, f->type, raw);
    else
        o->field = add_field(&b->value, f->name, f->type, raw);
    return OK;
}

static enum err plan_both(const struct connector_request *r, bool upsert, struct kafka_planned_decode *p,
                          struct error *e)
{
    struct both b = {.r = r, .p = p, .upsert = upsert};
    const struct type *offset = format_raw_schema.fields[RAW_OFFSET].type;
    int32_t count = r->schema->field_count;
    enum err rc = OK;

    b.origins = ARENA_ARRAY(r->arena, struct kafka_origin, MAX(count, 1));
    if (!begin_side(&b.key, r->arena, count) || !begin_side(&b.value, r->arena, count))
        return error_memory(e, 0, "columns");
    for (int32_t i = 0; rc == OK && i < count; i++)
        rc = place_field(&b, i, e);
    if (rc != OK)
        return rc;
    add_field(&b.key, "$offset", offset, RAW_OFFSET);
    add_field(&b.value, "$offset", offset, RAW_OFFSET);
    p->both = (struct kafka_decode_spec){
        .key = {p->table.key.format, &p->table.key.options, end_side(&b.key, r->arena), b.key.raw,
                physical_of(r, &p->table, true)},
        .value = {p->table.value.format, &p->table.value.options, end_side(&b.value, r->arena), b.value.raw,
                  physical_of(r, &p->table, false)},
        .schema = r->schema,
        .origins = b.origins,
        .upsert = upsert};
    return r->arena->failed ? error_memory(e, 0, "columns") : OK;
}

/* Whether a column that only the key has is wanted. */
static bool wants_key(const struct connector_request *r, const struct kafka_table *t)
{
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        int32_t column = kafka_table_column(r, i);

        if (column >= 0 && t->in_key[column] && !t->in_value[column])
            return true;
    }
    return false;
}

static enum err check_formats(const struct kafka_table *t, bool upsert, struct error *e)
{
    const struct table_format *list[] = {&t->value, &t->key};

    for (size_t i = 0; i < COUNT_OF(list); i++) {
        const struct format *f = list[i]->format;

        if (f && f->reads == FORMAT_NEVER)
            return error_set(e, ERR_UNSUPPORTED, "format '%s' can be written, but not read", f->name);
        if (f && (upsert || i == 1) && f->reads != FORMAT_INSERTS)
            return error_set(
                e, ERR_CONFIG,
                "format '%s' is a changelog, which cannot be the %s format here; take one of plain "
                "records",
                f->name, i ? "key" : "value");
    }
    return OK;
}

static bool submit_nothing(UNUSED struct executor *x, UNUSED void (*fn)(void *arg), UNUSED void *arg)
{
    return false;
}
struct executor kafka_plan_executor = {submit_nothing};

/* A decoder is made and thrown away, so that what is wrong with types is told now. */
static enum err try_decoder(const struct format *f, struct decode_spec *spec, struct error *e)
{
    struct decoder *decoder;
    enum err rc = f->decoder_new(spec, &decoder, e);

    if (rc == OK)
        decoder_free(decoder);
    return rc;
}

static enum err try_side(const struct kafka_side *s, struct error *e)
{
    return try_decoder(s->format,
                       &(struct decode_spec){.schema = s->schema,
                                             .raw = s->raw,
                                             .physical = s->physical,
                                             .options = s->options,
                                             .executor = &kafka_plan_executor},
                       e);
}

static enum err try_decoders(const struct kafka_planned_decode *p, struct error *e)
{
    const struct decode_op_spec *s = &p->simple;
    enum err rc;

    if (s->format)
        return try_side(
            &(struct kafka_side){p->table.value.format, s->options, s->schema, s->raw, s->physical}, e);
    rc = try_side(&p->both.key, e);
    return rc == OK ? try_side(&p->both.value, e) : rc;
}

enum err kafka_plan_decode(const struct connector_request *r, bool upsert, struct connector_plan *out,
                           struct kafka_planned_decode **planned, struct error *e)
{
    struct kafka_planned_decode *p = ARENA_NEW(r->arena, struct kafka_planned_decode);
    enum on_error what = connector_on_error(r);
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a decoder");
    if ((rc = kafka_table_init(&p->table, r, upsert, e)) != OK)
        return rc;
    *planned = p;
    if ((rc = check_formats(&p->table, upsert, e)) != OK)
        return rc;
    if (upsert || wants_key(r, &p->table)) {
        rc = plan_both(r, upsert, p, e);
        p->both.on_error = what;
        out->decode = &kafka_decode_factory;
        out->decode_spec = &p->both;
    } else {
        rc = plan_simple(r, p, e);
        p->simple.on_error = what;
        out->decode = &decode_factory;
        out->decode_spec = &p->simple;
    }
    out->errors = what == ON_ERROR_EMIT ? ERRORS_OF_MESSAGES : ERRORS_NONE;
    out->changes = upsert                                           ? CHANGES_UPSERT
                   : p->table.value.format->reads == FORMAT_INSERTS ? CHANGES_INSERT
                                                                    : CHANGES_ALL;
    return rc == OK ? try_decoders(p, e) : rc;
}

void kafka_plan_decode_release(struct kafka_planned_decode *p)
{
    if (p)
        kafka_table_fini(&p->table);
}
