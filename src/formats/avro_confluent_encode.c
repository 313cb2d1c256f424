/* avro_confluent_encode.c: the encoder of format "avro-confluent". Its schema is registered before the first
 * row is written, by a thread of the executor, which tries again for a while when the registry does not
 * answer:
 *
 *   UNASKED ──► ASKING ──► REGISTERED: the id heads every payload
 *      ▲          └──────► failed: said by the next encode
 *      └───────────────────┘
 *
 * What the task and that thread share is counted, so the encoder may be freed while it is under way.
 */
#include "formats/avro_confluent.h"
#include "base/mem.h"
#include "formats/avro_write.h"
#include "formats/payloads.h"
#include "formats/registry.h"
#include "os/log.h"
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define TRIES_MAX      10 /* some 30 seconds of waiting between them */
#define FIRST_DELAY_MS 100

enum asking { UNASKED, ASKING, ANSWERED };

/* Written by the executor's thread until state is ANSWERED. */
struct shared {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* closed was set */
    int refs;
    bool closed;               /* the encoder is gone: nobody is to be woken */
    struct registry *registry; /* owned */
    char *subject;             /* owned */
    struct bytes json;         /* owned: the schema */
    void (*wake)(void *arg);
    void *wake_arg;
    enum asking state; /* under lock */
    enum err rc;
    struct error error;
    int32_t id;
};

struct confluent_encoder {
    struct row_encoder base;
    struct avro_writer *writer; /* owned */
    struct shared *shared;      /* a reference */
    bool registered;
    char header[CONFLUENT_HEADER_BYTES];
};

/* --- what is shared --- */

static void unref_shared(struct shared *s)
{
    int refs;

    pthread_mutex_lock(&s->lock);
    refs = --s->refs;
    pthread_mutex_unlock(&s->lock);
    if (refs > 0)
        return;
    registry_free(s->registry);
    mem_free(s->subject);
    bytes_fini(&s->json);
    pthread_cond_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

static struct shared *new_shared(const struct encode_spec *spec)
{
    struct shared *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ended, NULL);
    s->refs = 1;
    s->wake = spec->wake;
    s->wake_arg = spec->wake_arg;
    return s;
}

/* Wait that long, or until the encoder is gone; false then. */
static bool pause_for(struct shared *s, int64_t delay_ms)
{
    struct timespec until;
    int rc = 0;
    bool closed;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += delay_ms % 1000 * 1000000;
    until.tv_sec += delay_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&s->lock);
    while (!s->closed && rc == 0)
        rc = pthread_cond_timedwait(&s->ended, &s->lock, &until);
    closed = s->closed;
    pthread_mutex_unlock(&s->lock);
    return !closed;
}

/* On a thread of the executor. The wake is called under the lock, so that the task is not gone meanwhile. */
static void run_register(void *arg)
{
    struct shared *s = arg;
    int64_t delay_ms = FIRST_DELAY_MS;
    enum err rc;

    for (int n = 1;; n++, delay_ms *= 2) {
        rc = registry_register(s->registry, s->subject, bytes_all(&s->json), &s->id, &s->error);
        if (rc != ERR_UNAVAILABLE || n == TRIES_MAX)
            break;
        log_warn("avro_confluent", "schema of subject %s is not registered yet: %s", s->subject,
                 s->error.text);
        if (!pause_for(s, MIN(delay_ms, 5000)))
            break;
    }
    pthread_mutex_lock(&s->lock);
    s->rc = rc;
    s->state = ANSWERED;
    if (!s->closed && s->wake)
        s->wake(s->wake_arg);
    pthread_mutex_unlock(&s->lock);
    unref_shared(s);
}

/* --- the id --- */

static enum err ask(struct confluent_encoder *c, struct error *e)
{
    struct shared *s = c->shared;

    pthread_mutex_lock(&s->lock);
    s->refs++;
    s->state = ASKING;
    pthread_mutex_unlock(&s->lock);
    if (executor_submit(c->base.spec->executor, run_register, s))
        return OK;
    s->state = UNASKED;
    unref_shared(s);
    return error_memory(e, 0, "registering a schema");
}

