/* kafka_client.c: see kafka_client.h. */
#include "connectors/kafka_client.h"
#include "base/budget.h"
#include "base/mem.h"
#include "os/log.h"
#include <stdio.h>

#define LOG_EVERY_US  INT64_C(5000000)
#define KICK_EVERY_US INT64_C(1000)
#define KICK_AFTER_US INT64_C(2000000)
#define LEAST_MEMORY  ((size_t)1 << 20)
#define FETCH_API     1 /* the protocol's number of Fetch */

/* --- errors --- */

bool kafka_client_retriable(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__NODE_UPDATE:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
        return true;
    default:
        return false;
    }
}

static enum err code_of(rd_kafka_resp_err_t err)
{
    if (kafka_client_retriable(err))
        return ERR_UNAVAILABLE;
    switch (err) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return ERR_DENIED;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return ERR_NOT_FOUND;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return ERR_CORRUPT;
    default:
        return ERR_IO;
    }
}

enum err kafka_client_error(struct error *e, rd_kafka_resp_err_t err, const char *detail)
{
    enum err rc = code_of(err);
    const char *advice = rc == ERR_DENIED
                             ? "; check properties.security.protocol, properties.sasl.* and the broker's ACLs"
                             : "";

    error_set(e, rc, "%s (%s)%s", detail && *detail ? detail : rd_kafka_err2str(err), rd_kafka_err2name(err),
              advice);
    return rc;
}

/* The word for kafka_connection_errors{error_type}. */
static const char *trouble_name(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        return "all_brokers_down";
    case RD_KAFKA_RESP_ERR__RESOLVE:
        return "resolve";
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return "timeout";
    case RD_KAFKA_RESP_ERR__SSL:
        return "ssl";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        return "authentication";
    case RD_KAFKA_RESP_ERR__TRANSPORT:
        return "transport";
    default:
        return "other";
    }
}

void kafka_client_trouble(struct kafka_client *c, rd_kafka_resp_err_t err, const char *reason)
{
    int64_t now_us = clock_mono_us(c->clock);

    if (c->registry) {
        struct metric_label label = {"error_type", trouble_name(err)};
        struct metric_scope *scope = metrics_bare(c->registry, &label, 1);

        if (scope)
            counter_add(
                metrics_counter(scope, "kafka_connection_errors", "failed connections to Kafka brokers"), 1);
    }
    if (c->logged_us && now_us - c->logged_us < LOG_EVERY_US) {
        c->quiet_count++;
        return;
    }
    log_warn("kafka_source",
             "brokers %s: %s (%s), and %" PRId64 " more since the last such line; trying again", c->brokers,
             reason, rd_kafka_err2name(err), c->quiet_count);
    c->logged_us = now_us;
    c->quiet_count = 0;
}

static void fail(struct kafka_client *c, enum err rc, rd_kafka_resp_err_t err, const char *reason)
{
    if (c->failure_code != OK)
        return;
    c->failure_code = rc;
    snprintf(c->failure, sizeof c->failure, "brokers %s: %s (%s)", c->brokers, reason,
             rd_kafka_err2name(err));
}

enum err kafka_client_failure(const struct kafka_client *c, struct error *e)
{
    if (c->failure_code == OK)
        return OK;
    return error_set(e, c->failure_code, "%s%s", c->failure,
                     c->failure_code == ERR_DENIED
                         ? "; check properties.security.protocol, properties.sasl.* and properties.ssl.*"
                         : "");
}

/* --- callbacks --- */

/* From within kafka_client_consume. */
static void on_error(rd_kafka_t *rk, int number, const char *reason, void *opaque)
{
    struct kafka_client *c = opaque;
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)number;
    char why[512];

    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        err = rd_kafka_fatal_error(rk, why, sizeof why);
        fail(c, ERR_IO, err, why);
        return;
    }
    kafka_client_trouble(c, err, reason);
    if (code_of(err) == ERR_DENIED)
        fail(c, ERR_DENIED, err, reason);
}

/* From any of librdkafka's threads. Its levels are syslog's: 4 is a warning, 5 a notice. */
static void on_log(UNUSED const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    enum log_level to = level <= 4 ? LOG_WARN : level == 5 ? LOG_INFO : LOG_DEBUG;

    if (log_enabled(to))
        log_line(to, "librdkafka", "%s: %s", facility, text);
}

/* From within kafka_client_consume. */
static void on_commit(UNUSED rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    struct kafka_client *c = opaque;

    if (err == RD_KAFKA_RESP_ERR__NO_OFFSET) /* there was nothing to commit by itself */
        return;
    if (c->commits_in_flight > 0)
        c->commits_in_flight--;
    if (c->committed)
        c->committed(c->committed_arg, offsets, err);
}

