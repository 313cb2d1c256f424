/* chunk_writer.c: see chunk_writer.h. Values are gathered in slices that fit the first-level cache. */
#include "parquet/chunk_writer.h"
#include "parquet/bits.h"
#include "parquet/delta.h"
#include "parquet/rle.h"
#include "parquet/value_slice.h"
#include <zlib.h>

#define HINT_CHUNKS    32  /* for so many chunks, what did not pay is not tried again */
#define EARLY_VALUES   512 /* so many values, nearly all different: no dictionary */
#define LATER_VALUES   4096
#define PAGE_BYTES_MAX ((size_t)INT32_MAX - 64)

void chunk_shared_fini(struct chunk_shared *s)
{
    page_codec_fini(&s->codec);
    pbuf_fini(&s->wide);
    pbuf_fini(&s->body);
    pbuf_fini(&s->packed);
    bytes_fini(&s->head);
}

static bool wants_dictionary(const struct chunk *c)
{
    return c->leaf->physical != PHYSICAL_BOOLEAN && c->shared->dictionary_bytes > 0 && !c->dictionary_useless;
}

/* A hint: whether to leave something out, which uses the hint up by one chunk. */
static bool take_hint(_Atomic uint16_t *hint)
{
    uint16_t left = atomic_load_explicit(hint, memory_order_relaxed);

    return left > 0 && atomic_compare_exchange_strong(hint, &left, (uint16_t)(left - 1));
}

/* With its first row: a chunk that never comes shall use no hint up. */
static void begin_chunk(struct chunk *c)
{
    struct parquet_hints *h = c->number < PARQUET_HINTS ? c->shared->hints : NULL;

    c->begun = true;
    c->codec = c->shared->codec.kind;
    if (h && take_hint(&h->no_compression[c->number]))
        c->codec = COMPRESSION_NONE;
    if (h && take_hint(&h->no_dictionary[c->number]))
        c->dictionary_useless = true;
    c->dictionary_on = wants_dictionary(c);
}

static void remember(const struct chunk *c, _Atomic uint16_t *hints)
{
    if (c->shared->hints && c->number < PARQUET_HINTS)
        atomic_store_explicit(&hints[c->number], HINT_CHUNKS, memory_order_relaxed);
}

void chunk_init(struct chunk *c, const struct parquet_leaf *leaf, int32_t number, struct chunk_shared *shared)
{
    struct budget *budget = shared->budget;

    *c = (struct chunk){.leaf = leaf, .shared = shared, .number = number, .def_uniform = true, .id_width = 1};
    pbuf_init(&c->def, budget);
    pbuf_init(&c->rep, budget);
    pbuf_init(&c->ids, budget);
    pbuf_init(&c->plain, budget);
    pbuf_init(&c->dictionary_page, budget);
    pbuf_init(&c->pages, budget);
    pbuf_init(&c->infos, budget);
    dictionary_init(&c->dictionary, budget, leaf->physical == PHYSICAL_FIXED);
    bounds_init(&c->page_bounds, budget);
    bounds_init(&c->bounds, budget);
    bounds_init(&c->file_bounds, budget);
}

void chunk_fini(struct chunk *c)
{
    pbuf_fini(&c->def);
    pbuf_fini(&c->rep);
    pbuf_fini(&c->ids);
    pbuf_fini(&c->plain);
    pbuf_fini(&c->dictionary_page);
    pbuf_fini(&c->pages);
    pbuf_fini(&c->infos);
    bytes_fini(&c->page_values);
    dictionary_fini(&c->dictionary);
    bounds_fini(&c->page_bounds);
    bounds_fini(&c->bounds);
    bounds_fini(&c->file_bounds);
}

static enum err out_of_memory(const struct chunk *c, struct error *e)
{
    return error_add(e, error_memory(e, c->plain.len + c->pages.len, "a page being written"), "column %s",
                     c->leaf->name);
}

static bool is_bytes(const struct chunk *c)
{
    return c->leaf->order == ORDER_BYTES || c->leaf->order == ORDER_SIGNED_BYTES;
}

static bool any_failed(const struct chunk *c)
{
    return c->def.failed || c->rep.failed || c->ids.failed || c->plain.failed || c->pages.failed ||
           c->infos.failed || c->page_values.failed || c->dictionary_page.failed ||
           bounds_failed(&c->page_bounds) || bounds_failed(&c->bounds) || bounds_failed(&c->file_bounds) ||
           c->shared->wide.failed || c->shared->body.failed || c->shared->packed.failed ||
           c->shared->head.failed;
}

