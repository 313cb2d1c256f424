/* avro_schema_test.c: schema documents: what is refused, which columns come out, and what is written. */
#include "formats/avro_schema.h"
#include "formats/test_rows.h"
#include "base/mem.h"

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type)    "{\"name\":\"" name "\",\"type\":" type "}"

/* The columns of a schema as SQL text, or the error behind `!`. */
static const char *columns_of(struct slice json, struct bytes *text)
{
    struct avro_schema *s = NULL;
    struct arena arena = {0};
    const struct schema *columns = NULL;
    struct error e;

    bytes_clear(text);
    if (avro_schema_parse(json, &s, &e) != OK || avro_schema_columns(s, &arena, &columns, &e) != OK)
        bytes_printf(text, "!%s", e.text);
    for (int32_t i = 0; columns && i < columns->field_count; i++) {
        bytes_printf(text, "%s%s ", i ? ", " : "", columns->fields[i].name);
        type_print(columns->fields[i].type, text);
    }
    avro_schema_free(s);
    arena_fini(&arena);
    return bytes_cstr(text);
}

static void test_columns(UNUSED void **state)
{
    /* clang-format off */
    static const struct {
        const char *name, *json, *want;
    } cases[] = {
        {"primitives",
         RECORD("r", FIELD("a", "\"boolean\"") "," FIELD("b", "\"int\"") "," FIELD("c", "\"long\"") ","
             FIELD("d", "\"float\"") "," FIELD("e", "\"double\"") "," FIELD("f", "\"bytes\"") "," FIELD(
             "g", "\"string\"")),
         "a BOOLEAN NOT NULL, b INT NOT NULL, c BIGINT NOT NULL, d FLOAT NOT NULL, e DOUBLE NOT NULL, f BYTES NOT NULL, g STRING NOT NULL"},
        {"null first or last",
         RECORD("r", FIELD("a", "[\"null\",\"int\"]") "," FIELD("b", "[\"string\",\"null\"]")),
         "a INT, b STRING"},
        {"a union of one",
         RECORD("r", FIELD("a", "[\"int\"]")),
         "a INT NOT NULL"},
        {"nested",
         RECORD("r", FIELD("a", "{\"type\":\"array\",\"items\":[\"null\"," RECORD("x", FIELD("y",
             "\"int\"")) "]}") "," FIELD("m", "{\"type\":\"map\",\"values\":\"x\"}")),
         "a ARRAY<ROW<`y` INT NOT NULL>> NOT NULL, m MAP<STRING NOT NULL, ROW<`y` INT NOT NULL> NOT NULL> NOT NULL"},
        {"logical",
         RECORD("r", FIELD("a", "{\"type\":\"int\",\"logicalType\":\"date\"}") "," FIELD("b",
             "{\"type\":\"int\",\"logicalType\":\"time-millis\"}") "," FIELD("c",
             "{\"type\":\"long\",\"logicalType\":\"time-micros\"}") "," FIELD("d",
             "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}") "," FIELD("e",
             "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\",\"adjust-to-utc\":false}") ","
             FIELD("f", "{\"type\":\"long\",\"logicalType\":\"local-timestamp-nanos\"}") "," FIELD("g",
             "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}") "," FIELD(
             "h", "{\"type\":\"fixed\",\"name\":\"u\",\"size\":16,\"logicalType\":\"uuid\"}") "," FIELD(
             "i", "{\"type\":\"string\",\"logicalType\":\"uuid\"}")),
         "a DATE NOT NULL, b TIME(3) NOT NULL, c TIME(6) NOT NULL, d TIMESTAMP_LTZ(3) NOT NULL, e TIMESTAMP(6) NOT NULL, f TIMESTAMP(9) NOT NULL, g DECIMAL(9, 2) NOT NULL, h UUID NOT NULL, i STRING NOT NULL"},
        {"logical types that do not fit are ignored",
         RECORD("r", FIELD("a", "{\"type\":\"string\",\"logicalType\":\"date\"}") "," FIELD("b",
             "{\"type\":\"bytes\",\"logicalType\":\"decimal\"}") "," FIELD("c",
             "{\"type\":\"fixed\",\"name\":\"f\",\"size\":2,\"logicalType\":\"decimal\",\"precision\":5}"
             ) "," FIELD("d",
             "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2,\"scale\":3}") "," FIELD(
             "e", "{\"type\":\"int\",\"logicalType\":\"new-thing\"}") "," FIELD("f",
             "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":50}")),
         "a STRING NOT NULL, b BYTES NOT NULL, c BINARY(2) NOT NULL, d BYTES NOT NULL, e INT NOT NULL, f BYTES NOT NULL"},
        {"namespaces",
         "{\"type\":\"record\",\"name\":\"r\",\"namespace\":\"a.b\",\"fields\":[" FIELD("x",
             "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"p\"]}") "," FIELD("y", "\"e\"") "," FIELD
             ("z", "\"a.b.e\"") "]}",
         "x STRING NOT NULL, y STRING NOT NULL, z STRING NOT NULL"},
        {"a namespace of its own",
         "{\"type\":\"record\",\"name\":\"n.r\",\"fields\":[" FIELD("x",
             "{\"type\":\"fixed\",\"name\":\"m.e\",\"size\":3}") "," FIELD("y", "\"m.e\"") "]}",
         "x BINARY(3) NOT NULL, y BINARY(3) NOT NULL"},
        {"Iceberg's map",
         RECORD("r", FIELD("m", "{\"type\":\"array\",\"logicalType\":\"map\",\"items\":" RECORD("k1_v2",
             FIELD("key", "\"int\"") "," FIELD("value", "\"long\"")) "}")),
         "m MAP<INT NOT NULL, BIGINT NOT NULL> NOT NULL"},
        {"type in type",
         RECORD("r", FIELD("a", "{\"type\":{\"type\":\"int\"}}")),
         "a INT NOT NULL"},
        {"itself",
         RECORD("r", FIELD("next", "[\"null\",\"r\"]")),
         "!Avro schema: field next: the record contains itself, which a column cannot"},
        {"itself, deeper",
         RECORD("r", FIELD("a", "{\"type\":\"array\",\"items\":" RECORD("s", FIELD("b", "\"r\"")) "}")),
         "!Avro schema: field a: element: b: the record contains itself"},
        {"two types",
         RECORD("r", FIELD("a", "[\"null\",\"int\",\"string\"]")),
         "!Avro schema: field a: a union of several types"},
        {"null alone",
         RECORD("r", FIELD("a", "\"null\"")),
         "!Avro schema: field a: null alone is no type of a column"},
        {"no record",
         "\"int\"",
         "!Avro schema: a record is wanted at the top, not int"},
        {"a bare word",
         "string",
         "!Avro schema: a record is wanted at the top, not string"},
        {"no JSON",
         "{\"type\":",
         "!Avro schema: not JSON: "},
        {"nothing",
         "",
         "!Avro schema: not JSON: "},
        {"a number",
         "7",
         "!Avro schema: a type is a name, an object or a list"},
        {"unknown name",
         RECORD("r", FIELD("a", "\"strin\"")),
         "!Avro schema: field a: there is no type `strin`"},
        {"unknown name inside",
         RECORD("r", FIELD("samples", "{\"type\":\"array\",\"items\":" RECORD("s", FIELD("value",
             "\"x\"")) "}")),
         "!Avro schema: field samples.items.value: there is no type `x`"},
        {"no type",
         RECORD("r", "{\"name\":\"a\"}"),
         "!Avro schema: field a: the field has no type"},
        {"no name",
         RECORD("r", "{\"type\":\"int\"}"),
         "!Avro schema: each field of a record is an object with a name"},
        {"no fields",
         "{\"type\":\"record\",\"name\":\"r\"}",
         "!Avro schema: there is no list of fields in record `r`"},
        {"no name of a record",
         "{\"type\":\"record\",\"fields\":[]}",
         "!Avro schema: a name is missing of a `record`"},
        {"no symbols",
         RECORD("r", FIELD("a", "{\"type\":\"enum\",\"name\":\"e\"}")),
         "!Avro schema: field a: there is no list of symbols"},
        {"symbols of numbers",
         RECORD("r", FIELD("a", "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[1]}")),
         "!Avro schema: field a: only names may be in `symbols`"},
        {"no size",
         RECORD("r", FIELD("a", "{\"type\":\"fixed\",\"name\":\"f\",\"size\":-1}")),
         "!Avro schema: field a: the size is missing"},
        {"no items",
         RECORD("r", FIELD("a", "{\"type\":\"array\"}")),
         "!Avro schema: field a: an attribute is missing: `items`"},
        {"twice a field",
         RECORD("r", FIELD("a", "\"int\"") "," FIELD("a", "\"int\"")),
         "!Avro schema: a record has twice the field `a`"},
        {"twice a name",
         RECORD("r", FIELD("a", RECORD("r", ""))),
         "!Avro schema: field a: there are two definitions of `r`"},
        {"a union in a union",
         RECORD("r", FIELD("a", "[\"null\",[\"int\",\"string\"]]")),
         "!Avro schema: field a: a union may not be"},
        {"twice a branch",
         RECORD("r", FIELD("a", "[\"int\",\"int\"]")),
         "!Avro schema: field a: a union has twice the branch `int`"},
        {"no branch",
         RECORD("r", FIELD("a", "[]")),
         "!Avro schema: field a: a union needs at least one branch"},
    };
    /* clang-format on */
    struct bytes text = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = columns_of(slice_text(cases[i].json), &text);

        if (cases[i].want[0] == '!' ? strncmp(got, cases[i].want, strlen(cases[i].want))
                                    : strcmp(got, cases[i].want))
            fail_msg("%s: got %s", cases[i].name, got);
    }
    bytes_fini(&text);
}

