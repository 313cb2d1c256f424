/* scan_test.c: reading tables: deletes of both kinds, schemas that have changed, files that are left out,
 * pieces of files. */
#include "base/calendar.h"
#include "iceberg/scan_reader.h"
#include "iceberg/test_scan.h"

/* The ids of all rows that a plan gives, as text, in its order. */
static enum err scan_ids(struct table *t, const struct snapshot *s, const struct filter *filter,
                         int64_t split_bytes, struct bytes *out, struct error *e)
{
    const struct scan_request request = {t->fs, t->metadata, filter, split_bytes};
    const struct schema wanted = {1, t->metadata->schema->fields};
    struct scan_source source = {.fs = t->fs, .metadata = t->metadata, .wanted = &wanted};
    struct scan_split *splits;
    struct arena arena = {0};
    int32_t count = 0;
    enum err rc = scan_plan_snapshot(&request, s, &arena, &splits, &count, e);

    if (rc == OK && (source.deletes = scan_deletes_new(t->fs, t->metadata, NULL)) == NULL)
        rc = error_memory(e, 0, "deletes");
    for (int32_t i = 0; rc == OK && i < count; i++) {
        struct scan_reader *r = NULL;
        struct batch *b = NULL;
        int64_t first;

        rc = scan_reader_open(&source, &splits[i], 0, &r, e);
        while (rc == OK && (rc = scan_reader_next(r, &b, &first, e)) == OK && b) {
            for (int32_t k = 0; k < batch_live(b); k++)
                bytes_printf(out, "%" PRId64 " ", b->columns[0].i64[batch_row(b, k)]);
            batch_unref(b);
        }
        scan_reader_free(r);
    }
    scan_deletes_free(source.deletes);
    arena_fini(&arena);
    return rc;
}

static void assert_ids(struct table *t, int64_t snapshot_id, const struct filter *filter, const char *want)
{
    struct bytes text = {0};
    struct error e;

    ASSERT_OK(scan_ids(t, metadata_snapshot(t->metadata, snapshot_id), filter, 0, &text, &e), &e);
    bytes_cstr(&text);
    if (text.len)
        text.len--; /* the blank */
    if (!slice_is(bytes_all(&text), want))
        fail_msg("wanted %s, got " SLICE_FMT, want, SLICE_ARG(bytes_all(&text)));
    bytes_fini(&text);
}

/* --- deletes --- */

static const struct test_row rows_x[] = {
    {1, "a", "x"}, {2, "b", "x"}, {3, "c", "x"}, {4, NULL, "x"}, {5, "e", "x"}};
static const struct test_row rows_y[] = {{6, "a", "y"}, {3, "c", "y"}, {8, NULL, "y"}};
static const struct test_row again[] = {{3, "c", "x"}, {9, "a", "x"}};

