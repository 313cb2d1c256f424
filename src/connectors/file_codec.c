/* file_codec.c: see file_codec.h. Source: Avro specification 1.11, "Object Container Files". */
#include "connectors/file_codec.h"
#include <snappy-c.h>
#include <zlib.h>

static enum err no_memory(size_t len, struct error *e)
{
    return error_memory(e, len, "a block of an Avro file");
}

static enum err pack_null(struct slice in, struct bytes *out, struct error *e)
{
    bytes_slice(out, in);
    return out->failed ? no_memory(in.len, e) : OK;
}

/* Raw deflate: no header of zlib's. */
static enum err pack_deflate(struct slice in, struct bytes *out, struct error *e)
{
    z_stream z = {0};
    char *room;
    int done;

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return no_memory(in.len, e);
    if ((room = bytes_reserve(out, deflateBound(&z, in.len))) == NULL) {
        deflateEnd(&z);
        return no_memory(in.len, e);
    }
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)deflateBound(&z, in.len);
    done = deflate(&z, Z_FINISH);
    assert(done == Z_STREAM_END); /* there is room for the worst case */
    out->len += z.total_out;
    deflateEnd(&z);
    return OK;
}

/* Followed by the checksum of what was packed. */
static enum err pack_snappy(struct slice in, struct bytes *out, struct error *e)
{
    size_t len = snappy_max_compressed_length(in.len);
    char *room = bytes_reserve(out, len + 4);
    snappy_status done;

    if (room == NULL)
        return no_memory(in.len, e);
    done = snappy_compress(in.ptr ? in.ptr : "", in.len, room, &len);
    assert(done == SNAPPY_OK);
    out->len += len;
    bytes_be32(out, (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)in.ptr, (uInt)in.len));
    return OK;
}

const struct file_codec *file_codec_find(const char *name)
{
    static const struct file_codec codecs[] = {
        {"null", pack_null}, {"deflate", pack_deflate}, {"snappy", pack_snappy}};

    for (size_t i = 0; i < COUNT_OF(codecs); i++)
        if (strcmp(codecs[i].name, name) == 0)
            return &codecs[i];
    return NULL;
}
