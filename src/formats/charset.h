/* charset.h: texts in other character sets than UTF-8, by iconv. Thread: one. */
#ifndef WEIR_FORMATS_CHARSET_H
#define WEIR_FORMATS_CHARSET_H
#include "base/bytes.h"
#include "base/error.h"

struct charset;

/* name is one of Java's or iconv's: ISO-8859-1, UTF-16, GBK. *out is NULL for UTF-8, which needs no
 * conversion. ERR_CONFIG when nobody knows it. */
MUST_USE enum err charset_new(const char *name, struct charset **out, struct error *e);
void charset_free(struct charset *c); /* NULL is fine */

/* Append text as UTF-8, and the other way round. NULL, or why not, a static text; out->failed: no memory. */
const char *charset_to_utf8(struct charset *c, struct slice text, struct bytes *out);
const char *charset_from_utf8(struct charset *c, struct slice text, struct bytes *out);
#endif
