/* dead_letter.h: what a decoder could not read (rows of format_error_schema) as rows that people look at:
 * the payload as bytes and as text, where it came from, what was wrong with it, and when. A plan takes from
 * these columns what its table has.
 */
#ifndef WEIR_OPERATORS_DEAD_LETTER_H
#define WEIR_OPERATORS_DEAD_LETTER_H
#include "operators/operator.h"

enum letter_column {
    LETTER_PAYLOAD,      /* BYTES, nullable */
    LETTER_PAYLOAD_TEXT, /* STRING, nullable: as format_printable has it */
    LETTER_KEY,          /* the same two of a message's key */
    LETTER_KEY_TEXT,
    LETTER_ERROR_TYPE,    /* STRING NOT NULL */
    LETTER_ERROR_MESSAGE, /* STRING NOT NULL */
    LETTER_ERROR_TIME,    /* TIMESTAMP_LTZ(3) NOT NULL: when it was seen */
    LETTER_TABLE,         /* STRING NOT NULL: that was read */
    LETTER_TOPIC,         /* of a message, else NULL */
    LETTER_PARTITION,
    LETTER_OFFSET,
    LETTER_TIMESTAMP,
    LETTER_TIMESTAMP_TYPE,
    LETTER_HEADERS,
    LETTER_LEADER_EPOCH,
    LETTER_FILE, /* of a line of a file, else NULL */
    LETTER_LINE, /* BIGINT, from 1 */
    LETTER_COLUMN_COUNT
};
extern const struct schema dead_letter_schema;

/* Read-only; must outlive the operators. */
struct dead_letter_spec {
    const char *table; /* that was read: its name in full */
    bool lines;        /* records are lines of files; else messages */
};
extern const struct operator_factory dead_letter_factory;
#endif
