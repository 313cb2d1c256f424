/* metadata_test.c: metadata documents: the specification's, damaged ones, and new ones. */
#include "iceberg/metadata.h"
#include "iceberg/json_field.h"
#include "iceberg/test_iceberg.h"
#include <stdlib.h>

static const char v2_document[] =
    "{\"format-version\":2,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\",\"location\":\"s3://"
    "bucket/test/location\","
    "\"last-sequence-number\":34,\"last-updated-ms\":1602638573590,\"last-column-id\":3,\"current-schema-"
    "id\":1,"
    "\"schemas\":[{\"type\":\"struct\",\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"x\",\"required\":"
    "true,\"type\":\"long\"},"
    "{\"id\":4,\"name\":\"gone\",\"required\":false,\"type\":\"date\"}]},"
    "{\"type\":\"struct\",\"schema-id\":1,\"identifier-field-ids\":[1,2],\"fields\":["
    "{\"id\":1,\"name\":\"x\",\"required\":true,\"type\":\"long\"},"
    "{\"id\":2,\"name\":\"y\",\"required\":true,\"type\":\"long\",\"doc\":\"comment\"},"
    "{\"id\":3,\"name\":\"z\",\"required\":true,\"type\":\"long\",\"initial-default\":7}]}],"
    "\"default-spec-id\":0,\"partition-specs\":[{\"spec-id\":0,\"fields\":[{\"name\":\"x\",\"transform\":"
    "\"identity\",\"source-id\":1,"
    "\"field-id\":1000}]}],\"last-partition-id\":1000,\"default-sort-order-id\":3,"
    "\"sort-orders\":[{\"order-id\":3,\"fields\":[{\"transform\":\"identity\",\"source-id\":2,\"direction\":"
    "\"asc\",\"null-order\":\"nulls-first\"}]}],"
    "\"properties\":{\"read.split.target.size\":\"134217728\",\"on\":\"true\",\"bad\":\"x1\"},\"current-"
    "snapshot-id\":3055729675574597004,"
    "\"snapshots\":[{\"snapshot-id\":3051729675574597004,\"timestamp-ms\":1515100955770,\"sequence-number\":"
    "0,"
    "\"summary\":{\"operation\":\"append\"},\"manifest-list\":\"s3://a/b/1.avro\"},"
    "{\"snapshot-id\":3055729675574597004,\"parent-snapshot-id\":3051729675574597004,\"timestamp-ms\":"
    "1555100955770,"
    "\"sequence-number\":1,\"summary\":{\"operation\":\"append\"},\"manifest-list\":\"s3://a/b/"
    "2.avro\",\"schema-id\":1}],"
    "\"snapshot-log\":[{\"snapshot-id\":3051729675574597004,\"timestamp-ms\":1515100955770},"
    "{\"snapshot-id\":3055729675574597004,\"timestamp-ms\":1555100955770}],"
    "\"metadata-log\":[{\"metadata-file\":\"s3://bucket/.../v1.json\",\"timestamp-ms\":1515100}],"
    "\"something-new\":{\"deep\":[1,2.5,null,\"\\u00e4\"]}}";

static const char v1_document[] =
    "{\"format-version\":1,\"table-uuid\":\"d20125c8-7284-442c-9aea-15fee620737c\",\"location\":\"s3://"
    "bucket/test/location\","
    "\"last-updated-ms\":1602638573874,\"last-column-id\":3,\"schema\":{\"type\":\"struct\",\"fields\":["
    "{\"id\":1,\"name\":\"x\",\"required\":true,\"type\":\"long\"},{\"id\":2,\"name\":\"y\",\"required\":"
    "true,\"type\":\"long\"},"
    "{\"id\":3,\"name\":\"z\",\"required\":true,\"type\":\"long\"}]},\"partition-spec\":[{\"name\":\"x\","
    "\"transform\":\"identity\",\"source-id\":1},"
    "{\"name\":\"y_b\",\"transform\":\"bucket[4]\",\"source-id\":2}],"
    "\"properties\":{},\"current-snapshot-id\":-1,\"snapshots\":[{\"snapshot-id\":1,\"timestamp-ms\":2,"
    "\"manifests\":[\"a.avro\"]}]}";

