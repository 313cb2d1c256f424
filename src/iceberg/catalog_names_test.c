/* catalog_names_test.c: namespaces and lists of tables: hadoop on files in memory, REST against a server in
 * this process that gives lists in pages.
 */
#include "iceberg/json_field.h"
#include "iceberg/test_iceberg.h"
#include "io/http.h"

struct seen {
    char text[400]; /* names, in the order of the alphabet's first letters as they came, blank between */
};

static void see(void *arg, const char *name)
{
    struct seen *s = arg;
    size_t used = strlen(s->text);

    snprintf(s->text + used, sizeof s->text - used, "%s ", name);
}

static void test_hadoop(UNUSED void **state)
{
    json_t *properties = json_pack("{s:s}", "owner", "me"), *update = json_pack("{s:s}", "owner", "you");
    json_t *none = json_array(), *found = NULL;
    struct seen names = {""}, tables = {""}, after = {""};
    struct test_world w;
    struct arena arena = {0};
    struct error e;

    test_world_init(&w);
    assert_int_equal(catalog_namespace_load(w.catalog, "db", &found, &e), ERR_NOT_FOUND);
    ASSERT_OK(catalog_namespace_make(w.catalog, "db", properties, &e), &e);
    assert_int_equal(catalog_namespace_make(w.catalog, "db", properties, &e), ERR_EXISTS);
    assert_int_equal(catalog_namespace_make(w.catalog, "a/b", properties, &e), ERR_CONFIG);
    ASSERT_OK(catalog_namespace_change(w.catalog, "db", update, none, &e), &e);
    ASSERT_OK(catalog_namespace_load(w.catalog, "db", &found, &e), &e);
    assert_string_equal(json_field_get(found, "owner"), "you");
    table_free(test_table_new(&w, NULL, &arena));
    ASSERT_OK(catalog_namespaces(w.catalog, see, &names, &e), &e);
    ASSERT_OK(catalog_tables(w.catalog, "db", see, &tables, &e), &e);
    assert_string_equal(names.text, "db ");
    assert_string_equal(tables.text, "events ");
    assert_int_equal(catalog_namespace_drop(w.catalog, "db", &e), ERR_CONFIG);
    assert_int_equal(catalog_table_rename(w.catalog, "db", "events", "others", &e), ERR_UNSUPPORTED);
    assert_int_equal(catalog_table_drop(w.catalog, "db", "nothing", &e), ERR_NOT_FOUND);
    ASSERT_OK(catalog_table_drop(w.catalog, "db", "events", &e), &e);
    assert_int_equal(test_fs_count(&w.fs, "events"), 0);
    ASSERT_OK(catalog_namespace_drop(w.catalog, "db", &e), &e);
    ASSERT_OK(catalog_namespaces(w.catalog, see, &after, &e), &e);
    assert_string_equal(after.text, "");
    json_decref(properties);
    json_decref(update);
    json_decref(none);
    json_decref(found);
    arena_fini(&arena);
    test_world_fini(&w);
}

/* --- REST --- */

static const struct {
    const char *method, *path, *page; /* page: of the query, NULL: none */
    int status;
    const char *answer;
} routes[] = {
    {"GET", "/v1/config", NULL, 200, "{\"defaults\":{},\"overrides\":{}}"},
    {"GET", "/v1/namespaces", NULL, 200, "{\"namespaces\":[[\"db\"]],\"next-page-token\":\"p 2\"}"},
    {"GET", "/v1/namespaces", "p 2", 200, "{\"namespaces\":[[\"other\"]],\"next-page-token\":null}"},
    {"GET", "/v1/namespaces/db/tables", NULL, 200,
     "{\"identifiers\":[{\"namespace\":[\"db\"],\"name\":\"t\"},{\"namespace\":[\"db\"],\"name\":\"u\"}]}"},
    {"GET", "/v1/namespaces/db", NULL, 200, "{\"namespace\":[\"db\"],\"properties\":{\"owner\":\"me\"}}"},
    {"POST", "/v1/namespaces", NULL, 409,
     "{\"error\":{\"message\":\"is there\",\"type\":\"x\",\"code\":409}}"},
    {"POST", "/v1/namespaces/db/properties", NULL, 200, "{\"updated\":[],\"removed\":[]}"},
    {"DELETE", "/v1/namespaces/db", NULL, 409, "{\"error\":{\"message\":\"not empty\",\"type\":\"x\"}}"},
    {"DELETE", "/v1/namespaces/db/tables/t", NULL, 204, ""},
    {"POST", "/v1/tables/rename", NULL, 204, ""},
};

static void serve(UNUSED void *arg, const struct http_call *call, struct http_reply *reply)
{
    const char *page = http_query(call, "pageToken");

    reply->status = 404;
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (strcmp(call->method, routes[i].method) == 0 && strcmp(call->path, routes[i].path) == 0 &&
            (page == NULL) == (routes[i].page == NULL) &&
            (page == NULL || strcmp(page, routes[i].page) == 0)) {
            reply->status = routes[i].status;
            bytes_text(&reply->body, routes[i].answer);
        }
    if (strcmp(call->method, "DELETE") == 0 && strstr(call->path, "tables") &&
        (http_query(call, "purgeRequested") == NULL ||
         strcmp(http_query(call, "purgeRequested"), "true") != 0))
        reply->status = 400;
}

static void test_rest(UNUSED void **state)
{
    static char rest[] = "rest";
    char uri[64];
    struct http_server *server;
    struct seen names = {""}, tables = {""};
    json_t *empty = json_object(), *none = json_array(), *found = NULL;
    struct map options = {0};
    struct catalog *c;
    struct error e;
    struct catalog_config config = {.name = "r", .options = &options, .clock = clock_system(), .seed = 1};

    ASSERT_OK(http_server_start("127.0.0.1", 0, serve, NULL, &server, &e), &e);
    snprintf(uri, sizeof uri, "http://127.0.0.1:%d", http_server_port(server));
    assert_true(map_put(&options, SLICE("catalog-type"), rest) && map_put(&options, SLICE("uri"), uri));
    ASSERT_OK(catalog_open(&config, &c, &e), &e);
    ASSERT_OK(catalog_namespaces(c, see, &names, &e), &e);
    ASSERT_OK(catalog_tables(c, "db", see, &tables, &e), &e);
    assert_string_equal(names.text, "db other ");
    assert_string_equal(tables.text, "t u ");
    ASSERT_OK(catalog_namespace_load(c, "db", &found, &e), &e);
    assert_string_equal(json_field_get(found, "owner"), "me");
    assert_int_equal(catalog_namespace_make(c, "db", empty, &e), ERR_EXISTS);
    ASSERT_OK(catalog_namespace_change(c, "db", empty, none, &e), &e);
    assert_int_equal(catalog_namespace_drop(c, "db", &e), ERR_CONFIG);
    ASSERT_OK(catalog_table_drop(c, "db", "t", &e), &e);
    assert_int_equal(catalog_table_drop(c, "db", "nothing", &e), ERR_NOT_FOUND);
    ASSERT_OK(catalog_table_rename(c, "db", "t", "v", &e), &e);
    assert_int_equal(catalog_tables(c, "nothing", see, &tables, &e), ERR_NOT_FOUND);
    catalog_free(c);
    http_server_stop(server);
    map_fini(&options);
    json_decref(empty);
    json_decref(none);
    json_decref(found);
}

TEST_MAIN(cmocka_unit_test(test_hadoop), cmocka_unit_test(test_rest))
