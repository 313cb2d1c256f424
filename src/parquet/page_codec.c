/* page_codec.c: see page_codec.h. */
#include "parquet/page_codec.h"
#include "base/mem.h"
#include <limits.h>
#include <lz4.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16) /* with gzip's header */
#define GZIP_DETECT (15 + 32) /* gzip's or zlib's */

static const char *const names[] = {"none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"};

const char *page_codec_name(int kind)
{
    return kind >= 0 && (size_t)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

const char *page_codec_unsupported(int kind)
{
    switch (kind) {
    case COMPRESSION_NONE:
    case COMPRESSION_SNAPPY:
    case COMPRESSION_GZIP:
    case COMPRESSION_ZSTD:
    case COMPRESSION_LZ4_RAW:
        return NULL;
    default:
        return page_codec_name(kind);
    }
}

static void *zlib_alloc(UNUSED void *arg, unsigned count, unsigned size)
{
    return mem_alloc((size_t)count * size);
}

static void zlib_free(UNUSED void *arg, void *ptr)
{
    mem_free(ptr);
}

void page_codec_fini(struct page_codec *c)
{
    if (c->deflate)
        deflateEnd(c->deflate);
    mem_free(c->deflate);
    ZSTD_freeCCtx(c->zstd);
    c->deflate = c->zstd = NULL;
}

/* --- compressing --- */

static enum err compress_snappy(struct slice page, struct pbuf *out, struct error *e)
{
    size_t len = snappy_max_compressed_length(page.len);
    char *to = pbuf_reserve(out, len);

    if (to == NULL)
        return error_memory(e, len, "a compressed page");
    if (snappy_compress(page.ptr, page.len, to, &len) != SNAPPY_OK)
        return error_set(e, ERR_MEMORY, "snappy could not compress a page of %zu bytes", page.len);
    out->len += len;
    return OK;
}

static enum err open_deflate(struct page_codec *c, struct error *e)
{
    z_stream *z = mem_zalloc(sizeof *z);

    if (z == NULL)
        return error_memory(e, sizeof *z, "gzip");
    z->zalloc = zlib_alloc;
    z->zfree = zlib_free;
    if (deflateInit2(z, c->level ? c->level : Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        mem_free(z);
        return error_memory(e, sizeof *z, "gzip");
    }
    c->deflate = z;
    return OK;
}

static enum err compress_gzip(struct page_codec *c, struct slice page, struct pbuf *out, struct error *e)
{
    z_stream *z;
    enum err rc;
    size_t len;
    char *to;

    if (c->deflate == NULL && (rc = open_deflate(c, e)) != OK)
        return rc;
    z = c->deflate;
    deflateReset(z);
    len = deflateBound(z, page.len);
    if ((to = pbuf_reserve(out, len)) == NULL)
        return error_memory(e, len, "a compressed page");
    z->next_in = (Bytef *)page.ptr;
    z->avail_in = (uInt)page.len;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)len;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return error_set(e, ERR_MEMORY, "gzip could not compress a page of %zu bytes", page.len);
    out->len += z->total_out;
    return OK;
}

static enum err compress_zstd(struct page_codec *c, struct slice page, struct pbuf *out, struct error *e)
{
    size_t len = ZSTD_compressBound(page.len);
    char *to = pbuf_reserve(out, len);

    if (c->zstd == NULL)
        c->zstd = ZSTD_createCCtx();
    if (to == NULL || c->zstd == NULL)
        return error_memory(e, len, "a compressed page");
    len = ZSTD_compressCCtx(c->zstd, to, len, page.ptr, page.len, c->level);
    if (ZSTD_isError(len))
        return error_set(e, ERR_MEMORY, "zstd could not compress a page of %zu bytes: %s", page.len,
                         ZSTD_getErrorName(len));
    out->len += len;
    return OK;
}

static enum err compress_lz4(struct slice page, struct pbuf *out, struct error *e)
{
    size_t len = (size_t)LZ4_compressBound((int)page.len);
    char *to;
    int n;

    if (page.len > LZ4_MAX_INPUT_SIZE)
        return error_set(e, ERR_UNSUPPORTED, "a page of %zu bytes is too long for lz4", page.len);
    if ((to = pbuf_reserve(out, len)) == NULL)
        return error_memory(e, len, "a compressed page");
    if ((n = LZ4_compress_default(page.ptr ? page.ptr : "", to, (int)page.len, (int)len)) <= 0)
        return error_set(e, ERR_MEMORY, "lz4 could not compress a page of %zu bytes", page.len);
    out->len += (size_t)n;
    return OK;
}

enum err page_codec_compress(struct page_codec *c, struct slice page, struct pbuf *out, struct error *e)
{
    switch (c->kind) {
    case COMPRESSION_SNAPPY:
        return compress_snappy(page, out, e);
    case COMPRESSION_GZIP:
        return compress_gzip(c, page, out, e);
    case COMPRESSION_ZSTD:
        return compress_zstd(c, page, out, e);
    case COMPRESSION_LZ4_RAW:
        return compress_lz4(page, out, e);
    default:
        assert(c->kind == COMPRESSION_NONE);
        pbuf_append(out, page.ptr, page.len);
        return out->failed ? error_memory(e, page.len, "a page") : OK;
    }
}

/* --- decompressing --- */

static enum err decompress_gzip(struct slice page, char *out, size_t out_len, struct error *e)
{
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free};
    int status;
    bool whole;
    uint8_t none;

    if (inflateInit2(&z, GZIP_DETECT) != Z_OK)
        return error_memory(e, sizeof z, "gzip");
    z.next_in = (Bytef *)page.ptr;
    z.avail_in = (uInt)page.len;
    z.next_out = out_len ? (Bytef *)out : &none;
    z.avail_out = (uInt)out_len;
    do { /* a gzip file may have several members */
        status = inflate(&z, Z_FINISH);
    } while (status == Z_STREAM_END && z.avail_in > 0 && z.avail_out > 0 && inflateReset(&z) == Z_OK);
    whole = status == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    if (status == Z_MEM_ERROR)
        return error_memory(e, out_len, "gzip");
    return whole ? OK : error_set(e, ERR_CORRUPT, "gzip data is damaged or not %zu bytes long", out_len);
}