static void test_version_2(UNUSED void **state)
{
    struct metadata *m;
    struct error e;

    ASSERT_OK(metadata_parse(slice_text(v2_document), "v2", &m, &e), &e);
    assert_int_equal(m->format_version, 2);
    assert_string_equal(m->location, "s3://bucket/test/location");
    assert_int_equal(m->schema_id, 1);
    assert_int_equal(m->schema->field_count, 3);
    assert_string_equal(m->schema->fields[1].doc, "comment");
    assert_int_equal(m->schema_count, 2);
    assert_int_equal(m->identifier_count, 2);
    assert_int_equal(m->identifier_ids[1], 2);
    assert_int_equal(m->spec->fields[0].field_id, 1000);
    assert_int_equal(m->last_partition_id, 1000);
    assert_int_equal(m->snapshot_count, 2);
    assert_true(m->current_snapshot_id == INT64_C(3055729675574597004));
    assert_true(metadata_parent(m, &m->snapshots[1]) == &m->snapshots[0]);
    assert_null(metadata_parent(m, &m->snapshots[0]));
    assert_null(metadata_snapshot(m, 5));
    assert_string_equal(m->snapshots[1].manifest_list, "s3://a/b/2.avro");
    assert_int_equal(metadata_column_type(m, 4)->kind, TYPE_DATE); /* only an older schema has it */
    assert_null(metadata_column_type(m, 40));
    assert_string_equal(metadata_property(m, "read.split.target.size"), "134217728");
    assert_null(metadata_property(m, "other"));
    assert_int_equal(metadata_property_long(m, "read.split.target.size", 1), 134217728);
    assert_int_equal(metadata_property_long(m, "bad", 5), 5);
    assert_true(metadata_property_bool(m, "on", false));
    assert_true(metadata_property_bool(m, "bad", true));
    metadata_free(m);
}

static void test_what_is_unknown_survives(UNUSED void **state)
{
    struct metadata *m;
    struct bytes text = {0};
    json_t *before, *after;
    struct error e;

    ASSERT_OK(metadata_parse(slice_text(v2_document), "v2", &m, &e), &e);
    ASSERT_OK(metadata_encode(m->json, false, &text, &e), &e);
    ASSERT_OK(json_field_parse(slice_text(v2_document), &before, &e), &e);
    ASSERT_OK(json_field_parse(bytes_all(&text), &after, &e), &e);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    bytes_fini(&text);
    metadata_free(m);
}

static void test_version_1(UNUSED void **state)
{
    struct metadata *m;
    struct error e;

    ASSERT_OK(metadata_parse(slice_text(v1_document), "v1", &m, &e), &e);
    assert_int_equal(m->format_version, 1);
    assert_int_equal(m->schema->field_count, 3);
    assert_int_equal(m->spec->field_count, 2);
    assert_int_equal(m->spec->fields[1].field_id, 1001);
    assert_int_equal(m->last_partition_id, 1001);
    assert_true(m->current_snapshot_id == 0);
    assert_null(m->snapshots[0].manifest_list);
    metadata_free(m);
}

/* v2_document with one thing replaced. */
static void expect_error(const char *from, const char *to, enum err rc, const char *why)
{
    const char *at = strstr(v2_document, from);
    struct metadata *m = NULL;
    struct bytes text = {0};
    struct error e;

    assert_non_null(at);
    bytes_append(&text, v2_document, (size_t)(at - v2_document));
    bytes_text(&text, to);
    bytes_text(&text, at + strlen(from));
    if (metadata_parse(bytes_all(&text), "s3://b/v3.metadata.json", &m, &e) != rc ||
        strstr(e.text, why) == NULL || strstr(e.text, "s3://b/v3.metadata.json") == NULL)
        fail_msg("%s -> %s: %s", from, to, m ? "was taken" : e.text);
    bytes_fini(&text);
}

