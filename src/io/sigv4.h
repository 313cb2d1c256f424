/* sigv4.h: AWS Signature Version 4 of a request with its payload hash: what S3 and its likes ask for.
 * libcurl has one too, but versions in use (7.88) compute it wrongly for uploads, so weir signs itself.
 * Private to io.
 */
#ifndef WEIR_IO_SIGV4_H
#define WEIR_IO_SIGV4_H
#include "base/bytes.h"

struct sigv4_key {
    const char *access_key, *secret_key;
    const char *region, *service; /* "us-east-1", "s3" */
};

#define SIGV4_HASH_MAX 65
#define SIGV4_TIME_MAX 17

struct sigv4_request {
    const char *method;
    const char *path;  /* as it is sent: encoded, begins with '/' */
    const char *query; /* as it is sent: encoded, each name with '=', names in order; "" for none */
    const char *const
        *headers; /* "name: value", names in lower case and in order, `host` among them; ended by NULL */
    const char *payload_hash; /* also the value of x-amz-content-sha256 */
    const char *time;         /* also the value of x-amz-date */
};

void sigv4_hash(struct slice payload, char out[SIGV4_HASH_MAX]); /* SHA-256 in hexadecimal */
void sigv4_time(int64_t wall_us, char out[SIGV4_TIME_MAX]);      /* 20251101T083000Z */

/* Append `Authorization: ...`, without line end, to out. */
void sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request, struct bytes *out);

/* Append text so that it can stand in a path or query: all but A-Z a-z 0-9 - . _ ~ (and '/' where keep_slash)
 * as %XX. */
void sigv4_encode(struct bytes *out, struct slice text, bool keep_slash);
#endif
