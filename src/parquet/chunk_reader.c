/* chunk_reader.c: see chunk_reader.h. */
#include "parquet/chunk_reader.h"
#include "parquet/bits.h"
#include "parquet/page_codec.h"
#include "parquet/rle.h"
#include <zlib.h>

struct chunk_reader {
    const struct parquet_column *leaf;
    const struct meta_chunk *meta;
    struct leaf_data *out;
    struct value_decoder values;
    uint8_t max_def, max_rep;
    struct error *e;
};

/* A data page, opened: where its parts are. */
struct open_page {
    struct meta_page head;
    struct reader values; /* encoded */
    int32_t value_count;
};

void leaf_data_init(struct leaf_data *d, struct budget *budget)
{
    *d = (struct leaf_data){.values = NULL};
    pbuf_init(&d->def, budget);
    pbuf_init(&d->rep, budget);
}

void leaf_data_fini(struct leaf_data *d)
{
    pbuf_fini(&d->def);
    pbuf_fini(&d->rep);
}

static enum err corrupt(struct chunk_reader *r, const char *what)
{
    return error_set(r->e, ERR_CORRUPT, "it %s", what);
}

static enum err no_memory(struct chunk_reader *r, size_t byte_count)
{
    return error_memory(r->e, byte_count, "a page of a Parquet file");
}

/* --- bodies --- */

static char *body_memory(struct chunk_reader *r, size_t byte_count, bool stays)
{
    if (stays)
        return batch_alloc(r->values.owner, MAX(byte_count, (size_t)1));
    return value_scratch_array(&r->values.scratch->page, MAX(byte_count, (size_t)1), 1);
}

/* The decompressed form of `stored`, out_len bytes. */
static enum err decompress(struct chunk_reader *r, struct slice stored, size_t out_len, bool compressed,
                           bool stays, struct slice *out)
{
    char *to;

    compressed &= r->meta->codec != COMPRESSION_NONE && (stored.len > 0 || out_len > 0);
    if (!compressed && stored.len != out_len)
        return corrupt(r, "is not compressed, but says it has another size uncompressed");
    if (!compressed && !stays) {
        *out = stored;
        return OK;
    }
    if ((to = body_memory(r, out_len, stays)) == NULL)
        return no_memory(r, out_len);
    *out = slice_of(to, out_len);
    if (compressed)
        return page_codec_decompress(r->meta->codec, stored, to, out_len, r->e);
    if (out_len)
        memcpy(to, stored.ptr, out_len);
    return OK;
}

/* --- levels --- */

/* The deprecated bit-packing: the highest bit first. */
static void unpack_high_first(const uint8_t *in, size_t count, int width, uint8_t *out)
{
    size_t bit = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned v = 0;

        for (int k = 0; k < width; k++, bit++)
            v = v << 1 | (in[bit >> 3] >> (7 - (bit & 7)) & 1);
        out[i] = (uint8_t)v;
    }
}

static enum err decode_levels(struct chunk_reader *r, struct slice in, int32_t encoding, uint8_t max,
                              int32_t count, struct pbuf *to)
{
    int width = parquet_bits(max);
    uint8_t *at = pbuf_reserve(to, (size_t)count);
    uint8_t most = 0;

    if (at == NULL)
        return no_memory(r, (size_t)count);
    if (encoding == ENCODING_BIT_PACKED) {
        unpack_high_first((const uint8_t *)in.ptr, (size_t)count, width, at);
    } else {
        struct rle_decoder d = rle_decoder_of(in, width);

        if (!rle_decode_bytes(&d, at, (size_t)count))
            return corrupt(r, "has fewer levels than values");
    }
    for (int32_t i = 0; i < count; i++)
        most = MAX(most, at[i]);
    if (most > max)
        return corrupt(r, "has a level beyond the schema's");
    to->len += (size_t)count;
    return OK;
}

