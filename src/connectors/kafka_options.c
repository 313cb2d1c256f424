/* kafka_options.c: see kafka_options.h.
 * A property goes through the table of those that need care; what is not there is librdkafka's to know or to
 * refuse.
 */
#include "connectors/kafka_options.h"
#include "base/mem.h"
#include "connectors/kafka_jaas.h"
#include "os/log.h"
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

struct reading {
    struct kafka_options *out;
    const struct map *properties;
    const char *name, *value; /* the property at hand */
    const char *arg;          /* of its rule */
};

struct rule {
    const char *name; /* a trailing '*' stands for any rest */
    enum err (*apply)(const struct reading *r, struct error *e);
    const char *arg;
};

static const char *property(const struct map *properties, const char *name)
{
    return map_get(properties, slice_text(name));
}

static enum err wrong_value(const struct reading *r, const char *wanted, struct error *e)
{
    return error_set(e, ERR_CONFIG, "properties.%s is '%s'; it takes %s", r->name, r->value, wanted);
}

enum err kafka_options_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *e)
{
    char why[512];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        return error_set(e, ERR_CONFIG, "properties.%s = '%s': %s", name, value, why);
    return OK;
}

/* --- what can be done with a property --- */

static enum err rename_to(const struct reading *r, struct error *e)
{
    enum err rc = kafka_options_set(r->out->conf, r->arg, r->value, e);

    return rc == OK ? OK : error_add(e, rc, "properties.%s", r->name);
}

/* Sizes of socket buffers: Java's -1 (the system's default) is librdkafka's 0. */
static enum err socket_buffer(const struct reading *r, struct error *e)
{
    return kafka_options_set(r->out->conf, r->arg, strcmp(r->value, "-1") == 0 ? "0" : r->value, e);
}

static enum err no_meaning(const struct reading *r, UNUSED struct error *e)
{
    log_info("kafka_source", "properties.%s is not used: %s", r->name, r->arg);
    return OK;
}

static enum err refused(const struct reading *r, struct error *e)
{
    return error_set(e, ERR_UNSUPPORTED, "properties.%s is not supported: %s", r->name, r->arg);
}

static enum err read_number(const struct reading *r, int64_t least, int64_t *out, struct error *e)
{
    char *end;

    errno = 0;
    *out = strtoll(r->value, &end, 10);
    if (errno || end == r->value || *end || *out < least)
        return wrong_value(r, "a whole number", e);
    return OK;
}

static enum err read_bool(const struct reading *r, bool *out, struct error *e)
{
    *out = strcasecmp(r->value, "true") == 0;
    return *out || strcasecmp(r->value, "false") == 0 ? OK : wrong_value(r, "true or false", e);
}

static enum err group_id(const struct reading *r, UNUSED struct error *e)
{
    r->out->group_id = r->value;
    return *r->value ? OK : wrong_value(r, "a name", e);
}

static enum err client_id(const struct reading *r, UNUSED struct error *e)
{
    r->out->client_id = r->value;
    return OK;
}

static enum err offset_reset(const struct reading *r, struct error *e)
{
    static const char *const names[] = {
        [KAFKA_RESET_NONE] = "none", [KAFKA_RESET_EARLIEST] = "earliest", [KAFKA_RESET_LATEST] = "latest"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(r->value, names[i]) == 0) {
            r->out->reset = (enum kafka_reset)i;
            return OK;
        }
    return wrong_value(r, "earliest, latest or none", e);
}

static enum err auto_commit(const struct reading *r, struct error *e)
{
    return read_bool(r, &r->out->auto_commit, e);
}

static enum err commit_on_checkpoint(const struct reading *r, struct error *e)
{
    return read_bool(r, &r->out->commit_on_checkpoint, e);
}

static enum err client_metrics(const struct reading *r, struct error *e)
{
    return read_bool(r, &r->out->client_metrics, e);
}

static enum err create_topics(const struct reading *r, struct error *e)
{
    enum err rc = read_bool(r, &r->out->create_topics, e);

    return rc == OK ? kafka_options_set(r->out->conf, r->name, r->value, e) : rc;
}

static enum err discovery(const struct reading *r, struct error *e)
{
    return read_number(r, INT64_MIN + 1, &r->out->discovery_ms, e);
}

static enum err poll_records(const struct reading *r, struct error *e)
{
    return read_number(r, 1, &r->out->max_poll_records, e);
}

/* Where Java says "" for no host name check, librdkafka says none. */
static enum err endpoint_check(const struct reading *r, struct error *e)
{
    return kafka_options_set(r->out->conf, r->name, *r->value ? r->value : "none", e);
}

static bool ends(const char *text, const char *end)
{
    return slice_ends(slice_text(text), slice_text(end));
}

/* The kind of a store: as said by ssl.<store>.type, or as its file name looks. */
static bool store_is(const struct reading *r, const char *type_name, const char *type)
{
    const char *said = property(r->properties, type_name);

    if (said)
        return strcasecmp(said, type) == 0;
    if (strcmp(type, "PEM") == 0)
        return ends(r->value, ".pem") || ends(r->value, ".crt") || ends(r->value, ".cer");
    return ends(r->value, ".p12") || ends(r->value, ".pfx");
}

