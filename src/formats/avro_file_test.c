/* avro_file_test.c: container files: there and back, from another writer, and damaged. */
#include "formats/avro.h"
#include "formats/avro_schema.h"
#include "formats/test_rows.h"
#include "base/map.h"
#include "base/mem.h"
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define COLUMNS                                                                                              \
    "id BIGINT NOT NULL, name STRING, tags MAP<STRING NOT NULL, ARRAY<DOUBLE>>, r ROW<a INT, b DATE>"

static void write_rows(const struct batch *batch, enum avro_codec codec, struct bytes *out)
{
    static const char *const metadata[] = {"format-version", "2", "content", "data", NULL};
    struct error e;

    ASSERT_OK(avro_file_write(batch, "row", metadata, codec, out, &e), &e);
}

static void test_there_and_back(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, COLUMNS);
    static const int32_t counts[] = {0, 1, 5000};
    static const int32_t picked[] = {4, 2, 3};
    struct bytes want = {0}, got = {0};
    struct error e;

    for (size_t i = 0; i < 2 * COUNT_OF(counts); i++) {
        struct batch *batch = test_random_batch(schema, counts[i / 2], i), *back = NULL;
        struct map metadata = {0};
        struct bytes file = {0}, again = {0};

        if (counts[i / 2] == 5000) { /* only live rows are written */
            struct batch *some = batch_select(batch, picked, 3, NULL);

            write_rows(some, AVRO_NULL, &again);
            ASSERT_OK(avro_file_read(bytes_all(&again), schema, &arena, NULL, &back, &e), &e);
            assert_string_equal(test_print(some, &want), test_print(back, &got));
            batch_unref(back);
            batch_unref(some);
            bytes_clear(&again);
        }
        write_rows(batch, i % 2 ? AVRO_DEFLATE : AVRO_NULL, &file);
        write_rows(batch, i % 2 ? AVRO_DEFLATE : AVRO_NULL, &again);
        assert_true(slice_equal(bytes_all(&file), bytes_all(&again)));
        ASSERT_OK(avro_file_read(bytes_all(&file), schema, &arena, &metadata, &back, &e), &e);
        memset(file.ptr, 0xee, file.len); /* nothing of it is borrowed */
        assert_string_equal(test_print(batch, &want), test_print(back, &got));
        assert_string_equal(map_get(&metadata, SLICE("content")), "data");
        assert_string_equal(map_get(&metadata, SLICE("avro.codec")), i % 2 ? "deflate" : "null");
        assert_non_null(map_get(&metadata, SLICE("avro.schema")));
        batch_unref(batch);
        batch_unref(back);
        map_fini(&metadata);
        bytes_fini(&file);
        bytes_fini(&again);
    }
    bytes_fini(&want);
    bytes_fini(&got);
    arena_fini(&arena);
}

/* --- files made by hand --- */

#define ONE_INT "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"

static void append(struct bytes *out, const char *text)
{
    bytes_zigzag(out, (int64_t)strlen(text));
    bytes_text(out, text);
}

static void append_header(struct bytes *out, const char *schema, const char *codec)
{
    bytes_append(out, "Obj\x01", 4);
    bytes_zigzag(out, -1); /* a block that tells its size */
    bytes_zigzag(out, 1000);
    append(out, "avro.schema");
    append(out, schema);
    if (codec) {
        bytes_zigzag(out, 1);
        append(out, "avro.codec");
        append(out, codec);
    }
    bytes_zigzag(out, 0);
    bytes_text(out, "0123456789abcdef");
}

static void append_block(struct bytes *out, int64_t count, struct slice packed)
{
    bytes_zigzag(out, count);
    bytes_zigzag(out, (int64_t)packed.len);
    bytes_slice(out, packed);
    bytes_text(out, "0123456789abcdef");
}