/* A few lines may nest without end, or mean 2^60 columns. */
static void test_limits(UNUSED void **state)
{
    struct bytes json = {0}, text = {0};

    for (int i = 0; i < 1000; i++)
        bytes_text(&json, "{\"type\":\"array\",\"items\":");
    bytes_text(&json, "\"int\"");
    for (int i = 0; i < 1000; i++)
        bytes_text(&json, "}");
    assert_non_null(strstr(columns_of(bytes_all(&json), &text), "types are nested too deep"));
    bytes_clear(&json);
    bytes_text(&json, "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"z\",\"type\":" RECORD(
                          "n0", FIELD("x", "\"int\"")) "}");
    for (int i = 1; i < 60; i++)
        bytes_printf(&json,
                     ",{\"name\":\"f%d\",\"type\":{\"type\":\"record\",\"name\":\"n%d\",\"fields\":["
                     "{\"name\":\"a\",\"type\":\"n%d\"},{\"name\":\"b\",\"type\":\"n%d\"}]}}",
                     i, i, i - 1, i - 1);
    bytes_text(&json, "]}");
    assert_non_null(strstr(columns_of(bytes_all(&json), &text), "more than 10,000 columns"));
    bytes_fini(&json);
    bytes_fini(&text);
}

/* What is written is read again as the same columns, ids included; names are unique and allowed. */
static void test_write(UNUSED void **state)
{
    static const char *const cases[] = {
        "a INT, b STRING NOT NULL, c ARRAY<ROW<x INT, y ROW<z DOUBLE NOT NULL>>> NOT NULL",
        "d DECIMAL(38, 10), e DECIMAL(4, 4) NOT NULL, f BINARY(7), u UUID NOT NULL, u2 UUID",
        "m MAP<STRING NOT NULL, ROW<a INT>>, n MAP<BIGINT NOT NULL, MAP<INT NOT NULL, STRING>> NOT NULL",
        "t TIME(3), t6 TIME(6), a TIMESTAMP(3), b TIMESTAMP(6) NOT NULL, c TIMESTAMP(9), l TIMESTAMP_LTZ(3), "
        "d DATE",
        "x ROW<a_b ROW<c INT>>, x_a ROW<b ROW<c INT>, b_c ROW<d INT>>", /* names of records that would meet */
        "`1 strange-name` INT, `a.b` ROW<`c d` UUID>",
    };
    struct bytes json = {0}, want = {0}, got = {0};
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = {0};
        const struct schema *schema = test_schema(&arena, cases[i]);

        bytes_clear(&json);
        bytes_clear(&want);
        ASSERT_OK(avro_schema_write(schema, "space.Row", &json, &e), &e);
        for (int32_t k = 0; k < schema->field_count; k++) {
            bytes_printf(&want, "%s%s ", k ? ", " : "", schema->fields[k].name);
            type_print(schema->fields[k].type, &want);
        }
        assert_string_equal(columns_of(bytes_all(&json), &got), bytes_cstr(&want));
        arena_fini(&arena);
    }
    bytes_fini(&json);
    bytes_fini(&want);
    bytes_fini(&got);
}

