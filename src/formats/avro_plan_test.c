/* avro_plan_test.c: schema resolution: what a writer's field becomes in a column that was declared otherwise.
 */
#include "formats/avro_schema.h"
#include "formats/test_rows.h"
#include "base/mem.h"

#define RECORD(fields)    "{\"type\":\"record\",\"name\":\"r\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define ONE(type)         RECORD(FIELD("a", type))

/* want: the row; the reason of the decode behind `!`; the error of the plan behind `?`. */
struct resolution {
    const char *name, *writer, *reader, *columns, *hex, *want;
};

static void from_hex(const char *hex, struct bytes *out)
{
    static const char digits[] = "0123456789abcdef";

    for (; *hex; hex++)
        if (*hex != ' ') {
            bytes_u8(out,
                     (uint8_t)((strchr(digits, hex[0]) - digits) << 4 | (strchr(digits, hex[1]) - digits)));
            hex++;
        }
}

static enum err make_plan(const struct resolution *c, const struct schema *schema, struct avro_plan **plan,
                          struct error *e)
{
    struct avro_schema *writer = NULL, *reader = NULL;
    enum err rc = avro_schema_parse(slice_text(c->writer), &writer, e);

    if (rc == OK && c->reader)
        rc = avro_schema_parse(slice_text(c->reader), &reader, e);
    if (rc == OK)
        rc = avro_plan_resolve(writer, reader, schema, NULL, plan, e);
    avro_schema_free(writer);
    avro_schema_free(reader);
    return rc;
}

/* The outcome as text. The plan is freed before the batch is read: it may not borrow from it. */
static const char *outcome(const struct resolution *c, struct bytes *text)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, c->columns);
    struct avro_plan *plan = NULL;
    struct bytes datum = {0};
    struct builder b;
    struct batch *batch = NULL;
    struct error e;
    size_t used = 0;
    char why[AVRO_WHY_MAX];

    bytes_clear(text);
    from_hex(c->hex, &datum);
    assert_true(builder_init(&b, schema, NULL));
    if (make_plan(c, schema, &plan, &e) != OK) {
        bytes_printf(text, "?%s", e.text);
    } else if (avro_decode(plan, bytes_all(&datum), &b, &used, why)) {
        bytes_printf(text, "!%s", why);
    } else {
        avro_plan_free(plan);
        plan = NULL;
        assert_int_equal(used, datum.len);
        ASSERT_OK(builder_finish(&b, &batch, &e), &e);
        test_print(batch, text);
    }
    avro_plan_free(plan);
    batch_unref(batch);
    builder_fini(&b);
    bytes_fini(&datum);
    arena_fini(&arena);
    return bytes_cstr(text);
}

static void check(const struct resolution *cases, size_t count)
{
    struct bytes text = {0};

    for (size_t i = 0; i < count; i++) {
        const char *got = outcome(&cases[i], &text);

        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: got %s", cases[i].name, got);
    }
    bytes_fini(&text);
}

