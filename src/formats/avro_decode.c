/* avro_decode.c: runs a plan over a datum: the hottest loop of weir.
 * A step is a case of one switch; what it reads goes straight to the end of its column. Reading past the end, and
 * everything else that is wrong with a datum, ends the run with a reason; on the way out each level puts its name or
 * index before it. Work is bounded by the datum: a list may not have more elements than the bytes that are left can
 * hold, and elements of no bytes are counted against AVRO_EMPTY_MAX.
 */
#include "formats/avro_plan.h"
#include "formats/avro_schema.h"
#include "formats/failure.h"
#include "formats/short_view.h"
#include "formats/utf8.h"
#include "formats/uuid.h"

#define SKIP_DEPTH_MAX 1000 /* of what is skipped: records may contain themselves */

struct cursor {
    const uint8_t *ptr, *end;
    int32_t        empty_left; /* elements of no bytes that may still come */
    int            depth;      /* in what is being skipped */
    struct failure failure;
};

static bool run(struct cursor *c, const struct avro_body *body, struct column_builder *columns);
static bool run_skip(struct cursor *c, const struct avro_step *s);

#define fail(c, ...) FAIL(&(c)->failure, __VA_ARGS__)

/* want bytes are wanted, which are not there. */
__attribute__((cold, noinline)) static void set_short(struct cursor *c, uint64_t want)
{
    uint64_t missing = want - (uint64_t)(c->end - c->ptr);

    failure_set(&c->failure, "%" PRIu64 " byte%s missing", missing, missing == 1 ? " is" : "s are");
}

#define fail_short(c, want) (set_short(c, want), false)

/* --- reading ------------------------------------------------------------------------------------------------ */

static inline size_t left(const struct cursor *c)
{
    return (size_t)(c->end - c->ptr);
}

__attribute__((noinline)) static bool read_long_varint(struct cursor *c, uint64_t *out)
{
    const uint8_t *p = c->ptr;
    uint64_t       v = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (p == c->end)
            return fail_short(c, left(c) + 1);
        byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            c->ptr = p;
            *out = v;
            return true;
        }
    }
    return fail(c, "a number has more than 64 bits");
}

static inline bool read_varint(struct cursor *c, uint64_t *out)
{
    const uint8_t *p = c->ptr;

    if (LIKELY(c->end - p >= 2)) {
        if (LIKELY(p[0] < 0x80)) {
            *out = p[0];
            c->ptr = p + 1;
            return true;
        }
        if (p[1] < 0x80) {
            *out = (uint64_t)(p[0] & 0x7f) | (uint64_t)p[1] << 7;
            c->ptr = p + 2;
            return true;
        }
    }
    return read_long_varint(c, out);
}

static inline bool read_long(struct cursor *c, int64_t *out)
{
    uint64_t v;

    if (UNLIKELY(!read_varint(c, &v)))
        return false;
    *out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return true;
}

static inline bool read_within(struct cursor *c, int64_t min, int64_t max, int64_t *out)
{
    if (UNLIKELY(!read_long(c, out)))
        return false;
    if (UNLIKELY(*out < min || *out > max))
        return fail(c, "%" PRId64 " is outside %" PRId64 "..%" PRId64, *out, min, max);
    return true;
}

static inline bool read_fixed(struct cursor *c, int64_t size, const char **out)
{
    if (UNLIKELY((uint64_t)size > left(c)))
        return fail_short(c, (uint64_t)size);
    *out = (const char *)c->ptr;
    c->ptr += size;
    return true;
}

/* A length, and as many bytes. */
static inline bool read_bytes(struct cursor *c, const char **out, size_t *len)
{
    int64_t n;

    if (UNLIKELY(!read_long(c, &n)))
        return false;
    if (UNLIKELY(n < 0 || n > INT32_MAX))
        return fail(c, "a length of %" PRId64, n);
    *len = (size_t)n;
    return read_fixed(c, n, out);
}

/* The number of a branch or symbol, below count. */
static inline bool read_index(struct cursor *c, int32_t count, const char *what, int64_t *out)
{
    if (UNLIKELY(!read_long(c, out)))
        return false;
    if (UNLIKELY(*out < 0 || *out >= count))
        return fail(c, "%s number %" PRId64 " of %" PRId32, what, *out, count);
    return true;
}

/* --- scalars ------------------------------------------------------------------------------------------------ */

