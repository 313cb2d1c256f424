/* chunk_reader.c: see chunk_reader.h. */
#include "parquet/chunk_reader.h"
#include "parquet/bits.h"
#include "parquet/delta.h"
#include "parquet/leaf_values.h"
#include "parquet/page_codec.h"
#include "parquet/rle.h"
#include <zlib.h>

#define ID_PART 512 /* dictionary ids looked up in one go */

struct chunk_reader {
    const struct parquet_column *leaf;
    const struct meta_chunk *meta;
    const struct type *wanted;
    struct batch *owner;
    struct chunk_scratch *scratch;
    struct leaf_data *out;
    uint8_t max_def, max_rep;
    size_t width; /* of a wanted value */
    bool has_dictionary;
    uint32_t dictionary_count;
    struct error *e;
};

/* A data page, opened: where its parts are. */
struct open_page {
    struct meta_page head;
    struct reader values; /* encoded */
    int32_t value_count;
};

void chunk_scratch_init(struct chunk_scratch *s, struct budget *budget)
{
    pbuf_init(&s->page, budget);
    pbuf_init(&s->dictionary, budget);
    pbuf_init(&s->views, budget);
    pbuf_init(&s->numbers, budget);
}

void chunk_scratch_fini(struct chunk_scratch *s)
{
    pbuf_fini(&s->page);
    pbuf_fini(&s->dictionary);
    pbuf_fini(&s->views);
    pbuf_fini(&s->numbers);
}

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

/* A scratch array of count elements; its old content is gone. */
static void *scratch_array(struct pbuf *b, size_t count, size_t size)
{
    b->len = 0;
    b->failed = false;
    return pbuf_reserve(b, count * size);
}

/* --- bodies
 * ------------------------------------------------------------------------------------------------- */

/* Values that views point into must stay with the batch. */
static bool must_stay(const struct chunk_reader *r, int32_t encoding)
{
    return type_is_view(r->wanted) && encoding != ENCODING_RLE_DICTIONARY &&
           encoding != ENCODING_PLAIN_DICTIONARY;
}

static char *body_memory(struct chunk_reader *r, size_t byte_count, bool stays)
{
    if (stays)
        return batch_alloc(r->owner, MAX(byte_count, (size_t)1));
    return scratch_array(&r->scratch->page, MAX(byte_count, (size_t)1), 1);
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

/* --- levels
 * ------------------------------------------------------------------------------------------------- */

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

/* --- values
 * ------------------------------------------------------------------------------------------------- */

static enum err too_few(struct chunk_reader *r)
{
    return corrupt(r, "ends before its last value");
}

static void *values_end(const struct chunk_reader *r)
{
    return (char *)r->out->values + (size_t)r->out->value_count * r->width;
}

static enum err take_plain(struct chunk_reader *r, const char *in, size_t count, void *out)
{
    return leaf_from_plain(r->leaf, r->wanted, in, count, out, r->e);
}

/* PLAIN bytes to views; FIXED ones have no length before them. */
static enum err plain_views(struct chunk_reader *r, struct reader *in, size_t count, struct view *out)
{
    size_t fixed = leaf_plain_width(r->leaf);

    for (size_t i = 0; i < count; i++) {
        size_t len = fixed ? fixed : reader_le32(in);
        struct slice s = reader_bytes(in, len);

        if (in->failed || len > INT32_MAX)
            return too_few(r);
        out[i] = view_of(s.ptr, s.len);
    }
    if (fixed && reader_left(in)) /* then the values are longer than the schema says */
        return corrupt(r, "has bytes behind its last value");
    return OK;
}

/* Where views go: straight to their place when they are wanted as they are. */
static struct view *views_for(struct chunk_reader *r, size_t count, void *out)
{
    return type_is_view(r->wanted)
               ? out
               : scratch_array(&r->scratch->views, MAX(count, (size_t)1), sizeof(struct view));
}

static enum err decode_plain(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(r->leaf);
    struct view *views;
    struct slice s;
    enum err rc;

    if (r->leaf->element->physical == PHYSICAL_BOOLEAN) {
        s = reader_bytes(in, bits_bytes(count));
        if (in->failed)
            return too_few(r);
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)out)[i] = (uint8_t)s.ptr[i >> 3] >> (i & 7) & 1;
        return OK;
    }
    if (!leaf_is_views(r->leaf)) {
        s = reader_bytes(in, count * width);
        return in->failed ? too_few(r) : take_plain(r, s.ptr, count, out);
    }
    if ((views = views_for(r, count, out)) == NULL)
        return no_memory(r, count * sizeof *views);
    if ((rc = plain_views(r, in, count, views)) != OK)
        return rc;
    return leaf_from_views(r->leaf, r->wanted, views, count, out, r->e);
}