static void test_promotions(UNUSED void **state)
{
    static const struct resolution cases[] = {
        {"int to bigint", ONE("\"int\""), NULL, "a BIGINT", "01", "+I(-1)"},
        {"int to float", ONE("\"int\""), NULL, "a FLOAT", "0e", "+I(7)"},
        {"int to double", ONE("\"int\""), NULL, "a DOUBLE", "0d", "+I(-7)"},
        {"long to float", ONE("\"long\""), NULL, "a FLOAT", "0e", "+I(7)"},
        {"long to double", ONE("\"long\""), NULL, "a DOUBLE NOT NULL", "8002", "+I(128)"},
        {"float to double", ONE("\"float\""), NULL, "a DOUBLE", "0000c03f", "+I(1.5)"},
        {"string to bytes", ONE("\"string\""), NULL, "a BYTES", "046869", "+I(x'6869')"},
        {"bytes to string", ONE("\"bytes\""), NULL, "a STRING", "046869", "+I(hi)"},
        {"bytes to string, no UTF-8", ONE("\"bytes\""), NULL, "a STRING", "02ff",
         "!field a: the text is not UTF-8"},
        {"int to tinyint", ONE("\"int\""), NULL, "a TINYINT", "01", "+I(-1)"},
        {"enum to string",
         ONE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"a long symbol, not inline\"]}"), NULL,
         "a STRING", "02", "+I(a long symbol, not inline)"},
        {"fixed to bytes", ONE("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}"), NULL, "a BYTES", "0102",
         "+I(x'0102')"},
        {"fixed of another size", ONE("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}"), NULL, "a BINARY(3)",
         "", "?field a: the payload's fixed cannot be read as BINARY(3)"},
        {"long to int", ONE("\"long\""), NULL, "a INT", "",
         "?field a: the payload's long cannot be read as INT"},
        {"double to float", ONE("\"double\""), NULL, "a FLOAT NOT NULL", "",
         "?field a: the payload's double cannot be read as FLOAT NOT NULL"},
        {"string to double", ONE("\"string\""), NULL, "a DOUBLE", "",
         "?field a: the payload's string cannot"},
        {"int to string", ONE("\"int\""), NULL, "a STRING", "", "?field a: the payload's int cannot"},
        {"int to boolean", ONE("\"int\""), NULL, "a BOOLEAN", "", "?field a: the payload's int cannot"},
        {"record to string", ONE("{\"type\":\"record\",\"name\":\"s\",\"fields\":[]}"), NULL, "a STRING", "",
         "?field a: the payload's record"},
        {"array to map", ONE("{\"type\":\"array\",\"items\":\"int\"}"), NULL, "a MAP<STRING, INT>", "",
         "?field a: the payload's array"},
        {"map to array", ONE("{\"type\":\"map\",\"values\":\"int\"}"), NULL, "a ARRAY<INT>", "",
         "?field a: the payload's map"},
        {"inside an array", ONE("{\"type\":\"array\",\"items\":\"string\"}"), NULL, "a ARRAY<INT>", "",
         "?field a: element: the payload's string cannot be read as INT"},
        {"elements are promoted", ONE("{\"type\":\"array\",\"items\":\"int\"}"), NULL, "a ARRAY<DOUBLE>",
         "04020400", "+I([1, 2])"},
        {"values are promoted", ONE("{\"type\":\"map\",\"values\":\"int\"}"), NULL, "a MAP<STRING, BIGINT>",
         "02026b0200", "+I({k=1})"},
    };

    check(cases, COUNT_OF(cases));
}

