/* parquet_hints_test.c: what one file teaches the next (struct parquet_hints): which columns get no dictionary and
 * no compression, for how long, and that the rows are the same whatever was left out.
 */
#include "base/test.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_meta.h"
#include "parquet/parquet_reader.h"
#include "parquet/parquet_writer.h"
#include "parquet/random_batch.h"

#define ROWS   3000
#define CHUNKS 32 /* for so many a hint holds */

enum { NOISE, WORDS, COLUMNS }; /* random bytes; few different texts */

struct fixture {
    struct arena arena;
    const struct schema *schema;
    struct memory_fs fs;
    struct batch *batch;
    struct parquet_options options;
    struct parquet_hints hints;
    struct error e;
};

static void append_noise(struct column_builder *to, struct random_source *r)
{
    uint64_t words[8];

    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = random_next(r);
    builder_copied(to, (const char *)words, sizeof words);
}

static void setup(struct fixture *f, int32_t noise_columns, bool with_hints)
{
    struct random_source r = {.state = 7};
    struct bytes text = {0};
    struct builder b;

    *f = (struct fixture){0};
    f->options = (struct parquet_options){.codec = PARQUET_ZSTD, .hints = with_hints ? &f->hints : NULL};
    memory_fs_init(&f->fs);
    for (int32_t i = 0; i < noise_columns; i++)
        bytes_printf(&text, "noise%d BYTES NOT NULL, ", i);
    bytes_text(&text, "words STRING NOT NULL");
    ASSERT_OK(schema_parse(&f->arena, bytes_all(&text), &f->schema, &f->e), &f->e);
    bytes_fini(&text);
    for (int32_t i = 0; i <= noise_columns; i++)
        ((struct field *)f->schema->fields)[i].id = i + 1;
    assert_true(builder_init(&b, f->schema, NULL));
    for (int32_t row = 0; row < ROWS; row++) {
        for (int32_t i = 0; i < noise_columns; i++)
            append_noise(&b.columns[i], &r);
        builder_copied(&b.columns[noise_columns], &"the same again and again"[row % 3], 20);
    }
    ASSERT_OK(builder_finish(&b, &f->batch, &f->e), &f->e);
    builder_fini(&b);
}

static void teardown(struct fixture *f)
{
    batch_unref(f->batch);
    memory_fs_fini(&f->fs);
    arena_fini(&f->arena);
}

/* A file of so many row groups of the same rows. */
static void write_file(struct fixture *f, int groups)
{
    struct fs_file *file = NULL;
    struct parquet_writer *w = NULL;
    struct parquet_summary summary;

    f->options.row_group_bytes = groups > 1 ? 1 : 0;
    ASSERT_OK(fs_create(&f->fs.fs, "memory", &file, &f->e), &f->e);
    ASSERT_OK(parquet_writer_new(f->schema, &f->options, file, NULL, &w, &f->e), &f->e);
    for (int i = 0; i < groups; i++)
        ASSERT_OK(parquet_writer_add(w, f->batch, NULL, 0, &f->e), &f->e);
    ASSERT_OK(parquet_writer_finish(w, &summary, &f->e), &f->e);
    ASSERT_OK(fs_publish(&file, FS_REPLACE, &f->e), &f->e);
    parquet_writer_free(w);
}

static struct meta_file read_footer(struct fixture *f)
{
    struct slice content = bytes_all(&f->fs.content);
    struct reader end = reader_of(slice_from(content, content.len - 8));
    size_t len = reader_le32(&end);
    struct meta_file meta;

    ASSERT_OK(meta_read_footer(&f->arena, slice_of(content.ptr + content.len - 8 - len, len), &meta, &f->e),
              &f->e);
    return meta;
}

static void check_chunk(const struct meta_chunk *c, bool compressed, bool dictionary)
{
    assert_int_equal(c->codec, compressed ? COMPRESSION_ZSTD : COMPRESSION_NONE);
    assert_int_equal(c->dictionary_offset >= 0, dictionary);
}

