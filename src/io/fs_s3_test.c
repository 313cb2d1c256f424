/* fs_s3_test.c: files in an object store: names, sizes, ranges, once only, listing; against the fake of
 * fs_s3_fake.h, with its faults, and the same checks against a real one when the environment names it:
 *   WEIR_TEST_S3=http://127.0.0.1:9000 WEIR_TEST_S3_BUCKET=test AWS_ACCESS_KEY_ID=...
 * AWS_SECRET_ACCESS_KEY=... The bucket must exist; everything that is made lies below weir-test/<random>/ and
 * is removed.
 */
#include "base/test.h"
#include "io/fs_s3_fake.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include <unistd.h>

#define PART (5 << 20)

static struct error e;
static struct fs *fs;
static char root[200]; /* s3://bucket/..., with a slash */

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static const char *at(const char *name)
{
    static char texts[4][1500];
    static int next;
    char *text = texts[next++ % 4];

    snprintf(text, sizeof texts[0], "%s%s", root, name);
    return text;
}

/* Bytes that differ along the way; owned by this function. */
static struct slice pattern(size_t len, int seed)
{
    static char data[4 * PART];

    assert_true(len <= sizeof data);
    for (size_t i = 0; i < len; i++)
        data[i] = (char)((i * 31 >> 4) + (size_t)seed);
    return slice_of(data, len);
}

static void assert_content(const char *uri, struct slice want)
{
    struct bytes got = {0};

    bytes_text(&got, "before");
    ASSERT_OK(fs_read_all(fs, uri, &got, &e), &e);
    if (!slice_equal(slice_from(bytes_all(&got), 6), want))
        fail_msg("%s: %zu bytes, not the %zu that were written", uri, got.len - 6, want.len);
    bytes_fini(&got);
}

static void put_text(const char *name, const char *text)
{
    ASSERT_OK(fs_put(fs, at(name), slice_text(text), FS_REPLACE, &e), &e);
}

/* --- checks of any object store --- */

static void test_names(UNUSED void **state)
{
    static const char *const names[] = {
        "plain",      "a/b/c",       "ts_day=2025-11-01/x",
        "a blank",    "a+b",         "a%b",
        "a%20b",      "é/€/😀",       "~!*'()",
        "@:,;&=$",    "a?b#c",       "quote\"<>&apos;",
        "[x]{y}|z^`", "back\\slash", "dots/.hidden",
        "-_.~",       "tab\there",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct fs_info info;
        bool exists;

        put_text(names[i], names[i]);
        assert_content(at(names[i]), slice_text(names[i]));
        ASSERT_OK(fs_stat(fs, at(names[i]), &info, &e), &e);
        assert_int_equal(info.size, strlen(names[i]));
        ASSERT_OK(fs_remove(fs, at(names[i]), &e), &e);
        assert_true(fs_exists(fs, at(names[i]), &exists, &e));
        assert_false(exists);
    }
}

static void test_schemes(UNUSED void **state)
{
    char other[300];

    put_text("x", "1");
    snprintf(other, sizeof other, "s3a://%s", at("x") + 5);
    assert_content(other, SLICE("1"));
    snprintf(other, sizeof other, "S3N://%s", at("x") + 5);
    assert_content(other, SLICE("1"));
}

static void test_sizes(UNUSED void **state)
{
    static const struct {
        size_t size, piece;
    } cases[] = {
        {0, 1},
        {1, 1},
        {100000, 999},
        {PART - 1, PART},
        {PART, PART},
        {PART + 1, PART + 1},
        {2 * PART, 65536},
        {PART * 3 + 17, PART * 3 + 17},
        {PART * 2 + 17, PART - 1},
        {PART + 5, 1000003},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int how = FS_REPLACE; how <= FS_IF_ABSENT; how++) {
            struct slice data = pattern(cases[i].size, (int)i);
            struct fs_file *f;
            struct fs_info info;

            ASSERT_OK(fs_create(fs, at("sizes/x"), &f, &e), &e);
            for (size_t done = 0; done < data.len; done += cases[i].piece)
                ASSERT_OK(fs_write(f, slice_of(data.ptr + done, MIN(cases[i].piece, data.len - done)), &e),
                          &e);
            ASSERT_OK(fs_publish(&f, (enum fs_publish)how, &e), &e);
            assert_null(f);
            ASSERT_OK(fs_stat(fs, at("sizes/x"), &info, &e), &e);
            assert_int_equal(info.size, data.len);
            assert_true(info.modified_ms > INT64_C(1600000000000));
            assert_content(at("sizes/x"), data);
            ASSERT_OK(fs_remove(fs, at("sizes/x"), &e), &e);
        }
    }
}