static inline bool run_string(struct cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t      len;

    if (UNLIKELY(!read_bytes(c, &ptr, &len)))
        return false;
    if (UNLIKELY(!utf8_valid(ptr, len)))
        return fail(c, "the text is not UTF-8");
    builder_view(to, short_view_of(ptr, len, (const char *)c->end));
    return true;
}

static inline bool run_bytes(struct cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t      len;

    if (UNLIKELY(!read_bytes(c, &ptr, &len)))
        return false;
    builder_view(to, short_view_of(ptr, len, (const char *)c->end));
    return true;
}

static bool run_fixed(struct cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const char *ptr;

    if (!read_fixed(c, s->size, &ptr))
        return false;
    builder_borrowed(to, ptr, (size_t)s->size);
    return true;
}

static inline bool run_boolean(struct cursor *c, struct column_builder *to)
{
    const char *ptr;

    if (UNLIKELY(!read_fixed(c, 1, &ptr)))
        return false;
    if (UNLIKELY((uint8_t)*ptr > 1))
        return fail(c, "a boolean of %d", (uint8_t)*ptr);
    builder_u8(to, (uint8_t)*ptr);
    return true;
}

static inline bool run_int(struct cursor *c, enum avro_op op, struct column_builder *to)
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

static inline bool run_long(struct cursor *c, struct column_builder *to)
{
    int64_t v;

    if (UNLIKELY(!read_long(c, &v)))
        return false;
    builder_i64(to, v);
    return true;
}

static bool run_varint_real(struct cursor *c, enum avro_op op, struct column_builder *to)
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

static inline bool run_double(struct cursor *c, struct column_builder *to)
{
    const char *ptr;
    double      v;

    if (UNLIKELY(!read_fixed(c, sizeof v, &ptr)))
        return false;
    memcpy(&v, ptr, sizeof v); /* Avro's order is little-endian, as are the machines that weir is built for */
    builder_f64(to, v);
    return true;
}

static bool run_float(struct cursor *c, enum avro_op op, struct column_builder *to)
{
    const char *ptr;
    float       v;

    if (!read_fixed(c, sizeof v, &ptr))
        return false;
    memcpy(&v, ptr, sizeof v);
    if (op == AVRO_OP_FLOAT)
        builder_f32(to, v);
    else
        builder_f64(to, v);
    return true;
}

static bool run_enum(struct cursor *c, const struct avro_step *s, struct column_builder *to)
{
    int64_t      index;
    struct slice symbol;

    if (!read_index(c, s->symbol_count, "symbol", &index))
        return false;
    symbol = s->symbols[index];
    if (symbol.ptr == NULL)
        return fail(c, "symbol number %" PRId64 " is not one of the given schema's, which has no default", index);
    builder_copied(to, symbol.ptr, symbol.len); /* the plan may be gone before the batch */
    return true;
}

static bool run_uuid(struct cursor *c, struct column_builder *to)
{
    const char *ptr;
    size_t      len;
    char        raw[16];

    if (!read_bytes(c, &ptr, &len))
        return false;
    if (!uuid_parse(slice_of(ptr, len), raw))
        return fail(c, "the text is not a UUID");
    builder_copied(to, raw, sizeof raw);
    return true;
}

static bool run_uuid_text(struct cursor *c, struct column_builder *to)
{
    const char *ptr;
    char        text[UUID_TEXT];

    if (!read_fixed(c, 16, &ptr))
        return false;
    uuid_format(ptr, text);
    builder_copied(to, text, sizeof text);
    return true;
}

