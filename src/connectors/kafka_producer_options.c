/* kafka_producer_options.c: see kafka_producer_options.h. kafka_options.c knows what both clients have in
 * common; here is what is a producer's alone, and what the Java client does unasked.
 */
#include "connectors/kafka_producer_options.h"
#include "config/config.h"
#include <stdio.h>

#define TOPIC_WAIT_MS  INT64_C(60000)
#define BUFFER_BYTES   (INT64_C(8) << 20)
#define BUFFER_RECORDS "50000"

static const char *property(const struct map *properties, const char *name)
{
    return map_get(properties, slice_text(name));
}

/* --- what is a producer's alone ----------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    static const char *const names[] = {"buffer.memory", "max.block.ms"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum err check_refused(const char *name, struct error *e)
{
    if (strcmp(name, "transactional.id") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "properties.transactional.id is not supported: weir has no exactly-once Kafka sink yet");
    if (strcmp(name, "partitioner.class") == 0)
        return error_set(e, ERR_UNSUPPORTED,
                         "properties.partitioner.class is not supported: it is a Java class; see "
                         "'sink.partitioner'");
    return OK;
}

/* The properties that kafka_options.c shall see. */
static enum err others(const struct map *properties, struct map *out, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;
    enum err rc;

    while ((entry = map_next(properties, &at)) != NULL) {
        if ((rc = check_refused(entry->key.ptr, e)) != OK)
            return rc;
        if (!is_ours(entry->key.ptr) && !map_put(out, entry->key, entry->value))
            return error_memory(e, entry->key.len, "a table's properties");
    }
    return OK;
}

static enum err read_number(const struct map *properties, const char *name, int64_t *out, struct error *e)
{
    const char *text = property(properties, name);

    if (text && (config_parse_int(text, out, e) != OK || *out < 1))
        return error_set(e, ERR_CONFIG, "properties.%s is '%s'; it takes a whole number", name, text);
    return OK;
}

/* --- what the Java client does unasked ---------------------------------------------------------------- */

/* One request at a time on a connection keeps the order of messages through retries, and lets others gather
 * meanwhile. The Java client keeps it by idempotence, with up to five on their way. librdkafka then has one
 * of a partition on its way, and polls without a pause while messages wait for it: that costs whole cores. So
 * it is for those who ask for several requests; without it a retry may write a message twice: at least once.
 */
static bool is_idempotent(const struct map *properties)
{
    const char *acks = property(properties, "acks"), *retries = property(properties, "retries");
    const char *in_flight = property(properties, "max.in.flight.requests.per.connection");
    int64_t n;
    struct error ignored;

    if (acks && strcmp(acks, "all") != 0 && strcmp(acks, "-1") != 0)
        return false;
    if (retries && strcmp(retries, "0") == 0)
        return false;
    return in_flight && (config_parse_int(in_flight, &n, &ignored) != OK || (n > 1 && n <= 5));
}

static enum err set_unless(const struct map *properties, const char *name, const char *other_name,
                           rd_kafka_conf_t *conf, const char *value, struct error *e)
{
    if (property(properties, name) || (other_name && property(properties, other_name)))
        return OK;
    return kafka_options_set(conf, name, value, e);
}

static enum err set_defaults(const struct map *properties, rd_kafka_conf_t *conf, struct error *e)
{
    static const struct {
        const char *name, *other_name, *value;
    } defaults[] = {
        {"linger.ms", "queue.buffering.max.ms", "0"},
        {"message.timeout.ms", "delivery.timeout.ms", "120000"},
        {"partitioner", NULL, "murmur2_random"},
        {"socket.nagle.disable", NULL, "true"},
        {"queue.buffering.max.messages", NULL, BUFFER_RECORDS},
        {"max.in.flight.requests.per.connection", "max.in.flight", "1"},
    };
    enum err rc = OK;

    for (size_t i = 0; rc == OK && i < COUNT_OF(defaults); i++)
        rc = set_unless(properties, defaults[i].name, defaults[i].other_name, conf, defaults[i].value, e);
    if (rc == OK && is_idempotent(properties))
        rc = set_unless(properties, "enable.idempotence", NULL, conf, "true", e);
    return rc;
}

static enum err set_buffer(const struct map *properties, rd_kafka_conf_t *conf, struct error *e)
{
    int64_t bytes = BUFFER_BYTES;
    char text[32];
    enum err rc = read_number(properties, "buffer.memory", &bytes, e);

    if (rc != OK || property(properties, "queue.buffering.max.kbytes"))
        return rc;
    snprintf(text, sizeof text, "%" PRId64, MAX(bytes / 1024, 1));
    return kafka_options_set(conf, "queue.buffering.max.kbytes", text, e);
}

static enum err set_client(const struct kafka_options *o, rd_kafka_conf_t *conf, int32_t subtask,
                           struct error *e)
{
    char text[256];

    if (o->client_id == NULL)
        return kafka_options_set(conf, "client.id", "weir-producer", e);
    snprintf(text, sizeof text, "%s-%" PRId32, o->client_id, subtask);
    return kafka_options_set(conf, "client.id", text, e);
}

enum err kafka_producer_options(const struct map *properties, int32_t subtask, rd_kafka_conf_t **conf,
                                int64_t *topic_wait_ms, struct error *e)
{
    struct kafka_options options = {0};
    struct map rest = {0};
    enum err rc;

    *topic_wait_ms = TOPIC_WAIT_MS;
    if ((rc = others(properties, &rest, e)) != OK ||
        (rc = read_number(properties, "max.block.ms", topic_wait_ms, e)) != OK ||
        (rc = kafka_options_read(&rest, &options, e)) != OK)
        goto out;
    if ((rc = set_defaults(properties, options.conf, e)) == OK &&
        (rc = set_buffer(properties, options.conf, e)) == OK &&
        (rc = set_client(&options, options.conf, subtask, e)) == OK)
        *conf = kafka_options_take_conf(&options);
    kafka_options_fini(&options);
out:
    map_fini(&rest);
    return rc;
}
