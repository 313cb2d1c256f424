/* format.c: the table of formats, the schemas of raw and error rows, and payloads as text. */
#include "formats/format.h"
#include "base/base64.h"
#include "formats/payloads.h"
#include "formats/utf8.h"

/* --- the table --- */

static const struct format *const formats[] = {
    &avro_format, &avro_confluent_format, &canal_json_format, &csv_format, &debezium_json_format,
    &json_format, &maxwell_json_format,   &ogg_json_format,   &raw_format,
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const struct format *format_at(size_t n)
{
    return n < COUNT_OF(formats) ? formats[n] : NULL;
}

const char *format_names(void)
{
    return "avro, avro-confluent, canal-json, csv, debezium-json, json, maxwell-json, ogg-json, raw";
}

/* --- schemas --- */

static const struct type bytes_or_null = {.kind = TYPE_BINARY, .nullable = true};
static const struct type text = {.kind = TYPE_STRING};
static const struct type int32 = {.kind = TYPE_INT32};
static const struct type int64 = {.kind = TYPE_INT64};
static const struct type instant_or_null = {.kind = TYPE_TIMESTAMP_LTZ, .nullable = true, .precision = 3};

static const struct type int32_or_null = {.kind = TYPE_INT32, .nullable = true};
static const struct type text_or_null = {.kind = TYPE_STRING, .nullable = true};
static const struct field header_fields[] = {{.name = "key", .type = &text_or_null},
                                             {.name = "value", .type = &bytes_or_null}};
static const struct type headers_or_null = {
    .kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = header_fields};

static const struct field error_fields[ERROR_COLUMN_COUNT] = {
    [RAW_VALUE] = {.name = "value", .type = &bytes_or_null},
    [RAW_KEY] = {.name = "key", .type = &bytes_or_null},
    [RAW_TOPIC] = {.name = "topic", .type = &text},
    [RAW_PARTITION] = {.name = "partition", .type = &int32},
    [RAW_OFFSET] = {.name = "offset", .type = &int64},
    [RAW_TIMESTAMP] = {.name = "timestamp", .type = &instant_or_null},
    [RAW_TIMESTAMP_TYPE] = {.name = "timestamp-type", .type = &text},
    [RAW_HEADERS] = {.name = "headers", .type = &headers_or_null},
    [RAW_LEADER_EPOCH] = {.name = "leader-epoch", .type = &int32_or_null},
    [ERROR_TYPE] = {.name = "error_type", .type = &text},
    [ERROR_MESSAGE] = {.name = "error_message", .type = &text},
};

/* An error row is a raw row and two columns more, so the fields of the one begin those of the other. */
const struct schema format_raw_schema = {RAW_COLUMN_COUNT, error_fields};
const struct schema format_error_schema = {ERROR_COLUMN_COUNT, error_fields};

void format_error(struct builder *errors, const struct batch *raw, int32_t row, const char *type,
                  const char *message)
{
    for (int i = 0; i < RAW_COLUMN_COUNT; i++)
        builder_value(&errors->columns[i], &raw->columns[i], row);
    builder_copied(&errors->columns[ERROR_TYPE], type, strlen(type));
    builder_copied(&errors->columns[ERROR_MESSAGE], message, strlen(message));
}

/* --- text --- */

bool format_utf8(struct slice s)
{
    return utf8_valid(s.ptr, s.len);
}

void format_printable(struct slice payload, struct bytes *out)
{
    if ((payload.len == 0 || memchr(payload.ptr, '\0', payload.len) == NULL) && format_utf8(payload)) {
        bytes_slice(out, payload);
        return;
    }
    bytes_text(out, "base64:");
    base64_encode(payload, out);
}
