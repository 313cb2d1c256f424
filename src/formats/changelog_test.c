/* changelog_test.c: formats debezium-json, canal-json, maxwell-json and ogg-json. */
#include "formats/test_encoders.h"

struct change_case {
    const char *name, *json, *want; /* `!`: the message of the error */
};

/* Of columns id, name, price. */
static void check(const char *format, const char *columns, const struct change_case *cases, size_t count,
                  const char *const *options)
{
    struct test_decoder t;
    struct bytes text = {0};

    test_decoder_open(&t, format, columns, options);
    for (size_t i = 0; i < count; i++) {
        const char *got = test_decode_one(t.decoder, slice_text(cases[i].json), &text), *want = cases[i].want;

        if (want[0] == '!'
                ? strncmp(got, "!deserialization: ", 18) || strncmp(got + 18, want + 1, strlen(want + 1))
                : strcmp(got, want))
            fail_msg("%s, %s: got %s", format, cases[i].name, got);
    }
    test_decoder_close(&t);
    bytes_fini(&text);
}

#define COLUMNS "id INT NOT NULL, name STRING, price DECIMAL(10, 2)"

/* --- debezium --- */

static void test_debezium(UNUSED void **state)
{
    static const struct change_case cases[] = {
        {"create", "{\"before\":null,\"after\":{\"id\":1,\"name\":\"a\",\"price\":1.5},\"op\":\"c\"}",
         "+I(1, a, 1.50)\n"},
        {"read", "{\"op\":\"r\",\"after\":{\"id\":1}}", "+I(1, NULL, NULL)\n"},
        {"update",
         "{\"before\":{\"id\":1,\"name\":\"old\"},\"after\":{\"id\":1,\"name\":\"new\",\"other\":[{}]},"
         "\"source\":{\"db\":\"d\"},"
         "\"op\":\"u\",\"ts_ms\":1,\"transaction\":null}",
         "-U(1, old, NULL)\n+U(1, new, NULL)\n"},
        {"delete", "{\"before\":{\"id\":1},\"after\":null,\"op\":\"d\"}", "-D(1, NULL, NULL)\n"},
        {"escapes", "{\"\\u0061fter\":{\"\\u0069d\":1,\"name\":\"\\n\"},\"op\":\"\\u0063\"}",
         "+I(1, \n, NULL)\n"},
        {"a key twice", "{\"after\":{\"id\":1,\"id\":2},\"op\":\"u\",\"op\":\"c\"}", "+I(2, NULL, NULL)\n"},
        {"a tombstone", "", ""},
        {"no old row", "{\"before\":null,\"after\":{\"id\":1},\"op\":\"u\"}",
         "!\"before\" of the update is missing; the database must log whole rows"},
        {"no old row to delete", "{\"op\":\"d\"}", "!\"before\" of the delete is missing; the database"},
        {"no new row", "{\"op\":\"c\"}", "!\"after\" of the insert is missing\n"},
        {"no new row to update", "{\"op\":\"u\",\"before\":{\"id\":1}}",
         "!\"after\" of the update is missing\n"},
        {"another operation", "{\"op\":\"t\",\"after\":{\"id\":1}}",
         "!\"op\" is 't', which is no operation of Debezium's\n"},
        {"no operation", "{\"after\":{\"id\":1}}", "!\"op\" is missing; is it Debezium's JSON?\n"},
        {"a bad value", "{\"op\":\"u\",\"before\":{\"id\":1},\"after\":{\"id\":\"x\"}}",
         "!in \"after\": field id: the text is no number: x\n"},
        {"a row that is none", "{\"op\":\"c\",\"after\":[1]}", "!in \"after\": an object is wanted"},
        {"NOT NULL", "{\"op\":\"c\",\"after\":{}}",
         "!in \"after\": field id: is missing, but the column is NOT NULL\n"},
        {"no JSON", "op=c", "!an object is wanted, at byte 0\n"},
        {"half", "{\"op\":\"c\",\"after\":{\"id\":1}", "!the end is missing\n"},
        {"more behind", "{\"op\":\"c\",\"after\":{\"id\":1}}}", "!there is more behind the object"},
    };
    static const char *const ignore[] = {"ignore-parse-errors", "true", NULL}, *const with[] = {
                                                                                   "schema-include", "true",
                                                                                   NULL};
    static const struct change_case ignored[] = {
        {"a field", "{\"op\":\"c\",\"after\":{\"id\":1,\"price\":\"x\"}}", "+I(1, NULL, NULL)\n"},
        {"an operation", "{\"op\":\"t\",\"after\":{\"id\":1}}", ""},
        {"half a change", "{\"op\":\"u\",\"before\":{\"id\":1},\"after\":{}}", ""},
        {"no JSON", "x", ""},
    };
    static const struct change_case schema[] = {
        {"a schema", "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"op\":\"c\",\"after\":{\"id\":1}}}",
         "+I(1, NULL, NULL)\n"},
        {"no payload", "{\"op\":\"c\",\"after\":{\"id\":1}}",
         "!\"payload\" is missing; is schema-include meant"},
        {"a bad payload", "{\"payload\":[]}", "!in \"payload\": an object is wanted"},
    };

    check("debezium-json", COLUMNS, cases, COUNT_OF(cases), NULL);
    check("debezium-json", COLUMNS, ignored, COUNT_OF(ignored), ignore);
    check("debezium-json", COLUMNS, schema, COUNT_OF(schema), with);
}

