/* s3_upload.c: a file on its way into an object store.
 *
 *   write:   bytes gather until a part is full; from then on parts of a multipart upload go out
 *   publish: one PUT when there is no part yet, else the end of the upload; nothing is visible before
 *
 * Invariants:
 * 1. A file carries a random nonce in its metadata. When a repetition of a write that must happen only once
 *    (FS_IF_ABSENT) finds that the file exists, the nonce tells whether an earlier attempt of ours made it.
 * 2. An upload that is abandoned is aborted, or it would be stored, unseen, and paid for.
 */
#include "io/s3_upload.h"
#include "base/mem.h"
#include "io/s3_xml.h"
#include "io/sigv4.h"
#include "io/transfer.h"
#include "os/log.h"
#include "os/random.h"
#include <stdio.h>

#define PART_COUNT_MAX 10000 /* S3's rule */
#define SMALL_ANSWER   (1 << 20)
#define NONCE_MAX      33

struct s3_file {
    struct fs_file base;
    struct s3_uploader *uploader; /* borrowed */
    char *uri;                    /* owned, as the user wrote it */
    struct s3_path path;          /* within uri */
    char nonce[NONCE_MAX];
    struct bytes part;      /* not yet sent */
    struct bytes upload_id; /* encoded for a query; empty until the first part is full */
    struct bytes parts;     /* <Part> elements of those sent */
    int part_count;
};

static void file_free(struct s3_file *f)
{
    bytes_fini(&f->part);
    bytes_fini(&f->upload_id);
    bytes_fini(&f->parts);
    mem_free(f->uri);
    mem_free(f);
}

enum err s3_upload_create(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct fs_file **out,
                          struct error *e)
{
    struct s3_path path;
    struct s3_file *f;
    enum err rc;

    if ((rc = s3_path_file(uri, &path, e)) != OK)
        return rc;
    f = mem_zalloc(sizeof *f);
    if (f == NULL)
        return error_memory(e, sizeof *f, "a file to be written");
    f->base.fs = fs;
    f->uploader = uploader;
    f->uri = mem_strdup(uri);
    if (f->uri == NULL) {
        mem_free(f);
        return error_memory(e, strlen(uri), "a file to be written");
    }
    rc = s3_path_parse(f->uri, &f->path, e);
    assert(rc == OK);
    snprintf(f->nonce, sizeof f->nonce, "%016" PRIx64 "%016" PRIx64, random_entropy(), random_entropy());
    *out = &f->base;
    return OK;
}

static struct s3_request request_for(const struct s3_file *f, struct s3_what *what, const char *method)
{
    return (struct s3_request){.what = s3_path_say(what, "writing", f->uri),
                               .method = method,
                               .path = f->path,
                               .limit = SMALL_ANSWER};
}

/* Begin a multipart upload: get its id. */
static enum err start_upload(struct s3_file *f, struct error *e)
{
    struct s3_what what;
    struct bytes body = {0}, id = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, "POST");
    enum err rc;

    r.query = "uploads=";
    r.nonce = f->nonce;
    rc = s3_send(f->uploader->client, &r, &answer, e);
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
    struct s3_what what;
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
    else if ((rc = s3_send(f->uploader->client, &r, &answer, e)) == OK)
        rc = note_part(f, &answer, e);
    bytes_fini(&body);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
    return rc;
}

/* A part goes out only when there is more behind it, so that a file of just one part is a plain PUT. */
enum err s3_upload_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);
    size_t part_bytes = f->uploader->part_bytes;
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

/* --- once only --- */

/* Do something with the probe's key: PUT it if it is absent, or DELETE it. */
static enum err touch_probe(const struct s3_file *f, const char *method, struct slice key, struct error *e)
{
    struct s3_what what;
    struct bytes body = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, method);
    enum err rc;

    r.path.key = key;
    r.header = strcmp(method, "PUT") == 0 ? "If-None-Match: *" : NULL;
    rc = s3_send(f->uploader->client, &r, &answer, e);
    bytes_fini(&body);
    bytes_fini(&answer.headers);
    return rc;
}

