/* parquet_bounds.c: see parquet_bounds.h. */
#include "parquet/parquet_bounds.h"

#define FIXED_STATS_MAX 64 /* longer FIXED values get no statistics: they may not be cut */

void bounds_init(struct bounds *b, struct budget *budget)
{
    *b = (struct bounds){.any = false};
    pbuf_init(&b->min_bytes, budget);
    pbuf_init(&b->max_bytes, budget);
}

void bounds_fini(struct bounds *b)
{
    pbuf_fini(&b->min_bytes);
    pbuf_fini(&b->max_bytes);
    b->any = false;
}

void bounds_clear(struct bounds *b)
{
    b->any = false;
}

/* --- taking in --- */

static void add_int_range(struct bounds *b, int64_t min, int64_t max)
{
    b->min.i64 = b->any ? MIN(b->min.i64, min) : min;
    b->max.i64 = b->any ? MAX(b->max.i64, max) : max;
    b->any = true;
}

static void add_float_range(struct bounds *b, double min, double max)
{
    b->min.f64 = b->any ? MIN(b->min.f64, min) : min;
    b->max.f64 = b->any ? MAX(b->max.f64, max) : max;
    b->any = true;
}

void bounds_add_ints(struct bounds *b, const uint64_t *values, int32_t count)
{
    int64_t min, max;

    if (count == 0)
        return;
    min = max = (int64_t)values[0];
    for (int32_t i = 1; i < count; i++) {
        int64_t v = (int64_t)values[i];

        min = MIN(min, v);
        max = MAX(max, v);
    }
    add_int_range(b, min, max);
}

static double float_of(uint64_t bits, size_t width)
{
    uint32_t narrow = (uint32_t)bits;
    float f;
    double d;

    if (width == 4) {
        memcpy(&f, &narrow, sizeof f);
        return (double)f;
    }
    memcpy(&d, &bits, sizeof d);
    return d;
}

void bounds_add_floats(struct bounds *b, const uint64_t *bits, int32_t count, size_t width,
                       int64_t *nan_count)
{
    double min = __builtin_inf(), max = -__builtin_inf();
    int32_t nans = 0;

    for (int32_t i = 0; i < count; i++) {
        double v = float_of(bits[i], width);

        nans += v != v;
        min = v < min ? v : min; /* false for NaN */
        max = v > max ? v : max;
    }
    *nan_count += nans;
    if (nans < count)
        add_float_range(b, min, max);
}

static int order(struct slice a, struct slice b, bool is_signed)
{
    if (is_signed && a.len && b.len && *a.ptr != *b.ptr)
        return (int8_t)*a.ptr < (int8_t)*b.ptr ? -1 : 1;
    return slice_compare(a, b);
}

static void put(struct pbuf *to, struct slice value)
{
    to->len = 0;
    pbuf_append(to, value.ptr, value.len);
}

void bounds_add_bytes(struct bounds *b, struct slice value, bool is_signed)
{
    if (!b->any || order(value, pbuf_all(&b->min_bytes), is_signed) < 0)
        put(&b->min_bytes, value);
    if (!b->any || order(value, pbuf_all(&b->max_bytes), is_signed) > 0)
        put(&b->max_bytes, value);
    b->any = true;
}

/* The first four bytes as a number that orders as they do. */
static uint32_t key_of(const struct view *v, uint32_t flip)
{
    uint32_t key;

    memcpy(&key, v->inlined, 4);
    return __builtin_bswap32(key) ^ flip;
}

void bounds_add_views(struct bounds *b, const struct view *views, int32_t count, bool is_signed)
{
    uint32_t flip = is_signed ? UINT32_C(1) << 31 : 0, min_key, max_key;
    int32_t min = 0, max = 0;

    if (count == 0)
        return;
    min_key = max_key = key_of(&views[0], flip);
    for (int32_t i = 1; i < count; i++) {
        uint32_t key = key_of(&views[i], flip);

        if (key <= min_key &&
            (key < min_key || order(view_slice(&views[i]), view_slice(&views[min]), is_signed) < 0)) {
            min = i;
            min_key = key;
        }
        if (key >= max_key &&
            (key > max_key || order(view_slice(&views[i]), view_slice(&views[max]), is_signed) > 0)) {
            max = i;
            max_key = key;
        }
    }
    bounds_add_bytes(b, view_slice(&views[min]), is_signed);
    bounds_add_bytes(b, view_slice(&views[max]), is_signed);
}

