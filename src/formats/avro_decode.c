/* avro_decode.c: runs a plan over a datum: the hottest loop of weir.
 * A step is a case of one switch; what it reads goes straight to the end of its column. Reading past the end,
 * and everything else that is wrong with a datum, ends the run with a reason; on the way out each level puts
 * its name or index before it. Work is bounded by the datum: a list may not have more elements than the bytes
 * that are left can hold, and elements of no bytes are counted against AVRO_EMPTY_MAX.
 */
#include "formats/avro_cursor.h"
#include "formats/short_view.h"
#include "formats/utf8.h"

static bool run(struct avro_cursor *c, const struct avro_body *body, struct column_builder *columns);

/* --- scalars --- */

static inline bool run_string(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t len;

    if (UNLIKELY(!read_bytes(c, &ptr, &len)))
        return false;
    if (UNLIKELY(!utf8_valid(ptr, len)))
        return fail(c, "the text is not UTF-8");
    builder_view(to, short_view_of(ptr, len, (const char *)c->end));
    return true;
}

static inline bool run_bytes(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t len;

    if (UNLIKELY(!read_bytes(c, &ptr, &len)))
        return false;
    builder_view(to, short_view_of(ptr, len, (const char *)c->end));
    return true;
}

static inline bool run_boolean(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;

    if (UNLIKELY(!read_fixed(c, 1, &ptr)))
        return false;
    if (UNLIKELY((uint8_t)*ptr > 1))
        return fail(c, "a boolean of %d", (uint8_t)*ptr);
    builder_u8(to, (uint8_t)*ptr);
    return true;
}

static inline bool run_int(struct avro_cursor *c, enum avro_op op, struct column_builder *to)
{
    int64_t v;

    switch (op) {
    case AVRO_OP_INT8:
        if (!read_within(c, INT8_MIN, INT8_MAX, &v))
            return false;
        builder_i8(to, (int8_t)v);
        return true;
    case AVRO_OP_INT16:
        if (!read_within(c, INT16_MIN, INT16_MAX, &v))
            return false;
        builder_i16(to, (int16_t)v);
        return true;
    default:
        if (!read_within(c, INT32_MIN, INT32_MAX, &v))
            return false;
        builder_i32(to, (int32_t)v);
        return true;
    }
}

static inline bool run_long(struct avro_cursor *c, struct column_builder *to)
{
    int64_t v;

    if (UNLIKELY(!read_long(c, &v)))
        return false;
    builder_i64(to, v);
    return true;
}

static inline bool run_double(struct avro_cursor *c, struct column_builder *to)
{
    const char *ptr;
    double v;

    if (UNLIKELY(!read_fixed(c, sizeof v, &ptr)))
        return false;
    memcpy(&v, ptr, sizeof v); /* Avro's order is little-endian, as are the machines that weir is built for */
    builder_f64(to, v);
    return true;
}

/* --- lists --- */

/* The count of the next block, 0 at the end. Bounded by the bytes that are left, so that it fits a size_t. */
static bool read_block(struct avro_cursor *c, int32_t min_size, uint64_t *out)
{
    int64_t count, size;

    if (!read_long(c, &count))
        return false;
    if (count < 0) {
        if (count == INT64_MIN)
            return fail(c, "a block of 2^63 elements");
        count = -count;
        if (!read_long(c, &size))
            return false;
        if (size < 0 || (uint64_t)size > left(c))
            return fail(c, "a block of %" PRId64 " bytes, where %zu are left", size, left(c));
    }
    if (min_size ? (uint64_t)count > left(c) / (uint64_t)min_size : count > c->empty_left)
        return fail(c, "a block of %" PRId64 " elements, where %zu bytes are left", count, left(c));
    if (min_size == 0)
        c->empty_left -= (int32_t)count;
    *out = (uint64_t)count;
    return true;
}

static bool run_list(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    uint64_t index = 0, count;

    for (;;) {
        if (UNLIKELY(!read_block(c, s->min_size, &count)))
            return false;
        if (count == 0)
            break;
        for (uint64_t end = index + count; index < end; index++)
            if (UNLIKELY(!run(c, s->body, to->children)))
                return FAIL_IN_ELEMENT(&c->failure, index);
    }
    builder_list_end(to);
    return true;
}

/* --- unions and defaults --- */

static bool run_union(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to)
{
    int64_t index;
    struct avro_body one;

    if (!read_index(c, s->body->count, "branch", &index))
        return false;
    one = (struct avro_body){s->body->steps + index, 1};
    return run(c, &one, to);
}

