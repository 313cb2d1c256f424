/* changelog.h: formats that wrap a row of a table and what happened to it into one JSON object: debezium, canal,
 * maxwell, ogg. They differ by the names of keys and operations, which is what a dialect is:
 * changelog_dialects.c has one for each; changelog_decode.c reads and changelog_encode.c writes by it.
 *
 *   {"before": {...}, "after": {...}, "op": "u"}           debezium, ogg: two whole rows
 *   {"data": [{...}], "old": [{...}], "type": "UPDATE"}    canal: rows, and of the old ones what has changed
 *   {"data": {...}, "old": {...}, "type": "update"}        maxwell
 */
#ifndef WEIR_FORMATS_CHANGELOG_H
#define WEIR_FORMATS_CHANGELOG_H
#include "formats/encode.h"
#include "formats/json_time.h"

enum changelog_op { OP_NONE, OP_INSERT, OP_UPDATE, OP_DELETE, OP_IGNORED };

#define CHANGELOG_OPS_MAX      6
#define CHANGELOG_METADATA_MAX 8

/* Where the value of a metadata column stands, and what is made of it. */
enum metadata_form {
    METADATA_VALUE,   /* as the column's type is read from JSON */
    METADATA_TEXT,    /* any value as text */
    METADATA_SECONDS, /* a number of seconds as an instant */
    METADATA_MILLIS,
    METADATA_TIME, /* 2025-11-01 08:30:00.123456, or with a T, as an instant of UTC */
};
struct metadata {
    const char *key;    /* of the object that has the rows */
    const char *inside; /* a key of the object that is there; NULL: none */
    enum metadata_form form;
    bool at_root; /* of the outermost object */
};

struct changelog_dialect {
    const struct format *format;
    const char *what;    /* "Debezium" */
    const char *new_key; /* of the row after it, or the one it is about */
    const char *old_key; /* of the row before */
    const char *op_key;
    bool partial; /* the old row has just the fields that have changed; a deleted row is the new one */
    bool arrays;  /* rows stand in arrays */
    const char *insert, *delete; /* operations as they are written */
    struct {
        const char *text;
        enum changelog_op op;
    } ops[CHANGELOG_OPS_MAX];
    struct metadata metadata[CHANGELOG_METADATA_MAX]; /* in the order of format->metadata */
    bool by_name;    /* options database.include and table.include choose what is read */
    bool in_payload; /* option schema-include may say that all this is in "payload" */
};

MUST_USE enum err changelog_decoder_new(const struct changelog_dialect *d, const struct decode_spec *spec,
                                        struct decoder **out, struct error *e);
MUST_USE enum err changelog_encoder_new(const struct changelog_dialect *d, const struct encode_spec *spec,
                                        struct encoder **out, struct error *e);
#endif