void kafka_client_wake(struct kafka_client *c)
{
    pthread_mutex_lock(&c->wake_lock);
    if (c->wake)
        c->wake(c->wake_arg);
    pthread_mutex_unlock(&c->wake_lock);
}

/* From any of librdkafka's threads, when the queue was empty before. */
static void on_queue(UNUSED rd_kafka_t *rk, void *opaque)
{
    kafka_client_wake(opaque);
}

/* From a broker's thread. */
static rd_kafka_resp_err_t on_response(UNUSED rd_kafka_t *rk, UNUSED int fd, UNUSED const char *broker,
                                       UNUSED int32_t broker_id, int16_t api, UNUSED int16_t version,
                                       UNUSED int32_t correlation, UNUSED size_t size, int64_t rtt_us,
                                       rd_kafka_resp_err_t err, void *opaque)
{
    struct kafka_client *c = opaque;

    if (api != FETCH_API || err || rtt_us < 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (c->fetch_latency)
        histogram_record(c->fetch_latency, (double)rtt_us / 1e3);
    atomic_fetch_add_explicit(&c->fetch_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->fetch_sum_us, rtt_us, memory_order_relaxed);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, UNUSED const rd_kafka_conf_t *conf, void *opaque,
                                  UNUSED char *why, UNUSED size_t size)
{
    return rd_kafka_interceptor_add_on_response_received(rk, "weir", on_response, opaque);
}

/* --- making --- */

static enum err set_number(rd_kafka_conf_t *conf, const char *name, int64_t value, struct error *e)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, value);
    return kafka_options_set(conf, name, text, e);
}

/* True for a setting that the user left alone. */
static bool is_default(const rd_kafka_conf_t *conf, const char *name)
{
    rd_kafka_conf_t *fresh = rd_kafka_conf_new();
    bool same = kafka_options_number(conf, name) == kafka_options_number(fresh, name);

    rd_kafka_conf_destroy(fresh);
    return same;
}

/* Limit what librdkafka fetches ahead, unless the user has said so himself, and see what that comes to. */
static enum err limit_memory(struct kafka_client *c, rd_kafka_conf_t *conf, size_t memory_bytes,
                             struct error *e)
{
    int64_t quarter = (int64_t)(MAX(memory_bytes, LEAST_MEMORY) / 4);
    int64_t fetch = MAX(quarter / 2, kafka_options_number(conf, "message.max.bytes"));
    int64_t queued_messages;
    enum err rc = OK;

    if (is_default(conf, "queued.max.messages.kbytes"))
        rc = set_number(conf, "queued.max.messages.kbytes", quarter / 1024, e);
    if (rc == OK && is_default(conf, "queued.min.messages"))
        rc = set_number(conf, "queued.min.messages", MAX(quarter / KAFKA_MESSAGE_OVERHEAD, 1), e);
    if (rc == OK && is_default(conf, "fetch.max.bytes"))
        rc = set_number(conf, "fetch.max.bytes", fetch, e);
    if (rc != OK)
        return rc;
    queued_messages = kafka_options_number(conf, "queued.min.messages");
    c->queued_bytes = (size_t)kafka_options_number(conf, "queued.max.messages.kbytes") * 1024;
    c->reserved = c->queued_bytes + (size_t)queued_messages * KAFKA_MESSAGE_OVERHEAD +
                  (size_t)kafka_options_number(conf, "fetch.max.bytes");
    return OK;
}

/* Later versions look at a full queue again after this long; older ones do not know it and must be woken. */
static bool set_queue_backoff(rd_kafka_conf_t *conf)
{
    char why[256];

    return rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "5", why, sizeof why) == RD_KAFKA_CONF_OK;
}

static enum err set_names(struct kafka_client *c, rd_kafka_conf_t *conf, const struct kafka_client_spec *spec,
                          struct error *e)
{
    const struct kafka_options *o = spec->options;
    const char *prefix = o->client_id ? o->client_id : o->group_id ? o->group_id : "weir";
    char text[256];
    enum err rc;

    snprintf(text, sizeof text, "%s-%" PRId32, prefix, spec->subtask);
    if ((rc = kafka_options_set(conf, "client.id", text, e)) != OK)
        return rc;
    /* A consumer must have a group even when it commits nothing and is no member. */
    rc = kafka_options_set(conf, "group.id", o->group_id ? o->group_id : text, e);
    if (rc == OK && o->group_id && (c->group_id = mem_strdup(o->group_id)) == NULL)
        rc = error_memory(e, strlen(o->group_id), "a group's name");
    return rc;
}

