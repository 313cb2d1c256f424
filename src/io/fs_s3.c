/* fs_s3.c: files in an object store. There are no folders: a name is the whole key.
 *
 *   write:   bytes gather until a part is full; from then on parts of a multipart upload go out
 *   publish: one PUT when there is no part yet, else the end of the upload; nothing is visible before
 *
 * Invariants:
 * 1. A file that is made only once (FS_IF_ABSENT) carries a random nonce in its metadata. When a repetition finds
 *    that the file exists, the nonce tells whether an earlier attempt of ours made it or somebody else did.
 * 2. An upload that is abandoned is aborted, or it would be stored, unseen, and paid for.
 */
#include "base/mem.h"
#include "io/fs.h"
#include "io/s3_client.h"
#include "io/s3_xml.h"
#include "io/sigv4.h"
#include "io/transfer.h"
#include "os/log.h"
#include "os/random.h"
#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

#define PART_BYTES      (8 << 20)
#define PART_BYTES_MIN  (5 << 20) /* S3's rule for all parts but the last */
#define PART_COUNT_MAX  10000     /* S3's rule */
#define SMALL_ANSWER    (1 << 20)
#define LIST_ANSWER     (16 << 20) /* 1000 keys of 1 KiB, each byte escaped, and their properties */
#define NONCE_MAX       33
#define ID_CHARS        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

struct s3_fs {
    struct fs         base;
    struct s3_client *client; /* owned */
    int64_t           part_bytes;
};

struct s3_file {
    struct fs_file base;
    char          *uri;  /* owned, as the user wrote it */
    struct slice   bucket, key;
    char           nonce[NONCE_MAX];
    struct bytes   part;      /* not yet sent */
    struct bytes   upload_id; /* encoded for a query; empty until the first part is full */
    struct bytes   parts;     /* <Part> elements of those sent */
    int            part_count;
};

static struct s3_fs *s3_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct s3_fs, base);
}

/* --- names ------------------------------------------------------------------------------------------------------ */

/* Split s3://bucket/key; key may be empty. Both lie within uri. */
static enum err split(const char *uri, struct slice *bucket, struct slice *key, struct error *e)
{
    static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t len = strlen(schemes[i]);

        if (strncasecmp(uri, schemes[i], len) != 0)
            continue;
        *bucket = slice_of(uri + len, strcspn(uri + len, "/"));
        *key = slice_text(uri + len + bucket->len + (uri[len + bucket->len] == '/'));
        if (bucket->len == 0 || strspn(bucket->ptr, ID_CHARS) != bucket->len)
            return error_set(e, ERR_CONFIG, "%s: this is not the name of a bucket; write s3://bucket/path", uri);
        return OK;
    }
    return error_set(e, ERR_UNSUPPORTED, "%s: not a path of an object store; write s3://bucket/path", uri);
}

static enum err split_file(const char *uri, struct slice *bucket, struct slice *key, struct error *e)
{
    enum err rc = split(uri, bucket, key, e);

    if (rc == OK && (key->len == 0 || key->ptr[key->len - 1] == '/'))
        return error_set(e, ERR_CONFIG, "%s: a file's name is needed here, not a folder's", uri);
    if (rc == OK && key->len > 1024)
        return error_set(e, ERR_CONFIG, "%s: the name is too long; S3 allows 1024 bytes", uri);
    return rc;
}

/* `verb uri` for messages: cut where it is too long. */
struct what {
    char text[600];
};

static const char *say(struct what *w, const char *verb, const char *uri)
{
    snprintf(w->text, sizeof w->text, "%s %s", verb, uri);
    return w->text;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static void fill_info(const struct s3_answer *answer, struct fs_info *out)
{
    struct slice size = transfer_header(bytes_all(&answer->headers), "Content-Length");
    struct slice modified = transfer_header(bytes_all(&answer->headers), "Last-Modified");
    char         text[64];

    snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(size));
    out->size = strtoll(text, NULL, 10);
    snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(modified));
    time_t seconds = curl_getdate(text, NULL);
    out->modified_ms = seconds < 0 ? 0 : (int64_t)seconds * 1000;
}

static enum err s3_stat(struct fs *fs, const char *uri, struct fs_info *out, struct error *e)
{
    struct what       what;
    struct bytes      none = {0};
    struct s3_answer  answer = {.body = &none};
    struct s3_request r = {.what = say(&what, "looking at", uri), .method = "HEAD", .limit = SMALL_ANSWER};
    enum err          rc;

    if ((rc = split_file(uri, &r.bucket, &r.key, e)) != OK)
        return rc;
    rc = s3_send(s3_of(fs)->client, &r, &answer, e);
    if (rc == OK)
        fill_info(&answer, out);
    bytes_fini(&none);
    bytes_fini(&answer.headers);
    return rc;
}
