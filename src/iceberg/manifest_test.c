/* manifest_test.c: manifests and lists, written and read again, damaged, and without memory. */
#include "iceberg/manifest.h"
#include "formats/avro.h"
#include "iceberg/json_field.h"
#include "iceberg/single_value.h"
#include "iceberg/test_iceberg.h"

static struct test_world world;
static struct arena arena;
static struct table *t;

static int setup(UNUSED void **state)
{
    test_world_init(&world);
    t = test_table_new(&world, NULL, &arena);
    return 0;
}

static int teardown(UNUSED void **state)
{
    table_free(t);
    arena_fini(&arena);
    test_world_fini(&world);
    return 0;
}

static void check_same(const struct data_file *a, const struct data_file *b)
{
    struct data_file x = *a, y = *b;
    struct bytes p = {0}, q = {0};

    x.snapshot_id = x.sequence_number = x.file_sequence_number = 0;
    y.snapshot_id = y.sequence_number = y.file_sequence_number = 0;
    data_file_encode(&x, &p);
    data_file_encode(&y, &q);
    assert_true(slice_equal(bytes_all(&p), bytes_all(&q)));
    bytes_fini(&p);
    bytes_fini(&q);
}

/* Three entries, one of each status. */
static void entries_of(struct manifest_entry out[3])
{
    static const struct partition_value other[] = {{true, {NULL, 0}}, {false, {"heart rate", 10}}};
    static const int32_t ids[] = {1};

    out[0] = (struct manifest_entry){ENTRY_ADDED, test_data_file("mem://a.parquet", 10)};
    out[1] = (struct manifest_entry){ENTRY_EXISTING, test_data_file("mem://b.orc", 20)};
    out[1].file.format = "ORC";
    out[1].file.partition = other;
    out[1].file.snapshot_id = 5;
    out[1].file.sequence_number = 3;
    out[1].file.file_sequence_number = 4;
    out[1].file.key_metadata = SLICE("secret");
    out[2] = (struct manifest_entry){ENTRY_DELETED, test_data_file("mem://c.parquet", 30)};
    out[2].file.snapshot_id = 6;
    out[2].file.sequence_number = 2;
    out[2].file.file_sequence_number = 2;
    out[2].file.column_count = 0;
    out[2].file.split_count = 0;
    out[2].file.splits = NULL;
    out[2].file.equality_ids = ids;
    out[2].file.equality_count = 1;
}

static void test_round_trip(UNUSED void **state)
{
    struct manifest_entry entries[3], *back;
    struct manifest m;
    int32_t count;
    struct error e;

    entries_of(entries);
    ASSERT_OK(manifest_write(t->fs, "mem://m.avro", t->metadata, 0, false, entries, 3, 77, &arena, &m, &e),
              &e);
    assert_string_equal(m.path, "mem://m.avro");
    assert_true(m.length > 500 && m.spec_id == 0 && !m.deletes && m.added_snapshot_id == 77);
    assert_true(m.added_files == 1 && m.existing_files == 1 && m.deleted_files == 1);
    assert_true(m.added_rows == 10 && m.existing_rows == 20 && m.deleted_rows == 30);
    assert_true(m.min_sequence_number == 3 && m.sequence_number == 0);
    assert_int_equal(m.summary_count, 2);
    assert_true(m.summaries[0].contains_null && !m.summaries[1].contains_null &&
                m.summaries[0].contains_nan == 0);
    assert_true(slice_is(m.summaries[1].lower, "heart rate") && slice_is(m.summaries[1].upper, "steps"));
    m.sequence_number = 9;
    ASSERT_OK(manifest_read(t->fs, &m, t->metadata, &arena, &back, &count, &e), &e);
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(back[i].status, entries[i].status);
        check_same(&back[i].file, &entries[i].file);
    }
    assert_true(back[0].file.snapshot_id == 77 && back[0].file.sequence_number == 9 &&
                back[0].file.file_sequence_number == 9);
    assert_true(back[1].file.snapshot_id == 5 && back[1].file.sequence_number == 3 &&
                back[1].file.file_sequence_number == 4);
    assert_true(back[2].file.snapshot_id == 6);
}

