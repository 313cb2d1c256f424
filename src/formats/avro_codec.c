/* avro_codec.c: null, deflate (without zlib's frame), snappy (with the CRC-32 of what it unpacks to,
 * big-endian, behind it) and zstandard. The libraries allocate for themselves; what is unpacked lies in our
 * own memory.
 */
#include "formats/avro_codec.h"
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define CHUNK ((size_t)64 << 10)

static enum err no_memory(struct bytes *out, struct error *e)
{
    return error_memory(e, out->len, "a block of an Avro file");
}

static enum err too_large(struct error *e)
{
    return error_set(e, ERR_CORRUPT, "the block unpacks to more than %zu bytes", AVRO_BLOCK_MAX);
}

static enum err unpack_null(struct slice in, struct bytes *out, struct error *e)
{
    bytes_slice(out, in);
    return out->failed ? no_memory(out, e) : OK;
}

static enum err inflate_all(z_stream *z, struct bytes *out, struct error *e)
{
    int status = Z_OK;

    while (status == Z_OK) {
        if (out->len > AVRO_BLOCK_MAX)
            return too_large(e);
        if (bytes_reserve(out, CHUNK) == NULL)
            return no_memory(out, e);
        z->next_out = (Bytef *)out->ptr + out->len;
        z->avail_out = CHUNK;
        status = inflate(z, Z_NO_FLUSH);
        out->len += CHUNK - z->avail_out;
    }
    if (status != Z_STREAM_END)
        return error_set(e, ERR_CORRUPT, "the deflated block is damaged");
    return OK;
}

static enum err unpack_deflate(struct slice in, struct bytes *out, struct error *e)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.ptr, .avail_in = (uInt)in.len};
    enum err rc;

    if (in.len > UINT32_MAX)
        return too_large(e);
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return no_memory(out, e);
    rc = inflate_all(&z, out, e);
    inflateEnd(&z);
    return rc;
}

static enum err unpack_snappy(struct slice in, struct bytes *out, struct error *e)
{
    struct reader tail;
    size_t len;
    uint32_t crc;

    if (in.len < 4 || snappy_uncompressed_length(in.ptr, in.len - 4, &len) != SNAPPY_OK)
        return error_set(e, ERR_CORRUPT, "the snappy block is damaged");
    if (len > AVRO_BLOCK_MAX)
        return too_large(e);
    if (bytes_reserve(out, MAX(len, 1)) == NULL)
        return no_memory(out, e);
    if (snappy_uncompress(in.ptr, in.len - 4, out->ptr + out->len, &len) != SNAPPY_OK)
        return error_set(e, ERR_CORRUPT, "the snappy block is damaged");
    tail = reader_of(slice_from(in, in.len - 4));
    crc = (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)out->ptr + out->len, (uInt)len);
    if (crc != reader_be32(&tail))
        return error_set(e, ERR_CORRUPT, "the checksum of the snappy block is wrong");
    out->len += len;
    return OK;
}

static enum err zstd_all(ZSTD_DStream *z, struct slice in, struct bytes *out, struct error *e)
{
    ZSTD_inBuffer from = {in.ptr, in.len, 0};
    size_t left = 1;

    while (from.pos < from.size || left != 0) {
        ZSTD_outBuffer to = {NULL, CHUNK, 0};
        size_t before = from.pos;

        if (out->len > AVRO_BLOCK_MAX)
            return too_large(e);
        if ((to.dst = bytes_reserve(out, CHUNK)) == NULL)
            return no_memory(out, e);
        left = ZSTD_decompressStream(z, &to, &from);
        if (ZSTD_isError(left) || (to.pos == 0 && from.pos == before && left != 0))
            return error_set(e, ERR_CORRUPT, "the zstandard block is damaged");
        out->len += to.pos;
    }
    return OK;
}

static enum err unpack_zstandard(struct slice in, struct bytes *out, struct error *e)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    enum err rc = z ? zstd_all(z, in, out, e) : no_memory(out, e);

    ZSTD_freeDStream(z);
    return rc;
}

const struct avro_packer *avro_codec_find(struct slice name)
{
    static const struct avro_packer table[] = {
        {"null", unpack_null},
        {"deflate", unpack_deflate},
        {"snappy", unpack_snappy},
        {"zstandard", unpack_zstandard},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (slice_is(name, table[i].name))
            return &table[i];
    return NULL;
}

enum err avro_codec_deflate(struct slice in, struct bytes *out, struct error *e)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.ptr, .avail_in = (uInt)in.len};
    uLong bound;
    int status;

    assert(in.len <= UINT32_MAX);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return no_memory(out, e);
    bound = deflateBound(&z, (uLong)in.len);
    if (bytes_reserve(out, bound) == NULL) {
        deflateEnd(&z);
        return no_memory(out, e);
    }
    z.next_out = (Bytef *)out->ptr + out->len;
    z.avail_out = (uInt)bound;
    status = deflate(&z, Z_FINISH);
    assert(status == Z_STREAM_END); /* deflateBound is enough by its contract */
    out->len += bound - z.avail_out;
    deflateEnd(&z);
    return OK;
}
