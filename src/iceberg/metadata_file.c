/* metadata_file.c: metadata documents as files, plain or gzip. */
#include "iceberg/json_field.h"
#include "iceberg/metadata.h"
#include "io/fs.h"
#include <limits.h>
#include <zlib.h>

#define GZIP_WINDOW 31                /* zlib's way to say: 32 KiB window, gzip header */
#define BYTES_MAX   ((size_t)1 << 30) /* of a document: against bombs */
#define CHUNK       ((size_t)64 * 1024)

static bool is_gzip(struct slice s)
{
    return s.len >= 2 && (uint8_t)s.ptr[0] == 0x1f && (uint8_t)s.ptr[1] == 0x8b;
}

static enum err inflate_all(struct slice in, struct bytes *out, struct error *e)
{
    z_stream z = {0};
    int zrc = Z_OK;
    enum err rc = OK;

    if (in.len > UINT_MAX)
        return error_set(e, ERR_CORRUPT, "the file is too long");
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return error_memory(e, CHUNK, "unpacking");
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    while (rc == OK && zrc != Z_STREAM_END) {
        void *to = bytes_reserve(out, CHUNK);

        if (to == NULL) {
            rc = error_memory(e, out->len + CHUNK, "unpacking");
            break;
        }
        z.next_out = to;
        z.avail_out = CHUNK;
        zrc = inflate(&z, Z_NO_FLUSH);
        out->len += CHUNK - z.avail_out;
        if (zrc == Z_MEM_ERROR)
            rc = error_memory(e, CHUNK, "unpacking");
        else if ((zrc != Z_OK && zrc != Z_STREAM_END) || (zrc == Z_OK && z.avail_in == 0 && z.avail_out != 0))
            rc = error_set(e, ERR_CORRUPT, "the gzip data is damaged or cut off");
        else if (out->len > BYTES_MAX)
            rc = error_set(e, ERR_CORRUPT, "unpacked it is longer than 1 GiB");
    }
    inflateEnd(&z);
    return rc;
}

enum err metadata_read(struct fs *fs, const char *path, struct metadata **out, struct error *e)
{
    struct bytes file = {0}, text = {0};
    enum err rc;

    if ((rc = fs_read_all(fs, path, &file, e)) != OK)
        goto out;
    if (is_gzip(bytes_all(&file)) && (rc = inflate_all(bytes_all(&file), &text, e)) != OK) {
        error_add(e, rc, "table metadata %s", path);
        goto out;
    }
    rc = metadata_parse(is_gzip(bytes_all(&file)) ? bytes_all(&text) : bytes_all(&file), path, out, e);
out:
    bytes_fini(&file);
    bytes_fini(&text);
    return rc;
}

static enum err deflate_all(struct slice in, struct bytes *out, struct error *e)
{
    z_stream z = {0};
    size_t bound;
    void *to;
    enum err rc = OK;

    if (in.len > UINT_MAX)
        return error_set(e, ERR_UNSUPPORTED, "table metadata of over 4 GiB; expire snapshots");
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_memory(e, CHUNK, "packing");
    bound = deflateBound(&z, in.len);
    if ((to = bytes_reserve(out, bound)) == NULL) {
        rc = error_memory(e, bound, "packing");
    } else {
        z.next_in = (Bytef *)(uintptr_t)in.ptr;
        z.avail_in = (uInt)in.len;
        z.next_out = to;
        z.avail_out = (uInt)bound;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END)
            rc = error_memory(e, bound, "packing");
        out->len += bound - z.avail_out;
    }
    deflateEnd(&z);
    return rc;
}

enum err metadata_encode(json_t *json, bool gzip, struct bytes *out, struct error *e)
{
    struct bytes text = {0};
    enum err rc = json_field_print(json, gzip ? &text : out, e);

    if (rc == OK && gzip)
        rc = deflate_all(bytes_all(&text), out, e);
    bytes_fini(&text);
    return rc;
}