static void test_ranges(UNUSED void **state)
{
    static const struct {
        int64_t offset, len;
        enum err rc;
        const char *want;
    } cases[] = {
        {0, -1, OK, "0123456789"},
        {4, -1, OK, "456789"},
        {10, -1, OK, ""},
        {3, 2, OK, "34"},
        {0, 0, OK, ""},
        {9, 1, OK, "9"},
        {9, 2, ERR_IO, ""},
        {11, -1, ERR_IO, ""},
        {11, 0, ERR_IO, ""},
        {10, 0, OK, ""},
        {10, 1, ERR_IO, ""},
        {0, 11, ERR_IO, ""},
        {INT64_MAX, -1, ERR_IO, ""},
        {5, INT64_MAX, ERR_IO, ""},
    };
    put_text("ten", "0123456789");
    put_text("empty", "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes got = {0};
        enum err rc = fs_read(fs, at("ten"), cases[i].offset, cases[i].len, &got, &e);

        if (rc != cases[i].rc || !slice_is(bytes_all(&got), cases[i].want))
            fail_msg("%" PRId64 "+%" PRId64 ": %s, %s", cases[i].offset, cases[i].len, error_name(rc),
                     e.text);
        bytes_fini(&got);
    }
    struct bytes got = {0};
    ASSERT_OK(fs_read(fs, at("empty"), 0, -1, &got, &e), &e);
    ASSERT_OK(fs_read(fs, at("empty"), 0, 0, &got, &e), &e);
    assert_int_equal(fs_read(fs, at("empty"), 0, 1, &got, &e), ERR_IO);
    assert_int_equal(fs_read(fs, at("absent"), 0, 0, &got, &e), ERR_NOT_FOUND);
    assert_int_equal(fs_read(fs, at("absent"), 3, 4, &got, &e), ERR_NOT_FOUND);
    assert_int_equal(got.len, 0);
    bytes_fini(&got);
}

static void test_not_found(UNUSED void **state)
{
    struct bytes out = {0};
    struct fs_info info;
    bool exists = true;

    assert_int_equal(fs_read_all(fs, at("absent"), &out, &e), ERR_NOT_FOUND);
    assert_true(has(e.text, at("absent")) && has(e.text, "no such file"));
    assert_int_equal(fs_stat(fs, at("absent"), &info, &e), ERR_NOT_FOUND);
    assert_true(fs_exists(fs, at("absent"), &exists, &e) && !exists);
    ASSERT_OK(fs_remove(fs, at("absent"), &e), &e);
    assert_int_equal(fs_read_all(fs, "s3://no-such-bucket-of-weir/x", &out, &e), ERR_CONFIG);
    assert_true(has(e.text, "there is no bucket no-such-bucket-of-weir"));
    assert_int_equal(fs_put(fs, "s3://no-such-bucket-of-weir/x", SLICE("x"), FS_REPLACE, &e), ERR_CONFIG);
    bytes_fini(&out);
}

static void test_seen_only_when_published(UNUSED void **state)
{
    struct fs_file *f;
    bool exists;

    for (int large = 0; large <= 1; large++) {
        ASSERT_OK(fs_create(fs, at("new"), &f, &e), &e);
        ASSERT_OK(fs_write(f, pattern(large ? 2 * PART : 10, 1), &e), &e);
        assert_true(fs_exists(fs, at("new"), &exists, &e) && !exists);
        fs_abandon(&f);
        assert_true(fs_exists(fs, at("new"), &exists, &e) && !exists);
    }
    assert_int_equal(fake_upload_count(), 0);
}

/* Each ticket shows the file as it was then, whatever was written behind it; again is no mistake. */
static void test_two_steps(UNUSED void **state)
{
    static const size_t sizes[] = {10, PART, PART + 1, 2 * PART + 5};

    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int late = 0; late <= 1; late++) {
            struct slice data = pattern(sizes[i], (int)i);
            struct bytes tickets[2] = {{0}};
            struct fs_file *f;
            bool exists;

            ASSERT_OK(fs_create(fs, at("two/steps"), &f, &e), &e);
            ASSERT_OK(fs_write(f, slice_of(data.ptr, 7), &e), &e);
            ASSERT_OK(fs_persist(f, &tickets[0], &e), &e);
            ASSERT_OK(fs_write(f, slice_from(data, 7), &e), &e);
            ASSERT_OK(fs_persist(f, &tickets[1], &e), &e);
            fs_leave(&f);
            assert_null(f);
            assert_true(fs_exists(fs, at("two/steps"), &exists, &e) && !exists);
            for (int again = 0; again < 2; again++)
                ASSERT_OK(fs_reveal(fs, at("two/steps"), bytes_all(&tickets[late]), &e), &e);
            assert_content(at("two/steps"), slice_of(data.ptr, late ? data.len : 7));
            ASSERT_OK(fs_remove(fs, at("two/steps"), &e), &e);
            assert_int_equal(fs_reveal(fs, at("two/steps"), bytes_all(&tickets[late]), &e), ERR_NOT_FOUND);
            bytes_fini(&tickets[0]);
            bytes_fini(&tickets[1]);
        }
}

static void test_two_steps_forgotten(UNUSED void **state)
{
    struct bytes ticket = {0};
    struct fs_file *f;

    ASSERT_OK(fs_create(fs, at("forgotten"), &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("x"), &e), &e);
    ASSERT_OK(fs_persist(f, &ticket, &e), &e);
    fs_leave(&f);
    fs_forget(fs, at("forgotten"), bytes_all(&ticket));
    assert_int_equal(fs_reveal(fs, at("forgotten"), bytes_all(&ticket), &e), ERR_NOT_FOUND);
    for (size_t len = 0; len < 40; len++)
        assert_int_equal(fs_reveal(fs, at("forgotten"), slice_of(ticket.ptr, len), &e), ERR_CORRUPT);
    bytes_fini(&ticket);
    assert_int_equal(fake_upload_count(), 0);
}

static void test_replace(UNUSED void **state)
{
    put_text("v", "one");
    put_text("v", "two");
    assert_content(at("v"), SLICE("two"));
    ASSERT_OK(fs_put(fs, at("v"), pattern(PART + 1, 7), FS_REPLACE, &e), &e);
    assert_content(at("v"), pattern(PART + 1, 7));
}