/* --- the open page --- */

static void store_ids(struct pbuf *to, size_t width, const uint32_t *ids, int32_t count)
{
    void *at = pbuf_reserve(to, (size_t)count * width);

    if (at == NULL)
        return;
    for (int32_t i = 0; width == 1 && i < count; i++)
        ((uint8_t *)at)[i] = (uint8_t)ids[i];
    for (int32_t i = 0; width == 2 && i < count; i++)
        ((uint16_t *)at)[i] = (uint16_t)ids[i];
    if (width == 4)
        memcpy(at, ids, (size_t)count * sizeof *ids);
    to->len += (size_t)count * width;
}

static uint32_t load_id(const struct chunk *c, int32_t i)
{
    switch (c->id_width) {
    case 1:
        return ((const uint8_t *)(const void *)c->ids.ptr)[i];
    case 2:
        return ((const uint16_t *)(const void *)c->ids.ptr)[i];
    default:
        return ((const uint32_t *)(const void *)c->ids.ptr)[i];
    }
}

/* The dictionary has outgrown the width of the ids: widen those of the open page, from the back. */
static void widen_ids(struct chunk *c, size_t width)
{
    int32_t count = (int32_t)(c->ids.len / c->id_width);

    if (pbuf_reserve(&c->ids, (size_t)count * (width - c->id_width)) == NULL && count)
        return;
    for (int32_t i = count - 1; i >= 0; i--) {
        uint32_t id = load_id(c, i);

        if (width == 2)
            ((uint16_t *)(void *)c->ids.ptr)[i] = (uint16_t)id;
        else
            ((uint32_t *)(void *)c->ids.ptr)[i] = id;
    }
    c->ids.len = (size_t)count * width;
    c->id_width = width;
}

static bool add_ids(struct chunk *c, const struct value_slice *v)
{
    uint32_t ids[VALUE_SLICE_MAX];
    size_t width;

    if (is_bytes(c) ? !dictionary_add_views(&c->dictionary, v->views, v->count, ids)
                    : !dictionary_add_numbers(&c->dictionary, v->numbers, v->count, ids))
        return false;
    width = c->dictionary.count <= 1 << 8 ? 1 : c->dictionary.count <= 1 << 16 ? 2 : 4;
    if (width > c->id_width)
        widen_ids(c, width);
    store_ids(&c->ids, c->id_width, ids, v->count);
    return true;
}

static void add_plain_numbers(struct chunk *c, const struct value_slice *v)
{
    size_t width = c->leaf->width ? c->leaf->width : 1;
    void *at = pbuf_reserve(&c->plain, (size_t)v->count * width);

    if (at == NULL)
        return;
    for (int32_t i = 0; width == 1 && i < v->count; i++)
        ((uint8_t *)at)[i] = (uint8_t)v->numbers[i];
    for (int32_t i = 0; width == 4 && i < v->count; i++)
        ((uint32_t *)at)[i] = (uint32_t)v->numbers[i];
    if (width == 8)
        memcpy(at, v->numbers, (size_t)v->count * width);
    c->plain.len += (size_t)v->count * width;
}

/* Room for byte_count bytes of PLAIN values, lengths included, was reserved. */
static char *put_plain_bytes(char *to, struct slice s, bool prefixed)
{
    uint32_t len = (uint32_t)s.len;

    if (prefixed) {
        memcpy(to, &len, sizeof len);
        to += sizeof len;
    }
    if (len)
        memcpy(to, s.ptr, len);
    return to + len;
}

static void add_plain_views(struct chunk *c, const struct value_slice *v, size_t byte_count)
{
    bool prefixed = c->leaf->physical == PHYSICAL_BYTES;
    char *at = pbuf_reserve(&c->plain, byte_count);

    if (at == NULL)
        return;
    for (int32_t i = 0; i < v->count; i++)
        at = put_plain_bytes(at, view_slice(&v->views[i]), prefixed);
    c->plain.len += byte_count;
    assert(at == c->plain.ptr + c->plain.len);
}

