/* fs_s3_fake.h: an object store in this process, for tests: objects, ranges, conditional writes, multipart
 * uploads, listing by pages, and faults on demand. It checks that requests are signed, not that the signature
 * is right. The store is one per process; handlers run on the server's threads, under one lock.
 */
#ifndef WEIR_IO_FS_S3_FAKE_H
#define WEIR_IO_FS_S3_FAKE_H
#include "base/hash.h"
#include "base/mem.h"
#include "io/http.h"
#include "io/s3_client.h"
#include "io/s3_xml.h"
#include "io/sigv4.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FAKE_BUCKET     "bucket"
#define FAKE_OBJECT_MAX 2000
#define FAKE_UPLOAD_MAX 8
#define FAKE_PART_MAX   16

struct fake_object {
    char *key;
    struct bytes body;
    char nonce[40];
};

struct fake_upload {
    bool live;
    char *key;
    char nonce[40];
    struct bytes parts[FAKE_PART_MAX];
};

/* The next count requests of method (and whose query holds query, when set) fail so. */
struct fake_fault {
    const char *method, *query;
    int count;
    int status;        /* 0: the connection is closed without an answer */
    const char *code;  /* with status: S3's name */
    bool after;        /* the request has had its effect before */
    bool retry_after;  /* told to come again in 0 s */
    int64_t silent_ms; /* status 0: how long nothing comes before that */
};

static struct {
    pthread_mutex_t lock;
    struct http_server *server;
    struct fake_object objects[FAKE_OBJECT_MAX]; /* by key */
    int object_count;
    struct fake_upload uploads[FAKE_UPLOAD_MAX];
    struct fake_fault fault;
    int page_size, requests;
    bool plain_keys;               /* ignores encoding-type */
    bool no_ranges, no_conditions; /* what older stores lack */
    const char *list_answer;       /* instead of a listing */
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .page_size = 1000};

static void fake_error(struct http_reply *reply, int status, const char *code)
{
    reply->status = status;
    reply->content_type = "application/xml";
    bytes_clear(&reply->body);
    bytes_clear(&reply->headers);
    bytes_printf(
        &reply->body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>the fake says so &amp; "
        "means it</Message>%s<RequestId>1</RequestId></Error>",
        code, strcmp(code, "PermanentRedirect") == 0 ? "<Region>eu-central-1</Region>" : "");
}

