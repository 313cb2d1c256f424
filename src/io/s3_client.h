/* s3_client.h: one request to S3 or its likes: addressed, signed, repeated when that may help, and its
 * failure put into words. What a request means is fs_s3.c's. Private to io. Thread: any.
 */
#ifndef WEIR_IO_S3_CLIENT_H
#define WEIR_IO_S3_CLIENT_H
#include "io/fs.h"
#include "io/s3_path.h"

struct s3_client;

MUST_USE enum err s3_client_new(const struct fs_s3_config *config, struct s3_client **out, struct error *e);
void s3_client_free(struct s3_client *c); /* NULL is fine */

struct s3_request {
    const char *what; /* for messages: "reading s3://bucket/key" */
    const char *method;
    struct s3_path path;
    const char *query;  /* encoded, each name with '=', names in order; NULL: none */
    const char *nonce;  /* sent as x-amz-meta-weir-nonce; NULL: none */
    const char *header; /* one more, "Name: value", not signed; NULL: none */
    struct slice body;
    int64_t limit; /* of the answer's body */
    bool once;     /* no repetition */
};

struct s3_answer {
    int status;
    bool sent;            /* the request, or one of its repetitions, may have reached the store */
    struct bytes *body;   /* set by the caller: what a 2xx has is appended to it */
    struct bytes headers; /* the caller's to free, also after failure */
    char code[64];        /* S3's name of the failure, "" when it gave none */
};

/* OK: 2xx. Otherwise e says what happened, with out->status 0 when there was no answer:
 * ERR_NOT_FOUND (404), ERR_EXISTS (412), ERR_CONFLICT (409), ERR_DENIED, ERR_CONFIG (bucket, region,
 * endpoint, keys), ERR_UNAVAILABLE (no answer, or 429 and 5xx, also after the repetitions), ERR_IO (all
 * else). */
MUST_USE enum err s3_send(struct s3_client *c, const struct s3_request *request, struct s3_answer *out,
                          struct error *e);

#define S3_NONCE_HEADER "x-amz-meta-weir-nonce"
#endif
