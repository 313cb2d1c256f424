/* raw_payload.h: payloads as a raw batch, as a source of nothing else makes it. */
#ifndef WEIR_FUZZ_RAW_PAYLOAD_H
#define WEIR_FUZZ_RAW_PAYLOAD_H
#include "formats/format.h"

static inline void raw_payload_row(struct builder *b, struct slice payload)
{
    int32_t row = builder_rows(b);

    for (int i = 0; i < RAW_COLUMN_COUNT; i++)
        if (i == RAW_VALUE)
            builder_copied(&b->columns[i], payload.ptr, payload.len);
        else if (i == RAW_OFFSET)
            builder_i64(&b->columns[i], row);
        else if (format_raw_schema.fields[i].type->nullable)
            builder_null(&b->columns[i]);
        else if (format_raw_schema.fields[i].type->kind == TYPE_INT32)
            builder_i32(&b->columns[i], 0);
        else
            builder_copied(&b->columns[i], "", 0);
}

/* One payload a line, or all of text as one; NULL when there is none. */
static inline struct batch *raw_payload_batch(struct slice text, bool lines)
{
    struct builder b;
    struct batch *raw = NULL;
    struct error e;

    if (!builder_init(&b, &format_raw_schema, NULL))
        return NULL;
    while (text.len) {
        const char *end = lines ? memchr(text.ptr, '\n', text.len) : NULL;
        size_t len = end ? (size_t)(end - text.ptr) : text.len;

        raw_payload_row(&b, slice_of(text.ptr, len));
        text = slice_from(text, len + (end != NULL));
    }
    if (builder_rows(&b))
        (void)!builder_finish(&b, &raw, &e);
    builder_fini(&b);
    return raw;
}
#endif