#define LOOK_UP(ctype)                                                                                       \
    do {                                                                                                     \
        for (size_t i = 0; i < count; i++)                                                                   \
            ((ctype *)out)[i] = ((const ctype *)dictionary)[ids[i]];                                         \
    } while (0)

static void look_up(const void *dictionary, size_t width, const uint32_t *ids, size_t count, void *out)
{
    switch (width) {
    case 1:
        LOOK_UP(uint8_t);
        break;
    case 2:
        LOOK_UP(uint16_t);
        break;
    case 4:
        LOOK_UP(uint32_t);
        break;
    case 8:
        LOOK_UP(uint64_t);
        break;
    default:
        LOOK_UP(struct view);
        break;
    }
}

static enum err decode_ids(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    int width = reader_u8(in);
    struct rle_decoder d = rle_decoder_of(slice_of(in->ptr, reader_left(in)), width);
    uint32_t ids[ID_PART];

    if (!r->has_dictionary)
        return corrupt(r, "uses a dictionary, but the chunk has none");
    if (in->failed || width > RLE_WIDTH_MAX)
        return corrupt(r, "has dictionary ids of an impossible width");
    for (size_t at = 0, n; at < count; at += n) {
        uint32_t most = 0;

        n = MIN(count - at, (size_t)ID_PART);
        if (!rle_decode(&d, ids, n))
            return too_few(r);
        for (size_t i = 0; i < n; i++)
            most = MAX(most, ids[i]);
        if (most >= r->dictionary_count)
            return corrupt(r, "names a value beyond the end of the dictionary");
        look_up(r->scratch->dictionary.ptr, r->width, ids, n, (char *)out + at * r->width);
    }
    return OK;
}

static enum err decode_rle_booleans(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    struct slice s = reader_bytes(in, reader_le32(in));
    struct rle_decoder d = rle_decoder_of(s, 1);

    if (in->failed || !rle_decode_bytes(&d, out, count))
        return too_few(r);
    return OK;
}

static enum err decode_delta(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(r->leaf);
    void *numbers = scratch_array(&r->scratch->numbers, count, width);
    const char *why;

    if (numbers == NULL)
        return no_memory(r, count * width);
    if ((why = delta_decode(in, count, width, numbers)) != NULL)
        return corrupt(r, why);
    return take_plain(r, numbers, count, out);
}

/* Lengths of count values, all within 0..INT32_MAX. */
static enum err decode_lengths(struct chunk_reader *r, struct reader *in, size_t count, int32_t *out)
{
    const char *why = delta_decode(in, count, sizeof *out, out);

    if (why)
        return corrupt(r, why);
    for (size_t i = 0; i < count; i++)
        if (out[i] < 0)
            return corrupt(r, "has a negative length");
    return OK;
}

static enum err check_fixed(struct chunk_reader *r, const struct view *views, size_t count)
{
    size_t width = leaf_plain_width(r->leaf);

    for (size_t i = 0; width && i < count; i++)
        if (views[i].len != width)
            return corrupt(r, "has a value of another length than its type's");
    return OK;
}

static enum err decode_delta_lengths(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    int32_t *lengths = scratch_array(&r->scratch->numbers, count, sizeof *lengths);
    struct view *views = views_for(r, count, out);
    enum err rc;

    if (lengths == NULL || views == NULL)
        return no_memory(r, count * sizeof *views);
    if ((rc = decode_lengths(r, in, count, lengths)) != OK)
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct slice s = reader_bytes(in, (size_t)lengths[i]);

        if (in->failed)
            return too_few(r);
        views[i] = view_of(s.ptr, s.len);
    }
    if ((rc = check_fixed(r, views, count)) != OK)
        return rc;
    return leaf_from_views(r->leaf, r->wanted, views, count, out, r->e);
}

