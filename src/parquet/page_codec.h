/* page_codec.h: compressing and decompressing one page: snappy, gzip, zstd, lz4_raw.
 * The contexts of zlib and zstd are made when first used and kept. Their own memory (and snappy's) is not
 * charged.
 */
#ifndef WEIR_PARQUET_PAGE_CODEC_H
#define WEIR_PARQUET_PAGE_CODEC_H
#include "base/error.h"
#include "parquet/parquet_format.h"
#include "parquet/pbuf.h"

struct page_codec {
    enum parquet_compression kind;
    int level;     /* of gzip and zstd; 0: the codec's own default */
    void *deflate; /* owned: z_stream */
    void *zstd;    /* owned: ZSTD_CCtx */
};

void page_codec_fini(struct page_codec *c); /* zeroed is fine */

/* NULL when weir can read and write it, else its name for a message. */
const char *page_codec_unsupported(int kind);
const char *page_codec_name(int kind);

/* Append page, compressed, to out. */
MUST_USE enum err page_codec_compress(struct page_codec *c, struct slice page, struct pbuf *out,
                                      struct error *e);

/* Fill exactly out_len bytes of out. ERR_CORRUPT when the page gives more or less. Not for COMPRESSION_NONE.
 */
MUST_USE enum err page_codec_decompress(int kind, struct slice page, char *out, size_t out_len,
                                        struct error *e);
#endif
