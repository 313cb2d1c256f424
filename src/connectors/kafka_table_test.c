/* kafka_table_test.c: tables of the connectors kafka and upsert-kafka as they are planned, what is refused,
 * and rows made of keys and values. */
#include "base/mem.h"
#include "base/test.h"
#include "connectors/connector.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"
#include "formats/format.h"
#include "operators/operator_harness.h"
#include <stdio.h>

struct fixture {
    struct arena arena;
    struct map options;
    struct connector_table table;
    struct connector_request r;
    struct connector_plan plan;
};

static const int32_t first_column[] = {0};

/* options: `name=value` a line. metadata: per field of wanted, NULL: all are physical. */
static void describe(struct fixture *f, const char *columns, const char *wanted, const char *const *metadata,
                     const char *options)
{
    struct error e;

    *f = (struct fixture){0};
    for (const char *p = options; *p;) {
        size_t len = strcspn(p, "\n"), name = strcspn(p, "=");
        const char *value = arena_text(&f->arena, slice_of(p + name + 1, len - name - 1));

        assert_true(map_put(&f->options, slice_of(p, name), (void *)(uintptr_t)value));
        p += len + (p[len] == '\n');
    }
    ASSERT_OK(schema_parse(&f->arena, slice_text(columns), &f->table.schema, &e), &e);
    f->table.key = first_column;
    f->table.key_count = 1;
    f->r = (struct connector_request){.arena = &f->arena,
                                      .name = "t",
                                      .options = &f->options,
                                      .schema = f->table.schema,
                                      .clock = clock_system(),
                                      .table = &f->table,
                                      .metadata = metadata};
    if (wanted)
        ASSERT_OK(schema_parse(&f->arena, slice_text(wanted), &f->r.schema, &e), &e);
}

static void forget(struct fixture *f)
{
    if (f->plan.release)
        f->plan.release(f->plan.spec);
    map_fini(&f->options);
    arena_fini(&f->arena);
}

#define BASE                                                                                                 \
    "topic=t\nproperties.bootstrap.servers=localhost:1\nproperties.group.id=g\nscan.startup.mode=earliest-"  \
    "offset\n"
#define KEYED  BASE "value.format=json\nkey.format=json\nkey.fields=id\n"
#define UPSERT "topic=t\nproperties.bootstrap.servers=localhost:1\nkey.format=json\nvalue.format=json\n"

/* --- what is refused ---------------------------------------------------------------------------------- */

