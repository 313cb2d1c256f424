/* scan_filter.c: see scan_filter.h. What is not known may match. */
#include "iceberg/scan_filter.h"
#include "base/calendar.h"
#include "base/hash.h"
#include "iceberg/single_value.h"

#define PREFIX_MAX 64 /* a longer prefix is judged by its beginning */

/* What is known of a column's values. */
struct range {
    bool no_nulls, all_null;
    bool has_lower, has_upper; /* inclusive; of the values that are there */
    bool exact;                /* the bounds are values themselves, not cut ones */
    struct slice lower, upper;
    char lower_room[PREFIX_MAX + 8], upper_room[PREFIX_MAX + 8];
};

/* --- one comparison against a range --- */

static bool below(const struct filter *f, const struct range *r) /* all values < f->value */
{
    return r->has_upper && single_value_compare(f->type, r->upper, f->value) < 0;
}

static bool above(const struct filter *f, const struct range *r)
{
    return r->has_lower && single_value_compare(f->type, r->lower, f->value) > 0;
}

static bool is_single(const struct filter *f, const struct range *r)
{
    return r->has_lower && r->has_upper && r->exact && !type_is_view(f->type) &&
           single_value_compare(f->type, r->lower, f->value) == 0 &&
           single_value_compare(f->type, r->upper, f->value) == 0;
}

/* Begins the bound with the prefix, or lies on the far side of it? */
static bool prefix_possible(const struct filter *f, const struct range *r)
{
    if (r->has_upper && slice_compare(r->upper, f->value) < 0)
        return false;
    return !r->has_lower || slice_compare(r->lower, f->value) <= 0 || slice_starts(r->lower, f->value);
}

static bool range_may_match(const struct filter *f, const struct range *r)
{
    switch (f->kind) {
    case FILTER_IS_NULL:
        return !r->no_nulls;
    case FILTER_NOT_NULL:
        return !r->all_null;
    case FILTER_EQ:
        return !r->all_null && !below(f, r) && !above(f, r);
    case FILTER_NE:
        return !r->all_null && !is_single(f, r);
    case FILTER_LT:
        return !r->all_null && !(r->has_lower && single_value_compare(f->type, r->lower, f->value) >= 0);
    case FILTER_LE:
        return !r->all_null && !above(f, r);
    case FILTER_GT:
        return !r->all_null && !(r->has_upper && single_value_compare(f->type, r->upper, f->value) <= 0);
    case FILTER_GE:
        return !r->all_null && !below(f, r);
    case FILTER_PREFIX:
        return !r->all_null && prefix_possible(f, r);
    case FILTER_AND:
    case FILTER_OR:
        break;
    }
    assert(false); /* the callers look into these */
    return true;
}

/* --- transforms backwards --- */

static int64_t number_of(struct slice v)
{
    int32_t narrow;
    int64_t wide;

    if (v.len == 4) {
        memcpy(&narrow, v.ptr, 4);
        return narrow;
    }
    assert(v.len == 8);
    memcpy(&wide, v.ptr, 8);
    return wide;
}

static struct slice put_number(char *room, const struct type *t, int64_t v)
{
    int32_t narrow = (int32_t)v;

    if (type_width(t) == 4) {
        memcpy(room, &narrow, 4);
        return slice_of(room, 4);
    }
    memcpy(room, &v, 8);
    return slice_of(room, 8);
}

/* The first day of a partition's value; of the one behind it, when next. */
static int32_t first_day(enum transform_kind kind, int64_t v, bool next)
{
    int64_t n = v + next, year = 1970 + (kind == TRANSFORM_YEAR ? n : n >= 0 ? n / 12 : -((11 - n) / 12));
    int64_t month = kind == TRANSFORM_YEAR ? 0 : n - (year - 1970) * 12;

    if (kind == TRANSFORM_DAY)
        return (int32_t)n;
    return calendar_days((struct civil){(int32_t)year, (int32_t)month + 1, 1});
}

