/* config_test.c: layers, forms, files, the table of keys, and every sentence that a user may be told. */
#include "config/config.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/test.h"
#include "config/config_store.h"
#include "config/config_values.h"
#include "config/keys.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTERVAL "execution.checkpointing.interval"

static void test_durations(UNUSED void **state)
{
    static const struct {
        const char *text;
        int64_t want_ms; /* -1: refused */
    } cases[] = {
        {"60000", 60000},
        {"60s", 60000},
        {" 10 min ", 600000},
        {"10min", 600000},
        {"1 d", 86400000},
        {"2 days", 172800000},
        {"1 H", 3600000},
        {"3 hours", 10800000},
        {"5 m", 300000},
        {"1 minute", 60000},
        {"2 sec", 2000},
        {"100ms", 100},
        {"1 millisecond", 1},
        {"7 millis", 7},
        {"1500 us", 1},
        {"900 \xc2\xb5s", 1},
        {"0 ns", 0},
        {"3000000 nanoseconds", 3},
        {"PT10S", 10000},
        {"pt1h30m", 5400000},
        {"P1DT0.25S", 86400250},
        {"PT0.0019S", 1},
        {"0", 0},
        {"", -1},
        {"60x", -1},
        {"s", -1},
        {"-5 s", -1},
        {"1.5 s", -1},
        {"10 s s", -1},
        {"P", -1},
        {"PT", -1},
        {"P1H", -1},
        {"PT1D", -1},
        {"PT1S1M", -1},
        {"P1DT", -1},
        {"PT1.5M", -1},
        {"9223372036854775808", -1},
        {"9223372036854775807 d", -1},
        {"9223372036854775807", INT64_MAX},
        {"1 fortnightfortnight", -1},
        {"PT9223372036854775807H", -1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = -1;
        struct error e;
        enum err rc = config_parse_duration(cases[i].text, &got, &e);

        if ((rc == OK) != (cases[i].want_ms >= 0) || (rc == OK && got != cases[i].want_ms))
            fail_msg("\"%s\": %d, %" PRId64, cases[i].text, rc, got);
        if (rc != OK)
            assert_int_equal(rc, ERR_CONFIG);
    }
}

static void test_sizes(UNUSED void **state)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } cases[] = {
        {"2048m", INT64_C(2048) << 20},
        {"512mb", 512 << 20},
        {"16kb", 16384},
        {"67108864", 67108864},
        {"1 G", 1 << 30},
        {"2 tebibytes", INT64_C(2) << 40},
        {"10 bytes", 10},
        {"3 KiB", 3072},
        {"0 b", 0},
        {"", -1},
        {"mb", -1},
        {"1.5gb", -1},
        {"-1", -1},
        {"9223372036854775807 k", -1},
        {"5 s", -1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = -1;
        struct error e;
        enum err rc = config_parse_size(cases[i].text, &got, &e);

        if ((rc == OK) != (cases[i].want >= 0) || (rc == OK && got != cases[i].want))
            fail_msg("\"%s\": %d, %" PRId64, cases[i].text, rc, got);
    }
}

static void test_numbers_and_truths(UNUSED void **state)
{
    static const char *const bad_numbers[] = {"",    "x", "1.5", "1 2", "-", "--1", "9223372036854775808",
                                              "0x10"};
    static const char *const bad_doubles[] = {"", "x", "nan", "inf", "0x1p3", "1e999", "1,5", "1 2"};
    struct error e;
    int64_t whole;
    double v;
    bool truth;

    ASSERT_OK(config_parse_int(" -42 ", &whole, &e), &e);
    assert_int_equal(whole, -42);
    ASSERT_OK(config_parse_int("+7", &whole, &e), &e);
    assert_int_equal(whole, 7);
    ASSERT_OK(config_parse_double("1.5", &v, &e), &e);
    assert_true(v == 1.5);
    ASSERT_OK(config_parse_bool(" TRUE", &truth, &e), &e);
    assert_true(truth);
    ASSERT_OK(config_parse_bool("False", &truth, &e), &e);
    assert_false(truth);
    for (size_t i = 0; i < COUNT_OF(bad_numbers); i++)
        if (config_parse_int(bad_numbers[i], &whole, &e) == OK)
            fail_msg("\"%s\" is taken for a whole number", bad_numbers[i]);
    for (size_t i = 0; i < COUNT_OF(bad_doubles); i++)
        if (config_parse_double(bad_doubles[i], &v, &e) == OK)
            fail_msg("\"%s\" is taken for a number", bad_doubles[i]);
    assert_int_equal(config_parse_bool("yes", &truth, &e), ERR_CONFIG);
}

/* --- the table --- */

