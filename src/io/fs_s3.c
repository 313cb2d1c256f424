/* fs_s3.c: files in an object store. There are no folders: a name is the whole key.
 *
 *   write:   bytes gather until a part is full; from then on parts of a multipart upload go out
 *   publish: one PUT when there is no part yet, else the end of the upload; nothing is visible before
 *
 * Invariants:
 * 1. A file that is made only once (FS_IF_ABSENT) carries a random nonce in its metadata. When a repetition
 * finds that the file exists, the nonce tells whether an earlier attempt of ours made it or somebody else
 * did.
 * 2. An upload that is abandoned is aborted, or it would be stored, unseen, and paid for.
 */
#include "base/calendar.h"
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
#include <stdlib.h>
#include <strings.h>

#define PART_BYTES     (8 << 20)
#define PART_BYTES_MIN (5 << 20) /* S3's rule for all parts but the last */
#define PART_COUNT_MAX 10000     /* S3's rule */
#define SMALL_ANSWER   (1 << 20)
#define LIST_ANSWER    (16 << 20) /* 1000 keys of 1 KiB, each byte escaped, and their properties */
#define NONCE_MAX      33
#define ID_CHARS       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

struct s3_fs {
    struct fs base;
    struct s3_client *client; /* owned */
    int64_t part_bytes;
};

struct s3_file {
    struct fs_file base;
    char *uri; /* owned, as the user wrote it */
    struct slice bucket, key;
    char nonce[NONCE_MAX];
    struct bytes part;      /* not yet sent */
    struct bytes upload_id; /* encoded for a query; empty until the first part is full */
    struct bytes parts;     /* <Part> elements of those sent */
    int part_count;
};

static struct s3_fs *s3_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct s3_fs, base);
}

/* --- names
 * ------------------------------------------------------------------------------------------------------ */

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
            return error_set(e, ERR_CONFIG, "%s: this is not the name of a bucket; write s3://bucket/path",
                             uri);
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
        return error_set(e, ERR_CONFIG, "%.100s...: the name is too long; S3 allows 1024 bytes", uri);
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

/* --- reading
 * ---------------------------------------------------------------------------------------------------- */

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
    struct what what;
    struct bytes none = {0};
    struct s3_answer answer = {.body = &none};
    struct s3_request r = {.what = say(&what, "looking at", uri), .method = "HEAD", .limit = SMALL_ANSWER};
    enum err rc;

    if ((rc = split_file(uri, &r.bucket, &r.key, e)) != OK)
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
    struct what what;
    char range[80];
    size_t start = out->len;
    struct s3_answer answer = {.body = out};
    struct s3_request r = {.what = say(&what, "reading", uri), .method = "GET"};
    enum err rc;

    if ((rc = split_file(uri, &r.bucket, &r.key, e)) != OK)
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

/* --- writing
 * ---------------------------------------------------------------------------------------------------- */

static void file_free(struct s3_file *f)
{
    bytes_fini(&f->part);
    bytes_fini(&f->upload_id);
    bytes_fini(&f->parts);
    mem_free(f->uri);
    mem_free(f);
}

static enum err s3_create(struct fs *fs, const char *uri, struct fs_file **out, struct error *e)
{
    struct slice bucket, key;
    struct s3_file *f;
    enum err rc;

    if ((rc = split_file(uri, &bucket, &key, e)) != OK)
        return rc;
    f = mem_zalloc(sizeof *f);
    if (f == NULL)
        return error_memory(e, sizeof *f, "a file to be written");
    f->base.fs = fs;
    f->uri = mem_strdup(uri);
    if (f->uri == NULL) {
        mem_free(f);
        return error_memory(e, strlen(uri), "a file to be written");
    }
    rc = split(f->uri, &f->bucket, &f->key, e);
    assert(rc == OK);
    snprintf(f->nonce, sizeof f->nonce, "%016" PRIx64 "%016" PRIx64, random_entropy(), random_entropy());
    *out = &f->base;
    return OK;
}

