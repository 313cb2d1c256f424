/* parquet_stats_test.c: what a writer says of its columns (summary, page index) against what is counted by
 * hand. */
#include "base/test.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_format.h"
#include "parquet/parquet_writer.h"
#include "parquet/random_batch.h"
#include "parquet/thrift_compact.h"

#define PAGE_ROWS 64

struct fixture {
    struct arena arena;
    const struct schema *schema;
    struct memory_fs fs;
    struct fs_file *file;
    struct parquet_writer *w;
    struct batch *batch;
    struct parquet_summary summary;
    struct error e;
};

static void number(const struct field *fields, int32_t count, int32_t *next)
{
    for (int32_t i = 0; i < count; i++) {
        ((struct field *)fields)[i].id = (*next)++;
        number(fields[i].type->fields, fields[i].type->field_count, next);
    }
}

/* A file of one batch, with its summary; f->w stays open, since the summary points into it. */
static void setup(struct fixture *f, const char *schema, struct random_source *r, int32_t rows,
                  const struct parquet_options *options)
{
    int32_t next = 1;

    *f = (struct fixture){0};
    memory_fs_init(&f->fs);
    ASSERT_OK(schema_parse(&f->arena, slice_text(schema), &f->schema, &f->e), &f->e);
    number(f->schema->fields, f->schema->field_count, &next);
    f->batch = random_batch(r, f->schema, rows);
    ASSERT_OK(fs_create(&f->fs.fs, "memory", &f->file, &f->e), &f->e);
    ASSERT_OK(parquet_writer_new(f->schema, options, f->file, NULL, &f->w, &f->e), &f->e);
    ASSERT_OK(parquet_writer_add(f->w, f->batch, NULL, 0, &f->e), &f->e);
    ASSERT_OK(parquet_writer_finish(f->w, &f->summary, &f->e), &f->e);
}

static void teardown(struct fixture *f)
{
    parquet_writer_free(f->w);
    fs_abandon(&f->file);
    batch_unref(f->batch);
    memory_fs_fini(&f->fs);
    arena_fini(&f->arena);
}

/* --- by hand --- */

/* Order of two values of a column; texts by their bytes. */
static int compare_rows(const struct column *c, int32_t a, int32_t b)
{
#define ORDER(x, y) ((x) > (y)) - ((x) < (y))
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        return ORDER(c->u8[a], c->u8[b]);
    case TYPE_INT8:
        return ORDER(c->i8[a], c->i8[b]);
    case TYPE_INT16:
        return ORDER(c->i16[a], c->i16[b]);
    case TYPE_INT32:
    case TYPE_DATE:
        return ORDER(c->i32[a], c->i32[b]);
    case TYPE_INT64:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return ORDER(c->i64[a], c->i64[b]);
    case TYPE_FLOAT:
        return ORDER(c->f32[a], c->f32[b]);
    case TYPE_DOUBLE:
        return ORDER(c->f64[a], c->f64[b]);
    case TYPE_DECIMAL:
        return ORDER(c->i128[a], c->i128[b]);
    default:
        return slice_compare(column_slice(c, a), column_slice(c, b));
    }
#undef ORDER
}

static bool is_nan(const struct column *c, int32_t row)
{
    return (c->type->kind == TYPE_FLOAT && c->f32[row] != c->f32[row]) ||
           (c->type->kind == TYPE_DOUBLE && c->f64[row] != c->f64[row]);
}

/* Rows of the smallest and largest value within from..to, -1 when there is none. */
static void extremes(const struct column *c, int32_t from, int32_t to, int32_t *min, int32_t *max)
{
    *min = *max = -1;
    for (int32_t i = from; i < to; i++) {
        if (!column_valid(c, i) || is_nan(c, i))
            continue;
        if (*min < 0 || compare_rows(c, i, *min) < 0)
            *min = i;
        if (*max < 0 || compare_rows(c, i, *max) > 0)
            *max = i;
    }
}

static __int128 big_endian(struct slice s)
{
    __int128 v = (int8_t)s.ptr[0] < 0 ? -1 : 0;

    for (size_t i = 0; i < s.len; i++)
        v = (__int128)((unsigned __int128)v << 8 | (uint8_t)s.ptr[i]);
    return v;
}

