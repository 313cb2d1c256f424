/* datagen_field.c: see datagen_field.h. Defaults are Flink's, also the odd ones: a FLOAT or DOUBLE is
 * positive. */
#include "connectors/datagen_field.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "config/config.h"
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_LENGTH       100
#define COLLECTION_LENGTH 3
#define MOST_LENGTH       (1 << 24)
#define GOLDEN            UINT64_C(0x9e3779b97f4a7c15)
#define MULTISET_MOST     10 /* how often an element is there */

/* --- options ------------------------------------------------------------------------------------------ */

struct reading {
    const char *path;
    const struct map *options;
    struct map *used;
    struct arena *arena;
};

/* An option of the column, or NULL. */
static const char *take(const struct reading *r, const char *name, struct error *e, enum err *rc)
{
    const char *full = arena_printf(r->arena, "fields.%s.%s", r->path, name), *value;

    if (full == NULL) {
        *rc = error_memory(e, strlen(r->path), "options");
        return NULL;
    }
    value = map_get(r->options, slice_text(full));
    if (value && !map_put(r->used, slice_text(full), (void *)(uintptr_t)value))
        *rc = error_memory(e, strlen(full), "options");
    return value;
}

static enum err wrong(const struct reading *r, const char *name, const char *value, const char *wanted,
                      struct error *e)
{
    return error_set(e, ERR_CONFIG, "option 'fields.%s.%s' is '%s'; it takes %s", r->path, name, value,
                     wanted);
}

static enum err read_whole(const struct reading *r, const char *name, int64_t least, int64_t most,
                           int64_t *out, struct error *e)
{
    enum err rc = OK;
    const char *value = take(r, name, e, &rc);
    char *end;

    if (rc != OK || value == NULL)
        return rc;
    errno = 0;
    *out = strtoll(value, &end, 10);
    if (end == value || *end || errno || *out < least || *out > most) {
        char wanted[100];

        snprintf(wanted, sizeof wanted, "a whole number from %" PRId64 " to %" PRId64, least, most);
        return wrong(r, name, value, wanted, e);
    }
    return OK;
}

static enum err read_fraction(const struct reading *r, const char *name, double *out, struct error *e)
{
    enum err rc = OK;
    const char *value = take(r, name, e, &rc);
    char *end;

    if (rc != OK || value == NULL)
        return rc;
    *out = strtod(value, &end);
    return end == value || *end || !isfinite(*out) ? wrong(r, name, value, "a number", e) : OK;
}

static enum err read_null_rate(struct datagen_field *f, const struct reading *r, struct error *e)
{
    double rate = 0;
    enum err rc = read_fraction(r, "null-rate", &rate, e);

    if (rc != OK)
        return rc;
    if (rate < 0 || rate > 1)
        return error_set(e, ERR_CONFIG, "option 'fields.%s.null-rate' is %g; it takes 0 to 1", r->path, rate);
    if (rate > 0 && !f->type->nullable)
        return error_set(e, ERR_CONFIG, "option 'fields.%s.null-rate': the column is NOT NULL", r->path);
    f->null_below = (uint32_t)MIN(rate * 4294967296.0, 4294967295.0);
    return OK;
}

static enum err read_length(struct datagen_field *f, const struct reading *r, int32_t standard, int32_t most,
                            struct error *e)
{
    int64_t length = standard;
    enum err rc = read_whole(r, "length", 0, most, &length, e);

    f->length = (int32_t)length;
    return rc;
}

static enum err read_var_length(struct datagen_field *f, const struct reading *r, struct error *e)
{
    enum err rc = OK;
    const char *value = take(r, "var-len", e, &rc);

    if (rc == OK && value && config_parse_bool(value, &f->var_length, e) != OK)
        return wrong(r, "var-len", value, "true or false", e);
    return rc;
}

static enum err read_text(struct datagen_field *f, const struct reading *r, struct error *e)
{
    int32_t limit = f->type->length;
    enum err rc;

    if (f->type->form == FORM_CHAR || f->type->kind == TYPE_FIXED) { /* the type says how long */
        f->length = limit;
        return OK;
    }
    rc = read_length(f, r, limit ? limit : TEXT_LENGTH, limit ? limit : MOST_LENGTH, e);
    return rc == OK ? read_var_length(f, r, e) : rc;
}