static void test_metadata(UNUSED void **state)
{
    static const char *const with[] = {"schema-include", "true", NULL};
    static const char json[] =
        "{\"schema\":{\"a\": "
        "1},\"payload\":{\"op\":\"u\",\"before\":{\"id\":1},\"after\":{\"id\":2},\"ts_ms\":1002,"
        "\"source\":{\"ts_ms\":1001,\"db\":\"d\",\"schema\":\"s\",\"table\":\"t\",\"lsn\":7}}}";
    struct test_decoder t;
    struct bytes text = {0};
    struct error e;

    test_spec(&t,
              "s STRING, id INT, i TIMESTAMP_LTZ(3), st TIMESTAMP_LTZ(3), d STRING, ss STRING, tb STRING, "
              "p MAP<STRING, STRING>, off BIGINT",
              with);
    for (int i = 0; i < 8; i++)
        t.raw[i] = i == 0 ? FORMAT_METADATA(0) : i == 1 ? RAW_NONE : FORMAT_METADATA(i - 1);
    t.raw[8] = RAW_OFFSET;
    ASSERT_OK(format_find("debezium-json")->decoder_new(&t.spec, &t.decoder, &e), &e);
    assert_string_equal(test_decode_one(t.decoder, slice_text(json), &text),
                        "-U({\"a\":1}, 1, 1970-01-01T00:00:01.002000Z, 1970-01-01T00:00:01.001000Z, d, s, t, "
                        "{ts_ms=1001, db=d, schema=s, table=t, lsn=7}, 100)\n"
                        "+U({\"a\":1}, 2, 1970-01-01T00:00:01.002000Z, 1970-01-01T00:00:01.001000Z, d, s, t, "
                        "{ts_ms=1001, db=d, schema=s, table=t, lsn=7}, 100)\n");
    assert_string_equal(
        test_decode_one(t.decoder, SLICE("{\"payload\":{\"op\":\"c\",\"after\":{\"id\":2}}}"), &text),
        "+I(NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, 100)\n");
    assert_string_equal(
        test_decode_one(t.decoder, SLICE("{\"payload\":{\"op\":\"c\",\"after\":{\"id\":2},\"ts_ms\":\"x\"}}"),
                        &text),
        "!deserialization: field i: a number must have a digit\n");
    test_decoder_close(&t);
    test_spec(&t, "i STRING", NULL);
    t.raw[0] = FORMAT_METADATA(1);
    assert_int_equal(format_find("debezium-json")->decoder_new(&t.spec, &t.decoder, &e), ERR_CONFIG);
    assert_string_equal(e.text, "column i: metadata 'ingestion-timestamp' is TIMESTAMP_LTZ(3)");
    assert_int_equal(format_find("json")->decoder_new(&t.spec, &t.decoder, &e), ERR_CONFIG);
    assert_string_equal(e.text, "column i: the format has no such metadata");
    t.decoder = NULL;
    test_decoder_close(&t);
    bytes_fini(&text);
}

