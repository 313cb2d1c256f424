/* type.h: the types of values, and schemas made of them.
 * Types and schemas are read-only once made, and live in an arena (or are static) that outlives every batch
 * of theirs.
 *
 * What a value of each kind is in memory (column.h has the layout):
 *
 *   BOOLEAN                      uint8_t 0 or 1
 *   INT8 INT16 INT32 INT64       intN_t
 *   FLOAT DOUBLE                 float, double
 *   DECIMAL(precision, scale)    __int128, unscaled
 *   DATE                         int32_t days since 1970-01-01
 *   TIME(precision)              int64_t microseconds of the day
 *   TIMESTAMP(precision)         int64_t since 1970-01-01T00:00:00 without zone: microseconds, or nanoseconds
 *                                when precision > 6
 *   TIMESTAMP_LTZ(precision)     the same, an instant in UTC
 *   INTERVAL_MONTHS / _MILLIS    int32_t months, int64_t milliseconds
 *   STRING(length) BINARY FIXED  struct view (column.h); length is the SQL limit, 0 for none; UUID is FIXED of 16
 *   LIST                         one field "element";  MAP: fields "key" and "value";  STRUCT: its fields
 */
#ifndef WEIR_BATCH_TYPE_H
#define WEIR_BATCH_TYPE_H
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

enum type_kind {
    TYPE_BOOLEAN,
    TYPE_INT8,
    TYPE_INT16,
    TYPE_INT32,
    TYPE_INT64,
    TYPE_FLOAT,
    TYPE_DOUBLE,
    TYPE_DECIMAL,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_TIMESTAMP,
    TYPE_TIMESTAMP_LTZ,
    TYPE_INTERVAL_MONTHS,
    TYPE_INTERVAL_MILLIS,
    TYPE_STRING,
    TYPE_BINARY,
    TYPE_FIXED,
    TYPE_UUID,
    TYPE_LIST,
    TYPE_MAP,
    TYPE_STRUCT,
};

/* What SQL calls a type where the layout is that of another. */
enum type_form {
    FORM_PLAIN,
    FORM_CHAR,     /* STRING of exactly length characters: CHAR(length) */
    FORM_MULTISET, /* MAP of element to INT NOT NULL, how often it is there */
    FORM_NULL,     /* the type of a bare NULL: BOOLEAN that is always absent */
};

struct type {
    enum type_kind kind;
    bool nullable;
    enum type_form form;
    int32_t precision, scale; /* DECIMAL, TIME, TIMESTAMP */
    int32_t length; /* STRING limit in characters, BINARY limit and FIXED size in bytes; 0: no limit */
    int32_t field_count;
    const struct field *fields;
};

struct field {
    const char *name;
    const struct type *type;
    int32_t id;      /* Iceberg's and Parquet's field id, 0 when none was given */
    const char *doc; /* NULL when none */
};

struct schema {
    int32_t field_count;
    const struct field *fields;
};

/* Bytes of one value in a column's values: 1, 2, 4, 8 or 16; 0 for STRUCT; 4 (an offset) for LIST and MAP. */
size_t type_width(const struct type *t);

/* True for STRING, BINARY, FIXED and UUID, whose values are views. */
static inline bool type_is_view(const struct type *t)
{
    return t->kind >= TYPE_STRING && t->kind <= TYPE_UUID;
}
bool type_is_nested(const struct type *t);
/* Nullability, forms and names count, ids and docs don't. */
bool type_equal(const struct type *a, const struct type *b);
/* The same type with that nullability: t itself, or a copy in arena (NULL: no memory). */
const struct type *type_nullable(struct arena *arena, const struct type *t, bool nullable);

/* SQL text: `ARRAY<ROW<id STRING NOT NULL, value DOUBLE>>`; appended to out. */
void type_print(const struct type *t, struct bytes *out);

/* The other way round; text as in SQL: `STRING`, `TIMESTAMP(6) NOT NULL`, `MAP<STRING, STRING>`, `ROW<a INT,
 * b DATE>`. The result lives in arena. */
MUST_USE enum err type_parse(struct arena *arena, struct slice text, const struct type **out,
                             struct error *e);

/* A scalar type of that kind, nullable or not; static. Not for DECIMAL, FIXED and nested kinds.
 * TIMESTAMP, TIMESTAMP_LTZ and TIME have precision 6. */
const struct type *type_simple(enum type_kind kind, bool nullable);

/* -1 when there is no such field. Names compare exactly. */
int32_t schema_find(const struct schema *s, struct slice name);

/* Columns given as SQL text, `a STRING NOT NULL COMMENT 'text', b ARRAY<INT>`; lives in arena. Field ids: 0. */
MUST_USE enum err schema_parse(struct arena *arena, struct slice text, const struct schema **out,
                               struct error *e);
MUST_USE enum err schema_copy(struct arena *arena, const struct schema *from, const struct schema **out,
                              struct error *e); /* deep */
#endif