static void test_mistakes(UNUSED void **state)
{
    static const struct {
        const char *connector, *options;
        bool sink;
        enum err rc;
        const char *says;
    } cases[] = {
        {"kafka", BASE "format=json\nscan.startup.mod=x", false, ERR_CONFIG,
         "did you mean 'scan.startup.mode'"},
        {"kafka", BASE "format=json\njson.ignore-parse-error=true", false, ERR_CONFIG, "ignore-parse-errors"},
        {"kafka", BASE "format=jsn", false, ERR_CONFIG, "it takes"},
        {"kafka", BASE, false, ERR_CONFIG, "'format' is missing"},
        {"kafka", BASE "format=json\non-error=ignore", false, ERR_CONFIG, "fail, skip, dead-letter"},
        {"kafka", BASE "format=json\non-error=dead-letter", false, ERR_CONFIG, "needs 'dead-letter.table'"},
        {"kafka", BASE "format=json\ndead-letter.table=x", false, ERR_CONFIG, "set it to 'dead-letter'"},
        {"kafka",
         BASE "format=json\non-error=dead-letter\ndead-letter.table=x\njson.ignore-parse-errors=true", false,
         ERR_CONFIG, "'json.ignore-parse-errors' = 'true' leaves out"},
        {"kafka", BASE "format=json\nvalue.format=json", false, ERR_CONFIG, "say the same"},
        {"kafka", BASE "value.format=json\njson.ignore-parse-errors=true", false, ERR_CONFIG, "no option"},
        {"kafka", BASE "format=json\nkey.fields=id", false, ERR_CONFIG, "needs 'key.format'"},
        {"kafka", BASE "value.format=json\nkey.format=json", false, ERR_CONFIG, "needs 'key.fields'"},
        {"kafka", BASE "value.format=json\nkey.format=json\nkey.fields=ID", false, ERR_CONFIG,
         "it has id, name"},
        {"kafka", KEYED "key.fields-prefix=k_", false, ERR_CONFIG, "EXCEPT_KEY"},
        {"kafka", KEYED "key.fields-prefix=k_\nvalue.fields-include=EXCEPT_KEY", false, ERR_CONFIG,
         "does not begin"},
        {"kafka", KEYED "sink.partitioner=round-robin", true, ERR_CONFIG, "round-robin"},
        {"kafka", KEYED "sink.partitioner=com.example.P", true, ERR_CONFIG, "default, fixed, round-robin"},
        {"kafka", KEYED "sink.delivery-guarantee=exactly-once", true, ERR_UNSUPPORTED,
         "sink.delivery-guarantee"},
        {"kafka", KEYED "sink.transactional-id-prefix=x", true, ERR_UNSUPPORTED, "transactional"},
        {"kafka", KEYED "sink.parallelism=0", true, ERR_CONFIG, "sink.parallelism"},
        {"kafka", KEYED "properties.acks=most", true, ERR_CONFIG, "acks"},
        {"kafka", KEYED "properties.transactional.id=x", true, ERR_UNSUPPORTED, "exactly-once"},
        {"kafka", "topic=a;b\nproperties.bootstrap.servers=x\nformat=json", true, ERR_CONFIG, "METADATA"},
        {"kafka", "topic-pattern=a.*\nproperties.bootstrap.servers=x\nformat=json", true, ERR_UNSUPPORTED,
         "topic-pattern"},
        {"upsert-kafka", UPSERT "sink.buffer-flush.max-rows=5", true, ERR_CONFIG, "go together"},
        {"upsert-kafka", UPSERT "scan.startup.mode=latest-offset", false, ERR_CONFIG, "no option"},
        {"upsert-kafka", BASE "format=json", true, ERR_CONFIG, "has no option"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct connector *c = connector_find(cases[i].connector);
        struct fixture f;
        struct error e = {0};
        enum err rc;

        describe(&f, "id INT, name STRING", NULL, NULL, cases[i].options);
        rc = cases[i].sink ? connector_plan_sink(c, &f.r, &f.plan, &e)
                           : connector_plan_source(c, &f.r, &f.plan, &e);
        if (rc != cases[i].rc || strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: %d %s", cases[i].options, rc, e.text);
        forget(&f);
    }
}

static void test_metadata_columns(UNUSED void **state)
{
    static const char *const good[] = {NULL, "timestamp"}, *const wrong[] = {NULL, "time"},
                             *const read_only[] = {NULL, "offset"};
    struct fixture f;
    struct error e;

    describe(&f, "id INT", "id INT, t TIMESTAMP_LTZ(3)", good, BASE "format=json");
    ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    assert_int_equal(f.plan.changes, CHANGES_INSERT);
    assert_false(f.plan.bounded);
    forget(&f);
    describe(&f, "id INT", "id INT, t TIMESTAMP(3)", good, BASE "format=json");
    assert_int_equal(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "TIMESTAMP_LTZ(3)"));
    forget(&f);
    describe(&f, "id INT", "id INT, t BIGINT", wrong, BASE "format=json");
    assert_int_equal(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "topic, partition, offset"));
    forget(&f);
    describe(&f, "id INT", "id INT, o BIGINT NOT NULL", read_only, BASE "format=json");
    assert_int_equal(connector_plan_sink(connector_find("kafka"), &f.r, &f.plan, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "VIRTUAL"));
    forget(&f);
}

/* --- what is planned ---------------------------------------------------------------------------------- */

