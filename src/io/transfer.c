/* transfer.c: see transfer.h. What curl says is put into words that name a remedy. */
#include "io/transfer.h"
#include "base/mem.h"
#include "os/random.h"
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#define IDLE_MAX        16           /* handles kept for later */
#define HEADER_MAX      (256 * 1024) /* bytes of all header lines of an answer */
#define RESERVE_MAX     (256 << 20)  /* more than this is not believed before it comes */
#define BACKOFF_MIN_MS  100
#define BACKOFF_MAX_MS  10000
#define CONTINUE_HEADER "Expect:" /* no waiting for `100 Continue` */

struct transfer_pool {
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX]; /* the last one given back goes out first: its connection is the freshest */
    int idle_count;
};

/* What the callbacks of one exchange need. */
struct exchange {
    CURL *curl;
    struct transfer_answer *answer;
    size_t body_start, header_total;
    int64_t body_limit;
    bool too_long, no_memory, headers_whole;
    struct curl_slist *headers;
    char detail[CURL_ERROR_SIZE];
};

/* --- the pool --- */

/* A peer that closes must be an error, not a signal: TLS libraries write without MSG_NOSIGNAL. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

static void curl_start(void)
{
    ignore_broken_pipes();
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err transfer_pool_new(struct transfer_pool **out, struct error *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, curl_start);
    *out = mem_zalloc(sizeof **out);
    if (*out == NULL)
        return error_memory(e, sizeof **out, "an HTTP client");
    pthread_mutex_init(&(*out)->lock, NULL);
    return OK;
}

void transfer_pool_free(struct transfer_pool *p)
{
    if (p == NULL)
        return;
    while (p->idle_count > 0)
        curl_easy_cleanup(p->idle[--p->idle_count]);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

static CURL *borrow(struct transfer_pool *p)
{
    CURL *curl = NULL;

    pthread_mutex_lock(&p->lock);
    if (p->idle_count > 0)
        curl = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->lock);
    return curl ? curl : curl_easy_init();
}

static void give_back(struct transfer_pool *p, CURL *curl)
{
    curl_easy_reset(curl); /* keeps the connections */
    pthread_mutex_lock(&p->lock);
    if (p->idle_count < IDLE_MAX) {
        p->idle[p->idle_count++] = curl;
        curl = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}

/* --- what arrives --- */

/* Room for all of the body, once its length has been announced, in one go. */
static void reserve_body(struct exchange *x)
{
    curl_off_t announced = -1;

    curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0 && announced <= MIN(x->body_limit, (int64_t)RESERVE_MAX))
        bytes_reserve(x->answer->body, (size_t)announced);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    struct bytes *body = x->answer->body;
    size_t len = size * count;

    if ((int64_t)(body->len - x->body_start + len) > x->body_limit) {
        x->too_long = true;
        return 0;
    }
    if (body->len == x->body_start)
        reserve_body(x);
    bytes_append(body, data, len);
    x->no_memory = body->failed;
    return body->failed ? 0 : len;
}

/* Lines of an interim answer (100, 103) make place for those of the next, but count. An empty line ends them.
 */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    struct bytes *headers = &x->answer->headers;
    size_t len = size * count;

    x->header_total += len;
    if (x->header_total > HEADER_MAX) {
        x->too_long = true;
        return 0;
    }
    if (slice_starts(slice_of(data, len), SLICE("HTTP/"))) {
        x->headers_whole = false;
        bytes_clear(headers);
    }
    if (slice_is(slice_of(data, len), "\r\n") || slice_is(slice_of(data, len), "\n"))
        x->headers_whole = true;
    bytes_append(headers, data, len);
    x->no_memory = headers->failed;
    return headers->failed ? 0 : len;
}

struct slice transfer_header(struct slice headers, const char *name)
{
    size_t name_len = strlen(name);

    while (headers.len > 0) {
        const char *end = memchr(headers.ptr, '\n', headers.len);
        size_t len = end ? (size_t)(end - headers.ptr) : headers.len;
        struct slice line = {headers.ptr, len};

        headers = slice_from(headers, end ? len + 1 : len);
        if (len <= name_len || line.ptr[name_len] != ':' || strncasecmp(line.ptr, name, name_len) != 0)
            continue;
        line = slice_from(line, name_len + 1);
        while (line.len > 0 && isspace((unsigned char)line.ptr[0]))
            line = slice_from(line, 1);
        while (line.len > 0 && isspace((unsigned char)line.ptr[line.len - 1]))
            line.len--;
        return line;
    }
    return (struct slice){NULL, 0};
}

/* --- the request --- */

static bool has_header(const struct transfer *t, const char *name)
{
    for (size_t i = 0; t->headers && t->headers[i]; i++) {
        if (strncasecmp(t->headers[i], name, strlen(name)) == 0)
            return true;
    }
    return false;
}

static bool add_header(struct exchange *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);

    if (longer != NULL)
        x->headers = longer;
    return longer != NULL;
}

static enum err build_headers(struct exchange *x, const struct transfer *t, struct error *e)
{
    bool ok = add_header(x, CONTINUE_HEADER);