/* Whether a bound (of Iceberg's form) is that of the value at row: equal, or a text cut the right way. */
static bool bound_fits(const struct column *c, int32_t row, struct slice bound, bool upper, size_t cut)
{
    int64_t i = 0;
    float f;
    double d;
    int order;

    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        return bound.len == 1 && *bound.ptr == (char)c->u8[row];
    case TYPE_FLOAT:
        memcpy(&f, bound.ptr, sizeof f);
        return bound.len == 4 && f == c->f32[row];
    case TYPE_DOUBLE:
        memcpy(&d, bound.ptr, sizeof d);
        return bound.len == 8 && d == c->f64[row];
    case TYPE_DECIMAL:
        return big_endian(bound) == c->i128[row];
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        order = slice_compare(bound, column_slice(c, row));
        if (column_slice(c, row).len <= cut || c->type->kind == TYPE_UUID)
            return order == 0;
        return (upper ? order >= 0 : order <= 0 && slice_starts(column_slice(c, row), bound));
    default:
        memcpy(&i, bound.ptr, bound.len);
        i = bound.len == 4 ? (int32_t)i : i;
        switch (type_width(c->type)) {
        case 1:
            return bound.len == 4 && i == c->i8[row];
        case 2:
            return bound.len == 4 && i == c->i16[row];
        case 4:
            return bound.len == 4 && i == c->i32[row];
        default:
            return bound.len == 8 && i == c->i64[row];
        }
    }
}

static void check_column(const struct fixture *f, int32_t number_of, size_t cut)
{
    const struct column *c = &f->batch->columns[number_of];
    const struct parquet_column_stats *s = &f->summary.columns[number_of];
    const char *name = f->schema->fields[number_of].name;
    int64_t nulls = 0, nans = 0;
    int32_t min, max;

    for (int32_t i = 0; i < c->row_count; i++) {
        nulls += !column_valid(c, i);
        nans += column_valid(c, i) && is_nan(c, i);
    }
    extremes(c, 0, c->row_count, &min, &max);
    assert_int_equal(s->field_id, f->schema->fields[number_of].id);
    assert_int_equal(s->value_count, c->row_count);
    assert_int_equal(s->null_count, nulls);
    assert_int_equal(s->nan_count, c->type->kind == TYPE_FLOAT || c->type->kind == TYPE_DOUBLE ? nans : -1);
    assert_int_equal(s->has_bounds, min >= 0);
    assert_true(s->size_bytes > 0);
    if (min >= 0 && (!bound_fits(c, min, s->lower, false, cut) || !bound_fits(c, max, s->upper, true, cut)))
        fail_msg("column %s has wrong bounds", name);
}

#define TYPES                                                                                                \
    "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, f FLOAT, d DOUBLE, d5 DECIMAL(5, 2), "        \
    "d18 DECIMAL(18, 3), d38 DECIMAL(38, 10), dt DATE, t TIME(6), ts TIMESTAMP(6), tn TIMESTAMP_LTZ(9), "    \
    "s STRING, bin BYTES, fx BINARY(5), fl BINARY(200), u UUID"

static const struct parquet_options options[] = {
    {.codec = PARQUET_SNAPPY, .page_rows = PAGE_ROWS},
    {.codec = PARQUET_NONE, .page_rows = PAGE_ROWS, .dictionary_bytes = -1, .delta = true},
    {.codec = PARQUET_NONE, .page_rows = PAGE_ROWS, .dictionary_bytes = 700, .bounds_length = 3},
    {.codec = PARQUET_NONE, .page_rows = PAGE_ROWS, .row_group_bytes = 1},
};

static void test_summary(UNUSED void **state)
{
    static const int nulls[] = {0, 30, 100};

    for (size_t o = 0; o < COUNT_OF(options); o++)
        for (int style = 0; style < RANDOM_STYLES; style++)
            for (size_t n = 0; n < COUNT_OF(nulls); n++) {
                struct random_source r = {o * 100 + (size_t)style * 10 + n, (enum random_style)style,
                                          nulls[n], 0};
                struct fixture f;

                setup(&f, TYPES, &r, 10000, &options[o]);
                assert_int_equal(f.summary.row_count, 10000);
                assert_int_equal(f.summary.column_count, f.schema->field_count);
                assert_int_equal(f.summary.row_group_count, o == 3 ? 2 : 1);
                assert_int_equal(f.summary.row_group_offsets[0], 4);
                for (int32_t i = 0; i < f.schema->field_count; i++)
                    check_column(&f, i, options[o].bounds_length ? 3 : 16);
                teardown(&f);
            }
}