static struct s3_request request_for(const struct s3_file *f, struct what *what, const char *method)
{
    return (struct s3_request){.what = say(what, "writing", f->uri),
                               .method = method,
                               .bucket = f->bucket,
                               .key = f->key,
                               .limit = SMALL_ANSWER};
}

/* Begin a multipart upload: get its id. */
static enum err start_upload(struct s3_file *f, struct error *e)
{
    struct what what;
    struct bytes body = {0}, id = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, "POST");
    enum err rc;

    r.query = "uploads=";
    r.nonce = f->nonce;
    rc = s3_send(s3_of(f->base.fs)->client, &r, &answer, e);
    if (rc == OK && (!s3_xml_text(bytes_all(&body), "UploadId", &id) || id.len == 0) && !id.failed)
        rc = error_set(e, ERR_IO, "writing %s: the object store gave no UploadId", f->uri);
    if (rc == OK) {
        sigv4_encode(&f->upload_id, bytes_all(&id), false);
        if (id.failed || f->upload_id.failed || bytes_cstr(&f->upload_id) == NULL)
            rc = error_memory(e, id.len, "an upload's id");
    }
    bytes_fini(&body);
    bytes_fini(&id);
    bytes_fini(&answer.headers);
    return rc;
}

/* Note the part that answer speaks of for the end of the upload. */
static enum err note_part(struct s3_file *f, const struct s3_answer *answer, struct error *e)
{
    struct slice etag = transfer_header(bytes_all(&answer->headers), "ETag");

    if (etag.len == 0)
        return error_set(e, ERR_IO, "writing %s: the object store gave no ETag for a part", f->uri);
    bytes_text(&f->parts, "<Part><ETag>");
    s3_xml_escape(&f->parts, etag);
    bytes_printf(&f->parts, "</ETag><PartNumber>%d</PartNumber></Part>", ++f->part_count);
    return f->parts.failed ? error_memory(e, 100, "an upload's list of parts") : OK;
}

static enum err send_part(struct s3_file *f, struct slice data, struct error *e)
{
    struct what what;
    struct bytes body = {0}, query = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, "PUT");
    enum err rc;

    if (f->part_count == PART_COUNT_MAX)
        return error_set(e, ERR_UNSUPPORTED,
                         "writing %s: a file has at most %d parts; raise the size of a part", f->uri,
                         PART_COUNT_MAX);
    if (f->upload_id.len == 0 && (rc = start_upload(f, e)) != OK)
        return rc;
    bytes_printf(&query, "partNumber=%d&uploadId=" SLICE_FMT, f->part_count + 1,
                 SLICE_ARG(bytes_all(&f->upload_id)));
    r.query = bytes_cstr(&query);
    r.body = data;
    if (r.query == NULL)
        rc = error_memory(e, f->upload_id.len, "a request");
    else if ((rc = s3_send(s3_of(f->base.fs)->client, &r, &answer, e)) == OK)
        rc = note_part(f, &answer, e);
    bytes_fini(&body);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
    return rc;
}

/* A part goes out only when there is more behind it, so that a file of just one part is a plain PUT. */
static enum err s3_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);
    size_t part_bytes = (size_t)s3_of(file->fs)->part_bytes;
    enum err rc;

    while (data.len > 0) {
        if (f->part.len == part_bytes) {
            if ((rc = send_part(f, bytes_all(&f->part), e)) != OK)
                return rc;
            bytes_clear(&f->part);
        }
        if (f->part.len == 0 && data.len > part_bytes) { /* straight from the caller's memory */
            if ((rc = send_part(f, slice_of(data.ptr, part_bytes), e)) != OK)
                return rc;
            data = slice_from(data, part_bytes);
            continue;
        }
        size_t len = MIN(data.len, part_bytes - f->part.len);
        bytes_append(&f->part, data.ptr, len);
        if (f->part.failed)
            return error_memory(e, len, "a part of an upload");
        data = slice_from(data, len);
    }
    return OK;
}

