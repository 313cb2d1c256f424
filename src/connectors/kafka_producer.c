/* kafka_producer.c: see kafka_producer.h. kafka_producer_options.c makes its configuration. */
#include "connectors/kafka_producer.h"
#include "base/mem.h"
#include "connectors/kafka_client.h"
#include "connectors/kafka_producer_options.h"
#include "os/log.h"
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define SPARE_BLOCKS     8
#define SPARE_BYTES      ((size_t)1 << 20) /* a block that has grown past this is not kept */
#define POLL_MS          100
#define ASK_MS           500
#define PAUSE_MS         50
#define UNKNOWN_TOPIC_MS 5000 /* one that the broker is just making is unknown for a moment */
#define LOG_EVERY_US     INT64_C(5000000)

struct topic {
    rd_kafka_topic_t *handle; /* owned */
    int32_t partitions;       /* 0: not known yet */
};

struct kafka_producer {
    atomic_int refs;
    struct kafka_producer_spec spec;
    rd_kafka_t *rk; /* owned; NULL once closed */
    rd_kafka_queue_t *queue;
    struct topic *topics; /* owned; partitions are written before `found` */
    int64_t topic_wait_ms;
    int64_t turn; /* of round robin */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t idle;
    int users; /* threads inside find_topics and flush */
    struct kafka_block *first, *last;
    struct kafka_block *open; /* the first that is not all sent */
    struct kafka_block *spare;
    int spare_count;
    int64_t number; /* of the last block handed over */
    struct error failure;
    bool failed;
    void (*wake)(void *arg); /* NULL once closed */

    atomic_bool found, closed, waits;
    _Atomic int64_t records, bytes, answered, failures, last_us;
    _Atomic int64_t logged_us;
};

/* --- failures and wake-ups ---------------------------------------------------------------------------- */

static void wake(struct kafka_producer *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->wake)
        p->wake(p->spec.wake_arg);
    pthread_mutex_unlock(&p->lock);
}

/* The first failure is the one told. */
static void fail(struct kafka_producer *p, const struct error *e)
{
    pthread_mutex_lock(&p->lock);
    if (!p->failed)
        p->failure = *e;
    p->failed = true;
    pthread_mutex_unlock(&p->lock);
    wake(p);
}

static enum err failure(struct kafka_producer *p, struct error *e)
{
    enum err rc = OK;

    pthread_mutex_lock(&p->lock);
    if (p->failed) {
        *e = p->failure;
        rc = e->code;
    }
    pthread_mutex_unlock(&p->lock);
    return rc;
}

/* --- librdkafka's callbacks --------------------------------------------------------------------------- */

static void lost(struct kafka_producer *p, const rd_kafka_message_t *m)
{
    const char *topic = rd_kafka_topic_name(m->rkt);
    struct error e;
    enum err rc;

    atomic_fetch_add_explicit(&p->failures, 1, memory_order_relaxed);
    if (m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return; /* we are closing */
    rc = kafka_client_error(&e, m->err, NULL);
    error_add(&e, rc, "a message of %zu bytes could not be written to topic %s, partition %" PRId32, m->len,
              topic, m->partition);
    if (m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        error_add(&e, rc, "raise properties.max.request.size and the topic's max.message.bytes");
    if (p->spec.guaranteed) {
        fail(p, &e);
        return;
    }
    if (clock_mono_us(p->spec.clock) - p->logged_us > LOG_EVERY_US) {
        log_warn("kafka_sink", "%s; going on, as 'sink.delivery-guarantee' is none", e.text);
        p->logged_us = clock_mono_us(p->spec.clock);
    }
}

/* From within rd_kafka_poll. */
static void on_answer(UNUSED rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    struct kafka_producer *p = opaque;
    struct kafka_block *b = m->_private;

    if (m->err)
        lost(p, m);
    atomic_fetch_add_explicit(&p->answered, 1, memory_order_relaxed);
    atomic_store_explicit(&p->last_us, rd_kafka_message_latency(m), memory_order_relaxed);
    atomic_fetch_sub_explicit(&b->left, 1, memory_order_release);
}

/* From within rd_kafka_poll. */
static void on_error(rd_kafka_t *rk, int number, const char *reason, void *opaque)
{
    struct kafka_producer *p = opaque;
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)number;
    char why[512];
    struct error e;

    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        err = rd_kafka_fatal_error(rk, why, sizeof why);
        error_set(&e, ERR_IO, "the Kafka producer cannot go on: %s (%s)", why, rd_kafka_err2name(err));
        fail(p, &e);
    } else if (kafka_client_error(&e, err, reason) == ERR_DENIED) {
        fail(p, &e);
    } else if (clock_mono_us(p->spec.clock) - p->logged_us > LOG_EVERY_US) {
        log_warn("kafka_sink", "%s (%s); trying again", reason, rd_kafka_err2name(err));
        p->logged_us = clock_mono_us(p->spec.clock);
    }
}

