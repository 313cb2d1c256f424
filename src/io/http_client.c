/* http_client.c: requests with credentials, limits and retries; the exchange itself is in transfer.c. */
#include "base/mem.h"
#include "io/http.h"
#include "io/transfer.h"
#include <stdio.h>
#include <strings.h>

#define BODY_MAX           (64 << 20)
#define CONNECT_TIMEOUT_MS 5000
#define TIMEOUT_MS         30000
#define RETRIES            3
#define RETRY_AFTER_MAX_MS 60000 /* who is told to wait longer is better told that than kept waiting */

struct http {
    struct http_config config; /* the texts are owned */
    struct transfer_pool *pool;
};

static bool copy_text(const char **text)
{
    if (*text == NULL)
        return true;
    *text = mem_strdup(*text);
    return *text != NULL;
}

static void free_text(const char *text)
{
    mem_free((void *)(uintptr_t)text);
}

enum err http_new(const struct http_config *config, struct http **out, struct error *e)
{
    struct http *h;
    enum err rc;

    *out = NULL;
    if (config->user != NULL && config->bearer != NULL)
        return error_set(e, ERR_CONFIG, "both a user and a bearer token are given for HTTP; remove one");
    if ((config->client_cert == NULL) != (config->client_key == NULL))
        return error_set(e, ERR_CONFIG,
                         "a client certificate needs its key, and a key its certificate; give both");
    h = mem_zalloc(sizeof *h);
    if (h == NULL)
        return error_memory(e, sizeof *h, "an HTTP client");
    h->config = *config;
    if (h->config.connect_timeout_ms == 0)
        h->config.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (h->config.timeout_ms == 0)
        h->config.timeout_ms = TIMEOUT_MS;
    if (h->config.retries < 0)
        h->config.retries = RETRIES;
    const char **texts[] = {&h->config.user,    &h->config.password,    &h->config.bearer,
                            &h->config.ca_file, &h->config.client_cert, &h->config.client_key};
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!ok)
            *texts[i] = NULL; /* still the caller's */
        else
            ok = copy_text(texts[i]);
    }
    rc = ok ? transfer_pool_new(&h->pool, e) : error_memory(e, 100, "an HTTP client");
    if (rc != OK) {
        http_free(h);
        return rc;
    }
    *out = h;
    return OK;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    transfer_pool_free(h->pool);
    free_text(h->config.user);
    free_text(h->config.password);
    free_text(h->config.bearer);
    free_text(h->config.ca_file);
    free_text(h->config.client_cert);
    free_text(h->config.client_key);
    mem_free(h);
}

static bool is_repeatable(const struct http_request *request)
{
    static const char *const methods[] = {"GET", "PUT", "HEAD", "DELETE"};

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (strcmp(request->method, methods[i]) == 0)
            return true;
    }
    return request->repeatable;
}

static bool is_busy(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

static struct transfer transfer_of(const struct http *h, const struct http_request *request)
{
    const struct http_config *c = &h->config;

    return (struct transfer){
        .method = request->method,
        .url = request->url,
        .headers = request->headers,
        .body = request->body,
        .repeatable = is_repeatable(request),
        .compressed = true,
        .user = c->user,
        .password = c->password,
        .bearer = c->bearer,
        .ca_file = c->ca_file,
        .client_cert = c->client_cert,
        .client_key = c->client_key,
        .insecure = c->insecure,
        .connect_timeout_ms = c->connect_timeout_ms,
        .timeout_ms = c->timeout_ms,
        .body_limit = BODY_MAX,
    };
}

/* One attempt: ERR_UNAVAILABLE also for a status that says so. */
static enum err attempt(struct http *h, const struct transfer *t, struct transfer_answer *answer,
                        struct error *e)
{
    enum err rc = transfer_run(h->pool, t, answer, e);

    if (rc == OK && is_busy(answer->status))
        return error_set(e, ERR_UNAVAILABLE, "the service answers %d (%s); is it overloaded or restarting?",
                         answer->status, answer->status == 429 ? "too many requests" : "not available");
    return rc;
}

enum err http_send(struct http *h, const struct http_request *request, struct http_response *out,
                   struct error *e)
{
    struct transfer t = transfer_of(h, request);
    struct transfer_answer answer = {.body = &out->body};
    char shown[TRANSFER_URL_MAX];
    enum err rc;

    *out = (struct http_response){0};
    for (int tries = 1;; tries++) {
        bytes_clear(&out->body);
        rc = attempt(h, &t, &answer, e);
        if (rc != ERR_UNAVAILABLE || tries > h->config.retries || (answer.sent && !t.repeatable) ||
            answer.retry_after_ms > RETRY_AFTER_MAX_MS)
            break;
        transfer_sleep_ms(MAX(answer.retry_after_ms, transfer_backoff_ms(tries)));
    }
    out->status = answer.status;
    out->headers = answer.headers;
    return rc == OK ? OK
                    : error_add(e, rc, "%s %s", request->method, transfer_url_shown(request->url, shown));
}

void http_response_fini(struct http_response *r)
{
    bytes_fini(&r->body);
    bytes_fini(&r->headers);
}

struct slice http_header(const struct http_response *r, const char *name)
{
    return transfer_header(bytes_all(&r->headers), name);
}