static void check_older(const struct config_key *key)
{
    const char *at = key->older;

    while (at && *at) {
        size_t len = strcspn(at, " ");
        bool older;
        const struct config_key *found = keys_find(slice_of(at, len), &older);

        if (memchr(at, '*', len) || found != key || !older)
            fail_msg("%s: the older name %.*s leads to %s", key->name, (int)len, at,
                     found ? found->name : "nothing");
        at += len + (at[len] != '\0');
    }
}

static void test_table_is_sound(UNUSED void **state)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        bool older;
        struct error e;

        if (key->standard) {
            struct slice standard = slice_text(key->standard);

            if (config_check(key, &standard, &e) != OK || !slice_is(standard, key->standard))
                fail_msg("%s: its default \"%s\" %s", key->name, key->standard, e.text);
        }
        if (key->use == KEY_HONOURED && key->standard == NULL && !strchr(key->name, '*') &&
            (key->kind == KEY_INT || key->kind == KEY_DOUBLE || key->kind == KEY_BOOL))
            fail_msg("%s: a number needs a default", key->name);
        if (key->kind == KEY_ENUM && key->values == NULL)
            fail_msg("%s: no values", key->name);
        if (key->doc == NULL || strlen(key->doc) < 5 || strchr(key->doc, '\n'))
            fail_msg("%s: no doc", key->name);
        if (!keys_is_pattern(key) && (keys_find(slice_text(key->name), &older) != key || older))
            fail_msg("%s: is there twice", key->name);
        check_older(key);
    }
}

static void test_patterns(UNUSED void **state)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"metrics.reporter.prom.port", "metrics.reporter.*.port"},
        {"metrics.reporter.prom.factory.class", "metrics.reporter.*.factory.class"},
        {"metrics.reporter.a.b.port", "metrics.reporter.*"},
        {"metrics.reporter..port", "metrics.reporter.*"},
        {"metrics.reporter.", NULL},
        {"kubernetes.pod-template-file", "kubernetes.*"},
        {"state.backend.rocksdb.metrics.num-immutable-mem-table", "state.backend.rocksdb.*"},
        {"s3.assumed.role.arn", "s3.*"},
        {"s3.access.key", "s3.access-key"},
        {"nothing.like.it", NULL},
        {"*", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool older;
        const struct config_key *key = keys_find(slice_text(cases[i].name), &older);

        if (cases[i].want ? key == NULL || strcmp(key->name, cases[i].want) != 0 : key != NULL)
            fail_msg("%s: got %s", cases[i].name, key ? key->name : "nothing");
    }
}

static void test_nearest(UNUSED void **state)
{
    static const char *const names[] = {"select", "insert", "parallelism.default", INTERVAL, "rest.port"};
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"SELCET", "select"},
        {"inset", "insert"},
        {"paralelism.default", "parallelism.default"},
        {"execution.checkpoint.interval", INTERVAL},
        {"rest.prot", "rest.port"},
        {"xyzzy", NULL},
        {"", NULL},
        {"completely.different.words.altogether", NULL},
    };
    char long_word[300];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = config_nearest(cases[i].word, names, COUNT_OF(names));

        if (got != cases[i].want && (got == NULL || cases[i].want == NULL || strcmp(got, cases[i].want) != 0))
            fail_msg("%s: got %s", cases[i].word, got ? got : "none");
    }
    memset(long_word, 'a', sizeof long_word);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(config_nearest(long_word, names, COUNT_OF(names)));
    assert_null(config_nearest("select", names, 0));
}

/* --- setting and getting --- */

static void test_defaults(UNUSED void **state)
{
    struct config *c = config_new();

    assert_int_equal(config_int(c, "parallelism.default"), 1);
    assert_int_equal(config_int(c, "pipeline.max-parallelism"), 128);
    assert_int_equal(config_duration_ms(c, INTERVAL), -1);
    assert_int_equal(config_duration_ms(c, "execution.checkpointing.timeout"), 600000);
    assert_int_equal(config_size(c, "taskmanager.memory.process.size"), INT64_C(1728) << 20);
    assert_int_equal(config_size(c, "taskmanager.memory.flink.size"), -1);
    assert_true(config_double(c, "restart-strategy.exponential-delay.backoff-multiplier") == 1.5);
    assert_null(config_string(c, "restart-strategy.type"));
    assert_string_equal(config_string(c, "state.backend.type"), "hashmap");
    assert_string_equal(config_string(c, "metrics.reporter.prom.port"), "9249");
    assert_false(config_bool(c, "s3.path-style-access"));
    assert_false(config_is_set(c, "parallelism.default"));
    config_free(c);
    config_free(NULL);
}