static void test_sink_payloads(UNUSED void **state)
{
    struct fixture f;
    struct error e;
    const struct kafka_sink_spec *spec;

    describe(&f, "k_id INT, name STRING", NULL, NULL,
             BASE "value.format=json\nkey.format=json\nkey.fields=k_id\nkey.fields-prefix=k_\n"
                  "value.fields-include=EXCEPT_KEY\nsink.partitioner=fixed\nsink.parallelism=3");
    ASSERT_OK(connector_plan_sink(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    spec = f.plan.spec;
    assert_string_equal(spec->key.schema->fields[0].name, "id");
    assert_int_equal(spec->value.schema->field_count, 1);
    assert_string_equal(spec->value.schema->fields[0].name, "name");
    assert_int_equal(spec->partitioner, KAFKA_PARTITIONER_FIXED);
    assert_true(spec->guaranteed && !spec->upsert);
    assert_int_equal(f.plan.parallelism, 3);
    assert_int_equal(f.plan.changes, CHANGES_INSERT);
    assert_int_equal(f.plan.key_count, 0);
    forget(&f);

    describe(&f, "id INT NOT NULL, name STRING", NULL, NULL, UPSERT);
    ASSERT_OK(connector_plan_sink(connector_find("upsert-kafka"), &f.r, &f.plan, &e), &e);
    assert_int_equal(f.plan.changes, CHANGES_UPSERT);
    assert_int_equal(f.plan.key_count, 1);
    forget(&f);
}

/* --- rows of keys and values -------------------------------------------------------------------------- */

struct message {
    const char *key, *value;
};

static struct batch *raw_batch(const struct message *messages, int32_t count, struct budget *budget)
{
    struct builder b;
    struct batch *raw;
    struct error e;

    assert_true(builder_init(&b, &format_raw_schema, budget));
    for (int32_t i = 0; i < count; i++) {
        const char *texts[] = {messages[i].value, messages[i].key};

        for (int c = 0; c < 2; c++)
            if (texts[c])
                builder_copied(&b.columns[c], texts[c], strlen(texts[c]));
            else
                builder_null(&b.columns[c]);
        builder_copied(&b.columns[RAW_TOPIC], "t", 1);
        builder_i32(&b.columns[RAW_PARTITION], 0);
        builder_i64(&b.columns[RAW_OFFSET], 10 + i);
        builder_i64(&b.columns[RAW_TIMESTAMP], 1000000);
        builder_copied(&b.columns[RAW_TIMESTAMP_TYPE], "CreateTime", 10);
        builder_null(&b.columns[RAW_HEADERS]);
        builder_null(&b.columns[RAW_LEADER_EPOCH]);
    }
    ASSERT_OK(builder_finish(&b, &raw, &e), &e);
    builder_fini(&b);
    return raw;
}

static enum err decode(struct fixture *f, const struct message *messages, int32_t count, const char *want,
                       struct error *e)
{
    struct harness_config c = {.factory = f->plan.decode, .spec = f->plan.decode_spec};
    struct harness h;
    struct batch *raw;
    enum err rc;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, e), e);
    raw = raw_batch(messages, count, h.budget);
    rc = harness_batch(&h, 0, raw, e);
    for (size_t i = 0; i < h.batch_count; i++)
        ASSERT_OK(batch_check(h.batches[i], e), e);
    if (rc == OK)
        HARNESS_EXPECT(&h, want);
    batch_unref(raw);
    harness_close(&h);
    return rc;
}

static void test_keys_and_values(UNUSED void **state)
{
    static const char *const metadata[] = {NULL, NULL, "offset"};
    static const struct message messages[] = {{"{\"id\":1}", "{\"name\":\"a\"}"},
                                              {"{\"id\":2}", "{\"name\":\"b\"}"}};
    struct fixture f;
    struct error e;

    describe(&f, "k_id INT, name STRING", "name STRING, k_id INT, o BIGINT NOT NULL", metadata,
             BASE "value.format=json\nkey.format=json\nkey.fields=k_id\nkey.fields-prefix=k_\n"
                  "value.fields-include=EXCEPT_KEY");
    ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    ASSERT_OK(decode(&f, messages, 2, "0 +I(a, 1, 10)\n0 +I(b, 2, 11)\n", &e), &e);
    forget(&f);
}

static void test_upsert_rows(UNUSED void **state)
{
    static const struct message messages[] = {{"{\"id\":1}", "{\"id\":1,\"name\":\"a\"}"},
                                              {"{\"id\":2}", NULL},
                                              {"{\"id\":3}", "{\"id\":3,\"name\":\"c\"}"}},
                                tombstones[] = {{"{\"id\":7}", NULL}};
    struct fixture f;
    struct error e;

    describe(&f, "id INT NOT NULL, name STRING", NULL, NULL, UPSERT);
    ASSERT_OK(connector_plan_source(connector_find("upsert-kafka"), &f.r, &f.plan, &e), &e);
    assert_int_equal(f.plan.changes, CHANGES_UPSERT);
    ASSERT_OK(decode(&f, messages, 3, "0 +U(1, a)\n0 -D(2, NULL)\n0 +U(3, c)\n", &e), &e);
    ASSERT_OK(decode(&f, tombstones, 1, "0 -D(7, NULL)\n", &e), &e);
    forget(&f);
}

