/* catalog_rest_test.c: the REST catalog against a small one in this process, which can be told to misbehave.
 */
#include "iceberg/catalog.h"
#include "iceberg/commit.h"
#include "iceberg/json_field.h"
#include "iceberg/manifest.h"
#include "iceberg/test_iceberg.h"
#include "io/http.h"

/* --- the server --- */

struct fake {
    struct http_server *server;
    pthread_mutex_t lock;
    json_t *document; /* of the one table, db.sub.events; NULL: there is none */
    int version;
    int tokens; /* given out so far; only the last is good */
    bool wants_token;
    int fail_status;   /* what the next commits answer ... */
    int fail_count;    /* ... so many times ... */
    bool fail_applied; /* ... after having done them */
    int configs, commits;
    char seen[4096]; /* what was asked, a line each */
    struct clock *clock;
};

static void answer(struct http_reply *reply, int status, json_t *body)
{
    struct error e;

    reply->status = status;
    reply->content_type = "application/json";
    ASSERT_OK(json_field_print(body, &reply->body, &e), &e);
    json_decref(body);
}

static void answer_error(struct http_reply *reply, int status, const char *type, const char *message)
{
    answer(reply, status,
           json_pack("{s:{s:s,s:s,s:i}}", "error", "message", message, "type", type, "code", status));
}

static void answer_table(struct fake *f, struct http_reply *reply)
{
    char location[64];

    snprintf(location, sizeof location, "mem://server/metadata/%05d.metadata.json", f->version);
    answer(reply, 200,
           json_pack("{s:s,s:O,s:{s:s}}", "metadata-location", location, "metadata", f->document, "config",
                     "s3.access-key-id", "not for us"));
}

/* A create request as a document. */
static void create_table(struct fake *f, json_t *request, struct http_reply *reply)
{
    struct arena arena = {0};
    struct table_spec spec = {0};
    struct metadata *m;
    struct error e;

    if (f->document) {
        answer_error(reply, 409, "AlreadyExistsException", "Table already exists");
        return;
    }
    ASSERT_OK(metadata_schema_parse(json_object_get(request, "schema"), &arena, &spec.schema, &e), &e);
    ASSERT_OK(metadata_create(&spec, "mem://server", "5f3c1d5e-0000-4000-8000-000000000001", 1000, &m, &e),
              &e);
    f->document = json_deep_copy(m->json);
    json_object_set_new(f->document, "partition-specs",
                        json_pack("[O]", json_object_get(request, "partition-spec")));
    json_object_set(f->document, "properties", json_object_get(request, "properties"));
    f->version = 0;
    metadata_free(m);
    arena_fini(&arena);
    answer_table(f, reply);
}

static enum err apply_commit(struct fake *f, json_t *request, struct error *e)
{
    struct metadata *m;
    json_t *out;
    enum err rc;

    ASSERT_OK(metadata_of_json(json_incref(f->document), "server", &m, e), e);
    rc = metadata_apply(m, json_object_get(request, "requirements"), json_object_get(request, "updates"),
                        2000, "old", &out, e);
    metadata_free(m);
    if (rc != OK)
        return rc;
    json_decref(f->document);
    f->document = out;
    f->version++;
    return OK;
}

static void commit_table(struct fake *f, json_t *request, struct http_reply *reply)
{
    struct error e;

    f->commits++;
    if (f->fail_count > 0) {
        f->fail_count--;
        if (f->fail_applied && apply_commit(f, request, &e) != OK)
            answer_error(reply, 409, "CommitFailedException", e.text);
        else
            answer_error(reply, f->fail_status, "CommitStateUnknownException", "the backend is gone");
    } else if (apply_commit(f, request, &e) == OK) {
        answer_table(f, reply);
    } else {
        answer_error(reply, 409, "CommitFailedException", e.text);
    }
}

static void give_token(struct fake *f, const struct http_call *call, struct http_reply *reply)
{
    char token[32];

    if (!slice_is(call->body,
                  "grant_type=client_credentials&client_id=me&client_secret=s%3Acret%26&scope=PRINCIPAL")) {
        reply->status = 400;
        bytes_text(&reply->body, "{\"error\":\"invalid_client\",\"error_description\":\"wrong secret\"}");
        return;
    }
    snprintf(token, sizeof token, "token-%d", ++f->tokens);
    answer(reply, 200,
           json_pack("{s:s,s:s,s:i}", "access_token", token, "token_type", "bearer", "expires_in", 3600));
}