/* --- canal, maxwell, ogg --- */

static void test_canal(UNUSED void **state)
{
    static const struct change_case cases[] = {
        {"insert",
         "{\"data\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\"}],\"old\":null,\"type\":\"INSERT\"}",
         "+I(1, a, NULL)\n+I(2, NULL, NULL)\n"},
        {"update",
         "{\"data\":[{\"id\":1,\"name\":\"a\",\"price\":2},{\"id\":2,\"name\":\"b\",\"price\":3}],"
         "\"old\":[{\"price\":1},{\"name\":null}],\"type\":\"UPDATE\"}",
         "-U(1, a, 1.00)\n+U(1, a, 2.00)\n-U(2, NULL, 3.00)\n+U(2, b, 3.00)\n"},
        {"delete", "{\"data\":[{\"id\":1}],\"type\":\"DELETE\"}", "-D(1, NULL, NULL)\n"},
        {"a statement", "{\"data\":null,\"type\":\"CREATE\",\"sql\":\"CREATE TABLE\"}", ""},
        {"another statement", "{\"data\":null,\"type\":\"ALTER\"}",
         "!\"type\" is 'ALTER', which is no operation of Canal's"},
        {"no rows", "{\"data\":null,\"type\":\"INSERT\"}", "!\"data\" of the insert is missing\n"},
        {"no array", "{\"data\":{\"id\":1},\"type\":\"INSERT\"}", "!\"data\" is no array\n"},
        {"fewer old rows", "{\"data\":[{\"id\":1},{\"id\":2}],\"old\":[{\"id\":3}],\"type\":\"UPDATE\"}",
         "!\"old\" of the update is missing\n"},
        {"null in an array", "{\"data\":[null],\"type\":\"INSERT\"}", "!\"data\" of the insert is missing\n"},
        {"a bad old row", "{\"data\":[{\"id\":1}],\"old\":[{\"id\":\"x\"}],\"type\":\"UPDATE\"}",
         "!in \"old\": field id: the text is no number: x\n"},
        {"no rows at all", "{\"data\":[],\"type\":\"INSERT\"}", ""},
    };
    static const char *const include[] = {"database.include", "my.*", "table.include", "a|b", NULL};
    static const struct change_case some[] = {
        {"both", "{\"data\":[{\"id\":1}],\"type\":\"INSERT\",\"database\":\"mydb\",\"table\":\"b\"}",
         "+I(1, NULL, NULL)\n"},
        {"not all of it",
         "{\"data\":[{\"id\":1}],\"type\":\"INSERT\",\"database\":\"mydb\",\"table\":\"ab\"}", ""},
        {"neither", "{\"data\":[{\"id\":1}],\"type\":\"INSERT\"}", ""},
    };
    static const char *const broken[] = {"table.include", "(", NULL};

    check("canal-json", COLUMNS, cases, COUNT_OF(cases), NULL);
    check("canal-json", COLUMNS, some, COUNT_OF(some), include);
    test_refused("canal-json", "a INT", broken, ERR_CONFIG,
                 "option 'canal-json.table.include' = '(' is no regular expression: ");
}

static void test_maxwell(UNUSED void **state)
{
    static const struct change_case cases[] = {
        {"insert", "{\"database\":\"d\",\"type\":\"insert\",\"data\":{\"id\":1,\"name\":\"a\"}}",
         "+I(1, a, NULL)\n"},
        {"update",
         "{\"type\":\"update\",\"data\":{\"id\":1,\"name\":\"a\",\"price\":2},\"old\":{\"name\":null,"
         "\"price\":1}}",
         "-U(1, NULL, 1.00)\n+U(1, a, 2.00)\n"},
        {"delete", "{\"type\":\"delete\",\"data\":{\"id\":1}}", "-D(1, NULL, NULL)\n"},
        {"no old row", "{\"type\":\"update\",\"data\":{\"id\":1}}", "!\"old\" of the update is missing\n"},
        {"bootstrap", "{\"type\":\"bootstrap-insert\",\"data\":{\"id\":1}}",
         "!\"type\" is 'bootstrap-insert', which is no operation of Maxwell's"},
    };

    check("maxwell-json", COLUMNS, cases, COUNT_OF(cases), NULL);
}

