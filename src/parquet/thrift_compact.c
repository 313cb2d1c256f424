/* thrift_compact.c: see thrift_compact.h. */
#include "parquet/thrift_compact.h"

#define SKIP_DEPTH_MAX 32

/* --- writing --- */

void thrift_begin(struct thrift_writer *w)
{
    assert(w->depth < THRIFT_DEPTH_MAX);
    w->last[w->depth++] = 0;
}

void thrift_end(struct thrift_writer *w)
{
    assert(w->depth > 0);
    bytes_u8(w->out, THRIFT_STOP);
    w->depth--;
}

static void put_field(struct thrift_writer *w, int16_t id, enum thrift_type type)
{
    int16_t *last = &w->last[w->depth - 1];
    int step = id - *last;

    assert(w->depth > 0 && step > 0);
    if (step <= 15) {
        bytes_u8(w->out, (uint8_t)(step << 4 | (int)type));
    } else {
        bytes_u8(w->out, (uint8_t)type);
        bytes_zigzag(w->out, id);
    }
    *last = id;
}

void thrift_put_bool(struct thrift_writer *w, int16_t id, bool v)
{
    put_field(w, id, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_put_byte(struct thrift_writer *w, int16_t id, int8_t v)
{
    put_field(w, id, THRIFT_BYTE);
    bytes_u8(w->out, (uint8_t)v);
}

void thrift_put_i16(struct thrift_writer *w, int16_t id, int16_t v)
{
    put_field(w, id, THRIFT_I16);
    bytes_zigzag(w->out, v);
}

void thrift_put_i32(struct thrift_writer *w, int16_t id, int32_t v)
{
    put_field(w, id, THRIFT_I32);
    bytes_zigzag(w->out, v);
}

void thrift_put_i64(struct thrift_writer *w, int16_t id, int64_t v)
{
    put_field(w, id, THRIFT_I64);
    bytes_zigzag(w->out, v);
}

void thrift_put_binary(struct thrift_writer *w, int16_t id, struct slice v)
{
    put_field(w, id, THRIFT_BINARY);
    thrift_element_binary(w, v);
}

void thrift_put_struct(struct thrift_writer *w, int16_t id)
{
    put_field(w, id, THRIFT_STRUCT);
    thrift_begin(w);
}

void thrift_put_encoded(struct thrift_writer *w, int16_t id, struct slice v)
{
    put_field(w, id, THRIFT_STRUCT);
    bytes_slice(w->out, v);
}

void thrift_put_list(struct thrift_writer *w, int16_t id, enum thrift_type type, size_t count)
{
    put_field(w, id, THRIFT_LIST);
    if (count < 15) {
        bytes_u8(w->out, (uint8_t)(count << 4 | (size_t)type));
        return;
    }
    bytes_u8(w->out, (uint8_t)(0xf0 | (int)type));
    bytes_varint(w->out, count);
}

void thrift_element_int(struct thrift_writer *w, int64_t v)
{
    bytes_zigzag(w->out, v);
}

void thrift_element_bool(struct thrift_writer *w, bool v)
{
    bytes_u8(w->out, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_element_binary(struct thrift_writer *w, struct slice v)
{
    bytes_varint(w->out, v.len);
    bytes_slice(w->out, v);
}

/* --- reading --- */

bool thrift_next(struct thrift_reader *r, struct thrift_field *f)
{
    uint8_t head = reader_u8(&r->in);
    int64_t id;

    if (r->in.failed || (head & 15) == THRIFT_STOP)
        return false;
    id = head >> 4 ? f->id + (head >> 4) : reader_zigzag(&r->in);
    if (id < INT16_MIN || id > INT16_MAX)
        r->in.failed = true;
    f->id = (int16_t)id;
    f->type = head & 15;
    return !r->in.failed;
}

int64_t thrift_int(struct thrift_reader *r, const struct thrift_field *f)
{
    switch (f->type) {
    case THRIFT_BYTE:
        return (int8_t)reader_u8(&r->in);
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        return reader_zigzag(&r->in);
    default:
        r->in.failed = true;
        return 0;
    }
}

int32_t thrift_i32(struct thrift_reader *r, const struct thrift_field *f)
{
    int64_t v = thrift_int(r, f);

    if (v < INT32_MIN || v > INT32_MAX) {
        r->in.failed = true;
        return 0;
    }
    return (int32_t)v;
}

bool thrift_bool(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type != THRIFT_TRUE && f->type != THRIFT_FALSE)
        r->in.failed = true;
    return f->type == THRIFT_TRUE;
}

struct slice thrift_binary(struct thrift_reader *r, const struct thrift_field *f)
{
    uint64_t len;

    if (f->type != THRIFT_BINARY) {
        r->in.failed = true;
        return (struct slice){NULL, 0};
    }
    len = reader_varint(&r->in);
    if (len > reader_left(&r->in)) {
        r->in.failed = true;
        return (struct slice){NULL, 0};
    }
    return reader_bytes(&r->in, (size_t)len);
}

bool thrift_struct(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type != THRIFT_STRUCT)
        r->in.failed = true;
    return !r->in.failed;
}

uint32_t thrift_list(struct thrift_reader *r, const struct thrift_field *f, struct thrift_field *element)
{
    uint8_t head;
    uint64_t count;

    if (f->type != THRIFT_LIST && f->type != THRIFT_SET) {
        r->in.failed = true;
        return 0;
    }
    head = reader_u8(&r->in);
    count = head >> 4 == 15 ? reader_varint(&r->in) : head >> 4;
    *element = (struct thrift_field){0, head & 15};
    if (r->in.failed || count > reader_left(&r->in)) { /* every element takes a byte at least */
        r->in.failed = true;
        return 0;
    }
    return (uint32_t)count;
}

static void skip_elements(struct thrift_reader *r, uint64_t count, uint8_t type)
{
    struct thrift_field element = {0, type};

    for (uint64_t i = 0; i < count && !r->in.failed; i++) {
        if (type == THRIFT_TRUE || type == THRIFT_FALSE)
            reader_u8(&r->in); /* in a list a boolean takes its own byte */
        else
            thrift_skip(r, &element);
    }
}

static void skip_map(struct thrift_reader *r)
{
    uint64_t count = reader_varint(&r->in);
    uint8_t types = count ? reader_u8(&r->in) : 0;

    if (count > reader_left(&r->in)) {
        r->in.failed = true;
        return;
    }
    for (uint64_t i = 0; i < count && !r->in.failed; i++) {
        skip_elements(r, 1, types >> 4);
        skip_elements(r, 1, types & 15);
    }
}

static void skip_struct(struct thrift_reader *r)
{
    struct thrift_field f = {0};

    while (thrift_next(r, &f))
        thrift_skip(r, &f);
}

static void skip_nested(struct thrift_reader *r, const struct thrift_field *f)
{
    struct thrift_field element;
    uint32_t count;

    switch (f->type) {
    case THRIFT_LIST:
    case THRIFT_SET:
        count = thrift_list(r, f, &element);
        skip_elements(r, count, element.type);
        break;
    case THRIFT_MAP:
        skip_map(r);
        break;
    case THRIFT_STRUCT:
        skip_struct(r);
        break;
    default:
        r->in.failed = true;
        break;
    }
}

void thrift_skip(struct thrift_reader *r, const struct thrift_field *f)
{
    switch (f->type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        break;
    case THRIFT_BYTE:
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        thrift_int(r, f);
        break;
    case THRIFT_DOUBLE:
        reader_bytes(&r->in, 8);
        break;
    case THRIFT_UUID:
        reader_bytes(&r->in, 16);
        break;
    case THRIFT_BINARY:
        thrift_binary(r, f);
        break;
    default:
        if (r->depth == SKIP_DEPTH_MAX) {
            r->in.failed = true;
            break;
        }
        r->depth++;
        skip_nested(r, f);
        r->depth--;
        break;
    }
}
