/* kafka_plan_sink.c: a Kafka table's options to the spec of its sink. */
#include "connectors/kafka_plan.h"
#include "connectors/kafka_producer.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_table.h"

extern const struct connector kafka_connector, upsert_kafka_connector;

/* What a planned sink holds until the job is over. */
struct planned_sink {
    struct kafka_sink_spec spec; /* first */
    struct kafka_table table;
    struct map properties;
};

static void release(const void *spec)
{
    struct planned_sink *p = CONTAINER_OF((void *)(uintptr_t)spec, struct planned_sink, spec);

    kafka_table_fini(&p->table);
    map_fini(&p->properties);
}

/* --- payloads ----------------------------------------------------------------------------------------- */

struct payload_builder {
    const struct connector_request *r;
    struct field *fields;
    int32_t *columns;
    int32_t count;
};

static enum err add_column(struct payload_builder *b, int32_t column, size_t prefix_len, struct error *e)
{
    const struct field *f = &b->r->table->schema->fields[column];
    int32_t at = kafka_table_find(b->r, column);

    if (at < 0)
        return error_set(e, ERR_CONFIG, "column %s is not among the rows to be written", f->name);
    b->fields[b->count] = (struct field){.name = f->name + prefix_len, .type = b->r->schema->fields[at].type};
    b->columns[b->count++] = at;
    return OK;
}

static enum err plan_payload(const struct connector_request *r, const struct kafka_table *t, bool is_key,
                             struct kafka_payload *out, struct error *e)
{
    const struct table_format *f = is_key ? &t->key : &t->value;
    struct payload_builder b = {.r = r};
    struct schema *schema = ARENA_NEW(r->arena, struct schema);
    int32_t count = r->table->schema->field_count;
    enum err rc = OK;

    if (f->format == NULL)
        return OK;
    b.fields = ARENA_ARRAY(r->arena, struct field, MAX(count, 1));
    b.columns = ARENA_ARRAY(r->arena, int32_t, MAX(count, 1));
    if (r->arena->failed)
        return error_memory(e, 0, "a Kafka sink");
    for (int32_t i = 0; is_key && rc == OK && i < t->key_count; i++)
        rc = add_column(&b, t->keys[i], t->prefix_len, e);
    for (int32_t i = 0; !is_key && rc == OK && i < count; i++)
        if (t->in_value[i])
            rc = add_column(&b, i, 0, e);
    *schema = (struct schema){b.count, b.fields};
    *out = (struct kafka_payload){f->format, &f->options, schema, b.columns};
    return rc;
}

/* An encoder is made and thrown away, so that what is wrong with types and options is told now. */
static enum err try_encoder(const struct planned_sink *p, const struct kafka_payload *payload, bool is_key,
                            struct error *e)
{
    struct encode_spec spec = {.schema = payload->schema,
                               .columns = payload->columns,
                               .options = payload->options,
                               .topic = p->spec.topics[0],
                               .executor = &kafka_plan_executor,
                               .is_key = is_key,
                               .tombstones = p->spec.upsert && !is_key};
    struct encoder *encoder;
    enum err rc;

    if (payload->format == NULL)
        return OK;
    if (payload->format->writes == FORMAT_NEVER || payload->format->encoder_new == NULL)
        return error_set(e, ERR_UNSUPPORTED, "format '%s' can be read, but not written",
                         payload->format->name);
    if ((is_key || p->spec.upsert) && payload->format->writes != FORMAT_INSERTS)
        return error_set(e, ERR_CONFIG,
                         "format '%s' is a changelog, which cannot be the %s format here; take one of plain "
                         "records",
                         payload->format->name, is_key ? "key" : "value");
    if ((rc = payload->format->encoder_new(&spec, &encoder, e)) == OK)
        encoder_free(encoder);
    return rc == OK ? OK
                    : error_add(e, rc, "%s format '%s'", is_key ? "key" : "value", payload->format->name);
}

/* --- options ------------------------------------------------------------------------------------------ */

static int32_t metadata_column(const struct connector_request *r, const char *key)
{
    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (connector_metadata_key(r, i) && strcmp(connector_metadata_key(r, i), key) == 0)
            return i;
    return -1;
}

static enum err plan_topics(const struct connector_request *r, const struct settings *s,
                            struct kafka_sink_spec *spec, struct error *e)
{
    spec->topic_column = metadata_column(r, "topic");
    spec->timestamp_column = metadata_column(r, "timestamp");
    spec->headers_column = metadata_column(r, "headers");
    if (settings_given(s, "topic-pattern"))
        return error_set(e, ERR_UNSUPPORTED,
                         "a table with 'topic-pattern' can be read only; set 'topic' to write");
    spec->topics = settings_list(s, r->arena, "topic", &spec->topic_count);
    if (r->arena->failed)
        return error_memory(e, 0, "the names of topics");
    if (spec->topic_count == 0)
        return error_set(e, ERR_CONFIG, "option 'topic' is missing: where to write");
    if (spec->topic_count > 1 && spec->topic_column < 0)
        return error_set(e, ERR_CONFIG,
                         "'topic' names %" PRId32
                         " topics: to write to them the table needs a column `topic STRING "
                         "NOT NULL METADATA`, which says for each row which one",
                         spec->topic_count);
    if (spec->topic_count == 1)
        spec->topic_column = -1; /* as in Flink, it is not looked at */
    return OK;
}