static enum err truststore(const struct reading *r, struct error *e)
{
    if (!store_is(r, "ssl.truststore.type", "PEM"))
        return error_set(
            e, ERR_UNSUPPORTED,
            "properties.ssl.truststore.location '%s' is no PEM file; make one with `keytool -list -rfc "
            "-keystore %s > ca.pem` and set properties.ssl.truststore.type to PEM",
            r->value, r->value);
    return kafka_options_set(r->out->conf, "ssl.ca.location", r->value, e);
}

static enum err keystore(const struct reading *r, struct error *e)
{
    enum err rc;

    if (store_is(r, "ssl.keystore.type", "PKCS12"))
        return kafka_options_set(r->out->conf, "ssl.keystore.location", r->value, e);
    if (!store_is(r, "ssl.keystore.type", "PEM"))
        return error_set(
            e, ERR_UNSUPPORTED,
            "properties.ssl.keystore.location '%s' is neither PKCS12 nor PEM; convert it with `keytool "
            "-importkeystore -srckeystore %s -destkeystore key.p12 -deststoretype PKCS12`",
            r->value, r->value);
    rc = kafka_options_set(r->out->conf, "ssl.key.location", r->value, e);
    return rc == OK ? kafka_options_set(r->out->conf, "ssl.certificate.location", r->value, e) : rc;
}

static enum err store_type(UNUSED const struct reading *r, UNUSED struct error *e)
{
    return OK; /* read together with the location */
}

/* The password of a store that is PEM has nothing to open. */
static enum err keystore_password(const struct reading *r, struct error *e)
{
    const char *location = property(r->properties, "ssl.keystore.location");
    struct reading at = *r;

    at.value = location ? location : "";
    return location && !store_is(&at, "ssl.keystore.type", "PKCS12")
               ? OK
               : kafka_options_set(r->out->conf, "ssl.keystore.password", r->value, e);
}

static enum err jaas(const struct reading *r, struct error *e)
{
    struct kafka_jaas login = {0};
    enum err rc = kafka_jaas_parse(r->value, &login, e);

    if (rc != OK)
        goto out;
    for (size_t i = 0; rc == OK && i < login.setting_count; i++)
        rc = kafka_options_set(r->out->conf, login.settings[i].name, login.settings[i].value, e);
out:
    kafka_jaas_fini(&login);
    return rc == OK ? OK : error_add(e, rc, "properties.sasl.jaas.config");
}

#define OURS      "weir sets it itself, as its checkpoints depend on it"
#define MEMBERS   "weir assigns the partitions itself, there is no group of consumers"
#define FORMATS   "the table's format decodes"
#define PRODUCERS "it belongs to a producer"
#define JAVAS     "it configures the Java client"

static const struct rule rules[] = {
    {"group.id", group_id, NULL},
    {"client.id", client_id, NULL},
    {"client.id.prefix", client_id, NULL},
    {"auto.offset.reset", offset_reset, NULL},
    {"enable.auto.commit", auto_commit, NULL},
    {"commit.offsets.on.checkpoint", commit_on_checkpoint, NULL},
    {"register.consumer.metrics", client_metrics, NULL},
    {"allow.auto.create.topics", create_topics, NULL},
    {"partition.discovery.interval.ms", discovery, NULL},
    {"max.poll.records", poll_records, NULL},
    {"fetch.max.wait.ms", rename_to, "fetch.wait.max.ms"},
    {"request.timeout.ms", rename_to, "socket.timeout.ms"},
    {"max.request.size", rename_to, "message.max.bytes"},
    {"receive.buffer.bytes", socket_buffer, "socket.receive.buffer.bytes"},
    {"send.buffer.bytes", socket_buffer, "socket.send.buffer.bytes"},
    {"sasl.jaas.config", jaas, NULL},
    {"ssl.endpoint.identification.algorithm", endpoint_check, NULL},
    {"ssl.truststore.location", truststore, NULL},
    {"ssl.truststore.type", store_type, NULL},
    {"ssl.truststore.certificates", rename_to, "ssl.ca.pem"},
    {"ssl.truststore.password", no_meaning, "a PEM file has no password"},
    {"ssl.keystore.location", keystore, NULL},
    {"ssl.keystore.type", store_type, NULL},
    {"ssl.keystore.password", keystore_password, NULL},
    {"ssl.keystore.key", rename_to, "ssl.key.pem"},
    {"ssl.keystore.certificate.chain", rename_to, "ssl.certificate.pem"},
    {"sasl.client.callback.handler.class", refused,
     "it is a Java class; use PLAIN, SCRAM, GSSAPI or OAUTHBEARER"},
    {"sasl.login.callback.handler.class", refused,
     "it is a Java class; OAUTHBEARER takes properties.sasl.oauthbearer.* instead"},
    {"sasl.login.class", refused, "it is a Java class"},
    {"enable.partition.eof", refused, OURS},
    {"enable.auto.offset.store", refused, OURS},
    {"statistics.interval.ms", no_meaning, "weir measures by itself"},
    {"partition.assignment.strategy", no_meaning, MEMBERS},
    {"group.instance.id", no_meaning, MEMBERS},
    {"group.protocol", no_meaning, MEMBERS},
    {"key.deserializer", no_meaning, FORMATS},
    {"value.deserializer", no_meaning, FORMATS},
    {"key.serializer", no_meaning, FORMATS},
    {"value.serializer", no_meaning, FORMATS},
    {"buffer.memory", no_meaning, PRODUCERS},
    {"max.block.ms", no_meaning, PRODUCERS},
    {"partitioner.*", no_meaning, PRODUCERS},
    {"transaction.timeout.ms", no_meaning, PRODUCERS},
    {"default.api.timeout.ms", no_meaning, "what is asked of brokers is asked again until it is answered"},
    {"retry.backoff.max.ms", no_meaning, "the time between retries does not grow"},
    {"exclude.internal.topics", no_meaning, "a topic pattern never takes internal topics"},
    {"interceptor.classes", no_meaning, JAVAS},
    {"metric.reporters", no_meaning, JAVAS},
    {"metrics.*", no_meaning, JAVAS},
    {"auto.include.jmx.reporter", no_meaning, JAVAS},
    {"enable.metrics.push", no_meaning, JAVAS},
    {"security.providers", no_meaning, JAVAS},
    {"ssl.enabled.protocols", no_meaning, JAVAS},
    {"ssl.protocol", no_meaning, JAVAS},
    {"ssl.provider", no_meaning, JAVAS},
    {"ssl.engine.factory.class", no_meaning, JAVAS},
    {"ssl.keymanager.algorithm", no_meaning, JAVAS},
    {"ssl.trustmanager.algorithm", no_meaning, JAVAS},
    {"ssl.secure.random.implementation", no_meaning, JAVAS},
    {"sasl.login.*", no_meaning, JAVAS},
    {"sasl.kerberos.ticket.*", no_meaning, JAVAS},
};