void bounds_merge(struct bounds *b, const struct bounds *from, enum leaf_order kind)
{
    if (!from->any)
        return;
    switch (kind) {
    case ORDER_INT:
        add_int_range(b, from->min.i64, from->max.i64);
        break;
    case ORDER_FLOAT:
        add_float_range(b, from->min.f64, from->max.f64);
        break;
    default:
        bounds_add_bytes(b, pbuf_all(&from->min_bytes), kind == ORDER_SIGNED_BYTES);
        bounds_add_bytes(b, pbuf_all(&from->max_bytes), kind == ORDER_SIGNED_BYTES);
        break;
    }
}

/* --- cutting texts --- */

/* The code point at the start of s and its length in bytes; -1 and 1 when it is no UTF-8. */
static int32_t decode_char(struct slice s, size_t *len)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)s.ptr[0];
    size_t n = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    int32_t point = n == 1 ? first : first & (0x7f >> n);

    *len = 1;
    if (n == 0 || n > s.len)
        return -1;
    for (size_t i = 1; i < n; i++) {
        if (((uint8_t)s.ptr[i] & 0xc0) != 0x80)
            return -1;
        point = point << 6 | ((uint8_t)s.ptr[i] & 0x3f);
    }
    if (point < smallest[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return -1;
    *len = n;
    return point;
}

static size_t encode_char(int32_t point, char *to)
{
    static const uint8_t heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = n; i > 1; i--, point >>= 6)
        to[i - 1] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)(heads[n] | point);
    return n;
}

/* Bytes of the first `cut` characters (text) or bytes. */
static size_t cut_length(struct slice s, int32_t cut, bool text)
{
    size_t at = 0, len;

    if (!text)
        return MIN(s.len, (size_t)cut);
    for (int32_t i = 0; i < cut && at < s.len; i++) {
        decode_char(slice_from(s, at), &len);
        at += len;
    }
    return at;
}

/* Append a value above everything that begins with prefix, no longer than it in characters; false: there is
 * none. */
static bool write_above(struct slice prefix, bool text, struct bytes *out)
{
    char next[4];
    size_t len;

    while (prefix.len) {
        size_t start = prefix.len - 1;
        int32_t point = -1;

        for (size_t back = 1; text && point < 0 && back <= MIN(prefix.len, (size_t)4); back++) {
            point = decode_char(slice_from(prefix, prefix.len - back), &len);
            if (point >= 0 && len == back)
                start = prefix.len - back;
            else
                point = -1;
        }
        if (point >= 0 ? point < 0x10ffff : (uint8_t)prefix.ptr[start] < 0xff) {
            bytes_append(out, prefix.ptr, start);
            if (point < 0)
                bytes_u8(out, (uint8_t)(prefix.ptr[start] + 1));
            else
                bytes_append(out, next, encode_char(point == 0xd7ff ? 0xe000 : point + 1, next));
            return true;
        }
        prefix.len = start;
    }
    return false;
}

/* --- writing --- */

static void write_int(const struct bounds *b, const struct parquet_leaf *leaf, bool upper, struct bytes *out)
{
    int64_t v = upper ? b->max.i64 : b->min.i64;

    if (leaf->physical == PHYSICAL_BOOLEAN)
        bytes_u8(out, (uint8_t)v);
    else if (leaf->width == 4)
        bytes_le32(out, (uint32_t)v);
    else
        bytes_le64(out, (uint64_t)v);
}

static void write_float(const struct bounds *b, const struct parquet_leaf *leaf, bool upper,
                        struct bytes *out)
{
    double v = upper ? b->max.f64 : b->min.f64;
    uint64_t bits;
    uint32_t narrow;
    float f;

