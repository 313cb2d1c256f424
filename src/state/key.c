/* key.c: the encoding of keys. A batch is encoded in two passes: how much room is needed at most, then the
 * writing, without a check for room in the inner loop. Keys of one or two strings without absent values,
 * which is what most jobs have, are written by a loop of their own.
 */
#include "state/key.h"
#include "base/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fixed-width values are copied as they lie in memory");

#define VARINT_MAX 5 /* bytes of the length of a view, which fits 32 bits */

void key_batch_fini(struct key_batch *k)
{
    bytes_fini(&k->bytes);
    mem_free(k->keys);
    *k = (struct key_batch){0};
}

/* --- how much room --- */

static size_t view_room(const struct batch *b, const struct column *c)
{
    int32_t live = batch_live(b);
    size_t room = (size_t)live * (1 + VARINT_MAX);

    for (int32_t i = 0; i < live; i++)
        room += c->views[batch_row(b, i)].len; /* 0 when absent */
    return room;
}

static size_t key_room(const struct batch *b, const int32_t *columns, int32_t column_count)
{
    size_t room = 0;

    for (int32_t i = 0; i < column_count; i++) {
        const struct column *c = &b->columns[columns[i]];

        room += type_is_view(c->type) ? view_room(b, c) : (size_t)batch_live(b) * (1 + type_width(c->type));
    }
    return room;
}

static bool room_for_keys(struct key_batch *k, int32_t count)
{
    struct key *grown;

    if (count <= k->capacity)
        return true;
    if ((grown = mem_realloc(k->keys, (size_t)count * sizeof *grown)) == NULL)
        return false;
    k->keys = grown;
    k->capacity = count;
    return true;
}

/* --- writing --- */

static inline char *put_view(char *to, const struct view *v)
{
    struct slice bytes = view_slice(v);
    size_t len = bytes.len;

    *to++ = 1;
    for (; len >= 0x80; len >>= 7)
        *to++ = (char)(len | 0x80);
    *to++ = (char)len;
    if (bytes.len)
        memcpy(to, bytes.ptr, bytes.len);
    return to + bytes.len;
}

static char *put_value(char *to, const struct column *c, int32_t row)
{
    size_t width;

    if (!column_valid(c, row)) {
        *to = 0;
        return to + 1;
    }
    if (type_is_view(c->type))
        return put_view(to, &c->views[row]);
    width = type_width(c->type);
    *to = 1;
    memcpy(to + 1, (const char *)c->values + (size_t)row * width, width);
    return to + 1 + width;
}

static struct key key_between(const char *from, const char *to)
{
    return key_of((struct slice){from, (size_t)(to - from)});
}

static char *put_any(struct key_batch *k, char *to, const struct batch *b, const int32_t *columns,
                     int32_t column_count)
{
    for (int32_t i = 0; i < k->count; i++) {
        char *from = to;
        int32_t row = batch_row(b, i);

        for (int32_t n = 0; n < column_count; n++)
            to = put_value(to, &b->columns[columns[n]], row);
        k->keys[i] = key_between(from, to);
    }
    return to;
}

/* One string (second NULL) or two, all there. */
static char *put_strings(struct key_batch *k, char *to, const struct batch *b, const struct view *first,
                         const struct view *second)
{
    for (int32_t i = 0; i < k->count; i++) {
        char *from = to;
        int32_t row = batch_row(b, i);

        to = put_view(to, &first[row]);
        if (second)
            to = put_view(to, &second[row]);
        k->keys[i] = key_between(from, to);
    }
    return to;
}

static bool all_strings(const struct batch *b, const int32_t *columns, int32_t column_count)
{
    for (int32_t i = 0; i < column_count; i++)
        if (!type_is_view(b->columns[columns[i]].type) || b->columns[columns[i]].validity)
            return false;
    return true;
}

bool key_batch_fill(struct key_batch *k, const struct batch *b, const int32_t *columns, int32_t column_count)
{
    char *start, *end;

    k->count = 0;
    bytes_clear(&k->bytes);
    if ((start = bytes_reserve(&k->bytes, MAX(key_room(b, columns, column_count), 1))) == NULL ||
        !room_for_keys(k, batch_live(b)))
        return false;
    k->count = batch_live(b);
    if (column_count >= 1 && column_count <= 2 && all_strings(b, columns, column_count))
        end = put_strings(k, start, b, b->columns[columns[0]].views,
                          column_count == 2 ? b->columns[columns[1]].views : NULL);
    else
        end = put_any(k, start, b, columns, column_count);
    k->bytes.len = (size_t)(end - start);
    assert(k->bytes.len <= k->bytes.capacity);
    return true;
}

/* --- and back --- */

static void append_value(struct column_builder *c, const char *value)
{
    int16_t two;
    int32_t four;
    int64_t eight;
    __int128 sixteen;

    switch (type_width(c->type)) {
    case 1:
        builder_u8(c, (uint8_t)*value);
        break;
    case 2:
        memcpy(&two, value, sizeof two);
        builder_i16(c, two);
        break;
    case 4:
        memcpy(&four, value, sizeof four);
        builder_i32(c, four);
        break;
    case 8:
        memcpy(&eight, value, sizeof eight);
        builder_i64(c, eight);
        break;
    default:
        memcpy(&sixteen, value, sizeof sixteen);
        builder_i128(c, sixteen);
        break;
    }
}

/* Read one field; append it too when append is true. */
static void read_field(struct reader *r, struct column_builder *c, bool append)
{
    uint8_t there = reader_u8(r);
    bool view = type_is_view(c->type);
    struct slice value = {0};

    if (there > 1)
        r->failed = true;
    if (there == 1)
        value = reader_bytes(r, view ? (size_t)reader_varint(r) : type_width(c->type));
    if (value.len > INT32_MAX)
        r->failed = true;
    if (!append || r->failed)
        return;
    if (there == 0)
        builder_null(c);
    else if (view)
        builder_copied(c, value.ptr, value.len);
    else
        append_value(c, value.ptr);
}

bool key_decode(struct slice bytes, struct column_builder *columns, int32_t count)
{
    for (int pass = 0; pass < 2; pass++) { /* look first, so that a bad key appends nothing */
        struct reader r = reader_of(bytes);

        for (int32_t i = 0; i < count; i++)
            read_field(&r, &columns[i], pass == 1);
        if (r.failed || reader_left(&r))
            return false;
    }
    return true;
}

enum err key_check(const struct schema *s, const int32_t *columns, int32_t count, struct error *e)
{
    for (int32_t i = 0; i < count; i++) {
        const struct field *f = &s->fields[columns[i]];
        struct bytes type = {0};

        if (!type_is_nested(f->type))
            continue;
        type_print(f->type, &type);
        error_set(e, ERR_UNSUPPORTED,
                  "column %s of type %s cannot be part of a key: choose columns of simple types", f->name,
                  type.failed ? "?" : bytes_cstr(&type));
        bytes_fini(&type);
        return ERR_UNSUPPORTED;
    }
    return OK;
}