static void test_header(UNUSED void **state)
{
    static const char *const wanted[][2] = {
        {"schema-id", "0"},
        {"partition-spec-id", "0"},
        {"format-version", "2"},
        {"content", "deletes"},
        {"partition-spec",
         "[{\"name\":\"ts_day\",\"transform\":\"day\",\"source-id\":2,\"field-id\":1000},"
         "{\"name\":\"data_type\",\"transform\":\"identity\",\"source-id\":3,\"field-id\":1001}]"},
    };
    static const struct type status = {.kind = TYPE_INT32};
    static const struct field fields[] = {{"status", &status, 0, NULL}};
    static const struct schema schema = {1, fields};
    struct manifest_entry entries[3];
    struct manifest m;
    struct map metadata = {0};
    struct bytes file = {0};
    struct batch *b;
    json_t *json;
    struct error e;

    entries_of(entries);
    ASSERT_OK(manifest_write(t->fs, "mem://m.avro", t->metadata, 0, true, entries, 3, 77, &arena, &m, &e),
              &e);
    ASSERT_OK(fs_read_all(t->fs, "mem://m.avro", &file, &e), &e);
    assert_int_equal(file.len, m.length);
    ASSERT_OK(avro_file_read(bytes_all(&file), &schema, &arena, &metadata, &b, &e), &e);
    assert_int_equal(b->columns[0].i32[2], ENTRY_DELETED);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_string_equal(map_get(&metadata, slice_text(wanted[i][0])), wanted[i][1]);
    ASSERT_OK(json_field_parse(slice_text(map_get(&metadata, SLICE("avro.schema"))), &json, &e), &e);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(json_object_get(json, "fields"), 0), "field-id")),
        0);
    assert_true(json_field_has(json_array_get(json_object_get(json, "fields"), 0), "field-id"));
    json_decref(json);
    batch_unref(b);
    map_fini(&metadata);
    bytes_fini(&file);
}

static void test_lists(UNUSED void **state)
{
    static const struct manifest_summary summaries[] = {{true, 1, false, {NULL, 0}, {NULL, 0}},
                                                        {false, -1, true, {"a", 1}, {"b", 1}}};
    struct snapshot s = {.id = 77, .parent_id = 76, .sequence_number = 9};
    struct manifest in[] =
        {
            {.path = "new",
             .length = 5,
             .added_snapshot_id = 77,
             .min_sequence_number = INT64_MAX,
             .added_files = 1,
             .added_rows = 2},
            {.path = "merged",
             .length = 6,
             .spec_id = 1,
             .added_snapshot_id = 77,
             .min_sequence_number = 4,
             .existing_files = 1,
             .added_files = 1},
            {.path = "old",
             .length = 7,
             .deletes = true,
             .added_snapshot_id = 70,
             .sequence_number = 3,
             .min_sequence_number = 2,
             .existing_files = 4,
             .existing_rows = 5,
             .deleted_files = 6,
             .deleted_rows = 7,
             .key_metadata = {"k", 1},
             .summary_count = 2,
             .summaries = summaries},
            {.path = "rewritten", .added_snapshot_id = 77, .min_sequence_number = 4, .existing_files = 1},
        },
                    *out;
    int32_t count;
    struct error e;

    ASSERT_OK(manifest_list_write(t->fs, "mem://list.avro", &s, in, 4, &e), &e);
    ASSERT_OK(manifest_list_read(t->fs, "mem://list.avro", &arena, &out, &count, &e), &e);
    assert_int_equal(count, 4);
    assert_string_equal(out[0].path, "new");
    assert_true(out[0].sequence_number == 9 && out[0].min_sequence_number == 9 && out[0].added_rows == 2);
    assert_true(out[1].sequence_number == 9 && out[1].min_sequence_number == 4 && out[1].spec_id == 1);
    assert_true(out[2].sequence_number == 3 && out[2].min_sequence_number == 2 && out[2].deletes);
    assert_true(out[2].existing_files == 4 && out[2].existing_rows == 5 && out[2].deleted_files == 6 &&
                out[2].deleted_rows == 7);
    assert_true(slice_is(out[2].key_metadata, "k") && out[2].added_snapshot_id == 70 && out[2].length == 7);
    assert_int_equal(out[2].summary_count, 2);
    assert_true(out[2].summaries[0].contains_null && out[2].summaries[0].contains_nan == 1 &&
                !out[2].summaries[0].has_bounds);
    assert_true(out[2].summaries[1].contains_nan == -1 && slice_is(out[2].summaries[1].upper, "b"));
    assert_true(out[3].sequence_number == 9 && out[3].min_sequence_number == 4);
    in[0].added_files = -1;
    assert_int_equal(manifest_list_write(t->fs, "mem://list2.avro", &s, in, 4, &e), ERR_UNSUPPORTED);
    assert_int_equal(manifest_list_read(t->fs, "mem://nothing", &arena, &out, &count, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "manifest list mem://nothing"));
}