/* Iceberg's way, to the letter. */
static void test_write_ids(UNUSED void **state)
{
    static const struct type int_type = {.kind = TYPE_INT32}, long_type = {.kind = TYPE_INT64};
    static const struct field kv[] = {{"key", &int_type, 117, NULL}, {"value", &long_type, 118, NULL}};
    static const struct type map = {.kind = TYPE_MAP, .nullable = true, .field_count = 2, .fields = kv};
    static const struct field element[] = {{"element", &long_type, 133, NULL}};
    static const struct type list = {
        .kind = TYPE_LIST, .nullable = true, .field_count = 1, .fields = element};
    static const struct field inner[] = {{"column_sizes", &map, 108, "sizes \"in\" bytes"},
                                         {"split_offsets", &list, 132, NULL}};
    static const struct type data_file = {.kind = TYPE_STRUCT, .field_count = 2, .fields = inner};
    static const struct field outer[] = {{"status", &int_type, 0, NULL}, {"data_file", &data_file, 2, NULL}};
    static const struct schema schema = {2, outer};
    static const char want[] =
        "{\"type\":\"record\",\"name\":\"manifest_entry\",\"fields\":[{\"name\":\"status\",\"type\":\"int\"},"
        "{\"name\":\"data_file\",\"type\":{\"type\":\"record\",\"name\":\"r2\",\"fields\":[{\"name\":"
        "\"column_sizes\","
        "\"type\":[\"null\",{\"type\":\"array\",\"logicalType\":\"map\",\"items\":{\"type\":\"record\","
        "\"name\":\"k117_v118\","
        "\"fields\":[{\"name\":\"key\",\"type\":\"int\",\"field-id\":117},{\"name\":\"value\",\"type\":"
        "\"long\",\"field-id\":118}]}}],"
        "\"default\":null,\"doc\":\"sizes \\\"in\\\" "
        "bytes\",\"field-id\":108},{\"name\":\"split_offsets\",\"type\":[\"null\","
        "{\"type\":\"array\",\"items\":\"long\",\"element-id\":133}],\"default\":null,\"field-id\":132}]},"
        "\"field-id\":2}]}";
    struct bytes json = {0};
    struct error e;

    ASSERT_OK(avro_schema_write(&schema, "manifest_entry", &json, &e), &e);
    assert_string_equal(bytes_cstr(&json), want);
    bytes_fini(&json);
}