enum owner { OWNER_US, OWNER_OTHER, OWNER_NOBODY, OWNER_UNKNOWN };

/* Whose file is there now? */
static enum owner ask_owner(struct s3_file *f)
{
    struct what what;
    struct bytes none = {0};
    struct s3_answer answer = {.body = &none};
    struct s3_request r = request_for(f, &what, "HEAD");
    struct error e;
    enum err rc = s3_send(s3_of(f->base.fs)->client, &r, &answer, &e);
    bool ours = slice_is(transfer_header(bytes_all(&answer.headers), S3_NONCE_HEADER), f->nonce);

    bytes_fini(&none);
    bytes_fini(&answer.headers);
    if (rc == OK)
        return ours ? OWNER_US : OWNER_OTHER;
    if (rc == ERR_NOT_FOUND)
        return OWNER_NOBODY;
    log_warn("s3", "whose file it is cannot be found out: %s", e.text);
    return OWNER_UNKNOWN;
}

/* Find out what became of a publish that failed with rc (its sentence is in e): a repetition may have met the
 * file that an earlier attempt made, and an attempt without answer may have made it. */
static enum err settle(struct s3_file *f, enum fs_publish how, enum err rc, bool sent, struct error *e)
{
    bool refused = rc == ERR_EXISTS || rc == ERR_CONFLICT, lost = rc == ERR_UNAVAILABLE && sent;

    if (how == FS_REPLACE ? rc != ERR_NOT_FOUND : !refused && !lost && rc != ERR_NOT_FOUND)
        return rc; /* a plain failure, or one that can simply be repeated */
    switch (ask_owner(f)) {
    case OWNER_US:
        return OK;
    case OWNER_OTHER:
        if (how == FS_IF_ABSENT)
            return error_set(e, ERR_EXISTS, "writing %s: it exists already", f->uri);
        break;
    case OWNER_NOBODY:
        if (lost)
            return error_add(e, ERR_UNKNOWN, "whether the file was made is not known");
        break;
    case OWNER_UNKNOWN:
        if (how == FS_IF_ABSENT)
            return error_add(e, ERR_UNKNOWN, "whether the file was made is not known");
        break;
    }
    if (rc == ERR_NOT_FOUND) /* the upload is gone: aborted by somebody, or by a rule of the bucket */
        return error_add(e, ERR_IO, "the upload was aborted by somebody else");
    return rc;
}

/* The PUT of a small file, or the end of an upload. */
static enum err finish(struct s3_file *f, enum fs_publish how, struct error *e)
{
    struct what what;
    struct bytes body = {0}, xml = {0}, query = {0};
    struct s3_answer answer = {.body = &body};
    bool upload = f->upload_id.len > 0;
    struct s3_request r = request_for(f, &what, upload ? "POST" : "PUT");
    enum err rc;

    r.header = how == FS_IF_ABSENT ? "If-None-Match: *" : NULL;
    if (upload) {
        bytes_printf(&query, "uploadId=" SLICE_FMT, SLICE_ARG(bytes_all(&f->upload_id)));
        bytes_text(&xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        bytes_slice(&xml, bytes_all(&f->parts));
        bytes_text(&xml, "</CompleteMultipartUpload>");
        r.query = bytes_cstr(&query);
        r.body = bytes_all(&xml);
    } else {
        r.nonce = f->nonce;
        r.body = bytes_all(&f->part);
    }
    if (xml.failed || query.failed) {
        rc = error_memory(e, f->parts.len, "the end of an upload");
    } else {
        rc = s3_send(s3_of(f->base.fs)->client, &r, &answer, e);
        if (rc != OK)
            rc = settle(f, how, rc, answer.sent, e);
    }
    bytes_fini(&body);
    bytes_fini(&xml);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
    return rc;
}

static enum err s3_publish(struct fs_file *file, enum fs_publish how, struct error *e)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);
    enum err rc = OK;

    if (f->upload_id.len > 0 && f->part.len > 0) {
        rc = send_part(f, bytes_all(&f->part), e);
        if (rc == OK)
            bytes_clear(&f->part);
    }
    if (rc == OK)
        rc = finish(f, how, e);
    if (rc == OK)
        file_free(f);
    return rc;
}

