/* s3_client.c: see s3_client.h. Each attempt is signed anew, since a signature holds for minutes only. */
#include "io/s3_client.h"
#include "base/mem.h"
#include "io/s3_xml.h"
#include "io/sigv4.h"
#include "io/transfer.h"
#include "os/clock.h"
#include "os/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 10000
#define TIMEOUT_MS         30000
#define RETRIES            5
#define RETRY_AFTER_MAX_MS 60000
#define REGION             "us-east-1"
#define HEADER_COUNT       9

struct s3_client {
    struct transfer_pool *pool;
    struct arena arena;                    /* the texts below */
    const char *scheme, *host, *base_path; /* of the endpoint: "http://", "minio:9000", "" or "/path" */
    struct sigv4_key key;                  /* access_key NULL: requests are not signed */
    const char *session_token, *ca_file;
    bool path_style;
    int64_t timeout_ms;
    int retries;
};

/* --- configuration --- */

static enum err set_endpoint(struct s3_client *c, const struct fs_s3_config *config, struct error *e)
{
    const char *endpoint = config->endpoint;

    if (endpoint == NULL)
        endpoint = arena_printf(&c->arena, "https://s3.%s.amazonaws.com", c->key.region);
    if (endpoint == NULL)
        return error_memory(e, 100, "an S3 client");
    if (strncasecmp(endpoint, "http://", 7) == 0)
        c->scheme = "http://";
    else if (strncasecmp(endpoint, "https://", 8) == 0)
        c->scheme = "https://";
    else
        return error_set(e, ERR_CONFIG, "s3.endpoint '%s' has no scheme; write http://%s or https://%s",
                         endpoint, endpoint, endpoint);
    const char *host = endpoint + strlen(c->scheme);
    size_t host_len = strcspn(host, "/?#"), path_len = strlen(host) - host_len;

    if (host_len == 0 || strpbrk(host, "?#@ \r\n") != NULL)
        return error_set(e, ERR_CONFIG, "s3.endpoint '%s' is not of the form http://host:port", endpoint);
    while (path_len > 0 && host[host_len + path_len - 1] == '/')
        path_len--;
    c->host = arena_text(&c->arena, slice_of(host, host_len));
    c->base_path = arena_text(&c->arena, slice_of(host + host_len, path_len));
    return OK;
}

/* The keys of the configuration, else those of the environment; without any, requests go unsigned. */
static enum err set_keys(struct s3_client *c, const struct fs_s3_config *config, struct error *e)
{
    const char *access = config->access_key, *secret = config->secret_key, *token = config->session_token;

    if (access == NULL && secret == NULL) {
        access = getenv("AWS_ACCESS_KEY_ID");
        secret = getenv("AWS_SECRET_ACCESS_KEY");
        token = token ? token : getenv("AWS_SESSION_TOKEN");
    }
    if ((access == NULL) != (secret == NULL))
        return error_set(e, ERR_CONFIG,
                         "s3.access-key and s3.secret-key go together, %s is missing; give both",
                         access ? "s3.secret-key" : "s3.access-key");
    const char *const texts[] = {access, secret, token};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i] != NULL && strpbrk(texts[i], "\r\n") != NULL)
            return error_set(e, ERR_CONFIG, "an S3 key holds a line break; remove it");
    }
    c->key.access_key = arena_strdup(&c->arena, access);
    c->key.secret_key = arena_strdup(&c->arena, secret);
    c->session_token = arena_strdup(&c->arena, access ? token : NULL);
    return OK;
}

enum err s3_client_new(const struct fs_s3_config *config, struct s3_client **out, struct error *e)
{
    struct s3_client *c = mem_zalloc(sizeof *c);
    enum err rc;

    *out = NULL;
    if (c == NULL)
        return error_memory(e, sizeof *c, "an S3 client");
    c->key.region = arena_strdup(&c->arena, config->region ? config->region : REGION);
    c->key.service = "s3";
    c->ca_file = arena_strdup(&c->arena, config->ca_file);
    c->path_style = config->path_style;
    c->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
    c->retries = config->retries < 0 ? RETRIES : config->retries;
    if ((rc = set_endpoint(c, config, e)) == OK && (rc = set_keys(c, config, e)) == OK)
        rc = c->arena.failed ? error_memory(e, 100, "an S3 client") : transfer_pool_new(&c->pool, e);
    if (rc != OK) {
        s3_client_free(c);
        return rc;
    }
    *out = c;
    return OK;
}

