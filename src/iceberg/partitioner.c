/* partitioner.c: rows to partition numbers, a few hundred rows at a time so that the scratch stays in the
 * cache.
 *
 *   column ──transform──► values ──dictionary of the field──► code of the value
 *   codes of the fields ──pair tables, from left to right──► partition number
 *
 * A field's dictionary numbers its distinct results; a pair table numbers pairs of codes: the first takes
 * the codes of fields 0 and 1, the next the number of that pair and the code of field 2, and so on. Each
 * remembers its last answer, since neighbouring rows mostly agree. Dates and times are not divided for each
 * row either: a row in the same period as the last one has its result.
 *
 * Invariants: codes and pair numbers are dense, from 0, in order of appearance; so the last table's numbers
 * are the partition numbers, and the one after the last known is a new partition.
 */
#include "base/calendar.h"
#include "base/hash.h"
#include "base/mem.h"
#include "iceberg/partition_dict.h"
#include "iceberg/partition_path.h"
#include "iceberg/single_value.h"

#define CHUNK     512
#define DEPTH_MAX 32 /* of a source column within structs */

enum key_form { KEY_I64, KEY_I128, KEY_VIEW }; /* how a field's results are looked up */

/* --- the partitioner --- */

struct field_state {
    const struct partition_field *field;
    const struct type *source, *result;
    int32_t path[DEPTH_MAX]; /* the column, and within it */
    int32_t depth;
    enum key_form form;
    struct partition_dict dict;
    /* Year to hour: [low, low + span) of source values has the result `period`. Modular, so no end of
     * int64_t is special. */
    uint64_t low, span;
    int64_t period;
};

struct partition {
    const struct partition_value *values;
    const char *path;
};

struct partitioner {
    const struct partition_spec *spec; /* borrowed */
    struct field_state *fields;        /* owned, spec->field_count of them */
    struct partition_dict *pairs;      /* owned, field_count - 1 of them */
    int32_t *codes;                    /* owned, CHUNK of each field */
    struct partition *partitions;      /* owned */
    size_t count, capacity;
    struct arena arena; /* what partitions and long keys consist of */
    bool failed;        /* out of memory half-way: only reset helps */
    int32_t rows[CHUNK];
    int64_t values[CHUNK];
};

static bool find_path(const struct field *fields, int32_t count, int32_t id, int32_t *path, int32_t *depth,
                      const struct type **type)
{
    int32_t at = *depth;

    if (at == DEPTH_MAX)
        return false;
    for (int32_t i = 0; i < count; i++) {
        const struct type *t = fields[i].type;

        path[at] = i;
        *depth = at + 1;
        *type = t;
        if (fields[i].id == id ||
            (t->kind == TYPE_STRUCT && find_path(t->fields, t->field_count, id, path, depth, type)))
            return true;
    }
    *depth = at;
    return false;
}

static enum err field_init(struct field_state *f, const struct partition_field *field,
                           const struct schema *schema, struct error *e)
{
    enum err rc;

    f->field = field;
    partition_dict_init(&f->dict);
    if (!find_path(schema->fields, schema->field_count, field->source_id, f->path, &f->depth, &f->source))
        return error_set(e, ERR_CONFIG, "partition field %s: there is no column with field id %" PRId32,
                         field->name, field->source_id);
    if ((rc = transform_result(field->transform, f->source, &f->result, e)) != OK)
        return error_add(e, rc, "partition field %s", field->name);
    if (field->transform.kind == TRANSFORM_IDENTITY || field->transform.kind == TRANSFORM_TRUNCATE)
        f->form = type_is_view(f->source) ? KEY_VIEW : f->source->kind == TYPE_DECIMAL ? KEY_I128 : KEY_I64;
    return OK;
}

enum err partitioner_new(const struct partition_spec *spec, const struct schema *schema,
                         struct partitioner **out, struct error *e)
{
    struct partitioner *p = mem_zalloc(sizeof *p);
    size_t n = (size_t)spec->field_count;
    enum err rc = OK;