static void test_deletes(UNUSED void **state)
{
    static const int64_t second[] = {1}, twice[] = {1, 4};
    static const struct test_row three[] = {{3, NULL, "x"}}, no_name[] = {{0, NULL, "x"}};
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file x, f[2];
    int64_t s1, s2, s3, s4, s5;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "part", &arena);
    f[0] = x = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
    f[1] = test_rows_file(&w, t, "mem://y1", rows_y, 3, 0, &arena);
    s1 = test_commit(t, 1, f, 2);
    f[0] = test_position_deletes(&w, "mem://d1", &x, second, 1, &arena);
    f[1] = test_equality_deletes(&w, t, "mem://e1", 0, three, 1, &arena);
    s2 = test_commit(t, 2, f, 2);
    f[0] = test_rows_file(&w, t, "mem://x2", again, 2, 0, &arena);
    s3 = test_commit(t, 3, f, 1);
    f[0] = test_position_deletes(&w, "mem://d2", &x, twice, 2, &arena);
    f[1] = test_equality_deletes(&w, t, "mem://e2", 1, no_name, 1, &arena);
    s4 = test_commit(t, 4, f, 2);
    f[0] = test_equality_deletes(&w, t, "mem://e3", 0, three, 1, &arena);
    s5 = test_commit(t, 5, f, 1);
    assert_ids(t, s1, NULL, "1 2 3 4 5 6 3 8");
    assert_ids(t, s2, NULL, "1 4 5 6 3 8");     /* 3 of partition y is another's */
    assert_ids(t, s3, NULL, "3 9 1 4 5 6 3 8"); /* written after the delete: it lives */
    assert_ids(t, s4, NULL, "3 9 1 6 3 8");     /* no name equals no name, in partition x */
    assert_ids(t, s5, NULL, "9 1 6 3 8");
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* Without partitions equality deletes are for every file that is older. */
static void test_global_deletes(UNUSED void **state)
{
    static const struct test_row gone[] = {{3, NULL, NULL}, {6, NULL, NULL}};
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f[2];
    int64_t s2, s3;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "", &arena);
    f[0] = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
    f[1] = test_rows_file(&w, t, "mem://y1", rows_y, 3, 0, &arena);
    test_commit(t, 1, f, 2);
    f[0] = test_equality_deletes(&w, t, "mem://e1", 0, gone, 2, &arena);
    f[1] = test_rows_file(&w, t, "mem://x2", again, 2, 0, &arena); /* of the same commit: it lives */
    s2 = test_commit(t, 2, f, 2);
    f[0] = test_equality_deletes(&w, t, "mem://e2", 0, gone, 1, &arena);
    s3 = test_commit(t, 3, f, 1);
    assert_ids(t, s2, NULL, "3 9 1 2 4 5 8");
    assert_ids(t, s3, NULL, "9 1 2 4 5 8");
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* --- overwriting --- */

static int64_t overwrite(struct table *t, int64_t checkpoint_id, const struct data_file *files, int count)
{
    const struct change change = {.pipeline = "test",
                                  .checkpoint_id = checkpoint_id,
                                  .file_count = count,
                                  .files = files,
                                  .overwrites = true};
    struct commit_result result;
    struct error e;

    ASSERT_OK(commit_change(t, &change, &result, &e), &e);
    return result.snapshot_id;
}

static void assert_summary(const struct table *t, int64_t id, const char *key, const char *want)
{
    const char *got = json_string_value(json_object_get(metadata_snapshot(t->metadata, id)->summary, key));

    if (want == NULL ? got != NULL : got == NULL || strcmp(got, want) != 0)
        fail_msg("%s: wanted %s, got %s", key, want ? want : "none", got ? got : "none");
}

static void test_overwrite(UNUSED void **state)
{
    static const struct test_row fresh[] = {{20, "n", "x"}};
    static const int64_t first[] = {0};
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f[3];
    int64_t id;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "part", &arena);
    f[0] = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
    f[1] = test_rows_file(&w, t, "mem://y1", rows_y, 3, 0, &arena);
    f[2] = test_position_deletes(&w, "mem://d1", &f[0], first, 1, &arena);
    test_commit(t, 1, f, 3);
    f[0] = test_rows_file(&w, t, "mem://x2", fresh, 1, 0, &arena);
    id = overwrite(t, 2, f, 1);
    assert_ids(t, id, NULL, "20 6 3 8");
    assert_summary(t, id, "operation", "overwrite");
    assert_summary(t, id, "replace-partitions", "true");
    assert_summary(t, id, "deleted-data-files", "1");
    assert_summary(t, id, "deleted-records", "5");
    assert_summary(t, id, "removed-position-deletes", "1");
    assert_summary(t, id, "total-records", "4");
    assert_summary(t, id, "total-delete-files", "0");
    assert_int_equal(overwrite(t, 2, f, 1), id); /* once more: recognised */
    assert_int_equal(overwrite(t, 3, f, 0), 0);  /* nothing in, nothing out */
    table_free(t);
    t = test_scan_table(&w, "u", "", &arena);
    f[0] = test_rows_file(&w, t, "mem://u1", rows_x, 5, 0, &arena);
    test_commit(t, 1, f, 1);
    f[0] = test_rows_file(&w, t, "mem://u2", rows_y, 3, 0, &arena);
    assert_ids(t, overwrite(t, 2, f, 1), NULL, "6 3 8");
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* An overwrite that fails anywhere leaves what was, or what is to be; and no file of its own. */
static void test_overwrite_fails(UNUSED void **state)
{
    bool hit = true; /* there was an nth call to fail */

    for (int64_t n = 1; hit; n++) {
        struct arena arena = {0};
        struct test_world w;
        struct table *t, *now;
        struct data_file f[2];
        struct commit_result result;
        struct change change = {.pipeline = "test", .checkpoint_id = 2, .file_count = 1, .overwrites = true};
        struct error e;
        int64_t before;

        test_world_init(&w);
        t = test_scan_table(&w, "t", "part", &arena);
        f[0] = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
        f[1] = test_rows_file(&w, t, "mem://y1", rows_y, 3, 0, &arena);
        test_commit(t, 1, f, 2);
        f[0] = test_rows_file(&w, t, "mem://x2", again, 2, 0, &arena);
        change.files = f;
        before = w.fs.calls;
        test_fs_fail(&w.fs, n, TEST_FAIL);
        if (commit_change(t, &change, &result, &e) != OK)
            assert_int_equal(e.code, ERR_IO);
        hit = w.fs.calls - before >= n;
        test_fs_fail(&w.fs, 0, TEST_FAIL);
        ASSERT_OK(catalog_load(w.catalog, "db", "t", &now, &e), &e);
        assert_ids(now, now->metadata->current_snapshot_id, NULL,
                   now->metadata->snapshot_count == 1 ? "1 2 3 4 5 6 3 8" : "3 9 6 3 8");
        table_free(now);
        table_free(t);
        test_world_fini(&w);
        arena_fini(&arena);
    }
}