static void test_logical(UNUSED void **state)
{
#define LOGICAL(type, name) "{\"type\":\"" type "\",\"logicalType\":\"" name "\"}"
#define DECIMAL(p, s)       "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":" p ",\"scale\":" s "}"
    static const struct resolution cases[] = {
        {"millis", ONE(LOGICAL("long", "timestamp-millis")), NULL, "a TIMESTAMP(3)", "d20f",
         "+I(1970-01-01T00:00:01.001000)"},
        {"millis to micros", ONE(LOGICAL("long", "timestamp-millis")), NULL, "a TIMESTAMP_LTZ(6)", "d20f",
         "+I(1970-01-01T00:00:01.001000Z)"},
        {"micros to seconds round down", ONE(LOGICAL("long", "timestamp-micros")), NULL, "a TIMESTAMP(0)",
         "01", "+I(1969-12-31T23:59:59)"},
        {"nanos to micros", ONE(LOGICAL("long", "timestamp-nanos")), NULL, "a TIMESTAMP(6)", "a19c01",
         "+I(1969-12-31T23:59:59.999989)"},
        {"micros to nanos", ONE(LOGICAL("long", "local-timestamp-micros")), NULL, "a TIMESTAMP(9)", "02",
         "+I("},
        {"a plain long is in the column's unit", ONE("\"long\""), NULL, "a TIMESTAMP(3)", "d20f",
         "+I(1970-01-01T00:00:01.001000)"},
        {"or in the reader's", ONE("\"long\""), ONE(LOGICAL("long", "timestamp-micros")), "a TIMESTAMP(3)",
         "80897a", "+I(1970-01-01T00:00:01)"},
        {"a timestamp as number", ONE(LOGICAL("long", "timestamp-millis")), NULL, "a BIGINT", "d20f",
         "+I(1001)"},
        {"a date", ONE(LOGICAL("int", "date")), NULL, "a DATE", "02", "+I(1970-01-02)"},
        {"a date is no timestamp", ONE(LOGICAL("int", "date")), NULL, "a TIMESTAMP(3)", "",
         "?field a: the payload's int cannot"},
        {"a time is no timestamp", ONE(LOGICAL("long", "time-micros")), NULL, "a TIMESTAMP(3)", "",
         "?field a: the payload's long cannot"},
        {"time-millis", ONE(LOGICAL("int", "time-millis")), NULL, "a TIME(3)", "02", "+I("},
        {"decimal to more digits", ONE(DECIMAL("4", "2")), NULL, "a DECIMAL(10, 4)", "0404d2", "+I(12.3400)"},
        {"decimal to fewer", ONE(DECIMAL("4", "2")), NULL, "a DECIMAL(10, 1)", "",
         "?field a: the payload's decimal has 2 digits behind the point, the column 1; declare it as "
         "DECIMAL(4, 2)"},
        {"decimal that does not fit", ONE(DECIMAL("8", "2")), NULL, "a DECIMAL(3, 2)", "0404d2",
         "!field a: the decimal has more digits"},
        {"decimal overflows when scaled", ONE(DECIMAL("38", "0")), NULL, "a DECIMAL(38, 30)",
         "147fffffffffffffffffff", "!field a: the decimal has more digits"},
        {"bytes are no decimal", ONE("\"bytes\""), NULL, "a DECIMAL(3, 2)", "",
         "?field a: the payload's bytes cannot"},
        {"uuid text to UUID and back",
         RECORD(FIELD("a", LOGICAL("string", "uuid")) "," FIELD("b",
                                                                "{\"type\":\"fixed\",\"name\":\"f\","
                                                                "\"size\":16,\"logicalType\":\"uuid\"}")),
         NULL, "a UUID, b STRING",
         "48 30303031303230332d303430352d303630372d303830392d306130423063306430653066 "
         "000102030405060708090a0b0c0d0e0f",
         "+I(x'000102030405060708090a0b0c0d0e0f', 00010203-0405-0607-0809-0a0b0c0d0e0f)"},
    };

    check(cases, COUNT_OF(cases));
}