    /* For a body curl would otherwise speak of a form. */
    if (!has_header(t, "Content-Type:"))
        ok = ok && add_header(x, "Content-Type:");
    for (size_t i = 0; t->headers && t->headers[i]; i++) {
        if (strpbrk(t->headers[i], "\r\n") != NULL)
            return error_set(e, ERR_CONFIG, "the header %.*s holds a line break; remove it",
                             (int)strcspn(t->headers[i], ":\r\n"), t->headers[i]);
        ok = ok && add_header(x, t->headers[i]);
    }
    return ok ? OK : error_memory(e, 100, "HTTP headers");
}

static CURLcode set_credentials(CURL *curl, const struct transfer *t)
{
    CURLcode rc = CURLE_OK;

    if (t->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        rc = curl_easy_setopt(curl, CURLOPT_USERNAME, t->user);
        if (rc == CURLE_OK)
            rc = curl_easy_setopt(curl, CURLOPT_PASSWORD, t->password ? t->password : "");
    } else if (t->bearer != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        rc = curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, t->bearer);
    }
    if (rc == CURLE_OK && t->ca_file != NULL)
        rc = curl_easy_setopt(curl, CURLOPT_CAINFO, t->ca_file);
    if (rc == CURLE_OK && t->client_cert != NULL)
        rc = curl_easy_setopt(curl, CURLOPT_SSLCERT, t->client_cert);
    if (rc == CURLE_OK && t->client_key != NULL)
        rc = curl_easy_setopt(curl, CURLOPT_SSLKEY, t->client_key);
    if (t->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return rc;
}

static CURLcode set_method(CURL *curl, const struct transfer *t)
{
    bool takes_body = strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
                      strcmp(t->method, "PATCH") == 0;

    if (strcmp(t->method, "HEAD") == 0)
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (takes_body || t->body.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, t->body.len ? t->body.ptr : ""); /* not copied */
    }
    return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, t->method);
}

static void set_limits(CURL *curl, const struct transfer *t)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
    if (t->stall_ms > 0) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)((t->stall_ms + 999) / 1000));
    }
    /* curl repeats a request by itself when a kept connection turns out dead: not one that must not be
     * repeated. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, t->repeatable ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* `..` can be part of an object's name */
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static CURLcode prepare(CURL *curl, struct exchange *x, const struct transfer *t)
{
    CURLcode rc;

    set_limits(curl, t);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, x->detail);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
    if ((rc = curl_easy_setopt(curl, CURLOPT_USERAGENT, "weir/" WEIR_VERSION)) != CURLE_OK ||
        (rc = curl_easy_setopt(curl, CURLOPT_URL, t->url)) != CURLE_OK ||
        (rc = set_credentials(curl, t)) != CURLE_OK ||
        (t->compressed && (rc = curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "")) != CURLE_OK))
        return rc;
    return set_method(curl, t);
}

/* --- what went wrong --- */

/* A connection that was not made. */
static enum err explain_connect(CURL *curl, const struct exchange *x, struct error *e)
{
    long os_errno = 0;

    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
    if (os_errno == ECONNREFUSED)
        return error_set(e, ERR_UNAVAILABLE, "connection refused; is the service up?");
    return error_set(e, ERR_UNAVAILABLE, "cannot connect (%s); check host, port and firewall", x->detail);
}

static enum err explain_timeout(CURL *curl, const struct transfer *t, const struct transfer_answer *answer,
                                struct error *e)
{
    curl_off_t connected_us = 0;

    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected_us);
    if (connected_us == 0)
        return error_set(e, ERR_UNAVAILABLE,
                         "no connection within %" PRId64 " ms; check host, port and firewall",
                         t->connect_timeout_ms);
    if (t->stall_ms > 0)
        return error_set(e, ERR_UNAVAILABLE,
                         "nothing was heard for %" PRId64 " ms; is the service overloaded?", t->stall_ms);
    return error_set(e, ERR_UNAVAILABLE, "%s within %" PRId64 " ms; is the service overloaded?",
                     answer->status ? "the answer was not complete" : "no answer", t->timeout_ms);
}

static enum err explain_tls(CURLcode code, const struct transfer *t, const struct exchange *x,
                            struct error *e)
{
    const char *detail = x->detail[0] ? x->detail : curl_easy_strerror(code);

    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return error_set(e, ERR_CONFIG, "the server's certificate is not trusted (%s); %s", detail,
                         t->ca_file ? "is the CA file the one that signed it, and the host name right?"
                                    : "give the file of the CA that signed it (the ssl CA file)");
    case CURLE_SSL_CACERT_BADFILE:
        return error_set(e, ERR_CONFIG, "the CA file %s cannot be used (%s); it must be PEM", t->ca_file,
                         detail);
    case CURLE_SSL_CERTPROBLEM:
        return error_set(
            e, ERR_CONFIG, "the client certificate %s with key %s cannot be used (%s); both must be PEM",
            t->client_cert ? t->client_cert : "(none)", t->client_key ? t->client_key : "(none)", detail);
    default:
        return error_set(
            e, ERR_UNAVAILABLE,
            "the TLS handshake failed (%s); does that port speak TLS, and does it want a client certificate?",
            detail);
    }
}

