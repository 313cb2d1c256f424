/* value_slice.c: see value_slice.h. */
#include "parquet/value_slice.h"

#define GATHER(array)                                                                                        \
    do {                                                                                                     \
        for (int32_t i = 0; i < out->count; i++)                                                             \
            out->numbers[i] = (uint64_t)(int64_t)(array)[rows[i]];                                           \
    } while (0)

static void gather_floats(const struct column *c, const int32_t *rows, struct value_slice *out)
{
    const uint32_t *bits = c->values;

    for (int32_t i = 0; i < out->count; i++)
        out->numbers[i] = bits[rows[i]];
}

static void gather_doubles(const struct column *c, const int32_t *rows, struct value_slice *out)
{
    const uint64_t *bits = c->values;

    for (int32_t i = 0; i < out->count; i++)
        out->numbers[i] = bits[rows[i]];
}

static enum err gather_views(const struct parquet_leaf *leaf, const struct column *c, const int32_t *rows,
                             struct value_slice *out, struct error *e)
{
    for (int32_t i = 0; i < out->count; i++)
        out->views[i] = c->views[rows[i]];
    if (leaf->physical != PHYSICAL_FIXED)
        return OK;
    for (int32_t i = 0; i < out->count; i++)
        if (out->views[i].len != (uint32_t)leaf->type_length)
            return error_set(e, ERR_INPUT,
                             "column %s has a value of %" PRIu32 " bytes, but its type wants %" PRId32,
                             leaf->name, out->views[i].len, leaf->type_length);
    return OK;
}

static enum err gather_decimals(const struct parquet_leaf *leaf, const struct column *c, const int32_t *rows,
                                struct value_slice *out, struct error *e)
{
    __int128 limit = 1;

    for (int32_t i = 0; i < leaf->type->precision; i++)
        limit *= 10;
    for (int32_t i = 0; i < out->count; i++) {
        __int128 v = c->i128[rows[i]];

        if (v >= limit || v <= -limit)
            return error_set(e, ERR_INPUT,
                             "column %s has a value that does not fit DECIMAL(%" PRId32 ", %" PRId32 ")",
                             leaf->name, leaf->type->precision, leaf->type->scale);
        if (leaf->physical != PHYSICAL_FIXED) {
            out->numbers[i] = (uint64_t)v;
            continue;
        }
        for (int32_t k = leaf->type_length; k > 0; k--, v >>= 8)
            out->decimals[i][k - 1] = (char)v;
        out->views[i] = view_of(out->decimals[i], (size_t)leaf->type_length);
    }
    return OK;
}

enum err value_slice_gather(struct value_slice *out, const struct parquet_leaf *leaf, const struct column *c,
                            const int32_t *rows, struct error *e)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        GATHER(c->u8);
        return OK;
    case TYPE_INT8:
        GATHER(c->i8);
        return OK;
    case TYPE_INT16:
        GATHER(c->i16);
        return OK;
    case TYPE_INT32:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS:
        GATHER(c->i32);
        return OK;
    case TYPE_INT64:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
    case TYPE_INTERVAL_MILLIS:
        GATHER(c->i64);
        return OK;
    case TYPE_FLOAT:
        gather_floats(c, rows, out);
        return OK;
    case TYPE_DOUBLE:
        gather_doubles(c, rows, out);
        return OK;
    case TYPE_DECIMAL:
        return gather_decimals(leaf, c, rows, out, e);
    default:
        return gather_views(leaf, c, rows, out, e);
    }
}
