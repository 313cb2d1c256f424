/* thrift_compact.h: Thrift's compact protocol, as much as Parquet's metadata needs.
 * A struct is fields (the id as a difference from the last one, a type, a value) ended by a stop byte;
 * integers are zigzag varints; a boolean field is in its type. Source: apache/thrift,
 * doc/specs/thrift-compact-protocol.md.
 */
#ifndef WEIR_PARQUET_THRIFT_COMPACT_H
#define WEIR_PARQUET_THRIFT_COMPACT_H
#include "base/bytes.h"

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
    THRIFT_UUID = 13,
};

#define THRIFT_DEPTH_MAX 16 /* structs in structs that we write */

struct thrift_writer {
    struct bytes *out; /* borrowed; keeps the first failure */
    int depth;
    int16_t last[THRIFT_DEPTH_MAX]; /* the last field id of each open struct */
};

void thrift_begin(
    struct thrift_writer *w); /* a struct that is no field: the outermost, or a list's element */
void thrift_end(struct thrift_writer *w);

void thrift_put_bool(struct thrift_writer *w, int16_t id, bool v);
void thrift_put_byte(struct thrift_writer *w, int16_t id, int8_t v);
void thrift_put_i16(struct thrift_writer *w, int16_t id, int16_t v);
void thrift_put_i32(struct thrift_writer *w, int16_t id, int32_t v);
void thrift_put_i64(struct thrift_writer *w, int16_t id, int64_t v);
void thrift_put_binary(struct thrift_writer *w, int16_t id, struct slice v);
void thrift_put_struct(struct thrift_writer *w, int16_t id); /* its fields and thrift_end follow */
void thrift_put_encoded(struct thrift_writer *w, int16_t id, struct slice v); /* a struct written before */
void thrift_put_list(struct thrift_writer *w, int16_t id, enum thrift_type type,
                     size_t count); /* elements follow */

void thrift_element_int(struct thrift_writer *w, int64_t v);
void thrift_element_bool(struct thrift_writer *w, bool v);
void thrift_element_binary(struct thrift_writer *w, struct slice v);

/* Reading what nobody vouches for: `in.failed` is kept, and all later reads give nothing. */
struct thrift_reader {
    struct reader in;
    int depth; /* of what is being skipped */
};

struct thrift_field {
    int16_t id; /* {0} before the first field of a struct */
    uint8_t type;
};

static inline struct thrift_reader thrift_reader_of(struct slice s)
{
    return (struct thrift_reader){reader_of(s), 0};
}

/* Step to the next field of a struct; false at its end or after a failure. Take the value or skip it. */
bool thrift_next(struct thrift_reader *r, struct thrift_field *f);

/* The value of field f; a type that does not fit, or an integer outside of the range, is a failure. */
int64_t thrift_int(struct thrift_reader *r, const struct thrift_field *f);
int32_t thrift_i32(struct thrift_reader *r, const struct thrift_field *f);
bool thrift_bool(struct thrift_reader *r, const struct thrift_field *f);
struct slice thrift_binary(struct thrift_reader *r, const struct thrift_field *f); /* points into the input */
bool thrift_struct(struct thrift_reader *r, const struct thrift_field *f);         /* false: it is none */

/* The number of elements of a list field, all of *type; never more than there are bytes left. */
uint32_t thrift_list(struct thrift_reader *r, const struct thrift_field *f, struct thrift_field *element);
void thrift_skip(struct thrift_reader *r, const struct thrift_field *f);
#endif
