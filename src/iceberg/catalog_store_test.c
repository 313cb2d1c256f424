/* catalog_store_test.c: which object store a catalog's options mean. */
#include "iceberg/catalog_store.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"

static const struct fs_s3_config configured = {.endpoint = "http://configured:9000",
                                               .access_key = "a",
                                               .secret_key = "s",
                                               .session_token = "t",
                                               .region = "r",
                                               .retries = 3};

static struct fs *base_fs(void)
{
    struct fs *local, *s3, *out;
    struct error e;

    ASSERT_OK(fs_local_new(&local, &e), &e);
    ASSERT_OK(fs_s3_new(&configured, &s3, &e), &e);
    ASSERT_OK(fs_router_new(local, s3, &out, &e), &e);
    return out;
}

static void options_map(const char *const *options, struct map *out)
{
    for (; *options; options += 2)
        assert_true(map_put(out, slice_text(options[0]), (void *)(uintptr_t)options[1]));
}

static void assert_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void test_store(UNUSED void **state)
{
    static const struct {
        const char *options[13];
        struct fs_s3_config want;
    } cases[] = {
        {{"s3.endpoint", "http://other:1"}, {"http://other:1", "a", "s", "t", "r", false}},
        {{"s3.access-key-id", "A", "s3.secret-access-key", "S"},
         {"http://configured:9000", "A", "S", NULL, "r", false}},
        {{"s3.access-key-id", "A", "s3.secret-access-key", "S", "s3.session-token", "T", "client.region", "R",
          "s3.path-style-access", "true"},
         {"http://configured:9000", "A", "S", "T", "R", true}},
        {{"s3.region", "R"}, {"http://configured:9000", "a", "s", "t", "R", false}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fs *base = base_fs(), *own = NULL;
        const struct fs_s3_config *want = &cases[i].want, *got;
        struct map options = {0};
        struct error e;

        options_map(cases[i].options, &options);
        ASSERT_OK(catalog_store_open(base, &options, &own, &e), &e);
        assert_non_null(own);
        map_fini(&options);
        fs_free(base); /* it stands for itself */
        got = fs_store(own);
        assert_text(got->endpoint, want->endpoint);
        assert_text(got->access_key, want->access_key);
        assert_text(got->secret_key, want->secret_key);
        assert_text(got->session_token, want->session_token);
        assert_text(got->region, want->region);
        assert_int_equal(got->path_style, want->path_style);
        assert_int_equal(got->retries, 3);
        fs_free(own);
    }
}

static void test_shared(UNUSED void **state)
{
    static const char *const none[] = {"uri", "http://h", "s3.sse.type", "kms", NULL};
    static const char *const some[] = {"s3.endpoint", "http://other:1", NULL};
    struct fs *base = base_fs(), *local, *own = base;
    struct map options = {0};
    struct error e;

    options_map(none, &options);
    ASSERT_OK(catalog_store_open(base, &options, &own, &e), &e);
    assert_null(own); /* no store is named */
    ASSERT_OK(fs_local_new(&local, &e), &e);
    assert_null(fs_store(local));
    options_map(some, &options);
    own = base;
    ASSERT_OK(catalog_store_open(local, &options, &own, &e), &e);
    assert_null(own); /* base reaches none */
    map_fini(&options);
    fs_free(local);
    fs_free(base);
}

static void test_wrong(UNUSED void **state)
{
    static const struct {
        const char *options[3];
        const char *why;
    } cases[] = {
        {{"s3.access-key-id", "A"}, "'s3.secret-access-key' is missing"},
        {{"s3.secret-access-key", "S"}, "'s3.access-key-id' is missing"},
        {{"s3.path-style-access", "perhaps"}, "option 's3.path-style-access'"},
        {{"s3.endpoint", "minio:9000"}, "http://minio:9000"},
    };
    struct fs *base = base_fs();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct map options = {0};
        struct fs *own = base;
        struct error e = {0};

        options_map(cases[i].options, &options);
        assert_int_equal(catalog_store_open(base, &options, &own, &e), ERR_CONFIG);
        assert_null(own);
        if (strstr(e.text, cases[i].why) == NULL)
            fail_msg("case %zu: %s", i, e.text);
        map_fini(&options);
    }
    fs_free(base);
}

static void test_memory(UNUSED void **state)
{
    static const char *const all[] = {"s3.endpoint", "http://other:1", "client.region", "R", NULL};
    struct fs *base = base_fs();
    struct map options = {0};
    enum err rc;

    options_map(all, &options);
    for (uint64_t n = 1;; n++) {
        struct fs *own = NULL;
        struct error e;

        mem_fail_at(n, false);
        rc = catalog_store_open(base, &options, &own, &e);
        mem_fail_at(0, false);
        fs_free(own);
        if (rc == OK)
            break;
        assert_int_equal(rc, ERR_MEMORY);
        assert_null(own);
    }
    map_fini(&options);
    fs_free(base);
}

TEST_MAIN(cmocka_unit_test(test_store), cmocka_unit_test(test_shared), cmocka_unit_test(test_wrong),
          cmocka_unit_test(test_memory))