/* Levels as pages of version 1 have them, before the values. */
static enum err levels_v1(struct chunk_reader *r, struct reader *in, int32_t encoding, uint8_t max,
                          int32_t count, struct pbuf *to)
{
    size_t len;
    struct slice s;

    if (max == 0)
        return OK;
    if (encoding != ENCODING_RLE && encoding != ENCODING_BIT_PACKED)
        return error_set(r->e, ERR_UNSUPPORTED, "its levels have the encoding %" PRId32, encoding);
    len = encoding == ENCODING_RLE ? reader_le32(in)
                                   : bits_bytes((uint64_t)count * (uint64_t)parquet_bits(max));
    s = reader_bytes(in, len);
    if (in->failed)
        return corrupt(r, "ends in the middle of its levels");
    return decode_levels(r, s, encoding, max, count, to);
}

static enum err levels_v2(struct chunk_reader *r, struct slice s, uint8_t max, int32_t count, struct pbuf *to)
{
    return max ? decode_levels(r, s, ENCODING_RLE, max, count, to) : OK;
}

/* --- pages --- */

static enum err read_dictionary(struct chunk_reader *r, const struct meta_page *head, struct slice stored)
{
    struct slice body;
    enum err rc;

    if (r->values.has_dictionary || r->out->slot_count)
        return corrupt(r, "is a dictionary that is not the chunk's first page");
    if (head->encoding != ENCODING_PLAIN && head->encoding != ENCODING_PLAIN_DICTIONARY)
        return error_set(r->e, ERR_UNSUPPORTED, "it is a dictionary with the encoding %" PRId32,
                         head->encoding);
    if ((rc = decompress(r, stored, (size_t)head->uncompressed_bytes, true,
                         value_decoder_keeps(&r->values, ENCODING_PLAIN), &body)) != OK)
        return rc;
    return value_decoder_dictionary(&r->values, body, (size_t)head->value_count);
}

static enum err open_v1(struct chunk_reader *r, struct open_page *page, struct slice stored)
{
    struct meta_page *head = &page->head;
    struct slice body;
    enum err rc;

    rc = decompress(r, stored, (size_t)head->uncompressed_bytes, true,
                    value_decoder_keeps(&r->values, head->encoding), &body);
    if (rc != OK)
        return rc;
    page->values = reader_of(body);
    if ((rc = levels_v1(r, &page->values, head->rep_encoding, r->max_rep, head->value_count, &r->out->rep)) !=
        OK)
        return rc;
    return levels_v1(r, &page->values, head->def_encoding, r->max_def, head->value_count, &r->out->def);
}

static enum err open_v2(struct chunk_reader *r, struct open_page *page, struct slice stored)
{
    struct meta_page *head = &page->head;
    struct slice rep, def, body;
    size_t levels;
    enum err rc;

    if (head->rep_bytes < 0 || head->def_bytes < 0)
        return corrupt(r, "has levels of a negative size");
    levels = (size_t)head->rep_bytes + (size_t)head->def_bytes;
    if (levels > stored.len || levels > (size_t)head->uncompressed_bytes)
        return corrupt(r, "has levels longer than itself");
    rep = slice_of(stored.ptr, (size_t)head->rep_bytes);
    def = slice_of(stored.ptr + rep.len, (size_t)head->def_bytes);
    if ((rc = levels_v2(r, rep, r->max_rep, head->value_count, &r->out->rep)) != OK ||
        (rc = levels_v2(r, def, r->max_def, head->value_count, &r->out->def)) != OK)
        return rc;
    rc = decompress(r, slice_from(stored, levels), (size_t)head->uncompressed_bytes - levels,
                    head->is_compressed, value_decoder_keeps(&r->values, head->encoding), &body);
    page->values = reader_of(body);
    return rc;
}

static int32_t count_values(const struct chunk_reader *r, int32_t slots)
{
    const uint8_t *def;
    int32_t n = 0;

    if (r->max_def == 0)
        return slots;
    def = (const uint8_t *)r->out->def.ptr + r->out->slot_count;
    for (int32_t i = 0; i < slots; i++)
        n += def[i] == r->max_def;
    return n;
}

static enum err read_data(struct chunk_reader *r, const struct meta_page *head, struct slice stored)
{
    struct open_page page = {.head = *head};
    enum err rc;