/* --- schemas --- */

static const struct schema *numbered(struct arena *arena, const char *text)
{
    const struct schema *plain, *schema;
    struct error e;
    int32_t last;

    ASSERT_OK(schema_parse(arena, slice_text(text), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(arena, plain, &schema, &last, &e), &e);
    return schema;
}

/* The field of a schema by its name, with another type, id or name. */
static struct field changed(const struct schema *s, const char *name, const char *new_name,
                            const struct type *type)
{
    struct field f = s->fields[schema_find(s, slice_text(name))];

    f.name = new_name ? new_name : f.name;
    f.type = type ? type : f.type;
    return f;
}

static const struct type *row_type(struct arena *arena, const struct field *fields, int32_t count)
{
    struct type *t = ARENA_NEW(arena, struct type);

    *t = (struct type){.kind = TYPE_STRUCT, .nullable = true, .field_count = count, .fields = fields};
    return t;
}

static struct batch *old_rows(const struct schema *s)
{
    struct batch *batch;
    struct builder b;
    struct error e;

    assert_true(builder_init(&b, s, NULL));
    for (int i = 0; i < 3; i++) {
        struct column_builder *r = &b.columns[3], *l = &b.columns[4];

        builder_i32(&b.columns[0], i);
        test_put_text(&b.columns[1], i == 1 ? NULL : "text");
        builder_f32(&b.columns[2], (float)i);
        if (i == 2) {
            builder_null(&r->children[0]);
            builder_null(&r->children[1]);
            builder_struct_null(r);
        } else {
            builder_i32(&r->children[0], 10 + i);
            test_put_text(&r->children[1], "y");
            builder_struct_end(r);
        }
        for (int k = 0; k < i; k++) {
            builder_i32(&l->children[0].children[0], k);
            test_put_text(&l->children[0].children[1], "e");
            builder_struct_end(&l->children[0]);
        }
        builder_list_end(l);
    }
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    return batch;
}

/* Renamed, moved, widened, dropped and added columns, within a ROW and within the ROWs of a list too. */
static const struct schema *new_schema(struct arena *arena, const struct schema *old)
{
    struct schema *s = ARENA_NEW(arena, struct schema);
    struct field *fields = ARENA_ARRAY(arena, struct field, 5);
    struct field *row = ARENA_ARRAY(arena, struct field, 3), *element = ARENA_ARRAY(arena, struct field, 2);
    struct field *list = ARENA_NEW(arena, struct field);
    const struct type *r = old->fields[3].type, *l = old->fields[4].type;
    const struct type *entry = l->fields[0].type;
    struct type *list_type = arena_copy(arena, l, sizeof *l);

    row[0] = r->fields[1];
    row[1] = (struct field){"added", type_simple(TYPE_DATE, true), 90, NULL};
    row[2] = r->fields[0];
    row[2].type = type_simple(TYPE_INT64, true);
    element[0] = (struct field){"added", type_simple(TYPE_STRING, true), 91, NULL};
    element[1] = entry->fields[1];
    *list = l->fields[0];
    list->type = row_type(arena, element, 2);
    list_type->fields = list;
    fields[0] = changed(old, "l", NULL, list_type);
    fields[1] = changed(old, "r", "renamed", row_type(arena, row, 3));
    fields[2] = (struct field){"late", type_simple(TYPE_STRING, true), 92, NULL};
    fields[3] = changed(old, "f", NULL, type_simple(TYPE_DOUBLE, true));
    fields[4] = changed(old, "a", "b", type_simple(TYPE_INT64, true));
    *s = (struct schema){5, fields};
    return s;
}

static void test_evolution(UNUSED void **state)
{
    static const char want[] = "+I([], (y, NULL, 10), NULL, 0, 0)\n"
                               "+I([(NULL, e)], (y, NULL, 11), NULL, 1, 1)\n"
                               "+I([(NULL, e), (NULL, e)], NULL, NULL, 2, 2)\n";
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    const struct schema *old = numbered(&arena,
                                        "a INT, b STRING, f FLOAT, r ROW<x INT, y STRING>, l ARRAY<ROW<k "
                                        "INT, v STRING>>");
    const struct schema *wanted = new_schema(&arena, old);
    struct data_file f;
    struct scan_source source;
    struct scan_split split;
    struct scan_reader *r;
    struct bytes text = {0};
    struct batch *b;
    struct error e;
    int64_t first;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "", &arena);
    f = test_parquet(&w, "mem://old", old_rows(old), 0, &arena);
    split = (struct scan_split){.file = &f, .end = SCAN_TO_END};
    source = (struct scan_source){.fs = t->fs, .metadata = t->metadata, .wanted = wanted};
    ASSERT_OK(scan_reader_open(&source, &split, 0, &r, &e), &e);
    ASSERT_OK(scan_reader_next(r, &b, &first, &e), &e);
    ASSERT_OK(batch_check(b, &e), &e);
    batch_print(b, &text);
    assert_string_equal(bytes_cstr(&text), want);
    batch_unref(b);
    ASSERT_OK(scan_reader_next(r, &b, &first, &e), &e);
    assert_null(b);
    scan_reader_free(r);
    bytes_fini(&text);
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* A file that leaves its partition's column out, as those from Hive do; and one without any ids. */
static void test_strange_files(UNUSED void **state)
{
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct field fields[2];
    struct schema only_id = {1, fields}, wanted;
    struct data_file f;
    struct scan_source source;
    struct scan_split split = {.end = SCAN_TO_END};
    struct scan_reader *r;
    struct batch *b, *ids;
    struct builder builder;
    struct bytes text = {0};
    struct error e;
    int64_t first;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "part", &arena);
    for (int strange = 0; strange < 2; strange++) {
        fields[0] = t->metadata->schema->fields[0];
        fields[0].id = strange ? 0 : fields[0].id;
        assert_true(builder_init(&builder, &only_id, NULL));
        builder_i64(&builder.columns[0], 7);
        builder_i64(&builder.columns[0], 8);
        ASSERT_OK(builder_finish(&builder, &ids, &e), &e);
        builder_fini(&builder);
        f = test_parquet(&w, "mem://hive", ids, 0, &arena);
        f.partition_count = 1;
        f.partition = test_partition("from the folder's name", &arena);
        split.file = &f;
        wanted = *t->metadata->schema;
        source = (struct scan_source){.fs = t->fs, .metadata = t->metadata, .wanted = &wanted};
        if (strange) {
            assert_int_equal(scan_reader_open(&source, &split, 0, &r, &e), ERR_UNSUPPORTED);
            assert_non_null(strstr(e.text, "no field ids"));
            break;
        }
        ASSERT_OK(scan_reader_open(&source, &split, 1, &r, &e), &e); /* from the second row on */
        ASSERT_OK(scan_reader_next(r, &b, &first, &e), &e);
        batch_print(b, &text);
        assert_string_equal(bytes_cstr(&text), "+I(8, NULL, from the folder's name)\n");
        batch_unref(b);
        scan_reader_free(r);
    }
    bytes_fini(&text);
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* --- pieces --- */

static void test_pieces(UNUSED void **state)
{
    static struct test_row rows[1000];
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f;
    struct scan_split *splits;
    struct bytes whole = {0}, pieces = {0};
    struct scan_request request;
    struct error e;
    int32_t count;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "", &arena);
    for (int i = 0; i < 1000; i++)
        rows[i] = (struct test_row){i, "a name of some length, so that row groups fill", "x"};
    f = test_rows_file(&w, t, "mem://big", rows, 1000, 2000, &arena);
    assert_true(f.split_count > 3);
    test_commit(t, 1, &f, 1);
    request = (struct scan_request){t->fs, t->metadata, NULL, 1};
    ASSERT_OK(scan_plan_snapshot(&request, metadata_snapshot(t->metadata, t->metadata->current_snapshot_id),
                                 &arena, &splits, &count, &e),
              &e);
    assert_int_equal(count, f.split_count);
    assert_int_equal(splits[0].begin, 0);
    assert_true(splits[count - 1].end == SCAN_TO_END);
    ASSERT_OK(scan_ids(t, &t->metadata->snapshots[0], NULL, 0, &whole, &e), &e);
    ASSERT_OK(scan_ids(t, &t->metadata->snapshots[0], NULL, 1, &pieces, &e), &e);
    assert_true(slice_equal(bytes_all(&whole), bytes_all(&pieces)));
    bytes_fini(&whole);
    bytes_fini(&pieces);
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* --- filters --- */

#define I64(v)                                                                                               \
    {                                                                                                        \
        (const char[]){(char)(v), 0, 0, 0, 0, 0, 0, 0}, 8                                                    \
    }

static void test_filter_bounds(UNUSED void **state)
{
    static const struct type id_type = {.kind = TYPE_INT64, .nullable = true};
    static const struct type text_type = {.kind = TYPE_STRING, .nullable = true};
    const struct {
        const char *name;
        struct filter filter;
        const char *want; /* of files x1 (ids 1-5, names a-e and NULL), y1 (ids 3-8, names a, c, NULL) */
    } cases[] = {
        {"equal, out of both", {FILTER_EQ, .field_id = 1, .type = &id_type, .value = I64(9)}, ""},
        {"equal, in one", {FILTER_EQ, .field_id = 1, .type = &id_type, .value = I64(7)}, "6 3 8"},
        {"less", {FILTER_LT, .field_id = 1, .type = &id_type, .value = I64(3)}, "1 2 3 4 5"},
        {"less, on the edge", {FILTER_LT, .field_id = 1, .type = &id_type, .value = I64(1)}, ""},
        {"at most", {FILTER_LE, .field_id = 1, .type = &id_type, .value = I64(1)}, "1 2 3 4 5"},
        {"greater", {FILTER_GT, .field_id = 1, .type = &id_type, .value = I64(5)}, "6 3 8"},
        {"at least", {FILTER_GE, .field_id = 1, .type = &id_type, .value = I64(5)}, "1 2 3 4 5 6 3 8"},
        {"unequal", {FILTER_NE, .field_id = 1, .type = &id_type, .value = I64(5)}, "1 2 3 4 5 6 3 8"},
        {"null id", {FILTER_IS_NULL, .field_id = 1, .type = &id_type}, ""},
        {"null name", {FILTER_IS_NULL, .field_id = 2, .type = &text_type}, "1 2 3 4 5 6 3 8"},
        {"prefix", {FILTER_PREFIX, .field_id = 2, .type = &text_type, .value = {"e", 1}}, "1 2 3 4 5"},
        {"prefix of none", {FILTER_PREFIX, .field_id = 2, .type = &text_type, .value = {"f", 1}}, ""},
        {"partition", {FILTER_EQ, .field_id = 3, .type = &text_type, .value = {"y", 1}}, "6 3 8"},
        {"other partition",
         {FILTER_NE, .field_id = 3, .type = &text_type, .value = {"y", 1}},
         "1 2 3 4 5 6 3 8"},
        {"null partition", {FILTER_IS_NULL, .field_id = 3, .type = &text_type}, ""},
        {"unknown column", {FILTER_EQ, .field_id = 99, .type = &id_type, .value = I64(5)}, "1 2 3 4 5 6 3 8"},
    };
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f[2];
    int64_t id;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "part", &arena);
    f[0] = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
    f[1] = test_rows_file(&w, t, "mem://y1", rows_y, 3, 0, &arena);
    id = test_commit(t, 1, f, 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("%s\n", cases[i].name);
        assert_ids(t, id, &cases[i].filter, cases[i].want);
    }
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* Day 20000 is 2024-10-04. */
static void test_filter_transforms(UNUSED void **state)
{
    static const struct type time_type = {.kind = TYPE_TIMESTAMP, .nullable = true, .precision = 6};
    static const struct type int_type = {.kind = TYPE_INT32, .nullable = true};
    static const struct type text_type = {.kind = TYPE_STRING, .nullable = true};
    const int64_t day_us = MICROS_PER_DAY;
    static const int32_t hour = 480000, day = 20000, month = 657, year = 54, forty = 40, bucket = 3;
    const struct {
        const char *name;
        enum transform_kind kind;
        int32_t width;
        const struct type *type;
        struct slice partition;
        int64_t in[2], out[2]; /* values that can and cannot lie in it */
    } cases[] = {
        {"hour",
         TRANSFORM_HOUR,
         0,
         &time_type,
         {(const char *)&hour, 4},
         {20000 * day_us, 20000 * day_us + 3599999999},
         {20000 * day_us - 1, 20000 * day_us + 3600000000}},
        {"day",
         TRANSFORM_DAY,
         0,
         &time_type,
         {(const char *)&day, 4},
         {20000 * day_us, 20001 * day_us - 1},
         {20000 * day_us - 1, 20001 * day_us}},
        {"month",
         TRANSFORM_MONTH,
         0,
         &time_type,
         {(const char *)&month, 4},
         {19997 * day_us, 20028 * day_us - 1},
         {19997 * day_us - 1, 20028 * day_us}},
        {"year",
         TRANSFORM_YEAR,
         0,
         &time_type,
         {(const char *)&year, 4},
         {19723 * day_us, 20089 * day_us - 1},
         {19723 * day_us - 1, 20089 * day_us}},
        {"truncate", TRANSFORM_TRUNCATE, 10, &int_type, {(const char *)&forty, 4}, {40, 49}, {39, 50}},
    };
    struct metadata m = {0};
    struct partition_field field;
    struct partition_spec spec = {.field_count = 1, .fields = &field};
    const struct partition_spec *specs[] = {&spec};
    struct partition_value value = {0};
    struct data_file f = {.partition_count = 1, .partition = &value};

    m.specs = specs;
    m.spec_count = 1;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        field = (struct partition_field){1, 1000, "p", {cases[i].kind, cases[i].width}};
        value.value = cases[i].partition;
        for (int k = 0; k < 4; k++) {
            int64_t v = k < 2 ? cases[i].in[k] : cases[i].out[k - 2];
            struct filter eq = {.kind = FILTER_EQ, .field_id = 1, .type = cases[i].type};

            eq.value = slice_of(&v, type_width(cases[i].type));
            if (filter_may_match_file(&eq, &m, &f) != (k < 2))
                fail_msg("%s: value %" PRId64, cases[i].name, v);
        }
    }
    /* bucket[16] of 'iceberg' is 1210000089 mod 16 = 9 (the specification's example of the hash) */
    field = (struct partition_field){1, 1000, "p", {TRANSFORM_BUCKET, 16}};
    value.value = slice_of(&bucket, 4);
    for (int32_t n = 0; n < 16; n++) {
        struct filter eq = {.kind = FILTER_EQ, .field_id = 1, .type = &text_type, .value = SLICE("iceberg")};

        value.value = slice_of(&n, 4);
        assert_int_equal(filter_may_match_file(&eq, &m, &f), n == 1210000089 % 16);
        eq.kind = FILTER_GT; /* says nothing about a hash */
        assert_true(filter_may_match_file(&eq, &m, &f));
    }
    field.transform = (struct transform){TRANSFORM_TRUNCATE, 3};
    value.value = SLICE("ice");
    for (size_t i = 0; i < 4; i++) {
        static const char *const texts[] = {"ice", "iceberg", "icd", "icf"};
        struct filter eq = {
            .kind = FILTER_EQ, .field_id = 1, .type = &text_type, .value = slice_text(texts[i])};

        assert_int_equal(filter_may_match_file(&eq, &m, &f), i < 2);
    }
}