/* Tell the store to forget the parts; when it does not listen, they stay until a rule of the bucket removes
 * them. */
static void abort_upload(struct s3_file *f)
{
    struct what what;
    struct bytes body = {0}, query = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, "DELETE");
    struct error e;
    enum err rc;

    bytes_printf(&query, "uploadId=" SLICE_FMT, SLICE_ARG(bytes_all(&f->upload_id)));
    r.query = bytes_cstr(&query);
    r.once = true;
    rc = r.query ? s3_send(s3_of(f->base.fs)->client, &r, &answer, &e)
                 : error_memory(&e, query.len, "a request");
    if (rc != OK && rc != ERR_NOT_FOUND)
        log_warn("s3", "an unfinished upload stays stored: %s", e.text);
    bytes_fini(&body);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
}

static void s3_abandon(struct fs_file *file)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);

    if (f->upload_id.len > 0)
        abort_upload(f);
    file_free(f);
}

static enum err s3_remove(struct fs *fs, const char *uri, struct error *e)
{
    struct what what;
    struct bytes body = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = {.what = say(&what, "removing", uri), .method = "DELETE", .limit = SMALL_ANSWER};
    enum err rc;

    if ((rc = split_file(uri, &r.bucket, &r.key, e)) != OK)
        return rc;
    rc = s3_send(s3_of(fs)->client, &r, &answer, e);
    bytes_fini(&body);
    bytes_fini(&answer.headers);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

/* --- listing
 * ---------------------------------------------------------------------------------------------------- */

struct listing {
    struct s3_fs *fs;
    const char *prefix; /* as the user wrote it */
    struct slice bucket, key;
    fs_visit *visit;
    void *arg;
    struct bytes token;               /* where the next page begins; empty: this is the last */
    struct bytes uri, text, modified; /* of the file at hand */
    bool url_encoded, stopped;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo the encoding of a key in a listing: %XX, and '+' for a blank. */
static bool append_decoded(struct bytes *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%') {
            int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            bytes_u8(out, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            bytes_u8(out, text.ptr[i] == '+' ? ' ' : (uint8_t)text.ptr[i]);
        }
    }
    return true;
}

static enum err unreadable(const struct listing *l, struct error *e)
{
    return error_set(e, ERR_IO,
                     "listing %s: the object store's answer cannot be read; is this its S3 endpoint?",
                     l->prefix);
}

/* One <Contents>. */
static enum err visit_one(struct listing *l, struct slice xml, struct error *e)
{
    struct fs_info info = {.size = s3_xml_number(xml, "Size")};
    bool ok = s3_xml_text(xml, "Key", &l->text) && s3_xml_text(xml, "LastModified", &l->modified);

    bytes_clear(&l->uri);
    bytes_append(&l->uri, l->prefix, (size_t)(l->bucket.ptr + l->bucket.len - l->prefix));
    bytes_u8(&l->uri, '/');
    if (ok && l->url_encoded)
        ok = append_decoded(&l->uri, bytes_all(&l->text));
    else
        bytes_slice(&l->uri, bytes_all(&l->text));
    info.path = bytes_cstr(&l->uri);
    if (info.path == NULL || l->text.failed || l->modified.failed)
        return error_memory(e, l->text.len, "a file name");
    if (!ok || info.size < 0 || l->text.len == 0 ||
        calendar_parse_iso(bytes_all(&l->modified), &info.modified_ms) != NULL)
        return unreadable(l, e);
    info.modified_ms /= 1000;
    if (info.size > 0 || l->uri.ptr[l->uri.len - 1] != '/') /* else made by some tools to show a folder */
        l->stopped = !l->visit(l->arg, &info);
    return OK;
}

static enum err visit_page(struct listing *l, struct slice page, struct error *e)
{
    struct slice contents, result;
    enum err rc = OK;