static enum err explain(CURL *curl, CURLcode code, const struct transfer *t, const struct exchange *x,
                        struct error *e)
{
    const char *detail = x->detail[0] ? x->detail : curl_easy_strerror(code);

    bool too_long = x->too_long;

#if LIBCURL_VERSION_NUM >= 0x080600
    too_long |= code == CURLE_TOO_LARGE;
#else
    too_long |= code == CURLE_OUT_OF_MEMORY && x->answer->sent &&
                !x->headers_whole; /* one header without end */
#endif
    if (x->no_memory || (code == CURLE_OUT_OF_MEMORY && !too_long))
        return error_memory(e, x->answer->body->len, "an HTTP answer");
    if (too_long)
        return error_set(e, ERR_INPUT, "the answer is larger than %" PRId64 " bytes (%d of headers)",
                         x->body_limit, HEADER_MAX);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return explain_connect(curl, x, e);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return error_set(e, ERR_UNAVAILABLE, "the host name is not known (%s); check it and the name server",
                         detail);
    case CURLE_OPERATION_TIMEDOUT:
        return explain_timeout(curl, t, x->answer, e);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CONNECT_ERROR:
        return explain_tls(code, t, x, e);
    case CURLE_URL_MALFORMAT:
        return error_set(e, ERR_CONFIG, "the URL cannot be read; check it");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return error_set(e, ERR_INPUT,
                         "what answers is not HTTP as it should be (%s); check the port, and http or https",
                         detail);
    default: /* closed, reset, cut short */
        return error_set(e, ERR_UNAVAILABLE, "the exchange broke off (%s); is the service restarting?",
                         detail);
    }
}

/* Whether the server may have seen the request: not when there was never a connection. */
static bool was_sent(CURL *curl, CURLcode code)
{
    long request_bytes = 0;

    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes);
    return code == CURLE_OK || request_bytes > 0;
}

static void note_answer(CURL *curl, struct transfer_answer *out)
{
    long status = 0;
    curl_off_t seconds = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
    out->status = (int)status;
    out->retry_after_ms = seconds > 0 && seconds < 1000000 ? seconds * 1000 : -1;
}

enum err transfer_run(struct transfer_pool *p, const struct transfer *t, struct transfer_answer *out,
                      struct error *e)
{
    struct exchange x = {.answer = out, .body_start = out->body->len, .body_limit = t->body_limit};
    CURL *curl = NULL;
    CURLcode code;
    enum err rc;

    assert(t->connect_timeout_ms > 0 && t->body_limit >= 0);
    out->status = 0;
    out->sent = false;
    out->retry_after_ms = -1;
    bytes_clear(&out->headers);
    if (strncasecmp(t->url, "http://", 7) != 0 && strncasecmp(t->url, "https://", 8) != 0)
        return error_set(e, ERR_CONFIG, "the URL must begin with http:// or https://");
    if ((rc = build_headers(&x, t, e)) != OK)
        goto out;
    curl = borrow(p);
    if (curl == NULL) {
        rc = error_memory(e, 10000, "a curl handle");
        goto out;
    }
    x.curl = curl;
    code = prepare(curl, &x, t);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code == CURLE_OK && !x.headers_whole)
        code = CURLE_PARTIAL_FILE; /* to curl, headers cut short are an answer without a body */
    out->sent = was_sent(curl, code);
    note_answer(curl, out);
    if (code != CURLE_OK) {
        rc = explain(curl, code, t, &x, e);
        out->body->len = MIN(out->body->len, x.body_start);
    }
out:
    if (curl != NULL)
        give_back(p, curl);
    curl_slist_free_all(x.headers);
    return rc;
}

/* --- small things --- */

const char *transfer_url_shown(const char *url, char out[TRANSFER_URL_MAX])
{
    size_t scheme = strcspn(url, ":/?#@");
    const char *host = strncmp(url + scheme, "://", 3) == 0 ? url + scheme + 3 : url;
    size_t authority = strcspn(host, "/?#");
    size_t end = strcspn(host, "?#");
    size_t user = 0;

    for (size_t i = 0; i < authority; i++) {
        if (host[i] == '@')
            user = i + 1;
    }
    snprintf(out, TRANSFER_URL_MAX, "%.*s%.*s", (int)MIN(host - url, 16), url, (int)MIN(end - user, 300u),
             host + user);
    return out;
}

int64_t transfer_backoff_ms(int attempt)
{
    int64_t full_ms = BACKOFF_MIN_MS;

    for (int i = 1; i < attempt && full_ms < BACKOFF_MAX_MS; i++)
        full_ms *= 2;
    full_ms = MIN(full_ms, BACKOFF_MAX_MS);
    return full_ms / 2 + (int64_t)(random_entropy() % (uint64_t)(full_ms / 2));
}

void transfer_sleep_ms(int64_t duration_ms)
{
    struct timespec left = {.tv_sec = duration_ms / 1000, .tv_nsec = duration_ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