/* The rows as text, or the error behind `!`; out is emptied. */
static const char *read_back(struct bytes *file, struct bytes *text)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, "a INT");
    struct batch *batch = NULL;
    struct error e;

    bytes_clear(text);
    if (avro_file_read(bytes_all(file), schema, &arena, NULL, &batch, &e) == OK)
        test_print(batch, text);
    else
        bytes_printf(text, "!%s", e.text);
    batch_unref(batch);
    arena_fini(&arena);
    bytes_clear(file);
    return bytes_cstr(text);
}

static void test_codecs(UNUSED void **state)
{
    static const char rows[] = {2, 4, 6};
    struct bytes file = {0}, text = {0};
    char packed[100], sum[4];
    size_t len = sizeof packed;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)rows, 3);

    assert_int_equal(snappy_compress(rows, 3, packed, &len), SNAPPY_OK);
    for (int i = 0; i < 4; i++)
        sum[i] = (char)(crc >> (24 - 8 * i));
    memcpy(packed + len, sum, 4);
    append_header(&file, ONE_INT, "snappy");
    append_block(&file, 3, slice_of(packed, len + 4));
    append_block(&file, 3, slice_of(packed, len + 4));
    assert_string_equal(read_back(&file, &text), "+I(1)\n+I(2)\n+I(3)\n+I(1)\n+I(2)\n+I(3)\n");
    packed[len] ^= 1;
    append_header(&file, ONE_INT, "snappy");
    append_block(&file, 3, slice_of(packed, len + 4));
    assert_string_equal(read_back(&file, &text),
                        "!Avro file: block 0: the checksum of the snappy block is wrong");
    len = ZSTD_compress(packed, sizeof packed, rows, 3, 3);
    append_header(&file, ONE_INT, "zstandard");
    append_block(&file, 3, slice_of(packed, len));
    assert_string_equal(read_back(&file, &text), "+I(1)\n+I(2)\n+I(3)\n");
    append_header(&file, ONE_INT, "zstandard");
    append_block(&file, 3, slice_of(packed, len - 1));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: the zstandard block is damaged");
    append_header(&file, ONE_INT, "deflate");
    append_block(&file, 3, SLICE("\x07no"));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: the deflated block is damaged");
    append_header(&file, ONE_INT, "bzip2");
    assert_string_equal(read_back(&file, &text),
                        "!Avro file: codec `bzip2` is not supported: only null, deflate, snappy "
                        "and zstandard");
    bytes_fini(&file);
    bytes_fini(&text);
}

/* A few bytes may not stand for gigabytes. */
static void test_bomb(UNUSED void **state)
{
    size_t size = (size_t)300 << 20;
    char *zeros = mem_zalloc(size), *packed = mem_alloc(ZSTD_compressBound(size));
    struct bytes file = {0}, text = {0};
    size_t len;

    assert_non_null(zeros);
    assert_non_null(packed);
    len = ZSTD_compress(packed, ZSTD_compressBound(size), zeros, size, 1);
    append_header(&file, ONE_INT, "zstandard");
    append_block(&file, 1, slice_of(packed, len));
    assert_non_null(strstr(read_back(&file, &text), "the block unpacks to more than"));
    mem_free(zeros);
    mem_free(packed);
    bytes_fini(&file);
    bytes_fini(&text);
}

