/* transform.c: the transforms as a table by kind: their text, which types they take, what they give. */
#include "iceberg/transform.h"

static const struct kind_info {
    const char *name;
    bool has_width;
} kinds[] = {
    [TRANSFORM_IDENTITY] = {"identity", false}, [TRANSFORM_BUCKET] = {"bucket", true},
    [TRANSFORM_TRUNCATE] = {"truncate", true},  [TRANSFORM_YEAR] = {"year", false},
    [TRANSFORM_MONTH] = {"month", false},       [TRANSFORM_DAY] = {"day", false},
    [TRANSFORM_HOUR] = {"hour", false},         [TRANSFORM_VOID] = {"void", false},
};

/* `16]` */
static bool parse_width(struct slice text, int32_t *out)
{
    int64_t v = 0;

    if (text.len < 2 || text.ptr[text.len - 1] != ']')
        return false;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || (v = v * 10 + (text.ptr[i] - '0')) > INT32_MAX)
            return false;
    }
    *out = (int32_t)v;
    return v > 0;
}

enum err transform_parse(struct slice text, struct transform *out, struct error *e)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct slice name = slice_text(kinds[i].name);

        *out = (struct transform){.kind = (enum transform_kind)i};
        if (!kinds[i].has_width && slice_equal(text, name))
            return OK;
        if (kinds[i].has_width && slice_starts(text, name) && text.len > name.len &&
            text.ptr[name.len] == '[' && parse_width(slice_from(text, name.len + 1), &out->width))
            return OK;
    }
    return error_set(e, ERR_UNSUPPORTED,
                     "partition transform `" SLICE_FMT
                     "` is not known; there are identity, bucket[N], truncate[N], "
                     "year, month, day, hour and void",
                     (int)MIN(text.len, (size_t)60), text.ptr ? text.ptr : "");
}

void transform_print(struct transform t, struct bytes *out)
{
    bytes_text(out, kinds[t.kind].name);
    if (kinds[t.kind].has_width)
        bytes_printf(out, "[%" PRId32 "]", t.width);
}

static bool takes(enum transform_kind kind, const struct type *t)
{
    bool instant = t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_LTZ;
    bool integer = t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64;
    bool interval = t->kind == TYPE_INTERVAL_MONTHS || t->kind == TYPE_INTERVAL_MILLIS;

    switch (kind) {
    case TRANSFORM_IDENTITY:
        return !type_is_nested(t) && !interval;
    case TRANSFORM_BUCKET:
        return integer || instant || t->kind == TYPE_DECIMAL || t->kind == TYPE_DATE ||
               t->kind == TYPE_TIME || type_is_view(t);
    case TRANSFORM_TRUNCATE:
        return integer || t->kind == TYPE_DECIMAL || t->kind == TYPE_STRING || t->kind == TYPE_BINARY;
    case TRANSFORM_YEAR:
    case TRANSFORM_MONTH:
    case TRANSFORM_DAY:
        return instant || t->kind == TYPE_DATE;
    case TRANSFORM_HOUR:
        return instant;
    case TRANSFORM_VOID:
        return true;
    }
    return false;
}

/* Results are optional whatever the source is. Small integers are ints in Iceberg. */
static const struct type *optional(const struct type *t)
{
    switch (t->kind) {
    case TYPE_INT8:
    case TYPE_INT16:
        return type_simple(TYPE_INT32, true);
    case TYPE_DECIMAL:
    case TYPE_FIXED:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return t; /* has parameters, so there is no static one */
    default:
        return type_is_nested(t) ? t : type_simple(t->kind, true);
    }
}

enum err transform_result(struct transform t, const struct type *source, const struct type **out,
                          struct error *e)
{
    struct bytes text = {0}, type = {0};

    if (takes(t.kind, source)) {
        if (t.kind == TRANSFORM_IDENTITY || t.kind == TRANSFORM_TRUNCATE || t.kind == TRANSFORM_VOID)
            *out = optional(source);
        else
            *out = type_simple(t.kind == TRANSFORM_DAY ? TYPE_DATE : TYPE_INT32, true);
        return OK;
    }
    transform_print(t, &text);
    type_print(source, &type);
    error_set(e, ERR_CONFIG, "transform %s does not take a column of type " SLICE_FMT,
              bytes_cstr(&text) ? text.ptr : "", SLICE_ARG(bytes_all(&type)));
    bytes_fini(&text);
    bytes_fini(&type);
    return ERR_CONFIG;
}