void s3_client_free(struct s3_client *c)
{
    if (c == NULL)
        return;
    transfer_pool_free(c->pool);
    arena_fini(&c->arena);
    mem_free(c);
}

/* --- one attempt --- */

/* What is sent; the texts live in the arena of the attempt. */
struct outgoing {
    struct arena arena;
    const char *url;
    const char *headers[HEADER_COUNT];
};

static bool is_default_port(const struct s3_client *c, struct slice host)
{
    return slice_ends(host, c->scheme[4] == 's' ? SLICE(":443") : SLICE(":80"));
}

/* An address or localhost has no subdomains, so a bucket there can only be in the path. */
static bool in_path(const struct s3_client *c)
{
    return c->path_style || c->host[0] == '[' || strspn(c->host, "0123456789.:") == strlen(c->host) ||
           slice_starts(slice_text(c->host), SLICE("localhost"));
}

/* `host: ...`, with the port left out where it is the scheme's. */
static const char *host_header(const struct s3_client *c, const struct s3_request *r, struct arena *arena)
{
    struct slice host = slice_text(c->host);

    if (is_default_port(c, host))
        host.len -= strlen(strrchr(c->host, ':'));
    if (in_path(c))
        return arena_printf(arena, "host: " SLICE_FMT, SLICE_ARG(host));
    return arena_printf(arena, "host: " SLICE_FMT "." SLICE_FMT, SLICE_ARG(r->path.bucket), SLICE_ARG(host));
}

static const char *path_of(const struct s3_client *c, const struct s3_request *r, struct arena *arena)
{
    struct bytes text = {0};
    const char *path = NULL;

    bytes_text(&text, c->base_path);
    if (in_path(c))
        bytes_printf(&text, "/" SLICE_FMT, SLICE_ARG(r->path.bucket));
    if (!in_path(c) || r->path.key.len > 0)
        bytes_u8(&text, '/');
    sigv4_encode(&text, r->path.key, true);
    if (!text.failed)
        path = arena_text(arena, bytes_all(&text));
    bytes_fini(&text);
    return path;
}

/* The headers that are signed come first, in order; then Authorization and the one that is not signed. */
static bool build(const struct s3_client *c, const struct s3_request *r, struct outgoing *out)
{
    struct arena *arena = &out->arena;
    char hash[SIGV4_HASH_MAX], time[SIGV4_TIME_MAX];
    struct bytes line = {0};
    const char *path = path_of(c, r, arena), *query = r->query ? r->query : "";
    size_t n = 0;
    struct sigv4_request to_sign = {.method = r->method,
                                    .path = path,
                                    .query = query,
                                    .headers = out->headers,
                                    .payload_hash = hash,
                                    .time = time};

    if (path == NULL)
        return false;
    sigv4_hash(r->body, hash);
    sigv4_time(clock_wall_us(clock_system()), time);
    out->headers[n++] = host_header(c, r, arena);
    out->headers[n++] = arena_printf(arena, "x-amz-content-sha256: %s", hash);
    out->headers[n++] = arena_printf(arena, "x-amz-date: %s", time);
    if (r->nonce != NULL)
        out->headers[n++] = arena_printf(arena, S3_NONCE_HEADER ": %s", r->nonce);
    if (c->session_token != NULL)
        out->headers[n++] = arena_printf(arena, "x-amz-security-token: %s", c->session_token);
    if (c->key.access_key != NULL && !arena->failed) {
        sigv4_sign(&c->key, &to_sign, &line);
        out->headers[n++] = line.failed ? NULL : arena_text(arena, bytes_all(&line));
    }
    if (r->header != NULL)
        out->headers[n++] = r->header;
    out->url = arena_printf(arena, "%s%s%s%s%s", c->scheme,
                            out->headers[0] ? out->headers[0] + strlen("host: ") : "", path,
                            *query ? "?" : "", query);
    arena->failed |= line.failed;
    bytes_fini(&line);
    return !arena->failed;
}

static enum err exchange(struct s3_client *c, const struct s3_request *r, struct transfer_answer *answer,
                         struct error *e)
{
    struct outgoing out = {0};
    char shown[TRANSFER_URL_MAX];
    enum err rc;

