/* avro_skip.c: leaving behind what nobody wants, which is much of what is read: whole runs and blocks at a
 * time. Records may contain themselves, so the depth is bounded here and not by the schema.
 */
#include "formats/avro_cursor.h"

/* Like read_block, but a block that tells its size is left behind at once: *out is 0 and *more true then. */
static bool skip_block(struct avro_cursor *c, const struct avro_step *s, uint64_t *out, bool *more)
{
    const char *ptr;
    int64_t count, size;

    if (!read_long(c, &count))
        return false;
    *more = count != 0;
    *out = 0;
    if (count < 0) {
        if (!read_long(c, &size))
            return false;
        return size < 0 ? fail(c, "a block of %" PRId64 " bytes", size) : read_fixed(c, size, &ptr);
    }
    if (s->min_size && (uint64_t)count > left(c) / (uint64_t)s->min_size)
        return fail(c, "a block of %" PRId64 " elements, where %zu bytes are left", count, left(c));
    *out = (uint64_t)count;
    return true;
}

static bool skip_body(struct avro_cursor *c, const struct avro_body *body)
{
    bool fine = c->depth < AVRO_SKIP_DEPTH_MAX;

    if (!fine)
        return fail(c, "values are nested too deep");
    c->depth++;
    for (int32_t i = 0; fine && i < body->count; i++)
        fine = avro_skip(c, &body->steps[i]);
    c->depth--;
    return fine;
}

static bool skip_list(struct avro_cursor *c, const struct avro_step *s)
{
    const struct avro_step *first = s->body->steps;
    uint64_t count;
    bool more;

    for (;;) {
        if (!skip_block(c, s, &count, &more))
            return false;
        if (!more)
            return true;
        if (s->body->count == 0)
            continue; /* elements of no bytes */
        if (s->body->count == 1 && first->op == AVRO_OP_SKIP_FIXED) {
            c->ptr += count * (uint64_t)first->size; /* within: min_size is that size */
            continue;
        }
        while (count-- > 0)
            if (!skip_body(c, s->body))
                return false;
    }
}

static bool skip_union(struct avro_cursor *c, const struct avro_step *s)
{
    struct avro_body one = {NULL, 1};
    int64_t index;

    if (!read_index(c, s->body->count, "branch", &index))
        return false;
    one.steps = s->body->steps + index;
    return skip_body(c, &one);
}

bool avro_skip(struct avro_cursor *c, const struct avro_step *s)
{
    const char *ptr;
    uint64_t v;
    size_t len;

    switch (s->op) {
    case AVRO_OP_SKIP_FIXED:
        return read_fixed(c, s->size, &ptr);
    case AVRO_OP_SKIP_VARINT:
        return read_varint(c, &v);
    case AVRO_OP_SKIP_LENGTH:
        return read_bytes(c, &ptr, &len);
    case AVRO_OP_SKIP_RECORD:
        return skip_body(c, s->body);
    case AVRO_OP_SKIP_LIST:
        return skip_list(c, s);
    default:
        return skip_union(c, s);
    }
}
