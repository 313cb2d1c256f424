/* s3_list.c: see s3_list.h. Asks for keys in URL encoding, since XML cannot hold every key. */
#include "io/s3_list.h"
#include "base/calendar.h"
#include "io/s3_xml.h"
#include "io/sigv4.h"

#define LIST_ANSWER (16 << 20) /* 1000 keys of 1 KiB, each byte escaped, and their properties */

struct listing {
    struct s3_client *client;
    const char *prefix; /* as the user wrote it */
    struct s3_path path;
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
    bytes_append(&l->uri, l->prefix, (size_t)(l->path.bucket.ptr + l->path.bucket.len - l->prefix));
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
    struct s3_what what;
    struct bytes query = {0}, page = {0};
    struct s3_answer answer = {.body = &page};
    struct s3_request r = {.what = s3_path_say(&what, "listing", l->prefix),
                           .method = "GET",
                           .path = {.bucket = l->path.bucket},
                           .limit = LIST_ANSWER};
    enum err rc;

    if (l->token.len > 0) {
        bytes_text(&query, "continuation-token=");
        sigv4_encode(&query, bytes_all(&l->token), false);
        bytes_u8(&query, '&');
    }
    bytes_text(&query, "encoding-type=url&list-type=2&prefix=");
    sigv4_encode(&query, l->path.key, false);
    r.query = bytes_cstr(&query);
    rc = r.query ? s3_send(l->client, &r, &answer, e) : error_memory(e, query.len, "a request");
    if (rc == OK)
        rc = visit_page(l, bytes_all(&page), e);
    bytes_fini(&query);
    bytes_fini(&page);
    bytes_fini(&answer.headers);
    return rc;
}

enum err s3_list(struct s3_client *client, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct listing l = {.client = client, .prefix = prefix, .visit = visit, .arg = arg};
    enum err rc;

    if ((rc = s3_path_parse(prefix, &l.path, e)) != OK)
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