/* The least source value of time partition v (last false), or the greatest. False: out of reach. */
static bool time_bound(enum transform_kind kind, const struct type *source, int64_t v, bool last,
                       int64_t *out)
{
    if (v < -200000000 || v > 200000000 || (kind != TRANSFORM_HOUR && kind != TRANSFORM_DAY && v > 100000))
        return false;
    if (kind == TRANSFORM_HOUR)
        *out = (v + last) * 3600 * MICROS_PER_SECOND - last;
    else if (source->kind == TYPE_DATE)
        *out = (int64_t)first_day(kind, v, last) - last;
    else if (v < -100000000 || v > 100000000)
        return false;
    else
        *out = (int64_t)first_day(kind, v, last) * MICROS_PER_DAY - last;
    return source->kind == TYPE_DATE || source->precision <= 6;
}

static void time_range(const struct transform *t, const struct type *source, struct slice lower,
                       struct slice upper, struct range *r)
{
    int64_t v;

    if (lower.len != 4 || upper.len != 4)
        return;
    if (time_bound(t->kind, source, number_of(lower), false, &v)) {
        r->lower = put_number(r->lower_room, source, v);
        r->has_lower = true;
    }
    if (time_bound(t->kind, source, number_of(upper), true, &v)) {
        r->upper = put_number(r->upper_room, source, v);
        r->has_upper = true;
    }
}

/* Truncated values are the least that they can stand for. No UTF-8 text has a byte 0xff. */
static void truncate_range(const struct transform *t, const struct type *source, struct slice lower,
                           struct slice upper, struct range *r)
{
    size_t len = MIN(upper.len, (size_t)PREFIX_MAX);
    int64_t v;

    r->lower = lower;
    r->has_lower = true;
    if (source->kind == TYPE_STRING) {
        memcpy(r->upper_room, upper.ptr ? upper.ptr : "", len);
        r->upper_room[len] = (char)0xff;
        r->upper = slice_of(r->upper_room, len + 1);
        r->has_upper = true;
    } else if (source->kind == TYPE_INT32 || source->kind == TYPE_INT64) {
        v = number_of(upper);
        if (v > (source->kind == TYPE_INT32 ? INT32_MAX : INT64_MAX) - (t->width - 1))
            return;
        r->upper = put_number(r->upper_room, source, v + t->width - 1);
        r->has_upper = true;
    }
}

/* Iceberg's hash of a value: numbers and times as longs, the rest as the bytes that they are. */
static int32_t bucket_of(const struct filter *f, int32_t width)
{
    int64_t wide;
    uint32_t hash;

    if (type_is_view(f->type) || f->type->kind == TYPE_DECIMAL) {
        hash = hash_murmur3(f->value.ptr ? f->value.ptr : "", f->value.len);
    } else {
        wide = number_of(f->value);
        hash = hash_murmur3(&wide, sizeof wide);
    }
    return (int32_t)((hash & INT32_MAX) % (uint32_t)width);
}

static bool bucket_may_match(const struct filter *f, int32_t width, struct slice lower, struct slice upper)
{
    int32_t bucket;

    if (f->kind != FILTER_EQ || lower.len != 4 || upper.len != 4 || width <= 0 ||
        (!type_is_view(f->type) && f->type->kind != TYPE_DECIMAL && f->value.len != 4 && f->value.len != 8))
        return true;
    bucket = bucket_of(f, width);
    return bucket >= number_of(lower) && bucket <= number_of(upper);
}

/* What the values of one partition field say. result: the type of the partition's values. */
static bool field_may_match(const struct filter *f, const struct partition_field *field,
                            const struct type *source, bool has_bounds, struct slice lower,
                            struct slice upper, struct range *r)
{
    const struct type *result;
    struct error e;

