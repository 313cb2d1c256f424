/* value_decoder.c: see value_decoder.h. Whatever the encoding, values become PLAIN bytes or views on their
 * way, and those become what is wanted in leaf_values.c.
 */
#include "parquet/value_decoder.h"
#include "parquet/bits.h"
#include "parquet/delta.h"
#include "parquet/leaf_values.h"
#include "parquet/rle.h"

#define ID_PART 512 /* dictionary ids looked up in one go */

void value_scratch_init(struct value_scratch *s, struct budget *budget)
{
    pbuf_init(&s->page, budget);
    pbuf_init(&s->dictionary, budget);
    pbuf_init(&s->views, budget);
    pbuf_init(&s->numbers, budget);
}

void value_scratch_fini(struct value_scratch *s)
{
    pbuf_fini(&s->page);
    pbuf_fini(&s->dictionary);
    pbuf_fini(&s->views);
    pbuf_fini(&s->numbers);
}

/* A scratch array of count elements; its old content is gone. */
void *value_scratch_array(struct pbuf *b, size_t count, size_t size)
{
    b->len = 0;
    b->failed = false;
    return pbuf_reserve(b, count * size);
}

bool value_decoder_keeps(const struct value_decoder *d, int32_t encoding)
{
    return type_is_view(d->wanted) && encoding != ENCODING_RLE_DICTIONARY &&
           encoding != ENCODING_PLAIN_DICTIONARY;
}

static enum err corrupt(const struct value_decoder *d, const char *what)
{
    return error_set(d->e, ERR_CORRUPT, "it %s", what);
}

static enum err no_memory(const struct value_decoder *d, size_t byte_count)
{
    return error_memory(d->e, byte_count, "a page of a Parquet file");
}

static enum err too_few(struct value_decoder *d)
{
    return corrupt(d, "ends before its last value");
}

static enum err take_plain(struct value_decoder *d, const char *in, size_t count, void *out)
{
    return leaf_from_plain(d->leaf, d->wanted, in, count, out, d->e);
}

/* PLAIN bytes to views; FIXED ones have no length before them. */
static enum err plain_views(struct value_decoder *d, struct reader *in, size_t count, struct view *out)
{
    size_t fixed = leaf_plain_width(d->leaf);

    for (size_t i = 0; i < count; i++) {
        size_t len = fixed ? fixed : reader_le32(in);
        struct slice s = reader_bytes(in, len);

        if (in->failed || len > INT32_MAX)
            return too_few(d);
        out[i] = view_of(s.ptr, s.len);
    }
    if (fixed && reader_left(in)) /* then the values are longer than the schema says */
        return corrupt(d, "has bytes behind its last value");
    return OK;
}

/* Where views go: straight to their place when they are wanted as they are. */
static struct view *views_for(struct value_decoder *d, size_t count, void *out)
{
    return type_is_view(d->wanted)
               ? out
               : value_scratch_array(&d->scratch->views, MAX(count, (size_t)1), sizeof(struct view));
}

static enum err decode_plain(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(d->leaf);
    struct view *views;
    struct slice s;
    enum err rc;

    if (d->leaf->element->physical == PHYSICAL_BOOLEAN) {
        s = reader_bytes(in, bits_bytes(count));
        if (in->failed)
            return too_few(d);
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)out)[i] = (uint8_t)s.ptr[i >> 3] >> (i & 7) & 1;
        return OK;
    }
    if (!leaf_is_views(d->leaf)) {
        s = reader_bytes(in, count * width);
        return in->failed ? too_few(d) : take_plain(d, s.ptr, count, out);
    }
    if ((views = views_for(d, count, out)) == NULL)
        return no_memory(d, count * sizeof *views);
    if ((rc = plain_views(d, in, count, views)) != OK)
        return rc;
    return leaf_from_views(d->leaf, d->wanted, views, count, out, d->e);
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

static enum err decode_ids(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    int width = reader_u8(in);
    struct rle_decoder rle = rle_decoder_of(slice_of(in->ptr, reader_left(in)), width);
    uint32_t ids[ID_PART];

    if (!d->has_dictionary)
        return corrupt(d, "uses a dictionary, but the chunk has none");
    if (in->failed || width > RLE_WIDTH_MAX)
        return corrupt(d, "has dictionary ids of an impossible width");
    for (size_t at = 0, n; at < count; at += n) {
        uint32_t most = 0;

        n = MIN(count - at, (size_t)ID_PART);
        if (!rle_decode(&rle, ids, n))
            return too_few(d);
        for (size_t i = 0; i < n; i++)
            most = MAX(most, ids[i]);
        if (most >= d->dictionary_count)
            return corrupt(d, "names a value beyond the end of the dictionary");
        look_up(d->scratch->dictionary.ptr, d->width, ids, n, (char *)out + at * d->width);
    }
    return OK;
}

static enum err decode_rle_booleans(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    struct slice s = reader_bytes(in, reader_le32(in));
    struct rle_decoder rle = rle_decoder_of(s, 1);

    if (in->failed || !rle_decode_bytes(&rle, out, count))
        return too_few(d);
    return OK;
}

static enum err decode_delta(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(d->leaf);
    void *numbers = value_scratch_array(&d->scratch->numbers, count, width);
    const char *why;

    if (numbers == NULL)
        return no_memory(d, count * width);
    if ((why = delta_decode(in, count, width, numbers)) != NULL)
        return corrupt(d, why);
    return take_plain(d, numbers, count, out);
}