static enum err read_range(struct datagen_field *f, const struct reading *r, int64_t least, int64_t most,
                           struct error *e)
{
    enum err rc;

    f->min = least;
    f->max = most;
    if ((rc = read_whole(r, "min", least, most, &f->min, e)) != OK ||
        (rc = read_whole(r, "max", least, most, &f->max, e)) != OK)
        return rc;
    return f->min <= f->max
               ? OK
               : error_set(e, ERR_CONFIG, "'fields.%s.min' is %" PRId64 ", above 'fields.%s.max', %" PRId64,
                           r->path, f->min, r->path, f->max);
}

static enum err read_fractions(struct datagen_field *f, const struct reading *r, double least, double most,
                               struct error *e)
{
    double largest = pow(10, f->type->precision - f->type->scale) - pow(10, -f->type->scale);
    enum err rc;

    f->low = least;
    f->high = most;
    if ((rc = read_fraction(r, "min", &f->low, e)) != OK || (rc = read_fraction(r, "max", &f->high, e)) != OK)
        return rc;
    if (f->type->kind == TYPE_DECIMAL) {
        f->low = MAX(f->low, -largest);
        f->high = MIN(f->high, largest);
    }
    return f->low <= f->high ? OK
                             : error_set(e, ERR_CONFIG, "'fields.%s.min' is %g, above 'fields.%s.max', %g",
                                         r->path, f->low, r->path, f->high);
}

static enum err read_past(struct datagen_field *f, const struct reading *r, struct error *e)
{
    enum err rc = OK;
    const char *value = take(r, "max-past", e, &rc);

    if (rc == OK && value && config_parse_duration(value, &f->max, e) != OK)
        return wrong(r, "max-past", value, "a duration", e);
    return rc;
}

static enum err init_child(struct datagen_field *f, int32_t child, const char *name, const struct reading *r,
                           struct error *e)
{
    const char *path = arena_printf(r->arena, "%s.%s", r->path, name);

    if (path == NULL)
        return error_memory(e, strlen(name), "options");
    return datagen_field_init(&f->children[child], r->arena, path, f->type->fields[child].type, r->options,
                              r->used, e);
}

static enum err read_nested(struct datagen_field *f, const struct reading *r, struct error *e)
{
    bool is_row = f->type->kind == TYPE_STRUCT;
    enum err rc = OK;

    if ((f->children = ARENA_ARRAY(r->arena, struct datagen_field, MAX(f->type->field_count, 1))) == NULL)
        return error_memory(e, sizeof *f, "a generator");
    if (!is_row && (rc = read_length(f, r, COLLECTION_LENGTH, MOST_LENGTH, e)) != OK)
        return rc;
    if (f->type->form == FORM_MULTISET) {
        f->children[1] = (struct datagen_field){.type = f->type->fields[1].type, .max = MULTISET_MOST};
        return init_child(f, 0, "element", r, e);
    }
    for (int32_t i = 0; rc == OK && i < f->type->field_count; i++)
        rc = init_child(f, i, f->type->fields[i].name, r, e);
    return rc;
}

static enum err read_random(struct datagen_field *f, const struct reading *r, struct error *e)
{
    switch (f->type->kind) {
    case TYPE_INT8:
        return read_range(f, r, INT8_MIN, INT8_MAX, e);
    case TYPE_INT16:
        return read_range(f, r, INT16_MIN, INT16_MAX, e);
    case TYPE_INT32:
        return read_range(f, r, INT32_MIN, INT32_MAX, e);
    case TYPE_INT64:
    case TYPE_INTERVAL_MILLIS:
        return read_range(f, r, INT64_MIN, INT64_MAX, e);
    case TYPE_INTERVAL_MONTHS:
        return read_range(f, r, 0, 120000, e);
    case TYPE_FLOAT:
        return read_fractions(f, r, (double)FLT_TRUE_MIN, (double)FLT_MAX, e);
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
        return read_fractions(f, r, DBL_TRUE_MIN, DBL_MAX, e);
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return read_past(f, r, e);
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
        return read_text(f, r, e);
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return read_nested(f, r, e);
    default: /* BOOLEAN, DATE, TIME: nothing to choose */
        return OK;
    }
}