static bool is_authorized(struct fake *f, const struct http_call *call)
{
    const char *header = http_call_header(call, "Authorization");
    char want[64];

    snprintf(want, sizeof want, "Bearer token-%d", f->tokens);
    return !f->wants_token || (header && strcmp(header, want) == 0);
}

#define TABLE                                                                                                \
    "/api/v1/pre/fix/namespaces/db\x1f"                                                                      \
    "sub/tables/events" /* as decoded */

static void route(struct fake *f, const struct http_call *call, json_t *body, struct http_reply *reply)
{
    bool post = strcmp(call->method, "POST") == 0;
    const char *warehouse = http_query(call, "warehouse");

    if (strcmp(call->path, "/api/v1/config") == 0) {
        f->configs++;
        if (warehouse && strcmp(warehouse, "my warehouse&") != 0)
            answer_error(reply, 404, "NotFoundException", "no such warehouse");
        else
            answer(reply, 200,
                   json_pack("{s:{s:s,s:s},s:{s:s,s:s}}", "defaults", "prefix", "wrong", "header.X-Default",
                             "no", "overrides", "prefix", "pre/fix", "header.X-Over", "ridden"));
    } else if (post && strcmp(call->path, "/api/v1/pre/fix/namespaces") == 0) {
        answer(reply, 200, json_incref(body));
    } else if (post && strcmp(call->path, "/api/v1/pre/fix/namespaces/db\x1f"
                                          "sub/tables") == 0) {
        create_table(f, body, reply);
    } else if (post && strcmp(call->path, "/api/v1/pre/fix/namespaces/gone/tables") == 0) {
        answer_error(reply, 404, "NoSuchNamespaceException", "Namespace does not exist: gone");
    } else if (post && strcmp(call->path, TABLE) == 0) {
        commit_table(f, body, reply);
    } else if (strcmp(call->path, TABLE) == 0 && f->document) {
        answer_table(f, reply);
    } else if (strstr(call->path, "forbidden")) {
        answer_error(reply, 403, "ForbiddenException", "not you");
    } else if (strstr(call->path, "strange")) {
        bytes_text(&reply->body, "<html>hello</html>");
    } else {
        answer_error(reply, 404, "NoSuchTableException", "Table does not exist");
    }
}

static void serve(void *arg, const struct http_call *call, struct http_reply *reply)
{
    struct fake *f = arg;
    json_t *body = NULL;
    struct error e;
    const char *over = http_call_header(call, "X-Over"), *mine = http_call_header(call, "X-Mine");
    size_t used;

    pthread_mutex_lock(&f->lock);
    used = strlen(f->seen);
    snprintf(f->seen + used, sizeof f->seen - used, "%s %s over=%s mine=%s\n", call->method, call->path,
             over ? over : "", mine ? mine : "");
    if (strcmp(call->path, "/api/v1/oauth/tokens") == 0) {
        give_token(f, call, reply);
    } else if (!is_authorized(f, call)) {
        answer_error(reply, 401, "NotAuthorizedException", "token is not good");
    } else {
        if (call->body.len)
            ASSERT_OK(json_field_parse(call->body, &body, &e), &e);
        route(f, call, body, reply);
        json_decref(body);
    }
    pthread_mutex_unlock(&f->lock);
}

/* --- the client --- */

static struct fake fake;
static struct test_world world;
static char uri[64];

static void put_option(const char *key, const char *value)
{
    assert_true(map_put(&world.options, slice_text(key), (void *)(uintptr_t)value));
}

static int setup(UNUSED void **state)
{
    struct error e;

    fake = (struct fake){0};
    pthread_mutex_init(&fake.lock, NULL);
    ASSERT_OK(http_server_start("127.0.0.1", 0, serve, &fake, &fake.server, &e), &e);
    snprintf(uri, sizeof uri, "http://127.0.0.1:%d/api/", http_server_port(fake.server));
    test_world_init(&world);
    catalog_free(world.catalog);
    map_fini(&world.options);
    world.options = (struct map){0};
    put_option("type", "rest");
    put_option("uri", uri);
    put_option("warehouse", "my warehouse&");
    put_option("header.X-Mine", "1");
    world.catalog = NULL;
    return 0;
}

