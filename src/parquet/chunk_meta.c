/* chunk_meta.c: see chunk_meta.h. Field numbers are those of parquet.thrift. */
#include "parquet/chunk_meta.h"

static void write_encodings(const struct chunk *c, struct thrift_writer *t)
{
    bool dictionary = c->pages_by_encoding[ENCODING_RLE_DICTIONARY] > 0;
    bool plain = dictionary || c->pages_by_encoding[ENCODING_PLAIN] > 0;
    bool delta = c->pages_by_encoding[ENCODING_DELTA_BINARY_PACKED] > 0;
    size_t count = (size_t)1 + plain + dictionary + delta;

    thrift_put_list(t, 2, THRIFT_I32, count);
    if (plain)
        thrift_element_int(t, ENCODING_PLAIN);
    thrift_element_int(t, ENCODING_RLE);
    if (delta)
        thrift_element_int(t, ENCODING_DELTA_BINARY_PACKED);
    if (dictionary)
        thrift_element_int(t, ENCODING_RLE_DICTIONARY);
}

static void write_encoding_stats(const struct chunk *c, struct thrift_writer *t)
{
    size_t kinds = 0;

    for (size_t i = 0; i < COUNT_OF(c->pages_by_encoding); i++)
        kinds += c->pages_by_encoding[i] > 0;
    kinds += c->pages_by_encoding[ENCODING_RLE_DICTIONARY] > 0;
    thrift_put_list(t, 13, THRIFT_STRUCT, kinds);
    for (size_t i = 0; i < COUNT_OF(c->pages_by_encoding); i++) {
        if (c->pages_by_encoding[i] == 0)
            continue;
        if (i == ENCODING_RLE_DICTIONARY) {
            thrift_begin(t);
            thrift_put_i32(t, 1, PAGE_DICTIONARY);
            thrift_put_i32(t, 2, ENCODING_PLAIN);
            thrift_put_i32(t, 3, 1);
            thrift_end(t);
        }
        thrift_begin(t);
        thrift_put_i32(t, 1, PAGE_DATA);
        thrift_put_i32(t, 2, (int32_t)i);
        thrift_put_i32(t, 3, c->pages_by_encoding[i]);
        thrift_end(t);
    }
}

static void write_statistics(const struct chunk *c, struct thrift_writer *t, struct bytes *scratch)
{
    bool min_exact, max_exact, any;
    size_t min_len;

    bytes_clear(scratch);
    any = bounds_write(&c->bounds, c->leaf, false, BOUNDS_PARQUET, c->shared->bounds_length, scratch,
                       &min_exact);
    min_len = scratch->len;
    any &= bounds_write(&c->bounds, c->leaf, true, BOUNDS_PARQUET, c->shared->bounds_length, scratch,
                        &max_exact);
    thrift_put_struct(t, 12);
    thrift_put_i64(t, 3, c->null_count);
    if (any) {
        thrift_put_binary(t, 5, slice_from(bytes_all(scratch), min_len));
        thrift_put_binary(t, 6, slice_of(scratch->ptr, min_len));
        thrift_put_bool(t, 7, max_exact);
        thrift_put_bool(t, 8, min_exact);
    }
    if (c->leaf->order == ORDER_FLOAT)
        thrift_put_i64(t, 9, c->nan_count);
    thrift_end(t);
    t->out->failed |= scratch->failed;
}

void chunk_meta_write(const struct chunk *c, int64_t first_offset, struct thrift_writer *t)
{
    int64_t dictionary_len = (int64_t)c->dictionary_page.len;

    thrift_begin(t);
    thrift_put_i32(t, 1, c->leaf->physical);
    write_encodings(c, t);
    thrift_put_list(t, 3, THRIFT_BINARY, (size_t)c->leaf->path_count);
    for (int32_t i = 0; i < c->leaf->path_count; i++)
        thrift_element_binary(t, slice_text(c->leaf->path[i]));
    thrift_put_i32(t, 4, c->codec);
    thrift_put_i64(t, 5, c->slot_count);
    thrift_put_i64(t, 6, c->uncompressed_bytes);
    thrift_put_i64(t, 7, dictionary_len + (int64_t)c->pages.len);
    thrift_put_i64(t, 9, first_offset + dictionary_len);
    if (dictionary_len)
        thrift_put_i64(t, 11, first_offset);
    write_statistics(c, t, &c->shared->head);
    write_encoding_stats(c, t);
    thrift_end(t);
}

void chunk_meta_offset_index(const struct chunk *c, int64_t first_offset, struct thrift_writer *t)
{
    const struct page_info *infos = (const void *)c->infos.ptr;
    size_t count = c->infos.len / sizeof *infos;
    int64_t pages_at = first_offset + (int64_t)c->dictionary_page.len;

    thrift_begin(t);
    thrift_put_list(t, 1, THRIFT_STRUCT, count);
    for (size_t i = 0; i < count; i++) {
        thrift_begin(t);
        thrift_put_i64(t, 1, pages_at + infos[i].offset);
        thrift_put_i32(t, 2, infos[i].byte_count);
        thrift_put_i64(t, 3, infos[i].first_row);
        thrift_end(t);
    }
    thrift_end(t);
}

static struct slice lower_of(const struct chunk *c, const struct page_info *p)
{
    return slice_of(c->page_values.ptr + p->lower, p->lower_len);
}

static struct slice upper_of(const struct chunk *c, const struct page_info *p)
{
    return slice_of(c->page_values.ptr + p->upper, p->upper_len);
}

/* BoundaryOrder: 1 when both bounds never go down from page to page, 2 never up, else 0. */
static int32_t boundary_order(const struct chunk *c, const struct page_info *infos, size_t count)
{
    const struct page_info *last = NULL;
    bool up = true, down = true;

    for (size_t i = 0; i < count; i++) {
        if (!infos[i].has_values)
            continue;
        if (last) {
            int lower = bounds_compare(c->leaf, lower_of(c, last), lower_of(c, &infos[i]));
            int upper = bounds_compare(c->leaf, upper_of(c, last), upper_of(c, &infos[i]));

            up &= lower <= 0 && upper <= 0;
            down &= lower >= 0 && upper >= 0;
        }
        last = &infos[i];
    }
    return up ? 1 : down ? 2 : 0;
}

void chunk_meta_column_index(const struct chunk *c, struct thrift_writer *t)
{
    const struct page_info *infos = (const void *)c->infos.ptr;
    size_t count = c->infos.len / sizeof *infos;

    for (size_t i = 0; i < count; i++)
        if (infos[i].has_values && !infos[i].has_bounds)
            return;
    thrift_begin(t);
    thrift_put_list(t, 1, THRIFT_TRUE, count);
    for (size_t i = 0; i < count; i++)
        thrift_element_bool(t, !infos[i].has_values);
    thrift_put_list(t, 2, THRIFT_BINARY, count);
    for (size_t i = 0; i < count; i++)
        thrift_element_binary(t, lower_of(c, &infos[i]));
    thrift_put_list(t, 3, THRIFT_BINARY, count);
    for (size_t i = 0; i < count; i++)
        thrift_element_binary(t, upper_of(c, &infos[i]));
    thrift_put_i32(t, 4, boundary_order(c, infos, count));
    thrift_put_list(t, 5, THRIFT_I64, count);
    for (size_t i = 0; i < count; i++)
        thrift_element_int(t, infos[i].null_count);
    if (c->leaf->order == ORDER_FLOAT) {
        thrift_put_list(t, 8, THRIFT_I64, count);
        for (size_t i = 0; i < count; i++)
            thrift_element_int(t, infos[i].nan_count);
    }
    thrift_end(t);
}