static enum err read_sequence(struct datagen_field *f, const struct reading *r, struct error *e)
{
    static const int64_t limits[][2] = {[TYPE_INT8] = {INT8_MIN, INT8_MAX},
                                        [TYPE_INT16] = {INT16_MIN, INT16_MAX},
                                        [TYPE_INT32] = {INT32_MIN, INT32_MAX}};
    enum type_kind kind = f->type->kind;
    int64_t least = INT64_MIN / 2, most = INT64_MAX / 2;
    enum err rc;

    f->is_sequence = true;
    f->min = INT64_MIN;
    f->max = INT64_MIN;
    if (kind > TYPE_DECIMAL && kind != TYPE_STRING && kind != TYPE_BINARY)
        return error_set(e, ERR_CONFIG, "'fields.%s.kind': a column of this type cannot be a sequence",
                         r->path);
    if (kind >= TYPE_INT8 && kind <= TYPE_INT32) {
        least = limits[kind][0];
        most = limits[kind][1];
    }
    if ((rc = read_whole(r, "start", least, most, &f->min, e)) != OK ||
        (rc = read_whole(r, "end", least, most, &f->max, e)) != OK)
        return rc;
    if (f->min == INT64_MIN || f->max == INT64_MIN)
        return error_set(e, ERR_CONFIG, "a sequence needs 'fields.%s.start' and 'fields.%s.end'", r->path,
                         r->path);
    return f->min <= f->max
               ? OK
               : error_set(e, ERR_CONFIG, "'fields.%s.start' is above 'fields.%s.end'", r->path, r->path);
}

enum err datagen_field_init(struct datagen_field *f, struct arena *arena, const char *path,
                            const struct type *type, const struct map *options, struct map *used,
                            struct error *e)
{
    const struct reading r = {path, options, used, arena};
    enum err rc = OK;
    const char *kind = take(&r, "kind", e, &rc);

    *f = (struct datagen_field){.type = type, .salt = hash_bytes(path, strlen(path))};
    if (rc != OK)
        return rc;
    if (kind && strcmp(kind, "sequence") == 0)
        return read_sequence(f, &r, e);
    if (kind && strcmp(kind, "random") != 0)
        return wrong(&r, "kind", kind, "random or sequence", e);
    if ((rc = read_null_rate(f, &r, e)) != OK)
        return rc;
    return read_random(f, &r, e);
}

/* --- values ------------------------------------------------------------------------------------------- */

/* Uniform in 0..limit, limit included. */
static uint64_t pick(uint64_t bits, uint64_t limit)
{
    return limit == UINT64_MAX ? bits : (uint64_t)((unsigned __int128)bits * (limit + 1) >> 64);
}