static enum err configure(struct kafka_client *c, rd_kafka_conf_t *conf, const struct kafka_client_spec *spec,
                          struct error *e)
{
    static const struct {
        const char *name, *value;
    } fixed[] = {
        {"enable.partition.eof", "true"},      /* to know that a partition is idle */
        {"enable.auto.offset.store", "false"}, /* what was read is what went on, not what was fetched */
        {"auto.offset.reset", "error"},        /* lost data is told, never skipped */
    };
    enum err rc;

    if ((rc = set_names(c, conf, spec, e)) != OK ||
        (rc = kafka_options_set(conf, "enable.auto.commit", spec->auto_commit ? "true" : "false", e)) != OK)
        return rc;
    for (size_t i = 0; rc == OK && i < COUNT_OF(fixed); i++)
        rc = kafka_options_set(conf, fixed[i].name, fixed[i].value, e);
    if (rc == OK)
        rc = limit_memory(c, conf, spec->memory_bytes, e);
    c->kick_needed = !set_queue_backoff(conf);
    rd_kafka_conf_set_opaque(conf, c);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_conf_interceptor_add_on_new(conf, "weir", on_new, c);
    return rc;
}

static enum err take_memory(struct kafka_client *c, const struct kafka_client_spec *spec, struct error *e)
{
    size_t held = MAX(spec->memory_bytes, LEAST_MEMORY) / 4;

    if (!budget_take(spec->budget, c->reserved)) {
        size_t wanted = c->reserved;

        c->reserved = 0;
        return error_set(
            e, ERR_MEMORY,
            "%zu bytes for messages read ahead do not fit the memory that is left; give the process more, "
            "or set the table's 'scan.memory' (now %zu bytes a subtask) lower",
            wanted, spec->memory_bytes);
    }
    c->budget = spec->budget;
    if ((c->held = budget_new("kafka messages", held, spec->budget)) == NULL)
        return error_memory(e, held, "a budget");
    return OK;
}

static void make_metrics(struct kafka_client *c, const struct kafka_client_spec *spec)
{
    struct metric_scope *bare;

    if (spec->registry == NULL)
        return;
    c->registry = spec->registry;
    if ((bare = metrics_bare(spec->registry, NULL, 0)) != NULL)
        c->fetch_latency = metrics_histogram(bare, "kafka_fetch_latency", "time of Kafka fetch requests, ms");
}

static enum err start(struct kafka_client *c, rd_kafka_conf_t *conf, struct error *e)
{
    char why[512];

    if ((c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why)) == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(e, ERR_CONFIG, "starting a Kafka consumer: %s; check the table's properties.*", why);
    }
    rd_kafka_poll_set_consumer(c->rk);
    c->queue = rd_kafka_queue_get_consumer(c->rk);
    rd_kafka_queue_cb_event_enable(c->queue, on_queue, c);
    return OK;
}

static void client_free(struct keep *k)
{
    struct kafka_client *c = CONTAINER_OF(k, struct kafka_client, keep);

    if (c->queue)
        rd_kafka_queue_destroy(c->queue);
    if (c->rk)
        rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); /* it never joined a group */
    budget_free(c->held);
    if (c->reserved)
        budget_give(c->budget, c->reserved);
    pthread_mutex_destroy(&c->wake_lock);
    mem_free((char *)c->brokers);
    mem_free(c->group_id);
    mem_free(c->username);
    mem_free(c->password);
    mem_free(c);
}

/* Texts that the client keeps after the options are gone. */
static enum err copy_texts(struct kafka_client *c, const struct kafka_options *o, rd_kafka_conf_t *conf,
                           struct error *e)
{
    size_t size = 0;
    char *brokers;

    rd_kafka_conf_get(conf, "bootstrap.servers", NULL, &size);
    if ((brokers = mem_zalloc(size + 1)) == NULL)
        return error_memory(e, size + 1, "the names of brokers");
    rd_kafka_conf_get(conf, "bootstrap.servers", brokers, &size);
    c->brokers = brokers;
    c->username = mem_strdup(o->username ? o->username : "-");
    c->password = mem_strdup(o->password ? o->password : "-");
    return c->username && c->password ? OK : error_memory(e, 64, "credentials");
}

enum err kafka_client_new(const struct kafka_client_spec *spec, struct kafka_client **out, struct error *e)
{
    struct kafka_client *c = mem_zalloc(sizeof *c);
    rd_kafka_conf_t *conf = NULL;
    enum err rc;

