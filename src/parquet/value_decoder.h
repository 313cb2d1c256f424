/* value_decoder.h: the values of a page, in any encoding, to values of a column. Nothing in a page is
 * trusted. */
#ifndef WEIR_PARQUET_VALUE_DECODER_H
#define WEIR_PARQUET_VALUE_DECODER_H
#include "batch/batch.h"
#include "parquet/parquet_columns.h"
#include "parquet/pbuf.h"

/* Scratch memory, kept from chunk to chunk. */
struct value_scratch {
    struct pbuf page;       /* a decompressed page that nothing points into */
    struct pbuf dictionary; /* values of the wanted type */
    struct pbuf views;      /* struct view, of the values of a page */
    struct pbuf numbers;    /* PLAIN values of a page, or lengths */
};

void value_scratch_init(struct value_scratch *s, struct budget *budget);
void value_scratch_fini(struct value_scratch *s);

/* An array in b; what was there is gone. NULL when there is no memory. */
void *value_scratch_array(struct pbuf *b, size_t count, size_t size);

/* For one column chunk: zeroed, with the first six fields set. All are borrowed. */
struct value_decoder {
    const struct parquet_column *leaf;
    const struct type *wanted; /* parquet_column_check said that it can be had */
    struct batch *owner;       /* of bytes that views point at */
    struct value_scratch *scratch;
    size_t width; /* of a wanted value */
    struct error *e;
    bool has_dictionary;
    uint32_t dictionary_count;
};

/* Whether views will point into the page, so that it must be in owner's memory. */
bool value_decoder_keeps(const struct value_decoder *d, int32_t encoding);

/* Take the PLAIN values of a dictionary page. */
MUST_USE enum err value_decoder_dictionary(struct value_decoder *d, struct slice body, size_t count);

/* Read count values of a data page into out, which has room for so many of the wanted type. */
MUST_USE enum err value_decoder_values(struct value_decoder *d, int32_t encoding, struct reader *in,
                                       size_t count, void *out);
#endif
