/* avro_schema.h: a parsed Avro schema as a graph of types; private to the avro_*.c files.
 * Types are read-only and live in the schema's arena. A named type that is used twice is one struct with two
 * parents, so a recursive schema is a cyclic graph: whoever walks it bounds the depth.
 */
#ifndef WEIR_FORMATS_AVRO_SCHEMA_H
#define WEIR_FORMATS_AVRO_SCHEMA_H
#include "base/arena.h"
#include "formats/avro.h"
#include <jansson.h>

enum avro_kind {
    AVRO_KIND_NULL,
    AVRO_KIND_BOOLEAN,
    AVRO_KIND_INT,
    AVRO_KIND_LONG,
    AVRO_KIND_FLOAT,
    AVRO_KIND_DOUBLE,
    AVRO_KIND_BYTES,
    AVRO_KIND_STRING,
    AVRO_KIND_RECORD,
    AVRO_KIND_ENUM,
    AVRO_KIND_ARRAY,
    AVRO_KIND_MAP,
    AVRO_KIND_UNION,
    AVRO_KIND_FIXED,
};

/* What a logicalType makes of its kind. One that is unknown, or does not fit its kind, is AVRO_LOGICAL_NONE,
 * as the specification wants it. */
enum avro_logical {
    AVRO_LOGICAL_NONE,
    AVRO_LOGICAL_DECIMAL,
    AVRO_LOGICAL_UUID,
    AVRO_LOGICAL_DATE,
    AVRO_LOGICAL_TIME_MILLIS,
    AVRO_LOGICAL_TIME_MICROS,
    AVRO_LOGICAL_TIMESTAMP_MILLIS,
    AVRO_LOGICAL_TIMESTAMP_MICROS,
    AVRO_LOGICAL_TIMESTAMP_NANOS,
    AVRO_LOGICAL_LOCAL_TIMESTAMP_MILLIS,
    AVRO_LOGICAL_LOCAL_TIMESTAMP_MICROS,
    AVRO_LOGICAL_LOCAL_TIMESTAMP_NANOS,
    AVRO_LOGICAL_MAP, /* Iceberg: an array of records of a key and a value */
};

struct avro_type {
    enum avro_kind kind;
    enum avro_logical logical;
    bool zoned;               /* a timestamp that is an instant */
    int32_t precision, scale; /* DECIMAL */
    int32_t size;             /* FIXED: bytes */
    int32_t min_size;         /* bytes that a value takes at least; 0 means always 0 */
    const char *name;         /* RECORD, ENUM, FIXED: with its namespace; else NULL */
    int32_t field_count;
    struct avro_field *fields; /* RECORD */
    int32_t type_count;
    const struct avro_type **types; /* UNION: its branches; ARRAY, MAP: the one of items, values */
    int32_t symbol_count;
    const char **symbols;                 /* ENUM */
    const char *symbol_default;           /* ENUM; NULL when none */
    int32_t element_id, key_id, value_id; /* Iceberg's, 0 when none */
};

struct avro_field {
    const char *name;
    int32_t alias_count;
    const char **aliases;
    const struct avro_type *type;
    const json_t *value; /* the default; NULL when none. Borrowed from the schema's document */
    int32_t id;          /* Iceberg's, 0 when none */
    const char *doc;     /* NULL when none */
};

struct avro_schema {
    struct arena arena;
    json_t *document; /* owned: the defaults are borrowed from it */
    const struct avro_type *root;
};

/* How deep types may be nested in a document, and values in a datum. */
#define AVRO_DEPTH_MAX 64

/* How many columns a schema may have, nested ones counted: a few lines can define a type that has 2^60. */
#define AVRO_COLUMNS_MAX 10000

/* The word of the specification: "int", "record", ... Static. */
const char *avro_kind_name(enum avro_kind kind);

/* For a union of null and one other type: the number of the null (0 or 1), and the other into *out; else -1.
 */
int avro_optional(const struct avro_type *t, const struct avro_type **out);

/* How many units of a logical time or timestamp make a second: 1,000, 1,000,000 or 1,000,000,000. */
int64_t avro_units_per_second(enum avro_logical logical);

static inline bool avro_is_timestamp(enum avro_logical logical)
{
    return logical >= AVRO_LOGICAL_TIMESTAMP_MILLIS && logical <= AVRO_LOGICAL_LOCAL_TIMESTAMP_NANOS;
}

/* --- between the files that make and read records --- */

/* The datum of a field's default: value as an Avro datum of type t, appended. ERR_INPUT when it does not fit.
 */
MUST_USE enum err avro_default_encode(const struct avro_type *t, const json_t *value, struct bytes *out,
                                      struct error *e);

/* avro_plan_new with a reader's schema (NULL: none) whose aliases, defaults and enum symbols count, as Avro
 * has it. */
MUST_USE enum err avro_plan_resolve(const struct avro_schema *writer, const struct avro_schema *reader,
                                    const struct schema *schema, const bool *wanted, struct avro_plan **out,
                                    struct error *e);

/* Bytes of the fixed that holds a decimal of that precision: what avro_schema_write and avro_encode agree on.
 */
int32_t avro_decimal_size(int32_t precision);

/* True for a MAP that is written as a map; others are arrays of key and value. */
bool avro_map_is_map(const struct type *map);
#endif
