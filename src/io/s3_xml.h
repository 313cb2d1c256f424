/* s3_xml.h: finding elements in what S3 answers: short, flat XML without mixed content. Private to io.
 * Anything else (comments, CDATA, nesting of an element in itself) is not made by S3 and not understood here.
 */
#ifndef WEIR_IO_S3_XML_H
#define WEIR_IO_S3_XML_H
#include "base/bytes.h"

/* The next element of that name in *rest, at any depth: its raw content; *rest then begins behind it.
 * false when there is none, or it has no end. */
bool s3_xml_next(struct slice *rest, const char *name, struct slice *content);

/* The first such element, as text with entities replaced, into out (cleared before). false when there is none
 * or its text is malformed. An empty element is found, with an empty text. */
bool s3_xml_text(struct slice xml, const char *name, struct bytes *out);

/* The same of a number 0..2^63-1; -1 when there is none. */
int64_t s3_xml_number(struct slice xml, const char *name);

/* Append text as XML content. */
void s3_xml_escape(struct bytes *out, struct slice text);
#endif
