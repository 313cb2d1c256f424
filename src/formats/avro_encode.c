/* avro_encode.c: a row as a record of the schema that avro_schema_write.c makes of the batch's schema.
 * A null key of a map, which Avro cannot say, is written as the empty text: whoever encodes maps checks
 * before.
 */
#include "formats/avro_schema.h"

static void encode(const struct column *c, int32_t row, struct bytes *out);

static void encode_fields(const struct column *columns, int32_t count, int32_t row, struct bytes *out)
{
    for (int32_t i = 0; i < count; i++)
        encode(&columns[i], row, out);
}

/* One block, when there is anything to put into it. */
static void encode_list(const struct column *c, int32_t row, struct bytes *out)
{
    int32_t from = c->offsets[row], to = c->offsets[row + 1];

    if (to > from)
        bytes_zigzag(out, to - from);
    for (int32_t i = from; i < to; i++)
        encode(&c->children[0], i, out);
    bytes_zigzag(out, 0);
}

static void encode_map(const struct column *c, int32_t row, struct bytes *out)
{
    int32_t from = c->offsets[row], to = c->offsets[row + 1];
    const struct column *keys = &c->children[0];

    if (to > from)
        bytes_zigzag(out, to - from);
    for (int32_t i = from; i < to; i++) {
        if (avro_map_is_map(c->type)) {
            struct slice key = column_valid(keys, i) ? column_slice(keys, i) : SLICE("");

            bytes_zigzag(out, (int64_t)key.len);
            bytes_slice(out, key);
        } else {
            encode(keys, i, out);
        }
        encode(&c->children[1], i, out);
    }
    bytes_zigzag(out, 0);
}

static void encode_decimal(const struct column *c, int32_t row, struct bytes *out)
{
    int32_t size = avro_decimal_size(c->type->precision);
    __int128 v = c->i128[row];

    for (int32_t i = size - 1; i >= 0; i--)
        bytes_u8(out, (uint8_t)(v >> (8 * i)));
}

static void encode_float(float v, struct bytes *out)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    bytes_le32(out, bits);
}

static void encode_double(double v, struct bytes *out)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    bytes_le64(out, bits);
}

/* Milliseconds are what columns hold as microseconds; finer units are the column's own. */
static void encode_time(const struct column *c, int32_t row, struct bytes *out)
{
    int64_t v = c->i64[row];

    if (c->type->precision <= 3)
        v = v / 1000 - (v % 1000 < 0);
    bytes_zigzag(out, v);
}

static void encode_text(const struct column *c, int32_t row, struct bytes *out)
{
    struct slice text = column_slice(c, row);

    if (c->type->kind == TYPE_STRING || c->type->kind == TYPE_BINARY)
        bytes_zigzag(out, (int64_t)text.len);
    bytes_slice(out, text);
}

static void encode_value(const struct column *c, int32_t row, struct bytes *out)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        bytes_u8(out, c->u8[row]);
        break;
    case TYPE_INT8:
        bytes_zigzag(out, c->i8[row]);
        break;
    case TYPE_INT16:
        bytes_zigzag(out, c->i16[row]);
        break;
    case TYPE_INT32:
    case TYPE_DATE:
        bytes_zigzag(out, c->i32[row]);
        break;
    case TYPE_INT64:
        bytes_zigzag(out, c->i64[row]);
        break;
    case TYPE_FLOAT:
        encode_float(c->f32[row], out);
        break;
    case TYPE_DOUBLE:
        encode_double(c->f64[row], out);
        break;
    case TYPE_DECIMAL:
        encode_decimal(c, row, out);
        break;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        encode_time(c, row, out);
        break;
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        encode_text(c, row, out);
        break;
    case TYPE_LIST:
        encode_list(c, row, out);
        break;
    case TYPE_MAP:
        encode_map(c, row, out);
        break;
    case TYPE_STRUCT:
        encode_fields(c->children, c->type->field_count, row, out);
        break;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        assert(false); /* avro_schema_write refuses intervals */
    }
}

static void encode(const struct column *c, int32_t row, struct bytes *out)
{
    if (c->type->nullable) {
        bytes_zigzag(out, column_valid(c, row));
        if (!column_valid(c, row))
            return;
    }
    encode_value(c, row, out);
}

void avro_encode(const struct batch *batch, int32_t row, struct bytes *out)
{
    encode_fields(batch->columns, batch->schema->field_count, row, out);
}