    if (!s3_xml_next(&page, "ListBucketResult", &result))
        return unreadable(l, e);
    page = result;
    l->url_encoded = s3_xml_text(page, "EncodingType", &l->text) && slice_is(bytes_all(&l->text), "url");
    if (l->text.failed) /* the next text begins anew and would forget it */
        return error_memory(e, page.len, "a list of files");
    bool more = s3_xml_text(page, "IsTruncated", &l->text) && slice_is(bytes_all(&l->text), "true");
    if (l->text.failed)
        return error_memory(e, page.len, "a list of files");
    while (rc == OK && !l->stopped && s3_xml_next(&result, "Contents", &contents))
        rc = visit_one(l, contents, e);
    if (rc != OK || l->stopped || !more) {
        bytes_clear(&l->token);
        return rc;
    }
    if (!s3_xml_text(page, "NextContinuationToken", &l->text) || l->text.len == 0)
        return unreadable(l, e);
    if (slice_equal(bytes_all(&l->text), bytes_all(&l->token)))
        return error_set(e, ERR_IO, "listing %s: the object store gives the same page again and again",
                         l->prefix);
    bytes_clear(&l->token);
    bytes_slice(&l->token, bytes_all(&l->text));
    return l->text.failed || l->token.failed ? error_memory(e, 100, "a list of files") : OK;
}

/* Ask for the page that token stands for; token is then that of the next. */
static enum err list_page(struct listing *l, struct error *e)
{
    struct what what;
    struct bytes query = {0}, page = {0};
    struct s3_answer answer = {.body = &page};
    struct s3_request r = {
        .what = say(&what, "listing", l->prefix), .method = "GET", .bucket = l->bucket, .limit = LIST_ANSWER};
    enum err rc;

    if (l->token.len > 0) {
        bytes_text(&query, "continuation-token=");
        sigv4_encode(&query, bytes_all(&l->token), false);
        bytes_u8(&query, '&');
    }
    bytes_text(&query, "encoding-type=url&list-type=2&prefix=");
    sigv4_encode(&query, l->key, false);
    r.query = bytes_cstr(&query);
    rc = r.query ? s3_send(l->fs->client, &r, &answer, e) : error_memory(e, query.len, "a request");
    if (rc == OK)
        rc = visit_page(l, bytes_all(&page), e);
    bytes_fini(&query);
    bytes_fini(&page);
    bytes_fini(&answer.headers);
    return rc;
}

static enum err s3_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct listing l = {.fs = s3_of(fs), .prefix = prefix, .visit = visit, .arg = arg};
    enum err rc;

    if ((rc = split(prefix, &l.bucket, &l.key, e)) != OK)
        return rc;
    do
        rc = list_page(&l, e);
    while (rc == OK && !l.stopped && l.token.len > 0);
    bytes_fini(&l.token);
    bytes_fini(&l.uri);
    bytes_fini(&l.text);
    bytes_fini(&l.modified);
    return rc;
}

/* --- the file system
 * -------------------------------------------------------------------------------------------- */

static void s3_free(struct fs *fs)
{
    s3_client_free(s3_of(fs)->client);
    mem_free(s3_of(fs));
}

static const struct fs_ops s3_ops = {
    .name = "s3",
    .read = s3_read,
    .stat = s3_stat,
    .create = s3_create,
    .write = s3_write,
    .publish = s3_publish,
    .abandon = s3_abandon,
    .list = s3_list,
    .remove = s3_remove,
    .free = s3_free,
};

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
    s3->part_bytes = config->part_bytes ? config->part_bytes : PART_BYTES;
    rc = s3_client_new(config, &s3->client, e);
    if (rc != OK) {
        mem_free(s3);
        return rc;
    }
    *out = &s3->base;
    return OK;
}