/* Each value is a prefix of the one before and a suffix; memory for all of them is had at once. */
static enum err join_prefixes(struct chunk_reader *r, struct reader *in, const int32_t *prefixes,
                              const int32_t *suffixes, size_t count, struct view *out)
{
    uint64_t total = 0;
    size_t before = 0;
    char *to, *last = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t len = (size_t)prefixes[i] + (size_t)suffixes[i];

        if ((size_t)prefixes[i] > before || len > INT32_MAX)
            return corrupt(r, "has a prefix longer than the value before");
        total += len;
        before = len;
    }
    if ((to = batch_alloc(r->owner, MAX(total, 1))) == NULL)
        return no_memory(r, total);
    for (size_t i = 0; i < count; i++) {
        struct slice s = reader_bytes(in, (size_t)suffixes[i]);

        if (in->failed)
            return too_few(r);
        if (prefixes[i])
            memcpy(to, last, (size_t)prefixes[i]);
        if (s.len)
            memcpy(to + prefixes[i], s.ptr, s.len);
        out[i] = view_of(to, (size_t)prefixes[i] + s.len);
        last = to;
        to += (size_t)prefixes[i] + s.len;
    }
    return OK;
}

static enum err decode_delta_bytes(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    int32_t *lengths = scratch_array(&r->scratch->numbers, count * 2, sizeof *lengths);
    struct view *views = views_for(r, count, out);
    enum err rc;

    if (lengths == NULL || views == NULL)
        return no_memory(r, count * sizeof *views);
    if ((rc = decode_lengths(r, in, count, lengths)) != OK ||
        (rc = decode_lengths(r, in, count, lengths + count)) != OK ||
        (rc = join_prefixes(r, in, lengths, lengths + count, count, views)) != OK ||
        (rc = check_fixed(r, views, count)) != OK)
        return rc;
    return leaf_from_views(r->leaf, r->wanted, views, count, out, r->e);
}

/* The first bytes of all values, then the second ones, ... */
static enum err decode_split(struct chunk_reader *r, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(r->leaf);
    struct slice s = reader_bytes(in, count * width);
    char *joined;
    struct reader whole;

    if (in->failed)
        return too_few(r);
    joined = must_stay(r, ENCODING_BYTE_STREAM_SPLIT) ? batch_alloc(r->owner, s.len)
                                                      : scratch_array(&r->scratch->numbers, s.len, 1);
    if (joined == NULL)
        return no_memory(r, s.len);
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < count; i++)
            joined[i * width + k] = s.ptr[k * count + i];
    whole = reader_of(slice_of(joined, s.len));
    return decode_plain(r, &whole, count, out);
}

static bool encoding_fits(const struct chunk_reader *r, int32_t encoding)
{
    int32_t physical = r->leaf->element->physical;

    switch (encoding) {
    case ENCODING_PLAIN:
        return true;
    case ENCODING_PLAIN_DICTIONARY:
    case ENCODING_RLE_DICTIONARY:
        return true;
    case ENCODING_RLE:
        return physical == PHYSICAL_BOOLEAN;
    case ENCODING_DELTA_BINARY_PACKED:
        return physical == PHYSICAL_INT32 || physical == PHYSICAL_INT64;
    case ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return physical == PHYSICAL_BYTES;
    case ENCODING_DELTA_BYTE_ARRAY:
        return physical == PHYSICAL_BYTES || physical == PHYSICAL_FIXED;
    case ENCODING_BYTE_STREAM_SPLIT:
        return physical != PHYSICAL_BOOLEAN && physical != PHYSICAL_INT96 && physical != PHYSICAL_BYTES;
    default:
        return false;
    }
}

