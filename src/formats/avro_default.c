/* avro_default.c: the default of a field, which a schema gives as JSON, as the datum that a writer would have
 * written. So a missing field is read by the same steps as one that is there. Bytes and fixed are texts whose
 * characters U+0000..U+00FF stand for the bytes. A union's default is of its first branch (Avro 1.11), or of
 * any (1.12): the first that fits.
 */
#include "formats/avro_schema.h"

static enum err encode(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                       struct error *e);

static enum err misfit(const struct avro_type *t, struct error *e)
{
    return error_set(e, ERR_INPUT, "the default does not fit its type %s", avro_kind_name(t->kind));
}

/* The characters of text as bytes; false when one is above U+00FF. */
static bool append_latin1(const char *text, size_t len, struct bytes *out)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c >= 0x80) {
            if (c > 0xc3 || i + 1 == len)
                return false;
            c = (uint8_t)((c & 3) << 6 | (text[++i] & 0x3f));
        }
        bytes_u8(out, c);
    }
    return true;
}

static enum err encode_bytes(const struct avro_type *t, const json_t *value, struct bytes *out,
                             struct error *e)
{
    struct bytes raw = {0};
    enum err rc = OK;

    if (!json_is_string(value) || !append_latin1(json_string_value(value), json_string_length(value), &raw) ||
        (t->kind == AVRO_KIND_FIXED && raw.len != (size_t)t->size && !raw.failed)) {
        rc = misfit(t, e);
    } else {
        if (t->kind == AVRO_KIND_BYTES)
            bytes_zigzag(out, (int64_t)raw.len);
        bytes_slice(out, bytes_all(&raw));
        out->failed |= raw.failed;
    }
    bytes_fini(&raw);
    return rc;
}

static enum err encode_number(const struct avro_type *t, const json_t *value, struct bytes *out,
                              struct error *e)
{
    double d = json_number_value(value);
    float f = (float)d;
    uint32_t f_bits;
    uint64_t d_bits;

    if (!json_is_number(value))
        return misfit(t, e);
    if (t->kind == AVRO_KIND_FLOAT) {
        memcpy(&f_bits, &f, sizeof f);
        bytes_le32(out, f_bits);
    } else {
        memcpy(&d_bits, &d, sizeof d);
        bytes_le64(out, d_bits);
    }
    return OK;
}

static enum err encode_integer(const struct avro_type *t, const json_t *value, struct bytes *out,
                               struct error *e)
{
    int64_t v = json_integer_value(value);

    if (!json_is_integer(value) || (t->kind == AVRO_KIND_INT && v != (int32_t)v))
        return misfit(t, e);
    bytes_zigzag(out, v);
    return OK;
}

static enum err encode_enum(const struct avro_type *t, const json_t *value, struct bytes *out,
                            struct error *e)
{
    const char *symbol = json_string_value(value);

    for (int32_t i = 0; symbol && i < t->symbol_count; i++)
        if (strcmp(symbol, t->symbols[i]) == 0) {
            bytes_zigzag(out, i);
            return OK;
        }
    return misfit(t, e);
}

static enum err encode_record(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                              struct error *e)
{
    enum err rc = OK;

    if (!json_is_object(value))
        return misfit(t, e);
    for (int32_t i = 0; rc == OK && i < t->field_count; i++) {
        const json_t *field = json_object_get(value, t->fields[i].name);

        if (field == NULL)
            field = t->fields[i].value;
        if (field == NULL)
            return misfit(t, e);
        rc = encode(t->fields[i].type, field, depth + 1, out, e);
    }
    return rc;
}

static enum err encode_array(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                             struct error *e)
{
    size_t n = json_array_size(value);
    enum err rc = OK;

    if (!json_is_array(value))
        return misfit(t, e);
    if (n)
        bytes_zigzag(out, (int64_t)n);
    for (size_t i = 0; rc == OK && i < n; i++)
        rc = encode(t->types[0], json_array_get(value, i), depth + 1, out, e);
    bytes_zigzag(out, 0);
    return rc;
}

static enum err encode_map(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                           struct error *e)
{
    const char *key;
    json_t *item;
    enum err rc = OK;

    if (!json_is_object(value))
        return misfit(t, e);
    if (json_object_size(value))
        bytes_zigzag(out, (int64_t)json_object_size(value));
    json_object_foreach((json_t *)value, key, item)
    {
        bytes_zigzag(out, (int64_t)strlen(key));
        bytes_text(out, key);
        if ((rc = encode(t->types[0], item, depth + 1, out, e)) != OK)
            return rc;
    }
    bytes_zigzag(out, 0);
    return OK;
}

static enum err encode_union(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                             struct error *e)
{
    size_t before = out->len;

    for (int32_t i = 0; i < t->type_count; i++) {
        bytes_zigzag(out, i);
        if (encode(t->types[i], value, depth + 1, out, e) == OK)
            return OK;
        out->len = before;
    }
    return misfit(t, e);
}

static enum err encode(const struct avro_type *t, const json_t *value, int depth, struct bytes *out,
                       struct error *e)
{
    if (depth == AVRO_DEPTH_MAX)
        return error_set(e, ERR_INPUT, "the default is nested too deep");
    switch (t->kind) {
    case AVRO_KIND_NULL:
        return json_is_null(value) ? OK : misfit(t, e);
    case AVRO_KIND_BOOLEAN:
        bytes_u8(out, json_is_true(value));
        return json_is_boolean(value) ? OK : misfit(t, e);
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return encode_integer(t, value, out, e);
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
        return encode_number(t, value, out, e);
    case AVRO_KIND_STRING:
        bytes_zigzag(out, (int64_t)json_string_length(value));
        bytes_append(out, json_string_value(value), json_string_length(value));
        return json_is_string(value) ? OK : misfit(t, e);
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        return encode_bytes(t, value, out, e);
    case AVRO_KIND_ENUM:
        return encode_enum(t, value, out, e);
    case AVRO_KIND_RECORD:
        return encode_record(t, value, depth, out, e);
    case AVRO_KIND_ARRAY:
        return encode_array(t, value, depth, out, e);
    case AVRO_KIND_MAP:
        return encode_map(t, value, depth, out, e);
    default:
        return encode_union(t, value, depth, out, e);
    }
}

enum err avro_default_encode(const struct avro_type *t, const json_t *value, struct bytes *out,
                             struct error *e)
{
    enum err rc = encode(t, value, 0, out, e);

    return rc == OK && out->failed ? error_memory(e, out->len, "the default of an Avro field") : rc;
}