static void test_fields(UNUSED void **state)
{
#define AB RECORD(FIELD("a", "\"int\"") "," FIELD("b", "\"string\""))
    static const struct resolution cases[] = {
        {"other order", AB, NULL, "b STRING, a INT", "02 0278", "+I(x, 1)"},
        {"removed column", AB, NULL, "b STRING", "02 0278", "+I(x)"},
        {"last one removed", AB, NULL, "a INT", "02 0278", "+I(1)"},
        {"missing and nullable", AB, NULL, "a INT, c ROW<x INT, y ARRAY<INT>>, d MAP<STRING, INT>", "02 0278",
         "+I(1, NULL, NULL)"},
        {"missing and NOT NULL", AB, NULL, "a INT, c INT NOT NULL", "",
         "?field c: the writer's schema has no such field, and the column is NOT NULL"},
        {"names are exact", AB, NULL, "A INT", "02 0278", "+I(NULL)"},
        {"missing inside", ONE("{\"type\":\"record\",\"name\":\"s\",\"fields\":[" FIELD("x", "\"int\"") "]}"),
         NULL, "a ROW<y INT, x INT>", "02", "+I((NULL, 1))"},
        {"missing inside and NOT NULL", ONE("{\"type\":\"record\",\"name\":\"s\",\"fields\":[]}"), NULL,
         "a ROW<y INT NOT NULL>", "", "?field a: y: the writer's schema has no such field"},
        {"writer's alias", RECORD("{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"}"), NULL,
         "old INT", "02", "+I(1)"},
        {"a name before an alias",
         RECORD("{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"}," FIELD("old", "\"int\"")), NULL,
         "old INT", "02 04", "+I(2)"},
        {"one field for two columns", RECORD("{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"}"),
         NULL, "old INT, new INT", "", "?field new: two columns would be read from the same field"},
        {"reader's alias", RECORD(FIELD("old", "\"int\"")),
         RECORD("{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"}"), "new INT", "02", "+I(1)"},
        {"not in the given schema", AB, ONE("\"int\""), "a INT, b STRING", "",
         "?field b: the given schema has no such field"},
        {"skips of every kind",
         RECORD(FIELD("s1", "\"boolean\"") "," FIELD("s2", "\"float\"") "," FIELD(
             "s3",
             "[\"null\","
             "\"int\","
             "\"string\""
             "]") "," FIELD("s4",
                            "{\"type\":\"map\",\"values\":\"double\"}") "," FIELD("s5",
                                                                                  "{\"type\":\"array\","
                                                                                  "\"items\":{\"type\":"
                                                                                  "\"fixed\",\"name\":\"f\","
                                                                                  "\"size\":3}}") "," FIELD("s6",
                                                                                                            "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":["
                                                                                                            "\"x\"]}") "," FIELD("s7",
                                                                                                                                 "{\"type\":\"record\","
                                                                                                                                 "\"name\":\"q\",\"fields\":"
                                                                                                                                 "[" FIELD("x", "\"long\"") "," FIELD("y", "\"bytes\"") "," FIELD(
                                                                                                                                     "z",
                                                                                                                                     "\"null\"") "]}") "," FIELD("s8",
                                                                                                                                                                 "{\"type\":\"array\",\"items\":\"q\"}") "," FIELD("s9",
                                                                                                                                                                                                                   "\"null\"") "," FIELD("z",
                                                                                                                                                                                                                                         "\"int\"")),
         NULL, "z INT",
         "01 00000000 040461 62 01 14 026b 0000000000000000 00 04010203040506 00 00 8001 0263 04 "
         "02 00 06 020c 00 0e",
         "+I(7)"},
        {"a block with its size is left behind",
         RECORD(FIELD("s", "{\"type\":\"array\",\"items\":\"string\"}") "," FIELD("z", "\"int\"")), NULL,
         "z INT", "03 04ffff 00 0e", "+I(7)"},
    };

    check(cases, COUNT_OF(cases));
}

static void test_unions(UNUSED void **state)
{
    static const struct resolution cases[] = {
        {"null first", ONE("[\"null\",\"int\"]"), NULL, "a INT", "00", "+I(NULL)"},
        {"null last", ONE("[\"int\",\"null\"]"), NULL, "a INT", "02", "+I(NULL)"},
        {"null last, value", ONE("[\"int\",\"null\"]"), NULL, "a INT", "0006", "+I(3)"},
        {"a null record",
         ONE("[\"null\",{\"type\":\"record\",\"name\":\"s\",\"fields\":[" FIELD("x", "\"int\"") "]}]"), NULL,
         "a ROW<x INT NOT NULL>", "00", "+I(NULL)"},
        {"numbers of many kinds, int", ONE("[\"null\",\"int\",\"double\",\"float\",\"long\"]"), NULL,
         "a DOUBLE", "0206", "+I(3)"},
        {"numbers of many kinds, double", ONE("[\"null\",\"int\",\"double\",\"float\",\"long\"]"), NULL,
         "a DOUBLE", "04000000000000f83f", "+I(1.5)"},
        {"numbers of many kinds, null", ONE("[\"null\",\"int\",\"double\",\"float\",\"long\"]"), NULL,
         "a DOUBLE", "00", "+I(NULL)"},
        {"one branch", ONE("[\"int\"]"), NULL, "a INT NOT NULL", "0006", "+I(3)"},
        {"a branch that does not fit", ONE("[\"null\",\"int\",\"string\"]"), NULL, "a INT", "040278",
         "!field a: is a string, which does not fit"},
        {"no branch fits", ONE("[\"null\",\"bytes\",\"string\"]"), NULL, "a INT", "",
         "?field a: the payload's union cannot be read as INT"},
        {"only null", ONE("\"null\""), NULL, "a INT", "", "+I(NULL)"},
        {"only null, NOT NULL", ONE("\"null\""), NULL, "a INT NOT NULL", "",
         "?field a: the payload's null cannot be read as INT NOT NULL"},
        {"union inside a list", ONE("{\"type\":\"array\",\"items\":[\"null\",\"string\",\"int\"]}"), NULL,
         "a ARRAY<STRING>", "04 00 020278 00", "+I([NULL, x])"},
    };

    check(cases, COUNT_OF(cases));
}