    if (field->transform.kind == TRANSFORM_VOID)
        return true;
    if (has_bounds && (transform_result(field->transform, source, &result, &e) != OK ||
                       !single_value_fits(result, lower) || !single_value_fits(result, upper)))
        has_bounds = false;
    if (has_bounds && field->transform.kind == TRANSFORM_BUCKET && !r->all_null &&
        !bucket_may_match(f, field->transform.width, lower, upper))
        return false;
    if (has_bounds && field->transform.kind == TRANSFORM_IDENTITY) {
        r->lower = lower;
        r->upper = upper;
        r->has_lower = r->has_upper = r->exact = true;
    } else if (has_bounds && field->transform.kind == TRANSFORM_TRUNCATE) {
        truncate_range(&field->transform, source, lower, upper, r);
    } else if (has_bounds && field->transform.kind != TRANSFORM_BUCKET) {
        time_range(&field->transform, source, lower, upper, r);
    }
    return range_may_match(f, r);
}

/* --- what there is to judge by --- */

struct judge {
    const struct partition_spec *spec;
    const struct manifest *manifest; /* one of the two */
    const struct data_file *file;
};

static bool is_float(const struct type *t)
{
    return t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE;
}

static bool by_summary(const struct filter *f, const struct partition_field *field,
                       const struct manifest_summary *s)
{
    bool may_be_nan = is_float(f->type) && s->contains_nan != 0;
    struct range r = {.no_nulls = !s->contains_null,
                      .all_null = s->contains_null && !s->has_bounds && !may_be_nan};

    return field_may_match(f, field, f->type, s->has_bounds && !may_be_nan, s->lower, s->upper, &r);
}

static bool by_value(const struct filter *f, const struct partition_field *field,
                     const struct partition_value *v)
{
    struct range r = {.no_nulls = !v->null, .all_null = v->null};

    if (!v->null && is_float(f->type) && single_value_fits(f->type, v->value) &&
        single_value_is_nan(f->type, v->value))
        return true;
    return field_may_match(f, field, f->type, !v->null, v->value, v->value, &r);
}

static bool by_partition(const struct judge *j, const struct filter *f)
{
    for (int32_t i = 0; i < j->spec->field_count; i++) {
        const struct partition_field *field = &j->spec->fields[i];

        if (field->source_id != f->field_id)
            continue;
        if (j->manifest && i < j->manifest->summary_count &&
            !by_summary(f, field, &j->manifest->summaries[i]))
            return false;
        if (j->file && i < j->file->partition_count && !by_value(f, field, &j->file->partition[i]))
            return false;
    }
    return true;
}

static bool by_bounds(const struct judge *j, const struct filter *f)
{
    const struct data_file *file = j->file;

    for (int32_t i = 0; file && i < file->column_count; i++) {
        const struct file_column *c = &file->columns[i];
        struct range r = {.exact = true};

        if (c->field_id != f->field_id)
            continue;
        r.no_nulls = c->null_count == 0;
        r.all_null = c->null_count >= 0 && c->value_count >= 0 && c->null_count == c->value_count;
        /* Bounds of floats leave NaN out, and a NaN is above all. */
        if (c->has_bounds && (!is_float(f->type) || c->nan_count == 0) &&
            single_value_fits(f->type, c->lower) && single_value_fits(f->type, c->upper)) {
            r.lower = c->lower;
            r.upper = c->upper;
            r.has_lower = r.has_upper = true;
        }
        return range_may_match(f, &r);
    }
    return true;
}

static bool may_match(const struct judge *j, const struct filter *f)
{
    if (f->kind == FILTER_AND)
        return may_match(j, f->left) && may_match(j, f->right);
    if (f->kind == FILTER_OR)
        return may_match(j, f->left) || may_match(j, f->right);
    return by_partition(j, f) && by_bounds(j, f);
}

bool filter_may_match_manifest(const struct filter *f, const struct metadata *m, const struct manifest *file)
{
    struct judge j = {.spec = metadata_spec(m, file->spec_id), .manifest = file};

    return f == NULL || j.spec == NULL || may_match(&j, f);
}

bool filter_may_match_file(const struct filter *f, const struct metadata *m, const struct data_file *file)
{
    struct judge j = {.spec = metadata_spec(m, file->spec_id), .file = file};

    return f == NULL || j.spec == NULL || may_match(&j, f);
}