/* Big-endian two's complement of any length to 128 bits; false when it has more. */
static bool parse_decimal(const char *ptr, size_t len, __int128 *out)
{
    uint8_t           sign = len && (ptr[0] & 0x80) ? 0xff : 0;
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

static bool run_decimal(struct cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const char *ptr;
    size_t      len = (size_t)s->decimal_size;
    __int128    v;

    if (s->op == AVRO_OP_DECIMAL_FIXED ? !read_fixed(c, s->decimal_size, &ptr) : !read_bytes(c, &ptr, &len))
        return false;
    if (len == 0)
        return fail(c, "a decimal of no bytes");
    if (!parse_decimal(ptr, len, &v) || __builtin_mul_overflow(v, s->decimal->power, &v) || v >= s->decimal->limit ||
        v <= -s->decimal->limit)
        return fail(c, "the decimal has more digits than the column");
    builder_i128(to, v);
    return true;
}

static int64_t floor_to(int64_t v, int64_t grain)
{
    int64_t rest = v % grain;

    return v - (rest < 0 ? rest + grain : rest);
}

static bool run_time(struct cursor *c, const struct avro_step *s, struct column_builder *to)
{
    const int64_t day = INT64_C(86400) * 1000000;
    int64_t       v;

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

/* --- lists -------------------------------------------------------------------------------------------------- */

/* The count of the next block, 0 at the end. Bounded by the bytes that are left, so that it fits a size_t. */
static bool read_block(struct cursor *c, int32_t min_size, uint64_t *out)
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

static bool run_list(struct cursor *c, const struct avro_step *s, struct column_builder *to)
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

/* Like read_block, but a block that tells its size is left behind at once: *out is 0 and *more true then. */
static bool skip_block(struct cursor *c, const struct avro_step *s, uint64_t *out, bool *more)
{
    const char *ptr;
    int64_t     count, size;

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

static bool skip_body(struct cursor *c, const struct avro_body *body)
{
    bool fine = c->depth < SKIP_DEPTH_MAX;

    if (!fine)
        return fail(c, "values are nested too deep");
    c->depth++;
    for (int32_t i = 0; fine && i < body->count; i++)
        fine = run_skip(c, &body->steps[i]);
    c->depth--;
    return fine;
}

static bool skip_list(struct cursor *c, const struct avro_step *s)
{
    const struct avro_step *first = s->body->steps;
    uint64_t                count;
    bool                    more;

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

static bool skip_union(struct cursor *c, const struct avro_step *s)
{
    struct avro_body one = {NULL, 1};
    int64_t          index;

    if (!read_index(c, s->body->count, "branch", &index))
        return false;
    one.steps = s->body->steps + index;
    return skip_body(c, &one);
}

/* --- unions and defaults ------------------------------------------------------------------------------------ */

static bool run_union(struct cursor *c, const struct avro_step *s, struct column_builder *to)
{
    int64_t          index;
    struct avro_body one;

    if (!read_index(c, s->body->count, "branch", &index))
        return false;
    one = (struct avro_body){s->body->steps + index, 1};
    return run(c, &one, to);
}

/* Long texts are borrowed from what is read, so the datum goes where the batch keeps it: the plan may be freed first. */
static bool run_default(struct cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    struct builder *b = columns->owner;
    uint8_t        *datum = batch_alloc(b->batch, MAX(s->datum.len, 1));
    struct cursor   inner = {.ptr = datum, .empty_left = AVRO_EMPTY_MAX};

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

/* --- the loop ----------------------------------------------------------------------------------------------- */

/* The branch of an optional value: true when a value follows; else the null is appended, or *failed set. */
static inline bool read_optional(struct cursor *c, const struct avro_step *s, struct column_builder *to, bool *failed)
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

static bool run_skip(struct cursor *c, const struct avro_step *s)
{
    const char *ptr;
    uint64_t    v;
    size_t      len;

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

static bool run_rare(struct cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    struct column_builder *to = columns + s->column;

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
    case AVRO_OP_TIME:
    case AVRO_OP_TIMESTAMP:
        return run_time(c, s, to);
    case AVRO_OP_UNION:
        return run_union(c, s, to);
    case AVRO_OP_DEFAULT:
        return run_default(c, s, columns);
    case AVRO_OP_REFUSE:
        return fail(c, "%s", s->why);
    default:
        return run_skip(c, s);
    }
}

static inline bool run_step(struct cursor *c, const struct avro_step *s, struct column_builder *columns)
{
    struct column_builder *to = columns + s->column;
    bool                   failed;

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

static bool run(struct cursor *c, const struct avro_body *body, struct column_builder *columns)
{
    for (const struct avro_step *s = body->steps, *end = s + body->count; s < end; s++)
        if (UNLIKELY(!run_step(c, s, columns)))
            return FAIL_IN_FIELD(&c->failure, s->name);
    return true;
}

_Static_assert(AVRO_WHY_MAX == FAILURE_TEXT, "the caller's buffer is a failure's");

const char *avro_decode(const struct avro_plan *p, struct slice datum, struct builder *b, size_t *used,
                        char why[AVRO_WHY_MAX])
{
    static const uint8_t nothing[1];
    const uint8_t       *start = datum.ptr ? (const uint8_t *)datum.ptr : nothing;
    struct cursor        c = {.ptr = start, .end = start + datum.len, .empty_left = AVRO_EMPTY_MAX};

    failure_init(&c.failure, why);
    if (UNLIKELY(!run(&c, &p->body, b->columns)))
        return failure_explain(&c.failure);
    *used = (size_t)(c.ptr - start);
    return NULL;
}
