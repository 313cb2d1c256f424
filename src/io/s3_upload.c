/* s3_upload.c: a file on its way into an object store.
 *
 *   write:   bytes gather until a part is full; from then on parts of a multipart upload go out
 *   publish: one PUT when there is no part yet, else the end of the upload; nothing is visible before
 *   persist: what has gathered goes out as a part too, a provisional one: the next part that is full begins where
 *            it begins, and has a higher number. The end of an upload names the parts that count, so the
 *            provisional ones that were followed by others are dropped by the store.
 *   reveal:  the end of the upload, by the ticket
 *
 * Invariants:
 * 1. A file carries a random nonce in its metadata. When a repetition of a write that must happen only once
 *    (FS_IF_ABSENT) finds that the file exists, the nonce tells whether an earlier attempt of ours made it.
 * 2. An upload that is abandoned is aborted, or it would be stored, unseen, and paid for.
 *
 * A ticket: nonce, upload id (encoded) and list of parts, each as a varint of its length and its bytes.
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
    int part_count;         /* numbers given, those of provisional parts too */
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

/* The PUT of a small file, or the end of an upload. *sent: it may have reached the store. */
static enum err send_end(struct s3_file *f, enum fs_publish how, bool *sent, struct error *e)
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
    if (xml.failed || query.failed)
        rc = error_memory(e, f->parts.len, "the end of an upload");
    else
        rc = s3_send(f->uploader->client, &r, &answer, e);
    *sent = answer.sent;
    bytes_fini(&body);
    bytes_fini(&xml);
    bytes_fini(&query);
    bytes_fini(&answer.headers);
    return rc;
}

static enum err finish(struct s3_file *f, enum fs_publish how, struct error *e)
{
    bool sent = false;
    enum err rc = send_end(f, how, &sent, e);

    return rc == OK || !sent ? rc : settle(f, how, rc, sent, e);
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

/* --- in two steps --- */

static void put_counted(struct bytes *out, struct slice s)
{
    bytes_varint(out, s.len);
    bytes_slice(out, s);
}

static struct slice take_counted(struct reader *r)
{
    return reader_bytes(r, (size_t)reader_varint(r));
}

/* The list of parts goes back to those that are full: the provisional one is in this ticket only. */
enum err s3_upload_persist(struct fs_file *file, struct bytes *ticket, struct error *e)
{
    struct s3_file *f = CONTAINER_OF(file, struct s3_file, base);
    size_t full = f->parts.len;
    enum err rc = OK;

    if (f->part.len > 0)
        rc = send_part(f, bytes_all(&f->part), e);
    else if (f->upload_id.len == 0)
        rc = start_upload(f, e);
    if (rc == OK) {
        put_counted(ticket, slice_text(f->nonce));
        put_counted(ticket, bytes_all(&f->upload_id));
        put_counted(ticket, bytes_all(&f->parts));
        if (ticket->failed)
            rc = error_memory(e, ticket->len, "an upload's ticket");
    }
    f->parts.len = MIN(full, f->parts.len);
    return rc;
}

size_t s3_upload_held(const struct fs_file *file)
{
    return CONTAINER_OF_CONST(file, struct s3_file, base)->part.capacity;
}

void s3_upload_leave(struct fs_file *file)
{
    file_free(CONTAINER_OF(file, struct s3_file, base));
}

/* The file as it was when ticket was written. */
static enum err from_ticket(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct slice ticket,
                            struct s3_file **out, struct error *e)
{
    struct reader r = reader_of(ticket);
    struct slice nonce = take_counted(&r), id = take_counted(&r), parts = take_counted(&r);
    struct fs_file *file;
    struct s3_file *f;
    enum err rc;

    if (r.failed || nonce.len != NONCE_MAX - 1 || id.len == 0)
        return error_set(e, ERR_CORRUPT, "showing %s: what was noted of its upload is damaged", uri);
    if ((rc = s3_upload_create(fs, uploader, uri, &file, e)) != OK)
        return rc;
    f = CONTAINER_OF(file, struct s3_file, base);
    memcpy(f->nonce, nonce.ptr, nonce.len);
    bytes_slice(&f->upload_id, id);
    bytes_slice(&f->parts, parts);
    if (f->upload_id.failed || f->parts.failed || bytes_cstr(&f->upload_id) == NULL) {
        file_free(f);
        return error_memory(e, ticket.len, "an upload's ticket");
    }
    *out = f;
    return OK;
}

/* The store does not know the upload: it ended before, which the file's nonce tells, or it was taken away. */
static enum err ended_before(struct s3_file *f, struct error *e)
{
    switch (ask_owner(f)) {
    case OWNER_US:
        return OK;
    case OWNER_UNKNOWN:
        return error_add(e, ERR_UNAVAILABLE, "whether the file was made is not known");
    default:
        return error_set(
            e, ERR_NOT_FOUND,
            "showing %s: there is neither the file nor its unfinished upload; does a rule of the "
            "bucket remove uploads, or did somebody remove the file?",
            f->uri);
    }
}

enum err s3_upload_reveal(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct slice ticket,
                          struct error *e)
{
    struct s3_file *f;
    bool sent;
    enum err rc = from_ticket(fs, uploader, uri, ticket, &f, e);

    if (rc != OK)
        return rc;
    rc = f->parts.len ? send_end(f, FS_REPLACE, &sent, e)
                      : error_set(e, ERR_CORRUPT, "showing %s: nothing was written of it", uri);
    if (rc == ERR_NOT_FOUND)
        rc = ended_before(f, e);
    file_free(f);
    return rc;
}

void s3_upload_forget(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct slice ticket)
{
    struct error e;
    struct s3_file *f;

    if (from_ticket(fs, uploader, uri, ticket, &f, &e) == OK)
        s3_upload_abandon(&f->base);
    else
        log_warn("s3", "an unfinished upload stays stored: %s", e.text);
}
