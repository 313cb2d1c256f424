/* s3_path.c: see s3_path.h. */
#include "io/s3_path.h"
#include <stdio.h>
#include <strings.h>

#define KEY_MAX      1024 /* S3's rule */
#define BUCKET_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

enum err s3_path_parse(const char *uri, struct s3_path *out, struct error *e)
{
    static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t len = strlen(schemes[i]);

        if (strncasecmp(uri, schemes[i], len) != 0)
            continue;
        out->bucket = slice_of(uri + len, strcspn(uri + len, "/"));
        out->key = slice_text(uri + len + out->bucket.len + (uri[len + out->bucket.len] == '/'));
        if (out->bucket.len == 0 || strspn(out->bucket.ptr, BUCKET_CHARS) != out->bucket.len)
            return error_set(e, ERR_CONFIG, "%s: this is not the name of a bucket; write s3://bucket/path",
                             uri);
        return OK;
    }
    return error_set(e, ERR_UNSUPPORTED, "%s: not a path of an object store; write s3://bucket/path", uri);
}

enum err s3_path_file(const char *uri, struct s3_path *out, struct error *e)
{
    enum err rc = s3_path_parse(uri, out, e);

    if (rc == OK && (out->key.len == 0 || out->key.ptr[out->key.len - 1] == '/'))
        return error_set(e, ERR_CONFIG, "%s: a file's name is needed here, not a folder's", uri);
    if (rc == OK && out->key.len > KEY_MAX)
        return error_set(e, ERR_CONFIG, "%.100s...: the name is too long; S3 allows %d bytes", uri, KEY_MAX);
    return rc;
}

const char *s3_path_say(struct s3_what *what, const char *verb, const char *uri)
{
    snprintf(what->text, sizeof what->text, "%s %s", verb, uri);
    return what->text;
}
