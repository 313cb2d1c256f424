/* leaf_values.c: see leaf_values.h. Where memory is the same, values are copied; else they pass through 64
 * bits. */
#include "parquet/leaf_values.h"

#define PART          256     /* values on their way through 64 bits */
#define JULIAN_EPOCH  2440588 /* the Julian day of 1970-01-01 */
#define MICROS_OF_DAY INT64_C(86400000000)

size_t leaf_plain_width(const struct parquet_column *leaf)
{
    static const uint8_t widths[PHYSICAL_COUNT] = {
        [PHYSICAL_INT32] = 4, [PHYSICAL_INT64] = 8,  [PHYSICAL_INT96] = 12,
        [PHYSICAL_FLOAT] = 4, [PHYSICAL_DOUBLE] = 8,
    };

    return leaf->element->physical == PHYSICAL_FIXED ? (size_t)leaf->element->type_length
                                                     : widths[leaf->element->physical];
}

bool leaf_is_views(const struct parquet_column *leaf)
{
    return leaf->element->physical == PHYSICAL_BYTES || leaf->element->physical == PHYSICAL_FIXED;
}

static enum err out_of_range(const struct parquet_column *leaf, int64_t v, struct error *e)
{
    return error_set(e, ERR_CORRUPT, "the value %" PRId64 " is out of the range of its type (column %s)", v,
                     leaf->name);
}

/* --- numbers --- */