static void test_defaults(UNUSED void **state)
{
#define NONE                 RECORD("")
#define DEFAULT(type, value) RECORD("{\"name\":\"a\",\"type\":" type ",\"default\":" value "}")
    static const struct resolution cases[] = {
        {"int", NONE, DEFAULT("\"int\"", "7"), "a INT NOT NULL", "", "+I(7)"},
        {"long to double", NONE, DEFAULT("\"long\"", "7"), "a DOUBLE NOT NULL", "", "+I(7)"},
        {"double", NONE, DEFAULT("\"double\"", "1.5"), "a DOUBLE NOT NULL", "", "+I(1.5)"},
        {"float of an integer", NONE, DEFAULT("\"float\"", "2"), "a FLOAT NOT NULL", "", "+I(2)"},
        {"boolean", NONE, DEFAULT("\"boolean\"", "true"), "a BOOLEAN NOT NULL", "", "+I(true)"},
        {"a long text", NONE, DEFAULT("\"string\"", "\"a text of more than twelve bytes\""),
         "a STRING NOT NULL", "", "+I(a text of more than twelve bytes)"},
        {"bytes", NONE, DEFAULT("\"bytes\"", "\"\\u00ff\\u0001A\""), "a BYTES NOT NULL", "", "+I(x'ff0141')"},
        {"fixed", NONE, DEFAULT("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\"ab\""),
         "a BINARY(2) NOT NULL", "", "+I(x'6162')"},
        {"enum", NONE, DEFAULT("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"y\"]}", "\"y\""),
         "a STRING NOT NULL", "", "+I(y)"},
        {"array", NONE, DEFAULT("{\"type\":\"array\",\"items\":\"int\"}", "[1,2]"), "a ARRAY<INT>", "",
         "+I([1, 2])"},
        {"empty array", NONE, DEFAULT("{\"type\":\"array\",\"items\":\"int\"}", "[]"), "a ARRAY<INT>", "",
         "+I([])"},
        {"map", NONE, DEFAULT("{\"type\":\"map\",\"values\":\"string\"}", "{\"k\":\"v\"}"),
         "a MAP<STRING, STRING>", "", "+I({k=v})"},
        {"record", NONE,
         DEFAULT("{\"type\":\"record\",\"name\":\"s\",\"fields\":[" FIELD(
                     "x", "\"int\"") ",{\"name\":\"y\",\"type\":\"int\","
                                     "\"default\":9}]}",
                 "{\"x\":1}"),
         "a ROW<x INT, y INT>", "", "+I((1, 9))"},
        {"union, first branch", NONE, DEFAULT("[\"null\",\"int\"]", "null"), "a INT", "", "+I(NULL)"},
        {"union, other branch", NONE, DEFAULT("[\"null\",\"int\"]", "5"), "a INT", "", "+I(5)"},
        {"a timestamp", NONE, DEFAULT("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "0"),
         "a TIMESTAMP(3)", "", "+I(1970-01-01T00:00:00)"},
        {"the field is there", ONE("\"int\""), DEFAULT("\"int\"", "7"), "a INT", "02", "+I(1)"},
        {"no default, nullable", NONE, ONE("[\"null\",\"int\"]"), "a INT", "", "+I(NULL)"},
        {"no default, NOT NULL", NONE, ONE("\"int\""), "a INT NOT NULL", "",
         "?field a: the writer's schema has no such field"},
        {"default of another type", NONE, DEFAULT("\"int\"", "\"x\""), "a INT", "",
         "?field a: the default does not fit its type int"},
        {"too large", NONE, DEFAULT("\"int\"", "3000000000"), "a INT", "",
         "?field a: the default does not fit its type int"},
        {"bytes above 255", NONE, DEFAULT("\"bytes\"", "\"\\u0100\""), "a BYTES", "",
         "?field a: the default does not fit"},
        {"fixed of another size", NONE, DEFAULT("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\"a\""),
         "a BYTES", "", "?field a: the default"},
        {"null for NOT NULL", NONE, DEFAULT("[\"null\",\"int\"]", "null"), "a INT NOT NULL", "",
         "!field a: is null"},
        {"symbol with the reader's default",
         ONE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"new\"]}"),
         ONE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\"],\"default\":\"x\"}"), "a STRING", "02",
         "+I(x)"},
        {"symbol without", ONE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\",\"new\"]}"),
         ONE("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\"]}"), "a STRING", "02",
         "!field a: symbol number 1 is not one of"},
    };

    check(cases, COUNT_OF(cases));
}