/* A consumer's properties in a table that is also read are no cause for a warning. */
static void on_log(UNUSED const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    enum log_level to = level <= 4 ? LOG_WARN : level == 5 ? LOG_INFO : LOG_DEBUG;

    if (strcmp(facility, "CONFWARN") == 0)
        to = LOG_DEBUG;
    if (log_enabled(to))
        log_line(to, "librdkafka", "%s: %s", facility, text);
}

/* From any of librdkafka's threads, when there was nothing to serve before. */
static void on_queue(UNUSED rd_kafka_t *rk, void *opaque)
{
    struct kafka_producer *p = opaque;

    if (atomic_load(&p->waits))
        wake(p);
}

/* --- topics ------------------------------------------------------------------------------------------- */

/* One question. OK with partitions 0: ask again. */
static enum err ask_topic(struct kafka_producer *p, struct topic *t, const char *name, bool is_late,
                          struct error *e)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(p->rk, 0, t->handle, &metadata, ASK_MS);

    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const struct rd_kafka_metadata_topic *found = metadata->topic_cnt ? &metadata->topics[0] : NULL;

        err = found ? found->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        t->partitions = found && !err ? found->partition_cnt : 0;
        rd_kafka_metadata_destroy(metadata);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_client_retriable(err))
        return OK;
    if (err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && err != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        enum err rc = kafka_client_error(e, err, NULL);

        return error_add(e, rc, "topic %s", name);
    }
    return is_late ? error_set(
                         e, ERR_NOT_FOUND,
                         "topic %s does not exist, and the brokers do not make it by themselves; create it, "
                         "or correct the table's 'topic'",
                         name)
                   : OK;
}

static void pause_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static enum err find_topic(struct kafka_producer *p, struct topic *t, const char *name, struct error *e)
{
    int64_t begin_ms = clock_mono_ms(p->spec.clock), waited_ms = 0;
    enum err rc = OK;

    while (!atomic_load(&p->closed)) {
        rc = ask_topic(p, t, name, waited_ms >= UNKNOWN_TOPIC_MS, e);
        if (rc != OK || t->partitions)
            return rc;
        if (waited_ms >= p->topic_wait_ms)
            return error_set(
                e, ERR_UNAVAILABLE,
                "topic %s: the brokers have told of no partition that can be written to, in %" PRId64
                " ms; check properties.bootstrap.servers",
                name, p->topic_wait_ms);
        pause_ms(PAUSE_MS);
        waited_ms = MAX(waited_ms + PAUSE_MS, clock_mono_ms(p->spec.clock) - begin_ms);
    }
    return OK;
}

/* A thread that is inside holds off the end of the client. False: it has ended. */
static bool enter(struct kafka_producer *p)
{
    bool ok;

    pthread_mutex_lock(&p->lock);
    ok = !atomic_load(&p->closed);
    p->users += ok;
    pthread_mutex_unlock(&p->lock);
    return ok;
}

static void leave(struct kafka_producer *p)
{
    pthread_mutex_lock(&p->lock);
    if (--p->users == 0)
        pthread_cond_broadcast(&p->idle);
    pthread_mutex_unlock(&p->lock);
}

void kafka_producer_find_topics(struct kafka_producer *p)
{
    struct error e;
    enum err rc = OK;

    if (!enter(p))
        return;
    for (int32_t i = 0; rc == OK && i < p->spec.topic_count; i++)
        rc = find_topic(p, &p->topics[i], p->spec.topics[i], &e);
    if (rc != OK)
        fail(p, &e);
    else
        atomic_store_explicit(&p->found, true, memory_order_release);
    wake(p);
    leave(p);
}

/* --- blocks ------------------------------------------------------------------------------------------- */

static void block_free(struct kafka_block *b)
{
    batch_unref(b->rows);
    payload_run_fini(&b->keys);
    payload_run_fini(&b->values);
    mem_free(b->dead);
    mem_free(b);
}

static void block_list_free(struct kafka_block *b)
{
    while (b) {
        struct kafka_block *next = b->next;

        block_free(b);
        b = next;
    }
}