/* --- history --- */

static void test_picks(UNUSED void **state)
{
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f;
    const struct snapshot *s, **list;
    int64_t ids[3];
    struct error e;
    int32_t count;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "", &arena);
    ASSERT_OK(snapshot_pick_ref(t->metadata, "main", PICK_BRANCH, &s, &e), &e);
    assert_null(s);
    for (int i = 0; i < 3; i++) {
        char path[20];

        snprintf(path, sizeof path, "mem://f%d", i);
        f = test_rows_file(&w, t, path, rows_x, 5, 0, &arena);
        ids[i] = test_commit(t, i + 1, &f, 1);
        w.clock.now_us += 1000000;
    }
    ASSERT_OK(snapshot_pick_ref(t->metadata, "main", PICK_BRANCH, &s, &e), &e);
    assert_int_equal(s->id, ids[2]);
    ASSERT_OK(snapshot_pick_time(t->metadata, metadata_snapshot(t->metadata, ids[1])->timestamp_ms, &s, &e),
              &e);
    assert_int_equal(s->id, ids[1]);
    assert_int_equal(snapshot_pick_time(t->metadata, 1000, &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "1970-01-01T00:00:01Z"));
    assert_int_equal(snapshot_pick_ref(t->metadata, "none", PICK_TAG, &s, &e), ERR_CONFIG);
    assert_int_equal(snapshot_pick_id(t->metadata, 17, &s, &e), ERR_CONFIG);
    ASSERT_OK(snapshot_pick_id(t->metadata, ids[2], &s, &e), &e);
    ASSERT_OK(snapshot_pick_between(t->metadata, ids[0], s, &arena, &list, &count, &e), &e);
    assert_int_equal(count, 2);
    assert_int_equal(list[0]->id, ids[1]);
    ASSERT_OK(snapshot_pick_between(t->metadata, 0, s, &arena, &list, &count, &e), &e);
    assert_int_equal(count, 3);
    assert_int_equal(snapshot_pick_between(t->metadata, 17, s, &arena, &list, &count, &e), ERR_CONFIG);
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