static int teardown(UNUSED void **state)
{
    http_server_stop(fake.server);
    json_decref(fake.document);
    pthread_mutex_destroy(&fake.lock);
    test_world_fini(&world);
    return 0;
}

static struct table *make_table(struct arena *arena)
{
    static const char *const properties[] = {"commit.retry.min-wait-ms", "1",
                                             "commit.status-check.min-wait-ms", "1", NULL};
    static const char columns[] = "id BIGINT NOT NULL, ts TIMESTAMP(6), data_type STRING, value DOUBLE";
    struct table_spec spec = {.properties = properties};
    const struct schema *plain;
    struct table *t;
    int32_t last;
    struct error e;

    ASSERT_OK(schema_parse(arena, slice_text(columns), &plain, &e), &e);
    ASSERT_OK(metadata_assign_ids(arena, plain, &spec.schema, &last, &e), &e);
    ASSERT_OK(partition_spec_parse(arena, SLICE("days(ts), data_type"), spec.schema, &spec.partition, &e),
              &e);
    ASSERT_OK(catalog_load_or_create(world.catalog, "db.sub", "events", &spec, &t, &e), &e);
    return t;
}

static enum err commit_one(struct table *t, int64_t checkpoint, struct commit_result *result, struct error *e)
{
    char path[100];
    struct data_file file = test_data_file(path, 10);
    struct change change = {.pipeline = "p", .checkpoint_id = checkpoint, .file_count = 1, .files = &file};

    snprintf(path, sizeof path, "mem://data/%" PRId64 ".parquet", checkpoint);
    return commit_change(t, &change, result, e);
}

static int32_t live_files(struct table *t, struct arena *arena)
{
    struct data_file *files;
    int32_t count;
    struct error e;

    ASSERT_OK(table_refresh(t, &e), &e);
    ASSERT_OK(manifest_live_files(t->fs, t->metadata,
                                  metadata_snapshot(t->metadata, t->metadata->current_snapshot_id), arena,
                                  &files, &count, &e),
              &e);
    return count;
}

static void test_tables(UNUSED void **state)
{
    struct arena arena = {0};
    struct table *t, *again;
    struct commit_result result;
    struct error e;

    test_world_open(&world, 1);
    ASSERT_OK(catalog_namespace_create(world.catalog, "db.sub", &e), &e);
    t = make_table(&arena);
    assert_string_equal(t->metadata_location, "mem://server/metadata/00000.metadata.json");
    assert_int_equal(t->metadata->spec->field_count, 2);
    assert_string_equal(metadata_property(t->metadata, "format-version"),
                        "2"); /* the fake keeps it, servers don't */
    again = make_table(&arena);
    ASSERT_OK(commit_one(t, 1, &result, &e), &e);
    assert_string_equal(t->metadata_location, "mem://server/metadata/00001.metadata.json");
    ASSERT_OK(commit_one(again, 2, &result, &e), &e); /* 409, refresh, again */
    assert_int_equal(result.attempts, 2);
    assert_int_equal(live_files(t, &arena), 2);
    assert_int_equal(fake.configs, 1);
    assert_non_null(strstr(fake.seen, "GET /api/v1/config over= mine=1"));
    assert_non_null(strstr(fake.seen, "GET " TABLE " over=ridden mine=1"));
    table_free(t);
    table_free(again);
    arena_fini(&arena);
}

static void test_errors(UNUSED void **state)
{
    struct arena arena = {0};
    struct table_spec spec = {0};
    struct table *t;
    struct error e;

    test_world_open(&world, 1);
    assert_int_equal(catalog_load(world.catalog, "db", "none", &t, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "Table does not exist"));
    assert_int_equal(catalog_load(world.catalog, "forbidden", "t", &t, &e), ERR_DENIED);
    assert_non_null(strstr(e.text, "not you"));
    assert_int_equal(catalog_load(world.catalog, "strange", "t", &t, &e), ERR_CORRUPT);
    ASSERT_OK(schema_parse(&arena, SLICE("a INT"), &spec.schema, &e), &e);
    assert_int_equal(catalog_create(world.catalog, "gone", "t", &spec, &t, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "database gone does not exist"));
    arena_fini(&arena);
}

