/* registry_test.c: the registry's client against a server in this process that answers well and badly, and
 * mock://. */
#include "formats/registry.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/http.h"
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define SCHEMA "{\"type\":\"record\",\"name\":\"r\",\"fields\":[]}"

/* The path tells the server what to do. */
struct service {
    struct http_server *server;
    char url[64];
    atomic_int calls, version_calls;
    char authorization[100], body[300], path[100]; /* of the last call */
};

static void answer(struct http_reply *reply, int status, const char *body)
{
    reply->status = status;
    reply->content_type = "application/vnd.schemaregistry.v1+json";
    bytes_text(&reply->body, body);
}

static void handle(void *arg, const struct http_call *call, struct http_reply *reply)
{
    struct service *s = arg;
    const char *authorization = http_call_header(call, "Authorization");

    atomic_fetch_add(&s->calls, 1);
    snprintf(s->authorization, sizeof s->authorization, "%s", authorization ? authorization : "");
    if (strstr(call->path, "/versions") == NULL || strcmp(call->method, "POST") == 0) {
        snprintf(s->body, sizeof s->body, SLICE_FMT, SLICE_ARG(call->body));
        snprintf(s->path, sizeof s->path, "%s", call->path);
    }
    if (strcmp(call->method, "POST") == 0) {
        answer(reply, 200, strstr(call->path, "bad") ? "{}" : "{\"id\":77}");
    } else if (strcmp(call->path, "/schemas/ids/1/versions") == 0) {
        atomic_fetch_add(&s->version_calls, 1);
        answer(reply, 200, "[{\"subject\":\"s-value\",\"version\":5},{\"subject\":\"t\",\"version\":1}]");
    } else if (strcmp(call->path, "/schemas/ids/1") == 0) {
        answer(reply, 200,
               "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":[]}\"}");
    } else if (strcmp(call->path, "/schemas/ids/2") == 0) {
        answer(reply, 200, "<html>a proxy's page</html>");
    } else if (strcmp(call->path, "/schemas/ids/3") == 0) {
        answer(reply, 500, "{\"error_code\":50001,\"message\":\"Error in the backend data store\"}");
    } else if (strcmp(call->path, "/schemas/ids/4") == 0) {
        answer(reply, 401, "{\"error_code\":401,\"message\":\"Unauthorized\"}");
    } else if (strcmp(call->path, "/schemas/ids/5") == 0) {
        answer(reply, 200, "{\"schema\":7}");
    } else if (strcmp(call->path, "/schemas/ids/6") == 0) {
        answer(reply, 200, "{\"schema\":\"syntax = proto3\",\"schemaType\":\"PROTOBUF\"}");
    } else if (strcmp(call->path, "/schemas/ids/7") == 0) {
        answer(reply, 200,
               "{\"schema\":\"{}\",\"references\":[{\"name\":\"a\",\"subject\":\"b\",\"version\":1}]}");
    } else if (strcmp(call->path, "/schemas/ids/8") == 0) {
        usleep(300000);
        answer(reply, 200, "{\"schema\":\"slow\",\"schemaType\":\"AVRO\"}");
    } else if (strcmp(call->path, "/schemas/ids/9") == 0) {
        bytes_append(&reply->body, "\0\xff\x01garbage", 10);
    } else if (strcmp(call->path, "/schemas/ids/10") == 0) {
        answer(reply, 302, "");
    } else {
        answer(reply, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
    }
}

static void service_start(struct service *s)
{
    struct error e;

    *s = (struct service){0};
    ASSERT_OK(http_server_start("127.0.0.1", 0, handle, s, &s->server, &e), &e);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", http_server_port(s->server));
}

/* A client with options, name, value, ..., ended by NULL. */
static enum err open_client(const char *const *options, struct registry **out, struct error *e)
{
    struct map map = {0};
    enum err rc;

    for (; *options; options += 2)
        assert_true(map_put(&map, slice_text(options[0]), (void *)(uintptr_t)options[1]));
    rc = registry_new(&map, out, e);
    map_fini(&map);
    return rc;
}