static enum err decode_values(struct chunk_reader *r, struct open_page *page)
{
    size_t count = (size_t)page->value_count;
    void *out = values_end(r);
    enum err rc;

    if (!encoding_fits(r, page->head.encoding))
        return error_set(r->e, ERR_UNSUPPORTED, "it has the encoding %" PRId32 " for physical type %" PRId32,
                         page->head.encoding, r->leaf->element->physical);
    if (count == 0)
        return OK;
    switch (page->head.encoding) {
    case ENCODING_PLAIN:
        rc = decode_plain(r, &page->values, count, out);
        break;
    case ENCODING_RLE:
        rc = decode_rle_booleans(r, &page->values, count, out);
        break;
    case ENCODING_DELTA_BINARY_PACKED:
        rc = decode_delta(r, &page->values, count, out);
        break;
    case ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        rc = decode_delta_lengths(r, &page->values, count, out);
        break;
    case ENCODING_DELTA_BYTE_ARRAY:
        rc = decode_delta_bytes(r, &page->values, count, out);
        break;
    case ENCODING_BYTE_STREAM_SPLIT:
        rc = decode_split(r, &page->values, count, out);
        break;
    default:
        rc = decode_ids(r, &page->values, count, out);
        break;
    }
    if (rc == OK)
        r->out->value_count += page->value_count;
    return rc;
}

/* --- pages
 * -------------------------------------------------------------------------------------------------- */

static enum err read_dictionary(struct chunk_reader *r, const struct meta_page *head, struct slice stored)
{
    struct slice body;
    struct reader in;
    void *to;
    enum err rc;

    if (r->has_dictionary || r->out->slot_count)
        return corrupt(r, "is a dictionary that is not the chunk's first page");
    if (head->encoding != ENCODING_PLAIN && head->encoding != ENCODING_PLAIN_DICTIONARY)
        return error_set(r->e, ERR_UNSUPPORTED, "it is a dictionary with the encoding %" PRId32,
                         head->encoding);
    if ((rc = decompress(r, stored, (size_t)head->uncompressed_bytes, true, must_stay(r, ENCODING_PLAIN),
                         &body)) != OK)
        return rc;
    if ((size_t)head->value_count > body.len * 8) /* a value takes a bit at least */
        return corrupt(r, "is a dictionary of more values than bytes");
    if ((to = scratch_array(&r->scratch->dictionary, MAX((size_t)head->value_count, (size_t)1), r->width)) ==
        NULL)
        return no_memory(r, (size_t)head->value_count * r->width);
    in = reader_of(body);
    r->has_dictionary = true;
    r->dictionary_count = (uint32_t)head->value_count;
    return decode_plain(r, &in, (size_t)head->value_count, to);
}

static enum err open_v1(struct chunk_reader *r, struct open_page *page, struct slice stored)
{
    struct meta_page *head = &page->head;
    struct slice body;
    enum err rc;

    rc = decompress(r, stored, (size_t)head->uncompressed_bytes, true, must_stay(r, head->encoding), &body);
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
                    head->is_compressed, must_stay(r, head->encoding), &body);
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
    if ((rc = decode_values(r, &page)) == OK)
        r->out->slot_count += head->value_count;
    return rc;
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
    r->out->values = batch_alloc(r->owner, MAX(slots * r->width, (size_t)1));
    if (r->out->values == NULL || (r->max_def && pbuf_reserve(&r->out->def, MAX(slots, (size_t)1)) == NULL) ||
        (r->max_rep && pbuf_reserve(&r->out->rep, MAX(slots, (size_t)1)) == NULL))
        return no_memory(r, slots * r->width);
    return OK;
}

enum err chunk_read(const struct parquet_column *leaf, const struct meta_chunk *meta, struct slice bytes,
                    const struct type *wanted, struct batch *owner, struct chunk_scratch *scratch,
                    struct leaf_data *out, struct error *e)
{
    struct chunk_reader r = {
        .leaf = leaf,
        .meta = meta,
        .wanted = wanted,
        .owner = owner,
        .scratch = scratch,
        .out = out,
        .max_def = leaf->def,
        .max_rep = leaf->rep,
        .width = type_width(wanted),
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