static void test_rows_that_cannot_be_read(UNUSED void **state)
{
    static const struct message messages[] = {
        {"{\"id\":1}", "{\"name\":\"a\"}"}, {"{\"id\":2}", "no json"}, {"no json", "{\"name\":\"c\"}"}};
    struct fixture f;
    struct error e;

    for (int skip = 0; skip < 2; skip++) {
        describe(&f, "id INT, name STRING", NULL, NULL,
                 skip ? KEYED "value.fields-include=EXCEPT_KEY\non-error=skip"
                      : KEYED "value.fields-include=EXCEPT_KEY");
        ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
        assert_int_equal(decode(&f, messages, 3, "0 +I(1, a)\n", &e), skip ? OK : ERR_INPUT);
        if (!skip)
            assert_string_equal(
                e.text, "the key of a message of topic t, partition 0, offset 12, cannot be read: "
                        "an object is wanted, at byte 0; it begins with: no json; set 'on-error' to skip "
                        "or dead-letter to go on without it");
        forget(&f);
    }
}

/* Dead letters: of a key that cannot be read the payloads are where they belong. */
static void test_dead_letters(UNUSED void **state)
{
    static const struct message messages[] = {{"{\"id\":1}", "{\"name\":\"a\"}"},
                                              {"{\"id\":2}", "no json"},
                                              {"bad key", "{\"name\":\"c\"}"},
                                              {"neither", "is JSON"}};
    static const char letters[] =
        "1 +I(x'7b226e616d65223a2263227d', x'626164206b6579', t, 0, 12, 1970-01-01T00:00:01Z, "
        "CreateTime, NULL, NULL, deserialization, ";
    struct fixture f;
    struct error e;
    struct harness h;
    struct batch *raw;
    struct harness_config c;
    const char *text;

    describe(&f, "id INT, name STRING", NULL, NULL,
             KEYED "value.fields-include=EXCEPT_KEY\non-error=dead-letter\ndead-letter.table=x");
    ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    assert_int_equal(f.plan.errors, ERRORS_OF_MESSAGES);
    assert_true(((const struct kafka_source_spec *)f.plan.spec)->headers);
    c = (struct harness_config){.factory = f.plan.decode, .spec = f.plan.decode_spec};
    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    raw = raw_batch(messages, COUNT_OF(messages), h.budget);
    ASSERT_OK(harness_batch(&h, 0, raw, &e), &e);
    batch_unref(raw);
    for (size_t i = 0; i < h.batch_count; i++)
        ASSERT_OK(batch_check(h.batches[i], &e), &e);
    text = harness_take(&h);
    assert_memory_equal(text, letters, sizeof letters - 1);
    assert_non_null(strstr(text, "\n0 +I(1, a)\n"));
    for (int offset = 10; offset <= 13; offset++) {
        char place[32];
        const char *at;

        snprintf(place, sizeof place, " t, 0, %d, ", offset);
        at = strstr(text, place);
        assert_int_equal(at != NULL, offset > 10); /* once, even if key and value are both wrong */
        assert_null(at ? strstr(at + 1, place) : NULL);
    }
    harness_close(&h);
    forget(&f);
}

/* A column in the middle that nobody asks for, and messages without value or key, in every format. */
static void test_formats(UNUSED void **state)
{
    static const struct {
        const char *format, *value; /* of (1, 'b', 'c') */
        const char *want;
    } cases[] = {
        {"json", "{\"a\":1,\"b\":\"b\",\"c\":\"c\"}", "0 +I(1, c, 11)\n"},
        {"csv", "1,b,c", "0 +I(1, c, 11)\n"},
        {"avro", "\2\2\2\2b\2\2c", "0 +I(1, c, 11)\n"},
        {"debezium-json", "{\"before\":null,\"after\":{\"a\":1,\"b\":\"b\",\"c\":\"c\"},\"op\":\"c\"}",
         "0 +I(1, c, 11)\n"},
        {"canal-json", "{\"data\":[{\"a\":\"1\",\"b\":\"b\",\"c\":\"c\"}],\"type\":\"INSERT\"}",
         "0 +I(1, c, 11)\n"},
        {"maxwell-json", "{\"data\":{\"a\":1,\"b\":\"b\",\"c\":\"c\"},\"type\":\"insert\"}",
         "0 +I(1, c, 11)\n"},
        {"ogg-json", "{\"after\":{\"a\":1,\"b\":\"b\",\"c\":\"c\"},\"op_type\":\"I\"}", "0 +I(1, c, 11)\n"},
    };
    static const char *const metadata[] = {NULL, NULL, "offset"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct message messages[] = {{NULL, NULL}, {NULL, cases[i].value}, {"k", NULL}};
        char options[400];
        struct fixture f;
        struct error e;

        snprintf(options, sizeof options, BASE "format=%s", cases[i].format);
        describe(&f, "a INT, b STRING, c STRING", "a INT, c STRING, o BIGINT NOT NULL", metadata, options);
        ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
        if (decode(&f, messages, 3, cases[i].want, &e) != OK)
            fail_msg("%s: %s", cases[i].format, e.text);
        forget(&f);
    }
}

