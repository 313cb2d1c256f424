/* harness_rows.c: batches from text, for tests. */
#include "batch/builder.h"
#include "operators/operator_harness.h"
#include <stdlib.h>

static void append_number(struct column_builder *c, const char *text)
{
    int64_t v = strtoll(text, NULL, 10);

    switch (c->type->kind) {
    case TYPE_FLOAT:
        builder_f32(c, strtof(text, NULL));
        return;
    case TYPE_DOUBLE:
        builder_f64(c, strtod(text, NULL));
        return;
    case TYPE_BOOLEAN:
        builder_u8(c, strcmp(text, "true") == 0);
        return;
    default:
        break;
    }
    switch (type_width(c->type)) {
    case 1:
        builder_i8(c, (int8_t)v);
        break;
    case 2:
        builder_i16(c, (int16_t)v);
        break;
    case 4:
        builder_i32(c, (int32_t)v);
        break;
    case 8:
        builder_i64(c, v);
        break;
    default:
        builder_i128(c, v);
        break;
    }
}

static void append_word(struct column_builder *c, struct slice word)
{
    char text[64];

    if (slice_is(word, "NULL")) {
        builder_null(c);
        return;
    }
    if (type_is_view(c->type)) {
        builder_copied(c, word.ptr, word.len);
        return;
    }
    assert(word.len < sizeof text && !type_is_nested(c->type));
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    append_number(c, text);
}

static struct slice next_word(const char **at, char end)
{
    const char *from = *at;

    while (**at && **at != end && **at != '\n')
        ++*at;
    return (struct slice){from, (size_t)(*at - from)};
}

struct batch *harness_rows(const struct schema *schema, const char *lines, struct budget *budget)
{
    struct builder builder;
    struct batch *b = NULL;
    struct error e;

    if (!builder_init(&builder, schema, budget))
        return NULL;
    while (*lines) {
        for (int32_t i = 0; i < schema->field_count; i++) {
            append_word(&builder.columns[i], next_word(&lines, ' '));
            assert((*lines == ' ') == (i + 1 < schema->field_count));
            if (*lines)
                lines++;
        }
    }
    if (builder_finish(&builder, &b, &e) != OK)
        b = NULL;
    builder_fini(&builder);
    return b;
}
