/* confluent_test.c: format "avro-confluent" with an executor that runs when the test says so. */
#include "formats/registry.h"
#include "formats/test_payloads.h"
#include "os/log.h"
#include <pthread.h>
#include <stdatomic.h>

/* --- an executor in the test's hands --- */

struct fake {
    struct executor executor;
    void (*fns[64])(void *arg);
    void *args[64];
    int count;
    bool refuses;
};

static bool fake_submit(struct executor *x, void (*fn)(void *arg), void *arg)
{
    struct fake *f = CONTAINER_OF(x, struct fake, executor);

    if (f->refuses)
        return false;
    assert_true(f->count < 64);
    f->fns[f->count] = fn;
    f->args[f->count++] = arg;
    return true;
}

static int fake_run(struct fake *f)
{
    int count = f->count;

    for (int i = 0; i < count; i++)
        f->fns[i](f->args[i]);
    f->count = 0;
    return count;
}

static void wake(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* --- schemas and payloads --- */

#define NAME    "confluent-test"
#define COLUMNS "a INT, b STRING"
#define V1      "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"
#define V2                                                                                                   \
    "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"b\",\"type\":\"string\"},"                  \
    "{\"name\":\"a\",\"type\":\"int\"}]}"
#define V3 "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}"

struct setup {
    struct fake fake;
    struct test_decoder t;
    struct metrics *metrics;
    atomic_int woken;
};

static void setup_open(struct setup *s, const char *columns, const char *const *more)
{
    static const char *const url[] = {"url", "mock://" NAME, NULL};
    static const char *const schemas[] = {V1, V2, V3};
    struct map map = {0};
    struct registry *r = NULL;
    struct error e;

    *s = (struct setup){.fake.executor.submit = fake_submit};
    registry_mock_forget(NAME);
    assert_true(map_put(&map, SLICE("url"), (void *)(uintptr_t)url[1]));
    ASSERT_OK(registry_new(&map, &r, &e), &e);
    for (int32_t i = 0; i < 3; i++) {
        int32_t id = 0;

        ASSERT_OK(registry_register(r, "s-value", slice_text(schemas[i]), &id, &e), &e);
        assert_int_equal(id, i + 1);
    }
    registry_free(r);
    map_fini(&map);
    test_spec(&s->t, columns, url);
    for (; more && *more; more += 2)
        assert_true(map_put(&s->t.options, slice_text(more[0]), (void *)(uintptr_t)more[1]));
    s->metrics = metrics_new(clock_system());
    s->t.spec.executor = &s->fake.executor;
    s->t.spec.wake = wake;
    s->t.spec.wake_arg = &s->woken;
    s->t.spec.registry = s->metrics;
    s->t.spec.metrics = metrics_bare(s->metrics, NULL, 0);
    ASSERT_OK(format_find("avro-confluent")->decoder_new(&s->t.spec, &s->t.decoder, &e), &e);
}

static void setup_close(struct setup *s)
{
    test_decoder_close(&s->t);
    fake_run(&s->fake); /* what was submitted still runs, after the decoder is gone */
    metrics_scope_remove(s->t.spec.metrics);
    metrics_free(s->metrics);
    registry_mock_forget(NAME);
}

static double metric(const struct setup *s, const char *name)
{
    double v = 0;

    metrics_sum(s->metrics, name, &v);
    return v;
}

static enum err decode(struct setup *s, const struct slice *payloads, int32_t count, struct bytes *text,
                       struct error *e)
{
    struct batch *raw = test_raw_batch(payloads, count), *rows = NULL, *errors = NULL;
    enum err rc = decoder_decode(s->t.decoder, raw, &rows, &errors, e);

    bytes_clear(text);
    assert_true(rc == OK || (rows == NULL && errors == NULL));
    if (rows)
        test_print(rows, text);
    test_print_errors(errors, text);
    bytes_cstr(text);
    batch_unref(rows);
    batch_unref(errors);
    batch_unref(raw);
    return rc;
}

#define P1 SLICE("\x00\x00\x00\x00\x01\x02")
#define P2 SLICE("\x00\x00\x00\x00\x02\x02x\x04")
#define P3 SLICE("\x00\x00\x00\x00\x03\x02x")
#define P9 SLICE("\x00\x00\x00\x00\x09\x02x")

/* --- tests --- */

static void test_wait_and_wake(UNUSED void **state)
{
    const struct slice both[] = {P1, P2, P1};
    struct setup s;
    struct bytes text = {0};
    struct error e;

    setup_open(&s, COLUMNS, NULL);
    assert_int_equal(decode(&s, both, 3, &text, &e), ERR_WAIT);
    assert_int_equal(s.fake.count, 2); /* each schema is asked for once */
    assert_int_equal(decode(&s, both, 3, &text, &e), ERR_WAIT);
    assert_int_equal(s.fake.count, 2);
    assert_int_equal(s.woken, 0);
    fake_run(&s.fake);
    assert_int_equal(s.woken, 2);
    ASSERT_OK(decode(&s, both, 3, &text, &e), &e);
    assert_string_equal(text.ptr, "+I(1, NULL)\n+I(2, x)\n+I(1, NULL)\n");
    ASSERT_OK(decode(&s, both, 3, &text, &e), &e); /* known from now on */
    assert_int_equal(registry_mock_asked(NAME, 1), 1);
    setup_close(&s);
    bytes_fini(&text);
}

static void test_evolution(UNUSED void **state)
{
    struct setup s;
    struct bytes text = {0}, page = {0};
    struct error e;

    setup_open(&s, COLUMNS, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(decode(&s, &P1, 1, &text, &e), i ? OK : ERR_WAIT);
        fake_run(&s.fake);
    }
    assert_true(metric(&s, "schema_evolution_events") == 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(decode(&s, &P2, 1, &text, &e), i ? OK : ERR_WAIT);
        fake_run(&s.fake);
    }
    ASSERT_OK(decode(&s, &P1, 1, &text, &e), &e);
    assert_true(metric(&s, "schema_evolution_events") == 1);
    metrics_prometheus(s.metrics, &page);
    assert_non_null(strstr(bytes_cstr(&page), "schema_evolution_events{schema_version=\"2\"} 1"));
    setup_close(&s);
    bytes_fini(&text);
    bytes_fini(&page);
}

static void test_bad_payloads(UNUSED void **state)
{
    const struct slice payloads[] = {SLICE("\x00\x00\x00\x00"),
                                     SLICE(""),
                                     SLICE("{\"a\":1}"),
                                     SLICE("\x01\x00\x00\x00\x01\x02"),
                                     SLICE("\x00\x00\x00\x00\x01"),
                                     SLICE("\x00\x00\x00\x00\x01\x02\x02"),
                                     {NULL, 0},
                                     P1};
    struct setup s;
    struct bytes text = {0};
    struct error e;

    setup_open(&s, COLUMNS, NULL);
    assert_int_equal(decode(&s, payloads, 8, &text, &e), ERR_WAIT);
    fake_run(&s.fake);
    ASSERT_OK(decode(&s, payloads, 8, &text, &e), &e);
    assert_string_equal(text.ptr,
                        "+I(1, NULL)\n"
                        "!deserialization: the payload has 4 bytes, but 0 and a schema id are 5 alone\n"
                        "!deserialization: the payload has 0 bytes, but 0 and a schema id are 5 alone\n"
                        "!deserialization: the payload begins with 0x7b, not with 0 as those of a schema "
                        "registry's serializers; is it JSON?\n"
                        "!deserialization: the payload begins with 0x01, not with 0 as those of a schema "
                        "registry's serializers\n"
                        "!deserialization: field a: 1 byte is missing\n"
                        "!deserialization: 1 bytes are left behind the record of schema 1\n"
                        "!tombstone: the record has no payload\n");
    assert_true(metric(&s, "deserialization_errors") == 6);
    setup_close(&s);
    bytes_fini(&text);
}

/* A schema that is unknown, no schema, or does not fit, costs its own payloads only. */
static void test_bad_schemas(UNUSED void **state)
{
    const struct slice payloads[] = {P9, P1, P3, SLICE("\x00\x00\x00\x00\x04"), SLICE("\x00\x00\x00\x00\x05"),
                                     P1};
    struct setup s;
    struct bytes text = {0};
    struct error e;

    setup_open(&s, COLUMNS, NULL);
    assert_true(registry_mock_answer(NAME, 4, REGISTRY_MOCK_BROKEN) &&
                registry_mock_answer(NAME, 5, REGISTRY_MOCK_NONSENSE));
    assert_int_equal(decode(&s, payloads, 6, &text, &e), ERR_WAIT);
    fake_run(&s.fake);
    ASSERT_OK(decode(&s, payloads, 6, &text, &e), &e);
    assert_string_equal(
        text.ptr, "+I(1, NULL)\n+I(1, NULL)\n"
                  "!unknown_schema: schema 9: schema registry: the registry does not know schema 9\n"
                  "!incompatible_schema: schema 3: field a: the payload's string cannot be read as INT\n"
                  "!bad_schema: schema 4: Avro schema: a name is missing of a `record`\n"
                  "!bad_schema: schema 5: schema registry: the registry's answer is not JSON\n");
    assert_true(metric(&s, "deserialization_errors") == 4);
    for (int i = 0; i < 50; i++)
        ASSERT_OK(decode(&s, &P9, 1, &text, &e), &e);
    assert_int_equal(registry_mock_asked(NAME, 9), 1);
    setup_close(&s);
    bytes_fini(&text);
}

/* What the registry did not know it is asked for again later. */
static void test_unknown_becomes_known(UNUSED void **state)
{
    struct setup s;
    struct bytes text = {0};
    struct error e;
    int waits = 0;
    enum err rc;

    setup_open(&s, COLUMNS, NULL);
    assert_true(registry_mock_answer(NAME, 1, REGISTRY_MOCK_UNKNOWN));
    for (int i = 0; i < 300; i++) {
        if (i == 150)
            assert_true(registry_mock_answer(NAME, 1, REGISTRY_MOCK_TRUE));
        rc = decode(&s, &P1, 1, &text, &e);
        waits += rc == ERR_WAIT;
        fake_run(&s.fake);
    }
    assert_int_equal(waits, 3);
    assert_string_equal(text.ptr, "+I(1, NULL)\n");
    setup_close(&s);
    bytes_fini(&text);
}

/* A registry that cannot be reached loses nothing: the caller tries again. */
static void test_unreachable(UNUSED void **state)
{
    static const struct {
        enum registry_mock_answer answer;
        enum err rc;
    } cases[] = {{REGISTRY_MOCK_UNAVAILABLE, ERR_UNAVAILABLE}, {REGISTRY_MOCK_DENIED, ERR_DENIED}};
    struct setup s;
    struct bytes text = {0};
    struct error e;

    setup_open(&s, COLUMNS, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_true(registry_mock_answer(NAME, 1, cases[i].answer));
        assert_int_equal(decode(&s, &P1, 1, &text, &e), ERR_WAIT);
        fake_run(&s.fake);
        assert_int_equal(decode(&s, &P1, 1, &text, &e), cases[i].rc);
        assert_non_null(strstr(e.text, "schema registry: the registry"));
    }
    assert_true(registry_mock_answer(NAME, 1, REGISTRY_MOCK_TRUE));
    assert_int_equal(decode(&s, &P1, 1, &text, &e), ERR_WAIT);
    fake_run(&s.fake);
    ASSERT_OK(decode(&s, &P1, 1, &text, &e), &e);
    assert_string_equal(text.ptr, "+I(1, NULL)\n");
    s.fake.refuses = true;
    assert_int_equal(decode(&s, &P2, 1, &text, &e), ERR_MEMORY);
    s.fake.refuses = false;
    assert_int_equal(decode(&s, &P2, 1, &text, &e), ERR_WAIT);
    setup_close(&s);
    bytes_fini(&text);
}

/* A topic full of garbage names any number of ids: they are fetched a few at a time, and forgotten. */
static void test_garbage_ids(UNUSED void **state)
{
    static char bytes[6000][6];
    static struct slice payloads[6000];
    struct setup s;
    struct bytes text = {0};
    struct error e;
    int rounds = 0;
    enum err rc;

    setup_open(&s, COLUMNS, NULL);
    for (int i = 0; i < 6000; i++) {
        bytes[i][3] = (char)((i + 1000) >> 8);
        bytes[i][4] = (char)(i + 1000);
        payloads[i] = slice_of(bytes[i], 6);
    }
    while ((rc = decode(&s, payloads, 6000, &text, &e)) == ERR_WAIT && rounds++ < 2000)
        assert_true(fake_run(&s.fake) <= 16);
    ASSERT_OK(rc, &e);
    assert_non_null(strstr(text.ptr, "!unknown_schema: schema 1000: "));
    assert_non_null(strstr(text.ptr, "!unknown_schema: schema 6999: "));
    setup_close(&s);
    bytes_fini(&text);
}

/* Option schema: the reader's, with defaults and aliases. */
static void test_reader(UNUSED void **state)
{
    static const char *const reader[] = {
        "schema",
        "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"number\",\"aliases\":[\"a\"],\"type\":"
        "\"int\"},"
        "{\"name\":\"c\",\"type\":\"string\",\"default\":\"a default, longer than twelve\"}]}",
        NULL};
    static const char *const url[] = {"url", "mock://" NAME, "schema", V1, NULL};
    struct setup s;
    struct bytes text = {0};
    struct error e;

    setup_open(&s, "number INT NOT NULL, c STRING NOT NULL", reader);
    assert_int_equal(decode(&s, &P1, 1, &text, &e), ERR_WAIT);
    fake_run(&s.fake);
    ASSERT_OK(decode(&s, &P1, 1, &text, &e), &e);
    assert_string_equal(text.ptr, "+I(1, a default, longer than twelve)\n");
    setup_close(&s);
    bytes_fini(&text);
    s.t.spec.executor = &s.fake.executor;
    test_spec(&s.t, "a INT, b STRING", url);
    s.t.spec.executor = &s.fake.executor;
    assert_int_equal(format_find("avro-confluent")->decoder_new(&s.t.spec, &s.t.decoder, &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "option 'avro-confluent.schema': field b: the given schema has no such field");
    s.t.decoder = NULL;
    test_decoder_close(&s.t);
}

static void test_options(UNUSED void **state)
{
    static const char *const typo[] = {"urls", "mock://x", NULL};
    struct fake fake = {.executor.submit = fake_submit};
    struct test_decoder t;
    struct error e;

    test_spec(&t, "a INT", NULL);
    t.spec.executor = &fake.executor;
    assert_int_equal(format_find("avro-confluent")->decoder_new(&t.spec, &t.decoder, &e), ERR_CONFIG);
    assert_string_equal(
        e.text,
        "option 'avro-confluent.url' is missing: The schema registry's address; several with commas.");
    t.decoder = NULL;
    test_decoder_close(&t);
    test_spec(&t, "a INT", typo);
    t.spec.executor = &fake.executor;
    assert_int_equal(format_find("avro-confluent")->decoder_new(&t.spec, &t.decoder, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "format 'avro-confluent' has no option 'avro-confluent.urls'"));
    t.decoder = NULL;
    test_decoder_close(&t);
}

/* With real threads: fetches come back while the decoder is asked, and while it is freed. */
static void test_threads(UNUSED void **state)
{
    const struct slice both[] = {P1, P2};
    struct executor *pool = NULL;
    struct error e;

    log_init(LOG_ERROR, LOG_TEXT, 2);
    ASSERT_OK(executor_pool_new("fetch", 2, &pool, &e), &e);
    for (int i = 0; i < 200; i++) {
        struct setup s;
        struct bytes text = {0};
        int tries = 0;

        setup_open(&s, COLUMNS, NULL);
        s.t.spec.executor = pool;
        while (decode(&s, both, 2, &text, &e) == ERR_WAIT && i % 3 && tries++ < 1000000)
            ;
        if (i % 3)
            assert_string_equal(text.ptr, "+I(1, NULL)\n+I(2, x)\n");
        setup_close(&s);
        bytes_fini(&text);
    }
    executor_pool_free(pool);
}

static void test_no_memory(UNUSED void **state)
{
    const struct slice payloads[] = {P1, P9, P2, P3};
    int done = 0;

    for (uint64_t n = 1; done < 2; n++) {
        struct setup s;
        struct bytes text = {0};
        struct error e;
        enum err rc = OK;
        struct batch *raw = test_raw_batch(payloads, 4);
        int failures = 0;

        setup_open(&s, COLUMNS, NULL);
        mem_fail_at(n, false);
        for (int i = 0; i < 4; i++) {
            struct batch *rows = NULL, *errors = NULL;

            rc = decoder_decode(s.t.decoder, raw, &rows, &errors, &e);
            fake_run(&s.fake);
            assert_true(rc == OK || rc == ERR_WAIT || rc == ERR_MEMORY);
            failures += rc == ERR_MEMORY;
            if (rc == OK) {
                assert_int_equal(rows->row_count, 2);
                assert_int_equal(errors->row_count, 2);
            }
            batch_unref(rows);
            batch_unref(errors);
            if (i == 2)
                mem_fail_at(0, false);
        }
        batch_unref(raw);
        assert_int_equal(rc, OK);
        done = failures ? 0 : done + (n > 60);
        setup_close(&s);
        bytes_fini(&text);
    }
}

TEST_MAIN(cmocka_unit_test(test_wait_and_wake), cmocka_unit_test(test_evolution),
          cmocka_unit_test(test_bad_payloads), cmocka_unit_test(test_bad_schemas),
          cmocka_unit_test(test_unknown_becomes_known), cmocka_unit_test(test_unreachable),
          cmocka_unit_test(test_garbage_ids), cmocka_unit_test(test_reader), cmocka_unit_test(test_options),
          cmocka_unit_test(test_threads), cmocka_unit_test(test_no_memory))