static int64_t whole(const struct datagen_field *f, uint64_t bits)
{
    return (int64_t)((uint64_t)f->min + pick(bits, (uint64_t)f->max - (uint64_t)f->min));
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* Scaled so that high - low need not be a number. */
static double fraction(const struct datagen_field *f, uint64_t bits)
{
    double u = unit(bits);

    return f->low * (1 - u) + f->high * u;
}

static void append_whole(struct column_builder *to, int64_t v)
{
    switch (to->type->kind) {
    case TYPE_INT8:
        builder_i8(to, (int8_t)v);
        break;
    case TYPE_INT16:
        builder_i16(to, (int16_t)v);
        break;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        builder_i32(to, (int32_t)v);
        break;
    default:
        builder_i64(to, v);
        break;
    }
}

static __int128 decimal(const struct type *type, double v)
{
    return (__int128)(v * pow(10, type->scale));
}

static void append_text(const struct datagen_field *f, struct column_builder *to, uint64_t bits)
{
    static const char digits[] = "0123456789abcdef";
    int32_t length = f->var_length && f->length > 1
                         ? 1 + (int32_t)pick(hash_mix(bits), (uint64_t)f->length - 1)
                         : f->length;
    bool is_text = f->type->kind == TYPE_STRING;
    char small[256], *text = small;
    struct batch *owner = to->owner->batch;

    if (length > (int32_t)sizeof small && (text = batch_alloc(owner, (size_t)length)) == NULL) {
        to->owner->failed = true;
        return;
    }
    for (int32_t i = 0; i < length; i++) {
        if (i % 8 == 0)
            bits = hash_mix(bits + GOLDEN);
        text[i] = (char)(bits >> (i % 8 * 8) & UCHAR_MAX);
        if (is_text)
            text[i] = digits[text[i] & 15];
    }
    if (text == small)
        builder_copied(to, text, (size_t)length);
    else
        builder_borrowed(to, text, (size_t)length);
}

static void append_timestamp(const struct datagen_field *f, struct column_builder *to,
                             const struct datagen_run *run, uint64_t bits)
{
    int64_t ms = run->now_us / 1000 - (f->max ? (int64_t)pick(bits, (uint64_t)f->max) : 0);

    builder_i64(to, f->type->precision > 6 ? ms * 1000000 : ms * 1000);
}

static void append_nested(const struct datagen_field *f, struct column_builder *to,
                          const struct datagen_run *run, uint64_t number)
{
    bool is_row = f->type->kind == TYPE_STRUCT;

    for (int32_t i = 0; i < (is_row ? 1 : f->length); i++)
        for (int32_t c = 0; c < f->type->field_count; c++)
            datagen_field_append(&f->children[c], &to->children[c], run,
                                 is_row ? number : number * (uint64_t)f->length + (uint64_t)i);
    if (is_row)
        builder_struct_end(to);
    else
        builder_list_end(to);
}

static void append_random(const struct datagen_field *f, struct column_builder *to,
                          const struct datagen_run *run, uint64_t number, uint64_t bits)
{
    switch (f->type->kind) {
    case TYPE_BOOLEAN:
        builder_u8(to, bits & 1);
        break;
    case TYPE_FLOAT:
        builder_f32(to, (float)fraction(f, bits));
        break;
    case TYPE_DOUBLE:
        builder_f64(to, fraction(f, bits));
        break;
    case TYPE_DECIMAL:
        builder_i128(to, decimal(f->type, fraction(f, bits)));
        break;
    case TYPE_DATE:
        builder_i32(to, calendar_day_of(run->now_us));
        break;
    case TYPE_TIME:
        builder_i64(to, run->now_us % MICROS_PER_DAY / 1000 * 1000);
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        append_timestamp(f, to, run, bits);
        break;
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        append_text(f, to, bits);
        break;
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        append_nested(f, to, run, number);
        break;
    default:
        append_whole(to, whole(f, bits));
        break;
    }
}

static void append_sequence(const struct datagen_field *f, struct column_builder *to, uint64_t number,
                            uint64_t bits)
{
    int64_t v = f->min + (int64_t)number;
    char text[24];

    switch (f->type->kind) {
    case TYPE_BOOLEAN: /* as in Flink: no sequence after all */
        builder_u8(to, bits & 1);
        break;
    case TYPE_FLOAT:
        builder_f32(to, (float)v);
        break;
    case TYPE_DOUBLE:
        builder_f64(to, (double)v);
        break;
    case TYPE_DECIMAL:
        builder_i128(to, (__int128)v * decimal_power(f->type->scale));
        break;
    case TYPE_STRING:
        builder_copied(to, text, (size_t)snprintf(text, sizeof text, "%" PRId64, v));
        break;
    case TYPE_BINARY:
        for (int i = 0; i < 8; i++)
            text[i] = (char)((uint64_t)v >> (56 - i * 8));
        builder_copied(to, text, 8);
        break;
    default:
        append_whole(to, v);
        break;
    }
}

void datagen_field_append(const struct datagen_field *f, struct column_builder *to,
                          const struct datagen_run *run, uint64_t number)
{
    uint64_t bits = hash_mix((run->seed ^ f->salt) + number * GOLDEN);

    if (f->null_below && (uint32_t)hash_mix(~bits) < f->null_below)
        builder_null(to);
    else if (f->is_sequence)
        append_sequence(f, to, number, bits);
    else
        append_random(f, to, run, number, bits);
}

int64_t datagen_field_rows(const struct datagen_field *f)
{
    return f->is_sequence && f->type->kind != TYPE_BOOLEAN ? f->max - f->min + 1 : INT64_MAX;
}