static void test_errors_name_the_field(UNUSED void **state)
{
    expect_error("{\"format-version\"", "[\"format-version\"", ERR_CORRUPT, "line 1");
    expect_error("\"format-version\":2", "\"format-version\":3", ERR_UNSUPPORTED, "format version 3");
    expect_error("\"format-version\":2", "\"format-version\":0", ERR_CORRUPT, "format-version");
    expect_error("\"format-version\":2", "\"format-version\":\"2\"", ERR_CORRUPT,
                 "`format-version` should be an integer");
    expect_error("\"location\"", "\"place\"", ERR_CORRUPT, "`location` is missing");
    expect_error("\"table-uuid\"", "\"id\"", ERR_CORRUPT, "`table-uuid` is missing");
    expect_error("\"last-sequence-number\"", "\"s\"", ERR_CORRUPT, "last-sequence-number");
    expect_error("\"last-column-id\":3", "\"last-column-id\":-3", ERR_CORRUPT, "last-column-id");
    expect_error("\"current-schema-id\":1", "\"current-schema-id\":5", ERR_CORRUPT, "no schema 5");
    expect_error("\"schemas\"", "\"schemata\"", ERR_CORRUPT, "`schemas` should be a list");
    expect_error("\"type\":\"date\"", "\"type\":\"geometry\"", ERR_UNSUPPORTED,
                 "column gone: type `geometry`");
    expect_error("\"name\":\"y\"", "\"nome\":\"y\"", ERR_CORRUPT, "`name` is missing");
    expect_error("\"required\":true,\"type\":\"long\",\"doc\"", "\"type\":\"long\",\"doc\"", ERR_CORRUPT,
                 "column y: field `required`");
    expect_error("\"default-spec-id\":0", "\"default-spec-id\":7", ERR_CORRUPT, "no spec 7");
    expect_error("\"transform\":\"identity\",\"source-id\":1", "\"transform\":\"zorder\",\"source-id\":1",
                 ERR_UNSUPPORTED, "zorder");
    expect_error("\"snapshot-id\":3051729675574597004", "\"snapshot-id\":\"x\"", ERR_CORRUPT, "snapshots[0]");
    expect_error("\"manifest-list\":\"s3://a/b/2.avro\"", "\"x\":1", ERR_CORRUPT,
                 "snapshots[1]`: field `manifest-list`");
    expect_error("\"current-snapshot-id\":3055729675574597004", "\"current-snapshot-id\":12", ERR_CORRUPT,
                 "no snapshot 12");
    expect_error("[1,2]", "[1,\"b\"]", ERR_CORRUPT, "identifier-field-ids");
}

