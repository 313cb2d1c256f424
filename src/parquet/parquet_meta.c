/* parquet_meta.c: see parquet_meta.h. Field numbers are those of parquet.thrift; unknown fields are skipped.
 */
#include "parquet/parquet_meta.h"
#include "parquet/thrift_compact.h"

struct footer_reader {
    struct thrift_reader t;
    struct arena *arena;
};

static const char *read_text(struct footer_reader *r, const struct thrift_field *f)
{
    return arena_text(r->arena, thrift_binary(&r->t, f));
}

/* The array for a list field of structs; NULL when it is none or there is no memory. */
static void *open_list(struct footer_reader *r, const struct thrift_field *f, size_t size,
                       struct thrift_field *element, int32_t *count)
{
    uint32_t n = thrift_list(&r->t, f, element);

    *count = 0;
    if (r->t.in.failed || (n && element->type != THRIFT_STRUCT) || n > INT32_MAX) {
        r->t.in.failed = true;
        return NULL;
    }
    *count = (int32_t)n;
    return arena_alloc(r->arena, n * size);
}

static bool reading(const struct footer_reader *r)
{
    return !r->t.in.failed && !r->arena->failed;
}

/* --- the schema --- */

/* Decimal: 1 scale, 2 precision. Time and timestamp: 1 utc, 2 unit. Integer: 1 bits, 2 signed. */
static void read_logical_body(struct footer_reader *r, struct meta_element *out)
{
    struct thrift_field f = {0}, unit;

    while (thrift_next(&r->t, &f)) {
        bool timed = out->logical == LOGICAL_TIME || out->logical == LOGICAL_TIMESTAMP;

        if (out->logical == LOGICAL_DECIMAL && f.id == 1) {
            out->scale = thrift_i32(&r->t, &f);
        } else if (out->logical == LOGICAL_DECIMAL && f.id == 2) {
            out->precision = thrift_i32(&r->t, &f);
        } else if (timed && f.id == 1) {
            out->utc = thrift_bool(&r->t, &f);
        } else if (timed && f.id == 2 && thrift_struct(&r->t, &f)) {
            unit = (struct thrift_field){0};
            while (thrift_next(&r->t, &unit)) {
                out->unit = unit.id >= UNIT_MILLIS && unit.id <= UNIT_NANOS ? (enum parquet_unit)unit.id
                                                                            : UNIT_NONE;
                thrift_skip(&r->t, &unit);
            }
        } else if (out->logical == LOGICAL_INTEGER && f.id == 1) {
            out->bit_width = thrift_i32(&r->t, &f);
        } else if (out->logical == LOGICAL_INTEGER && f.id == 2) {
            out->is_signed = thrift_bool(&r->t, &f);
        } else {
            thrift_skip(&r->t, &f);
        }
    }
}

static void read_logical(struct footer_reader *r, struct meta_element *out)
{
    struct thrift_field f = {0};

    while (thrift_next(&r->t, &f)) {
        out->logical = f.id;
        if (thrift_struct(&r->t, &f))
            read_logical_body(r, out);
    }
}

static void read_element(struct footer_reader *r, struct meta_element *out)
{
    struct thrift_field f = {0};

    *out = (struct meta_element){.name = "", .physical = -1, .converted = CONVERTED_NONE};
    while (thrift_next(&r->t, &f)) {
        switch (f.id) {
        case 1:
            out->physical = thrift_i32(&r->t, &f);
            break;
        case 2:
            out->type_length = thrift_i32(&r->t, &f);
            break;
        case 3:
            out->repetition = thrift_i32(&r->t, &f);
            break;
        case 4:
            out->name = read_text(r, &f);
            break;
        case 5:
            out->child_count = thrift_i32(&r->t, &f);
            break;
        case 6:
            out->converted = (enum parquet_converted)thrift_i32(&r->t, &f);
            break;
        case 7:
            out->scale = thrift_i32(&r->t, &f);
            break;
        case 8:
            out->precision = thrift_i32(&r->t, &f);
            break;
        case 9:
            out->field_id = thrift_i32(&r->t, &f);
            break;
        case 10:
            if (thrift_struct(&r->t, &f))
                read_logical(r, out);
            break;
        default:
            thrift_skip(&r->t, &f);
            break;
        }
    }
}