static void test_ogg(UNUSED void **state)
{
    static const struct change_case cases[] = {
        {"insert", "{\"op_type\":\"I\",\"after\":{\"id\":1}}", "+I(1, NULL, NULL)\n"},
        {"update", "{\"op_type\":\"U\",\"before\":{\"id\":1},\"after\":{\"id\":2}}",
         "-U(1, NULL, NULL)\n+U(2, NULL, NULL)\n"},
        {"delete", "{\"op_type\":\"D\",\"before\":{\"id\":1}}", "-D(1, NULL, NULL)\n"},
        {"truncate", "{\"op_type\":\"T\"}", "!\"op_type\" is 'T', which is no operation of Ogg's\n"},
    };
    struct test_decoder t;
    struct bytes text = {0};
    struct error e;

    check("ogg-json", COLUMNS, cases, COUNT_OF(cases), NULL);
    test_spec(&t, "id INT, k ARRAY<STRING>, i TIMESTAMP_LTZ(6), o TIMESTAMP_LTZ(6)", NULL);
    for (int i = 1; i < 4; i++)
        t.raw[i] = FORMAT_METADATA(i);
    ASSERT_OK(format_find("ogg-json")->decoder_new(&t.spec, &t.decoder, &e), &e);
    assert_string_equal(
        test_decode_one(t.decoder,
                        SLICE("{\"op_type\":\"I\",\"after\":{\"id\":1},\"primary_keys\":[\"id\"],"
                              "\"current_ts\":\"2020-05-13T13:39:35.766000\",\"op_ts\":"
                              "\"2020-05-13 15:40:06.000000\"}"),
                        &text),
        "+I(1, [id], 2020-05-13T13:39:35.766000Z, 2020-05-13T15:40:06Z)\n");
    test_decoder_close(&t);
    bytes_fini(&text);
}

/* --- writing --- */

static void test_write(UNUSED void **state)
{
    static const struct {
        const char *format, *nulls, *insert, *delete;
    } cases[] = {
        {"debezium-json", "false", "{\"before\":null,\"after\":{\"id\":1,\"name\":\"a\"},\"op\":\"c\"}\n",
         "{\"before\":{\"id\":2,\"name\":null},\"after\":null,\"op\":\"d\"}\n"},
        {"debezium-json", "true", "{\"after\":{\"id\":1,\"name\":\"a\"},\"op\":\"c\"}\n",
         "{\"before\":{\"id\":2},\"op\":\"d\"}\n"},
        {"canal-json", "false", "{\"data\":[{\"id\":1,\"name\":\"a\"}],\"type\":\"INSERT\"}\n",
         "{\"data\":[{\"id\":2,\"name\":null}],\"type\":\"DELETE\"}\n"},
        {"maxwell-json", "false", "{\"data\":{\"id\":1,\"name\":\"a\"},\"type\":\"insert\"}\n",
         "{\"data\":{\"id\":2,\"name\":null},\"type\":\"delete\"}\n"},
        {"ogg-json", "false", "{\"before\":null,\"after\":{\"id\":1,\"name\":\"a\"},\"op_type\":\"I\"}\n",
         "{\"before\":{\"id\":2,\"name\":null},\"after\":null,\"op_type\":\"D\"}\n"},
    };
    static const uint8_t kinds[] = {ROW_INSERT, ROW_DELETE, ROW_UPDATE_AFTER, ROW_UPDATE_BEFORE};
    struct bytes text = {0}, want = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const options[] = {"encode.ignore-null-fields", cases[i].nulls, NULL};
        struct test_encoder t;
        struct batch *rows, *raw, *back = NULL, *errors = NULL;
        struct test_decoder d;
        struct error e;

        test_encoder_open(&t, cases[i].format, "id INT, name STRING", options);
        rows = test_rows_of(t.spec.schema,
                            "{\"id\":1,\"name\":\"a\"}\n{\"id\":2}\n{\"id\":1,\"name\":\"a\"}\n{\"id\":2}");
        rows->row_kinds = kinds;
        bytes_clear(&want);
        bytes_printf(&want, "%s%s%s%s", cases[i].insert, cases[i].delete, cases[i].insert, cases[i].delete);
        assert_string_equal(test_encode(&t, rows, &text), bytes_cstr(&want));
        raw = test_raw_of(&t.run);
        test_decoder_open(&d, cases[i].format, "id INT, name STRING", NULL);
        ASSERT_OK(decoder_decode(d.decoder, raw, &back, &errors, &e), &e);
        assert_null(errors);
        assert_string_equal(test_print(back, &text), "+I(1, a)\n-D(2, NULL)\n+I(1, a)\n-D(2, NULL)\n");
        batch_unref(back);
        batch_unref(raw);
        batch_unref(rows);
        test_decoder_close(&d);
        test_encoder_close(&t);
    }
    test_encoder_refused("debezium-json", "a INT", (const char *const[]){"schema-include", "true", NULL},
                         ERR_UNSUPPORTED, "option 'debezium-json.schema-include' cannot be true for writing");
    bytes_fini(&text);
    bytes_fini(&want);
}