static enum err decompress_snappy(struct slice page, char *out, size_t out_len, struct error *e)
{
    size_t len = 0;

    if (snappy_uncompressed_length(page.ptr, page.len, &len) != SNAPPY_OK || len != out_len ||
        snappy_uncompress(page.ptr, page.len, out, &len) != SNAPPY_OK)
        return error_set(e, ERR_CORRUPT, "snappy data is damaged or not %zu bytes long", out_len);
    return OK;
}

enum err page_codec_decompress(int kind, struct slice page, char *out, size_t out_len, struct error *e)
{
    size_t len;
    int n;

    assert(page_codec_unsupported(kind) == NULL && kind != COMPRESSION_NONE);
    switch (kind) {
    case COMPRESSION_SNAPPY:
        return decompress_snappy(page, out, out_len, e);
    case COMPRESSION_GZIP:
        return decompress_gzip(page, out, out_len, e);
    case COMPRESSION_ZSTD:
        len = ZSTD_decompress(out, out_len, page.ptr, page.len);
        if (ZSTD_isError(len) || len != out_len)
            return error_set(e, ERR_CORRUPT, "zstd data is damaged or not %zu bytes long", out_len);
        return OK;
    default:
        if (page.len > INT_MAX || out_len > INT_MAX)
            return error_set(e, ERR_CORRUPT, "lz4 data of %zu bytes is too long", page.len);
        n = LZ4_decompress_safe(page.ptr, out, (int)page.len, (int)out_len);
        if (n < 0 || (size_t)n != out_len)
            return error_set(e, ERR_CORRUPT, "lz4 data is damaged or not %zu bytes long", out_len);
        return OK;
    }
}