/* Iceberg renames fields and keeps ids: the id decides where both sides have one. */
static void test_ids(UNUSED void **state)
{
    static const struct type long_type = {.kind = TYPE_INT64, .nullable = true};
    static const struct field fields[] = {{"added_files_count", &long_type, 504, NULL},
                                          {"gone", &long_type, 505, NULL}};
    static const struct schema schema = {2, fields};
    static const char writer_text[] = RECORD(
        "{\"name\":\"added_data_files_count\",\"type\":\"int\",\"field-id\":504},"
        "{\"name\":\"gone\",\"type\":\"int\",\"field-id\":999}");
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct builder b;
    struct batch *batch = NULL;
    struct bytes text = {0};
    struct error e;
    size_t used;
    char why[AVRO_WHY_MAX];

    ASSERT_OK(avro_schema_parse(slice_text(writer_text), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, &schema, NULL, &plan, &e), &e);
    assert_true(builder_init(&b, &schema, NULL));
    assert_null(avro_decode(plan, SLICE("\x02\x04"), &b, &used, why));
    ASSERT_OK(builder_finish(&b, &batch, &e), &e);
    assert_string_equal(test_print(batch, &text), "+I(1, NULL)\n");
    batch_unref(batch);
    builder_fini(&b);
    avro_plan_free(plan);
    avro_schema_free(writer);
    bytes_fini(&text);
}

/* Columns that are not wanted are not touched. */
static void test_wanted(UNUSED void **state)
{
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, "x INT NOT NULL, a INT, y STRING");
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct builder b;
    struct error e;
    size_t used;
    char why[AVRO_WHY_MAX];

    ASSERT_OK(avro_schema_parse(SLICE(ONE("\"int\"")), &writer, &e), &e);
    ASSERT_OK(avro_plan_new(writer, schema, (const bool[]){false, true, false}, &plan, &e), &e);
    assert_true(builder_init(&b, schema, NULL));
    assert_null(avro_decode(plan, SLICE("\x02"), &b, &used, why));
    assert_int_equal(b.columns[0].row_count, 0);
    assert_int_equal(b.columns[1].row_count, 1);
    assert_int_equal(b.columns[2].row_count, 0);
    builder_fini(&b);
    avro_plan_free(plan);
    avro_schema_free(writer);
    arena_fini(&arena);
}

static void test_no_memory(UNUSED void **state)
{
    static const struct resolution c = {
        "all",
        RECORD(FIELD("s", "{\"type\":\"map\",\"values\":[\"null\",\"int\",\"r\"]}") "," FIELD(
            "old",
            "[\"int\",\"string\"]") "," FIELD("e", "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\"]}")),
        RECORD("{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"},{\"name\":\"t\",\"type\":"
               "\"string\",\"default\":\"0123456789012345\"}," FIELD(
                   "e", "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\"]}")),
        "new INT, t STRING, e STRING",
        "",
        ""};
    struct arena arena = {0};
    const struct schema *schema = test_schema(&arena, c.columns);
    struct error e;
    bool done = false;

    for (uint64_t n = 1; !done; n++) {
        struct avro_plan *plan = NULL;
        enum err rc;

        mem_fail_at(n, false);
        rc = make_plan(&c, schema, &plan, &e);
        done = rc == OK && n > 100;
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("%s", e.text);
        avro_plan_free(plan);
    }
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_promotions), cmocka_unit_test(test_logical), cmocka_unit_test(test_fields),
          cmocka_unit_test(test_unions), cmocka_unit_test(test_defaults), cmocka_unit_test(test_ids),
          cmocka_unit_test(test_wanted), cmocka_unit_test(test_no_memory))