/* Lengths of count values, all within 0..INT32_MAX. */
static enum err decode_lengths(struct value_decoder *d, struct reader *in, size_t count, int32_t *out)
{
    const char *why = delta_decode(in, count, sizeof *out, out);

    if (why)
        return corrupt(d, why);
    for (size_t i = 0; i < count; i++)
        if (out[i] < 0)
            return corrupt(d, "has a negative length");
    return OK;
}

static enum err check_fixed(struct value_decoder *d, const struct view *views, size_t count)
{
    size_t width = leaf_plain_width(d->leaf);

    for (size_t i = 0; width && i < count; i++)
        if (views[i].len != width)
            return corrupt(d, "has a value of another length than its type's");
    return OK;
}

static enum err decode_delta_lengths(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    int32_t *lengths = value_scratch_array(&d->scratch->numbers, count, sizeof *lengths);
    struct view *views = views_for(d, count, out);
    enum err rc;

    if (lengths == NULL || views == NULL)
        return no_memory(d, count * sizeof *views);
    if ((rc = decode_lengths(d, in, count, lengths)) != OK)
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct slice s = reader_bytes(in, (size_t)lengths[i]);

        if (in->failed)
            return too_few(d);
        views[i] = view_of(s.ptr, s.len);
    }
    if ((rc = check_fixed(d, views, count)) != OK)
        return rc;
    return leaf_from_views(d->leaf, d->wanted, views, count, out, d->e);
}

/* Each value is a prefix of the one before and a suffix; memory for all of them is had at once. */
static enum err join_prefixes(struct value_decoder *d, struct reader *in, const int32_t *prefixes,
                              const int32_t *suffixes, size_t count, struct view *out)
{
    uint64_t total = 0;
    size_t before = 0;
    char *to, *last = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t len = (size_t)prefixes[i] + (size_t)suffixes[i];

        if ((size_t)prefixes[i] > before || len > INT32_MAX)
            return corrupt(d, "has a prefix longer than the value before");
        total += len;
        before = len;
    }
    if ((to = batch_alloc(d->owner, MAX(total, 1))) == NULL)
        return no_memory(d, total);
    for (size_t i = 0; i < count; i++) {
        struct slice s = reader_bytes(in, (size_t)suffixes[i]);

        if (in->failed)
            return too_few(d);
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

static enum err decode_delta_bytes(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    int32_t *lengths = value_scratch_array(&d->scratch->numbers, count * 2, sizeof *lengths);
    struct view *views = views_for(d, count, out);
    enum err rc;

    if (lengths == NULL || views == NULL)
        return no_memory(d, count * sizeof *views);
    if ((rc = decode_lengths(d, in, count, lengths)) != OK ||
        (rc = decode_lengths(d, in, count, lengths + count)) != OK ||
        (rc = join_prefixes(d, in, lengths, lengths + count, count, views)) != OK ||
        (rc = check_fixed(d, views, count)) != OK)
        return rc;
    return leaf_from_views(d->leaf, d->wanted, views, count, out, d->e);
}

/* The first bytes of all values, then the second ones, ... */
static enum err decode_split(struct value_decoder *d, struct reader *in, size_t count, void *out)
{
    size_t width = leaf_plain_width(d->leaf);
    struct slice s = reader_bytes(in, count * width);
    char *joined;
    struct reader whole;

    if (in->failed)
        return too_few(d);
    joined = value_decoder_keeps(d, ENCODING_BYTE_STREAM_SPLIT)
                 ? batch_alloc(d->owner, s.len)
                 : value_scratch_array(&d->scratch->numbers, s.len, 1);
    if (joined == NULL)
        return no_memory(d, s.len);
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < count; i++)
            joined[i * width + k] = s.ptr[k * count + i];
    whole = reader_of(slice_of(joined, s.len));
    return decode_plain(d, &whole, count, out);
}

static bool encoding_fits(const struct value_decoder *d, int32_t encoding)
{
    int32_t physical = d->leaf->element->physical;

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

enum err value_decoder_values(struct value_decoder *d, int32_t encoding, struct reader *in, size_t count,
                              void *out)
{
    if (!encoding_fits(d, encoding))
        return error_set(d->e, ERR_UNSUPPORTED, "it has the encoding %" PRId32 " for physical type %" PRId32,
                         encoding, d->leaf->element->physical);
    if (count == 0)
        return OK;
    switch (encoding) {
    case ENCODING_PLAIN:
        return decode_plain(d, in, count, out);
    case ENCODING_RLE:
        return decode_rle_booleans(d, in, count, out);
    case ENCODING_DELTA_BINARY_PACKED:
        return decode_delta(d, in, count, out);
    case ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return decode_delta_lengths(d, in, count, out);
    case ENCODING_DELTA_BYTE_ARRAY:
        return decode_delta_bytes(d, in, count, out);
    case ENCODING_BYTE_STREAM_SPLIT:
        return decode_split(d, in, count, out);
    default:
        return decode_ids(d, in, count, out);
    }
}

enum err value_decoder_dictionary(struct value_decoder *d, struct slice body, size_t count)
{
    struct reader in = reader_of(body);
    void *to;

    if (count > body.len * 8) /* a value takes a bit at least */
        return corrupt(d, "is a dictionary of more values than bytes");
    if ((to = value_scratch_array(&d->scratch->dictionary, MAX(count, (size_t)1), d->width)) == NULL)
        return no_memory(d, count * d->width);
    d->has_dictionary = true;
    d->dictionary_count = (uint32_t)count;
    return decode_plain(d, &in, count, to);
}