static void check_rows(struct fixture *f, int groups)
{
    struct bytes want = {0}, got = {0};
    struct parquet_reader *r;

    batch_print(f->batch, &want);
    ASSERT_OK(parquet_reader_open(&f->fs.fs, "memory", NULL, &r, &f->e), &f->e);
    assert_int_equal(parquet_reader_groups(r), groups);
    for (int i = 0; i < groups; i++) {
        struct batch *b;

        ASSERT_OK(parquet_reader_group(r, i, NULL, 0, f->schema, &b, &f->e), &f->e);
        bytes_clear(&got);
        batch_print(b, &got);
        assert_true(slice_equal(bytes_all(&want), bytes_all(&got)));
        batch_unref(b);
    }
    parquet_reader_free(r);
    bytes_fini(&want);
    bytes_fini(&got);
}

/* The first file finds out; the next 32 believe it; the one after them asks again. */
static void test_files(UNUSED void **state)
{
    struct fixture f;

    setup(&f, 1, true);
    for (int n = 0; n <= 2 * CHUNKS + 1; n++) {
        struct meta_file meta;
        int left = n % (CHUNKS + 1) == 0 ? CHUNKS : CHUNKS - n % (CHUNKS + 1);

        write_file(&f, 1);
        meta = read_footer(&f);
        check_chunk(&meta.groups[0].chunks[NOISE], false, false);
        check_chunk(&meta.groups[0].chunks[WORDS], true, true);
        assert_int_equal(f.hints.no_dictionary[NOISE], left);
        assert_int_equal(f.hints.no_compression[NOISE], left);
        assert_int_equal(f.hints.no_dictionary[WORDS], 0);
        assert_int_equal(f.hints.no_compression[WORDS], 0);
        check_rows(&f, 1);
    }
    teardown(&f);
}

/* Row groups of one file teach each other. */
static void test_groups(UNUSED void **state)
{
    struct fixture f;
    struct meta_file meta;

    setup(&f, 1, true);
    write_file(&f, 3);
    meta = read_footer(&f);
    assert_int_equal(meta.group_count, 3);
    for (int i = 0; i < 3; i++) {
        check_chunk(&meta.groups[i].chunks[NOISE], false, false);
        check_chunk(&meta.groups[i].chunks[WORDS], true, true);
    }
    assert_true(f.hints.no_compression[NOISE] > 0 && f.hints.no_compression[NOISE] < CHUNKS);
    check_rows(&f, 3);
    teardown(&f);
}

static void test_without(UNUSED void **state)
{
    struct fixture f;
    struct meta_file meta;

    setup(&f, 1, false);
    write_file(&f, 1);
    meta = read_footer(&f);
    check_chunk(&meta.groups[0].chunks[NOISE], true, false);
    check_chunk(&meta.groups[0].chunks[WORDS], true, true);
    assert_int_equal(f.hints.no_dictionary[NOISE], 0);
    assert_int_equal(f.hints.no_compression[NOISE], 0);
    check_rows(&f, 1);
    teardown(&f);
}

/* A hint that is wrong by now costs bytes, not rows: what would pay is left out until the hint is used up. */
static void test_outdated(UNUSED void **state)
{
    struct fixture f;
    struct meta_file meta;

    setup(&f, 1, true);
    f.hints.no_dictionary[WORDS] = 1;
    f.hints.no_compression[WORDS] = 1;
    write_file(&f, 1);
    meta = read_footer(&f);
    check_chunk(&meta.groups[0].chunks[WORDS], false, false);
    check_rows(&f, 1);
    write_file(&f, 1);
    meta = read_footer(&f);
    check_chunk(&meta.groups[0].chunks[WORDS], true, true);
    check_rows(&f, 1);
    teardown(&f);
}

/* Columns that hints have no place for find out for themselves each time. */
static void test_many_columns(UNUSED void **state)
{
    struct fixture f;

    setup(&f, PARQUET_HINTS + 2, true);
    for (int n = 0; n < 2; n++) {
        struct meta_file meta;

        write_file(&f, 1);
        meta = read_footer(&f);
        for (int32_t i = 0; i < PARQUET_HINTS + 2; i++)
            check_chunk(&meta.groups[0].chunks[i], false, false);
        check_chunk(&meta.groups[0].chunks[PARQUET_HINTS + 2], true, true);
        for (int32_t i = 0; i < PARQUET_HINTS; i++)
            assert_int_equal(f.hints.no_compression[i], CHUNKS - n);
    }
    check_rows(&f, 1);
    teardown(&f);
}

TEST_MAIN(cmocka_unit_test(test_files), cmocka_unit_test(test_groups), cmocka_unit_test(test_without),
          cmocka_unit_test(test_outdated), cmocka_unit_test(test_many_columns))
