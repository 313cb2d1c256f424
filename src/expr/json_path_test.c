/* json_path_test.c: which paths are none, and what paths lead to. */
#include "base/test.h"
#include "expr/json_path.h"

static void test_paths(UNUSED void **state)
{
    static const struct {
        const char *path, *document, *want; /* the values in brackets; "?": something is missing */
    } cases[] = {{"$", "1", "[1]"},
                 {"$.a", "{\"a\":1}", "[1]"},
                 {"a", "{\"a\":1}", "[1]"},
                 {"lax $.b", "{\"a\":1}", "?[]"},
                 {"$['a\\'b']", "{\"a'b\":1}", "[1]"},
                 {"$.\xc3\xa9", "{\"\\u00e9\":1}", "[1]"},
                 {"$[1]", "[1,2]", "[2]"},
                 {"$[-1]", "[1,2]", "[2]"},
                 {"$[2]", "[1,2]", "?[]"},
                 {"$[-3]", "[1,2]", "?[]"},
                 {"$[:2]", "[1,2,3]", "[1,2]"},
                 {"$[-2:]", "[1,2,3]", "[2,3]"},
                 {"$[0,2]", "[1,2,3]", "[1,3]"},
                 {"$[*].a", "[{\"a\":1},{},{\"a\":2}]", "[1,2]"},
                 {"$.*", "{\"a\":1,\"b\":2}", "[1,2]"},
                 {"$..a", "{\"a\":1,\"b\":[{\"a\":2}]}", "[1,2]"},
                 {"$.a.b", "{\"a\":1}", "?[]"}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_path p;
        struct json_document d = {0};
        struct json_path_matches m = {0};
        struct bytes got = {0};
        struct error e;

        ASSERT_OK(json_path_init(&p, slice_text(cases[i].path), &e), &e);
        assert_true(json_document_read(&d, slice_text(cases[i].document)));
        json_path_find(&p, &d, &m);
        bytes_text(&got, m.missing ? "?[" : "[");
        for (size_t k = 0; k < m.count; k++) {
            bytes_text(&got, k ? "," : "");
            json_document_write(&d, m.nodes[k], &got);
        }
        bytes_text(&got, "]");
        if (!slice_is(bytes_all(&got), cases[i].want))
            fail_msg("%s: got %s", cases[i].path, bytes_cstr(&got));
        bytes_fini(&got);
        json_path_matches_fini(&m);
        json_document_fini(&d);
        json_path_fini(&p);
    }
}

static void test_bad_paths(UNUSED void **state)
{
    static const char *const bad[] = {"", "$.", "$[", "$['a", "$[a]", "$x", "$.a b"};
    static const char *const unknown[] = {"$[?(@.a>1)]", "$.length()", "$['a','b']"};
    struct json_path p;
    struct error e;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(json_path_init(&p, slice_text(bad[i]), &e), ERR_INPUT);
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_int_equal(json_path_init(&p, slice_text(unknown[i]), &e), ERR_UNSUPPORTED);
}

static void test_bad_documents(UNUSED void **state)
{
    static const char *const bad[] = {"",   "{",       "[1,]",      "{\"a\"}", "01",
                                      "1.", "\"\\x\"", "\"\\u12\"", "tru",     "1 2"};
    struct json_document d = {0};
    struct bytes deep = {0};

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(json_document_read(&d, slice_text(bad[i])));
    for (int i = 0; i < 100000; i++)
        bytes_u8(&deep, '[');
    assert_false(json_document_read(&d, bytes_all(&deep)));
    bytes_fini(&deep);
    json_document_fini(&d);
}

TEST_MAIN(cmocka_unit_test(test_paths), cmocka_unit_test(test_bad_paths),
          cmocka_unit_test(test_bad_documents))
