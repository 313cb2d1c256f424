/* kafka_options_test.c: what users write (properties, logins, patterns, a table's options) and what becomes
 * of it. */
#include "base/mem.h"
#include "base/test.h"
#include "connectors/connector.h"
#include "connectors/kafka_jaas.h"
#include "connectors/kafka_options.h"
#include "connectors/kafka_pattern.h"
#include "connectors/kafka_source.h"
#include "connectors/kafka_splits.h"

/* "name=value" texts as a map; the map's values point into texts. */
static void fill_map(struct map *out, const char *const *texts)
{
    *out = (struct map){0};
    for (; *texts; texts++) {
        const char *eq = strchr(*texts, '=');

        assert_true(map_put(out, slice_of(*texts, (size_t)(eq - *texts)), (void *)(uintptr_t)(eq + 1)));
    }
}

/* --- properties --- */

static void test_translated(UNUSED void **state)
{
    static const struct {
        const char *property, *name, *value; /* librdkafka's */
    } cases[] = {
        {"fetch.max.wait.ms=250", "fetch.wait.max.ms", "250"},
        {"request.timeout.ms=40000", "socket.timeout.ms", "40000"},
        {"session.timeout.ms=30000", "session.timeout.ms", "30000"},
        {"fetch.min.bytes=1048576", "fetch.min.bytes", "1048576"},
        {"max.partition.fetch.bytes=10485760", "fetch.message.max.bytes", "10485760"},
        {"receive.buffer.bytes=-1", "socket.receive.buffer.bytes", "0"},
        {"receive.buffer.bytes=65536", "socket.receive.buffer.bytes", "65536"},
        {"security.protocol=SASL_SSL", "security.protocol", "sasl_ssl"},
        {"sasl.mechanism=SCRAM-SHA-512", "sasl.mechanisms", "SCRAM-SHA-512"},
        {"ssl.endpoint.identification.algorithm=", "ssl.endpoint.identification.algorithm", "none"},
        {"ssl.truststore.location=/etc/ca.pem", "ssl.ca.location", "/etc/ca.pem"},
        {"ssl.keystore.location=/etc/key.p12", "ssl.keystore.location", "/etc/key.p12"},
        {"ssl.keystore.location=/etc/key.pem", "ssl.certificate.location", "/etc/key.pem"},
        {"client.rack=a", "client.rack", "a"},       /* the same name: not touched */
        {"acks=all", "bootstrap.servers", "b:9092"}, /* a producer's: let be */
        {"sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" "
         "password=\"p\\\"q; r\";",
         "sasl.password", "p\"q; r"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const texts[] = {"bootstrap.servers=b:9092", cases[i].property, NULL};
        struct kafka_options o;
        struct error e;
        struct map properties;
        char got[100] = "";
        size_t size = sizeof got;

        fill_map(&properties, texts);
        ASSERT_OK(kafka_options_read(&properties, &o, &e), &e);
        assert_int_equal(rd_kafka_conf_get(o.conf, cases[i].name, got, &size), RD_KAFKA_CONF_OK);
        if (strcmp(got, cases[i].value) != 0)
            fail_msg("%s: %s is '%s'", cases[i].property, cases[i].name, got);
        kafka_options_fini(&o);
        map_fini(&properties);
    }
}

static void test_honoured(UNUSED void **state)
{
    static const char *const texts[] = {"bootstrap.servers=b:9092",
                                        "group.id=g",
                                        "client.id.prefix=c",
                                        "auto.offset.reset=Earliest",
                                        "enable.auto.commit=true",
                                        "max.poll.records=500",
                                        "commit.offsets.on.checkpoint=false",
                                        "register.consumer.metrics=false",
                                        "allow.auto.create.topics=true",
                                        "partition.discovery.interval.ms=60000",
                                        "key.deserializer=x",
                                        "metrics.num.samples=2",
                                        NULL};
    struct kafka_options o;
    struct error e;
    struct map properties;

    fill_map(&properties, texts);
    ASSERT_OK(kafka_options_read(&properties, &o, &e), &e);
    assert_string_equal(o.group_id, "g");
    assert_string_equal(o.client_id, "c");
    assert_int_equal(o.reset, KAFKA_RESET_EARLIEST);
    assert_true(o.auto_commit && o.create_topics);
    assert_false(o.commit_on_checkpoint || o.client_metrics);
    assert_int_equal(o.max_poll_records, 500);
    assert_int_equal(o.discovery_ms, 60000);
    kafka_options_fini(&o);
    map_fini(&properties);
}

static void test_isolation_is_the_java_clients(UNUSED void **state)
{
    static const char *const texts[] = {"bootstrap.servers=b:9092", NULL};
    struct kafka_options o;
    struct error e;
    struct map properties;
    char got[32];
    size_t size = sizeof got;

    fill_map(&properties, texts);
    ASSERT_OK(kafka_options_read(&properties, &o, &e), &e);
    assert_int_equal(rd_kafka_conf_get(o.conf, "isolation.level", got, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(got, "read_uncommitted");
    kafka_options_fini(&o);
    map_fini(&properties);
}

static void test_refused(UNUSED void **state)
{
    static const struct {
        const char *property;
        enum err rc;
        const char *says;
    } cases[] = {
        {"fetch.min.bites=1", ERR_CONFIG, "No such configuration property"},
        {"fetch.min.bytes=many", ERR_CONFIG, "properties.fetch.min.bytes"},
        {"auto.offset.reset=first", ERR_CONFIG, "earliest, latest or none"},
        {"enable.auto.commit=yes", ERR_CONFIG, "true or false"},
        {"max.poll.records=0", ERR_CONFIG, "a whole number"},
        {"max.poll.records=1x", ERR_CONFIG, "a whole number"},
        {"group.id=", ERR_CONFIG, "a name"},
        {"enable.partition.eof=false", ERR_UNSUPPORTED, "weir sets it"},
        {"ssl.truststore.location=/etc/trust.jks", ERR_UNSUPPORTED, "keytool"},
        {"ssl.keystore.location=/etc/key.jks", ERR_UNSUPPORTED, "PKCS12"},
        {"sasl.login.callback.handler.class=x", ERR_UNSUPPORTED, "Java class"},
        {"sasl.jaas.config=x.PlainLoginModule required username=\"u\";", ERR_CONFIG,
         "needs username and password"},
        {"sasl.jaas.config=x.OAuthBearerLoginModule required;", ERR_UNSUPPORTED, "sasl.oauthbearer"},
        {"security.protocol=TLS", ERR_CONFIG, "properties.security.protocol"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const texts[] = {"bootstrap.servers=b:9092", cases[i].property, NULL};
        struct kafka_options o;
        struct error e;
        struct map properties;

        fill_map(&properties, texts);
        if (kafka_options_read(&properties, &o, &e) != cases[i].rc || strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].property, e.text);
        map_fini(&properties);
    }
}

static void test_brokers_are_needed(UNUSED void **state)
{
    static const char *const none[] = {NULL};
    struct kafka_options o;
    struct error e;
    struct map properties;

    fill_map(&properties, none);
    assert_int_equal(kafka_options_read(&properties, &o, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "properties.bootstrap.servers"));
}

/* --- logins --- */

static void test_jaas(UNUSED void **state)
{
    static const struct {
        const char *text;
        enum err rc;
        const char *user, *password;
    } cases[] = {
        {"a.ScramLoginModule required username=u password=p;", OK, "u", "p"},
        {"a.ScramLoginModule   required\n  username='u u'\n  password=\"\" ;", OK, "u u", ""},
        {"a.PlainLoginModule required serviceName=\"x\" username=\"u\" password=\"p\"", OK, "u", "p"},
        {"a.PlainLoginModule required username=\"u", ERR_CONFIG, NULL, NULL},
        {"a.PlainLoginModule required username", ERR_CONFIG, NULL, NULL},
        {"a.PlainLoginModule required = = =", ERR_CONFIG, NULL, NULL},
        {"a.PlainLoginModule", ERR_CONFIG, NULL, NULL},
        {"", ERR_UNSUPPORTED, NULL, NULL},
        {"a.LdapLoginModule required;", ERR_UNSUPPORTED, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kafka_jaas j = {0};
        struct error e;

        if (kafka_jaas_parse(cases[i].text, &j, &e) != cases[i].rc)
            fail_msg("%s: %s", cases[i].text, e.text);
        if (cases[i].rc == OK) {
            assert_int_equal(j.setting_count, 2);
            assert_string_equal(j.settings[0].value, cases[i].user);
            assert_string_equal(j.settings[1].value, cases[i].password);
        }
        kafka_jaas_fini(&j);
    }
}

/* --- patterns --- */

static void test_pattern(UNUSED void **state)
{
    static const struct {
        const char *java;
        enum err rc;
        const char *yes, *no;
    } cases[] = {
        {"health-.*", OK, "health-raw", "a-health-raw"}, /* whole names */
        {"health-\\d+", OK, "health-17", "health-x"},
        {"a|b", OK, "b", "ab"},
        {"(?:a|b)\\.c", OK, "a.c", "axc"},
        {"[\\w.]+", OK, "a_1.b", "a-b"},
        {"[a-c]{2}", OK, "ab", "abc"},
        {"(?i)abc", ERR_UNSUPPORTED, NULL, NULL},
        {"a(?=b)", ERR_UNSUPPORTED, NULL, NULL},
        {"a*?", ERR_UNSUPPORTED, NULL, NULL},
        {"a++", ERR_UNSUPPORTED, NULL, NULL},
        {"\\bx", ERR_UNSUPPORTED, NULL, NULL},
        {"[a[b]]", ERR_UNSUPPORTED, NULL, NULL},
        {"a\\", ERR_UNSUPPORTED, NULL, NULL},
        {"(a", ERR_CONFIG, NULL, NULL},
        {"[a", ERR_CONFIG, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error e;
        regex_t re;
        enum err rc = kafka_pattern_compile(cases[i].java, &re, &e);

        if (rc != cases[i].rc)
            fail_msg("%s: %d %s", cases[i].java, (int)rc, rc == OK ? "" : e.text);
        if (rc != OK)
            continue;
        assert_int_equal(regexec(&re, cases[i].yes, 0, NULL, 0), 0);
        assert_int_not_equal(regexec(&re, cases[i].no, 0, NULL, 0), 0);
        regfree(&re);
    }
}

/* --- splits --- */

/* Partitions are spread evenly, and each has one owner: this is stored in checkpoints' meaning, so it may not
 * change. */
static void test_owners(UNUSED void **state)
{
    for (int32_t parallelism = 1; parallelism < 9; parallelism++) {
        int counts[8] = {0};

        for (int32_t p = 0; p < parallelism * 3; p++)
            counts[kafka_splits_owner("health-data-raw", p, parallelism)]++;
        for (int32_t s = 0; s < parallelism; s++)
            assert_int_equal(counts[s], 3);
    }
    assert_int_equal(kafka_splits_owner("health-data-raw", 0, 6),
                     kafka_splits_owner("health-data-raw", 6, 6));
}

static void test_split_texts(UNUSED void **state)
{
    static const struct {
        const char *name, *text, *topic;
        int32_t partition;
        int64_t next, stop;
    } cases[] = {
        {"t-0", "0", "t", 0, 0, KAFKA_NO_STOP},
        {"a-b-12", "9223372036854775807", "a-b", 12, INT64_MAX, KAFKA_NO_STOP},
        {"t-3", "5..9", "t", 3, 5, 9},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kafka_splits splits = {0};
        struct kafka_split *split;
        struct slice topic;
        char text[KAFKA_SPLIT_TEXT_MAX];
        int32_t partition;
        int64_t next, stop;
        struct error e;

        ASSERT_OK(kafka_splits_parse(cases[i].name, slice_text(cases[i].text), &topic, &partition, &next,
                                     &stop, &e),
                  &e);
        assert_true(slice_is(topic, cases[i].topic));
        assert_int_equal(partition, cases[i].partition);
        assert_true(next == cases[i].next && stop == cases[i].stop);
        split = kafka_splits_add(&splits, cases[i].topic, partition, next, stop);
        assert_non_null(split);
        assert_string_equal(split->name, cases[i].name);
        kafka_splits_format(split, text);
        assert_string_equal(text, cases[i].text);
        kafka_splits_fini(&splits);
    }
}

/* --- a table's options --- */

static enum err plan(struct arena *arena, const char *const *texts, struct connector_plan *out,
                     struct error *e)
{
    const struct connector *kafka = connector_find("kafka");
    struct map options;
    struct connector_request request = {.arena = arena, .name = "health", .options = &options};
    enum err rc;

    fill_map(&options, texts);
    rc = connector_check_options(kafka, &options, NULL, e);
    if (rc == OK)
        rc = kafka->source(&request, out, e);
    map_fini(&options);
    return rc;
}

static void test_table(UNUSED void **state)
{
    static const char *const texts[] = {
        "topic= a ; b",
        "properties.bootstrap.servers=b:9092",
        "properties.group.id=g",
        "scan.startup.mode=specific-offsets",
        "scan.startup.specific-offsets=partition:0,offset:42;partition:1,offset:300",
        "scan.bounded.mode=timestamp",
        "scan.bounded.timestamp-millis=1700000000000",
        "scan.topic-partition-discovery.interval=1 min",
        "scan.memory=8mb",
        "scan.batch.rows=100",
        "scan.lost-data=continue",
        "scan.unknown-topic-wait=1 s",
        NULL};
    const struct kafka_source_spec *spec;
    struct connector_plan got;
    struct arena arena = {0};
    struct error e;

    ASSERT_OK(plan(&arena, texts, &got, &e), &e);
    spec = got.spec;
    assert_ptr_equal(got.factory, &kafka_source_factory);
    assert_string_equal(got.title, "a");
    assert_int_equal(spec->topic_count, 2);
    assert_string_equal(spec->topics[1], "b");
    assert_string_equal(map_get(spec->properties, SLICE("group.id")), "g");
    assert_int_equal(map_count(spec->properties), 2);
    assert_int_equal(spec->start.at, KAFKA_AT_OFFSETS);
    assert_int_equal(spec->start.offset_count, 2);
    assert_int_equal(spec->start.offsets[1].partition, 1);
    assert_int_equal(spec->start.offsets[1].offset, 300);
    assert_int_equal(spec->stop.at, KAFKA_AT_TIMESTAMP);
    assert_int_equal(spec->stop.timestamp_ms, 1700000000000);
    assert_int_equal(spec->discovery_interval_ms, 60000);
    assert_int_equal(spec->memory_bytes, 8 << 20);
    assert_int_equal(spec->batch_rows, 100);
    assert_int_equal(spec->unknown_topic_wait_ms, 1000);
    assert_true(spec->continue_after_loss);
    got.release(got.spec);
    arena_fini(&arena);
}

static void test_wrong_tables(UNUSED void **state)
{
    static const struct {
        const char *texts[4];
        const char *says;
    } cases[] = {
        {{"properties.group.id=g", NULL}, "either 'topic' or 'topic-pattern'"},
        {{"topic=a", "topic-pattern=b", NULL}, "either 'topic' or 'topic-pattern'"},
        {{"topic= ; ", NULL}, "'topic' is empty"},
        {{"topic=a", "scan.startup.mode=first", NULL}, "earliest-offset"},
        {{"topic=a", "scan.startup.mode=group-offsets", NULL}, "properties.group.id"},
        {{"topic=a", NULL}, "properties.group.id"}, /* group-offsets is the default */
        {{"topic=a", "scan.startup.mode=timestamp", NULL}, "'scan.startup.timestamp-millis' is missing"},
        {{"topic=a", "scan.startup.mode=timestamp", "scan.startup.timestamp-millis=-5", NULL},
         "timestamp-millis"},
        {{"topic=a", "scan.startup.mode=specific-offsets", NULL},
         "'scan.startup.specific-offsets' is missing"},
        {{"topic=a", "scan.startup.mode=specific-offsets", "scan.startup.specific-offsets=0:42", NULL},
         "partition:0,offset:42"},
        {{"topic=a", "scan.startup.mode=specific-offsets",
          "scan.startup.specific-offsets=partition:0,offset:x", NULL},
         "partition:0,offset:42"},
        {{"topic=a", "scan.bounded.mode=end", NULL}, "unbounded"},
        {{"topic=a", "scan.memory=1 kb", NULL}, "4194304 or more"},
        {{"topic=a", "scan.batch.rows=0", NULL}, "scan.batch.rows"},
        {{"topic=a", "scan.lost-data=ignore", NULL}, "one of fail, continue"},
        {{"topic=a", "properties.auto.offset.reset=first", NULL}, "auto.offset.reset"},
        {{"topic-pattern=(a", NULL}, "topic-pattern"},
        {{"topic=a", "scan.startup.mod=x", NULL}, "did you mean 'scan.startup.mode'"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *texts[6] = {"properties.bootstrap.servers=b:9092"};
        struct connector_plan got;
        struct arena arena = {0};
        struct error e = {0};

        memcpy(texts + 1, cases[i].texts, sizeof cases[i].texts);
        if (plan(&arena, texts, &got, &e) == OK || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, e.text);
        arena_fini(&arena);
    }
}

static void test_planning_without_memory(UNUSED void **state)
{
    static const char *const texts[] = {
        "topic=a;b",
        "properties.bootstrap.servers=b:9092",
        "properties.group.id=g",
        "properties.sasl.jaas.config=x.PlainLoginModule required username=u password=p;",
        "scan.bounded.mode=specific-offsets",
        "scan.bounded.specific-offsets=partition:0,offset:1",
        NULL};
    const struct connector *kafka = connector_find("kafka");
    struct map options;
    enum err rc = ERR_MEMORY;

    fill_map(&options, texts);
    for (uint64_t n = 1; rc != OK; n++) {
        struct arena arena = {0};
        struct connector_request request = {.arena = &arena, .name = "health", .options = &options};
        struct connector_plan got;
        struct error e;

        assert_in_range(n, 1, 1000);
        mem_fail_at(n, false);
        rc = kafka->source(&request, &got, &e);
        mem_fail_at(0, false);
        if (rc == OK)
            got.release(got.spec);
        else
            assert_int_equal(rc, ERR_MEMORY);
        arena_fini(&arena);
    }
    map_fini(&options);
}

TEST_MAIN(cmocka_unit_test(test_translated), cmocka_unit_test(test_honoured),
          cmocka_unit_test(test_isolation_is_the_java_clients), cmocka_unit_test(test_refused),
          cmocka_unit_test(test_brokers_are_needed), cmocka_unit_test(test_jaas),
          cmocka_unit_test(test_pattern), cmocka_unit_test(test_owners), cmocka_unit_test(test_split_texts),
          cmocka_unit_test(test_table), cmocka_unit_test(test_wrong_tables),
          cmocka_unit_test(test_planning_without_memory))