/* --- memory --- */

static void test_memory(UNUSED void **state)
{
    static const int64_t second[] = {1};
    static const struct test_row three[] = {{3, NULL, "x"}};
    struct arena arena = {0};
    struct test_world w;
    struct table *t;
    struct data_file f[3];
    enum err rc = ERR_MEMORY;

    test_world_init(&w);
    t = test_scan_table(&w, "t", "part", &arena);
    f[0] = test_rows_file(&w, t, "mem://x1", rows_x, 5, 0, &arena);
    test_commit(t, 1, f, 1);
    f[1] = test_position_deletes(&w, "mem://d1", &f[0], second, 1, &arena);
    f[2] = test_equality_deletes(&w, t, "mem://e1", 0, three, 1, &arena);
    test_commit(t, 2, f + 1, 2);
    for (uint64_t n = 1; rc != OK; n++) {
        struct bytes text = {0};
        struct error e;

        mem_fail_at(n, true);
        rc = scan_ids(t, metadata_snapshot(t->metadata, t->metadata->current_snapshot_id), NULL, 0, &text,
                      &e);
        mem_fail_at(0, false);
        if (rc != OK)
            assert_int_equal(rc, ERR_MEMORY);
        bytes_fini(&text);
        assert_true(n < 5000);
    }
    table_free(t);
    test_world_fini(&w);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_deletes), cmocka_unit_test(test_global_deletes),
          cmocka_unit_test(test_overwrite), cmocka_unit_test(test_overwrite_fails),
          cmocka_unit_test(test_evolution), cmocka_unit_test(test_strange_files),
          cmocka_unit_test(test_pieces), cmocka_unit_test(test_filter_bounds),
          cmocka_unit_test(test_filter_transforms), cmocka_unit_test(test_picks),
          cmocka_unit_test(test_memory))