/* Elements and absent elements of the leaves of a column, in their order. */
static void count_leaves(const struct column *c, const bool *present, int64_t *values, int64_t *nulls,
                         int32_t *leaf)
{
    bool *rows = mem_calloc((size_t)c->row_count, sizeof *rows), *elements;

    assert_non_null(rows);
    for (int32_t i = 0; i < c->row_count; i++)
        rows[i] = (present == NULL || present[i]) && column_valid(c, i);
    if (!type_is_nested(c->type)) {
        for (int32_t i = 0; i < c->row_count; i++)
            nulls[*leaf] += !rows[i];
        values[(*leaf)++] = c->row_count;
    } else if (c->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < c->type->field_count; i++)
            count_leaves(&c->children[i], rows, values, nulls, leaf);
    } else {
        for (int32_t k = 0; k < c->type->field_count; k++) {
            elements = NULL; /* every element of a list is within a list that is there */
            count_leaves(&c->children[k], elements, values, nulls, leaf);
        }
    }
    mem_free(rows);
}

static void test_nested_counts(UNUSED void **state)
{
    for (int style = 0; style < 3; style++) {
        struct random_source r = {(uint64_t)style, (enum random_style)style, 20, 0};
        struct parquet_options o = {.codec = PARQUET_NONE, .page_rows = 50};
        struct fixture f;
        int64_t values[20] = {0}, nulls[20] = {0};
        int32_t leaf = 0;

        setup(&f,
              "a INT, l ARRAY<STRING>, m MAP<STRING NOT NULL, DOUBLE>, r ROW<x INT, y ROW<z STRING>>, "
              "ll ARRAY<ROW<p INT, q ARRAY<INT>>>",
              &r, 3000, &o);
        for (int32_t i = 0; i < f.schema->field_count; i++)
            count_leaves(&f.batch->columns[i], NULL, values, nulls, &leaf);
        assert_int_equal(f.summary.column_count, leaf);
        for (int32_t i = 0; i < leaf; i++) {
            bool in_list = i == 1 || i == 2 || i == 3 || i >= 6;

            assert_int_equal(f.summary.columns[i].value_count, values[i]);
            assert_int_equal(f.summary.columns[i].null_count, nulls[i]);
            assert_int_equal(f.summary.columns[i].has_bounds, !in_list);
        }
        teardown(&f);
    }
}

/* --- the page index --- */

struct index_place {
    int64_t offsets_at, offsets_len, bounds_at, bounds_len;
};

/* Where the footer says that the page indexes of the first row group's columns are. */
static int find_indexes(const struct fixture *f, struct index_place *out)
{
    struct slice file = bytes_all(&f->fs.content);
    struct reader tail = reader_of(slice_from(file, file.len - PARQUET_TAIL_LEN));
    size_t len = reader_le32(&tail);
    struct thrift_reader r = thrift_reader_of(slice_of(file.ptr + file.len - PARQUET_TAIL_LEN - len, len));
    struct thrift_field top = {0}, group = {0}, chunk, element;
    int count = 0;

    while (thrift_next(&r, &top) && top.id != 4)
        thrift_skip(&r, &top);
    assert_int_equal(thrift_list(&r, &top, &element), 1);
    assert_true(thrift_next(&r, &group) && group.id == 1);
    for (uint32_t n = thrift_list(&r, &group, &element); n > 0; n--, count++) {
        out[count] = (struct index_place){0};
        for (chunk = (struct thrift_field){0}; thrift_next(&r, &chunk);) {
            int64_t *to = chunk.id == 4   ? &out[count].offsets_at
                          : chunk.id == 5 ? &out[count].offsets_len
                          : chunk.id == 6 ? &out[count].bounds_at
                          : chunk.id == 7 ? &out[count].bounds_len
                                          : NULL;

            if (to)
                *to = thrift_int(&r, &chunk);
            else
                thrift_skip(&r, &chunk);
        }
    }
    assert_false(r.in.failed);
    return count;
}

/* PageLocation: each page follows the one before, and begins with the row that it should. */
static uint32_t check_offsets(const struct fixture *f, const struct index_place *place)
{
    struct thrift_reader r = thrift_reader_of(
        slice_of(f->fs.content.ptr + place->offsets_at, (size_t)place->offsets_len));
    struct thrift_field field = {0}, element, in;
    uint32_t pages;
    int64_t end = 0;

    assert_true(thrift_next(&r, &field) && field.id == 1);
    pages = thrift_list(&r, &field, &element);
    for (uint32_t i = 0; i < pages; i++) {
        int64_t location[4] = {0};

        for (in = (struct thrift_field){0}; thrift_next(&r, &in);)
            location[in.id] = thrift_int(&r, &in);
        if (i)
            assert_int_equal(location[1], end);
        assert_int_equal(location[3], i * PAGE_ROWS);
        end = location[1] + location[2];
    }
    assert_false(r.in.failed);
    return pages;
}