    if (p == NULL)
        return error_memory(e, sizeof *p, "a partitioner");
    p->spec = spec;
    if (n && ((p->fields = mem_calloc(n, sizeof *p->fields)) == NULL ||
              (p->pairs = mem_calloc(n, sizeof *p->pairs)) == NULL ||
              (p->codes = mem_calloc(n * CHUNK, sizeof *p->codes)) == NULL))
        rc = error_memory(e, n * CHUNK * sizeof *p->codes, "a partitioner");
    for (size_t i = 0; rc == OK && i < n; i++) {
        partition_dict_init(&p->pairs[i]);
        rc = field_init(&p->fields[i], &spec->fields[i], schema, e);
    }
    if (rc != OK) {
        partitioner_free(p);
        return rc;
    }
    *out = p;
    return OK;
}

void partitioner_free(struct partitioner *p)
{
    if (p == NULL)
        return;
    for (int32_t i = 0; p->fields && i < p->spec->field_count; i++)
        partition_dict_fini(&p->fields[i].dict);
    for (int32_t i = 0; p->pairs && i < p->spec->field_count; i++)
        partition_dict_fini(&p->pairs[i]);
    mem_free(p->fields);
    mem_free(p->pairs);
    mem_free(p->codes);
    mem_free(p->partitions);
    arena_fini(&p->arena);
    mem_free(p);
}

void partitioner_reset(struct partitioner *p)
{
    for (int32_t i = 0; i < p->spec->field_count; i++) {
        partition_dict_clear(&p->fields[i].dict);
        partition_dict_clear(&p->pairs[i]);
    }
    arena_fini(&p->arena);
    p->count = 0;
    p->failed = false;
}

/* --- transforms of numbers --- */

#define LOAD(n, out, expression)                                                                             \
    for (int32_t i = 0; i < (n); i++) {                                                                      \
        int32_t row = rows[i];                                                                               \
        (out)[i] = (expression);                                                                             \
    }

/* NaNs are one value. */
static int64_t double_bits(double v)
{
    int64_t bits;

    if (v != v)
        return INT64_C(0x7ff8000000000000);
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static int64_t float_bits(float v)
{
    int32_t bits;

    if (v != v)
        return 0x7fc00000;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void load(const struct column *c, const int32_t *rows, int32_t n, int64_t *out)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        LOAD(n, out, c->u8[row] != 0)
        break;
    case TYPE_INT8:
        LOAD(n, out, c->i8[row])
        break;
    case TYPE_INT16:
        LOAD(n, out, c->i16[row])
        break;
    case TYPE_INT32:
    case TYPE_DATE:
        LOAD(n, out, c->i32[row])
        break;
    case TYPE_FLOAT:
        LOAD(n, out, float_bits(c->f32[row]))
        break;
    case TYPE_DOUBLE:
        LOAD(n, out, double_bits(c->f64[row]))
        break;
    default:
        LOAD(n, out, c->i64[row])
        break;
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void set_period(struct field_state *f, int64_t period, int64_t first, int64_t next, int64_t unit)
{
    f->period = period;
    f->low = (uint64_t)first * (uint64_t)unit;
    f->span = (uint64_t)(next - first) * (uint64_t)unit;
}

/* The period around v, of year to hour: its number into f->period, its borders into low and span. */
static void find_period(struct field_state *f, int64_t v)
{
    int64_t per_second = f->source->precision > 6 ? 1000 * MICROS_PER_SECOND : MICROS_PER_SECOND;
    int64_t per_day = f->source->kind == TYPE_DATE ? 1 : 86400 * per_second;
    int64_t period = floor_div(v, f->field->transform.kind == TRANSFORM_HOUR ? 3600 * per_second : per_day);
    struct civil civil;

    switch (f->field->transform.kind) {
    case TRANSFORM_YEAR:
        civil = calendar_civil((int32_t)period);
        set_period(f, civil.year - 1970, calendar_days((struct civil){civil.year, 1, 1}),
                   calendar_days((struct civil){civil.year + 1, 1, 1}), per_day);
        break;
    case TRANSFORM_MONTH:
        civil = calendar_civil((int32_t)period);
        set_period(f, (int64_t)(civil.year - 1970) * 12 + civil.month - 1,
                   calendar_month_start((int32_t)period), calendar_next_month((int32_t)period), per_day);
        break;
    case TRANSFORM_HOUR:
        set_period(f, period, period, period + 1, 3600 * per_second);
        break;
    default:
        set_period(f, period, period, period + 1, per_day);
        break;
    }
}

static void to_periods(struct field_state *f, int64_t *values, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (UNLIKELY((uint64_t)values[i] - f->low >= f->span))
            find_period(f, values[i]);
        values[i] = f->period;
    }
}

static void truncate_numbers(int64_t width, int64_t *values, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        int64_t rest = values[i] % width;

        values[i] = (int64_t)((uint64_t)values[i] - (uint64_t)(rest < 0 ? rest + width : rest));
    }
}