    if (!build(c, r, &out)) {
        arena_fini(&out.arena);
        return error_memory(e, 1000, "an S3 request");
    }
    struct transfer t = {
        .method = r->method,
        .url = out.url,
        .headers = out.headers,
        .body = r->body,
        .repeatable = true,
        .ca_file = c->ca_file,
        .connect_timeout_ms = MIN(CONNECT_TIMEOUT_MS, c->timeout_ms),
        .stall_ms = c->timeout_ms,
        .body_limit = r->limit,
    };
    rc = transfer_run(c->pool, &t, answer, e);
    if (rc != OK) {
        shown[0] = '\0';
        snprintf(shown, sizeof shown, "%s%s", c->scheme, c->host);
        error_add(e, rc, "%s", shown);
    }
    arena_fini(&out.arena);
    return rc;
}

/* --- what went wrong --- */

/* What the endpoint said about a failure. */
struct refusal {
    int status;
    const char *code; /* S3's name of it, may be "" */
    const char *message;
    const char *region; /* where the bucket is, when it said so */
};

static enum err explain_denied(const struct s3_client *c, const struct refusal *f, const struct s3_request *r,
                               struct error *e)
{
    if (c->key.access_key == NULL)
        return error_set(e, ERR_DENIED,
                         "access denied (%d), and no keys are given; set s3.access-key and s3.secret-key",
                         f->status);
    if (strcmp(f->code, "RequestTimeTooSkewed") == 0)
        return error_set(e, ERR_DENIED,
                         "the clocks of this machine and the object store differ; set the time here (NTP)");
    if (strcmp(f->code, "InvalidAccessKeyId") == 0)
        return error_set(e, ERR_DENIED,
                         "the access key is not known there (403 InvalidAccessKeyId); check s3.access-key");
    if (strcmp(f->code, "SignatureDoesNotMatch") == 0)
        return error_set(e, ERR_DENIED,
                         "the secret key is wrong (403 SignatureDoesNotMatch); check s3.secret-key");
    if (strcmp(f->code, "ExpiredToken") == 0 || strcmp(f->code, "InvalidToken") == 0)
        return error_set(e, ERR_DENIED, "the session token is not good any more (%s); get a new one",
                         f->code);
    return error_set(
        e, ERR_DENIED,
        "access denied (%d%s%s); check s3.access-key, s3.secret-key and the rights on bucket " SLICE_FMT,
        f->status, *f->code ? " " : "", f->code, SLICE_ARG(r->path.bucket));
}

/* An answer that sends us to another region. */
static bool is_elsewhere(const struct refusal *f)
{
    return f->status == 301 || f->status == 307 || (f->status == 400 && *f->region) ||
           strcmp(f->code, "AuthorizationHeaderMalformed") == 0 ||
           strcmp(f->code, "IllegalLocationConstraintException") == 0;
}

static bool is_busy(const struct refusal *f)
{
    return f->status == 429 || f->status == 408 ||
           (f->status >= 500 && f->status <= 504 && f->status != 501) ||
           strcmp(f->code, "RequestTimeout") == 0 || strcmp(f->code, "SlowDown") == 0 ||
           strcmp(f->code, "InternalError") == 0;
}

/* AWS says 400 to a session that is over. */
static bool is_denied(const struct refusal *f)
{
    return f->status == 401 || f->status == 403 || strcmp(f->code, "ExpiredToken") == 0 ||
           strcmp(f->code, "InvalidToken") == 0;
}