static int64_t plain_size(const struct chunk *c, const struct value_slice *v)
{
    int64_t total = 0;

    if (!is_bytes(c))
        return (int64_t)v->count * MAX(c->leaf->width, 1);
    for (int32_t i = 0; i < v->count; i++)
        total += v->views[i].len + (c->leaf->physical == PHYSICAL_BYTES ? sizeof(uint32_t) : 0);
    return total;
}

/* Bounds of numbers are cheap and taken here; those of bytes in a dictionary wait for the end of the page. */
static void add_bounds(struct chunk *c, const struct value_slice *v)
{
    if (c->leaf->order == ORDER_INT)
        bounds_add_ints(&c->page_bounds, v->numbers, v->count);
    else if (c->leaf->order == ORDER_FLOAT)
        bounds_add_floats(&c->page_bounds, v->numbers, v->count, c->leaf->width, &c->page_nans);
    else if (!c->dictionary_on)
        bounds_add_views(&c->page_bounds, v->views, v->count, c->leaf->order == ORDER_SIGNED_BYTES);
}

static enum err add_values(struct chunk *c, const struct column *column, const int32_t *rows, int32_t count,
                           struct error *e)
{
    struct value_slice v;
    int64_t byte_count;
    enum err rc;

    for (int32_t at = 0; at < count; at += v.count) {
        v.count = MIN(count - at, VALUE_SLICE_MAX);
        if ((rc = value_slice_gather(&v, c->leaf, column, rows + at, e)) != OK)
            return rc;
        add_bounds(c, &v);
        byte_count = plain_size(c, &v);
        c->plain_bytes += byte_count;
        if (c->dictionary_on) {
            if (!add_ids(c, &v))
                return out_of_memory(c, e);
        } else if (is_bytes(c)) {
            add_plain_views(c, &v, (size_t)byte_count);
        } else {
            add_plain_numbers(c, &v);
        }
    }
    c->page_values_count += count;
    return OK;
}

static void add_levels(struct chunk *c, const struct leaf_rows *rows, int32_t from, int32_t count)
{
    void *at;

    if (rows->rep)
        pbuf_append(&c->rep, rows->rep + from, (size_t)count);
    if (c->leaf->max_def == 0 || (rows->def == NULL && c->def_uniform))
        return;
    if (c->def_uniform) {
        if ((at = pbuf_reserve(&c->def, (size_t)c->page_slots)) == NULL)
            return;
        memset(at, c->leaf->max_def, (size_t)c->page_slots);
        c->def.len = (size_t)c->page_slots;
        c->def_uniform = false;
    }
    if (rows->def) {
        pbuf_append(&c->def, rows->def + from, (size_t)count);
    } else if ((at = pbuf_reserve(&c->def, (size_t)count)) != NULL) {
        memset(at, c->leaf->max_def, (size_t)count);
        c->def.len += (size_t)count;
    }
}

/* --- the dictionary's worth --- */

static int64_t dictionary_size(const struct chunk *c)
{
    return is_bytes(c) ? (int64_t)c->dictionary.data.len : (int64_t)c->dictionary.count * c->leaf->width;
}

static int id_bits(const struct chunk *c)
{
    return c->dictionary.count > 1 ? parquet_bits(c->dictionary.count - 1) : 1;
}

static int64_t page_values_bytes(const struct chunk *c)
{
    if (!c->dictionary_on)
        return (int64_t)c->plain.len;
    return (int64_t)c->page_values_count * id_bits(c) / 8;
}

/* No page with ids was written yet: all of the dictionary belongs to the open page. */
static bool first_page(const struct chunk *c)
{
    return c->pages_by_encoding[ENCODING_RLE_DICTIONARY] == 0;
}

/* Ids and dictionary are no smaller than the values themselves. Where delta may be used, it often halves
 * them. */
static bool dictionary_pays(const struct chunk *c)
{
    int64_t size = dictionary_size(c) + (int64_t)c->page_values_count * id_bits(c) / 8;
    bool delta = c->shared->delta && c->leaf->order == ORDER_INT;

    return size * (delta ? 2 : 1) < c->plain_bytes;
}

/* Looked at while the page fills, so that a column of unique values stops hashing soon. */
static bool dictionary_hopeless(const struct chunk *c)
{
    int64_t n = c->page_values_count, distinct = c->dictionary.count;

    if (dictionary_size(c) > c->shared->dictionary_bytes)
        return true;
    if (!first_page(c) || n < EARLY_VALUES)
        return false;
    return distinct * 200 > n * 199 || (n >= LATER_VALUES && distinct * 20 > n * 19);
}