static void test_write_refuses(UNUSED void **state)
{
    static const struct type interval = {.kind = TYPE_INTERVAL_MILLIS};
    static const struct field fields[] = {{"took", &interval, 0, NULL}};
    static const struct schema schema = {1, fields};
    struct bytes json = {0};
    struct error e;

    assert_int_equal(avro_schema_write(&schema, "r", &json, &e), ERR_UNSUPPORTED);
    assert_string_equal(e.text, "column took: Avro has no type for an INTERVAL; cast it to BIGINT");
    bytes_fini(&json);
}

static void test_no_memory(UNUSED void **state)
{
    static const char json[] = RECORD(
        "a.r", FIELD("x", "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"p\",\"q\"]}") "," FIELD(
                   "y", "[\"null\",{\"type\":\"map\",\"values\":\"e\"}]"));
    struct bytes text = {0};

    bytes_reserve(&text, 4096);
    for (uint64_t n = 1; n < 200; n++) {
        const char *got;

        mem_fail_at(n, false);
        got = columns_of(slice_text(json), &text);
        mem_fail_at(0, false);
        if (strcmp(got, "x STRING NOT NULL, y MAP<STRING NOT NULL, STRING NOT NULL>") != 0)
            assert_non_null(strstr(got, "memory"));
    }
    bytes_fini(&text);
}

TEST_MAIN(cmocka_unit_test(test_columns), cmocka_unit_test(test_limits), cmocka_unit_test(test_write),
          cmocka_unit_test(test_write_ids), cmocka_unit_test(test_write_refuses),
          cmocka_unit_test(test_no_memory))