/* Make sure, once per file system, that the store knows conditional writes: some take the header and replace
 * the file all the same, and two writers would both believe that they were first. Tried on a file of its own.
 */
static enum err probe(struct s3_file *f, struct error *e)
{
    struct slice folder = f->path.key;
    struct bytes key = {0};
    struct error later;
    enum err rc;

    if (atomic_load(&f->uploader->probed))
        return OK;
    while (folder.len > 0 && folder.ptr[folder.len - 1] != '/')
        folder.len--;
    bytes_printf(&key, SLICE_FMT ".weir-probe-%s", SLICE_ARG(folder), f->nonce);
    if (key.failed)
        return error_memory(e, folder.len, "a file name");
    rc = touch_probe(f, "PUT", bytes_all(&key), e);
    if (rc == OK)
        rc = touch_probe(f, "PUT", bytes_all(&key), e);
    if (rc == OK)
        rc = error_set(
            e, ERR_UNSUPPORTED,
            "writing %s: this object store ignores If-None-Match, so that a file cannot be made only once; "
            "use one that has conditional writes",
            f->uri);
    else if (rc == ERR_EXISTS || rc == ERR_CONFLICT)
        rc = OK;
    if (touch_probe(f, "DELETE", bytes_all(&key), &later) != OK)
        log_warn("s3", "a small probe file stays at " SLICE_FMT ": %s", SLICE_ARG(bytes_all(&key)),
                 later.text);
    bytes_fini(&key);
    if (rc == OK)
        atomic_store(&f->uploader->probed, true);
    return rc;
}

enum owner { OWNER_US, OWNER_OTHER, OWNER_NOBODY, OWNER_UNKNOWN };

/* Whose file is there now? */
static enum owner ask_owner(struct s3_file *f)
{
    struct s3_what what;
    struct bytes none = {0};
    struct s3_answer answer = {.body = &none};
    struct s3_request r = request_for(f, &what, "HEAD");
    struct error e;
    enum err rc = s3_send(f->uploader->client, &r, &answer, &e);
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
    if (rc == ERR_NOT_FOUND) /* the upload is gone */
        return error_add(e, ERR_IO, "the object store has lost the upload, or somebody aborted it");
    return rc;
}

/* --- the end --- */

/* The PUT of a small file, or the end of an upload. */
static enum err finish(struct s3_file *f, enum fs_publish how, struct error *e)
{
    struct s3_what what;
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
        rc = s3_send(f->uploader->client, &r, &answer, e);
        if (rc != OK)
            rc = settle(f, how, rc, answer.sent, e);
    }
    bytes_fini(&body);
    bytes_fini(&xml);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
    return rc;
}

enum err s3_upload_publish(struct fs_file *file, enum fs_publish how, struct error *e)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);
    enum err rc = OK;

    if (f->upload_id.len > 0 && f->part.len > 0) {
        rc = send_part(f, bytes_all(&f->part), e);
        if (rc == OK)
            bytes_clear(&f->part);
    }
    if (rc == OK && how == FS_IF_ABSENT)
        rc = probe(f, e);
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
    struct s3_what what;
    struct bytes body = {0}, query = {0};
    struct s3_answer answer = {.body = &body};
    struct s3_request r = request_for(f, &what, "DELETE");
    struct error e;
    enum err rc;

    bytes_printf(&query, "uploadId=" SLICE_FMT, SLICE_ARG(bytes_all(&f->upload_id)));
    r.query = bytes_cstr(&query);
    r.once = true;
    rc = r.query ? s3_send(f->uploader->client, &r, &answer, &e) : error_memory(&e, query.len, "a request");
    if (rc != OK && rc != ERR_NOT_FOUND)
        log_warn("s3", "an unfinished upload stays stored: %s", e.text);
    bytes_fini(&body);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
}

void s3_upload_abandon(struct fs_file *file)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);

    if (f->upload_id.len > 0)
        abort_upload(f);
    file_free(f);
}