/* The first page in plain after all: write each id's value, and forget the dictionary. */
static void drop_dictionary(struct chunk *c)
{
    int32_t count = c->page_values_count;
    char *at;

    if (is_bytes(c)) {
        for (uint32_t id = 0; id < c->dictionary.count; id++)
            bounds_add_bytes(&c->page_bounds, dictionary_bytes(&c->dictionary, id),
                             c->leaf->order == ORDER_SIGNED_BYTES);
        if ((at = pbuf_reserve(&c->plain, (size_t)c->plain_bytes)) == NULL)
            return;
        for (int32_t i = 0; i < count; i++)
            at = put_plain_bytes(at, dictionary_bytes(&c->dictionary, load_id(c, i)),
                                 c->leaf->physical == PHYSICAL_BYTES);
        c->plain.len += (size_t)c->plain_bytes;
    } else {
        struct value_slice v;

        for (int32_t done = 0; done < count; done += v.count) {
            v.count = MIN(count - done, VALUE_SLICE_MAX);
            for (int32_t i = 0; i < v.count; i++)
                v.numbers[i] = dictionary_number(&c->dictionary, load_id(c, done + i));
            add_plain_numbers(c, &v);
        }
    }
    c->ids.len = 0;
    c->id_width = 1;
    dictionary_fini(&c->dictionary);
    c->dictionary_on = false;
    c->dictionary_useless = true;
    if (c->shared->hints)
        remember(c, c->shared->hints->no_dictionary);
}

/* Bounds of the dictionary's values that the open page uses; all of them when it is the first. */
static void add_dictionary_bounds(struct chunk *c)
{
    struct pbuf *used = &c->shared->wide;
    size_t byte_count = ((size_t)c->dictionary.count + 7) / 8;

    used->len = 0;
    if (pbuf_reserve(used, byte_count) == NULL)
        return;
    memset(used->ptr, first_page(c) ? 0xff : 0, byte_count);
    for (int32_t i = 0; !first_page(c) && i < c->page_values_count; i++) {
        uint32_t id = load_id(c, i);

        used->ptr[id >> 3] = (char)(used->ptr[id >> 3] | 1 << (id & 7));
    }
    for (uint32_t id = 0; id < c->dictionary.count; id++)
        if (used->ptr[id >> 3] >> (id & 7) & 1)
            bounds_add_bytes(&c->page_bounds, dictionary_bytes(&c->dictionary, id),
                             c->leaf->order == ORDER_SIGNED_BYTES);
}

/* --- ending a page --- */

static void put_length(struct pbuf *body, size_t at)
{
    uint32_t len = (uint32_t)(body->len - at - sizeof len);

    if (!body->failed)
        memcpy(body->ptr + at, &len, sizeof len);
}

/* Levels as RLE behind their length; nothing when there is but one. */
static void encode_levels(struct chunk *c, const struct pbuf *levels, uint8_t max, bool uniform)
{
    struct pbuf *body = &c->shared->body, *wide = &c->shared->wide;
    size_t at = body->len;
    uint32_t *to;

    if (max == 0)
        return;
    pbuf_le32(body, 0);
    if (uniform) {
        rle_encode_run(body, max, (size_t)c->page_slots, parquet_bits(max));
    } else {
        wide->len = 0;
        if ((to = pbuf_reserve(wide, (size_t)c->page_slots * sizeof *to)) == NULL)
            return;
        for (int32_t i = 0; i < c->page_slots; i++)
            to[i] = (uint8_t)levels->ptr[i];
        rle_encode(body, to, (size_t)c->page_slots, parquet_bits(max));
    }
    put_length(body, at);
}

static void encode_ids(struct chunk *c)
{
    struct pbuf *wide = &c->shared->wide;
    uint32_t *to;

    wide->len = 0;
    if ((to = pbuf_reserve(wide, (size_t)c->page_values_count * sizeof *to)) == NULL)
        return;
    for (int32_t i = 0; c->id_width == 1 && i < c->page_values_count; i++)
        to[i] = (uint8_t)c->ids.ptr[i];
    for (int32_t i = 0; c->id_width != 1 && i < c->page_values_count; i++)
        to[i] = load_id(c, i);
    pbuf_u8(&c->shared->body, (uint8_t)id_bits(c));
    rle_encode(&c->shared->body, to, (size_t)c->page_values_count, id_bits(c));
}