static void test_answers(UNUSED void **state)
{
    static const struct {
        int32_t id;
        enum err rc;
        const char *want;
    } cases[] = {
        {2, ERR_INPUT, "the registry's answer is not JSON"},
        {3, ERR_UNAVAILABLE, "the registry answers 500, Error in the backend data store"},
        {4, ERR_DENIED,
         "the registry answers 401, Unauthorized; check basic-auth.user-info or bearer-auth.token"},
        {5, ERR_INPUT, "the registry's answer for schema 5 has no schema in it"},
        {6, ERR_UNSUPPORTED, "schema 6 is of type PROTOBUF, not AVRO"},
        {7, ERR_UNSUPPORTED, "schema 7 has references to other schemas"},
        {8, OK, "slow"},
        {9, ERR_INPUT, "the registry's answer is not JSON"},
        {10, ERR_INPUT, "the registry answers 302"},
        {11, ERR_NOT_FOUND, "the registry answers 404, Schema not found"},
        {-1, ERR_NOT_FOUND, "the registry answers 404"},
    };
    struct service s;
    struct registry *r = NULL;
    struct bytes out = {0};
    struct error e = {0};

    service_start(&s);
    ASSERT_OK(open_client((const char *const[]){"url", s.url, NULL}, &r, &e), &e);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err rc;

        bytes_clear(&out);
        rc = registry_schema(r, cases[i].id, &out, NULL, &e);
        if (rc != cases[i].rc || strstr(rc == OK ? bytes_cstr(&out) : e.text, cases[i].want) == NULL)
            fail_msg("%" PRId32 ": got %d, %s", cases[i].id, (int)rc, e.text);
    }
    registry_free(r);
    bytes_fini(&out);
    http_server_stop(s.server);
}

/* What was fetched is not fetched again. */
static void test_cache(UNUSED void **state)
{
    struct service s;
    struct registry *r = NULL;
    struct bytes out = {0};
    struct error e;
    int32_t version = 0;

    service_start(&s);
    ASSERT_OK(open_client((const char *const[]){"url", s.url, NULL}, &r, &e), &e);
    for (int i = 0; i < 3; i++) {
        bytes_clear(&out);
        ASSERT_OK(registry_schema(r, 1, &out, &version, &e), &e);
        assert_string_equal(bytes_cstr(&out), SCHEMA);
        assert_int_equal(version, 5);
    }
    assert_int_equal(atomic_load(&s.calls), 2);
    assert_int_equal(atomic_load(&s.version_calls), 1);
    registry_free(r);
    bytes_fini(&out);
    http_server_stop(s.server);
}

static void test_register(UNUSED void **state)
{
    struct service s;
    struct registry *r = NULL;
    struct error e;
    int32_t id = 0;

    service_start(&s);
    ASSERT_OK(open_client((const char *const[]){"url", s.url, NULL}, &r, &e), &e);
    ASSERT_OK(registry_register(r, "a topic/with \xc3\xa9-value", SLICE("{\"type\":\"int\"}"), &id, &e), &e);
    assert_int_equal(id, 77);
    assert_string_equal(s.body, "{\"schema\":\"{\\\"type\\\":\\\"int\\\"}\"}");
    assert_non_null(strstr(s.path, "-value/versions"));
    assert_int_equal(registry_register(r, "bad", SLICE("{}"), &id, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "registering subject bad: the registry's answer has no id in it"));
    assert_int_equal(registry_register(r, "s", SLICE("\xff"), &id, &e), ERR_INPUT);
    registry_free(r);
    http_server_stop(s.server);
}

