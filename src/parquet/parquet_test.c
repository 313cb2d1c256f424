/* parquet_test.c: files written and read again: every type, nullability, encoding, codec, page and row group
 * size. */
#include "base/test.h"
#include "base/budget.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_reader.h"
#include "parquet/parquet_writer.h"
#include "parquet/random_batch.h"

#define ALL_TYPES                                                                                            \
    "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, f FLOAT, d DOUBLE, d5 DECIMAL(5, 2), "        \
    "d18 DECIMAL(18, 3), d20 DECIMAL(20, 0), d38 DECIMAL(38, 10), dt DATE, t TIME(6), ts TIMESTAMP(6), "     \
    "tz TIMESTAMP_LTZ(6), tn TIMESTAMP(9), tzn TIMESTAMP_LTZ(9), s STRING, bin BYTES, fx BINARY(5), "        \
    "fl BINARY(200), u UUID"
#define REQUIRED_TYPES                                                                                       \
    "b BOOLEAN NOT NULL, i8 TINYINT NOT NULL, i32 INT NOT NULL, i64 BIGINT NOT NULL, f FLOAT NOT NULL, "     \
    "d DOUBLE NOT NULL, d5 DECIMAL(5, 2) NOT NULL, d38 DECIMAL(38, 10) NOT NULL, ts TIMESTAMP(6) NOT NULL, " \
    "s STRING NOT NULL, bin BYTES NOT NULL, fx BINARY(5) NOT NULL, u UUID NOT NULL"
#define NESTED_TYPES                                                                                         \
    "l ARRAY<INT>, ln ARRAY<STRING NOT NULL> NOT NULL, m MAP<STRING NOT NULL, STRING>, "                     \
    "r ROW<a INT NOT NULL, b STRING, c ROW<d DOUBLE, e ARRAY<BIGINT>>>, ll ARRAY<ARRAY<ARRAY<INT>>>, "       \
    "mm MAP<INT NOT NULL, MAP<STRING NOT NULL, ARRAY<ROW<x DATE, y MAP<STRING NOT NULL, INT> NOT NULL>>>>, " \
    "lr ARRAY<ROW<p INT NOT NULL, q ARRAY<STRING>>>, rr ROW<a ROW<b ROW<c INT NOT NULL> NOT NULL> NOT NULL>"

struct fixture {
    struct arena arena;
    const struct schema *schema;
    struct memory_fs fs;
    struct error e;
};

/* Give every field an id, in the order they come. */
static void number(const struct field *fields, int32_t count, int32_t *next)
{
    for (int32_t i = 0; i < count; i++) {
        ((struct field *)fields)[i].id = (*next)++;
        number(fields[i].type->fields, fields[i].type->field_count, next);
    }
}

static void setup(struct fixture *f, const char *schema)
{
    int32_t next = 1;

    arena_init(&f->arena, NULL);
    memory_fs_init(&f->fs);
    ASSERT_OK(schema_parse(&f->arena, slice_text(schema), &f->schema, &f->e), &f->e);
    number(f->schema->fields, f->schema->field_count, &next);
}

static void teardown(struct fixture *f)
{
    memory_fs_fini(&f->fs);
    arena_fini(&f->arena);
}

static enum err write_file(struct fixture *f, struct batch *const *batches, int count,
                           const struct parquet_options *options, struct budget *budget, struct error *e)
{
    struct fs_file *file = NULL;
    struct parquet_writer *w = NULL;
    struct parquet_summary summary;
    enum err rc;

    if ((rc = fs_create(&f->fs.fs, "memory", &file, e)) != OK ||
        (rc = parquet_writer_new(f->schema, options, file, budget, &w, e)) != OK)
        goto out;
    for (int i = 0; i < count && rc == OK; i++)
        rc = parquet_writer_add(w, batches[i], NULL, 0, e);
    if (rc == OK && (rc = parquet_writer_finish(w, &summary, e)) == OK) {
        assert_true(summary.file_bytes == (int64_t)f->fs.content.len);
        assert_true(parquet_writer_bytes(w) == summary.file_bytes);
        rc = fs_publish(&file, FS_REPLACE, e);
    }
out:
    parquet_writer_free(w);
    fs_abandon(&file);
    return rc;
}