static void encode_booleans(struct chunk *c)
{
    struct pbuf *body = &c->shared->body;
    size_t byte_count = bits_bytes((uint64_t)c->page_values_count);
    uint8_t *to = pbuf_reserve(body, byte_count);

    if (to == NULL)
        return;
    memset(to, 0, byte_count);
    for (int32_t i = 0; i < c->page_values_count; i++)
        to[i >> 3] = (uint8_t)(to[i >> 3] | c->plain.ptr[i] << (i & 7));
    body->len += byte_count;
}

/* Integers as differences, when that saves an eighth at least. */
static bool encode_delta(struct chunk *c)
{
    struct pbuf *body = &c->shared->body;
    size_t before = body->len;

    if (!c->shared->delta || c->leaf->order != ORDER_INT || c->leaf->width == 0)
        return false;
    delta_encode(body, c->plain.ptr, (size_t)c->page_values_count, c->leaf->width);
    if ((body->len - before) * 8 < c->plain.len * 7)
        return true;
    body->len = before;
    return false;
}

static enum parquet_encoding encode_values(struct chunk *c)
{
    if (c->page_values_count == 0)
        return ENCODING_PLAIN;
    if (c->dictionary_on) {
        encode_ids(c);
        return ENCODING_RLE_DICTIONARY;
    }
    if (c->leaf->physical == PHYSICAL_BOOLEAN) {
        encode_booleans(c);
        return ENCODING_PLAIN;
    }
    if (encode_delta(c))
        return ENCODING_DELTA_BINARY_PACKED;
    pbuf_append(&c->shared->body, c->plain.ptr, c->plain.len);
    return ENCODING_PLAIN;
}

/* shared->body as it goes into the file. A chunk whose first page does not shrink by an eighth goes uncompressed:
 * readers are quicker then, too. */
static enum err pack(struct chunk *c, struct slice *packed, struct error *e)
{
    struct chunk_shared *s = c->shared;
    struct slice body = pbuf_all(&s->body);
    enum err rc;

    *packed = body;
    if (c->codec == COMPRESSION_NONE)
        return OK;
    s->packed.len = 0;
    if ((rc = page_codec_compress(&s->codec, body, &s->packed, e)) != OK)
        return error_add(e, rc, "column %s", c->leaf->name);
    if (c->pages.len == 0 && !c->dictionary_on && s->hints && s->packed.len * 8 > body.len * 7) {
        remember(c, s->hints->no_compression);
        c->codec = COMPRESSION_NONE;
    } else {
        *packed = pbuf_all(&s->packed);
    }
    return OK;
}

/* Append shared->body, compressed, to `to` behind its header. */
static enum err put_page(struct chunk *c, enum parquet_page_type type, int32_t value_count,
                         enum parquet_encoding encoding, struct pbuf *to, struct error *e)
{
    struct chunk_shared *s = c->shared;
    struct thrift_writer w = {.out = &s->head};
    struct slice body = pbuf_all(&s->body), packed;
    enum err rc;

    if (any_failed(c))
        return out_of_memory(c, e);
    if (body.len > PAGE_BYTES_MAX)
        return error_set(e, ERR_UNSUPPORTED, "column %s has a row of more than 2 GiB", c->leaf->name);
    if ((rc = pack(c, &packed, e)) != OK)
        return rc;
    bytes_clear(&s->head);
    thrift_begin(&w);
    thrift_put_i32(&w, 1, type);
    thrift_put_i32(&w, 2, (int32_t)body.len);
    thrift_put_i32(&w, 3, (int32_t)packed.len);
    thrift_put_i32(&w, 4, (int32_t)crc32(0, (const Bytef *)(packed.len ? packed.ptr : ""), (uInt)packed.len));
    thrift_put_struct(&w, type == PAGE_DICTIONARY ? 7 : 5);
    thrift_put_i32(&w, 1, value_count);
    thrift_put_i32(&w, 2, encoding);
    if (type == PAGE_DATA) {
        thrift_put_i32(&w, 3, ENCODING_RLE);
        thrift_put_i32(&w, 4, ENCODING_RLE);
    }
    thrift_end(&w);
    thrift_end(&w);
    pbuf_append(to, s->head.ptr, s->head.len);
    pbuf_append(to, packed.ptr, packed.len);
    c->uncompressed_bytes += (int64_t)(s->head.len + body.len);
    return any_failed(c) ? out_of_memory(c, e) : OK;
}

