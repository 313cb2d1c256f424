/* url.h: a URL taken apart as java.net.URL does, which is laxer and stricter than the standard: only a few
 * protocols are known, nothing is decoded, and a path need not begin with a slash.
 */
#ifndef WEIR_EXPR_URL_H
#define WEIR_EXPR_URL_H
#include "base/slice.h"

/* Slices of the text; ptr NULL: the URL has no such part. */
struct url {
    struct slice protocol, authority, user_info, host, path, query, file, ref;
};

/* False when it is none. */
bool url_parse(struct slice text, struct url *out);

/* By the name that PARSE_URL takes, in capitals; false when there is no such part. */
bool url_part(const struct url *u, struct slice name, struct slice *out);

/* The value of the first `key=value` in a query. */
bool url_query_value(struct slice query, struct slice key, struct slice *out);

/* As web forms are sent: to has room for 3 bytes a byte, or one a byte. False: there is a broken escape. */
size_t url_escape(char *to, struct slice text);
bool url_unescape(char *to, struct slice text, size_t *len);
#endif