static int64_t bucket_of(const void *ptr, size_t len, int32_t width)
{
    return (int64_t)(hash_murmur3(ptr, len) & INT32_MAX) % width;
}

/* All numbers are hashed as eight little-endian bytes, so that an int column may become a long one. */
static void bucket_numbers(const struct field_state *f, int64_t *values, int32_t n)
{
    bool nanos = (f->source->kind == TYPE_TIMESTAMP || f->source->kind == TYPE_TIMESTAMP_LTZ) &&
                 f->source->precision > 6;

    for (int32_t i = 0; i < n; i++) {
        uint64_t v = (uint64_t)(nanos ? floor_div(values[i], 1000) : values[i]);
        uint8_t le[8];

        for (int k = 0; k < 8; k++)
            le[k] = (uint8_t)(v >> (8 * k));
        values[i] = bucket_of(le, sizeof le, f->field->transform.width);
    }
}

/* --- fields to codes --- */

/* Codes of the values at hand; c is only asked which rows have one. */
static bool codes_of_numbers(struct field_state *f, const struct column *c, const int32_t *rows,
                             const int64_t *values, int32_t n, int32_t *codes)
{
    int64_t last = 0;
    int32_t code = -1;

    for (int32_t i = 0; i < n; i++) {
        if (c->validity && !column_valid(c, rows[i])) {
            if ((codes[i] = partition_dict_null(&f->dict)) < 0)
                return false;
            continue;
        }
        if (code < 0 || values[i] != last) {
            last = values[i];
            if ((code = partition_dict_i64(&f->dict, last)) < 0)
                return false;
        }
        codes[i] = code;
    }
    return true;
}

/* The first width characters of UTF-8 text, or bytes. */
static size_t truncated_length(const struct type *t, struct slice s, int32_t width)
{
    size_t at = 0;

    if (s.len <= (size_t)width)
        return s.len;
    if (t->kind != TYPE_STRING)
        return (size_t)width;
    for (; at < s.len; at++)
        if (((uint8_t)s.ptr[at] & 0xc0) != 0x80 && width-- == 0)
            break;
    return at;
}

static bool codes_of_views(struct field_state *f, const struct column *c, const int32_t *rows, int32_t n,
                           int32_t *codes, struct arena *arena)
{
    bool cut = f->field->transform.kind == TRANSFORM_TRUNCATE;
    struct view last = {0}, v;
    int32_t code = -1;

    for (int32_t i = 0; i < n; i++) {
        if (c->validity && !column_valid(c, rows[i])) {
            if ((codes[i] = partition_dict_null(&f->dict)) < 0)
                return false;
            continue;
        }
        v = c->views[rows[i]];
        if (cut) {
            struct slice s = view_slice(&v);
            struct view whole = v;

            v = view_of(view_slice(&whole).ptr, truncated_length(c->type, s, f->field->transform.width));
        }
        if (code < 0 || !view_equal(&v, &last)) {
            last = v;
            if ((code = partition_dict_view(&f->dict, &last, arena)) < 0)
                return false;
        }
        codes[i] = code;
    }
    return true;
}