/* Remember what the page index says of the open page, and add it to the chunk's sums. */
static void note_page(struct chunk *c, size_t offset)
{
    struct page_info info = {
        .offset = (int64_t)offset,
        .first_row = c->row_count,
        .byte_count = (int32_t)(c->pages.len - offset),
        .null_count = c->page_slots - c->page_values_count,
        .nan_count = c->page_nans,
        .has_values = c->page_values_count > 0,
        .lower = c->page_values.len,
    };
    bool exact;

    info.has_bounds = bounds_write(&c->page_bounds, c->leaf, false, BOUNDS_PARQUET, c->shared->bounds_length,
                                   &c->page_values, &exact);
    info.lower_len = c->page_values.len - info.lower;
    info.upper = c->page_values.len;
    bounds_write(&c->page_bounds, c->leaf, true, BOUNDS_PARQUET, c->shared->bounds_length, &c->page_values,
                 &exact);
    info.upper_len = c->page_values.len - info.upper;
    pbuf_append(&c->infos, &info, sizeof info);
    bounds_merge(&c->bounds, &c->page_bounds, c->leaf->order);
    c->row_count += c->page_rows;
    c->slot_count += c->page_slots;
    c->null_count += info.null_count;
    c->nan_count += c->page_nans;
}

static void clear_page(struct chunk *c)
{
    c->def.len = c->rep.len = c->ids.len = c->plain.len = 0;
    c->def_uniform = true;
    c->plain_bytes = c->page_nans = 0;
    c->page_slots = c->page_values_count = c->page_rows = 0;
    bounds_clear(&c->page_bounds);
}

static enum err end_page(struct chunk *c, struct error *e)
{
    size_t offset = c->pages.len;
    enum parquet_encoding encoding;
    enum err rc;

    if (c->page_slots == 0)
        return OK;
    if (c->dictionary_on && first_page(c) && c->page_values_count && !dictionary_pays(c))
        drop_dictionary(c);
    if (any_failed(c)) /* the arrays are shorter than the counts say */
        return out_of_memory(c, e);
    c->shared->body.len = 0;
    encode_levels(c, &c->rep, c->leaf->max_rep, false);
    encode_levels(c, &c->def, c->leaf->max_def, c->def_uniform);
    encoding = encode_values(c);
    if (c->dictionary_on && is_bytes(c) && c->page_values_count)
        add_dictionary_bounds(c);
    if ((rc = put_page(c, PAGE_DATA, c->page_slots, encoding, &c->pages, e)) != OK)
        return rc;
    c->pages_by_encoding[encoding]++;
    note_page(c, offset);
    clear_page(c);
    return any_failed(c) ? out_of_memory(c, e) : OK;
}

/* --- adding rows --- */

struct part {
    int32_t slots, values, rows;
};

static int64_t value_bytes(const struct chunk *c, const struct leaf_rows *rows, int32_t value)
{
    return is_bytes(c) && c->leaf->type->kind != TYPE_DECIMAL ? rows->column->views[rows->rows[value]].len
                                                              : 8;
}

/* The next whole rows, as many as make about a slice, and no more than the page has room for. */
static struct part next_part(const struct chunk *c, const struct leaf_rows *rows, int32_t slot, int32_t value)
{
    struct part part = {0};
    int32_t row_limit = MIN(c->shared->page_rows - c->page_rows, VALUE_SLICE_MAX);
    int64_t byte_count = 0;

    if (rows->rep == NULL && rows->def == NULL && !is_bytes(c)) {
        part.slots = part.values = part.rows = MIN(rows->slot_count - slot, row_limit);
        return part;
    }
    while (slot + part.slots < rows->slot_count && part.rows < row_limit && part.slots < VALUE_SLICE_MAX &&
           byte_count < c->shared->page_bytes) {
        do {
            if (rows->def == NULL || rows->def[slot + part.slots] == c->leaf->max_def)
                byte_count += value_bytes(c, rows, value + part.values++);
            part.slots++;
        } while (rows->rep && slot + part.slots < rows->slot_count && rows->rep[slot + part.slots] > 0);
        part.rows++;
    }
    return part;
}