static void test_login(UNUSED void **state)
{
    struct service s;
    struct error e;
    char with_user[700];

    service_start(&s);
    snprintf(with_user, sizeof with_user, "http://ada:secret@%s/", s.url + 7);
    const char *const cases[][9] = {
        {"url", s.url, "basic-auth.user-info", "ada:secret", NULL},
        {"url", s.url, "basic-auth.credentials-source", "USER_INFO", "basic-auth.user-info", "ada:secret",
         NULL},
        {"url", with_user, "basic-auth.credentials-source", "URL", NULL},
        {"url", with_user, NULL},
        {"url", s.url, "bearer-auth.token", "t0ken", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct registry *r = NULL;
        struct bytes out = {0};

        ASSERT_OK(open_client(cases[i], &r, &e), &e);
        ASSERT_OK(registry_schema(r, 1, &out, NULL, &e), &e);
        assert_string_equal(s.authorization, i == 4 ? "Bearer t0ken" : "Basic YWRhOnNlY3JldA==");
        assert_int_equal(registry_schema(r, 4, &out, NULL, &e), ERR_DENIED);
        assert_null(strstr(e.text, "secret"));
        registry_free(r);
        bytes_fini(&out);
    }
    http_server_stop(s.server);
}

static void test_options(UNUSED void **state)
{
    static const struct {
        const char *options[7];
        enum err rc;
        const char *want;
    } cases[] = {
        {{NULL}, ERR_CONFIG, "option 'url' of the schema registry is missing"},
        {{"url", " , ", NULL}, ERR_CONFIG, "the schema registry's url is empty"},
        {{"url", "localhost:8081", NULL},
         ERR_CONFIG,
         "the schema registry's url must begin with http:// or https://"},
        {{"url", "http://h", "basic-auth.user-info", "ada", NULL},
         ERR_CONFIG,
         "the user of the schema registry must be given as"},
        {{"url", "http://h", "basic-auth.credentials-source", "USER_INFO", NULL},
         ERR_CONFIG,
         "option 'basic-auth.user-info' is missing"},
        {{"url", "http://h", "basic-auth.credentials-source", "SASL_INHERIT", NULL},
         ERR_UNSUPPORTED,
         "option 'basic-auth.credentials-source'"},
        {{"url", "http://h", "basic-auth.user-info", "a:b", "bearer-auth.token", "t", NULL},
         ERR_CONFIG,
         "the schema registry is given both"},
        {{"url", "http://h", "bearer-auth.credentials-source", "OAUTHBEARER", NULL},
         ERR_UNSUPPORTED,
         "option 'bearer-auth.credentials-source'"},
        {{"url", "http://h", "ssl.truststore.location", "/x/trust.jks", NULL},
         ERR_UNSUPPORTED,
         "option 'ssl.truststore.location' = '/x/trust.jks'"},
        {{"url", "http://h", "ssl.keystore.password", "x", NULL},
         ERR_UNSUPPORTED,
         "options 'ssl.truststore.password' and"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct registry *r = NULL;
        struct error e;

        if (open_client(cases[i].options, &r, &e) != cases[i].rc ||
            strncmp(e.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: got %s", cases[i].want, e.text);
    }
}

/* The second of two is asked when nobody listens at the first, and first of all from then on. */
static void test_many_urls(UNUSED void **state)
{
    struct service s, gone;
    struct registry *r = NULL;
    struct bytes out = {0};
    struct error e;
    char urls[200];

    service_start(&gone);
    http_server_stop(gone.server);
    service_start(&s);
    snprintf(urls, sizeof urls, "%s, %s/", gone.url, s.url);
    ASSERT_OK(open_client((const char *const[]){"url", urls, NULL}, &r, &e), &e);
    ASSERT_OK(registry_schema(r, 1, &out, NULL, &e), &e);
    assert_string_equal(bytes_cstr(&out), SCHEMA);
    http_server_stop(s.server);
    bytes_clear(&out);
    ASSERT_OK(registry_schema(r, 1, &out, NULL, &e), &e); /* known */
    assert_int_equal(registry_schema(r, 11, &out, NULL, &e), ERR_UNAVAILABLE);
    assert_int_equal(e.advice, ADVICE_RETRY);
    registry_free(r);
    bytes_fini(&out);
}

static void test_mock(UNUSED void **state)
{
    static const struct {
        enum registry_mock_answer answer;
        enum err rc;
    } wishes[] = {
        {REGISTRY_MOCK_UNKNOWN, ERR_NOT_FOUND},
        {REGISTRY_MOCK_UNAVAILABLE, ERR_UNAVAILABLE},
        {REGISTRY_MOCK_NONSENSE, ERR_INPUT},
        {REGISTRY_MOCK_DENIED, ERR_DENIED},
        {REGISTRY_MOCK_BROKEN, OK},
        {REGISTRY_MOCK_TRUE, OK},
    };
    static const char *const options[] = {"url", "mock://registry-test", NULL};
    struct registry *a = NULL, *b = NULL;
    struct bytes out = {0};
    struct error e;
    int32_t id = 0, version = 0;

    ASSERT_OK(open_client(options, &a, &e), &e);
    ASSERT_OK(open_client(options, &b, &e), &e);
    ASSERT_OK(registry_register(a, "s", SLICE("\"int\""), &id, &e), &e);
    assert_int_equal(id, 1);
    ASSERT_OK(registry_register(a, "s", SLICE("\"long\""), &id, &e), &e);
    assert_int_equal(id, 2);
    ASSERT_OK(registry_register(b, "s", SLICE("\"int\""), &id, &e), &e);
    assert_int_equal(id, 1);
    ASSERT_OK(registry_schema(b, 2, &out, &version, &e), &e);
    assert_string_equal(bytes_cstr(&out), "\"long\"");
    assert_int_equal(version, 2);
    assert_int_equal(registry_schema(b, 3, &out, &version, &e), ERR_NOT_FOUND);
    for (size_t i = 0; i < COUNT_OF(wishes); i++) {
        assert_true(registry_mock_answer("registry-test", 2, wishes[i].answer));
        assert_int_equal(registry_schema(a, 2, &out, NULL, &e), wishes[i].rc);
    }
    assert_int_equal(registry_mock_asked("registry-test", 2), 7);
    registry_free(a);
    registry_free(b);
    registry_mock_forget("registry-test");
    registry_mock_forget("registry-test");
    bytes_fini(&out);
}

TEST_MAIN(cmocka_unit_test(test_answers), cmocka_unit_test(test_cache), cmocka_unit_test(test_register),
          cmocka_unit_test(test_login), cmocka_unit_test(test_options), cmocka_unit_test(test_many_urls),
          cmocka_unit_test(test_mock))