/* --- row groups --- */

static void read_chunk_meta(struct footer_reader *r, struct meta_chunk *out)
{
    struct thrift_field f = {0};

    while (thrift_next(&r->t, &f)) {
        switch (f.id) {
        case 1:
            out->physical = thrift_i32(&r->t, &f);
            break;
        case 4:
            out->codec = thrift_i32(&r->t, &f);
            break;
        case 5:
            out->value_count = thrift_int(&r->t, &f);
            break;
        case 6:
            out->uncompressed_bytes = thrift_int(&r->t, &f);
            break;
        case 7:
            out->compressed_bytes = thrift_int(&r->t, &f);
            break;
        case 9:
            out->data_offset = thrift_int(&r->t, &f);
            break;
        case 11:
            out->dictionary_offset = thrift_int(&r->t, &f);
            break;
        default:
            thrift_skip(&r->t, &f);
            break;
        }
    }
}

static void read_chunk(struct footer_reader *r, struct meta_chunk *out)
{
    struct thrift_field f = {0};

    *out = (struct meta_chunk){.physical = -1, .data_offset = -1, .dictionary_offset = -1, .value_count = -1};
    while (thrift_next(&r->t, &f)) {
        if (f.id == 3 && thrift_struct(&r->t, &f)) {
            read_chunk_meta(r, out);
            continue;
        }
        out->elsewhere |= f.id == 1;
        out->encrypted |= f.id == 8 || f.id == 9;
        thrift_skip(&r->t, &f);
    }
}

static void read_group(struct footer_reader *r, struct meta_group *out)
{
    struct thrift_field f = {0}, element;

    out->row_count = -1;
    while (thrift_next(&r->t, &f)) {
        if (f.id == 1) {
            out->chunks = open_list(r, &f, sizeof *out->chunks, &element, &out->chunk_count);
            for (int32_t i = 0; i < out->chunk_count && reading(r); i++)
                read_chunk(r, &out->chunks[i]);
        } else if (f.id == 3) {
            out->row_count = thrift_int(&r->t, &f);
        } else {
            thrift_skip(&r->t, &f);
        }
    }
}

static void read_pair(struct footer_reader *r, struct meta_pair *out)
{
    struct thrift_field f = {0};

    out->key = "";
    while (thrift_next(&r->t, &f)) {
        if (f.id == 1)
            out->key = read_text(r, &f);
        else if (f.id == 2)
            out->value = read_text(r, &f);
        else
            thrift_skip(&r->t, &f);
    }
}

static void read_file(struct footer_reader *r, struct meta_file *out)
{
    struct thrift_field f = {0}, element;

    while (reading(r) && thrift_next(&r->t, &f)) {
        switch (f.id) {
        case 2:
            out->elements = open_list(r, &f, sizeof *out->elements, &element, &out->element_count);
            for (int32_t i = 0; i < out->element_count && reading(r); i++)
                read_element(r, &out->elements[i]);
            break;
        case 3:
            out->row_count = thrift_int(&r->t, &f);
            break;
        case 4:
            out->groups = open_list(r, &f, sizeof *out->groups, &element, &out->group_count);
            for (int32_t i = 0; i < out->group_count && reading(r); i++)
                read_group(r, &out->groups[i]);
            break;
        case 5:
            out->pairs = open_list(r, &f, sizeof *out->pairs, &element, &out->pair_count);
            for (int32_t i = 0; i < out->pair_count && reading(r); i++)
                read_pair(r, &out->pairs[i]);
            break;
        case 8:
            out->encrypted = true;
            thrift_skip(&r->t, &f);
            break;
        default:
            thrift_skip(&r->t, &f);
            break;
        }
    }
}