bool kafka_block_kill(struct kafka_block *b, int32_t nth)
{
    int32_t words = b->values.count / 64 + 1;
    uint64_t *grown;

    assert(nth < b->values.count && !kafka_block_is_dead(b, nth));
    if (words > b->dead_words) {
        if ((grown = mem_realloc(b->dead, (size_t)words * sizeof *grown)) == NULL)
            return false;
        memset(grown + b->dead_words, 0, (size_t)(words - b->dead_words) * sizeof *grown);
        b->dead = grown;
        b->dead_words = words;
    }
    b->dead[nth >> 6] |= UINT64_C(1) << (nth & 63);
    b->dead_count++;
    return true;
}

struct kafka_block *kafka_producer_begin(struct kafka_producer *p)
{
    struct kafka_block *b;

    pthread_mutex_lock(&p->lock);
    if ((b = p->spare) != NULL) {
        p->spare = b->next;
        p->spare_count--;
    }
    pthread_mutex_unlock(&p->lock);
    if (b == NULL && (b = mem_zalloc(sizeof *b)) == NULL)
        return NULL;
    b->next = NULL;
    return b;
}

/* Under the lock: keep an empty block for the next, or free it. */
static void put_away(struct kafka_producer *p, struct kafka_block *b)
{
    if (p->spare_count >= SPARE_BLOCKS || b->keys.bytes.capacity + b->values.bytes.capacity > SPARE_BYTES) {
        block_free(b);
        return;
    }
    batch_unref(b->rows);
    payload_run_clear(&b->keys);
    payload_run_clear(&b->values);
    if (b->dead_count)
        memset(b->dead, 0, (size_t)b->dead_words * sizeof *b->dead);
    b->dead_count = 0;
    b->rows = NULL;
    b->extra = NULL;
    b->next = p->spare;
    p->spare = b;
    p->spare_count++;
}

void kafka_producer_drop(struct kafka_producer *p, struct kafka_block *b)
{
    pthread_mutex_lock(&p->lock);
    put_away(p, b);
    pthread_mutex_unlock(&p->lock);
}

/* Under the lock: take back what is answered, in order. */
static void reap(struct kafka_producer *p)
{
    struct kafka_block *b;

    while ((b = p->first) != NULL && atomic_load_explicit(&b->left, memory_order_acquire) == 0) {
        p->first = b->next;
        if (p->first == NULL)
            p->last = NULL;
        put_away(p, b);
    }
}

/* --- sending ------------------------------------------------------------------------------------------ */

static int32_t partition_of(struct kafka_producer *p, const struct topic *t)
{
    if (p->spec.fixed)
        return p->spec.subtask % t->partitions;
    if (p->spec.round_robin)
        return (int32_t)((p->turn++ + p->spec.subtask) % t->partitions);
    return RD_KAFKA_PARTITION_UA;
}

static rd_kafka_resp_err_t produce(struct kafka_producer *p, struct kafka_block *b, struct slice key,
                                   struct slice value, const struct kafka_extra *extra)
{
    const struct topic *t = &p->topics[extra->topic];

    if (extra->headers)
        return rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(t->handle), RD_KAFKA_V_PARTITION(partition_of(p, t)),
                                 RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_KEY(key.ptr, key.len),
                                 RD_KAFKA_V_VALUE((void *)(uintptr_t)value.ptr, value.len),
                                 RD_KAFKA_V_TIMESTAMP(extra->timestamp_ms),
                                 RD_KAFKA_V_HEADERS(extra->headers), RD_KAFKA_V_OPAQUE(b), RD_KAFKA_V_END);
    return rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(t->handle), RD_KAFKA_V_PARTITION(partition_of(p, t)),
                             RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_KEY(key.ptr, key.len),
                             RD_KAFKA_V_VALUE((void *)(uintptr_t)value.ptr, value.len),
                             RD_KAFKA_V_TIMESTAMP(extra->timestamp_ms), RD_KAFKA_V_OPAQUE(b), RD_KAFKA_V_END);
}

/* ERR_WAIT: no room now. */
static enum err send_one(struct kafka_producer *p, struct kafka_block *b, int32_t nth, struct error *e)
{
    struct slice key = b->keys.count ? payload_run_get(&b->keys, nth) : (struct slice){NULL, 0};
    struct slice value = payload_run_get(&b->values, nth);
    struct kafka_extra extra = {0};
    rd_kafka_resp_err_t err;

