/* data_file_test.c: files' entries through a checkpoint. */
#include "iceberg/data_file.h"
#include "iceberg/test_iceberg.h"

static struct data_file full_file(void)
{
    static const struct partition_value partition[] = {
        {true, {NULL, 0}}, {false, {"", 0}}, {false, {"\1\2\3\4", 4}}};
    static const struct file_column columns[] = {{1, 10, 20, 30, -1, true, {"a", 1}, {"zz", 2}},
                                                 {7, -1, -1, -1, -1, false, {NULL, 0}, {NULL, 0}}};
    static const int64_t splits[] = {4, 1 << 30};
    static const int32_t ids[] = {3, 5};

    return (struct data_file){.content = FILE_EQUALITY_DELETES,
                              .path = "s3://b/t/data/x.parquet",
                              .format = "ORC",
                              .spec_id = 3,
                              .partition_count = 3,
                              .partition = partition,
                              .record_count = INT64_MAX,
                              .size_bytes = 12,
                              .column_count = 2,
                              .columns = columns,
                              .split_count = 2,
                              .splits = splits,
                              .equality_count = 2,
                              .equality_ids = ids,
                              .references = "s3://b/t/data/y.parquet",
                              .sort_order_id = 4,
                              .key_metadata = {"key", 3},
                              .snapshot_id = -5,
                              .sequence_number = 6,
                              .file_sequence_number = 7};
}

static void test_round_trip(UNUSED void **state)
{
    struct data_file f = full_file(), g;
    struct bytes b = {0}, again = {0};
    struct arena arena = {0};
    struct reader r;
    struct error e;

    data_file_encode(&f, &b);
    bytes_u8(&b, 99); /* what follows is somebody else's */
    r = reader_of(bytes_all(&b));
    ASSERT_OK(data_file_decode(&r, &arena, &g, &e), &e);
    assert_int_equal(reader_left(&r), 1);
    data_file_encode(&g, &again);
    assert_true(slice_equal(bytes_all(&again), slice_of(b.ptr, b.len - 1)));
    assert_string_equal(g.path, f.path);
    assert_string_equal(g.format, "ORC");
    assert_string_equal(g.references, f.references);
    assert_true(g.partition[0].null && !g.partition[1].null && g.partition[1].value.len == 0);
    assert_true(g.columns[0].has_bounds && !g.columns[1].has_bounds);
    assert_true(slice_is(g.key_metadata, "key"));
    bytes_fini(&b);
    bytes_fini(&again);
    arena_fini(&arena);
}

static void test_damage_is_found(UNUSED void **state)
{
    struct data_file f = full_file(), g;
    struct bytes b = {0};
    struct error e;

    data_file_encode(&f, &b);
    for (size_t len = 0; len < b.len; len++) {
        struct arena arena = {0};
        struct reader r = reader_of(slice_of(b.ptr, len));

        assert_int_equal(data_file_decode(&r, &arena, &g, &e), ERR_CORRUPT);
        arena_fini(&arena);
    }
    for (size_t i = 0; i < b.len; i++) { /* whatever it becomes, nothing breaks */
        struct arena arena = {0};
        struct reader r;

        b.ptr[i] ^= 0x55;
        r = reader_of(bytes_all(&b));
        assert_true(data_file_decode(&r, &arena, &g, &e) == OK || e.code == ERR_CORRUPT);
        b.ptr[i] ^= 0x55;
        arena_fini(&arena);
    }
    bytes_fini(&b);
}

static void test_no_memory(UNUSED void **state)
{
    struct data_file f = full_file(), g;
    struct bytes b = {0};
    struct error e;
    enum err rc = ERR_MEMORY;

    data_file_encode(&f, &b);
    for (uint64_t n = 1; rc != OK; n++) {
        struct arena arena = {0};
        struct reader r = reader_of(bytes_all(&b));

        mem_fail_at(n, false);
        rc = data_file_decode(&r, &arena, &g, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        arena_fini(&arena);
    }
    bytes_fini(&b);
}

TEST_MAIN(cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage_is_found),
          cmocka_unit_test(test_no_memory))