static void test_if_absent(UNUSED void **state)
{
    ASSERT_OK(fs_put(fs, at("once"), SLICE("first"), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fs_put(fs, at("once"), SLICE("second"), FS_IF_ABSENT, &e), ERR_EXISTS);
    assert_true(has(e.text, at("once")) && has(e.text, "it exists already"));
    assert_int_equal(fs_put(fs, at("once"), pattern(PART + 1, 2), FS_IF_ABSENT, &e), ERR_EXISTS);
    assert_content(at("once"), SLICE("first"));
    ASSERT_OK(fs_put(fs, at("large"), pattern(PART + 1, 3), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fs_put(fs, at("large"), pattern(PART + 1, 4), FS_IF_ABSENT, &e), ERR_EXISTS);
    assert_content(at("large"), pattern(PART + 1, 3));
    assert_int_equal(fake_upload_count(), 0);
}

struct racer {
    pthread_t thread;
    int number, won;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct error mine;
    char name[300], body[20];

    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%srace/%d", root, i);
        snprintf(body, sizeof body, "racer %d", racer->number);
        enum err rc = fs_put(fs, name, slice_text(body), FS_IF_ABSENT, &mine);
        assert(rc == OK || rc == ERR_EXISTS);
        racer->won += rc == OK;
    }
    return NULL;
}

static void test_one_of_many_wins(UNUSED void **state)
{
    struct racer racers[4] = {0};
    int won = 0;

    for (int i = 0; i < 4; i++) {
        racers[i].number = i;
        pthread_create(&racers[i].thread, NULL, race, &racers[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(racers[i].thread, NULL);
        won += racers[i].won;
    }
    assert_int_equal(won, 20);
}

struct seen {
    char text[8000]; /* what follows root, a line each */
    int count, stop_at;
};

static bool note(void *arg, const struct fs_info *info)
{
    struct seen *seen = arg;

    assert_int_equal(strncmp(info->path, root, strlen(root)), 0);
    assert_true(info->modified_ms > INT64_C(1600000000000));
    if (strlen(seen->text) + strlen(info->path) < sizeof seen->text) {
        strcat(seen->text, info->path + strlen(root));
        strcat(seen->text, info->size == 3 ? " ok\n" : " wrong size\n");
    }
    return ++seen->count != seen->stop_at;
}

static void assert_list(const char *prefix, const char *want)
{
    struct seen seen = {0};

    ASSERT_OK(fs_list(fs, at(prefix), note, &seen, &e), &e);
    assert_string_equal(seen.text, want);
}

static void check_lists(void)
{
    assert_list("t/", "t/a=1/x ok\nt/a=1/y ok\nt/a=2/x ok\nt/data ok\nt/z & \"<é>' +%20 ok\n");
    assert_list("t/a=", "t/a=1/x ok\nt/a=1/y ok\nt/a=2/x ok\n");
    assert_list("t/a=1/", "t/a=1/x ok\nt/a=1/y ok\n");
    assert_list("t/z & ", "t/z & \"<é>' +%20 ok\n");
    assert_list("t/none", "");
}

static void test_list(UNUSED void **state)
{
    static const char *const names[] = {"t/a=1/x", "t/a=1/y", "t/a=2/x", "t/data", "t/z & \"<é>' +%20"};
    struct seen seen = {.stop_at = 2};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        put_text(names[i], "123");
    FAKE_SET(fake.page_size = 1000);
    check_lists();
    for (int page_size = 1; page_size <= 5; page_size++) {
        FAKE_SET(fake.page_size = page_size);
        check_lists();
    }
    FAKE_SET(fake.plain_keys = true);
    FAKE_SET(fake.page_size = 2);
    check_lists();
    ASSERT_OK(fs_list(fs, at("t/"), note, &seen, &e), &e);
    assert_int_equal(seen.count, 2);
}

static bool remove_it(void *arg, const struct fs_info *info)
{
    struct error mine;

    ++*(int *)arg;
    return fs_remove(fs, info->path, &mine) == OK;
}

static void test_long_list(UNUSED void **state)
{
    char name[40];
    int count = 0;

    for (int i = 0; i < 1100; i++) {
        snprintf(name, sizeof name, "many/%d", i);
        put_text(name, "x");
    }
    ASSERT_OK(fs_list(fs, at("many/"), remove_it, &count, &e), &e);
    assert_int_equal(count, 1100);
    assert_list("many/", "");
}

/* --- bad paths and configurations --- */

static void test_bad_paths(UNUSED void **state)
{
    static const struct {
        const char *path;
        enum err rc;
        const char *text;
    } cases[] = {
        {"/a", ERR_UNSUPPORTED, "write s3://bucket/path"},
        {"s3:/bucket/a", ERR_UNSUPPORTED, "write s3://bucket/path"},
        {"s3://", ERR_CONFIG, "not the name of a bucket"},
        {"s3:///a", ERR_CONFIG, "not the name of a bucket"},
        {"s3://evil@host/a", ERR_CONFIG, "not the name of a bucket"},
        {"s3://a b/c", ERR_CONFIG, "not the name of a bucket"},
        {"s3://bucket", ERR_CONFIG, "a file's name is needed"},
        {"s3://bucket/", ERR_CONFIG, "a file's name is needed"},
        {"s3://bucket/a/", ERR_CONFIG, "a file's name is needed"},
    };
    struct bytes out = {0};
    struct fs_info info;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(fs_read_all(fs, cases[i].path, &out, &e), cases[i].rc);
        assert_true(has(e.text, cases[i].text) && has(e.text, cases[i].path));
        assert_int_equal(fs_stat(fs, cases[i].path, &info, &e), cases[i].rc);
        assert_int_equal(fs_put(fs, cases[i].path, SLICE("x"), FS_REPLACE, &e), cases[i].rc);
        assert_int_equal(fs_remove(fs, cases[i].path, &e), cases[i].rc);
    }
    char name[1100];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(fs_read_all(fs, at(name), &out, &e), ERR_CONFIG);
    assert_true(has(e.text, "too long"));
    bytes_fini(&out);
}

static void test_bad_config(UNUSED void **state)
{
    static const struct {
        struct fs_s3_config config;
        const char *text;
    } cases[] = {
        {{.endpoint = "minio:9000"}, "write http://minio:9000 or https://minio:9000"},
        {{.endpoint = "http://"}, "not of the form"},
        {{.endpoint = "http://a b"}, "not of the form"},
        {{.endpoint = "http://h/?x"}, "not of the form"},
        {{.access_key = "only"}, "s3.secret-key is missing"},
        {{.secret_key = "only"}, "s3.access-key is missing"},
        {{.access_key = "a\r\nb", .secret_key = "s"}, "line break"},
        {{.part_bytes = 1000}, "at least 5242880"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fs *bad;

        assert_int_equal(fs_s3_new(&cases[i].config, &bad, &e), ERR_CONFIG);
        assert_null(bad);
        assert_true(has(e.text, cases[i].text));
    }
}

/* --- faults, by the fake only --- */

static struct fs_s3_config fake_config(void)
{
    static char endpoint[40];

    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(fake.server));
    return (struct fs_s3_config){.endpoint = endpoint,
                                 .access_key = "access",
                                 .secret_key = "secret",
                                 .path_style = true,
                                 .retries = 2,
                                 .part_bytes = PART};
}

struct attempt {
    const char *name;
    struct fake_fault fault;
    size_t size;
    enum fs_publish how;
    bool exists; /* somebody else's file is there already */
    enum err rc;
    bool written; /* our file is there in the end */
    int orphans;  /* uploads whose id was lost on the way to us */
};

static void check_attempt(const struct attempt *a)
{
    struct slice data = pattern(a->size, 5);
    enum err rc;
    bool found;

    if (a->exists)
        put_text("f", "theirs");
    FAKE_SET(fake.fault = a->fault);
    e.text[0] = '\0';
    rc = fs_put(fs, at("f"), data, a->how, &e);
    FAKE_SET(fake.fault.count = 0);
    if (rc != a->rc)
        fail_msg("%s: %s: %s", a->name, error_name(rc), e.text);
    found = fake_has("t/f");
    if (found != (a->written || a->exists))
        fail_msg("%s: the file is%s there", a->name, found ? "" : " not");
    if (found)
        assert_content(at("f"), a->written ? data : SLICE("theirs"));
    if (rc != OK && !has(e.text, at("f")))
        fail_msg("%s: %s", a->name, e.text);
    if (fake_upload_count() != a->orphans)
        fail_msg("%s: an upload stays", a->name);
    fake_clear();
}

#define TWICE(m)                                                                                             \
    {                                                                                                        \
        .method = m, .count = 2, .status = 503, .code = "SlowDown"                                           \
    }
#define ALWAYS(m)                                                                                            \
    {                                                                                                        \
        .method = m, .count = 99, .status = 503, .code = "SlowDown"                                          \
    }
#define LOST(m, n)                                                                                           \
    {                                                                                                        \
        .method = m, .count = n, .after = true                                                               \
    }
#define LOST_500(m, n)                                                                                       \
    {                                                                                                        \
        .method = m, .count = n, .after = true, .status = 500, .code = "InternalError"                       \
    }
#define LATE(s, c)                                                                                           \
    {                                                                                                        \
        .method = "POST", .query = "uploadId", .count = 1, .status = s, .code = c                            \
    }
#define LARGE (2 * PART + 3)

static void test_faults_while_writing(UNUSED void **state)
{
    static const struct attempt cases[] = {
        {"busy twice", TWICE("PUT"), 9, FS_REPLACE, false, OK, true},
        {"busy twice, once only", TWICE("PUT"), 9, FS_IF_ABSENT, false, OK, true},
        {"busy twice, parts", TWICE("PUT"), LARGE, FS_IF_ABSENT, false, OK, true},
        {"busy twice, begin of upload", TWICE("POST"), LARGE, FS_REPLACE, false, OK, true},
        {"busy for ever", ALWAYS("PUT"), 9, FS_REPLACE, false, ERR_UNAVAILABLE, false},
        {"busy for ever, once only", ALWAYS("PUT"), 9, FS_IF_ABSENT, false, ERR_UNKNOWN, false},
        {"busy for ever, exists", ALWAYS("PUT"), 9, FS_IF_ABSENT, true, ERR_EXISTS, false},
        {"busy for ever, parts", ALWAYS("PUT"), LARGE, FS_REPLACE, false, ERR_UNAVAILABLE, false},
        {"connection closed", {.method = "PUT", .count = 2}, 9, FS_REPLACE, false, OK, true},
        {"connection closed, parts", {.method = "PUT", .count = 2}, LARGE, FS_REPLACE, false, OK, true},
        {"answer lost", LOST("PUT", 1), 9, FS_REPLACE, false, OK, true},
        {"answer lost, once only", LOST("PUT", 1), 9, FS_IF_ABSENT, false, OK, true},
        {"all answers lost, once only", LOST("PUT", 9), 9, FS_IF_ABSENT, false, OK, true},
        {"500 but done, once only", LOST_500("PUT", 1), 9, FS_IF_ABSENT, false, OK, true},
        {"500 but done always, once only", LOST_500("PUT", 9), 9, FS_IF_ABSENT, false, OK, true},
        {"answer lost, exists", LOST("PUT", 1), 9, FS_IF_ABSENT, true, ERR_EXISTS, false},
        {"answer lost, begin of upload", LOST("POST", 1), LARGE, FS_REPLACE, false, OK, true, 1},
        {"end of upload lost",
         {.method = "POST", .query = "uploadId", .count = 1, .after = true},
         LARGE,
         FS_REPLACE,
         false,
         OK,
         true},
        {"end of upload lost, once only",
         {.method = "POST", .query = "uploadId", .count = 1, .after = true},
         LARGE,
         FS_IF_ABSENT,
         false,
         OK,
         true},
        {"end of upload always lost",
         {.method = "POST", .query = "uploadId", .count = 9, .after = true},
         LARGE,
         FS_IF_ABSENT,
         false,
         OK,
         true},
        {"end of upload fails late", LATE(200, "InternalError"), LARGE, FS_IF_ABSENT, false, OK, true},
        {"upload gone", LATE(404, "NoSuchUpload"), LARGE, FS_REPLACE, false, ERR_IO, false},
        {"upload gone, once only", LATE(404, "NoSuchUpload"), LARGE, FS_IF_ABSENT, false, ERR_IO, false},
        {"conflict",
         {.method = "PUT", .count = 1, .status = 409, .code = "ConditionalRequestConflict"},
         9,
         FS_IF_ABSENT,
         false,
         ERR_CONFLICT,
         false},
        {"conflict, exists",
         {.method = "PUT", .count = 1, .status = 409, .code = "ConditionalRequestConflict"},
         9,
         FS_IF_ABSENT,
         true,
         ERR_EXISTS,
         false},
        {"denied",
         {.method = "PUT", .count = 1, .status = 403, .code = "AccessDenied"},
         9,
         FS_IF_ABSENT,
         false,
         ERR_DENIED,
         false},
        {"told when to come again",
         {.method = "PUT", .count = 2, .status = 503, .code = "SlowDown", .retry_after = true},
         9,
         FS_REPLACE,
         false,
         OK,
         true},
        {"request too slow",
         {.method = "PUT", .count = 1, .status = 400, .code = "RequestTimeout"},
         9,
         FS_REPLACE,
         false,
         OK,
         true},
        {"too large",
         {.method = "PUT", .count = 1, .status = 400, .code = "EntityTooLarge"},
         9,
         FS_REPLACE,
         false,
         ERR_IO,
         false},
        {"full",
         {.method = "PUT", .count = 1, .status = 507, .code = "XMinioStorageFull"},
         9,
         FS_REPLACE,
         false,
         ERR_IO,
         false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_attempt(&cases[i]);
}

static void test_faults_while_reading(UNUSED void **state)
{
    static const struct {
        struct fake_fault fault;
        enum err rc;
        const char *text;
        int requests;
    } cases[] = {
        {TWICE("GET"), OK, "", 3},
        {ALWAYS("GET"), ERR_UNAVAILABLE, "503 SlowDown; is it overloaded", 3},
        {{.method = "GET", .count = 2}, OK, "", 3},
        {{.method = "GET", .count = 9},
         ERR_UNAVAILABLE,
         "broke off",
         4}, /* curl repeats on a kept connection */
        {{.method = "GET", .count = 1, .status = 429, .code = "TooManyRequests"}, OK, "", 2},
        {{.method = "GET", .count = 1, .status = 403, .code = "AccessDenied"},
         ERR_DENIED,
         "check s3.access-key",
         1},
        {{.method = "GET", .count = 1, .status = 403, .code = "InvalidAccessKeyId"},
         ERR_DENIED,
         "check s3.access-key",
         1},
        {{.method = "GET", .count = 1, .status = 403, .code = "SignatureDoesNotMatch"},
         ERR_DENIED,
         "check s3.secret-key",
         1},
        {{.method = "GET", .count = 1, .status = 403, .code = "RequestTimeTooSkewed"},
         ERR_DENIED,
         "set the time",
         1},
        {{.method = "GET", .count = 1, .status = 400, .code = "ExpiredToken"},
         ERR_DENIED,
         "get a new one",
         1},
        {{.method = "GET", .count = 1, .status = 301, .code = "PermanentRedirect"},
         ERR_CONFIG,
         "but in eu-central-1",
         1},
        {{.method = "GET", .count = 1, .status = 400, .code = "AuthorizationHeaderMalformed"},
         ERR_CONFIG,
         "s3.region",
         1},
        {{.method = "GET", .count = 1, .status = 501, .code = "NotImplemented"},
         ERR_IO,
         "lacks something",
         1},
        {{.method = "GET", .count = 1, .status = 404, .code = "NoSuchBucket"},
         ERR_CONFIG,
         "there is no bucket bucket",
         1},
        {{.method = "GET", .count = 1, .status = 418, .code = "<&&#xZ;>"}, ERR_IO, "418", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes out = {0};

        put_text("f", "content");
        FAKE_SET(fake.requests = 0);
        FAKE_SET(fake.fault = cases[i].fault);
        e.text[0] = '\0';
        enum err rc = fs_read_all(fs, at("f"), &out, &e);
        FAKE_SET(fake.fault.count = 0);
        if (rc != cases[i].rc || !has(e.text, cases[i].text) || fake_request_count() != cases[i].requests)
            fail_msg("case %zu: %s after %d requests: %s", i, error_name(rc), fake_request_count(), e.text);
        assert_true(slice_is(bytes_all(&out), rc == OK ? "content" : ""));
        bytes_fini(&out);
    }
}

static void test_faults_while_listing(UNUSED void **state)
{
    static const char *const answers[] = {
        "",
        "<html>hello</html>",
        "<ListBucketResult><Contents></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>t/a</Key><Size>3</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>t/a</Key><Size>-3</Size><LastModified>2025-11-01T08:30:00.000Z</"
        "LastModified></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>t/&bogus;</Key><Size>3</"
        "Size><LastModified>2025-11-01T08:30:00.000Z</LastModified></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>t/%zz</Key><Size>3</"
        "Size><LastModified>2025-11-01T08:30:00.000Z</LastModified></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></"
        "ListBucketResult>",
    };
    struct seen seen = {0};

    put_text("a", "123");
    put_text("b", "123");
    FAKE_SET(fake.page_size = 1);
    FAKE_SET(fake.fault = (struct fake_fault)TWICE("GET"));
    assert_list("", "a ok\nb ok\n");
    FAKE_SET(fake.fault = (struct fake_fault){.method = "GET", .query = "continuation-token", .count = 2});
    assert_list("", "a ok\nb ok\n");
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        FAKE_SET(fake.list_answer = answers[i]);
        if (fs_list(fs, at(""), note, &seen, &e) != ERR_IO || !has(e.text, "listing s3://"))
            fail_msg("%s: %s", answers[i], e.text);
    }
    /* What some consoles make to show a folder is no file. */
    FAKE_SET(fake.list_answer =
                 "<ListBucketResult><Contents><Key>t/a/</Key><Size>0</"
                 "Size><LastModified>2025-11-01T08:30:00Z</LastModified></Contents></ListBucketResult>");
    assert_list("", "");
}

static void test_silent_store(UNUSED void **state)
{
    struct fs_s3_config config = fake_config();
    struct fs *hasty;
    struct bytes out = {0};

    config.timeout_ms = 1000;
    config.retries = 0;
    put_text("f", "content");
    ASSERT_OK(fs_s3_new(&config, &hasty, &e), &e);
    FAKE_SET(fake.fault = (struct fake_fault){.method = "GET", .count = 1, .silent_ms = 3500});
    assert_int_equal(fs_read_all(hasty, at("f"), &out, &e), ERR_UNAVAILABLE);
    assert_true(has(e.text, "nothing was heard for 1000 ms"));
    ASSERT_OK(fs_read_all(hasty, at("f"), &out, &e), &e);
    bytes_fini(&out);
    fs_free(hasty);
}

static void test_nobody_there(UNUSED void **state)
{
    static const struct {
        const char *endpoint, *text;
    } cases[] = {
        {"http://127.0.0.1:1", "http://127.0.0.1:1: connection refused; is the service up?"},
        {"http://no-such-host.invalid", "the host name is not known"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fs_s3_config config = {
            .endpoint = cases[i].endpoint, .retries = 1, .access_key = "a", .secret_key = "s"};
        struct fs *nobody;

        ASSERT_OK(fs_s3_new(&config, &nobody, &e), &e);
        assert_int_equal(fs_put(nobody, "s3://bucket/f", SLICE("x"), FS_IF_ABSENT, &e), ERR_UNAVAILABLE);
        if (!has(e.text, cases[i].text) || !has(e.text, "writing s3://bucket/f"))
            fail_msg("%s", e.text);
        fs_free(nobody);
    }
}

static void test_wrong_keys(UNUSED void **state)
{
    struct fs_s3_config config = fake_config();
    struct fs *denied;
    struct bytes out = {0};

    config.access_key = "wrong";
    ASSERT_OK(fs_s3_new(&config, &denied, &e), &e);
    assert_int_equal(fs_read_all(denied, at("f"), &out, &e), ERR_DENIED);
    assert_true(has(e.text, "access denied (403 AccessDenied); check s3.access-key"));
    bytes_fini(&out);
    fs_free(denied);
}

/* Read with keys from the environment only: both given, or none. */
static enum err read_by_environment(const char *access, const char *secret)
{
    struct fs_s3_config config = fake_config();
    struct fs *mine;
    struct bytes out = {0};
    enum err rc;

    config.access_key = config.secret_key = NULL;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    if (access != NULL)
        setenv("AWS_ACCESS_KEY_ID", access, 1);
    if (secret != NULL)
        setenv("AWS_SECRET_ACCESS_KEY", secret, 1);
    rc = fs_s3_new(&config, &mine, &e);
    if (rc == OK)
        rc = fs_read_all(mine, at("f"), &out, &e);
    bytes_fini(&out);
    fs_free(mine);
    return rc;
}

static void test_keys_of_environment(UNUSED void **state)
{
    const char *access = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
    char *kept_access = access ? strdup(access) : NULL, *kept_secret = secret ? strdup(secret) : NULL;

    assert_int_equal(read_by_environment(NULL, NULL), ERR_DENIED);
    assert_true(has(e.text, "no keys are given"));
    assert_int_equal(read_by_environment("access", "secret"), ERR_NOT_FOUND);
    assert_int_equal(read_by_environment("access", NULL), ERR_CONFIG);
    read_by_environment(kept_access, kept_secret); /* as it was, for the real store */
    free(kept_access);
    free(kept_secret);
}

static void test_store_without_ranges(UNUSED void **state)
{
    struct bytes out = {0};

    put_text("f", "content");
    FAKE_SET(fake.no_ranges = true);
    assert_int_equal(fs_read(fs, at("f"), 2, 3, &out, &e), ERR_UNSUPPORTED);
    assert_int_equal(out.len, 0);
    ASSERT_OK(fs_read_all(fs, at("f"), &out, &e), &e);
    bytes_fini(&out);
}

/* A store that would let two writers both be first is refused, before anything is replaced. */
static void test_store_without_conditions(UNUSED void **state)
{
    struct fs_s3_config config = fake_config();
    struct fs *fresh;

    put_text("f", "theirs");
    ASSERT_OK(fs_s3_new(&config, &fresh, &e), &e);
    FAKE_SET(fake.no_conditions = true);
    for (int large = 0; large <= 1; large++) {
        assert_int_equal(fs_put(fresh, at("f"), pattern(large ? PART + 1 : 3, 1), FS_IF_ABSENT, &e),
                         ERR_UNSUPPORTED);
        assert_true(has(e.text, "ignores If-None-Match") && has(e.text, at("f")));
        assert_content(at("f"), SLICE("theirs"));
        assert_int_equal(fake_object_count(), 1);
        assert_int_equal(fake_upload_count(), 0);
    }
    FAKE_SET(fake.no_conditions = false);
    assert_int_equal(fs_put(fresh, at("f"), SLICE("ours"), FS_IF_ABSENT, &e), ERR_EXISTS);
    FAKE_SET(fake.requests = 0);
    ASSERT_OK(fs_put(fresh, at("g"), SLICE("ours"), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fake_request_count(), 1); /* known by now */
    assert_int_equal(fake_object_count(), 2);
    fs_free(fresh);
}

/* A small file is one request. */
static void test_request_count(UNUSED void **state)
{
    FAKE_SET(fake.requests = 0);
    put_text("f", "content");
    ASSERT_OK(fs_put(fs, at("g"), pattern(PART, 1), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fake_request_count(), 2);
    ASSERT_OK(fs_put(fs, at("h"), pattern(2 * PART + 1, 1), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fake_request_count(), 2 + 5);
}

/* --- memory --- */

/* Everything but large files, on a file system of its own. */
static enum err small_things(void)
{
    struct fs_s3_config config = fake_config();
    struct seen seen = {0};
    struct bytes out = {0};
    struct fs *mine = NULL;
    enum err rc;

    config.session_token = "token";
    if ((rc = fs_s3_new(&config, &mine, &e)) != OK ||
        (rc = fs_put(mine, at("m"), SLICE("123"), FS_IF_ABSENT, &e)) != OK ||
        (rc = fs_put(mine, at("n"), SLICE("4"), FS_REPLACE, &e)) != OK ||
        (rc = fs_read(mine, at("m"), 1, 2, &out, &e)) != OK || (rc = fs_remove(mine, at("n"), &e)) != OK ||
        (rc = fs_list(mine, at("m"), note, &seen, &e)) != OK)
        goto out;
    assert_int_equal(seen.count, 1);
    assert_string_equal(bytes_cstr(&out), "23");
out:
    bytes_fini(&out);
    fs_free(mine);
    return rc;
}

static enum err large_file(void)
{
    static char data[PART + 1];

    return fs_put(fs, at("large"), slice_of(data, sizeof data), FS_REPLACE, &e);
}

/* Fail each allocation of call in turn; how often it did without. */
static uint64_t fail_each(enum err (*call)(void))
{
    uint64_t before = mem_count(), total, done_without = 0;

    ASSERT_OK(call(), &e);
    total = mem_count() - before;
    for (uint64_t n = 1; n < total; n++) {
        fake_clear();
        mem_fail_at(n, false);
        enum err rc = call();
        mem_fail_at(0, false);
        if (rc == OK)
            done_without++;
        else if (rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 " of %" PRIu64 ": %s: %s", n, total, error_name(rc), e.text);
        assert_true(fake_upload_count() <= 1); /* its id found no memory */
    }
    return done_without;
}

static void test_no_memory(UNUSED void **state)
{
    assert_in_range(fail_each(small_things), 0, 20); /* removing the probe is all that may fail unseen */
    assert_int_equal(fail_each(large_file), 0);
}

/* --- the two stores --- */

static int start_fake(UNUSED void **state)
{
    struct fs_s3_config config;

    setenv("no_proxy", "*", 1);
    log_init(LOG_ERROR, LOG_TEXT, STDERR_FILENO); /* faults are many here */
    fake_start();
    config = fake_config();
    snprintf(root, sizeof root, "s3://" FAKE_BUCKET "/t/");
    if (fs_s3_new(&config, &fs, &e) != OK || fs_put(fs, at("probed"), SLICE(""), FS_IF_ABSENT, &e) != OK)
        return -1;
    fake_clear();
    return 0;
}

static int stop_fake(UNUSED void **state)
{
    fs_free(fs);
    fake_stop();
    return 0;
}

static int clear_fake(UNUSED void **state)
{
    fake_clear();
    return 0;
}

static int start_real(UNUSED void **state)
{
    struct fs_s3_config config = {
        .endpoint = getenv("WEIR_TEST_S3"), .path_style = true, .retries = 2, .part_bytes = PART};
    const char *bucket = getenv("WEIR_TEST_S3_BUCKET");

    snprintf(root, sizeof root, "s3://%s/weir-test/%016" PRIx64 "/", bucket ? bucket : "test",
             random_entropy());
    return fs_s3_new(&config, &fs, &e) == OK ? 0 : -1;
}

static int clear_real(UNUSED void **state)
{
    int count = 0;

    if (fs_list(fs, root, remove_it, &count, &e) != OK)
        fprintf(stderr, "%s\n", e.text);
    return 0;
}

static int stop_real(UNUSED void **state)
{
    fs_free(fs);
    return 0;
}

/* The signature counts here, and that uploads end: those that are unfinished can be asked for. */
static void test_no_upload_stays(UNUSED void **state)
{
    struct fs_s3_config config = {.endpoint = getenv("WEIR_TEST_S3"), .path_style = true, .retries = 2};
    struct s3_client *client;
    struct bytes body = {0};
    struct s3_answer answer = {.body = &body};
    struct slice bucket = slice_of(root + 5, strcspn(root + 5, "/")), upload;
    struct s3_request r = {.what = "uploads",
                           .method = "GET",
                           .path = {.bucket = bucket},
                           .query = "uploads=",
                           .limit = 1 << 20};

    ASSERT_OK(s3_client_new(&config, &client, &e), &e);
    ASSERT_OK(s3_send(client, &r, &answer, &e), &e);
    struct slice rest = bytes_all(&body);
    while (s3_xml_next(&rest, "Upload", &upload)) {
        if (memmem(upload.ptr, upload.len, root + 5 + bucket.len + 1, strlen(root) - 6 - bucket.len))
            fail_msg("an upload stays: " SLICE_FMT, SLICE_ARG(upload));
    }
    bytes_fini(&body);
    bytes_fini(&answer.headers);
    s3_client_free(client);
}

static void test_real_wrong_keys(UNUSED void **state)
{
    static const struct {
        const char *access, *secret, *region, *text;
    } cases[] = {
        {"no-such-key", "secret", NULL, "check s3.access-key"},
        {NULL, "wrong-secret", NULL, "check s3.secret-key"},
        {NULL, NULL, "mars-north-1", "s3.region"},
    };
    struct bytes out = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fs_s3_config config = {.endpoint = getenv("WEIR_TEST_S3"), .path_style = true};
        struct fs *wrong;

        config.access_key = cases[i].access ? cases[i].access : getenv("AWS_ACCESS_KEY_ID");
        config.secret_key = cases[i].secret ? cases[i].secret : getenv("AWS_SECRET_ACCESS_KEY");
        config.region = cases[i].region;
        ASSERT_OK(fs_s3_new(&config, &wrong, &e), &e);
        enum err rc = fs_read_all(wrong, at("x"), &out, &e);
        print_message("wrong on purpose: %s\n", e.text);
        if (cases[i].region != NULL && rc == ERR_NOT_FOUND)
            print_message("(this store takes any region)\n");
        else
            assert_true((rc == ERR_DENIED || rc == ERR_CONFIG) && has(e.text, cases[i].text));
        fs_free(wrong);
    }
    bytes_fini(&out);
}

#define ANY_STORE(clear)                                                                                     \
    cmocka_unit_test_teardown(test_names, clear), cmocka_unit_test_teardown(test_schemes, clear),            \
        cmocka_unit_test_teardown(test_sizes, clear), cmocka_unit_test_teardown(test_ranges, clear),         \
        cmocka_unit_test_teardown(test_not_found, clear),                                                    \
        cmocka_unit_test_teardown(test_seen_only_when_published, clear),                                     \
        cmocka_unit_test_teardown(test_two_steps, clear),                                                    \
        cmocka_unit_test_teardown(test_two_steps_forgotten, clear),                                          \
        cmocka_unit_test_teardown(test_replace, clear), cmocka_unit_test_teardown(test_if_absent, clear),    \
        cmocka_unit_test_teardown(test_one_of_many_wins, clear),                                             \
        cmocka_unit_test_teardown(test_list, clear), cmocka_unit_test_teardown(test_long_list, clear)

int main(void)
{
    const struct CMUnitTest with_fake[] = {
        ANY_STORE(clear_fake),
        cmocka_unit_test_teardown(test_bad_paths, clear_fake),
        cmocka_unit_test_teardown(test_bad_config, clear_fake),
        cmocka_unit_test_teardown(test_faults_while_writing, clear_fake),
        cmocka_unit_test_teardown(test_faults_while_reading, clear_fake),
        cmocka_unit_test_teardown(test_faults_while_listing, clear_fake),
        cmocka_unit_test_teardown(test_silent_store, clear_fake),
        cmocka_unit_test_teardown(test_nobody_there, clear_fake),
        cmocka_unit_test_teardown(test_wrong_keys, clear_fake),
        cmocka_unit_test_teardown(test_keys_of_environment, clear_fake),
        cmocka_unit_test_teardown(test_store_without_ranges, clear_fake),
        cmocka_unit_test_teardown(test_store_without_conditions, clear_fake),
        cmocka_unit_test_teardown(test_request_count, clear_fake),
        cmocka_unit_test_teardown(test_no_memory, clear_fake),
    };
    const struct CMUnitTest with_real[] = {
        ANY_STORE(clear_real),
        cmocka_unit_test_teardown(test_no_upload_stays, clear_real),
        cmocka_unit_test_teardown(test_real_wrong_keys, clear_real),
    };
    int failed = cmocka_run_group_tests(with_fake, start_fake, stop_fake);

    if (getenv("WEIR_TEST_S3") != NULL)
        failed += cmocka_run_group_tests(with_real, start_real, stop_real);
    return failed;
}
