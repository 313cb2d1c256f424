/* json_decode.h: JSON text straight into column builders, in one pass.
 * A value goes to its column as it is read; texts without escapes are borrowed from the payload. When a key
 * turns out to be there twice, the row is taken back and read again in a careful way, in which the last one
 * counts.
 */
#ifndef WEIR_FORMATS_JSON_DECODE_H
#define WEIR_FORMATS_JSON_DECODE_H
#include "batch/builder.h"
#include "formats/failure.h"
#include "formats/json_time.h"
#include "formats/json_tree.h"

struct json_entry; /* of a MAP: json_decode.c */

struct json_reader {
    struct json_node *root; /* borrowed */
    enum json_time_standard standard;
    bool fail_on_missing;
    bool ignore_errors; /* a value that does not fit its column is NULL, where that may be */

    /* of the payload being read */
    const char *at, *end;
    bool duplicate; /* failed because a key is there twice */
    bool careful;
    struct builder *builder;    /* borrowed */
    struct bytes text;          /* owned: what was unescaped last */
    struct json_entry *entries; /* owned: a stack of the entries of the MAPs being read */
    size_t entry_count, entry_capacity;
    struct failure failure;
};

void json_reader_fini(struct json_reader *r);

/* Append payload as row row_count of b's wanted columns. NULL when it went well, else why not, in text; b may
 * then hold a part of the row. */
const char *json_decode(struct json_reader *r, struct slice payload, struct builder *b, int32_t row_count,
                        char text[FAILURE_TEXT]);

/* Append the object that is payload, with changes over it: a key of changes counts in place of payload's. Both
 * lie in one document. Else as json_decode. */
const char *json_decode_changed(struct json_reader *r, struct slice payload, struct slice changes,
                                struct builder *b, char text[FAILURE_TEXT]);
#endif
