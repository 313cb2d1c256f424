/* parquet_make.c: the C half of parquet_check.py.
 *   parquet_make make FOLDER   writes files of every type and option, each with the rows as text beside it
 * (.txt) parquet_make dump FILE     prints the schema and the rows of a Parquet file of any writer Build: see
 * parquet_check.py, which does it.
 */
#include "io/fs.h"
#include "parquet/parquet_reader.h"
#include "parquet/parquet_writer.h"
#include "parquet/random_batch.h"
#include <stdio.h>
#include <stdlib.h>

static const char *const schemas[][2] = {
    {"flat",
     "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, f FLOAT, d DOUBLE, d5 DECIMAL(5, 2), "
     "d18 DECIMAL(18, 3), d20 DECIMAL(20, 0), d38 DECIMAL(38, 10), dt DATE, t TIME(6), ts TIMESTAMP(6), "
     "tz TIMESTAMP_LTZ(6), tn TIMESTAMP(9), s STRING, bin BYTES, fx BINARY(5), u UUID"},
    {"required",
     "b BOOLEAN NOT NULL, i32 INT NOT NULL, i64 BIGINT NOT NULL, d DOUBLE NOT NULL, "
     "d38 DECIMAL(38, 10) NOT NULL, ts TIMESTAMP(6) NOT NULL, s STRING NOT NULL, u UUID NOT NULL"},
    {"nested",
     "l ARRAY<INT>, ln ARRAY<STRING NOT NULL> NOT NULL, m MAP<STRING NOT NULL, STRING>, "
     "r ROW<a INT NOT NULL, b STRING, c ROW<d DOUBLE, e ARRAY<BIGINT>>>, ll ARRAY<ARRAY<ARRAY<INT>>>, "
     "mm MAP<INT NOT NULL, MAP<STRING NOT NULL, ARRAY<ROW<x DATE, y MAP<STRING NOT NULL, INT>>>>>, "
     "lr ARRAY<ROW<p INT NOT NULL, q ARRAY<STRING>>>"},
};

static const struct {
    const char *name;
    struct parquet_options options;
} variants[] = {
    {"none", {.codec = PARQUET_NONE}},
    {"snappy-delta", {.codec = PARQUET_SNAPPY, .page_rows = 300, .delta = true}},
    {"gzip-small", {.codec = PARQUET_GZIP, .page_bytes = 800, .dictionary_bytes = 2000}},
    {"zstd-plain", {.codec = PARQUET_ZSTD, .dictionary_bytes = -1, .delta = true}},
    {"lz4-groups", {.codec = PARQUET_LZ4_RAW, .row_group_bytes = 20000, .page_rows = 500}},
};

static void check(enum err rc, const struct error *e)
{
    if (rc == OK)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void number(const struct field *fields, int32_t count, int32_t *next)
{
    for (int32_t i = 0; i < count; i++) {
        ((struct field *)fields)[i].id = (*next)++;
        number(fields[i].type->fields, fields[i].type->field_count, next);
    }
}

static void make_file(struct fs *fs, const struct schema *schema, const char *path,
                      const struct parquet_options *options, struct random_source *r)
{
    struct fs_file *file;
    struct parquet_writer *w;
    struct parquet_summary summary;
    struct bytes text = {0};
    struct batch *b;
    struct error e;
    char text_path[4096];

    check(fs_create(fs, path, &file, &e), &e);
    check(parquet_writer_new(schema, options, file, NULL, &w, &e), &e);
    for (int i = 0; i < 2; i++) {
        if ((b = random_batch(r, schema, 1500)) == NULL)
            abort();
        batch_print(b, &text);
        check(parquet_writer_add(w, b, NULL, 0, &e), &e);
        batch_unref(b);
    }
    check(parquet_writer_finish(w, &summary, &e), &e);
    check(fs_publish(&file, FS_REPLACE, &e), &e);
    parquet_writer_free(w);
    snprintf(text_path, sizeof text_path, "%s.txt", path);
    check(fs_put(fs, text_path, bytes_all(&text), FS_REPLACE, &e), &e);
    bytes_fini(&text);
}

static void make(struct fs *fs, const char *folder)
{
    static const char *const styles[] = {"few", "unique", "rising", "runs", "extreme"};
    char path[4000];

    for (size_t s = 0; s < COUNT_OF(schemas); s++) {
        struct arena arena = {0};
        const struct schema *schema;
        struct error e;
        int32_t next = 1;

        check(schema_parse(&arena, slice_text(schemas[s][1]), &schema, &e), &e);
        number(schema->fields, schema->field_count, &next);
        for (size_t v = 0; v < COUNT_OF(variants); v++)
            for (int style = 0; style < RANDOM_STYLES; style++) {
                struct random_source r = {s * 100 + v * 10 + (size_t)style, (enum random_style)style, 15, 0};

                snprintf(path, sizeof path, "%s/%s-%s-%s.parquet", folder, schemas[s][0], variants[v].name,
                         styles[style]);
                make_file(fs, schema, path, &variants[v].options, &r);
            }
        arena_fini(&arena);
    }
}

static void dump(struct fs *fs, const char *path)
{
    struct parquet_reader *r;
    struct bytes text = {0};
    struct batch *b;
    struct error e;

    check(parquet_reader_open(fs, path, NULL, &r, &e), &e);
    for (int32_t i = 0; i < parquet_reader_schema(r)->field_count; i++) {
        const struct field *f = &parquet_reader_schema(r)->fields[i];

        bytes_printf(&text, "# %s ", f->name);
        type_print(f->type, &text);
        bytes_text(&text, "\n");
    }
    for (int32_t i = 0; i < parquet_reader_groups(r); i++) {
        check(parquet_reader_group(r, i, NULL, 0, NULL, &b, &e), &e);
        check(batch_check(b, &e), &e);
        batch_print(b, &text);
        batch_unref(b);
    }
    fwrite(text.ptr, 1, text.len, stdout);
    bytes_fini(&text);
    parquet_reader_free(r);
}

int main(int argc, char **argv)
{
    struct fs *fs;
    struct error e;

    if (argc != 3 || (strcmp(argv[1], "make") != 0 && strcmp(argv[1], "dump") != 0)) {
        fprintf(stderr, "usage: parquet_make make FOLDER | dump FILE\n");
        return 2;
    }
    check(fs_local_new(&fs, &e), &e);
    if (strcmp(argv[1], "make") == 0)
        make(fs, argv[2]);
    else
        dump(fs, argv[2]);
    fs_free(fs);
    return 0;
}
