/* parquet_bench.c: how many rows a second a core writes to Parquet, and reads: the shape of an event table
 * (ten strings, mostly of few values, one unique id of 36 bytes; five timestamps; a double; optionally a
 * map), as one large file and as the many small files of a partitioned table.
 *
 *   ninja -C build benches && build/bench/parquet_bench [rows [text]]   only runs whose name has that text
 */
#include "batch/builder.h"
#include "io/fs.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_reader.h"
#include "parquet/parquet_writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH_ROWS 4096
#define FLAT                                                                                                 \
    "id STRING NOT NULL, country STRING, city STRING, device STRING, os STRING, browser STRING, page "       \
    "STRING, "                                                                                               \
    "referrer STRING, campaign STRING, status STRING NOT NULL, created TIMESTAMP(6) NOT NULL, "              \
    "received TIMESTAMP_LTZ(6) NOT NULL, started TIMESTAMP(6), ended TIMESTAMP(6), day TIMESTAMP(6), "       \
    "amount DOUBLE"

static uint64_t state = 42;
static const char *only = "";

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(enum err rc, const struct error *e)
{
    if (rc == OK)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void add_row(struct builder *b, int64_t at_us, bool map)
{
    static const int values[] = {0, 40, 800, 6, 5, 12, 3000, 300, 25, 4};
    char text[100];
    int n, column = 0;

    n = snprintf(text, sizeof text, "%08x-%04x-4%03x-a%03x-%012" PRIx64, (unsigned)next(),
                 (unsigned)(next() & 0xffff), (unsigned)(next() & 0xfff), (unsigned)(next() & 0xfff),
                 next() & UINT64_C(0xffffffffffff));
    builder_copied(&b->columns[column++], text, (size_t)n);
    for (; column < 10; column++) {
        n = snprintf(text, sizeof text, "%s-%d", column & 1 ? "value" : "a-somewhat-longer-value",
                     (int)(next() % (unsigned)values[column]));
        builder_copied(&b->columns[column], text, (size_t)n);
    }
    builder_i64(&b->columns[column++], at_us);
    builder_i64(&b->columns[column++], at_us + (int64_t)(next() % 5000000));
    builder_i64(&b->columns[column++], at_us - (int64_t)(next() % 60000000));
    builder_i64(&b->columns[column++], at_us + (int64_t)(next() % 60000000));
    builder_i64(&b->columns[column++], at_us / 86400000000 * 86400000000);
    builder_f64(&b->columns[column++], (double)(next() % 1000000) / 100);
    if (!map)
        return;
    for (int i = 0; i < 4; i++) {
        static const char *const keys[] = {"source", "version", "trace", "region"};

        n = snprintf(text, sizeof text, "tag-%d", (int)(next() % 500));
        builder_copied(&b->columns[column].children[0], keys[i], strlen(keys[i]));
        builder_copied(&b->columns[column].children[1], text, (size_t)n);
    }
    builder_list_end(&b->columns[column]);
}

static struct batch *make_batch(const struct schema *schema, bool map)
{
    struct builder b;
    struct batch *out;
    struct error e;

    if (!builder_init(&b, schema, NULL))
        abort();
    for (int32_t i = 0; i < BATCH_ROWS; i++)
        add_row(&b, INT64_C(1762000000000000) + i * 1000, map);
    check(builder_finish(&b, &out, &e), &e);
    builder_fini(&b);
    return out;
}

static int64_t write_file(struct memory_fs *fs, const struct schema *schema,
                          const struct parquet_options *options, struct batch **batches, int batch_count,
                          int32_t rows, int32_t add_rows)
{
    struct fs_file *file = NULL;
    struct parquet_writer *w;
    struct parquet_summary summary;
    struct error e;
    int32_t numbers[BATCH_ROWS];

    for (int32_t i = 0; i < BATCH_ROWS; i++)
        numbers[i] = i;
    check(fs_create(&fs->fs, "memory", &file, &e), &e);
    check(parquet_writer_new(schema, options, file, NULL, &w, &e), &e);
    for (int32_t at = 0, i = 0; at < rows; at += add_rows, i++)
        check(parquet_writer_add(w, batches[i % batch_count], numbers, MIN(add_rows, rows - at), &e), &e);
    check(parquet_writer_finish(w, &summary, &e), &e);
    parquet_writer_free(w);
    check(fs_publish(&file, FS_REPLACE, &e), &e);
    return summary.file_bytes;
}

static void read_file(struct memory_fs *fs, int32_t rows)
{
    struct parquet_reader *r;
    struct batch *b;
    struct error e;
    int64_t total = 0;

    check(parquet_reader_open(&fs->fs, "memory", NULL, &r, &e), &e);
    for (int32_t i = 0; i < parquet_reader_groups(r); i++) {
        check(parquet_reader_group(r, i, NULL, 0, NULL, &b, &e), &e);
        total += b->row_count;
        batch_unref(b);
    }
    parquet_reader_free(r);
    if (total != rows)
        abort();
}

static void run(const char *name, const char *text, const struct parquet_options *options, int32_t rows,
                int32_t files, int32_t add_rows)
{
    struct arena arena = {0};
    const struct schema *schema;
    struct memory_fs fs;
    struct error e;
    struct batch *batches[64];
    int64_t bytes = 0;
    double wrote, read;

    if (strstr(name, only) == NULL)
        return;
    check(schema_parse(&arena, slice_text(text), &schema, &e), &e);
    for (size_t i = 0; i < COUNT_OF(batches); i++)
        batches[i] = make_batch(schema, strstr(text, "MAP") != NULL);
    memory_fs_init(&fs);
    wrote = now_s();
    for (int32_t i = 0; i < files; i++)
        bytes += write_file(&fs, schema, options, batches, COUNT_OF(batches), rows, add_rows);
    wrote = now_s() - wrote;
    read = now_s();
    for (int32_t i = 0; i < files; i++)
        read_file(&fs, rows);
    read = now_s() - read;
    printf("%-46s %9.0f rows/s written %9.0f read  %6.1f bytes a row  %7.1f us a file\n", name,
           (double)rows * files / wrote, (double)rows * files / read, (double)bytes / rows / files,
           wrote * 1e6 / files);
    for (size_t i = 0; i < COUNT_OF(batches); i++)
        batch_unref(batches[i]);
    memory_fs_fini(&fs);
    arena_fini(&arena);
}

int main(int argc, char **argv)
{
    struct parquet_options snappy = {.codec = PARQUET_SNAPPY},
                           delta = {.codec = PARQUET_SNAPPY, .delta = true};
    struct parquet_options zstd = {.codec = PARQUET_ZSTD}, none = {.codec = PARQUET_NONE};
    struct parquet_options zstd_delta = {.codec = PARQUET_ZSTD, .delta = true};
    int32_t rows = argc > 1 ? atoi(argv[1]) : 1000000;

    only = argc > 2 ? argv[2] : "";
    run("one file, flat, snappy", FLAT, &snappy, rows, 1, BATCH_ROWS);
    run("one file, flat, snappy, delta", FLAT, &delta, rows, 1, BATCH_ROWS);
    run("one file, flat, uncompressed", FLAT, &none, rows, 1, BATCH_ROWS);
    run("one file, flat, zstd", FLAT, &zstd, rows, 1, BATCH_ROWS);
    run("one file, flat, zstd, delta", FLAT, &zstd_delta, rows, 1, BATCH_ROWS);
    run("one file, with map, snappy", FLAT ", tags MAP<STRING NOT NULL, STRING>", &snappy, rows, 1,
        BATCH_ROWS);
    run("files of 10,000 rows, flat, snappy", FLAT, &snappy, 10000, rows / 10000, 100);
    run("files of 2,000 rows, flat, snappy", FLAT, &snappy, 2000, rows / 2000, 50);
    run("files of 500 rows, flat, snappy", FLAT, &snappy, 500, rows / 500, 50);
    run("files of 500 rows, flat, snappy, delta", FLAT, &delta, 500, rows / 500, 50);
    run("files of 500 rows, with map, snappy", FLAT ", tags MAP<STRING NOT NULL, STRING>", &snappy, 500,
        rows / 500, 50);
    run("files of 1 row, flat, snappy", FLAT, &snappy, 1, rows / 200, 1);
    return 0;
}