static void keep_id(struct confluent_encoder *c)
{
    uint32_t id = (uint32_t)c->shared->id;

    for (int i = 0; i < 4; i++)
        c->header[1 + i] = (char)(id >> (24 - 8 * i));
    c->registered = true;
}

/* The id is known, ERR_WAIT, or why there is none; the call after that asks again. */
static enum err have_id(struct confluent_encoder *c, struct error *e)
{
    struct shared *s = c->shared;
    enum asking state;
    enum err rc;

    if (LIKELY(c->registered))
        return OK;
    pthread_mutex_lock(&s->lock);
    state = s->state;
    pthread_mutex_unlock(&s->lock);
    if (state == UNASKED && (rc = ask(c, e)) != OK)
        return rc;
    if (state != ANSWERED)
        return error_set(e, ERR_WAIT, "waiting for the schema registry");
    s->state = UNASKED;
    if (s->rc != OK) {
        *e = s->error;
        return error_add(e, s->rc, "registering the schema of subject %s", s->subject);
    }
    keep_id(c);
    return OK;
}

/* --- rows --- */

static enum encoded append_datum(struct row_encoder *r, int32_t row, UNUSED enum row_kind kind,
                                 struct bytes *out)
{
    struct confluent_encoder *c = CONTAINER_OF(r, struct confluent_encoder, base);

    bytes_append(out, c->header, sizeof c->header);
    return avro_writer_row(c->writer, r->view->columns, row, out, &r->failure) ? ENCODED : ENCODED_BAD;
}

static enum err encode(struct encoder *enc, const struct batch *rows, struct payload_run *out,
                       struct error *e)
{
    struct confluent_encoder *c = CONTAINER_OF(enc, struct confluent_encoder, base.encoder);
    enum err rc = have_id(c, e);

    return rc == OK ? row_encoder_encode(enc, rows, out, e) : rc;
}

/* --- making --- */

static void free_encoder(struct encoder *enc)
{
    struct confluent_encoder *c = CONTAINER_OF(enc, struct confluent_encoder, base.encoder);

    if (c->shared) {
        pthread_mutex_lock(&c->shared->lock);
        c->shared->closed = true;
        pthread_cond_broadcast(&c->shared->ended);
        pthread_mutex_unlock(&c->shared->lock);
        unref_shared(c->shared);
    }
    avro_writer_free(c->writer);
    row_encoder_fini(&c->base);
    mem_free(c);
}

static enum err choose_subject(struct confluent_encoder *c, const struct encode_spec *spec, struct error *e)
{
    const char *subject = format_option(&avro_confluent_format, spec->options, "subject");

    if (subject == NULL && spec->topic == NULL)
        return error_set(e, ERR_CONFIG,
                         "option 'avro-confluent.subject' is missing: there is no topic to derive it from");
    c->shared->subject = subject ? mem_strdup(subject)
                                 : mem_printf("%s-%s", spec->topic, spec->is_key ? "key" : "value");
    return c->shared->subject ? OK : error_memory(e, 0, "a subject");
}

enum err avro_confluent_encoder_new(const struct encode_spec *spec, struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {encode, free_encoder};
    struct confluent_encoder *c = mem_zalloc(sizeof *c);
    enum err rc;

    assert(spec->executor != NULL);
    if (c == NULL)
        return error_memory(e, sizeof *c, "an encoder");
    c->base.encoder.ops = &ops;
    c->base.append = append_datum;
    if ((rc = row_encoder_init(&c->base, &avro_confluent_format, spec, e)) != OK)
        goto out;
    if ((c->shared = new_shared(spec)) == NULL) {
        rc = error_memory(e, sizeof *c->shared, "an encoder");
        goto out;
    }
    if ((rc = choose_subject(c, spec, e)) == OK &&
        (rc = registry_new(spec->options, &c->shared->registry, e)) == OK)
        rc = avro_writer_open(&avro_confluent_format, spec->options, spec->schema, &c->shared->json,
                              &c->writer, e);
out:
    if (rc == OK)
        *out = &c->base.encoder;
    else
        free_encoder(&c->base.encoder);
    return rc;
}
