/* transfer.h: one HTTP exchange by libcurl, for http_client.c and s3_client.c. Private to this folder.
 * A pool keeps curl handles, and with them open connections; each exchange borrows one. Thread: any.
 */
#ifndef WEIR_IO_TRANSFER_H
#define WEIR_IO_TRANSFER_H
#include "base/bytes.h"
#include "base/error.h"

struct transfer_pool;

MUST_USE enum err transfer_pool_new(struct transfer_pool **out, struct error *e);
void transfer_pool_free(struct transfer_pool *p); /* NULL is fine */

/* Everything is borrowed. NULL and 0 mean "not set" unless said otherwise. */
struct transfer {
    const char *method, *url;
    const char *const *headers; /* "Name: value", ended by NULL; or NULL */
    struct slice body;
    bool repeatable; /* may be sent again on a fresh connection when an old one turns out dead */
    bool compressed; /* accept gzip and the like, and undo it */
    const char *user, *password, *bearer;
    const char *ca_file, *client_cert, *client_key;
    bool insecure;
    int64_t connect_timeout_ms; /* > 0 */
    int64_t timeout_ms;         /* of the whole exchange; 0: none */
    int64_t stall_ms;           /* without a byte in either direction, rounded up to seconds; 0: none */
    int64_t body_limit;         /* bytes; more is ERR_INPUT */
};

struct transfer_answer {
    int status;             /* 0 when there was none */
    bool sent;              /* the request may have reached the server */
    int64_t retry_after_ms; /* -1: the server did not say */
    struct bytes *body;     /* set by the caller: what is appended to */
    struct bytes headers;   /* raw lines; the caller's to free, also after failure */
};

/* OK when there was a whole answer, whatever its status. Else the text of e says why not, without method and
 * URL: ERR_UNAVAILABLE (may be tried again), ERR_CONFIG, ERR_DENIED (certificates), ERR_INPUT (not HTTP, or
 * over the limit), ERR_MEMORY. */
MUST_USE enum err transfer_run(struct transfer_pool *p, const struct transfer *t, struct transfer_answer *out,
                               struct error *e);

/* Value of a header in raw lines, case-insensitive; {NULL, 0} when absent. */
struct slice transfer_header(struct slice headers, const char *name);

#define TRANSFER_URL_MAX 400
/* A URL fit for a message or log line: without user, password and query, cut when too long. Returns out. */
const char *transfer_url_shown(const char *url, char out[TRANSFER_URL_MAX]);

/* How long to wait before attempt (1: the first repetition): doubling from 100 ms to 10 s, half of it random.
 */
int64_t transfer_backoff_ms(int attempt);
void transfer_sleep_ms(int64_t duration_ms);
#endif
