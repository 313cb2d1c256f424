/* parquet_meta.h: a Parquet footer and page headers, read from Thrift into structs. Only what a reader of
 * values needs is kept; statistics and indexes are skipped. What is read is well-formed, not yet believed:
 * parquet_reader.c and parquet_columns.c check what the numbers say.
 */
#ifndef WEIR_PARQUET_PARQUET_META_H
#define WEIR_PARQUET_PARQUET_META_H
#include "base/arena.h"
#include "base/error.h"
#include "parquet/parquet_format.h"

struct meta_element {
    const char *name;
    int32_t physical; /* enum parquet_physical; -1: a group */
    int32_t type_length;
    int32_t repetition;
    int32_t child_count;
    int32_t field_id; /* 0: none */
    enum parquet_converted converted;
    int32_t scale, precision;
    int logical;       /* enum parquet_logical, or a newer one's number */
    int32_t bit_width; /* LOGICAL_INTEGER */
    bool is_signed;
    bool utc; /* LOGICAL_TIME, LOGICAL_TIMESTAMP */
    enum parquet_unit unit;
};

struct meta_chunk {
    int32_t physical, codec;
    int64_t value_count, compressed_bytes, uncompressed_bytes;
    int64_t data_offset, dictionary_offset; /* -1: none */
    bool elsewhere, encrypted;              /* in another file; not readable */
};

struct meta_group {
    struct meta_chunk *chunks;
    int32_t chunk_count;
    int64_t row_count;
};

struct meta_pair {
    const char *key, *value; /* value NULL: none */
};

struct meta_file {
    int64_t row_count;
    struct meta_element *elements; /* depth first, the root first */
    int32_t element_count;
    struct meta_group *groups;
    int32_t group_count;
    struct meta_pair *pairs;
    int32_t pair_count;
    bool encrypted;
};

/* Everything lives in arena. */
MUST_USE enum err meta_read_footer(struct arena *arena, struct slice footer, struct meta_file *out,
                                   struct error *e);

struct meta_page {
    int32_t type;
    int32_t uncompressed_bytes, compressed_bytes;
    bool has_crc;
    int32_t crc;
    int32_t value_count, null_count, row_count; /* the last two: v2 only */
    int32_t encoding, def_encoding, rep_encoding;
    int32_t def_bytes, rep_bytes; /* v2 */
    bool is_compressed;           /* v2; else true */
};

/* Read the header at the start of in; *header_bytes is how long it is. */
MUST_USE enum err meta_read_page(struct slice in, struct meta_page *out, size_t *header_bytes,
                                 struct error *e);
#endif