/* Everything in the file, as text. */
static enum err read_file(struct fixture *f, const struct schema *as, struct budget *budget,
                          struct bytes *text, struct error *e)
{
    struct parquet_reader *r;
    struct batch *b;
    enum err rc = parquet_reader_open(&f->fs.fs, "memory", budget, &r, e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; i < parquet_reader_groups(r) && rc == OK; i++) {
        if ((rc = parquet_reader_group(r, i, NULL, 0, as, &b, e)) != OK)
            break;
        assert_true(b->row_count == parquet_reader_group_rows(r, i));
        rc = batch_check(b, e);
        batch_print(b, text);
        batch_unref(b);
    }
    parquet_reader_free(r);
    return rc;
}

static void assert_same_text(const struct bytes *want, const struct bytes *got, const char *what)
{
    size_t i = 0, line = 1;

    if (slice_equal(bytes_all(want), bytes_all(got)))
        return;
    for (; i < MIN(want->len, got->len) && want->ptr[i] == got->ptr[i]; i++)
        line += want->ptr[i] == '\n';
    i = i > 40 ? i - 40 : 0;
    fail_msg("%s: differ in line %zu: wanted ...%.*s... got ...%.*s...", what, line,
             (int)MIN(want->len - i, (size_t)120), want->ptr + i, (int)MIN(got->len - i, (size_t)120),
             got->ptr + i);
}

static void round_trip(struct fixture *f, struct random_source *r, int32_t row_count,
                       const struct parquet_options *options, const char *what)
{
    struct bytes want = {0}, got = {0};
    struct batch *batches[3];
    int32_t keep[1000], kept = 0;

    for (int i = 0; i < 3; i++)
        batches[i] = random_batch(r, f->schema, row_count / (i + 1));
    for (int32_t i = 0; i < batches[2]->row_count && kept < 1000; i += 1 + (int32_t)(random_next(r) % 3))
        keep[kept++] = i;
    batches[2]->selection = keep; /* only these rows are written */
    batches[2]->selected_count = kept;
    for (int i = 0; i < 3; i++)
        batch_print(batches[i], &want);
    ASSERT_OK(write_file(f, batches, 3, options, NULL, &f->e), &f->e);
    ASSERT_OK(read_file(f, f->schema, NULL, &got, &f->e), &f->e);
    assert_same_text(&want, &got, what);
    bytes_clear(&got);
    ASSERT_OK(read_file(f, NULL, NULL, &got, &f->e), &f->e);
    assert_same_text(&want, &got, what);
    for (int i = 0; i < 3; i++)
        batch_unref(batches[i]);
    bytes_fini(&want);
    bytes_fini(&got);
}

static void test_round_trip(UNUSED void **state)
{
    static const char *const schemas[] = {ALL_TYPES, REQUIRED_TYPES, NESTED_TYPES};
    static const struct parquet_options options[] = {
        {.codec = PARQUET_NONE},
        {.codec = PARQUET_SNAPPY, .page_rows = 100, .delta = true},
        {.codec = PARQUET_GZIP, .page_bytes = 500, .dictionary_bytes = 1000},
        {.codec = PARQUET_ZSTD, .dictionary_bytes = -1, .delta = true, .page_rows = 70},
        {.codec = PARQUET_LZ4_RAW,
         .row_group_bytes = 20000,
         .page_rows = 90,
         .delta = true,
         .dictionary_bytes = 300},
        {.codec = PARQUET_SNAPPY, .row_group_bytes = 1, .page_rows = 1, .page_bytes = 1},
    };
    static const int nulls[] = {0, 20, 100};
    char what[100];

    for (size_t s = 0; s < COUNT_OF(schemas); s++)
        for (size_t o = 0; o < COUNT_OF(options); o++)
            for (int style = 0; style < RANDOM_STYLES; style++)
                for (size_t n = 0; n < COUNT_OF(nulls); n++) {
                    struct fixture f;
                    struct random_source r = {s * 1000 + o * 100 + (size_t)style * 10 + n,
                                              (enum random_style)style, nulls[n], 0};

                    snprintf(what, sizeof what, "schema %zu, options %zu, style %d, %d%% absent", s, o, style,
                             nulls[n]);
                    setup(&f, schemas[s]);
                    round_trip(&f, &r, o == 5 ? 20 : 240, &options[o], what);
                    teardown(&f);
                }
}