static void test_nested_schemas(UNUSED void **state)
{
    static const char columns[] = "a INT NOT NULL, b ARRAY<ROW<x STRING, y ARRAY<DOUBLE NOT NULL>>>, m "
                                  "MAP<STRING NOT NULL, ROW<k DECIMAL(9, 2)>>, "
                                  "t TIMESTAMP_LTZ(6), d DATE, u UUID, f BINARY(4), v BYTES, s SMALLINT, n "
                                  "TIMESTAMP(3), h TIME(6), bo BOOLEAN, fl FLOAT";
    static const char want[] = "{\"type\":\"struct\",\"schema-id\":5,\"fields\":[{\"id\":1,\"name\":\"a\","
                               "\"required\":true,\"type\":\"int\"},"
                               "{\"id\":2,\"name\":\"b\",\"required\":false,\"type\":{\"type\":\"list\","
                               "\"element-id\":14,\"element\":{\"type\":\"struct\",\"fields\":["
                               "{\"id\":15,\"name\":\"x\",\"required\":false,\"type\":\"string\"},{\"id\":16,"
                               "\"name\":\"y\",\"required\":false,\"type\":"
                               "{\"type\":\"list\",\"element-id\":17,\"element\":\"double\",\"element-"
                               "required\":true}}]},\"element-required\":false}},"
                               "{\"id\":3,\"name\":\"m\",\"required\":false,\"type\":{\"type\":\"map\",\"key-"
                               "id\":18,\"key\":\"string\",\"value-id\":19,\"value\":"
                               "{\"type\":\"struct\",\"fields\":[{\"id\":20,\"name\":\"k\",\"required\":"
                               "false,\"type\":\"decimal(9, 2)\"}]},\"value-required\":false}},"
                               "{\"id\":4,\"name\":\"t\",\"required\":false,\"type\":\"timestamptz\"},{"
                               "\"id\":5,\"name\":\"d\",\"required\":false,\"type\":\"date\"},"
                               "{\"id\":6,\"name\":\"u\",\"required\":false,\"type\":\"uuid\"},{\"id\":7,"
                               "\"name\":\"f\",\"required\":false,\"type\":\"fixed[4]\"},"
                               "{\"id\":8,\"name\":\"v\",\"required\":false,\"type\":\"binary\"},{\"id\":9,"
                               "\"name\":\"s\",\"required\":false,\"type\":\"int\"},"
                               "{\"id\":10,\"name\":\"n\",\"required\":false,\"type\":\"timestamp\"},{\"id\":"
                               "11,\"name\":\"h\",\"required\":false,\"type\":\"time\"},"
                               "{\"id\":12,\"name\":\"bo\",\"required\":false,\"type\":\"boolean\"},{\"id\":"
                               "13,\"name\":\"fl\",\"required\":false,\"type\":\"float\"}]}";
    struct arena arena = {0};
    const struct schema *plain, *schema, *back;
    struct bytes text = {0};
    json_t *json, *again;
    struct error e;
    int32_t last;

    ASSERT_OK(schema_parse(&arena, slice_text(columns), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(&arena, plain, &schema, &last, &e), &e);
    assert_int_equal(last, 20);
    json = metadata_schema_json(schema, 5, NULL, 0);
    ASSERT_OK(json_field_print(json, &text, &e), &e);
    assert_string_equal(bytes_cstr(&text), want);
    ASSERT_OK(metadata_schema_parse(json, &arena, &back, &e), &e);
    again = metadata_schema_json(back, 5, NULL, 0);
    assert_true(json_equal(json, again));
    json_decref(json);
    json_decref(again);
    bytes_fini(&text);
    arena_fini(&arena);
}

static void test_type_texts(UNUSED void **state)
{
    static const struct {
        const char *type, *want;
    } cases[] = {
        {"\"decimal( 9 ,2 )\"", "DECIMAL(9, 2)"},
        {"\"fixed[16]\"", "BINARY(16)"},
        {"\"timestamp_ns\"", "TIMESTAMP(9)"},
        {"\"decimal(39,2)\"", NULL},
        {"\"decimal(9,10)\"", NULL},
        {"\"fixed[0]\"", NULL},
        {"\"fixed[x]\"", NULL},
        {"\"decimal(9)\"", NULL},
        {"\"\"", NULL},
        {"5", NULL},
        {"{\"type\":\"list\"}", NULL},
        {"{\"type\":\"set\"}", NULL},
        {"{\"type\":\"map\",\"key-id\":1,\"key\":\"int\"}", NULL},
        {"\"variant\"", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = {0};
        const struct schema *schema;
        struct bytes text = {0}, printed = {0};
        json_t *json;
        struct error e;
        enum err rc;

        bytes_printf(&text, "{\"fields\":[{\"id\":1,\"name\":\"c\",\"required\":false,\"type\":%s}]}",
                     cases[i].type);
        ASSERT_OK(json_field_parse(bytes_all(&text), &json, &e), &e);
        rc = metadata_schema_parse(json, &arena, &schema, &e);
        if ((rc == OK) != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].type, rc == OK ? "was taken" : e.text);
        if (rc == OK) {
            type_print(schema->fields[0].type, &printed);
            assert_string_equal(bytes_cstr(&printed), cases[i].want);
        }
        json_decref(json);
        bytes_fini(&text);
        bytes_fini(&printed);
        arena_fini(&arena);
    }
}

static void test_create(UNUSED void **state)
{
    static const char *const properties[] = {"format-version", "2", "write.metadata.compression-codec",
                                             "gzip", NULL};
    static const char *const key[] = {"id", NULL};
    struct arena arena = {0};
    struct table_spec spec = {.properties = properties, .primary_key = key, .comment = "a table"};
    const struct schema *plain;
    struct metadata *m;
    struct error e;

    ASSERT_OK(schema_parse(&arena, SLICE("id BIGINT NOT NULL, d DATE"), &plain, &e), &e);
    spec.schema = plain;
    ASSERT_OK(metadata_create(&spec, "s3://w/t", "9c12d441-03fe-4693-9a96-a0705ddf69c1", 77, &m, &e), &e);
    assert_int_equal(m->last_column_id, 2);
    assert_int_equal(m->schema->fields[1].id, 2);
    assert_int_equal(m->identifier_count, 1);
    assert_int_equal(m->identifier_ids[0], 1);
    assert_int_equal(m->last_partition_id, 999);
    assert_int_equal(m->spec->field_count, 0);
    assert_string_equal(metadata_property(m, "comment"), "a table");
    assert_string_equal(metadata_property(m, "write.parquet.compression-codec"), "zstd");
    assert_null(metadata_property(m, "format-version"));
    assert_true(m->last_updated_ms == 77 && m->current_snapshot_id == 0);
    metadata_free(m);
    arena_fini(&arena);
}

static void test_create_refusals(UNUSED void **state)
{
    static const struct {
        const char *columns, *key, *property, *value;
        enum err rc;
        const char *why;
    } cases[] = {
        {"a TIMESTAMP(9)", NULL, NULL, NULL, ERR_UNSUPPORTED,
         "column a: Iceberg's format version 2 has microseconds"},
        {"a ROW<b ARRAY<TIMESTAMP(9)>>", NULL, NULL, NULL, ERR_UNSUPPORTED,
         "column a: column b: column element"},
        {"a INT, a INT", NULL, NULL, NULL, ERR_CONFIG, "column a is there twice"},
        {"a INT", "a", NULL, NULL, ERR_CONFIG, "a must be NOT NULL"},
        {"a INT NOT NULL", "b", NULL, NULL, ERR_CONFIG, "b is not a column"},
        {"a DOUBLE NOT NULL", "a", NULL, NULL, ERR_CONFIG, "cannot be part of a key"},
        {"a INT", NULL, "format-version", "3", ERR_UNSUPPORTED, "version 2"},
        {"a INT", NULL, "uuid", "x", ERR_CONFIG, "property uuid"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *key[] = {cases[i].key, NULL}, *properties[] = {cases[i].property, cases[i].value, NULL};
        struct arena arena = {0};
        struct table_spec spec = {.primary_key = key, .properties = properties};
        struct metadata *m;
        struct error e;

        ASSERT_OK(schema_parse(&arena, slice_text(cases[i].columns), &spec.schema, &e), &e);
        if (metadata_create(&spec, "l", "u", 1, &m, &e) != cases[i].rc ||
            strstr(e.text, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].columns, e.text);
        arena_fini(&arena);
    }
}

static void test_gzip(UNUSED void **state)
{
    struct test_fs fs;
    struct metadata *m, *back;
    struct bytes file = {0};
    struct error e;

    test_fs_init(&fs);
    ASSERT_OK(metadata_parse(slice_text(v2_document), "v2", &m, &e), &e);
    ASSERT_OK(metadata_encode(m->json, true, &file, &e), &e);
    assert_true(file.len < strlen(v2_document) / 2);
    test_fs_put(&fs, "m", bytes_all(&file));
    ASSERT_OK(metadata_read(&fs.base, "m", &back, &e), &e);
    assert_true(json_equal(m->json, back->json));
    metadata_free(back);
    for (size_t cut = 2; cut < file.len; cut += 7) {
        test_fs_put(&fs, "m", slice_of(file.ptr, cut));
        assert_int_equal(metadata_read(&fs.base, "m", &back, &e), ERR_CORRUPT);
    }
    file.ptr[file.len / 2] ^= 0x20;
    test_fs_put(&fs, "m", bytes_all(&file));
    assert_int_equal(metadata_read(&fs.base, "m", &back, &e), ERR_CORRUPT);
    bytes_fini(&file);
    metadata_free(m);
    test_fs_fini(&fs);
}

static void test_no_memory(UNUSED void **state)
{
    static const char *const properties[] = {"a", "b", NULL};
    static const char *const key[] = {"id", NULL};
    struct arena arena = {0};
    struct table_spec spec = {.properties = properties, .primary_key = key};
    struct error e;
    enum err rc = ERR_MEMORY;

    json_set_alloc_funcs(mem_alloc, mem_free);
    ASSERT_OK(schema_parse(&arena, SLICE("id BIGINT NOT NULL, d ARRAY<DATE>, m MAP<STRING, INT>"),
                           &spec.schema, &e),
              &e);
    for (uint64_t n = 1; rc != OK; n++) {
        struct metadata *m = NULL;

        mem_fail_at(n, false);
        rc = metadata_create(&spec, "l", "u", 1, &m, &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, e.text);
        metadata_free(m);
    }
    json_set_alloc_funcs(malloc, free); /* jansson's parser (2.14) itself does not bear it */
    rc = ERR_MEMORY;
    for (uint64_t n = 1; rc != OK; n++) {
        struct metadata *m = NULL;

        mem_fail_at(n, false);
        rc = metadata_parse(slice_text(v2_document), "v2", &m, &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, e.text);
        metadata_free(m);
    }
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_version_2), cmocka_unit_test(test_what_is_unknown_survives),
          cmocka_unit_test(test_version_1), cmocka_unit_test(test_errors_name_the_field),
          cmocka_unit_test(test_nested_schemas), cmocka_unit_test(test_type_texts),
          cmocka_unit_test(test_create), cmocka_unit_test(test_create_refusals), cmocka_unit_test(test_gzip),
          cmocka_unit_test(test_no_memory))
