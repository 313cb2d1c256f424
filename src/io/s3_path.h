/* s3_path.h: paths in an object store: s3://bucket/key, s3a, s3n. Private to io. */
#ifndef WEIR_IO_S3_PATH_H
#define WEIR_IO_S3_PATH_H
#include "base/error.h"
#include "base/slice.h"

struct s3_path {
    struct slice bucket, key; /* within the URI they come from */
};

/* Split a URI; the key may be empty, as of a prefix. ERR_UNSUPPORTED for another scheme. */
MUST_USE enum err s3_path_parse(const char *uri, struct s3_path *out, struct error *e);

/* The same, where a file's name is needed: not empty, no slash at its end, not too long. */
MUST_USE enum err s3_path_file(const char *uri, struct s3_path *out, struct error *e);

/* `verb uri` for messages, cut where it is too long. Returns its text. */
struct s3_what {
    char text[600];
};
const char *s3_path_say(struct s3_what *what, const char *verb, const char *uri);
#endif