enum err meta_read_footer(struct arena *arena, struct slice footer, struct meta_file *out, struct error *e)
{
    struct footer_reader r = {thrift_reader_of(footer), arena};

    *out = (struct meta_file){.row_count = -1};
    read_file(&r, out);
    if (arena->failed)
        return error_memory(e, footer.len, "the footer of a Parquet file");
    if (r.t.in.failed)
        return error_set(e, ERR_CORRUPT, "the footer is damaged near its byte %zu of %zu",
                         footer.len - reader_left(&r.t.in), footer.len);
    if (out->element_count == 0)
        return error_set(e, ERR_CORRUPT, "the footer has no schema");
    return OK;
}

/* --- page headers --- */

static void read_v1(struct thrift_reader *t, struct meta_page *out)
{
    struct thrift_field f = {0};

    while (thrift_next(t, &f)) {
        if (f.id == 1)
            out->value_count = thrift_i32(t, &f);
        else if (f.id == 2)
            out->encoding = thrift_i32(t, &f);
        else if (f.id == 3 && out->type == PAGE_DATA)
            out->def_encoding = thrift_i32(t, &f);
        else if (f.id == 4 && out->type == PAGE_DATA)
            out->rep_encoding = thrift_i32(t, &f);
        else
            thrift_skip(t, &f);
    }
}

static void read_v2(struct thrift_reader *t, struct meta_page *out)
{
    struct thrift_field f = {0};

    while (thrift_next(t, &f)) {
        switch (f.id) {
        case 1:
            out->value_count = thrift_i32(t, &f);
            break;
        case 2:
            out->null_count = thrift_i32(t, &f);
            break;
        case 3:
            out->row_count = thrift_i32(t, &f);
            break;
        case 4:
            out->encoding = thrift_i32(t, &f);
            break;
        case 5:
            out->def_bytes = thrift_i32(t, &f);
            break;
        case 6:
            out->rep_bytes = thrift_i32(t, &f);
            break;
        case 7:
            out->is_compressed = thrift_bool(t, &f);
            break;
        default:
            thrift_skip(t, &f);
            break;
        }
    }
}

enum err meta_read_page(struct slice in, struct meta_page *out, size_t *header_bytes, struct error *e)
{
    struct thrift_reader t = thrift_reader_of(in);
    struct thrift_field f = {0};

    *out = (struct meta_page){.type = -1, .value_count = -1, .encoding = -1, .is_compressed = true};
    while (thrift_next(&t, &f)) {
        if (f.id == 1) {
            out->type = thrift_i32(&t, &f);
        } else if (f.id == 2) {
            out->uncompressed_bytes = thrift_i32(&t, &f);
        } else if (f.id == 3) {
            out->compressed_bytes = thrift_i32(&t, &f);
        } else if (f.id == 4) {
            out->crc = thrift_i32(&t, &f);
            out->has_crc = true;
        } else if ((f.id == 5 && out->type == PAGE_DATA) || (f.id == 7 && out->type == PAGE_DICTIONARY)) {
            if (thrift_struct(&t, &f))
                read_v1(&t, out);
        } else if (f.id == 8 && out->type == PAGE_DATA_V2) {
            if (thrift_struct(&t, &f))
                read_v2(&t, out);
        } else {
            thrift_skip(&t, &f);
        }
    }
    if (t.in.failed)
        return error_set(e, ERR_CORRUPT, "its header is damaged");
    *header_bytes = in.len - reader_left(&t.in);
    if (out->uncompressed_bytes < 0 || out->compressed_bytes < 0 ||
        (out->type != PAGE_INDEX && out->value_count < 0))
        return error_set(e, ERR_CORRUPT, "its header has a negative size");
    return OK;
}