static bool rule_fits(const struct rule *rule, const char *name)
{
    size_t len = strlen(rule->name);

    return rule->name[len - 1] == '*' ? strncmp(rule->name, name, len - 1) == 0
                                      : strcmp(rule->name, name) == 0;
}

static enum err read_one(struct reading *r, struct error *e)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rule_fits(&rules[i], r->name)) {
            r->arg = rules[i].arg;
            return rules[i].apply(r, e);
        }
    return kafka_options_set(r->out->conf, r->name, r->value, e);
}

/* A text of conf, owned by the caller; NULL when unset or empty, or without memory. */
static char *conf_text(const rd_kafka_conf_t *conf, const char *name)
{
    size_t size = 0;
    char *text;

    if (rd_kafka_conf_get(conf, name, NULL, &size) != RD_KAFKA_CONF_OK || size <= 1 ||
        (text = mem_alloc(size)) == NULL)
        return NULL;
    rd_kafka_conf_get(conf, name, text, &size);
    return text;
}

int64_t kafka_options_number(const rd_kafka_conf_t *conf, const char *name)
{
    char text[32] = "0";
    size_t size = sizeof text;

    rd_kafka_conf_get(conf, name, text, &size);
    return strtoll(text, NULL, 10);
}

/* Where the Java client and librdkafka differ in what they do unasked, do as the Java client. */
static enum err java_defaults(rd_kafka_conf_t *conf, struct error *e)
{
    return kafka_options_set(conf, "isolation.level", "read_uncommitted", e);
}

enum err kafka_options_read(const struct map *properties, struct kafka_options *out, struct error *e)
{
    struct reading r = {.out = out, .properties = properties};
    struct map_entry *entry;
    size_t at = 0;
    enum err rc;

    *out = (struct kafka_options){
        .commit_on_checkpoint = true, .client_metrics = true, .discovery_ms = -1, .max_poll_records = -1};
    out->conf = rd_kafka_conf_new();
    if ((rc = java_defaults(out->conf, e)) != OK)
        goto out;
    while (rc == OK && (entry = map_next(properties, &at)) != NULL) {
        r.name = entry->key.ptr;
        r.value = entry->value;
        rc = read_one(&r, e);
    }
    if (rc == OK && property(properties, "bootstrap.servers") == NULL)
        rc = error_set(e, ERR_CONFIG,
                       "properties.bootstrap.servers is missing: the brokers to read from, host:port[,...]");
    if (rc == OK) {
        out->username = conf_text(out->conf, "sasl.username");
        out->password = conf_text(out->conf, "sasl.password");
    }
out:
    if (rc != OK)
        kafka_options_fini(out);
    return rc;
}

rd_kafka_conf_t *kafka_options_take_conf(struct kafka_options *o)
{
    rd_kafka_conf_t *conf = o->conf;

    o->conf = NULL;
    return conf;
}

void kafka_options_fini(struct kafka_options *o)
{
    if (o->conf)
        rd_kafka_conf_destroy(o->conf);
    o->conf = NULL;
    mem_free((char *)o->username);
    mem_free((char *)o->password);
    o->username = o->password = NULL;
}
