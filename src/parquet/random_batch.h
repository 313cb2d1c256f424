/* random_batch.h: for tests: batches of random values of any type, the same for the same seed. */
#ifndef WEIR_PARQUET_RANDOM_BATCH_H
#define WEIR_PARQUET_RANDOM_BATCH_H
#include "base/hash.h"
#include "batch/builder.h"
#include <stdio.h>

enum random_style { RANDOM_FEW, RANDOM_UNIQUE, RANDOM_RISING, RANDOM_RUNS, RANDOM_EXTREME, RANDOM_STYLES };

struct random_source {
    uint64_t state;
    enum random_style style;
    int null_percent;
    int64_t counter;
};

static uint64_t random_next(struct random_source *r)
{
    r->state += UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix(r->state);
}

static bool random_chance(struct random_source *r, int percent)
{
    return (int)(random_next(r) % 100) < percent;
}

/* A number in the style of the column. */
static int64_t random_number(struct random_source *r)
{
    static const int64_t extremes[] = {0,         1,   -1,   INT64_MAX, INT64_MIN, INT32_MAX,
                                       INT32_MIN, 127, -128, 32767,     -32768};

    r->counter++;
    switch (r->style) {
    case RANDOM_FEW:
        return (int64_t)(random_next(r) % 7);
    case RANDOM_RISING:
        return r->counter * 1000 + (int64_t)(random_next(r) % 100);
    case RANDOM_RUNS:
        return r->counter / 37;
    case RANDOM_EXTREME:
        return extremes[random_next(r) % COUNT_OF(extremes)];
    default:
        return (int64_t)random_next(r);
    }
}

static double random_double(struct random_source *r)
{
    static const double extremes[] = {
        0.0, -0.0, 1e308, -1e308, __builtin_inf(), -__builtin_inf(), __builtin_nan("")};

    if (r->style == RANDOM_EXTREME)
        return extremes[random_next(r) % COUNT_OF(extremes)];
    return (double)(random_number(r) % 1000000) / 8;
}

static __int128 random_decimal(struct random_source *r, const struct type *t)
{
    __int128 limit = 1, v;

    for (int32_t i = 0; i < t->precision; i++)
        limit *= 10;
    if (r->style == RANDOM_EXTREME)
        return random_next(r) % 2 ? limit - 1 : 1 - limit;
    v = (__int128)random_number(r) * (r->style == RANDOM_UNIQUE ? (int64_t)random_next(r) : 1);
    return v % limit;
}

static void random_bytes(struct random_source *r, const struct type *t, struct column_builder *c)
{
    static const char *const texts[] = {"",
                                        "a",
                                        "\xc3\xa9t\xc3\xa9",
                                        "exactly-12by",
                                        "thirteen-byte",
                                        "\xf4\x8f\xbf\xbf",
                                        "a much longer text that does not fit into a view"};
    char text[300];
    const char *from = text;
    size_t len;

    if (t->kind == TYPE_FIXED || t->kind == TYPE_UUID) {
        len = t->kind == TYPE_UUID ? 16 : (size_t)t->length;
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(r->style == RANDOM_FEW ? (i ? 7 : random_next(r) % 3) : random_next(r));
    } else if (r->style == RANDOM_FEW || r->style == RANDOM_EXTREME) {
        from = texts[random_next(r) % COUNT_OF(texts)];
        len = strlen(from);
        if (r->style == RANDOM_EXTREME && t->kind == TYPE_BINARY) {
            memset(text, 0xff, 40);
            from = text;
            len = random_next(r) % 40;
        }
    } else {
        len = (size_t)snprintf(text, sizeof text, "%s-%020" PRIi64 "-%s",
                               random_next(r) % 2 ? "left" : "right", random_number(r),
                               random_next(r) % 3 ? "" : "with a tail that makes it longer");
    }
    builder_copied(c, from, len);
}

static void random_value(struct random_source *r, const struct field *f, bool nullable,
                         struct column_builder *c)
{
    const struct type *t = f->type;
    int n;

    if (nullable && t->nullable && random_chance(r, r->null_percent)) {
        builder_null(c);
        return;
    }
    switch (t->kind) {
    case TYPE_BOOLEAN:
        builder_u8(c, random_number(r) & 1);
        break;
    case TYPE_INT8:
        builder_i8(c, (int8_t)random_number(r));
        break;
    case TYPE_INT16:
        builder_i16(c, (int16_t)random_number(r));
        break;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        builder_i32(c, (int32_t)random_number(r));
        break;
    case TYPE_DATE:
        builder_i32(c, (int32_t)(random_number(r) % 20000));
        break;
    case TYPE_TIME:
        builder_i64(c, (int64_t)((uint64_t)random_number(r) % 86400000000));
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        builder_i64(c, random_number(r) % INT64_C(4000000000000000));
        break;
    case TYPE_INT64:
    case TYPE_INTERVAL_MILLIS:
        builder_i64(c, random_number(r));
        break;
    case TYPE_FLOAT:
        builder_f32(c, (float)random_double(r));
        break;
    case TYPE_DOUBLE:
        builder_f64(c, random_double(r));
        break;
    case TYPE_DECIMAL:
        builder_i128(c, random_decimal(r, t));
        break;
    case TYPE_LIST:
    case TYPE_MAP:
        for (n = (int)(random_next(r) % 4) * (int)(random_next(r) % 2); n > 0; n--)
            for (int32_t i = 0; i < t->field_count; i++)
                random_value(r, &t->fields[i], !(t->kind == TYPE_MAP && i == 0), &c->children[i]);
        builder_list_end(c);
        break;
    case TYPE_STRUCT:
        for (int32_t i = 0; i < t->field_count; i++)
            random_value(r, &t->fields[i], true, &c->children[i]);
        builder_struct_end(c);
        break;
    default:
        random_bytes(r, t, c);
        break;
    }
}

/* NULL when there is no memory. */
static inline struct batch *random_batch(struct random_source *r, const struct schema *schema,
                                         int32_t row_count)
{
    struct builder b;
    struct batch *out = NULL;
    struct error e;

    if (!builder_init(&b, schema, NULL))
        return NULL;
    for (int32_t i = 0; i < row_count; i++)
        for (int32_t k = 0; k < schema->field_count; k++)
            random_value(r, &schema->fields[k], true, &b.columns[k]);
    if (builder_finish(&b, &out, &e) != OK)
        out = NULL;
    builder_fini(&b);
    return out;
}
#endif