static void test_partition_must_fit(UNUSED void **state)
{
    static const struct partition_value wrong[] = {{false, {"\1", 1}}, {false, {"x", 1}}};
    struct manifest_entry entry = {ENTRY_ADDED, test_data_file("mem://a.parquet", 10)};
    struct manifest m;
    struct error e;

    entry.file.partition = wrong;
    assert_int_equal(manifest_write(t->fs, "mem://m", t->metadata, 0, false, &entry, 1, 1, &arena, &m, &e),
                     ERR_CORRUPT);
    entry.file.partition_count = 1;
    assert_int_equal(manifest_write(t->fs, "mem://m", t->metadata, 0, false, &entry, 1, 1, &arena, &m, &e),
                     ERR_CORRUPT);
    assert_int_equal(manifest_write(t->fs, "mem://m", t->metadata, 8, false, &entry, 1, 1, &arena, &m, &e),
                     ERR_CORRUPT);
    assert_non_null(strstr(e.text, "no partition spec 8"));
}

/* A partition of every type goes into a manifest and comes back. */
static void test_partition_types(UNUSED void **state)
{
    static const char columns[] =
        "b BOOLEAN, i INT, l BIGINT, f FLOAT, d DOUBLE, de DECIMAL(20, 3), da DATE, ti TIME(6), "
        "ts TIMESTAMP(6), tz TIMESTAMP_LTZ(6), s STRING, bi BYTES, fi BINARY(3), u UUID";
    static const struct partition_value values[] = {
        {false, {"\1", 1}},
        {false, {"\1\2\3\4", 4}},
        {false, {"\1\2\3\4\5\6\7\x88", 8}},
        {false, {"\0\0\xc0\x7f", 4}},
        {false, {"\0\0\0\0\0\0\xf0\x3f", 8}},
        {false, {"\xfe\0\1", 3}},
        {false, {"\1\2\0\0", 4}},
        {false, {"\1\2\3\4\0\0\0\0", 8}},
        {false, {"\1\2\3\4\5\6\7\x08", 8}},
        {false, {"\1\2\3\4\5\6\7\x08", 8}},
        {false, {"text that is long", 17}},
        {false, {"\0\xff", 2}},
        {false, {"abc", 3}},
        {false, {"0123456789abcdef", 16}},
    };
    struct arena own = {0};
    const struct schema *plain, *schema;
    const struct partition_spec *parsed;
    struct table_spec spec = {0};
    struct table *typed;
    struct manifest_entry entry = {ENTRY_ADDED, test_data_file("mem://a.parquet", 10)}, *back;
    struct manifest m;
    int32_t last, count;
    struct error e;

    ASSERT_OK(schema_parse(&own, slice_text(columns), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(&own, plain, &schema, &last, &e), &e);
    ASSERT_OK(partition_spec_parse(&own, SLICE("b, i, l, f, d, de, da, ti, ts, tz, s, bi, fi, u"), schema,
                                   &parsed, &e),
              &e);
    spec.schema = schema;
    spec.partition = parsed;
    ASSERT_OK(catalog_create(world.catalog, "db", "typed", &spec, &typed, &e), &e);
    entry.file.partition = values;
    entry.file.partition_count = COUNT_OF(values);
    ASSERT_OK(manifest_write(t->fs, "mem://typed", typed->metadata, 0, false, &entry, 1, 1, &own, &m, &e),
              &e);
    assert_int_equal(m.summaries[3].contains_nan, 1);
    assert_false(m.summaries[3].has_bounds);
    ASSERT_OK(manifest_read(t->fs, &m, typed->metadata, &own, &back, &count, &e), &e);
    for (size_t i = 0; i < COUNT_OF(values); i++)
        if (!slice_equal(back->file.partition[i].value, values[i].value))
            fail_msg("column %zu came back as another value", i);
    table_free(typed);
    arena_fini(&own);
}

static void test_damage_is_found(UNUSED void **state)
{
    struct manifest_entry entries[3], *back;
    struct manifest m;
    struct bytes file = {0};
    int32_t count;
    struct error e;
    enum err rc;

    entries_of(entries);
    ASSERT_OK(manifest_write(t->fs, "mem://m.avro", t->metadata, 0, false, entries, 3, 77, &arena, &m, &e),
              &e);
    ASSERT_OK(fs_read_all(t->fs, "mem://m.avro", &file, &e), &e);
    for (size_t i = 0; i < file.len; i += 3) {
        struct arena own = {0};

        file.ptr[i] ^= 0x11;
        test_fs_put(&world.fs, "mem://m.avro", bytes_all(&file));
        file.ptr[i] ^= 0x11;
        rc = manifest_read(t->fs, &m, t->metadata, &own, &back, &count, &e);
        if (rc != OK && strstr(e.text, "mem://m.avro") == NULL)
            fail_msg("no path in: %s", e.text);
        arena_fini(&own);
    }
    for (size_t len = 0; len < file.len; len += 5) {
        struct arena own = {0};

        test_fs_put(&world.fs, "mem://m.avro", slice_of(file.ptr, len));
        if (manifest_read(t->fs, &m, t->metadata, &own, &back, &count, &e) == OK && count == 3)
            fail_msg("%zu of %zu bytes were taken for all", len, file.len);
        arena_fini(&own);
    }
    bytes_fini(&file);
}

static void test_no_memory(UNUSED void **state)
{
    struct manifest_entry entries[3], *back;
    struct snapshot s = {.id = 77, .sequence_number = 9};
    struct error e;
    enum err rc = ERR_MEMORY;

    entries_of(entries);
    for (uint64_t n = 1; rc != OK; n++) {
        struct arena own = {0};
        struct manifest m, *list;
        int32_t count;

        mem_fail_at(n, false);
        rc = manifest_write(t->fs, "mem://m.avro", t->metadata, 0, false, entries, 3, 77, &own, &m, &e);
        if (rc == OK)
            rc = manifest_list_write(t->fs, "mem://l.avro", &s, &m, 1, &e);
        if (rc == OK)
            rc = manifest_list_read(t->fs, "mem://l.avro", &own, &list, &count, &e);
        if (rc == OK)
            rc = manifest_read(t->fs, &list[0], t->metadata, &own, &back, &count, &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, e.text);
        arena_fini(&own);
    }
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(WORLD_TEST(test_round_trip), WORLD_TEST(test_header), WORLD_TEST(test_lists),
          WORLD_TEST(test_partition_must_fit), WORLD_TEST(test_partition_types),
          WORLD_TEST(test_damage_is_found), WORLD_TEST(test_no_memory))