/* Larger than a page, a slice, a dictionary, and an add's part. */
static void test_many_rows(UNUSED void **state)
{
    static const char *const schemas[] = {
        "s STRING, i BIGINT, d DOUBLE NOT NULL, l ARRAY<STRING>, b BOOLEAN, u UUID"};

    for (int style = 0; style < RANDOM_STYLES; style++) {
        struct fixture f;
        struct random_source r = {(uint64_t)style, (enum random_style)style, 5, 0};
        struct parquet_options options = {.codec = PARQUET_SNAPPY, .delta = style & 1};

        setup(&f, schemas[0]);
        round_trip(&f, &r, 15000, &options, "many rows");
        teardown(&f);
    }
}

static void test_empty(UNUSED void **state)
{
    struct fixture f;
    struct parquet_options options = {.codec = PARQUET_SNAPPY};
    struct parquet_reader *r;
    struct bytes text = {0};

    setup(&f, NESTED_TYPES);
    ASSERT_OK(write_file(&f, NULL, 0, &options, NULL, &f.e), &f.e);
    ASSERT_OK(read_file(&f, NULL, NULL, &text, &f.e), &f.e);
    assert_int_equal(text.len, 0);
    ASSERT_OK(parquet_reader_open(&f.fs.fs, "memory", NULL, &r, &f.e), &f.e);
    assert_int_equal(parquet_reader_rows(r), 0);
    assert_int_equal(parquet_reader_groups(r), 0);
    parquet_reader_free(r);
    teardown(&f);
}

/* Every list of one row lies in one page, however long. */
static void test_long_list(UNUSED void **state)
{
    struct fixture f;
    struct parquet_options options = {.codec = PARQUET_SNAPPY, .page_bytes = 100};
    struct builder b;
    struct batch *batch;
    struct bytes want = {0}, got = {0};

    setup(&f, "l ARRAY<INT NOT NULL>");
    assert_true(builder_init(&b, f.schema, NULL));
    for (int row = 0; row < 3; row++) {
        for (int i = 0; i < 5000; i++)
            builder_i32(&b.columns[0].children[0], i * row);
        builder_list_end(&b.columns[0]);
    }
    ASSERT_OK(builder_finish(&b, &batch, &f.e), &f.e);
    builder_fini(&b);
    batch_print(batch, &want);
    ASSERT_OK(write_file(&f, &batch, 1, &options, NULL, &f.e), &f.e);
    ASSERT_OK(read_file(&f, NULL, NULL, &got, &f.e), &f.e);
    assert_same_text(&want, &got, "long list");
    batch_unref(batch);
    bytes_fini(&want);
    bytes_fini(&got);
    teardown(&f);
}

static void assert_same_fields(const struct field *a, const struct field *b, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        assert_string_equal(a[i].name, b[i].name);
        assert_int_equal(a[i].id, b[i].id);
        assert_int_equal(a[i].type->kind, b[i].type->kind);
        assert_int_equal(a[i].type->nullable, b[i].type->nullable);
        assert_int_equal(a[i].type->precision, b[i].type->precision);
        assert_int_equal(a[i].type->scale, b[i].type->scale);
        assert_int_equal(a[i].type->field_count, b[i].type->field_count);
        assert_same_fields(a[i].type->fields, b[i].type->fields, a[i].type->field_count);
    }
}

