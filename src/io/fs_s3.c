/* fs_s3.c: files in an object store. There are no folders: a name is the whole key.
 * Requests are s3_client.c's, writing is s3_upload.c's, listing s3_list.c's; here is reading, and all put
 * together.
 */
#include "base/mem.h"
#include "io/fs.h"
#include "io/s3_client.h"
#include "io/s3_list.h"
#include "io/s3_upload.h"
#include "io/transfer.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#define PART_BYTES     (8 << 20)
#define PART_BYTES_MIN (5 << 20) /* S3's rule for all parts but the last */
#define SMALL_ANSWER   (1 << 20)

struct s3_fs {
    struct fs base;
    struct arena arena;         /* the texts of config */
    struct fs_s3_config config; /* as it was given */
    struct s3_client *client;   /* owned */
    struct s3_uploader uploader;
};

static struct s3_fs *s3_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct s3_fs, base);
}

/* --- reading --- */

static void fill_info(const struct s3_answer *answer, struct fs_info *out)
{
    struct slice size = transfer_header(bytes_all(&answer->headers), "Content-Length");
    struct slice modified = transfer_header(bytes_all(&answer->headers), "Last-Modified");
    char text[64];

    snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(size));
    out->size = strtoll(text, NULL, 10);
    snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(modified));
    time_t seconds = curl_getdate(text, NULL);
    out->modified_ms = seconds < 0 ? 0 : (int64_t)seconds * 1000;
}

static enum err s3_stat(struct fs *fs, const char *uri, struct fs_info *out, struct error *e)
{
    struct s3_what what;
    struct bytes none = {0};
    struct s3_answer answer = {.body = &none};
    struct s3_request r = {
        .what = s3_path_say(&what, "looking at", uri), .method = "HEAD", .limit = SMALL_ANSWER};
    enum err rc;

    if ((rc = s3_path_file(uri, &r.path, e)) != OK)
        return rc;
    rc = s3_send(s3_of(fs)->client, &r, &answer, e);
    if (rc == OK)
        fill_info(&answer, out);
    bytes_fini(&none);
    bytes_fini(&answer.headers);
    return rc;
}

/* How large the file is by the Content-Range of an answer 416; -1 when it does not say. */
static int64_t size_from_416(const struct s3_answer *answer)
{
    struct slice range = transfer_header(bytes_all(&answer->headers), "Content-Range");
    char text[64];

    if (!slice_starts(range, SLICE("bytes */")) || range.len >= sizeof text)
        return -1;
    snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(range));
    return strtoll(text + strlen("bytes */"), NULL, 10);
}

/* Nothing is read: the range is empty or begins at the end or behind it. */
static enum err read_none(struct fs *fs, const char *uri, int64_t offset, int64_t len, int64_t size,
                          struct error *e)
{
    struct fs_info info = {.size = size};
    enum err rc = size >= 0 ? OK : s3_stat(fs, uri, &info, e);

    if (rc != OK || (len <= 0 && offset <= info.size))
        return rc;
    return error_set(e, ERR_IO, "reading %s: %" PRId64 " bytes from %" PRId64 " are wanted, it has %" PRId64,
                     uri, MAX(len, 0), offset, info.size);
}

static enum err check_range(const char *uri, int status, int64_t offset, int64_t len, int64_t got,
                            struct error *e)
{
    if (status != 206 && (offset > 0 || len >= 0))
        return error_set(e, ERR_UNSUPPORTED, "reading %s: the object store does not know ranges (status %d)",
                         uri, status);
    if (len >= 0 && got != len)
        return error_set(e, ERR_IO,
                         "reading %s: %" PRId64 " bytes from %" PRId64 " are wanted, %" PRId64 " came", uri,
                         len, offset, got);
    return OK;
}

static enum err s3_read(struct fs *fs, const char *uri, int64_t offset, int64_t len, struct bytes *out,
                        struct error *e)
{
    struct s3_what what;
    char range[80];
    size_t start = out->len;
    struct s3_answer answer = {.body = out};
    struct s3_request r = {.what = s3_path_say(&what, "reading", uri), .method = "GET"};
    enum err rc;

