/* rows.c: see rows.h. */
#include "expr/rows.h"
#include "base/decimal.h"
#include "base/hash.h"
#include <math.h>

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int order_double(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return ORDER(a, b);
}

int rows_compare(const struct column *x, int32_t row, const struct column *y, int32_t other)
{
    switch (x->type->kind) {
    case TYPE_BOOLEAN:
        return ORDER(x->u8[row], y->u8[other]);
    case TYPE_FLOAT:
        return order_double((double)x->f32[row], (double)y->f32[other]);
    case TYPE_DOUBLE:
        return order_double(x->f64[row], y->f64[other]);
    case TYPE_DECIMAL:
        return decimal_compare(x->i128[row], x->type->scale, y->i128[other], y->type->scale);
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        return ORDER(slice_compare(column_slice(x, row), column_slice(y, other)), 0);
    case TYPE_INT8:
        return ORDER(x->i8[row], y->i8[other]);
    case TYPE_INT16:
        return ORDER(x->i16[row], y->i16[other]);
    case TYPE_INT32:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS:
        return ORDER(x->i32[row], y->i32[other]);
    default:
        assert(!type_is_nested(x->type));
        return ORDER(x->i64[row], y->i64[other]);
    }
}

static bool same_bits(const struct column *x, int32_t row, const struct column *y, int32_t other)
{
    size_t width = type_width(x->type);

    return memcmp((char *)x->values + (size_t)row * width, (char *)y->values + (size_t)other * width,
                  width) == 0;
}

static bool same(const struct column *x, int32_t row, const struct column *y, int32_t other, bool bits);

static bool same_elements(const struct column *x, int32_t row, const struct column *y, int32_t other,
                          bool bits)
{
    int32_t a = x->offsets[row], b = y->offsets[other], count = x->offsets[row + 1] - a;

    if (count != y->offsets[other + 1] - b)
        return false;
    for (int32_t i = 0; i < count; i++)
        if (!same(&x->children[0], a + i, &y->children[0], b + i, bits))
            return false;
    return true;
}

/* The entry of y's map with the key of x's; -1: none. */
static int32_t find_key(const struct column *x, int32_t at, const struct column *y, int32_t other, bool bits)
{
    for (int32_t i = y->offsets[other]; i < y->offsets[other + 1]; i++)
        if (same(&x->children[0], at, &y->children[0], i, bits))
            return i;
    return -1;
}

/* Maps are equal whatever the order of their entries. */
static bool same_map(const struct column *x, int32_t row, const struct column *y, int32_t other, bool bits)
{
    if (x->offsets[row + 1] - x->offsets[row] != y->offsets[other + 1] - y->offsets[other])
        return false;
    for (int32_t i = x->offsets[row]; i < x->offsets[row + 1]; i++) {
        int32_t k = find_key(x, i, y, other, bits);

        if (k < 0 || !same(&x->children[1], i, &y->children[1], k, bits))
            return false;
    }
    return true;
}

static bool same(const struct column *x, int32_t row, const struct column *y, int32_t other, bool bits)
{
    if (!column_valid(x, row) || !column_valid(y, other))
        return column_valid(x, row) == column_valid(y, other);
    switch (x->type->kind) {
    case TYPE_LIST:
        return same_elements(x, row, y, other, bits);
    case TYPE_MAP:
        return same_map(x, row, y, other, bits);
    case TYPE_STRUCT:
        for (int32_t i = 0; i < x->type->field_count; i++)
            if (!same(&x->children[i], row, &y->children[i], other, bits))
                return false;
        return true;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return rows_compare(x, row, y, other) == 0 && (!bits || same_bits(x, row, y, other));
    default:
        return rows_compare(x, row, y, other) == 0;
    }
}

bool rows_identical(const struct column *x, int32_t row, const struct column *y, int32_t other)
{
    return same(x, row, y, other, true);
}

bool rows_equal(const struct column *x, int32_t row, const struct column *y, int32_t other)
{
    return same(x, row, y, other, false);
}

static uint64_t hash_double(double v)
{
    uint64_t bits;

    v = isnan(v) ? (double)NAN : v == 0 ? 0.0 : v;
    memcpy(&bits, &v, sizeof bits);
    return hash_mix(bits);
}

uint64_t rows_hash(const struct column *x, int32_t row)
{
    struct slice s;

    if (type_is_view(x->type)) {
        s = column_slice(x, row);
        return hash_bytes(s.ptr, s.len);
    }
    if (x->type->kind == TYPE_FLOAT)
        return hash_double((double)x->f32[row]);
    if (x->type->kind == TYPE_DOUBLE)
        return hash_double(x->f64[row]);
    assert(!type_is_nested(x->type));
    return hash_bytes((char *)x->values + (size_t)row * type_width(x->type), type_width(x->type));
}