static void test_schema_and_metadata(UNUSED void **state)
{
    static const char *const schemas[] = {ALL_TYPES, REQUIRED_TYPES, NESTED_TYPES};
    static const char *const metadata[] = {"iceberg.schema", "{}", "empty", "", NULL};
    struct parquet_options options = {.codec = PARQUET_SNAPPY, .metadata = metadata};

    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        struct fixture f;
        struct parquet_reader *r;

        setup(&f, schemas[i]);
        ASSERT_OK(write_file(&f, NULL, 0, &options, NULL, &f.e), &f.e);
        ASSERT_OK(parquet_reader_open(&f.fs.fs, "memory", NULL, &r, &f.e), &f.e);
        assert_int_equal(parquet_reader_schema(r)->field_count, f.schema->field_count);
        assert_same_fields(parquet_reader_schema(r)->fields, f.schema->fields, f.schema->field_count);
        assert_string_equal(parquet_reader_metadata(r, "iceberg.schema"), "{}");
        assert_string_equal(parquet_reader_metadata(r, "empty"), "");
        assert_null(parquet_reader_metadata(r, "absent"));
        parquet_reader_free(r);
        teardown(&f);
    }
}

static void test_not_null(UNUSED void **state)
{
    static const struct {
        const char *written, *as, *want;
    } cases[] = {
        {"a INT, b STRING", "a INT, b STRING NOT NULL", "column b is NOT NULL"},
        {"a ROW<x INT>", "a ROW<x INT NOT NULL>", "in a: column x is NOT NULL"},
        {"a ARRAY<INT>", "a ARRAY<INT NOT NULL>", "in a: column element is NOT NULL"},
        {"m MAP<STRING, ROW<q ARRAY<STRING>>>", "m MAP<STRING, ROW<q ARRAY<STRING> NOT NULL>>",
         "column q is NOT NULL"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture nulls, f;
        struct random_source r = {i, RANDOM_FEW, 50, 0};
        struct parquet_options options = {.codec = PARQUET_NONE};
        struct fs_file *file;
        struct parquet_writer *w;
        struct parquet_summary summary;
        struct batch *bad;
        int32_t none = 0;

        setup(&nulls, cases[i].written);
        setup(&f, cases[i].as);
        bad = random_batch(&r, nulls.schema, 100);
        ASSERT_OK(fs_create(&f.fs.fs, "memory", &file, &f.e), &f.e);
        ASSERT_OK(parquet_writer_new(f.schema, &options, file, NULL, &w, &f.e), &f.e);
        assert_int_equal(parquet_writer_add(w, bad, NULL, 0, &f.e), ERR_INPUT);
        if (strstr(f.e.text, cases[i].want) == NULL)
            fail_msg("case %zu: %s", i, f.e.text);
        ASSERT_OK(parquet_writer_add(w, bad, &none, 0, &f.e), &f.e); /* the writer is as it was */
        ASSERT_OK(parquet_writer_finish(w, &summary, &f.e), &f.e);
        assert_int_equal(summary.row_count, 0);
        parquet_writer_free(w);
        fs_abandon(&file);
        batch_unref(bad);
        teardown(&nulls);
        teardown(&f);
    }
}

static void test_values_that_do_not_fit(UNUSED void **state)
{
    static const struct {
        const char *schema, *want;
    } cases[] = {
        {"d DECIMAL(5, 2)", "does not fit DECIMAL(5, 2)"},
        {"d DECIMAL(20, 2)", "does not fit DECIMAL(20, 2)"},
        {"u UUID", "has a value of 3 bytes"},
        {"x BINARY(7)", "has a value of 3 bytes"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;
        struct parquet_options options = {.codec = PARQUET_NONE};
        struct builder b;
        struct batch *batch;

        setup(&f, cases[i].schema);
        assert_true(builder_init(&b, f.schema, NULL));
        if (f.schema->fields[0].type->kind == TYPE_DECIMAL)
            builder_i128(&b.columns[0], (__int128)1 << 100);
        else
            builder_copied(&b.columns[0], "abc", 3);
        ASSERT_OK(builder_finish(&b, &batch, &f.e), &f.e);
        builder_fini(&b);
        assert_int_equal(write_file(&f, &batch, 1, &options, NULL, &f.e), ERR_INPUT);
        if (strstr(f.e.text, cases[i].want) == NULL)
            fail_msg("case %zu: %s", i, f.e.text);
        batch_unref(batch);
        teardown(&f);
    }
}

static void test_promotion(UNUSED void **state)
{
    static const struct {
        const char *written, *wanted;
        enum err rc;
    } cases[] = {
        {"a TINYINT", "a INT", OK},
        {"a SMALLINT", "a BIGINT", OK},
        {"a INT", "a BIGINT", OK},
        {"a ARRAY<INT>", "a ARRAY<BIGINT>", OK},
        {"a FLOAT", "a DOUBLE", OK},
        {"a DECIMAL(5, 2)", "a DECIMAL(20, 2)", OK},
        {"a DECIMAL(18, 2)", "a DECIMAL(38, 2)", OK},
        {"a DECIMAL(20, 2)", "a DECIMAL(38, 2)", OK},
        {"a STRING", "a BYTES", OK},
        {"a INT NOT NULL", "a INT", OK},
        {"a BIGINT", "a INT", ERR_INPUT},
        {"a DECIMAL(5, 2)", "a DECIMAL(20, 3)", ERR_INPUT},
        {"a DECIMAL(20, 2)", "a DECIMAL(5, 2)", ERR_INPUT},
        {"a TIMESTAMP(6)", "a TIMESTAMP_LTZ(6)", ERR_INPUT},
        {"a TIMESTAMP(6)", "a TIMESTAMP(9)", ERR_INPUT},
        {"a STRING", "a INT", ERR_INPUT},
        {"a ARRAY<INT>", "a INT", ERR_INPUT},
        {"a ROW<x INT>", "a ROW<x INT, y INT>", ERR_INPUT},
        {"a BINARY(4)", "a BINARY(5)", ERR_INPUT},
        {"a INT", "a INT NOT NULL", ERR_INPUT}, /* there are absent ones */
        {"a ROW<x INT>", "a ROW<x INT NOT NULL>", ERR_INPUT},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f, as;
        struct random_source r = {i, RANDOM_EXTREME, 30, 0};
        struct parquet_options options = {.codec = PARQUET_SNAPPY, .dictionary_bytes = i & 1 ? -1 : 0};
        struct bytes want = {0}, got = {0};
        struct batch *batch;
        enum err rc;

        setup(&f, cases[i].written);
        setup(&as, cases[i].wanted);
        if (f.schema->fields[0].type->kind == TYPE_FLOAT)
            r.style = RANDOM_RUNS; /* the same text as float and as double */
        batch = random_batch(&r, f.schema, 200);
        if (strchr(cases[i].wanted, 'Y') == NULL) /* bytes are printed in hex */
            batch_print(batch, &want);
        ASSERT_OK(write_file(&f, &batch, 1, &options, NULL, &f.e), &f.e);
        rc = read_file(&f, as.schema, NULL, &got, &f.e);
        if (rc != cases[i].rc)
            fail_msg("%s as %s: %s", cases[i].written, cases[i].wanted, rc ? f.e.text : "read");
        if (rc == OK && want.len)
            assert_same_text(&want, &got, cases[i].wanted);
        batch_unref(batch);
        bytes_fini(&want);
        bytes_fini(&got);
        teardown(&f);
        teardown(&as);
    }
}

static void test_projection(UNUSED void **state)
{
    struct fixture f;
    struct random_source r = {7, RANDOM_UNIQUE, 10, 0};
    struct parquet_options options = {.codec = PARQUET_NONE};
    struct batch *all, *part;
    struct parquet_reader *reader;
    const int32_t columns[] = {3, 0};
    struct bytes want = {0}, got = {0};
    struct batch *selected;
    int64_t before;

    setup(&f, "a INT, b STRING, c STRING, d ARRAY<STRING>, e STRING");
    all = random_batch(&r, f.schema, 20000);
    ASSERT_OK(write_file(&f, &all, 1, &options, NULL, &f.e), &f.e);
    ASSERT_OK(parquet_reader_open(&f.fs.fs, "memory", NULL, &reader, &f.e), &f.e);
    before = f.fs.bytes_read;
    ASSERT_OK(parquet_reader_group(reader, 0, columns, 2, NULL, &part, &f.e), &f.e);
    assert_true(f.fs.bytes_read - before < (int64_t)f.fs.content.len * 2 / 3);
    assert_string_equal(part->schema->fields[0].name, "d");
    assert_string_equal(part->schema->fields[1].name, "a");
    selected = batch_project(all, part->schema, columns, NULL);
    batch_print(selected, &want);
    batch_print(part, &got);
    assert_same_text(&want, &got, "projection");
    batch_unref(selected);
    batch_unref(part);
    bytes_clear(&got);
    ASSERT_OK(parquet_reader_group(reader, 0, columns, 0, NULL, &part, &f.e),
              &f.e); /* no column, only rows */
    assert_int_equal(part->row_count, 20000);
    batch_unref(part);
    parquet_reader_free(reader);
    batch_unref(all);
    bytes_fini(&want);
    bytes_fini(&got);
    teardown(&f);
}

/* --- budgets, and failures of memory and disk --- */

static void test_budget(UNUSED void **state)
{
    struct fixture f;
    struct random_source r = {9, RANDOM_UNIQUE, 10, 0};
    struct parquet_options options = {.codec = PARQUET_SNAPPY, .page_rows = 500, .row_group_bytes = 100000};
    struct batch *batch;
    struct budget *budget = budget_new("test", 0, NULL), *tight;
    struct bytes text = {0};
    size_t peak; /* of writing */

    setup(&f, NESTED_TYPES);
    batch = random_batch(&r, f.schema, 2000);
    ASSERT_OK(write_file(&f, &batch, 1, &options, budget, &f.e), &f.e);
    assert_int_equal(budget_used(budget), 0);
    assert_true(budget_peak(budget) > 10000);
    ASSERT_OK(read_file(&f, NULL, budget, &text, &f.e), &f.e);
    assert_int_equal(budget_used(budget), 0);
    peak = budget_peak(budget);
    budget_free(budget);
    budget = budget_new("test", 0, NULL);
    ASSERT_OK(read_file(&f, NULL, budget, &text, &f.e), &f.e);
    for (size_t limit = 1000; limit < budget_peak(budget); limit += peak / 23) {
        tight = budget_new("tight", limit, NULL);
        assert_int_equal(read_file(&f, NULL, tight, &text, &f.e), ERR_MEMORY);
        assert_int_equal(budget_used(tight), 0);
        budget_free(tight);
    }
    for (size_t limit = 1000; limit < peak / 8; limit += peak / 97) {
        tight = budget_new("tight", limit, NULL);
        assert_int_equal(write_file(&f, &batch, 1, &options, tight, &f.e), ERR_MEMORY);
        assert_int_equal(budget_used(tight), 0);
        budget_free(tight);
    }
    budget_free(budget);
    batch_unref(batch);
    bytes_fini(&text);
    teardown(&f);
}

static void fail_each_allocation(const char *schema, const struct parquet_options *options)
{
    struct fixture f;
    struct random_source r = {11, RANDOM_UNIQUE, 10, 0};
    struct batch *batches[2];
    struct bytes want = {0}, got = {0};
    uint64_t before, writes, reads;

    setup(&f, schema);
    batches[0] = random_batch(&r, f.schema, 600);
    r.style = RANDOM_FEW;
    batches[1] = random_batch(&r, f.schema, 600);
    before = mem_count();
    ASSERT_OK(write_file(&f, batches, 2, options, NULL, &f.e), &f.e);
    writes = mem_count() - before;
    for (uint64_t n = 1; n <= writes; n++) {
        mem_fail_at(n, n & 1);
        enum err rc = write_file(&f, batches, 2, options, NULL, &f.e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, f.e.text);
    }
    ASSERT_OK(write_file(&f, batches, 2, options, NULL, &f.e), &f.e);
    before = mem_count();
    ASSERT_OK(read_file(&f, NULL, NULL, &want, &f.e), &f.e);
    reads = mem_count() - before;
    for (uint64_t n = 1; n <= reads; n++) {
        bytes_clear(&got);
        mem_fail_at(n, n & 1);
        enum err rc = read_file(&f, NULL, NULL, &got, &f.e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, f.e.text);
        if (rc == OK && !got.failed)
            assert_same_text(&want, &got, "after a failed allocation");
    }
    batch_unref(batches[0]);
    batch_unref(batches[1]);
    bytes_fini(&want);
    bytes_fini(&got);
    teardown(&f);
}

static void test_allocation_failures(UNUSED void **state)
{
    static const struct parquet_options options[] = {
        {.codec = PARQUET_SNAPPY, .page_rows = 300, .row_group_bytes = 60000},
        {.codec = PARQUET_GZIP, .delta = true, .dictionary_bytes = 2000},
        {.codec = PARQUET_ZSTD, .dictionary_bytes = -1},
    };

    for (size_t i = 0; i < COUNT_OF(options); i++) {
        fail_each_allocation("s STRING, i BIGINT, d DOUBLE NOT NULL, dec DECIMAL(30, 2), b BOOLEAN",
                             &options[i]);
        fail_each_allocation("l ARRAY<ROW<a STRING, m MAP<STRING NOT NULL, INT>>>, r ROW<a INT>",
                             &options[i]);
    }
}

static void test_io_failures(UNUSED void **state)
{
    struct fixture f;
    struct random_source r = {13, RANDOM_UNIQUE, 10, 0};
    struct parquet_options options = {.codec = PARQUET_NONE, .row_group_bytes = 50000};
    struct batch *batch;
    struct bytes text = {0};
    int operations;

    setup(&f, NESTED_TYPES);
    batch = random_batch(&r, f.schema, 2000);
    ASSERT_OK(write_file(&f, &batch, 1, &options, NULL, &f.e), &f.e);
    operations = f.fs.operations;
    for (int i = 1; i <= operations; i++) {
        f.fs.operations = 0;
        f.fs.fail_at = i;
        assert_int_equal(write_file(&f, &batch, 1, &options, NULL, &f.e), ERR_IO);
    }
    f.fs.fail_at = 0;
    ASSERT_OK(write_file(&f, &batch, 1, &options, NULL, &f.e), &f.e);
    f.fs.operations = 0;
    ASSERT_OK(read_file(&f, NULL, NULL, &text, &f.e), &f.e);
    operations = f.fs.operations;
    for (int i = 1; i <= operations; i++) {
        f.fs.operations = 0;
        f.fs.fail_at = i;
        assert_int_equal(read_file(&f, NULL, NULL, &text, &f.e), ERR_IO);
        assert_non_null(strstr(f.e.text, "memory")); /* the path */
    }
    batch_unref(batch);
    bytes_fini(&text);
    teardown(&f);
}

/* --- damaged files --- */

static bool same_schema(const struct field *a, const struct field *b, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(a[i].name, b[i].name) != 0 || !type_equal(a[i].type, b[i].type))
            return false;
    return true;
}

/* Read whatever the file holds: it must be an error, or the same values (unless the footer's schema is
 * another). */
static void read_damaged(struct fixture *f, const struct bytes *want, size_t at, const char *how,
                         struct budget *budget)
{
    struct parquet_reader *r;
    struct bytes got = {0};
    enum err rc = parquet_reader_open(&f->fs.fs, "memory", budget, &r, &f->e);
    bool same;

    if (rc != OK)
        return;
    same = parquet_reader_schema(r)->field_count == f->schema->field_count &&
           same_schema(parquet_reader_schema(r)->fields, f->schema->fields, f->schema->field_count);
    parquet_reader_free(r);
    rc = read_file(f, NULL, budget, &got, &f->e);
    if (rc == OK && same) {
        char what[100];

        snprintf(what, sizeof what, "byte %zu %s", at, how);
        assert_same_text(want, &got, what);
    }
    bytes_fini(&got);
}

static void damage(const char *schema, const struct parquet_options *options)
{
    static const struct {
        const char *how;
        uint8_t flip;
    } flips[] = {{"inverted", 0xff}, {"lowest bit", 1}, {"third bit", 4}};
    struct fixture f;
    struct random_source r = {17, RANDOM_RISING, 20, 0};
    struct batch *batch;
    struct budget *budget = budget_new("test", (size_t)64 << 20, NULL);
    struct bytes want = {0};
    char *bytes;
    size_t len;

    setup(&f, schema);
    batch = random_batch(&r, f.schema, 40);
    ASSERT_OK(write_file(&f, &batch, 1, options, NULL, &f.e), &f.e);
    ASSERT_OK(read_file(&f, NULL, budget, &want, &f.e), &f.e);
    bytes = f.fs.content.ptr;
    len = f.fs.content.len;
    for (size_t i = 0; i < len; i++)
        for (size_t k = 0; k < COUNT_OF(flips); k++) {
            bytes[i] = (char)(bytes[i] ^ flips[k].flip);
            read_damaged(&f, &want, i, flips[k].how, budget);
            bytes[i] = (char)(bytes[i] ^ flips[k].flip);
        }
    for (f.fs.content.len = 0; f.fs.content.len < len; f.fs.content.len++)
        if (read_file(&f, NULL, budget, &want, &f.e) == OK)
            fail_msg("%zu bytes of %zu were read as a whole file", f.fs.content.len, len);
    assert_int_equal(budget_used(budget), 0);
    budget_free(budget);
    batch_unref(batch);
    bytes_fini(&want);
    teardown(&f);
}

static void test_damaged_files(UNUSED void **state)
{
    static const struct parquet_options options[] = {
        {.codec = PARQUET_NONE, .page_rows = 17},
        {.codec = PARQUET_SNAPPY, .delta = true, .dictionary_bytes = -1},
        {.codec = PARQUET_ZSTD},
    };

    for (size_t i = 0; i < COUNT_OF(options); i++) {
        damage("s STRING, i BIGINT NOT NULL, b BOOLEAN, d DECIMAL(25, 1), f FLOAT", &options[i]);
        damage("l ARRAY<ROW<a STRING, m MAP<STRING NOT NULL, INT>>>, r ROW<a INT, b ARRAY<DOUBLE>>",
               &options[i]);
    }
}

TEST_MAIN(cmocka_unit_test(test_round_trip), cmocka_unit_test(test_many_rows), cmocka_unit_test(test_empty),
          cmocka_unit_test(test_long_list), cmocka_unit_test(test_schema_and_metadata),
          cmocka_unit_test(test_not_null), cmocka_unit_test(test_values_that_do_not_fit),
          cmocka_unit_test(test_promotion), cmocka_unit_test(test_projection), cmocka_unit_test(test_budget),
          cmocka_unit_test(test_allocation_failures), cmocka_unit_test(test_io_failures),
          cmocka_unit_test(test_damaged_files))
