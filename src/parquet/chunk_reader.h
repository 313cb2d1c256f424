/* chunk_reader.h: one column chunk: pages to levels and values. Everything that a page says is checked
 * against what there is; long texts are not copied, but stay in the decompressed pages, which belong to the
 * batch.
 */
#ifndef WEIR_PARQUET_CHUNK_READER_H
#define WEIR_PARQUET_CHUNK_READER_H
#include "parquet/value_decoder.h"

/* What a chunk holds. */
struct leaf_data {
    struct pbuf def, rep; /* a level a slot; empty when there is but one */
    int32_t slot_count;
    void *values; /* value_count of them, dense; room for slot_count; memory of the batch */
    int32_t value_count;
};

void leaf_data_init(struct leaf_data *d, struct budget *budget);
void leaf_data_fini(struct leaf_data *d);

/* Read the chunk that `bytes` is. Values are of `wanted`, in memory of owner. Errors name the page, counted
 * from 0. */
MUST_USE enum err chunk_read(const struct parquet_column *leaf, const struct meta_chunk *meta,
                             struct slice bytes, const struct type *wanted, struct batch *owner,
                             struct value_scratch *scratch, struct leaf_data *out, struct error *e);
#endif