static void bucket_views(const struct field_state *f, const struct column *c, const int32_t *rows, int32_t n,
                         int64_t *values)
{
    for (int32_t i = 0; i < n; i++) {
        struct slice s = column_valid(c, rows[i]) ? column_slice(c, rows[i]) : (struct slice){"", 0};

        values[i] = bucket_of(s.ptr, s.len, f->field->transform.width);
    }
}

static void bucket_decimals(const struct field_state *f, const struct column *c, const int32_t *rows,
                            int32_t n, int64_t *values)
{
    for (int32_t i = 0; i < n; i++) {
        __int128 v = c->i128[rows[i]];
        uint8_t be[16];
        int count = 16;

        for (int k = 0; k < 16; k++)
            be[k] = (uint8_t)(v >> (8 * (15 - k)));
        while (count > 1 && be[16 - count] == (v < 0 ? 0xff : 0) && (be[17 - count] >= 0x80) == (v < 0))
            count--;
        values[i] = bucket_of(be + 16 - count, (size_t)count, f->field->transform.width);
    }
}

static bool codes_of_decimals(struct field_state *f, const struct column *c, const int32_t *rows, int32_t n,
                              int32_t *codes)
{
    __int128 width = f->field->transform.kind == TRANSFORM_TRUNCATE ? f->field->transform.width : 1;

    for (int32_t i = 0; i < n; i++) {
        bool valid = column_valid(c, rows[i]);
        __int128 v = valid ? c->i128[rows[i]] : 0, rest = v % width;

        v -= rest < 0 ? rest + width : rest;
        if ((codes[i] = valid ? partition_dict_i128(&f->dict, v) : partition_dict_null(&f->dict)) < 0)
            return false;
    }
    return true;
}

static bool no_values(struct field_state *f, int32_t n, int32_t *codes)
{
    int32_t code = partition_dict_null(&f->dict);

    for (int32_t i = 0; i < n; i++)
        codes[i] = code;
    return code >= 0;
}

static const struct column *source_column(const struct field_state *f, const struct batch *b)
{
    const struct column *c = &b->columns[f->path[0]];

    for (int32_t i = 1; i < f->depth; i++)
        c = &c->children[f->path[i]];
    return c;
}

static bool field_codes(struct partitioner *p, struct field_state *f, const struct batch *b, int32_t n,
                        int32_t *codes)
{
    const struct column *c = source_column(f, b);
    enum transform_kind kind = f->field->transform.kind;

    if (kind == TRANSFORM_VOID)
        return no_values(f, n, codes);
    if (f->form == KEY_VIEW)
        return codes_of_views(f, c, p->rows, n, codes, &p->arena);
    if (f->form == KEY_I128)
        return codes_of_decimals(f, c, p->rows, n, codes);
    if (type_is_view(f->source)) {
        bucket_views(f, c, p->rows, n, p->values);
    } else if (f->source->kind == TYPE_DECIMAL) {
        bucket_decimals(f, c, p->rows, n, p->values);
    } else {
        load(c, p->rows, n, p->values);
        if (kind >= TRANSFORM_YEAR && kind <= TRANSFORM_HOUR)
            to_periods(f, p->values, n);
        else if (kind == TRANSFORM_TRUNCATE)
            truncate_numbers(f->field->transform.width, p->values, n);
        else if (kind == TRANSFORM_BUCKET)
            bucket_numbers(f, p->values, n);
    }
    return codes_of_numbers(f, c, p->rows, p->values, n, codes);
}

/* --- codes to partitions --- */

/* codes becomes the numbers of the pairs (codes[i], with[i]). */
static bool combine(struct partition_dict *pairs, int32_t *codes, const int32_t *with, int32_t n)
{
    int64_t last = -1;
    int32_t number = -1;

    for (int32_t i = 0; i < n; i++) {
        int64_t pair = (int64_t)codes[i] << 32 | with[i];

        if (pair != last) {
            last = pair;
            if ((number = partition_dict_i64(pairs, pair)) < 0)
                return false;
        }
        codes[i] = number;
    }
    return true;
}

