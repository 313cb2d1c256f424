/* test_scan.h: what the tests of scans need: tables with data and delete files that are really there. */
#ifndef WEIR_ICEBERG_TEST_SCAN_H
#define WEIR_ICEBERG_TEST_SCAN_H
#include "batch/builder.h"
#include "iceberg/commit.h"
#include "iceberg/snapshot_pick.h"
#include "iceberg/test_iceberg.h"
#include "parquet/parquet_writer.h"

/* A row of `id BIGINT, name STRING, part STRING`. */
struct test_row {
    int64_t id;
    const char *name, *part; /* NULL: absent */
};

static UNUSED void test_put_text(struct column_builder *c, const char *text)
{
    if (text)
        builder_copied(c, text, strlen(text));
    else
        builder_null(c);
}

/* Write the batch (takes it) as a Parquet file; group_bytes 0: one row group. Everything in arena. */
static UNUSED struct data_file test_parquet(struct test_world *w, const char *path, struct batch *b,
                                            int64_t group_bytes, struct arena *arena)
{
    const struct parquet_options options = {.row_group_bytes = group_bytes};
    struct parquet_writer *p = NULL;
    struct parquet_summary s;
    struct fs_file *file = NULL;
    struct file_column *columns;
    struct data_file out;
    struct error e;

    ASSERT_OK(fs_create(&w->fs.base, path, &file, &e), &e);
    ASSERT_OK(parquet_writer_new(b->schema, &options, file, NULL, &p, &e), &e);
    for (int32_t i = 0; i < batch_live(b); i += 100) { /* row groups end between calls */
        int32_t rows[100], n = 0;

        for (; n < 100 && i + n < batch_live(b); n++)
            rows[n] = batch_row(b, i + n);
        ASSERT_OK(parquet_writer_add(p, b, rows, n, &e), &e);
    }
    ASSERT_OK(parquet_writer_finish(p, &s, &e), &e);
    columns = ARENA_ARRAY(arena, struct file_column, s.column_count);
    for (int32_t i = 0; i < s.column_count; i++)
        columns[i] = (struct file_column){s.columns[i].field_id,
                                          s.columns[i].size_bytes,
                                          s.columns[i].value_count,
                                          s.columns[i].null_count,
                                          s.columns[i].nan_count,
                                          s.columns[i].has_bounds,
                                          arena_slice(arena, s.columns[i].lower),
                                          arena_slice(arena, s.columns[i].upper)};
    out = (struct data_file){
        .path = arena_strdup(arena, path),
        .record_count = s.row_count,
        .size_bytes = s.file_bytes,
        .column_count = s.column_count,
        .columns = columns,
        .split_count = s.row_group_count,
        .splits = arena_copy(arena, s.row_group_offsets, (size_t)s.row_group_count * sizeof(int64_t))};
    parquet_writer_free(p);
    ASSERT_OK(fs_publish(&file, FS_REPLACE, &e), &e);
    batch_unref(b);
    return out;
}

static UNUSED struct partition_value *test_partition(const char *part, struct arena *arena)
{
    struct partition_value *v = ARENA_NEW(arena, struct partition_value);

    *v = (struct partition_value){part == NULL, slice_text(part)};
    return v;
}

/* A data file of rows, in the partition `part` of the first (partitioned), or in none. */
static UNUSED struct data_file test_rows_file(struct test_world *w, const struct table *t, const char *path,
                                              const struct test_row *rows, int count, int64_t group_bytes,
                                              struct arena *arena)
{
    struct data_file f;
    struct batch *batch = NULL;
    struct builder b;
    struct error e;

    assert_true(builder_init(&b, t->metadata->schema, NULL));
    for (int i = 0; i < count; i++) {
        builder_i64(&b.columns[0], rows[i].id);
        test_put_text(&b.columns[1], rows[i].name);
        test_put_text(&b.columns[2], rows[i].part);
    }
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    f = test_parquet(w, path, batch, group_bytes, arena);
    if (t->metadata->spec->field_count) {
        f.partition_count = 1;
        f.partition = test_partition(rows[0].part, arena);
    }
    return f;
}

/* Positions of one data file that are deleted. */
static UNUSED struct data_file test_position_deletes(struct test_world *w, const char *path,
                                                     const struct data_file *of, const int64_t *positions,
                                                     int count, struct arena *arena)
{
    static const struct type path_type = {.kind = TYPE_STRING}, position_type = {.kind = TYPE_INT64};
    static const struct field fields[] = {{"file_path", &path_type, 2147483546, NULL},
                                          {"pos", &position_type, 2147483545, NULL}};
    static const struct schema schema = {2, fields};
    struct batch *batch = NULL;
    struct data_file f;
    struct builder b;
    struct error e;

    assert_true(builder_init(&b, &schema, NULL));
    for (int i = 0; i < count; i++) {
        builder_copied(&b.columns[0], of->path, strlen(of->path));
        builder_i64(&b.columns[1], positions[i]);
    }
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    f = test_parquet(w, path, batch, 0, arena);
    f.content = FILE_POSITION_DELETES;
    f.partition_count = of->partition_count;
    f.partition = of->partition;
    return f;
}

/* Rows that are deleted by the table's column `column`: of id, or of name. */
static UNUSED struct data_file test_equality_deletes(struct test_world *w, const struct table *t,
                                                     const char *path, int column,
                                                     const struct test_row *rows, int count,
                                                     struct arena *arena)
{
    struct schema *schema = ARENA_NEW(arena, struct schema);
    int32_t *ids = ARENA_NEW(arena, int32_t);
    struct batch *batch = NULL;
    struct data_file f;
    struct builder b;
    struct error e;

    *schema = (struct schema){1, &t->metadata->schema->fields[column]};
    *ids = schema->fields[0].id;
    assert_true(builder_init(&b, schema, NULL));
    for (int i = 0; i < count; i++)
        if (column == 0)
            builder_i64(&b.columns[0], rows[i].id);
        else
            test_put_text(&b.columns[0], rows[i].name);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    f = test_parquet(w, path, batch, 0, arena);
    f.content = FILE_EQUALITY_DELETES;
    f.equality_count = 1;
    f.equality_ids = ids;
    if (t->metadata->spec->field_count) {
        f.partition_count = 1;
        f.partition = test_partition(rows[0].part, arena);
    }
    return f;
}

/* `db.<name>` of those columns; partitions "part" or "". */
static UNUSED struct table *test_scan_table(struct test_world *w, const char *name, const char *partitions,
                                            struct arena *arena)
{
    static const char columns[] = "id BIGINT, name STRING, part STRING";
    const struct schema *plain, *schema;
    struct table_spec spec = {0};
    struct table *t;
    struct error e;
    int32_t last;

    ASSERT_OK(schema_parse(arena, slice_text(columns), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(arena, plain, &schema, &last, &e), &e);
    spec.schema = schema;
    if (*partitions)
        ASSERT_OK(partition_spec_parse(arena, slice_text(partitions), schema, &spec.partition, &e), &e);
    ASSERT_OK(catalog_namespace_create(w->catalog, "db", &e), &e);
    ASSERT_OK(catalog_create(w->catalog, "db", name, &spec, &t, &e), &e);
    return t;
}

static UNUSED int64_t test_commit(struct table *t, int64_t checkpoint_id, const struct data_file *files,
                                  int count)
{
    const struct change change = {
        .pipeline = "test", .checkpoint_id = checkpoint_id, .file_count = count, .files = files};
    struct commit_result result;
    struct error e;

    ASSERT_OK(commit_change(t, &change, &result, &e), &e);
    return result.snapshot_id;
}
#endif
