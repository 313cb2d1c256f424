/* avro_scalar.c: values that need more than to be copied: decimals, times, UUIDs, symbols, numbers of other
 * widths. */
#include "formats/avro_cursor.h"
#include "formats/avro_schema.h"
#include "formats/uuid.h"

static bool run_fixed(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const char *ptr;

    if (!read_fixed(c, s->size, &ptr))
        return false;
    builder_borrowed(to, ptr, (size_t)s->size);
    return true;
}

static bool run_varint_real(struct avro_cursor *c, enum avro_op op, struct column_builder *to)
{
    int64_t v;

    if (!read_long(c, &v))
        return false;
    if (op == AVRO_OP_VARINT_FLOAT)
        builder_f32(to, (float)v);
    else
        builder_f64(to, (double)v);
    return true;
}

static bool run_float(struct avro_cursor *c, enum avro_op op, struct column_builder *to)
{
    const char *ptr;
    float v;

    if (!read_fixed(c, sizeof v, &ptr))
        return false;
    memcpy(&v, ptr, sizeof v);
    if (op == AVRO_OP_FLOAT)
        builder_f32(to, v);
    else
        builder_f64(to, v);
    return true;
}

static bool run_enum(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    int64_t index;
    struct slice symbol;

    if (!read_index(c, s->symbol_count, "symbol", &index))
        return false;
    symbol = s->symbols[index];
    if (symbol.ptr == NULL)
        return fail(c, "symbol number %" PRId64 " is not one of the given schema's, which has no default",
                    index);
    builder_copied(to, symbol.ptr, symbol.len); /* the plan may be gone before the batch */
    return true;
}

static bool run_uuid(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t len;
    char raw[16];

    if (!read_bytes(c, &ptr, &len))
        return false;
    if (!uuid_parse(slice_of(ptr, len), raw))
        return fail(c, "the text is not a UUID");
    builder_copied(to, raw, sizeof raw);
    return true;
}

static bool run_uuid_text(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;
    char text[UUID_TEXT];

    if (!read_fixed(c, 16, &ptr))
        return false;
    uuid_format(ptr, text);
    builder_copied(to, text, sizeof text);
    return true;
}

/* Big-endian two's complement of any length to 128 bits; false when it has more. */
static bool parse_decimal(const char *ptr, size_t len, __int128 *out)
{
    uint8_t sign = len && (ptr[0] & 0x80) ? 0xff : 0;
    unsigned __int128 v = sign ? ~(unsigned __int128)0 : 0;

    for (; len > 16; ptr++, len--)
        if ((uint8_t)*ptr != sign)
            return false;
    if (len == 16 && ((uint8_t)*ptr & 0x80) != (sign & 0x80))
        return false;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | (uint8_t)ptr[i];
    *out = (__int128)v;
    return true;
}

static bool run_decimal(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const char *ptr = NULL;
    size_t len = (size_t)s->decimal_size;
    __int128 v;

    if (s->op == AVRO_OP_DECIMAL_FIXED ? !read_fixed(c, s->decimal_size, &ptr) : !read_bytes(c, &ptr, &len))
        return false;
    if (len == 0)
        return fail(c, "a decimal of no bytes");
    if (!parse_decimal(ptr, len, &v) || __builtin_mul_overflow(v, s->decimal->power, &v) ||
        v >= s->decimal->limit || v <= -s->decimal->limit)
        return fail(c, "the decimal has more digits than the column");
    builder_i128(to, v);
    return true;
}

static int64_t floor_to(int64_t v, int64_t grain)
{
    int64_t rest = v % grain;

    return v - (rest < 0 ? rest + grain : rest);
}

static bool run_time(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const int64_t day = INT64_C(86400) * 1000000;
    int64_t v;

    if (!read_long(c, &v))
        return false;
    if (v < INT64_MIN + s->divide || __builtin_mul_overflow(v, s->multiply, &v) || v < INT64_MIN + s->grain)
        return fail(c, "the timestamp is outside what the column holds");
    if (s->divide > 1)
        v = floor_to(v, s->divide) / s->divide;
    if (s->grain > 1)
        v = floor_to(v, s->grain);
    if (s->op == AVRO_OP_TIME && (v < 0 || v >= day))
        return fail(c, "the time lies outside the day");
    builder_i64(to, v);
    return true;
}

bool avro_scalar(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    switch (s->op) {
    case AVRO_OP_VARINT_FLOAT:
    case AVRO_OP_VARINT_DOUBLE:
        return run_varint_real(c, s->op, to);
    case AVRO_OP_FLOAT:
    case AVRO_OP_FLOAT_DOUBLE:
        return run_float(c, s->op, to);
    case AVRO_OP_FIXED:
        return run_fixed(c, s, to);
    case AVRO_OP_ENUM:
        return run_enum(c, s, to);
    case AVRO_OP_UUID:
        return run_uuid(c, to);
    case AVRO_OP_UUID_TEXT:
        return run_uuid_text(c, to);
    case AVRO_OP_DECIMAL_BYTES:
    case AVRO_OP_DECIMAL_FIXED:
        return run_decimal(c, s, to);
    default:
        return run_time(c, s, to);
    }
}