/* Good and bad payloads mixed: rows and errors keep where they came from; every allocation fails once. */
static void test_no_memory(UNUSED void **state)
{
    struct slice payloads[] = {SLICE("{\"op\":\"u\",\"before\":{\"id\":1,\"name\":\"a name that is long\"},"
                                     "\"after\":{\"id\":2,\"name\":\"\\u0041 another name\"}}"),
                               SLICE("{\"op\":\"u\",\"before\":{\"id\":1},\"after\":{\"id\":\"x\"}}"),
                               {NULL, 0},
                               SLICE("{\"op\":\"d\",\"before\":{\"id\":3}}")};
    struct batch *raw = test_raw_batch(payloads, COUNT_OF(payloads));
    uint64_t needed = 1;
    struct bytes text = {0};

    for (uint64_t n = 0; n <= needed; n++) {
        struct batch *rows = NULL, *errors = NULL;
        struct test_decoder t;
        uint64_t before;
        struct error e;
        enum err rc;

        test_spec(&t, COLUMNS ", off BIGINT", NULL);
        t.raw[3] = RAW_OFFSET;
        before = mem_count();
        mem_fail_at(n, false);
        rc = format_find("debezium-json")->decoder_new(&t.spec, &t.decoder, &e);
        if (rc == OK)
            rc = decoder_decode(t.decoder, raw, &rows, &errors, &e);
        mem_fail_at(0, false);
        if (n == 0)
            needed = mem_count() - before;
        assert_true(rc == OK || (n > 0 && rc == ERR_MEMORY));
        if (rc != OK && t.decoder)
            ASSERT_OK(decoder_decode(t.decoder, raw, &rows, &errors, &e), &e);
        if (t.decoder) {
            assert_string_equal(test_print(rows, &text), "-U(1, a name that is long, NULL, 100)\n"
                                                         "+U(2, A another name, NULL, 100)\n"
                                                         "-D(3, NULL, NULL, 103)\n");
            assert_int_equal(errors->row_count, 1);
            assert_int_equal(errors->columns[RAW_OFFSET].i64[0], 101);
        }
        batch_unref(rows);
        batch_unref(errors);
        test_decoder_close(&t);
    }
    batch_unref(raw);
    bytes_fini(&text);
}

TEST_MAIN(cmocka_unit_test(test_debezium), cmocka_unit_test(test_metadata), cmocka_unit_test(test_canal),
          cmocka_unit_test(test_maxwell), cmocka_unit_test(test_ogg), cmocka_unit_test(test_write),
          cmocka_unit_test(test_no_memory))