    *out = NULL;
    if (c == NULL)
        return error_memory(e, sizeof *c, "a Kafka consumer");
    *c = (struct kafka_client){.keep = {.refs = 1, .free = client_free},
                               .clock = spec->clock,
                               .wake = spec->wake,
                               .wake_arg = spec->wake_arg};
    pthread_mutex_init(&c->wake_lock, NULL);
    conf = kafka_options_take_conf(spec->options);
    if ((rc = copy_texts(c, spec->options, conf, e)) != OK || (rc = configure(c, conf, spec, e)) != OK ||
        (rc = take_memory(c, spec, e)) != OK)
        goto out;
    make_metrics(c, spec);
    rc = start(c, conf, e);
    conf = NULL;
out:
    if (conf)
        rd_kafka_conf_destroy(conf);
    if (rc != OK)
        kafka_client_unref(c);
    else
        *out = c;
    return rc;
}

/* Serve callbacks until commits in flight are answered; nothing is assigned any more, so there are no
 * messages. */
static void await_commits(struct kafka_client *c, int32_t timeout_ms)
{
    int64_t until_us = clock_mono_us(c->clock) + timeout_ms * INT64_C(1000);

    while (c->commits_in_flight > 0 && clock_mono_us(c->clock) < until_us) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(c->queue, 10);

        if (message)
            rd_kafka_message_destroy(message);
    }
}

void kafka_client_close(struct kafka_client *c, int32_t timeout_ms)
{
    if (c == NULL)
        return;
    rd_kafka_queue_cb_event_enable(c->queue, NULL, NULL);
    pthread_mutex_lock(&c->wake_lock);
    c->wake = NULL;
    pthread_mutex_unlock(&c->wake_lock);
    rd_kafka_assign(c->rk, NULL);
    await_commits(c, timeout_ms);
    c->committed = NULL;
    kafka_client_unref(c);
}

/* --- running --- */

size_t kafka_client_consume(struct kafka_client *c, rd_kafka_message_t **messages, size_t count)
{
    ssize_t n = rd_kafka_consume_batch_queue(c->queue, 0, messages, count);

    return n < 0 ? 0 : (size_t)n;
}

enum err kafka_client_commit(struct kafka_client *c, rd_kafka_topic_partition_list_t *offsets,
                             struct error *e)
{
    rd_kafka_resp_err_t err = rd_kafka_commit(c->rk, offsets, 1);

    if (err)
        return kafka_client_error(e, err, NULL);
    c->commits_in_flight++;
    return OK;
}

/* Room in what batches may hold, and in what all the process may: a source that holds nothing goes on in any
 * case, or nothing would ever move again. */
static bool has_room(struct kafka_client *c)
{
    if (budget_used(c->held) == 0)
        return true;
    if (!budget_take(c->held, 1))
        return false;
    budget_give(c->held, 1);
    return true;
}

bool kafka_client_may_hold(struct kafka_client *c)
{
    if (has_room(c))
        return true;
    atomic_store(&c->starved, true);
    /* Some may have come back between the look and the mark; then nobody would wake us. */
    if (!has_room(c))
        return false;
    atomic_store(&c->starved, false);
    return true;
}

void kafka_client_hold(struct kafka_client *c, size_t byte_count)
{
    budget_force(c->held, byte_count); /* they are here already; may_hold asks before the next are taken */
}

void kafka_client_release(struct kafka_client *c, size_t byte_count)
{
    budget_give(c->held, byte_count);
    if (atomic_load_explicit(&c->starved, memory_order_relaxed) && atomic_exchange(&c->starved, false))
        kafka_client_wake(c);
}

/* Before version 2.2 librdkafka's fetching thread, when it finds the queue full, sleeps for up to a second
 * unless something wakes it, and emptying the queue does not: a reader at 100 MB/s would get its 8 MiB and
 * then wait. New credentials wake it; giving it those it has changes nothing else. */
bool kafka_client_kick(struct kafka_client *c, size_t consumed, size_t average_bytes)
{
    size_t message_bytes = MAX(average_bytes, KAFKA_MESSAGE_OVERHEAD), queued;
    rd_kafka_error_t *error;
    int64_t now_us;

    if (!c->kick_needed)
        return false;
    now_us = clock_mono_us(c->clock);
    queued = rd_kafka_queue_length(c->queue);
    if (consumed && (queued + consumed) * message_bytes > c->queued_bytes / 2)
        c->full_until_us = now_us + KICK_AFTER_US; /* it was full before: the thread may sleep */
    if (now_us > c->full_until_us)
        return false;
    if (queued * message_bytes <= c->queued_bytes / 2 && now_us - c->kicked_us >= KICK_EVERY_US) {
        c->kicked_us = now_us;
        error = rd_kafka_sasl_set_credentials(c->rk, c->username, c->password);
        if (error)
            rd_kafka_error_destroy(error);
    }
    return queued == 0;
}