/* The same of keys and of the values beside them. */
static void test_formats_of_keys(UNUSED void **state)
{
    static const struct {
        const char *format, *key, *value; /* of keys (1, 'k', 2) and values ('v', 'w', 'x') */
    } cases[] = {
        {"json", "{\"a\":1,\"b\":\"k\",\"c\":2}", "{\"d\":\"v\",\"e\":\"w\",\"f\":\"x\"}"},
        {"csv", "1,k,2", "v,w,x"},
        {"avro", "\2\2\2\2k\2\4", "\2\2v\2\2w\2\2x"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct message messages[] = {
            {cases[i].key, cases[i].value}, {NULL, cases[i].value}, {cases[i].key, NULL}};
        char options[500];
        struct fixture f;
        struct error e;

        snprintf(options, sizeof options,
                 BASE "key.format=%s\nvalue.format=%s\nkey.fields=a;b;c\nvalue.fields-include=EXCEPT_KEY",
                 cases[i].format, cases[i].format);
        describe(&f, "a INT, b STRING, c INT, d STRING, e STRING, f STRING", "f STRING, c INT", NULL,
                 options);
        ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
        if (decode(&f, messages, 3, "0 +I(x, 2)\n", &e) != OK)
            fail_msg("%s: %s", cases[i].format, e.text);
        forget(&f);
    }
}

/* A registry is not asked while a table is planned. */
static void test_registry(UNUSED void **state)
{
    static const char options[] = BASE "format=avro-confluent\navro-confluent.url=http://127.0.0.1:1";
    struct fixture f;
    struct error e;

    describe(&f, "a STRING, b INT", "b INT", NULL, options);
    ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    forget(&f);
    describe(&f, "a STRING, b INT", NULL, NULL, options);
    ASSERT_OK(connector_plan_sink(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    forget(&f);
}

/* raw has a row for a message without value: NULL. */
static void test_raw_null(UNUSED void **state)
{
    static const struct message messages[] = {{NULL, "v"}, {NULL, NULL}};
    struct fixture f;
    struct error e;

    describe(&f, "a STRING", NULL, NULL, BASE "format=raw");
    ASSERT_OK(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), &e);
    ASSERT_OK(decode(&f, messages, 2, "0 +I(v)\n0 +I(NULL)\n", &e), &e);
    forget(&f);
    describe(&f, "a STRING, b STRING", "b STRING", NULL, BASE "format=raw");
    assert_int_equal(connector_plan_source(connector_find("kafka"), &f.r, &f.plan, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "exactly one column")); /* however many are asked for */
    forget(&f);
}

static void test_documentation(UNUSED void **state)
{
    struct bytes page = {0};
    char names[200] = "";
    const struct connector *c;

    connector_write_doc(&page);
    for (size_t i = 0; (c = connector_at(i)) != NULL; i++) {
        char head[60];

        snprintf(head, sizeof head, "\n## %s\n", c->name);
        assert_non_null(strstr(bytes_cstr(&page), head));
        strcat(strcat(names, i ? ", " : ""), c->name);
        assert_true(c->settings || c->options);
        assert_ptr_equal(connector_find(c->name), c);
    }
    assert_string_equal(connector_names(), names);
    bytes_fini(&page);
}

TEST_MAIN(cmocka_unit_test(test_mistakes), cmocka_unit_test(test_metadata_columns),
          cmocka_unit_test(test_sink_payloads), cmocka_unit_test(test_keys_and_values),
          cmocka_unit_test(test_upsert_rows), cmocka_unit_test(test_rows_that_cannot_be_read),
          cmocka_unit_test(test_dead_letters), cmocka_unit_test(test_formats),
          cmocka_unit_test(test_formats_of_keys), cmocka_unit_test(test_raw_null),
          cmocka_unit_test(test_registry), cmocka_unit_test(test_documentation))