static void load(const struct parquet_column *leaf, const char *in, size_t count, int64_t *out)
{
    bool is_unsigned = leaf->element->logical == LOGICAL_INTEGER && !leaf->element->is_signed;

    if (leaf->element->physical == PHYSICAL_INT64) {
        memcpy(out, in, count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int32_t v;

        memcpy(&v, in + i * sizeof v, sizeof v);
        out[i] = is_unsigned ? (int64_t)(uint32_t)v : v;
    }
}

/* Milliseconds to microseconds; nanoseconds of the day to microseconds, when nothing is lost. */
static enum err scale(const struct parquet_column *leaf, int64_t *values, size_t count, struct error *e)
{
    const struct meta_element *m = leaf->element;
    enum type_kind kind = leaf->type->kind;

    if (kind != TYPE_TIME && kind != TYPE_TIMESTAMP && kind != TYPE_TIMESTAMP_LTZ)
        return OK;
    for (size_t i = 0; m->unit == UNIT_MILLIS && i < count; i++)
        if (__builtin_mul_overflow(values[i], 1000, &values[i]))
            return out_of_range(leaf, values[i], e);
    for (size_t i = 0; m->unit == UNIT_NANOS && kind == TYPE_TIME && i < count; i++) {
        if (values[i] % 1000)
            return error_set(e, ERR_UNSUPPORTED, "column %s has times of day with nanoseconds", leaf->name);
        values[i] /= 1000;
    }
    return OK;
}

#define STORE(ctype)                                                                                         \
    do {                                                                                                     \
        for (size_t i = 0; i < count; i++) {                                                                 \
            ((ctype *)out)[i] = (ctype)values[i];                                                            \
            if (((ctype *)out)[i] != values[i])                                                              \
                return out_of_range(leaf, values[i], e);                                                     \
        }                                                                                                    \
    } while (0)

static enum err store(const struct parquet_column *leaf, const struct type *wanted, const int64_t *values,
                      size_t count, void *out, struct error *e)
{
    bool is_unsigned = leaf->element->logical == LOGICAL_INTEGER && !leaf->element->is_signed &&
                       leaf->element->physical == PHYSICAL_INT64;

    switch (type_width(wanted)) {
    case 1:
        STORE(int8_t);
        break;
    case 2:
        STORE(int16_t);
        break;
    case 4:
        STORE(int32_t);
        break;
    case 8:
        memcpy(out, values, count * sizeof *values);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            ((__int128 *)out)[i] = is_unsigned ? (__int128)(uint64_t)values[i] : values[i];
        break;
    }
    return OK;
}

static enum err from_integers(const struct parquet_column *leaf, const struct type *wanted, const char *in,
                              size_t count, void *out, struct error *e)
{
    size_t width = leaf_plain_width(leaf), to_width = type_width(wanted);
    bool timed = leaf->element->unit != UNIT_NONE;
    int64_t part[PART];
    enum err rc = OK;

    if (width == to_width && !timed) {
        memcpy(out, in, count * width);
        return OK;
    }
    for (size_t at = 0, n; at < count && rc == OK; at += n) {
        n = MIN(count - at, (size_t)PART);
        load(leaf, in + at * width, n, part);
        if ((rc = scale(leaf, part, n, e)) == OK)
            rc = store(leaf, wanted, part, n, (char *)out + at * to_width, e);
    }
    return rc;
}

/* Nanoseconds of the day and the Julian day, as Impala, Hive and Spark wrote timestamps. */
static enum err from_int96(const struct parquet_column *leaf, const char *in, size_t count, int64_t *out,
                           struct error *e)
{
    for (size_t i = 0; i < count; i++, in += 12) {
        int64_t nanos, micros;
        int32_t day;

        memcpy(&nanos, in, sizeof nanos);
        memcpy(&day, in + sizeof nanos, sizeof day);
        micros = nanos / 1000 - (nanos % 1000 < 0);
        if (__builtin_mul_overflow((int64_t)day - JULIAN_EPOCH, MICROS_OF_DAY, &out[i]) ||
            __builtin_add_overflow(out[i], micros, &out[i]))
            return out_of_range(leaf, day, e);
    }
    return OK;
}

static void from_floats(const char *in, size_t count, double *out)
{
    for (size_t i = 0; i < count; i++) {
        float v;

        memcpy(&v, in + i * sizeof v, sizeof v);
        out[i] = (double)v;
    }
}

enum err leaf_from_plain(const struct parquet_column *leaf, const struct type *wanted, const char *in,
                         size_t count, void *out, struct error *e)
{
    switch (leaf->element->physical) {
    case PHYSICAL_INT96:
        return from_int96(leaf, in, count, out, e);
    case PHYSICAL_FLOAT:
        if (wanted->kind == TYPE_DOUBLE)
            from_floats(in, count, out);
        else
            memcpy(out, in, count * sizeof(float));
        return OK;
    case PHYSICAL_DOUBLE:
        memcpy(out, in, count * sizeof(double));
        return OK;
    default:
        assert(leaf->element->physical == PHYSICAL_INT32 || leaf->element->physical == PHYSICAL_INT64);
        return from_integers(leaf, wanted, in, count, out, e);
    }
}

/* --- bytes --- */

/* A big-endian number of two's complement; false when it does not fit 128 bits. */
static bool decimal_of(struct slice s, __int128 *out)
{
    unsigned __int128 v = s.len && (int8_t)s.ptr[0] < 0 ? ~(unsigned __int128)0 : 0;
    uint8_t sign = (uint8_t)v;

    for (; s.len > 16; s = slice_from(s, 1))
        if ((uint8_t)s.ptr[0] != sign || ((uint8_t)s.ptr[1] & 0x80) != (sign & 0x80))
            return false;
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | (uint8_t)s.ptr[i];
    *out = (__int128)v;
    return true;
}

static float half_of(struct slice s)
{
    uint32_t h = (uint32_t)(uint8_t)s.ptr[0] | (uint32_t)(uint8_t)s.ptr[1] << 8;
    uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff, bits;
    float out;

    if (exponent == 0) { /* zero, or so small that the fraction has no leading one */
        out = (float)fraction / 16777216.0f;
        return sign ? -out : out;
    }
    bits = sign | (exponent == 31 ? UINT32_C(0x7f800000) : (exponent + 112) << 23) | fraction << 13;
    memcpy(&out, &bits, sizeof out);
    return out;
}

enum err leaf_from_views(const struct parquet_column *leaf, const struct type *wanted, const struct view *in,
                         size_t count, void *out, struct error *e)
{
    if (wanted->kind == TYPE_DECIMAL) {
        for (size_t i = 0; i < count; i++)
            if (!decimal_of(view_slice(&in[i]), &((__int128 *)out)[i]))
                return error_set(e, ERR_CORRUPT, "a decimal of column %s does not fit 128 bits", leaf->name);
    } else if (leaf->type->kind == TYPE_FLOAT) {
        for (size_t i = 0; i < count; i++) {
            float v = half_of(view_slice(&in[i]));

            if (wanted->kind == TYPE_DOUBLE)
                ((double *)out)[i] = (double)v;
            else
                ((float *)out)[i] = v;
        }
    } else if (out != (const void *)in) {
        memcpy(out, in, count * sizeof *in);
    }
    return OK;
}