static bool field_value(struct field_state *f, int32_t code, struct arena *arena, struct partition_value *out)
{
    const struct partition_key *key = &f->dict.keys[code];
    struct bytes bytes = {0};
    bool ok;

    if (code == f->dict.null_number) {
        *out = (struct partition_value){.null = true};
        return true;
    }
    if (f->form == KEY_VIEW)
        bytes_slice(&bytes, view_slice(&key->view));
    else if (f->form == KEY_I128)
        single_value_of_i128(key->i128, &bytes);
    else
        single_value_of_i64(f->result, key->i64, &bytes);
    ok = !bytes.failed;
    *out = (struct partition_value){.value = arena_slice(arena, bytes_all(&bytes))};
    bytes_fini(&bytes);
    return ok && !arena->failed;
}

/* The code of a field within a pair chain: walk back from the number of the whole. */
static void codes_back(const struct partitioner *p, int32_t number, int32_t *codes)
{
    int32_t n = p->spec->field_count;

    for (int32_t i = n - 1; i > 0; i--) {
        int64_t pair = p->pairs[i].keys[number].i64;

        codes[i] = (int32_t)(pair & UINT32_MAX);
        number = (int32_t)(pair >> 32);
    }
    if (n)
        codes[0] = number;
}

static bool add_partition(struct partitioner *p, int32_t number)
{
    int32_t n = p->spec->field_count;
    struct partition_value *values = ARENA_ARRAY(&p->arena, struct partition_value, n);
    int32_t *codes = ARENA_ARRAY(&p->arena, int32_t, n);
    struct bytes path = {0};
    bool ok = values && codes && MEM_GROW(p->partitions, p->count, p->capacity);

    if (!ok)
        return false;
    codes_back(p, number, codes);
    for (int32_t i = 0; ok && i < n; i++) {
        ok = field_value(&p->fields[i], codes[i], &p->arena, &values[i]);
        if (ok)
            partition_path_append(&p->spec->fields[i], p->fields[i].result, &values[i], i == 0, &path);
    }
    p->partitions[p->count] = (struct partition){values, arena_text(&p->arena, bytes_all(&path))};
    ok = ok && !path.failed && !p->arena.failed;
    p->count += ok;
    bytes_fini(&path);
    return ok;
}

static bool assign_chunk(struct partitioner *p, const struct batch *b, int32_t n, int32_t *numbers)
{
    int32_t fields = p->spec->field_count;

    for (int32_t i = 0; i < fields; i++)
        if (!field_codes(p, &p->fields[i], b, n, p->codes + (size_t)i * CHUNK))
            return false;
    for (int32_t i = 1; i < fields; i++)
        if (!combine(&p->pairs[i], p->codes, p->codes + (size_t)i * CHUNK, n))
            return false;
    if (fields)
        memcpy(numbers, p->codes, (size_t)n * sizeof *numbers);
    else
        memset(numbers, 0, (size_t)n * sizeof *numbers);
    for (int32_t i = 0; i < n; i++)
        if (UNLIKELY((size_t)numbers[i] >= p->count) && !add_partition(p, numbers[i]))
            return false;
    return true;
}

enum err partitioner_assign(struct partitioner *p, const struct batch *b, int32_t *numbers, struct error *e)
{
    int32_t live = batch_live(b);

    for (int32_t at = 0; at < live; at += CHUNK) {
        int32_t n = MIN(live - at, CHUNK);

        for (int32_t i = 0; i < n; i++)
            p->rows[i] = batch_row(b, at + i);
        if (p->failed || !assign_chunk(p, b, n, numbers + at)) {
            p->failed = true;
            return error_memory(e, (size_t)live, "partition numbers");
        }
    }
    return OK;
}

int32_t partitioner_count(const struct partitioner *p)
{
    return (int32_t)p->count;
}

const struct partition_value *partitioner_values(const struct partitioner *p, int32_t number)
{
    assert(number >= 0 && (size_t)number < p->count);
    return p->partitions[number].values;
}

const char *partitioner_path(const struct partitioner *p, int32_t number)
{
    assert(number >= 0 && (size_t)number < p->count);
    return p->partitions[number].path;
}