static void test_wrong_warehouse(UNUSED void **state)
{
    struct table *t;
    struct error e;

    put_option("warehouse", "other");
    test_world_open(&world, 1);
    assert_int_equal(catalog_load(world.catalog, "db", "t", &t, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "for its configuration"));
    assert_non_null(strstr(e.text, "no such warehouse"));
}

static void test_tokens(UNUSED void **state)
{
    struct arena arena = {0};
    struct table *t;
    struct commit_result result;
    struct error e;

    fake.wants_token = true;
    put_option("credential", "me:s:cret&");
    put_option("scope", "PRINCIPAL");
    test_world_open(&world, 1);
    t = make_table(&arena);
    assert_int_equal(fake.tokens, 1);
    fake.tokens++; /* the token is no longer good: 401, a new one, again */
    ASSERT_OK(commit_one(t, 1, &result, &e), &e);
    assert_int_equal(fake.tokens, 3);
    assert_int_equal(result.attempts, 1);
    world.clock.now_us += INT64_C(3600) * 1000000; /* it has expired: a new one without being told */
    ASSERT_OK(commit_one(t, 2, &result, &e), &e);
    assert_int_equal(fake.tokens, 4);
    assert_int_equal(live_files(t, &arena), 2);
    table_free(t);
    arena_fini(&arena);
}

static void test_wrong_credentials(UNUSED void **state)
{
    struct table *t;
    struct error e;

    fake.wants_token = true;
    put_option("credential", "me:wrong");
    test_world_open(&world, 1);
    assert_true(catalog_load(world.catalog, "db", "t", &t, &e) != OK);
    assert_non_null(strstr(e.text, "fetching a token"));
    assert_non_null(strstr(e.text, "wrong secret"));
    assert_null(strstr(e.text, "me:wrong"));
    catalog_free(world.catalog);
    assert_non_null(map_remove(&world.options, SLICE("credential")));
    put_option("token", "token-0");
    fake.tokens = 5;
    test_world_open(&world, 1);
    assert_int_equal(catalog_load(world.catalog, "db", "t", &t, &e), ERR_DENIED);
    assert_non_null(strstr(e.text, "check token or credential"));
}

/* 500 and the like after which nobody knows: done or not, each file is there once in the end. */
static void test_unknown_outcomes(UNUSED void **state)
{
    static const struct {
        int status;
        bool applied;
        int32_t attempts;
    } cases[] = {
        {500, true, 1}, {500, false, 2}, {502, true, 1}, {504, false, 2}, {503, false, 2},
    };
    struct arena arena = {0};
    struct table *t;
    struct commit_result result;
    struct error e;

    test_world_open(&world, 1);
    t = make_table(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fake.fail_status = cases[i].status;
        fake.fail_applied = cases[i].applied;
        fake.fail_count = 1;
        ASSERT_OK(commit_one(t, (int64_t)i + 1, &result, &e), &e);
        assert_false(result.was_there);
        assert_int_equal(result.attempts, cases[i].attempts);
        assert_int_equal(live_files(t, &arena), i + 1);
    }
    fake.fail_status = 400;
    fake.fail_count = 1;
    assert_int_equal(commit_one(t, 99, &result, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "the backend is gone"));
    table_free(t);
    arena_fini(&arena);
}

static void test_nobody_there(UNUSED void **state)
{
    struct arena arena = {0};
    struct table *t;
    struct commit_result result;
    struct error e;
    enum err rc;

    test_world_open(&world, 1);
    t = make_table(&arena);
    http_server_stop(fake.server);
    fake.server = NULL;
    rc = commit_one(t, 1, &result, &e);
    assert_int_equal(rc, ERR_UNKNOWN); /* the request may have been on its way */
    assert_true(test_fs_count(&world.fs, ".avro") >= 2);
    table_free(t);
    arena_fini(&arena);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TEST_MAIN(WORLD_TEST(test_tables), WORLD_TEST(test_errors), WORLD_TEST(test_wrong_warehouse),
          WORLD_TEST(test_tokens), WORLD_TEST(test_wrong_credentials), WORLD_TEST(test_unknown_outcomes),
          WORLD_TEST(test_nobody_there))