    if (v == 0)
        v = upper ? 0.0 : -0.0;
    f = (float)v;
    memcpy(&bits, &v, sizeof bits);
    memcpy(&narrow, &f, sizeof narrow);
    if (leaf->width == 4)
        bytes_le32(out, narrow);
    else
        bytes_le64(out, bits);
}

/* A big-endian number without the bytes that only repeat its sign. */
static struct slice shortest(struct slice s)
{
    while (s.len > 1 && (int8_t)s.ptr[0] == (int8_t)s.ptr[1] >> 7)
        s = slice_from(s, 1);
    return s;
}

static void write_decimal(const struct bounds *b, const struct parquet_leaf *leaf, bool upper,
                          struct bytes *out)
{
    char raw[8];
    uint64_t v = (uint64_t)(upper ? b->max.i64 : b->min.i64);
    struct slice s = upper ? pbuf_all(&b->max_bytes) : pbuf_all(&b->min_bytes);

    if (leaf->order == ORDER_INT) {
        for (int i = 0; i < 8; i++)
            raw[i] = (char)(v >> (56 - 8 * i));
        s = slice_of(raw, sizeof raw);
    }
    bytes_slice(out, shortest(s));
}

static bool write_bytes(const struct bounds *b, const struct parquet_leaf *leaf, bool upper, bool may_cut,
                        int32_t cut, struct bytes *out, bool *exact)
{
    bool text = leaf->type->kind == TYPE_STRING;
    struct slice s = upper ? pbuf_all(&b->max_bytes) : pbuf_all(&b->min_bytes);
    struct slice head = {s.ptr, may_cut ? cut_length(s, cut, text) : s.len};

    *exact = head.len == s.len;
    if (*exact || !upper) {
        bytes_slice(out, head);
        return true;
    }
    if (!write_above(head, text,
                     out)) { /* nothing but the highest characters: only the value itself is above */
        bytes_slice(out, s);
        *exact = true;
    }
    return true;
}

bool bounds_write(const struct bounds *b, const struct parquet_leaf *leaf, bool upper, enum bounds_form form,
                  int32_t cut, struct bytes *out, bool *exact)
{
    *exact = true;
    if (!b->any)
        return false;
    if (leaf->type->kind == TYPE_DECIMAL && form == BOUNDS_ICEBERG) {
        write_decimal(b, leaf, upper, out);
        return true;
    }
    switch (leaf->order) {
    case ORDER_INT:
        write_int(b, leaf, upper, out);
        return true;
    case ORDER_FLOAT:
        write_float(b, leaf, upper, out);
        return true;
    default:
        if (leaf->physical == PHYSICAL_FIXED && form == BOUNDS_PARQUET && leaf->type_length > FIXED_STATS_MAX)
            return false;
        return write_bytes(b, leaf, upper,
                           leaf->physical == PHYSICAL_BYTES ||
                               (leaf->type->kind == TYPE_FIXED && form == BOUNDS_ICEBERG),
                           cut, out, exact);
    }
}

int bounds_compare(const struct parquet_leaf *leaf, struct slice a, struct slice b)
{
    uint64_t x = 0, y = 0;
    int64_t i, k;
    double f, g;

    if (leaf->order == ORDER_BYTES || leaf->order == ORDER_SIGNED_BYTES)
        return order(a, b, leaf->order == ORDER_SIGNED_BYTES);
    assert(a.len <= 8 && b.len <= 8);
    memcpy(&x, a.ptr, a.len);
    memcpy(&y, b.ptr, b.len);
    if (leaf->order == ORDER_FLOAT) {
        f = float_of(x, leaf->width);
        g = float_of(y, leaf->width);
        return (f > g) - (f < g);
    }
    i = leaf->width == 4 ? (int32_t)x : (int64_t)x;
    k = leaf->width == 4 ? (int32_t)y : (int64_t)y;
    return (i > k) - (i < k);
}
