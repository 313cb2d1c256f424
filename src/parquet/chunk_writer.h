/* chunk_writer.h: one leaf's column chunk in the making: values become a dictionary and its ids, or plain,
 * and pages when enough rows are there.
 *
 *   leaf_rows -> slices of 512 values -> [dictionary -> ids | PLAIN bytes] -> page -> compressed, appended to
 * `pages`
 *
 * Invariants
 *   1. A page ends where a row ends.
 *   2. While `dictionary_on`, the values of the open page are ids; else they are PLAIN bytes (booleans: a
 * byte each).
 *   3. Memory is what the data needs: nothing is reserved before the first value, ids take 1, 2 or 4 bytes.
 */
#ifndef WEIR_PARQUET_CHUNK_WRITER_H
#define WEIR_PARQUET_CHUNK_WRITER_H
#include "parquet/dictionary.h"
#include "parquet/page_codec.h"
#include "parquet/parquet_writer.h"
#include "parquet/parquet_bounds.h"
#include "parquet/shred.h"

/* What the columns of one file share: limits and scratch memory. */
struct chunk_shared {
    struct budget *budget; /* borrowed, may be NULL */
    int32_t page_bytes, page_rows, dictionary_bytes, bounds_length;
    bool delta;
    struct parquet_hints *hints; /* borrowed, may be NULL */
    struct page_codec codec;
    struct pbuf wide;   /* levels or ids as uint32_t */
    struct pbuf body;   /* of the page being encoded */
    struct pbuf packed; /* the same, compressed */
    struct bytes head;  /* a Thrift struct */
};

void chunk_shared_fini(struct chunk_shared *s);

struct chunk {
    const struct parquet_leaf *leaf; /* borrowed */
    struct chunk_shared *shared;     /* borrowed */
    int32_t number;                  /* of the leaf */
    enum parquet_compression codec;  /* of this chunk: shared's, or none where that saves nothing */

    bool begun; /* it has rows, so codec and dictionary_on are chosen */

    /* the open page */
    bool dictionary_on;
    bool def_uniform;     /* all slots so far have max_def; def is empty */
    struct pbuf def, rep; /* a byte a slot */
    struct pbuf ids;      /* of id_width bytes each */
    size_t id_width;
    struct pbuf plain;
    int64_t plain_bytes; /* what the open page's values take (or would) in PLAIN encoding */
    int32_t page_slots, page_values_count, page_rows;
    int64_t page_nans;
    struct bounds page_bounds;

    /* finished pages of this chunk */
    struct dictionary dictionary;
    struct pbuf dictionary_page;   /* with its header; filled by chunk_finish */
    struct pbuf pages;             /* with headers */
    struct pbuf infos;             /* struct page_info */
    struct bytes page_values;      /* lower and upper bounds of pages, Parquet's form */
    int64_t dictionary_page_bytes; /* uncompressed, with header */
    int64_t uncompressed_bytes;    /* of all pages, with headers */
    int32_t pages_by_encoding[10];
    int64_t row_count, slot_count, null_count, nan_count;
    struct bounds bounds;

    /* the whole file */
    bool dictionary_useless; /* the last chunk gave its dictionary up at once: not tried again */
    int64_t file_bytes, file_values, file_nulls, file_nans; /* Iceberg's way of counting */
    struct bounds file_bounds;
};

struct page_info {
    int64_t offset; /* in pages */
    int64_t first_row;
    int32_t byte_count; /* with header */
    int32_t null_count;
    int64_t nan_count;
    bool has_values, has_bounds;
    size_t lower, lower_len, upper, upper_len; /* in page_values */
};

void chunk_init(struct chunk *c, const struct parquet_leaf *leaf, int32_t number,
                struct chunk_shared *shared);
void chunk_fini(struct chunk *c);

/* ERR_INPUT: a value that does not fit its type. After a failure the chunk is of no use. */
MUST_USE enum err chunk_add(struct chunk *c, const struct leaf_rows *rows, struct error *e);

/* End the open page and make the dictionary page. Then dictionary_page and pages are what goes into the file.
 */
MUST_USE enum err chunk_finish(struct chunk *c, struct error *e);

/* Begin the next row group; what was counted for the file stays. */
void chunk_next(struct chunk *c);

/* Bytes that the chunk would take if finished now, about. */
int64_t chunk_bytes(const struct chunk *c);
#endif