static enum err explain(const struct s3_client *c, const struct s3_request *r, const struct refusal *f,
                        struct error *e)
{
    if (is_elsewhere(f))
        return error_set(e, ERR_CONFIG,
                         "bucket " SLICE_FMT
                         " is not in region %s%s%s (%d %s); set s3.region and s3.endpoint",
                         SLICE_ARG(r->path.bucket), c->key.region, *f->region ? " but in " : "", f->region,
                         f->status, *f->code ? f->code : "no reason given");
    if (is_busy(f))
        return error_set(e, ERR_UNAVAILABLE,
                         "the object store answers %d%s%s; is it overloaded or restarting?", f->status,
                         *f->code ? " " : "", f->code);
    if (strcmp(f->code, "NoSuchBucket") == 0 || strcmp(f->code, "InvalidBucketName") == 0)
        return error_set(e, ERR_CONFIG,
                         "there is no bucket " SLICE_FMT " at %s%s (%s); make it or check the path",
                         SLICE_ARG(r->path.bucket), c->scheme, c->host, f->code);
    if (is_denied(f))
        return explain_denied(c, f, r, e);
    switch (f->status) {
    case 404:
        return error_set(e, ERR_NOT_FOUND, "no such file (%s)", *f->code ? f->code : "404");
    case 409:
        return error_set(e, ERR_CONFLICT, "another writer is at it (409 %s)", f->code);
    case 412:
        return error_set(e, ERR_EXISTS, "it exists already");
    case 507:
        return error_set(e, ERR_IO, "the object store is full (%s); make room there", f->code);
    default:
        return error_set(e, ERR_IO, "the object store answers %d %s (%s)%s", f->status, f->code,
                         *f->message ? f->message : "no reason given",
                         f->status == 501 ? "; it lacks something that weir needs" : "");
    }
}

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

/* Read the failure out of headers and body, put it into words. body: what came, to be dropped afterwards. */
static enum err refuse(const struct s3_client *c, const struct s3_request *r, struct s3_answer *out,
                       struct slice body, struct error *e)
{
    struct bytes code = {0}, message = {0}, region = {0};
    struct slice from_header = transfer_header(bytes_all(&out->headers), "x-minio-error-code");
    struct slice where = transfer_header(bytes_all(&out->headers), "x-amz-bucket-region");
    struct refusal f = {.status = out->status};
    enum err rc;

    if (!s3_xml_text(body, "Code", &code))
        bytes_slice(&code, from_header); /* an answer to HEAD has no body */
    if (!s3_xml_text(body, "Region", &region))
        bytes_slice(&region, where);
    s3_xml_text(body, "Message", &message);
    f.code = bytes_cstr(&code);
    f.message = bytes_cstr(&message);
    f.region = bytes_cstr(&region);
    if (f.code == NULL || f.message == NULL || f.region == NULL) {
        rc = error_memory(e, body.len, "an S3 answer");
    } else {
        snprintf(out->code, sizeof out->code, "%s", f.code);
        rc = explain(c, r, &f, e);
    }
    bytes_fini(&code);
    bytes_fini(&message);
    bytes_fini(&region);
    return rc;
}

/* --- sending --- */

/* CompleteMultipartUpload may fail after it has said 200. */
static bool is_late_error(const struct s3_request *r, struct slice body)
{
    struct slice content;

    return strcmp(r->method, "POST") == 0 && s3_xml_next(&body, "Error", &content);
}

static enum err attempt(struct s3_client *c, const struct s3_request *r, struct s3_answer *out,
                        struct transfer_answer *answer, struct error *e)
{
    size_t start = out->body->len;
    enum err rc = exchange(c, r, answer, e);

    out->status = answer->status;
    out->headers = answer->headers;
    out->code[0] = '\0';
    if (rc != OK) {
        out->status = 0;
        return rc;
    }
    struct slice body = slice_of(out->body->ptr ? out->body->ptr + start : NULL, out->body->len - start);
    if (is_success(out->status) && !is_late_error(r, body))
        return OK;
    if (is_success(out->status))
        out->status = 500;
    rc = refuse(c, r, out, body, e);
    out->body->len = start;
    return rc;
}

enum err s3_send(struct s3_client *c, const struct s3_request *request, struct s3_answer *out,
                 struct error *e)
{
    struct transfer_answer answer = {.body = out->body, .headers = out->headers};
    int retries = request->once ? 0 : c->retries;
    enum err rc;

    out->sent = false;
    for (int tries = 1;; tries++) {
        rc = attempt(c, request, out, &answer, e);
        out->sent |= answer.sent;
        if (rc != ERR_UNAVAILABLE || tries > retries || answer.retry_after_ms > RETRY_AFTER_MAX_MS)
            break;
        int64_t wait_ms = MAX(answer.retry_after_ms, transfer_backoff_ms(tries));
        log_info("s3", "%s: %s; repeating it in %" PRId64 " ms (%d of %d)", request->what, e->text, wait_ms,
                 tries, retries);
        transfer_sleep_ms(wait_ms);
    }
    return rc == OK ? OK : error_add(e, rc, "%s", request->what);
}