/* Long texts are borrowed from what is read, so the datum goes where the batch keeps it: the plan may be
 * freed first. */
static bool run_default(struct avro_cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    struct builder *b = columns->owner;
    uint8_t *datum = batch_alloc(b->batch, MAX(s->datum.len, 1));
    struct avro_cursor inner = {.ptr = datum, .empty_left = AVRO_EMPTY_MAX};

    if (datum == NULL) {
        b->failed = true; /* the builder's first failure, as if an append had found no memory */
        return true;
    }
    if (s->datum.len)
        memcpy(datum, s->datum.ptr, s->datum.len);
    inner.end = datum + s->datum.len;
    failure_init(&inner.failure, c->failure.text);
    return run(&inner, s->body, columns);
}

/* --- the loop --- */

/* The branch of an optional value: true when a value follows; else the null is appended, or *failed set. */
static inline bool read_optional(struct avro_cursor *c, const struct avro_step *s, struct column_builder *to,
                                 bool *failed)
{
    int64_t index;

    *failed = false;
    if (UNLIKELY(!read_index(c, 2, "branch", &index))) {
        *failed = true;
        return false;
    }
    if (index != s->null_branch)
        return true;
    if (UNLIKELY(!s->nullable)) {
        *failed = true;
        return fail(c, "is null, but the column is NOT NULL");
    }
    builder_null(to);
    return false;
}

static bool run_rare(struct avro_cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    switch (s->op) {
    case AVRO_OP_UNION:
        return run_union(c, s, columns + s->column);
    case AVRO_OP_DEFAULT:
        return run_default(c, s, columns);
    case AVRO_OP_REFUSE:
        return fail(c, "%s", s->why);
    default:
        return s->op >= AVRO_OP_SKIP_FIXED ? avro_skip(c, s)
                                           : avro_scalar(c, s, columns ? columns + s->column : NULL);
    }
}

static inline bool run_step(struct avro_cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    struct column_builder *to = columns ? columns + s->column : NULL; /* NULL: a record without fields */
    bool failed;

    if (s->null_branch >= 0 && !read_optional(c, s, to, &failed))
        return !failed;
    switch (s->op) {
    case AVRO_OP_NULL:
        builder_null(to);
        return true;
    case AVRO_OP_BOOLEAN:
        return run_boolean(c, to);
    case AVRO_OP_INT8:
    case AVRO_OP_INT16:
    case AVRO_OP_INT32:
        return run_int(c, s->op, to);
    case AVRO_OP_INT64:
        return run_long(c, to);
    case AVRO_OP_DOUBLE:
        return run_double(c, to);
    case AVRO_OP_BYTES:
        return run_bytes(c, to);
    case AVRO_OP_STRING:
        return run_string(c, to);
    case AVRO_OP_RECORD:
        if (UNLIKELY(!run(c, s->body, to->children)))
            return false;
        builder_struct_end(to);
        return true;
    case AVRO_OP_LIST:
        return run_list(c, s, to);
    default:
        return run_rare(c, s, columns);
    }
}

static bool run(struct avro_cursor *c, const struct avro_body *body, struct column_builder *columns)
{
    for (const struct avro_step *s = body->steps, *end = s + body->count; s < end; s++)
        if (UNLIKELY(!run_step(c, s, columns)))
            return FAIL_IN_FIELD(&c->failure, s->name);
    return true;
}

static bool read_top(struct avro_cursor *c, const struct avro_plan *p)
{
    int64_t index;

    if (!read_index(c, p->top_count, "branch", &index))
        return false;
    return index == p->top_branch || fail(c, "is null, where a record is wanted");
}

_Static_assert(AVRO_WHY_MAX == FAILURE_TEXT, "the caller's buffer is a failure's");

const char *avro_decode(const struct avro_plan *p, struct slice datum, struct builder *b, size_t *used,
                        char why[AVRO_WHY_MAX])
{
    static const uint8_t nothing[1];
    const uint8_t *start = datum.ptr ? (const uint8_t *)datum.ptr : nothing;
    struct avro_cursor c = {.ptr = start, .end = start + datum.len, .empty_left = AVRO_EMPTY_MAX};

    failure_init(&c.failure, why);
    if (UNLIKELY(p->top_count && !read_top(&c, p)) || UNLIKELY(!run(&c, &p->body, b->columns)))
        return failure_explain(&c.failure);
    *used = (size_t)(c.ptr - start);
    return NULL;
}