static int fake_find(const char *key, bool *found)
{
    int low = 0, high = fake.object_count;

    while (low < high) {
        int middle = (low + high) / 2;

        if (strcmp(fake.objects[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < fake.object_count && strcmp(fake.objects[low].key, key) == 0;
    return low;
}

static void fake_drop(int at)
{
    mem_free(fake.objects[at].key);
    bytes_fini(&fake.objects[at].body);
    memmove(&fake.objects[at], &fake.objects[at + 1],
            (size_t)(--fake.object_count - at) * sizeof fake.objects[0]);
}

/* Takes body's memory. */
static void fake_store(const char *key, struct bytes *body, const char *nonce)
{
    bool found;
    int at = fake_find(key, &found);

    if (found)
        fake_drop(at);
    assert(fake.object_count < FAKE_OBJECT_MAX);
    memmove(&fake.objects[at + 1], &fake.objects[at],
            (size_t)(fake.object_count++ - at) * sizeof fake.objects[0]);
    fake.objects[at] = (struct fake_object){.key = mem_strdup(key), .body = *body};
    snprintf(fake.objects[at].nonce, sizeof fake.objects[at].nonce, "%s", nonce);
    *body = (struct bytes){0};
}

static const char *fake_nonce(const struct http_call *call)
{
    const char *nonce = http_call_header(call, S3_NONCE_HEADER);

    return nonce ? nonce : "";
}

static void fake_etag(struct http_reply *reply, struct slice body)
{
    bytes_printf(&reply->headers, "ETag: \"%016" PRIx64 "\"\n", hash_bytes(body.ptr, body.len));
}

static void fake_get(const struct http_call *call, const char *key, struct http_reply *reply)
{
    bool found;
    int at = fake_find(key, &found);
    const char *range = http_call_header(call, "Range");
    uint64_t first = 0, last;

    if (!found) {
        fake_error(reply, 404, "NoSuchKey");
        return;
    }
    struct fake_object *o = &fake.objects[at];
    struct slice part = bytes_all(&o->body);
    if (range != NULL && !fake.no_ranges) {
        int count = sscanf(range, "bytes=%" SCNu64 "-%" SCNu64, &first, &last);

        if (count < 1 || first >= part.len) {
            fake_error(reply, 416, "InvalidRange");
            bytes_printf(&reply->headers, "Content-Range: bytes */%zu\n", part.len);
            return;
        }
        part = slice_from(part, first);
        part.len = count == 2 && last - first + 1 < part.len ? last - first + 1 : part.len;
        reply->status = 206;
    }
    fake_etag(reply, part);
    bytes_text(&reply->headers, "Last-Modified: Sat, 01 Nov 2025 08:30:00 GMT\n");
    if (*o->nonce)
        bytes_printf(&reply->headers, S3_NONCE_HEADER ": %s\n", o->nonce);
    bytes_slice(&reply->body, part); /* for HEAD the server sends its length only */
}

static bool fake_refused(const struct http_call *call, const char *key, struct http_reply *reply)
{
    bool found;

    fake_find(key, &found);
    if (found && !fake.no_conditions && http_call_header(call, "If-None-Match") != NULL)
        fake_error(reply, 412, "PreconditionFailed");
    return reply->status == 412;
}

static struct fake_upload *fake_upload_of(const struct http_call *call)
{
    const char *id = http_query(call, "uploadId");
    int number = id ? atoi(id + strlen("up load+/=")) : -1;

    return number >= 0 && number < FAKE_UPLOAD_MAX && fake.uploads[number].live ? &fake.uploads[number]
                                                                                : NULL;
}

static void fake_end_upload(struct fake_upload *u)
{
    for (int i = 0; i < FAKE_PART_MAX; i++)
        bytes_fini(&u->parts[i]);
    mem_free(u->key);
    *u = (struct fake_upload){0};
}

static void fake_begin_upload(const struct http_call *call, const char *key, struct http_reply *reply)
{
    int i = 0;

    while (fake.uploads[i].live)
        i++;
    fake.uploads[i] = (struct fake_upload){.live = true, .key = mem_strdup(key)};
    snprintf(fake.uploads[i].nonce, sizeof fake.uploads[i].nonce, "%s", fake_nonce(call));
    bytes_printf(&reply->body,
                 "<?xml version=\"1.0\"?><InitiateMultipartUploadResult "
                 "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                 "<Bucket>" FAKE_BUCKET
                 "</Bucket><UploadId>up load+/=%d</UploadId></InitiateMultipartUploadResult>",
                 i);
}

static void fake_put_part(const struct http_call *call, struct fake_upload *u, struct http_reply *reply)
{
    int number = atoi(http_query(call, "partNumber"));

    assert(number >= 1 && number <= FAKE_PART_MAX);
    bytes_clear(&u->parts[number - 1]);
    bytes_slice(&u->parts[number - 1], call->body);
    fake_etag(reply, call->body);
}

/* Join the parts that the caller names, after checking their ETags. */
static void fake_complete(const struct http_call *call, struct fake_upload *u, const char *key,
                          struct http_reply *reply)
{
    struct slice rest = call->body, part;
    struct bytes body = {0}, etag = {0};
    int number = 0;
    bool ok = true;

    if (fake_refused(call, key, reply))
        return;
    while (s3_xml_next(&rest, "Part", &part)) {
        int64_t next = s3_xml_number(part, "PartNumber"); /* any may be left out */
        char want[20];

        ok = ok && next > number && next <= FAKE_PART_MAX;
        number = ok ? (int)next : number;
        struct slice stored = bytes_all(&u->parts[MAX(number, 1) - 1]);
        snprintf(want, sizeof want, "\"%016" PRIx64 "\"", hash_bytes(stored.ptr, stored.len));
        ok = ok && s3_xml_text(part, "ETag", &etag) && slice_is(bytes_all(&etag), want);
        bytes_slice(&body, stored);
    }
    if (!ok || number == 0) {
        fake_error(reply, 400, "InvalidPart");
    } else {
        fake_store(key, &body, u->nonce);
        fake_end_upload(u);
        bytes_text(&reply->body,
                   "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
    }
    bytes_fini(&etag);
    bytes_fini(&body);
}

static void fake_list_key(struct http_reply *reply, const struct fake_object *o, bool url)
{
    bytes_text(&reply->body, "<Contents><Key>");
    if (url)
        sigv4_encode(&reply->body, slice_text(o->key), true);
    else
        s3_xml_escape(&reply->body, slice_text(o->key));
    bytes_printf(&reply->body,
                 "</Key><LastModified>2025-11-01T08:30:00.000Z</LastModified><ETag>&quot;x&quot;</"
                 "ETag><Size>%zu</Size>"
                 "<Owner><ID>1</ID></Owner><StorageClass/></Contents>",
                 o->body.len);
}

/* The token is the last key of the page before, behind characters that must be encoded in a query. */
static void fake_list(const struct http_call *call, struct http_reply *reply)
{
    const char *prefix = http_query(call, "prefix"), *token = http_query(call, "continuation-token");
    const char *after = token ? token + strlen("&=+ /<") : "";
    bool url = !fake.plain_keys && http_query(call, "encoding-type") != NULL;
    int count = 0, last = -1;
    bool more = false;

    bytes_text(&reply->body,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
               "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>" FAKE_BUCKET "</Name>");
    for (int i = 0; i < fake.object_count && !more; i++) {
        if (strncmp(fake.objects[i].key, prefix, strlen(prefix)) != 0 ||
            strcmp(fake.objects[i].key, after) <= 0)
            continue;
        more = count == fake.page_size;
        if (!more) {
            fake_list_key(reply, &fake.objects[i], url);
            last = i;
            count++;
        }
    }
    if (url)
        bytes_text(&reply->body, "<EncodingType>url</EncodingType>");
    bytes_printf(&reply->body, "<KeyCount>%d</KeyCount><IsTruncated>%s</IsTruncated>", count,
                 more ? "true" : "false");
    if (more) {
        bytes_text(&reply->body, "<NextContinuationToken>&amp;=+ /&lt;");
        s3_xml_escape(&reply->body, slice_text(fake.objects[last].key));
        bytes_text(&reply->body, "</NextContinuationToken>");
    }
    bytes_text(&reply->body, "</ListBucketResult>");
}

static void fake_write(const struct http_call *call, const char *key, struct http_reply *reply)
{
    struct bytes body = {0};
    struct fake_upload *u = fake_upload_of(call);
    bool of_upload = http_query(call, "uploadId") != NULL;

    if (of_upload && u == NULL) {
        fake_error(reply, 404, "NoSuchUpload");
    } else if (of_upload && strcmp(call->method, "PUT") == 0) {
        fake_put_part(call, u, reply);
    } else if (of_upload) {
        fake_complete(call, u, key, reply);
    } else if (http_query(call, "uploads") != NULL) {
        fake_begin_upload(call, key, reply);
    } else if (!fake_refused(call, key, reply)) {
        bytes_slice(&body, call->body);
        fake_etag(reply, call->body);
        fake_store(key, &body, fake_nonce(call));
    }
}

static void fake_delete(const struct http_call *call, const char *key, struct http_reply *reply)
{
    struct fake_upload *u = fake_upload_of(call);
    bool found;
    int at = fake_find(key, &found);

    reply->status = 204;
    if (http_query(call, "uploadId") == NULL && found)
        fake_drop(at);
    else if (u != NULL)
        fake_end_upload(u);
    else if (http_query(call, "uploadId") != NULL)
        fake_error(reply, 404, "NoSuchUpload");
}

static void fake_do(const struct http_call *call, struct http_reply *reply)
{
    static const char root[] = "/" FAKE_BUCKET;
    const char *key = call->path + sizeof root - 1;
    const char *auth = http_call_header(call, "Authorization");

    if (auth == NULL || strncmp(auth, "AWS4-HMAC-SHA256 Credential=access/", 35) != 0)
        fake_error(reply, 403, "AccessDenied");
    else if (strncmp(call->path, root, sizeof root - 1) != 0 || (*key != '\0' && *key != '/'))
        fake_error(reply, 404, "NoSuchBucket");
    else if (*key == '\0' && fake.list_answer != NULL)
        bytes_text(&reply->body, fake.list_answer);
    else if (*key == '\0')
        fake_list(call, reply);
    else if (strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0)
        fake_get(call, key + 1, reply);
    else if (strcmp(call->method, "DELETE") == 0)
        fake_delete(call, key + 1, reply);
    else
        fake_write(call, key + 1, reply);
}

/* Close the client's connection under its feet. */
static void fake_hang_up(const struct http_call *call)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->native,
                                                                   MHD_CONNECTION_INFO_CONNECTION_FD);

    shutdown(info->connect_fd, SHUT_RDWR);
}

static bool fake_fault_hits(const struct http_call *call)
{
    return fake.fault.count > 0 && strcmp(call->method, fake.fault.method) == 0 &&
           (fake.fault.query == NULL || http_query(call, fake.fault.query) != NULL);
}

static void fake_handle(UNUSED void *arg, const struct http_call *call, struct http_reply *reply)
{
    struct fake_fault fault = {0};

    pthread_mutex_lock(&fake.lock);
    fake.requests++;
    if (fake_fault_hits(call)) {
        fault = fake.fault;
        fake.fault.count--;
    }
    if (fault.count == 0 || fault.after)
        fake_do(call, reply);
    if (fault.count > 0 && fault.status != 0)
        fake_error(reply, fault.status, fault.code);
    if (fault.retry_after)
        bytes_text(&reply->headers, "Retry-After: 0\n");
    pthread_mutex_unlock(&fake.lock);
    if (fault.count > 0 && fault.status == 0) {
        struct timespec silence = {fault.silent_ms / 1000, fault.silent_ms % 1000 * 1000000};

        nanosleep(&silence, NULL);
        fake_hang_up(call);
    }
}

/* --- for the test, which runs beside the server's threads --- */

/* Change what is in `fake` while no handler looks. */
#define FAKE_SET(...)                                                                                        \
    do {                                                                                                     \
        pthread_mutex_lock(&fake.lock);                                                                      \
        __VA_ARGS__;                                                                                         \
        pthread_mutex_unlock(&fake.lock);                                                                    \
    } while (0)

static int fake_upload_count(void)
{
    int count = 0;

    FAKE_SET(for (int i = 0; i < FAKE_UPLOAD_MAX; i++) count += fake.uploads[i].live);
    return count;
}

static int fake_object_count(void)
{
    int count;

    FAKE_SET(count = fake.object_count);
    return count;
}

static int fake_request_count(void)
{
    int count;

    FAKE_SET(count = fake.requests);
    return count;
}

static bool fake_has(const char *key)
{
    bool found;

    FAKE_SET(fake_find(key, &found));
    return found;
}

/* Begin with an empty store; returns its endpoint. */
static const char *fake_start(void)
{
    static char endpoint[40];
    struct error e;

    if (http_server_start("127.0.0.1", 0, fake_handle, NULL, &fake.server, &e) != OK) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(fake.server));
    return endpoint;
}

static void fake_clear(void)
{
    pthread_mutex_lock(&fake.lock);
    while (fake.object_count > 0)
        fake_drop(fake.object_count - 1);
    for (int i = 0; i < FAKE_UPLOAD_MAX; i++)
        fake_end_upload(&fake.uploads[i]);
    fake.fault = (struct fake_fault){0};
    fake.page_size = 1000;
    fake.requests = 0;
    fake.plain_keys = fake.no_ranges = fake.no_conditions = false;
    fake.list_answer = NULL;
    pthread_mutex_unlock(&fake.lock);
}

static void fake_stop(void)
{
    http_server_stop(fake.server);
    fake_clear();
}
#endif