static void test_set_text(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(config_set_text(c, "parallelism.default= 4", &e), &e);
    ASSERT_OK(config_set_text(c, "pipeline.name=a=b", &e), &e);
    ASSERT_OK(config_set_text(c, "s3.path-style-access", &e), &e);
    ASSERT_OK(config_set_text(c, "restart-strategy.type=Fixed_Delay", &e), &e);
    assert_int_equal(config_int(c, "parallelism.default"), 4);
    assert_string_equal(config_string(c, "pipeline.name"), "a=b");
    assert_true(config_bool(c, "s3.path-style-access"));
    assert_string_equal(config_string(c, "restart-strategy.type"), "fixed-delay");
    assert_true(config_is_set(c, "pipeline.name"));
    config_free(c);
}

static void test_bad_values(UNUSED void **state)
{
    static const struct {
        const char *assignment, *want;
        enum err rc;
    } cases[] = {
        {INTERVAL "=60x", "-D: " INTERVAL ": \"60x\" is no duration (want e.g. 60s, 10 min, 500 ms)",
         ERR_CONFIG},
        {INTERVAL "=5ms", "-D: " INTERVAL ": \"5ms\" is too small (want 10 ms or more)", ERR_CONFIG},
        {"parallelism.default=0", "is too small (want 1 or more)", ERR_CONFIG},
        {"parallelism.default=99999", "is too large (want 32768 or less)", ERR_CONFIG},
        {"parallelism.default=\"4\"", "is no whole number; quotes are part of the value here", ERR_CONFIG},
        {"taskmanager.memory.process.size=lots", "\"lots\" is no size (want e.g. 512mb", ERR_CONFIG},
        {"s3.path-style-access=yes", "\"yes\" is neither true nor false", ERR_CONFIG},
        {"restart-strategy.exponential-delay.jitter-factor=2", "too large (want 1 or less)", ERR_CONFIG},
        {"restart-strategy.exponential-delay.jitter-factor=x", "is no number", ERR_CONFIG},
        {"state.backend.type=forst", "\"forst\" is none of hashmap|rocksdb", ERR_CONFIG},
        {"state.backend=forst", "-D: state.backend: \"forst\"", ERR_CONFIG},
        {"high-availability=zookeeper",
         "high-availability: \"zookeeper\" cannot be honoured: there is no standby", ERR_UNSUPPORTED},
        {"security.ssl.rest.enabled=true", "cannot be honoured: weir serves no TLS itself", ERR_UNSUPPORTED},
        {"pipeline.jobvertex-parallelism-overrides=a:1", "cannot be honoured", ERR_UNSUPPORTED},
        {"=3", "without a key", ERR_CONFIG},
        {"", "without a key", ERR_CONFIG},
        {INTERVAL "=", "is no duration", ERR_CONFIG},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct config *c = config_new();
        struct error e = {0};
        enum err rc = config_set_text(c, cases[i].assignment, &e);

        if (rc != cases[i].rc || strstr(e.text, cases[i].want) == NULL)
            fail_msg("%s: %d, %s", cases[i].assignment, rc, e.text);
        assert_int_equal(c->setting_count, 0);
        config_free(c);
    }
}

static void test_harmless_values_of_refused_keys(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(config_set_text(c, "high-availability=none", &e), &e);
    ASSERT_OK(config_set_text(c, "security.ssl.internal.enabled=False", &e), &e);
    ASSERT_OK(config_set_text(c, "execution.runtime-mode=automatic", &e), &e);
    config_free(c);
}