static void test_malformed(UNUSED void **state)
{
    struct bytes file = {0}, text = {0};

    assert_non_null(strstr(read_back(&file, &text), "no Avro container file"));
    bytes_text(&file, "PAR1....");
    assert_non_null(strstr(read_back(&file, &text), "no Avro container file"));
    bytes_append(&file,
                 "Obj\x01\x00"
                 "0123456789abcdef",
                 21);
    assert_string_equal(read_back(&file, &text), "!Avro file: the header has no avro.schema");
    append_header(&file, ONE_INT, NULL);
    assert_string_equal(read_back(&file, &text), "");
    append_header(&file, "{}", NULL);
    assert_string_equal(read_back(&file, &text),
                        "!Avro file: Avro schema: an object that stands for a type needs the "
                        "attribute `type`");
    append_header(&file, ONE_INT, NULL);
    append_block(&file, 2, SLICE("\x02"));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: row 1: field a: 1 byte is missing");
    append_header(&file, ONE_INT, NULL);
    append_block(&file, 1, SLICE("\x02\x04"));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: there are bytes behind the last row");
    append_header(&file, ONE_INT, NULL);
    append_block(&file, -1, SLICE("\x02"));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: the number of rows is wrong");
    append_header(&file, ONE_INT, NULL);
    append_block(&file, 1, SLICE("\x02"));
    file.ptr[file.len - 1] ^= 1;
    assert_string_equal(read_back(&file, &text),
                        "!Avro file: block 0: the sync mark behind the block is wrong");
    append_header(&file, "{\"type\":\"record\",\"name\":\"r\",\"fields\":[]}", NULL);
    append_block(&file, INT32_MAX, SLICE(""));
    assert_string_equal(read_back(&file, &text), "!Avro file: block 0: too many rows of no bytes");
    bytes_fini(&file);
    bytes_fini(&text);
}

/* Cut anywhere, a file is refused, or is a whole number of blocks; flipped anywhere, it does no harm. */
static void test_truncated_and_flipped(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, "id BIGINT NOT NULL, name STRING");
    struct batch *batch = test_random_batch(schema, 20, 9);
    struct bytes file = {0};
    struct error e;

    for (int codec = 0; codec < 2; codec++) {
        bytes_clear(&file);
        write_rows(batch, codec ? AVRO_DEFLATE : AVRO_NULL, &file);
        for (size_t len = 0; len <= file.len; len++) {
            struct batch *back = NULL;
            char *copy = mem_strndup(file.ptr, len);

            if (avro_file_read(slice_of(copy, len), schema, &arena, NULL, &back, &e) == OK)
                assert_true(len == file.len || back->row_count == 0);
            batch_unref(back);
            mem_free(copy);
        }
        for (size_t at = 0; at < file.len; at++) {
            struct batch *back = NULL;

            file.ptr[at] ^= 0x55;
            if (avro_file_read(bytes_all(&file), schema, &arena, NULL, &back, &e) == OK)
                batch_unref(back);
            file.ptr[at] ^= 0x55;
        }
    }
    batch_unref(batch);
    bytes_fini(&file);
    arena_fini(&arena);
}

static void test_null_key(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, "m MAP<STRING, INT>");
    struct builder b;
    struct batch *batch = NULL;
    struct bytes file = {0};
    struct error e;

    assert_true(builder_init(&b, schema, NULL));
    builder_null(&b.columns[0].children[0]);
    builder_i32(&b.columns[0].children[1], 1);
    builder_list_end(&b.columns[0]);
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    assert_int_equal(avro_file_write(batch, "r", NULL, AVRO_NULL, &file, &e), ERR_INPUT);
    assert_string_equal(e.text, "Avro file: column m has a map with a NULL key, which Avro cannot write");
    batch_unref(batch);
    builder_fini(&b);
    bytes_fini(&file);
    arena_fini(&arena);
}

static void test_no_memory(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, COLUMNS);
    struct batch *batch = test_random_batch(schema, 100, 2);
    struct bytes file = {0};
    struct error e;
    int done = 0;

    for (uint64_t n = 1; done < 2; n++) {
        struct batch *back = NULL;
        enum err rc;

        bytes_fini(&file);
        mem_fail_at(n, false);
        rc = avro_file_write(batch, "row", NULL, AVRO_DEFLATE, &file, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        bytes_fini(&file);
        write_rows(batch, AVRO_DEFLATE, &file);
        mem_fail_at(n, false);
        done += rc == OK;
        rc = avro_file_read(bytes_all(&file), schema, &arena, NULL, &back, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        done = rc == OK ? done : 0;
        batch_unref(back);
    }
    batch_unref(batch);
    bytes_fini(&file);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_codecs), cmocka_unit_test(test_bomb),
          cmocka_unit_test(test_malformed), cmocka_unit_test(test_truncated_and_flipped),
          cmocka_unit_test(test_null_key), cmocka_unit_test(test_no_memory))
