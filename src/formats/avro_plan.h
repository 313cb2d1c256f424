/* avro_plan.h: what avro_plan.c compiles and avro_decode.c runs; private to the avro_*.c files.
 * A body is the steps of one record, in the order in which the writer wrote its fields. A step reads one
 * value, or a run of values that nobody wants, and puts what it read into one of the column builders that its
 * body is run against:
 *
 *   body of the record ── step STRING column 0
 *                      ── step SKIP_FIXED 12
 *                      ── step LIST column 1 ── body ── step RECORD column 0 ── body of the element
 *
 * A MAP is a LIST whose body has two steps, key and value: they lie so in the payload and in the columns.
 */
#ifndef WEIR_FORMATS_AVRO_PLAN_H
#define WEIR_FORMATS_AVRO_PLAN_H
#include "base/arena.h"
#include "formats/avro.h"

enum avro_op {
    AVRO_OP_NULL, /* reads nothing */
    AVRO_OP_BOOLEAN,
    AVRO_OP_INT8,
    AVRO_OP_INT16,
    AVRO_OP_INT32,
    AVRO_OP_INT64,
    AVRO_OP_VARINT_FLOAT,
    AVRO_OP_VARINT_DOUBLE,
    AVRO_OP_FLOAT,
    AVRO_OP_FLOAT_DOUBLE,
    AVRO_OP_DOUBLE,
    AVRO_OP_BYTES,
    AVRO_OP_STRING,
    AVRO_OP_FIXED,         /* size bytes */
    AVRO_OP_ENUM,          /* symbols */
    AVRO_OP_UUID,          /* text to 16 bytes */
    AVRO_OP_UUID_TEXT,     /* 16 bytes to text */
    AVRO_OP_DECIMAL_BYTES, /* decimal */
    AVRO_OP_DECIMAL_FIXED, /* and decimal_size */
    AVRO_OP_TIME,          /* multiply, divide, grain */
    AVRO_OP_TIMESTAMP,     /* the same */
    AVRO_OP_RECORD,        /* body */
    AVRO_OP_LIST,          /* body */
    AVRO_OP_UNION,         /* body: a step for each branch */
    AVRO_OP_DEFAULT,       /* body: one step, run against datum */
    AVRO_OP_REFUSE,        /* why: a branch that does not fit the column */
    AVRO_OP_SKIP_FIXED,    /* size bytes */
    AVRO_OP_SKIP_VARINT,
    AVRO_OP_SKIP_LENGTH, /* a length, and as many bytes */
    AVRO_OP_SKIP_RECORD, /* body */
    AVRO_OP_SKIP_LIST,   /* body */
    AVRO_OP_SKIP_UNION,  /* body: a step for each branch */
};

struct avro_body {
    const struct avro_step *steps;
    int32_t count;
};

struct avro_decimal {
    __int128 power; /* of ten, to multiply with for the column's scale */
    __int128 limit; /* ten to the column's precision: the first number that does not fit */
};

struct avro_step {
    enum avro_op op;
    int8_t null_branch; /* 0 or 1: first comes the branch, and this one is null; -1: not optional */
    bool nullable;      /* the column takes a null */
    int32_t column;     /* in the builders of the body; not for SKIP_* */
    int32_t min_size;   /* LIST, SKIP_LIST: of an element, in bytes */
    const char *name;   /* of the field, for the path in errors; NULL inside lists and unions */
    union {
        int64_t size;
        struct {
            int64_t multiply, divide, grain;
        };
        struct {
            const struct avro_decimal *decimal;
            int32_t decimal_size; /* DECIMAL_FIXED: bytes */
        };
        struct {
            const struct slice *symbols; /* one with ptr NULL is refused */
            int32_t symbol_count;
        };
        struct {
            const struct avro_body *body;
            struct slice datum;
        };
        const char *why;
    };
};

struct avro_plan {
    struct arena arena;
    struct avro_body body;
    int32_t
        top_count; /* the top is a union of so many types, as Flink writes files: null and the record; 0: it is
                         * the record */
    int32_t top_branch; /* then: which is the record */
};

__int128 avro_power_of_ten(int32_t n); /* n is 0..38 */

/* How many elements of no bytes a datum may have: an array of nulls says its length in a few bytes. */
#define AVRO_EMPTY_MAX (1 << 16)

/* How deep what is skipped may be nested. */
#define AVRO_SKIP_DEPTH_MAX 1000
#endif
