/* iceberg_make.c: the C half of iceberg_check.py.
 *   iceberg_make tables hadoop WAREHOUSE        makes the tables db.events, db.typed, db.empty and commits to
 * them iceberg_make tables rest URI WAREHOUSE      the same in a REST catalog, whose database db exists
 *   iceberg_make append rest URI WAREHOUSE NAMESPACE TABLE   appends ten rows `id` to a table that has just
 * that column iceberg_make files METADATA                 prints the live files of a table of any writer, a
 * line each The rows are numbers worked out again by iceberg_check.py. Build: see there.
 */
#include "base/map.h"
#include "batch/builder.h"
#include "iceberg/commit.h"
#include "iceberg/manifest.h"
#include "io/fs.h"
#include "os/random.h"
#include "parquet/parquet_writer.h"
#include <stdio.h>
#include <stdlib.h>

static struct fs *fs;
static struct arena arena;

static void check(enum err rc, const struct error *e)
{
    if (rc == OK)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

/* --- data files --- */

/* Rows of batch, in one Parquet file at path, as an entry. */
static struct data_file write_file(const struct schema *schema, struct batch *batch, const int32_t *rows,
                                   int32_t count, const char *path)
{
    struct parquet_options options = {.codec = PARQUET_ZSTD};
    struct parquet_writer *w;
    struct parquet_summary s;
    struct fs_file *f;
    struct file_column *columns;
    struct data_file out = {.path = path};
    struct error e;

    check(fs_create(fs, path, &f, &e), &e);
    check(parquet_writer_new(schema, &options, f, NULL, &w, &e), &e);
    check(parquet_writer_add(w, batch, rows, count, &e), &e);
    check(parquet_writer_finish(w, &s, &e), &e);
    columns = ARENA_ARRAY(&arena, struct file_column, s.column_count);
    for (int32_t i = 0; i < s.column_count; i++) {
        const struct parquet_column_stats *c = &s.columns[i];

        columns[i] = (struct file_column){c->field_id,
                                          c->size_bytes,
                                          c->value_count,
                                          c->null_count,
                                          c->nan_count,
                                          c->has_bounds,
                                          arena_slice(&arena, c->lower),
                                          arena_slice(&arena, c->upper)};
    }
    out.record_count = s.row_count;
    out.size_bytes = s.file_bytes;
    out.columns = columns;
    out.column_count = s.column_count;
    out.splits = arena_copy(&arena, s.row_group_offsets, sizeof *out.splits * (size_t)s.row_group_count);
    out.split_count = s.row_group_count;
    parquet_writer_free(w);
    check(fs_publish(&f, FS_REPLACE, &e), &e);
    return out;
}

/* Split batch by partition, a file each, and commit them with the other files as one change. */
static void commit_batch(struct table *t, struct batch *batch, int64_t checkpoint,
                         const struct data_file *more, int32_t more_count)
{
    static const char *const extra[] = {"weir.offsets", "{\"events-0\":42}", NULL};
    struct partitioner *p;
    struct data_file files[256];
    struct change change = {"interop", checkpoint, extra, 0, files};
    struct commit_result result;
    int32_t *numbers = calloc((size_t)batch->row_count, sizeof *numbers),
            *rows = calloc((size_t)batch->row_count, sizeof *rows);
    struct error e;

    check(partitioner_new(t->metadata->spec, t->metadata->schema, &p, &e), &e);
    check(partitioner_assign(p, batch, numbers, &e), &e);
    for (int32_t part = 0; part < partitioner_count(p); part++) {
        const char *path = arena_printf(&arena, "%s/data/%s/%05d-%05d.parquet", t->metadata->location,
                                        partitioner_path(p, part), (int)checkpoint, part);
        int32_t n = 0, fields = t->metadata->spec->field_count;

        for (int32_t i = 0; i < batch->row_count; i++)
            if (numbers[i] == part)
                rows[n++] = i;
        files[change.file_count] = write_file(t->metadata->schema, batch, rows, n, path);
        files[change.file_count].partition = arena_copy(&arena, partitioner_values(p, part),
                                                        sizeof(struct partition_value) * (size_t)fields);
        files[change.file_count++].partition_count = fields;
    }
    for (int32_t i = 0; i < more_count; i++)
        files[change.file_count++] = more[i];
    check(commit_change(t, &change, &result, &e), &e);
    check(commit_change(t, &change, &result, &e), &e); /* again: must change nothing */
    assert(result.was_there);
    partitioner_free(p);
    free(numbers);
    free(rows);
}

/* --- tables --- */

static struct table *make_table(struct catalog *c, const char *name, const char *columns,
                                const char *partition, const char *const *key, const char *const *properties)
{
    struct table_spec spec = {.primary_key = key, .properties = properties, .comment = "made by weir"};
    const struct schema *plain;
    struct table *t;
    int32_t last;
    struct error e;

    check(schema_parse(&arena, slice_text(columns), &plain, &e), &e);
    check(metadata_assign_ids(&arena, plain, &spec.schema, &last, &e), &e);
    if (partition)
        check(partition_spec_parse(&arena, slice_text(partition), spec.schema, &spec.partition, &e), &e);
    check(catalog_load_or_create(c, "db", name, &spec, &t, &e), &e);
    return t;
}

#define EVENT_ROWS 500

/* Row i: id i, every 37 minutes, one of four data types or none, value i / 4. */
static struct batch *event_rows(const struct schema *schema, int32_t from, int32_t count)
{
    static const char *const types[] = {"steps", "heart rate/min", "sp\xc3\xb6", "a=b&c"};
    struct builder b;
    struct batch *batch;
    struct error e;

    assert(builder_init(&b, schema, NULL));
    for (int32_t i = from; i < from + count; i++) {
        builder_i64(&b.columns[0], i);
        builder_i64(&b.columns[1], INT64_C(1730419200000000) + i * INT64_C(37 * 60000000));
        if (i % 17 == 0)
            builder_null(&b.columns[2]);
        else
            builder_copied(&b.columns[2], types[i % 4], strlen(types[i % 4]));
        builder_f64(&b.columns[3], i / 4.0);
    }
    check(builder_finish(&b, &batch, &e), &e);
    builder_fini(&b);
    return batch;
}

/* A position delete file for the first row of each data file of the first commit. */
static struct data_file delete_first_rows(struct table *t, const struct data_file *victim, int number)
{
    static const struct type text = {.kind = TYPE_STRING}, number_type = {.kind = TYPE_INT64};
    static const struct field fields[] = {{"file_path", &text, 2147483546, NULL},
                                          {"pos", &number_type, 2147483545, NULL}};
    static const struct schema schema = {2, fields};
    struct builder b;
    struct batch *batch;
    struct data_file out;
    int32_t row = 0;
    struct error e;

    assert(builder_init(&b, &schema, NULL));
    builder_copied(&b.columns[0], victim->path, strlen(victim->path));
    builder_i64(&b.columns[1], 0);
    check(builder_finish(&b, &batch, &e), &e);
    out = write_file(&schema, batch, &row, 1,
                     arena_printf(&arena, "%s/data/delete-%d.parquet", t->metadata->location, number));
    out.content = FILE_POSITION_DELETES;
    out.partition = victim->partition;
    out.partition_count = victim->partition_count;
    out.references = victim->path;
    batch_unref(batch);
    builder_fini(&b);
    return out;
}

static void make_events(struct catalog *c)
{
    static const char *const properties[] = {"write.metadata.compression-codec",
                                             "gzip",
                                             "commit.manifest.min-count-to-merge",
                                             "3",
                                             "write.metadata.previous-versions-max",
                                             "3",
                                             "write.metadata.delete-after-commit.enabled",
                                             "true",
                                             NULL};
    static const char *const key[] = {"id", NULL};
    struct table *t = make_table(
        c, "events", "id BIGINT NOT NULL, ts TIMESTAMP(6) NOT NULL, data_type STRING, value DOUBLE",
        "days(ts), data_type", key, properties);
    struct data_file *files, deletes[64];
    int32_t count, n = 0;
    struct batch *batch;
    struct error e;

    for (int32_t checkpoint = 1; checkpoint <= 4; checkpoint++) {
        batch = event_rows(t->metadata->schema, (checkpoint - 1) * EVENT_ROWS / 5, EVENT_ROWS / 5);
        commit_batch(t, batch, checkpoint, NULL, 0);
        batch_unref(batch);
    }
    check(manifest_live_files(fs, t->metadata,
                              metadata_snapshot(t->metadata, t->metadata->current_snapshot_id), &arena,
                              &files, &count, &e),
          &e);
    for (int32_t i = 0; i < count; i++)
        if (files[i].sequence_number == 1 && n < 64) {
            deletes[n] = delete_first_rows(t, &files[i], n);
            n++;
        }
    batch = event_rows(t->metadata->schema, 4 * EVENT_ROWS / 5, EVENT_ROWS / 5);
    commit_batch(t, batch, 5, deletes, n);
    batch_unref(batch);
    printf("events %s %d\n", t->metadata_location, n);
    table_free(t);
}

/* Every type, and a partition by most of them. */
static void make_typed(struct catalog *c)
{
    static const char columns[] =
        "b BOOLEAN, i INT, l BIGINT, f FLOAT, d DOUBLE, de DECIMAL(20, 3), da DATE, ti TIME(6), "
        "ts TIMESTAMP(6), tz TIMESTAMP_LTZ(6), s STRING, bi BYTES, fi BINARY(3), "
        "li ARRAY<INT>, m MAP<STRING NOT NULL, BIGINT>, r ROW<x INT, y STRING>, sm SMALLINT";
    struct table *t = make_table(
        c, "typed", columns,
        "b, bucket(4, i), truncate(100, l), truncate(1000, de) AS dt, year(da), bucket(8, ti), hours(ts), "
        "month(tz), truncate(2, s), bucket(5, bi), r.x, sm",
        NULL, NULL);
    struct builder b;
    struct batch *batch;
    struct error e;

    assert(builder_init(&b, t->metadata->schema, NULL));
    for (int32_t i = -3; i < 4; i++) {
        struct column_builder *k = b.columns;
        char text[32];

        snprintf(text, sizeof text, "text number %d", i);
        if (i == 3) {
            for (int n = 0; n < 17; n++)
                builder_null(&k[n]);
            continue;
        }
        builder_u8(&k[0], i & 1);
        builder_i32(&k[1], i * 1000);
        builder_i64(&k[2], i * INT64_C(10000000000));
        builder_f32(&k[3], (float)i / 2);
        builder_f64(&k[4], i / 4.0);
        builder_i128(&k[5], (__int128)i * 123456789);
        builder_i32(&k[6], i * 400);
        builder_i64(&k[7], (i + 3) * INT64_C(3600000000));
        builder_i64(&k[8], i * INT64_C(86399999999));
        builder_i64(&k[9], i * INT64_C(86400000000) * 40);
        builder_copied(&k[10], text, strlen(text));
        builder_copied(&k[11], text, 4);
        builder_copied(&k[12], text + 5, 3);
        for (int n = 0; n < i + 3; n++)
            builder_i32(&k[13].children[0], n);
        builder_list_end(&k[13]);
        builder_copied(&k[14].children[0], "k", 1);
        builder_i64(&k[14].children[1], i);
        builder_list_end(&k[14]);
        builder_i32(&k[15].children[0], i);
        builder_copied(&k[15].children[1], text, strlen(text));
        builder_struct_end(&k[15]);
        builder_i32(&k[16], i); /* a small integer is an int in the table */
    }
    check(builder_finish(&b, &batch, &e), &e);
    commit_batch(t, batch, 1, NULL, 0);
    printf("typed %s\n", t->metadata_location);
    batch_unref(batch);
    builder_fini(&b);
    table_free(t);
}

static struct catalog *open_catalog(struct map *options)
{
    struct catalog_config config = {
        .name = "interop", .options = options, .fs = fs, .clock = clock_system(), .seed = random_entropy()};
    struct catalog *c;
    struct error e;

    check(catalog_open(&config, &c, &e), &e);
    return c;
}

static void put(struct map *options, const char *key, char *value)
{
    assert(map_put(options, slice_text(key), value));
}

static int tables(struct catalog *c)
{
    struct table *empty;
    struct error e;

    check(catalog_namespace_create(c, "db", &e), &e);
    make_events(c);
    make_typed(c);
    empty = make_table(c, "empty", "a INT", NULL, NULL, NULL);
    printf("empty %s\n", empty->metadata_location);
    table_free(empty);
    return 0;
}

static int append(struct catalog *c, const char *name_space, const char *name)
{
    struct table *t;
    struct builder b;
    struct batch *batch;
    struct error e;

    check(catalog_load(c, name_space, name, &t, &e), &e);
    assert(builder_init(&b, t->metadata->schema, NULL));
    for (int64_t i = 0; i < 10; i++)
        builder_i64(&b.columns[0], 1000 + i);
    check(builder_finish(&b, &batch, &e), &e);
    commit_batch(t, batch, 1, NULL, 0);
    batch_unref(batch);
    builder_fini(&b);
    table_free(t);
    return 0;
}

static void print_hex(const char *name, struct slice s)
{
    printf(" %s=", name);
    for (size_t i = 0; i < s.len; i++)
        printf("%02x", (uint8_t)s.ptr[i]);
}

static int files(const char *path)
{
    struct metadata *m;
    struct data_file *list;
    int32_t count = 0;
    struct error e;

    check(metadata_read(fs, path, &m, &e), &e);
    if (m->current_snapshot_id)
        check(manifest_live_files(fs, m, metadata_snapshot(m, m->current_snapshot_id), &arena, &list, &count,
                                  &e),
              &e);
    for (int32_t i = 0; i < count; i++) {
        const struct data_file *f = &list[i];

        printf("%s content=%d records=%lld bytes=%lld sequence=%lld", f->path, (int)f->content,
               (long long)f->record_count, (long long)f->size_bytes, (long long)f->sequence_number);
        for (int32_t k = 0; k < f->partition_count; k++)
            print_hex(f->partition[k].null ? "null" : "partition", f->partition[k].value);
        for (int32_t k = 0; k < f->column_count; k++) {
            printf(" column=%d,%lld,%lld", f->columns[k].field_id, (long long)f->columns[k].value_count,
                   (long long)f->columns[k].null_count);
            print_hex("lower", f->columns[k].lower);
            print_hex("upper", f->columns[k].upper);
        }
        printf("\n");
    }
    metadata_free(m);
    return 0;
}

int main(int argc, char **argv)
{
    struct map options = {0};
    struct catalog *c = NULL;
    struct error e;
    int rc = 2;

    check(fs_local_new(&fs, &e), &e);
    if (argc > 3 && strcmp(argv[1], "files") != 0) {
        put(&options, "type", argv[2]);
        if (strcmp(argv[2], "rest") == 0)
            put(&options, "uri", argv[3]);
        put(&options, "warehouse", argv[strcmp(argv[2], "rest") == 0 && argc > 4 ? 4 : 3]);
        c = open_catalog(&options);
    }
    if (c && strcmp(argv[1], "tables") == 0)
        rc = tables(c);
    else if (c && strcmp(argv[1], "append") == 0 && argc == 7)
        rc = append(c, argv[5], argv[6]);
    else if (argc == 3 && strcmp(argv[1], "files") == 0)
        rc = files(argv[2]);
    else
        fprintf(stderr, "see the head of iceberg_make.c\n");
    catalog_free(c);
    map_fini(&options);
    fs_free(fs);
    arena_fini(&arena);
    return rc;
}