static enum err plan_guarantee(const struct settings *s, struct kafka_sink_spec *spec, struct error *e)
{
    int guarantee = settings_enum(s, "sink.delivery-guarantee");

    if (guarantee == 2)
        return error_set(
            e, ERR_UNSUPPORTED,
            "'sink.delivery-guarantee' = 'exactly-once' is not supported: librdkafka cannot go on with a "
            "transaction of a process that died, so a crash between a checkpoint and its commit would lose "
            "rows; "
            "take 'at-least-once' (a crash may repeat rows, and loses none)");
    spec->guaranteed = guarantee == 1;
    return OK;
}

static enum err plan_partitioner(const struct settings *s, const struct kafka_table *t,
                                 struct kafka_sink_spec *spec, struct error *e)
{
    spec->partitioner = (enum kafka_partitioner)settings_enum(s, "sink.partitioner");
    if (spec->partitioner == KAFKA_PARTITIONER_ROUND_ROBIN && t->key_count)
        return error_set(
            e, ERR_CONFIG,
            "'sink.partitioner' = 'round-robin' does not go together with 'key.fields': messages of a "
            "key belong into one partition");
    return OK;
}

static enum err plan_buffer(const struct settings *s, struct kafka_sink_spec *spec, struct error *e)
{
    spec->buffer_rows = settings_int(s, "sink.buffer-flush.max-rows");
    spec->buffer_ms = settings_duration_ms(s, "sink.buffer-flush.interval");
    if ((spec->buffer_rows > 0) != (spec->buffer_ms > 0))
        return error_set(
            e, ERR_CONFIG,
            "'sink.buffer-flush.max-rows' and 'sink.buffer-flush.interval' go together: set both above "
            "0, or none");
    return OK;
}

static enum err plan_spec(const struct connector_request *r, bool upsert, struct planned_sink *p,
                          struct error *e)
{
    struct settings s = connector_settings(upsert ? &upsert_kafka_connector : &kafka_connector, r);
    struct kafka_sink_spec *spec = &p->spec;
    enum err rc;

    spec->upsert = upsert;
    spec->properties = &p->properties;
    if ((rc = plan_topics(r, &s, spec, e)) != OK || (rc = plan_guarantee(&s, spec, e)) != OK)
        return rc;
    rc = upsert ? plan_buffer(&s, spec, e) : plan_partitioner(&s, &p->table, spec, e);
    if (rc != OK || (rc = plan_payload(r, &p->table, true, &spec->key, e)) != OK ||
        (rc = plan_payload(r, &p->table, false, &spec->value, e)) != OK ||
        (rc = try_encoder(p, &spec->key, true, e)) != OK ||
        (rc = try_encoder(p, &spec->value, false, e)) != OK)
        return rc;
    return kafka_producer_check(&p->properties, e);
}

/* A key's rows must go through one subtask, as they must stay in order. */
static enum err plan_keys(const struct connector_request *r, const struct planned_sink *p,
                          struct connector_plan *out, struct error *e)
{
    int32_t *keys = ARENA_ARRAY(r->arena, int32_t, MAX(p->table.key_count, 1));

    if (keys == NULL)
        return error_memory(e, 0, "key columns");
    for (int32_t i = 0; i < p->table.key_count; i++)
        keys[i] = kafka_table_find(r, p->table.keys[i]);
    out->keys = keys;
    out->key_count = p->table.key_count;
    return OK;
}

enum err kafka_plan_sink(const struct connector_request *r, bool upsert, struct connector_plan *out,
                         struct error *e)
{
    struct planned_sink *p = ARENA_NEW(r->arena, struct planned_sink);
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a Kafka sink");
    if ((rc = kafka_plan_properties(r, &p->properties, e)) != OK ||
        (rc = kafka_table_init(&p->table, r, upsert, e)) != OK || (rc = plan_spec(r, upsert, p, e)) != OK ||
        (upsert && (rc = plan_keys(r, p, out, e)) != OK)) {
        release(&p->spec);
        return rc;
    }
    out->factory = &kafka_sink_factory;
    out->spec = &p->spec;
    out->title = p->spec.topics[0];
    out->release = release;
    out->changes = upsert                                            ? CHANGES_UPSERT
                   : p->table.value.format->writes == FORMAT_INSERTS ? CHANGES_INSERT
                                                                     : CHANGES_ALL;
    return OK;
}
