/* http.h: HTTP requests that block; for I/O threads, never for tasks. One client keeps its connections.
 * Thread: any. */
#ifndef WEIR_IO_HTTP_H
#define WEIR_IO_HTTP_H
#include "base/bytes.h"
#include "base/error.h"

struct http;

struct http_config {
    const char *user, *password;            /* basic auth, NULL: none */
    const char *bearer;                     /* token, NULL: none */
    const char *ca_file;                    /* NULL: the system's */
    const char *client_cert, *client_key;   /* NULL: none */
    bool insecure;                          /* do not verify the server: only where the user said so */
    int64_t connect_timeout_ms, timeout_ms; /* 0: 5,000 and 30,000 */
    int retries; /* after no answer, 429, 502, 503, 504 of a request that may be repeated; -1: 3 */
};

struct http_request {
    const char *method; /* "GET", "POST", ... */
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; or NULL */
    struct slice body;
    bool repeatable; /* GET, PUT, HEAD, DELETE are anyway */
};

struct http_response {
    int status;
    struct bytes body;    /* at most 64 MiB, else ERR_INPUT */
    struct bytes headers; /* raw lines */
};

MUST_USE enum err http_new(const struct http_config *config, struct http **out,
                           struct error *e); /* config is copied */
void http_free(struct http *h);              /* NULL is fine */

/* OK when there was an answer, whatever its status. ERR_UNAVAILABLE: none, or still 429, 502, 503, 504 after
 * the retries (the response then holds the last one; its status is 0 when there was none). ERR_INPUT: what
 * came is not HTTP or too long. The error names method and URL without its query, and says what to check. */
MUST_USE enum err http_send(struct http *h, const struct http_request *request, struct http_response *out,
                            struct error *e);
void http_response_fini(struct http_response *r);
struct slice http_header(const struct http_response *r,
                         const char *name); /* case-insensitive; {NULL, 0} when absent */

/* --- serving --- */

struct http_server;
struct http_call {
    const char *method, *path; /* path without the query */
    struct slice body;
    void *native; /* private */
};
struct http_reply {
    int status;               /* 200 unless set */
    const char *content_type; /* static text; text/plain unless set */
    struct bytes body;
    struct bytes headers; /* more of them, each `Name: value\n` */
};
const char *http_query(const struct http_call *call, const char *name); /* decoded, NULL when absent */
const char *http_call_header(const struct http_call *call,
                             const char *name); /* case-insensitive, NULL when absent */

typedef void http_handler(void *arg, const struct http_call *call, struct http_reply *reply);

/* Listen on address:port (port 0: any free one) and answer each request by handler, on threads of the
 * server's. */
MUST_USE enum err http_server_start(const char *address, int port, http_handler *handler, void *arg,
                                    struct http_server **out, struct error *e);
int http_server_port(const struct http_server *s);
void http_server_stop(struct http_server *s); /* NULL is fine */
#endif