    if (b->extra && !b->extra(b, nth, &extra, e))
        return e->code;
    err = produce(p, b, key, value, &extra);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_fetch_add_explicit(&p->bytes, (int64_t)(key.len + value.len), memory_order_relaxed);
        return OK;
    }
    if (extra.headers)
        rd_kafka_headers_destroy(extra.headers);
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return ERR_WAIT;
    kafka_client_error(e, err, NULL);
    if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        error_set(
            e, ERR_INPUT,
            "a message of %zu bytes is larger than properties.max.request.size; raise it and the topic's "
            "max.message.bytes",
            key.len + value.len);
    return error_add(e, e->code, "writing to topic %s", p->spec.topics[extra.topic]);
}

/* Under the lock: as much of b as there is room for. */
static enum err send_block(struct kafka_producer *p, struct kafka_block *b, struct error *e)
{
    enum err rc = OK;

    for (; b->sent < b->values.count; b->sent++) {
        if (kafka_block_is_dead(b, b->sent))
            continue;
        if ((rc = send_one(p, b, b->sent, e)) != OK)
            return rc;
        atomic_fetch_add_explicit(&p->records, 1, memory_order_relaxed);
    }
    batch_unref(b->rows);
    b->rows = NULL;
    atomic_fetch_sub_explicit(&b->left, 1, memory_order_release);
    return OK;
}

/* Under the lock. */
static enum err send_open(struct kafka_producer *p, struct error *e)
{
    enum err rc = OK;

    while (p->open && (rc = send_block(p, p->open, e)) == OK)
        p->open = p->open->next;
    return rc == ERR_WAIT ? OK : rc;
}

static enum err send_locked(struct kafka_producer *p, bool *full, struct error *e)
{
    enum err rc;

    pthread_mutex_lock(&p->lock);
    rc = send_open(p, e);
    reap(p);
    *full = p->open != NULL;
    pthread_mutex_unlock(&p->lock);
    return rc;
}

enum err kafka_producer_full(struct kafka_producer *p, bool *full, struct error *e)
{
    enum err rc;

    *full = true;
    if ((rc = failure(p, e)) != OK || !atomic_load_explicit(&p->found, memory_order_acquire))
        return rc;
    rd_kafka_poll(p->rk, 0);
    atomic_store(&p->waits, false);
    while ((rc = send_locked(p, full, e)) == OK && *full) {
        atomic_store(&p->waits, true);
        if (rd_kafka_poll(p->rk, 0) == 0)
            break; /* from now on an answer wakes us */
    }
    return rc == OK ? failure(p, e) : rc;
}

enum err kafka_producer_send(struct kafka_producer *p, struct kafka_block *b, struct error *e)
{
    bool full;

    assert(b->keys.count == 0 || b->keys.count == b->values.count);
    if (b->values.count == b->dead_count) {
        kafka_producer_drop(p, b);
        return OK;
    }
    b->sent = 0;
    atomic_init(&b->left, b->values.count - b->dead_count + 1);
    pthread_mutex_lock(&p->lock);
    b->number = ++p->number;
    if (p->last)
        p->last->next = b;
    else
        p->first = b;
    p->last = b;
    if (p->open == NULL)
        p->open = b;
    pthread_mutex_unlock(&p->lock);
    return kafka_producer_full(p, &full, e);
}

enum err kafka_producer_poll(struct kafka_producer *p, bool wake_me, int64_t *left, struct error *e)
{
    enum err rc;
    bool full;

    rd_kafka_poll(p->rk, 0);
    if ((rc = kafka_producer_full(p, &full, e)) != OK)
        return rc;
    pthread_mutex_lock(&p->lock);
    *left = 0;
    for (struct kafka_block *b = p->first; b; b = b->next)
        *left += atomic_load_explicit(&b->left, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
    if (*left && wake_me) {
        atomic_store(&p->waits, true);
        if (rd_kafka_poll(p->rk, 0)) /* answers that came before we asked: look again */
            p->spec.wake(p->spec.wake_arg);
    }
    return OK;
}

/* --- flushing ----------------------------------------------------------------------------------------- */

int64_t kafka_producer_last(struct kafka_producer *p)
{
    int64_t number;

    pthread_mutex_lock(&p->lock);
    number = p->number;
    pthread_mutex_unlock(&p->lock);
    return number;
}

/* Whether all blocks up to number have been answered. */
static bool is_answered(struct kafka_producer *p, int64_t number)
{
    bool answered;

    pthread_mutex_lock(&p->lock);
    reap(p);
    answered = p->first == NULL || p->first->number > number;
    pthread_mutex_unlock(&p->lock);
    return answered;
}

enum err kafka_producer_flush(struct kafka_producer *p, int64_t number, struct error *e)
{
    enum err rc = OK;
    bool full;