/* Iceberg counts elements: slots that stand for an empty list, or for none, are not there. */
static void count_elements(struct chunk *c, const struct leaf_rows *rows, int32_t from,
                           const struct part *part)
{
    int64_t elements = part->slots;

    for (int32_t i = from; rows->def && c->leaf->element_def && i < from + part->slots; i++)
        elements -= rows->def[i] < c->leaf->element_def;
    c->file_values += elements;
    c->file_nulls += elements - part->values;
}

/* Give the dictionary up: in the first page at once, later from the next page on. */
static enum err watch_dictionary(struct chunk *c, struct error *e)
{
    enum err rc;

    if (!c->dictionary_on || c->page_values_count == 0 || !dictionary_hopeless(c))
        return OK;
    if (first_page(c) && !dictionary_pays(c)) {
        drop_dictionary(c);
        return OK;
    }
    rc = end_page(c, e);
    c->dictionary_on = false;
    return rc;
}

enum err chunk_add(struct chunk *c, const struct leaf_rows *rows, struct error *e)
{
    int32_t slot = 0, value = 0;
    enum err rc;

    if (!c->begun)
        begin_chunk(c);
    while (slot < rows->slot_count) {
        struct part part = next_part(c, rows, slot, value);

        add_levels(c, rows, slot, part.slots);
        if ((rc = add_values(c, rows->column, rows->rows + value, part.values, e)) != OK)
            return rc;
        count_elements(c, rows, slot, &part);
        c->page_slots += part.slots;
        c->page_rows += part.rows;
        slot += part.slots;
        value += part.values;
        if (any_failed(c))
            return out_of_memory(c, e);
        if ((rc = watch_dictionary(c, e)) != OK)
            return rc;
        if ((c->page_rows >= c->shared->page_rows || page_values_bytes(c) >= c->shared->page_bytes) &&
            (rc = end_page(c, e)) != OK)
            return rc;
    }
    return OK;
}

/* --- the end of a row group --- */

static enum err put_dictionary(struct chunk *c, struct error *e)
{
    struct pbuf *body = &c->shared->body;
    struct dictionary *d = &c->dictionary;
    int64_t before = c->uncompressed_bytes;
    enum err rc;

    body->len = 0;
    if (c->leaf->width == 4) {
        for (uint32_t id = 0; id < d->count; id++)
            pbuf_le32(body, (uint32_t)dictionary_number(d, id));
    } else {
        pbuf_append(body, d->data.ptr, d->data.len);
    }
    rc = put_page(c, PAGE_DICTIONARY, (int32_t)d->count, ENCODING_PLAIN, &c->dictionary_page, e);
    c->dictionary_page_bytes = c->uncompressed_bytes - before;
    return rc;
}

enum err chunk_finish(struct chunk *c, struct error *e)
{
    enum err rc = end_page(c, e);

    if (rc == OK && c->pages_by_encoding[ENCODING_RLE_DICTIONARY])
        rc = put_dictionary(c, e);
    if (rc != OK)
        return rc;
    bounds_merge(&c->file_bounds, &c->bounds, c->leaf->order);
    c->file_bytes += (int64_t)(c->dictionary_page.len + c->pages.len);
    c->file_nans += c->nan_count;
    return any_failed(c) ? out_of_memory(c, e) : OK;
}

void chunk_next(struct chunk *c)
{
    dictionary_clear(&c->dictionary);
    c->begun = false;
    c->id_width = 1;
    c->dictionary_page.len = c->pages.len = c->infos.len = 0;
    bytes_clear(&c->page_values);
    c->dictionary_page_bytes = c->uncompressed_bytes = 0;
    memset(c->pages_by_encoding, 0, sizeof c->pages_by_encoding);
    c->row_count = c->slot_count = c->null_count = c->nan_count = 0;
    bounds_clear(&c->bounds);
}

int64_t chunk_bytes(const struct chunk *c)
{
    int64_t levels = ((int64_t)c->def.len * parquet_bits(c->leaf->max_def) +
                      (int64_t)c->rep.len * parquet_bits(c->leaf->max_rep)) /
                     8;

    return (int64_t)c->pages.len + dictionary_size(c) + page_values_bytes(c) + levels;
}