    if (head->value_count > r->meta->value_count - r->out->slot_count)
        return corrupt(r, "holds more values than are left in its chunk");
    rc = head->type == PAGE_DATA ? open_v1(r, &page, stored) : open_v2(r, &page, stored);
    if (rc != OK)
        return rc;
    page.value_count = count_values(r, head->value_count);
    if (head->type == PAGE_DATA_V2 && r->max_def && head->null_count != head->value_count - page.value_count)
        return corrupt(r, "has another number of nulls than its header says");
    rc = value_decoder_values(&r->values, head->encoding, &page.values, (size_t)page.value_count,
                              (char *)r->out->values + (size_t)r->out->value_count * r->values.width);
    if (rc != OK)
        return rc;
    r->out->value_count += page.value_count;
    r->out->slot_count += head->value_count;
    return OK;
}

static enum err read_page(struct chunk_reader *r, struct slice *left)
{
    struct meta_page head;
    struct slice stored;
    size_t header_bytes;
    enum err rc = meta_read_page(*left, &head, &header_bytes, r->e);

    if (rc != OK)
        return rc;
    *left = slice_from(*left, header_bytes);
    if ((size_t)head.compressed_bytes > left->len)
        return corrupt(r, "is longer than what is left of its chunk");
    stored = slice_of(left->ptr, (size_t)head.compressed_bytes);
    *left = slice_from(*left, stored.len);
    if (head.has_crc &&
        (uint32_t)head.crc !=
            (uint32_t)crc32(0, (const Bytef *)(stored.len ? stored.ptr : ""), (uInt)stored.len))
        return corrupt(r, "fails its checksum");
    switch (head.type) {
    case PAGE_DICTIONARY:
        return read_dictionary(r, &head, stored);
    case PAGE_DATA:
    case PAGE_DATA_V2:
        return read_data(r, &head, stored);
    default: /* index pages, and what may come */
        return OK;
    }
}

static enum err prepare(struct chunk_reader *r)
{
    const char *codec = page_codec_unsupported(r->meta->codec);
    size_t slots = (size_t)r->meta->value_count;

    if (codec)
        return error_set(r->e, ERR_UNSUPPORTED, "it is compressed with %s, which weir does not read", codec);
    if (r->meta->value_count < 0 || r->meta->value_count > INT32_MAX - 1)
        return error_set(r->e, ERR_UNSUPPORTED,
                         "it has %" PRId64 " values; weir reads row groups of up to 2^31",
                         r->meta->value_count);
    if (r->meta->physical != r->leaf->element->physical)
        return error_set(r->e, ERR_CORRUPT, "its physical type is not the schema's");
    r->out->values = batch_alloc(r->values.owner, MAX(slots * r->values.width, (size_t)1));
    if (r->out->values == NULL || (r->max_def && pbuf_reserve(&r->out->def, MAX(slots, (size_t)1)) == NULL) ||
        (r->max_rep && pbuf_reserve(&r->out->rep, MAX(slots, (size_t)1)) == NULL))
        return no_memory(r, slots * r->values.width);
    return OK;
}

enum err chunk_read(const struct parquet_column *leaf, const struct meta_chunk *meta, struct slice bytes,
                    const struct type *wanted, struct batch *owner, struct value_scratch *scratch,
                    struct leaf_data *out, struct error *e)
{
    struct chunk_reader r = {
        .leaf = leaf,
        .meta = meta,
        .out = out,
        .max_def = leaf->def,
        .max_rep = leaf->rep,
        .values = {leaf, wanted, owner, scratch, type_width(wanted), e, false, 0},
        .e = e,
    };
    enum err rc = prepare(&r);

    if (rc != OK)
        return rc;
    for (int32_t page = 0; bytes.len && out->slot_count < meta->value_count; page++)
        if ((rc = read_page(&r, &bytes)) != OK)
            return error_add(e, rc, "page %" PRId32, page);
    if (out->slot_count < meta->value_count)
        return error_set(e, ERR_CORRUPT, "its pages hold %" PRId32 " values, but %" PRId64 " are wanted",
                         out->slot_count, meta->value_count);
    return OK;
}