    if (!enter(p))
        return error_set(e, ERR_CANCELLED, "the Kafka sink was closed");
    while ((rc = failure(p, e)) == OK && !is_answered(p, number)) {
        if (atomic_load(&p->closed)) {
            rc = error_set(e, ERR_CANCELLED, "the Kafka sink was closed");
            break;
        }
        if ((rc = send_locked(p, &full, e)) != OK)
            break;
        rd_kafka_poll(p->rk, POLL_MS);
    }
    wake(p); /* answers that were served here made room there */
    leave(p);
    return rc;
}

void kafka_producer_sent(struct kafka_producer *p, struct kafka_sent *out)
{
    out->records = atomic_load_explicit(&p->records, memory_order_relaxed);
    out->bytes = atomic_load_explicit(&p->bytes, memory_order_relaxed);
    out->answered = atomic_load_explicit(&p->answered, memory_order_relaxed);
    out->failed = atomic_load_explicit(&p->failures, memory_order_relaxed);
    out->last_us = atomic_load_explicit(&p->last_us, memory_order_relaxed);
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err start(struct kafka_producer *p, rd_kafka_conf_t *conf, struct error *e)
{
    char why[512];

    rd_kafka_conf_set_opaque(conf, p);
    rd_kafka_conf_set_dr_msg_cb(conf, on_answer);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if ((p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why)) == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(e, ERR_CONFIG, "starting a Kafka producer: %s; check the table's properties.*", why);
    }
    p->queue = rd_kafka_queue_get_main(p->rk);
    rd_kafka_queue_cb_event_enable(p->queue, on_queue, p);
    for (int32_t i = 0; i < p->spec.topic_count; i++)
        if ((p->topics[i].handle = rd_kafka_topic_new(p->rk, p->spec.topics[i], NULL)) == NULL)
            return error_set(e, ERR_CONFIG, "topic '%s': %s", p->spec.topics[i],
                             rd_kafka_err2str(rd_kafka_last_error()));
    return OK;
}

enum err kafka_producer_check(const struct map *properties, struct error *e)
{
    rd_kafka_conf_t *conf;
    int64_t wait_ms;
    enum err rc = kafka_producer_options(properties, 0, &conf, &wait_ms, e);

    if (rc == OK)
        rd_kafka_conf_destroy(conf);
    return rc;
}

enum err kafka_producer_new(const struct kafka_producer_spec *spec, struct kafka_producer **out,
                            struct error *e)
{
    struct kafka_producer *p = mem_zalloc(sizeof *p);
    rd_kafka_conf_t *conf;
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a Kafka producer");
    atomic_init(&p->refs, 1);
    p->spec = *spec;
    p->wake = spec->wake;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->idle, NULL);
    if ((p->topics = mem_calloc((size_t)spec->topic_count, sizeof *p->topics)) == NULL)
        rc = error_memory(e, (size_t)spec->topic_count * sizeof *p->topics, "a Kafka producer");
    else
        rc = kafka_producer_options(spec->properties, spec->subtask, &conf, &p->topic_wait_ms, e);
    if (rc == OK)
        rc = start(p, conf, e);
    if (rc == OK) {
        *out = p;
        return OK;
    }
    kafka_producer_close(p);
    kafka_producer_unref(p);
    return rc;
}

/* Payloads are lent: the client goes first. */
static void end_client(struct kafka_producer *p)
{
    if (p->queue)
        rd_kafka_queue_cb_event_enable(p->queue, NULL, NULL);
    for (int32_t i = 0; p->topics && i < p->spec.topic_count; i++)
        if (p->topics[i].handle)
            rd_kafka_topic_destroy(p->topics[i].handle);
    if (p->queue)
        rd_kafka_queue_destroy(p->queue);
    if (p->rk) {
        rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_poll(p->rk, 0);
        rd_kafka_destroy(p->rk);
    }
    p->queue = NULL;
    p->rk = NULL;
}

void kafka_producer_close(struct kafka_producer *p)
{
    pthread_mutex_lock(&p->lock);
    p->wake = NULL;
    atomic_store(&p->closed, true);
    while (p->users)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
    end_client(p);
    block_list_free(p->first);
    block_list_free(p->spare);
    p->first = p->last = p->open = p->spare = NULL;
    p->spare_count = 0;
}

struct kafka_producer *kafka_producer_ref(struct kafka_producer *p)
{
    atomic_fetch_add(&p->refs, 1);
    return p;
}

void kafka_producer_unref(struct kafka_producer *p)
{
    if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    assert(p->rk == NULL); /* closed */
    pthread_cond_destroy(&p->idle);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->topics);
    mem_free(p);
}
