/* json_document.h: a JSON text as a row of nodes, each followed by its children: read once, without a copy of what it
 * says. The nodes' memory is kept for the next document.
 */
#ifndef WEIR_EXPR_JSON_DOCUMENT_H
#define WEIR_EXPR_JSON_DOCUMENT_H
#include "base/bytes.h"

enum json_kind { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    enum json_kind kind;
    bool escaped, key_escaped; /* text or key has backslashes */
    struct slice text;         /* NUMBER: its digits; STRING: what is between the quotes */
    struct slice key;          /* within an object */
    int32_t next;              /* number of the node behind this one and its children */
};

struct json_document {
    struct json_node *nodes; /* owned; the first is the root */
    size_t count, capacity;
    bool failed; /* the last reading found no memory */
};

void json_document_fini(struct json_document *d); /* a zeroed one is fine */

/* False when text is no JSON, or there is no memory (failed). Nodes point into text. */
bool json_document_read(struct json_document *d, struct slice text);

static inline bool json_document_is_scalar(const struct json_node *n)
{
    return n->kind < JSON_ARRAY;
}

/* Append a string's text without its escapes. */
void json_document_unescape(struct slice text, struct bytes *out);
/* Append a text as a JSON string, with quotes. */
void json_document_quote(struct slice text, struct bytes *out);
/* Append a node as JSON without blanks; numbers with a point or exponent as Java prints a double. */
void json_document_write(const struct json_document *d, int32_t node, struct bytes *out);
/* Append a number as Java prints it. */
void json_document_number(struct slice digits, struct bytes *out);
bool json_document_is_integer(struct slice digits);
bool json_document_key_is(const struct json_node *n, struct slice name);
#endif