static void check_bounds(const struct fixture *f, const struct index_place *place, const struct column *c,
                         uint32_t pages, size_t cut)
{
    struct thrift_reader r = thrift_reader_of(
        slice_of(f->fs.content.ptr + place->bounds_at, (size_t)place->bounds_len));
    struct thrift_field field = {0}, element;
    bool decimal = c->type->kind == TYPE_DECIMAL;
    int seen = 0, order = -1, ups = 0, downs = 0;
    int32_t min, max, last_min = -1, last_max = -1;

    while (thrift_next(&r, &field)) {
        if (field.id == 4) {
            order = thrift_i32(&r, &field);
            continue;
        }
        assert_int_equal(thrift_list(&r, &field, &element), pages);
        for (uint32_t i = 0; i < pages; i++) {
            int32_t from = (int32_t)i * PAGE_ROWS, to = MIN(from + PAGE_ROWS, c->row_count);
            int64_t nulls = 0;
            struct slice bound;

            extremes(c, from, to, &min, &max);
            for (int32_t k = from; k < to; k++)
                nulls += !column_valid(c, k);
            switch (field.id) {
            case 1:
                assert_int_equal(reader_u8(&r.in), nulls == to - from ? THRIFT_TRUE : THRIFT_FALSE);
                break;
            case 2:
            case 3:
                bound = thrift_binary(&r, &element);
                if (min < 0)
                    assert_int_equal(bound.len, 0);
                else if (!decimal) /* those are checked in the summary's form */
                    assert_true(bound_fits(c, field.id == 2 ? min : max, bound, field.id == 3, cut));
                break;
            case 5:
                assert_int_equal(thrift_int(&r, &element), nulls);
                break;
            default:
                thrift_skip(&r, &element);
                break;
            }
        }
        seen |= 1 << field.id;
    }
    assert_false(r.in.failed);
    assert_int_equal(seen & (1 << 1 | 1 << 2 | 1 << 3 | 1 << 5), 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5);
    for (int32_t from = 0; from < c->row_count; from += PAGE_ROWS) {
        extremes(c, from, MIN(from + PAGE_ROWS, c->row_count), &min, &max);
        if (min < 0)
            continue;
        if (last_min >= 0) {
            ups += compare_rows(c, min, last_min) > 0 || compare_rows(c, max, last_max) > 0;
            downs += compare_rows(c, min, last_min) < 0 || compare_rows(c, max, last_max) < 0;
        }
        last_min = min;
        last_max = max;
    }
    if (!type_is_view(c->type)) /* texts that differ may be equal once they are cut */
        assert_int_equal(order, downs == 0 ? 1 : ups == 0 ? 2 : 0);
    else if (downs == 0)
        assert_int_equal(order, 1);
}

static void test_page_index(UNUSED void **state)
{
    for (size_t o = 0; o < 3; o++)
        for (int style = 0; style < RANDOM_STYLES; style++)
            for (int nulls = 0; nulls <= 100; nulls += 50) {
                struct random_source r = {o * 100 + (size_t)style, (enum random_style)style, nulls, 0};
                struct fixture f;
                struct index_place places[32];
                uint32_t pages;

                setup(&f, TYPES, &r, 1000, &options[o]);
                assert_int_equal(find_indexes(&f, places), f.schema->field_count);
                for (int32_t i = 0; i < f.schema->field_count; i++) {
                    const struct column *c = &f.batch->columns[i];
                    bool may_miss = c->type->kind == TYPE_FLOAT || c->type->kind == TYPE_DOUBLE ||
                                    c->type->length == 200; /* pages of NaN; FIXED too long for bounds */

                    if (o == 2 && strcmp(f.schema->fields[i].name, "bin") == 0)
                        continue; /* its dictionary overflows: pages of other sizes */
                    if (o == 2 && c->type->kind >= TYPE_INT64)
                        continue;
                    pages = check_offsets(&f, &places[i]);
                    assert_int_equal(pages, (1000 + PAGE_ROWS - 1) / PAGE_ROWS);
                    if (places[i].bounds_len)
                        check_bounds(&f, &places[i], c, pages, options[o].bounds_length ? 3 : 16);
                    else
                        assert_true(may_miss);
                }
                teardown(&f);
            }
}

TEST_MAIN(cmocka_unit_test(test_summary), cmocka_unit_test(test_nested_counts),
          cmocka_unit_test(test_page_index))