    if ((rc = s3_path_file(uri, &r.path, e)) != OK)
        return rc;
    if (len == 0)
        return read_none(fs, uri, offset, len, -1, e);
    if (offset > 0 || len > 0)
        r.header = range;
    if (len > 0)
        snprintf(range, sizeof range, "Range: bytes=%" PRId64 "-%" PRId64, offset,
                 offset + MIN(len, INT64_MAX - offset) - 1);
    else
        snprintf(range, sizeof range, "Range: bytes=%" PRId64 "-", offset);
    r.limit = len > 0 ? MAX(len, SMALL_ANSWER) : INT64_MAX; /* room for the sentence of a failure */
    rc = s3_send(s3_of(fs)->client, &r, &answer, e);
    if (rc == OK)
        rc = check_range(uri, answer.status, offset, len, (int64_t)(out->len - start), e);
    else if (answer.status == 416)
        rc = read_none(fs, uri, offset, len, size_from_416(&answer), e);
    bytes_fini(&answer.headers);
    return rc;
}

/* --- the rest --- */

static enum err s3_create(struct fs *fs, const char *uri, struct fs_file **out, struct error *e)
{
    return s3_upload_create(fs, &s3_of(fs)->uploader, uri, out, e);
}

static enum err s3_list_all(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    return s3_list(s3_of(fs)->client, prefix, visit, arg, e);
}

static enum err s3_remove(struct fs *fs, const char *uri, struct error *e)
{
    struct s3_what what;
    struct bytes body = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = {
        .what = s3_path_say(&what, "removing", uri), .method = "DELETE", .limit = SMALL_ANSWER};
    enum err rc;

    if ((rc = s3_path_file(uri, &r.path, e)) != OK)
        return rc;
    rc = s3_send(s3_of(fs)->client, &r, &answer, e);
    bytes_fini(&body);
    bytes_fini(&answer.headers);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

static enum err s3_reveal(struct fs *fs, const char *uri, struct slice ticket, struct error *e)
{
    return s3_upload_reveal(fs, &s3_of(fs)->uploader, uri, ticket, e);
}

static void s3_forget(struct fs *fs, const char *uri, struct slice ticket)
{
    s3_upload_forget(fs, &s3_of(fs)->uploader, uri, ticket);
}

static void s3_free(struct fs *fs)
{
    struct s3_fs *s3 = s3_of(fs);

    s3_client_free(s3->client);
    arena_fini(&s3->arena);
    mem_free(s3);
}

static const struct fs_s3_config *s3_store(struct fs *fs)
{
    return &s3_of(fs)->config;
}

static const struct fs_ops s3_ops = {
    .name = "s3",
    .read = s3_read,
    .stat = s3_stat,
    .create = s3_create,
    .write = s3_upload_write,
    .publish = s3_upload_publish,
    .abandon = s3_upload_abandon,
    .persist = s3_upload_persist,
    .held = s3_upload_held,
    .leave = s3_upload_leave,
    .reveal = s3_reveal,
    .forget = s3_forget,
    .list = s3_list_all,
    .remove = s3_remove,
    .store = s3_store,
    .free = s3_free,
};

static enum err keep_config(struct s3_fs *s3, const struct fs_s3_config *config, struct error *e)
{
    const char **texts[] = {&s3->config.endpoint,      &s3->config.access_key, &s3->config.secret_key,
                            &s3->config.session_token, &s3->config.region,     &s3->config.ca_file};

    s3->config = *config;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = arena_strdup(&s3->arena, *texts[i]);
    return s3->arena.failed ? error_memory(e, 0, "a file system") : OK;
}

enum err fs_s3_new(const struct fs_s3_config *config, struct fs **out, struct error *e)
{
    struct s3_fs *s3;
    enum err rc;

    *out = NULL;
    if (config->part_bytes != 0 && config->part_bytes < PART_BYTES_MIN)
        return error_set(e, ERR_CONFIG, "a part of an S3 upload has %" PRId64 " bytes; S3 wants at least %d",
                         config->part_bytes, PART_BYTES_MIN);
    s3 = mem_zalloc(sizeof *s3);
    if (s3 == NULL)
        return error_memory(e, sizeof *s3, "a file system");
    s3->base.ops = &s3_ops;
    s3->uploader.part_bytes = config->part_bytes ? (size_t)config->part_bytes : PART_BYTES;
    if ((rc = keep_config(s3, config, e)) != OK || (rc = s3_client_new(config, &s3->client, e)) != OK) {
        s3_free(&s3->base);
        return rc;
    }
    s3->uploader.client = s3->client;
    *out = &s3->base;
    return OK;
}