static void test_older_names_and_values(UNUSED void **state)
{
    static const struct {
        const char *assignment, *key, *want;
    } cases[] = {
        {"state.backend=RocksDB", "state.backend.type", "rocksdb"},
        {"state.backend=filesystem", "state.backend.type", "hashmap"},
        {"state.backend=org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackendFactory",
         "state.backend.type", "rocksdb"},
        {"state.checkpoints.dir=s3://b/c", "execution.checkpointing.dir", "s3://b/c"},
        {"state.checkpoint-storage=s3://b/c", "execution.checkpointing.dir", "s3://b/c"},
        {"execution.checkpointing.storage=/tmp/c", "execution.checkpointing.dir", "/tmp/c"},
        {"state.checkpoint-storage=filesystem", "execution.checkpointing.storage", "filesystem"},
        {"restart.strategy=exponential-delay", "restart-strategy.type", "exponential-delay"},
        {"restart-strategy=off", "restart-strategy.type", "none"},
        {"fs.s3a.access.key=me", "s3.access-key", "me"},
        {"s3.path.style.access=true", "s3.path-style-access", "true"},
        {"jobmanager.adaptive-scheduler.enabled=true", "jobmanager.scheduler", "Adaptive"},
        {"state.backend.rocksdb.block.compress.type=snappy", "state.backend.rocksdb.compression.per.level",
         "SNAPPY_COMPRESSION"},
        {"pipeline.max-parallelism=-1", "pipeline.max-parallelism", "128"},
        {"execution.savepoint.path=s3://b/sp", "execution.state-recovery.path", "s3://b/sp"},
        {"execution.savepoint-restore-mode=legacy", "execution.state-recovery.claim-mode", "NO_CLAIM"},
        {"resourcemanager.taskmanager.numberOfTaskSlots=4", "taskmanager.numberOfTaskSlots", "4"},
        {"metrics.reporter.prom.port=9091", "metrics.reporter.prom.port", "9091"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct config *c = config_new();
        struct error e;
        const struct setting *s;

        ASSERT_OK(config_set_text(c, cases[i].assignment, &e), &e);
        s = map_get(&c->by_key, slice_text(cases[i].key));
        if (s == NULL || strcmp(s->value, cases[i].want) != 0)
            fail_msg("%s: %s is %s", cases[i].assignment, cases[i].key, s ? s->value : "not set");
        config_free(c);
    }
}

/* --- notes --- */

static void collect(void *arg, enum log_level level, const char *text)
{
    bytes_printf(arg, "%d %s\n", level, text);
}

/* All notes as lines "<level> <text>"; valid until the next call. */
static const char *notes_of(const struct config *c)
{
    static struct bytes all;

    bytes_fini(&all);
    config_each_note(c, collect, &all);
    return bytes_cstr(&all);
}

#define ASSERT_NOTE(c, want)                                                                                 \
    do {                                                                                                     \
        if (strstr(notes_of(c), want) == NULL)                                                               \
            fail_msg("no note \"%s\" in\n%s", want, notes_of(c));                                            \
    } while (0)

static void test_notes(UNUSED void **state)
{
    static const struct {
        const char *assignment, *want; /* want: NULL for silence */
    } cases[] = {
        {"parallelism.default=4", NULL},
        {"paralelism.default=4",
         "2 -D: paralelism.default is no key that weir or Flink knows and has no effect; "
         "did you mean parallelism.default?"},
        {"checkpointing.interval=4", "did you mean " INTERVAL "?"},
        {"some.private.thing=4", "some.private.thing is no key that weir or Flink knows and has no effect\n"},
        {"env.java.opts.all=-Xmx1g", "1 -D: env.java.opts.all has no effect: weir has no JVM"},
        {"s3.endpiont=1", "2 -D: s3.endpiont has no effect"},
        {"s3.endpiont=1", "did you mean s3.endpoint?"},
        {"state.backend=hashmap", "1 -D: state.backend is read as state.backend.type\n"},
        {"state.backend=jobmanager",
         "1 -D: state.backend is read as state.backend.type: hashmap, checkpoints lie"},
        {"execution.checkpointing.mode=at-least-once", "AT_LEAST_ONCE: the job runs exactly once"},
        {"execution.checkpointing.max-concurrent-checkpoints=3", "one checkpoint runs at a time"},
        {"execution.checkpointing.max-concurrent-checkpoints=1", NULL},
        {"execution.checkpointing.incremental=false", NULL},
        {"pipeline.name=\"x\"", "2 -D: the quotes are part of the value of pipeline.name"},
        {"metrics.reporter.g.factory.class=org.apache.flink.metrics.graphite.GraphiteReporterFactory",
         "2 -D: metrics.reporter.g.factory.class: org.apache.flink.metrics.graphite.GraphiteReporterFactory: "
         "weir "
         "serves Prometheus only"},
        {"metrics.reporter.p.class=org.apache.flink.metrics.prometheus.PrometheusReporter", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct config *c = config_new();
        struct error e;

        ASSERT_OK(config_set_text(c, cases[i].assignment, &e), &e);
        if (cases[i].want)
            ASSERT_NOTE(c, cases[i].want);
        else
            assert_string_equal(notes_of(c), "");
        config_log_notes(c);
        config_free(c);
    }
}

static void test_layers(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(
        config_load_properties(c,
                               "state.backend.type: hashmap\nstate.backend: rocksdb\nparallelism.default: 2\n"
                               "parallelism.default: 3",
                               "environment FLINK_PROPERTIES", &e),
        &e);
    assert_string_equal(config_string(c, "state.backend.type"), "hashmap");
    ASSERT_NOTE(c, "2 environment FLINK_PROPERTIES:2: state.backend is an older name of state.backend.type, "
                   "which is set "
                   "too (environment FLINK_PROPERTIES:1) and counts");
    ASSERT_NOTE(c, "FLINK_PROPERTIES:4: parallelism.default is set a second time (first: environment "
                   "FLINK_PROPERTIES:3 as parallelism.default); the later counts");
    assert_int_equal(config_int(c, "parallelism.default"), 3);
    ASSERT_OK(config_set(c, "state.backend", "rocksdb", "the job", &e), &e);
    assert_string_equal(config_string(c, "state.backend.type"), "rocksdb");
    ASSERT_OK(config_set_text(c, "parallelism.default=8", &e), &e);
    assert_int_equal(config_int(c, "parallelism.default"), 8);
    assert_int_equal(c->setting_count, 2);
    config_free(c);
}

static void write_each(void *arg, const char *key, const char *value)
{
    bytes_printf(arg, "%s=%s\n", key, value);
}

static void test_each_hides_secrets(UNUSED void **state)
{
    struct config *c = config_new(), *copy;
    struct bytes all = {0};
    struct error e;

    ASSERT_OK(config_set_text(c, "fs.s3a.secret.key=hush", &e), &e);
    ASSERT_OK(config_set_text(c, "pipeline.name=n", &e), &e);
    ASSERT_OK(config_set_text(c, "x.apiKey=hush", &e), &e);
    assert_string_equal(config_string(c, "s3.secret-key"), "hush");
    copy = config_copy(c);
    config_free(c);
    config_each(copy, write_each, &all);
    assert_string_equal(bytes_cstr(&all), "s3.secret-key=******\npipeline.name=n\nx.apiKey=******\n");
    assert_null(strstr(notes_of(copy), "hush"));
    assert_true(config_is_secret("a.Password"));
    assert_false(config_is_secret("s3.endpoint"));
    bytes_fini(&all);
    config_free(copy);
}

/* --- files --- */

static void test_lines(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(config_put_lines(c,
                               SLICE("\xef\xbb\xbf# head\r\n"
                                     "parallelism.default: 6 # six\r\n"
                                     "\tpipeline.name : a: b\n"
                                     "s3.endpoint: http://minio:9000\n"
                                     "rest.port:8082\n"
                                     "rest.address:\n"
                                     "state.backend.rocksdb.compression.per.level: >\n"
                                     "  NO_COMPRESSION:LZ4_COMPRESSION\n"
                                     "s3.secret-key:hush"),
                               "flink-conf.yaml", &e),
              &e);
    assert_int_equal(config_int(c, "parallelism.default"), 6);
    assert_string_equal(config_string(c, "pipeline.name"), "a: b");
    assert_string_equal(config_string(c, "s3.endpoint"), "http://minio:9000");
    assert_int_equal(config_int(c, "rest.port"), 8081);
    assert_int_equal(c->setting_count, 3);
    ASSERT_NOTE(c, "flink-conf.yaml:5: the line is passed over, it is no `key: value`");
    ASSERT_NOTE(c, "flink-conf.yaml:6: the line");
    ASSERT_NOTE(
        c,
        "flink-conf.yaml:7: state.backend.rocksdb.compression.per.level is passed over: values of several");
    ASSERT_NOTE(c, "flink-conf.yaml:8: the line");
    assert_null(strstr(notes_of(c), "hush"));
    config_free(c);
}

static void test_lines_name_the_line(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    assert_int_equal(config_put_lines(c, SLICE("\n\n" INTERVAL ": 60x\n"), "flink-conf.yaml", &e),
                     ERR_CONFIG);
    assert_string_equal(e.text, "flink-conf.yaml:3: " INTERVAL
                                ": \"60x\" is no duration (want e.g. 60s, 10 min, 500 ms)");
    assert_int_equal(config_put_lines(c, SLICE("parallelism.default: \"4\""), "flink-conf.yaml", &e),
                     ERR_CONFIG);
    assert_string_equal(
        e.text,
        "flink-conf.yaml:1: parallelism.default: \"\"4\"\" is no whole number; quotes are part of the "
        "value here, leave them off");
    config_free(c);
}

static void test_yaml(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(config_put_yaml(c,
                              SLICE("# config.yaml\n"
                                    "execution:\n"
                                    "  checkpointing:\n"
                                    "    interval: PT1M   # a minute\n"
                                    "    mode: 'EXACTLY_ONCE'\n"
                                    "    timeout:\n"
                                    "restart-strategy.type: fixed-delay\n"
                                    "restart-strategy:\n"
                                    "  fixed-delay.attempts: 3\n"
                                    "state.backend.rocksdb.compression.per.level: >\n"
                                    "  NO_COMPRESSION:NO_COMPRESSION:LZ4_COMPRESSION\n"
                                    "io.tmp.dirs: [ /a, \"/b\" ]\n"
                                    "metrics:\n"
                                    "  reporters: []\n"
                                    "  reporter:\n"
                                    "    prom:\n"
                                    "      port: \"9249\"\n"),
                              "config.yaml", &e),
              &e);
    assert_int_equal(config_duration_ms(c, INTERVAL), 60000);
    assert_int_equal(config_int(c, "restart-strategy.fixed-delay.attempts"), 3);
    assert_string_equal(config_string(c, "state.backend.rocksdb.compression.per.level"),
                        "NO_COMPRESSION:NO_COMPRESSION:LZ4_COMPRESSION");
    assert_string_equal(config_string(c, "io.tmp.dirs"), "/a;/b");
    assert_string_equal(config_string(c, "metrics.reporters"), "");
    assert_string_equal(config_string(c, "metrics.reporter.prom.port"), "9249");
    ASSERT_NOTE(c, "config.yaml:6: execution.checkpointing.timeout has no value and is passed over");
    config_free(c);
}

static void test_bad_yaml(UNUSED void **state)
{
    static const struct {
        const char *text, *want; /* want: NULL for OK */
    } cases[] = {
        {"", NULL},
        {"# only a comment\n", NULL},
        {"---\n", NULL},
        {"~", NULL},
        {"a", "config.yaml:1: want keys and values"},
        {"- a\n", "config.yaml:1: want keys and values"},
        {"a: b: c\n", "config.yaml:1: this is no YAML"},
        {"a: [1, 2\n", "config.yaml:2: this is no YAML"},
        {"\n\n\ta: 1", "this is no YAML"},
        {"a: 1\n---\nb: 2\n", "second document"},
        {"a: &x 1\nb: *x\n", "config.yaml:1: anchors"},
        {"&r {a: 1}", "anchors"},
        {"a: *x\n", "config.yaml:1: "},
        {"a: [1, [2]]\n", "config.yaml:1: a list may hold plain values only"},
        {"a:\n  - {b: 1}\n", "config.yaml:2: a list may hold"},
        {"a: ['x;y']\n", "may not hold a ';'"},
        {"[a]: 1\n", "a key must be a plain word"},
        {"'': 1\n", "a key must be a plain word"},
        {"rest.port: 1\nrest:\n  port: 2\n", "config.yaml:3: rest.port is there a second time"},
        {"execution.checkpointing:\n  interval: never\n",
         "config.yaml:2: " INTERVAL ": \"never\" is no duration"},
        {"\"a\\0b\": 1\n", "zero byte"},
        {"a: \"x\\0y\"\n", "zero byte"},
        {"a: \xff\xff", "this is no YAML"},
    };
    struct bytes deep = {0};
    struct config *c;
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err rc;

        c = config_new();
        e.text[0] = '\0';
        rc = config_put_yaml(c, slice_text(cases[i].text), "config.yaml", &e);
        if (cases[i].want ? rc != ERR_CONFIG || strstr(e.text, cases[i].want) == NULL : rc != OK)
            fail_msg("case %zu, %s: %d, %s", i, cases[i].text, rc, e.text);
        config_free(c);
    }
    for (int i = 0; i < 100; i++)
        bytes_text(&deep, "{a: ");
    c = config_new();
    assert_int_equal(config_put_yaml(c, bytes_all(&deep), "config.yaml", &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "too deeply"));
    config_free(c);
    bytes_fini(&deep);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[300];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_files(UNUSED void **state)
{
    char dir[] = "/tmp/config_test.XXXXXX", path[300];
    struct config *c = config_new();
    struct error e;

    assert_non_null(mkdtemp(dir));
    ASSERT_OK(config_load_dir(c, dir, &e), &e);
    assert_int_equal(c->setting_count, 0);
    write_file(dir, "config.yaml", "parallelism:\n  default: 2\n");
    ASSERT_OK(config_load_dir(c, dir, &e), &e);
    assert_int_equal(config_int(c, "parallelism.default"), 2);
    write_file(dir, "flink-conf.yaml", "parallelism.default: 3\n");
    ASSERT_OK(config_load_dir(c, dir, &e), &e);
    assert_int_equal(config_int(c, "parallelism.default"), 3);
    ASSERT_NOTE(c, "config.yaml is not read, because ");
    write_file(dir, "flink-conf.yaml", "\nparallelism.default: three\n");
    assert_int_equal(config_load_dir(c, dir, &e), ERR_CONFIG);
    snprintf(path, sizeof path, "%s/flink-conf.yaml:2: parallelism.default: \"three\" is no whole number",
             dir);
    assert_string_equal(e.text, path);
    snprintf(path, sizeof path, "%s/none.yaml", dir);
    assert_int_equal(config_load_file(c, path, &e), ERR_NOT_FOUND);
    assert_int_equal(config_load_file(c, dir, &e), ERR_IO); /* a folder */
    snprintf(path, sizeof path, "%s/flink-conf.yaml", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/config.yaml", dir);
    unlink(path);
    rmdir(dir);
    ASSERT_OK(config_load_dir(c, dir, &e), &e); /* no folder, no configuration */
    config_free(c);
}

/* A production file of a job that runs on Flink today. */
static const char production[] =
    "jobmanager.rpc.address: health-data-consumer-rest\njobmanager.rpc.port: 6123\n"
    "jobmanager.memory.process.size: 2048m\njobmanager.memory.flink.size: 1536m\n"
    "jobmanager.memory.jvm-overhead.fraction: 0.1\ntaskmanager.numberOfTaskSlots: 4\n"
    "taskmanager.memory.process.size: 4096m\ntaskmanager.memory.flink.size: 3072m\n"
    "taskmanager.memory.managed.fraction: 0.4\ntaskmanager.memory.network.fraction: 0.2\n"
    "taskmanager.memory.jvm-overhead.fraction: 0.1\nparallelism.default: 6\nstate.backend: rocksdb\n"
    "state.backend.incremental: true\n"
    "state.backend.rocksdb.predefined-options: SPINNING_DISK_OPTIMIZED_HIGH_MEM\n"
    "state.backend.rocksdb.block.cache-size: 512m\nstate.backend.rocksdb.writebuffer.size: 128m\n"
    "state.backend.rocksdb.writebuffer.count: 4\nstate.checkpoints.dir: "
    "s3://flink-checkpoints/health-consumer\n"
    "execution.checkpointing.interval: 60s\nexecution.checkpointing.mode: EXACTLY_ONCE\n"
    "execution.checkpointing.timeout: 10min\nexecution.checkpointing.max-concurrent-checkpoints: 1\n"
    "execution.checkpointing.min-pause: 30s\n"
    "execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION\n"
    "state.savepoints.dir: s3://flink-checkpoints/health-consumer/savepoints\nrestart-strategy: fixed-delay\n"
    "restart-strategy.fixed-delay.attempts: 3\nrestart-strategy.fixed-delay.delay: 10s\n"
    "taskmanager.network.memory.fraction: 0.2\ntaskmanager.network.memory.min: 256m\n"
    "taskmanager.network.memory.max: 1024m\nexecution.buffer-timeout: 100ms\n"
    "metrics.reporter.prom.class: org.apache.flink.metrics.prometheus.PrometheusReporter\n"
    "metrics.reporter.prom.port: 9249\nmetrics.reporter.prom.interval: 30s\nmetrics.scope.jm: "
    "flink.jobmanager\n"
    "metrics.scope.tm: flink.taskmanager\nmetrics.scope.task: flink.taskmanager.task\n"
    "metrics.scope.operator: flink.taskmanager.task.operator\nweb.submit.enable: false\nweb.cancel.enable: "
    "false\n"
    "web.timeout: 600000\nkubernetes.namespace: data-platform\nkubernetes.cluster-id: health-data-consumer\n"
    "kubernetes.container.image: health-stack/flink-iceberg-consumer:1.0.0\n"
    "kubernetes.jobmanager.service-account: flink-service-account\n"
    "kubernetes.taskmanager.service-account: flink-service-account\n"
    "state.backend.rocksdb.compression.per.level: NO_COMPRESSION:LZ4_COMPRESSION:ZSTD_COMPRESSION\n"
    "state.backend.rocksdb.block.blocksize: 16kb\nstate.backend.rocksdb.use-bloom-filter: true\n"
    "state.backend.rocksdb.thread.num: 4\nstate.backend.rocksdb.memory.managed: true\n"
    "state.backend.rocksdb.memory.write-buffer-ratio: "
    "0.5\nstate.backend.rocksdb.memory.high-prio-pool-ratio: 0.1\n"
    "state.backend.rocksdb.compaction.level.max-size-level-base: 256mb\n"
    "state.backend.rocksdb.compaction.level.target-file-size-base: 64mb\n"
    "high-availability.storageDir: s3://flink-ha/\nhigh-availability.zookeeper.quorum: zk-1:2181,zk-2:2181\n"
    "high-availability.cluster-id: health-data-consumer\nsecurity.ssl.keystore: /path/to/keystore.jks\n"
    "akka.ask.timeout: 60s\nscheduler.resource.min.containers: 1\nscheduler.resource.max.containers: 10\n"
    "jobmanager.adaptive-scheduler.enabled: true\ntaskmanager.network.shuffle.compression.codec: lz4\n"
    "taskmanager.network.memory.buffers.per-channel.max: "
    "2\ntaskmanager.network.memory.buffers.per-channel.min: 1\n"
    "taskmanager.network.socket.send-buffer-size: 4194304\nsink.kafka.delivery.guarantee: EXACTLY_ONCE\n"
    "sink.kafka.transaction.timeout.ms: 900000\nstate.backend.rocksdb.state.ttl.cleanup.size: 10000\n"
    "state.backend.rocksdb.bloom.filter.bits-per-key: 10\nstate.backend.rocksdb.localdir: /data/rocksdb\n"
    "taskmanager.memory.task.heap.size: 3072m\ntaskmanager.memory.managed.size: 2048m\n";

static void test_production_file(UNUSED void **state)
{
    struct config *c = config_new();
    struct error e;

    ASSERT_OK(config_put_lines(c, slice_text(production), "flink-conf.yaml", &e), &e);
    assert_int_equal(config_int(c, "parallelism.default"), 6);
    assert_int_equal(config_size(c, "taskmanager.memory.process.size"), INT64_C(4) << 30);
    assert_string_equal(config_string(c, "execution.checkpointing.dir"),
                        "s3://flink-checkpoints/health-consumer");
    assert_string_equal(config_string(c, "execution.checkpointing.externalized-checkpoint-retention"),
                        "RETAIN_ON_CANCELLATION");
    assert_int_equal(config_duration_ms(c, "restart-strategy.fixed-delay.delay"), 10000);
    assert_int_equal(config_duration_ms(c, "web.timeout"), 600000);
    assert_true(config_double(c, "taskmanager.memory.network.fraction") == 0.2);
    assert_null(strstr(notes_of(c), "is no key that weir")); /* each is known */
    assert_null(strstr(notes_of(c), "did you mean"));
    assert_null(strstr(notes_of(c), "\n2 ")); /* and none is worth a warning */
    config_free(c);
}

static void test_doc_has_every_key(UNUSED void **state)
{
    struct bytes page = {0};
    const char *text;

    config_write_doc(&page);
    text = bytes_cstr(&page);
    assert_non_null(text);
    for (size_t i = 0; i < config_key_count; i++) {
        char cell[200];

        snprintf(cell, sizeof cell, "\n| `%s`", config_keys[i].name);
        if (strstr(text, cell) == NULL)
            fail_msg("%s is not on the page", config_keys[i].name);
    }
    bytes_fini(&page);
}

/* --- no memory --- */

static enum err load_all(struct error *e)
{
    struct config *c = config_new(), *copy = NULL;
    enum err rc = c ? OK : ERR_MEMORY;

    if (rc == OK)
        rc = config_put_lines(
            c,
            SLICE("state.backend: rocksdb\nparallelism.default: 2\nparallelism.default: 3\nbad\n"
                  "env.java.home: /x\nunknwon: 1\n"),
            "flink-conf.yaml", e);
    if (rc == OK)
        rc = config_put_yaml(c, SLICE("a:\n  b: [1, 2]\n  c:\npipeline.name: x\n"), "config.yaml", e);
    if (rc == OK)
        rc = config_set_text(c, "parallelism.default=4", e);
    if (rc == OK && (copy = config_copy(c)) == NULL)
        rc = error_memory(e, 1, "a copy");
    if (rc == OK)
        config_each_note(copy, collect,
                         &(struct bytes){.failed = true}); /* suggestions may fail: no more than that */
    config_free(copy);
    config_free(c);
    return rc;
}

static void test_no_memory(UNUSED void **state)
{
    struct error e;
    uint64_t before = mem_count(), needed;
    size_t refused = 0;

    ASSERT_OK(load_all(&e), &e);
    needed = mem_count() - before;
    for (uint64_t nth = 1; nth <= needed; nth++) {
        enum err rc;

        mem_fail_at(nth, false);
        rc = load_all(&e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        refused += rc == ERR_MEMORY;
    }
    assert_true(refused > needed / 2);
}

TEST_MAIN(cmocka_unit_test(test_durations), cmocka_unit_test(test_sizes),
          cmocka_unit_test(test_numbers_and_truths), cmocka_unit_test(test_table_is_sound),
          cmocka_unit_test(test_patterns), cmocka_unit_test(test_nearest), cmocka_unit_test(test_defaults),
          cmocka_unit_test(test_set_text), cmocka_unit_test(test_bad_values),
          cmocka_unit_test(test_harmless_values_of_refused_keys),
          cmocka_unit_test(test_older_names_and_values), cmocka_unit_test(test_notes),
          cmocka_unit_test(test_layers), cmocka_unit_test(test_each_hides_secrets),
          cmocka_unit_test(test_lines), cmocka_unit_test(test_lines_name_the_line),
          cmocka_unit_test(test_yaml), cmocka_unit_test(test_bad_yaml), cmocka_unit_test(test_files),
          cmocka_unit_test(test_production_file), cmocka_unit_test(test_doc_has_every_key),
          cmocka_unit_test(test_no_memory))
