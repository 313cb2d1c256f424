/* sigv4_test.c: the examples that AWS publishes for S3, and the encoding of names. */
#include "io/sigv4.h"
#include "base/mem.h"
#include "base/test.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST  "host: examplebucket.s3.amazonaws.com"
#define DATE  "x-amz-date: 20130524T000000Z"

static const struct sigv4_key example = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
    .service = "s3",
};

static const struct {
    const char *name, *method, *path, *query, *payload;
    const char *headers[6];
    const char *signed_names, *signature;
} examples[] = {
    {"get an object",
     "GET",
     "/test.txt",
     "",
     "",
     {HOST, "range:bytes=0-9", "x-amz-content-sha256:" EMPTY, DATE},
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"put an object",
     "PUT",
     "/test%24file.text",
     "",
     "Welcome to Amazon S3.",
     {"date: Fri, 24 May 2013 00:00:00 GMT", HOST,
      "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072", DATE,
      "x-amz-storage-class: REDUCED_REDUNDANCY"},
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"get lifecycle",
     "GET",
     "/",
     "lifecycle=",
     "",
     {HOST, "x-amz-content-sha256: " EMPTY, DATE},
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"list objects",
     "GET",
     "/",
     "max-keys=2&prefix=J",
     "",
     {HOST, "x-amz-content-sha256: " EMPTY, DATE},
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void sign_example(size_t i, struct bytes *out)
{
    char hash[SIGV4_HASH_MAX];

    sigv4_hash(slice_text(examples[i].payload), hash);
    sigv4_sign(&example,
               &(struct sigv4_request){examples[i].method, examples[i].path, examples[i].query,
                                       examples[i].headers, hash, "20130524T000000Z"},
               out);
}

static void test_published_examples(UNUSED void **state)
{
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        struct bytes line = {0}, want = {0};

        sign_example(i, &line);
        bytes_printf(&want,
                     "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                     "aws4_request, SignedHeaders=%s, Signature=%s",
                     examples[i].signed_names, examples[i].signature);
        if (!slice_equal(bytes_all(&line), bytes_all(&want)))
            fail_msg("%s: %s", examples[i].name, bytes_cstr(&line));
        bytes_fini(&line);
        bytes_fini(&want);
    }
}

static void test_time(UNUSED void **state)
{
    static const struct {
        int64_t wall_us;
        const char *want;
    } cases[] = {
        {0, "19700101T000000Z"},
        {INT64_C(1761985800999999), "20251101T083000Z"},
        {INT64_C(1709251199000000), "20240229T235959Z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[SIGV4_TIME_MAX];

        sigv4_time(cases[i].wall_us, got);
        assert_string_equal(got, cases[i].want);
    }
}

static void test_encode(UNUSED void **state)
{
    static const struct {
        const char *text;
        bool keep_slash;
        const char *want;
    } cases[] = {
        {"aZ09-._~", false, "aZ09-._~"},    {"a/b", true, "a/b"},  {"a/b", false, "a%2Fb"},
        {"d=1 +%", true, "d%3D1%20%2B%25"}, {"é", true, "%C3%A9"}, {"*'()!", true, "%2A%27%28%29%21"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes got = {0};

        sigv4_encode(&got, slice_text(cases[i].text), cases[i].keep_slash);
        assert_string_equal(bytes_cstr(&got), cases[i].want);
        bytes_fini(&got);
    }
}

static void test_no_memory(UNUSED void **state)
{
    struct bytes line = {0};
    uint64_t before = mem_count(), total;

    sign_example(0, &line);
    total = mem_count() - before;
    for (uint64_t n = 1; n <= total; n++) {
        bytes_fini(&line);
        mem_fail_at(n, false);
        sign_example(0, &line);
        mem_fail_at(0, false);
        assert_true(line.failed); /* never a signature of half a request */
    }
    bytes_fini(&line);
}

TEST_MAIN(cmocka_unit_test(test_published_examples), cmocka_unit_test(test_time),
          cmocka_unit_test(test_encode), cmocka_unit_test(test_no_memory))
